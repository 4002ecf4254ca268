package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// What a directive says of the data after its author's death (Act 78-17 art. 85 I; RN-107, WA-69).
const (
	AfterKeep     = "keep"
	AfterErase    = "erase"
	AfterHandOver = "hand-over" // a copy goes to the person named
)

// Directive is somebody's word on his data after his death. It has keys of its own, apart from his records and from the case that it came with: it
// stands until he changes or revokes it, or it is executed.
type Directive struct {
	ID, Ref      string
	At           time.Time
	Case         string // that it came with
	Lang         string
	What         string
	Name         string // its author
	Email, Phone string
	Trusted      Trusted
	Words        string
	State        string // stands, revoked, executed
	StateAt      time.Time
}

// Trusted is who carries a directive out, and gets the copy where the directive says so.
type Trusted struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Directing is what somebody writes.
type Directing struct {
	What    string
	Trusted Trusted
	Words   string
}

func (in *Directing) check() error {
	var c fault.Check
	in.Trusted.Name, in.Trusted.Email, in.Words = strings.TrimSpace(in.Trusted.Name), strings.TrimSpace(in.Trusted.Email), strings.TrimSpace(in.Words)
	c.That(slices.Contains([]string{AfterKeep, AfterErase, AfterHandOver}, in.What), "what", fault.T("Choisissez dans la liste.", "Choose from the list."))
	if in.What == AfterHandOver || in.Trusted != (Trusted{}) {
		c.That(utf8.RuneCountInString(in.Trusted.Name) >= 2 && utf8.RuneCountInString(in.Trusted.Name) <= 120, "trusted_name", fault.T("Écrivez le nom de la personne de confiance.", "Write the name of the trusted person."))
		e, err := person.ParseEmail(in.Trusted.Email, false)
		c.That(err == nil, "trusted_email", fault.T("Écrivez l’adresse e-mail de la personne de confiance.", "Write the e-mail address of the trusted person."))
		in.Trusted.Email = e
	}
	c.That(utf8.RuneCountInString(in.Words) <= 2000, "words", fault.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", 2000))
	return c.Err()
}

func inDirective(column, id string) vault.Place {
	return vault.Place{Table: "inbox_directive", Column: column, Row: id}
}

const directiveColumns = "id, ref, at, case_id, lang, what, name_sealed, email_sealed, phone_sealed, trusted_sealed, words_sealed, state, state_at"

type storedDirective struct {
	Directive
	sealed [5][]byte
}

func scanDirective(s db.Scanner) (d storedDirective, err error) {
	var at, stateAt int64
	err = s.Scan(&d.ID, &d.Ref, &at, &d.Case, &d.Lang, &d.What, &d.sealed[0], &d.sealed[1], &d.sealed[2], &d.sealed[3], &d.sealed[4], &d.State, &stateAt)
	d.At, d.StateAt = db.Time(at), db.Time(stateAt)
	return d, err
}

// openDirective unseals; what was erased reads as empty.
func (d *storedDirective) open(r *vault.Ring) error {
	trusted := ""
	for i, f := range []struct {
		column string
		to     *string
	}{{"name_sealed", &d.Name}, {"email_sealed", &d.Email}, {"phone_sealed", &d.Phone}, {"trusted_sealed", &trusted}, {"words_sealed", &d.Words}} {
		var err error
		if *f.to, err = r.OpenText(category, inDirective(f.column, d.ID), d.sealed[i]); err != nil && !errors.Is(err, vault.ErrErased) {
			return err
		}
	}
	if trusted == "" {
		return nil
	}
	return json.Unmarshal([]byte(trusted), &d.Trusted)
}

// Directive opens the directive that stands of the holder of a case's link, once he has proved by a code that the address or the number is his.
// ok is false when there is none.
func (s *Service) Directive(ctx context.Context, actor auth.Actor) (c Case, d Directive, ok bool, err error) {
	if c, _, _, err = s.ownProved(ctx, actor); err != nil {
		return c, d, false, err
	}
	all, err := s.directives(ctx, [2]string{person.EmailIndex(s.Vault, c.Email), person.PhoneIndex(s.Vault, c.Phone)})
	if err != nil || len(all) == 0 {
		return c, d, false, err
	}
	return c, all[0], true, nil
}

// ownProved is the case of a link whose holder may speak of what becomes of his data: a link alone could be somebody else's.
func (s *Service) ownProved(ctx context.Context, actor auth.Actor) (Case, *network.Network, *vault.Ring, error) {
	c, n, ring, err := s.own(ctx, actor)
	switch {
	case err != nil:
		return c, n, ring, err
	case c.Asked != network.RightAfterDeath || n.Rights == nil || !n.Rights.AfterDeath:
		return c, n, ring, errNone
	case !actor.Coded:
		return c, n, ring, errCoded
	}
	return c, n, ring, nil
}

var errCoded = fault.New(fault.Denied, "code-needed", fault.T("Tapez d’abord le code que nous vous envoyons.", "Type the code that we send you first."))

// directives are those that stand of any of the addresses, the newest first; each pair is an e-mail's and a number's blind index.
func (s *Service) directives(ctx context.Context, of ...[2]string) (all []Directive, err error) {
	var found []storedDirective
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		found = nil
		for _, x := range of {
			some, err := db.List(tx, scanDirective, "SELECT "+directiveColumns+" FROM inbox_directive WHERE state = 'stands' AND (email_bidx <> '' AND email_bidx = $1 OR phone_bidx <> '' AND phone_bidx = $2) ORDER BY at DESC, id", x[0], x[1])
			if err != nil {
				return err
			}
			for _, d := range some {
				if !slices.ContainsFunc(found, func(f storedDirective) bool { return f.ID == d.ID }) {
					found = append(found, d)
				}
			}
		}
		return nil
	}); err != nil || len(found) == 0 {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, d := range found {
		ids[i] = d.ID
	}
	rings, err := s.Vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if err := found[i].open(rings[found[i].ID]); err != nil {
			return nil, err
		}
		all = append(all, found[i].Directive)
	}
	return all, nil
}

// Direct records the directive of the holder of a case's link, in place of the one that stood. Faults name the fields.
func (s *Service) Direct(ctx context.Context, actor auth.Actor, in Directing) error {
	c, _, _, err := s.ownProved(ctx, actor)
	if err != nil {
		return err
	}
	return s.direct(ctx, actor, auth.CaseReadOwn, c.ID, in)
}

// DirectFor is Direct by the officer, from a letter.
func (s *Service) DirectFor(ctx context.Context, actor auth.Actor, id string, in Directing) error {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	return s.direct(ctx, actor, auth.CaseAnswer, id, in)
}

func (s *Service) direct(ctx context.Context, actor auth.Actor, act auth.Action, id string, in Directing) error {
	if err := in.check(); err != nil {
		return err
	}
	c, n, ring, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	if c.Asked != network.RightAfterDeath || n.Rights == nil || !n.Rights.AfterDeath || c.Email == "" && c.Phone == "" {
		return errState
	}
	d := Directive{ID: s.DB.NewID("dir"), Ref: request.NewRef("D")}
	own, err := s.Vault.New(ctx, d.ID, category)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.revoke(tx, n, c); err != nil {
			return err
		}
		if err := own.Assign(tx); err != nil {
			return err
		}
		text := func(column, v string) []byte {
			if v == "" {
				return []byte{}
			}
			return own.SealText(category, inDirective(column, d.ID), v)
		}
		trusted := ""
		if in.Trusted != (Trusted{}) {
			trusted = db.JSON(in.Trusted)
		}
		now := db.Micros(tx.Now())
		if err := tx.Send(`INSERT INTO inbox_directive (id, ref, at, case_id, lang, what, name_sealed, email_sealed, email_bidx, phone_sealed, phone_bidx, trusted_sealed, words_sealed, state, state_at, by_account)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'stands', $3, $14)`, d.ID, d.Ref, now, c.ID, c.Lang, in.What, text("name_sealed", c.Name), text("email_sealed", c.Email), person.EmailIndex(s.Vault, c.Email),
			text("phone_sealed", c.Phone), person.PhoneIndex(s.Vault, c.Phone), text("trusted_sealed", trusted), text("words_sealed", in.Words), actor.Account); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, d.ID, d.ID, network.Requester, network.WhileCaseOpen, network.DataCase); err != nil {
			return err
		}
		said := DirectiveLabel(in.What).Say(c.Lang)
		if in.Trusted.Name != "" {
			said += " (" + in.Trusted.Name + ")"
		}
		if err := s.write(tx, n, ring, c, "rights-answered", map[string]string{"authority": authority(n),
			"answer": fault.T("Votre directive est enregistrée : ", "Your directive is recorded: ").Say(c.Lang) + said + ". " + fault.T("Vous pouvez la changer ou la révoquer à tout moment.", "You may change or revoke it at any time.").Say(c.Lang)}); err != nil {
			return err
		}
		tx.Wake("cases")
		return errors.Join(note(tx, c.ID, EvDone, actor.Name(), Directed), audit.Write(tx, actor.Name(), actor.As(act), "directive.record", d.ID, in.What))
	})
}

// What was done about directives, as the object of an event.
const (
	Directed  = "directed"
	Undirect  = "undirected"
	DeathKept = "death-keep"
	DeathGone = "death-erase"
	DeathCopy = "death-hand-over"
)

// Undirect revokes the directive of the holder of a case's link.
func (s *Service) Undirect(ctx context.Context, actor auth.Actor) error {
	c, n, _, err := s.ownProved(ctx, actor)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.revoke(tx, n, c); err != nil {
			return err
		}
		tx.Wake("cases")
		return errors.Join(note(tx, c.ID, EvDone, actor.Name(), Undirect), audit.Write(tx, actor.Name(), actor.As(auth.CaseReadOwn), "directive.revoke", c.ID, ""))
	})
}

// revoke ends the directives that stand of a case's address and number; what is kept of them counts from now.
func (s *Service) revoke(tx *db.Tx, n *network.Network, c Case) error {
	ids, err := db.Values[string](tx, "SELECT id FROM inbox_directive WHERE state = 'stands' AND (email_bidx <> '' AND email_bidx = $1 OR phone_bidx <> '' AND phone_bidx = $2)",
		person.EmailIndex(s.Vault, c.Email), person.PhoneIndex(s.Vault, c.Phone))
	for _, id := range ids {
		if err == nil {
			err = s.endDirective(tx, n, id, "revoked")
		}
	}
	return err
}

func (s *Service) endDirective(tx *db.Tx, n *network.Network, id, state string) error {
	changed, err := tx.Exec("UPDATE inbox_directive SET state = $2, state_at = $3 WHERE id = $1 AND state = 'stands'", id, state, db.Micros(tx.Now()))
	if err != nil {
		return err
	}
	if changed == 0 {
		return errState
	}
	return privacy.Ended(tx, n, id, id, network.WhileCaseOpen)
}

// DirectivesFor are those that stand of the people of a case, or of its own address, for its officer.
func (s *Service) DirectivesFor(ctx context.Context, actor auth.Actor, f File) ([]Directive, error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return nil, err
	}
	if f.Asked != network.RightAfterDeath {
		return nil, nil
	}
	of := [][2]string{{person.EmailIndex(s.Vault, f.Email), person.PhoneIndex(s.Vault, f.Phone)}}
	var ids []string
	for _, p := range f.People {
		if p.Whose == network.Consumer {
			ids = append(ids, p.ID)
		}
	}
	rings, err := s.Vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		of = of[:1]
		for _, id := range ids {
			who, err := person.Get(tx, rings[id], id)
			if errors.Is(err, db.ErrNone) {
				continue
			}
			if err != nil {
				return err
			}
			of = append(of, [2]string{person.EmailIndex(s.Vault, who.Email), person.PhoneIndex(s.Vault, who.Phone)})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	return s.directives(ctx, of...)
}

// Death is a declared death.
type Death struct {
	Directive string
	Proof     string // what was seen, as a reference: never the paper itself
}

// Declare executes a directive at its author's death, of which the officer has seen a proof: the data of the people of the case is erased, or a copy
// of it goes to the trusted person by a link and a code, or it is kept. Nobody is solicited any more in any case (Act 78-17 art. 85 I). Without a
// directive there is nothing to execute, and what heirs may ask is answered as a case (art. 85 II).
func (s *Service) Declare(ctx context.Context, actor auth.Actor, id string, in Death) error {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	if err := words("proof", in.Proof, 3); err != nil {
		return err
	}
	f, err := s.file(ctx, id)
	if err != nil {
		return err
	}
	if !f.Running() { // before anything is erased
		return errState
	}
	standing, err := s.DirectivesFor(ctx, auth.Machine, f)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(standing, func(d Directive) bool { return d.ID == in.Directive })
	if i < 0 || len(f.People) == 0 {
		return errNone
	}
	d := standing[i]
	people, tied := make([]string, len(f.People)), make([]subject, len(f.People))
	for k, p := range f.People {
		people[k], tied[k] = p.ID, subject{p.ID, p.Whose}
	}
	open, err := s.ready(ctx, tied)
	if err != nil {
		return err
	}
	var requests []request.Traced
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { requests, err = request.OfPeople(tx, people...); return }); err != nil {
		return err
	}
	var heir *vault.Ring
	to := Case{ID: s.DB.NewID("cas"), Ref: request.NewRef("D"), Received: s.DB.Now(), Edition: f.Network.Hash(), Site: f.Site, Lang: d.Lang, Channel: f.Channel, Asked: network.RightAccess, State: Open,
		Name: d.Trusted.Name, Email: d.Trusted.Email, LinkGeneration: 1}
	if d.What == AfterHandOver {
		if heir, err = s.Vault.New(ctx, to.ID, category, letters); err != nil {
			return err
		}
	}
	if d.What == AfterErase { // again after it was cut off: what is erased stays so
		for _, p := range people {
			if _, err := s.Life.Erase(ctx, actor, p, privacy.Scope{}, f.Ref); err != nil && !fault.Is(err, fault.Missing) {
				return err
			}
		}
	}
	done := map[string]string{AfterKeep: DeathKept, AfterErase: DeathGone, AfterHandOver: DeathCopy}[d.What]
	return s.act(ctx, actor, id, "directive.execute", EvDone, done, []State{Open, Waiting}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		if err := s.endDirective(tx, n, d.ID, "executed"); err != nil {
			return err
		}
		if err := insertLetter(tx, ring, id, Post{Way: "in", Channel: c.Channel, Subject: fault.T("Preuve vue", "Proof seen").Say(c.Lang), Text: strings.TrimSpace(in.Proof), By: actor.Account, At: tx.Now()}); err != nil {
			return err
		}
		switch d.What {
		case AfterErase: // nothing is written under keys that are gone; the numbers are stopped all the same
			if err := s.Requests.StopSelling(tx, channelWord(c.Channel), d.Phone, d.Email); err != nil {
				return err
			}
			return s.tellRecipients(tx, n, id, Erasure, requests)
		case AfterHandOver:
			to.At = tx.Now()
			if err := s.insert(tx, n, heir, actor, to); err != nil {
				return err
			}
			if err := tie(tx, to.ID, actor.Name(), tied); err != nil {
				return err
			}
			text := fault.T("Par sa directive, "+d.Name+" a voulu que vous receviez une copie de ses données. Elle s’ouvre par ce lien, après un code.", d.Name+" directed that you receive a copy of the data. It opens by this link, after a code.").Say(d.Lang)
			if err := s.close(tx, n, heir, actor, to, Reply{Text: text}, Answered); err != nil {
				return err
			}
		}
		dead := c
		dead.Email, dead.Phone = d.Email, d.Phone
		return s.stopSelling(tx, n, actor, dead, tied, open)
	})
}

// DirectiveLabel says in words what a directive wants.
func DirectiveLabel(what string) fault.Text {
	return map[string]fault.Text{
		AfterKeep:     fault.T("Garder mes données jusqu’au terme prévu", "Keep my data until its planned end"),
		AfterErase:    fault.T("Effacer mes données", "Erase my data"),
		AfterHandOver: fault.T("Remettre une copie de mes données à une personne de confiance", "Hand a copy of my data to a trusted person"),
	}[what]
}
