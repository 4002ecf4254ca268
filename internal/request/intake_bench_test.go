package request_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// BenchmarkSubmit is one durable intake without HTTP and without the messages that leave afterwards, by thirty-two programs at once.
func BenchmarkSubmit(b *testing.B) {
	r := rig.New(b, db.SQLite)
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			in := r.AskInput()
			k := n.Add(1)
			in.Key, in.Phone, in.Address = fmt.Sprintf("bench-key-%016d", k), fmt.Sprintf("06 39 98 %02d %02d", k/100%100, k%100), ""
			in.Postcode, in.INSEE = "51300", places[k/10_000%int64(len(places))]
			if _, err := r.Requests.Submit(ctx, auth.Actor{Who: auth.Affiliate, Account: "acc_bench", Lang: "fr"}, in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// places share one postcode, so that a number may ask again elsewhere.
var places = []string{"51649", "51001", "51002"}

var _ request.Ask
