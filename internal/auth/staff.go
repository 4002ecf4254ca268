package auth

import (
	"entremise/internal/db"
	"entremise/internal/network"
)

// StaffWith lists the active members of staff who have one of these roles, by id.
func StaffWith(tx *db.Tx, roles ...network.Role) ([]string, error) {
	if len(roles) == 0 {
		return nil, nil
	}
	var args []any
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return db.Values[string](tx, "SELECT DISTINCT a.id FROM account a JOIN account_role r ON r.account_id = a.id WHERE a.kind = 'staff' AND a.state = 'active' AND r.role IN ("+db.In(&args, names)+") ORDER BY a.id", args...)
}
