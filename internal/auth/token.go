package auth

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/fault"
)

// APIToken is what is known of a token once it was shown. Times are machine time.
type APIToken struct {
	ID      string
	Account string // for whom it acts
	Name    string // what it is for
	At      time.Time
	By      string    // account that made it, or "system"
	Revoked time.Time // zero: it is good
}

// mayToken keeps a professional to his own account; to him another's does not exist.
func mayToken(actor Actor, account string) error {
	if err := actor.May(TokenManage); err != nil {
		return err
	}
	if actor.Who == Professional && account != actor.Account {
		return errNoAccount
	}
	return nil
}

// NewToken makes an API token for an account: it acts as the account does. The token is shown once and kept as a digest.
func (s *Service) NewToken(ctx context.Context, actor Actor, account, name string) (token string, err error) {
	if err := mayToken(actor, account); err != nil {
		return "", err
	}
	var c fault.Check
	checkTokenName(&c, name)
	if err := c.Err(); err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error { token, err = insertToken(tx, actor, account, name); return err })
	return token, err
}

func checkTokenName(c *fault.Check, name string) {
	n := utf8.RuneCountInString(strings.TrimSpace(name))
	c.That(n >= 2 && n <= 60, "token_name", fault.T("Dites à quoi sert ce jeton, en 2 à 60 caractères.", "Say what this token is for, in 2 to 60 characters."))
}

func insertToken(tx *db.Tx, actor Actor, account, name string) (string, error) {
	token, _ := secret()
	token = "ent_" + token
	id := tx.NewID("tok")
	if err := tx.Send("INSERT INTO api_token (token_hash, id, account_id, name, created_at, by_account, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, 0)",
		Digest(token), id, account, strings.TrimSpace(name), db.Micros(tx.Machine()), actor.Name()); err != nil {
		return "", err
	}
	if err := turned(tx, account); err != nil { // a partner's account is open while a token of it is good
		return "", err
	}
	return token, audit.Write(tx, actor.Name(), actor.As(TokenManage), "token.create", account, id)
}

// NewAffiliate makes an account for a partner's program, with its first token. undertaking is the reference of what the partner signed: whoever
// collects data for the operator has bound himself to obey the law first (WA-10; GDPR art. 28); it stands in the trail.
func (s *Service) NewAffiliate(ctx context.Context, actor Actor, name, email, undertaking string) (id, token string, err error) {
	if err := mayToken(actor, ""); err != nil {
		return "", "", err
	}
	var c fault.Check
	checkTokenName(&c, name)
	checkEmail(&c, email)
	undertaking = strings.TrimSpace(undertaking)
	n := utf8.RuneCountInString(undertaking)
	c.That(n >= 2 && n <= 60, "undertaking", fault.T("Écrivez la référence de l’engagement que ce partenaire a signé, en 2 à 60 caractères.", "Write the reference of the undertaking that this partner signed, in 2 to 60 characters."))
	if err := c.Err(); err != nil {
		return "", "", err
	}
	id = s.db.NewID("acc")
	ring, err := s.vault.New(ctx, id, category)
	if err != nil {
		return "", "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.Create(tx, ring, id, NewAccount{Kind: "affiliate", State: "active", Name: name, Email: email, Lang: "fr", Actor: actor}); err != nil {
			return err
		}
		if err := audit.Write(tx, actor.Name(), actor.As(TokenManage), "affiliate.undertaking", id, undertaking); err != nil {
			return err
		}
		token, err = insertToken(tx, actor, id, name)
		return err
	})
	return id, token, err
}

// TokenKinds are the sorts of account that a token acts for.
var TokenKinds = []string{"affiliate", "pro", "staff"}

// TokenFor is NewToken for the account of an address, which must be of the kind that was meant; a partner who has none gets one, by his undertaking.
func (s *Service) TokenFor(ctx context.Context, actor Actor, kind, email, name, undertaking string) (account, token string, err error) {
	if err := mayToken(actor, ""); err != nil {
		return "", "", err
	}
	a, err := s.ByEmail(ctx, email)
	missing := fault.Is(err, fault.Missing)
	if err != nil && !missing {
		return "", "", err
	}
	if missing && kind == "affiliate" {
		return s.NewAffiliate(ctx, actor, name, email, undertaking)
	}
	var c fault.Check
	checkTokenName(&c, name)
	c.That(!missing && a.Kind == kind && a.State != "disabled", "email", fault.T("Aucun compte ouvert de ce genre n’a cette adresse.", "No open account of this kind has this address."))
	if err := c.Err(); err != nil {
		return "", "", err
	}
	token, err = s.NewToken(ctx, actor, a.ID, name)
	return a.ID, token, err
}

// mostTokens bounds a list of tokens; those that are good come first.
const mostTokens = 300

// Tokens lists the tokens of an account, or of all when none is named, good ones first, then newest first.
func (s *Service) Tokens(ctx context.Context, actor Actor, account string) (all []APIToken, err error) {
	if err := mayToken(actor, account); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (t APIToken, err error) {
			var at, revoked int64
			err = r.Scan(&t.ID, &t.Account, &t.Name, &at, &t.By, &revoked)
			t.At, t.Revoked = db.Time(at), db.Time(revoked)
			return t, err
		}, `SELECT id, account_id, name, created_at, by_account, revoked_at FROM api_token WHERE CAST($1 AS TEXT) = '' OR account_id = $1
			ORDER BY CASE WHEN revoked_at = 0 THEN 0 ELSE 1 END, created_at DESC, id LIMIT $2`, account, mostTokens)
		return err
	})
	return all, err
}

// RevokeToken ends a token at once.
func (s *Service) RevokeToken(ctx context.Context, actor Actor, id string) error {
	if err := actor.May(TokenManage); err != nil {
		return err
	}
	own := ""
	if actor.Who == Professional {
		own = actor.Account
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		s.forgetTokens(tx)
		account, err := db.Value[string](tx, "UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at = 0 AND (CAST($3 AS TEXT) = '' OR account_id = $3) RETURNING account_id", id, db.Micros(tx.Machine()), own)
		if errors.Is(err, db.ErrNone) {
			return errNoToken
		}
		if err != nil {
			return err
		}
		if err := turned(tx, account); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(TokenManage), "token.revoke", account, id)
	})
}

var errNoToken = fault.New(fault.Missing, "no-token", fault.T("Ce jeton n’existe pas, ou il est déjà révoqué.", "There is no such token, or it is revoked already."))

// Accounts opens accounts by id; unknown ones are left out.
func (s *Service) Accounts(ctx context.Context, ids ...string) (map[string]Account, error) {
	all := map[string]Account{}
	if len(ids) == 0 {
		return all, nil
	}
	var args []any
	in := db.In(&args, ids)
	found, err := s.list(ctx, "SELECT id FROM account WHERE id IN ("+in+")", args...)
	for _, a := range found {
		all[a.ID] = a
	}
	return all, err
}
