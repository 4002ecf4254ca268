package pro

import (
	"errors"
	"maps"
	"slices"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
)

// Qualified is what a professional's qualification in one trade rests on, as staff saw it (ET-77, 80).
type Qualified struct {
	By    string `json:"by"`              // ByDiploma or ByExperience
	Since string `json:"since,omitempty"` // ISO date from which experience counts
}

// What a qualification may rest on.
const (
	ByDiploma    = "diploma"
	ByExperience = "experience"
)

// verified is what the checks of a professional rested on before an edit; zero for a new one.
type verified struct {
	kinds   []string
	profile Profile
}

func verifiedBefore(tx *db.Tx, id string) (was verified, err error) {
	p, err := load(tx, id)
	if err != nil {
		if errors.Is(err, errNoPro) {
			err = nil // nothing was verified; the edit itself says that there is nobody
		}
		return was, err
	}
	was.profile = p.Profile
	was.kinds, err = db.Values[string](tx, "SELECT kind FROM pro_check WHERE pro_id = $1 ORDER BY kind", id)
	return was, err
}

// evidence holds what staff tick to what they saw: a registry extract that is young enough on the day of the signature (ET-106), and for each trade
// a diploma or enough experience (ET-80). What was verified before and has not changed stands.
func (in *Input) evidence(n *network.Network, was verified, now time.Time, c *fault.Check) {
	today := now.In(geo.Paris()).Format(time.DateOnly)
	p := &in.Profile
	maps.DeleteFunc(p.Qualified, func(trade string, q Qualified) bool { return q == Qualified{} || !slices.Contains(p.Trades, trade) })
	if n.Access == nil {
		return
	}
	ticked := func(kind string) bool { return slices.Contains(in.Checked, kind) }
	before := func(kind string) bool { return slices.Contains(was.kinds, kind) }
	signs := ticked("terms") && !before("terms")
	if fresh := ticked("registry") && !(before("registry") && p.RegistryOn == was.profile.RegistryOn); fresh || signs && (ticked("registry") || before("registry")) {
		seen, err := time.Parse(time.DateOnly, p.RegistryOn)
		young := err == nil && p.RegistryOn <= today && n.Access.RegistryExtract.AddTo(seen).Format(time.DateOnly) > today
		within := n.Access.RegistryExtract.Text()
		c.That(young, "registry_on", fault.T("Écrivez la date de l’extrait du registre : il a moins de "+within.FR+".", "Write the date of the registry extract: it is younger than "+within.EN+"."))
	}
	if !ticked("qualification") {
		return
	}
	for _, trade := range p.Trades {
		q := p.Qualified[trade]
		if before("qualification") && slices.Contains(was.profile.Trades, trade) && q == was.profile.Qualified[trade] {
			continue
		}
		switch q.By {
		case ByDiploma:
		case ByExperience:
			since, err := time.Parse(time.DateOnly, q.Since)
			least := n.Access.Experience.Text()
			c.That(err == nil && n.Access.Experience.AddTo(since).Format(time.DateOnly) <= today, "since."+trade, fault.T("Écrivez depuis quand il exerce ce métier : "+least.FR+" au moins.", "Write since when they have practised this trade: "+least.EN+" at least."))
		default:
			c.Add("qualified."+trade, fault.T("Dites sur quoi repose sa qualification dans ce métier.", "Say what their qualification in this trade rests on."))
		}
	}
}
