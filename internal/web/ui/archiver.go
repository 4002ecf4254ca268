package ui

import "time"

// Archiver is `/archiveur`: what lies with the archiver, what is late, and the certificates of what he deleted.
type Archiver struct {
	Space
	Recipient string // who he is, in the file's words
	Third     bool   // somebody else keeps it
	Down      bool
	Every     string // how often each deposit is compared, in words
	Figures   []Fact
	Late      []DepositLine
	Newest    []DepositLine
	Ended     []DepositLine
}

// DepositLine is a deposit in a list.
type DepositLine struct {
	ID, Record, Kind string
	At               time.Time
	Status           Status
	Detail           string
}

// Deposit is `/archiveur/{id}`: what is known of one deposit. Form: POST (ground, reference) has it back.
type Deposit struct {
	Space
	Form
	ID          string
	Status      Status
	Alert       string // what is wrong with it
	Facts       []Fact
	MayRestore  bool
	Grounds     []Option
	Restored    string // its text, shown once
	Bytes       int    // of what was restored and is no text
	Reference   string
	Certificate string
}
