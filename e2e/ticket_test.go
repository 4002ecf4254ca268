package e2e

import (
	"net/smtp"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A message goes to the service that handles what it is about: a ticket there, seen by that service and no other, given to another service or to one person, noted
// between colleagues, answered in a thread that is kept (RN-32); mail to the contact address does the same.
func TestTicket_fromTheFormToTheService(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		agent, moderator, officer, accountant := h.enter("Agent"), h.enter("Moderator"), h.enter("Officer"), h.enter("Accountant")
		page := h.visitor().get(h.site, "/nous-ecrire").want(200).says("À quel sujet ?", "Un avis que j’ai donné ou lu", "Mon entreprise veut adhérer")
		if strings.Contains(page.body, `name="about" required`) {
			t.Error("the subject is compulsory")
		}
		whole := url.Values{"name": {"Jeanne Message"}, "email": {"jeanne@example.org"}, "about": {"review"}, "subject": {"Mon avis de mardi"}, "words": {"Je ne le retrouve pas."}, "consent-contact": {"yes"}}
		wrong := url.Values{}
		for k, v := range whole {
			wrong[k] = v
		}
		wrong.Set("about", "nothing")
		h.visitor().post(h.site, "/nous-ecrire", wrong).want(422)
		writer := h.visitor()
		writer.post(h.site, "/nous-ecrire", whole).want(303)
		writer, id := h.follows(writer, "jeanne@example.org")
		path := "/messages/" + id

		moderator.get(h.space, "/messages").want(200).has(path, "Mon avis de mardi", "Jeanne Message")
		for _, other := range []*visitor{agent, accountant} {
			other.get(h.space, path).want(403).lacks("Jeanne")
			other.post(h.space, path, url.Values{"do": {"answer"}, "text": {"Je réponds à sa place."}}).want(403)
		}
		agent.get(h.space, "/messages").want(200).lacks(path, "Jeanne")
		officer.get(h.space, "/messages").want(200).has(path)
		officer.get(h.space, "/dossiers/"+id).want(200).says("Jeanne Message")
		moderator.get(h.space, path).want(200).says("Service qualité des avis", "Je ne le retrouve pas.", "J’accepte que mon message et mes coordonnées servent à me répondre.").lacks(`href="/dossiers/`)

		moderator.post(h.space, path, url.Values{"do": {"note"}, "note": {"Son devis, pas son avis."}}).want(303)
		moderator.get(h.space, path).want(200).says("Son devis, pas son avis.")
		moderator.post(h.space, path, url.Values{"do": {"move"}, "service": {"consumers"}}).want(303)
		moderator.get(h.space, path).want(403)
		file := agent.get(h.space, path).want(200).says("Service consommateurs", "Son devis, pas son avis.")
		me := optionOf(file, "Nadia Exemple")
		agent.post(h.space, path, url.Values{"do": {"assign"}, "account": {me}}).want(303)
		agent.get(h.space, "/messages").want(200).says("Nadia Exemple")
		agent.post(h.space, path, url.Values{"do": {"answer"}, "text": {"Court."}}).want(422)
		agent.post(h.space, path, url.Values{"do": {"reply"}, "text": {"De quel devis parlez-vous, Madame ?"}}).want(303)
		h.letter("the question", func(m sent) bool {
			return m.To == "jeanne@example.org" && strings.Contains(m.Text, "De quel devis") && !strings.Contains(m.Text, "pas son avis")
		})
		writer.get(h.site, "/mon-dossier").want(200).says("De quel devis parlez-vous").lacks("pas son avis")
		writer.post(h.site, "/mon-dossier/suite", url.Values{"words": {"Celui de la cuisine."}}).want(303)
		agent.get(h.space, path).want(200).says("Celui de la cuisine.")
		agent.post(h.space, path, url.Values{"do": {"answer"}, "text": {"Il part ce matin par e-mail."}}).want(303)
		h.letter("the answer", func(m sent) bool {
			return m.To == "jeanne@example.org" && strings.Contains(m.Text, "Il part ce matin")
		})
		agent.get(h.space, "/messages").want(200).lacks(path)
		agent.get(h.space, "/messages?clos=1").want(200).has(path)
		agent.get(h.space, path).want(200).says("Je ne le retrouve pas.", "De quel devis parlez-vous", "Celui de la cuisine.", "Il part ce matin", "Réponse envoyée").lacks(`value="answer"`)
		h.operator().get(h.space, "/journal.csv").want(200).has("ticket.read", "ticket.move", "ticket.assign", "ticket.answer")

		raw := "From: paul@example.org\r\nTo: bonjour@avis.example\r\nSubject: Une question\r\nMessage-ID: <ticket@example.org>\r\n\r\nBonjour, une question.\r\n"
		if err := smtp.SendMail(h.mailAddress(), nil, "paul@example.org", []string{"bonjour@avis.example"}, []byte(raw)); err != nil {
			t.Fatal(err)
		}
		m := h.letter("the mail is received", func(m sent) bool { return m.To == "paul@example.org" })
		agent.get(h.space, "/messages/"+m.Object).want(200).says("Une question", "la personne nous a écrit ou appelés d’elle-même")
		agent.post(h.space, "/messages/"+m.Object, url.Values{"do": {"answer"}, "text": {"Bonjour Monsieur, voici la réponse."}}).want(303)
		h.letter("the mail is answered", func(m sent) bool { return m.To == "paul@example.org" && strings.Contains(m.Text, "voici la réponse") })

		// What is about data goes to the officer, and leaves the service.
		rights := "From: rita@example.org\r\nTo: bonjour@avis.example\r\nSubject: Mes droits\r\nMessage-ID: <droits@example.org>\r\n\r\nEffacez mes données.\r\n"
		if err := smtp.SendMail(h.mailAddress(), nil, "rita@example.org", []string{"bonjour@avis.example"}, []byte(rights)); err != nil {
			t.Fatal(err)
		}
		m = h.letter("the second mail is received", func(m sent) bool { return m.To == "rita@example.org" })
		agent.post(h.space, "/messages/"+m.Object, url.Values{"do": {"move"}, "service": {""}}).want(303)
		agent.get(h.space, "/messages").want(200).lacks(m.Object)
		officer.get(h.space, "/dossiers").want(200).has("/dossiers/" + m.Object)
		clause(t, "RN-32")
	})
}

// Where the network has no services there are no pages of messages.
func TestTicket_whereThereAreNoServices(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	h.operator().get(h.space, "/messages").want(404)
	h.operator().get(h.space, "/aujourdhui").want(200).lacks(`href="/messages"`)
}

// optionOf is the value of an option of a page, by its words.
func optionOf(a *answer, words string) string {
	m := regexp.MustCompile(`<option value="([^"]+)"[^>]*>` + regexp.QuoteMeta(words)).FindStringSubmatch(a.body)
	if m == nil {
		return ""
	}
	return m[1]
}
