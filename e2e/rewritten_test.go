package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// An older database is put back, and the house goes on from there: who kept a state of the log sees it on his own machine, and staff see it on their first page.
func TestLog_anOlderDatabasePutBackIsSeen(t *testing.T) {
	dir := otherWith(t, "reviews-network", "  of: [review]\n  batch: 100\n", "  of: [consent]\n  batch: 1\n")
	h := openHouse(t, "avis.localhost", "membres.avis.localhost", "--network", dir, "--professionals", "0", "--requests", "0")
	ask := func() *visitor { v, _ := h.asked(h.project("paysagiste", quoteAsked)); return v }
	h.leafOf(ask())
	restart := func(change func()) {
		t.Helper()
		data := h.data
		h.stop(syscall.SIGTERM)
		change()
		h.server = start(t, h.command.Path, "demo", "--data", data, "--listen", "127.0.0.1:0", "--network", dir, "--professionals", "0", "--requests", "0")
		h.server.data = data
	}
	main := filepath.Join(h.data, "main.db")
	var old []byte
	restart(func() {
		var err error
		if old, err = os.ReadFile(main); err != nil {
			t.Fatal(err)
		}
	})
	h.leafOf(ask())
	kept := h.readCheckpoint(h.site, "/log/checkpoint")
	eventually(t, "a root of what is kept is witnessed", func() bool {
		all := h.anchors()
		return len(all) > 0 && uint64(all[0].Size) >= kept.size && len(all[0].Laid) == 1 && !all[0].Laid[0].At.IsZero()
	})
	key := strings.TrimSpace(h.visitor().get(h.site, "/log/key").want(200).body)
	away := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(away, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	mine := file("kept.txt", kept.text)
	done(t, "verify", "--key", key, mine)
	refused(t, "give --key", "verify", mine)
	refused(t, "does not hold", "verify", "--key", key, file("forged.txt", strings.Replace(kept.text, fmt.Sprintf("\n%d\n", kept.size), fmt.Sprintf("\n%d\n", kept.size+1), 1)))
	h.leafOf(ask())
	grown := h.visitor().get(h.site, fmt.Sprintf("/log/consistency?from=%d", kept.size)).want(200).body
	if said := done(t, "verify", "--key", key, "--since", mine, file("grown.json", grown)); !strings.Contains(said, fmt.Sprintf("all %d lines", kept.size)) {
		t.Error(said)
	}
	refused(t, "not the one", "verify", "--key", key, "--since", file("none.txt", kept.text), file("bent.json", strings.Replace(grown, `"consistency":["`, `"consistency":["00`, 1)))
	h.enter("Operator").get(h.space, "/aujourdhui").want(200).lacks("un témoin a vu")

	restart(func() {
		for _, name := range []string{main + "-wal", main + "-shm"} {
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(main, old, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	if now := h.readCheckpoint(h.site, "/log/checkpoint"); now.size >= kept.size {
		t.Fatalf("%d lines after an older database was put back, %d before", now.size, kept.size)
	}
	operator := h.enter("Operator")
	operator.get(h.space, "/aujourdhui").want(200).has("un témoin a vu")
	operator.get(h.space, "/empreintes").want(200).has("un témoin a vu")
	h.visitor().get(h.site, fmt.Sprintf("/log/consistency?from=%d", kept.size)).want(404)
	for range 4 { // it grows past what was kept, with other lines
		h.leafOf(ask())
	}
	now := h.readCheckpoint(h.site, "/log/checkpoint")
	if now.size <= kept.size {
		t.Fatal(now.size, kept.size)
	}
	answer := h.visitor().get(h.site, fmt.Sprintf("/log/consistency?from=%d", kept.size))
	if answer.status == 200 {
		refused(t, "not the one", "verify", "--key", key, "--since", mine, file("after.json", answer.body))
	} else {
		answer.want(404)
	}
}
