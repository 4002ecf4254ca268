package network

import (
	"slices"

	"entremise/internal/fault"
)

// Spent is how long rows stay that no purpose holds for a person: they name nobody but by a digest or an id, and are of no use once they have
// served (GDPR art. 5.1 e). What the file leaves out has the figure named here.
type Spent struct {
	Codes    Duration `yaml:",opt"` // One-time codes, from their sending, and at least as long as a limit counts them; 24 hours if absent.
	Sessions Duration `yaml:",opt"` // Sessions and sign-in links, from their end; 30 days if absent.
	Attempts Duration `yaml:",opt"` // Attempts at canvassing by telephone, at least the 30 days in which law counts them (C. conso. D223-9); 31 days if absent.
	Blocks   Duration `yaml:",opt"` // Blocks of a network address, from their end; 1 month if absent.
}

// SpentKind names rows that have served.
type SpentKind string

// Kinds of rows that have served. What an opposition register protects is in prospecting.register.
const (
	SpentCodes    SpentKind = "codes"
	SpentSessions SpentKind = "sessions"
	SpentAttempts SpentKind = "attempts"
	SpentBlocks   SpentKind = "blocks"
	SpentRegister SpentKind = "register"
)

// SpentKinds lists them, in the order of the public table.
func SpentKinds() []SpentKind { return list[SpentKind]() }

func (SpentKind) words() []string {
	return all(SpentCodes, SpentSessions, SpentAttempts, SpentBlocks, SpentRegister)
}

// Label names the rows for people, and says from when their time counts.
func (k SpentKind) Label() fault.Text { return spentLabels[k].what }

// From says from when their time counts.
func (k SpentKind) From() fault.Text { return spentLabels[k].from }

var spentLabels = map[SpentKind]struct{ what, from fault.Text }{
	SpentCodes:    {fault.T("Codes à usage unique", "One-time codes"), fault.T("leur envoi", "their sending")},
	SpentSessions: {fault.T("Sessions et liens de connexion", "Sessions and sign-in links"), fault.T("leur fin", "their end")},
	SpentAttempts: {fault.T("Tentatives d’appel de démarchage", "Attempts at canvassing by telephone"), fault.T("l’appel", "the call")},
	SpentBlocks:   {fault.T("Blocages d’une adresse réseau", "Blocks of a network address"), fault.T("leur fin", "their end")},
	SpentRegister: {fault.T("Numéros de la liste d’opposition", "Numbers of the opposition register"), fault.T("leur confirmation", "their confirmation")},
}

// SpentFor is how long rows of a kind stay. held is false where the network makes none of the kind; what an earlier edition left goes in that time too.
func (n *Network) SpentFor(k SpentKind) (d Duration, held bool) {
	or := func(d, usual Duration) Duration {
		if d.IsZero() {
			return usual
		}
		return d
	}
	switch k {
	case SpentCodes:
		return or(n.Spent.Codes, Duration{24, UnitHour}), true
	case SpentSessions:
		return or(n.Spent.Sessions, Duration{30, UnitDay}), true
	case SpentAttempts:
		return or(n.Spent.Attempts, Duration{31, UnitDay}), true
	case SpentBlocks:
		return or(n.Spent.Blocks, Duration{1, UnitMonth}), true
	case SpentRegister:
		if n.Prospecting == nil {
			return (*Register)(nil).Protection(), false
		}
		return n.Prospecting.Register.Protection(), n.Prospecting.Register != nil
	}
	return d, false
}

func (c *checker) spent() {
	codes, _ := c.n.SpentFor(SpentCodes)
	if counted := c.n.Limits.CodesPerNumber.Within; codes.approx() < counted.approx() {
		c.wrong("spent.codes", "limits.codes_per_number compte les codes sur %s : gardez-les aussi longtemps au moins.", "limits.codes_per_number counts codes over %s: keep them at least as long.", counted)
	}
	if d := c.n.Spent.Attempts; !d.IsZero() && d.approx() < (Duration{30, UnitDay}).approx() {
		c.wrong("spent.attempts", "la loi compte les tentatives sur trente jours (C. conso. D223-9) : gardez-les aussi longtemps au moins.", "law counts attempts over thirty days (C. conso. D223-9): keep them at least as long.")
	}
	if d := c.n.Spent.Sessions; d.approx() > (Duration{12, UnitMonth}).approx() {
		t := d.Text()
		c.law("spent.sessions", fault.T("CNIL, délib. 2021-122", "CNIL, decision 2021-122"), fault.T("les traces de connexion restent "+t.FR, "traces of sign-ins stay for "+t.EN),
			fault.T("cette durée du fichier ; l’autorité limite les journaux de connexion à 12\u00a0mois", "this duration of the file; the authority bounds connection logs to 12\u00a0months"))
	}
}

// Restriction is how a freeze of data ends (GDPR art. 18.3).
type Restriction struct {
	Notice Duration // Time between the announcement to the person, once it was handed over, and the lifting.
}

// LiftNotice is the least time between telling somebody that his restriction will be lifted and lifting it: the file's, else three days.
func (r *Rights) LiftNotice() Duration {
	if r == nil || r.Restriction == nil {
		return Duration{3, UnitDay}
	}
	return r.Restriction.Notice
}

func (c *checker) restriction() {
	r := c.n.Rights.Restriction
	if r != nil && !slices.Contains([]Unit{UnitDay, UnitWeek, UnitMonth}, r.Notice.Unit) {
		c.wrong("rights.restriction.notice", "prévenez un jour à l’avance au moins (RGPD art. 18.3) : écrivez des jours, des semaines ou un mois, et non %s.", "tell a day ahead at least (GDPR art. 18.3): write days, weeks or a month, and not %s.", r.Notice)
	}
}
