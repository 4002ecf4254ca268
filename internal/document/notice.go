package document

import (
	"cmp"
	"slices"
	"strings"

	"entremise/internal/fault"
	"entremise/internal/network"
)

// people are the kinds of persons in the order of the notice, and how it speaks of them.
var people = []struct {
	who  network.Person
	name fault.Text
}{
	{network.Consumer, fault.T("Si vous nous faites une demande", "If you send us a request")},
	{network.Professional, fault.T("Si vous êtes un professionnel du réseau", "If you are a professional of the network")},
	{network.Visitor, fault.T("Si vous visitez nos sites", "If you visit our sites")},
	{network.Author, fault.T("Si vous donnez un avis", "If you give an opinion")},
	{network.Follower, fault.T("Si vous nous suivez sur un réseau social", "If you follow us on a social network")},
	{network.Requester, fault.T("Si vous nous écrivez", "If you write to us")},
	{network.Partner, fault.T("Si vous êtes un partenaire dont le programme nous envoie des demandes", "If you are a partner whose program sends us requests")},
	{network.Staff, fault.T("Si vous travaillez pour nous", "If you work for us")},
}

var places = map[network.Person]fault.Text{
	network.Consumer: fault.T("demandeurs", "people who ask"), network.Professional: fault.T("professionnels", "professionals"),
	network.Visitor: fault.T("visiteurs", "visitors"), network.Staff: fault.T("équipe", "staff"),
	network.Author: fault.T("auteurs d’avis", "authors of opinions"), network.Follower: fault.T("abonnés sur un réseau social", "followers on a social network"),
	network.Requester: fault.T("personnes qui nous écrivent", "people who write to us"), network.Partner: fault.T("partenaires", "partners"),
}

// notice is the privacy notice: every item of GDPR art. 13 and 14, made of the file. words are the operator's own, shown first.
func (s *sheet) notice(words string) {
	o := s.n.Operator
	s.h(s.T("Qui est responsable", "Who is responsible"))
	s.p(s.identity())
	officer := o.Officer.Email
	if o.Officer.Name != "" {
		officer = o.Officer.Name + ", " + officer
	}
	s.list(s.T("Pour toute question sur vos données : ", "For any question about your data: ")+md(officer)+s.T(" (protection des données)", " (data protection)"),
		s.T("Par courrier : ", "By post: ")+md(s.n.AddressFor("rights")),
		s.T("Par téléphone : ", "By phone: ")+o.Phone.Display())
	s.p(s.Tf("Textes : %s et %s.", "Texts: %s and %s.", link(s.T("règlement (UE) 2016/679 (RGPD)", "Regulation (EU) 2016/679 (GDPR)"), "https://eur-lex.europa.eu/eli/reg/2016/679/oj"),
		link(s.T("loi n° 78-17 du 6 janvier 1978 modifiée", "French law no. 78-17 of 6 January 1978 as amended"), "https://www.legifrance.gouv.fr/loda/id/JORFTEXT000000886460")))
	if strings.TrimSpace(words) != "" {
		s.h(s.T("En clair", "In plain words"))
		s.p(demoted(words))
	}
	s.h(s.T("Quelles données nous avons", "What data we have"))
	for _, k := range people {
		if cs := s.categories(k.who); len(cs) > 0 {
			s.p("**" + s.said(k.name) + "**" + s.T(" : ", ": ") + s.Series(cs) + ".")
		}
	}
	s.h(s.T("Pour quoi faire, à quel titre, combien de temps", "What for, on what ground, for how long"))
	for _, k := range people {
		first := true
		for _, p := range s.n.Purposes {
			if !slices.Contains(p.People, k.who) {
				continue
			}
			if first {
				s.hh(s.said(k.name))
				first = false
			}
			s.purpose(p, k.who)
		}
	}
	s.sources()
	s.joint()
	s.receivers()
	s.h(s.T("Ce qui est obligatoire, ce qui ne l’est pas", "What is mandatory and what is not"))
	s.p(s.T("Dans chaque formulaire, ce qui est marqué d’un astérisque (*) est nécessaire et ce qui est marqué « facultatif » ne l’est pas : sans les premières réponses, la demande ne peut pas être traitée. Tout le reste est libre et ne change rien au service. Aucune case n’est cochée d’avance.",
		"In each form, what is marked with an asterisk (*) is needed and what is marked “optional” is not: without the former the request cannot be handled. All the rest is free and changes nothing in the service. No box is ticked beforehand."))
	s.automated()
	s.protection()
	s.rights()
	if len(s.n.Differences) > 0 {
		s.h(s.T("Là où la loi vous protège plus que nos textes", "Where the law protects you more than our texts"))
		for _, d := range s.n.Differences {
			s.list(s.Tf("nos textes : %s ; appliqué : %s (%s)", "our texts: %s; applied: %s (%s)", md(s.said(d.Document)), md(s.said(d.Executed())), md(s.said(d.Article()))))
		}
	}
	s.h(s.T("Quand cette page change", "When this page changes"))
	s.p(s.changes(network.DocPrivacy))
	s.balances()
}

func (s *sheet) identity() string {
	o := s.n.Operator
	return s.Tf("%s, %s au capital de %s, immatriculée au RCS de %s sous le numéro %s, siège : %s. Représentant légal : %s. E-mail : %s.",
		"%s, %s with a capital of %s, registered in the trade register of %s under number %s, registered office: %s. Legal representative: %s. E-mail: %s.",
		md(cmp.Or(o.Company, o.Name)), md(o.LegalForm), o.Capital.Say(string(s.Lang)), md(o.RCS), o.SIREN.String(), md(s.n.AddressFor("office")), md(o.Director), md(o.Email))
}

func (s *sheet) categories(who network.Person) []string {
	var labels []string
	for _, c := range s.n.Categories() {
		if len(s.n.PurposesFor(who, c)) > 0 {
			labels = append(labels, s.said(c.Label()))
		}
	}
	return labels
}

func (s *sheet) purpose(p network.Purpose, who network.Person) {
	var data []string
	for _, c := range p.Data {
		data = append(data, s.said(c.Label()))
	}
	s.p("**" + md(s.said(p.Label)) + "**")
	points := []string{s.T("À quel titre : ", "Ground: ") + Basis(s.Lang, p.Basis, who) + s.Tf(" (RGPD, art. %s)", " (GDPR art. %s)", article(p.Basis)),
		s.T("Données : ", "Data: ") + s.Series(data),
		s.T("Transmises à : ", "Passed to: ") + cmp.Or(s.to(p), s.T("personne hors de notre équipe", "nobody outside our staff")),
		s.T("Gardées : ", "Kept: ") + Kept(s.Lang, p.Keep) + s.T(", puis ", ", then ") + ending(s.Lang, p.Keep)}
	for _, h := range heard(s.Lang, s.n, p) {
		points = append(points, md(h))
	}
	s.list(points...)
}

// to names the recipients of a purpose.
func (s *sheet) to(p network.Purpose) string {
	var to []string
	for _, id := range p.Recipients {
		if r, ok := s.n.Recipient(id); ok {
			to = append(to, md(s.said(r.Label)))
		}
	}
	return s.Series(to)
}

// sources says where data comes from that a person did not give himself (GDPR art. 14.2 f).
func (s *sheet) sources() {
	s.h(s.T("D’où viennent les données", "Where the data comes from"))
	points := []string{s.T("de vous : par formulaire, par téléphone, par e-mail ou par courrier ;", "from you: by form, by phone, by e-mail or by post;")}
	if s.n.Cookies.Choices() {
		points = append(points, s.Tf("de votre navigateur, selon vos choix : %s ;", "from your browser, as you choose: %s;", link("cookies", "/cookies")))
	} else {
		points = append(points, s.Tf("de votre navigateur, par les seuls %s nécessaires aux pages ;", "from your browser, by the %s that pages need and no other;", link("cookies", "/cookies")))
	}
	if s.n.Modules.Sale != network.SaleOff {
		points = append(points, s.T("d’un site partenaire ou d’un centre d’appels quand vous passez par lui ; sa provenance est notée sur votre demande ;", "from a partner site or call centre when you come through it; where it came from is noted on your request;"))
	}
	for _, p := range s.n.Purposes {
		var from []string
		for _, o := range p.Sources {
			from = append(from, s.said(o.Label()))
		}
		if len(from) > 0 {
			points = append(points, md(s.said(p.Label))+s.T(" : ", ": ")+strings.Join(from, ", ")+s.T(" ;", ";"))
		}
	}
	s.list(points...)
}

// joint publishes the essence of each arrangement between joint controllers (GDPR art. 26.2).
func (s *sheet) joint() {
	first := true
	for _, p := range s.n.Purposes {
		if p.Joint == nil {
			continue
		}
		if first {
			s.h(s.T("Ce que nous décidons avec d’autres", "What we decide with others"))
			first = false
		}
		r, _ := s.n.Recipient(p.Joint.With)
		words, _ := s.n.Words(string(s.Lang), p.Joint.Arrangement)
		_, body := splitTitle(words)
		s.hh(md(s.said(p.Label)))
		s.p(s.Tf("Responsables conjoints : %s et %s (RGPD, art. 26). Vous pouvez exercer vos droits auprès de l’un comme de l’autre.", "Joint controllers: %s and %s (GDPR art. 26). You may exercise your rights against either.", md(cmp.Or(s.n.Operator.Company, s.n.Operator.Name)), md(s.said(r.Label))))
		s.p(demoted(demoted(body)))
	}
}

func (s *sheet) receivers() {
	s.h(s.T("Qui les reçoit", "Who receives it"))
	s.p(s.said(s.n.Notice("transfer")))
	rows := [][]string{{s.T("Destinataire", "Recipient"), s.T("Rôle", "Role"), s.T("Pays", "Country")}}
	var abroad []string
	for _, r := range s.n.Recipients {
		country := r.Country
		if r.Safeguard != "" {
			country += s.Tf(" (garantie : %s)", " (safeguard: %s)", md(r.Safeguard))
			abroad = append(abroad, s.Tf("%s, en %s, avec la garantie « %s » (RGPD, art. 46)", "%s, in %s, with the safeguard “%s” (GDPR art. 46)", md(s.said(r.Label)), r.Country, md(r.Safeguard)))
		}
		name := md(s.said(r.Label))
		if r.Policy != "" {
			name += " (" + link(s.T("sa politique", "its policy"), r.Policy) + ")"
		}
		if s.n.Homemade(r) {
			name += s.T(" (sur nos propres machines : ce n’est pas un tiers)", " (on our own machines: this is no third party)")
		}
		rows = append(rows, []string{name, s.role(r.Role), country})
	}
	if len(rows) > 1 {
		s.table(rows...)
	}
	if len(abroad) == 0 {
		s.p(s.T("Aucune donnée n’est transférée hors de l’Espace économique européen ou d’un pays au niveau de protection reconnu.", "No data is transferred outside the European Economic Area or a country with a recognised level of protection."))
	} else {
		s.p(s.T("Transferts hors de l’Espace économique européen : ", "Transfers outside the European Economic Area: ") + s.Series(abroad) + ".")
	}
	s.p(s.Tf("Sur demande à %s, nous vous disons à qui précisément vos données ont été transmises et vous donnons copie des garanties.", "On request to %s we tell you to whom precisely your data was passed and give you a copy of the safeguards.", md(s.n.Operator.Officer.Email)))
}

func (s *sheet) role(r network.RecipientRole) string {
	switch r {
	case network.RecipientProcessor:
		return s.T("sous-traitant, sur nos instructions", "processor, on our instructions")
	case network.RecipientBuyer:
		return s.T("responsable de l’usage qu’il en fait", "controller of the use he makes of it")
	case network.RecipientAuthority:
		return s.T("autorité", "authority")
	}
	return s.T("responsable de traitement", "controller")
}

func (s *sheet) automated() {
	s.h(s.T("Décisions automatiques", "Automated decisions"))
	a := s.n.Modules.AutomatedDecisions
	if a == nil {
		s.p(s.T("Aucune décision n’est prise par le logiciel seul : une personne nommée décide.", "No decision is taken by the software alone: a named person decides."))
		return
	}
	s.p(s.Tf("Le logiciel choisit seul à quels professionnels une demande est proposée, selon le métier, la zone couverte, les horaires et les places restantes ; un tirage au sort, que chacun peut vérifier, départage les égaux. Fondement : %s (RGPD, art. 22.2).",
		"The software alone chooses to which professionals a request is offered, by trade, area covered, hours and seats left; a draw that anybody can verify decides among equals. Ground: %s (GDPR art. 22.2).", Basis(s.Lang, a.Basis, network.Professional)))
	if a.MayObject {
		s.p(s.T("Vous pouvez vous y opposer, donner votre avis et demander qu’une personne décide.", "You may object, give your view and ask that a person decides."))
	}
}

func (s *sheet) protection() {
	s.h(s.T("Comment elles sont protégées", "How it is protected"))
	s.list(s.T("chaque donnée personnelle est chiffrée avec une clé propre à la personne et au genre de donnée ; effacer, c’est détruire cette clé, copies et sauvegardes comprises ;", "each personal value is encrypted with a key of its own for the person and kind of data; erasing is destroying that key, copies and backups included;"),
		s.T("l’accès est limité à ceux qui en ont besoin, avec deux facteurs pour notre équipe, et chaque lecture est notée ;", "access is limited to those who need it, with two factors for our staff, and each reading is noted;"),
		s.T("les échanges sont chiffrés ; les journaux techniques ne contiennent aucune donnée personnelle.", "exchanges are encrypted; technical logs hold no personal data."))
}

func (s *sheet) rights() {
	o := s.n.Operator
	s.h(s.T("Vos droits", "Your rights"))
	s.list(s.T("accéder à vos données et en recevoir copie (art. 15) ;", "access your data and get a copy (art. 15);"),
		s.T("les faire corriger ou compléter (art. 16) ;", "have it corrected or completed (art. 16);"),
		s.T("les faire effacer, en tout ou en partie (art. 17) ;", "have it erased, wholly or in part (art. 17);"),
		s.T("en limiter l’usage (art. 18) ;", "restrict its use (art. 18);"),
		s.T("recevoir dans un format lisible par une machine ce que vous nous avez donné (art. 20) ;", "receive in a machine-readable format what you gave us (art. 20);"),
		s.T("vous opposer, à tout moment et sans motif pour la prospection (art. 21) ;", "object, at any time and without a reason where prospecting is concerned (art. 21);"),
		s.T("retirer un accord à tout moment, aussi simplement que vous l’avez donné (art. 7) ; ce qui a été fait avant reste valable ;", "withdraw a consent at any time, as simply as you gave it (art. 7); what was done before remains lawful;"),
		s.T("dire ce que doivent devenir vos données après votre mort (loi de 1978, art. 85).", "say what becomes of your data after your death (law of 1978, art. 85)."))
	s.p(s.Tf("Écrivez à %s ou à %s, ou appelez le %s. C’est gratuit. Une preuve d’identité n’est demandée qu’en cas de doute raisonnable.",
		"Write to %s or to %s, or call %s. It is free. Proof of identity is asked only in reasonable doubt.", md(o.Officer.Email), md(s.n.AddressFor("rights")), o.Phone.Display()))
	if r := s.n.Rights; r != nil && slices.Contains(r.Channels, network.RightByForm) {
		s.p(s.Tf("Ou remplissez %s, sans compte.", "Or fill in %s, without an account.", link(s.T("le formulaire", "the form"), "/mes-droits")))
	}
	answer, authority := network.Duration{N: 1, Unit: network.UnitMonth}, network.Authority{Name: "CNIL", Address: "3 place de Fontenoy, TSA 80715, 75334 Paris Cedex 07", URL: "https://www.cnil.fr/fr/plaintes"}
	if r := s.n.Rights; r != nil {
		answer, authority = r.Answer, r.Authority
	}
	out := s.Tf("Nous répondons en %s au plus.", "We answer within %s at most.", s.said(answer.Text()))
	if r := s.n.Rights; r != nil && !r.Extended.IsZero() {
		out += s.Tf(" Si la demande est complexe, nous vous disons dans ce délai pourquoi il faut plus de temps, %s en tout au plus.", " If the request is complex, we tell you within that time why more is needed, %s in all at most.", s.said(r.Extended.Text()))
	}
	s.p(out)
	if r := s.n.Rights; r != nil && len(r.Scopes) > 0 {
		var sets []string
		for _, x := range r.Scopes {
			sets = append(sets, md(s.said(x.Label)))
		}
		s.p(s.T("Pour un effacement, vous pouvez nommer ce qui doit l’être ; effacer l’un n’efface pas l’autre :", "For an erasure you may name what is to be erased; erasing one does not erase the other:"))
		s.list(sets...)
	}
	s.p(s.Tf("Vous pouvez vous plaindre auprès de l’autorité de contrôle : %s, %s, %s.", "You may complain to the supervisory authority: %s, %s, %s.", md(authority.Name), md(authority.Address), link(authority.URL, authority.URL)))
}

// changes says what happens when a document becomes another, as the file rules it.
func (s *sheet) changes(k network.DocumentKind) string {
	rule := s.n.Rule(k)
	var parts []string
	if slices.Contains(rule.Tell, network.ToldEmail) {
		parts = append(parts, s.T("par e-mail aux personnes concernées dont nous avons l’adresse", "by e-mail to the people concerned whose address we have"))
	}
	if slices.Contains(rule.Tell, network.ToldBanner) {
		parts = append(parts, s.T("par un bandeau sur nos sites", "by a banner on our sites"))
	}
	out := s.T("La version publiée remplace les précédentes et s’applique dès sa publication.", "The published version replaces the earlier ones and applies from its publication.")
	if len(parts) > 0 {
		out = s.Tf("Un changement est annoncé %s.", "A change is announced %s.", strings.Join(parts, s.T(" et ", " and ")))
	}
	if !rule.Before.IsZero() {
		out += " " + s.Tf("Il vaut au plus tôt %s après l’annonce.", "It applies %s after the announcement at the earliest.", s.said(rule.Before.Text()))
	}
	if rule.Again {
		out += " " + s.T("Votre accord vous est demandé de nouveau.", "You are asked to accept it again.")
	}
	return out + " " + s.Tf("Toutes les versions restent lisibles : %s.", "All versions remain readable: %s.", link(s.T("versions et changements", "versions and changes"), "/documents/"+string(k)))
}

// balances publishes the weighing behind each legitimate interest (GDPR art. 13.1 d).
func (s *sheet) balances() {
	first := true
	for _, p := range s.n.Purposes {
		if p.Balance == "" {
			continue
		}
		if first {
			s.h(s.T("Nos intérêts légitimes, pesés", "Our legitimate interests, weighed"))
			first = false
		}
		words, _ := s.n.Words(string(s.Lang), p.Balance)
		title, body := splitTitle(words)
		s.hh(cmp.Or(title, md(s.said(p.Label))))
		s.p(demoted(demoted(body)))
	}
}

// retention is the public table of durations.
func (s *sheet) retention() {
	s.p(s.T("Chaque durée est celle que le logiciel applique. À la fin, la clé qui rend la donnée lisible est détruite.", "Each duration is the one that the software applies. At the end, the key that makes the data readable is destroyed."))
	rows := [][]string{{s.T("Pour quoi", "What for"), s.T("Base active", "Active"), s.T("Archive fermée", "Closed archive"), s.T("À la fin", "At the end"), s.T("Qui", "Who"), s.T("Données", "Data")}}
	for _, p := range s.n.Purposes {
		if p.Keep == nil {
			continue
		}
		var who, data []string
		for _, w := range p.People {
			who = append(who, s.said(places[w]))
		}
		for _, c := range p.Data {
			data = append(data, s.said(c.Label()))
		}
		archive := "–"
		if p.Keep.Archive != nil {
			archive = s.said(p.Keep.Archive.For.Text())
		}
		rows = append(rows, []string{md(s.said(p.Label)), Active(s.Lang, p.Keep), archive, ending(s.Lang, p.Keep), strings.Join(who, ", "), s.Series(data)})
	}
	s.table(rows...)
	s.spent()
}

// legal is the legal notice: publisher, director, host, sites (LCEN art. 1-1 and 19, C. com. R123-237).
func (s *sheet) legal(words string) {
	o := s.n.Operator
	s.h(s.T("Éditeur", "Publisher"))
	s.p(s.identity())
	s.list(s.T("Numéro de TVA : ", "VAT number: ")+md(o.VAT), s.T("Téléphone : ", "Telephone: ")+o.Phone.Display(), s.T("E-mail : ", "E-mail: ")+md(o.Email))
	s.h(s.T("Directeur de la publication", "Director of publication"))
	s.p(md(o.Director))
	s.h(s.T("Hébergeur", "Host"))
	s.p(md(o.Host.Line()))
	s.h("Sites")
	var hosts []string
	for _, site := range s.n.Sites {
		hosts = append(append(hosts, md(site.Host)), site.Aliases...)
	}
	s.p(s.T("Le réseau comprend les sites ", "The network comprises the sites ") + strings.Join(hosts, ", ") + s.T(". Tous alimentent la même plateforme.", ". All feed the same platform."))
	if o.Mediator != nil {
		s.h(s.T("Médiateur de la consommation", "Consumer mediator"))
		s.p(md(o.Mediator.Name) + ", " + link(o.Mediator.URL, o.Mediator.URL))
	}
	s.h(s.T("Données personnelles", "Personal data"))
	s.p(s.Tf("Responsable du traitement : %s. Contact : %s. %s.", "Controller: %s. Contact: %s. %s.", md(cmp.Or(o.Company, o.Name)), md(o.Officer.Email), link(s.T("Vos données personnelles", "Your personal data"), "/confidentialite")))
	s.p(demoted(words))
	s.p(s.T("Communes : INSEE/Etalab, La Poste, Licence Ouverte 2.0. Coordonnées : GeoNames, CC BY 4.0, geo.api.gouv.fr.", "Communes: INSEE/Etalab, La Poste, Licence Ouverte 2.0. Coordinates: GeoNames, CC BY 4.0, geo.api.gouv.fr."))
}
