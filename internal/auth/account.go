package auth

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Lives of what is handed out, in machine time.
const (
	InvitationLife = 7 * 24 * time.Hour
	linkLife       = 15 * time.Minute
	secondLife     = 5 * time.Minute
	sessionLife    = 12 * time.Hour // without activity
	sessionMost    = 7 * 24 * time.Hour
	seenEvery      = 5 * time.Minute // activity is written at most so often: a read must not cost a durable commit
)

// Account is somebody who signs in: a member of staff, a professional, a partner's program. Its id is its person in the vault.
type Account struct {
	ID        string
	Kind      string // staff, pro, affiliate
	State     string // invited, active, disabled
	Pro       string
	Name      string // opened for this call
	Email     string
	Lang      string
	Roles     []network.Role
	Trades    []string // trades that an agent has practised: calls go first to him (ET-19)
	TrainedOn string   // ISO date of the internal training; empty: may not go on duty (ET-19)
	DutySince time.Time
	Created   time.Time
	LastSeen  time.Time
	Second    bool // a second factor is set
}

// Service manages accounts, sessions and tokens. Safe for concurrent use.
type Service struct {
	db     *db.DB
	vault  *vault.Vault
	hasher *Hasher
	tokens knownTokens
}

// NewService makes the service.
func NewService(d *db.DB, v *vault.Vault, h *Hasher) *Service {
	return &Service{db: d, vault: v, hasher: h}
}

// category is the vault's category of a sign-in.
const category = string(network.DataAccount)

func at(column, id string) vault.Place {
	return vault.Place{Table: "account", Column: column, Row: id}
}

// secret is a random token of 192 bits: handed out once, kept as a digest.
func secret() (token, digest string) {
	var b [24]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("auth: no randomness: " + err.Error())
	}
	token = base64.RawURLEncoding.EncodeToString(b[:])
	return token, Digest(token)
}

// Digest is what the database keeps of a token.
func Digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// EmailKey is the form of an address that its blind index is made of.
func EmailKey(email string) string { return strings.ToLower(strings.TrimSpace(email)) }

// NewAccount is what Create needs.
type NewAccount struct {
	Kind, Pro, Name, Email, Lang string
	Roles                        []network.Role
	Trades                       []string
	TrainedOn                    string
	State                        string // invited or, for seeds and programs, active
	Actor                        Actor
}

// Create inserts an account in tx, with a ring from vault.New(ctx, id, "account") made before. It answers a fault when the address is taken.
func (s *Service) Create(tx *db.Tx, r *vault.Ring, id string, in NewAccount) error {
	if err := r.Assign(tx); err != nil {
		return err
	}
	if in.Lang != "en" {
		in.Lang = "fr"
	}
	var totp []byte
	if in.Kind == "staff" {
		totp = r.Seal(category, at("totp_sealed", id), NewTOTPSecret())
	}
	n, err := tx.Exec(`INSERT INTO account (id, kind, state, pro_id, created_at, created_by, name_sealed, email_sealed, email_bidx, password_hash, totp_sealed, totp_step, lang, trained_on, duty_since)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, 0, $11, $12, 0) ON CONFLICT (email_bidx) DO NOTHING`,
		id, in.Kind, in.State, nullable(in.Pro), db.Micros(tx.Now()), in.Actor.Name(), r.SealText(category, at("name_sealed", id), in.Name),
		r.SealText(category, at("email_sealed", id), in.Email), s.vault.Index("account-email", EmailKey(in.Email)), totp, in.Lang, in.TrainedOn)
	if err != nil {
		return err
	}
	if n == 0 {
		f := fault.New(fault.Conflict, "email-taken", fault.T("Un compte existe déjà avec cette adresse.", "An account with this address exists already."))
		f.Fields = []fault.Field{{Name: "email", Text: f.Public}}
		return f
	}
	if err := turned(tx, id); err != nil {
		return err
	}
	return s.setRoles(tx, id, in.Roles, in.Trades)
}

func nullable(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (s *Service) setRoles(tx *db.Tx, id string, roles []network.Role, trades []string) error {
	s.forgetTokens(tx)
	for _, q := range []string{"DELETE FROM account_role WHERE account_id = $1", "DELETE FROM account_trade WHERE account_id = $1"} {
		if err := tx.Send(q, id); err != nil {
			return err
		}
	}
	for _, r := range roles {
		if err := tx.Send("INSERT INTO account_role (account_id, role) VALUES ($1, $2)", id, string(r)); err != nil {
			return err
		}
	}
	for _, t := range trades {
		if err := tx.Send("INSERT INTO account_trade (account_id, trade) VALUES ($1, $2)", id, t); err != nil {
			return err
		}
	}
	return nil
}

// Ticket inserts a one-use ticket in tx and returns its token, to be sent.
func Ticket(tx *db.Tx, kind, account string, life time.Duration) (string, error) {
	token, digest := secret()
	now := tx.Machine()
	err := tx.Send("INSERT INTO ticket (token_hash, kind, account_id, created_at, expires_at, used_at, tries) VALUES ($1, $2, $3, $4, $5, 0, 0)",
		digest, kind, account, db.Micros(now), db.Micros(now.Add(life)))
	return token, err
}

// Invite creates a member of staff and returns the token of the invitation. tell sends it, in the same transaction, sealed with the new account's
// ring; nil where the caller shows it himself.
func (s *Service) Invite(ctx context.Context, actor Actor, in NewAccount, tell func(tx *db.Tx, r *vault.Ring, id, token string) error) (id, token string, err error) {
	if err := actor.May(TeamManage); err != nil {
		return "", "", err
	}
	in.Kind, in.State, in.Actor = "staff", "invited", actor
	if err := CheckStaff(in); err != nil {
		return "", "", err
	}
	id = s.db.NewID("acc")
	ring, err := s.vault.New(ctx, id, category, string(network.DataMessages))
	if err != nil {
		return "", "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if err := s.Create(tx, ring, id, in); err != nil {
			return err
		}
		if token, err = Ticket(tx, "invitation", id, InvitationLife); err != nil {
			return err
		}
		if tell != nil {
			if err := tell(tx, ring, id, token); err != nil {
				return err
			}
		}
		return audit.Write(tx, actor.Name(), actor.As(TeamManage), "account.invite", id, rolesText(in.Roles))
	})
	return id, token, err
}

// InviteAgain makes a new invitation for an account that was never accepted, staff or professional, and ends the earlier ones. tell sends it, in
// the same transaction. It asks who acts for act, since each sort of account has its own keepers.
func (s *Service) InviteAgain(ctx context.Context, actor Actor, act Action, id string, tell func(tx *db.Tx, token string) error) (token string, err error) {
	if err := actor.May(act); err != nil {
		return "", err
	}
	return token, s.db.Write(ctx, func(tx *db.Tx) error {
		if n, err := tx.Exec("UPDATE account SET state = state WHERE id = $1 AND state = 'invited'", id); err != nil {
			return err
		} else if n == 0 {
			return fault.New(fault.Conflict, "not-invited", fault.T("Cette invitation est déjà acceptée, ou le compte est fermé.", "This invitation is accepted already, or the account is closed."))
		}
		if err := tx.Send("UPDATE ticket SET used_at = $2 WHERE account_id = $1 AND kind = 'invitation' AND used_at = 0", id, db.Micros(tx.Machine())); err != nil {
			return err
		}
		var err error
		if token, err = Ticket(tx, "invitation", id, InvitationLife); err != nil {
			return err
		}
		if err := tell(tx, token); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(act), "account.invite-again", id, "")
	})
}

func rolesText(roles []network.Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, " ")
}

func checkEmail(c *fault.Check, email string) {
	at := strings.LastIndex(email, "@")
	c.That(at > 0 && len(email) <= 254 && strings.Contains(email[at+1:], ".") && !strings.ContainsAny(email, " \r\n\t<>"), "email",
		fault.T("Écrivez une adresse e-mail complète, comme nom@exemple.fr.", "Write a whole e-mail address, such as name@example.com."))
}

// CheckStaff judges what is typed about a new member of staff; it answers an Invalid fault that names each field.
func CheckStaff(in NewAccount) error {
	var c fault.Check
	c.That(len(strings.TrimSpace(in.Name)) >= 2 && len(in.Name) <= 120, "name", fault.T("Écrivez le nom, en 2 à 120 caractères.", "Write the name, in 2 to 120 characters."))
	checkEmail(&c, in.Email)
	c.That(len(in.Roles) > 0, "roles", fault.T("Choisissez au moins un rôle.", "Choose at least one role."))
	for _, r := range in.Roles {
		c.That(slices.Contains(network.Roles(), r), "roles", fault.T("Ce rôle n’existe pas.", "There is no such role."))
	}
	if in.TrainedOn != "" {
		_, err := time.Parse(time.DateOnly, in.TrainedOn)
		c.That(err == nil, "trained", fault.T("Écrivez la date de formation.", "Write the date of the training."))
	}
	return c.Err()
}

// EditStaff changes roles, trades and training. The last active administrator keeps his role, or nobody could ever give it again.
func (s *Service) EditStaff(ctx context.Context, actor Actor, id string, roles []network.Role, trades []string, trainedOn string) error {
	if err := actor.May(TeamManage); err != nil {
		return err
	}
	if err := CheckStaff(NewAccount{Name: "--", Email: "a@b.c", Roles: roles, TrainedOn: trainedOn}); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if !slices.Contains(roles, network.RoleAdministrator) {
			if err := anotherAdministrator(tx, id); err != nil {
				return err
			}
		}
		n, err := tx.Exec("UPDATE account SET trained_on = $2, duty_since = CASE WHEN $2 = '' THEN 0 ELSE duty_since END WHERE id = $1 AND kind = 'staff'", id, trainedOn)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoAccount
		}
		if err := s.setRoles(tx, id, roles, trades); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(TeamManage), "account.edit", id, rolesText(roles))
	})
}

var errNoAccount = fault.New(fault.Missing, "no-account", fault.T("Ce compte n’existe pas.", "There is no such account."))

func anotherAdministrator(tx *db.Tx, but string) error {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM account a JOIN account_role r ON r.account_id = a.id WHERE r.role = 'administrator' AND a.state = 'active' AND a.id <> $1", but)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "last-administrator", fault.T("Nommez d’abord un autre administrateur : personne ne pourrait plus gérer l’équipe.", "Name another administrator first: nobody could manage the team any more."))
	}
	return err
}

// Disable ends an account's access at once, with its sessions and tokens; Enable gives it back.
func (s *Service) Disable(ctx context.Context, actor Actor, id string) error {
	if err := actor.May(TeamManage); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := anotherAdministrator(tx, id); err != nil {
			return err
		}
		if err := s.Close(tx, id); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(TeamManage), "account.disable", id, "")
	})
}

// Close disables an account in tx and ends its sessions.
func (s *Service) Close(tx *db.Tx, id string) error {
	s.forgetTokens(tx)
	n, err := tx.Exec("UPDATE account SET state = 'disabled', duty_since = 0 WHERE id = $1", id)
	if err != nil {
		return err
	}
	if n == 0 {
		return errNoAccount
	}
	if err := turned(tx, id); err != nil {
		return err
	}
	if err := tx.Send("DELETE FROM session WHERE account_id = $1", id); err != nil {
		return err
	}
	return tx.Send("UPDATE api_token SET revoked_at = $2 WHERE account_id = $1 AND revoked_at = 0", id, db.Micros(tx.Machine()))
}

// turned notes in tx that an account was made, closed or opened again, or its tokens changed: the lifecycle, which lies right of this room, looks at it in its next round. An
// update where the row is there already, so that a round that takes it meanwhile is not missed.
func turned(tx *db.Tx, id string) error {
	return tx.Send("INSERT INTO account_turn (account_id, at) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET at = excluded.at", id, db.Micros(tx.Now()))
}

// Enable opens a disabled account again, unless its time was over and nothing is left of it.
func (s *Service) Enable(ctx context.Context, actor Actor, id string) error {
	if err := actor.May(TeamManage); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE account SET state = CASE WHEN password_hash = '' THEN 'invited' ELSE 'active' END WHERE id = $1 AND state = 'disabled' AND length(name_sealed) > 0", id)
		if err == nil && n == 0 {
			err = errNoAccount
		}
		if err != nil {
			return err
		}
		if err := turned(tx, id); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(TeamManage), "account.enable", id, "")
	})
}

// Invited is what an invitation shows before it is accepted.
type Invited struct {
	Account Account
	Secret  []byte // of the second factor, staff only
}

// Invitation opens an invitation without spending it.
func (s *Service) Invitation(ctx context.Context, token string) (Invited, error) {
	var id string
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) { id, err = peek(tx, "invitation", token); return })
	if err != nil {
		return Invited{}, err
	}
	return s.invited(ctx, id)
}

func (s *Service) invited(ctx context.Context, id string) (Invited, error) {
	ring, err := s.vault.Ring(ctx, id)
	if err != nil {
		return Invited{}, err
	}
	var out Invited
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if out.Account, err = s.load(tx, ring, id); err != nil {
			return err
		}
		sealed, err := db.Value[[]byte](tx, "SELECT totp_sealed FROM account WHERE id = $1", id)
		if err != nil {
			return err
		}
		out.Secret, err = ring.Open(category, at("totp_sealed", id), sealed)
		return err
	})
	return out, err
}

// ErrLinkGone is a ticket that is unknown, used or too old.
var ErrLinkGone = fault.New(fault.Anonymous, "link-gone", fault.T("Ce lien a déjà servi ou n’est plus valable. Demandez-en un nouveau.", "This link was used already or is no longer good. Ask for a new one."))

func peek(tx *db.Tx, kind, token string) (account string, err error) {
	account, err = db.Value[string](tx, "SELECT account_id FROM ticket WHERE token_hash = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3", Digest(token), kind, db.Micros(tx.Machine()))
	if errors.Is(err, db.ErrNone) {
		err = ErrLinkGone
	}
	return account, err
}

// spend uses a ticket up; of two who try, one succeeds.
func spend(tx *db.Tx, kind, token string) (account string, err error) {
	now := db.Micros(tx.Machine())
	account, err = db.Value[string](tx, "UPDATE ticket SET used_at = $3 WHERE token_hash = $1 AND kind = $2 AND used_at = 0 AND expires_at > $3 RETURNING account_id", Digest(token), kind, now)
	if errors.Is(err, db.ErrNone) {
		err = ErrLinkGone
	}
	return account, err
}

var errCode = func() error {
	f := fault.New(fault.Invalid, "wrong-code", fault.T("Ce code n’est pas le bon. Vérifiez l’heure de votre téléphone et tapez le code affiché maintenant.", "This code is not right. Check your phone's clock and type the code shown now."))
	f.Fields = []fault.Field{{Name: "code", Text: f.Public}}
	return f
}()

// Accept sets the password (and for staff proves the second factor), spends the invitation and signs in.
func (s *Service) Accept(ctx context.Context, token, password, code string) (session string, err error) {
	inv, err := s.Invitation(ctx, token)
	if err != nil {
		return "", err
	}
	if err := CheckPassword(password, inv.Account.Name, inv.Account.Email); err != nil {
		return "", err
	}
	step := int64(0)
	if inv.Account.Kind == "staff" {
		var ok bool
		if step, ok = CheckTOTP(inv.Secret, code, s.db.Machine(), 0); !ok {
			return "", errCode
		}
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		id, err := spend(tx, "invitation", token)
		if err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE account SET state = 'active', password_hash = $2, totp_step = $3 WHERE id = $1 AND state = 'invited'", id, hash, step)
		if err != nil {
			return err
		}
		if n == 0 {
			return ErrLinkGone
		}
		session, err = s.open(tx, id)
		if err != nil {
			return err
		}
		return audit.Write(tx, id, inv.Account.Kind, "account.accept", id, "")
	})
	return session, err
}

var (
	errUntrained = fault.New(fault.Denied, "untrained", fault.T("Votre formation n’est pas encore enregistrée : vous ne pouvez pas prendre d’appels. Demandez à l’administrateur d’en noter la date.", "Your training is not recorded yet: you cannot take calls. Ask the administrator to note its date."))
	errOffDuty   = fault.New(fault.Denied, "off-duty", fault.T("Vous n’êtes pas en service. Mettez-vous en service pour prendre des appels.", "You are off duty. Go on duty to take calls."))
)

// Duty puts an agent on duty or off. An untrained one cannot go on duty (ET-19).
func (s *Service) Duty(ctx context.Context, actor Actor, on bool) error {
	if err := actor.May(CallAnswer); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		since := int64(0)
		if on {
			since = db.Micros(tx.Now())
		}
		n, err := tx.Exec("UPDATE account SET duty_since = $2 WHERE id = $1 AND (CAST($2 AS BIGINT) = 0 OR trained_on <> '' AND trained_on <= $3)", actor.Account, since, tx.Now().In(geo.Paris()).Format(time.DateOnly))
		if err != nil {
			return err
		}
		if n == 0 {
			return errUntrained
		}
		word := "off"
		if on {
			word = "on"
		}
		return audit.Write(tx, actor.Account, actor.As(CallAnswer), "agent.duty", actor.Account, word)
	})
}

// MustBeOnDuty lets only a trained agent who is on duty take a call (ET-19).
func MustBeOnDuty(tx *db.Tx, account string) error {
	var trained string
	var since int64
	err := tx.Get(db.Into(&trained, &since), "SELECT trained_on, duty_since FROM account WHERE id = $1 AND state = 'active'", account)
	switch {
	case errors.Is(err, db.ErrNone):
		return errNoAccount
	case err != nil:
		return err
	case trained == "" || trained > tx.Now().In(geo.Paris()).Format(time.DateOnly):
		return errUntrained
	case since == 0:
		return errOffDuty
	}
	return nil
}

// OnDuty lists the agents who may be offered a call, with the trades that they practise.
func OnDuty(tx *db.Tx) (map[string][]string, error) {
	duty := map[string][]string{}
	err := db.Each(tx, func(s db.Scanner) error {
		var id string
		var trade *string
		if err := s.Scan(&id, &trade); err != nil {
			return err
		}
		trades := duty[id]
		if trade != nil {
			trades = append(trades, *trade)
		}
		duty[id] = trades
		return nil
	}, `SELECT a.id, t.trade FROM account a JOIN account_role r ON r.account_id = a.id AND r.role = 'agent' LEFT JOIN account_trade t ON t.account_id = a.id
		WHERE a.state = 'active' AND a.duty_since > 0 ORDER BY a.id, t.trade`)
	return duty, err
}

// Others counts the active staff of a role, one person left out: whether a second one is there to look.
func Others(tx *db.Tx, role network.Role, but string) (int64, error) {
	return db.Value[int64](tx, "SELECT count(*) FROM account a JOIN account_role r ON r.account_id = a.id WHERE r.role = $1 AND a.state = 'active' AND a.id <> $2", string(role), but)
}
