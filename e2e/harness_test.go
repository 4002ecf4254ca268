package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entremise/internal/db"

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

// A value that is planted anywhere, in any form, is found; what is sealed is not, nor are digits inside a longer number.
func TestHarness_clearTextIsFound(t *testing.T) {
	if _, err := shipped(); err != nil {
		t.Fatal(err)
	}
	fresh := func() *clearText {
		c := &clearText{forms: map[string]string{}, values: map[string]bool{}, found: map[string]bool{}}
		for field, value := range map[string]string{"name": "Zoé Témoin-Planté", "phone": "06 39 98 71 23", "email": "Zoe.Temoin@example.org", "words": `La "porte" <verte> au fond`} {
			c.typed(field, value)
		}
		c.typed("urgency", "tomorrow-morning") // a choice of ours
		c.typed("words", "12/03/2026 10:15")   // a figure
		c.typed("name", "Dépanneurs d’ici")    // stands in a shipped network
		if len(c.values) != 4 {
			t.Errorf("noted %v", c.values)
		}
		return c
	}
	dir := t.TempDir()
	clean := fresh()
	for i, text := range []string{"", "1795639987123001", `{"name":"Zoé"}`, "zoé témoin", "tomorrow-morning", "5a6fc3a92054"} {
		if found := clean.search("clean", []byte(text)); len(found) != 0 {
			t.Error(i, found)
		}
	}
	for i, text := range []string{"x Zoé Témoin-Planté x", "zoe temoin plante", "+33639987123", "tel:0639987123,", "06.39.98.71.23", "+33 6 39 98 71 23", "06\u202f39\u202f98\u202f71\u202f23", "00336-39-98-71-23", "to=zoe.temoin%40example.org",
		"xx" + base64.StdEncoding.EncodeToString([]byte("Zoe.Temoin@example.org")), base64.StdEncoding.EncodeToString([]byte("a Zoe.Temoin@example.org b")), base64.URLEncoding.EncodeToString([]byte("ab 0639987123 cd")),
		hex.EncodeToString([]byte("+33639987123")), strings.ToUpper(hex.EncodeToString([]byte("Zoé Témoin-Planté"))), `La \"porte\" \u003cverte\u003e au fond`, "La &#34;porte&#34; &lt;verte&gt; au fond"} {
		path := filepath.Join(dir, "planted")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c := fresh()
		found, err := c.files(dir)
		if err != nil || len(found) == 0 {
			t.Errorf("%d: %q is not found: %v", i, text, err)
		}
		if said, err := c.end(dir); err == nil || !strings.HasPrefix(said, "personal values in plain text: ") || strings.HasPrefix(said, "personal values in plain text: 0 ") {
			t.Errorf("%d: the end says %q, %v", i, said, err)
		}
	}
	if said, err := fresh().end(t.TempDir()); err != nil || !strings.HasPrefix(said, "personal values in plain text: 0 found in ") {
		t.Error(said, err)
	}
}

// The same against a demo that somebody used: its folder, its databases on PostgreSQL and that server's write-ahead log say nothing, until a value
// is planted there.
func TestHarness_clearTextInAUsedHouse(t *testing.T) {
	mine := &clearText{forms: map[string]string{}, values: map[string]bool{}, found: map[string]bool{}}
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		n := leak()
		h.asked(n)
		h.stop(syscall.SIGTERM)
		for field, values := range n.values {
			mine.typed(field, values[0])
		}
		if len(mine.values) < 5 {
			t.Fatal(mine.values)
		}
		look := func() (found []string) {
			t.Helper()
			found, err := mine.files(h.data)
			if err == nil && len(extra) > 0 {
				var more []string
				u, perr := url.Parse(extra[1])
				if perr != nil {
					t.Fatal(perr)
				}
				more, err = mine.database(t.Context(), os.Getenv("ENTREMISE_TEST_PG"), strings.Trim(u.Path, "/"))
				found = append(found, more...)
			}
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		if found := look(); len(found) != 0 {
			t.Error("before anything was planted:", found)
		}
		o := db.Options{Path: filepath.Join(h.data, "main.db"), Clocks: db.Clocks{Business: time.Now, Machine: time.Now}}
		if len(extra) > 0 {
			o.Path, o.URL = "", extra[1]
		}
		d, err := db.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		const planted = "Oscar Témoin-Planté" // known to this search alone: the run's own would rightly fall over it
		mine.typed("name", planted)
		err = d.Write(t.Context(), func(tx *db.Tx) error {
			return tx.Send("INSERT INTO setting (name, value) VALUES ('planted', $1)", "rappeler "+planted)
		})
		if err != nil {
			t.Fatal(err)
		}
		found := strings.Join(look(), "\n")
		if len(extra) > 0 && (!strings.Contains(found, "table setting: ") || !strings.Contains(found, "write-ahead log: ")) || len(extra) == 0 && !strings.Contains(found, "main.db") {
			t.Errorf("planted, and found only: %s", found)
		}
	})
}
