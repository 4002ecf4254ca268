package archiver_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/rig"
	"entremise/internal/vault"
	"entremise/networks"
)

var ctx = context.Background()

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func value[T any](t *testing.T, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return err }))
	return v
}

// each is a house of the reviews network on each engine.
func each(t *testing.T, f func(*testing.T, *rig.Rig)) {
	t.Helper()
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		apply(t, r, "\nnetwork: reviews-network", "\nnetwork: emergency-trades")
		f(t, r)
	})
}

// apply puts the reviews network in force, changed: pairs of what it says and what it is to say.
func apply(t *testing.T, r *rig.Rig, change ...string) {
	t.Helper()
	folder, err := networks.Open("reviews-network")
	ok(t, err)
	changed := fstest.MapFS{}
	ok(t, fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(folder, name)
		changed[name] = &fstest.MapFile{Data: text}
		return err
	}))
	text := "\n" + string(changed["network.yaml"].Data)
	for i := 0; i < len(change); i += 2 {
		if !strings.Contains(text, change[i]) {
			t.Fatalf("the network does not say %q", change[i])
		}
		text = strings.Replace(text, change[i], change[i+1], 1)
	}
	changed["network.yaml"] = &fstest.MapFile{Data: []byte(text)}
	r.Clock.Add(time.Second) // of two that were applied in one instant neither is the later
	n, problems, err := r.Editions.Apply(ctx, "system", changed)
	if err != nil || n == nil {
		t.Fatal(err, problems)
	}
	r.Network = n
}

const opinion = "comment=Travail soigné, délais tenus."

// held is an author with a record that a moderator has not judged, and his ring.
func held(t *testing.T, r *rig.Rig) (person, record string, ring *vault.Ring) {
	t.Helper()
	person, record = r.DB.NewID("per"), r.DB.NewID("rev")
	ring, err := r.Vault.New(ctx, person, string(network.DataOpinion))
	ok(t, err)
	ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		return privacy.Hold(tx, r.Network, record, person, network.Author, network.WhileUndecided, network.DataOpinion)
	}))
	ring, err = r.Vault.Ring(ctx, person)
	ok(t, err)
	return person, record, ring
}

// put deposits an opinion, and answers its id and its author.
func put(t *testing.T, r *rig.Rig) (id, person, record string) {
	t.Helper()
	person, record, ring := held(t, r)
	ok(t, r.DB.Write(ctx, func(tx *db.Tx) (err error) {
		id, err = archiver.Put(tx, ring, archiver.Deposit{Person: person, Category: network.DataOpinion, Object: record, Kind: network.DepositedReview, Content: []byte(opinion)})
		return err
	}))
	return id, person, record
}

func erase(t *testing.T, r *rig.Rig, person string) {
	t.Helper()
	must(r.Life.Erase(ctx, auth.Machine, person, privacy.Scope{}, "asked"))(t)
}

func settle(t *testing.T, r *rig.Rig) { t.Helper(); r.Sweep(t); r.Drain(t); r.Sweep(t); r.Drain(t) }

func get(t *testing.T, r *rig.Rig, id string) archiver.Line {
	t.Helper()
	return must(r.Archiver.Get(ctx, r.One(t, network.RoleOfficer), id))(t)
}

func refused(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.Of(err); f == nil || f.Kind != kind || f.Code != code {
		t.Errorf("%v, want %s %s", err, kind, code)
	}
}

// A deposit leaves as ciphertext under a random name, its receipt stays, its content leaves the row, and its leaf is what a restitution compares
// (RN-89).
func TestPut_andReceipt(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		id, person, record := put(t, r)
		before := get(t, r, id)
		if before.State != archiver.Waiting || value[int64](t, r, "SELECT length(content) FROM archiver_deposit WHERE id = $1", id) == 0 {
			t.Errorf("before it is delivered: %+v", before)
		}
		r.Drain(t)
		d := get(t, r, id)
		if d.State != archiver.Kept || d.Receipt == "" || len(d.Version) != 64 || d.Delivered.IsZero() || !d.Until.Equal(r.Clock.Now().AddDate(13, 0, 0)) || d.Record != record {
			t.Errorf("delivered: %+v", d)
		}
		if value[int64](t, r, "SELECT length(content) FROM archiver_deposit WHERE id = $1", id) != 0 {
			t.Error("the content stays in the row")
		}
		kept := must(os.ReadFile(filepath.Join(r.Archive.Dir, filepath.FromSlash(d.Receipt))))(t)
		journal := must(os.ReadFile(filepath.Join(r.Archive.Dir, "journal.jsonl")))(t)
		for _, text := range [][]byte{kept, journal} {
			for _, word := range []string{"soigné", "comment", person, record} {
				if bytes.Contains(text, []byte(word)) {
					t.Errorf("the archiver reads %q", word)
				}
			}
		}
		at := time.Time{}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { at, err = archiver.Carried(tx, person); return err }))
		if !at.Equal(d.Delivered) {
			t.Errorf("received at %s", at)
		}
		ok(t, r.Proof.Sequence(ctx))
		p := must(r.Proof.Prove(ctx, d.Leaf))(t)
		if p.Kind != "archive" || proof.Verify(p, r.Proof.VerifierKey()) != nil {
			t.Errorf("the deposit's leaf: %+v", p)
		}
		if all := must(r.Archiver.Newest(ctx, r.One(t, network.RoleOfficer), 10))(t); len(all) != 1 || all[0].ID != id {
			t.Errorf("listed: %+v", all)
		}
		var of []archiver.Line
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { of, err = archiver.DepositsOf(tx, record); return err }))
		if len(of) != 1 || of[0].ID != id {
			t.Errorf("of the record: %+v", of)
		}
	})
}

func TestPut_refuses(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		person, record, ring := held(t, r)
		try := func(d archiver.Deposit) error {
			return r.DB.Write(ctx, func(tx *db.Tx) error { _, err := archiver.Put(tx, ring, d); return err })
		}
		d := archiver.Deposit{Person: person, Category: network.DataOpinion, Object: record, Kind: network.DepositedReview}
		refused(t, try(d), fault.Invalid, "deposit-size")
		d.Content = make([]byte, archiver.MaxContent+1)
		refused(t, try(d), fault.Invalid, "deposit-size")
		d.Content = d.Content[1:]
		ok(t, try(d))
		other := d
		other.Object = "rev_none"
		if try(other) == nil {
			t.Error("what nothing holds is deposited")
		}
		other = d
		other.Category = network.DataContact
		if try(other) == nil {
			t.Error("a category without a holding is deposited")
		}
		r.Drain(t)
		if n := value[int64](t, r, "SELECT count(*) FROM archiver_deposit WHERE delivered_at > 0"); n != 1 {
			t.Errorf("%d deposits delivered, want the one of the largest size", n)
		}
	})
}

// Erasing the author destroys the key at once, orders the deletion and keeps its confirmation with a leaf; no confirmation raises an alert (RN-98).
func TestErasure_isOrderedUntilConfirmed(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		id, person, _ := put(t, r)
		other, _, _ := put(t, r)
		r.Drain(t)
		file := filepath.Join(r.Archive.Dir, filepath.FromSlash(get(t, r, id).Receipt))
		r.Archive.Refuse(errors.New("closed"))
		erase(t, r, person)
		settle(t, r)
		late := must(r.Archiver.Late(ctx, officer, 10))(t)
		if len(late) != 1 || late[0].ID != id || late[0].State != archiver.Owed || late[0].AskedTries == 0 {
			t.Fatalf("no confirmation, and no alert: %+v", late)
		}
		if o := must(r.Archiver.Overview(ctx, officer))(t); o.Owed != 1 || o.Kept != 1 || o.Third {
			t.Errorf("overview: %+v", o)
		}
		if _, err := r.Archiver.Late(ctx, r.Agent(t), 10); !fault.Is(err, fault.Denied) {
			t.Errorf("an agent reads what the archiver owes: %v", err)
		}
		jobs := func() int64 { return value[int64](t, r, "SELECT count(*) FROM job WHERE kind = 'archiver.delete'") }
		before := jobs()
		r.Clock.Add(47 * time.Hour)
		r.Sweep(t)
		if jobs() != before {
			t.Error("asked anew before two days")
		}
		r.Clock.Add(2 * time.Hour)
		r.Sweep(t)
		if n := jobs(); n != before+1 {
			t.Errorf("%d jobs after two days, want %d", n, before+1)
		}
		r.Archive.Refuse(nil)
		r.Clock.AddMachine(3 * time.Hour)
		r.Drain(t)
		d := get(t, r, id)
		if d.State != archiver.Gone || d.End == "" || !strings.Contains(d.Certificate, "receipt="+d.Receipt+"\n") || !strings.Contains(d.Certificate, "confirmation=journal ") {
			t.Fatalf("confirmed: %+v", d)
		}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) error { return proof.Check(tx, nil, d.End, []byte(d.Certificate)) }))
		if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the file stays: %v", err)
		}
		if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 0 {
			t.Errorf("still late: %+v", late)
		}
		if ended := must(r.Archiver.Ended(ctx, officer, 10))(t); len(ended) != 1 || ended[0].ID != id {
			t.Errorf("ended: %+v", ended)
		}
		if value[int64](t, r, "SELECT length(salt_sealed) FROM proof_leaf WHERE id = $1", d.Leaf) != 0 {
			t.Error("the salt of the deposit's leaf outlives its author")
		}
		if get(t, r, other).State != archiver.Kept {
			t.Error("another author's deposit went too")
		}
	})
}

// What never left the house leaves no more, and its end is confirmed all the same.
func TestErasure_beforeDelivery(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		r.Archive.Refuse(errors.New("closed"))
		id, person, _ := put(t, r)
		r.Drain(t)
		if late := must(r.Archiver.Late(ctx, r.One(t, network.RoleOfficer), 10))(t); len(late) != 1 || late[0].State != archiver.Waiting || late[0].Tries == 0 {
			t.Errorf("not taken, and no alert: %+v", late)
		}
		erase(t, r, person)
		r.Archive.Refuse(nil)
		r.Clock.AddMachine(3 * time.Hour)
		settle(t, r)
		d := get(t, r, id)
		if d.State != archiver.Gone || !d.Delivered.IsZero() || !strings.Contains(d.Certificate, "receipt=none") {
			t.Errorf("%+v", d)
		}
		if n := value[int64](t, r, "SELECT length(content) FROM archiver_deposit WHERE id = $1", id); n != 0 {
			t.Error("its content stays")
		}
		if _, err := os.Stat(r.Archive.Dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("something was stored: %v", err)
		}
	})
}

// A process that dies between the archiver's receipt and its row stores nothing twice: the receipt is found again. An author who is erased while his
// deposit is on its way leaves nothing at the archiver's.
func TestDeliver_dies(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		id, _, _ := put(t, r)
		r.Archive.After(func() { panic("killed") })
		r.Drain(t)
		if get(t, r, id).State != archiver.Waiting {
			t.Fatal("it did not die")
		}
		journal := must(os.ReadFile(filepath.Join(r.Archive.Dir, "journal.jsonl")))(t)
		r.Clock.AddMachine(time.Hour)
		r.Drain(t)
		d := get(t, r, id)
		if d.State != archiver.Kept {
			t.Errorf("%+v", d)
		}
		if again := must(os.ReadFile(filepath.Join(r.Archive.Dir, "journal.jsonl")))(t); !bytes.Equal(again, journal) {
			t.Errorf("stored twice:\n%s", again)
		}

		id, person, _ := put(t, r)
		r.Archive.After(func() { erase(t, r, person) })
		r.Drain(t)
		settle(t, r)
		if d := get(t, r, id); d.State != archiver.Gone {
			t.Errorf("erased on its way: %+v", d)
		}
		id, person, _ = put(t, r)
		r.Archive.After(func() { panic("killed") })
		r.Drain(t)
		erase(t, r, person)
		settle(t, r)
		r.Clock.AddMachine(time.Hour)
		settle(t, r)
		if d := get(t, r, id); d.State != archiver.Gone || d.Delivered.IsZero() == false {
			t.Errorf("erased after a death: %+v", d)
		}
		left := 0
		ok(t, filepath.WalkDir(filepath.Join(r.Archive.Dir, "objects"), func(_ string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				left++
			}
			return err
		}))
		if left != 1 {
			t.Errorf("%d objects are left, want 1", left)
		}
	})
}

// A deposit that its time has moved to the intermediate archive, and one that its time ends.
func TestRetention_movesAndEndsDeposits(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		id, person, record := put(t, r)
		r.Drain(t)
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			if err := privacy.Happened(tx, r.Network, record, person, network.Author, network.FromRejection, network.DataOpinion); err != nil {
				return err
			}
			return privacy.Ended(tx, r.Network, person, record, network.WhileUndecided)
		}))
		litigation, moderator := r.One(t, network.RoleLitigation), r.One(t, network.RoleModerator)
		if back := must(r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1"))(t); string(back.Content) != opinion {
			t.Errorf("restored %q", back.Content)
		}
		r.Clock.Add(r.Clock.Now().AddDate(1, 0, 0).Sub(r.Clock.Now()))
		settle(t, r)
		moderator.Fresh, litigation.Fresh = r.DB.Machine(), r.DB.Machine()
		_, err := r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1")
		refused(t, err, fault.Denied, "not-a-restorer")
		if back := must(r.Archiver.Restore(ctx, litigation, id, "dispute", "TJ 26/1"))(t); string(back.Content) != opinion || back.State != archiver.Kept {
			t.Errorf("restored from the archive: %+v", back)
		}
		r.Clock.Add(r.Clock.Now().AddDate(5, 0, 0).Sub(r.Clock.Now()))
		settle(t, r)
		if d := get(t, r, id); d.State != archiver.Gone {
			t.Errorf("its time is over: %+v", d)
		}
		litigation.Fresh = r.DB.Machine()
		_, err = r.Archiver.Restore(ctx, litigation, id, "dispute", "TJ 26/1")
		refused(t, err, fault.Missing, "deposit-over")
	})
}

func TestRestore_guards(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		id, _, _ := put(t, r)
		moderator := r.One(t, network.RoleModerator)
		if back := must(r.Archiver.Restore(ctx, moderator, id, "audit", "C 1"))(t); string(back.Content) != opinion {
			t.Errorf("before it was delivered: %q", back.Content)
		}
		r.Drain(t)
		lines := func(outcome string) int64 {
			return value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'archiver.restore' AND object = $1 AND outcome = $2", id, outcome)
		}
		if lines("done") != 1 {
			t.Error("a restitution leaves no line")
		}
		for _, role := range []network.Role{network.RoleAgent, network.RoleOfficer, network.RoleAdministrator, network.RoleAccountant} {
			_, err := r.Archiver.Restore(ctx, r.One(t, role), id, "audit", "C 1")
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", role, err)
			}
		}
		if n := lines("refused"); n != 4 {
			t.Errorf("%d refusals noted, want 4", n)
		}
		stale := moderator
		stale.Fresh = r.DB.Machine().Add(-11 * time.Minute)
		_, err := r.Archiver.Restore(ctx, stale, id, "audit", "C 1")
		refused(t, err, fault.Denied, "prove-again")
		for _, c := range []struct{ ground, reference string }{{"curiosity", "C 1"}, {"audit", "  "}, {"audit", strings.Repeat("é", 81)}} {
			if _, err := r.Archiver.Restore(ctx, moderator, id, c.ground, c.reference); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", c, err)
			}
		}
		must(r.Archiver.Restore(ctx, moderator, id, "audit", strings.Repeat("é", 80)))(t)
		_, err = r.Archiver.Restore(ctx, moderator, "arc_none", "audit", "C 1")
		refused(t, err, fault.Missing, "no-deposit")
		apply(t, r, "\nnetwork: reviews-network", "\nnetwork: emergency-trades", "restored_by: [moderator, litigation]", "restored_by: [litigation]")
		_, err = r.Archiver.Restore(ctx, moderator, id, "audit", "C 1")
		refused(t, err, fault.Denied, "not-a-restorer")
	})
}

// An object that was changed or lost at the archiver's is not shown, and shows: at its restitution, and when its time to be compared has come. Once it
// is as it was, the alert ends.
func TestArchiver_changesOrLoses(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		moderator, officer := r.One(t, network.RoleModerator), r.One(t, network.RoleOfficer)
		id, _, _ := put(t, r)
		r.Drain(t)
		file := filepath.Join(r.Archive.Dir, filepath.FromSlash(get(t, r, id).Receipt))
		was := must(os.ReadFile(file))(t)
		write := func(b []byte) {
			t.Helper()
			ok(t, os.Remove(file))
			if b != nil {
				ok(t, os.WriteFile(file, b, 0o400))
			}
		}
		for _, c := range []struct {
			wrong string
			now   []byte
		}{{archiver.Changed, append(bytes.Clone(was[:len(was)-1]), was[len(was)-1]^1)}, {archiver.Changed, []byte("nothing")}, {archiver.Changed, was[:len(was)-5]}, {archiver.Lost, nil}} {
			write(c.now)
			moderator.Fresh = r.DB.Machine()
			back, err := r.Archiver.Restore(ctx, moderator, id, "dispute", "TJ 26/1")
			refused(t, err, fault.Conflict, "deposit-broken")
			if back.Content != nil {
				t.Error("something of it is shown")
			}
			if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 1 || late[0].Wrong != c.wrong {
				t.Errorf("%s: alert %+v", c.wrong, late)
			}
			ok(t, os.WriteFile(file+".x", was, 0o400))
			ok(t, os.Rename(file+".x", file))
			r.Clock.Add(25 * time.Hour)
			r.Sweep(t)
			if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 0 {
				t.Errorf("%s, and as it was again: %+v", c.wrong, late)
			}
		}
		r.Clock.Add(29 * 24 * time.Hour)
		write(nil)
		r.Sweep(t)
		if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 0 {
			t.Errorf("compared before its time: %+v", late)
		}
		r.Clock.Add(2 * 24 * time.Hour)
		r.Sweep(t)
		if late := must(r.Archiver.Late(ctx, officer, 10))(t); len(late) != 1 || late[0].Wrong != archiver.Lost {
			t.Errorf("lost, and nobody noticed: %+v", late)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'archiver.wrong' AND object = $1", id); n != 5 {
			t.Errorf("%d lines of the trail, want 5", n)
		}
	})
}

// A row that says another digest than its leaf is found out even when the archiver's object agrees with the row.
func TestRestore_comparesTheLeaf(t *testing.T) {
	each(t, func(t *testing.T, r *rig.Rig) {
		id, _, _ := put(t, r)
		other, _, _ := put(t, r)
		r.Drain(t)
		file := func(id string) string { return filepath.Join(r.Archive.Dir, filepath.FromSlash(get(t, r, id).Receipt)) }
		swapped := must(os.ReadFile(file(other)))(t)
		ok(t, os.Remove(file(id)))
		ok(t, os.WriteFile(file(id), swapped, 0o400))
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			digest, err := db.Value[[]byte](tx, "SELECT object_hash FROM archiver_deposit WHERE id = $1", other)
			if err != nil {
				return err
			}
			return tx.Send("UPDATE archiver_deposit SET object_hash = $2 WHERE id = $1", id, digest)
		}))
		if back, err := r.Archiver.Restore(ctx, r.One(t, network.RoleModerator), id, "dispute", "TJ 26/1"); err == nil || back.Content != nil {
			t.Errorf("restored %q, %v", back.Content, err)
		}
	})
}
