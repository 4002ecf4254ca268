package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Once the service is done, by the professional's own word or by the customer's, the details that he bought are gone from his account, on every way
// out of it; the order and its invoice stay.
func TestPurchase_detailsAreHiddenOnceItIsDone(t *testing.T) {
	h := newHouse(t)
	agent := h.enter("Agent")
	hidden := append([]string{"06 39 98", "+3363998"}, secrets...)
	for name, ends := range map[string]func(pro, consumer *visitor, order string){
		"the professional says so": func(pro, _ *visitor, order string) {
			pro.post(spaceHost, order+"/suivi", url.Values{"outcome": {"won"}, "once": {"one"}}).want(http.StatusSeeOther)
			pro.get(spaceHost, order).want(200).has("12 rue de la Visite")
			pro.post(spaceHost, order+"/suivi", url.Values{"outcome": {"done"}, "once": {"two"}}).want(http.StatusSeeOther)
		},
		"the customer says so": func(pro, consumer *visitor, order string) {
			consumer.post(siteHost, "/ma-demande/suite", url.Values{"outcome": {"done"}}).want(http.StatusSeeOther)
		},
	} {
		t.Run(name, func(t *testing.T) {
			consumer, id := h.asked(leak())
			h.publish(agent, id, "40", nil).want(303)
			pro := h.buyer(id)
			order := h.buy(pro, id, "wallet").want(303).header.Get("Location")
			pro.get(spaceHost, order).want(200).has("12 rue de la Visite", "Porte bleue")
			ends(pro, consumer, order)
			page := pro.get(spaceHost, order).want(200).lacks(hidden...)
			page.has("Coordonnées masquées", "Votre achat et votre facture restent ici")
			for _, path := range []string{"/fiche.pdf", "/contact.vcf", "/passeport.json"} {
				if a := pro.get(spaceHost, order+path); a.status == http.StatusOK {
					t.Errorf("%s is handed out still", path)
				}
			}
			pro.get(spaceHost, "/achats").want(200).has(order).lacks(hidden...)
		})
	}
	clause(t, "ET-135")
}

// A message that does harm is kept longer under a hold, with its ground and reference, while the sweep erases the others in their time; once the hold is
// lifted, nothing of it is left.
func TestHold_keepsAMessageUntilItIsLifted(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		officer := h.operator()
		writes := func(name, words string) (id string) {
			t.Helper()
			to := officer.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"post"}, "asked": {"comment"}, "name": {name}, "details.address": {"1 rue de l’Exemple, 30000 Nîmes"}, "words": {words}}).want(http.StatusSeeOther).header.Get("Location")
			id = regexp.MustCompile(`cas_[0-9a-z]+`).FindString(to)
			h.act(officer, id, "answer", url.Values{"text": {"Nous avons lu votre message."}}).want(http.StatusSeeOther)
			return id
		}
		insult, kind := writes("Igor Injure", "Votre patron est un escroc notoire."), writes("Gaëlle Gentille", "Votre accueil était charmant, merci.")
		lay := url.Values{"who": {insult}, "ground": {"abuse"}, "reference": {"PLAINTE 2027-3"}}
		officer.post(h.space, "/conservation/gel", url.Values{"who": {insult}, "ground": {"mood"}, "reference": {"NOTHING-1"}}).want(http.StatusSeeOther)
		officer.get(h.space, "/conservation").want(200).has("Choisissez le motif du gel").lacks("NOTHING-1", "hld_")
		officer.post(h.space, "/conservation/gel", lay).want(http.StatusSeeOther)
		page := officer.get(h.space, "/conservation").want(200).has("PLAINTE 2027-3", insult)
		hold := regexp.MustCompile(`hld_[0-9a-z]+`).FindString(page.body)
		held := func(id string) string {
			t.Helper()
			stdout, stderr, _ := ran(t, append([]string{"person", "trace", id, "--data", h.data}, extra...)...)
			return stdout + stderr
		}
		h.years(1)
		h.later(72 * time.Hour)
		if trace := held(insult); !strings.Contains(trace, "legal-hold") || !strings.Contains(trace, "inbox_letter.text_sealed") {
			t.Errorf("the sweep took what a hold keeps:\n%s", trace)
		}
		if trace := held(kind); strings.Contains(trace, "inbox_letter.text_sealed") && strings.Contains(trace, "open") {
			t.Errorf("the other message outlives its year:\n%s", trace)
		}
		officer = h.operator()
		officer.post(h.space, "/conservation/lever", url.Values{"id": {hold}}).want(http.StatusSeeOther)
		h.later(time.Hour)
		if trace := held(insult); strings.Contains(trace, "legal-hold") || strings.Contains(trace, " open") || strings.Contains(trace, " archived") {
			t.Errorf("the hold is lifted, and something is left:\n%s", trace)
		}
		clause(t, "RN-35")
	})
}

// A professional's own information is in his account: his orders and his invoices, another's not. A year later the invoice lies in the archive, and is his
// to read still, byte for byte; ten years after that it is gone.
func TestInvoices_hisOwnForAsLongAsLawKeepsThem(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		_, id := h.asked(leak())
		h.publish(h.enter("Agent"), id, "40", nil).want(303)
		role := ""
		for _, r := range []string{"Professional 1", "Professional 2", "Professional 3"} {
			if strings.Contains(h.enter(r).get(spaceHost, "/tableau").want(200).body, id) {
				role = r
			}
		}
		pro := h.enter(role)
		order := h.buy(pro, id, "wallet").want(303).header.Get("Location")
		var path string
		eventually(t, "the invoice is written", func() bool {
			path = regexp.MustCompile(`/factures/inv_[0-9a-z]+\.pdf`).FindString(pro.get(spaceHost, order).want(200).body)
			return path != "" && pro.get(spaceHost, path).status == http.StatusOK
		})
		pro.get(spaceHost, "/achats").want(200).has(order)
		pro.get(spaceHost, "/factures").want(200).has(path, "48,00")
		first := pro.get(spaceHost, path).want(200).body
		stranger := map[bool]string{true: "Professional 2", false: "Professional 1"}[role == "Professional 1"]
		h.enter(stranger).get(spaceHost, path).want(http.StatusNotFound)
		h.enter(stranger).get(spaceHost, order).want(http.StatusNotFound)
		h.enter("Agent").get(spaceHost, path).want(http.StatusForbidden)
		h.years(1)
		h.later(48 * time.Hour)
		pro = h.enter(role)
		if got := pro.get(spaceHost, path).want(200).body; got != first {
			t.Error("from the archive comes another file")
		}
		h.enter("Operator").get(spaceHost, "/journal.csv").want(200).has("invoice.archive")
		pro.get(spaceHost, order).want(200).has(path)
		h.years(10)
		h.later(96 * time.Hour)
		h.enter(role).get(spaceHost, path).want(http.StatusNotFound)
		clause(t, "ET-38")
	})
}
