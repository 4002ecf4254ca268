// Package ui is what people see: the design system, one view struct and one page for each screen, and the scripts that make them better.
//
// A view holds plain values (strings, numbers, instants, amounts) and knows no domain type: the adapters of package web fill it, so a
// page can be drawn, tested and looked at without a database. View.Page() renders it. Rendering has no side effect and is safe for
// concurrent use.
//
// Our own words are written where they stand, in both languages, French first: v.T("Appeler", "Call"). The operator's words (trade
// names, form questions, notices, consents) arrive in the view, already in the reader's language.
package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
)

// Lang is the language of a page; anything but English is French.
type Lang string

const (
	French  Lang = "fr"
	English Lang = "en"
)

const (
	nbsp  = "\u00a0"
	nnbsp = "\u202f"
)

// T picks one of two sentences. Two arguments by signature: no sentence of ours can lack a language.
func (l Lang) T(fr, en string) string {
	if l == English {
		return en
	}
	return fr
}

// Tf formats the sentence picked; both take the same arguments.
func (l Lang) Tf(fr, en string, args ...any) string { return fmt.Sprintf(l.T(fr, en), args...) }

// Code is the value of the lang attribute (BCP 47).
func (l Lang) Code() string { return l.T("fr", "en") }

// Said puts a fault's text in the language of the page.
func (l Lang) Said(t fault.Text) string { return t.Say(l.Code()) }

// Money writes an amount with its currency: 1 234,56 €.
func (l Lang) Money(a money.Amount) string { return a.Say(l.Code()) }

// Number groups thousands: 1 234.
func (l Lang) Number(n int) string {
	s := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + l.T(nnbsp, ",") + s[i:]
	}
	return sign + s
}

// Count writes a number with its noun. French counts zero as one: 0 place, 1 place, 2 places.
func (l Lang) Count(n int, frOne, frMany, enOne, enMany string) string {
	one := n == 1 || n == -1
	if l != English {
		one = n > -2 && n < 2
	}
	if one {
		return l.Number(n) + nbsp + l.T(frOne, enOne)
	}
	return l.Number(n) + nbsp + l.T(frMany, enMany)
}

// Distance writes kilometres, to the hundred metres below ten: 3,4 km, 12 km.
func (l Lang) Distance(km float64) string {
	digits := 0
	if km < 9.95 && math.Abs(km-math.Round(km)) >= 0.05 {
		digits = 1
	}
	s := strconv.FormatFloat(km, 'f', digits, 64)
	return strings.Replace(s, ".", l.T(",", "."), 1) + nbsp + "km"
}

var daysFR = [...]string{"dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"}

// Weekday names a day of the week, in French without a capital.
func (l Lang) Weekday(d time.Weekday) string { return l.T(daysFR[d], d.String()) }

// Time writes an instant's hour and minute: 9 h 05 (9:05 am in English).
func (l Lang) Time(t time.Time) string {
	if l == English {
		return t.Format("3:04" + nbsp + "pm")
	}
	return fmt.Sprintf("%d"+nbsp+"h"+nbsp+"%02d", t.Hour(), t.Minute())
}

// Day writes a date without its year: 22 novembre, 1er décembre.
func (l Lang) Day(t time.Time) string { return geo.Day(t, string(l)) }

// Date is a Day with its year.
func (l Lang) Date(t time.Time) string { return geo.Date(t, string(l)) }

// Month is a Date without its day: novembre 2026.
func (l Lang) Month(t time.Time) string {
	date := l.Date(t)
	return strings.TrimLeft(strings.TrimLeft(strings.TrimPrefix(date, "1er"), "0123456789"), " \u00a0")
}

// Span writes a duration in its largest whole unit, rounded down: 40 s, 10 min, 3 h, 2 jours.
func (l Lang) Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + nbsp + "s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + nbsp + "min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + nbsp + "h"
	}
	return l.Count(int(d/(24*time.Hour)), "jour", "jours", "day", "days")
}

// Promised writes a duration promised in words: 10 minutes, 1 heure.
func (l Lang) Promised(d time.Duration) string {
	if d >= time.Hour && d%time.Hour == 0 {
		return l.Count(int(d/time.Hour), "heure", "heures", "hour", "hours")
	}
	return l.Count(int(d/time.Minute), "minute", "minutes", "minute", "minutes")
}

// countdown writes what a clock shows: 09:12, and 1 h 02 from an hour on, which nobody takes for a time of the day.
func countdown(d time.Duration) string {
	s := int(math.Ceil(max(d, 0).Seconds()))
	if s >= 3600 {
		return fmt.Sprintf("%d"+nbsp+"h"+nbsp+"%02d", s/3600, s/60%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}
