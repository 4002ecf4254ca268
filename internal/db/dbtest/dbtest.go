// Package dbtest gives tests real databases: SQLite always, and PostgreSQL at ENTREMISE_TEST_PG, which ./test starts. A missing engine
// fails the test; it never skips.
package dbtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"entremise/internal/db"
)

// Start is the instant at which every test clock begins: a Monday morning in Paris.
var Start = time.Date(2026, 11, 23, 8, 5, 0, 0, time.UTC)

// Clock is business time and machine time under the hand of a test. It stands still until it is moved. Safe for concurrent use.
type Clock struct{ business, machine atomic.Int64 }

// NewClock starts at Start on both.
func NewClock() *Clock {
	c := &Clock{}
	c.business.Store(Start.UnixMicro())
	c.machine.Store(Start.UnixMicro())
	return c
}

// Clocks hands the pair to db.Open.
func (c *Clock) Clocks() db.Clocks {
	return db.Clocks{
		Business: func() time.Time { return time.UnixMicro(c.business.Load()).UTC() },
		Machine:  func() time.Time { return time.UnixMicro(c.machine.Load()).UTC() },
	}
}

// Now is business time.
func (c *Clock) Now() time.Time { return time.UnixMicro(c.business.Load()).UTC() }

// Add moves both clocks.
func (c *Clock) Add(d time.Duration) {
	c.business.Add(d.Microseconds())
	c.machine.Add(d.Microseconds())
}

// AddMachine moves only machine time.
func (c *Clock) AddMachine(d time.Duration) { c.machine.Add(d.Microseconds()) }

// Engines are the engines to test on: both, or those that ENTREMISE_TEST_ENGINES names.
func Engines() []db.Dialect {
	if only := os.Getenv("ENTREMISE_TEST_ENGINES"); only != "" {
		var list []db.Dialect
		for s := range strings.SplitSeq(only, ",") {
			list = append(list, db.Dialect(strings.TrimSpace(s)))
		}
		return list
	}
	return []db.Dialect{db.SQLite, db.PostgreSQL}
}

// Each runs the test once per engine, each on a fresh migrated database with a clock that stands still.
func Each(t *testing.T, test func(t *testing.T, d *db.DB, c *Clock)) {
	t.Helper()
	for _, e := range Engines() {
		t.Run(string(e), func(t *testing.T) {
			c := NewClock()
			test(t, New(t, e, c), c)
		})
	}
}

// New is a fresh migrated database on one engine, removed at the end of the test.
func New(t testing.TB, e db.Dialect, c *Clock) *db.DB {
	t.Helper()
	return Open(t, Place(t, e, "main"), c)
}

// Open opens the database at a place and closes it at the end of the test.
func Open(t testing.TB, o db.Options, c *Clock) *db.DB {
	t.Helper()
	o.Clocks = c.Clocks()
	d, err := db.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

// templates holds, per engine, an already migrated main database to copy: creating forty tables anew costs more than most tests.
var templates struct {
	sync.Mutex
	file string
	pg   string
}

// Place makes room for a database, named apart from its siblings of the same test: a copy of a migrated one for "main", else empty.
func Place(t testing.TB, e db.Dialect, name string) db.Options {
	t.Helper()
	if e == db.SQLite {
		path := filepath.Join(t.TempDir(), name+".db")
		if name == "main" {
			copyTemplate(t, path)
		}
		return db.Options{Path: path}
	}
	template := "template0"
	if name == "main" {
		template = pgTemplate(t)
	}
	return db.Options{URL: createPG(t, template)}
}

// copyTemplate keeps one migrated file for each text of the schema, shared by the test processes of a machine.
func copyTemplate(t testing.TB, path string) {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if templates.file == "" {
		templates.file = makeTemplate(t)
	}
	b, err := os.ReadFile(templates.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func makeTemplate(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	err := fs.WalkDir(db.Schema(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(db.Schema(), name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(os.TempDir(), fmt.Sprintf("entremise-template-%x.db", sum.Sum(nil)[:8]))
	if _, err := os.Stat(file); err == nil {
		return file
	}
	made := fmt.Sprintf("%s.%d", file, os.Getpid()) // renamed when whole: another process may be making the same
	d, err := db.Open(context.Background(), db.Options{Path: made, Clocks: NewClock().Clocks()})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil { // closing the last connection moves the write-ahead log into the file
		t.Fatal(err)
	}
	if err := os.Rename(made, file); err != nil {
		t.Fatal(err)
	}
	return file
}

func server(t testing.TB) string {
	t.Helper()
	u := os.Getenv("ENTREMISE_TEST_PG")
	if u == "" {
		t.Fatal("ENTREMISE_TEST_PG is not set: run ./test, which starts a PostgreSQL, or name one: postgres://postgres@127.0.0.1:5432/postgres")
	}
	return u
}

var pgCount atomic.Int64

func pgName() string {
	return fmt.Sprintf("t_%d_%d_%d", os.Getpid(), time.Now().UnixNano(), pgCount.Add(1))
}

func pgExec(t testing.TB, q string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, server(t))
	if err != nil {
		t.Fatalf("PostgreSQL at ENTREMISE_TEST_PG does not answer: %v", err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, q); err != nil {
		t.Fatal(err)
	}
}

func pgURL(t testing.TB, name string) string {
	t.Helper()
	conf, err := pgx.ParseConfig(server(t))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("postgres://%s:%s@%s:%d/%s?sslmode=disable", conf.User, conf.Password, conf.Host, conf.Port, name)
}

func createPG(t testing.TB, template string) string {
	t.Helper()
	name := pgName()
	pgExec(t, "CREATE DATABASE "+name+" TEMPLATE "+template+" STRATEGY FILE_COPY LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'") // a quarter of the time of copying by the log
	t.Cleanup(func() { pgExec(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	return pgURL(t, name)
}

func pgTemplate(t testing.TB) string {
	t.Helper()
	templates.Lock()
	defer templates.Unlock()
	if templates.pg == "" {
		name := pgName()
		pgExec(t, "CREATE DATABASE "+name+" TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'")
		d, err := db.Open(context.Background(), db.Options{URL: pgURL(t, name), Clocks: NewClock().Clocks()})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		templates.pg = name
	}
	return templates.pg
}
