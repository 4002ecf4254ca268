package network

import (
	"slices"

	"entremise/internal/fault"
)

// Deed is something that the software does by itself for a purpose, and asks the objections about before it does it (GDPR art. 21, 22.3).
type Deed string

// Deeds.
const (
	DeedRouting Deed = "routing" // the software chooses to whom a request is offered; for who objects a named person does (AQ-26)
	DeedCode    Deed = "code"    // a code by SMS proves a number; who objects is called instead (AQ-43)
	DeedRanking Deed = "ranking" // a professional is sent the requests chosen for him; who objects reads a plain list by date and area (ET-139)

	DeedNearby Deed = "nearby" // a professional is shown where requests like those that he took were, outside his area; who objects is shown nothing (ET-117)
)

func (Deed) words() []string { return all(DeedRouting, DeedCode, DeedRanking, DeedNearby) }

// For is the purpose for which the software does something to people of a sort.
func (n *Network) For(d Deed, whose Person) (Purpose, bool) {
	return find(n.Purposes, func(p Purpose) bool { return slices.Contains(p.Does, d) && slices.Contains(p.People, whose) })
}

// Answerable is what the law answers to somebody who objects to a purpose.
type Answerable string

// Answers of the law.
const (
	MayObject   Answerable = "object"     // it stops at once (GDPR art. 21.1)
	MayHuman    Answerable = "human"      // it rests on something else, but no longer decides alone (art. 22.3)
	MayWithdraw Answerable = "withdraw"   // it rests on consent, which is taken back (art. 7.3)
	MayContract Answerable = "contract"   // it serves what the person asked for or signed
	MayLaw      Answerable = "obligation" // law obliges
)

// Objecting says what the law answers to an objection to a purpose.
func (n *Network) Objecting(p Purpose) Answerable {
	a := n.Modules.AutomatedDecisions
	switch {
	case p.Basis == BasisLegitimate:
		return MayObject
	case a != nil && a.MayObject && (slices.Contains(p.Does, DeedRouting) || slices.Contains(p.Does, DeedRanking)):
		return MayHuman
	case p.Basis == BasisConsent:
		return MayWithdraw
	case p.Basis == BasisContract:
		return MayContract
	}
	return MayLaw
}

// Objectable lists the purposes on data of a sort of people to which they may object, in the order of the file.
func (n *Network) Objectable(whose Person) []Purpose {
	return slices.DeleteFunc(slices.Clone(n.Purposes), func(p Purpose) bool {
		a := n.Objecting(p)
		return !slices.Contains(p.People, whose) || a != MayObject && a != MayHuman
	})
}

// Why says the answer in one sentence.
func (a Answerable) Why() fault.Text {
	return map[Answerable]fault.Text{
		MayObject:   fault.T("Vous pouvez vous y opposer à tout moment : cela s’arrête aussitôt (RGPD art. 21).", "You may object at any time: it stops at once (GDPR art. 21)."),
		MayHuman:    fault.T("Vous pouvez demander qu’une personne décide à la place du logiciel (RGPD art. 22.3).", "You may ask that a person decides instead of the software (GDPR art. 22.3)."),
		MayWithdraw: fault.T("Cet usage repose sur votre accord : il s’arrête quand vous le retirez (RGPD art. 7.3).", "This use rests on your consent: it stops when you withdraw it (GDPR art. 7.3)."),
		MayContract: fault.T("Cet usage sert ce que vous avez demandé ou signé : il s’arrête avec votre demande ou votre contrat (RGPD art. 6.1 b).", "This use serves what you asked for or signed: it stops with your request or contract (GDPR art. 6.1 b)."),
		MayLaw:      fault.T("Une loi nous y oblige : l’opposition ne s’y applique pas (RGPD art. 6.1 c et 21.1).", "Law obliges us to it: objection does not apply (GDPR art. 6.1 c and 21.1)."),
	}[a]
}

// deeds checks that each deed has one purpose for a sort of people, so that an objection always finds what it stops.
func (c *checker) deeds() {
	for _, d := range list[Deed]() {
		for _, who := range []Person{Consumer, Professional} {
			first := ""
			for _, p := range c.n.Purposes {
				if !slices.Contains(p.Does, d) || !slices.Contains(p.People, who) {
					continue
				}
				if first != "" {
					c.wrong("purposes."+p.ID+".does", "« %s » est déjà dans « %s » : une opposition doit savoir laquelle elle arrête.", "%q is in %q already: an objection must know which one it stops.", d, first)
				}
				first = p.ID
			}
		}
	}
	for _, need := range []struct {
		d    Deed
		who  Person
		does bool
	}{{DeedRouting, Consumer, sells(c.n)}, {DeedRanking, Professional, sells(c.n)}} {
		if _, ok := c.n.For(need.d, need.who); need.does && !ok {
			c.wrong("purposes", "le logiciel fait « %s » et aucune finalité ne le dit : ajoutez does à celle qui convient.", "the software does %q and no purpose says so: add does to the one that fits.", need.d)
		}
	}
}
