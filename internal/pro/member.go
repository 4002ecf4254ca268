package pro

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
)

// A member of the network is a professional to whom data is passed without a sale. The operator and he decide together what that data is for, so nothing flows
// to him before he has accepted the arrangement between them, in the words that stand now (GDPR art. 26; RN-06). His membership runs from term to term.

// errUnarranged says what to do: it is shown to staff, and to the member himself.
var errUnarranged = fault.New(fault.Conflict, "no-arrangement", fault.T("Ce membre n’a pas accepté l’accord entre responsables conjoints tel qu’il est aujourd’hui : il l’accepte dans son espace, et rien ne lui est transmis avant.",
	"This member has not accepted the arrangement between joint controllers as it stands today: he accepts it in his space, and nothing is passed to him before."))

// Arranged refuses (no-arrangement) while a professional has not accepted the arrangement in the words of n (RN-06). Whoever passes data to a member, or has some
// collected for him, asks it in the transaction that does so. Where the network has no arrangement nothing is asked.
func Arranged(tx *db.Tx, n *network.Network, id string) error {
	ok, err := ArrangedAmong(tx, n, id)
	if err == nil && !ok[id] {
		err = errUnarranged
	}
	return err
}

// ArrangedAmong is Arranged for several professionals: those that are true have accepted.
func ArrangedAmong(tx *db.Tx, n *network.Network, ids ...string) (map[string]bool, error) {
	all := map[string]bool{}
	words := n.ArrangementHash()
	if words == "" || len(ids) == 0 {
		for _, id := range ids {
			all[id] = true
		}
		return all, nil
	}
	args := []any{words}
	return all, db.Each(tx, func(s db.Scanner) error {
		var id string
		err := s.Scan(&id)
		all[id] = true
		return err
	}, "SELECT pro_id FROM pro_arrangement WHERE words_hash = $1 AND pro_id IN ("+db.In(&args, ids)+")", args...)
}

// Arrange stores in tx that somebody of a professional's accepted the arrangement of n; version is the document that he read, by hash. Twice is once.
func Arrange(tx *db.Tx, n *network.Network, actor auth.Actor, version string) error {
	words := n.ArrangementHash()
	if words == "" || actor.Pro == "" {
		return nil
	}
	added, err := tx.Exec("INSERT INTO pro_arrangement (pro_id, words_hash, version_hash, edition, at, by_account) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (pro_id, words_hash) DO NOTHING",
		actor.Pro, words, version, n.Hash(), db.Micros(tx.Now()), actor.Account)
	if err != nil || added == 0 {
		return err
	}
	tx.Wake("pro " + actor.Pro)
	return audit.Write(tx, actor.Name(), string(auth.Professional), "pro.arranged", actor.Pro, version)
}

// Arrangement is an acceptance.
type Arrangement struct {
	At      time.Time
	By      string // account
	Version string // hash of the document that was read
	Now     bool   // in the words that stand
}

// Arrangements lists what a professional accepted, newest first.
func Arrangements(tx *db.Tx, n *network.Network, id string) ([]Arrangement, error) {
	words := n.ArrangementHash()
	return db.List(tx, func(s db.Scanner) (a Arrangement, err error) {
		var at int64
		var accepted string
		err = s.Scan(&at, &a.By, &a.Version, &accepted)
		a.At, a.Now = db.Time(at), accepted == words
		return a, err
	}, "SELECT at, by_account, version_hash, words_hash FROM pro_arrangement WHERE pro_id = $1 ORDER BY at DESC, words_hash", id)
}

// Membership is where a member stands. Days are ISO dates in Paris.
type Membership struct {
	Since, Until string // the first day, and the last one of the running term
	Renewed      bool   // the member asked for the next term, where that is asked
	Leaves       string // the day on which it ends, once somebody said so; empty: none
	Reason       string // id of the network file's list, for Leaves
	By           string // account that said so
	told         string
	pro          string
}

// Again reports whether another term follows when nobody says anything more.
func (m Membership) Again(n *network.Network) bool {
	return m.Leaves == "" && n.Members != nil && (n.Members.Renews == network.RenewsTacitly || m.Renewed)
}

// Next is the first day after the running term.
func (m Membership) Next() string {
	return network.Date(m.Until).In(geo.Paris()).AddDate(0, 0, 1).Format(time.DateOnly)
}

const membershipColumns = "pro_id, since_on, until_on, renewed, leaves_on, reason, by_account, told_on"

func scanMembership(s db.Scanner) (m Membership, err error) {
	err = s.Scan(&m.pro, &m.Since, &m.Until, &m.Renewed, &m.Leaves, &m.Reason, &m.By, &m.told)
	return m, err
}

// MembershipOf reads a membership; ok is false where there is none yet, or the network has none.
func MembershipOf(tx *db.Tx, id string) (m Membership, ok bool, err error) {
	m, err = db.One(tx, scanMembership, "SELECT "+membershipColumns+" FROM pro_membership WHERE pro_id = $1", id)
	if errors.Is(err, db.ErrNone) {
		return m, false, nil
	}
	return m, err == nil, err
}

// term is the last day of a term that begins on a day.
func term(n *network.Network, first time.Time) string {
	return n.Members.Term.AddTo(first).AddDate(0, 0, -1).Format(time.DateOnly)
}

func today(tx *db.Tx) time.Time {
	now := tx.Now().In(geo.Paris())
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
}

// begin opens the membership of a professional whose access opens; one that runs goes on.
func begin(tx *db.Tx, n *network.Network, id string) error {
	if n == nil || n.Members == nil {
		return nil
	}
	first := today(tx)
	return tx.Send("INSERT INTO pro_membership (pro_id, since_on, until_on, renewed, told_on, leaves_on, reason, by_account) VALUES ($1, $2, $3, $4, '', '', '', '') ON CONFLICT (pro_id) DO NOTHING",
		id, first.Format(time.DateOnly), term(n, first), false)
}

// relation is the state during which the network holds what it knows of professionals: their contract, or their open account, as its purposes say.
func relation(n *network.Network) network.While {
	for _, p := range n.PurposesFor(network.Professional, network.DataIdentity) {
		if p.Keep != nil && p.Keep.While == network.WhileContract {
			return network.WhileContract
		}
	}
	return network.WhileAccountOpen
}

// end is the one way in which an access ends for good: nothing is held for him any more, nobody signs in, the time of what is kept of him begins, and who asked to
// know (Left) is told. Its caller has locked him and writes the audit line.
func (s *Service) end(tx *db.Tx, n *network.Network, actor auth.Actor, p Pro, reason string, accounts []string) error {
	if err := tx.Send("UPDATE pro SET reason = $2 WHERE id = $1", p.ID, reason); err != nil {
		return err
	}
	if err := tx.Send("UPDATE seat SET state = 'free', pro_id = NULL, held_until = 0 WHERE pro_id = $1 AND state = 'held'", p.ID); err != nil {
		return err
	}
	if err := s.version(tx, n, p.ID, actor.Name(), p.Profile, Closed); err != nil {
		return err
	}
	if err := tx.Send("UPDATE pro_membership SET leaves_on = $2, reason = $3, by_account = $4 WHERE pro_id = $1 AND leaves_on = ''", p.ID, today(tx).Format(time.DateOnly), reason, actor.Name()); err != nil {
		return err
	}
	if err := privacy.Ended(tx, n, p.ID, "", relation(n)); err != nil {
		return err
	}
	for _, a := range accounts {
		if err := s.auth.Close(tx, a); err != nil {
			return err
		}
	}
	tx.Wake("board")
	if s.Left == nil {
		return nil
	}
	return s.Left(tx, p.ID)
}

var (
	errNoMember = fault.New(fault.Missing, "no-membership", fault.T("Cette entreprise n’a pas d’adhésion en cours.", "This company has no membership that runs."))
	errLeaving  = fault.New(fault.Conflict, "leaving", fault.T("La fin de cette adhésion est déjà notée.", "The end of this membership is noted already."))
)

// ownWish is the reason of a member who leaves of himself, where the network file has it; else the first of its list.
func ownWish(n *network.Network) string {
	if n.Leaving("own-wish") != (fault.Text{}) {
		return "own-wish"
	}
	return n.Members.Leaving[0].ID
}

// LeaveOn ends a membership on an ISO day, today at the earliest: by staff for a reason of the network's list, by a member himself for none but his own wish. On
// that day the access ends as Close ends one. The member is told. Faults: fields leaving and leaves_on; no-membership; leaving when an end is noted.
func (s *Service) LeaveOn(ctx context.Context, actor auth.Actor, id, day, reason string) error {
	act := auth.ProSuspend
	if actor.Who == auth.Professional {
		act, id = auth.ProEditOwn, actor.Pro
	}
	if err := actor.May(act); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if n.Members == nil {
		return errNoMember
	}
	if actor.Who == auth.Professional {
		reason = ownWish(n)
	}
	now := s.db.Now().In(geo.Paris()).Format(time.DateOnly)
	var c fault.Check
	c.That(n.Leaving(reason) != fault.Text{}, "leaving", fault.T("Choisissez un motif de la liste.", "Choose a reason from the list."))
	_, err = time.Parse(time.DateOnly, day)
	c.That(err == nil && day >= now, "leaves_on", fault.T("Écrivez le jour du départ : aujourd’hui ou après.", "Write the day of leaving: today or later."))
	if err := c.Err(); err != nil {
		return err
	}
	contact, l, err := s.goodbye(ctx, id)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		p, err := Lock(tx, id)
		if err != nil {
			return err
		}
		m, ok, err := MembershipOf(tx, id)
		switch {
		case err != nil:
			return err
		case !ok || p.State == Closed:
			return errNoMember
		case m.Leaves != "":
			return errLeaving
		}
		if err := tx.Send("UPDATE pro_membership SET leaves_on = $2, reason = $3, by_account = $4 WHERE pro_id = $1", id, day, reason, actor.Name()); err != nil {
			return err
		}
		if err := s.tellMember(tx, n, contact, "membership-ended", map[string]string{"date": network.Date(day).Say(contact.Lang), "reason": n.Leaving(reason).Say(contact.Lang)}); err != nil {
			return err
		}
		tx.Wake("pro " + id)
		if err := audit.Write(tx, actor.Name(), actor.As(act), "pro.leaves", id, reason+" "+day); err != nil || day > now {
			return err
		}
		return s.leaveNow(tx, n, actor, act, p, reason, l)
	})
}

// Recall takes back an end that has not come, by staff or by a member who said so himself. Faults: no-membership where no end is noted.
func (s *Service) Recall(ctx context.Context, actor auth.Actor, id string) error {
	act := auth.ProSuspend
	if actor.Who == auth.Professional {
		act, id = auth.ProEditOwn, actor.Pro
	}
	if err := actor.May(act); err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		p, err := Lock(tx, id)
		if err != nil {
			return err
		}
		back, err := tx.Exec("UPDATE pro_membership SET leaves_on = '', reason = '', by_account = '' WHERE pro_id = $1 AND leaves_on <> '' AND (CAST($2 AS TEXT) = '' OR by_account = $2)", id, mine(actor))
		if err != nil {
			return err
		}
		if back == 0 || p.State == Closed {
			return errNoMember
		}
		tx.Wake("pro " + id)
		return audit.Write(tx, actor.Name(), actor.As(act), "pro.stays", id, "")
	})
}

// mine bounds what a member may take back to his own word; staff are not bound.
func mine(actor auth.Actor) string {
	if actor.Who == auth.Professional {
		return actor.Account
	}
	return ""
}

// Renew asks for the next term, where that must be asked: by the member, or by staff at his word. Twice is once. Faults: no-membership, and where terms follow by
// themselves not-asked.
func (s *Service) Renew(ctx context.Context, actor auth.Actor, id string) error {
	act := auth.ProEdit
	if actor.Who == auth.Professional {
		act, id = auth.ProEditOwn, actor.Pro
	}
	if err := actor.May(act); err != nil {
		return err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if n.Members == nil || n.Members.Renews != network.RenewsExpressly {
		return fault.New(fault.Conflict, "not-asked", fault.T("Cette adhésion se renouvelle d’elle-même.", "This membership renews by itself."))
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		asked, err := tx.Exec("UPDATE pro_membership SET renewed = $2 WHERE pro_id = $1 AND leaves_on = ''", id, true)
		if err == nil && asked == 0 {
			err = errNoMember
		}
		if err != nil {
			return err
		}
		tx.Wake("pro " + id)
		return audit.Write(tx, actor.Name(), actor.As(act), "pro.renews", id, "")
	})
}

func (s *Service) goodbye(ctx context.Context, id string) (c Contact, l Leaving, err error) {
	contacts, err := s.Contacts(ctx, id)
	if err != nil {
		return c, l, err
	}
	c, ok := contacts[id]
	if !ok {
		return c, l, errNoPro
	}
	l, err = s.Leaving(ctx, id)
	return c, l, err
}

func (s *Service) leaveNow(tx *db.Tx, n *network.Network, actor auth.Actor, act auth.Action, p Pro, reason string, l Leaving) error {
	if err := s.end(tx, n, actor, p, reason, l.accounts); err != nil {
		return err
	}
	return audit.Write(tx, actor.Name(), actor.As(act), "pro."+string(Closed), p.ID, reason)
}

func (s *Service) tellMember(tx *db.Tx, n *network.Network, c Contact, kind string, vars map[string]string) error {
	if c.Email == "" {
		return nil // erased
	}
	vars["name"] = c.Contact
	letter, err := n.Message(kind, c.Lang, vars)
	if err != nil {
		return err
	}
	return s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: c.ID, Object: c.ID, Kind: kind}, "", c.Email)
}

// sweepMembers tells members of the end of a term as long before as the network says, begins the next one, and ends what is to end. Each step is guarded by what
// the row says, so that several nodes do it once.
func (s *Service) sweepMembers(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if errors.Is(err, edition.ErrNone) || err == nil && n.Members == nil {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.db.Now().In(geo.Paris())
	day, soon := now.Format(time.DateOnly), n.Members.Notice.AddTo(now).Format(time.DateOnly)
	var due []Membership
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		due, err = db.List(tx, scanMembership, "SELECT "+membershipColumns+` FROM pro_membership m WHERE (leaves_on <> '' AND leaves_on <= $1 OR leaves_on = '' AND (until_on < $1 OR until_on < $2 AND told_on <> until_on))
			AND EXISTS (SELECT 1 FROM pro p WHERE p.id = m.pro_id AND p.state <> 'closed') ORDER BY until_on, pro_id LIMIT 200`, day, soon)
		return err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, m := range due {
		errs = append(errs, s.step(ctx, n, m, day))
	}
	return errors.Join(errs...)
}

// step carries one membership as far as the day wants it.
func (s *Service) step(ctx context.Context, n *network.Network, was Membership, day string) error {
	c, l, err := s.goodbye(ctx, was.pro)
	if err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		p, err := Lock(tx, was.pro)
		if err != nil {
			return err
		}
		m, ok, err := MembershipOf(tx, was.pro)
		if err != nil || !ok || p.State == Closed || m != was { // somebody was faster: the next round sees it as it is
			return err
		}
		over := m.Until < day
		switch {
		case m.Leaves != "":
			return s.leaveNow(tx, n, auth.Machine, auth.ProSuspend, p, m.Reason, l)
		case over && !m.Again(n):
			if err := s.tellMember(tx, n, c, "membership-ended", map[string]string{"date": network.Date(m.Next()).Say(c.Lang), "reason": n.Leaving(network.LeavingTerm).Say(c.Lang)}); err != nil {
				return err
			}
			return s.leaveNow(tx, n, auth.Machine, auth.ProSuspend, p, network.LeavingTerm, l)
		case over:
			until := term(n, network.Date(m.Next()).In(geo.Paris()))
			if err := tx.Send("UPDATE pro_membership SET until_on = $2, renewed = $3 WHERE pro_id = $1", m.pro, until, false); err != nil {
				return err
			}
			return audit.Write(tx, "system", "system", "pro.renewed", m.pro, until)
		}
		if err := tx.Send("UPDATE pro_membership SET told_on = until_on WHERE pro_id = $1", m.pro); err != nil {
			return err
		}
		return s.tellMember(tx, n, c, "membership-ending", map[string]string{"date": network.Date(m.Next()).Say(c.Lang), "link": s.url(n.SpaceHost, "/adhesion")})
	})
}

// nextMember is the first instant after one and up to another at which sweepMembers has something to do; zero when there is none.
func (s *Service) nextMember(ctx context.Context, n *network.Network, after, until time.Time) (next time.Time, err error) {
	if n.Members == nil {
		return next, nil
	}
	consider := func(due time.Time) {
		if due.After(after) && !due.After(until) && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		next = time.Time{}
		all, err := db.List(tx, scanMembership, "SELECT "+membershipColumns+` FROM pro_membership m WHERE EXISTS (SELECT 1 FROM pro p WHERE p.id = m.pro_id AND p.state <> 'closed') ORDER BY until_on, pro_id`)
		for _, m := range all {
			if m.Leaves != "" {
				consider(network.Date(m.Leaves).In(geo.Paris()))
				continue
			}
			end := network.Date(m.Next()).In(geo.Paris())
			consider(end)
			if m.told != m.Until {
				consider(n.Members.Notice.Cutoff(end))
			}
		}
		return err
	})
	return next, err
}
