package person_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entremise/internal/person"
)

// The provider gets the address and his secret, and nothing more; his answer is good for ten minutes; an outage is an error that does not name whom it
// was about.
func TestCountries_onlyTheAddressIsSent(t *testing.T) {
	var asked atomic.Int64
	answer := atomic.Pointer[string]{}
	say := func(s string) { answer.Store(&s) }
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.Method != http.MethodGet || !strings.HasPrefix(r.URL.Path, "/v1/") || r.URL.RawQuery != "" || r.ContentLength > 0 {
			t.Errorf("asked %s %s", r.Method, r.URL)
		}
		for name, values := range r.Header {
			switch name {
			case "Accept", "Accept-Encoding":
			case "Authorization":
				if values[0] != "Bearer s3cret" {
					t.Error("another secret is sent")
				}
			default:
				t.Errorf("%s: %v is sent", name, values)
			}
		}
		switch s := *answer.Load(); s {
		case "down":
			w.WriteHeader(http.StatusServiceUnavailable)
		case "elsewhere":
			http.Redirect(w, r, "/v1/moved", http.StatusFound)
		default:
			_, _ = w.Write([]byte(s))
		}
	}))
	defer fake.Close()
	now := time.Unix(1_800_000_000, 0)
	countries, err := person.NewCountries(person.CountryProvider{URL: fake.URL + "/v1/{address}", Secret: "s3cret"}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	for said, want := range map[string]string{"FR\n": "FR", "fr": "FR", `{"country":"DE","city":"x"}`: "DE", `{"countryCode":"BE"}`: "BE", `{"country":"Belgium","country_code":"BE"}`: "BE",
		"": "", "France": "", "{": "", `{"country":33}`: "", "down": "", "elsewhere": "", strings.Repeat("F", 100_000): ""} {
		say(said)
		now = now.Add(time.Hour)
		got, err := countries(context.Background(), "203.0.113.77")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%.20q is read as %q, %v", said, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "203.0.113") {
			t.Errorf("the error names the address: %v", err)
		}
	}
	say("FR")
	before := asked.Load()
	for _, step := range []struct {
		wait time.Duration
		asks int64
	}{{time.Hour, 1}, {10*time.Minute - time.Second, 0}, {time.Second, 1}} {
		now = now.Add(step.wait)
		was := asked.Load()
		if _, err := countries(context.Background(), "2001:db8:1:2::/64"); err != nil || asked.Load()-was != step.asks {
			t.Errorf("after %v it is asked %d times more, %v", step.wait, asked.Load()-was, err)
		}
	}
	if _, err := countries(context.Background(), "no address"); err == nil || asked.Load() != before+2 {
		t.Error("what is no address is sent out")
	}
	say("down")
	for range 2 { // an outage is not remembered
		now = now.Add(time.Hour)
		if _, err := countries(context.Background(), "203.0.113.78"); err == nil {
			t.Error("an outage tells a country")
		}
	}
	fake.Close()
	if _, err := countries(context.Background(), "203.0.113.79"); err == nil || strings.Contains(err.Error(), "203.0.113") {
		t.Errorf("a broken line says %v", err)
	}
}

func TestCountries_settings(t *testing.T) {
	for address, good := range map[string]bool{"https://pays.example/v1/{address}": true, "https://pays.example/?ip={address}": true, "http://127.0.0.1:9/{address}": true, "http://[::1]:9/{address}": true,
		"": false, "https://pays.example/": false, "http://pays.example/{address}": false, "https://{address}.pays.example/": false, "https://pays.example/{address}/{address}": false, "ftp://pays.example/{address}": false} {
		if _, err := person.NewCountries(person.CountryProvider{URL: address}, time.Now); (err == nil) != good {
			t.Errorf("%q: %v", address, err)
		}
	}
}
