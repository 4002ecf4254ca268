package call

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Service is the one way to act on calls. Safe for concurrent use.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	editions *edition.Store
	requests *request.Service
	line     Line
	links    *auth.Signer
	demo     bool
}

// Parts are what the composition root gives.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Requests *request.Service
	Links    *auth.Signer // of tickets to hear a recording
	Line     Line         // the zero Line carries no call and records none
	Demo     bool         // numbers reserved for fiction are read as French ones
}

// New makes the service.
func New(p Parts) *Service {
	return &Service{db: p.DB, vault: p.Vault, editions: p.Editions, requests: p.Requests, line: p.Line, links: p.Links, demo: p.Demo}
}

// Simulated reports whether calls are made by hand here.
func (s *Service) Simulated() bool { return s.line.Embedded }

// Jobs of this room.
const (
	jobFetch  job.Kind = "call.fetch-sound" // a call that is over and was recorded
	jobForget job.Kind = "call.forget"      // a person who refused, or whom nobody reached: his keys
	jobDelete job.Kind = "call.delete-copy" // a call of which the line is to keep nothing
)

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(jobFetch, s.fetch)
	r.Handle(jobForget, s.forget)
	r.Handle(jobDelete, s.deleteCopy)
	r.Every("calls nobody answered", time.Second, s.sweepMissed)
	r.Every("calls left behind", time.Minute, s.sweepLeft)
	r.Every("recordings that the line is to delete", 10*time.Second, s.sweepCopies)
}

// ring stores a call that has begun to ring. Its caller gets a key for his number only; the others follow when he agrees.
func (s *Service) ring(ctx context.Context, n *network.Network, site network.Site, trade, caller, line string, late bool) (id string, err error) {
	c := Call{ID: s.db.NewID("cal"), Site: site.Host, Trade: tradeOf(site, trade), State: Ringing, line: line}
	if late {
		c.State = Missed
	}
	err = s.insert(ctx, n, c, caller, func(tx *db.Tx) error {
		tx.Wake("queue")
		return nil
	})
	return c.ID, err
}

func (s *Service) insert(ctx context.Context, n *network.Network, c Call, caller string, also func(*db.Tx) error) error {
	caller = s.number(caller)
	c.person, c.index, c.sealed = s.db.NewID("per"), s.vault.Index("phone", caller), []byte{}
	ring, err := s.vault.New(ctx, c.person, catContact)
	if err != nil {
		return err
	}
	if caller != "" {
		c.sealed = ring.SealText(catContact, place("caller_sealed", c.ID), caller)
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if c.State == Answered {
			c.Answered = tx.Now()
		}
		added, err := insertCall(tx, c)
		if err != nil || !added {
			return err
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, c.ID, c.person, network.Consumer, network.WhileRequestOpen, network.DataContact); err != nil {
			return err
		}
		tx.Wake("calls")
		return also(tx)
	})
}

// Manual begins a call that an agent has on a telephone of his own. No line of ours carries it, so it is never recorded.
func (s *Service) Manual(ctx context.Context, actor auth.Actor, host, trade, caller string) (id string, err error) {
	if err := actor.May(auth.CallAnswer); err != nil {
		return "", err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return "", err
	}
	site, ok := n.Site(host)
	if !ok {
		return "", errSite
	}
	c := Call{ID: s.db.NewID("cal"), Site: site.Host, Trade: tradeOf(site, trade), State: Answered, Agent: actor.Account}
	return c.ID, s.insert(ctx, n, c, caller, func(tx *db.Tx) error {
		if err := auth.MustBeOnDuty(tx, actor.Account); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.begin", c.ID, "")
	})
}

// Answer gives a ringing call to an agent. Of several one gets it. First the agents of its trade who are on duty and free may; after a while, or
// when there is none of them, any trained agent on duty (ET-19).
func (s *Service) Answer(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.CallAnswer); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	// Guarded: duty and turn are read as of a commit ago, which is what the agent saw; that one alone gets the call stands in take's WHERE.
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := auth.MustBeOnDuty(tx, actor.Account); err != nil {
			return err
		}
		c, err := selectCall(tx, id)
		if err != nil {
			return err
		}
		switch {
		case c.State == Answered && c.Agent == actor.Account:
			return nil // the second of two taps
		case c.State == Answered || c.State == Talking:
			return errTaken
		case c.State != Ringing:
			return errOver
		}
		duty, busy, err := onDuty(tx)
		if err != nil {
			return err
		}
		if first := firstOf(trades(n, c), duty, busy); len(first) > 0 && !first[actor.Account] && tx.Machine().Before(c.rang.Add(head)) {
			return errFirst
		}
		took, err := take(tx, id, actor.Account)
		if err != nil {
			return err
		}
		if !took {
			return errTaken
		}
		tx.Wake("calls")
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.answer", id, "")
	})
}

// trades are those that a call may be about: the one that is known, or the site's.
func trades(n *network.Network, c Call) []string {
	if c.Trade != "" {
		return []string{c.Trade}
	}
	site, _ := n.Site(c.Site) // a site that is gone has no trades
	return site.Trades
}

// onDuty are the agents whom a call may ring for, with the trades that they practise, and those of them who have a caller on the line.
func onDuty(tx *db.Tx) (duty map[string][]string, busy map[string]bool, err error) {
	if duty, err = auth.OnDuty(tx); err != nil {
		return nil, nil, err
	}
	busy, err = selectBusy(tx)
	return duty, busy, err
}

// CallBack gives a missed call to an agent, who calls its number. It then takes the steps of an answered one; each attempt counts.
func (s *Service) CallBack(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.CallAnswer); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	var may canvass.Answer
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := auth.MustBeOnDuty(tx, actor.Account); err != nil {
			return err
		}
		c, err := selectCall(tx, id)
		if err != nil {
			return err
		}
		if may = mayCallBack(n, c, tx.Now()); !may.May {
			return nil
		}
		took, err := takeBack(tx, id, actor.Account)
		if err != nil {
			return err
		}
		if !took {
			c, err := selectCall(tx, id)
			switch {
			case err != nil:
				return err
			case c.State == Answered && c.Agent == actor.Account:
				return nil
			case c.State == Answered || c.State == Talking:
				return errTaken
			}
			return errBack
		}
		tx.Wake("calls")
		tx.Wake("queue")
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.call-back", id, "")
	})
	if err == nil && !may.May {
		err = audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.CallAnswer), "contact.refused", id, notify.Refusal(may), "call-back "+may.Rule)
	}
	return err
}

// mayCallBack judges the return of a missed call: whoever rang asked to be answered, and no hours bind that, but not for ever.
func mayCallBack(n *network.Network, c Call, now time.Time) canvass.Answer {
	return canvass.MayContact(n.Prospecting, canvass.Contact{At: now, Means: network.ChannelPhone, Aim: canvass.Answering, To: network.Consumer, Banned: n.BansCanvassing(c.Trade),
		Request: &canvass.Request{At: c.At, Open: true, Announced: true}})
}

// load reads a call for its own agent.
func (s *Service) load(ctx context.Context, actor auth.Actor, id string) (c Call, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error { c, err = selectCall(tx, id); return err })
	if err == nil {
		err = mine(actor, c)
	}
	return c, err
}

// Announce notes that the agent has said that calls may be recorded: before anything else (ET-143).
func (s *Service) Announce(ctx context.Context, actor auth.Actor, id string) error {
	if _, err := s.load(ctx, actor, id); err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		said, err := announce(tx, id)
		if err != nil {
			return err
		}
		if !said {
			c, err := selectCall(tx, id)
			if err == nil && c.State != Answered && c.State != Talking {
				err = errOver
			}
			return err // said before
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.announce", id, "")
	})
}

// Consent takes the caller's answer to the announcement. Yes opens his request and answers its id. No ends the call where the file says so, and
// then nothing of him stays: his number goes out of the row with the answer, his keys right after (ET-144). A no in the middle of the talk is an
// objection (GDPR art. 21): the sound is not kept, the request is.
func (s *Service) Consent(ctx context.Context, actor auth.Actor, id string, accepted bool) (requestID string, err error) {
	c, err := s.load(ctx, actor, id)
	if err != nil {
		return "", err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return "", err
	}
	recordings := n.Modules.Recordings
	switch {
	case c.State == Talking && accepted:
		return c.Request, nil // the second of two taps
	case c.State == Talking:
		return c.Request, s.object(ctx, actor, c)
	case c.State == Refused && !accepted:
		return "", nil
	case c.State != Answered:
		return "", errOver
	case recordings != nil && c.Announced.IsZero():
		return "", errAnnounce
	case !accepted && (recordings == nil || recordings.Refusal == network.RefusalEndsCall):
		return "", s.refuse(ctx, actor, c)
	}
	sample := accepted && recordings != nil && c.line != "" && s.line.Fetch != nil && sampled(s.vault.Secret("recorded share of calls"), c.ID, recordings.Record)
	categories := request.Categories()
	if sample {
		categories = append(categories, catRecording)
	}
	ring, err := s.vault.Ring(ctx, c.person, categories...)
	if err != nil {
		return "", err
	}
	caller, err := ring.OpenText(catContact, place("caller_sealed", c.ID), c.sealed)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		sample := sample
		if sample { // who objected to recordings is drawn for nothing (GDPR art. 21.1)
			no, err := s.requests.NumberObjects(tx, n, network.DataRecording, caller)
			if err != nil {
				return err
			}
			sample = !no
		}
		moved, err := talk(tx, c.ID, accepted, sample)
		if err != nil {
			return err
		}
		if !moved {
			now, err := selectCall(tx, c.ID)
			if err == nil && now.State != Talking {
				err = errOver
			}
			requestID = now.Request
			return err
		}
		if requestID, err = s.requests.Begin(tx, n, ring, actor, c.person, c.Site, caller, c.Trade, c.ID); err != nil {
			return err
		}
		if err := s.requests.Reacted(tx, n, caller, network.ByCall); err != nil {
			return err
		}
		if _, err := tx.Exec("UPDATE call SET request_id = $2 WHERE id = $1", c.ID, requestID); err != nil {
			return err
		}
		if sample { // its time begins now, not when the sound arrives
			if err := privacy.HoldMore(tx, n, c.ID, c.person, network.Consumer, "", network.DataRecording); err != nil {
				return err
			}
			if err := noteCopy(tx, c, held); err != nil {
				return err
			}
		}
		tx.Wake("calls")
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.accept", c.ID, requestID)
	})
	return requestID, err
}

func (s *Service) refuse(ctx context.Context, actor auth.Actor, c Call) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		done, _, err := end(tx, c.ID, Answered, Refused)
		if err != nil || !done {
			return err // refused in the same instant, by the same agent
		}
		if err := s.dropCopy(tx, c); err != nil {
			return err
		}
		if err := s.leave(tx, c); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.refuse", c.ID, "")
	})
}

// leave empties a call of its caller in tx and promises to destroy his keys: what a backup still holds of the row is noise then.
func (s *Service) leave(tx *db.Tx, c Call) error {
	if err := blank(tx, c, s.gone(c.line)); err != nil {
		return err
	}
	if err := privacy.Drop(tx, c.ID, c.person); err != nil {
		return err
	}
	tx.Wake("calls")
	tx.Wake("queue")
	return job.Add(tx, jobForget, c.person, 0)
}

// forget is the handler of jobForget. It is only ever promised for a person who has nothing but a call.
func (s *Service) forget(ctx context.Context, person string) error {
	_, err := s.vault.Erase(ctx, person)
	return err
}

// object ends the recording of a call that goes on.
func (s *Service) object(ctx context.Context, actor auth.Actor, c Call) error {
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE call SET sampled = $2, accepted_at = 0 WHERE id = $1 AND state = 'talking'", c.ID, false)
		if err != nil || n == 0 {
			return err
		}
		if err := tx.Send("UPDATE line_copy SET held = '' WHERE call_id = $1", c.ID); err != nil { // it is asked once the call is over
			return err
		}
		if err := privacy.Drop(tx, c.ID, c.person, network.DataRecording); err != nil {
			return err
		}
		tx.Wake("calls")
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.object", c.ID, "")
	})
}

// Hangup ends an agent's call. When it was recorded, its sound is fetched from the line; when its caller had not agreed yet, it is to be called
// back.
func (s *Service) Hangup(ctx context.Context, actor auth.Actor, id string) error {
	c, err := s.load(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.hangup(ctx, actor, c)
}

func (s *Service) hangup(ctx context.Context, actor auth.Actor, c Call) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		to, again := Ended, !c.Withheld && c.Tries < mostTries
		switch c.State {
		case Talking:
		case Answered, Ringing:
			if again {
				to = Missed
			}
		default:
			return nil
		}
		done, recorded, err := end(tx, c.ID, c.State, to)
		if err != nil {
			return err
		}
		if !done {
			return errOver // it has just been taken, or the caller has just agreed: whoever ended it sees that and may end it again
		}
		if c.State == Talking { // his number was for the call; his request has a time of its own
			if err := privacy.Ended(tx, n, c.person, c.ID, network.WhileRequestOpen); err != nil {
				return err
			}
		}
		if c.State != Ringing && !recorded {
			if err := s.dropCopy(tx, c); err != nil {
				return err
			}
		}
		switch {
		case c.State == Talking && recorded:
			if err := job.Add(tx, jobFetch, c.ID, 0); err != nil {
				return err
			}
		case c.State != Talking && to == Ended:
			if err := s.leave(tx, c); err != nil {
				return err
			}
		}
		tx.Wake("calls")
		tx.Wake("queue")
		return audit.Write(tx, actor.Name(), actor.As(auth.CallAnswer), "call.end", c.ID, string(to))
	})
}

// sweepMissed ends the ringing of calls that nobody answered.
func (s *Service) sweepMissed(ctx context.Context) error {
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE call SET state = 'missed', ended_at = $2 WHERE state = 'ringing' AND at <= $1", db.Micros(tx.Now().Add(-ringsFor)), db.Micros(tx.Now()))
		if err == nil && n > 0 {
			tx.Wake("calls")
			tx.Wake("queue")
		}
		return err
	})
}

// sweepLeft ends calls that nobody ended, and gives up call-backs after the time in which a request expires, or at once when no number came with
// the call: it would be kept for nothing.
func (s *Service) sweepLeft(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	var open, old []Call
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if open, err = db.List(tx, scanCall, fromCall+"WHERE c.state IN ('answered', 'talking') AND c.answered_at <= $1 ORDER BY c.at, c.id LIMIT 100", db.Micros(tx.Now().Add(-leftOpen))); err != nil {
			return err
		}
		old, err = db.List(tx, scanCall, fromCall+"WHERE c.state = 'missed' AND (c.at <= $1 OR c.caller_bidx = '' OR c.tries >= $2) ORDER BY c.at, c.id LIMIT 100",
			db.Micros(n.Introductions.Expires.Cutoff(tx.Now())), mostTries)
		return err
	})
	var errs []error
	for _, c := range open {
		errs = append(errs, s.hangup(ctx, auth.Machine, c))
	}
	for _, c := range old {
		errs = append(errs, s.db.Write(ctx, func(tx *db.Tx) error {
			done, _, err := end(tx, c.ID, Missed, Ended)
			if err != nil || !done {
				return err
			}
			return s.leave(tx, c)
		}))
	}
	return errors.Join(append(errs, err)...)
}

// NextDue is the first instant after one and up to another at which a sweep of this room will have something to do; zero when there is none. The
// end of keeping a recording is not among them: nothing else hangs on its order.
func (s *Service) NextDue(ctx context.Context, after, until time.Time) (next time.Time, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return next, err
	}
	expires := n.Introductions.Expires
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		next = time.Time{}
		for _, watch := range []struct {
			since  string
			cutoff time.Time
			due    func(since time.Time) time.Time
		}{
			{"SELECT coalesce(min(at), 0) FROM call WHERE state = 'ringing' AND at > $1", after.Add(-ringsFor), func(t time.Time) time.Time { return t.Add(ringsFor) }},
			{"SELECT coalesce(min(answered_at), 0) FROM call WHERE state IN ('answered', 'talking') AND answered_at > $1", after.Add(-leftOpen), func(t time.Time) time.Time { return t.Add(leftOpen) }},
			{"SELECT coalesce(min(at), 0) FROM call WHERE state = 'missed' AND at > $1", expires.Cutoff(after), expires.AddTo},
		} {
			since, err := db.Value[int64](tx, watch.since, db.Micros(watch.cutoff))
			if err != nil {
				return err
			}
			if due := watch.due(db.Time(since)); since > 0 && due.After(after) && !due.After(until) && (next.IsZero() || due.Before(next)) {
				next = due
			}
		}
		return nil
	})
	return next, err
}
