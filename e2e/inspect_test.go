package e2e

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// The pack is made on the page and by the command, with and without a server, and is checked far from both; one changed byte and nothing holds.
func TestInspect_aPackIsCheckedOffline(t *testing.T) {
	h := newHouse(t)
	n := leak()
	n.values.Set("email", "inspectee@example.org")
	h.asked(n)
	h.rightsOf("inspectee@example.org", nil)
	officer := h.operator()
	h.opens(officer, "violations", url.Values{"title": {"Un ordinateur perdu"}})
	h.settled()

	away := t.TempDir()
	page := filepath.Join(away, "page.zip")
	if err := os.WriteFile(page, []byte(officer.post(h.space, "/conformite/inspection", nil).want(200).body), 0o600); err != nil {
		t.Fatal(err)
	}
	command := filepath.Join(away, "command.zip")
	key := decode[struct{ Key string }](&answer{t: t, what: "inspect", body: done(t, "--json", "inspect", command, "--data", h.data)}).Key
	refused(t, "exists", "inspect", command, "--data", h.data)
	for _, pack := range []string{page, command} {
		said := done(t, "verify", "--key", key, pack)
		for _, want := range []string{"It holds", "seal and", "its place in the log", "each extending the one before", "the network file and its hash", "sample passports", "register/register.csv", "oversight/breach.json"} {
			if !strings.Contains(said, want) {
				t.Errorf("verify does not say %q:\n%s", want, said)
			}
		}
		if said := done(t, "verify", pack); !strings.Contains(said, "Give --key") {
			t.Errorf("without a key: %s", said)
		}
		text, err := os.ReadFile(pack)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, len(text) / 3, len(text) / 2, len(text) - 3000, len(text) - 1} {
			changed := append([]byte(nil), text...)
			changed[at] ^= 1
			forged := filepath.Join(away, "forged.zip")
			if err := os.WriteFile(forged, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if at > 0 { // without its first letter it is no pack at all
				refused(t, "does not hold", "verify", "--key", key, forged)
			} else {
				refused(t, "", "verify", "--key", key, forged)
			}
		}
	}
	officer.get(h.space, "/journal?what=inspect.make").want(200).has("Dossier d’inspection préparé")
	h.enter("Agent").post(h.space, "/conformite/inspection", nil).want(403)
	h.visitor().post(h.space, "/conformite/inspection", nil).want(401)
	h.stop(syscall.SIGTERM)
	refused(t, "The end of the period comes after its beginning", "inspect", filepath.Join(away, "never.zip"), "--from", "2026-12-01", "--until", "2026-01-01", "--data", h.data)
	alone := filepath.Join(away, "alone.zip")
	done(t, "inspect", alone, "--data", h.data)
	done(t, "verify", "--key", key, alone)
}
