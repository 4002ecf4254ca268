package request

import (
	"context"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/vault"
)

// A consumer may correct his request while an agent has it on his desk. Neither overwrites the other: a draft says how many corrections whoever
// typed it had seen, each correction names in its event the fields that it changed, and what both changed differently is for the agent to decide.

// errCorrected keeps a desk from being published over a correction that its agent has not seen.
var errCorrected = fault.New(fault.Conflict, "corrected", fault.T("La demande a été corrigée pendant que vous la traitiez. Rien n’est perdu : choisissez ce que vous gardez.", "The request was corrected while you worked on it. Nothing is lost: choose what you keep."))

// Change is a field that was corrected since a desk was opened, and stands otherwise on the desk.
type Change struct {
	Field     string // as in Correction's inputs: phone, answers.leak
	Desk, Now []string
}

// corrections counts how often a request was corrected.
func corrections(tx *db.Tx, id string) (n int, err error) {
	k, err := db.Value[int64](tx, "SELECT count(*) FROM request_event WHERE request_id = $1 AND kind = $2", id, EvCorrected)
	return int(k), err
}

// opened is a request with what it takes to read it.
type opened struct {
	seen int // corrections
	r    Request
	n    *network.Network
	ring *vault.Ring
	who  person.Person
}

// openSeen opens a request and says how many corrections what was opened holds, or holds more of: they are counted first.
func (s *Service) openSeen(ctx context.Context, id string) (o opened, err error) {
	if err = s.db.Read(ctx, func(tx *db.Tx) (err error) { o.seen, err = corrections(tx, id); return }); err != nil {
		return o, err
	}
	o.r, o.n, o.ring, o.who, err = s.open(ctx, id)
	return o, err
}

// values is a field of a correction by the name of its input.
func (c Correction) values(field string) []string {
	if id, ok := strings.CutPrefix(field, "answers."); ok {
		return c.Answers[id]
	}
	v := c.text(field)
	if v == nil || *v == "" {
		return nil
	}
	return []string{*v}
}

func (c *Correction) text(field string) *string {
	switch field {
	case "postcode":
		return &c.Postcode
	case "commune":
		return &c.INSEE
	case "street":
		return &c.Street
	case "urgency":
		return &c.Urgency
	case "kind":
		return &c.Kind
	case "name":
		return &c.Name
	case "company":
		return &c.Company
	case "phone":
		return &c.Phone
	case "email":
		return &c.Email
	}
	return nil
}

var correctable = []string{"urgency", "postcode", "commune", "street", "kind", "name", "company", "phone", "email"}

// differences names the fields in which two contents differ, answers last.
func differences(a, b Correction) []string {
	fields := slices.Clone(correctable)
	for id := range merge(a.Answers, b.Answers) {
		fields = append(fields, "answers."+id)
	}
	slices.Sort(fields[len(correctable):])
	return slices.DeleteFunc(fields, func(f string) bool { return same(f, a.values(f), b.values(f)) })
}

// same compares what was typed: a number is the same with and without its spaces and its country.
func same(field string, a, b []string) bool {
	if field == "phone" {
		return digits(a) == digits(b)
	}
	return slices.Equal(a, b)
}

func digits(phone []string) string {
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, strings.Join(phone, ""))
	return d[max(0, len(d)-9):]
}

// correction is what of a draft a consumer may correct.
func (d Draft) correction() Correction {
	return Correction{Postcode: d.Postcode, INSEE: d.INSEE, Street: d.Street, Urgency: d.Urgency, Answers: d.Answers, Kind: d.Kind, Name: d.Name, Company: d.Company, Phone: d.Phone, Email: d.Email}
}

// content is a request's content as it stands, corrections and all.
func (s *Service) content(o opened) (Correction, error) {
	words, err := openWords(o.ring, o.r)
	if err != nil {
		return Correction{}, err
	}
	street, err := openStreet(o.ring, o.r)
	return Mine{Request: o.r, Who: o.who, Words: words, Street: street}.Current(), err
}

// changes are the fields that were corrected after the first corrections that a draft has seen, where the draft says something else; at is the
// last of these corrections.
func (s *Service) changes(o opened, d Draft, events []Event) (all []Change, at time.Time, err error) {
	corrected := slices.DeleteFunc(slices.Clone(events), func(e Event) bool { return e.Kind != EvCorrected })
	corrected = corrected[min(max(d.Seen, 0), len(corrected)):]
	if len(corrected) == 0 {
		return nil, at, nil
	}
	now, err := s.content(o)
	if err != nil {
		return nil, at, err
	}
	var fields []string
	for _, e := range corrected {
		fields, at = append(fields, strings.Split(e.Object, ",")...), e.At
	}
	desk := d.correction()
	for _, f := range differences(desk, now) {
		if slices.Contains(fields, f) {
			all = append(all, Change{Field: f, Desk: desk.values(f), Now: now.values(f)})
		}
	}
	return all, at, nil
}

// undecided refuses a draft while a correction that it has not seen says something else.
func (s *Service) undecided(ctx context.Context, o opened, d Draft) error {
	if d.Seen == o.seen {
		return nil
	}
	var events []Event
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { events, err = selectEvents(tx, o.r.ID); return }); err != nil {
		return err
	}
	changes, _, err := s.changes(o, d, events)
	if err == nil && len(changes) > 0 {
		err = errCorrected
	}
	return err
}

// Adopt takes into an agent's draft what was corrected since it was opened, in place of what he had there; the rest of it stays as he typed it.
func (s *Service) Adopt(ctx context.Context, actor auth.Actor, id string, d Draft) error {
	if err := actor.May(auth.RequestQualify); err != nil {
		return err
	}
	o, err := s.openSeen(ctx, id)
	if err != nil {
		return err
	}
	var events []Event
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { events, err = selectEvents(tx, id); return }); err != nil {
		return err
	}
	changes, _, err := s.changes(o, d, events)
	if err != nil {
		return err
	}
	c := d.correction()
	c.Answers = merge(d.Answers, nil)
	for _, x := range changes {
		if id, ok := strings.CutPrefix(x.Field, "answers."); !ok {
			*c.text(x.Field) = strings.Join(x.Now, "")
		} else if form := o.n.Form(d.Trade); form != nil {
			if _, asked := form.Question(id); asked { // an answer to another trade's question has no place on this desk
				c.Answers[id] = x.Now
			}
		}
	}
	d.Postcode, d.INSEE, d.Street, d.Urgency, d.Answers = c.Postcode, c.INSEE, c.Street, c.Urgency, c.Answers
	d.Kind, d.Name, d.Company, d.Phone, d.Email = c.Kind, c.Name, c.Company, c.Phone, c.Email
	d.Seen = o.seen
	return s.Save(ctx, actor, id, d)
}

// onDesk is the draft that a request keeps when it is corrected: what its agent typed, or, when he has typed nothing yet, what he sees.
func (s *Service) onDesk(tx *db.Tx, o opened, now Request, before Draft) []byte {
	if len(now.draft) > 0 || now.TakenBy == "" || !tx.Machine().Before(now.TakenUntil) || now.State != Received {
		return emptyNil(now.draft)
	}
	return sealDraft(o.ring, now.ID, before)
}
