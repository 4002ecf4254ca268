package privacy_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// A member of staff who left is held for the year of the file and is gone at its second; who came back in time is held as before. The forecast says it.
func TestAccounts_endWithTheFilesTimeAfterLeaving(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		boss := r.One(t, network.RoleAdministrator)
		leaves := r.Account(t, auth.NewAccount{Name: "Lise Partie", Email: "lise@depanneurs.example", Roles: []network.Role{network.RoleAgent}})
		returns := r.Account(t, auth.NewAccount{Name: "Régis Revenu", Email: "regis@depanneurs.example", Roles: []network.Role{network.RoleAgent}})
		sweep := func() privacy.Moved {
			t.Helper()
			done, err := r.Life.Run(ctx)
			ok(t, err)
			return done
		}
		sweep()
		base := func(who string) (n int64) {
			t.Helper()
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, "SELECT base FROM holding WHERE person_id = $1 AND purpose = 'employ'", who)
				return err
			}))
			return n
		}
		if base(leaves.Account) != 0 || base(returns.Account) != 0 {
			t.Error("the time of an open account counts")
		}
		ok(t, r.Auth.Disable(ctx, boss, leaves.Account))
		ok(t, r.Auth.Disable(ctx, boss, returns.Account))
		left := r.Clock.Now()
		sweep()
		if got := base(leaves.Account); got != db.Micros(left) {
			t.Errorf("the time counts from %v", db.Time(got))
		}
		forecast, err := r.Life.Foretell(ctx, r.Network, left.AddDate(1, 0, 1))
		ok(t, err)
		told := int64(0)
		for _, f := range forecast {
			if f.Purpose == "employ" && f.To == "erase" && f.Day == left.AddDate(1, 0, 0).UTC().Format(time.DateOnly) {
				told += f.Records
			}
		}
		if told != 2 {
			t.Errorf("the forecast tells %d", told)
		}
		r.Clock.Add(30 * 24 * time.Hour)
		boss.Fresh = r.DB.Machine()
		ok(t, r.Auth.Enable(ctx, boss, returns.Account))
		sweep()
		if base(returns.Account) != 0 {
			t.Error("who came back is counted still")
		}
		to(t, r, left.AddDate(1, 0, 0).Add(-time.Second))
		if a, err := r.Auth.Get(ctx, leaves.Account); err != nil || a.Name != "Lise Partie" {
			t.Errorf("a second early: %q %v", a.Name, err)
		}
		to(t, r, left.AddDate(1, 0, 0))
		if a, err := r.Auth.Get(ctx, leaves.Account); err != nil || a.Name+a.Email != "" {
			t.Errorf("a year after he left: %q %q %v", a.Name, a.Email, err)
		}
		if a, err := r.Auth.Get(ctx, returns.Account); err != nil || a.Name != "Régis Revenu" {
			t.Errorf("who works here: %q %v", a.Name, err)
		}
		all, err := r.Auth.Staff(ctx)
		ok(t, err)
		for _, a := range all {
			if a.ID == leaves.Account {
				t.Error("the team lists who is erased")
			}
		}
		boss.Fresh = r.DB.Machine()
		if err := r.Auth.Enable(ctx, boss, leaves.Account); err == nil {
			t.Error("an erased account opens again")
		}
		if done := sweep(); done.Erased+done.Archived+done.Anonymised != 0 {
			t.Errorf("nothing is due, and %+v moved", done)
		}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
			index, err := db.Value[string](tx, "SELECT email_bidx FROM account WHERE id = $1", leaves.Account)
			if !strings.HasPrefix(index, "gone ") {
				t.Errorf("the index of the address is %q", index)
			}
			return err
		}))
		again := r.Account(t, auth.NewAccount{Name: "Lise Retour", Email: "lise@depanneurs.example", Roles: []network.Role{network.RoleAgent}})
		if again.Account == leaves.Account {
			t.Error("the address is taken")
		}
	})
}

// Whatever happens to accounts, in whatever order, a round that looks only at those that turned leaves nothing that a look at all of them would mend; and
// it looks at no other: a row changed behind auth's back is seen with the next edition only.
func TestAccounts_lookingAtThoseThatTurnedIsEnough(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rnd := rand.New(rand.NewPCG(31, 8))
		boss := r.One(t, network.RoleAdministrator)
		misheld := func() (n int) {
			t.Helper()
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { n, err = privacy.Misheld(tx, r.Network); return }))
			return n
		}
		var accounts []string
		astray := 0
		for range 60 {
			boss.Fresh = r.DB.Machine()
			for range 1 + rnd.IntN(4) {
				switch k := rnd.IntN(6); {
				case k == 0 || len(accounts) == 0:
					accounts = append(accounts, r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}}).Account)
				case k == 1:
					accounts = append(accounts, r.Pro(t).Account)
				default: // most turn to and fro; who is erased opens no more
					id := accounts[rnd.IntN(len(accounts))]
					act := r.Auth.Disable
					if k%2 == 0 {
						act = r.Auth.Enable
					}
					if err := act(ctx, boss, id); err != nil && !fault.Is(err, fault.Missing) && !fault.Is(err, fault.Conflict) {
						t.Fatal(err)
					}
				}
			}
			astray += misheld()
			r.Clock.Add(time.Duration(rnd.Int64N(int64(60 * 24 * time.Hour))))
			_, err := r.Life.Run(ctx)
			ok(t, err)
			if n := misheld(); n != 0 {
				t.Fatalf("a look at all would mend %d", n)
			}
		}
		if astray == 0 {
			t.Error("nothing ever turned: the test sees nothing")
		}
		hidden := r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}}).Account
		_, err := r.Life.Run(ctx)
		ok(t, err)
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return tx.Send("UPDATE account SET state = 'disabled' WHERE id = $1", hidden) }))
		_, err = r.Life.Run(ctx)
		ok(t, err)
		if misheld() != 1 {
			t.Error("a round looks at accounts that did not turn")
		}
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			return tx.Send("UPDATE setting SET value = 'another' WHERE name = 'accounts.edition'")
		}))
		_, err = r.Life.Run(ctx)
		ok(t, err)
		if misheld() != 0 {
			t.Error("under another edition not every account was looked at")
		}
	})
}
