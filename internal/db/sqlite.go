package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"time"

	_ "modernc.org/sqlite"
)

// lite is the SQLite engine: one writer goroutine that owns the writing connection, and a few readers.
//
// The writer takes every closure waiting at one moment and commits them together: one durable sync carries fifty of them. Nobody is
// answered, not even with a refusal, before that COMMIT: a refusal may rest on what a neighbour of the same group wrote. When a closure
// fails after it wrote, the group is rolled back and runs again with a savepoint for each, which most groups never need. If COMMIT or a
// ROLLBACK TO fails, the group is discarded and each closure runs again alone. A crash leaves the whole group or nothing of it; nobody
// was told otherwise.
type lite struct {
	db      *DB
	writer  *liteConn
	queue   chan *liteWrite
	done    chan struct{}
	readers chan *liteConn
	pools   []*sql.DB
	once    sync.Once
	mu      sync.RWMutex // guards closed against a Write that is about to queue
	closed  bool
}

type liteWrite struct {
	ctx     context.Context
	fn      func(*Tx) error
	patient bool
	tx      *Tx
	err     error
	panic   any
	answer  chan struct{}
}

const (
	groupLimit  = 128
	liteReaders = 8
	patience    = 3 * time.Millisecond
	company     = 20 * time.Millisecond // who waits is expected again so soon after he was seen
)

// liteConn is one connection with its prepared statements: preparing costs more than most of our statements do.
type liteConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func (c *liteConn) prepared(ctx context.Context, q string) (*sql.Stmt, error) {
	if s := c.stmts[q]; s != nil {
		return s, nil
	}
	if len(c.stmts) > 500 { // only In() makes new texts; start over rather than grow
		for _, s := range c.stmts {
			if err := s.Close(); err != nil {
				return nil, err
			}
		}
		clear(c.stmts)
	}
	s, err := c.conn.PrepareContext(ctx, nameless(q))
	if err == nil {
		c.stmts[q] = s
	}
	return s, err
}

// nameless writes ? for parameters that stand in their order, each once: to SQLite $1 is a name, and the driver looks every name up at
// every execution.
func nameless(q string) string {
	b := make([]byte, 0, len(q))
	quoted := false
	next := int64(1)
	for i := 0; i < len(q); i++ {
		if q[i] == '\'' {
			quoted = !quoted
		}
		if q[i] != '$' || quoted {
			b = append(b, q[i])
			continue
		}
		digits := i + 1
		for digits < len(q) && '0' <= q[digits] && q[digits] <= '9' {
			digits++
		}
		if n, err := strconv.ParseInt(q[i+1:digits], 10, 32); err != nil || n != next {
			return q
		}
		b = append(b, '?')
		next++
		i = digits - 1
	}
	return string(b)
}

func (c *liteConn) send(ctx context.Context, q string, args []any) error {
	s, err := c.prepared(ctx, q)
	if err == nil {
		_, err = s.ExecContext(ctx, args...)
	}
	return err
}

func (c *liteConn) exec(ctx context.Context, q string, args []any) (int64, error) {
	s, err := c.prepared(ctx, q)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

func (c *liteConn) query(ctx context.Context, q string, args []any) (rows, error) {
	s, err := c.prepared(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// control runs BEGIN, COMMIT and their like to their end whatever happens to ctx: the driver reports a cancellation that comes while a
// statement succeeds as its failure, and a BEGIN that nobody believes in keeps the connection in a transaction for ever.
func (c *liteConn) control(ctx context.Context, q string) error {
	return c.send(context.WithoutCancel(ctx), q, nil)
}

func openSQLite(ctx context.Context, d *DB, path string) (*lite, error) {
	// busy_timeout comes first so that the switch to WAL already waits. FULL: a commit is on disk when it is answered. secure_delete:
	// what is erased is overwritten in the file, and not only forgotten. Savepoints journal in memory and a group's pages stay in the cache
	// until its commit: both went through files before, an eighth and a fifth of an intake. The cache is 8 MiB because a commit walks the
	// whole of its hash table whenever a balanced tree has lent a page the number of the lock page: 64 MiB cost a twentieth of the intakes.
	dsn := "file:" + path + "?_dqs=0&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=secure_delete(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-8192)&_pragma=wal_autocheckpoint(4000)"
	l := &lite{db: d, queue: make(chan *liteWrite, groupLimit), done: make(chan struct{}), readers: make(chan *liteConn, liteReaders)}
	open := func(dsn string) (*liteConn, error) {
		pool, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, err
		}
		pool.SetMaxOpenConns(1)
		l.pools = append(l.pools, pool)
		conn, err := pool.Conn(ctx)
		if err != nil {
			return nil, err
		}
		return &liteConn{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
	}
	var err error
	if l.writer, err = open(dsn); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), l.closePools())
	}
	for range liteReaders {
		r, err := open(dsn + "&_pragma=query_only(ON)")
		if err != nil {
			return nil, errors.Join(err, l.closePools())
		}
		l.readers <- r
	}
	go l.loop()
	return l, nil
}

func (l *lite) write(ctx context.Context, fn func(*Tx) error, how manner) error {
	w := &liteWrite{ctx: ctx, fn: fn, patient: how == patient, answer: make(chan struct{})}
	l.mu.RLock()
	if l.closed {
		l.mu.RUnlock()
		return errors.New("db: closed")
	}
	select {
	case l.queue <- w:
		l.mu.RUnlock()
	case <-ctx.Done():
		l.mu.RUnlock()
		return ctx.Err()
	}
	<-w.answer
	if w.panic != nil {
		panic(w.panic)
	}
	return w.err
}

func (l *lite) loop() {
	defer close(l.done)
	var busy time.Time // when somebody who waits was last seen; monotonic, only ever compared with itself
	for w := range l.queue {
		group := l.gather([]*liteWrite{w})
		if hurried(group) {
			busy = time.Now()
		} else if time.Since(busy) < company {
			group = l.linger(group)
		}
		l.commit(group)
	}
}

// hurried says that somebody waits for a group.
func hurried(group []*liteWrite) bool {
	return slices.ContainsFunc(group, func(w *liteWrite) bool { return !w.patient })
}

// linger waits, as long as patience lasts, for somebody who does not.
func (l *lite) linger(group []*liteWrite) []*liteWrite {
	late := time.After(patience)
	for len(group) < groupLimit && !hurried(group) {
		select {
		case w, ok := <-l.queue:
			if !ok {
				return group
			}
			group = l.gather(append(group, w))
		case <-late:
			return group
		}
	}
	return group
}

// gather adds what is waiting now.
func (l *lite) gather(group []*liteWrite) []*liteWrite {
	for len(group) < groupLimit {
		select {
		case w, ok := <-l.queue:
			if !ok {
				return group
			}
			group = append(group, w)
		default:
			return group
		}
	}
	return group
}

// errSpoiled says that a closure failed after it had changed something, in a group that runs without savepoints.
var errSpoiled = errors.New("db: the group runs again with savepoints")

// commit runs a group in one transaction; on a failure of the transaction itself, each closure again alone.
func (l *lite) commit(group []*liteWrite) {
	err := l.attempt(group, false)
	if err == errSpoiled {
		err = l.attempt(group, true)
	}
	if err != nil && len(group) > 1 {
		l.db.aborts.Add(1)
		for _, w := range group {
			l.commit([]*liteWrite{w})
		}
		return
	}
	for _, w := range group {
		if err != nil && w.err == nil {
			w.err = err
		}
		if w.err == nil && w.panic == nil {
			l.db.commits.Add(1)
			for _, f := range w.tx.after {
				f()
			}
		}
		close(w.answer)
	}
}

// attempt answers an error only when the transaction as a whole failed; a closure's own error is in its liteWrite.
func (l *lite) attempt(group []*liteWrite, savepoints bool) (err error) {
	// A cancelled context would make the driver drop the whole transaction while later savepoints commit alone (measured), so closures
	// run under a context that nobody ends; the time limit is kept between statements. A context that could end would cost each statement a
	// goroutine to watch it, a twelfth of an intake.
	ctx := context.WithoutCancel(group[0].ctx)
	until := time.Now().Add(writeLimit)
	c := l.writer
	if err := c.control(ctx, "BEGIN IMMEDIATE"); err != nil {
		return kindOf(err, "BEGIN IMMEDIATE")
	}
	defer func() {
		if err != nil {
			_ = c.control(ctx, "ROLLBACK") // a failed COMMIT may have ended the transaction: then there is nothing to undo
		}
	}()
	for _, w := range group {
		w.err, w.panic = nil, nil
		if w.ctx.Err() != nil { // gave up while waiting: nothing has run yet
			w.err = w.ctx.Err()
			continue
		}
		if savepoints {
			if err := c.control(ctx, "SAVEPOINT s"); err != nil {
				return err
			}
		}
		w.tx = &Tx{ctx: ctx, until: until, run: c, db: l.db, now: l.db.Now().UTC().Truncate(1000)}
		w.panic, w.err = call(w.fn, w.tx)
		failed := w.err != nil || w.panic != nil
		switch {
		case savepoints:
			if failed {
				if err := c.control(ctx, "ROLLBACK TO s"); err != nil {
					return err
				}
			}
			if err := c.control(ctx, "RELEASE s"); err != nil {
				return err
			}
		case failed && (w.tx.changed || w.tx.failed != nil): // a statement's failure may have ended the transaction itself
			if len(group) > 1 {
				return errSpoiled
			}
			_ = c.control(ctx, "ROLLBACK") // there may be nothing left to undo
			return nil
		}
	}
	if err := c.control(ctx, "COMMIT"); err != nil {
		return kindOf(err, "COMMIT")
	}
	return nil
}

// call runs a closure, catches its panic with the stack it came from, and lets no swallowed statement error pass as success.
func call(fn func(*Tx) error, tx *Tx) (p any, err error) {
	defer func() {
		if r := recover(); r != nil {
			p = fmt.Sprintf("%v\n%s", r, debug.Stack())
		}
	}()
	err = fn(tx)
	if err == nil && tx.failed != nil {
		err = tx.failed
	}
	return nil, err
}

func (l *lite) read(ctx context.Context, fn func(*Tx) error) error {
	var c *liteConn
	select {
	case c = <-l.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-l.done:
		return errors.New("db: closed")
	}
	defer func() { l.readers <- c }()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.control(ctx, "BEGIN"); err != nil {
		return kindOf(err, "BEGIN")
	}
	tx := &Tx{ctx: ctx, run: c, db: l.db, now: l.db.Now().UTC().Truncate(1000)}
	p, err := call(fn, tx)
	// The snapshot must end whatever happened to ctx, or this reader would hold the write-ahead log open for ever.
	if e := c.control(ctx, "ROLLBACK"); e != nil && err == nil {
		err = e
	}
	if p != nil {
		panic(p)
	}
	return err
}

func (l *lite) close() error {
	l.once.Do(func() {
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		close(l.queue)
	})
	<-l.done
	return l.closePools()
}

func (l *lite) closePools() error {
	var errs []error
	conns := []*liteConn{}
	if l.writer != nil {
		conns = append(conns, l.writer)
	}
	for {
		select {
		case c := <-l.readers:
			conns = append(conns, c)
			continue
		default:
		}
		break
	}
	for _, c := range conns {
		for _, s := range c.stmts {
			errs = append(errs, s.Close())
		}
		errs = append(errs, c.conn.Close())
	}
	for _, p := range l.pools {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}
