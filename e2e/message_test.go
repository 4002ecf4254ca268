package e2e

import (
	"net/smtp"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A message has a subject and a content (RN-15) and rests on its box, or on the person's having written or called by himself (RN-33); somebody
// answers it from its file.
func TestMessage_withItsBoxOrSentByItself(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	officer, agent := h.operator(), h.enter("Agent")
	h.visitor().get(h.site, "/").want(200).has(`href="/nous-ecrire"`)
	page := h.visitor().get(h.site, "/nous-ecrire").want(200).says("J’accepte que mon message et mes coordonnées servent à me répondre.", "bonjour@avis.example")
	if tag := regexp.MustCompile(`<input[^>]*name="consent-contact"[^>]*>`).FindString(page.body); tag == "" || strings.Contains(tag, " checked") {
		t.Errorf("the box: %s", tag)
	}
	whole := func() url.Values {
		return url.Values{"name": {"Jeanne Message"}, "email": {"jeanne@example.org"}, "subject": {"Horaires d’ouverture"}, "words": {"Êtes-vous ouverts le <b>samedi</b> ?"}, "consent-contact": {"yes"}}
	}
	for _, field := range []string{"name", "email", "subject", "words", "consent-contact"} {
		holed := whole()
		holed.Del(field)
		h.visitor().post(h.site, "/nous-ecrire", holed).want(422).has(`href="#f-` + field)
	}
	long := whole()
	long.Set("subject", strings.Repeat("a", 121))
	h.visitor().post(h.site, "/nous-ecrire", long).want(422)
	trapped := whole()
	trapped.Set("website", "https://robot.example")
	h.visitor().post(h.site, "/nous-ecrire", trapped).want(303)
	officer.get(h.space, "/dossiers").want(200).lacks("Jeanne Message")
	for _, m := range h.outbox() {
		if m.To == "jeanne@example.org" {
			t.Error("something left for a form that was refused")
		}
	}

	writer := h.visitor()
	writer.post(h.site, "/nous-ecrire", whole()).want(303)
	writer, id := h.follows(writer, "jeanne@example.org")
	officer.get(h.space, "/dossiers").want(200).has("/dossiers/" + id)
	officer.get(h.space, "/dossiers/"+id).want(200).has("Horaires d’ouverture", "&lt;b&gt;samedi&lt;/b&gt;").says("Jeanne Message", "Accord J’accepte que mon message et mes coordonnées servent à me répondre.")
	agent.get(h.space, "/dossiers/"+id).want(403)
	writer.get(h.site, "/mon-dossier").want(200).has("Horaires d’ouverture")
	h.act(officer, id, "answer", url.Values{"text": {"Oui, de neuf heures à midi."}}).want(303)
	h.letter("the answer", func(m sent) bool {
		return m.Kind == "rights-answered" && m.To == "jeanne@example.org" && strings.Contains(m.Text, "neuf heures")
	})
	clause(t, "RN-15")

	raw := "From: paul@example.org\r\nTo: bonjour@avis.example\r\nSubject: Une question\r\nMessage-ID: <un@example.org>\r\n\r\nBonjour, une question.\r\n"
	if err := smtp.SendMail(h.mailAddress(), nil, "paul@example.org", []string{"bonjour@avis.example"}, []byte(raw)); err != nil {
		t.Fatal(err)
	}
	m := h.letter("the mail is received", func(m sent) bool { return m.To == "paul@example.org" })
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("la personne nous a écrit ou appelés d’elle-même", "Une question")
	typed, e164 := freshNumber()
	agent.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"phone"}, "asked": {""}, "name": {"Jean Appel"}, "phone": {typed}, "words": {"Il demande nos horaires."}}).want(303)
	m = h.letter("the call is noted", func(m sent) bool { return m.Kind == "rights-received" && m.To == e164 })
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("la personne nous a écrit ou appelés d’elle-même", "Il demande nos horaires.")
	clause(t, "RN-33")

	other := newHouseOf(t, "works-advisor") // a network whose file asks no such box has no such form
	other.visitor().get(other.site, "/nous-ecrire").want(404)
	other.visitor().post(other.site, "/nous-ecrire", whole()).want(404)
}
