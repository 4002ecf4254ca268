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
	return &Engine{db: p.DB, vault: p.Vault, editions: p.Editions, holdings: p.Holdings, remains: p.Remains, endings: p.Endings, before: p.Before}
}

// Moved counts what a round did: records of a purpose.
type Moved struct{ Archived, Erased, Anonymised int64 }

func (m *Moved) add(o Moved) {
	m.Archived, m.Erased, m.Anonymised = m.Archived+o.Archived, m.Erased+o.Erased, m.Anonymised+o.Anonymised
}

// Why keys end.
const (
	causeRetention = "retention" // the file's time is over
	causeRight     = "right"     // the person asked: nothing of the kind is sealed for him again
	causeArchive   = "archive"   // it lies in the archive, under another key
)

// part is how many holdings one transaction moves: enough to share its sync, few enough to let others in between.
const part = 250

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
	if err := errors.Join(e.releaseDue(ctx), e.endStates(ctx, n), e.endRemainders(ctx, n)); err != nil {
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
	var all []string
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		clear(need)
		all = nil
		rows, when, err := due(tx, n, tx.Now(), part)
		if err != nil {
			return err
		}
		held, err := heldBy(tx, peopleOf(rows)...)
		for i, r := range rows {
			all = append(all, r.person)
			if when[i].To == "archive" || held(r.person, r.record) {
				need[r.person] = append(need[r.person], r.categories...)
			}
		}
		return err
	})
	if err != nil || len(all) == 0 {
		return done, 0, err
	}
	slices.Sort(all)
	rings, err := e.vault.Rings(ctx, slices.Compact(all)...)
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
		rows, when, err := due(tx, n, tx.Now(), part)
		found = len(rows)
		if err != nil || found == 0 {
			return err
		}
		done, err = e.move(tx, n, rows, when, rings)
		return err
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
func (e *Engine) move(tx *db.Tx, n *network.Network, rows []row, when []Due, rings map[string]*vault.Ring) (done Moved, err error) {
	people := peopleOf(rows)
	before, err := holdingsOf(tx, people...)
	if err != nil {
		return done, err
	}
	held, err := heldBy(tx, people...)
	if err != nil {
		return done, err
	}
	after := map[string][]row{}
	for p, all := range before {
		after[p] = slices.Clone(all)
	}
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
			err = tx.Send("UPDATE holding SET phase = 'archived' WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", r.person, r.record, r.purpose, r.since)
		case held(r.person, r.record):
			all[at].phase, all[at].base, all[at].purpose = phaseArchived, 0, legalHold
			err = tx.Send(`INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, $3, $4, 'archived', 0, $5)
				ON CONFLICT (person_id, record, purpose, since) DO UPDATE SET categories = holding.categories || ' ' || excluded.categories`, r.person, r.record, legalHold, r.since, strings.Join(r.categories, " "))
			if err == nil {
				err = remove(tx, r)
			}
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
			err = remove(tx, r)
		}
		if err != nil {
			return done, err
		}
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

// apply does to rows and keys what lies between two sets of holdings.
func (e *Engine) apply(tx *db.Tx, cause string, before, after map[string][]row, anonymous map[string]bool, rings map[string]*vault.Ring) error {
	var changes []change
	for person, rows := range before {
		byRecord := map[string][]row{}
		for _, r := range after[person] {
			byRecord[r.record] = append(byRecord[r.record], r)
		}
		was := map[string][]row{}
		for _, r := range rows {
			was[r.record] = append(was[r.record], r)
		}
		for record, rows := range was {
			now := states(byRecord[record])
			for c, s := range states(rows) {
				if now[c] < s {
					changes = append(changes, change{person: person, record: record, category: c, to: now[c], kept: anonymous[record]})
				}
			}
		}
		now := states(after[person])
		for c, s := range states(rows) {
			if now[c] < s {
				changes = append(changes, change{person: person, category: c, to: now[c], own: true})
			}
		}
	}
	slices.SortFunc(changes, func(a, b change) int {
		return strings.Compare(a.person+a.record+a.category, b.person+b.record+b.category)
	})
	of := map[string][]string{}
	for person, rows := range before {
		for _, r := range rows {
			if !slices.Contains(of[person], r.record) {
				of[person] = append(of[person], r.record)
			}
		}
	}
	for _, h := range e.holdings {
		if err := e.applyTo(tx, h, changes, of, rings); err != nil {
			return fmt.Errorf("%s: %w", h.Table, err)
		}
	}
	for _, r := range rings {
		if err := r.Assign(tx); err != nil {
			return err
		}
	}
	if err := e.leave(tx, changes); err != nil {
		return err
	}
	return promise(tx, cause, changes)
}

// rows is the condition that finds the rows of keys: of records of people, or of the people themselves and all their records.
func (h Holding) rows(args *[]any, people, records []string) string {
	var where []string
	if h.Only != "" {
		where = append(where, h.Only)
	}
	if h.Record == "" {
		where = append(where, h.Person+" IN ("+db.In(args, people)+")")
		if h.Near != "" && len(records) > 0 && !slices.ContainsFunc(people, func(p string) bool { return !strings.HasPrefix(p, "per_") }) {
			where = append(where, h.Near+" IN ("+db.In(args, records)+")")
		}
		return strings.Join(where, " AND ")
	}
	if h.Via != "" {
		where = append(where, fmt.Sprintf(h.Via, db.In(args, people)))
	}
	where = append(where, h.Record+" IN ("+db.In(args, records)+")")
	if h.Person != "" && h.Person != h.Record {
		where = append(where, h.Person+" IN ("+db.In(args, people)+")")
	}
	return strings.Join(where, " AND ")
}

// applyTo does to one table what the changes of its category ask. of are all records of each person.
func (e *Engine) applyTo(tx *db.Tx, h Holding, changes []change, of map[string][]string, rings map[string]*vault.Ring) error {
	if h.Record == "" && h.Person == "" {
		return nil // of nobody whom the house knows: an opposition, a blocked address
	}
	var ends []change
	for _, c := range changes {
		if c.category != string(h.Category) || c.own != (h.Record == "") {
			continue
		}
		switch {
		case c.to == gone && c.kept && h.structured():
		case c.to == gone:
			ends = append(ends, c)
		case c.to == archivedState && h.Find != nil:
			ends = append(ends, c) // what he was found by: the archive is searched by its files
		case c.to == archivedState:
			if err := e.archive(tx, h, c, of[c.person], rings[c.person]); err != nil {
				return err
			}
		}
	}
	if h.Find != nil {
		return e.found(tx, h, ends, rings)
	}
	for some := range slices.Chunk(ends, part) {
		var people, records []string
		for _, c := range some {
			people = append(people, c.person)
			if c.own {
				records = append(records, of[c.person]...)
			} else {
				records = append(records, c.record)
			}
		}
		if err := h.empty(tx, people, records, true); err != nil {
			return err
		}
	}
	return nil
}

// found deletes rows by what the person is known to have in them.
func (e *Engine) found(tx *db.Tx, h Holding, ends []change, rings map[string]*vault.Ring) error {
	for _, c := range ends {
		ring := rings[c.person]
		if ring == nil {
			if err := h.empty(tx, []string{c.person}, nil, true); err != nil {
				return err
			}
			continue
		}
		values, err := h.Find(tx, e.vault, ring, c.person)
		if err != nil {
			return err
		}
		if len(values) == 0 {
			continue
		}
		args := []any{c.person}
		if err := tx.Send("DELETE FROM "+h.Table+" WHERE "+h.Person+" = $1 AND "+h.Columns[0]+" IN ("+db.In(&args, values)+")", args...); err != nil {
			return err
		}
	}
	return nil
}

// structured says that a holding has no sealed column: choices from lists, which may stay when nobody is named any more.
func (h Holding) structured() bool { return len(h.Sealed()) == 0 && !h.Rows }

// empty takes the personal columns out of rows; without all, only those by which a person is found.
func (h Holding) empty(tx *db.Tx, people, records []string, all bool) error {
	var args []any
	if h.Rows && all {
		where := h.rows(&args, people, records)
		return tx.Send("DELETE FROM "+h.Table+" WHERE "+where, args...)
	}
	var set []string
	for _, c := range h.Columns {
		blank, fixed := h.Blank[c]
		switch sealed := strings.HasSuffix(c, "_sealed"); {
		case !all && (sealed || fixed || !strings.HasSuffix(c, "_bidx")):
		case fixed:
			set = append(set, c+" = "+blank)
		case sealed:
			args = append(args, []byte{})
			set = append(set, c+" = "+db.Mark(len(args)))
		default:
			set = append(set, c+" = ''")
		}
	}
	if len(set) == 0 {
		return nil
	}
	where := h.rows(&args, people, records)
	return tx.Send("UPDATE "+h.Table+" SET "+strings.Join(set, ", ")+" WHERE "+where, args...)
}

// archive seals the values of one record's rows again, under the archive's key, and takes away what they are found by.
func (e *Engine) archive(tx *db.Tx, h Holding, c change, records []string, ring *vault.Ring) error {
	if ring == nil {
		return errors.New("privacy: no ring to archive with")
	}
	sealed, people := h.Sealed(), []string{c.person}
	if !c.own {
		records = []string{c.record}
	}
	if len(sealed) > 0 {
		type value struct {
			row    string
			column []byte
		}
		for _, c := range sealed {
			var args []any
			where := h.rows(&args, people, records)
			values, err := db.List(tx, func(s db.Scanner) (v value, err error) { err = s.Scan(&v.row, &v.column); return }, "SELECT "+h.row()+", "+c+" FROM "+h.Table+" WHERE "+where, args...)
			if err != nil {
				return err
			}
			for _, v := range values {
				if len(v.column) == 0 {
					continue
				}
				again, err := ring.Archive(string(h.Category), vault.Place{Table: h.Table, Column: c, Row: v.row}, v.column)
				if err != nil {
					return err
				}
				if err := tx.Send("UPDATE "+h.Table+" SET "+c+" = $2 WHERE "+h.row()+" = $1", v.row, again); err != nil {
					return err
				}
			}
		}
		return h.empty(tx, people, records, false)
	}
	if h.Rows && slices.ContainsFunc(h.Columns, func(c string) bool { return strings.HasSuffix(c, "_bidx") }) {
		return h.empty(tx, people, records, true) // a word by which he was found: the archive is searched by its files
	}
	return nil
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
	for _, c := range changes {
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
	for _, l := range order {
		if err := tx.Send("INSERT INTO key_end (id, at, person_id, record, categories, cause) VALUES ($1, $2, $3, $4, $5, $6)",
			tx.NewID("end"), db.Micros(tx.Now()), l.person, l.record, strings.Join(ends[l], " "), l.cause); err != nil {
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
		var keys []vault.End
		for i, k := range lines {
			ids[i] = k.ID
			if k.Record == "" {
				keys = append(keys, vault.End{Person: k.Person, Categories: k.Categories})
			}
		}
		if err := e.endings.Append(lines...); err != nil {
			return fmt.Errorf("privacy: the ledger of erasures: %w", err)
		}
		if _, err := e.vault.EraseAll(ctx, keys...); err != nil {
			return err
		}
		err = e.db.Write(ctx, func(tx *db.Tx) error {
			for _, k := range lines {
				if k.Record == "" && k.Cause != causeRight {
					if err := vault.Vacate(tx, k.Person, k.Categories...); err != nil {
						return err
					}
				}
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
