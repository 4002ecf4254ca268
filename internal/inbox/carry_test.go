package inbox_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// sold is a request of somebody with an address, bought by a professional.
func sold(t *testing.T, r *rig.Rig, email string) (request.Submitted, auth.Actor) {
	t.Helper()
	s := r.Ask(t, func(a *request.Ask) { a.Email = email })
	pro := r.Pro(t)
	r.Publish(t, s.ID)
	r.Fund(t, pro.Pro, 10000)
	buy(t, r, pro, s.ID)
	return s, pro
}

// Whoever had received the data is told, by mail or by a signed notice, is reminded three times and no more, and confirms once.
func TestTold_remindedUntilConfirmed(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		_, pro := sold(t, r, "jeanne@example.org")
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightRectification, "jeanne@example.org" }))
		f, err := r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || len(f.People) != 1 {
			t.Fatalf("%+v, %v", f.People, err)
		}
		fix := inbox.Fix{Person: f.People[0].ID, Name: "Jeanne Corrigée", Phone: rig.Mobile(4242), Email: "jeanne@example.org"}
		code(t, r.Inbox.Rectify(ctx, officer, o.ID, inbox.Fix{Person: "per_other", Name: fix.Name, Phone: fix.Phone}), "no-case")
		code(t, r.Inbox.Rectify(ctx, officer, o.ID, inbox.Fix{Person: fix.Person, Name: fix.Name}), "invalid-fields")
		code(t, r.Inbox.Rectify(ctx, r.One(t, network.RoleAgent), o.ID, fix), "not-permitted")
		if err := r.Inbox.Rectify(ctx, officer, o.ID, fix); err != nil {
			t.Fatal(err)
		}
		code(t, r.Inbox.Rectify(ctx, officer, o.ID, fix), "no-change")
		r.Drain(t)

		posted := r.Hooks.Got()
		if len(posted) != 1 || posted[0].URL != "https://sms.example/rgpd" {
			t.Fatalf("posted %+v", posted)
		}
		h := posted[0].Header
		at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
		if err != nil || h.Get("webhook-signature") != inbox.Sign(rig.HookSecret, h.Get("webhook-id"), time.Unix(at, 0), posted[0].Body) || !strings.Contains(string(posted[0].Body), `"data.rectification"`) {
			t.Errorf("signed %v: %s", h, posted[0].Body)
		}
		if strings.Contains(string(posted[0].Body), "jeanne") || strings.Contains(string(posted[0].Body), "Corrigée") {
			t.Errorf("a notice names its person: %s", posted[0].Body)
		}
		told := func() (toPro, toTelephony int) {
			for _, m := range r.Post.Mails() {
				switch {
				case strings.Contains(m.Text, "a exercé ses droits") && m.To.Address == "donnees@telephonie.example":
					toTelephony++
				case strings.Contains(m.Text, "a exercé ses droits"):
					toPro++
				}
			}
			return
		}
		if p, tel := told(); p != 1 || tel != 1 {
			t.Fatalf("told %d professionals and %d processors", p, tel)
		}
		token := ""
		for _, m := range r.Post.Mails() {
			if _, rest, ok := strings.Cut(m.Text, "/destinataire/"); ok && m.To.Address != "donnees@telephonie.example" {
				token = strings.Fields(rest)[0]
			}
		}
		if err := r.Inbox.Acknowledge(ctx, token); err != nil {
			t.Fatal(err)
		}
		if err := r.Inbox.Acknowledge(ctx, token); err != nil {
			t.Fatal(err)
		}
		code(t, r.Inbox.Acknowledge(ctx, token+"x"), "link-gone")
		for week := range 6 {
			r.Clock.Add(7*24*time.Hour + time.Second)
			r.Sweep(t)
			p, tel := told()
			if want := 1 + min(week+1, 3); p != 1 || tel != want {
				t.Errorf("after %d weeks: %d and %d, want 1 and %d", week+1, p, tel, want)
			}
		}
		f, err = r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || len(f.Told) != 3 {
			t.Fatalf("%+v, %v", f.Told, err)
		}
		for _, x := range f.Told {
			if (x.Recipient == pro.Pro) != !x.Acknowledged.IsZero() {
				t.Errorf("%+v", x)
			}
		}
	})
}

func TestTold_aNoticeThatIsNotTakenIsRepeated(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		sold(t, r, "jeanne@example.org")
		o := open(t, r, visitor, ask(func(a *inbox.Ask) {
			a.Asked, a.Email, a.Scopes = network.RightErasure, "jeanne@example.org", []string{"contact"}
		}))
		r.Hooks.Answer(http.StatusServiceUnavailable)
		if _, err := r.Inbox.Erase(ctx, officer, o.ID); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		before := len(r.Hooks.Got())
		r.Hooks.Answer(0)
		r.Clock.AddMachine(6 * time.Minute)
		r.Drain(t)
		if got := r.Hooks.Got(); before != 1 || len(got) != 2 || got[0].Header.Get("webhook-id") != got[1].Header.Get("webhook-id") {
			t.Errorf("%d, then %d", before, len(got))
		}
	})
}

// What is restricted is stored and no more, until it is released (RN-104, WA-51, AQ-59).
func TestRestrict_storesAndNoMore(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer, agent := context.Background(), r.One(t, network.RoleOfficer), r.One(t, network.RoleAgent)
		s := r.Ask(t, func(a *request.Ask) { a.Email = "jeanne@example.org" })
		pro := r.Pro(t)
		r.Publish(t, s.ID)
		r.Fund(t, pro.Pro, 10000)
		me, err := r.Requests.Link(ctx, s.Token)
		if err != nil {
			t.Fatal(err)
		}
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightRestriction, "jeanne@example.org" }))
		if err := r.Inbox.Restrict(ctx, officer, o.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Requests.OpenFile(ctx, agent, s.ID); fault.Code(err) != "frozen" {
			t.Errorf("an agent reads it: %v", err)
		}
		if _, err := r.Requests.Hold(ctx, pro, s.ID); err == nil {
			t.Error("it is sold")
		}
		code(t, r.Requests.NewLink(ctx, agent, s.ID), "frozen")
		if _, err := r.Requests.Widen(ctx, agent, s.ID, 10000); err == nil {
			t.Error("it is offered farther")
		}
		if _, err := r.Requests.Mine(ctx, me); err != nil {
			t.Errorf("its own person cannot read it: %v", err)
		}
		if err := r.Inbox.AnnounceLift(ctx, officer, o.ID, inbox.ByMessage); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		if _, err := r.Requests.OpenFile(ctx, agent, s.ID); fault.Code(err) != "frozen" {
			t.Errorf("announced, it is used: %v", err)
		}
		r.Clock.Add(5 * 24 * time.Hour)
		r.Sweep(t)
		if _, err := r.Requests.OpenFile(ctx, agent, s.ID); fault.Code(err) == "frozen" {
			t.Error("it is frozen still")
		}
	})
}
