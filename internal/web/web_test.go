package web_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/rig"
	"entremise/internal/web"
)

// house is a rig that is served, as it is behind TLS. What it logs is kept.
type house struct {
	*rig.Rig
	server *httptest.Server
	log    *journal
}

// journal collects a log. Safe for concurrent use.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// webhookKey is what the telephony of a served house signs with.
var webhookKey = bytes.Repeat([]byte{9}, 32)

func newHouse(t testing.TB, r *rig.Rig) *house {
	t.Helper()
	h := &house{Rig: r, log: &journal{}}
	s := web.New(web.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Auth: r.Auth, Notify: r.Notify, Archiver: r.Archiver, Pros: r.Pros, Billing: r.Billing, Requests: r.Requests, Calls: r.Calls, Reviews: r.Reviews, Documents: r.Documents, Inbox: r.Inbox, Oversight: r.Oversight, Inspect: r.Inspect, Life: r.Life, Proof: r.Proof, Anchors: r.Anchors, Links: r.Links,
		Log: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Config: web.Config{URL: func(host, path string) string { return "https://" + host + path }, Hosts: func(host string) string { return host }, Secure: true, APIPerMinute: 600,
			LineKeys: []string{"whsec_" + base64.StdEncoding.EncodeToString(webhookKey)}}})
	h.server = httptest.NewServer(s)
	t.Cleanup(h.server.Close)
	return h
}

// eachHouse runs the test once per engine.
func eachHouse(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	rig.Each(t, func(t *testing.T, r *rig.Rig) { test(t, newHouse(t, r)) })
}

// browser keeps cookies of one host and follows nothing by itself.
type browser struct {
	t       testing.TB
	h       *house
	host    string
	cookies map[string]string
	header  http.Header
}

// answer is what came back, read whole.
type answer struct {
	*http.Response
	body string
}

// at is a browser on a host, with nobody signed in.
func (h *house) at(t testing.TB, host string) *browser {
	return &browser{t: t, h: h, host: host, cookies: map[string]string{}, header: http.Header{"Sec-Fetch-Site": {"same-origin"}}}
}

// as is a browser on the space host with an actor signed in.
func (h *house) as(t testing.TB, a auth.Actor) *browser {
	t.Helper()
	link, err := h.Auth.SignInLink(context.Background(), a.Account)
	if err != nil {
		t.Fatal(err)
	}
	session, err := h.Auth.UseLink(context.Background(), link)
	if err != nil {
		t.Fatal(err)
	}
	b := h.at(t, h.Network.SpaceHost)
	b.cookies["__Host-session"] = session
	return b
}

func (b *browser) get(path string) answer {
	b.t.Helper()
	return b.send(http.MethodGet, path, "", nil)
}

func (b *browser) post(path string, form url.Values) answer {
	b.t.Helper()
	return b.send(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
}

// find searches as staff do: what is looked for is posted, and the page that is led to shows it.
func (b *browser) find(q string) answer {
	b.t.Helper()
	if to := b.post("/recherche", url.Values{"q": {q}}).to(b.t); to != "/recherche" {
		b.t.Fatalf("a search leads to %s", to)
	}
	return b.get("/recherche").want(b.t, http.StatusOK)
}

func (b *browser) send(method, path, kind string, body io.Reader) answer {
	b.t.Helper()
	r, err := http.NewRequest(method, b.h.server.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Host, r.Header = b.host, b.header.Clone()
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, path, err)
	}
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	return answer{resp, string(text)}
}

// want fails unless the answer has a status; it hands the answer on.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s answers %d, want %d\n%s", a.Request.Method, a.Request.URL.Path, a.StatusCode, status, a.body[:min(len(a.body), 3000)])
	}
	return a
}

// says fails unless the page has these words.
func (a answer) says(t testing.TB, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(a.body, w) {
			t.Errorf("%s %s does not say %q", a.Request.Method, a.Request.URL.Path, w)
		}
	}
}

// to fails unless the answer leads elsewhere by GET; it hands the address on.
func (a answer) to(t testing.TB) string {
	t.Helper()
	return a.want(t, http.StatusSeeOther).Header.Get("Location")
}
