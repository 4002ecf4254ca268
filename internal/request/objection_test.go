package request_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
)

func number(t *testing.T, r *rig.Rig, q string, args ...any) (n int64) {
	t.Helper()
	if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) { n, err = db.Value[int64](tx, q, args...); return }); err != nil {
		t.Fatal(err)
	}
	return n
}

func consumerOf(s request.Submitted) auth.Actor {
	return auth.Actor{Who: auth.Consumer, Request: s.ID}
}

// Whatever the order in which a person objects, takes it back and his request goes on, nothing acts on a purpose to which he objects: no decision
// is made and no offer of the software stands that nobody has bought (AQ-26; GDPR art. 21.1).
func TestObject_anObjectedPurposeNeverActs(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		r.Pro(t)
		r.Pro(t)
		routing, ok := r.Network.For(network.DeedRouting, network.Consumer)
		if !ok {
			t.Fatal("no purpose routes")
		}
		agent := r.One(t, network.RoleAgent)
		random := rand.New(rand.NewPCG(1, 2))
		acted, never := 0, 0
		for range 12 {
			s := r.Ask(t)
			me := consumerOf(s)
			objects, published := false, false
			for range 6 {
				before := number(t, r, "SELECT count(*) FROM decision WHERE request_id = $1", s.ID)
				switch random.IntN(4) {
				case 0:
					if err := r.Requests.Object(ctx, me, routing.ID, "", false); err != nil {
						t.Fatal(err)
					}
					objects = true
				case 1:
					if err := r.Requests.Object(ctx, me, routing.ID, "", true); err != nil {
						t.Fatal(err)
					}
					objects = false
				case 2:
					if !published {
						r.Publish(t, s.ID)
						published = true
					}
				case 3:
					if published {
						_, err := r.Requests.Widen(ctx, agent, s.ID, r.Network.Introductions.Radius.Widen[0])
						if objects {
							code(t, err, "by-hand")
						} else if err != nil {
							t.Fatal(err)
						}
					}
				}
				r.Drain(t)
				made := number(t, r, "SELECT count(*) FROM decision WHERE request_id = $1", s.ID) - before
				offers := number(t, r, "SELECT count(*) FROM offer WHERE request_id = $1 AND decision_id <> ''", s.ID)
				if objects && (made > 0 || offers > 0) {
					t.Fatalf("an objected purpose acted: %d decisions, %d offers", made, offers)
				}
				if objects && published {
					never++
				}
				if offers > 0 {
					acted++
				}
			}
			var lines []privacy.Objection
			if err := r.DB.Read(ctx, func(tx *db.Tx) error {
				who, err := request.PersonOf(tx, s.ID)
				if err != nil {
					return err
				}
				ring, err := r.Vault.Ring(ctx, who)
				if err != nil {
					return err
				}
				if err := privacy.VerifyObjections(tx, ring, who); err != nil {
					t.Error(err)
				}
				lines, err = privacy.Objections(tx, ring, who)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if n := len(lines); n > 0 && lines[n-1].Stops() != objects {
				t.Errorf("the ledger ends in %s", lines[n-1].Said)
			}
		}
		if acted == 0 || never == 0 {
			t.Errorf("the walks show nothing: %d with offers, %d published and objected to", acted, never)
		}
	})
}

// By hand is by a named person: his offer reaches its professional, what somebody holds already he may buy, and the same number's next request is routed by
// hand too until the objection is taken back.
func TestObject_manualRoutingIsByAPerson(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		first, second := r.Pro(t), r.Pro(t)
		s := r.Ask(t, func(a *request.Ask) { a.Phone = rig.Mobile(7777) })
		r.Publish(t, s.ID)
		r.Drain(t)
		r.Fund(t, first.Pro, 10000)
		if _, err := (buyer{first}).hold(r, s.ID); err != nil {
			t.Fatal(err)
		}
		routing, _ := r.Network.For(network.DeedRouting, network.Consumer)
		me := consumerOf(s)
		code(t, r.Requests.Object(ctx, me, "nothing", "", false), "no-such-purpose")
		code(t, r.Requests.Object(ctx, me, "prove_choices", "", false), "not-objectable-obligation")
		code(t, r.Requests.Object(ctx, me, "ask_opinion", "", false), "not-objectable-withdraw")
		code(t, r.Requests.Object(ctx, me, routing.ID, strings.Repeat("a", 1001), false), "invalid-fields")
		if err := r.Requests.Object(ctx, me, routing.ID, "", false); err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			who  auth.Actor
			seen int
		}{{first, 1}, {second, 0}} {
			if items, _, err := r.Requests.Board(ctx, x.who); err != nil || len(items) != x.seen {
				t.Errorf("%d on the board, want %d, %v", len(items), x.seen, err)
			}
		}
		agent := r.One(t, network.RoleAgent)
		if err := r.Requests.OfferByHand(ctx, agent, s.ID, second.Pro); err != nil {
			t.Fatal(err)
		}
		if items, _, err := r.Requests.Board(ctx, second); err != nil || len(items) != 1 {
			t.Errorf("an offer by hand shows %d, %v", len(items), err)
		}
		next := r.Ask(t, func(a *request.Ask) { a.Phone, a.Postcode, a.INSEE = rig.Mobile(7777), "30100", "30007" })
		r.Publish(t, next.ID)
		r.Drain(t)
		if n := number(t, r, "SELECT count(*) FROM decision WHERE request_id = $1", next.ID); n != 0 {
			t.Errorf("the same number's next request was routed by the software")
		}
		// The same objection from staff leaves a line with its channel; it is there once.
		if err := r.Requests.ObjectFor(ctx, agent, s.ID, privacy.Objection{Purpose: routing.ID, Channel: "phone"}, false); err != nil {
			t.Fatal(err)
		}
		code(t, r.Requests.ObjectFor(ctx, agent, s.ID, privacy.Objection{Purpose: routing.ID, Channel: "smoke"}, false), "invalid-fields")
		code(t, r.Requests.ObjectFor(ctx, second, s.ID, privacy.Objection{Purpose: routing.ID, Channel: "phone"}, false), "not-permitted")
		if n := number(t, r, "SELECT count(*) FROM objection"); n != 1 {
			t.Errorf("%d lines", n)
		}
	})
}

// Prospecting ends at a word: consents that open a channel are taken back, and the number is called to sell nothing (GDPR art. 21.2, RN-106).
func TestObject_prospectingNeedsNoReason(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t, func(a *request.Ask) { a.Phone = rig.Mobile(7778) })
		if err := r.Requests.Object(ctx, consumerOf(s), privacy.Prospecting, "", false); err != nil {
			t.Fatal(err)
		}
		agent := r.One(t, network.RoleAgent)
		out, err := r.Requests.MayCanvass(ctx, agent, request.CanvassAsk{Phone: rig.Mobile(7778), Postcode: rig.NimesPostcode, Trade: "plombier"})
		if err != nil || out.Sell.May || out.Sell.Rule != "withdrawn" {
			t.Errorf("%+v, %v", out.Sell, err)
		}
		if n := number(t, r, "SELECT count(*) FROM stop WHERE scope = $1", notify.ScopeSelling); n < 1 {
			t.Errorf("%d stops", n)
		}
	})
}

// A professional who wants nothing chosen for him is sent no request and reads them all the same (ET-139).
func TestObject_aProfessionalReadsAPlainList(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		plain, other := r.Pro(t), r.Pro(t)
		ranking, ok := r.Network.For(network.DeedRanking, network.Professional)
		if !ok {
			t.Fatal("no purpose ranks")
		}
		if err := r.Pros.Object(ctx, plain, ranking.ID, false); err != nil {
			t.Fatal(err)
		}
		code(t, r.Pros.Object(ctx, plain, "invoice", false), "not-objectable-obligation")
		s := r.Ask(t)
		r.Publish(t, s.ID)
		r.Drain(t)
		told := func(who auth.Actor) int64 {
			return number(t, r, "SELECT count(*) FROM message WHERE kind = 'new-request' AND person_id = $1", who.Pro)
		}
		if told(plain) != 0 || told(other) == 0 {
			t.Errorf("told %d and %d", told(plain), told(other))
		}
		if items, _, err := r.Requests.Board(ctx, plain); err != nil || len(items) != 1 {
			t.Errorf("his list shows %d, %v", len(items), err)
		}
		if err := r.Pros.Object(ctx, plain, ranking.ID, true); err != nil {
			t.Fatal(err)
		}
		again := r.Ask(t)
		r.Publish(t, again.ID)
		r.Drain(t)
		if told(plain) == 0 {
			t.Error("taken back, and still told nothing")
		}
	})
}

// STOP to a text is an objection to prospecting: a line of the ledger, with its leaf, for everybody of that number.
func TestObject_stopByTextIsOne(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		s := r.Ask(t, func(a *request.Ask) { a.Phone = rig.Mobile(7779) })
		e164, err := phone.Parse(rig.Mobile(7779), "30", true)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // twice is once
			if err := r.Requests.StopSMS(ctx, e164); err != nil {
				t.Fatal(err)
			}
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			who, err := request.PersonOf(tx, s.ID)
			if err != nil {
				return err
			}
			last, err := privacy.LastObjection(tx, who, privacy.Prospecting)
			if !last.Stops() || last.Number != 1 || last.Channel != "sms" {
				t.Errorf("%+v", last)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
