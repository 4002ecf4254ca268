package ui

import "time"

// Oversight is `/conformite`, the officer's own files: what waits, the registers, and what leads on.
type Oversight struct {
	Space
	Due       []Due
	Registers []FileKind
	Inspect   bool // may make an inspection pack: POST /conformite/inspection
}

// FileKind is one register on the overview.
type FileKind struct {
	Title, About string
	Href, New    string
	Files        int
}

// FileRegister is `/conformite/registre/{kind}`: every file of a kind, newest first.
type FileRegister struct {
	Space
	Title, About string
	New, CSV     string
	Rows         []FileRow
	Wanted       []AssessedRow // purposes that call for an assessment
}

// FileRow is one file in a register.
type FileRow struct {
	Title, Ref, Href string
	Since            time.Time
	By               time.Time // its clock, or the day on which it is looked at again; zero for none
	Status           Status
	Facts            []string
	Words            []Fact // what a register must say in words (GDPR art. 33.5)
}

// AssessedRow is a purpose whose impact is assessed, and why.
type AssessedRow struct {
	Purpose, Why string
	Status       Status
	Href         string
}

// FileInput is one thing that a file asks. Many makes tick boxes of its options.
type FileInput struct {
	Input
	Many bool
}

// FileNew is `/conformite/nouveau/{kind}`.
type FileNew struct {
	Space
	Form
	Title, About, Action string
	Inputs               []FileInput
}

// FileShown is `/conformite/dossier/{id}`. Every form posts to Action with do; Extract posts to Action + "/extrait".
type FileShown struct {
	Space
	Form
	Action, Reference, Title string
	Status                   Status
	Due                      time.Time
	Facts                    []Fact
	Inputs                   []FileInput // empty once it is closed
	Missing                  []string    // labels of what it lacks
	Words                    []Fact      // what it says, once it is closed
	Scoped                   bool
	Holds                    bool // what it names is kept while it is open
	People                   []FilePerson
	Steps                    []Step
	Letters                  []FileLetter
	Draft                    string // address of the notice to the authority
	Letter                   string // address of the letter to the people as it would go out
	Late                     bool   // the notice needs its reasons
	MayNotify, MayDecline    bool
	MayTell, MayWithhold     bool
	Data                     []Option // categories of whose people all can be written to
	Extract                  bool
	Running                  bool
	Audit                    string
}

// FilePerson is somebody whose records a file is about.
type FilePerson struct {
	ID, Ref string
	Record  string // the one record that is meant; empty for all of the person
	Held    bool
	Href    string
}

// FileLetter is a sending to the people concerned.
type FileLetter struct {
	At     time.Time
	Whom   string
	Status Status
}

// Recipients is `/conformite/destinataires`: processors, joint controllers and whoever else gets data, with what is missing.
type Recipients struct {
	Space
	Rows  []RecipientRow
	Joint []JointRow
	CSV   string
}

// RecipientRow is one recipient.
type RecipientRow struct {
	Name    string
	Role    string
	Facts   []Fact
	Missing []string
}

// JointRow is a joint controllership (GDPR art. 26).
type JointRow struct {
	Purpose, With string
	Essence       string // address of the public page that says it
}
