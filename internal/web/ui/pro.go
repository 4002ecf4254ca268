package ui

import (
	"time"

	"entremise/internal/money"
)

// Space is the frame of a page for people who are signed in.
type Space struct {
	Frame
	Operator string   // name of the network
	User     string   // who is signed in
	As       string   // "Alès Plomberie", or the roles
	Pro      bool     // a professional's space; else staff's
	May      []string // paths of the navigation that this actor may open (see NavPaths); order and words are ours
	Counts   map[string]int
	Duty     *bool  // an agent's on-duty switch; POST /appels/service (on=yes|no)
	Search   bool   // this actor may search; staff only
	Query    string // in the search box; only where its findings are shown
	Topic    string // of /live; empty: the page does not change by itself
	Demo     bool   // a ribbon says so and leads to /_demo
}

// BoardItem is a request as professionals see it before buying: structured choices only, never a name, number, street or free text
// (ET-10).
type BoardItem struct {
	ID        string
	Title     string // Fuite sous évier
	Trade     string
	Commune   string
	Postcode  string
	Km        float64 // from the professional; negative when unknown
	Urgent    bool
	When      string // "Maintenant", "Cette semaine"
	Published time.Time
	Excl      money.Amount
	Incl      money.Amount
	Seats     int
	Left      int       // seats neither sold nor held by somebody else
	HeldUntil time.Time // this professional's own hold
	FreeAt    time.Time // when the last hold of somebody else ends; zero: all sold
	Odds      *Odds
	Closed    bool // offered to nobody any more, and not because a colleague took it
}

// Odds are real outcomes of requests like this one: in N cases, the shares that were reached and won. Nothing is guaranteed (ET-09).
type Odds struct {
	Reached, Won float64 // 0..1; won is told to programs only
	N            int
}

// Board is `/tableau`. Forms: POST /panier (request, then=buy|board).
type Board struct {
	Space
	Items   []BoardItem
	Absent  time.Time // the professional's absence runs until; zero when present
	Stopped bool      // notifications are stopped
	Area    string    // coverage in words: "Nîmes et 25 km"
	Notice  string    // a suspension or a missing document, in words
	Plain   bool      // he wants no requests chosen for him: a plain list, by date or, with ByArea, by commune
	ByArea  bool

	Unreached bool // mail to his address does not arrive (ET-31)
}

// Sheet is `/tableau/{id}`: the request and, when a seat is held, the confirmation before buying.
// Forms: POST /panier (request) to hold; POST /tableau/{id}/acheter (each Confirmations name, pay=wallet|card) to buy;
// POST /panier/retirer (request).
type Sheet struct {
	Space
	Form
	Item          BoardItem
	Facts         []Fact // structured answers
	Photos        int    // how many come with the contact details
	HasWords      bool   // the consumer wrote some lines: shown after purchase
	Notices       []string
	Confirmations []Consent // near, free within 30 minutes, competent and equipped (ET-66..68)
	VAT           money.Rate
	Balance       money.Amount
	Card          bool   // the card driver is there
	Bought        string // the purchase, when it is his already
}

// Cart is `/panier`: each line holds a seat until its clock ends.
type Cart struct {
	Space
	Lines []BoardItem
	Lost  []string // titles of lines that left the cart, said once
	Total money.Amount
}

// Bought is `/achats/{id}`: the screen is a call button with the clock above it.
// Form: POST /achats/{id}/suivi (outcome=called|reached|quote|won|lost).
type Bought struct {
	Space
	Form
	ID       string
	Title    string
	Where    string   // commune and postcode
	Rules    []string // what the details may serve (ET-57, 134)
	Paid     time.Time
	CallBy   time.Time // 10 minutes after reveal (ET-32, 64)
	Clock    time.Duration
	Called   time.Time // first contact logged; zero: the clock runs
	Name     string
	Phone    string
	Tel      string
	May      May // whether he may call now
	Email    string
	Street   string
	Map      string // a geo: link; empty when no street
	Facts    []Fact
	Words    string
	Photos   []Picture
	Consent  string // exact words under which the consumer asked to be called, with moment and channel
	Log      []Step
	Outcome  string // the last one logged
	Masked   string // why the details are hidden again: "Le client ne souhaite plus être contacté"
	PDF      string
	VCard    string
	Passport string // the file that proves the consumer's request, to keep
	Invoice  Link
	Reminder string // the operator's words (ET-90)
	K, Seats int
	PaidWith string
	Excl     money.Amount
	Incl     money.Amount
	Base     string // path of the list that it is one of
	Passed   bool   // forwarded by an agent, and not bought
}

// PayState is where a card payment stands when its hosted page comes back.
type PayState string

// States of a card payment, as its payer sees them.
const (
	PayWaits    PayState = "waits"    // the card service has not said yet whether it holds the money
	PayRefused  PayState = "refused"  // nothing was taken
	PayReturned PayState = "returned" // what was to be bought was gone: the money goes back
)

// Paying is `/achats/{id}/retour` and `/portefeuille/retour/{payment}` as long as nothing was bought or credited.
type Paying struct {
	Space
	State PayState
	What  string // the request, or the wallet
	Incl  money.Amount
	Again Link // where to try again, or to go on
}

// PurchaseLine is one line of `/achats`.
type PurchaseLine struct {
	ID, Title, Where string
	At               time.Time
	Incl             money.Amount
	Status           Status
	CallBy           time.Time // while the clock runs
}

// Purchases is `/achats`, and `/transmises` of a member.
type Purchases struct {
	Space
	Base   string // its own path: /achats, or /transmises where requests are forwarded
	Passed bool   // nothing was bought: requests were forwarded
	Notice string // why none comes
	Lines  []PurchaseLine
	Next   string // address of the next page
}

// InvoiceLine is one line of `/factures`.
type InvoiceLine struct {
	Number    string
	At        time.Time
	Subject   string
	Excl, VAT money.Amount
	Incl      money.Amount
	PDF       string // empty while it is being written
}

// Invoices is `/factures`.
type Invoices struct {
	Space
	Lines []InvoiceLine
	Next  string
}

// WalletLine is one movement.
type WalletLine struct {
	At      time.Time
	Text    string
	Amount  money.Amount // signed
	Balance money.Amount // after it
	Href    string       // what was bought
}

// Wallet is `/portefeuille`. Form: POST /portefeuille/crediter (amount).
type Wallet struct {
	Space
	Form
	Balance  money.Amount
	Lines    []WalletLine
	Card     bool
	Amounts  []money.Amount // proposed
	Transfer []Copied       // payee, IBAN, reference to write
	Next     string
	CSV      string // every movement as a file
}

// Copied is a fact that is typed elsewhere. Wanted is how; empty: it is only read.
type Copied struct{ Label, Shown, Wanted string }

// Profile is `/profil`. Forms: POST /profil/zone (centre, radius, departments, communes), /profil/horaires (d0_from … d6_to, as HH:MM;
// d0 is Monday), /profil/absence (from, until), /profil/avis (sms, email = yes), /profil/plafonds (per_day, per_month), /profil/jetons (token_name),
// /profil/jetons/{id}/revoquer.
type Profile struct {
	Space
	Form
	Member   bool // a member: nothing is offered or bought
	Company  string
	Facts    []Fact // identity, staff change it: SIREN, address, phone, e-mail
	Write    string // the operator's address, for what only staff change
	Trades   []string
	Coverage Coverage
	Hours    [7]Hours // Monday first
	From     string   // absence, ISO dates; empty for none
	Until    string
	SMS      bool
	News     []Consent // what he agreed to be sent besides
	Uses     []UseLine // what he may object to
	Contact  OwnContact
	Standing Standing // what was verified of him and agreed with him
	Nearby   []Nearby // where requests like his were, outside his area
	Email    bool
	PerDay   string // caps; empty is none
	PerMonth string
	Notices  []string
	Tokens   []Token
	New      string // a token just made, shown once
}

// Nearby is a commune outside a professional's area in which his trade was asked for. Form: POST /profil/zone/ajouter (commune).
type Nearby struct {
	Trade, Place, INSEE string
	Requests            int
	Km                  float64
}

// Coverage is a professional's zone, with its communes as points for the map.
type Coverage struct {
	Centre      string // commune name and postcode, as it may be typed back
	RadiusKm    int
	Departments string // "30, 34"
	Communes    string // names with a postcode, separated by commas
	Words       string // all of it in one sentence
	Dots        []Dot
}

// Dot is a commune on a map, in kilometres east and north of the centre. Weight is its size among the others, 0..1.
type Dot struct {
	East, North, Weight float64
	Name                string
	In                  bool
}

// Hours are one day's working hours, HH:MM; empty From is closed.
type Hours struct{ From, To string }

// Why is `/pourquoi/{id}`: one sentence to a professional who was not asked.
type Why struct {
	Space
	Title    string
	At       time.Time
	Sentence string
}
