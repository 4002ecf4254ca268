package auth

import "entremise/internal/network"

// Spent is a table whose rows serve for a time and are held for nobody: they name people by a digest or an id only. Each room declares its own, and
// the lifecycle forgets them in the time that the network file gives their kind (GDPR art. 5.1 e).
type Spent struct {
	Kind    network.SpentKind
	Table   string
	Key     string // column that is the primary key, a text
	Since   string // column of the instant from which their time counts
	Machine bool   // that instant is of the machine's clock
}

// SpentRows are those of this room: sessions and tickets count from their end, so that the team's page still says when somebody was last seen. The
// journal of connections keeps its own time.
func SpentRows() []Spent {
	return []Spent{
		{Kind: network.SpentSessions, Table: "session", Key: "token_hash", Since: "expires_at", Machine: true},
		{Kind: network.SpentSessions, Table: "ticket", Key: "token_hash", Since: "expires_at", Machine: true},
	}
}
