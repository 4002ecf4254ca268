package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"entremise/internal/db"
)

// A new version of the terms takes effect when it is published, without a restart; what was asked before keeps its own (ET-150, 151).
func TestEdition_newTermsAtPublication(t *testing.T) {
	clause(t, "ET-150", "ET-151")
	h := newHouse(t)
	_, before := h.asked(leak())
	folder := filepath.Join(t.TempDir(), "emergency-trades")
	if err := os.CopyFS(folder, os.DirFS("../networks/emergency-trades")); err != nil {
		t.Fatal(err)
	}
	terms := filepath.Join(folder, "texts", "fr", "terms.md")
	text, err := os.ReadFile(terms)
	if err != nil {
		t.Fatal(err)
	}
	const fresh = "Cette phrase vient de la nouvelle édition."
	if err := os.WriteFile(terms, append(text, []byte("\n"+fresh+"\n")...), 0o600); err != nil {
		t.Fatal(err)
	}
	h.visitor().get(siteHost, "/conditions").want(200).lacks(fresh)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "apply", folder, "--data", h.data).CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	eventually(t, "the new terms are shown", func() bool {
		return strings.Contains(h.visitor().get(siteHost, "/conditions").want(200).body, fresh)
	})
	_, after := h.asked(leak())
	h.stop(syscall.SIGTERM)
	d, err := db.Open(t.Context(), db.Options{Path: h.data + "/main.db", Clocks: db.Clocks{Business: time.Now, Machine: time.Now}})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	editions := map[string]string{}
	err = d.Read(t.Context(), func(tx *db.Tx) error {
		for _, id := range []string{before, after} {
			if editions[id], err = db.Value[string](tx, "SELECT edition FROM request WHERE id = $1", id); err != nil {
				return err
			}
			n, err := db.Value[int64](tx, "SELECT count(*) FROM consent WHERE object = $1 AND consent = 'terms' AND granted AND edition = $2", id, editions[id])
			if err != nil || n != 1 {
				t.Errorf("%d acceptances of the terms of its own edition: %v", n, err)
			}
		}
		return nil
	})
	if err != nil || editions[before] == editions[after] {
		t.Errorf("both requests have the edition %s: %v", editions[before], err)
	}
}
