package mail

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"time"

	"github.com/emersion/go-imap"
	"github.com/emersion/go-imap/client"
)

// Mailbox is a mailbox elsewhere, read over IMAP: what nobody has seen is taken and marked as seen; nothing is ever deleted there.
type Mailbox struct {
	Address  string // host:port
	User     string
	Password string
	TLS      *tls.Config   // nil for the system's roots
	Plain    bool          // without TLS, for a server on this machine
	Timeout  time.Duration // of one command; a minute when zero
}

// perFetch is how many messages one visit takes, so that a full mailbox does not keep the first ones waiting for the last.
const perFetch = 50

// Fetch takes what has come since the last visit and answers how many messages that was. A message that accept refuses stays unseen and is
// offered again; a message longer than MaxBytes is taken without what is beyond. What names none of our addresses goes to fallback: the mailbox
// is ours, whatever the header says.
func (m Mailbox) Fetch(ctx context.Context, ours func(string) bool, fallback string, accept Accept) (taken int, err error) {
	if m.Timeout == 0 {
		m.Timeout = time.Minute
	}
	conn, err := (&net.Dialer{Timeout: m.Timeout}).DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return 0, errors.New("mail: the IMAP server cannot be reached")
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // commands then fail
	defer stop()
	if !m.Plain {
		config := m.TLS
		if config == nil {
			config = &tls.Config{}
		}
		config = config.Clone()
		if host, _, err := net.SplitHostPort(m.Address); err == nil && config.ServerName == "" {
			config.ServerName = host
		}
		config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
		conn = tls.Client(conn, config)
	}
	c, err := client.New(conn)
	if err != nil {
		return 0, errors.Join(fmt.Errorf("mail: greet the IMAP server: %w", err), conn.Close())
	}
	c.Timeout = m.Timeout
	defer func() { _ = c.Logout() }() // a courtesy
	if err := c.Login(m.User, m.Password); err != nil {
		return 0, errors.New("mail: the IMAP server refuses the password") // its words may repeat the user's name
	}
	if _, err := c.Select("INBOX", false); err != nil {
		return 0, fmt.Errorf("mail: open the mailbox: %w", err)
	}
	unseen := imap.NewSearchCriteria()
	unseen.WithoutFlags = []string{imap.SeenFlag}
	uids, err := c.UidSearch(unseen)
	if err != nil {
		return 0, fmt.Errorf("mail: search the mailbox: %w", err)
	}
	for _, uid := range uids[:min(len(uids), perFetch)] {
		raw, err := fetchOne(c, uid)
		if err != nil {
			return taken, err
		}
		if err := accept(ctx, Received{To: addressed(raw, ours, fallback), Raw: raw, Through: "imap"}); err != nil {
			if errors.Is(err, ErrTooMany) {
				continue // tomorrow
			}
			return taken, err
		}
		set := new(imap.SeqSet)
		set.AddNum(uid)
		if err := c.UidStore(set, imap.FormatFlagsOp(imap.AddFlags, true), []interface{}{imap.SeenFlag}, nil); err != nil {
			return taken, fmt.Errorf("mail: mark a message: %w", err) // it is offered again, and known by its Message-ID
		}
		taken++
	}
	return taken, nil
}

func fetchOne(c *client.Client, uid uint32) ([]byte, error) {
	set := new(imap.SeqSet)
	set.AddNum(uid)
	section := &imap.BodySectionName{Peek: true, Partial: []int{0, MaxBytes}}
	got := make(chan *imap.Message, 1)
	if err := c.UidFetch(set, []imap.FetchItem{section.FetchItem()}, got); err != nil {
		return nil, fmt.Errorf("mail: fetch a message: %w", err)
	}
	m := <-got
	if m == nil {
		return nil, nil // deleted meanwhile
	}
	for _, body := range m.Body {
		return io.ReadAll(io.LimitReader(body, MaxBytes))
	}
	return nil, nil
}

// addressed is the first address of ours that the header names.
func addressed(raw []byte, ours func(string) bool, fallback string) string {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return fallback
	}
	for _, name := range []string{"Delivered-To", "X-Original-To", "To", "Cc"} {
		for _, line := range m.Header[name] {
			list, err := mail.ParseAddressList(line)
			if err != nil {
				continue
			}
			for _, a := range list {
				if ours(a.Address) {
					return a.Address
				}
			}
		}
	}
	return fallback
}
