package e2e

import (
	"context"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// A dispute with a user is a file with its facts, its evidence and its outcome. While it is open, what concerns him is kept out of every deletion, by
// the file's time and at his own wish; with its closing that ends, and others were never touched by it (CS-16).
func TestDispute_keepsWhatItIsAboutUntilItIsClosed(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "customer-space", extra...)
		officer := h.operator()
		asks := func(name, email string) (ref string) {
			t.Helper()
			v, id := h.asked(h.project("assistance", url.Values{"urgency": {"today"}, "answers.subject": {"contract"}, "name": {name}, "email": {email}}))
			m := h.letter("the request is received", func(m sent) bool { return m.Kind == "request-received" && m.Object == id })
			if ref = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(m.Text); ref == "" {
				t.Fatalf("no reference in %q", m.Text)
			}
			v.post(h.site, "/ma-demande/annuler", nil).want(303)
			return ref
		}
		held := func(ref string) bool {
			t.Helper()
			stdout, stderr, _ := ran(t, append([]string{"person", "trace", ref, "--data", h.data}, extra...)...)
			return strings.Contains(stdout, "legal-hold") && !strings.Contains(stderr, "error")
		}
		opens := func(ref string) bool {
			t.Helper()
			stdout, _, _ := ran(t, append([]string{"person", "trace", ref, "--data", h.data}, extra...)...)
			for line := range strings.Lines(stdout) {
				if strings.Contains(line, "person.") && (strings.Contains(line, " open") || strings.Contains(line, " archived")) {
					return true
				}
			}
			return false
		}
		disputed, deleted, other := asks("Dora Querelle", "dora@example.org"), asks("Edgar Sanstrace", "edgar@example.org"), asks("Olga Sereine", "olga@example.org")
		dispute := func(title, ref string) string {
			t.Helper()
			file := h.opens(officer, "conditions", url.Values{"title": {title}, "facts": {"Il conteste ce qui lui a été dit."}})
			h.does(officer, file, "tie", url.Values{"ref": {ref}}).want(303)
			officer.get(h.space, file).want(200).says("gelé")
			return file
		}
		first, second := dispute("Contrat 11 contesté", disputed), dispute("Devis 12 contesté", deleted)
		officer.get(h.space, "/conservation").want(200).says("litige")

		// At his wish: what is in dispute is kept, and he is told so.
		_, id := h.rightsOf("edgar@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact"}})
		officer.get(h.space, "/dossiers/"+id).want(200)
		h.act(officer, id, "erase", nil).want(303)
		if !opens(deleted) || !held(deleted) {
			t.Error("an erasure took what is in dispute")
		}

		// By the file's time: another's is gone, his is not.
		h.years(1)
		h.later(72 * time.Hour)
		officer = h.operator()
		if opens(other) {
			t.Error("without a dispute a request outlives its year")
		}
		if !opens(disputed) || !held(disputed) {
			t.Error("the sweep took what is in dispute")
		}
		for file, ref := range map[string]string{first: disputed, second: deleted} {
			h.does(officer, file, "close", nil).want(422) // not without its evidence and its outcome
			h.does(officer, file, "complete", url.Values{"title": {"Devis 12 contesté"}, "facts": {"Il conteste ce qui lui a été dit."}, "evidence": {"Deux courriers."}, "claim": {"Rien"}, "outcome": {"Accord amiable."}}).want(303)
			h.does(officer, file, "close", nil).want(303)
			eventually(t, "what the dispute alone kept is gone", func() bool { return !opens(ref) && !held(ref) })
		}
		officer.get(h.space, "/conformite/registre/conditions/csv").want(200).has("Accord amiable.")
		clause(t, "CS-16")
	})
}

// The same for the account itself, on a generic record of its purpose: a user's deletion of his space waits for the end of the dispute.
func TestDispute_keepsAnAccount(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			y := openYears(t, e, "customer-space")
			ctx := context.Background()
			record, p := y.begin(trial{purpose: "open_space"})
			hold, err := y.life.Lay(ctx, auth.Machine, privacy.LegalHold{Person: "per_open_space", Ground: "dispute", Reference: "LITIGE-1"})
			y.must(err)
			y.must(y.db.Write(ctx, func(tx *db.Tx) error {
				return privacy.Ended(tx, y.n, "per_open_space", record, network.WhileAccountOpen)
			}))
			y.at(y.clock.Now().AddDate(2, 0, 0))
			if phase, open, archived := y.stands(record); phase != "archived" || open != 0 || archived != len(p.Data) {
				t.Errorf("in dispute: %q, %d open, %d archived", phase, open, archived)
			}
			y.must(y.life.Lift(ctx, auth.Machine, hold))
			if phase, open, archived := y.stands(record); phase != "" || open+archived != 0 {
				t.Errorf("closed: %q, %d open, %d archived", phase, open, archived)
			}
			clause(t, "CS-16")
		})
	}
}
