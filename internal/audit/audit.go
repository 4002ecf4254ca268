// Package audit keeps who did what to what: append-only lines of plain ids, written in the transaction of the act. No audit, no action.
//
// A line never holds a personal value; what changed is told by ids and words ("price", "3600"). Reading contact details is an act.
package audit

import (
	"context"
	"strconv"
	"strings"
	"time"

	"entremise/internal/db"
)

// Line is one act. Actor is an account, "system", or "link" for a holder of a private link; Object is what was acted upon.
type Line struct {
	ID      string
	At      int64 // business microseconds
	Machine int64 // real microseconds
	Actor   string
	Role    string
	Action  string
	Object  string
	Refused bool
	Detail  string
}

// Outcome is the word of the trail for what came of an act: done or refused.
func (l Line) Outcome() string {
	if l.Refused {
		return "refused"
	}
	return "done"
}

// Write adds a line in tx. A refusal is written in a small transaction of its own, because the act's is given up.
func Write(tx *db.Tx, actor, role, action, object, detail string) error {
	return insert(tx, Line{Actor: actor, Role: role, Action: action, Object: object, Detail: detail})
}

// Held writes in tx that the software refused to do something by itself, with the rule that forbade it: the transaction goes on without it.
func Held(tx *db.Tx, actor, role, action, object, why string) error {
	return insert(tx, Line{Actor: actor, Role: role, Action: action, Object: object, Refused: true, Detail: why})
}

// renewal is for how long, in machine time, a page that renews itself is still the reading that it began with.
const renewal = 10 * time.Minute

// Read notes that somebody read an object, in a transaction of its own: no line, no reading, so the caller gives up on its error. A page that
// asks again by itself (renewed) leaves a line only when the last one of the same reader, action and object is older than ten minutes: the
// trail tells people's readings and for how long they lasted, and a renewal of what nobody opened leaves a line like any other.
func Read(ctx context.Context, d *db.DB, actor, role, action, object string, renewed bool) error {
	if renewed {
		var known int64
		err := d.Read(ctx, func(tx *db.Tx) (err error) {
			known, err = db.Value[int64](tx, "SELECT count(*) FROM audit WHERE object = $1 AND actor = $2 AND action = $3 AND outcome = 'done' AND machine_at > $4",
				object, actor, action, db.Micros(tx.Machine().Add(-renewal)))
			return err
		})
		if err != nil || known > 0 {
			return err
		}
	}
	return d.WriteGuarded(ctx, func(tx *db.Tx) error { return Write(tx, actor, role, action, object, "") })
}

// Refuse records that an act was refused, durably, and answers the error of the refusal, or the outage that kept it from being recorded.
func Refuse(ctx context.Context, d *db.DB, actor, role, action, object string, refusal error, why string) error {
	err := d.WriteGuarded(ctx, func(tx *db.Tx) error {
		return insert(tx, Line{Actor: actor, Role: role, Action: action, Object: object, Refused: true, Detail: why})
	})
	if err != nil {
		return err
	}
	return refusal
}

func insert(tx *db.Tx, l Line) error {
	return tx.Send(`INSERT INTO audit (id, at, machine_at, actor, role, action, object, outcome, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		tx.NewID("aud"), db.Micros(tx.Now()), db.Micros(tx.Machine()), l.Actor, l.Role, l.Action, l.Object, l.Outcome(), l.Detail)
}

// Page is a cursor: lines before (At, ID), newest first. The zero Page starts at the newest.
type Page struct {
	At     int64
	ID     string
	Object string   // only lines about this object; empty for all
	About  []string // only lines about one of these; nil for all
	From   int64    // only lines of this instant or later, in microseconds; 0 for all
	Until  int64    // only lines before this instant; 0 for all
	Actors []string // only lines of one of these; nil for all
	Action string   // only this action, or with a final dot every action that begins so: "request."
}

// List returns at most n lines, newest first, and the Page that follows when there may be more.
func List(tx *db.Tx, p Page, n int) ([]Line, *Page, error) {
	if p.At == 0 {
		p.At, p.ID = 1<<62, "~"
	}
	args := []any{p.At, p.ID, n}
	where := "(at < $1 OR at = $1 AND id < $2)"
	add := func(clause string, v string) {
		args = append(args, v)
		where += " AND " + strings.ReplaceAll(clause, "?", "$"+strconv.Itoa(len(args)))
	}
	if p.Object != "" {
		add("object = ?", p.Object)
	}
	if p.Actors != nil {
		where += " AND actor IN (" + db.In(&args, p.Actors) + ")"
	}
	if p.About != nil {
		where += " AND object IN (" + db.In(&args, p.About) + ")"
	}
	if p.From > 0 {
		args = append(args, p.From)
		where += " AND at >= " + db.Mark(len(args))
	}
	if p.Until > 0 {
		args = append(args, p.Until)
		where += " AND at < " + db.Mark(len(args))
	}
	if strings.HasSuffix(p.Action, ".") {
		add("substr(action, 1, "+strconv.Itoa(len(p.Action))+") = ?", p.Action)
	} else if p.Action != "" {
		add("action = ?", p.Action)
	}
	lines, err := db.List(tx, func(s db.Scanner) (l Line, err error) {
		var outcome string
		err = s.Scan(&l.ID, &l.At, &l.Machine, &l.Actor, &l.Role, &l.Action, &l.Object, &outcome, &l.Detail)
		l.Refused = outcome == "refused"
		return l, err
	}, "SELECT id, at, machine_at, actor, role, action, object, outcome, detail FROM audit WHERE "+where+" ORDER BY at DESC, id DESC LIMIT $3", args...)
	if err != nil || len(lines) < n {
		return lines, nil, err
	}
	last := lines[len(lines)-1]
	p.At, p.ID = last.At, last.ID
	return lines, &p, nil
}

// Actions lists every action that was ever written, by name: for a filter.
func Actions(tx *db.Tx) ([]string, error) {
	return db.Values[string](tx, "SELECT DISTINCT action FROM audit ORDER BY action")
}
