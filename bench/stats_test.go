package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	var took []time.Duration
	for i := 100; i > 0; i-- {
		took = append(took, time.Duration(i))
	}
	if q := spread(took); q.p50 != 51 || q.p95 != 96 || q.p99 != 100 {
		t.Error(q)
	}
	if q := spread(nil); q != (quantiles{}) {
		t.Error(q)
	}
}

func TestInTurns(t *testing.T) {
	var order strings.Builder
	give := func(name string, values ...float64) func(context.Context) (float64, error) {
		i := 0
		return func(context.Context) (float64, error) {
			order.WriteString(name)
			i++
			return values[(i-1)%len(values)], nil
		}
	}
	r, err := inTurns(t.Context(), 1, give("a", 10, 20, 30, 40, 50), give("b", 10))
	if err != nil || r.median != 3 || r.low != 2 || r.high != 4 || r.pairs != 5 || order.String() != "abbaabbaab" {
		t.Error(r, err, order.String())
	}
	if _, err := inTurns(t.Context(), 5, give("a", 1), give("b", 0)); err == nil {
		t.Error("divided by zero")
	}
	broken := errors.New("broken")
	if _, err := inTurns(t.Context(), 5, give("a", 1), func(context.Context) (float64, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestLoad_countsAnswersAndRefusesRefusals(t *testing.T) {
	status := http.StatusOK
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if b, err := io.ReadAll(r.Body); err != nil || string(b) != `{"a":1}` || r.Header.Get("X") != "y" {
			t.Error(string(b), err, r.Header)
		}
		w.WriteHeader(status)
		io.WriteString(w, "ok")
	}))
	defer s.Close()
	request := httpRequest("POST", "here", "/", `{"a":1}`, "X: y")
	l := load{address: s.Listener.Addr().String(), clients: 3, request: func(int, int) []byte { return request }}
	if o, err := l.run(t.Context(), 50*time.Millisecond); err != nil || o.done < 3 || o.rate() <= 0 || o.p50 <= 0 {
		t.Error(o, err)
	}
	status = http.StatusTooManyRequests
	if o, err := l.run(t.Context(), 20*time.Millisecond); err == nil || o.failed != o.done {
		t.Error("refusals were counted as answers", o)
	}
	l.address = "127.0.0.1:1"
	if _, err := l.run(t.Context(), 20*time.Millisecond); err == nil {
		t.Error("nobody listens")
	}
}

func TestCPUOf(t *testing.T) {
	if d, err := cpuOf(os.Getpid()); err != nil || d < 0 {
		t.Error(d, err)
	}
	if _, err := cpuOf(-1); err == nil {
		t.Error("no such process")
	}
}
