package ui

import (
	"time"

	"entremise/internal/money"
)

// DemoHome is `/_demo`. Forms: POST /_demo/horloge (by = a Go duration) moves business time forward.
type DemoHome struct {
	Frame
	Operator string
	Sites    []Link
	Roles    []DemoRole
	Offset   time.Duration
	Jumps    []Option
}

// DemoRole is a way in.
type DemoRole struct{ Role, Name, Detail, Href string }

// Outbox is `/_demo/outbox`: what would have left the house.
type Outbox struct {
	Frame
	Operator string
	Kind     string // sms, mail or payment; empty is all
	Lines    []OutboxLine
}

// OutboxLine is one message or payment.
type OutboxLine struct {
	ID      string
	Kind    string
	At      time.Time
	To      string
	Subject string
	Text    string // its addresses become links
	Amount  money.Amount
	Status  Status
}

// Components is `/_ui`: every component, and links to every screen.
type Components struct {
	Frame
	Groups []ComponentGroup
}

// ComponentGroup is a titled list of screens.
type ComponentGroup struct {
	Title string
	Links []Link
}
