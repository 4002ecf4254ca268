package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/job"
)

var ctx = context.Background()

func add(t *testing.T, d *db.DB, kind job.Kind, object string) {
	t.Helper()
	if err := d.Write(ctx, func(tx *db.Tx) error { return job.Add(tx, kind, object, 0) }); err != nil {
		t.Fatal(err)
	}
}

func counts(t *testing.T, d *db.DB) (waiting, failed int64) {
	t.Helper()
	if err := d.Read(ctx, func(tx *db.Tx) (err error) { waiting, failed, err = job.Waiting(tx); return }); err != nil {
		t.Fatal(err)
	}
	return
}

func runner(d *db.DB) *job.Runner {
	return job.NewRunner(d, slog.New(slog.DiscardHandler), time.After)
}

func TestJob_runsAfterCommitOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		r := runner(d)
		var ran []string
		r.Handle("note.write", func(_ context.Context, o string) error { ran = append(ran, o); return nil })
		no := errors.New("no")
		err := d.Write(ctx, func(tx *db.Tx) error {
			if err := job.Add(tx, "note.write", "lost", 0); err != nil {
				return err
			}
			return no
		})
		if !errors.Is(err, no) {
			t.Fatal(err)
		}
		add(t, d, "note.write", "kept")
		if err := r.Drain(ctx); err != nil || len(ran) != 1 || ran[0] != "kept" {
			t.Fatal(ran, err)
		}
		if w, f := counts(t, d); w+f != 0 {
			t.Errorf("%d waiting, %d failed after all was done", w, f)
		}
	})
}

func TestJob_retriesWithBackOffThenGivesUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		r := runner(d)
		tries := 0
		r.Handle("mail.send", func(context.Context, string) error { tries++; return errors.New("451 later") })
		add(t, d, "mail.send", "m")
		for range 60 {
			if err := r.Drain(ctx); err != nil {
				t.Fatal(err)
			}
			c.AddMachine(2 * time.Hour)
		}
		if w, f := counts(t, d); w != 0 || f != 1 || tries != 24 {
			t.Errorf("%d waiting, %d failed, %d tries", w, f, tries)
		}
	})
}

func TestJob_permanentUnknownAndPanicking(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		r := runner(d)
		tries := map[string]int{}
		r.Handle("a.b", func(_ context.Context, o string) error {
			tries[o]++
			if o == "panic" {
				panic("spilled")
			}
			return job.Permanent(errors.New("550 no such box"))
		})
		for _, o := range []string{"permanent", "panic"} {
			add(t, d, "a.b", o)
		}
		add(t, d, "from.future", "x")
		if err := r.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		if w, f := counts(t, d); w != 1 || f != 2 { // the panic may be mended by a newer version: it waits
			t.Errorf("%d waiting, %d failed", w, f)
		}
		c.AddMachine(time.Minute)
		if err := r.Drain(ctx); err != nil || tries["permanent"] != 1 || tries["panic"] != 2 {
			t.Error(tries, err)
		}
	})
}

// What another program answers is no text of ours: its error is kept on both engines, cut between characters.
func TestJob_keepsAnyErrorAsText(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		r := runner(d)
		errs := map[string]string{"cut": "x" + strings.Repeat("é", 200), "latin-1": "r\xe9seau", "nul": "a\x00b", "empty": ""}
		for kind, text := range errs {
			r.Handle(job.Kind(kind), func(context.Context, string) error { return job.Permanent(errors.New(text)) })
			add(t, d, job.Kind(kind), "o")
		}
		if err := r.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		var kept []job.Failure
		if err := d.Read(ctx, func(tx *db.Tx) (err error) { kept, err = job.Failed(tx); return }); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"cut": "x" + strings.Repeat("é", 99), "latin-1": "rseau", "nul": "ab", "empty": ""}
		for _, f := range kept {
			if f.Error != want[f.Kind] {
				t.Errorf("%s is kept as %q", f.Kind, f.Error)
			}
			delete(want, f.Kind)
		}
		if len(want) > 0 {
			t.Errorf("not kept as failed: %v", want)
		}
	})
}

// A node that dies holding a job: another takes it up when the lease has passed, not before, and a finish that comes late undoes nothing.
func TestJob_leasePassesToAnotherNode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		dead, live := runner(d), runner(d)
		ran := 0
		live.Handle("a.b", func(context.Context, string) error { ran++; return nil })
		stopped, cancel := context.WithCancel(ctx)
		dead.Handle("a.b", func(context.Context, string) error { cancel(); return errors.New("killed") })
		add(t, d, "a.b", "x")
		if err := dead.Drain(stopped); err == nil {
			t.Error("the dying node went on")
		}
		if d.Dialect() == db.SQLite { // the folder is this process's own: who ran it is gone
			if err := live.Drain(ctx); err != nil || ran != 1 {
				t.Fatalf("ran %d times: %v", ran, err)
			}
			return
		}
		if err := live.Drain(ctx); err != nil || ran != 0 {
			t.Fatalf("ran %d times under another's lease: %v", ran, err)
		}
		c.AddMachine(job.Lease)
		if err := live.Drain(ctx); err != nil || ran != 1 {
			t.Fatalf("ran %d times: %v", ran, err)
		}
	})
}

func TestRunner_manyNodesRunEachJobOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		const n = 200
		var mu sync.Mutex
		seen := map[string]int{}
		all := make(chan struct{})
		handle := func(_ context.Context, o string) error {
			mu.Lock()
			defer mu.Unlock()
			seen[o]++
			if len(seen) == n && seen[o] == 1 {
				close(all)
			}
			return nil
		}
		nodes := 2
		if d.Dialect() == db.SQLite {
			nodes = 1 // the folder is locked by one process, which claims in memory
		}
		for range nodes {
			r := runner(d)
			r.Handle("a.b", handle)
			r.Start(ctx)
			defer r.Stop()
		}
		for i := range n {
			add(t, d, "a.b", fmt.Sprint(i))
		}
		select {
		case <-all:
		case <-time.After(30 * time.Second):
			t.Fatal("not all jobs ran")
		}
		mu.Lock()
		defer mu.Unlock()
		for o, k := range seen {
			if k != 1 {
				t.Errorf("job %s ran %d times", o, k)
			}
		}
	})
}

func TestSweep_runsWhenAsked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		r := runner(d)
		var ran atomic.Int64
		r.Every("count", time.Hour, func(context.Context) error { ran.Add(1); return nil })
		r.Start(ctx)
		defer r.Stop()
		for range 3 {
			if err := r.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if n := ran.Load(); n != 4 {
			t.Errorf("swept %d times, want one at the start and three on demand", n)
		}
	})
}

// What a handler wants written is written with the end of its job or not at all, and a job whose end cannot be written is not run over and
// over.
func TestJob_writesWithItsEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		r := runner(d)
		ran, broken := 0, true
		r.Handle("a.b", func(context.Context, string) error {
			ran++
			return job.With(nil, func(tx *db.Tx) error {
				if broken {
					return errors.New("no room on the disk")
				}
				_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('done', 'yes')")
				return err
			})
		})
		r.Handle("a.c", func(context.Context, string) error {
			return job.With(job.Permanent(errors.New("550")), func(tx *db.Tx) error {
				_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ('refused', 'yes')")
				return err
			})
		})
		settings := func() (n int64) {
			if err := d.Read(ctx, func(tx *db.Tx) (err error) { n, err = db.Value[int64](tx, "SELECT count(*) FROM setting"); return }); err != nil {
				t.Fatal(err)
			}
			return n
		}
		add(t, d, "a.b", "x")
		for range 3 {
			if err := r.Drain(ctx); err != nil || ran != 1 {
				t.Fatalf("ran %d times: %v", ran, err)
			}
		}
		if w, _ := counts(t, d); w != 1 || settings() != 0 {
			t.Fatalf("%d waiting, %d settings", w, settings())
		}
		broken = false
		c.AddMachine(job.Lease)
		if err := r.Drain(ctx); err != nil || ran != 2 || settings() != 1 {
			t.Fatalf("ran %d times, %d settings: %v", ran, settings(), err)
		}
		add(t, d, "a.c", "x")
		if err := r.Drain(ctx); err != nil || settings() != 2 {
			t.Fatal(settings(), err)
		}
		if w, f := counts(t, d); w != 0 || f != 1 {
			t.Errorf("%d waiting, %d failed", w, f)
		}
	})
}
