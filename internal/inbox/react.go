package inbox

import (
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// exchanged notes in tx that a case went on, where its person is known for sure: it came over his own link, or staff spoke with him or answered. What
// is kept of the exchange counts from now (RN-34, CS), and what is kept of the people whom it is about too. To oppose, or to have something erased,
// is no reaction to an offer and starts nothing anew. A letter that only bears his address proves nothing: it waits for its answer.
func (s *Service) exchanged(tx *db.Tx, n *network.Network, c Case, by ...network.Reaction) error {
	if err := privacy.Reacted(tx, n, c.ID, by...); err != nil {
		return err
	}
	switch c.Asked {
	case network.RightErasure, network.RightRestriction, network.RightProspecting, network.RightObjection, network.RightWithdrawal:
		return nil
	}
	tied, err := subjects(tx, c.ID)
	for _, t := range tied {
		if err == nil && t.Whose == network.Consumer {
			err = privacy.Reacted(tx, n, t.Person, by...)
		}
	}
	return err
}
