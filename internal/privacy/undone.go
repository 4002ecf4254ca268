package privacy

import (
	"entremise/internal/db"
	"entremise/internal/network"
)

// Undone takes a Happened back: the event turned out to be none, as when a refusal is reversed. What purposes held from it goes; the caller says in
// the same transaction what holds the record instead.
func Undone(tx *db.Tx, n *network.Network, person, record string, event network.Event) error {
	var purposes []string
	for _, p := range n.Purposes {
		if p.Keep != nil && p.Keep.While == "" && p.Keep.Starts() == event {
			purposes = append(purposes, p.ID)
		}
	}
	if len(purposes) == 0 {
		return nil
	}
	args := []any{person, record}
	return tx.Send("DELETE FROM holding WHERE person_id = $1 AND record = $2 AND phase = 'kept' AND purpose IN ("+db.In(&args, purposes)+")", args...)
}
