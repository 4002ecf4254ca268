package privacy

import (
	"slices"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
)

// What a record holds for a purpose is kept, then perhaps archived, then gone.
const (
	phaseKept     = "kept"
	phaseArchived = "archived"
)

// legalHold is the purpose under which a record holds what a legal hold keeps from its end: it is never due.
const legalHold = "legal-hold"

// ends says when what began to count at base leaves a phase.
func ends(k *network.Keep, phase string, base time.Time) time.Time {
	at := k.Active().AddTo(base)
	if phase == phaseArchived && k.Archive != nil {
		at = k.Archive.For.AddTo(at)
	}
	return at
}

// reach is an instant at or before which everything has begun that may have left a phase at now. Months differ in length, so some of it has
// not: who asks by it asks ends too.
func reach(k *network.Keep, phase string, now time.Time) time.Time {
	if phase == phaseArchived && k.Archive != nil {
		now = k.Archive.For.Before(now)
	}
	return k.Active().Before(now)
}

// Ended notes in tx that what a purpose waited for has ended for a record, or for all records of the person when none is named: its time
// counts from now. What ended before keeps its time.
func Ended(tx *db.Tx, n *network.Network, person, record string, what network.While) error {
	return turn(tx, n, person, record, func(k *network.Keep) bool { return k.While == what }, "base = 0", db.Micros(tx.Now()))
}

// Resumed takes an Ended back: what was closed is open again.
func Resumed(tx *db.Tx, n *network.Network, person, record string, what network.While) error {
	return turn(tx, n, person, record, func(k *network.Keep) bool { return k.While == what }, "base > 0", 0)
}

// Reacted notes in tx that a person did something that starts the time of some purposes anew (WA-40): what still counts, counts from now. What is
// in the archive stays there.
func Reacted(tx *db.Tx, n *network.Network, person string, by ...network.Reaction) error {
	return turn(tx, n, person, "", func(k *network.Keep) bool {
		return slices.ContainsFunc(k.RenewedBy, func(r network.Reaction) bool { return slices.Contains(by, r) })
	}, "base > 0", db.Micros(tx.Now()))
}

// Renews reports whether such an act starts any time anew under n: where it does not, nobody needs to write it down.
func Renews(n *network.Network, by network.Reaction) bool {
	return slices.ContainsFunc(n.Purposes, func(p network.Purpose) bool { return p.Keep != nil && slices.Contains(p.Keep.RenewedBy, by) })
}

func turn(tx *db.Tx, n *network.Network, person, record string, which func(*network.Keep) bool, from string, base int64) error {
	var purposes []string
	for _, p := range n.Purposes {
		if p.Keep != nil && which(p.Keep) {
			purposes = append(purposes, p.ID)
		}
	}
	if len(purposes) == 0 {
		return nil
	}
	args := []any{person, base}
	q := "UPDATE holding SET base = $2 WHERE person_id = $1 AND phase = 'kept' AND " + from + " AND purpose IN (" + db.In(&args, purposes) + ")"
	if record != "" {
		args = append(args, record)
		q += " AND record = " + db.Mark(len(args))
	}
	return tx.Send(q, args...)
}

// state is what is left of a category of a record, by what still holds it.
type state int

const (
	gone state = iota
	archivedState
	keptState
)

// states are the states of every category that rows hold, of one record or of one person.
func states(rows []row) map[string]state {
	out := map[string]state{}
	for _, r := range rows {
		s := keptState
		if r.phase == phaseArchived {
			s = archivedState
		}
		for _, c := range r.categories {
			out[c] = max(out[c], s)
		}
	}
	return out
}

// row is a row of holding.
type row struct {
	person, record, purpose string
	since, base             int64
	phase                   string
	categories              []string
}

const rowColumns = "person_id, record, purpose, since, phase, base, categories"

func scanRow(s db.Scanner) (r row, err error) {
	var categories string
	err = s.Scan(&r.person, &r.record, &r.purpose, &r.since, &r.phase, &r.base, &categories)
	r.categories = strings.Fields(categories)
	return r, err
}

func (r row) same(o row) bool {
	return r.person == o.person && r.record == o.record && r.purpose == o.purpose && r.since == o.since
}

// Due is what a round would do to what one record holds for one purpose.
type Due struct {
	Person, Record, Purpose string
	At                      time.Time // when it is due
	To                      string    // archive, erase or anonymise
	Categories              []string
}

// next says what follows a phase: the archive, or the purpose's end.
func next(k *network.Keep, phase string) string {
	if phase == phaseKept && k.Archive != nil {
		return "archive"
	}
	if k.AtEnd == network.AtEndAnonymise {
		return "anonymise"
	}
	return "erase"
}

// leaves says when a row leaves its phase under n, and whether it does at all as things stand.
func (r row) leaves(n *network.Network) (d Due, ever bool) {
	p, known := n.Purpose(r.purpose)
	if !known || p.Keep == nil || r.base == 0 {
		return d, false
	}
	return Due{Person: r.person, Record: r.record, Purpose: r.purpose, At: ends(p.Keep, r.phase, db.Time(r.base)), To: next(p.Keep, r.phase), Categories: slices.Clone(r.categories)}, true
}

// duePeople are those of whom something leaves its phase at or before now under n, for each purpose and phase at most limit rows of those that wait
// longest. The cost is what is due, not what is stored.
func duePeople(tx *db.Tx, n *network.Network, now time.Time, limit int) (people []string, err error) {
	for _, p := range n.Purposes {
		if p.Keep == nil {
			continue
		}
		for _, phase := range []string{phaseKept, phaseArchived} {
			found, err := db.List(tx, scanRow, "SELECT "+rowColumns+" FROM holding WHERE purpose = $1 AND phase = $2 AND base > 0 AND base <= $3 ORDER BY base LIMIT $4",
				p.ID, phase, db.Micros(reach(p.Keep, phase, now)), limit)
			if err != nil {
				return nil, err
			}
			for _, r := range found {
				if d, ever := r.leaves(n); ever && !d.At.After(now) {
					people = append(people, r.person)
				}
			}
		}
		if len(people) >= limit {
			break
		}
	}
	slices.Sort(people)
	return slices.Compact(people), nil
}

// due lists all that is due of people, so that each is dealt with once; before is all that they hold.
func due(tx *db.Tx, n *network.Network, now time.Time, people []string) (all []row, when []Due, before map[string][]row, err error) {
	if before, err = holdingsOf(tx, people...); err != nil {
		return nil, nil, nil, err
	}
	for _, person := range people {
		for _, r := range before[person] {
			if d, ever := r.leaves(n); ever && !d.At.After(now) {
				all, when = append(all, r), append(when, d)
			}
		}
	}
	return all, when, before, nil
}
