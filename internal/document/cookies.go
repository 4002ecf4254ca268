package document

import (
	"slices"
	"strings"

	"entremise/internal/fault"
)

// Own are the cookies that the software itself sets, by the name inside the prefix. All are strictly necessary to what the visitor asks for, so that
// none waits for a choice (law of 6 January 1978 art. 82); none identifies who only looks.
var Own = []struct {
	Name       string
	Life, What fault.Text
}{
	{"session", fault.T("jusqu’à la fermeture du navigateur", "until the browser closes"), fault.T("garde un professionnel ou l’équipe connectés", "keeps a professional or staff signed in")},
	{"second", fault.T("5 minutes", "5 minutes"), fault.T("relie les deux étapes d’une connexion", "joins the two steps of a sign-in")},
	{"request", fault.T("30 jours", "30 days"), fault.T("ouvre votre demande depuis ce navigateur", "opens your request from this browser")},
	{"case", fault.T("30 jours", "30 days"), fault.T("ouvre votre demande sur vos données depuis ce navigateur", "opens your request about your data from this browser")},
	{"review", fault.T("30 jours", "30 days"), fault.T("ouvre votre questionnaire et votre avis depuis ce navigateur", "opens your questionnaire and your review from this browser")},
	{"coded", fault.T("20 minutes", "20 minutes"), fault.T("retient que vous avez saisi le code reçu", "remembers that you typed the code")},
	{"search", fault.T("jusqu’à la fermeture du navigateur", "until the browser closes"), fault.T("retient une recherche de l’équipe, chiffres et noms hors de l’adresse", "keeps a search of staff out of the address")},
	{"lang", fault.T("1 an", "1 year"), fault.T("retient la langue que vous avez choisie", "remembers the language that you chose")},
	{"flash", fault.T("1 minute", "1 minute"), fault.T("montre une phrase à la page suivante", "shows a sentence on the next page")},
	{"place", fault.T("la durée de cette finalité", "the time of this purpose"), fault.T("retient la commune autour de laquelle vous cherchez une entreprise et ses avis ; il ne nomme personne", "keeps the town around which you look for a company and its reviews; it names nobody")},
	{"choice", fault.T("la durée de votre choix", "the life of your choice"), fault.T("retient votre choix sur les cookies et le numéro de sa preuve ; il ne nomme personne", "keeps your choice about cookies and the number of its proof; it names nobody")},
}

// cookies is the table of what is read and written on a visitor's device, and how he decides (CNIL recommendation 2020-092).
func (s *sheet) cookies(words string) {
	k := s.n.Cookies
	s.p(s.T("Un cookie, au sens de cette page, est tout ce qui est écrit ou lu dans votre appareil : cookie, stockage du navigateur, pixel.", "A cookie, on this page, is anything written or read on your device: cookie, browser storage, pixel."))
	s.p(words)
	s.h(s.T("Nécessaires aux pages", "Needed by the pages"))
	s.p(s.T("Ils ne suivent personne et ne demandent pas d’accord ; sans eux, la page demandée ne fonctionne pas.", "They follow nobody and need no consent; without them the page that you ask for does not work."))
	rows := [][]string{{s.T("Nom", "Name"), s.T("Posé par", "Set by"), s.T("Ce qu’il fait", "What it does"), s.T("Durée", "Life")}}
	for _, c := range Own {
		life := s.said(c.Life)
		if c.Name == "place" {
			if s.n.Reviews == nil || s.n.Reviews.Uses.Place == "" {
				continue
			}
			if p, ok := s.n.Purpose(s.n.Reviews.Uses.Place); ok {
				life = s.said(p.Keep.For.Text())
			}
		}
		rows = append(rows, []string{"`" + c.Name + "`", s.T("nous", "us"), s.said(c.What), life})
	}
	s.table(rows...)
	if !k.Choices() {
		s.h(s.T("Rien d’autre", "Nothing else"))
		s.p(s.T("Nos sites ne mesurent pas votre navigation, ne montrent pas de publicité et ne chargent rien d’ailleurs. Il n’y a donc rien à accepter ni à refuser.", "Our sites do not measure your browsing, show no advertising and load nothing from elsewhere. So there is nothing to accept or to refuse."))
	}
	for _, p := range k.Purposes {
		s.h(md(s.said(p.Label)))
		s.p(md(s.said(p.About)))
		if p.Asked == "consent" {
			s.p(s.T("Rien n’est écrit ni lu avant votre accord.", "Nothing is written or read before you agree."))
		} else {
			s.p(s.T("Cette mesure sert l’éditeur seul, sans accord préalable ; vous pouvez vous y opposer.", "This measurement serves the publisher alone and needs no prior consent; you may oppose it."))
		}
		rows := [][]string{{s.T("Nom", "Name"), s.T("Posé par", "Set by"), s.T("Ce qu’il fait", "What it does"), s.T("Durée", "Life")}}
		var partners []string
		for _, t := range k.Trackers {
			if !slices.Contains(t.Purposes, p.ID) {
				continue
			}
			by := s.T("nous", "us")
			if r, ok := s.n.Recipient(t.By); ok {
				by = md(s.said(r.Label)) + s.T(" (tiers)", " (third party)")
				partners = append(partners, s.Tf("%s : %s", "%s: %s", md(s.said(r.Label)), link(s.T("sa politique", "its policy"), t.Policy)))
			}
			if t.OptOut != "" {
				partners = append(partners, s.Tf("%s : %s", "%s: %s", md(s.said(t.Label)), link(s.T("s’y opposer auprès du service lui-même", "opt out at the service itself"), t.OptOut)))
			}
			life := s.T("jusqu’à la fermeture du navigateur", "until the browser closes")
			if !t.Life.IsZero() {
				life = s.said(t.Life.Text())
			}
			what := md(s.said(t.Label)) + s.T(" : ", ": ") + md(s.said(t.What))
			if len(t.Purposes) > 1 {
				what += s.T(" (posé seulement si toutes ses finalités sont acceptées)", " (set only if all its purposes are accepted)")
			}
			rows = append(rows, []string{"`" + strings.Join(t.Names, "` `") + "`", by, what, life})
		}
		s.table(rows...)
		s.list(slices.Compact(partners)...)
	}
	if k.Choices() {
		s.h(s.T("Votre choix", "Your choice"))
		s.p(s.Tf("Un accord est gardé %s, un refus %s ; la question ne revient qu’ensuite, et jamais avant sauf si la liste ci-dessus change. Chaque page a un lien « Gérer les cookies » pour changer d’avis. Effacer les cookies de votre navigateur efface aussi votre choix : la question revient alors.",
			"An acceptance is kept for %s, a refusal for %s; the question returns only then, and not before unless the list above changes. Each page has a link “Manage cookies” to change your mind. Erasing your browser's cookies erases your choice too: the question then returns.",
			s.said(k.Choice.Accepted.Text()), s.said(k.Choice.Refused.Text())))
		s.p(s.T("Le signal Global Privacy Control de votre navigateur vaut refus. Refuser n’empêche aucune page de fonctionner ; à la place d’un contenu qui dépend d’un tiers, la page dit ce qui manque.", "Your browser's Global Privacy Control signal counts as a refusal. Refusing keeps no page from working; in place of content that depends on a third party, the page says what is missing."))
		s.p(s.T("Les cookies d’un tiers suivent aussi sa propre politique, que nous vous conseillons de lire.", "A third party's cookies also follow its own policy, which we advise you to read."))
	}
	if len(k.Browsers) > 0 {
		s.h(s.T("Dans votre navigateur", "In your browser"))
		for _, b := range k.Browsers {
			s.hh(md(s.said(b.Label)))
			s.p(md(s.said(b.Steps)))
			s.p(link(s.T("Mode d’emploi", "Instructions"), b.URL))
		}
		s.p(s.T("Pour un autre navigateur, ouvrez son menu d’aide.", "For another browser, open its help menu."))
	}
	if len(k.Sites) > 0 {
		s.h(s.T("Pour en savoir plus", "To know more"))
		for _, h := range k.Sites {
			line := link(s.said(h.Label), h.URL)
			if steps := s.said(h.Steps); steps != "" {
				line += s.T(" : ", ": ") + md(steps)
			}
			s.list(line)
		}
	}
}
