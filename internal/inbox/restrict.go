package inbox

import (
	"context"
	"errors"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// A restriction ends in two steps (GDPR art. 18.3): its end is announced to the person with the day on which it comes, and it comes on that day only
// if the announcement reached its channel. In between it can be recalled, and nothing is used.

// Ways in which the end of a restriction is announced. A letter and a call are the word of the officer who made them.
const (
	ByMessage = "message"
	ByLetter  = "letter"
	ByCall    = "phone"
)

// What was done about a restriction, as the object of an event.
const (
	Announced = "lift-announced"
	Recalled  = "lift-recalled"
	Released  = "released"
)

// Lift is the announced end of a restriction.
type Lift struct {
	At    time.Time // it was announced
	Due   time.Time // the first instant of the day that was announced, in Paris
	Way   string
	By    string
	Lost  bool      // the message will never leave: announce it by letter or by phone
	Comes time.Time // when it is lifted, as things stand; zero while the message has not left
	id    string    // of the message
}

// dayAfter is the first instant of a day in Paris at which a notice that began at an instant is over.
func dayAfter(notice network.Duration, from time.Time) time.Time {
	t := notice.AddTo(from.In(geo.Paris()))
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, geo.Paris())
}

// lifting is the announced end of a case's restriction; nil when none is.
func lifting(tx *db.Tx, n *network.Network, id string) (*Lift, error) {
	var at, due int64
	var l Lift
	err := tx.Get(db.Into(&at, &due, &l.Way, &l.id, &l.By), "SELECT at, due_at, way, message_id, by_account FROM inbox_lift WHERE case_id = $1", id)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	l.At, l.Due = db.Time(at), db.Time(due)
	if l.Way != ByMessage {
		l.Comes = l.Due
		return &l, nil
	}
	var sent time.Time
	if sent, l.Lost, err = notify.HandedOver(tx, l.id); err != nil || sent.IsZero() {
		return &l, err
	}
	// What left so late that less than a day would be left gives the whole notice from then.
	if l.Comes = l.Due; sent.AddDate(0, 0, 1).After(l.Due) {
		l.Comes = dayAfter(n.Rights.LiftNotice(), sent)
	}
	return &l, nil
}

// frozen reports whether what is held of the people of a case is restricted now.
func frozen(tx *db.Tx, id string) (bool, error) {
	last, err := db.Value[string](tx, "SELECT object FROM inbox_event WHERE case_id = $1 AND kind = $2 AND object IN ($3, $4) ORDER BY at DESC, id DESC LIMIT 1", id, EvDone, Restriction, Released)
	if errors.Is(err, db.ErrNone) {
		return false, nil
	}
	return last == Restriction, err
}

// Restrict freezes what is held of the people of a case: it is stored, and nobody but the officer uses it; retention stands still too (GDPR
// art. 18; RN-104, WA-51, AQ-59). Whoever received the data is told. An announced end is recalled by it.
func (s *Service) Restrict(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.RetentionHold); err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.restrict", EvDone, Restriction, []State{Open, Waiting, Answered}, func(tx *db.Tx, c Case, n *network.Network, _ *vault.Ring) error {
		tied, err := subjects(tx, id)
		if err != nil {
			return err
		}
		if c.Asked != network.RightRestriction || len(tied) == 0 {
			return errState
		}
		for _, t := range tied {
			if _, err := privacy.LayIn(tx, actor, privacy.LegalHold{Person: t.Person, Ground: "dispute", Reference: c.Ref}); err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
		}
		if err := tx.Send("DELETE FROM inbox_lift WHERE case_id = $1", id); err != nil {
			return err
		}
		people, err := s.freeze(tx, actor, tied, true)
		if err != nil {
			return err
		}
		requests, err := request.OfPeople(tx, people...)
		if err != nil {
			return err
		}
		return s.tellRecipients(tx, n, id, Restriction, requests)
	})
}

// freeze stores that what is held of people is used no more, or again; consumers are those among them.
func (s *Service) freeze(tx *db.Tx, actor auth.Actor, tied []subject, on bool) (consumers []string, err error) {
	for _, t := range tied {
		if t.Whose == network.Professional {
			err = s.Pros.Restrict(tx, actor, t.Person, on)
		} else {
			consumers = append(consumers, t.Person)
			err = request.Freeze(tx, t.Person, on)
		}
		if err != nil {
			return nil, err
		}
	}
	return consumers, nil
}

var errUnreached = fault.New(fault.Conflict, "no-address", fault.T("La personne n’a laissé ni adresse ni numéro : prévenez-la par courrier ou par téléphone, puis notez-le ici.", "The person left neither address nor number: tell them by letter or by phone, then note it here."))

// AnnounceLift tells the person of a case on which day the restriction will be lifted: in a message, or in a letter or call of the officer's, which
// this notes. An announcement whose message was lost may be made again in another way. Nothing changes before that day.
func (s *Service) AnnounceLift(ctx context.Context, actor auth.Actor, id, way string) error {
	if !slices.Contains([]string{ByMessage, ByLetter, ByCall}, way) {
		return errNone
	}
	return s.act(ctx, actor, id, "case.announce-lift", EvDone, Announced, []State{Open, Waiting, Answered}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		standing, err := lifting(tx, n, id)
		if err != nil {
			return err
		}
		on, err := frozen(tx, id)
		if err != nil {
			return err
		}
		if c.Asked != network.RightRestriction || !on || standing != nil && !standing.Lost {
			return errState
		}
		due := dayAfter(n.Rights.LiftNotice(), tx.Now())
		day := geo.Date(due, c.Lang)
		text := fault.Tf("Le gel de vos données sera levé le %s. À partir de ce jour, elles pourront de nouveau être utilisées. Si vous n’êtes pas d’accord, dites-le-nous avant ce jour.",
			"The freeze of your data will be lifted on %s. From that day on it may be used again. If you disagree, tell us before that day.", day).Say(c.Lang)
		channel, message := c.Channel, ""
		switch way {
		case ByLetter:
			channel = network.RightByPost
		case ByCall:
			channel = network.RightByPhone
		default:
			if message, err = s.writeKnown(tx, n, ring, c, "rights-answered", map[string]string{"answer": text, "authority": authority(n)}); err != nil {
				return err
			}
			if message == "" {
				return errUnreached
			}
		}
		if err := insertLetter(tx, ring, id, Post{Way: "out", Channel: channel, Text: text, By: actor.Account, At: tx.Now()}); err != nil {
			return err
		}
		return tx.Send(`INSERT INTO inbox_lift (case_id, at, due_at, way, message_id, by_account) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (case_id) DO UPDATE SET at = excluded.at, due_at = excluded.due_at, way = excluded.way, message_id = excluded.message_id, by_account = excluded.by_account`,
			id, db.Micros(tx.Now()), db.Micros(due), way, message, actor.Name())
	})
}

// RecallLift takes an announced lifting back: the restriction goes on, and the person is told.
func (s *Service) RecallLift(ctx context.Context, actor auth.Actor, id string) error {
	return s.act(ctx, actor, id, "case.recall-lift", EvDone, Recalled, []State{Open, Waiting, Answered}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		gone, err := tx.Exec("DELETE FROM inbox_lift WHERE case_id = $1", id)
		if err == nil && gone == 0 {
			err = errState
		}
		if err != nil {
			return err
		}
		text := fault.T("Le gel de vos données continue : il n’est pas levé le jour que nous avions annoncé.", "The freeze of your data goes on: it is not lifted on the day that we had announced.").Say(c.Lang)
		if err := insertLetter(tx, ring, id, Post{Way: "out", Channel: c.Channel, Text: text, By: actor.Account, At: tx.Now()}); err != nil {
			return err
		}
		return s.write(tx, n, ring, c, "rights-answered", map[string]string{"answer": text, "authority": authority(n)})
	})
}

// sweepLifts lifts the restrictions whose announced day has come and whose person was told. Each is one transaction: a crash leaves all of it or
// nothing, and a second node finds nothing left to do.
func (s *Service) sweepLifts(ctx context.Context) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil || n.Rights == nil {
		return err
	}
	var cases []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		cases, err = db.Values[string](tx, "SELECT case_id FROM inbox_lift WHERE due_at <= $1 ORDER BY due_at, case_id", db.Micros(tx.Now()))
		return err
	}); err != nil {
		return err
	}
	var wrong []error
	for _, id := range cases {
		wrong = append(wrong, s.DB.Write(ctx, func(tx *db.Tx) error { return s.liftIn(tx, n, id) }))
	}
	return errors.Join(wrong...)
}

func (s *Service) liftIn(tx *db.Tx, n *network.Network, id string) error {
	l, err := lifting(tx, n, id)
	if err != nil || l == nil || l.Comes.IsZero() || l.Comes.After(tx.Now()) {
		return err
	}
	ref, err := db.Value[string](tx, "SELECT ref FROM inbox_case WHERE id = $1", id)
	if err != nil {
		return err
	}
	tied, err := subjects(tx, id)
	if err != nil {
		return err
	}
	if _, err := s.freeze(tx, auth.Machine, tied, false); err != nil {
		return err
	}
	holds, err := privacy.HoldsUnder(tx, ref)
	if err != nil {
		return err
	}
	for _, h := range holds {
		if err := s.Life.LiftIn(tx, auth.Machine, h); err != nil {
			return err
		}
	}
	if err := tx.Send("DELETE FROM inbox_lift WHERE case_id = $1", id); err != nil {
		return err
	}
	if err := note(tx, id, EvDone, auth.Machine.Name(), Released); err != nil {
		return err
	}
	tx.Wake("cases")
	return audit.Write(tx, auth.Machine.Name(), string(auth.System), "case.lift", id, l.Way)
}
