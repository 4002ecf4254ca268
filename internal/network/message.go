package network

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/fault"
)

// MessageKey is a message that the software sends, and the variables that its words may hold.
type MessageKey struct {
	Key   string
	To    Person
	SMS   bool // has a text message
	Email bool // has a subject and a body
	Vars  []string
	need  func(*Network) bool // nil: always
}

// MessageKeys lists every message, by reader. A variable is written {ref} in the file and filled by [Network.Message].
//
// {ref} reference of the request · {link} private link · {stop} link that stops texts · {code} one-time code · {clock} hour until which
// a promise runs · {pro} name of the professional · {pro_phone} his number · {site} name of the site · {phone} line of the site ·
// {trade} · {commune} · {urgency} · {distance} · {price} excl. VAT · {price_incl} · {seats} left · {name} of the reader or consumer ·
// {consumer_phone} · {amount} · {invoice} number · {reason} · {minutes} · {date} · {document} title of a public document · {answer} · {authority} to complain to · {what} was done ·
// {nature}, {consequences} and {measures} of a breach · {officer} who answers about it.
func MessageKeys() []MessageKey { return slices.Clone(messageKeys) }

func sells(n *Network) bool     { return n.Sells() }
func forwards(n *Network) bool  { return n.Forwards() }
func hasPros(n *Network) bool   { return n.HasPros() }
func byAgent(n *Network) bool   { return n.Modules.Qualification == QualificationAgent }
func reviewing(n *Network) bool { return n.Modules.Reviews != nil }
func passes(n *Network) bool    { return n.Modules.Sale != SaleOff }
func reminds(n *Network) bool   { return sells(n) && !n.Introductions.InsuranceReminder.IsZero() }

var messageKeys = []MessageKey{
	{"code", Consumer, true, true, []string{"code", "minutes", "site"}, nil},
	{"request-received", Consumer, true, true, []string{"ref", "link", "stop", "trade", "site", "phone", "clock"}, nil},
	{"private-link", Consumer, true, true, []string{"ref", "link", "site"}, nil},
	{"taken", Consumer, true, true, []string{"ref", "link", "stop", "pro", "pro_phone", "clock", "site", "phone"}, sells},
	{"passed-on", Consumer, true, true, []string{"ref", "link", "stop", "pro", "site", "phone"}, forwards},
	{"late", Consumer, true, true, []string{"ref", "link", "stop", "pro", "pro_phone", "site", "phone"}, sells},
	{"how-did-it-go", Consumer, true, true, []string{"ref", "link", "stop", "pro", "site"}, reviewing},
	{"cancelled", Consumer, true, true, []string{"ref", "link", "site"}, nil},
	{"request-withdrawn", Consumer, true, true, []string{"ref", "link", "site", "phone", "reason"}, nil},
	{"unserved", Consumer, true, true, []string{"ref", "link", "site", "phone"}, sells},
	{"unreached", Consumer, true, true, []string{"ref", "link", "stop", "site", "phone"}, byAgent},
	{"document-changed", Consumer, false, true, []string{"document", "date", "link", "site"}, tells(Consumer)},
	{"stop-confirmed", Consumer, true, false, []string{"site", "phone"}, nil},

	{"review-invite", Author, true, true, []string{"name", "pro", "link", "stop", "site", "date"}, collectsReviews},
	{"review-remind", Author, true, true, []string{"name", "pro", "link", "stop", "site", "date"}, collectsReviews},
	{"review-asked", Author, false, true, []string{"name", "pro", "link", "site"}, collectsReviews},
	{"review-proof", Author, false, true, []string{"name", "pro", "link", "site", "date"}, collectsReviews},
	{"review-wanted", Author, false, true, []string{"name", "pro", "link", "stop", "site", "date"}, collectsReviews},
	{"review-closed", Author, false, true, []string{"name", "pro", "reason", "site"}, collectsReviews},
	{"review-accept", Professional, false, true, []string{"pro", "link", "site", "date"}, collectsReviews},
	{"review-received", Author, false, true, []string{"name", "pro", "ref", "link", "site", "date"}, collectsReviews},
	{"review-published", Author, false, true, []string{"name", "pro", "ref", "link", "site"}, collectsReviews},
	{"review-refused", Author, false, true, []string{"name", "pro", "ref", "reason", "link", "site", "date"}, collectsReviews},
	{"review-removed", Author, false, true, []string{"name", "pro", "ref", "reason", "link", "site", "date"}, collectsReviews},

	{"review-document", Author, false, true, []string{"name", "pro", "what", "link", "site", "date"}, collectsReviews},
	{"review-appealed", Author, false, true, []string{"name", "ref", "link", "site", "date"}, collectsReviews},
	{"review-reviewed", Author, false, true, []string{"name", "ref", "what", "answer", "link", "site"}, collectsReviews},
	{"review-banned", Author, false, true, []string{"name", "reason", "date", "link", "site"}, collectsReviews},
	{"review-member-document", Professional, false, true, []string{"name", "ref", "what", "link", "site", "date"}, collectsReviews},
	{"review-reported", Visitor, false, true, []string{"name", "pro", "ref", "site", "date"}, collectsReviews},
	{"review-report-decided", Visitor, false, true, []string{"name", "pro", "ref", "what", "answer", "site"}, collectsReviews},

	{"rights-received", Consumer, true, true, []string{"ref", "link", "site", "date"}, takesRights},
	{"rights-identity", Consumer, true, true, []string{"ref", "link", "site", "reason"}, takesRights},
	{"rights-extended", Consumer, true, true, []string{"ref", "link", "site", "reason", "date"}, takesRights},
	{"rights-answered", Consumer, true, true, []string{"ref", "link", "site", "answer", "authority"}, takesRights},
	{"mail-received", Consumer, false, true, []string{"ref", "site", "date"}, readsMail},
	{"breach-told", Consumer, true, true, []string{"ref", "site", "date", "nature", "consequences", "measures", "officer"}, oversees},

	{"pro-invite", Professional, true, true, []string{"name", "link"}, hasPros},
	{"sign-in", Professional, true, true, []string{"link", "minutes"}, hasPros},
	{"new-request", Professional, true, true,
		[]string{"trade", "commune", "urgency", "distance", "price", "price_incl", "seats", "link", "stop"}, sells},
	{"bought", Professional, true, true,
		[]string{"ref", "trade", "commune", "name", "consumer_phone", "clock", "price", "price_incl", "link"}, sells},
	{"forwarded", Professional, false, true, []string{"name", "ref", "trade", "commune", "link"}, forwards},
	{"membership-ending", Professional, false, true, []string{"name", "date", "link"}, forwards},
	{"membership-ended", Professional, false, true, []string{"name", "date", "reason"}, forwards},
	{"clock-passed", Professional, true, false, []string{"ref", "commune", "minutes", "link"}, sells},
	{"corrected", Professional, true, true, []string{"ref", "commune", "link"}, hasPros},
	{"withdrawn", Professional, true, true, []string{"ref", "commune", "link"}, hasPros},
	{"invoice", Professional, false, true, []string{"invoice", "amount", "link"}, sells},
	{"wallet-credited", Professional, false, true, []string{"amount", "link"}, sells},
	{"suspended", Professional, true, true, []string{"reason", "name"}, hasPros},
	{"insurance-ending", Professional, true, true, []string{"name", "date", "link"}, reminds},
	{"insurance-ended", Professional, true, true, []string{"name", "date", "link"}, hasPros},
	{"insurance-renewed", Professional, true, true, []string{"name", "date", "link"}, hasPros},
	{"notifications-stopped", Professional, true, true, []string{"link"}, sells},
	{"address-invalid", Professional, true, true, []string{"link"}, hasPros},
	{"rights-told", Professional, false, true, []string{"name", "ref", "what", "link"}, tellsPros},
	{"terms-changed", Professional, false, true, []string{"name", "document", "date", "link"}, tells(Professional)},

	{"staff-invite", Staff, false, true, []string{"name", "link"}, nil},
	{"rights-due", Staff, false, true, []string{"ref", "link", "date"}, takesRights},
	{"recipient-told", Staff, false, true, []string{"ref", "what", "link"}, takesRights},
	{"rights-shared", Staff, false, true, []string{"ref", "what", "date", "link"}, joins},
	{"staff-reset", Staff, false, true, []string{"name", "link", "minutes"}, nil},
}

// MessageKeyOf finds a message by key.
func MessageKeyOf(key string) (MessageKey, bool) {
	return find(messageKeys, func(k MessageKey) bool { return k.Key == key })
}

// Letter is a message ready to send in one language. SMS, or Subject and Email, are empty when the message has none.
type Letter struct {
	SMS, Subject, Email string
}

// Message fills the words of a message. Every variable that the words hold must be given; a missing one is a defect of the caller and an
// error, so that nobody is ever sent "{link}". Values are put in as they are: what reads them as HTML must escape.
func (n *Network) Message(key, lang string, vars map[string]string) (Letter, error) {
	l, err := n.Email(key, lang, vars)
	if err == nil {
		l.SMS, err = n.SMS(key, lang, vars)
	}
	return l, err
}

// SMS is the text of [Network.Message] alone, for variables that differ by channel.
func (n *Network) SMS(key, lang string, vars map[string]string) (string, error) {
	m, err := n.message(key)
	if err != nil {
		return "", err
	}
	return m.fill(m.SMS, lang, vars)
}

// Email is [Network.Message] without its text.
func (n *Network) Email(key, lang string, vars map[string]string) (l Letter, err error) {
	m, err := n.message(key)
	if err == nil {
		l.Subject, err = m.fill(m.Subject, lang, vars)
	}
	if err == nil {
		l.Email, err = m.fill(m.Email, lang, vars)
	}
	return l, err
}

func (n *Network) message(key string) (Message, error) {
	m, ok := find(n.Messages, func(m Message) bool { return m.Key == key })
	if !ok {
		return m, fmt.Errorf("network: no message %q", key)
	}
	return m, nil
}

func (m Message) fill(words fault.Text, lang string, vars map[string]string) (string, error) {
	s, missing := fill(words.Say(lang), func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
	if missing != "" {
		return "", fmt.Errorf("network: message %q: no value for {%s}", m.Key, missing)
	}
	return s, nil
}

// AgentText fills a ready-made text that an agent sends, with {ref}, {link}, {pro}, {clock}, {site} and {phone}.
func (n *Network) AgentText(id, lang string, vars map[string]string) (string, error) {
	w, ok := find(n.AgentTexts, func(w Wording) bool { return w.ID == id })
	if !ok {
		return "", fmt.Errorf("network: no agent text %q", id)
	}
	s, missing := fill(w.Text.Say(lang), func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
	if missing != "" {
		return "", fmt.Errorf("network: agent text %q: no value for {%s}", id, missing)
	}
	return s, nil
}

var agentVars = []string{"ref", "link", "pro", "clock", "site", "phone"}

var variable = regexp.MustCompile(`\{[a-z][a-z0-9_.-]*\}`)

// fill puts values for variables; missing is the first that has none. It is by hand: a regular expression took a tenth of an intake.
func fill(s string, value func(string) (string, bool)) (out, missing string) {
	var b strings.Builder
	b.Grow(len(s) + 64)
	for {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			break
		}
		end := open + 1
		for end < len(s) && (s[end] >= 'a' && s[end] <= 'z' || end > open+1 && (s[end] >= '0' && s[end] <= '9' || strings.IndexByte("_.-", s[end]) >= 0)) {
			end++
		}
		if end == open+1 || end == len(s) || s[end] != '}' {
			b.WriteString(s[:open+1])
			s = s[open+1:]
			continue
		}
		name := s[open+1 : end]
		v, ok := value(name)
		if !ok && missing == "" {
			missing = name
		}
		b.WriteString(s[:open] + v)
		s = s[end+1:]
	}
	return b.String() + s, missing
}

// Text is the Markdown source of texts/<lang>/<name>.md with its figures filled in from the file, French if the language lacks it. A
// figure stands once, in network.yaml: texts write {keep.record_calls} or {price.max}; see [Network.Figure].
func (n *Network) Text(lang, name string) (string, bool) {
	s, ok := n.texts[lang][name]
	if !ok {
		lang = "fr"
		if s, ok = n.texts[lang][name]; !ok {
			return "", false
		}
	}
	s, _ = fill(s, func(name string) (string, bool) { return n.Figure(lang, name) }) // Check refuses a text with an unknown figure
	return s, true
}

// Words is Text with the day from which the edition applies left open ({network.in_force}): two editions with the same words have the same.
func (n *Network) Words(lang, name string) (string, bool) {
	s, ok := n.texts[lang][name]
	if !ok {
		lang = "fr"
		if s, ok = n.texts[lang][name]; !ok {
			return "", false
		}
	}
	s, _ = fill(s, func(name string) (string, bool) {
		if name == "network.in_force" {
			return "{network.in_force}", true
		}
		return n.Figure(lang, name)
	})
	return s, true
}

// Texts lists the names of the French texts.
func (n *Network) Texts() []string {
	return slices.Sorted(maps.Keys(n.texts["fr"]))
}

// Figure is a value of the file as a text shows it. Every name has a dot, so that none is taken for a variable of a message:
// address.<use>, keep.<purpose>, archive.<purpose>, remainder.<purpose>, at_most.<purpose>, recredit.<reason> and those of figures below.
func (n *Network) Figure(lang, name string) (string, bool) {
	head, rest, _ := strings.Cut(name, ".")
	switch head {
	case "address":
		a, ok := find(n.Operator.Addresses, func(a Address) bool { return a.Use == rest })
		return a.Text, ok
	case "keep", "archive", "remainder", "at_most":
		p, _ := n.Purpose(rest)
		if p.Keep == nil {
			return "", false
		}
		d := p.Keep.Active()
		switch {
		case head == "archive" && p.Keep.Archive != nil:
			d = p.Keep.Archive.For
		case head == "remainder" && p.Keep.Remainder != nil:
			d = p.Keep.Remainder.For
		case head == "at_most":
			d = p.Keep.AtMost
		case head != "keep":
			d = Duration{}
		}
		return d.Text().Say(lang), !d.IsZero()
	case "recredit":
		r, ok := find(n.Introductions.Recredit, func(r Recredit) bool { return string(r.Reason) == rest })
		return r.ClaimWithin.Text().Say(lang), ok
	}
	f, ok := figures[name]
	if !ok {
		return "", false
	}
	v := f(n, lang)
	return v, v != ""
}

var figures = map[string]func(n *Network, lang string) string{
	"operator.name":       func(n *Network, _ string) string { return n.Operator.Name },
	"operator.company":    func(n *Network, _ string) string { return cmp.Or(n.Operator.Company, n.Operator.Name) },
	"operator.legal_form": func(n *Network, _ string) string { return n.Operator.LegalForm },
	"operator.capital":    func(n *Network, lang string) string { return n.Operator.Capital.Say(lang) },
	"operator.siren":      func(n *Network, _ string) string { return n.Operator.SIREN.String() },
	"operator.rcs":        func(n *Network, _ string) string { return n.Operator.RCS },
	"operator.vat":        func(n *Network, _ string) string { return n.Operator.VAT },
	"operator.director":   func(n *Network, _ string) string { return n.Operator.Director },
	"operator.address":    func(n *Network, _ string) string { return n.AddressFor("office") },
	"operator.phone":      func(n *Network, _ string) string { return n.Operator.Phone.Display() },
	"operator.email":      func(n *Network, _ string) string { return n.Operator.Email },
	"operator.host": func(n *Network, _ string) string {
		return n.Operator.Host.Line()
	},
	"officer.email":    func(n *Network, _ string) string { return n.Operator.Officer.Email },
	"network.in_force": func(n *Network, lang string) string { return n.InForce.Say(lang) },
	"network.sites": func(n *Network, _ string) string {
		var hosts []string
		for _, s := range n.Sites {
			hosts = append(append(hosts, s.Host), s.Aliases...)
		}
		return strings.Join(hosts, ", ")
	},
	"price.min":               func(n *Network, lang string) string { return n.Introductions.Price.Min().Say(lang) },
	"price.max":               func(n *Network, lang string) string { return n.Introductions.Price.Max().Say(lang) },
	"price.vat":               func(n *Network, _ string) string { return n.Introductions.Price.VAT.FR() },
	"request.seats":           func(n *Network, _ string) string { return strconv.Itoa(n.Introductions.Seats) },
	"request.expires":         func(n *Network, lang string) string { return n.Introductions.Expires.Text().Say(lang) },
	"cart.hold":               func(n *Network, lang string) string { return n.Introductions.Cart.Hold.Text().Say(lang) },
	"clock.call_back":         func(n *Network, lang string) string { return n.Introductions.Clocks.CallBack.Text().Say(lang) },
	"clock.first_contact":     func(n *Network, lang string) string { return n.Introductions.Clocks.FirstContact.Text().Say(lang) },
	"clock.on_site":           func(n *Network, lang string) string { return n.Introductions.Clocks.OnSite.Text().Say(lang) },
	"access.registry_extract": ofAccess(func(a Access) fault.Text { return a.RegistryExtract.Text() }),
	"access.experience":       ofAccess(func(a Access) fault.Text { return a.Experience.Text() }),
	"access.idle":             ofAccess(func(a Access) fault.Text { return a.Idle.Text() }),
	"access.close_within":     ofAccess(func(a Access) fault.Text { return fault.T(strconv.Itoa(a.CloseWithin), strconv.Itoa(a.CloseWithin)) }),
	"access.liability":        ofAccess(func(a Access) fault.Text { return a.Liability.Text() }),
	"recordings.share": func(n *Network, _ string) string {
		if n.Modules.Recordings == nil {
			return ""
		}
		return n.Modules.Recordings.Record.FR()
	},
	"members.term": func(n *Network, lang string) string {
		if n.Members == nil {
			return ""
		}
		return n.Members.Term.Text().Say(lang)
	},
	"members.notice": func(n *Network, lang string) string {
		if n.Members == nil {
			return ""
		}
		return n.Members.Notice.Text().Say(lang)
	},
	"cookies.accepted": func(n *Network, lang string) string { return n.Cookies.Choice.Accepted.Text().Say(lang) },
	"rights.answer": func(n *Network, lang string) string {
		if n.Rights == nil {
			return ""
		}
		return n.Rights.Answer.Text().Say(lang)
	},
	"rights.extended": func(n *Network, lang string) string {
		if n.Rights == nil {
			return ""
		}
		return n.Rights.Extended.Text().Say(lang)
	},
	"cookies.refused": func(n *Network, lang string) string { return n.Cookies.Choice.Refused.Text().Say(lang) },
}

func ofAccess(of func(Access) fault.Text) func(*Network, string) string {
	return func(n *Network, lang string) string {
		if n.Access == nil {
			return ""
		}
		return of(*n.Access).Say(lang)
	}
}

// expand writes figures into every sentence of the file, so that each fact stands there once: {clock.on_site} in a confirmation is the
// clock of introductions. Names without a dot are variables of a message and stay.
func (n *Network) expand(v reflect.Value) {
	switch {
	case v.Type() == textType:
		t := v.Addr().Interface().(*fault.Text)
		put := func(s, lang string) string {
			return variable.ReplaceAllStringFunc(s, func(m string) string {
				if f, ok := n.Figure(lang, m[1:len(m)-1]); ok {
					return f
				}
				return m
			})
		}
		t.FR, t.EN = put(t.FR, "fr"), put(t.EN, "en")
	case v.Kind() == reflect.Pointer && !v.IsNil():
		n.expand(v.Elem())
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			n.expand(v.Index(i))
		}
	case v.Kind() == reflect.Struct:
		for _, f := range fields(v.Type()) {
			n.expand(v.Field(f.index))
		}
	}
}
