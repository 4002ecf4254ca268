// Command tally reads the event stream of "go test -json" on standard input, prints what a person wants to see of it (a line for each
// package, the output of what failed) and appends one line for each test to a results file: pass or fail, seconds, name, separated by
// tabs. It exits 1 when something failed.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	results := flag.String("results", "", "file to append to")
	label := flag.String("label", "", "what is put before each test's name")
	flag.Parse()
	out, err := os.OpenFile(*results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	failed, err := tally(os.Stdin, os.Stdout, out, *label)
	if err2 := out.Close(); err == nil {
		err = err2
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	if failed > 0 {
		os.Exit(1)
	}
}

// event is a line of cmd/test2json, with the build events that Go 1.24 added.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build events
	Test       string
	Elapsed    float64 // seconds
	Output     string
}

// run is one package's tests while they go on.
type run struct {
	open   map[string]bool // begun, not ended
	output map[string]*strings.Builder
	parent map[string]bool // has subtests: counted only when it fails by itself
	fails  []string
}

// tally returns the number of failures that it recorded.
//
// Counted are leaves. A test around subtests is counted only when it failed and none of them did. What skipped, what was still running
// when its package died, and a package that failed without a test to blame, are failures.
func tally(in io.Reader, human, results io.Writer, label string) (failed int, err error) {
	runs := map[string]*run{}
	build := map[string]*strings.Builder{}
	record := func(verdict string, seconds float64, name string) {
		if verdict == "fail" {
			failed++
		}
		if _, e := fmt.Fprintf(results, "%s\t%.2f\t%s: %s\n", verdict, seconds, label, name); e != nil && err == nil {
			err = e
		}
	}
	scan := bufio.NewScanner(in)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		var e event
		if json.Unmarshal(scan.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(human, scan.Text()) // go itself speaking: a module that is missing, a bad flag
			continue
		}
		if strings.HasPrefix(e.Action, "build-") {
			text(build, e.ImportPath).WriteString(e.Output)
			if e.Action == "build-fail" {
				fmt.Fprint(human, build[e.ImportPath])
			}
			continue
		}
		r := runs[e.Package]
		if r == nil {
			r = &run{open: map[string]bool{}, output: map[string]*strings.Builder{}, parent: map[string]bool{}}
			runs[e.Package] = r
		}
		name := strings.TrimPrefix(e.Package, "entremise/") + " " + e.Test
		switch {
		case e.Action == "output":
			text(r.output, e.Test).WriteString(e.Output)
		case e.Action == "run":
			r.open[e.Test] = true
			for i := strings.LastIndexByte(e.Test, '/'); i > 0; i = strings.LastIndexByte(e.Test[:i], '/') {
				r.parent[e.Test[:i]] = true
			}
		case e.Test != "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
			delete(r.open, e.Test)
			below := func(f string) bool { return strings.HasPrefix(f, e.Test+"/") }
			switch {
			case e.Action == "pass" && !r.parent[e.Test]:
				record("pass", e.Elapsed, name)
			case e.Action == "fail" && !slices.ContainsFunc(r.fails, below), e.Action == "skip":
				r.fails = append(r.fails, e.Test)
				record("fail", e.Elapsed, name)
				fmt.Fprintf(human, "%s %s (%.2f s)\n%s", strings.ToUpper(e.Action), name, e.Elapsed, text(r.output, e.Test))
			}
			delete(r.output, e.Test)
		case e.Test == "" && e.Action == "pass":
			fmt.Fprintf(human, "ok    %-28s %6.2f s\n", strings.TrimPrefix(e.Package, "entremise/"), e.Elapsed)
		case e.Test == "" && e.Action == "fail":
			for test := range r.open {
				r.fails = append(r.fails, test)
				record("fail", e.Elapsed, name+test)
				fmt.Fprintf(human, "DIED %s%s\n%s", name, test, text(r.output, test))
			}
			if len(r.fails) == 0 {
				record("fail", e.Elapsed, strings.TrimSpace(name))
			}
			fmt.Fprintf(human, "FAIL  %-28s %6.2f s\n%s", strings.TrimSpace(name), e.Elapsed, text(r.output, ""))
		}
	}
	if e := scan.Err(); e != nil {
		err = e
	}
	return failed, err
}

func text(m map[string]*strings.Builder, key string) *strings.Builder {
	if m[key] == nil {
		m[key] = &strings.Builder{}
	}
	return m[key]
}
