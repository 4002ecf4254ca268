package pro_test

import (
	"strings"
	"testing"
	"time"

	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/rig"
)

// letters counts what was written to an address with these words in its subject.
func letters(r *rig.Rig, to, subject string) (n int) {
	for _, m := range r.Post.Mails() {
		if m.To.Address == to && strings.Contains(m.Subject, subject) {
			n++
		}
	}
	return n
}

func TestInsurance_isRemindedEndsAndIsRenewed(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		in := r.ProInput()
		last := r.DB.Now().In(rig.Paris()).AddDate(0, 0, 40)
		in.Until = last.Format(time.DateOnly)
		id, err := r.Pros.Create(ctx, staff, in)
		ok(t, err)
		r.Sweep(t)
		if n := letters(r, in.Email, "assurance"); n != 0 {
			t.Fatalf("%d letters forty days before", n)
		}
		// A clock that is moved stops at the reminder, then at the end, then at nothing.
		stop := func(want time.Time) {
			t.Helper()
			due, err := r.Pros.NextDue(ctx, r.DB.Now(), r.DB.Now().AddDate(2, 0, 0))
			ok(t, err)
			if !due.Equal(want) {
				t.Fatalf("due at %s, want %s", due, want)
			}
			if !due.IsZero() {
				r.Clock.Add(due.Sub(r.DB.Now()))
			}
			r.Sweep(t)
			r.Sweep(t)
		}
		midnight := time.Date(last.Year(), last.Month(), last.Day(), 0, 0, 0, 0, rig.Paris())
		stop(midnight.AddDate(0, 0, -30))
		if n := letters(r, in.Email, "prend fin"); n != 1 {
			t.Errorf("%d reminders", n)
		}
		if p := get(t, r, id); !p.MayBuy(r.DB.Now()) || !p.MayBuy(midnight.Add(24*time.Hour-time.Microsecond)) || p.MayBuy(midnight.Add(24*time.Hour)) {
			t.Error("he may not buy until the end of the last day, or longer")
		}
		stop(midnight.AddDate(0, 0, 1))
		if n := letters(r, in.Email, "a pris fin"); n != 1 {
			t.Errorf("he was told %d times that it ended", n)
		}
		stop(time.Time{})
		p := get(t, r, id)
		if p.State != pro.Active || p.MayBuy(r.DB.Now()) {
			t.Errorf("he is %s and may buy: %v", p.State, p.MayBuy(r.DB.Now()))
		}
		// Something else is edited: nothing of the checks changes, and he stays out.
		edit := in
		edit.Checked, edit.Until, edit.Street = []string{"identity"}, "", "4 rue Neuve"
		ok(t, r.Pros.Edit(ctx, staff, id, edit))
		_, c, err := r.Pros.Get(ctx, staff, id)
		ok(t, err)
		if p := get(t, r, id); p.MayBuy(r.DB.Now()) || c.Street != "4 rue Neuve" {
			t.Error("an edit without a proof let him in")
		}
		edit.Checked, edit.Until = []string{"insurance"}, r.DB.Now().AddDate(1, 0, 0).Format(time.DateOnly)
		ok(t, r.Pros.Edit(ctx, staff, id, edit))
		ok(t, r.Pros.Edit(ctx, staff, id, edit))
		r.Sweep(t)
		if p := get(t, r, id); !p.MayBuy(r.DB.Now()) || letters(r, in.Email, "est notée") != 1 {
			t.Errorf("renewed: may buy %v, told %d times", p.MayBuy(r.DB.Now()), letters(r, in.Email, "est notée"))
		}
		stop(midnight.AddDate(0, 0, 1).AddDate(1, 0, -31)) // the next reminder
	})
}

// At Saint-Denis de La Réunion the day is over three hours before it is in Paris.
func TestInsurance_endsWithTheDayOfTheBase(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t, func(in *pro.Input) {
			in.Base, in.Profile.Base = "97411", "97411"
			in.Until = "2027-01-10"
		})
		p := get(t, r, who.Pro)
		end := time.Date(2027, 1, 10, 20, 0, 0, 0, time.UTC)
		if !p.MayBuy(end.Add(-time.Microsecond)) || p.MayBuy(end) {
			t.Errorf("insured until %s", p.Profile.Insured())
		}
		r.Clock.Add(end.Sub(r.DB.Now()))
		r.Sweep(t)
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'pro.uninsured' AND object = $1", who.Pro); n != 1 {
			t.Errorf("%d lines of its end", n)
		}
	})
}
