package ui

import (
	"time"

	"entremise/internal/money"
)

// Today is `/aujourdhui`: what is due across all of one's roles, oldest clock first.
type Today struct {
	Space
	Due  []Due
	Tell []Fact // a few figures of the day
}

// Due is one thing to do.
type Due struct {
	Queue  string // Rappels, Invendus…
	Title  string
	Detail string
	Href   string
	Since  time.Time
	By     time.Time // its clock; zero for none
	Taken  string    // by whom, when somebody has it
}

// Queue is `/rappels` or `/invendus`: who waits on the left, the case on the right. POST {Action of the item} takes it.
type Queue struct {
	Space
	Title string
	Hint  string
	Due   []Due
	Open  *QueueCase // what was chosen with ?c=
	None  string     // words for an empty queue
}

// QueueCase is one case of a queue, before it is taken: structured choices only.
type QueueCase struct {
	ID      string
	Title   string
	Facts   []Fact
	Actions []Action
}

// Action is a button that posts. Effect says in words what happens, before it happens.
type Action struct {
	Label  string
	Href   string
	Hidden []Hidden
	Key    string // a digit or letter
	Effect string
	Main   bool
	Danger bool
}

// Calls is `/appels`. Forms: POST /appels (number) starts a call in progress by hand; /appels/{id}/prendre answers;
// /appels/simuler (number, trade) rings the simulated line.
type Calls struct {
	Space
	Form
	Ringing   []Call
	Live      []Call // in progress, everybody's
	Recent    []Call
	Simulated bool
	ByHand    bool     // this actor may begin a call in progress
	Sites     []Option // lines
	Trades    []Option
	Untrained string // why this agent cannot go on duty (ET-19)
}

// Call is one call.
type Call struct {
	ID      string
	Number  string // as shown; masked where the role may not see it
	Caller  string // a name when the number is known
	Site    string
	Trade   string
	At      time.Time
	Agent   string
	Status  Status
	Length  time.Duration // of a finished call
	Href    string        // the desk, or the request that came of it
	Offered string        // for whom it rings first: "plombiers de métier"
	Mine    bool          // this actor may answer it now

	Recording string // its page, for who may hear it
	Owed      bool   // the line was asked to delete what it keeps of it, and has not confirmed
}

// Desk is `/bureau` and `/bureau/{id}`: three columns, keyboard first. One form posts to Action with do=save|publish|close; it is also
// saved by the script a moment after each change, with the header Accept: text/html and X-Save: 1, and answered with this same page.
//
// Inputs as in Asking, and trade, intent, price (decimal, excl. VAT), price_reason, seats; close_reason with do=close. Until the caller has
// answered the announcement only the call is shown: nothing is asked before (ET-143).
type Desk struct {
	Space
	Form
	Action    string
	Reference string
	Phone     string // whom to call, where no call is going on
	Tel       string
	May       May    // whether the agent may call now
	Trade     string // slug chosen; empty: choose first
	TradeName string
	Trades    []Option
	Call      *DeskCall
	Script    []string // what the operator wants said
	Questions []Question
	Communes  []Option
	Urgency   []Option
	Intent    []Option  // how decided the caller sounds
	Consents  []Consent // asked aloud, ticked by the agent
	Photos    []Picture
	Preview   BoardItem
	Facts     []Fact // structured answers as professionals will see them
	Known     []Link // open requests of this caller
	Twin      Link   // a duplicate within the window
	Asked     []Candidate
	Excluded  []Excluded
	Price     Price
	Passes    bool // an agent forwards it to members whom he chooses
	Members   []MemberChoice
	Most      int          // of them
	Unsold    bool         // the network sells nothing: no price, nobody asked, nothing published
	Seats     int          // at most
	Missing   []string     // what is missing before it may be published, in words
	Reasons   []Option     // of closing without publishing
	Changes   *DeskChanges // nil: nothing was corrected meanwhile
	Saved     time.Time
	PublishAs string // the agent's name, under which it is published (ET-45)
}

// DeskChanges is what was corrected, by the customer as a rule, since the desk was opened, beside what stands on the desk. The desk's form is
// then sent with do=adopt or do=keep, and corrections.
type DeskChanges struct {
	At          time.Time
	Corrections int
	Lines       []DeskChange
}

// DeskChange is one field that differs.
type DeskChange struct{ Label, Desk, Now string }

// DeskCall is the call beside a desk. Forms: POST {Href}/annonce, then {Href}/enregistrement (answer=yes|no); {Href}/terminer.
type DeskCall struct {
	Href      string
	Number    string
	Site      string
	Started   time.Time
	Announce  string // the words to say first (ET-143)
	Announced bool
	Refusal   string // what to say to somebody who refuses (ET-144)
	Answer    string // "", yes, no
	Recorded  bool   // this call is in the recorded share
}

// Candidate is a professional who would be asked.
type Candidate struct {
	Name   string
	Km     float64
	Reason string // why: "dans sa zone et ses horaires"
}

// Excluded counts the professionals left out for one reason.
type Excluded struct {
	Reason string
	N      int
}

// Price is a proposal with its reasons.
type Price struct {
	Suggested  money.Amount
	Typed      string // what stands in the field
	Min, Max   money.Amount
	Reasons    []PriceReason
	VAT        money.Rate
	Incl       money.Amount
	Overridden bool
}

// PriceReason is one rule that moved the price: an amount or a factor, never both.
type PriceReason struct {
	Because string
	Effect  string // +12,00 €, × 1,5
}

// RequestFile is `/demandes/{id}` for staff. Every Action posts to its own address under it: corriger, prix (price, reason), retirer
// (reason), elargir (radius), proposer (pro | outside_name, outside_siren, outside_phone, outside_email, outside_street), sms (template |
// text), lien, rejouer.
type RequestFile struct {
	Space
	Form
	ID          string
	Reference   string
	Title       string
	Where       string
	Status      Status
	Item        BoardItem // as professionals see it
	Facts       []Fact    // with contact details where the role may see them
	Tel         string    // to call the customer; empty: no number
	May         May       // whether staff may call now
	Choices     []Choice  // the customer's choices, each in its exact words
	CanWithdraw bool      // staff may take one back at his word
	Uses        []Option  // what he may object to at his word
	Messages    []Step    // what was written to the customer
	Words       string
	Photos      []Picture
	Steps       []Step
	Sold        []Sold
	Asked       []Verdict // the newest decision: candidates, then after a replay those left out
	More        int       // verdicts not shown
	AskedAt     time.Time
	Decision    string // its id
	Replay      Status // identical, or where it differs
	Price       Price
	PricedBy    string   // "Prix fixé par Inès" (ET-45)
	Reasons     []Option // of withdrawal
	Templates   []Option
	Pros        []Option // whom one may offer it to by hand
	Widen       []Option // distances beyond coverage
	Desk        string   // where it is qualified, while it waits for that
	Take        string   // POST: takes it first
	CanFix      bool
	CanPrice    bool
	CanPull     bool
	CanWiden    bool
	CanOffer    bool
	CanText     bool
	CanLink     bool
	Passed      bool // it was forwarded: Sold are its members
	CanProcess  bool
	Members     []MemberChoice // further ones
	Most        int            // of them
	Recordings  []Link
	Audit       string // "Chaque ouverture de cette page est notée au journal."
}

// Sold is a professional who bought, and his clock.
type Sold struct {
	Name, Href string
	At         time.Time
	Excl       money.Amount
	CallBy     time.Time
	Called     time.Time // zero: not yet
	Outcome    string
}

// Verdict is one line of a decision.
type Verdict struct {
	Name   string
	Href   string
	Km     float64
	In     bool
	Reason string
}

// Search is `/recherche`, for what was posted there (q).
type Search struct {
	Space
	Hits []Hit
	Tip  string // what can be searched; ours when empty
}

// Hit is one finding.
type Hit struct {
	Kind, Title, Detail, Href string
	At                        time.Time
	Status                    Status
}

// Pros is `/pros`.
type Pros struct {
	Space
	Lines  []ProLine
	Typed  string   // name, number or SIREN looked for, ?nom=
	Trades []Option // filter, ?trade=
	Trade  string
	State  string // ?state=active, suspended, pending, closed, or idle: nothing bought for long (ET-49)
	Total  int
	Next   string

	CanCreate bool
}

// ProLine is one professional.
type ProLine struct {
	ID, Name, Town string
	Trades         []string
	Coverage       string
	Bought         int // last 30 days
	Last           time.Time
	Status         Status
}

// ProFile is `/pros/nouveau` (ID empty) and `/pros/{id}`. Forms: POST to itself with company, siren, contact, email, phone, street,
// postcode, commune, trades, centre, radius, departments, communes, one input a check, insurance_until; then {id}/suspendre (reason),
// {id}/reprendre, {id}/clore (close_reason), {id}/virement (amount, reference), {id}/inviter; GET {id}?why=REFERENCE answers "why not me".
type ProFile struct {
	Space
	Form
	ID       string
	Company  string
	Status   Status
	Trades   []Option
	Communes []Option
	Coverage Coverage
	Checks   []Consent // what was checked before access (ET-28, 29)
	Reasons  []Option  // of suspension (ET-86)
	Held     bool      // suspended
	Closed   bool      // for good
	Balance  money.Amount
	Facts    []Fact
	Steps    []Step
	Asked    string // reference typed in the "why not" box
	Why      *Why
	Idle     string // flagged: nothing bought for as long as the network file allows (ET-49)

	Standing  Standing
	Verifiers []Option // provider and what it verifies, "id:kind"
	Sendable  []Option // fields of a professional
	Results   []Option

	Member     bool        // the network has members: nothing is bought
	Membership *Membership // nil: there is none
	Invites    bool        // people may be asked for reviews of him

	CanEdit, CanSuspend, CanCredit, CanInvite, CanSilence, CanWhy bool
}

// Team is `/equipe`. Forms: POST /equipe (email, name, roles…), /equipe/{id} (roles…, trades…, trained=date), /equipe/{id}/desactiver,
// /equipe/{id}/reactiver.
type Team struct {
	Space
	Form
	Lines  []Member
	Roles  []Option
	Trades []Option
	Open   string // id of the member being edited
}

// Member is one staff account.
type Member struct {
	ID, Name, Email string
	Roles           []string // values of Team.Roles
	Trades          []string // trades of an agent who practised one
	Trained         string   // ISO date; empty: may not go on duty
	Status          Status
	Last            time.Time
	Link            string // invitation link, shown once
	Invited         bool   // not accepted yet: may be invited again
	Disabled        bool
	Self            bool
}

// Tokens is `/jetons`: with what other programs act here, and as whom. Forms: POST /jetons (kind, email, token_name), /jetons/{id}/revoquer.
type Tokens struct {
	Space
	Form
	Lines []Token
	Kinds []Option
	New   string // a token just made, shown once
}

// Token is what is known of an API token after it was shown.
type Token struct {
	ID     string
	Name   string // what it is for
	Holder string // as whom it acts; empty where that is plain
	At     time.Time
	By     string
	Good   bool // not revoked
}

// Permissions is `/permissions`: who may do what, from the one table that is enforced.
type Permissions struct {
	Space
	Roles []string
	Rows  []Permission
}

// Permission is one row: an action and, per role, "" no, or a word of limit, "yes" for without limit.
type Permission struct {
	Group  string
	Action string
	May    []string
}

// Journal is `/journal`, the audit trail. Filters: ?who= (an id) ?what= ?on= (a reference or an id). POST /journal/adresses (address, days, reason) shuts an address out.
type Journal struct {
	Space
	Form
	Lines []Entry
	Who   string
	What  string
	On    string // ids; what is typed is posted, and found
	From  string // ISO day, likewise To
	To    string
	Whos  []Option // by id: no name stands in an address
	Whats []Option
	Next  string
	CSV   string // the same lines as a file
	Block bool   // this actor may shut an address out
}

// Entry is one line of the audit trail.
type Entry struct {
	At     time.Time
	Who    string
	What   string
	On     string
	Href   string
	Why    string
	Denied bool
}

// Sales is `/ventes`.
type Sales struct {
	Space
	From, To string // ISO dates, ?from= ?to=
	Tell     []Fact
	Delays   []Delay
	Funnel   []Count
	Days     []SalesDay
	Trades   []SalesTrade
	CSV      string // the days as a file
}

// Delay is how long something takes: the median and the 95th percentile, with their number of cases.
type Delay struct {
	Label    string
	P50, P95 time.Duration
	N        int
	Target   time.Duration
	Trend    []float64 // p95 by day, in seconds, oldest first
}

// Count is a bar.
type Count struct {
	Label string
	N     int
}

// SalesDay is one day.
type SalesDay struct {
	Day            time.Time
	Asked, Sold    int
	Excl           money.Amount
	Recorded, Late int // first contacts within the clock, and after it
}

// SalesTrade is one trade over the period.
type SalesTrade struct {
	Trade       string
	Asked, Sold int
	Mean        money.Amount
	Trend       []float64 // sold by day
}

// Settings is `/reglages`: the edition in force, read only; it is changed by a signed network file.
type Settings struct {
	Space
	Hash     string
	InForce  time.Time
	Applied  time.Time
	By       string
	Groups   []SettingGroup
	Editions []EditionLine
}

// SettingGroup is a titled list.
type SettingGroup struct {
	Title string
	Facts []Fact
}

// EditionLine is one stored edition.
type EditionLine struct {
	Hash    string
	InForce time.Time
	Status  Status
}

// Correct is `/demandes/{id}/corriger`: what staff change at the customer's word. The inputs are those of Fix; posts there.
type Correct struct {
	Space
	Form
	ID        string
	Reference string
	Questions []Question
	Communes  []Option
	Sold      bool // says that who took the request is told of the change
}
