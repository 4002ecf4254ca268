package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"entremise/internal/billing"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/inbox/mail"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/web/ui"
)

type demoCmd struct {
	Settings         `embed:""`
	Network          string `help:"Folder of a network, or the name of one that is built in." default:"emergency-trades"`
	Listen           string `help:"Address to listen on: loopback only, a demo has no passwords." default:"127.0.0.1:8080"`
	Seed             uint64 `help:"Another seed makes another France." default:"1"`
	Professionals    int    `help:"How many professionals to invent." default:"2000"`
	Requests         int    `help:"How many past requests to play; with none there are no past reviews either." default:"60"`
	Tour             bool   `help:"Drive one whole sale, or one review, by itself over HTTP, print its timeline and stop; exit 0 only if every step held."`
	Mail             string `name:"mail-listen" help:"Loopback address on which mail to the network is received." default:"127.0.0.1:0"`
	countrySettings  `embed:""`
	archiverSettings `embed:""`
	anchorSettings   `embed:""`
	Fresh            bool `help:"Throw away the demo folder first."`
}

// AfterApply puts the demo beside where it is run, not into a real network's folder.
func (c *demoCmd) AfterApply() error {
	if filepath.Base(c.Data) == "entremise-data" && os.Getenv("ENTREMISE_DATA") == "" {
		c.Data = filepath.Join(filepath.Dir(c.Data), "entremise-demo")
	}
	return nil
}

const demoMark = "demo"

func (c demoCmd) Run(o *out) error {
	host, _, err := net.SplitHostPort(c.Listen)
	if ip := net.ParseIP(host); err != nil || host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: a demo signs people in without passwords and listens on loopback only, for example 127.0.0.1:8080", c.Listen)
	}
	if c.Professionals < 0 || c.Professionals > 9000 || c.Requests < 0 || c.Requests > 5000 {
		return errors.New("--professionals takes 0 to 9000, --requests 0 to 5000")
	}
	if c.Tour {
		dir, err := os.MkdirTemp("", "entremise-tour")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		c.Data, c.Listen = dir, "127.0.0.1:0"
	}
	if c.Fresh {
		if err := throwAway(c.Data); err != nil {
			return err
		}
	}
	folder, err := networkFolder(c.Network)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("%w: choose another address with --listen", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return err
	}
	bank := &demoBank{}
	w := demoWorld(port, bank)
	if w.Country, err = c.countries(); err != nil {
		return errors.Join(err, l.Close())
	}
	if w.Archive, err = c.archive(); err != nil {
		return errors.Join(err, l.Close())
	}
	if w.Outside, err = c.outside(); err != nil {
		return errors.Join(err, l.Close())
	}
	if w.Country == nil {
		w.Country = func(context.Context, string) (string, error) { return "FR", nil } // everybody in the demo is on this machine
	}
	started := time.Now()
	i, err := open(o.ctx, c.Settings, w, true, o.log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	bank.i = i
	n, problems, err := i.Editions.Apply(o.ctx, "system", folder)
	if err == nil && n == nil {
		err = o.problems(problems, false, func() {})
	}
	if err == nil {
		err = c.fill(o, i, n)
	}
	if err != nil {
		return errors.Join(err, l.Close(), i.Close())
	}
	site, space := w.URL(n.Sites[0].Host, "/"), w.URL(n.SpaceHost, "/")
	if c.Tour && !n.Sells() && n.Reviews == nil {
		return errors.Join(fmt.Errorf("--tour drives a sale or a review, and %s has neither", n.Network), l.Close(), i.Close())
	}
	if c.Tour {
		return i.tourOnce(o, l, started)
	}
	if o.json {
		o.say("")
	}
	roles, err := i.demoRoles(o.ctx, "en")
	if err != nil {
		return errors.Join(err, l.Close(), i.Close())
	}
	o.unbuilt(n)
	at, stop, err := i.receiveMail(o.ctx, c.Mail, nil, mail.Mailbox{})
	if err != nil {
		return errors.Join(err, l.Close(), i.Close())
	}
	fmt.Fprintf(o.stdout, "listening http://%s\n", l.Addr())
	o.say("\n%s is open (ready in %s). Everything here is invented; business time is virtual.\n", n.Operator.Name, time.Since(started).Round(100*time.Millisecond))
	o.say("  %-34s %s", "Consumers ask here", site)
	for _, r := range roles {
		o.say("  %-34s %s", r.Role+": "+r.Name, strings.TrimSuffix(space, "/")+r.Href)
	}
	o.say("  %-34s %s", "Sent texts, e-mails, payments", strings.TrimSuffix(space, "/")+"/_demo/outbox")
	o.say("  %-34s %s", "All ways in, and the clock", strings.TrimSuffix(space, "/")+"/_demo")
	if at != nil {
		o.say("  %-34s smtp://%s", "Mail to the network", at)
	}
	o.say("\nStop with Ctrl-C; the folder %s keeps everything.", c.Data)
	return errors.Join(i.serve(o, l, i.Handler(i.demoPages(i.demoRoles))), stop())
}

// throwAway removes a demo folder and nothing else.
func throwAway(data string) error {
	if _, err := os.Stat(filepath.Join(data, demoMark)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		return err
	}
	if err := os.RemoveAll(filepath.Join(data, archiverFolder)); err != nil {
		return err
	}
	for _, name := range []string{mainFile, mainFile + "-wal", mainFile + "-shm", keysFile, keysFile + "-wal", keysFile + "-shm", masterFile, pastFile, endingsFile, witnessFile, socketFile, demoMark} {
		if err := os.Remove(filepath.Join(data, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// demoWorld serves host names under .localhost, which browsers lead to this machine, in place of those of the network file.
func demoWorld(port string, bank *demoBank) World {
	local := func(host string) string { return strings.TrimSuffix(host, ".example") + ".localhost" }
	url := func(host, path string) string { return "http://" + local(host) + ":" + port + path }
	return World{Demo: true, URL: url, Drivers: notify.Outbox(netmail.Address{Name: "Entremise", Address: "demo@depanneurs.example"}),
		Hosts: func(host string) string {
			if name, ok := strings.CutSuffix(host, ".localhost"); ok {
				return name + ".example"
			}
			return host
		},
		Card: bank.card(url), Line: call.Simulated()}
}

// fill makes a new folder a demo's, with its invented France, once.
func (c demoCmd) fill(o *out, i *Instance, n *network.Network) error {
	seeded := false
	err := i.DB.Read(o.ctx, func(tx *db.Tx) error {
		v, err := setting(tx, "demo.seeded")
		seeded = v == "yes"
		return err
	})
	if err != nil || seeded {
		return err
	}
	if err := os.WriteFile(filepath.Join(c.Data, demoMark), []byte("an invented network\n"), 0o600); err != nil {
		return err
	}
	if err := i.seedDemo(o.ctx, n, c.Seed, c.Professionals, c.Requests, o.progress); err != nil {
		return fmt.Errorf("invent a France: %w", err)
	}
	if err := i.makeVirtual(o.ctx); err != nil {
		return err
	}
	return i.DB.Write(o.ctx, func(tx *db.Tx) error { return setSetting(tx, "demo.seeded", "yes") })
}

func (i *Instance) makeVirtual(ctx context.Context) error {
	return i.DB.Write(ctx, func(tx *db.Tx) error { return setSetting(tx, settingVirtual, "yes") })
}

// demoRoles are the ways in, without passwords. The links never age: a demo holds no secret.
func (i *Instance) demoRoles(ctx context.Context, lang string) ([]ui.DemoRole, error) {
	people, err := i.demoPeople(ctx)
	if err != nil {
		return nil, err
	}
	english := lang == "en"
	words := map[string][2]string{"operator": {"Exploitant", "Operator"}, "agent": {"Conseillère", "Agent"}, "agent-2": {"Conseiller", "Second agent"}, "onboarding": {"Accueil", "Onboarding"}, "accountant": {"Comptable", "Accountant"},
		"moderator": {"Modératrice", "Moderator"}, "officer": {"Délégué", "Officer"}}
	var roles []ui.DemoRole
	for _, p := range demoStaff {
		if people.Staff[p.key] == "" {
			continue
		}
		w := words[p.key]
		fr, en, _ := strings.Cut(p.detail, "|")
		r := ui.DemoRole{Role: w[0], Name: p.name, Detail: fr, Href: "/_demo/entrer?qui=" + url.QueryEscape(people.Staff[p.key])}
		if english {
			r.Role, r.Detail = w[1], en
		}
		roles = append(roles, r)
	}
	for k, id := range people.Pros {
		a, err := i.Auth.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		contacts, err := i.Pros.Contacts(ctx, a.Pro)
		if err != nil {
			return nil, err
		}
		if n, err := i.Editions.InForce(ctx); err != nil {
			return nil, err
		} else if n.Forwards() {
			roles = append(roles, demoMember(contacts[a.Pro], k, id, english))
			continue
		}
		r := ui.DemoRole{Role: "Professionnel " + strconv.Itoa(k+1), Name: contacts[a.Pro].Company, Detail: "Plombier à Nîmes", Href: "/_demo/entrer?qui=" + url.QueryEscape(id)}
		if english {
			r.Role, r.Detail = "Professional "+strconv.Itoa(k+1), "Plumber in Nîmes"
		}
		roles = append(roles, r)
	}
	return roles, nil
}

// demoBank plays the card service on a page of the demo. Its memory is the payment's own row: it captures what was authorised there, and says so
// again when asked again.
type demoBank struct{ i *Instance }

func (b *demoBank) card(url func(host, path string) string) billing.Card {
	return billing.Card{Name: "demo", Embedded: true,
		Checkout: func(payment, back string) string { return "/_demo/carte/" + payment + "?retour=" + back },
		Capture: func(_ context.Context, _, ref string, _ money.Amount) billing.CardResult {
			if ref == "" {
				return billing.CardRefused
			}
			return billing.CardDone
		},
		Release: func(context.Context, string, string) billing.CardResult { return billing.CardDone }}
}
