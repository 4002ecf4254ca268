package person

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/vault"
)

// Network is an address as people are counted by: IPv6 by its /64, the least that a household has to itself.
func Network(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		if p, err := a.Prefix(64); err == nil { // an address with a zone has none
			return p.String()
		}
	}
	return a.String()
}

func parseAddress(s string) (netip.Addr, error) { return netip.ParseAddr(strings.TrimSpace(s)) }

// AddressIndex is the blind index of a network address, as Network writes it.
func AddressIndex(v *vault.Vault, address string) string { return v.Index("address", address) }

// Blocked reports whether an address is shut out now.
func Blocked(tx *db.Tx, bidx string) (bool, error) {
	if bidx == "" {
		return false, nil
	}
	n, err := db.Value[int64](tx, "SELECT count(*) FROM address_block WHERE address_bidx = $1 AND until_at > $2", bidx, db.Micros(tx.Now()))
	return n > 0, err
}

// Block shuts an address out until an instant.
func Block(tx *db.Tx, bidx, reason, by string, until time.Time) error {
	return tx.Send(`INSERT INTO address_block (address_bidx, at, until_at, reason, by_account) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (address_bidx) DO UPDATE SET until_at = excluded.until_at, reason = excluded.reason, by_account = excluded.by_account`,
		bidx, db.Micros(tx.Now()), db.Micros(until), reason, by)
}

// AddressBlock is what staff type to shut an address out.
type AddressBlock struct {
	Address string
	Days    int // 1 to 90
	Reason  string
}

// BlockAddress shuts an address out of the forms for some days, by staff with a reason. Faults name the fields address, days and reason. The
// trail says for how long, never whom.
func BlockAddress(ctx context.Context, d *db.DB, v *vault.Vault, actor auth.Actor, in AddressBlock) error {
	if err := actor.May(auth.AddressBlock); err != nil {
		return err
	}
	var c fault.Check
	address, err := parseAddress(in.Address)
	c.That(err == nil, "address", fault.T("Écrivez une adresse IP.", "Write an IP address."))
	c.That(in.Days >= 1 && in.Days <= 90, "days", fault.T("Écrivez un nombre de jours de 1 à 90.", "Write a number of days from 1 to 90."))
	length := utf8.RuneCountInString(in.Reason)
	c.That(length >= 3 && length <= 200, "reason", fault.T("Écrivez pourquoi, en quelques mots.", "Write why, in a few words."))
	if err := c.Err(); err != nil {
		return err
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		if err := Block(tx, AddressIndex(v, Network(address)), in.Reason, actor.Account, tx.Now().AddDate(0, 0, in.Days)); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.AddressBlock), "address.block", "", strconv.Itoa(in.Days))
	})
}
