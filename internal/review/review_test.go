package review_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/proof"
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
	m := r.Pro(t, func(in *pro.Input) { in.Profile.Trades = []string{"cuisiniste"} })
	must(t, r.DB.Write(ctx, func(tx *db.Tx) error { return pro.Arrange(tx, r.Network, m, "seen") }))
	return m
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
			return strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == '\n' || c == ')' || c == '/' })[0]
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
		control(t, r, moderator, queue[0])
		r.Moderate(t, fine)
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

// decide rules on all that waits.
func decide(t *testing.T, r *rig.Rig, d review.Decision) { t.Helper(); r.Moderate(t, d) }

// control logs the control of what was drawn, so that it can be decided.
func control(t *testing.T, r *rig.Rig, by auth.Actor, q review.Queued) {
	t.Helper()
	if q.Drawn {
		must(t, r.Reviews.Called(ctx, by, q.Version, review.CallConfirmed, "Confirmé."))
	}
}

func refusal(k network.ReviewCheck, reason string) review.Decision {
	d := review.Decision{Checks: map[network.ReviewCheck]bool{network.CheckPerson: true, network.CheckExperience: true, network.CheckContent: true}, Reason: reason}
	d.Checks[k] = false
	return d
}

func TestDecide_everyCheckAndItsOwnReason(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.One(t, network.RoleModerator)
		_, err := r.Reviews.Deposit(ctx, invited(t, r, m), answer("1"))
		must(t, err)
		r.Drain(t)
		queue, err := r.Reviews.Queue(ctx, moderator, 10)
		must(t, err)
		version := queue[0].Version
		for _, d := range []review.Decision{
			{Checks: fine.Checks, Reason: "unlawful"},                // nothing failed
			refusal(network.CheckContent, ""),                        // no reason
			refusal(network.CheckContent, "not-a-person"),            // of another check
			refusal(network.CheckPerson, "because I do not like it"), // not published
		} {
			code(t, r.Reviews.Decide(ctx, moderator, version, d), "invalid-fields")
		}
		code(t, r.Reviews.Decide(ctx, r.One(t, network.RoleAdministrator), version, fine), "not-permitted")
		code(t, r.Reviews.Decide(ctx, m, version, fine), "not-permitted")
		decide(t, r, refusal(network.CheckContent, "unlawful"))
		if to := lastTo(t, r, "ada@example.com"); !strings.Contains(to, "n’est pas publié") || !strings.Contains(to, "contraire à la loi") || !strings.Contains(to, "contester") {
			t.Fatal(to)
		}
		tally, err := r.Reviews.Tally(ctx, m.Pro)
		must(t, err)
		if tally.Refused != 1 || tally.Waiting != 0 || tally.Mean() != 0 {
			t.Fatalf("%+v", tally)
		}
	})
}

// lastTo is the newest mail to an address.
func lastTo(t *testing.T, r *rig.Rig, to string) string {
	t.Helper()
	for _, m := range slices.Backward(r.Post.Mails()) {
		if m.To.Address == to {
			return m.Subject + "\n" + m.Text
		}
	}
	t.Fatal("nothing was sent to " + to)
	return ""
}

func TestDeposit_anotherVersionIsReadAgainAndShownOnlyThen(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := member(t, r)
		ada := invited(t, r, m)
		dep, err := r.Reviews.Deposit(ctx, ada, answer("5"))
		must(t, err)
		other := answer("2")
		other.Answers["comment"] = []string{"Au bout d’un mois, une porte ne ferme plus."}
		_, err = r.Reviews.Deposit(ctx, ada, other)
		code(t, err, "still-waiting")
		decide(t, r, fine)
		r.Clock.Add(24 * time.Hour)
		_, err = r.Reviews.Deposit(ctx, ada, other)
		must(t, err)
		shown, err := r.Reviews.One(ctx, dep.Digits)
		must(t, err)
		if shown.Overall != 50 || !shown.ChangedAt.IsZero() {
			t.Fatalf("what waits shows: %+v", shown)
		}
		first := shown
		r.Clock.Add(24 * time.Hour)
		decide(t, r, fine)
		shown, err = r.Reviews.One(ctx, dep.Digits)
		must(t, err)
		if shown.Overall != 20 || shown.Level != network.LevelDissatisfied || shown.Version != 2 || shown.Leaf == first.Leaf {
			t.Fatalf("%+v", shown)
		}
		if !shown.DepositedAt.Equal(first.DepositedAt) || !shown.PublishedAt.Equal(first.PublishedAt) || !shown.ChangedAt.After(shown.PublishedAt) {
			t.Fatalf("three dates: %v %v %v", shown.DepositedAt, shown.PublishedAt, shown.ChangedAt)
		}
		tally, err := r.Reviews.Tally(ctx, m.Pro)
		must(t, err)
		if tally.Published != 1 || tally.Mean() != 20 {
			t.Fatalf("%+v", tally)
		}
		third := answer("1") // a refused change leaves what shows
		_, err = r.Reviews.Deposit(ctx, ada, third)
		must(t, err)
		decide(t, r, refusal(network.CheckContent, "off-topic"))
		shown, err = r.Reviews.One(ctx, dep.Digits)
		must(t, err)
		if shown.Overall != 20 || shown.Version != 2 {
			t.Fatalf("%+v", shown)
		}
	})
}

func TestEnd_theMemberLeaves_theTimeIsOver(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, other := member(t, r), member(t, r)
		var all []review.Deposited
		for i, by := range []auth.Actor{m, m, other} {
			dep, err := r.Reviews.Deposit(ctx, invited(t, r, by, func(in *review.Invitee) { in.Email = fmt.Sprintf("client%d@example.com", i) }), answer("3"))
			must(t, err)
			all = append(all, dep)
		}
		decide(t, r, fine)
		must(t, r.Reviews.Left(ctx, m.Pro))
		for i, d := range all {
			_, err := r.Reviews.One(ctx, d.Digits)
			if gone := i < 2; gone {
				code(t, err, "no-review")
			} else {
				must(t, err)
			}
		}
		set(r, r.Clock.Now().AddDate(8, 0, -1))
		r.Sweep(t)
		_, err := r.Reviews.One(ctx, all[2].Digits)
		must(t, err)
		set(r, r.Clock.Now().AddDate(0, 0, 2))
		r.Sweep(t)
		_, err = r.Reviews.One(ctx, all[2].Digits)
		code(t, err, "no-review")
		lines, err := r.Reviews.Lines(ctx, other.Pro, 0, 10)
		must(t, err)
		if last := lines[len(lines)-1].Text; !strings.Contains(last, "reason=time\n") || !strings.Contains(last, "published=0\n") {
			t.Fatal(last)
		}
	})
}

// Erasing one author makes his fingerprint mute and empties what he wrote; all other proofs, and the member's chain, still verify (RN-96…99).
func TestErasure_ofOneAuthorLeavesEveryOtherProof(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := member(t, r)
		var all []review.Deposited
		var links []auth.Actor
		for i := range 3 {
			link := invited(t, r, m, func(in *review.Invitee) { in.Email = fmt.Sprintf("client%d@example.com", i) })
			dep, err := r.Reviews.Deposit(ctx, link, answer("3"))
			must(t, err)
			all, links = append(all, dep), append(links, link)
		}
		decide(t, r, fine)
		must(t, r.Proof.Sequence(ctx))
		shown, err := r.Reviews.One(ctx, all[1].Digits)
		must(t, err)
		receipt, err := r.Reviews.Receipt(ctx, links[1])
		must(t, err)
		must(t, receipt.Verify())
		_, err = r.Life.Erase(ctx, r.One(t, network.RoleOfficer), shown.Person, privacy.Scope{}, "D-TEST")
		must(t, err)
		r.Sweep(t)
		must(t, r.Proof.Sequence(ctx))
		_, err = r.Reviews.One(ctx, all[1].Digits)
		code(t, err, "no-review")
		_, err = r.Reviews.Prove(ctx, shown)
		code(t, err, "no-review")
		for _, i := range []int{0, 2} {
			other, err := r.Reviews.One(ctx, all[i].Digits)
			must(t, err)
			proven, err := r.Reviews.Prove(ctx, other)
			must(t, err)
			must(t, proven.Verify())
		}
		chain(t, r, m.Pro)
		deposits := func() (n int64) {
			must(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, "SELECT count(*) FROM archiver_deposit WHERE person_id = $1 AND key_sealed <> $2", shown.Person, []byte{})
				return err
			}))
			return n
		}
		if deposits() != 0 {
			t.Fatal("the archiver's copy still opens")
		}
		must(t, receipt.Verify()) // who kept his receipt can still show what he had written
	})
}

// chain verifies a member's whole chain as a visitor does.
func chain(t *testing.T, r *rig.Rig, pro string) []review.Line {
	t.Helper()
	lines, err := r.Reviews.Lines(ctx, pro, 0, 1000)
	must(t, err)
	before := ""
	for i, l := range lines {
		if l.N != int64(i+1) || !strings.Contains(l.Text, fmt.Sprintf("\nline=%d\nbefore=%s\n", l.N, before)) {
			t.Fatalf("line %d does not follow: %s", l.N, l.Text)
		}
		sum := sha256.Sum256([]byte(l.Text))
		before = hex.EncodeToString(sum[:])
		in, err := r.Proof.Prove(ctx, l.Leaf)
		must(t, err)
		if in.Commitment != review.LineCommitment(l.Text) {
			t.Fatalf("line %d is not what was committed", l.N)
		}
		must(t, proof.Verify(in, r.Proof.VerifierKey()))
	}
	return lines
}

func TestDraw_nobodyChoosesWhomToControl(t *testing.T) {
	seed := bytes.Repeat([]byte{3}, 32)
	sample := func(seed []byte) (drawn []int64) {
		for i := range int64(1000) {
			if review.Draw(seed, "pro_1", i+1) < 1000 { // 10 %
				drawn = append(drawn, i+1)
			}
		}
		return drawn
	}
	drawn := sample(seed)
	if len(drawn) < 75 || len(drawn) > 125 {
		t.Fatalf("%d of 1000 at 10 %%", len(drawn))
	}
	if !slices.Equal(drawn, sample(seed)) {
		t.Fatal("the draw does not repeat")
	}
	if slices.Equal(drawn, sample(bytes.Repeat([]byte{4}, 32))) {
		t.Fatal("the seed says nothing")
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{"Ada Byron": "AB", "Élodie de la Tour": "ET", "Cher": "C", "": "", "李": "", "Jean-Marc Œuf": "JO"} {
		if got := review.Initials(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestReminders_doNotExtend(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := member(t, r)
		sent := r.Clock.Now()
		ada := invited(t, r, m)
		count := func() (n int) {
			for _, x := range r.Post.Mails() {
				if x.To.Address == "ada@example.com" {
					n++
				}
			}
			return n
		}
		for i, at := range []time.Time{sent.AddDate(0, 0, 7), sent.AddDate(0, 0, 21), sent.AddDate(0, 3, 0)} {
			set(r, at.Add(-time.Minute))
			r.Sweep(t)
			if count() != i+1 {
				t.Fatalf("%d messages before reminder %d", count(), i+1)
			}
			set(r, at)
			r.Sweep(t)
			r.Sweep(t)
			if count() != i+2 {
				t.Fatalf("%d messages after reminder %d", count(), i+1)
			}
		}
		set(r, sent.AddDate(0, 4, -1))
		r.Sweep(t)
		_, _, err := r.Reviews.Asked(ctx, ada)
		must(t, err)
		set(r, sent.AddDate(0, 4, 1))
		_, err = r.Reviews.Deposit(ctx, ada, answer("3"))
		code(t, err, "questionnaire-over")
		r.Sweep(t)
		_, err = r.Reviews.Deposit(ctx, ada, answer("3"))
		code(t, err, "questionnaire-over")
	})
}

// set turns business time forward to an instant.
func set(r *rig.Rig, to time.Time) { r.Clock.Add(to.Sub(r.Clock.Now())) }

// Publication and showing elsewhere are two switches (RN-60, 71): an objection to the one leaves the other, a withdrawn consent ends both.
func TestOwn_objectingAndWithdrawing(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := member(t, r)
		ada := invited(t, r, m)
		dep, err := r.Reviews.Deposit(ctx, ada, answer("5"))
		must(t, err)
		decide(t, r, fine)
		shared := func(want bool) {
			t.Helper()
			one, err := r.Reviews.One(ctx, dep.Digits)
			must(t, err)
			if one.Shared != want {
				t.Fatalf("shared: %v", one.Shared)
			}
		}
		shared(true)
		must(t, r.Reviews.Share(ctx, ada, false))
		shared(false)
		must(t, r.Reviews.Share(ctx, ada, true))
		shared(true)
		r.Clock.Add(time.Second)
		must(t, r.Reviews.WithdrawConsent(ctx, ada, "publish"))
		_, err = r.Reviews.One(ctx, dep.Digits)
		code(t, err, "no-review")
		given, err := ledger(r, ada.Invite)
		must(t, err)
		if len(given) != 3 || given[2].Granted || !given[1].Granted && !given[0].Granted {
			t.Fatalf("the grant and the withdrawal both stay: %+v", given)
		}
	})
}

func ledger(r *rig.Rig, invite string) (all []privacy.Given, err error) {
	err = r.DB.Read(ctx, func(tx *db.Tx) error {
		person, err := review.PersonOf(tx, invite)
		if err != nil {
			return err
		}
		all, err = privacy.Ledger(tx, person, invite)
		return err
	})
	return all, err
}
