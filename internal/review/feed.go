package review

import (
	"context"
	"errors"
	"strconv"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
)

// FeedMark is a place in a feed: the line of that instant with these digits.
type FeedMark struct {
	At     time.Time
	Digits string
}

// FeedPage is what of the feed a program reads.
type FeedPage struct {
	Member string   // empty: of all members
	After  FeedMark // zero: from the newest on
	Most   int
}

// Syndicated is a published review with the name of whom it is about.
type Syndicated struct {
	Review
	Company string
}

// Hidden is a review that was public and is no longer to be shown by anybody else: of its author nothing but the digits.
type Hidden struct {
	Pro, Digits string
	At          time.Time
	Why         string // author, erased, time, member-left, objected or contrary
}

const (
	hiddenObjected = "objected" // it stays on the network's own pages (RN-60)
	hiddenContrary = "contrary" // to the terms or to law: the published reason is the author's and the member's to know
	// settles is how long a transaction may take from its clock to its end at the very most: until then a removal that counts as older may still appear.
	settles = time.Minute
)

// feeds is whose reviews an actor's program may read: a partner's those of every member or of one, a member's his own.
func (s *Service) feeds(ctx context.Context, actor auth.Actor, member string) (string, error) {
	if err := actor.May(auth.ReviewFeed); err != nil {
		return "", err
	}
	_, err := s.network(ctx)
	if err == nil && actor.Who == auth.Professional {
		if member != "" && member != actor.Pro {
			return "", errNoCompany
		}
		member = actor.Pro
	}
	return member, err
}

// Feed lists published reviews for the sites of partners and members, newest publication first, without those whose authors object to being
// shown elsewhere (RN-59, 60). From his first call on a partner is one who must hear of removals.
func (s *Service) Feed(ctx context.Context, actor auth.Actor, p FeedPage) ([]Syndicated, error) {
	member, err := s.feeds(ctx, actor, p.Member)
	if err != nil {
		return nil, err
	}
	if err := s.follows(ctx, actor); err != nil { // before anything is shown: what is removed from now on he has to be told
		return nil, err
	}
	where, args := "r.state = 'published' AND r.shared AND EXISTS (SELECT 1 FROM pro p WHERE p.id = r.pro_id AND "+isCompany+")", []any{p.Most}
	if member != "" {
		where, args = where+" AND r.pro_id = $2", append(args, member)
	}
	if !p.After.At.IsZero() {
		args = append(args, db.Micros(p.After.At), p.After.Digits)
		at, digits := "$"+strconv.Itoa(len(args)-1), "$"+strconv.Itoa(len(args))
		where += " AND (r.published_at < " + at + " OR r.published_at = " + at + " AND r.digits > " + digits + ")"
	}
	var found []stored
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = db.List(tx, scanReview, "SELECT "+reviewColumns+fromReview+"WHERE "+where+" ORDER BY r.published_at DESC, r.digits LIMIT $1", args...)
		return err
	}); err != nil {
		return nil, err
	}
	opened, err := s.openAll(ctx, found)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(opened))
	for i, r := range opened {
		ids[i] = r.Pro
	}
	contacts, err := s.Pros.Contacts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := make([]Syndicated, len(opened))
	for i, r := range opened {
		all[i] = Syndicated{r, contacts[r.Pro].Company}
	}
	return all, nil
}

// follows notes a partner at his first call.
func (s *Service) follows(ctx context.Context, actor auth.Actor) error {
	if actor.Who != auth.Affiliate {
		return nil
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := db.Value[int64](tx, "SELECT at FROM review_fetch WHERE account_id = $1", actor.Account)
		return err
	})
	if !errors.Is(err, db.ErrNone) {
		return err
	}
	return s.told(ctx, actor, s.DB.Now().Add(-settles))
}

func (s *Service) told(ctx context.Context, actor auth.Actor, until time.Time) error {
	return s.DB.WriteGuarded(ctx, func(tx *db.Tx) error {
		return tx.Send("INSERT INTO review_fetch (account_id, at) VALUES ($1, $2) ON CONFLICT (account_id) DO UPDATE SET at = excluded.at WHERE review_fetch.at < excluded.at", actor.Account, db.Micros(until))
	})
}

// Hidden lists, oldest first after a mark, what was public and is no longer to be shown elsewhere, whatever the cause, for programs that showed it
// (RN-60, 61, 96). next is where to go on, now or at the next call; over says that nothing follows now. To a partner who has read to the end everything was
// told. A line of the last minute comes again at the next call.
func (s *Service) Hidden(ctx context.Context, actor auth.Actor, after FeedMark, most int) (all []Hidden, next FeedMark, over bool, err error) {
	member, err := s.feeds(ctx, actor, "")
	if err != nil {
		return nil, next, false, err
	}
	settled := s.DB.Now().Add(-settles)
	if after.At.IsZero() {
		after.At = db.Time(1) // 0 is never
	}
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (h Hidden, err error) {
			var at int64
			var state State
			err = r.Scan(&h.Pro, &h.Digits, &at, &state, &h.Why)
			h.At = db.Time(at)
			switch h.Why {
			case ByAuthor, MemberLeft, TimeOver, Erased:
			default:
				h.Why = hiddenContrary
			}
			if state == Published {
				h.Why = hiddenObjected
			}
			return h, err
		}, `SELECT pro_id, digits, hidden_at, state, why FROM review WHERE (hidden_at > $1 OR hidden_at = $1 AND digits > $2) AND ($3 = '' OR pro_id = $3)
			ORDER BY hidden_at, digits LIMIT $4`, db.Micros(after.At), after.Digits, member, most+1)
		return err
	}); err != nil {
		return nil, next, false, err
	}
	if len(all) > most {
		all = all[:most]
		last := all[most-1]
		return all, FeedMark{last.At, last.Digits}, false, nil
	}
	if actor.Who == auth.Affiliate {
		err = s.told(ctx, actor, settled)
	}
	return all, FeedMark{At: settled}, true, err
}

// Behind is a partner whose program has not asked what it may no longer show.
type Behind struct {
	Account string
	Count   int
	Since   time.Time // of the oldest removal that it was not told
	Due     time.Time
}

// Behind lists partners with a good token who were not told of a removal in the time of the file (RN-96).
func (s *Service) Behind(ctx context.Context, actor auth.Actor, most int) (all []Behind, err error) {
	if err = actor.May(auth.AuditRead); err != nil {
		return nil, err
	}
	n, err := s.network(ctx)
	if errors.Is(err, errOff) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (b Behind, err error) {
			var since int64
			err = r.Scan(&b.Account, &b.Count, &since)
			b.Since = db.Time(since)
			b.Due = n.Reviews.Removals.AddTo(b.Since)
			return b, err
		}, `SELECT f.account_id, count(*), min(r.hidden_at) FROM review_fetch f JOIN review r ON r.hidden_at > f.at AND r.hidden_at <= $1
			WHERE EXISTS (SELECT 1 FROM api_token t WHERE t.account_id = f.account_id AND t.revoked_at = 0)
			GROUP BY f.account_id ORDER BY min(r.hidden_at), f.account_id LIMIT $2`, db.Micros(n.Reviews.Removals.Before(s.DB.Now())), most)
		return err
	})
	return all, err
}
