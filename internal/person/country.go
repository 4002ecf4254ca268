package person

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"entremise/internal/notify"
)

// Countries tells the country of a network address as two capital letters (ISO 3166-1). An error means that nobody knows; it never says the
// address. Safe for concurrent use.
type Countries func(ctx context.Context, address string) (string, error)

// CountryProvider is an outside service that knows in which country an address is (AQ-20), behind a contract that most of them keep:
//
//	GET URL with {address} replaced, Authorization: Bearer Secret when there is one
//	→ 2xx FR, or a JSON object whose country_code, countryCode or country is "FR"
//
// Nothing else is sent: no cookie, no name of this program, nothing of the form. Of IPv6 only the household's network goes out.
type CountryProvider struct {
	URL     string        // https, or http on this machine, with {address} once
	Secret  string        // none when empty
	Timeout time.Duration // 2 s when zero: a consumer is waiting
}

// For how long an answer is good, in machine time, and for how many addresses: enough for a form that is corrected and sent again, too little for a
// file of who came. Answers stand in memory alone.
const (
	countryLife  = 10 * time.Minute
	countryCache = 4096
)

// asking is a CountryProvider at work.
type asking struct {
	CountryProvider
	client *http.Client
	now    func() time.Time // machine time

	mu    sync.Mutex
	known map[string]told
}

type told struct {
	country string
	until   time.Time
}

const countryMark = "{address}"

// NewCountries checks the settings; it does not connect. now is machine time.
func NewCountries(p CountryProvider, now func() time.Time) (Countries, error) {
	u, err := url.Parse(strings.Replace(p.URL, countryMark, "192.0.2.1", 1))
	if err != nil || !notify.Guarded(u) {
		return nil, errors.New("person: the provider of countries needs an https address")
	}
	if strings.Count(p.URL, countryMark) != 1 || strings.Contains(u.Host, "192.0.2.1") {
		return nil, fmt.Errorf("person: the address of the provider of countries needs %s once, after its host", countryMark)
	}
	a := &asking{CountryProvider: p, now: now, known: map[string]told{}, client: notify.OneWay(cmp.Or(p.Timeout, 2*time.Second))}
	return a.country, nil
}

var errCountry = errors.New("person: the provider of countries gave no country")

func (a *asking) country(ctx context.Context, address string) (string, error) {
	address, _, _ = strings.Cut(address, "/") // of a network its first address
	if _, err := netip.ParseAddr(address); err != nil {
		return "", errCountry
	}
	if c, ok := a.remembered(address); ok {
		return c, nil
	}
	c, err := a.ask(ctx, address)
	if err == nil {
		a.remember(address, c)
	}
	return c, err
}

func (a *asking) remembered(address string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.known[address]
	return t.country, ok && a.now().Before(t.until)
}

// remember keeps an answer; a full memory is emptied of what is over, or of everything.
func (a *asking) remember(address, country string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	for k, t := range a.known {
		if !now.Before(t.until) {
			delete(a.known, k)
		}
	}
	if len(a.known) >= countryCache {
		clear(a.known)
	}
	a.known[address] = told{country, now.Add(countryLife)}
}

// ask asks once. What the http package says of a failure names the whole address, so no error of its own leaves here.
func (a *asking) ask(ctx context.Context, address string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.Replace(a.URL, countryMark, url.PathEscape(address), 1), nil)
	if err != nil {
		return "", errCountry
	}
	r.Header.Set("User-Agent", "") // none is sent
	r.Header.Set("Accept", "application/json, text/plain")
	if a.Secret != "" {
		r.Header.Set("Authorization", "Bearer "+a.Secret)
	}
	answer, err := a.client.Do(r)
	if err != nil {
		return "", errCountry
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil || answer.StatusCode >= 300 {
		return "", errCountry
	}
	return readCountry(text)
}

var countryShape = regexp.MustCompile(`^[A-Z]{2}$`)

func readCountry(text []byte) (string, error) {
	code := strings.TrimSpace(string(text))
	if strings.HasPrefix(code, "{") {
		var in map[string]any
		if json.Unmarshal(text, &in) != nil {
			return "", errCountry
		}
		code = ""
		for _, name := range []string{"country_code", "countryCode", "country"} {
			if s, ok := in[name].(string); ok && code == "" {
				code = s
			}
		}
	}
	if code = strings.ToUpper(strings.TrimSpace(code)); !countryShape.MatchString(code) {
		return "", errCountry
	}
	return code, nil
}
