package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"entremise/internal/db"
)

// measurePostgres is the peer that does the least, on a fresh server with the settings that PostgreSQL ships (fsync and synchronous_commit on):
// one durable statement, its own transaction, that writes one row, nine, or the very rows of an intake; by one client and by 32.
func measurePostgres(ctx context.Context, b *bench) (_ []result, err error) {
	pg, err := startPostgres(ctx, b.scratch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	if err := pg.prepare(ctx); err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, pg.url)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	var version string
	if err := conn.QueryRow(ctx, "SHOW server_version").Scan(&version); err != nil {
		return nil, err
	}
	var results []result
	same, err := pg.prepareSame(ctx)
	if err != nil {
		return nil, err
	}
	for _, peer := range []struct {
		on   *postgres
		what statement
	}{{pg, bare(1)}, {pg, bare(records)}, {same, sameRows()}} {
		for _, clients := range []int{1, 32} {
			if _, err := peer.on.inserts(ctx, clients, peer.what, b.each/4); err != nil { // warm
				return nil, err
			}
			o, err := peer.on.inserts(ctx, clients, peer.what, b.each)
			if err != nil {
				return nil, err
			}
			results = append(results, result{Name: fmt.Sprintf("PostgreSQL %s, one durable statement, %s, %d clients", version, peer.what.name, clients), Value: perSecond(o.rate()), Beside: micros(o.p50) + " p50, " + micros(o.p99) + " p99"})
		}
	}
	return results, nil
}

// postgres is a server of this run only: a Unix socket and a port of loopback.
type postgres struct {
	bin, data, url string
	as             *syscall.Credential
}

func startPostgres(ctx context.Context, scratch string) (*postgres, error) {
	bins, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(bins) == 0 {
		return nil, errors.New("PostgreSQL is not installed (apt-get install postgresql)")
	}
	slices.Sort(bins)
	p := &postgres{bin: bins[len(bins)-1], data: filepath.Join(scratch, "pg")}
	if err := os.Mkdir(p.data, 0o700); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 { // initdb refuses root
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chmod(scratch, 0o711), os.Chown(p.data, int(uid), int(gid))); err != nil {
			return nil, err
		}
		p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	if err := p.run(ctx, "initdb", "-D", p.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"); err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		port := 20_000 + rand.IntN(12_000)
		err := p.run(ctx, "pg_ctl", "-D", p.data, "-w", "-t", "30", "-l", filepath.Join(p.data, "log"), "-o", fmt.Sprintf("-p %d -k %s -h 127.0.0.1", port, p.data), "start")
		if err == nil {
			p.url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
			return p, nil
		}
		if try == 5 {
			return nil, err
		}
	}
}

func (p *postgres) run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, filepath.Join(p.bin, program), args...)
	c.Dir = p.data
	c.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	if program == "pg_ctl" { // the server inherits the output and would keep a pipe open
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", program, err)
		}
		return nil
	}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", program, err, out)
	}
	return nil
}

// statement is what a bare client of PostgreSQL sends for one intake, with its arguments.
type statement struct {
	name string
	text string
	args func() []any
}

// prepare makes the table of the bare insert, and eight more of the same shape.
func (p *postgres) prepare(ctx context.Context) error {
	for i := range records {
		if err := p.exec(ctx, fmt.Sprintf("CREATE TABLE record%d (id TEXT PRIMARY KEY, at BIGINT NOT NULL, body TEXT NOT NULL)", i)); err != nil {
			return err
		}
	}
	return nil
}

// records is how many rows a peer writes for one intake.
const records = 9

// bare writes n rows, each into a table of its own with no index but its key: what a service without sealing, proof or checks might send.
func bare(n int) statement {
	row := func(i int) string {
		return fmt.Sprintf(`INSERT INTO record%d (id, at, body) VALUES ($1, $2, '{"trade":"plombier","postcode":"30000"}')`, i)
	}
	text := row(n - 1)
	if n > 1 {
		var with []string
		for i := range n - 1 {
			with = append(with, fmt.Sprintf("r%d AS (%s)", i, row(i)))
		}
		text = "WITH " + strings.Join(with, ", ") + " " + text
	}
	return statement{name: fmt.Sprintf("%d rows", n), text: text, args: func() []any { return []any{randomID(), time.Now().UnixMicro()} }}
}

func randomID() string { return fmt.Sprintf("req_%016x%016x", rand.Uint64(), rand.Uint64()) }

// sameRows writes what an intake of ours leaves behind, row for row and about byte for byte, into our own schema with its indexes: the least
// that PostgreSQL could do for it if everything were known beforehand.
func sameRows() statement {
	inserts := []string{
		"INSERT INTO submission (key_hash, input_hash, object, at) VALUES ($1 || 's', $3, $1, $2)",
		"INSERT INTO request_window (phone_bidx, trade, insee, at, request_id) VALUES ($1, 'plombier', '30189', $2, $1)",
		"INSERT INTO person_key (person_id, number, key_id, categories, assigned_at) VALUES ($1, 0, $1, 'identity contact need place messages consent connection', $2)",
		"INSERT INTO person (id, at, kind, lang, name_sealed, company_sealed, phone_sealed, phone_bidx, email_sealed, email_bidx, phone_verified_at) VALUES ($1, $2, 'person', 'fr', $4, '', $4, $1, $4, $1, 0)",
		"INSERT INTO person_word (word_bidx, person_id) VALUES ('a' || $1, $1), ('b' || $1, $1), ('c' || $1, $1)",
		`INSERT INTO request (id, ref, person_id, at, edition, site, channel, source, trade, insee, postcode, urgency, intent, answers, words_sealed, street_sealed, address_sealed, address_bidx,
			state, state_at, seats, sold, price_minor, vat_rate, price_reasons, priced_by, taken_by, taken_until, qualified_by, qualified_at, published_at, published_machine_at, link_generation, stopped_at, frozen_at, draft_sealed)
			VALUES ($1, $1, $1, $2, $3, 'depanneurs.example', 'api', $1, 'plombier', '30189', '30000', 'now', '', '{"problem":["leak"],"leak_where":["sink"],"flow":["drops"]}', $4, $4, '', '',
			'received', $2, 0, 0, 0, 0, '[]', '', '', 0, '', 0, 0, 0, 1, 0, 0, '')`,
		"INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $1, 'introduce', $2, 'kept', 0, 'identity contact need place messages'), ($1, $1, 'prove_choices', $2, 'kept', $2, 'consent'), ($1, $1, 'secure', $2, 'kept', $2, 'connection')",
		"INSERT INTO proof_leaf (id, at, kind, object, person_id, category, commitment_hash, salt_sealed) VALUES ($1, $2, 'consent', $1, $1, 'consent', $4, $4)",
		"INSERT INTO proof_wait (leaf_id, at) VALUES ($1, $2)",
		`INSERT INTO consent (id, person_id, object, consent, purpose, granted, channel, wording_hash, edition, at, recipient, until_at, form_hash, reference, leaf_id) VALUES
			('a' || $1, $1, $1, 'terms', 'introduce', true, 'api', $3, $3, $2, '', 0, '', '', $1), ('b' || $1, $1, $1, 'call-me', 'introduce', true, 'api', $3, $3, $2, '', 0, '', '', $1), ('c' || $1, $1, $1, 'opinion', 'ask_opinion', true, 'api', $3, $3, $2, '', 0, '', '', $1)`,
		"INSERT INTO audit (id, at, machine_at, actor, role, action, object, outcome, detail) VALUES ($1, $2, $2, $1, 'affiliate', 'request.submit', $1, 'done', 'api')",
		"INSERT INTO request_event (id, request_id, at, kind, actor, count, object) VALUES ($1, $1, $2, 'received', '', 0, '')",
		`INSERT INTO message (id, at, person_id, object, channel, kind, purpose, to_sealed, to_bidx, subject_sealed, body_sealed, state, tries, sent_at, machine_at, sent_machine_at, error)
			VALUES ($1, $2, $1, $1, 'email', 'request-received', '', $4, $1, $5, $5, 'queued', 0, 0, $2, 0, '')`,
	}
	last := "INSERT INTO job (id, kind, object, state, due_at, attempt, error, created_at) VALUES ($1, 'message.send', $1, 'waiting', $2, 0, '', $2)"
	for i, text := range inserts {
		inserts[i] = fmt.Sprintf("r%d AS (%s)", i, text)
	}
	short, long, hash := make([]byte, 44), make([]byte, 300), strings.Repeat("0123456789abcdef", 4)
	return statement{name: "the rows of an intake", text: "WITH " + strings.Join(inserts, ", ") + " " + last,
		args: func() []any { return []any{randomID(), time.Now().UnixMicro(), hash, short, long} }}
}

// prepareSame makes a database with our schema for sameRows and points p at it.
func (p *postgres) prepareSame(ctx context.Context) (*postgres, error) {
	if err := p.createDatabase(ctx, "same"); err != nil {
		return nil, err
	}
	same := *p
	same.url = strings.Replace(p.url, "/postgres?", "/same?", 1)
	d, err := db.Open(ctx, db.Options{URL: same.url, Clocks: db.Clocks{Business: time.Now, Machine: time.Now}})
	if err != nil {
		return nil, err
	}
	return &same, d.Close()
}

func (p *postgres) createDatabase(ctx context.Context, name string) error {
	return p.exec(ctx, "CREATE DATABASE "+name)
}

func (p *postgres) exec(ctx context.Context, statement string) error {
	return execAt(ctx, p.url, statement)
}

func execAt(ctx context.Context, url, statement string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// stop ends the server whatever became of the run.
func (p *postgres) stop() error {
	return p.run(context.Background(), "pg_ctl", "-D", p.data, "-m", "immediate", "-w", "stop")
}

// inserts runs a statement, each its own transaction, by clients at once.
func (p *postgres) inserts(ctx context.Context, clients int, what statement, lasting time.Duration) (outcome, error) {
	took := make([][]time.Duration, clients)
	errs := make([]error, clients)
	var all sync.WaitGroup
	begun := time.Now()
	for c := range clients {
		all.Go(func() {
			conn, err := pgx.Connect(ctx, p.url)
			if err != nil {
				errs[c] = err
				return
			}
			defer conn.Close(ctx)
			for time.Since(begun) < lasting && ctx.Err() == nil {
				at := time.Now()
				if _, errs[c] = conn.Exec(ctx, what.text, what.args()...); errs[c] != nil {
					return
				}
				took[c] = append(took[c], time.Since(at))
			}
		})
	}
	all.Wait()
	whole := slices.Concat(took...)
	return outcome{done: len(whole), took: time.Since(begun), quantiles: spread(whole)}, errors.Join(errors.Join(errs...), ctx.Err())
}
