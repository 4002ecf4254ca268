package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"entremise/internal/db"
	"entremise/internal/proof"
)

// measureLog is row 11: how long after its commit a leaf stands in a signed checkpoint, and how many a second do at 256 clients, each durable before it is answered. The log is
// the product's own, on SQLite; what a deposit does besides (sealing, holdings, consents) is the intake's row.
func measureLog(ctx context.Context, b *bench) (_ []result, err error) {
	dir := filepath.Join(b.scratch, "log")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Options{Path: filepath.Join(dir, "log.db"), Clocks: db.Clocks{Business: time.Now, Machine: time.Now}})
	if err != nil {
		return nil, err
	}
	log, err := proof.New(d, "entremise/log", make([]byte, 32))
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	running, stop := context.WithCancel(ctx)
	var sequencer sync.WaitGroup
	var failed error
	sequencer.Go(func() { log.Run(running, time.After, func(err error) { failed = err }) })
	defer func() {
		stop()
		sequencer.Wait()
		err = errors.Join(err, failed, d.Close())
	}()
	commit := func(n int64) (leaf string, err error) {
		err = d.WriteGuarded(ctx, func(tx *db.Tx) error {
			leaf, err = proof.CommitSecret(tx, "review", "bench", fmt.Appendf(nil, "a review, number %d", n))
			return err
		})
		return leaf, err
	}
	var count atomic.Int64
	// One client: from the call until the leaf can be proved in a signed tree.
	var took []time.Duration
	for end := time.Now().Add(b.each); time.Now().Before(end); {
		at := time.Now()
		leaf, err := commit(count.Add(1))
		if err != nil {
			return nil, err
		}
		for {
			if _, err = log.Prove(ctx, leaf); !errors.Is(err, proof.ErrWaiting) {
				break
			}
			time.Sleep(50 * time.Microsecond)
		}
		if err != nil {
			return nil, err
		}
		took = append(took, time.Since(at))
	}
	one := spread(took)
	// 256 clients, until everything that they were promised is in a signed tree.
	begun, from := time.Now(), count.Load()
	var clients sync.WaitGroup
	errs := make([]error, 256)
	for c := range errs {
		clients.Go(func() {
			for time.Since(begun) < b.each && errs[c] == nil {
				_, errs[c] = commit(count.Add(1))
			}
		})
	}
	clients.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	leaves := count.Load() - from
	promised := time.Since(begun)
	for {
		signed, err := log.Checkpoint(ctx)
		if err != nil {
			return nil, err
		}
		if t, err := proof.OpenCheckpoint(signed, log.VerifierKey()); err != nil {
			return nil, err
		} else if t.Size == count.Load() {
			break
		}
		time.Sleep(time.Millisecond)
	}
	all := time.Since(begun)
	return []result{
		{Name: "11 · leaf committed → in a signed checkpoint, one client (SQLite)", Value: micros(one.p50) + " p50", Beside: fmt.Sprintf("%s p99, %d leaves; Tessera POSIX 106 ms, as measured elsewhere and not run here", micros(one.p99), len(took)), Bar: "≤ 10 ms"},
		{Name: "11 · leaves a second at 256 clients, durable and in a signed checkpoint", Value: perSecond(float64(leaves) / all.Seconds()), Beside: fmt.Sprintf("%s promised (durable); all signed %s after the last", perSecond(float64(leaves)/promised.Seconds()), micros(all-promised)), Bar: "≥ 2k/s"},
	}, nil
}

// measureCompany is row 7, second half: a company's page with its reviews, served whole and compressed, against nginx that serves the same bytes as a file.
func measureCompany(ctx context.Context, b *bench) (_ []result, err error) {
	h, err := startHouse(ctx, b, "company", "--network", "reviews-network", "--professionals", "0", "--requests", "60")
	if err != nil {
		return nil, err
	}
	defer h.stop()
	const host = "avis.localhost"
	directory, _, err := h.get(ctx, host, "/entreprises")
	if err != nil {
		return nil, err
	}
	var path, page string
	for _, m := range regexp.MustCompile(`href="(/entreprises/[a-z0-9-]+)"`).FindAllStringSubmatch(directory, -1) { // the page nearest to 12 kB
		body, _, err := h.get(ctx, host, m[1])
		if err != nil {
			return nil, err
		}
		if path == "" || abs(len(body)-12_000) < abs(len(page)-12_000) {
			path, page = m[1], body
		}
	}
	if path == "" {
		return nil, errors.New("the demo has no company")
	}
	files, err := startNginx(ctx, b, page)
	if err != nil {
		return nil, err
	}
	defer files.stop()
	ours := load{address: h.address, clients: 32, request: func(int, int) []byte { return []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n") }}
	theirs := load{address: files.address, clients: 32, request: func(int, int) []byte { return []byte("GET /page.html HTTP/1.1\r\nHost: localhost\r\n\r\n") }}
	rate := func(l load, last *outcome) func(context.Context) (float64, error) {
		return func(ctx context.Context) (float64, error) {
			o, err := l.run(ctx, b.each/2)
			*last = o
			return o.rate(), err
		}
	}
	var mine, nginx outcome
	r, err := inTurns(ctx, 5, rate(ours, &mine), rate(theirs, &nginx))
	if err != nil {
		return nil, err
	}
	return []result{{Name: fmt.Sprintf("7 · company page of %.1f kB, against nginx serving the same bytes as a file", float64(len(page))/1000), Value: r.String(),
		Beside: fmt.Sprintf("%s, p99 %s; nginx %s", perSecond(mine.rate()), micros(mine.p99), perSecond(nginx.rate())), Bar: "≥ 0.15×"}}, nil
}

func abs(n int) int { return max(n, -n) }

// startNginx serves one file from a scratch folder. nginx comes from the ordinary registry (apt-get install nginx-light).
func startNginx(ctx context.Context, b *bench, page string) (*process, error) {
	program, err := exec.LookPath("nginx")
	if err != nil {
		return nil, errors.New("nginx is missing: apt-get install nginx-light")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	dir := filepath.Join(b.scratch, "nginx")
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "www"), 0o755), os.MkdirAll(filepath.Join(dir, "tmp"), 0o755), os.Chmod(b.scratch, 0o755)); err != nil {
		return nil, err
	}
	config := strings.NewReplacer("DIR", dir, "ADDRESS", address).Replace(`daemon off; master_process off; worker_processes 1; pid DIR/pid; error_log stderr crit;
events { worker_connections 512; }
http { access_log off; sendfile on; keepalive_requests 10000000; types { text/html html; }
client_body_temp_path DIR/tmp; proxy_temp_path DIR/tmp; fastcgi_temp_path DIR/tmp; uwsgi_temp_path DIR/tmp; scgi_temp_path DIR/tmp;
server { listen ADDRESS; root DIR/www; } }
`)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "www", "page.html"), []byte(page), 0o644), os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(config), 0o644)); err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, program, "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	c.Stderr = os.Stderr
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &process{command: c, address: address}
	for range 100 {
		if dialable(address) {
			return p, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.stop()
	return nil, errors.New("nginx does not listen")
}
