package app

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"entremise/internal/db"
	"entremise/internal/privacy"
)

// An archive is one age-encrypted stream of JSON lines, the same for both engines: a head, then every table's rows. The database's archive never
// holds a key; the keys' archive is apart, to be kept for seven days at most. What was erased after they were taken is in them still: a restored
// folder is shut until the ledger of erasures, which is in no backup, was replayed over it.

type archiveHead struct {
	Format int       `json:"format"`
	What   string    `json:"what"` // database or keys
	Schema int       `json:"schema"`
	At     time.Time `json:"at"`
}

type backupCmd struct {
	Settings  `embed:""`
	To        string `arg:"" help:"File to write; it must not exist."`
	Recipient string `help:"age recipient (age1…) who will be able to open it. Without one, a passphrase is read from ENTREMISE_BACKUP_PASSPHRASE(_FILE)." env:"ENTREMISE_BACKUP_RECIPIENT"`
	Keys      bool   `help:"Back up the key store instead of the database: keep it apart, and no longer than seven days."`
}

type backupAsk struct {
	To, Recipient, Passphrase string
	Keys                      bool
}

func (c backupCmd) Run(o *out) error {
	pass, err := secretValue("ENTREMISE_BACKUP_PASSPHRASE")
	if err != nil {
		return err
	}
	to, err := filepath.Abs(c.To)
	if err != nil {
		return err
	}
	body, err := json.Marshal(backupAsk{To: to, Recipient: c.Recipient, Passphrase: pass, Keys: c.Keys})
	if err != nil {
		return err
	}
	if done, err := remote(o, c.Data, "backup", body); done || err != nil {
		return err
	}
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	return errors.Join(i.backupTo(o, body), i.Close())
}

// backupTo writes an archive from one read-only snapshot while others go on working. An error leaves no file.
func (i *Instance) backupTo(o *out, body []byte) (err error) {
	var ask backupAsk
	if err := json.Unmarshal(body, &ask); err != nil {
		return err
	}
	var to age.Recipient
	switch {
	case ask.Recipient != "":
		if to, err = age.ParseX25519Recipient(ask.Recipient); err != nil {
			return fmt.Errorf("--recipient: %w", err)
		}
	case len(ask.Passphrase) >= 12:
		if to, err = age.NewScryptRecipient(ask.Passphrase); err != nil {
			return err
		}
	default:
		return errors.New("give --recipient, or a passphrase of at least 12 characters in ENTREMISE_BACKUP_PASSPHRASE or the file that ENTREMISE_BACKUP_PASSPHRASE_FILE names")
	}
	f, err := os.OpenFile(ask.To, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(ask.To))
		}
	}()
	d, what := i.DB, "database"
	if ask.Keys {
		d, what = i.KeyDB, "keys"
	}
	rows, err := writeArchive(o.ctx, d, what, to, f)
	if err = errors.Join(err, f.Sync(), f.Close(), syncFolder(filepath.Dir(ask.To))); err != nil {
		return err
	}
	return o.report(map[string]any{"file": ask.To, "what": what, "rows": rows}, func() { o.say("%d rows of the %s are in %s.", rows, what, ask.To) })
}

func writeArchive(ctx context.Context, d *db.DB, what string, to age.Recipient, w io.Writer) (rows int, err error) {
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return 0, err
	}
	buffered := bufio.NewWriterSize(sealed, 1<<16)
	e := json.NewEncoder(buffered)
	version, err := d.Version(ctx)
	if err != nil {
		return 0, err
	}
	if err := e.Encode(archiveHead{Format: 1, What: what, Schema: version, At: d.Machine().UTC()}); err != nil {
		return 0, err
	}
	err = d.Dump(ctx, func(table string, row map[string]any) error {
		if table == "schema_version" || table == "lease" {
			return nil // made anew where it is restored
		}
		rows++
		for k, v := range row {
			if b, ok := v.([]byte); ok {
				row[k] = map[string]string{"b64": base64.StdEncoding.EncodeToString(b)}
			}
		}
		return e.Encode(struct {
			Table string         `json:"t"`
			Row   map[string]any `json:"r"`
		}{table, row})
	})
	return rows, errors.Join(err, buffered.Flush(), sealed.Close())
}

type restoreCmd struct {
	Settings `embed:""`
	From     string `arg:"" help:"Archive of the database." type:"existingfile"`
	Keys     string `name:"keys-archive" help:"Archive of the key store." type:"existingfile"`
	Identity string `help:"File with the age identity (AGE-SECRET-KEY-…) that opens the archives." type:"existingfile" env:"ENTREMISE_BACKUP_IDENTITY"`
	Master   string `help:"File with the master key of the data." type:"existingfile"`
	Erasures string `help:"Ledger of erasures (erasures.jsonl of the folder that was lost): what was erased since the backup is erased again. Without it the folder stays shut until replay." type:"existingfile"`
	Archive  string `name:"archive-key" help:"File with the archive key of the data." type:"existingfile"`
}

// Run loads an archive into an empty folder or database: the schema it was taken from first, its rows, then migrations. A failure leaves a folder
// that no server accepts, because its marker is written last.
func (c restoreCmd) Run(o *out) error {
	if _, err := os.Stat(filepath.Join(c.Data, masterFile)); err == nil {
		return fmt.Errorf("%s is a data folder already: restore into a new one", c.Data)
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return err
	}
	held, err := lock(c.Data)
	if err != nil {
		return err
	}
	defer held.Close()
	i := &Instance{Settings: c.Settings, clock: &clock{}}
	main, keys := i.places()
	main.Clocks, keys.Clocks = i.clock.clocks(), i.clock.clocks()
	rows, err := c.load(o, c.From, "database", main)
	if err != nil {
		return err
	}
	o.say("%d rows of the database are restored.", rows)
	if c.Keys != "" {
		if rows, err = c.load(o, c.Keys, "keys", keys); err != nil {
			return err
		}
		o.say("%d rows of the key store are restored.", rows)
	}
	if err := i.shut(o.ctx, main); err != nil {
		return err
	}
	for _, k := range []struct{ from, what, name string }{{c.Archive, "archive", pastFile}, {c.Master, "master", masterFile}} {
		to := filepath.Join(c.Data, k.name)
		if k.from == "" {
			o.say("Put the %s key of the data at %s before you serve.", k.what, to)
			continue
		}
		text, err := os.ReadFile(k.from)
		if err != nil {
			return err
		}
		if _, err := parseKey(k.from, text); err != nil {
			return err
		}
		if err := keep(to, text); err != nil {
			return err
		}
	}
	if c.Erasures == "" || c.Master == "" || c.Archive == "" {
		o.say("It is shut until its ledger of erasures is replayed: entremise replay --erasures FILE --data %s", c.Data)
		return nil
	}
	if err := held.Close(); err != nil { // replay takes the folder itself
		return err
	}
	return replayCmd{Settings: c.Settings, Erasures: c.Erasures}.Run(o)
}

// shut marks what was restored.
func (i *Instance) shut(ctx context.Context, place db.Options) error {
	d, err := db.Open(ctx, place)
	if err != nil {
		return err
	}
	return errors.Join(privacy.MarkRestored(ctx, d), d.Close())
}

type replayCmd struct {
	Settings `embed:""`
	Erasures string `help:"Ledger of erasures, the newest there is." type:"existingfile" required:""`
	Loss     bool   `name:"accept-loss" help:"Open the folder although its key store does not fit its database: what cannot be read with it is lost for good."`
}

// Run erases again what was erased since a backup was taken, and opens the folder to be served. The ledger goes on in the folder.
func (c replayCmd) Run(o *out) error {
	i, err := open(o.ctx, c.Settings, World{}, false, o.log)
	if err != nil {
		return err
	}
	return errors.Join(i.replay(o, c.Erasures, c.Loss), i.Close())
}

func (i *Instance) replay(o *out, from string, loss bool) error {
	lines, err := i.Life.Replay(o.ctx, privacy.EndingsIn(from), loss)
	if err != nil {
		return err
	}
	same, err := sameFile(from, i.endings())
	if err != nil {
		return err
	}
	if !same { // what it says must be known to the next restore too
		var all []privacy.Ending
		if err := privacy.EndingsIn(from).Each(func(e privacy.Ending) error { all = append(all, e); return nil }); err != nil {
			return err
		}
		if err := privacy.EndingsIn(i.endings()).Append(all...); err != nil {
			return err
		}
	}
	return o.report(map[string]any{"lines": lines}, func() { o.say("%d erasures are done again; the folder may be served.", lines) })
}

func sameFile(a, b string) (bool, error) {
	x, err := os.Stat(a)
	if err != nil {
		return false, err
	}
	y, err := os.Stat(b)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(x, y), err
}

func (c restoreCmd) identities() ([]age.Identity, error) {
	if c.Identity != "" {
		f, err := os.Open(c.Identity)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return age.ParseIdentities(f)
	}
	pass, err := secretValue("ENTREMISE_BACKUP_PASSPHRASE")
	if err != nil {
		return nil, err
	}
	if pass == "" {
		return nil, errors.New("give --identity, or the passphrase in ENTREMISE_BACKUP_PASSPHRASE")
	}
	id, err := age.NewScryptIdentity(pass)
	return []age.Identity{id}, err
}

func (c restoreCmd) load(o *out, path, what string, place db.Options) (rows int, err error) {
	ids, err := c.identities()
	if err != nil {
		return 0, err
	}
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	plain, err := age.Decrypt(f, ids...)
	if err != nil {
		return 0, fmt.Errorf("%s does not open with this identity or passphrase: %w", path, err)
	}
	lines := json.NewDecoder(bufio.NewReaderSize(plain, 1<<16))
	lines.UseNumber()
	var head archiveHead
	if err := lines.Decode(&head); err != nil || head.Format != 1 {
		return 0, fmt.Errorf("%s is no archive that this program reads", path)
	}
	if head.What != what {
		return 0, fmt.Errorf("%s is an archive of the %s, not of the %s", path, head.What, what)
	}
	d, err := db.OpenOnly(o.ctx, place)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if v, err := d.Version(o.ctx); err != nil || v != 0 {
		return 0, errors.Join(err, fmt.Errorf("the database to restore into is not empty"))
	}
	if err := d.MigrateTo(o.ctx, head.Schema); err != nil {
		return 0, err
	}
	for {
		type line struct {
			Table string         `json:"t"`
			Row   map[string]any `json:"r"`
		}
		var part []line
		for len(part) < 500 {
			var l line
			err := lines.Decode(&l)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return rows, fmt.Errorf("%s is damaged after %d rows: %w", path, rows+len(part), err)
			}
			part = append(part, l)
		}
		if len(part) == 0 {
			break
		}
		err := d.Write(o.ctx, func(tx *db.Tx) error {
			for _, l := range part {
				row, err := readRow(l.Row)
				if err != nil {
					return err
				}
				if err := tx.Load(l.Table, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return rows, err
		}
		rows += len(part)
		o.progress("rows of the "+what, rows, rows+1)
	}
	return rows, d.Migrate(o.ctx)
}

// readRow turns JSON back into what the database takes: numbers are whole, bytes stand in base64.
func readRow(row map[string]any) (map[string]any, error) {
	for k, v := range row {
		switch x := v.(type) {
		case json.Number:
			n, err := x.Int64()
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", k, err)
			}
			row[k] = n
		case map[string]any:
			text, ok := x["b64"].(string)
			if !ok {
				return nil, fmt.Errorf("column %s: not a value of an archive", k)
			}
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return nil, fmt.Errorf("column %s: %w", k, err)
			}
			row[k] = b
		}
	}
	return row, nil
}
