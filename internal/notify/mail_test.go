package notify

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// postOffice is a real SMTP server whose moods a test sets. seen counts distinct Message-IDs.
type postOffice struct {
	mu       sync.Mutex
	got      []string // whole messages
	seen     map[string]int
	sessions int

	onMail, onRcpt, onData error
	afterDot               func(*smtp.Conn) // instead of an answer
	user, password         string
}

type visit struct {
	office *postOffice
	conn   *smtp.Conn
	known  bool
}

func (p *postOffice) NewSession(c *smtp.Conn) (smtp.Session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sessions++
	return &visit{office: p, conn: c, known: p.user == ""}, nil
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != v.office.user || password != v.office.password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no"}
		}
		v.known = true
		return nil
	}), nil
}

func (v *visit) Mail(string, *smtp.MailOptions) error {
	if !v.known {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "who are you"}
	}
	return v.office.onMail
}
func (v *visit) Rcpt(string, *smtp.RcptOptions) error { return v.office.onRcpt }
func (v *visit) Reset()                               {}
func (v *visit) Logout() error                        { return nil }

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	p := v.office
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.onData != nil {
		return p.onData
	}
	p.got = append(p.got, string(text))
	m, err := mail.ReadMessage(bytes.NewReader(text))
	if err != nil {
		return err
	}
	p.seen[m.Header.Get("Message-ID")]++
	if p.afterDot != nil {
		p.afterDot(v.conn)
	}
	return nil
}

func (p *postOffice) open(t *testing.T, cert *tls.Config) (port int) {
	t.Helper()
	p.seen = map[string]int{}
	server := smtp.NewServer(p)
	server.Domain = "localhost"
	server.TLSConfig = cert
	server.AllowInsecureAuth = true
	server.ErrorLog = discard{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		l.Close() // Serve may not have begun, and Close would miss it
		server.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return l.Addr().(*net.TCPAddr).Port
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

func mailer(t *testing.T, s MailServer) *Mailer {
	t.Helper()
	s.Host = "127.0.0.1"
	s.Hello = "localhost"
	if s.Timeout == 0 {
		s.Timeout = 5 * time.Second
	}
	m, err := NewMailer(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func letter(id string) Mail {
	return Mail{
		ID: id, At: time.Date(2026, 11, 22, 9, 5, 0, 0, time.UTC),
		From: mail.Address{Name: "Dépannage du Midi", Address: "service@exemple.fr"}, To: mail.Address{Name: "Amélie", Address: "amelie@exemple.org"},
		Subject: "Un plombier vous rappelle – avant 9 h 19", Text: "Bonjour,\n\nUn plombier a pris votre demande.\n.\nFin.\n",
	}
}

func TestMailer_sendsWhatAReaderReads(t *testing.T) {
	p := &postOffice{}
	m := mailer(t, MailServer{Port: p.open(t, nil), TLS: NoTLS})
	l := letter("msg_1")
	l.HTML = "<p>Un plombier a pris votre demande.</p>"
	l.ReplyTo = mail.Address{Address: "aide@exemple.fr"}
	l.Unsubscribe, l.UnsubscribeBy = "https://exemple.fr/stop/abc", "stop@exemple.fr"
	l.Attached = []Attachment{{Name: "coordonnees.vcf", Type: "text/vcard", Bytes: []byte("BEGIN:VCARD")}}
	if d := m.Send(t.Context(), l); d.Outcome != Sent {
		t.Fatal(d)
	}
	got, err := mail.ReadMessage(strings.NewReader(p.got[0]))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Header.Get("Subject"))
	if err != nil || subject != l.Subject {
		t.Error(subject, err)
	}
	for name, want := range map[string]string{
		"Message-ID": "<msg_1@exemple.fr>", "Date": "Sun, 22 Nov 2026 09:05:00 +0000", "Auto-Submitted": "auto-generated",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Reply-To": "<aide@exemple.fr>", "User-Agent": "", "X-Mailer": "",
		"List-Unsubscribe": "<https://exemple.fr/stop/abc>, <mailto:stop@exemple.fr?subject=STOP>",
	} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s: %q, want %q", name, v, want)
		}
	}
	from, err := got.Header.AddressList("From")
	if err != nil || from[0].Name != "Dépannage du Midi" || from[0].Address != "service@exemple.fr" {
		t.Error(from, err)
	}
	kind, params, err := mime.ParseMediaType(got.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(got.Body, params["boundary"])
	var kinds []string
	for {
		part, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, kind)
		if kind == "text/vcard" && part.FileName() != "coordonnees.vcf" {
			t.Error("attachment name:", part.Header.Get("Content-Disposition"))
		}
	}
	if !slices.Equal(kinds, []string{"multipart/alternative", "text/vcard"}) {
		t.Error(kinds)
	}
}

func TestMailer_tellsFailuresApart(t *testing.T) {
	oops := func(code int, a, b, c int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "about <amelie@exemple.org>"}
	}
	for _, c := range []struct {
		name   string
		office *postOffice
		want   Outcome
		code   string
	}{
		{"unknown mailbox", &postOffice{onRcpt: oops(550, 5, 1, 1)}, Refused, "smtp 550 5.1.1"},
		{"greylisted", &postOffice{onRcpt: oops(451, 4, 7, 1)}, Later, "smtp 451 4.7.1"},
		{"sender refused", &postOffice{onMail: oops(553, 5, 1, 8)}, Refused, "smtp 553 5.1.8"},
		{"busy", &postOffice{onMail: oops(421, 4, 3, 2)}, Later, "smtp 421 4.3.2"},
		{"who are you", &postOffice{user: "somebody"}, Later, "smtp 530 5.7.0"},
		{"content refused", &postOffice{onData: oops(554, 5, 7, 1)}, Refused, "smtp 554 5.7.1"},
		{"disk full", &postOffice{onData: oops(452, 4, 3, 1)}, Later, "smtp 452 4.3.1"},
		{"cut after the dot", &postOffice{afterDot: func(c *smtp.Conn) { c.Conn().Close() }}, InDoubt, "smtp no answer after the final dot"},
		{"garbage after the dot", &postOffice{afterDot: func(c *smtp.Conn) {
			io.WriteString(c.Conn(), "\x00\x01 what?\r\n")
			c.Conn().Close()
		}}, InDoubt, "smtp no answer after the final dot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := mailer(t, MailServer{Port: c.office.open(t, nil), TLS: NoTLS})
			d := m.Send(t.Context(), letter("msg_1"))
			if d.Outcome != c.want || d.Code != c.code {
				t.Errorf("%+v, want %s %q", d, c.want, c.code)
			}
		})
	}
}

// A message in doubt is repeated with the same id: whoever counts ids counts one.
func TestMailer_repeatKeepsTheID(t *testing.T) {
	once := sync.Once{}
	p := &postOffice{afterDot: func(c *smtp.Conn) { once.Do(func() { c.Conn().Close() }) }}
	m := mailer(t, MailServer{Port: p.open(t, nil), TLS: NoTLS})
	if d := m.Send(t.Context(), letter("msg_7")); d.Outcome != InDoubt || !d.Again() {
		t.Fatal(d)
	}
	if d := m.Send(t.Context(), letter("msg_7")); d.Outcome != Sent || d.Again() {
		t.Fatal(d)
	}
	if len(p.seen) != 1 || p.seen["<msg_7@exemple.fr>"] != 2 {
		t.Error(p.seen)
	}
}

func TestMailer_keepsLinesAndReplacesDeadOnes(t *testing.T) {
	p := &postOffice{}
	m := mailer(t, MailServer{Port: p.open(t, nil), TLS: NoTLS})
	for range 5 {
		if d := m.Send(t.Context(), letter("msg_1")); d.Outcome != Sent {
			t.Fatal(d)
		}
	}
	if p.sessions != 1 {
		t.Errorf("%d sessions for five messages", p.sessions)
	}
	l := <-m.idle // the server hangs up on idle lines
	l.conn.Close()
	m.idle <- l
	if d := m.Send(t.Context(), letter("msg_2")); d.Outcome != Sent {
		t.Fatal(d)
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if d := m.Send(t.Context(), letter("msg_3")); d.Outcome != Sent {
				t.Error(d)
			}
		})
	}
	all.Wait()
	if p.seen["<msg_3@exemple.fr>"] != 16 {
		t.Error(p.seen)
	}
}

func TestMailer_serverThatIsNotOne(t *testing.T) {
	listen := func(serve func(net.Conn)) int {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go serve(c)
			}
		}()
		return l.Addr().(*net.TCPAddr).Port
	}
	silent := make(chan struct{})
	t.Cleanup(func() { close(silent) })
	for name, serve := range map[string]func(net.Conn){
		"silent":   func(c net.Conn) { <-silent; c.Close() },
		"garbage":  func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n"); c.Close() },
		"hangs up": func(c net.Conn) { c.Close() },
	} {
		m := mailer(t, MailServer{Port: listen(serve), TLS: NoTLS, Timeout: 100 * time.Millisecond})
		if d := m.Send(t.Context(), letter("msg_1")); d.Outcome != Later || d.Code != "dial" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := mailer(t, MailServer{Port: listen(func(c net.Conn) { <-silent }), TLS: NoTLS})
	if d := m.Send(ctx, letter("msg_1")); d.Outcome != Later {
		t.Error("cancelled:", d)
	}
}

// certificate makes a self-signed one for 127.0.0.1, and a pool that trusts it.
func certificate(t *testing.T) (server, trust *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func TestMailer_TLSAndPassword(t *testing.T) {
	server, trust := certificate(t)
	p := &postOffice{user: "entremise", password: "agrafe cheval pile"}
	port := p.open(t, server)
	for _, c := range []struct {
		name string
		to   MailServer
		want Outcome
	}{
		{"STARTTLS and the right password", MailServer{Username: "entremise", Password: "agrafe cheval pile", TLSTrust: trust}, Sent},
		{"wrong password", MailServer{Username: "entremise", Password: "x", TLSTrust: trust}, Later},
		{"unknown certificate", MailServer{Username: "entremise", Password: "agrafe cheval pile"}, Later},
	} {
		c.to.Port = port
		if d := mailer(t, c.to).Send(t.Context(), letter("msg_1")); d.Outcome != c.want {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
	clear := &postOffice{}
	if d := mailer(t, MailServer{Port: clear.open(t, nil)}).Send(t.Context(), letter("msg_1")); d.Outcome != Later || len(clear.got) != 0 {
		t.Error("a server without STARTTLS was given the message:", d)
	}
}

func TestMailer_implicitTLS(t *testing.T) {
	certs, trust := certificate(t)
	p := &postOffice{seen: map[string]int{}, user: "u", password: "p"}
	server := smtp.NewServer(p)
	server.Domain, server.ErrorLog, server.AllowInsecureAuth = "localhost", discard{}, true
	l, err := tls.Listen("tcp", "127.0.0.1:0", certs)
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	m := mailer(t, MailServer{Port: l.Addr().(*net.TCPAddr).Port, TLS: ImplicitTLS, Username: "u", Password: "p", TLSTrust: trust})
	if d := m.Send(t.Context(), letter("msg_1")); d.Outcome != Sent {
		t.Error(d)
	}
}

func TestMailer_refusesSmuggledHeaders(t *testing.T) {
	p := &postOffice{}
	m := mailer(t, MailServer{Port: p.open(t, nil), TLS: NoTLS})
	for name, spoil := range map[string]func(*Mail){
		"subject":        func(l *Mail) { l.Subject = "Bonjour\r\nBcc: all@exemple.org" },
		"bare newline":   func(l *Mail) { l.Subject = "Bonjour\nBcc: all@exemple.org" },
		"sender name":    func(l *Mail) { l.From.Name = "A\r\nX: y" },
		"recipient name": func(l *Mail) { l.To.Name = "A\r\nX: y" },
		"recipient":      func(l *Mail) { l.To.Address = "a@exemple.org\r\nRCPT TO:<b@exemple.org>" },
		"two recipients": func(l *Mail) { l.To.Address = "a@exemple.org, b@exemple.org" },
		"no address":     func(l *Mail) { l.To.Address = "amelie" },
		"id":             func(l *Mail) { l.ID = "a>\r\nX: y" },
		"no id":          func(l *Mail) { l.ID = "" },
		"no date":        func(l *Mail) { l.At = time.Time{} },
		"unsubscribe":    func(l *Mail) { l.Unsubscribe = "https://exemple.fr/>,<mailto:x@y" },
		"plain http":     func(l *Mail) { l.Unsubscribe = "http://exemple.fr/stop" },
		"reply":          func(l *Mail) { l.ReplyTo.Address = "x\r\ny@z" },
		"file name":      func(l *Mail) { l.Attached = []Attachment{{Name: "a\"; x=\"b", Type: "text/plain"}} },
		"file type":      func(l *Mail) { l.Attached = []Attachment{{Name: "a", Type: "text/plain\r\nX: y"}} },
		"accents":        func(l *Mail) { l.Attached = []Attachment{{Name: "reçu.pdf", Type: "application/pdf"}} },
		"path as a name": func(l *Mail) { l.Attached = []Attachment{{Name: "../../etc/passwd", Type: "text/plain"}} },
	} {
		l := letter("msg_1")
		spoil(&l)
		if d := m.Send(t.Context(), l); d.Outcome != Refused {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if len(p.got) != 0 || p.sessions != 0 {
		t.Error("something was sent")
	}
}

func TestNewMailer_refusesSettings(t *testing.T) {
	for name, s := range map[string]MailServer{
		"no host":           {Port: 25},
		"no port":           {Host: "mail.exemple.fr"},
		"mode":              {Host: "mail.exemple.fr", Port: 25, TLS: "maybe"},
		"mail in clear":     {Host: "mail.exemple.fr", Port: 25, TLS: NoTLS},
		"password in clear": {Host: "mail.exemple.fr", Port: 25, TLS: NoTLS, Username: "u"},
	} {
		if _, err := NewMailer(s); err == nil {
			t.Error(name)
		}
	}
}

func TestQueued(t *testing.T) {
	for in, want := range map[string]string{"2.0.0 Ok: queued as 4F9D195432": "4F9D195432", "OK": "", "queued as a b": "", "queued as " + strings.Repeat("x", 99): ""} {
		if got := queued(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}
