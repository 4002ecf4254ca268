package request

import (
	"context"
	"errors"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Sample makes the passports of at most n of the newest requests, for somebody who checks how consents are proved: they name nobody. Each leaves a
// line; a request whose proofs were erased, or have not entered the log yet, is left out.
func (s *Service) Sample(ctx context.Context, actor auth.Actor, log *proof.Log, n int) (all [][]byte, err error) {
	if err := actor.May(auth.InspectMake); err != nil {
		return nil, err
	}
	var ids []string
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		ids, err = db.Values[string](tx, "SELECT id FROM request ORDER BY at DESC, id LIMIT $1", 3*n)
		return err
	}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		if len(all) == n {
			break
		}
		r, in, ring, _, err := s.open(ctx, id)
		if errors.Is(err, vault.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var acts []privacy.Act
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			if acts, err = privacy.OpenActs(tx, ring, in, r.Person, id); err != nil {
				return err
			}
			return audit.Write(tx, actor.Name(), actor.As(auth.InspectMake), "passport.read", id, "")
		})
		if err == nil && len(acts) > 0 {
			err = privacy.Prove(ctx, log, acts)
		}
		if errors.Is(err, vault.ErrErased) || errors.Is(err, proof.ErrWaiting) || err == nil && len(acts) == 0 {
			continue
		}
		if err != nil {
			return nil, err
		}
		passport, err := privacy.SignPassport(log, privacy.Passport{Network: in.Network, Operator: in.Operator.Name, Reference: r.Ref, Issued: s.db.Now(), Acts: acts})
		if err != nil {
			return nil, err
		}
		all = append(all, passport)
	}
	return all, nil
}
