package request

import (
	"slices"
	"time"

	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
)

// whoseIs says whether the law of consumers protects a person: a company is called about its business.
func whoseIs(who person.Person) network.Person {
	if who.Kind == "company" {
		return network.Professional
	}
	return network.Consumer
}

// opinionPurpose is the purpose for which an opinion is asked. It rests on consent whatever the file says of its basis: nobody is asked twice for
// what he did not want once.
func opinionPurpose(n *network.Network) string {
	for _, p := range n.PurposesFor(network.Consumer, network.DataOpinion) {
		if slices.ContainsFunc(n.Consents, func(c network.Consent) bool { return c.Purpose == p.ID && c.Kind == network.KindConsent }) {
			return p.ID
		}
	}
	return ""
}

// mayAsk judges the question how it went, by whichever channel reaches the person.
func (s *Service) mayAsk(tx *db.Tx, n *network.Network, r Request, who person.Person) (canvass.Answer, error) {
	m := notify.Message{Person: who.ID, Object: r.ID, Kind: "how-did-it-go", Purpose: opinionPurpose(n), Channel: notify.ByEmail, To: who.Email}
	if phone.CanText(who.Phone) {
		m.Channel, m.To = notify.BySMS, who.Phone
	}
	return s.notify.May(tx, n, m, whoseIs(who), r.Commune().Dept, n.BansCanvassing(r.Trade))
}

// answering is the case of a call about a request.
func (s *Service) answering(n *network.Network, r Request, who person.Person) canvass.Contact {
	return canvass.Contact{At: s.db.Now(), Means: network.ChannelPhone, Aim: canvass.Answering, To: whoseIs(who), Dept: r.Commune().Dept, Banned: n.BansCanvassing(r.Trade),
		Request: &canvass.Request{At: r.At}}
}

// mayDial judges the operator's own call to whoever asked: he was asked by name, so nobody has to be announced.
func (s *Service) mayDial(n *network.Network, r Request, who person.Person) canvass.Answer {
	c := s.answering(n, r, who)
	c.Request.Announced = true
	c.Request.Open = r.State != Cancelled && r.State != Unserved && r.StoppedAt.IsZero()
	c.Request.Reached = !r.PublishedAt.IsZero() || r.Passed() // he spoke with an agent; what follows goes on from there
	return canvass.MayContact(n.Prospecting, c)
}

// mayCall judges the call of a professional who bought: the person must have been told by message that it is he who will call. A number that gets
// no message at all was asked aloud, by the agent who took the request; where law forbids to canvass, that is not enough.
func (s *Service) mayCall(tx *db.Tx, n *network.Network, r Request, who person.Person, p Purchase) (canvass.Answer, error) {
	c := s.answering(n, r, who)
	told, waiting, err := announced(tx, p)
	if err != nil {
		return canvass.Answer{}, err
	}
	why, err := masked(tx, r, p.Pro)
	if err != nil {
		return canvass.Answer{}, err
	}
	c.Request.Open = why == "" && r.State != Withdrawn
	c.Request.Announced = told || !waiting && !c.Banned
	c.Request.Reached = slices.Contains([]string{"reached", "quote", "won"}, p.Outcome)
	return canvass.MayContact(n.Prospecting, c), nil
}

// leaving is for how long, in machine time, a message that nobody has failed to deliver counts as on its way: it takes a fraction of a second, and
// the professional's screen is faster than that.
const leaving = time.Minute

// announced reports whether the message that names the buyer has left or is just leaving, and whether it still waits for a service that does not
// take it.
func announced(tx *db.Tx, p Purchase) (told, waiting bool, err error) {
	var sent, queued int64
	err = tx.Get(db.Into(&sent, &queued), `SELECT coalesce(sum(CASE WHEN state IN ('sent', 'in-doubt') OR state = 'queued' AND tries = 0 AND machine_at > $3 THEN 1 ELSE 0 END), 0),
		coalesce(sum(CASE WHEN state = 'queued' THEN 1 ELSE 0 END), 0) FROM message WHERE object = $1 AND kind = 'taken' AND at >= $2`,
		p.Request, db.Micros(p.Revealed), db.Micros(tx.Machine().Add(-leaving)))
	return sent > 0, queued > 0, err
}
