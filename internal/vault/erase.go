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

// EraseAll is Erase for several people in one durable step.
func (v *Vault) EraseAll(ctx context.Context, ends ...End) (erased int, err error) {
	people := make([]string, len(ends))
	of := map[string][][]string{}
	for i, e := range ends {
		people[i] = e.Person
		of[e.Person] = append(of[e.Person], e.Categories)
	}
	slices.Sort(people)
	var rows Held
	err = v.main.Read(ctx, func(tx *db.Tx) error { rows, err = KeysOf(tx, slices.Compact(people)...); return err })
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	err = v.keys.Write(ctx, func(tx *db.Tx) error {
		erased = 0
		for _, a := range rows {
			for _, categories := range of[a.person] {
				n, err := erase(tx, a.assigned, categories)
				if err != nil {
					return err
				}
				erased += n
			}
		}
		return nil
	})
	return erased, err
}

// vacant is the name of a slot whose key is destroyed and whose category may get another.
const vacant = "~"

// Vacate notes in tx that destroyed keys of a person may have successors: what was archived, or ended with its time, is no refusal of what he
// gives later. After [Vault.Erase] alone nothing of the kind is ever sealed again.
func Vacate(tx *db.Tx, person string, categories ...string) error {
	type bunch struct {
		number     int64
		categories string
	}
	all, err := db.List(tx, func(s db.Scanner) (b bunch, err error) { err = s.Scan(&b.number, &b.categories); return }, "SELECT number, categories FROM person_key WHERE person_id = $1", person)
	if err != nil {
		return err
	}
	for _, b := range all {
		names := strings.Fields(b.categories)
		for i, c := range names {
			if slices.Contains(categories, c) {
				names[i] = vacant
			}
		}
		if joined := strings.Join(names, " "); joined != b.categories {
			if err := tx.Send("UPDATE person_key SET categories = $3 WHERE person_id = $1 AND number = $2", person, b.number, joined); err != nil {
				return err
			}
		}
	}
	return nil
}

// erase overwrites the keys of categories in one bunch, and the whole bunch once no category lives in it.
func erase(tx *db.Tx, a assigned, categories []string) (erased int, err error) {
	b := bunch{id: a.id}
	if b.keys, err = db.Value[[]byte](tx, "SELECT wrapped_sealed FROM data_key WHERE id = $1", a.id); err != nil {
		return 0, err
	}
	b.keys = bytes.Clone(b.keys)
	left := 0
	for slot, c := range a.categories {
		switch key := b.slot(slot); {
		case key == nil:
		case len(categories) == 0 || slices.Contains(categories, c):
			clear(key)
			erased++
		default:
			left++
		}
	}
	if erased == 0 {
		return 0, nil
	}
	if left == 0 {
		b.keys = []byte{}
	}
	_, err = tx.Exec("UPDATE data_key SET wrapped_sealed = $2, erased_at = $3 WHERE id = $1", a.id, b.keys, db.Micros(tx.Machine()))
	return erased, err
}
