package request_test

import (
	"sync"
	"testing"
	"time"

	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// Once his insurance has run out a professional is asked about nothing, sees nothing and takes nothing; the decision replays as it was made
// although staff have noted the new proof since (ET-76).
func TestInsurance_shutsOutUntilRenewed(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		var in pro.Input
		b := buyer{r.Pro(t, func(x *pro.Input) {
			x.Until = r.DB.Now().In(rig.Paris()).AddDate(0, 0, 1).Format(time.DateOnly)
			in = *x
		})}
		r.Fund(t, b.Pro, money.Euros(500))
		before := r.Ask(t)
		r.Publish(t, before.ID)
		_, err := r.Requests.Hold(ctx, b.Actor, before.ID)
		must(t, err)
		it, err := r.Requests.Sheet(ctx, b.Actor, before.ID)
		must(t, err)
		now := r.DB.Now().In(rig.Paris())
		r.Clock.Add(time.Date(now.Year(), now.Month(), now.Day()+2, 0, 0, 0, 0, now.Location()).Sub(now))
		_, err = r.Requests.Hold(ctx, b.Actor, before.ID)
		code(t, err, "uninsured")
		for _, method := range []string{"wallet", "card"} {
			_, err = r.Requests.Buy(ctx, b.Actor, request.Buy{Request: before.ID, Confirmed: yes(r), Shown: it.Price, Method: method})
			code(t, err, "uninsured")
		}
		after := r.Ask(t)
		r.Publish(t, after.ID)
		agent := r.One(t, network.RoleAgent)
		code(t, r.Requests.OfferByHand(ctx, agent, after.ID, b.Pro), "pro-shut")
		items, _, err := r.Requests.Board(ctx, b.Actor)
		must(t, err)
		if len(items) != 0 || count(t, r, "SELECT count(*) FROM offer WHERE request_id = $1", after.ID) != 0 {
			t.Errorf("his board holds %d requests, or he was asked", len(items))
		}
		why := func() fault.Text {
			_, why, err := r.Requests.WhyNot(ctx, b.Actor, after.Ref, "")
			must(t, err)
			return why
		}
		said := fault.T("L’attestation d’assurance que nous avions de vous était échue.", "The proof of insurance that we had of you had run out.")
		if got := why(); got != said {
			t.Errorf("he is told %q", got.EN)
		}
		r.Clock.Add(time.Minute)
		in.Checked, in.Until = []string{"insurance"}, r.DB.Now().AddDate(1, 0, 0).Format(time.DateOnly)
		must(t, r.Pros.Edit(ctx, r.One(t, network.RoleOnboarding), b.Pro, in))
		f, err := r.Requests.OpenFile(ctx, agent, after.ID)
		must(t, err)
		if _, _, same, err := r.Requests.Replay(ctx, agent, f.Decisions[0].ID); err != nil || !same {
			t.Errorf("the decision does not replay: %v", err)
		}
		if got := why(); got != said {
			t.Errorf("afterwards he is told %q", got.EN)
		}
		next := r.Ask(t)
		r.Publish(t, next.ID)
		if _, err := b.buy(r, next.ID, "wallet"); err != nil {
			t.Errorf("renewed, he does not buy: %v", err)
		}
	})
}

// However many he taps at once, a cart holds what the network says and no more.
func TestHold_cartLimitHoldsAtOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		most := int64(r.Network.Introductions.Cart.AtMost)
		_, b := published(t, r)
		var ids []string
		for range 2 * most {
			s := r.Ask(t)
			r.Publish(t, s.ID)
			ids = append(ids, s.ID)
		}
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() {
				if _, err := r.Requests.Hold(ctx, b.Actor, id); err != nil {
					code(t, err, "cart-full")
				}
			})
		}
		wg.Wait()
		if n := count(t, r, "SELECT count(*) FROM seat WHERE pro_id = $1 AND state = 'held'", b.Pro); n != most {
			t.Errorf("%d seats are held, want %d", n, most)
		}
	})
}

// Whoever is suspended while he taps holds nothing afterwards: a hold either came before, and was freed, or is refused. The same of purchases.
func TestSuspend_whileHeTaps(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		for range 4 {
			_, b := published(t, r)
			bought := r.Ask(t)
			r.Publish(t, bought.ID)
			it, err := r.Requests.Sheet(ctx, b.Actor, bought.ID)
			must(t, err)
			var ids []string
			for range r.Network.Introductions.Cart.AtMost - 1 {
				s := r.Ask(t)
				r.Publish(t, s.ID)
				ids = append(ids, s.ID)
			}
			var wg sync.WaitGroup
			for _, id := range ids {
				wg.Go(func() {
					if _, err := r.Requests.Hold(ctx, b.Actor, id); err != nil {
						code(t, err, "pro-not-active")
					}
				})
			}
			wg.Go(func() {
				if _, err := r.Requests.Buy(ctx, b.Actor, request.Buy{Request: bought.ID, Confirmed: yes(r), Shown: it.Price, Method: "card", Back: "/achats/"}); err != nil {
					code(t, err, "pro-not-active")
				}
			})
			wg.Go(func() { must(t, r.Pros.Suspend(ctx, staff, b.Pro, "quality")) })
			wg.Wait()
			if n := count(t, r, "SELECT count(*) FROM seat WHERE pro_id = $1", b.Pro); n != 0 {
				t.Errorf("a suspended professional holds %d seats", n)
			}
		}
	})
}
