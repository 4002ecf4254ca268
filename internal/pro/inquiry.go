package pro

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Inquiry is what a provider verified of a professional, and what it was told of him for that (ET-115). Its answer is sealed; what remains of it
// once he is erased says who received what, and under which number, so that the provider can be told (GDPR art. 19).
type Inquiry struct {
	ID        string
	At        time.Time
	By        string // account of the staff who recorded it
	Recipient string // of the network file
	Kind      network.Verifies
	Fields    []network.ProField // what it was sent
	Reference string             // the provider's own number of its answer: no name stands in it
	On        string             // ISO date of the answer
	Until     string             // ISO date of the last day on which it counts; empty: no end
	Result    Result             // empty once erased
}

// Result of an inquiry. It decides nothing: what follows from it is a person's to say, with a reason of the network's list.
type Result string

// Results.
const (
	ResultClear    Result = "clear"
	ResultReserved Result = "reserved" // something to look into
	ResultAdverse  Result = "adverse"
)

// Results lists them.
func Results() []Result { return []Result{ResultClear, ResultReserved, ResultAdverse} }

// Label says a result.
func (r Result) Label() fault.Text {
	return map[Result]fault.Text{ResultClear: fault.T("rien à signaler", "nothing to report"), ResultReserved: fault.T("avec réserve", "with a reservation"), ResultAdverse: fault.T("défavorable", "adverse")}[r]
}

// Old says that an inquiry no longer counts on an ISO date.
func (q Inquiry) Old(today string) bool { return q.Until != "" && q.Until < today }

type finding struct {
	Result Result `json:"result"`
}

func inInquiry(id string) vault.Place {
	return vault.Place{Table: "pro_inquiry", Column: "finding_sealed", Row: id}
}

// fileNumber is what a provider calls its answer: figures among letters, so that nobody's name is one.
var fileNumber = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9/.-]{0,39}$`)

func (q Inquiry) check(n *network.Network, today string) error {
	var c fault.Check
	r, ok := n.Recipient(q.Recipient)
	ok = ok && slices.Contains(r.Verifies, q.Kind)
	c.That(ok, "provider", fault.T("Choisissez le prestataire et ce qu’il a vérifié.", "Choose the provider and what it verified."))
	c.That(len(q.Fields) > 0, "fields", fault.T("Cochez ce qui lui a été transmis.", "Tick what it was sent."))
	for _, f := range q.Fields {
		if ok && !slices.Contains(r.Fields, f) {
			label := f.Label()
			c.Add("fields", fault.T("Ce prestataire n’a pas à recevoir : "+label.FR+".", "This provider is not to get: "+label.EN+"."))
			break
		}
	}
	c.That(slices.Contains(Results(), q.Result), "result", fault.T("Choisissez le résultat.", "Choose the result."))
	c.That(fileNumber.MatchString(q.Reference) && strings.ContainsAny(q.Reference, "0123456789"), "inquiry_reference", fault.T("Écrivez le numéro que le prestataire donne à sa réponse : chiffres et lettres, 40 au plus, et jamais un nom.", "Write the number that the provider gives its answer: figures and letters, 40 at most, and never a name."))
	on, err := time.Parse(time.DateOnly, q.On)
	c.That(err == nil && q.On <= today, "on", fault.T("Écrivez la date de la réponse : aujourd’hui ou avant.", "Write the date of the answer: today or before."))
	if q.Until != "" {
		until, err := time.Parse(time.DateOnly, q.Until)
		c.That(err == nil && !until.Before(on), "until_on", fault.T("Écrivez jusqu’à quand la réponse vaut, après sa date, ou rien.", "Write until when the answer counts, after its date, or nothing."))
	}
	return c.Err()
}

// Inquire records what a provider of the network file answered about a professional, by staff. What it was sent must be on the provider's list. Faults:
// fields provider, fields, result, inquiry_reference, on, until_on; frozen while his data is restricted; state-moved once his access is closed.
func (s *Service) Inquire(ctx context.Context, actor auth.Actor, id string, q Inquiry) error {
	if err := actor.May(auth.ProEdit); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	q.Reference = strings.TrimSpace(q.Reference)
	if err := q.check(n, s.db.Now().In(geo.Paris()).Format(time.DateOnly)); err != nil {
		return err
	}
	ring, err := s.vault.Ring(ctx, id, string(network.DataDocuments))
	if err != nil {
		return err
	}
	sent := make([]string, len(q.Fields))
	for i, f := range q.Fields {
		sent[i] = string(f)
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error { // by his row: a restriction or an erasure comes before or after it
		if err := mayAdd(tx, id); err != nil {
			return err
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		row := tx.NewID("inq")
		if err := tx.Send("INSERT INTO pro_inquiry (id, pro_id, at, by_account, recipient, kind, fields, reference, answered_on, valid_until_on, finding_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
			row, id, db.Micros(tx.Now()), actor.Name(), q.Recipient, string(q.Kind), strings.Join(sent, " "), q.Reference, q.On, q.Until, ring.SealText(string(network.DataDocuments), inInquiry(row), db.JSON(finding{q.Result}))); err != nil {
			return err
		}
		if err := privacy.HoldMore(tx, n, id, id, network.Professional, relation(n), network.DataDocuments); err != nil {
			return err
		}
		tx.Wake("pro " + id)
		return audit.Write(tx, actor.Name(), actor.As(auth.ProEdit), "pro.inquiry", id, q.Recipient+" "+string(q.Kind)+": "+strings.Join(sent, " "))
	})
}

// mayAdd refuses what is added to the file of a professional whose data is stored and no more, or whose access is closed.
func mayAdd(tx *db.Tx, id string) error {
	p, err := Lock(tx, id)
	switch {
	case err != nil:
		return err
	case p.State == Suspended && p.Reason == ReasonRestriction:
		return fault.New(fault.Conflict, "frozen", fault.T("Ce professionnel a demandé le gel de ses données : rien ne s’y ajoute.", "This professional asked that the data be frozen: nothing is added to it."))
	case p.State == Closed:
		return fault.New(fault.Conflict, "state-moved", fault.T("L’accès de ce professionnel a changé entre-temps.", "This professional's access has changed meanwhile."))
	}
	return nil
}

// Inquiries opens what providers verified of a professional, newest first, for a room that has checked and recorded why he is read.
func (s *Service) Inquiries(ctx context.Context, id string) (all []Inquiry, err error) {
	rings, err := s.vault.Rings(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (q Inquiry, err error) {
			var at int64
			var sealed []byte
			var sent string
			if err = r.Scan(&q.ID, &at, &q.By, &q.Recipient, (*string)(&q.Kind), &sent, &q.Reference, &q.On, &q.Until, &sealed); err != nil {
				return q, err
			}
			q.At = db.Time(at)
			for f := range strings.FieldsSeq(sent) {
				q.Fields = append(q.Fields, network.ProField(f))
			}
			var found finding
			err = openJSON(rings[id], network.DataDocuments, inInquiry(q.ID), sealed, &found)
			q.Result = found.Result
			return q, err
		}, "SELECT id, at, by_account, recipient, kind, fields, reference, answered_on, valid_until_on, finding_sealed FROM pro_inquiry WHERE pro_id = $1 ORDER BY answered_on DESC, id DESC", id)
		return err
	})
	return all, err
}

// openJSON reads a sealed value; what is erased or archived stays zero.
func openJSON(ring *vault.Ring, c network.Category, at vault.Place, sealed []byte, to any) error {
	text, err := ring.OpenText(string(c), at, sealed)
	if errors.Is(err, vault.ErrErased) || errors.Is(err, vault.ErrArchived) || err == nil && text == "" {
		return nil
	}
	return cmp.Or(err, json.Unmarshal([]byte(text), to))
}

// Sent is a provider that received something of a professional, with its number of it.
type Sent struct {
	Recipient, Reference string
	At                   time.Time
}

// SentTo lists what providers received of professionals to verify them, oldest first: it outlasts what they answered.
func SentTo(tx *db.Tx, pros ...string) ([]Sent, error) {
	if len(pros) == 0 {
		return nil, nil
	}
	var args []any
	return db.List(tx, func(s db.Scanner) (x Sent, err error) {
		var at int64
		err = s.Scan(&x.Recipient, &x.Reference, &at)
		x.At = db.Time(at)
		return
	}, "SELECT recipient, reference, at FROM pro_inquiry WHERE pro_id IN ("+db.In(&args, pros)+") ORDER BY at, id", args...)
}
