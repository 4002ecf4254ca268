package review_test

import (
	"testing"

	"entremise/internal/pro"
	"entremise/internal/review"
	"entremise/internal/rig"
)

// What is typed is kept under the link until it is deposited, boxes never; what does not fit is refused, and the draft goes with the deposit.
func TestSave_keepsADraft(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		ada := invited(t, r, member(t, r))
		in := review.Answer{Answers: map[string][]string{"overall": {"2"}}, Experience: review.Experience{Service: "Pose d’un plan", On: "2026-02-30"}}
		must(t, r.Reviews.Save(ctx, ada, in)) // a date that is not whole yet is a draft too
		a, _, err := r.Reviews.Asked(ctx, ada)
		must(t, err)
		if a.Draft.Answers["overall"][0] != "2" || a.Draft.Experience != in.Experience || a.Experience.Service != "Pose d’une cuisine" {
			t.Errorf("%+v, %+v", a.Draft, a.Experience)
		}
		for _, bad := range []review.Answer{{Answers: map[string][]string{"overall": {"6"}}}, {Answers: map[string][]string{"nothing": {"1"}}}, {Experience: review.Experience{Service: string(make([]rune, 200))}}} {
			code(t, r.Reviews.Save(ctx, ada, bad), "invalid-fields")
		}
		_, err = r.Reviews.Deposit(ctx, ada, answer("4"))
		must(t, err)
		code(t, r.Reviews.Save(ctx, ada, in), "review-state")
		a, _, err = r.Reviews.Asked(ctx, ada)
		must(t, err)
		if len(a.Draft.Answers) != 0 {
			t.Error("the draft outlives the deposit")
		}
	})
}

// Nothing is asked for a member who has not accepted the arrangement (RN-06).
func TestInvite_needsTheArrangement(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		_, err := r.Reviews.Invite(ctx, r.Pro(t, func(in *pro.Input) { in.Profile.Trades = []string{"cuisiniste"} }), review.Invitee{Questionnaire: "client", Name: "Ada Byron", Email: "ada@example.com", Experience: review.Experience{Service: "Pose", On: "2026-01-02"}})
		code(t, err, "no-arrangement")
	})
}
