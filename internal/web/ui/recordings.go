package ui

import "time"

// Recording is `/enregistrements/{id}`: why it is heard (ET-146), then its sound; who heard it; to whom it is lent (AQ-15). Form: POST (purpose);
// /pret (recipient, dispute, why, days); /enregistrements/prets/{id}/fin. The sound's address is good for this one hearing, however often the
// player asks for a part of it.
type Recording struct {
	Space
	Form
	Action   string
	Purposes []Option
	At       time.Time
	Length   time.Duration
	Sound    string // address; empty before a purpose was named
	Heard    []Step // who did what with it, newest first
	MayLend  bool
	Lend     Form // what was typed in the form of a loan
	To       []Option
	Disputes []Option // none: nothing may be lent
	Most     string   // the longest life of a link, in words
	Days     string   // and in days
	Link     string   // of the loan just made: shown once
	Loans    []LoanLine
}

// LoanLine is one loan of a recording.
type LoanLine struct {
	ID, To, Reference, Why, By string
	At, Until                  time.Time
	Uses                       int
	Status                     Status
	Stands                     bool
}

// Recordings is `/enregistrements`: what is kept, for who may hear, and what the line was asked to delete.
type Recordings struct {
	Space
	Hear    bool
	Kept    []Call
	Owed    []CopyLine // not confirmed
	Deleted []CopyLine // confirmed
}

// CopyLine is a deletion that the line was asked for.
type CopyLine struct {
	Site      string
	At, Asked time.Time
	Tries     int
	Confirmed time.Time
}

// Lent is `/ecoute/{token}`: one recording lent for a dispute, and nothing else of it. Form: POST.
type Lent struct {
	Public
	Action    string
	Reference string
	Until     time.Time
	Sound     string
}
