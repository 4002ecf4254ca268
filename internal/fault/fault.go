// Package fault is the one shape of an error that a person or a program outside may see.
//
// A rule makes a fault where it is broken; callers on the way wrap it with %w and their own ids; the adapter (page, API, command or
// job runner) logs it once and turns it into a page with field errors, a problem+json answer (RFC 9457) or an exit code. What is not
// a fault is a defect or an outage and is shown as such, without its text.
package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Kind says what the caller can do about a fault. There are no other kinds.
type Kind string

const (
	Invalid     Kind = "invalid"     // the input is wrong; Fields say where. Mend it and send again.
	Missing     Kind = "missing"     // there is no such thing, or not for this actor.
	Denied      Kind = "denied"      // the actor is known and may not.
	Anonymous   Kind = "anonymous"   // nobody is signed in, or the link is no longer good.
	Conflict    Kind = "conflict"    // somebody else was first, or the state has moved on.
	Limit       Kind = "limit"       // too often or too much; try later.
	Unavailable Kind = "unavailable" // something outside is down; nothing is lost; try later.
)

// Text is a sentence in the two languages of the house. It holds no personal value.
type Text struct{ FR, EN string }

// Say picks the language; anything but "en" is French.
func (t Text) Say(lang string) string {
	if lang == "en" && t.EN != "" {
		return t.EN
	}
	return t.FR
}

// T is short for a Text.
func T(fr, en string) Text { return Text{FR: fr, EN: en} }

// Tf formats both sentences with the same arguments.
func Tf(fr, en string, args ...any) Text {
	return Text{FR: fmt.Sprintf(fr, args...), EN: fmt.Sprintf(en, args...)}
}

// Field is one wrong input. Name is the input's name in the form or the JSON path ("answers.leak"); it is never its value.
type Field struct {
	Name string
	Text Text
}

// Error is a fault. Code is stable and for programs ("seat-taken"); Public is for people; Cause is for the log.
type Error struct {
	Kind   Kind
	Code   string
	Public Text
	Fields []Field
	Cause  error
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind))
	b.WriteString(": ")
	b.WriteString(e.Code)
	for _, f := range e.Fields {
		b.WriteString(" ")
		b.WriteString(f.Name)
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes a fault.
func New(k Kind, code string, public Text) *Error { return &Error{Kind: k, Code: code, Public: public} }

// Because adds the private cause.
func (e *Error) Because(err error) *Error { e.Cause = err; return e }

// Of returns the fault inside err, or nil when err is none: then it is a defect or an outage.
func Of(err error) *Error {
	if f, ok := errors.AsType[*Error](err); ok {
		return f
	}
	return nil
}

// Is reports whether err holds a fault of kind k.
func Is(err error, k Kind) bool {
	f := Of(err)
	return f != nil && f.Kind == k
}

// Code returns the code of the fault inside err, or "".
func Code(err error) string {
	if f := Of(err); f != nil {
		return f.Code
	}
	return ""
}

// Check collects field errors, so that a person sees every one of them at once.
type Check struct{ fields []Field }

// Add notes a wrong field.
func (c *Check) Add(name string, t Text) { c.fields = append(c.fields, Field{Name: name, Text: t}) }

// That notes the field unless ok.
func (c *Check) That(ok bool, name string, t Text) {
	if !ok {
		c.Add(name, t)
	}
}

// Err is nil when every field was right, else one Invalid fault with all of them.
func (c *Check) Err() error {
	if len(c.fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid-fields", Fields: c.fields,
		Public: T("Certaines réponses sont à corriger.", "Some answers need correcting.")}
}
