package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// countryHouse is a provider of countries that is ours to write: it knows what the test taught it, and keeps everything that it was sent.
type countryHouse struct {
	*httptest.Server
	mu    sync.Mutex
	knows map[string]string // address → what it answers; nothing is an outage
	got   []string          // each request as it came, headers and body included
}

const countrySecret = "jeton-pays-7f3a91"

func newCountries(t *testing.T) *countryHouse {
	c := &countryHouse{knows: map[string]string{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		var b strings.Builder
		b.WriteString(r.Method + " " + r.URL.String() + "\n")
		for name, values := range r.Header {
			b.WriteString(name + ": " + strings.Join(values, ", ") + "\n")
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.got = append(c.got, b.String()+string(body))
		country := c.knows[strings.TrimPrefix(r.URL.Path, "/v1/")]
		if country == "" {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `{"country":"`+country+`"}`)
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *countryHouse) asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// from is a visitor whose connection comes from another address of this machine.
func (h *house) from(address string) *visitor {
	v := h.visitor()
	local := &net.TCPAddr{IP: net.ParseIP(address)}
	v.client.Transport = &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{LocalAddr: local}).DialContext(ctx, network, h.address)
	}}
	return v
}

// The country of who sends a form is asked of a provider, who gets the address alone; a request from a country that the file does not list is set aside
// for an agent, or refused where the file says so, and an outage of the provider shuts nobody out (AQ-20).
func TestCountry_ofWhoSendsAForm(t *testing.T) {
	const home, abroad, unknown = "127.0.0.11", "127.0.0.12", "127.0.0.13"
	provider := newCountries(t)
	provider.knows[home], provider.knows[abroad] = "FR", "US"
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(countrySecret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ENTREMISE_COUNTRY_TOKEN_FILE", secret)
	asks := func(h *house, address string) (*answer, need, *visitor) {
		t.Helper()
		n, v := h.project("voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"renault"}, "consent-match": {"yes"}, "words": {"Rien pour le prestataire"}}), h.from(address)
		return v.post(h.site, "/demande/"+n.trade, h.fills(v, n)), n, v
	}
	taken := func(h *house, address string) (id string, v *visitor) {
		t.Helper()
		a, n, v := asks(h, address)
		a.want(303)
		return h.coded(v, n), v
	}
	const aside, other, silent = "Mise de côté. ", "Connexion d’un pays non accepté", "Pays inconnu : le prestataire n’a pas répondu"

	h := newHouseOf(t, "auto-quotes", "--country-url", provider.URL+"/v1/{address}")
	agent, operator := h.enter("Agent"), h.operator()
	plain, _ := taken(h, home)
	agent.get(h.space, "/rappels").want(200).has(plain).saysNot(aside, other, silent)
	agent.get(h.space, "/demandes/"+plain).want(200).saysNot(other, silent)
	elsewhere, visitor := taken(h, abroad)
	agent.get(h.space, "/rappels").want(200).has(plain, elsewhere).says(aside + other)
	agent.get(h.space, "/demandes/"+elsewhere).want(200).says(aside + other)
	visitor.get(h.site, "/ma-demande").want(200).says("Un conseiller vérifie d’où elle vient")
	nobody, _ := taken(h, unknown)
	agent.get(h.space, "/demandes/"+nobody).want(200).says(silent).saysNot(aside)
	operator.get(h.space, "/journal/connexions").want(200).has(abroad, "US", home, "FR")

	// What went out: the address, our secret, and nothing of the form or the visitor; no address twice within its minutes.
	got := provider.asked()
	for i, address := range []string{home, abroad, unknown} {
		if len(got) != 3 || !strings.HasPrefix(got[i], "GET /v1/"+address+"\n") {
			t.Fatalf("asked %q", got)
		}
		if !strings.Contains(got[i], "Authorization: Bearer "+countrySecret+"\n") {
			t.Errorf("without our secret: %s", got[i])
		}
		if lines := strings.Count(got[i], "\n"); lines != 4 { // request line, Accept, Accept-Encoding, Authorization
			t.Errorf("more than the address is sent: %s", got[i])
		}
	}
	taken(h, home)
	if n := len(provider.asked()); n != 3 {
		t.Errorf("asked %d times", n)
	}
	for _, private := range []string{home, abroad, unknown, countrySecret} {
		if strings.Contains(h.printed(), private) {
			t.Errorf("a log says %s", private)
		}
	}

	strict := otherWith(t, "auto-quotes", "otherwise: set-aside}", "otherwise: refuse}")
	h = openHouse(t, h.site, h.space, "--network", strict, "--professionals", "0", "--requests", "0", "--country-url", provider.URL+"/v1/{address}")
	refusedThere, n, _ := asks(h, abroad)
	refusedThere.want(403).says("Nous ne prenons pas de demande en ligne depuis le pays de votre connexion")
	kept, _ := taken(h, home)
	page := h.enter("Agent").get(h.space, "/rappels").want(200)
	page.has(kept)
	if strings.Count(page.body, "?c=req_") != 1 {
		t.Error("what was refused waits for an agent")
	}
	for _, m := range h.outbox() {
		if m.To == n.phone {
			t.Errorf("who was refused is sent %s", m.Kind)
		}
	}
	taken(h, unknown) // an outage shuts nobody out

	shut := otherWith(t, "auto-quotes", "otherwise: set-aside}", "otherwise: set-aside, unanswered: refuse}")
	h = openHouse(t, h.site, h.space, "--network", shut, "--professionals", "0", "--requests", "0", "--country-url", provider.URL+"/v1/{address}")
	outage, _, _ := asks(h, unknown)
	outage.want(403)
	slow := time.Now()
	provider.Close()
	broken, _, _ := asks(h, abroad)
	broken.want(403)
	if time.Since(slow) > 10*time.Second {
		t.Error("a broken line holds the form up")
	}

	// A network whose file asks for no country asks nobody.
	quiet := newCountries(t)
	h = newHouseOf(t, "reviews-network", "--country-url", quiet.URL+"/v1/{address}")
	m, v := h.project("cuisiniste", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}}), h.from(abroad)
	v.post(h.site, "/demande/"+m.trade, h.fills(v, m)).want(303)
	if got := quiet.asked(); len(got) != 0 {
		t.Errorf("asked %q", got)
	}
	clause(t, "AQ-20")
}
