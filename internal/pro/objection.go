package pro

import (
	"context"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Note writes a step of a professional's objection in tx. It answers whether anything changed.
func Note(tx *db.Tx, n *network.Network, actor auth.Actor, act auth.Action, ring *vault.Ring, id string, o privacy.Objection) (bool, error) {
	o.Person, o.Object, o.Edition = id, id, n.Hash()
	written, err := privacy.NoteObjection(tx, ring, o)
	if err != nil || !written {
		return false, err
	}
	if len(n.PurposesFor(network.Professional, network.DataConsent)) > 0 {
		if err := privacy.HoldMore(tx, n, id, id, network.Professional, network.WhileAccountOpen, network.DataConsent); err != nil {
			return false, err
		}
	}
	tx.Wake("board")
	return true, audit.Write(tx, actor.Name(), actor.As(act), "objection."+string(o.Said), id, o.Purpose+" "+o.Channel)
}

// Object notes a professional's own objection from his space, or takes it back: at once, with no reason asked (GDPR art. 21, 22.3; ET-139).
func (s *Service) Object(ctx context.Context, actor auth.Actor, purpose string, back bool) error {
	if err := actor.May(auth.ProEditOwn); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if err := privacy.MayStop(n, network.Professional, purpose); err != nil {
		return err
	}
	ring, err := s.vault.Ring(ctx, actor.Pro, string(network.DataConsent))
	if err != nil {
		return err
	}
	said := privacy.SaidObjected
	if back {
		said = privacy.SaidBack
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		_, err := Note(tx, n, actor, auth.ProEditOwn, ring, actor.Pro, privacy.Objection{Purpose: purpose, Said: said, Channel: "space"})
		return err
	})
}

// Objected says to which purposes a professional objects now, for himself.
func (s *Service) Objected(ctx context.Context, actor auth.Actor) (stopped map[string]bool, err error) {
	if err := actor.May(auth.ProEditOwn); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { stopped, err = privacy.Stopped(tx, actor.Pro); return err })
	return stopped, err
}
