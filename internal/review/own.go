package review

import (
	"context"
	"errors"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Author is somebody who was asked for reviews, whose objection or withdrawal is about to be noted: his keys are loaded before the transaction.
type Author struct {
	ID      string
	ring    *vault.Ring
	invites []string // newest last
}

// Author opens one; nil when he was never asked, or nothing of him can be opened any more.
func (s *Service) Author(ctx context.Context, person string) (*Author, error) {
	a := &Author{ID: person}
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		a.invites, err = db.Values[string](tx, "SELECT id FROM review_invite WHERE person_id = $1 ORDER BY at, id", person)
		return err
	}); err != nil || len(a.invites) == 0 {
		return nil, err
	}
	ring, err := s.Vault.Ring(ctx, person, string(network.DataConsent))
	if errors.Is(err, vault.ErrErased) {
		return nil, nil
	}
	a.ring = ring
	return a, err
}

// Note writes a step of an author's objection in tx. One to showing reviews elsewhere takes his own from every feed and partner at once, and leaves
// them on this network's pages, which rest on his consent (RN-60). It answers whether anything changed.
func (s *Service) Note(tx *db.Tx, n *network.Network, actor auth.Actor, act auth.Action, a *Author, o privacy.Objection) (bool, error) {
	o.Person, o.Object, o.Edition = a.ID, a.invites[len(a.invites)-1], n.Hash()
	if err := a.ring.Assign(tx); err != nil {
		return false, err
	}
	if err := privacy.HoldMore(tx, n, o.Object, a.ID, network.Author, "", network.DataConsent); err != nil {
		return false, err
	}
	written, err := privacy.NoteObjection(tx, a.ring, o)
	if err != nil || !written {
		return false, err
	}
	if o.Purpose == n.Reviews.Uses.Syndicate {
		if err := tx.Send("UPDATE review SET shared = $2, hidden_at = CASE WHEN state <> 'published' THEN hidden_at WHEN $2 THEN 0 ELSE $3 END WHERE person_id = $1", a.ID, !o.Stops(), db.Micros(tx.Now())); err != nil {
			return false, err
		}
		tx.Wake("reviews")
	}
	return true, audit.Write(tx, actor.Name(), actor.As(act), "objection."+string(o.Said), o.Object, o.Purpose+" "+o.Channel)
}

// Share says, by the author's own link, whether his review may be shown on other sites (GDPR art. 21.1; RN-60).
func (s *Service) Share(ctx context.Context, actor auth.Actor, may bool) error {
	if err := actor.May(auth.ReviewAnswer); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	var person string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { person, err = PersonOf(tx, actor.Invite); return err }); err != nil {
		return err
	}
	a, err := s.Author(ctx, person)
	if err != nil {
		return err
	}
	if a == nil {
		return errNone
	}
	said := privacy.SaidObjected
	if may {
		said = privacy.SaidBack
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		_, err := s.Note(tx, n, actor, auth.ReviewAnswer, a, privacy.Objection{Purpose: n.Reviews.Uses.Syndicate, Said: said, Channel: "link"})
		return err
	})
}

// PersonOf is whom an invitation asks.
func PersonOf(tx *db.Tx, invite string) (string, error) {
	p, err := db.Value[string](tx, "SELECT person_id FROM review_invite WHERE id = $1", invite)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return p, err
}

// WithdrawConsent takes a consent of the questionnaire back by the link (GDPR art. 7.3). Without the one to publication the review leaves every page; without the one
// to collection nothing is left to do with it either (RN-41, 71, 108).
func (s *Service) WithdrawConsent(ctx context.Context, actor auth.Actor, consent string) error {
	if err := actor.May(auth.ReviewAnswer); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	i, err := s.invitation(ctx, actor.Invite)
	if err != nil {
		return err
	}
	if err := s.DB.Write(ctx, func(tx *db.Tx) error {
		withdrawn, err := privacy.Withdraw(tx, i.ring, n, i.Who.ID, i.ID, consent, "link", i.Who.Lang, "")
		if err != nil || !withdrawn {
			return err
		}
		return audit.Write(tx, actor.Name(), "", "consent.withdraw", i.ID, consent+" link")
	}); err != nil {
		return err
	}
	return s.sweepUnwanted(ctx)
}

// sweepUnwanted ends reviews whose consent was taken back, here or in a case of rights: what rests on it does not go on (RN-71).
func (s *Service) sweepUnwanted(ctx context.Context) error {
	n, err := s.network(ctx)
	if errors.Is(err, errOff) || errors.Is(err, edition.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	var own []any
	for _, c := range boxes(n) {
		if c.Kind == network.KindConsent && c.Required {
			own = append(own, c.ID)
		}
	}
	if len(own) == 0 {
		return nil
	}
	marks, args := db.Rows(own)
	var due []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		due, err = db.Values[string](tx, `SELECT r.id FROM review r JOIN consent c ON c.person_id = r.person_id AND c.object = r.invite_id
			WHERE r.state IN ('waiting', 'published') AND NOT c.granted AND c.consent IN `+marks+`
			AND NOT EXISTS (SELECT 1 FROM consent l WHERE l.person_id = c.person_id AND l.object = c.object AND l.consent = c.consent AND (l.at > c.at OR l.at = c.at AND l.id > c.id))
			ORDER BY r.id LIMIT 200`, args...)
		return err
	}); err != nil {
		return err
	}
	var errs []error
	for _, id := range due {
		errs = append(errs, s.end(ctx, auth.Machine, "r.id = $1", id, ByAuthor))
	}
	return errors.Join(errs...)
}

// WasPublished reports whether anything that one of the people wrote was ever on a page, and so perhaps on others'.
func WasPublished(tx *db.Tx, people ...string) (bool, error) {
	if len(people) == 0 {
		return false, nil
	}
	var args []any
	n, err := db.Value[int64](tx, "SELECT count(*) FROM review WHERE person_id IN ("+db.In(&args, people)+") AND published_at > 0", args...)
	return n > 0, err
}
