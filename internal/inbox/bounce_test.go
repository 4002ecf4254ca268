package inbox_test

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/inbox/mail"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/rig"
)

var reports atomic.Int64

// returned is a report that a message of an id did not reach an address.
func returned(id, address, status string) []byte {
	return []byte(strings.ReplaceAll(fmt.Sprintf("From: MAILER-DAEMON@relay.example\nSubject: Undelivered Mail\nMessage-ID: <r%d@relay.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: %s\n\n--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <%s@depanneurs.example>\n--b--\n",
		reports.Add(1), address, status, id), "\n", "\r\n"))
}

// A report marks the address of a message that was really sent there, and of no other: who forges one speaks about his own address at most. The
// professional is asked by text to bring it up to date, and a code at the address, or at another, ends the mark (ET-31).
func TestBounce_isBelievedOfOurOwnMailOnly(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		he, other := r.Pro(t), r.Pro(t)
		r.Drain(t)
		address := func(id string) string {
			all, err := r.Pros.Contacts(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return all[id].Email
		}
		mine, theirs := address(he.Pro), address(other.Pro)
		lastTo := func(to string) (id string) {
			for _, m := range r.Post.Mails() {
				if m.To.Address == to {
					id = m.ID
				}
			}
			return id
		}
		invalid := func(to string) (yes bool) {
			t.Helper()
			if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				yes, err = notify.Invalid(tx, r.Notify.Index(notify.ByEmail, to))
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return yes
		}
		asked := func() (n int) {
			for _, m := range r.Post.Texts() {
				if strings.Contains(m.Text, "n'arrivent plus") {
					n++
				}
			}
			return n
		}
		take := func(raw []byte) {
			t.Helper()
			if err := r.Inbox.Receive(ctx, mail.Received{To: contact, Bounce: true, Raw: raw, Through: "smtp"}); err != nil {
				t.Fatal(err)
			}
			r.Drain(t)
		}
		id := lastTo(mine)
		cases := func() (n int64) {
			if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, "SELECT count(*) FROM inbox_case")
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for name, raw := range map[string][]byte{
			"an id that is none":          returned("msg_00000000000000000000", mine, "5.1.1"),
			"somebody else's address":     returned(id, theirs, "5.1.1"),
			"an address that never was":   returned(id, "nobody@example.org", "5.1.1"),
			"refused for what it says":    returned(id, mine, "5.7.1"),
			"too large":                   returned(id, mine, "5.2.3"),
			"it will be tried once more":  returned(id, mine, "4.2.2"),
			"a status that says nothing":  returned(id, mine, "x"),
			"the id of a text, not email": returned(r.Post.Texts()[0].ID, mine, "5.1.1"),
		} {
			take(raw)
			if invalid(mine) || invalid(theirs) || asked() != 0 {
				t.Errorf("%s marks an address", name)
			}
		}
		before := cases()
		take(returned(id, strings.ToUpper(mine), "5.1.1"))
		take(returned(id, mine, "5.1.1")) // twice is once
		if !invalid(mine) || invalid(theirs) || asked() != 1 || cases() != before {
			t.Errorf("marked %v, the other %v, asked %d times, %d letters more", invalid(mine), invalid(theirs), asked(), cases()-before)
		}

		// Nothing more goes there.
		mails := len(r.Post.Mails())
		invite := func() {
			t.Helper()
			if err := r.Pros.InviteAgain(ctx, r.One(t, network.RoleOnboarding), he.Pro); err != nil {
				t.Fatal(err)
			}
			r.Drain(t)
		}
		texted := len(r.Post.Texts())
		invite()
		if len(r.Post.Mails()) != mails {
			t.Error("mail went to an address that is marked")
		}
		if len(r.Post.Texts()) != texted+1 {
			t.Error("the same letter goes by text")
		}

		// He proves that it works again; an old report changes nothing, a new one does.
		r.Clock.Add(time.Minute)
		confirm := func(value string) {
			t.Helper()
			if err := r.Pros.AskChange(ctx, he, network.ProEmail, value); err != nil {
				t.Fatal(err)
			}
			r.Drain(t)
			digits := ""
			for _, m := range r.Post.Mails() {
				if m.To.Address == value && strings.Contains(m.Subject, "code") {
					digits = regexp.MustCompile(`\d{6}`).FindString(m.Text)
				}
			}
			if err := r.Pros.ConfirmChange(ctx, he, network.ProEmail, digits); err != nil {
				t.Fatalf("%q: %v", digits, err)
			}
		}
		confirm(mine)
		take(returned(id, mine, "5.1.1"))
		if invalid(mine) {
			t.Error("an old report speaks against an address that was proved since")
		}
		r.Clock.Add(time.Minute)
		invite()
		if lastTo(mine) == id {
			t.Fatal("no mail went")
		}
		take(returned(lastTo(mine), mine, "5.2.1"))
		if !invalid(mine) || asked() != 2 {
			t.Errorf("a new report: marked %v, asked %d", invalid(mine), asked())
		}
		confirm("neuve@artisans.example")
		if address(he.Pro) != "neuve@artisans.example" || invalid("neuve@artisans.example") {
			t.Error("the new address does not count")
		}
		accounts, err := r.Auth.OfPro(ctx, he.Pro)
		if err != nil || accounts[0].Email != "neuve@artisans.example" {
			t.Errorf("he signs in by %q, %v", accounts[0].Email, err)
		}
	})
}

// A relay that says at once that an address is gone marks it too; one that dislikes a message, or is asked to wait, does not.
func TestBounce_aRefusalByTheRelayMarks(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		for said, want := range map[string]bool{"smtp 550 5.1.1": true, "smtp 550": true, "smtp 553": true, "smtp 550 5.7.1": false, "smtp 554": false, "smtp 552 5.3.4": false} {
			r.Post.Answer(func(string) notify.Delivery { return notify.Delivery{Outcome: notify.Refused, Code: said} })
			he := r.Pro(t)
			r.Drain(t)
			all, err := r.Pros.Contacts(ctx, he.Pro)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := r.Pros.Unreached(ctx, all[he.Pro]); err != nil || got != want {
				t.Errorf("%s: marked %v, want %v, %v", said, got, want, err)
			}
		}
	})
}
