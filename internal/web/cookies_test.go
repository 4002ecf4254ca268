package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"entremise/internal/document"
)

// What the program sets on a visitor's device stands in the published table, and nothing stands there that it does not set.
func TestOwnCookies_areThoseOfTheTable(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var set []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`setCookie\("([a-z]+)"`).FindAllSubmatch(text, -1) {
			if name := string(m[1]); !slices.Contains(set, name) {
				set = append(set, name)
			}
		}
	}
	var told []string
	for _, c := range document.Own {
		told = append(told, c.Name)
	}
	slices.Sort(set)
	slices.Sort(told)
	if !slices.Equal(set, told) {
		t.Errorf("set: %v\ntold: %v", set, told)
	}
}
