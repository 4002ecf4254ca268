package call

import (
	"errors"
	"time"

	"entremise/internal/db"
	"entremise/internal/vault"
)

func place(column, id string) vault.Place {
	return vault.Place{Table: "call", Column: column, Row: id}
}

func soundPlace(id string) vault.Place {
	return vault.Place{Table: "recording", Column: "sound_sealed", Row: id}
}

const fromCall = `SELECT c.id, coalesce(c.line_id, ''), c.at, c.machine_at, c.site, c.person_id, c.trade, c.direction, c.caller_sealed, c.caller_bidx, c.state, c.agent,
	c.answered_at, c.announced_at, c.accepted_at, c.ended_at, c.request_id, c.sampled, c.tries, coalesce(r.id, ''), coalesce(r.seconds, 0)
	FROM call c LEFT JOIN recording r ON r.call_id = c.id `

func scanCall(s db.Scanner) (c Call, err error) {
	var at, rang, answered, announced, accepted, ended, seconds, tries int64
	var state, direction string
	err = s.Scan(&c.ID, &c.line, &at, &rang, &c.Site, &c.person, &c.Trade, &direction, &c.sealed, &c.index, &state, &c.Agent,
		&answered, &announced, &accepted, &ended, &c.Request, &c.Sampled, &tries, &c.Recording, &seconds)
	c.At, c.rang, c.Answered, c.Announced, c.Accepted, c.Ended = db.Time(at), db.Time(rang), db.Time(answered), db.Time(announced), db.Time(accepted), db.Time(ended)
	c.State, c.Out, c.Tries, c.Length, c.Withheld = State(state), direction == "out", int(tries), time.Duration(seconds)*time.Second, len(c.sealed) == 0
	return c, err
}

func selectCall(tx *db.Tx, id string) (Call, error) {
	c, err := db.One(tx, scanCall, fromCall+"WHERE c.id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return c, err
}

// selectLine finds a call by the line's name for it, or by what is left of that name.
func selectLine(tx *db.Tx, line, gone string) (Call, error) {
	c, err := db.One(tx, scanCall, fromCall+"WHERE c.line_id = $1 OR c.line_id = $2", line, gone)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return c, err
}

// insertCall answers false when the line has told of this call before.
func insertCall(tx *db.Tx, c Call) (bool, error) {
	var line any
	if c.line != "" {
		line = c.line
	}
	n, err := tx.Exec(`INSERT INTO call (id, line_id, at, machine_at, site, person_id, trade, direction, caller_sealed, caller_bidx, state, agent, answered_at, announced_at, accepted_at, ended_at, request_id, sampled, tries)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'in', $8, $9, $10, $11, $12, 0, 0, 0, '', $13, 0) ON CONFLICT (line_id) DO NOTHING`,
		c.ID, line, db.Micros(tx.Now()), db.Micros(tx.Machine()), c.Site, c.person, c.Trade, c.sealed, c.index, string(c.State), c.Agent, db.Micros(c.Answered), false)
	return n == 1, err
}

// selectBusy are the agents who have a caller on the line.
func selectBusy(tx *db.Tx) (map[string]bool, error) {
	agents, err := db.Values[string](tx, "SELECT DISTINCT agent FROM call WHERE state IN ('answered', 'talking')")
	busy := map[string]bool{}
	for _, a := range agents {
		busy[a] = true
	}
	return busy, err
}

// Guarded steps: each answers whether it was this caller of the function who made it.

func take(tx *db.Tx, id, agent string) (bool, error) {
	n, err := tx.Exec("UPDATE call SET state = 'answered', agent = $2, answered_at = $3 WHERE id = $1 AND state = 'ringing'", id, agent, db.Micros(tx.Now()))
	return n == 1, err
}

func takeBack(tx *db.Tx, id, agent string) (bool, error) {
	n, err := tx.Exec(`UPDATE call SET state = 'answered', direction = 'out', agent = $2, answered_at = $3, announced_at = 0, ended_at = 0, tries = tries + 1
		WHERE id = $1 AND state = 'missed' AND caller_bidx <> '' AND tries < $4`, id, agent, db.Micros(tx.Now()), mostTries)
	return n == 1, err
}

func announce(tx *db.Tx, id string) (bool, error) {
	n, err := tx.Exec("UPDATE call SET announced_at = $2 WHERE id = $1 AND state = 'answered' AND announced_at = 0", id, db.Micros(tx.Now()))
	return n == 1, err
}

func talk(tx *db.Tx, id string, accepted, sample bool) (bool, error) {
	at := int64(0)
	if accepted {
		at = db.Micros(tx.Now())
	}
	n, err := tx.Exec("UPDATE call SET state = 'talking', accepted_at = $2, sampled = $3 WHERE id = $1 AND state = 'answered'", id, at, sample)
	return n == 1, err
}

// end closes a call from one state; recorded is read in the same statement, so that an objection of this instant still counts.
func end(tx *db.Tx, id string, from, to State) (done, recorded bool, err error) {
	err = tx.Get(db.Into(&recorded), "UPDATE call SET state = $3, ended_at = $4 WHERE id = $1 AND state = $2 RETURNING sampled", id, string(from), string(to), db.Micros(tx.Now()))
	if errors.Is(err, db.ErrNone) {
		return false, false, nil
	}
	return err == nil, recorded, err
}

// blank empties what a call holds of its caller; gone recognises a late event of the line and says nothing else.
func blank(tx *db.Tx, c Call, gone string) error {
	var line any
	if c.line != "" {
		line = gone
	}
	_, err := tx.Exec("UPDATE call SET caller_sealed = $2, caller_bidx = '', line_id = $3 WHERE id = $1", c.ID, []byte{}, line)
	return err
}
