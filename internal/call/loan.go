package call

import (
	"context"
	"errors"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// A loan lets a provider whom the file names hear one recording for a dispute (AQ-15, ET-147): by a link that shows the recording and the dispute's
// reference and nothing else, that expires, is logged at each use, can be revoked, and ends with the legal hold that the dispute has laid.

// Loan is a recording lent.
type Loan struct {
	ID        string
	At        time.Time
	Recipient string // id in the network file
	Reference string // of the dispute, elsewhere
	Why       string // empty where it was erased
	By        string // account
	Until     time.Time
	Revoked   time.Time
	Uses      int
	Used      time.Time // last
	Stands    bool      // the link opens now

	recording, call, person, hold string
	sealed                        []byte
	over                          bool // the hold has ended
}

// Lend is what is said of a loan.
type Lend struct {
	Recipient string
	Dispute   string // id of a legal hold on the call or its person, with the ground dispute
	Why       string // at least 10 characters, at most 500
	Days      int    // 1 and more, at most what the file says
}

const (
	linkLoan  = "recording loan"
	linkPlay  = "recording loan plays"
	leastWhy  = 10
	mostWhy   = 500
	lentOn    = "dispute" // the ground of a hold under which a recording is lent
	fromLoans = `SELECT l.id, l.at, l.recording_id, l.call_id, l.person_id, l.recipient, l.hold_id, l.why_sealed, l.by_account, l.until_at, l.revoked_at, l.uses, l.used_at,
	coalesce(h.reference, ''), CASE WHEN h.ended_at = 0 AND (h.until_at = 0 OR h.until_at > $1) THEN 0 ELSE 1 END FROM recording_loan l LEFT JOIN legal_hold h ON h.id = l.hold_id `
)

func scanLoan(s db.Scanner) (l Loan, err error) {
	var at, until, revoked, uses, used, over int64
	err = s.Scan(&l.ID, &at, &l.recording, &l.call, &l.person, &l.Recipient, &l.hold, &l.sealed, &l.By, &until, &revoked, &uses, &used, &l.Reference, &over)
	l.At, l.Until, l.Revoked, l.Uses, l.Used, l.over = db.Time(at), db.Time(until), db.Time(revoked), int(uses), db.Time(used), over == 1
	return l, err
}

func (l Loan) stands(now time.Time) bool { return l.Revoked.IsZero() && !l.over && now.Before(l.Until) }

func whyPlace(id string) vault.Place {
	return vault.Place{Table: "recording_loan", Column: "why_sealed", Row: id}
}

var (
	errNoLoan   = fault.New(fault.Missing, "no-loan", fault.T("Ce prêt n’existe pas.", "There is no such loan."))
	errNoLend   = fault.New(fault.Denied, "not-lent-here", fault.T("Le fichier du réseau ne prévoit pas ce prêt, ou pas par votre rôle.", "The network file provides for no such loan, or not by your role."))
	errDisputes = fault.T("Choisissez un litige en cours sur cet appel. S’il n’y en a pas, le délégué gèle d’abord le dossier.", "Choose a running dispute about this call. If there is none, the officer first lays a hold on the file.")
)

// Lendable says what a loan of a recording may name: the file's rules, nil for who may not lend, and the disputes about it.
func (s *Service) Lendable(ctx context.Context, actor auth.Actor, id string) (rules *network.Lending, disputes []privacy.LegalHold, err error) {
	n, err := s.editions.InForce(ctx)
	if err != nil || n.Listening == nil || n.Listening.Lend == nil || !actor.Can(auth.RecordingLend) || !named(actor, n.Listening.Lend.By) {
		return nil, nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, err := selectRecording(tx, id)
		if err != nil {
			return err
		}
		disputes, err = privacy.HoldsOn(tx, r.person, r.Call, lentOn)
		return err
	})
	return n.Listening.Lend, disputes, err
}

// Lend makes the link of a loan and answers its token. Bad input is an Invalid fault with its fields; who may not lend leaves a line.
func (s *Service) Lend(ctx context.Context, actor auth.Actor, id string, l Lend) (token string, err error) {
	refuse := func(err error) error {
		if actor.Account == "" {
			return err
		}
		return audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.RecordingLend), "recording.lend", id, err, "")
	}
	if err := actor.May(auth.RecordingLend); err != nil {
		return "", refuse(err)
	}
	rules, disputes, err := s.Lendable(ctx, actor, id)
	if err != nil {
		return "", err
	}
	if rules == nil {
		return "", refuse(errNoLend)
	}
	now := s.db.Now()
	until := now.AddDate(0, 0, l.Days)
	var c fault.Check
	if !slices.Contains(rules.To, l.Recipient) {
		c.Add("recipient", fault.T("Choisissez le prestataire.", "Choose the provider."))
	}
	if !slices.ContainsFunc(disputes, func(h privacy.LegalHold) bool { return h.ID == l.Dispute }) {
		c.Add("dispute", errDisputes)
	}
	if n := len([]rune(l.Why)); n < leastWhy || n > mostWhy {
		c.Add("why", fault.T("Dites pourquoi, en 10 à 500 caractères.", "Say why, in 10 to 500 characters."))
	}
	if l.Days < 1 || until.After(rules.For.AddTo(now)) {
		most := rules.For.Text()
		c.Add("days", fault.T("Le lien vit un jour au moins et "+most.FR+" au plus.", "The link lives a day at least and "+most.EN+" at most."))
	}
	if err := c.Err(); err != nil {
		return "", err
	}
	var person string
	if err := s.db.Read(ctx, func(tx *db.Tx) error { r, err := selectRecording(tx, id); person = r.person; return err }); err != nil {
		return "", err
	}
	ring, err := s.vault.Ring(ctx, person, catRecording)
	if errors.Is(err, vault.ErrErased) {
		return "", errSound
	}
	if err != nil {
		return "", err
	}
	loan := s.db.NewID("lon")
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		r, err := selectRecording(tx, id)
		if err != nil {
			return err
		}
		running, err := privacy.HoldsOn(tx, r.person, r.Call, lentOn)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(running, func(h privacy.LegalHold) bool { return h.ID == l.Dispute }) {
			var c fault.Check // lifted meanwhile
			c.Add("dispute", errDisputes)
			return c.Err()
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := tx.Send(`INSERT INTO recording_loan (id, at, recording_id, call_id, person_id, recipient, hold_id, why_sealed, by_account, until_at, revoked_at, revoked_by, uses, used_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', 0, 0)`, loan, db.Micros(tx.Now()), id, r.Call, r.person, l.Recipient, l.Dispute,
			ring.SealText(catRecording, whyPlace(loan), l.Why), actor.Account, db.Micros(until)); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.RecordingLend), "recording.lend", id, l.Recipient+" "+l.Dispute)
	})
	return s.links.Link(linkLoan, loan, 1), err
}

// Loans lists the loans of a recording, newest first.
func (s *Service) Loans(ctx context.Context, actor auth.Actor, id string) (all []Loan, err error) {
	if err := actor.May(auth.RecordingLend); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanLoan, fromLoans+"WHERE l.recording_id = $2 ORDER BY l.at DESC, l.id LIMIT 100", db.Micros(tx.Now()), id)
		return err
	})
	if err != nil || len(all) == 0 {
		return nil, err
	}
	ring, err := s.vault.Ring(ctx, all[0].person)
	if err != nil {
		return nil, err
	}
	for i, l := range all {
		all[i].Stands = l.stands(s.db.Now())
		if all[i].Why, err = ring.OpenText(catRecording, whyPlace(l.ID), l.sealed); err != nil && !errors.Is(err, vault.ErrErased) {
			return nil, err
		}
	}
	return all, nil
}

// Revoke ends a loan at once, also for who has its page open. Twice is once.
func (s *Service) Revoke(ctx context.Context, actor auth.Actor, loan string) (recording string, err error) {
	if err := actor.May(auth.RecordingLend); err != nil {
		return "", err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		l, err := selectLoan(tx, loan)
		if err != nil {
			return err
		}
		recording = l.recording
		n, err := tx.Exec("UPDATE recording_loan SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at = 0", loan, db.Micros(tx.Now()), actor.Account)
		if err != nil || n == 0 {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.RecordingLend), "recording.revoke", l.recording, loan)
	})
	return recording, err
}

func selectLoan(tx *db.Tx, id string) (Loan, error) {
	l, err := db.One(tx, scanLoan, fromLoans+"WHERE l.id = $2", db.Micros(tx.Now()), id)
	if errors.Is(err, db.ErrNone) {
		err = errNoLoan
	}
	return l, err
}

// Lent is all that a link shows.
type Lent struct {
	Reference string // of the dispute
	Until     time.Time
	Ticket    string // for LentSound; empty before it is to be heard
}

// OpenLoan reads a link without playing anything: programs open links too. A link that is forged, revoked or over answers [auth.LinkGone].
func (s *Service) OpenLoan(ctx context.Context, token string) (Lent, error) {
	l, err := s.loanOf(ctx, linkLoan, token)
	return Lent{Reference: l.Reference, Until: l.Until}, err
}

// HearLoan lets the holder of a link hear the recording, and leaves a line that names the loan and its recipient.
func (s *Service) HearLoan(ctx context.Context, token string) (Lent, error) {
	l, err := s.loanOf(ctx, linkLoan, token)
	if err != nil {
		return Lent{}, err
	}
	var length time.Duration
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		r, err := selectRecording(tx, l.recording)
		if fault.Is(err, fault.Missing) {
			err = auth.LinkGone()
		}
		if err != nil {
			return err
		}
		length = r.Length
		n, err := tx.Exec("UPDATE recording_loan SET uses = uses + 1, used_at = $2 WHERE id = $1 AND revoked_at = 0 AND until_at > $2", l.ID, db.Micros(tx.Now()))
		if err != nil {
			return err
		}
		if n == 0 {
			return auth.LinkGone()
		}
		return audit.Write(tx, l.ID, l.Recipient, "recording.hear-lent", l.recording, l.hold)
	})
	if err != nil {
		return Lent{}, err
	}
	return Lent{Reference: l.Reference, Until: l.Until, Ticket: s.links.Link(linkPlay, l.ID, s.db.Machine().Add(length+pause).Unix())}, nil
}

// LentSound is the sound of a ticket that HearLoan gave, while the loan stands.
func (s *Service) LentSound(ctx context.Context, ticket string) ([]byte, error) {
	_, until, err := s.links.ReadLink(linkPlay, ticket)
	if err == nil && s.db.Machine().Unix() > until {
		err = auth.LinkGone()
	}
	if err != nil {
		return nil, err
	}
	l, err := s.loanOf(ctx, linkPlay, ticket)
	if err != nil {
		return nil, err
	}
	wav, err := s.open(ctx, l.recording)
	if fault.Is(err, fault.Missing) {
		err = auth.LinkGone()
	}
	return wav, err
}

func (s *Service) loanOf(ctx context.Context, purpose, token string) (l Loan, err error) {
	id, _, err := s.links.ReadLink(purpose, token)
	if err != nil {
		return l, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		l, err = selectLoan(tx, id)
		if fault.Is(err, fault.Missing) || err == nil && !l.stands(tx.Now()) {
			err = auth.LinkGone()
		}
		return err
	})
	return l, err
}
