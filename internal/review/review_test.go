package review_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/review"
	"entremise/internal/rig"
)

var ctx = context.Background()

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if fault.Code(err) != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

// member is a company of the network.
func member(t *testing.T, r *rig.Rig) auth.Actor {
	t.Helper()
	return r.Pro(t, func(in *pro.Input) { in.Profile.Trades = []string{"cuisiniste"} })
}

// invited invites a customer and answers the actor of his private link, read out of the e-mail.
func invited(t *testing.T, r *rig.Rig, by auth.Actor, change ...func(*review.Invitee)) auth.Actor {
	t.Helper()
	in := review.Invitee{Questionnaire: "client", Name: "Ada Byron", Email: "ada@example.com", Experience: review.Experience{Service: "Pose d’une cuisine", On: r.Clock.Now().AddDate(0, 0, -9).Format(time.DateOnly)}}
	for _, f := range change {
		f(&in)
	}
	_, err := r.Reviews.Invite(ctx, by, in)
	must(t, err)
	r.Drain(t)
	link, err := r.Reviews.Link(ctx, token(t, r, in.Email))
	must(t, err)
	return link
}

// token is that of the newest link to a questionnaire in what was sent to an address.
func token(t *testing.T, r *rig.Rig, to string) string {
	t.Helper()
	for _, m := range slices.Backward(r.Post.Mails()) {
		if m.To.Address != to {
			continue
		}
		if _, rest, ok := strings.Cut(m.Text, "/avis/q/"); ok {
			return strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == '\n' || c == ')' })[0]
		}
	}
	t.Fatalf("nothing was sent to %s", to)
	return ""
}

func answer(mark string) review.Answer {
	return review.Answer{Answers: map[string][]string{"overall": {mark}, "welcome": {"4"}, "quality": {"5"}, "comment": {"La pose a duré deux jours, tout était propre."}},
		Ticked: map[string]bool{"answer": true, "publish": true}}
}

var fine = review.Decision{Checks: map[network.ReviewCheck]bool{network.CheckPerson: true, network.CheckExperience: true, network.CheckContent: true}}

func TestReview_fromInvitationToPublication(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.Staff(t, network.RoleModerator)
		ada := invited(t, r, m)
		dep, err := r.Reviews.Deposit(ctx, ada, answer("4"))
		must(t, err)
		again, err := r.Reviews.Deposit(ctx, ada, answer("4"))
		must(t, err)
		if !again.Again || again.ID != dep.ID || !strings.HasPrefix(dep.Ref, "AB") {
			t.Fatalf("one link, one answer: %+v then %+v", dep, again)
		}
		_, err = r.Reviews.One(ctx, dep.Digits)
		code(t, err, "no-review")
		queue, err := r.Reviews.Queue(ctx, moderator, 10)
		must(t, err)
		if len(queue) != 1 {
			t.Fatalf("%d wait", len(queue))
		}
		code(t, r.Reviews.Decide(ctx, moderator, queue[0].Version, review.Decision{Checks: map[network.ReviewCheck]bool{network.CheckPerson: true}}), "invalid-fields")
		must(t, r.Reviews.Decide(ctx, moderator, queue[0].Version, fine))
		code(t, r.Reviews.Decide(ctx, moderator, queue[0].Version, fine), "review-state")
		shown, err := r.Reviews.One(ctx, dep.Digits)
		must(t, err)
		if shown.Level != network.LevelSatisfied || shown.Overall != 40 || shown.Content.Comment != answer("4").Answers["comment"][0] {
			t.Fatalf("%+v", shown)
		}
		must(t, r.Proof.Sequence(ctx))
		proven, err := r.Reviews.Prove(ctx, shown)
		must(t, err)
		must(t, proven.Verify())
		proven.Opening.Parts[0].Content += "."
		if proven.Verify() == nil {
			t.Fatal("a changed comment verifies")
		}

		must(t, r.Reviews.Withdraw(ctx, ada))
		_, err = r.Reviews.One(ctx, dep.Digits)
		code(t, err, "no-review")
		lines, err := r.Reviews.Lines(ctx, m.Pro, 0, 100)
		must(t, err)
		var acts []string
		for _, l := range lines {
			_, rest, _ := strings.Cut(l.Text, "act=")
			act, _, _ := strings.Cut(rest, "\n")
			acts = append(acts, act)
			in, err := r.Proof.Prove(ctx, l.Leaf)
			if err != nil && act != "removed" {
				t.Fatal(err)
			}
			if err == nil && in.Commitment != review.LineCommitment(l.Text) {
				t.Fatal("the line is not what was committed")
			}
		}
		if got := strings.Join(acts, " "); got != "invited deposited published removed" {
			t.Fatal(got)
		}
	})
}
