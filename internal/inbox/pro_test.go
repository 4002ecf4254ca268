package inbox_test

import (
	"context"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/rig"
)

func stateOf(t *testing.T, r *rig.Rig, id string) (p pro.Pro) {
	t.Helper()
	if err := r.DB.Read(context.Background(), func(tx *db.Tx) (err error) { p, err = pro.Load(tx, id); return }); err != nil {
		t.Fatal(err)
	}
	return p
}

// A professional's restriction stops what is done with his data and is lifted by who laid it; his correction overwrites; he leaves when he wants
// (ET-83, ET-84, ET-102, ET-133).
func TestPro_restrictedCorrectedAndGone(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		me := r.Pro(t)
		asks := func(right network.Right) string {
			t.Helper()
			return open(t, r, me, ask(func(a *inbox.Ask) {
				a.Channel, a.Asked, a.Email = network.RightBySpace, right, string(right)+"@example.org"
			})).ID
		}
		freeze := asks(network.RightRestriction)
		if err := r.Inbox.Restrict(ctx, officer, freeze); err != nil {
			t.Fatal(err)
		}
		if p := stateOf(t, r, me.Pro); p.State != pro.Suspended || p.Reason != pro.ReasonRestriction || p.MayBuy(r.DB.Now()) {
			t.Errorf("frozen he is %s, %s", p.State, p.Reason)
		}
		code(t, r.Pros.Resume(ctx, r.One(t, network.RoleOnboarding), me.Pro), "frozen")
		if err := r.Inbox.AnnounceLift(ctx, officer, freeze, inbox.ByMessage); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		r.Clock.Add(5 * 24 * time.Hour)
		r.Sweep(t)
		if p := stateOf(t, r, me.Pro); p.State != pro.Active || p.Reason != "" {
			t.Errorf("released he is %s, %s", p.State, p.Reason)
		}

		fix := asks(network.RightRectification)
		in := inbox.Fix{Person: me.Pro, Name: "Paule Juste", Company: "Juste Plomberie", Phone: rig.Mobile(4711), Email: "juste@example.org"}
		bad := in
		bad.Company = ""
		code(t, r.Inbox.Rectify(ctx, officer, fix, bad), "invalid-fields")
		bad = in
		bad.Email = ""
		code(t, r.Inbox.Rectify(ctx, officer, fix, bad), "invalid-fields")
		if err := r.Inbox.Rectify(ctx, officer, fix, in); err != nil {
			t.Fatal(err)
		}
		code(t, r.Inbox.Rectify(ctx, officer, fix, in), "no-change")
		if all, err := r.Pros.Contacts(ctx, me.Pro); err != nil || all[me.Pro].Company != "Juste Plomberie" || all[me.Pro].Email != "juste@example.org" {
			t.Errorf("%+v, %v", all[me.Pro].Identity, err)
		}

		leave := asks(network.RightClosing)
		f, err := r.Inbox.Read(ctx, officer, leave)
		if err != nil {
			t.Fatal(err)
		}
		if want := geo.Ouvres.After("75", f.Received.In(geo.Paris()), 15).AddDate(0, 0, 1); !f.Due.Before(want) || want.Sub(f.Due) > time.Millisecond {
			t.Errorf("due %s, want the end of the day before %s", f.Due, want)
		}
		code(t, r.Inbox.EndAccess(ctx, officer, fix), "case-state")
		code(t, r.Inbox.EndAccess(ctx, r.One(t, network.RoleAgent), leave), "not-permitted")
		for range 2 { // twice is once
			if err := r.Inbox.EndAccess(ctx, officer, leave); err != nil {
				t.Fatal(err)
			}
		}
		if p := stateOf(t, r, me.Pro); p.State != pro.Closed || p.Reason != pro.ReasonWish {
			t.Errorf("gone he is %s, %s", p.State, p.Reason)
		}
		// Nobody closes what is not his, and a consumer has nothing to close.
		_, err = r.Inbox.Open(ctx, auth.Actor{Who: auth.Consumer, Request: r.Ask(t).ID}, ask(func(a *inbox.Ask) { a.Asked = network.RightClosing }))
		code(t, err, "invalid-fields")

		other := r.Pro(t)
		erase := open(t, r, other, ask(func(a *inbox.Ask) {
			a.Channel, a.Asked, a.Email = network.RightBySpace, network.RightErasure, "gomme@example.org"
		})).ID
		if _, err := r.Inbox.Erase(ctx, officer, erase); err != nil {
			t.Fatal(err)
		}
		if p := stateOf(t, r, other.Pro); p.State != pro.Closed {
			t.Errorf("erased he is %s", p.State)
		}
	})
}
