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
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// measurePostgres is the peer that does the least: one durable INSERT of one row, its own transaction, on a fresh server with the settings
// that PostgreSQL ships (fsync and synchronous_commit on), by one client and by 32.
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
	for _, clients := range []int{1, 32} {
		if _, err := pg.inserts(ctx, clients, b.each/4); err != nil { // warm
			return nil, err
		}
		o, err := pg.inserts(ctx, clients, b.each)
		if err != nil {
			return nil, err
		}
		who := "one client"
		if clients > 1 {
			who = strconv.Itoa(clients) + " clients"
		}
		results = append(results, result{Name: "PostgreSQL " + version + ", one durable INSERT, " + who, Value: perSecond(o.rate()), Beside: micros(o.p50) + " p50, " + micros(o.p99) + " p99"})
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

// stop ends the server whatever became of the run.
// prepare makes the table of the bare insert.
func (p *postgres) prepare(ctx context.Context) error {
	return p.exec(ctx, "CREATE TABLE request (id TEXT PRIMARY KEY, at BIGINT NOT NULL, body TEXT NOT NULL)")
}

func (p *postgres) createDatabase(ctx context.Context, name string) error {
	return p.exec(ctx, "CREATE DATABASE "+name)
}

func (p *postgres) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.url)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (p *postgres) stop() error {
	return p.run(context.Background(), "pg_ctl", "-D", p.data, "-m", "immediate", "-w", "stop")
}

func (p *postgres) inserts(ctx context.Context, clients int, lasting time.Duration) (outcome, error) {
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
				if _, errs[c] = conn.Exec(ctx, "INSERT INTO request (id, at, body) VALUES ($1, $2, $3)", fmt.Sprintf("req_%016x%016x", rand.Uint64(), rand.Uint64()), at.UnixMicro(), `{"trade":"plombier","postcode":"30000"}`); errs[c] != nil {
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
