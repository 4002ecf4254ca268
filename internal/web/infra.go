package web

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/time/rate"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// writeMaybeGzip writes a whole body, compressed where the reader takes it and it is worth it.
func writeMaybeGzip(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	h := w.Header()
	h.Add("Vary", "Accept-Encoding")
	if len(body) < 1400 || !ui.AcceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(status)
		_, err := w.Write(body)
		return err
	}
	h.Set("Content-Encoding", "gzip")
	w.WriteHeader(status)
	z := gzippers.Get().(*gzip.Writer)
	defer gzippers.Put(z)
	z.Reset(w)
	if _, err := z.Write(body); err != nil {
		return err
	}
	return z.Close()
}

var gzippers = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// limiter holds per address, in memory and per node, what guards against floods; what must hold exactly is in the database.
type limiter struct {
	now  func() time.Time
	mu   sync.Mutex
	keys map[string]*limited
}

type limited struct {
	*rate.Limiter
	used time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, keys: map[string]*limited{}}
}

var errFlood = fault.New(fault.Limit, "too-often", fault.T("Trop d’essais depuis cette connexion. Attendez un peu, puis recommencez.", "Too many tries from this connection. Wait a little and try again."))

// allow spends one of n per span for a key.
func (l *limiter) allow(key string, n int, span time.Duration) error {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.keys) > 50_000 { // forget those that would be full again anyway
		for k, x := range l.keys {
			if now.Sub(x.used) > time.Hour {
				delete(l.keys, k)
			}
		}
	}
	x := l.keys[key]
	if x == nil {
		x = &limited{Limiter: rate.NewLimiter(rate.Every(span/time.Duration(n)), n)}
		l.keys[key] = x
	}
	x.used = now
	if !x.AllowN(now, 1) {
		return errFlood
	}
	return nil
}

func (v *visit) limited(what string, l network.Limit) error {
	return v.limits.allow(what+" "+v.address(), l.Max, l.Within.Exact())
}

type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(d *db.DB) *metrics {
	m := &metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "entremise_http_requests_total", Help: "Requests by route and status."}, []string{"method", "route", "status"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "entremise_http_seconds", Help: "Time to answer by route.", Buckets: []float64{.001, .003, .01, .03, .1, .3, 1, 3, 10}}, []string{"route"}),
	}
	stat := func(name, help string, f func(db.Stats) int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(f(d.Stats())) })
	}
	m.registry.MustRegister(m.requests, m.seconds,
		stat("entremise_db_commits_total", "Transactions committed.", func(s db.Stats) int64 { return s.Commits }),
		stat("entremise_db_aborts_total", "Transactions that were repeated.", func(s db.Stats) int64 { return s.Aborts }))
	return m
}

func (m *metrics) served(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "*", "/"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if route != "/live" { // open for hours by design
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// fromHere keeps what is for the machine's own monitors to loopback, and to staff who read the trail.
func (v *visit) fromHere() error {
	a := v.address()
	if a == "::/64" || strings.HasPrefix(a, "127.") || v.actor.Can(auth.AuditRead) {
		return nil
	}
	return errNoPage
}

func (v *visit) healthz() error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(v.w, "ok\n")
	return err
}

// readyz says whether this node can work: the database answers, and which outside services are down (nothing is lost meanwhile).
func (v *visit) readyz() error {
	var waiting, failed int64
	err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { waiting, failed, err = job.Waiting(tx); return })
	status := http.StatusOK
	out := map[string]any{"ready": err == nil, "engine": v.DB.Dialect(), "edition": v.n.Hash(), "jobs_waiting": waiting, "jobs_failed": failed, "down": v.Notify.Down()}
	if err != nil {
		status = http.StatusServiceUnavailable
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.WriteHeader(status)
	return json.NewEncoder(v.w).Encode(out)
}

func (v *visit) prometheus() error {
	if err := v.fromHere(); err != nil {
		return err
	}
	promhttp.HandlerFor(v.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(v.w, v.r)
	return nil
}

// liveBeat keeps proxies from closing a quiet stream.
const liveBeat = 20 * time.Second

// live is a stream of "changed" (server-sent events) for the topics that the actor may watch. It carries no data: the page asks again.
func (v *visit) live() error {
	topic := v.r.URL.Query().Get("topic")
	if err := v.mayWatch(topic); err != nil {
		return err
	}
	if err := v.limits.allow("live "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	topics := strings.Split(topic, ",")
	changed, end := v.DB.Listen(topics...)
	defer end()
	rc := http.NewResponseController(v.w)
	h := v.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	v.wrote = true
	v.w.WriteHeader(http.StatusOK)
	send := func(s string) error {
		if err := rc.SetWriteDeadline(time.Time{}); err != nil {
			return err
		}
		if _, err := io.WriteString(v.w, s); err != nil {
			return err
		}
		return rc.Flush()
	}
	if err := send("retry: 2000\n\n"); err != nil {
		return nil // the reader went away
	}
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-v.ctx.Done():
			return nil
		case <-changed:
			err = send("data: changed\n\n")
		case <-beat.C:
			err = send(": still here\n\n")
		}
		if err != nil {
			return nil // the reader went away
		}
	}
}

// mayWatch lets a consumer watch his request, a professional the board and himself, staff every queue.
func (v *visit) mayWatch(topics string) error {
	for topic := range strings.SplitSeq(topics, ",") {
		kind, id, _ := strings.Cut(topic, " ")
		ok := false
		switch v.actor.Who {
		case auth.Consumer:
			ok = kind == "request" && id == v.actor.Request
		case auth.Professional:
			ok = topic == "board" || kind == "pro" && id == v.actor.Pro
		case auth.StaffMember:
			ok = topic == "queue" || topic == "board" || topic == "calls" || kind == "request" || topic == "cases" && v.actor.Can(auth.CaseRead) || topic == "oversight" && v.actor.Can(auth.OversightRead)
		}
		if v.Config.Demo && topic == "outbox" {
			ok = true
		}
		if !ok {
			return fault.New(fault.Denied, "not-yours", fault.T("Ce suivi n’est pas pour vous.", "This is not for you to watch."))
		}
	}
	return nil
}

func jsonTo(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return nil
}
