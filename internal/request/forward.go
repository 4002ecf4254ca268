package request

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/match"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Where requests are forwarded, an agent qualifies and chooses the members concerned, never more than the network file says and never by itself (RN-29). What a
// member gets is a purchase of no price: it is read, noted, proved and taken back by the same code as one that was sold.

// methodForwarded is how a member came to his introduction: nothing is paid.
const methodForwarded = "forwarded"

// wanted is the mark by which a form carries the member whom its person asked for; it stands where a partner's account does.
func wanted(n *network.Network, in Ask, actor auth.Actor) string {
	if actor.Account == "" && n.Forwards() && strings.HasPrefix(in.Member, "pro_") && len(in.Member) <= 64 {
		return in.Member
	}
	return actor.Account
}

// Wanted is the id of the member whom the person asked for by name; empty when he named none. Nobody has checked that there is such a member.
func (r Request) Wanted() string {
	if strings.HasPrefix(r.Source, "pro_") {
		return r.Source
	}
	return ""
}

// Member is a member of the network as the agent sees him who forwards a request.
type Member struct {
	ID, Name string
	Metres   int        // from his base; -1 unknown
	Named    bool       // the person asked for him
	Has      bool       // it was forwarded to him already
	Why      fault.Text // why he cannot be chosen; empty: he may
	Beside   fault.Text // why he would not have been found by trade and area, where that is so
}

// mostMembers is how many members an agent can look through.
const mostMembers = 30

// Members lists those to whom a request may be forwarded and those of its trade and area to whom it may not, with the reason: whom the person named first, then
// the nearest. Hours and caps bind a sale and not this.
func (s *Service) Members(ctx context.Context, r Request, trade string, commune geo.Commune) (all []Member, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { all, err = members(tx, n, r, trade, commune); return err })
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, m := range all {
		ids[i] = m.ID
	}
	contacts, err := s.pros.Contacts(ctx, ids...)
	for i := range all {
		all[i].Name = contacts[all[i].ID].Company
	}
	return all, err
}

func members(tx *db.Tx, n *network.Network, r Request, trade string, commune geo.Commune) (all []Member, err error) {
	pros, err := pro.OfTrade(tx, trade)
	if err != nil {
		return nil, err
	}
	if id := r.Wanted(); id != "" && !slices.ContainsFunc(pros, func(p pro.Pro) bool { return p.ID == id }) {
		named, err := pro.LoadAll(tx, id)
		if err != nil {
			return nil, err
		}
		pros = append(pros, named...)
	}
	unwanted, err := db.Values[string](tx, "SELECT pro_id FROM exclusion WHERE request_id = $1 ORDER BY pro_id", r.ID)
	if err != nil {
		return nil, err
	}
	has, err := db.Values[string](tx, "SELECT pro_id FROM purchase WHERE request_id = $1 AND state = 'revealed' ORDER BY pro_id", r.ID)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(pros))
	for i, p := range pros {
		ids[i] = p.ID
	}
	arranged, err := pro.ArrangedAmong(tx, n, ids...)
	if err != nil {
		return nil, err
	}
	ask := match.Request{ID: r.ID, Trade: trade, Place: commune.Place(), At: tx.Now(), Excluded: unwanted}
	for _, p := range pros {
		as := toMatch(p, match.Caps{})
		as.Schedule, as.Caps = match.Schedule{}, match.Caps{}
		m := Member{ID: p.ID, Metres: -1, Named: p.ID == r.Wanted(), Has: slices.Contains(has, p.ID)}
		if base, ok := geo.ByINSEE(p.Profile.Base); ok {
			m.Metres = geo.Distance(base.Point, commune.Point)
		}
		why, out := match.Why(match.Rules{}, ask, as)
		switch {
		case p.Outside:
			continue // no member
		case out && slices.Contains([]match.Code{match.NotVerified, match.IsSuspended, match.IsClosed, match.Uninsured, match.Unwanted}, why.Code):
			m.Why = forwardWhy[why.Code]
		case !arranged[p.ID]:
			m.Why = fault.T("N’a pas accepté l’accord entre responsables conjoints", "Has not accepted the arrangement between joint controllers")
		case out:
			m.Beside = forwardWhy[why.Code]
		}
		if m.Named || m.Has || !out || m.Why != (fault.Text{}) && as.Coverage.Covers(commune.Place(), 0) {
			all = append(all, m)
		}
	}
	rank := func(m Member) int {
		switch {
		case m.Named:
			return 0
		case m.Why == (fault.Text{}):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b Member) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(uint(a.Metres), uint(b.Metres)), cmp.Compare(a.ID, b.ID))
	})
	return all[:min(len(all), mostMembers)], nil
}

var forwardWhy = map[match.Code]fault.Text{
	match.NotVerified: fault.T("Pas encore vérifié", "Not yet checked"),
	match.IsSuspended: fault.T("Suspendu", "Suspended"),
	match.IsClosed:    fault.T("A quitté le réseau", "Has left the network"),
	match.Uninsured:   fault.T("Assurance échue", "Insurance run out"),
	match.Unwanted:    fault.T("Écarté par le client", "Not wanted by the customer"),
	match.OtherTrade:  fault.T("D’un autre métier", "Of another trade"),
	match.NoCoverage:  fault.T("Sans zone indiquée", "No area given"),
	match.OutsideArea: fault.T("Hors de sa zone", "Outside the area"),
	match.Away:        fault.T("Absent", "Away"),
}

var (
	errForwards  = fault.New(fault.Denied, "nothing-forwarded", fault.T("Ce réseau ne transmet aucune demande à des membres.", "This network forwards no request to members."))
	errNoConsent = fault.New(fault.Conflict, "consent-gone", fault.T("La personne a retiré son accord : sa demande n’est transmise à personne.", "The person took the agreement back: the request is passed to nobody."))
)

// Forward passes a waiting request, qualified under the agent's name, to the members whom he chose (RN-29). Each sees it whole from that moment, is told by e-mail,
// and stands in the log; the consumer is told who they are. Faults: fields of the draft and members; consent-gone; no-arrangement (RN-06); pro-shut.
func (s *Service) Forward(ctx context.Context, actor auth.Actor, id string, d Draft, chosen []string) error {
	if err := actor.May(auth.RequestPublish); err != nil {
		return err
	}
	o, err := s.openSeen(ctx, id)
	if err != nil {
		return err
	}
	r, n := o.r, o.n
	if err := mayWork(actor, r, s.db.Machine()); err != nil {
		return err
	}
	switch {
	case r.State != Received:
		return errState
	case !n.Forwards():
		return errForwards
	}
	if err := s.undecided(ctx, o, d); err != nil {
		return err
	}
	in, err := s.checkDraft(n, r, d)
	var c fault.Check
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
	} else if err != nil {
		return err
	}
	checkChosen(&c, n, chosen, 0)
	if err := c.Err(); err != nil {
		return err
	}
	who := settledWho(o.who, d, in)
	next := settledRequest(r, d, in)
	to, err := s.receivers(ctx, n, next, chosen)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := s.settle(tx, actor, o, d, in, next, who, Forwarded); err != nil {
			return err
		}
		if err := tx.Send("UPDATE request SET qualified_by = $2, qualified_at = $3, taken_by = '', taken_until = 0 WHERE id = $1", id, actor.Name(), db.Micros(tx.Now())); err != nil {
			return err
		}
		if err := insertEvent(tx, id, EvQualified, actor.Name(), 0, ""); err != nil {
			return err
		}
		return s.forward(tx, actor, to, o.ring, who, 0)
	})
}

// ForwardMore passes a request that was forwarded to further members, up to the network's number in all. Faults as Forward's.
func (s *Service) ForwardMore(ctx context.Context, actor auth.Actor, id string, chosen []string) error {
	r, n, err := s.manage(ctx, actor, id)
	if err != nil {
		return err
	}
	if r.State != Forwarded {
		return errState
	}
	var c fault.Check
	checkChosen(&c, n, chosen, r.Sold)
	if err := c.Err(); err != nil {
		return err
	}
	_, _, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	to, err := s.receivers(ctx, n, r, chosen)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error { return s.forward(tx, actor, to, ring, who, r.Sold) })
}

func checkChosen(c *fault.Check, n *network.Network, chosen []string, already int) {
	most := n.Introductions.Forward.Most
	slices.Sort(chosen)
	c.That(len(chosen) > 0, "members", fault.T("Choisissez le membre concerné.", "Choose the member concerned."))
	c.That(len(slices.Compact(slices.Clone(chosen)))+already <= most, "members", fault.Tf("Une demande va à %d membres au plus.", "A request goes to %d members at most.", most))
}

// receivers is what is needed to forward, read before the transaction.
type receivers struct {
	n, inForce *network.Network // the request's edition, and that under which an arrangement is accepted
	r          Request
	all        []pro.Contact
}

func (s *Service) receivers(ctx context.Context, n *network.Network, r Request, chosen []string) (to receivers, err error) {
	to = receivers{n: n, r: r}
	if to.inForce, err = s.editions.InForce(ctx); err != nil {
		return to, err
	}
	contacts, err := s.pros.Contacts(ctx, chosen...)
	if err != nil {
		return to, err
	}
	for _, id := range slices.Compact(slices.Clone(chosen)) { // sorted: two agents lock the same members in the same order
		c, ok := contacts[id]
		if !ok {
			return to, fault.New(fault.Missing, "no-pro", fault.T("Ce professionnel n’existe pas.", "There is no such professional."))
		}
		to.all = append(to.all, c)
	}
	return to, nil
}

// forward is the one door through which contact details reach a member: who may have them is looked at here, under lock, and every other rule holds by the row.
func (s *Service) forward(tx *db.Tx, actor auth.Actor, to receivers, ring *vault.Ring, who person.Person, already int) error {
	n, r := to.n, to.r
	moved, err := tx.Exec("UPDATE request SET sold = sold + $2, seats = sold + $2 WHERE id = $1 AND state = 'forwarded' AND sold = $3 AND frozen_at = 0", r.ID, len(to.all), already)
	if err == nil && moved == 0 {
		err = errState
	}
	if err != nil {
		return err
	}
	for _, box := range n.ConsentsOn(askedOn(r)) {
		if box.Kind != network.KindConsent || !box.Required {
			continue
		}
		stands, err := privacy.Stands(tx, r.Person, r.ID, box.ID)
		if err == nil && !stands {
			err = errNoConsent
		}
		if err != nil {
			return err
		}
	}
	unwanted, err := db.Values[string](tx, "SELECT pro_id FROM exclusion WHERE request_id = $1", r.ID)
	if err != nil {
		return err
	}
	total := already + len(to.all)
	names := make([]string, len(to.all))
	for i, c := range to.all {
		p, err := pro.Lock(tx, c.ID)
		if err != nil {
			return err
		}
		if p.State != pro.Active || p.Outside || p.Uninsured(tx.Now()) || slices.Contains(unwanted, c.ID) {
			return errShut
		}
		if err := pro.Arranged(tx, to.inForce, c.ID); err != nil {
			return err
		}
		names[i] = c.Company
		if err := s.hand1(tx, actor, n, r, c, already+i+1, total); err != nil {
			return err
		}
	}
	tx.Wake("queue")
	return s.tell(tx, n, ring, r, who, "passed-on", map[string]string{"pro": strings.Join(names, ", ")})
}

// hand1 gives a request to one member: his row, the promise in the log, the trail and his letter.
func (s *Service) hand1(tx *db.Tx, actor auth.Actor, n *network.Network, r Request, c pro.Contact, number, total int) error {
	p := Purchase{ID: tx.NewID("pur"), Request: r.ID, Seat: number, Pro: c.ID, Price: money.Amount(0), Method: methodForwarded, State: "revealed"}
	has, err := db.Value[int64](tx, "SELECT count(*) FROM purchase WHERE request_id = $1 AND pro_id = $2", r.ID, c.ID)
	if err == nil && has > 0 {
		err = errState // he has it already
	}
	if err != nil {
		return err
	}
	if err := insertPurchase(tx, p, n.Hash()); err != nil {
		return err
	}
	leaf, err := proof.CommitSecret(tx, "forward", p.ID, fmt.Appendf(nil, "%s\n%s\n%d\n%d", p.ID, r.ID, number, total)) // the introduction's random id is the salt
	if err != nil {
		return err
	}
	if err := tx.Send("UPDATE purchase SET revealed_at = $2, leaf_id = $3 WHERE id = $1", p.ID, db.Micros(tx.Now()), leaf); err != nil {
		return err
	}
	if err := insertEvent(tx, r.ID, EvForwarded, actor.Name(), number, c.ID); err != nil {
		return err
	}
	if err := audit.Write(tx, actor.Name(), actor.As(auth.RequestPublish), "request.forward", r.ID, c.ID); err != nil {
		return err
	}
	letter, err := n.Message("forwarded", c.Lang, map[string]string{"name": c.Contact, "ref": r.Ref, "trade": s.tradeLabel(n, r.Trade, c.Lang), "commune": r.Commune().Name + " " + r.Postcode, "link": s.url(n.SpaceHost, introductionPath(n, p.ID))})
	if err != nil {
		return err
	}
	tx.Wake("pro " + c.ID)
	return s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: c.ID, Object: p.ID, Kind: "forwarded"}, "", c.Email)
}

// Processed notes that a forwarded request is definitively dealt with, by staff: nothing of it is needed any more, and the time of its data is over (RN-31). A
// member says it of his part by his log; when all have, it is.
func (s *Service) Processed(ctx context.Context, actor auth.Actor, id string) error {
	r, n, err := s.manage(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		done, err := processed(tx, n, r, actor.Name())
		if err == nil && !done {
			err = errState
		}
		if err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.RequestManage), "request.processed", id, "")
	})
}

func processed(tx *db.Tx, n *network.Network, r Request, by string) (bool, error) {
	moved, err := moveState(tx, r.ID, Closed, Forwarded)
	if err != nil || !moved {
		return false, err
	}
	if err := over(tx, n, r); err != nil {
		return false, err
	}
	if err := freeWindow(tx, r.ID); err != nil {
		return false, err
	}
	tx.Wake("queue")
	return true, insertEvent(tx, r.ID, EvClosed, by, 0, "")
}

// processedByAll is processed once every member who may still read the request has said that his part is done.
func processedByAll(tx *db.Tx, n *network.Network, r Request, by string) error {
	waiting, err := db.Value[int64](tx, `SELECT count(*) FROM purchase p WHERE p.request_id = $1 AND p.state = 'revealed' AND p.outcome <> $2
		AND NOT EXISTS (SELECT 1 FROM exclusion e WHERE e.request_id = p.request_id AND e.pro_id = p.pro_id)`, r.ID, outcomeDone)
	if err != nil || waiting > 0 {
		return err
	}
	_, err = processed(tx, n, r, by)
	return err
}

// Passed reports whether a request is, or was, with members and never on a board.
func (r Request) Passed() bool { return r.PublishedAt.IsZero() && r.Sold > 0 }
