package inbox_test

import (
	"context"
	"strings"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// A review returns every criterion with its value; its conclusion changes what was decided, or says why it stays (GDPR art. 22.3, WA-52).
func TestReview_criteriaAndAConclusionThatCounts(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		const email = "revoir@example.org"
		far := r.Pro(t)
		if err := r.Pros.EditOwn(ctx, far, func(p *pro.Profile) { p.Base, p.RadiusKm = "75101", 5 }); err != nil {
			t.Fatal(err)
		}
		r.Pro(t)
		s := r.Ask(t, func(a *request.Ask) { a.Email = email })
		r.Publish(t, s.ID)
		r.Drain(t)
		me := auth.Actor{Who: auth.Consumer, Request: s.ID}
		_, _, all, err := r.Requests.Judgements(ctx, me)
		if err != nil || len(all) != 1 || all[0].Asked != 1 || !all[0].Alone || len(all[0].Criteria) < 4 || len(all[0].Left) != 1 || all[0].Left[0].Value.FR != "1" {
			t.Fatalf("%+v, %v", all, err)
		}
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked, a.Email = network.RightHuman, email }))
		code(t, r.Inbox.Review(ctx, officer, o.ID, inbox.Conclusion{Request: s.ID, Words: "non"}), "invalid-fields")
		code(t, r.Inbox.Review(ctx, r.One(t, network.RoleAgent), o.ID, inbox.Conclusion{Request: s.ID, Words: "Le choix est juste."}), "not-permitted")
		other := r.Ask(t)
		code(t, r.Inbox.Review(ctx, officer, o.ID, inbox.Conclusion{Request: other.ID, Words: "Le choix est juste."}), "no-case")
		if err := r.Inbox.Review(ctx, officer, o.ID, inbox.Conclusion{Request: s.ID, Changed: true, Words: "Un conseiller reprend votre demande."}); err != nil {
			t.Fatal(err)
		}
		code(t, r.Inbox.Review(ctx, officer, o.ID, inbox.Conclusion{Request: s.ID, Words: "Une seconde fois."}), "case-state")
		r.Drain(t)
		told := ""
		for _, m := range r.Post.Mails() {
			if m.To.Address == email && strings.Contains(m.Text, "Un conseiller reprend") {
				told = m.Text
			}
		}
		for _, want := range []string{"Plombier", "Nîmes", "Leur zone ne couvre pas ce lieu : 1", "La décision est changée"} {
			if !strings.Contains(told, want) {
				t.Errorf("the answer does not say %q:\n%s", want, told)
			}
		}
		_, err = r.Requests.Widen(ctx, r.One(t, network.RoleAgent), s.ID, r.Network.Introductions.Radius.Widen[0])
		code(t, err, "by-hand")
		if _, _, all, err = r.Requests.Judgements(ctx, me); err != nil || !all[0].Changed {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
