package network

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// The extremes that Check proves are those of all prices that can occur: no random case lies outside, and both are reached.
func TestSpan_boundsEveryPrice(t *testing.T) {
	n := shipped(t)
	days := list[Day]()[:7]
	rules := rapid.Custom(func(t *rapid.T) Rule {
		var w When
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			w.Urgency = []string{rapid.SampledFrom([]string{"now", "today"}).Draw(t, "u")}
		case 1:
			w.Trade = []string{rapid.SampledFrom([]string{"plombier", "vitrier"}).Draw(t, "t")}
		case 2:
			w.Departments = []string{rapid.SampledFrom([]string{"30", "75", "974"}).Draw(t, "d")}
		case 3:
			w.Hours = Hours{rapid.IntRange(0, 23).Draw(t, "from") * 60, 30 + rapid.IntRange(0, 23).Draw(t, "to")*60}
			if rapid.Bool().Draw(t, "or") {
				w.OrDays = []Day{rapid.SampledFrom(list[Day]()).Draw(t, "day")}
			}
		case 4:
			w.Days = []Day{rapid.SampledFrom(list[Day]()).Draw(t, "day")}
		case 5:
			w.Competition = &Competition{Below: rapid.IntRange(1, 9).Draw(t, "below")}
			if rapid.Bool().Draw(t, "above") {
				w.Competition = &Competition{Above: rapid.IntRange(1, 9).Draw(t, "above")}
			}
		case 6:
			w.Answers = Cond{{"problem", []string{rapid.SampledFrom([]string{"leak", "pipes", "broken"}).Draw(t, "a")}}}
			if rapid.Bool().Draw(t, "two") {
				w.Answers = append(w.Answers, Term{"flow", []string{"flood"}})
			}
		}
		r := Rule{When: w, Because: fault.T("x", "x")}
		if rapid.Bool().Draw(t, "factor") {
			r.Factor = Factor(rapid.IntRange(1, 3000).Draw(t, "f"))
		} else {
			r.Add = money.Amount(rapid.IntRange(-2000, 2000).Draw(t, "add"))
		}
		return r
	})
	rapid.Check(t, func(t *rapid.T) {
		p := Price{Base: 2400, Rules: rapid.SliceOfN(rules, 0, 7).Draw(t, "rules"), Bounds: [2]money.Amount{-1 << 40, 1 << 40}}
		lo, hi, ok := p.span(n)
		if !ok {
			t.Fatal("too many cases")
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		pick := func(list ...string) string { return list[r.IntN(len(list))] }
		for range 200 {
			trade := pick("plombier", "vitrier", "serrurier")
			f := Factors{Trade: trade, Urgency: pick("now", "today", "later"), Dept: pick("30", "75", "974", "01"), Minute: r.IntN(1440), Weekday: days[r.IntN(7)],
				Holiday: r.IntN(2) == 0, Competition: r.IntN(12)}
			var err error
			f.Answers, err = n.Form(trade).Draft(map[string][]string{"problem": {pick("leak", "pipes", "broken", "other")}})
			if err == nil && trade == "plombier" && f.Answers["problem"][0] == "leak" {
				f.Answers["flow"] = []string{pick("flood", "drops")}
			}
			a, _, err := p.Of(f)
			if err != nil || a < lo.price || a > hi.price {
				t.Fatalf("%+v costs %s, outside %s to %s", f, a.Decimal(), lo.price.Decimal(), hi.price.Decimal())
			}
		}
	})
}

// Rules that exclude each other are never added up, and a condition on an answer that cannot be given does not count.
func TestSpan_exact(t *testing.T) {
	n := shipped(t)
	add := func(w When, euros int64) Rule { return Rule{When: w, Add: money.Euros(euros)} }
	for _, c := range []struct {
		name   string
		rules  []Rule
		lo, hi int64
	}{
		{"no rule", nil, 24, 24},
		{"two urgencies", []Rule{add(When{Urgency: []string{"now"}}, 10), add(When{Urgency: []string{"today"}}, 5)}, 24, 34},
		{"few and many", []Rule{add(When{Competition: &Competition{Below: 3}}, -6), add(When{Competition: &Competition{Above: 2}}, 6)}, 18, 30},
		{"night and noon", []Rule{add(When{Hours: Hours{1200, 420}}, 10), add(When{Hours: Hours{720, 780}}, 10)}, 24, 34},
		{"two trades", []Rule{add(When{Trade: []string{"plombier"}}, 10), add(When{Trade: []string{"vitrier"}}, 20)}, 24, 44},
		{"Saturday and Sunday", []Rule{add(When{Days: []Day{Saturday}}, 10), add(When{Days: []Day{Sunday}}, 10)}, 24, 34},
		{"a holiday on Sunday", []Rule{add(When{Days: []Day{Holidays}}, 10), add(When{Days: []Day{Sunday}}, 10)}, 24, 44},
		{"one answer of two", []Rule{add(When{Answers: Cond{{"problem", []string{"leak"}}}}, 10), add(When{Answers: Cond{{"problem", []string{"tap"}}}}, 10)}, 24, 34},
		{"a flood needs a leak", []Rule{add(When{Answers: Cond{{"problem", []string{"tap"}}}}, 10), add(When{Answers: Cond{{"flow", []string{"flood"}}}}, 10)}, 24, 34},
		{"several answers at once", []Rule{add(When{Answers: Cond{{"problem", []string{"leak"}}}, Trade: []string{"electromenager"}}, 10),
			add(When{Answers: Cond{{"problem", []string{"noise"}}}, Trade: []string{"electromenager"}}, 10)}, 24, 44},
		{"order counts", []Rule{{When: When{Urgency: []string{"now"}}, Factor: 2000}, add(When{Intent: []string{"hesitant"}}, -8)}, 16, 48},
	} {
		p := Price{Base: money.Euros(24), Rules: c.rules}
		lo, hi, ok := p.span(n)
		if !ok || lo.price != money.Euros(c.lo) || hi.price != money.Euros(c.hi) {
			t.Errorf("%s: %s to %s", c.name, lo.price.Decimal(), hi.price.Decimal())
		}
	}
	var many []Rule
	for i := range 12 {
		many = append(many, add(When{Hours: Hours{i * 60, i*60 + 30}, Competition: &Competition{Above: i + 1}, Departments: []string{string(rune('1'+i/10)) + string(rune('0'+i%10))},
			Urgency: []string{"u" + string(rune('a'+i))}}, 1))
	}
	if _, _, ok := (Price{Base: 1, Rules: many}).span(n); ok {
		t.Error("tries for ever")
	}
}
