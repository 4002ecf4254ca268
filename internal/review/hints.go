package review

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/pro"
)

// Hint is a fact beside a review, and why it may matter. It is no score and no verdict: whatever stands here, a person decides.
type Hint struct{ What, Why fault.Text }

// compared bounds the reviews of the same member to which a text is compared, newest first; they are opened when the moderator reads and nothing of it is kept.
const compared = 300

// alike is the share of three-word groups in common, in hundredths, from which two comments are called alike.
const alike = 40

// crowd is how many reviews of one member within an hour are worth a word.
const crowd = 4

// shingles are the groups of three words that follow each other in a text, without case and accents.
func shingles(text string) map[string]bool {
	words := strings.FieldsFunc(geo.Fold(text), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	all := map[string]bool{}
	for i := range max(0, len(words)-2) {
		all[strings.Join(words[i:i+3], " ")] = true
	}
	return all
}

// likeness is the Jaccard index of two sets in hundredths.
func likeness(a, b map[string]bool) int {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return 100 * both / (len(a) + len(b) - both)
}

// common words by which a language is told.
var common = map[string][]string{
	"fr": {"le", "la", "les", "un", "une", "des", "du", "de", "et", "est", "etait", "pas", "que", "qui", "pour", "avec", "nous", "je", "ils", "tres", "dans", "sur", "mais", "ete", "a"},
	"en": {"the", "a", "an", "and", "is", "was", "were", "not", "that", "who", "for", "with", "we", "i", "they", "very", "in", "on", "but", "been", "to", "of", "it", "this"},
}

// language tells French from English by their commonest words; empty when neither is plain.
func language(text string) string {
	words := strings.FieldsFunc(geo.Fold(text), func(r rune) bool { return r < 'a' || r > 'z' })
	count := map[string]int{}
	for _, w := range words {
		for l, list := range common {
			if slices.Contains(list, w) {
				count[l]++
			}
		}
	}
	switch fr, en := count["fr"], count["en"]; {
	case fr > 2*en && fr*6 >= len(words):
		return "fr"
	case en > 2*fr && en*6 >= len(words):
		return "en"
	}
	return ""
}

// rude are words that insult, folded. One of them decides nothing: whoever quotes is no offender.
var rude = strings.Fields(`abruti abrutie abrutis arnaqueur arnaqueurs batard batards charlatan charlatans con connard connards connasse conne cretin cretins debile debiles encule encules enfoire enfoires
escroc escrocs idiot idiote idiots imbecile imbeciles incapable incapables merde merdique ordure ordures parasite parasites pourri pourris pute putes racaille salaud salauds salope salopes voleur voleurs voyou voyous
asshole bastard bastards bitch bullshit crook crooks cunt dickhead dumb fraudster fuck fucking idiots moron morons prick scammer scammers scum shit stupid thief thieves twat wanker`)

func insults(text string) []string {
	var found []string
	for _, w := range strings.FieldsFunc(geo.Fold(text), func(r rune) bool { return r < 'a' || r > 'z' }) {
		if slices.Contains(rude, w) && !slices.Contains(found, w) {
			found = append(found, w)
		}
	}
	return found
}

// anybodys are the domains of mail houses, whose addresses say nothing about whom somebody works for.
var anybodys = strings.Fields("gmail.com googlemail.com outlook.com outlook.fr hotmail.com hotmail.fr live.fr live.com msn.com yahoo.com yahoo.fr icloud.com me.com orange.fr wanadoo.fr free.fr sfr.fr neuf.fr laposte.net bbox.fr proton.me protonmail.com gmx.fr gmx.com aol.com example.com example.org")

func domain(email string) string {
	_, d, _ := strings.Cut(strings.ToLower(email), "@")
	return d
}

// Hints are facts about a version that its moderator has open (the reading stands in the trail).
func (s *Service) Hints(ctx context.Context, actor auth.Actor, f File) (all []Hint, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return nil, err
	}
	add := func(what, why fault.Text) { all = append(all, Hint{what, why}) }
	if l := language(f.Content.Comment); f.Content.Comment != "" && l != f.Lang {
		add(fault.T("Le commentaire ne semble pas écrit dans la langue du questionnaire.", "The comment does not seem to be in the language of the questionnaire."),
			fault.T("Ses mots les plus courants ne sont pas ceux de cette langue. Ce peut être un texte recopié, ou simplement court.", "Its commonest words are not of that language. It may be a pasted text, or just a short one."))
	}
	if bad := insults(f.Content.Comment); len(bad) > 0 {
		add(fault.T("Mots d’une liste d’injures : "+strings.Join(bad, ", "), "Words of a list of insults: "+strings.Join(bad, ", ")),
			fault.T("Un mot ne suffit pas : lisez de qui il parle, et s’il cite quelqu’un.", "A word is not enough: read whom it is about, and whether it quotes somebody."))
	}
	contacts, err := s.Pros.Contacts(ctx, f.Pro)
	if err != nil {
		return nil, err
	}
	conflict(add, f, contacts[f.Pro])
	email, number := s.emailIndex(f.Invitation.Who.Email), s.phoneIndex(f.Invitation.Who.Phone)
	var near int64
	var same []string // other reviews by the same address or number, of any member
	var own []string  // and those of this member
	var found []stored
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		at := db.Micros(f.WrittenAt)
		if near, err = db.Value[int64](tx, "SELECT count(*) FROM review WHERE pro_id = $1 AND deposited_at >= $2 AND deposited_at <= $3", f.Pro, at-time.Hour.Microseconds()/2, at+time.Hour.Microseconds()/2); err != nil {
			return err
		}
		for _, x := range []struct{ column, index string }{{"email_bidx", email}, {"phone_bidx", number}} {
			if x.index == "" {
				continue
			}
			err := db.Each(tx, func(r db.Scanner) error {
				var id, member string
				if err := r.Scan(&id, &member); err != nil {
					return err
				}
				if !slices.Contains(same, id) {
					same = append(same, id)
					if member == f.Pro {
						own = append(own, id)
					}
				}
				return nil
			}, "SELECT r.id, r.pro_id FROM person p JOIN review r ON r.person_id = p.id WHERE p."+x.column+" = $1 AND r.id <> $2", x.index, f.ID)
			if err != nil {
				return err
			}
		}
		found, err = db.List(tx, scanReview, "SELECT "+reviewColumns+fromReview+"WHERE r.pro_id = $1 AND r.id <> $2 ORDER BY r.deposited_at DESC, r.id LIMIT $3", f.Pro, f.ID, compared)
		if err != nil || len(same) == 0 {
			return err
		}
		args := []any{f.Pro}
		more, err := db.List(tx, scanReview, "SELECT "+reviewColumns+fromReview+"WHERE r.pro_id <> $1 AND r.id IN ("+db.In(&args, same[:min(len(same), 50)])+")", args...)
		found = append(found, more...)
		return err
	}); err != nil {
		return nil, err
	}
	if near >= crowd {
		add(fault.Tf("%d avis sur cette entreprise en une heure.", "%d reviews of this company within an hour.", near),
			fault.T("Beaucoup d’avis d’un coup peuvent suivre un envoi groupé d’invitations, ou être fabriqués.", "Many reviews at once can follow invitations that were sent together, or be made up."))
	}
	if len(own) > 0 {
		add(fault.Tf("La même adresse ou le même numéro a déposé %d autre(s) avis sur cette entreprise.", "The same address or number deposited %d other review(s) of this company.", len(own)),
			fault.T("Comparé par des empreintes : aucune adresse n’est affichée. Deux prestations peuvent faire deux avis.", "Compared by fingerprints: no address is shown. Two services can make two reviews."))
	}
	if n := len(same) - len(own); n > 0 {
		add(fault.Tf("Le même auteur a déposé %d avis sur d’autres entreprises.", "The same author deposited %d review(s) of other companies.", n),
			fault.T("Lui aussi reconnu par une empreinte d’adresse ou de numéro.", "Known likewise by a fingerprint of address or number."))
	}
	others, err := s.openAll(ctx, found)
	if err != nil {
		return nil, err
	}
	mine := shingles(f.Content.Comment)
	for _, o := range others {
		if k := likeness(mine, shingles(o.Content.Comment)); k >= alike {
			add(fault.T(fmt.Sprintf("Le commentaire ressemble à celui de l’avis %s (%d %% de suites de trois mots en commun).", o.Ref(), k), fmt.Sprintf("The comment is like that of review %s (%d%% of three-word groups in common).", o.Ref(), k)),
				fault.T("Comparé, à la lecture, aux derniers avis de cette entreprise et aux autres du même auteur ; rien n’en est gardé.", "Compared on reading with the last reviews of this company and the author’s others; nothing of it is kept."))
		}
	}
	return all, nil
}

// conflict says when the author's own contact details are the member's.
func conflict(add func(what, why fault.Text), f File, member pro.Contact) {
	who := f.Invitation.Who
	why := fault.T("Un dirigeant, un proche ou un salarié de l’entreprise ne peut pas en être le client impartial. Un salarié répond au questionnaire des salariés.", "A manager, relative or employee of the company cannot be its impartial customer. An employee answers the questionnaire of employees.")
	d := domain(who.Email)
	switch {
	case who.Email != "" && strings.EqualFold(who.Email, member.Email):
		add(fault.T("L’e-mail de l’auteur est celui de l’entreprise.", "The author’s e-mail is the company’s."), why)
	case d != "" && d == domain(member.Email) && !slices.Contains(anybodys, d) && f.Audience == network.OfCustomer:
		add(fault.T("L’e-mail de l’auteur est du même domaine que celui de l’entreprise.", "The author’s e-mail is of the same domain as the company’s."), why)
	}
	if who.Phone != "" && who.Phone == member.Phone {
		add(fault.T("Le téléphone de l’auteur est celui de l’entreprise.", "The author’s telephone is the company’s."), why)
	}
}
