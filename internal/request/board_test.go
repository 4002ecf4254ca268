package request_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// A list of requests, each in another state for the one who looks, says of each what its own sheet says.
func TestBoard_saysOfManyWhatEachSheetSaysOfOne(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		me, other := buyer{r.Pro(t)}, buyer{r.Pro(t)}
		for _, b := range []buyer{me, other} {
			r.Fund(t, b.Pro, money.Euros(500))
		}
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ids := map[string]string{}
		for _, what := range []string{"free", "expired", "mine", "another's", "sold"} {
			ids[what] = r.Ask(t).ID
			r.Publish(t, ids[what])
			r.Clock.Add(time.Second)
		}
		hold := func(b buyer, what string) {
			t.Helper()
			_, err := b.hold(r, ids[what])
			ok(err)
		}
		hold(me, "expired")
		r.Clock.Add(20 * time.Minute)
		hold(me, "mine")
		hold(other, "another's")
		for _, b := range []buyer{me, other} { // every seat of it
			for range 3 {
				if _, err := b.buy(r, ids["sold"], "wallet"); err != nil {
					break
				}
			}
		}
		board, _, err := r.Requests.Board(ctx, me.Actor)
		ok(err)
		cart, err := r.Requests.Cart(ctx, me.Actor)
		ok(err)
		if !slices.IsSortedFunc(board, func(a, b request.Item) int { return b.PublishedAt.Compare(a.PublishedAt) }) || len(board) < 4 || len(cart) != 2 {
			t.Errorf("%d on the board, %d in the cart", len(board), len(cart))
		}
		seen := map[string]request.Item{}
		for _, it := range slices.Concat(board, cart) {
			one, err := r.Requests.Sheet(ctx, me.Actor, it.ID)
			ok(err)
			if !reflect.DeepEqual(it, one) {
				t.Errorf("the list and the sheet differ:\n%+v\n%+v", it, one)
			}
			seen[it.ID] = it
		}
		if it := seen[ids["mine"]]; it.HeldUntil.IsZero() {
			t.Error("his own hold is not told")
		}
		if it := seen[ids["expired"]]; !it.Expired {
			t.Error("a hold that ran out is not told")
		}
		if it := seen[ids["another's"]]; it.Left+1 != it.Seats || it.FreeAt.IsZero() {
			t.Errorf("a colleague's hold: %d of %d left, free at %v", it.Left, it.Seats, it.FreeAt)
		}
		stranger := buyer{r.Pro(t)}
		_, err = r.Requests.Sheet(ctx, stranger.Actor, ids["free"])
		code(t, err, "not-asked")
		if all, _, err := r.Requests.Board(ctx, stranger.Actor); err != nil || len(all) != 0 {
			t.Errorf("who was asked nothing sees %d, %v", len(all), err)
		}
	})
}

func (b buyer) hold(r *rig.Rig, id string) (time.Time, error) {
	return r.Requests.Hold(ctx, b.Actor, id)
}

func TestIdle_countsThreeMonthsFromTheLastPurchaseOrTheBeginning(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		never := r.Pro(t)
		_, b := published(t, r)
		r.Clock.Add(60 * 24 * time.Hour)
		later := r.Ask(t)
		r.Publish(t, later.ID)
		if _, err := b.buy(r, later.ID, "wallet"); err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(35 * 24 * time.Hour) // ninety-five days after both came
		young := r.Pro(t)
		for _, x := range []struct {
			who  auth.Actor
			idle bool
		}{{never, true}, {b.Actor, false}, {young, false}} {
			if err := r.DB.Read(ctx, func(tx *db.Tx) error {
				ids, err := request.Idle(tx, r.Network, 10)
				if err != nil {
					return err
				}
				p, err := pro.Load(tx, x.who.Pro)
				if err != nil {
					return err
				}
				active, err := request.ActivityOf(tx, tx.Now(), x.who.Pro)
				if listed, one := slices.Contains(ids, x.who.Pro), request.IsIdle(r.Network, p, active[x.who.Pro], tx.Now()); listed != x.idle || one != x.idle {
					t.Errorf("%s: listed %v, alone %v, want %v", x.who.Pro, listed, one, x.idle)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
