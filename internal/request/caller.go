package request

import "entremise/internal/db"

// OpenOf lists the newest open requests of a number by its blind index, at most ten, but one: for the room that knows who calls.
func OpenOf(tx *db.Tx, phoneIndex, but string) ([]Request, error) {
	if phoneIndex == "" {
		return nil, nil
	}
	return db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE person_id IN (SELECT id FROM person WHERE phone_bidx = $1) AND id <> $2 AND state IN ('received', 'published', 'filled') ORDER BY at DESC, id LIMIT 10",
		phoneIndex, but)
}
