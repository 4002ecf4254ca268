package inbox_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
)

var visitor = auth.Actor{Who: auth.Visitor, Lang: "fr"}

func ask(change ...func(*inbox.Ask)) inbox.Ask {
	in := inbox.Ask{Channel: network.RightByForm, Asked: network.RightAccess, Name: "Dominique Exemple", Email: "dominique@example.com", Words: "Que savez-vous de moi ?", Lang: "fr", Site: rig.Host}
	for _, f := range change {
		f(&in)
	}
	return in
}

func open(t *testing.T, r *rig.Rig, actor auth.Actor, in inbox.Ask) inbox.Opened {
	t.Helper()
	o, err := r.Inbox.Open(context.Background(), actor, in)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// linkOf takes the private link out of the last message to an address.
func linkOf(t *testing.T, r *rig.Rig, to string) auth.Actor {
	t.Helper()
	r.Drain(t)
	for mails := r.Post.Mails(); len(mails) > 0; mails = mails[:len(mails)-1] {
		m := mails[len(mails)-1]
		_, rest, ok := strings.Cut(m.Text, "/d/")
		if m.To.Address != to || !ok {
			continue
		}
		a, err := r.Inbox.Link(context.Background(), strings.TrimRight(strings.Fields(rest)[0], "."))
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	t.Fatalf("no link was sent to %s", to)
	return auth.Actor{}
}

// buy has a professional take a request from his wallet.
func buy(t *testing.T, r *rig.Rig, pro auth.Actor, id string) {
	t.Helper()
	ctx := context.Background()
	it, err := r.Requests.Sheet(ctx, pro, id)
	if err != nil {
		t.Fatal(err)
	}
	confirmed := map[string]bool{}
	for _, b := range r.Network.Buying {
		confirmed[b.ID] = true
	}
	if _, err := r.Requests.Buy(ctx, pro, request.Buy{Request: id, Confirmed: confirmed, Shown: it.Price, Method: "wallet", Back: "/achats/"}); err != nil {
		t.Fatal(err)
	}
}

// mailWith is the text of the e-mail that holds some words; empty when none does.
func mailWith(r *rig.Rig, words string) string {
	for _, m := range r.Post.Mails() {
		if strings.Contains(m.Text, words) {
			return m.Text
		}
	}
	return ""
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if fault.Code(err) != want {
		t.Fatalf("fault %v, want %s", err, want)
	}
}

// A case begins when it reaches us, and its clock ends a calendar month later (RN-113, WA-54, AQ-63).
func TestOpen_startsTheClockWhetherOrNotARightIsNamed(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked = "" }))
		f, err := r.Inbox.Read(ctx, officer, o.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := r.Network.Rights.Due(r.DB.Now(), false, 0)
		if f.Asked != network.RightUnnamed || !f.Due.Equal(want) || f.Name != "Dominique Exemple" || len(f.Letters) != 1 || f.Letters[0].Text != "Que savez-vous de moi ?" {
			t.Errorf("%+v, due %s, want %s", f.Case, f.Due, want)
		}
		me := linkOf(t, r, "dominique@example.com")
		if me.Case != o.ID {
			t.Errorf("the link opens %s", me.Case)
		}
		mail := r.Post.Mails()[0]
		if !strings.Contains(mail.Text, geo.Date(want.In(geo.Paris()), "fr")) || !strings.Contains(mail.Subject, o.Ref) {
			t.Errorf("confirmed as %q", mail.Text)
		}
	})
}

func TestOpen_findsEveryWrongField(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		long := strings.Repeat("é", 4001)
		for _, c := range []struct {
			field  string
			change func(*inbox.Ask)
		}{
			{"name", func(a *inbox.Ask) { a.Name = " " }},
			{"name", func(a *inbox.Ask) { a.Name = strings.Repeat("n", 121) }},
			{"words", func(a *inbox.Ask) { a.Words = long }},
			{"asked", func(a *inbox.Ask) { a.Asked = "revenge" }},
			{"email", func(a *inbox.Ask) { a.Email = "nobody" }},
			{"email", func(a *inbox.Ask) { a.Email = "" }},
			{"phone", func(a *inbox.Ask) { a.Phone = "12" }},
			{"scopes", func(a *inbox.Ask) { a.Asked = network.RightErasure }},
			{"scopes", func(a *inbox.Ask) { a.Asked, a.Scopes = network.RightErasure, []string{"everything"} }},
			{"details.country", func(a *inbox.Ask) {
				a.Details = map[network.RightDetail]string{network.DetailCountry: "FR"}
			}},
			{"details.address", func(a *inbox.Ask) {
				a.Details = map[network.RightDetail]string{network.DetailAddress: long[:800]}
			}},
		} {
			_, err := r.Inbox.Open(ctx, visitor, ask(c.change))
			f := fault.Of(err)
			if f == nil || len(f.Fields) != 1 || f.Fields[0].Name != c.field {
				t.Errorf("%v, want the field %s", err, c.field)
			}
		}
		// 4,000 letters are not too many.
		open(t, r, visitor, ask(func(a *inbox.Ask) { a.Words = long[:8000] }))
		for _, c := range []struct {
			actor   auth.Actor
			channel network.RightChannel
		}{{visitor, network.RightByPhone}, {visitor, network.RightByPost}, {r.One(t, network.RoleAgent), network.RightByPost}, {r.One(t, network.RoleAgent), network.RightByForm}, {r.One(t, network.RoleOfficer), network.RightBySpace}} {
			_, err := r.Inbox.Open(ctx, c.actor, ask(func(a *inbox.Ask) { a.Channel = c.channel }))
			code(t, err, "channel")
		}
		_, err := r.Inbox.Open(ctx, r.One(t, network.RoleAccountant), ask())
		code(t, err, "not-permitted")
	})
}

// All ways lead into one queue, oldest clock first; a letter counts from the day on which it came (RN-07, RN-110, ET-130, WA-45).
func TestQueue_holdsEveryChannelOldestClockFirst(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		form := open(t, r, visitor, ask())
		call := open(t, r, r.One(t, network.RoleAgent), ask(func(a *inbox.Ask) { a.Channel, a.Email, a.Phone = network.RightByPhone, "", rig.Mobile(777) }))
		letter := open(t, r, officer, ask(func(a *inbox.Ask) {
			a.Channel, a.Email, a.Received, a.Asked = network.RightByPost, "", r.DB.Now().AddDate(0, 0, -6), network.RightComment
			a.Details = map[network.RightDetail]string{network.DetailAddress: "1 rue de l’Exemple, 30000 Nîmes"}
		}))
		pro := r.Pro(t)
		passed := open(t, r, pro, ask(func(a *inbox.Ask) { a.Channel, a.Email = network.RightBySpace, "autre@example.com" }))
		queue, err := r.Inbox.Queue(ctx, officer)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range queue {
			got = append(got, c.ID)
		}
		if len(got) != 4 || got[0] != letter.ID {
			t.Errorf("queue %v, want the letter %s first of 4", got, letter.ID)
		}
		for _, id := range []string{form.ID, call.ID, passed.ID} {
			if !strings.Contains(strings.Join(got, " "), id) {
				t.Errorf("%s is not in the queue", id)
			}
		}
		if _, err := r.Inbox.Queue(ctx, r.One(t, network.RoleAgent)); fault.Code(err) != "not-permitted" {
			t.Errorf("an agent reads the officer's queue: %v", err)
		}
		for _, day := range []int{1, -366} {
			_, err := r.Inbox.Open(ctx, officer, ask(func(a *inbox.Ask) { a.Channel, a.Received = network.RightByPost, r.DB.Now().AddDate(0, 0, day) }))
			code(t, err, "invalid-fields")
		}
	})
}

func TestOpen_joinsASecondOneAndWritesOnceADay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		first := open(t, r, visitor, ask())
		r.Clock.Add(time.Hour)
		again := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Words, a.Email = "J’attends.", "DOMINIQUE@example.com" }))
		if !again.Joined || again.ID != first.ID || again.Ref != first.Ref {
			t.Fatalf("%+v after %+v", again, first)
		}
		other := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked = network.RightRectification }))
		if other.Joined {
			t.Error("another right joined")
		}
		r.Drain(t)
		if n := len(r.Post.Mails()); n != 2 {
			t.Errorf("%d mails, want one for each case", n)
		}
		f, err := r.Inbox.Read(ctx, officer, first.ID)
		if err != nil || len(f.Letters) != 2 {
			t.Errorf("%d letters, %v", len(f.Letters), err)
		}
		// By hand, into an earlier one only.
		r.Clock.Add(time.Minute)
		third := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Email = "d.exemple@example.com" }))
		if err := r.Inbox.Join(ctx, officer, first.ID, third.ID); fault.Code(err) != "join" {
			t.Errorf("joined to a later case: %v", err)
		}
		if err := r.Inbox.Join(ctx, officer, third.ID, first.ID); err != nil {
			t.Fatal(err)
		}
		queue, err := r.Inbox.Queue(ctx, officer)
		if err != nil || len(queue) != 2 {
			t.Errorf("%d in the queue, %v", len(queue), err)
		}
	})
}

func TestClock_warnsThenTellsThatItIsLate(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		o := open(t, r, visitor, ask())
		r.Drain(t)
		told := func() (n int) {
			r.Sweep(t)
			for _, m := range r.Post.Mails() {
				if m.To.Address == r.Network.Operator.Officer.Email {
					n++
				}
			}
			return n
		}
		for _, step := range []struct {
			at   time.Time
			want int
		}{{o.Due.AddDate(0, 0, -7), 0}, {o.Due.AddDate(0, 0, -7).Add(time.Second), 1}, {o.Due, 1}, {o.Due.Add(time.Second), 2}, {o.Due.AddDate(0, 0, 3), 2}} {
			r.Clock.Add(step.at.Sub(r.DB.Now()))
			if got := told(); got != step.want {
				t.Errorf("at %s: %d warnings, want %d", step.at, got, step.want)
			}
		}
	})
}

func TestExtend_onceWithReasonsWithinTheFirstClock(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		o := open(t, r, visitor, ask())
		code(t, r.Inbox.Extend(ctx, officer, o.ID, "long"), "invalid-fields")
		code(t, r.Inbox.Extend(ctx, r.One(t, network.RoleAgent), o.ID, "Trois cents appels à relire."), "not-permitted")
		if err := r.Inbox.Extend(ctx, officer, o.ID, "Trois cents appels à relire."); err != nil {
			t.Fatal(err)
		}
		f, err := r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || !f.Due.Equal(r.Network.Rights.Due(f.Received, true, 0)) {
			t.Errorf("due %s, %v", f.Due, err)
		}
		r.Drain(t)
		told := mailWith(r, "Trois cents appels à relire.")
		if !strings.Contains(told, geo.Date(f.Due.In(geo.Paris()), "fr")) {
			t.Errorf("told %q", told)
		}
		code(t, r.Inbox.Extend(ctx, officer, o.ID, "Encore trois cents appels."), "extended")
		late := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Asked = network.RightObjection }))
		r.Clock.Add(late.Due.Sub(r.DB.Now()) + time.Second)
		code(t, r.Inbox.Extend(ctx, officer, late.ID, "Trop tard pour ces appels."), "too-late")
	})
}

// A doubt needs a reason, stops the clock, and what was sent is destroyed (RN-111, ET-129).
func TestDoubt_stopsTheClockUntilTheProofComes(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		o := open(t, r, visitor, ask())
		me := linkOf(t, r, "dominique@example.com")
		code(t, r.Inbox.Doubt(ctx, officer, o.ID, "?"), "invalid-fields")
		if err := r.Inbox.Doubt(ctx, officer, o.ID, "Deux personnes portent ce nom chez nous."); err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(5 * 24 * time.Hour)
		f, err := r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || f.State != inbox.Waiting || !f.Due.IsZero() {
			t.Fatalf("%s due %s, %v", f.State, f.Due, err)
		}
		if err := r.Inbox.Add(ctx, me, "Ma dernière demande portait sur une fuite à Nîmes."); err != nil {
			t.Fatal(err)
		}
		f, err = r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || f.State != inbox.Open || !f.Due.Equal(r.Network.Rights.Due(f.Received, false, 5*24*time.Hour)) {
			t.Fatalf("%s due %s, %v", f.State, f.Due, err)
		}
		if len(f.Letters) != 2 || f.Letters[1].Way != "proof" {
			t.Fatalf("letters %+v", f.Letters)
		}
		if err := r.Inbox.Identified(ctx, officer, o.ID); err != nil {
			t.Fatal(err)
		}
		f, err = r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || len(f.Letters) != 1 || f.Proved.IsZero() {
			t.Errorf("%d letters, proved %s, %v", len(f.Letters), f.Proved, err)
		}
		// Who has shown that he reads the address is asked nothing more.
		code(t, r.Inbox.Doubt(ctx, officer, o.ID, "Je voudrais tout de même une carte."), "proved")
	})
}

func TestAnswer_refusesWithGroundComplaintAndCourt(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		o := open(t, r, visitor, ask())
		me := linkOf(t, r, "dominique@example.com")
		code(t, r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Non."}), "invalid-fields")
		code(t, r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Nous ne pouvons pas.", Refusal: "mood"}), "no-case")
		if err := r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Nous ne pouvons pas vous donner cela.", Refusal: "excessive"}); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		sent := mailWith(r, "Nous ne pouvons pas vous donner cela.")
		for _, want := range []string{"RGPD art. 12.5", "CNIL", "tribunal", r.Network.Operator.Officer.Email, "Nous ne pouvons pas vous donner cela."} {
			if !strings.Contains(sent, want) {
				t.Errorf("the refusal lacks %q: %s", want, sent)
			}
		}
		m, err := r.Inbox.Mine(ctx, me)
		if err != nil || m.State != inbox.Refused || m.Copy {
			t.Errorf("%s, copy %t, %v", m.State, m.Copy, err)
		}
		code(t, r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Finalement si, voici tout."}), "case-state")
		code(t, r.Inbox.Add(ctx, me, "Pourquoi ?"), "closed")
		st, err := r.Inbox.Statistics(ctx, officer)
		if err != nil || st.Received != 1 || st.Refused != 1 || st.InTime != 1 || st.Late != 0 || st.Open != 0 {
			t.Errorf("%+v, %v", st, err)
		}
	})
}

// The copy opens after the officer granted it and after a code, and holds what that person gave, and nobody else (RN-101, WA-46, AQ-56).
func TestCopy_opensAfterACodeAndHoldsOneLife(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		s := r.Ask(t)
		in := r.AskInput() // another person's
		r.Drain(t)
		var mail string
		for _, m := range r.Post.Mails() {
			mail = m.To.Address
		}
		pro := r.Pro(t)
		r.Publish(t, s.ID)
		r.Fund(t, pro.Pro, 10000)
		buy(t, r, pro, s.ID)
		o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Email = mail }))
		me := linkOf(t, r, mail)
		if _, err := r.Inbox.OwnCopy(ctx, me); fault.Code(err) != "no-case" {
			t.Errorf("a copy before it was granted: %v", err)
		}
		if err := r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Voici vos données."}); err != nil {
			t.Fatal(err)
		}
		_, err := r.Inbox.OwnCopy(ctx, me)
		code(t, err, "code-needed")
		if _, byMail, err := r.Inbox.AskCode(ctx, me); err != nil || !byMail {
			t.Fatal(byMail, err)
		}
		r.Drain(t)
		digits := ""
		for _, w := range strings.FieldsFunc(mailWith(r, "code"), func(c rune) bool { return c < '0' || c > '9' }) {
			if len(w) == 6 {
				digits = w
			}
		}
		code(t, r.Inbox.Code(ctx, me, "000000x"), "wrong-code")
		if err := r.Inbox.Code(ctx, me, digits); err != nil {
			t.Fatal(err)
		}
		me.Coded = true
		c, err := r.Inbox.OwnCopy(ctx, me)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.People) != 1 || len(c.People[0].Requests) != 1 || c.People[0].Email != mail || c.People[0].Requests[0].Street == "" || len(c.People[0].Choices) == 0 || len(c.People[0].Messages) == 0 {
			t.Errorf("%+v", c.People)
		}
		if len(c.People[0].Requests[0].Receivers) != 1 {
			t.Errorf("receivers %+v", c.People[0].Requests[0].Receivers)
		}
		if len(c.Purposes) == 0 || c.Purposes[0].Kept == "" || len(c.Recipients) == 0 {
			t.Errorf("purposes %+v", c.Purposes)
		}
		var csv strings.Builder
		if err := c.CSV(&csv); err != nil || !strings.Contains(csv.String(), mail) || strings.Contains(csv.String(), in.Email) {
			t.Errorf("%s, %v", csv.String(), err)
		}
	})
}

// What stops prospecting is done when it is asked, by whatever way (GDPR art. 7.3, 21.3; ET-126, RN-108).
func TestWithdrawal_isDoneAtOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		phone := rig.Mobile(77)
		s := r.Ask(t, func(a *request.Ask) { a.Phone, a.Consents["opinion"] = phone, true })
		r.Clock.Add(time.Minute)
		o := open(t, r, r.One(t, network.RoleAgent), ask(func(a *inbox.Ask) {
			a.Channel, a.Asked, a.Phone = network.RightByPhone, network.RightWithdrawal, phone
		}))
		f, err := r.Inbox.Read(ctx, r.One(t, network.RoleOfficer), o.ID)
		if err != nil || len(f.People) != 1 {
			t.Fatalf("%+v, %v", f.People, err)
		}
		done := false
		for _, e := range f.Events {
			done = done || e.Kind == inbox.EvDone && e.Object == string(network.RightWithdrawal)
		}
		if !done {
			t.Errorf("events %+v", f.Events)
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			stands, err := privacy.Stands(tx, f.People[0].ID, s.ID, "opinion")
			if stands {
				t.Error("the consent still stands")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
