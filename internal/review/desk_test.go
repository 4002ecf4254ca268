package review_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/rig"
)

// told deposits an answer and tells its version.
func told(t *testing.T, r *rig.Rig, link auth.Actor, a review.Answer) (version string) {
	t.Helper()
	r.Clock.Add(time.Second)
	_, err := r.Reviews.Deposit(ctx, link, a)
	must(t, err)
	r.Clock.Add(time.Second)
	r.Drain(t)
	queue, err := r.Reviews.Queue(ctx, r.One(t, network.RoleModerator), 100)
	must(t, err)
	return queue[len(queue)-1].Version
}

// as gives an invitee another address and number.
func as(email, phone string) func(*review.Invitee) {
	return func(in *review.Invitee) { in.Email, in.Phone = email, phone }
}

func value[T any](t *testing.T, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	must(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return err }))
	return v
}

func run(t *testing.T, r *rig.Rig, q string, args ...any) {
	t.Helper()
	must(t, r.DB.Write(ctx, func(tx *db.Tx) error { return tx.Send(q, args...) }))
}

// linkOf is the newest path after a prefix in what was sent to an address.
func linkOf(t *testing.T, r *rig.Rig, to, prefix string) string {
	t.Helper()
	_, rest, ok := strings.Cut(lastTo(t, r, to), prefix)
	if !ok {
		t.Fatalf("no %s in what was sent to %s: %s", prefix, to, lastTo(t, r, to))
	}
	return strings.TrimRight(strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == '\n' || c == ')' })[0], ".")
}

func TestControl_comesBeforeTheDecisionOfWhatWasDrawn(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		moderator := r.One(t, network.RoleModerator)
		version := told(t, r, invited(t, r, member(t, r)), answer("4"))
		run(t, r, "UPDATE review SET drawn = TRUE")
		code(t, r.Reviews.Decide(ctx, moderator, version, fine), "control-first")
		code(t, r.Reviews.Called(ctx, moderator, version, "nice", "x"), "invalid-fields")
		code(t, r.Reviews.Called(ctx, moderator, version, review.CallConfirmed, " "), "invalid-fields")
		code(t, r.Reviews.Called(ctx, moderator, version, review.CallConfirmed, strings.Repeat("x", 4001)), "invalid-fields")
		code(t, r.Reviews.Called(ctx, r.One(t, network.RoleAgent), version, review.CallConfirmed, "x"), "not-permitted")
		must(t, r.Reviews.Called(ctx, moderator, version, review.CallUnreached, "Trois essais, le répondeur."))
		f, err := r.Reviews.Read(ctx, moderator, version)
		must(t, err)
		last := f.Events[len(f.Events)-1]
		if !f.Called || last.Kind != review.EvCalled || last.Object != review.CallUnreached || last.Words != "Trois essais, le répondeur." || last.Actor != moderator.Account {
			t.Fatalf("%+v", last)
		}
		must(t, r.Reviews.Decide(ctx, moderator, version, fine))
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'review.read'"); n != 1 {
			t.Fatalf("%d readings on record", n)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM proof_leaf WHERE kind = 'seed'"); n != 1 {
			t.Fatalf("%d seeds are committed", n)
		}
	})
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 20, 10))))
	return b.Bytes()
}

func TestPaper_isWaitedForReadAndDestroyed(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.One(t, network.RoleModerator)
		version := told(t, r, invited(t, r, m), answer("4"))
		run(t, r, "UPDATE review SET drawn = FALSE")
		code(t, r.Reviews.Ask(ctx, moderator, version, nil, "La facture"), "invalid-fields")
		code(t, r.Reviews.Ask(ctx, moderator, version, []string{review.OfAuthor}, " "), "invalid-fields")
		code(t, r.Reviews.Ask(ctx, m, version, []string{review.OfAuthor}, "x"), "not-permitted")
		must(t, r.Reviews.Ask(ctx, moderator, version, []string{review.OfAuthor, review.OfMember}, "La facture, sans les montants"))
		r.Drain(t)
		token := linkOf(t, r, "ada@example.com", "/avis/piece/")
		email := value[int64](t, r, "SELECT count(*) FROM message WHERE kind = 'review-member-document'")
		if email != 1 {
			t.Fatalf("the member got %d links", email)
		}
		code(t, r.Reviews.Decide(ctx, moderator, version, fine), "document-awaited")
		p, err := r.Reviews.Wanted(ctx, token)
		must(t, err)
		if p.Words != "La facture, sans les montants" {
			t.Fatal(p.Words)
		}
		for _, bad := range [][]byte{nil, []byte("MZ program"), make([]byte, review.MaxPaper+1), []byte("\xff\xd8\xff broken")} {
			code(t, r.Reviews.Send(ctx, token, bad), "invalid-fields")
		}
		must(t, r.Reviews.Send(ctx, token, picture(t)))
		code(t, r.Reviews.Send(ctx, token, picture(t)), "paper-closed")
		code(t, r.Reviews.Decide(ctx, moderator, version, fine), "document-awaited") // the member has not answered
		p, content, err := r.Reviews.Open(ctx, moderator, p.ID)
		must(t, err)
		if p.Type != "image/jpeg" || !bytes.HasPrefix(content, []byte("\xff\xd8\xff")) {
			t.Fatalf("%s %x", p.Type, content[:8])
		}
		_, _, err = r.Reviews.Open(ctx, r.One(t, network.RoleAdministrator), p.ID)
		code(t, err, "not-permitted")
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'review.paper-read' AND detail = $1", p.ID); n != 1 {
			t.Fatalf("%d readings on record", n)
		}
		set(r, r.Clock.Now().AddDate(0, 0, 15))
		must(t, r.Reviews.Decide(ctx, moderator, version, fine))
		_, _, err = r.Reviews.Open(ctx, moderator, p.ID)
		code(t, err, "no-review")
		if n := value[int64](t, r, "SELECT count(*) FROM review_paper WHERE file_sealed <> $1 OR words_sealed <> $1", []byte{}); n != 0 {
			t.Fatal("a document outlives its decision")
		}
		r.Sweep(t)
		if n := value[int64](t, r, "SELECT count(*) FROM holding WHERE record = $1", p.ID); n != 0 {
			t.Fatalf("%d purposes still hold it", n)
		}
	})
}

// ruledOn is the one decision that a link's holder may contest.
func ruledOn(t *testing.T, r *rig.Rig, link auth.Actor, what string) review.Contested {
	t.Helper()
	all, _, err := r.Reviews.Ruled(ctx, link)
	must(t, err)
	for _, c := range all {
		if c.What == what {
			return c
		}
	}
	t.Fatalf("nothing of %s in %+v", what, all)
	return review.Contested{}
}

func appeal(t *testing.T, r *rig.Rig, by auth.Actor) review.Appeal {
	t.Helper()
	waits, err := r.Reviews.Desk(ctx, by, 50)
	must(t, err)
	for _, w := range waits {
		if w.Kind == review.WaitsAppeal {
			a, err := r.Reviews.Appealed(ctx, by, w.ID)
			must(t, err)
			return a
		}
	}
	t.Fatal("no appeal waits")
	return review.Appeal{}
}

func TestAppeal_reversesARefusalByAnotherPerson(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, first := member(t, r), r.One(t, network.RoleModerator)
		ada := invited(t, r, m)
		_, err := r.Reviews.Deposit(ctx, ada, answer("1"))
		must(t, err)
		decide(t, r, refusal(network.CheckContent, "unlawful"))
		d := ruledOn(t, r, ada, review.OfRefusal)
		code(t, r.Reviews.Contest(ctx, ada, d.What, d.Object, ""), "invalid-fields")
		code(t, r.Reviews.Contest(ctx, ada, review.OfBan, d.Object, "Non"), "invalid-fields")
		must(t, r.Reviews.Contest(ctx, ada, d.What, d.Object, "Je n’ai injurié personne."))
		code(t, r.Reviews.Contest(ctx, ada, d.What, d.Object, "Encore"), "invalid-fields")
		r.Drain(t)
		if got := lastTo(t, r, "ada@example.com"); !strings.Contains(got, "Votre contestation") {
			t.Fatal(got)
		}
		second := r.Staff(t, network.RoleModerator)
		a := appeal(t, r, first)
		if !a.Mine || a.Alone {
			t.Fatalf("%+v", a)
		}
		code(t, r.Reviews.Review(ctx, first, a.ID, true, "Bien vu."), "another-person")
		code(t, r.Reviews.Review(ctx, second, a.ID, true, ""), "invalid-fields")
		code(t, r.Reviews.Review(ctx, m, a.ID, true, "x"), "not-permitted")
		must(t, r.Reviews.Review(ctx, second, a.ID, true, "Le mot visé est une citation."))
		code(t, r.Reviews.Review(ctx, second, a.ID, false, "x"), "review-state")
		r.Drain(t)
		got := lastTo(t, r, "ada@example.com")
		for _, want := range []string{"Une autre personne", "votre avis est publié", "une citation", "extrajudiciaire"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in %s", want, got)
			}
		}
		asked, _, err := r.Reviews.Asked(ctx, ada)
		must(t, err)
		shown, err := r.Reviews.One(ctx, asked.Review.Digits)
		must(t, err)
		if shown.Why != "" || !shown.EndedAt.IsZero() || shown.State != review.Published {
			t.Fatalf("%+v", shown)
		}
		held := func(purpose string) int64 {
			return value[int64](t, r, "SELECT count(*) FROM holding WHERE record = $1 AND purpose = $2", shown.Invite, purpose)
		}
		if held("keep_refused_reviews") != 0 || held("publish_reviews") == 0 {
			t.Fatal("the holdings did not come back from refusal to publication")
		}
		must(t, r.Proof.Sequence(ctx))
		lines := chain(t, r, m.Pro)
		if last := lines[len(lines)-1].Text; !strings.Contains(last, "act=published\n") || !strings.Contains(last, "refused=0\n") || !strings.Contains(last, "published=1\n") {
			t.Fatal(last)
		}
		set(r, r.Clock.Now().AddDate(7, 0, 0)) // as any published one, not as one that was refused
		r.Sweep(t)
		_, err = r.Reviews.One(ctx, shown.Digits)
		must(t, err)
	})
}

func TestAppeal_ofARemovalByASecondLook_andItsLastDay(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, only := member(t, r), r.One(t, network.RoleModerator)
		ada := invited(t, r, m)
		dep, err := r.Reviews.Deposit(ctx, ada, answer("4"))
		must(t, err)
		decide(t, r, fine)
		must(t, r.Reviews.Remove(ctx, only, dep.ID, "fraudulent"))
		d := ruledOn(t, r, ada, review.OfRemoval)
		must(t, r.Reviews.Contest(ctx, ada, d.What, d.Object, "C’est bien moi le client."))
		r.Drain(t)
		r.Clock.Add(time.Second)
		a := appeal(t, r, only)
		if !a.Alone || a.Mine {
			t.Fatalf("%+v", a)
		}
		must(t, r.Reviews.Review(ctx, only, a.ID, true, "La facture le prouve."))
		r.Drain(t)
		if got := lastTo(t, r, "ada@example.com"); !strings.Contains(got, "une seconde fois") {
			t.Fatal(got)
		}
		shown, err := r.Reviews.One(ctx, dep.Digits)
		must(t, err)
		tally, err := r.Reviews.Tally(ctx, m.Pro)
		must(t, err)
		if tally.Removed != 0 || tally.Published != 1 || tally.Marks != int64(shown.Overall) {
			t.Fatalf("%+v", tally)
		}
		r.Clock.Add(time.Second)
		must(t, r.Reviews.Remove(ctx, only, dep.ID, "fraudulent"))
		set(r, r.Clock.Now().AddDate(0, 6, 1))
		all, _, err := r.Reviews.Ruled(ctx, ada)
		must(t, err)
		d = all[len(all)-1]
		code(t, r.Reviews.Contest(ctx, ada, d.What, d.Object, "Trop tard"), "appeal-over")
	})
}

func TestBan_forItsReasonsOnly_forEveryMember_forTwelveMonths(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, other, moderator := member(t, r), member(t, r), r.One(t, network.RoleModerator)
		number := rig.Mobile(901)
		mild := told(t, r, invited(t, r, m, as("bob@example.com", "")), answer("1"))
		decide(t, r, refusal(network.CheckContent, "off-topic"))
		code(t, r.Reviews.Ban(ctx, moderator, mild), "not-bannable")

		ada := invited(t, r, m, as("ada@example.com", number))
		version := told(t, r, ada, answer("1"))
		code(t, r.Reviews.Ban(ctx, moderator, version), "not-bannable") // nobody has decided
		decide(t, r, refusal(network.CheckExperience, "fraudulent"))
		code(t, r.Reviews.Ban(ctx, r.One(t, network.RoleAdministrator), version), "not-permitted")
		begun := r.Clock.Now()
		must(t, r.Reviews.Ban(ctx, moderator, version))
		code(t, r.Reviews.Ban(ctx, moderator, version), "not-bannable") // twice
		r.Drain(t)
		if got := lastTo(t, r, "ada@example.com"); !strings.Contains(got, "contester") || !strings.Contains(got, "aucune entreprise") {
			t.Fatal(got)
		}
		for _, again := range []func(*review.Invitee){as("ada@example.com", ""), as("autre@example.com", number)} {
			link := invited(t, r, other, again)
			_, err := r.Reviews.Deposit(ctx, link, answer("5"))
			code(t, err, "banned")
		}
		code(t, r.Reviews.Banned(ctx, "ada@example.com", ""), "banned")
		must(t, r.Reviews.Banned(ctx, "bob@example.com", ""))
		bans, err := r.Reviews.Bans(ctx, moderator)
		must(t, err)
		if len(bans) != 1 || bans[0].Name != "Ada Byron" || !strings.Contains(bans[0].Contact, "ada@example.com") || !bans[0].Until.Equal(begun.AddDate(0, 12, 0)) {
			t.Fatalf("%+v", bans)
		}
		for _, role := range []network.Role{network.RoleAdministrator, network.RoleMarketing, network.RoleAgent, network.RoleOfficer} {
			_, err := r.Reviews.Bans(ctx, r.One(t, role))
			code(t, err, "not-permitted")
		}
		set(r, begun.AddDate(0, 12, -1))
		r.Sweep(t)
		code(t, r.Reviews.Banned(ctx, "ada@example.com", ""), "banned")
		set(r, begun.AddDate(0, 12, 1))
		must(t, r.Reviews.Banned(ctx, "ada@example.com", ""))
		r.Sweep(t)
		if n := value[int64](t, r, "SELECT count(*) FROM review_ban"); n != 0 {
			t.Fatalf("%d entries are left after a year", n)
		}
	})
}

func TestBan_isLiftedOnAppeal(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.One(t, network.RoleModerator)
		ada := invited(t, r, m)
		version := told(t, r, ada, answer("1"))
		decide(t, r, refusal(network.CheckContent, "unlawful"))
		must(t, r.Reviews.Ban(ctx, moderator, version))
		d := ruledOn(t, r, ada, review.OfBan)
		must(t, r.Reviews.Contest(ctx, ada, d.What, d.Object, "Ce n’était pas moi."))
		must(t, r.Reviews.Review(ctx, moderator, appeal(t, r, moderator).ID, true, "Le doute profite."))
		must(t, r.Reviews.Banned(ctx, "ada@example.com", ""))
		f, err := r.Reviews.Read(ctx, moderator, version)
		must(t, err)
		if f.Banned != nil || f.State != review.Refused {
			t.Fatalf("lifting a ban changed the review: %+v", f)
		}
	})
}

func TestReport_isIdentifiedJustifiedAnsweredAndEnds(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.One(t, network.RoleModerator)
		dep, err := r.Reviews.Deposit(ctx, invited(t, r, m), answer("1"))
		must(t, err)
		good := review.Reported{Digits: dep.Digits, Reason: "authenticity", Name: "Vic Témoin", Email: "vic@example.com", Faith: true, Lang: "fr"}
		visitor := auth.Actor{Who: auth.Visitor}
		_, err = r.Reviews.Report(ctx, visitor, good)
		code(t, err, "no-review") // not published
		decide(t, r, fine)
		for _, change := range []func(*review.Reported){
			func(x *review.Reported) { x.Name = "" }, func(x *review.Reported) { x.Email = "" }, func(x *review.Reported) { x.Reason = "ugly" }, func(x *review.Reported) { x.Faith = false },
			func(x *review.Reported) { x.Reason = "other" }, func(x *review.Reported) { x.Words = strings.Repeat("é", 4001) },
		} {
			bad := good
			change(&bad)
			_, err := r.Reviews.Report(ctx, visitor, bad)
			code(t, err, "invalid-fields")
		}
		refs := map[string]bool{}
		for _, reason := range []string{"authenticity", "terms", "other"} {
			x := good
			x.Reason, x.Words = reason, "Je connais l’auteur."
			ref, err := r.Reviews.Report(ctx, visitor, x)
			must(t, err)
			refs[ref] = true
		}
		r.Drain(t)
		if got := lastTo(t, r, "vic@example.com"); len(refs) != 3 || !strings.Contains(got, "est reçu") {
			t.Fatal(got)
		}
		_, err = r.Reviews.One(ctx, dep.Digits) // visible meanwhile
		must(t, err)
		waits, err := r.Reviews.Desk(ctx, moderator, 10)
		must(t, err)
		if len(waits) != 3 || waits[0].Kind != review.WaitsReport {
			t.Fatalf("%+v", waits)
		}
		day := r.Clock.Now().AddDate(0, 1, 0).Format(time.DateOnly)
		for _, bad := range []review.Finding{{}, {Answer: "x", Remove: true}, {Answer: "x", Until: day}, {Answer: "x", Abusive: true, Until: "2020-01-01"}, {Answer: "x", Abusive: true, Until: r.Clock.Now().AddDate(2, 0, 0).Format(time.DateOnly)}} {
			code(t, r.Reviews.Rule(ctx, moderator, waits[0].ID, bad), "invalid-fields")
		}
		must(t, r.Reviews.Rule(ctx, moderator, waits[0].ID, review.Finding{Answer: "Le client a montré sa facture.", Abusive: true, Until: day}))
		r.Drain(t)
		if got := lastTo(t, r, "vic@example.com"); !strings.Contains(got, "L’avis reste publié") || !strings.Contains(got, "sa facture") || !strings.Contains(got, "abusif") {
			t.Fatal(got)
		}
		_, err = r.Reviews.Report(ctx, visitor, good)
		code(t, err, "reports-limited")
		second, err := r.Reviews.ReadReport(ctx, moderator, waits[1].ID)
		must(t, err)
		if second.Before != 2 || second.Unfounded != 1 || second.Abusive != 1 || second.Email != "vic@example.com" {
			t.Fatalf("%+v", second)
		}
		must(t, r.Reviews.Rule(ctx, moderator, waits[1].ID, review.Finding{Remove: true, Reason: "fraudulent", Answer: "L’auteur n’a pas répondu."}))
		_, err = r.Reviews.One(ctx, dep.Digits)
		code(t, err, "no-review")
		left, err := r.Reviews.Desk(ctx, moderator, 10)
		must(t, err)
		if len(left) != 0 { // the third ended with the review
			t.Fatalf("%+v", left)
		}
		code(t, r.Reviews.Rule(ctx, moderator, waits[1].ID, review.Finding{Answer: "x"}), "review-state")
		r.Drain(t)
		if got := lastTo(t, r, "ada@example.com"); !strings.Contains(got, "n’est plus publié") || !strings.Contains(got, "fabriqué") {
			t.Fatal(got)
		}
		must(t, r.Proof.Sequence(ctx))
		var acts []string
		for _, l := range chain(t, r, m.Pro) {
			_, rest, _ := strings.Cut(l.Text, "act=")
			act, _, _ := strings.Cut(rest, "\n")
			acts = append(acts, act)
		}
		if got := strings.Join(acts, " "); got != "invited deposited published reported reported reported upheld removed" {
			t.Fatal(got)
		}
		closed := r.Clock.Now()
		names := func() int64 {
			return value[int64](t, r, "SELECT count(*) FROM review_report WHERE name_sealed <> $1", []byte{})
		}
		set(r, closed.AddDate(2, 0, -1))
		r.Sweep(t)
		if names() != 3 {
			t.Fatalf("%d names two years less a day after closure", names())
		}
		set(r, closed.AddDate(2, 0, 2))
		r.Sweep(t)
		if names() != 0 || value[int64](t, r, "SELECT count(*) FROM review_report WHERE reporter_bidx <> ''") != 0 {
			t.Fatal("a report names its reporter after two years")
		}
	})
}

func TestHints_areFactsWithTheirReason(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, moderator := member(t, r), r.One(t, network.RoleModerator)
		hints := func(version string) string {
			f, err := r.Reviews.Read(ctx, moderator, version)
			must(t, err)
			all, err := r.Reviews.Hints(ctx, moderator, f)
			must(t, err)
			var b strings.Builder
			for _, h := range all {
				if h.Why.FR == "" || h.Why.EN == "" || h.What.EN == "" {
					t.Errorf("%+v has no reason", h)
				}
				fmt.Fprintln(&b, h.What.FR)
			}
			return b.String()
		}
		say := func(words string) review.Answer {
			a := answer("3")
			a.Answers["comment"] = []string{words}
			return a
		}
		number := rig.Mobile(902)
		plain := told(t, r, invited(t, r, m, as("a@example.com", number)), say("La pose de la cuisine a duré deux jours et les ouvriers étaient très propres."))
		if got := hints(plain); got != "" {
			t.Fatalf("an ordinary review: %s", got)
		}
		other := told(t, r, invited(t, r, m, as("b@example.com", number)), say("The kitchen was fine and it was done in time for the party, what an idiot I was to wait."))
		for _, want := range []string{"la langue du questionnaire", "injures : idiot", "même numéro a déposé 1 autre"} {
			if got := hints(other); !strings.Contains(got, want) {
				t.Errorf("%q is missing in %s", want, got)
			}
		}
		copied := told(t, r, invited(t, r, m, as("c@example.com", "")), say("La pose de la cuisine a duré deux jours et les ouvriers étaient propres, merci."))
		if got := hints(copied); !strings.Contains(got, "ressemble à celui de l’avis") {
			t.Error(got)
		}
		contacts, err := r.Pros.Contacts(ctx, m.Pro)
		must(t, err)
		self := told(t, r, invited(t, r, m, as(contacts[m.Pro].Email, "")), say("Je recommande cette entreprise qui a tout fait très bien dans les temps."))
		for _, want := range []string{"celui de l’entreprise", "4 avis sur cette entreprise en une heure"} {
			if got := hints(self); !strings.Contains(got, want) {
				t.Errorf("%q is missing in %s", want, got)
			}
		}
	})
}

func TestFigures_showWhetherAllAreTreatedAlike(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := member(t, r)
		for i, c := range []struct {
			mark string
			d    review.Decision
		}{{"5", fine}, {"5", fine}, {"5", refusal(network.CheckExperience, "fraudulent")}, {"1", fine}, {"1", refusal(network.CheckContent, "unlawful")}} {
			told(t, r, invited(t, r, m, as(fmt.Sprintf("c%d@example.com", i), "")), answer(c.mark))
			r.Clock.Add(2 * time.Hour)
			decide(t, r, c.d)
		}
		f, err := r.Reviews.Figures(ctx)
		must(t, err)
		happy, sad := f.Levels[0], f.Levels[2]
		if happy.Published != 2 || happy.Refused != 1 || happy.Share() != 33 || sad.Published != 1 || sad.Refused != 1 || sad.Share() != 50 || happy.Mean < 2*time.Hour || happy.Mean > 3*time.Hour {
			t.Fatalf("%+v %+v", happy, sad)
		}
		if len(f.Reasons) != 2 || f.Reasons[0].N != 1 {
			t.Fatalf("%+v", f.Reasons)
		}
	})
}
