package review

import (
	"context"
	"errors"
	"slices"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// Withdraw takes the author's review off every page at his word, with no reason asked (RN-72 i, 74). It is archived and then erased in its time; erasing at once is
// another right, asked for apart.
func (s *Service) Withdraw(ctx context.Context, actor auth.Actor) error {
	if err := actor.May(auth.ReviewAnswer); err != nil {
		return err
	}
	return s.end(ctx, actor, "r.invite_id = $1", actor.Invite, ByAuthor)
}

// Remove takes a published review off every page because it was found contrary to the terms or to law (RN-72 ii), for a published reason; or at
// its author's word, when he gave it by mail or telephone (ByAuthor).
func (s *Service) Remove(ctx context.Context, actor auth.Actor, id, reason string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	if _, ok := n.Reviews.Refusal(reason); !ok && reason != ByAuthor {
		var c fault.Check
		c.Add("reason", fault.T("Choisissez un motif publié.", "Choose a published reason."))
		return c.Err()
	}
	return s.end(ctx, actor, "r.id = $1", id, reason)
}

// Left takes every review of a member who left the network off every page (RN-72 iii). Twice is once.
func (s *Service) Left(ctx context.Context, pro string) error {
	n, err := s.network(ctx)
	if errors.Is(err, errOff) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.endAll(ctx, n, "pro_id = $1", pro, MemberLeft)
}

// sweepLeft does it for every member whose membership ended, whoever ended it; his pages are gone from that instant on.
func (s *Service) sweepLeft(ctx context.Context) error {
	var gone []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		gone, err = db.Values[string](tx, "SELECT t.pro_id FROM review_tally t JOIN pro p ON p.id = t.pro_id WHERE t.published > 0 AND p.state = 'closed' ORDER BY t.pro_id LIMIT 100")
		return err
	}); err != nil {
		return err
	}
	var errs []error
	for _, id := range gone {
		errs = append(errs, s.Left(ctx, id))
	}
	return errors.Join(errs...)
}

// sweepTime ends what was published for as long as the file says from its deposit (RN-54).
func (s *Service) sweepTime(ctx context.Context) error {
	n, err := s.network(ctx)
	if errors.Is(err, errOff) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.endAll(ctx, n, "deposited_at <= $1", db.Micros(duration(n, n.Reviews.Uses.Publish).Before(s.DB.Now())), TimeOver)
}

func (s *Service) endAll(ctx context.Context, n *network.Network, where string, arg any, why string) error {
	for {
		var ids []string
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			ids, err = db.Values[string](tx, "SELECT id FROM review WHERE state = 'published' AND "+where+" ORDER BY deposited_at, id LIMIT 200", arg)
			return err
		}); err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := s.end(ctx, auth.Machine, "r.id = $1", id, why); err != nil && !fault.Is(err, fault.Conflict) { // somebody was first
				return err
			}
		}
	}
}

// end takes a review off every page: what is published is removed, and so is what waits, when its author wants no more of it. Its archive begins with that
// (RN-55, 73).
func (s *Service) end(ctx context.Context, actor auth.Actor, where string, arg any, why string) error {
	_, do, err := s.ending(ctx, actor, where, arg, why)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, do)
}

// ending opens what end needs, and answers what is to be done in a serializable transaction.
func (s *Service) ending(ctx context.Context, actor auth.Actor, where string, arg any, why string) (r Review, do func(*db.Tx) error, err error) {
	n, err := s.network(ctx)
	if err != nil {
		return r, nil, err
	}
	var found stored
	if err = s.DB.Read(ctx, func(tx *db.Tx) error { found, err = load(tx, where, arg); return err }); err != nil {
		return r, nil, err
	}
	all, err := s.openAll(ctx, []stored{found})
	if err != nil {
		return r, nil, err
	}
	r = all[0]
	i, err := s.invitation(ctx, r.Invite)
	if err != nil {
		return r, nil, err
	}
	return r, func(tx *db.Tx) error {
		now, err := load(tx, "r.id = $1", r.ID)
		if err != nil {
			return err
		}
		waits := now.State == Waiting && (why == ByAuthor || why == Erased)
		if now.State != Published && !waits {
			return errState
		}
		if err := tx.Send("UPDATE review SET state = 'removed', why = $2, ended_at = $3, hidden_at = CASE WHEN published_at > 0 THEN CAST($3 AS BIGINT) ELSE 0 END, decided_by = $4 WHERE id = $1", r.ID, why, db.Micros(tx.Now()), actor.Account); err != nil {
			return err
		}
		if err := tx.Send("UPDATE review_version SET state = 'refused' WHERE review_id = $1 AND state = 'waiting'", r.ID); err != nil {
			return err
		}
		if err := s.destroyPapers(tx, n, r.ID); err != nil {
			return err
		}
		if waits { // it leaves the way that a refused one takes: nothing of it was ever shown
			err = privacy.Happened(tx, n, r.Invite, r.Person, network.Author, network.FromRejection, categories...)
		} else {
			err = privacy.Ended(tx, n, r.Person, r.Invite, network.WhilePublished)
		}
		if err != nil {
			return err
		}
		for _, state := range []network.While{network.WhileUndecided, network.WhileRequestOpen} {
			if err := privacy.Ended(tx, n, r.Person, r.Invite, state); err != nil {
				return err
			}
		}
		if err := line(tx, r.Pro, ActRemoved, r.Number, why, func(t *Tally) {
			t.Removed++
			if waits {
				t.Waiting--
				return
			}
			t.Published--
			t.Marks -= int64(now.Overall)
		}); err != nil {
			return err
		}
		key := ""
		var vars map[string]string
		if _, ruled := n.Reviews.Refusal(why); ruled {
			key, vars = "review-removed", s.contestable(tx, n, i, why)
		}
		return s.decided(tx, n, actor, r, i, EvRemoved, why, key, vars)
	}, nil
}

// BeforeErasure takes the reviews of a person off every page before what they say is destroyed (RN-96), and ends the invitations that nobody answered.
func (s *Service) BeforeErasure(ctx context.Context, person string, scope privacy.Scope) error {
	needed := []network.Category{network.DataOpinion, network.DataExperience}
	if len(scope.Categories) > 0 && !slices.ContainsFunc(scope.Categories, func(c network.Category) bool { return slices.Contains(needed, c) }) {
		return nil
	}
	type record struct{ invite, state, review string }
	var all []record
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = db.List(tx, func(s db.Scanner) (r record, err error) { err = s.Scan(&r.invite, &r.state, &r.review); return },
			"SELECT i.id, i.state, coalesce(r.id, '') FROM review_invite i LEFT JOIN review r ON r.invite_id = i.id WHERE i.person_id = $1", person)
		return err
	}); err != nil {
		return err
	}
	for _, r := range all {
		if !scope.Covers(r.invite) {
			continue
		}
		if r.review != "" {
			if err := s.end(ctx, auth.Machine, "r.id = $1", r.review, Erased); err != nil && !fault.Is(err, fault.Conflict) {
				return err
			}
			continue
		}
		if err := s.DB.WriteGuarded(ctx, func(tx *db.Tx) error {
			return tx.Send("UPDATE review_invite SET state = 'closed', why = $2 WHERE id = $1 AND state IN ('asked', 'sent')", r.invite, Erased)
		}); err != nil {
			return err
		}
	}
	return nil
}
