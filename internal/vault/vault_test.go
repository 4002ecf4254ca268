package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/vault"
)

var ctx = context.Background()

type rig struct {
	main, keys *db.DB
	v          *vault.Vault
	keyPlace   db.Options
	clock      *dbtest.Clock
}

func each(t *testing.T, test func(t *testing.T, r rig)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		place := dbtest.Place(t, d.Dialect(), "keys")
		place.Schema = vault.KeySchema()
		keys := dbtest.Open(t, place, c)
		v, err := vault.New(d, keys, bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize))
		if err != nil {
			t.Fatal(err)
		}
		test(t, rig{d, keys, v, place, c})
	})
}

var phone = vault.Place{Table: "person", Column: "phone_sealed", Row: "per_1"}

func assign(t *testing.T, d *db.DB, r *vault.Ring) {
	t.Helper()
	if err := d.Write(ctx, r.Assign); err != nil {
		t.Fatal(err)
	}
}

func TestSeal_opensOnlyWhereItStands(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		ring, err := r.v.New(ctx, "per_1", "contact", "need")
		if err != nil {
			t.Fatal(err)
		}
		sealed := ring.SealText("contact", phone, "+33639980001")
		assign(t, r.main, ring)
		again, err := r.v.Ring(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := again.OpenText("contact", phone, sealed); got != "+33639980001" || err != nil {
			t.Fatal(got, err)
		}
		for name, try := range map[string]func() error{
			"another row": func() error {
				_, err := again.Open("contact", vault.Place{"person", "phone_sealed", "per_2"}, sealed)
				return err
			},
			"another column": func() error {
				_, err := again.Open("contact", vault.Place{"person", "email_sealed", "per_1"}, sealed)
				return err
			},
			"another category": func() error { _, err := again.Open("need", phone, sealed); return err },
			"a changed byte": func() error {
				bad := bytes.Clone(sealed)
				bad[len(bad)-1] ^= 1
				_, err := again.Open("contact", phone, bad)
				return err
			},
			"cut short": func() error { _, err := again.Open("contact", phone, sealed[:8]); return err },
		} {
			if err := try(); !errors.Is(err, vault.ErrForged) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := again.Assign(nil); err != nil {
			t.Errorf("a loaded ring has nothing to assign: %v", err)
		}
	})
}

func TestErase_isScopedAndFinal(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		ring, err := r.v.New(ctx, "per_1", "contact", "need")
		if err != nil {
			t.Fatal(err)
		}
		contact := ring.SealText("contact", phone, "+33639980001")
		note := vault.Place{Table: "request", Column: "note_sealed", Row: "req_1"}
		need := ring.SealText("need", note, "fuite")
		assign(t, r.main, ring)
		if n, err := r.v.Erase(ctx, "per_1", "contact"); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := r.v.Erase(ctx, "per_1", "contact"); n != 0 || err != nil {
			t.Fatal("twice:", n, err)
		}
		after, err := r.v.Ring(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := after.Open("contact", phone, contact); !errors.Is(err, vault.ErrErased) {
			t.Errorf("contact: %v", err)
		}
		if got, err := after.OpenText("need", note, need); got != "fuite" || err != nil {
			t.Errorf("need: %q %v", got, err)
		}
		if n, err := r.v.Erase(ctx, "per_1"); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		last, err := r.v.Ring(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := last.Open("need", note, need); !errors.Is(err, vault.ErrErased) {
			t.Errorf("need: %v", err)
		}
		if _, err := r.v.Ring(ctx, "per_1", "photos", "contact"); !errors.Is(err, vault.ErrErased) {
			t.Errorf("a new key for an erased category: %v", err)
		}
	})
}

// More categories than one bunch has keys, some of them later: each has a key of its own, and erasing some leaves the others.
func TestErase_ofSomeKeysOfABunch(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		var all []string
		for i := range 11 {
			all = append(all, "category"+string(rune('a'+i)))
		}
		ring, err := r.v.New(ctx, "per_1", all[:9]...)
		if err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, ring)
		if ring, err = r.v.Ring(ctx, "per_1", all...); err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, ring)
		sealed := map[string][]byte{}
		for i, c := range all {
			sealed[c] = ring.SealText(c, phone, c)
			for _, other := range all[:i] {
				if _, err := ring.Open(c, phone, sealed[other]); !errors.Is(err, vault.ErrForged) {
					t.Fatalf("%s opens what %s sealed", c, other)
				}
			}
		}
		gone := []string{all[0], all[3], all[7], all[8], all[10]}
		if n, err := r.v.Erase(ctx, "per_1", gone...); n != len(gone) || err != nil {
			t.Fatal(n, err)
		}
		after, err := r.v.Ring(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range all {
			got, err := after.OpenText(c, phone, sealed[c])
			if slices.Contains(gone, c) {
				if !errors.Is(err, vault.ErrErased) {
					t.Errorf("%s: %q, %v", c, got, err)
				}
			} else if got != c || err != nil {
				t.Errorf("%s: %q, %v", c, got, err)
			}
		}
		if n, err := r.v.Erase(ctx, "per_1"); n != len(all)-len(gone) || err != nil {
			t.Fatal(n, err)
		}
	})
}

func TestErase_leavesNoWrappedKeyInTheFile(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		if r.keys.Dialect() != db.SQLite {
			return // PostgreSQL's files are its own; the wrapped key alone opens nothing without the master key
		}
		ring, err := r.v.New(ctx, "per_1", "contact")
		if err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, ring)
		var wrapped []byte
		read := func() {
			err := r.keys.Read(ctx, func(tx *db.Tx) error {
				id, err := keyOf(r.main)
				if err != nil {
					return err
				}
				wrapped, err = db.Value[[]byte](tx, "SELECT wrapped_sealed FROM data_key WHERE id = $1", id)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		read()
		held := bytes.Clone(wrapped)
		if _, err := r.v.Erase(ctx, "per_1"); err != nil {
			t.Fatal(err)
		}
		if read(); len(wrapped) != 0 {
			t.Fatal("the row still holds the key")
		}
		file, err := os.ReadFile(r.keyPlace.Path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(file, held) {
			t.Error("the main file still holds the wrapped key")
		}
	})
}

func keyOf(d *db.DB) (id string, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		id, err = db.Value[string](tx, "SELECT key_id FROM person_key")
		return err
	})
	return id, err
}

func TestAssign_refusesASecondKeyForOneCategory(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		a, err := r.v.New(ctx, "per_1", "contact")
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.v.New(ctx, "per_1", "contact")
		if err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, a)
		if err := r.main.Write(ctx, b.Assign); !errors.Is(err, db.ErrUnique) {
			t.Fatal(err)
		}
	})
}

func TestNew_refusesTheWrongMasterKey(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		ring, err := r.v.New(ctx, "per_1", "contact")
		if err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, ring)
		other, err := vault.New(r.main, r.keys, bytes.Repeat([]byte{8}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Ring(ctx, "per_1"); !errors.Is(err, vault.ErrForged) {
			t.Fatal(err)
		}
		if _, err := vault.New(r.main, r.keys, []byte("short"), make([]byte, vault.MasterSize)); err == nil {
			t.Fatal("took a short key")
		}
	})
}

func TestArchive_opensOnlyForWhoAskedForIt(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		place := vault.Place{Table: "request", Column: "words_sealed", Row: "req_1"}
		ring, err := r.v.New(ctx, "per_1", "need", "contact")
		if err != nil {
			t.Fatal(err)
		}
		sealed := ring.SealText("need", place, "Une fuite")
		assign(t, r.main, ring)
		past, err := r.v.ArchiveRing(ctx, "per_1", "need")
		if err != nil {
			t.Fatal(err)
		}
		kept, err := past.Archive("need", place, sealed)
		if err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, past)
		if again, err := past.Archive("need", place, kept); err != nil || !bytes.Equal(again, kept) {
			t.Errorf("archived twice: %v", err)
		}
		if empty, err := past.Archive("need", place, nil); err != nil || len(empty) != 0 {
			t.Errorf("nothing archived is %q, %v", empty, err)
		}
		if n, err := r.v.Erase(ctx, "per_1", "need"); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		live, err := r.v.Ring(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := live.OpenText("need", place, kept); !errors.Is(err, vault.ErrArchived) || !errors.Is(err, vault.ErrErased) {
			t.Errorf("a page opens the archive: %v", err)
		}
		opened, err := r.v.ArchiveRing(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if text, err := opened.OpenText("need", place, kept); err != nil || text != "Une fuite" {
			t.Errorf("%q, %v", text, err)
		}
		if _, err := opened.OpenText("need", vault.Place{Table: "request", Column: "words_sealed", Row: "req_2"}, kept); !errors.Is(err, vault.ErrForged) {
			t.Errorf("elsewhere: %v", err)
		}
		if late, err := opened.Archive("need", place, sealed); err != nil || len(late) != 0 {
			t.Errorf("what was erased before comes into the archive as %q, %v", late, err)
		}
		if n, err := r.v.Erase(ctx, "per_1", vault.Archived("need")); err != nil || n != 1 {
			t.Fatal(n, err)
		}
		gone, err := r.v.ArchiveRing(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := gone.OpenText("need", place, kept); !errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrArchived) {
			t.Errorf("after erasure: %v", err)
		}
		// Without the archive's own key the master key opens nothing of it.
		other, err := vault.New(r.main, r.keys, bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{8}, vault.MasterSize))
		if err != nil {
			t.Fatal(err)
		}
		two, err := r.v.ArchiveRing(ctx, "per_2", "need")
		if err != nil {
			t.Fatal(err)
		}
		assign(t, r.main, two)
		if _, err := other.ArchiveRing(ctx, "per_2"); !errors.Is(err, vault.ErrForged) {
			t.Errorf("another archive key: %v", err)
		}
	})
}

func TestSeal_withoutAKeyPanics(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		ring, err := r.v.New(ctx, "per_1")
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if recover() == nil {
				t.Error("sealed without a key")
			}
		}()
		ring.SealText("contact", phone, "x")
	})
}

func TestIndex_isEqualOnlyForEqualValuesOfOneKind(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		rapid.Check(t, func(t *rapid.T) {
			a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
			if (r.v.Index("phone", a) == r.v.Index("phone", b)) != (a == b) {
				t.Fatal("index differs from equality")
			}
			if a != "" && r.v.Index("phone", a) == r.v.Index("email", a) {
				t.Fatal("two kinds share an index")
			}
		})
	})
}

func BenchmarkNewRing(b *testing.B) {
	c := dbtest.NewClock()
	main := dbtest.New(b, db.SQLite, c)
	place := dbtest.Place(b, db.SQLite, "keys")
	place.Schema = vault.KeySchema()
	v, err := vault.New(main, dbtest.Open(b, place, c), bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		r, err := v.New(ctx, "per_1", "identity", "contact", "need", "place")
		if err != nil {
			b.Fatal(err)
		}
		r.SealText("contact", phone, "+33639980001")
	}
}
