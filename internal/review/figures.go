package review

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
)

// Figures show whether satisfied and dissatisfied authors are treated alike, and how long a decision takes. They count and name nobody, so they are public.
type Figures struct {
	Levels   []LevelFigures // from the satisfied to the dissatisfied
	Reasons  []ReasonFigure // of refusals and removals, the commonest first
	Waiting  int64
	Drawn    int64 // for a control
	Reports  int64 // closed
	Removed  int64 // after a report, the reviews that fell
	Appeals  int64 // closed
	Reversed int64
}

// LevelFigures count decided versions of one level of satisfaction.
type LevelFigures struct {
	Level              network.Level
	Published, Refused int64
	Mean               time.Duration // from deposit to decision
	sum                int64
}

// Share is how many of a hundred decided ones were refused, rounded; 0 when none was decided.
func (l LevelFigures) Share() int {
	if l.Published+l.Refused == 0 {
		return 0
	}
	return int((l.Refused*200 + l.Published + l.Refused) / (2 * (l.Published + l.Refused)))
}

// ReasonFigure counts the decisions for one reason, by satisfaction.
type ReasonFigure struct {
	Reason network.RefusalReason
	N      int64
	By     map[network.Level]int64
}

// Figures counts every decision that was made. Reading them is no reading of a person.
func (s *Service) Figures(ctx context.Context) (f Figures, err error) {
	n, err := s.network(ctx)
	if err != nil {
		return f, err
	}
	levels := map[network.Level]*LevelFigures{}
	for _, l := range []network.Level{network.LevelSatisfied, network.LevelModerately, network.LevelDissatisfied} {
		levels[l] = &LevelFigures{Level: l}
	}
	reasons := map[string]*ReasonFigure{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		count := func(why string, level network.Level, k int64) {
			reason, ok := n.Reviews.Refusal(why)
			if !ok {
				return // withdrawn by its author, at its time, or of a reason that the file has dropped
			}
			if reasons[why] == nil {
				reasons[why] = &ReasonFigure{Reason: reason, By: map[network.Level]int64{}}
			}
			reasons[why].N += k
			reasons[why].By[level] += k
		}
		if err := db.Each(tx, func(r db.Scanner) error {
			var overall int
			var state, why string
			var k, took int64
			if err := r.Scan(&overall, &state, &why, &k, &took); err != nil {
				return err
			}
			level := n.Reviews.Level(overall)
			l := levels[level]
			if state != "refused" {
				l.Published += k
			} else {
				l.Refused += k
				count(why, level, k)
			}
			l.sum += took
			return nil
		}, "SELECT overall, state, why, count(*), CAST(sum(decided_at - at) AS BIGINT) FROM review_version WHERE decided_at > 0 GROUP BY overall, state, why"); err != nil {
			return err
		}
		if err := db.Each(tx, func(r db.Scanner) error {
			var level network.Level
			var why string
			var k int64
			if err := r.Scan(&level, &why, &k); err != nil {
				return err
			}
			count(why, level, k)
			return nil
		}, "SELECT level, why, count(*) FROM review WHERE state = 'removed' GROUP BY level, why"); err != nil {
			return err
		}
		return tx.Get(db.Into(&f.Waiting, &f.Drawn, &f.Reports, &f.Removed, &f.Appeals, &f.Reversed), `SELECT (SELECT count(*) FROM review_version WHERE state = 'waiting'), (SELECT count(*) FROM review WHERE drawn),
			(SELECT count(*) FROM review_report WHERE state <> 'open'), (SELECT count(*) FROM review_report WHERE state = 'removed'),
			(SELECT count(*) FROM review_appeal WHERE state <> 'open'), (SELECT count(*) FROM review_appeal WHERE state = 'reversed')`)
	})
	for _, l := range []network.Level{network.LevelSatisfied, network.LevelModerately, network.LevelDissatisfied} {
		x := levels[l]
		if decided := x.Published + x.Refused; decided > 0 {
			x.Mean = time.Duration(x.sum/decided) * time.Microsecond
		}
		f.Levels = append(f.Levels, *x)
	}
	f.Reasons = nil
	for _, id := range slices.Sorted(maps.Keys(reasons)) {
		f.Reasons = append(f.Reasons, *reasons[id])
	}
	slices.SortStableFunc(f.Reasons, func(a, b ReasonFigure) int { return cmp.Compare(b.N, a.N) })
	return f, err
}
