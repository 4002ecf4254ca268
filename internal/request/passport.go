package request

import (
	"context"
	"errors"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

var errPassportSoon = fault.New(fault.Conflict, "passport-soon", fault.T("La preuve entre au journal public. Réessayez dans quelques secondes.", "The proof is entering the public log. Try again in a few seconds."))

// Passport is the file that proves to a professional, for what he bought, that its person asked to be called; as long as he may read the details.
// It verifies without us (entremise verify). Each download leaves a line.
func (s *Service) Passport(ctx context.Context, actor auth.Actor, log *proof.Log, id string) ([]byte, error) {
	p, err := s.purchase(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	r, n, ring, _, err := s.open(ctx, p.Request)
	if err != nil {
		return nil, err
	}
	var acts []privacy.Act
	err = s.db.Write(ctx, func(tx *db.Tx) error { // no line, no file
		why, err := masked(tx, r, actor.Pro)
		if err == nil && why != "" {
			err = errNoPurchase
		}
		if err != nil {
			return err
		}
		if acts, err = privacy.OpenActs(tx, ring, n, r.Person, r.ID); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ContactLog), "passport.read", id, "")
	})
	if errors.Is(err, vault.ErrErased) || err == nil && len(acts) == 0 {
		return nil, errNoPurchase
	}
	if err != nil {
		return nil, err
	}
	if err := privacy.Prove(ctx, log, acts); errors.Is(err, proof.ErrWaiting) {
		return nil, errPassportSoon
	} else if err != nil {
		return nil, err
	}
	return privacy.SignPassport(log, privacy.Passport{Network: n.Network, Operator: n.Operator.Name, Introduction: p.ID, Reference: r.Ref, Issued: s.db.Now(), Acts: acts})
}
