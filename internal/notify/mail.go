package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Mail is one e-mail to one address. Text is required, HTML is its alternative.
type Mail struct {
	ID       string // random; it becomes the Message-ID, so that a repeated message is seen to be the same
	At       time.Time
	From     mail.Address
	ReplyTo  mail.Address // optional
	To       mail.Address
	Subject  string
	Text     string
	HTML     string
	Attached []Attachment

	// Unsubscribe is the https address of the one-click stop (RFC 8058): set on what is not strictly service. UnsubscribeBy is an e-mail
	// address for readers that know only RFC 2369; optional.
	Unsubscribe, UnsubscribeBy string

	Answers string // Message-ID, in angle brackets, of the e-mail that this one answers (RFC 5322 §3.6.4); optional
}

// Attachment is a file inside a Mail. Type is its MIME type.
type Attachment struct {
	Name, Type string
	Bytes      []byte
}

// TLS modes of a mail server.
const (
	StartTLS    = "starttls" // begins in clear, must switch; port 587
	ImplicitTLS = "tls"      // encrypted from the first byte; port 465
	NoTLS       = "none"     // a relay on this machine; never with a password
)

// MailServer says where e-mail goes. Timeout bounds the connection and, again, each message.
type MailServer struct {
	Host     string
	Port     int
	TLS      string // StartTLS when empty
	Username string // empty for a relay that knows this machine by its address
	Password string
	Hello    string        // our name in EHLO; the machine's own when empty
	Timeout  time.Duration // 15 s when zero
	TLSTrust *tls.Config   // nil for the system's roots
}

// Mailer sends e-mail. It keeps up to four idle connections, since greeting and TLS cost more than the message. Safe for concurrent use.
type Mailer struct {
	server MailServer
	idle   chan *line
}

// line is one SMTP connection, used by one goroutine at a time.
type line struct {
	client *gomail.Client
	conn   net.Conn
}

// NewMailer checks the settings; it does not connect.
func NewMailer(s MailServer) (*Mailer, error) {
	s.TLS = cmp.Or(s.TLS, StartTLS)
	s.Timeout = cmp.Or(s.Timeout, 15*time.Second)
	switch {
	case s.Host == "" || s.Port < 1 || s.Port > 65535:
		return nil, fmt.Errorf("notify: no mail server at %q port %d", s.Host, s.Port)
	case s.TLS != StartTLS && s.TLS != ImplicitTLS && s.TLS != NoTLS:
		return nil, fmt.Errorf("notify: TLS mode %q is none of starttls, tls, none", s.TLS)
	case s.TLS == NoTLS && s.Username != "":
		return nil, errors.New("notify: a mail password needs TLS")
	case s.TLS == NoTLS && !loopback(s.Host):
		return nil, fmt.Errorf("notify: mail goes to %s in clear: TLS mode none is for a relay on this machine", s.Host)
	}
	if s.TLSTrust == nil {
		s.TLSTrust = &tls.Config{}
	}
	s.TLSTrust = s.TLSTrust.Clone()
	s.TLSTrust.ServerName = cmp.Or(s.TLSTrust.ServerName, s.Host)
	s.TLSTrust.MinVersion = max(s.TLSTrust.MinVersion, tls.VersionTLS12)
	return &Mailer{server: s, idle: make(chan *line, 4)}, nil
}

// Close hangs up idle connections.
func (m *Mailer) Close() {
	for {
		select {
		case l := <-m.idle:
			l.hangUp()
		default:
			return
		}
	}
}

func (l *line) hangUp() {
	_ = l.client.Close() // QUIT is a courtesy: the message's fate is already known
	_ = l.conn.Close()   // likewise
}

// Send hands one message over and tells what became of it. A wrong password, an untrusted certificate or a server that cannot be reached is
// Later: the message is not at fault. Only a line that breaks after the final dot leaves doubt (RFC 5321 §4.2.5, §6.1).
func (m *Mailer) Send(ctx context.Context, message Mail) Delivery {
	built, err := build(message)
	if err != nil {
		return Delivery{Outcome: Refused, Code: err.Error()}
	}
	l, reused, err := m.line(ctx)
	if err != nil {
		return Delivery{Outcome: Later, Code: "dial"}
	}
	d := l.send(ctx, built)
	if reused && d.Code == deadLine {
		// The server hung up while the line lay idle, and nothing of the message was said: once more on a fresh one.
		l.hangUp()
		if l, err = m.dial(ctx); err != nil {
			return Delivery{Outcome: Later, Code: "dial"}
		}
		d = l.send(ctx, built)
	}
	if d.Outcome != Sent { // its state is unsure
		l.hangUp()
		return d
	}
	select {
	case m.idle <- l:
	default:
		l.hangUp()
	}
	return d
}

func (m *Mailer) line(ctx context.Context) (l *line, reused bool, err error) {
	select {
	case l = <-m.idle:
		return l, true, nil
	default:
		l, err = m.dial(ctx)
		return l, false, err
	}
}

func (m *Mailer) dial(ctx context.Context) (*line, error) {
	s := m.server
	l := &line{}
	options := []gomail.Option{
		gomail.WithPort(s.Port), gomail.WithTimeout(s.Timeout), gomail.WithTLSConfig(s.TLSTrust), gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			var err error
			if s.TLS == ImplicitTLS {
				l.conn, err = (&tls.Dialer{Config: s.TLSTrust}).DialContext(ctx, network, address)
			} else {
				l.conn, err = new(net.Dialer).DialContext(ctx, network, address)
			}
			return l.conn, err
		}),
	}
	if s.TLS == StartTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.Hello != "" {
		options = append(options, gomail.WithHELO(s.Hello))
	}
	if s.Username != "" {
		options = append(options, gomail.WithUsername(s.Username), gomail.WithPassword(s.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	var err error
	if l.client, err = gomail.NewClient(s.Host, options...); err != nil {
		return nil, err
	}
	if err = l.client.DialWithContext(ctx); err != nil {
		if l.conn != nil {
			_ = l.conn.Close() // the library leaves it open when the greeting fails
		}
		return nil, err
	}
	return l, nil
}

const deadLine = "smtp line lost" // before anything of the message was said

func (l *line) send(ctx context.Context, built *gomail.Msg) Delivery {
	stop := context.AfterFunc(ctx, func() { _ = l.conn.Close() }) // the error surfaces in Send, below
	defer stop()
	err := l.client.Send(built)
	if err == nil || built.IsDelivered() {
		return Delivery{Outcome: Sent, Ref: queued(built.ServerResponse()), Code: "smtp 250"}
	}
	var e *gomail.SendError
	if !errors.As(err, &e) {
		return Delivery{Outcome: Later, Code: deadLine}
	}
	// The library's own text names the recipient, as servers' answers do: only the numbers are kept.
	code := e.ErrorCode()
	d := Delivery{Outcome: Later, Code: strings.TrimSpace("smtp " + strconv.Itoa(code) + " " + e.EnhancedStatusCode())}
	switch {
	case code == 530 || code == 534 || code == 535 || code == 538:
		// authentication: our settings are wrong, not the message
	case code >= 500:
		d.Outcome = Refused
	case code >= 400:
	case e.Reason == gomail.ErrSMTPDataClose:
		d = Delivery{Outcome: InDoubt, Code: "smtp no answer after the final dot"}
	case e.Reason == gomail.ErrConnCheck:
		d.Code = deadLine
	default:
		d.Code = "smtp line broken"
	}
	return d
}

// queued finds the id in answers such as "2.0.0 Ok: queued as 4F9D195432". Servers are free to say anything else.
func queued(answer string) string {
	_, id, ok := strings.Cut(answer, "queued as ")
	if !ok || len(id) > 64 || strings.ContainsFunc(id, func(r rune) bool { return r < '!' || r > '~' }) {
		return ""
	}
	return id
}

// build refuses what could smuggle a header or a second recipient; the error is a stable word without any value of the message.
func build(m Mail) (*gomail.Msg, error) {
	for _, s := range []string{m.ID, m.Subject, m.From.Name, m.From.Address, m.ReplyTo.Name, m.ReplyTo.Address, m.To.Name, m.To.Address,
		m.Unsubscribe, m.UnsubscribeBy, m.Answers} {
		if strings.ContainsFunc(s, unicode.IsControl) {
			return nil, errors.New("control character in a header")
		}
	}
	domain := m.From.Address[strings.LastIndexByte(m.From.Address, '@')+1:]
	if m.ID == "" || strings.ContainsAny(m.ID, "<>@ ") || domain == "" || m.At.IsZero() {
		return nil, errors.New("no message id, sender or date")
	}
	b := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	b.SetMessageIDWithValue(m.ID + "@" + domain)
	b.SetDateWithValue(m.At)
	if err := b.FromFormat(m.From.Name, m.From.Address); err != nil {
		return nil, errors.New("sender address")
	}
	if err := b.AddToFormat(m.To.Name, m.To.Address); err != nil || len(b.GetTo()) != 1 {
		return nil, errors.New("recipient address")
	}
	if m.ReplyTo.Address != "" {
		if err := b.ReplyToFormat(m.ReplyTo.Name, m.ReplyTo.Address); err != nil {
			return nil, errors.New("reply-to address")
		}
	}
	b.Subject(m.Subject)
	// RFC 3834: holiday answers stay away.
	b.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Answers != "" {
		b.SetGenHeader("In-Reply-To", m.Answers)
		b.SetGenHeader("References", m.Answers)
	}
	if m.Unsubscribe != "" {
		var also []string
		if m.UnsubscribeBy != "" {
			also = append(also, "mailto:"+m.UnsubscribeBy+"?subject=STOP")
		}
		if strings.ContainsAny(m.Unsubscribe+m.UnsubscribeBy, "<>, ") || b.SetListUnsubscribeOneClick(m.Unsubscribe, also...) != nil {
			return nil, errors.New("unsubscribe address")
		}
	}
	b.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		b.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	for _, a := range m.Attached {
		// ASCII only: mail readers disagree about every way to write more.
		if a.Name == "" || strings.ContainsAny(a.Name, `/\"`) || strings.ContainsFunc(a.Name+a.Type, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, errors.New("attachment name")
		}
		b.AttachReadSeeker(a.Name, bytes.NewReader(a.Bytes), gomail.WithFileContentType(gomail.ContentType(a.Type)))
	}
	return b, nil
}
