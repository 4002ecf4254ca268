package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// frozenCase is a request whose person had it restricted.
func frozenCase(t *testing.T, r *rig.Rig) (req request.Submitted, id string, officer auth.Actor) {
	t.Helper()
	officer = r.One(t, network.RoleOfficer)
	req = r.Ask(t, func(a *request.Ask) { a.Email = "jeanne@example.org" })
	o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightRestriction, "jeanne@example.org" }))
	if err := r.Inbox.Restrict(context.Background(), officer, o.ID); err != nil {
		t.Fatal(err)
	}
	r.Drain(t)
	r.Clock.Add(time.Second) // steps of one instant have no order
	return req, o.ID, officer
}

func isFrozen(t *testing.T, r *rig.Rig, req string) bool {
	t.Helper()
	_, err := r.Requests.OpenFile(context.Background(), r.One(t, network.RoleAgent), req)
	if err != nil && fault.Code(err) != "frozen" {
		t.Fatal(err)
	}
	return err != nil
}

// steps are what was done about a restriction, in order.
func steps(t *testing.T, r *rig.Rig, officer auth.Actor, id string) string {
	t.Helper()
	f, err := r.Inbox.Read(context.Background(), officer, id)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range f.Events {
		if e.Kind == inbox.EvDone {
			all = append(all, e.Object)
		}
	}
	return strings.Join(all, " ")
}

// The person hears on which day the restriction ends, and it ends on that day, not a second before, on two servers as on one (GDPR art. 18.3).
func TestLift_comesOnTheDayThatWasAnnounced(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		req, id, officer := frozenCase(t, r)
		code(t, r.Inbox.AnnounceLift(ctx, r.One(t, network.RoleAgent), id, inbox.ByMessage), "not-permitted")
		code(t, r.Inbox.AnnounceLift(ctx, officer, id, "pigeon"), "no-case")
		code(t, r.Inbox.RecallLift(ctx, officer, id), "case-state")
		if err := r.Inbox.AnnounceLift(ctx, officer, id, inbox.ByMessage); err != nil {
			t.Fatal(err)
		}
		code(t, r.Inbox.AnnounceLift(ctx, officer, id, inbox.ByLetter), "case-state")
		r.Drain(t)
		f, err := r.Inbox.Read(ctx, officer, id)
		if err != nil || f.Lift == nil || !f.Frozen {
			t.Fatalf("%+v, %v", f.Lift, err)
		}
		if told := f.Lift.Due.Sub(r.Clock.Now()); told < 3*24*time.Hour || told > 4*24*time.Hour+time.Hour || !f.Lift.Comes.Equal(f.Lift.Due) {
			t.Errorf("announced %s ahead, comes %s", told, f.Lift.Comes)
		}
		if mailWith(r, "sera levé le") == "" {
			t.Error("nobody was told")
		}
		me := linkOf(t, r, "jeanne@example.org")
		if mine, err := r.Inbox.Mine(ctx, me); err != nil || mine.Lift == nil || !mine.Lift.Due.Equal(f.Lift.Due) {
			t.Errorf("the person sees %+v, %v", mine.Lift, err)
		}
		other := r.Node(t)
		r.Clock.Add(f.Lift.Due.Sub(r.Clock.Now()) - time.Second)
		r.Sweep(t)
		if !isFrozen(t, r, req.ID) {
			t.Fatal("lifted a second before its day")
		}
		r.Clock.Add(time.Second)
		r.Sweep(t)
		other.Sweep(t)
		if isFrozen(t, r, req.ID) {
			t.Error("it is frozen still")
		}
		if got := steps(t, r, officer, id); got != "restriction lift-announced released" {
			t.Errorf("done: %s", got)
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			left, err := privacy.HoldsUnder(tx, f.Ref)
			if len(left) > 0 {
				t.Errorf("%d holds last", len(left))
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		code(t, r.Inbox.AnnounceLift(ctx, officer, id, inbox.ByMessage), "case-state") // nothing is restricted any more
	})
}

// Nothing is lifted while the announcement waits; one that left late gives the whole notice from then; one that was lost is made by letter.
func TestLift_waitsForItsAnnouncement(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		req, id, officer := frozenCase(t, r)
		lift := func() *inbox.Lift {
			t.Helper()
			f, err := r.Inbox.Read(ctx, officer, id)
			if err != nil || f.Lift == nil {
				t.Fatal(f.Lift, err)
			}
			return f.Lift
		}
		r.Post.Answer(func(string) notify.Delivery { return notify.Delivery{Outcome: notify.Later, Code: "down"} })
		if err := r.Inbox.AnnounceLift(ctx, officer, id, inbox.ByMessage); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		if l := lift(); !l.Comes.IsZero() || l.Lost {
			t.Errorf("%+v", l)
		}
		r.Clock.Add(5 * 24 * time.Hour)
		r.Sweep(t)
		if !isFrozen(t, r, req.ID) {
			t.Fatal("lifted although nobody was told")
		}
		r.Post.Answer(nil)
		r.Clock.AddMachine(time.Hour)
		r.Drain(t)
		l := lift()
		if ahead := l.Comes.Sub(r.Clock.Now()); ahead < 3*24*time.Hour || ahead > 4*24*time.Hour+time.Hour {
			t.Fatalf("it left just now, and lifts %s later", ahead)
		}
		r.Clock.Add(l.Comes.Sub(r.Clock.Now()) - time.Second)
		r.Sweep(t)
		if !isFrozen(t, r, req.ID) {
			t.Fatal("lifted before the whole notice")
		}
		if err := r.Inbox.RecallLift(ctx, officer, id); err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(30 * 24 * time.Hour)
		r.Sweep(t)
		if !isFrozen(t, r, req.ID) || mailWith(r, "Le gel de vos données continue") == "" {
			t.Fatal("a recalled end came, or nobody was told of the recall")
		}

		r.Post.Answer(func(string) notify.Delivery { return notify.Delivery{Outcome: notify.Refused, Code: "no such mailbox"} })
		if err := r.Inbox.AnnounceLift(ctx, officer, id, inbox.ByMessage); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		r.Clock.Add(30 * 24 * time.Hour)
		r.Sweep(t)
		if l := lift(); !l.Lost || !isFrozen(t, r, req.ID) {
			t.Fatalf("a refused announcement: %+v", l)
		}
		if err := r.Inbox.AnnounceLift(ctx, officer, id, inbox.ByLetter); err != nil {
			t.Fatal(err)
		}
		l = lift()
		if l.Way != inbox.ByLetter || l.By != officer.Account || l.Lost {
			t.Errorf("%+v", l)
		}
		r.Clock.Add(l.Due.Sub(r.Clock.Now()))
		r.Sweep(t)
		if isFrozen(t, r, req.ID) {
			t.Error("it is frozen still")
		}
		if got := steps(t, r, officer, id); got != "restriction lift-announced lift-recalled lift-announced lift-announced released" {
			t.Errorf("done: %s", got)
		}
	})
}

// A case that was refused freezes nothing: no hold is left by a restriction that did not come about.
func TestRestrict_ofARefusedCaseLaysNoHold(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		req := r.Ask(t, func(a *request.Ask) { a.Email = "jeanne@example.org" })
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightRestriction, "jeanne@example.org" }))
		must(t, r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Nous ne pouvons pas vous donner cela.", Refusal: "excessive"}))
		code(t, r.Inbox.Restrict(ctx, officer, o.ID), "case-state")
		holds, err := r.Life.Holds(ctx, officer)
		must(t, err)
		if len(holds) > 0 || isFrozen(t, r, req.ID) {
			t.Errorf("%d holds, frozen %v", len(holds), isFrozen(t, r, req.ID))
		}
	})
}
