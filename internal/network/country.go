package network

import (
	"regexp"
	"slices"
)

// CountryCheck asks a provider from which country a form comes, by its network address and nothing else (clause AQ-20), before the form is taken in.
type CountryCheck struct {
	Provider   string    // Id of the recipient that is asked: a processor, which no purpose gives anything but connection data.
	Accepted   []string  `min:"1"` // Countries from which requests are taken like any other, two letters (ISO 3166-1).
	Otherwise  Elsewhere // What becomes of a request from another country: refuse, or set-aside until an agent has looked at it.
	Unanswered Elsewhere `yaml:",opt"` // What becomes of it when the provider does not answer: accept, refuse or set-aside; accept if absent. It is marked.
}

// Elsewhere is what becomes of a request whose country is another, or unknown.
type Elsewhere string

// What becomes of it. ElsewhereAccept is for a provider that does not answer: an outage of his shuts nobody out.
const (
	ElsewhereRefuse Elsewhere = "refuse"
	ElsewhereAside  Elsewhere = "set-aside"
	ElsewhereAccept Elsewhere = "accept"
)

func (Elsewhere) words() []string { return all(ElsewhereRefuse, ElsewhereAside, ElsewhereAccept) }

// Takes reports whether a country is accepted.
func (c *CountryCheck) Takes(country string) bool { return slices.Contains(c.Accepted, country) }

var countryCode = regexp.MustCompile(`^[A-Z]{2}$`)

func (c *checker) country() {
	k, path := c.n.Verification.Country, "verification.country"
	if k == nil {
		return
	}
	for _, code := range k.Accepted {
		if !countryCode.MatchString(code) {
			c.wrong(path+".accepted", "« %s » n’est pas un pays en deux lettres majuscules, comme FR.", "%q is no country of two capital letters, such as FR.", clip(code))
		}
	}
	if k.Otherwise == ElsewhereAccept {
		c.wrong(path+".otherwise", "accepter aussi les autres pays rend la vérification inutile, donc interdite (RGPD art. 5.1 c) : écrivez refuse ou set-aside, ou retirez verification.country.",
			"accepting other countries too makes the check useless, and so forbidden (GDPR art. 5.1 c): write refuse or set-aside, or remove verification.country.")
	}
	r, ok := c.n.Recipient(k.Provider)
	if !ok || r.Role != RecipientProcessor {
		c.wrong(path+".provider", "« %s » doit être un destinataire au rôle processor : il agit pour vous, sous contrat (RGPD art. 28).", "%q must be a recipient of role processor: it acts for you, under a contract (GDPR art. 28).", clip(k.Provider))
		return
	}
	claimed := false
	for _, p := range c.n.Purposes {
		if !slices.Contains(p.Recipients, k.Provider) {
			continue
		}
		for _, d := range p.Data {
			if d != DataConnection && !(len(r.Gets) > 0 && !slices.Contains(r.Gets, d)) {
				c.wrong(path+".provider", "« %s » ne reçoit que l’adresse IP, et la finalité %s lui donne plus : retirez-le de cette finalité, ou écrivez gets: [connection].",
					"%q receives the IP address only, and purpose %s gives it more: remove it from that purpose, or write gets: [connection].", k.Provider, p.ID)
				break
			}
		}
		claimed = claimed || slices.Contains(p.Data, DataConnection) && slices.Contains(p.People, Consumer)
	}
	if !claimed {
		c.wrong(path+".provider", "aucune finalité ne lui transmet les données de connexion des clients : citez-le dans celle qui les demande.", "no purpose passes customers’ connection data to it: name it in the one that asks for them.")
	}
}
