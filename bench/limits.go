package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// measureSync is the floor under every durable answer.
func measureSync(ctx context.Context, b *bench) ([]result, error) {
	d, n, err := syncs(ctx, b.scratch, b.each)
	return []result{{Name: "fdatasync of 4 KiB", Value: micros(d.p50) + " p50", Beside: micros(d.p95) + " p95, " + micros(d.p99) + " p99, n = " + strconv.Itoa(n)}}, err
}

func syncTimes(ctx context.Context, dir string, lasting time.Duration) (quantiles, error) {
	d, _, err := syncs(ctx, dir, lasting)
	return d, err
}

// syncs writes a page of 4 KiB over in a file that has its size already, and waits for fdatasync each time.
func syncs(ctx context.Context, dir string, lasting time.Duration) (_ quantiles, n int, err error) {
	f, err := os.Create(filepath.Join(dir, "sync"))
	if err != nil {
		return quantiles{}, 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	page := make([]byte, 4096)
	const pages = 256
	for range pages {
		if _, err := f.Write(page); err != nil {
			return quantiles{}, 0, err
		}
	}
	if err := f.Sync(); err != nil {
		return quantiles{}, 0, err
	}
	var took []time.Duration
	for begun := time.Now(); time.Since(begun) < lasting && ctx.Err() == nil; {
		at := time.Now()
		if _, err := f.WriteAt(page, int64(len(took)%pages)*int64(len(page))); err != nil {
			return quantiles{}, 0, err
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return quantiles{}, 0, err
		}
		took = append(took, time.Since(at))
	}
	return spread(took), len(took), ctx.Err()
}

// The hello server is this program in a process of its own, as every peer is: it reads a small JSON body and answers another.
const helloCommand = "serve-hello"

func serveHello() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("listening http://%s\n", l.Addr())
	http.HandleFunc("POST /hello", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Name string }
		if json.NewDecoder(io.LimitReader(r.Body, 1<<16)).Decode(&in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"hello": in.Name}) // the client has gone: nothing to answer
	})
	fmt.Fprintln(os.Stderr, http.Serve(l, nil))
}

func measureHello(ctx context.Context, b *bench) ([]result, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p, err := startProcess(ctx, exec.Command(self, helloCommand))
	if err != nil {
		return nil, err
	}
	defer p.stop()
	request := httpRequest("POST", "127.0.0.1", "/hello", `{"name":"Amélie"}`)
	l := load{address: p.address, clients: 32, request: func(int, int) []byte { return request }}
	if _, err := l.run(ctx, b.each/4); err != nil { // warm
		return nil, err
	}
	before, err := p.cpu()
	if err != nil {
		return nil, err
	}
	o, err := l.run(ctx, b.each)
	if err != nil {
		return nil, err
	}
	after, err := p.cpu()
	if err != nil {
		return nil, err
	}
	return []result{{Name: "hello JSON POST, 32 clients", Value: perSecond(o.rate()),
		Beside: fmt.Sprintf("%s p50, %s p99, %s CPU of the server each", micros(o.p50), micros(o.p99), micros((after-before)/time.Duration(o.done)))}}, nil
}
