package app

import (
	"context"
	"errors"
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
	find := privacy.Find(needles)
	err = filepath.WalkDir(i.Data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		places++
		has, err := fileHas(path, find)
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

func fileHas(path string, find *privacy.Finder) (has bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return find.InReader(f)
}

// certify is a sweep: what was erased is looked for, and certified.
func (i *Instance) certify(ctx context.Context) error {
	_, err := i.Life.Certify(ctx, i.scan)
	return err
}
