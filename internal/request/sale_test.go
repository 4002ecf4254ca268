package request_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

var ctx = context.Background()

// yes confirms everything that a buyer must.
func yes(r *rig.Rig) map[string]bool {
	all := map[string]bool{}
	for _, w := range r.Network.Buying {
		all[w.ID] = true
	}
	return all
}

func (b buyer) buy(r *rig.Rig, id, method string) (request.Bought, error) {
	it, err := r.Requests.Sheet(ctx, b.Actor, id)
	if err != nil {
		return request.Bought{}, err
	}
	return r.Requests.Buy(ctx, b.Actor, request.Buy{Request: id, Confirmed: yes(r), Shown: it.Price, Method: method, Back: "/achats/"})
}

type buyer struct{ auth.Actor }

// published makes a request that is on the board of a funded professional.
func published(t *testing.T, r *rig.Rig, change ...func(*request.Ask)) (string, buyer) {
	t.Helper()
	b := buyer{r.Pro(t)}
	r.Fund(t, b.Pro, money.Euros(500))
	s := r.Ask(t, change...)
	r.Publish(t, s.ID)
	return s.ID, b
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if fault.Code(err) != want {
		t.Errorf("got %v, want the fault %s", err, want)
	}
}

func TestSubmit_isMadeOnceHoweverOftenItIsSent(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		in := r.AskInput()
		visitor := auth.Actor{Who: auth.Visitor, Lang: "fr"}
		answers := make([]request.Submitted, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				var err error
				if answers[i], err = r.Requests.Submit(ctx, visitor, in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for _, a := range answers {
			if a.ID != answers[0].ID || a.Token == "" {
				t.Errorf("one form made %s and %s", a.ID, answers[0].ID)
			}
		}
		in.Name = "Quelqu’un d’autre"
		_, err := r.Requests.Submit(ctx, visitor, in)
		code(t, err, "key-reused")
	})
}

// A stranger who types somebody's number learns nothing: the link of the open request goes to that number.
func TestSubmit_duplicateTellsOnlyTheNumberItself(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		first := r.Ask(t)
		number := r.AskInput().Phone
		var phone string
		firstIn := func(in *request.Ask) { phone = in.Phone }
		second := r.Ask(t, firstIn)
		again := r.Ask(t, func(in *request.Ask) { in.Phone = phone })
		if again.ID != second.ID || !again.Duplicate || again.Token != "" {
			t.Fatalf("%+v", again)
		}
		r.Drain(t)
		links := 0
		for _, m := range r.Post.Texts() {
			if strings.Contains(m.Text, "nouveau lien") {
				links++
			}
		}
		if links != 1 {
			t.Errorf("%d links were sent to the number", links)
		}
		other := r.Ask(t, func(in *request.Ask) {
			in.Phone, in.Trade, in.Answers = phone, "serrurier", nil
			for _, q := range r.Network.Form("serrurier").Questions {
				if q.Required && len(q.When) == 0 && len(q.Options) > 0 {
					if in.Answers == nil {
						in.Answers = map[string][]string{}
					}
					in.Answers[q.ID] = []string{q.Options[len(q.Options)-1].ID}
				}
			}
		})
		if other.Duplicate || other.ID == second.ID || first.ID == second.ID || number == phone {
			t.Error("another trade is another request")
		}
	})
}

func TestSubmit_tellsEveryErrorAtOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		_, err := r.Requests.Submit(ctx, auth.Actor{Who: auth.Visitor}, request.Ask{Key: "0123456789abcdef", Site: rig.Host, Trade: "plombier", Lang: "fr", Postcode: "99999", Phone: "12", Email: "x@yopmail.com", Kind: "robot", Name: "\x00"})
		f := fault.Of(err)
		if f == nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, x := range f.Fields {
			got[x.Name] = true
			if x.Text.FR == "" || x.Text.EN == "" {
				t.Errorf("%s has no words", x.Name)
			}
		}
		for _, want := range []string{"urgency", "postcode", "answers.problem", "kind", "name", "phone", "email", "consent-terms", "consent-call-me"} {
			if !got[want] {
				t.Errorf("no error for %s; got %v", want, f.Fields)
			}
		}
	})
}

func TestSubmit_withoutScriptsNeedsTheCode(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t, func(in *request.Ask) { in.Worked = false })
		if !s.NeedsCode {
			t.Fatal("no code asked")
		}
		agent := r.One(t, network.RoleAgent)
		if q, err := r.Requests.Queue(ctx, agent, request.Received); err != nil || len(q) != 0 {
			t.Fatalf("an unproved number waits for an agent: %v %v", q, err)
		}
		consumer, err := r.Requests.Link(ctx, s.Token)
		if err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		digits := regexp.MustCompile(`\d{6}`).FindString(r.Post.Texts()[0].Text)
		wrong := "000000"
		if digits == wrong {
			wrong = "111111"
		}
		for range 2 {
			code(t, r.Requests.Code(ctx, consumer, s.ID, person.ToVerify, wrong), "wrong-code")
		}
		if err := r.Requests.Code(ctx, consumer, s.ID, person.ToVerify, digits[:3]+" "+digits[3:]); err != nil {
			t.Fatal(err)
		}
		if q, err := r.Requests.Queue(ctx, agent, request.Received); err != nil || len(q) != 1 {
			t.Fatalf("after the code: %v %v", q, err)
		}
		if err := r.Requests.Code(ctx, consumer, s.ID, person.ToVerify, digits); err != nil {
			t.Errorf("the second of two quick posts: %v", err)
		}
	})
}

func TestCode_diesAfterTooManyTries(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t, func(in *request.Ask) { in.Worked = false })
		consumer, err := r.Requests.Link(ctx, s.Token)
		if err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		digits := regexp.MustCompile(`\d{6}`).FindString(r.Post.Texts()[0].Text)
		var wg sync.WaitGroup
		for i := range 30 { // at once: the count is exact
			wg.Go(func() {
				guess := fmt.Sprintf("%06d", i)
				if guess == digits {
					return
				}
				err := r.Requests.Code(ctx, consumer, s.ID, person.ToVerify, guess)
				if c := fault.Code(err); c != "wrong-code" && c != "code-dead" {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		code(t, r.Requests.Code(ctx, consumer, s.ID, person.ToVerify, digits), "code-dead")
	})
}

func TestSubmit_limits(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		in := r.AskInput()
		communes := []string{"30007", "30028", "30032"}
		for i := range r.Network.Limits.RequestsPerNumber.Max {
			r.Ask(t, func(a *request.Ask) {
				a.Phone = in.Phone
				if i > 0 {
					a.Postcode, a.INSEE = "30100", communes[0]
					a.Trade = "plombier"
				}
			})
			if i == 1 {
				r.Clock.Add(time.Minute)
			}
			if i >= 1 { // a duplicate makes no person: cancel so that the next one is new
				break
			}
		}
		// By address: each with a number of its own.
		var last error
		for range r.Network.Limits.RequestsPerAddress.Max + 1 {
			a := r.AskInput()
			a.Address = "198.51.100.7"
			_, last = r.Requests.Submit(ctx, auth.Actor{Who: auth.Visitor}, a)
		}
		code(t, last, "too-many-requests")
		a := r.AskInput()
		a.Address = "198.51.100.8"
		if err := r.DB.Write(ctx, func(tx *db.Tx) error {
			return person.Block(tx, person.AddressIndex(r.Vault, a.Address), "spam", "system", tx.Now().Add(time.Hour))
		}); err != nil {
			t.Fatal(err)
		}
		_, err := r.Requests.Submit(ctx, auth.Actor{Who: auth.Visitor}, a)
		code(t, err, "address-blocked")
		r.Clock.Add(2 * time.Hour)
		if _, err := r.Requests.Submit(ctx, auth.Actor{Who: auth.Visitor}, a); err != nil {
			t.Errorf("after the block's end: %v", err)
		}
	})
}

func TestTake_oneOfTwoAgents(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t)
		agents := make([]auth.Actor, 10)
		for i := range agents {
			agents[i] = r.Staff(t, network.RoleAgent)
		}
		errs := make([]error, len(agents))
		var wg sync.WaitGroup
		for i, a := range agents {
			wg.Go(func() { errs[i] = r.Requests.Take(ctx, a, s.ID) })
		}
		wg.Wait()
		won := -1
		for i, err := range errs {
			switch {
			case err == nil && won >= 0:
				t.Fatal("two agents took it")
			case err == nil:
				won = i
			default:
				code(t, err, "taken")
			}
		}
		if won < 0 {
			t.Fatal("nobody took it")
		}
		other := agents[(won+1)%len(agents)]
		_, err := r.Requests.OpenDesk(ctx, other, s.ID)
		code(t, err, "taken")
		r.Clock.AddMachine(20 * time.Minute)
		if err := r.Requests.Take(ctx, other, s.ID); err != nil {
			t.Errorf("an abandoned request is not free again: %v", err)
		}
	})
}

// Nothing is published without an agent, a name and whole answers (ET-34, 35, 45).
func TestPublish_needsAnAgentAndWholeAnswers(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		b := buyer{r.Pro(t)}
		s := r.Ask(t)
		r.Sweep(t)
		if items, _, err := r.Requests.Board(ctx, b.Actor); err != nil || len(items) != 0 {
			t.Fatalf("on the board before an agent saw it: %v %v", items, err)
		}
		code(t, r.Requests.Publish(ctx, r.Staff(t, network.RoleAccountant), s.ID, request.Draft{}), "not-permitted")
		agent := r.One(t, network.RoleAgent)
		if err := r.Requests.Take(ctx, agent, s.ID); err != nil {
			t.Fatal(err)
		}
		desk, err := r.Requests.OpenDesk(ctx, agent, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		broken := desk.Draft
		broken.Answers, broken.Phone = map[string][]string{}, ""
		f := fault.Of(r.Requests.Publish(ctx, agent, s.ID, broken))
		if f == nil || len(f.Fields) < 2 {
			t.Errorf("published without answers and number: %v", f)
		}
		for typed, ok := range map[string]bool{"0,99": false, "1999,01": false, "2000": false, "abc": false, "-5": false, "1": true} {
			d := desk.Draft
			d.Price = typed
			err := r.Requests.Publish(ctx, agent, s.ID, d)
			if (err == nil) != ok {
				t.Errorf("price %s: %v", typed, err)
			}
		}
		file, err := r.Requests.OpenFile(ctx, agent, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if file.PricedBy != agent.Account || file.QualifiedBy != agent.Account || file.Price != money.Euros(1) {
			t.Errorf("priced by %q, qualified by %q, %d", file.PricedBy, file.QualifiedBy, file.Price)
		}
	})
}

// One sale with a wallet, from the board to the clock, with what each side may see.
func TestSale_walletRevealsAndChargesTogether(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, b := published(t, r)
		items, _, err := r.Requests.Board(ctx, b.Actor)
		if err != nil || len(items) != 1 || items[0].Left != 1 {
			t.Fatalf("%+v %v", items, err)
		}
		r.Drain(t)
		for _, m := range r.Post.Texts() {
			if strings.Contains(m.Text, "Fuite") && strings.Contains(m.Text, "Dominique") {
				t.Error("a notice names the client")
			}
		}
		bought, err := b.buy(r, id, "wallet")
		if err != nil {
			t.Fatal(err)
		}
		d, err := r.Requests.Detail(ctx, b.Actor, bought.Purchase)
		if err != nil || !strings.HasPrefix(d.Who.Name, "Dominique Fuite") || d.Who.Phone == "" || d.Street == "" || d.Words["details"] == nil {
			t.Fatalf("%+v %v", d.Who, err)
		}
		if left := d.CallBy.Sub(r.DB.Now()); left != 10*time.Minute {
			t.Errorf("the clock gives %s", left)
		}
		again, err := b.buy(r, id, "wallet")
		if err != nil || again.Purchase != bought.Purchase {
			t.Errorf("the second tap: %+v %v", again, err)
		}
		balance, _, err := r.Billing.Wallet(ctx, b.Actor, b.Pro, "", 0)
		if err != nil || balance != money.Euros(500)-d.Price.Incl(d.VAT) {
			t.Errorf("balance %s: %v", balance.Decimal(), err)
		}
		r.Sweep(t)
		invoices, err := r.Billing.Invoices(ctx, b.Actor, b.Pro, "", 10)
		if err != nil || len(invoices) != 1 || invoices[0].Net != d.Price || !invoices[0].PDF {
			t.Fatalf("%+v %v", invoices, err)
		}
		stranger := r.Pro(t)
		_, err = r.Requests.Detail(ctx, stranger, bought.Purchase)
		code(t, err, "no-purchase")
		// k of N stands in the log.
		if err := r.Proof.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		d, err = r.Requests.Detail(ctx, b.Actor, bought.Purchase)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Proof.Prove(ctx, d.Leaf); err != nil {
			t.Errorf("the sale is not in the log: %v", err)
		}
	})
}

func TestBuy_refusals(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, b := published(t, r)
		it, err := r.Requests.Sheet(ctx, b.Actor, id)
		if err != nil {
			t.Fatal(err)
		}
		buy := func(a auth.Actor, change func(*request.Buy)) error {
			in := request.Buy{Request: id, Confirmed: yes(r), Shown: it.Price, Method: "wallet"}
			change(&in)
			_, err := r.Requests.Buy(ctx, a, in)
			return err
		}
		if f := fault.Of(buy(b.Actor, func(in *request.Buy) { in.Confirmed = nil })); f == nil || len(f.Fields) != len(r.Network.Buying) {
			t.Errorf("unconfirmed: %v", f)
		}
		code(t, buy(b.Actor, func(in *request.Buy) { in.Shown-- }), "price-moved")
		poor := r.Pro(t, func(in *pro.Input) { in.Profile.Base, in.Base = rig.Nimes, rig.Nimes })
		code(t, buy(poor, func(*request.Buy) {}), "not-asked") // he joined after the decision
		far := r.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base = "59350", "59350" })
		code(t, buy(far, func(*request.Buy) {}), "not-asked")
		code(t, buy(r.One(t, network.RoleAgent), func(*request.Buy) {}), "not-permitted")
		if err := r.Pros.Suspend(ctx, r.One(t, network.RoleOnboarding), b.Pro, "quality"); err != nil {
			t.Fatal(err)
		}
		code(t, buy(b.Actor, func(*request.Buy) {}), "pro-not-active")
		if items, _, err := r.Requests.Board(ctx, b.Actor); err != nil || len(items) != 0 {
			t.Errorf("a suspended professional sees %d requests: %v", len(items), err)
		}
	})
}

func TestBuy_withoutFundsChangesNothing(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		b := buyer{r.Pro(t)}
		s := r.Ask(t)
		r.Publish(t, s.ID)
		_, err := b.buy(r, s.ID, "wallet")
		code(t, err, "funds")
		it, err := r.Requests.Sheet(ctx, b.Actor, s.ID)
		if err != nil || it.Left != 1 || it.Sold != 0 {
			t.Errorf("%+v %v", it, err)
		}
	})
}

// Ten professionals, one seat, at once: one buys, nine pay nothing.
func TestBuy_lastSeatGoesToOne(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		buyers := make([]buyer, 10)
		for i := range buyers {
			buyers[i] = buyer{r.Pro(t)}
			r.Fund(t, buyers[i].Pro, money.Euros(200))
		}
		s := r.Ask(t)
		r.Publish(t, s.ID)
		before := r.DB.Stats().Aborts
		errs := make([]error, len(buyers))
		var wg sync.WaitGroup
		for i, b := range buyers {
			wg.Go(func() { _, errs[i] = b.buy(r, s.ID, "wallet") })
		}
		wg.Wait()
		won := 0
		for i, err := range errs {
			balance, _, e := r.Billing.Wallet(ctx, buyers[i].Actor, buyers[i].Pro, "", 0)
			if e != nil {
				t.Fatal(e)
			}
			if err == nil {
				won++
				if balance == money.Euros(200) {
					t.Error("revealed without charge")
				}
				continue
			}
			if c := fault.Code(err); c != "seat-gone" && c != "not-asked" {
				t.Errorf("%v", err)
			}
			if balance != money.Euros(200) {
				t.Error("charged without reveal")
			}
		}
		if won != 1 {
			t.Fatalf("sold %d times", won)
		}
		t.Logf("aborts: %d", r.DB.Stats().Aborts-before)
	})
}

func TestHold_keepsSeatAndPriceForAShortTime(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		a, b := buyer{r.Pro(t)}, buyer{r.Pro(t)}
		for _, x := range []buyer{a, b} {
			r.Fund(t, x.Pro, money.Euros(500))
		}
		s := r.Ask(t)
		r.Publish(t, s.ID)
		if _, err := r.Requests.Hold(ctx, a.Actor, s.ID); err != nil {
			t.Fatal(err)
		}
		_, err := r.Requests.Hold(ctx, b.Actor, s.ID)
		code(t, err, "seat-gone")
		held, err := r.Requests.Sheet(ctx, a.Actor, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Requests.Reprice(ctx, r.One(t, network.RoleAgent), s.ID, "99", "gros chantier"); err != nil {
			t.Fatal(err)
		}
		after, err := r.Requests.Sheet(ctx, a.Actor, s.ID)
		if err != nil || after.Price != held.Price {
			t.Errorf("the cart's price moved from %s to %s: %v", held.Price.Decimal(), after.Price.Decimal(), err)
		}
		r.Clock.Add(6 * time.Minute)
		if _, err := r.Requests.Hold(ctx, b.Actor, s.ID); err != nil {
			t.Fatalf("the hold did not run out: %v", err)
		}
		other, err := r.Requests.Sheet(ctx, b.Actor, s.ID)
		if err != nil || other.Price != money.Euros(99) {
			t.Errorf("the new holder pays %s: %v", other.Price.Decimal(), err)
		}
		_, err = r.Requests.Buy(ctx, a.Actor, request.Buy{Request: s.ID, Confirmed: yes(r), Shown: held.Price, Method: "wallet"})
		code(t, err, "seat-gone")
		if err := r.Requests.Drop(ctx, b.Actor, s.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := a.buy(r, s.ID, "wallet"); err != nil {
			t.Errorf("a seat that nobody holds goes to the first to pay: %v", err)
		}
	})
}

func TestHold_cartIsSmall(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		b := buyer{r.Pro(t)}
		var last error
		for range r.Network.Introductions.Cart.AtMost + 1 {
			s := r.Ask(t)
			r.Publish(t, s.ID)
			_, last = r.Requests.Hold(ctx, b.Actor, s.ID)
		}
		code(t, last, "cart-full")
	})
}

// A card's way, and every place where it can break: never charged without reveal, never revealed without charge.
func TestCard_everyStepRecovers(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		for name, c := range map[string]struct {
			play   func(t *testing.T, id string, b buyer, payment string)
			sold   bool
			answer func(op, payment string) billing.CardResult
		}{
			"straight": {sold: true, play: func(t *testing.T, _ string, _ buyer, payment string) {
				must(t, r.Billing.Authorised(ctx, payment, "ref", true))
			}},
			"told twice": {sold: true, play: func(t *testing.T, _ string, _ buyer, payment string) {
				for range 3 {
					must(t, r.Billing.Authorised(ctx, payment, "ref", true))
					must(t, r.Requests.Advance(ctx, payment))
				}
			}},
			"refused by the bank": {play: func(t *testing.T, _ string, _ buyer, payment string) {
				must(t, r.Billing.Authorised(ctx, payment, "", false))
			}},
			"capture in doubt, then done": {sold: true, answer: once("capture", billing.CardInDoubt), play: func(t *testing.T, _ string, _ buyer, payment string) {
				must(t, r.Billing.Authorised(ctx, payment, "ref", true))
				must(t, r.Requests.Advance(ctx, payment))
			}},
			"capture refused": {answer: once("capture", billing.CardRefused), play: func(t *testing.T, _ string, _ buyer, payment string) {
				must(t, r.Billing.Authorised(ctx, payment, "ref", true))
			}},
			"cancelled while the card was typed": {play: func(t *testing.T, id string, _ buyer, payment string) {
				must(t, r.Requests.Cancel(ctx, auth.Actor{Who: auth.Consumer, Request: id}))
				must(t, r.Billing.Authorised(ctx, payment, "ref", true))
			}},
			"hold ran out and somebody else bought": {play: func(t *testing.T, id string, _ buyer, payment string) {
				r.Clock.Add(6 * time.Minute)
				other := buyer{r.Pro(t)}
				r.Fund(t, other.Pro, money.Euros(500))
				must(t, r.Requests.OfferByHand(ctx, r.One(t, network.RoleAgent), id, other.Pro))
				if _, err := other.buy(r, id, "wallet"); err != nil {
					t.Fatal(err)
				}
				must(t, r.Billing.Authorised(ctx, payment, "ref", true))
			}},
			"hold ran out and nobody took it": {sold: true, play: func(t *testing.T, _ string, _ buyer, payment string) {
				r.Clock.Add(7 * time.Minute)
				must(t, r.Billing.Authorised(ctx, payment, "ref", true))
			}},
		} {
			t.Run(name, func(t *testing.T) {
				r.Bank.Answer(c.answer)
				defer r.Bank.Answer(nil)
				id, b := published(t, r)
				bought, err := b.buy(r, id, "card")
				if err != nil || bought.Checkout == "" {
					t.Fatal(bought, err)
				}
				payment := regexp.MustCompile(`pay_[0-9a-z]+`).FindString(bought.Checkout)
				if _, err := r.Requests.Detail(ctx, b.Actor, bought.Purchase); fault.Code(err) != "no-purchase" {
					t.Fatalf("revealed before the bank answered: %v", err)
				}
				c.play(t, id, b, payment)
				for range 3 {
					r.Sweep(t)
				}
				_, err = r.Requests.Detail(ctx, b.Actor, bought.Purchase)
				revealed, taken := err == nil, r.Bank.Taken(payment) > 0 && !r.Bank.Released(payment)
				if revealed != c.sold || taken != c.sold {
					t.Errorf("revealed %v, charged %v, want %v", revealed, taken, c.sold)
				}
			})
		}
	})
}

// once answers one thing to the first call of an operation, and yes from then on.
func once(op string, result billing.CardResult) func(string, string) billing.CardResult {
	var mu sync.Mutex
	done := false
	return func(o, _ string) billing.CardResult {
		mu.Lock()
		defer mu.Unlock()
		if o == op && !done {
			done = true
			return result
		}
		return billing.CardDone
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// What was decided replays to the same list, after everything has changed, and answers "why not me?" as of then.
func TestReplay_sameListLater(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		for range 6 {
			r.Pro(t)
		}
		away := r.Pro(t, func(in *pro.Input) { in.Profile.AbsentFrom, in.Profile.AbsentUntil = "2026-11-20", "2026-11-30" })
		far := r.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base = "59350", "59350" })
		r.Clock.Add(time.Second)
		id, b := published(t, r)
		agent := r.One(t, network.RoleAgent)
		file, err := r.Requests.OpenFile(ctx, agent, id)
		if err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(time.Hour)
		if _, err := b.buy(r, id, "wallet"); err != nil {
			t.Fatal(err)
		}
		must(t, r.Pros.EditOwn(ctx, b.Actor, func(p *pro.Profile) { p.RadiusKm = 1; p.PerDay = 1 }))
		must(t, r.Pros.EditOwn(ctx, away, func(p *pro.Profile) { p.AbsentFrom, p.AbsentUntil = "", "" }))
		must(t, r.Pros.Suspend(ctx, r.One(t, network.RoleOnboarding), far.Pro, "quality"))
		r.Pro(t)
		d, again, same, err := r.Requests.Replay(ctx, agent, file.Decisions[0].ID)
		if err != nil || !same || len(again.Candidates) != 7 {
			t.Fatalf("same %v, %d candidates then, %d now: %v", same, len(d.Candidates), len(again.Candidates), err)
		}
		for id, want := range map[string]string{away.Pro: "absence", far.Pro: "rayon"} {
			_, why, err := r.Requests.WhyNot(ctx, agent, file.Ref, id)
			if err != nil || !strings.Contains(why.FR, want) {
				t.Errorf("%s: %v", why.FR, err)
			}
		}
	})
}

func TestLate_bothSidesAreToldOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, b := published(t, r)
		if _, err := b.buy(r, id, "wallet"); err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(9*time.Minute + 59*time.Second)
		r.Sweep(t)
		if n := texts(r, "pas encore appelé"); n != 0 {
			t.Fatalf("%d told before the time", n)
		}
		r.Clock.Add(time.Second)
		for range 3 {
			r.Sweep(t)
		}
		if n := texts(r, "pas encore appelé"); n != 1 {
			t.Errorf("the consumer was told %d times", n)
		}
	})
}

func texts(r *rig.Rig, part string) (n int) {
	for _, m := range r.Post.Texts() {
		if strings.Contains(strings.NewReplacer("’", "'").Replace(m.Text), strings.NewReplacer("’", "'").Replace(part)) {
			n++
		}
	}
	return n
}

func TestLog_firstContactStopsTheClock(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, b := published(t, r)
		bought, err := b.buy(r, id, "wallet")
		if err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(4 * time.Minute)
		code(t, r.Requests.Log(ctx, b.Actor, bought.Purchase, "bribed", ""), "no-such-outcome")
		must(t, r.Requests.Log(ctx, b.Actor, bought.Purchase, "reached", ""))
		r.Clock.Add(time.Hour)
		must(t, r.Requests.Log(ctx, b.Actor, bought.Purchase, "won", ""))
		r.Sweep(t)
		d, err := r.Requests.Detail(ctx, b.Actor, bought.Purchase)
		if err != nil || d.Contacted.Sub(d.Revealed) != 4*time.Minute || !d.Late.IsZero() || d.Outcome != "won" || len(d.Contacts) != 2 {
			t.Errorf("%+v %v", d.Purchase, err)
		}
	})
}

func TestConsumer_stopsCancelsCorrects(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, b := published(t, r)
		bought, err := b.buy(r, id, "wallet")
		if err != nil {
			t.Fatal(err)
		}
		consumer := auth.Actor{Who: auth.Consumer, Request: id}
		m, err := r.Requests.Mine(ctx, consumer)
		if err != nil || len(m.Takers) != 1 {
			t.Fatal(m.Takers, err)
		}
		in := m.Current()
		in.Name = "Dominique Corrigé"
		code(t, r.Requests.Correct(ctx, consumer, "", in), "code-needed")
		coded := consumer
		coded.Coded = true
		must(t, r.Requests.Correct(ctx, coded, "", in))
		d, err := r.Requests.Detail(ctx, b.Actor, bought.Purchase)
		if err != nil || d.Who.Name != "Dominique Corrigé" {
			t.Errorf("the correction did not reach the buyer: %v", err) // ET-125
		}
		must(t, r.Requests.StopContact(ctx, consumer, bought.Purchase))
		d, err = r.Requests.Detail(ctx, b.Actor, bought.Purchase)
		if err != nil || d.Masked != "stopped" || d.Who.Phone != "" || d.Street != "" {
			t.Errorf("after the stop: %+v %v", d.Who, err)
		}
		other, c := published(t, r)
		if _, err := r.Requests.Hold(ctx, c.Actor, other); err != nil {
			t.Fatal(err)
		}
		must(t, r.Requests.Cancel(ctx, auth.Actor{Who: auth.Consumer, Request: other}))
		_, err = c.buy(r, other, "wallet")
		if fault.Of(err) == nil {
			t.Errorf("bought a cancelled request: %v", err)
		}
		code(t, r.Requests.Cancel(ctx, auth.Actor{Who: auth.Consumer, Request: other}), "state-moved")
		if _, err := r.Requests.Mine(ctx, auth.Actor{Who: auth.Consumer, Request: "req_nothing"}); fault.Code(err) != "no-request" {
			t.Error(err)
		}
	})
}

func TestStop_worksAtOnceByLinkAndBySMS(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		b := r.Pro(t)
		s := r.Ask(t)
		r.Drain(t)
		must(t, r.Requests.StopSMS(ctx, "+33639980001")) // nobody we know
		contacts, err := r.Pros.Contacts(ctx, b.Pro)
		if err != nil {
			t.Fatal(err)
		}
		must(t, r.Requests.StopSMS(ctx, contacts[b.Pro].Phone))
		before := len(r.Post.Texts())
		r.Publish(t, s.ID)
		r.Drain(t)
		for _, m := range r.Post.Texts()[before:] {
			if m.To == contacts[b.Pro].Phone {
				t.Errorf("a text after STOP: %q", m.Text)
			}
		}
		var stop []string
		for _, m := range r.Post.Texts() {
			if found := regexp.MustCompile(`https://` + rig.Host + `/stop/(\S+)`).FindStringSubmatch(m.Text); found != nil {
				stop = found
			}
		}
		if stop == nil {
			t.Fatal("no text to the consumer holds a stop link")
		}
		if scope, err := r.Requests.StopBy(ctx, stop[1]); err != nil || scope != notify.ScopeService {
			t.Fatal(scope, err)
		}
		if _, err := r.Requests.StopBy(ctx, stop[1]+"x"); !fault.Is(err, fault.Anonymous) {
			t.Errorf("a forged stop link: %v", err)
		}
		code(t, r.Requests.Text(ctx, r.One(t, network.RoleAgent), s.ID, "", "Nous vous rappelons."), "may-not-contact-stopped")
		// The link in an e-mail, and in its header, stops e-mails: another link than the text's.
		var letters int
		for _, m := range r.Post.Mails() {
			found := regexp.MustCompile(`https://` + rig.Host + `/stop/(\S+)`).FindStringSubmatch(m.Text)
			if found == nil {
				continue
			}
			letters++
			if found[1] == stop[1] || m.Unsubscribe != found[0] {
				t.Errorf("an e-mail's link is %q, its header's %q, the text's %q", found[0], m.Unsubscribe, stop[0])
			}
		}
		if letters == 0 {
			t.Error("no e-mail to the consumer holds a stop link")
		}
	})
}

func TestExpire_tellsTheConsumerOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t)
		r.Publish(t, s.ID)
		r.Clock.Add(24 * time.Hour)
		for range 2 {
			r.Sweep(t)
		}
		m, err := r.Requests.Mine(ctx, auth.Actor{Who: auth.Consumer, Request: s.ID})
		if err != nil || m.State != request.Unserved {
			t.Fatal(m.State, err)
		}
		if n := texts(r, "aucun professionnel"); n != 1 {
			t.Errorf("told %d times", n)
		}
		next := r.Ask(t, func(in *request.Ask) { in.Phone = m.Who.Phone })
		if next.Duplicate {
			t.Error("the number of a closed request may not ask again")
		}
	})
}

func TestWidenAndByHand(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		near := buyer{r.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base, in.Profile.RadiusKm = "30258", "30258", 1 })} // Saint-Gilles, some 18 km away
		s := r.Ask(t)
		r.Publish(t, s.ID)
		agent := r.One(t, network.RoleAgent)
		if items, _, err := r.Requests.Board(ctx, near.Actor); err != nil || len(items) != 0 {
			t.Fatal(items, err)
		}
		_, err := r.Requests.Widen(ctx, agent, s.ID, network.Distance(7))
		code(t, err, "no-such-step")
		asked := 0
		for _, step := range r.Network.Introductions.Radius.Widen {
			n, err := r.Requests.Widen(ctx, agent, s.ID, step)
			if err != nil {
				t.Fatal(err)
			}
			asked += n
		}
		if items, _, err := r.Requests.Board(ctx, near.Actor); err != nil || len(items) != 1 || asked != 1 {
			t.Errorf("asked %d, board %d: %v", asked, len(items), err)
		}
		outside := r.Pro(t, func(in *pro.Input) { in.Outside, in.Base, in.Profile.Base = true, "59350", "59350" })
		must(t, r.Requests.OfferByHand(ctx, agent, s.ID, outside.Pro))
		r.Fund(t, outside.Pro, money.Euros(100))
		it, err := r.Requests.Sheet(ctx, outside, s.ID)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Requests.Buy(ctx, outside, request.Buy{Request: s.ID, Confirmed: yes(r), Shown: it.Price, Method: "wallet"}); err != nil {
			t.Errorf("an outside professional buys under the same rules: %v", err)
		}
	})
}

// After a whole sale, no personal value stands anywhere in the database in plain text.
func TestSale_leavesNothingInPlainText(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, b := published(t, r, func(in *request.Ask) {
			in.Name, in.Street, in.Email = "Zébulon Cachottier", "77 rue Introuvable", "zebulon@example.org"
			in.Answers["details"] = []string{"Code du portail quarante-deux"}
		})
		if _, err := b.buy(r, id, "wallet"); err != nil {
			t.Fatal(err)
		}
		r.Sweep(t)
		secrets := []string{"Zébulon", "Cachottier", "Introuvable", "zebulon@", "quarante-deux", "Plomberie Essai", "2 rue de l’Exemple", "+3363998", "203.0.113."}
		err := r.DB.Dump(ctx, func(table string, row map[string]any) error {
			if table == "edition" {
				return nil // the operator's own public file
			}
			for column, v := range row {
				text := fmt.Sprint(v)
				if bytes, ok := v.([]byte); ok {
					text = string(bytes)
				}
				for _, s := range secrets {
					if strings.Contains(text, s) {
						t.Errorf("%s.%s holds %q in plain text", table, column, s)
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var person string
		if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
			person, err = db.Value[string](tx, "SELECT person_id FROM request WHERE id = $1", id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Vault.Erase(ctx, person); err != nil {
			t.Fatal(err)
		}
		m, err := r.Requests.Mine(ctx, auth.Actor{Who: auth.Consumer, Request: id})
		if err != nil || m.Who.Name != "" || m.Street != "" || len(m.Words) != 0 {
			t.Errorf("after erasure: %+v %v", m.Who, err)
		}
		if errors.Is(err, db.ErrNone) {
			t.Error("the row is gone")
		}
	})
}
