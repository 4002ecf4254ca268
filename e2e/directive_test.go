package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// A directive is recorded by who proves the address, changed and revoked at will, and carried out by the officer on a proof of death: a copy for the
// trusted person, behind a code; erasing; or keeping (Act 78-17 art. 85).
func TestDirective_isCarriedOut(t *testing.T) {
	for network, c := range map[string]struct {
		trade, clause string
		values        url.Values
	}{
		"reviews-network": {"cuisiniste", "RN-107", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}}},
		"works-advisor":   {"travaux", "WA-69", url.Values{"urgency": {"week"}, "answers.home": {"house"}}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			officer, agent := h.operator(), h.enter("Agent")
			live := func(email string) (consumer *visitor, ref string) {
				n := h.project(c.trade, c.values)
				n.values.Set("email", email)
				consumer, _ = h.asked(n)
				return consumer, regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(consumer.get(h.site, "/ma-demande").want(200).body)
			}
			directs := func(email string, values url.Values) {
				person, id := h.rightsOf(email, url.Values{"asked": {"after-death"}})
				if to := person.get(h.site, "/mon-dossier/directive").want(303).header.Get("Location"); to != "/mon-dossier/code" {
					t.Errorf("without a code it leads to %s", to)
				}
				if to := h.proves(person, id).header.Get("Location"); to != "/mon-dossier/directive" {
					t.Errorf("the code leads to %s", to)
				}
				person.post(h.site, "/mon-dossier/directive", url.Values{"what": {"hand-over"}}).want(422).says("Écrivez le nom de la personne de confiance")
				person.post(h.site, "/mon-dossier/directive", url.Values{"what": {"keep"}}).want(303)
				person.get(h.site, "/mon-dossier/directive").want(200).says("Garder mes données")
				person.post(h.site, "/mon-dossier/directive", url.Values{"do": {"revoke"}}).want(303)
				person.get(h.site, "/mon-dossier/directive").want(200).saysNot("Ce qui est enregistré")
				person.post(h.site, "/mon-dossier/directive", values).want(303)
			}
			dies := func(ref, of string) string {
				_, id := h.rightsOf("heritier-"+of, url.Values{"asked": {"after-death"}, "words": {"Mon père est mort."}})
				officer.get(h.space, "/dossiers/"+id).want(200).says("Aucune directive n’est enregistrée", "Les héritiers peuvent demander")
				h.act(officer, id, "tie", url.Values{"ref": {ref}}).want(303)
				page := officer.get(h.space, "/dossiers/"+id).want(200).says("La mort est prouvée")
				directive := page.hidden("directive")
				agent.post(h.space, "/dossiers/"+id, url.Values{"do": {"death"}, "directive": {directive}, "proof": {"Acte n° 1"}}).want(403)
				h.act(officer, id, "death", url.Values{"directive": {directive}, "proof": {""}}).want(422)
				h.act(officer, id, "death", url.Values{"directive": {directive}, "proof": {"Acte de décès n° 12"}}).want(303)
				officer.get(h.space, "/dossiers/"+id).want(200).says("Directive exécutée", "Acte de décès n° 12", "Aucune directive n’est enregistrée")
				return id
			}

			// Handed over: the trusted person opens the copy by a link and a code.
			_, ref := live("remise@example.org")
			directs("remise@example.org", url.Values{"what": {"hand-over"}, "trusted_name": {"Claude Proche"}, "trusted_email": {"proche@example.org"}})
			dies(ref, "remise@example.org")
			m := h.letter("the copy for the trusted person", func(m sent) bool { return m.Kind == "rights-answered" && m.To == "proche@example.org" })
			trusted := h.visitor()
			trusted.get(h.site, caseLink.FindStringSubmatch(m.Text)[1]).want(303)
			trusted.get(h.site, "/mon-dossier/donnees").want(303) // not without a code
			h.proves(trusted, m.Object)
			trusted.get(h.site, "/mon-dossier/donnees").want(200).says("Élodie Visite", "remise@example.org")

			// Erased: nothing opens any more.
			consumer, ref := live("effacee@example.org")
			directs("effacee@example.org", url.Values{"what": {"erase"}})
			dies(ref, "effacee@example.org")
			if body := consumer.get(h.site, "/ma-demande").body; strings.Contains(body, "effacee@example.org") || strings.Contains(body, "Élodie") {
				t.Error("erased data still shows")
			}

			// Kept: it stays until its planned end.
			consumer, ref = live("gardee@example.org")
			directs("gardee@example.org", url.Values{"what": {"keep"}})
			dies(ref, "gardee@example.org")
			consumer.get(h.site, "/ma-demande").want(200).says("06 39 98")
			clause(t, c.clause)
		})
	}
}

// The pages of directives, on a phone and at a desk.
func TestDirective_screens(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			email := on.name + "-directive@example.org"
			_, id := h.rightsOf(email, url.Values{"asked": {"after-death"}})
			m := h.letter("the link", func(m sent) bool { return m.Kind == "rights-received" && m.To == email })
			p := open(t, h.server, on)
			p.goTo(h.site, caseLink.FindStringSubmatch(m.Text)[1])
			p.goTo(h.site, "/mon-dossier/code")
			code := h.letter("a code", func(m sent) bool { return m.Kind == "code" && m.Object == id })
			p.fill("[name=code]", regexp.MustCompile(`\d{6}`).FindString(code.Text))
			p.press(kb.Enter) // the cookie panel lies over the button
			p.until("the code is taken", `location.pathname != "/mon-dossier/code"`)
			p.goTo(h.site, "/mon-dossier/directive")
			p.accessible()
			p.shot("directive")
			o := open(t, h.server, on)
			h.enterAs(o, "Operator")
			o.goTo(h.space, "/dossiers/"+id)
			o.accessible()
		})
	}
}
