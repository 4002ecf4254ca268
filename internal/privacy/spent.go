package privacy

import (
	"context"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
)

// forgotten is the step of rows that have served, in a forecast.
const forgotten = "forget"

// spentRow is one row that has served.
type spentRow struct {
	key   string
	since int64
}

// spentClock is now by the clock that a table counts by.
func spentClock(tx *db.Tx, s auth.Spent) time.Time {
	if s.Machine {
		return tx.Machine()
	}
	return tx.Now()
}

// spentDue lists rows whose time is over at an instant of their clock, the oldest first, from a row on and of at most limit looked at; last is where to
// go on, nil when there are no more. Months differ in length, so each row found is asked by the calendar.
func spentDue(tx *db.Tx, s auth.Spent, keep network.Duration, at time.Time, from *spentRow, limit int) (due []spentRow, last *spentRow, err error) {
	if from == nil {
		from = &spentRow{since: 0}
	}
	found, err := db.List(tx, func(sc db.Scanner) (r spentRow, err error) { err = sc.Scan(&r.key, &r.since); return },
		"SELECT "+s.Key+", "+s.Since+" FROM "+s.Table+" WHERE "+s.Since+" > 0 AND "+s.Since+" <= $1 AND "+s.Since+" >= $2 AND ("+s.Since+" > $2 OR "+s.Key+" > $3) ORDER BY "+s.Since+", "+s.Key+" LIMIT $4",
		db.Micros(keep.Before(at)), from.since, from.key, limit)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range found {
		if !keep.AddTo(db.Time(r.since)).After(at) {
			due = append(due, r)
		}
	}
	if len(found) == limit {
		last = &found[len(found)-1]
	}
	return due, last, nil
}

// forgetSpent deletes the rows whose time is over. Several nodes may do so at once: what one of them renewed meanwhile stays.
func (e *Engine) forgetSpent(ctx context.Context, n *network.Network) (gone int64, err error) {
	for _, s := range e.spent {
		keep, _ := n.SpentFor(s.Kind)
		for from := (*spentRow)(nil); ; {
			var due []spentRow
			var last *spentRow
			if err := e.db.Read(ctx, func(tx *db.Tx) (err error) {
				due, last, err = spentDue(tx, s, keep, spentClock(tx, s), from, part)
				return err
			}); err != nil {
				return gone, err
			}
			if len(due) > 0 {
				keys := make([]string, len(due))
				for i, r := range due {
					keys[i] = r.key
				}
				var deleted int64
				if err := e.db.WriteGuarded(ctx, func(tx *db.Tx) (err error) {
					args := []any{due[len(due)-1].since}
					deleted, err = tx.Exec("DELETE FROM "+s.Table+" WHERE "+s.Since+" <= $1 AND "+s.Key+" IN ("+db.In(&args, keys)+")", args...)
					return err
				}); err != nil {
					return gone, err
				}
				gone += deleted
			}
			if from = last; from == nil {
				break
			}
		}
	}
	return gone, nil
}

// foretellSpent counts in tx the rows that will be forgotten until an instant of business time, by kind and day.
func (e *Engine) foretellSpent(tx *db.Tx, n *network.Network, until time.Time, count map[Forecast]int64) error {
	for _, s := range e.spent {
		keep, _ := n.SpentFor(s.Kind)
		ahead := tx.Now().Sub(spentClock(tx, s)) // of that clock; a virtual business clock runs ahead of the machine's
		err := db.Each(tx, func(sc db.Scanner) error {
			var since int64
			if err := sc.Scan(&since); err != nil {
				return err
			}
			at := keep.AddTo(db.Time(since)).Add(ahead)
			if !at.After(until) {
				count[Forecast{Purpose: string(s.Kind), To: forgotten, Day: later(at, tx.Now()).UTC().Format(time.DateOnly)}]++
			}
			return nil
		}, "SELECT "+s.Since+" FROM "+s.Table+" WHERE "+s.Since+" > 0 AND "+s.Since+" <= $1", db.Micros(keep.Before(until.Add(-ahead))))
		if err != nil {
			return err
		}
	}
	return nil
}

// Forgets reports whether a forecast is of rows that have served, whose kind it then names in Purpose.
func (f Forecast) Forgets() bool { return f.To == forgotten }
