package network

import (
	"time"

	"entremise/internal/geo"
)

// Access is what professionals are told about coming in, staying and leaving; the terms and the charter quote these figures.
type Access struct {
	RegistryExtract Duration // Age at which a registry extract is too old to be accepted.
	Experience      Duration // Experience in the trade that stands in for a diploma.
	Idle            Duration // A professional who ordered nothing for so long is shown to staff, who may end his access; nothing is automatic.
	CloseWithin     int      `min:"1"` // Working days within which access ends once the professional asks.
	Liability       Duration // The operator's liability is bound to what the professional paid within this time.
}

// CloseBy is the last instant at which an access whose end was asked for then may still be open: the end of the last working day of the promise, Monday
// to Friday without public holidays of mainland France (ET-84).
func (a Access) CloseBy(asked time.Time) time.Time {
	return geo.Ouvres.After("75", asked.In(geo.Paris()), a.CloseWithin).AddDate(0, 0, 1).Add(-time.Microsecond)
}

func (c *checker) access() {
	if c.n.Access == nil && sells(c.n) {
		c.wrong("access", "des mises en relation sont vendues : dites ce qui vaut pour l’accès des professionnels (« access »).", `introductions are sold: say what holds for professionals' access ("access").`)
	}
	if c.n.Access != nil && !sells(c.n) {
		c.wrong("access", "aucun professionnel n’a d’accès ici (modules.sale) : retirez « access », que rien n’exécuterait.", `no professional has access here (modules.sale): remove "access", which nothing would execute.`)
	}
}
