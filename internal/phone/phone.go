// Package phone reads, checks and shows telephone numbers of people in France, overseas included.
//
// A number is kept in E.164 ("+33639981234"). Overseas a person dials 0692… like anybody in France, but the number belongs to another
// country code: which one follows from the department of the place, then from the prefix.
package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"entremise/internal/fault"
)

// maxRaw bounds what a person may type, in bytes.
const maxRaw = 40

// Parse reads what a person typed, in a form about a place in the department ("30", "2A", "974"; "" when unknown), and gives E.164.
//
// It refuses, with an Invalid fault: what is no number (phone-malformed), numbers that nobody can call back such as short, free, shared
// cost and premium ones (phone-special), countries where the network does not send texts (phone-country), and, unless demo, the ranges
// that ARCEP reserves for fiction (phone-fiction).
func Parse(raw, dept string, demo bool) (string, error) {
	s, ok := clean(raw)
	if !ok {
		return "", refuse("phone-malformed")
	}
	if e164, ok := fiction(s); ok {
		if !demo {
			return "", refuse("phone-fiction")
		}
		return e164, nil
	}
	if len(strings.TrimPrefix(s, "+")) < 7 {
		return "", refuse("phone-special") // short numbers: 3xxx, 10xx, 118 xxx, emergency services
	}
	var special bool
	for _, region := range regions(s, dept) {
		n, err := phonenumbers.Parse(s, region)
		if err != nil || !phonenumbers.IsValidNumber(n) {
			continue
		}
		switch phonenumbers.GetNumberType(n) {
		case phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE, phonenumbers.VOIP:
		default:
			special = true
			continue
		}
		if !served[int(n.GetCountryCode())] {
			return "", refuse("phone-country")
		}
		return phonenumbers.Format(n, phonenumbers.E164), nil
	}
	if special {
		return "", refuse("phone-special")
	}
	return "", refuse("phone-malformed")
}

// CanText reports whether a number that Parse gave can receive an SMS.
func CanText(e164 string) bool {
	if f, ok := fiction(e164); ok {
		return strings.HasPrefix(f, "+3363998")
	}
	n, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return false
	}
	t := phonenumbers.GetNumberType(n)
	return t == phonenumbers.MOBILE || t == phonenumbers.FIXED_LINE_OR_MOBILE
}

// Fictional reports whether the number lies in a range that ARCEP reserves for fiction.
func Fictional(e164 string) bool {
	_, ok := fiction(e164)
	return ok
}

// Display writes a number for a reader: "06 39 98 12 34", with no-break spaces; numbers of other countries begin with + and the code.
func Display(e164 string) string {
	if n, ok := national(e164); ok {
		return strings.Join(pairs(n), noBreak)
	}
	n, err := phonenumbers.Parse(e164, "ZZ")
	if err != nil {
		return e164
	}
	return strings.ReplaceAll(phonenumbers.Format(n, phonenumbers.INTERNATIONAL), " ", noBreak)
}

// Mask shows enough to recognise one's own number and too little to call it: "06 •• •• •• 34".
func Mask(e164 string) string {
	if n, ok := national(e164); ok {
		p := pairs(n)
		for i := 1; i < len(p)-1; i++ {
			p[i] = "••"
		}
		return strings.Join(p, noBreak)
	}
	if len(e164) < 6 {
		return "••"
	}
	return e164[:3] + noBreak + "••••••" + noBreak + e164[len(e164)-2:]
}

const noBreak = "\u00a0"

// clean keeps digits and a leading plus; anything that does not belong between digits makes it no number.
func clean(raw string) (string, bool) {
	if len(raw) > maxRaw {
		return "", false
	}
	var b strings.Builder
	for i, r := range strings.TrimSpace(raw) {
		switch {
		case r >= '0' && r <= '9', r == '+' && i == 0:
			b.WriteRune(r)
		case strings.ContainsRune(" .-/()\u00a0\u202f\u2009\u2010\u2011", r):
		default:
			return "", false
		}
	}
	s := b.String()
	if strings.HasPrefix(s, "00") {
		s = "+" + s[2:]
	}
	s = strings.Replace(s, "+330", "+33", 1) // "+33 (0)6 39 …"
	n := len(strings.TrimPrefix(s, "+"))
	return s, n >= 2 && n <= 15 // E.164: at most fifteen digits
}

// fiction recognises a number in the ranges that ARCEP keeps out of use, in E.164 or national form.
func fiction(s string) (string, bool) {
	n, ok := strings.CutPrefix(s, "+33")
	if !ok {
		n, ok = strings.CutPrefix(s, "0")
	}
	if !ok || len(n) != 9 {
		return "", false
	}
	switch n[:5] {
	case "19900", "26191", "35301", "46571", "53649", "63998":
		return "+33" + n, true
	}
	return "", false
}

// regions are those in which the number is tried, in order: the place's own, the mainland, then the owner of an overseas prefix.
func regions(s, dept string) []string {
	if strings.HasPrefix(s, "+") {
		return []string{"ZZ"}
	}
	var out []string
	if r, ok := overseas[dept]; ok {
		out = append(out, r)
	}
	out = append(out, "FR")
	if len(s) >= 4 {
		if r, ok := prefixes[s[:4]]; ok {
			out = append(out, r)
		}
	}
	return out
}

// overseas regions by department; 977 and 978 share the code of Guadeloupe.
var overseas = map[string]string{"971": "GP", "972": "MQ", "973": "GF", "974": "RE", "975": "PM", "976": "YT", "977": "BL", "978": "MF",
	"986": "WF", "987": "PF", "988": "NC"}

// prefixes that belong to one overseas plan (ARCEP numbering plan).
var prefixes = map[string]string{
	"0590": "GP", "0690": "GP", "0691": "GP", "0594": "GF", "0694": "GF", "0596": "MQ", "0696": "MQ", "0697": "MQ",
	"0262": "RE", "0263": "RE", "0692": "RE", "0693": "RE", "0269": "YT", "0639": "YT", "0508": "PM", "0708": "PM",
}

// served are the country codes that a consumer in France may leave: France and overseas, and the neighbours. Others are refused,
// because a form that texts the world is soon used to send texts to costly numbers.
var served = map[int]bool{33: true, 262: true, 508: true, 590: true, 594: true, 596: true,
	31: true, 32: true, 34: true, 39: true, 41: true, 44: true, 49: true, 351: true, 352: true, 353: true, 376: true, 377: true}

// national is the ten digits that people in France dial, for the plans that dial so.
func national(e164 string) (string, bool) {
	for _, code := range []string{"+33", "+262", "+590", "+594", "+596"} {
		if n, ok := strings.CutPrefix(e164, code); ok && len(n) == 9 {
			return "0" + n, true
		}
	}
	return "", false
}

func pairs(n string) []string {
	var out []string
	for ; len(n) >= 2; n = n[2:] {
		out = append(out, n[:2])
	}
	return out
}

var refusals = map[string]fault.Text{
	"phone-malformed": fault.T("Ce numéro n’est pas complet ou contient une erreur. Écrivez dix chiffres, par exemple 06 12 34 56 78.",
		"This number is incomplete or wrong. Write ten digits, for example 06 12 34 56 78."),
	"phone-special": fault.T("Nous ne pouvons pas rappeler ce numéro. Donnez un numéro de fixe ou de mobile.",
		"We cannot call this number back. Give a landline or mobile number."),
	"phone-country": fault.T("Nous ne pouvons pas rappeler dans ce pays. Donnez un numéro français ou d’un pays voisin.",
		"We cannot call back in this country. Give a number in France or a neighbouring country."),
	"phone-fiction": fault.T("Ce numéro est réservé aux œuvres de fiction. Donnez votre numéro.",
		"This number is reserved for works of fiction. Give your own number."),
}

func refuse(code string) error { return fault.New(fault.Invalid, code, refusals[code]) }
