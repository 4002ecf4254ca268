package privacy_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
	"entremise/internal/vault"
)

var ctx = context.Background()

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func value[T any](t *testing.T, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return }))
	return v
}

// person makes somebody with a consent key.
func person(t *testing.T, r *rig.Rig) (id string, ring *vault.Ring) {
	t.Helper()
	id = r.DB.NewID("per")
	ring, err := r.Vault.New(ctx, id, "consent")
	ok(t, err)
	ok(t, r.DB.Write(ctx, ring.Assign))
	return id, ring
}

func consent(t *testing.T, r *rig.Rig, id string) network.Consent {
	t.Helper()
	c, found := r.Network.Consent(id)
	if !found {
		t.Fatalf("the network has no consent %q", id)
	}
	return c
}

func choose(t *testing.T, r *rig.Rig, ring *vault.Ring, c privacy.Choice) {
	t.Helper()
	ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return privacy.Record(tx, ring, r.Network, c) }))
}

func ledger(t *testing.T, r *rig.Rig, who, object string) (all []privacy.Given) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { all, err = privacy.Ledger(tx, who, object); return }))
	return all
}

func verify(r *rig.Rig, ring *vault.Ring, who, object string) error {
	return r.DB.Read(ctx, func(tx *db.Tx) error { return privacy.Verify(tx, ring, who, object) })
}

func TestLedger_keepsEveryChoiceWithItsExactWords(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, ring := person(t, r)
		opinion, terms := consent(t, r, "opinion"), consent(t, r, "terms")
		for i, c := range []privacy.Choice{
			{Consent: terms, Granted: true, Lang: "fr", Channel: "form"}, {Consent: opinion, Granted: false, Lang: "fr", Channel: "form"}, {Consent: opinion, Granted: true, Lang: "en", Channel: "link"},
		} {
			c.Person, c.Object, c.Edition = who, "req_1", r.Network.Hash()
			choose(t, r, ring, c)
			r.Clock.Add(time.Duration(i+1) * time.Minute)
		}
		choose(t, r, ring, privacy.Choice{Person: who, Object: "req_2", Consent: opinion, Granted: false, Lang: "fr", Channel: "phone", Edition: r.Network.Hash()})
		all := ledger(t, r, who, "req_1")
		if len(all) != 3 || all[0].Consent != "terms" || all[0].Replaced || !all[1].Replaced || all[2].Replaced || all[1].Granted || !all[2].Granted {
			t.Fatalf("%+v", all)
		}
		if all[1].Words != opinion.Wording.FR || all[2].Words != opinion.Wording.EN || all[2].Lang != "en" || all[2].Channel != "link" || all[2].Time.Sub(all[1].Time) != 2*time.Minute || all[2].Purpose != "ask_opinion" || all[2].Edition != r.Network.Hash() {
			t.Errorf("%+v", all[2])
		}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
			for object, want := range map[string]bool{"req_1": true, "req_2": false, "req_3": false} {
				if stands, err := privacy.Stands(tx, who, object, "opinion"); err != nil || stands != want {
					t.Errorf("%s: %v, %v", object, stands, err)
				}
			}
			return nil
		}))
		// Words are kept once, under their digest, whoever saw them.
		other, otherRing := person(t, r)
		choose(t, r, otherRing, privacy.Choice{Person: other, Object: "req_4", Consent: opinion, Granted: true, Lang: "fr", Channel: "form"})
		if n := value[int64](t, r, "SELECT count(*) FROM wording WHERE hash = $1 AND words = $2", privacy.WordingHash("fr", opinion.Wording.FR), opinion.Wording.FR); n != 1 {
			t.Errorf("the words are kept %d times", n)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM wording"); n != 3 {
			t.Errorf("%d wordings", n)
		}
		if privacy.WordingHash("fr", "a") == privacy.WordingHash("en", "a") {
			t.Error("the language is not in the digest")
		}
		ok(t, verify(r, ring, who, "req_1"))
		ok(t, r.Proof.Sequence(ctx))
		if _, err := r.Proof.Prove(ctx, all[0].Leaf); err != nil {
			t.Errorf("a choice is not in the log: %v", err)
		}
	})
}

func TestVerify_seesAnyChangedRow(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		for name, c := range map[string]struct {
			change string
			args   []any
		}{
			"a refusal made a yes": {"UPDATE consent SET granted = $1", []any{true}},
			"another channel":      {"UPDATE consent SET channel = $1", []any{"paper"}},
			"another time":         {"UPDATE consent SET at = at + $1", []any{1}},
			"another consent":      {"UPDATE consent SET consent = $1", []any{"terms"}},
			"another purpose":      {"UPDATE consent SET purpose = $1", []any{"inform_professionals"}},
			"another edition":      {"UPDATE consent SET edition = $1", []any{"e2"}},
			"other words":          {"UPDATE wording SET words = $1", []any{"J’accepte tout."}},
			"words of another":     {"UPDATE consent SET wording_hash = $1", []any{privacy.WordingHash("fr", "J’accepte tout.")}},
			"words that are gone":  {"DELETE FROM wording WHERE lang = $1", []any{"fr"}},
			"the leaf of another":  {"UPDATE consent SET leaf_id = $1", []any{"leaf_unknown"}},
			"a new commitment":     {"UPDATE proof_leaf SET commitment_hash = $1", []any{[]byte("another digest of thirty-two byt")}},
		} {
			who, ring := person(t, r)
			choose(t, r, ring, privacy.Choice{Person: who, Object: "req_1", Consent: consent(t, r, "opinion"), Granted: false, Lang: "fr", Channel: "form", Edition: "e1"})
			if err := verify(r, ring, who, "req_1"); err != nil {
				t.Fatalf("before: %v", err)
			}
			undo := errors.New("undo")
			err := r.DB.Write(ctx, func(tx *db.Tx) error {
				if _, err := tx.Exec(c.change, c.args...); err != nil {
					return err
				}
				if privacy.Verify(tx, ring, who, "req_1") == nil {
					t.Errorf("%s is not seen", name)
				}
				return undo
			})
			if !errors.Is(err, undo) {
				t.Fatal(err)
			}
		}
		// The same choice under another person or object is another choice.
		who, ring := person(t, r)
		choose(t, r, ring, privacy.Choice{Person: who, Object: "req_9", Consent: consent(t, r, "opinion"), Granted: true, Lang: "fr", Channel: "form"})
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE consent SET object = 'req_8' WHERE object = 'req_9'")
			return err
		}))
		if verify(r, ring, who, "req_8") == nil {
			t.Error("a choice about another request passes")
		}
		// After erasure the log still stands, and says nothing of him.
		if _, err := r.Vault.Erase(ctx, who); err != nil {
			t.Fatal(err)
		}
		after, err := r.Vault.Ring(ctx, who)
		ok(t, err)
		if err := verify(r, after, who, "req_8"); !errors.Is(err, vault.ErrErased) {
			t.Errorf("after erasure: %v", err)
		}
	})
}

func TestWithdraw_asEasyAsGivingAndOnlyConsents(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, ring := person(t, r)
		withdraw := func(id string) (done bool, err error) {
			err = r.DB.Write(ctx, func(tx *db.Tx) error {
				done, err = privacy.Withdraw(tx, ring, r.Network, who, "req_1", id, "link", "fr", "")
				return err
			})
			return done, err
		}
		for _, id := range []string{"opinion", "terms", "call-me"} {
			choose(t, r, ring, privacy.Choice{Person: who, Object: "req_1", Consent: consent(t, r, id), Granted: true, Lang: "fr", Channel: "form"})
		}
		r.Clock.Add(time.Minute)
		for _, id := range []string{"terms", "call-me", "no-such"} { // an acceptance, a request, nothing
			if _, err := withdraw(id); !fault.Is(err, fault.Missing) {
				t.Errorf("%s: %v", id, err)
			}
		}
		for i, want := range []bool{true, false, false} {
			if done, err := withdraw("opinion"); err != nil || done != want {
				t.Errorf("time %d: %v, %v", i+1, done, err)
			}
		}
		all := ledger(t, r, who, "req_1")
		last := all[len(all)-1]
		if len(all) != 4 || last.Consent != "opinion" || last.Granted || last.Channel != "link" {
			t.Errorf("%+v", all)
		}
		ok(t, verify(r, ring, who, "req_1"))
	})
}

func TestHold_eachPurposeOnceAndNothingWithoutOne(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		hold := func(whose network.Person, categories ...network.Category) error {
			return r.DB.Write(ctx, func(tx *db.Tx) error {
				return privacy.HoldMore(tx, r.Network, "req_1", "per_1", whose, network.WhileRequestOpen, categories...)
			})
		}
		ok(t, hold(network.Consumer, network.DataContact, network.DataRecording))
		since := value[int64](t, r, "SELECT since FROM holding WHERE record = 'req_1' AND categories LIKE '%contact%'")
		r.Clock.Add(time.Hour)
		ok(t, hold(network.Consumer, network.DataContact))
		if value[int64](t, r, "SELECT since FROM holding WHERE record = 'req_1' AND categories LIKE '%contact%'") != since {
			t.Error("holding something again begins its time anew")
		}
		if err := hold(network.Visitor, network.DataPhotos); err == nil || !strings.Contains(err.Error(), "no purpose") {
			t.Errorf("data without a purpose: %v", err)
		}
		for category, want := range map[network.Category]int64{network.DataContact: int64(len(r.Network.PurposesFor(network.Consumer, network.DataContact))), network.DataRecording: 1, network.DataPhotos: 0} {
			if n := value[int64](t, r, "SELECT count(*) FROM holding WHERE ' ' || categories || ' ' LIKE '% ' || $1 || ' %'", string(category)); n != want {
				t.Errorf("%d holdings of %s, want %d", n, category, want)
			}
		}
		drop := func(categories ...network.Category) {
			t.Helper()
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return privacy.Drop(tx, "req_1", "per_1", categories...) }))
		}
		drop(network.DataRecording)
		if n := value[int64](t, r, "SELECT count(*) FROM holding WHERE categories LIKE '%call-recording%'"); n != 0 || value[int64](t, r, "SELECT count(*) FROM holding") == 0 {
			t.Error("dropping one category drops another")
		}
		drop()
		if n := value[int64](t, r, "SELECT count(*) FROM holding"); n != 0 {
			t.Errorf("%d holdings are left", n)
		}
	})
}
