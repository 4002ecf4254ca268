package request

import (
	"context"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
)

// Why a request carries a mark of its country: it is another than those accepted, or the provider did not answer. Aside is what the file made of it.
const (
	FromElsewhere = "elsewhere"
	FromUnknown   = "unknown"
	aside         = " aside"
)

// origin is where a form comes from, as a provider told it before the transaction. The zero origin is that of a network that asks nobody: it
// costs nothing and leaves nothing.
type origin struct{ country, mark string }

// whence asks the network's provider for the country of a visitor's address, and does with the answer what the file says (AQ-20). A partner's
// program answers for its own visitors: the address that we see is the program's.
func (s *Service) whence(ctx context.Context, n *network.Network, actor auth.Actor, address string) (from origin, err error) {
	k := n.Verification.Country
	if k == nil || actor.Who != auth.Visitor || address == "" {
		return from, nil
	}
	do := network.ElsewhereAccept
	if s.country != nil {
		from.country, err = s.country(ctx, address)
	}
	switch {
	case s.country == nil || err != nil: // his outage, which he or the driver counts; whoever gave up waiting is gone
		from.mark = FromUnknown
		if k.Unanswered != "" {
			do = k.Unanswered
		}
	case !k.Takes(from.country):
		from.mark, do = FromElsewhere, k.Otherwise
	}
	switch do {
	case network.ElsewhereRefuse:
		return origin{}, fault.New(fault.Denied, "country", fault.T("Nous ne prenons pas de demande en ligne depuis le pays de votre connexion. Appelez-nous : le numéro est en haut de la page.", "We take no request online from the country of your connection. Call us: the number is at the top of the page."))
	case network.ElsewhereAside:
		from.mark += aside
	}
	return from, nil
}

// seen is the line of the journal of connections, with the country where one was told.
func (o origin) seen(in Ask) person.Seen {
	seen := person.See(in.Address, in.Agent, in.Languages)
	seen.Country = o.country
	return seen
}

// note says in tx that an agent should look; nothing for a request from an accepted country.
func (o origin) note(tx *db.Tx, id string) error {
	if o.mark == "" {
		return nil
	}
	return insertEvent(tx, id, EvCountry, "", 0, o.mark)
}

// setAside reports whether a request waits for an agent because of its country. It is asked before the machine publishes by itself, and only where
// the network checks countries.
func setAside(tx *db.Tx, n *network.Network, id string) (bool, error) {
	if n.Verification.Country == nil {
		return false, nil
	}
	k, err := db.Value[int64](tx, "SELECT count(*) FROM request_event WHERE request_id = $1 AND kind = $2 AND object IN ($3, $4)", id, EvCountry, FromElsewhere+aside, FromUnknown+aside)
	return k > 0, err
}

// Marked says of each request that carries a mark of its country which one it is; a queue shows it before anybody takes the request.
func Marked(tx *db.Tx, ids ...string) (map[string]string, error) {
	all := map[string]string{}
	if len(ids) == 0 {
		return all, nil
	}
	args := []any{EvCountry}
	q := "SELECT request_id, object FROM request_event WHERE kind = $1 AND request_id IN (" + db.In(&args, ids) + ")"
	return all, db.Each(tx, func(s db.Scanner) error {
		var id, mark string
		err := s.Scan(&id, &mark)
		all[id] = mark
		return err
	}, q, args...)
}

// IsElsewhere and IsAside read a mark.
func IsElsewhere(mark string) bool { return strings.HasPrefix(mark, FromElsewhere) }
func IsAside(mark string) bool     { return strings.HasSuffix(mark, aside) }
