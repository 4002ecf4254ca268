package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
	"entremise/networks"
)

// A trial is a purpose of a document with the times that its clauses fix, in months: written down here a second time, so that neither the file nor
// the engine can drift. starts is the state or event with which it begins; most bounds a state that nobody ends.
type trial struct {
	purpose, starts       string
	active, archive, most int
	clauses               []string
}

var trials = map[string][]trial{
	"reviews-network": {
		{"run_site", "collection", 6, 0, 0, []string{"RN-26"}},
		{"measure_audience", "first-visit", 14, 0, 0, []string{"RN-28"}},
		{"answer_quotes", "request-open", 0, 0, 12, []string{"RN-31"}},
		{"answer_messages", "case-open", 12, 0, 0, []string{"RN-34"}},
		{"ask_for_questionnaire", "request-open", 12, 0, 0, []string{"RN-39"}},
		{"collect_reviews", "first-sending", 4, 8, 0, []string{"RN-43", "RN-44"}},
		{"publish_reviews", "published", 0, 60, 96, []string{"RN-54", "RN-55", "RN-72", "RN-73"}},
		{"keep_refused_reviews", "rejection", 12, 60, 0, []string{"RN-56"}},
		{"improve_questionnaires", "operation", 6, 0, 0, []string{"RN-58"}},
		{"syndicate_reviews", "published", 0, 60, 96, []string{"RN-61"}},
		{"ban_authors", "notification", 12, 0, 0, []string{"RN-63", "RN-66"}},
		{"handle_reports", "case-open", 24, 0, 0, []string{"RN-69"}},
		{"newsletter", "consent-stands", 0, 0, 0, []string{"RN-78"}},
	},
	"customer-space": {
		{"open_space", "account-open", 0, 0, 0, []string{"CS-22"}},
		{"prove_account", "account-open", 0, 60, 0, []string{"CS-23"}},
	},
	"works-advisor": {
		{"take_payments", "contract", 0, 0, 0, []string{"WA-20"}},
		{"prospect", "collection", 36, 0, 0, []string{"WA-40"}},
		{"perform_contract", "contract", 36, 60, 0, []string{"WA-38", "WA-41"}},
		{"follow_clients", "", 36, 60, 0, []string{"WA-42"}},
		{"protect_premises", "collection", 1, 0, 0, nil}, // WA-26, proved with what is published of it
	},
	"emergency-trades": {
		{"introduce", "request-open", 36, 60, 0, []string{"ET-121"}},
		{"record_calls", "collection", 6, 0, 0, []string{"ET-145"}},
	},
	"auto-quotes": {
		{"match", "collection", 6, 0, 0, []string{"AQ-53", "AQ-54"}},
		{"record_calls", "collection", 6, 0, 0, nil},
	},
}

// years is a network whose clock we turn, with one table that holds a value of every category for every trial.
type years struct {
	t     *testing.T
	db    *db.DB
	vault *vault.Vault
	clock *dbtest.Clock
	n     *network.Network
	life  *privacy.Engine
}

func openYears(t *testing.T, e db.Dialect, name string) *years {
	t.Helper()
	y := &years{t: t, clock: dbtest.NewClock()}
	y.db = dbtest.New(t, e, y.clock)
	place := dbtest.Place(t, e, "keys")
	place.Schema = vault.KeySchema()
	var err error
	y.vault, err = vault.New(y.db, dbtest.Open(t, place, y.clock), bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize))
	y.must(err)
	folder, err := networks.Open(name)
	y.must(err)
	editions := edition.New(y.db)
	var problems []network.Problem
	y.n, problems, err = editions.Apply(context.Background(), "system", folder)
	if err != nil || y.n == nil {
		t.Fatal(problems, err)
	}
	bytea := "BLOB"
	if e == db.PostgreSQL {
		bytea = "BYTEA"
	}
	y.must(y.db.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec("CREATE TABLE trial (id TEXT NOT NULL PRIMARY KEY, person_id TEXT NOT NULL, record TEXT NOT NULL, category TEXT NOT NULL, value_sealed " + bytea + " NOT NULL, value_bidx TEXT NOT NULL)")
		return err
	}))
	var holdings []privacy.Holding
	for _, c := range network.Categories() {
		holdings = append(holdings, privacy.Holding{Table: "trial", Person: "person_id", Record: "record", Only: "category = '" + string(c) + "'", Category: c, Columns: []string{"value_sealed", "value_bidx"}})
	}
	y.life = privacy.NewEngine(privacy.Parts{DB: y.db, Vault: y.vault, Editions: editions, Holdings: holdings, Endings: privacy.EndingsIn(filepath.Join(t.TempDir(), "erasures.jsonl"))})
	return y
}

func (y *years) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

// begin makes a record that one purpose alone holds.
func (y *years) begin(c trial) (record string, p network.Purpose) {
	y.t.Helper()
	p, found := y.n.Purpose(c.purpose)
	if !found {
		y.t.Fatalf("no purpose %s", c.purpose)
	}
	ctx := context.Background()
	record = "tst_" + c.purpose
	categories := make([]string, len(p.Data))
	for i, d := range p.Data {
		categories[i] = string(d)
	}
	ring, err := y.vault.New(ctx, "per_"+c.purpose, categories...)
	y.must(err)
	y.must(y.db.Write(ctx, func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		for _, d := range categories {
			id := record + "_" + d
			if _, err := tx.Exec("INSERT INTO trial (id, person_id, record, category, value_sealed, value_bidx) VALUES ($1, $2, $3, $4, $5, $6)", id, "per_"+c.purpose, record, d,
				ring.SealText(d, vault.Place{Table: "trial", Column: "value_sealed", Row: id}, "a value of "+d), y.vault.Index(d, record)); err != nil {
				return err
			}
		}
		begun := privacy.Happened(tx, y.n, record, "per_"+c.purpose, p.People[0], p.Keep.Starts(), p.Data...)
		if p.Keep.While != "" {
			begun = privacy.Begun(tx, y.n, record, "per_"+c.purpose, p.People[0], p.Keep.While, p.Data...)
		}
		if begun != nil {
			return begun
		}
		_, err := tx.Exec("DELETE FROM holding WHERE record = $1 AND purpose <> $2", record, c.purpose)
		return err
	}))
	return record, p
}

// stands says in which phase a record is, "" for none, and how many of its values a page opens, and whoever may open the archive.
func (y *years) stands(record string) (phase string, open, archived int) {
	y.t.Helper()
	ctx := context.Background()
	person := "per_" + strings.TrimPrefix(record, "tst_")
	y.must(y.db.Read(ctx, func(tx *db.Tx) (err error) {
		phase, err = db.Value[string](tx, "SELECT phase FROM holding WHERE record = $1 ORDER BY phase DESC LIMIT 1", record)
		if errors.Is(err, db.ErrNone) {
			phase, err = "", nil
		}
		return err
	}))
	for _, archive := range []bool{false, true} {
		trace, err := y.life.Trace(ctx, person, archive)
		y.must(err)
		for _, v := range trace.Values {
			if v.State == "open" && v.Row != "" {
				if archive {
					archived++
				} else {
					open++
				}
			}
		}
	}
	return phase, open, archived
}

func (y *years) at(at time.Time) {
	y.t.Helper()
	y.clock.Add(at.Sub(y.clock.Now()))
	_, err := y.life.Run(context.Background())
	y.must(err)
}

// remainders are what the file leaves of contacts: digests that know a number that is given to them, that are not the index by which it was
// found, and that are gone at their own second.
func (y *years) remainders(all []trial) {
	y.t.Helper()
	known := func(purpose string) (is bool) {
		y.t.Helper()
		y.must(y.db.Read(context.Background(), func(tx *db.Tx) (err error) {
			is, err = y.life.Remained(tx, purpose, y.vault.Index(string(network.DataContact), "tst_"+purpose))
			if other, _ := y.life.Remained(tx, purpose, y.vault.Index(string(network.DataContact), "somebody else")); other {
				y.t.Error("a remainder knows somebody who was never there")
			}
			plain, err2 := db.Value[int64](tx, "SELECT count(*) FROM remainder WHERE value_bidx = $1", y.vault.Index(string(network.DataContact), "tst_"+purpose))
			if plain > 0 {
				y.t.Error("a remainder is the index by which the number was found")
			}
			return errors.Join(err, err2)
		}))
		return is
	}
	for _, c := range all {
		p, _ := y.n.Purpose(c.purpose)
		if p.Keep.Remainder == nil {
			continue
		}
		fresh := trial{purpose: c.purpose, starts: c.starts}
		y.must(y.db.Write(context.Background(), func(tx *db.Tx) error {
			for _, q := range []string{"DELETE FROM trial", "DELETE FROM remainder", "DELETE FROM person_key"} {
				if _, err := tx.Exec(q); err != nil {
					return err
				}
			}
			return nil
		}))
		record, _ := y.begin(fresh)
		gone := p.Keep.Active().AddTo(y.clock.Now())
		if p.Keep.While != "" {
			y.must(y.db.Write(context.Background(), func(tx *db.Tx) error {
				return privacy.Ended(tx, y.n, "per_"+c.purpose, record, p.Keep.While)
			}))
		}
		y.at(gone)
		if phase, open, archived := y.stands(record); phase != "" || open+archived != 0 || !known(c.purpose) {
			y.t.Errorf("%s leaves %q, %d open, %d archived, and is known: %v", c.purpose, phase, open, archived, known(c.purpose))
		}
		over := p.Keep.Remainder.For.AddTo(gone)
		if y.at(over.Add(-time.Second)); !known(c.purpose) {
			y.t.Errorf("%s: the remainder is gone a second early", c.purpose)
		}
		if y.at(over); known(c.purpose) {
			y.t.Errorf("%s: the remainder outlives its time", c.purpose)
		}
	}
}

// An act of the person starts the time anew, and only for the purposes that name it (WA-40).
func TestYears_aReactionRestartsTheClock(t *testing.T) {
	clause(t, "WA-40")
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			y := openYears(t, e, "works-advisor")
			record, _ := y.begin(trial{purpose: "prospect"})
			begun := y.clock.Now()
			other, _ := y.begin(trial{purpose: "prove_choices"})
			react := func(by network.Reaction) {
				t.Helper()
				y.must(y.db.Write(context.Background(), func(tx *db.Tx) error {
					return errors.Join(privacy.Reacted(tx, y.n, "per_prospect", by), privacy.Reacted(tx, y.n, "per_prove_choices", by))
				}))
			}
			y.at(begun.AddDate(2, 0, 0))
			react(network.ByClick)
			y.at(begun.AddDate(3, 0, 0))
			if phase, _, _ := y.stands(record); phase != "kept" {
				t.Error("three years after he was first heard of, and one after his last word, he is gone")
			}
			if phase, _, _ := y.stands(other); phase == "kept" {
				t.Error("a purpose that names no reaction waited for one")
			}
			y.at(begun.AddDate(5, 0, 0).Add(-time.Second))
			if phase, _, _ := y.stands(record); phase != "kept" {
				t.Error("a second early, he is gone")
			}
			y.at(begun.AddDate(5, 0, 0))
			if phase, _, _ := y.stands(record); phase != "" {
				t.Error("three years after his last word he is still there")
			}
		})
	}
}

// Accounts outlive the erasure of the client whose they are, in the archive and with their reason, until their own end (WA-39).
func TestYears_accountsOutliveAnErasure(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			y := openYears(t, e, "works-advisor")
			record, _ := y.begin(trial{purpose: "keep_accounts"})
			begun := y.clock.Now()
			y.at(begun.AddDate(0, 6, 0))
			erased, err := y.life.Erase(context.Background(), auth.Machine, "per_keep_accounts", privacy.Scope{}, "CAS-1")
			y.must(err)
			if len(erased.Kept) != 1 || erased.Kept[0].Purpose != "keep_accounts" || !erased.Kept[0].Until.Equal(begun.AddDate(11, 0, 0)) {
				t.Errorf("kept: %+v", erased.Kept)
			}
			for _, moment := range []struct {
				at   time.Time
				want string
			}{{y.clock.Now(), "archived 0 1"}, {begun.AddDate(11, 0, 0).Add(-time.Second), "archived 0 1"}, {begun.AddDate(11, 0, 0), " 0 0"}} {
				y.at(moment.at)
				phase, open, archived := y.stands(record)
				if got := fmt.Sprint(phase, " ", open, " ", archived); got != moment.want {
					t.Errorf("at %v: %s, want %s", moment.at, got, moment.want)
				}
			}
			clause(t, "WA-39")
		})
	}
}

// Whoever was invited and answers leaves the four months and eight of an invitation: his data follow his review (RN-45), while those of who did not
// answer go to the archive and out of it in their time.
func TestYears_anAnswerLeavesTheInvitationsSchedule(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			y := openYears(t, e, "reviews-network")
			answered, invitation := y.begin(trial{purpose: "collect_reviews"})
			begun := y.clock.Now()
			review, _ := y.n.Purpose("publish_reviews")
			y.at(begun.AddDate(0, 1, 0))
			y.must(y.db.Write(context.Background(), func(tx *db.Tx) error {
				return privacy.Begun(tx, y.n, answered, "per_collect_reviews", review.People[0], review.Keep.While, network.DataIdentity, network.DataContact)
			}))
			shared := 0 // categories of the invitation that the review holds too
			for _, c := range invitation.Data {
				if c == network.DataIdentity || c == network.DataContact {
					shared++
				}
			}
			y.at(begun.AddDate(0, 13, 0))
			if _, open, _ := y.stands(answered); shared == 0 || open != shared {
				t.Errorf("thirteen months after the invitation %d of %d values that the review needs are open", open, shared)
			}
			clause(t, "RN-45")
		})
	}
}

// Fourteen years of each network: every boundary of its table of durations, a second before and at the second.
func TestYears_everyBoundaryOfEveryNetwork(t *testing.T) {
	for name, all := range trials {
		for _, c := range all {
			clause(t, c.clauses...)
		}
		for _, e := range dbtest.Engines() {
			t.Run(name+"/"+string(e), func(t *testing.T) {
				t.Parallel()
				y := openYears(t, e, name)
				begun := y.clock.Now()
				type moment struct {
					at            time.Time
					record, phase string
					values        int
					why           string
				}
				var moments []moment
				records := map[string]network.Purpose{}
				for _, c := range all {
					record, p := y.begin(c)
					records[record] = p
					if c.starts != "" && string(p.Keep.While) != c.starts && string(p.Keep.Starts()) != c.starts {
						t.Errorf("%s begins with %s %s, not with %s", c.purpose, p.Keep.While, p.Keep.Starts(), c.starts)
					}
					base := begun
					if p.Keep.While != "" {
						if phase, open, _ := y.stands(record); phase != "kept" || open != len(p.Data) {
							t.Errorf("%s: %s, %d open", record, phase, open)
						}
						base = begun.AddDate(1, 2, 3) // when what it waits for ends
						if c.most > 0 {
							base = begun.AddDate(0, c.most, 0) // and nobody ends this one
						}
					}
					end := base.AddDate(0, c.active, 0)
					if end.After(begun) {
						moments = append(moments, moment{end.Add(-time.Second), record, "kept", len(p.Data), "a second before its active time ends"})
					}
					if c.archive > 0 {
						moments = append(moments, moment{end, record, "archived", len(p.Data), "at the end of its active time"})
						end = end.AddDate(0, c.archive, 0)
						moments = append(moments, moment{end.Add(-time.Second), record, "archived", len(p.Data), "a second before its archive ends"})
					}
					moments = append(moments, moment{end, record, "", 0, "at its end"})
				}
				ended := false
				slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
				for _, m := range moments {
					if over := begun.AddDate(1, 2, 3); !ended && !m.at.Before(over) {
						ended = true
						y.at(over.Add(-time.Second))
						y.clock.Add(time.Second)
						y.must(y.db.Write(context.Background(), func(tx *db.Tx) error {
							for record, p := range records {
								if p.Keep.While == "" || !p.Keep.AtMost.IsZero() {
									continue
								}
								if err := privacy.Ended(tx, y.n, "per_"+strings.TrimPrefix(record, "tst_"), record, p.Keep.While); err != nil {
									return err
								}
							}
							return nil
						}))
					}
					if y.clock.Now().Before(m.at) || m.at.Equal(y.clock.Now()) {
						y.at(m.at)
					}
					phase, open, archived := y.stands(m.record)
					want := fmt.Sprint(m.phase, " ", map[string]int{"kept": m.values}[m.phase], " ", m.values)
					if got := fmt.Sprint(phase, " ", open, " ", archived); got != want {
						t.Errorf("%s %s (%s): %s, want %s", m.record, m.why, m.at.Format(time.DateTime), got, want)
					}
				}
				if years := y.clock.Now().Sub(begun).Hours() / 24 / 365; name == "reviews-network" && years < 12.9 {
					t.Errorf("only %.1f years", years)
				}
				y.must(y.db.Read(context.Background(), func(tx *db.Tx) error {
					left, err := db.Value[int64](tx, "SELECT count(*) FROM trial WHERE length(value_sealed) > 0 OR value_bidx <> ''")
					if left > 0 {
						t.Errorf("%d values are left", left)
					}
					return err
				}))
				y.remainders(all)
			})
		}
	}
}
