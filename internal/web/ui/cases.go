package ui

import "time"

// RightsForm is `/mes-droits`: what one may ask about one's data, without an account. Inputs: asked, scopes, name, email, phone, details.*,
// words, website (a trap). On the space it is the professional's, who asks for himself or passes on what a client asked (ref).
type RightsForm struct {
	Public
	Form
	Action   string
	Asked    []Option
	Scopes   []Option
	Purposes []Option
	Consents []Option
	Details  []Input
	Within   string // the time to answer, in words
	Officer  []Fact // how else to ask
	Complain string // the authority, with address and site
	Members  bool   // companies that decide jointly pass on what was asked of them: the page leads to their form
}

// MemberRights is `/mes-droits/membre`: a company that decides jointly passes on what was asked of it (RN-07). Posts there, inputs as in RightsForm with
// details.member and details.member-email.
type MemberRights struct {
	Public
	Form
	Asked    []Option
	Scopes   []Option
	Purposes []Option
	Within   string
}

// CaseMember offers to tell the company that decides jointly; Name is what the person wrote of it.
type CaseMember struct{ Name string }

// ProRights is `/droits`, the same for a professional.
type ProRights struct {
	Space
	Form
	Asked    []Option
	Scopes   []Option
	Purposes []Option
	Within   string
}

// MyCase is `/mon-dossier`, opened by a private link. Forms: POST /mon-dossier/suite (words).
type MyCase struct {
	Public
	Form
	Reference string
	Title     string
	Status    Status
	Due       time.Time // zero when no clock runs
	Why       string    // why it takes longer
	Doubt     string    // why we ask who somebody is
	Lift      string    // when a freeze ends, in words; empty when no end was announced
	Steps     []Step
	Letters   []LetterShown
	Told      []ToldShown
	Write     bool
	Copy      string // address of the copy; empty when there is none
	Directive string // where he says what becomes of his data after his death
	Officer   string
	Complain  string
	Refused   bool
}

// LetterShown is one letter of a case. Its text is text, whatever it was sent as.
type LetterShown struct {
	At      time.Time
	From    string
	Subject string
	Text    string
	Parts   []Fact // attachments: name; type and size
	Ours    bool
	Raw     string // where it is had as it came; staff only
}

// ToldShown is a recipient who was told, with where that stands.
type ToldShown struct {
	Name, What string
	Status     Status
}

// MyCopy is `/mon-dossier/donnees`: what we hold about somebody, and why.
type MyCopy struct {
	Public
	Reference string
	Sections  []CopySection
	Purposes  []CopyPurpose
	Receivers []Fact
	Received  []Fact // who really received something, by name
	Control   []Fact
}

// CopySection is one record.
type CopySection struct {
	Title string
	Facts []Fact
}

// CopyPurpose is one use of the data.
type CopyPurpose struct{ Label, Basis, Data, Sources, Recipients, Kept string }

// ToldPage is `/destinataire/{token}`: who received data confirms that he did the same.
type ToldPage struct {
	Public
	Action string
	What   string
	Ref    string
	Shared bool // a right over what is decided jointly: nothing was asked of this recipient but to know
	Done   bool
}

// CaseQueue is `/dossiers`, the officer's desk: one queue of every channel, oldest clock first.
type CaseQueue struct {
	Space
	Tell []Fact
	Due  []Due
	Past bool
}

// CaseNew is `/dossiers/nouveau`: an agent writes down a call, the officer a letter.
type CaseNew struct {
	Space
	Form
	Channels []Option
	Asked    []Option
	Scopes   []Option
	Purposes []Option
	Consents []Option
	Details  []Input
	Post     bool // this actor may enter a letter
}

// CaseFile is `/dossiers/{id}`. Every form posts to Action with do.
type CaseFile struct {
	Space
	Form
	Member    *CaseMember // nil: nobody decides jointly, or he was told
	Action    string
	Reference string
	Title     string
	Status    Status
	Due       time.Time
	Facts     []Fact
	Letters   []LetterShown
	People    []CasePerson
	Steps     []Step
	Told      []ToldShown
	Asked     []Option
	Scopes    []Option
	Purposes  []Option
	Consents  []Option
	Against   []CaseOpposition
	Reviews   []CaseReview
	Death     *CaseDeath // of a case about data after death
	Do        []Action   // what may be done with the data, each with its effect in words
	Templates []Link     // ready-made answers
	Refusals  []Option
	Copy      string // the copy as the person will see it
	Running   bool
	Waiting   bool
	MayAsk    bool
	MayExtend bool
	Fix       []CaseFix // rectification
	Audit     string
}

// CasePerson is somebody whose records the case is about.
type CasePerson struct {
	ID, Kind, Name, Contact string
	Requests                []Link
}

// CaseFix is what a person's record says now, to be corrected.
type CaseFix struct {
	ID                          string
	Name, Company, Phone, Email string
}
