package privacy_test

import (
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/rig"
	"entremise/networks"
)

// spentRows writes one row of each kind that serves for a time, as of now.
func spentRows(t *testing.T, r *rig.Rig, id string) {
	t.Helper()
	ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
		for _, q := range []string{
			"INSERT INTO code (id, object, person_id, purpose, code_hash, sent_at, expires_at, tries, used_at) VALUES ($1, 'req_1', 'per_1', 'verify-phone', 'x', $2, $2, 0, 0)",
			"INSERT INTO session (token_hash, account_id, created_at, seen_at, fresh_at, expires_at) VALUES ($1, 'acc_1', $2, $2, $2, $2)",
			"INSERT INTO ticket (token_hash, kind, account_id, created_at, expires_at, used_at, tries) VALUES ($1, 'sign-in', 'acc_1', $2, $2, 0, 0)",
		} {
			if err := tx.Send(q, id, db.Micros(tx.Machine())); err != nil {
				return err
			}
		}
		for _, q := range []string{"INSERT INTO register_entry (phone_bidx, confirmed_at) VALUES ($1, $2)", "INSERT INTO attempt (id, phone_bidx, at, by_account) VALUES ($1, 'number', $2, 'acc_1')",
			"INSERT INTO address_block (address_bidx, at, until_at, reason, by_account) VALUES ($1, $2, $2, 'rubbish', 'acc_1')"} {
			if err := tx.Send(q, id, db.Micros(tx.Now())); err != nil {
				return err
			}
		}
		return nil
	}))
}

var spentTables = map[network.SpentKind][]string{network.SpentCodes: {"code"}, network.SpentSessions: {"session", "ticket"}, network.SpentAttempts: {"attempt"}, network.SpentBlocks: {"address_block"}, network.SpentRegister: {"register_entry"}}

// Each kind goes at the second that the file gives, not one before, is foretold for that day, and no round before it touches it. A file with other
// figures is obeyed from its edition on, and its effect is foretold before it is applied.
func TestSpent_goesInTheFilesTime(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		spentRows(t, r, "one")
		begun := r.Clock.Now()
		forecast, err := r.Life.Foretell(ctx, r.Network, begun.AddDate(4, 0, 0))
		ok(t, err)
		foretold := map[string]int64{}
		for _, f := range forecast {
			if f.Forgets() {
				foretold[f.Purpose+" "+f.Day] += f.Records
			}
		}
		usual := map[network.SpentKind]time.Time{network.SpentCodes: begun.Add(24 * time.Hour), network.SpentSessions: begun.AddDate(0, 0, 30), network.SpentAttempts: begun.AddDate(0, 0, 31), network.SpentBlocks: begun.AddDate(0, 1, 0), network.SpentRegister: begun.AddDate(3, 0, 0)}
		for _, k := range network.SpentKinds() {
			if got, want := foretold[string(k)+" "+usual[k].UTC().Format(time.DateOnly)], int64(len(spentTables[k])); got != want {
				t.Errorf("%s: %d foretold for %s, want %d", k, got, usual[k], want)
			}
		}
		if len(foretold) != len(spentTables) {
			t.Errorf("foretold %v", foretold)
		}
		left := func(k network.SpentKind) (n int64) {
			for _, table := range spentTables[k] {
				n += value[int64](t, r, "SELECT count(*) FROM "+table)
			}
			return n
		}
		sum := int64(0)
		for _, at := range slices.SortedFunc(maps.Values(usual), time.Time.Compare) {
			for _, now := range []time.Time{at.Add(-time.Second), at} {
				if now.After(r.Clock.Now()) {
					sum += to(t, r, now).Forgotten
				}
				for k, over := range usual {
					if want := int64(len(spentTables[k])); r.Clock.Now().Before(over) && left(k) != want || !r.Clock.Now().Before(over) && left(k) != 0 {
						t.Errorf("%s, over at %s: %d rows at %s", k, over, left(k), r.Clock.Now())
					}
				}
			}
		}
		if sum != 6 {
			t.Errorf("the rounds forgot %d", sum)
		}

		changed := changedFolder(t, "emergency-trades", "sessions: 30 days", "sessions: 2 months")
		r.Clock.Add(time.Second)
		spentRows(t, r, "two")
		next, problems := network.Read(changed)
		if next == nil {
			t.Fatal(problems)
		}
		then, err := r.Life.Foretell(ctx, next, r.Clock.Now().AddDate(0, 0, 40))
		ok(t, err)
		for _, f := range then {
			if f.Purpose == string(network.SpentSessions) {
				t.Errorf("under the new figure nothing of sessions is due, and %+v is foretold", f)
			}
		}
		if n, problems, err := r.Editions.Apply(ctx, "system", changed); err != nil || n == nil {
			t.Fatal(err, problems)
		}
		over := r.Clock.Now().AddDate(0, 2, 0)
		to(t, r, over.Add(-time.Second))
		if left(network.SpentSessions) != 2 || left(network.SpentCodes) != 0 {
			t.Error("the new figure is not obeyed")
		}
		to(t, r, over)
		if left(network.SpentSessions) != 0 {
			t.Error("sessions stay past the new figure")
		}
	})
}

// More rows than one round takes at once, of one instant and of many, all go; what a month's end makes due later waits.
func TestSpent_manyAtOnceAndTheEndsOfMonths(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		r.Clock.Add(time.Date(2027, 1, 31, 10, 0, 0, 0, time.UTC).Sub(r.Clock.Now()))
		blocks := func(from, n int, at time.Time) {
			t.Helper()
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
				rows := make([][]any, n)
				for i := range rows {
					rows[i] = []any{fmt.Sprintf("address %05d", from+i), db.Micros(at), db.Micros(at.Add(time.Duration(i%2) * time.Microsecond)), "rubbish", "acc_1"}
				}
				marks, args := db.Rows(rows...)
				return tx.Send("INSERT INTO address_block (address_bidx, at, until_at, reason, by_account) VALUES "+marks, args...)
			}))
		}
		january := func(day, hour int) time.Time { return time.Date(2027, 1, day, hour, 0, 0, 0, time.UTC) }
		blocks(0, 700, january(31, 9))    // over on 28 February at nine
		blocks(1000, 600, january(28, 9)) // on the same second
		blocks(2000, 3, january(28, 23))  // later that day
		blocks(3000, 2, january(31, 1))   // earlier that day
		left := func() int64 { return value[int64](t, r, "SELECT count(*) FROM address_block") }
		for _, step := range []struct {
			at   time.Time
			want int64
		}{{time.Date(2027, 2, 28, 0, 59, 59, 0, time.UTC), 1305}, {time.Date(2027, 2, 28, 1, 0, 1, 0, time.UTC), 1303}, {time.Date(2027, 2, 28, 8, 59, 59, 0, time.UTC), 1303}, {time.Date(2027, 2, 28, 9, 0, 1, 0, time.UTC), 3}, {time.Date(2027, 2, 28, 23, 0, 1, 0, time.UTC), 0}} {
			forecast, err := r.Life.Foretell(ctx, r.Network, step.at)
			ok(t, err)
			foretold, before := int64(0), left()
			for _, f := range forecast {
				if f.Purpose == string(network.SpentBlocks) {
					foretold += f.Records
				}
			}
			if m := to(t, r, step.at); left() != step.want || foretold != before-left() || m.Forgotten < foretold {
				t.Errorf("at %s: %d left, want %d; %d foretold, %+v", step.at, left(), step.want, foretold, m)
			}
		}
	})
}

// changedFolder is a copy of a network's folder with one place of its file written otherwise.
func changedFolder(t *testing.T, network, from, to string) fs.FS {
	t.Helper()
	folder, err := networks.Open(network)
	ok(t, err)
	changed := fstest.MapFS{}
	ok(t, fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		changed[name] = &fstest.MapFile{Data: data}
		return err
	}))
	text := string(changed["network.yaml"].Data)
	if strings.Count(text, from) != 1 {
		t.Fatalf("%q stands there %d times", from, strings.Count(text, from))
	}
	changed["network.yaml"].Data = []byte(strings.Replace(text, from, to, 1))
	return changed
}
