package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// project asks a network that is not the first one: its own form, and every box of it.
func project(h *house, trade string, answers url.Values) need {
	typed, e164 := freshNumber()
	n := need{host: h.site, trade: trade, phone: e164, values: url.Values{"postcode": {"30000"}, "commune": {"30189"}, "kind": {"person"}, "name": {"Élodie Visite"}, "phone": {typed},
		"email": {"elodie@example.org"}, "consent-terms": {"yes"}, "consent-call-me": {"yes"}}}
	for k, v := range answers {
		n.values[k] = v
	}
	return n
}

// maySell is the desk's question whether a number may be called to sell something.
func maySell(h *house, v *visitor, phone, trade string) *answer {
	return beforeRules(v.post(h.space, "/demarchage", url.Values{"phone": {phone}, "postcode": {"30000"}, "trade": {trade}}))
}

// beforeRules leaves off the list of all rules, which says every sentence there is.
func beforeRules(a *answer) *answer {
	a.body, _, _ = strings.Cut(a.body, "Les règles")
	return a
}

// The opposition register that a document still names is obeyed besides the law: a listed number is not called to sell anything, for three years
// from its confirmation; a call about its own pending request is none, and is allowed (RN-116, 117; AQ-67).
func TestRegister_listedNumbersAreNotCanvassed(t *testing.T) {
	for _, c := range []struct {
		network, trade string
		answers        url.Values
		clauses        []string
	}{
		{"reviews-network", "paysagiste", url.Values{"urgency": {"month"}, "answers.project": {"new"}, "consent-quote": {"yes"}}, []string{"RN-116", "RN-117"}},
		{"auto-quotes", "garage-auto", url.Values{"urgency": {"month"}, "answers.work": {"service"}, "answers.make": {"renault"}, "consent-match": {"yes"}}, []string{"AQ-67"}},
	} {
		t.Run(c.network, func(t *testing.T) {
			h := newHouseOf(t, c.network)
			operator := h.enter("Operator")
			agent := h.enter("Agent")
			n := project(h, c.trade, c.answers)
			consumer, id := h.asked(n)
			typed := n.values.Get("phone")
			today := consumer.get(h.site, "/").header.Get("Date")
			now, err := time.Parse(time.RFC1123, today)
			if err != nil {
				t.Fatal(err)
			}
			confirmed := now.AddDate(0, 0, -1).Format(time.DateOnly)

			maySell(h, agent, typed, c.trade).want(200).has("Non", "n’a pas donné son accord préalable") // by law alone
			agent.post(h.space, "/demarchage/liste", url.Values{"list": {typed + ";" + confirmed}}).want(403)
			for _, list := range []string{"", "bonjour", typed, typed + ";demain", typed + ";2999-01-01"} {
				operator.post(h.space, "/demarchage/liste", url.Values{"list": {list}}).want(422).has("Ligne 1")
			}
			operator.post(h.space, "/demarchage/liste", url.Values{"list": {typed + ";" + confirmed + "\n06 39 98 88 88;" + confirmed}}).want(303)
			maySell(h, agent, typed, c.trade).want(200).has("Non", "liste d’opposition", "/demandes/"+id, "répond à la demande de la personne")
			beforeRules(agent.post(h.space, "/demarchage/appel", url.Values{"phone": {typed}, "postcode": {"30000"}, "trade": {c.trade}})).want(409).has("liste d’opposition")
			agent.post(h.space, "/rappels/"+id+"/prendre", nil).want(303)
			agent.get(h.space, "/bureau/"+id).want(200).has("tel:" + n.phone)
			operator.get(h.space, "/journal?what=contact.refused").want(200).has("canvass register").lacks(strings.ReplaceAll(typed, " ", ""), n.phone)

			// Three years later it protects no longer, and the law still does.
			for range 3 {
				h.later(366 * 24 * time.Hour)
			}
			maySell(h, h.enter("Agent"), "06 39 98 88 88", c.trade).want(200).has("Non", "n’a pas donné son accord préalable").lacks("liste d’opposition")
			clause(t, c.clauses...)
		})
	}
}

// What a request rests on is asked, kept, and can be taken back at any time: then it stops at once, and the history keeps both the yes and the no.
func TestConsent_whatTheRequestRestsOn(t *testing.T) {
	for _, c := range []struct {
		network, trade, box string
		answers             url.Values
		clauses             []string
	}{
		{"reviews-network", "paysagiste", "quote", url.Values{"urgency": {"month"}, "answers.project": {"new"}}, []string{"RN-30", "RN-108"}},
		{"auto-quotes", "garage-auto", "match", url.Values{"urgency": {"month"}, "answers.work": {"service"}, "answers.make": {"renault"}}, []string{"AQ-06", "AQ-24", "AQ-61"}},
	} {
		t.Run(c.network, func(t *testing.T) {
			h := newHouseOf(t, c.network)
			n := project(h, c.trade, c.answers)
			v := h.visitor()
			form := v.get(h.site, "/demande/"+c.trade).want(200).hiddens()
			form.Del("pow_nonce")
			for k, value := range n.values {
				form[k] = value
			}
			v.post(h.site, "/demande/"+c.trade, form).want(422) // without the box: refused
			n.values.Set("consent-"+c.box, "yes")
			consumer, id := h.asked(n)
			agent := h.enter("Agent")
			agent.get(h.space, "/rappels").want(200).has(id)
			consumer.get(h.site, "/ma-demande/accords").want(200).has("SHA-256", "/log/preuve/")
			consumer.post(h.site, "/ma-demande/retrait", url.Values{"consent": {c.box}}).want(303)
			consumer.get(h.site, "/ma-demande").want(200).has("Annulée")
			page := consumer.get(h.site, "/ma-demande/accords").want(200).has("remplacé depuis")
			if yes, no := strings.Count(page.body, ">Oui<"), strings.Count(page.body, ">Non<"); yes == 0 || no == 0 {
				t.Errorf("the history shows %d yes and %d no", yes, no)
			}
			agent.get(h.space, "/rappels").want(200).lacks(id)
			agent.get(h.space, "/demandes/"+id).want(200).has("Annulée")
			h.letter("the withdrawal is confirmed", func(m sent) bool { return m.Kind == "consent-receipt" && m.Object == id })
			clause(t, c.clauses...)
		})
	}
}

// A call to sell is refused by rule, counted where it is made, and a no said aloud ends them for good. No number stands in the trail.
func TestCanvass_staffAskBeforeTheyCall(t *testing.T) {
	h := newHouse(t)
	agent := h.enter("Agent")
	typed, e164 := freshNumber()
	maySell(h, agent, "12", "plombier").want(422)
	agent.post(h.space, "/demarchage", url.Values{"phone": {typed}, "postcode": {"99999"}, "trade": {"plombier"}}).want(422).has("code postal")
	maySell(h, agent, typed, "plombier").want(200).has("Non", "L223-1")
	maySell(h, agent, typed, "chauffagiste").want(200).has("interdit pour ce métier")
	agent.post(h.space, "/demarchage/refus", url.Values{"phone": {typed}, "postcode": {"30000"}, "trade": {"plombier"}}).want(303)
	maySell(h, agent, typed, "plombier").want(200).has("même dit oralement")
	h.enter("Professional 1").post(h.space, "/demarchage", url.Values{"phone": {typed}}).want(403)
	trail := h.enter("Operator").get(h.space, "/journal").want(200).has("Demandé si l’on peut appeler")
	for _, number := range []string{typed, e164, strings.ReplaceAll(typed, " ", "")} {
		if strings.Contains(trail.body, number) {
			t.Errorf("the trail holds the number %s", number)
		}
	}
	agent.get(h.space, "/demarchage").want(200).has("R223-4", "D223-9")
}

// A professional sees beside the number that he may call, because the person asked and was told his name; five working days without a word later,
// a first call would be canvassing, and there is no button. Staff see the same on the file.
func TestCall_answersTheRequestForFiveWorkingDays(t *testing.T) {
	h := newHouse(t)
	agent := h.enter("Agent")
	n := leak()
	_, id := h.asked(n)
	agent.get(spaceHost, "/demandes/"+id).want(200).has("tel:"+n.phone, "R223-4", "aucune heure ne le limite").lacks("N’appelez pas")
	_, waiting := h.asked(leak())
	h.publish(agent, id, "", nil).want(303)
	pro := h.buyer(id)
	bought := h.buy(pro, id, "wallet").want(303).header.Get("Location")
	h.letter("the person is told who will call", func(m sent) bool { return m.Kind == "taken" && m.Object == id && m.To == n.phone })
	pro.get(spaceHost, bought).want(200).has("tel:"+n.phone, "R223-4").lacks("N’appelez pas")
	h.later(9 * 24 * time.Hour)
	pro.get(spaceHost, bought).want(200).has("N’appelez pas", "Cinq jours ouvrables").lacks("tel:" + n.phone)
	h.enter("Agent").get(spaceHost, "/demandes/"+waiting).want(200).has("N’appelez pas", "Cinq jours ouvrables")
	pro.post(spaceHost, bought+"/suivi", url.Values{"outcome": {"reached"}}).want(303) // they have spoken, as he notes: it goes on from there
	pro.get(spaceHost, bought).want(200).has("tel:" + n.phone).lacks("N’appelez pas")
}

// Who is asked for data reads what became of the opposition register, and where it stood, with a link (RN-115; AQ-67).
func TestRegister_isToldInThePolicy(t *testing.T) {
	for _, network := range []string{"reviews-network", "auto-quotes"} {
		h := newHouseOf(t, network)
		h.visitor().get(h.site, "/confidentialite").want(200).has("Bloctel", `href="https://www.bloctel.gouv.fr`)
	}
	clause(t, "RN-115", "AQ-67")
}
