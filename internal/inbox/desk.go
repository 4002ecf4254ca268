package inbox

import (
	"cmp"
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
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Queue lists the cases that wait, of all channels, oldest clock first; those whose clock stands still come after, then letters.
func (s *Service) Queue(ctx context.Context, actor auth.Actor) ([]Case, error) {
	return s.list(ctx, actor, "state IN ('open', 'waiting', 'letter') ORDER BY received_at, id")
}

// Past lists the cases that are over, the latest first.
func (s *Service) Past(ctx context.Context, actor auth.Actor) ([]Case, error) {
	return s.list(ctx, actor, "state IN ('answered', 'refused', 'joined') ORDER BY state_at DESC, id")
}

// list opens cases: a queue without a name or a subject helps nobody, so reading it is an act of its own.
func (s *Service) list(ctx context.Context, actor auth.Actor, where string) ([]Case, error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return nil, err
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return nil, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.CaseRead), "case.list", "", true); err != nil {
		return nil, err
	}
	var found []stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = db.List(tx, scan, "SELECT "+columns+" FROM inbox_case WHERE "+where+" LIMIT 200")
		return err
	}); err != nil {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, c := range found {
		ids[i] = c.ID
	}
	rings, err := s.Vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := make([]Case, len(found))
	for i := range found {
		if err := found[i].open(rings[found[i].ID]); err != nil {
			return nil, err
		}
		found[i].clock(n)
		all[i] = found[i].Case
	}
	slices.SortStableFunc(all, func(a, b Case) int {
		if a.Due.IsZero() != b.Due.IsZero() {
			if a.Due.IsZero() {
				return 1
			}
			return -1
		}
		return a.Due.Compare(b.Due)
	})
	return all, nil
}

// File is a case with everything that its officer needs.
type File struct {
	Case
	Network  *network.Network
	Letters  []Post
	Events   []Event
	People   []Subject
	Told     []Told
	Against  []Opposition // objections of the people, the last line about each purpose
	MayAsk   bool         // a proof of identity may be asked: nothing has shown yet that the person reads what is his
	Others   []Case
	Extended bool
	Frozen   bool   // what is held of its people is restricted
	Lift     *Lift  // the announced end of the restriction
	Agreed   string // the box of the form for messages on which it rests, word for word; empty: it was sent by itself (RN-33)
}

// Subject is somebody whose records a case is about, with what tells him apart.
type Subject struct {
	ID       string
	Whose    network.Person
	Name     string
	Contact  string
	Requests []request.Traced
}

// Read opens a case for its officer.
func (s *Service) Read(ctx context.Context, actor auth.Actor, id string) (f File, err error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return f, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.CaseRead), "case.read", id, true); err != nil {
		return f, err
	}
	return s.file(ctx, id)
}

func (s *Service) file(ctx context.Context, id string) (f File, err error) {
	var ring *vault.Ring
	if f.Case, f.Network, ring, err = s.get(ctx, id); err != nil {
		return f, err
	}
	f.Extended = !f.Case.Extended.IsZero()
	f.MayAsk = f.State == Open && f.Proved.IsZero() && f.Network.Rights != nil
	var tied []subject
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if f.Letters, err = lettersOf(tx, ring, id); err != nil {
			return err
		}
		if f.Events, err = events(tx, id); err != nil {
			return err
		}
		if f.Told, err = toldOf(tx, id); err != nil {
			return err
		}
		if f.Agreed, err = agreement(tx, id); err != nil {
			return err
		}
		if f.Frozen, err = frozen(tx, id); err != nil {
			return err
		}
		if f.Lift, err = lifting(tx, f.Network, id); err != nil {
			return err
		}
		tied, err = subjects(tx, id)
		return err
	}); err != nil {
		return f, err
	}
	if f.Against, err = s.oppositions(ctx, tied); err != nil {
		return f, err
	}
	f.People, err = s.people(ctx, tied)
	return f, err
}

// people opens what tells subjects apart.
func (s *Service) people(ctx context.Context, tied []subject) ([]Subject, error) {
	all := make([]Subject, len(tied))
	var pros []string
	rings, err := s.rings2(ctx, tied)
	if err != nil {
		return nil, err
	}
	for i, t := range tied {
		all[i] = Subject{ID: t.Person, Whose: t.Whose}
		if t.Whose == network.Professional {
			pros = append(pros, t.Person)
			continue
		}
		err := s.DB.Read(ctx, func(tx *db.Tx) error {
			p, err := person.Get(tx, rings[t.Person], t.Person)
			if errors.Is(err, db.ErrNone) {
				return nil // erased, row and all
			}
			if err != nil {
				return err
			}
			all[i].Name, all[i].Contact = p.Shown(), cmp.Or(p.Phone, p.Email)
			all[i].Requests, err = request.OfPeople(tx, t.Person)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	contacts, err := s.Pros.Contacts(ctx, pros...)
	for i, p := range all {
		if c, ok := contacts[p.ID]; ok {
			all[i].Name, all[i].Contact = c.Company, cmp.Or(c.Phone, c.Email)
		}
	}
	return all, err
}

func (s *Service) rings2(ctx context.Context, tied []subject) (map[string]*vault.Ring, error) {
	ids := make([]string, len(tied))
	for i, t := range tied {
		ids[i] = t.Person
	}
	return s.Vault.Rings(ctx, ids...)
}

// lettersOf opens the letters of a case, oldest first, without their raw bytes.
func lettersOf(tx *db.Tx, r *vault.Ring, id string) ([]Post, error) {
	var wrong error
	all, err := db.List(tx, func(s db.Scanner) (p Post, err error) {
		var at, raw int64
		var sealed [3][]byte
		if err = s.Scan(&p.ID, &at, &p.Way, &p.Channel, &p.By, &sealed[0], &sealed[1], &sealed[2], &raw); err != nil {
			return p, err
		}
		p.At, p.Whole = db.Time(at), raw > 0
		parts := ""
		for i, f := range []struct {
			column string
			to     *string
		}{{"subject_sealed", &p.Subject}, {"text_sealed", &p.Text}, {"parts_sealed", &parts}} {
			if *f.to, err = r.OpenText(category, inLetter(f.column, p.ID), sealed[i]); err != nil && !errors.Is(err, vault.ErrErased) {
				return p, err
			}
		}
		if parts != "" {
			var e envelope
			wrong = errors.Join(wrong, json.Unmarshal([]byte(parts), &e))
			p.Message, p.Parts = e.Message, e.Parts
		}
		return p, nil
	}, "SELECT id, at, way, channel, by_account, subject_sealed, text_sealed, parts_sealed, length(raw_sealed) FROM inbox_letter WHERE case_id = $1 ORDER BY at, id", id)
	return all, errors.Join(err, wrong)
}

// Find looks for cases by reference or by number or address.
func (s *Service) Find(ctx context.Context, actor auth.Actor, ref string) (id string, err error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return "", err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		id, err = db.Value[string](tx, "SELECT id FROM inbox_case WHERE ref = $1", strings.ToUpper(strings.TrimSpace(ref)))
		if errors.Is(err, db.ErrNone) {
			return errNone
		}
		return err
	})
	return id, err
}

// act runs a change of a case by the officer: the row is held to the states that allow it, and an audit line says what was done.
func (s *Service) act(ctx context.Context, actor auth.Actor, id, action, event, object string, from []State, do func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error) error {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	c, n, ring, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := load(tx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(from, now.State) {
			return errState
		}
		if err := do(tx, c, n, ring); err != nil {
			return err
		}
		if err := note(tx, id, event, actor.Name(), object); err != nil {
			return err
		}
		tx.Wake("cases")
		return audit.Write(tx, actor.Name(), actor.As(auth.CaseAnswer), action, id, object)
	})
}

var errState = fault.New(fault.Conflict, "case-state", fault.T("Ce dossier n’en est plus là : rechargez la page.", "This case has moved on: load the page again."))

// words holds what the officer types to a length, under a field's name.
func words(field, s string, least int) error {
	var c fault.Check
	length := utf8.RuneCountInString(strings.TrimSpace(s))
	c.That(length >= least, field, fault.T("Écrivez pourquoi, en une phrase au moins.", "Write why, in one sentence at least."))
	c.That(length <= longest, field, fault.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", longest))
	return c.Err()
}

// Extend gives a complex case the longer clock of the network, once, with reasons that the person is told before the first one ends
// (GDPR art. 12.3, RN-113).
func (s *Service) Extend(ctx context.Context, actor auth.Actor, id, reasons string) error {
	if err := words("reasons", reasons, 10); err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.extend", EvExtended, "", []State{Open}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		switch {
		case n.Rights == nil || n.Rights.Extended.IsZero():
			return fault.New(fault.Conflict, "no-extension", fault.T("Ce réseau ne prolonge pas le délai.", "This network does not extend the clock."))
		case !c.Extended.IsZero():
			return fault.New(fault.Conflict, "extended", fault.T("Le délai est déjà prolongé.", "The clock is extended already."))
		case tx.Now().After(c.Due):
			return fault.New(fault.Conflict, "too-late", fault.T("Le premier délai est passé : il ne se prolonge plus.", "The first clock has run out: it cannot be extended any more."))
		}
		c.Extended = tx.Now()
		c.clock(n)
		if err := tx.Send("UPDATE inbox_case SET extended_at = $2, reasons_sealed = $3, told = '' WHERE id = $1", id, db.Micros(tx.Now()), seal(ring, "reasons_sealed", id, reasons)); err != nil {
			return err
		}
		return s.write(tx, n, ring, c, "rights-extended", map[string]string{"reason": reasons, "date": geo.Date(c.Due.In(geo.Paris()), c.Lang)})
	})
}

// Doubt asks who somebody is, for a reason that is written down and told (GDPR art. 12.6, ET-129). The clock stands still until the answer.
// Whoever has shown by a code, or by his private link, that he reads the address or the number is not asked.
func (s *Service) Doubt(ctx context.Context, actor auth.Actor, id, why string) error {
	if err := words("doubt", why, 10); err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.doubt", EvDoubt, "", []State{Open}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		if !c.Proved.IsZero() {
			return fault.New(fault.Conflict, "proved", fault.T("Cette personne a déjà montré qu’elle lit cette adresse ou ce numéro : rien d’autre ne se demande.", "This person has already shown that the address or number is theirs: nothing more is asked."))
		}
		if err := tx.Send("UPDATE inbox_case SET state = 'waiting', state_at = $2, paused_at = $2, doubt_sealed = $3 WHERE id = $1", id, db.Micros(tx.Now()), seal(ring, "doubt_sealed", id, why)); err != nil {
			return err
		}
		return s.write(tx, n, ring, c, "rights-identity", map[string]string{"reason": why})
	})
}

// resume lets the clock go on.
func resume(tx *db.Tx, id string) error {
	return tx.Send("UPDATE inbox_case SET state = 'open', state_at = $2, paused_for = paused_for + $2 - paused_at, paused_at = 0 WHERE id = $1 AND state = 'waiting'", id, db.Micros(tx.Now()))
}

// Identified ends a doubt: what was sent as proof is destroyed, and only that it was seen remains (RN-111).
func (s *Service) Identified(ctx context.Context, actor auth.Actor, id string) error {
	return s.act(ctx, actor, id, "case.identified", EvIdentified, "", []State{Open, Waiting}, func(tx *db.Tx, c Case, _ *network.Network, _ *vault.Ring) error {
		if c.Doubt == "" {
			return errState
		}
		if err := resume(tx, id); err != nil {
			return err
		}
		if err := tx.Send("DELETE FROM inbox_letter WHERE case_id = $1 AND way = 'proof'", id); err != nil {
			return err
		}
		return tx.Send("UPDATE inbox_case SET proved_at = $2 WHERE id = $1 AND proved_at = 0", id, db.Micros(tx.Now()))
	})
}

// Name says what a case asks, where nobody did or somebody said it wrongly; a letter becomes a case whose clock began at its receipt.
func (s *Service) Name(ctx context.Context, actor auth.Actor, id string, asked network.Right, scopes []string) error {
	if !slices.Contains(network.RightsAsked(), asked) {
		return errNone
	}
	return s.act(ctx, actor, id, "case.name", EvNamed, string(asked), []State{Open, Waiting, Letter}, func(tx *db.Tx, c Case, n *network.Network, _ *vault.Ring) error {
		for _, x := range scopes {
			if asked.Scoped() && !inScope(n, asked, x) {
				return errNone
			}
		}
		if !asked.Scoped() {
			scopes = nil
		}
		return tx.Send("UPDATE inbox_case SET asked = $2, scopes = $3, state = CASE WHEN state = 'letter' THEN 'open' ELSE state END WHERE id = $1", id, string(asked), strings.Join(scopes, " "))
	})
}

// Tie adds somebody by hand to those whom a case is about, by the reference of a request.
func (s *Service) Tie(ctx context.Context, actor auth.Actor, id, ref string) error {
	ref, ok := request.ParseRef(ref)
	var c fault.Check
	c.That(ok, "ref", fault.T("Cette référence n’a pas la bonne forme.", "This reference does not have the right form."))
	if err := c.Err(); err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.tie", EvTied, ref, []State{Open, Waiting}, func(tx *db.Tx, _ Case, _ *network.Network, _ *vault.Ring) error {
		who, err := request.PersonByRef(tx, ref)
		if err != nil {
			return err
		}
		return tie(tx, id, actor.Name(), []subject{{who, network.Consumer}})
	})
}

// Untie takes somebody away whom a case is not about.
func (s *Service) Untie(ctx context.Context, actor auth.Actor, id, who string) error {
	return s.act(ctx, actor, id, "case.untie", "untied", who, []State{Open, Waiting}, func(tx *db.Tx, _ Case, _ *network.Network, _ *vault.Ring) error {
		return tx.Send("DELETE FROM inbox_subject WHERE case_id = $1 AND person_id = $2", id, who)
	})
}

// Join closes a case into an earlier one that asks the same; the person follows that one from then on.
func (s *Service) Join(ctx context.Context, actor auth.Actor, id, into string) error {
	return s.act(ctx, actor, id, "case.join", EvJoined, into, []State{Open, Waiting, Letter}, func(tx *db.Tx, c Case, n *network.Network, _ *vault.Ring) error {
		other, err := load(tx, into)
		if err != nil {
			return err
		}
		if into == id || !other.Running() || other.Received.After(c.Received) {
			return fault.New(fault.Conflict, "join", fault.T("Un dossier se joint à un dossier plus ancien et encore ouvert.", "A case is joined to an earlier one that is still open."))
		}
		if err := note(tx, into, EvLetter, actor.Name(), id); err != nil {
			return err
		}
		if err := privacy.Ended(tx, n, id, id, network.WhileCaseOpen); err != nil {
			return err
		}
		return tx.Send("UPDATE inbox_case SET state = 'joined', state_at = $2, joined_id = $3 WHERE id = $1", id, db.Micros(tx.Now()), into)
	})
}

// Reply is the officer's answer.
type Reply struct {
	Text    string
	Refusal string // id of a ground; empty when the case is granted
}

// Answer closes a case. A refusal says its ground, where to complain and that a court may be asked (GDPR art. 12.4); so does every answer,
// for people differ on what was asked of them (WA-55, RN-109). It goes by e-mail where there is an address, as a link otherwise.
func (s *Service) Answer(ctx context.Context, actor auth.Actor, id string, in Reply) error {
	if err := words("text", in.Text, 10); err != nil {
		return err
	}
	to, event := Answered, EvAnswered
	if in.Refusal != "" {
		to, event = Refused, EvRefused
	}
	return s.act(ctx, actor, id, "case.answer", event, in.Refusal, []State{Open, Waiting, Letter}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		text := in.Text
		if in.Refusal != "" {
			ground := n.Refusal(in.Refusal)
			if ground == (fault.Text{}) {
				return errNone
			}
			if !strings.Contains(text, ground.Say(c.Lang)) {
				text += "\n\n" + ground.Say(c.Lang)
			}
		}
		in.Text = text
		return s.close(tx, n, ring, actor, c, in, to)
	})
}

// close ends a case in tx with an answer that goes to the person.
func (s *Service) close(tx *db.Tx, n *network.Network, ring *vault.Ring, actor auth.Actor, c Case, in Reply, to State) error {
	if err := resume(tx, c.ID); err != nil {
		return err
	}
	if err := privacy.Ended(tx, n, c.ID, c.ID, network.WhileCaseOpen); err != nil {
		return err
	}
	if err := s.exchanged(tx, n, c, network.ByExchange); err != nil {
		return err
	}
	now := db.Micros(tx.Now())
	if err := tx.Send("UPDATE inbox_case SET state = $2, state_at = $3, answered_at = $3, answer_sealed = $4, refusal = $5, by_account = $6 WHERE id = $1", c.ID, string(to), now,
		seal(ring, "answer_sealed", c.ID, in.Text), in.Refusal, actor.Account); err != nil {
		return err
	}
	// Proofs of identity go when the case closes, whether or not anybody looked at them (RN-111).
	if err := tx.Send("DELETE FROM inbox_letter WHERE case_id = $1 AND way = 'proof'", c.ID); err != nil {
		return err
	}
	if err := insertLetter(tx, ring, c.ID, Post{Way: "out", Channel: c.Channel, Text: in.Text, By: actor.Account, At: tx.Now()}); err != nil {
		return err
	}
	if c.State == Letter {
		return s.writeBack(tx, n, ring, c, in.Text)
	}
	return s.write(tx, n, ring, c, "rights-answered", map[string]string{"answer": in.Text, "authority": authority(n)})
}

func authority(n *network.Network) string {
	a := n.Rights.Authority
	return a.Name + ", " + a.Address + ", " + a.URL
}

// Statistics of the cases that were received since an instant.
type Statistics struct {
	Received, Open, InTime, Late, Refused int
	Median                                time.Duration // from receipt to answer
}

// Statistics counts cases received in the year before now.
func (s *Service) Statistics(ctx context.Context, actor auth.Actor) (st Statistics, err error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return st, err
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return st, err
	}
	var all []stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scan, "SELECT "+columns+" FROM inbox_case WHERE received_at > $1 AND state NOT IN ('joined', 'letter')", db.Micros(tx.Now().AddDate(-1, 0, 0)))
		return err
	}); err != nil {
		return st, err
	}
	var took []time.Duration
	for _, c := range all {
		st.Received++
		if c.Running() {
			st.Open++
			continue
		}
		took = append(took, c.AnsweredAt.Sub(c.Received))
		if c.State == Refused {
			st.Refused++
		}
		due := c.Case
		due.State = Open
		due.clock(n)
		if c.AnsweredAt.After(due.Due) {
			st.Late++
		} else {
			st.InTime++
		}
	}
	if len(took) > 0 {
		slices.Sort(took)
		st.Median = took[len(took)/2]
	}
	return st, nil
}

// writeBack answers a letter by e-mail, in its thread.
func (s *Service) writeBack(tx *db.Tx, n *network.Network, ring *vault.Ring, c Case, text string) error {
	m := notify.Message{Person: c.ID, Object: c.ID, Kind: "letter-answer", Channel: notify.ByEmail, To: c.Email, Subject: c.Ref, Body: text, ReplyTo: replyTo(n)}
	all, err := lettersOf(tx, ring, c.ID)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Way == "in" && p.Message != "" {
			m.Answers, m.Subject = p.Message, "Re: "+p.Subject+" ["+c.Ref+"]"
		}
	}
	return s.Notify.Queue(tx, ring, m)
}

// lastMessage is the Message-ID of the last mail of a case that came in; empty for none.
func lastMessage(tx *db.Tx, ring *vault.Ring, id string) (last string, err error) {
	all, err := lettersOf(tx, ring, id)
	for _, p := range all {
		if p.Way == "in" && p.Message != "" {
			last = p.Message
		}
	}
	return last, err
}
