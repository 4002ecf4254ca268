package request

import (
	"context"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
)

// publishByItself is for networks whose file says qualification: automatic.
func (s *Service) publishByItself(ctx context.Context, id string) error {
	r, n, _, _, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	if r.State != Received || n.Modules.Qualification != network.QualificationAutomatic || !n.Sells() {
		return nil
	}
	hand := false
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		if hand, err = handled(tx, n, r); err == nil && !hand {
			hand, err = setAside(tx, n, r.ID)
		}
		return err
	}); err != nil || hand {
		return err // it waits for an agent, who decides
	}
	p, err := s.decide(ctx, n, r.ID, r.Trade, r.Urgency, r.Intent, r.Commune(), r.Answers, 0)
	if err != nil {
		return err
	}
	r.Price, r.VAT, r.Reasons, r.Seats = p.price, n.Introductions.Price.VAT, reasonsOf(p.steps), n.Introductions.Seats
	return s.db.Write(ctx, func(tx *db.Tx) error {
		moved, err := moveState(tx, id, Published, Received)
		if err != nil || !moved {
			return err
		}
		return s.publish(tx, auth.Machine, n, r, p)
	})
}
