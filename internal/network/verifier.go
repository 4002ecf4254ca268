package network

import (
	"slices"
	"strconv"

	"entremise/internal/fault"
)

// Verifies is what a provider verifies of professionals (ET-115).
type Verifies string

// What is verified.
const (
	VerifiesSolvency Verifies = "solvency" // whether the company pays what it owes
	VerifiesLegal    Verifies = "legal"    // whether it exists, and who may bind it
	VerifiesFraud    Verifies = "fraud"    // whether somebody usurps it, or is known for fraud
)

func (Verifies) words() []string { return all(VerifiesSolvency, VerifiesLegal, VerifiesFraud) }

// Label names what is verified.
func (k Verifies) Label() fault.Text {
	return map[Verifies]fault.Text{
		VerifiesSolvency: fault.T("solvabilité", "solvency"),
		VerifiesLegal:    fault.T("situation légale", "legal standing"),
		VerifiesFraud:    fault.T("prévention de la fraude", "fraud prevention"),
	}[k]
}

// ProField is one value that is kept of a professional.
type ProField string

// Fields.
const (
	ProCompany ProField = "company"
	ProSIREN   ProField = "siren"
	ProContact ProField = "contact"
	ProPhone   ProField = "phone"
	ProEmail   ProField = "email"
	ProStreet  ProField = "street"
	ProTown    ProField = "town"
)

func (ProField) words() []string {
	return all(ProCompany, ProSIREN, ProContact, ProPhone, ProEmail, ProStreet, ProTown)
}

// Label names a field.
func (f ProField) Label() fault.Text {
	return map[ProField]fault.Text{
		ProCompany: fault.T("raison sociale", "company name"), ProSIREN: fault.T("SIREN", "SIREN"), ProContact: fault.T("personne à joindre", "person to reach"),
		ProPhone: fault.T("téléphone", "phone"), ProEmail: fault.T("e-mail", "e-mail"), ProStreet: fault.T("adresse", "address"), ProTown: fault.T("commune", "town"),
	}[f]
}

// Category is the one under which a field is kept.
func (f ProField) Category() Category {
	return map[ProField]Category{ProCompany: DataIdentity, ProSIREN: DataBusiness, ProContact: DataIdentity, ProPhone: DataContact, ProEmail: DataContact, ProStreet: DataPlace, ProTown: DataPlace}[f]
}

// Verifiers lists the recipients that verify professionals, in the order of the file.
func (n *Network) Verifiers() []Recipient {
	return slices.DeleteFunc(slices.Clone(n.Recipients), func(r Recipient) bool { return len(r.Verifies) == 0 })
}

// verifiers holds the fields of a recipient to what purposes give it, and asks of one that verifies professionals what an honest record of it needs.
func (c *checker) verifiers(r Recipient) {
	path := "recipients." + r.ID
	for i, f := range r.Fields {
		if !slices.ContainsFunc(c.n.Serves(r), func(p Purpose) bool {
			return slices.Contains(p.People, Professional) && slices.Contains(p.Data, f.Category())
		}) {
			c.wrong(path+".fields."+strconv.Itoa(i+1), "aucune finalité sur les professionnels qui cite ce destinataire n’utilise « %s » : il ne peut pas recevoir « %s ».", "no purpose on professionals that names this recipient uses %q: it cannot get %q.", f.Category(), f)
		}
	}
	if len(r.Verifies) == 0 {
		return
	}
	if len(r.Fields) == 0 {
		c.wrong(path+".fields", "ce destinataire vérifie des professionnels : dites dans « fields » ce qu’il reçoit d’eux.", `this recipient verifies professionals: say in "fields" what it gets of them.`)
	}
	if len(c.n.PurposesFor(Professional, DataDocuments)) == 0 {
		c.wrong(path+".verifies", "la réponse de ce destinataire est gardée (documents) et aucune finalité sur les professionnels ne le dit : ajoutez cette catégorie à l’une d’elles.",
			"the answer of this recipient is kept (documents) and no purpose on professionals says so: add this category to one of them.")
	}
	if c.n.Rights != nil && !slices.ContainsFunc(c.n.Rights.Tell, func(t Hears) bool { return t.Recipient == r.ID }) {
		c.wrong("rights.tell", "« %s » reçoit des données de professionnels : dites comment il est averti d’un effacement (RGPD art. 19).", "%q receives data of professionals: say how it is told of an erasure (GDPR art. 19).", r.ID)
	}
}
