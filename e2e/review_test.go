package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

const decisions = "/ma-demande/decisions"

// What was decided is told with its criteria and their values, a named person looks at it at the person's word, and the conclusion changes it: here
// the refusal of a request by an adviser, in a network where nothing is decided without one (WA-52).
func TestReview_ofARefusalByAPerson(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	officer, agent := h.operator(), h.enter("Agent")
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}})
	n.values.Set("email", "revue@example.org")
	consumer, request := h.asked(n)
	consumer.get(h.site, decisions).want(200).says("rien n’est décidé par le logiciel seul", "Rien n’a encore été décidé")
	agent.post(h.space, "/demandes/"+request+"/retirer", url.Values{"reason": {"out-of-scope"}}).want(303)
	consumer.get(h.site, decisions).want(200).says("Clôture par un conseiller", "Elle ne fait pas partie de ce que nous traitons")
	agent.get(h.space, "/rappels").want(200).lacks(request)

	consumer.post(h.site, decisions, url.Values{"words": {"C’est bien une rénovation."}}).want(303)
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "revue@example.org" })
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("C’est bien une rénovation.", "Clôture par un conseiller", "Elle ne fait pas partie", "Conclure et répondre")
	agent.get(h.space, "/dossiers/"+m.Object).want(403)
	h.act(officer, m.Object, "review", url.Values{"request": {request}, "changed": {"yes"}, "conclusion": {"Court"}}).want(422)
	h.act(officer, m.Object, "review", url.Values{"request": {request}, "changed": {"yes"}, "conclusion": {"Une rénovation entre bien dans ce que nous traitons."}}).want(303)
	told := h.letter("the conclusion", func(m sent) bool { return m.Kind == "rights-answered" && m.To == "revue@example.org" })
	for _, want := range []string{"Une rénovation entre bien", "Elle ne fait pas partie de ce que nous traitons", "La décision est changée"} {
		if !strings.Contains(told.Text, want) {
			t.Errorf("the answer does not say %q:\n%s", want, told.Text)
		}
	}
	agent.get(h.space, "/rappels").want(200).has(request) // it waits again
	consumer.get(h.site, "/ma-demande").want(200).says("Une personne a revu la décision et l’a changée")
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("Décision revue et changée")
	officer.get(h.space, "/journal?what=request.reviewed").want(200).says("Décision changée après revue")
	clause(t, "WA-52")
}

// What the software chose is reviewed by a person, who gives the request to an agent: then it is offered by hand, to whom he says.
func TestReview_ofTheSoftwaresChoice(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.operator()
	n := leak()
	n.values.Set("email", "choix@example.org")
	consumer, request := h.asked(n)
	h.publish(agent, request, "", nil).want(303)
	buyer := h.buyer(request)
	consumer.get(h.site, decisions).want(200).says("Le logiciel choisit", "Choix des professionnels par le logiciel", "Métier demandé", "Plombier", "Nîmes", "Sous un évier")
	consumer.post(h.site, decisions, nil).want(303)
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "choix@example.org" })
	h.act(officer, m.Object, "review", url.Values{"request": {request}, "changed": {"yes"}, "conclusion": {"Un conseiller choisit avec vous."}}).want(303)
	consumer.get(h.site, decisions).want(200).says("Revue et changée par une personne")
	buyer.get(h.space, "/tableau/"+request).want(404)
	file := agent.get(h.space, "/demandes/"+request).want(200)
	file.says("À proposer à la main")
	to := regexp.MustCompile(`<option value="(pro_[^"]+)"`).FindStringSubmatch(file.body)
	if to == nil {
		t.Fatal("nobody can be chosen by hand")
	}
	agent.post(h.space, "/demandes/"+request+"/proposer", url.Values{"pro": {to[1]}}).want(303)
	consumer.get(h.site, "/ma-demande").want(200).says("Proposée à un professionnel de plus")
}

// The pages of decisions, on a phone and at a desk.
func TestReview_screens(t *testing.T) {
	h := newHouse(t)
	agent := h.operator()
	n := leak()
	n.values.Set("email", "decide@example.org")
	consumer, request := h.asked(n)
	h.publish(agent, request, "", nil).want(303)
	consumer.post(h.site, decisions, url.Values{"words": {"Pourquoi eux ?"}}).want(303)
	link := h.letter("the private link", func(m sent) bool { return m.To == "decide@example.org" && m.Kind == "request-received" })
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "decide@example.org" })
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			p := open(t, h.server, on)
			p.goTo(h.site, regexp.MustCompile(`/r/\S+`).FindString(link.Text))
			p.goTo(h.site, decisions)
			p.accessible()
			p.shot("decisions")
			o := open(t, h.server, on)
			h.enterAs(o, "Operator")
			o.goTo(h.space, "/dossiers/"+m.Object)
			o.accessible()
			o.shot("dossier-revue")
		})
	}
}
