package request

import (
	"slices"
	"time"

	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/network"
)

// Report is what happened in a span of days, for the operator: counts, sales and how long things took. It holds no personal value.
type Report struct {
	Days                                []ReportDay   // every day of the span, oldest first
	Trades                              []ReportTrade // that had a request or a sale, by slug
	Asked, Published, Sold, Called, Won int
	Excl                                money.Amount
	Publish                             Took // received → published, business time
	SMS                                 Took // published → first professional's SMS handed over, real time
	Call                                Took // revealed → first contact, business time
}

// ReportDay is one day.
type ReportDay struct {
	Day            time.Time // its midnight
	Asked, Sold    int
	Excl           money.Amount
	InTime, Behind int // first contacts within the promise, and after it or not yet
}

// ReportTrade is one trade over the span.
type ReportTrade struct {
	Trade       string
	Asked, Sold int
	Excl        money.Amount
	ByDay       []int // sold
}

// Took are durations, sorted, and those of each day.
type Took struct {
	All   []time.Duration
	ByDay [][]time.Duration
}

// Quantile is the value that so many hundredths of the cases do not exceed (nearest rank); zero when there are none.
func Quantile(sorted []time.Duration, hundredths int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, max(0, (len(sorted)*hundredths+99)/100-1))]
}

func (t *Took) add(day int, d time.Duration) {
	t.All, t.ByDay[day] = append(t.All, d), append(t.ByDay[day], d)
}

func (t *Took) sort() {
	slices.Sort(t.All)
	for _, d := range t.ByDay {
		slices.Sort(d)
	}
}

// Figures reports the days from one midnight up to another, in the zone of both.
func Figures(tx *db.Tx, from, until time.Time) (Report, error) {
	var r Report
	for d := from; d.Before(until); d = d.AddDate(0, 0, 1) {
		r.Days = append(r.Days, ReportDay{Day: d})
	}
	for _, t := range []*Took{&r.Publish, &r.SMS, &r.Call} {
		t.ByDay = make([][]time.Duration, len(r.Days))
	}
	day := func(at int64) int { // the days are not all of 24 hours
		t := db.Time(at)
		i, _ := slices.BinarySearchFunc(r.Days, t, func(d ReportDay, t time.Time) int { return d.Day.Compare(t.Add(1)) })
		return max(0, i-1)
	}
	trades := map[string]*ReportTrade{}
	trade := func(slug string) *ReportTrade {
		if trades[slug] == nil {
			trades[slug] = &ReportTrade{Trade: slug, ByDay: make([]int, len(r.Days))}
		}
		return trades[slug]
	}
	span := []any{db.Micros(from), db.Micros(until)}
	err := db.Each(tx, func(s db.Scanner) error {
		var at, published int64
		var slug string
		if err := s.Scan(&at, &published, &slug); err != nil {
			return err
		}
		i := day(at)
		r.Asked++
		r.Days[i].Asked++
		trade(slug).Asked++
		if published > 0 {
			r.Published++
			r.Publish.add(i, time.Duration(published-at)*time.Microsecond)
		}
		return nil
	}, "SELECT at, published_at, trade FROM request WHERE at >= $1 AND at < $2 AND state <> 'unverified'", span...)
	if err != nil {
		return r, err
	}
	err = db.Each(tx, func(s db.Scanner) error {
		var revealed, contacted, late, price int64
		var slug, outcome string
		if err := s.Scan(&revealed, &contacted, &late, &price, &outcome, &slug); err != nil {
			return err
		}
		i := day(revealed)
		r.Sold++
		r.Excl += money.Amount(price)
		r.Days[i].Sold++
		r.Days[i].Excl += money.Amount(price)
		t := trade(slug)
		t.Sold++
		t.Excl += money.Amount(price)
		t.ByDay[i]++
		if contacted > 0 {
			r.Called++
			r.Call.add(i, time.Duration(contacted-revealed)*time.Microsecond)
		}
		switch {
		case late > 0:
			r.Days[i].Behind++
		case contacted > 0:
			r.Days[i].InTime++
		}
		if outcome == "won" || outcome == outcomeDone {
			r.Won++
		}
		return nil
	}, `SELECT p.revealed_at, p.contacted_at, p.late_at, p.price_minor, p.outcome, r.trade FROM purchase p JOIN request r ON r.id = p.request_id
		WHERE p.state = 'revealed' AND p.revealed_at >= $1 AND p.revealed_at < $2`, span...)
	if err != nil {
		return r, err
	}
	err = db.Each(tx, func(s db.Scanner) error {
		var published, took int64
		if err := s.Scan(&published, &took); err != nil {
			return err
		}
		r.SMS.add(day(published), time.Duration(took)*time.Microsecond)
		return nil
	}, `SELECT r.published_at, min(m.sent_machine_at) - r.published_machine_at FROM request r JOIN message m ON m.object = r.id
		WHERE m.kind = 'new-request' AND m.channel = 'sms' AND m.sent_machine_at > 0 AND r.published_at >= $1 AND r.published_at < $2
		GROUP BY r.id, r.published_at, r.published_machine_at`, span...)
	for _, t := range []*Took{&r.Publish, &r.SMS, &r.Call} {
		t.sort()
	}
	for _, t := range trades {
		r.Trades = append(r.Trades, *t)
	}
	slices.SortFunc(r.Trades, func(a, b ReportTrade) int {
		if a.Trade < b.Trade {
			return -1
		}
		return 1
	})
	return r, err
}

// Overdue is a purchase whose first contact is late (ET-32, 64).
type Overdue struct {
	Request, Ref, Trade, INSEE, Pro string
	Revealed, Due                   time.Time
}

// LateContacts lists at most limit purchases of the last seven days whose first contact is late and not noted, oldest first.
func LateContacts(tx *db.Tx, n *network.Network, limit int) ([]Overdue, error) {
	clock := n.Introductions.Clocks.FirstContact
	if clock.IsZero() {
		return nil, nil
	}
	return db.List(tx, func(s db.Scanner) (o Overdue, err error) {
		var at int64
		err = s.Scan(&o.Request, &o.Ref, &o.Trade, &o.INSEE, &o.Pro, &at)
		o.Revealed = db.Time(at)
		o.Due = clock.AddTo(o.Revealed)
		return o, err
	}, `SELECT r.id, r.ref, r.trade, r.insee, p.pro_id, p.revealed_at FROM purchase p JOIN request r ON r.id = p.request_id
		WHERE p.state = 'revealed' AND p.contacted_at = 0 AND p.revealed_at <= $1 AND p.revealed_at > $2 AND r.state <> 'cancelled' ORDER BY p.revealed_at, p.id LIMIT $3`,
		db.Micros(clock.Cutoff(tx.Now())), db.Micros(tx.Now().AddDate(0, 0, -7)), limit)
}

// Refs are the references of requests by id, for lists that speak of many.
func Refs(tx *db.Tx, ids ...string) (map[string]string, error) {
	refs := map[string]string{}
	if len(ids) == 0 {
		return refs, nil
	}
	var args []any
	in := db.In(&args, ids)
	return refs, db.Each(tx, func(s db.Scanner) error {
		var id, ref string
		err := s.Scan(&id, &ref)
		refs[id] = ref
		return err
	}, "SELECT id, ref FROM request WHERE id IN ("+in+")", args...)
}

// Activity is what a professional bought since an instant, and when last.
type Activity struct {
	Bought int
	Last   time.Time
	InTime int // first contacts within the promise
	Noted  int // first contacts noted or late
}

// ActivityOf counts the purchases of professionals since an instant; Last looks at all time.
func ActivityOf(tx *db.Tx, since time.Time, pros ...string) (map[string]Activity, error) {
	all := map[string]Activity{}
	if len(pros) == 0 {
		return all, nil
	}
	args := []any{db.Micros(since)}
	in := db.In(&args, pros)
	return all, db.Each(tx, func(s db.Scanner) error {
		var id string
		var a Activity
		var bought, last, inTime, noted int64
		if err := s.Scan(&id, &bought, &last, &inTime, &noted); err != nil {
			return err
		}
		a.Bought, a.Last, a.InTime, a.Noted = int(bought), db.Time(last), int(inTime), int(noted)
		all[id] = a
		return nil
	}, `SELECT pro_id, count(*) FILTER (WHERE revealed_at >= $1), max(revealed_at), count(*) FILTER (WHERE revealed_at >= $1 AND contacted_at > 0 AND late_at = 0),
		count(*) FILTER (WHERE revealed_at >= $1 AND (contacted_at > 0 OR late_at > 0)) FROM purchase WHERE state = 'revealed' AND pro_id IN (`+in+`) GROUP BY pro_id`, args...)
}
