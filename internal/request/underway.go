package request

import (
	"context"
	"errors"

	"entremise/internal/db"
	"entremise/internal/person"
	"entremise/internal/vault"
)

// Concerned is somebody with a request under way, for who must tell him something that concerns all.
type Concerned struct {
	Request, Person, Site, Lang, Email string
	Ring                               *vault.Ring
}

// UnderWay lists requests that are not over, in the order of their ids after one, with the address of each person; who was erased has none.
func (s *Service) UnderWay(ctx context.Context, after string, limit int) (all []Concerned, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (c Concerned, err error) {
			err = r.Scan(&c.Request, &c.Person, &c.Site)
			return c, err
		}, "SELECT id, person_id, site FROM request WHERE state IN ('received', 'published', 'filled', 'forwarded') AND id > $1 ORDER BY id LIMIT $2", after, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	people := make([]string, len(all))
	for i, c := range all {
		people[i] = c.Person
	}
	rings, err := s.vault.Rings(ctx, people...)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		for i := range all {
			c := &all[i]
			c.Ring = rings[c.Person]
			if c.Ring == nil {
				continue
			}
			who, err := person.Get(tx, c.Ring, c.Person)
			if err != nil && !errors.Is(err, vault.ErrErased) && !errors.Is(err, db.ErrNone) {
				return err
			}
			c.Lang, c.Email = who.Lang, who.Email
		}
		return nil
	})
	return all, err
}
