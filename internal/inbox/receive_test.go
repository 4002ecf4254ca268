package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"entremise/internal/inbox"
	"entremise/internal/inbox/mail"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/rig"
)

const (
	dpo     = "dpo@depanneurs.example"
	contact = "bonjour@depanneurs.example"
)

func mailOf(from, subject, text string, headers ...string) []byte {
	return []byte("From: " + from + "\r\nSubject: " + subject + "\r\n" + strings.Join(append(headers, ""), "\r\n") + "\r\n" + text)
}

func receive(t *testing.T, r *rig.Rig, to string, raw []byte) {
	t.Helper()
	if err := r.Inbox.Receive(context.Background(), mail.Received{To: to, Raw: raw}); err != nil {
		t.Fatal(err)
	}
}

func queue(t *testing.T, r *rig.Rig) []inbox.Case {
	t.Helper()
	all, err := r.Inbox.Queue(context.Background(), r.One(t, network.RoleOfficer))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A mail to the officer's address is a case whose clock began when it came, whatever its own date says, and is answered in its thread.
func TestReceive_opensAndCompletesARight(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		r.Ask(t, func(a *request.Ask) { a.Email = "jeanne@example.org" })
		receive(t, r, dpo, mailOf("Jeanne Exemple <Jeanne@example.org>", "Mes données", "Effacez mon téléphone.", "Message-ID: <1@example.org>", "Date: Mon, 01 Jan 2001 00:00:00 +0000"))
		all := queue(t, r)
		if len(all) != 1 || all[0].Channel != network.RightByEmail || all[0].Asked != network.RightUnnamed || !all[0].Due.Equal(r.Network.Rights.Due(r.DB.Now(), false, 0)) || all[0].Name != "Jeanne Exemple" {
			t.Fatalf("%+v", all)
		}
		f, err := r.Inbox.Read(ctx, officer, all[0].ID)
		if err != nil || len(f.People) != 1 || f.Letters[0].Text != "Effacez mon téléphone." || !f.Proved.IsZero() {
			t.Fatalf("%+v, %v", f, err)
		}
		receive(t, r, dpo, mailOf("Jeanne Exemple <jeanne@example.org>", "Mes données", "Effacez mon téléphone.", "Message-ID: <1@example.org>")) // delivered twice
		r.Drain(t)
		var confirmed string
		for _, m := range r.Post.Mails() {
			if m.Answers == "<1@example.org>" && m.ReplyTo.Address == dpo {
				confirmed = "<" + m.ID + "@depanneurs.example>"
			}
		}
		if confirmed == "" {
			t.Fatalf("not confirmed in its thread: %+v", r.Post.Mails())
		}
		r.Clock.Add(time.Hour)
		receive(t, r, dpo, mailOf("jeanne@example.org", "Re: x", "Et mon e-mail aussi.", "Message-ID: <2@example.org>", "In-Reply-To: "+confirmed))
		r.Clock.Add(time.Minute)
		receive(t, r, contact, mailOf("jeanne@example.org", "au sujet de "+f.Ref, "Merci.", "Message-ID: <3@example.org>"))
		f, err = r.Inbox.Read(ctx, officer, f.ID)
		if err != nil || len(f.Letters) != 3 || len(queue(t, r)) != 1 {
			t.Fatalf("%d letters, %d cases, %v", len(f.Letters), len(queue(t, r)), err)
		}
		if err := r.Inbox.Name(ctx, officer, f.ID, network.RightErasure, []string{"contact"}); err != nil {
			t.Fatal(err)
		}
		effects, err := r.Inbox.Erase(ctx, officer, f.ID)
		if err != nil || len(effects) != 1 {
			t.Fatalf("%+v, %v", effects, err)
		}
		if err := r.Inbox.Answer(ctx, officer, f.ID, inbox.Reply{Text: "Vos coordonnées sont effacées."}); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		answered := false
		for _, m := range r.Post.Mails() {
			answered = answered || strings.Contains(m.Text, "Vos coordonnées sont effacées.") && m.Answers == "<3@example.org>" && strings.EqualFold(m.To.Address, "jeanne@example.org")
		}
		if !answered {
			t.Errorf("not answered in its thread: %+v", r.Post.Mails())
		}
		// What follows an answer is a new question with a new clock.
		receive(t, r, dpo, mailOf("jeanne@example.org", "Re: "+f.Ref, "Et mon adresse ?", "Message-ID: <4@example.org>"))
		if all := queue(t, r); len(all) != 1 || all[0].ID == f.ID {
			t.Errorf("%+v", all)
		}
	})
}

// Who forges a sender reads nothing, moves nothing and proves nothing.
func TestReceive_believesNoSender(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		o := open(t, r, visitor, ask())
		r.Drain(t)
		if err := r.Inbox.Doubt(ctx, officer, o.ID, "Deux personnes portent ce nom chez nous."); err != nil {
			t.Fatal(err)
		}
		receive(t, r, dpo, mailOf("mallory@evil.example", o.Ref, "C’est moi, envoyez-moi tout ici."))
		f, err := r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || f.State != inbox.Waiting || len(f.Letters) != 1 || f.Email != "dominique@example.com" {
			t.Fatalf("%+v, %v", f.Case, err)
		}
		r.Clock.Add(time.Minute)
		// Even one that knows a Message-ID of ours only adds a letter, which says where it came from.
		id := ""
		for _, m := range r.Post.Mails() {
			if m.To.Address == "dominique@example.com" {
				id = m.ID
			}
		}
		receive(t, r, dpo, mailOf("mallory@evil.example", "Re", "Ma nouvelle adresse.", "In-Reply-To: <"+id+"@depanneurs.example>"))
		f, err = r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || f.State != inbox.Waiting || len(f.Letters) != 2 || !strings.Contains(f.Letters[1].Subject, "mallory@evil.example") || f.Email != "dominique@example.com" || !f.Proved.IsZero() {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

// Programs, lists, reports and our own mail get no answer; a person gets one a day.
func TestReceive_answersNoProgramAndNobodyTwiceADay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		sent := func() int { r.Drain(t); return len(r.Post.Mails()) }
		for i, h := range []string{"Auto-Submitted: auto-replied", "Precedence: bulk", "List-Unsubscribe: <x>", "X-Loop: y"} {
			receive(t, r, dpo, mailOf(fmt.Sprintf("absent%d@example.org", i), "Absence", "Je suis absent.", h))
		}
		receive(t, r, dpo, mailOf(contact, "boucle", "nous-mêmes"))
		if err := r.Inbox.Receive(context.Background(), mail.Received{To: dpo, Bounce: true, Raw: mailOf("x@example.org", "rebond", "x")}); err != nil {
			t.Fatal(err)
		}
		if n := sent(); n != 0 {
			t.Fatalf("%d answers to programs", n)
		}
		for range 3 {
			receive(t, r, contact, mailOf("jeanne@example.org", "Bonjour", "Une question."))
			r.Clock.Add(time.Minute)
		}
		if n := sent(); n != 1 {
			t.Errorf("%d confirmations in a day", n)
		}
		own := r.Post.Mails()[0]
		before := len(queue(t, r))
		receive(t, r, contact, mailOf("jeanne@example.org", "Fwd", "notre propre message", "Message-ID: <"+own.ID+"@depanneurs.example>"))
		if len(queue(t, r)) != before {
			t.Error("our own message became a case")
		}
		r.Clock.Add(25 * time.Hour)
		receive(t, r, contact, mailOf("jeanne@example.org", "Bonjour", "Une autre question."))
		if n := sent(); n != 2 {
			t.Errorf("%d confirmations in two days", n)
		}
		if err := r.Inbox.Receive(context.Background(), mail.Received{To: "nobody@depanneurs.example", Raw: mailOf("a@example.org", "x", "x")}); err == nil {
			t.Error("mail for nobody was taken")
		}
	})
}

// What is broken or brings files is kept whole, listed by name, type and size, and handed over to its officer alone.
func TestReceive_keepsWhatItDoesNotShow(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		raw := mailOf("jeanne@example.org", "Ma carte", "--x\r\nContent-Type: text/plain\r\n\r\nLa voici.\r\n--x\r\nContent-Type: image/svg+xml; name=\"carte.svg\"\r\n\r\n<svg onload=alert(1)>\r\n--x--\r\n", "Content-Type: multipart/mixed; boundary=x")
		receive(t, r, dpo, raw)
		f, err := r.Inbox.Read(ctx, officer, queue(t, r)[0].ID)
		if err != nil || len(f.Letters) != 1 || !f.Letters[0].Whole || len(f.Letters[0].Parts) != 1 || f.Letters[0].Parts[0] != (inbox.Part{Name: "carte.svg", Type: "image/svg+xml", Size: 21}) || f.Letters[0].Text != "La voici." {
			t.Fatalf("%+v, %v", f.Letters, err)
		}
		got, err := r.Inbox.Raw(ctx, officer, f.ID, f.Letters[0].ID)
		if err != nil || string(got) != string(raw) {
			t.Errorf("%q, %v", got, err)
		}
		_, err = r.Inbox.Raw(ctx, r.One(t, network.RoleAgent), f.ID, f.Letters[0].ID)
		code(t, err, "not-permitted")
		_, err = r.Inbox.Raw(ctx, officer, "cas_other", f.Letters[0].ID)
		code(t, err, "no-case")
	})
}

func TestReceive_stopsAFlood(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		for i := range 41 {
			err := r.Inbox.Receive(context.Background(), mail.Received{To: contact, Raw: mailOf("flood@example.org", fmt.Sprint("n° ", i), "x")})
			if (i < 40) != (err == nil) || err != nil && !errors.Is(err, mail.ErrTooMany) {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		receive(t, r, contact, mailOf("other@example.org", "Bonjour", "x"))
	})
}
