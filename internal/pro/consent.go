package pro

import (
	"context"
	"slices"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// Choices are a professional's choices about what he is sent besides the requests that concern him (ET-113): the boxes of the network file, and
// what he said about each, oldest first.
func (s *Service) Choices(ctx context.Context, actor auth.Actor) (boxes []network.Consent, given []privacy.Given, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := actor.May(auth.ProEditOwn); err != nil {
		return nil, nil, err
	}
	boxes = spaceConsents(n)
	err = s.db.Read(ctx, func(tx *db.Tx) error { given, err = privacy.Ledger(tx, actor.Pro, actor.Pro); return err })
	return boxes, given, err
}

func spaceConsents(n *network.Network) []network.Consent {
	return slices.DeleteFunc(n.ConsentsOn(network.AskedOnSpace), func(c network.Consent) bool { return c.Kind != network.KindConsent })
}

// Choose records what a professional ticked and unticked of them: a yes where there was none, a withdrawal where there was one. What did not
// change leaves no line.
func (s *Service) Choose(ctx context.Context, actor auth.Actor, ticked map[string]bool) error {
	if err := actor.May(auth.ProEditOwn); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	ring, err := s.vault.Ring(ctx, actor.Pro)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var choices []privacy.Choice
		for _, c := range spaceConsents(n) {
			stands, err := privacy.Stands(tx, actor.Pro, actor.Pro, c.ID)
			if err != nil {
				return err
			}
			if stands == ticked[c.ID] {
				continue
			}
			choices = append(choices, privacy.Choice{Person: actor.Pro, Object: actor.Pro, Consent: c, Granted: ticked[c.ID], Channel: "space", Lang: actor.Lang, Edition: n.Hash()})
		}
		if len(choices) == 0 {
			return nil
		}
		if err := privacy.Record(tx, ring, n, choices...); err != nil {
			return err
		}
		if err := privacy.HoldMore(tx, n, actor.Pro, actor.Pro, network.Professional, network.WhileAccountOpen, network.DataConsent); err != nil {
			return err
		}
		for _, c := range choices {
			word := "no"
			if c.Granted {
				word = "yes"
			}
			if err := audit.Write(tx, actor.Name(), actor.As(auth.ProEditOwn), "consent.choose", actor.Pro, c.Consent.ID+" "+word); err != nil {
				return err
			}
		}
		return nil
	})
}

// WithdrawTexts takes back, at a STOP from his number, what a professional agreed to be sent by text.
func (s *Service) WithdrawTexts(ctx context.Context, e164 string) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	var pros []string
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		pros, err = db.Values[string](tx, "SELECT id FROM pro WHERE phone_bidx = $1", s.vault.Index("phone", e164))
		return err
	}); err != nil {
		return err
	}
	for _, id := range pros {
		ring, err := s.vault.Ring(ctx, id)
		if err != nil {
			return err
		}
		if err := s.db.Write(ctx, func(tx *db.Tx) error {
			for _, c := range spaceConsents(n) {
				if !slices.Contains(c.Channels, network.ChannelSMS) {
					continue
				}
				if _, err := privacy.Withdraw(tx, ring, n, id, id, c.ID, "sms", "fr", ""); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}
