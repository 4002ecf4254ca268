// Package rig builds a whole small house for tests: both databases of one engine, the first network in force, every room left of web, and
// an outside world (SMS, e-mail, bank) under the test's hand. Only tests import it, from external test packages (package request_test).
//
// Time stands still until the test moves [Rig.Clock]. Jobs and sweeps run only when the test calls [Rig.Drain] and [Rig.Sweep], in its own
// goroutine, so that nothing happens behind its back.
package rig

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/document"
	"entremise/internal/edition"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/inspect"
	"entremise/internal/job"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/oversight"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/proof"
	"entremise/internal/proof/place"
	"entremise/internal/request"
	"entremise/internal/review"
	"entremise/internal/vault"
	"entremise/networks"
)

// Host is the site on which the rig's consumers ask.
const Host = "depanneurs.example"

// Nîmes is where everything happens unless a test says otherwise.
const (
	Nimes         = "30189" // INSEE
	NimesPostcode = "30000"
)

// Rig is one house. Its makers may be called from several goroutines at once.
type Rig struct {
	Clock     *dbtest.Clock
	DB, Keys  *db.DB
	Vault     *vault.Vault
	Editions  *edition.Store
	Network   *network.Network
	Auth      *auth.Service
	Hasher    *auth.Hasher
	Links     *auth.Signer
	Proof     *proof.Log
	Anchors   *proof.Anchors
	Post      *Post
	Bank      *Bank
	Notify    *notify.Service
	Archiver  *archiver.Service
	Archive   *Archive
	Pros      *pro.Service
	Billing   *billing.Service
	Requests  *request.Service
	Calls     *call.Service
	Reviews   *review.Service
	Inbox     *inbox.Service
	Oversight *oversight.Service
	Documents *document.Service
	Inspect   *inspect.Service
	Line      *Line
	Hooks     *Hooks
	Jobs      *job.Runner
	Life      *privacy.Engine
	Endings   *privacy.EndingsFile

	main, keys db.Options // where both databases are
	count      atomic.Int64
	crew       sync.Map // role → the rig's own member of staff
}

// hasher is shared by all rigs of a process: making one costs a derivation.
var hasher = sync.OnceValues(func() (*auth.Hasher, error) { return auth.NewHasher(2) })

// New builds a house of the first network on one engine; it is gone at the end of the test.
func New(t testing.TB, e db.Dialect) *Rig {
	t.Helper()
	return Of(t, e, "emergency-trades")
}

// Of is New for one of the built-in networks.
func Of(t testing.TB, e db.Dialect, name string) *Rig {
	t.Helper()
	clock := dbtest.NewClock()
	r := &Rig{Clock: clock, Post: &Post{}, Bank: &Bank{}, Line: &Line{}, Hooks: &Hooks{}, Archive: newArchive(t, clock.Now), main: dbtest.Place(t, e, "main"), keys: dbtest.Place(t, e, "keys")}
	r.keys.Schema = vault.KeySchema()
	r.open(t)
	folder, err := networks.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var problems []network.Problem
	r.Network, problems, err = r.Editions.Apply(context.Background(), "system", folder)
	if err != nil || r.Network == nil {
		t.Fatalf("the network does not apply: %v, %v", err, problems)
	}
	return r
}

// Node is a second server of the same house: connections, leases and wake-ups of its own, and the same clock and outside world.
func (r *Rig) Node(t testing.TB) *Rig {
	t.Helper()
	n := &Rig{Clock: r.Clock, Post: r.Post, Bank: r.Bank, Line: r.Line, Hooks: r.Hooks, Archive: r.Archive, Network: r.Network, main: r.main, keys: r.keys}
	n.open(t)
	return n
}

// open connects to both databases and builds every room over them.
func (r *Rig) open(t testing.TB) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r.DB, r.Keys = dbtest.Open(t, r.main, r.Clock), dbtest.Open(t, r.keys, r.Clock)
	var err error
	r.Vault, err = vault.New(r.DB, r.Keys, bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize))
	must(err)
	r.Editions = edition.New(r.DB)
	r.Hasher, err = hasher()
	must(err)
	r.Links, err = auth.NewSigner(r.Vault.Secret("links"))
	must(err)
	r.Proof, err = proof.New(r.DB, Host+"/log", r.Vault.Secret("proof log"))
	must(err)
	url := func(host, path string) string { return "https://" + host + path }
	r.Auth = auth.NewService(r.DB, r.Vault, r.Hasher)
	r.Notify = notify.NewService(r.DB, r.Vault, notify.Drivers{SMS: r.Post.sms, Mail: r.Post.mail, Embedded: true, From: mail.Address{Name: "Dépanneurs d’ici", Address: "bonjour@depanneurs.example"}})
	r.Archiver = archiver.New(archiver.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Driver: r.Archive})
	r.Pros = pro.New(r.DB, r.Vault, r.Editions, r.Auth, r.Notify, url, true)
	r.Billing = billing.New(r.DB, r.Vault, r.Editions, r.Notify, r.Pros, r.Bank.card(), url)
	r.Requests = request.New(request.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Notify: r.Notify, Pros: r.Pros, Billing: r.Billing, Links: r.Links, URL: url, Demo: true})
	r.Calls = call.New(call.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Requests: r.Requests, Links: r.Links, Line: r.Line.line(), Demo: true})
	r.Endings = privacy.EndingsIn(filepath.Join(t.TempDir(), "erasures.jsonl"))
	r.Life = privacy.NewEngine(privacy.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Endings: r.Endings, Spent: slices.Concat(auth.SpentRows(), person.SpentRows()), Remains: map[string]privacy.Remains{"req": request.Remains}, Before: r.beforeErasure,
		Holdings: slices.Concat(privacy.Holdings(), notify.Holdings(), archiver.Holdings(), person.Holdings(), pro.Holdings(), billing.Holdings(), request.Holdings(), call.Holdings(), review.Holdings(), inbox.Holdings(), oversight.Holdings())})
	r.Anchors = proof.NewAnchors(r.Proof, func(context.Context) (*network.Anchors, error) { return r.Network.Anchors, nil }, proof.Reach{Witness: place.NewWitness(filepath.Join(t.TempDir(), "witness.txt"), r.DB.Now)})
	r.Documents = document.New(document.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Notify: r.Notify, Auth: r.Auth, Pros: r.Pros, Requests: r.Requests, URL: url})
	r.Jobs = job.NewRunner(r.DB, slog.New(slog.DiscardHandler), func(time.Duration) <-chan time.Time { return nil })
	r.Jobs.Handle(notify.SendKind, r.Notify.Send)
	r.Archiver.Register(r.Jobs)
	r.Pros.Register(r.Jobs)
	r.Billing.Register(r.Jobs)
	r.Requests.Register(r.Jobs)
	r.Calls.Register(r.Jobs)
	r.Jobs.Every("what has been kept long enough", time.Minute, r.Life.Sweep)
	r.Reviews = review.New(review.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Notify: r.Notify, Pros: r.Pros, Proof: r.Proof, Links: r.Links, URL: url, Demo: true})
	r.Reviews.Register(r.Jobs)
	r.Inbox = inbox.New(inbox.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Notify: r.Notify, Pros: r.Pros, Requests: r.Requests, Authors: r.Reviews, Life: r.Life, Links: r.Links, URL: url, Hook: r.Hooks.hook(), Demo: true})
	r.Inbox.Register(r.Jobs)
	r.Oversight = oversight.New(oversight.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Notify: r.Notify, Pros: r.Pros, Inbox: r.Inbox, Life: r.Life, URL: url})
	r.Oversight.Register(r.Jobs)
	r.Documents.Register(r.Jobs)
	r.Inspect = inspect.New(inspect.Parts{DB: r.DB, Editions: r.Editions, Documents: r.Documents, Life: r.Life, Inbox: r.Inbox, Oversight: r.Oversight, Requests: r.Requests, Proof: r.Proof, URL: url, After: func(time.Duration) <-chan time.Time {
		must(r.Proof.Sequence(context.Background())) // nobody runs it here
		now := make(chan time.Time)
		close(now)
		return now
	}})
}

func (r *Rig) beforeErasure(ctx context.Context, person string, scope privacy.Scope) error {
	if err := r.Requests.BeforeErasure(ctx, person, scope); err != nil {
		return err
	}
	return r.Reviews.BeforeErasure(ctx, person, scope)
}

// Each runs the test once per engine, each time in a fresh house. Tests run beside each other: making databases is mostly waiting.
func Each(t *testing.T, test func(t *testing.T, r *Rig)) {
	t.Helper()
	EachOf(t, "emergency-trades", test)
}

// EachOf is Each for another of the networks that are built in. What the rig's makers know of trades and consents is the first network's.
func EachOf(t *testing.T, name string, test func(t *testing.T, r *Rig)) {
	t.Helper()
	t.Parallel()
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			test(t, Of(t, e, name))
		})
	}
}

// Drain runs every job that is due, and those that they promise, until none is.
func (r *Rig) Drain(t testing.TB) {
	t.Helper()
	if err := r.Jobs.Drain(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Sweep runs every sweep once and then what they promise: what a moved clock does.
func (r *Rig) Sweep(t testing.TB) {
	t.Helper()
	if err := r.Jobs.Sweep(context.Background()); err != nil {
		t.Fatal(err)
	}
	r.Drain(t)
}

// Next is a number that this rig has not given yet, from 1.
func (r *Rig) Next() int { return int(r.count.Add(1)) }

// Mobile is the n-th number of the range that ARCEP reserves for fiction, as a person types it.
func Mobile(n int) string { return fmt.Sprintf("06 39 98 %02d %02d", n/100%100, n%100) }

// Staff makes an active member of staff with these roles, trained, as he is after his sign-in.
func (r *Rig) Staff(t testing.TB, roles ...network.Role) auth.Actor {
	t.Helper()
	return r.Account(t, auth.NewAccount{Roles: roles, TrainedOn: "2026-01-05"})
}

// Account makes an active account; what is left empty is filled in for a member of staff.
func (r *Rig) Account(t testing.TB, in auth.NewAccount) auth.Actor {
	t.Helper()
	n := r.Next()
	if in.Kind == "" {
		in.Kind = "staff"
	}
	if in.Name == "" {
		in.Name = fmt.Sprintf("Camille Essai %d", n)
	}
	if in.Email == "" {
		in.Email = fmt.Sprintf("compte%d@example.com", n)
	}
	in.State, in.Lang, in.Actor = "active", "fr", auth.Machine
	id := r.DB.NewID("acc")
	ring, err := r.Vault.New(context.Background(), id, string(network.DataAccount))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.DB.Write(context.Background(), func(tx *db.Tx) error { return r.Auth.Create(tx, ring, id, in) }); err != nil {
		t.Fatal(err)
	}
	a := auth.Actor{Who: auth.StaffMember, Account: id, Roles: in.Roles, Fresh: r.DB.Machine(), Lang: in.Lang}
	if in.Kind == "pro" {
		a.Who, a.Pro = auth.Professional, in.Pro
	}
	return a
}

// Agent makes a trained agent on duty who practises these trades.
func (r *Rig) Agent(t testing.TB, trades ...string) auth.Actor {
	t.Helper()
	a := r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}, Trades: trades, TrainedOn: "2026-01-05"})
	if err := r.Auth.Duty(context.Background(), a, true); err != nil {
		t.Fatal(err)
	}
	return a
}

// One is the rig's own member of staff for a role, made when first asked for.
func (r *Rig) One(t testing.TB, role network.Role) auth.Actor {
	t.Helper()
	if a, ok := r.crew.Load(role); ok {
		fresh := a.(auth.Actor)
		fresh.Fresh = r.DB.Machine()
		return fresh
	}
	a, _ := r.crew.LoadOrStore(role, r.Staff(t, role))
	return a.(auth.Actor)
}

// siren is the n-th registry number that no company has: it begins with 999 and ends with its key (Luhn).
func siren(n int) string {
	s := fmt.Sprintf("999%05d", n%100_000)
	for k := range 10 {
		if c := s + fmt.Sprint(k); network.ValidSIREN(c) {
			return c
		}
	}
	panic("rig: no key fits " + s)
}

// ProInput is a whole and valid input for a plumber of Nîmes with every check done.
func (r *Rig) ProInput() pro.Input {
	n := r.Next()
	return pro.Input{
		Identity: pro.Identity{Company: fmt.Sprintf("Plomberie Essai %d", n), SIREN: siren(n), Contact: fmt.Sprintf("Claude Tuyau %d", n), Phone: Mobile(5000 + n),
			Email: fmt.Sprintf("pro%d@example.com", n), Street: "2 rue de l’Exemple", Base: Nimes, Lang: "fr"},
		Profile: pro.Profile{Trades: []string{"plombier"}, Base: Nimes, RadiusKm: 15, Week: pro.AllWeek(), SMS: true, Email: true, RegistryOn: r.DB.Now().AddDate(0, -1, 0).Format(time.DateOnly), Qualified: map[string]pro.Qualified{"plombier": {By: pro.ByDiploma}}},
		Checked: pro.Checks, Until: r.DB.Now().AddDate(1, 0, 0).Format(time.DateOnly),
	}
}

// Pro makes an active professional, by staff after every check, and answers him as he is after his sign-in. change may alter the input.
func (r *Rig) Pro(t testing.TB, change ...func(*pro.Input)) auth.Actor {
	t.Helper()
	in := r.ProInput()
	for _, f := range change {
		f(&in)
	}
	for _, trade := range in.Profile.Trades {
		if _, said := in.Profile.Qualified[trade]; !said {
			in.Profile.Qualified[trade] = pro.Qualified{By: pro.ByDiploma}
		}
	}
	id, err := r.Pros.Create(context.Background(), r.One(t, network.RoleOnboarding), in)
	if err != nil {
		t.Fatal(err)
	}
	a := auth.Actor{Who: auth.Professional, Pro: id, Fresh: r.DB.Machine(), Lang: in.Lang}
	accounts, err := r.Auth.OfPro(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	a.Account = accounts[0].ID
	return a
}

// Member makes an active member of the reviews network, a kitchen fitter of Nîmes; arranged says whether he has accepted the arrangement.
func (r *Rig) Member(t testing.TB, arranged bool, change ...func(*pro.Input)) auth.Actor {
	t.Helper()
	a := r.Pro(t, append([]func(*pro.Input){func(in *pro.Input) {
		in.Profile.Trades, in.Profile.Qualified = []string{"cuisiniste"}, map[string]pro.Qualified{}
	}}, change...)...)
	if arranged {
		r.Arrange(t, a)
	}
	return a
}

// Arrange has a member accept the arrangement as it stands, as his page does.
func (r *Rig) Arrange(t testing.TB, a auth.Actor) {
	t.Helper()
	ctx := context.Background()
	v, _, err := r.Documents.Current(ctx, network.DocArrangement, "fr")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Documents.Publish(ctx); err != nil {
		t.Fatal(err)
	}
	if err := r.Documents.Accept(ctx, a, network.DocArrangement, v.Hash); err != nil {
		t.Fatal(err)
	}
}

// AskForm is a request's form, for rooms that stand left of its own.
type AskForm = request.Ask

// AskInput is a whole and valid Ask of somebody in Nîmes with a leak, from a browser with scripts.
func (r *Rig) AskInput() request.Ask {
	n := r.Next()
	return request.Ask{
		Key: fmt.Sprintf("key-of-this-form-%08d", n), Site: Host, Trade: "plombier", Lang: "fr", Urgency: "now", Postcode: NimesPostcode, INSEE: Nimes,
		Answers: map[string][]string{"problem": {"leak"}, "leak_where": {"sink"}, "flow": {"drops"}, "details": {"Sous l’évier de la cuisine."}},
		Street:  "5 rue de l’Exemple", Kind: "person", Name: fmt.Sprintf("Dominique Fuite %d", n), Phone: Mobile(n), Email: fmt.Sprintf("client%d@example.com", n),
		Consents: map[string]bool{"terms": true, "call-me": true}, Channel: "form", Address: fmt.Sprintf("203.0.113.%d", n%250), Worked: true,
	}
}

// Ask submits a request as a visitor does. change may alter the form.
func (r *Rig) Ask(t testing.TB, change ...func(*request.Ask)) request.Submitted {
	t.Helper()
	in := r.AskInput()
	for _, f := range change {
		f(&in)
	}
	s, err := r.Requests.Submit(context.Background(), auth.Actor{Who: auth.Visitor, Lang: in.Lang}, in)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Publish has the rig's agent take a request and publish it as it stands, at the suggested price. change may alter what he types.
func (r *Rig) Publish(t testing.TB, id string, change ...func(*request.Draft)) {
	t.Helper()
	ctx, agent := context.Background(), r.One(t, network.RoleAgent)
	if err := r.Requests.Take(ctx, agent, id); err != nil {
		t.Fatal(err)
	}
	desk, err := r.Requests.OpenDesk(ctx, agent, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(&desk.Draft)
	}
	if err := r.Requests.Publish(ctx, agent, id, desk.Draft); err != nil {
		t.Fatal(err)
	}
}

// Fund credits a professional's wallet by a transfer that the rig's accountant records.
func (r *Rig) Fund(t testing.TB, proID string, amount money.Amount) {
	t.Helper()
	if err := r.Billing.RecordTransfer(context.Background(), r.One(t, network.RoleAccountant), proID, amount, fmt.Sprintf("VIR %d", r.Next())); err != nil {
		t.Fatal(err)
	}
}

// Paris is the zone of every place of the rig.
func Paris() *time.Location { return geo.Zone("30") }

// Moderate rules alike on every review that waits, as a moderator does who logs the control of what was drawn first.
func (r *Rig) Moderate(t testing.TB, d review.Decision) {
	t.Helper()
	ctx, moderator := context.Background(), r.One(t, network.RoleModerator)
	waiting, err := r.Reviews.Queue(ctx, moderator, 1000)
	for _, q := range waiting {
		if q.Drawn {
			err = errors.Join(err, r.Reviews.Called(ctx, moderator, q.Version, review.CallConfirmed, "Le client raconte la même chose."))
		}
		err = errors.Join(err, r.Reviews.Decide(ctx, moderator, q.Version, d))
	}
	if err != nil {
		t.Fatal(err)
	}
	r.Drain(t)
}
