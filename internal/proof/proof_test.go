package proof_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	ours "entremise/internal/proof"
	"entremise/internal/vault"
)

var ctx = context.Background()

type rig struct {
	d    *db.DB
	v    *vault.Vault
	log  *ours.Log
	ring *vault.Ring
}

func each(t *testing.T, test func(t *testing.T, r rig)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		place := dbtest.Place(t, d.Dialect(), "keys")
		place.Schema = vault.KeySchema()
		v, err := vault.New(d, dbtest.Open(t, place, c), bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize))
		if err != nil {
			t.Fatal(err)
		}
		l, err := ours.New(d, "pro.depanneurs.example/log", v.Secret("proof log"))
		if err != nil {
			t.Fatal(err)
		}
		ring, err := v.New(ctx, "per_1", "consent")
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(ctx, ring.Assign); err != nil {
			t.Fatal(err)
		}
		test(t, rig{d, v, l, ring})
	})
}

func (r rig) commit(t *testing.T, content string) (id string) {
	t.Helper()
	err := r.d.Write(ctx, func(tx *db.Tx) (err error) {
		id, err = ours.Commit(tx, r.ring, ours.Leaf{Kind: "consent", Object: "con_1", Person: "per_1", Category: "consent"}, []byte(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestProve_verifiesWithTheClientThatWeDidNotWrite(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		var ids []string
		for i := range 37 {
			ids = append(ids, r.commit(t, fmt.Sprint("wording ", i)))
			if i%5 == 0 {
				if err := r.log.Sequence(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := r.log.Prove(ctx, ids[36]); !errors.Is(err, ours.ErrWaiting) {
			t.Fatalf("not sequenced yet: %v", err)
		}
		if err := r.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			p, err := r.log.Prove(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			if err := ours.Verify(p, r.log.VerifierKey()); err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(p.Checkpoint, "\n")
			root, err := base64.StdEncoding.DecodeString(lines[2])
			if err != nil {
				t.Fatal(err)
			}
			var path [][]byte
			for _, h := range p.Path {
				b, err := hex.DecodeString(h)
				if err != nil {
					t.Fatal(err)
				}
				path = append(path, b)
			}
			commitment, err := hex.DecodeString(p.Commitment)
			if err != nil {
				t.Fatal(err)
			}
			leaf := rfc6962.DefaultHasher.HashLeaf(ours.Entry(p.Kind, commitment))
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(p.Position), 37, leaf, path, root); err != nil {
				t.Fatalf("independent verifier, leaf %d: %v", p.Position, err)
			}
		}
	})
}

func TestVerify_detectsEveryChange(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		id := r.commit(t, "a")
		r.commit(t, "b")
		if err := r.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		good, err := r.log.Prove(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		other, err := ours.New(r.d, "pro.depanneurs.example/log", bytes.Repeat([]byte{9}, 32))
		if err != nil {
			t.Fatal(err)
		}
		for name, change := range map[string]func(p *ours.Inclusion, key *string){
			"position":   func(p *ours.Inclusion, _ *string) { p.Position = 1 - p.Position },
			"kind":       func(p *ours.Inclusion, _ *string) { p.Kind = "sale" },
			"commitment": func(p *ours.Inclusion, _ *string) { p.Commitment = strings.Repeat("0", 64) },
			"path":       func(p *ours.Inclusion, _ *string) { p.Path = nil },
			"garbage":    func(p *ours.Inclusion, _ *string) { p.Path = []string{"zz"} },
			"size":       func(p *ours.Inclusion, _ *string) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n2\n", "\n3\n", 1) },
			"empty":      func(p *ours.Inclusion, _ *string) { p.Checkpoint = "" },
			"key":        func(_ *ours.Inclusion, k *string) { *k = other.VerifierKey() },
		} {
			p, key := good, r.log.VerifierKey()
			change(&p, &key)
			if err := ours.Verify(p, key); err == nil {
				t.Errorf("changed %s: verified", name)
			}
		}
	})
}

func TestCheck_isMuteAfterErasure(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		id := r.commit(t, "I agree")
		check := func(content string) error {
			ring, err := r.v.Ring(ctx, "per_1")
			if err != nil {
				t.Fatal(err)
			}
			return r.d.Read(ctx, func(tx *db.Tx) error { return ours.Check(tx, ring, id, []byte(content)) })
		}
		if err := check("I agree"); err != nil {
			t.Fatal(err)
		}
		if err := check("I disagree"); err == nil {
			t.Fatal("another content passed")
		}
		if _, err := r.v.Erase(ctx, "per_1"); err != nil {
			t.Fatal(err)
		}
		if err := check("I agree"); !errors.Is(err, vault.ErrErased) {
			t.Fatal(err)
		}
		if err := r.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		p, err := r.log.Prove(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if err := ours.Verify(p, r.log.VerifierKey()); err != nil {
			t.Fatalf("the log no longer verifies: %v", err)
		}
	})
}

// Many writers and two would-be sequencers: each leaf once, in one unbroken tree.
func TestSequence_twoNodesOneOrder(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		second, err := ours.New(r.d, "pro.depanneurs.example/log", r.v.Secret("proof log"))
		if err != nil {
			t.Fatal(err)
		}
		const n = 60
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() { r.commit(t, fmt.Sprint(i)) })
		}
		for _, l := range []*ours.Log{r.log, second} {
			wg.Go(func() {
				for range 10 {
					if err := l.Sequence(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if err := r.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		if err := second.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		err = r.d.Read(ctx, func(tx *db.Tx) error {
			var entries, last, waiting int64
			if err := tx.Get(db.Into(&entries, &last), "SELECT count(*), max(position) FROM proof_entry"); err != nil {
				return err
			}
			waiting, err := db.Value[int64](tx, "SELECT count(*) FROM proof_wait")
			if entries != n || last != n-1 || waiting != 0 {
				t.Errorf("%d entries, last %d, %d waiting", entries, last, waiting)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestSeed_isOnePerDayAndCommitted(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		var a, b, c []byte
		err := r.d.Write(ctx, func(tx *db.Tx) (err error) {
			if a, err = ours.Seed(tx, "2026-11-23"); err != nil {
				return err
			}
			if b, err = ours.Seed(tx, "2026-11-23"); err != nil {
				return err
			}
			c, err = ours.Seed(tx, "2026-11-24")
			return err
		})
		if err != nil || !bytes.Equal(a, b) || bytes.Equal(a, c) {
			t.Fatal(err)
		}
		err = r.d.Read(ctx, func(tx *db.Tx) error {
			leaf, err := db.Value[string](tx, "SELECT leaf_id FROM proof_seed WHERE day_on = '2026-11-23'")
			if err != nil {
				return err
			}
			return ours.Check(tx, nil, leaf, a)
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// One leaf for several contents: all of them, in any order, and nothing else; a salt of one part opens no other.
func TestCheck_allOfThemAndNothingElse(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		parts := [][]byte{[]byte("terms yes"), []byte("call-me yes"), []byte("opinion no")}
		var id string
		err := r.d.Write(ctx, func(tx *db.Tx) (err error) {
			id, err = ours.Commit(tx, r.ring, ours.Leaf{Kind: "consent", Object: "req_1", Person: "per_1", Category: "consent"}, parts...)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.log.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		if p, err := r.log.Prove(ctx, id); err != nil || ours.Verify(p, r.log.VerifierKey()) != nil {
			t.Fatal(p, err)
		}
		for name, c := range map[string]struct {
			parts [][]byte
			holds bool
		}{
			"as committed":     {parts, true},
			"in another order": {[][]byte{parts[2], parts[0], parts[1]}, true},
			"one changed":      {[][]byte{parts[0], parts[1], []byte("opinion yes")}, false},
			"one missing":      {parts[:2], false},
			"one more":         {[][]byte{parts[0], parts[1], parts[2], []byte("partners yes")}, false},
			"one twice":        {[][]byte{parts[0], parts[1], parts[1]}, false},
			"all in one":       {[][]byte{[]byte("call-me yesopinion noterms yes")}, false},
			"none":             {nil, false},
		} {
			err := r.d.Read(ctx, func(tx *db.Tx) error { return ours.Check(tx, r.ring, id, c.parts...) })
			if (err == nil) != c.holds {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := r.d.Read(ctx, func(tx *db.Tx) error { return ours.Check(tx, r.ring, id, parts[0]) }); err == nil {
			t.Error("a part passes for the whole")
		}
	})
}
