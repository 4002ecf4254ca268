package request

import (
	"strings"

	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
)

// checkName checks a name as it was typed: in parts where the network asks them apart, whole anywhere else. A whole name stands for its parts: a
// partner's program and an agent on the telephone send one.
func checkName(c *fault.Check, n *network.Network, name string) {
	if !n.Parted() || strings.TrimSpace(name) != "" && !person.Parted(name) {
		c.That(fits(name, 2, maxName), "name", fault.T("Écrivez votre nom, en 2 à 80 caractères.", "Write your name, in 2 to 80 characters."))
		return
	}
	_, first, last := person.Parts(name)
	c.That(fits(first, 1, maxName), network.FieldFirst, fault.T("Écrivez votre prénom, en 80 caractères au plus.", "Write your first name, in at most 80 characters."))
	c.That(fits(last, 1, maxName), network.FieldLast, fault.T("Écrivez votre nom de famille, en 80 caractères au plus.", "Write your last name, in at most 80 characters."))
}
