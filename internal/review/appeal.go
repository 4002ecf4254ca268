package review

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
)

// What an author may contest.
const (
	OfRefusal = "refused"
	OfRemoval = "removed"
	OfBan     = "ban"
)

// Contested is a decision about an author, as he may contest it (Reg. (EU) 2022/2065 art. 20), or has.
type Contested struct {
	What, Version string
	Object        string // id of the reason, or of the ban
	At, Until     time.Time
	Appeal        string // id, once he contested it
	State         string // open, upheld, reversed; empty before
	firstBy       string
}

// Ruled lists the decisions about the holder of a link that he may contest or has contested, those that can no longer be contested too.
func (s *Service) Ruled(ctx context.Context, actor auth.Actor) (all []Contested, i Invitation, err error) {
	if err = actor.May(auth.ReviewAnswer); err != nil {
		return
	}
	n, err := s.network(ctx)
	if err != nil {
		return
	}
	if i, err = s.invitation(ctx, actor.Invite); err != nil {
		return
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = ruled(tx, n, i.ID)
		return err
	})
	return all, i, err
}

func ruled(tx *db.Tx, n *network.Network, invite string) (all []Contested, err error) {
	r, err := load(tx, "r.invite_id = $1", invite)
	if fault.Is(err, fault.Missing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	add := func(c Contested, at int64) error {
		c.At = db.Time(at)
		c.Until = n.Reviews.Appeal.AddTo(c.At)
		err := tx.Get(db.Into(&c.Appeal, &c.State), "SELECT id, state FROM review_appeal WHERE review_id = $1 AND version_id = $2 AND what = $3 AND object = $4 AND at >= $5", r.ID, c.Version, c.What, c.Object, at)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		all = append(all, c)
		return nil
	}
	type refused struct {
		id, why, by string
		at          int64
	}
	versions, err := db.List(tx, func(s db.Scanner) (v refused, err error) { err = s.Scan(&v.id, &v.why, &v.by, &v.at); return },
		"SELECT id, why, decided_by, decided_at FROM review_version WHERE review_id = $1 AND why <> '' ORDER BY version", r.ID)
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		if err := add(Contested{What: OfRefusal, Version: v.id, Object: v.why, firstBy: v.by}, v.at); err != nil {
			return nil, err
		}
	}
	removals, err := db.List(tx, func(s db.Scanner) (v refused, err error) { err = s.Scan(&v.why, &v.by, &v.at); return },
		"SELECT object, actor, at FROM review_event WHERE review_id = $1 AND kind = $2 ORDER BY at, id", r.ID, EvRemoved)
	if err != nil {
		return nil, err
	}
	for _, v := range removals {
		if _, reason := n.Reviews.Refusal(v.why); reason {
			if err := add(Contested{What: OfRemoval, Version: r.versionID, Object: v.why, firstBy: v.by}, v.at); err != nil {
				return nil, err
			}
		}
	}
	bans, err := db.List(tx, scanBan, "SELECT "+banColumns+" FROM review_ban WHERE review_id = $1 ORDER BY at", r.ID)
	if err != nil {
		return nil, err
	}
	for _, b := range bans {
		if err := add(Contested{What: OfBan, Version: r.versionID, Object: b.ID, firstBy: b.By}, db.Micros(b.At)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Contest takes an author's objection to a decision about his review, within the time of the network file, free of charge and once for each decision
// (Reg. (EU) 2022/2065 art. 20). He gets an acknowledgement with the day of the answer.
func (s *Service) Contest(ctx context.Context, actor auth.Actor, what, object, said string) error {
	all, i, err := s.Ruled(ctx, actor)
	if err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	var c fault.Check
	said = words(&c, "said", said, true)
	var of *Contested
	for k := range all {
		if all[k].What == what && all[k].Object == object && all[k].Appeal == "" {
			of = &all[k]
		}
	}
	c.That(of != nil, "what", fault.T("Choisissez une décision que vous n’avez pas encore contestée.", "Choose a decision that you have not contested yet."))
	if err := c.Err(); err != nil {
		return err
	}
	if !s.DB.Now().Before(of.Until) {
		return fault.New(fault.Conflict, "appeal-over", fault.Tf("Cette décision ne se conteste plus ici depuis le %s.", "This decision can no longer be contested here, since %s.", day(of.Until, i.Who.Lang)))
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		again, err := ruled(tx, n, i.ID)
		if err != nil {
			return err
		}
		for _, now := range again {
			if now.What == what && now.Object == object && now.Appeal != "" {
				return errState
			}
		}
		r, err := load(tx, "r.invite_id = $1", i.ID)
		if err != nil {
			return err
		}
		opened, err := r.open(i.ring)
		if err != nil {
			return err
		}
		if err := noteWords(tx, i.ring, r.Review, EvAppealed, actor.Name(), what, said); err != nil {
			return err
		}
		if err := tx.Send(`INSERT INTO review_appeal (id, review_id, version_id, at, what, object, first_by, state, again, decided_at, decided_by) VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', FALSE, 0, '')`,
			tx.NewID("rva"), r.ID, of.Version, db.Micros(tx.Now()), what, object, of.firstBy); err != nil {
			return err
		}
		letter, _, err := s.authorLetter(n, "review-appealed", i.Who, i.Site, i.company, "/avis/q/"+s.token(i)+"/recours", map[string]string{"ref": opened.Ref(), "date": day(n.Reviews.Decide.AddTo(tx.Now()), i.Who.Lang)})
		if err != nil {
			return err
		}
		if err := s.Notify.Letter(tx, i.ring, letter, notify.Message{Person: i.Who.ID, Object: i.ID, Kind: "review-appealed"}, "", i.Who.Email); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), "", "review.appeal", r.ID, what)
	})
}

// Appeal is a contested decision as a moderator sees it.
type Appeal struct {
	ID, Review, Version string
	At                  time.Time
	What, Object        string
	FirstBy             string
	State               string
	Again               bool // decided by the same person, as there was no other
	DecidedAt           time.Time
	DecidedBy           string
	Alone               bool // there is no other moderator than the first: a second look is all there can be
	Mine                bool // the reader decided first, and another is there to look
}

const appealColumns = "id, review_id, version_id, at, what, object, first_by, state, again, decided_at, decided_by"

func scanAppeal(s db.Scanner) (a Appeal, err error) {
	var at, decided int64
	err = s.Scan(&a.ID, &a.Review, &a.Version, &at, &a.What, &a.Object, &a.FirstBy, &a.State, &a.Again, &decided, &a.DecidedBy)
	a.At, a.DecidedAt = db.Time(at), db.Time(decided)
	return a, err
}

func (a *Appeal) who(tx *db.Tx, actor auth.Actor) error {
	others, err := auth.Others(tx, network.RoleModerator, a.FirstBy)
	a.Alone, a.Mine = others == 0, others > 0 && actor.Account == a.FirstBy
	return err
}

// Appealed is an appeal with whether the actor may decide it.
func (s *Service) Appealed(ctx context.Context, actor auth.Actor, id string) (a Appeal, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return a, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if a, err = appealOf(tx, id); err != nil {
			return err
		}
		return a.who(tx, actor)
	})
	return a, err
}

func appealOf(tx *db.Tx, id string) (Appeal, error) {
	a, err := db.One(tx, scanAppeal, "SELECT "+appealColumns+" FROM review_appeal WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return a, err
}

// Review decides an appeal: by another moderator than the one whose decision is contested where the team has one, else by a second look, which is said.
// Reversed, a refused or removed review is published after all, and a ban is lifted. The author gets the answer with its reasons and the other ways that
// are open to him (Reg. (EU) 2022/2065 art. 20.5).
func (s *Service) Review(ctx context.Context, actor auth.Actor, id string, reverse bool, answer string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	var c fault.Check
	answer = words(&c, "answer", answer, true)
	if err := c.Err(); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	a, err := s.Appealed(ctx, actor, id)
	if err != nil {
		return err
	}
	found, err := s.version(ctx, a.Version)
	if err != nil {
		return err
	}
	i, err := s.invitation(ctx, found.Invite)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		a, err := appealOf(tx, id)
		if err != nil {
			return err
		}
		if a.State != "open" {
			return errState
		}
		if err := a.who(tx, actor); err != nil {
			return err
		}
		if a.Mine {
			return fault.New(fault.Conflict, "another-person", fault.T("Vous avez pris cette décision : une autre personne de l’équipe la revoit.", "You made this decision: another member of the team looks at it again."))
		}
		v, err := loadVersion(tx, a.Version)
		if err != nil {
			return err
		}
		r, err := v.open(i.ring)
		if err != nil {
			return err
		}
		if r.Gone {
			return errNone
		}
		state, kind, look := "upheld", EvUpheld, "other"
		if actor.Account == a.FirstBy {
			look = "again"
		}
		if reverse {
			state, kind = "reversed", EvReversed
			if err := s.reverse(tx, n, actor, a, r, i); err != nil {
				return err
			}
		}
		if err := tx.Send("UPDATE review_appeal SET state = $2, again = $3, decided_at = $4, decided_by = $5 WHERE id = $1", id, state, look == "again", db.Micros(tx.Now()), actor.Account); err != nil {
			return err
		}
		if err := noteWords(tx, i.ring, r, kind, actor.Name(), look, answer); err != nil {
			return err
		}
		letter, _, err := s.authorLetter(n, "review-reviewed", i.Who, i.Site, i.company, "/avis/q/"+s.token(i)+"/recours",
			map[string]string{"ref": r.Ref(), "what": reviewed(a.What, reverse, look).Say(i.Who.Lang), "answer": answer})
		if err != nil {
			return err
		}
		if err := s.Notify.Letter(tx, i.ring, letter, notify.Message{Person: i.Who.ID, Object: i.ID, Kind: "review-reviewed"}, "", i.Who.Email); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewDecide), "review.appeal-"+state, r.ID, a.What)
	})
}

// reviewed says what came of an appeal, and who looked.
func reviewed(what string, reverse bool, look string) fault.Text {
	who := fault.T("Une autre personne que la première a revu la décision", "Another person than the first looked at the decision again")
	if look == "again" {
		who = fault.T("La personne qui avait décidé, seule à modérer, a regardé la décision une seconde fois", "The person who had decided, the only moderator, looked at the decision a second time")
	}
	end := fault.T("la maintient.", "upholds it.")
	switch {
	case reverse && what == OfBan:
		end = fault.T("l’annule : vous pouvez de nouveau déposer des avis.", "reverses it: you can deposit reviews again.")
	case reverse:
		end = fault.T("l’annule : votre avis est publié.", "reverses it: your review is published.")
	}
	return fault.T(who.FR+", et "+end.FR, who.EN+" and "+end.EN)
}

// reverse takes a decision back.
func (s *Service) reverse(tx *db.Tx, n *network.Network, actor auth.Actor, a Appeal, r Review, i Invitation) error {
	now := db.Micros(tx.Now())
	switch {
	case a.What == OfBan:
		taken, err := tx.Exec("UPDATE review_ban SET ended_at = $2 WHERE id = $1 AND ended_at = 0", a.Object, now)
		if err != nil || taken == 0 {
			return errors.Join(err, errState)
		}
		return note(tx, r, EvLifted, actor.Name(), a.Object)
	case a.What == OfRemoval:
		if r.State != Removed || r.Why != a.Object {
			return errState
		}
		if err := tx.Send("UPDATE review SET state = 'published', why = '', ended_at = 0, hidden_at = CASE WHEN shared THEN 0 ELSE hidden_at END, decided_at = $2, decided_by = $3 WHERE id = $1", r.ID, now, actor.Account); err != nil {
			return err
		}
		if err := privacy.Resumed(tx, n, r.Person, r.Invite, network.WhilePublished); err != nil {
			return err
		}
		if err := line(tx, r.Pro, ActPublished, r.Number, "", func(t *Tally) { t.Removed--; t.Published++; t.Marks += int64(r.Overall) }); err != nil {
			return err
		}
		return s.decided(tx, n, actor, r, i, EvPublished, a.Version, "", nil)
	}
	shows, err := db.Value[int64](tx, "SELECT version FROM review WHERE id = $1", r.ID)
	if err != nil {
		return err
	}
	if r.State != Refused && (r.State != Published || shows >= r.Version) {
		return errState // it was removed, or a later version shows
	}
	taken, err := tx.Exec("UPDATE review_version SET state = 'published' WHERE id = $1 AND state = 'refused'", a.Version)
	if err != nil || taken == 0 {
		return errors.Join(err, errState)
	}
	if r.State == Refused {
		if err := privacy.Undone(tx, n, r.Person, r.Invite, network.FromRejection); err != nil {
			return err
		}
	}
	return s.publish(tx, n, actor, r, a.Version, i, "")
}
