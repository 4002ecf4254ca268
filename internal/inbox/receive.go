package inbox

import (
	"context"
	"errors"
	"slices"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox/mail"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Ours says whether an address is one that the network in force reads; without a network none is.
func (s *Service) Ours(ctx context.Context, address string) bool {
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return false
	}
	_, ok := n.Inbox.Box(address)
	return ok
}

// perDay is how many messages of one sender become letters in a day; later ones wait at the sender's.
const perDay = 40

// Receive takes a mail for good: it becomes a case, or joins the one that it answers. Its date of receipt starts the clock, whatever its own
// date says. What it says of its sender is a claim: it finds records, and moves nothing. The same message twice is one.
//
// A message that a program wrote is kept and never answered; one of our own that comes back is dropped. A sender is sent at most one
// confirmation a day (RFC 3834).
func (s *Service) Receive(ctx context.Context, in mail.Received) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	box, ok := n.Inbox.Box(in.To)
	if !ok {
		return errNone
	}
	m := mail.Parse(in.Raw)
	m.Auto = m.Auto || in.Bounce
	from := ""
	if m.From != "" {
		if from, err = person.ParseEmail(m.From, false); err != nil {
			from = "" // an address that nobody can answer
		}
	}
	for _, own := range slices.Concat([]string{n.Operator.Officer.Email, n.Operator.Email}, boxes(n)) {
		m.Auto = m.Auto || strings.EqualFold(own, from)
	}
	thread, known, err := s.thread(ctx, m, from)
	if err != nil || known {
		return err
	}
	if ours, err := s.bounced(ctx, in.Raw); err != nil || ours && thread == "" {
		return err // noted where it counts, and a letter to nobody
	}
	if thread != "" {
		return s.more(ctx, thread, in, m, from)
	}
	return s.first(ctx, n, box, in, m, from)
}

func boxes(n *network.Network) (all []string) {
	for _, b := range n.Inbox.Addresses {
		all = append(all, b.Address)
	}
	return all
}

// thread finds the open case that a message answers: by the Message-ID of one of ours, or by a reference in its subject if the address is the
// case's own. known is a message that is here already, or one of our own that came back.
func (s *Service) thread(ctx context.Context, m mail.Message, from string) (id string, known bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		id, known = "", false
		if m.ID != "" {
			n, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_letter WHERE message_hash = $1", MessageHash(m.ID))
			if err != nil {
				return err
			}
			own, err := caseOfMessage(tx, m.ID)
			if known = n > 0 || own != ""; known || err != nil {
				return err
			}
		}
		for _, a := range m.Answers {
			if id, err = caseOfMessage(tx, a); id != "" || err != nil {
				break
			}
			if id, err = first(db.Values[string](tx, "SELECT case_id FROM inbox_letter WHERE message_hash = $1 LIMIT 1", MessageHash(a))); id != "" || err != nil {
				break
			}
		}
		if id == "" && err == nil && from != "" {
			for _, word := range strings.FieldsFunc(strings.ToUpper(m.Subject), func(r rune) bool { return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') }) {
				if len(word) != 10 || word[0] != 'D' || word[5] != '-' {
					continue
				}
				if id, err = first(db.Values[string](tx, "SELECT id FROM inbox_case WHERE ref = $1 AND email_bidx = $2", word, person.EmailIndex(s.Vault, from))); id != "" || err != nil {
					break
				}
			}
		}
		if id == "" || err != nil {
			return err
		}
		c, err := load(tx, id)
		if errors.Is(err, errNone) || err == nil && c.State == Joined && c.JoinedTo == "" {
			id = ""
			return nil
		}
		if c.State == Joined {
			id = c.JoinedTo
			c, err = load(tx, id)
		}
		if err == nil && !c.Running() && c.State != Letter {
			id = "" // what is answered is answered: a new question has a new clock
		}
		return err
	})
	return id, known, err
}

func first(all []string, err error) (string, error) {
	if len(all) == 0 {
		return "", err
	}
	return all[0], err
}

// caseOfMessage is the case that one of our own e-mails was about, by its Message-ID.
func caseOfMessage(tx *db.Tx, id string) (string, error) {
	own, _, _ := strings.Cut(strings.Trim(id, "<>"), "@")
	object, err := first(db.Values[string](tx, "SELECT object FROM message WHERE id = $1", own))
	if !strings.HasPrefix(object, "cas_") {
		return "", err
	}
	return object, err
}

func post(in mail.Received, m mail.Message) Post {
	p := Post{Way: "in", Channel: network.RightByEmail, Message: m.ID, Subject: m.Subject, Text: m.Text}
	for _, a := range m.Parts {
		p.Parts = append(p.Parts, Part{Name: a.Name, Type: a.Type, Size: a.Size})
	}
	if m.Broken || len(m.Parts) > 0 {
		p.Raw = in.Raw // what is not shown whole is kept whole
	}
	return p
}

// more adds a message to the case that it answers. One from another address than the case's own says so, and nothing else changes.
func (s *Service) more(ctx context.Context, id string, in mail.Received, m mail.Message, from string) error {
	c, _, ring, err := s.get(ctx, id)
	if err != nil {
		return err
	}
	inForce, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	p := post(in, m)
	if !strings.EqualFold(from, c.Email) {
		p.Subject = strings.TrimSpace("[" + from + "] " + p.Subject)
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.notTooMany(tx, id); err != nil {
			return err
		}
		p.At = tx.Now()
		if c.State == Waiting && strings.EqualFold(from, c.Email) && !m.Auto {
			p.Way = "proof"
			if err := resume(tx, id); err != nil {
				return err
			}
		}
		if err := insertLetter(tx, ring, id, p); err != nil {
			return err
		}
		tx.Wake("cases")
		if !m.Auto { // of the letters themselves: what he wrote last is kept as long as what he wrote first
			if err := privacy.Reacted(tx, inForce, id, network.ByExchange); err != nil {
				return err
			}
		}
		if err := note(tx, id, EvLetter, "visitor", "email"); err != nil {
			return err
		}
		return audit.Write(tx, "visitor", string(auth.Visitor), "case.mail", id, "")
	})
}

// notTooMany keeps one correspondent, or a loop that nothing else found, from filling the house.
func (s *Service) notTooMany(tx *db.Tx, id string) error {
	got, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_letter WHERE case_id = $1 AND way <> 'out' AND at > $2", id, db.Micros(tx.Now().AddDate(0, 0, -1)))
	if err == nil && got >= perDay {
		err = mail.ErrTooMany
	}
	return err
}

// first makes a case of a message.
func (s *Service) first(ctx context.Context, n *network.Network, box network.MailBox, in mail.Received, m mail.Message, from string) error {
	c := Case{ID: s.DB.NewID("cas"), Ref: request.NewRef("D"), Edition: n.Hash(), Site: n.Sites[0].Host, Lang: "fr", Channel: network.RightByEmail, Asked: network.RightUnnamed, State: Letter,
		Name: m.Name, Email: from, LinkGeneration: 1}
	if box.Rights && !m.Auto && n.Rights != nil {
		c.State = Open
	}
	if c.Name == "" {
		c.Name = from
	}
	ring, err := s.Vault.New(ctx, c.ID, category, letters)
	if err != nil {
		return err
	}
	var tied []subject
	if from != "" {
		if tied, err = s.knownPeople(ctx, auth.Machine, Ask{Email: from}); err != nil {
			return err
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if from != "" {
			got, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_case WHERE email_bidx = $1 AND channel = 'email' AND at > $2", person.EmailIndex(s.Vault, from), db.Micros(tx.Now().AddDate(0, 0, -1)))
			if err != nil {
				return err
			}
			if got >= perDay {
				return mail.ErrTooMany
			}
		}
		c.At, c.Received = tx.Now(), tx.Now()
		if err := s.insert(tx, n, ring, auth.Actor{Who: auth.Visitor}, c); err != nil {
			return err
		}
		p := post(in, m)
		p.At = tx.Now()
		if err := insertLetter(tx, ring, c.ID, p); err != nil {
			return err
		}
		if err := tie(tx, c.ID, "system", tied); err != nil {
			return err
		}
		if err := route(tx, c.ID, "system", serviceOfBox(n, box)); err != nil {
			return err
		}
		tx.Wake("cases")
		if m.Auto || from == "" || !n.Inbox.Confirm {
			return nil
		}
		return s.confirm(tx, n, ring, c, m)
	})
}

// confirm tells a sender that his message came, at most once a day: two programs that confirm to each other end at the first.
func (s *Service) confirm(tx *db.Tx, n *network.Network, ring *vault.Ring, c Case, m mail.Message) error {
	sent, err := db.Value[int64](tx, "SELECT count(*) FROM message WHERE to_bidx = $1 AND kind IN ('rights-received', 'mail-received') AND at > $2", s.Notify.Index(notify.ByEmail, c.Email), db.Micros(tx.Now().AddDate(0, 0, -1)))
	if err != nil || sent > 0 {
		return err
	}
	if c.State == Open {
		c.clock(n)
		return s.write(tx, n, ring, c, "rights-received", map[string]string{"date": geo.Date(c.Due.In(geo.Paris()), c.Lang)})
	}
	l, err := n.Message("mail-received", c.Lang, map[string]string{"ref": c.Ref, "site": siteName(n, c), "date": geo.Date(c.Received.In(geo.Paris()), c.Lang)})
	if err != nil {
		return err
	}
	return s.Notify.Letter(tx, ring, l, notify.Message{Person: c.ID, Object: c.ID, Kind: "mail-received", Answers: m.ID, ReplyTo: replyTo(n)}, "", c.Email)
}

// replyTo is where an answer to our mail is read.
func replyTo(n *network.Network) string {
	if n.Inbox == nil {
		return ""
	}
	for _, b := range n.Inbox.Addresses {
		if b.Rights {
			return b.Address
		}
	}
	return n.Inbox.Addresses[0].Address
}

// Raw is a mail as it came, for its officer: to be kept, never to be shown.
func (s *Service) Raw(ctx context.Context, actor auth.Actor, id, letter string) (raw []byte, err error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return nil, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.CaseRead), "case.raw", id, false); err != nil {
		return nil, err
	}
	_, _, ring, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		sealed, err := db.Value[[]byte](tx, "SELECT raw_sealed FROM inbox_letter WHERE id = $1 AND case_id = $2", letter, id)
		if errors.Is(err, db.ErrNone) || err == nil && len(sealed) == 0 {
			return errNone
		}
		if err != nil {
			return err
		}
		raw, err = ring.Open(category, inLetter("raw_sealed", letter), sealed)
		return err
	})
	if errors.Is(err, vault.ErrErased) {
		err = fault.New(fault.Missing, "erased", fault.T("Ce courrier est effacé.", "This letter has been erased."))
	}
	return raw, err
}
