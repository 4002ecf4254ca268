package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/fault"
)

// exchange is a gateway of our own that keeps the contract: a known id is answered again and sends nothing.
type exchange struct {
	mu       sync.Mutex
	sent     map[string]map[string]string
	requests int
	mood     func(w http.ResponseWriter, r *http.Request) bool // true when it answered itself; called after the message was kept
}

func (x *exchange) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m map[string]string
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.Header.Get("Authorization") != "Bearer s3cret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	x.mu.Lock()
	x.requests++
	if _, known := x.sent[r.Header.Get("Idempotency-Key")]; !known && m["id"] == r.Header.Get("Idempotency-Key") {
		x.sent[m["id"]] = m
	}
	x.mu.Unlock()
	if x.mood != nil && x.mood(w, r) {
		return
	}
	fmt.Fprintf(w, `{"id":"gw-%s"}`, m["id"])
}

func gateway(t *testing.T, x *exchange, timeout time.Duration) *Texter {
	t.Helper()
	x.sent = map[string]map[string]string{}
	s := httptest.NewServer(x)
	t.Cleanup(s.Close)
	texter, err := NewTexter(SMSGateway{URL: s.URL, Token: "s3cret", From: "38100", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return texter
}

var note = SMS{ID: "msg_1", To: "+33639980001", Text: "Un plombier vous rappelle avant 9 h 19."}

func TestTexter_handsOverOnce(t *testing.T) {
	x := &exchange{}
	texter := gateway(t, x, 5*time.Second)
	for range 3 {
		if d := texter.Send(t.Context(), note); d.Outcome != Sent || d.Ref != "gw-msg_1" {
			t.Fatal(d)
		}
	}
	m := x.sent["msg_1"]
	if len(x.sent) != 1 || x.requests != 3 || m["to"] != note.To || m["from"] != "38100" || m["text"] != note.Text {
		t.Error(x.requests, x.sent)
	}
}

func TestTexter_tellsFailuresApart(t *testing.T) {
	status := func(code int, header ...string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if len(header) == 2 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(code)
			return true
		}
	}
	hijack := func(say string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			c, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				io.WriteString(c, say)
				c.Close()
			}
			return true
		}
	}
	for _, c := range []struct {
		name string
		mood func(http.ResponseWriter, *http.Request) bool
		want Outcome
		wait time.Duration
	}{
		{"bad number", status(422), Refused, 0},
		{"malformed", status(400), Refused, 0},
		{"our token is wrong", status(401), Later, 0},
		{"not allowed", status(403), Later, 0},
		{"moved", status(302, "Location", "https://exemple.fr/"), Later, 0},
		{"wrong address", status(404), Later, 0},
		{"busy", status(429, "Retry-After", "7"), Later, 7 * time.Second},
		{"asks for a year", status(503, "Retry-After", "31536000"), Later, time.Hour},
		{"nonsense to wait", status(503, "Retry-After", "soon"), Later, 0},
		{"broken", status(500), Later, 0},
		{"a page instead of JSON", func(w http.ResponseWriter, _ *http.Request) bool { io.WriteString(w, "<html>"); return true }, InDoubt, 0},
		{"empty answer", status(200), InDoubt, 0},
		{"hangs up", hijack(""), InDoubt, 0},
		{"garbage", hijack("\x00\x01\x02 nothing like HTTP\r\n\r\n"), InDoubt, 0},
		{"cut answer", hijack("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"id\":"), InDoubt, 0},
		{"endless answer", func(w http.ResponseWriter, _ *http.Request) bool {
			io.WriteString(w, strings.Repeat("x", 1<<20))
			return true
		}, InDoubt, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := gateway(t, &exchange{mood: c.mood}, 5*time.Second).Send(t.Context(), note)
			if d.Outcome != c.want || d.Wait != c.wait {
				t.Errorf("%+v, want %s %v", d, c.want, c.wait)
			}
		})
	}
}

func TestTexter_slowGatewayIsInDoubtAndTheRepeatSendsNothingMore(t *testing.T) {
	release, once := make(chan struct{}), sync.Once{}
	x := &exchange{mood: func(_ http.ResponseWriter, r *http.Request) bool {
		once.Do(func() { <-release })
		return false
	}}
	texter := gateway(t, x, 100*time.Millisecond)
	d := texter.Send(t.Context(), note)
	close(release)
	if d.Outcome != InDoubt || d.Code != "timeout" {
		t.Fatal(d)
	}
	texter.client.Timeout = 5 * time.Second
	if d := texter.Send(t.Context(), note); d.Outcome != Sent || len(x.sent) != 1 {
		t.Error(d, x.sent)
	}
}

func TestTexter_nobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	texter, err := NewTexter(SMSGateway{URL: "http://" + l.Addr().String(), Token: "s", From: "38100"})
	if err != nil {
		t.Fatal(err)
	}
	if d := texter.Send(t.Context(), note); d.Outcome != Later || d.Code != "dial" {
		t.Error(d)
	}
	for name, m := range map[string]SMS{"no id": {To: note.To, Text: "x"}, "national number": {ID: "a", To: "0639980001", Text: "x"}, "no text": {ID: "a", To: note.To}} {
		if d := texter.Send(t.Context(), m); d.Outcome != Refused {
			t.Error(name, d)
		}
	}
}

func TestNewTexter_refusesSettings(t *testing.T) {
	for name, g := range map[string]SMSGateway{
		"clear text":  {URL: "http://sms.exemple.fr/", Token: "s", From: "38100"},
		"no scheme":   {URL: "sms.exemple.fr", Token: "s", From: "38100"},
		"no token":    {URL: "https://sms.exemple.fr", From: "38100"},
		"no sender":   {URL: "https://sms.exemple.fr", Token: "s"},
		"not an URL":  {URL: "https://%zz", Token: "s", From: "38100"},
		"another one": {URL: "file:///etc/passwd", Token: "s", From: "38100"},
	} {
		if _, err := NewTexter(g); err == nil {
			t.Error(name)
		}
	}
}

var hookKey = "whsec_" + base64.StdEncoding.EncodeToString([]byte("0123456789abcdefghijklmnopqrstuv"))

func hook(secret, id string, at time.Time, body string) http.Header {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		panic(err)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha256.New, key)
	io.WriteString(h, id+"."+stamp+"."+body)
	return http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {"v1,AAAA v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))}}
}

func TestReadSMSEvent(t *testing.T) {
	now := time.Unix(1_900_000_000, 0)
	old := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another key of thirty-two bytes.."))
	stop := `{"type":"received","from":"+33639980001","to":"38100","text":"STOP"}`
	e, err := ReadSMSEvent([]string{hookKey}, hook(hookKey, "evt_1", now, stop), []byte(stop), now)
	if err != nil || e != (SMSEvent{ID: "evt_1", Type: SMSReceived, From: "+33639980001", To: "38100", Text: "STOP"}) || !IsStop(e.Text) {
		t.Error(e, err)
	}
	receipt := `{"type":"delivered","message":"msg_1"}`
	if e, err := ReadSMSEvent([]string{hookKey, old}, hook(old, "evt_2", now.Add(-4*time.Minute), receipt), []byte(receipt), now); err != nil || e.Message != "msg_1" {
		t.Error("a key being replaced:", e, err)
	}
	without := hook(hookKey, "evt_3", now, stop)
	without.Del("Webhook-Signature")
	for name, c := range map[string]struct {
		secrets []string
		header  http.Header
		body    string
		kind    fault.Kind
	}{
		"tampered":        {[]string{hookKey}, hook(hookKey, "evt_3", now, stop), strings.Replace(stop, "0001", "0002", 1), fault.Denied},
		"another key":     {[]string{old}, hook(hookKey, "evt_3", now, stop), stop, fault.Denied},
		"no key set":      {[]string{""}, hook(hookKey, "evt_3", now, stop), stop, fault.Denied},
		"no keys":         {nil, hook(hookKey, "evt_3", now, stop), stop, fault.Denied},
		"old":             {[]string{hookKey}, hook(hookKey, "evt_3", now.Add(-6*time.Minute), stop), stop, fault.Denied},
		"from the future": {[]string{hookKey}, hook(hookKey, "evt_3", now.Add(6*time.Minute), stop), stop, fault.Denied},
		"unsigned":        {[]string{hookKey}, without, stop, fault.Denied},
		"no headers":      {[]string{hookKey}, http.Header{}, stop, fault.Denied},
		"too long":        {[]string{hookKey}, hook(hookKey, "evt_3", now, strings.Repeat(" ", 21<<10)), strings.Repeat(" ", 21<<10), fault.Denied},
		"not JSON":        {[]string{hookKey}, hook(hookKey, "evt_3", now, "STOP"), "STOP", fault.Invalid},
		"unknown type":    {[]string{hookKey}, hook(hookKey, "evt_3", now, `{"type":"x"}`), `{"type":"x"}`, fault.Invalid},
		"from nobody":     {[]string{hookKey}, hook(hookKey, "evt_3", now, `{"type":"received"}`), `{"type":"received"}`, fault.Invalid},
	} {
		if _, err := ReadSMSEvent(c.secrets, c.header, []byte(c.body), now); !fault.Is(err, c.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzReadSMSEvent(f *testing.F) {
	now := time.Unix(1_900_000_000, 0)
	f.Add(`{"type":"received","from":"+33639980001","text":"STOP"}`)
	f.Add(`{"type":"delivered","message":"m"}`)
	f.Fuzz(func(t *testing.T, body string) {
		e, err := ReadSMSEvent([]string{hookKey}, hook(hookKey, "evt_1", now, body), []byte(body), now)
		if err == nil && (e.ID != "evt_1" || e.From == "" && e.Message == "") || err != nil && fault.Of(err) == nil {
			t.Error(e, err)
		}
	})
}

func TestIsStop(t *testing.T) {
	for text, want := range map[string]bool{
		"STOP": true, " stop.": true, "Stop SMS merci": true, "STOP 38100": true, "ARRÊT": true, "Désabonnement svp": true, "svp stop": true,
		"": false, "stopper la fuite c'est urgent": false, "Bonjour, il ne faut pas stop maintenant": false, "Le plombier est venu": false, "👍": false,
	} {
		if IsStop(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

func TestBreaker(t *testing.T) {
	now := time.Unix(0, 0)
	b := NewBreaker(3, time.Second, 3*time.Second, func() time.Time { return now })
	calls := 0
	try := func(o Outcome) Delivery { return b.Do(func() Delivery { calls++; return Delivery{Outcome: o} }) }
	for range 2 {
		try(Later)
	}
	try(Refused) // a sign of life
	for range 3 {
		try(InDoubt)
	}
	if calls != 6 || !b.Open() {
		t.Fatal(calls, b.Open())
	}
	if d := try(Sent); d.Outcome != Later || d.Code != "circuit open" || d.Wait != time.Second || calls != 6 {
		t.Error("not held back:", d, calls)
	}
	for i, pause := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second} {
		now = now.Add(pause - 1)
		if d := try(Sent); d.Outcome != Later || calls != 6+i {
			t.Fatalf("try %d came early: %v", i, d)
		}
		now = now.Add(1)
		if try(Later); calls != 7+i {
			t.Fatalf("no try after pause %d", i)
		}
	}
	now = now.Add(3 * time.Second)
	b.Do(func() Delivery {
		if d := try(Sent); d.Outcome != Later {
			t.Error("a second one while one is out to try:", d)
		}
		return Delivery{Outcome: Sent}
	})
	if d := try(Sent); d.Outcome != Sent || b.Open() {
		t.Error("not closed again", d)
	}
	for range 9 { // it says itself how long to wait: alive
		b.Do(func() Delivery { return Delivery{Outcome: Later, Wait: time.Minute} })
	}
	if b.Open() {
		t.Error("opened on a polite refusal")
	}
}

func TestBreaker_survivesAPanic(t *testing.T) {
	now := time.Unix(0, 0)
	b := NewBreaker(1, time.Second, time.Second, func() time.Time { return now })
	for range 2 {
		func() {
			defer func() { _ = recover() }() // the test's own
			b.Do(func() Delivery { panic("driver") })
		}()
		now = now.Add(time.Second)
	}
	if d := b.Do(func() Delivery { return Delivery{Outcome: Sent} }); d.Outcome != Sent {
		t.Error("stuck:", d)
	}
}
