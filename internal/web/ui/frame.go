package ui

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"entremise/internal/fault"
)

// Frame is what every page needs besides its own content. Views embed it, so that its language speaks for them: v.T, v.Money.
type Frame struct {
	Lang
	Zone   *time.Location // the place of the request or, for staff, of the operator; nil is UTC
	Now    time.Time      // business time: clocks in the browser count from it, never from the device's own time
	Path   string         // path and query of this page; the language switch comes back to it
	Accent string         // the network's colour, six hexadecimal digits; ours when empty
	Flash  Flash          // said once, at the top
	Told   []Told         // changes of public documents
}

// At moves an instant into the page's zone.
func (f Frame) At(t time.Time) time.Time {
	if f.Zone == nil {
		return t.UTC()
	}
	return t.In(f.Zone)
}

// Hour writes the time of day of an instant in the page's zone.
func (f Frame) Hour(t time.Time) string { return f.Time(f.At(t)) }

// Moment writes an instant as a reader near it would say it: 9 h 05 today, hier à 9 h 05, 22 novembre à 9 h 05, with the year when it
// is another.
func (f Frame) Moment(t time.Time) string {
	at, now := f.At(t), f.At(f.Now)
	switch {
	case sameDay(at, now):
		return f.Time(at)
	case sameDay(at, now.AddDate(0, 0, -1)):
		return f.Tf("hier à %s", "yesterday at %s", f.Time(at))
	case sameDay(at, now.AddDate(0, 0, 1)):
		return f.Tf("demain à %s", "tomorrow at %s", f.Time(at))
	case at.Year() == now.Year():
		return f.Tf("%s à %s", "%s at %s", f.Day(at), f.Time(at))
	}
	return f.Tf("%s à %s", "%s at %s", f.Date(at), f.Time(at))
}

// Exactly writes an instant with its whole date, for a sentence in which hier or demain would not fit: 22 novembre 2026 à 9 h 05.
func (f Frame) Exactly(t time.Time) string {
	return f.Tf("%s à %s", "%s at %s", f.Date(f.At(t)), f.Hour(t))
}

func sameDay(a, b time.Time) bool { return a.YearDay() == b.YearDay() && a.Year() == b.Year() }

// Ago writes how long before Now an instant was: il y a 40 s.
func (f Frame) Ago(t time.Time) string {
	return f.Tf("il y a %s", "%s ago", f.Span(max(f.Now.Sub(t), 0)))
}

// langURL is this page in the other language.
func (f Frame) langURL() string {
	other := f.T("en", "fr")
	u, err := url.Parse(f.Path)
	if err != nil || !strings.HasPrefix(f.Path, "/") {
		return "?lang=" + other
	}
	q := u.Query()
	q.Set("lang", other)
	return u.EscapedPath() + "?" + q.Encode()
}

// Tone says how a thing stands; each has its own shape as well as its colour (WCAG 1.4.1).
type Tone string

const (
	Quiet Tone = ""     // neither good nor bad: a hollow ring
	Good  Tone = "good" // done, available: a disc
	Wait  Tone = "wait" // due soon, waiting: a triangle
	Bad   Tone = "bad"  // late, refused, broken: a square
	Now   Tone = "now"  // where things stand at this moment: a ringed disc in the accent colour
)

// Flash is one sentence said after an action. Undo, when set, is the address to which a post takes the action back: offered for ten seconds.
type Flash struct {
	Tone Tone
	Text string
	Undo string
}

// Link is a place to go.
type Link struct{ Text, Href string }

// Fact is one line of a sheet: its label, and one or more lines of value.
type Fact struct{ Label, Value string }

// Status is a word about a thing, with its tone.
type Status struct {
	Tone Tone
	Text string
}

// Step is one line of a timeline. Until, when set, is a promise that ends then: a clock counts down to it.
type Step struct {
	At    time.Time
	Tone  Tone
	Text  string
	By    string // who did it; staff pages only
	Until time.Time
}

// Form is what was typed and what is wrong with it. The zero Form is a fresh one.
type Form struct {
	Values  map[string][]string
	Errors  []fault.Field // the fields of an Invalid fault; Name is the input's name
	Failed  fault.Text    // a fault without a field ("someone else was first"), said above the form
	Starred bool          // what is needed has an asterisk: a form that collects data (RN-09)
	Hidden  []Hidden      // sent back as they are: idempotency key, edition, proof-of-work challenge
}

// Hidden is an input that nobody sees.
type Hidden struct{ Name, Value string }

func (f Form) value(name string) string {
	if v := f.Values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (f Form) has(name, value string) bool { return slices.Contains(f.Values[name], value) }

func (f Form) problems(name string) []fault.Text {
	var ts []fault.Text
	for _, e := range f.Errors {
		if e.Name == name {
			ts = append(ts, e.Text)
		}
	}
	return ts
}

// chose reports whether anything of some fields was ticked or is wrong: what is folded then stands open.
func (f Form) chose(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return len(f.Values[name]) > 0 || f.wrong(name) })
}

func (f Form) wrong(name string) bool { return len(f.problems(name)) > 0 }

// filled is the Form with a value where nothing was typed yet: what is stored stands until the person changes it.
func (f Form) filled(name, value string) Form {
	if _, ok := f.Values[name]; ok || value == "" {
		return f
	}
	values := map[string][]string{name: {value}}
	for k, v := range f.Values {
		values[k] = v
	}
	f.Values = values
	return f
}

// Option is one answer to choose.
type Option struct{ Value, Label, Hint string }

// QuestionKind is how a question is answered.
type QuestionKind string

const (
	OneOf   QuestionKind = "one"    // radio buttons; a list when there are more than eight options
	SomeOf  QuestionKind = "some"   // tick boxes
	YesNo   QuestionKind = "yes-no" // two radio buttons, values yes and no
	Mark    QuestionKind = "mark"   // radio buttons in a row, from 1 to Max
	Words   QuestionKind = "text"
	Lines   QuestionKind = "lines" // several lines
	Numeric QuestionKind = "number"
	Day     QuestionKind = "date" // ISO
)

// Question is one question of a trade's form, in the operator's words.
type Question struct {
	Name     string // input's name, "answers.leak"
	Label    string
	Hint     string
	Kind     QuestionKind
	Options  []Option
	Unit     string // after a number: m², cm
	Min, Max string // bounds of a number, empty for none; the highest mark; characters of several lines
	Required bool
	If       *Condition // asked only then; nil is always
}

// Condition ties a question to the answer of another. Without scripts the question stays visible and Text says when it counts.
type Condition struct {
	Name   string // input's name of the other question
	Values []string
	Text   string // "si l'eau coule encore"
}

// Consent is one box that nobody ticks in advance (GDPR art. 7 and 4(11); C. conso. L223-1). Name is the input; its value is "yes".
type Consent struct {
	Name     string
	Wording  string // exact words, stored by hash
	Hint     string
	Required bool     // the terms, and confirmations before buying; never a purpose that rests on consent
	Href     string   // the document that the words speak of; may be empty
	Facts    []string // the five that the law wants beside it (C. conso. R223-1)
	On       bool     // a professional's own choice, as it stands; a form never sets it
}

// Notice is what must be said where data are collected (GDPR art. 13), from the network file.
type Notice struct {
	Controller string // who decides, with place
	Purposes   []NoticePurpose
	Sources    string // where else data may come from (ET-119)
	Rights     string // what one may ask, and where
	Href       string // the whole policy
}

// NoticePurpose is one line of a Notice.
type NoticePurpose struct{ Label, Basis, Recipients, Kept string }

// Picture is an image served by us.
type Picture struct{ Href, Alt string }

// View is a filled page.
type View interface{ Page() templ.Component }

// safe lets through addresses of ours and the few schemes that a phone opens; anything else leads nowhere. A view's addresses are made by
// adapters, but one of them may one day hold what somebody typed.
func safe(u string) templ.SafeURL {
	scheme, _, found := strings.Cut(u, ":")
	if !found || strings.ContainsAny(scheme, "/?#") || slices.Contains([]string{"tel", "mailto", "geo", "https", "http"}, strings.ToLower(scheme)) {
		return templ.SafeURL(u)
	}
	return "about:invalid"
}

// May is whether somebody may be called now, and the rule that says so. The zero May draws nothing and forbids nothing.
type May struct {
	No      bool
	Why     string
	Article string
}
