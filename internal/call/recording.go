package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/vault"
)

// fetch is the handler of jobFetch: it takes the sound of a call from the line and seals it, once. A crash between the line's answer and the row
// asks the line again; a caller who was erased meanwhile leaves nothing.
func (s *Service) fetch(ctx context.Context, id string) error {
	var c Call
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { c, err = selectCall(tx, id); return }); err != nil {
		return err
	}
	if c.State != Ended || !c.Sampled || c.Recording != "" {
		return nil
	}
	if s.line.Fetch == nil { // it was recorded by the line of another process, or of an earlier day
		return errors.New("call: this line hands out no sound")
	}
	wav, err := s.line.Fetch(ctx, c.line)
	if err != nil {
		return fmt.Errorf("call: the line %s gives no sound yet: %w", s.line.Name, err)
	}
	length, err := soundLength(wav)
	if err != nil {
		return job.Permanent(err)
	}
	ring, err := s.vault.Ring(ctx, c.person, catRecording)
	if errors.Is(err, vault.ErrErased) {
		return nil // he was erased, and a new key may not seal his voice
	}
	if err != nil {
		return err
	}
	rec := s.db.NewID("rec")
	sealed := ring.Seal(catRecording, soundPlace(rec), wav) // an hour of sound takes its time: nobody's transaction waits for it
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err // his keys changed meanwhile: again, with what he has now
		}
		added, err := tx.Exec("INSERT INTO recording (id, call_id, person_id, at, seconds, sound_sealed) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (call_id) DO NOTHING",
			rec, c.ID, c.person, db.Micros(c.Ended), int64((length+time.Second-1)/time.Second), sealed)
		if err != nil || added == 0 {
			return err
		}
		tx.Wake("calls")
		return audit.Write(tx, auth.Machine.Name(), string(auth.System), "recording.keep", rec, c.ID)
	})
}

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

// Listen lets a recording be heard for one of the four purposes. The line that says who, what and why is written before anything is opened; a
// refusal leaves one too (ET-146, 147). The sound itself follows by [Service.Sound], in as many parts as a player asks for.
func (s *Service) Listen(ctx context.Context, actor auth.Actor, id string, p Purpose) (Hearing, error) {
	if err := s.mayHear(ctx, actor, id); err != nil {
		return Hearing{}, err
	}
	if !slices.Contains(Purposes(), p) {
		var c fault.Check
		c.Add("purpose", fault.T("Dites pourquoi vous écoutez cet enregistrement.", "Say why you listen to this recording."))
		return Hearing{}, c.Err()
	}
	var out Hearing
	err := s.db.Write(ctx, func(tx *db.Tx) error {
		var at, seconds int64
		err := tx.Get(db.Into(&out.Call, &at, &seconds), "SELECT call_id, at, seconds FROM recording WHERE id = $1", id)
		if errors.Is(err, db.ErrNone) {
			return errSound
		}
		if err != nil {
			return err
		}
		out.At, out.Length = db.Time(at), time.Duration(seconds)*time.Second
		return audit.Write(tx, actor.Name(), actor.As(auth.RecordingHear), "recording.hear", id, string(p))
	})
	if err != nil {
		return Hearing{}, err
	}
	out.Ticket = s.links.Link(hearing(actor.Account), id, s.db.Machine().Add(out.Length+pause).Unix())
	return out, nil
}

func (s *Service) mayHear(ctx context.Context, actor auth.Actor, id string) error {
	err := actor.May(auth.RecordingHear)
	if err == nil || actor.Account == "" { // a visitor or the holder of a link: there is nobody to name
		return err
	}
	return audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.RecordingHear), "recording.hear", id, err, "")
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
	var person string
	var sealed []byte
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(db.Into(&person, &sealed), "SELECT person_id, sound_sealed FROM recording WHERE id = $1", id)
	})
	if errors.Is(err, db.ErrNone) {
		return nil, errSound
	}
	if err != nil {
		return nil, err
	}
	ring, err := s.vault.Ring(ctx, person)
	if err != nil {
		return nil, err
	}
	wav, err = ring.Open(catRecording, soundPlace(id), sealed)
	if errors.Is(err, vault.ErrErased) {
		return nil, errSound
	}
	return wav, err
}
