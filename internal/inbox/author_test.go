package inbox_test

import (
	"context"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/review"
	"entremise/internal/rig"
)

// An author who objects in a case is known by his address, and what he wrote leaves other sites at once; it stays on the network's own (RN-60).
func TestOpen_anAuthorsObjectionWorksAtOnce(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		member := r.Pro(t, func(in *pro.Input) { in.Profile.Trades = []string{"cuisiniste"} })
		if err := r.DB.Write(ctx, func(tx *db.Tx) error { return pro.Arrange(tx, r.Network, member, "seen") }); err != nil {
			t.Fatal(err)
		}
		id, err := r.Reviews.Invite(ctx, member, review.Invitee{Questionnaire: "client", Name: "Ada Byron", Email: "ada@example.com",
			Experience: review.Experience{Service: "Une cuisine", On: r.Clock.Now().AddDate(0, 0, -3).Format(time.DateOnly)}})
		must(t, err)
		link := auth.Actor{Who: auth.Consumer, Invite: id}
		dep, err := r.Reviews.Deposit(ctx, link, review.Answer{Answers: map[string][]string{"overall": {"4"}, "welcome": {"4"}, "quality": {"5"}, "comment": {"Rien à redire."}},
			Ticked: map[string]bool{"answer": true, "publish": true}})
		must(t, err)
		r.Moderate(t, review.Decision{Checks: map[network.ReviewCheck]bool{network.CheckPerson: true, network.CheckExperience: true, network.CheckContent: true}})
		_, err = r.Inbox.Open(ctx, auth.Actor{Who: auth.Visitor}, inbox.Ask{Channel: network.RightByForm, Asked: network.RightObjection, Scopes: []string{"syndicate_reviews"},
			Name: "Ada Byron", Email: "ada@example.com", Words: "Je ne veux pas être repris ailleurs.", Site: "avis.example"})
		must(t, err)
		one, err := r.Reviews.One(ctx, dep.Digits)
		must(t, err)
		if one.Shared {
			t.Fatal("it is still shown elsewhere")
		}
	})
}
