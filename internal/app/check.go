package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

type checkCmd struct {
	Network  string `arg:"" help:"Folder of a network, or the name of one that is built in (emergency-trades)."`
	English  bool   `help:"Say the mistakes in English."`
	Against  string `help:"Show what would change: another network folder, or a data folder for the edition that is in force there." placeholder:"FOLDER"`
	Postgres string `help:"With --against a data folder whose database is PostgreSQL: its address." env:"ENTREMISE_POSTGRES"`
}

func (c checkCmd) Run(o *out) error {
	folder, err := networkFolder(c.Network)
	if err != nil {
		return err
	}
	n, problems := network.Read(folder)
	if c.Against == "" || n == nil {
		return o.problems(problems, c.English, func() { o.say("%s: no mistake found.", c.Network) })
	}
	old, err := c.old(o.ctx)
	if err != nil {
		return err
	}
	changes := explained(network.Diff(old, n))
	rows, _ := rowsOf(problems, c.English)
	if o.json {
		return o.report(map[string]any{"problems": rows, "against": old.Hash(), "changes": changes}, nil)
	}
	if err := o.problems(problems, c.English, func() {}); err != nil {
		return err
	}
	section := ""
	for _, x := range changes {
		if s := x.Section(); s != section {
			section = s
			o.say("%s", s)
		}
		o.say("  %s", x.line())
	}
	if len(changes) == 0 {
		o.say("Nothing changes against %s of %s.", old.Hash()[:12], string(old.InForce))
	}
	return nil
}

// old is what the new file is compared with. A data folder is only read: neither its lock nor its keys are needed, and a server may hold it.
func (c checkCmd) old(ctx context.Context) (n *network.Network, err error) {
	if _, err := os.Stat(filepath.Join(c.Against, lockFile)); err != nil {
		folder, err := networkFolder(c.Against)
		if err != nil {
			return nil, err
		}
		n, problems := network.Load(folder)
		if n == nil {
			return nil, fmt.Errorf("%s does not read: %s", c.Against, problems[0].Say("en"))
		}
		return n, nil
	}
	i := &Instance{Settings: Settings{Data: c.Against, Postgres: c.Postgres}, clock: &clock{}}
	main, _ := i.places()
	main.Clocks = i.clock.clocks()
	if main.Path != "" {
		if _, err := os.Stat(main.Path); err != nil {
			return nil, fmt.Errorf("%s holds no database: give --postgres", c.Against)
		}
	}
	if i.DB, err = db.OpenOnly(ctx, main); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, i.DB.Close()) }()
	if err := i.readOffset(ctx); err != nil {
		return nil, err
	}
	return edition.New(i.DB).InForce(ctx)
}

// change is a difference with what follows from it.
type change struct {
	network.Change
	Note string `json:"note,omitempty"`
}

// explained says of each consent whose words are others under which digest the new ones will be kept.
func explained(all []network.Change) []change {
	out := []change{}
	for _, c := range all {
		x := change{Change: c}
		for _, lang := range []string{"fr", "en"} {
			if c.Section() == "consents" && strings.HasSuffix(c.Path, ".wording ("+lang+")") && c.New != "" {
				x.Note = "kept from then on under the wording " + privacy.WordingHash(lang, c.New)[:12]
			}
		}
		out = append(out, x)
	}
	return out
}

// line is a change for a reader: long sentences begin where they differ.
func (c change) line() (line string) {
	was, is := c.Old, c.New
	switch {
	case was == "":
		line = "+ " + c.Path + ": " + cut(is)
	case is == "":
		line = "- " + c.Path + ": " + cut(was)
	default:
		if len(was)+len(is) > 160 {
			was, is = fromDifference(was, is)
		}
		line = "~ " + c.Path + ": " + cut(was) + " → " + cut(is)
	}
	if c.Note != "" {
		line += " (" + c.Note + ")"
	}
	return line
}

// fromDifference leaves out the words that both begin with.
func fromDifference(a, b string) (string, string) {
	same, word := 0, 0
	for same < len(a) && same < len(b) && a[same] == b[same] {
		if same++; a[same-1] == ' ' {
			word = same
		}
	}
	if word == 0 {
		return a, b
	}
	return "…" + a[word:], "…" + b[word:]
}

// cut is the beginning of a sentence, on one line.
func cut(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > 120 {
		s = string([]rune(s)[:120]) + "…"
	}
	return s
}
