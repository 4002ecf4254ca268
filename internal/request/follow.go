package request

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/pro"
)

// Sweeps find business deadlines by the clock of now: nothing stores a due date, so a moved clock or a changed rule needs no row rewritten. Each
// acts by a guarded update, so that several nodes, or the same sweep after a crash, do it once.

// sweepLate tells both sides when the first contact is overdue (ET-32, 64).
func (s *Service) sweepLate(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if errors.Is(err, edition.ErrNone) {
		return nil // nothing can be late
	}
	if err != nil {
		return err
	}
	clock := n.Introductions.Clocks.FirstContact
	if clock.IsZero() {
		return nil
	}
	due, err := s.purchasesWhere(ctx, "contacted_at = 0 AND late_at = 0 AND revealed_at <= $1", db.Micros(clock.Cutoff(s.db.Now())))
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range due {
		errs = append(errs, s.late(ctx, p))
	}
	return errors.Join(errs...)
}

func (s *Service) purchasesWhere(ctx context.Context, where string, args ...any) (due []Purchase, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due, err = db.List(tx, scanPurchase, "SELECT "+purchaseColumns+" FROM purchase WHERE state = 'revealed' AND "+where+" ORDER BY revealed_at, id LIMIT 200", args...)
		return err
	})
	return due, err
}

func (s *Service) late(ctx context.Context, p Purchase) error {
	r, n, ring, who, err := s.openFrozen(ctx, p.Request)
	if err != nil || !r.FrozenAt.IsZero() {
		return err
	}
	contacts, err := s.pros.Contacts(ctx, p.Pro)
	if err != nil {
		return err
	}
	c := contacts[p.Pro]
	return s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := tx.Exec("UPDATE purchase SET late_at = $2 WHERE id = $1 AND late_at = 0 AND contacted_at = 0", p.ID, db.Micros(tx.Now()))
		if err != nil || first == 0 {
			return err
		}
		now, err := selectRequest(tx, p.Request)
		if err != nil {
			return err
		}
		if why, err := masked(tx, now, p.Pro); err != nil || why != "" {
			return err // he may not call any more: nobody is pressed
		}
		if err := insertEvent(tx, p.Request, EvLate, p.Pro, p.Seat, p.ID); err != nil {
			return err
		}
		if who.Phone != "" {
			if err := s.tell(tx, n, ring, r, who, "late", map[string]string{"pro": c.Company, "pro_phone": phone.Display(c.Phone)}); err != nil {
				return err
			}
		}
		return s.tellBuyer(tx, n, r, c, "clock-passed")
	})
}

// sweepAsk asks once how it went, where the consumer agreed to be asked (ET-14, 15).
func (s *Service) sweepAsk(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if errors.Is(err, edition.ErrNone) || err == nil && n.Modules.Reviews == nil {
		return nil // no edition yet, or none that asks
	}
	if err != nil {
		return err
	}
	due, err := s.purchasesWhere(ctx, "asked_at = 0 AND revealed_at <= $1", db.Micros(n.Modules.Reviews.Ask.Cutoff(s.db.Now())))
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range due {
		errs = append(errs, s.ask(ctx, p))
	}
	return errors.Join(errs...)
}

func (s *Service) ask(ctx context.Context, p Purchase) error {
	r, n, ring, who, err := s.openFrozen(ctx, p.Request)
	if err != nil || !r.FrozenAt.IsZero() {
		return err
	}
	contacts, err := s.pros.Contacts(ctx, p.Pro)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := tx.Exec("UPDATE purchase SET asked_at = $2 WHERE id = $1 AND asked_at = 0", p.ID, db.Micros(tx.Now()))
		if err != nil || first == 0 {
			return err
		}
		closed, err := moveState(tx, r.ID, Closed, Filled, Published)
		if err == nil && closed {
			err = over(tx, n, r)
		}
		if err != nil {
			return err
		}
		if who.Phone == "" || r.State == Cancelled {
			return nil
		}
		may, err := s.mayAsk(tx, n, r, who)
		if err != nil {
			return err
		}
		if !may.May { // nobody is at a screen to be told: the trail keeps the rule
			return audit.Held(tx, "system", "", "contact.refused", r.ID, "how-did-it-go "+may.Rule)
		}
		if err := insertEvent(tx, r.ID, EvAsked, "", p.Seat, p.ID); err != nil {
			return err
		}
		return s.tell(tx, n, ring, r, who, "how-did-it-go", map[string]string{"pro": contacts[p.Pro].Company})
	})
}

// sweepExpired closes what nobody took in time and tells the consumer, and forgets forms whose number was never proved.
func (s *Service) sweepExpired(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if errors.Is(err, edition.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	cutoff := db.Micros(n.Introductions.Expires.Cutoff(s.db.Now()))
	var due []Request
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due, err = db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE state = 'published' AND published_at <= $1 OR state = 'unverified' AND at <= $1 ORDER BY at, id LIMIT 200", cutoff)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range due {
		errs = append(errs, s.expire(ctx, r.ID))
	}
	return errors.Join(errs...)
}

func (s *Service) expire(ctx context.Context, id string) error {
	r, n, ring, who, err := s.openFrozen(ctx, id)
	if err != nil || !r.FrozenAt.IsZero() {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		now, err := selectRequest(tx, id)
		if err != nil || now.State != r.State {
			return err
		}
		to, event := Unserved, EvUnserved
		switch {
		case now.State == Unverified:
			to, event = Cancelled, EvCancelled
		case now.Sold > 0: // by now: who bought meanwhile serves it
			to, event = Closed, EvClosed
		}
		// Somebody may be paying for it at this moment: then it is not over.
		busy, err := db.Value[int64](tx, "SELECT count(*) FROM seat WHERE request_id = $1 AND (state = 'capturing' OR state = 'held' AND held_until > $2)", id, db.Micros(tx.Now()))
		if err != nil || busy > 0 {
			return err
		}
		moved, err := moveState(tx, id, to, now.State)
		if err != nil || !moved {
			return err
		}
		if err := over(tx, n, now); err != nil {
			return err
		}
		if err := freeWindow(tx, id); err != nil {
			return err
		}
		if err := insertEvent(tx, id, event, "", 0, ""); err != nil {
			return err
		}
		tx.Wake("board")
		if to != Unserved || who.Phone == "" {
			return nil
		}
		return s.tell(tx, n, ring, r, who, "unserved", nil)
	})
}

// IdleSince is the business instant since which who bought nothing is idle at now: the operator may end the relation then (ET-49). Where the
// file has no professionals' access it is the beginning of time, and nobody is.
func IdleSince(n *network.Network, now time.Time) time.Time {
	if n.Access == nil {
		return time.Time{}
	}
	return n.Access.Idle.Cutoff(now)
}

// Idle lists at most limit active professionals who bought nothing for so long, counted from their creation when they never did (ET-49): for
// staff to decide, never by itself.
func Idle(tx *db.Tx, n *network.Network, limit int) ([]string, error) {
	return db.Values[string](tx, `SELECT p.id FROM pro p WHERE p.state = $1 AND p.at < $2 AND NOT EXISTS (SELECT 1 FROM purchase u WHERE u.pro_id = p.id AND u.revealed_at >= $2) ORDER BY p.at, p.id LIMIT $3`,
		string(pro.Active), db.Micros(IdleSince(n, tx.Now())), limit)
}

// IsIdle says of one professional, whose activity is known, what Idle says of all.
func IsIdle(n *network.Network, p pro.Pro, a Activity, now time.Time) bool {
	since := IdleSince(n, now)
	return p.State == pro.Active && p.At.Before(since) && a.Last.Before(since)
}

// NextDue is the first instant after one and up to another at which a sweep will have something to do; zero when there is none. A moved clock
// stops there.
func (s *Service) NextDue(ctx context.Context, after, until time.Time) (next time.Time, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return next, err
	}
	type watch struct {
		q     string
		delay network.Duration
	}
	watches := []watch{
		{"SELECT coalesce(min(revealed_at), 0) FROM purchase WHERE state = 'revealed' AND contacted_at = 0 AND late_at = 0 AND revealed_at > $1", n.Introductions.Clocks.FirstContact},
		{"SELECT coalesce(min(published_at), 0) FROM request WHERE state = 'published' AND published_at > $1", n.Introductions.Expires},
		{"SELECT coalesce(min(at), 0) FROM request WHERE state = 'unverified' AND at > $1", n.Introductions.Expires},
	}
	if n.Modules.Reviews != nil {
		watches = append(watches, watch{"SELECT coalesce(min(revealed_at), 0) FROM purchase WHERE state = 'revealed' AND asked_at = 0 AND revealed_at > $1", n.Modules.Reviews.Ask})
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		next = time.Time{}
		for _, w := range watches {
			if w.delay.IsZero() {
				continue
			}
			since, err := db.Value[int64](tx, w.q, db.Micros(w.delay.Cutoff(after)))
			if err != nil {
				return err
			}
			if since == 0 {
				continue
			}
			if due := w.delay.AddTo(db.Time(since)); due.After(after) && !due.After(until) && (next.IsZero() || due.Before(next)) {
				next = due
			}
		}
		return nil
	})
	return next, err
}
