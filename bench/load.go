package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// load drives one HTTP server over kept connections, each client sending its next request when the last is answered. It writes prepared
// bytes and reads answers itself: a common HTTP client would take more CPU than the server that is measured beside it.
type load struct {
	address string
	clients int
	request func(client, n int) []byte      // called in the client's goroutine
	ok      func(status int, b []byte) bool // nil: any 2xx
}

// outcome is what a run of load saw. Failed are answers that were not ok.
type outcome struct {
	done, failed int
	took         time.Duration
	quantiles
}

func (o outcome) rate() float64 { return float64(o.done) / o.took.Seconds() }

// httpRequest prepares the bytes of a request with a JSON body.
func httpRequest(method, host, path, body string, header ...string) []byte {
	return fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s",
		method, path, host, len(body), strings.Join(append(header, ""), "\r\n"), body)
}

// once sends one request.
func (l load) once(ctx context.Context) (time.Duration, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return 0, err
	}
	at := time.Now()
	if _, err := conn.Write(l.request(0, 0)); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && l.ok != nil && !l.ok(answer.StatusCode, body) {
		err = fmt.Errorf("refused: %d", answer.StatusCode)
	}
	return time.Since(at), err
}

// run lasts for the given time. An answer that is not ok is an error: a server that refuses fast is not fast.
func (l load) run(ctx context.Context, lasting time.Duration) (outcome, error) {
	type part struct {
		took   []time.Duration
		failed int
		err    error
	}
	parts := make([]part, l.clients)
	var all sync.WaitGroup
	begun := time.Now()
	end := begun.Add(lasting)
	for c := range l.clients {
		all.Go(func() {
			p := &parts[c]
			conn, err := new(net.Dialer).DialContext(ctx, "tcp", l.address)
			if err != nil {
				p.err = err
				return
			}
			defer conn.Close()
			if p.err = conn.SetDeadline(end.Add(10 * time.Second)); p.err != nil {
				return
			}
			r := bufio.NewReader(conn)
			for n := 0; ctx.Err() == nil; n++ {
				at := time.Now()
				if !at.Before(end) {
					return
				}
				if _, p.err = conn.Write(l.request(c, n)); p.err != nil {
					return
				}
				answer, err := http.ReadResponse(r, nil)
				if err != nil {
					p.err = err
					return
				}
				body, err := io.ReadAll(answer.Body)
				if err != nil {
					p.err = err
					return
				}
				p.took = append(p.took, time.Since(at))
				if l.ok != nil && !l.ok(answer.StatusCode, body) || l.ok == nil && answer.StatusCode/100 != 2 {
					p.failed++
				}
			}
		})
	}
	all.Wait()
	o := outcome{took: time.Since(begun)}
	var took []time.Duration
	var err error
	for _, p := range parts {
		took = append(took, p.took...)
		o.failed += p.failed
		err = errors.Join(err, p.err)
	}
	o.done, o.quantiles = len(took), spread(took)
	switch {
	case err != nil:
		return o, err
	case o.done == 0:
		return o, errors.New("nothing was answered")
	case o.failed > 0:
		return o, fmt.Errorf("%d of %d answers were refusals", o.failed, o.done)
	}
	return o, ctx.Err()
}
