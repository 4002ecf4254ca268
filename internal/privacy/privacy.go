// Package privacy keeps what the network promised about personal data: the ledger of consents, and for every record who holds it for which
// purpose since when. It knows no domain: rooms hand it their records and declare their holdings.
package privacy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/db"
	"entremise/internal/network"
)

// Holding says where personal data of a category stands. Every sealed or indexed column of the schema belongs to one; a test compares the
// declarations of all rooms with both live schemas and with each network's purposes.
type Holding struct {
	Table    string
	Person   string // column that leads to the person
	Category network.Category
	Columns  []string
	Whose    network.Person
}

// Holdings of this room, and of auth, which lies left of it and cannot name the type.
func Holdings() []Holding {
	return []Holding{
		{Table: "account", Person: "id", Category: network.DataAccount, Columns: []string{"name_sealed", "email_sealed", "email_bidx", "totp_sealed"}, Whose: network.Staff},
		{Table: "consent", Person: "person_id", Category: network.DataConsent, Columns: []string{"granted"}, Whose: network.Consumer},
		{Table: "proof_leaf", Person: "person_id", Category: network.DataConsent, Columns: []string{"salt_sealed"}, Whose: network.Consumer},
	}
}

// Hold notes in tx that a record made in it holds data of the categories, once for each purpose of the network that claims them. since is
// business time: durations count from it, under the edition in force when the question is asked.
func Hold(tx *db.Tx, n *network.Network, record, person string, whose network.Person, categories ...network.Category) error {
	return hold(tx, n, record, person, whose, categories, nil)
}

// HoldMore is Hold for a record that may hold something already: what it holds for a purpose keeps its time.
func HoldMore(tx *db.Tx, n *network.Network, record, person string, whose network.Person, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held)
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

func hold(tx *db.Tx, n *network.Network, record, person string, whose network.Person, categories []network.Category, held []holding) error {
	var purposes []string
	claimed := map[string][]string{}
	for _, c := range categories {
		claims := n.PurposesFor(whose, c)
		if len(claims) == 0 {
			return fmt.Errorf("privacy: no purpose of %s claims %s of a %s: data without a purpose is not stored", n.Network, c, whose)
		}
		for _, p := range claims {
			if slices.ContainsFunc(held, func(h holding) bool { return h.purpose == p.ID && slices.Contains(h.categories, string(c)) }) {
				continue
			}
			if claimed[p.ID] == nil {
				purposes = append(purposes, p.ID)
			}
			claimed[p.ID] = append(claimed[p.ID], string(c))
		}
	}
	var rows [][]any
	for _, p := range purposes {
		rows = append(rows, []any{person, record, p, db.Micros(tx.Now()), strings.Join(claimed[p], " ")})
	}
	if len(rows) == 0 {
		return nil
	}
	marks, args := db.Rows(rows...)
	// Twice in one instant: the second adds to the first.
	return tx.Send("INSERT INTO holding (person_id, record, purpose, since, categories) VALUES "+marks+
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

// Held is a record with the person whose data it holds.
type Held struct{ Record, Person string }

// Lapsed lists at most limit records that no purpose of the edition in force lets anybody hold any longer for a category, oldest first. It
// knows categories that are kept for a time from collection; one that is kept while something lasts, or archived, lapses never here.
func Lapsed(tx *db.Tx, n *network.Network, whose network.Person, c network.Category, limit int) ([]Held, error) {
	args := []any{"% " + string(c) + " %"}
	var over []string
	for _, p := range n.PurposesFor(whose, c) {
		if p.Keep == nil || p.Keep.For.IsZero() || p.Keep.Archive != nil {
			continue // its holdings stand in the way of every record that has one
		}
		args = append(args, p.ID, db.Micros(p.Keep.For.Cutoff(tx.Now())))
		over = append(over, fmt.Sprintf("(h.purpose = $%d AND h.since <= $%d)", len(args)-1, len(args)))
	}
	if len(over) == 0 {
		return nil, nil
	}
	args = append(args, limit)
	q := strings.Join(over, " OR ")
	return db.List(tx, func(s db.Scanner) (h Held, err error) { err = s.Scan(&h.Record, &h.Person); return },
		"SELECT h.record, h.person_id FROM holding h WHERE ' ' || h.categories || ' ' LIKE $1 AND ("+q+") AND NOT EXISTS (SELECT 1 FROM holding o WHERE o.person_id = h.person_id AND o.record = h.record AND ' ' || o.categories || ' ' LIKE $1 AND NOT ("+
			strings.ReplaceAll(q, "h.", "o.")+")) GROUP BY h.record, h.person_id ORDER BY min(h.since), h.record LIMIT $"+strconv.Itoa(len(args)), args...)
}
