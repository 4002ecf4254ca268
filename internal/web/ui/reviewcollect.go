package ui

import "time"

// Questionnaire is `/mon-avis` while it is not answered, and `/mon-avis/modifier`: posts to Action (answers.…, service, on, until, consent-…; do: send or save).
type Questionnaire struct {
	Public
	Form
	Action    string
	Company   string // whom it is about, with his town
	Label     string // what about, as the network file says
	Employee  bool
	Again     bool // a deposited review is changed: nothing is saved on the way and no box is asked again
	Questions []Question
	Consents  []Consent
	Until     time.Time // last instant at which it can be answered
	Decide    string    // longest time until a moderator decides
	Member    string    // who told us of the experience; empty when the author did
	Notice    Notice
}

// MyReview is `/mon-avis` once it is answered. Posts: /mon-avis/retrait; /mon-avis/accord (consent); /mon-avis/partage (share: yes or no).
type MyReview struct {
	Public
	Ref         string
	Company     string
	Status      Status
	Explained   string // what the status means, and what comes
	Steps       []Step
	Facts       []Fact // marks and answers, as they were deposited
	Comment     string
	Pending     *Pending // a later version that waits
	Fingerprint string   // hexadecimal
	Logged      bool     // it is in a checkpoint of the log
	Shown       string   // where it is published; empty while it is not
	Consents    []Given
	Shared      bool
	MayChange   bool
	MayWithdraw bool
	MayShare    bool // others show reviews of this network
	Contest     time.Time
}

// Pending is a version that waits for a moderator.
type Pending struct {
	At    time.Time
	Facts []Fact
	Text  string
}
