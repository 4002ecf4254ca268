package pro

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
)

// An insurance that runs out shuts its professional out by itself, by the date alone (MayBuy, match.Uninsured), and lets him in again when staff
// note the new one (ET-76). What is done here is to tell him: before, then, and when it is noted.

// Register binds the room's job and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(notify.BouncedKind, s.bounced)
	r.Every("contact details that nobody confirmed", time.Hour, s.sweepChanges)
	r.Every("insurances that end", time.Minute, s.sweepInsurance)
	r.Every("terms of memberships", time.Minute, s.sweepMembers)
}

func insuredUntil(tx *db.Tx, id string) (string, error) {
	until, err := db.Value[string](tx, "SELECT valid_until_on FROM pro_check WHERE pro_id = $1 AND kind = 'insurance'", id)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return until, err
}

// Ending is an insurance that is about to run out, or has: then its professional must show a new one (ET-75…77).
type Ending struct {
	Pro, On string // ISO date of its last day
	told    string
}

func pros(all []Ending) []string {
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.Pro
	}
	return ids
}

const endingQuery = "SELECT c.pro_id, c.valid_until_on, c.told FROM pro_check c JOIN pro p ON p.id = c.pro_id WHERE c.kind = 'insurance' AND c.valid_until_on <> '' AND "

func scanEnding(s db.Scanner) (e Ending, err error) {
	err = s.Scan(&e.Pro, &e.On, &e.told)
	return e, err
}

// InsuranceEnding lists at most limit insurances of professionals with access that end on or before an ISO date, soonest first.
func InsuranceEnding(tx *db.Tx, on string, limit int) ([]Ending, error) {
	return db.List(tx, scanEnding, endingQuery+"c.valid_until_on <= $1 AND p.state IN ('active', 'suspended') ORDER BY c.valid_until_on, c.pro_id LIMIT $2", on, limit)
}

// sweepInsurance reminds professionals as long before the end as the network says, and tells them when it has come. Each is told once of each
// insurance.
func (s *Service) sweepInsurance(ctx context.Context) error {
	n, err := s.editions.InForce(ctx)
	if errors.Is(err, edition.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.db.Now().In(geo.Paris())
	soon := ""
	if remind := n.Introductions.InsuranceReminder; !remind.IsZero() {
		soon = remind.AddTo(now).Format(time.DateOnly)
	}
	var due []Ending
	var bases map[string]Pro
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		bases = map[string]Pro{}
		// East of Paris the day is over sooner.
		due, err = db.List(tx, scanEnding, endingQuery+"(c.told = '' AND c.valid_until_on <= $1 OR c.told <> 'ended' AND c.valid_until_on < $2) AND p.state = 'active' ORDER BY c.valid_until_on, c.pro_id LIMIT 200",
			soon, now.AddDate(0, 0, 1).Format(time.DateOnly))
		if err != nil {
			return err
		}
		all, err := LoadAll(tx, pros(due)...)
		for _, p := range all {
			bases[p.ID] = p
		}
		return err
	}); err != nil || len(due) == 0 {
		return err
	}
	contacts, err := s.Contacts(ctx, pros(due)...)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range due {
		told := "ending"
		if bases[e.Pro].Uninsured(now) {
			told = "ended"
		}
		if told != e.told && (told == "ended" || e.On <= soon) {
			errs = append(errs, s.insuranceEnds(ctx, n, contacts[e.Pro], e, told))
		}
	}
	return errors.Join(errs...)
}

// insuranceEnds tells a professional once; the guard makes it once although several nodes sweep.
func (s *Service) insuranceEnds(ctx context.Context, n *network.Network, c Contact, e Ending, told string) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := tx.Exec("UPDATE pro_check SET told = $4 WHERE pro_id = $1 AND kind = 'insurance' AND valid_until_on = $2 AND told = $3", e.Pro, e.On, e.told, told)
		if err != nil || first == 0 {
			return err
		}
		if told == "ended" {
			tx.Wake("pro " + e.Pro)
			if err := audit.Write(tx, "system", "system", "pro.uninsured", e.Pro, e.On); err != nil {
				return err
			}
		}
		return s.tellInsurance(tx, n, c, "insurance-"+told, e.On)
	})
}

func (s *Service) tellInsurance(tx *db.Tx, n *network.Network, c Contact, kind, on string) error {
	if c.Email == "" {
		return nil // erased
	}
	letter, err := n.Message(kind, c.Lang, map[string]string{"name": c.Contact, "date": network.Date(on).Say(c.Lang), "link": s.url(n.SpaceHost, "/profil")})
	if err != nil {
		return err
	}
	return s.notify.Letter(tx, c.Ring, letter, notify.Message{Person: c.ID, Object: c.ID, Kind: kind}, c.Phone, c.Email)
}

// NextDue is the first instant after one and up to another at which an insurance ends or its reminder is due, or a membership has a step to take; zero when there is none. A moved
// clock stops there.
func (s *Service) NextDue(ctx context.Context, after, until time.Time) (next time.Time, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return next, err
	}
	consider := func(due time.Time) {
		if due.After(after) && !due.After(until) && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	paris := after.In(geo.Paris())
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		next = time.Time{}
		if remind := n.Introductions.InsuranceReminder; !remind.IsZero() {
			first, err := db.List(tx, scanEnding, endingQuery+"c.told = '' AND c.valid_until_on > $1 AND p.state = 'active' ORDER BY c.valid_until_on LIMIT 1", remind.AddTo(paris).Format(time.DateOnly))
			if err != nil {
				return err
			}
			for _, e := range first {
				consider(remind.Cutoff(network.Date(e.On).In(geo.Paris())))
			}
		}
		ending, err := db.List(tx, scanEnding, endingQuery+"c.told <> 'ended' AND c.valid_until_on >= $1 AND p.state = 'active' ORDER BY c.valid_until_on, c.pro_id LIMIT 20", paris.AddDate(0, 0, -1).Format(time.DateOnly))
		if err != nil {
			return err
		}
		all, err := LoadAll(tx, pros(ending)...)
		for _, p := range all {
			consider(p.Profile.Insured())
		}
		return err
	})
	if err != nil {
		return next, err
	}
	member, err := s.nextMember(ctx, n, after, until)
	if !member.IsZero() {
		consider(member)
	}
	return next, err
}
