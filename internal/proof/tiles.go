package proof

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"entremise/internal/db"
)

// tileHeight is that of C2SP tlog-tiles: 256 hashes make a full tile.
const tileHeight = 8

const tileWidth = 1 << tileHeight

// Tile names a part of the log as C2SP tlog-tiles does: /tile/<Level>/<Index>[.p/<Width>], or /tile/entries/<Index>[.p/<Width>].
type Tile struct {
	Entries bool
	Level   int   // 0 to 63; 0 for entries
	Index   int64 // from 0
	Width   int   // 1 to 256; 256 is a full tile
}

// ErrNoTile says that the path of a tile is malformed, or that the tree is too small for it: an empty tile does not exist.
var ErrNoTile = errors.New("proof: no such tile")

// ReadTilePath reads what stands after /tile/. Each tile has one path: numbers without leading zeros but for the groups of three digits, no partial tile of
// 256.
func ReadTilePath(path string) (t Tile, err error) {
	kind, rest, ok := strings.Cut(path, "/")
	if t.Entries = kind == "entries"; !ok {
		return t, ErrNoTile
	}
	if !t.Entries {
		if t.Level, err = strconv.Atoi(kind); err != nil || t.Level < 0 || t.Level > 63 || kind != strconv.Itoa(t.Level) {
			return t, ErrNoTile
		}
	}
	t.Width = tileWidth
	number, width, partial := strings.Cut(rest, ".p/")
	if partial {
		if t.Width, err = strconv.Atoi(width); err != nil || t.Width < 1 || t.Width >= tileWidth || width != strconv.Itoa(t.Width) {
			return t, ErrNoTile
		}
	}
	digits := strings.ReplaceAll(strings.ReplaceAll(number, "/", ""), "x", "")
	if t.Index, err = strconv.ParseInt(digits, 10, 64); err != nil || t.Index < 0 || tileNumber(t.Index) != number {
		return t, ErrNoTile
	}
	return t, nil
}

// tileNumber writes an index in groups of three digits, all but the last with an x before them: x001/x234/067.
func tileNumber(n int64) string {
	s := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		s = fmt.Sprintf("x%03d/%s", n%1000, s)
	}
	return s
}

// Path is what stands after /tile/.
func (t Tile) Path() string {
	kind := strconv.Itoa(t.Level)
	if t.Entries {
		kind = "entries"
	}
	path := kind + "/" + tileNumber(t.Index)
	if t.Width < tileWidth {
		path += ".p/" + strconv.Itoa(t.Width)
	}
	return path
}

// within reports whether a tree of size leaves has all of the tile.
func (t Tile) within(size int64) bool {
	for range t.Level * tileHeight {
		if size >>= 1; size == 0 {
			return false
		}
	}
	return t.Index <= size>>tileHeight && t.Index*tileWidth+int64(t.Width) <= size
}

// Tile gives the bytes of a tile, which never change: hashes of 32 bytes one after the other, or entries, each after its length in two bytes, big-endian.
// ErrNoTile where no checkpoint covers it yet.
func (l *Log) Tile(ctx context.Context, t Tile) (data []byte, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		data = nil
		size, err := latestSize(tx)
		if err != nil {
			return err
		}
		if t.Width < 1 || t.Width > tileWidth || t.Level < 0 || t.Level > 63 || t.Index < 0 || !t.within(size) {
			return ErrNoTile
		}
		if t.Entries {
			data, err = entries(tx, t.Index*tileWidth, int64(t.Width))
			return err
		}
		data, err = hashes(tx, t)
		return err
	})
	return data, err
}

func entries(tx *db.Tx, first, n int64) ([]byte, error) {
	list, err := db.List(tx, func(s db.Scanner) ([]byte, error) {
		var kind string
		var commitment []byte
		err := s.Scan(&kind, &commitment)
		return Entry(kind, commitment), err
	}, "SELECT l.kind, l.commitment_hash FROM proof_entry e JOIN proof_leaf l ON l.id = e.leaf_id WHERE e.position >= $1 AND e.position < $2 ORDER BY e.position", first, first+n)
	if err != nil {
		return nil, err
	}
	if int64(len(list)) != n {
		return nil, fmt.Errorf("proof: %d entries from %d on, want %d", len(list), first, n)
	}
	var data []byte
	for _, e := range list {
		data = append(binary.BigEndian.AppendUint16(data, uint16(len(e))), e...)
	}
	return data, nil
}

func hashes(tx *db.Tx, t Tile) ([]byte, error) {
	positions := make([]int64, t.Width)
	for i := range positions {
		positions[i] = tlog.StoredHashIndex(t.Level*tileHeight, t.Index*tileWidth+int64(i))
	}
	var args []any
	marks := db.In(&args, positions)
	// Positions rise with the index: the order of the table is that of the tile.
	list, err := db.Values[[]byte](tx, "SELECT node_hash FROM proof_node WHERE position IN ("+marks+") ORDER BY position", args...)
	if err != nil {
		return nil, err
	}
	if len(list) != t.Width {
		return nil, fmt.Errorf("proof: tile %s: %d hashes, want %d", t.Path(), len(list), t.Width)
	}
	data := make([]byte, 0, t.Width*tlog.HashSize)
	for _, h := range list {
		data = append(data, h...)
	}
	return data, nil
}
