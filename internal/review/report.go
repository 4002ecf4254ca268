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
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Reported is what somebody says about a published review (RN-67, 68; Reg. (EU) 2022/2065 art. 16).
type Reported struct {
	Digits      string
	Reason      string
	Words       string
	Name, Email string
	Faith       bool // he believes in good faith that it is so
	Lang, Site  string
}

var reportKeys = []string{string(network.DataIdentity), string(network.DataContact), string(network.DataMessages)}

// Report takes a report of a published review, by anybody who says who he is. The review stays visible while it is examined; the reporter gets an
// acknowledgement at once. It answers its reference. Faults name the fields; who reported abusively is refused until his day.
func (s *Service) Report(ctx context.Context, actor auth.Actor, in Reported) (ref string, err error) {
	if err = actor.May(auth.ReviewReport); err != nil {
		return "", err
	}
	n, err := s.network(ctx)
	if err != nil {
		return "", err
	}
	r, err := s.One(ctx, in.Digits)
	if err != nil {
		return "", err
	}
	var c fault.Check
	reason, known := network.ReportReason{}, false
	for _, x := range n.Reviews.Reports {
		if x.ID == in.Reason {
			reason, known = x, true
		}
	}
	c.That(known, "reason", fault.T("Choisissez un motif.", "Choose a reason."))
	in.Name = strings.Join(strings.Fields(in.Name), " ")
	c.That(fits(in.Name, 2, longestName), "name", fault.T("Écrivez votre prénom et votre nom : un signalement n’est pas anonyme.", "Write your first and last name: a report is not anonymous."))
	if in.Email, err = person.ParseEmail(in.Email, false); err != nil {
		c.Add("email", fault.T("Écrivez une adresse e-mail complète : la réponse y arrive.", "Write a whole e-mail address: the answer comes there."))
	}
	in.Words = words(&c, "words", in.Words, reason.Justify)
	c.That(in.Faith, "faith", fault.T("Confirmez que vous le dites de bonne foi.", "Confirm that you say so in good faith."))
	if err := c.Err(); err != nil {
		return "", err
	}
	contacts, err := s.Pros.Contacts(ctx, r.Pro)
	if err != nil {
		return "", err
	}
	if in.Lang != "en" {
		in.Lang = "fr"
	}
	byPro := ""
	if actor.Who == auth.Professional && actor.Pro == r.Pro {
		byPro = r.Pro
	}
	digits, err := drawDigits()
	if err != nil {
		return "", err
	}
	id := s.DB.NewID("rvt")
	ref = "S" + digits
	ring, err := s.Vault.New(ctx, id, reportKeys...)
	if err != nil {
		return "", err
	}
	index := person.EmailIndex(s.Vault, in.Email)
	return ref, s.DB.Write(ctx, func(tx *db.Tx) error {
		until, err := db.Value[int64](tx, "SELECT coalesce(max(limited_until), 0) FROM review_report WHERE reporter_bidx = $1", index)
		if err != nil {
			return err
		}
		if end := db.Time(until); until > 0 && tx.Now().Before(end) {
			return fault.New(fault.Denied, "reports-limited", fault.T("Des signalements abusifs ont été reçus de vous : vous ne pouvez plus signaler jusqu’au "+day(end, "fr")+".", "Abusive reports were received from you: you can report no more until "+day(end, "en")+"."))
		}
		now, err := load(tx, "r.id = $1 AND r.state = 'published'", r.ID)
		if err != nil {
			return err
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := tx.Send(`INSERT INTO review_report (id, ref, review_id, version_id, at, reason, by_pro, lang, site, state, decided_at, decided_by, abusive, limited_until, reporter_bidx, name_sealed, email_sealed, words_sealed, answer_sealed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 0, '', FALSE, 0, $10, $11, $12, $13, $14)`,
			id, ref, r.ID, now.versionID, db.Micros(tx.Now()), in.Reason, byPro, in.Lang, in.Site, index,
			ring.SealText(string(network.DataIdentity), place("review_report", "name_sealed", id), in.Name),
			ring.SealText(string(network.DataContact), place("review_report", "email_sealed", id), in.Email),
			ring.SealText(string(network.DataMessages), place("review_report", "words_sealed", id), in.Words), []byte{}); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, id, id, network.Visitor, network.WhileCaseOpen, network.DataIdentity, network.DataContact, network.DataMessages); err != nil {
			return err
		}
		if err := line(tx, r.Pro, ActReported, r.Number, in.Reason, func(*Tally) {}); err != nil {
			return err
		}
		letter, err := n.Email("review-reported", in.Lang, map[string]string{"name": in.Name, "pro": contacts[r.Pro].Company, "ref": ref, "date": day(n.Reviews.Decide.AddTo(tx.Now()), in.Lang), "site": request.SiteName(n, in.Site, in.Lang)})
		if err != nil {
			return err
		}
		if err := s.Notify.Letter(tx, ring, letter, notify.Message{Person: id, Object: id, Kind: "review-reported"}, "", in.Email); err != nil {
			return err
		}
		if err := note(tx, r, EvReported, "visitor", in.Reason); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), "", "review.report", r.ID, in.Reason)
	})
}

// Report is one as a moderator reads it.
type Report struct {
	ID, Ref, Review, Version string
	At                       time.Time
	Reason                   string
	ByMember                 bool
	State                    string // open, upheld (the review stays), removed, gone (it had ended otherwise)
	DecidedAt                time.Time
	DecidedBy                string
	Lang, Site               string
	Name, Email              string
	Words, Answer            string
	Before, Unfounded        int64     // how many the same reporter sent before, and how many of them were not followed
	Abusive                  int64     // and how many a moderator called abusive
	LimitedUntil             time.Time // zero: he may report
	Open                     bool
	Live                     bool // the review is still published

	ring *vault.Ring
}

const reportColumns = "id, ref, review_id, version_id, at, reason, by_pro, state, decided_at, decided_by, lang, site, limited_until, (SELECT count(*) FROM review r WHERE r.id = review_report.review_id AND r.state = 'published')"

type storedReport struct {
	Report
	index                      string
	name, email, words, answer []byte
}

func scanReport(s db.Scanner) (r storedReport, err error) {
	var at, decided, until, live int64
	var byPro string
	err = s.Scan(&r.ID, &r.Ref, &r.Review, &r.Version, &at, &r.Reason, &byPro, &r.State, &decided, &r.DecidedBy, &r.Lang, &r.Site, &until, &live, &r.index, &r.name, &r.email, &r.words, &r.answer)
	r.At, r.DecidedAt, r.LimitedUntil, r.ByMember, r.Open, r.Live = db.Time(at), db.Time(decided), db.Time(until), byPro != "", r.State == "open", live > 0
	return r, err
}

// reports opens some, for a caller who checked why.
func (s *Service) reports(ctx context.Context, where string, args ...any) (all []Report, err error) {
	var found []storedReport
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = db.List(tx, scanReport, "SELECT "+reportColumns+", reporter_bidx, name_sealed, email_sealed, words_sealed, answer_sealed FROM review_report WHERE "+where+" ORDER BY at, id LIMIT 200", args...)
		for i := range found {
			f := &found[i]
			if err == nil && f.index != "" {
				err = tx.Get(db.Into(&f.Before, &f.Unfounded, &f.Abusive), `SELECT count(*), coalesce(sum(CASE WHEN state = 'upheld' THEN 1 ELSE 0 END), 0), coalesce(sum(CASE WHEN abusive THEN 1 ELSE 0 END), 0)
					FROM review_report WHERE reporter_bidx = $1 AND id <> $2`, f.index, f.ID)
			}
		}
		return err
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
		f.ring = rings[f.ID]
		for _, x := range []struct {
			into     *string
			category network.Category
			column   string
			sealed   []byte
		}{{&f.Name, network.DataIdentity, "name_sealed", f.name}, {&f.Email, network.DataContact, "email_sealed", f.email}, {&f.Words, network.DataMessages, "words_sealed", f.words}, {&f.Answer, network.DataMessages, "answer_sealed", f.answer}} {
			if len(x.sealed) == 0 {
				continue
			}
			if *x.into, err = f.ring.OpenText(string(x.category), place("review_report", x.column, f.ID), x.sealed); err != nil && !errors.Is(err, vault.ErrErased) {
				return nil, err
			}
		}
		all = append(all, f.Report)
	}
	return all, nil
}

// ReadReport opens a report for a moderator; that he read it stands in the trail.
func (s *Service) ReadReport(ctx context.Context, actor auth.Actor, id string) (r Report, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return r, err
	}
	all, err := s.reports(ctx, "id = $1", id)
	if err != nil {
		return r, err
	}
	if len(all) == 0 {
		return r, errNone
	}
	return all[0], s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewRead), "review.report-read", all[0].Review, id)
	})
}

// Finding is what a moderator says of a report.
type Finding struct {
	Remove  bool
	Reason  string // published reason for removing
	Answer  string // the statement of reasons, in words
	Abusive bool
	Until   string // ISO date until which an abusive reporter reports no more, a year at most; empty: he is not limited
}

// longestLimit is how long an abusive reporter can be kept from reporting.
const longestLimit = 366 * 24 * time.Hour

// Rule decides a report (RN-67…69): the review stays, or is removed for a published reason; its reporter is told why, and its author when it falls (Reg. (EU)
// 2022/2065 art. 16.5, 17). Every other open report of a review that falls ends with it. A review that has ended meanwhile needs no decision.
func (s *Service) Rule(ctx context.Context, actor auth.Actor, id string, f Finding) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	var c fault.Check
	f.Answer = words(&c, "answer", f.Answer, true)
	if f.Remove {
		_, ok := n.Reviews.Refusal(f.Reason)
		c.That(ok, "reason", fault.T("Choisissez un motif publié.", "Choose a published reason."))
	}
	var until time.Time
	if f.Until != "" {
		end, err := time.Parse(time.DateOnly, f.Until)
		if err == nil {
			until = network.Date(f.Until).In(geo.Paris())
		}
		c.That(err == nil && f.Abusive && end.After(s.DB.Now()) && end.Sub(s.DB.Now()) <= longestLimit, "until", fault.T("Écrivez une date à venir, dans un an au plus, pour un signalement abusif.", "Write a date to come, within a year, for an abusive report."))
	}
	if err := c.Err(); err != nil {
		return err
	}
	own, err := s.reports(ctx, "id = $1", id)
	if err != nil {
		return err
	}
	if len(own) == 0 {
		return errNone
	}
	closing := own
	var r Review
	remove := func(*db.Tx) error { return nil }
	if f.Remove {
		if r, remove, err = s.ending(ctx, actor, "r.id = $1", own[0].Review, f.Reason); err != nil {
			return err
		}
		others, err := s.reports(ctx, "review_id = $1 AND state = 'open' AND id <> $2", r.ID, id)
		if err != nil {
			return err
		}
		closing = append(closing, others...)
	} else {
		var found stored
		if err = s.DB.Read(ctx, func(tx *db.Tx) error { found, err = load(tx, "r.id = $1", own[0].Review); return err }); err != nil {
			return err
		}
		r = found.Review
	}
	company, err := s.company(ctx, r.Pro)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := load(tx, "r.id = $1", r.ID)
		if err != nil {
			return err
		}
		state := "upheld"
		switch {
		case f.Remove:
			state, err = "removed", remove(tx)
		case now.State != Published:
			state = "gone"
		default:
			if err = line(tx, r.Pro, ActUpheld, r.Number, own[0].Reason, func(*Tally) {}); err == nil {
				err = note(tx, r, EvKept, actor.Name(), own[0].Reason)
			}
		}
		if err != nil {
			return err
		}
		for _, one := range closing {
			g, limit := f, until
			if one.ID != id {
				g.Abusive, limit = false, time.Time{}
			}
			if err := s.closeReport(tx, n, actor, one, state, company, g, limit); err != nil {
				return err
			}
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewDecide), "review.report-"+state, r.ID, id)
	})
}

func (s *Service) closeReport(tx *db.Tx, n *network.Network, actor auth.Actor, one Report, state, company string, f Finding, until time.Time) error {
	limit := int64(0)
	if !until.IsZero() {
		limit = db.Micros(until)
	}
	taken, err := tx.Exec("UPDATE review_report SET state = $2, decided_at = $3, decided_by = $4, abusive = $5, limited_until = $6, answer_sealed = $7 WHERE id = $1 AND state = 'open'",
		one.ID, state, db.Micros(tx.Now()), actor.Account, f.Abusive, limit, one.ring.SealText(string(network.DataMessages), place("review_report", "answer_sealed", one.ID), f.Answer))
	if err == nil && taken == 0 {
		err = errState
	}
	if err != nil {
		return err
	}
	if err := privacy.Ended(tx, n, one.ID, one.ID, network.WhileCaseOpen); err != nil {
		return err
	}
	what := map[string]fault.Text{"upheld": fault.T("L’avis reste publié.", "The review stays published."), "removed": fault.T("L’avis est retiré du site.", "The review is taken off the site."),
		"gone": fault.T("L’avis n’était déjà plus publié.", "The review was no longer published.")}[state].Say(one.Lang)
	if reason, ok := n.Reviews.Refusal(f.Reason); ok && state == "removed" {
		what += " " + reason.Text.Say(one.Lang)
	}
	if !until.IsZero() {
		what += " " + fault.T("Ce signalement est jugé abusif : vous ne pouvez plus signaler d’avis jusqu’au "+day(until, "fr")+".", "This report is judged abusive: you can report no review until "+day(until, "en")+".").Say(one.Lang)
	}
	letter, err := n.Email("review-report-decided", one.Lang, map[string]string{"name": one.Name, "pro": company, "ref": one.Ref, "what": what, "answer": f.Answer, "site": request.SiteName(n, one.Site, one.Lang)})
	if err != nil {
		return err
	}
	return s.Notify.Letter(tx, one.ring, letter, notify.Message{Person: one.ID, Object: one.ID, Kind: "review-report-decided"}, "", one.Email)
}
