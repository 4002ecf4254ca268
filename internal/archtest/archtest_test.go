// Package archtest holds the house to its plan: which room may import which, which clock and which dice it may use, and the subset of
// SQL that both engines (and serializable distributed ones with PostgreSQL's protocol) understand alike. It reads source, it runs none.
package archtest

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of rooms in docs/architecture.md")

// order is the one total order of the rooms: a room imports only rooms before it. A new room is put here by hand, on purpose.
var order = []string{
	"fault", "money", "geo", "phone", "network", "canvass", "match",
	"config", "db", "audit", "edition", "vault", "job", "auth", "proof", "privacy", "notify", "archiver", // audit before all that act
	"person", "pro", "billing", "request", "call", "review", "inbox", "oversight", "document", "inspect", "space", "outreach", rig, "web", "app",
}

// rig is no room of the house: it builds one for tests, which alone import it, from wherever they stand.
const rig = "rig"

// pure are the rooms without I/O: values in, values out.
var pure = order[:6]

const module = "entremise/"

// source is one Go file of internal/. room is its first folder; sub-packages (db/dbtest, web/ui) belong to their room.
type source struct {
	path string // from the module's root, with slashes
	room string
	test bool
	file *ast.File
}

func (s source) imports() []string {
	var paths []string
	for _, i := range s.file.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}

var files = token.NewFileSet()

// at is where a reader finds n: path:line.
func at(n ast.Node) string {
	p := files.Position(n.Pos())
	return fmt.Sprintf("%s:%d", filepath.ToSlash(strings.TrimPrefix(p.Filename, root+string(filepath.Separator))), p.Line)
}

var root = func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
}()

// load parses every Go file of internal/ except this package.
func load(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(filepath.Join(root, "internal"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "archtest" || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(files, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		rel := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		all = append(all, source{path: rel, room: strings.Split(rel, "/")[1], test: strings.HasSuffix(rel, "_test.go") || strings.HasPrefix(rel, "internal/"+rig+"/"), file: f})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRooms_importOnlyToTheLeft(t *testing.T) {
	for _, s := range load(t) {
		here := slices.Index(order, s.room)
		if here < 0 {
			t.Errorf("%s: room %q has no place in the order", s.path, s.room)
			continue
		}
		for _, path := range s.imports() {
			rest, ours := strings.CutPrefix(path, module)
			if !ours {
				continue
			}
			room, inside := strings.CutPrefix(rest, "internal/")
			room, _, _ = strings.Cut(room, "/")
			switch {
			case !inside && rest == "networks" && (s.test || s.room == "app"):
				// the embedded examples: composed in app, and read by tests of what understands them
			case !inside:
				t.Errorf("%s imports %s: rooms stand on rooms only", s.path, path)
			case room == rig:
				if !s.test {
					t.Errorf("%s imports %s, which is for tests", s.path, path)
				}
			case slices.Index(order, room) > here:
				t.Errorf("%s: %s stands left of %s and may not import it", s.path, s.room, room)
			}
		}
	}
}

func TestRooms_outsideWorldStaysBehindItsDoor(t *testing.T) {
	// Which rooms may import a package; nil is none. What is not listed is free.
	doors := map[string][]string{
		"database/sql":                    {"db", "vault"}, // the key store is a database apart
		"github.com/jackc/pgx/v5":         {"db"},
		"github.com/jackc/pgx/v5/pgconn":  {"db"},
		"github.com/jackc/pgx/v5/pgxpool": {"db"},
		"modernc.org/sqlite":              {"db"},
		"modernc.org/sqlite/lib":          {"db"},
		"math/rand":                       nil,
		"math/rand/v2":                    {"match", "db", "job", "app"}, // replayable draws, back-off, invented people: never a secret
		"os/exec":                         {"app"},
	}
	impure := []string{"context", "database/sql", "net", "net/http", "os"}
	for _, s := range load(t) {
		if s.test {
			continue
		}
		for _, path := range s.imports() {
			if rooms, guarded := doors[path]; guarded && !slices.Contains(rooms, s.room) {
				t.Errorf("%s imports %s, which is kept for %v", s.path, path, rooms)
			}
			if slices.Contains(pure, s.room) && slices.Contains(impure, path) {
				t.Errorf("%s imports %s, but %s is a pure room", s.path, path, s.room)
			}
		}
	}
}

// Time is a parameter everywhere but in app, which owns the clocks, and in db, which counts leases and time limits of transactions.
func TestClock_isAParameter(t *testing.T) {
	read := []string{"Now", "Since", "Until", "Sleep"}
	for _, s := range load(t) {
		virtual := slices.Contains(s.imports(), "testing/synctest")
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			pkg, ok := sel.X.(*ast.Ident)
			if !ok || pkg.Name != "time" || !slices.Contains(read, sel.Sel.Name) {
				return true
			}
			switch {
			case s.test && sel.Sel.Name == "Sleep" && !virtual:
				t.Errorf("%s: a test that sleeps is slow and still wrong; wait for the event, or use testing/synctest", at(n))
			case !s.test && s.room != "app" && s.room != "db":
				t.Errorf("%s: time.%s below app: take the time, or a func() time.Time, as a parameter", at(n), sel.Sel.Name)
			}
			return true
		})
	}
}

func TestSource_noUnfinishedWords(t *testing.T) {
	unfinished := regexp.MustCompile(`\b(TODO|FIXME|XXX|HACK)\b`)
	for _, s := range load(t) {
		if s.test {
			ast.Inspect(s.file, func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					if sel, ok := c.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
						t.Errorf("%s: a skipped test proves nothing", at(n))
					}
				}
				return true
			})
			continue
		}
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if w := unfinished.FindString(c.Text); w != "" {
					t.Errorf("%s: %s", at(c), w)
				}
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if l, ok := n.(*ast.BasicLit); ok && l.Kind == token.STRING && unfinished.MatchString(l.Value) {
				t.Errorf("%s: unfinished words in a string", at(l))
			}
			return true
		})
	}
}

const (
	begin = "<!-- rooms: written by go test ./internal/archtest -update -->"
	end   = "<!-- /rooms -->"
)

// The table in docs/architecture.md is the code's own account of itself: it is compared here, and rewritten with -update.
func TestRooms_tableInDocsIsFresh(t *testing.T) {
	path := filepath.Join(root, "docs", "architecture.md")
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	i, j := bytes.Index(page, []byte(begin)), bytes.Index(page, []byte(end))
	if i < 0 || j < i {
		t.Fatalf("%s lacks the lines\n%s\n%s", path, begin, end)
	}
	fresh := slices.Concat(page[:i], []byte(begin+"\n\n"+table(load(t))+"\n"), page[j:])
	if bytes.Equal(fresh, page) {
		return
	}
	if !*update {
		t.Fatal("the table of rooms is stale: go test ./internal/archtest -update")
	}
	if err := os.WriteFile(path, fresh, 0o644); err != nil {
		t.Fatal(err)
	}
}

// table lists the rooms that exist, in order, with the first sentence of their documentation and the rooms that they import.
func table(all []source) string {
	says, uses := map[string]string{}, map[string]map[string]bool{}
	for _, s := range all {
		if s.test {
			continue
		}
		if uses[s.room] == nil {
			uses[s.room] = map[string]bool{}
		}
		if s.file.Doc != nil && filepath.Dir(s.path) == "internal/"+s.room {
			says[s.room] = new(doc.Package).Synopsis(s.file.Doc.Text())
		}
		for _, path := range s.imports() {
			if room, ok := strings.CutPrefix(path, module+"internal/"); ok {
				if room, _, _ = strings.Cut(room, "/"); room != s.room {
					uses[s.room][room] = true
				}
			}
		}
	}
	var b strings.Builder
	b.WriteString("| | room | what it is | imports |\n|---|---|---|---|\n")
	n := 0
	for _, room := range order {
		if uses[room] == nil {
			continue
		}
		n++
		var left []string
		for _, other := range order {
			if uses[room][other] {
				left = append(left, other)
			}
		}
		say := strings.TrimPrefix(says[room], "Package "+room+" ")
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", strconv.Itoa(n), room, strings.ReplaceAll(say, "|", "\\|"), strings.Join(left, " "))
	}
	return b.String()
}
