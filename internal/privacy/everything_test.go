package privacy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// steps sums a forecast by what happens, and by purpose what of it leaves a purpose for good.
func steps(all []privacy.Forecast) (by, leaving map[string]int64) {
	by, leaving = map[string]int64{}, map[string]int64{}
	for _, f := range all {
		by[f.To] += f.Records
		if !f.Forgets() && f.To != "archive" {
			leaving[f.Purpose] += f.Records
		}
	}
	return by, leaving
}

// What is foretold for a time to come is what a round at its end does, whatever happened before: purposes that overlap, records that end, open again or are
// renewed, legal holds with and without an end, accounts that close and open, rows that serve for a time, under clocks that jump.
func TestLife_everythingThatMovesWasForetold(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rnd := rand.New(rand.NewPCG(18, 3))
		officer, boss := r.One(t, network.RoleOfficer), r.One(t, network.RoleAdministrator)
		r.Clock.Add(time.Second)
		n, problems, err := r.Editions.Apply(ctx, "system", changedFolder(t, "works-advisor", "\nnetwork: works-advisor", "\nnetwork: emergency-trades")) // it renews, archives and makes anonymous
		if err != nil || n == nil {
			t.Fatal(err, problems)
		}
		r.Network = n
		var purposes []network.Purpose
		var states []network.While
		for _, p := range n.Purposes {
			if p.Keep != nil {
				purposes = append(purposes, p)
				if p.Keep.While != "" {
					states = append(states, p.Keep.While)
				}
			}
		}
		type held struct{ person, record string }
		var all []held
		var accounts, holds []string
		ends := map[string]time.Time{} // of holds that end by themselves
		var kinds [6]int
		acts := []func(){
			func() { // a record with purposes that overlap, some waiting for a state to end
				x := held{fmt.Sprintf("per_e%d", rnd.IntN(20)), fmt.Sprintf("tst_e%d", len(all))}
				all = append(all, x)
				ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
					for i, n := range rnd.Perm(len(purposes))[:1+rnd.IntN(4)] {
						p, base := purposes[n], tx.Now()
						if p.Keep.While != "" && i%2 == 0 {
							base = time.Time{}
						}
						if err := tx.Send("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, $3, $4, 'kept', $5, $6)", x.person, x.record, p.ID, db.Micros(tx.Now()), db.Micros(base), string(p.Data[0])); err != nil {
							return err
						}
					}
					return nil
				}))
			},
			func() { // a state ends, begins again, or something starts the time anew
				x := all[rnd.IntN(len(all))]
				ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
					switch rnd.IntN(3) {
					case 0:
						return privacy.Resumed(tx, r.Network, x.person, x.record, states[rnd.IntN(len(states))])
					case 1:
						return privacy.Reacted(tx, r.Network, x.person, network.ByReply, network.ByCall, network.ByRequest, network.ByClick, network.ByExchange)
					}
					return privacy.Ended(tx, r.Network, x.person, x.record, states[rnd.IntN(len(states))])
				}))
			},
			func() { // a legal hold on a record or on all of somebody
				x := all[rnd.IntN(len(all))]
				h := privacy.LegalHold{Person: x.person, Ground: "dispute", Reference: fmt.Sprintf("RG %d", len(holds))}
				if rnd.IntN(2) == 0 {
					h.Record = x.record
				}
				if rnd.IntN(2) == 0 {
					h.Until = r.Clock.Now().Add(time.Duration(1+rnd.IntN(900)) * 24 * time.Hour)
				}
				id, err := r.Life.Lay(ctx, officer, h)
				if fault.Is(err, fault.Missing) {
					return // it is gone already
				}
				ok(t, err)
				holds = append(holds, id)
				if !h.Until.IsZero() {
					ends[id] = h.Until
				}
			},
			func() { // which somebody lifts
				if len(holds) > 0 {
					id := holds[rnd.IntN(len(holds))]
					ok(t, r.Life.Lift(ctx, officer, id))
					delete(ends, id)
				}
			},
			func() { // an account is made, closed or opened again
				if len(accounts) < 3 || rnd.IntN(3) == 0 {
					accounts = append(accounts, r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}}).Account)
					return
				}
				boss.Fresh = r.DB.Machine()
				act := r.Auth.Disable
				if rnd.IntN(3) == 0 {
					act = r.Auth.Enable
				}
				if err := act(ctx, boss, accounts[rnd.IntN(len(accounts))]); err != nil && !fault.Is(err, fault.Missing) && !fault.Is(err, fault.Conflict) {
					t.Fatal(err)
				}
			},
			func() { spentRows(t, r, fmt.Sprintf("row %d", kinds[5])) },
		}
		counts := func() map[string]int64 {
			t.Helper()
			out := map[string]int64{}
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
				clear(out)
				return db.Each(tx, func(s db.Scanner) error {
					var p string
					var n int64
					err := s.Scan(&p, &n)
					out[p] = n
					return err
				}, "SELECT purpose, count(*) FROM holding WHERE purpose <> 'legal-hold' GROUP BY purpose")
			}))
			return out
		}
		total := map[string]int64{}
		for step := range 70 {
			for range 1 + rnd.IntN(6) {
				k := rnd.IntN(len(acts))
				if len(all) == 0 {
					k = 0
				}
				acts[k]()
				kinds[k]++
			}
			to(t, r, r.Clock.Now()) // what was just closed is held so from here
			until := r.Clock.Now().Add(time.Duration(rnd.Int64N(int64(200 * 24 * time.Hour)))).Truncate(time.Microsecond)
			// A hold's own end is an instant at which the server's round, every minute, stands: so does this one's.
			for _, end := range ends {
				if end.After(r.Clock.Now()) && end.Before(until) {
					until = end
				}
			}
			if slices.ContainsFunc(holds, func(id string) bool { return ends[id].Equal(until) }) && rnd.IntN(2) == 0 {
				until = until.Add(-time.Microsecond) // and the instant before it
			}
			forecast, err := r.Life.Foretell(ctx, r.Network, until)
			ok(t, err)
			foretold, leaving := steps(forecast)
			before := counts()
			done := to(t, r, until)
			got := map[string]int64{"archive": done.Archived, "erase": done.Erased, "anonymise": done.Anonymised, "hold": done.Held, "forget": done.Forgotten}
			for what, n := range got {
				if foretold[what] != n {
					t.Fatalf("step %d until %s: %d foretold to %s, %d did", step, until, foretold[what], what, n)
				}
				total[what] += n
			}
			after := counts()
			for p, n := range before {
				if after[p] != n-leaving[p] {
					t.Fatalf("step %d until %s: of %d rows of %s %d were foretold to leave, %d are left", step, until, n, p, leaving[p], after[p])
				}
			}
			if again, err := r.Life.Foretell(ctx, r.Network, until); err != nil || len(again) != 0 {
				t.Fatalf("step %d: a round that ended leaves %+v, %v", step, again, err)
			}
			for id, end := range ends {
				if !end.After(r.Clock.Now()) {
					delete(ends, id)
				}
			}
		}
		for _, what := range []string{"archive", "erase", "anonymise", "hold", "forget"} {
			if total[what] == 0 {
				t.Errorf("the run never came to %s: it shows nothing of it", what)
			}
		}
	})
}
