package inbox_test

import (
	"context"
	"strings"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/rig"
)

func wrote(t *testing.T, r *rig.Rig, about string) string {
	t.Helper()
	o, err := r.Inbox.Open(context.Background(), auth.Actor{Who: auth.Visitor, Lang: "fr"}, inbox.Ask{Channel: network.RightByForm, Message: true, About: about, Name: "Jeanne Message", Email: "jeanne" + about + "@example.org",
		Subject: "Horaires", Words: "Êtes-vous ouverts le samedi ?", Ticked: map[string]bool{"contact": true}, Site: "avis.example"})
	if err != nil {
		t.Fatal(err)
	}
	return o.ID
}

// A message goes to the service of its subject, is seen by that service and the officer alone, is passed on, noted, and answered in its thread (RN-32, RN-79).
func TestTicket_goesToItsService(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		agent, moderator, marketing, officer := r.Staff(t, network.RoleAgent), r.Staff(t, network.RoleModerator), r.Staff(t, network.RoleMarketing), r.Staff(t, network.RoleOfficer)
		refused := func(what string, err error, code string) {
			t.Helper()
			if fault.Code(err) != code {
				t.Errorf("%s: got %v, want %q", what, err, code)
			}
		}
		_, err := r.Inbox.Open(ctx, auth.Actor{Who: auth.Visitor, Lang: "fr"}, inbox.Ask{Channel: network.RightByForm, Message: true, About: "nothing", Name: "Jeanne", Email: "j@example.org", Subject: "Horaires", Words: "Bonjour ?", Ticked: map[string]bool{"contact": true}})
		refused("an unknown subject", err, "invalid-fields")
		opinion, plain := wrote(t, r, "review"), wrote(t, r, "")
		has := func(a auth.Actor, service, id string) bool {
			t.Helper()
			all, err := r.Inbox.Tickets(ctx, a, service, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range all {
				if x.ID == id {
					return x.Name == "Jeanne Message" && x.Subject == "Horaires"
				}
			}
			return false
		}
		for _, c := range []struct {
			who            auth.Actor
			opinion, plain bool
		}{{agent, false, true}, {moderator, true, false}, {marketing, false, false}, {officer, true, true}} {
			if has(c.who, "", opinion) != c.opinion || has(c.who, "", plain) != c.plain {
				t.Errorf("%v reads the one: %t, the other: %t", c.who.Roles, has(c.who, "", opinion), has(c.who, "", plain))
			}
		}
		if has(officer, "quality", plain) || !has(officer, "quality", opinion) {
			t.Error("one service alone shows another’s messages")
		}
		_, err = r.Inbox.ReadTicket(ctx, agent, opinion)
		refused("another service’s", err, "not-your-service")
		refused("answered by another service", r.Inbox.ReplyTicket(ctx, agent, opinion, "Bonjour, voici la réponse.", true), "not-your-service")
		_, err = r.Inbox.ReadTicket(ctx, r.Staff(t, network.RoleAdministrator), plain)
		refused("who has no service", err, "not-permitted")
		_, err = r.Inbox.ReadTicket(ctx, agent, "cas_none")
		refused("none", err, "no-case")

		refused("an empty note", r.Inbox.NoteTicket(ctx, moderator, opinion, " "), "invalid-fields")
		must(t, r.Inbox.NoteTicket(ctx, moderator, opinion, "C’est une affaire de devis."))
		refused("to nobody’s service", r.Inbox.MoveTicket(ctx, moderator, opinion, "kitchen"), "invalid-fields")
		must(t, r.Inbox.MoveTicket(ctx, moderator, opinion, "consumers"))
		_, err = r.Inbox.ReadTicket(ctx, moderator, opinion)
		refused("after it was passed on", err, "not-your-service")
		refused("to somebody of another service", r.Inbox.AssignTicket(ctx, agent, opinion, marketing.Account), "invalid-fields")
		must(t, r.Inbox.AssignTicket(ctx, agent, opinion, agent.Account))
		f, err := r.Inbox.ReadTicket(ctx, agent, opinion)
		must(t, err)
		if f.Account != agent.Account || f.Service != "consumers" || len(f.Notes) != 1 || f.Notes[0].Text != "C’est une affaire de devis." || f.Notes[0].By != moderator.Account || f.Agreed == "" {
			t.Errorf("the file: %+v", f)
		}
		refused("too short an answer", r.Inbox.ReplyTicket(ctx, agent, opinion, "Oui.", true), "invalid-fields")
		must(t, r.Inbox.ReplyTicket(ctx, agent, opinion, "Quel devis, s’il vous plaît ?", false))
		person := auth.Actor{Who: auth.Consumer, Case: opinion, Lang: "fr"}
		must(t, r.Inbox.Add(ctx, person, "Celui du mois dernier."))
		must(t, r.Inbox.ReplyTicket(ctx, agent, opinion, "Il vous est renvoyé ce jour.", true))
		refused("once it is over", r.Inbox.ReplyTicket(ctx, agent, opinion, "Encore une chose, Madame.", true), "ticket-closed")
		r.Drain(t)
		if f, err = r.Inbox.ReadTicket(ctx, agent, opinion); err != nil || len(f.Letters) != 4 || f.State != inbox.Answered {
			t.Errorf("the thread has %d letters, the message is %s: %v", len(f.Letters), f.State, err)
		}
		if has(agent, "", opinion) {
			t.Error("an answered message still waits")
		}
		if over, err := r.Inbox.Tickets(ctx, agent, "", true); err != nil || len(over) != 1 || over[0].ID != opinion {
			t.Errorf("over: %v, %v", over, err)
		}
		sent := 0
		for _, m := range r.Post.Mails() {
			if m.To.Address == "jeannereview@example.org" && (strings.Contains(m.Text, "Quel devis") || strings.Contains(m.Text, "renvoyé ce jour")) {
				sent++
			}
			if strings.Contains(m.Text, "affaire de devis") {
				t.Error("an internal note left the house")
			}
		}
		if sent != 2 {
			t.Errorf("%d answers were sent", sent)
		}

		must(t, r.Inbox.MoveTicket(ctx, agent, plain, "")) // it is about data: the officer's alone
		if has(agent, "", plain) {
			t.Error("the service still reads what it gave to the officer")
		}
		if _, err := r.Inbox.ReadTicket(ctx, officer, plain); err != nil {
			t.Error(err)
		}
	})
}

// A network without services routes nothing: the officer answers, as before.
func TestTicket_whereThereAreNoServices(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		if s := inbox.Services(r.Network, r.One(t, network.RoleOfficer)); len(s) != 0 {
			t.Errorf("services: %v", s)
		}
		if all, err := r.Inbox.Tickets(context.Background(), r.One(t, network.RoleAgent), "", false); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
	})
}
