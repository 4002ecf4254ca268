package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Engine executes what the network file says of durations: what is held is archived, erased or made anonymous when its time has come, by rule,
// and never before the last purpose, or a legal hold, lets go of it. Safe for concurrent use; several nodes may sweep at once.
//
// The order of every erasure is the same: rows are emptied and the end of the keys is promised (key_end) in one transaction, then the ledger of
// erasures is written outside the backup set, then the keys are destroyed, then the promise is deleted. A crash in between leaves a promise
// that the next round keeps.
type Engine struct {
	db       *db.DB
	vault    *vault.Vault
	editions *edition.Store
	holdings []Holding
	remains  map[string]Remains
	endings  Endings
	spent    []auth.Spent
	before   func(ctx context.Context, person string, scope Scope) error
}

// Remains is what a room leaves of records that become of nobody, once their personal columns are emptied. It runs in the transaction that
// empties them. kept says whether structured choices stay (anonymise) or go too (erase).
type Remains func(tx *db.Tx, records []string, kept bool) error

// Parts are what an Engine stands on. Remains are by the prefix of a record's id. Before ends what a person has open that cannot go on without what
// an erasure on demand takes; it runs first, outside of its transaction, and may run again.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Holdings []Holding
	Spent    []auth.Spent
	Remains  map[string]Remains
	Endings  Endings
	Before   func(ctx context.Context, person string, scope Scope) error
}

// NewEngine puts an engine together.
func NewEngine(p Parts) *Engine {
	if p.Endings == nil {
		p.Endings = nowhere{}
	}
	if p.Before == nil {
		p.Before = func(context.Context, string, Scope) error { return nil }
	}
	return &Engine{db: p.DB, vault: p.Vault, editions: p.Editions, holdings: p.Holdings, spent: p.Spent, remains: p.Remains, endings: p.Endings, before: p.Before}
}

// Moved counts what a round did: records of a purpose, those of them that came to their end and are kept by a legal hold, and rows forgotten that had
// served.
type Moved struct{ Archived, Erased, Anonymised, Held, Forgotten int64 }

func (m *Moved) add(o Moved) {
	m.Archived, m.Erased, m.Anonymised = m.Archived+o.Archived, m.Erased+o.Erased, m.Anonymised+o.Anonymised
	m.Held, m.Forgotten = m.Held+o.Held, m.Forgotten+o.Forgotten
}

// note leaves a line of the trail for each sort of step that a round took, with the number of records: what moves by the file's time is as visible as
// what somebody did (WA-14). Nobody is named: who reached the end of his time is what a trail must not remember.
func (m Moved) note(tx *db.Tx) (err error) {
	for _, step := range []struct {
		action string
		count  int64
	}{{"retention.archive", m.Archived}, {"retention.erase", m.Erased}, {"retention.anonymise", m.Anonymised}} {
		if step.count > 0 {
			err = errors.Join(err, audit.Write(tx, auth.Machine.Name(), string(auth.System), step.action, "", strconv.FormatInt(step.count, 10)))
		}
	}
	return err
}

// Why keys end.
const (
	causeRetention = "retention" // the file's time is over
	causeRight     = "right"     // the person asked: nothing of the kind is sealed for him again
	causeArchive   = "archive"   // it lies in the archive, under another key
)

// part is how many holdings one transaction moves: enough to share its sync, few enough to let others in between (about 50 ms).
const part = 500

// Sweep moves everything that is due now, and keeps the promises of rounds that were cut off.
func (e *Engine) Sweep(ctx context.Context) error {
	_, err := e.Run(ctx)
	return err
}

// Run is Sweep, and answers what it did.
func (e *Engine) Run(ctx context.Context) (done Moved, err error) {
	n, err := e.editions.InForce(ctx)
	if err != nil {
		return done, err
	}
	if err := errors.Join(e.releaseDue(ctx), e.holdAccounts(ctx, n), e.endStates(ctx, n), e.endRemainders(ctx, n)); err != nil {
		return done, err
	}
	if done.Forgotten, err = e.forgetSpent(ctx, n); err != nil {
		return done, err
	}
	for ctx.Err() == nil {
		moved, found, err := e.round(ctx, n)
		if err != nil {
			return done, err
		}
		done.add(moved)
		if found == 0 {
			return done, e.endKeys(ctx)
		}
	}
	return done, ctx.Err()
}

// round moves one part of what is due, in one transaction.
func (e *Engine) round(ctx context.Context, n *network.Network) (done Moved, found int, err error) {
	// Rings are loaded before the transaction, so the part is chosen before it and looked at again in it.
	need := map[string][]string{}
	var people []string
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		clear(need)
		if people, err = duePeople(tx, n, tx.Now(), part); err != nil {
			return err
		}
		rows, when, _, err := due(tx, n, tx.Now(), people)
		if err != nil {
			return err
		}
		held, err := heldBy(tx, people...)
		for i, r := range rows {
			if err == nil && (when[i].To == "archive" || held(r.person, r.record)) {
				need[r.person] = append(need[r.person], r.categories...)
			}
		}
		return err
	})
	if err != nil || len(people) == 0 {
		return done, 0, err
	}
	rings, err := e.vault.Rings(ctx, people...)
	if err != nil {
		return done, 0, err
	}
	for p, categories := range need {
		if rings[p], err = e.vault.ArchiveRing(ctx, p, categories...); err != nil {
			return done, 0, err
		}
	}
	err = e.db.Write(ctx, func(tx *db.Tx) error {
		done = Moved{}
		rows, when, before, err := due(tx, n, tx.Now(), people)
		found = len(rows)
		if err != nil || found == 0 {
			return err
		}
		if done, err = e.move(tx, n, rows, when, before, rings); err != nil {
			return err
		}
		return done.note(tx)
	})
	return done, found, err
}

// change is what becomes of a category of one record, and of the person's own rows of that category.
type change struct {
	person, record, category string
	to                       state
	own                      bool // of the person's own rows
	kept                     bool // structured choices stay
}

// move takes rows out of their phase: what no purpose keeps any more is archived or emptied.
func (e *Engine) move(tx *db.Tx, n *network.Network, rows []row, when []Due, before map[string][]row, rings map[string]*vault.Ring) (done Moved, err error) {
	people := peopleOf(rows)
	held, err := heldBy(tx, people...)
	if err != nil {
		return done, err
	}
	after := map[string][]row{}
	for p, all := range before {
		after[p] = slices.Clone(all)
	}
	var over, past []row
	anonymous := map[string]bool{} // records whose ending purpose keeps structured choices
	for i, r := range rows {
		all := after[r.person]
		at := slices.IndexFunc(all, r.same)
		if at < 0 {
			return done, fmt.Errorf("privacy: holding of %s moved away under its own transaction", r.record)
		}
		to := when[i].To
		if (to == "archive" || held(r.person, r.record)) && !rings[r.person].Has(r.categories...) {
			continue // it became due since the rings were loaded
		}
		switch {
		case to == "archive":
			all[at].phase = phaseArchived
			done.Archived++
			past = append(past, r)
		case held(r.person, r.record):
			all[at].phase, all[at].base, all[at].purpose = phaseArchived, 0, legalHold
			done.Held++
			err = tx.Send(`INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, $3, $4, 'archived', 0, $5)
				ON CONFLICT (person_id, record, purpose, since) DO UPDATE SET categories = holding.categories || ' ' || excluded.categories`, r.person, r.record, legalHold, r.since, strings.Join(r.categories, " "))
			over = append(over, r)
		default:
			after[r.person] = slices.Delete(all, at, at+1)
			if err := e.remain(tx, n, r); err != nil {
				return done, err
			}
			if to == "anonymise" {
				anonymous[r.record] = true
				done.Anonymised++
			} else {
				done.Erased++
			}
			over = append(over, r)
		}
		if err != nil {
			return done, err
		}
	}
	if err := errors.Join(onRows(tx, "DELETE FROM holding", before, over), onRows(tx, "UPDATE holding SET phase = 'archived'", before, past)); err != nil {
		return done, err
	}
	return done, e.apply(tx, causeRetention, before, after, anonymous, rings)
}

func peopleOf(rows []row) []string {
	people := make([]string, len(rows))
	for i, r := range rows {
		people[i] = r.person
	}
	slices.Sort(people)
	return slices.Compact(people)
}

func remove(tx *db.Tx, r row) error {
	return tx.Send("DELETE FROM holding WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", r.person, r.record, r.purpose, r.since)
}

// onRows does something to rows, one statement for many people: those of whom before has no other row of the purpose and phase. What the rows are
// found by stays the person, whatever an optimiser thinks of the purpose.
func onRows(tx *db.Tx, do string, before map[string][]row, rows []row) error {
	type step struct{ purpose, phase string }
	of := map[step]map[string]int{}
	for _, r := range rows {
		s := step{r.purpose, r.phase}
		if of[s] == nil {
			of[s] = map[string]int{}
		}
		of[s][r.person]++
	}
	several := func(s step, person string) bool {
		n := 0
		for _, r := range before[person] {
			if r.purpose == s.purpose && r.phase == s.phase {
				n++
			}
		}
		return n != of[s][person]
	}
	for s, people := range of {
		var together []string
		for p := range people {
			if !several(s, p) {
				together = append(together, p)
			}
		}
		slices.Sort(together)
		for some := range slices.Chunk(together, part) {
			var args []any
			q := do + " WHERE person_id IN (" + db.In(&args, some) + ")"
			args = append(args, s.purpose, s.phase)
			if err := tx.Send(q+" AND purpose || '' = "+db.Mark(len(args)-1)+" AND phase || '' = "+db.Mark(len(args)), args...); err != nil {
				return err
			}
		}
	}
	for _, r := range rows {
		if several(step{r.purpose, r.phase}, r.person) {
			if err := tx.Send(do+" WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", r.person, r.record, r.purpose, r.since); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdingsOf are all rows of people, by person.
func holdingsOf(tx *db.Tx, people ...string) (map[string][]row, error) {
	out := map[string][]row{}
	for some := range slices.Chunk(people, 200) {
		var args []any
		all, err := db.List(tx, scanRow, "SELECT "+rowColumns+" FROM holding WHERE person_id IN ("+db.In(&args, some)+")", args...)
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			out[r.person] = append(out[r.person], r)
		}
	}
	return out, nil
}

// leave lets rooms decide what remains of records once nothing says any more what was asked in them.
func (e *Engine) leave(tx *db.Tx, changes []change) error {
	type end struct {
		prefix string
		kept   bool
	}
	over := map[end][]string{}
	for _, c := range changes {
		if c.own || c.to != gone || c.category != string(network.DataNeed) {
			continue
		}
		prefix, _, _ := strings.Cut(c.record, "_")
		over[end{prefix, c.kept}] = append(over[end{prefix, c.kept}], c.record)
	}
	for k, records := range over {
		if f := e.remains[k.prefix]; f != nil {
			if err := f(tx, records, k.kept); err != nil {
				return err
			}
		}
	}
	return nil
}

// promise notes in tx what the ledger will say: records whose values were emptied, and keys that are to be destroyed because a person has
// nothing of a category any more, or has it in the archive only.
func promise(tx *db.Tx, cause string, changes []change) error {
	type line struct{ person, record, cause string }
	ends := map[line][]string{}
	var order []line
	whole := map[[2]string]bool{} // a person's category that is gone: what the sweep empties with it needs no line of its own
	for _, c := range changes {
		if cause == causeRetention && c.own && c.to == gone {
			whole[[2]string{c.person, c.category}] = true
		}
	}
	for _, c := range changes {
		if !c.own && whole[[2]string{c.person, c.category}] {
			continue
		}
		l, categories := line{c.person, "", cause}, []string{c.category, vault.Archived(c.category)}
		switch {
		case !c.own && c.to == gone:
			l.record, categories = c.record, categories[:1]
		case !c.own:
			continue
		case c.to == archivedState:
			l.cause, categories = causeArchive, categories[:1]
		}
		if ends[l] == nil {
			order = append(order, l)
		}
		ends[l] = append(ends[l], categories...)
	}
	for some := range slices.Chunk(order, 100) {
		rows := make([][]any, len(some))
		for i, l := range some {
			rows[i] = []any{tx.NewID("end"), db.Micros(tx.Now()), l.person, l.record, strings.Join(ends[l], " "), l.cause}
		}
		marks, args := db.Rows(rows...)
		if err := tx.Send("INSERT INTO key_end (id, at, person_id, record, categories, cause) VALUES "+marks, args...); err != nil {
			return err
		}
	}
	return nil
}

// endKeys keeps the promises: the ledger first, then the keys, then the promise itself.
func (e *Engine) endKeys(ctx context.Context) error {
	for ctx.Err() == nil {
		var lines []Ending
		err := e.db.Read(ctx, func(tx *db.Tx) (err error) {
			lines, err = db.List(tx, func(s db.Scanner) (k Ending, err error) {
				var at int64
				var categories string
				err = s.Scan(&k.ID, &at, &k.Person, &k.Record, &categories, &k.Cause)
				k.At, k.Categories = db.Time(at), strings.Fields(categories)
				return k, err
			}, "SELECT id, at, person_id, record, categories, cause FROM key_end ORDER BY at, id LIMIT 500")
			return err
		})
		if err != nil || len(lines) == 0 {
			return err
		}
		ids := make([]string, len(lines))
		var keys, over []vault.End // over: of those that may have successors
		for i, k := range lines {
			ids[i] = k.ID
			if k.Record != "" {
				continue
			}
			keys = append(keys, vault.End{Person: k.Person, Categories: k.Categories})
			if k.Cause != causeRight {
				over = append(over, keys[len(keys)-1])
			}
		}
		if err := e.endings.Append(lines...); err != nil {
			return fmt.Errorf("privacy: the ledger of erasures: %w", err)
		}
		if _, err := e.vault.EraseAll(ctx, keys...); err != nil {
			return err
		}
		err = e.db.Write(ctx, func(tx *db.Tx) error {
			if err := vault.Vacate(tx, over...); err != nil {
				return err
			}
			if err := tx.Send("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", settingLast, lines[len(lines)-1].ID); err != nil {
				return err
			}
			var args []any
			if err := tx.Send("DELETE FROM key_end WHERE id IN ("+db.In(&args, ids)+")", args...); err != nil {
				return err
			}
			return audit.Write(tx, auth.Machine.Name(), string(auth.System), "retention.end", "", strconv.Itoa(len(ids)))
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
