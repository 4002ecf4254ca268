package notify

import (
	"errors"
	"time"

	"entremise/internal/db"
)

// Carried is when a channel first carried a message to somebody; zero when it never did.
func Carried(tx *db.Tx, person, channel string) (time.Time, error) {
	at, err := db.Value[int64](tx, "SELECT coalesce(min(sent_at), 0) FROM message WHERE person_id = $1 AND channel = $2 AND state IN ('sent', 'in-doubt')", person, channel)
	return db.Time(at), err
}

// WhoseMessage is whom a message went to and what it is about, empty when there is none of that id.
func WhoseMessage(tx *db.Tx, id string) (person, object string, err error) {
	err = tx.Get(db.Into(&person, &object), "SELECT person_id, object FROM message WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return person, object, err
}

// HandedOver is when the channel took a message, zero while it did not; lost says that it never will: refused, stopped or erased meanwhile. One of
// which nobody knows whether it was taken counts as not taken.
func HandedOver(tx *db.Tx, id string) (at time.Time, lost bool, err error) {
	var state string
	var sent int64
	err = tx.Get(db.Into(&state, &sent), "SELECT state, sent_at FROM message WHERE id = $1", id)
	switch {
	case errors.Is(err, db.ErrNone):
		return at, true, nil
	case err != nil || state == "queued" || state == "in-doubt":
		return at, false, err
	case state == string(Sent):
		return db.Time(sent), false, nil
	}
	return at, true, nil
}
