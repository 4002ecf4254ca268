package inbox

import (
	"context"

	"entremise/internal/fault"
	"entremise/internal/vault"
)

// Reached is how whoever wrote to us is written to.
type Reached struct {
	Email, Phone, Lang string
	Ring               *vault.Ring
}

// Reach finds how the people of cases are written to; a case that is gone is left out. Its caller has checked why he asks.
func (s *Service) Reach(ctx context.Context, ids ...string) (map[string]Reached, error) {
	all := map[string]Reached{}
	for _, id := range ids {
		c, _, ring, err := s.get(ctx, id)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[id] = Reached{Email: c.Email, Phone: c.Phone, Lang: c.Lang, Ring: ring}
	}
	return all, nil
}
