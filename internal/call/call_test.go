package call_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/rig"
	"entremise/internal/vault"
)

var ctx = context.Background()

const caller = "06 39 98 12 34"

func must[T any](v T, err error) func(t *testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want the fault %q", err, code)
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ring(t *testing.T, r *rig.Rig) string {
	t.Helper()
	return must(r.Calls.Ring(ctx, rig.Host, "plombier", caller))(t)
}

// value reads one column of one row.
func value[T any](t *testing.T, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return }))
	return v
}

// talk rings, answers, announces and accepts.
func talk(t *testing.T, r *rig.Rig, agent auth.Actor) (id, request string) {
	t.Helper()
	id = ring(t, r)
	ok(t, r.Calls.Answer(ctx, agent, id))
	ok(t, r.Calls.Announce(ctx, agent, id))
	return id, must(r.Calls.Consent(ctx, agent, id, true))(t)
}

// recorded repeats talk until a call falls in the recorded share.
func recorded(t *testing.T, r *rig.Rig, agent auth.Actor) (id, request string) {
	t.Helper()
	for range 200 {
		if id, request = talk(t, r, agent); must(r.Calls.Open(ctx, agent, id))(t).Sampled {
			return id, request
		}
		ok(t, r.Calls.Hangup(ctx, agent, id))
	}
	t.Fatal("none of 200 calls was recorded, at a share of 10 %")
	return "", ""
}

func TestAnswer_onlyATrainedAgentOnDuty(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		untrained := r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}})
		trained := r.Staff(t, network.RoleAgent)
		id := ring(t, r)
		wantCode(t, r.Auth.Duty(ctx, untrained, true), "untrained") // ET-19
		wantCode(t, r.Calls.Answer(ctx, untrained, id), "untrained")
		wantCode(t, r.Calls.Answer(ctx, trained, id), "off-duty")
		_, err := r.Calls.Manual(ctx, trained, rig.Host, "", caller)
		wantCode(t, err, "off-duty")
		wantCode(t, r.Calls.Answer(ctx, r.One(t, network.RoleAccountant), id), "not-permitted")
		wantCode(t, r.Calls.Answer(ctx, r.Pro(t), id), "not-permitted")
		wantCode(t, r.Calls.Answer(ctx, auth.Actor{Who: auth.Visitor}, id), "sign-in")
		ok(t, r.Auth.Duty(ctx, trained, true))
		wantCode(t, r.Calls.Answer(ctx, trained, "cal_unknown"), "no-call")
		ok(t, r.Calls.Answer(ctx, trained, id))
		ok(t, r.Calls.Answer(ctx, trained, id)) // a second tap
		ok(t, r.Auth.Duty(ctx, trained, false))
		wantCode(t, r.Calls.Answer(ctx, trained, ring(t, r)), "off-duty")
	})
}

func TestAnswer_tradeFirstThenEverybodyTrained(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		listener, plumber, locksmith := r.Agent(t), r.Agent(t, "plombier"), r.Agent(t, "serrurier")
		id := ring(t, r)
		wantCode(t, r.Calls.Answer(ctx, listener, id), "call-of-the-trade")
		wantCode(t, r.Calls.Answer(ctx, locksmith, id), "call-of-the-trade")
		for who, want := range map[*auth.Actor]bool{&listener: false, &plumber: true} {
			ringing := must(r.Calls.Ringing(ctx, *who))(t)
			if len(ringing) != 1 || ringing[0].Mine != want || !slices.Equal(ringing[0].First, []string{"plombier"}) || ringing[0].Number != "06\u00a0••\u00a0••\u00a0••\u00a034" {
				t.Errorf("ringing: %+v", ringing)
			}
		}
		r.Clock.AddMachine(20*time.Second - time.Microsecond)
		wantCode(t, r.Calls.Answer(ctx, listener, id), "call-of-the-trade")
		r.Clock.AddMachine(time.Microsecond)
		if ringing := must(r.Calls.Ringing(ctx, listener))(t); !ringing[0].Mine || ringing[0].First != nil {
			t.Errorf("after the head start: %+v", ringing[0])
		}
		ok(t, r.Calls.Answer(ctx, listener, id))

		second := ring(t, r)
		ok(t, r.Calls.Answer(ctx, plumber, second))
		ok(t, r.Calls.Answer(ctx, locksmith, ring(t, r))) // the only plumber has a caller: nobody need wait for him
		ok(t, r.Calls.Hangup(ctx, plumber, second))
		ok(t, r.Auth.Duty(ctx, plumber, false))
		ok(t, r.Calls.Answer(ctx, locksmith, ring(t, r))) // no plumber on duty

		// A line of several trades rings first for whoever practises one of them.
		open := must(r.Calls.Ring(ctx, "serrures.example", "", caller))(t)
		ok(t, r.Auth.Duty(ctx, plumber, true))
		r.Agent(t, "vitrier")
		wantCode(t, r.Calls.Answer(ctx, plumber, open), "call-of-the-trade")
	})
}

func TestAnswer_tenAgentsOneCall(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		var agents []auth.Actor
		for range 10 {
			agents = append(agents, r.Agent(t))
		}
		for range 3 {
			id := ring(t, r)
			errs := make([]error, len(agents))
			var wg sync.WaitGroup
			for i, a := range agents {
				wg.Go(func() { errs[i] = r.Calls.Answer(ctx, a, id) })
			}
			wg.Wait()
			got := 0
			for i, err := range errs {
				if err == nil {
					got++
					if holder := value[string](t, r, "SELECT agent FROM call WHERE id = $1", id); holder != agents[i].Account {
						t.Errorf("%s was told that he has it, %s has", agents[i].Account, holder)
					}
				} else {
					wantCode(t, err, "call-taken")
				}
			}
			if lines := value[int64](t, r, "SELECT count(*) FROM audit WHERE object = $1 AND action = 'call.answer'", id); got != 1 || lines != 1 {
				t.Errorf("%d agents got the call, with %d lines", got, lines)
			}
		}
	})
}

func TestConsent_announcementBeforeAnyOtherStep(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, other := r.Agent(t), r.Agent(t)
		id := ring(t, r)
		wantCode(t, r.Calls.Announce(ctx, agent, id), "call-taken") // nobody's yet
		ok(t, r.Calls.Answer(ctx, agent, id))
		for _, answer := range []bool{true, false} {
			_, err := r.Calls.Consent(ctx, agent, id, answer)
			wantCode(t, err, "announce-first") // ET-143
		}
		wantCode(t, r.Calls.Announce(ctx, other, id), "call-taken")
		ok(t, r.Calls.Announce(ctx, agent, id))
		r.Clock.Add(3 * time.Second)
		ok(t, r.Calls.Announce(ctx, agent, id)) // said twice: the first time counts
		_, err := r.Calls.Consent(ctx, other, id, true)
		wantCode(t, err, "call-taken")
		r.Clock.Add(time.Second)
		req := must(r.Calls.Consent(ctx, agent, id, true))(t)
		if again := must(r.Calls.Consent(ctx, agent, id, true))(t); req == "" || again != req {
			t.Errorf("two taps opened %q and %q", req, again)
		}
		c := must(r.Calls.Open(ctx, agent, id))(t)
		if c.State != call.Talking || c.Announced.IsZero() || c.Accepted.Sub(c.Announced) != 4*time.Second || c.Request != req || c.Caller != "+33639981234" {
			t.Errorf("%+v", c)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM request"); n != 1 {
			t.Errorf("%d requests", n)
		}
		// The request is this agent's, on the phone, with the number filled in.
		desk := must(r.Requests.OpenDesk(ctx, agent, req))(t)
		if desk.Channel != "phone" || desk.TakenBy != agent.Account || desk.Draft.Phone != "+33639981234" || desk.Draft.Trade != "plombier" {
			t.Errorf("desk: %+v", desk.Draft)
		}
	})
}

func TestConsent_twoTapsAtOnceOpenOneRequest(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		id := ring(t, r)
		ok(t, r.Calls.Answer(ctx, agent, id))
		ok(t, r.Calls.Announce(ctx, agent, id))
		var wg sync.WaitGroup
		got := make([]string, 6)
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = r.Calls.Consent(ctx, agent, id, true); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != 1 || value[int64](t, r, "SELECT count(*) FROM request") != 1 {
			t.Errorf("requests %v", got)
		}
	})
}

func TestConsent_refusalLeavesNothingThatAnybodyCanRead(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		ok(t, r.Calls.Event(ctx, call.LineEvent{Type: call.LineRinging, ID: "line-77", Line: "+33199001234", Caller: "+33639981234", At: r.DB.Machine()}))
		id := value[string](t, r, "SELECT id FROM call")
		ok(t, r.Calls.Answer(ctx, agent, id))
		ok(t, r.Calls.Announce(ctx, agent, id))
		person := value[string](t, r, "SELECT person_id FROM call WHERE id = $1", id)
		before := must(r.Vault.Ring(ctx, person))(t)
		sealed := value[[]byte](t, r, "SELECT caller_sealed FROM call WHERE id = $1", id)
		where := vault.Place{Table: "call", Column: "caller_sealed", Row: id}
		if number, err := before.OpenText("contact", where, sealed); number != "+33639981234" {
			t.Fatal(number, err) // what the test is about was there
		}
		req, err := r.Calls.Consent(ctx, agent, id, false)
		if err != nil || req != "" {
			t.Fatal(req, err)
		}
		ok2 := func(name string, got, want int64) {
			t.Helper()
			if got != want {
				t.Errorf("%s: %d, want %d", name, got, want)
			}
		}
		ok2("requests", value[int64](t, r, "SELECT count(*) FROM request"), 0)
		ok2("people", value[int64](t, r, "SELECT count(*) FROM person"), 0)
		ok2("recordings", value[int64](t, r, "SELECT count(*) FROM recording"), 0)
		ok2("holdings", value[int64](t, r, "SELECT count(*) FROM holding WHERE person_id = $1", person), 0)
		ok2("rows with a number", value[int64](t, r, "SELECT count(*) FROM call WHERE caller_bidx <> '' OR caller_sealed <> $1 OR line_id = 'line-77'", []byte{}), 0)
		r.Drain(t)
		// Even a copy of the row from before, with the key store of after, is noise.
		after := must(r.Vault.Ring(ctx, person))(t)
		if _, err := after.OpenText("contact", where, sealed); !errors.Is(err, vault.ErrErased) {
			t.Errorf("the number of somebody who refused still opens: %v", err)
		}
		again, err := r.Calls.Consent(ctx, agent, id, false)
		if err != nil || again != "" {
			t.Error("a second refusal:", again, err)
		}
		_, err = r.Calls.Consent(ctx, agent, id, true)
		wantCode(t, err, "call-over")
		// What the line tells late finds the call and changes nothing.
		for _, kind := range []string{call.LineRinging, call.LineEnded} {
			err := r.Calls.Event(ctx, call.LineEvent{Type: kind, ID: "line-77", Line: "+33199001234", Caller: "+33639981234", At: r.DB.Machine()})
			if err != nil {
				t.Errorf("%s again: %v", kind, err)
			}
		}
		ok2("calls", value[int64](t, r, "SELECT count(*) FROM call"), 1)
		if state := value[string](t, r, "SELECT state FROM call"); state != "refused" {
			t.Errorf("the call is %s", state)
		}
	})
}

func TestHangup_keepsOneSealedSoundOfARecordedCall(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, admin := r.Agent(t), r.One(t, network.RoleAdministrator)
		id, req := recorded(t, r, agent)
		began := r.DB.Now()
		r.Clock.Add(4 * time.Minute)
		ok(t, r.Calls.Hangup(ctx, agent, id))
		ok(t, r.Calls.Hangup(ctx, agent, id))
		// The line has the sound a little later, and first hands out something else.
		r.Line.Answer(func() ([]byte, error) { return nil, errors.New("not yet") })
		r.Drain(t)
		if n := value[int64](t, r, "SELECT count(*) FROM recording"); n != 0 {
			t.Fatalf("%d recordings before the line has any", n)
		}
		r.Line.Answer(nil)
		r.Clock.AddMachine(time.Hour)
		r.Drain(t)
		if n := value[int64](t, r, "SELECT count(*) FROM recording WHERE call_id = $1", id); n != 1 {
			t.Fatalf("%d recordings of the call", n)
		}
		if other := value[int64](t, r, "SELECT count(*) FROM recording WHERE call_id <> $1", id); other != 0 {
			t.Errorf("%d recordings of calls outside the share", other)
		}
		rec := value[string](t, r, "SELECT id FROM recording")
		sealed := value[[]byte](t, r, "SELECT sound_sealed FROM recording")
		if strings.Contains(string(sealed), "RIFF") {
			t.Error("the sound is not sealed")
		}
		if since := value[int64](t, r, "SELECT since FROM holding WHERE record = $1 AND categories LIKE '%call-recording%'", id); since != db.Micros(began) {
			t.Error("its time does not begin with the call")
		}
		recent := must(r.Calls.Recent(ctx, admin, 500))(t)
		i := slices.IndexFunc(recent, func(c call.Call) bool { return c.ID == id })
		if i < 0 || recent[i].Recording != rec || recent[i].Request != req || recent[i].Length != 3*time.Second {
			t.Errorf("the list: %+v", recent[max(i, 0)])
		}
		heard := must(r.Calls.Listen(ctx, admin, rec, "quality"))(t)
		if wav := must(r.Calls.Sound(ctx, admin, heard.Ticket))(t); string(wav) != string(call.Tone(3)) || heard.Call != id || heard.Length != 3*time.Second {
			t.Errorf("the sound of %s lasts %s in %d bytes", heard.Call, heard.Length, len(wav))
		}
	})
}

func TestListen_theFilesReasonsAndNobodyElse(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, admin := r.Agent(t), r.One(t, network.RoleAdministrator)
		id, req := recorded(t, r, agent)
		ok(t, r.Calls.Hangup(ctx, agent, id))
		r.Drain(t)
		rec := value[string](t, r, "SELECT id FROM recording")
		reasons := must(r.Calls.Reasons(ctx, admin))(t)
		if len(reasons) != 4 || len(must(r.Calls.Reasons(ctx, agent))(t)) != 0 {
			t.Errorf("%d reasons, want the four of the file and none for an agent", len(reasons))
		}
		for _, p := range reasons {
			must(r.Calls.Listen(ctx, admin, rec, p.ID))(t)
			if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE object = $1 AND action = 'recording.hear' AND outcome = 'done' AND actor = $2 AND detail = $3", rec, admin.Account, p.ID); n != 1 {
				t.Errorf("%d lines for %s", n, p.ID)
			}
		}
		for _, p := range []string{"", "curiosity", "Training"} {
			_, err := r.Calls.Listen(ctx, admin, rec, p)
			wantCode(t, err, "invalid-fields")
		}
		for name, who := range map[string]auth.Actor{ // ET-147
			"professional": r.Pro(t), "agent": agent, "accountant": r.One(t, network.RoleAccountant),
			"consumer": {Who: auth.Consumer, Request: req}, "affiliate": {Who: auth.Affiliate, Account: "acc_aff"},
		} {
			_, err := r.Calls.Listen(ctx, who, rec, "quality")
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", name, err)
			}
			if who.Account != "" && value[int64](t, r, "SELECT count(*) FROM audit WHERE object = $1 AND outcome = 'refused' AND actor = $2", rec, who.Account) != 1 {
				t.Errorf("the refusal to a %s left no line", name)
			}
		}
		_, err := r.Calls.Listen(ctx, auth.Actor{Who: auth.Visitor}, rec, "quality")
		wantCode(t, err, "sign-in")
		_, err = r.Calls.Listen(ctx, admin, "rec_unknown", "quality")
		wantCode(t, err, "no-recording")
	})
}

// A ticket plays as many parts as a player asks for, as one hearing: to the account that said why, and while hearing it may take.
func TestSound_isForWhoSaidWhy(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, admin, other := r.Agent(t), r.One(t, network.RoleAdministrator), r.Staff(t, network.RoleAdministrator)
		id, _ := recorded(t, r, agent)
		ok(t, r.Calls.Hangup(ctx, agent, id))
		r.Drain(t)
		rec := value[string](t, r, "SELECT id FROM recording")
		ticket := must(r.Calls.Listen(ctx, admin, rec, "evidence"))(t).Ticket
		for range 3 {
			must(r.Calls.Sound(ctx, admin, ticket))(t)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'recording.hear'"); n != 1 {
			t.Errorf("one hearing leaves %d lines", n)
		}
		agents := must(r.Calls.Listen(ctx, admin, rec, "evidence"))(t).Ticket
		for name, c := range map[string]struct {
			who    auth.Actor
			ticket string
		}{
			"another's":      {other, ticket},
			"an agent's":     {agent, agents},
			"a visitor's":    {auth.Actor{Who: auth.Visitor}, ticket},
			"none":           {admin, ""},
			"a link's":       {admin, r.Links.Link("request", rec, 1<<40)},
			"of another one": {admin, "rec_other" + ticket[strings.Index(ticket, "."):]},
		} {
			_, err := r.Calls.Sound(ctx, c.who, c.ticket)
			if f := fault.Of(err); f == nil || f.Code != "link-gone" {
				t.Errorf("%s: %v", name, err)
			}
		}
		demoted := admin
		demoted.Roles = []network.Role{network.RoleAgent}
		if _, err := r.Calls.Sound(ctx, demoted, ticket); !fault.Is(err, fault.Denied) {
			t.Errorf("a ticket outlives the right to hear: %v", err)
		}
		r.Clock.AddMachine(time.Hour + 3*time.Second)
		must(r.Calls.Sound(ctx, admin, ticket))(t)
		r.Clock.AddMachine(time.Second)
		_, err := r.Calls.Sound(ctx, admin, ticket)
		wantCode(t, err, "link-gone")
		fresh := must(r.Calls.Listen(ctx, admin, rec, "evidence"))(t).Ticket
		must(r.Vault.Erase(ctx, value[string](t, r, "SELECT person_id FROM recording"), "call-recording"))(t)
		_, err = r.Calls.Sound(ctx, admin, fresh)
		wantCode(t, err, "no-recording")
	})
}

func TestRecording_endsAfterTheFilesTime(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, admin := r.Agent(t), r.One(t, network.RoleAdministrator)
		id, _ := recorded(t, r, agent)
		ok(t, r.Calls.Hangup(ctx, agent, id))
		r.Drain(t)
		rec := value[string](t, r, "SELECT id FROM recording")
		person := value[string](t, r, "SELECT person_id FROM recording")
		sealed := value[[]byte](t, r, "SELECT sound_sealed FROM recording")
		r.Clock.Add(180 * 24 * time.Hour) // 22 May: six months are over on the 23rd
		r.Sweep(t)
		must(r.Calls.Listen(ctx, admin, rec, "evidence"))(t)
		r.Clock.Add(48 * time.Hour)
		r.Sweep(t)
		_, err := r.Calls.Listen(ctx, admin, rec, "evidence")
		wantCode(t, err, "no-recording") // ET-145
		keys := must(r.Vault.Ring(ctx, person))(t)
		if _, err := keys.Open("call-recording", vault.Place{Table: "recording", Column: "sound_sealed", Row: rec}, sealed); !errors.Is(err, vault.ErrErased) {
			t.Errorf("a copy of the sound still opens: %v", err)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM holding WHERE record = $1 AND categories LIKE '%call-recording%'", id); n != 0 {
			t.Errorf("%d holdings of what is gone", n)
		}
		// The caller himself, his number and his request, are kept for other purposes.
		if o := must(r.Calls.Open(ctx, agent, id))(t); o.Caller != "+33639981234" {
			t.Errorf("the number went with the sound: %+v", o)
		}
	})
}

func TestConsent_objectionInTheMiddleKeepsNoSound(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		id, req := recorded(t, r, agent)
		if kept := must(r.Calls.Consent(ctx, agent, id, false))(t); kept != req {
			t.Errorf("the objection lost the request: %q", kept)
		}
		ok(t, r.Calls.Hangup(ctx, agent, id))
		r.Drain(t)
		if n := r.Line.Asked(); n != 0 {
			t.Errorf("the sound was fetched %d times", n)
		}
		if c := must(r.Calls.Open(ctx, agent, id))(t); c.Sampled || c.State != call.Ended || !c.Accepted.IsZero() {
			t.Errorf("%+v", c)
		}
	})
}

func TestFetch_keepsNoSoundOfSomebodyErased(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		id, _ := recorded(t, r, agent)
		ok(t, r.Calls.Hangup(ctx, agent, id))
		person := value[string](t, r, "SELECT person_id FROM call WHERE id = $1", id)
		must(r.Vault.Erase(ctx, person))(t)
		r.Drain(t)
		if n := value[int64](t, r, "SELECT count(*) FROM recording"); n != 0 {
			t.Errorf("%d recordings", n)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM job"); n != 0 {
			t.Errorf("%d jobs still try", n)
		}
	})
}

func TestMissed_isCalledBackByOneAgentAndGivenUpInTheEnd(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		asked := r.Ask(t, func(a *request.Ask) { a.Phone = caller })
		agent, other := r.Agent(t), r.Agent(t)
		id := ring(t, r)
		r.Clock.Add(time.Minute - time.Second)
		r.Sweep(t)
		if n := len(must(r.Calls.Ringing(ctx, agent))(t)); n != 1 {
			t.Fatalf("%d calls ring after 59 seconds", n)
		}
		r.Clock.Add(time.Second)
		r.Sweep(t)
		wantCode(t, r.Calls.Answer(ctx, agent, id), "call-over")
		back := must(r.Calls.ToCallBack(ctx, agent))(t)
		if len(back) != 1 || back[0].ID != id || len(back[0].Known) != 1 || back[0].Known[0].ID != asked.ID {
			t.Fatalf("to call back: %+v", back)
		}
		errs := make([]error, 2)
		var wg sync.WaitGroup
		for i, a := range []auth.Actor{agent, other} {
			wg.Go(func() { errs[i] = r.Calls.CallBack(ctx, a, id) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("two agents called back: %v", errs)
		}
		if errs[0] != nil {
			agent, other = other, agent
		}
		known := must(r.Calls.Open(ctx, agent, id))(t).Known
		if len(known) != 1 || known[0].Ref != asked.Ref {
			t.Errorf("the number opens %+v", known)
		}
		_, err := r.Calls.Open(ctx, other, id)
		wantCode(t, err, "call-taken")
		_, err = r.Calls.Consent(ctx, agent, id, true)
		wantCode(t, err, "announce-first") // an earlier announcement would not count either
		for range 3 {                      // nobody answers
			ok(t, r.Calls.Hangup(ctx, agent, id))
			ok(t, r.Calls.CallBack(ctx, agent, id))
		}
		ok(t, r.Calls.Hangup(ctx, agent, id))
		wantCode(t, r.Calls.CallBack(ctx, agent, id), "not-to-call-back") // four attempts in thirty days
		if n := value[int64](t, r, "SELECT count(*) FROM call WHERE caller_bidx <> ''"); n != 0 {
			t.Error("the number of somebody whom nobody reached is kept")
		}
	})
}

func TestMissed_numberIsForgottenWhenNobodyCallsBack(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		id := ring(t, r)
		withheld := must(r.Calls.Ring(ctx, rig.Host, "", "anonymous"))(t)
		r.Clock.Add(2 * time.Minute)
		r.Sweep(t)
		if back := must(r.Calls.ToCallBack(ctx, agent))(t); len(back) != 1 || back[0].ID != id {
			t.Errorf("a withheld number is to be called back: %+v", back)
		}
		if state := value[string](t, r, "SELECT state FROM call WHERE id = $1", withheld); state != "ended" {
			t.Errorf("the call without a number is %s", state)
		}
		person := value[string](t, r, "SELECT person_id FROM call WHERE id = $1", id)
		r.Clock.Add(24 * time.Hour)
		r.Sweep(t)
		wantCode(t, r.Calls.CallBack(ctx, agent, id), "not-to-call-back")
		if n := must(r.Vault.Erase(ctx, person))(t); n != 0 {
			t.Error("the key of the number was still there")
		}
	})
}

func TestLeftOpen_isEndedForTheAgent(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		id, _ := talk(t, r, agent)
		r.Clock.Add(4*time.Hour - time.Second)
		r.Sweep(t)
		if live := must(r.Calls.Live(ctx, agent))(t); len(live) != 1 || live[0].ID != id {
			t.Fatalf("live: %+v", live)
		}
		r.Clock.Add(time.Second)
		r.Sweep(t)
		if live := must(r.Calls.Live(ctx, agent))(t); len(live) != 0 {
			t.Errorf("still live: %+v", live)
		}
	})
}

func TestManual_isTheAgentsAtOnceAndNeverRecorded(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		for i := range 40 { // at 10 % some of them would be
			id := must(r.Calls.Manual(ctx, agent, rig.Host, "", ""))(t)
			ok(t, r.Calls.Announce(ctx, agent, id))
			req := must(r.Calls.Consent(ctx, agent, id, true))(t)
			c := must(r.Calls.Open(ctx, agent, id))(t)
			if c.Sampled || c.Caller != "" || !c.Withheld || req == "" {
				t.Fatalf("call %d: %+v", i, c)
			}
		}
		_, err := r.Calls.Manual(ctx, agent, "elsewhere.example", "", caller)
		wantCode(t, err, "no-line")
	})
}

func TestRing_readsNumbersFromEverywhere(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Agent(t)
		for raw, want := range map[string]string{
			caller: "+33639981234", "+33 6 39 98 12 34": "+33639981234", "0692 12 34 56": "+262692123456", "+12025550123": "+12025550123",
			"": "", "anonymous": "", "+": "", "+123": "", "+1234567890123456": "", "'; DROP TABLE call": "", "+33x639981234": "",
		} {
			id := must(r.Calls.Ring(ctx, rig.Host, "astrologue", raw))(t)
			ok(t, r.Calls.Answer(ctx, agent, id))
			if o := must(r.Calls.Open(ctx, agent, id))(t); o.Caller != want || o.Trade != "" {
				t.Errorf("%q rings as %q for %q", raw, o.Caller, o.Trade)
			}
		}
		_, err := r.Calls.Ring(ctx, "elsewhere.example", "", caller)
		wantCode(t, err, "no-line")
	})
}

func TestWords_areTheOperatorsWithTheSitesName(t *testing.T) {
	r := rig.New(t, db.SQLite)
	for host, name := range map[string]string{rig.Host: "Dépanneurs d’ici", "serrures.example": "Serrures d’ici"} {
		for _, lang := range []string{"fr", "en"} {
			s := call.Words(r.Network, host, lang)
			if lang == "fr" && !strings.Contains(s.Announcement, name) {
				t.Errorf("%s announces %q", host, s.Announcement)
			}
			for _, words := range append([]string{s.Announcement, s.Refusal}, fmt.Sprint(s.Steps)) {
				if strings.ContainsAny(words, "{}") && !strings.HasPrefix(words, "[{") || words == "" {
					t.Errorf("%s, %s: %q", host, lang, words)
				}
			}
		}
	}
}
