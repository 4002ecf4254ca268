package auth

import (
	"context"
	"errors"
	"sync"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
)

// open starts a session in tx.
func (s *Service) open(tx *db.Tx, account string) (string, error) {
	token, digest := secret()
	now := tx.Machine()
	err := tx.Send("INSERT INTO session (token_hash, account_id, created_at, seen_at, fresh_at, expires_at) VALUES ($1, $2, $3, $3, $3, $4)",
		digest, account, db.Micros(now), db.Micros(now.Add(sessionMost)))
	return token, err
}

var errSignIn = fault.New(fault.Invalid, "sign-in-failed", fault.T("L’adresse ou le mot de passe n’est pas le bon.", "The address or the password is not right."))

// SignIn checks e-mail and password. For staff it answers a ticket for the second step; for a professional, a session.
func (s *Service) SignIn(ctx context.Context, email, password string) (session, second string, err error) {
	var id, kind, state, hash string
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.Get(db.Into(&id, &kind, &state, &hash), "SELECT id, kind, state, password_hash FROM account WHERE email_bidx = $1", s.vault.Index("account-email", EmailKey(email)))
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		return err
	})
	if err != nil {
		return "", "", err
	}
	var ok, rehash bool
	if hash == "" {
		err = s.hasher.VerifyNobody(ctx, password) // an unknown address takes as long as a known one
	} else {
		ok, rehash, err = s.hasher.Verify(ctx, hash, password)
	}
	if err != nil {
		return "", "", err
	}
	if !ok || state != "active" || kind == "affiliate" {
		if id != "" {
			return "", "", audit.Refuse(ctx, s.db, id, kind, "account.sign-in", id, errSignIn, "")
		}
		return "", "", errSignIn
	}
	if rehash {
		if hash, err = s.hasher.Hash(ctx, password); err != nil {
			return "", "", err
		}
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if rehash {
			if err := tx.Send("UPDATE account SET password_hash = $2 WHERE id = $1", id, hash); err != nil {
				return err
			}
		}
		if kind == "staff" {
			second, err = Ticket(tx, "second-factor", id, secondLife)
			return err
		}
		if session, err = s.open(tx, id); err != nil {
			return err
		}
		return audit.Write(tx, id, kind, "account.sign-in", id, "password")
	})
	return session, second, err
}

// SecondStep checks the one-time code. A ticket bears five tries: then the password is asked again.
func (s *Service) SecondStep(ctx context.Context, ticket, code string) (session string, err error) {
	var id string
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if id, err = peek(tx, "second-factor", ticket); err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE ticket SET tries = tries + 1 WHERE token_hash = $1 AND tries < 5", Digest(ticket))
		if err == nil && n == 0 {
			err = ErrLinkGone
		}
		return err
	})
	if err != nil {
		return "", err
	}
	inv, err := s.invited(ctx, id)
	if err != nil {
		return "", err
	}
	var last int64
	if err = s.db.Read(ctx, func(tx *db.Tx) (err error) {
		last, err = db.Value[int64](tx, "SELECT totp_step FROM account WHERE id = $1", id)
		return
	}); err != nil {
		return "", err
	}
	step, ok := CheckTOTP(inv.Secret, code, s.db.Machine(), last)
	if !ok {
		return "", audit.Refuse(ctx, s.db, id, "staff", "account.sign-in", id, errCode, "code")
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := spend(tx, "second-factor", ticket); err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE account SET totp_step = $2 WHERE id = $1 AND state = 'active' AND totp_step < $2", id, step)
		if err != nil {
			return err
		}
		if n == 0 {
			return errCode // the same code twice
		}
		if session, err = s.open(tx, id); err != nil {
			return err
		}
		return audit.Write(tx, id, "staff", "account.sign-in", id, "password and code")
	})
	return session, err
}

// SignInLink makes a link that signs in once; the demo prints them, an operator's command makes one for whoever is locked out.
func (s *Service) SignInLink(ctx context.Context, account string) (token string, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		token, err = Ticket(tx, "sign-in", account, linkLife)
		return err
	})
	return token, err
}

// LinkHolder names who a sign-in link is for, without spending it.
func (s *Service) LinkHolder(ctx context.Context, token string) (Account, error) {
	var id string
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { id, err = peek(tx, "sign-in", token); return }); err != nil {
		return Account{}, err
	}
	return s.Get(ctx, id)
}

// UseLink spends a sign-in link. Closed access stays closed.
func (s *Service) UseLink(ctx context.Context, token string) (session string, err error) {
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		id, err := spend(tx, "sign-in", token)
		if err != nil {
			return err
		}
		kind, err := db.Value[string](tx, "SELECT kind FROM account WHERE id = $1 AND state <> 'disabled'", id)
		if errors.Is(err, db.ErrNone) {
			err = ErrLinkGone
		}
		if err != nil {
			return err
		}
		if session, err = s.open(tx, id); err != nil {
			return err
		}
		return audit.Write(tx, id, kind, "account.sign-in", id, "link")
	})
	return session, err
}

// Session answers who holds a session's token. Activity is written at most every five minutes.
func (s *Service) Session(ctx context.Context, token string) (Actor, error) {
	digest := Digest(token)
	var a Actor
	var seen, expires, fresh int64
	now := s.db.Machine()
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		err := tx.Get(db.Into(&a.Account, &seen, &fresh, &expires), "SELECT account_id, seen_at, fresh_at, expires_at FROM session WHERE token_hash = $1", digest)
		if errors.Is(err, db.ErrNone) {
			return ErrSignIn
		}
		if err != nil {
			return err
		}
		if now.After(db.Time(expires)) || now.Sub(db.Time(seen)) > sessionLife {
			return ErrSignIn
		}
		return s.actor(tx, &a, "account a WHERE a.id = $1", a.Account)
	})
	if err != nil {
		return Actor{Who: Visitor}, err
	}
	a.Fresh = db.Time(fresh)
	if now.Sub(db.Time(seen)) > seenEvery {
		err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
			return tx.Send("UPDATE session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2", digest, db.Micros(now))
		})
	}
	return a, err
}

// actor fills in what an account may be; from is where it stands, as a.
func (s *Service) actor(tx *db.Tx, a *Actor, from string, arg any) error {
	var kind, state string
	var pro *string
	err := tx.Get(db.Into(&a.Account, &kind, &state, &pro, &a.Lang), "SELECT a.id, a.kind, a.state, a.pro_id, a.lang FROM "+from, arg)
	if errors.Is(err, db.ErrNone) || err == nil && state == "disabled" {
		return ErrSignIn
	}
	if err != nil {
		return err
	}
	switch kind {
	case "pro":
		a.Who = Professional
		if pro != nil {
			a.Pro = *pro
		}
	case "affiliate":
		a.Who = Affiliate
	default:
		a.Who = StaffMember
		a.Roles, err = db.List(tx, func(r db.Scanner) (role network.Role, err error) { err = r.Scan((*string)(&role)); return },
			"SELECT role FROM account_role WHERE account_id = $1 ORDER BY role", a.Account)
	}
	return err
}

// SignOut ends a session.
func (s *Service) SignOut(ctx context.Context, token string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		return tx.Send("DELETE FROM session WHERE token_hash = $1", Digest(token))
	})
}

// Refresh proves identity again on an open session: by the one-time code for staff, by the password for a professional.
func (s *Service) Refresh(ctx context.Context, actor Actor, token, password, code string) error {
	inv, err := s.invited(ctx, actor.Account)
	if err != nil {
		return err
	}
	var last int64
	var hash string
	if err = s.db.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(db.Into(&last, &hash), "SELECT totp_step, password_hash FROM account WHERE id = $1", actor.Account)
	}); err != nil {
		return err
	}
	refused := func(err error) error {
		return audit.Refuse(ctx, s.db, actor.Name(), inv.Account.Kind, "account.refresh", actor.Account, err, "")
	}
	step, staff := last, inv.Account.Kind == "staff"
	if staff {
		var ok bool
		if step, ok = CheckTOTP(inv.Secret, code, s.db.Machine(), last); !ok {
			return refused(errCode)
		}
	} else {
		ok := false
		if hash != "" {
			if ok, _, err = s.hasher.Verify(ctx, hash, password); err != nil {
				return err
			}
		}
		if !ok {
			return refused(errSignIn)
		}
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if staff {
			n, err := tx.Exec("UPDATE account SET totp_step = $2 WHERE id = $1 AND totp_step < $2", actor.Account, step)
			if err != nil {
				return err
			}
			if n == 0 {
				return errCode // the same code twice at once
			}
		}
		n, err := tx.Exec("UPDATE session SET fresh_at = $2 WHERE token_hash = $1 AND account_id = $3", Digest(token), db.Micros(tx.Machine()), actor.Account)
		if err == nil && n == 0 {
			err = ErrSignIn
		}
		return err
	})
}

// Token answers who holds an API token.
func (s *Service) Token(ctx context.Context, token string) (a Actor, err error) {
	digest := Digest(token)
	a, generation, ok := s.tokens.get(digest)
	if !ok {
		err = s.db.Read(ctx, func(tx *db.Tx) error {
			a = Actor{}
			return s.actor(tx, &a, "api_token t JOIN account a ON a.id = t.account_id WHERE t.token_hash = $1 AND t.revoked_at = 0", digest)
		})
		if err != nil {
			return Actor{Who: Visitor}, err
		}
		if s.db.Dialect() == db.SQLite { // on PostgreSQL another node may end a token
			s.tokens.put(digest, a, generation)
		}
	}
	a.Fresh = s.db.Machine()
	return a, nil
}

// knownTokens remembers whose good tokens are, by digest, where one process has the database to itself: a program asks many times a second. Every
// transaction that ends a token, closes an account or changes its roles clears it (forgetTokens) before its caller is answered; what was read
// before such a moment is not put in after it.
type knownTokens struct {
	mu         sync.Mutex
	generation int
	actors     map[string]Actor
}

const mostKnown = 10_000

func (k *knownTokens) get(digest string) (a Actor, generation int, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok = k.actors[digest]
	return a, k.generation, ok
}

func (k *knownTokens) put(digest string, a Actor, generation int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if generation != k.generation {
		return
	}
	if k.actors == nil || len(k.actors) >= mostKnown {
		k.actors = map[string]Actor{}
	}
	k.actors[digest] = a
}

func (k *knownTokens) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.generation++
	k.actors = nil
}

func (s *Service) forgetTokens(tx *db.Tx) { tx.AfterCommit(s.tokens.clear) }
