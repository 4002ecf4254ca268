package billing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entremise/internal/money"
	"entremise/internal/network"
)

// Snapshot is everything that an issued document says, frozen: it is stored in the transaction that gives the number, is never changed, and
// the PDF is made of nothing else. Dates are ISO (2026-11-22) in the operator's zone. What it must say is in CGI ann. II art. 242 nonies A,
// C. com. L441-9 and R123-237.
type Snapshot struct {
	Format    int    `json:"format"` // 1
	Kind      Kind   `json:"kind"`
	Number    string `json:"number"`
	Issued    string `json:"issued"`
	Delivered string `json:"delivered"` // date of the service
	Seller    Seller `json:"seller"`
	Buyer     Party  `json:"buyer"`
	Lines     []Line `json:"lines"`

	// Filled by Freeze.
	Rates []RateTotal  `json:"rates"`
	Net   money.Amount `json:"net"`
	VAT   money.Amount `json:"vat"`
	Gross money.Amount `json:"gross"`

	Paid     *Payment   `json:"paid,omitempty"`
	Due      string     `json:"due,omitempty"`      // date, of what is not paid yet
	Corrects *Reference `json:"corrects,omitempty"` // of a credit note
	Terms    Terms      `json:"terms"`
}

// Kind of a document. Amounts are positive in both.
type Kind string

const (
	Invoice    Kind = "invoice"     // facture
	CreditNote Kind = "credit-note" // avoir
)

// Party is one side. Address has one element a line. A buyer here is always a business: it has a SIREN.
type Party struct {
	Name    string   `json:"name"`
	Address []string `json:"address"`
	SIREN   string   `json:"siren"`
	VATID   string   `json:"vatId,omitempty"`
}

// Seller is the operator with what a company must write on its papers. RCS is the town of its register; Capital is empty for a person.
type Seller struct {
	Party
	Form    string        `json:"form,omitempty"` // SAS, SARL, EI…
	Capital *money.Amount `json:"capital,omitempty"`
	RCS     string        `json:"rcs,omitempty"`
	Contact []string      `json:"contact,omitempty"` // telephone, e-mail, site
}

// Line is one thing sold. Unit is excluding VAT.
type Line struct {
	Description string       `json:"description"`
	Quantity    int64        `json:"quantity"`
	Unit        money.Amount `json:"unit"`
	Rate        money.Rate   `json:"rate"`
}

// Net is the line's amount excluding VAT.
func (l Line) Net() money.Amount { return money.Amount(l.Quantity) * l.Unit }

// RateTotal is the base and the tax of one rate.
type RateTotal struct {
	Rate money.Rate   `json:"rate"`
	Net  money.Amount `json:"net"`
	VAT  money.Amount `json:"vat"`
}

// Payment says that the document is paid. Means is for people: "par carte", "par portefeuille".
type Payment struct {
	On    string `json:"on"`
	Means string `json:"means"`
}

// Reference points to the invoice that a credit note corrects (CGI 289 I-5).
type Reference struct {
	Number string `json:"number"`
	Issued string `json:"issued"`
}

// Terms are the operator's settings that the document repeats, as they were on that day.
type Terms struct {
	LateRate  money.Rate   `json:"lateRate"`            // yearly, at least three times the legal rate (C. com. L441-10 II)
	Recovery  money.Amount `json:"recovery"`            // 40 € between businesses (D441-5)
	OnDebits  bool         `json:"onDebits"`            // option for VAT on debits (11° bis of 242 nonies A)
	Exemption string       `json:"exemption,omitempty"` // needed when a rate is zero: "TVA non applicable, art. 293 B du CGI"
}

// maxLines bounds a document: some forty pages.
const maxLines = 1000

// Freeze fills the totals and refuses what would not be a lawful document. Its errors are defects of the caller or of the operator's settings,
// not a person's input. VAT is rounded once a line, as it was charged; rates stand in the order of their first line.
func (s Snapshot) Freeze() (Snapshot, error) {
	s.Format, s.Rates, s.Net, s.VAT = 1, nil, 0, 0
	for _, l := range s.Lines {
		i := 0
		for i < len(s.Rates) && s.Rates[i].Rate != l.Rate {
			i++
		}
		if i == len(s.Rates) {
			s.Rates = append(s.Rates, RateTotal{Rate: l.Rate})
		}
		net, vat := l.Net(), l.Net().VAT(l.Rate)
		s.Rates[i].Net += net
		s.Rates[i].VAT += vat
		s.Net += net
		s.VAT += vat
	}
	s.Gross = s.Net + s.VAT
	return s, s.check()
}

// Canonical is the one JSON form of a snapshot: what is stored, hashed and compared.
func (s Snapshot) Canonical() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("billing: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ReadSnapshot reads a canonical form and nothing else: unknown members, another order or spaces mean that somebody has touched it.
func ReadSnapshot(canonical []byte) (Snapshot, error) {
	var s Snapshot
	d := json.NewDecoder(bytes.NewReader(canonical))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Snapshot{}, fmt.Errorf("billing: snapshot: %w", err)
	}
	again, err := s.Canonical()
	if err != nil {
		return Snapshot{}, err
	}
	frozen, err := s.Freeze()
	if err != nil {
		return Snapshot{}, err
	}
	sums, err := frozen.Canonical()
	if err != nil {
		return Snapshot{}, err
	}
	if !bytes.Equal(again, canonical) || !bytes.Equal(sums, canonical) {
		return Snapshot{}, errors.New("billing: the snapshot is not in its canonical form, or its sums are not those of its lines")
	}
	return s, nil
}

func (s Snapshot) check() error {
	var missing []string
	need := func(ok bool, what string) {
		if !ok {
			missing = append(missing, what)
		}
	}
	need(s.Kind == Invoice || s.Kind == CreditNote, "kind")
	need(isText(s.Number, 40), "number")
	need(isDate(s.Issued), "date of issue")
	need(isDate(s.Delivered), "date of the service")
	for _, p := range []struct {
		who string
		Party
	}{{"seller", s.Seller.Party}, {"buyer", s.Buyer}} {
		need(isText(p.Name, 200), p.who+"'s name")
		need(len(p.Address) > 0 && len(p.Address) <= 6, p.who+"'s address")
		for _, line := range p.Address {
			need(isText(line, 200), p.who+"'s address")
		}
		need(network.ValidSIREN(p.SIREN), p.who+"'s SIREN")
		need(p.VATID == "" || isVATID(p.VATID), p.who+"'s VAT number")
	}
	need(s.Seller.VATID != "" || s.Terms.Exemption != "", "seller's VAT number, or the exemption")
	need(s.Seller.Capital == nil || *s.Seller.Capital > 0 && s.Seller.RCS != "" && s.Seller.Form != "", "seller's form, capital and register")
	need(len(s.Lines) > 0 && len(s.Lines) <= maxLines, "lines")
	for _, l := range s.Lines {
		need(isText(l.Description, 500), "a line's description")
		need(l.Quantity > 0 && l.Quantity <= 100_000 && l.Unit >= 0 && l.Unit <= money.Euros(1_000_000), "a line's quantity and price") // far from where int64 ends
		need(l.Rate >= 0 && l.Rate <= 10_000, "a line's rate")
		need(l.Rate > 0 || s.Terms.Exemption != "", "reason of the exemption")
	}
	need(s.Paid == nil || isDate(s.Paid.On) && isText(s.Paid.Means, 80), "payment")
	need(s.Due == "" || isDate(s.Due), "due date")
	need(s.Paid != nil || s.Due != "" || s.Kind == CreditNote, "payment or due date")
	need(s.Kind != CreditNote || s.Corrects != nil && isText(s.Corrects.Number, 40) && isDate(s.Corrects.Issued), "the invoice that is corrected")
	need(s.Kind != Invoice || s.Corrects == nil, "kind: an invoice corrects none")
	need(s.Terms.LateRate > 0 && s.Terms.Recovery > 0, "late penalty and recovery fee")
	if len(missing) > 0 {
		return fmt.Errorf("billing: the document lacks, or has wrong: %s", strings.Join(missing, ", "))
	}
	return nil
}

func isText(s string, most int) bool {
	return strings.TrimSpace(s) != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
}

func isDate(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil }

// isVATID:  a VAT number's shape: two letters of the state and 2 to 13 letters or digits.
func isVATID(s string) bool {
	if len(s) < 4 || len(s) > 15 {
		return false
	}
	for i, r := range s {
		letter, digit := r >= 'A' && r <= 'Z', r >= '0' && r <= '9'
		if i < 2 && !letter || !letter && !digit {
			return false
		}
	}
	return true
}
