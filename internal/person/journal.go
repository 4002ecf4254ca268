package person

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// The journal of connections is apart from every technical log, and sealed: who sent a form or signed in, when, from which address and with
// what. A form's line is sealed with its request, so that an intake costs no row more; a sign-in's stands in a row with a key of its own, so that
// each ends by itself when the purpose that claims connection data says so (RN-26, AQ-19).

// Seen is what a connection shows of itself.
type Seen struct {
	Address  string `json:"address"`
	Country  string `json:"country,omitempty"` // as a provider told it of a form, two letters (AQ-20)
	Browser  string `json:"browser"`
	Language string `json:"language,omitempty"` // that the browser asks for first: two or three letters (RN-17)
	System   string `json:"system"`
	Device   string `json:"device"`
}

// See reads what a browser says of itself (User-Agent, Accept-Language): its family, the language it asks for first, its system and sort of
// device, never its version nor its other languages.
func See(address, agent, languages string) Seen {
	first := func(other string, words ...string) string {
		for i := 0; i+1 < len(words); i += 2 {
			if strings.Contains(agent, words[i]) {
				return words[i+1]
			}
		}
		return other
	}
	s := Seen{Address: address, Language: firstLanguage(languages),
		Browser: first("other", "Edg", "Edge", "OPR", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox", "Firefox", "FxiOS", "Firefox", "CriOS", "Chrome", "Chrome", "Chrome", "Safari", "Safari"),
		System:  first("other", "Android", "Android", "iPhone", "iOS", "iPad", "iOS", "Windows", "Windows", "Macintosh", "macOS", "CrOS", "ChromeOS", "Linux", "Linux"),
		Device:  first("computer", "iPad", "tablet", "Tablet", "tablet", "Mobile", "phone", "Android", "tablet")}
	if agent == "" {
		s.Device = "other"
	}
	return s
}

// firstLanguage is the primary subtag of the first language range (RFC 9110 §12.5.4), empty when it is none.
func firstLanguage(accept string) string {
	tag, _, _ := strings.Cut(accept, ",")
	tag, _, _ = strings.Cut(tag, ";")
	tag, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	if len(tag) < 2 || len(tag) > 3 || strings.ContainsFunc(tag, func(r rune) bool { return r < 'a' || r > 'z' }) {
		return ""
	}
	return tag
}

// Text is what is sealed; empty when nothing is known.
func (s Seen) Text() string {
	if s.Address == "" {
		return ""
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic("person: a struct of strings does not marshal: " + err.Error())
	}
	return string(b)
}

// ReadSeen reads what Text wrote.
func ReadSeen(text string) (s Seen) {
	if json.Unmarshal([]byte(text), &s) != nil {
		return Seen{}
	}
	return s
}

// Connection is one line of the journal, opened.
type Connection struct {
	At      time.Time
	Kind    string // request, sign-in
	Object  string // the request, or the account
	Seen    Seen
	Blocked bool // its address is shut out now
}

const connection = string(network.DataConnection)

func entryPlace(id string) vault.Place {
	return vault.Place{Table: "connection", Column: "entry_sealed", Row: id}
}

// SignedIn notes a sign-in of an account. Where no purpose of the network claims connection data of such a person, nothing is noted.
func SignedIn(ctx context.Context, d *db.DB, v *vault.Vault, n *network.Network, account string, whose network.Person, seen Seen) error {
	if seen.Address == "" || len(n.PurposesFor(whose, network.DataConnection)) == 0 {
		return nil
	}
	id := d.NewID("jou")
	ring, err := v.New(ctx, id, connection)
	if err != nil {
		return err
	}
	return d.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := tx.Send("INSERT INTO connection (id, at, account_id, whose, entry_sealed, address_bidx) VALUES ($1, $2, $3, $4, $5, $6)",
			id, db.Micros(tx.Now()), account, string(whose), ring.SealText(connection, entryPlace(id), seen.Text()), AddressIndex(v, seen.network())); err != nil {
			return err
		}
		return privacy.Hold(tx, n, id, id, whose, "", network.DataConnection)
	})
}

// SignIns lists the newest n sign-ins, opened. Its caller has checked who asks and leaves the audit line.
func SignIns(ctx context.Context, d *db.DB, v *vault.Vault, n int) (all []Connection, err error) {
	return signIns(ctx, d, v, " ORDER BY at DESC, id DESC LIMIT $1", n)
}

// SignInsOf lists all sign-ins of an account, newest first, for the copy of somebody's data.
func SignInsOf(ctx context.Context, d *db.DB, v *vault.Vault, account string) ([]Connection, error) {
	return signIns(ctx, d, v, " WHERE account_id = $1 ORDER BY at DESC, id DESC", account)
}

func signIns(ctx context.Context, d *db.DB, v *vault.Vault, which string, args ...any) (all []Connection, err error) {
	type row struct {
		id     string
		sealed []byte
		Connection
	}
	var rows []row
	if err := d.Read(ctx, func(tx *db.Tx) error {
		rows, err = db.List(tx, func(s db.Scanner) (r row, err error) {
			var at int64
			err = s.Scan(&r.id, &at, &r.Object, &r.sealed)
			r.At, r.Kind = db.Time(at), "sign-in"
			return r, err
		}, "SELECT id, at, account_id, entry_sealed FROM connection"+which, args...)
		return err
	}); err != nil {
		return nil, err
	}
	ids := make([]string, len(rows))
	for i, r := range rows {
		ids[i] = r.id
	}
	rings, err := v.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		text, err := rings[r.id].OpenText(connection, entryPlace(r.id), r.sealed)
		if errors.Is(err, vault.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		r.Seen = ReadSeen(text)
		all = append(all, r.Connection)
	}
	return all, nil
}

// network is the address as people are counted by.
func (s Seen) network() string {
	a, err := parseAddress(s.Address)
	if err != nil {
		return s.Address
	}
	return Network(a)
}

// MarkBlocked tells of each line whether its address is shut out.
func MarkBlocked(ctx context.Context, d *db.DB, v *vault.Vault, all []Connection) error {
	return d.Read(ctx, func(tx *db.Tx) error {
		blocks, err := Blocks(tx)
		for i := range all {
			bidx := AddressIndex(v, all[i].Seen.network())
			all[i].Blocked = slices.ContainsFunc(blocks, func(b Shut) bool { return b.ID == bidx })
		}
		return err
	})
}

// Shut is an address that is shut out, without the address: it is kept as a digest only.
type Shut struct {
	ID     string
	Until  time.Time
	Reason string
	By     string // account
}

// Blocks lists what is shut out now, the longest first.
func Blocks(tx *db.Tx) ([]Shut, error) {
	return db.List(tx, func(s db.Scanner) (b Shut, err error) {
		var until int64
		err = s.Scan(&b.ID, &until, &b.Reason, &b.By)
		b.Until = db.Time(until)
		return b, err
	}, "SELECT address_bidx, until_at, reason, by_account FROM address_block WHERE until_at > $1 ORDER BY until_at DESC, address_bidx LIMIT 200", db.Micros(tx.Now()))
}

// Unblock lets an address in again, before its time.
func Unblock(ctx context.Context, d *db.DB, actor auth.Actor, id string) error {
	if err := actor.May(auth.AddressBlock); err != nil {
		return err
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("DELETE FROM address_block WHERE address_bidx = $1", id)
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "not-blocked", fault.T("Cette adresse n’est pas bloquée.", "This address is not blocked."))
		}
		if err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.AddressBlock), "address.unblock", "", "")
	})
}
