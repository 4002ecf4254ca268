package geo

import (
	"cmp"
	"slices"
	"strconv"
	"sync"
	"time"
	_ "time/tzdata" // zones must not depend on the machine

	"entremise/internal/fault"
)

// zones of the overseas departments and collectivities; everything else follows Paris.
var zones = map[string]string{"971": "America/Guadeloupe", "972": "America/Martinique", "973": "America/Cayenne", "974": "Indian/Reunion",
	"975": "America/Miquelon", "976": "Indian/Mayotte", "977": "America/St_Barthelemy", "978": "America/Marigot", "986": "Pacific/Wallis",
	"987": "Pacific/Tahiti", "988": "Pacific/Noumea"}

// Paris is the zone of mainland France, of the operator's invoices and of legal delays.
var Paris = sync.OnceValue(func() *time.Location { return zone("Europe/Paris") })

// Zone is the time zone of a department.
func Zone(dept string) *time.Location {
	if loc, ok := zoneTable()[dept]; ok {
		return loc
	}
	return Paris()
}

var zoneTable = sync.OnceValue(func() map[string]*time.Location {
	out := make(map[string]*time.Location, len(zones))
	for dept, name := range zones {
		out[dept] = zone(name)
	}
	return out
})

func zone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic("geo: embedded zones: " + err.Error()) // tzdata is part of the binary
	}
	return loc
}

// Holiday is a public holiday.
type Holiday struct {
	Date string // 2026-05-01
	Name fault.Text
}

// Holidays lists the public holidays of a department in a year, in order: the eleven of C. trav. L3133-1; Good Friday and 26 December
// in Alsace and Moselle (L3134-13); the day of the abolition of slavery overseas (L3422-2, law 83-550).
func Holidays(dept string, year int) []Holiday {
	easter := Easter(year)
	day := func(t time.Time, fr, en string) Holiday { return Holiday{t.Format(time.DateOnly), fault.T(fr, en)} }
	fixed := func(m time.Month, d int, fr, en string) Holiday {
		return day(time.Date(year, m, d, 0, 0, 0, 0, time.UTC), fr, en)
	}
	out := []Holiday{
		fixed(time.January, 1, "Jour de l’An", "New Year’s Day"),
		day(easter.AddDate(0, 0, 1), "Lundi de Pâques", "Easter Monday"),
		fixed(time.May, 1, "Fête du Travail", "Labour Day"),
		fixed(time.May, 8, "Victoire 1945", "Victory in Europe Day"),
		day(easter.AddDate(0, 0, 39), "Ascension", "Ascension Day"),
		day(easter.AddDate(0, 0, 50), "Lundi de Pentecôte", "Whit Monday"),
		fixed(time.July, 14, "Fête nationale", "Bastille Day"),
		fixed(time.August, 15, "Assomption", "Assumption Day"),
		fixed(time.November, 1, "Toussaint", "All Saints’ Day"),
		fixed(time.November, 11, "Armistice 1918", "Armistice Day"),
		fixed(time.December, 25, "Noël", "Christmas Day"),
	}
	switch dept {
	case "57", "67", "68":
		out = append(out, day(easter.AddDate(0, 0, -2), "Vendredi saint", "Good Friday"), fixed(time.December, 26, "Saint-Étienne", "St Stephen’s Day"))
	}
	if a, ok := abolition[dept]; ok {
		out = append(out, fixed(a.month, a.day, "Abolition de l’esclavage", "Abolition of Slavery"))
	}
	slices.SortFunc(out, func(a, b Holiday) int { return cmp.Compare(a.Date, b.Date) })
	return out
}

// abolition days: decree 83-1003 as amended by decree 2012-553.
var abolition = map[string]struct {
	month time.Month
	day   int
}{
	"971": {time.May, 27}, "972": {time.May, 22}, "973": {time.June, 10}, "974": {time.December, 20}, "976": {time.April, 27},
	"977": {time.October, 9}, "978": {time.May, 28},
}

// Easter is Easter Sunday at midnight UTC (Gregorian computus, Meeus, Jones and Butcher).
func Easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// IsHoliday reports whether the date of t, as t's own location shows it, is a public holiday in the department.
func IsHoliday(dept string, t time.Time) bool {
	date := t.Format(time.DateOnly)
	return slices.ContainsFunc(Holidays(dept, t.Year()), func(h Holiday) bool { return h.Date == date })
}

// Workdays is a French way of counting days.
type Workdays int

const (
	Ouvrables Workdays = iota // every day but Sunday and public holidays
	Ouvres                    // Monday to Friday without public holidays
)

// WorkingDay reports whether the date of t counts.
func (w Workdays) WorkingDay(dept string, t time.Time) bool {
	d := t.Weekday()
	return d != time.Sunday && (w == Ouvrables || d != time.Saturday) && !IsHoliday(dept, t)
}

// After is the last day of a delay of n days that count, at midnight in t's location: the day of t is left out, and the delay runs until
// the end of the day answered. n days of which none counts (n ≤ 0) end on t's own day.
func (w Workdays) After(dept string, t time.Time, n int) time.Time {
	d := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
	for n > 0 {
		d = d.AddDate(0, 0, 1)
		if w.WorkingDay(dept, d) {
			n--
		}
	}
	return d
}

var months = [...]string{"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"}

// Day writes a date without its year for a reader of French or English, with no-break spaces: 1er décembre, 1 December.
func Day(t time.Time, lang string) string {
	day := strconv.Itoa(t.Day())
	if lang == "en" {
		return day + "\u00a0" + t.Month().String()
	}
	if day == "1" {
		day = "1er"
	}
	return day + "\u00a0" + months[t.Month()-1]
}

// Date is a Day with its year.
func Date(t time.Time, lang string) string { return Day(t, lang) + "\u00a0" + strconv.Itoa(t.Year()) }
