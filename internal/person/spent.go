package person

import (
	"entremise/internal/auth"
	"entremise/internal/network"
)

// SpentRows are those of this room that serve for a time and are held for nobody: codes, attempts at canvassing, blocks of addresses, and oppositions of
// a loaded register.
func SpentRows() []auth.Spent {
	return []auth.Spent{
		{Kind: network.SpentCodes, Table: "code", Key: "id", Since: "sent_at", Machine: true},
		{Kind: network.SpentAttempts, Table: "attempt", Key: "id", Since: "at"},
		{Kind: network.SpentBlocks, Table: "address_block", Key: "address_bidx", Since: "until_at"},
		{Kind: network.SpentRegister, Table: "register_entry", Key: "phone_bidx", Since: "confirmed_at"},
	}
}
