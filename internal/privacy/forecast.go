package privacy

import (
	"context"
	"slices"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
)

// Forecast is what will leave its phase until an instant, for each purpose and step.
type Forecast struct {
	Purpose string // its id; of rows that have served, their kind
	To      string // archive, erase, anonymise, forget, or hold for what a legal hold then keeps from its end
	Day     string // date in UTC
	Records int64
}

// Foretell says what will move until an instant under an edition, by day: nothing is written, and nobody is named. It looks one step ahead of
// each holding; what is archived on the way and ends before that instant too is told for both.
func (e *Engine) Foretell(ctx context.Context, n *network.Network, until time.Time) (all []Forecast, err error) {
	count := map[Forecast]int64{}
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		clear(count)
		kept, err := heldAt(tx)
		if err != nil {
			return err
		}
		for _, p := range n.Purposes {
			if p.Keep == nil {
				continue
			}
			var atMost time.Time // no state is ended by its length
			if !p.Keep.AtMost.IsZero() {
				atMost = p.Keep.AtMost.Before(until)
			}
			err := db.Each(tx, func(s db.Scanner) error {
				var base, since int64
				var person, record, phase string
				if err := s.Scan(&person, &record, &base, &since, &phase); err != nil {
					return err
				}
				if base == 0 {
					base = db.Micros(p.Keep.AtMost.AddTo(db.Time(since)))
				}
				for phase != "" {
					at := ends(p.Keep, phase, db.Time(base))
					if at.After(until) {
						break
					}
					at = later(at, tx.Now())
					to := next(p.Keep, phase)
					if to != "archive" && kept(person, record, at) {
						to = heldBack
					}
					count[Forecast{Purpose: p.ID, To: to, Day: at.UTC().Format(time.DateOnly)}]++
					if phase = ""; to == "archive" {
						phase = phaseArchived
					}
				}
				return nil
			}, "SELECT person_id, record, base, since, phase FROM holding WHERE purpose = $1 AND base <= $2 AND (base > 0 OR since <= $3)", p.ID, db.Micros(p.Keep.Active().Before(until)), db.Micros(atMost))
			if err != nil {
				return err
			}
		}
		return e.foretellSpent(tx, n, until, count)
	})
	for f, n := range count {
		f.Records = n
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Forecast) int { return strings.Compare(a.Day+a.Purpose+a.To, b.Day+b.Purpose+b.To) })
	return all, err
}

// heldBack is the step of what comes to its end while a legal hold keeps it.
const heldBack = "hold"

// heldAt says whether a legal hold that stands now will keep a record of a person at an instant to come.
func heldAt(tx *db.Tx) (func(person, record string, at time.Time) bool, error) {
	type file struct{ person, record string }
	until := map[file]time.Time{} // the latest end; zero where one has none
	err := db.Each(tx, func(s db.Scanner) error {
		var f file
		var end int64
		if err := s.Scan(&f.person, &f.record, &end); err != nil {
			return err
		}
		if last, known := until[f]; !known || end == 0 || !last.IsZero() && db.Time(end).After(last) {
			until[f] = db.Time(end)
		}
		return nil
	}, "SELECT person_id, record, until_at FROM legal_hold WHERE ended_at = 0")
	return func(person, record string, at time.Time) bool {
		for _, f := range []file{{person, record}, {person, ""}} {
			if end, held := until[f]; held && (end.IsZero() || end.After(at)) {
				return true
			}
		}
		return false
	}, err
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
