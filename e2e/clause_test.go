package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"
)

var clauseIDs = sync.OnceValues(func() ([]string, error) {
	files, err := filepath.Glob("testdata/clauses/*.yaml")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, file := range files {
		catalogue, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range regexp.MustCompile(`(?m)^- id: (\S+)$`).FindAllSubmatch(catalogue, -1) {
			ids = append(ids, string(m[1]))
		}
	}
	return ids, nil
})

var clauseFile sync.Mutex

// clause says that this test proves clauses of the catalogues. They are recorded once the test has passed: id, test, file and line, separated
// by tabs, in the file that ENTREMISE_CLAUSES names. Call it where the proof is complete, not at the start.
func clause(t *testing.T, ids ...string) {
	t.Helper()
	known, err := clauseIDs()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if !slices.Contains(known, id) {
			t.Fatalf("no clause %s in the catalogues", id)
		}
	}
	_, file, line, _ := runtime.Caller(1)
	t.Cleanup(func() {
		path := os.Getenv("ENTREMISE_CLAUSES")
		if t.Failed() || path == "" {
			return
		}
		clauseFile.Lock()
		defer clauseFile.Unlock()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		for _, id := range ids {
			if _, err := fmt.Fprintf(f, "%s\t%s\te2e/%s:%d\n", id, t.Name(), filepath.Base(file), line); err != nil {
				t.Error(err)
			}
		}
	})
}
