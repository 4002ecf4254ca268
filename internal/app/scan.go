package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"entremise/internal/privacy"
)

// scan looks for what an erased person was known by in every row of both databases and in every file of the data folder: databases,
// write-ahead logs, ledger, whatever else lies there.
func (i *Instance) scan(ctx context.Context, needles [][]byte) (places int, found []string, err error) {
	places, found, err = privacy.ScanRows(i.DB, i.KeyDB)(ctx, needles)
	if err != nil {
		return places, found, err
	}
	err = filepath.WalkDir(i.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		places++
		has, err := fileHas(path, needles)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a write-ahead log that was just folded in
		}
		if has {
			found = append(found, d.Name())
		}
		return errors.Join(err, ctx.Err())
	})
	return places, found, err
}

// fileHas reads a file in blocks that overlap by the longest needle.
func fileHas(path string, needles [][]byte) (has bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	longest := 0
	for _, n := range needles {
		longest = max(longest, len(n))
	}
	if longest == 0 {
		return false, nil
	}
	find := privacy.Find(needles)
	block := make([]byte, 1<<20+longest)
	kept := 0
	for {
		n, err := io.ReadFull(f, block[kept:])
		if find.In(block[:kept+n]) {
			return true, nil
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		kept = copy(block, block[max(0, kept+n-longest):kept+n])
	}
}

// certify is a sweep: what was erased is looked for, and certified.
func (i *Instance) certify(ctx context.Context) error {
	_, err := i.Life.Certify(ctx, i.scan)
	return err
}
