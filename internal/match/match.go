// Package match decides who is asked about a request and what it costs, on plain values: no database, no clock, no context.
//
// The same inputs give the same decision, whatever the order in which professionals are passed, so that a stored decision can be replayed
// years later and a professional who asks "why not me?" gets the sentence that was true then.
package match

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"time"

	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/network"
)

// Request is what must be known of a request. It holds no personal value.
type Request struct {
	ID       string
	Trade    string
	Place    geo.Place
	At       time.Time // moment of the decision, any location
	Urgency  string
	Intent   string
	Answers  network.Answers
	Excluded []string // professionals whom the consumer does not want
}

// State of a professional's access.
type State string

// Only an Active professional is asked.
const (
	Active    State = "active"
	Pending   State = "pending" // not yet verified
	Suspended State = "suspended"
	Closed    State = "closed"
)

// Professional is one version of a professional's profile with what he has used of his caps.
type Professional struct {
	ID       string
	Version  int64
	State    State
	Trades   []string
	Coverage geo.Coverage // its Centre is his base
	Dept     string       // of the base: his zone
	Schedule Schedule
	Absences []Absence
	Insured  time.Time // when his insurance ends, excluded; zero: none was asked of him
	Caps     Caps      // 0 means no cap
	Used     Caps      // purchases of the current day and month, counted by the caller
}

// Caps bound purchases.
type Caps struct{ Daily, Monthly int }

// Absence is a time away: From is inside, To is not.
type Absence struct{ From, To time.Time }

// Schedule is a professional's week. The zero Schedule is always open.
type Schedule struct {
	Week [7][]network.Hours // from Monday; a span that crosses midnight belongs to the day on which it begins
}

// Open reports whether the schedule is open at the moment, as the clocks of the department show it.
func (s Schedule) Open(dept string, at time.Time) bool {
	if !slices.ContainsFunc(s.Week[:], func(d []network.Hours) bool { return len(d) > 0 }) {
		return true
	}
	at = at.In(geo.Zone(dept))
	minute := at.Hour()*60 + at.Minute()
	return slices.ContainsFunc(s.on(at), func(h network.Hours) bool { return h.Hold(minute) && (h.From < h.To || minute >= h.From) }) ||
		slices.ContainsFunc(s.on(at.AddDate(0, 0, -1)), func(h network.Hours) bool { return h.From > h.To && minute < h.To })
}

func (s Schedule) on(day time.Time) []network.Hours { return s.Week[(day.Weekday()+6)%7] }

// Rules are what the agent or the network adds to a decision.
type Rules struct {
	Widen network.Distance // metres by which to look beyond each coverage
}

// Decision is the outcome for every professional passed.
type Decision struct {
	Candidates []Candidate // in the order of asking
	Excluded   []Exclusion // by id
}

// Candidate is an eligible professional.
type Candidate struct {
	ID       string
	Version  int64
	Distance int // metres from his base, -1 when he has none
}

// Exclusion is a professional who is not asked, and why.
type Exclusion struct {
	ID      string
	Version int64
	Reason  Reason
}

// Decide sorts the professionals into candidates and excluded. Candidates come nearest first, those without a base last; equals are
// drawn by HMAC-SHA-256 of request and professional under the seed, a secret committed before its first use, so that nobody can choose
// the order and everybody can check it afterwards. Of two versions of one professional the newer counts.
func Decide(rules Rules, req Request, pros []Professional, seed []byte) Decision {
	pros = slices.Clone(pros)
	slices.SortFunc(pros, func(a, b Professional) int { return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(b.Version, a.Version)) })
	pros = slices.CompactFunc(pros, func(a, b Professional) bool { return a.ID == b.ID })
	var d Decision
	draw := map[string]string{}
	for _, p := range pros {
		if why, out := Why(rules, req, p); out {
			d.Excluded = append(d.Excluded, Exclusion{p.ID, p.Version, why})
			continue
		}
		d.Candidates = append(d.Candidates, Candidate{p.ID, p.Version, distance(req, p)})
		draw[p.ID] = lot(seed, req.ID, p.ID)
	}
	slices.SortFunc(d.Candidates, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(uint(a.Distance), uint(b.Distance)), cmp.Compare(draw[a.ID], draw[b.ID]), cmp.Compare(a.ID, b.ID))
	})
	return d
}

// lot is the draw of a professional for a request. The lengths are part of it, so that no two pairs of ids share one.
func lot(seed []byte, request, pro string) string {
	h := hmac.New(sha256.New, seed)
	h.Write([]byte{byte(len(request) >> 8), byte(len(request))})
	h.Write([]byte(request))
	h.Write([]byte(pro))
	return string(h.Sum(nil))
}

func distance(req Request, p Professional) int {
	if p.Coverage.Centre.IsZero() || req.Place.Point.IsZero() {
		return -1
	}
	return geo.Distance(p.Coverage.Centre, req.Place.Point)
}

// Factors are what prices the request at its moment, in the zone of its place.
func Factors(req Request, competition int) network.Factors {
	at := req.At.In(geo.Zone(req.Place.Dept))
	days := [...]network.Day{network.Sunday, network.Monday, network.Tuesday, network.Wednesday, network.Thursday, network.Friday, network.Saturday}
	return network.Factors{
		Trade: req.Trade, Urgency: req.Urgency, Intent: req.Intent, Dept: req.Place.Dept,
		Minute: at.Hour()*60 + at.Minute(), Weekday: days[at.Weekday()], Holiday: geo.IsHoliday(req.Place.Dept, at),
		Competition: competition, Answers: req.Answers,
	}
}

// Price suggests the price of a request, excl. VAT, with its reasons; competition is the number of candidates. The error means that the
// rules leave the bounds, which network.Check rules out.
func Price(p network.Price, req Request, competition int) (money.Amount, []network.Step, error) {
	return p.Of(Factors(req, competition))
}
