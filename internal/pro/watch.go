package pro

import (
	"context"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/notify"
)

// InviteAgain sends a professional who never accepted a new invitation; the earlier one is no longer good.
func (s *Service) InviteAgain(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.ProEdit); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	accounts, err := s.auth.OfPro(ctx, id)
	if err != nil {
		return err
	}
	contacts, err := s.Contacts(ctx, id)
	if err != nil {
		return err
	}
	c, ok := contacts[id]
	if !ok || len(accounts) == 0 {
		return errNoPro
	}
	_, err = s.auth.InviteAgain(ctx, actor, auth.ProEdit, accounts[0].ID, func(tx *db.Tx, token string) error {
		letter, err := n.Message("pro-invite", c.Lang, map[string]string{"name": c.Contact, "link": s.url(n.SpaceHost, "/invitation/"+token)})
		if err != nil {
			return err
		}
		return s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: id, Object: id, Kind: "pro-invite"}, c.Phone, c.Email)
	})
	return err
}

// Version is one entry of a profile's history.
type Version struct {
	Number int
	At     int64 // business microseconds
	By     string
	State  State
}

// History lists the newest versions of a profile, newest first.
func History(tx *db.Tx, id string, limit int) ([]Version, error) {
	return db.List(tx, func(s db.Scanner) (v Version, err error) {
		var n int64
		err = s.Scan(&n, &v.At, &v.By, (*string)(&v.State))
		v.Number = int(n)
		return v, err
	}, "SELECT version, at, by_account, state FROM pro_version WHERE pro_id = $1 ORDER BY version DESC LIMIT $2", id, limit)
}

// Total counts the professionals that a filter finds by trade and state.
func Total(tx *db.Tx, trade string, state State) (int64, error) {
	return db.Value[int64](tx, `SELECT count(*) FROM pro p WHERE (CAST($1 AS TEXT) = '' OR p.id IN (SELECT pro_id FROM pro_trade WHERE trade = $1)) AND (CAST($2 AS TEXT) = '' OR p.state = $2)`, trade, string(state))
}

// WithAccess lists professionals who have or had an access that is not closed, in the order of their ids after one.
func WithAccess(tx *db.Tx, after string, limit int) ([]string, error) {
	return db.Values[string](tx, "SELECT id FROM pro WHERE state IN ('active', 'suspended') AND NOT outside AND id > $1 ORDER BY id LIMIT $2", after, limit)
}
