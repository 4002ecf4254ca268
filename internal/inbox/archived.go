package inbox

import (
	"entremise/internal/archiver"
	"entremise/internal/db"
	"entremise/internal/network"
)

// The archiver is told of an erasure by the order that his driver carries, not by a letter: each deposit of the people of a case is one notice, about
// the deposit, and his confirmation of that order acknowledges it (RN-98; GDPR art. 19).

// tellArchiver notes in tx the orders that an erasure has given him.
func tellArchiver(tx *db.Tx, n *network.Network, id string) error {
	if n.Archiver == nil {
		return nil
	}
	people, err := db.Values[string](tx, "SELECT person_id FROM inbox_subject WHERE case_id = $1 ORDER BY person_id", id)
	if err != nil {
		return err
	}
	ended, err := archiver.EndedOf(tx, people...)
	for _, deposit := range ended {
		known, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_told WHERE case_id = $1 AND about = $2", id, deposit)
		if err != nil {
			return err
		}
		if known > 0 {
			continue
		}
		if err := tx.Send("INSERT INTO inbox_told (id, case_id, recipient, whose, about, what, at, sent_at, reminders, acknowledged_at) VALUES ($1, $2, $3, 'recipient', $4, $5, $6, $6, 0, 0)",
			tx.NewID("tld"), id, n.Archiver.Recipient, deposit, Erasure, db.Micros(tx.Now())); err != nil {
			return err
		}
		if err := note(tx, id, EvTold, "system", n.Archiver.Recipient); err != nil {
			return err
		}
	}
	return err
}

// byOrder is the condition of notices that the archiver's driver carries: they are about a deposit.
const byOrder = "substr(about, 1, 4) = 'arc_'"

// closeOrders acknowledges what the archiver has confirmed.
func closeOrders(tx *db.Tx) error {
	open, err := db.List(tx, scanTold, "SELECT "+toldColumns+" FROM inbox_told WHERE acknowledged_at = 0 AND "+byOrder+" ORDER BY sent_at, id LIMIT 200")
	if err != nil {
		return err
	}
	for _, t := range open {
		at, err := archiver.ConfirmedAt(tx, t.About)
		if err != nil {
			return err
		}
		if at.IsZero() {
			continue
		}
		n, err := tx.Exec("UPDATE inbox_told SET acknowledged_at = $2 WHERE id = $1 AND acknowledged_at = 0", t.ID, db.Micros(at))
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		if err := note(tx, t.Case, EvAck, t.Recipient, t.Recipient); err != nil {
			return err
		}
	}
	return nil
}
