package app

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/request"
)

// retentionCmd is the lifecycle from the command line.
type retentionCmd struct {
	Forecast forecastCmd `cmd:"" help:"Say what will be archived, erased, made anonymous or forgotten in the days to come."`
	Run      runCmd      `cmd:"" help:"Move what is due now; the server does so by itself every minute."`
}

type forecastCmd struct {
	Settings `embed:""`
	Days     int    `help:"How many days to look ahead, at most 7300." default:"30"`
	Network  string `help:"Folder of a network file that is not applied yet: its effect beside that of the one in force." type:"existingdir"`
}

type runCmd struct {
	Settings `embed:""`
	DryRun   bool `help:"Say what would move and move nothing."`
}

// personCmd is what the officer does for one person, from the command line.
type personCmd struct {
	Trace  traceCmd       `cmd:"" help:"List everything that is held of a person: record, purpose, categories, until when."`
	Export exportCmd      `cmd:"" help:"Write everything that is held of a person, opened, as JSON."`
	Erase  erasePersonCmd `cmd:"" help:"Erase a person, or what is named, and say what law keeps."`
}

type traceCmd struct {
	Settings `embed:""`
	Who      string `arg:"" help:"Id of a person or professional, reference of a request, phone number or e-mail address."`
}

type exportCmd struct {
	Settings `embed:""`
	Who      string `arg:"" help:"Id of a person or professional, reference of a request, phone number or e-mail address."`
	To       string `help:"File to write; it must not exist." required:""`
}

type erasePersonCmd struct {
	Settings   `embed:""`
	Who        string   `arg:"" help:"Id of a person or professional, reference of a request, phone number or e-mail address."`
	Categories []string `help:"Categories to erase, as the network file names them (contact, place…); all if absent." sep:","`
	Records    []string `help:"Records to erase, as trace lists them; all if absent." sep:","`
	Why        string   `help:"Reference of the request to erase, for the audit trail." required:""`
	DryRun     bool     `help:"Say what would be erased and kept, and erase nothing."`
}

// lifeAsk is a command of this file on its way to the server that holds the folder.
type lifeAsk struct {
	Do, Who, To, Why, Network string
	Days                      int
	Dry                       bool
	Categories, Records       []string
}

func (c forecastCmd) Run(o *out) error {
	folder := c.Network
	if folder != "" {
		var err error
		if folder, err = filepath.Abs(folder); err != nil {
			return err
		}
	}
	return life(o, c.Settings, lifeAsk{Do: "forecast", Days: c.Days, Network: folder})
}

func (c runCmd) Run(o *out) error { return life(o, c.Settings, lifeAsk{Do: "run", Dry: c.DryRun}) }

func (c traceCmd) Run(o *out) error { return life(o, c.Settings, lifeAsk{Do: "trace", Who: c.Who}) }

func (c exportCmd) Run(o *out) error {
	to, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	return life(o, c.Settings, lifeAsk{Do: "export", Who: c.Who, To: to})
}

func (c erasePersonCmd) Run(o *out) error {
	return life(o, c.Settings, lifeAsk{Do: "erase", Who: c.Who, Categories: c.Categories, Records: c.Records, Why: c.Why, Dry: c.DryRun})
}

func life(o *out, s Settings, ask lifeAsk) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if done, err := remote(o, s.Data, "life", body); done || err != nil {
		return err
	}
	i, err := open(o.ctx, s, World{}, false, o.log)
	if err != nil {
		return err
	}
	return errors.Join(i.life(o, body), i.Close())
}

func (i *Instance) life(o *out, body []byte) error {
	var ask lifeAsk
	if err := json.Unmarshal(body, &ask); err != nil {
		return err
	}
	switch ask.Do {
	case "forecast":
		return i.tellForecast(o, ask)
	case "run":
		return i.runRetention(o, ask.Dry)
	}
	who, err := i.whoIs(o, ask.Who)
	if err != nil {
		return err
	}
	switch ask.Do {
	case "trace", "export":
		return i.tellTrace(o, who, ask.To)
	case "erase":
		return i.erasePerson(o, who, ask)
	}
	return fmt.Errorf("no command %q", ask.Do)
}

// whoIs finds the one person that an id, a reference, a number or an address leads to.
func (i *Instance) whoIs(o *out, who string) (string, error) {
	who = strings.TrimSpace(who)
	if prefix, _, found := strings.Cut(who, "_"); found && slices.Contains([]string{"per", "pro", "acc", "cas", "ovs"}, prefix) {
		return who, nil
	}
	var people []string
	err := i.DB.Read(o.ctx, func(tx *db.Tx) error {
		p, err := request.PersonByRef(tx, strings.ToUpper(who))
		if err == nil {
			people = []string{p}
			return nil
		}
		if !errors.Is(err, db.ErrNone) && !fault.Is(err, fault.Missing) {
			return err
		}
		e164, _ := phone.Parse(who, "", i.Demo) // "" when it is none
		email := ""
		if strings.Contains(who, "@") {
			email = who
		}
		if e164 == "" && email == "" {
			return nil
		}
		people, err = person.Search(tx, i.Vault, e164, email, "", 50)
		return err
	})
	switch {
	case err != nil:
		return "", err
	case len(people) == 0:
		return "", fmt.Errorf("nobody is known by %q: give an id, a reference, a phone number or an e-mail address", who)
	case len(people) > 1:
		return "", fmt.Errorf("%d people are known by that: %s; give the id of one", len(people), strings.Join(people, ", "))
	}
	return people[0], nil
}

// mostDays bounds a forecast: twenty years.
const mostDays = 7300

func (i *Instance) tellForecast(o *out, ask lifeAsk) error {
	if ask.Days < 1 || ask.Days > mostDays {
		return fmt.Errorf("--days must be from 1 to %d", mostDays)
	}
	until := i.DB.Now().AddDate(0, 0, ask.Days)
	n, err := i.Editions.InForce(o.ctx)
	if err != nil {
		return err
	}
	now, err := i.Life.Foretell(o.ctx, n, until)
	if err != nil {
		return err
	}
	report := map[string]any{"until": until.UTC(), "in_force": now}
	var then []privacy.Forecast
	if ask.Network != "" {
		changed, problems := network.Read(os.DirFS(ask.Network))
		if changed == nil {
			for _, p := range problems {
				o.say("%s", p.Say("en"))
			}
			return fmt.Errorf("%s has mistakes: nothing to foretell", ask.Network)
		}
		if then, err = i.Life.Foretell(o.ctx, changed, until); err != nil {
			return err
		}
		report["changed"] = then
	}
	return o.report(report, func() {
		o.say("Until %s, under the edition in force:", until.UTC().Format(time.DateOnly))
		sayForecast(o, now)
		if ask.Network != "" {
			o.say("Under %s:", ask.Network)
			sayForecast(o, then)
		}
	})
}

func sayForecast(o *out, all []privacy.Forecast) {
	type step struct{ purpose, to string }
	sum, first := map[step]int64{}, map[step]string{}
	var order []step
	for _, f := range all {
		s := step{f.Purpose, f.To}
		if sum[s] == 0 {
			order, first[s] = append(order, s), f.Day
		}
		sum[s] += f.Records
	}
	if len(order) == 0 {
		o.say("  nothing moves.")
	}
	slices.SortFunc(order, func(a, b step) int { return cmp.Or(cmp.Compare(a.purpose, b.purpose), cmp.Compare(a.to, b.to)) })
	for _, s := range order {
		o.say("  %-24s %-10s %8d, the first on %s", s.purpose, s.to, sum[s], first[s])
	}
}

func (i *Instance) runRetention(o *out, dry bool) error {
	if dry {
		n, err := i.Editions.InForce(o.ctx)
		if err != nil {
			return err
		}
		due, err := i.Life.Foretell(o.ctx, n, i.DB.Now())
		if err != nil {
			return err
		}
		return o.report(map[string]any{"would_move": due}, func() {
			o.say("Due now, and left as it is:")
			sayForecast(o, due)
		})
	}
	done, err := i.Life.Run(o.ctx)
	if err != nil {
		return err
	}
	return o.report(map[string]any{"archived": done.Archived, "erased": done.Erased, "anonymised": done.Anonymised, "held": done.Held, "forgotten": done.Forgotten}, func() {
		o.say("%d archived, %d erased, %d made anonymous, %d kept by a legal hold, %d rows forgotten that had served.", done.Archived, done.Erased, done.Anonymised, done.Held, done.Forgotten)
	})
}

func (i *Instance) tellTrace(o *out, who, to string) (err error) {
	action := "person.trace"
	if to != "" {
		action = "person.export"
	}
	if err := audit.Read(o.ctx, i.DB, auth.Machine.Name(), string(auth.System), action, who, false); err != nil {
		return err
	}
	trace, err := i.Life.Trace(o.ctx, who, false)
	if err != nil {
		return err
	}
	if to != "" {
		f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		e := json.NewEncoder(f)
		e.SetIndent("", "  ")
		if err := errors.Join(e.Encode(trace), f.Sync(), f.Close()); err != nil {
			return errors.Join(err, os.Remove(to))
		}
		return o.report(map[string]any{"file": to, "values": len(trace.Values)}, func() {
			o.say("%d values of %s are in %s. Keep it as what it is: everything about a person.", len(trace.Values), who, to)
		})
	}
	type place struct {
		Table    string `json:"table"`
		Column   string `json:"column"`
		Category string `json:"category"`
		State    string `json:"state"`
		Values   int    `json:"values"`
	}
	var places []place
	for _, v := range trace.Values { // where, never what: a terminal keeps what it shows
		p := place{Table: v.Table, Column: v.Column, Category: string(v.Category), State: v.State}
		at := slices.IndexFunc(places, func(x place) bool { x.Values = 0; return x == p })
		if at < 0 {
			at, places = len(places), append(places, p)
		}
		places[at].Values++
	}
	return o.report(map[string]any{"person": who, "holdings": trace.Holdings, "values": places}, func() {
		o.say("%s", who)
		for _, h := range trace.Holdings {
			until := "while it lasts"
			if !h.Until.IsZero() {
				until = "until " + h.Until.UTC().Format("2006-01-02 15:04:05 MST")
			}
			if h.Archived {
				until = "archived, " + until
			}
			o.say("  %-30s %-22s %s: %s", h.Record, h.Purpose, until, strings.Join(h.Categories, ", "))
		}
		for _, p := range places {
			o.say("  %-30s %-22s %d %s", p.Table+"."+p.Column, p.Category, p.Values, p.State)
		}
	})
}

// mostWhy bounds what is written beside an erasure: a reference, and no story.
const mostWhy = 80

func (i *Instance) erasePerson(o *out, who string, ask lifeAsk) error {
	scope := privacy.Scope{Records: ask.Records}
	for _, c := range ask.Categories {
		if !slices.Contains(network.Categories(), network.Category(c)) {
			return fmt.Errorf("--categories: %q is no category; there are %v", c, network.Categories())
		}
		scope.Categories = append(scope.Categories, network.Category(c))
	}
	if n := utf8.RuneCountInString(ask.Why); n == 0 || n > mostWhy {
		return fmt.Errorf("--why must be the reference of a case, in %d characters at most", mostWhy)
	}
	var done privacy.Erasure
	var err error
	if ask.Dry {
		done, err = i.Life.Foresee(o.ctx, who, scope)
	} else {
		done, err = i.Life.Erase(o.ctx, auth.Machine, who, scope, ask.Why)
	}
	if err != nil {
		return inWords(err)
	}
	return o.report(map[string]any{"person": who, "dry_run": ask.Dry, "erased": done.Erased, "kept": done.Kept}, func() {
		for _, e := range done.Erased {
			o.say("  erased  %s", e)
		}
		for _, k := range done.Kept {
			until := "while a hold lasts"
			if !k.Until.IsZero() {
				until = "until " + k.Until.UTC().Format(time.DateOnly)
			}
			o.say("  kept    %s %s for %s, in the archive %s", k.Record, strings.Join(k.Categories, " "), k.Purpose, until)
		}
		if len(done.Erased) == 0 {
			o.say("  nothing was left to erase.")
		}
	})
}
