package db

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// postgres is the PostgreSQL engine. Every write is SERIALIZABLE, unless its rules stand in its statements, and repeated when the server gives
// it up for another's sake; several nodes may share one database. A crash of this process leaves what the server committed.
//
// A statement whose answer nobody looks at ([Tx.Send]), BEGIN and COMMIT wait for the next one that answers and travel with it: an intake of
// some twenty statements crosses the line three times.
type postgres struct {
	db   *DB
	pool *pgxpool.Pool
	stop context.CancelFunc
	done chan struct{}
}

const (
	pgConns    = 24
	pgAttempts = 30
)

func openPostgres(ctx context.Context, d *DB, url string) (*postgres, error) {
	conf, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("db: the PostgreSQL address is not of the form postgres://user@host/name") // the driver's text would repeat the password
	}
	conf.ConnConfig.RuntimeParams["application_name"] = "entremise"
	conf.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// Rows are found by key here, on disks that seek at once: the shipped price of a random page (4) has the planner read whole tables to find
	// five hundred people among fifty thousand, which makes a sweep cost what is stored instead of what is due.
	if _, set := conf.ConnConfig.RuntimeParams["random_page_cost"]; !set {
		conf.ConnConfig.RuntimeParams["random_page_cost"] = "1.1"
	}
	conf.MaxConns = pgConns
	pool, err := pgxpool.NewWithConfig(ctx, conf)
	if err != nil {
		return nil, err
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("db: PostgreSQL does not answer: %w", err)
	}
	bg, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &postgres{db: d, pool: pool, stop: stop, done: make(chan struct{})}
	go p.listen(bg, conf.ConnConfig)
	return p, nil
}

// pgTx is a transaction on one connection, with the statements that have not been sent yet.
type pgTx struct {
	conn  *pgx.Conn
	queue pgx.Batch
	open  bool // BEGIN has been sent: the server may be in a transaction
}

func (p *pgTx) send(_ context.Context, q string, args []any) error {
	p.queue.Queue(q, args...)
	return nil
}

func (p *pgTx) exec(ctx context.Context, q string, args []any) (int64, error) {
	p.queue.Queue(q, args...)
	results := p.flush(ctx)
	defer results.close()
	tag, err := results.last()
	return tag.RowsAffected(), err
}

func (p *pgTx) query(ctx context.Context, q string, args []any) (rows, error) {
	p.queue.Queue(q, args...)
	results := p.flush(ctx)
	if err := results.skip(); err != nil {
		results.close()
		return nil, err
	}
	found, err := results.Query()
	if err != nil {
		results.close()
		return nil, err
	}
	return pgRows{found, results}, nil
}

// flush sends what waits. The caller reads the answers and closes them.
func (p *pgTx) flush(ctx context.Context) *pgResults {
	sent := p.queue
	p.queue, p.open = pgx.Batch{}, true
	return &pgResults{BatchResults: p.conn.SendBatch(ctx, &sent), queries: sent.QueuedQueries}
}

// pgResults are the answers to statements sent together, in order.
type pgResults struct {
	pgx.BatchResults
	queries []*pgx.QueuedQuery
}

// skip reads the answers to all but the last statement.
func (r *pgResults) skip() error {
	for ; len(r.queries) > 1; r.queries = r.queries[1:] {
		if _, err := r.Exec(); err != nil {
			return sentError{err, r.queries[0].SQL}
		}
	}
	return nil
}

func (r *pgResults) last() (pgconn.CommandTag, error) {
	if err := r.skip(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return r.Exec()
}

// close makes the connection ready for the next statements.
func (r *pgResults) close() {
	_ = r.Close() // it repeats the error that a statement's own answer told
}

// sentError is the failure of a statement that was sent with another one.
type sentError struct {
	error
	statement string
}

func (e sentError) Unwrap() error { return e.error }

// pgRows gives rows that end their answers.
type pgRows struct {
	pgx.Rows
	results *pgResults
}

func (r pgRows) Close() error {
	r.Rows.Close()
	r.results.close()
	return nil
}

func (p *postgres) write(ctx context.Context, fn func(*Tx) error, how manner) error {
	begin := "BEGIN ISOLATION LEVEL READ COMMITTED"
	if how == serializable {
		begin = "BEGIN ISOLATION LEVEL SERIALIZABLE"
	}
	var err error
	for n := range pgAttempts {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if n > 0 {
			p.db.aborts.Add(1)
			// Full jitter, growing to a quarter of a second: the loser of a race waits while the winner commits.
			wait := rand.Int64N(int64(min(time.Millisecond<<n, 250*time.Millisecond)))
			select {
			case <-time.After(time.Duration(wait)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		var tx *Tx
		if tx, err = p.attempt(ctx, fn, begin); err == nil {
			p.db.commits.Add(1)
			for _, f := range tx.after {
				f()
			}
			return nil
		}
		if !retryable(err) {
			return err
		}
	}
	return fmt.Errorf("%w after %d attempts: %w", ErrBusy, pgAttempts, err)
}

func (p *postgres) attempt(ctx context.Context, fn func(*Tx) error, begin string) (*Tx, error) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	conn, err := p.pool.Acquire(limited)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	run := &pgTx{conn: conn.Conn()}
	run.queue.Queue(begin)
	tx := &Tx{ctx: limited, run: run, db: p.db, now: p.db.Now().UTC().Truncate(1000)}
	crash, err := call(fn, tx)
	if err == nil && crash == nil {
		if !run.open && run.queue.Len() == 1 {
			return tx, nil // it did nothing
		}
		if _, err = run.exec(limited, "COMMIT", nil); err == nil {
			return tx, nil
		}
		err = tx.fail(err, "COMMIT")
	}
	// A closure may wrap or replace the error of a statement; what decides about a retry is the statement's own.
	if tx.failed != nil && retryable(tx.failed) {
		err = tx.failed
	}
	rollback := run.rollback(limited)
	if crash != nil {
		panic(crash)
	}
	if rollback != nil {
		err = errors.Join(err, rollback)
	}
	return nil, err
}

// rollback ends a transaction that is not to be. What was not sent yet never happens.
func (p *pgTx) rollback(ctx context.Context) error {
	if !p.open || p.conn.PgConn().TxStatus() == 'I' || p.conn.IsClosed() {
		return nil
	}
	_, err := p.conn.Exec(ctx, "ROLLBACK")
	return err
}

func (p *postgres) read(ctx context.Context, fn func(*Tx) error) error {
	conn, err := p.pool.Acquire(ctx)
	if err != nil {
		return gaveUp(ctx, err)
	}
	run := &pgTx{conn: conn.Conn()}
	run.queue.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	crash, err := call(fn, &Tx{ctx: ctx, run: run, db: p.db, now: p.db.Now().UTC().Truncate(1000)})
	go func() { // nobody waits for the end of a reading; Close waits for the connection
		defer conn.Release()
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
		defer cancel()
		if run.rollback(ending) != nil {
			_ = conn.Conn().Close(ending) // the pool makes another
		}
	}()
	if crash != nil {
		panic(crash)
	}
	return err
}

func (p *postgres) close() error {
	p.stop()
	<-p.done
	p.pool.Close()
	return nil
}

// listen carries wake-ups between nodes: what this node's transactions touched goes out in one NOTIFY every few milliseconds at most
// (inside the transaction it would cost a quarter of the throughput), what other nodes say comes in. A lost one costs a second: everybody
// who waits also polls.
func (p *postgres) listen(ctx context.Context, conf *pgx.ConnConfig) {
	defer close(p.done)
	for ctx.Err() == nil {
		if err := p.session(ctx, conf); err != nil && ctx.Err() == nil {
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

func (p *postgres) session(ctx context.Context, conf *pgx.ConnConfig) error {
	in, err := pgx.ConnectConfig(ctx, conf)
	if err != nil {
		return err
	}
	defer in.Close(context.WithoutCancel(ctx))
	if _, err := in.Exec(ctx, "LISTEN entremise"); err != nil {
		return err
	}
	out := p.db.wake.remote
	sending := make(chan error, 1)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		for {
			select {
			case <-ctx.Done():
				sending <- ctx.Err()
				return
			case topic := <-out:
				if _, err := p.pool.Exec(ctx, "SELECT pg_notify('entremise', $1)", p.db.wake.node+" "+topic); err != nil {
					sending <- err
					cancel()
					return
				}
			}
		}
	}()
	for {
		n, err := in.WaitForNotification(ctx)
		if err != nil {
			cancel()
			<-sending
			return err
		}
		p.db.wake.heard(n.Payload)
	}
}
