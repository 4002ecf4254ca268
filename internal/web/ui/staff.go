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

// QueueCase is one case of a queue.
type QueueCase struct {
	ID      string
	Title   string
	Facts   []Fact
	Phone   string
	Tel     string
	Words   string
	Photos  []Picture
	Steps   []Step
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
}

// Desk is `/bureau` and `/bureau/{id}`: three columns, keyboard first. One form posts to Action with do=save|publish|close; it is also
// saved by the script a moment after each change, with the header Accept: text/html and X-Save: 1, and answered with this same page.
//
// Inputs as in Asking, and urgency, when, price (decimal, excl. VAT), price_reason, seats.
type Desk struct {
	Space
	Form
	Action    string
	Reference string
	Trade     string // slug chosen; empty: choose first
	TradeName string
	Trades    []Option
	Call      *DeskCall
	Script    []Said
	Questions []Question
	Communes  []Option
	Urgency   []Option
	Consents  []Consent // asked aloud, ticked by the agent
	Preview   BoardItem
	Facts     []Fact // structured answers as professionals will see them
	Known     []Link // open requests of this caller
	Twin      Link   // a duplicate within the window
	Asked     []Candidate
	Excluded  []Excluded
	Price     Price
	Seats     int
	Missing   []string // what is missing before it may be published, in words
	Saved     time.Time
	PublishAs string // the agent's name, under which it is published (ET-45)
	Done      Link   // published: where it is now
}

// DeskCall is the call beside a desk. Forms: POST {Href}/enregistrement (answer=yes|no), {Href}/terminer.
type DeskCall struct {
	Href     string
	Number   string
	Site     string
	Started  time.Time
	Ended    time.Time
	Announce string // the words to say first (ET-143)
	Answer   string // "", yes, no
	Recorded bool   // this call is in the recorded share
	Events   []Step
}

// Said is one line of the script, in the operator's words.
type Said struct {
	Words string
	Note  string // to the agent
}

// Candidate is a professional who would be asked.
type Candidate struct {
	Name    string
	Km      float64
	Reason  string // why here: "à 4 km, ouvert, 1 place prise aujourd'hui"
	Channel string // SMS et e-mail
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
// (reason), elargir (radius), proposer (pro | name, phone, siren), sms (template | text), rejouer.
type RequestFile struct {
	Space
	Form
	ID         string
	Reference  string
	Title      string
	Where      string
	Status     Status
	Item       BoardItem // as professionals see it
	Facts      []Fact    // with contact details where the role may see them
	Words      string
	Photos     []Picture
	Steps      []Step
	Sold       []Candidate
	Asked      []Verdict // the decision, every candidate
	AskedAt    time.Time
	Replay     Status // identical, or where it differs
	Price      Price
	Reasons    []Option // of withdrawal
	Templates  []Option
	Pros       []Option // whom one may offer it to by hand
	Radius     int
	CanFix     bool
	CanPrice   bool
	CanPull    bool
	CanWiden   bool
	CanOffer   bool
	CanText    bool
	Recordings []Link
	Audit      string // "Chaque ouverture de cette page est notée au journal."
}

// Verdict is one line of a decision.
type Verdict struct {
	Name   string
	Href   string
	Km     float64
	In     bool
	Reason string
}

// Search is `/recherche`.
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
	Trades []Option // filter, ?trade=
	Trade  string
	State  string // ?state=
	Total  int
	Next   string
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
// postcode, commune, trades, radius, departments, communes, checked_id, checked_registry, checked_insurance, agreement; then
// {id}/suspendre (reason, note), {id}/reprendre, {id}/virement (amount, date, reference), {id}/inviter; GET {id}?why=REFERENCE answers
// "why not me".
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
	Balance  money.Amount
	Facts    []Fact
	Steps    []Step
	Asked    string // reference typed in the "why not" box
	Why      *Why
	Idle     string // flagged: nothing bought for three months (ET-49)
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
	Disabled        bool
	Self            bool
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

// Journal is `/journal`, the audit trail. Filters: ?who= ?what= ?on=.
type Journal struct {
	Space
	Lines []Entry
	Who   string
	What  string
	On    string
	Whats []Option
	Next  string
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
