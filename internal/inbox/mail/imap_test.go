package mail

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/backend/memory"
	"github.com/emersion/go-imap/server"
)

// mailbox is an IMAP server with one unseen message, whose user is "username" and whose password is "password".
func mailbox(t *testing.T) Mailbox {
	t.Helper()
	be := memory.New()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := server.New(be)
	s.AllowInsecureAuth = true
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	user, err := be.Login(nil, "username", "password")
	if err != nil {
		t.Fatal(err)
	}
	box, err := user.GetMailbox("INBOX")
	if err != nil {
		t.Fatal(err)
	}
	raw := letter("From: jeanne@example.org\nTo: quelqu-un@elsewhere.example, DPO@depanneurs.example\nSubject: droits\nMessage-ID: <imap@example.org>", "Effacez tout.")
	if err := box.CreateMessage(nil, time.Time{}, strings.NewReader(string(raw))); err != nil {
		t.Fatal(err)
	}
	return Mailbox{Address: l.Addr().String(), User: "username", Password: "password", Plain: true}
}

func TestMailbox_takesTheUnseenOnce(t *testing.T) {
	m := mailbox(t)
	ours := func(a string) bool { return strings.EqualFold(a, "dpo@depanneurs.example") }
	var got []Received
	refuse := true
	accept := func(_ context.Context, r Received) error {
		if refuse {
			return errors.New("no room")
		}
		got = append(got, r)
		return nil
	}
	if n, err := m.Fetch(t.Context(), ours, "fallback@depanneurs.example", accept); err == nil || n != 0 {
		t.Errorf("%d taken although refused, %v", n, err)
	}
	refuse = false
	n, err := m.Fetch(t.Context(), ours, "fallback@depanneurs.example", accept)
	if err != nil || n == 0 {
		t.Fatalf("%d, %v", n, err)
	}
	last := got[len(got)-1]
	if last.To != "DPO@depanneurs.example" || Parse(last.Raw).Text != "Effacez tout." {
		t.Errorf("%s: %s", last.To, last.Raw)
	}
	if n, err := m.Fetch(t.Context(), ours, "fallback@depanneurs.example", accept); err != nil || n != 0 {
		t.Errorf("%d taken again, %v", n, err)
	}
	m.Password = "wrong"
	if _, err := m.Fetch(t.Context(), ours, "", accept); err == nil || strings.Contains(err.Error(), "username") {
		t.Errorf("a wrong password: %v", err)
	}
	m.Plain = false
	if _, err := m.Fetch(t.Context(), ours, "", accept); err == nil {
		t.Error("TLS was promised and not spoken")
	}
}
