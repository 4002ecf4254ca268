package privacy_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// to moves the clock to an instant and runs the lifecycle.
func to(t *testing.T, r *rig.Rig, at time.Time) (done privacy.Moved) {
	t.Helper()
	r.Clock.Add(at.Sub(r.Clock.Now()))
	done, err := r.Life.Run(ctx)
	ok(t, err)
	return done
}

// opened are the values of a person that a trace can open, by column.
func opened(t *testing.T, r *rig.Rig, person string, archive bool) map[string]string {
	t.Helper()
	trace, err := r.Life.Trace(ctx, person, archive)
	ok(t, err)
	out := map[string]string{}
	for _, v := range trace.Values {
		if v.State == "open" {
			out[v.Table+"."+v.Column] = v.Text
		}
	}
	return out
}

func personOf(t *testing.T, r *rig.Rig, id string) string {
	t.Helper()
	return value[string](t, r, "SELECT person_id FROM request WHERE id = $1", id)
}

func TestLife_aRequestToTheSecond(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		asked := r.Clock.Now()
		req := r.Ask(t, func(a *rig.AskForm) { a.Street, a.Address = "12 rue de la Fuite", "192.0.2.7" })
		r.Drain(t)
		who := personOf(t, r, req.ID)
		r.Clock.Add(48 * time.Hour)
		n := r.Network
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			if _, err := tx.Exec("UPDATE request SET state = 'cancelled' WHERE id = $1", req.ID); err != nil {
				return err
			}
			return privacy.Ended(tx, n, who, req.ID, network.WhileRequestOpen)
		}))
		over := r.Clock.Now()
		live := opened(t, r, who, false)
		for _, c := range []string{"person.name_sealed", "person.phone_sealed", "request.words_sealed", "request.street_sealed", "request.address_sealed", "message.body_sealed", "proof_leaf.salt_sealed"} {
			if _, found := live[c]; !found {
				t.Errorf("%s is not traced: %v", c, live)
			}
		}
		// The network address is of the journal: twelve months from its collection, whatever becomes of the request.
		year := asked.AddDate(1, 0, 0)
		to(t, r, year.Add(-time.Second))
		if !strings.Contains(opened(t, r, who, false)["request.address_sealed"], "192.0.2.7") {
			t.Error("a second early, the address is gone")
		}
		to(t, r, year)
		if now := opened(t, r, who, true); now["request.address_sealed"] != "" || now["request.street_sealed"] == "" {
			t.Errorf("after a year: %v", now)
		}
		if value[string](t, r, "SELECT address_bidx FROM request WHERE id = $1", req.ID) != "" {
			t.Error("the index of the address stays")
		}
		// Proofs of consent: three years from the day, without an archive.
		proofs := asked.AddDate(3, 0, 0)
		to(t, r, proofs.Add(-time.Second))
		if len(ledger(t, r, who, req.ID)) == 0 {
			t.Error("a second early, the ledger is empty")
		}
		to(t, r, proofs)
		if len(ledger(t, r, who, req.ID)) != 0 || opened(t, r, who, true)["proof_leaf.salt_sealed"] != "" {
			t.Error("the proofs stay")
		}
		// The rest: three years after it was over, then five in the archive.
		three := over.AddDate(3, 0, 0)
		to(t, r, three.Add(-time.Second))
		if opened(t, r, who, false)["person.name_sealed"] == "" {
			t.Error("a second early, the name is archived")
		}
		to(t, r, three)
		if now := opened(t, r, who, false); len(now) != 0 {
			t.Errorf("pages still open %v", now)
		}
		past := opened(t, r, who, true)
		if past["person.name_sealed"] != live["person.name_sealed"] || past["request.street_sealed"] != "12 rue de la Fuite" || past["request.words_sealed"] != live["request.words_sealed"] {
			t.Errorf("the archive holds %v", past)
		}
		for q, want := range map[string]string{"SELECT phone_bidx FROM person WHERE id = $1": "", "SELECT email_bidx FROM person WHERE id = $1": ""} {
			if got := value[string](t, r, q, who); got != want {
				t.Errorf("%s: %q", q, got)
			}
		}
		if value[int64](t, r, "SELECT count(*) FROM person_word WHERE person_id = $1", who) != 0 {
			t.Error("who is archived is found by name")
		}
		eight := three.AddDate(5, 0, 0)
		to(t, r, eight.Add(-time.Second))
		if opened(t, r, who, true)["person.name_sealed"] == "" {
			t.Error("a second early, the archive is empty")
		}
		to(t, r, eight)
		if now := opened(t, r, who, true); len(now) != 0 {
			t.Errorf("at the end stay %v", now)
		}
		for _, table := range []string{"holding WHERE person_id = $1", "consent WHERE person_id = $1", "key_end WHERE person_id = $1", "person_word WHERE person_id = $1", "message WHERE length(body_sealed) + length(to_sealed) > 0 AND person_id = $1",
			"person WHERE length(name_sealed) + length(phone_sealed) > 0 AND id = $1", "request WHERE (length(words_sealed) + length(street_sealed) > 0 OR answers <> '{}' OR insee <> '30') AND person_id = $1"} {
			if c := value[int64](t, r, "SELECT count(*) FROM "+table, who); c != 0 {
				t.Errorf("%d rows of %s", c, table)
			}
		}
		var ids []string
		ok(t, r.Endings.Each(func(e privacy.Ending) error {
			if e.Person == who {
				ids = append(ids, e.Record+" "+e.Cause+" "+strings.Join(e.Categories, ","))
			}
			return nil
		}))
		if !slices.ContainsFunc(ids, func(s string) bool { return strings.Contains(s, "archive.identity") }) {
			t.Errorf("the ledger says %q", ids)
		}
		if again := to(t, r, eight.AddDate(1, 0, 0)); again != (privacy.Moved{}) {
			t.Errorf("once more: %+v", again)
		}
	})
}

func TestLife_whatIsOpenNeverLapses(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		req := r.Ask(t)
		who := personOf(t, r, req.ID)
		to(t, r, r.Clock.Now().AddDate(20, 0, 0))
		if opened(t, r, who, false)["person.name_sealed"] == "" {
			t.Error("an open request lost its person")
		}
	})
}

func TestLife_aLegalHoldKeepsInTheArchiveAndNoLonger(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer, agent := r.One(t, network.RoleOfficer), r.Agent(t)
		req, other := r.Ask(t), r.Ask(t, func(a *rig.AskForm) { a.Phone = rig.Mobile(77) })
		over := r.Clock.Now()
		for _, id := range []string{req.ID, other.ID} {
			who := personOf(t, r, id)
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return privacy.Ended(tx, r.Network, who, id, network.WhileRequestOpen) }))
		}
		who := personOf(t, r, req.ID)
		hold := privacy.LegalHold{Person: who, Record: req.ID, Ground: "dispute", Reference: "RG 26/01234", Until: over.AddDate(12, 0, 0)}
		if _, err := r.Life.Lay(ctx, agent, hold); !fault.Is(err, fault.Denied) {
			t.Errorf("an agent lays a hold: %v", err)
		}
		for field, change := range map[string]func(*privacy.LegalHold){
			"ground":    func(h *privacy.LegalHold) { h.Ground = "because" },
			"reference": func(h *privacy.LegalHold) { h.Reference = strings.Repeat("x", 81) },
			"until":     func(h *privacy.LegalHold) { h.Until = over },
		} {
			h := hold
			change(&h)
			if _, err := r.Life.Lay(ctx, officer, h); !fault.Is(err, fault.Invalid) {
				t.Errorf("a wrong %s: %v", field, err)
			}
		}
		if _, err := r.Life.Lay(ctx, officer, privacy.LegalHold{Person: "per_nobody", Ground: "dispute", Reference: "x"}); !fault.Is(err, fault.Missing) {
			t.Errorf("of nobody: %v", err)
		}
		_, err := r.Life.Lay(ctx, officer, hold)
		ok(t, err)
		to(t, r, over.AddDate(8, 0, 0))
		if opened(t, r, who, true)["person.name_sealed"] == "" || len(opened(t, r, who, false)) != 0 {
			t.Error("what is held is not in the archive alone")
		}
		if len(opened(t, r, personOf(t, r, other.ID), true)) != 0 {
			t.Error("another file is held")
		}
		to(t, r, over.AddDate(12, 0, 0).Add(-time.Second))
		if opened(t, r, who, true)["person.name_sealed"] == "" {
			t.Error("a second early, it is gone")
		}
		to(t, r, over.AddDate(12, 0, 0))
		if now := opened(t, r, who, true); len(now) != 0 {
			t.Errorf("after the hold stay %v", now)
		}
		holds, err := r.Life.Holds(ctx, officer)
		ok(t, err)
		if len(holds) != 1 || holds[0].Ended.IsZero() || holds[0].EndedBy != "system" {
			t.Errorf("%+v", holds)
		}
	})
}

func TestErase_allButWhatLawKeeps(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		req := r.Ask(t)
		r.Drain(t)
		who := personOf(t, r, req.ID)
		if _, err := r.Life.Erase(ctx, r.Agent(t), who, privacy.Scope{}, "x"); !fault.Is(err, fault.Denied) {
			t.Errorf("an agent erases: %v", err)
		}
		foreseen, err := r.Life.Foresee(ctx, who, privacy.Scope{})
		ok(t, err)
		done, err := r.Life.Erase(ctx, officer, who, privacy.Scope{}, "cas_1")
		ok(t, err)
		if fmt.Sprint(foreseen.Erased, foreseen.Kept) != fmt.Sprint(done.Erased, done.Kept) {
			t.Errorf("foreseen %+v, done %+v", foreseen, done)
		}
		if !slices.Contains(done.Erased, req.ID+" identity") || len(done.Kept) != 1 || done.Kept[0].Purpose != "prove_choices" {
			t.Errorf("%+v", done)
		}
		if now := opened(t, r, who, false); len(now) != 0 {
			t.Errorf("pages open %v", now)
		}
		past := opened(t, r, who, true)
		if _, found := past["proof_leaf.salt_sealed"]; !found || len(past) != 1 {
			t.Errorf("law keeps the proofs and nothing else: %v", past)
		}
		ring, err := r.Vault.ArchiveRing(ctx, who)
		ok(t, err)
		ok(t, verify(r, ring, who, req.ID))
		if _, err := r.Vault.Ring(ctx, who, "identity"); err == nil {
			t.Error("a late job may seal his name again")
		}
		again, err := r.Life.Erase(ctx, officer, who, privacy.Scope{}, "cas_1")
		ok(t, err)
		if len(again.Erased) != 0 || len(again.Kept) != 1 {
			t.Errorf("twice: %+v", again)
		}
		to(t, r, r.Clock.Now().AddDate(3, 0, 0))
		if now := opened(t, r, who, true); len(now) != 0 {
			t.Errorf("after the proofs' time: %v", now)
		}
		if _, err := r.Life.Erase(ctx, officer, who, privacy.Scope{}, "cas_1"); !fault.Is(err, fault.Missing) {
			t.Errorf("of nobody: %v", err)
		}
	})
}

func TestErase_onlyWhatHeNames(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		req := r.Ask(t, func(a *rig.AskForm) { a.Street = "12 rue de la Fuite" })
		who := personOf(t, r, req.ID)
		ok(t, r.Requests.BeforeErasure(ctx, who, privacy.Scope{})) // an open request would end with its place, and say so
		before := opened(t, r, who, false)
		_, err := r.Life.Erase(ctx, auth.Machine, who, privacy.Scope{Categories: []network.Category{network.DataPlace}}, "cas_1")
		ok(t, err)
		after := opened(t, r, who, false)
		delete(before, "request.street_sealed")
		if fmt.Sprint(before) != fmt.Sprint(after) {
			t.Errorf("before %v, after %v", before, after)
		}
		_, err = r.Life.Erase(ctx, auth.Machine, who, privacy.Scope{Records: []string{"req_of_another"}}, "cas_1")
		ok(t, err)
		if fmt.Sprint(opened(t, r, who, false)) != fmt.Sprint(after) {
			t.Error("another record's erasure took something")
		}
	})
}

// What is foretold is what happens, whatever the clocks, purposes and holds; nothing is erased early and nothing stays late.
func TestLife_forecastIsOutcome(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rnd := rand.New(rand.NewPCG(26, 11))
		type held struct {
			record, purpose string
			base            time.Time
		}
		var all []held
		purposes := []string{"record_calls", "secure", "ask_opinion", "prove_choices", "introduce", "show_damage", "invoice"}
		for i := range 120 {
			record, person := fmt.Sprintf("tst_%d", i), fmt.Sprintf("per_t%d", i/2)
			for range 1 + rnd.IntN(3) {
				p := purposes[rnd.IntN(len(purposes))]
				if slices.ContainsFunc(all, func(h held) bool { return h.record == record && h.purpose == p }) {
					continue
				}
				base := r.Clock.Now().Add(-time.Duration(rnd.Int64N(int64(2 * 365 * 24 * time.Hour)))).Truncate(time.Microsecond)
				all = append(all, held{record, p, base})
				ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
					purpose, _ := r.Network.Purpose(p)
					_, err := tx.Exec("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, $3, $4, 'kept', $4, $5)", person, record, p, db.Micros(base), string(purpose.Data[0]))
					return err
				}))
			}
		}
		begun := r.Clock.Now()
		until := begun.AddDate(12, 0, 0)
		forecast, err := r.Life.Foretell(ctx, r.Network, until)
		ok(t, err)
		foretold := map[string]int64{}
		for _, f := range forecast {
			foretold[f.To] += f.Records
		}
		var done privacy.Moved
		for at := begun; at.Before(until); {
			at = at.Add(time.Duration(rnd.Int64N(int64(90 * 24 * time.Hour))))
			if at.After(until) {
				at = until
			}
			m := to(t, r, at)
			done.Archived, done.Erased, done.Anonymised = done.Archived+m.Archived, done.Erased+m.Erased, done.Anonymised+m.Anonymised
			for _, h := range all {
				p, _ := r.Network.Purpose(h.purpose)
				end := p.Keep.For.AddTo(h.base)
				if p.Keep.While != "" {
					end = p.Keep.Then.AddTo(h.base)
				}
				phase := "kept"
				if p.Keep.Archive != nil && !end.After(at) {
					phase, end = "archived", p.Keep.Archive.For.AddTo(end)
				}
				if !end.After(at) {
					phase = ""
				}
				var got string
				err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
					got, err = db.Value[string](tx, "SELECT phase FROM holding WHERE record = $1 AND purpose = $2", h.record, h.purpose)
					if errors.Is(err, db.ErrNone) {
						got, err = "", nil
					}
					return err
				})
				ok(t, err)
				if got != phase {
					t.Fatalf("%s for %s since %s is %q at %s, want %q", h.record, h.purpose, h.base, got, at, phase)
				}
			}
		}
		if done.Archived != foretold["archive"] || done.Erased != foretold["erase"] || done.Anonymised != foretold["anonymise"] {
			t.Errorf("foretold %v, done %+v", foretold, done)
		}
	})
}

func TestRecord_aConsentHoldsFromYesToNo(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t).Pro
		ring, err := r.Vault.Ring(ctx, who, "consent")
		ok(t, err)
		ok(t, r.DB.Write(ctx, ring.Assign))
		news := consent(t, r, "pro-news-email")
		base := func() (n int64) {
			return value[int64](t, r, "SELECT coalesce(max(base), -1) FROM holding WHERE person_id = $1 AND purpose = 'inform_professionals'", who)
		}
		if base() != -1 {
			t.Error("news hold his contact before he agreed")
		}
		say := func(granted bool) {
			r.Clock.Add(time.Minute)
			choose(t, r, ring, privacy.Choice{Person: who, Object: who, Consent: news, Granted: granted, Channel: "form", Lang: "fr"})
		}
		say(true)
		if base() != 0 {
			t.Errorf("a consent that stands counts since %d", base())
		}
		say(false)
		if base() != db.Micros(r.Clock.Now()) {
			t.Error("taken back, it does not count")
		}
		say(true)
		if base() != 0 {
			t.Error("given again, it still counts")
		}
		say(false)
		to(t, r, r.Clock.Now().AddDate(3, 0, 0))
		if base() != -1 {
			t.Error("three years after, it is held for news")
		}
		if opened(t, r, who, false)["pro.email_sealed"] == "" {
			t.Error("his account, which is open, lost his address")
		}
	})
}

func TestCertify_afterLookingEverywhere(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		req := r.Ask(t, func(a *rig.AskForm) { a.Street = "12 rue de la Fuite" })
		r.Drain(t)
		who := personOf(t, r, req.ID)
		_, err := r.Life.Erase(ctx, officer, who, privacy.Scope{}, "CAS-7")
		ok(t, err)
		other := r.Ask(t, func(a *rig.AskForm) {
			a.Phone, a.Name, a.Street = rig.Mobile(78), "Dominique Autrui", "99 avenue d’Ailleurs"
		})
		_, err = r.Life.Erase(ctx, officer, personOf(t, r, other.ID), privacy.Scope{}, "CAS-8")
		ok(t, err)
		rows := privacy.ScanRows(r.DB, r.Keys)
		// A value that stands in plain text somewhere is found: its person is not certified, the other is.
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('note', 'rappeler 12 rue de la Fuite')")
			return err
		}))
		if n, err := r.Life.Certify(ctx, rows); n != 1 || !errors.Is(err, privacy.ErrFound) || !strings.Contains(err.Error(), "setting.value") || strings.Contains(err.Error(), "Fuite") {
			t.Errorf("%d certified, %v", n, err)
		}
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { _, err := tx.Exec("DELETE FROM setting WHERE name = 'note'"); return err }))
		if n, err := r.Life.Certify(ctx, rows); n != 1 || err != nil {
			t.Fatalf("%d certified, %v", n, err)
		}
		if n, err := r.Life.Certify(ctx, rows); n != 0 || err != nil {
			t.Errorf("again %d, %v", n, err)
		}
		if _, err := r.Life.Certificates(ctx, r.Agent(t)); !fault.Is(err, fault.Denied) {
			t.Errorf("an agent reads certificates: %v", err)
		}
		all, err := r.Life.Certificates(ctx, officer)
		ok(t, err)
		all = slices.DeleteFunc(all, func(c privacy.Certificate) bool { return c.Why == "CAS-8" })
		if len(all) != 1 || all[0].Person != who || all[0].Why != "CAS-7" || all[0].Certified.IsZero() || all[0].Needles < 3 || all[0].Places < 20 || all[0].Leaf == "" || len(all[0].Kept) != 1 {
			t.Errorf("%+v", all)
		}
		if n := value[int64](t, r, "SELECT CAST(sum(length(needles_sealed)) AS BIGINT) FROM erasure"); n != 0 {
			t.Error("what he was known by outlives its certificate")
		}
		ok(t, r.Proof.Sequence(ctx))
		if _, err := r.Proof.Prove(ctx, all[0].Leaf); err != nil {
			t.Errorf("the certificate is not in the log: %v", err)
		}
	})
}

// Whoever asks to be erased is not sold a second later: what he has open ends first, whoever calls the engine.
func TestErase_endsWhatIsOpenFirst(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		r.Pro(t)
		req, other := r.Ask(t), r.Ask(t, func(a *rig.AskForm) { a.Phone = rig.Mobile(79) })
		r.Publish(t, req.ID)
		r.Publish(t, other.ID)
		state := func(id string) string { return value[string](t, r, "SELECT state FROM request WHERE id = $1", id) }
		_, err := r.Life.Erase(ctx, auth.Machine, personOf(t, r, req.ID), privacy.Scope{Categories: []network.Category{network.DataConnection}}, "x")
		ok(t, err)
		if state(req.ID) != "published" {
			t.Error("a request ended although it lacks nothing")
		}
		_, err = r.Life.Erase(ctx, auth.Machine, personOf(t, r, req.ID), privacy.Scope{}, "x")
		ok(t, err)
		if state(req.ID) != "cancelled" || state(other.ID) != "published" {
			t.Errorf("the erased one is %s, the other %s", state(req.ID), state(other.ID))
		}
	})
}

// Keys of the archive that somebody had destroyed stand in nobody's way: the sweep goes on.
func TestLife_goesOnPastWhatWasErasedOnDemand(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		one, two := r.Ask(t), r.Ask(t, func(a *rig.AskForm) { a.Phone = rig.Mobile(80) })
		for _, req := range []string{one.ID, two.ID} {
			who := personOf(t, r, req)
			ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return privacy.Ended(tx, r.Network, who, req, network.WhileRequestOpen) }))
		}
		over := r.Clock.Now()
		who := personOf(t, r, one.ID)
		ring, err := r.Vault.ArchiveRing(ctx, who, "identity", "contact")
		ok(t, err)
		ok(t, r.DB.Write(ctx, ring.Assign))
		_, err = r.Vault.Erase(ctx, who)
		ok(t, err)
		to(t, r, over.AddDate(3, 0, 0))
		if past := opened(t, r, personOf(t, r, two.ID), true); past["person.name_sealed"] == "" {
			t.Error("the other is not archived")
		}
		to(t, r, over.AddDate(8, 0, 0))
		if n := value[int64](t, r, "SELECT count(*) FROM holding"); n != 0 {
			t.Errorf("%d holdings are left", n)
		}
	})
}
