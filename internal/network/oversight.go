package network

import (
	"slices"
	"strconv"

	"entremise/internal/fault"
)

// Oversight is what the data protection officer watches over besides requests: breaches, impact assessments, reviews of security, requests
// of authorities and files about broken terms. Without it the software keeps none of these files.
type Oversight struct {
	Notify   Duration // Time from awareness of a breach within which the authority is told: 72 hours at most (GDPR art. 33.1).
	Warn     Duration // Time before the end of that clock at which the officer is warned by e-mail.
	Review   Duration // Time between two reviews of the security measures (GDPR art. 32.1 d).
	Reassess Duration // Longest time before an impact assessment is looked at again (GDPR art. 35.11).
	Assess   []string `yaml:",opt"` // Ids of purposes whose impact is assessed, besides those that the software finds (GDPR art. 35.1).
}

func oversees(n *Network) bool { return n.Oversight != nil }

// NotifyWithin is the time of a notice to the authority that law admits at most (GDPR art. 33.1).
var NotifyWithin = Duration{72, UnitHour}

func (c *checker) oversight() {
	o := c.n.Oversight
	if o == nil {
		c.remark("oversight", "la section « oversight » manque : violations, analyses d’impact et demandes d’autorités ne sont pas tenues par le logiciel (RGPD art. 33.5, 35).",
			`the section "oversight" is missing: breaches, impact assessments and requests of authorities are not kept by the software (GDPR art. 33.5, 35).`)
		return
	}
	if o.Notify.approx() > NotifyWithin.approx() {
		c.wrong("oversight.notify", "une violation se notifie dans les 72 heures au plus (RGPD art. 33.1) : « %s » est trop long.", "a breach is notified within 72 hours at most (GDPR art. 33.1): %s is too long.", o.Notify)
	}
	if o.Warn.approx() >= o.Notify.approx() {
		c.wrong("oversight.warn", "l’avertissement vient avant la fin du délai : écrivez moins que %s.", "the warning comes before the end of the clock: write less than %s.", o.Notify)
	}
	for i, id := range o.Assess {
		if _, ok := c.n.Purpose(id); !ok {
			c.wrong("oversight.assess."+strconv.Itoa(i+1), "« %s » n’est pas une finalité de purposes.", "%q is not a purpose of purposes.", clip(id))
		}
	}
}

// Assessed is a purpose whose impact is assessed before it is pursued, and why (GDPR art. 35.1 and 35.3; CNIL, decision 2018-327).
type Assessed struct {
	Purpose Purpose
	Why     []fault.Text
}

var assessedFor = []struct {
	data Category
	why  fault.Text
}{
	{DataRecording, fault.T("enregistrement de conversations", "recording of conversations")},
	{DataLocation, fault.T("localisation de personnes", "location of people")},
	{DataSocial, fault.T("collecte sur les réseaux sociaux", "collection from social networks")},
	{DataPremises, fault.T("surveillance de lieux", "watching of premises")},
	{DataBank, fault.T("données hautement personnelles : moyens de paiement", "highly personal data: means of payment")},
	{DataOpinion, fault.T("évaluation de personnes", "rating of people")},
}

// Assessed lists the purposes whose impact is assessed: decisions without a human, kinds of data that the authority lists, and those that
// the operator names himself.
func (n *Network) Assessed() []Assessed {
	var all []Assessed
	for _, p := range n.Purposes {
		var why []fault.Text
		if a := n.Modules.AutomatedDecisions; a != nil && slices.Contains(p.Data, DataNeed) && p.Basis == a.Basis {
			why = append(why, fault.T("décisions sans intervention humaine", "decisions without a human"))
		}
		if slices.Contains(p.Data, DataAudience) && p.Basis == BasisConsent {
			why = append(why, fault.T("suivi du comportement", "tracking of behaviour"))
		}
		for _, a := range assessedFor {
			if slices.Contains(p.Data, a.data) {
				why = append(why, a.why)
			}
		}
		if n.Oversight != nil && slices.Contains(n.Oversight.Assess, p.ID) {
			why = append(why, fault.T("décision de l’exploitant", "the operator’s decision"))
		}
		if len(why) > 0 {
			all = append(all, Assessed{p, why})
		}
	}
	return all
}

// Receives lists the categories that a recipient gets: those that the file says, else all of the purposes that name it.
func (n *Network) Receives(r Recipient) []Category {
	if len(r.Gets) > 0 {
		return r.Gets
	}
	return slices.DeleteFunc(Categories(), func(c Category) bool {
		return !slices.ContainsFunc(n.Purposes, func(p Purpose) bool { return slices.Contains(p.Recipients, r.ID) && slices.Contains(p.Data, c) })
	})
}

// Serves lists the purposes for which a recipient gets data.
func (n *Network) Serves(r Recipient) []Purpose {
	return slices.DeleteFunc(slices.Clone(n.Purposes), func(p Purpose) bool { return !slices.Contains(p.Recipients, r.ID) })
}

// Abroad reports whether a recipient is where protection is not recognised as equal, so that a transfer to it needs a safeguard (GDPR art. 44 to 46).
func (r Recipient) Abroad() bool { return !slices.Contains(european, r.Country) }

// Lacks names what a recipient's declaration does not say.
func (r Recipient) Lacks() (all []fault.Text) {
	if r.Role == RecipientProcessor && r.Contract == "" {
		all = append(all, fault.T("référence du contrat manquante (RGPD art. 28.3)", "reference of the contract is missing (GDPR art. 28.3)"))
	}
	if r.Role == RecipientProcessor && r.Signed == "" {
		all = append(all, fault.T("date de signature du contrat manquante", "date of the contract’s signature is missing"))
	}
	if r.Abroad() && r.Safeguard == "" {
		all = append(all, fault.T("garantie du transfert manquante (RGPD art. 46)", "safeguard of the transfer is missing (GDPR art. 46)"))
	}
	return all
}

// gets holds what a recipient is said to get to what purposes give it.
func (c *checker) gets(r Recipient) {
	for i, d := range r.Gets {
		if !slices.ContainsFunc(c.n.Serves(r), func(p Purpose) bool { return slices.Contains(p.Data, d) }) {
			c.wrong("recipients."+r.ID+".gets."+strconv.Itoa(i+1), "aucune finalité qui cite ce destinataire n’utilise « %s » : il ne peut pas le recevoir.", "no purpose that names this recipient uses %q: it cannot get it.", d)
		}
	}
}
