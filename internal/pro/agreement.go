package pro

import (
	"context"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Agreement is a prior, express and written agreement with one professional, which prevails over the terms of everybody (ET-12).
type Agreement struct {
	ID        string
	At        time.Time
	By        string // account of the staff who attached it
	Title     string // empty once erased
	Reference string // where the signed paper is; likewise
	On        string // ISO date of the signature
	Until     string // ISO date of its last day; empty: no end
}

// Ended says that an agreement is over on an ISO date.
func (a Agreement) Ended(today string) bool { return a.Until != "" && a.Until < today }

type agreed struct {
	Title     string `json:"title"`
	Reference string `json:"reference"`
}

func inAgreement(id string) vault.Place {
	return vault.Place{Table: "pro_agreement", Column: "words_sealed", Row: id}
}

func (a Agreement) check(today string) error {
	var c fault.Check
	c.That(fits(a.Title, 2, 120), "agreement_title", fault.T("Écrivez l’objet de l’accord, en 2 à 120 caractères.", "Write what the agreement is about, in 2 to 120 characters."))
	c.That(fits(a.Reference, 2, 80), "agreement_reference", fault.T("Écrivez où se trouve l’accord signé : sa référence, en 2 à 80 caractères.", "Write where the signed agreement is: its reference, in 2 to 80 characters."))
	on, err := time.Parse(time.DateOnly, a.On)
	c.That(err == nil && a.On <= today, "signed_on", fault.T("Écrivez la date de la signature : aujourd’hui ou avant.", "Write the date of the signature: today or before."))
	if a.Until != "" {
		until, err := time.Parse(time.DateOnly, a.Until)
		c.That(err == nil && !until.Before(on), "agreement_until", fault.T("Écrivez le dernier jour de l’accord, après sa signature, ou rien.", "Write the last day of the agreement, after its signature, or nothing."))
	}
	return c.Err()
}

// Agree attaches a special agreement to a professional's account, by staff. Faults: fields agreement_title, agreement_reference, signed_on and
// agreement_until; frozen while his data is restricted; state-moved once his access is closed.
func (s *Service) Agree(ctx context.Context, actor auth.Actor, id string, a Agreement) error {
	if err := actor.May(auth.ProEdit); err != nil {
		return err
	}
	a.Title, a.Reference = strings.TrimSpace(a.Title), strings.TrimSpace(a.Reference)
	if err := a.check(s.db.Now().In(geo.Paris()).Format(time.DateOnly)); err != nil {
		return err
	}
	ring, err := s.vault.Ring(ctx, id, string(network.DataBusiness))
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := mayAdd(tx, id); err != nil {
			return err
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		row := tx.NewID("agr")
		if err := tx.Send("INSERT INTO pro_agreement (id, pro_id, at, by_account, signed_on, until_on, words_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			row, id, db.Micros(tx.Now()), actor.Name(), a.On, a.Until, ring.SealText(string(network.DataBusiness), inAgreement(row), db.JSON(agreed{a.Title, a.Reference}))); err != nil {
			return err
		}
		tx.Wake("pro " + id)
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEdit), "pro.agreement", id, a.On)
	})
}

// Agreements opens the special agreements of a professional, newest first, for a room that has checked and recorded why he is read.
func (s *Service) Agreements(ctx context.Context, id string) (all []Agreement, err error) {
	rings, err := s.vault.Rings(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (a Agreement, err error) {
			var at int64
			var sealed []byte
			if err = r.Scan(&a.ID, &at, &a.By, &a.On, &a.Until, &sealed); err != nil {
				return a, err
			}
			a.At = db.Time(at)
			var words agreed
			err = openJSON(rings[id], network.DataBusiness, inAgreement(a.ID), sealed, &words)
			a.Title, a.Reference = words.Title, words.Reference
			return a, err
		}, "SELECT id, at, by_account, signed_on, until_on, words_sealed FROM pro_agreement WHERE pro_id = $1 ORDER BY signed_on DESC, id DESC", id)
		return err
	})
	return all, err
}
