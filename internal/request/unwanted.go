package request

import (
	"context"
	"errors"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/vault"
)

// alive are the states in which something may still be done with a request.
var alive = []State{Unverified, Received, Published, Filled, Forwarded}

// giveUp ends a request whose own agreement is taken back, in the transaction of also: it lived by the agreement to use it for what it asks, and
// there is nothing left to do with it (RN-30, AQ-24, AQ-61).
func (s *Service) giveUp(ctx context.Context, actor auth.Actor, r Request, n *network.Network, ring *vault.Ring, who person.Person, also func(*db.Tx) error) error {
	return s.end(ctx, actor, r, n, Cancelled, EvCancelled, "", alive, func(tx *db.Tx) error {
		if err := also(tx); err != nil || r.State == Unverified { // as in Cancel
			return err
		}
		return s.tell(tx, n, ring, r, who, "cancelled", nil)
	})
}

// sweepUnwanted ends requests whose own agreement was taken back elsewhere than on their page: in a case of rights, or by a STOP.
func (s *Service) sweepUnwanted(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if errors.Is(err, edition.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	var own []any
	for _, c := range n.Consents {
		if c.Kind == network.KindConsent && c.Required {
			own = append(own, c.ID)
		}
	}
	if len(own) == 0 {
		return nil
	}
	marks, args := db.Rows(own)
	var due []string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due, err = db.Values[string](tx, `SELECT r.id FROM request r JOIN consent c ON c.person_id = r.person_id AND c.object = r.id
			WHERE r.state IN ('unverified', 'received', 'published', 'filled', 'forwarded') AND NOT c.granted AND c.consent IN `+marks+`
			AND NOT EXISTS (SELECT 1 FROM consent l WHERE l.person_id = c.person_id AND l.object = c.object AND l.consent = c.consent AND (l.at > c.at OR l.at = c.at AND l.id > c.id))
			ORDER BY r.id LIMIT 200`, args...)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		r, n, ring, who, err := s.open(ctx, id)
		if err == nil {
			err = s.giveUp(ctx, auth.Machine, r, n, ring, who, func(*db.Tx) error { return nil })
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
