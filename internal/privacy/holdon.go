package privacy

import "entremise/internal/db"

// HoldsOn lists in tx the legal holds of a ground that keep a record of a person at this moment, newest first.
func HoldsOn(tx *db.Tx, person, record, ground string) ([]LegalHold, error) {
	return db.List(tx, scanHold, "SELECT "+holdColumns+" FROM legal_hold WHERE person_id = $1 AND (record = '' OR record = $2) AND ground = $3 AND ended_at = 0 AND (until_at = 0 OR until_at > $4) ORDER BY at DESC, id",
		person, record, ground, db.Micros(tx.Now()))
}
