package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// The kinds of database error that a room may act on. Ask with errors.Is. After any of them but ErrNone the transaction is over on both
// engines; to learn "somebody was first" and go on, write ON CONFLICT DO NOTHING and look at the count.
var (
	ErrNone    = errors.New("db: no such row")
	ErrUnique  = errors.New("db: another row has this value")
	ErrForeign = errors.New("db: the row it points to does not exist")
	ErrRefused = errors.New("db: a check of the table refuses the value")
	ErrBusy    = errors.New("db: too busy, the transaction was given up")
)

// SQLite's extended result codes and PostgreSQL's SQLSTATE for the same thing.
var (
	liteKinds = map[int]error{2067: ErrUnique, 1555: ErrUnique, 787: ErrForeign, 275: ErrRefused, 1299: ErrRefused, 3091: ErrRefused, 5: ErrBusy, 517: ErrBusy}
	pgKinds   = map[string]error{"23505": ErrUnique, "23503": ErrForeign, "23514": ErrRefused, "23502": ErrRefused, "22P02": ErrRefused}
)

// kindOf wraps a driver's error with its kind and the statement's first words. The driver's own text is kept out of what it prints when
// it could quote a value: PostgreSQL's Detail does, its Message and SQLite's do not.
func kindOf(err error, q string) error {
	if sent, ok := errors.AsType[sentError](err); ok {
		q = sent.statement
	}
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNone
	}
	if pe, ok := errors.AsType[*pgconn.PgError](err); ok {
		if k := pgKinds[pe.Code]; k != nil {
			return fmt.Errorf("%w (%s, %s)", k, pe.ConstraintName, label(q))
		}
		return fmt.Errorf("%s: %w", label(q), err)
	}
	if se, ok := errors.AsType[*sqlite.Error](err); ok {
		if k := liteKinds[se.Code()]; k != nil {
			return fmt.Errorf("%w (%s)", k, label(q))
		}
	}
	return fmt.Errorf("%s: %w", label(q), err)
}

// retryable says that PostgreSQL gave this transaction up for the sake of another and that running it again is right.
func retryable(err error) bool {
	pe, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pe.Code == "40001" || pe.Code == "40P01")
}

// gaveUp tells a caller's own cancellation from our time limit.
func gaveUp(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
