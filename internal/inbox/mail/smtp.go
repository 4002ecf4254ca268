package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// Received is a message that arrived.
type Received struct {
	To      string // the first address of ours that it names
	Bounce  bool   // its envelope has no sender: a report, never answered
	Raw     []byte
	Through string // smtp or imap
}

// Accept takes a message for good, or refuses with an error: then the sender keeps it and tries again. ErrTooMany makes him wait.
type Accept func(context.Context, Received) error

// ErrTooMany says that a sender has written too often for now.
var ErrTooMany = errors.New("mail: too many messages from one sender")

// Server is the receiver in the program. It knows no password and relays nothing: it takes mail for its own addresses, from whoever connects, and
// is meant to stand behind the operator's mail relay, which speaks TLS to the world and knows spam.
type Server struct {
	smtp *smtp.Server
	stop context.CancelFunc
	ends sync.WaitGroup
}

// Listen makes a receiver that answers on l until Close. ours says whether an address is one of ours. With a certificate it offers STARTTLS
// (RFC 3207) and still takes mail without, as mail between servers is: a sender who cannot encrypt would else be lost. nil offers none.
func Listen(ctx context.Context, l net.Listener, domain string, certificate *tls.Config, ours func(string) bool, accept Accept) *Server {
	ctx, stop := context.WithCancel(ctx)
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{ctx: ctx, ours: ours, accept: accept}, nil
	}))
	s.Domain, s.TLSConfig = domain, certificate
	s.MaxMessageBytes, s.MaxRecipients, s.MaxLineLength = MaxBytes, 20, 4096
	s.ReadTimeout, s.WriteTimeout = time.Minute, time.Minute
	out := &Server{smtp: s, stop: stop}
	out.ends.Go(func() { _ = s.Serve(l) }) // ends with Close
	return out
}

// Close hangs up.
func (s *Server) Close() error {
	s.stop()
	err := s.smtp.Close()
	s.ends.Wait()
	return err
}

// session is one sender's visit.
type session struct {
	ctx    context.Context
	ours   func(string) bool
	accept Accept
	to     string
	bounce bool
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.bounce, s.to = from == "", ""
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if !s.ours(to) {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such address here"}
	}
	if s.to == "" {
		s.to = to
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err // too long is the library's own 552
	}
	switch err := s.accept(s.ctx, Received{To: s.to, Bounce: s.bounce, Raw: raw, Through: "smtp"}); {
	case errors.Is(err, ErrTooMany):
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "too many messages for now"}
	case err != nil:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "not taken, try again"}
	}
	return nil
}

func (s *session) Reset()        { s.to, s.bounce = "", false }
func (s *session) Logout() error { return nil }
