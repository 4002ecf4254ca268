package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The whole sale, on both engines: from a call for help to a phone number paid for, called, followed up and invoiced.
func TestSale_fromCallToInvoice(t *testing.T) {
	clause(t, "ET-04", "ET-10", "ET-20", "ET-21", "ET-24", "ET-32", "ET-34", "ET-35", "ET-36", "ET-40", "ET-41", "ET-43", "ET-45", "ET-64", "ET-88", "ET-98", "ET-136")
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		n := leak()
		consumer, id := h.asked(n)
		agent := h.enter("Agent")

		// Nothing is published before an agent has seen it (ET-35), and only she prices (ET-45).
		plumber := h.enter("Professional 1")
		plumber.get(spaceHost, "/tableau").want(200).lacks(id)
		h.publish(agent, id, "40", nil).want(303)
		notice := h.letter("a notice to professionals", func(m sent) bool { return m.Kind == "new-request" && m.Object == id && m.Channel == "sms" })
		h.letter("the same by e-mail", func(m sent) bool { return m.Kind == "new-request" && m.Object == id && m.Channel == "email" })
		for _, m := range h.outbox() {
			if m.Kind == "new-request" && m.Object == id {
				for _, s := range append(secrets, strings.TrimPrefix(n.phone, "+33")) {
					if strings.Contains(m.Text, s) {
						t.Errorf("the notice holds %q: %s", s, m.Text)
					}
				}
			}
		}
		if !strings.Contains(notice.Text, "40,00") {
			t.Errorf("the notice tells no price: %s", notice.Text)
		}
		file := agent.get(spaceHost, "/demandes/"+id).want(200)
		file.has("Nadia Exemple", "40,00")

		pro := h.buyer(id)
		hidden := append(secrets, "12 rue", strings.TrimPrefix(n.phone, "+33"), strings.TrimPrefix(n.values.Get("phone"), "06 "))
		board := pro.get(spaceHost, "/tableau").want(200).has("40,00", "48,00", "Nîmes")
		board.lacks(hidden...)
		pro.get(spaceHost, "/tableau/"+id).want(200).has("40,00", "48,00").lacks(hidden...)
		done := h.buy(pro, id, "wallet").want(303)
		path := done.header.Get("Location")
		if !strings.HasPrefix(path, "/achats/pur_") {
			t.Fatalf("bought, and sent to %s", path)
		}
		pro.get(spaceHost, path).want(200).has("Élodie Visite", "12 rue de la Visite", "Porte bleue", "tel:"+n.phone)
		pro.get(spaceHost, path+"/fiche.pdf").want(200).has("%PDF-")
		pro.get(spaceHost, path+"/contact.vcf").want(200).has("BEGIN:VCARD", "Visite")
		mail := h.letter("the details by e-mail", func(m sent) bool {
			return m.Kind == "bought" && m.Channel == "email" && strings.Contains(m.Text, "Visite")
		})
		if !strings.Contains(mail.Text, "40,00") {
			t.Error("the e-mail does not tell what was paid")
		}
		h.letter("the consumer is told who calls", func(m sent) bool { return m.Kind == "taken" && m.To == n.phone && m.Channel == "sms" })
		consumer.get(siteHost, "/ma-demande").want(200).has("Plombier")

		// Another professional sees nothing of it (ET-136).
		for _, role := range []string{"Professional 1", "Professional 2", "Professional 3"} {
			other := h.enter(role)
			if a := other.get(spaceHost, path); a.status == 200 && !strings.Contains(other.get(spaceHost, "/achats").body, path) {
				t.Error("somebody else's purchase opens")
			}
		}
		pro.post(spaceHost, path+"/suivi", url.Values{"outcome": {"reached"}}).want(303)
		pro.get(spaceHost, path).want(200)

		h.letter("the invoice", func(m sent) bool { return m.Kind == "invoice" && strings.Contains(m.Text, "48,00") })
		invoices := pro.get(spaceHost, "/factures").want(200).has("48,00")
		pdf := regexp.MustCompile(`/factures/inv_[0-9a-z]+\.pdf`).FindString(invoices.body)
		pro.get(spaceHost, pdf).want(200).has("%PDF-")
	})
}

// The clock of ten minutes is on the screen, and both sides learn when it has passed (ET-32, 64, 90).
func TestClock_tenMinutes(t *testing.T) {
	clause(t, "ET-32", "ET-64", "ET-90")
	h := newHouse(t)
	n := leak()
	_, id := h.asked(n)
	h.publish(h.enter("Agent"), id, "", nil).want(303)
	pro := h.buyer(id)
	path := h.buy(pro, id, "wallet").want(303).header.Get("Location")
	pro.get(spaceHost, path).want(200).has("tel:"+n.phone, `data-clock="`)
	h.later(11 * time.Minute)
	h.letter("the consumer is told that nobody called", func(m sent) bool { return m.Kind == "late" && m.To == n.phone })
	h.letter("the professional is told that he is late", func(m sent) bool { return m.Kind == "clock-passed" })
	h.enter("Operator").get(spaceHost, "/aujourdhui").want(200)
}

// A site for each host name, each with its own line, and a call-back form; another host is not served as one of them.
func TestSites_hostsLinesAndForms(t *testing.T) {
	clause(t, "ET-02", "ET-34", "ET-39", "ET-44", "ET-149", "ET-156")
	h := newHouse(t)
	v := h.visitor()
	v.get(siteHost, "/").want(200).has("01\u00a099\u00a000\u00a012\u00a034", "tel:+33199001234", "/conditions").lacks("tel:+33199005678")
	v.get(locksHost, "/").want(200).has("tel:+33199005678", "/conditions").lacks("/demande/plombier")
	v.get("www.depanneurs.localhost", "/").want(308)
	v.get(locksHost, "/demande/plombier").want(404)
	for _, path := range []string{"/", "/demande/plombier", "/mentions-legales", "/confidentialite", "/nulle-part"} {
		v.get(siteHost, path).has(`href="/conditions"`, "tel:+33199001234")
	}
	v.get(siteHost, "/conditions").want(200).has("Mis à jour le", "novembre", "gratuit")
	v.get(siteHost, "/demande/plombier").want(200).has("Gratuit")
	v.get(siteHost, "/mentions-legales").want(200).has("SASU", "Nîmes")
}

// What the consumer is told where his data is collected (ET-118, 119, 132), and that he stays free (ET-13).
func TestNotice_atThePointOfCollection(t *testing.T) {
	clause(t, "ET-11", "ET-118", "ET-119", "ET-132", "ET-150")
	h := newHouse(t)
	v := h.visitor()
	form := v.get(siteHost, "/demande/plombier").want(200)
	form.has("votre demande", "Le professionnel qui prend votre demande", "transmises qu", "consent-terms", "consent-call-me", "consent-opinion")
	if strings.Contains(form.body, `name="consent-opinion" value="yes" checked`) {
		t.Error("a consent is ticked beforehand")
	}
	v.get(siteHost, "/confidentialite").want(200).has("centre d’appels", "site partenaire")
	v.get(siteHost, "/conditions").want(200).has("n’y est pas partie")
	// Without the tick for the terms nothing is taken in.
	n := leak()
	n.values.Del("consent-terms")
	values := form.hiddens()
	values.Del("pow_nonce")
	for k, x := range n.values {
		values[k] = x
	}
	v.post(siteHost, "/demande/plombier", values).want(422).has("Élodie Visite")
}

// A person or a company asks (ET-17), with trade, problem, place, time and contact (ET-23); he may cancel at any time, free (ET-13).
func TestRequest_personOrCompanyAndFreeToLeave(t *testing.T) {
	clause(t, "ET-13", "ET-17", "ET-23")
	h := newHouse(t)
	n := leak()
	n.values.Set("kind", "company")
	n.values.Set("company", "Syndic des Arènes")
	consumer, id := h.asked(n)
	agent := h.enter("Agent")
	agent.post(spaceHost, "/rappels/"+id+"/prendre", nil).want(303)
	agent.get(spaceHost, "/bureau/"+id).want(200).has("Syndic des Arènes", "Porte bleue", "30000", "12 rue de la Visite")
	h.publishDesk(agent, id, "", nil).want(303)
	pro := h.buyer(id)
	consumer.post(siteHost, "/ma-demande/annuler", nil).want(303)
	consumer.get(siteHost, "/ma-demande").want(200).has("Annulée")
	pro.get(spaceHost, "/tableau").want(200).lacks(id)
	h.letter("a confirmation", func(m sent) bool { return m.Kind == "cancelled" && m.To == n.phone })
}

// Texts guide the consumer and stop at his word (ET-14).
func TestTexts_guideAndStop(t *testing.T) {
	clause(t, "ET-14")
	h := newHouse(t)
	n := leak()
	_, id := h.asked(n)
	m := h.letter("the request is received", func(m sent) bool { return m.Kind == "request-received" && m.To == n.phone && m.Channel == "sms" })
	stop := regexp.MustCompile(`http://[^/\s]+(/stop/\S+)`).FindStringSubmatch(m.Text)
	if stop == nil {
		t.Fatalf("no stop link in %q", m.Text)
	}
	v := h.visitor()
	v.get(siteHost, stop[1]).want(200)
	v.post(siteHost, stop[1], nil).want(200)
	v.get(siteHost, stop[1]+"x").want(410)
	h.publish(h.enter("Agent"), id, "", nil).want(303)
	h.buy(h.buyer(id), id, "wallet").want(303)
	h.letter("the professional gets the details", func(m sent) bool { return m.Kind == "bought" })
	for _, m := range h.outbox() {
		if m.To == n.phone && m.Kind == "taken" && m.State == "sent" {
			t.Errorf("a text left after the stop: %s", m.Text)
		}
	}
}

// The price: bounds (ET-47), factors that move the proposal (ET-46), no fee without an order (ET-37, 40, 48).
func TestPrice_boundsFactorsAndNothingElse(t *testing.T) {
	clause(t, "ET-37", "ET-40", "ET-42", "ET-46", "ET-47", "ET-48")
	h := newHouse(t)
	agent := h.enter("Agent")
	_, id := h.asked(leak())
	agent.post(spaceHost, "/rappels/"+id+"/prendre", nil).want(303)
	agent.get(spaceHost, "/bureau/"+id).want(200).has("Demande urgente")
	for _, price := range []string{"0,99", "1999,01", "-3", "x"} {
		h.publishDesk(agent, id, price, nil).want(422)
	}
	calm := h.publishDesk(agent, id, "x", url.Values{"urgency": {"this-week"}}).want(422)
	calm.lacks("Demande urgente")
	h.publishDesk(agent, id, "1", nil).want(303)
	_, top := h.asked(leak())
	h.publish(agent, top, "1999", nil).want(303)
	pro := h.buyer(id)
	wallet := regexp.MustCompile(`\d+,\d\d`).FindString(pro.get(spaceHost, "/portefeuille").want(200).body)
	h.later(100 * 24 * time.Hour) // three months without an order: no fee, no invoice
	after := pro.get(spaceHost, "/portefeuille").want(200)
	if got := regexp.MustCompile(`\d+,\d\d`).FindString(after.body); got != wallet {
		t.Errorf("the wallet moved from %s to %s without an order", wallet, got)
	}
	// After the reveal there is no way to contest the price (ET-42): no such form.
	pro.get(spaceHost, "/achats").want(200).lacks("contester")
}

// Buying: the notices (ET-09, 11), and what must be confirmed (ET-66, 67, 68).
func TestBuying_confirmsNearFreeAble(t *testing.T) {
	clause(t, "ET-09", "ET-11", "ET-66", "ET-67", "ET-68", "ET-91")
	h := newHouse(t)
	_, id := h.asked(leak())
	h.publish(h.enter("Agent"), id, "", nil).want(303)
	pro := h.buyer(id)
	pro.post(spaceHost, "/panier", url.Values{"request": {id}, "then": {"buy"}}).want(303)
	sheet := pro.get(spaceHost, "/tableau/"+id).want(200).has("Rien ne garantit", "partie au contrat", "à proximité", "sur place en moins de 30", "compétence")
	for _, missing := range []string{"confirm-near", "confirm-free-soon", "confirm-able"} {
		form := sheet.hiddens()
		for k, v := range confirmed("wallet") {
			if k != missing {
				form[k] = v
			}
		}
		pro.post(spaceHost, "/tableau/"+id+"/acheter", form).want(422).lacks("12 rue de la Visite")
	}
	form := sheet.hiddens()
	for k, v := range confirmed("wallet") {
		form[k] = v
	}
	path := pro.post(spaceHost, "/tableau/"+id+"/acheter", form).want(303).header.Get("Location")
	// The details stay in the account whatever becomes of the messages (ET-91).
	pro.get(spaceHost, path).want(200).has("Élodie Visite")
	pro.post(spaceHost, "/tableau/"+id+"/acheter", form).want(303) // the second of two taps
}

// By card: the hosted page answers yes or no; on no the details stay hidden (ET-43).
func TestCard_yesAndNo(t *testing.T) {
	clause(t, "ET-43")
	h := newHouse(t)
	agent := h.enter("Agent")
	for _, c := range []struct {
		answer string
		sold   bool
	}{{"refuse", false}, {"pay", true}} {
		_, id := h.asked(leak())
		h.publish(agent, id, "", nil).want(303)
		pro := h.buyer(id)
		to := h.buy(pro, id, "card").want(303).header.Get("Location")
		if !strings.HasPrefix(to, "/_demo/carte/") {
			t.Fatalf("the card is asked for at %s", to)
		}
		back := pro.post(spaceHost, to, url.Values{"answer": {c.answer}}).want(303).header.Get("Location")
		var page *answer
		eventually(t, "the card's way ends", func() bool {
			page = pro.follow(spaceHost, back)
			return strings.Contains(page.body, "12 rue de la Visite") == c.sold
		})
	}
}

// A professional asks for his area (ET-25) and gets what lies in it, not elsewhere; suspended, he sees nothing.
func TestCoverage_areaDecides(t *testing.T) {
	clause(t, "ET-25", "ET-98")
	h := newHouse(t)
	far := leak()
	far.values.Set("postcode", "59000")
	far.values.Set("commune", "59350")
	_, id := h.asked(far)
	h.publish(h.enter("Agent"), id, "", nil).want(303)
	for _, role := range []string{"Professional 1", "Professional 2", "Professional 3"} {
		h.enter(role).get(spaceHost, "/tableau").want(200).lacks(id)
	}
	for _, m := range h.outbox() {
		if m.Kind == "new-request" && m.Object == id && strings.Contains(m.Text, "Nîmes") {
			t.Errorf("a plumber of Nîmes is told about Lille: %s", m.Text)
		}
	}
}

// Nobody comes in without being let in (ET-20): every page of the space asks who it is.
func TestSpace_isShut(t *testing.T) {
	clause(t, "ET-20")
	h := newHouse(t)
	v := h.visitor()
	for _, path := range []string{"/tableau", "/panier", "/achats", "/factures", "/portefeuille", "/profil", "/aujourdhui", "/bureau", "/rappels", "/pros", "/equipe", "/journal", "/ventes", "/reglages", "/permissions"} {
		a := v.get(spaceHost, path)
		if a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/connexion") {
			t.Errorf("%s answers %d to nobody", path, a.status)
		}
	}
	pro := h.enter("Professional 1")
	for _, path := range []string{"/aujourdhui", "/bureau", "/pros", "/equipe", "/journal"} {
		pro.get(spaceHost, path).want(403)
	}
	h.enter("Agent").get(spaceHost, "/equipe").want(403)
	h.enter("Agent").get(spaceHost, "/tableau").want(403)
}

// What breaks a form tells what to do and keeps what was typed.
func TestForms_hostileInput(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	page := v.get(siteHost, "/demande/plombier").want(200)
	form := page.hiddens()
	form.Del("pow_nonce")
	for k, x := range leak().values {
		form[k] = x
	}
	form.Set("name", `<script>alert(1)</script>`)
	form.Set("phone", "0692 12")
	v.post(siteHost, "/demande/plombier", form).want(422).has("&lt;script&gt;").lacks("<script>alert")
	form.Set("website", "http://spam.example")
	v.post(siteHost, "/demande/plombier", form).want(422)
	v.do("POST", siteHost, "/demande/plombier", map[string][]string{"Content-Type": {"multipart/form-data; boundary=x"}}, strings.NewReader("--x\r\nbroken")).want(400)
	v.do("POST", siteHost, "/demande/plombier", map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader("name=%ff%zz")).want(400)
	v.do("POST", siteHost, "/demande/plombier", map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"cross-site"}}, strings.NewReader("a=b")).want(403)
	v.get(siteHost, "/r/not-a-token").want(410)
	v.get(siteHost, "/r/"+strings.Repeat("x", 5000)).want(410)
	v.get(siteHost, "/ma-demande").want(401)
	v.get(siteHost, "/m/plombier/nulle-part-99999").want(404)
	v.post(siteHost, "/", nil).want(404)
	big := strings.NewReader("words=" + strings.Repeat("a", 50<<20))
	v.do("POST", siteHost, "/demande/plombier", map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}, big).want(413)
}
