package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/edition"
	"entremise/internal/inbox"
	"entremise/internal/inspect"
	"entremise/internal/job"
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
	"entremise/internal/web"
	"entremise/internal/web/ui"
)

// Settings say where an instance lives and how it meets the world. Secrets come from files or the environment, never from flags.
type Settings struct {
	Data      string `help:"Folder of the data." default:"entremise-data" type:"path" env:"ENTREMISE_DATA"`
	Postgres  string `help:"Address of a PostgreSQL database (postgres://user@host/name); without it the data folder holds an SQLite file." env:"ENTREMISE_POSTGRES"`
	PerMinute int    `name:"api-per-minute" help:"Calls of one API token a minute; 0 is no limit." default:"600" env:"ENTREMISE_API_PER_MINUTE"`
	Keys      string `name:"postgres-keys" help:"Address of the key store's own PostgreSQL database; by default the same server and the name with _keys." env:"ENTREMISE_POSTGRES_KEYS"`
}

// Instance is one network on one database: a value without globals, several fit into one process.
type Instance struct {
	Settings
	World
	DB, KeyDB *db.DB
	Vault     *vault.Vault
	Editions  *edition.Store
	Auth      *auth.Service
	Notify    *notify.Service
	Archiver  *archiver.Service
	Pros      *pro.Service
	Billing   *billing.Service
	Requests  *request.Service
	Calls     *call.Service
	Reviews   *review.Service
	Inbox     *inbox.Service
	Oversight *oversight.Service
	Documents *document.Service
	Inspect   *inspect.Service
	Proof     *proof.Log
	Anchors   *proof.Anchors
	Links     *auth.Signer
	Jobs      *job.Runner

	Life *privacy.Engine

	log     *slog.Logger
	lock    *os.File
	folder  *archiver.Folder
	clock   *clock
	running sync.WaitGroup
	stop    context.CancelFunc
}

// World is the part of the configuration that only a server needs.
type World struct {
	Demo     bool
	URL      func(host, path string) string
	Hosts    func(host string) string
	Secure   bool
	Proxies  []netip.Prefix
	Drivers  notify.Drivers
	Card     billing.Card
	SMSKeys  []string
	Line     call.Line // the zero Line carries no call and records none
	LineKeys []string
	Country  person.Countries // nil answers nothing
	Hook     inbox.Hook       // the zero Hook posts no notice
	Archive  archiver.Driver  // nil keeps deposits in the data folder
	Outside  proof.Reach      // where roots of the proof log are laid down, beside the witness file
}

// clock is business time: real time and an offset, which only a folder with a virtual clock has. Machine time is always real.
type clock struct{ offset atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

func (c *clock) clocks() db.Clocks { return db.Clocks{Business: c.now, Machine: time.Now} }

const (
	masterFile  = "master.key"
	pastFile    = "archive.key"
	endingsFile = "erasures.jsonl"
	witnessFile = "witness.txt"
	lockFile    = "lock"
	mainFile    = "main.db"
	keysFile    = "keys.db"

	archiverFolder = "archiver"
)

// errLocked says that a server runs on the folder; commands then speak to it.
var errLocked = errors.New("another Entremise is running on this data folder")

// open opens a data folder: locked, migrated, with every room composed. A folder that is not there yet is made when create is set.
func open(ctx context.Context, s Settings, w World, create bool, log *slog.Logger) (*Instance, error) {
	i := &Instance{Settings: s, World: w, log: log, clock: &clock{}}
	if err := i.open(ctx, create); err != nil {
		return nil, errors.Join(err, i.Close())
	}
	return i, nil
}

func (i *Instance) open(ctx context.Context, create bool) error {
	if create {
		if err := os.MkdirAll(i.Data, 0o700); err != nil {
			return err
		}
	}
	var err error
	if i.lock, err = lock(i.Data); err != nil {
		return err
	}
	master, past, err := i.wrappingKeys(ctx, create)
	if err != nil {
		return err
	}
	main, keys := i.places()
	main.Clocks, keys.Clocks = i.clock.clocks(), i.clock.clocks()
	if i.DB, err = db.Open(ctx, main); err != nil {
		return err
	}
	if i.KeyDB, err = db.Open(ctx, keys); err != nil {
		return err
	}
	if err := i.readOffset(ctx); err != nil {
		return err
	}
	if create { // an empty ledger says that nothing was erased; a restore asks for one
		if err := keep(i.endings(), nil); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	if i.Vault, err = vault.New(i.DB, i.KeyDB, master, past); err != nil {
		return err
	}
	return i.compose(ctx)
}

// places are the two databases.
func (i *Instance) places() (main, keys db.Options) {
	keys.Schema = vault.KeySchema()
	if i.Postgres == "" {
		main.Path, keys.Path = filepath.Join(i.Data, mainFile), filepath.Join(i.Data, keysFile)
		return main, keys
	}
	main.URL, keys.URL = i.Postgres, i.Keys
	if keys.URL == "" {
		head, query, _ := strings.Cut(i.Postgres, "?")
		if keys.URL = head + "_keys"; query != "" {
			keys.URL += "?" + query
		}
	}
	return main, keys
}

// lock holds the folder for this process; the system lets go of it when the process ends, however it ends.
func lock(data string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(data, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the data folder: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errLocked, f.Close())
	}
	return f, nil
}

// mustBeNew refuses a place that holds a network already: another key would make its data unreadable.
func (i *Instance) mustBeNew(ctx context.Context) error {
	for _, name := range []string{masterFile, mainFile, keysFile} {
		switch _, err := os.Stat(filepath.Join(i.Data, name)); {
		case err == nil:
			return fmt.Errorf("%s is a data folder already: it holds %s", i.Data, name)
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
	}
	if i.Postgres == "" {
		return nil
	}
	main, keys := i.places()
	for _, place := range []db.Options{main, keys} {
		place.Clocks = i.clock.clocks()
		d, err := db.OpenOnly(ctx, place)
		if err != nil {
			return err
		}
		version, err := d.Version(ctx)
		if err = errors.Join(err, d.Close()); err != nil {
			return err
		}
		if version != 0 {
			return errors.New("the PostgreSQL database holds a network already: give an empty one")
		}
	}
	return nil
}

// wrappingKeys reads the two keys that wrap every other, or makes them with a new folder. Variables of the environment name other places for
// them. The master key is written last: a folder that has it is whole.
func (i *Instance) wrappingKeys(ctx context.Context, create bool) (master, past []byte, err error) {
	place := func(name, variable string) string {
		if path := os.Getenv(variable); path != "" {
			return path
		}
		return filepath.Join(i.Data, name)
	}
	masterPath, pastPath := place(masterFile, "ENTREMISE_MASTER_KEY_FILE"), place(pastFile, "ENTREMISE_ARCHIVE_KEY_FILE")
	if _, err := os.Stat(masterPath); errors.Is(err, os.ErrNotExist) && create {
		if err := i.mustBeNew(ctx); err != nil {
			return nil, nil, err
		}
		for _, path := range []string{pastPath, masterPath} {
			var key [vault.MasterSize]byte
			rand.Read(key[:]) // never fails, since Go 1.24
			if err := keep(path, []byte(base64.StdEncoding.EncodeToString(key[:])+"\n")); err != nil && !errors.Is(err, os.ErrExist) {
				return nil, nil, err
			}
		}
	}
	if master, err = readKey(masterPath, "master"); err != nil {
		return nil, nil, err
	}
	past, err = readKey(pastPath, "archive")
	return master, past, err
}

func readKey(path, what string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the %s key: %w", what, err)
	}
	return parseKey(path, text)
}

func parseKey(path string, text []byte) ([]byte, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != vault.MasterSize {
		return nil, fmt.Errorf("%s does not hold a key: 32 bytes in base64", path)
	}
	return key, nil
}

// keep writes a new file that its owner alone may read, and its name into the folder, to the disk itself: a power cut after it answers loses
// neither. It refuses a file that is there.
func keep(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Holdings are what every room declares.
func Holdings() []privacy.Holding {
	// A request's before the person's, by whose number some of its rows are found.
	return slices.Concat(privacy.Holdings(), notify.Holdings(), archiver.Holdings(), request.Holdings(), person.Holdings(), pro.Holdings(), billing.Holdings(), call.Holdings(), review.Holdings(), inbox.Holdings(), oversight.Holdings())
}

// spentRows are what every room declares that serves for a time.
func spentRows() []auth.Spent { return slices.Concat(auth.SpentRows(), person.SpentRows()) }

// endings is the file of the ledger of erasures. It lies beside the databases unless ENTREMISE_ERASURES_FILE names another place, and in no backup.
func (i *Instance) endings() string {
	if path := os.Getenv("ENTREMISE_ERASURES_FILE"); path != "" {
		return path
	}
	return filepath.Join(i.Data, endingsFile)
}

// compose puts the rooms together, left to right.
func (i *Instance) compose(ctx context.Context) error {
	hasher, err := auth.NewHasher(2)
	if err != nil {
		return err
	}
	if i.Links, err = auth.NewSigner(i.Vault.Secret("links")); err != nil {
		return err
	}
	i.Editions = edition.New(i.DB)
	i.Auth = auth.NewService(i.DB, i.Vault, hasher)
	if i.Drivers.SMS == nil || i.Drivers.Mail == nil {
		i.Drivers = notify.Outbox(mail.Address{Address: "demo@localhost"})
	}
	i.Notify = notify.NewService(i.DB, i.Vault, i.Drivers)
	if i.URL == nil {
		i.URL = func(host, path string) string { return "https://" + host + path }
	}
	if i.Hosts == nil {
		i.Hosts = func(host string) string { return host }
	}
	if i.Archive == nil {
		if i.folder, err = archiver.OpenFolder(filepath.Join(i.Data, archiverFolder), i.clock.now); err != nil {
			return err
		}
		i.Archive = i.folder
	}
	i.Archiver = archiver.New(archiver.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Driver: i.Archive})
	i.Pros = pro.New(i.DB, i.Vault, i.Editions, i.Auth, i.Notify, i.URL, i.Demo)
	i.Billing = billing.New(i.DB, i.Vault, i.Editions, i.Notify, i.Pros, i.Card, i.URL)
	i.Requests = request.New(request.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Notify: i.Notify, Pros: i.Pros, Billing: i.Billing, Links: i.Links, URL: i.URL, Demo: i.Demo, Country: i.Country})
	i.Calls = call.New(call.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Requests: i.Requests, Links: i.Links, Line: i.Line, Demo: i.Demo})
	i.Documents = document.New(document.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Notify: i.Notify, Auth: i.Auth, Pros: i.Pros, Requests: i.Requests, URL: i.URL})
	if i.Proof, err = proof.New(i.DB, "entremise/log", i.Vault.Secret("proof log")); err != nil {
		return err
	}
	i.Outside.Witness = place.NewWitness(i.witness(), i.clock.now)
	i.Anchors = proof.NewAnchors(i.Proof, i.anchors, i.Outside)
	i.Life = privacy.NewEngine(privacy.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Holdings: Holdings(), Spent: spentRows(), Remains: map[string]privacy.Remains{"req": request.Remains}, Before: i.beforeErasure,
		Endings: privacy.EndingsIn(i.endings())})
	i.Jobs = job.NewRunner(i.DB, i.log, time.After)
	i.Jobs.Every("what has been kept long enough", time.Minute, i.Life.Sweep)
	i.Jobs.Every("roots of the proof log", 5*time.Second, i.sweepAnchors)
	i.Jobs.Every("certificates of erasure", time.Minute, i.certify)
	i.Jobs.Handle(notify.SendKind, i.Notify.Send)
	i.Archiver.Register(i.Jobs)
	i.Pros.Register(i.Jobs)
	i.Billing.Register(i.Jobs)
	i.Requests.Register(i.Jobs)
	i.Calls.Register(i.Jobs)
	i.Reviews = review.New(review.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Notify: i.Notify, Pros: i.Pros, Proof: i.Proof, Links: i.Links, URL: i.URL, Demo: i.Demo})
	i.Reviews.Register(i.Jobs)
	i.Inbox = inbox.New(inbox.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Notify: i.Notify, Pros: i.Pros, Requests: i.Requests, Authors: i.Reviews, Life: i.Life, Links: i.Links, URL: i.URL, Hook: i.Hook, Demo: i.Demo})
	i.Inbox.Register(i.Jobs)
	i.Oversight = oversight.New(oversight.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Notify: i.Notify, Pros: i.Pros, Inbox: i.Inbox, Life: i.Life, URL: i.URL})
	i.Oversight.Register(i.Jobs)
	i.Documents.Register(i.Jobs)
	i.Inspect = inspect.New(inspect.Parts{DB: i.DB, Editions: i.Editions, Documents: i.Documents, Life: i.Life, Inbox: i.Inbox, Oversight: i.Oversight, Requests: i.Requests, Proof: i.Proof, URL: i.URL, After: time.After})
	return nil
}

// beforeErasure ends, room by room, what cannot go on without what an erasure takes.
func (i *Instance) beforeErasure(ctx context.Context, person string, scope privacy.Scope) error {
	if err := i.Requests.BeforeErasure(ctx, person, scope); err != nil {
		return err
	}
	return i.Reviews.BeforeErasure(ctx, person, scope)
}

// Handler is the instance as HTTP.
func (i *Instance) Handler(demo web.Demo) *web.Server {
	return web.New(web.Parts{DB: i.DB, Vault: i.Vault, Editions: i.Editions, Auth: i.Auth, Notify: i.Notify, Archiver: i.Archiver, Pros: i.Pros, Billing: i.Billing, Requests: i.Requests, Calls: i.Calls, Reviews: i.Reviews, Inbox: i.Inbox, Oversight: i.Oversight, Documents: i.Documents, Inspect: i.Inspect, Life: i.Life,
		Proof: i.Proof, Anchors: i.Anchors, Links: i.Links, Log: i.log, Demo: demo,
		Config: web.Config{URL: i.URL, Hosts: i.Hosts, Secure: i.Secure, Demo: i.Demo, Proxies: i.Proxies, SMSKeys: i.SMSKeys, LineKeys: i.LineKeys, APIPerMinute: i.PerMinute}})
}

// Start runs jobs, sweeps and the log's sequencer until Close.
func (i *Instance) Start(ctx context.Context) {
	ctx, i.stop = context.WithCancel(ctx)
	i.Jobs.Start(ctx)
	i.runLog(ctx)
}

func (i *Instance) runLog(ctx context.Context) {
	i.running.Go(func() {
		i.Proof.Run(ctx, time.After, func(err error) { i.log.Error("sequence the proof log", "error", err) })
	})
}

// startLog runs the log's sequencer alone until Close, for a command that waits for it.
func (i *Instance) startLog(ctx context.Context) {
	ctx, i.stop = context.WithCancel(ctx)
	i.runLog(ctx)
}

// Close stops what runs and lets go of the folder.
func (i *Instance) Close() error {
	var errs []error
	if i.stop != nil {
		i.stop()
		i.Jobs.Stop()
		i.running.Wait()
	}
	for _, d := range []*db.DB{i.DB, i.KeyDB} {
		if d != nil {
			errs = append(errs, d.Close())
		}
	}
	if i.folder != nil {
		errs = append(errs, i.folder.Close())
	}
	if i.lock != nil {
		errs = append(errs, i.lock.Close())
	}
	return errors.Join(errs...)
}

const (
	settingOffset  = "clock.offset"
	settingVirtual = "clock.virtual"
)

func setting(tx *db.Tx, name string) (string, error) {
	v, err := db.Value[string](tx, "SELECT value FROM setting WHERE name = $1", name)
	if errors.Is(err, db.ErrNone) {
		return "", nil
	}
	return v, err
}

func setSetting(tx *db.Tx, name, value string) error {
	_, err := tx.Exec("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

func (i *Instance) readOffset(ctx context.Context) error {
	return i.DB.Read(ctx, func(tx *db.Tx) error {
		text, err := setting(tx, settingOffset)
		if err != nil || text == "" {
			return err
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("setting %s: %w", settingOffset, err)
		}
		i.clock.offset.Store(n)
		return nil
	})
}

// Virtual reports whether the folder was made with a clock that may be moved.
func (i *Instance) Virtual(ctx context.Context) (virtual bool, err error) {
	err = i.DB.Read(ctx, func(tx *db.Tx) error {
		v, err := setting(tx, settingVirtual)
		virtual = v == "yes"
		return err
	})
	return virtual, err
}

// setOffset stores and takes on a new distance between business time and real time.
func (i *Instance) setOffset(ctx context.Context, offset time.Duration) error {
	err := i.DB.Write(ctx, func(tx *db.Tx) error { return setSetting(tx, settingOffset, strconv.FormatInt(int64(offset), 10)) })
	if err == nil {
		i.clock.offset.Store(int64(offset))
	}
	return err
}

// mayMove refuses what Move refuses.
func (i *Instance) mayMove(ctx context.Context, by time.Duration) error {
	virtual, err := i.Virtual(ctx)
	if err != nil {
		return err
	}
	if !virtual {
		return errors.New("this data folder has a real clock: only a folder made with a virtual one (demo, or init --virtual-clock) can be moved")
	}
	if by < 0 {
		return errors.New("time only moves forward: deadlines that passed have had their effects")
	}
	if by > 50*366*24*time.Hour {
		return errors.New("move at most fifty years at once")
	}
	return nil
}

// Move moves business time forward, stopping at each due instant on the way so that every deadline is met in its order. Only in a folder with a
// virtual clock, and never back: what happened has happened.
func (i *Instance) Move(ctx context.Context, by time.Duration) error {
	if err := i.mayMove(ctx, by); err != nil {
		return err
	}
	target := i.clock.now().Add(by)
	for {
		now := i.clock.now()
		next := target
		for _, due := range []func(ctx context.Context, after, until time.Time) (time.Time, error){i.Requests.NextDue, i.Pros.NextDue, i.Calls.NextDue} {
			first, err := due(ctx, now, target)
			if err != nil {
				return err
			}
			if !first.IsZero() && first.Before(next) {
				next = first
			}
		}
		if next.After(now) {
			if err := i.setOffset(ctx, time.Duration(i.clock.offset.Load())+next.Sub(now)); err != nil {
				return err
			}
		}
		if err := i.Jobs.Sweep(ctx); err != nil {
			return err
		}
		if !next.Before(target) {
			return nil
		}
	}
}

// demoPages are what the web shows only in a demo.
func (i *Instance) demoPages(roles func(context.Context, string) ([]ui.DemoRole, error)) web.Demo {
	return web.Demo{Roles: roles, Move: i.Move, Off: func() time.Duration { return time.Duration(i.clock.offset.Load()) }}
}
