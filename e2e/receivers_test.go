package e2e

import (
	"net/url"
	"strings"
	"testing"
)

// Who asks is told by name who really received his data, and no one who only might have (WA-58).
func TestReceivers_areNamedToWhoAsks(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	officer := h.operator()
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}})
	n.values.Set("email", "qui@example.org")
	h.asked(n)
	person, id := h.rightsOf("qui@example.org", url.Values{"words": {"À qui avez-vous transmis mes données ?"}})
	h.act(officer, id, "answer", url.Values{"text": {"Votre copie dit par leur nom qui les a reçues."}}).want(303)
	h.letter("the answer", func(m sent) bool { return m.Kind == "rights-answered" && m.Object == id })
	h.proves(person, id)
	page := person.get(h.site, "/mon-dossier/donnees").want(200)
	page.says("Qui les a reçues, par son nom", "Messages Brefs Exemple, Tours", "Plis Exemple, Angers", "Baies Exemple, Roubaix", "Qui peut les recevoir")
	page.saysNot("Voix du Rhône Exemple") // no call was carried
	type copyOf struct{ Received []struct{ Name string } }
	var names []string
	for _, r := range decode[copyOf](person.get(h.site, "/mon-dossier/donnees.json").want(200)).Received {
		names = append(names, r.Name)
	}
	if len(names) != 3 {
		t.Errorf("received by %s", strings.Join(names, "; "))
	}
	clause(t, "WA-58")
}

// A consent is taken back in writing with who asks, his address, and which consent: what is missing is asked, and a whole request stops that purpose and
// no other (WA-44).
func TestWithdrawal_inWriting(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	officer := h.operator()
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}, "consent-offers-email": {"yes"}, "consent-letters": {"yes"}})
	n.values.Set("email", "retire@example.org")
	consumer, _ := h.asked(n)
	h.visitor().get(h.site, "/mes-droits").want(200).has(`name="name"`, `name="email"`, `name="details.address"`, `name="consents"`, `name="words"`, `value="offers-email"`)
	whole := url.Values{"asked": {"withdrawal"}, "consents": {"offers-email"}, "name": {"Élodie Visite"}, "email": {"retire@example.org"}, "details.address": {"12 rue de la Visite, 30000 Nîmes"}, "words": {"Plus d’offres par e-mail."}}
	for missing, says := range map[string]string{"name": "Écrivez votre nom et votre prénom", "email": "Donnez une adresse e-mail"} {
		part := url.Values{}
		for k, v := range whole {
			if k != missing {
				part[k] = v
			}
		}
		h.visitor().post(h.site, "/mes-droits", part).want(422).says(says)
	}
	h.visitor().post(h.site, "/mes-droits", url.Values{"asked": {"withdrawal"}, "consents": {"terms"}, "name": {"Élodie Visite"}, "email": {"retire@example.org"}}).want(422)
	stands := func() int {
		return strings.Count(consumer.get(h.site, "/ma-demande/accords").want(200).words(), "Retirer cet accord")
	}
	if stands() != 2 {
		t.Fatalf("%d consents stand", stands())
	}
	h.visitor().post(h.site, "/mes-droits", whole).want(303)
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "retire@example.org" })
	if stands() != 1 {
		t.Errorf("%d consents stand after one was taken back", stands())
	}
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("12 rue de la Visite, 30000 Nîmes", "Plus d’offres par e-mail.", "Accords retirés")

	// By post, as the document says too: the officer writes it down, and it holds at once.
	officer.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"post"}, "asked": {"withdrawal"}, "consents": {"letters"}, "name": {"Élodie Visite"}, "phone": {n.values.Get("phone")}, "details.address": {"12 rue de la Visite"}}).want(303)
	if stands() != 0 {
		t.Errorf("%d consents stand after the letter", stands())
	}
	clause(t, "WA-44")
}

// From where a customer follows his request the form of rights is one step away, and its clock is a month (CS-28).
func TestRights_fromTheCustomersOwnPages(t *testing.T) {
	h := newHouseOf(t, "customer-space")
	n := h.project("assistance", url.Values{"urgency": {"today"}, "answers.subject": {"quote"}})
	n.values.Set("email", "espace@example.org")
	consumer, request := h.asked(n)
	consumer.get(h.site, "/ma-demande").want(200).has(`href="/mes-droits"`)
	page := consumer.get(h.site, "/mes-droits").want(200)
	page.says("1 mois", "CNIL").has(`value="access"`, `value="rectification"`, `value="erasure"`, `value="restriction"`, `value="portability"`, `value="objection"`, `value="withdrawal"`)
	consumer.post(h.site, "/mes-droits", url.Values{"asked": {"access"}, "name": {"Élodie Visite"}, "email": {"espace@example.org"}}).want(303)
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "espace@example.org" })
	officer := h.operator()
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("Élodie Visite").has(request)
	notice := h.visitor().get(h.site, "/confidentialite").want(200)
	notice.says("Vos droits", "CNIL", "intérêt légitime", "obligation légale")
	h.later(27 * 24 * 3600e9)
	officer.get(h.space, "/dossiers/"+m.Object).want(200).saysNot("En retard")
	h.later(8 * 24 * 3600e9)
	eventually(t, "its month has run out", func() bool {
		return strings.Contains(officer.get(h.space, "/dossiers/"+m.Object).want(200).words(), "En retard")
	})
	clause(t, "CS-28")
}
