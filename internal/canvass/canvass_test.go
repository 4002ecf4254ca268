package canvass_test

import (
	"testing"
	"time"

	"entremise/internal/canvass"
	"entremise/internal/geo"
	"entremise/internal/network"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04:05", s, geo.Paris())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	phone = network.ChannelPhone
	sms   = network.ChannelSMS
	email = network.ChannelEmail
)

// Wednesday 2 September 2026, 11:00 in Paris: new law, a working day, inside the hours.
const wednesday = "2026-09-02 11:00:00"

// agreed is a call that may be made: everything else in the tables differs from it by one thing.
func agreed(t *testing.T) canvass.Contact {
	return canvass.Contact{At: at(t, wednesday), Means: phone, Aim: canvass.Prospecting, To: network.Consumer, Dept: "75",
		Consent: &canvass.Consent{Given: at(t, "2026-08-20 09:00:00"), Named: true, Informed: true}}
}

func TestMayContact_canvassing(t *testing.T) {
	register := &network.Prospecting{Register: &network.Register{Protects: network.Duration{N: 3, Unit: network.UnitYear}}}
	strict := &network.Prospecting{Calls: &network.ContactHours{Days: []network.Day{network.Monday, network.Wednesday}, Hours: []network.Hours{{From: 600, To: 660}}},
		Attempts: network.Limit{Max: 2, Within: network.Duration{N: 30, Unit: network.UnitDay}}}
	wide := &network.Prospecting{Calls: &network.ContactHours{Days: []network.Day{network.Sunday, network.Holidays}, Hours: []network.Hours{{From: 0, To: 1439}}}}
	often := &network.Prospecting{Attempts: network.Limit{Max: 50, Within: network.Duration{N: 1, Unit: network.UnitDay}}}
	for _, c := range []struct {
		name  string
		terms *network.Prospecting
		but   func(*canvass.Contact)
		may   bool
		rule  string
	}{
		{"agreed", nil, func(*canvass.Contact) {}, true, "consent"},
		{"no aim is prospecting", nil, func(c *canvass.Contact) { c.Aim, c.Consent = "", nil }, false, "no-consent"},
		{"no consent", nil, func(c *canvass.Contact) { c.Consent = nil }, false, "no-consent"},
		{"consent of tomorrow", nil, func(c *canvass.Contact) { c.Consent.Given = c.At.Add(time.Second) }, false, "expired"},
		{"consent of a partner nobody named", nil, func(c *canvass.Contact) { c.Consent.Named = false }, false, "not-named"},
		{"five facts missing", nil, func(c *canvass.Contact) { c.Consent.Informed = false }, false, "facts-missing"},
		{"withdrawn this second", nil, func(c *canvass.Contact) { c.Consent.Withdrawn = c.At }, false, "withdrawn"},
		{"withdrawn the second after", nil, func(c *canvass.Contact) { c.Consent.Withdrawn = c.At.Add(time.Second) }, true, "consent"},
		{"refused aloud", nil, func(c *canvass.Contact) { c.Stopped = true }, false, "withdrawn"},
		{"the last second of its year", nil, func(c *canvass.Contact) { c.Consent.Given = c.At.AddDate(-1, 0, 0).Add(time.Second) }, true, "consent"},
		{"a year is over, no tacit renewal", nil, func(c *canvass.Contact) { c.Consent.Given = c.At.AddDate(-1, 0, 0) }, false, "expired"},
		{"a longer period than a year does not count", nil, func(c *canvass.Contact) {
			c.Consent.Given, c.Consent.Until = c.At.AddDate(-1, 0, 0), c.At.AddDate(1, 0, 0)
		}, false, "expired"},
		{"its own shorter period is over", nil, func(c *canvass.Contact) { c.Consent.Until = c.At }, false, "expired"},
		{"a contract in course needs none", nil, func(c *canvass.Contact) { c.Consent, c.Current = nil, true }, true, "contract"},
		{"a professional is called about his business", nil, func(c *canvass.Contact) { c.Consent, c.To = nil, network.Professional }, true, "professional"},

		{"banned sector, even with consent", nil, func(c *canvass.Contact) { c.Banned = true }, false, "banned-sector"},
		{"banned sector by text", nil, func(c *canvass.Contact) { c.Banned, c.Means = true, sms }, false, "banned-sector-written"},
		{"banned sector by e-mail", nil, func(c *canvass.Contact) { c.Banned, c.Means = true, email }, false, "banned-sector-written"},
		{"banned sector, contract in course", nil, func(c *canvass.Contact) { c.Banned, c.Current = true, true }, true, "contract"},

		{"09:59", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 09:59:59") }, false, "hours"},
		{"10:00", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 10:00:00") }, true, "consent"},
		{"12:59", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 12:59:59") }, true, "consent"},
		{"13:00", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 13:00:00") }, false, "hours"},
		{"14:00", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 14:00:00") }, true, "consent"},
		{"19:59", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 19:59:59") }, true, "consent"},
		{"20:00", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 20:00:00") }, false, "hours"},
		{"Saturday", nil, func(c *canvass.Contact) { c.At = at(t, "2026-09-05 11:00:00") }, false, "hours"},
		{"Armistice", nil, func(c *canvass.Contact) { c.At = at(t, "2026-11-11 11:00:00") }, false, "hours"},
		{"Good Friday in Paris", nil, func(c *canvass.Contact) { c.At = at(t, "2027-03-26 11:00:00") }, true, "consent"},
		{"Good Friday in Alsace", nil, func(c *canvass.Contact) { c.At, c.Dept = at(t, "2027-03-26 11:00:00"), "67" }, false, "hours"},
		{"abolition day in Réunion, at noon there", nil, func(c *canvass.Contact) {
			c.At, c.Dept, c.Consent.Given = at(t, "2027-12-20 09:00:00"), "974", at(t, "2027-08-20 09:00:00")
		}, false, "hours"},
		{"11:00 in Paris is 05:00 in Guadeloupe", nil, func(c *canvass.Contact) { c.Dept = "971" }, false, "hours"},
		{"17:00 in Paris is 11:00 in Guadeloupe", nil, func(c *canvass.Contact) { c.Dept, c.At = "971", at(t, "2026-09-02 17:00:00") }, true, "consent"},
		{"Sunday, at the moment agreed", nil, func(c *canvass.Contact) {
			c.At = at(t, "2026-09-06 21:00:00")
			c.Agreed = []canvass.Slot{{c.At, c.At.Add(15 * time.Minute)}}
		}, true, "consent"},
		{"Sunday, when the moment agreed is over", nil, func(c *canvass.Contact) {
			c.At = at(t, "2026-09-06 21:15:00")
			c.Agreed = []canvass.Slot{{c.At.Add(-15 * time.Minute), c.At}}
		}, false, "hours"},
		{"the operator's hours are shorter", strict, func(c *canvass.Contact) { c.At = at(t, "2026-09-02 11:30:00") }, false, "hours"},
		{"the operator's hours cannot be wider", wide, func(c *canvass.Contact) { c.At = at(t, "2026-09-06 11:00:00") }, false, "hours"},

		{"a fourth call", nil, func(c *canvass.Contact) { c.Attempts = days(c.At, 1, 2, 3) }, true, "consent"},
		{"a fifth call", nil, func(c *canvass.Contact) { c.Attempts = days(c.At, 1, 2, 3, 29) }, false, "attempts"},
		{"the first of four is thirty days old", nil, func(c *canvass.Contact) { c.Attempts = days(c.At, 1, 2, 3, 30) }, true, "consent"},
		{"the operator tries twice only", strict, func(c *canvass.Contact) { c.At, c.Attempts = at(t, "2026-09-02 10:30:00"), days(c.At, 1, 2) }, false, "attempts"},
		{"the operator cannot try more often", often, func(c *canvass.Contact) { c.Attempts = days(c.At, 2, 3, 4, 5) }, false, "attempts"},

		{"on the list that the document still names", register, func(c *canvass.Contact) { c.Listed = at(t, "2026-09-01 10:00:00") }, false, "register"},
		{"the list protects no longer", register, func(c *canvass.Contact) { c.Listed = c.At.AddDate(-3, 0, 0) }, true, "consent"},
		{"on the list, contract in course", register, func(c *canvass.Contact) { c.Listed, c.Current = at(t, "2026-09-01 10:00:00"), true }, true, "contract"},

		// Yesterday's cases are judged by yesterday's law.
		{"the day before, without consent", nil, func(c *canvass.Contact) { c.At, c.Consent = at(t, "2026-08-10 11:00:00"), nil }, true, "not-listed"},
		{"the day itself, without consent", nil, func(c *canvass.Contact) { c.At, c.Consent = at(t, "2026-08-11 11:00:00"), nil }, false, "no-consent"},
		{"the day before, on the list", nil, func(c *canvass.Contact) {
			c.At, c.Consent, c.Listed = at(t, "2026-08-10 11:00:00"), nil, at(t, "2026-08-09 11:00:00")
		}, false, "register"},
		{"before there were hours", nil, func(c *canvass.Contact) { c.At, c.Consent = at(t, "2023-02-28 21:00:00"), nil }, true, "not-listed"},
		{"the first evening with hours", nil, func(c *canvass.Contact) { c.At, c.Consent = at(t, "2023-03-01 21:00:00"), nil }, false, "hours"},
		{"energy before its ban", nil, func(c *canvass.Contact) { c.At, c.Consent, c.Banned = at(t, "2020-07-25 11:00:00"), nil, true }, true, "not-listed"},
		{"energy on the first day of its ban", nil, func(c *canvass.Contact) { c.At, c.Consent, c.Banned = at(t, "2020-07-26 11:00:00"), nil, true }, false, "banned-sector"},
		{"energy by text, the day before", nil, func(c *canvass.Contact) {
			c.At, c.Means, c.Banned, c.Consent.Given = at(t, "2025-07-01 11:00:00"), sms, true, at(t, "2025-06-01 11:00:00")
		}, true, "consent"},

		{"a text without consent", nil, func(c *canvass.Contact) { c.Means, c.Consent = sms, nil }, false, "no-consent-written"},
		{"an e-mail without consent", nil, func(c *canvass.Contact) { c.Means, c.Consent = email, nil }, false, "no-consent-written"},
		{"news to a professional without consent", nil, func(c *canvass.Contact) { c.Means, c.Consent, c.To = email, nil, network.Professional }, false, "no-consent-written"},
		{"news to a professional who agreed", nil, func(c *canvass.Contact) { c.Means, c.To = email, network.Professional }, true, "consent"},
		{"an e-mail at night", nil, func(c *canvass.Contact) { c.Means, c.At = email, at(t, "2026-09-06 03:00:00") }, true, "consent"},
		{"a text on Saturday", nil, func(c *canvass.Contact) { c.Means, c.At = sms, at(t, "2026-09-05 11:00:00") }, true, "consent"},
		{"a text on Sunday", nil, func(c *canvass.Contact) { c.Means, c.At = sms, at(t, "2026-09-06 11:00:00") }, false, "text-hours"},
		{"a text at ten to ten", nil, func(c *canvass.Contact) { c.Means, c.At = sms, at(t, "2026-09-02 09:50:00") }, false, "text-hours"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := agreed(t)
			c.but(&in)
			got := canvass.MayContact(c.terms, in)
			if got.May != c.may || got.Rule != c.rule {
				t.Errorf("got %v by %s, want %v by %s", got.May, got.Rule, c.may, c.rule)
			}
			if got.Article == "" || got.Why.FR == "" || got.Why.EN == "" {
				t.Errorf("rule %s is told without article or in one language only", got.Rule)
			}
		})
	}
}

// days are attempts made so many days before an instant.
func days(at time.Time, n ...int) (all []time.Time) {
	for _, d := range n {
		all = append(all, at.AddDate(0, 0, -d))
	}
	return all
}

func TestMayContact_ownRequest(t *testing.T) {
	asked := canvass.Contact{Means: phone, Aim: canvass.Answering, To: network.Consumer, Dept: "75", At: at(t, "2026-09-06 23:30:00"),
		Request: &canvass.Request{At: at(t, "2026-09-06 22:00:00"), Open: true, Announced: true}}
	for _, c := range []struct {
		name string
		but  func(*canvass.Contact, *canvass.Request)
		may  bool
		rule string
	}{
		{"no hours bind it", func(*canvass.Contact, *canvass.Request) {}, true, "own-request"},
		{"nor do attempts", func(c *canvass.Contact, _ *canvass.Request) { c.Attempts = days(c.At, 0, 0, 0, 0, 0, 0) }, true, "own-request"},
		{"nor does the list", func(c *canvass.Contact, _ *canvass.Request) { c.Listed = c.At.AddDate(0, -1, 0) }, true, "own-request"},
		{"nor does the ban of its sector", func(c *canvass.Contact, _ *canvass.Request) { c.Banned = true }, true, "own-request"},
		{"not announced", func(_ *canvass.Contact, r *canvass.Request) { r.Announced = false }, false, "unannounced"},
		{"over", func(_ *canvass.Contact, r *canvass.Request) { r.Open = false }, false, "request-over"},
		{"stopped", func(c *canvass.Contact, _ *canvass.Request) { c.Stopped = true }, false, "request-over"},
		{"no request at all", func(c *canvass.Contact, _ *canvass.Request) { c.Request = nil }, false, "request-over"},
		{"the last second of five working days", func(c *canvass.Contact, _ *canvass.Request) { c.At = at(t, "2026-09-11 23:59:59") }, true, "own-request"},
		{"after five working days", func(c *canvass.Contact, _ *canvass.Request) { c.At = at(t, "2026-09-12 00:00:00") }, false, "request-late"},
		{"they had spoken before", func(c *canvass.Contact, r *canvass.Request) { c.At, r.Reached = at(t, "2026-10-12 00:00:00"), true }, true, "own-request"},
		{"late, but agreed to as canvassing", func(c *canvass.Contact, r *canvass.Request) {
			c.At, c.Consent = at(t, "2026-09-30 11:00:00"), &canvass.Consent{Given: r.At, Named: true, Informed: true}
		}, true, "consent"},
		{"late by the old law", func(c *canvass.Contact, r *canvass.Request) {
			r.At, c.At, r.Announced = at(t, "2026-07-01 11:00:00"), at(t, "2026-08-10 23:00:00"), false
		}, true, "own-request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, r := asked, *asked.Request
			in.Request = &r
			c.but(&in, &r)
			if got := canvass.MayContact(nil, in); got.May != c.may || got.Rule != c.rule {
				t.Errorf("got %v by %s, want %v by %s", got.May, got.Rule, c.may, c.rule)
			}
		})
	}
}

// The vectors come from the published reading of R223-4.
func TestAnswerBy(t *testing.T) {
	for request, until := range map[string]string{
		"2026-10-02 12:00:00": "2026-10-08", "2026-11-09 12:00:00": "2026-11-16", "2026-12-23 12:00:00": "2026-12-30",
		"2026-10-02 23:30:00": "2026-10-08", "2026-10-03 00:00:00": "2026-10-09",
	} {
		in := at(t, request)
		for _, in := range []time.Time{in, in.UTC()} {
			if got := canvass.AnswerBy(in).Add(-time.Second).Format("2006-01-02 15:04:05"); got != until+" 23:59:59" {
				t.Errorf("a request of %s is answered until %s, want the end of %s", request, got, until)
			}
		}
	}
}

func TestMayContact_messages(t *testing.T) {
	consent := &canvass.Consent{Given: at(t, "2026-08-20 09:00:00"), Named: true}
	for _, c := range []struct {
		name string
		in   canvass.Contact
		may  bool
		rule string
	}{
		{"a code to whoever stopped everything", canvass.Contact{Aim: canvass.Asked, Stopped: true}, true, "asked"},
		{"a service text at night", canvass.Contact{Aim: canvass.Service, At: at(t, "2026-09-06 03:00:00")}, true, "service"},
		{"a service text after STOP", canvass.Contact{Aim: canvass.Service, Stopped: true}, false, "stopped"},
		{"an opinion, agreed", canvass.Contact{Aim: canvass.Survey, Consent: consent}, true, "consent"},
		{"an opinion, never agreed", canvass.Contact{Aim: canvass.Survey}, false, "no-opinion"},
		{"an opinion after STOP", canvass.Contact{Aim: canvass.Survey, Consent: consent, Stopped: true}, false, "stopped"},
		{"an opinion, withdrawn", canvass.Contact{Aim: canvass.Survey, Consent: &canvass.Consent{Given: consent.Given, Withdrawn: at(t, wednesday)}}, false, "no-opinion"},
	} {
		c.in.Means = sms
		if c.in.At.IsZero() {
			c.in.At = at(t, wednesday)
		}
		if got := canvass.MayContact(nil, c.in); got.May != c.may || got.Rule != c.rule {
			t.Errorf("%s: got %v by %s, want %v by %s", c.name, got.May, got.Rule, c.may, c.rule)
		}
	}
}

func TestRules_areTold(t *testing.T) {
	for _, r := range canvass.Rules() {
		if r.ID == "" || r.Article == "" || r.Why.FR == "" || r.Why.EN == "" {
			t.Errorf("rule %q lacks an article or a language", r.ID)
		}
	}
}
