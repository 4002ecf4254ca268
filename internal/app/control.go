package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"entremise/internal/network"
)

// A server holds its data folder's lock; commands reach it over a socket in the folder, which only the folder's owner can open.

const socketFile = "control.sock"

// remote runs a command in the server that holds the folder; done is false when no server does.
func remote(o *out, data, command string, body []byte) (done bool, err error) {
	path := filepath.Join(data, socketFile)
	for until := time.Now().Add(5 * time.Second); ; {
		conn, err := net.DialTimeout("unix", path, time.Second)
		if err == nil {
			if err := conn.Close(); err != nil {
				return false, err
			}
			break
		}
		held, err := lock(data)
		if err == nil { // no server: the command opens the database itself
			return false, held.Close()
		}
		if !errors.Is(err, errLocked) {
			return false, nil // no folder: the command says so
		}
		if time.Now().After(until) {
			return false, err
		}
		time.Sleep(50 * time.Millisecond) // a server that is just starting, or a command that is about to end
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	format := "text"
	if o.json {
		format = "json"
	}
	r, err := http.NewRequestWithContext(o.ctx, http.MethodPost, "http://control/"+command+"?format="+format, bytes.NewReader(body))
	if err != nil {
		return true, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return true, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return true, err
	}
	told := answer.StatusCode == http.StatusUnprocessableEntity
	if answer.StatusCode != http.StatusOK && !told {
		return true, errors.New(string(bytes.TrimSpace(text)))
	}
	if _, err := o.stdout.Write(text); err != nil {
		return true, err
	}
	if told {
		return true, errTold
	}
	return true, nil
}

// control serves commands until ctx ends.
func (i *Instance) control(ctx context.Context) (stop func(), err error) {
	path := filepath.Join(i.Data, socketFile)
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err // left by a server that was killed; the lock is ours
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for commands: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	handle := func(name string, do func(o *out, body []byte) error) {
		mux.HandleFunc("POST /"+name, func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 16<<20))
			var text bytes.Buffer
			if err == nil {
				err = do(&out{ctx: r.Context(), stdout: &text, stderr: io.Discard, json: r.URL.Query().Get("format") == "json", log: i.log}, body)
			}
			if errors.Is(err, errTold) { // its text is the whole answer
				w.WriteHeader(http.StatusUnprocessableEntity)
			} else if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if _, err := w.Write(text.Bytes()); err != nil {
				i.log.Debug("command's answer not delivered", "error", err.Error())
			}
		})
	}
	handle("life", i.life)
	handle("clock", func(o *out, body []byte) error {
		by, err := time.ParseDuration(string(body))
		if err != nil {
			return err
		}
		if by != 0 {
			if err := i.Move(o.ctx, by); err != nil {
				return err
			}
		}
		return i.tellClock(o)
	})
	handle("apply", func(o *out, body []byte) error {
		var ask applyAsk
		if err := json.Unmarshal(body, &ask); err != nil {
			return err
		}
		folder, err := network.Unpack(ask.Bundle)
		if err != nil {
			return err
		}
		return i.apply(o, folder, ask.Early)
	})
	handle("backup", func(o *out, body []byte) error { return i.backupTo(o, body) })
	handle("inspect", func(o *out, body []byte) error { return i.inspectTo(o, body) })
	handle("admin", func(o *out, body []byte) error { return i.adminFrom(o, body) })
	server := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return ctx }, ReadHeaderTimeout: 5 * time.Second}
	i.running.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			i.log.Error("commands", "error", err.Error())
		}
	})
	return func() {
		if err := server.Close(); err != nil {
			i.log.Error("stop commands", "error", err.Error())
		}
	}, nil
}
