package network

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// Hash names this exact version: SHA-256 over the files of the folder, 64 hexadecimal digits.
func (n *Network) Hash() string { return n.hash }

// Logo is the SVG of the folder, nil when there is none.
func (n *Network) Logo() []byte { return slices.Clone(n.logo) }

// Site finds a public site by its host name or by one of its aliases, in any case and without port.
func (n *Network) Site(host string) (Site, bool) {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	for _, s := range n.Sites {
		if s.Host == host || slices.Contains(s.Aliases, host) {
			return s, true
		}
	}
	return Site{}, false
}

// Trade finds a trade by slug.
func (n *Network) Trade(slug string) (Trade, bool) {
	return find(n.Trades, func(t Trade) bool { return t.Slug == slug })
}

// Form is the form of a trade; nil when the network does not serve it.
func (n *Network) Form(trade string) *Form {
	t, ok := n.Trade(trade)
	if !ok {
		return nil
	}
	return n.forms[t.Form]
}

// Purpose finds a purpose by id.
func (n *Network) Purpose(id string) (Purpose, bool) {
	return find(n.Purposes, func(p Purpose) bool { return p.ID == id })
}

// PurposesFor lists the purposes that claim a category of a kind of person, in the order of the file.
func (n *Network) PurposesFor(who Person, c Category) []Purpose {
	var out []Purpose
	for _, p := range n.Purposes {
		if slices.Contains(p.People, who) && slices.Contains(p.Data, c) {
			out = append(out, p)
		}
	}
	return out
}

// Categories lists the categories that at least one purpose claims, in the order of [Categories].
func (n *Network) Categories() []Category {
	return slices.DeleteFunc(Categories(), func(c Category) bool {
		return !slices.ContainsFunc(n.Purposes, func(p Purpose) bool { return slices.Contains(p.Data, c) })
	})
}

// Recipient finds a recipient by id.
func (n *Network) Recipient(id string) (Recipient, bool) {
	return find(n.Recipients, func(r Recipient) bool { return r.ID == id })
}

// ConsentsOn lists the boxes of a place, in the order of the file.
func (n *Network) ConsentsOn(place AskedOn) []Consent {
	return slices.DeleteFunc(slices.Clone(n.Consents), func(c Consent) bool { return c.AskedOn != place })
}

// Consent finds a box by id.
func (n *Network) Consent(id string) (Consent, bool) {
	return find(n.Consents, func(c Consent) bool { return c.ID == id })
}

// Sells reports whether a professional pays for introductions. Where it is false nothing is priced, offered or passed on by this program, and
// professionals have no space; what [Sale] declares beyond that, Check calls not executed yet.
func (n *Network) Sells() bool { return n.Modules.Sale == SalePerIntroduction }

// Notice is a short notice by id; the empty text when the file has none.
func (n *Network) Notice(id string) fault.Text { return wording(n.Notices, id) }

// Urgency is the label of an urgency, Intent of an intent, Suspension of a ground; empty when there is none of that id.
func (n *Network) Urgency(id string) fault.Text { return wording(n.Introductions.Urgencies, id) }

// Intent is the label of an intent.
func (n *Network) Intent(id string) fault.Text { return wording(n.Introductions.Intents, id) }

// Suspension is the label of a ground for suspending.
func (n *Network) Suspension(id string) fault.Text { return wording(n.Suspensions, id) }

// Withdrawal is the sentence of a reason for which staff end a request; empty when there is none of that id.
func (n *Network) Withdrawal(id string) fault.Text { return wording(n.Withdrawals, id) }

// AddressFor is the operator's address for a use, else that of the registered office.
func (n *Network) AddressFor(use string) string {
	for _, want := range []string{use, "office"} {
		for _, a := range n.Operator.Addresses {
			if a.Use == want {
				return a.Text
			}
		}
	}
	return ""
}

// Lang is the language first shown on the site.
func (s Site) Lang() string {
	if s.Language == "" {
		return "fr"
	}
	return string(s.Language)
}

// Min and Max are the bounds of a price.
func (p Price) Min() money.Amount { return p.Bounds[0] }

// Max is the highest price.
func (p Price) Max() money.Amount { return p.Bounds[1] }

// Within refuses an amount outside the bounds, with the sentence that an agent sees (clause ET-47 of emergency-trades).
func (p Price) Within(a money.Amount) error {
	if a >= p.Min() && a <= p.Max() {
		return nil
	}
	return &fault.Error{Kind: fault.Invalid, Code: "price-out-of-bounds", Public: fault.T(
		fmt.Sprintf("Le prix doit être compris entre %s et %s HT.", p.Min().FR(), p.Max().FR()),
		fmt.Sprintf("The price must be between %s and %s excl. VAT.", p.Min().EN(), p.Max().EN()))}
}

func wording(ws []Wording, id string) fault.Text {
	w, _ := find(ws, func(w Wording) bool { return w.ID == id })
	return w.Text
}

func find[T any](list []T, ok func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, ok); i >= 0 {
		return list[i], true
	}
	var zero T
	return zero, false
}

//go:embed data/trades.csv
var tradesCSV string

// knownTrade is a line of the table of trades: what is the same for every network.
type knownTrade struct {
	label        fault.Text
	naf          string // NAF rév. 2; the nomenclature changes on 2027-01-01 and its codes with it
	repairPrices bool   // arrêté of 24 January 2017 applies
	energyBan    string // "1", "partial" (depends on the work) or "0": C. conso. L223-1 al. 5
}

var known = readTrades(tradesCSV)

func readTrades(s string) map[string]knownTrade {
	rows, err := csv.NewReader(strings.NewReader(s)).ReadAll()
	if err != nil {
		panic("network: embedded table of trades: " + err.Error()) // part of the binary; every test reads it
	}
	out := make(map[string]knownTrade, len(rows))
	for _, r := range rows[1:] {
		out[r[0]] = knownTrade{fault.T(r[1], r[2]), r[3], r[4] == "1", r[5]}
	}
	return out
}

// The schemas are generated from types.go and the other types of this package by TestSchema, which fails when they differ:
//
//	go test ./internal/network -run 'TestSchema|TestReference|TestProblems' -update

//go:embed schema/network.schema.json
var schemaNetwork []byte

//go:embed schema/form.schema.json
var schemaForm []byte

// Schema gives the JSON Schemas (draft 2020-12) of network.yaml and of a form, for editors that complete and check while one writes.
// They say what stands where; Load says it in sentences, and Check what contradicts what.
func Schema() (network, form []byte) { return schemaNetwork, schemaForm }
