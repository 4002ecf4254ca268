package notify_test

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/rig"
	"entremise/internal/vault"
)

var ctx = context.Background()

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func value[T any](t testing.TB, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return }))
	return v
}

// reader is somebody who gets messages.
type reader struct {
	*rig.Rig
	t     testing.TB
	id    string
	ring  *vault.Ring
	phone string
}

func someone(t testing.TB, r *rig.Rig) reader {
	t.Helper()
	id := r.DB.NewID("per")
	ring, err := r.Vault.New(ctx, id, string(network.DataMessages), string(network.DataConsent))
	ok(t, err)
	ok(t, r.DB.Write(ctx, ring.Assign))
	return reader{r, t, id, ring, fmt.Sprintf("+3363998%04d", r.Next())}
}

// text queues an SMS and answers its id.
func (p reader) text(kind, body string) string {
	p.t.Helper()
	id := p.DB.NewID("msg")
	ok(p.t, p.DB.Write(ctx, func(tx *db.Tx) error {
		return p.Notify.Queue(tx, p.ring, notify.Message{ID: id, Person: p.id, Object: "req_1", Kind: kind, Channel: notify.BySMS, To: p.phone, Body: body})
	}))
	return id
}

// mail queues an e-mail and answers its id.
func (p reader) mail(kind, body string) string {
	p.t.Helper()
	id := p.DB.NewID("msg")
	ok(p.t, p.DB.Write(ctx, func(tx *db.Tx) error {
		return p.Notify.Queue(tx, p.ring, notify.Message{ID: id, Person: p.id, Object: "req_1", Kind: kind, Channel: notify.ByEmail, To: "lecteur@example.com", Subject: "Votre demande", Body: body, Stop: "https://depanneurs.example/stop/x"})
	}))
	return id
}

func (p reader) state(id string) string {
	p.t.Helper()
	return value[string](p.t, p.Rig, "SELECT state FROM message WHERE id = $1", id)
}

func TestSend_aStopWorksAtOnceEvenOnWhatIsQueued(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, other := someone(t, r), someone(t, r)
		before := who.text("taken", "Pris.")
		code := who.text("code", "123456")
		others := other.text("taken", "Pris.")
		bidx := r.Notify.Index(notify.BySMS, who.phone)
		for i, want := range []bool{true, false} {
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
				first, err := notify.Stop(tx, bidx, notify.ScopeService, "sms")
				if first != want {
					t.Errorf("stop %d is first: %v", i+1, first)
				}
				return err
			}))
		}
		after := who.text("late", "En retard.")
		offer := who.text("new-request", "Une demande.") // another scope: it was not stopped
		r.Drain(t)
		for id, want := range map[string]string{before: "stopped", after: "stopped", code: "sent", others: "sent", offer: "sent"} {
			if got := who.state(id); got != want {
				t.Errorf("%s is %s, want %s", value[string](t, r, "SELECT kind FROM message WHERE id = $1", id), got, want)
			}
			if handed := r.Post.Tries(id); want == "stopped" && handed != 0 {
				t.Errorf("a stopped message was handed over %d times", handed)
			}
		}
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return notify.Resume(tx, bidx, notify.ScopeService) }))
		again := who.text("taken", "Pris.")
		r.Drain(t)
		if who.state(again) != "sent" || who.state(before) != "stopped" {
			t.Error("a resumed stop sends what was stopped, or nothing")
		}
	})
}

func TestQueue_whatRestsOnConsentNamesItAndStandsOrFallsWithIt(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		survey := notify.Message{Person: who.id, Object: "req_1", Kind: "how-did-it-go", Channel: notify.BySMS, To: who.phone, Body: "Alors ?"}
		for _, kind := range []string{"how-did-it-go", "a-kind-that-nobody-classed"} {
			m := survey
			m.Kind = kind
			if err := r.DB.Write(ctx, func(tx *db.Tx) error { return r.Notify.Queue(tx, who.ring, m) }); !fault.Is(err, fault.Denied) {
				t.Errorf("%s without a purpose: %v", kind, err)
			}
		}
		survey.Purpose = "ask_opinion"
		opinion, _ := r.Network.Consent("opinion")
		choose := func(granted bool) {
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
				return privacy.Record(tx, who.ring, r.Network, privacy.Choice{Person: who.id, Object: "req_1", Consent: opinion, Granted: granted, Channel: "form", Lang: "fr", Edition: "e1"})
			}))
			r.Clock.Add(time.Second)
		}
		queue := func(m notify.Message) string {
			m.ID = r.DB.NewID("msg")
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return r.Notify.Queue(tx, who.ring, m) }))
			return m.ID
		}
		may := func() canvass.Answer {
			var a canvass.Answer
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				a, err = r.Notify.May(tx, r.Network, survey, network.Consumer, "30", false)
				return err
			}))
			return a
		}
		never := queue(survey)
		r.Drain(t)
		if a := may(); a.May || a.Rule != "no-opinion" || who.state(never) != "stopped" {
			t.Errorf("never asked: %+v, the message is %s", a, who.state(never))
		}
		choose(true)
		if a := may(); !a.May || a.Rule != "consent" {
			t.Errorf("agreed: %+v", a)
		}
		sent := queue(survey)
		r.Drain(t)
		held := queue(survey) // and taken back before it leaves
		choose(false)
		r.Drain(t)
		if a := may(); a.May || who.state(sent) != "sent" || who.state(held) != "stopped" || r.Post.Tries(held) != 0 {
			t.Errorf("taken back: %+v, sent %s, held %s", a, who.state(sent), who.state(held))
		}
		if why := value[string](t, r, "SELECT error FROM message WHERE id = $1", held); why != "withdrawn" {
			t.Errorf("it is held back for %q", why)
		}
	})
}

func TestAimOf_everyKindOfTheFileIsClassed(t *testing.T) {
	for _, k := range network.MessageKeys() {
		if notify.AimOf(k.Key) == canvass.Prospecting {
			t.Errorf("%s is taken for prospecting", k.Key)
		}
	}
}

func TestSend_inDoubtIsRepeatedUnderTheSameId(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		id := who.text("code", "123456")
		r.Post.Answer(func(string) notify.Delivery { return notify.Delivery{Outcome: notify.InDoubt, Code: "line broken"} })
		r.Drain(t)
		if got := who.state(id); got != "in-doubt" {
			t.Fatalf("after a broken line it is %s", got)
		}
		r.Post.Answer(func(string) notify.Delivery { return notify.Delivery{Outcome: notify.Later, Code: "http 503"} })
		r.Clock.AddMachine(5 * time.Second)
		r.Drain(t)
		if got := who.state(id); got != "in-doubt" {
			t.Fatalf("a later no resolves no doubt: it is %s", got)
		}
		r.Post.Answer(nil)
		r.Clock.AddMachine(5 * time.Minute)
		r.Drain(t)
		if who.state(id) != "sent" || r.Post.Tries(id) != 3 || len(r.Post.Texts()) != 1 || r.Post.Texts()[0].ID != id {
			t.Errorf("%s after %d tries; the receiver has %v", who.state(id), r.Post.Tries(id), r.Post.Texts())
		}
		r.Clock.AddMachine(24 * time.Hour)
		r.Drain(t)
		if r.Post.Tries(id) != 3 {
			t.Error("a sent message is sent again")
		}
	})
}

// Nothing is lost when both services are away for longer than any number of quick repetitions lasts, nothing comes twice, the services are not
// stormed while they are down, and what waited leaves soon after they are back.
func TestSend_anOutageOfAnHourLosesNothing(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		var mu sync.Mutex
		attempts := 0
		r.Post.Answer(func(id string) notify.Delivery {
			mu.Lock()
			defer mu.Unlock()
			attempts++
			if attempts%5 == 0 { // now and then the other side has it and the line breaks
				return notify.Delivery{Outcome: notify.InDoubt, Code: "timeout"}
			}
			return notify.Delivery{Outcome: notify.Later, Code: "dial"}
		})
		node := r.Node(t)
		queued := map[string]bool{}
		for minute := range 60 {
			if minute%3 == 0 {
				queued[who.text("code", fmt.Sprint("SMS ", minute))] = true
				queued[who.mail("invoice", fmt.Sprint("E-mail ", minute))] = true
			}
			for _, first := range []*rig.Rig{r, node} { // they take turns at being the first to see what is due
				r.Clock.Add(30 * time.Second)
				first.Drain(t)
			}
		}
		if down := append(r.Notify.Down(), node.Notify.Down()...); len(down) != 4 {
			t.Errorf("known to be down: %v", down)
		}
		// Two servers, two services: eight tries to see that one is down, then one probe every two minutes.
		if attempts > 4*(8+2*31) {
			t.Errorf("%d attempts at services that were down", attempts)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM job WHERE state = 'failed'"); n != 0 {
			t.Errorf("%d messages were given up", n)
		}
		r.Post.Answer(nil)
		for range 10 { // back: within five minutes everything is out
			r.Clock.Add(30 * time.Second)
			r.Drain(t)
			node.Drain(t)
		}
		got := map[string]int{}
		for _, m := range r.Post.Texts() {
			got[m.ID]++
		}
		for _, m := range r.Post.Mails() {
			got[m.ID]++
		}
		for id := range queued {
			if got[id] != 1 || who.state(id) != "sent" {
				t.Errorf("message %s came %d times and is %s", id, got[id], who.state(id))
			}
		}
		if len(got) != len(queued) {
			t.Errorf("%d messages came of %d", len(got), len(queued))
		}
		if down := r.Notify.Down(); len(down) != 0 {
			t.Errorf("still down: %v", down)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM job"); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
}

func TestSend_aRefusalIsFinalAndHoldsUpNobody(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		wrong, right := who.mail("invoice", "A"), who.mail("invoice", "B")
		r.Post.Answer(func(id string) notify.Delivery {
			if id == wrong {
				return notify.Delivery{Outcome: notify.Refused, Code: "smtp 554 5.7.1"}
			}
			return notify.Delivery{Outcome: notify.Sent}
		})
		r.Drain(t)
		r.Clock.AddMachine(48 * time.Hour)
		r.Drain(t)
		if who.state(wrong) != "refused" || r.Post.Tries(wrong) != 1 || who.state(right) != "sent" {
			t.Errorf("%s after %d tries, the other is %s", who.state(wrong), r.Post.Tries(wrong), who.state(right))
		}
		if why := value[string](t, r, "SELECT error FROM message WHERE id = $1", wrong); why != "smtp 554 5.7.1" {
			t.Errorf("the cause is %q", why)
		}
	})
}

func TestSend_nothingLeavesForSomebodyErased(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		id := who.text("taken", "Pris.")
		if _, err := r.Vault.Erase(ctx, who.id); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		if who.state(id) != "refused" || r.Post.Tries(id) != 0 {
			t.Errorf("%s, handed over %d times", who.state(id), r.Post.Tries(id))
		}
		seen, err := r.Notify.About(ctx, "req_1")
		ok(t, err)
		if len(seen) != 1 || seen[0].Body != "" || seen[0].To != "" {
			t.Errorf("what was erased is read: %+v", seen)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM job"); n != 0 {
			t.Errorf("%d jobs still try", n)
		}
	})
}

func TestQueue_onceAnIdSealedAndNotWithoutItsTransaction(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		undo := errors.New("undo")
		queue := func(m notify.Message, then error) error {
			m.Person, m.Object, m.Kind, m.Channel = who.id, "req_1", "invoice", notify.ByEmail
			return r.DB.Write(ctx, func(tx *db.Tx) error {
				if err := r.Notify.Queue(tx, who.ring, m); err != nil {
					return err
				}
				return then
			})
		}
		m := notify.Message{ID: "msg_1", To: "lecteur@example.com", Subject: "Facture F2026-000001", Body: "Bonjour Dominique"}
		if err := queue(m, undo); !errors.Is(err, undo) {
			t.Fatal(err)
		}
		r.Drain(t)
		if len(r.Post.Mails()) != 0 {
			t.Fatal("a message left although its transaction did not happen")
		}
		for range 3 {
			ok(t, queue(m, nil))
		}
		ok(t, queue(notify.Message{To: "", Body: "x"}, nil))                   // no address
		ok(t, queue(notify.Message{To: "lecteur@example.com", Body: ""}, nil)) // no words
		r.Drain(t)
		mails := r.Post.Mails()
		if len(mails) != 1 || mails[0].To != (mail.Address{Address: m.To}) || mails[0].Subject != m.Subject || mails[0].Text != m.Body || mails[0].Unsubscribe != "" || mails[0].From.Address == "" {
			t.Fatalf("%+v", mails)
		}
		for _, column := range []string{"to_sealed", "subject_sealed", "body_sealed"} {
			sealed := string(value[[]byte](t, r, "SELECT "+column+" FROM message WHERE id = 'msg_1'"))
			for _, plain := range []string{"lecteur", "Facture", "Dominique"} {
				if strings.Contains(sealed, plain) {
					t.Errorf("%s holds %q", column, plain)
				}
			}
		}
		if bidx := value[string](t, r, "SELECT to_bidx FROM message WHERE id = 'msg_1'"); bidx != r.Notify.Index(notify.ByEmail, m.To) || bidx == r.Notify.Index(notify.BySMS, m.To) {
			t.Error("the index of an address is not its own")
		}
		seen, err := r.Notify.Recent(ctx, "", 0, 10)
		ok(t, err)
		if len(seen) != 1 || seen[0].Subject != m.Subject || seen[0].Body != m.Body || seen[0].State != "sent" || seen[0].Tries != 1 {
			t.Errorf("%+v", seen)
		}
		// What can be stopped says how in its head; a real house's outbox cannot be read.
		scoped := who.mail("request-received", "Reçue.")
		r.Drain(t)
		if last := r.Post.Mails()[1]; last.ID != scoped || last.Unsubscribe == "" {
			t.Errorf("%+v", last)
		}
		real := notify.NewService(r.DB, r.Vault, notify.Drivers{})
		if _, err := real.Recent(ctx, "", 0, 10); err == nil {
			t.Error("a real outbox was read")
		}
	})
}

func TestLetter_queuesBothChannelsUnderTheirOwnIds(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := someone(t, r)
		for range 2 { // a job that runs twice
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
				return r.Notify.Letter(tx, who.ring, network.Letter{SMS: "Court.", Subject: "Long", Email: "Long."}, notify.Message{ID: "msg_offer", Person: who.id, Object: "req_1", Kind: "new-request"}, who.phone, "lecteur@example.com")
			}))
		}
		r.Drain(t)
		if len(r.Post.Texts()) != 1 || len(r.Post.Mails()) != 1 || r.Post.Texts()[0].Text != "Court." || r.Post.Mails()[0].Text != "Long." {
			t.Errorf("%v, %v", r.Post.Texts(), r.Post.Mails())
		}
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			return r.Notify.Letter(tx, who.ring, network.Letter{SMS: "Court.", Subject: "Long", Email: "Long."}, notify.Message{Person: who.id, Object: "req_1", Kind: "new-request"}, "", "lecteur@example.com")
		}))
		r.Drain(t)
		if len(r.Post.Texts()) != 1 || len(r.Post.Mails()) != 2 {
			t.Error("somebody without a number is written to by SMS")
		}
	})
}
