package network

import (
	"slices"
	"strconv"

	"entremise/internal/fault"
)

// Prospecting binds the operator's commercial calls and messages to what its document says. Law binds them besides: the stricter of the two
// is executed (package canvass), and without this section law alone.
type Prospecting struct {
	Register *Register     `yaml:",opt"` // Opposition register that the document names; none if absent.
	Calls    *ContactHours `yaml:",opt"` // When commercial calls are made, at the consumer's place; the hours of law if absent.
	Texts    *ContactHours `yaml:",opt"` // When commercial texts are sent, at the consumer's place; Monday to Saturday, 10:00-20:00, if absent.
	Attempts Limit         `yaml:",opt"` // Commercial calls to one consumer for one professional, unanswered ones included; 4 in 30 days if absent.
}

// Register is a list of numbers that are not called to sell something. The French one, Bloctel, ended on 2026-08-11; a document may still name
// it, and a loaded list is still obeyed.
type Register struct {
	Name     string   // Name of the register.
	URL      string   `yaml:"url"` // Where one registers.
	Effect   Duration // An entry takes effect at the latest so long after its e-mailed confirmation; it is obeyed at once.
	Protects Duration // An entry protects for so long, from its confirmation.
}

// Protection is how long an entry protects: three years where the file names no register, for what an earlier edition loaded protects still.
func (r *Register) Protection() Duration {
	if r == nil {
		return Duration{3, UnitYear}
	}
	return r.Protects
}

// ContactHours are the days and spans of the day in which somebody may be contacted, at his own place.
type ContactHours struct {
	Days  []Day   `min:"1"` // Days of the week; a public holiday counts only where holidays is named.
	Hours []Hours `min:"1"` // Spans of the day, "10:00-13:00".
}

// Hold reports whether a moment, as the clocks and calendar of the place show it, lies inside.
func (h ContactHours) Hold(day Day, holiday bool, minute int) bool {
	if holiday && !slices.Contains(h.Days, Holidays) || !holiday && !slices.Contains(h.Days, day) {
		return false
	}
	return slices.ContainsFunc(h.Hours, func(s Hours) bool { return s.Hold(minute) })
}

// CanvassingHours are those of law for commercial calls (C. conso. D223-9).
func CanvassingHours() ContactHours {
	return ContactHours{Days: []Day{Monday, Tuesday, Wednesday, Thursday, Friday}, Hours: []Hours{{From: 10 * 60, To: 13 * 60}, {From: 14 * 60, To: 20 * 60}}}
}

// MarketingHours are those that French operators ask of commercial texts.
func MarketingHours() ContactHours {
	return ContactHours{Days: []Day{Monday, Tuesday, Wednesday, Thursday, Friday, Saturday}, Hours: []Hours{{From: 10 * 60, To: 20 * 60}}}
}

// CanvassingAttempts is the most that law lets a professional try to call one consumer (C. conso. D223-9).
func CanvassingAttempts() Limit { return Limit{Max: 4, Within: Duration{30, UnitDay}} }

// within reports whether every moment of h is also one of o.
func (h ContactHours) within(o ContactHours) bool {
	for _, d := range []Day{Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, Holidays} {
		for minute := range 24 * 60 {
			if h.Hold(d, d == Holidays, minute) && !o.Hold(d, d == Holidays, minute) {
				return false
			}
		}
	}
	return true
}

// BansCanvassing reports whether law forbids to canvass for a trade by telephone, text or e-mail (C. conso. L223-1 al. 5, L223-8).
func (n *Network) BansCanvassing(trade string) bool {
	t, ok := n.Trade(trade)
	return ok && slices.Contains(t.Law, LawEnergyCanvass)
}

// registerEnded is the day on which the French opposition register ended (law 2025-594 art. 13).
const registerEnded = Date("2026-08-11")

func (c *checker) prospecting() {
	p := c.n.Prospecting
	if p == nil {
		return
	}
	const at = "prospecting"
	if r := p.Register; r != nil {
		if c.n.InForce >= registerEnded {
			c.differs(at+".register", "ce registre a pris fin le 11 août 2026 : depuis, un appel commercial demande l’accord préalable de la personne (C. conso. L223-1). La liste chargée et l’accord sont exigés tous les deux.",
				"this register ended on 11 August 2026: since then a commercial call needs the person’s prior consent (C. conso. L223-1). The loaded list and the consent are both asked for.")
		}
		if r.Effect.approx() > (Duration{30, UnitDay}).approx() {
			c.wrong(at+".register.effect", "une inscription prend effet en 30 jours au plus : écrivez 30 days ou moins.", "an entry takes effect within 30 days at most: write 30 days or less.")
		}
	}
	for _, h := range []struct {
		path    string
		hours   *ContactHours
		law     ContactHours
		article string
	}{{"calls", p.Calls, CanvassingHours(), "C. conso. D223-9"}, {"texts", p.Texts, MarketingHours(), "AF2M"}} {
		if h.hours != nil && !h.hours.within(h.law) {
			c.differs(at+"."+h.path, "ces jours ou ces heures dépassent ceux qui s’appliquent (%s) : la règle qui protège le plus est appliquée.", "these days or hours go beyond those that apply (%s): the rule that protects more is applied.", h.article)
		}
	}
	law := CanvassingAttempts()
	if l := p.Attempts; l.Max > 0 && (l.Max > law.Max || l.Within.approx() < law.Within.approx()) {
		c.add(LawDiffers, root, at+".attempts", fault.T("la loi limite à "+strconv.Itoa(law.Max)+" appels en 30 jours (C. conso. D223-9) : la règle qui protège le plus est appliquée.",
			"law allows "+strconv.Itoa(law.Max)+" calls in 30 days (C. conso. D223-9): the rule that protects more is applied."))
	}
}
