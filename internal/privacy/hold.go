package privacy

import (
	"context"
	"errors"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/vault"
)

// LegalHold keeps a file, or all of a person when Record is empty, from its end: a dispute, an authority's request, an audit, abuse (GDPR art.
// 17.3 b and e; RN-35, WA-23, WA-39, CS-16, ET-121). What is held moves to the archive when its time comes, and ends with the hold.
type LegalHold struct {
	ID        string
	At        time.Time
	Person    string
	Record    string
	Ground    string // dispute, authority, audit or abuse
	Reference string // number of the file elsewhere; never a name
	By        string
	Until     time.Time // zero: until somebody ends it
	Ended     time.Time
	EndedBy   string
}

// Grounds are the reasons for which a hold may be laid.
func Grounds() []string { return []string{"dispute", "authority", "audit", "abuse"} }

const holdColumns = "id, at, person_id, record, ground, reference, by_account, until_at, ended_at, ended_by"

func scanHold(s db.Scanner) (h LegalHold, err error) {
	var at, until, ended int64
	err = s.Scan(&h.ID, &at, &h.Person, &h.Record, &h.Ground, &h.Reference, &h.By, &until, &ended, &h.EndedBy)
	h.At, h.Until, h.Ended = db.Time(at), db.Time(until), db.Time(ended)
	return h, err
}

// Lay begins a legal hold. The person must hold something; a reference is required, at most 80 characters.
func (e *Engine) Lay(ctx context.Context, actor auth.Actor, h LegalHold) (string, error) {
	if err := actor.May(auth.RetentionHold); err != nil {
		return "", err
	}
	var c fault.Check
	if !slices.Contains(Grounds(), h.Ground) {
		c.Add("ground", fault.T("Choisissez le motif du gel.", "Choose the ground of the hold."))
	}
	if n := len([]rune(h.Reference)); n == 0 || n > 80 {
		c.Add("reference", fault.T("Donnez la référence du dossier, en 80 caractères au plus.", "Give the reference of the file, in 80 characters at most."))
	}
	if !h.Until.IsZero() && !h.Until.After(e.db.Now()) {
		c.Add("until", fault.T("La fin doit être à venir.", "The end must be to come."))
	}
	if err := c.Err(); err != nil {
		return "", err
	}
	var id string
	err := e.db.Write(ctx, func(tx *db.Tx) (err error) { id, err = LayIn(tx, actor, h); return err })
	return id, err
}

// LayIn begins a legal hold in tx, for a room that lays it together with what it is laid for, and has checked who acts and what he wrote.
func LayIn(tx *db.Tx, actor auth.Actor, h LegalHold) (id string, err error) {
	rows, err := holdingsOf(tx, h.Person)
	if err != nil {
		return "", err
	}
	found := false
	for _, r := range rows[h.Person] {
		found = found || h.Record == "" || r.record == h.Record
	}
	if !found {
		return "", fault.New(fault.Missing, "nothing-held", fault.T("Rien n’est conservé sous cette référence.", "Nothing is kept under this reference."))
	}
	id = tx.NewID("hld")
	if err := tx.Send("INSERT INTO legal_hold ("+holdColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, '')",
		id, db.Micros(tx.Now()), h.Person, h.Record, h.Ground, h.Reference, actor.Name(), db.Micros(h.Until)); err != nil {
		return "", err
	}
	return id, audit.Write(tx, actor.Name(), actor.As(auth.RetentionHold), "retention.hold", id, h.Ground)
}

// Lift ends a legal hold: what only it kept ends at once.
func (e *Engine) Lift(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.RetentionHold); err != nil {
		return err
	}
	if err := e.release(ctx, id, actor.Name(), actor.As(auth.RetentionHold)); err != nil {
		return err
	}
	return e.endKeys(ctx)
}

// Holds lists legal holds, those that last first, newest first.
func (e *Engine) Holds(ctx context.Context, actor auth.Actor) (all []LegalHold, err error) {
	if err := actor.May(auth.RetentionRead); err != nil {
		return nil, err
	}
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanHold, "SELECT "+holdColumns+" FROM legal_hold ORDER BY CASE WHEN ended_at = 0 THEN 0 ELSE 1 END, at DESC, id LIMIT 500")
		return err
	})
	return all, err
}

// HoldsUnder lists the legal holds that last and bear a reference, for a room that ends with LiftIn what it laid under it.
func HoldsUnder(tx *db.Tx, reference string) ([]string, error) {
	return db.Values[string](tx, "SELECT id FROM legal_hold WHERE reference = $1 AND ended_at = 0 ORDER BY id", reference)
}

// HoldsOn lists in tx the legal holds of a ground that keep a record of a person at this moment, newest first.
func HoldsOn(tx *db.Tx, person, record, ground string) ([]LegalHold, error) {
	return db.List(tx, scanHold, "SELECT "+holdColumns+" FROM legal_hold WHERE person_id = $1 AND (record = '' OR record = $2) AND ground = $3 AND ended_at = 0 AND (until_at = 0 OR until_at > $4) ORDER BY at DESC, id",
		person, record, ground, db.Micros(tx.Now()))
}

// heldBy says which records of people a hold that lasts keeps.
func heldBy(tx *db.Tx, people ...string) (func(person, record string) bool, error) {
	type file struct{ person, record string }
	held := map[file]bool{}
	if len(people) > 0 {
		var args []any
		all, err := db.List(tx, func(s db.Scanner) (f file, err error) { err = s.Scan(&f.person, &f.record); return },
			"SELECT person_id, record FROM legal_hold WHERE ended_at = 0 AND person_id IN ("+db.In(&args, people)+")", args...)
		if err != nil {
			return nil, err
		}
		for _, f := range all {
			held[f] = true
		}
	}
	return func(person, record string) bool { return held[file{person, record}] || held[file{person, ""}] }, nil
}

// releaseDue ends the holds whose end has come.
func (e *Engine) releaseDue(ctx context.Context) error {
	var ids []string
	err := e.db.Read(ctx, func(tx *db.Tx) (err error) {
		ids, err = db.Values[string](tx, "SELECT id FROM legal_hold WHERE ended_at = 0 AND until_at > 0 AND until_at <= $1 ORDER BY until_at LIMIT 200", db.Micros(tx.Now()))
		return err
	})
	for _, id := range ids {
		if err == nil {
			err = e.release(ctx, id, auth.Machine.Name(), string(auth.System))
		}
	}
	return err
}

func (e *Engine) release(ctx context.Context, id, by, role string) error {
	return e.db.Write(ctx, func(tx *db.Tx) error { return e.releaseIn(tx, id, by, role) })
}

// LiftIn ends a legal hold in tx, for a room that ends with it what it was laid for. The keys of what only it kept are destroyed by the next round.
func (e *Engine) LiftIn(tx *db.Tx, actor auth.Actor, id string) error {
	if err := actor.May(auth.RetentionHold); err != nil {
		return err
	}
	return e.releaseIn(tx, id, actor.Name(), actor.As(auth.RetentionHold))
}

func (e *Engine) releaseIn(tx *db.Tx, id, by, role string) error {
	h, err := db.One(tx, scanHold, "SELECT "+holdColumns+" FROM legal_hold WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		return fault.New(fault.Missing, "no-such-hold", fault.T("Ce gel n’existe pas.", "There is no such hold."))
	}
	if err != nil {
		return err
	}
	ended, err := tx.Exec("UPDATE legal_hold SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at = 0", id, db.Micros(tx.Now()), by)
	if err != nil || ended == 0 {
		return err
	}
	before, err := holdingsOf(tx, h.Person)
	if err != nil {
		return err
	}
	still, err := heldBy(tx, h.Person)
	if err != nil {
		return err
	}
	after := map[string][]row{h.Person: {}}
	for _, r := range before[h.Person] {
		if r.purpose == legalHold && (h.Record == "" || r.record == h.Record) && !still(r.person, r.record) {
			if err := remove(tx, r); err != nil {
				return err
			}
			continue
		}
		after[h.Person] = append(after[h.Person], r)
	}
	if err := e.apply(tx, causeRetention, before, after, nil, map[string]*vault.Ring{}); err != nil {
		return err
	}
	return audit.Write(tx, by, role, "retention.release", id, "")
}
