package call

import (
	"context"
	"errors"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// RecordingOf is the newest recording of the calls from which a request came, for who may hear it; "" when there is none.
func (s *Service) RecordingOf(ctx context.Context, actor auth.Actor, requestID string) (id string, err error) {
	if err := actor.May(auth.RecordingHear); err != nil {
		return "", err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		id, err = db.Value[string](tx, "SELECT r.id FROM recording r JOIN call c ON c.id = r.call_id WHERE c.request_id = $1 ORDER BY r.at DESC, r.id LIMIT 1", requestID)
		if errors.Is(err, db.ErrNone) {
			id, err = "", nil
		}
		return err
	})
	return id, err
}

// Recordings lists the newest calls of which a recording is kept, at most n.
func (s *Service) Recordings(ctx context.Context, actor auth.Actor, n int) ([]Call, error) {
	if err := actor.May(auth.RecordingHear); err != nil {
		return nil, err
	}
	return s.list(ctx, actor, "WHERE c.state = 'ended' AND r.id IS NOT NULL ORDER BY c.at DESC, c.id DESC LIMIT $1", n)
}

// Hearing is a recording that somebody may play now, since he said why.
type Hearing struct {
	Call   string
	At     time.Time
	Length time.Duration // rounded up to the second
	Ticket string        // for Sound: of this account and recording, for the time that hearing it takes
}

// pause is how much longer than its sound a hearing may take, in machine time: to stop, go back and hear a sentence again. Whoever needs longer
// says again why.
const pause = time.Hour

// hearing names the tickets of one account: nobody else's session plays what it was given.
func hearing(account string) string { return "hearing " + account }

// named reports whether the file lets one of the actor's roles do what it reserves.
func named(actor auth.Actor, by []network.Role) bool {
	return actor.Who == auth.System || slices.ContainsFunc(by, actor.Has)
}

// Reasons are those of the network file for which this actor may hear recordings, in its order; none for who may hear none.
func (s *Service) Reasons(ctx context.Context, actor auth.Actor) ([]network.Reason, error) {
	n, err := s.editions.InForce(ctx)
	if err != nil || n.Listening == nil || !actor.Can(auth.RecordingHear) {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(n.Listening.Reasons), func(r network.Reason) bool { return !named(actor, r.By) }), nil
}

var errFrozen = fault.New(fault.Conflict, "recording-frozen", fault.T("La personne a demandé de geler ses données : cet enregistrement est gardé sans être écouté.", "The person asked to restrict their data: this recording is kept and not heard."))

var errReason = fault.New(fault.Denied, "not-for-this-reason", fault.T("Votre rôle n’écoute pas d’enregistrement pour cette raison.", "Your role hears no recording for this reason."))

// Listen lets a recording be heard for a reason that the network file names, by a role that it names for it. The line that says who, what and why
// is written before anything is opened; a refusal leaves one too (ET-146, 147; AQ-14). The sound itself follows by [Service.Sound], in as many
// parts as a player asks for. Without a reason of the file the answer is an Invalid fault with the field purpose.
func (s *Service) Listen(ctx context.Context, actor auth.Actor, id, why string) (Hearing, error) {
	if err := s.mayHear(ctx, actor, id); err != nil {
		return Hearing{}, err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return Hearing{}, err
	}
	reason, known := n.Reason(why)
	if !known {
		var c fault.Check
		c.Add("purpose", fault.T("Dites pourquoi vous écoutez cet enregistrement.", "Say why you listen to this recording."))
		return Hearing{}, c.Err()
	}
	if !named(actor, reason.By) {
		return Hearing{}, audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.RecordingHear), "recording.hear", id, errReason, reason.ID)
	}
	var out Hearing
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		r, err := selectRecording(tx, id)
		if err != nil {
			return err
		}
		if err := mayPlay(tx, r); err != nil {
			return err
		}
		out = r.Hearing
		return audit.Write(tx, actor.Name(), actor.As(auth.RecordingHear), "recording.hear", id, reason.ID)
	})
	if errors.Is(err, errFrozen) {
		err = audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.RecordingHear), "recording.hear", id, err, reason.ID)
	}
	if err != nil {
		return Hearing{}, err
	}
	out.Ticket = s.links.Link(hearing(actor.Account), id, s.db.Machine().Add(out.Length+pause).Unix())
	return out, nil
}

// stored is a recording as it lies here.
type stored struct {
	Hearing
	person string
}

func selectRecording(tx *db.Tx, id string) (r stored, err error) {
	var at, seconds int64
	err = tx.Get(db.Into(&r.Call, &r.person, &at, &seconds), "SELECT call_id, person_id, at, seconds FROM recording WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errSound
	}
	r.At, r.Length = db.Time(at), time.Duration(seconds)*time.Second
	return r, err
}

// mayPlay keeps the recording of somebody whose data is restricted from everything but storage, unless a dispute needs it (GDPR art. 18.2).
func mayPlay(tx *db.Tx, r stored) error {
	frozen, err := request.Frozen(tx, r.person)
	if err != nil || !frozen {
		return err
	}
	disputes, err := privacy.HoldsOn(tx, r.person, r.Call, lentOn)
	if err == nil && len(disputes) == 0 {
		err = errFrozen
	}
	return err
}

func (s *Service) mayHear(ctx context.Context, actor auth.Actor, id string) error {
	err := actor.May(auth.RecordingHear)
	if err == nil || actor.Account == "" { // a visitor or the holder of a link: there is nobody to name
		return err
	}
	return audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.RecordingHear), "recording.hear", id, err, "")
}

// Heard lists who did what with a recording and why, newest first, at most 100 lines: received, heard, refused, lent, heard by a link.
func (s *Service) Heard(ctx context.Context, actor auth.Actor, id string) (lines []audit.Line, err error) {
	if err := actor.May(auth.RecordingHear); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := selectRecording(tx, id); err != nil {
			return err
		}
		lines, _, err = audit.List(tx, audit.Page{Object: id, Action: "recording."}, 100)
		return err
	})
	return lines, err
}

// Sound opens the recording of a ticket that Listen gave to this actor, as a WAV file. A ticket that is forged, another's or too old answers
// [auth.LinkGone].
func (s *Service) Sound(ctx context.Context, actor auth.Actor, ticket string) (wav []byte, err error) {
	id, until, err := s.links.ReadLink(hearing(actor.Account), ticket)
	if err != nil {
		return nil, err
	}
	if err := s.mayHear(ctx, actor, id); err != nil {
		return nil, err
	}
	if s.db.Machine().Unix() > until {
		return nil, auth.LinkGone()
	}
	return s.open(ctx, id)
}

// open is a recording's sound. One that is erased, or lies in the archive, is not heard here.
func (s *Service) open(ctx context.Context, id string) ([]byte, error) {
	var r stored
	var sealed []byte
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if r, err = selectRecording(tx, id); err != nil {
			return err
		}
		if err := mayPlay(tx, r); err != nil {
			return err
		}
		return tx.Get(db.Into(&sealed), "SELECT sound_sealed FROM recording WHERE id = $1", id)
	})
	if err != nil {
		return nil, err
	}
	ring, err := s.vault.Ring(ctx, r.person)
	if err != nil {
		return nil, err
	}
	wav, err := ring.Open(catRecording, soundPlace(id), sealed)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrArchived) {
		return nil, errSound
	}
	return wav, err
}
