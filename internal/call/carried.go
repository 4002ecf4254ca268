package call

import (
	"errors"
	"time"

	"entremise/internal/db"
)

// Carried is when a line first carried a call of somebody; zero when none did: a call begun by hand goes over a telephone of the agent's own.
func Carried(tx *db.Tx, person string) (time.Time, error) {
	at, err := db.Value[int64](tx, "SELECT coalesce(min(at), 0) FROM call WHERE person_id = $1 AND line_id IS NOT NULL", person)
	return db.Time(at), err
}

// PersonOf is who called, or was called; empty when there is no such call, or nobody is known of it.
func PersonOf(tx *db.Tx, id string) (string, error) {
	who, err := db.Value[string](tx, "SELECT coalesce(person_id, '') FROM call WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return who, err
}
