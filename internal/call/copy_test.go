package call_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// lineOf is the line's name of a call.
func lineOf(t *testing.T, r *rig.Rig, id string) string {
	t.Helper()
	return value[string](t, r, "SELECT line_id FROM call WHERE id = $1", id)
}

// kept is a recorded call that is over, with its recording, in a network that records every call.
func kept(t *testing.T, r *rig.Rig, agent auth.Actor) (id, rec string) {
	t.Helper()
	id, _ = talk(t, r, agent)
	ok(t, r.Calls.Hangup(ctx, agent, id))
	r.Drain(t)
	return id, value[string](t, r, "SELECT id FROM recording WHERE call_id = $1", id)
}

// What ends our copy ends the line's: time, erasure, an objection during the call, a refusal; a call outside the share leaves nothing there at all
// (ET-148). Until then the line keeps it.
func TestCopy_goesWithOurs(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "record: 10 %", "record: 100 %")
		agent := r.Agent(t)
		sweep := func() { r.Sweep(t); r.Drain(t); r.Sweep(t); r.Drain(t) }

		timed, _ := kept(t, r, agent)
		erased, _ := kept(t, r, agent)
		sweep()
		if d := r.Line.Deleted(); len(d) != 0 {
			t.Fatalf("the line deleted %v while we keep ours", d)
		}
		want := []string{}
		gone := func(what, line string) {
			t.Helper()
			sweep()
			if want = append(want, line); !slices.Equal(r.Line.Deleted(), want) {
				t.Fatalf("%s: the line deleted %v, want %v", what, r.Line.Deleted(), want)
			}
		}
		line := lineOf(t, r, erased)
		must(r.Life.Erase(ctx, auth.Machine, value[string](t, r, "SELECT person_id FROM call WHERE id = $1", erased), privacy.Scope{Categories: []network.Category{network.DataRecording}}, "asked"))(t)
		gone("erased", line)

		during, _ := talk(t, r, agent)
		must(r.Calls.Consent(ctx, agent, during, false))(t)
		sweep()
		if !slices.Equal(r.Line.Deleted(), want) {
			t.Error("the line is asked while the call goes on")
		}
		ok(t, r.Calls.Hangup(ctx, agent, during))
		gone("objected to during the call", lineOf(t, r, during))

		refused := ring(t, r)
		line = lineOf(t, r, refused)
		ok(t, r.Calls.Answer(ctx, agent, refused))
		ok(t, r.Calls.Announce(ctx, agent, refused))
		must(r.Calls.Consent(ctx, agent, refused, false))(t)
		gone("refused", line)
		if n := value[int64](t, r, "SELECT count(*) FROM line_copy WHERE call_id = $1 AND line_id = '' AND confirmed_at > 0", refused); n != 1 {
			t.Error("the line's name of a refused call outlives the confirmation")
		}

		r.Clock.Add(183 * 24 * time.Hour)
		line = lineOf(t, r, timed)
		gone("its time", line)

		rewrite(t, r, "record: 10 %", "record: 0 %")
		unsampled, _ := talk(t, r, agent)
		ok(t, r.Calls.Hangup(ctx, agent, unsampled))
		gone("outside the share", lineOf(t, r, unsampled))
	})
}

// A line that does not confirm is asked again, by the job and, once that is given up, anew; it shows to who hears recordings and to the officer.
func TestCopy_showsUntilConfirmed(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, officer, admin := r.Agent(t), r.One(t, network.RoleOfficer), r.One(t, network.RoleAdministrator)
		r.Line.Refuse(errors.New("closed"))
		id := ring(t, r)
		ok(t, r.Calls.Answer(ctx, agent, id))
		ok(t, r.Calls.Announce(ctx, agent, id))
		must(r.Calls.Consent(ctx, agent, id, false))(t)
		r.Drain(t)
		for _, who := range []auth.Actor{officer, admin} {
			if owed := must(r.Calls.Owed(ctx, who, 10))(t); len(owed) != 1 || owed[0].Call != id || owed[0].Tries == 0 || !owed[0].Confirmed.IsZero() {
				t.Fatalf("owed: %+v", owed)
			}
		}
		if _, err := r.Calls.Owed(ctx, agent, 10); !fault.Is(err, fault.Denied) {
			t.Errorf("an agent reads what the line owes: %v", err)
		}
		before := value[int64](t, r, "SELECT count(*) FROM job WHERE kind = 'call.delete-copy'")
		r.Clock.Add(49 * time.Hour)
		r.Sweep(t)
		if n := value[int64](t, r, "SELECT count(*) FROM job WHERE kind = 'call.delete-copy'"); n != before+1 {
			t.Errorf("%d jobs after two days, want %d", n, before+1)
		}
		r.Line.Refuse(nil)
		r.Clock.AddMachine(3 * time.Hour)
		r.Drain(t)
		if owed := must(r.Calls.Owed(ctx, officer, 10))(t); len(owed) != 0 {
			t.Errorf("still owed: %+v", owed)
		}
		if done := must(r.Calls.Deleted(ctx, officer, 10))(t); len(done) != 1 || done[0].Confirmed.IsZero() {
			t.Errorf("confirmed: %+v", done)
		}
	})
}

// The gateway's contract: which answers confirm, which do not, that the token is shown and the address never told.
func TestNewLine_contract(t *testing.T) {
	status := http.StatusNoContent
	var asked []string
	company := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("authorised by %q", r.Header.Get("Authorization"))
		}
		asked = append(asked, r.Method+" "+r.URL.EscapedPath())
		w.WriteHeader(status)
		if r.Method == http.MethodGet && status == http.StatusOK {
			if _, err := w.Write(call.Tone(1)); err != nil {
				t.Error(err)
			}
		}
	}))
	defer company.Close()
	line := must(call.NewLine(call.Gateway{URL: company.URL + "/calls", Token: "secret"}))(t)
	for code, confirms := range map[int]bool{200: true, 204: true, 404: true, 410: true, 202: false, 302: false, 403: false, 500: false, 503: false} {
		status = code
		if err := line.Delete(ctx, "a/b"); (err == nil) != confirms {
			t.Errorf("%d: %v", code, err)
		}
		if wav, err := line.Fetch(ctx, "a/b"); (err == nil) != (code == 200) || code == 200 && len(wav) != len(call.Tone(1)) {
			t.Errorf("%d: %d bytes, %v", code, len(wav), err)
		}
	}
	if asked[0] != "DELETE /calls/a%2Fb" {
		t.Errorf("asked %s", asked[0])
	}
	company.Close()
	if err := line.Delete(ctx, "a"); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("a line that is down: %v", err)
	}
	for _, g := range []call.Gateway{{}, {URL: "http://line.example/calls", Token: "x"}, {URL: "https://line.example/calls"}, {URL: "https://line.example/?a=b", Token: "x"}} {
		if _, err := call.NewLine(g); err == nil {
			t.Errorf("%q is taken", g.URL)
		}
	}
}
