package notify

import (
	"time"

	"entremise/internal/db"
)

// Carried is when a channel first carried a message to somebody; zero when it never did.
func Carried(tx *db.Tx, person, channel string) (time.Time, error) {
	at, err := db.Value[int64](tx, "SELECT coalesce(min(sent_at), 0) FROM message WHERE person_id = $1 AND channel = $2 AND state IN ('sent', 'in-doubt')", person, channel)
	return db.Time(at), err
}
