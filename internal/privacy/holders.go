package privacy

import (
	"slices"
	"strconv"
	"strings"

	"entremise/internal/db"
	"entremise/internal/network"
)

// Holders lists in tx, by id, people of whom something of the categories is held, in the archive or not: those after an id, from the next
// most holdings. last is where to go on, empty when there are no more; one person may be named by two calls that follow each other.
func Holders(tx *db.Tx, after string, most int, categories ...network.Category) (people []string, last string, err error) {
	type held struct{ person, categories string }
	rows, err := db.List(tx, func(s db.Scanner) (h held, err error) { err = s.Scan(&h.person, &h.categories); return },
		"SELECT person_id, categories FROM holding WHERE person_id > $1 ORDER BY person_id LIMIT "+strconv.Itoa(most), after)
	if err != nil {
		return nil, "", err
	}
	for _, h := range rows {
		some := slices.ContainsFunc(strings.Fields(h.categories), func(c string) bool { return slices.Contains(categories, network.Category(c)) })
		if some && !slices.Contains(people, h.person) {
			people = append(people, h.person)
		}
	}
	if len(rows) < most {
		return people, "", nil
	}
	// The last person of a full page may have rows beyond it: he is read whole, whatever he holds.
	last = rows[len(rows)-1].person
	rest, err := db.Values[string](tx, "SELECT categories FROM holding WHERE person_id = $1", last)
	for _, r := range rest {
		some := slices.ContainsFunc(strings.Fields(r), func(c string) bool { return slices.Contains(categories, network.Category(c)) })
		if some && !slices.Contains(people, last) {
			people = append(people, last)
		}
	}
	return people, last, err
}

// Known reports whether anything is held of a person.
func Known(tx *db.Tx, person string) (bool, error) {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM holding WHERE person_id = $1", person)
	return n > 0, err
}

// KnownRecord reports whether anything is held of a person under a record.
func KnownRecord(tx *db.Tx, person, record string) (bool, error) {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM holding WHERE person_id = $1 AND record = $2", person, record)
	return n > 0, err
}

// Answered counts the answers to a consent.
type Answered struct {
	Consent string `json:"consent"`
	Channel string `json:"channel"`
	Granted bool   `json:"granted"`
	Answers int64  `json:"answers"`
}

// Answers counts what people answered to each consent, by channel: every grant, refusal and withdrawal that the ledger still holds.
func Answers(tx *db.Tx) ([]Answered, error) {
	return db.List(tx, func(s db.Scanner) (a Answered, err error) {
		err = s.Scan(&a.Consent, &a.Channel, &a.Granted, &a.Answers)
		return
	},
		"SELECT consent, channel, granted, count(*) FROM consent WHERE granted IS NOT NULL GROUP BY consent, channel, granted ORDER BY consent, channel, granted")
}

// ArchivedFor lists the purposes for which a record of a person lies in the archive, legal-hold among them: they name who may open it.
func ArchivedFor(tx *db.Tx, person, record string) ([]string, error) {
	return db.Values[string](tx, "SELECT DISTINCT purpose FROM holding WHERE person_id = $1 AND record = $2 AND phase = 'archived' ORDER BY purpose", person, record)
}
