package inbox

import (
	"context"
	"errors"

	"entremise/internal/db"
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

// CasesOf lists the ids of the cases that are about people.
func CasesOf(tx *db.Tx, people ...string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	var args []any
	return db.Values[string](tx, "SELECT DISTINCT case_id FROM inbox_subject WHERE person_id IN ("+db.In(&args, people)+") ORDER BY case_id", args...)
}

// IDOf finds a case by its reference; empty when there is none.
func IDOf(tx *db.Tx, ref string) (string, error) {
	id, err := db.Value[string](tx, "SELECT id FROM inbox_case WHERE ref = $1", ref)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return id, err
}
