package archiver

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
)

// What may be wrong with a deposit at the archiver's.
const (
	Changed = "changed" // its bytes are not those of the receipt
	Lost    = "missing" // the archiver does not have it
)

// comparedAtOnce bounds one round of comparing.
const comparedAtOnce = 20

// compareDue fetches deposits that were not compared for as long as the file says, and daily those that were found wrong.
func (s *Service) compareDue(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if err != nil || n.Archiver == nil {
		return err
	}
	var due []string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due, err = db.Values[string](tx, `SELECT id FROM archiver_deposit WHERE length(key_sealed) > 0 AND delivered_at > 0 AND checked_at <= $1 ORDER BY checked_at, id LIMIT $2`,
			db.Micros(n.Archiver.Compare.Cutoff(tx.Now())), comparedAtOnce)
		if err != nil {
			return err
		}
		wrong, err := db.Values[string](tx, "SELECT id FROM archiver_deposit WHERE fault <> '' AND checked_at <= $1 ORDER BY checked_at, id LIMIT $2", db.Micros(tx.Now().Add(-24*time.Hour)), comparedAtOnce)
		due = append(due, wrong...)
		return err
	})
	for _, id := range due {
		var d row
		if err == nil {
			d, err = s.get(ctx, id)
		}
		if err == nil && s.mine(d) == nil {
			_, err = s.fetch(ctx, d)
		}
		if errors.Is(err, errWrong) {
			err = nil // it is noted, and shows
		}
	}
	return err
}

// errWrong says that a deposit is not at the archiver's as it was when he gave his receipt.
var errWrong = errors.New("archiver: a deposit is missing or was changed")

// fetch has the bytes of a deposit that was delivered, compares them with its digest, and notes what it found.
func (s *Service) fetch(ctx context.Context, d row) (body []byte, err error) {
	body, err = s.driver.Fetch(ctx, d.id, d.version)
	wrong := ""
	switch {
	case errors.Is(err, ErrMissing):
		wrong = Lost
	case err != nil:
		return nil, err
	case sha256.Sum256(body) != [sha256.Size]byte(d.digest):
		wrong = Changed
	}
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if wrong == "" {
			return tx.Send("UPDATE archiver_deposit SET checked_at = $2, fault = '', fault_at = 0 WHERE id = $1", d.id, db.Micros(tx.Now()))
		}
		n, err := tx.Exec("UPDATE archiver_deposit SET checked_at = $2, fault = $3, fault_at = CASE WHEN fault = $3 THEN fault_at ELSE $2 END WHERE id = $1 AND length(key_sealed) > 0", d.id, db.Micros(tx.Now()), wrong)
		if err != nil || n == 0 || d.fault == wrong {
			return err
		}
		return audit.Write(tx, auth.Machine.Name(), string(auth.System), "archiver.wrong", d.id, wrong)
	})
	if err == nil && wrong != "" {
		err = errWrong
	}
	if err != nil {
		return nil, err
	}
	return body, nil
}
