package review

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
)

// Kinds of what waits for a moderator.
const (
	WaitsDecision = "decision"
	WaitsReport   = "report"
	WaitsAppeal   = "appeal"
)

// Wait is something that a moderator has to do. It names nobody.
type Wait struct {
	Kind     string
	ID       string // of the version, the report or the appeal
	Pro      string
	At, Due  time.Time
	Revision bool
	Drawn    bool      // a control comes first, and was not logged
	Awaits   time.Time // a document until then; zero when none is awaited
	Arrived  bool      // a document came
	Reason   string    // of a report; of an appeal what is contested
}

// Desk lists all that waits for a moderator, the oldest clock first.
func (s *Service) Desk(ctx context.Context, actor auth.Actor, most int) (all []Wait, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return nil, err
	}
	n, err := s.network(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		if err := db.Each(tx, func(r db.Scanner) error {
			w := Wait{Kind: WaitsDecision}
			var at, awaits, called, came int64
			if err := r.Scan(&w.ID, &w.Pro, &at, &w.Drawn, &w.Revision, &awaits, &called, &came); err != nil {
				return err
			}
			w.At, w.Drawn, w.Arrived = db.Time(at), w.Drawn && called == 0, came > 0
			if tx.Now().Before(db.Time(awaits)) {
				w.Awaits = db.Time(awaits)
			}
			all = append(all, w)
			return nil
		}, `SELECT v.id, r.pro_id, v.at, r.drawn, v.version > 1, (SELECT coalesce(max(p.due_at), 0) FROM review_paper p WHERE p.review_id = r.id AND p.state = 'asked'),
			(SELECT count(*) FROM review_event e WHERE e.review_id = r.id AND e.kind = 'called'), (SELECT count(*) FROM review_paper p WHERE p.review_id = r.id AND p.state = 'received')
			FROM review_version v JOIN review r ON r.id = v.review_id WHERE v.state = 'waiting' ORDER BY v.at, v.id LIMIT $1`, most); err != nil {
			return err
		}
		for kind, q := range map[string]string{
			WaitsReport: "SELECT t.id, r.pro_id, t.at, t.reason FROM review_report t JOIN review r ON r.id = t.review_id WHERE t.state = 'open' ORDER BY t.at, t.id LIMIT $1",
			WaitsAppeal: "SELECT a.id, r.pro_id, a.at, a.what FROM review_appeal a JOIN review r ON r.id = a.review_id WHERE a.state = 'open' ORDER BY a.at, a.id LIMIT $1"} {
			if err := db.Each(tx, func(r db.Scanner) error {
				w := Wait{Kind: kind}
				var at int64
				err := r.Scan(&w.ID, &w.Pro, &at, &w.Reason)
				w.At = db.Time(at)
				all = append(all, w)
				return err
			}, q, most); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range all {
		all[i].Due = n.Reviews.Decide.AddTo(all[i].At)
	}
	slices.SortStableFunc(all, func(a, b Wait) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	return all[:min(len(all), most)], err
}

// Find is the version that shows of a review, by its public identifier with or without initials; Missing when there is none. It opens nothing.
func (s *Service) Find(ctx context.Context, actor auth.Actor, ref string) (version string, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return "", err
	}
	digits := strings.TrimLeftFunc(strings.TrimSpace(ref), func(r rune) bool { return r < '0' || r > '9' })
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		version, err = db.Value[string](tx, "SELECT v.id FROM review r JOIN review_version v ON v.review_id = r.id AND v.version = r.version WHERE r.digits = $1", digits)
		if errors.Is(err, db.ErrNone) {
			err = errNone
		}
		return err
	})
	return version, err
}
