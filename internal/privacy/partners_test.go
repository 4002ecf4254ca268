package privacy_test

import (
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/rig"
)

// A partner's account is held while a token of its program is good; without one its time counts, a new one takes that back, and it is gone at the second.
func TestAccounts_ofPartnersEndWithTheirTokens(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		boss := r.One(t, network.RoleAdministrator)
		id, _, err := r.Auth.NewAffiliate(ctx, boss, "Portail Exemple", "portail@partenaires.example", "ENG-2026-4")
		ok(t, err)
		sweep := func() {
			t.Helper()
			_, err := r.Life.Run(ctx)
			ok(t, err)
		}
		base := func() (n int64) {
			t.Helper()
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, "SELECT base FROM holding WHERE person_id = $1 AND purpose = 'open_to_partners'", id)
				return err
			}))
			return n
		}
		revoke := func() {
			t.Helper()
			boss.Fresh = r.DB.Machine()
			tokens, err := r.Auth.Tokens(ctx, boss, id)
			ok(t, err)
			ok(t, r.Auth.RevokeToken(ctx, boss, tokens[0].ID))
		}
		sweep()
		if base() != 0 {
			t.Error("the time of a program that works counts")
		}
		revoke()
		sweep()
		if base() != db.Micros(r.Clock.Now()) {
			t.Errorf("its time counts from %v", db.Time(base()))
		}
		r.Clock.Add(time.Hour)
		boss.Fresh = r.DB.Machine()
		_, err = r.Auth.NewToken(ctx, boss, id, "Nouveau programme")
		ok(t, err)
		sweep()
		if base() != 0 {
			t.Error("a new token, and its time counts still")
		}
		revoke()
		left := r.Clock.Now()
		sweep()
		to(t, r, left.AddDate(1, 0, 0).Add(-time.Second))
		if a, err := r.Auth.Get(ctx, id); err != nil || a.Name != "Portail Exemple" {
			t.Errorf("a second early: %q %v", a.Name, err)
		}
		to(t, r, left.AddDate(1, 0, 0))
		if a, err := r.Auth.Get(ctx, id); err != nil || a.Name+a.Email != "" {
			t.Errorf("a year after its last token: %q %q %v", a.Name, a.Email, err)
		}
	})
}
