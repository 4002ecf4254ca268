package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A partner who collects for the operator has undertaken first to obey the law: without the reference of what he signed he gets no token, and with it
// each request that he sends says that it came through him (WA-10).
func TestPartner_bindsHimselfFirst(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	boss, agent := h.enter("Operator"), h.enter("Agent")
	make := func(undertaking string) *answer {
		return boss.post(h.space, "/jetons", url.Values{"kind": {"affiliate"}, "email": {"partenaire@annuaire.example"}, "token_name": {"Annuaire Exemple"}, "undertaking": {undertaking}})
	}
	for _, none := range []string{"", " ", "x", strings.Repeat("x", 61)} {
		make(none).want(422).has("engagement").lacks("ent_")
	}
	refused(t, "--undertaking", "admin", "affiliate", "autre@annuaire.example", "--name", "Autre", "--data", h.data)
	boss.get(h.space, "/jetons").want(200).lacks("partenaire@annuaire.example", "autre@annuaire.example")
	token := regexp.MustCompile(`ent_[A-Za-z0-9_-]+`).FindString(make("Engagement 2026-11").want(200).body)
	if token == "" {
		t.Fatal("no token is shown")
	}
	boss.get(h.space, "/journal.csv").want(200).has("affiliate.undertaking", "Engagement 2026-11")

	_, e164 := freshNumber()
	ask := map[string]any{"site": "travaux.example", "trade": "travaux", "urgency": "week", "postcode": "30000", "insee": "30189", "answers": map[string][]string{"home": {"house"}}, "name": "Élodie Passée", "phone": e164,
		"email": "passee@example.org", "consents": map[string]bool{"terms": true, "call-me": true}}
	h.visitor().api(http.MethodPost, h.space, "/api/v1/requests", "", "sans-jeton-000001", ask).want(401)
	sent := decode[struct{ ID, Ref string }](h.visitor().api(http.MethodPost, h.space, "/api/v1/requests", token, "avec-jeton-000001", ask).want(201))
	agent.get(h.space, "/demandes/"+sent.ID).want(200).says("Annuaire Exemple")
	officer := h.operator()
	_, id := h.rightsOf("passee@example.org", nil)
	officer.get(h.space, "/dossiers/"+id+"/copie").want(200).says("un site partenaire par lequel vous êtes passé")
	clause(t, "WA-10")
}
