package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Queued is a version that waits for a moderator.
type Queued struct {
	Version  string // its id, which Decide takes
	Review   string
	Pro      string
	At       time.Time
	Due      time.Time // announced to its author
	Drawn    bool      // a control call comes first
	Revision bool      // another version of a published review
	Audience network.Audience
	Overall  int // in tenths of a mark
}

// Queue lists what waits, the oldest first. It names nobody.
func (s *Service) Queue(ctx context.Context, actor auth.Actor, most int) (all []Queued, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return nil, err
	}
	n, err := s.network(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (q Queued, err error) {
			var at int64
			err = r.Scan(&q.Version, &q.Review, &q.Pro, &at, &q.Drawn, &q.Revision, &q.Audience, &q.Overall)
			q.At = db.Time(at)
			q.Due = n.Reviews.Decide.AddTo(q.At)
			return q, err
		}, "SELECT v.id, v.review_id, r.pro_id, v.at, r.drawn, v.version > 1, r.audience, v.overall FROM review_version v JOIN review r ON r.id = v.review_id WHERE v.state = 'waiting' ORDER BY v.at, v.id LIMIT $1", most)
		return err
	})
	return all, err
}

// Waiting counts what waits for a moderator, and says since when the oldest does.
func (s *Service) Waiting(ctx context.Context) (n int64, oldest time.Time, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		var at int64
		err := tx.Get(db.Into(&n, &at), "SELECT count(*), coalesce(min(at), 0) FROM review_version WHERE state = 'waiting'")
		oldest = db.Time(at)
		return err
	})
	return n, oldest, err
}

// File is a version as its moderator reads it.
type File struct {
	Review
	VersionID  string
	Waits      bool // for a decision
	Invitation Invitation
	Events     []Event
	Papers     []Paper
	Called     bool // a control call was logged
	MayBan     bool
	Banned     *Ban
}

// Read opens a version that waits, or was decided, for a moderator; that he read it stands in the trail.
func (s *Service) Read(ctx context.Context, actor auth.Actor, version string) (f File, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return f, err
	}
	n, err := s.network(ctx)
	if err != nil {
		return f, err
	}
	found, err := s.version(ctx, version)
	if err != nil {
		return f, err
	}
	all, err := s.openAll(ctx, []stored{found})
	if err != nil {
		return f, err
	}
	f.Review, f.VersionID = all[0], version
	if f.Invitation, err = s.invitation(ctx, f.Invite); err != nil {
		return f, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if f.Events, err = events(tx, f.Invitation.ring, f.ID); err != nil {
			return err
		}
		f.Called = slices.ContainsFunc(f.Events, func(e Event) bool { return e.Kind == EvCalled })
		if f.Papers, err = papers(tx, f.ID); err != nil {
			return err
		}
		state, err := db.Value[string](tx, "SELECT state FROM review_version WHERE id = $1", version)
		if err != nil {
			return err
		}
		f.Waits = state == "waiting"
		if f.Banned, err = banOf(tx, f.ID); err != nil {
			return err
		}
		reason, err := ruledBy(tx, n, f.Review, version)
		if err != nil {
			return err
		}
		f.MayBan = f.Banned == nil && reason.Bans && f.Invitation.Who.Email != ""
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewRead), "review.read", f.ID, "")
	})
	return f, err
}

// ruledBy is the published reason for which a version was refused, or a review removed; the zero reason when neither is.
func ruledBy(tx *db.Tx, n *network.Network, r Review, version string) (network.RefusalReason, error) {
	why, err := db.Value[string](tx, "SELECT why FROM review_version WHERE id = $1 AND state = 'refused'", version)
	if err != nil && !errors.Is(err, db.ErrNone) {
		return network.RefusalReason{}, err
	}
	if why == "" && (r.State == Removed || r.State == Refused) {
		why = r.Why
	}
	reason, _ := n.Reviews.Refusal(why)
	return reason, nil
}

// version loads a review with one of its versions instead of the one that shows.
func (s *Service) version(ctx context.Context, id string) (r stored, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err = loadVersion(tx, id)
		return err
	})
	return r, err
}

func loadVersion(tx *db.Tx, version string) (stored, error) {
	r, err := db.One(tx, scanReview, "SELECT "+reviewColumns+" FROM review r JOIN review_invite i ON i.id = r.invite_id JOIN review_version v ON v.review_id = r.id WHERE v.id = $1", version)
	if err != nil {
		return r, fallen(err)
	}
	var overall, number int64
	err = tx.Get(db.Into(&overall, &number), "SELECT overall, version FROM review_version WHERE id = $1", version)
	r.Overall, r.Version = int(overall), number
	return r, err
}

// Decision is what a moderator says of a version: an outcome of each check (RN-49) and, when one fails, the published reason.
type Decision struct {
	Checks map[network.ReviewCheck]bool
	Reason string // id of reviews.refusals; empty when all checks hold
}

// Decide publishes or refuses a version (RN-48). Every check needs an outcome; one that fails forces a refusal for a reason of that check. The author is
// told what was decided, why, and how to contest it. What is published is what he wrote: no act of this room changes a word or a mark (RN-95).
func (s *Service) Decide(ctx context.Context, actor auth.Actor, version string, d Decision) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	fine, err := d.check(n)
	if err != nil {
		return err
	}
	found, err := s.version(ctx, version)
	if err != nil {
		return err
	}
	r, err := s.openAll(ctx, []stored{found})
	if err != nil {
		return err
	}
	i, err := s.invitation(ctx, found.Invite)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		state := "refused"
		if fine {
			state = "published"
		}
		if err := ripe(tx, r[0]); err != nil {
			return err
		}
		taken, err := tx.Exec("UPDATE review_version SET state = $2, why = $3, decided_at = $4, decided_by = $5 WHERE id = $1 AND state = 'waiting'", version, state, d.Reason, db.Micros(tx.Now()), actor.Account)
		if err == nil && taken == 0 {
			err = errState
		}
		if err != nil {
			return err
		}
		for _, k := range network.ReviewChecks() {
			outcome := " failed"
			if d.Checks[k] {
				outcome = " holds"
			}
			if err := note(tx, r[0], EvChecked, actor.Name(), string(k)+outcome); err != nil {
				return err
			}
		}
		if err := s.destroyPapers(tx, n, r[0].ID); err != nil {
			return err
		}
		if fine {
			return s.publish(tx, n, actor, r[0], version, i, "review-published")
		}
		return s.refuse(tx, n, actor, r[0], i, d.Reason)
	})
}

func (d Decision) check(n *network.Network) (fine bool, err error) {
	var c fault.Check
	fine = true
	for _, k := range network.ReviewChecks() {
		ok, given := d.Checks[k]
		c.That(given, "check-"+string(k), fault.T("Dites ce que donne cette vérification.", "Say what this check gives."))
		fine = fine && ok
	}
	switch reason, known := n.Reviews.Refusal(d.Reason); {
	case fine:
		c.That(d.Reason == "", "reason", fault.T("Toutes les vérifications sont bonnes : il n’y a pas de motif de refus.", "All checks hold: there is no reason for refusing."))
	case !known || d.Checks[reason.Check]:
		c.Add("reason", fault.T("Choisissez le motif publié qui répond à la vérification qui a échoué.", "Choose the published reason that answers the check that failed."))
	}
	return fine, c.Err()
}

// publish shows a version: the first, one that replaces another, or one whose refusal was reversed. key is the letter to the author, empty for none.
func (s *Service) publish(tx *db.Tx, n *network.Network, actor auth.Actor, r Review, version string, i Invitation, key string) error {
	stands, err := privacy.StandsFor(tx, r.Person, r.Invite, n.Reviews.Uses.Publish)
	if err == nil && !stands {
		err = fault.New(fault.Conflict, "no-consent", fault.T("L’auteur a retiré son accord à la publication.", "The author took back his consent to publication."))
	}
	if err != nil {
		return err
	}
	now, first := tx.Now(), r.State == Waiting || r.State == Refused
	shown := int64(0) // the overall mark that showed until now
	if first {
		r.PublishedAt = now
		err = privacy.BegunAt(tx, n, r.Invite, r.Person, network.Author, network.WhilePublished, r.DepositedAt, categories...)
	} else {
		r.ChangedAt = now
		if shown, err = db.Value[int64](tx, "SELECT overall FROM review WHERE id = $1 AND state = 'published'", r.ID); err != nil {
			return fallen(err) // removed meanwhile
		}
		err = tx.Send("UPDATE review_version SET state = 'replaced' WHERE review_id = $1 AND state = 'published' AND version < $2", r.ID, r.Version)
	}
	if err != nil {
		return err
	}
	if r.State != Refused { // what was refused went there then
		if err := archive(tx, n, r, i.ring); err != nil {
			return err
		}
	}
	if err := tx.Send("UPDATE review SET state = 'published', why = '', ended_at = 0, hidden_at = CASE WHEN shared THEN 0 ELSE hidden_at END, version = $2, overall = $3, level = $4, decided_at = $5, published_at = $6, changed_at = $7, decided_by = $8 WHERE id = $1",
		r.ID, r.Version, r.Overall, n.Reviews.Level(r.Overall), db.Micros(now), db.Micros(r.PublishedAt), db.Micros(r.ChangedAt), actor.Account); err != nil {
		return err
	}
	if err := privacy.Ended(tx, n, r.Person, r.Invite, network.WhileUndecided); err != nil {
		return err
	}
	if err := line(tx, r.Pro, ActPublished, r.Number, "", func(t *Tally) {
		switch r.State {
		case Waiting:
			t.Waiting--
			t.Published++
		case Refused:
			t.Refused--
			t.Published++
		}
		t.Marks += int64(r.Overall) - shown
	}); err != nil {
		return err
	}
	return s.decided(tx, n, actor, r, i, EvPublished, version, key, nil)
}

func (s *Service) refuse(tx *db.Tx, n *network.Network, actor auth.Actor, r Review, i Invitation, reason string) error {
	first := r.State == Waiting
	if first {
		if err := tx.Send("UPDATE review SET state = 'refused', why = $2, decided_at = $3, ended_at = $3, decided_by = $4 WHERE id = $1", r.ID, reason, db.Micros(tx.Now()), actor.Account); err != nil {
			return err
		}
		if err := privacy.Happened(tx, n, r.Invite, r.Person, network.Author, network.FromRejection, categories...); err != nil {
			return err
		}
		if err := archive(tx, n, r, i.ring); err != nil {
			return err
		}
		if err := privacy.Ended(tx, n, r.Person, r.Invite, network.WhileRequestOpen); err != nil {
			return err
		}
	}
	if err := privacy.Ended(tx, n, r.Person, r.Invite, network.WhileUndecided); err != nil {
		return err
	}
	if err := line(tx, r.Pro, ActRefused, r.Number, reason, func(t *Tally) {
		if first {
			t.Waiting--
			t.Refused++
		}
	}); err != nil {
		return err
	}
	return s.decided(tx, n, actor, r, i, EvRefused, reason, "review-refused", s.contestable(tx, n, i, reason))
}

// Whole is a version as the archiver keeps it: all that it says, and nobody's name.
type Whole struct {
	Ref        string     `json:"reference"`
	Member     string     `json:"member"`
	Number     int64      `json:"number"`
	Version    int64      `json:"version"`
	At         time.Time  `json:"deposited"`
	Lang       string     `json:"language"`
	Experience Experience `json:"experience"`
	Content    Content    `json:"content"`
}

// archive hands a version to the archiver, once it is known for which purpose he keeps it (RN-89): published or refused. What it said at deposit is in the
// proof log since then.
func archive(tx *db.Tx, n *network.Network, r Review, ring *vault.Ring) error {
	if !n.Deposits(network.DepositedReview) {
		return nil
	}
	whole := Whole{Ref: r.Ref(), Member: r.Pro, Number: r.Number, Version: r.Version, At: r.WrittenAt.UTC(), Lang: r.Lang, Experience: r.Experience, Content: r.Content}
	_, err := archiver.Put(tx, ring, archiver.Deposit{Person: r.Person, Category: network.DataOpinion, Object: r.Invite, Kind: network.DepositedReview, Content: []byte(db.JSON(whole))})
	return err
}

// contestable are the words of a decision that may be contested: why, and until when (Reg. (EU) 2022/2065 art. 17, 20).
func (s *Service) contestable(tx *db.Tx, n *network.Network, i Invitation, reason string) map[string]string {
	why, _ := n.Reviews.Refusal(reason)
	return map[string]string{"reason": why.Text.Say(i.Who.Lang), "date": day(n.Reviews.Appeal.AddTo(tx.Now()), i.Who.Lang)}
}

// decided notes a decision, tells the author, and lets those who follow reviews know.
func (s *Service) decided(tx *db.Tx, n *network.Network, actor auth.Actor, r Review, i Invitation, kind, object, key string, vars map[string]string) error {
	if err := note(tx, r, kind, actor.Name(), object); err != nil {
		return err
	}
	if vars == nil {
		vars = map[string]string{}
	}
	vars["ref"] = r.Ref()
	path := "/avis/q/" + s.token(i)
	if key == "review-refused" || key == "review-removed" {
		path += "/recours"
	}
	if key != "" && i.Who.Email != "" {
		letter, _, err := s.authorLetter(n, key, i.Who, i.Site, i.company, path, vars)
		if err != nil {
			return err
		}
		if err := s.Notify.Letter(tx, i.ring, letter, notify.Message{Person: r.Person, Object: r.Invite, Kind: key}, "", i.Who.Email); err != nil {
			return err
		}
	}
	tx.Wake("reviews")
	return audit.Write(tx, actor.Name(), actor.As(auth.ReviewDecide), "review."+kind, r.ID, object)
}
