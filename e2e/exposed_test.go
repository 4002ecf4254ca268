package e2e

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A network as it stands in the world, behind a proxy that ends TLS: nothing goes in or out unencrypted, and what carries its words is given the
// words, the address they go to, and nothing else (RN-82, 84; CS-29; AQ-22, 42).
func TestExposed_encryptedAndSparing(t *testing.T) {
	for network, c := range map[string]struct {
		site, space, trade string
		values             url.Values
		clauses            []string
	}{
		"reviews-network": {"avis.example", "membres.avis.example", "cuisiniste", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}}, []string{"RN-82", "RN-84"}},
		"customer-space":  {"foyers.example", "equipe.foyers.example", "assistance", url.Values{"urgency": {"today"}, "answers.subject": {"quote"}}, []string{"CS-29"}},
		"auto-quotes":     {"autos.example", "fournisseurs.autos.example", "voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"renault"}, "consent-match": {"yes"}}, []string{"AQ-22", "AQ-42"}},
	} {
		t.Run(network, func(t *testing.T) {
			o := newOutdoors(t)
			t.Setenv("ENTREMISE_SMS_TOKEN", o.token)
			data := filepath.Join(t.TempDir(), "data")
			done(t, "init", "--data", data, "--network", network, "--name", "Camille Première", "--email", "camille@equipe.example")
			for why, open := range map[string][]string{"https": {"--smtp", o.smtp, "--smtp-tls", "none", "--sms-url", "http://sms.example/envoi"}, "in clear": {"--smtp", "mail.example:25", "--smtp-tls", "none", "--sms-url", o.gateway}} {
				refused(t, why, append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0", "--from", "bonjour@" + c.site, "--sms-from", "Depanneurs"}, open...)...)
			}
			if network == "reviews-network" {
				t.Setenv("ENTREMISE_ARCHIVER_URL", "https://coffre.example")
				t.Setenv("ENTREMISE_ARCHIVER_BUCKET", "avis")
				t.Setenv("ENTREMISE_ARCHIVER_KEY", "k")
				t.Setenv("ENTREMISE_ARCHIVER_SECRET", "s")
			}
			program, err := binary()
			if err != nil {
				t.Fatal(err)
			}
			h := &house{t: t, site: c.site, space: c.space, server: start(t, program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--smtp", o.smtp, "--smtp-tls", "none", "--from", "bonjour@"+c.site, "--sms-url", o.gateway, "--sms-from", "Depanneurs")}

			// What came to the proxy without TLS is sent to TLS, on names of the network alone.
			for host, path := range map[string]string{c.site: "/demande/" + c.trade + "?postcode=30000", c.space: "/connexion"} {
				a := h.visitor().do(http.MethodGet, host, path, http.Header{"X-Forwarded-Proto": {"http"}}, nil)
				if to := a.header.Get("Location"); a.status != http.StatusPermanentRedirect || to != "https://"+host+path {
					t.Errorf("http://%s%s: %d to %q", host, path, a.status, to)
				}
				b := h.visitor().do(http.MethodGet, host, path, http.Header{"X-Forwarded-Proto": {"https"}}, nil).want(200)
				if hsts := b.header.Get("Strict-Transport-Security"); !strings.Contains(hsts, "max-age=63072000") {
					t.Errorf("no HSTS: %q", hsts)
				}
				if b.header.Get("X-Content-Type-Options") != "nosniff" || b.header.Get("X-Frame-Options") != "DENY" || !strings.Contains(b.header.Get("Content-Security-Policy"), "default-src") {
					t.Errorf("headers: %v", b.header)
				}
			}
			h.visitor().do(http.MethodGet, "elsewhere.example", "/", http.Header{"X-Forwarded-Proto": {"http"}}, nil).want(421)

			n := h.project(c.trade, c.values)
			n.phone = "+33612345678"
			n.values.Set("phone", "06 12 34 56 78")
			n.values.Set("street", "12 rue de la Visite")
			v := h.browser()
			page := v.get(c.site, "/demande/"+c.trade).want(200)
			form := page.hiddens()
			form.Del("pow_nonce")
			for k, x := range n.values {
				form[k] = x
			}
			sent := v.post(c.site, "/demande/"+c.trade, form).want(303)
			cookies := sent.header.Values("Set-Cookie")
			if len(cookies) == 0 {
				t.Error("no cookie is set: this proves nothing")
			}
			for _, line := range cookies {
				for _, want := range []string{"__Host-", "; Secure", "; HttpOnly", "; SameSite=Lax"} {
					if !strings.Contains(line, want) {
						t.Errorf("a cookie lacks %s: %s", want, regexp.MustCompile(`=[^;]*`).ReplaceAllString(line, "=…"))
					}
				}
			}
			code := o.find(t, "a code", func(m arrived) bool { return m.To == n.phone })
			link := sent.header.Get("Location")
			if link != "/demande/code" {
				t.Errorf("without its code the form leads to %s", link)
			}
			if m := regexp.MustCompile(`\d{6}`).FindString(code.Text); m == "" {
				t.Fatal(code.Text)
			} else {
				v.post(c.site, "/demande/code", url.Values{"code": {m}}).want(303)
			}
			for _, private := range []string{"Élodie", "Visite", "elodie@", "http", "req_", "per_", "12 rue", "6 12 34"} {
				if strings.Contains(code.Text, private) || strings.Contains(code.ID, private) {
					t.Errorf("with the code goes %q: %s %s", private, code.ID, code.Text)
				}
			}
			o.find(t, "the confirmation by text", func(m arrived) bool { return m.To == n.phone && m.ID != code.ID })
			o.find(t, "the confirmation by e-mail", func(m arrived) bool { return m.To == "elodie@example.org" })
			o.mu.Lock()
			defer o.mu.Unlock()
			for _, raw := range o.payloads {
				var all map[string]any
				if err := json.Unmarshal(raw, &all); err != nil {
					t.Fatal(err)
				}
				for k := range all {
					if !slices.Contains([]string{"id", "to", "from", "text"}, k) {
						t.Errorf("the gateway is told %q", k)
					}
				}
				for _, private := range []string{"Élodie", "elodie@", "12 rue"} {
					if strings.Contains(string(raw), private) {
						t.Errorf("the gateway is told %q: %s", private, raw)
					}
				}
			}
			for _, head := range o.heads {
				for k, values := range head {
					if !slices.Contains([]string{"Date", "From", "To", "Subject", "Message-Id", "Mime-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted", "User-Agent", "X-Mailer", "Reply-To", "List-Unsubscribe", "List-Unsubscribe-Post", "Received"}, http.CanonicalHeaderKey(k)) {
						t.Errorf("a mail carries %s: %v", k, values)
					}
					if k != "To" && strings.Contains(strings.Join(values, " "), "Visite") {
						t.Errorf("a mail carries %s: %v", k, values)
					}
				}
			}
			if len(o.payloads) < 2 || len(o.heads) < 1 {
				t.Errorf("%d texts, %d mails", len(o.payloads), len(o.heads))
			}
			clause(t, c.clauses...)
		})
	}
}
