package rig_test

import (
	"context"
	"testing"

	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// The rig itself makes a sale, so that a test that fails elsewhere does not fail because of it.
func TestRig_sells(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		plumber := r.Pro(t)
		r.Fund(t, plumber.Pro, money.Euros(100))
		asked := r.Ask(t)
		r.Publish(t, asked.ID)
		r.Sweep(t)
		items, _, err := r.Requests.Board(ctx, plumber)
		if err != nil || len(items) != 1 {
			t.Fatalf("board: %v, %v", items, err)
		}
		confirmed := map[string]bool{}
		for _, w := range r.Network.Buying {
			confirmed[w.ID] = true
		}
		bought, err := r.Requests.Buy(ctx, plumber, request.Buy{Request: asked.ID, Confirmed: confirmed, Shown: items[0].Price, Method: "wallet"})
		if err != nil || bought.Purchase == "" {
			t.Fatal(bought, err)
		}
		r.Drain(t)
		if len(r.Post.Texts()) == 0 || len(r.Post.Mails()) == 0 {
			t.Errorf("%d texts and %d e-mails left", len(r.Post.Texts()), len(r.Post.Mails()))
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			if n, err := db.Value[int64](tx, "SELECT count(*) FROM job WHERE error <> ''"); err != nil || n > 0 {
				t.Errorf("%d jobs failed: %v", n, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}
