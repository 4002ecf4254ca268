// Package inbox keeps cases: what people ask of the operator about their data, by form, mail, call, letter or through a professional, with
// the clock that law sets, until it is answered and everybody who had received the data was told.
//
// A case has keys of its own. It speaks of people whose records lie elsewhere, and is tied to them by blind index or by hand: what it says
// of itself, an address above all, is a claim and proves nobody.
package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/review"
	"entremise/internal/vault"
)

// Holdings of this room.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "inbox_case", Person: "id", Record: "id", Category: network.DataCase, Whose: network.Requester, Columns: []string{"name_sealed", "email_sealed", "email_bidx", "phone_sealed",
			"phone_bidx", "details_sealed", "doubt_sealed", "reasons_sealed", "answer_sealed"}},
		{Table: "inbox_directive", Person: "id", Record: "id", Category: network.DataCase, Whose: network.Requester, Columns: []string{"name_sealed", "email_sealed", "email_bidx", "phone_sealed", "phone_bidx",
			"trusted_sealed", "words_sealed"}},
		{Table: "inbox_letter", Person: "case_id", Record: "case_id", Category: network.DataCase, Whose: network.Requester, Columns: []string{"subject_sealed", "text_sealed", "parts_sealed", "raw_sealed"}},
		{Table: "inbox_note", Person: "case_id", Record: "case_id", Category: network.DataCase, Whose: network.Requester, Columns: []string{"text_sealed"}},
	}
}

// State of a case.
type State string

// States. Joined cases go on in the one that they were joined to; a letter is mail that asks nothing about data.
const (
	Open     State = "open"
	Waiting  State = "waiting" // for a proof of identity: the clock stands still
	Answered State = "answered"
	Refused  State = "refused"
	Joined   State = "joined"
	Letter   State = "letter"
)

// Case is one, opened.
type Case struct {
	ID, Ref  string
	At       time.Time // it was entered
	Received time.Time // it reached us, by whatever way: starts the clock (GDPR art. 12.3)
	Edition  string
	Site     string
	Lang     string
	Channel  network.RightChannel
	Asked    network.Right
	Scopes   []string
	State    State
	StateAt  time.Time

	Name, Email, Phone string
	Details            map[network.RightDetail]string
	Doubt              string // why we ask who somebody is
	Reasons            string // why it takes longer
	Answer             string
	Refusal            string // id of a ground of the network file

	LinkGeneration int64
	Proved         time.Time // somebody showed by a code that he reads the address or the number
	PausedAt       time.Time
	PausedFor      time.Duration
	Extended       time.Time
	AnsweredAt     time.Time
	By             string
	JoinedTo       string
	Told           string // how far the officer was warned: "", soon, late
	Confirmed      time.Time

	Due time.Time // end of its clock; zero for a letter, and while the clock stands still
}

// Running reports whether somebody still waits for an answer.
func (c Case) Running() bool { return c.State == Open || c.State == Waiting }

// Event is a step of a case.
type Event struct {
	At     time.Time
	Kind   string
	Actor  string
	Object string
}

// Kinds of event.
const (
	EvOpened     = "opened"
	EvTied       = "tied"
	EvLetter     = "letter"
	EvProved     = "proved"
	EvDoubt      = "doubt"
	EvIdentified = "identified"
	EvExtended   = "extended"
	EvNamed      = "named" // the officer said what is asked
	EvDone       = "done"  // object: what was done
	EvTold       = "told"  // object: the recipient
	EvAck        = "acknowledged"
	EvAnswered   = "answered"
	EvRefused    = "refused"
	EvJoined     = "joined"
	EvSoon       = "soon"
	EvLate       = "late"
	EvShared     = "shared" // the company that decides jointly was told (RN-07)
	EvOpenedCopy = "copy"   // the person opened the copy of his data
)

// Service is the one way to act on cases. Safe for concurrent use.
type Service struct {
	Parts
}

// Parts are what the composition root gives.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Notify   *notify.Service
	Pros     *pro.Service
	Requests *request.Service
	Authors  *review.Service
	Life     *privacy.Engine
	Links    *auth.Signer
	URL      func(host, path string) string
	Hook     Hook // posts signed notices; the zero Hook keeps them unsent
	Demo     bool // numbers reserved for fiction are accepted
}

// New makes the service.
func New(p Parts) *Service { return &Service{p} }

const jobTell job.Kind = "inbox.tell" // a row of inbox_told

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(jobTell, s.tell)
	r.Every("clocks of cases", 10*time.Second, s.sweepClocks)
	r.Every("recipients who did not confirm", 30*time.Second, s.sweepTold)
	r.Every("restrictions whose end was announced", 10*time.Second, s.sweepLifts)
}

const (
	category = string(network.DataCase)
	letters  = string(network.DataMessages)
)

func at(column, id string) vault.Place {
	return vault.Place{Table: "inbox_case", Column: column, Row: id}
}

// seal leaves what was not given empty.
func seal(r *vault.Ring, column, id, value string) []byte {
	if value == "" {
		return []byte{}
	}
	return r.SealText(category, at(column, id), value)
}

var errNone = fault.New(fault.Missing, "no-case", fault.T("Ce dossier n’existe pas.", "There is no such case."))

const columns = `id, ref, at, received_at, edition, site, lang, channel, asked, scopes, state, state_at, name_sealed, email_sealed, phone_sealed, details_sealed, doubt_sealed, reasons_sealed, answer_sealed,
	refusal, link_generation, proved_at, paused_at, paused_for, extended_at, answered_at, by_account, joined_id, told, confirmed_at`

// stored is a case before it is opened.
type stored struct {
	Case
	sealed [7][]byte
}

func scan(s db.Scanner) (c stored, err error) {
	var entered, received, stateAt, proved, paused, extended, answered, confirmed, pausedFor int64
	var scopes string
	err = s.Scan(&c.ID, &c.Ref, &entered, &received, &c.Edition, &c.Site, &c.Lang, &c.Channel, &c.Asked, &scopes, &c.State, &stateAt, &c.sealed[0], &c.sealed[1], &c.sealed[2], &c.sealed[3], &c.sealed[4],
		&c.sealed[5], &c.sealed[6], &c.Refusal, &c.LinkGeneration, &proved, &paused, &pausedFor, &extended, &answered, &c.By, &c.JoinedTo, &c.Told, &confirmed)
	c.At, c.Received, c.StateAt, c.Proved, c.PausedAt = db.Time(entered), db.Time(received), db.Time(stateAt), db.Time(proved), db.Time(paused)
	c.Extended, c.AnsweredAt, c.Confirmed = db.Time(extended), db.Time(answered), db.Time(confirmed)
	c.PausedFor, c.Scopes = time.Duration(pausedFor)*time.Microsecond, strings.Fields(scopes)
	return c, err
}

// open unseals; what was erased reads as empty.
func (c *stored) open(r *vault.Ring) error {
	details := ""
	for i, f := range []struct {
		column string
		to     *string
	}{{"name_sealed", &c.Name}, {"email_sealed", &c.Email}, {"phone_sealed", &c.Phone}, {"details_sealed", &details}, {"doubt_sealed", &c.Doubt}, {"reasons_sealed", &c.Reasons}, {"answer_sealed", &c.Answer}} {
		var err error
		if *f.to, err = r.OpenText(category, at(f.column, c.ID), c.sealed[i]); err != nil && !errors.Is(err, vault.ErrErased) {
			return err
		}
	}
	if details == "" {
		return nil
	}
	return json.Unmarshal([]byte(details), &c.Details)
}

// clock sets the end of a case's clock by the network in force.
func (c *Case) clock(n *network.Network) {
	if n.Rights == nil || c.State != Open {
		c.Due = time.Time{}
		return
	}
	if c.Asked == network.RightClosing && n.Access != nil { // what the terms promise is sooner than the month of law
		c.Due = n.Access.CloseBy(c.Received.Add(c.PausedFor))
		return
	}
	c.Due = n.Rights.Due(c.Received, !c.Extended.IsZero(), c.PausedFor)
}

func load(tx *db.Tx, id string) (stored, error) {
	c, err := db.One(tx, scan, "SELECT "+columns+" FROM inbox_case WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return c, err
}

// get opens a case with its ring, for a caller who checked why.
func (s *Service) get(ctx context.Context, id string) (c Case, n *network.Network, ring *vault.Ring, err error) {
	if n, err = s.Editions.InForce(ctx); err != nil {
		return
	}
	var found stored
	var held vault.Held
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if found, err = load(tx, id); err != nil {
			return err
		}
		held, err = vault.KeysOf(tx, id)
		return err
	}); err != nil {
		return
	}
	rings, err := s.Vault.Unlock(ctx, held, id)
	if err != nil {
		return c, n, nil, err
	}
	ring = rings[id]
	err = found.open(ring)
	found.clock(n)
	return found.Case, n, ring, err
}

func note(tx *db.Tx, id, kind, actor, object string) error {
	return tx.Send("INSERT INTO inbox_event (id, case_id, at, kind, actor, object) VALUES ($1, $2, $3, $4, $5, $6)", tx.NewID("evt"), id, db.Micros(tx.Now()), kind, actor, object)
}

func events(tx *db.Tx, id string) ([]Event, error) {
	return db.List(tx, func(s db.Scanner) (e Event, err error) {
		var at int64
		err = s.Scan(&at, &e.Kind, &e.Actor, &e.Object)
		e.At = db.Time(at)
		return e, err
	}, "SELECT at, kind, actor, object FROM inbox_event WHERE case_id = $1 ORDER BY at, id", id)
}

// linkCase keeps the private link of a case from opening another kind of door; linkTold that of a recipient.
const (
	linkCase = "case"
	linkTold = "told"
)

// Link opens a private link: it answers an actor for that one case.
func (s *Service) Link(ctx context.Context, token string) (auth.Actor, error) {
	id, generation, err := s.Links.ReadLink(linkCase, token)
	if err != nil {
		return auth.Actor{}, err
	}
	var c stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { c, err = load(tx, id); return err }); err != nil {
		return auth.Actor{}, err
	}
	if generation != c.LinkGeneration {
		return auth.Actor{}, auth.LinkGone()
	}
	return auth.Actor{Who: auth.Consumer, Case: id}, nil
}

func (s *Service) link(n *network.Network, c Case) string {
	host := n.Sites[0].Host
	if site, ok := n.Site(c.Site); ok {
		host = site.Host
	}
	return s.URL(host, "/d/"+s.Links.Link(linkCase, c.ID, c.LinkGeneration))
}

func siteName(n *network.Network, c Case) string {
	if site, ok := n.Site(c.Site); ok && site.Name.Say(c.Lang) != "" {
		return site.Name.Say(c.Lang)
	}
	return n.Operator.Name
}

// write sends the person a message about the case: by e-mail where there is an address, else by SMS.
func (s *Service) write(tx *db.Tx, n *network.Network, ring *vault.Ring, c Case, key string, vars map[string]string) error {
	_, err := s.writeKnown(tx, n, ring, c, key, vars)
	return err
}

// writeKnown is write, and answers the id of the message, by which its caller sees what became of it; empty where the person left no address.
func (s *Service) writeKnown(tx *db.Tx, n *network.Network, ring *vault.Ring, c Case, key string, vars map[string]string) (id string, err error) {
	all := map[string]string{"ref": c.Ref, "link": s.link(n, c), "site": siteName(n, c)}
	for k, v := range vars {
		all[k] = v
	}
	l, err := n.Message(key, c.Lang, all)
	if err != nil {
		return "", err
	}
	m := notify.Message{ID: tx.NewID("msg"), Person: c.ID, Object: c.ID, Kind: key}
	phone := c.Phone
	switch {
	case c.Email != "":
		phone, id = "", m.ID+"-"+notify.ByEmail
		m.ReplyTo = replyTo(n)
		if m.Answers, err = lastMessage(tx, ring, c.ID); err != nil {
			return "", err
		}
	case c.Phone != "":
		id = m.ID + "-" + notify.BySMS
	}
	return id, s.Notify.Letter(tx, ring, l, m, phone, c.Email)
}
