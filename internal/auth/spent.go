package auth

import (
	"time"

	"entremise/internal/db"
)

// spentKept is how long a session or a ticket is kept after its end, so that the team's page still says when somebody was last seen.
const spentKept = 30 * 24 * time.Hour

// Forget deletes in tx the sessions and tickets whose end is thirty days past: digests that open nothing, and instants of somebody's work that nobody
// needs any more (GDPR art. 5.1 e). The journal of connections keeps its own time.
func Forget(tx *db.Tx) error {
	cutoff := db.Micros(tx.Machine().Add(-spentKept))
	if err := tx.Send("DELETE FROM session WHERE expires_at <= $1", cutoff); err != nil {
		return err
	}
	return tx.Send("DELETE FROM ticket WHERE expires_at <= $1", cutoff)
}
