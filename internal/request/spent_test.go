package request_test

import (
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/rig"
)

// Codes, attempts, sessions, tickets, oppositions and blocks go at the second at which they count no more, and not a second before.
func TestSpent_goesInItsTime(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		begun := r.Clock.Now()
		day := 24 * time.Hour
		write := func(do func(tx *db.Tx) error) {
			t.Helper()
			if err := r.DB.Write(ctx, do); err != nil {
				t.Fatal(err)
			}
		}
		// A network that names a register, for as long as requests are kept in this one: three years.
		introduce, _ := r.Network.Purpose("introduce")
		protects := introduce.Keep.Active()
		named := *r.Network
		named.Prospecting = &network.Prospecting{Register: &network.Register{Name: "Registre", Protects: protects}}
		write(func(tx *db.Tx) error {
			if err := person.Attempted(tx, "index of a number", "acc_1"); err != nil {
				return err
			}
			now := db.Micros(tx.Now())
			for _, q := range []string{
				"INSERT INTO code (id, object, person_id, purpose, code_hash, sent_at, expires_at, tries, used_at) VALUES ('cod_1', 'req_1', 'per_1', 'verify-phone', 'x', $1, $1, 0, 0)",
				"INSERT INTO session (token_hash, account_id, created_at, seen_at, fresh_at, expires_at) VALUES ('s', 'acc_1', $1, $1, $1, $1)",
				"INSERT INTO ticket (token_hash, kind, account_id, created_at, expires_at, used_at, tries) VALUES ('t', 'sign-in', 'acc_1', $1, $1, 0, 0)",
				"INSERT INTO register_entry (phone_bidx, confirmed_at) VALUES ('index of a number', $1)",
				"INSERT INTO address_block (address_bidx, at, until_at, reason, by_account) VALUES ('index of an address', $1, $1, 'rubbish', 'acc_1')",
			} {
				if err := tx.Send(q, now); err != nil {
					return err
				}
			}
			return nil
		})
		for _, c := range []struct {
			table string
			over  time.Time
		}{{"code", begun.Add(day)}, {"session", begun.Add(30 * day)}, {"ticket", begun.Add(30 * day)}, {"address_block", begun.AddDate(0, 1, 0)}, {"attempt", begun.Add(31 * day)}, {"register_entry", protects.AddTo(begun)}} {
			for _, at := range []struct {
				when time.Time
				want int64
			}{{c.over.Add(-time.Second), 1}, {c.over, 0}} {
				if r.Clock.Now().Before(at.when) {
					r.Clock.Add(at.when.Sub(r.Clock.Now()))
				}
				if c.table == "register_entry" {
					write(func(tx *db.Tx) error { return person.Forget(tx, &named) })
				} else {
					r.Sweep(t)
				}
				write(func(tx *db.Tx) error {
					left, err := db.Value[int64](tx, "SELECT count(*) FROM "+c.table)
					if c.table == "session" || c.table == "ticket" {
						left, err = db.Value[int64](tx, "SELECT count(*) FROM "+c.table+" WHERE account_id = 'acc_1'")
					}
					if left != at.want && r.Clock.Now().Equal(at.when) {
						t.Errorf("%s at %v: %d rows, want %d", c.table, at.when, left, at.want)
					}
					return err
				})
			}
		}
	})
}
