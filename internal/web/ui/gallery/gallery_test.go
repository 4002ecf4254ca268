package gallery

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"entremise/internal/web/ui"
)

func draw(t *testing.T, v ui.View) string {
	t.Helper()
	var b strings.Builder
	if err := v.Page().Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// each draws every sample in both languages.
func each(t *testing.T, check func(t *testing.T, s Sample, l ui.Lang, page string)) {
	for _, s := range Samples() {
		for _, l := range []ui.Lang{ui.French, ui.English} {
			t.Run(s.Name+"/"+string(l), func(t *testing.T) { check(t, s, l, draw(t, s.View(l))) })
		}
	}
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(text(c))
	}
	return strings.TrimSpace(b.String())
}

// TestPages_holdTheirShape checks what every page promises to browsers and to people who do not see it.
func TestPages_holdTheirShape(t *testing.T) {
	each(t, func(t *testing.T, s Sample, l ui.Lang, page string) {
		doc, err := html.Parse(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		ids, fors, count := map[string]bool{}, map[string]bool{}, map[string]int{}
		var names, refs []string
		for n := range doc.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			if n.Namespace == "" {
				count[n.Data]++
			}
			for _, a := range n.Attr {
				switch {
				case strings.HasPrefix(a.Key, "on"), a.Key == "style":
					t.Errorf("<%s> has %s, which our policy refuses", n.Data, a.Key)
				case a.Key == "id":
					if ids[a.Val] {
						t.Errorf("id %q twice", a.Val)
					}
					ids[a.Val] = true
				case a.Key == "for" && n.Data == "label":
					fors[a.Val] = true
				case a.Key == "aria-describedby" || a.Key == "aria-labelledby" || a.Key == "form":
					refs = append(refs, strings.Fields(a.Val)...)
				case a.Key == "class" && strings.HasSuffix(a.Val, "  "):
					t.Errorf("class %q", a.Val)
				case a.Key == "action" || a.Key == "href" && (n.Data == "a" || n.Data == "link") || a.Key == "src":
					// A partner's own policy is somebody else's page, and is told nothing of where the reader comes from.
					if rel, _ := attr(n, "rel"); foreign(a.Val) && !(n.Data == "a" && rel == "noopener noreferrer") {
						t.Errorf("<%s %s=%q> leaves the site", n.Data, a.Key, a.Val)
					}
				}
			}
			switch n.Data {
			case "script":
				if src, ok := attr(n, "src"); !ok || text(n) != "" || !strings.HasPrefix(src, "/static/") {
					t.Error("a script that is not ours")
				}
			case "style":
				if n.Namespace == "" {
					t.Error("an inline stylesheet")
				}
			case "input", "select", "textarea":
				names = append(names, unlabelled(n)...)
			case "a", "button", "summary":
				if label, _ := attr(n, "aria-label"); text(n) == "" && label == "" {
					t.Errorf("<%s> says nothing", n.Data)
				}
			case "img":
				if _, ok := attr(n, "alt"); !ok {
					t.Error("an image without alt")
				}
			}
		}
		for _, id := range names {
			if id == "" || !fors[id] {
				t.Errorf("input %q has no label", id)
			}
		}
		for _, r := range refs {
			if !ids[r] {
				t.Errorf("names id %q, which is not there", r)
			}
		}
		for _, once := range []string{"main", "h1", "title", "html"} {
			if count[once] != 1 {
				t.Errorf("%d <%s>", count[once], once)
			}
		}
		if !strings.Contains(page, `lang="`+l.Code()+`"`) || !strings.Contains(page, "/conditions") && s.Group != "Démonstration" {
			t.Error("language or terms missing (ET-149)")
		}
		if i := strings.Index(page, "%!"); i >= 0 {
			t.Errorf("a format went wrong: %s", page[i:min(i+40, len(page))])
		}
		if strings.Contains(page, "\u00a01\u00a0janvier") || strings.Contains(page, "janvier\u00a01<") || strings.Contains(page, "0001-01-01") {
			t.Error("a zero instant is shown")
		}
	})
}

func foreign(u string) bool {
	switch {
	case u == "", strings.HasPrefix(u, "/") && !strings.HasPrefix(u, "//"), strings.HasPrefix(u, "#"), strings.HasPrefix(u, "?"):
		return false
	case strings.HasPrefix(u, "tel:"), strings.HasPrefix(u, "mailto:"), strings.HasPrefix(u, "geo:"):
		return false
	}
	return true
}

// unlabelled is the id that some label must name, unless the input needs none or brings its own.
func unlabelled(n *html.Node) []string {
	kind, _ := attr(n, "type")
	if kind == "hidden" {
		return nil
	}
	if _, ok := attr(n, "aria-label"); ok {
		return nil
	}
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Data == "label" {
			return nil
		}
	}
	id, _ := attr(n, "id")
	return []string{id}
}

// TestAsking_weighsLittle is the row "first visit of the request page" of the performance table: everything that a first visit fetches,
// compressed, at most 40 kB.
func TestAsking_weighsLittle(t *testing.T) {
	page := draw(t, asking(ui.French, true))
	total := zipped(t, []byte(page))
	static := ui.StaticHandler()
	for _, m := range regexp.MustCompile(`/static/[^"]+`).FindAllString(page, -1) {
		r := httptest.NewRequest("GET", m, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		static.ServeHTTP(w, r)
		if w.Code != 200 {
			t.Errorf("%s: %d", m, w.Code)
		}
		t.Logf("%6d %s", w.Body.Len(), m)
		total += w.Body.Len()
	}
	t.Logf("%6d in all", total)
	if total > 40_000 {
		t.Errorf("the form weighs %d bytes", total)
	}
}

func zipped(t *testing.T, b []byte) int {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// TestAsking_keepsWhatWasTyped: every error at once, beside its field and in the list above, with what was typed still there.
func TestAsking_keepsWhatWasTyped(t *testing.T) {
	v := refused(ui.French, false)
	page := draw(t, v)
	for _, e := range v.Errors {
		if strings.Count(page, html.EscapeString(e.Text.FR)) != 2 {
			t.Errorf("%s: %q is not said both above and beside", e.Name, e.Text.FR)
		}
	}
	for _, want := range []string{`value="30190"`, `value="06 39 98"`, `value="Jeanne Exemple"`, "Troisième étage, code 12A.</textarea>", `value="leak" checked`, `aria-invalid="true"`} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is lost", want)
		}
	}
	if strings.Contains(draw(t, asking(ui.French, true)), `type="checkbox" id="f-terms" name="terms" value="yes" checked`) {
		t.Error("a consent is ticked in advance")
	}
}

// TestBoard_showsNoContact: before payment a page holds structured choices only (ET-10).
func TestBoard_showsNoContact(t *testing.T) {
	for _, s := range Samples() {
		if !strings.HasPrefix(s.Name, "tableau") && !strings.HasPrefix(s.Name, "fiche") && !strings.HasPrefix(s.Name, "panier") && s.Name != "achat-masque" {
			continue
		}
		page := draw(t, s.View(ui.French))
		for _, secret := range []string{"Jeanne", "06 39 98 12 34", "+33639981234", "rue de l", "jeanne@", "code 12A"} {
			if strings.Contains(page, secret) {
				t.Errorf("%s shows %q", s.Name, secret)
			}
		}
	}
}

// TestPages_escapeWhatPeopleType: hostile text stays text.
func TestPages_escapeWhatPeopleType(t *testing.T) {
	const evil = `"><script>alert(1)</script>`
	v := asking(ui.French, false)
	v.Values = map[string][]string{"name": {evil}, "words": {"</textarea>" + evil}, "postcode": {evil}}
	b := bought(ui.French)
	b.Name, b.Words, b.Street, b.Map = evil, evil, evil, "javascript:alert(1)"
	for _, page := range []string{draw(t, v), draw(t, b), draw(t, ui.Failure{Public: open(ui.French, "/"), Status: 404, Message: evil, Ref: evil})} {
		if strings.Contains(page, "<script>alert") || strings.Contains(page, `href="javascript:`) {
			t.Error("hostile text became markup")
		}
	}
}

func TestHandler_servesTheGallery(t *testing.T) {
	h := Handler("/_ui")
	for path, code := range map[string]int{"/_ui": 200, "/_ui/": 200, "/_ui/tableau": 200, "/_ui/rien": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
	}
}
