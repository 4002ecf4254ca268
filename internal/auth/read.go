package auth

import (
	"context"
	"errors"
	"slices"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Get opens one account.
func (s *Service) Get(ctx context.Context, id string) (Account, error) {
	ring, err := s.vault.Ring(ctx, id)
	if err != nil {
		return Account{}, err
	}
	var a Account
	err = s.db.Read(ctx, func(tx *db.Tx) (err error) { a, err = s.load(tx, ring, id); return })
	if errors.Is(err, db.ErrNone) {
		err = errNoAccount
	}
	return a, err
}

// Names opens the names of accounts, for lists that speak of many, by a room that has checked why. Unknown and erased ones are left out.
func (s *Service) Names(ctx context.Context, ids ...string) (map[string]string, error) {
	names := map[string]string{}
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	rings, err := s.vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(ids, 200) {
		if err := s.db.Read(ctx, func(tx *db.Tx) error {
			var args []any
			in := db.In(&args, part)
			return db.Each(tx, func(r db.Scanner) error {
				var id string
				var sealed []byte
				if err := r.Scan(&id, &sealed); err != nil {
					return err
				}
				name, err := rings[id].OpenText(category, at("name_sealed", id), sealed)
				if errors.Is(err, vault.ErrErased) || len(sealed) == 0 {
					return nil
				}
				names[id] = name
				return err
			}, "SELECT id, name_sealed FROM account WHERE id IN ("+in+")", args...)
		}); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// Staff lists every member of staff who is not erased, active first, then by date.
func (s *Service) Staff(ctx context.Context) ([]Account, error) {
	return s.list(ctx, "SELECT id FROM account WHERE kind = 'staff' AND length(name_sealed) > 0 ORDER BY state, created_at, id")
}

// OfPro lists the accounts of a professional.
func (s *Service) OfPro(ctx context.Context, pro string) ([]Account, error) {
	return s.list(ctx, "SELECT id FROM account WHERE pro_id = $1 ORDER BY created_at, id", pro)
}

// ByEmail finds an account by its address; errNoAccount when there is none. For commands on the machine.
func (s *Service) ByEmail(ctx context.Context, email string) (Account, error) {
	all, err := s.list(ctx, "SELECT id FROM account WHERE email_bidx = $1", s.vault.Index("account-email", EmailKey(email)))
	if err == nil && len(all) == 0 {
		err = errNoAccount
	}
	if err != nil {
		return Account{}, err
	}
	return all[0], nil
}

func (s *Service) list(ctx context.Context, q string, args ...any) ([]Account, error) {
	var ids []string
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { ids, err = db.Values[string](tx, q, args...); return }); err != nil {
		return nil, err
	}
	rings, err := s.vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	var all []Account
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all = nil
		for _, id := range ids {
			a, err := s.load(tx, rings[id], id)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		return nil
	})
	return all, err
}

func (s *Service) load(tx *db.Tx, r *vault.Ring, id string) (a Account, err error) {
	var name, email []byte
	var created, duty int64
	var pro *string
	a.ID = id
	err = tx.Get(db.Into(&a.Kind, &a.State, &pro, &created, &name, &email, &a.Lang, &a.TrainedOn, &duty, &a.Second),
		"SELECT kind, state, pro_id, created_at, name_sealed, email_sealed, lang, trained_on, duty_since, totp_sealed IS NOT NULL FROM account WHERE id = $1", id)
	if err != nil {
		return a, err
	}
	if pro != nil {
		a.Pro = *pro
	}
	a.Created, a.DutySince = db.Time(created), db.Time(duty)
	// What is archived or erased is empty: the account's lines in the trail still need it.
	if a.Name, err = r.OpenText(category, at("name_sealed", id), name); err != nil && !errors.Is(err, vault.ErrErased) {
		return a, err
	}
	if a.Email, err = r.OpenText(category, at("email_sealed", id), email); err != nil && !errors.Is(err, vault.ErrErased) {
		return a, err
	}
	if a.Roles, err = db.List(tx, func(s db.Scanner) (role network.Role, err error) { err = s.Scan((*string)(&role)); return },
		"SELECT role FROM account_role WHERE account_id = $1 ORDER BY role", id); err != nil {
		return a, err
	}
	if a.Trades, err = db.Values[string](tx, "SELECT trade FROM account_trade WHERE account_id = $1 ORDER BY trade", id); err != nil {
		return a, err
	}
	seen, err := db.Value[int64](tx, "SELECT coalesce(max(seen_at), 0) FROM session WHERE account_id = $1", id)
	a.LastSeen = db.Time(seen)
	return a, err
}
