package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"entremise/internal/db"
)

// The process is killed at any moment, again and again, under load, on both engines. Afterwards: what was acknowledged is there, nothing is sold
// twice, nothing is charged without reveal or revealed without charge, invoice numbers have no gap, and every message leaves in the end.
func TestKill_atAnyMoment(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		program, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		data := t.TempDir() + "/data"
		args := append([]string{"demo", "--data", data, "--listen", "127.0.0.1:0", "--professionals", "40", "--requests", "0", "--api-per-minute", "0"}, extra...)
		s := start(t, program, args...)
		token := func(kind string, rest ...string) string {
			out, err := exec.Command(program, append(append([]string{"admin", kind}, rest...), "--data", data)...).CombinedOutput()
			if err != nil {
				t.Fatalf("admin %s: %v\n%s", kind, err, out)
			}
			return strings.TrimSpace(string(out))
		}
		w := &world{affiliate: token("affiliate", "a@example.com", "--name", "Load", "--undertaking", "Engagement 2026-11"), agent: token("token", "agent@depanneurs.example", "--name", "load")}
		for i := range 3 {
			w.pros = append(w.pros, token("token", fmt.Sprintf("pro%d@artisans.example", i+1), "--name", "load"))
		}
		const kills = 6
		for round := range kills {
			w.address.Store(s.address)
			ctx, cancel := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for c := range 6 {
				all.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						w.oneSale(ctx, fmt.Sprintf("r%d-c%d-n%d", round, c, n))
					}
				})
			}
			wait := time.After(time.Duration(300+rand.IntN(900)) * time.Millisecond)
			<-wait
			s.stop(syscall.SIGKILL)
			cancel()
			all.Wait()
			s = start(t, program, args...)
		}
		w.address.Store(s.address)
		// Every acknowledged request and purchase is there.
		for id := range w.requests.all() {
			if status, _ := w.call(t.Context(), "GET", "/requests/"+id, w.affiliate, "", nil); status != 200 {
				t.Errorf("the acknowledged request %s answers %d", id, status)
			}
		}
		for id, token := range w.purchases.all() {
			if status, body := w.call(t.Context(), "GET", "/purchases/"+id, token, "", nil); status != 200 || !bytes.Contains(body, []byte("Dominique")) {
				t.Errorf("the acknowledged purchase %s answers %d", id, status)
			}
		}
		h := &house{server: s, t: t, site: siteHost, space: spaceHost}
		eventually(t, "the queue is worked off", func() bool {
			var ready struct {
				Waiting int `json:"jobs_waiting"`
			}
			if err := json.Unmarshal([]byte(h.visitor().get(spaceHost, "/readyz").body), &ready); err != nil {
				t.Fatal(err)
			}
			return ready.Waiting == 0
		})
		s.stop(syscall.SIGTERM)
		if len(w.requests.all()) < kills || len(w.purchases.all()) == 0 {
			t.Fatalf("only %d requests and %d purchases were acknowledged: the load was no load; last refusals %v", len(w.requests.all()), len(w.purchases.all()), w.refused.all())
		}
		t.Logf("%d kills, %d requests, %d purchases, last refusals %v", kills, len(w.requests.all()), len(w.purchases.all()), w.refused.all())
		checkBooks(t, data, extra)
	})
}

// world is the load: programs that ask, publish and buy, and remember what was acknowledged.
type world struct {
	address             atomic.Value
	affiliate, agent    string
	pros                []string
	requests, purchases seen
	refused             seen // by step: the last answer that was a no, to say why a load was none
	numbers             atomic.Int64
}

// seen is a set with a value, safe for concurrent use.
type seen struct {
	mu   sync.Mutex
	list map[string]string
}

func (s *seen) add(id, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil {
		s.list = map[string]string{}
	}
	s.list[id] = value
}

func (s *seen) all() map[string]string { return s.list }

func (w *world) call(ctx context.Context, method, path, token, key string, body any) (int, []byte) {
	raw, err := json.Marshal(body)
	if err != nil {
		return 0, nil
	}
	var typed any
	if json.Unmarshal(raw, &typed) == nil {
		inClear.typedJSON("", typed)
	}
	address := w.address.Load().(string)
	r, err := http.NewRequestWithContext(ctx, method, "http://"+address+"/api/v1"+path, bytes.NewReader(raw))
	if err != nil {
		return 0, nil
	}
	r.Host = spaceHost
	r.Header.Set("Authorization", "Bearer "+token)
	if key != "" {
		r.Header.Set("Idempotency-Key", "kill-test-"+key)
		r.Header.Set("Content-Type", "application/json")
	}
	client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: new(net.Dialer).DialContext}}
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil // killed
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil // killed in the middle of the answer: not acknowledged
	}
	return answer.StatusCode, text
}

// oneSale goes as far as the server lives. Each step is sent twice with its key, as a program that lost the answer would.
func (w *world) oneSale(ctx context.Context, name string) {
	n := 1000 + w.numbers.Add(1)%8000
	typed := fmt.Sprintf("06 39 98 %02d %02d", n/100, n%100)
	ask := map[string]any{"site": "depanneurs.example", "trade": "plombier", "urgency": "now", "postcode": "30000", "insee": "30189", "street": "5 rue de l’Essai", "name": "Dominique Essai", "phone": typed,
		"answers": map[string][]string{"problem": {"leak"}, "leak_where": {"sink"}, "flow": {"drops"}}, "consents": map[string]bool{"terms": true, "call-me": true, "opinion": true}}
	var out struct {
		ID, Purchase string
		Duplicate    bool
	}
	twice := func(method, path, token, key string, body any) bool {
		for range 2 {
			status, text := w.call(ctx, method, path, token, key, body)
			if status/100 == 2 {
				return json.Unmarshal(text, &out) == nil
			}
			if status != 0 {
				w.refused.add(path[strings.LastIndex(path, "/"):], fmt.Sprintf("%d %s", status, text))
			}
		}
		return false
	}
	if !twice("POST", "/requests", w.affiliate, "ask-"+name, ask) || out.Duplicate {
		return
	}
	id := out.ID
	w.requests.add(id, "")
	if !twice("POST", "/requests/"+id+"/take", w.agent, "take-"+name, map[string]any{}) {
		return
	}
	var desk struct {
		Draft json.RawMessage `json:"draft"`
	}
	if status, text := w.call(ctx, "GET", "/requests/"+id+"/desk", w.agent, "", nil); status != 200 || json.Unmarshal(text, &desk) != nil {
		return
	}
	var draft map[string]any
	if json.Unmarshal(desk.Draft, &draft) != nil {
		return
	}
	draft["price"] = "2"
	if !twice("POST", "/requests/"+id+"/publish", w.agent, "publish-"+name, draft) {
		return
	}
	for i, token := range w.pros { // they race for the one seat
		if twice("POST", "/board/"+id+"/buy", token, fmt.Sprintf("buy-%s-%d", name, i), map[string]any{"confirmed": []string{"near", "free-soon", "able"}, "price_excl_vat_cents": 200}) {
			w.purchases.add(out.Purchase, token)
		}
	}
}

// checkBooks opens what the killed program left and counts.
func checkBooks(t *testing.T, data string, flags []string) {
	t.Helper()
	o := db.Options{Path: data + "/main.db", Clocks: db.Clocks{Business: time.Now, Machine: time.Now}}
	if len(flags) == 2 {
		o.Path, o.URL = "", flags[1]
		if _, err := url.Parse(o.URL); err != nil {
			t.Fatal(err)
		}
	}
	d, err := db.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Read(t.Context(), func(tx *db.Tx) error {
		for what, q := range map[string]string{
			"requests sold more often than they have seats": "SELECT count(*) FROM request r WHERE r.sold > r.seats OR r.sold <> (SELECT count(*) FROM purchase p WHERE p.request_id = r.id AND p.state = 'revealed')",
			"seats sold without a revealed purchase":        "SELECT count(*) FROM seat s WHERE s.state = 'sold' AND NOT EXISTS (SELECT 1 FROM purchase p WHERE p.request_id = s.request_id AND p.pro_id = s.pro_id AND p.state = 'revealed')",
			"purchases revealed without charge":             "SELECT count(*) FROM purchase p WHERE p.state = 'revealed' AND p.method = 'wallet' AND NOT EXISTS (SELECT 1 FROM wallet_entry e WHERE e.reference = 'purchase ' || p.id)",
			"charges without a revealed purchase":           "SELECT count(*) FROM wallet_entry e WHERE e.kind = 'purchase' AND NOT EXISTS (SELECT 1 FROM purchase p WHERE 'purchase ' || p.id = e.reference AND p.state = 'revealed')",
			"wallets that are not their sum":                "SELECT count(*) FROM (SELECT w.pro_id FROM wallet w LEFT JOIN wallet_entry e ON e.pro_id = w.pro_id GROUP BY w.pro_id, w.balance_minor HAVING w.balance_minor <> CAST(coalesce(sum(e.amount_minor), 0) AS BIGINT)) x",
			"revealed purchases without an invoice":         "SELECT count(*) FROM purchase p WHERE p.state = 'revealed' AND NOT EXISTS (SELECT 1 FROM invoice_line l WHERE l.reference = 'purchase ' || p.id AND l.invoice_id IS NOT NULL)",
			"gaps in the invoice numbers":                   "SELECT coalesce(max(number), 0) - count(*) FROM invoice",
			"published requests without a decision":         "SELECT count(*) FROM request r WHERE r.published_at > 0 AND NOT EXISTS (SELECT 1 FROM decision d WHERE d.request_id = r.id)",
			"messages that never left":                      "SELECT count(*) FROM message WHERE state IN ('queued', 'in-doubt')",
			"failed jobs":                                   "SELECT count(*) FROM job WHERE state = 'failed'",
			"consents without a leaf":                       "SELECT count(*) FROM consent c WHERE NOT EXISTS (SELECT 1 FROM proof_leaf l WHERE l.id = c.leaf_id)",
			"leaves that are numbered twice or not at all":  "SELECT (SELECT count(*) FROM proof_leaf) - (SELECT count(*) FROM proof_entry) - (SELECT count(*) FROM proof_wait)",
		} {
			n, err := db.Value[int64](tx, q)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			if n != 0 {
				t.Errorf("%d %s", n, what)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
