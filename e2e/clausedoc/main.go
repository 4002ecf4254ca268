// Command clausedoc writes docs/clauses.md: each clause of each network's catalogue, where the program enforces it, which test proved it in a run, and
// what is not proved yet.
//
//	ENTREMISE_CLAUSES=/tmp/clauses go test ./e2e && go run ./e2e/clausedoc -record /tmp/clauses docs/clauses.md
//
// "Where enforced" is read from the source: the files that name the clause. With -check it also fails when the page was not fresh.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

func main() {
	record := flag.String("record", "", "what the run wrote to ENTREMISE_CLAUSES; empty or absent when nothing was proved")
	check := flag.Bool("check", false, "fail when the page was not fresh")
	root := flag.String("root", ".", "the project")
	flag.Parse()
	if err := run(*root, *record, flag.Arg(0), *check); err != nil {
		fmt.Fprintln(os.Stderr, "clausedoc:", err)
		os.Exit(1)
	}
}

func run(root, record, page string, check bool) error {
	if page == "" {
		return fmt.Errorf("which page is to be written?")
	}
	catalogues, err := read(filepath.Join(root, "e2e/testdata/clauses"))
	if err != nil {
		return err
	}
	proofs := map[string][]string{}
	if record != "" {
		text, err := os.ReadFile(record)
		if err != nil && !os.IsNotExist(err) {
			return err
		}
		if proofs, err = readProofs(string(text)); err != nil {
			return err
		}
	}
	places, err := enforced(root)
	if err != nil {
		return err
	}
	fresh := write(catalogues, places, proofs)
	old, err := os.ReadFile(page)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	if bytes.Equal(old, fresh) {
		return nil
	}
	if err := os.WriteFile(page, fresh, 0o644); err != nil {
		return err
	}
	if check {
		return fmt.Errorf("%s was stale and is now rewritten: commit it", page)
	}
	return nil
}

// clause is one entry of the catalogue.
type clause struct {
	ID   string `yaml:"id"`
	Kind string `yaml:"kind"`
	Rule string `yaml:"rule"`
	Law  string `yaml:"law"` // where the document and the law in force differ: what law says, and what is executed
}

// catalogue is a network's list of clauses.
type catalogue struct {
	Network string
	Clauses []clause
}

// read takes every list of a folder, by name.
func read(folder string) (all []catalogue, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c := catalogue{Network: strings.TrimSuffix(filepath.Base(file), ".yaml")}
		if err := yaml.UnmarshalWithOptions(text, &c.Clauses, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s holds no list of clauses", folder)
	}
	return all, nil
}

// readProofs reads lines of id, test and file:line. The line number is left out of the page: it changes with every edit above it.
func readProofs(record string) (map[string][]string, error) {
	proofs := map[string][]string{}
	for line := range strings.Lines(record) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("damaged record: %q", line)
		}
		file, _, _ := strings.Cut(f[2], ":")
		test, _, _ := strings.Cut(f[1], "/")
		proof := fmt.Sprintf("[%s](../%s)", test, file)
		if !slices.Contains(proofs[f[0]], proof) {
			proofs[f[0]] = append(proofs[f[0]], proof)
		}
	}
	for _, p := range proofs {
		slices.Sort(p)
	}
	return proofs, nil
}

// mention matches "ET-47", "ET-34, 35, 45", "ET-142…144" and "ET-142–144".
var mention = regexp.MustCompile(`\b([A-Z]{2})-\d+(?:(?:…|\.\.\.?|–)(?:[A-Z]{2}-)?\d+)?(?:, \d{2,}(?:(?:…|–)\d+)?)*`)

var number = regexp.MustCompile(`\d+`)

func mentions(text string) (ids []string) {
	for _, m := range mention.FindAllStringSubmatch(text, -1) {
		for part := range strings.SplitSeq(strings.TrimPrefix(m[0], m[1]+"-"), ", ") {
			bounds := number.FindAllString(part, -1)
			first, err1 := strconv.Atoi(bounds[0])
			last, err2 := strconv.Atoi(bounds[len(bounds)-1])
			if err1 != nil || err2 != nil || last-first > 50 {
				continue
			}
			for n := first; n <= last; n++ {
				ids = append(ids, fmt.Sprintf("%s-%02d", m[1], n))
			}
		}
	}
	return ids
}

// enforced maps a clause to the files of the program and of the networks that name it.
func enforced(root string) (map[string][]string, error) {
	places := map[string][]string{}
	for _, folder := range []string{"internal", "networks"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := d.Name()
			if d.IsDir() && slices.Contains([]string{"testdata", "gallery", "preview"}, name) { // samples of pages enforce nothing
				return filepath.SkipDir
			}
			program := strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, "_templ.go")
			if d.IsDir() || !program && !slices.Contains([]string{".templ", ".sql", ".yaml", ".js"}, filepath.Ext(name)) {
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			for _, id := range mentions(string(text)) {
				if place := filepath.ToSlash(rel); !slices.Contains(places[id], place) {
					places[id] = append(places[id], place)
				}
			}
			return nil
		})
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	return places, nil
}

func write(catalogues []catalogue, places, proofs map[string][]string) []byte {
	var b bytes.Buffer
	b.WriteString("# Clauses of the networks\n\nWritten by `go run ./e2e/clausedoc` from a run of the tests in `e2e/`.\n\n| network | clauses | proved against the served program |\n|---|---|---|\n")
	proved := func(c catalogue) (n int) {
		for _, x := range c.Clauses {
			if len(proofs[x.ID]) > 0 {
				n++
			}
		}
		return n
	}
	for _, c := range catalogues {
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d |\n", c.Network, c.Network, len(c.Clauses), proved(c))
	}
	for _, c := range catalogues {
		fmt.Fprintf(&b, "\n## %s\n\n%d of %d clauses are proved.\n\n| id | rule | where enforced | test | state |\n|---|---|---|---|---|\n", c.Network, proved(c), len(c.Clauses))
		for _, x := range c.Clauses {
			row(&b, x, places[x.ID], proofs[x.ID])
		}
	}
	return b.Bytes()
}

func row(b *bytes.Buffer, c clause, places, proofs []string) {
	state := "not yet"
	if len(proofs) > 0 {
		state = "**proved**"
	}
	var where []string
	for _, p := range places {
		where = append(where, fmt.Sprintf("[%s](../%s)", strings.TrimPrefix(p, "internal/"), p))
	}
	rule := c.Rule
	if c.Law != "" {
		rule += " **Law:** " + c.Law
	}
	fmt.Fprintf(b, "| %s | %s | %s | %s | %s |\n", c.ID, strings.ReplaceAll(rule, "|", "\\|"), strings.Join(where, ", "), strings.Join(proofs, ", "), state)
}
