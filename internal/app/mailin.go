package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"entremise/internal/inbox/mail"
	"entremise/internal/network"
)

// fetchEvery is how long a mailbox elsewhere is left alone between two visits.
const fetchEvery = time.Minute

// mailCertificate is what the receiver proves itself with: two files, read again for each sender, so that a renewed certificate needs no restart.
// nil without files.
func mailCertificate(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	read := func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		return &pair, err
	}
	if _, err := read(); err != nil {
		return nil, fmt.Errorf("--mail-cert and --mail-key: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return read() }}, nil
}

// receiveMail begins to take mail as the network in force says, and answers how that ends. listen is the address of the receiver in the
// program, empty for none; elsewhere is the mailbox that is read when the network says imap.
func (i *Instance) receiveMail(ctx context.Context, listen string, certificate *tls.Config, elsewhere mail.Mailbox) (at net.Addr, stop func() error, err error) {
	none := func() error { return nil }
	n, err := i.Editions.InForce(ctx)
	if err != nil || n.Inbox == nil {
		return nil, none, err
	}
	if n.Inbox.Receiver == network.ReceiverIMAP {
		if elsewhere.Address == "" && i.Demo {
			return nil, none, nil // a demo has no mailbox elsewhere
		}
		if elsewhere.Address == "" {
			return nil, none, errors.New("the network reads its mail over IMAP: give --imap and --imap-user")
		}
		ctx, cancel := context.WithCancel(ctx)
		i.running.Go(func() { i.fetchMail(ctx, elsewhere, n.Inbox.Addresses[0].Address) })
		return nil, func() error { cancel(); return nil }, nil
	}
	if listen == "" {
		return nil, none, nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, none, fmt.Errorf("receive mail: %w", err)
	}
	s := mail.Listen(ctx, l, n.SpaceHost, certificate, func(address string) bool { return i.Inbox.Ours(ctx, address) }, i.takeMail)
	return l.Addr(), s.Close, nil
}

// takeMail logs what could not be taken, without a word of it; the sender keeps it.
func (i *Instance) takeMail(ctx context.Context, m mail.Received) error {
	err := i.Inbox.Receive(ctx, m)
	if err != nil && !errors.Is(err, mail.ErrTooMany) {
		i.log.Error("mail not taken", "through", m.Through, "bytes", len(m.Raw), "error", err.Error())
	}
	return err
}

// fetchMail reads a mailbox until ctx ends. Several nodes may: a message is known by its Message-ID.
func (i *Instance) fetchMail(ctx context.Context, m mail.Mailbox, fallback string) {
	for {
		taken, err := m.Fetch(ctx, func(address string) bool { return i.Inbox.Ours(ctx, address) }, fallback, i.takeMail)
		if err != nil && ctx.Err() == nil {
			i.log.Error("mailbox not read", "error", err.Error())
		}
		if taken > 0 && err == nil {
			continue // there may be more
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(fetchEvery):
		}
	}
}
