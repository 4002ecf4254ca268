package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
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
