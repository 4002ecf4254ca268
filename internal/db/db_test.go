package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
)

var ctx = context.Background()

func put(tx *db.Tx, name, value string) error {
	_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ($1, $2)", name, value)
	return err
}

func get(t *testing.T, d *db.DB, name string) (string, error) {
	t.Helper()
	var v string
	err := d.Read(ctx, func(tx *db.Tx) error {
		var err error
		v, err = db.Value[string](tx, "SELECT value FROM setting WHERE name = $1", name)
		return err
	})
	return v, err
}

// A driver that binds $2 by order of appearance would swap these two silently; this fails the build if the driver is ever changed.
func TestParameters_areBoundByNumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Write(ctx, func(tx *db.Tx) error {
			var a, b string
			if err := tx.Get(db.Into(&a, &b), "SELECT CAST($2 AS TEXT), CAST($1 AS TEXT)", "one", "two"); err != nil {
				return err
			}
			if a != "two" || b != "one" {
				t.Errorf("got %s, %s", a, b)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestWrite_allOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		boom := errors.New("boom")
		ran := 0
		err := d.Write(ctx, func(tx *db.Tx) error {
			tx.AfterCommit(func() { ran++ })
			if err := put(tx, "a", "1"); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) || ran != 0 {
			t.Fatalf("err %v, after-commit ran %d times", err, ran)
		}
		if _, err := get(t, d, "a"); !errors.Is(err, db.ErrNone) {
			t.Fatalf("the refused write left a row: %v", err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { tx.AfterCommit(func() { ran++ }); return put(tx, "a", "2") }); err != nil || ran != 1 {
			t.Fatal(err, ran)
		}
		if v, err := get(t, d, "a"); v != "2" {
			t.Fatal(v, err)
		}
	})
}

func TestWrite_aPanicRollsBackAndReachesTheCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "spilled") {
					t.Errorf("recovered %v", r)
				}
			}()
			_ = d.Write(ctx, func(tx *db.Tx) error { // it panics: there is no error to look at
				if err := put(tx, "p", "1"); err != nil {
					return err
				}
				panic("spilled")
			})
		}()
		if _, err := get(t, d, "p"); !errors.Is(err, db.ErrNone) {
			t.Fatalf("the panic left a row: %v", err)
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, "p", "2") }); err != nil {
			t.Fatalf("no write works after a panic: %v", err)
		}
	})
}

func TestErrors_haveKindsAndEndTheTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		wallet := "INSERT INTO wallet (pro_id, balance_minor) VALUES ($1, $2)"
		for _, c := range []struct {
			name string
			do   func(tx *db.Tx) error
			want error
		}{
			{"unique", func(tx *db.Tx) error {
				if err := put(tx, "u", "1"); err != nil {
					return err
				}
				return put(tx, "u", "2")
			}, db.ErrUnique},
			{"check", func(tx *db.Tx) error { _, err := tx.Exec(wallet, "p", -1); return err }, db.ErrRefused},
			{"null", func(tx *db.Tx) error { _, err := tx.Exec(wallet, "p", nil); return err }, db.ErrRefused},
			{"swallowed", func(tx *db.Tx) error {
				if err := put(tx, "s", "1"); err != nil {
					return err
				}
				if err := put(tx, "s", "1"); !errors.Is(err, db.ErrUnique) {
					t.Errorf("second insert: %v", err)
				}
				return nil // the statement failed: success is no longer this closure's to declare
			}, db.ErrUnique},
			{"afterwards", func(tx *db.Tx) error {
				_ = put(tx, "x", "1") // the pair is the point
				_ = put(tx, "x", "1")
				return put(tx, "y", "1")
			}, db.ErrUnique},
		} {
			if err := d.Write(ctx, c.do); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.name, err, c.want)
			}
		}
		if _, err := get(t, d, "s"); !errors.Is(err, db.ErrNone) {
			t.Error("a failed transaction left a row")
		}
	})
}

func TestStrictTypes_refuseAStringInANumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO wallet (pro_id, balance_minor) VALUES ($1, $2)", "p", "many")
			return err
		})
		if err == nil {
			t.Fatal("stored")
		}
	})
}

func TestRead_cannotWrite(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		if err := d.Read(ctx, func(tx *db.Tx) error { return put(tx, "r", "1") }); err == nil {
			t.Fatal("a read wrote")
		}
		if err := d.ReadSoon(ctx, func(tx *db.Tx) error { return put(tx, "r", "1") }); err == nil {
			t.Fatal("a read behind the scenes wrote")
		}
		if _, err := get(t, d, "r"); !errors.Is(err, db.ErrNone) {
			t.Fatalf("what a read wrote is there: %v", err)
		}
		if err := d.Read(ctx, func(tx *db.Tx) error { _, err := db.Value[int64](tx, "SELECT count(*) FROM setting"); return err }); err != nil {
			t.Fatalf("the reader is not usable afterwards: %v", err)
		}
	})
}

// Write skew: each closure sees the other's row untouched and changes its own. Serializable means that one of them must see the other.
func TestWrite_isSerializable(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := put(tx, "on-duty-1", "yes"); err != nil {
				return err
			}
			return put(tx, "on-duty-2", "yes")
		})
		if err != nil {
			t.Fatal(err)
		}
		leave := func(name string) error {
			return d.Write(ctx, func(tx *db.Tx) error {
				n, err := db.Value[int64](tx, "SELECT count(*) FROM setting WHERE value = 'yes'")
				if err != nil || n < 2 {
					return err
				}
				_, err = tx.Exec("UPDATE setting SET value = 'no' WHERE name = $1", name)
				return err
			})
		}
		var wg sync.WaitGroup
		for _, n := range []string{"on-duty-1", "on-duty-2"} {
			wg.Go(func() {
				if err := leave(n); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		left := 0
		for _, n := range []string{"on-duty-1", "on-duty-2"} {
			if v, _ := get(t, d, n); v == "yes" {
				left++
			}
		}
		if left != 1 {
			t.Fatalf("%d left on duty, want 1", left)
		}
	})
}

// Many closures at once, some refused, some cancelled: exactly those answered nil are there.
func TestWrite_underLoadTellsTheTruth(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		const n = 400
		refused := errors.New("refused")
		answers := make([]error, n)
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				c, cancel := context.WithCancel(ctx)
				defer cancel()
				if i%7 == 0 {
					go cancel()
				}
				answers[i] = d.Write(c, func(tx *db.Tx) error {
					if err := put(tx, fmt.Sprint("load-", i), "x"); err != nil {
						return err
					}
					if i%5 == 0 {
						return refused
					}
					return nil
				})
			})
		}
		wg.Wait()
		for i, answer := range answers {
			_, err := get(t, d, fmt.Sprint("load-", i))
			if there := err == nil; there != (answer == nil) {
				t.Errorf("closure %d answered %v and its row is there: %v", i, answer, there)
			}
		}
	})
}

func TestWriteGuarded_sellsTheLastOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, "last", "free") }); err != nil {
			t.Fatal(err)
		}
		before := d.Stats().Aborts
		won := make([]int64, 40)
		var wg sync.WaitGroup
		for i := range won {
			wg.Go(func() {
				err := d.WriteGuarded(ctx, func(tx *db.Tx) error {
					var err error
					won[i], err = tx.Exec("UPDATE setting SET value = 'sold' WHERE name = 'last' AND value = 'free'")
					return err
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		sum := int64(0)
		for _, w := range won {
			sum += w
		}
		if sum != 1 {
			t.Fatalf("sold %d times", sum)
		}
		if aborts := d.Stats().Aborts - before; aborts != 0 {
			t.Errorf("%d aborts for a guarded update", aborts)
		}
	})
}

func TestWrite_acceptsAgainAfterManyCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if err := d.Write(gone, func(tx *db.Tx) error { return put(tx, "gone", "1") }); !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled: %v", err)
		}
		if err := d.Read(gone, func(*db.Tx) error { return nil }); err == nil && d.Dialect() == db.PostgreSQL {
			t.Error("a cancelled read ran")
		}
		if err := d.Write(ctx, func(tx *db.Tx) error { return put(tx, "here", "1") }); err != nil {
			t.Fatal(err)
		}
		if _, err := get(t, d, "gone"); !errors.Is(err, db.ErrNone) {
			t.Error("a cancelled write happened")
		}
	})
}

// A reader whose caller goes away at the very moment its snapshot begins must not keep that snapshot.
func TestRead_acceptsAgainAfterManyCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range 400 {
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*time.Microsecond)
					err := d.Read(ctx, func(tx *db.Tx) error {
						_, err := db.Value[int](tx, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) SELECT count(*) FROM n")
						return err
					})
					if err != nil && ctx.Err() == nil {
						t.Errorf("read %d of a caller who stayed: %v", i, err)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		for range 16 {
			if err := d.Read(t.Context(), func(*db.Tx) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestNewID_isLongAndHasNoOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		seen := map[string]bool{}
		rising := 0
		last := ""
		for range 2000 {
			id := d.NewID("req")
			if len(id) != 4+24 || seen[id] || id != strings.ToLower(id) {
				t.Fatalf("bad id %q", id)
			}
			seen[id] = true
			if id > last {
				rising++
			}
			last = id
		}
		if rising < 850 || rising > 1150 {
			t.Errorf("%d of 2000 ids rise: they should have no order", rising)
		}
		later := 0
		for range 64 {
			c.AddMachine(time.Minute)
			if id := d.NewID("req"); id > last {
				later++
			}
		}
		if d.Dialect() == db.SQLite && later != 64 {
			t.Errorf("%d of 64 later ids come later: on SQLite they lie in the order of time", later)
		}
	})
}

func TestMigrate_refusesANewerSchema(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			c := dbtest.NewClock()
			place := dbtest.Place(t, e, "main")
			d := dbtest.Open(t, place, c)
			err := d.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO schema_version (version, name, at) VALUES ($1, $2, $3)", db.SchemaVersion()+1, "future", 0)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			place.Clocks = c.Clocks()
			if _, err := db.Open(ctx, place); err == nil || !strings.Contains(err.Error(), "install a newer Entremise") {
				t.Fatalf("opened a newer schema: %v", err)
			}
		})
	}
}

func TestMigrate_manyNodesAtOnce(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			place := dbtest.Place(t, e, "empty")
			place.Clocks = dbtest.NewClock().Clocks()
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(func() {
					d, err := db.Open(ctx, place)
					if err != nil {
						t.Error(err)
						return
					}
					if v, err := d.Version(ctx); v != db.SchemaVersion() || err != nil {
						t.Error(v, err)
					}
					if err := d.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestWake_reachesOtherNodes(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			c := dbtest.NewClock()
			place := dbtest.Place(t, e, "main")
			a := dbtest.Open(t, place, c)
			listeners := []*db.DB{a}
			if e == db.PostgreSQL {
				listeners = append(listeners, dbtest.Open(t, place, c))
			}
			for i, l := range listeners {
				ch, end := l.Listen("board", "other")
				defer end()
				deadline := time.After(10 * time.Second)
				for heard := false; !heard; {
					if err := a.Write(ctx, func(tx *db.Tx) error { tx.Wake("board"); return nil }); err != nil {
						t.Fatal(err)
					}
					select {
					case <-ch:
						heard = true
					case <-deadline:
						t.Fatalf("node %d heard nothing", i)
					case <-time.After(50 * time.Millisecond): // the other node may not listen yet; a wake-up may be lost
					}
				}
			}
		})
	}
}

func TestClose_letsTheLastWriteFinish(t *testing.T) {
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			c := dbtest.NewClock()
			place := dbtest.Place(t, e, "main")
			place.Clocks = c.Clocks()
			d, err := db.Open(ctx, place)
			if err != nil {
				t.Fatal(err)
			}
			started, answer := make(chan struct{}), make(chan error, 1)
			var once sync.Once
			go func() {
				answer <- d.Write(ctx, func(tx *db.Tx) error { once.Do(func() { close(started) }); return put(tx, "last", "1") })
			}()
			<-started
			if e == db.SQLite { // PostgreSQL's pool closes under the transaction: its caller is told, which is as good
				if err := d.Close(); err != nil {
					t.Fatal(err)
				}
			}
			err = <-answer
			if e == db.PostgreSQL {
				if e := d.Close(); e != nil {
					t.Fatal(e)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Write(ctx, func(*db.Tx) error { return nil }); err == nil {
				t.Error("a closed database accepted a write")
			}
			if v, err := get(t, dbtest.Open(t, place, c), "last"); v != "1" {
				t.Fatal("the acknowledged write is gone", err)
			}
		})
	}
}

// What nobody waits for shares the commit of somebody who does, and is done soon when nobody comes.
func TestWriteSoon_isDoneWithOthersAndAlone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		if err := d.WriteSoon(ctx, func(tx *db.Tx) error { return put(tx, "alone", "1") }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				write := d.WriteSoon
				if i%2 == 0 {
					write = d.Write
				}
				if err := write(ctx, func(tx *db.Tx) error { return put(tx, fmt.Sprint("together-", i), "1") }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := range 20 {
			if v, err := get(t, d, fmt.Sprint("together-", i)); v != "1" {
				t.Error(i, v, err)
			}
		}
	})
}

// A closure that fails after it wrote takes back its own rows and none of its neighbours', whoever they are and whatever they saw.
func TestWrite_whoFailsSpoilsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		boom := errors.New("boom")
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				defer func() {
					if p := recover(); (p != nil) != (i%7 == 3) {
						t.Errorf("%d: %v", i, p)
					}
				}()
				err := d.Write(ctx, func(tx *db.Tx) error {
					if err := put(tx, fmt.Sprint("row-", i), "1"); err != nil {
						return err
					}
					switch i % 7 {
					case 1:
						return boom
					case 2:
						return put(tx, fmt.Sprint("row-", i), "2")
					case 3:
						panic("spilled")
					}
					return nil
				})
				switch i % 7 {
				case 1:
					if !errors.Is(err, boom) {
						t.Error(i, err)
					}
				case 2:
					if !errors.Is(err, db.ErrUnique) {
						t.Error(i, err)
					}
				default:
					if err != nil {
						t.Error(i, err)
					}
				}
			})
		}
		wg.Wait()
		for i := range 200 {
			_, err := get(t, d, fmt.Sprint("row-", i))
			if kept := i%7 == 0 || i%7 > 3; (err == nil) != kept || err != nil && !errors.Is(err, db.ErrNone) {
				t.Error(i, err)
			}
		}
	})
}

// A statement that is sent may be refused later; then everything is.
func TestSend_failsWithWhatComesAfter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		insert := "INSERT INTO setting (name, value) VALUES ($1, $2)"
		for name, after := range map[string]func(*db.Tx) error{
			"commit":   func(*db.Tx) error { return nil },
			"exec":     func(tx *db.Tx) error { return put(tx, "other", "1") },
			"query":    func(tx *db.Tx) error { _, err := db.Value[int64](tx, "SELECT count(*) FROM setting"); return err },
			"send":     func(tx *db.Tx) error { return tx.Send(insert, "other", "1") },
			"an error": func(*db.Tx) error { return errors.New("boom") },
		} {
			err := d.Write(ctx, func(tx *db.Tx) error {
				if err := tx.Send(insert, "twice", "1"); err != nil {
					return err
				}
				if err := tx.Send(insert, "twice", "2"); err != nil {
					return err
				}
				return after(tx)
			})
			if err == nil || name != "an error" && !errors.Is(err, db.ErrUnique) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := get(t, d, "twice"); !errors.Is(err, db.ErrNone) {
				t.Errorf("%s left a row: %v", name, err)
			}
		}
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := tx.Send(insert, "seen", "1"); err != nil {
				return err
			}
			v, err := db.Value[string](tx, "SELECT value FROM setting WHERE name = 'seen'")
			if v != "1" {
				t.Errorf("what was sent is not seen by what asks: %q", v)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := get(t, d, "seen"); v != "1" {
			t.Fatal(v, err)
		}
	})
}

// What is written once for everybody is written again where its transaction did not come about, and not where it did.
func TestOnce_countsWhatWasCommitted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		ctx, runs, refused := context.Background(), 0, errors.New("refused")
		write := func(key string, end error) error {
			return d.Write(ctx, func(tx *db.Tx) error {
				return errors.Join(tx.Once(key, func() error { runs++; return nil }), end)
			})
		}
		for i, step := range []struct {
			key  string
			end  error
			runs int
		}{{"a", refused, 1}, {"a", nil, 2}, {"a", nil, 2}, {"b", nil, 3}} {
			if err := write(step.key, step.end); !errors.Is(err, step.end) || runs != step.runs {
				t.Fatal(i, err, runs)
			}
		}
	})
}
