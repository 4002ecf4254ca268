package request

import (
	"context"
	"errors"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/network"
)

// buyByCard commits the intent: the seat stays held for him while the hosted page asks for the card.
func (s *Service) buyByCard(ctx context.Context, actor auth.Actor, n *network.Network, r Request, in Buy) (Bought, error) {
	var out Bought
	var payment string
	err := s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := mayStill(tx, actor.Pro); err != nil {
			return err
		}
		seat, err := claim(tx, r, actor.Pro, in.Shown, "held")
		if err != nil {
			return err
		}
		if err := tx.Send("UPDATE seat SET held_until = $3 WHERE request_id = $1 AND number = $2 AND held_until < $3", r.ID, seat, db.Micros(n.Introductions.Cart.Hold.AddTo(tx.Now()))); err != nil {
			return err
		}
		p := Purchase{ID: tx.NewID("pur"), Request: r.ID, Seat: seat, Pro: actor.Pro, Price: in.Shown, VAT: r.VAT, Method: "card", State: "intent"}
		if payment, err = s.billing.Intend(tx, actor.Pro, "purchase", p.ID, p.Price.Incl(p.VAT)); err != nil {
			return err
		}
		p.Payment, out.Purchase = payment, p.ID
		if err := insertPurchase(tx, p, n.Hash()); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.SeatBuy), "purchase.intent", p.ID, r.ID)
	})
	if err != nil {
		return Bought{}, err
	}
	out.Checkout = s.billing.CheckoutURL(payment, strings.ReplaceAll(in.Back, "{purchase}", out.Purchase))
	return out, nil
}

// sweepCard carries every card purchase on from where it stands: after an authorisation, after a crash.
func (s *Service) sweepCard(ctx context.Context) error {
	var waiting []billing.CardPayment
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		waiting, err = billing.Pending(tx, "purchase", "authorised", "capturing")
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range waiting {
		errs = append(errs, s.Advance(ctx, p.ID))
	}
	return errors.Join(append(errs, s.billing.SettleCredits(ctx))...)
}

// Advance takes a card purchase as far as it goes now: authorised → the seat captures and cannot expire → the money is captured, with the
// payment's id as idempotency key → revealed and charged in one transaction. What was bought is gone: the money is released. Called by the
// page that the card's service comes back to, and by the sweep; twice is once.
func (s *Service) Advance(ctx context.Context, payment string) error {
	var pay billing.CardPayment
	var p Purchase
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if pay, err = billing.GetPayment(tx, payment); err != nil {
			return err
		}
		p, err = selectPurchase(tx, pay.Line)
		return err
	})
	if err != nil {
		return err
	}
	if pay.State == "authorised" {
		err := s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
			moved, err := billing.Move(tx, payment, "authorised", "capturing")
			if err != nil || !moved {
				return err
			}
			n, err := tx.Exec("UPDATE seat SET state = 'capturing' WHERE request_id = $1 AND number = $2 AND pro_id = $3 AND state = 'held' AND EXISTS (SELECT 1 FROM request WHERE id = $1 AND state = 'published' AND frozen_at = 0)", p.Request, p.Seat, p.Pro)
			if err != nil {
				return err
			}
			if n == 1 { // else his hold ran out and somebody took the seat while he typed his card: the purchase stays an intent
				err = tx.Send("UPDATE purchase SET state = 'capturing' WHERE id = $1 AND state = 'intent'", p.ID)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var r Request
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if pay, err = billing.GetPayment(tx, payment); err != nil {
			return err
		}
		if p, err = selectPurchase(tx, pay.Line); err != nil {
			return err
		}
		r, err = selectRequest(tx, p.Request)
		return err
	})
	if err != nil || pay.State != "capturing" {
		return err
	}
	if p.State != "capturing" || r.State != Published { // nothing is captured for what can no longer be revealed
		return s.giveBack(ctx, pay, p)
	}
	switch s.billing.Capture(ctx, pay) {
	case billing.CardInDoubt:
		return nil // the sweep asks again with the same id
	case billing.CardRefused:
		return s.fail(ctx, pay, p, "refused")
	}
	n, err := s.editions.Get(ctx, p.Edition)
	if err != nil {
		return err
	}
	h, err := s.hand(ctx, n, r, p.Pro)
	if err == nil {
		err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
			moved, err := billing.Move(tx, payment, "capturing", "captured")
			if err != nil || !moved {
				return err
			}
			if err := tx.Send("UPDATE seat SET state = 'sold' WHERE request_id = $1 AND number = $2 AND pro_id = $3", p.Request, p.Seat, p.Pro); err != nil {
				return err
			}
			return s.reveal(tx, auth.Actor{Who: auth.Professional, Account: "system", Pro: p.Pro}, h, p)
		})
	}
	if errors.Is(err, errSeatGone) { // cancelled or erased in this very moment: what was captured goes back
		return s.giveBack(ctx, pay, p)
	}
	return err
}

// giveBack releases or refunds the money, then says so. A crash in between releases again: the service knows the payment's id.
func (s *Service) giveBack(ctx context.Context, pay billing.CardPayment, p Purchase) error {
	if s.billing.Release(ctx, pay) != billing.CardDone {
		return nil // the sweep comes back
	}
	return s.fail(ctx, pay, p, "released")
}

func (s *Service) fail(ctx context.Context, pay billing.CardPayment, p Purchase, to string) error {
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		moved, err := billing.Move(tx, pay.ID, "capturing", to)
		if err != nil || !moved {
			return err
		}
		if err := tx.Send("UPDATE purchase SET state = 'failed' WHERE id = $1 AND state IN ('intent', 'capturing')", p.ID); err != nil || p.State != "capturing" {
			return err // an intent never had the seat: it may be capturing for his other purchase
		}
		err = tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE request_id = $1 AND number = $2 AND pro_id = $3 AND state = 'capturing'", p.Request, p.Seat, p.Pro)
		tx.Wake("board")
		return err
	})
}
