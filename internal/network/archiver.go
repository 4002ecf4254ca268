package network

import (
	"slices"
	"time"
)

// Archiver is the trusted third party that keeps whole documents of this network, sealed and unchangeable, so that their integrity can be proved
// (clauses RN-89, RN-98). It is no intermediate archive: that is a phase of a retention ([Keep]).
type Archiver struct {
	Recipient  string      // Id of the recipient that keeps the deposits: a processor whose driver is s3 (object storage with locks), or embedded, which is a folder of this machine and no third party.
	Kinds      []Deposited `min:"1"` // What is deposited: review.
	RestoredBy []Role      `min:"1"` // Roles of staff that may have a deposit back, with a ground: litigation, moderator or accountant.
	Compare    Duration    // How often each deposit is fetched and compared with its digest; one day to one year.
}

// Drivers of a recipient that keeps deposits.
const (
	DriverS3     = "s3"       // object storage with retention locks
	DriverFolder = "embedded" // a folder beside the database: no third party
)

// Deposited is a kind of document that is deposited.
type Deposited string

// DepositedReview is an opinion as it was handed in.
const DepositedReview Deposited = "review"

func (Deposited) words() []string { return all(DepositedReview) }

// Category is the category of data under which such a document is held here.
func (Deposited) Category() Category { return DataOpinion }

// Restorers are the roles that may have a deposit back at all: those that may open an intermediate archive.
func Restorers() []Role { return []Role{RoleLitigation, RoleModerator, RoleAccountant} }

// Deposits reports whether documents of a kind go to the archiver.
func (n *Network) Deposits(kind Deposited) bool {
	return n.Archiver != nil && slices.Contains(n.Archiver.Kinds, kind)
}

// Homemade reports whether a recipient is an archiver in name only: a folder of the operator's own machine.
func (n *Network) Homemade(r Recipient) bool {
	return n.Archiver != nil && r.ID == n.Archiver.Recipient && r.Driver == DriverFolder
}

// LockedUntil says until when the archiver is to lock a deposit that is made at an instant: the longest time for which a purpose that names him
// keeps data of the category. A deposit may end before, when the last purpose lets go of it or its person asks; zero without such a purpose.
func (n *Network) LockedUntil(c Category, at time.Time) (until time.Time) {
	for _, p := range n.archived(c) {
		end := p.Keep.longest().AddTo(at)
		if p.Keep.Archive != nil {
			end = p.Keep.Archive.For.AddTo(end)
		}
		if end.After(until) {
			until = end
		}
	}
	return until
}

// archived are the purposes for which the archiver keeps data of a category.
func (n *Network) archived(c Category) (all []Purpose) {
	for _, p := range n.Purposes {
		if n.Archiver != nil && p.Keep != nil && slices.Contains(p.Recipients, n.Archiver.Recipient) && slices.Contains(p.Data, c) {
			all = append(all, p)
		}
	}
	return all
}

// longest is the longest time before an archive or the end; zero when nothing bounds it.
func (k Keep) longest() Duration {
	if k.While != "" {
		return k.AtMost
	}
	return k.For
}

func (c *checker) archiver() {
	a := c.n.Archiver
	if a == nil {
		return
	}
	r, ok := c.n.Recipient(a.Recipient)
	switch {
	case !ok || r.Role != RecipientProcessor:
		c.wrong("archiver.recipient", "« %s » doit être un destinataire de recipients au rôle processor : un archiveur garde sous contrat ce que vous lui confiez (RGPD art. 28).",
			"%q must be a recipient of recipients with the role processor: an archiver keeps under contract what you entrust to it (GDPR art. 28).", clip(a.Recipient))
	case r.Driver != DriverS3 && r.Driver != DriverFolder:
		c.wrong("recipients."+r.ID+".driver", "l’archiveur demande « driver » : écrivez s3, ou embedded pour un dossier de cette machine.", `the archiver needs "driver": write s3, or embedded for a folder of this machine.`)
	case r.Driver == DriverFolder:
		c.remark("recipients."+r.ID+".driver", "embedded garde les dépôts sur cette machine : ce n’est pas un tiers, et les documents publics le disent. Pour un tiers archiveur, écrivez s3.",
			"embedded keeps deposits on this machine: it is no third party, and public documents say so. For a trusted third party write s3.")
	}
	for _, role := range a.RestoredBy {
		if !slices.Contains(Restorers(), role) {
			c.wrong("archiver.restored_by", "le rôle %s ne reprend pas de dépôt : écrivez litigation, moderator ou accountant.", "the role %s has no deposit back: write litigation, moderator or accountant.", role)
		}
	}
	if a.Compare.approx() < (Duration{1, UnitDay}).approx() || a.Compare.approx() > (Duration{1, UnitYear}).approx() {
		c.wrong("archiver.compare", "chaque dépôt se compare à son empreinte au plus une fois par jour et au moins une fois par an : « %s » est hors de ces bornes.",
			"each deposit is compared with its digest once a day at most and once a year at least: %s is outside these bounds.", a.Compare)
	}
	for _, kind := range a.Kinds {
		purposes := c.n.archived(kind.Category())
		if len(purposes) == 0 {
			c.wrong("archiver.kinds", "aucune finalité ne transmet « %s » à ce destinataire : citez-le dans recipients de la finalité qui les garde.", "no purpose passes %q to this recipient: name it in recipients of the purpose that keeps them.", string(kind.Category()))
		}
		for _, p := range purposes {
			if p.Keep.longest().IsZero() {
				c.wrong("purposes."+p.ID+".keep", "l’archiveur verrouille un dépôt jusqu’à une date : ajoutez « at_most » à cette durée.", `the archiver locks a deposit until a date: add "at_most" to this time.`)
			}
		}
	}
}
