package privacy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// settingRestored says that a database came out of a backup and that the ledger of erasures was not replayed over it yet.
const settingRestored = "restored"

// ErrReplay says that a restored folder may not be served yet.
var ErrReplay = errors.New("this data was restored from a backup, and what was erased since is in it again: replay the ledger of erasures first (entremise replay --erasures FILE)")

// MarkRestored shuts a restored database until Replay.
func MarkRestored(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		return tx.Send("INSERT INTO setting (name, value) VALUES ($1, 'yes') ON CONFLICT (name) DO UPDATE SET value = excluded.value", settingRestored)
	})
}

// MayServe is ErrReplay for a restored database that was not replayed.
func MayServe(ctx context.Context, d *db.DB) error {
	return d.Read(ctx, func(tx *db.Tx) error {
		n, err := db.Value[int64](tx, "SELECT count(*) FROM setting WHERE name = $1", settingRestored)
		if err == nil && n > 0 {
			err = ErrReplay
		}
		return err
	})
}

// ErrStale says that a ledger of erasures is older than the database that it is replayed over.
var ErrStale = errors.New("this ledger of erasures is older than the backup: find the newest one")

// Backups of the database and of the key store that do not fit together.
var (
	ErrKeysOlder = errors.New("the key store is older than the database, or another's: what was sealed since is unreadable with it. Restore the archive of the keys that was taken after the database's")
	ErrKeysNewer = errors.New("the key store is newer than the database: what moved to the archive since the backup was sealed again there, and the keys of before are destroyed. Restore the archive of the keys that was taken with the database's (--keys-archive), and replay again")
)

// Replay erases and archives again what the ledger says, over a database and a key store that come out of backups, and opens them to be served.
// It answers how many lines it replayed; doing it twice changes nothing more. Before it changes anything it refuses, with [ErrKeysOlder] or
// [ErrKeysNewer] and how many that concerns, what would lose values that law still keeps; loss says that whoever calls knows, and has nothing better.
func (e *Engine) Replay(ctx context.Context, ledger *EndingsFile, loss bool) (lines int, err error) {
	var last string
	err = e.db.Read(ctx, func(tx *db.Tx) (err error) {
		last, err = db.Value[string](tx, "SELECT value FROM setting WHERE name = $1", settingLast)
		if errors.Is(err, db.ErrNone) {
			last, err = "", nil
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	var all []Ending
	known, since := last == "", 0
	err = ledger.Each(func(l Ending) error {
		all = append(all, l)
		if l.ID == last {
			known, since = true, len(all)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	if !known {
		return 0, ErrStale
	}
	if !loss {
		if err := e.fits(ctx, all[since:]); err != nil {
			return 0, err
		}
	}
	for some := range slices.Chunk(all, part) {
		if err := e.again(ctx, some); err != nil {
			return lines, err
		}
		lines += len(some)
	}
	return lines, e.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Send("DELETE FROM setting WHERE name = $1", settingRestored); err != nil {
			return err
		}
		return audit.Write(tx, auth.Machine.Name(), string(auth.System), "retention.replay", "", fmt.Sprint(lines))
	})
}

// fits refuses a key store with which values of the restored database are lost that no line says the end of: lines are those since the backup.
func (e *Engine) fits(ctx context.Context, lines []Ending) error {
	missing, err := e.vault.Missing(ctx)
	if err != nil {
		return err
	}
	if missing > 0 {
		return fmt.Errorf("%w (%d bunches of keys are missing)", ErrKeysOlder, missing)
	}
	moved := map[string]map[string]bool{} // of each person, what went to the archive since and is not gone from there
	for _, l := range lines {
		if l.Record != "" {
			continue
		}
		if moved[l.Person] == nil {
			moved[l.Person] = map[string]bool{}
		}
		for _, c := range l.Categories {
			moved[l.Person][c] = l.Cause == causeArchive
		}
	}
	lost := 0
	for some := range slices.Chunk(slices.Sorted(maps.Keys(moved)), part) {
		rings, err := e.vault.Rings(ctx, some...)
		if err != nil {
			return err
		}
		for _, p := range some {
			for c, archived := range moved[p] {
				if archived && rings[p].Destroyed(c) {
					lost++
					break
				}
			}
		}
	}
	if lost > 0 {
		return fmt.Errorf("%w (%d people)", ErrKeysNewer, lost)
	}
	return nil
}

// again does what some lines say: rows where a person asked, keys in every case.
func (e *Engine) again(ctx context.Context, lines []Ending) error {
	var changes []change
	var keys []vault.End
	for _, l := range lines {
		if l.Cause == causeArchive {
			if err := e.archiveAgain(ctx, l); err != nil {
				return err
			}
			continue
		}
		if l.Record == "" {
			keys = append(keys, vault.End{Person: l.Person, Categories: l.Categories})
		}
		if l.Cause != causeRight {
			continue // the sweep comes to the same by itself
		}
		for _, c := range l.Categories {
			if !strings.HasPrefix(c, vault.Archived("")) {
				changes = append(changes, change{person: l.Person, record: l.Record, category: c, to: gone, own: l.Record == ""})
			}
		}
	}
	people := make([]string, len(changes))
	for i, c := range changes {
		people[i] = c.person
	}
	slices.Sort(people)
	people = slices.Compact(people)
	rings, err := e.vault.Rings(ctx, people...)
	if err != nil {
		return err
	}
	err = e.db.Write(ctx, func(tx *db.Tx) error {
		before, err := holdingsOf(tx, people...)
		if err != nil {
			return err
		}
		of := map[string][]string{}
		for person, rows := range before {
			for _, r := range rows {
				of[person] = append(of[person], r.record)
			}
		}
		for _, c := range changes { // those that hold nothing any more have their rows still
			if c.record != "" {
				of[c.person] = append(of[c.person], c.record)
			}
		}
		if err := e.applyAll(tx, changes, of, rings); err != nil {
			return err
		}
		for _, c := range changes {
			if c.own {
				continue
			}
			if err := Drop(tx, c.record, c.person, network.Category(c.category)); err != nil {
				return err
			}
		}
		return e.leave(tx, changes)
	})
	if err != nil {
		return err
	}
	_, err = e.vault.EraseAll(ctx, keys...)
	return err
}

// archiveAgain archives what a line says that nothing but the archive had any more. What is open again waits for its own end.
func (e *Engine) archiveAgain(ctx context.Context, l Ending) error {
	ring, err := e.vault.ArchiveRing(ctx, l.Person, l.Categories...)
	if err != nil {
		return err
	}
	return e.db.Write(ctx, func(tx *db.Tx) error {
		before, err := holdingsOf(tx, l.Person)
		if err != nil {
			return err
		}
		after := map[string][]row{l.Person: nil}
		for _, r := range before[l.Person] {
			if r.phase == phaseKept && r.base > 0 && !slices.ContainsFunc(r.categories, func(c string) bool { return !slices.Contains(l.Categories, c) }) {
				r.phase = phaseArchived
				if err := tx.Send("UPDATE holding SET phase = 'archived' WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", r.person, r.record, r.purpose, r.since); err != nil {
					return err
				}
			}
			after[l.Person] = append(after[l.Person], r)
		}
		return e.apply(tx, causeRetention, before, after, nil, map[string]*vault.Ring{l.Person: ring})
	})
}
