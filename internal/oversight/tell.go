package oversight

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Letter is one sending to the people whom a breach concerns (GDPR art. 34).
type Letter struct {
	ID        string
	At        time.Time
	By        string
	Data      []network.Category // everybody of whom something of these is held; empty: the people named in the file
	Sent      int64              // people written to
	Unreached int64              // people of whom no address is left, and staff: they are told otherwise
	Done      time.Time          // everybody was gone through; zero while the job runs
}

func lettersOf(tx *db.Tx, id string) ([]Letter, error) {
	return db.List(tx, func(s db.Scanner) (l Letter, err error) {
		var at, done int64
		var data string
		err = s.Scan(&l.ID, &at, &l.By, &data, &l.Sent, &l.Unreached, &done)
		l.At, l.Done = db.Time(at), db.Time(done)
		for _, c := range strings.Fields(data) {
			l.Data = append(l.Data, network.Category(c))
		}
		return l, err
	}, "SELECT id, at, by_account, data, sent, unreached, done_at FROM oversight_letter WHERE file_id = $1 ORDER BY at, id", id)
}

// said is what a letter says of a breach, as it stood when it was sent.
type said struct {
	Ref, Nature, Consequences, Measures string
	Since                               time.Time
}

func (s said) letter(n *network.Network, lang string) (network.Letter, error) {
	return n.Message("breach-told", lang, map[string]string{"ref": s.Ref, "site": n.Operator.Name, "date": geo.Date(s.Since.In(geo.Paris()), lang), "nature": s.Nature,
		"consequences": s.Consequences, "measures": s.Measures, "officer": n.Operator.Officer.Email})
}

func (f File) said() said {
	return said{f.Ref, f.Words["nature"], f.Words["consequences"], f.Words["measures"], f.Since}
}

// Letter is the letter to the people as it would go out now.
func (w Whole) Letter(lang string) (network.Letter, error) { return w.said().letter(w.Network, lang) }

// Tell writes to the people whom a breach concerns: to those named in the file, or to everybody of whom something of the categories is held.
// The words of the file go out as they are, so they must be there. A job does it, page by page, and never twice for one person.
func (s *Service) Tell(ctx context.Context, actor auth.Actor, id string, data []network.Category) error {
	return s.act(ctx, actor, id, "oversight.tell", EvTold, func(tx *db.Tx, f File, n *network.Network, ring *vault.Ring) (string, error) {
		if f.Kind != Breach {
			return "", errState
		}
		var c fault.Check
		for _, name := range []string{"nature", "consequences", "measures"} {
			c.That(f.Words[name] != "", name, fault.T("La lettre aux personnes le dit : remplissez d’abord ce champ.", "The letter to the people says it: fill in this field first."))
		}
		for _, d := range data {
			c.That(slices.Contains(n.Categories(), d), "whom", fault.T("Choisissez dans la liste.", "Choose from the list."))
		}
		if len(data) == 0 {
			named, err := subjects(tx, id)
			if err != nil {
				return "", err
			}
			c.That(len(named) > 0, "whom", fault.T("Nommez d’abord des personnes dans ce dossier, ou choisissez des données.", "Name people in this file first, or choose data."))
		}
		if err := c.Err(); err != nil {
			return "", err
		}
		letter := tx.NewID("brl")
		text := db.JSON(f.said())
		if err := tx.Send("INSERT INTO oversight_letter (id, file_id, at, by_account, data, text_sealed, after_id, sent, unreached, done_at) VALUES ($1, $2, $3, $4, $5, $6, '', 0, 0, 0)",
			letter, id, db.Micros(tx.Now()), actor.Account, joined(data), ring.SealText(category, at("oversight_letter", "text_sealed", letter), text)); err != nil {
			return "", err
		}
		return letter, job.Add(tx, jobTell, letter, 0)
	})
}

// page is how many holdings one step of a sending goes through.
const page = 200

// tell is one sending. How far it came is stored with what it queued, and each message has an id of its own: a job that is cut off goes on.
func (s *Service) tell(ctx context.Context, letter string) error {
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	var file, data, after string
	var sealed []byte
	var done int64
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		return tx.Get(db.Into(&file, &data, &after, &sealed, &done), "SELECT file_id, data, after_id, text_sealed, done_at FROM oversight_letter WHERE id = $1", letter)
	})
	if errors.Is(err, db.ErrNone) || err == nil && done > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	ring, err := s.Vault.Ring(ctx, file)
	if err != nil {
		return err
	}
	text, err := ring.Open(category, at("oversight_letter", "text_sealed", letter), sealed)
	if err != nil {
		return job.Permanent(err)
	}
	var words said
	if err := json.Unmarshal(text, &words); err != nil {
		return job.Permanent(err)
	}
	var which []network.Category
	for _, c := range strings.Fields(data) {
		which = append(which, network.Category(c))
	}
	for ctx.Err() == nil {
		var people []string
		last := ""
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			if len(which) > 0 {
				people, last, err = privacy.Holders(tx, after, page, which...)
				return err
			}
			named, err := subjects(tx, file)
			people = nil
			for _, x := range named {
				people = append(people, x.Person)
			}
			return err
		}); err != nil {
			return err
		}
		if err := s.write(ctx, n, letter, file, words, people, last); err != nil {
			return err
		}
		if after = last; last == "" {
			return nil
		}
	}
	return ctx.Err()
}

// reader is how one person is written to.
type reader struct {
	person, object string // object: a record of his own, under which the message ends with him
	email, phone   string
	lang           string
	ring           *vault.Ring
}

// write queues the letter for a page of people and stores how far it came.
func (s *Service) write(ctx context.Context, n *network.Network, letter, file string, words said, people []string, last string) error {
	readers, err := s.readers(ctx, people)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		sent := 0
		for _, r := range readers {
			l, err := words.letter(n, r.lang)
			if err != nil {
				return err
			}
			phone := r.phone
			if r.email != "" {
				phone = ""
			}
			if err := r.ring.Assign(tx); err != nil {
				return err
			}
			if err := s.Notify.Letter(tx, r.ring, l, notify.Message{ID: letter + "-" + r.person, Person: r.person, Object: r.object, Kind: "breach-told"}, phone, r.email); err != nil {
				return err
			}
			sent++
		}
		done := int64(0)
		if last == "" {
			done = db.Micros(tx.Now())
			if err := audit.Write(tx, auth.Machine.Name(), string(auth.System), "oversight.told", file, letter); err != nil {
				return err
			}
			tx.Wake("oversight")
		}
		return tx.Send("UPDATE oversight_letter SET after_id = $2, sent = sent + $3, unreached = unreached + $4, done_at = $5 WHERE id = $1", letter, last, int64(sent), int64(len(people)-len(readers)), done)
	})
}

// readers finds how people are written to: consumers, professionals, and whoever wrote to us. Staff, and whoever has left no address, are left out.
func (s *Service) readers(ctx context.Context, people []string) (all []reader, err error) {
	var consumers, pros, cases []string
	for _, id := range people {
		switch prefix, _, _ := strings.Cut(id, "_"); prefix {
		case "per":
			consumers = append(consumers, id)
		case "pro":
			pros = append(pros, id)
		case "cas":
			cases = append(cases, id)
		}
	}
	rings, err := s.Vault.Rings(ctx, consumers...)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		requests, err := request.OfPeople(tx, consumers...)
		if err != nil {
			return err
		}
		for _, id := range consumers {
			p, err := person.Get(tx, rings[id], id)
			if errors.Is(err, db.ErrNone) {
				continue
			}
			if err != nil {
				return err
			}
			r := reader{person: id, object: id, email: p.Email, phone: p.Phone, lang: p.Lang, ring: rings[id]}
			for _, x := range requests {
				if x.Person == id {
					r.object = x.ID
				}
			}
			all = append(all, r)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	contacts, err := s.Pros.Contacts(ctx, pros...)
	if err != nil {
		return nil, err
	}
	for _, id := range pros {
		if c, ok := contacts[id]; ok {
			all = append(all, reader{id, id, c.Email, c.Phone, c.Lang, c.Ring})
		}
	}
	reached, err := s.Inbox.Reach(ctx, cases...)
	if err != nil {
		return nil, err
	}
	for _, id := range cases {
		if c, ok := reached[id]; ok {
			all = append(all, reader{id, id, c.Email, c.Phone, c.Lang, c.Ring})
		}
	}
	var out []reader
	for _, r := range all {
		if r.email == "" && r.phone == "" {
			continue
		}
		switch err := s.Vault.Add(ctx, r.ring, letters); {
		case errors.Is(err, vault.ErrErased):
		case err != nil:
			return nil, err
		default:
			out = append(out, r)
		}
	}
	return out, nil
}

// Draft is the notice to the supervisory authority of a breach, made of the file: what art. 33.3 asks, what is not known yet said as such.
func (w Whole) Draft(lang string) string {
	l := func(t fault.Text) string { return t.Say(lang) }
	n := w.Network
	var b strings.Builder
	line := func(label fault.Text, value string) {
		if strings.TrimSpace(value) == "" {
			value = l(fault.T("[pas encore connu, suivra]", "[not known yet, will follow]"))
		}
		b.WriteString(l(label) + l(fault.T(" : ", ": ")) + value + "\n")
	}
	count := func(v int64) string {
		if v == Unknown {
			return ""
		}
		return l(fault.T("environ ", "about ")) + strconv.FormatInt(v, 10)
	}
	var data []string
	for _, c := range w.Data {
		data = append(data, l(c.Label()))
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		at := t.In(geo.Paris())
		return geo.Date(at, lang) + ", " + at.Format("15:04")
	}
	o := n.Operator
	b.WriteString(l(fault.T("Notification d’une violation de données à caractère personnel (RGPD art. 33)", "Notification of a personal data breach (GDPR art. 33)")) + "\n\n")
	if n.Rights != nil {
		line(fault.T("À", "To"), n.Rights.Authority.Name+", "+n.Rights.Authority.Address)
	}
	line(fault.T("De", "From"), o.Name+", "+n.AddressFor("office")+", SIREN "+o.SIREN.String())
	line(fault.T("Délégué à la protection des données", "Data protection officer"), strings.TrimSpace(o.Officer.Name+" "+o.Officer.Email))
	line(fault.T("Dossier", "File"), w.Ref)
	line(fault.T("Connue le", "Known on"), moment(w.Since))
	line(fault.T("À notifier avant le", "To be notified before"), moment(n.Oversight.Notify.AddTo(w.Since)))
	if w.Words["late"] != "" {
		line(fault.T("Motifs du retard", "Reasons for the delay"), w.Words["late"])
	}
	b.WriteString("\n")
	line(fault.T("Nature de la violation", "Nature of the breach"), w.Words["nature"])
	line(fault.T("Catégories de données", "Categories of data"), strings.Join(data, ", "))
	line(fault.T("Personnes concernées", "People concerned"), count(w.People))
	line(fault.T("Enregistrements concernés", "Records concerned"), count(w.Records))
	line(fault.T("Conséquences probables", "Likely consequences"), w.Words["consequences"])
	line(fault.T("Mesures prises ou envisagées", "Measures taken or proposed"), w.Words["measures"])
	line(fault.T("Risque pour les personnes", "Risk to people"), l(w.Risk.Label()))
	line(fault.T("Motif de cette appréciation", "Reason for this assessment"), w.Words["reason"])
	told := l(fault.T("non", "no"))
	if len(w.Letters) > 0 {
		told = l(fault.T("oui, depuis le ", "yes, since ")) + moment(w.Letters[0].At)
	} else if w.Words["not_told"] != "" {
		told += l(fault.T(", parce que : ", ", because: ")) + w.Words["not_told"]
	}
	line(fault.T("Personnes averties", "People told"), told)
	return b.String()
}

// Label names a level of risk for people; empty for none chosen.
func (r Risk) Label() fault.Text {
	return map[Risk]fault.Text{RiskNone: fault.T("improbable", "unlikely"), RiskSome: fault.T("un risque", "a risk"), RiskHigh: fault.T("un risque élevé", "a high risk")}[r]
}
