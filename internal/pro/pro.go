// Package pro keeps professionals: who they are, what staff checked before they got access, and their profiles, version by version.
//
// A professional is created by staff after checks, never by himself (ET-28, 29). His profile is append-only: a dispatch decision of
// yesterday replays on yesterday's version. What is personal (company, number, address: a sole trader is his company) is sealed; the profile
// holds structured choices only.
package pro

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Holdings of this room.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "pro", Person: "id", Record: "id", Category: network.DataIdentity, Columns: []string{"company_sealed", "contact_sealed"}, Whose: network.Professional},
		{Table: "pro", Person: "id", Record: "id", Category: network.DataContact, Columns: []string{"phone_sealed", "phone_bidx", "email_sealed", "email_bidx"}, Whose: network.Professional},
		{Table: "pro", Person: "id", Record: "id", Category: network.DataPlace, Columns: []string{"street_sealed"}, Whose: network.Professional},
		{Table: "pro", Person: "id", Record: "id", Category: network.DataBusiness, Columns: []string{"siren_sealed", "siren_bidx"}, Whose: network.Professional,
			Blank: map[string]string{"siren_bidx": "id"}}, // unique, and who was shut out for good stays known while anything of him is,
		{Table: "pro_word", Person: "pro_id", Record: "pro_id", Category: network.DataIdentity, Columns: []string{"word_bidx"}, Whose: network.Professional, Rows: true},
		{Table: "pro_version", Person: "pro_id", Record: "pro_id", Category: network.DataBusiness, Columns: []string{"profile"}, Whose: network.Professional, Blank: map[string]string{"profile": "'{}'"}},
		{Table: "pro_agreement", Person: "pro_id", Record: "pro_id", Category: network.DataBusiness, Columns: []string{"words_sealed"}, Whose: network.Professional},
		{Table: "pro_contact_change", Person: "pro_id", Record: "pro_id", Category: network.DataContact, Columns: []string{"value_sealed"}, Whose: network.Professional, Rows: true},
		{Table: "pro_inquiry", Person: "pro_id", Record: "pro_id", Category: network.DataDocuments, Columns: []string{"finding_sealed"}, Whose: network.Professional},
	}
}

// categories are the keys of a professional.
var categories = []string{string(network.DataIdentity), string(network.DataContact), string(network.DataPlace), string(network.DataBusiness), string(network.DataMessages), string(network.DataBilling), string(network.DataConsent)}

// held is what is kept of him from the start.
var held = []network.Category{network.DataIdentity, network.DataContact, network.DataPlace, network.DataBusiness, network.DataMessages}

// State of a professional's access.
type State string

// States.
const (
	Pending   State = "pending" // created; a check or the profile is missing: sees no request (ET-22), but from outside what was offered to him by hand
	Active    State = "active"
	Suspended State = "suspended"
	Closed    State = "closed" // for good; the same registry number cannot come back (ET-58)
)

// Span is a part of a day in minutes from midnight, To excluded; To at or before From ends on the next day. The zero Span is closed.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Open reports whether the span holds any minute. A whole day is 0 to 1440.
func (s Span) Open() bool { return s != Span{} }

// Profile is where, when and for what a professional wants requests (ET-25, 30).
type Profile struct {
	Trades      []string `json:"trades"`
	Base        string   `json:"base"` // INSEE code; distances are measured from it
	RadiusKm    int      `json:"radius_km"`
	Communes    []string `json:"communes,omitempty"`
	Departments []string `json:"departments,omitempty"`
	Week        [7]Span  `json:"week"` // Monday first, at the base
	AbsentFrom  string   `json:"absent_from,omitempty"`
	AbsentUntil string   `json:"absent_until,omitempty"` // ISO dates, both included
	PerDay      int      `json:"per_day,omitempty"`      // purchases; 0 is no cap
	PerMonth    int      `json:"per_month,omitempty"`
	SMS         bool     `json:"sms"` // notified of new requests by
	Email       bool     `json:"email"`

	RegistryOn   string               `json:"registry_on,omitempty"`   // date of the registry extract that staff saw (ET-106)
	Qualified    map[string]Qualified `json:"qualified,omitempty"`     // by trade, what staff saw (ET-77, 80)
	InsuredUntil string               `json:"insured_until,omitempty"` // last day of the insurance that staff verified: every version repeats that check
}

// AllWeek is open day and night.
func AllWeek() (w [7]Span) {
	for i := range w {
		w[i] = Span{0, 1440}
	}
	return w
}

// Coverage is the area as geo knows it.
func (p Profile) Coverage() geo.Coverage {
	base, _ := geo.ByINSEE(p.Base) // checked when stored
	return geo.Coverage{Communes: p.Communes, Departments: p.Departments, Centre: base.Point, Radius: p.RadiusKm * 1000}
}

// Zone is the time zone of the base.
func (p Profile) Zone() *time.Location {
	base, _ := geo.ByINSEE(p.Base)
	return geo.Zone(base.Dept)
}

// Insured is the instant at which the insurance ends, at the base; zero when none was verified, as of somebody from outside.
func (p Profile) Insured() time.Time {
	last, err := time.ParseInLocation(time.DateOnly, p.InsuredUntil, p.Zone())
	if err != nil {
		return time.Time{}
	}
	return last.AddDate(0, 0, 1)
}

// Complete reports whether the profile may receive requests: activation waits for it (ET-28, 30).
func (p Profile) Complete() bool { return len(p.Trades) > 0 && p.Base != "" && !p.Coverage().IsZero() }

const (
	maxListed = 400 // communes or departments in one profile
	maxCap    = 999
)

// check finds every wrong field of a profile under the network's limits.
func (p Profile) check(n *network.Network, c *fault.Check) {
	c.That(len(p.Trades) > 0, "trades", fault.T("Choisissez au moins un métier.", "Choose at least one trade."))
	for _, t := range p.Trades {
		_, ok := n.Trade(t)
		c.That(ok, "trades", fault.Tf("Le métier %s n’est pas au catalogue de ce réseau.", "The trade %s is not in this network's catalogue.", t)) // ET-39
	}
	_, ok := geo.ByINSEE(p.Base)
	c.That(ok, "commune", fault.T("Choisissez la commune de départ dans la liste.", "Choose the commune of departure from the list."))
	most := int(n.Introductions.Radius.Most) / 1000
	c.That(p.RadiusKm >= 0 && p.RadiusKm <= most, "radius", fault.Tf("Écrivez un rayon entre 0 et %d km.", "Write a radius between 0 and %d km.", most))
	c.That(len(p.Communes) <= maxListed && len(p.Departments) <= maxListed, "communes", fault.T("Cette liste est trop longue : choisissez plutôt des départements.", "This list is too long: choose departments instead."))
	for _, code := range p.Communes {
		_, ok := geo.ByINSEE(code)
		c.That(ok, "communes", fault.Tf("La commune %s n’existe pas.", "There is no commune %s.", code))
	}
	for _, code := range p.Departments {
		c.That(slices.Contains(geo.Departments(), code), "departments", fault.Tf("Le département %s n’existe pas.", "There is no department %s.", code))
	}
	c.That(p.RadiusKm > 0 || len(p.Communes) > 0 || len(p.Departments) > 0, "radius", fault.T("Dites où vous intervenez : un rayon, des communes ou des départements.", "Say where you work: a radius, communes or departments."))
	for i, s := range p.Week {
		c.That(s.From >= 0 && s.From < 1440 && s.To >= 0 && s.To <= 1440, fmt.Sprintf("d%d", i), fault.T("Écrivez des heures entre 00:00 et 24:00.", "Write hours between 00:00 and 24:00."))
	}
	from, until := p.AbsentFrom, p.AbsentUntil
	_, err1 := time.Parse(time.DateOnly, from)
	_, err2 := time.Parse(time.DateOnly, until)
	c.That(from == "" && until == "" || err1 == nil && err2 == nil && from <= until, "absence", fault.T("Écrivez le premier et le dernier jour de l’absence, dans l’ordre.", "Write the first and the last day of the absence, in order."))
	c.That(p.PerDay >= 0 && p.PerDay <= maxCap && p.PerMonth >= 0 && p.PerMonth <= maxCap, "per_day", fault.T("Écrivez un plafond entre 0 et 999.", "Write a cap between 0 and 999."))
}

// Identity is who a professional is; staff change it (ET-104).
type Identity struct {
	Company string
	SIREN   string // nine digits
	Contact string // the person to speak to
	Phone   string // E.164
	Email   string
	Street  string
	Base    string // INSEE of the seat
	Lang    string
}

func (i Identity) check(c *fault.Check) {
	c.That(fits(i.Company, 2, 100), "company", fault.T("Écrivez le nom de l’entreprise, en 2 à 100 caractères.", "Write the company's name, in 2 to 100 characters."))
	c.That(network.ValidSIREN(i.SIREN), "siren", fault.T("Ce numéro SIREN n’est pas valable : neuf chiffres, clé comprise.", "This SIREN number is not valid: nine digits with its check digit."))
	c.That(fits(i.Contact, 2, 100), "contact", fault.T("Écrivez le nom du contact.", "Write the contact's name."))
	checkStreet(c, i.Street)
}

func checkStreet(c *fault.Check, street string) {
	c.That(fits(street, 3, 160), "street", fault.T("Écrivez l’adresse du siège.", "Write the address of the seat."))
}

// fits reports whether a line of text is readable and has so many characters.
func fits(s string, least, most int) bool {
	k := utf8.RuneCountInString(s)
	return k >= least && k <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// Checks are what staff must have verified before access is opened (ET-28, 29, 75…77).
var Checks = []string{"identity", "registry", "insurance", "qualification", "terms"}

// Pro is a professional with his newest profile. Identity is opened apart.
type Pro struct {
	ID      string
	At      time.Time
	State   State
	Outside bool   // not of the network: gets single introductions by hand (ET-18, 137)
	Reason  string // of suspension or closing, an id of the network file
	Version int
	Profile Profile
	Checks  map[string]Checked
}

// MayBuy: an active professional of the network, or one from outside to whom something was offered by hand; as long as his insurance runs
// (ET-76).
func (p Pro) MayBuy(now time.Time) bool {
	return (p.State == Active || p.Outside && p.State == Pending) && !p.Uninsured(now)
}

// Uninsured says that the insurance that staff verified has run out.
func (p Pro) Uninsured(now time.Time) bool {
	end := p.Profile.Insured()
	return !end.IsZero() && !now.Before(end)
}

// Checked is one verification by staff.
type Checked struct {
	At         time.Time
	By         string
	ValidUntil string // ISO date, the last day; empty: no end
}

// Contact is how a professional is reached and named, opened for a call; Ring seals messages to him.
type Contact struct {
	ID string
	Identity
	ByEmail bool // wants notices of new requests by e-mail
	BySMS   bool
	Ring    *vault.Ring
}
