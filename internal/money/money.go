// Package money holds amounts in euro cents. The house has one currency (all five networks sell in EUR); a second one would be a new
// type, not a field that every sum must check.
package money

import (
	"errors"
	"strconv"
	"strings"
)

// Amount is a number of euro cents, negative for what is given back.
type Amount int64

// Rate is a share in hundredths of a percent: 2000 is 20 %.
type Rate int64

// Euros makes an Amount from whole euros.
func Euros(n int64) Amount { return Amount(n * 100) }

// VAT is the tax on an amount excluding tax, rounded half away from zero to the cent, once per line (CGI ann. II 242 nonies A).
func (a Amount) VAT(r Rate) Amount {
	p := int64(a) * int64(r)
	if p < 0 {
		return Amount((p - 5000) / 10000)
	}
	return Amount((p + 5000) / 10000)
}

// Incl is the amount with its tax.
func (a Amount) Incl(r Rate) Amount { return a + a.VAT(r) }

const (
	narrow  = "\u202f" // narrow no-break space, between thousands
	noBreak = "\u00a0" // no-break space, before the sign
)

// FR writes as a French reader does: 1 234,56 €, with no-break spaces.
func (a Amount) FR() string { return a.digits(narrow, ",") + noBreak + "€" }

// EN writes for an English reader: €1,234.56.
func (a Amount) EN() string {
	if a < 0 {
		return "-€" + (-a).digits(",", ".")
	}
	return "€" + a.digits(",", ".")
}

// Say picks the language; anything but "en" is French.
func (a Amount) Say(lang string) string {
	if lang == "en" {
		return a.EN()
	}
	return a.FR()
}

// Decimal is the machine form with a point and two digits, "1234.56": for JSON, CSV and form values.
func (a Amount) Decimal() string { return a.digits("", ".") }

func (a Amount) digits(thousands, point string) string {
	sign, n := "", uint64(a)
	if a < 0 {
		sign, n = "-", uint64(-a)
	}
	whole := strconv.FormatUint(n/100, 10)
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + thousands + whole[i:]
	}
	cents := strconv.FormatUint(n%100+100, 10)[1:]
	return sign + whole + point + cents
}

// ErrAmount is what Parse answers to anything that is no amount.
var ErrAmount = errors.New("money: not an amount such as 36 or 36,50")

// Parse reads what a person types: "36", "36,5", "1 234,56 €". At most two decimals and nine digits before them; no sign.
func Parse(s string) (Amount, error) {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(s), "€"))
	s = strings.NewReplacer(narrow, "", noBreak, "", " ", "", ",", ".").Replace(s)
	whole, cents, point := strings.Cut(s, ".")
	if whole == "" || len(whole) > 9 || len(cents) > 2 || point && cents == "" {
		return 0, ErrAmount
	}
	for len(cents) < 2 {
		cents += "0"
	}
	n, err := strconv.ParseUint(whole+cents, 10, 63)
	if err != nil {
		return 0, ErrAmount
	}
	return Amount(n), nil
}

// FR writes a rate for a French reader: 20 %, 8,5 %.
func (r Rate) FR() string {
	s := strconv.FormatFloat(float64(r)/100, 'f', -1, 64)
	return strings.ReplaceAll(s, ".", ",") + noBreak + "%"
}
