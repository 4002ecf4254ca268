package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var (
	wishLink   = regexp.MustCompile(`/equipe/avis/demandes\?c=(inv_[0-9a-z]+)`)
	memberWish = regexp.MustCompile(`/invitations/demandes/(inv_[0-9a-z]+)`)
)

// wish is the form of who was not invited, about a company of the list.
func (h *house) wish(company, email string, change url.Values) url.Values {
	h.t.Helper()
	page := h.visitor().get(h.site, "/donner-mon-avis").want(200)
	m := regexp.MustCompile(`<option value="(pro_[0-9a-z]+)"[^>]*>` + regexp.QuoteMeta(company)).FindStringSubmatch(page.body)
	if m == nil {
		h.t.Fatalf("%s cannot be chosen", company)
	}
	f := url.Values{"pro": {m[1]}, "questionnaire": {"client"}, "name": {"Zoé Spontanée"}, "email": {email}, "service": {"Pose d’un plan de travail"}, "on": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}, "consent-questionnaire-wanted": {"yes"}}
	for k, values := range change {
		f[k] = values
	}
	return f
}

// wishes sends that form, opens the link that comes back, and answers the person's browser and the request's id in the moderators' list.
func (h *house) wishes(moderator *visitor, email string, change url.Values) (v *visitor, id string) {
	h.t.Helper()
	before := map[string]bool{}
	for _, m := range wishLink.FindAllStringSubmatch(moderator.get(h.space, "/equipe/avis/demandes").want(200).body, -1) {
		before[m[1]] = true
	}
	v = h.visitor()
	v.post(h.site, "/donner-mon-avis", h.wish("Cuisines de l’Ille", email, change)).want(200).says("Votre demande est reçue")
	letter := h.letter("where the request stands", func(m sent) bool { return m.Kind == "review-asked" && m.To == email })
	v.get(h.site, questionnaireLink.FindString(letter.Text)).want(303)
	for _, m := range wishLink.FindAllStringSubmatch(moderator.get(h.space, "/equipe/avis/demandes").want(200).body, -1) {
		if !before[m[1]] {
			return v, m[1]
		}
	}
	h.t.Fatal("the request is not in the list")
	return nil, ""
}

func (h *house) sentTo(email, kind string) (n int) {
	for _, m := range h.outbox() {
		if m.To == email && m.Kind == kind {
			n++
		}
	}
	return n
}

// Who was not invited asks, customer or employee; the operator checks, with a proof if he wants one, the member accepts the sending and nothing else, and only then is
// there a questionnaire (RN-36, 37, 38, 46, 47).
func TestWanted_fromTheFormToTheQuestionnaire(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, other, moderator, officer := h.enter("Member 1"), h.enter("Member 2"), h.enter("Moderator"), h.operator()
		desk := func(id string) *answer { return moderator.get(h.space, "/equipe/avis/demandes?c="+id).want(200) }
		step := func(id string, f url.Values) *answer {
			return moderator.post(h.space, "/equipe/avis/demandes/"+id+"/suite", f)
		}

		// The form: from the foot and from a company's own page, and what is missing is said beside what was typed.
		company := h.visitor().get(h.site, "/entreprises").want(200).has(`href="/donner-mon-avis"`)
		path := regexp.MustCompile(`href="(/entreprises/cuisines-de-l-ille-[0-9a-z]+)"`).FindStringSubmatch(company.body)
		if path == nil {
			t.Fatal("the company is not in the directory")
		}
		own := regexp.MustCompile(`href="(/donner-mon-avis\?membre=pro_[0-9a-z]+)"`).FindStringSubmatch(h.visitor().get(h.site, path[1]).want(200).body)
		if own == nil {
			t.Fatal("a company’s page does not lead to the form")
		}
		form := h.visitor().get(h.site, own[1]).want(200).says("Donner mon avis sur Cuisines de l’Ille", "Je souhaite recevoir un questionnaire")
		if regexp.MustCompile(`<input[^>]*\schecked`).MatchString(form.body) || form.hiddens().Get("pro") == "" {
			t.Error("the form ticks by itself, or forgets whom it is about")
		}
		for field, bad := range map[string]string{"pro": "pro_personne", "questionnaire": "", "name": "", "email": "nulle part", "service": "", "on": "2999-01-01", "consent-questionnaire-wanted": ""} {
			kept := map[bool]string{true: "zoe@temoin.example", false: "Pose d’un plan de travail"}[field == "service"]
			h.visitor().post(h.site, "/donner-mon-avis", h.wish("Cuisines de l’Ille", "zoe@temoin.example", url.Values{field: {bad}})).want(422).has(`href="#f-`+field+`"`, kept)
		}
		h.visitor().post(h.site, "/donner-mon-avis", h.wish("Cuisines de l’Ille", "robot@temoin.example", url.Values{"website": {"https://robot.example"}})).want(200)
		if wishLink.MatchString(moderator.get(h.space, "/equipe/avis/demandes").want(200).body) {
			t.Error("a form with a hole, or a program, left a request")
		}

		// No questionnaire before validation: not by the link, not by mail. Its consent stands on the person's own page.
		zoe, first := h.wishes(moderator, "zoe@temoin.example", nil)
		shut := func(v *visitor, email string) {
			t.Helper()
			v.get(h.site, "/mon-avis").want(200).says("Ma demande de questionnaire").lacks(`name="answers.overall"`)
			if got := v.post(h.site, "/mon-avis", filled("5", nil)).status; got != 409 {
				t.Errorf("an answer before validation: %d", got)
			}
			if n := h.sentTo(email, "review-wanted"); n != 0 {
				t.Errorf("%d questionnaires before validation", n)
			}
		}
		shut(zoe, "zoe@temoin.example")
		zoe.get(h.site, "/mon-avis").want(200).says("Cuisines de l’Ille", "En cours de vérification", "Je souhaite recevoir un questionnaire sur mon expérience avec cette entreprise.", "Donné le")

		// It goes to the operator and to the member, and to nobody else.
		h.letter("the member is told", func(m sent) bool { return m.Kind == "review-accept" && m.To == "membre1@membres.example" })
		moderator.get(h.space, "/equipe/avis").want(200).has(`href="/equipe/avis/demandes"`)
		desk(first).says("Zoé Spontanée", "zoe@temoin.example", "Pose d’un plan de travail", "L’expérience est authentique")
		for _, v := range []*visitor{member, other, h.enter("Agent")} {
			if got := v.get(h.space, "/equipe/avis/demandes").status; got != 403 {
				t.Errorf("somebody else gets %d", got)
			}
			if got := v.post(h.space, "/equipe/avis/demandes/"+first+"/suite", url.Values{"do": {"accept"}}).status; got != 403 {
				t.Errorf("somebody else decides: %d", got)
			}
		}
		if memberWish.MatchString(other.get(h.space, "/invitations").want(200).body) {
			t.Error("another member sees the request")
		}
		if got := other.post(h.space, "/invitations/demandes/"+first, url.Values{"do": {"accept"}}).status; got != 404 {
			t.Errorf("another member accepts: %d", got)
		}

		// A proof that is asked for and not there holds everything, whatever the member says.
		step(first, url.Values{"do": {"proof"}}).want(303)
		h.letter("the proof is asked for", func(m sent) bool { return m.Kind == "review-proof" && m.To == "zoe@temoin.example" })
		member.get(h.space, "/invitations").want(200).says("Zoé Spontanée", "Vous ne décidez rien de ce que dira l’avis")
		member.post(h.space, "/invitations/demandes/"+first, url.Values{"do": {"accept"}}).want(303)
		desk(first).says("Une preuve est attendue").lacks(`value="accept"`)
		step(first, url.Values{"do": {"accept"}}).want(409)
		zoe.sendsFile(h.site, "/mon-avis/preuve", "file", "programme.exe", []byte("MZ…")).want(422).has(`href="#f-file"`)
		zoe.sendsFile(h.site, "/mon-avis/preuve", "file", "facture.pdf", []byte("%PDF-1.7\nune facture")).want(303)
		shut(zoe, "zoe@temoin.example") // it has come and nobody has accepted it
		proof := "/equipe/avis/demandes/" + first + "/preuve"
		desk(first).has(`href="`+proof+`"`).says("Preuve reçue", "L’entreprise accepte l’envoi")
		if got := moderator.get(h.space, proof).want(200); !strings.Contains(got.body, "une facture") || !strings.Contains(got.header.Get("Content-Disposition"), "attachment") {
			t.Error("the moderator does not get the document")
		}
		member.get(h.space, proof).want(403)
		step(first, url.Values{"do": {"accept"}}).want(303)
		h.letter("the questionnaire", func(m sent) bool { return m.Kind == "review-wanted" && m.To == "zoe@temoin.example" })
		if n := h.sentTo("zoe@temoin.example", "review-wanted"); n != 1 {
			t.Errorf("%d questionnaires after validation", n)
		}
		moderator.get(h.space, proof).want(404) // destroyed with the decision
		zoe.get(h.site, "/mon-avis").want(200).says("Votre avis sur Cuisines de l’Ille").has(`name="answers.overall"`)
		zoe.post(h.site, "/mon-avis", filled("2", nil)).want(303)
		officer.get(h.space, "/journal.csv").want(200).has("review.want", "review.proof-read", "review.want-check")
		clause(t, "RN-36")

		// An employee's request whose proof does not convince is closed, for a published reason.
		max, second := h.wishes(moderator, "max@temoin.example", url.Values{"questionnaire": {"salarie"}, "name": {"Max Ancien"}, "service": {"Poseur"}})
		desk(second).says("Salarié ou ancien salarié")
		step(second, url.Values{"do": {"proof"}}).want(303)
		max.sendsFile(h.site, "/mon-avis/preuve", "file", "faux.pdf", []byte("%PDF-1.7\nautre chose")).want(303)
		step(second, url.Values{"do": {"close"}}).want(422)
		step(second, url.Values{"do": {"close"}, "reason": {"unlawful"}}).want(422)
		step(second, url.Values{"do": {"close"}, "reason": {"no-experience"}}).want(303)
		h.letter("it is closed", func(m sent) bool {
			return m.Kind == "review-closed" && m.To == "max@temoin.example" && strings.Contains(m.Text, "L’expérience n’a pas pu être établie.")
		})
		max.get(h.site, "/mon-avis").want(409)
		step(second, url.Values{"do": {"accept"}}).want(409)
		moderator.get(h.space, "/equipe/avis/demandes/"+second+"/preuve").want(404)
		if h.sentTo("max@temoin.example", "review-wanted") != 0 {
			t.Error("a closed request has a questionnaire")
		}
		clause(t, "RN-37")

		// The operator's check alone sends nothing: the member's word is awaited. He refuses with a reason; the operator overrides, with his own, and both are kept.
		lou, third := h.wishes(moderator, "lou@temoin.example", nil)
		step(third, url.Values{"do": {"accept"}}).want(303)
		shut(lou, "lou@temoin.example")
		member.post(h.space, "/invitations/demandes/"+third, url.Values{"do": {"refuse"}}).want(422).has(`href="#f-why"`)
		member.post(h.space, "/invitations/demandes/"+third, url.Values{"do": {"refuse"}, "why": {"Nous ne la connaissons pas."}}).want(303)
		member.post(h.space, "/invitations/demandes/"+third, url.Values{"do": {"accept"}}).want(409) // said once
		shut(lou, "lou@temoin.example")
		desk(third).says("l’entreprise refuse : à trancher", "Nous ne la connaissons pas.", "Passer outre et envoyer")
		step(third, url.Values{"do": {"accept"}}).want(422).has(`href="#f-why"`)
		step(third, url.Values{"do": {"accept"}, "why": {"Le devis signé porte son nom."}}).want(303)
		h.letter("the questionnaire all the same", func(m sent) bool { return m.Kind == "review-wanted" && m.To == "lou@temoin.example" })
		officer.get(h.space, "/journal.csv").want(200).has("review.want-answer")
		before := h.waiting(moderator)
		lou.post(h.site, "/mon-avis", filled("1", nil)).want(303)
		for id := range h.waiting(moderator) {
			if !before[id] {
				moderator.get(h.space, "/equipe/avis?c="+id).want(200).says("L’entreprise refuse l’envoi", "Nous ne la connaissons pas.", "Envoyé sans l’accord de l’entreprise", "Le devis signé porte son nom.")
				for _, path := range []string{"/equipe/avis/" + id + "/decision", "/equipe/avis/demandes/" + third + "/suite"} {
					member.post(h.space, path, url.Values{"do": {"close"}, "reason": {"no-experience"}}).want(403)
				}
			}
		}
		clause(t, "RN-46")

		// Silence is the operator's to settle too, once the member's time is over.
		_, fourth := h.wishes(moderator, "eve@temoin.example", nil)
		h.later(15 * 24 * time.Hour)
		moderator = h.enter("Moderator")
		desk(fourth).says("l’entreprise n’a pas répondu : à trancher")
		step(fourth, url.Values{"do": {"accept"}}).want(422)
		step(fourth, url.Values{"do": {"accept"}, "why": {"Sa facture est au dossier."}}).want(303)
		h.letter("the questionnaire after a silence", func(m sent) bool { return m.Kind == "review-wanted" && m.To == "eve@temoin.example" })
		clause(t, "RN-47")

		// The consent is taken back as it was given: no questionnaire, whatever anybody decides. The record of processing keeps the two operations apart.
		ida, fifth := h.wishes(moderator, "ida@temoin.example", nil)
		ida.post(h.site, "/mon-avis/renoncer", nil).want(303)
		ida.get(h.site, "/mon-avis").want(409)
		step(fifth, url.Values{"do": {"accept"}}).want(409)
		all := h.activities()
		basis := func(id string) string {
			for head, cell := range all[id] {
				if strings.Contains(head, "Base légale") {
					return cell
				}
			}
			t.Fatalf("no ground of %s in %v", id, all[id])
			return ""
		}
		if asked, checked := basis("ask_for_questionnaire"), basis("moderate_reviews"); !strings.Contains(asked, "accord (art. 6.1 a)") || !strings.Contains(checked, "intérêt légitime (art. 6.1 f)") {
			t.Errorf("the request rests on %q, its check on %q", asked, checked)
		}
		clause(t, "RN-38")
	})
}

// The four forms of the network, each opened and sent, and each arriving where it is worked on (RN-10).
func TestWanted_theFourForms(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member, moderator := h.enter("Member 1"), h.enter("Moderator")

	_, version := h.deposit(member, moderator, "un@temoin.example", "4", nil) // the questionnaire
	moderator.get(h.space, "/equipe/avis?c="+version).want(200).says("La pose a duré deux jours")

	_, wish := h.wishes(moderator, "deux@temoin.example", nil) // the request for one
	moderator.get(h.space, "/equipe/avis/demandes?c="+wish).want(200).says("deux@temoin.example")

	consumer, id := h.asked(h.quote(nil)) // the request for a quote
	consumer.get(h.site, "/ma-demande").want(200).says("Reçue")
	h.enter("Agent").get(h.space, "/rappels").want(200).has(id)

	writer := h.visitor() // the message
	writer.get(h.site, "/nous-ecrire").want(200)
	writer.post(h.site, "/nous-ecrire", url.Values{"name": {"Jeanne Message"}, "email": {"quatre@temoin.example"}, "subject": {"Horaires d’ouverture"}, "words": {"Êtes-vous ouverts le samedi ?"}, "consent-contact": {"yes"}}).want(303)
	_, letter := h.follows(writer, "quatre@temoin.example")
	h.operator().get(h.space, "/dossiers/"+letter).want(200).says("Horaires d’ouverture", "Êtes-vous ouverts le samedi ?")
	clause(t, "RN-10")
}

// The mail of an invitation is text alone, with no picture, and its link leads straight to the network's own site (RN-42, of which nothing is collected).
func TestWanted_anInvitationWatchesNobody(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member := h.enter("Member 1")
	member.post(h.space, "/invitations", invitee(member.get(h.space, "/invitations").want(200), "trois@temoin.example", nil)).want(303)
	m := h.letter("an invitation", func(m sent) bool { return m.To == "trois@temoin.example" && m.Kind == "review-invite" })
	if strings.Contains(strings.ToLower(m.Text), "<img") {
		t.Error("the invitation holds a picture")
	}
	links := regexp.MustCompile(`https?://[^\s)]+`).FindAllString(m.Text, -1)
	if len(links) == 0 {
		t.Fatal("the invitation has no link")
	}
	for _, l := range links {
		u, err := url.Parse(l)
		if err != nil || u.Hostname() != h.site {
			t.Errorf("a link leads to %s", l)
		}
	}
	if file := builtIn(t, "reviews-network"); file.Reviews.Tracking != "refuse" {
		t.Errorf("the file says tracking: %s", file.Reviews.Tracking)
	}
	clause(t, "RN-42")
}

// The pages of such a request on a phone and at a desk.
func TestWanted_screens(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			p := open(t, h.server, on)
			p.allow("status of 403") // samples of pages listen for changes that a visitor may not watch
			for _, name := range []string{"donner-mon-avis", "donner-mon-avis-erreurs", "donner-mon-avis-recu", "avis-demande", "equipe-avis-demandes", "equipe-avis-demandes-refus", "invitations-demandes"} {
				p.goTo(h.space, "/_ui/"+name)
				p.accessible()
				if wide := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s scrolls sideways by %v pixels", name, wide)
				}
				p.shot(name)
			}
		})
	}
}
