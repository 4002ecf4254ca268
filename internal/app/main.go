// Package app is the composition root and the commands. It alone reads settings and real time.
package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
)

// cli is the whole command line.
type cli struct {
	JSON bool `help:"Report in JSON where there is something to report." name:"json"`

	Demo      demoCmd       `cmd:"" help:"Serve a network with an invented France, at once: no installation, no password."`
	Serve     serveCmd      `cmd:"" help:"Serve a network."`
	Init      initCmd       `cmd:"" help:"Make a data folder for a network and its first administrator."`
	Check     checkCmd      `cmd:"" help:"Check a network file: every mistake with file, line and remedy."`
	Apply     applyCmd      `cmd:"" help:"Store a network file as the edition that is in force from its date."`
	Migrate   migrateCmd    `cmd:"" help:"Bring the database up to this program's version."`
	Clock     clockCmd      `cmd:"" help:"Read business time, or move it forward in a folder with a virtual clock."`
	Backup    backupCmd     `cmd:"" help:"Write one encrypted archive of the database, or of the keys."`
	Restore   restoreCmd    `cmd:"" help:"Load an archive into a new data folder, or from SQLite into PostgreSQL."`
	Retention retentionCmd  `cmd:"" help:"What is kept, until when, and what moves next."`
	Person    personCmd     `cmd:"" help:"Trace, export or erase one person."`
	Replay    replayCmd     `cmd:"" help:"Erase again, over restored data, what its ledger of erasures says; until then it is not served."`
	Inspect   inspectCmd    `cmd:"" help:"Write an inspection pack: register, documents, durations, files, proofs and the trail, sealed."`
	Verify    verifyFileCmd `cmd:"" help:"Check a lead passport, an inspection pack or a state of the proof log offline."`
	Admin     adminCmd      `cmd:"" help:"Accounts, permissions, routes, proofs."`
	Version   versionCmd    `cmd:"" help:"Print the program's and the schema's version."`
}

// out is where commands speak.
type out struct {
	ctx    context.Context
	stdout io.Writer
	stderr io.Writer
	json   bool
	log    *slog.Logger
}

func (o *out) say(format string, args ...any) {
	if !o.json {
		fmt.Fprintf(o.stdout, format+"\n", args...)
	}
}

// report prints a value as JSON when JSON was asked for, else calls the words.
func (o *out) report(v any, words func()) error {
	if !o.json {
		words()
		return nil
	}
	e := json.NewEncoder(o.stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// progress overwrites one line while something long runs; it is silent where nobody watches.
func (o *out) progress(what string, done, of int) {
	f, ok := o.stderr.(*os.File)
	if o.json || !ok {
		return
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	fmt.Fprintf(o.stderr, "\r%-20s %5d / %d ", what, done, of)
	if done == of {
		fmt.Fprint(o.stderr, "\r\033[K")
	}
}

// Main runs the command line and answers the exit code: 0 done, 1 failed, 2 wrongly called.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300) // some tens of megabytes live: collecting them half as often is a twentieth of an intake
	}
	var c cli
	parser, err := kong.New(&c, kong.Name("entremise"), kong.Description("Networks of introduction from one binary and one network file."),
		kong.UsageOnError(), kong.Writers(stdout, stderr), kong.Exit(func(code int) { panic(exit(code)) }))
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	code := 0
	func() {
		defer func() { // kong prints help by leaving
			switch r := recover().(type) {
			case nil:
			case exit:
				code = int(r)
			default:
				panic(r)
			}
		}()
		parsed, err := parser.Parse(args)
		if err != nil {
			fmt.Fprintf(stderr, "entremise: %s\nTry: entremise --help\n", err)
			code = 2
			return
		}
		o := &out{ctx: ctx, stdout: stdout, stderr: stderr, json: c.JSON, log: slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: logLevel()}))}
		if err := parsed.Run(o); err != nil {
			code = 1
			if errors.Is(err, errTold) {
				return
			}
			fmt.Fprintf(stderr, "entremise: %s\n", err)
		}
	}()
	return code
}

type exit int

// errTold is a failure that the command has explained already.
var errTold = errors.New("told")

func logLevel() slog.Level {
	var l slog.Level
	if err := l.UnmarshalText([]byte(os.Getenv("ENTREMISE_LOG"))); err != nil {
		return slog.LevelInfo
	}
	return l
}

type versionCmd struct{}

func (versionCmd) Run(o *out) error {
	version := "devel"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				version = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return o.report(map[string]any{"version": version, "schema": db.SchemaVersion()}, func() {
		fmt.Fprintf(o.stdout, "entremise %s, schema %d\n", version, db.SchemaVersion())
	})
}

// problemRow is a mistake or a notice as --json reports it.
type problemRow struct {
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Path     string `json:"path"`
	Text     string `json:"text"`
}

func rowsOf(problems []network.Problem, english bool) (rows []problemRow, lang string) {
	lang = "fr"
	if english || strings.HasPrefix(os.Getenv("LANG"), "en") {
		lang = "en"
	}
	rows = []problemRow{}
	for _, p := range problems {
		rows = append(rows, problemRow{string(p.Severity), p.File, p.Line, p.Path, p.Text.Say(lang)})
	}
	return rows, lang
}

// problems prints what check found; an error makes the command fail, a notice does not.
func (o *out) problems(problems []network.Problem, english bool, none func()) error {
	rows, lang := rowsOf(problems, english)
	if err := o.report(rows, func() {
		for _, p := range problems {
			fmt.Fprintln(o.stdout, p.Titled(lang))
		}
		if !network.Refused(problems) {
			none()
		}
	}); err != nil {
		return err
	}
	if network.Refused(problems) {
		return errTold
	}
	return nil
}

// unbuilt says at every start what the network declares and this program does not do, so that nobody waits for it.
func (o *out) unbuilt(n *network.Network) {
	for _, p := range network.Check(n) {
		if p.Severity == network.NotYet {
			o.say("%s", p.Titled("en"))
		}
	}
}

type migrateCmd struct {
	Settings `embed:""`
}

func (c migrateCmd) Run(o *out) error {
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	o.say("The database has schema %d.", db.SchemaVersion())
	return i.Close()
}

type applyCmd struct {
	Settings `embed:""`
	Network  string `arg:"" help:"Folder of the network, or the name of one that is built in."`
	Early    string `help:"Why a document that people must be told of beforehand changes sooner: a duty of law or an imminent danger (Reg. (EU) 2019/1150 art. 3.4). It is kept in the audit trail."`
}

// applyAsk is an edition on its way to whoever holds the folder.
type applyAsk struct {
	Bundle []byte
	Early  string
}

// apply stores an edition and publishes its documents; those that must be announced before they change are not changed sooner.
func (i *Instance) apply(o *out, folder fs.FS, early string) error {
	n, problems := network.Read(folder)
	if n == nil {
		return o.problems(problems, false, func() {})
	}
	if err := i.Documents.MayApply(o.ctx, n, early); err != nil {
		return inWords(err)
	}
	n, problems, err := i.Editions.Apply(o.ctx, "system", folder)
	if err != nil {
		return err
	}
	if early != "" {
		err := i.DB.Write(o.ctx, func(tx *db.Tx) error {
			return audit.Write(tx, "system", "administrator", "edition.early", n.Hash(), early)
		})
		if err != nil {
			return err
		}
	}
	if err := i.Documents.Publish(o.ctx); err != nil {
		return err
	}
	return o.problems(problems, false, func() {
		o.say("Edition %s of %s is stored; it is in force from %s.", n.Hash()[:12], n.Network, string(n.InForce))
	})
}

// inWords is a fault in the words that the command line speaks, with what is wrong in each of its fields.
func inWords(err error) error {
	f := fault.Of(err)
	if f == nil {
		return err
	}
	words := []string{f.Public.Say("en")}
	for _, wrong := range f.Fields {
		words = append(words, wrong.Text.Say("en"))
	}
	return errors.New(strings.Join(words, " "))
}

func (c applyCmd) Run(o *out) error {
	folder, err := networkFolder(c.Network)
	if err != nil {
		return err
	}
	if bundle, _, err := network.Pack(folder); err == nil {
		body, err := json.Marshal(applyAsk{bundle, c.Early})
		if err != nil {
			return err
		}
		if done, err := remote(o, c.Data, "apply", body); done || err != nil {
			return err
		}
	}
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	return errors.Join(i.apply(o, folder, c.Early), i.Close())
}

type clockCmd struct {
	Settings `embed:""`
	Forward  time.Duration `help:"Move business time forward by so much (90m, 48h), stopping at each deadline on the way."`
}

func (c clockCmd) Run(o *out) error {
	if done, err := remote(o, c.Data, "clock", []byte(c.Forward.String())); done || err != nil {
		return err
	}
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	if c.Forward != 0 {
		// Judged before jobs run: this process has no mail server, and a real network's messages would go into the outbox of a demo.
		if err := i.mayMove(o.ctx, c.Forward); err != nil {
			return errors.Join(err, i.Close())
		}
		i.Start(o.ctx)
		if err := i.Move(o.ctx, c.Forward); err != nil {
			return errors.Join(err, i.Close())
		}
	}
	return errors.Join(i.tellClock(o), i.Close())
}

func (i *Instance) tellClock(o *out) error {
	virtual, err := i.Virtual(o.ctx)
	if err != nil {
		return err
	}
	now, ahead := i.clock.now().UTC(), time.Duration(i.clock.offset.Load())
	return o.report(map[string]any{"business": now, "virtual": virtual, "ahead": ahead.String()}, func() {
		kind := "real"
		if virtual {
			kind = "virtual, ahead by " + ahead.Round(time.Second).String()
		}
		fmt.Fprintf(o.stdout, "Business time is %s (%s).\n", now.Format("2006-01-02 15:04:05 MST"), kind)
	})
}
