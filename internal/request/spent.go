package request

import (
	"context"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/person"
)

// sweepSpent forgets what counts no more of rows that no purpose holds for a person: they name nobody but by a digest or an id, and have a time of
// their own that is never longer than they are needed.
func (s *Service) sweepSpent(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := auth.Forget(tx); err != nil {
			return err
		}
		return person.Forget(tx, n)
	})
}
