package request

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/match"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// takeFor is how long a request stays an agent's after his last stroke, in machine time.
const takeFor = 15 * time.Minute

// Draft is what an agent has typed so far. It is sealed with the caller's contact key: it may hold everything.
type Draft struct {
	Trade    string              `json:"trade"`
	Urgency  string              `json:"urgency"`
	Intent   string              `json:"intent"`
	Postcode string              `json:"postcode"`
	INSEE    string              `json:"insee"`
	Answers  map[string][]string `json:"answers"`
	Street   string              `json:"street"`
	Kind     string              `json:"kind"`
	Name     string              `json:"name"`
	Company  string              `json:"company"`
	Phone    string              `json:"phone"`
	Email    string              `json:"email"`
	Lang     string              `json:"lang"`
	Consents map[string]bool     `json:"consents"`          // asked aloud
	Price    string              `json:"price"`             // as typed, excl. VAT; empty takes the suggestion
	Because  string              `json:"because"`           // why another price
	Seats    int                 `json:"seats"`             // 0: as the file says
	Members  []string            `json:"members,omitempty"` // to whom it is to be forwarded, as ticked so far
	Seen     int                 `json:"seen"`              // how many corrections of the request whoever typed this had seen
}

// Waiting is one request of a queue.
type Waiting struct {
	Request
	Title string
	Due   time.Time // of the promised call-back; zero for none
}

// Queue lists what waits for an agent (received) or was published and has free seats (unsold is for the caller to say), oldest clock first.
func (s *Service) Queue(ctx context.Context, actor auth.Actor, state State) ([]Waiting, error) {
	if err := actor.May(auth.RequestQueue); err != nil {
		return nil, err
	}
	var all []Request
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE state = $1 AND frozen_at = 0 ORDER BY at, id LIMIT 200", string(state))
		return err
	}); err != nil {
		return nil, err
	}
	out := make([]Waiting, 0, len(all))
	for _, r := range all {
		n, err := s.editions.Get(ctx, r.Edition)
		if err != nil {
			return nil, err
		}
		w := Waiting{Request: r, Title: Title(n, r, actor.Lang)}
		if state == Received && !n.Introductions.Clocks.CallBack.IsZero() {
			w.Due = n.Introductions.Clocks.CallBack.AddTo(r.StateAt)
		}
		out = append(out, w)
	}
	return out, nil
}

// Counts tells how many requests wait for an agent, and how many are published that nobody has bought: for the navigation.
func (s *Service) Counts(ctx context.Context, actor auth.Actor) (waiting, unsold int, err error) {
	if err := actor.May(auth.RequestQueue); err != nil {
		return 0, 0, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		return db.Each(tx, func(r db.Scanner) error {
			var state string
			var n int
			err := r.Scan(&state, &n)
			if state == string(Received) {
				waiting = n
			} else {
				unsold = n
			}
			return err
		}, "SELECT state, count(*) FROM request WHERE state IN ('received', 'published') AND sold = 0 GROUP BY state")
	})
	return waiting, unsold, err
}

// Take makes a waiting request an agent's for a while. Of two agents one gets it; the other learns that it is taken.
func (s *Service) Take(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.RequestQualify); err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		r, err := selectRequest(tx, id)
		if err != nil {
			return err
		}
		if !r.State.Open() {
			return errState
		}
		now := tx.Machine()
		n, err := tx.Exec("UPDATE request SET taken_by = $2, taken_until = $3 WHERE id = $1 AND (taken_by = '' OR taken_by = $2 OR taken_until <= $4)",
			id, actor.Account, db.Micros(now.Add(takeFor)), db.Micros(now))
		if err != nil {
			return err
		}
		if n == 0 {
			return errTaken
		}
		if r.TakenBy != actor.Account {
			if err := insertEvent(tx, id, EvTaken, actor.Account, 0, ""); err != nil {
				return err
			}
			tx.Wake("queue")
			return audit.Write(tx, actor.Name(), actor.As(auth.RequestQualify), "request.take", id, "")
		}
		return nil
	})
}

// Release gives a taken request back to the queue.
func (s *Service) Release(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.RequestQualify); err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		err := tx.Send("UPDATE request SET taken_by = '', taken_until = 0 WHERE id = $1 AND taken_by = $2", id, actor.Account)
		tx.Wake("queue")
		return err
	})
}

// Begin opens an empty request for a call in progress, in tx of the room that knows the call. ring holds the caller's keys (Categories); callID is what
// is said in it refers to afterwards: its recording, where there is one, is how a spoken consent is heard again.
func (s *Service) Begin(tx *db.Tx, n *network.Network, ring *vault.Ring, actor auth.Actor, personID, site, caller, trade, callID string) (id string, err error) {
	if err := actor.May(auth.RequestQualify); err != nil {
		return "", err
	}
	id = tx.NewID("req")
	d := Draft{Trade: trade, Phone: caller, Kind: "person", Lang: "fr", Seats: n.Introductions.Seats}
	r := Request{ID: id, Ref: NewRef(""), Person: personID, Edition: n.Hash(), Site: site, Channel: "phone", Trade: trade, State: Received,
		TakenBy: actor.Account, TakenUntil: tx.Machine().Add(takeFor), draft: sealDraft(ring, id, d)}
	who := person.Person{ID: personID, Kind: "person", Lang: "fr", Phone: caller}
	if err := s.store(tx, n, ring, who, r, content{}, "", nil); err != nil {
		return "", err
	}
	return id, insertEvent(tx, id, EvTaken, actor.Account, 0, callID)
}

// callOf is the call in which a request was opened; empty when there was none.
func callOf(tx *db.Tx, request string) (string, error) {
	id, err := db.Value[string](tx, "SELECT object FROM request_event WHERE request_id = $1 AND kind = $2 ORDER BY at, id LIMIT 1", request, EvTaken)
	if errors.Is(err, db.ErrNone) {
		return "", nil
	}
	return id, err
}

// Categories are the keys that a consumer's ring needs.
func Categories() []string { return slices.Clone(consumerCategories) }

func sealDraft(ring *vault.Ring, id string, d Draft) []byte {
	return ring.SealText(catContact, place("draft_sealed", id), db.JSON(d))
}

// Desk is everything that an agent needs about one request.
type Desk struct {
	Request
	Network    *network.Network
	Draft      Draft
	May        canvass.Answer // whether the agent may call now
	Form       *network.Form
	Wrong      []fault.Field // what keeps it from being published
	Suggested  money.Amount
	Steps      []network.Step
	Candidates []match.Candidate
	Names      map[string]string // of candidates
	Excluded   map[match.Code]int
	Members    []Member          // where requests are forwarded: to whom this one may be, and to whom not
	Consents   []network.Consent // to be asked aloud, or ticked in the form already
	Given      []privacy.Given
	Twins      []Request // other open requests of the same number
	Photos     []string
	Events     []Event
	Changes    []Change  // corrected since the draft was begun, for its agent to decide
	Corrected  time.Time // when last, with Changes
	Seen       int       // corrections that Changes hold
}

// read is for staff who read a request with its contact details; the reading leaves a line (audit.Read).
func (s *Service) read(ctx context.Context, actor auth.Actor, act auth.Action, id string, renewed bool) (r Request, n *network.Network, ring *vault.Ring, who person.Person, err error) {
	if err = actor.May(act); err != nil {
		return
	}
	if r, n, ring, who, err = s.open(ctx, id); err != nil {
		return
	}
	err = audit.Read(ctx, s.db, actor.Name(), actor.As(act), "request.read", id, renewed)
	return
}

// OpenDesk reads a request for its agent: what is typed, what is missing, who would be asked, what it would cost and why.
func (s *Service) OpenDesk(ctx context.Context, actor auth.Actor, id string) (Desk, error) {
	if err := actor.May(auth.RequestQualify); err != nil {
		return Desk{}, err
	}
	o, err := s.openSeen(ctx, id)
	if err != nil {
		return Desk{}, err
	}
	if err := mayWork(actor, o.r, s.db.Machine()); err != nil {
		return Desk{}, err
	}
	if o.r.State == Received && o.r.TakenBy != actor.Account {
		return Desk{}, errUntaken
	}
	if err := audit.Read(ctx, s.db, actor.Name(), actor.As(auth.RequestQualify), "request.read", id, false); err != nil {
		return Desk{}, err
	}
	return s.desk(ctx, o)
}

// errUnsold keeps a request in the house where the network file sells no introduction (WA-12, 57): no price, no board, no professional.
var errUnsold = fault.New(fault.Denied, "nothing-sold", fault.T("Ce réseau ne vend aucune mise en relation : une demande n’y est ni publiée ni transmise.", "This network sells no introduction: a request is neither published nor passed on."))

// errUntaken keeps two agents from typing into one request: it is taken first.
var errUntaken = fault.New(fault.Conflict, "take-first", fault.T("Prenez d’abord cette demande.", "Take this request first."))

// Reopen is OpenDesk for the agent who holds the request and has it before his eyes: a desk that saves itself every second leaves a line when it
// is opened, not one a keystroke.
func (s *Service) Reopen(ctx context.Context, actor auth.Actor, id string) (Desk, error) {
	if err := actor.May(auth.RequestQualify); err != nil {
		return Desk{}, err
	}
	o, err := s.openSeen(ctx, id)
	if err != nil {
		return Desk{}, err
	}
	if o.r.TakenBy != actor.Account || !s.db.Machine().Before(o.r.TakenUntil) {
		return s.OpenDesk(ctx, actor, id)
	}
	return s.desk(ctx, o)
}

func (s *Service) desk(ctx context.Context, o opened) (Desk, error) {
	d, err := s.draft(o)
	if err != nil {
		return Desk{}, err
	}
	r, n, who := o.r, o.n, o.who
	desk := Desk{Request: r, Network: n, May: s.mayDial(n, r, who), Draft: d, Form: n.Form(d.Trade), Consents: n.ConsentsOn(askedOn(r))}
	in, wrong := s.checkDraft(n, r, d)
	if f := fault.Of(wrong); f != nil {
		desk.Wrong = f.Fields
	} else if wrong != nil {
		return Desk{}, wrong
	}
	if d.Trade != "" && in.commune.INSEE != "" && n.Sells() {
		p, err := s.decide(ctx, n, r.ID, d.Trade, d.Urgency, d.Intent, in.commune, in.answers, 0)
		if err != nil {
			return Desk{}, err
		}
		desk.Suggested, desk.Steps, desk.Candidates = p.price, p.steps, p.decision.Candidates
		desk.Excluded = map[match.Code]int{}
		for _, e := range p.decision.Excluded {
			desk.Excluded[e.Reason.Code]++
		}
		if desk.Names, err = s.names(ctx, desk.Candidates); err != nil {
			return Desk{}, err
		}
	}
	if d.Trade != "" && in.commune.INSEE != "" && n.Forwards() {
		if desk.Members, err = s.Members(ctx, r, d.Trade, in.commune); err != nil {
			return Desk{}, err
		}
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if desk.Given, err = privacy.Ledger(tx, r.Person, r.ID); err != nil {
			return err
		}
		if desk.Photos, err = selectPhotoIDs(tx, r.ID); err != nil {
			return err
		}
		if desk.Events, err = selectEvents(tx, r.ID); err != nil {
			return err
		}
		desk.Twins, err = OpenOf(tx, person.PhoneIndex(s.vault, who.Phone), r.ID)
		return err
	})
	if err != nil {
		return Desk{}, err
	}
	desk.Seen = o.seen
	desk.Changes, desk.Corrected, err = s.changes(o, d, desk.Events)
	return desk, err
}

func askedOn(r Request) network.AskedOn {
	if r.Channel == "phone" {
		return network.AskedOnCall
	}
	return network.AskedOnForm
}

// names opens the company names of at most thirty candidates: what an agent can read.
func (s *Service) names(ctx context.Context, candidates []match.Candidate) (map[string]string, error) {
	ids := make([]string, 0, 30)
	for _, c := range candidates[:min(30, len(candidates))] {
		ids = append(ids, c.ID)
	}
	contacts, err := s.pros.Contacts(ctx, ids...)
	names := map[string]string{}
	for id, c := range contacts {
		names[id] = c.Company
	}
	return names, err
}

// draft is what stands at the desk: the agent's own, or the form's answers.
func (s *Service) draft(o opened) (Draft, error) {
	r, who := o.r, o.who
	if len(r.draft) > 0 {
		b, err := o.ring.Open(catContact, place("draft_sealed", r.ID), r.draft)
		if err != nil && !errors.Is(err, vault.ErrErased) {
			return Draft{}, err
		}
		if err == nil {
			var d Draft
			return d, json.Unmarshal(b, &d)
		}
	}
	c, err := s.content(o)
	return Draft{Trade: r.Trade, Urgency: c.Urgency, Intent: r.Intent, Postcode: c.Postcode, INSEE: c.INSEE, Answers: c.Answers, Street: c.Street,
		Kind: c.Kind, Name: c.Name, Company: c.Company, Phone: c.Phone, Email: c.Email, Lang: who.Lang, Seats: r.Seats, Seen: o.seen}, err
}

// checkDraft is check for a desk: the same rules, with the consents asked aloud on a call; a form's were given in the form.
func (s *Service) checkDraft(n *network.Network, r Request, d Draft) (checked, error) {
	var c fault.Check
	var out checked
	form := n.Form(d.Trade)
	if form == nil {
		c.Add("trade", fault.T("Choisissez le métier.", "Choose the trade."))
		return out, c.Err()
	}
	c.That(n.Urgency(d.Urgency) != fault.Text{}, "urgency", fault.T("Demandez pour quand.", "Ask for when."))
	if d.Intent != "" {
		c.That(n.Intent(d.Intent) != fault.Text{}, "intent", fault.T("Cette réponse n’existe pas.", "There is no such answer."))
	}
	out.commune = checkPlace(&c, d.Postcode, d.INSEE)
	answers, err := form.Validate(d.Answers)
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
		if answers, err = form.Draft(d.Answers); err != nil && fault.Of(err) == nil { // what is right so far still prices and matches
			return out, err
		}
	} else if err != nil {
		return out, err
	}
	out.answers, out.words = split(form, answers)
	out.phone, out.email = s.checkWho(&c, n, d.Kind, d.Name, d.Company, d.Phone, d.Email, d.Street, out.commune)
	if r.Channel == "phone" {
		for _, consent := range n.ConsentsOn(network.AskedOnCall) {
			c.That(!consent.Required || d.Consents[consent.ID], "consent-"+consent.ID, fault.T("Demandez son accord au client.", "Ask for the customer's agreement."))
		}
	}
	if d.Price != "" {
		if price, err := money.Parse(d.Price); err != nil {
			c.Add("price", fault.T("Écrivez un prix, par exemple 36 ou 36,50.", "Write a price, for example 36 or 36.50."))
		} else if f := fault.Of(n.Introductions.Price.Within(price)); f != nil {
			c.Add("price", f.Public)
		}
	}
	c.That(d.Seats >= 0 && d.Seats <= n.Introductions.Seats, "seats", fault.Tf("Au plus %d places par demande.", "At most %d seats for a request.", n.Introductions.Seats))
	return out, c.Err()
}

// Save keeps an agent's draft; it checks nothing but who and how long it is. The taken request stays his for another while.
func (s *Service) Save(ctx context.Context, actor auth.Actor, id string, d Draft) error {
	if err := actor.May(auth.RequestQualify); err != nil {
		return err
	}
	if len(db.JSON(d)) > 32<<10 {
		return fault.New(fault.Invalid, "draft-too-long", fault.T("Ce texte est trop long pour être gardé.", "This text is too long to be kept."))
	}
	r, _, ring, _, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE request SET draft_sealed = $3, taken_until = $4 WHERE id = $1 AND taken_by = $2 AND state = 'received'",
			id, actor.Account, sealDraft(ring, id, d), db.Micros(tx.Machine().Add(takeFor)))
		if err == nil && n == 0 {
			if err = mayWork(actor, r, tx.Machine()); err == nil {
				err = errState
			}
		}
		return err
	})
}

// proposal is a decision with its price.
type proposal struct {
	decision match.Decision
	input    decisionInput
	price    money.Amount
	steps    []network.Step
	seedOn   string
}

// Publish puts a request before the professionals who fit, under the agent's name: qualified, priced, published (ET-35, 45). A price that was
// typed is his; else the suggestion is, once he publishes it.
func (s *Service) Publish(ctx context.Context, actor auth.Actor, id string, d Draft) error {
	if err := actor.May(auth.RequestPublish); err != nil {
		return err
	}
	o, err := s.openSeen(ctx, id)
	if err != nil {
		return err
	}
	r, n := o.r, o.n
	if err := mayWork(actor, r, s.db.Machine()); err != nil {
		return err
	}
	if r.State != Received {
		return errState
	}
	if !n.Sells() {
		return errUnsold
	}
	if err := s.undecided(ctx, o, d); err != nil {
		return err
	}
	in, err := s.checkDraft(n, r, d)
	if err != nil {
		return err
	}
	p, err := s.decide(ctx, n, r.ID, d.Trade, d.Urgency, d.Intent, in.commune, in.answers, 0)
	if err != nil {
		return err
	}
	price, reasons := p.price, reasonsOf(p.steps)
	if d.Price != "" {
		if price, err = money.Parse(d.Price); err != nil {
			return err // checked above
		}
		if price != p.price {
			reasons = append(reasons, Reason{Typed: true, Add: price - p.price, Because: fault.T(strings.TrimSpace(d.Because), "")})
		}
	}
	if err := n.Introductions.Price.Within(price); err != nil {
		return err
	}
	who := settledWho(o.who, d, in)
	next := settledRequest(r, d, in)
	next.Price, next.VAT, next.Reasons, next.PricedBy, next.Seats = price, n.Introductions.Price.VAT, reasons, actor.Account, d.Seats
	if next.Seats == 0 {
		next.Seats = n.Introductions.Seats
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := s.settle(tx, actor, o, d, in, next, who, Published); err != nil {
			return err
		}
		return s.publish(tx, actor, n, next, p)
	})
}

// publish is the part of publishing that the machine shares: price, seats, decision, offers, and the promise to tell those asked.
func (s *Service) publish(tx *db.Tx, actor auth.Actor, n *network.Network, r Request, p proposal) error {
	if err := tx.Send(`UPDATE request SET price_minor = $2, vat_rate = $3, price_reasons = $4, priced_by = $5, qualified_by = $5, qualified_at = $6, published_at = $6, published_machine_at = $7, seats = $8, taken_by = '', taken_until = 0 WHERE id = $1`,
		r.ID, int64(r.Price), int64(r.VAT), db.JSON(r.Reasons), actor.Name(), db.Micros(tx.Now()), db.Micros(tx.Machine()), r.Seats); err != nil {
		return err
	}
	for i := range r.Seats {
		if err := tx.Send("INSERT INTO seat (request_id, number, state, pro_id, price_minor, vat_rate, held_until) VALUES ($1, $2, 'free', NULL, $3, $4, 0) ON CONFLICT (request_id, number) DO NOTHING",
			r.ID, i+1, int64(r.Price), int64(r.VAT)); err != nil {
			return err
		}
	}
	for _, kind := range []string{EvQualified, EvPriced} {
		if err := insertEvent(tx, r.ID, kind, actor.Name(), 0, ""); err != nil {
			return err
		}
	}
	hand, err := handled(tx, n, r)
	if err != nil {
		return err
	}
	asked := 0
	if !hand { // else whoever publishes chooses, one by one
		if asked, err = s.offer(tx, n, r, p); err != nil {
			return err
		}
	}
	if err := insertEvent(tx, r.ID, EvPublished, actor.Name(), asked, ""); err != nil {
		return err
	}
	tx.Wake("queue")
	tx.Wake("board")
	return audit.Write(tx, actor.Name(), actor.As(auth.RequestPublish), "request.publish", r.ID, r.Price.Decimal())
}

func reasonsOf(steps []network.Step) []Reason {
	var all []Reason
	for _, st := range steps {
		all = append(all, Reason{Because: st.Because, Add: st.Delta})
	}
	return all
}

// ByRef finds a request's id by its reference, for staff.
func (s *Service) ByRef(ctx context.Context, actor auth.Actor, ref string) (id string, err error) {
	if !actor.Can(auth.AuditRead) {
		if err := actor.May(auth.RequestRead); err != nil {
			return "", err
		}
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, err := selectRequestByRef(tx, ref)
		id = r.ID
		return err
	})
	return id, err
}
