package inbox

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// A message is a case whose answer is not the officer's alone: it is routed to the service that handles what it is about, by its subject or by the address to
// which it was sent, read and answered there, and may be passed to another service or to one person (RN-32, RN-79). The officer sees it too, as every case.

// Kinds of event of a ticket.
const (
	EvRouted   = "routed"   // object: the service
	EvAssigned = "assigned" // object: the account
	EvNoted    = "noted"
	EvReplied  = "replied"
)

// Ticket is a message with the service that has it.
type Ticket struct {
	Case
	Service string // id of the network file; empty: the officer's alone
	Account string // who looks after it; empty: nobody yet
	Subject string // of its first letter
}

// TicketFile is a ticket with everything about it.
type TicketFile struct {
	Ticket
	Network *network.Network
	Letters []Post
	Notes   []Note
	Events  []Event
	Agreed  string // the box on which it rests; empty: it was sent by itself (RN-33)
}

// Note is a word between colleagues: it is shown to nobody else.
type Note struct {
	At   time.Time
	By   string // account
	Text string
}

var (
	errService = fault.New(fault.Denied, "not-your-service", fault.T("Ce message est à un autre service.", "This message is another service’s."))
	errClosed  = fault.New(fault.Conflict, "ticket-closed", fault.T("Ce message a déjà sa réponse.", "This message has been answered already."))
)

// route gives a message to a service in tx; where the network has none nothing happens, and the officer answers.
func route(tx *db.Tx, id, by, service string) error {
	if service == "" {
		return nil
	}
	if err := tx.Send("INSERT INTO inbox_ticket (case_id, service, account_id, at) VALUES ($1, $2, '', $3) ON CONFLICT (case_id) DO NOTHING", id, service, db.Micros(tx.Now())); err != nil {
		return err
	}
	tx.Wake("tickets")
	return note(tx, id, EvRouted, by, service)
}

// serviceOf is the service of a new case: of the subject that was chosen, or of what an agent wrote down on the telephone; empty where it is none's.
func serviceOf(n *network.Network, actor auth.Actor, in Ask) string {
	spoken := actor.Who == auth.StaffMember && in.Channel == network.RightByPhone && (in.Asked == network.RightUnnamed || in.Asked == network.RightComment)
	if !in.Message && !spoken {
		return ""
	}
	s, _, _ := n.Inbox.Routes(in.About)
	return s.ID
}

// serviceOfBox is the service of mail that came to an address.
func serviceOfBox(n *network.Network, box network.MailBox) string {
	if box.Rights {
		return ""
	}
	if s, ok := n.Inbox.Service(box.Service); ok {
		return s.ID
	}
	s, _, _ := n.Inbox.Routes("")
	return s.ID
}

// Services lists those whose messages an actor reads: the officer all.
func Services(n *network.Network, actor auth.Actor) (mine []network.Service) {
	if n.Inbox == nil || !actor.Can(auth.TicketRead) {
		return nil
	}
	for _, s := range n.Inbox.Services {
		if actor.Has(network.RoleOfficer) || slices.ContainsFunc(s.Roles, actor.Has) {
			mine = append(mine, s)
		}
	}
	return mine
}

// mayTicket lets in who works for the service of a ticket, whom it was given to, and the officer.
func mayTicket(n *network.Network, actor auth.Actor, t Ticket) error {
	if t.Account == actor.Account || actor.Has(network.RoleOfficer) || slices.ContainsFunc(Services(n, actor), func(s network.Service) bool { return s.ID == t.Service }) {
		return nil
	}
	return errService
}

// Tickets lists the messages of an actor's services and those given to him, of one service where it is named; those that wait, oldest first, or those that are over,
// the latest first. At most two hundred.
func (s *Service) Tickets(ctx context.Context, actor auth.Actor, service string, over bool) ([]Ticket, error) {
	if err := actor.May(auth.TicketRead); err != nil {
		return nil, err
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, x := range Services(n, actor) {
		if service == "" || x.ID == service {
			ids = append(ids, x.ID)
		}
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.TicketRead), "ticket.list", "", true); err != nil {
		return nil, err
	}
	states, order := "'open', 'waiting', 'letter'", "c.received_at, c.id"
	if over {
		states, order = "'answered', 'refused'", "c.state_at DESC, c.id"
	}
	var all []Ticket
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		args := []any{actor.Account, service}
		in := "NULL"
		if len(ids) > 0 {
			in = db.In(&args, ids)
		}
		all, err = db.List(tx, func(r db.Scanner) (t Ticket, err error) { err = r.Scan(&t.ID, &t.Service, &t.Account); return },
			"SELECT t.case_id, t.service, t.account_id FROM inbox_ticket t JOIN inbox_case c ON c.id = t.case_id WHERE c.state IN ("+states+") AND (t.service IN ("+in+") OR t.account_id = $1 AND CAST($2 AS TEXT) = '') ORDER BY "+order+" LIMIT 200", args...)
		return err
	}); err != nil {
		return nil, err
	}
	return all, s.openTickets(ctx, all)
}

// openTickets unseals who wrote and about what.
func (s *Service) openTickets(ctx context.Context, all []Ticket) error {
	ids := make([]string, len(all))
	for i, t := range all {
		ids[i] = t.ID
	}
	rings, err := s.Vault.Rings(ctx, ids...)
	if err != nil {
		return err
	}
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		for i := range all {
			c, err := load(tx, all[i].ID)
			if err != nil {
				return err
			}
			ring := rings[c.ID]
			if err := c.open(ring); err != nil {
				return err
			}
			all[i].Case = c.Case
			letter, err := db.One(tx, func(r db.Scanner) (p Post, err error) {
				var sealed []byte
				if err = r.Scan(&p.ID, &sealed); err == nil {
					p.Subject, err = ring.OpenText(category, inLetter("subject_sealed", p.ID), sealed)
				}
				if errors.Is(err, vault.ErrErased) {
					err = nil
				}
				return p, err
			}, "SELECT id, subject_sealed FROM inbox_letter WHERE case_id = $1 ORDER BY at, id LIMIT 1", c.ID)
			if err != nil && !errors.Is(err, db.ErrNone) {
				return err
			}
			all[i].Subject = letter.Subject
		}
		return nil
	})
}

func ticketOf(tx *db.Tx, id string) (t Ticket, err error) {
	t, err = db.One(tx, func(r db.Scanner) (t Ticket, err error) { err = r.Scan(&t.ID, &t.Service, &t.Account); return }, "SELECT case_id, service, account_id FROM inbox_ticket WHERE case_id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return t, err
}

// ReadTicket opens one; the reading leaves a line.
func (s *Service) ReadTicket(ctx context.Context, actor auth.Actor, id string) (f TicketFile, err error) {
	if err := actor.May(auth.TicketRead); err != nil {
		return f, err
	}
	var ring *vault.Ring
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { f.Ticket, err = ticketOf(tx, id); return err }); err != nil {
		return f, err
	}
	if f.Case, f.Network, ring, err = s.get(ctx, id); err != nil {
		return f, err
	}
	if err := mayTicket(f.Network, actor, f.Ticket); err != nil {
		return f, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.TicketRead), "ticket.read", id, true); err != nil {
		return f, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if f.Letters, err = lettersOf(tx, ring, id); err != nil {
			return err
		}
		f.Letters = slices.DeleteFunc(f.Letters, func(p Post) bool { return p.Way == "proof" }) // a proof of identity is for the officer's eyes
		if f.Notes, err = notesOf(tx, ring, id); err != nil {
			return err
		}
		if f.Agreed, err = agreement(tx, id); err != nil {
			return err
		}
		f.Events, err = events(tx, id)
		return err
	})
	if len(f.Letters) > 0 {
		f.Subject = f.Letters[0].Subject
	}
	return f, err
}

func inNote(id string) vault.Place {
	return vault.Place{Table: "inbox_note", Column: "text_sealed", Row: id}
}

func notesOf(tx *db.Tx, ring *vault.Ring, id string) ([]Note, error) {
	return db.List(tx, func(r db.Scanner) (n Note, err error) {
		var row string
		var at int64
		var sealed []byte
		if err = r.Scan(&row, &at, &n.By, &sealed); err != nil {
			return n, err
		}
		n.At = db.Time(at)
		if n.Text, err = ring.OpenText(category, inNote(row), sealed); errors.Is(err, vault.ErrErased) {
			err = nil
		}
		return n, err
	}, "SELECT id, at, by_account, text_sealed FROM inbox_note WHERE case_id = $1 ORDER BY at, id", id)
}

// work runs a change of a ticket by somebody of its service, while it waits for an answer.
func (s *Service) work(ctx context.Context, actor auth.Actor, id, action, event, object string, do func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error) error {
	if err := actor.May(auth.TicketAnswer); err != nil {
		return err
	}
	c, n, ring, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		t, err := ticketOf(tx, id)
		if err == nil {
			err = mayTicket(n, actor, t)
		}
		if err != nil {
			return err
		}
		now, err := load(tx, id)
		if err != nil {
			return err
		}
		if !now.Running() && now.State != Letter {
			return errClosed
		}
		c := c
		c.State = now.State
		if err := do(tx, c, n, ring); err != nil {
			return err
		}
		if err := note(tx, id, event, actor.Name(), object); err != nil {
			return err
		}
		tx.Wake("tickets")
		tx.Wake("cases")
		return audit.Write(tx, actor.Name(), actor.As(auth.TicketAnswer), action, id, object)
	})
}

// ReplyTicket writes to the person, in the thread of what he wrote. With last it is the answer, and the message is over: what is kept of it counts from then (RN-34);
// else it stays open for what comes back. Faults: field text; not-your-service; ticket-closed.
func (s *Service) ReplyTicket(ctx context.Context, actor auth.Actor, id, text string, last bool) error {
	if err := words("text", text, 10); err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	event := EvReplied
	if last {
		event = EvAnswered
	}
	return s.work(ctx, actor, id, "ticket.answer", event, "", func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		if last {
			return s.close(tx, n, ring, actor, c, Reply{Text: text}, Answered)
		}
		if err := s.exchanged(tx, n, c, network.ByExchange); err != nil {
			return err
		}
		if err := insertLetter(tx, ring, c.ID, Post{Way: "out", Channel: c.Channel, Text: text, By: actor.Account, At: tx.Now()}); err != nil {
			return err
		}
		if c.State == Letter {
			return s.writeBack(tx, n, ring, c, text)
		}
		return s.write(tx, n, ring, c, "rights-answered", map[string]string{"answer": text, "authority": authority(n)})
	})
}

// NoteTicket keeps a word for colleagues. Faults: field note.
func (s *Service) NoteTicket(ctx context.Context, actor auth.Actor, id, text string) error {
	if err := words("note", text, 2); err != nil {
		return err
	}
	return s.work(ctx, actor, id, "ticket.note", EvNoted, "", func(tx *db.Tx, c Case, _ *network.Network, ring *vault.Ring) error {
		row := tx.NewID("not")
		return tx.Send("INSERT INTO inbox_note (id, case_id, at, by_account, text_sealed) VALUES ($1, $2, $3, $4, $5)", row, id, db.Micros(tx.Now()), actor.Account, ring.SealText(category, inNote(row), strings.TrimSpace(text)))
	})
}

// MoveTicket passes a message to another service, or to the officer alone where service is empty. Faults: field service.
func (s *Service) MoveTicket(ctx context.Context, actor auth.Actor, id, service string) error {
	return s.work(ctx, actor, id, "ticket.move", EvRouted, service, func(tx *db.Tx, _ Case, n *network.Network, _ *vault.Ring) error {
		_, ok := n.Inbox.Service(service)
		var c fault.Check
		c.That(ok || service == "", "service", fault.T("Choisissez un service de la liste.", "Choose a service from the list."))
		if err := c.Err(); err != nil {
			return err
		}
		return tx.Send("UPDATE inbox_ticket SET service = $2, account_id = '' WHERE case_id = $1", id, service)
	})
}

// AssignTicket gives a message to one person of its service, or back to all of it where account is empty. Faults: field account.
func (s *Service) AssignTicket(ctx context.Context, actor auth.Actor, id, account string) error {
	return s.work(ctx, actor, id, "ticket.assign", EvAssigned, account, func(tx *db.Tx, _ Case, n *network.Network, _ *vault.Ring) error {
		t, err := ticketOf(tx, id)
		if err != nil {
			return err
		}
		service, _ := n.Inbox.Service(t.Service)
		holders, err := auth.StaffWith(tx, service.Roles...)
		if err != nil {
			return err
		}
		var c fault.Check
		c.That(account == "" || slices.Contains(holders, account), "account", fault.T("Choisissez une personne de ce service.", "Choose a person of this service."))
		if err := c.Err(); err != nil {
			return err
		}
		return tx.Send("UPDATE inbox_ticket SET account_id = $2 WHERE case_id = $1", id, account)
	})
}
