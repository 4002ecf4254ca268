package ui

import "time"

// Document is a public document: made of the operator's file, in the version that applies or an earlier one. HTML was made by us from Markdown and is trusted.
type Document struct {
	Public
	Title   string
	HTML    string
	Version string
	Updated time.Time   // the day from which it applies, shown (ET-156)
	History string      // where all versions are; empty on an earlier one's own page
	Note    string      // said first: that it is an earlier version, or that another comes
	More    []Link      // beside the note
	Choose  *CookieForm // the form of the cookie page
}

// Versions lists documents, or the versions of one.
type Versions struct {
	Public
	Title string
	Rows  []VersionRow
}

// VersionRow is one document or version.
type VersionRow struct {
	Kind        string
	Title, Href string
	Applies     time.Time
	Version     string
	State       Status
	Changes     string // where what changed is shown; empty for the first
}

// Comparison is what changed between two versions.
type Comparison struct {
	Public
	Title        string
	From, To     string // versions
	FromOn, ToOn time.Time
	Whole        string // the newer version
	Lines        []ComparedLine
}

// ComparedLine is a line of a comparison; Skipped stands for lines left out that stay the same.
type ComparedLine struct {
	Pieces  []ComparedPiece
	Skipped int
}

// ComparedPiece is a run of words: "+" comes, "-" goes, "" stays.
type ComparedPiece struct{ Op, Text string }

// CookieForm lets a visitor choose by purpose and by partner. It posts to /cookies.
type CookieForm struct {
	Words    string
	Purposes []CookieBox
	Partners []CookieBox
	Made     string // what stands now and until when, in a sentence; empty when nothing was chosen
	Back     string
}

// CookieBox is one purpose or partner.
type CookieBox struct {
	ID, Label, About string
	Exempt, On       bool
	Href             string // a partner's own policy
}

// CookiePanel is asked on the first page: take all, refuse all at the same level, or choose. With nothing to choose it is a notice with an OK.
type CookiePanel struct {
	Words   string
	Choices bool
	Names   string // the purposes, in a few words
	Back    string
}

// Audience is a measurement script that may run on this page. Chosen says that the visitor himself allowed it.
type Audience struct {
	Source, Key string
	Chosen      bool
}

// Embed is a frame of a partner's; without Source it waits for the visitor's yes.
type Embed struct {
	ID, Title, By, Policy, Source string
	Purposes                      []string
}

// Told is a change of a public document, said on the pages.
type Told struct {
	Text string
	Link Link
}

// Accepting asks a professional to accept what changed before he goes on.
type Accepting struct {
	Space
	Form
	Rows  []VersionRow
	First bool // nothing has changed: it is accepted for the first time
}

// Register is the record of processing activities (GDPR art. 30).
type Register struct {
	Space
	Facts []Fact
	Head  []string   // what each cell is; the second is the purpose
	Rows  [][]string // an activity each
	As    []Link
}
