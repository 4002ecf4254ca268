package vault

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"entremise/internal/db"
)

// Archived is the category under which [Vault.Erase] knows what a person has of a category in the archive.
func Archived(category string) string { return archived + category }

// Erase destroys a person's keys of the given categories, all of them and those of the archive when none is named, and answers how many it
// destroyed. It is done when it answers nil, and doing it again changes nothing. The rows stay, mute; removing them is the lifecycle's business.
func (v *Vault) Erase(ctx context.Context, person string, categories ...string) (erased int, err error) {
	return v.EraseAll(ctx, End{person, categories})
}

// End is what is to be destroyed of one person.
type End struct {
	Person     string
	Categories []string // all when there is none
}

// set is how many rows one statement writes.
const set = 100

// EraseAll is Erase for several people in one durable step, by sets: one reading and one statement for many keys.
func (v *Vault) EraseAll(ctx context.Context, ends ...End) (erased int, err error) {
	people := make([]string, len(ends))
	of := map[string]map[string]bool{} // categories of each person; nil is all
	for i, e := range ends {
		people[i] = e.Person
		wanted, before := of[e.Person]
		switch {
		case len(e.Categories) == 0 || before && wanted == nil:
			of[e.Person] = nil
			continue
		case wanted == nil:
			wanted = map[string]bool{}
			of[e.Person] = wanted
		}
		for _, c := range e.Categories {
			wanted[c] = true
		}
	}
	slices.Sort(people)
	var rows Held
	err = v.main.Read(ctx, func(tx *db.Tx) error { rows, err = KeysOf(tx, slices.Compact(people)...); return err })
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	err = v.keys.Write(ctx, func(tx *db.Tx) error {
		erased = 0
		for some := range slices.Chunk(rows, set) {
			n, err := erase(tx, some, of)
			if err != nil {
				return err
			}
			erased += n
		}
		return nil
	})
	return erased, err
}

// erase overwrites the keys of categories in some bunches, and a whole bunch once no category lives in it.
func erase(tx *db.Tx, rows Held, of map[string]map[string]bool) (erased int, err error) {
	whose := map[string]assignment{}
	var ids []string
	for _, a := range rows {
		whose[a.id] = a
		ids = append(ids, a.id)
	}
	var args []any
	in := db.In(&args, ids)
	var changed [][]any
	err = db.Each(tx, func(s db.Scanner) error {
		var b bunch
		var minted int64
		if err := s.Scan(&b.id, &b.keys, &minted); err != nil {
			return err
		}
		b.keys = bytes.Clone(b.keys)
		a := whose[b.id]
		wanted := of[a.person]
		ended, left := 0, 0
		for slot, c := range a.categories {
			switch key := b.slot(slot); {
			case key == nil:
			case wanted == nil || wanted[c]:
				clear(key)
				ended++
			default:
				left++
			}
		}
		if ended == 0 {
			return nil
		}
		if left == 0 {
			b.keys = []byte{}
		}
		erased += ended
		changed = append(changed, []any{b.id, b.keys, minted, db.Micros(tx.Machine())})
		return nil
	}, "SELECT id, wrapped_sealed, minted_at FROM data_key WHERE id IN ("+in+")", args...)
	if err != nil || len(changed) == 0 {
		return 0, err
	}
	marks, args := db.Rows(changed...)
	// Every row is there: it was read above. The insertion is how one statement gives each its own value on both engines.
	return erased, tx.Send("INSERT INTO data_key (id, wrapped_sealed, minted_at, erased_at) VALUES "+marks+" ON CONFLICT (id) DO UPDATE SET wrapped_sealed = excluded.wrapped_sealed, erased_at = excluded.erased_at", args...)
}

// vacant is the name of a slot whose key is destroyed and whose category may get another.
const vacant = "~"

// Vacate notes in tx that destroyed keys of people may have successors: what was archived, or ended with its time, is no refusal of what they
// give later. After [Vault.Erase] alone nothing of the kind is ever sealed again.
func Vacate(tx *db.Tx, ends ...End) error {
	of := map[string][]string{}
	var people []string
	for _, e := range ends {
		people = append(people, e.Person)
		of[e.Person] = append(of[e.Person], e.Categories...)
	}
	slices.Sort(people)
	for some := range slices.Chunk(slices.Compact(people), set) {
		var args []any
		var changed [][]any
		err := db.Each(tx, func(s db.Scanner) error {
			var person, key, before string
			var number, at int64
			if err := s.Scan(&person, &number, &key, &before, &at); err != nil {
				return err
			}
			names := strings.Fields(before)
			for i, c := range names {
				if slices.Contains(of[person], c) {
					names[i] = vacant
				}
			}
			if joined := strings.Join(names, " "); joined != before {
				changed = append(changed, []any{person, number, key, joined, at})
			}
			return nil
		}, "SELECT person_id, number, key_id, categories, assigned_at FROM person_key WHERE person_id IN ("+db.In(&args, some)+")", args...)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(changed, set) {
			marks, args := db.Rows(part...)
			if err := tx.Send("INSERT INTO person_key (person_id, number, key_id, categories, assigned_at) VALUES "+marks+" ON CONFLICT (person_id, number) DO UPDATE SET categories = excluded.categories", args...); err != nil {
				return err
			}
		}
	}
	return nil
}
