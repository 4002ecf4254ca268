package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// The officer finds who did what to whom and when, by a number or an address that stands in no URL; his search and his export are lines themselves.
func TestTrail_findsWhatWasDoneToAPerson(t *testing.T) {
	h := newHouse(t)
	n := leak()
	n.values.Set("email", "cherchee@example.org")
	_, request := h.asked(n)
	_, other := h.asked(leak())
	_, id := h.rightsOf("cherchee@example.org", nil)
	officer := h.operator()
	officer.get(h.space, "/demandes/"+request).want(200)
	for _, typed := range []string{"cherchee@example.org", n.phone, n.values.Get("phone")} {
		to := officer.post(h.space, "/journal", url.Values{"on": {typed}}).want(303).header.Get("Location")
		if strings.Contains(to, "cherchee") || strings.Contains(to, "%40") || strings.Contains(to, "639") || !strings.Contains(to, "per_") {
			t.Fatalf("looking for somebody leads to %s", to)
		}
		page := officer.get(h.space, to).want(200)
		page.has("Demande reçue", "Demande lue", "/demandes/"+request).lacks("/demandes/"+other, "cherchee@")
		if typed == "cherchee@example.org" {
			page.has("Dossier ouvert")
			officer.get(h.space, strings.Replace(to, "/journal?", "/journal.csv?", 1)).want(200).has(request, id, "request.submit", "case.open").lacks(other, "cherchee@")
		}
	}
	today := time.Now().UTC()
	for span, want := range map[[2]string]bool{
		{today.AddDate(0, 0, -2).Format(time.DateOnly), today.AddDate(0, 0, 2).Format(time.DateOnly)}:   true,
		{today.AddDate(0, 0, 2).Format(time.DateOnly), ""}:                                              false,
		{"", today.AddDate(0, 0, -2).Format(time.DateOnly)}:                                             false,
		{today.AddDate(0, 0, -40).Format(time.DateOnly), today.AddDate(0, 0, -2).Format(time.DateOnly)}: false,
	} {
		to := officer.post(h.space, "/journal", url.Values{"on": {request}, "from": {span[0]}, "to": {span[1]}, "what": {"request.submit"}}).want(303).header.Get("Location")
		if got := strings.Contains(officer.get(h.space, to).want(200).body, "/demandes/"+request); got != want {
			t.Errorf("from %q to %q: %t", span[0], span[1], got)
		}
	}
	to := officer.post(h.space, "/journal", url.Values{"on": {"personne@example.org"}}).want(303).header.Get("Location")
	if strings.Contains(to, "personne") {
		t.Errorf("looking for nobody leads to %s", to)
	}
	officer.get(h.space, to).want(200).has("Rien n’est connu")
	officer.get(h.space, "/journal?what=audit.").want(200).has("Personne cherchée dans le journal", "Journal lu", "Journal exporté")
	h.enter("Agent").post(h.space, "/journal", url.Values{"on": {"cherchee@example.org"}}).want(403)
}
