// Command bench measures Entremise against the limits of the machine that it runs on and against peers, in one run, and prints a table:
//
//	go run ./bench            # every row
//	go run ./bench -only disk # rows whose name holds a word
//
// Two shared, noisy cores are the usual place: a row is therefore a ratio of two things that were measured in turns, at least five pairs, told
// as the median and the span of the middle half; beside it stands what noise does not move: CPU time an operation. Everything runs on
// loopback, in a scratch folder on the disk under test, for a bounded time, and is ended by process id.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == helloCommand {
		serveHello()
		return
	}
	only := flag.String("only", "", "run the rows whose name holds this word")
	dir := flag.String("dir", "", "folder on the disk under test; the system's temporary one when empty")
	asJSON := flag.Bool("json", false, "print JSON")
	each := flag.Duration("each", 2*time.Second, "how long one measurement lasts")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	if err := run(ctx, *only, *dir, *each, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// row is a line of the table. measure may be called once; it leaves nothing running.
type row struct {
	name    string
	measure func(context.Context, *bench) ([]result, error)
}

// result is what a row prints: one number and what was measured beside it. Bar is what it must reach, empty for a limit.
type result struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Beside string `json:"beside,omitempty"`
	Bar    string `json:"bar,omitempty"`
}

// bench is what rows share.
type bench struct {
	scratch string
	each    time.Duration
}

// rows stand in the order in which they run: limits first.
var rows = []row{
	{"disk: fdatasync", measureSync},
	{"http: hello", measureHello},
	{"postgresql: one insert", measurePostgres},
	{"intake", measureIntake},
	{"one client", measureOne},
	{"notify", measureNotify},
	{"workday", measureWorkday},
	{"first visit", measureFirstVisit},
	{"lifecycle", measureLife},
	{"log", measureLog},
	{"company page", measureCompany},
}

func run(ctx context.Context, only, dir string, each time.Duration, asJSON bool) (err error) {
	scratch, err := os.MkdirTemp(dir, "entremise-bench")
	if err != nil {
		return err
	}
	defer func() {
		if e := os.RemoveAll(scratch); err == nil {
			err = e
		}
	}()
	if err := os.Chmod(scratch, 0o711); err != nil { // PostgreSQL's own user passes through
		return err
	}
	b := &bench{scratch: scratch, each: each}
	m := machine(scratch)
	var all []result
	for _, r := range rows {
		if !strings.Contains(r.name, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s …\n", r.name)
		got, err := r.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		all = append(all, got...)
	}
	if asJSON {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{"machine": m, "rows": all})
	}
	fmt.Printf("%s\n\n| row | measured | beside | bar |\n|---|---|---|---|\n", m)
	for _, r := range all {
		fmt.Printf("| %s | %s | %s | %s |\n", r.Name, r.Value, r.Beside, r.Bar)
	}
	return nil
}
