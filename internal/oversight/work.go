package oversight

import (
	"cmp"
	"context"
	"maps"
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
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// In is what a form says of a file. Words that it does not name stay as they are.
type In struct {
	Kind     Kind
	Since    time.Time // of a new file; what is known already does not move
	Words    map[string]string
	Risk     Risk
	Purposes []string
	Data     []network.Category
	People   int64 // Unknown where nobody can tell yet
	Records  int64
	Next     string // ISO day; for a file that is looked at again, empty means the longest that the network allows
}

// Begin opens a file.
func (s *Service) Begin(ctx context.Context, actor auth.Actor, in In) (id string, err error) {
	if err := actor.May(auth.OversightWork); err != nil {
		return "", err
	}
	n, err := s.network(ctx)
	if err != nil {
		return "", err
	}
	if !slices.Contains(Kinds(), in.Kind) {
		return "", errNone
	}
	f := File{ID: s.DB.NewID("ovs"), Ref: request.NewRef("F"), Kind: in.Kind, Since: in.Since, State: Open, By: actor.Account, People: Unknown, Records: Unknown}
	if err := s.fill(&f, n, in, true); err != nil {
		return "", err
	}
	keys := []string{category}
	held := []network.Category{network.DataOversight}
	if n.Rights != nil { // its warnings need the words of the network for them
		keys, held = append(keys, letters), append(held, network.DataMessages)
	}
	ring, err := s.Vault.New(ctx, f.ID, keys...)
	if err != nil {
		return "", err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		now := db.Micros(tx.Now())
		if err := tx.Send("INSERT INTO oversight_file ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $4, $7, $8, $9, $10, $11, $12, $13, 0, $4, $14, '')",
			f.ID, f.Ref, string(f.Kind), now, db.Micros(f.Since), string(f.State), f.By, string(f.Risk), strings.Join(f.Purposes, " "), joined(f.Data), f.People, f.Records, sealBody(ring, f.ID, f.Words), f.Next); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, f.ID, f.ID, network.Requester, network.WhileCaseOpen, held...); err != nil {
			return err
		}
		if err := note(tx, f.ID, EvOpened, actor.Name(), string(f.Kind)); err != nil {
			return err
		}
		tx.Wake("oversight")
		return audit.Write(tx, actor.Name(), actor.As(auth.OversightWork), "oversight.open", f.ID, string(f.Kind))
	})
	return f.ID, err
}

// mostCounted bounds a number of people or records.
const mostCounted = 1_000_000_000

// fill takes what a form says over into a file, with every wrong field.
func (s *Service) fill(f *File, n *network.Network, in In, opening bool) error {
	var c fault.Check
	now := s.DB.Now()
	if opening {
		c.That(!f.Since.IsZero() && !f.Since.After(now) && f.Since.After(now.AddDate(-5, 0, 0)), "since", fault.T("Écrivez quand : un instant passé, depuis moins de cinq ans.", "Write when: an instant that has passed, within five years."))
	}
	words := map[string]string{}
	maps.Copy(words, f.Words)
	for _, x := range Fields(f.Kind) {
		if v, given := in.Words[x.Name]; given {
			words[x.Name] = strings.TrimSpace(v)
		}
		most := longestText
		if x.Line {
			most = longestLine
		}
		c.That(x.Need != AtOpening || words[x.Name] != "", x.Name, fault.T("Ce champ est nécessaire.", "This field is needed."))
		c.That(utf8.RuneCountInString(words[x.Name]) <= most, x.Name, fault.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", most))
		c.That(!x.Line || !strings.ContainsAny(words[x.Name], "\r\n"), x.Name, fault.T("Écrivez une seule ligne.", "Write one line."))
	}
	if f.Kind == Breach {
		c.That(slices.Contains([]Risk{"", RiskNone, RiskSome, RiskHigh}, in.Risk), "risk", fault.T("Choisissez dans la liste.", "Choose from the list."))
		number := fault.T("Écrivez un nombre, ou laissez vide.", "Write a number, or leave it empty.")
		c.That(in.People >= Unknown && in.People <= mostCounted, "people", number)
		c.That(in.Records >= Unknown && in.Records <= mostCounted, "records", number)
		f.Risk, f.People, f.Records = in.Risk, in.People, in.Records
	}
	if f.Kind == Breach || f.Kind == Authority {
		for _, d := range in.Data {
			c.That(slices.Contains(n.Categories(), d), "data", fault.T("Choisissez dans la liste.", "Choose from the list."))
		}
		c.That(f.Kind != Authority || len(in.Data) > 0, "data", fault.T("Dites quelles données sont demandées : rien d’autre ne sera extrait.", "Say which data is asked for: nothing else will be extracted."))
		f.Data = in.Data
	}
	if f.Kind == Assessment {
		for _, id := range in.Purposes {
			_, ok := n.Purpose(id)
			c.That(ok, "purposes", fault.T("Choisissez dans la liste.", "Choose from the list."))
		}
		c.That(len(in.Purposes) > 0, "purposes", fault.T("Dites quelles finalités sont analysées.", "Say which purposes are assessed."))
		f.Purposes = in.Purposes
	}
	if f.Kind.Looked() && !f.Since.IsZero() {
		last := again(n, f.Kind).AddTo(f.Since)
		most := last.Format(time.DateOnly)
		if f.Next = in.Next; f.Next == "" {
			f.Next = most
		}
		_, err := time.Parse(time.DateOnly, f.Next)
		c.That(err == nil && f.Next > f.Since.Format(time.DateOnly) && f.Next <= most, "next", fault.T("Écrivez un jour, le "+geo.Date(last, "fr")+" au plus tard.", "Write a day, "+geo.Date(last, "en")+" at the latest."))
	}
	f.Words = words
	return c.Err()
}

// again is the longest time after which files of a kind are looked at again.
func again(n *network.Network, k Kind) network.Duration {
	if k == Review {
		return n.Oversight.Review
	}
	return n.Oversight.Reassess
}

// act runs a change of an open file: the row is held to its state, and a step and an audit line say what was done.
func (s *Service) act(ctx context.Context, actor auth.Actor, id, action, event string, do func(tx *db.Tx, f File, n *network.Network, ring *vault.Ring) (object string, err error)) error {
	if err := actor.May(auth.OversightWork); err != nil {
		return err
	}
	f, n, ring, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := load(tx, id)
		if err != nil {
			return err
		}
		if now.State != Open || !now.Saved.Equal(f.Saved) {
			return errState // it was closed, or somebody else completed it meanwhile
		}
		object, err := do(tx, f, n, ring)
		if err != nil {
			return err
		}
		if err := note(tx, id, event, actor.Name(), object); err != nil {
			return err
		}
		tx.Wake("oversight")
		return audit.Write(tx, actor.Name(), actor.As(auth.OversightWork), action, id, object)
	})
}

// Complete changes what an open file says: facts come in phases (GDPR art. 33.4).
func (s *Service) Complete(ctx context.Context, actor auth.Actor, id string, in In) error {
	return s.act(ctx, actor, id, "oversight.complete", EvCompleted, func(tx *db.Tx, f File, n *network.Network, ring *vault.Ring) (string, error) {
		words := f.Words
		if err := s.fill(&f, n, in, false); err != nil {
			return "", err
		}
		if f.Kind == Breach && f.Risk != RiskNone && words["not_notified"] != "" {
			delete(f.Words, "not_notified") // the reason was that no risk is likely: the clock runs again
		}
		return "", s.store(tx, ring, f)
	})
}

func (s *Service) store(tx *db.Tx, ring *vault.Ring, f File) error {
	return tx.Send("UPDATE oversight_file SET risk = $2, purposes = $3, data = $4, people = $5, records = $6, body_sealed = $7, notified_at = $8, saved_at = $9, next_on = $10 WHERE id = $1",
		f.ID, string(f.Risk), strings.Join(f.Purposes, " "), joined(f.Data), f.People, f.Records, sealBody(ring, f.ID, f.Words), db.Micros(f.Notified), db.Micros(tx.Now()), f.Next)
}

// reason holds what the officer writes to justify something to a length.
func reason(field, text string) error {
	var c fault.Check
	length := utf8.RuneCountInString(strings.TrimSpace(text))
	c.That(length >= 10, field, fault.T("Écrivez pourquoi, en une phrase au moins.", "Write why, in one sentence at least."))
	c.That(length <= longestText, field, fault.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", longestText))
	return c.Err()
}

// Notified notes that the supervisory authority was told of a breach, now. After the clock's end it takes the reasons for the delay (GDPR art.
// 33.1). It may be told again, of what was completed since.
func (s *Service) Notified(ctx context.Context, actor auth.Actor, id, late string) error {
	return s.act(ctx, actor, id, "oversight.notify", EvNotified, func(tx *db.Tx, f File, n *network.Network, ring *vault.Ring) (string, error) {
		if f.Kind != Breach {
			return "", errState
		}
		if f.Words["nature"] == "" {
			var c fault.Check
			c.Add("nature", fault.T("Dites d’abord ce qui s’est passé : l’avis à l’autorité le reprend.", "Say first what happened: the notice to the authority repeats it."))
			return "", c.Err()
		}
		delete(f.Words, "not_notified")
		if f.Notified.IsZero() {
			f.Notified = tx.Now()
			if tx.Now().After(n.Oversight.Notify.AddTo(f.Since)) {
				if err := reason("late", late); err != nil {
					return "", err
				}
				f.Words["late"] = strings.TrimSpace(late)
			}
		}
		return "", s.store(tx, ring, f)
	})
}

// Declined notes why the authority is not told of a breach: only where no risk to people is likely.
func (s *Service) Declined(ctx context.Context, actor auth.Actor, id, why string) error {
	if err := reason("not_notified", why); err != nil {
		return err
	}
	return s.act(ctx, actor, id, "oversight.decline", EvDeclined, func(tx *db.Tx, f File, _ *network.Network, ring *vault.Ring) (string, error) {
		if f.Kind != Breach || !f.Notified.IsZero() {
			return "", errState
		}
		if f.Risk != RiskNone {
			return "", fault.New(fault.Conflict, "risk", fault.T("L’autorité n’est pas avertie seulement si aucun risque n’est probable (RGPD art. 33.1) : notez d’abord ce niveau de risque.",
				"The authority is not told only where no risk is likely (GDPR art. 33.1): note that level of risk first."))
		}
		f.Words["not_notified"] = strings.TrimSpace(why)
		return "authority", s.store(tx, ring, f)
	})
}

// Withheld notes why the people are not told of a breach with a high risk (GDPR art. 34.3).
func (s *Service) Withheld(ctx context.Context, actor auth.Actor, id, why string) error {
	if err := reason("not_told", why); err != nil {
		return err
	}
	return s.act(ctx, actor, id, "oversight.decline", EvDeclined, func(tx *db.Tx, f File, _ *network.Network, ring *vault.Ring) (string, error) {
		if f.Kind != Breach {
			return "", errState
		}
		f.Words["not_told"] = strings.TrimSpace(why)
		return "people", s.store(tx, ring, f)
	})
}

// Missing names what a file still lacks before it can be closed, by field.
func (f File) Missing(letters int) []fault.Field {
	var c fault.Check
	for _, x := range Fields(f.Kind) {
		c.That(x.Need == Never || f.Words[x.Name] != "", x.Name, x.Label)
	}
	if f.Kind == Breach {
		c.That(f.Risk != "", "risk", fault.T("Le niveau de risque", "The level of risk"))
		c.That(len(f.Data) > 0, "data", fault.T("Les données touchées", "The data concerned"))
		c.That(f.People != Unknown, "people", fault.T("Le nombre de personnes", "The number of people"))
		c.That(f.Records != Unknown, "records", fault.T("Le nombre d’enregistrements", "The number of records"))
		c.That(!f.Notified.IsZero() || f.Risk == RiskNone && f.Words["not_notified"] != "", "late", fault.T("L’avis à l’autorité, ou pourquoi elle n’est pas avertie", "The notice to the authority, or why it is not told"))
		c.That(f.Risk != RiskHigh || letters > 0 || f.Words["not_told"] != "", "not_told", fault.T("La lettre aux personnes, ou pourquoi elles ne sont pas averties", "The letter to the people, or why they are not told"))
	}
	if e := fault.Of(c.Err()); e != nil {
		return e.Fields
	}
	return nil
}

// Close ends a file that lacks nothing: from then on its time counts, and what only it kept from its end goes its way.
func (s *Service) Close(ctx context.Context, actor auth.Actor, id string) error {
	return s.act(ctx, actor, id, "oversight.close", EvClosed, func(tx *db.Tx, f File, n *network.Network, _ *vault.Ring) (string, error) {
		sent, err := db.Value[int64](tx, "SELECT count(*) FROM oversight_letter WHERE file_id = $1", id)
		if err != nil {
			return "", err
		}
		if missing := f.Missing(int(sent)); len(missing) > 0 {
			return "", &fault.Error{Kind: fault.Invalid, Code: "unfinished", Public: fault.T("Ce dossier n’est pas complet.", "This file is not complete."), Fields: missing}
		}
		if err := privacy.Ended(tx, n, id, id, network.WhileCaseOpen); err != nil {
			return "", err
		}
		if err := s.lift(tx, actor, id); err != nil {
			return "", err
		}
		return "", tx.Send("UPDATE oversight_file SET state = 'closed', state_at = $2 WHERE id = $1", id, db.Micros(tx.Now()))
	})
}

// lift ends in tx the holds that a file laid, of one subject or of all.
func (s *Service) lift(tx *db.Tx, actor auth.Actor, id string, of ...Subject) error {
	all, err := subjects(tx, id)
	for _, x := range all {
		if err == nil && x.Hold != "" && (len(of) == 0 || slices.ContainsFunc(of, func(o Subject) bool { return o.Person == x.Person && o.Record == x.Record })) {
			err = s.Life.LiftIn(tx, actor, x.Hold)
		}
	}
	return err
}

// Subject is somebody whose records a file is about.
type Subject struct {
	Person string
	Record string // the one record of his that is meant, a request, a call or a message; empty for all of him
	Ref    string // by which the officer named him
	At     time.Time
	Hold   string // id of the legal hold that the file laid on what is kept of him; empty for none
}

func subjects(tx *db.Tx, id string) ([]Subject, error) {
	return db.List(tx, func(s db.Scanner) (x Subject, err error) {
		var at int64
		err = s.Scan(&x.Person, &x.Record, &x.Ref, &at, &x.Hold)
		x.At = db.Time(at)
		return x, err
	}, "SELECT person_id, record, ref, at, hold_id FROM oversight_subject WHERE file_id = $1 ORDER BY at, person_id, record", id)
}

// Tie names somebody whose records a file is about, by his id and the reference under which he was found. What is kept of him for a request of
// an authority or broken terms is held from its end while the file is open.
func (s *Service) Tie(ctx context.Context, actor auth.Actor, id, person, ref string) error {
	return s.tie(ctx, actor, id, Subject{Person: person, Ref: ref}, "")
}

func (s *Service) tie(ctx context.Context, actor auth.Actor, id string, x Subject, kept string) error {
	return s.act(ctx, actor, id, "oversight.tie", EvTied, func(tx *db.Tx, f File, _ *network.Network, _ *vault.Ring) (string, error) {
		if !f.Kind.Scoped() || x.Record != "" && !f.Kind.Holds() {
			return "", errState
		}
		known, err := privacy.Known(tx, x.Person)
		if err != nil {
			return "", err
		}
		twice, err := db.Value[int64](tx, "SELECT count(*) FROM oversight_subject WHERE file_id = $1 AND person_id = $2 AND record = $3", id, x.Person, x.Record)
		if err != nil {
			return "", err
		}
		if !known || twice > 0 {
			var c fault.Check
			c.That(known, "ref", fault.T("Rien n’est conservé sous cette référence.", "Nothing is kept under this reference."))
			c.That(twice == 0, "ref", fault.T("C’est déjà dans le dossier.", "This is in the file already."))
			return "", c.Err()
		}
		hold := ""
		if f.Kind.Holds() {
			if hold, err = holdFor(tx, actor, f, x.Person, kept); err != nil {
				return "", err
			}
		}
		return cmp.Or(x.Record, x.Person), tx.Send("INSERT INTO oversight_subject (file_id, person_id, record, ref, at, hold_id) VALUES ($1, $2, $3, $4, $5, $6)", id, x.Person, x.Record, x.Ref, db.Micros(tx.Now()), hold)
	})
}

// Untie takes somebody away whom a file is not about, or one record of his; what only it kept of him goes its way.
func (s *Service) Untie(ctx context.Context, actor auth.Actor, id, person, record string) error {
	return s.act(ctx, actor, id, "oversight.untie", EvUntied, func(tx *db.Tx, _ File, _ *network.Network, _ *vault.Ring) (string, error) {
		if err := s.lift(tx, actor, id, Subject{Person: person, Record: record}); err != nil {
			return "", err
		}
		return cmp.Or(record, person), tx.Send("DELETE FROM oversight_subject WHERE file_id = $1 AND person_id = $2 AND record = $3", id, person, record)
	})
}
