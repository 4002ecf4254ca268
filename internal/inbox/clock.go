package inbox

import (
	"context"

	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/vault"
)

// sweepClocks warns the officer some days before a clock ends, as the network file says, and once more when it has ended. What waits for
// a proof of identity has no clock and warns nobody.
func (s *Service) sweepClocks(ctx context.Context) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil || n.Rights == nil {
		return err
	}
	var running []stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		running, err = db.List(tx, scan, "SELECT "+columns+" FROM inbox_case WHERE state = 'open' AND told <> 'late' ORDER BY received_at, id")
		return err
	}); err != nil {
		return err
	}
	now := s.DB.Now()
	for _, c := range running {
		c.clock(n)
		soon := network.Duration{N: -n.Rights.Warn.N, Unit: n.Rights.Warn.Unit}.AddTo(c.Due)
		switch {
		case now.After(c.Due):
			err = s.warn(ctx, n, c.ID, "late")
		case now.After(soon) && c.Told == "":
			err = s.warn(ctx, n, c.ID, "soon")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// warn writes to the officer, once for each step.
func (s *Service) warn(ctx context.Context, n *network.Network, id, step string) error {
	c, _, ring, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		changed, err := tx.Exec("UPDATE inbox_case SET told = $2 WHERE id = $1 AND state = 'open' AND told <> $2", id, step)
		if err != nil || changed == 0 {
			return err
		}
		l, err := n.Message("rights-due", "fr", map[string]string{"ref": c.Ref, "link": s.URL(n.SpaceHost, "/dossiers/"+id), "date": geo.Date(c.Due.In(geo.Paris()), "fr")})
		if err != nil {
			return err
		}
		kind := EvSoon
		if step == "late" {
			kind = EvLate
		}
		if err := note(tx, id, kind, "system", ""); err != nil {
			return err
		}
		tx.Wake("cases")
		return s.toOutside(tx, ring, c, "rights-due", l, n.Operator.Officer.Email)
	})
}

// toOutside queues an e-mail about a case to somebody who is not its person.
func (s *Service) toOutside(tx *db.Tx, ring *vault.Ring, c Case, kind string, l network.Letter, to string) error {
	return s.Notify.Letter(tx, ring, network.Letter{Subject: l.Subject, Email: l.Email}, notify.Message{Person: c.ID, Object: c.ID, Kind: kind}, "", to)
}
