package privacy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entremise/internal/db"
	"entremise/internal/vault"
)

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
		return cmp.Or(strings.Compare(a.person, b.person), strings.Compare(a.record, b.record), strings.Compare(a.category, b.category))
	})
	of := map[string][]string{}
	for person, rows := range before {
		for _, r := range rows {
			if !slices.Contains(of[person], r.record) {
				of[person] = append(of[person], r.record)
			}
		}
	}
	if err := e.applyAll(tx, changes, of, rings); err != nil {
		return err
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

// applyAll does to every table what changes ask. of are all records of each person.
func (e *Engine) applyAll(tx *db.Tx, changes []change, of map[string][]string, rings map[string]*vault.Ring) error {
	by := map[kind][]change{}
	for _, c := range changes {
		k := kind{c.category, c.own}
		by[k] = append(by[k], c)
	}
	for i, next := 0, 0; i < len(e.holdings); i = next {
		for next = i + 1; next < len(e.holdings) && e.holdings[i].beside(e.holdings[next]); next++ {
		}
		if err := e.applyTo(tx, e.holdings[i:next], by, of, rings); err != nil {
			return fmt.Errorf("%s: %w", e.holdings[i].Table, err)
		}
	}
	return nil
}

// kind is what changes are looked up by: a category of records, or of the people's own rows.
type kind struct {
	category string
	own      bool
}

// beside reports whether two holdings are columns of the same rows, so that one statement may empty both.
func (h Holding) beside(o Holding) bool {
	return h.Find == nil && o.Find == nil && !h.Rows && !o.Rows && h.Table == o.Table && h.Person == o.Person && h.Record == o.Record && h.Near == o.Near && h.Via == o.Via && h.Only == o.Only
}

// applyTo does to the rows of one table what the changes of their categories ask.
func (e *Engine) applyTo(tx *db.Tx, together []Holding, by map[kind][]change, of map[string][]string, rings map[string]*vault.Ring) error {
	type rows struct{ person, record string }
	which := map[rows]uint64{} // a bit for each holding that ends in them
	var order []rows
	for i, h := range together {
		if h.Record == "" && h.Person == "" {
			continue // of nobody whom the house knows: an opposition, a blocked address
		}
		var ends []change
		for _, c := range by[kind{string(h.Category), h.Record == ""}] {
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
			if err := e.found(tx, h, ends, rings); err != nil {
				return err
			}
			continue
		}
		for _, c := range ends {
			r := rows{c.person, c.record}
			if which[r] == 0 {
				order = append(order, r)
			}
			which[r] |= 1 << i
		}
	}
	alike := map[uint64][]rows{}
	for _, r := range order {
		alike[which[r]] = append(alike[which[r]], r)
	}
	for _, bits := range slices.Sorted(maps.Keys(alike)) {
		h := merged(together, bits)
		for some := range slices.Chunk(alike[bits], part) {
			var people, records []string
			for _, r := range some {
				people = append(people, r.person)
				if h.Record == "" {
					records = append(records, of[r.person]...)
				} else {
					records = append(records, r.record)
				}
			}
			if err := h.empty(tx, people, records, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// merged is the holding of all columns of those whose bit is set.
func merged(together []Holding, bits uint64) (one Holding) {
	for i, h := range together {
		switch {
		case bits&(1<<i) == 0:
		case one.Table == "":
			one = h
			one.Columns, one.Blank = slices.Clone(h.Columns), maps.Clone(h.Blank)
		default:
			one.Columns = append(one.Columns, h.Columns...)
			if one.Blank == nil {
				one.Blank = map[string]string{}
			}
			maps.Copy(one.Blank, h.Blank)
		}
	}
	return one
}

// found deletes rows by what people are known to have in them.
func (e *Engine) found(tx *db.Tx, h Holding, ends []change, rings map[string]*vault.Ring) error {
	var without, people []string
	for _, c := range ends {
		if rings[c.person] == nil {
			without = append(without, c.person)
		} else {
			people = append(people, c.person)
		}
	}
	for some := range slices.Chunk(without, part) {
		if err := h.empty(tx, some, nil, true); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(people, part) {
		values, err := h.Find(tx, e.vault, rings, some)
		if err != nil {
			return err
		}
		for _, p := range some {
			if len(values[p]) == 0 {
				continue
			}
			args := []any{p}
			if err := tx.Send("DELETE FROM "+h.Table+" WHERE "+h.Person+" = $1 AND "+h.Columns[0]+" IN ("+db.In(&args, values[p])+")", args...); err != nil {
				return err
			}
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
