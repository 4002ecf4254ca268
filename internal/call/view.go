package call

import (
	"context"
	"errors"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Lists show masked numbers and leave no line; the whole number is read with Open, by the call's own agent, and leaves one.

// masked fills in the numbers of a list, masked, and the open requests of each.
func (s *Service) masked(ctx context.Context, all []Call) error {
	people, numbers := make([]string, len(all)), make([]string, len(all))
	for i, c := range all {
		people[i], numbers[i] = c.person, c.index
	}
	rings, err := s.vault.Rings(ctx, people...)
	if err != nil {
		return err
	}
	for i, c := range all {
		number, err := rings[c.person].OpenText(catContact, place("caller_sealed", c.ID), c.sealed)
		if err != nil && !errors.Is(err, vault.ErrErased) {
			return err
		}
		if number != "" {
			all[i].Number = phone.Mask(number)
		}
	}
	return s.db.Read(ctx, func(tx *db.Tx) error {
		known, err := request.OpenOfAll(tx, numbers...)
		for i, c := range all {
			all[i].Known = request.Others(known[c.index], c.Request)
		}
		return err
	})
}

func (s *Service) list(ctx context.Context, actor auth.Actor, where string, args ...any) ([]Call, error) {
	if err := maySee(actor); err != nil {
		return nil, err
	}
	var all []Call
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { all, err = db.List(tx, scanCall, fromCall+where, args...); return }); err != nil {
		return nil, err
	}
	return all, s.masked(ctx, all)
}

// Ringing lists the calls that ring, oldest first, and says which of them this actor may answer now.
func (s *Service) Ringing(ctx context.Context, actor auth.Actor) ([]Call, error) {
	all, err := s.list(ctx, actor, "WHERE c.state = 'ringing' ORDER BY c.at, c.id LIMIT 50")
	if err != nil || len(all) == 0 {
		return all, err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return nil, err
	}
	return all, s.db.Read(ctx, func(tx *db.Tx) error {
		ready := auth.MustBeOnDuty(tx, actor.Account) == nil && actor.Can(auth.CallAnswer)
		duty, busy, err := onDuty(tx)
		if err != nil {
			return err
		}
		for i, c := range all {
			first := firstOf(trades(n, c), duty, busy)
			opens := c.rang.Add(head)
			if waits := len(first) > 0 && tx.Machine().Before(opens); waits {
				all[i].First, all[i].Opens = trades(n, c), opens
				all[i].Mine = ready && first[actor.Account]
			} else {
				all[i].Mine = ready
			}
		}
		return nil
	})
}

// Live lists the calls in progress, everybody's.
func (s *Service) Live(ctx context.Context, actor auth.Actor) ([]Call, error) {
	return s.list(ctx, actor, "WHERE c.state IN ('answered', 'talking') ORDER BY c.answered_at, c.id LIMIT 100")
}

// ToCallBack lists the missed calls whose number is known, oldest first: they stand in the agents' queue.
func (s *Service) ToCallBack(ctx context.Context, actor auth.Actor) ([]Call, error) {
	return s.list(ctx, actor, "WHERE c.state = 'missed' AND c.caller_bidx <> '' AND c.tries < $1 ORDER BY c.at, c.id LIMIT 100", mostTries)
}

// Recent lists the newest calls that are over.
func (s *Service) Recent(ctx context.Context, actor auth.Actor, n int) ([]Call, error) {
	return s.list(ctx, actor, "WHERE c.state IN ('ended', 'refused', 'missed') ORDER BY c.at DESC, c.id DESC LIMIT $1", n)
}

// Opened is a call as its own agent sees it, with the whole number.
type Opened struct {
	Call
	Caller string // E.164; empty when withheld
}

// Open reads a call for its agent; the reading leaves a line.
func (s *Service) Open(ctx context.Context, actor auth.Actor, id string) (Opened, error) {
	return s.read(ctx, actor, id, false)
}

// Renew is Open for a page that is on screen and asks again by itself (audit.Read).
func (s *Service) Renew(ctx context.Context, actor auth.Actor, id string) (Opened, error) {
	return s.read(ctx, actor, id, true)
}

func (s *Service) read(ctx context.Context, actor auth.Actor, id string, renewed bool) (Opened, error) {
	c, err := s.load(ctx, actor, id)
	if err != nil {
		return Opened{}, err
	}
	ring, err := s.vault.Ring(ctx, c.person)
	if err != nil {
		return Opened{}, err
	}
	o := Opened{Call: c}
	if o.Caller, err = ring.OpenText(catContact, place("caller_sealed", c.ID), c.sealed); err != nil && !errors.Is(err, vault.ErrErased) {
		return Opened{}, err
	}
	o.Number = phone.Display(o.Caller)
	if err := audit.Read(ctx, s.db, actor.Name(), actor.As(auth.CallAnswer), "call.read", id, renewed); err != nil {
		return Opened{}, err
	}
	return o, s.db.Read(ctx, func(tx *db.Tx) error { o.Known, err = request.OpenOf(tx, c.index, c.Request); return err })
}
