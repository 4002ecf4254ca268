package review

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
)

// Ban keeps an author from depositing reviews, of any member, for a time (RN-62…66).
type Ban struct {
	ID, Review, Reason, By string
	At, Until              time.Time // At is when he was told: it counts from then (RN-63)
	EndedAt                time.Time // lifted; zero while it was not
	Name, Contact          string    // only where it was opened
}

const banColumns = "id, review_id, reason, by_account, at, until_at, ended_at"

func scanBan(s db.Scanner) (b Ban, err error) {
	var at, until, ended int64
	err = s.Scan(&b.ID, &b.Review, &b.Reason, &b.By, &at, &until, &ended)
	b.At, b.Until, b.EndedAt = db.Time(at), db.Time(until), db.Time(ended)
	return b, err
}

// banOf is the ban that a review led to, while it stands; nil when there is none.
func banOf(tx *db.Tx, review string) (*Ban, error) {
	b, err := db.One(tx, scanBan, "SELECT "+banColumns+" FROM review_ban WHERE review_id = $1 AND ended_at = 0", review)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return &b, err
}

// Banned refuses somebody who is banned, by his address or his number, with the last day (RN-64); nil when he is not.
func (s *Service) Banned(ctx context.Context, email, phone string) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error { return s.banned(tx, email, phone) })
}

func (s *Service) banned(tx *db.Tx, email, phone string) error {
	for _, x := range []struct{ column, index string }{{"email_bidx", s.emailIndex(email)}, {"phone_bidx", s.phoneIndex(phone)}} {
		if x.index == "" {
			continue
		}
		until, err := db.Value[int64](tx, "SELECT coalesce(max(until_at), 0) FROM review_ban WHERE "+x.column+" = $1 AND ended_at = 0", x.index)
		if err != nil {
			return err
		}
		if end := db.Time(until); until > 0 && tx.Now().Before(end) {
			return fault.New(fault.Denied, "banned", fault.T("Vous ne pouvez pas déposer d’avis jusqu’au "+geo.Date(end.In(geo.Paris()), "fr")+" : un de vos avis n’a pas été admis.",
				"You can deposit no review until "+geo.Date(end.In(geo.Paris()), "en")+": a review of yours was not admitted."))
		}
	}
	return nil
}

func (s *Service) emailIndex(email string) string {
	if email == "" {
		return ""
	}
	return person.EmailIndex(s.Vault, email)
}

func (s *Service) phoneIndex(phone string) string {
	if phone == "" {
		return ""
	}
	return person.PhoneIndex(s.Vault, phone)
}

var banKeys = []string{string(network.DataIdentity), string(network.DataContact)}

// Ban bans the author of a version that was refused, or of a review that was removed, for a reason that the network file says bans (RN-62); for another it is not
// there. He is told at once, with the way to contest it, and the time counts from then (RN-63).
func (s *Service) Ban(ctx context.Context, actor auth.Actor, version string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	found, err := s.version(ctx, version)
	if err != nil {
		return err
	}
	i, err := s.invitation(ctx, found.Invite)
	if err != nil {
		return err
	}
	b := Ban{ID: s.DB.NewID("ban"), Review: found.ID, By: actor.Account}
	ring, err := s.Vault.New(ctx, b.ID, banKeys...)
	if err != nil {
		return err
	}
	contact := i.Who.Email
	if i.Who.Phone != "" {
		contact += " " + i.Who.Phone
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := loadVersion(tx, version)
		if err != nil {
			return err
		}
		reason, err := ruledBy(tx, n, r.Review, version)
		if err != nil {
			return err
		}
		standing, err := banOf(tx, found.ID)
		if err != nil {
			return err
		}
		if !reason.Bans || standing != nil || i.Who.Email == "" {
			return fault.New(fault.Conflict, "not-bannable", fault.T("Le motif de cette décision n’exclut pas son auteur.", "The reason of this decision bans nobody."))
		}
		b.Until = duration(n, n.Reviews.Uses.Ban).AddTo(tx.Now())
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := tx.Send(`INSERT INTO review_ban (id, review_id, at, until_at, reason, by_account, ended_at, email_bidx, phone_bidx, contact_sealed, name_sealed) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10)`,
			b.ID, b.Review, db.Micros(tx.Now()), db.Micros(b.Until), reason.ID, b.By, s.emailIndex(i.Who.Email), s.phoneIndex(i.Who.Phone),
			ring.SealText(string(network.DataContact), place("review_ban", "contact_sealed", b.ID), contact),
			ring.SealText(string(network.DataIdentity), place("review_ban", "name_sealed", b.ID), i.Who.Name)); err != nil {
			return err
		}
		if err := privacy.Happened(tx, n, b.ID, b.ID, network.Author, network.FromNotification, network.DataIdentity, network.DataContact); err != nil {
			return err
		}
		letter, _, err := s.authorLetter(n, "review-banned", i.Who, i.Site, i.company, "/avis/q/"+s.token(i)+"/recours", map[string]string{"reason": reason.Text.Say(i.Who.Lang), "date": day(b.Until, i.Who.Lang)})
		if err != nil {
			return err
		}
		if err := s.Notify.Letter(tx, i.ring, letter, notify.Message{Person: i.Who.ID, Object: i.ID, Kind: "review-banned"}, "", i.Who.Email); err != nil {
			return err
		}
		if err := note(tx, found.Review, EvBanned, actor.Name(), b.ID); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewDecide), "review.ban", found.ID, b.ID)
	})
}

// Bans lists who is banned, the newest first, for moderators only (RN-65); that they were read stands in the trail.
func (s *Service) Bans(ctx context.Context, actor auth.Actor) (all []Ban, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return nil, err
	}
	type row struct {
		Ban
		contact, name []byte
	}
	var found []row
	if err = s.DB.Write(ctx, func(tx *db.Tx) error {
		found, err = db.List(tx, func(r db.Scanner) (x row, err error) {
			var at, until, ended int64
			err = r.Scan(&x.ID, &x.Review, &x.Reason, &x.By, &at, &until, &ended, &x.contact, &x.name)
			x.At, x.Until, x.EndedAt = db.Time(at), db.Time(until), db.Time(ended)
			return x, err
		}, "SELECT "+banColumns+", contact_sealed, name_sealed FROM review_ban ORDER BY at DESC, id LIMIT 500")
		if err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewRead), "review.bans", "", "")
	}); err != nil {
		return nil, err
	}
	people := make([]string, len(found))
	for i, f := range found {
		people[i] = f.ID
	}
	rings, err := s.Vault.Rings(ctx, people...)
	if err != nil {
		return nil, err
	}
	for _, f := range found {
		ring := rings[f.ID]
		if f.Contact, err = ring.OpenText(string(network.DataContact), place("review_ban", "contact_sealed", f.ID), f.contact); err != nil {
			return nil, err
		}
		if f.Name, err = ring.OpenText(string(network.DataIdentity), place("review_ban", "name_sealed", f.ID), f.name); err != nil {
			return nil, err
		}
		all = append(all, f.Ban)
	}
	return all, nil
}
