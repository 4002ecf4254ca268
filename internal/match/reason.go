package match

import (
	"fmt"
	"slices"
	"strconv"

	"entremise/internal/fault"
)

// Code says why a professional is not asked. Codes are stored and stable.
type Code string

// The codes, in the order in which they are looked at; the first that holds is the answer.
const (
	NotVerified   Code = "not-verified"
	IsSuspended   Code = "suspended"
	IsClosed      Code = "closed"
	Uninsured     Code = "uninsured"
	OtherTrade    Code = "other-trade"
	Unwanted      Code = "unwanted"
	NoCoverage    Code = "no-coverage"
	OutsideArea   Code = "outside-area"
	Away          Code = "away"
	OffHours      Code = "off-hours"
	DailyCapHit   Code = "daily-cap"
	MonthlyCapHit Code = "monthly-cap"
)

// Reason is why a professional is not asked, with the figures of its sentence.
type Reason struct {
	Code     Code
	Distance int // metres from the base to the place, for OutsideArea with a base
	Radius   int // metres of his circle, 0 when he has none
	Cap      int // for caps
}

// Why looks at one professional; out is false when he is eligible.
func Why(rules Rules, req Request, p Professional) (r Reason, out bool) {
	switch p.State {
	case Active:
	case Pending:
		return Reason{Code: NotVerified}, true
	case Suspended:
		return Reason{Code: IsSuspended}, true
	default:
		return Reason{Code: IsClosed}, true
	}
	switch {
	case !p.Insured.IsZero() && !req.At.Before(p.Insured): // ET-76
		return Reason{Code: Uninsured}, true
	case !slices.Contains(p.Trades, req.Trade):
		return Reason{Code: OtherTrade}, true
	case slices.Contains(req.Excluded, p.ID):
		return Reason{Code: Unwanted}, true
	case p.Coverage.IsZero():
		return Reason{Code: NoCoverage}, true
	case !p.Coverage.Covers(req.Place, int(rules.Widen)):
		return Reason{Code: OutsideArea, Distance: max(0, distance(req, p)), Radius: max(0, p.Coverage.Radius)}, true
	case slices.ContainsFunc(p.Absences, func(a Absence) bool { return !req.At.Before(a.From) && req.At.Before(a.To) }):
		return Reason{Code: Away}, true
	case !p.Schedule.Open(p.Dept, req.At):
		return Reason{Code: OffHours}, true
	case p.Caps.Daily > 0 && p.Used.Daily >= p.Caps.Daily:
		return Reason{Code: DailyCapHit, Cap: p.Caps.Daily}, true
	case p.Caps.Monthly > 0 && p.Used.Monthly >= p.Caps.Monthly:
		return Reason{Code: MonthlyCapHit, Cap: p.Caps.Monthly}, true
	}
	return Reason{}, false
}

// Sentence answers "why not me?", to the professional and of that moment.
func (r Reason) Sentence() fault.Text {
	switch r.Code {
	case NotVerified:
		return fault.T("Votre compte n’était pas encore vérifié.", "Your account was not yet verified.")
	case IsSuspended:
		return fault.T("Votre accès était suspendu.", "Your access was suspended.")
	case IsClosed:
		return fault.T("Votre accès était fermé.", "Your access was closed.")
	case Uninsured:
		return fault.T("L’attestation d’assurance que nous avions de vous était échue.", "The proof of insurance that we had of you had run out.")
	case OtherTrade:
		return fault.T("La demande concernait un métier qui n’est pas dans votre profil.", "The request was for a trade that is not in your profile.")
	case Unwanted:
		return fault.T("Le client n’a pas souhaité que sa demande vous soit proposée.", "The customer did not wish the request to be offered to you.")
	case NoCoverage:
		return fault.T("Votre profil n’indiquait aucune zone.", "Your profile named no area.")
	case OutsideArea:
		if r.Distance > 0 && r.Radius > 0 {
			return fault.Text{
				FR: fmt.Sprintf("La demande était à %s de votre base, hors de votre rayon de %s.", kilometres(r.Distance+99, ","), kilometres(r.Radius, ",")),
				EN: fmt.Sprintf("The request was %s from your base, outside your radius of %s.", kilometres(r.Distance+99, "."), kilometres(r.Radius, ".")),
			}
		}
		return fault.T("La demande était hors des communes et départements de votre zone.", "The request was outside the communes and departments of your area.")
	case Away:
		return fault.T("Vous aviez noté une absence à ce moment.", "You had noted an absence at that time.")
	case OffHours:
		return fault.T("La demande est arrivée hors de vos horaires.", "The request came outside your hours.")
	case DailyCapHit:
		return fault.Tf("Vous aviez atteint votre plafond de %d demandes par jour.", "You had reached your cap of %d requests a day.", r.Cap)
	case MonthlyCapHit:
		return fault.Tf("Vous aviez atteint votre plafond de %d demandes par mois.", "You had reached your cap of %d requests a month.", r.Cap)
	}
	return fault.T("La demande vous a été proposée.", "The request was offered to you.")
}

// kilometres rounds down to a hundred metres; a distance is passed with 99 m more, so that a place outside never reads as on the edge.
func kilometres(metres int, point string) string {
	tenths := metres / 100
	s := strconv.Itoa(tenths / 10)
	if tenths%10 != 0 {
		s += point + strconv.Itoa(tenths%10)
	}
	return s + "\u00a0km"
}
