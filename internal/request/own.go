package request

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/vault"
)

// Mine is a request as its consumer sees it through his private link.
type Mine struct {
	Request
	Network *network.Network
	Who     person.Person
	Words   network.Answers
	Street  string
	Events  []Event
	Photos  []string
	Given   []privacy.Given
	Takers  []Taker
}

// Taker is a professional who took the request, as the consumer sees him.
type Taker struct {
	Purchase
	Contact pro.Contact
	CallBy  time.Time
	Stopped bool
}

// Mine opens a consumer's own request.
func (s *Service) Mine(ctx context.Context, actor auth.Actor) (Mine, error) {
	r, n, ring, who, err := s.own(ctx, actor, auth.RequestReadOwn)
	if err != nil {
		return Mine{}, err
	}
	m := Mine{Request: r, Network: n, Who: who}
	if m.Words, err = openWords(ring, r); err != nil {
		return m, err
	}
	if m.Street, err = openStreet(ring, r); err != nil {
		return m, err
	}
	var excluded []string
	var bought []Purchase
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if m.Events, err = selectEvents(tx, r.ID); err != nil {
			return err
		}
		if m.Photos, err = selectPhotoIDs(tx, r.ID); err != nil {
			return err
		}
		if m.Given, err = privacy.Ledger(tx, r.Person, r.ID); err != nil {
			return err
		}
		if bought, err = selectPurchasesOf(tx, r.ID); err != nil {
			return err
		}
		excluded, err = db.Values[string](tx, "SELECT pro_id FROM exclusion WHERE request_id = $1 ORDER BY pro_id", r.ID)
		return err
	})
	if err != nil {
		return m, err
	}
	ids := make([]string, len(bought))
	for i, p := range bought {
		ids[i] = p.Pro
	}
	contacts, err := s.pros.Contacts(ctx, ids...)
	for _, p := range bought {
		m.Takers = append(m.Takers, Taker{Purchase: p, Contact: contacts[p.Pro], CallBy: callBy(n, p), Stopped: slices.Contains(excluded, p.Pro)})
	}
	return m, err
}

// own opens the request of a private link.
func (s *Service) own(ctx context.Context, actor auth.Actor, act auth.Action) (r Request, n *network.Network, ring *vault.Ring, who person.Person, err error) {
	if err = actor.May(act); err != nil {
		return
	}
	if actor.Request == "" {
		err = errNone
		return
	}
	if act == auth.RequestReadOwn || actor.Who == auth.System {
		return s.openFrozen(ctx, actor.Request)
	}
	return s.open(ctx, actor.Request)
}

// Photo opens one picture, for the consumer himself and for staff; who bought has BoughtPhoto.
func (s *Service) Photo(ctx context.Context, actor auth.Actor, request, id string) (Photo, error) {
	if err := s.maySeeContent(actor, request); err != nil {
		return Photo{}, err
	}
	open := s.open
	if actor.Who == auth.Consumer {
		open = s.openFrozen // a restriction keeps nobody from his own
	}
	r, _, ring, _, err := open(ctx, request)
	if err != nil {
		return Photo{}, err
	}
	var p Photo
	err = s.db.Read(ctx, func(tx *db.Tx) error { p, err = selectPhoto(tx, ring, r.ID, id); return err })
	return p, err
}

func (s *Service) maySeeContent(actor auth.Actor, request string) error {
	if actor.Who == auth.Consumer && actor.Request == request || actor.Can(auth.RequestRead) {
		return nil
	}
	return errNone
}

// Cancel ends a request at its consumer's word, free and at any time before it is over (ET-13). Who bought it is told.
func (s *Service) Cancel(ctx context.Context, actor auth.Actor) error {
	r, n, ring, who, err := s.own(ctx, actor, auth.RequestChange)
	if err != nil {
		return err
	}
	return s.end(ctx, actor, r, n, Cancelled, EvCancelled, "", alive, func(tx *db.Tx) error {
		if r.State == Unverified {
			return nil // nobody has shown that this number is his: it gets no text
		}
		return s.tell(tx, n, ring, r, who, "cancelled", nil)
	})
}

// Withdraw takes a request off the board, by staff with a reason of the network's list, which its consumer is told; it may be looked after by hand
// and is not published again.
func (s *Service) Withdraw(ctx context.Context, actor auth.Actor, id, reason string) error {
	if err := actor.May(auth.RequestManage); err != nil {
		return err
	}
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	why := n.Withdrawal(reason)
	var c fault.Check
	c.That(why != fault.Text{}, "reason", fault.T("Choisissez un motif de la liste.", "Choose a reason from the list."))
	if err := c.Err(); err != nil {
		return err
	}
	return s.end(ctx, actor, r, n, Withdrawn, EvWithdrawn, reason, []State{Received, Published, Forwarded}, func(tx *db.Tx) error {
		now, err := selectRequest(tx, id)
		if err != nil {
			return err
		}
		if now.PublishedAt.IsZero() && now.Sold == 0 { // it may still be taken back
			return job.Add(tx, jobWithdrawn, id, undoFor)
		}
		return s.tell(tx, n, ring, r, who, "request-withdrawn", map[string]string{"reason": why.Say(who.Lang)})
	})
}

// tellWithdrawn tells the consumer of a withdrawal that can no longer be taken back, once, however often the request was closed and reopened
// before.
func (s *Service) tellWithdrawn(ctx context.Context, id string) error {
	r, n, ring, who, err := s.openFrozen(ctx, id)
	if err != nil || r.State != Withdrawn || !r.FrozenAt.IsZero() {
		return err
	}
	if left := undoFor - s.db.Now().Sub(r.StateAt); left > 0 {
		return job.Retry{After: left, Err: errors.New("the withdrawal may still be taken back")}
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		now, err := selectRequest(tx, id)
		if err != nil || now.State != Withdrawn || !now.StateAt.Equal(r.StateAt) {
			return err
		}
		told, err := db.Value[int64](tx, "SELECT count(*) FROM message WHERE object = $1 AND kind = 'request-withdrawn' AND at >= $2", id, db.Micros(r.StateAt))
		if err != nil || told > 0 {
			return err
		}
		reason, err := db.Value[string](tx, "SELECT object FROM request_event WHERE request_id = $1 AND kind = $2 ORDER BY at DESC, id DESC LIMIT 1", id, EvWithdrawn)
		if err != nil {
			return err
		}
		return s.tell(tx, n, ring, r, who, "request-withdrawn", map[string]string{"reason": n.Withdrawal(reason).Say(who.Lang)})
	})
}

// undoFor is how long, in business time, somebody may take his own act back: ten seconds on his screen, and as many for a slow network.
const undoFor = 20 * time.Second

var errTooLate = fault.New(fault.Conflict, "too-late", fault.T("C’est trop tard : cette action ne peut plus être annulée.", "It is too late: this action can no longer be undone."))

// Unwithdraw takes one's own withdrawal of a waiting request back, in the seconds that follow. Nobody outside had heard of it: the consumer is
// told once they are over and nobody was asked about the request. It waits as long as it had, on the desk where it was, draft and all. Once it
// was published, or its number has asked again, it stays withdrawn.
func (s *Service) Unwithdraw(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.RequestManage); err != nil {
		return err
	}
	r, n, _, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		back, err := tx.Exec(`UPDATE request SET state = $2, state_at = (SELECT max(at) FROM request_event WHERE request_id = $1 AND kind IN ($3, $4))
			WHERE id = $1 AND state = $5 AND published_at = 0 AND sold = 0 AND (SELECT max(at) FROM request_event WHERE request_id = $1 AND kind = $6 AND actor = $7) > $8`,
			id, string(Received), EvReceived, EvVerified, string(Withdrawn), EvWithdrawn, actor.Name(), db.Micros(tx.Now().Add(-undoFor)))
		if err == nil && back == 0 {
			err = errTooLate
		}
		if err == nil {
			err = privacy.Resumed(tx, n, r.Person, r.ID, network.WhileRequestOpen)
		}
		if err != nil {
			return err
		}
		if r.Channel != "phone" { // a call takes its window when it is published
			if earlier, err := s.claimWindow(tx, n, who.Phone, r); err != nil {
				return err
			} else if earlier != "" {
				return errTooLate
			}
		}
		tx.Wake("queue")
		return s.managed(tx, actor, r, EvReopened, 0, "")
	})
}

// end moves a request to a last state: its cart is emptied, its number may ask again, and those who bought are told.
func (s *Service) end(ctx context.Context, actor auth.Actor, r Request, n *network.Network, to State, event, reason string, from []State, also func(*db.Tx) error) error {
	var buyers []string
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		buyers, err = db.Values[string](tx, "SELECT pro_id FROM purchase WHERE request_id = $1 AND state = 'revealed' ORDER BY pro_id", r.ID)
		return err
	}); err != nil {
		return err
	}
	contacts, err := s.pros.Contacts(ctx, buyers...)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := sameBuyers(tx, r); err != nil {
			return err
		}
		moved, err := moveState(tx, r.ID, to, from...)
		if err != nil {
			return err
		}
		if !moved {
			return errState
		}
		if err := over(tx, n, r); err != nil {
			return err
		}
		// A seat that is capturing is left to its payment, which finds the request ended and gives the money back.
		if err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE request_id = $1 AND state = 'held'", r.ID); err != nil {
			return err
		}
		if err := freeWindow(tx, r.ID); err != nil {
			return err
		}
		if err := insertEvent(tx, r.ID, event, actor.Name(), 0, reason); err != nil {
			return err
		}
		for _, id := range buyers {
			if err := s.tellBuyer(tx, n, r, contacts[id], "withdrawn"); err != nil {
				return err
			}
		}
		tx.Wake("board")
		tx.Wake("queue")
		act := auth.RequestManage
		if actor.Who == auth.Consumer {
			act = auth.RequestChange
		}
		if err := audit.Write(tx, actor.Name(), actor.As(act), "request."+event, r.ID, reason); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
}

// sameBuyers reads in a transaction what was read before it, and refuses when somebody bought in between: he would be told nothing.
func sameBuyers(tx *db.Tx, was Request) (Request, error) {
	now, err := selectRequest(tx, was.ID)
	if err == nil && now.Sold != was.Sold {
		err = errState
	}
	return now, err
}

// introductionPath is where a professional reads what he bought, or was passed.
func introductionPath(n *network.Network, id string) string {
	if n.Forwards() {
		return "/transmises/" + id
	}
	return "/achats/" + id
}

// tellBuyer queues a letter about a request to a professional who bought it.
func (s *Service) tellBuyer(tx *db.Tx, n *network.Network, r Request, c pro.Contact, kind string) error {
	if c.ID == "" {
		return nil
	}
	purchase, err := db.Value[string](tx, "SELECT id FROM purchase WHERE request_id = $1 AND pro_id = $2 AND state = 'revealed'", r.ID, c.ID)
	if err != nil {
		return err
	}
	minutes := minutes(n.Introductions.Clocks.FirstContact.Exact())
	letter, err := n.Message(kind, c.Lang, map[string]string{"ref": r.Ref, "commune": r.Commune().Name + " " + r.Postcode, "link": s.url(n.SpaceHost, introductionPath(n, purchase)), "minutes": minutes})
	if err != nil {
		return err
	}
	return s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: c.ID, Object: purchase, Kind: kind}, c.Phone, c.Email)
}

// StopContact keeps one professional who bought (a purchase's id) from reading the consumer's details any longer and tells him so; empty stops
// everybody and takes the request off the board.
func (s *Service) StopContact(ctx context.Context, actor auth.Actor, purchase string) error {
	r, n, _, _, err := s.own(ctx, actor, auth.RequestChange)
	if err != nil {
		return err
	}
	var bought []Purchase
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { bought, err = selectPurchasesOf(tx, r.ID); return }); err != nil {
		return err
	}
	if purchase != "" {
		if bought = slices.DeleteFunc(bought, func(p Purchase) bool { return p.ID != purchase }); len(bought) == 0 {
			return errNone
		}
	}
	ids := make([]string, len(bought))
	for i, p := range bought {
		ids[i] = p.Pro
	}
	contacts, err := s.pros.Contacts(ctx, ids...)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := sameBuyers(tx, r); purchase == "" && err != nil {
			return err
		}
		for _, p := range bought {
			added, err := tx.Exec("INSERT INTO exclusion (request_id, pro_id, at) VALUES ($1, $2, $3) ON CONFLICT (request_id, pro_id) DO NOTHING", r.ID, p.Pro, db.Micros(tx.Now()))
			if err != nil {
				return err
			}
			if added == 1 {
				if err := s.tellBuyer(tx, n, r, contacts[p.Pro], "withdrawn"); err != nil {
					return err
				}
			}
		}
		if purchase == "" {
			if err := tx.Send("UPDATE request SET stopped_at = $2 WHERE id = $1 AND stopped_at = 0", r.ID, db.Micros(tx.Now())); err != nil {
				return err
			}
			moved, err := moveState(tx, r.ID, Cancelled, Received, Published, Forwarded)
			if err != nil {
				return err
			}
			if moved { // else it was over already, and its number free
				if err := over(tx, n, r); err != nil {
					return err
				}
				if err := freeWindow(tx, r.ID); err != nil {
					return err
				}
				tx.Wake("queue")
			}
			if err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE request_id = $1 AND state = 'held'", r.ID); err != nil {
				return err
			}
			tx.Wake("board")
		}
		if err := insertEvent(tx, r.ID, EvStopped, "link", len(bought), purchase); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.RequestChange), "contact.stop", r.ID, purchase)
	})
}

// FollowUps are what a consumer may answer to "how did it go?".
var FollowUps = []string{"done", "agreed", "no-call", "no-deal"}

// FollowUp keeps the consumer's word on how it went, once.
func (s *Service) FollowUp(ctx context.Context, actor auth.Actor, answer string) error {
	r, _, _, _, err := s.own(ctx, actor, auth.RequestChange)
	if err != nil {
		return err
	}
	inForce, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(FollowUps, answer) {
		return fault.New(fault.Invalid, "no-such-answer", fault.T("Choisissez une réponse.", "Choose an answer."))
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := db.Value[int64](tx, "SELECT count(*) FROM request_event WHERE request_id = $1 AND kind = $2", r.ID, EvAnswered)
		if err != nil || n > 0 || r.Sold == 0 {
			return err
		}
		if err := privacy.Reacted(tx, inForce, r.Person, network.ByReply); err != nil {
			return err
		}
		return insertEvent(tx, r.ID, EvAnswered, "link", 0, answer)
	})
}

// Correction is what a consumer, or an agent at his word, may change afterwards.
type Correction struct {
	Postcode, INSEE, Street           string
	Urgency                           string
	Answers                           map[string][]string
	Kind, Name, Company, Phone, Email string
}

// Current is a request's content as a Correction, to be shown and changed.
func (m Mine) Current() Correction {
	return Correction{Postcode: m.Postcode, INSEE: m.INSEE, Street: m.Street, Urgency: m.Urgency, Answers: merge(m.Answers, m.Words),
		Kind: m.Who.Kind, Name: m.Who.Name, Company: m.Who.Company, Phone: m.Who.Phone, Email: m.Who.Email}
}

// Correct changes a request that is not over: by its consumer after a code, or by staff. Who bought it is told and sees the new details
// (ET-125). The trade stays: another trade is another request.
func (s *Service) Correct(ctx context.Context, actor auth.Actor, id string, in Correction) error {
	act := auth.RequestManage
	if actor.Who == auth.Consumer {
		act = auth.RequestChange
		if !actor.Coded {
			return fault.New(fault.Denied, "code-needed", fault.T("Pour corriger votre demande, tapez d’abord le code que nous vous envoyons.", "To correct your request, first type the code that we send you."))
		}
		id = actor.Request
	}
	if err := actor.May(act); err != nil {
		return err
	}
	o, err := s.openSeen(ctx, id)
	if err != nil {
		return err
	}
	r, n, ring, who := o.r, o.n, o.ring, o.who
	if !r.State.Open() {
		return errState
	}
	before, err := s.draft(o)
	if err != nil {
		return err
	}
	was, err := s.content(o)
	if err != nil {
		return err
	}
	var c fault.Check
	commune := checkPlace(&c, in.Postcode, in.INSEE)
	c.That(n.Urgency(in.Urgency) != fault.Text{}, "urgency", fault.T("Dites quand vous avez besoin d’un professionnel.", "Say when you need a professional."))
	form := n.Form(r.Trade)
	if form == nil {
		return errState // no trade yet: there are no questions to answer
	}
	answers, err := form.Validate(in.Answers)
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
	} else if err != nil {
		return err
	}
	who.Kind, who.Name, who.Company = in.Kind, strings.TrimSpace(in.Name), strings.TrimSpace(in.Company)
	who.Phone, who.Email = s.checkWho(&c, n, in.Kind, in.Name, in.Company, in.Phone, in.Email, in.Street, commune)
	if err := c.Err(); err != nil {
		return err
	}
	structured, words := split(form, answers)
	next := r
	next.INSEE, next.Postcode, next.Urgency, next.Answers = commune.INSEE, strings.TrimSpace(in.Postcode), in.Urgency, structured
	changed := differences(was, Mine{Request: next, Who: who, Words: words, Street: strings.TrimSpace(in.Street)}.Current())
	var buyers []string
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		buyers, err = db.Values[string](tx, "SELECT pro_id FROM purchase WHERE request_id = $1 AND state = 'revealed' ORDER BY pro_id", id)
		return err
	}); err != nil {
		return err
	}
	contacts, err := s.pros.Contacts(ctx, buyers...)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		now, err := sameBuyers(tx, r)
		if err == nil && (!now.State.Open() || now.Trade != r.Trade || now.Intent != r.Intent) {
			err = errState // ended meanwhile, or published: the agent's word would be overwritten
		}
		if err != nil {
			return err
		}
		if err := Renumber(tx, s.vault, who.ID, who.Phone); err != nil {
			return err
		}
		if err := person.Update(tx, s.vault, ring, who); err != nil {
			return err
		}
		if err := updateContent(tx, ring, next, content{words: words, street: strings.TrimSpace(in.Street)}, s.onDesk(tx, o, now, before)); err != nil {
			return err
		}
		for _, b := range buyers {
			if err := s.tellBuyer(tx, n, next, contacts[b], "corrected"); err != nil {
				return err
			}
		}
		tx.Wake("board")
		if err := insertEvent(tx, id, EvCorrected, actor.Name(), 0, strings.Join(changed, ",")); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(act), "request.correct", id, "")
	})
}

// Text sends the client an agent's SMS, ready-made (template) or typed, within the network's number a day (ET-14).
func (s *Service) Text(ctx context.Context, actor auth.Actor, id, template, typed string) error {
	if err := actor.May(auth.RequestText); err != nil {
		return err
	}
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	if !phone.CanText(who.Phone) {
		return fault.New(fault.Conflict, "no-text", fault.T("Ce numéro ne reçoit pas de SMS : appelez le client.", "This number gets no text: call the client."))
	}
	body := strings.Join(strings.Fields(typed), " ")
	if template != "" {
		vars := map[string]string{"ref": r.Ref, "link": s.url(r.Site, "/r/"+s.token(r.ID, r.LinkGeneration)), "pro": "", "clock": s.hour(r, who.Lang, s.db.Now()), "site": s.siteName(n, r.Site, who.Lang), "phone": s.sitePhone(n, r.Site)}
		if body, err = n.AgentText(template, who.Lang, vars); err != nil {
			return fault.New(fault.Invalid, "no-such-text", fault.T("Choisissez un texte de la liste.", "Choose a text from the list.")).Because(err)
		}
	}
	if len(body) < 5 || len(body) > 459 { // three parts of a long SMS
		var c fault.Check
		c.Add("text", fault.T("Écrivez un texte de 5 à 459 caractères.", "Write a text of 5 to 459 characters."))
		return c.Err()
	}
	m := notify.Message{Person: who.ID, Object: id, Kind: "agent-text", Channel: notify.BySMS, To: who.Phone, Body: body}
	var refusal canvass.Answer
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		refusal = canvass.Answer{}
		sent, err := db.Value[int64](tx, "SELECT count(*) FROM message WHERE object = $1 AND kind = 'agent-text' AND at > $2", id, db.Micros(tx.Now().Add(-24*time.Hour)))
		if err != nil {
			return err
		}
		if sent >= int64(n.Limits.AgentTextsPerDay) {
			return fault.New(fault.Limit, "too-many-texts", fault.T("Ce client a déjà reçu assez de SMS aujourd’hui.", "This client has had enough texts today."))
		}
		may, err := s.notify.May(tx, n, m, whoseIs(who), r.Commune().Dept, n.BansCanvassing(r.Trade))
		if err != nil {
			return err
		}
		if !may.May {
			refusal = may
			return nil
		}
		if err := s.notify.Queue(tx, ring, m); err != nil {
			return err
		}
		if err := insertEvent(tx, id, EvTexted, actor.Account, 0, template); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.RequestText), "request.text", id, template)
	})
	if err == nil && refusal.Rule != "" {
		err = audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.RequestText), "contact.refused", id, notify.Refusal(refusal), "agent-text "+refusal.Rule)
	}
	return err
}
