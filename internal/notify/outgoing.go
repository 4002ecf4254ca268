package notify

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Holdings of this room: messages to consumers and to professionals alike hang on their person.
func Holdings() []privacy.Holding {
	return []privacy.Holding{{Table: "message", Person: "person_id", Near: "object", Category: network.DataMessages,
		Columns: []string{"to_sealed", "to_bidx", "subject_sealed", "body_sealed"}, Whose: network.Consumer},
		{Table: "bounce", Person: "person_id", Category: network.DataMessages, Columns: []string{"to_bidx"}, Whose: network.Consumer, Rows: true},
		{Table: "stop", Category: network.DataContact, Columns: []string{"to_bidx"}, Whose: network.Consumer}}
}

// SendKind is the job that hands a message over; its object is the message's id.
const SendKind job.Kind = "message.send"

// Channels of a message.
const (
	BySMS   = "sms"
	ByEmail = "email"
)

// Message is one text or e-mail to one person.
type Message struct {
	ID      string // empty: minted. Given: a message of that id is queued once, however often its job runs
	Person  string // whose key seals it
	Object  string // what it is about
	Kind    string // key of the network file's messages
	Purpose string // that of the consent on which the message rests: withdrawn before it leaves, it does not leave. Empty: it rests on none
	Channel string
	To      string // E.164 or an address
	Subject string
	Body    string
	Stop    string // address of the page that stops such messages; for the List-Unsubscribe header
	Answers string // Message-ID of the e-mail that this one answers
	ReplyTo string // where an answer to this e-mail is read; the sender when empty
}

// Drivers carry messages out. Embedded says that these are the demo's: what is sent stays in the outbox page.
type Drivers struct {
	SMS      func(context.Context, SMS) Delivery
	Mail     func(context.Context, Mail) Delivery
	From     mail.Address
	Embedded bool
}

// Outbox are the embedded drivers: the message's row is all there is, and the outbox page shows it.
func Outbox(from mail.Address) Drivers {
	return Drivers{From: from, Embedded: true,
		SMS:  func(context.Context, SMS) Delivery { return Delivery{Outcome: Sent, Code: "outbox"} },
		Mail: func(context.Context, Mail) Delivery { return Delivery{Outcome: Sent, Code: "outbox"} }}
}

// Service queues and sends. Safe for concurrent use.
type Service struct {
	db      *db.DB
	vault   *vault.Vault
	drivers Drivers
	sms     *Breaker
	mail    *Breaker
}

// NewService makes the service. Machine time paces the circuit breakers.
func NewService(d *db.DB, v *vault.Vault, drivers Drivers) *Service {
	return &Service{db: d, vault: v, drivers: drivers,
		sms:  NewBreaker(8, 5*time.Second, 2*time.Minute, d.Machine),
		mail: NewBreaker(8, 5*time.Second, 2*time.Minute, d.Machine)}
}

// Embedded says that nothing leaves the house.
func (s *Service) Embedded() bool { return s.drivers.Embedded }

// Down names the channels whose outside service does not answer now, for readiness.
func (s *Service) Down() (down []string) {
	if s.sms.Open() {
		down = append(down, BySMS)
	}
	if s.mail.Open() {
		down = append(down, ByEmail)
	}
	return down
}

func place(column, id string) vault.Place {
	return vault.Place{Table: "message", Column: column, Row: id}
}

const category = string(network.DataMessages)

// Index is the blind index of a channel's address, under which stops are kept.
func (s *Service) Index(channel, to string) string { return s.vault.Index("to-"+channel, to) }

// Queue stores a message in tx, sealed, and promises to send it. r must hold the person's messages key.
func (s *Service) Queue(tx *db.Tx, r *vault.Ring, m Message) error {
	if m.To == "" || m.Body == "" {
		return nil // the person gave no such address, or the network has no such words
	}
	if aim := AimOf(m.Kind); m.Purpose == "" && aim != canvass.Asked && aim != canvass.Service {
		return errUnasked
	}
	minted := m.ID == ""
	if minted {
		m.ID = tx.NewID("msg")
	}
	const insert = `INSERT INTO message (id, at, person_id, object, channel, kind, purpose, to_sealed, to_bidx, subject_sealed, body_sealed, state, tries, sent_at, machine_at, sent_machine_at, error)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'queued', 0, 0, $12, 0, '')`
	row := []any{m.ID, db.Micros(tx.Now()), m.Person, m.Object, m.Channel, m.Kind, m.Purpose, r.SealText(category, place("to_sealed", m.ID), m.To), s.Index(m.Channel, m.To),
		r.SealText(category, place("subject_sealed", m.ID), strings.Join([]string{m.Subject, m.Stop, m.Answers, m.ReplyTo}, "\n")), r.SealText(category, place("body_sealed", m.ID), m.Body), db.Micros(tx.Machine())}
	if minted {
		if err := tx.Send(insert, row...); err != nil {
			return err
		}
	} else if n, err := tx.Exec(insert+" ON CONFLICT (id) DO NOTHING", row...); err != nil || n == 0 {
		return err
	}
	return job.Add(tx, SendKind, m.ID, 0)
}

// Letter queues the SMS and the e-mail of one letter of the network file.
func (s *Service) Letter(tx *db.Tx, r *vault.Ring, l network.Letter, m Message, phone, email string) error {
	if l.SMS != "" {
		text := m
		text.Channel, text.To, text.Body, text.Subject = BySMS, phone, l.SMS, ""
		if m.ID != "" {
			text.ID = m.ID + "-" + BySMS
		}
		if err := s.Queue(tx, r, text); err != nil {
			return err
		}
	}
	if l.Email != "" {
		m.Channel, m.To, m.Body, m.Subject = ByEmail, email, l.Email, l.Subject
		if m.ID != "" {
			m.ID += "-" + ByEmail
		}
		return s.Queue(tx, r, m)
	}
	return nil
}

type stored struct {
	Message
	state   string
	bidx    string
	at      time.Time
	sealed  [3][]byte
	tries   int64
	sent    time.Time
	problem string
}

const columns = "id, at, person_id, object, channel, kind, purpose, to_sealed, to_bidx, subject_sealed, body_sealed, state, tries, sent_at, error"

func scan(s db.Scanner) (m stored, err error) {
	var at, sent int64
	err = s.Scan(&m.ID, &at, &m.Person, &m.Object, &m.Channel, &m.Kind, &m.Purpose, &m.sealed[0], &m.bidx, &m.sealed[1], &m.sealed[2], &m.state, &m.tries, &sent, &m.problem)
	m.at, m.sent = db.Time(at), db.Time(sent)
	return m, err
}

func (m *stored) open(r *vault.Ring) (err error) {
	if m.To, err = r.OpenText(category, place("to_sealed", m.ID), m.sealed[0]); err != nil {
		return err
	}
	head, err := r.OpenText(category, place("subject_sealed", m.ID), m.sealed[1])
	if err != nil {
		return err
	}
	for i, line := range strings.SplitN(head, "\n", 4) {
		*[]*string{&m.Subject, &m.Stop, &m.Answers, &m.ReplyTo}[i] = line
	}
	m.Body, err = r.OpenText(category, place("body_sealed", m.ID), m.sealed[2])
	return err
}

// Send is the handler of SendKind. The driver's answer is stored; a crash between the driver's answer and that row sends the message again
// with the same id, which the receiver knows.
func (s *Service) Send(ctx context.Context, id string) error {
	var m stored
	stopped, withdrawn, invalid := false, false, false
	var held vault.Held
	err := s.db.ReadSoon(ctx, func(tx *db.Tx) (err error) {
		if m, err = db.One(tx, scan, "SELECT "+columns+" FROM message WHERE id = $1", id); err != nil {
			return err
		}
		if held, err = vault.KeysOf(tx, m.Person); err != nil {
			return err
		}
		if m.Purpose != "" {
			stands, err := privacy.StandsFor(tx, m.Person, m.Object, m.Purpose)
			if withdrawn = !stands; err != nil {
				return err
			}
		}
		if m.Channel == ByEmail && m.Kind != codeKind {
			if invalid, err = Invalid(tx, m.bidx); err != nil {
				return err
			}
		}
		if scope := scopeOf(m.Kind); scope != "" {
			n, err := db.Value[int64](tx, "SELECT count(*) FROM stop WHERE to_bidx = $1 AND scope = $2", m.bidx, scope)
			stopped = n > 0
			return err
		}
		return nil
	})
	if errors.Is(err, db.ErrNone) {
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	if m.state != "queued" && m.state != "in-doubt" {
		return nil
	}
	if withdrawn {
		return settle(nil, m, Delivery{Outcome: "stopped", Code: "withdrawn"})
	}
	if stopped {
		return settle(nil, m, Delivery{Outcome: "stopped"})
	}
	if invalid {
		return settle(nil, m, Delivery{Outcome: "stopped", Code: "address-invalid"})
	}
	rings, err := s.vault.Unlock(ctx, held, m.Person)
	if err != nil {
		return err
	}
	if err := m.open(rings[m.Person]); err != nil {
		if errors.Is(err, vault.ErrErased) {
			return settle(nil, m, Delivery{Outcome: Refused, Code: "erased"})
		}
		return err
	}
	var d Delivery
	if m.Channel == BySMS {
		d = s.sms.Do(func() Delivery { return s.drivers.SMS(ctx, SMS{ID: m.ID, To: m.To, Text: network.FoldGSM7(m.Body)}) })
	} else {
		out := Mail{ID: m.ID, At: m.at, From: s.drivers.From, To: mail.Address{Address: m.To}, Subject: m.Subject, Text: m.Body, ReplyTo: mail.Address{Address: m.ReplyTo}, Answers: m.Answers}
		if scopeOf(m.Kind) != "" && strings.HasPrefix(m.Stop, "https:") { // one click works over https only (RFC 8058 §3.1)
			out.Unsubscribe = m.Stop
		}
		d = s.mail.Do(func() Delivery { return s.drivers.Mail(ctx, out) })
	}
	if d.Again() {
		err = job.Retry{After: max(d.Wait, pause(m.tries)), Err: fmt.Errorf("%s %s: %s", m.Channel, d.Outcome, d.Code)}
	}
	if d.Code == circuitOpen {
		return err // nothing was tried: the row keeps what the last attempt said
	}
	return settle(err, m, d)
}

// pause is the least time before a message is handed over again: doubling up to two minutes, the breaker's own measure, so that a service that
// is back after an outage is used at once; from the sixty-fourth attempt, which is some two hours, a quarter of an hour.
func pause(tries int64) time.Duration {
	if tries >= 64 {
		return 15 * time.Minute
	}
	return min(time.Second<<min(tries, 7), 2*time.Minute)
}

// settle stores the driver's answer in the transaction that finishes the job, which ends with err.
func settle(err error, m stored, d Delivery) error {
	state := string(d.Outcome)
	if d.Outcome == Later {
		state = m.state // an earlier doubt stays until it is resolved
	}
	return job.With(err, func(tx *db.Tx) error {
		sent, machine := int64(0), int64(0)
		if d.Outcome == Sent {
			sent, machine = db.Micros(tx.Now()), db.Micros(tx.Machine())
		}
		err := tx.Send("UPDATE message SET state = $2, tries = tries + 1, sent_at = $3, sent_machine_at = $4, error = $5 WHERE id = $1", m.ID, state, sent, machine, d.Code)
		if status := statusOf(d.Code); err == nil && m.Channel == ByEmail && d.Outcome == Refused && unreachable(status) {
			err = markInvalid(tx, m, tx.Now(), status)
		}
		tx.Wake("outbox")
		return err
	})
}

// Stop ends messages of a scope to an address, at once; what is queued already is not sent. channel is how it was asked: sms, link, phone.
func Stop(tx *db.Tx, bidx, scope, channel string) (first bool, err error) {
	n, err := tx.Exec("INSERT INTO stop (to_bidx, scope, at, channel) VALUES ($1, $2, $3, $4) ON CONFLICT (to_bidx, scope) DO NOTHING", bidx, scope, db.Micros(tx.Now()), channel)
	return n > 0, err
}

// Resume takes a stop back at the person's own wish.
func Resume(tx *db.Tx, bidx, scope string) error {
	return tx.Send("DELETE FROM stop WHERE to_bidx = $1 AND scope = $2", bidx, scope)
}

// Stopped reports whether messages of a scope to an address are stopped.
func Stopped(tx *db.Tx, bidx, scope string) (bool, error) {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM stop WHERE to_bidx = $1 AND scope = $2", bidx, scope)
	return n > 0, err
}

// Seen is a message as its sender may see it.
type Seen struct {
	Message
	At, SentAt time.Time
	State      string
	Tries      int64
	Problem    string
}

// About lists the messages about an object, oldest first, opened: for the agent who reads a request's history. The caller has audited it.
func (s *Service) About(ctx context.Context, object string) ([]Seen, error) {
	return s.list(ctx, "SELECT "+columns+" FROM message WHERE object = $1 ORDER BY at, id", object)
}

// Recent lists the newest messages, opened: the demo's outbox, and nothing else, calls it.
func (s *Service) Recent(ctx context.Context, channel string, before int64, n int) ([]Seen, error) {
	if !s.drivers.Embedded {
		return nil, errors.New("notify: only an embedded outbox can be read")
	}
	if before == 0 {
		before = 1 << 62
	}
	return s.list(ctx, "SELECT "+columns+" FROM message WHERE (CAST($1 AS TEXT) = '' OR channel = $1) AND at < $2 ORDER BY at DESC, id DESC LIMIT $3", channel, before, n)
}

// CountRefused counts the messages that a service refused for good since an instant, and tells when the last of them was asked for.
func CountRefused(tx *db.Tx, since time.Time) (n int64, last time.Time, err error) {
	var at int64
	err = tx.Get(db.Into(&n, &at), "SELECT count(*), coalesce(max(at), 0) FROM message WHERE state = 'refused' AND at > $1", db.Micros(since))
	return n, db.Time(at), err
}

func (s *Service) list(ctx context.Context, q string, args ...any) ([]Seen, error) {
	var all []stored
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { all, err = db.List(tx, scan, q, args...); return }); err != nil {
		return nil, err
	}
	people := make([]string, len(all))
	for i, m := range all {
		people[i] = m.Person
	}
	rings, err := s.vault.Rings(ctx, people...)
	if err != nil {
		return nil, err
	}
	seen := make([]Seen, 0, len(all))
	for _, m := range all {
		if err := m.open(rings[m.Person]); err != nil && !errors.Is(err, vault.ErrErased) {
			return nil, err
		}
		seen = append(seen, Seen{Message: m.Message, At: m.at, SentAt: m.sent, State: m.state, Tries: m.tries, Problem: m.problem})
	}
	return seen, nil
}
