package e2e

import (
	"maps"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

func paris(t *testing.T) *time.Location {
	t.Helper()
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// An insurance that runs out at T: a reminder before it, from T nothing offered and nothing to be taken, and he is told why; all undone when staff
// note the new proof (ET-76).
func TestInsurance_shutsOutFromItsEndUntilRenewed(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		clerk, agent := h.enter("Onboarding"), h.enter("Agent")
		const day = 24 * time.Hour
		last := time.Now().In(paris(t)).Add(34 * day)
		end := time.Date(last.Year(), last.Month(), last.Day()+1, 0, 0, 0, 0, last.Location())
		form := url.Values{"company": {"Plomberie Assurée"}, "siren": {"732 829 320"}, "contact": {"Yann Couvert"}, "phone": {"06 39 98 88 31"}, "email": {"couvert@artisans.example"},
			"street": {"3 rue du Port"}, "postcode": {"30000"}, "commune": {"30189"}, "lang": {"fr"}, "trades": {"plombier"}, "radius": {"30"}, "insurance_until": {last.Format(time.DateOnly)},
			"check-identity": {"yes"}, "check-registry": {"yes"}, "check-insurance": {"yes"}, "check-qualification": {"yes"}, "check-terms": {"yes"}, "registry_on": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}, "qualified.plombier": {"diploma"}}
		path := clerk.post(spaceHost, "/pros/nouveau", form).want(303).header.Get("Location")
		about := func(kind string) func(sent) bool {
			return func(m sent) bool {
				return m.Kind == kind && m.To == "couvert@artisans.example" && strings.Contains(m.Text, "bonjour@depanneurs.example")
			}
		}
		invited := h.letter("his invitation", func(m sent) bool {
			return m.To == "couvert@artisans.example" && strings.Contains(m.Text, "/invitation/")
		})
		pro := h.visitor()
		pro.post(spaceHost, regexp.MustCompile(`/invitation/[A-Za-z0-9_.-]+`).FindString(invited.Text), url.Values{"password": {passphrase}, "password2": {passphrase}, "consent-pro-terms": {"yes"}}).want(303)
		h.enter("Operator").post(spaceHost, path+"/virement", url.Values{"amount": {"500"}, "reference": {"VIR assurance"}}).want(303)

		h.later(time.Until(end) - 2*time.Hour)
		h.letter("a reminder before the end", about("insurance-ending"))
		_, before := h.asked(leak())
		h.publish(agent, before, "", nil).want(303)
		pro.get(spaceHost, "/tableau").want(200).has(before)
		pro.post(spaceHost, "/panier", url.Values{"request": {before}, "then": {"board"}}).want(303)
		pro.post(spaceHost, "/panier/retirer", url.Values{"request": {before}}).want(303)
		h.later(3 * time.Hour)
		h.letter("he is told that it has ended", about("insurance-ended"))
		_, after := h.asked(leak())
		h.publish(agent, after, "", nil).want(303)
		pro.get(spaceHost, "/tableau").want(200).lacks(before, after).has("Votre assurance a pris fin")
		pro.get(spaceHost, "/tableau/"+after).want(404) // it was not offered to him
		pro.get(spaceHost, "/pourquoi/"+after).want(200).has("échue")
		pro.post(spaceHost, "/panier", url.Values{"request": {before}, "then": {"buy"}}).want(403).has("assurance est échue") // still on offer, to others
		pro.post(spaceHost, "/tableau/"+before+"/acheter", confirmed("wallet")).want(403).lacks("12 rue de la Visite")
		clerk.get(spaceHost, path).want(200).has("Assurance échue")
		clerk.get(spaceHost, "/aujourdhui").want(200).has("Plomberie Assurée", "plus de demandes d’ici la nouvelle")

		renewed := maps.Clone(form)
		renewed.Set("insurance_until", time.Now().Add(400*day).Format(time.DateOnly))
		clerk.post(spaceHost, path, renewed).want(303)
		h.letter("he is told that he is back", func(m sent) bool { return m.Kind == "insurance-renewed" && m.To == "couvert@artisans.example" })
		_, next := h.asked(leak())
		h.publish(agent, next, "", nil).want(303)
		pro.get(spaceHost, "/tableau").want(200).has(next)
		pro.get(spaceHost, h.buy(pro, next, "wallet").want(303).header.Get("Location")).want(200).has("12 rue de la Visite")
		clause(t, "ET-76")
	})
}
