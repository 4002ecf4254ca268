package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"entremise/internal/db"
	ours "entremise/internal/proof"
)

func TestReadTilePath_oneSpellingForEachTile(t *testing.T) {
	for path, want := range map[string]ours.Tile{
		"0/000":                     {Level: 0, Index: 0, Width: 256},
		"0/x001/x234/067":           {Index: 1234067, Width: 256}, // the example of the specification
		"2/000.p/1":                 {Level: 2, Width: 1},
		"63/x001/000.p/255":         {Level: 63, Index: 1000, Width: 255},
		"entries/000":               {Entries: true, Width: 256},
		"entries/x999/999.p/7":      {Entries: true, Index: 999999, Width: 7},
		"entries/x001/x000/000.p/7": {Entries: true, Index: 1000000, Width: 7},
	} {
		got, err := ours.ReadTilePath(path)
		if err != nil || got != want || got.Path() != path {
			t.Errorf("%s: %+v %v, written %s", path, got, err, got.Path())
		}
	}
	for _, path := range []string{"", "0", "0/", "0/0", "0/00", "0/0000", "0/001x", "64/000", "-1/000", "+1/000", "00/000", "01/000", "0/x000/000", "0/000/000", "0/x1/000", "0/000.p/", "0/000.p/0", "0/000.p/256", "0/000.p/-1", "0/000.p/01",
		"0/000.p/1/", "0/000/", "0/-01", "0/ 01", "0/x001/x000", "entries", "entries/", "entries/0/000", "data/000", "0/x999/x999/x999/x999/x999/x999/x999/999", "0/000.p/1.p/1"} {
		if got, err := ours.ReadTilePath(path); !errors.Is(err, ours.ErrNoTile) {
			t.Errorf("%q was read as %+v, %v", path, got, err)
		}
	}
}

// A client that knows tiles and the published key alone, with hashing that we did not write, rebuilds the root of every checkpoint.
func TestTile_rebuildsTheRoot(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		count := 0
		for _, add := range []int{1, 254, 1, 1, 300} { // a lone leaf, one short of full, full, one more, more than two
			err := r.d.Write(ctx, func(tx *db.Tx) error {
				for i := range add {
					if _, err := ours.CommitSecret(tx, "member", "m", fmt.Append(nil, count+i)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			count += add
			if err := r.log.Sequence(ctx); err != nil {
				t.Fatal(err)
			}
			checkpoint, err := r.log.Checkpoint(ctx)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(checkpoint, "\n")
			if lines[1] != strconv.Itoa(count) {
				t.Fatal(lines)
			}
			whole := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
			var level0 []byte
			for first := 0; first < count; first += 256 {
				tile := ours.Tile{Entries: true, Index: int64(first / 256), Width: min(256, count-first)}
				data, err := r.log.Tile(ctx, tile)
				if err != nil {
					t.Fatal(err)
				}
				tile.Entries = false
				hashes, err := r.log.Tile(ctx, tile)
				if err != nil {
					t.Fatal(err)
				}
				level0 = append(level0, hashes...)
				for len(data) > 0 {
					n := int(binary.BigEndian.Uint16(data))
					if err := whole.Append(rfc6962.DefaultHasher.HashLeaf(data[2:2+n]), nil); err != nil {
						t.Fatal(err)
					}
					data = data[2+n:]
				}
			}
			root, err := whole.GetRootHash(nil)
			if err != nil || base64.StdEncoding.EncodeToString(root) != lines[2] || whole.End() != uint64(count) {
				t.Fatalf("%d entries make root %x, %v", whole.End(), root, err)
			}
			if len(level0) != 32*count {
				t.Fatalf("%d bytes of hashes for %d leaves", len(level0), count)
			}
			for full := range count / 256 { // level 1 is the root of each full tile of level 0
				data, err := r.log.Tile(ctx, ours.Tile{Level: 1, Width: full + 1})
				if err != nil {
					t.Fatal(err)
				}
				sub := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
				for i := range 256 {
					if err := sub.Append(level0[(full*256+i)*32:][:32], nil); err != nil {
						t.Fatal(err)
					}
				}
				if want, err := sub.GetRootHash(nil); err != nil || !bytes.Equal(want, data[32*full:]) {
					t.Fatalf("level 1, %d: %v", full, err)
				}
			}
			for _, none := range []ours.Tile{{Index: int64(count / 256), Width: count%256 + 1}, {Entries: true, Index: int64(count / 256), Width: count%256 + 1}, {Level: 1, Width: count/256 + 1}, {Level: 2, Width: 1}, {Level: 63, Width: 1}, {Index: 1 << 50, Width: 1},
				{Width: 0}, {Width: 257}, {Level: 64, Width: 1}, {Level: -1, Width: 1}, {Index: -1, Width: 1}} {
				if none.Width == 257 || none.Index == int64(count/256) && none.Width == 256 && count%256 == 0 {
					none.Width = 300
				}
				if data, err := r.log.Tile(ctx, none); !errors.Is(err, ours.ErrNoTile) {
					t.Errorf("%d leaves: tile %+v: %d bytes, %v", count, none, len(data), err)
				}
			}
		}
		if _, err := r.v.Erase(ctx, "per_1"); err != nil {
			t.Fatal(err)
		}
		if data, err := r.log.Tile(ctx, ours.Tile{Entries: true, Width: 256}); err != nil || len(data) != 256*(2+len(ours.Entry("member", make([]byte, 32)))) {
			t.Error("erasure changed the log", len(data), err)
		}
	})
}

// A proof by an older checkpoint holds; one by a size that was never signed is not made, nor one of a leaf that came later.
func TestProveAt_signedSizesAlone(t *testing.T) {
	each(t, func(t *testing.T, r rig) {
		var ids []string
		for i := range 6 {
			ids = append(ids, r.commit(t, fmt.Sprint(i)))
			if i%2 == 1 {
				if err := r.log.Sequence(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, c := range []struct {
			leaf string
			size int64
			want error
		}{{ids[0], 2, nil}, {ids[0], 6, nil}, {ids[0], 0, nil}, {ids[3], 4, nil}, {ids[3], 2, ours.ErrWaiting}, {ids[0], 3, db.ErrNone}, {ids[0], 7, db.ErrNone}, {"leaf_unknown", 2, db.ErrNone}} {
			p, err := r.log.ProveAt(ctx, c.leaf, c.size)
			if !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("%d: %v", i, err)
			}
			if c.want == nil {
				if err := ours.Verify(p, r.log.VerifierKey()); err != nil {
					t.Errorf("%d: %v", i, err)
				}
				if lines := strings.Split(p.Checkpoint, "\n"); c.size > 0 && lines[1] != fmt.Sprint(c.size) {
					t.Error(i, lines)
				}
			}
		}
		for i, c := range []struct {
			from, to int64
			ok       bool
		}{{2, 4, true}, {2, 0, true}, {0, 4, true}, {6, 6, true}, {4, 2, false}, {3, 6, false}, {2, 5, false}, {2, 8, false}, {-1, 6, false}} {
			first, err := r.log.Extends(ctx, 0, c.from)
			link, err2 := r.log.Extends(ctx, c.from, c.to)
			if (err2 == nil) != c.ok || !c.ok && !errors.Is(err2, db.ErrNone) {
				t.Errorf("%d: %v", i, err2)
			}
			if c.ok && c.from > 0 {
				if _, err3 := ours.VerifyChain([]ours.Link{first, link}, r.log.VerifierKey()); err != nil || err3 != nil {
					t.Error(i, err, err3)
				}
			}
		}
	})
}
