package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Forms and sign-ins stand in a sealed journal that the administrator alone reads, each reading noted; from it he shuts an address out until a
// day, or lets it in again. No technical log says any of it.
func TestJournal_connectionsSealedReadAndBlockedFrom(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		_, id := h.asked(leak())
		operator := h.enter("Operator")
		h.enter("Professional 1")
		page := operator.get(spaceHost, "/journal/connexions").want(200).has("/demandes/"+id, "Demande", "Connexion", "127.0.0.1", "Perrin")
		if len(regexp.MustCompile(`\d\d/\d\d \d\d:\d\d:\d\d`).FindAllString(page.body, -1)) < 3 {
			t.Error("the lines have no time")
		}
		operator.get(spaceHost, "/journal?what=connection.read").want(200).has("Journal des connexions lu")
		for _, role := range []string{"Agent", "Accountant", "Professional 1"} {
			v := h.enter(role)
			v.get(spaceHost, "/journal/connexions").want(403)
			v.post(spaceHost, "/journal/connexions/lever", url.Values{"id": {"x"}}).want(403)
		}
		h.visitor().get(spaceHost, "/journal/connexions").lacks("127.0.0.1")

		again := func() *answer {
			n := leak()
			v := h.visitor()
			form := v.get(n.host, "/demande/"+n.trade).want(200).hiddens()
			form.Del("pow_nonce")
			for k, value := range n.values {
				form[k] = value
			}
			return v.post(n.host, "/demande/"+n.trade, form)
		}
		operator.post(spaceHost, "/journal/adresses", url.Values{"address": {"192.0.2.77"}, "days": {"7"}, "reason": {"essai"}}).want(303)
		again().want(303) // another address is unaffected
		operator.post(spaceHost, "/journal/adresses", url.Values{"address": {"127.0.0.1"}, "days": {"7"}, "reason": {"formulaires en rafale"}}).want(303)
		again().want(403)
		operator.get(spaceHost, "/journal/connexions").want(200).has("bloquée", "formulaires en rafale")
		h.later(7*24*time.Hour - time.Minute)
		again().want(403)
		h.later(2 * time.Minute)
		again().want(303) // its end has come
		operator.post(spaceHost, "/journal/adresses", url.Values{"address": {"127.0.0.1"}, "days": {"1"}, "reason": {"encore eux"}}).want(303)
		again().want(403)
		lift := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(operator.get(spaceHost, "/journal/connexions").want(200).has("encore eux").body)
		if lift == nil {
			t.Fatal("a block cannot be lifted")
		}
		operator.post(spaceHost, "/journal/connexions/lever", url.Values{"id": {unescape.Replace(lift[1])}}).want(303)
		again().want(303)
		operator.get(spaceHost, "/journal").want(200).lacks("127.0.0.1", "192.0.2.77")
		for _, line := range strings.Split(h.printed(), "\n") {
			if strings.HasPrefix(line, "{") && (strings.Contains(line, "127.0.0.1") || strings.Contains(line, "192.0.2.77") || strings.Contains(line, "Visite") || strings.Contains(line, "3998")) {
				t.Errorf("a log line holds a personal value: %s", line)
			}
		}
		clause(t, "ET-109")
	})
}

// A supplier network shuts out one address that sends rubbish, and lets it in again; others are unaffected (AQ-19).
func TestJournal_anAddressThatSendsRubbish(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	operator := h.enter("Operator")
	answers := url.Values{"urgency": {"month"}, "answers.work": {"service"}, "answers.make": {"renault"}, "consent-match": {"yes"}}
	send := func() *answer {
		n := project(h, "garage-auto", answers)
		v := h.visitor()
		form := v.get(h.site, "/demande/"+n.trade).want(200).hiddens()
		form.Del("pow_nonce")
		for k, value := range n.values {
			form[k] = value
		}
		return v.post(h.site, "/demande/"+n.trade, form)
	}
	send().want(303)
	operator.get(h.space, "/journal/connexions").want(200).has("127.0.0.1", "/demandes/req_")
	operator.post(h.space, "/journal/adresses", url.Values{"address": {"192.0.2.9"}, "days": {"30"}, "reason": {"envois abusifs"}}).want(303)
	send().want(303)
	operator.post(h.space, "/journal/adresses", url.Values{"address": {"127.0.0.1"}, "days": {"30"}, "reason": {"formulaires faux"}}).want(303)
	send().want(403)
	for _, m := range regexp.MustCompile(`name="id" value="([^"]+)"`).FindAllStringSubmatch(operator.get(h.space, "/journal/connexions").want(200).body, -1) {
		operator.post(h.space, "/journal/connexions/lever", url.Values{"id": {unescape.Replace(m[1])}}).want(303)
	}
	send().want(303)
	clause(t, "AQ-19")
}
