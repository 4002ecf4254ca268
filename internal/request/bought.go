package request

import (
	"context"
	"errors"
	"sync"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/privacy"
)

// Detail is what a professional reads of what he bought. Masked says why nothing can be read any more.
type Detail struct {
	Purchase
	Request  Request
	Network  *network.Network
	Title    string
	Who      person.Person
	Words    network.Answers
	Street   string
	Photos   []string
	Contacts []Contact
	Given    []privacy.Given
	CallBy   time.Time
	Masked   string         // stopped, cancelled, done or erased
	May      canvass.Answer // whether he may call now
	Invoice  string         // id, once it is numbered
}

// Contact is one line of the log that a professional keeps of a purchase.
type Contact struct {
	Kind string
	At   time.Time
}

// purchase reads a professional's own purchase; another's does not exist to him.
func (s *Service) purchase(ctx context.Context, actor auth.Actor, id string) (p Purchase, err error) {
	if err := actor.May(auth.ContactLog); err != nil {
		return p, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { p, err = selectPurchase(tx, id); return err })
	if err == nil && (p.Pro != actor.Pro || p.State != "revealed") {
		return p, errNoPurchase
	}
	return p, err
}

// Detail opens what was bought; each reading leaves an audit line. A consumer who stopped contact or cancelled is masked.
func (s *Service) Detail(ctx context.Context, actor auth.Actor, id string) (Detail, error) {
	return s.detail(ctx, actor, id, false)
}

// RenewDetail is Detail for a page that is on screen and asks again by itself (audit.Read).
func (s *Service) RenewDetail(ctx context.Context, actor auth.Actor, id string) (Detail, error) {
	return s.detail(ctx, actor, id, true)
}

func (s *Service) detail(ctx context.Context, actor auth.Actor, id string, renewed bool) (Detail, error) {
	p, err := s.purchase(ctx, actor, id)
	if err != nil {
		return Detail{}, err
	}
	r, n, ring, who, err := s.openFrozen(ctx, p.Request)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Purchase: p, Request: r, Network: n, Title: Title(n, r, actor.Lang), CallBy: callBy(n, p)}
	if err := audit.Read(ctx, s.db, actor.Name(), actor.As(auth.ContactLog), "contact.read", id, renewed); err != nil {
		return Detail{}, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if d.Masked, err = masked(tx, r, actor.Pro); err != nil {
			return err
		}
		if d.May, err = s.mayCall(tx, n, r, who, p); err != nil {
			return err
		}
		if d.Contacts, err = db.List(tx, func(s db.Scanner) (c Contact, err error) {
			var at int64
			err = s.Scan(&c.Kind, &at)
			c.At = db.Time(at)
			return c, err
		}, "SELECT kind, at FROM contact WHERE purchase_id = $1 ORDER BY at, id", id); err != nil {
			return err
		}
		d.Invoice, err = db.Value[string](tx, "SELECT coalesce(invoice_id, '') FROM invoice_line WHERE reference = $1", "purchase "+id)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if d.Photos, err = selectPhotoIDs(tx, r.ID); err != nil {
			return err
		}
		d.Given, err = privacy.Ledger(tx, r.Person, r.ID)
		return err
	})
	if err != nil {
		return Detail{}, err
	}
	if d.Masked == "" && who.Phone == "" {
		d.Masked = "erased"
	}
	if d.Masked != "" {
		d.Photos, d.Given = nil, nil
		return d, nil
	}
	d.Who = who
	if d.Words, err = openWords(ring, r); err != nil {
		return Detail{}, err
	}
	d.Street, err = openStreet(ring, r)
	return d, err
}

// callBy is the hour by which a professional is to call; zero where the network promises none.
func callBy(n *network.Network, p Purchase) time.Time {
	clock := n.Introductions.Clocks.FirstContact
	if clock.IsZero() {
		return time.Time{}
	}
	return clock.AddTo(p.Revealed)
}

// masked says why the buyer of a request may no longer read what he bought: the consumer stopped contact, or cancelled; or the service is done, by
// the professional's word or the consumer's, or will not be (ET-135). The purchase and the invoice stay.
func masked(tx *db.Tx, r Request, proID string) (string, error) {
	excluded, err := db.Value[int64](tx, "SELECT count(*) FROM exclusion WHERE request_id = $1 AND pro_id = $2", r.ID, proID)
	switch {
	case err != nil:
		return "", err
	case excluded > 0 || !r.StoppedAt.IsZero() || !r.FrozenAt.IsZero():
		return "stopped", nil
	case r.State == Cancelled || r.State == Withdrawn && r.Passed():
		return "cancelled", nil
	case r.State == Closed && r.Passed():
		return "done", nil
	}
	done, err := db.Value[int64](tx, `SELECT (SELECT count(*) FROM purchase WHERE request_id = $1 AND pro_id = $2 AND outcome = $3)
		+ (SELECT count(*) FROM request_event WHERE request_id = $1 AND kind = $4 AND object IN ('done', 'no-deal'))`, r.ID, proID, outcomeDone, EvAnswered)
	if err == nil && done > 0 {
		return "done", nil
	}
	return "", err
}

// BoughtPhoto opens one picture of a purchase, as long as its details may be read; the reading leaves a line.
func (s *Service) BoughtPhoto(ctx context.Context, actor auth.Actor, id, photo string) (Photo, error) {
	p, err := s.purchase(ctx, actor, id)
	if err != nil {
		return Photo{}, err
	}
	r, _, ring, _, err := s.open(ctx, p.Request)
	if err != nil {
		return Photo{}, err
	}
	var picture Photo
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { picture, err = selectPhoto(tx, ring, r.ID, photo); return }); err != nil {
		return Photo{}, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error { // no line, no picture
		why, err := masked(tx, r, actor.Pro)
		if err == nil && why != "" {
			err = errNoPurchase
		}
		if err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ContactLog), "photo.read", id, photo)
	})
	if err != nil {
		return Photo{}, err
	}
	return picture, nil
}

// Log notes a contact; the first one stops the clock (ET-32, 64). The last result stands, but another call takes back none. A key that is not
// empty names this one noting: sent twice, it is noted once.
func (s *Service) Log(ctx context.Context, actor auth.Actor, id, kind, key string) error {
	p, err := s.purchase(ctx, actor, id)
	if err != nil {
		return err
	}
	if !knownOutcome(kind) {
		return fault.New(fault.Invalid, "no-such-outcome", fault.T("Choisissez un résultat.", "Choose an outcome."))
	}
	n, err := s.editions.Get(ctx, p.Edition)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		line := tx.NewID("log")
		if key != "" {
			line = "log_" + auth.Digest(id + " " + kind + " " + key)[:24]
		}
		added, err := tx.Exec("INSERT INTO contact (id, purchase_id, at, kind, by_account) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING", line, id, db.Micros(tx.Now()), kind, actor.Account)
		if err != nil || added == 0 {
			return err
		}
		first, err := tx.Exec("UPDATE purchase SET contacted_at = $2 WHERE id = $1 AND contacted_at = 0", id, db.Micros(tx.Now()))
		if err != nil {
			return err
		}
		if err := tx.Send("UPDATE purchase SET outcome = $2 WHERE id = $1 AND ($2 <> 'called' OR outcome = '')", id, kind); err != nil {
			return err
		}
		event := EvOutcome
		if first == 1 {
			event = EvContacted
		}
		if err := insertEvent(tx, p.Request, event, p.Pro, p.Seat, kind); err != nil {
			return err
		}
		if kind == outcomeDone && p.Method == methodForwarded {
			r, err := selectRequest(tx, p.Request)
			if err == nil {
				err = processedByAll(tx, n, r, actor.Name())
			}
			if err != nil {
				return err
			}
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ContactLog), "contact.log", id, kind)
	})
}

// Purchases lists what a professional bought, newest first, at most n; after is the id of the last one of the page before, empty for the first.
func (s *Service) Purchases(ctx context.Context, actor auth.Actor, after string, n int) (all []Detail, err error) {
	if err := actor.May(auth.ContactLog); err != nil {
		return nil, err
	}
	q, args := "", []any{actor.Pro, n}
	if after != "" {
		q, args = " AND (at, id) < (SELECT at, id FROM purchase WHERE id = $3 AND pro_id = $1)", append(args, after)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all = nil
		bought, err := db.List(tx, scanPurchase, "SELECT "+purchaseColumns+" FROM purchase WHERE pro_id = $1 AND state = 'revealed'"+q+" ORDER BY at DESC, id DESC LIMIT $2", args...)
		if err != nil {
			return err
		}
		ids := make([]string, len(bought))
		for i, p := range bought {
			ids[i] = p.Request
		}
		requests, err := selectRequests(tx, ids...)
		for _, p := range bought {
			all = append(all, Detail{Purchase: p, Request: requests[p.Request]})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].Network, err = s.editions.Get(ctx, all[i].Request.Edition); err != nil {
			return nil, err
		}
		all[i].Title = Title(all[i].Network, all[i].Request, actor.Lang)
		all[i].CallBy = callBy(all[i].Network, all[i].Purchase)
	}
	return all, err
}

// Paid is where a purchase by card stands. Payment is the state of its payment, as billing says it.
type Paid struct {
	Purchase
	Payment string
}

// CardBack is called when the card's hosted page comes back: it carries the purchase as far as it goes now, and says truthfully where it
// stands. The page's own word proves nothing: only what the card service told us counts.
func (s *Service) CardBack(ctx context.Context, actor auth.Actor, id string) (Paid, error) {
	if err := actor.May(auth.SeatBuy); err != nil {
		return Paid{}, err
	}
	read := func() (p Paid, err error) {
		err = s.db.Read(ctx, func(tx *db.Tx) error {
			if p.Purchase, err = selectPurchase(tx, id); err != nil {
				return err
			}
			if p.Pro != actor.Pro || p.Method != "card" {
				return errNoPurchase
			}
			pay, err := billing.GetPayment(tx, p.Purchase.Payment)
			p.Payment = pay.State
			return err
		})
		return p, err
	}
	p, err := read()
	if err != nil {
		return Paid{}, err
	}
	if err := s.Advance(ctx, p.Purchase.Payment); err != nil {
		return Paid{}, err
	}
	return read()
}

// Odds are what became of purchases of one trade (ET-09): of N, the shares in which the consumer was reached and the job was won, as their
// buyers noted it. What nobody noted counts as neither.
type Odds struct {
	N            int
	Reached, Won float64 // 0..1
}

const (
	oddsSpan  = 90 * 24 * time.Hour
	oddsRipe  = 24 * time.Hour // younger purchases have had no time to be won
	oddsLeast = 20             // fewer say nothing, and could be recognised
	oddsFresh = 10 * time.Minute
)

// oddsKept holds each trade's figures for a while of business time; they are only ever read from the database.
type oddsKept struct {
	mu    sync.Mutex
	trade map[string]oddsAt
}

type oddsAt struct {
	Odds
	at time.Time
}

// Odds are the figures of a trade over the last ninety days; nil when there are fewer than twenty purchases.
func (s *Service) Odds(ctx context.Context, trade string) (*Odds, error) {
	now := s.db.Now()
	s.odds.mu.Lock()
	kept, ok := s.odds.trade[trade]
	s.odds.mu.Unlock()
	if age := now.Sub(kept.at); !ok || age < 0 || age > oddsFresh {
		kept = oddsAt{at: now}
		var n, reached, won int64
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			return tx.Get(db.Into(&n, &reached, &won), `SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT 1 FROM contact c WHERE c.purchase_id = p.id AND c.kind IN ('reached', 'quote', 'won'))),
				count(*) FILTER (WHERE EXISTS (SELECT 1 FROM contact c WHERE c.purchase_id = p.id AND c.kind = 'won'))
				FROM purchase p JOIN request r ON r.id = p.request_id WHERE p.state = 'revealed' AND p.revealed_at >= $1 AND p.revealed_at < $2 AND r.trade = $3`,
				db.Micros(now.Add(-oddsSpan)), db.Micros(now.Add(-oddsRipe)), trade)
		})
		if err != nil {
			return nil, err
		}
		if n > 0 {
			kept.Odds = Odds{N: int(n), Reached: float64(reached) / float64(n), Won: float64(won) / float64(n)}
		}
		s.odds.mu.Lock()
		if s.odds.trade == nil {
			s.odds.trade = map[string]oddsAt{}
		}
		s.odds.trade[trade] = kept
		s.odds.mu.Unlock()
	}
	if kept.N < oddsLeast {
		return nil, nil
	}
	return &kept.Odds, nil
}
