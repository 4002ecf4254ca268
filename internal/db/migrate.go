package db

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var files embed.FS

// Schema is the main database's migrations. The key store has its own (see package vault).
func Schema() fs.FS {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // compiled in
	}
	return sub
}

type migration struct {
	version int
	name    string
	text    string
}

// readSchema returns the migrations in order: NNNN_name.sql, numbered from 1 without a gap.
func readSchema(schema fs.FS) ([]migration, error) {
	names, err := fs.Glob(schema, "*.sql")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var all []migration
	for i, base := range names {
		number, name, ok := strings.Cut(strings.TrimSuffix(base, ".sql"), "_")
		v, err := strconv.Atoi(number)
		if !ok || err != nil || v != i+1 {
			return nil, fmt.Errorf("db: migration %s: want number %04d", base, i+1)
		}
		text, err := fs.ReadFile(schema, base)
		if err != nil {
			return nil, err
		}
		all = append(all, migration{version: v, name: name, text: string(text)})
	}
	return all, nil
}

// SchemaVersion is the version of the main database that this binary needs.
func SchemaVersion() int {
	all, err := readSchema(Schema())
	if err != nil {
		panic(err) // compiled in; a test reads them
	}
	return len(all)
}

// Version is the schema's version in this database; 0 for an empty one.
func (d *DB) Version(ctx context.Context) (int, error) {
	v := int64(0)
	err := d.Read(ctx, func(tx *Tx) error {
		var err error
		v, err = d.version(tx)
		return err
	})
	return int(v), err
}

func (d *DB) version(tx *Tx) (int64, error) {
	q := "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"
	if d.dialect == PostgreSQL {
		q = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'schema_version'"
	}
	n, err := Value[int64](tx, q)
	if err != nil || n == 0 {
		return 0, err
	}
	return Value[int64](tx, "SELECT coalesce(max(version), 0) FROM schema_version")
}

// Migrate brings the schema to this binary's version, one transaction a step: a crash leaves a whole earlier version. A schema that is
// newer than the binary is refused and left alone. Several nodes may try at once: PostgreSQL holds the others back with a lock.
func (d *DB) Migrate(ctx context.Context) error { return d.MigrateTo(ctx, -1) }

// MigrateTo stops at a version: restore loads a backup into the schema that it was taken from. -1 is the newest.
func (d *DB) MigrateTo(ctx context.Context, want int) error {
	all, err := readSchema(d.opt.Schema)
	if err != nil {
		return err
	}
	if want < 0 {
		want = len(all)
	}
	if want > len(all) {
		return newer(want, len(all))
	}
	for {
		done := false
		// Guarded: PostgreSQL's second node must see, once it holds the lock, what the first one committed meanwhile.
		err := d.WriteGuarded(ctx, func(tx *Tx) error {
			if d.dialect == PostgreSQL {
				if _, err := tx.Exec("SELECT pg_advisory_xact_lock(7236651)"); err != nil {
					return err
				}
			}
			have, err := d.version(tx)
			if err != nil {
				return err
			}
			if int(have) > len(all) {
				return newer(int(have), len(all))
			}
			if int(have) >= want {
				done = true
				return nil
			}
			m := all[have]
			for _, s := range statements(m.text, d.dialect) {
				if _, err := tx.Exec(s); err != nil {
					return fmt.Errorf("db: migration %04d_%s: %w", m.version, m.name, err)
				}
			}
			_, err = tx.Exec("INSERT INTO schema_version (version, name, at) VALUES ($1, $2, $3)", m.version, m.name, Micros(tx.Machine()))
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

func newer(have, know int) error {
	return fmt.Errorf("db: the data has schema %d and this program knows %d: install a newer Entremise; nothing was changed", have, know)
}

var (
	lineComment = regexp.MustCompile(`(?m)--.*$`)
	tableEnd    = regexp.MustCompile(`(?s)^(\s*CREATE TABLE .*\))\s*$`)
	keepsRowid  = regexp.MustCompile(`BIGINT NOT NULL PRIMARY KEY|/\* wide \*/`)
	oneOf       = regexp.MustCompile(`CHECK \((\w+) IN \(([^()]*)\)\)`)
	liteTypes   = strings.NewReplacer(" BIGINT", " INTEGER", " BOOLEAN", " INTEGER", " BYTEA", " BLOB")
)

// statements splits a migration and writes it for the engine. Migrations are in PostgreSQL's words, restricted to four types; SQLite gets
// the same as STRICT tables, which refuse a string in a number column, kept in the order of their key: one tree instead of two, and what
// belongs together on one page. Not so a table that says /* wide */, whose rows are longer than a quarter of a page, nor one that is
// numbered. A check against a list becomes a chain of comparisons: for a list of three, SQLite opens a temporary database at every statement
// that writes the column. No literal holds a semicolon: the splitter is that simple.
func statements(text string, dialect Dialect) []string {
	var out []string
	for s := range strings.SplitSeq(lineComment.ReplaceAllString(text, ""), ";") {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		if dialect == SQLite {
			end := "$1 STRICT, WITHOUT ROWID"
			if keepsRowid.MatchString(s) {
				end = "$1 STRICT"
			}
			s = tableEnd.ReplaceAllString(liteTypes.Replace(s), end)
			s = oneOf.ReplaceAllStringFunc(s, func(check string) string {
				m := oneOf.FindStringSubmatch(check)
				return "CHECK (" + m[1] + " = " + strings.ReplaceAll(m[2], ", ", " OR "+m[1]+" = ") + ")"
			})
		}
		out = append(out, s)
	}
	return out
}
