package network

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/phone"
)

// scalar is a value written as one word or phrase. set reports whether it understood; want says what is expected, with an example;
// pattern is the regular expression of the published schema.
type scalar interface {
	set(string) bool
	want() fault.Text
	pattern() string
}

// Date is a day, 2026-12-01.
type Date string

func (d *Date) set(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	*d = Date(s)
	return err == nil
}
func (*Date) want() fault.Text {
	return fault.T("une date, par exemple 2026-12-01", "a date, for example 2026-12-01")
}
func (*Date) pattern() string { return `^\d{4}-\d{2}-\d{2}$` }

// In is the first instant of the day in a zone.
func (d Date) In(loc *time.Location) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, string(d), loc)
	if err != nil {
		return time.Time{} // only a Date that did not come from Load
	}
	return t
}

// Say writes the day for a reader: 1er décembre 2026, 1 December 2026.
func (d Date) Say(lang string) string { return geo.Date(d.In(time.UTC), lang) }

// Unit of a duration.
type Unit string

// Units of a duration, singular as written in the file.
const (
	UnitMinute Unit = "min"
	UnitHour   Unit = "hour"
	UnitDay    Unit = "day"
	UnitWeek   Unit = "week"
	UnitMonth  Unit = "month"
	UnitYear   Unit = "year"
)

// Duration is a length of time as people say it: "10 min", "7 days", "6 months", "3 years". Days and longer follow the calendar.
// The zero Duration means that none was given.
type Duration struct {
	N    int
	Unit Unit
}

var durationForm = regexp.MustCompile(`^([1-9]\d{0,3}) (min|hour|day|week|month|year)s?$`)

func (d *Duration) set(s string) bool {
	m := durationForm.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n, err := strconv.Atoi(m[1])
	*d = Duration{n, Unit(m[2])}
	return err == nil
}
func (*Duration) want() fault.Text {
	return fault.T("une durée, par exemple 10 min, 24 hours, 7 days, 6 months ou 3 years",
		"a duration, for example 10 min, 24 hours, 7 days, 6 months or 3 years")
}
func (*Duration) pattern() string { return `^[1-9][0-9]{0,3} (min|hour|day|week|month|year)s?$` }

// IsZero reports that no duration was given.
func (d Duration) IsZero() bool { return d.N == 0 }

// AddTo is the instant d after t, by the calendar of t's location: one month after 31 January is the last day of February at the same
// time of day (Reg. (EEC) 1182/71 art. 3.2 c). Minutes and hours are exact.
func (d Duration) AddTo(t time.Time) time.Time {
	switch d.Unit {
	case UnitMinute:
		return t.Add(time.Duration(d.N) * time.Minute)
	case UnitHour:
		return t.Add(time.Duration(d.N) * time.Hour)
	case UnitDay:
		return t.AddDate(0, 0, d.N)
	case UnitWeek:
		return t.AddDate(0, 0, 7*d.N)
	}
	return addMonths(t, d.months())
}

// Cutoff is the latest instant such that everything that began at or before it has lasted d at now: a sweep asks "since <= cutoff".
// Where months differ in length it errs late, by less than a day, never early.
func (d Duration) Cutoff(now time.Time) time.Time {
	n := d.months()
	if n == 0 {
		return Duration{-d.N, d.Unit}.AddTo(now)
	}
	c := addMonths(now, -n)
	if c.Day() != now.Day() { // no such day in that month: all of that month is over
		c = time.Date(c.Year(), c.Month()+1, 1, 0, 0, 0, 0, c.Location()).Add(-time.Microsecond)
	}
	return c
}

// Before is an instant at or before which everything has begun that has lasted d at now, and little else: where months differ in length it errs
// early, by less than four days. Who asks by it asks AddTo too.
func (d Duration) Before(now time.Time) time.Time {
	n := d.months()
	if n == 0 {
		return Duration{-d.N, d.Unit}.AddTo(now)
	}
	c := addMonths(now, -n)
	if c.Day() != now.Day() || now.AddDate(0, 0, 1).Day() == 1 { // that month's later days end here too
		c = time.Date(c.Year(), c.Month()+1, 1, 0, 0, 0, 0, c.Location()).Add(-time.Microsecond)
	}
	return c
}

func (d Duration) months() int {
	switch d.Unit {
	case UnitMonth:
		return d.N
	case UnitYear:
		return 12 * d.N
	}
	return 0
}

func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 12, 0, 0, 0, t.Location())
	last := first.AddDate(0, 1, -1).Day()
	h, m, s := t.Clock()
	return time.Date(first.Year(), first.Month(), min(t.Day(), last), h, m, s, t.Nanosecond(), t.Location())
}

// Exact is the length of a duration of minutes, hours, days or weeks, the latter as multiples of 24 hours; for months and years, which
// have no exact length, it is 0.
func (d Duration) Exact() time.Duration {
	switch d.Unit {
	case UnitMinute:
		return time.Duration(d.N) * time.Minute
	case UnitHour:
		return time.Duration(d.N) * time.Hour
	case UnitDay:
		return time.Duration(d.N) * 24 * time.Hour
	case UnitWeek:
		return time.Duration(d.N) * 7 * 24 * time.Hour
	}
	return 0
}

// approx orders durations of different units; a month counts 30.44 days.
func (d Duration) approx() time.Duration {
	if e := d.Exact(); e > 0 {
		return e
	}
	return time.Duration(d.months()) * 2_629_757 * time.Second
}

// Text says the duration: "6 mois", "6 months".
func (d Duration) Text() fault.Text {
	if d.N == 0 {
		return fault.Text{}
	}
	w := unitNames[d.Unit]
	if d.N == 1 {
		return fault.T("1\u00a0"+w[0], "1\u00a0"+w[2])
	}
	return fault.T(fmt.Sprintf("%d\u00a0%s", d.N, w[1]), fmt.Sprintf("%d\u00a0%s", d.N, w[3]))
}

// String writes the duration as in the file.
func (d Duration) String() string {
	if d.N == 0 {
		return ""
	}
	if d.N == 1 || d.Unit == UnitMinute {
		return fmt.Sprintf("%d %s", d.N, d.Unit)
	}
	return fmt.Sprintf("%d %ss", d.N, d.Unit)
}

var unitNames = map[Unit][4]string{
	UnitMinute: {"minute", "minutes", "minute", "minutes"},
	UnitHour:   {"heure", "heures", "hour", "hours"},
	UnitDay:    {"jour", "jours", "day", "days"},
	UnitWeek:   {"semaine", "semaines", "week", "weeks"},
	UnitMonth:  {"mois", "mois", "month", "months"},
	UnitYear:   {"an", "ans", "year", "years"},
}

// Distance is a number of metres, written "12 km" or "500 m".
type Distance int

var distanceForm = regexp.MustCompile(`^([1-9]\d{0,4}) (m|km)$`)

func (d *Distance) set(s string) bool {
	m := distanceForm.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n, err := strconv.Atoi(m[1])
	if m[2] == "km" {
		n *= 1000
	}
	*d = Distance(n)
	return err == nil
}
func (*Distance) want() fault.Text {
	return fault.T("une distance, par exemple 12 km", "a distance, for example 12 km")
}
func (*Distance) pattern() string { return `^[1-9][0-9]{0,4} (m|km)$` }

// Limit is a number of times within a duration, written "5 in 1 hour".
type Limit struct {
	Max    int
	Within Duration
}

func (l *Limit) set(s string) bool {
	n, within, ok := strings.Cut(s, " in ")
	if !ok || len(n) > 6 || !digits(n) || !l.Within.set(within) {
		return false
	}
	var err error
	l.Max, err = strconv.Atoi(n)
	return err == nil && l.Max > 0
}
func (*Limit) want() fault.Text {
	return fault.T("une limite, par exemple 5 in 1 hour", "a limit, for example 5 in 1 hour")
}
func (*Limit) pattern() string {
	return `^[0-9]{1,6} in [1-9][0-9]{0,3} (min|hour|day|week|month|year)s?$`
}

// Colour is #rrggbb in lower case.
type Colour string

func (c *Colour) set(s string) bool {
	*c = Colour(strings.ToLower(s))
	return regexp.MustCompile(`^#[0-9a-fA-F]{6}$`).MatchString(s)
}
func (*Colour) want() fault.Text {
	return fault.T("une couleur entre guillemets, par exemple \"#0b5c8a\"", `a colour in quotes, for example "#0b5c8a"`)
}
func (*Colour) pattern() string { return `^#[0-9a-fA-F]{6}$` }

// SIREN is the nine digits of a French company, without spaces. They end with a check digit (Luhn).
type SIREN string

func (n *SIREN) set(s string) bool {
	s = strings.ReplaceAll(s, " ", "")
	*n = SIREN(s)
	return ValidSIREN(s)
}
func (*SIREN) want() fault.Text {
	return fault.T("un SIREN entre guillemets : neuf chiffres dont le dernier est la clé, par exemple \"732 829 320\"",
		`a SIREN in quotes: nine digits, the last being the check digit, for example "732 829 320"`)
}
func (*SIREN) pattern() string { return `^[0-9]{3} ?[0-9]{3} ?[0-9]{3}$` }

// String groups the digits by three.
func (n SIREN) String() string {
	if len(n) != 9 {
		return string(n)
	}
	return string(n[:3]) + "\u00a0" + string(n[3:6]) + "\u00a0" + string(n[6:])
}

// IBAN is an account number (ISO 13616), without spaces and in capitals.
type IBAN string

var ibanForm = regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$`)

func (n *IBAN) set(s string) bool {
	s = strings.ToUpper(strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(s))
	*n = IBAN(s)
	return ibanForm.MatchString(s)
}
func (*IBAN) want() fault.Text {
	return fault.T("un IBAN entre guillemets : deux lettres du pays, deux chiffres de contrôle et le compte, par exemple \"FR76 0000 0000 0000 0000 0000 097\"",
		`an IBAN in quotes: two letters of the country, two check digits and the account, for example "FR76 0000 0000 0000 0000 0000 097"`)
}
func (*IBAN) pattern() string { return `^[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{11,40}$` }

// String groups the characters by four, as people copy them.
func (n IBAN) String() string {
	var parts []string
	for s := string(n); s != ""; s = s[min(4, len(s)):] {
		parts = append(parts, s[:min(4, len(s))])
	}
	return strings.Join(parts, " ")
}

// sound reports that the check digits fit (ISO 7064, mod 97-10).
func (n IBAN) sound() bool {
	rest := 0
	for _, r := range string(n[4:] + n[:4]) {
		v := int(r - '0')
		if r >= 'A' {
			v = int(r-'A') + 10
			rest = rest * 10
		}
		rest = (rest*10 + v) % 97
	}
	return rest == 1
}

// ibanLengths are the countries of the single euro payments area and the length of their IBAN (ISO 13616 registry).
var ibanLengths = map[string]int{"AD": 24, "AL": 28, "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24, "FI": 18, "FR": 27, "GB": 22, "GI": 23, "GR": 27, "HR": 21,
	"HU": 28, "IE": 22, "IS": 26, "IT": 27, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "RS": 22, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "VA": 22}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// ValidSIREN checks nine digits by Luhn's key.
func ValidSIREN(s string) bool {
	if len(s) != 9 || !digits(s) {
		return false
	}
	sum := 0
	for i := range 9 {
		d := int(s[i] - '0')
		if i%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum%10 == 0
}

// Phone is a number in E.164, +33199001234.
type Phone string

// Factor multiplies a price, in thousandths: 1500 is 1.5.
type Factor int

var factorForm = regexp.MustCompile(`^(\d)(?:\.(\d{1,3}))?$`)

func (f *Factor) set(s string) bool {
	m := factorForm.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	n, err := strconv.Atoi(m[1] + (m[2] + "000")[:3])
	*f = Factor(n)
	return err == nil && n > 0
}
func (*Factor) want() fault.Text {
	return fault.T("un facteur entre 0.001 et 9.999, par exemple 1.5", "a factor between 0.001 and 9.999, for example 1.5")
}
func (*Factor) pattern() string { return `^[0-9](\.[0-9]{1,3})?$` }

// Of multiplies and rounds half away from zero to the cent, in whole numbers only.
func (f Factor) Of(a money.Amount) money.Amount {
	p := int64(a) * int64(f)
	if p < 0 {
		return money.Amount((p - 500) / 1000)
	}
	return money.Amount((p + 500) / 1000)
}

// Hours is a span of the day, "20:00-07:00"; it may cross midnight. From is inside, To is not. Minutes from midnight.
type Hours struct{ From, To int }

var hoursForm = regexp.MustCompile(`^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$`)

func (h *Hours) set(s string) bool {
	m := hoursForm.FindStringSubmatch(s)
	if m == nil {
		return false
	}
	at := func(hh, mm string) int {
		return int(hh[0]-'0')*600 + int(hh[1]-'0')*60 + int(mm[0]-'0')*10 + int(mm[1]-'0')
	}
	*h = Hours{at(m[1], m[2]), at(m[3], m[4])}
	return h.From != h.To
}
func (*Hours) want() fault.Text {
	return fault.T("une plage d’heures entre guillemets, par exemple \"20:00-07:00\"", `a span of hours in quotes, for example "20:00-07:00"`)
}
func (*Hours) pattern() string {
	return `^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$`
}

// IsZero reports that no hours were given.
func (h Hours) IsZero() bool { return h == Hours{} }

// Hold reports whether the minute of the day is inside.
func (h Hours) Hold(minute int) bool {
	if h.From < h.To {
		return minute >= h.From && minute < h.To
	}
	return minute >= h.From || minute < h.To
}

func (p *Phone) set(s string) bool {
	e164, err := phone.Parse(s, "", true)
	*p = Phone(e164)
	return err == nil
}
func (*Phone) want() fault.Text {
	return fault.T("un numéro de téléphone entre guillemets, par exemple \"+33 1 99 00 12 34\"", `a phone number in quotes, for example "+33 1 99 00 12 34"`)
}
func (*Phone) pattern() string { return `^\+?[0-9 ().-]{7,39}$` }

// Display writes the number for a reader.
func (p Phone) Display() string { return phone.Display(string(p)) }
