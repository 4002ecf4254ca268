package inbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/review"
	"entremise/internal/rig"
)

// An author who has himself erased in a case: the archiver gets an order for each of his deposits and no letter, his confirmation of it acknowledges the
// notice, and until then the case shows that he has not confirmed (RN-98).
func TestErase_ordersTheArchiver(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		officer, moderator := r.One(t, network.RoleOfficer), r.One(t, network.RoleModerator)
		member := r.Pro(t, func(in *pro.Input) { in.Profile.Trades = []string{"cuisiniste"} })
		must(t, r.DB.Write(ctx, func(tx *db.Tx) error { return pro.Arrange(tx, r.Network, member, "seen") }))
		id, err := r.Reviews.Invite(ctx, member, review.Invitee{Questionnaire: "client", Name: "Ada Byron", Email: "ada@example.com",
			Experience: review.Experience{Service: "Une cuisine", On: r.Clock.Now().AddDate(0, 0, -3).Format(time.DateOnly)}})
		must(t, err)
		_, err = r.Reviews.Deposit(ctx, auth.Actor{Who: auth.Consumer, Invite: id}, review.Answer{Answers: map[string][]string{"overall": {"4"}, "welcome": {"4"}, "quality": {"5"}, "comment": {"Rien à redire."}},
			Ticked: map[string]bool{"answer": true, "publish": true}})
		must(t, err)
		r.Moderate(t, review.Decision{Checks: map[network.ReviewCheck]bool{network.CheckPerson: true, network.CheckExperience: true, network.CheckContent: true}})
		kept, err := r.Archiver.Newest(ctx, officer, 10)
		must(t, err)
		if len(kept) != 1 || kept[0].State != archiver.Kept {
			t.Fatalf("deposited: %+v", kept)
		}
		back, err := r.Archiver.Restore(ctx, moderator, kept[0].ID, "dispute", "TJ 26/1")
		must(t, err)
		if !strings.Contains(string(back.Content), "Rien à redire.") || strings.Contains(string(back.Content), "Ada") {
			t.Errorf("restored: %s", back.Content)
		}

		o, err := r.Inbox.Open(ctx, auth.Actor{Who: auth.Visitor}, inbox.Ask{Channel: network.RightByForm, Asked: network.RightErasure, Scopes: []string{"opinions"}, Name: "Ada Byron", Email: "ada@example.com", Words: "Effacez tout.", Site: "avis.example"})
		must(t, err)
		r.Archive.Refuse(errors.New("closed"))
		_, err = r.Inbox.Erase(ctx, officer, o.ID)
		must(t, err)
		settle := func() { r.Drain(t); r.Sweep(t); r.Drain(t); r.Sweep(t) }
		settle()
		told := func() inbox.Told {
			t.Helper()
			f, err := r.Inbox.Read(ctx, officer, o.ID)
			must(t, err)
			i := slices.IndexFunc(f.Told, func(x inbox.Told) bool { return x.Recipient == "e-archive" })
			if i < 0 {
				t.Fatalf("the archiver was told nothing: %+v", f.Told)
			}
			return f.Told[i]
		}
		if x := told(); x.About != kept[0].ID || x.What != inbox.Erasure || x.Sent.IsZero() || !x.Acknowledged.IsZero() {
			t.Errorf("ordered: %+v", x)
		}
		r.Clock.Add(22 * 24 * time.Hour)
		settle()
		if x := told(); x.Reminders != 0 || !x.Acknowledged.IsZero() {
			t.Errorf("three weeks later: %+v", x)
		}
		for _, m := range r.Post.Mails() {
			if m.To.Address == "retraits@archive.example" {
				t.Errorf("the archiver is written to: %s", m.Subject)
			}
		}
		r.Archive.Refuse(nil)
		r.Clock.AddMachine(3 * time.Hour)
		settle()
		if x := told(); x.Acknowledged.IsZero() {
			t.Errorf("confirmed: %+v", x)
		}
	})
}
