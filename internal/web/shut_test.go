package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/rig"
	"entremise/internal/web"
)

var wildcard = regexp.MustCompile(`\{[^}]*\}`)

// Every line of the table that is not marked open refuses a visitor, and each refuses who is of the wrong sort, before anything is looked up.
func TestRoutes_refuseWhoeverIsNotAdmitted(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		professional, member := h.as(t, h.Pro(t)), h.as(t, h.Staff(t, network.RoleAgent, network.RoleAdministrator))
		routes := web.Routes()
		if len(routes) < 60 {
			t.Fatalf("the table has only %d lines", len(routes))
		}
		open := 0
		for _, r := range routes {
			host := h.Network.SpaceHost
			if r.Where == "public site" {
				host = rig.Host
			}
			path := wildcard.ReplaceAllString(r.Path, "x")
			ask := func(b *browser) answer {
				twin := *b
				twin.t, twin.host = t, host
				return twin.send(r.Method, path, "application/x-www-form-urlencoded", strings.NewReader(""))
			}
			refused := func(what string, a answer, statuses ...int) {
				t.Helper()
				for _, s := range statuses {
					if a.StatusCode == s {
						return
					}
				}
				t.Errorf("%s %s lets %s in: %d", r.Method, r.Path, what, a.StatusCode)
			}
			if r.Where == "demo only" {
				refused("somebody of a real network", ask(h.at(t, host)), http.StatusNotFound)
				continue
			}
			switch r.Open {
			case "everybody":
				open++
				continue
			case "holder of a private link":
				refused("a visitor", ask(h.at(t, host)), http.StatusUnauthorized)
			case "professional, where requests are forwarded to members", "staff, where requests are forwarded to members":
				refused("a visitor", ask(h.at(t, host)), http.StatusNotFound) // the module is off here
				refused("staff", ask(member), http.StatusNotFound)
				refused("a professional", ask(professional), http.StatusNotFound)
				continue
			case "signed in", "professional", "professional, where introductions are sold", "staff", "staff, where introductions are sold", "staff, where professionals have a space":
				a := ask(h.at(t, host))
				if r.Method == http.MethodGet {
					if to := a.Header.Get("Location"); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/connexion?next=") {
						t.Errorf("GET %s leads a visitor to %d %s", r.Path, a.StatusCode, to)
					}
				} else {
					refused("a visitor", a, http.StatusUnauthorized)
				}
			default:
				t.Errorf("%s %s is for %q, which this test does not know", r.Method, r.Path, r.Open)
			}
			if strings.HasPrefix(string(r.Open), "professional") {
				refused("staff", ask(member), http.StatusForbidden)
			}
			if strings.HasPrefix(string(r.Open), "staff") {
				refused("a professional", ask(professional), http.StatusForbidden)
			}
		}
		if open*2 > len(routes) {
			t.Errorf("%d of %d lines are open to everybody", open, len(routes))
		}
	})
}

func TestServer_refusesWhatComesFromAnotherSite(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, _ := h.published(t)
		price := money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id))
		for _, header := range []http.Header{
			{"Sec-Fetch-Site": {"cross-site"}},
			{"Sec-Fetch-Site": {"same-site"}}, // a public site is not the space
			{"Origin": {"https://evil.example"}},
			{"Origin": {"null"}},
		} {
			b := h.as(t, plumber)
			b.header = header
			b.post("/tableau/"+id+"/acheter", h.buying(price, "wallet")).want(t, http.StatusForbidden)
			b.post("/panier", url.Values{"request": {id}}).want(t, http.StatusForbidden)
			b.post("/deconnexion", nil).want(t, http.StatusForbidden)
		}
		if n := h.count(t, "SELECT count(*) FROM purchase"); n != 0 {
			t.Errorf("another site bought %d", n)
		}
	})
}

// What cannot be read is refused with a reason that is the sender's, never as a failure of ours.
func TestServer_refusesBodiesThatCannotBeRead(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.as(t, h.Pro(t))
		const form = "application/x-www-form-urlencoded"
		many := strings.Repeat("a=1&", 500)
		var parts bytes.Buffer
		m := multipart.NewWriter(&parts)
		if err := m.WriteField("request", "x\x00y"); err != nil {
			t.Fatal(err)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			name, path, kind, body string
			status                 int
		}{
			{"a broken escape", "/panier", form, "request=%zz", 400},
			{"NUL", "/panier", form, "request=%00", 400},
			{"no UTF-8", "/panier", form, "request=%ff%fe", 400},
			{"NUL in a name", "/panier", form, "a%00b=1", 400},
			{"NUL in a part", "/panier", m.FormDataContentType(), parts.String(), 400},
			{"too many fields", "/panier", form, many, 400},
			{"too large", "/panier", form, "request=" + strings.Repeat("a", 70<<10), 413},
			{"a multipart that breaks off", "/panier", "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"request\"\r\n\r\nabc", 400},
			{"a multipart without boundary", "/panier", "multipart/form-data", "abc", 400},
			{"another type", "/panier", "application/json", `{"request":"x"}`, 404}, // nothing was named
			{"NUL in the path", "/tableau/%00/acheter", form, "", 400},
			{"no UTF-8 in the path", "/tableau/%ff/acheter", form, "", 400},
			{"a path that climbs", "/achats/..%2f..%2fetc/suivi", form, "outcome=called", 404},
		} {
			if got := b.send(http.MethodPost, c.path, c.kind, strings.NewReader(c.body)); got.StatusCode != c.status {
				t.Errorf("%s: %d, want %d", c.name, got.StatusCode, c.status)
			}
		}
		for _, path := range []string{"/tableau/%00", "/achats?apres=%00", "/achats?apres=%ff", "/achats?apres=%zz", "/factures?apres=%00", "/live?topic=%00"} {
			b.get(path).want(t, http.StatusBadRequest)
		}
		if strings.Contains(h.log.String(), "level=ERROR") {
			t.Errorf("bad input is logged as our failure:\n%s", h.log)
		}
	})
}

func TestServer_sendsItsHeadersWithEveryAnswer(t *testing.T) {
	h := newHouse(t, rig.New(t, "sqlite"))
	b := h.as(t, h.Pro(t))
	answers := map[string]answer{
		"a page":       b.get("/tableau"),
		"a redirect":   b.get("/"),
		"a failure":    b.get("/achats/none"),
		"no page":      b.get("/nothing/here"),
		"no method":    b.send(http.MethodDelete, "/panier", "", nil),
		"a file":       b.get("/static/nothing.js"),
		"the API":      b.get("/api/v1/openapi.json"),
		"no operation": b.get("/api/v1/nothing"),
		"no token":     b.get("/api/v1/board"),
		"a site":       h.at(t, rig.Host).get("/"),
		"no host":      h.at(t, "nowhere.example").get("/"),
		"health":       h.at(t, "nowhere.example").get("/healthz"),
	}
	for what, a := range answers {
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
			"Strict-Transport-Security": "max-age=63072000", "Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=()"} {
			if got := a.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s (%d) has %s %q", what, a.StatusCode, name, got)
			}
		}
	}
	answers["no host"].want(t, http.StatusMisdirectedRequest)
	for _, what := range []string{"a page", "a failure", "no token"} {
		if got := answers[what].Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s may be kept: %q", what, got)
		}
	}
	for _, c := range b.get("/tableau?lang=en").Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %s is not shut: %v", c.Name, c)
		}
	}
}

// A session that was idle for too long is none any more.
func TestServer_asksWhoWasIdleToSignInAgain(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.as(t, h.Pro(t))
		b.get("/tableau").want(t, 200)
		h.Clock.AddMachine(13 * time.Hour)
		if to := b.get("/achats?apres=x").to(t); to != "/connexion?next="+url.QueryEscape("/achats?apres=x") {
			t.Errorf("an idle professional is led to %s", to)
		}
		b.post("/panier", url.Values{"request": {"x"}}).want(t, http.StatusUnauthorized)
	})
}

// The network's drawing stands beside its name on the sites, and nothing in it can do more than draw.
func TestLogo_isShownOnTheSites(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.at(t, rig.Host)
		_, rest, _ := strings.Cut(b.get("/").want(t, http.StatusOK).body, `<img src="/logo.svg`)
		query, _, _ := strings.Cut(rest, `"`)
		if !strings.HasPrefix(query, "?v=") {
			t.Fatal("the site does not show the logo")
		}
		logo := b.get("/logo.svg"+query).want(t, http.StatusOK)
		if logo.body != string(h.Network.Logo()) || logo.Header.Get("Content-Type") != "image/svg+xml" || logo.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%d bytes of %s", len(logo.body), logo.Header.Get("Content-Type"))
		}
	})
}
