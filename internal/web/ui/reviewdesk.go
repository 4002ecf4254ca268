package ui

import "time"

// ReviewDesk is `/equipe/avis`: what waits for a moderator on the left, the case on the right. Every case that opens leaves a line in the trail.
type ReviewDesk struct {
	Space
	Form
	Due    []Due
	Open   *ReviewCase
	Next   string // address of the case after the open one; empty at the end
	Before string
}

// ReviewCase is a review, a report of one or an appeal, opened. Its forms post to Action/decision (check-…, reason, do), /document (whom, what), /appel (outcome, said),
// /exclusion, /retrait (reason), /recours (verdict, answer) and /signalement (verdict, reason, answer, abusive, until).
type ReviewCase struct {
	ID, Title string
	Status    Status
	Action    string
	Asked     []Fact // what was asked, marks
	Comment   string
	Gone      string // why there is nothing to read
	Author    []Fact
	Hints     []HintShown
	Papers    []PaperShown
	Steps     []ReviewStep

	Waits    bool   // for a decision
	Blocked  string // why it cannot be decided yet
	Checks   []Input
	Reasons  []Option
	Effect   string // what a publication does, said before
	Refusal  string // and a refusal
	Outcomes []Option
	CanPull  bool
	CanBan   bool
	BanTell  string
	Report   *ReportShown
	Appeal   *AppealShown
}

// HintShown is a fact beside the text, with its reason.
type HintShown struct{ What, Why string }

// PaperShown is a document that was asked for.
type PaperShown struct {
	Label, Href string
	Status      Status
}

// ReviewStep is a step with what was said in it.
type ReviewStep struct {
	Step
	Words string
}

// ReportShown is what somebody reported.
type ReportShown struct {
	Facts   []Fact
	Words   string
	Open    bool
	Gone    bool // the review has ended otherwise
	Verdict []Option
	Last    string // latest day of a limit, as an ISO date
}

// AppealShown is a decision that its author contests.
type AppealShown struct {
	Facts   []Fact
	Open    bool
	Blocked string
	Look    string // who looks, said before
	Verdict []Option
}

// Bans is `/equipe/avis/exclus`.
type Bans struct {
	Space
	Rows []BanRow
	Keep string
}

// BanRow is who is banned.
type BanRow struct {
	Name, Contact, Reason string
	At, Until             time.Time
	Status                Status
}

// ReviewFigures are the desk's own statistics, shown to staff and to anybody.
type ReviewFigures struct {
	Tell    []Fact
	Levels  []LevelRow
	Reasons []Fact
}

// LevelRow is how reviews of one satisfaction were decided.
type LevelRow struct{ Level, Published, Refused, Share, Mean string }

// ReviewDeskFigures is `/equipe/avis/chiffres`.
type ReviewDeskFigures struct {
	Space
	Public  string // where anybody reads them
	Figures ReviewFigures
}

// ReportForm is `/avis/{digits}/signaler`. Posts there: reason, words, name, email, faith.
type ReportForm struct {
	Public
	Form
	Action, Ref, Company, Comment string
	Reasons                       []Option
	Decide                        string
	Notice                        Notice
	Sent                          string // the reference, once it is sent
}

// AppealForm is `/mon-avis/recours`: decisions about one's review, and the form that contests one. Posts there: what, said.
type AppealForm struct {
	Public
	Form
	Company string
	Rulings []RulingShown
	Open    []Option
	Decide  string
}

// RulingShown is a decision with where its appeal stands.
type RulingShown struct {
	Title, Reason string
	At, Until     time.Time
	Status        Status
}

// PaperForm is `/avis/piece/{token}`. Posts there: file.
type PaperForm struct {
	Public
	Form
	Action, What string
	Until        time.Time
	Sent         bool
}
