// Package privacy keeps what the network promised about personal data: the ledger of consents, and for every record who holds it for which
// purpose since when. It knows no domain: rooms hand it their records and declare their holdings.
package privacy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Holding says where personal data of a category stands. Every sealed or indexed column of the schema belongs to one; a test compares the
// declarations of all rooms with both live schemas and with each network's purposes.
type Holding struct {
	Table  string
	Person string // column that leads to the person
	Record string // column that leads to the record under which it is held; without one the row is of the person, whatever is held
	Near   string // column of an index that names a consumer's records, where person has none
	Via    string // SQL with one %s for a list of people, that finds the rows by an index where record has none
	// Find answers the values of the first column that each of the people has, with their keys as they are before anything of them is emptied: an
	// index by the person would cost every intake more than it is worth. Of who has no ring the table is read whole.
	Find     func(tx *db.Tx, v *vault.Vault, rings map[string]*vault.Ring, people []string) (map[string][]string, error)
	Only     string // SQL that tells its rows from others of the same table
	Row      string // column that names the row to the vault; id if empty
	Category network.Category
	Columns  []string
	Whose    network.Person
	Rows     bool              // nothing is left of the row without these columns: it goes with them
	Blank    map[string]string // what a column says once it is emptied, as SQL, where nothing will not do; the archive leaves such a column as it is
}

// Sealed are its columns that a key of the person opens.
func (h Holding) Sealed() []string {
	return slices.DeleteFunc(slices.Clone(h.Columns), func(c string) bool { return !strings.HasSuffix(c, "_sealed") })
}

func (h Holding) row() string {
	if h.Row == "" {
		return "id"
	}
	return h.Row
}

// Holdings of this room, and of auth, which lies left of it and cannot name the type.
func Holdings() []Holding {
	return []Holding{
		{Table: "account", Person: "id", Record: "id", Category: network.DataAccount, Columns: []string{"name_sealed", "email_sealed", "email_bidx", "totp_sealed", "password_hash"}, Whose: network.Staff,
			Blank: map[string]string{"email_bidx": "'gone ' || id"}}, // the address may come back under another account
		{Table: "api_token", Person: "account_id", Record: "account_id", Category: network.DataAccount, Columns: []string{"name"}, Whose: network.Staff},
		{Table: "erasure", Category: network.DataContact, Columns: []string{"needles_sealed"}, Whose: network.Consumer},
		{Table: "remainder", Category: network.DataContact, Columns: []string{"value_bidx"}, Whose: network.Consumer},
		{Table: "proof_leaf", Person: "person_id", Record: "object", Category: network.DataConsent, Columns: []string{"salt_sealed"}, Whose: network.Consumer, Only: "category = 'consent'",
			Via: "id IN (SELECT leaf_id FROM consent WHERE person_id IN (%[1]s) UNION ALL SELECT leaf_id FROM objection WHERE person_id IN (%[1]s))"}, // before the choices themselves, by which its leaves are found
		{Table: "objection", Person: "person_id", Record: "object", Category: network.DataConsent, Columns: []string{"reason_sealed"}, Whose: network.Consumer, Row: "row_id", Rows: true},
		{Table: "consent", Person: "person_id", Record: "object", Category: network.DataConsent, Columns: []string{"granted"}, Whose: network.Consumer, Rows: true},
	}
}

// Hold notes in tx that a record made in it holds data of the categories, once for each purpose of the network that claims them: those that
// last while it is in the state in which it begins, "" for none, and those whose time counts from collection; of the latter one that rests on
// consent only begins with the consent ([Record]). since is business time: durations count under the edition in force when the question is asked.
func Hold(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, categories ...network.Category) error {
	return hold(tx, n, record, person, whose, categories, nil, begins(n, state))
}

// HoldMore is Hold for a record that may hold something already: what it holds for a purpose keeps its time.
func HoldMore(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held, begins(n, state))
}

// Happened notes in tx that an event has happened to a record, or a state begun: what purposes hold from then on. A purpose that waits for
// another event holds nothing of it.
func Happened(tx *db.Tx, n *network.Network, record, person string, whose network.Person, event network.Event, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held, func(p network.Purpose) bool { return p.Keep.While == "" && p.Keep.Starts() == event })
}

// Begun is Happened for a state that a record enters after it was made.
func Begun(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held, func(p network.Purpose) bool { return p.Keep.While == state })
}

// BegunAt is [Begun] for a state whose longest time counts from an event that was before it: a review is published for eight years from its
// deposit, whenever it was published (RN-54).
func BegunAt(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, from time.Time, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return holdFrom(tx, n, record, person, whose, categories, held, from, func(p network.Purpose) bool { return p.Keep.While == state })
}

// begins tells which purposes hold a record from its making on. One that rests on consent waits for the consent, unless no record is made without it.
func begins(n *network.Network, state network.While) func(network.Purpose) bool {
	return func(p network.Purpose) bool {
		if p.Keep.While != "" {
			return p.Keep.While == state
		}
		given := slices.ContainsFunc(n.Consents, func(c network.Consent) bool { return c.Kind == network.KindConsent && c.Required && c.Purpose == p.ID })
		return p.Keep.Starts() == network.FromCollection && (p.Basis != network.BasisConsent || given)
	}
}

// holding is a row: what a record holds for a purpose since an instant.
type holding struct {
	purpose    string
	since      int64
	categories []string
}

func holdings(tx *db.Tx, record, person string) ([]holding, error) {
	return db.List(tx, func(s db.Scanner) (h holding, err error) {
		var categories string
		err = s.Scan(&h.purpose, &h.since, &categories)
		h.categories = strings.Fields(categories)
		return h, err
	}, "SELECT purpose, since, categories FROM holding WHERE person_id = $1 AND record = $2", person, record)
}

func hold(tx *db.Tx, n *network.Network, record, person string, whose network.Person, categories []network.Category, held []holding, which func(network.Purpose) bool) error {
	return holdFrom(tx, n, record, person, whose, categories, held, tx.Now(), which)
}

func holdFrom(tx *db.Tx, n *network.Network, record, person string, whose network.Person, categories []network.Category, held []holding, from time.Time, which func(network.Purpose) bool) error {
	var purposes []string
	var no map[string]bool
	if len(held) > 0 { // a record that is being made is nobody's who could have objected
		var err error
		if no, err = Stopped(tx, person); err != nil {
			return err
		}
	}
	lasting := map[string]bool{}
	claimed := map[string][]string{}
	for _, c := range categories {
		claims := slices.DeleteFunc(n.PurposesFor(whose, c), func(p network.Purpose) bool { return p.Keep == nil || !which(p) })
		if len(claims) == 0 {
			return fmt.Errorf("privacy: no purpose of %s claims %s of a %s: data without a purpose is not stored", n.Network, c, whose)
		}
		for _, p := range claims {
			if no[p.ID] || slices.ContainsFunc(held, func(h holding) bool { return h.purpose == p.ID && slices.Contains(h.categories, string(c)) }) {
				continue
			}
			if claimed[p.ID] == nil {
				purposes = append(purposes, p.ID)
				lasting[p.ID] = p.Keep.While != ""
			}
			claimed[p.ID] = append(claimed[p.ID], string(c))
		}
	}
	var rows [][]any
	for _, p := range purposes {
		since, base := db.Micros(from), db.Micros(from)
		if lasting[p] {
			base = 0
		}
		rows = append(rows, []any{person, record, p, since, phaseKept, base, strings.Join(claimed[p], " ")})
	}
	if len(rows) == 0 {
		return nil
	}
	marks, args := db.Rows(rows...)
	// Twice in one instant: the second adds to the first.
	return tx.Send("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES "+marks+
		" ON CONFLICT (person_id, record, purpose, since) DO UPDATE SET categories = holding.categories || ' ' || excluded.categories", args...)
}

// Drop notes in tx that a record holds nothing any more of a person, of the categories or of any when none is named: its data was erased.
func Drop(tx *db.Tx, record, person string, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	for _, h := range held {
		left := slices.DeleteFunc(slices.Clone(h.categories), func(c string) bool { return len(categories) == 0 || slices.Contains(categories, network.Category(c)) })
		switch {
		case len(left) == 0:
			err = tx.Send("DELETE FROM holding WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", person, record, h.purpose, h.since)
		case len(left) < len(h.categories):
			err = tx.Send("UPDATE holding SET categories = $5 WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", person, record, h.purpose, h.since, strings.Join(left, " "))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
