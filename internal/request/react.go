package request

import (
	"context"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/privacy"
)

// Visited notes that a person followed his private link: a click is a reaction (WA-40; CNIL, référentiel « gestion commerciale » : un clic, pas
// l’ouverture d’un message). Where no purpose of the network is renewed by it, nothing is written.
func (s *Service) Visited(ctx context.Context, actor auth.Actor) error {
	n, err := s.editions.InForce(ctx)
	if err != nil || actor.Who != auth.Consumer || actor.Request == "" || !privacy.Renews(n, network.ByClick) {
		return err
	}
	var r Request
	if err := s.db.Read(ctx, func(tx *db.Tx) error { r, err = selectRequest(tx, actor.Request); return err }); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return privacy.Reacted(tx, n, r.Person, network.ByClick) })
}

// Reacted notes in tx an act of whoever has a number that was proved, or that rings us: what was kept of him under his earlier requests counts
// from now where the network says so. Each request has a person of its own, so the number is what joins them.
func (s *Service) Reacted(tx *db.Tx, n *network.Network, e164 string, by network.Reaction) error {
	if e164 == "" || !privacy.Renews(n, by) {
		return nil
	}
	people, err := db.Values[string](tx, "SELECT id FROM person WHERE phone_bidx = $1 ORDER BY id", person.PhoneIndex(s.vault, e164))
	for _, p := range people {
		if err == nil {
			err = privacy.Reacted(tx, n, p, by)
		}
	}
	return err
}
