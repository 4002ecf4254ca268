package call_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"entremise/internal/call"
	"entremise/internal/fault"
	"entremise/internal/rig"
)

var lineKey = []byte("a secret of the telephony, 32 b.")

// signed is a request as a line sends it.
func signed(body string, at time.Time) (http.Header, []byte) {
	stamp := fmt.Sprint(at.Unix())
	m := hmac.New(sha256.New, lineKey)
	m.Write([]byte("evt_1." + stamp + "." + body))
	h := http.Header{}
	h.Set("webhook-id", "evt_1")
	h.Set("webhook-timestamp", stamp)
	h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(m.Sum(nil)))
	return h, []byte(body)
}

func secrets() []string { return []string{"whsec_" + base64.StdEncoding.EncodeToString(lineKey)} }

const ringing = `{"type":"ringing","id":"c-1","line":"+33199001234","caller":"+33639981234","at":"2026-11-23T08:05:00Z"}`

func TestReadLineEvent_believesOnlyWhatIsSignedAndFresh(t *testing.T) {
	now := time.Date(2026, 11, 23, 8, 5, 1, 0, time.UTC)
	h, body := signed(ringing, now)
	e, err := call.ReadLineEvent(secrets(), h, body, now)
	if err != nil || e != (call.LineEvent{Type: call.LineRinging, ID: "c-1", Line: "+33199001234", Caller: "+33639981234", At: time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC)}) {
		t.Fatalf("%+v, %v", e, err)
	}
	for name, c := range map[string]struct {
		secrets []string
		body    string
		now     time.Time
	}{
		"another secret":   {[]string{"whsec_" + base64.StdEncoding.EncodeToString([]byte("another secret, of 32 bytes too."))}, ringing, now},
		"no secret":        {nil, ringing, now},
		"an empty secret":  {[]string{""}, ringing, now},
		"another body":     {secrets(), strings.Replace(ringing, "1234", "4321", 1), now},
		"replayed later":   {secrets(), ringing, now.Add(5*time.Minute + time.Second)},
		"from the future":  {secrets(), ringing, now.Add(-5*time.Minute - time.Second)},
		"far too long":     {secrets(), ringing + strings.Repeat(" ", 30<<10), now},
		"nothing was sent": {secrets(), "", now},
	} {
		if _, err := call.ReadLineEvent(c.secrets, h, []byte(c.body), c.now); !fault.Is(err, fault.Denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, malformed := range []string{
		"", "[]", "{", `{"type":"ringing"}`, strings.Replace(ringing, "ringing", "exploded", 1), strings.Replace(ringing, `"+331`, `"331`, 1), strings.Replace(ringing, "c-1", "", 1),
		strings.Replace(ringing, "c-1", strings.Repeat("c", 121), 1), strings.Replace(ringing, "2026-11-23T08:05:00Z", "yesterday", 1), strings.Replace(ringing, `,"at":"2026-11-23T08:05:00Z"`, "", 1),
	} {
		h, body := signed(malformed, now)
		if _, err := call.ReadLineEvent(secrets(), h, body, now); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", malformed, err)
		}
	}
}

func FuzzReadLineEvent(f *testing.F) {
	now := time.Date(2026, 11, 23, 8, 5, 1, 0, time.UTC)
	f.Add(ringing)
	f.Add(`{"type":"ended","id":"c-1","at":"2026-11-23T08:05:00Z"}`)
	f.Fuzz(func(t *testing.T, body string) {
		h, b := signed(body, now)
		if e, err := call.ReadLineEvent(secrets(), h, b, now); err == nil && (e.ID == "" || len(e.ID) > 120 || e.At.IsZero()) {
			t.Fatalf("%+v", e)
		}
	})
}

func TestEvent_aCallFromTheLine(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		tell := func(kind, id, line string) error {
			return r.Calls.Event(ctx, call.LineEvent{Type: kind, ID: id, Line: line, Caller: "+33639981234", At: r.DB.Machine()})
		}
		for range 3 { // the line repeats until it hears an answer
			ok(t, tell(call.LineRinging, "c-1", "+33199005678"))
		}
		calls := must(r.Calls.Ringing(ctx, agent))(t)
		if len(calls) != 1 || calls[0].Site != "serrures.example" {
			t.Fatalf("ringing: %+v", calls)
		}
		id := calls[0].ID
		ok(t, r.Calls.Answer(ctx, agent, id))
		ok(t, tell(call.LineAnswered, "c-1", ""))
		ok(t, r.Calls.Announce(ctx, agent, id))
		must(r.Calls.Consent(ctx, agent, id, true))(t)
		ok(t, tell(call.LineEnded, "c-1", ""))
		ok(t, tell(call.LineEnded, "c-1", ""))
		if o := must(r.Calls.Open(ctx, agent, id))(t); o.State != call.Ended {
			t.Errorf("the line hung up and the call is %s", o.State)
		}
		wantCode(t, tell(call.LineRinging, "c-2", "+33199000000"), "no-line")
		ok(t, tell(call.LineEnded, "c-unknown", ""))

		// The caller hangs up before anybody answers.
		ok(t, tell(call.LineRinging, "c-3", "+33199001234"))
		ok(t, tell(call.LineEnded, "c-3", ""))
		// An outage of ours: the line tells of a call minutes late.
		ok(t, r.Calls.Event(ctx, call.LineEvent{Type: call.LineRinging, ID: "c-4", Line: "+33199001234", Caller: "+33639980002", At: r.DB.Machine().Add(-2 * time.Minute)}))
		if back := must(r.Calls.ToCallBack(ctx, agent))(t); len(back) != 2 || len(must(r.Calls.Ringing(ctx, agent))(t)) != 0 {
			t.Errorf("to call back: %+v", back)
		}
	})
}

func TestSimulate_isForAgentsOfADemo(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		_, err := r.Calls.Simulate(ctx, r.Pro(t), rig.Host, "", caller)
		wantCode(t, err, "not-permitted")
		must(r.Calls.Simulate(ctx, r.Agent(t), rig.Host, "plombier", caller))(t)
		if !r.Calls.Simulated() {
			t.Error("the embedded line is not told apart")
		}
		real := call.New(call.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Requests: r.Requests, Line: call.Line{Name: "telephony"}})
		_, err = real.Simulate(ctx, r.Agent(t), rig.Host, "", caller)
		wantCode(t, err, "no-simulation")
	})
}
