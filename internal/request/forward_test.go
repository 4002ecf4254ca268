package request_test

import (
	"strings"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// quote asks the reviews network for a quote in Nîmes.
func quote(t *testing.T, r *rig.Rig, change ...func(*request.Ask)) request.Submitted {
	t.Helper()
	return r.Ask(t, append([]func(*request.Ask){func(in *request.Ask) {
		in.Site, in.Trade, in.Urgency = "avis.example", "cuisiniste", "month"
		in.Answers = map[string][]string{}
		form := r.Network.Form(in.Trade)
		for range 4 {
			for _, q := range form.Visible(in.Answers) {
				switch {
				case len(in.Answers[q.ID]) > 0 || !q.Required:
				case len(q.Options) > 0:
					in.Answers[q.ID] = []string{q.Options[0].ID}
				case q.Kind == network.KindYesNo:
					in.Answers[q.ID] = []string{"yes"}
				}
			}
		}
		in.Consents = map[string]bool{"terms": true, "call-me": true, "quote": true}
	}}, change...)...)
}

// desk takes a request for the rig's agent and opens it.
func takeDesk(t *testing.T, r *rig.Rig, id string) (auth.Actor, request.Desk) {
	t.Helper()
	agent := r.One(t, network.RoleAgent)
	if err := r.Requests.Take(ctx, agent, id); err != nil {
		t.Fatal(err)
	}
	d, err := r.Requests.OpenDesk(ctx, agent, id)
	if err != nil {
		t.Fatal(err)
	}
	return agent, d
}

func stateOf(t *testing.T, r *rig.Rig, id string) request.State {
	t.Helper()
	var s string
	if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
		s, err = db.Value[string](tx, "SELECT state FROM request WHERE id = $1", id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return request.State(s)
}

func wantFault(t *testing.T, what string, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("%s: got %v, want the fault %q", what, err, code)
	}
}

// A request is seen by the members whom an agent chose and by nobody else (RN-29), under the consent that stands (RN-30).
func TestForward_reachesThoseConcerned(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		near, second, third, fourth := r.Member(t, true), r.Member(t, true), r.Member(t, true), r.Member(t, true)
		bare := r.Member(t, false)
		far := r.Member(t, true, func(in *pro.Input) { in.Base, in.Profile.Base = "35238", "35238" })
		other := r.Member(t, true, func(in *pro.Input) { in.Profile.Trades = []string{"paysagiste"} })
		s := quote(t, r, func(in *request.Ask) { in.Member = far.Pro })
		if got := stateOf(t, r, s.ID); got != request.Received {
			t.Fatalf("sent: %s", got)
		}
		for _, m := range []auth.Actor{near, far} {
			if all, err := r.Requests.Purchases(ctx, m, "", 10); err != nil || len(all) != 0 {
				t.Errorf("a member sees %d requests before anybody qualified one: %v", len(all), err)
			}
		}
		agent, d := takeDesk(t, r, s.ID)
		listed := map[string]request.Member{}
		for _, m := range d.Members {
			listed[m.ID] = m
		}
		if len(listed) != 6 || d.Members[0].ID != far.Pro || !d.Members[0].Named || d.Members[0].Beside.FR == "" {
			t.Errorf("the desk lists %+v", d.Members)
		}
		if listed[bare.Pro].Why.FR == "" || listed[near.Pro].Why.FR != "" || listed[near.Pro].Name == "" {
			t.Errorf("with an arrangement %+v, without %+v", listed[near.Pro], listed[bare.Pro])
		}
		if _, ok := listed[other.Pro]; ok {
			t.Error("a member of another trade is listed")
		}
		for name, c := range map[string]struct {
			to   []string
			code string
		}{
			"nobody":             {nil, "invalid-fields"},
			"all of them":        {[]string{near.Pro, second.Pro, third.Pro, fourth.Pro}, "invalid-fields"},
			"who is not bound":   {[]string{near.Pro, bare.Pro}, "no-arrangement"},
			"who does not exist": {[]string{"pro_nobody"}, "no-pro"},
		} {
			wantFault(t, name, r.Requests.Forward(ctx, agent, s.ID, d.Draft, c.to), c.code)
		}
		wantFault(t, "by a member", r.Requests.Forward(ctx, near, s.ID, d.Draft, []string{near.Pro}), "not-permitted")
		wantFault(t, "published on a board", r.Requests.Publish(ctx, agent, s.ID, d.Draft), "nothing-sold")
		if stateOf(t, r, s.ID) != request.Received || count(t, r, "SELECT count(*) FROM purchase") != 0 {
			t.Fatal("a refusal left something")
		}
		must(t, r.Requests.Forward(ctx, agent, s.ID, d.Draft, []string{near.Pro, far.Pro, near.Pro}))
		r.Drain(t)
		if got := stateOf(t, r, s.ID); got != request.Forwarded {
			t.Errorf("forwarded: %s", got)
		}
		for _, m := range []auth.Actor{near, far} {
			all, err := r.Requests.Purchases(ctx, m, "", 10)
			must(t, err)
			if len(all) != 1 {
				t.Fatalf("a member concerned sees %d requests", len(all))
			}
			det, err := r.Requests.Detail(ctx, m, all[0].ID)
			must(t, err)
			if det.Masked != "" || det.Who.Phone == "" || det.Who.Email == "" || !det.May.May {
				t.Errorf("he reads %+v, masked %q, may call: %+v", det.Who, det.Masked, det.May)
			}
			if n := count(t, r, "SELECT count(*) FROM audit WHERE action = 'contact.read' AND actor = $1", m.Account); n != 1 {
				t.Errorf("%d lines of his reading", n)
			}
			if n := count(t, r, "SELECT count(*) FROM proof_leaf WHERE kind = 'forward' AND object = $1", all[0].ID); n != 1 {
				t.Errorf("%d leaves", n)
			}
			if _, err := r.Requests.Detail(ctx, second, all[0].ID); err == nil {
				t.Error("another member reads it")
			}
		}
		if all, err := r.Requests.Purchases(ctx, second, "", 10); err != nil || len(all) != 0 {
			t.Errorf("a member who was not chosen sees %d: %v", len(all), err)
		}
		told := map[string]bool{}
		for _, m := range r.Post.Mails() {
			if strings.Contains(m.Subject, s.Ref) && strings.Contains(m.Subject, "Cuisiniste") {
				told[m.To.Address] = true
				if strings.Contains(m.Text, "Dominique") || strings.Contains(m.Text, "06 39") {
					t.Error("the letter to a member holds the customer’s details")
				}
			}
		}
		if len(told) != 2 {
			t.Errorf("told: %v", told)
		}
		if n := count(t, r, "SELECT count(*) FROM message WHERE kind = 'passed-on' AND object = $1", s.ID); n == 0 {
			t.Error("the consumer is not told to whom it went")
		}
		if n := count(t, r, "SELECT count(*) FROM invoice_line"); n != 0 {
			t.Errorf("%d lines to invoice", n)
		}

		wantFault(t, "once more to the same", r.Requests.ForwardMore(ctx, agent, s.ID, []string{near.Pro}), "state-moved")
		wantFault(t, "too many in all", r.Requests.ForwardMore(ctx, agent, s.ID, []string{second.Pro, third.Pro}), "invalid-fields")
		must(t, r.Requests.ForwardMore(ctx, agent, s.ID, []string{second.Pro}))
		// A right that its person exercises is told to each of them (GDPR art. 19): the recipients of a request are its members.
		must(t, r.DB.Read(ctx, func(tx *db.Tx) error {
			who, err := request.PersonOf(tx, s.ID)
			if err != nil {
				return err
			}
			all, err := request.OfPeople(tx, who)
			if err == nil && (len(all) != 1 || len(all[0].Pros) != 3) {
				t.Errorf("who received it: %+v", all)
			}
			return err
		}))
		wantFault(t, "beyond the number", r.Requests.ForwardMore(ctx, agent, s.ID, []string{third.Pro}), "invalid-fields")
	})
}

// Withdrawn before, it goes nowhere; after, those who have it are told and read nothing any more (RN-30).
func TestForward_endsWithItsConsent(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := r.Member(t, true)
		before := quote(t, r)
		agent, d := takeDesk(t, r, before.ID)
		consumer := auth.Actor{Who: auth.Consumer, Request: before.ID, Lang: "fr"}
		must(t, r.Requests.WithdrawConsent(ctx, consumer, "quote"))
		wantFault(t, "after a withdrawal", r.Requests.Forward(ctx, agent, before.ID, d.Draft, []string{m.Pro}), "state-moved")
		if stateOf(t, r, before.ID) != request.Cancelled || count(t, r, "SELECT count(*) FROM purchase") != 0 {
			t.Error("a request whose consent was withdrawn is not closed")
		}

		after := quote(t, r, func(in *request.Ask) { in.Phone = rig.Mobile(801) })
		agent, d = takeDesk(t, r, after.ID)
		must(t, r.Requests.Forward(ctx, agent, after.ID, d.Draft, []string{m.Pro}))
		must(t, r.Requests.WithdrawConsent(ctx, auth.Actor{Who: auth.Consumer, Request: after.ID, Lang: "fr"}, "quote"))
		r.Drain(t)
		all, err := r.Requests.Purchases(ctx, m, "", 10)
		must(t, err)
		det, err := r.Requests.Detail(ctx, m, all[0].ID)
		must(t, err)
		if det.Masked == "" || det.Who.Phone != "" {
			t.Errorf("masked %q, reads %+v", det.Masked, det.Who)
		}
		if n := count(t, r, "SELECT count(*) FROM message WHERE kind = 'withdrawn' AND person_id = $1", m.Pro); n == 0 {
			t.Error("the member is not told")
		}
	})
}

// Dealt with, by the agent or by every member who has it, its data goes at the next sweep (RN-31).
func TestForward_processedIsErased(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		a, b := r.Member(t, true), r.Member(t, true)
		first, second := quote(t, r), quote(t, r, func(in *request.Ask) { in.Phone = rig.Mobile(802) })
		agent, d := takeDesk(t, r, first.ID)
		wantFault(t, "before it is forwarded", r.Requests.Processed(ctx, agent, first.ID), "state-moved")
		must(t, r.Requests.Forward(ctx, agent, first.ID, d.Draft, []string{a.Pro, b.Pro}))
		agent, d = takeDesk(t, r, second.ID)
		must(t, r.Requests.Forward(ctx, agent, second.ID, d.Draft, []string{a.Pro}))
		named := func(id string) int64 {
			return count(t, r, "SELECT count(*) FROM person p JOIN request q ON q.person_id = p.id WHERE q.id = $1 AND length(p.phone_sealed) > 0", id)
		}
		r.Sweep(t)
		log := func(m auth.Actor, request, kind string) {
			t.Helper()
			all, err := r.Requests.Purchases(ctx, m, "", 10)
			must(t, err)
			for _, p := range all {
				if p.Purchase.Request == request {
					must(t, r.Requests.Log(ctx, m, p.ID, kind, ""))
					return
				}
			}
			t.Fatal("he does not have it")
		}
		log(a, first.ID, "won")
		log(a, first.ID, "done")
		r.Sweep(t)
		if stateOf(t, r, first.ID) != request.Forwarded || named(first.ID) != 1 {
			t.Error("over although one member still works on it")
		}
		log(b, first.ID, "done")
		must(t, r.Requests.Processed(ctx, agent, second.ID))
		for _, s := range []request.Submitted{first, second} {
			if stateOf(t, r, s.ID) != request.Closed {
				t.Errorf("dealt with: %s", stateOf(t, r, s.ID))
			}
		}
		r.Sweep(t)
		for _, s := range []request.Submitted{first, second} {
			if named(s.ID) != 0 {
				t.Error("its data is still there")
			}
		}
	})
}
