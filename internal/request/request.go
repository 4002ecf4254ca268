// Package request takes a need from the form or the call to the professional who calls back: received, qualified, priced, published, taken,
// revealed, followed up.
//
// Promises. An acknowledged request is durable and made once, however often its form is sent. Nothing is published or priced without an
// agent's name where the network says so (ET-34, 35, 45). A seat is sold at most once, and what is charged is revealed: with a wallet in
// one transaction, with a card by steps that recovery repeats (see sell.go). Contact details reach only who may have them at that moment,
// and each reading leaves an audit line.
package request

import (
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// Holdings of this room. Free text, photos and the street are data of their own: they never leave before purchase (ET-10).
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "request", Person: "person_id", Record: "id", Category: network.DataNeed, Columns: []string{"words_sealed"}, Whose: network.Consumer},
		{Table: "request", Person: "person_id", Record: "id", Category: network.DataNeed, Columns: []string{"answers"}, Whose: network.Consumer, Blank: map[string]string{"answers": "'{}'"}},
		{Table: "request", Person: "person_id", Record: "id", Category: network.DataPlace, Columns: []string{"street_sealed"}, Whose: network.Consumer},
		{Table: "request", Person: "person_id", Record: "id", Category: network.DataConnection, Columns: []string{"address_sealed", "address_bidx"}, Whose: network.Consumer},
		{Table: "request", Person: "person_id", Record: "id", Category: network.DataContact, Columns: []string{"draft_sealed"}, Whose: network.Consumer},
		{Table: "request_window", Record: "request_id", Via: "phone_bidx IN (SELECT phone_bidx FROM person WHERE id IN (%s))", Category: network.DataContact, Columns: []string{"phone_bidx"}, Whose: network.Consumer, Rows: true},
		{Table: "photo", Person: "request_id", Record: "request_id", Category: network.DataPhotos, Columns: []string{"image_sealed"}, Whose: network.Consumer, Rows: true},
	}
}

// State of a request. It only moves forward.
type State string

// States.
const (
	Unverified State = "unverified" // a code was sent and not yet typed: nobody sees it
	Received   State = "received"   // waits for an agent
	Published  State = "published"  // on the board of those who were asked, seats left
	Filled     State = "filled"     // every seat is sold
	Forwarded  State = "forwarded"  // with the members whom an agent chose, until it is dealt with (RN-29)
	Closed     State = "closed"     // over, with at least one sale, or dealt with by members
	Cancelled  State = "cancelled"  // by the consumer
	Withdrawn  State = "withdrawn"  // by staff
	Unserved   State = "unserved"   // nobody took it in time
)

// Open reports whether something may still happen to the request.
func (s State) Open() bool {
	return s == Unverified || s == Received || s == Published || s == Filled || s == Forwarded
}

// Request is one need. Words, Street and the person's contact are opened apart, by who may have them.
type Request struct {
	ID, Ref, Person string
	At              time.Time
	Edition         string
	Site            string // host
	Channel         string // form, phone, api
	Source          string // the affiliate's account, for api; the member whom the person asked for by name, for form
	Trade           string
	INSEE, Postcode string
	Urgency, Intent string
	Answers         network.Answers // structured only
	State           State
	StateAt         time.Time
	Seats, Sold     int
	Price           money.Amount
	VAT             money.Rate
	Reasons         []Reason
	PricedBy        string
	TakenBy         string
	TakenUntil      time.Time // machine time
	QualifiedBy     string
	PublishedAt     time.Time
	LinkGeneration  int64
	StoppedAt       time.Time // the consumer asked not to be contacted any more
	FrozenAt        time.Time // its person asked for restriction: stored and no more (GDPR art. 18)

	words, street, draft, address []byte
}

// Reason is a rule that moved the price, kept with the request (ET-46).
type Reason struct {
	Because fault.Text   `json:"because"`
	Add     money.Amount `json:"add,omitempty"`    // what it added, in cents
	Factor  int          `json:"factor,omitempty"` // thousandths, when it multiplied
	Typed   bool         `json:"typed,omitempty"`  // an agent's own price
}

// Commune is where the job is.
func (r Request) Commune() geo.Commune {
	c, _ := geo.ByINSEE(r.INSEE) // a commune merged since keeps its code in the row; the zero value shows no name
	return c
}

// Zone is the time zone of the place.
func (r Request) Zone() *time.Location { return geo.Zone(r.Commune().Dept) }

// crockford are the signs of a reference.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NewRef makes a reference that people say on the phone: two groups of Crockford's alphabet, 40 bits, behind the letter of what is no request.
func NewRef(kind string) string {
	var b [8]byte
	rand.Read(b[:]) // never fails, since Go 1.24
	for i := range b {
		b[i] = crockford[b[i]&31]
	}
	return kind + string(b[:4]) + "-" + string(b[4:])
}

// ParseRef reads a reference as people type it: small letters, O for 0, I and L for 1, with or without the hyphen.
func ParseRef(s string) (string, bool) {
	s = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(strings.TrimSpace(s)))
	if len(s) != 8 {
		return "", false
	}
	for _, c := range s {
		if !strings.ContainsRune(crockford, c) {
			return "", false
		}
	}
	return s[:4] + "-" + s[4:], true
}

// split parts the answers of a form into structured choices, which the board and the price may use, and free words, which are sealed.
func split(f *network.Form, a network.Answers) (structured, words network.Answers) {
	structured, words = network.Answers{}, network.Answers{}
	for id, values := range a {
		q, ok := f.Question(id)
		if !ok || q.Kind == network.KindPhotos {
			continue
		}
		if q.Kind == network.KindText {
			words[id] = values
		} else {
			structured[id] = values
		}
	}
	return structured, words
}

// merge puts them together again.
func merge(a, b network.Answers) network.Answers {
	all := network.Answers{}
	for _, m := range []network.Answers{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// Urgent says that the customer chose the most pressing of the network's urgencies.
func (r Request) Urgent(n *network.Network) bool {
	all := n.Introductions.Urgencies
	return len(all) > 0 && all[0].ID == r.Urgency
}

// Title is a request in one structured line, as professionals see it: the first choices that the form shows them.
func Title(n *network.Network, r Request, lang string) string {
	f := n.Form(r.Trade)
	if f == nil {
		return r.Trade
	}
	var parts []string
	for _, l := range f.Board(r.Answers) {
		if parts = append(parts, l.Value.Say(lang)); len(parts) == 2 {
			break
		}
	}
	if len(parts) == 0 {
		t, _ := n.Trade(r.Trade) // the form was found, so the trade is there
		return t.Label.Say(lang)
	}
	return strings.Join(parts, " · ")
}

// May… are the rules about one request, beside the permission table.

// mayWork lets an agent work on a request that he took, or that nobody has now.
func mayWork(a auth.Actor, r Request, machine time.Time) error {
	if r.TakenBy != "" && r.TakenBy != a.Account && machine.Before(r.TakenUntil) {
		return errTaken
	}
	return nil
}

var (
	errNone      = fault.New(fault.Missing, "no-request", fault.T("Cette demande n’existe pas, ou ce lien n’est plus valable.", "There is no such request, or this link is no longer good."))
	errTaken     = fault.New(fault.Conflict, "taken", fault.T("Un autre conseiller s’occupe déjà de cette demande.", "Another agent is already working on this request."))
	errState     = fault.New(fault.Conflict, "state-moved", fault.T("Cette demande a changé entre-temps. Rechargez la page pour voir où elle en est.", "This request has changed meanwhile. Reload the page to see where it stands."))
	errSeatGone  = fault.New(fault.Conflict, "seat-gone", fault.T("Cette demande vient d’être prise. Vous n’avez rien payé.", "This request has just been taken. You have paid nothing."))
	errNotAsked  = fault.New(fault.Missing, "not-asked", fault.T("Cette demande ne vous est pas proposée.", "This request is not offered to you."))
	errBlocked   = fault.New(fault.Denied, "address-blocked", fault.T("Nous ne pouvons pas recevoir de demande depuis cette connexion. Appelez-nous.", "We cannot take a request from this connection. Call us."))
	errTooOften  = fault.New(fault.Limit, "too-many-requests", fault.T("Plusieurs demandes viennent déjà d’arriver avec ce numéro ou depuis cette connexion. Appelez-nous si c’est urgent.", "Several requests have just come with this number or from this connection. Call us if it is urgent."))
	errTooMany   = fault.New(fault.Limit, "cart-full", fault.T("Votre panier est plein : prenez ou retirez une demande avant d’en réserver une autre.", "Your cart is full: take or remove a request before holding another."))
	errUninsured = fault.New(fault.Denied, "uninsured", fault.T("Votre assurance est échue : envoyez-nous la nouvelle attestation pour prendre de nouveau des demandes.", "Your insurance has run out: send us the new certificate to take requests again."))
	errSuspended = fault.New(fault.Denied, "pro-not-active", fault.T("Votre accès est suspendu : vous ne pouvez pas prendre de demande.", "Your access is suspended: you cannot take requests."))
)

// Event kinds of a request's history; what each means is said by the screens.
const (
	EvReceived  = "received"
	EvVerified  = "verified"
	EvTaken     = "taken-by-agent"
	EvQualified = "qualified"
	EvPriced    = "priced"
	EvPublished = "published"
	EvForwarded = "forwarded" // Object: the member
	EvWidened   = "widened"
	EvOffered   = "offered-by-hand"
	EvSold      = "sold"
	EvContacted = "contacted"
	EvOutcome   = "outcome"
	EvLate      = "late"
	EvAsked     = "opinion-asked"
	EvAnswered  = "opinion-answered"
	EvCorrected = "corrected"
	EvRepriced  = "repriced"
	EvWithdrawn = "withdrawn"
	EvCancelled = "cancelled"
	EvStopped   = "stopped"
	EvUnserved  = "unserved"
	EvClosed    = "closed"
	EvTexted    = "texted"
	EvReopened  = "reopened"
	EvByHand    = "by-hand"  // a named person chooses to whom it is offered
	EvReviewed  = "reviewed" // a person has looked at a decision and changed it
	EvCountry   = "country"  // it comes from a country that is not accepted, or nobody could tell which: Object says so
	EvToCall    = "to-call"  // the number gets no code by SMS: the agent's call verifies it
)

// Event is one line of a request's history. Count and Object say how many and of what, by id.
type Event struct {
	ID, Kind, Actor, Object string
	At                      time.Time
	Count                   int
}

var outcomes = []string{"called", "reached", "quote", "won", "lost", outcomeDone}

// outcomeDone says that the service is done: its professional keeps no copy of his customer's details (ET-135).
const outcomeDone = "done"

// knownOutcome is the check of a contact log's word.
func knownOutcome(o string) bool { return slices.Contains(outcomes, o) }
