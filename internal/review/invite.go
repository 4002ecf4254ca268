package review

import (
	"context"
	"errors"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/vault"
)

// Source says how an invitation came to be.
type Source string

// Sources.
const (
	FromMember       Source = "member"       // the member sent who is to be asked (RN-22)
	FromOperator     Source = "operator"     // staff did
	FromIntroduction Source = "introduction" // of this network
	FromSpontaneous  Source = "spontaneous"  // the person asked for it himself (RN-36)
)

// Invitee is somebody to ask. Phone is as typed, or empty.
type Invitee struct {
	Pro           string
	Questionnaire string
	Name          string
	Email, Phone  string
	Experience    Experience
	Lang, Site    string
	Source        Source
	Request       string // of an introduction
}

// Longest texts, in characters.
const (
	longestName    = 80
	longestService = 120
)

// Invite asks one person for a review, at once: the time in which it can be answered counts from now (RN-43). Faults name the fields.
func (s *Service) Invite(ctx context.Context, actor auth.Actor, in Invitee) (id string, err error) {
	if err = actor.May(auth.ReviewInvite); err != nil {
		return "", err
	}
	if actor.Who == auth.Professional {
		in.Pro, in.Source = actor.Pro, FromMember
	}
	n, err := s.network(ctx)
	if err != nil {
		return "", err
	}
	ready, err := s.prepare(ctx, n, actor, in)
	if err != nil {
		return "", err
	}
	return ready.ID, s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := pro.Arranged(tx, n, ready.Pro); err != nil {
			return err // RN-06
		}
		if err := s.insertInvite(tx, n, ready); err != nil {
			return err
		}
		if err := s.send(tx, n, ready); err != nil {
			return err
		}
		return line(tx, ready.Pro, ActInvited, 1, string(ready.Audience), func(t *Tally) { t.Invited++ })
	})
}

// Invitation is one, with who is asked.
type Invitation struct {
	ID            string
	At            time.Time
	Pro           string
	Audience      network.Audience
	Questionnaire string
	Edition       string
	Source        Source
	State         string // asked, sent, answered, expired, closed
	Why           string
	Site, By      string
	Request       string
	Generation    int64
	FirstSent     time.Time
	Sendings      int64
	Experience    Experience
	Draft         Draft
	Who           person.Person

	company string
	ring    *vault.Ring
}

// Validity is the last instant at which it can be answered, by the network in force (RN-43).
func (i Invitation) Validity(n *network.Network) time.Time {
	return duration(n, n.Reviews.Uses.Collect).AddTo(i.FirstSent)
}

// prepare is read, with his keys minted and the member's name.
func (s *Service) prepare(ctx context.Context, n *network.Network, actor auth.Actor, in Invitee) (i Invitation, err error) {
	if i, err = s.read(n, actor, in); err != nil {
		return i, err
	}
	if i.company, err = s.company(ctx, in.Pro); err != nil {
		return i, err
	}
	i.ring, err = s.Vault.New(ctx, i.Who.ID, keys()...)
	return i, err
}

// read checks who is to be asked and what about.
func (s *Service) read(n *network.Network, actor auth.Actor, in Invitee) (i Invitation, err error) {
	i = Invitation{ID: s.DB.NewID("inv"), Pro: in.Pro, Edition: n.Hash(), Source: in.Source, State: "sent", Site: in.Site, By: actor.Account, Request: in.Request, Generation: 1, Experience: in.Experience}
	i.Who = person.Person{ID: s.DB.NewID("per"), Kind: "person", Lang: in.Lang, Name: strings.Join(strings.Fields(in.Name), " ")}
	if i.Who.Lang != "en" {
		i.Who.Lang = "fr"
	}
	if _, ok := n.Site(i.Site); !ok {
		i.Site = n.Sites[0].Host
	}
	var c fault.Check
	q, ok := n.Reviews.Questionnaire(in.Questionnaire)
	c.That(ok, "questionnaire", fault.T("Choisissez un questionnaire.", "Choose a questionnaire."))
	i.Audience, i.Questionnaire = q.Audience, q.ID
	c.That(fits(i.Who.Name, 2, longestName), "name", fault.T("Écrivez le prénom et le nom.", "Write first and last name."))
	if i.Who.Email, err = person.ParseEmail(in.Email, false); err != nil {
		c.Add("email", fault.T("Écrivez une adresse e-mail complète, comme nom@exemple.fr.", "Write a whole e-mail address, such as name@example.com."))
	}
	if strings.TrimSpace(in.Phone) != "" {
		if i.Who.Phone, err = phone.Parse(in.Phone, "", s.Demo); err != nil {
			c.Add("phone", fault.T("Écrivez un numéro de téléphone complet, ou laissez vide.", "Write a whole phone number, or leave it empty."))
		}
	}
	in.Experience.check(&c, s.DB.Now())
	return i, c.Err()
}

var (
	wrongService = fault.T("Dites de quoi il s’agit, en 120 caractères au plus.", "Say what it is about, in at most 120 characters.")
	wrongDay     = fault.T("Écrivez une date passée.", "Write a date that has passed.")
)

// check holds an experience to words that fit and days that have come.
func (e Experience) check(c *fault.Check, now time.Time) {
	c.That(fits(strings.TrimSpace(e.Service), 2, longestService), "service", wrongService)
	on, err := time.Parse(time.DateOnly, e.On)
	c.That(err == nil && !on.After(now), "on", wrongDay)
	if e.Until != "" {
		until, err := time.Parse(time.DateOnly, e.Until)
		c.That(err == nil && !until.Before(on) && !until.After(now), "until", fault.T("Écrivez une date passée, après la première.", "Write a date that has passed, after the first."))
	}
}

// company is how a member is called; a fault when there is none.
func (s *Service) company(ctx context.Context, pro string) (string, error) {
	found, err := s.Pros.Contacts(ctx, pro)
	if err != nil {
		return "", err
	}
	c, ok := found[pro]
	if !ok {
		return "", fault.New(fault.Missing, "no-member", fault.T("Cette entreprise n’est pas membre.", "This company is no member."))
	}
	return c.Company, nil
}

func (s *Service) insertInvite(tx *db.Tx, n *network.Network, i Invitation) error {
	if err := i.ring.Assign(tx); err != nil {
		return err
	}
	if err := person.Insert(tx, s.Vault, i.ring, i.Who); err != nil {
		return err
	}
	if err := tx.Send(`INSERT INTO review_invite (id, at, pro_id, person_id, audience, questionnaire, edition, source, state, why, lang, site, by_account, request_id, link_generation, first_sent_at, sendings, experience_sealed, draft_sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, '', $10, $11, $12, $13, $14, 0, 0, $15, $16)`,
		i.ID, db.Micros(tx.Now()), i.Pro, i.Who.ID, i.Audience, i.Questionnaire, i.Edition, i.Source, i.State, i.Who.Lang, i.Site, i.By, i.Request, i.Generation,
		seal(i.ring, network.DataExperience, place("review_invite", "experience_sealed", i.ID), i.Experience), []byte{}); err != nil {
		return err
	}
	return audit.Write(tx, i.By, "", "review.invite", i.ID, string(i.Source))
}

// send writes to who is asked, for the first time or again, and begins or goes on with what is held of him (RN-43…45). A stop of the address or an
// invitation that may not be sent leaves it unsent: the link still opens until its time is over.
func (s *Service) send(tx *db.Tx, n *network.Network, i Invitation) error {
	key, first := "review-remind", i.FirstSent.IsZero()
	if first {
		if key, i.FirstSent = "review-invite", tx.Now(); i.Source == FromSpontaneous {
			key = "review-wanted"
		}
		if err := privacy.Happened(tx, n, i.ID, i.Who.ID, network.Author, network.FromFirstSending, categories...); err != nil {
			return err
		}
	}
	if err := tx.Send("UPDATE review_invite SET state = 'sent', first_sent_at = $2, sendings = sendings + 1 WHERE id = $1", i.ID, db.Micros(i.FirstSent)); err != nil {
		return err
	}
	letter, stop, err := s.authorLetter(n, key, i.Who, i.Site, i.company, "/avis/q/"+s.token(i), map[string]string{"date": day(i.Validity(n), i.Who.Lang)})
	if err != nil {
		return err
	}
	m := notify.Message{Person: i.Who.ID, Object: i.ID, Kind: key, Stop: stop}
	for channel, to := range map[string]string{notify.ByEmail: i.Who.Email, notify.BySMS: i.Who.Phone} {
		m.Channel, m.To = channel, to
		if answer, err := s.Notify.May(tx, n, m, network.Author, "", false); err != nil {
			return err
		} else if !answer.May && channel == notify.ByEmail {
			letter.Email = ""
		} else if !answer.May {
			letter.SMS = ""
		}
	}
	return s.Notify.Letter(tx, i.ring, letter, m, i.Who.Phone, i.Who.Email)
}

const linkInvite = "review"

func (s *Service) token(i Invitation) string { return s.Links.Link(linkInvite, i.ID, i.Generation) }

// Link opens the private link of an invitation: it answers an actor for that one invitation and its review.
func (s *Service) Link(ctx context.Context, token string) (auth.Actor, error) {
	id, generation, err := s.Links.ReadLink(linkInvite, token)
	if err != nil {
		return auth.Actor{}, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		now, err := db.Value[int64](tx, "SELECT link_generation FROM review_invite WHERE id = $1", id)
		if errors.Is(err, db.ErrNone) || err == nil && now != generation {
			return auth.LinkGone()
		}
		return err
	})
	return auth.Actor{Who: auth.Consumer, Invite: id}, err
}

const inviteColumns = "id, at, pro_id, person_id, audience, questionnaire, edition, source, state, why, lang, site, by_account, request_id, link_generation, first_sent_at, sendings, experience_sealed, draft_sealed"

type storedInvite struct {
	Invitation
	experience, draft []byte
}

func scanInvite(s db.Scanner) (i storedInvite, err error) {
	var at, first int64
	err = s.Scan(&i.ID, &at, &i.Pro, &i.Who.ID, &i.Audience, &i.Questionnaire, &i.Edition, &i.Source, &i.State, &i.Why, &i.Who.Lang, &i.Site, &i.By, &i.Request, &i.Generation, &first, &i.Sendings, &i.experience, &i.draft)
	i.At, i.FirstSent = db.Time(at), db.Time(first)
	return i, err
}

// Invitation opens one with who is asked, for a caller who checked why.
func (s *Service) invitation(ctx context.Context, id string) (i Invitation, err error) {
	var found storedInvite
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = db.One(tx, scanInvite, "SELECT "+inviteColumns+" FROM review_invite WHERE id = $1", id)
		if errors.Is(err, db.ErrNone) {
			err = errNone
		}
		return err
	}); err != nil {
		return i, err
	}
	i = found.Invitation
	if i.ring, err = s.Vault.Ring(ctx, i.Who.ID); err != nil {
		return i, err
	}
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		who, err := person.Get(tx, i.ring, i.Who.ID)
		if !errors.Is(err, db.ErrNone) && err == nil {
			i.Who = who
		}
		return err
	}); err != nil && !errors.Is(err, db.ErrNone) {
		return i, err
	}
	if _, err = open(i.ring, network.DataExperience, place("review_invite", "experience_sealed", i.ID), found.experience, &i.Experience); err != nil {
		return i, err
	}
	if _, err = open(i.ring, network.DataOpinion, place("review_invite", "draft_sealed", i.ID), found.draft, &i.Draft); err != nil {
		return i, err
	}
	i.company, err = s.company(ctx, i.Pro)
	return i, err
}

// Company is how the member is called that it is about.
func (i Invitation) Company() string { return i.company }

// part bounds one step of a sweep.
const part = 200

// sweepReminders writes again to who has not answered, at the times of the network file.
func (s *Service) sweepReminders(ctx context.Context) error {
	n, err := s.network(ctx)
	if errors.Is(err, errOff) || err == nil && len(n.Reviews.Remind) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	now, valid := s.DB.Now(), duration(n, n.Reviews.Uses.Collect)
	for sent, after := range n.Reviews.Remind {
		var due []string
		if err := s.DB.Read(ctx, func(tx *db.Tx) error {
			due, err = db.Values[string](tx, "SELECT id FROM review_invite WHERE state = 'sent' AND sendings = $1 AND first_sent_at <= $2 AND first_sent_at > $3 ORDER BY first_sent_at LIMIT $4",
				sent+1, db.Micros(after.Before(now)), db.Micros(valid.Before(now)), part)
			return err
		}); err != nil {
			return err
		}
		for _, id := range due {
			i, err := s.invitation(ctx, id)
			if err != nil {
				return err
			}
			if err := s.DB.Write(ctx, func(tx *db.Tx) error {
				still, err := db.Value[int64](tx, "SELECT count(*) FROM review_invite WHERE id = $1 AND state = 'sent' AND sendings = $2", id, sent+1)
				if err != nil || still == 0 {
					return err
				}
				return s.send(tx, n, i)
			}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepExpired ends what nobody answered in its time (RN-43, 44): what was written so far goes, the rest is the lifecycle's.
func (s *Service) sweepExpired(ctx context.Context) error {
	n, err := s.network(ctx)
	if errors.Is(err, errOff) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		type over struct{ id, person string }
		valid := duration(n, n.Reviews.Uses.Collect)
		all, err := db.List(tx, func(s db.Scanner) (o over, err error) { err = s.Scan(&o.id, &o.person); return },
			"SELECT id, person_id FROM review_invite WHERE state = 'sent' AND first_sent_at <= $1 ORDER BY first_sent_at LIMIT $2", db.Micros(valid.Before(tx.Now())), part)
		if err != nil {
			return err
		}
		for _, o := range all {
			if err := tx.Send("UPDATE review_invite SET state = 'expired', draft_sealed = $2 WHERE id = $1", o.id, []byte{}); err != nil {
				return err
			}
			if err := privacy.Ended(tx, n, o.person, o.id, network.WhileRequestOpen); err != nil {
				return err
			}
		}
		return nil
	})
}
