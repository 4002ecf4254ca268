package privacy

import (
	"context"
	"slices"

	"entremise/internal/db"
	"entremise/internal/network"
)

// An account is of staff or of a professional's people; that of a program that brings requests is held under its own contract and not here.
var accountsOf = map[string]network.Person{"staff": network.Staff, "pro": network.Professional}

// holdAccounts holds what people sign in with as their accounts stand: while one is open, and its time counts from the sweep, at most a minute later,
// that finds it closed; opened again, it is held as before (RN-79, 83; WA-36; AQ-49). Auth lies left of this room and cannot say so itself, and a
// look at its rows misses no way in which an account is made or closed.
func (e *Engine) holdAccounts(ctx context.Context, n *network.Network) error {
	for kind, whose := range accountsOf {
		var lasting []network.Purpose
		for _, p := range n.PurposesFor(whose, network.DataAccount) {
			if p.Keep != nil && p.Keep.While != "" {
				lasting = append(lasting, p)
			}
		}
		for _, p := range lasting {
			if err := e.holdKind(ctx, n, kind, whose, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) holdKind(ctx context.Context, n *network.Network, kind string, whose network.Person, p network.Purpose) error {
	const mine = " FROM holding h WHERE h.person_id = a.id AND h.record = a.id AND h.purpose = $2"
	for _, step := range []struct {
		where string
		do    func(tx *db.Tx, id string) error
	}{
		{"length(a.name_sealed) > 0 AND NOT EXISTS (SELECT 1" + mine + ")", func(tx *db.Tx, id string) error {
			held, err := holdings(tx, id, id)
			if err != nil {
				return err
			}
			return hold(tx, n, id, id, whose, []network.Category{network.DataAccount}, held, func(o network.Purpose) bool { return o.ID == p.ID })
		}},
		{"a.state = 'disabled' AND EXISTS (SELECT 1" + mine + " AND h.phase = 'kept' AND h.base = 0)", func(tx *db.Tx, id string) error { return Ended(tx, n, id, id, p.Keep.While) }},
		{"a.state <> 'disabled' AND EXISTS (SELECT 1" + mine + " AND h.phase = 'kept' AND h.base > 0)", func(tx *db.Tx, id string) error { return Resumed(tx, n, id, id, p.Keep.While) }},
	} {
		for again := true; again; {
			find := func(tx *db.Tx) (ids []string, err error) {
				return db.Values[string](tx, "SELECT a.id FROM account a WHERE a.kind = $1 AND "+step.where+" ORDER BY a.id LIMIT $3", kind, p.ID, part)
			}
			var ids []string
			if err := e.db.Read(ctx, func(tx *db.Tx) (err error) { ids, err = find(tx); return err }); err != nil {
				return err
			}
			if again = len(ids) == part; len(ids) == 0 {
				continue // the usual case writes nothing
			}
			err := e.db.Write(ctx, func(tx *db.Tx) error {
				now, err := find(tx)
				for _, id := range now {
					if err == nil && slices.Contains(ids, id) {
						err = step.do(tx, id)
					}
				}
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}
