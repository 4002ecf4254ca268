package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
)

// A database that was backed up before something moved to the archive needs the key store of its own time: with the newer one what law keeps would be
// lost without a word, so the replay refuses and the folder stays shut; with the older one the invoice is read again, byte for byte. A key store that
// is older than its database, or another network’s, is refused as well.
func TestRestore_databaseAndKeysOfOneMoment(t *testing.T) {
	h := newHouse(t)
	dir := t.TempDir()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity := filepath.Join(dir, "identity.txt")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := func(name string) string { return filepath.Join(dir, name+".age") }
	backup := func(name string, more ...string) {
		t.Helper()
		done(t, append(append([]string{"backup", "--data", h.data, "--recipient", key.Recipient().String()}, more...), file(name))...)
	}
	another := filepath.Join(dir, "another")
	done(t, "init", "--data", another, "--network", "emergency-trades", "--name", "Camille", "--email", "c@depanneurs.example")
	done(t, "backup", "--data", another, "--recipient", key.Recipient().String(), "--keys", file("other-keys"))
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
	invoice := pro.get(spaceHost, path).want(200).body
	backup("db")
	backup("keys", "--keys")
	h.years(2) // his invoices are in the archive, all of them
	backup("later-keys", "--keys")
	h.stop(syscall.SIGTERM)

	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	engines(t, func(t *testing.T, extra ...string) {
		restored := func(keys string) (data string, more []string) {
			t.Helper()
			data = filepath.Join(t.TempDir(), "restored")
			if len(extra) > 0 {
				more = postgresFlags(t) // each restore wants databases of its own
			}
			done(t, append(append([]string{"restore", "--data", data, "--identity", identity, "--keys-archive", file(keys), "--master", filepath.Join(h.data, "master.key"), "--archive-key", filepath.Join(h.data, "archive.key")}, more...), file("db"))...)
			return data, more
		}
		replay := func(data string, more ...string) []string {
			return append([]string{"replay", "--data", data, "--erasures", filepath.Join(h.data, "erasures.jsonl")}, more...)
		}
		serve := func(data string, more []string) []string {
			return append([]string{"demo", "--data", data, "--listen", "127.0.0.1:0"}, more...)
		}
		data, more := restored("later-keys")
		refused(t, "the key store is newer than the database", replay(data, more...)...)
		refused(t, "replay the ledger of erasures first", serve(data, more)...)
		data, more = restored("other-keys")
		refused(t, "the key store is older than the database", replay(data, more...)...)
		refused(t, "entremise: ", serve(data, more)...)
		done(t, replay(data, append(more, "--accept-loss")...)...) // nothing better is left, and whoever types this knows
		data, more = restored("keys")
		done(t, replay(data, more...)...)
		s := start(t, program, serve(data, more)...)
		again := &house{server: s, t: t, site: h.site, space: h.space, roles: h.roles}
		if got := again.enter(role).get(spaceHost, path).want(200).body; got != invoice {
			t.Error("the invoice is not the one that was issued")
		}
	})
}
