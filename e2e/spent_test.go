package e2e

import (
	"strings"
	"testing"
)

// What has served stands in the public table and in the record, is foretold from the command line, and goes with its time.
func TestSpent_publishedForetoldAndForgotten(t *testing.T) {
	h := newHouse(t)
	officer := h.operator()
	h.asked(leak()) // whose number a code proved
	h.visitor().get(h.site, "/durees").want(200).says("Codes à usage unique", "24 heures depuis leur envoi", "Sessions et liens de connexion", "30 jours depuis leur fin", "Tentatives d’appel de démarchage")
	officer.get(h.space, "/registre").want(200).says("Garder une connexion ouverte", "Ne pas appeler plus souvent que la loi ne le permet")
	line := func(said string) string {
		for _, l := range strings.Split(said, "\n") {
			if f := strings.Fields(l); len(f) > 1 && f[0] == "codes" && f[1] == "forget" {
				return l
			}
		}
		return ""
	}
	dry := func() string { return line(done(t, "retention", "run", "--dry-run", "--data", h.data)) }
	if l := dry(); l != "" {
		t.Errorf("a code that was just sent would be forgotten: %s", l)
	}
	if line(done(t, "retention", "forecast", "--days", "2", "--data", h.data)) == "" {
		t.Error("the forecast does not speak of codes")
	}
	officer.get(h.space, "/conservation").want(200).says("Codes à usage unique", "oublié")
}
