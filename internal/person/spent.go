package person

import (
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
)

// codesKept is the least time that a code is kept: its limits count it for an hour or so, and its digest opens nothing after minutes.
const codesKept = 24 * time.Hour

// Forget deletes in tx what counts no more: codes that no limit counts, attempts at canvassing that left the thirty days of the law (C. conso. D223-9),
// oppositions that no longer protect, and blocks of addresses that ended a month ago (GDPR art. 5.1 e).
func Forget(tx *db.Tx, n *network.Network) error {
	sent := tx.Machine().Add(-codesKept)
	if counted := n.Limits.CodesPerNumber.Within.Cutoff(tx.Machine()); counted.Before(sent) {
		sent = counted
	}
	if err := tx.Send("DELETE FROM code WHERE sent_at <= $1", db.Micros(sent)); err != nil {
		return err
	}
	if err := tx.Send("DELETE FROM attempt WHERE at <= $1", db.Micros(tx.Now().Add(-attemptsKept))); err != nil {
		return err
	}
	if err := tx.Send("DELETE FROM address_block WHERE until_at > 0 AND until_at <= $1", db.Micros(tx.Now().AddDate(0, -1, 0))); err != nil {
		return err
	}
	if n.Prospecting == nil || n.Prospecting.Register == nil {
		return nil
	}
	return tx.Send("DELETE FROM register_entry WHERE confirmed_at <= $1", db.Micros(n.Prospecting.Register.Protects.Cutoff(tx.Now())))
}
