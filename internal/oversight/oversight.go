// Package oversight keeps the officer's own files: breaches of personal data, impact assessments, reviews of security, requests of
// authorities and broken terms, each with its clock, its steps and what was handed to whom.
//
// A file has keys of its own, like a case: what it says in words is sealed, and lives as long as the network's purpose for it says. What a
// register needs to be counted and sorted by stands beside it in plain: kinds, instants, ids and figures.
package oversight

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
	"entremise/internal/inbox"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/vault"
)

// Holdings of this room.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "oversight_file", Person: "id", Record: "id", Category: network.DataOversight, Whose: network.Requester, Columns: []string{"body_sealed"}},
		{Table: "oversight_letter", Person: "file_id", Record: "file_id", Category: network.DataOversight, Whose: network.Requester, Columns: []string{"text_sealed"}},
	}
}

// Kind of a file.
type Kind string

// Kinds.
const (
	Breach     Kind = "breach"     // of personal data (GDPR art. 33, 34)
	Assessment Kind = "assessment" // of the impact of a purpose (GDPR art. 35)
	Review     Kind = "review"     // of the security measures (GDPR art. 32.1 d; RN-86, ET-120)
	Authority  Kind = "authority"  // request of an authority, a court or an officer of either (WA-22, WA-60)
	Terms      Kind = "terms"      // terms that an account broke (WA-23)
)

// Kinds lists every kind, in the order of the desk.
func Kinds() []Kind { return []Kind{Breach, Authority, Terms, Assessment, Review} }

// State of a file.
type State string

// States.
const (
	Open   State = "open"
	Closed State = "closed"
)

// Risk that a breach is to people.
type Risk string

// Levels of risk (GDPR art. 33.1, 34.1).
const (
	RiskNone Risk = "none" // unlikely: the authority need not be told
	RiskSome Risk = "risk"
	RiskHigh Risk = "high" // the people are told too
)

// Unknown is a number of people or records that nobody could tell yet.
const Unknown = -1

// File is one, opened.
type File struct {
	ID, Ref  string
	Kind     Kind
	At       time.Time // entered
	Since    time.Time // a breach was known, a request received, a review held
	State    State
	StateAt  time.Time
	By       string
	Risk     Risk
	Purposes []string
	Data     []network.Category
	People   int64 // concerned, about; Unknown
	Records  int64
	Words    map[string]string // by name of [Field]; empty once the file has ended
	Notified time.Time         // the authority was told of a breach, or an authority got its extract
	Saved    time.Time         // last change of what it says
	Next     string            // ISO day on which it is looked at again; empty for none
	Told     string            // how far the officer was warned: "", soon, late

	Due time.Time // end of a breach's clock while the authority is neither told nor need be; zero else
}

// Title is the file in one line; its reference once the words are gone.
func (f File) Title() string {
	for _, name := range []string{"title", "authority"} {
		if t := f.Words[name]; t != "" {
			return t
		}
	}
	return f.Ref
}

// Event is a step of a file.
type Event struct {
	At                  time.Time
	Kind, Actor, Object string
}

// Kinds of event.
const (
	EvOpened    = "opened"
	EvCompleted = "completed"
	EvNotified  = "notified" // the authority was told
	EvDeclined  = "declined" // it need not be told, with reasons
	EvTold      = "told"     // a letter to people; object: its id
	EvTied      = "tied"     // object: the person
	EvUntied    = "untied"   // object: the person
	EvHanded    = "handed"   // an extract was made; object: its SHA-256 and how many values it holds
	EvClosed    = "closed"   //
	EvSoon      = "soon"     // the clock is about to end
	EvLate      = "late"     // it has ended
)

// Service is the one way to act on files. Safe for concurrent use.
type Service struct{ Parts }

// Parts are what the composition root gives.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Notify   *notify.Service
	Pros     *pro.Service
	Inbox    *inbox.Service
	Life     *privacy.Engine
	URL      func(host, path string) string
}

// New makes the service.
func New(p Parts) *Service { return &Service{p} }

const jobTell job.Kind = "oversight.tell" // a row of oversight_letter

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(jobTell, s.tell)
	r.Every("clocks of breaches", time.Minute, s.sweepClocks)
}

const (
	category = string(network.DataOversight)
	letters  = string(network.DataMessages)
)

func at(table, column, id string) vault.Place {
	return vault.Place{Table: table, Column: column, Row: id}
}

var (
	errNone  = fault.New(fault.Missing, "no-file", fault.T("Ce dossier n’existe pas.", "There is no such file."))
	errState = fault.New(fault.Conflict, "file-state", fault.T("Ce dossier n’en est plus là : rechargez la page.", "This file has moved on: load the page again."))
	errOff   = fault.New(fault.Missing, "no-oversight", fault.T("Ce réseau ne tient pas ces dossiers : ajoutez « oversight » à son fichier.", "This network keeps no such files: add \"oversight\" to its file."))
)

const columns = "id, ref, kind, at, since_at, state, state_at, by_account, risk, purposes, data, people, records, body_sealed, notified_at, saved_at, next_on, told"

// stored is a file before it is opened.
type stored struct {
	File
	body []byte
}

func scan(s db.Scanner) (f stored, err error) {
	var entered, since, stateAt, notified, saved int64
	var purposes, data string
	err = s.Scan(&f.ID, &f.Ref, &f.Kind, &entered, &since, &f.State, &stateAt, &f.By, &f.Risk, &purposes, &data, &f.People, &f.Records, &f.body, &notified, &saved, &f.Next, &f.Told)
	f.At, f.Since, f.StateAt, f.Notified, f.Saved = db.Time(entered), db.Time(since), db.Time(stateAt), db.Time(notified), db.Time(saved)
	f.Purposes = strings.Fields(purposes)
	for _, c := range strings.Fields(data) {
		f.Data = append(f.Data, network.Category(c))
	}
	return f, err
}

// open unseals; what has ended reads as empty.
func (f *stored) open(r *vault.Ring) error {
	f.Words = map[string]string{}
	if len(f.body) == 0 || r == nil {
		return nil
	}
	text, err := r.Open(category, at("oversight_file", "body_sealed", f.ID), f.body)
	if errors.Is(err, vault.ErrErased) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &f.Words)
}

// clock sets the end of a breach's clock by the network in force. Hours run through week-ends (Reg. (EEC, Euratom) 1182/71 art. 3.4 moves
// the end of periods in days only).
func (f *File) clock(n *network.Network) {
	f.Due = time.Time{}
	if n.Oversight != nil && f.Kind == Breach && f.State == Open && f.Notified.IsZero() && f.Words["not_notified"] == "" {
		f.Due = n.Oversight.Notify.AddTo(f.Since)
	}
}

func load(tx *db.Tx, id string) (stored, error) {
	f, err := db.One(tx, scan, "SELECT "+columns+" FROM oversight_file WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return f, err
}

// get opens a file with its ring, for a caller who checked why.
func (s *Service) get(ctx context.Context, id string) (f File, n *network.Network, ring *vault.Ring, err error) {
	if n, err = s.network(ctx); err != nil {
		return
	}
	var found stored
	if err = s.DB.Read(ctx, func(tx *db.Tx) error { found, err = load(tx, id); return err }); err != nil {
		return
	}
	rings, err := s.Vault.Rings(ctx, id)
	if err != nil {
		return f, n, nil, err
	}
	ring = rings[id]
	err = found.open(ring)
	found.clock(n)
	return found.File, n, ring, err
}

// network in force, which must keep such files.
func (s *Service) network(ctx context.Context) (*network.Network, error) {
	n, err := s.Editions.InForce(ctx)
	if err == nil && n.Oversight == nil {
		err = errOff
	}
	return n, err
}

func note(tx *db.Tx, id, kind, actor, object string) error {
	return tx.Send("INSERT INTO oversight_event (id, file_id, at, kind, actor, object) VALUES ($1, $2, $3, $4, $5, $6)", tx.NewID("evt"), id, db.Micros(tx.Now()), kind, actor, object)
}

func sealBody(r *vault.Ring, id string, words map[string]string) []byte {
	return r.SealText(category, at("oversight_file", "body_sealed", id), db.JSON(words))
}

func joined[T ~string](words []T) string {
	all := make([]string, len(words))
	for i, w := range words {
		all[i] = string(w)
	}
	return strings.Join(all, " ")
}

var actor = auth.Machine // of jobs and sweeps
