package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// heldUntil is until when a person, by the reference of a request, is held for a purpose; zero when he is not, or while it lasts.
func (h *house) heldUntil(ref, purpose string, extra ...string) time.Time {
	h.t.Helper()
	trace := done(h.t, append([]string{"person", "trace", ref, "--data", h.data}, extra...)...)
	m := regexp.MustCompile(`(?m)\b` + purpose + `\s+until (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC`).FindStringSubmatch(trace)
	if m == nil {
		return time.Time{}
	}
	at, err := time.Parse(time.DateTime, m[1])
	if err != nil {
		h.t.Fatal(err)
	}
	return at
}

// years moves the demo's clock by whole years, one after the other, as far as it lets itself be moved at once.
func (h *house) years(n int) {
	h.t.Helper()
	for range n {
		h.later(365 * 24 * time.Hour)
	}
}

// A prospect's three years start anew with what he does, a link followed or a form sent under his number, and not with what was written to him; who
// did nothing is gone when they are over, and so is he three years later. The clock of a served network runs more than five years.
func TestReaction_startsThreeYearsAnew(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "works-advisor", extra...)
		form := func(name string) need {
			return h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}, "consent-offers-email": {"yes"}, "name": {name}, "email": {strings.ToLower(strings.Fields(name)[0]) + "@example.org"}})
		}
		asks := func(n need) (id, ref string) {
			t.Helper()
			who, id := h.asked(n)
			ref = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(h.enter("Agent").get(h.space, "/demandes/"+id).want(200).body)
			who.post(h.site, "/ma-demande/annuler", nil).want(http.StatusSeeOther) // over: what was asked is kept from here on
			return id, ref
		}
		_, silent := asks(form("Silvia Sansmot"))
		id, clicked := asks(form("Clara Clique"))
		again := form("Renaud Revient")
		renaud, returned := asks(again)
		all := []string{silent, clicked, returned}
		before := map[string]time.Time{}
		for _, ref := range all {
			for _, purpose := range []string{"prospect", "answer_requests"} {
				before[ref+purpose] = h.heldUntil(ref, purpose, extra...)
				if before[ref+purpose].IsZero() {
					t.Fatalf("%s is not held for %s\n%s", ref, purpose, done(t, append([]string{"person", "trace", ref, "--data", h.data}, extra...)...))
				}
			}
		}
		letter := h.letter("his link", func(m sent) bool { return m.Object == id && strings.Contains(m.Text, "/r/") })
		link := regexp.MustCompile(`/r/[A-Za-z0-9_.-]+`).FindString(letter.Text)
		h.years(2)
		for _, ref := range all { // what he was written meanwhile, and may have opened, moved nothing
			if at := h.heldUntil(ref, "prospect", extra...); !at.Equal(before[ref+"prospect"]) {
				t.Errorf("nobody did anything, and the end moved to %v", at)
			}
		}
		h.visitor().get(h.site, link).want(http.StatusSeeOther)
		back := h.visitor()
		page := back.get(again.host, "/demande/"+again.trade).want(200).hiddens()
		page.Del("pow_nonce")
		for k, v := range again.values {
			page[k] = v
		}
		back.post(again.host, "/demande/"+again.trade, page).want(http.StatusSeeOther)
		code := h.letter("the code of his second request", func(m sent) bool { return m.Kind == "code" && m.To == again.phone && m.Object != renaud })
		back.post(again.host, "/demande/code", url.Values{"code": {regexp.MustCompile(`\d{6}`).FindString(code.Text)}}).want(http.StatusSeeOther)
		for _, ref := range all {
			for _, purpose := range []string{"prospect", "answer_requests"} {
				at, was := h.heldUntil(ref, purpose, extra...), before[ref+purpose]
				if ref == silent && !at.Equal(was) {
					t.Errorf("who did nothing is held until %v", at)
				}
				if moved := at.Sub(was); ref != silent && (moved < 729*24*time.Hour || moved > 732*24*time.Hour) {
					t.Errorf("%s: a reaction after two years moved the end of %s by %v", ref, purpose, moved)
				}
			}
		}
		held := func(ref string) bool {
			t.Helper()
			stdout, stderr, _ := ran(t, append([]string{"person", "trace", ref, "--data", h.data}, extra...)...)
			if strings.Contains(stderr, "panic") {
				t.Fatal(stderr)
			}
			return strings.Contains(stdout, "person.name_sealed") && strings.Contains(stdout, " open")
		}
		h.years(1)
		h.later(48 * time.Hour)
		if held(silent) || !held(clicked) || !held(returned) {
			t.Errorf("after three years and a day: the silent one %v, who clicked %v, who returned %v", held(silent), held(clicked), held(returned))
		}
		h.years(2)
		if held(clicked) || held(returned) {
			t.Error("three years after their last act they are held still")
		}
		clause(t, "WA-40")
	})
}

// Two boxes may ask for one purpose: it is held from the yes while one of them stands, and ends with the last no, at once; what was asked is kept.
func TestReaction_aPurposeEndsWithItsLastConsent(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	who, id := h.asked(h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}, "consent-offers-email": {"yes"}, "consent-offers-phone": {"yes"}, "name": {"Daniel Deuxcases"}, "email": {"daniel@example.org"}}))
	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(h.enter("Agent").get(h.space, "/demandes/"+id).want(200).body)
	for _, step := range []struct {
		box  string
		held bool
	}{{"offers-email", true}, {"offers-phone", false}} {
		if h.heldUntil(ref, "prospect").IsZero() {
			t.Fatal("a purpose that was agreed to is not held")
		}
		who.post(h.site, "/ma-demande/retrait", url.Values{"consent": {step.box}}).want(http.StatusSeeOther)
		h.later(2 * time.Minute)
		if held := !h.heldUntil(ref, "prospect").IsZero(); held != step.held {
			t.Errorf("%s is taken back, and the purpose is held: %v", step.box, held)
		}
	}
	if trace := done(t, "person", "trace", ref, "--data", h.data); !strings.Contains(trace, "answer_requests") || !strings.Contains(trace, "person.email_sealed") {
		t.Errorf("what was asked went with the consent:\n%s", trace)
	}
}
