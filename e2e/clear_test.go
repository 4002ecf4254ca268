package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"entremise/internal/geo"
	number "entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/networks"
)

// inClear looks for personal values in plain text (row 10 of the bench). What a test types as a person is noted by the harness; every place that
// the program wrote to is searched before it is removed: its data folder (databases, write-ahead logs, key store, ledger, journal), what it
// printed, its temporary files, its backups, every database of PostgreSQL, and that server's write-ahead log and log. What is sealed says nothing.
//
// Not searched: what a test itself writes, what left for the outside world (the tests' own mail and SMS services; a demo's outbox is sealed rows,
// and is searched), and what a command shows to who typed it.
var inClear = &clearText{forms: map[string]string{}, values: map[string]bool{}, found: map[string]bool{}}

// clearText is safe for concurrent use.
type clearText struct {
	mu      sync.Mutex
	forms   map[string]string // how a value may stand somewhere → the value
	values  map[string]bool
	finder  *privacy.Finder // nil once a value has come
	found   map[string]bool // place and value
	places  int
	bytes   int64
	walFrom string // until where the write-ahead log of PostgreSQL was read
	trouble []error
}

// wordsOfOurs are the fields in which a form sends words of ours, or a figure, and not of the person's.
var wordsOfOurs = regexp.MustCompile(`^(answers\..*|consent.*|confirm.*|check-.*|then|back|do|kind|urgency|trades?|commune|insee|postcode|lang|state|reason|channel|asked|scopes?|site|roles|host|pay|price|amount|radius|form|key|pow_.*|until|days?|by|reference|inquiry_reference|provider|outcome|what|purpose|outcomes?|ground|why|person|id|ref|pro|qui|link|next|country|category|on|from|to|version|severity|token_name|undertaking|registry_on|qualified\..*|since\..*)$`)

// named are ids of records and references of requests: they lead to somebody in our own database only.
var named = regexp.MustCompile(`^([a-z]{2,4}_[0-9a-z]{20,}|[0-9A-Z]{4}-[0-9A-Z]{4})$`)

// typed notes what somebody typed into a field; what cannot be told from words of ours is left out.
func (c *clearText) typed(field, value string) {
	value = strings.TrimSpace(value)
	if wordsOfOurs.MatchString(field) || named.MatchString(value) || len(value) < 8 || public(value) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values[value] {
		return
	}
	forms := formsOf(value)
	if len(forms) == 0 {
		return
	}
	c.values[value], c.finder = true, nil
	for _, f := range forms {
		c.forms[f] = value
	}
}

// typedJSON notes every string of a body that a program sends.
func (c *clearText) typedJSON(field string, body any) {
	switch x := body.(type) {
	case string:
		c.typed(field, x)
	case []any:
		for _, v := range x {
			c.typedJSON(field, v)
		}
	case map[string]any:
		for k, v := range x {
			if field == "answers" {
				k = "answers." + k
			}
			c.typedJSON(k, v)
		}
	}
}

var shipped = sync.OnceValues(func() (all []byte, err error) {
	for _, name := range networks.Names() {
		folder, err := networks.Open(name)
		if err != nil {
			return nil, err
		}
		err = fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := fs.ReadFile(folder, path)
			all = append(all, text...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
})

// public values stand in the shipped networks, or are dates and figures.
func public(value string) bool {
	all, err := shipped()
	if err != nil {
		panic(err) // embedded
	}
	if _, err := number.Parse(value, "30", true); err == nil {
		return false
	}
	return bytes.Contains(all, []byte(value)) || !strings.ContainsFunc(value, func(r rune) bool { return r >= 'A' })
}

// formsOf are the ways in which a value may stand somewhere: as it is, folded, escaped for JSON, HTML or an address, in base64 at each of its
// three offsets and in hexadecimal; a telephone number in every notation.
func formsOf(value string) (all []string) {
	plain := []string{value, strings.ToLower(value), geo.Fold(value)}
	if e164, err := number.Parse(value, "30", true); err == nil {
		digits := strings.TrimPrefix(e164, "+")
		local := strings.TrimPrefix(digits, "33")
		plain = []string{digits, "0" + local, "0033" + local}
		for _, sep := range []string{" ", ".", "-", "\u00a0", "\u202f"} {
			pairs := []string{local[:1]}
			for i := 1; i < len(local); i += 2 {
				pairs = append(pairs, local[i:min(i+2, len(local))])
			}
			grouped := strings.Join(pairs, sep)
			plain = append(plain, grouped, "0"+grouped, "33"+grouped, "0033"+grouped)
		}
	}
	for _, p := range plain {
		if text, err := json.Marshal(p); err == nil {
			plain = append(plain, strings.Trim(string(text), `"`))
		}
		plain = append(plain, html.EscapeString(p), url.QueryEscape(p), url.PathEscape(p))
	}
	for _, p := range plain {
		all = append(all, p, hex.EncodeToString([]byte(p)), strings.ToUpper(hex.EncodeToString([]byte(p))))
		for shift := range 3 {
			// The first characters and the last ones depend on the neighbours.
			coded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", shift) + p))
			whole := coded[(shift*8+5)/6 : (shift+len(p))*8/6]
			all = append(all, whole, strings.NewReplacer("+", "-", "/", "_").Replace(whole))
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(f string) bool { return len(f) < 8 })
}

// search looks through the bytes of a place and remembers what it finds.
func (c *clearText) search(place string, text []byte) (found []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finder == nil {
		var needles [][]byte
		for f := range c.forms {
			needles = append(needles, []byte(f))
		}
		c.finder = privacy.Find(needles)
	}
	c.places++
	c.bytes += int64(len(text))
	digit := func(i int) bool { return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9' }
	c.finder.Each(text, func(at int, needle []byte) bool {
		// Digits inside a longer number, or an instant, are no telephone number.
		if end := at + len(needle); digit(at) && digit(at-1) || digit(end-1) && digit(end) {
			return true
		}
		if line := fmt.Sprintf("%s: %q of %q", place, needle, c.forms[string(needle)]); !slices.Contains(found, line) {
			found = append(found, line)
			c.found[line] = true
		}
		return true
	})
	return found
}

// files searches a file, or every file under a folder; what is gone meanwhile was a temporary one.
func (c *clearText) files(root string) (found []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !d.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			found = append(found, c.search(path, text)...)
		}
		return err
	})
	return found, err
}

// database searches every table of a database of PostgreSQL, as COPY gives it, and what its server's write-ahead log got since it was last read.
func (c *clearText) database(ctx context.Context, server, name string) (found []string, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	u.Path = "/" + name
	conn, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	rows, err := conn.Query(ctx, "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
	if err != nil {
		return nil, err
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, err
	}
	for _, table := range tables {
		var text bytes.Buffer
		if _, err := conn.PgConn().CopyTo(ctx, &text, "COPY "+table+" TO STDOUT (FORMAT binary)"); err != nil {
			return found, err
		}
		found = append(found, c.search("PostgreSQL table "+table, text.Bytes())...)
	}
	more, err := c.wal(ctx, conn)
	return append(found, more...), err
}

// wal searches what the write-ahead log got since the last time. The first time it only notes where it stands.
func (c *clearText) wal(ctx context.Context, conn *pgx.Conn) (found []string, err error) {
	c.mu.Lock()
	from := c.walFrom
	var to string
	err = conn.QueryRow(ctx, "SELECT pg_current_wal_flush_lsn()::text").Scan(&to)
	if err == nil {
		c.walFrom = to
	}
	c.mu.Unlock()
	if err != nil || from == "" {
		return nil, err
	}
	// Two blocks together: a value may lie across their border. A segment that the server has let go of meanwhile is not there to be read.
	rows, err := conn.Query(ctx, `WITH size AS (SELECT setting::bigint AS s FROM pg_settings WHERE name = 'wal_segment_size'),
		span AS (SELECT ($1::pg_lsn - '0/0')::bigint / s AS a, (($2::pg_lsn - '0/0')::bigint - 1) / s AS b, s, ($1::pg_lsn - '0/0')::bigint AS f, ($2::pg_lsn - '0/0')::bigint AS t FROM size)
		SELECT pg_read_binary_file('pg_wal/' || pg_walfile_name('0/0'::pg_lsn + (n * s + 1)::numeric), greatest(f - n * s, 0), least(s, t - n * s) - greatest(f - n * s, 0), true)
		FROM span, generate_series(a, b) AS n`, from, to)
	if err != nil {
		return nil, err
	}
	var log []byte
	parts, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	for _, p := range parts {
		log = append(log, p...)
	}
	return append(found, c.search("PostgreSQL write-ahead log", log)...), err
}

// note keeps an error of the scan itself for the end: a place that could not be searched is no clean place.
func (c *clearText) note(_ []string, err error) {
	if err != nil {
		c.mu.Lock()
		c.trouble = append(c.trouble, err)
		c.mu.Unlock()
	}
}

// begin notes where the write-ahead log stands, so that nothing is read of who used the server before.
func (c *clearText) begin(ctx context.Context) error {
	server := os.Getenv("ENTREMISE_TEST_PG")
	if server == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	_, err = c.wal(ctx, conn)
	return errors.Join(err, conn.Close(ctx))
}

// end searches what belongs to no test and says what was found in all: an error when anything was, or when a place could not be searched.
func (c *clearText) end(temporary string) (said string, err error) {
	c.note(c.files(temporary))
	if log := os.Getenv("ENTREMISE_TEST_PG_LOG"); log != "" {
		c.note(c.files(log))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	said = fmt.Sprintf("personal values in plain text: %d found in %d MB of %d places, %d values in %d forms", len(c.found), c.bytes>>20, c.places, len(c.values), len(c.forms))
	for line := range c.found {
		c.trouble = append(c.trouble, errors.New(line))
	}
	return said, errors.Join(c.trouble...)
}
