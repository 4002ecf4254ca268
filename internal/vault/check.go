package vault

import (
	"context"
	"slices"

	"entremise/internal/db"
)

// Missing counts the bunches that the database assigns and the key store does not have: a key store that is older than the database, or another's.
func (v *Vault) Missing(ctx context.Context) (n int, err error) {
	var ids []string
	err = v.main.Read(ctx, func(tx *db.Tx) (err error) {
		ids, err = db.Values[string](tx, "SELECT key_id FROM person_key")
		return err
	})
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(ids, 400) {
		var args []any
		in := db.In(&args, some)
		err := v.keys.Read(ctx, func(tx *db.Tx) error {
			there, err := db.Value[int64](tx, "SELECT count(*) FROM data_key WHERE id IN ("+in+")", args...)
			n += len(some) - int(there)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

// Destroyed reports whether the ring's person had a key of one of the categories that is destroyed, with nothing in its place.
func (r *Ring) Destroyed(categories ...string) bool {
	return slices.ContainsFunc(categories, func(c string) bool { return r.erased[c] && r.keys[c] == nil })
}
