package privacy

import (
	"entremise/internal/db"
	"entremise/internal/network"
)

// Misheld counts what a look at every account would mend.
func Misheld(tx *db.Tx, n *network.Network) (all int, err error) {
	for _, m := range misholdings(n) {
		found, err := m.find(tx, nil)
		if err != nil {
			return all, err
		}
		all += len(found)
	}
	return all, nil
}
