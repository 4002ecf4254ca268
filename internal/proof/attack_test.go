package proof_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/network"
	ours "entremise/internal/proof"
	"entremise/internal/proof/place"
)

// victim is a log of thirty leaves, ten to a checkpoint, and what people outside hold of it: a receipt, a checkpoint of the middle, and the witness file.
type victim struct {
	d       *db.DB
	log     *ours.Log
	anchors *ours.Anchors
	w       *place.Witness
	ids     []string
	receipt ours.Inclusion // of the fifth leaf, by the newest checkpoint
	kept    string         // the checkpoint of twenty
}

// receiptHolder asks for a new proof of his leaf: it must be of the same leaf at the same place, and hold; and his old one's tree must still be the log's past.
func (v *victim) receiptHolder() error {
	p, err := v.log.Prove(ctx, v.ids[4])
	if err != nil {
		return err
	}
	if p.Commitment != v.receipt.Commitment || p.Position != v.receipt.Position || p.Kind != v.receipt.Kind {
		return errors.New("another leaf stands in its place")
	}
	if err := ours.Verify(p, v.log.VerifierKey()); err != nil {
		return err
	}
	return v.extends(v.receipt.Checkpoint)
}

// keeper holds a checkpoint and asks what came after it.
func (v *victim) keeper() error { return v.extends(v.kept) }

func (v *victim) extends(checkpoint string) error {
	t, err := ours.OpenCheckpoint(checkpoint, v.log.VerifierKey())
	if err != nil {
		return err
	}
	link, err := v.log.Extends(ctx, t.Size, 0)
	if err != nil {
		return err
	}
	_, err = ours.VerifyChain([]ours.Link{{Checkpoint: checkpoint}, link}, v.log.VerifierKey())
	return err
}

// copier reads the whole log, as anybody may, and makes its root by himself.
func (v *victim) copier() error {
	checkpoint, err := v.log.Checkpoint(ctx)
	if err != nil {
		return err
	}
	lines := strings.Split(checkpoint, "\n")
	size, err := strconv.Atoi(lines[1])
	if err != nil {
		return err
	}
	data, err := v.log.Tile(ctx, ours.Tile{Entries: true, Width: size})
	if err != nil {
		return err
	}
	all := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for len(data) > 0 {
		n := int(binary.BigEndian.Uint16(data))
		if err := all.Append(rfc6962.DefaultHasher.HashLeaf(data[2:2+n]), nil); err != nil {
			return err
		}
		data = data[2+n:]
	}
	root, err := all.GetRootHash(nil)
	if err == nil && base64.StdEncoding.EncodeToString(root) != lines[2] {
		err = errors.New("the entries make another root")
	}
	return err
}

func (v *victim) witness() error { return v.anchors.Rewritten(ctx) }

// rewind forgets everything from a size on, as a backup of that moment does; with whom the attacker who also has the key then writes on.
func rewind(size int64) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		nodes, err := db.Values[int64](tx, "SELECT position FROM proof_node ORDER BY position")
		if err != nil {
			return err
		}
		keep := 0
		for n := size; n > 0; n /= 2 { // as many as there are complete subtrees
			keep += int(n)
		}
		for _, p := range nodes[keep:] {
			if _, err := tx.Exec("DELETE FROM proof_node WHERE position = $1", p); err != nil {
				return err
			}
		}
		for _, q := range []string{"DELETE FROM proof_wait WHERE leaf_id IN (SELECT leaf_id FROM proof_entry WHERE position >= $1)", "DELETE FROM proof_entry WHERE position >= $1", "DELETE FROM proof_checkpoint WHERE size > $1"} {
			if _, err := tx.Exec(q, size); err != nil {
				return err
			}
		}
		return nil
	}
}

// Each attack of docs/attacks.md on a real database, by somebody who may write every row, and where it says so has the log's key as well.
func TestAttacks_areNoticed(t *testing.T) {
	exec := func(q string, args ...any) func(*testing.T, *victim) {
		return func(t *testing.T, v *victim) {
			if err := v.d.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec(q, args...); return err }); err != nil {
				t.Fatal(err)
			}
		}
	}
	// again makes the log once more out of the leaves that are left, with its own key.
	again := func(from int64, change func(tx *db.Tx, v *victim, ids []string) ([]string, error)) func(*testing.T, *victim) {
		return func(t *testing.T, v *victim) {
			err := v.d.Write(ctx, func(tx *db.Tx) error {
				if err := rewind(from)(tx); err != nil {
					return err
				}
				ids, err := change(tx, v, slices.Clone(v.ids[from:]))
				for i, id := range ids {
					if err == nil {
						_, err = tx.Exec("DELETE FROM proof_wait WHERE leaf_id = $1", id)
					}
					if err == nil {
						err = tx.Send("INSERT INTO proof_wait (leaf_id, at) VALUES ($1, $2)", id, int64(i))
					}
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			fresh, err := ours.New(v.d, "pro.depanneurs.example/log", bytes.Repeat([]byte{5}, 32)) // a process that remembers nothing
			if err != nil {
				t.Fatal(err)
			}
			v.log = fresh
			if err := fresh.Sequence(ctx); err != nil {
				t.Fatal(err)
			}
			v.anchors = anchorsOf(fresh, v.w)
		}
	}
	insert := func(tx *db.Tx, word string) (string, error) {
		return ours.CommitSecret(tx, "review", "rev_x", []byte(word))
	}
	for name, c := range map[string]struct {
		do      func(*testing.T, *victim)
		noticed []string // by whom at the least
	}{
		"change a leaf":                    {exec("UPDATE proof_leaf SET commitment_hash = $1 WHERE id = (SELECT leaf_id FROM proof_entry WHERE position = 4)", bytes.Repeat([]byte{1}, 32)), []string{"receipt", "copier"}},
		"change its kind":                  {exec("UPDATE proof_leaf SET kind = 'member' WHERE id = (SELECT leaf_id FROM proof_entry WHERE position = 4)"), []string{"receipt", "copier"}},
		"drop a leaf":                      {exec("DELETE FROM proof_leaf WHERE id = (SELECT leaf_id FROM proof_entry WHERE position = 4)"), []string{"receipt", "copier"}},
		"drop its line":                    {exec("DELETE FROM proof_entry WHERE position = 4"), []string{"receipt", "copier"}},
		"another leaf in its place":        {exec("UPDATE proof_entry SET leaf_id = 'x' WHERE position = 4"), []string{"receipt", "copier"}},
		"change a node":                    {exec("UPDATE proof_node SET node_hash = $1", bytes.Repeat([]byte{1}, 32)), []string{"receipt", "keeper"}},
		"drop the nodes":                   {exec("DELETE FROM proof_node"), []string{"receipt", "keeper"}},
		"drop a checkpoint that was given": {exec("DELETE FROM proof_checkpoint WHERE size = 20"), []string{"keeper"}},
		"another note for the newest":      {exec("UPDATE proof_checkpoint SET note = (SELECT note FROM proof_checkpoint WHERE size = 10) WHERE size = 30"), []string{"receipt", "keeper", "witness"}},
		"reorder two leaves": {func(t *testing.T, v *victim) {
			for _, q := range []string{"UPDATE proof_entry SET leaf_id = 'a' WHERE position = 4", "UPDATE proof_entry SET leaf_id = '" + v.ids[4] + "' WHERE position = 5", "UPDATE proof_entry SET leaf_id = '" + v.ids[5] + "' WHERE position = 4"} {
				exec(q)(t, v)
			}
		}, []string{"receipt", "copier"}},
		"drop a leaf and sign all anew": {again(0, func(_ *db.Tx, _ *victim, ids []string) ([]string, error) { return append(ids[:7], ids[8:]...), nil }), []string{"keeper", "receipt", "witness"}},
		"reorder and sign all anew": {again(0, func(_ *db.Tx, _ *victim, ids []string) ([]string, error) {
			ids[11], ids[12] = ids[12], ids[11]
			return ids, nil
		}), []string{"keeper", "receipt", "witness"}},
		"insert in the past, sign anew": {again(0, func(tx *db.Tx, _ *victim, ids []string) ([]string, error) {
			id, err := insert(tx, "dated back")
			return slices.Insert(ids, 3, id), err
		}), []string{"keeper", "receipt", "witness"}},
		"change a leaf and sign all anew": {again(0, func(tx *db.Tx, _ *victim, ids []string) ([]string, error) {
			_, err := tx.Exec("UPDATE proof_leaf SET commitment_hash = $1 WHERE id = $2", bytes.Repeat([]byte{1}, 32), ids[15])
			return ids, err
		}), []string{"keeper", "receipt", "witness"}},
		"fork after twenty":          {again(20, func(_ *db.Tx, _ *victim, ids []string) ([]string, error) { return ids[1:], nil }), []string{"receipt", "witness"}},
		"an older database put back": {again(10, func(*db.Tx, *victim, []string) ([]string, error) { return nil, nil }), []string{"keeper", "receipt", "witness"}},
		"put back, and grown past it": {again(10, func(tx *db.Tx, _ *victim, _ []string) (ids []string, err error) {
			for i := range 40 {
				id, err := insert(tx, fmt.Sprint("after ", i))
				if err != nil {
					return nil, err
				}
				ids = append(ids, id)
			}
			return ids, nil
		}), []string{"keeper", "receipt", "witness"}},
	} {
		t.Run(strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
				v := newVictim(t, d, clock)
				ask := map[string]func() error{"receipt": v.receiptHolder, "keeper": v.keeper, "copier": v.copier, "witness": v.witness}
				for who, check := range ask {
					if err := check(); err != nil {
						t.Fatalf("%s sees something before anything was done: %v", who, err)
					}
				}
				c.do(t, v)
				for _, who := range c.noticed {
					if ask[who]() == nil {
						t.Errorf("%s sees nothing", who)
					}
				}
			})
		})
	}
}

// A leaf cannot be dated back: what came after a checkpoint is in no tree of that size, whatever its row says of the time.
func TestAttacks_noDateIsOlderThanTheTree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		v := newVictim(t, d, clock)
		late := v.ids[25]
		if err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE proof_leaf SET at = 0 WHERE id = $1", late)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := v.log.ProveAt(ctx, late, 20); !errors.Is(err, ours.ErrWaiting) {
			t.Error(err)
		}
		p, err := v.log.ProveAt(ctx, late, 30)
		if err != nil {
			t.Fatal(err)
		}
		p.Checkpoint = v.kept // the forger's only way: his path with the older state
		if ours.Verify(p, v.log.VerifierKey()) == nil {
			t.Error("a leaf passes as older than it is")
		}
	})
}

func anchorsOf(l *ours.Log, w *place.Witness) *ours.Anchors {
	return ours.NewAnchors(l, func(context.Context) (*network.Anchors, error) {
		return &network.Anchors{Of: []network.Fingerprint{network.FingerprintReview}, Batch: 5, Wait: network.Duration{N: 7, Unit: network.UnitDay}}, nil
	}, ours.Reach{Witness: w})
}

func newVictim(t *testing.T, d *db.DB, clock *dbtest.Clock) *victim {
	t.Helper()
	l, err := ours.New(d, "pro.depanneurs.example/log", bytes.Repeat([]byte{5}, 32))
	if err != nil {
		t.Fatal(err)
	}
	v := &victim{d: d, log: l, w: place.NewWitness(filepath.Join(t.TempDir(), "witness.txt"), clock.Now)}
	v.anchors = anchorsOf(l, v.w)
	for range 3 {
		for range 10 {
			if err := d.Write(ctx, func(tx *db.Tx) error {
				id, err := ours.CommitSecret(tx, "review", "rev", fmt.Append(nil, len(v.ids)))
				if err == nil {
					v.ids = append(v.ids, id)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			clock.Add(time.Second) // numbered in this order
		}
		if err := l.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		if err := v.anchors.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if len(v.ids) == 20 {
			if v.kept, err = l.Checkpoint(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	if v.receipt, err = l.Prove(ctx, v.ids[4]); err != nil {
		t.Fatal(err)
	}
	return v
}
