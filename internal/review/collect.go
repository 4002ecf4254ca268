package review

import (
	"context"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/privacy"
)

// Choices are what the holder of a link agreed to about his answer, and took back.
func (s *Service) Choices(ctx context.Context, actor auth.Actor) (all []privacy.Given, err error) {
	if err = actor.May(auth.ReviewAnswer); err != nil {
		return nil, err
	}
	i, err := s.invitation(ctx, actor.Invite)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { all, err = privacy.Ledger(tx, i.Who.ID, i.ID); return err })
	return all, err
}
