package request_test

import (
	"sync"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

func count(t *testing.T, r *rig.Rig, q string, args ...any) (n int64) {
	t.Helper()
	must(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { n, err = db.Value[int64](tx, q, args...); return }))
	return n
}

// Whoever may offer by hand records somebody from outside with the offer, or not at all; known from then on, he is found by his number.
func TestOfferOutside_recordsWithTheOfferAndFindsAgain(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, who := r.One(t, network.RoleAgent), r.ProInput().Identity
		s := r.Ask(t)
		code(t, r.Requests.OfferOutside(ctx, agent, s.ID, who), "state-moved") // not published yet
		r.Publish(t, s.ID)
		code(t, r.Requests.OfferOutside(ctx, r.One(t, network.RoleOnboarding), s.ID, who), "not-permitted")
		taken := who
		taken.Email = "pris@example.com"
		r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}, Email: taken.Email})
		code(t, r.Requests.OfferOutside(ctx, agent, s.ID, taken), "email-taken")
		if n := count(t, r, "SELECT count(*) FROM pro"); n != 0 {
			t.Fatalf("%d professionals are left of offers that failed", n)
		}
		must(t, r.Requests.OfferOutside(ctx, agent, s.ID, who))
		must(t, r.Requests.OfferOutside(ctx, agent, s.ID, who)) // the second of two taps
		next := r.Ask(t)
		r.Publish(t, next.ID)
		who.SIREN = who.SIREN[:3] + " " + who.SIREN[3:]
		must(t, r.Requests.OfferOutside(ctx, agent, next.ID, who))
		if pros, offers, made := count(t, r, "SELECT count(*) FROM pro WHERE outside = $1", true), count(t, r, "SELECT count(*) FROM offer"), count(t, r, "SELECT count(*) FROM audit WHERE action = 'pro.create' AND role = 'agent'"); pros != 1 || offers != 2 || made != 1 {
			t.Errorf("%d professionals with %d offers, %d lines; want 1, 2 and 1", pros, offers, made)
		}
		member := r.Pro(t)
		contacts, err := r.Pros.Contacts(ctx, member.Pro)
		must(t, err)
		must(t, r.Pros.Suspend(ctx, r.One(t, network.RoleOnboarding), member.Pro, "quality"))
		code(t, r.Requests.OfferOutside(ctx, agent, next.ID, contacts[member.Pro].Identity), "pro-shut")
	})
}

func TestOfferOutside_ofTwoAgentsAtOnceRecordsOne(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.ProInput().Identity
		var asked []request.Submitted
		for range 4 {
			s := r.Ask(t)
			r.Publish(t, s.ID)
			asked = append(asked, s)
		}
		agent := r.One(t, network.RoleAgent)
		var wg sync.WaitGroup
		errs := make([]error, len(asked))
		for i, s := range asked {
			wg.Go(func() { errs[i] = r.Requests.OfferOutside(ctx, agent, s.ID, who) })
		}
		wg.Wait()
		done := int64(0)
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				code(t, err, "siren-taken")
			}
		}
		if pros, offers := count(t, r, "SELECT count(*) FROM pro"), count(t, r, "SELECT count(*) FROM offer"); done == 0 || pros != 1 || offers != done {
			t.Errorf("%d of %d offers were made: %d professionals, %d offers", done, len(asked), pros, offers)
		}
		var known []pro.Pro
		must(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { known, err = pro.Outsiders(tx, "plombier"); return }))
		if len(known) != 1 || !known[0].MayBuy(r.DB.Now()) {
			t.Errorf("%+v", known)
		}
	})
}
