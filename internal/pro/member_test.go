package pro_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/rig"
	"entremise/networks"
)

func arranged(t *testing.T, r *rig.Rig, id string) error {
	t.Helper()
	n, err := r.Editions.InForce(ctx)
	ok(t, err)
	return r.DB.Read(ctx, func(tx *db.Tx) error { return pro.Arranged(tx, n, id) })
}

// apply changes the reviews network and puts it in force today.
func apply(t *testing.T, r *rig.Rig, file, from, to string) {
	t.Helper()
	folder, err := networks.Open("reviews-network")
	ok(t, err)
	all := fstest.MapFS{}
	ok(t, fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		if name == file {
			if !strings.Contains(string(data), from) {
				t.Fatalf("%s no longer holds %q", file, from)
			}
			data = []byte(strings.Replace(string(data), from, to, 1))
		}
		if name == "network.yaml" {
			data = []byte(strings.Replace(string(data), "in_force: 2026-11-01", "in_force: "+r.DB.Now().Format(time.DateOnly), 1))
		}
		all[name] = &fstest.MapFile{Data: data}
		return err
	}))
	n, problems, err := r.Editions.Apply(ctx, "system", all)
	ok(t, err)
	if n == nil {
		t.Fatal(problems)
	}
	ok(t, r.Documents.Publish(ctx))
}

// Nothing flows to a member before he has accepted the arrangement, in the words that stand (RN-06).
func TestArranged_isAskedAgainWhenItsWordsChange(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		ok(t, r.Documents.Publish(ctx))
		m := r.Member(t, false)
		wantCode(t, arranged(t, r, m.Pro), "no-arrangement")
		due, err := r.Documents.Due(ctx, m, "fr")
		ok(t, err)
		if len(due) != 1 || due[0].Kind != network.DocArrangement {
			t.Fatalf("to accept: %v, want the arrangement", due)
		}
		ok(t, r.Documents.Accept(ctx, m, due[0].Kind, due[0].Hash))
		ok(t, arranged(t, r, m.Pro))
		var all []pro.Arrangement
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { all, err = pro.Arrangements(tx, r.Network, m.Pro); return }))
		if len(all) != 1 || all[0].Version != due[0].Hash || all[0].By != m.Account || !all[0].At.Equal(r.DB.Now()) || !all[0].Now {
			t.Errorf("stored: %+v", all)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'pro.arranged' AND object = $1", m.Pro); n != 1 {
			t.Errorf("%d lines in the trail", n)
		}

		r.Clock.Add(24 * time.Hour)
		apply(t, r, "network.yaml", "tagline: {fr: \"Des avis", "tagline: {fr: \"Les avis")
		ok(t, arranged(t, r, m.Pro)) // other words elsewhere ask nothing of him
		r.Clock.Add(24 * time.Hour)
		apply(t, r, "texts/fr/joint-members.md", "à l’un ou à l’autre", "à l’un et à l’autre")
		wantCode(t, arranged(t, r, m.Pro), "no-arrangement")
		wantCode(t, r.Documents.Accept(ctx, m, network.DocArrangement, due[0].Hash), "no-document") // the old words bind nobody any more
		again, err := r.Documents.Due(ctx, m, "fr")
		ok(t, err)
		last := len(again) - 1
		for again[last].Kind != network.DocArrangement { // the privacy notice holds its essence, and comes again too
			last--
		}
		if again[last].Hash == due[0].Hash {
			t.Fatalf("to accept again: %v", again)
		}
		ok(t, r.Documents.Accept(ctx, m, again[last].Kind, again[last].Hash))
		ok(t, arranged(t, r, m.Pro))
	})
}

func TestArranged_whereNothingIsShared(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) { ok(t, arranged(t, r, r.Pro(t).Pro)) })
}

func membership(t *testing.T, r *rig.Rig, id string) (m pro.Membership) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
		var found bool
		var err error
		if m, found, err = pro.MembershipOf(tx, id); err == nil && !found {
			err = errors.New("there is no membership")
		}
		return err
	}))
	return m
}

func written(t *testing.T, r *rig.Rig, kind string) int64 {
	t.Helper()
	return value[int64](t, r, "SELECT count(*) FROM message WHERE kind = $1", kind)
}

func TestMembership_goesFromTermToTerm(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		joined := r.DB.Now().In(rig.Paris())
		day := func(years, days int) string { return joined.AddDate(years, 0, days).Format(time.DateOnly) }
		m := r.Member(t, true)
		if got := membership(t, r, m.Pro); got.Since != day(0, 0) || got.Until != day(1, -1) || got.Leaves != "" || !got.Again(r.Network) {
			t.Fatalf("joined: %+v", got)
		}
		to := func(years, days int) {
			t.Helper()
			r.Clock.Add(joined.AddDate(years, 0, days).Sub(r.DB.Now()))
			r.Sweep(t)
		}
		to(1, -62)
		if written(t, r, "membership-ending") != 0 {
			t.Error("told more than sixty days before")
		}
		next, err := r.Pros.NextDue(ctx, r.DB.Now(), r.DB.Now().AddDate(0, 0, 10))
		ok(t, err)
		if next.IsZero() {
			t.Error("a moved clock would miss the announcement")
		}
		to(1, -59)
		to(1, -58)
		if n := written(t, r, "membership-ending"); n != 1 {
			t.Errorf("told %d times, want once", n)
		}
		to(1, 0)
		if got := membership(t, r, m.Pro); got.Since != day(0, 0) || got.Until != day(2, -1) {
			t.Errorf("second term: %+v", got)
		}
		to(2, -59)
		if n := written(t, r, "membership-ending"); n != 2 {
			t.Errorf("told %d times, want once a term", n)
		}
	})
}

func TestMembership_endsExpressly(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		apply(t, r, "network.yaml", "renews: tacit", "renews: express")
		stays, goes := r.Member(t, true), r.Member(t, true)
		wantCode(t, r.Pros.Renew(ctx, auth.Actor{Who: auth.Visitor}, stays.Pro), "sign-in")
		ok(t, r.Pros.Renew(ctx, stays, stays.Pro))
		// Insurances run out at that age: what is looked at here is the term alone.
		r.Clock.Add(r.DB.Now().AddDate(1, 0, 1).Sub(r.DB.Now()))
		r.Sweep(t)
		if get(t, r, stays.Pro).State != pro.Active || membership(t, r, stays.Pro).Renewed {
			t.Error("who renewed has not begun another term")
		}
		if p := get(t, r, goes.Pro); p.State != pro.Closed || p.Reason != network.LeavingTerm {
			t.Errorf("who did not renew is %s (%s)", p.State, p.Reason)
		}
		if n := written(t, r, "membership-ended"); n != 1 {
			t.Errorf("%d were told of an end", n)
		}
	})
}

func TestLeaveOn_endsTheAccessAndTellsOnce(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		var left []string
		r.Pros.Left = func(tx *db.Tx, id string) error { left = append(left, id); return nil }
		staff := r.One(t, network.RoleOnboarding)
		today := func(days int) string { return r.DB.Now().In(rig.Paris()).AddDate(0, 0, days).Format(time.DateOnly) }
		m := r.Member(t, true)
		for day, reason := range map[string]string{today(-1): "unpaid", "soon": "unpaid", today(1): "mood"} {
			wantCode(t, r.Pros.LeaveOn(ctx, staff, m.Pro, day, reason), "invalid-fields")
		}
		wantCode(t, r.Pros.LeaveOn(ctx, r.One(t, network.RoleAgent), m.Pro, today(1), "unpaid"), "not-permitted")
		ok(t, r.Pros.LeaveOn(ctx, staff, m.Pro, today(10), "unpaid"))
		wantCode(t, r.Pros.LeaveOn(ctx, m, "", today(12), ""), "leaving")
		wantCode(t, r.Pros.Recall(ctx, m, ""), "no-membership") // what staff said is theirs to take back
		if got := membership(t, r, m.Pro); got.Leaves != today(10) || got.Reason != "unpaid" || got.By != staff.Account || got.Again(r.Network) {
			t.Errorf("noted: %+v", got)
		}
		ok(t, r.Pros.Recall(ctx, staff, m.Pro))
		ok(t, r.Pros.LeaveOn(ctx, m, "", today(3), "unpaid"))
		if got := membership(t, r, m.Pro); got.Reason != "own-wish" || got.By != m.Account {
			t.Errorf("at his own wish: %+v", got)
		}
		r.Sweep(t)
		if get(t, r, m.Pro).State != pro.Active || len(left) != 0 {
			t.Error("left before the day")
		}
		r.Clock.Add(72 * time.Hour)
		r.Sweep(t)
		r.Sweep(t)
		if p := get(t, r, m.Pro); p.State != pro.Closed || p.Reason != "own-wish" || len(left) != 1 || left[0] != m.Pro {
			t.Errorf("%s (%s), told %v", p.State, p.Reason, left)
		}
		accounts, err := r.Auth.OfPro(ctx, m.Pro)
		ok(t, err)
		if accounts[0].State != "disabled" {
			t.Errorf("the account is %s", accounts[0].State)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM holding WHERE person_id = $1 AND purpose = 'work_with_members' AND base > 0", m.Pro); n == 0 {
			t.Error("the time of what is kept has not begun")
		}
		wantCode(t, r.Pros.Recall(ctx, staff, m.Pro), "no-membership")

		at := r.Member(t, true)
		ok(t, r.Pros.LeaveOn(ctx, staff, at.Pro, today(0), "ceased"))
		closed := r.Member(t, true)
		ok(t, r.Pros.Close(ctx, staff, closed.Pro, "fraud"))
		if len(left) != 3 || get(t, r, at.Pro).State != pro.Closed {
			t.Errorf("told %v", left)
		}
		failing := r.Member(t, true)
		r.Pros.Left = func(*db.Tx, string) error { return errors.New("no") }
		if err := r.Pros.Close(ctx, staff, failing.Pro, "fraud"); err == nil || get(t, r, failing.Pro).State != pro.Active {
			t.Errorf("closed although who is told failed: %v", err)
		}
	})
}
