package ui

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestThemeCSS_anyAccentIsReadable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := colour{rapid.Float64Range(0, 1).Draw(t, "r"), rapid.Float64Range(0, 1).Draw(t, "g"), rapid.Float64Range(0, 1).Draw(t, "b")}
		css, err := ThemeCSS(c.String())
		if err != nil {
			t.Fatal(err)
		}
		light, dark, _ := strings.Cut(string(css), "@media")
		read := func(part, name string) colour {
			_, rest, ok := strings.Cut(part, "--"+name+":")
			if !ok || len(rest) < 7 {
				t.Fatalf("no --%s in %s", name, part)
			}
			got, err := parseColour(rest[:7])
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for _, pair := range []struct {
			what    string
			a, b    colour
			atLeast float64
		}{
			{"link on light paper", read(light, "accent"), paperLight, 5.4},
			{"label on light button", read(light, "accent"), read(light, "on-accent"), 4.5},
			{"link on dark paper", read(dark, "accent"), paperDark, 6.9},
			{"label on dark button", read(dark, "accent"), read(dark, "on-accent"), 4.5},
			{"accent on its soft ground, light", read(light, "accent"), read(light, "accent-soft"), 4.5},
			{"accent on its soft ground, dark", read(dark, "accent"), read(dark, "accent-soft"), 4.5},
			{"name on the plate", read(light, "plate"), colour{1, 1, 1}, 4.5},
		} {
			if got := contrast(pair.a, pair.b); got < pair.atLeast {
				t.Fatalf("accent %s: %s has %.2f:1", c, pair.what, got)
			}
		}
	})
}

func TestThemeCSS_refusesTheRest(t *testing.T) {
	for _, s := range []string{"", "red", "12345", "1234567", "12345g", "-12345", "}body{x", "+12345"} {
		if css, err := ThemeCSS(s); err == nil {
			t.Errorf("%q: %s", s, css)
		}
	}
	if got := ThemeURL("}x"); got != "/static/theme.css?a="+defaultAccent {
		t.Error(got)
	}
}

func TestStaticHandler_servesEveryAsset(t *testing.T) {
	h := StaticHandler()
	for _, name := range AssetNames() {
		for _, coding := range []string{"", "gzip", "br, gzip;q=0.5", "gzip;q=0", "identity"} {
			r := httptest.NewRequest(http.MethodGet, Asset(name), nil)
			r.Header.Set("Accept-Encoding", coding)
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			body := w.Body.Bytes()
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") == "" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
				t.Fatalf("%s: %d %v", name, w.Code, w.Header())
			}
			zipped := w.Header().Get("Content-Encoding") == "gzip"
			if zipped && coding != "gzip" && coding != "br, gzip;q=0.5" {
				t.Errorf("%s: gzip to a reader that says %q", name, coding)
			}
			if zipped {
				z, err := gzip.NewReader(bytes.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(z); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(body, assets()[name].plain) {
				t.Errorf("%s: not what is embedded", name)
			}
		}
	}
}

func TestStaticHandler_refusesTheRest(t *testing.T) {
	for _, c := range []struct {
		method, path string
		code         int
	}{
		{"GET", "/static/app.css", 404}, {"GET", "/static/", 404}, {"GET", "/static/../asset.go", 404}, {"GET", "/static/theme.css", 404},
		{"GET", "/static/theme.css?a=%3Cscript%3E", 404}, {"GET", "/static/theme.css?a=b3401f", 200}, {"POST", Asset("app.css"), 405}, {"HEAD", Asset("app.css"), 200},
	} {
		w := httptest.NewRecorder()
		StaticHandler().ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.code {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.code)
		}
		if c.method == "HEAD" && w.Body.Len() > 0 {
			t.Error("HEAD has a body")
		}
	}
}

func TestAssets_noNameLeftUnhashed(t *testing.T) {
	for name, a := range assets() {
		if bytes.Contains(a.plain, []byte(`from "./`)) || bytes.Contains(a.plain, []byte("url(text")) {
			t.Errorf("%s still names a file without its hash", name)
		}
	}
}
