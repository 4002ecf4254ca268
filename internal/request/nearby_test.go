package request_test

import (
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// What a professional is shown of requests outside his area rests on what he bought, needs more than one request, and is gone with his objection
// (ET-117).
func TestNearby_restsOnHistoryAndEndsWithAnObjection(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		const marguerittes = "30156"
		he := buyer{r.Pro(t, func(in *pro.Input) { in.Profile.RadiusKm = 3 })}
		r.Fund(t, he.Pro, 500_00)
		near := func(who auth.Actor) []request.Nearby {
			t.Helper()
			all, err := r.Requests.Nearby(ctx, who)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		elsewhere := func(insee string) {
			s := r.Ask(t, func(a *request.Ask) { a.Postcode, a.INSEE = "30320", insee })
			r.Publish(t, s.ID)
		}
		elsewhere(marguerittes)
		r.Clock.Add(25 * time.Hour)
		r.Sweep(t)
		if got := near(he.Actor); got != nil {
			t.Errorf("he bought nothing: %+v", got)
		}
		s := r.Ask(t)
		r.Publish(t, s.ID)
		if _, err := he.buy(r, s.ID, "wallet"); err != nil {
			t.Fatal(err)
		}
		if got := near(he.Actor); len(got) != 0 {
			t.Errorf("one request is chance: %+v", got)
		}
		elsewhere(marguerittes)
		if got := near(he.Actor); len(got) != 0 {
			t.Errorf("one of two is still offered: %+v", got)
		}
		r.Clock.Add(25 * time.Hour)
		r.Sweep(t)
		got := near(he.Actor)
		if len(got) != 1 || got[0].INSEE != marguerittes || got[0].Trade != "plombier" || got[0].Requests != 2 || got[0].Distance < 3000 {
			t.Fatalf("%+v", got)
		}
		if other := near(r.Pro(t)); other != nil {
			t.Errorf("another, who bought nothing: %+v", other)
		}
		purpose, ok := r.Network.For(network.DeedNearby, network.Professional)
		if !ok {
			t.Fatal("no purpose does it")
		}
		if err := r.Pros.Object(ctx, he.Actor, purpose.ID, false); err != nil {
			t.Fatal(err)
		}
		if got := near(he.Actor); got != nil {
			t.Errorf("he objected: %+v", got)
		}
		if err := r.Pros.Object(ctx, he.Actor, purpose.ID, true); err != nil {
			t.Fatal(err)
		}
		if got := near(he.Actor); len(got) != 1 {
			t.Errorf("taken back: %+v", got)
		}
		if err := r.Pros.EditOwn(ctx, he.Actor, func(p *pro.Profile) { p.Communes = append(p.Communes, marguerittes) }); err != nil {
			t.Fatal(err)
		}
		if got := near(he.Actor); len(got) != 0 {
			t.Errorf("it is in his area now: %+v", got)
		}
		r.Clock.Add(100 * 24 * time.Hour)
		if err := r.Pros.EditOwn(ctx, he.Actor, func(p *pro.Profile) { p.Communes = nil }); err != nil {
			t.Fatal(err)
		}
		if got := near(he.Actor); len(got) != 0 {
			t.Errorf("long ago: %+v", got)
		}
	})
}
