package pro

import (
	"context"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
)

// What is done with a professional's access and identity at his own wish, through a case about his data.

// Reasons of a state that is the professional's own wish: no ground of the network's list, for nobody accuses him of anything.
const (
	ReasonRestriction = "restriction" // his data is stored and no more (GDPR art. 18)
	ReasonWish        = "own-wish"    // he wants his access to end (ET-83)
)

// Restrict stores in tx that a professional's data is stored and no more, or that it is used again: nothing is offered to him, he takes nothing, and
// staff do not open his access again before the restriction is lifted (GDPR art. 18; ET-133). One that is suspended or closed already stays so.
func (s *Service) Restrict(tx *db.Tx, actor auth.Actor, id string, frozen bool) error {
	p, err := Lock(tx, id)
	if err != nil {
		return err
	}
	switch {
	case frozen && (p.State == Active || p.State == Pending):
		if err := tx.Send("UPDATE pro SET reason = $2 WHERE id = $1", id, ReasonRestriction); err != nil {
			return err
		}
		if err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE pro_id = $1 AND state = 'held'", id); err != nil {
			return err
		}
		err = s.version(tx, nil, id, actor.Name(), p.Profile, Suspended)
	case !frozen && p.State == Suspended && p.Reason == ReasonRestriction:
		if err := tx.Send("UPDATE pro SET reason = '' WHERE id = $1", id); err != nil {
			return err
		}
		err = s.version(tx, nil, id, actor.Name(), p.Profile, Pending)
	}
	tx.Wake("board")
	return err
}

// Leaving is what must be read before a professional's access ends at his wish.
type Leaving struct{ accounts []string }

// Leaving reads it.
func (s *Service) Leaving(ctx context.Context, id string) (l Leaving, err error) {
	accounts, err := s.auth.OfPro(ctx, id)
	for _, a := range accounts {
		l.accounts = append(l.accounts, a.ID)
	}
	return l, err
}

// Leave ends a professional's access in tx at his own wish, at no cost and without notice (ET-83): he is offered nothing, signs in no more, and the time of what is
// kept of him begins. What he bought and what he was invoiced stay as law says. Twice is once.
func (s *Service) Leave(tx *db.Tx, n *network.Network, actor auth.Actor, id string, l Leaving) error {
	p, err := Lock(tx, id)
	if err != nil || p.State == Closed {
		return err
	}
	if err := s.end(tx, n, actor, p, ReasonWish, l.accounts); err != nil {
		return err
	}
	return audit.Write(tx, actor.Name(), actor.As(auth.CaseAnswer), "pro."+string(Closed), id, ReasonWish)
}

// Correct overwrites what a professional is called and how he is reached (GDPR art. 16; ET-102, ET-133). Faults name the fields contact, company, phone and
// email; phone is E.164. changed is false when nothing differs.
func (s *Service) Correct(ctx context.Context, id string, in Identity) (write func(*db.Tx) error, changed bool, err error) {
	all, err := s.Contacts(ctx, id)
	if err != nil {
		return nil, false, err
	}
	was, ok := all[id]
	if !ok {
		return nil, false, errNoPro
	}
	next := was.Identity
	next.Company, next.Contact, next.Phone, next.Email = strings.TrimSpace(in.Company), strings.TrimSpace(in.Contact), in.Phone, in.Email
	var c fault.Check
	next.check(&c)
	c.That(next.Phone != "" && next.Email != "", "email", fault.T("Un professionnel garde un numéro et une adresse e-mail.", "A professional keeps a number and an e-mail address."))
	if err := c.Err(); err != nil {
		return nil, false, err
	}
	if next == was.Identity {
		return nil, false, nil
	}
	ring, err := s.vault.Ring(ctx, id, categories...)
	return func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		args := []any{id, s.vault.Index("phone", next.Phone), person.EmailIndex(s.vault, next.Email)}
		for _, f := range next.fields() {
			args = append(args, ring.SealText(string(f.category), at(f.column, id), *f.value))
		}
		if err := tx.Send(`UPDATE pro SET phone_bidx = $2, email_bidx = $3, company_sealed = $4, contact_sealed = $5, siren_sealed = $6, phone_sealed = $7, email_sealed = $8, street_sealed = $9 WHERE id = $1`, args...); err != nil {
			return err
		}
		tx.Wake("pro " + id)
		return s.insertWords(tx, id, next.Company+" "+next.Contact)
	}, true, err
}
