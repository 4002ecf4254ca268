package request

import (
	"errors"

	"entremise/internal/db"
	"entremise/internal/fault"
)

// PersonOf is the person of a request.
func PersonOf(tx *db.Tx, id string) (string, error) {
	r, err := selectRequest(tx, id)
	return r.Person, err
}

// PersonBought is the person of a request, by reference, that a professional bought; a fault on the field ref when there is none.
func PersonBought(tx *db.Tx, ref, proID string) (string, error) {
	id, err := db.Value[string](tx, "SELECT r.person_id FROM request r JOIN purchase p ON p.request_id = r.id WHERE r.ref = $1 AND p.pro_id = $2 AND p.state = 'revealed' LIMIT 1", ref, proID)
	if errors.Is(err, db.ErrNone) {
		var c fault.Check
		c.Add("ref", fault.T("Aucune de vos demandes ne porte cette référence.", "None of your requests has this reference."))
		return "", c.Err()
	}
	return id, err
}

// Traced is a request with those to whom its person was revealed.
type Traced struct {
	ID, Ref, Person string
	Pros            []string
}

// OfPeople lists the requests of people, oldest first, each with the professionals who bought it.
func OfPeople(tx *db.Tx, people ...string) ([]Traced, error) {
	if len(people) == 0 {
		return nil, nil
	}
	var args []any
	all, err := db.List(tx, func(s db.Scanner) (t Traced, err error) { err = s.Scan(&t.ID, &t.Ref, &t.Person); return },
		"SELECT id, ref, person_id FROM request WHERE person_id IN ("+db.In(&args, people)+") ORDER BY at, id", args...)
	if err != nil || len(all) == 0 {
		return all, err
	}
	at := map[string]int{}
	ids := make([]string, len(all))
	for i, t := range all {
		at[t.ID], ids[i] = i, t.ID
	}
	args = nil
	err = db.Each(tx, func(s db.Scanner) error {
		var id, pro string
		err := s.Scan(&id, &pro)
		all[at[id]].Pros = append(all[at[id]].Pros, pro)
		return err
	}, "SELECT DISTINCT request_id, pro_id FROM purchase WHERE request_id IN ("+db.In(&args, ids)+") AND state = 'revealed' ORDER BY pro_id", args...)
	return all, err
}

// PersonByRef is the person of a request by its reference.
func PersonByRef(tx *db.Tx, ref string) (string, error) {
	r, err := selectRequestByRef(tx, ref)
	return r.Person, err
}

// IDByRef is the id of a request by its reference; errNone, of kind Missing, when there is none.
func IDByRef(tx *db.Tx, ref string) (string, error) {
	r, err := selectRequestByRef(tx, ref)
	return r.ID, err
}

// Freeze stores in tx that a person's requests are stored and no more, or that they are used again.
func Freeze(tx *db.Tx, person string, frozen bool) error {
	at := int64(0)
	if frozen {
		at = db.Micros(tx.Now())
		if err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE state = 'held' AND request_id IN (SELECT id FROM request WHERE person_id = $1)", person); err != nil {
			return err
		}
	}
	tx.Wake("queue")
	tx.Wake("board")
	return tx.Send("UPDATE request SET frozen_at = $2 WHERE person_id = $1", person, at)
}

// Frozen reports in tx whether a restriction keeps what is held of a consumer from everything but storage (GDPR art. 18).
func Frozen(tx *db.Tx, person string) (bool, error) {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM request WHERE person_id = $1 AND frozen_at > 0", person)
	return n > 0, err
}
