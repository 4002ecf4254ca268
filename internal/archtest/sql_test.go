package archtest

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sqlRule is one thing that means something else, or nothing, on one of the engines.
type sqlRule struct {
	name string
	bad  *regexp.Regexp
	free *regexp.Regexp // a match of bad that lies within a match of free is right
}

func rule(name, bad, free string) sqlRule {
	r := sqlRule{name: name, bad: regexp.MustCompile(`(?i)` + bad)}
	if free != "" {
		r.free = regexp.MustCompile(`(?i)` + free)
	}
	return r
}

var sqlRules = []sqlRule{
	rule("name the columns: a migration changes what * means", `\b(select|returning)\s+(distinct\s+)?(\w+\.)?\*`, ``),
	rule("types are TEXT, BIGINT, BOOLEAN and BYTEA; instants are BIGINT microseconds",
		`\b(integer|int|int4|int8|smallint|tinyint|timestamp|timestamptz|datetime|serial|bigserial|autoincrement|varchar|char|numeric|decimal|real|float|double|jsonb?|uuid|blob)\b`, ``),
	rule("time comes from tx.Now, chance from crypto/rand",
		`\b(now|random|gen_random_uuid|strftime|datetime|julianday|clock_timestamp)\s*\(|\bcurrent_(timestamp|time|date)\b`, ``),
	rule("fold in Go: lower() and upper() differ beyond ASCII", `\b(lower|upper|initcap)\s*\(`, ``),
	rule("patterns only on columns folded in Go (…_folded)", `\b(like|ilike|glob|regexp|similar\s+to)\b`, `\w+_folded\s+(not\s+)?like\b`),
	rule("double quotes make a string of an unknown name on SQLite", `"`, ``),
	rule("an untyped parameter: CAST($1 AS TEXT) IS NULL", `\$\d+\s+is\s+(not\s+)?null`, ``),
	rule("SUM(bigint) is numeric on PostgreSQL: CAST(SUM(…) AS BIGINT)", `\bsum\s*\(`, `\bcast\s*\(\s*(coalesce\s*\(\s*)?sum\s*\(`),
	rule("JSON is opaque text here", `->|#>|@>|<@|\bjsonb?_\w+\s*\(`, ``),
	rule("write CAST(x AS TYPE)", `::`, ``),
	rule("parameters are $1, $2, …", `\?`, ``),
	rule("a dialect's own words stay inside db", `\binsert\s+or\b|\breplace\s+into\b|\bfor\s+update\b|\bskip\s+locked\b|\browid\b|\bctid\b|\bpragma\b`, ``),
}

// faults are the rules that a piece of SQL breaks. Quoted strings and comments are blanked first.
func faults(sql string) []string {
	sql = sqlQuoted.ReplaceAllString(sqlComment.ReplaceAllString(sql, " "), "''")
	var names []string
	for _, r := range sqlRules {
		rest := sql
		if r.free != nil {
			rest = r.free.ReplaceAllString(rest, " ")
		}
		if r.bad.MatchString(rest) {
			names = append(names, r.name)
		}
	}
	return names
}

var (
	sqlQuoted  = regexp.MustCompile(`'(?:[^']|'')*'`)
	sqlComment = regexp.MustCompile(`--[^\n]*`)
	sqlWords   = regexp.MustCompile(`(?is)\b(select\s.*|insert\s+into|update\s+\w+\s+set|delete\s+from|from\s+\w+|where\s.*|order\s+by|on\s+conflict|returning|create\s+(table|index|unique)|alter\s+table)\b`)
)

// Every string of a store*.go that reads like SQL is held to the subset; pieces joined by + are read as one.
func TestSQL_storesKeepToTheSubset(t *testing.T) {
	for _, s := range load(t) {
		if s.test || !strings.HasPrefix(filepath.Base(s.path), "store") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			text, whole := literal(n)
			if text != "" && sqlWords.MatchString(text) {
				for _, f := range faults(text) {
					t.Errorf("%s: %s", at(n), f)
				}
			}
			return !whole
		})
	}
}

// literal reads a string, or strings joined by +; what is not constant becomes a blank. whole says that n's children are read.
func literal(n ast.Node) (text string, whole bool) {
	switch n := n.(type) {
	case *ast.BasicLit:
		if n.Kind == token.STRING {
			if s, err := strconv.Unquote(n.Value); err == nil {
				return s, true
			}
		}
	case *ast.BinaryExpr:
		if n.Op == token.ADD {
			left, _ := literal(n.X)
			right, _ := literal(n.Y)
			if left != "" || right != "" {
				return left + " " + right, true
			}
		}
	}
	return "", false
}

func TestSQL_migrationsKeepToTheSubset(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "internal", "*", "migrations", "*.sql"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range found {
		sql, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, statement := range strings.Split(sqlComment.ReplaceAllString(string(sql), ""), ";") {
			for _, f := range faults(statement) {
				t.Errorf("%s, statement %d: %s", filepath.Base(path), i+1, f)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		sql  string
		want int
	}{
		{`SELECT id, at FROM request WHERE id = $1 ORDER BY at, id LIMIT $2`, 0},
		{`SELECT COUNT(*) FROM request`, 0},
		{`SELECT * FROM request`, 1},
		{`SELECT r.* FROM request r`, 1},
		{`INSERT INTO leaf (id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id`, 0},
		{`DELETE FROM job WHERE id = $1 RETURNING *`, 1},
		{`CREATE TABLE request (id TEXT PRIMARY KEY, at BIGINT NOT NULL, open BOOLEAN NOT NULL, hash BYTEA)`, 0},
		{`CREATE TABLE request (id INTEGER)`, 1},
		{`CREATE TABLE request (at TIMESTAMP)`, 1},
		{`CREATE TABLE request (id SERIAL)`, 1},
		{`SELECT id FROM person WHERE name LIKE $1`, 1},
		{`SELECT id FROM commune WHERE name_folded LIKE $1`, 0},
		{`SELECT id FROM person WHERE lower(name) = $1`, 1},
		{`SELECT "id" FROM person`, 1},
		{`SELECT id FROM person WHERE ($1 IS NULL OR id = $1)`, 1},
		{`SELECT id FROM person WHERE (CAST($1 AS TEXT) IS NULL OR id = $1)`, 0},
		{`SELECT SUM(cents) FROM entry`, 1},
		{`SELECT CAST(COALESCE(SUM(cents), 0) AS BIGINT) FROM entry`, 0},
		{`SELECT body->>'x' FROM request`, 1},
		{`SELECT id FROM request WHERE at < now()`, 1},
		{`SELECT id FROM request WHERE id = ?`, 1},
		{`SELECT id::text FROM request`, 1},
		{`SELECT id FROM request FOR UPDATE SKIP LOCKED`, 1},
		{`UPDATE request SET state = 'what? now() "LIKE"' WHERE id = $1 -- SELECT *`, 0},
	} {
		if got := faults(c.sql); len(got) != c.want {
			t.Errorf("%s: %d faults %q, want %d", c.sql, len(got), got, c.want)
		}
	}
}
