package db

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
)

// wakes tell whoever waits that something changed. They carry a topic, never data: the one who wakes reads the database again. They may
// be lost or doubled, so everybody who listens also polls.
type wakes struct {
	mu     sync.Mutex
	subs   map[string]map[chan struct{}]struct{}
	node   string
	remote chan string // to other nodes; full means that a wake-up is on its way already or the link is down
}

func newWakes() *wakes {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("db: no randomness: " + err.Error())
	}
	return &wakes{subs: map[string]map[chan struct{}]struct{}{}, node: hex.EncodeToString(b[:]), remote: make(chan string, 256)}
}

// Wake tells this node, and the others on PostgreSQL, that topic changed. Call it through Tx.AfterCommit. A topic is a word or an id, at
// most 200 bytes, never a personal value.
func (d *DB) Wake(topic string) {
	d.wake.local(topic)
	if d.dialect == PostgreSQL {
		select {
		case d.wake.remote <- topic:
		default:
		}
	}
}

// Wake after this transaction commits.
func (t *Tx) Wake(topic string) { t.AfterCommit(func() { t.db.Wake(topic) }) }

// Listen returns a channel that gets a token when a topic changed (tokens merge while nobody reads) and a function that ends it.
func (d *DB) Listen(topics ...string) (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	w := d.wake
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range topics {
		if w.subs[t] == nil {
			w.subs[t] = map[chan struct{}]struct{}{}
		}
		w.subs[t][ch] = struct{}{}
	}
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, t := range topics {
			delete(w.subs[t], ch)
			if len(w.subs[t]) == 0 {
				delete(w.subs, t)
			}
		}
	}
}

func (w *wakes) local(topic string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.subs[topic] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

func (w *wakes) heard(payload string) {
	node, topic, ok := strings.Cut(payload, " ")
	if ok && node != w.node {
		w.local(topic)
	}
}
