package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// pocketBaseVersion is the peer: the nearest ready-made one-binary back end on SQLite. It does what it can of an intake: nine records in one
// batch, without sealing, proof or audit, and without waiting for the disk (its synchronous mode is NORMAL).
const pocketBaseVersion = "v0.39.0"

type pocketBase struct {
	*process
	token string
}

func startPocketBase(ctx context.Context, b *bench) (*pocketBase, error) {
	bin := filepath.Join(b.scratch, "peer")
	install := exec.CommandContext(ctx, "go", "install", "github.com/pocketbase/pocketbase/examples/base@"+pocketBaseVersion)
	install.Dir = b.scratch
	install.Env = append(os.Environ(), "GOBIN="+bin, "CGO_ENABLED=0", "GOFLAGS=-mod=mod")
	if out, err := install.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go install: %w\n%s", err, out)
	}
	program, data := filepath.Join(bin, "base"), filepath.Join(b.scratch, "pb")
	const email, password = "bench@example.com", "a-long-password-of-the-bench"
	if out, err := exec.CommandContext(ctx, program, "superuser", "upsert", email, password, "--dir", data).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("superuser: %w\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	c := exec.CommandContext(ctx, program, "serve", "--http", address, "--dir", data)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		return nil, err
	}
	p := &pocketBase{process: &process{command: c, address: address}}
	for range 100 {
		if dialable(address) {
			break
		}
		select {
		case <-ctx.Done():
			p.stop()
			return nil, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	if err := p.prepare(ctx, email, password); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

func (p *pocketBase) prepare(ctx context.Context, email, password string) error {
	var signed struct{ Token string }
	if err := p.ask(ctx, "POST", "/api/collections/_superusers/auth-with-password", map[string]string{"identity": email, "password": password}, &signed); err != nil {
		return err
	}
	p.token = signed.Token
	if err := p.ask(ctx, "PATCH", "/api/settings", map[string]any{"batch": map[string]any{"enabled": true, "maxRequests": 50, "timeout": 3}}, nil); err != nil {
		return err
	}
	fields := []map[string]any{}
	for _, name := range []string{"a", "b", "c", "d"} {
		fields = append(fields, map[string]any{"name": name, "type": "text"})
	}
	return p.ask(ctx, "POST", "/api/collections", map[string]any{"name": "record", "type": "base", "fields": fields, "createRule": ""}, nil)
}

func (p *pocketBase) ask(ctx context.Context, method, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", p.token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %d %s", method, path, answer.StatusCode, text)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// rate is batches a second, each of nine records.
func (p *pocketBase) rate(ctx context.Context, clients int, lasting time.Duration) (outcome, error) {
	one := `{"method":"POST","url":"/api/collections/record/records","body":{"a":"Dominique Essai","b":"+33639980001","c":"Sous l’évier, derrière le meuble.","d":"5 rue de l’Exemple"}}`
	request := httpRequest("POST", p.address, "/api/batch", `{"requests":[`+strings.Repeat(one+",", 8)+one+`]}`)
	return load{address: p.address, clients: clients, request: func(int, int) []byte { return request }}.run(ctx, lasting)
}
