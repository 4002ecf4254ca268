package edition

import (
	"context"
	"fmt"

	"entremise/internal/db"
)

// Bundle gives the files of a stored edition as they were applied: [network.Unpack] reads them.
func (s *Store) Bundle(ctx context.Context, hash string) (bundle []byte, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		bundle, err = db.Value[[]byte](tx, "SELECT bundle FROM edition WHERE hash = $1", hash)
		return err
	})
	if err != nil {
		err = fmt.Errorf("edition %s: %w", hash, err)
	}
	return bundle, err
}
