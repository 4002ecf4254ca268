package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// What a caller of a supplier network is asked names who else would get his data: a credit is checked with an agency only if he agrees to that very
// sentence (AQ-27). The address of who sends a form stands in the journal, and goes to nobody but who checks its country (AQ-13).
func TestAsked_creditAndAddresses(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	agent := h.enter("Agent")
	agent.post(h.space, "/appels/service", url.Values{"on": {"yes"}, "back": {"/appels"}}).want(303)
	agent.post(h.space, "/appels/simuler", url.Values{"site": {"autos.example"}, "trade": {"voiture-neuve"}, "number": {"06 39 98 86 11"}}).want(303)
	call := ringingCall.FindStringSubmatch(agent.get(h.space, "/appels").want(200).body)
	if call == nil {
		t.Fatal("no call to take")
	}
	agent.post(h.space, "/appels/"+call[1]+"/prendre", nil).want(303)
	desk := agent.get(h.space, "/bureau/"+h.agrees(agent, call[1])).want(200)
	desk.says("Acceptez-vous que le fournisseur vérifie votre crédit auprès d’un organisme spécialisé ?")
	box := regexp.MustCompile(`<input[^>]*name="consent-credit-phone"[^>]*>`).FindAllString(desk.body, -1)
	if len(box) == 0 || strings.Contains(strings.Join(box, ""), " checked") {
		t.Errorf("the box for credit: %v", box)
	}
	notice := h.visitor().get(h.site, "/confidentialite").want(200)
	notice.says("Laisser un fournisseur vérifier un crédit que vous demandez À quel titre : votre accord", "Les organismes qui vérifient un crédit")
	clause(t, "AQ-27")

	_, id := h.asked(h.project("voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"seat"}, "consent-match": {"yes"}}))
	h.enter("Operator").get(h.space, "/journal/connexions").want(200).has("127.0.0.1", "/demandes/"+id)
	notice.says("Écarter les envois abusifs et sécuriser le site À quel titre : notre intérêt légitime (RGPD, art. 6.1 f) Données : données de connexion Transmises à : Notre prestataire de vérification du pays, qui ne reçoit que l’adresse IP ; Notre hébergeur, dont le centre est en France")
	for purpose, row := range h.activities() {
		data, to := "", ""
		for head, cell := range row {
			if strings.Contains(head, "Données") {
				data = cell
			}
			if strings.Contains(head, "Destinataires") {
				to = cell
			}
		}
		if checked := strings.Contains(to, "vérification du pays"); checked != (purpose == "run_site") || checked && data != "données de connexion" {
			t.Errorf("%s gives %q to %q", purpose, data, to)
		}
	}
	clause(t, "AQ-13")
}
