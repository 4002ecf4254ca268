package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"entremise/internal/geo"
)

// asksFor has a professional ask something about his own data, and answers the case.
func (h *house) asksFor(pro *visitor, right, email string) string {
	h.t.Helper()
	pro.post(h.space, "/droits", url.Values{"asked": {right}, "name": {"Mathieu Plombier"}, "email": {email}, "words": {"Pour moi : " + right}}).want(303)
	return h.letter("the case of "+right, func(m sent) bool { return m.Kind == "rights-received" && m.To == email }).Object
}

// A professional has his rights from his account and by request: access, rectification, restriction, portability, objection, erasure; each is
// executed and answered.
func TestProRights_eachIsExecuted(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.operator()
	_, request := h.asked(leak())
	h.publish(agent, request, "", nil).want(303)
	pro := h.buyer(request)

	// From the account: he changes what is his to change.
	pro.get(h.space, "/profil").want(200)
	pro.post(h.space, "/profil/plafonds", url.Values{"per_day": {"7"}, "per_month": {"70"}}).want(303)
	pro.get(h.space, "/profil").want(200).has(`value="70"`)

	// By request.
	access := h.asksFor(pro, "access", "acces@pro.example")
	officer.get(h.space, "/dossiers/"+access+"/copie").want(200).says("SIREN", "Pourquoi, pour qui, jusqu’à quand")
	h.act(officer, access, "answer", url.Values{"text": {"Voici la copie de vos données."}}).want(303)
	mine := h.visitor()
	m := h.letter("the answer", func(m sent) bool { return m.Kind == "rights-answered" && m.To == "acces@pro.example" })
	mine.get(h.site, caseLink.FindStringSubmatch(m.Text)[1]).want(303)
	h.proves(mine, access)
	mine.get(h.site, "/mon-dossier/donnees").want(200).says("SIREN")
	mine.get(h.site, "/mon-dossier/donnees.csv").want(200).has("siren") // portable

	fix := h.asksFor(pro, "rectification", "corrige@pro.example")
	page := officer.get(h.space, "/dossiers/"+fix).want(200)
	who := page.hidden("person")
	typed, _ := freshNumber()
	h.act(officer, fix, "rectify", url.Values{"person": {who}, "fix_name": {"Mathieu Corrigé"}, "fix_company": {"Plomberie Corrigée"}, "fix_phone": {typed}}).want(422)
	h.act(officer, fix, "rectify", url.Values{"person": {who}, "fix_name": {"Mathieu Corrigé"}, "fix_company": {"Plomberie Corrigée"}, "fix_phone": {typed}, "fix_email": {"neuf@pro.example"}}).want(303)
	officer.get(h.space, "/pros/"+who).want(200).says("Plomberie Corrigée", typed)

	freeze := h.asksFor(pro, "restriction", "gel@pro.example")
	h.act(officer, freeze, "restrict", nil).want(303)
	pro.get(h.space, "/tableau").want(200).says("gelées à votre demande").lacks("/tableau/" + request)
	if a := pro.post(h.space, "/panier", url.Values{"request": {request}, "then": {"buy"}}); strings.Contains(pro.get(h.space, "/panier").body, "/tableau/"+request) {
		t.Errorf("frozen, he holds a request: %d", a.status)
	}
	officer.post(h.space, "/pros/"+who+"/reprendre", nil) // staff do not lift it
	pro.get(h.space, "/tableau").want(200).says("gelées à votre demande")
	follows := h.visitor()
	link := h.letter("the link of his case", func(m sent) bool { return m.Kind == "rights-received" && m.To == "gel@pro.example" })
	follows.get(h.site, caseLink.FindStringSubmatch(link.Text)[1]).want(303)
	h.liftsFreeze(officer, follows, freeze, func() { pro.get(h.space, "/tableau").want(200).says("gelées à votre demande") })
	_, again := h.asked(leak()) // the first one went unserved meanwhile
	h.publish(agent, again, "", nil).want(303)
	pro.get(h.space, "/tableau").want(200).saysNot("gelées").has("/tableau/" + again)

	pro.post(h.space, "/profil/usages", url.Values{"purpose": {"serve_professionals"}}).want(303)
	pro.get(h.space, "/profil").want(200).says("Arrêté : vous vous y opposez")
	portable := h.asksFor(pro, "portability", "porte@pro.example")
	officer.get(h.space, "/dossiers/"+portable+"/copie").want(200).says("Plomberie Corrigée")
	clause(t, "ET-133")

	erase := h.asksFor(pro, "erasure", "efface@pro.example")
	officer.get(h.space, "/dossiers/"+erase).want(200).says("Seront effacés pour toujours")
	h.act(officer, erase, "erase", nil).want(303)
	if body := officer.get(h.space, "/pros/"+who).body; strings.Contains(body, "Plomberie Corrigée") {
		t.Error("erased, his company still shows")
	}
	clause(t, "ET-102")
}

// A professional who wants to leave leaves: without fee or notice, within fifteen working days, of which week-ends and public holidays are none; on
// the sixteenth the officer is told (ET-83, ET-84).
func TestProRights_accessEndsWithinItsDays(t *testing.T) {
	h := newHouse(t)
	officer := h.operator()
	pro := h.enter("Professional 1")
	// The next Friday before a public holiday on a Monday.
	paris := geo.Paris()
	day := time.Now().In(paris).AddDate(0, 0, 1)
	for day.Weekday() != time.Friday || !geo.IsHoliday("75", day.AddDate(0, 0, 3)) {
		day = day.AddDate(0, 0, 1)
	}
	friday := time.Date(day.Year(), day.Month(), day.Day(), 11, 0, 0, 0, paris)
	due := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, paris)
	for left := 15; left > 0; {
		due = due.AddDate(0, 0, 1)
		if w := due.Weekday(); w != time.Saturday && w != time.Sunday && !geo.IsHoliday("75", due) {
			left--
		}
	}
	if days := int(due.Sub(friday).Hours()/24) + 1; days < 22 {
		t.Fatalf("no day is skipped: %d days", days)
	}
	h.later(time.Until(friday))
	id := h.asksFor(pro, "closing", "partir@pro.example")
	m := h.letter("the date", func(m sent) bool { return m.Kind == "rights-received" && m.To == "partir@pro.example" })
	if !strings.Contains(m.Text, geo.Date(due, "fr")) {
		t.Errorf("due on %s, told %q", geo.Date(due, "fr"), m.Text)
	}
	h.later(due.AddDate(0, 0, 1).Add(-30 * time.Minute).Sub(friday))
	officer.get(h.space, "/dossiers/"+id).want(200).saysNot("Délai dépassé", "En retard")
	h.later(time.Hour)
	eventually(t, "the officer is told on the sixteenth day", func() bool {
		return strings.Contains(officer.get(h.space, "/dossiers/"+id).want(200).words(), "Délai dépassé")
	})
	clause(t, "ET-84")

	h.act(officer, id, "end-access", nil).want(303)
	if a := pro.get(h.space, "/tableau"); a.status == 200 {
		t.Error("his access is closed, and he reads the board")
	}
	h.act(officer, id, "answer", url.Values{"text": {"Votre accès est fermé, sans frais."}}).want(303)
	officer.get(h.space, "/dossiers/"+id).want(200).says("Accès fermé")
	for _, m := range h.outbox() {
		if m.Kind == "invoice" && strings.Contains(m.To, "partir") {
			t.Error("leaving was invoiced")
		}
	}
	h.visitor().get(h.site, "/mes-droits").want(200).lacks(`value="closing"`) // a consumer has no access to close
	clause(t, "ET-83")
}
