package privacy

import (
	"context"
	"errors"

	"entremise/internal/db"
	"entremise/internal/network"
)

// accountsOf are the people whose an account of each kind is.
var accountsOf = map[string]network.Person{"staff": network.Staff, "pro": network.Professional, "affiliate": network.Partner}

// closedAccount says of each kind when an account a is closed. That of a partner's program is used by its tokens alone: without one that is good it is.
var closedAccount = map[string]string{"staff": "a.state = 'disabled'", "pro": "a.state = 'disabled'",
	"affiliate": "(a.state = 'disabled' OR NOT EXISTS (SELECT 1 FROM api_token t WHERE t.account_id = a.id AND t.revoked_at = 0))"}

// settingAccounts is the edition under which every account was looked at.
const settingAccounts = "accounts.edition"

// holdAccounts holds what people sign in with as their accounts stand: while one is open, and its time counts from the round, at most a minute later,
// that finds it closed; opened again, it is held as before (RN-79, 83; WA-36; AQ-49). Auth lies left of this room and notes which accounts turned; only
// these are looked at, and all of them once under each edition, whose purposes may be others.
func (e *Engine) holdAccounts(ctx context.Context, n *network.Network) error {
	under := ""
	if err := e.db.Read(ctx, func(tx *db.Tx) (err error) {
		under, err = db.Value[string](tx, "SELECT value FROM setting WHERE name = $1", settingAccounts)
		if errors.Is(err, db.ErrNone) {
			under, err = "", nil
		}
		return err
	}); err != nil {
		return err
	}
	if under != n.Hash() {
		for again := true; again; {
			if err := e.db.Write(ctx, func(tx *db.Tx) error {
				done, err := settleAccounts(tx, n, nil)
				if again = done > 0; err != nil || again {
					return err
				}
				return tx.Send("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", settingAccounts, n.Hash())
			}); err != nil {
				return err
			}
		}
	}
	for again := true; again; {
		// Looked for outside of a transaction that writes: the usual round finds none.
		if err := e.db.Read(ctx, func(tx *db.Tx) error {
			turned, err := turnedAccounts(tx)
			again = len(turned) > 0
			return err
		}); err != nil || !again {
			return err
		}
		if err := e.db.Write(ctx, func(tx *db.Tx) error {
			turned, err := turnedAccounts(tx)
			if err != nil || len(turned) == 0 {
				return err
			}
			var args []any
			if err := tx.Send("DELETE FROM account_turn WHERE account_id IN ("+db.In(&args, turned)+")", args...); err != nil {
				return err
			}
			_, err = settleAccounts(tx, n, turned)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

func turnedAccounts(tx *db.Tx) ([]string, error) {
	return db.Values[string](tx, "SELECT account_id FROM account_turn ORDER BY account_id LIMIT $1", part)
}

// misheld is a way in which an account is not held as it stands, and what mends it.
type misheld struct {
	whose   network.Person
	kind    string
	purpose network.Purpose
	where   string
	mend    func(tx *db.Tx, id string) error
}

// misholdings are the ways in which accounts may be held otherwise than they stand under n.
func misholdings(n *network.Network) (all []misheld) {
	const mine = " FROM holding h WHERE h.person_id = a.id AND h.record = a.id AND h.purpose = $2"
	for kind, whose := range accountsOf {
		closed := closedAccount[kind]
		for _, p := range n.PurposesFor(whose, network.DataAccount) {
			if p.Keep == nil || p.Keep.While == "" {
				continue
			}
			all = append(all,
				misheld{whose, kind, p, "length(a.name_sealed) > 0 AND NOT EXISTS (SELECT 1" + mine + ")", func(tx *db.Tx, id string) error {
					held, err := holdings(tx, id, id)
					if err != nil {
						return err
					}
					return hold(tx, n, id, id, whose, []network.Category{network.DataAccount}, held, func(o network.Purpose) bool { return o.ID == p.ID })
				}},
				misheld{whose, kind, p, closed + " AND EXISTS (SELECT 1" + mine + " AND h.phase = 'kept' AND h.base = 0)", func(tx *db.Tx, id string) error { return Ended(tx, n, id, id, p.Keep.While) }},
				misheld{whose, kind, p, "NOT " + closed + " AND EXISTS (SELECT 1" + mine + " AND h.phase = 'kept' AND h.base > 0)", func(tx *db.Tx, id string) error { return Resumed(tx, n, id, id, p.Keep.While) }})
		}
	}
	return all
}

// find lists at most a part of the accounts that are held so, of those named or, with none, of all.
func (m misheld) find(tx *db.Tx, of []string) ([]string, error) {
	args := []any{m.kind, m.purpose.ID, part}
	q := "SELECT a.id FROM account a WHERE a.kind = $1 AND " + m.where
	if len(of) > 0 {
		q += " AND a.id IN (" + db.In(&args, of) + ")"
	}
	return db.Values[string](tx, q+" ORDER BY a.id LIMIT $3", args...)
}

// settleAccounts has accounts held as they stand, those named or, with none, a part of all; done is how many it mended.
func settleAccounts(tx *db.Tx, n *network.Network, of []string) (done int, err error) {
	for _, m := range misholdings(n) {
		found, err := m.find(tx, of)
		for _, id := range found {
			if err == nil {
				err = m.mend(tx, id)
			}
		}
		if err != nil {
			return done, err
		}
		done += len(found)
	}
	return done, nil
}
