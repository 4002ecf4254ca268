package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// postgres is the PostgreSQL engine. Every write is SERIALIZABLE and repeated when the server gives it up for another's sake; several
// nodes may share one database. A crash of this process leaves what the server committed.
type postgres struct {
	db   *DB
	pool *sql.DB
	stop context.CancelFunc
	done chan struct{}
}

const (
	pgConns    = 24
	pgAttempts = 30
)

func openPostgres(ctx context.Context, d *DB, url string) (*postgres, error) {
	conf, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("db: the PostgreSQL address is not of the form postgres://user@host/name") // the driver's text would repeat the password
	}
	conf.RuntimeParams["application_name"] = "entremise"
	conf.RuntimeParams["timezone"] = "UTC"
	pool := stdlib.OpenDB(*conf)
	pool.SetMaxOpenConns(pgConns)
	pool.SetMaxIdleConns(pgConns)
	if err := pool.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("db: PostgreSQL does not answer: %w", err), pool.Close())
	}
	bg, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &postgres{db: d, pool: pool, stop: stop, done: make(chan struct{})}
	go p.listen(bg, conf)
	return p, nil
}

type pgTx struct{ tx *sql.Tx }

func (p pgTx) exec(ctx context.Context, q string, args []any) (sql.Result, error) {
	return p.tx.ExecContext(ctx, q, args...)
}
func (p pgTx) query(ctx context.Context, q string, args []any) (*sql.Rows, error) {
	return p.tx.QueryContext(ctx, q, args...)
}

func (p *postgres) write(ctx context.Context, fn func(*Tx) error, how manner) error {
	level := sql.LevelReadCommitted
	if how == serializable {
		level = sql.LevelSerializable
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
		if tx, err = p.attempt(ctx, fn, level); err == nil {
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

func (p *postgres) attempt(ctx context.Context, fn func(*Tx) error, level sql.IsolationLevel) (*Tx, error) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	raw, err := p.pool.BeginTx(limited, &sql.TxOptions{Isolation: level})
	if err != nil {
		return nil, err
	}
	tx := &Tx{ctx: limited, run: pgTx{raw}, db: p.db, now: p.db.Now().UTC().Truncate(1000)}
	crash, err := call(fn, tx)
	if err == nil && crash == nil {
		return tx, raw.Commit()
	}
	// A closure may wrap or replace the error of a statement; what decides about a retry is the statement's own.
	if tx.failed != nil && retryable(tx.failed) {
		err = tx.failed
	}
	rollback := raw.Rollback()
	if crash != nil {
		panic(crash)
	}
	if rollback != nil && !errors.Is(rollback, sql.ErrTxDone) {
		return nil, errors.Join(err, rollback)
	}
	return nil, err
}

func (p *postgres) read(ctx context.Context, fn func(*Tx) error) error {
	raw, err := p.pool.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return gaveUp(ctx, err)
	}
	crash, err := call(fn, &Tx{ctx: ctx, run: pgTx{raw}, db: p.db, now: p.db.Now().UTC().Truncate(1000)})
	rollback := raw.Rollback()
	if crash != nil {
		panic(crash)
	}
	if err == nil && rollback != nil && ctx.Err() == nil {
		err = rollback
	}
	return err
}

func (p *postgres) exec(ctx context.Context, statement string) error {
	_, err := p.pool.ExecContext(ctx, statement)
	return err
}

func (p *postgres) close() error {
	p.stop()
	<-p.done
	return p.pool.Close()
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
				if _, err := p.pool.ExecContext(ctx, "SELECT pg_notify('entremise', $1)", p.db.wake.node+" "+topic); err != nil {
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
