package network

import (
	"fmt"
	"slices"
	"strconv"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// Price is how an introduction is priced, excl. VAT: the base, then every rule whose condition holds, in the order of the file.
type Price struct {
	Bounds [2]money.Amount // Lowest and highest price in euros; no rule and no agent may leave them.
	Base   money.Amount    // Price before any rule.
	VAT    money.Rate      `yaml:"vat"`  // VAT on introductions, for example 20 %.
	Rules  []Rule          `yaml:",opt"` // Rules, applied in order.
}

// Rule changes the price when its condition holds. It has either add or factor.
type Rule struct {
	When    When         // All that must hold.
	Add     money.Amount `yaml:",opt"` // Euros added, negative for a rebate.
	Factor  Factor       `yaml:",opt"` // Multiplies the price reached so far.
	Because fault.Text   // Reason shown to the agent and kept with the request.
}

// When is a condition: everything written must hold. A list holds when one of its values does.
type When struct {
	Urgency     []string     `yaml:",opt" one:"true"` // Ids of urgencies.
	Intent      []string     `yaml:",opt" one:"true"` // Ids of intents.
	Trade       []string     `yaml:",opt" one:"true"` // Slugs of trades.
	Departments []string     `yaml:",opt" one:"true"` // Departments of the place: "75", "2A", "974".
	Hours       Hours        `yaml:",opt"`            // Span of the day at the place, "20:00-07:00".
	Days        []Day        `yaml:",opt" one:"true"` // Days at the place; with hours, both must hold.
	OrDays      []Day        `yaml:",opt" one:"true"` // Days at the place; with hours, one of the two suffices.
	Competition *Competition `yaml:",opt"`            // Number of professionals who could be asked.
	Answers     Cond         `yaml:",opt"`            // Answers to the trade's questions.
}

// Competition bounds the number of eligible professionals, both bounds excluded.
type Competition struct {
	Below int `yaml:",opt"` // Fewer than.
	Above int `yaml:",opt"` // More than.
}

// Factors is what a price depends on. The moment is that of the place, as its clocks and calendar show it.
type Factors struct {
	Trade, Urgency, Intent string
	Dept                   string
	Minute                 int // of the day
	Weekday                Day
	Holiday                bool
	Competition            int // professionals who could be asked
	Answers                Answers
}

// Step is one reason of a price: what it changed and where it led.
type Step struct {
	Rule    int // number in the file, from 1; 0 is the base
	Because fault.Text
	Delta   money.Amount
	Price   money.Amount
}

// Of prices an introduction. The steps begin with the base and end at the price. A price outside the bounds is an error and never
// clamped: Check proves that no combination leads there, so it means that the file was not checked.
func (p Price) Of(f Factors) (money.Amount, []Step, error) {
	a := p.Base
	steps := []Step{{0, fault.T("Prix de base", "Base price"), a, a}}
	for i, r := range p.Rules {
		if !r.When.Holds(f) {
			continue
		}
		next := r.apply(a)
		steps = append(steps, Step{i + 1, r.Because, next - a, next})
		a = next
	}
	if err := p.Within(a); err != nil {
		return 0, steps, fmt.Errorf("network: rules lead to %s: %w", a.Decimal(), err)
	}
	return a, steps, nil
}

func (r Rule) apply(a money.Amount) money.Amount {
	if r.Factor != 0 {
		return r.Factor.Of(a)
	}
	return a + r.Add
}

// Holds reports whether every part of the condition is met.
func (w When) Holds(f Factors) bool {
	among := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	return among(w.Urgency, f.Urgency) && among(w.Intent, f.Intent) && among(w.Trade, f.Trade) && among(w.Departments, f.Dept) &&
		w.moment(f) && w.Competition.holds(f.Competition) && w.Answers.Holds(f.Answers)
}

func (w When) moment(f Factors) bool {
	day := func(days []Day) bool {
		return slices.Contains(days, f.Weekday) || f.Holiday && slices.Contains(days, Holidays)
	}
	if len(w.Days) > 0 && !day(w.Days) {
		return false
	}
	if len(w.OrDays) > 0 && day(w.OrDays) {
		return true
	}
	return w.Hours.IsZero() && len(w.OrDays) == 0 || !w.Hours.IsZero() && w.Hours.Hold(f.Minute)
}

func (c *Competition) holds(n int) bool {
	return c == nil || (c.Below == 0 || n < c.Below) && (c.Above == 0 || n > c.Above)
}

// extreme is a lowest or highest price and the rules that lead to it.
type extreme struct {
	price money.Amount
	rules []int
}

// maxCases bounds the combinations that span tries; a price with more is too intertwined for a person to check either.
const maxCases = 400_000

// span finds the lowest and highest price over every combination of factors that can occur, by trying them: each factor is cut into the
// few classes that the rules can tell apart, and an answer counts only where its question can be asked. ok is false beyond maxCases.
func (p Price) span(n *Network) (lo, hi extreme, ok bool) {
	first, budget := true, maxCases
	for _, trade := range n.Trades {
		rules := slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { // those that can concern the trade
			return len(r.When.Trade) > 0 && !slices.Contains(r.When.Trade, trade.Slug)
		})
		form := n.forms[trade.Form]
		axes := axes(form, rules)
		cases := 1
		for _, axis := range axes {
			if cases *= len(axis); cases > budget {
				return lo, hi, false
			}
		}
		budget -= cases
		pick, used := make([]int, len(axes)), make([]int, 0, len(p.Rules))
		for more := true; more; more = next(pick, axes) {
			f := Factors{Trade: trade.Slug, Answers: Answers{}}
			for k, axis := range axes {
				axis[pick[k]](&f)
			}
			if len(f.Answers) > 0 && !form.askable(f.Answers) {
				continue
			}
			a, used := p.Base, used[:0]
			for i, r := range p.Rules {
				if r.When.Holds(f) {
					a, used = r.apply(a), append(used, i+1)
				}
			}
			if first || a < lo.price {
				lo = extreme{a, slices.Clone(used)}
			}
			if first || a > hi.price {
				hi = extreme{a, slices.Clone(used)}
			}
			first = false
		}
	}
	return lo, hi, true
}

// next counts through the combinations like an odometer.
func next(pick []int, axes [][]func(*Factors)) bool {
	for k := range pick {
		if pick[k]++; pick[k] < len(axes[k]) {
			return true
		}
		pick[k] = 0
	}
	return false
}

// askable reports whether these answers can be given together: each to a question that the others make visible.
func (f *Form) askable(a Answers) bool {
	left := 0
	for _, values := range a {
		if len(values) > 0 {
			left++
		}
	}
	for seen, i := make(Answers, len(a)), 0; i < len(f.Questions) && left > 0; i++ { // as Visible, which builds a list that nobody reads here
		if q := &f.Questions[i]; q.When.Holds(seen) && len(a[q.ID]) > 0 {
			seen[q.ID] = a[q.ID]
			left--
		}
	}
	return left == 0
}

// axes lists, for each factor that the rules look at, the values that they can tell apart.
func axes(form *Form, rules []Rule) [][]func(*Factors) {
	var axes [][]func(*Factors)
	words := func(get func(When) []string, set func(*Factors, string)) {
		axis := []func(*Factors){func(*Factors) {}} // any value that no rule names
		alike := map[string]bool{}                  // values named by the same rules are one class
		for _, r := range rules {
			for _, v := range get(r.When) {
				class := ""
				for i, other := range rules {
					if slices.Contains(get(other.When), v) {
						class += strconv.Itoa(i) + " "
					}
				}
				if !alike[class] {
					alike[class] = true
					axis = append(axis, func(f *Factors) { set(f, v) })
				}
			}
		}
		if len(axis) > 1 {
			axes = append(axes, axis)
		}
	}
	words(func(w When) []string { return w.Urgency }, func(f *Factors, v string) { f.Urgency = v })
	words(func(w When) []string { return w.Intent }, func(f *Factors, v string) { f.Intent = v })
	words(func(w When) []string { return w.Departments }, func(f *Factors, v string) { f.Dept = v })

	var minutes, counts []int
	var days []Day
	questions := map[string]bool{}
	for _, r := range rules {
		if h := r.When.Hours; !h.IsZero() {
			minutes = append(minutes, h.From, h.To)
		}
		days = append(append(days, r.When.Days...), r.When.OrDays...)
		if c := r.When.Competition; c != nil {
			counts = append(counts, max(0, c.Below-1), c.Below, c.Above, c.Above+1)
		}
		for _, t := range r.When.Answers {
			form.need(t.Question, questions)
		}
	}
	if len(minutes) > 0 {
		var axis []func(*Factors)
		for _, m := range distinct(minutes) { // between two bounds nothing changes
			axis = append(axis, func(f *Factors) { f.Minute = m })
		}
		axes = append(axes, axis)
	}
	if days = distinct(days); len(days) > 0 {
		var axis []func(*Factors)
		holidays := []bool{false}
		if slices.Contains(days, Holidays) {
			holidays = append(holidays, true)
		}
		plain := false // one weekday that no rule names stands for all of them
		for _, d := range list[Day]() {
			if d == Holidays || plain && !slices.Contains(days, d) {
				continue
			}
			plain = plain || !slices.Contains(days, d)
			for _, h := range holidays {
				axis = append(axis, func(f *Factors) { f.Weekday, f.Holiday = d, h })
			}
		}
		axes = append(axes, axis)
	}
	if len(counts) > 0 {
		var axis []func(*Factors)
		for _, c := range distinct(counts) {
			axis = append(axis, func(f *Factors) { f.Competition = c })
		}
		axes = append(axes, axis)
	}
	for _, q := range form.questions() {
		if questions[q.ID] {
			axes = append(axes, q.axes()...)
		}
	}
	return axes
}

func (f *Form) questions() []Question {
	if f == nil {
		return nil
	}
	return f.Questions
}

// need notes a question and those on which its being asked depends.
func (f *Form) need(id string, noted map[string]bool) {
	if f == nil || noted[id] {
		return
	}
	q, ok := f.Question(id)
	if !ok {
		return
	}
	noted[id] = true
	for _, t := range q.When {
		f.need(t.Question, noted)
	}
}

// axes of a question: no answer or one of its options; for choices each option is in or out by itself.
func (q Question) axes() [][]func(*Factors) {
	none := func(*Factors) {}
	give := func(v string) func(*Factors) {
		return func(f *Factors) { f.Answers[q.ID] = append(f.Answers[q.ID], v) }
	}
	var options []string
	for _, o := range q.Options {
		options = append(options, o.ID)
	}
	if q.Kind == KindYesNo {
		options = []string{"yes", "no"}
	}
	if q.Kind == KindChoices {
		var axes [][]func(*Factors)
		for _, o := range options {
			axes = append(axes, []func(*Factors){none, give(o)})
		}
		return axes
	}
	axis := []func(*Factors){none}
	for _, o := range options {
		axis = append(axis, give(o))
	}
	return [][]func(*Factors){axis}
}

func distinct[T int | Day](vs []T) []T {
	vs = slices.Clone(vs)
	slices.Sort(vs)
	return slices.Compact(vs)
}

// numbers writes rules as a person names them: "1, 4".
func (e extreme) numbers() string {
	s := ""
	for i, r := range e.rules {
		if i > 0 {
			s += ", "
		}
		s += strconv.Itoa(r)
	}
	return s
}
