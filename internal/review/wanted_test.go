package review_test

import (
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/rig"
)

func wanted(t *testing.T, r *rig.Rig, m auth.Actor, email string) string {
	t.Helper()
	in := review.Want{Invitee: review.Invitee{Pro: m.Pro, Questionnaire: "client", Name: "Ada Byron", Email: email, Experience: review.Experience{Service: "Pose", On: "2026-01-02"}}, Ticked: map[string]bool{"questionnaire-wanted": true}}
	must(t, r.Reviews.Want(ctx, auth.Actor{Who: auth.Visitor}, in))
	r.Drain(t)
	link, err := r.Reviews.Link(ctx, token(t, r, email))
	must(t, err)
	return link.Invite
}

func TestWant_nothingGoesBeforeBothAreSettled(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.Staff(t, network.RoleModerator)
		code(t, r.Reviews.Want(ctx, auth.Actor{Who: auth.Visitor}, review.Want{Invitee: review.Invitee{Pro: m.Pro, Questionnaire: "client", Name: "Ada Byron", Email: "a@example.com", Experience: review.Experience{Service: "Pose", On: "2026-01-02"}}}), "invalid-fields")
		first := wanted(t, r, m, "one@example.com")
		ada := auth.Actor{Who: auth.Consumer, Invite: first}
		open := func(want string) {
			t.Helper()
			_, _, err := r.Reviews.Asked(ctx, ada)
			code(t, err, want)
		}
		open("questionnaire-checked")
		must(t, r.Reviews.AskProof(ctx, moderator, first))
		must(t, r.Reviews.Answer(ctx, m, first, true, ""))
		code(t, r.Reviews.Authentic(ctx, moderator, first, ""), "proof-awaited")
		code(t, r.Reviews.SendProof(ctx, ada, []byte("no document")), "invalid-fields")
		must(t, r.Reviews.SendProof(ctx, ada, []byte("%PDF-1.7 a bill")))
		code(t, r.Reviews.SendProof(ctx, ada, []byte("%PDF-1.7 a bill")), "paper-closed")
		_, _, err := r.Reviews.Shown(ctx, m, first)
		code(t, err, "not-permitted")
		_, content, err := r.Reviews.Shown(ctx, moderator, first)
		must(t, err)
		if string(content) != "%PDF-1.7 a bill" {
			t.Error(string(content))
		}
		open("questionnaire-checked")
		must(t, r.Reviews.Authentic(ctx, moderator, first, ""))
		open("")
		_, _, err = r.Reviews.Shown(ctx, moderator, first)
		code(t, err, "no-review")
		if got := invitedLines(t, r, m.Pro); len(got) != 1 {
			t.Error(got)
		}

		// The operator's check waits for the member; his refusal is for the operator to settle, with a reason.
		second := wanted(t, r, m, "two@example.com")
		must(t, r.Reviews.Authentic(ctx, moderator, second, ""))
		ada.Invite = second
		open("questionnaire-checked")
		code(t, r.Reviews.Answer(ctx, m, second, false, ""), "invalid-fields")
		must(t, r.Reviews.Answer(ctx, m, second, false, "Nous ne le connaissons pas."))
		code(t, r.Reviews.Answer(ctx, m, second, true, ""), "review-state")
		open("questionnaire-checked")
		code(t, r.Reviews.Authentic(ctx, moderator, second, ""), "invalid-fields")
		must(t, r.Reviews.Authentic(ctx, moderator, second, "La facture est à son nom."))
		open("")

		// Silence; and a request that is closed.
		third := wanted(t, r, m, "three@example.com")
		r.Clock.Add(15 * 24 * time.Hour)
		code(t, r.Reviews.Authentic(ctx, moderator, third, ""), "invalid-fields")
		code(t, r.Reviews.Close(ctx, moderator, third, "unlawful"), "invalid-fields")
		must(t, r.Reviews.Close(ctx, moderator, third, "no-experience"))
		ada.Invite = third
		open("questionnaire-closed")
		code(t, r.Reviews.Authentic(ctx, moderator, third, "x"), "review-state")
	})
}
