package rig

import (
	"context"
	"slices"
	"sync"

	"entremise/internal/billing"
	"entremise/internal/call"
	"entremise/internal/money"
	"entremise/internal/notify"
)

// Post is the world that messages go out to: it takes each one, and forgets repeated ids as a deduplicating receiver does. Safe for
// concurrent use.
type Post struct {
	mu     sync.Mutex
	answer func(id string) notify.Delivery
	texts  []notify.SMS
	mails  []notify.Mail
	tries  map[string]int
	taken  map[string]bool
}

// Answer makes what follows the outcome of each attempt, by the message's id. A message is kept when the answer is Sent or InDoubt: then the
// receiver has it. nil takes everything again.
func (p *Post) Answer(f func(id string) notify.Delivery) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

func (p *Post) take(id string, keep func()) notify.Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tries == nil {
		p.tries, p.taken = map[string]int{}, map[string]bool{}
	}
	p.tries[id]++
	d := notify.Delivery{Outcome: notify.Sent, Code: "rig"}
	if p.answer != nil {
		d = p.answer(id)
	}
	if (d.Outcome == notify.Sent || d.Outcome == notify.InDoubt) && !p.taken[id] {
		p.taken[id] = true
		keep()
	}
	return d
}

func (p *Post) sms(_ context.Context, m notify.SMS) notify.Delivery {
	return p.take(m.ID, func() { p.texts = append(p.texts, m) })
}

func (p *Post) mail(_ context.Context, m notify.Mail) notify.Delivery {
	return p.take(m.ID, func() { p.mails = append(p.mails, m) })
}

// Texts are the SMS that arrived, each id once, in order.
func (p *Post) Texts() []notify.SMS {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.texts)
}

// Mails are the e-mails that arrived, each id once, in order.
func (p *Post) Mails() []notify.Mail {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mails)
}

// Tries is how often a message was handed over.
func (p *Post) Tries(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tries[id]
}

// Bank is the card service: it knows a payment by its id and takes its money at most once, however often it is asked. Safe for concurrent
// use.
type Bank struct {
	mu       sync.Mutex
	answer   func(op, payment string) billing.CardResult
	taken    map[string]money.Amount
	released map[string]bool
	asked    []string
}

// Answer decides what the bank answers; op is "capture" or "release". An answer in doubt still does what was asked, as a line that breaks
// after the order went through. f runs outside the bank's lock, so it may block to play a slow bank. nil says yes to everything.
func (b *Bank) Answer(f func(op, payment string) billing.CardResult) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer = f
}

func (b *Bank) ask(op, payment string, do func()) billing.CardResult {
	b.mu.Lock()
	answer := b.answer
	b.asked = append(b.asked, op+" "+payment)
	b.mu.Unlock()
	result := billing.CardDone
	if answer != nil {
		result = answer(op, payment)
	}
	if result != billing.CardRefused {
		b.mu.Lock()
		defer b.mu.Unlock()
		do()
	}
	return result
}

func (b *Bank) card() billing.Card {
	if b.taken == nil {
		b.taken, b.released = map[string]money.Amount{}, map[string]bool{}
	}
	return billing.Card{
		Name: "rig", Embedded: true,
		Checkout: func(payment, back string) string {
			return "https://bank.example/pay/" + payment + "?back=" + back
		},
		Capture: func(_ context.Context, payment, _ string, amount money.Amount) billing.CardResult {
			return b.ask("capture", payment, func() { b.taken[payment] = amount })
		},
		Release: func(_ context.Context, payment, _ string) billing.CardResult {
			return b.ask("release", payment, func() { b.released[payment] = true })
		},
	}
}

// Taken is what the bank took for a payment, once; zero for nothing.
func (b *Bank) Taken(payment string) money.Amount {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.taken[payment]
}

// Total is all the money that the bank took.
func (b *Bank) Total() (sum money.Amount) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.taken {
		sum += a
	}
	return sum
}

// Released reports whether the bank gave a payment's hold back.
func (b *Bank) Released(payment string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.released[payment]
}

// Asked lists what the bank was asked, "capture pay_…", in order.
func (b *Bank) Asked() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.asked)
}

// Line is the telephony: the simulated one, whose sound may be withheld. Safe for concurrent use.
type Line struct {
	mu     sync.Mutex
	answer func() ([]byte, error)
	asked  int
	refuse error

	deleted []string
}

// Deleted are the line's names of the calls of which it has confirmed that nothing is left, in order.
func (l *Line) Deleted() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.deleted)
}

// Refuse makes the line answer every deletion with an error; nil confirms again.
func (l *Line) Refuse(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = err
}

// Answer makes what follows the sound of every call, or the error of fetching it; nil plays the tone again.
func (l *Line) Answer(f func() ([]byte, error)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answer = f
}

// Asked is how often a sound was fetched.
func (l *Line) Asked() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked
}

func (l *Line) line() call.Line {
	line := call.Simulated()
	tone := line.Fetch
	line.Fetch = func(ctx context.Context, id string) ([]byte, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.asked++
		if l.answer != nil {
			return l.answer()
		}
		return tone(ctx, id)
	}
	remove := line.Delete
	line.Delete = func(ctx context.Context, id string) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.refuse != nil {
			return l.refuse
		}
		l.deleted = append(l.deleted, id)
		return remove(ctx, id)
	}
	return line
}
