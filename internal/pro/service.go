package pro

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Service manages professionals. Safe for concurrent use.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	editions *edition.Store
	auth     *auth.Service
	notify   *notify.Service
	url      func(host, path string) string
	demo     bool

	// Left, where the composition root sets it, is called in the transaction in which a professional's access ends for good, whoever ended it.
	Left func(tx *db.Tx, id string) error
}

// New makes the service. In a demo, numbers reserved for fiction are accepted.
func New(d *db.DB, v *vault.Vault, e *edition.Store, a *auth.Service, n *notify.Service, url func(host, path string) string, demo bool) *Service {
	return &Service{db: d, vault: v, editions: e, auth: a, notify: n, url: url, demo: demo}
}

var errNoPro = fault.New(fault.Missing, "no-pro", fault.T("Ce professionnel n’existe pas.", "There is no such professional."))

func at(column, id string) vault.Place {
	return vault.Place{Table: "pro", Column: column, Row: id}
}

// fields pairs the sealed columns with their category and value.
func (i *Identity) fields() []sealedField {
	return []sealedField{
		{"company_sealed", network.DataIdentity, &i.Company}, {"contact_sealed", network.DataIdentity, &i.Contact}, {"siren_sealed", network.DataBusiness, &i.SIREN},
		{"phone_sealed", network.DataContact, &i.Phone}, {"email_sealed", network.DataContact, &i.Email}, {"street_sealed", network.DataPlace, &i.Street},
	}
}

type sealedField struct {
	column   string
	category network.Category
	value    *string
}

// Input is what staff type.
type Input struct {
	Identity
	Profile Profile
	Outside bool
	Checked []string // which of Checks were verified now
	Until   string   // ISO date until which the insurance runs
}

// plainSIREN drops the spaces that people write in a registry number.
func plainSIREN(s string) string {
	return strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(s)
}

// normal reads numbers and addresses, and finds every wrong field.
func (s *Service) normal(n *network.Network, in *Input, was verified) error {
	var c fault.Check
	if in.Lang != "en" {
		in.Lang = "fr"
	}
	in.SIREN = plainSIREN(in.SIREN)
	for _, f := range in.fields() {
		*f.value = strings.TrimSpace(*f.value)
	}
	base, _ := geo.ByINSEE(in.Base)
	typed := in.Phone
	e164, err := phone.Parse(typed, base.Dept, s.demo)
	if f := fault.Of(err); f != nil && typed != "" {
		c.Add("phone", f.Public)
	}
	c.That(typed != "", "phone", fault.T("Écrivez un numéro de téléphone.", "Write a phone number."))
	in.Phone = e164
	c.That(in.Email != "", "email", fault.T("Écrivez une adresse e-mail.", "Write an e-mail address."))
	if in.Email != "" {
		mail, err := person.ParseEmail(in.Email, false)
		if f := fault.Of(err); f != nil {
			c.Add("email", f.Public)
		}
		in.Email = mail
	}
	in.Identity.check(&c)
	if in.Profile.Base == "" {
		in.Profile.Base = in.Base
	}
	in.Profile.check(n, &c)
	in.evidence(n, was, s.db.Now(), &c)
	for _, k := range in.Checked {
		c.That(slices.Contains(Checks, k), "checks", fault.T("Cette vérification n’existe pas.", "There is no such check."))
	}
	if slices.Contains(in.Checked, "insurance") {
		_, err := time.Parse(time.DateOnly, in.Until)
		c.That(err == nil && in.Until > s.db.Now().In(geo.Paris()).Format(time.DateOnly), "insurance_until", fault.T("Écrivez jusqu’à quand court l’assurance : une date à venir.", "Write until when the insurance runs: a date to come."))
	}
	return c.Err()
}

// Create makes a professional and his account, by staff, and invites him. Without every check and a whole profile he stays pending and sees
// nothing; one from outside stays pending for good and sees what was offered to him by hand.
func (s *Service) Create(ctx context.Context, actor auth.Actor, in Input) (id string, err error) {
	if err := actor.May(auth.ProCreate); err != nil {
		return "", err
	}
	c, record, err := s.newcomer(ctx, actor, auth.ProCreate, in)
	if err != nil {
		return "", err
	}
	return c.ID, s.db.Write(ctx, record)
}

// Outsider finds a professional by his registry number, or prepares one from outside the network, who is asked about a job of a trade in a
// commune: he is invited, pays and is told under everybody's rules, and no rule ever asks him by itself (ET-18, 137). record stores him in the
// transaction that offers him something, so that a failed offer leaves nobody behind; it does nothing for a company that is known already, whose
// recorded details stand. act is what the caller was allowed to do.
func (s *Service) Outsider(ctx context.Context, actor auth.Actor, act auth.Action, who Identity, trade, insee string) (c Contact, record func(*db.Tx) error, err error) {
	id := ""
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		id, err = db.Value[string](tx, "SELECT id FROM pro WHERE siren_bidx = $1", s.vault.Index("siren", plainSIREN(who.SIREN)))
		return err
	})
	if err == nil {
		contacts, err := s.Contacts(ctx, id)
		return contacts[id], func(*db.Tx) error { return nil }, err
	}
	if !errors.Is(err, db.ErrNone) {
		return Contact{}, nil, err
	}
	who.Base, who.Lang = insee, "fr"
	return s.newcomer(ctx, actor, act, Input{Identity: who, Outside: true, Profile: Profile{Trades: []string{trade}, Base: insee, Communes: []string{insee}, Week: AllWeek(), SMS: true, Email: true}})
}

// newcomer checks what was typed of a new professional and prepares his rows and his invitation; record stores them.
func (s *Service) newcomer(ctx context.Context, actor auth.Actor, act auth.Action, in Input) (c Contact, record func(*db.Tx) error, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return c, nil, err
	}
	if !n.HasPros() {
		return c, nil, fault.New(fault.Denied, "nothing-sold", fault.T("Ce réseau ne passe aucune demande à des professionnels : aucun n’y a d’accès.", "This network passes no request to professionals: none has access."))
	}
	if err := s.normal(n, &in, verified{}); err != nil {
		return c, nil, err
	}
	account := s.db.NewID("acc")
	c = Contact{ID: s.db.NewID("pro"), Identity: in.Identity, ByEmail: in.Profile.Email, BySMS: in.Profile.SMS}
	if c.Ring, err = s.vault.New(ctx, c.ID, categories...); err != nil {
		return c, nil, err
	}
	accountRing, err := s.vault.New(ctx, account, string(network.DataAccount))
	if err != nil {
		return c, nil, err
	}
	return c, func(tx *db.Tx) error {
		if err := s.insert(tx, n, c.Ring, actor, c.ID, in); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, c.ID, c.ID, network.Professional, relation(n), held...); err != nil {
			return err
		}
		if err := s.auth.Create(tx, accountRing, account, auth.NewAccount{Kind: "pro", Pro: c.ID, Name: in.Contact, Email: in.Email, Lang: in.Lang, State: "invited", Actor: actor}); err != nil {
			return err
		}
		token, err := auth.Ticket(tx, "invitation", account, auth.InvitationLife)
		if err != nil {
			return err
		}
		letter, err := n.Message("pro-invite", in.Lang, map[string]string{"name": in.Contact, "link": s.url(n.SpaceHost, "/invitation/"+token)})
		if err != nil {
			return err
		}
		if err := s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: c.ID, Object: c.ID, Kind: "pro-invite"}, in.Phone, in.Email); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(act), "pro.create", c.ID, strings.Join(in.Profile.Trades, " "))
	}, nil
}

// insert stores a professional, his checks and first profile.
func (s *Service) insert(tx *db.Tx, n *network.Network, ring *vault.Ring, actor auth.Actor, id string, in Input) error {
	if err := ring.Assign(tx); err != nil {
		return err
	}
	args := []any{id, db.Micros(tx.Now()), actor.Name(), string(Pending), in.Outside, s.vault.Index("siren", in.SIREN), s.vault.Index("phone", in.Phone), person.EmailIndex(s.vault, in.Email), in.Base, in.Lang}
	for _, f := range in.fields() {
		args = append(args, ring.SealText(string(f.category), at(f.column, id), *f.value))
	}
	added, err := tx.Exec(`INSERT INTO pro (id, at, by_account, state, outside, reason, version, siren_bidx, phone_bidx, email_bidx, insee, lang, company_sealed, contact_sealed, siren_sealed, phone_sealed, email_sealed, street_sealed)
		VALUES ($1, $2, $3, $4, $5, '', 0, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (siren_bidx) DO NOTHING`, args...)
	if err != nil {
		return err
	}
	if added == 0 {
		f := fault.New(fault.Conflict, "siren-taken", fault.T("Une entreprise avec ce SIREN est déjà connue : un accès ne se transmet pas et une entreprise exclue ne revient pas.", "A company with this SIREN is known already: access is not passed on, and a company that was excluded does not come back."))
		f.Fields = []fault.Field{{Name: "siren", Text: f.Public}}
		return f
	}
	if err := s.insertWords(tx, id, in.Company+" "+in.Contact); err != nil {
		return err
	}
	if err := setChecks(tx, id, actor.Name(), in.Checked, in.Until); err != nil {
		return err
	}
	return s.version(tx, n, id, actor.Name(), in.Profile, "")
}

func (s *Service) insertWords(tx *db.Tx, id, text string) error {
	if err := tx.Send("DELETE FROM pro_word WHERE pro_id = $1", id); err != nil {
		return err
	}
	var rows [][]any
	for _, w := range strings.Fields(geo.Fold(text)) {
		if len(w) >= 2 {
			rows = append(rows, []any{s.vault.Index("pro-name", w), id})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	marks, args := db.Rows(rows...)
	return tx.Send("INSERT INTO pro_word (word_bidx, pro_id) VALUES "+marks+" ON CONFLICT (word_bidx, pro_id) DO NOTHING", args...)
}

// setChecks notes what was verified now; what was before, and holds as long, keeps its date and author.
func setChecks(tx *db.Tx, id, by string, checked []string, until string) error {
	for _, k := range checked {
		valid := ""
		if k == "insurance" {
			valid = until
		}
		if err := tx.Send(`INSERT INTO pro_check (pro_id, kind, at, by_account, valid_until_on, told) VALUES ($1, $2, $3, $4, $5, '')
			ON CONFLICT (pro_id, kind) DO UPDATE SET at = excluded.at, by_account = excluded.by_account, valid_until_on = excluded.valid_until_on, told = ''
			WHERE pro_check.valid_until_on <> excluded.valid_until_on`,
			id, k, db.Micros(tx.Now()), by, valid); err != nil {
			return err
		}
	}
	return nil
}

// version appends a profile and lets the state follow: pending becomes active when everything is there. to, when given, is a state that staff set.
func (s *Service) version(tx *db.Tx, n *network.Network, id, by string, p Profile, to State) error {
	var state string
	var version int64
	var outside bool
	if err := tx.Get(db.Into(&state, &version, &outside), "SELECT state, version, outside FROM pro WHERE id = $1", id); err != nil {
		if errors.Is(err, db.ErrNone) {
			err = errNoPro
		}
		return err
	}
	var err error
	if p.InsuredUntil, err = insuredUntil(tx, id); err != nil {
		return err
	}
	next := State(state)
	if to != "" {
		next = to
	}
	if next == Pending {
		done, err := db.Value[int64](tx, "SELECT count(*) FROM pro_check WHERE pro_id = $1 AND (valid_until_on = '' OR valid_until_on > $2)", id, tx.Now().In(geo.Paris()).Format(time.DateOnly))
		if err != nil {
			return err
		}
		if int(done) == len(Checks) && p.Complete() && !outside {
			next = Active
		}
	}
	moved, err := tx.Exec("UPDATE pro SET version = version + 1, state = $3 WHERE id = $1 AND version = $2", id, version, string(next))
	if err != nil {
		return err
	}
	if moved == 0 {
		return fault.New(fault.Conflict, "profile-moved", fault.T("Ce profil vient de changer. Rechargez la page.", "This profile has just changed. Reload the page."))
	}
	if err := tx.Send("INSERT INTO pro_version (pro_id, version, at, by_account, state, profile) VALUES ($1, $2, $3, $4, $5, $6)",
		id, version+1, db.Micros(tx.Now()), by, string(next), db.JSON(p)); err != nil {
		return err
	}
	if err := tx.Send("DELETE FROM pro_trade WHERE pro_id = $1", id); err != nil {
		return err
	}
	for _, t := range p.Trades {
		if err := tx.Send("INSERT INTO pro_trade (trade, pro_id) VALUES ($1, $2) ON CONFLICT (trade, pro_id) DO NOTHING", t, id); err != nil {
			return err
		}
	}
	if next == Active && !outside {
		if err := begin(tx, n, id); err != nil {
			return err
		}
	}
	tx.Wake("pro " + id)
	return nil
}

// Edit changes identity, profile and checks, by staff (ET-33: at the professional's wish, logged).
func (s *Service) Edit(ctx context.Context, actor auth.Actor, id string, in Input) error {
	if err := actor.May(auth.ProEdit); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	var was verified
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { was, err = verifiedBefore(tx, id); return err }); err != nil {
		return err
	}
	if err := s.normal(n, &in, was); err != nil {
		return err
	}
	ring, err := s.vault.Ring(ctx, id, categories...)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		args := []any{id, s.vault.Index("phone", in.Phone), person.EmailIndex(s.vault, in.Email), in.Base, in.Lang, s.vault.Index("siren", in.SIREN)}
		for _, f := range in.fields() {
			args = append(args, ring.SealText(string(f.category), at(f.column, id), *f.value))
		}
		// The registry number is the company: access is not passed on to another (ET-154).
		known, err := tx.Exec(`UPDATE pro SET phone_bidx = $2, email_bidx = $3, insee = $4, lang = $5, company_sealed = $7, contact_sealed = $8, siren_sealed = $9, phone_sealed = $10, email_sealed = $11, street_sealed = $12
			WHERE id = $1 AND siren_bidx = $6`, args...)
		if err != nil {
			return err
		}
		if known == 0 {
			var c fault.Check
			c.Add("siren", fault.T("Le SIREN ne change pas : un accès ne se transmet pas à une autre entreprise.", "The SIREN does not change: access is not passed on to another company."))
			return c.Err()
		}
		if err := s.insertWords(tx, id, in.Company+" "+in.Contact); err != nil {
			return err
		}
		before, err := insuredUntil(tx, id)
		if err != nil {
			return err
		}
		if err := setChecks(tx, id, actor.Name(), in.Checked, in.Until); err != nil {
			return err
		}
		if err := s.version(tx, n, id, actor.Name(), in.Profile, ""); err != nil {
			return err
		}
		was := Pro{Profile: Profile{Base: in.Profile.Base, InsuredUntil: before}}
		if was.Uninsured(tx.Now()) && slices.Contains(in.Checked, "insurance") {
			if err := s.tellInsurance(tx, n, Contact{ID: id, Identity: in.Identity, Ring: ring}, "insurance-renewed", in.Until); err != nil {
				return err
			}
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEdit), "pro.edit", id, "")
	})
}

// Suspend stops access at once, with a reason of the network's list (ET-85, 86); the professional is told (P2B art. 4).
func (s *Service) Suspend(ctx context.Context, actor auth.Actor, id, reason string) error {
	return s.setState(ctx, actor, id, Suspended, reason)
}

// Close ends access for good.
func (s *Service) Close(ctx context.Context, actor auth.Actor, id, reason string) error {
	return s.setState(ctx, actor, id, Closed, reason)
}

// Resume opens a suspended access again.
func (s *Service) Resume(ctx context.Context, actor auth.Actor, id string) error {
	return s.setState(ctx, actor, id, Pending, "")
}

func (s *Service) setState(ctx context.Context, actor auth.Actor, id string, to State, reason string) error {
	if err := actor.May(auth.ProSuspend); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if to != Pending && n.Suspension(reason) == (fault.Text{}) {
		var c fault.Check
		c.Add("reason", fault.T("Choisissez un motif de la liste.", "Choose a reason from the list."))
		return c.Err()
	}
	contacts, err := s.Contacts(ctx, id)
	if err != nil {
		return err
	}
	contact, ok := contacts[id]
	if !ok {
		return errNoPro
	}
	accounts, err := s.auth.OfPro(ctx, id)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error { // by his row: what he takes meanwhile is refused, or done and seen here
		p, err := Lock(tx, id)
		if err != nil {
			return err
		}
		if p.State == Suspended && p.Reason == ReasonRestriction && to == Pending {
			return fault.New(fault.Conflict, "frozen", fault.T("Ce professionnel a demandé le gel de ses données : la protection des données le lève.", "This professional asked that the data be frozen: data protection lifts it."))
		}
		if p.State == Closed || to == Pending && p.State != Suspended {
			return fault.New(fault.Conflict, "state-moved", fault.T("L’accès de ce professionnel a changé entre-temps.", "This professional's access has changed meanwhile."))
		}
		var ended []string
		for _, a := range accounts {
			ended = append(ended, a.ID)
		}
		if to == Closed {
			if err := s.end(tx, n, actor, p, reason, ended); err != nil {
				return err
			}
		} else {
			if err := tx.Send("UPDATE pro SET reason = $2 WHERE id = $1", id, reason); err != nil {
				return err
			}
			if err := s.version(tx, n, id, actor.Name(), p.Profile, to); err != nil {
				return err
			}
		}
		if to != Pending {
			// What he holds in his cart is free for others at once (ET-85).
			if err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE pro_id = $1 AND state = 'held'", id); err != nil {
				return err
			}
			letter, err := n.Message("suspended", contact.Lang, map[string]string{"reason": n.Suspension(reason).Say(contact.Lang), "name": contact.Contact})
			if err != nil {
				return err
			}
			if err := s.notify.Letter(tx, contact.Ring, letter, notify.Message{Person: id, Object: id, Kind: "suspended"}, contact.Phone, contact.Email); err != nil {
				return err
			}
		}
		tx.Wake("board")
		return audit.Write(tx, actor.Name(), actor.As(auth.ProSuspend), "pro."+string(to), id, reason)
	})
}

// Seed inserts an active professional with an account in tx, for demo data: the same rows as Create and Edit leave, without the letters.
func (s *Service) Seed(tx *db.Tx, ring, accountRing *vault.Ring, n *network.Network, id, account string, in Input) error {
	in.Checked, in.Until = Checks, tx.Now().AddDate(1, 0, 0).Format(time.DateOnly)
	if err := s.insert(tx, n, ring, auth.Machine, id, in); err != nil {
		return err
	}
	if err := privacy.Hold(tx, n, id, id, network.Professional, relation(n), held...); err != nil {
		return err
	}
	return s.auth.Create(tx, accountRing, account, auth.NewAccount{Kind: "pro", Pro: id, Name: in.Contact, Email: in.Email, Lang: in.Lang, State: "active", Actor: auth.Machine})
}

// SeedCategories are the keys that Seed needs.
func SeedCategories() []string { return slices.Clone(categories) }

// Covering counts, for each commune, the professionals of a trade who may buy and whose coverage holds it.
func (s *Service) Covering(ctx context.Context, trade string, communes ...geo.Commune) (counts []int, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		counts = make([]int, len(communes))
		all, err := OfTrade(tx, trade)
		for _, p := range all {
			if !p.MayBuy(tx.Now()) {
				continue
			}
			coverage := p.Profile.Coverage()
			for i, c := range communes {
				if coverage.Covers(c.Place(), 0) {
					counts[i]++
				}
			}
		}
		return err
	})
	return counts, err
}
