// Package canvass decides whether somebody may be contacted by telephone, text or e-mail, and names the rule that says so: pure rules on plain
// values, each with its days of force, so that a case is judged by the law of its day.
//
// It stands left of everything that contacts people, and knows no database: whoever asks brings what is known. What may be asked by a network
// file (prospecting) only tightens the law: the stricter of the two is executed.
package canvass

import (
	"slices"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
)

// Aim is why somebody would be contacted.
type Aim string

// Aims. The zero Aim is taken for prospecting: what nobody has classed is bound most.
const (
	Asked       Aim = "asked"       // what the person asked for a moment ago: a code, a link, an invoice of what he bought
	Service     Aim = "service"     // guides the person through what he asked or bought; he may stop it
	Answering   Aim = "answering"   // a call about the person's own request
	Survey      Aim = "survey"      // an opinion asked
	Prospecting Aim = "prospecting" // anything that sells
)

// Consent is what a person agreed to about being contacted, for the one who would contact him and the object that he would speak of.
type Consent struct {
	Given     time.Time
	Until     time.Time // zero: a year
	Withdrawn time.Time // zero: it stands
	Named     bool      // the wording named who would contact
	Informed  bool      // the five facts were shown with it (C. conso. R223-1 I)
}

// Request is a person's own request.
type Request struct {
	At        time.Time
	Open      bool // neither cancelled, withdrawn nor stopped for the one who calls
	Announced bool // the person was told by name who would call; the operator whom he asked needs no announcing
	Reached   bool // they have spoken: what follows goes on from there
}

// Slot is a precise moment for which the person agreed to be called (C. conso. L223-1 al. 6): From is inside, To is not.
type Slot struct{ From, To time.Time }

// Contact is a case. At is in any zone; the consumer's own follows from Dept.
type Contact struct {
	At       time.Time
	Means    network.Channel
	Aim      Aim
	To       network.Person
	Dept     string
	Banned   bool        // the trade is one for which law forbids to canvass (network.BansCanvassing)
	Current  bool        // a contract is being performed, and the contact is about its object
	Stopped  bool        // the person stopped such messages to this number or address, or refused such calls
	Listed   time.Time   // confirmation of the number's entry in an opposition register; zero: none
	Consent  *Consent    // nil: none was ever given
	Request  *Request    // for Answering
	Agreed   []Slot      // moments agreed with the person
	Attempts []time.Time // earlier calls and attempts at this person for this professional, answered or not
}

// Answer is yes or no, with the rule that decided.
type Answer struct {
	May     bool
	Rule    string // id of the rule, one of [Rules]
	Article string // where it is written
	Why     fault.Text
}

// Rule is one rule and the days on which it binds: From is the first, Until the last; zero leaves that end open.
type Rule struct {
	ID, Article string
	From, Until network.Date
	Why         fault.Text
	refuses     func(*judge) bool
}

// judge is a case with what follows from it.
type judge struct {
	Contact
	p     network.Prospecting
	local time.Time // At, at the person's place
}

const (
	consentLaw = network.Date("2026-08-11") // law 2025-594 art. 13, decree 2026-662
	lastOfOld  = network.Date("2026-08-10")
	hoursLaw   = network.Date("2023-03-01") // decree 2022-1313
	writtenBan = network.Date("2025-07-02") // C. conso. L223-8
	energyBan  = network.Date("2020-07-26") // law 2020-901
)

// prospecting are the rules of a commercial contact, in the order in which they are told.
var prospecting = []Rule{
	{"withdrawn", "RGPD art. 7.3 et 21.2, C. conso. R223-3", "", "",
		fault.T("La personne a retiré son accord ou refusé ces contacts : c’est définitif, même dit oralement.", "The person withdrew consent or refused such contacts: that is final, even when said aloud."),
		func(j *judge) bool {
			return j.Stopped || j.Consent != nil && !j.Consent.Withdrawn.IsZero() && !j.At.Before(j.Consent.Withdrawn)
		}},
	{"banned-sector", "C. conso. L223-1 al. 5", energyBan, "",
		fault.T("Le démarchage par téléphone est interdit pour ce métier, même avec un accord.", "Canvassing by telephone is forbidden for this trade, even with consent."),
		func(j *judge) bool { return j.consumerByPhone() && j.Banned && !j.Current }},
	{"banned-sector-written", "C. conso. L223-8", writtenBan, "",
		fault.T("Le démarchage par SMS ou par e-mail est interdit pour ce métier, même avec un accord.", "Canvassing by text or e-mail is forbidden for this trade, even with consent."),
		func(j *judge) bool {
			return j.To == network.Consumer && j.Means != network.ChannelPhone && j.Banned && !j.Current
		}},
	{"register", "C. conso. L223-1 (ancien)", "", lastOfOld, registerWhy, (*judge).listed},
	// The register is gone and the document still promises it: whoever is on the list that was loaded keeps being protected.
	{"register", "réseau : prospecting.register", consentLaw, "", registerWhy, (*judge).listed},
	{"no-consent", "C. conso. L223-1 al. 1", consentLaw, "",
		fault.T("La personne n’a pas donné son accord préalable à un appel commercial.", "The person gave no prior consent to a commercial call."),
		func(j *judge) bool { return j.consumerByPhone() && j.Consent == nil && !j.Current }},
	{"no-consent-written", "CPCE L34-5", "", "",
		fault.T("La personne n’a pas accepté de recevoir des messages commerciaux.", "The person did not agree to receive commercial messages."),
		func(j *judge) bool { return j.Means != network.ChannelPhone && j.Consent == nil && !j.Current }},
	{"not-named", "C. conso. L223-1, CPCE L34-5", "", "",
		fault.T("L’accord ne nomme pas celui qui veut contacter : il ne peut pas s’en prévaloir.", "The consent does not name the one who would contact: he cannot rely on it."),
		func(j *judge) bool { return j.needsConsent() && !j.Consent.Named }},
	{"facts-missing", "C. conso. R223-1 II", consentLaw, "",
		fault.T("Les cinq informations dues n’ont pas été montrées avec la demande d’accord : ce n’en est pas un.", "The five facts due were not shown when consent was asked: it is none."),
		func(j *judge) bool { return j.consumerByPhone() && j.needsConsent() && !j.Consent.Informed }},
	{"expired", "C. conso. R223-1 I 3°", "", "",
		fault.T("L’accord n’est plus valable : il dure un an au plus et ne se renouvelle pas seul.", "The consent is over: it lasts one year at most and does not renew itself."),
		func(j *judge) bool { return j.needsConsent() && !j.Consent.stands(j.At) }},
	{"hours", "C. conso. D223-9", hoursLaw, "",
		fault.T("Pas à cette heure : un appel commercial se passe du lundi au vendredi, de 10 h à 13 h et de 14 h à 20 h chez la personne, hors jours fériés, ou au moment convenu.",
			"Not at this hour: a commercial call is made Monday to Friday, 10:00 to 13:00 and 14:00 to 20:00 at the person’s place, on no public holiday, or at the moment agreed."),
		func(j *judge) bool {
			return j.consumerByPhone() && !j.inHours(network.CanvassingHours(), j.p.Calls) && !slices.ContainsFunc(j.Agreed, func(s Slot) bool { return !j.At.Before(s.From) && j.At.Before(s.To) })
		}},
	{"text-hours", "AF2M", "", "",
		fault.T("Pas à cette heure : un SMS commercial part du lundi au samedi, de 10 h à 20 h chez la personne, hors jours fériés.", "Not at this hour: a commercial text leaves Monday to Saturday, 10:00 to 20:00 at the person’s place, on no public holiday."),
		func(j *judge) bool {
			return j.Means == network.ChannelSMS && !j.inHours(network.MarketingHours(), j.p.Texts)
		}},
	{"attempts", "C. conso. D223-9", hoursLaw, "",
		fault.T("Assez d’appels en 30 jours : ceux restés sans réponse comptent.", "Enough calls in 30 days: those without an answer count."),
		func(j *judge) bool { return j.consumerByPhone() && j.tooMany() }},
}

var registerWhy = fault.T("Ce numéro est inscrit sur la liste d’opposition au démarchage téléphonique.", "This number is on the list of those opposed to telephone canvassing.")

// others are the rules of everything else. Those that allow have no test of their own.
var others = []Rule{
	{ID: "asked", Article: "RGPD art. 6.1 b", Why: fault.T("La personne vient de le demander.", "The person has just asked for it.")},
	{ID: "stopped", Article: "CPCE L34-5, RGPD art. 21", Why: fault.T("La personne ne veut plus de ces messages à ce numéro ou à cette adresse.", "The person wants no more such messages at this number or address.")},
	{ID: "service", Article: "RGPD art. 6.1 b", Why: fault.T("Ce message sert la demande ou le contrat de la personne : ce n’est pas de la prospection.", "This message serves the person’s own request or contract: it is no prospecting.")},
	{ID: "own-request", Article: "C. conso. R223-4", Why: fault.T("Cet appel répond à la demande de la personne : ce n’est pas de la prospection, et aucune heure ne le limite.", "This call answers the person’s own request: it is no prospecting, and no hours bind it.")},
	{ID: "request-over", Article: "C. conso. R223-4", Why: fault.T("La demande est close ou la personne ne veut plus être appelée : un appel serait du démarchage.", "The request is over or the person wants no more calls: a call would be canvassing.")},
	{ID: "request-late", Article: "C. conso. R223-4", From: consentLaw, Why: fault.T("Cinq jours ouvrables ont passé depuis la demande : un premier appel serait du démarchage.", "Five working days have passed since the request: a first call would be canvassing.")},
	{ID: "unannounced", Article: "C. conso. L223-1, R223-4", From: consentLaw, Why: fault.T("La personne n’a pas encore été prévenue de qui l’appelle : attendez que le message lui soit parti.", "The person has not been told yet who will call: wait until the message has left.")},
	{ID: "no-opinion", Article: "RGPD art. 6.1 a", Why: fault.T("La personne n’a pas accepté qu’on lui demande son avis, ou a changé d’avis.", "The person did not agree to be asked for an opinion, or changed his mind.")},
	{ID: "consent", Article: "C. conso. L223-1 al. 1, CPCE L34-5", Why: fault.T("La personne y a consenti, et son accord vaut encore.", "The person consented, and the consent still stands.")},
	{ID: "contract", Article: "C. conso. L223-1 al. 4, CPCE L34-5", Why: fault.T("Le contact porte sur un contrat en cours.", "The contact is about a contract that is being performed.")},
	{ID: "professional", Article: "C. conso. L223-1", Why: fault.T("L’appel s’adresse à un professionnel au sujet de son activité.", "The call is to a professional about his business.")},
	{ID: "not-listed", Article: "C. conso. L223-1 (ancien)", Until: lastOfOld, Why: fault.T("Ce numéro n’était pas inscrit sur la liste d’opposition.", "This number was not on the list of those opposed.")},
}

// Rules lists every rule, for people to read.
func Rules() []Rule { return slices.Concat(others, prospecting) }

func answer(id string, may bool) Answer {
	i := slices.IndexFunc(others, func(r Rule) bool { return r.ID == id })
	return Answer{may, id, others[i].Article, others[i].Why}
}

// MayContact judges a case by the law of its day and the network's own terms; nil terms are law alone.
func MayContact(p *network.Prospecting, c Contact) Answer {
	j := judge{Contact: c, local: c.At.In(geo.Zone(c.Dept))}
	if p != nil {
		j.p = *p
	}
	switch c.Aim {
	case Asked:
		return answer("asked", true)
	case Service:
		if c.Stopped {
			return answer("stopped", false)
		}
		return answer("service", true)
	case Survey:
		switch {
		case c.Stopped:
			return answer("stopped", false)
		case c.Consent == nil || !c.Consent.stands(c.At):
			return answer("no-opinion", false)
		}
		return answer("consent", true)
	case Answering:
		why := j.answering()
		if why == "" {
			return answer("own-request", true)
		}
		if a := j.canvass(); a.May { // what no longer answers may still be agreed to
			return a
		}
		return answer(why, false)
	}
	return j.canvass()
}

// answering is the rule by which a call does not answer the person's own request, "" when it does.
func (j *judge) answering() string {
	switch r := j.Request; {
	case r == nil || !r.Open || j.Stopped:
		return "request-over"
	case !inForce(consentLaw, "", j.At) || r.Reached:
		return ""
	case !j.At.Before(AnswerBy(r.At)):
		return "request-late"
	case !r.Announced:
		return "unannounced"
	}
	return ""
}

// AnswerBy is the end of the five working days in which a call still answers the request of an instant: the midnight, in Paris, that ends the
// fifth. Saturday is one of them; the day of the request is not (C. conso. R223-4).
func AnswerBy(request time.Time) time.Time {
	return geo.Ouvrables.After("75", request.In(geo.Paris()), 5).AddDate(0, 0, 1)
}

func (j *judge) canvass() Answer {
	for _, r := range prospecting {
		if inForce(r.From, r.Until, j.At) && r.refuses(j) {
			return Answer{false, r.ID, r.Article, r.Why}
		}
	}
	switch {
	case j.Current:
		return answer("contract", true)
	case j.Consent != nil:
		return answer("consent", true)
	case j.To != network.Consumer:
		return answer("professional", true)
	}
	return answer("not-listed", true) // only a call, and only by the old law, comes here
}

// inForce reports whether a rule binds at an instant: law counts in days of Paris.
func inForce(from, until network.Date, at time.Time) bool {
	day := network.Date(at.In(geo.Paris()).Format(time.DateOnly))
	return day >= from && (until == "" || day <= until)
}

func (j *judge) consumerByPhone() bool {
	return j.To == network.Consumer && j.Means == network.ChannelPhone
}

// needsConsent reports whether the case rests on a consent that was given, so that it must hold.
func (j *judge) needsConsent() bool {
	return j.Consent != nil && !j.Current && (j.Means != network.ChannelPhone || j.To == network.Consumer && inForce(consentLaw, "", j.At))
}

// listed reports an entry in the register that protects now. It does so from its confirmation, not only once its legal delay has run.
func (j *judge) listed() bool {
	return j.consumerByPhone() && !j.Listed.IsZero() && !j.Current && !j.At.Before(j.Listed) && j.At.Before(j.p.Register.Protection().AddTo(j.Listed))
}

// stands reports whether a consent is valid at an instant: given before, not withdrawn, and not over at that second.
func (c *Consent) stands(at time.Time) bool {
	until := c.Given.AddDate(1, 0, 0)
	if !c.Until.IsZero() && c.Until.Before(until) {
		until = c.Until
	}
	return !at.Before(c.Given) && at.Before(until) && (c.Withdrawn.IsZero() || at.Before(c.Withdrawn))
}

var weekdays = [...]network.Day{network.Sunday, network.Monday, network.Tuesday, network.Wednesday, network.Thursday, network.Friday, network.Saturday}

func (j *judge) inHours(law network.ContactHours, own *network.ContactHours) bool {
	day, holiday, minute := weekdays[j.local.Weekday()], geo.IsHoliday(j.Dept, j.local), j.local.Hour()*60+j.local.Minute()
	return law.Hold(day, holiday, minute) && (own == nil || own.Hold(day, holiday, minute))
}

func (j *judge) tooMany() bool {
	for _, l := range []network.Limit{network.CanvassingAttempts(), j.p.Attempts} {
		n := 0
		for _, at := range j.Attempts {
			if l.Max > 0 && at.After(l.Within.Cutoff(j.At)) && !at.After(j.At) {
				n++
			}
		}
		if l.Max > 0 && n >= l.Max {
			return true
		}
	}
	return false
}
