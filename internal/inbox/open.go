package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/review"
	"entremise/internal/vault"
)

// longest is how many characters somebody may write at once.
const longest = 4000

// Ask is what somebody asks, or what an agent, the officer or a professional writes down for him.
type Ask struct {
	Channel  network.RightChannel
	Asked    network.Right // empty: none was named, and the clock runs all the same (RN-112)
	Scopes   []string      // of an erasure the sets of data, of an objection the purposes, of a withdrawal the consents: ids of the network file
	Name     string
	Email    string
	Phone    string
	Details  map[network.RightDetail]string
	Subject  string
	Words    string
	Message  bool            // sent by the form for messages, which has boxes of its own
	Ticked   map[string]bool // of those boxes, by id
	About    string          // id of a subject of that form, which leads to a service; empty: none was chosen
	Lang     string
	Site     string
	Received time.Time // of a letter or a mail; zero is now
	Ref      string    // reference of a request that a professional bought: whose data it is about
}

// Opened tells where an ask went.
type Opened struct {
	ID, Ref string
	Joined  bool // into a case that was open already
	Due     time.Time
}

// channels that each sort of actor may use.
func mayBy(a auth.Actor, c network.RightChannel) bool {
	switch a.Who {
	case auth.Visitor, auth.Consumer:
		return c == network.RightByForm || c == network.RightByMember
	case auth.Professional:
		return c == network.RightBySpace
	case auth.StaffMember:
		return c == network.RightByPhone || c == network.RightByPost && a.Has(network.RoleOfficer)
	}
	return a.Who == auth.System
}

// Open takes an ask. It is a case from that moment, whoever wrote it; a second one for the same thing from the same address joins the first.
// What stops prospecting or takes a consent back is done at once (GDPR art. 7.3, 21.3). Faults name the fields.
func (s *Service) Open(ctx context.Context, actor auth.Actor, in Ask) (o Opened, err error) {
	if err = actor.May(auth.CaseOpen); err != nil {
		return o, err
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return o, err
	}
	if !mayBy(actor, in.Channel) || !n.Rights.Takes(in.Channel) {
		return o, fault.New(fault.Denied, "channel", fault.T("Une demande ne peut pas arriver par cette voie.", "A request cannot come this way."))
	}
	if err = s.normal(ctx, actor, n, &in); err != nil {
		return o, err
	}
	c := Case{ID: s.DB.NewID("cas"), Ref: request.NewRef("D"), Received: in.Received, Edition: n.Hash(), Site: in.Site, Lang: in.Lang, Channel: in.Channel, Asked: in.Asked, Scopes: in.Scopes, State: Open,
		Name: in.Name, Email: in.Email, Phone: in.Phone, Details: in.Details, LinkGeneration: 1}
	categories := []string{category, letters}
	if in.Message {
		categories = append(categories, string(network.DataConsent))
	}
	ring, err := s.Vault.New(ctx, c.ID, categories...)
	if err != nil {
		return o, err
	}
	tied, err := s.knownPeople(ctx, actor, in)
	if err != nil {
		return o, err
	}
	people, err := s.ready(ctx, tied)
	if err != nil {
		return o, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		o = Opened{}
		earlier, err := s.twin(tx, c)
		if err != nil {
			return err
		}
		if earlier != "" {
			o.ID, o.Joined = earlier, true
			return nil
		}
		o.ID, o.Ref = c.ID, c.Ref
		c.At = tx.Now()
		if err := s.insert(tx, n, ring, actor, c); err != nil {
			return err
		}
		if err := s.agreed(tx, n, ring, c, in); err != nil {
			return err
		}
		if err := insertLetter(tx, ring, c.ID, Post{Way: "in", Channel: in.Channel, Subject: in.Subject, Text: in.Words, By: actor.Account, At: in.Received}); err != nil {
			return err
		}
		if err := tie(tx, c.ID, actor.Name(), tied); err != nil {
			return err
		}
		if err := route(tx, c.ID, actor.Name(), serviceOf(n, actor, in)); err != nil {
			return err
		}
		if err := s.atOnce(tx, n, actor, c, in.Words, tied, people); err != nil {
			return err
		}
		if c.Channel == network.RightByPhone { // an agent has him on the line
			if err := s.exchanged(tx, n, c, network.ByCall, network.ByExchange); err != nil {
				return err
			}
		}
		if c.Channel == network.RightByMember {
			if err := shared(tx, c); err != nil {
				return err
			}
		}
		c.clock(n)
		o.Due = c.Due
		tx.Wake("cases")
		return s.write(tx, n, ring, c, "rights-received", map[string]string{"date": geo.Date(c.Due.In(geo.Paris()), c.Lang)})
	})
	if err == nil && o.Joined {
		return s.join(ctx, actor, o.ID, in)
	}
	return o, err
}

// normal reads addresses and finds every wrong field.
func (s *Service) normal(ctx context.Context, actor auth.Actor, n *network.Network, in *Ask) error {
	var c fault.Check
	if in.Lang != "en" {
		in.Lang = "fr"
	}
	if in.Asked == "" {
		in.Asked = network.RightUnnamed
	}
	in.Name, in.Words = strings.TrimSpace(in.Name), strings.TrimSpace(in.Words)
	c.That(slices.Contains(network.RightsAsked(), in.Asked), "asked", fault.T("Choisissez dans la liste.", "Choose from the list."))
	c.That(utf8.RuneCountInString(in.Name) >= 2 && utf8.RuneCountInString(in.Name) <= 120, "name", fault.T("Écrivez votre nom et votre prénom.", "Write your first and last name."))
	c.That(utf8.RuneCountInString(in.Words) <= longest, "words", fault.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", longest))
	if in.Message {
		in.message(n, &c)
	}
	if in.Asked == network.RightAfterDeath {
		c.That(n.Rights.AfterDeath, "asked", fault.T("Ce réseau n’enregistre pas de directives.", "This network does not record directives."))
	}
	if in.Asked == network.RightClosing {
		c.That(n.Access != nil && actor.Who != auth.Consumer && (actor.Who != auth.Professional || in.Ref == ""), "asked", fault.T("Choisissez dans la liste.", "Choose from the list."))
	}
	if in.Asked == network.RightErasure && in.Channel == network.RightByForm {
		c.That(len(in.Scopes) > 0, "scopes", fault.T("Dites ce qui doit être effacé : effacer l’un n’efface pas le reste.", "Say what is to be erased: erasing one does not erase the rest."))
	}
	if !in.Asked.Scoped() {
		in.Scopes = nil
	}
	for _, id := range in.Scopes {
		c.That(inScope(n, in.Asked, id), "scopes", fault.T("Choisissez dans la liste.", "Choose from the list."))
	}
	if in.Email != "" {
		e, err := person.ParseEmail(in.Email, false)
		if c.That(err == nil, "email", fault.T("Écrivez une adresse e-mail complète, comme nom@exemple.fr.", "Write a whole e-mail address, such as name@example.com.")); err == nil {
			in.Email = e
		}
	}
	if in.Phone != "" {
		p, err := phone.Parse(in.Phone, "", s.Demo)
		if c.That(err == nil, "phone", fault.T("Écrivez un numéro de téléphone complet.", "Write a whole phone number.")); err == nil {
			in.Phone = p
		}
	}
	textable := in.Phone != "" && phone.CanText(in.Phone)
	if in.Channel != network.RightByPost { // a letter is answered by letter
		c.That(in.Email != "" || textable, "email", fault.T("Donnez une adresse e-mail ou un numéro de mobile, pour recevoir la réponse.", "Give an e-mail address or a mobile number, to receive the answer."))
	} else {
		c.That(in.Email != "" || in.Phone != "" || in.Details[network.DetailAddress] != "", "details.address", fault.T("Écrivez l’adresse à laquelle répondre.", "Write the address to answer to."))
	}
	for d, v := range in.Details {
		v = strings.TrimSpace(v)
		if in.Details[d] = v; v == "" {
			delete(in.Details, d)
		}
		c.That(slices.Contains(n.Rights.Asks, d) || d == network.DetailAddress && in.Channel == network.RightByPost || in.Channel == network.RightByMember && (d == network.DetailMember || d == network.DetailMemberEmail), "details."+string(d), fault.T("Ce champ n’est pas demandé.", "This field is not asked."))
		c.That(utf8.RuneCountInString(v) <= 300, "details."+string(d), fault.T("Écrivez 300 caractères au plus.", "Write 300 characters at most."))
	}
	if in.Channel == network.RightByMember {
		checkMember(&c, in.Details, "details."+string(network.DetailMember), "details."+string(network.DetailMemberEmail))
	}
	now := s.DB.Now()
	if in.Received.IsZero() || in.Channel != network.RightByPost && in.Channel != network.RightByEmail {
		in.Received = now
	}
	c.That(!in.Received.After(now) && in.Received.After(now.AddDate(-1, 0, 0)), "received", fault.T("Écrivez le jour où le courrier est arrivé, aujourd’hui au plus tard.", "Write the day on which the letter came, today at the latest."))
	if in.Site == "" {
		in.Site = n.Sites[0].Host
	}
	if actor.Who == auth.Professional {
		ref, ok := request.ParseRef(in.Ref)
		c.That(ok || in.Ref == "", "ref", fault.T("Cette référence n’a pas la bonne forme.", "This reference does not have the right form."))
		in.Ref = ref
	}
	return c.Err()
}

// inScope reports whether an id is one that a right may be asked for: a set of data, or a purpose.
func inScope(n *network.Network, asked network.Right, id string) bool {
	switch asked {
	case network.RightObjection:
		return objectable(n, id)
	case network.RightWithdrawal:
		k, ok := n.Consent(id)
		return ok && k.Kind == network.KindConsent
	}
	_, ok := n.Rights.Scope(id)
	return ok
}

// subject is somebody whose records a case is about.
type subject struct {
	Person string
	Whose  network.Person
}

// knownPeople finds whom an ask is about: the holder of a private link, the consumer of a request that a professional names, and whoever
// gave the same number or address. That two share an address is a reason to look, never a proof.
func (s *Service) knownPeople(ctx context.Context, actor auth.Actor, in Ask) (found []subject, err error) {
	add := func(whose network.Person, ids ...string) {
		for _, id := range ids {
			if !slices.ContainsFunc(found, func(x subject) bool { return x.Person == id }) {
				found = append(found, subject{id, whose})
			}
		}
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found = nil
		if actor.Who == auth.Consumer && actor.Request != "" {
			id, err := request.PersonOf(tx, actor.Request)
			if err != nil {
				return err
			}
			add(network.Consumer, id)
		}
		if actor.Who == auth.Consumer && actor.Invite != "" {
			id, err := review.PersonOf(tx, actor.Invite)
			if err != nil {
				return err
			}
			add(network.Consumer, id)
		}
		if actor.Who == auth.Professional && in.Ref == "" {
			add(network.Professional, actor.Pro)
		}
		if actor.Who == auth.Professional && in.Ref != "" {
			id, err := request.PersonBought(tx, in.Ref, actor.Pro)
			if err != nil {
				return err
			}
			add(network.Consumer, id)
		}
		for _, by := range []struct{ phone, email string }{{in.Phone, ""}, {"", in.Email}} {
			if by.phone == "" && by.email == "" {
				continue
			}
			ids, err := person.Search(tx, s.Vault, by.phone, by.email, "", 100)
			if err != nil {
				return err
			}
			add(network.Consumer, ids...)
			if ids, err = s.Pros.Reached(tx, by.phone, by.email); err != nil {
				return err
			}
			add(network.Professional, ids...)
		}
		return nil
	})
	return found, err
}

func tie(tx *db.Tx, id, by string, tied []subject) error {
	for _, t := range tied {
		n, err := tx.Exec("INSERT INTO inbox_subject (case_id, person_id, whose, at) VALUES ($1, $2, $3, $4) ON CONFLICT (case_id, person_id) DO NOTHING", id, t.Person, string(t.Whose), db.Micros(tx.Now()))
		if err != nil {
			return err
		}
		if n > 0 {
			if err := note(tx, id, EvTied, by, t.Person); err != nil {
				return err
			}
		}
	}
	return nil
}

func subjects(tx *db.Tx, id string) ([]subject, error) {
	return db.List(tx, func(s db.Scanner) (t subject, err error) { err = s.Scan(&t.Person, &t.Whose); return },
		"SELECT person_id, whose FROM inbox_subject WHERE case_id = $1 ORDER BY at, person_id", id)
}

// rings of people, with the key under which the salts of their consents are sealed. Whose consents were erased has none: nothing of his
// stands any more.
func (s *Service) rings(ctx context.Context, tied []subject) (map[string]*vault.Ring, error) {
	all := map[string]*vault.Ring{}
	for _, t := range tied {
		r, err := s.Vault.Ring(ctx, t.Person, string(network.DataConsent))
		if errors.Is(err, vault.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[t.Person] = r
	}
	return all, nil
}

// twin is an open case of the same address that asks the same.
func (s *Service) twin(tx *db.Tx, c Case) (string, error) {
	ids, err := db.Values[string](tx, `SELECT id FROM inbox_case WHERE state IN ('open', 'waiting') AND asked = $1 AND scopes = $2 AND (email_bidx <> '' AND email_bidx = $3 OR phone_bidx <> '' AND phone_bidx = $4)
		ORDER BY received_at, id LIMIT 1`, string(c.Asked), strings.Join(c.Scopes, " "), person.EmailIndex(s.Vault, c.Email), person.PhoneIndex(s.Vault, c.Phone))
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

func (s *Service) insert(tx *db.Tx, n *network.Network, ring *vault.Ring, actor auth.Actor, c Case) error {
	if err := ring.Assign(tx); err != nil {
		return err
	}
	details := ""
	if len(c.Details) > 0 {
		details = db.JSON(c.Details)
	}
	now := db.Micros(tx.Now())
	err := tx.Send(`INSERT INTO inbox_case (id, ref, at, received_at, edition, site, lang, channel, asked, scopes, state, state_at, name_sealed, email_sealed, email_bidx, phone_sealed, phone_bidx, details_sealed,
		doubt_sealed, reasons_sealed, answer_sealed, refusal, link_generation, proved_at, paused_at, paused_for, extended_at, answered_at, by_account, joined_id, told, confirmed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $3, $12, $13, $14, $15, $16, $17, $18, $18, $18, '', 1, 0, 0, 0, 0, 0, $19, '', '', $20)`,
		c.ID, c.Ref, now, db.Micros(c.Received), c.Edition, c.Site, c.Lang, string(c.Channel), string(c.Asked), strings.Join(c.Scopes, " "), string(c.State),
		seal(ring, "name_sealed", c.ID, c.Name), seal(ring, "email_sealed", c.ID, c.Email), person.EmailIndex(s.Vault, c.Email), seal(ring, "phone_sealed", c.ID, c.Phone), person.PhoneIndex(s.Vault, c.Phone),
		seal(ring, "details_sealed", c.ID, details), []byte{}, actor.Account, db.Micros(c.Confirmed))
	if err != nil {
		return err
	}
	if err := privacy.Hold(tx, n, c.ID, c.ID, network.Requester, network.WhileCaseOpen, network.DataCase, network.DataMessages); err != nil {
		return err
	}
	if err := note(tx, c.ID, EvOpened, actor.Name(), string(c.Channel)); err != nil {
		return err
	}
	return audit.Write(tx, actor.Name(), actor.As(auth.CaseOpen), "case.open", c.ID, string(c.Asked))
}

// join adds what was asked again to the case that is open; its clock is the first one's.
func (s *Service) join(ctx context.Context, actor auth.Actor, id string, in Ask) (o Opened, err error) {
	c, n, ring, err := s.get(ctx, id)
	if err != nil {
		return o, err
	}
	o = Opened{ID: id, Ref: c.Ref, Joined: true, Due: c.Due}
	if in.Message {
		if err := s.Vault.Add(ctx, ring, string(network.DataConsent)); err != nil {
			return o, err
		}
	}
	return o, s.DB.Write(ctx, func(tx *db.Tx) error {
		if in.Message {
			if err := ring.Assign(tx); err != nil {
				return err
			}
		}
		if err := s.agreed(tx, n, ring, c, in); err != nil {
			return err
		}
		if err := insertLetter(tx, ring, id, Post{Way: "in", Channel: in.Channel, Subject: in.Subject, Text: in.Words, By: actor.Account, At: in.Received}); err != nil {
			return err
		}
		if in.Channel == network.RightByMember {
			if _, err := joined(tx, ring, c, in.Details); err != nil {
				return err
			}
		}
		if err := note(tx, id, EvLetter, actor.Name(), string(in.Channel)); err != nil {
			return err
		}
		if err := audit.Write(tx, actor.Name(), actor.As(auth.CaseOpen), "case.join", id, ""); err != nil {
			return err
		}
		sent, err := db.Value[int64](tx, "SELECT count(*) FROM message WHERE object = $1 AND kind = 'rights-received' AND at > $2", id, db.Micros(tx.Now().AddDate(0, 0, -1)))
		if err != nil || sent > 0 {
			return err // whoever writes twice a day has its link already
		}
		return s.write(tx, n, ring, c, "rights-received", map[string]string{"date": geo.Date(c.Due.In(geo.Paris()), c.Lang)})
	})
}

// atOnce does what needs no weighing: the person's consents end with his word, and so does every use that he objects to. words are his own.
func (s *Service) atOnce(tx *db.Tx, n *network.Network, actor auth.Actor, c Case, words string, tied []subject, r ready) error {
	switch c.Asked {
	case network.RightProspecting:
		if err := s.stopSelling(tx, n, actor, c, tied, r); err != nil {
			return err
		}
	case network.RightObjection:
		if len(c.Scopes) == 0 {
			return nil // to what, the officer asks
		}
		if err := s.objectNow(tx, n, actor, c, words, tied, r); err != nil {
			return err
		}
	case network.RightWithdrawal:
		for _, t := range tied {
			if err := s.withdrawAll(tx, n, actor, c, t, r.rings[t.Person]); err != nil {
				return err
			}
		}
	default:
		return nil
	}
	return note(tx, c.ID, EvDone, "system", string(c.Asked))
}

// withdrawAll takes the consents of somebody back: those that a case names, or every one.
func (s *Service) withdrawAll(tx *db.Tx, n *network.Network, actor auth.Actor, c Case, t subject, ring *vault.Ring) error {
	if ring == nil {
		return nil
	}
	objects, err := privacy.Objects(tx, t.Person)
	if err != nil {
		return err
	}
	for _, o := range objects {
		for _, k := range n.Consents {
			if k.Kind != network.KindConsent || len(c.Scopes) > 0 && !slices.Contains(c.Scopes, k.ID) {
				continue
			}
			withdrawn, err := privacy.Withdraw(tx, ring, n, t.Person, o, k.ID, channelWord(c.Channel), c.Lang, c.Ref)
			if err != nil {
				return err
			}
			if withdrawn {
				if err := audit.Write(tx, actor.Name(), actor.As(auth.CaseOpen), "consent.withdraw", o, k.ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// channelWord is a case's channel as the ledger of consents knows it.
func channelWord(c network.RightChannel) string {
	switch c {
	case network.RightByPhone:
		return "phone"
	case network.RightByPost:
		return "paper"
	}
	return "form"
}

// Post is one letter of a case, coming or going.
type Post struct {
	ID      string
	Way     string // in, out, proof
	Channel network.RightChannel
	By      string
	At      time.Time
	Message string // Message-ID of a mail, in angle brackets; empty for none
	Subject string
	Text    string
	Parts   []Part
	Raw     []byte // as it came; not read back in a list
	Whole   bool   // its raw bytes are kept: [Service.Raw]
}

// Part is an attachment as it is listed; it is never shown.
type Part struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Size int    `json:"size"` // bytes
}

// envelope is what of a letter is sealed as one value.
type envelope struct {
	Message string `json:"message,omitempty"`
	Parts   []Part `json:"parts,omitempty"`
}

// MessageHash is the digest under which a Message-ID is looked up; empty for none.
func MessageHash(id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func inLetter(column, id string) vault.Place {
	return vault.Place{Table: "inbox_letter", Column: column, Row: id}
}

func insertLetter(tx *db.Tx, r *vault.Ring, id string, p Post) error {
	p.ID = tx.NewID("let")
	text := func(column, v string) []byte {
		if v == "" {
			return []byte{}
		}
		return r.SealText(category, inLetter(column, p.ID), v)
	}
	parts, raw := "", []byte{}
	if len(p.Parts) > 0 || p.Message != "" {
		parts = db.JSON(envelope{p.Message, p.Parts})
	}
	if len(p.Raw) > 0 {
		raw = r.Seal(category, inLetter("raw_sealed", p.ID), p.Raw)
	}
	return tx.Send(`INSERT INTO inbox_letter (id, case_id, at, way, channel, by_account, message_hash, subject_sealed, text_sealed, parts_sealed, raw_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		p.ID, id, db.Micros(p.At), p.Way, string(p.Channel), p.By, MessageHash(p.Message), text("subject_sealed", p.Subject), text("text_sealed", p.Text), text("parts_sealed", parts), raw)
}
