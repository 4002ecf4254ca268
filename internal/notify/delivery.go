// Package notify carries messages out of the house and reads what comes back: e-mail by SMTP, SMS by an HTTP gateway.
//
// A driver is handed one message with its own random id, and tells what became of it. It never sends by itself a second time: the queue
// does, with the same id, so that a receiver that knows ids sees one message.
package notify

import "time"

// Outcome is what became of one attempt. There are no others.
type Outcome string

const (
	Sent    Outcome = "sent"     // the other side has taken it
	Refused Outcome = "refused"  // it will never take this message; do not repeat
	Later   Outcome = "later"    // it has not taken it, and may; repeat
	InDoubt Outcome = "in-doubt" // the line broke after the message was handed over and before the answer
)

// Delivery is the account of one attempt. It holds nothing of the message: it may be logged and stored as it is.
type Delivery struct {
	Outcome Outcome
	Ref     string        // the receiver's own id of the message, when it gave one
	Code    string        // "smtp 550 5.1.1", "http 422", "dial", "timeout": for people who look for the cause
	Wait    time.Duration // the receiver asks to wait so long before the next attempt; zero leaves it to the queue
}

// Again reports whether the queue should repeat the message, with the same id. Where the receiver drops a known id (the SMS gateway does,
// by contract) a doubt costs nothing; a mailbox may see a message twice, which is better than never, and people see the doubt meanwhile.
func (d Delivery) Again() bool { return d.Outcome == Later || d.Outcome == InDoubt }
