package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// hidden is the value of a page's first hidden input of a name.
func (a *answer) hidden(name string) string {
	a.t.Helper()
	m := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(a.body)
	if m == nil {
		a.t.Fatalf("%s: no hidden %s", a.what, name)
	}
	return unescape.Replace(m[1])
}

// uses is the page on which a consumer sees what his data is used for.
const uses = "/ma-demande/usages"

// A use on legitimate interest stops at the person's word, stays stopped while the officer looks at it, and what only it held is gone once he
// follows it; consents are not touched, and what law or a contract asks for says why it goes on (RN-106).
func TestObjection_stopsOneUseAndNothingElse(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	officer := h.operator()
	n := h.project("cuisiniste", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}})
	n.values.Set("email", "oppose@example.org")
	consumer, request := h.asked(n)
	page := consumer.get(h.site, uses).want(200)
	page.says("Une loi nous y oblige", "il s’arrête quand vous le retirez", "Vous pouvez vous y opposer à tout moment")
	consumer.post(h.site, uses, url.Values{"purpose": {"prove_choices"}}).want(303)
	consumer.get(h.site, uses).want(200).says("Une loi nous y oblige").lacks("Arrêté : vous vous y opposez")
	officer.get(h.space, "/journal/connexions").want(200).has(request)

	consumer.post(h.site, uses, url.Values{"purpose": {"run_site"}, "reason": {"Je suis suivie."}}).want(303)
	consumer.get(h.site, uses).want(200).says("Arrêté : vous vous y opposez", "Je suis suivie.", "Preuve")
	officer.get(h.space, "/journal/connexions").want(200).lacks(request) // at once, before anybody decided
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "oppose@example.org" })
	file := officer.get(h.space, "/dossiers/"+m.Object).want(200)
	file.says("Je suis suivie.", "Suivre l’opposition", "Opposer des motifs impérieux")
	person := file.hidden("person")
	h.act(officer, m.Object, "objection-grounds", url.Values{"person": {person}, "purpose": {"run_site"}, "grounds": {"non"}}).want(422)
	h.act(officer, m.Object, "objection-granted", url.Values{"person": {person}, "purpose": {"run_site"}}).want(303)
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("Opposition suivie")
	consumer.get(h.site, uses).want(200).says("Opposition suivie")
	consumer.get(h.site, "/ma-demande/accords").want(200).says("Oui", "Retirer cet accord") // consents stand
	consumer.get(h.site, "/ma-demande").want(200).saysNot("Annulée")
	clause(t, "RN-106")
}

// Grounds that weigh more are told to the person, with where to contest them, and the use goes on; nobody may put any against an objection to
// prospecting, which needs no reason (WA-48, GDPR art. 21.1 to 21.3).
func TestObjection_groundsAreTold(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	officer := h.operator()
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}, "consent-offers-email": {"yes"}, "consent-offers-phone": {"yes"}})
	n.values.Set("email", "motifs@example.org")
	consumer, _ := h.asked(n)
	consumer.post(h.site, uses, url.Values{"purpose": {"fight_fraud"}, "reason": {"Ma situation est connue de tous ici."}}).want(303)
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "motifs@example.org" })
	person := officer.get(h.space, "/dossiers/"+m.Object).want(200).hidden("person")
	h.act(officer, m.Object, "objection-grounds", url.Values{"person": {person}, "purpose": {"fight_fraud"}, "grounds": {"Un paiement contesté porte sur ce dossier."}}).want(303)
	told := h.letter("the grounds", func(m sent) bool { return m.Kind == "rights-answered" && m.To == "motifs@example.org" })
	for _, want := range []string{"Un paiement contesté porte sur ce dossier.", "CNIL", "tribunal"} {
		if !strings.Contains(told.Text, want) {
			t.Errorf("the letter does not say %q", want)
		}
	}
	consumer.get(h.site, uses).want(200).says("Pourquoi cet usage continue", "Un paiement contesté porte sur ce dossier.")
	consumer.post(h.site, uses, url.Values{"purpose": {"improve"}}).want(303) // no reason: it stops all the same
	consumer.get(h.site, uses).want(200).says("Arrêté : vous vous y opposez")
	consumer.post(h.site, uses, url.Values{"purpose": {"improve"}, "do": {"back"}}).want(303)

	consumer.get(h.site, "/ma-demande").want(200).says("Retirer cet accord")
	consumer.post(h.site, uses, url.Values{"purpose": {"prospecting"}}).want(303)
	h.act(officer, m.Object, "objection-grounds", url.Values{"person": {person}, "purpose": {"prospecting"}, "grounds": {"Nous voudrions continuer à vendre."}}).want(303)
	officer.get(h.space, "/dossiers/"+m.Object).want(200).says("Aucune opposition à cet usage n’attend de décision")
	consumer.get(h.site, "/ma-demande/accords").want(200).saysNot("Retirer cet accord")
	clause(t, "WA-48")
}

// A number on the list of refusals gets no code: its request goes to an agent whose call verifies it, whether the person chose so on the form, by
// the officer, or for an earlier request (AQ-43). Each use is objected to alone (AQ-59), and who objects to automatic routing has a person choose
// (AQ-26).
func TestObjection_everyUseAlone(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	agent := h.enter("Agent")
	asks := func() need {
		return h.project("voiture-occasion", url.Values{"urgency": {"now"}, "answers.make": {"peugeot"}, "answers.model_peugeot": {"208"}, "consent-match": {"yes"}})
	}
	codes := func(to string) (all int) {
		for _, m := range h.outbox() {
			if m.Kind == "code" && m.To == to {
				all++
			}
		}
		return all
	}
	h.visitor().get(h.site, "/demande/voiture-occasion").want(200).says("vérifiez mon numéro en m’appelant")
	without := func(n need) (to string, page *answer) { // a browser without JavaScript
		v := h.visitor()
		form := v.get(h.site, "/demande/voiture-occasion").want(200).hiddens()
		form.Del("pow_nonce")
		for k, x := range n.values {
			form[k] = x
		}
		to = v.post(h.site, "/demande/voiture-occasion", form).want(303).header.Get("Location")
		return to, v.follow(h.site, "/ma-demande").want(200)
	}
	usual := asks()
	if to, _ := without(usual); !strings.HasSuffix(to, "/demande/code") || codes(usual.phone) != 1 {
		t.Fatalf("a code is the rule: %s, %d codes", to, codes(usual.phone))
	}
	refuses := asks()
	refuses.values.Set("prefer_call", "yes")
	to, page := without(refuses)
	if strings.HasSuffix(to, "/demande/code") || codes(refuses.phone) != 0 {
		t.Errorf("asked to be called, and sent to %s with %d codes", to, codes(refuses.phone))
	}
	later := asks()
	later.values.Set("phone", refuses.values.Get("phone"))
	later.values.Set("postcode", "30100")
	later.values.Set("commune", "30007")
	page.says("sera vérifié pendant l’appel")
	to, page = without(later)
	if strings.HasSuffix(to, "/demande/code") || codes(refuses.phone) != 0 {
		t.Errorf("the same number later: %s, %d codes", to, codes(refuses.phone))
	}
	page.says("sera vérifié pendant l’appel")
	clause(t, "AQ-43")

	n := asks()
	n.values.Set("email", "chaque@example.org")
	consumer, request := h.asked(n)
	for _, purpose := range []string{"build_audiences", "verify_number", "choose_suppliers", "improve_from_suppliers"} {
		consumer.post(h.site, uses, url.Values{"purpose": {purpose}}).want(303)
	}
	page = consumer.get(h.site, uses).want(200)
	if k := strings.Count(page.body, "Arrêté"); k != 4 {
		t.Errorf("%d uses are stopped", k)
	}
	agent.get(h.space, "/demandes/"+request).want(200).says("À proposer à la main")
	consumer.get(h.site, "/ma-demande").want(200).says("Une personne choisit désormais")
	consumer.post(h.site, uses, url.Values{"purpose": {"build_audiences"}, "do": {"back"}}).want(303)
	if k := strings.Count(consumer.get(h.site, uses).want(200).body, "Retirer mon opposition"); k != 3 {
		t.Errorf("%d uses are stopped after one was taken back", k)
	}
	clause(t, "AQ-26", "AQ-59")
}

// Where the software may publish and choose alone, an objection sends the request to an agent, who chooses.
func TestObjection_routesByHand(t *testing.T) {
	h := openHouse(t, siteHost, spaceHost, "--network", otherWith(t, "emergency-trades", "  qualification: agent\n", "  qualification: automatic\n"))
	consumer, request := h.asked(leak())
	eventually(t, "the software published it", func() bool {
		return strings.Contains(consumer.get(h.site, "/ma-demande").want(200).words(), "proposée à")
	})
	agent := h.enter("Agent")
	agent.get(h.space, "/demandes/"+request).want(200).saysNot("À proposer à la main")
	buyer := h.buyer(request)
	buyer.get(h.space, "/tableau/"+request).want(200)
	consumer.post(h.site, uses, url.Values{"purpose": {"introduce"}}).want(303)
	agent.get(h.space, "/demandes/"+request).want(200).says("À proposer à la main")
	buyer.get(h.space, "/tableau/"+request).want(404)
}

// A professional reads a plain list by date and area and is sent nothing that the software chose for him, until he takes it back (ET-139).
func TestObjection_professionalWantsAPlainList(t *testing.T) {
	h := newHouse(t)
	agent := h.operator()
	_, first := h.asked(leak())
	h.publish(agent, first, "", nil).want(303)
	pro := h.buyer(first)
	pro.get(h.space, "/profil").want(200).says("Ce que le logiciel décide pour vous", "M’y opposer")
	pro.post(h.space, "/profil/usages", url.Values{"purpose": {"serve_professionals"}}).want(303)
	pro.get(h.space, "/profil").want(200).says("Arrêté : vous vous y opposez")
	_, second := h.asked(leak())
	h.publish(agent, second, "", nil).want(303)
	pro.get(h.space, "/tableau").want(200).says("Liste simple de votre zone").has(second)
	pro.get(h.space, "/tableau?tri=commune").want(200).says("Par date").has(second)
	pro.post(h.space, "/profil/usages", url.Values{"purpose": {"secure"}}).want(303)
	pro.post(h.space, "/profil/usages", url.Values{"purpose": {"invoice"}}).want(303)
	pro.get(h.space, "/profil").want(200).says("Une loi nous y oblige")
	pro.post(h.space, "/profil/usages", url.Values{"purpose": {"serve_professionals"}, "do": {"back"}}).want(303)
	pro.get(h.space, "/tableau").want(200).saysNot("Liste simple")
	clause(t, "ET-139")
}

// The pages of objections, on a phone and at a desk.
func TestObjection_screens(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}})
	n.values.Set("email", "ecran@example.org")
	consumer, _ := h.asked(n)
	link := h.letter("the private link", func(m sent) bool { return m.To == "ecran@example.org" && m.Kind == "request-received" })
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			p := open(t, h.server, on)
			p.goTo(h.site, regexp.MustCompile(`/r/\S+`).FindString(link.Text))
			p.goTo(h.site, uses)
			p.accessible()
			p.shot("usages")
		})
	}
	consumer.post(h.site, uses, url.Values{"purpose": {"enforce_terms"}, "reason": {"Une raison."}}).want(303)
	m := h.letter("the case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "ecran@example.org" })
	o := open(t, h.server, desktop)
	h.enterAs(o, "Operator")
	o.goTo(h.space, "/dossiers/"+m.Object)
	o.accessible()
	o.shot("dossier-opposition")
}
