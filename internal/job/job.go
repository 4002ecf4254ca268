// Package job runs immediate work after the transaction that asked for it: a row inserted with Add is the promise, a handler keeps it, at
// least once. Handlers are idempotent by the object that they get; a job carries an id and never a personal value.
//
// Jobs run on machine time. Business deadlines are not jobs: they are found by sweeps ([Runner.Every]), so that a changed rule or a moved
// clock needs no row to be rewritten.
//
// On PostgreSQL a claim is written: a crash leaves a running job with its lease, and any node takes it up again when the lease has passed. On
// SQLite one process has the folder to itself: what runs is known in memory, and a crash leaves a job that waits.
package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
)

// Kind names a handler: an imperative, "message.send".
type Kind string

// Add promises that kind will run for object once tx commits, at the earliest after delay of machine time.
func Add(tx *db.Tx, kind Kind, object string, delay time.Duration) error {
	now := tx.Machine()
	err := tx.Send("INSERT INTO job (id, kind, object, state, due_at, attempt, error, created_at) VALUES ($1, $2, $3, 'waiting', $4, 0, '', $5)",
		tx.NewID("job"), string(kind), object, db.Micros(now.Add(delay)), db.Micros(now))
	if err == nil && delay == 0 {
		tx.Wake("job")
	}
	return err
}

// Handler does the work for one object. An error means "again later"; a Permanent error means "never, tell the operator".
type Handler func(ctx context.Context, object string) error

// Permanent marks an error that no repetition mends.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// With is what a handler returns when rows must change in the very transaction that finishes its job: err as if returned alone, and write.
func With(err error, write func(*db.Tx) error) error { return with{err, write} }

type with struct {
	err   error
	write func(*db.Tx) error
}

func (w with) Error() string {
	if w.err == nil {
		return "done"
	}
	return w.err.Error()
}

// Retry, returned by a handler, is an error that says when to come again.
type Retry struct {
	After time.Duration
	Err   error
}

func (r Retry) Error() string { return fmt.Sprintf("again in %s: %v", r.After, r.Err) }
func (r Retry) Unwrap() error { return r.Err }

const (
	// Lease is how long a node may hold a job before others take it up: longer than any driver's time-out.
	Lease = 45 * time.Second
	// A job is given up and shown to the operator after so many attempts, but not before a day and a half: what an outage of an outside
	// service makes a handler repeat every few seconds (Retry) is not lost by it.
	attempts = 24
	patience = 36 * time.Hour
	workers  = 8
	claim    = 16
	poll     = time.Second
)

// backoff grows from a second to two hours.
func backoff(attempt int64) time.Duration {
	return min(time.Second<<min(attempt, 13), 2*time.Hour)
}

// Runner claims jobs and runs their handlers, and runs sweeps. Register everything, then Start once.
type Runner struct {
	db       *db.DB
	log      *slog.Logger
	handlers map[Kind]Handler
	sweeps   []sweep
	wg       sync.WaitGroup
	stop     context.CancelFunc
	after    func(time.Duration) <-chan time.Time

	mu      sync.Mutex
	running map[string]time.Time // SQLite: claimed jobs, by id; an instant is when one that could not be finished may run again
}

type sweep struct {
	name  string
	every time.Duration
	run   func(context.Context) error
	wake  chan chan error
}

// NewRunner makes a runner that waits by machine time through after (time.After in production).
func NewRunner(d *db.DB, log *slog.Logger, after func(time.Duration) <-chan time.Time) *Runner {
	return &Runner{db: d, log: log, handlers: map[Kind]Handler{}, after: after, running: map[string]time.Time{}}
}

// Handle registers the handler of a kind.
func (r *Runner) Handle(k Kind, h Handler) {
	if r.handlers[k] != nil {
		panic("job: two handlers for " + string(k))
	}
	r.handlers[k] = h
}

// Every registers a sweep: run is called at the start and then every so often, never twice at once on this node. Several nodes may sweep
// at the same time, so a sweep acts by guarded writes.
func (r *Runner) Every(name string, every time.Duration, run func(context.Context) error) {
	r.sweeps = append(r.sweeps, sweep{name: name, every: every, run: run, wake: make(chan chan error)})
}

// Start runs jobs and sweeps until Stop.
func (r *Runner) Start(ctx context.Context) {
	ctx, r.stop = context.WithCancel(ctx)
	queue := make(chan row)
	for range workers {
		r.wg.Go(func() {
			for j := range queue {
				r.do(ctx, j)
			}
		})
	}
	r.wg.Go(func() {
		defer close(queue)
		woken, end := r.db.Listen("job")
		defer end()
		for ctx.Err() == nil {
			jobs, err := r.claim(ctx)
			if err != nil && ctx.Err() == nil {
				r.log.Error("claim jobs", "error", err)
			}
			for _, j := range jobs {
				queue <- j
			}
			if len(jobs) == claim {
				continue
			}
			select {
			case <-ctx.Done():
			case <-woken:
			case <-r.after(poll):
			}
		}
	})
	for _, s := range r.sweeps {
		r.wg.Go(func() {
			run := func() error {
				err := s.run(ctx)
				if err != nil && ctx.Err() == nil {
					r.log.Error("sweep", "name", s.name, "error", err)
				}
				return err
			}
			_ = run() // logged; the next round tries again
			for {
				select {
				case <-ctx.Done():
					return
				case <-r.after(s.every):
					_ = run() // likewise
				case done := <-s.wake:
					done <- run()
				}
			}
		})
	}
}

// Stop waits for what runs to end.
func (r *Runner) Stop() {
	if r.stop != nil {
		r.stop()
		r.wg.Wait()
	}
}

// Sweep runs every sweep once now and waits: a moved clock calls it at each due instant. Before Start it runs them in the caller's
// goroutine, as Drain does with jobs.
func (r *Runner) Sweep(ctx context.Context) error {
	for _, s := range r.sweeps {
		if r.stop == nil {
			if err := s.run(ctx); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
			continue
		}
		done := make(chan error, 1)
		select {
		case s.wake <- done:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Drain runs due jobs in the caller's goroutine until none is due: for tests and for commands without a server.
func (r *Runner) Drain(ctx context.Context) error {
	for {
		jobs, err := r.claim(ctx)
		if err != nil || len(jobs) == 0 {
			return err
		}
		for _, j := range jobs {
			r.do(ctx, j)
		}
	}
}

type row struct {
	id, kind, object string
	attempt, created int64
	stored           int64 // attempt in the table while it runs: a second node that took the job up after our lease has changed it
}

func scan(s db.Scanner) (j row, err error) {
	err = s.Scan(&j.id, &j.kind, &j.object, &j.stored, &j.created)
	j.attempt = j.stored
	return j, err
}

func (r *Runner) claim(ctx context.Context) (jobs []row, err error) {
	if r.db.Dialect() == db.SQLite {
		return r.claimHere(ctx)
	}
	err = r.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		now := tx.Machine()
		// A running job whose lease has passed is due again: its due_at was moved to the lease's end when it was claimed.
		jobs, err = db.List(tx, scan,
			"UPDATE job SET state = 'running', attempt = attempt + 1, due_at = $2 WHERE id IN (SELECT id FROM job WHERE state <> 'failed' AND due_at <= $1 ORDER BY due_at, id LIMIT $3"+
				r.db.SkipLocked()+") RETURNING id, kind, object, attempt, created_at", db.Micros(now), db.Micros(now.Add(Lease)), claim)
		return err
	})
	return jobs, err
}

// claimHere finds due jobs that this process is not running. The lock spans the read: a job that finishes meanwhile is either gone from what
// is read or still known to be running.
func (r *Runner) claimHere(ctx context.Context) (jobs []row, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var due []row
	now := r.db.Machine()
	err = r.db.Read(ctx, func(tx *db.Tx) error {
		due, err = db.List(tx, scan, "SELECT id, kind, object, attempt, created_at FROM job WHERE state <> 'failed' AND due_at <= $1 ORDER BY due_at, id LIMIT "+strconv.Itoa(claim*(2+len(r.running)/claim)), // a number: SQLite plans a statement anew for every value of LIMIT $2
			db.Micros(now))
		return err
	})
	for _, j := range due {
		until, runs := r.running[j.id]
		if (!runs || !until.IsZero() && !now.Before(until)) && len(jobs) < claim {
			r.running[j.id] = time.Time{}
			j.attempt++
			jobs = append(jobs, j)
		}
	}
	return jobs, err
}

func (r *Runner) do(ctx context.Context, j row) {
	var again time.Time
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if delete(r.running, j.id); !again.IsZero() && r.db.Dialect() == db.SQLite {
			r.running[j.id] = again
		}
	}()
	h := r.handlers[Kind(j.kind)]
	var err error
	if h == nil {
		err = Permanent(fmt.Errorf("no handler for %s: the job is from a newer version", j.kind))
	} else {
		err = safely(ctx, h, j.object)
	}
	write := func(*db.Tx) error { return nil }
	if w, ok := err.(with); ok {
		err, write = w.err, w.write
	} else if ctx.Err() != nil && err != nil {
		return // stopping: the job runs again
	}
	err2 := r.db.WriteSoon(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if e := write(tx); e != nil {
			return e
		}
		if err == nil {
			_, e := tx.Exec("DELETE FROM job WHERE id = $1 AND attempt = $2", j.id, j.stored)
			return e
		}
		state, wait := "waiting", backoff(j.attempt)
		if retry, ok := errors.AsType[Retry](err); ok {
			wait = retry.After
		}
		if _, gone := errors.AsType[permanent](err); gone || j.attempt >= attempts && tx.Machine().Sub(db.Time(j.created)) >= patience {
			state = "failed"
		}
		_, e := tx.Exec("UPDATE job SET state = $3, due_at = $4, error = $5, attempt = $6 WHERE id = $1 AND attempt = $2",
			j.id, j.stored, state, db.Micros(tx.Machine().Add(wait)), reason(err), j.attempt)
		return e
	})
	switch {
	case err2 != nil:
		again = r.db.Machine().Add(Lease) // as if this process had died: never at once, or what it did outside would be done over and over
		r.log.Error("finish job", "job", j.id, "kind", j.kind, "error", err2)
	case err != nil:
		r.log.Warn("job failed", "job", j.id, "kind", j.kind, "object", j.object, "attempt", j.attempt, "error", reason(err))
	}
}

// reason is what may be stored and logged of an error: a fault's code, or the first 200 bytes of what the house itself wrote, as text that both
// engines take: whole characters and no NUL.
func reason(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Code
	}
	s := err.Error()
	return strings.ReplaceAll(strings.ToValidUTF8(s[:min(len(s), 200)], ""), "\x00", "")
}

func safely(ctx context.Context, h Handler, object string) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return h(ctx, object)
}

// Waiting counts jobs by state, for readiness and the operator's page.
func Waiting(tx *db.Tx) (waiting, failed int64, err error) {
	err = tx.Get(db.Into(&waiting, &failed), "SELECT count(*) FILTER (WHERE state <> 'failed'), count(*) FILTER (WHERE state = 'failed') FROM job")
	return waiting, failed, err
}

// Failure counts the jobs of one kind that were given up.
type Failure struct {
	Kind, Error string // the last error; it names no person
	Count       int
	Since       time.Time // machine time
}

// Failed lists what was given up, by kind: for the operator.
func Failed(tx *db.Tx) ([]Failure, error) {
	return db.List(tx, func(s db.Scanner) (f Failure, err error) {
		var n, since int64
		err = s.Scan(&f.Kind, &n, &since, &f.Error)
		f.Count, f.Since = int(n), db.Time(since)
		return f, err
	}, "SELECT kind, count(*), min(created_at), max(error) FROM job WHERE state = 'failed' GROUP BY kind ORDER BY kind")
}
