// Package db gives the rooms one set of queries and one guarantee on two engines: SQLite (a file, one writer) and PostgreSQL.
//
// The promise: when Write answers nil, what its closure did is on disk; when it answers an error, nothing of it is. Closures of one
// moment never see each other's half-done work: SQLite has one writer, PostgreSQL runs SERIALIZABLE. The price is that a closure may
// run more than once, so it does no I/O, touches no channel and keeps no result but in variables that it sets anew each time.
//
// Queries are written once, with $1…$n, in the types TEXT, BIGINT, BOOLEAN and BYTEA. Instants are BIGINT microseconds UTC, dates ISO
// TEXT. What differs between the engines stays in this package: sqlite.go and postgres.go.
package db

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Clocks are the two times of the house, given by the composition root.
//
// Business time dates what happens (deadlines, invoices, consents); a folder with a virtual clock can move it forward. Machine time is
// always real: leases, back-off, rate limits, sessions, one-time codes, signatures.
type Clocks struct {
	Business func() time.Time
	Machine  func() time.Time
}

// Options say where the truth lives. Path (a SQLite file) or URL (postgres://…), never both.
type Options struct {
	Path   string
	URL    string
	Clocks Clocks
	Schema fs.FS     // nil: the main schema
	Random io.Reader // nil: crypto/rand; tests may fix it
}

// engine is what the two databases do differently. It stays private: rooms see DB and Tx.
type engine interface {
	write(ctx context.Context, fn func(*Tx) error, how manner) error
	read(ctx context.Context, fn func(*Tx) error) error
	close() error
}

// manner is how a write may be run.
type manner int

const (
	serializable manner = iota
	guarded             // its rules stand in its statements
	patient             // guarded, and nobody waits for it
)

// DB is one database. It is safe for concurrent use.
type DB struct {
	engine
	opt     Options
	dialect Dialect
	wake    *wakes
	commits atomic.Int64
	aborts  atomic.Int64
	once    sync.Map // keys of Tx.Once
}

// Dialect names the engine behind a DB, for the few places in this package and in reports that must know.
type Dialect string

const (
	SQLite     Dialect = "sqlite"
	PostgreSQL Dialect = "postgres"
)

// Open opens the database and brings its schema up to this binary's version. It refuses a schema that is newer.
func Open(ctx context.Context, opt Options) (*DB, error) {
	d, err := OpenOnly(ctx, opt)
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// OpenOnly opens the database and leaves its schema alone: for restore, which creates an older version first.
func OpenOnly(ctx context.Context, opt Options) (*DB, error) {
	if opt.Clocks.Business == nil || opt.Clocks.Machine == nil {
		return nil, errors.New("db: both clocks must be given")
	}
	if (opt.Path == "") == (opt.URL == "") {
		return nil, errors.New("db: give a path or a PostgreSQL address, one of the two")
	}
	if opt.Random == nil {
		opt.Random = rand.Reader
	}
	if opt.Schema == nil {
		opt.Schema = Schema()
	}
	d := &DB{opt: opt, wake: newWakes()}
	var err error
	if opt.Path != "" {
		d.dialect = SQLite
		d.engine, err = openSQLite(ctx, d, opt.Path)
	} else {
		d.dialect = PostgreSQL
		d.engine, err = openPostgres(ctx, d, opt.URL)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// Dialect says which engine this is.
func (d *DB) Dialect() Dialect { return d.dialect }

// Now is business time outside a transaction; Machine is real time.
func (d *DB) Now() time.Time     { return d.opt.Clocks.Business() }
func (d *DB) Machine() time.Time { return d.opt.Clocks.Machine() }

// Write runs fn in one durable, serializable transaction. fn may run more than once; see the package. The error of fn comes back
// unchanged. A cancelled ctx is honoured until fn starts; from then on the transaction ends within writeLimit, whatever ctx does, so that
// the caller never wonders whether it happened.
func (d *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return d.engine.write(ctx, fn, serializable)
}

// WriteGuarded is Write for closures whose every rule stands in the WHERE of the statement that it guards, or in a unique constraint: the
// last seat, a queue's claim, a lease, the balance of a wallet. PostgreSQL then runs it READ COMMITTED: who comes second waits for the row
// and finds the guard false, instead of being aborted and run again. What such a closure merely reads may be stale by a commit.
func (d *DB) WriteGuarded(ctx context.Context, fn func(*Tx) error) error {
	return d.engine.write(ctx, fn, guarded)
}

// WriteSoon is WriteGuarded for work behind the scenes that nobody waits for: the end of a job, a round of the sequencer. On SQLite it lets
// up to patience pass, while others come and go, so that it may share the commit of somebody who does wait, instead of making him wait for a
// commit of its own.
func (d *DB) WriteSoon(ctx context.Context, fn func(*Tx) error) error {
	return d.engine.write(ctx, fn, patient)
}

// Read runs fn on one consistent snapshot, read only.
func (d *DB) Read(ctx context.Context, fn func(*Tx) error) error { return d.engine.read(ctx, fn) }

// ReadSoon is Read for work behind the scenes. On SQLite it rides with the writer, whose pages are warm, and may wait as WriteSoon does: a reader's
// own pages are stale after every commit, and a few rows cost it ten times as much.
func (d *DB) ReadSoon(ctx context.Context, fn func(*Tx) error) error {
	if d.dialect == PostgreSQL {
		return d.engine.read(ctx, fn)
	}
	return d.engine.write(ctx, func(tx *Tx) error {
		err := fn(tx)
		if err == nil && tx.changed {
			err = errors.New("db: a reading changed something")
		}
		return err
	}, patient)
}

// Close waits for the write in progress and closes the connections.
func (d *DB) Close() error { return d.engine.close() }

// Stats count commits, and transactions that PostgreSQL made us repeat. The bench holds aborts per commit to at most 0.05.
type Stats struct{ Commits, Aborts int64 }

// Stats since Open.
func (d *DB) Stats() Stats { return Stats{Commits: d.commits.Load(), Aborts: d.aborts.Load()} }

// writeLimit is how long one group of closures may take; beyond it the transaction is given up and its callers get an error.
const writeLimit = 30 * time.Second

// runner is what a Tx needs of a connection; both engines cache prepared statements behind it.
type runner interface {
	send(ctx context.Context, q string, args []any) error // may wait and fail with the next one
	exec(ctx context.Context, q string, args []any) (changed int64, err error)
	query(ctx context.Context, q string, args []any) (rows, error)
}

type rows interface {
	Scanner
	Next() bool
	Err() error
	Close() error
}

// Tx is a transaction in progress. It belongs to the closure that got it and to one goroutine.
type Tx struct {
	ctx     context.Context
	until   time.Time // real time after which no further statement begins; zero where ctx says it
	run     runner
	db      *DB
	now     time.Time
	failed  error
	changed bool // a statement touched rows
	after   []func()
	schema  map[string]table // for Load
}

// Now is the business instant of this transaction, read once at its start, whole microseconds UTC.
func (t *Tx) Now() time.Time { return t.now }

// Machine is the real time now.
func (t *Tx) Machine() time.Time { return t.db.Machine() }

// idTick is how many milliseconds of ids lie in no order: 40 bits of it last until the year 3711.
const idTick = 50

// ids is Crockford's alphabet, without look-alikes; 24 characters carry 120 bits.
var ids = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID is a prefix and 24 characters that nobody guesses; see [DB.NewID]. Lists order by (at, id), never by id alone.
func (t *Tx) NewID(prefix string) string { return t.db.NewID(prefix) }

// NewID outside a transaction, for what must be named before it is stored (a message's idempotency key).
//
// On PostgreSQL it is 120 random bits: ids in the order of time were measured to triple its aborts. On SQLite 40 bits of machine time come
// first and 80 random ones behind: there is one writer, and new rows that lie side by side in every index made a group of intakes write a
// fifth of the pages.
func (d *DB) NewID(prefix string) string {
	var b [15]byte
	random := b[:]
	if d.dialect == SQLite {
		ticks := uint64(d.Machine().UnixMilli()) / idTick
		b[0], b[1], b[2], b[3], b[4] = byte(ticks>>32), byte(ticks>>24), byte(ticks>>16), byte(ticks>>8), byte(ticks)
		random = b[5:]
	}
	if _, err := io.ReadFull(d.opt.Random, random); err != nil {
		panic("db: no randomness: " + err.Error()) // the machine cannot keep any promise now
	}
	return prefix + "_" + ids.EncodeToString(b[:])
}

// AfterCommit runs f once the transaction is durable, and never if it is not. For wake-ups only: a crash in between loses f.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Once runs do unless a transaction of this process has run it under the same key and was committed: for a row that is the same for everybody,
// is written once and never changes nor goes. Another process runs it again, so do is one that may be.
func (t *Tx) Once(key string, do func() error) error {
	if _, done := t.db.once.Load(key); done {
		return nil
	}
	err := do()
	if err == nil {
		t.AfterCommit(func() { t.db.once.Store(key, true) })
	}
	return err
}

// Exec runs a statement and returns how many rows it touched.
func (t *Tx) Exec(q string, args ...any) (int64, error) {
	if err := t.ready(q); err != nil {
		return 0, err
	}
	n, err := t.run.exec(t.ctx, q, args)
	if err != nil {
		return 0, t.fail(err, q)
	}
	t.changed = t.changed || n != 0
	return n, nil
}

// Send is Exec for a statement whose answer decides nothing: on PostgreSQL it travels with the next one that answers, or with the commit, and
// if it fails, that one fails.
func (t *Tx) Send(q string, args ...any) error {
	if err := t.ready(q); err != nil {
		return err
	}
	t.changed = true
	if err := t.run.send(t.ctx, q, args); err != nil {
		return t.fail(err, q)
	}
	return nil
}

// ready says that the statement q may run.
func (t *Tx) ready(q string) error {
	if t.failed == nil && !t.until.IsZero() && time.Now().After(t.until) {
		return t.fail(context.DeadlineExceeded, q)
	}
	return t.failed
}

// fail notes that the transaction is lost: PostgreSQL refuses everything after an error, and so does SQLite here, for the same guarantee.
func (t *Tx) fail(err error, q string) error {
	t.failed = kindOf(err, q)
	return t.failed
}

// Scanner is a row to read columns from.
type Scanner interface{ Scan(dest ...any) error }

// List runs a query and reads every row with scan.
func List[T any](t *Tx, scan func(Scanner) (T, error), q string, args ...any) ([]T, error) {
	var all []T
	err := Each(t, func(s Scanner) error {
		v, err := scan(s)
		if err == nil {
			all = append(all, v)
		}
		return err
	}, q, args...)
	return all, err
}

// Each runs a query and calls f for every row. f must not use t.
func Each(t *Tx, f func(Scanner) error, q string, args ...any) error {
	if err := t.ready(q); err != nil {
		return err
	}
	rows, err := t.run.query(t.ctx, q, args)
	if err != nil {
		return t.fail(err, q)
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return t.fail(err, q)
	}
	return nil
}

// One reads exactly one row; ErrNone when there is none.
func One[T any](t *Tx, scan func(Scanner) (T, error), q string, args ...any) (T, error) {
	var v T
	found := false
	err := Each(t, func(s Scanner) error {
		if found {
			return fmt.Errorf("db: more than one row for %s", label(q))
		}
		found = true
		var err error
		v, err = scan(s)
		return err
	}, q, args...)
	if err == nil && !found {
		err = ErrNone
	}
	return v, err
}

// Get reads one row of columns into dest; ErrNone when there is none.
func (t *Tx) Get(dest []any, q string, args ...any) error {
	_, err := One(t, func(s Scanner) (struct{}, error) { return struct{}{}, s.Scan(dest...) }, q, args...)
	return err
}

// Into names the variables that a Get fills, in the order of the columns.
func Into(dest ...any) []any { return dest }

// Value reads one column of one row; ErrNone when there is none.
func Value[T any](t *Tx, q string, args ...any) (T, error) {
	return One(t, func(s Scanner) (v T, err error) { err = s.Scan(&v); return }, q, args...)
}

// Values reads one column of every row.
func Values[T any](t *Tx, q string, args ...any) ([]T, error) {
	return List(t, func(s Scanner) (v T, err error) { err = s.Scan(&v); return }, q, args...)
}

// JSON is how a structure is stored: opaque text. It is for values whose types cannot fail, and panics where one does.
func JSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("db: %T does not marshal: %v", v, err))
	}
	return string(b)
}

// Micros is how an instant is stored: microseconds since 1970 UTC; the zero time is 0.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time reads a stored instant back, in UTC; 0 is the zero time.
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// In writes "$n, $n+1, …" for an IN list of values and appends them to args.
func In[T any](args *[]any, values []T) string {
	return string(mark(make([]byte, 0, 6*len(values)), args, values))
}

// Mark is the placeholder of the n-th argument.
func Mark(n int) string { return "$" + strconv.Itoa(n) }

func mark[T any](b []byte, args *[]any, values []T) []byte {
	for i, v := range values {
		if i > 0 {
			b = append(b, ", "...)
		}
		*args = append(*args, v)
		b = strconv.AppendInt(append(b, '$'), int64(len(*args)), 10)
	}
	return b
}

// Rows writes "($1, $2), ($3, $4), …" for one INSERT of several rows, and their values. Every row has the same number of values.
func Rows(rows ...[]any) (marks string, args []any) {
	if len(rows) == 0 {
		return "", nil
	}
	args = make([]any, 0, len(rows)*len(rows[0]))
	b := make([]byte, 0, 6*cap(args)+4*len(rows))
	for i, row := range rows {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(mark(append(b, '('), &args, row), ')')
	}
	return string(b), args
}

// label shortens a statement for an error: its first words, never its values.
func label(q string) string {
	q = strings.Join(strings.Fields(q), " ")
	if len(q) > 60 {
		q = q[:60] + "…"
	}
	return q
}

// Lock keeps a row, named by its column id, as it is until the end of a guarded transaction: on PostgreSQL whoever changes or locks it
// meanwhile waits, and what the closure reads from then on is as new as the lock. SQLite has one writer and needs nothing.
func (t *Tx) Lock(table, id string) error {
	if t.db.dialect == SQLite {
		return nil
	}
	return t.Get(Into(new(string)), "SELECT id FROM "+table+" WHERE id = $1 FOR UPDATE", id)
}

// SkipLocked is what a queue's claim appends to its inner SELECT: on PostgreSQL several nodes claim at once and step over each other's
// rows; SQLite has one writer and needs nothing.
func (d *DB) SkipLocked() string {
	if d.dialect == PostgreSQL {
		return " FOR UPDATE SKIP LOCKED"
	}
	return ""
}
