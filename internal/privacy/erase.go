package privacy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// settingLast is the last line that the ledger of erasures had when this database last wrote one: a restored database asks for a ledger that
// knows it.
const settingLast = "endings.last"

// Scope is what a person asks to erase: everything, or what he names (ET-127, ET-128).
type Scope struct {
	Records    []string           // ids; all when there is none
	Categories []network.Category // all when there is none
}

// Covers reports whether a record is in scope.
func (s Scope) Covers(record string) bool {
	return len(s.Records) == 0 || slices.Contains(s.Records, record)
}

func (s Scope) splits(categories []string) (in, out []string) {
	for _, c := range categories {
		if len(s.Categories) == 0 || slices.Contains(s.Categories, network.Category(c)) {
			in = append(in, c)
		} else {
			out = append(out, c)
		}
	}
	return in, out
}

// Survivor is what is kept after an erasure, and why.
type Survivor struct {
	Record     string
	Purpose    string // id in the network file, or legal-hold
	Categories []string
	Until      time.Time // zero while a hold lasts
}

// Erasure is what was done for a person.
type Erasure struct {
	Person  string
	At      time.Time
	Erased  []string // record and category, as "req_… need"
	Kept    []Survivor
	Records []string // whose recipients are to be told (GDPR art. 19)
}

// Foresee says what Erase would do, and does nothing.
func (e *Engine) Foresee(ctx context.Context, person string, scope Scope) (out Erasure, err error) {
	n, err := e.editions.InForce(ctx)
	if err != nil {
		return out, err
	}
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		out, _, _, err = e.plan(tx, n, person, scope)
		return err
	})
	return out, err
}

// Erase executes the right to erasure (GDPR art. 17; RN-104, WA-50, ET-127, AQ-57): what cannot go on without the data ends first, rows are emptied and keys destroyed at once, in every
// backup too. What law obliges to keep, and what a legal hold keeps, is sealed again in the archive under its own key before, and is answered. A
// person of whom nothing is held is a fault of kind Missing; doing it twice changes nothing more.
func (e *Engine) Erase(ctx context.Context, actor auth.Actor, person string, scope Scope, why string) (out Erasure, err error) {
	if err := actor.May(auth.PersonErase); err != nil {
		return out, err
	}
	n, err := e.editions.InForce(ctx)
	if err != nil {
		return out, err
	}
	if err := e.before(ctx, person, scope); err != nil {
		return out, err
	}
	ring, err := e.vault.ArchiveRing(ctx, person)
	if err != nil {
		return out, err
	}
	foreseen, err := e.Foresee(ctx, person, scope)
	if err != nil {
		return out, err
	}
	needles, err := e.needles(ctx, person, foreseen)
	if err != nil {
		return out, err
	}
	var keep []string
	for _, s := range foreseen.Kept {
		for _, c := range s.Categories {
			keep = append(keep, vault.Archived(c))
		}
	}
	if err := e.vault.Add(ctx, ring, keep...); err != nil {
		return out, err
	}
	err = e.db.Write(ctx, func(tx *db.Tx) error {
		var before, after map[string][]row
		out, before, after, err = e.plan(tx, n, person, scope)
		if err != nil {
			return err
		}
		if len(before[person]) == 0 {
			return fault.New(fault.Missing, "nothing-held", fault.T("Rien n’est conservé sur cette personne.", "Nothing is kept about this person."))
		}
		for _, s := range out.Kept {
			if !ring.Has(s.Categories...) {
				return fault.New(fault.Conflict, "holds-more", fault.T("Les données de cette personne viennent de changer. Recommencez.", "This person’s data has just changed. Try again."))
			}
		}
		if err := tx.Send("DELETE FROM holding WHERE person_id = $1", person); err != nil {
			return err
		}
		for _, r := range after[person] {
			if err := tx.Send("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, $3, $4, $5, $6, $7)",
				r.person, r.record, r.purpose, r.since, r.phase, r.base, strings.Join(r.categories, " ")); err != nil {
				return err
			}
		}
		if err := e.apply(tx, causeRight, before, after, nil, map[string]*vault.Ring{person: ring}); err != nil {
			return err
		}
		if err := e.announce(tx, actor, out, why, needles); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.PersonErase), "person.erase", person, why)
	})
	if err != nil {
		return out, err
	}
	return out, e.endKeys(ctx)
}

// plan says which holdings an erasure leaves: those that law obliges to keep and those under a hold, in the archive from now on.
func (e *Engine) plan(tx *db.Tx, n *network.Network, person string, scope Scope) (out Erasure, before, after map[string][]row, err error) {
	out = Erasure{Person: person, At: tx.Now()}
	if before, err = holdingsOf(tx, person); err != nil {
		return out, nil, nil, err
	}
	held, err := heldBy(tx, person)
	if err != nil {
		return out, nil, nil, err
	}
	after = map[string][]row{person: nil}
	put := func(r row) {
		at := slices.IndexFunc(after[person], r.same)
		if at < 0 {
			after[person] = append(after[person], r)
			return
		}
		all := append(slices.Clone(after[person][at].categories), r.categories...)
		slices.Sort(all)
		after[person][at].categories = slices.Compact(all)
	}
	for _, r := range before[person] {
		in, rest := scope.splits(r.categories)
		if !scope.Covers(r.record) || len(in) == 0 {
			put(r)
			continue
		}
		if len(rest) > 0 {
			part := r
			part.categories = rest
			put(part)
		}
		p, known := n.Purpose(r.purpose)
		stays := r
		stays.categories, stays.phase = in, phaseArchived
		switch {
		case r.purpose == legalHold:
			put(stays)
		case known && p.Keep != nil && p.Basis == network.BasisLegal:
			if stays.base == 0 {
				stays.base = db.Micros(tx.Now())
			}
			if len(rest) > 0 { // the rest of the row keeps its phase, and two rows of one purpose may not begin together
				stays.since++
			}
			put(stays)
			out.Kept = append(out.Kept, Survivor{Record: r.record, Purpose: r.purpose, Categories: in, Until: ends(p.Keep, phaseArchived, db.Time(stays.base))})
			continue
		case held(r.person, r.record):
			stays.purpose, stays.base = legalHold, 0
			put(stays)
		default:
			continue
		}
		out.Kept = append(out.Kept, Survivor{Record: r.record, Purpose: legalHold, Categories: in})
	}
	byRecord := map[string][]row{}
	was := map[string][]row{}
	for _, r := range after[person] {
		byRecord[r.record] = append(byRecord[r.record], r)
	}
	for _, r := range before[person] {
		was[r.record] = append(was[r.record], r)
	}
	for record, rows := range was {
		now := states(byRecord[record])
		for c := range states(rows) {
			if now[c] == gone {
				out.Erased = append(out.Erased, record+" "+c)
				out.Records = append(out.Records, record)
			}
		}
	}
	slices.Sort(out.Erased)
	slices.Sort(out.Records)
	out.Records = slices.Compact(out.Records)
	return out, before, after, nil
}

// Value is one sealed value of a person, opened, or how it is lost.
type Value struct {
	Table, Column, Row string
	Category           network.Category
	Text               string // printable text; empty for sound and pictures
	Bytes              int    // length of what is sealed
	State              string // open, archived, erased
	Archived           bool   // it lies in the archive, whether or not it was opened
}

// IsKey reports whether it is the key of a deposit or the salt of a proof: it ends with the person's data, and tells nobody anything about him.
func (v Value) IsKey() bool { return v.Column == "key_sealed" || v.Column == "salt_sealed" }

// Trace is everything that stands about a person.
type Trace struct {
	Person   string
	Holdings []Held
	Values   []Value
}

// Held is what a record holds for a purpose.
type Held struct {
	Record, Purpose string
	Since           time.Time
	Archived        bool
	Until           time.Time // of its present phase; zero while what it waits for lasts, or a hold
	Categories      []string
}

// Trace reads everything that the declared holdings have about a person, opened with his keys, those of the archive only when it is asked for.
// Its caller has checked who asks, and leaves the audit line. It never changes anything.
func (e *Engine) Trace(ctx context.Context, person string, archive bool) (out Trace, err error) {
	return e.trace(ctx, person, "", archive)
}

// TraceRecord is Trace for one record of a person alone: what is held under it, the messages about it, or the one row of that id.
func (e *Engine) TraceRecord(ctx context.Context, person, record string) (Trace, error) {
	return e.trace(ctx, person, record, false)
}

func (e *Engine) trace(ctx context.Context, person, only string, archive bool) (out Trace, err error) {
	n, err := e.editions.InForce(ctx)
	if err != nil {
		return out, err
	}
	ring, err := e.vault.Ring(ctx, person)
	if archive && err == nil {
		ring, err = e.vault.ArchiveRing(ctx, person)
	}
	if err != nil {
		return out, err
	}
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		out = Trace{Person: person}
		rows, err := holdingsOf(tx, person)
		if err != nil {
			return err
		}
		records := []string{}
		for _, r := range rows[person] {
			if only != "" && r.record != only {
				continue
			}
			records = append(records, r.record)
			h := Held{Record: r.record, Purpose: r.purpose, Since: db.Time(r.since), Archived: r.phase == phaseArchived, Categories: r.categories}
			if p, ok := n.Purpose(r.purpose); ok && p.Keep != nil && r.base > 0 {
				h.Until = ends(p.Keep, r.phase, db.Time(r.base))
			}
			out.Holdings = append(out.Holdings, h)
		}
		slices.SortFunc(out.Holdings, func(a, b Held) int { return strings.Compare(a.Record+a.Purpose, b.Record+b.Purpose) })
		slices.Sort(records)
		for _, h := range e.holdings {
			values, err := h.values(tx, ring, person, only, slices.Compact(records))
			if err != nil {
				return fmt.Errorf("%s: %w", h.Table, err)
			}
			out.Values = append(out.Values, values...)
		}
		return nil
	})
	return out, err
}

// values opens what a holding has of a person, or of one record of his: of rows that are the person's own, those that are that record or are about it.
func (h Holding) values(tx *db.Tx, ring *vault.Ring, person, only string, records []string) (all []Value, err error) {
	if h.Person == "" || h.Record != "" && len(records) == 0 {
		return nil, nil
	}
	for _, c := range h.Sealed() {
		var args []any
		where := h.rows(&args, []string{person}, records)
		if only != "" && h.Record == "" {
			args = append(args, only)
			one := h.row() + " = " + db.Mark(len(args))
			if h.Near != "" {
				one += " OR " + h.Near + " = " + db.Mark(len(args))
			}
			where += " AND (" + one + ")"
		}
		err := db.Each(tx, func(s db.Scanner) error {
			v := Value{Table: h.Table, Column: c, Category: h.Category}
			var sealed []byte
			if err := s.Scan(&v.Row, &sealed); err != nil {
				return err
			}
			if len(sealed) == 0 {
				return nil
			}
			plain, err := ring.Open(string(h.Category), vault.Place{Table: h.Table, Column: c, Row: v.Row}, sealed)
			v.Bytes, v.Archived = len(plain), vault.IsArchived(sealed)
			switch {
			case errors.Is(err, vault.ErrArchived):
				v.State = "archived"
			case errors.Is(err, vault.ErrErased):
				v.State = "erased"
			case errors.Is(err, vault.ErrForged):
				v.State = "erased"
				return fmt.Errorf("%s of %s: %w", c, v.Row, err)
			case err != nil:
				return err
			default:
				v.State = "open"
				if text := string(plain); printable(text) {
					v.Text = text
				}
			}
			all = append(all, v)
			return nil
		}, "SELECT "+h.row()+", "+c+" FROM "+h.Table+" WHERE "+where+" ORDER BY "+h.row(), args...)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func printable(s string) bool {
	return len(s) < 1<<16 && strings.IndexFunc(s, func(r rune) bool { return r == '\uFFFD' || r < ' ' && r != '\n' && r != '\t' && r != '\r' }) < 0
}
