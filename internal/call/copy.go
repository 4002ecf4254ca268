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
)

// The telephone company operates the calls and stores the recordings (ET-148). What it keeps of a call is noted when our recording begins, or
// when a call ends that is not to be recorded; the note is a holding of the person like our own copy, so that whatever ends ours, the file's time,
// an erasure, an objection or a refusal, empties its column held. A row that is empty and not confirmed is a deletion that the line owes.

const held = "held"

// noteCopy notes in tx what the line keeps of a call, or that it is to keep nothing.
func noteCopy(tx *db.Tx, c Call, state string) error {
	return tx.Send(`INSERT INTO line_copy (call_id, person_id, line_id, held, asked_at, tries, confirmed_at) VALUES ($1, $2, $3, $4, 0, 0, 0)
		ON CONFLICT (call_id) DO UPDATE SET line_id = excluded.line_id, held = excluded.held, asked_at = 0, tries = 0, confirmed_at = 0`, c.ID, c.person, c.line, state)
}

// dropCopy notes in tx that the line is to keep nothing of a call that it carried: who refused, objected or is in no share leaves nothing there
// either. A line that records nothing owes nothing.
func (s *Service) dropCopy(tx *db.Tx, c Call) error {
	if c.line == "" || s.line.Fetch == nil {
		return nil
	}
	if err := noteCopy(tx, c, ""); err != nil {
		return err
	}
	return ask(tx, c.ID)
}

// ask promises in tx that the line will be asked.
func ask(tx *db.Tx, id string) error {
	if err := tx.Send("UPDATE line_copy SET asked_at = $2 WHERE call_id = $1", id, db.Micros(tx.Now())); err != nil {
		return err
	}
	return job.Add(tx, jobDelete, id, 0)
}

// askAgain is how long after it was asked a line that has not confirmed is asked anew, in business time: by then the job has been given up.
const askAgain = 48 * time.Hour

// sweepCopies asks for the deletions that are owed and were not asked for yet, or in vain.
func (s *Service) sweepCopies(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		ids, err := db.Values[string](tx, `SELECT k.call_id FROM line_copy k JOIN call c ON c.id = k.call_id
			WHERE k.held = '' AND k.confirmed_at = 0 AND k.asked_at <= $1 AND c.ended_at > 0 ORDER BY k.asked_at, k.call_id LIMIT 200`, db.Micros(tx.Now().Add(-askAgain)))
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := ask(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// deleteCopy is the handler of jobDelete: the line is asked until it confirms. Each try in vain is counted.
func (s *Service) deleteCopy(ctx context.Context, id string) error {
	var line, kept string
	var confirmed int64
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(db.Into(&line, &kept, &confirmed), "SELECT line_id, held, confirmed_at FROM line_copy WHERE call_id = $1", id)
	})
	if errors.Is(err, db.ErrNone) || err == nil && (kept != "" || confirmed > 0) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.line.Delete == nil { // it was carried by the line of another process, or of an earlier day
		err = errors.New("call: this line deletes nothing")
	} else if err = s.line.Delete(ctx, line); err != nil {
		err = fmt.Errorf("call: the line %s does not confirm: %w", s.line.Name, err)
	}
	if err != nil {
		return job.With(err, func(tx *db.Tx) error { return tx.Send("UPDATE line_copy SET tries = tries + 1 WHERE call_id = $1", id) })
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE line_copy SET confirmed_at = $2, line_id = '' WHERE call_id = $1 AND held = '' AND confirmed_at = 0", id, db.Micros(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		tx.Wake("calls")
		return audit.Write(tx, auth.Machine.Name(), string(auth.System), "recording.gone-at-line", id, "")
	})
}

// Copy is a recording that the line was asked to delete.
type Copy struct {
	Call      string
	Site      string
	At        time.Time // of the call
	Asked     time.Time
	Tries     int       // in vain
	Confirmed time.Time // zero: the line has not said yet that nothing is left
}

func scanCopy(s db.Scanner) (c Copy, err error) {
	var at, asked, tries, confirmed int64
	err = s.Scan(&c.Call, &c.Site, &at, &asked, &tries, &confirmed)
	c.At, c.Asked, c.Tries, c.Confirmed = db.Time(at), db.Time(asked), int(tries), db.Time(confirmed)
	return c, err
}

const fromCopy = "SELECT k.call_id, c.site, c.at, k.asked_at, k.tries, k.confirmed_at FROM line_copy k JOIN call c ON c.id = k.call_id "

// Owed lists the deletions that the line was asked for and has not confirmed after at least one try, longest owed first, at most n.
func (s *Service) Owed(ctx context.Context, actor auth.Actor, n int) (all []Copy, err error) {
	if err := mayOversee(actor); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanCopy, fromCopy+"WHERE k.held = '' AND k.confirmed_at = 0 AND k.asked_at > 0 AND k.tries > 0 ORDER BY k.asked_at, k.call_id LIMIT $1", n)
		return err
	})
	return all, err
}

// Deleted lists the deletions that the line confirmed, newest first, at most n.
func (s *Service) Deleted(ctx context.Context, actor auth.Actor, n int) (all []Copy, err error) {
	if err := mayOversee(actor); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanCopy, fromCopy+"WHERE k.confirmed_at > 0 ORDER BY k.confirmed_at DESC, k.call_id DESC LIMIT $1", n)
		return err
	})
	return all, err
}

// mayOversee lets those who hear recordings, and those who watch over retention, see what the line still owes.
func mayOversee(a auth.Actor) error {
	if a.Can(auth.RecordingHear) {
		return nil
	}
	return a.May(auth.RetentionRead)
}
