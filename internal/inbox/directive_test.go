package inbox_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// A directive needs a code, holds one at a time, may be changed and revoked, and is executed on a proof: erased, handed over, or kept (Act 78-17 art.
// 85; RN-107, WA-69).
func TestDirective_recordedChangedRevokedAndExecuted(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		for i, what := range []string{inbox.AfterErase, inbox.AfterHandOver, inbox.AfterKeep} {
			email := what + "@example.org"
			s := r.Ask(t, func(a *request.Ask) { a.Email, a.Phone = email, rig.Mobile(6100+i) })
			o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightAfterDeath, email }))
			me := auth.Actor{Who: auth.Consumer, Case: o.ID}
			in := inbox.Directing{What: what, Trusted: inbox.Trusted{Name: "Claude Proche", Email: "proche@example.org"}, Words: "Avec soin."}
			code(t, r.Inbox.Direct(ctx, me, in), "code-needed")
			me.Coded = true
			code(t, r.Inbox.Direct(ctx, me, inbox.Directing{What: "burn"}), "invalid-fields")
			code(t, r.Inbox.Direct(ctx, me, inbox.Directing{What: inbox.AfterHandOver}), "invalid-fields")
			code(t, r.Inbox.Direct(ctx, me, inbox.Directing{What: what, Words: strings.Repeat("a", 2001)}), "invalid-fields")
			if err := r.Inbox.Direct(ctx, me, inbox.Directing{What: inbox.AfterKeep}); err != nil {
				t.Fatal(err)
			}
			if err := r.Inbox.Direct(ctx, me, in); err != nil { // in place of the first
				t.Fatal(err)
			}
			_, d, ok, err := r.Inbox.Directive(ctx, me)
			if err != nil || !ok || d.What != what || d.Trusted.Name != "Claude Proche" || d.Words != "Avec soin." {
				t.Fatalf("%+v, %t, %v", d, ok, err)
			}

			// An heir writes; the officer ties the dead person by the reference of the request.
			heir := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightAfterDeath, "heritier"+what+"@example.org" }))
			f, err := r.Inbox.Read(ctx, officer, heir.ID)
			if err != nil {
				t.Fatal(err)
			}
			if all, err := r.Inbox.DirectivesFor(ctx, officer, f); err != nil || len(all) != 0 {
				t.Fatalf("an heir's address finds %d directives, %v", len(all), err)
			}
			if err := r.Inbox.Tie(ctx, officer, heir.ID, s.Ref); err != nil {
				t.Fatal(err)
			}
			death := inbox.Death{Directive: d.ID, Proof: "Acte de décès, mairie de Nîmes, n° 12"}
			code(t, r.Inbox.Declare(ctx, officer, heir.ID, inbox.Death{Directive: d.ID}), "invalid-fields")
			code(t, r.Inbox.Declare(ctx, officer, heir.ID, inbox.Death{Directive: "dir_none", Proof: death.Proof}), "no-case")
			code(t, r.Inbox.Declare(ctx, r.One(t, network.RoleAgent), heir.ID, death), "not-permitted")
			if err := r.Inbox.Declare(ctx, officer, heir.ID, death); err != nil {
				t.Fatal(err)
			}
			code(t, r.Inbox.Declare(ctx, officer, heir.ID, death), "no-case") // it is executed once
			r.Drain(t)
			if _, _, ok, err := r.Inbox.Directive(ctx, me); err != nil || ok {
				t.Errorf("%s: it still stands, %v", what, err)
			}
			handed := 0
			for _, m := range r.Post.Mails() {
				if m.To.Address == "proche@example.org" && strings.Contains(m.Text, "une copie de ses données") && strings.Contains(m.Text, "/d/") {
					handed++
				}
			}
			if want := map[string]int{inbox.AfterHandOver: 1}[what]; what != inbox.AfterKeep && handed != want {
				t.Errorf("%s: handed over %d times", what, handed)
			}
			trace, err := r.Life.Trace(ctx, personOf(t, r, s.ID), false)
			if err != nil {
				t.Fatal(err)
			}
			open := 0
			for _, v := range trace.Values {
				if v.State == "open" {
					open++
				}
			}
			if gone := open == 0; gone != (what == inbox.AfterErase) {
				t.Errorf("%s: %d values still open", what, open)
			}
		}
		// Revoked by its author, it is nobody's.
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightAfterDeath, "revoque@example.org" }))
		me := auth.Actor{Who: auth.Consumer, Case: o.ID, Coded: true}
		if err := r.Inbox.Direct(ctx, me, inbox.Directing{What: inbox.AfterErase}); err != nil {
			t.Fatal(err)
		}
		if err := r.Inbox.Undirect(ctx, me); err != nil {
			t.Fatal(err)
		}
		if _, _, ok, err := r.Inbox.Directive(ctx, me); err != nil || ok {
			t.Errorf("revoked, it stands: %v", err)
		}
	})
}

func personOf(t *testing.T, r *rig.Rig, id string) (who string) {
	t.Helper()
	if err := r.DB.Read(context.Background(), func(tx *db.Tx) (err error) { who, err = request.PersonOf(tx, id); return }); err != nil {
		t.Fatal(err)
	}
	return who
}

// A case that was answered executes nothing: what cannot be undone waits for the state to be looked at.
func TestDeclare_ofAnAnsweredCaseErasesNothing(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		s := r.Ask(t, func(a *request.Ask) { a.Email = "vivante@example.org" })
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightAfterDeath, "vivante@example.org" }))
		me := auth.Actor{Who: auth.Consumer, Case: o.ID, Coded: true}
		must(t, r.Inbox.Direct(ctx, me, inbox.Directing{What: inbox.AfterErase}))
		_, d, _, err := r.Inbox.Directive(ctx, me)
		must(t, err)
		must(t, r.Inbox.Tie(ctx, officer, o.ID, s.Ref))
		must(t, r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "C’est noté."}))
		code(t, r.Inbox.Declare(ctx, officer, o.ID, inbox.Death{Directive: d.ID, Proof: "Acte de décès n° 7"}), "case-state")
		trace, err := r.Life.Trace(ctx, personOf(t, r, s.ID), false)
		must(t, err)
		if !slices.ContainsFunc(trace.Values, func(v privacy.Value) bool { return v.State == "open" }) {
			t.Error("the data of somebody alive is gone")
		}
	})
}
