package privacy

import (
	"context"
	"slices"
	"strings"

	"entremise/internal/db"
	"entremise/internal/network"
)

// endStates ends states that nobody ended and that may not last longer: their time counts from the instant at which they had to end.
func (e *Engine) endStates(ctx context.Context, n *network.Network) error {
	for _, p := range n.Purposes {
		if p.Keep == nil || p.Keep.AtMost.IsZero() {
			continue
		}
		for again := true; again; {
			err := e.db.Write(ctx, func(tx *db.Tx) error {
				again = false
				rows, err := db.List(tx, scanRow, "SELECT "+rowColumns+" FROM holding WHERE purpose = $1 AND phase = 'kept' AND base = 0 AND since <= $2 ORDER BY since LIMIT $3",
					p.ID, db.Micros(p.Keep.AtMost.Before(tx.Now())), part)
				for _, r := range rows {
					over := p.Keep.AtMost.AddTo(db.Time(r.since))
					if over.After(tx.Now()) {
						continue
					}
					again = len(rows) == part
					if err := tx.Send("UPDATE holding SET base = $5 WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", r.person, r.record, r.purpose, r.since, db.Micros(over)); err != nil {
						return err
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

// remain leaves, of contacts that a purpose with a remainder lets go, a digest under a key that is not in the database: it answers whether a
// number that somebody gives was there, and all numbers tried without the key find nothing (AQ-53, AQ-54).
func (e *Engine) remain(tx *db.Tx, n *network.Network, r row) error {
	p, ok := n.Purpose(r.purpose)
	if !ok || p.Keep.Remainder == nil {
		return nil
	}
	for _, h := range e.holdings {
		if h.Category != network.DataContact || h.Person == "" || !slices.Contains(r.categories, string(h.Category)) {
			continue
		}
		for _, c := range h.Columns {
			if !strings.HasSuffix(c, "_bidx") {
				continue
			}
			var args []any
			where := h.rows(&args, []string{r.person}, []string{r.record})
			found, err := db.Values[string](tx, "SELECT "+c+" FROM "+h.Table+" WHERE "+where, args...)
			if err != nil {
				return err
			}
			for _, v := range found {
				if v == "" {
					continue
				}
				if err := tx.Send("INSERT INTO remainder (purpose, value_bidx, since) VALUES ($1, $2, $3) ON CONFLICT (purpose, value_bidx) DO UPDATE SET since = excluded.since",
					p.ID, e.remainder(p.ID, v), db.Micros(tx.Now())); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (e *Engine) remainder(purpose, index string) string {
	return e.vault.Index("remainder of "+purpose, index)
}

// Remained reports whether a contact of this blind index was held for a purpose, and is gone but for its remainder.
func (e *Engine) Remained(tx *db.Tx, purpose, index string) (bool, error) {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM remainder WHERE purpose = $1 AND value_bidx = $2", purpose, e.remainder(purpose, index))
	return n > 0, err
}

// endRemainders deletes digests whose time is over, those of a purpose that leaves none any more too.
func (e *Engine) endRemainders(ctx context.Context, n *network.Network) error {
	type digest struct {
		purpose, value string
		since          int64
	}
	var over []digest
	err := e.db.Read(ctx, func(tx *db.Tx) error {
		over = nil
		purposes, err := db.Values[string](tx, "SELECT DISTINCT purpose FROM remainder")
		for _, id := range purposes {
			cutoff := tx.Now()
			p, ok := n.Purpose(id)
			left := ok && p.Keep != nil && p.Keep.Remainder != nil
			if left {
				cutoff = p.Keep.Remainder.For.Before(cutoff)
			}
			found, err := db.List(tx, func(s db.Scanner) (d digest, err error) { err = s.Scan(&d.purpose, &d.value, &d.since); return },
				"SELECT purpose, value_bidx, since FROM remainder WHERE purpose = $1 AND since <= $2", id, db.Micros(cutoff))
			if err != nil {
				return err
			}
			over = append(over, slices.DeleteFunc(found, func(d digest) bool { return left && p.Keep.Remainder.For.AddTo(db.Time(d.since)).After(tx.Now()) })...)
		}
		return err
	})
	for some := range slices.Chunk(over, part) {
		if err == nil {
			err = e.db.Write(ctx, func(tx *db.Tx) error {
				for _, d := range some {
					if err := tx.Send("DELETE FROM remainder WHERE purpose = $1 AND value_bidx = $2 AND since = $3", d.purpose, d.value, d.since); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	return err
}
