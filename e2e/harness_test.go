package e2e

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// The demo itself is tested beside this file, not by it.
var _ = startDemo

// The harness is tested on a small program with planted faults: a check that cannot fail proves nothing.
var echoBinary = sync.OnceValues(func() (string, error) { return build("testdata/echo") })

func startEcho(t *testing.T) *server {
	t.Helper()
	program, err := echoBinary()
	if err != nil {
		t.Fatal(err)
	}
	return start(t, program)
}

func TestHarness_hostsCookiesAndForms(t *testing.T) {
	s := startEcho(t)
	v := s.visitor()
	v.get("plombier.example", "/").want(http.StatusOK).has("Bonjour plombier.example").lacks("serrurier")
	v.post("plombier.example", "/dit", url.Values{"mot": {"été"}}).want(http.StatusSeeOther)
	v.follow("plombier.example", "/lu").has("Dit :")
	if got := s.visitor().follow("plombier.example", "/lu"); !strings.Contains(got.body, "rien") {
		t.Error("another visitor has the cookie")
	}
	got := decode[map[string]string](v.api(http.MethodPost, "plombier.example", "/api/echo", "tok", "key-1", map[string]string{"a": "b"}).want(http.StatusOK))
	if got["a"] != "b" || got["token"] != "Bearer tok" || got["key"] != "key-1" {
		t.Error(got)
	}
	s.stop(syscall.SIGKILL)
	select {
	case <-s.exited:
	default:
		t.Error("still running")
	}
}

func TestHarness_browserOnEveryScreen(t *testing.T) {
	s := startEcho(t)
	dir := t.TempDir()
	t.Setenv("ENTREMISE_SHOTS", dir)
	for _, on := range []screen{phone, tablet, desktop} {
		t.Run(on.name, func(t *testing.T) {
			p := open(t, s, on)
			p.goTo("plombier.example", "/")
			p.see("Bonjour plombier.example")
			p.accessible()
			if w := eval[float64](p, "innerWidth"); int64(w) != on.width {
				t.Error("width", w)
			}
			if n := p.weight(); n < 300 || n > 3000 {
				t.Error("weight", n)
			}
			p.fill("[name=mot]", "deux mots")
			p.choose("[name=ville]", "b")
			p.click("button")
			p.see("deux")
			p.shot("after")
		})
	}
	shots, err := filepath.Glob(filepath.Join(dir, "*-after.png"))
	if err != nil || len(shots) != 3 {
		t.Error(shots, err)
	}
}

func TestHarness_keysFilesColoursAndErrors(t *testing.T) {
	s := startEcho(t)
	p := open(t, s, desktop)
	p.dark()
	p.goToURL(s.url("plombier.example", "/files"))
	if c := eval[string](p, `getComputedStyle(document.body).backgroundColor`); c != "rgb(17, 17, 17)" {
		t.Error("not dark:", c)
	}
	file := filepath.Join(t.TempDir(), "photo.jpg")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.attach("[name=photo]", file)
	if n := eval[string](p, `document.querySelector("[name=photo]").files[0].name`); n != "photo.jpg" {
		t.Error(n)
	}
	p.press(kb.Escape)
	p.gone("#later")
	p.allow("status of 404")
	p.goTo("plombier.example", "/missing")
	p.see("nothing here")
}

func TestHarness_withoutScripts(t *testing.T) {
	p := open(t, startEcho(t), phone)
	p.withoutScripts()
	p.goTo("plombier.example", "/throws") // its script would throw
	p.fill("[name=mot]", "mot")
	p.click("button")
	p.see("Dit : mot")
}

func TestHarness_axeFindsPlantedFaults(t *testing.T) {
	p := open(t, startEcho(t), phone)
	p.goTo("plombier.example", "/bad")
	found := map[string]bool{}
	for _, v := range p.violations() {
		found[v.ID] = true
	}
	if !found["image-alt"] || !found["label"] {
		t.Error(found)
	}
	if over := eval[float64](p, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over <= 0 {
		t.Error("a page of 2000 pixels fits a phone")
	}
}

// Troubles are collected while the page lives; here they are read before the test's end would report them.
func TestHarness_noticesWhatTheBrowserSays(t *testing.T) {
	s := startEcho(t)
	for path, want := range map[string]string{"/inline": "Content Security Policy", "/throws": "planted", "/outside": "elsewhere.example"} {
		p := open(t, s, desktop)
		p.goTo("plombier.example", path)
		said := func() string {
			p.mu.Lock()
			defer p.mu.Unlock()
			return strings.Join(append(p.troubles, p.outside...), "\n")
		}
		eventually(t, path+" is noticed", func() bool { return strings.Contains(said(), want) })
		p.mu.Lock()
		p.troubles, p.outside, p.allowed = nil, nil, []string{""}
		p.mu.Unlock()
	}
}

func TestClause_recordsWhatPassed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clauses")
	t.Setenv("ENTREMISE_CLAUSES", path)
	t.Run("inner", func(t *testing.T) { clause(t, "ET-47", "ET-02") })
	got, err := os.ReadFile(path)
	if err != nil || !strings.HasPrefix(string(got), "ET-47\tTestClause_recordsWhatPassed/inner\te2e/harness_test.go:") || strings.Count(string(got), "\n") != 2 {
		t.Errorf("%q %v", got, err)
	}
	if ids, err := clauseIDs(); err != nil || len(ids) != 464 {
		t.Error(len(ids), err)
	}
}
