package ui

import "time"

// Rating is what the published reviews of a company say together. Mean is in tenths of a mark; Scale is the highest mark.
type Rating struct{ Mean, Count, Scale int }

// Mark writes a mark in tenths as people do: 4,3.
func (l Lang) Mark(tenths int) string {
	return l.Number(tenths/10) + l.T(",", ".") + l.Number(tenths%10)
}

// Directory is /entreprises: the members of a trade around a place. Its form asks again by GET; the script fills in the device's position only when its button is pressed.
type Directory struct {
	Public
	Trades     []Option
	Trade      string
	Place      string // as typed
	Near       string // as understood; empty: no place
	Kept       bool   // the place is remembered on this device
	Unknown    bool   // what was typed is no place
	Others     []Link // other places of that name
	Companies  []CompanyCard
	Prev, Next string
}

// CompanyCard is one line of the directory.
type CompanyCard struct {
	Name, Href, Place, Trades string
	Km                        float64
	Far                       bool // Km is known
	Rating                    Rating
}

// CompanyPage is /entreprises/{name-id}.
type CompanyPage struct {
	Public
	Name, Trades, Place string
	Facts               []Fact
	Rating              Rating
	Bars                []Count
	Filters             []Tab // by audience
	Orders              []Tab
	Reviews             []ReviewCard
	Prev, Next          string
	Ask                 []Link // forms for a quote from this company
	Own                 string // where somebody asks for a questionnaire about it
	Complete            string // where the completeness of what is shown can be checked
	Atom, JSON          string // feeds
	Canonical           string
	Data                string // schema.org, as JSON
	Decide              string // announced time of moderation
}

// Tab is one of several ways to see a list.
type Tab struct {
	Link
	On bool
}

// ReviewCard is a published review.
type ReviewCard struct {
	Ref, Href, Audience string
	Level               Status
	Overall, Scale      int // in tenths of a mark; highest mark
	Marks               []Fact
	Service             string
	Comment             string
	Foreign             string // language of the comment where it is not the page's
	Dates               []Fact // C. conso. D111-17 1° b
	Verify, Report      string
	Replied             *ReplyCard
}

// ReplyCard is what a company answers to a review.
type ReplyCard struct {
	By, Text string
	At       time.Time
}

// OneReview is /avis/{digits}.
type OneReview struct {
	Public
	Card    ReviewCard
	Company Link
	Data    string
}

// ReviewRules is /avis: how reviews are collected, checked, shown and ended, in one place (C. conso. D111-17 2°, D111-18).
type ReviewRules struct {
	Public
	Decide, Online, Archived, Appeal, Documents, Sample string
	Reasons                                             []string
	Scale                                               int
	Satisfied, Moderately                               int // thresholds, in tenths of a mark
	Asked                                               bool
	Figures                                             ReviewFigures
}

// ProofPage is a check of three plain steps, each with how it is made.
type ProofPage struct {
	Public
	Title       string
	Valid       bool
	Waits       bool // what came a moment ago waits for its checkpoint
	Fine, Wrong string
	Facts       []Fact
	Steps       []ProofStep
	JSON        string
	Review      string // path of the review's own page, which the visitor's browser reads and checks; empty: the page is of something else
	Back        Link
}

// ProofStep is one of them.
type ProofStep struct {
	Status Status
	How    string
	Facts  []Fact
}
