package pro

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/vault"
)

// A professional keeps his contact details up to date himself (ET-31): his street at once, his number and address once a code that was sent there
// proves that they are his. Who he is stays with staff, who check it.

// Ways are the details that need a code, with the purpose of theirs.
var ways = map[network.ProField]string{network.ProEmail: person.ToEmail, network.ProPhone: person.ToPhone}

// changeLife is how long a detail that nobody confirmed is kept.
const changeLife = 24 * time.Hour

func inChange(id string) vault.Place {
	return vault.Place{Table: "pro_contact_change", Column: "value_sealed", Row: id}
}

var errNoChange = fault.New(fault.Missing, "no-change-waits", fault.T("Aucun changement n’attend de code : demandez-en un.", "No change waits for a code: ask for one."))

// AskChange sends a code to the e-mail address or number that a professional wants to be reached at; the one that is in force may be asked for again,
// to prove that it is good. Faults: prove-again; field email or phone; too-many-codes.
func (s *Service) AskChange(ctx context.Context, actor auth.Actor, field network.ProField, typed string) error {
	purpose, ok := ways[field]
	if !ok {
		return errNoChange
	}
	if err := actor.MustBeFresh(s.db.Machine()); err != nil { // the address is what he signs in by
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	_, c, err := s.Get(ctx, actor, actor.Pro)
	if err != nil {
		return err
	}
	value, err := s.readDetail(field, typed, c)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := mayAdd(tx, c.ID); err != nil {
			return err
		}
		l := n.Limits.CodesPerNumber
		sent, last, err := person.CodesSent(tx, c.ID, l.Within.Cutoff(tx.Machine()))
		if err != nil {
			return err
		}
		if sent >= int64(l.Max) {
			return fault.New(fault.Limit, "too-many-codes", fault.Tf("Trop de codes ont été envoyés, le dernier à %s. Réessayez plus tard.", "Too many codes were sent, the last at %s. Try later.", last.In(geo.Paris()).Format("15:04")))
		}
		row := c.ID + "-" + string(field)
		if err := tx.Send("DELETE FROM pro_contact_change WHERE id = $1", row); err != nil {
			return err
		}
		if err := tx.Send("INSERT INTO pro_contact_change (id, pro_id, field, machine_at, value_sealed) VALUES ($1, $2, $3, $4, $5)",
			row, c.ID, string(field), db.Micros(tx.Machine()), c.Ring.SealText(string(network.DataContact), inChange(row), value)); err != nil {
			return err
		}
		life := n.Verification.CodeValid.Exact()
		digits, err := person.NewCode(tx, s.vault, c.ID, c.ID, purpose, life)
		if err != nil {
			return err
		}
		letter, err := n.Message("code", c.Lang, map[string]string{"code": digits, "minutes": fmt.Sprint(int(life.Minutes())), "site": n.Operator.Name})
		if err != nil {
			return err
		}
		to, mail := value, ""
		if field == network.ProEmail {
			to, mail, letter.SMS = "", value, ""
		} else {
			letter.Email = ""
		}
		if err := s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: c.ID, Object: c.ID, Kind: "code"}, to, mail); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEditOwn), "pro.contact-asked", c.ID, string(field))
	})
}

// readDetail reads what was typed as a number or an address.
func (s *Service) readDetail(field network.ProField, typed string, c Contact) (value string, err error) {
	var check fault.Check
	typed = strings.TrimSpace(typed)
	if field == network.ProEmail {
		value, err = person.ParseEmail(typed, false)
		check.That(typed != "", "email", fault.T("Écrivez une adresse e-mail.", "Write an e-mail address."))
	} else {
		base, _ := geo.ByINSEE(c.Base)
		value, err = phone.Parse(typed, base.Dept, s.demo)
		check.That(typed != "", "phone", fault.T("Écrivez un numéro de téléphone.", "Write a phone number."))
	}
	if f := fault.Of(err); f != nil && typed != "" {
		check.Add(string(field), f.Public)
	} else if err != nil && typed != "" {
		return "", err
	}
	return value, check.Err()
}

// Waiting are the details that wait for a code, for himself.
func (s *Service) Waiting(ctx context.Context, actor auth.Actor) (all map[network.ProField]string, err error) {
	if err := actor.May(auth.ProEditOwn); err != nil {
		return nil, err
	}
	rings, err := s.vault.Rings(ctx, actor.Pro)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all = map[network.ProField]string{}
		for field := range ways {
			value, err := waiting(tx, rings[actor.Pro], actor.Pro, field)
			if errors.Is(err, errNoChange) {
				continue
			}
			if err != nil {
				return err
			}
			all[field] = value
		}
		return nil
	})
	return all, err
}

func waiting(tx *db.Tx, ring *vault.Ring, id string, field network.ProField) (value string, err error) {
	row := id + "-" + string(field)
	sealed, err := db.Value[[]byte](tx, "SELECT value_sealed FROM pro_contact_change WHERE id = $1 AND machine_at > $2", row, db.Micros(tx.Machine().Add(-changeLife)))
	if errors.Is(err, db.ErrNone) {
		return "", errNoChange
	}
	if err != nil {
		return "", err
	}
	return ring.OpenText(string(network.DataContact), inChange(row), sealed)
}

// ConfirmChange puts a detail in force by the code that was sent there. An address is his sign-in too where the old one was, and mail goes there again
// if it was known not to arrive. Faults: wrong-code on field code; email-taken.
func (s *Service) ConfirmChange(ctx context.Context, actor auth.Actor, field network.ProField, digits string) error {
	purpose, ok := ways[field]
	if !ok {
		return errNoChange
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	_, c, err := s.Get(ctx, actor, actor.Pro)
	if err != nil {
		return err
	}
	accounts, err := s.auth.OfPro(ctx, c.ID)
	if err != nil {
		return err
	}
	var code string
	right := false
	// Its own transaction: a wrong try counts for good.
	if err := s.db.WriteGuarded(ctx, func(tx *db.Tx) (err error) {
		code, right, err = person.Try(tx, s.vault, c.ID, purpose, digits, n.Limits.CodeAttempts)
		return err
	}); err != nil {
		return err
	}
	if !right {
		return person.WrongCode()
	}
	rings := map[string]*vault.Ring{}
	for _, a := range accounts {
		if rings[a.ID], err = s.vault.Ring(ctx, a.ID, string(network.DataAccount)); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := mayAdd(tx, c.ID); err != nil {
			return err
		}
		if err := person.Use(tx, code); err != nil {
			return err
		}
		value, err := waiting(tx, c.Ring, c.ID, field)
		if err != nil {
			return err
		}
		if err := tx.Send("DELETE FROM pro_contact_change WHERE id = $1", c.ID+"-"+string(field)); err != nil {
			return err
		}
		if field == network.ProPhone {
			err = tx.Send("UPDATE pro SET phone_sealed = $2, phone_bidx = $3 WHERE id = $1", c.ID, c.Ring.SealText(string(network.DataContact), at("phone_sealed", c.ID), value), s.vault.Index("phone", value))
		} else {
			err = s.putEmail(tx, c, accounts, rings, value)
		}
		if err != nil {
			return err
		}
		tx.Wake("pro " + c.ID)
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEditOwn), "pro.contact-changed", c.ID, string(field))
	})
}

func (s *Service) putEmail(tx *db.Tx, c Contact, accounts []auth.Account, rings map[string]*vault.Ring, value string) error {
	if err := tx.Send("UPDATE pro SET email_sealed = $2, email_bidx = $3 WHERE id = $1", c.ID, c.Ring.SealText(string(network.DataContact), at("email_sealed", c.ID), value), person.EmailIndex(s.vault, value)); err != nil {
		return err
	}
	for _, a := range accounts {
		if auth.EmailKey(a.Email) != auth.EmailKey(c.Email) || auth.EmailKey(value) == auth.EmailKey(c.Email) {
			continue // he signs in by another, or it is the same
		}
		if err := s.auth.Readdress(tx, rings[a.ID], a.ID, value); err != nil {
			return err
		}
	}
	return notify.Valid(tx, s.notify.Index(notify.ByEmail, value))
}

// Move changes the street and commune of a professional's seat, by himself. Faults: fields street and postcode.
func (s *Service) Move(ctx context.Context, actor auth.Actor, street, insee string) error {
	_, c, err := s.Get(ctx, actor, actor.Pro)
	if err != nil {
		return err
	}
	street = strings.TrimSpace(street)
	var check fault.Check
	checkStreet(&check, street)
	_, ok := geo.ByINSEE(insee)
	check.That(ok, "postcode", fault.T("Écrivez un code postal qui existe.", "Write a postcode that exists."))
	if err := check.Err(); err != nil {
		return err
	}
	ring, err := s.vault.Ring(ctx, c.ID, string(network.DataPlace))
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := mayAdd(tx, c.ID); err != nil {
			return err
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := tx.Send("UPDATE pro SET street_sealed = $2, insee = $3 WHERE id = $1", c.ID, ring.SealText(string(network.DataPlace), at("street_sealed", c.ID), street), insee); err != nil {
			return err
		}
		tx.Wake("pro " + c.ID)
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEditOwn), "pro.contact-changed", c.ID, "street")
	})
}

// Unreached says that mail to a professional's address is known not to arrive, for himself and for staff.
func (s *Service) Unreached(ctx context.Context, c Contact) (yes bool, err error) {
	if c.Email == "" {
		return false, nil
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		yes, err = notify.Invalid(tx, s.notify.Index(notify.ByEmail, c.Email))
		return err
	})
	return yes, err
}

// bounced asks a professional by text to bring his address up to date, once for each message that did not arrive (ET-31). Of anybody else nothing is
// asked: what he is to know reaches him by text, or waits on his page.
func (s *Service) bounced(ctx context.Context, message string) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	id := ""
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { id, _, err = notify.WhoseMessage(tx, message); return err }); err != nil || id == "" {
		return err
	}
	contacts, err := s.Contacts(ctx, id)
	if err != nil {
		return err
	}
	c, ok := contacts[id]
	if !ok {
		return nil
	}
	if still, err := s.Unreached(ctx, c); err != nil || !still {
		return err
	}
	letter, err := n.Message("address-invalid", c.Lang, map[string]string{"link": s.url(n.SpaceHost, "/profil")})
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		tx.Wake("pro " + id)
		tx.Wake("board")
		if err := audit.Write(tx, auth.Machine.Name(), string(auth.System), "pro.address-invalid", id, message); err != nil {
			return err
		}
		return s.notify.Letter(tx, c.Ring, letter, notify.Message{ID: message + "-invalid", Person: id, Object: id, Kind: "address-invalid"}, c.Phone, "")
	})
}

// sweepChanges forgets the details that nobody confirmed.
func (s *Service) sweepChanges(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.Send("DELETE FROM pro_contact_change WHERE machine_at <= $1", db.Micros(tx.Machine().Add(-changeLife)))
	})
}
