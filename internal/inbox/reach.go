package inbox

import (
	"context"
	"errors"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Reached is how whoever wrote to us is written to.
type Reached struct {
	Email, Phone, Lang string
	Ring               *vault.Ring
}

// Reach finds how the people of cases are written to; a case that is gone is left out. Its caller has checked why he asks.
func (s *Service) Reach(ctx context.Context, ids ...string) (map[string]Reached, error) {
	all := map[string]Reached{}
	for _, id := range ids {
		c, _, ring, err := s.get(ctx, id)
		if fault.Is(err, fault.Missing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all[id] = Reached{Email: c.Email, Phone: c.Phone, Lang: c.Lang, Ring: ring}
	}
	return all, nil
}

// CasesOf lists the ids of the cases that are about people.
func CasesOf(tx *db.Tx, people ...string) ([]string, error) {
	if len(people) == 0 {
		return nil, nil
	}
	var args []any
	return db.Values[string](tx, "SELECT DISTINCT case_id FROM inbox_subject WHERE person_id IN ("+db.In(&args, people)+") ORDER BY case_id", args...)
}

// IDOf finds a case by its reference; empty when there is none.
func IDOf(tx *db.Tx, ref string) (string, error) {
	id, err := db.Value[string](tx, "SELECT id FROM inbox_case WHERE ref = $1", ref)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return id, err
}

// Clocked is a case without anything that it says: what somebody needs to see whether answers come in time.
type Clocked struct {
	Ref       string     `json:"reference"`
	Received  time.Time  `json:"received"`
	Channel   string     `json:"channel"`
	Asked     string     `json:"asked"`
	Scopes    []string   `json:"scopes,omitempty"`
	State     string     `json:"state"`
	Refusal   string     `json:"refusal,omitempty"`
	Extended  bool       `json:"extended"`
	PausedFor float64    `json:"paused_hours"`
	Due       *time.Time `json:"due,omitempty"` // while it runs, and of an answered one what it was
	Answered  *time.Time `json:"answered,omitempty"`
	InTime    *bool      `json:"in_time,omitempty"`
}

// clocksPage is how many cases are read at once.
const clocksPage = 200

// EachClock hands over the cases received from an instant to before another, the newest first, without opening any of them.
func (s *Service) EachClock(ctx context.Context, from, until time.Time, f func(Clocked) error) error {
	in, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	before, after := db.Micros(until), "" // (received_at, id) of the last one
	for {
		var all []stored
		if err := s.DB.Read(ctx, func(tx *db.Tx) error {
			all, err = db.List(tx, scan, "SELECT "+columns+" FROM inbox_case WHERE received_at >= $1 AND (received_at < $2 OR received_at = $2 AND $3 <> '' AND id > $3) ORDER BY received_at DESC, id LIMIT $4",
				db.Micros(from), before, after, clocksPage)
			return err
		}); err != nil {
			return err
		}
		for _, c := range clocked(in, all) {
			if err := f(c); err != nil {
				return err
			}
		}
		if len(all) < clocksPage {
			return nil
		}
		before, after = db.Micros(all[len(all)-1].Received), all[len(all)-1].ID
	}
}

func clocked(in *network.Network, all []stored) []Clocked {
	out := make([]Clocked, len(all))
	for i, c := range all {
		out[i] = Clocked{Ref: c.Ref, Received: c.Received, Channel: string(c.Channel), Asked: string(c.Asked), Scopes: c.Scopes, State: string(c.State), Refusal: c.Refusal, Extended: !c.Extended.IsZero(), PausedFor: c.PausedFor.Hours()}
		if in.Rights == nil || c.State == Letter || c.State == Joined {
			continue
		}
		due := in.Rights.Due(c.Received, !c.Extended.IsZero(), c.PausedFor)
		out[i].Due = &due
		if !c.AnsweredAt.IsZero() {
			in := !c.AnsweredAt.After(due)
			out[i].Answered, out[i].InTime = &c.AnsweredAt, &in
		}
	}
	return out
}
