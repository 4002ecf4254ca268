package notify

import (
	"sync"
	"time"
)

// Breaker spares an outside service that is down, and the queue's workers with it: after threshold outages in a row it answers Later at
// once, lets one message try after a pause, and doubles the pause while that fails. Safe for concurrent use.
type Breaker struct {
	threshold    int
	first, limit time.Duration
	now          func() time.Time // machine time

	mu      sync.Mutex
	outages int // in a row
	pause   time.Duration
	until   time.Time // open until then
	probing bool      // one message is out to try
}

// circuitOpen is the code of an answer for which nothing was handed over.
const circuitOpen = "circuit open"

// NewBreaker opens after threshold outages in a row, for first, then twice that, and so on up to limit.
func NewBreaker(threshold int, first, limit time.Duration, now func() time.Time) *Breaker {
	return &Breaker{threshold: max(threshold, 1), first: first, limit: max(first, limit), now: now}
}

// Do runs send unless the service is known to be down. What the service refuses counts as a sign of life; Later and InDoubt are outages,
// save where the service itself said how long to wait.
func (b *Breaker) Do(send func() Delivery) Delivery {
	if wait, open := b.enter(); open {
		return Delivery{Outcome: Later, Code: circuitOpen, Wait: wait}
	}
	alive := false
	defer func() { b.leave(alive) }() // also when send panics: a probe that never returns would keep the circuit open for ever
	d := send()
	alive = !d.Again() || d.Wait > 0
	return d
}

// Open reports whether messages are held back now; for health pages.
func (b *Breaker) Open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.outages >= b.threshold
}

func (b *Breaker) enter() (wait time.Duration, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.outages < b.threshold {
		return 0, false
	}
	if wait = b.until.Sub(b.now()); wait > 0 {
		return wait, true
	}
	if b.probing {
		return b.pause, true
	}
	b.probing = true
	return 0, false
}

func (b *Breaker) leave(alive bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if alive {
		b.outages, b.pause = 0, 0
		return
	}
	b.outages++
	if b.outages >= b.threshold && !b.now().Before(b.until) { // others that were already out do not lengthen the pause
		b.pause = min(max(2*b.pause, b.first), b.limit)
		b.until = b.now().Add(b.pause)
	}
}
