package inbox

import (
	"context"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/vault"
)

// Mine is a case as its person sees it through the private link.
type Mine struct {
	Case
	Network *network.Network
	Letters []Post // both ways, without proofs of identity
	Events  []Event
	Told    []Told
	Names   map[string]string // company of each professional who was told
	Copy    bool              // a copy of the data may be opened, after a code
	Lift    *Lift             // the announced end of a restriction
}

// own opens the case of a private link.
func (s *Service) own(ctx context.Context, actor auth.Actor) (Case, *network.Network, *vault.Ring, error) {
	if err := actor.May(auth.CaseReadOwn); err != nil {
		return Case{}, nil, nil, err
	}
	if actor.Case == "" {
		return Case{}, nil, nil, errNone
	}
	return s.get(ctx, actor.Case)
}

// Mine opens a person's own case.
func (s *Service) Mine(ctx context.Context, actor auth.Actor) (m Mine, err error) {
	var ring *vault.Ring
	if m.Case, m.Network, ring, err = s.own(ctx, actor); err != nil {
		return m, err
	}
	var pros []string
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := lettersOf(tx, ring, m.ID)
		if err != nil {
			return err
		}
		m.Letters = nil
		for _, p := range all {
			if p.Way != "proof" {
				m.Letters = append(m.Letters, p)
			}
		}
		if m.Events, err = events(tx, m.ID); err != nil {
			return err
		}
		if m.Told, err = toldOf(tx, m.ID); err != nil {
			return err
		}
		m.Lift, err = lifting(tx, m.Network, m.ID)
		return err
	})
	if err != nil {
		return m, err
	}
	for _, t := range m.Told {
		if t.Whose == "professional" {
			pros = append(pros, t.Recipient)
		}
	}
	contacts, err := s.Pros.Contacts(ctx, pros...)
	m.Names = map[string]string{}
	for id, c := range contacts {
		m.Names[id] = c.Company
	}
	m.Names[toMember] = m.Details[network.DetailMember]
	m.Copy = m.State == Answered && m.Refusal == "" && (m.Asked == network.RightAccess || m.Asked == network.RightPortability)
	return m, err
}

// Add is more that the person has to say; while a proof of identity is waited for, it is that proof, and the clock goes on.
func (s *Service) Add(ctx context.Context, actor auth.Actor, text string) error {
	c, _, ring, err := s.own(ctx, actor)
	if err != nil {
		return err
	}
	inForce, err := s.Editions.InForce(ctx)
	if err != nil {
		return err
	}
	var check fault.Check
	length := utf8.RuneCountInString(strings.TrimSpace(text))
	check.That(length > 0 && length <= longest, "words", fault.Tf("Écrivez entre 1 et %d caractères.", "Write between 1 and %d characters.", longest))
	if err := check.Err(); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := load(tx, c.ID)
		if err != nil {
			return err
		}
		if !now.Running() {
			return fault.New(fault.Conflict, "closed", fault.T("Ce dossier est clos. Faites une nouvelle demande.", "This case is closed. Make a new request."))
		}
		sent, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_letter WHERE case_id = $1 AND way <> 'out' AND at > $2", c.ID, db.Micros(tx.Now().AddDate(0, 0, -1)))
		if err != nil {
			return err
		}
		if sent >= 20 {
			return fault.New(fault.Limit, "too-many-letters", fault.T("Vous avez beaucoup écrit aujourd’hui. Continuez demain.", "You have written a lot today. Go on tomorrow."))
		}
		way := "in"
		if now.State == Waiting {
			way = "proof"
			if err := resume(tx, c.ID); err != nil {
				return err
			}
		}
		if err := insertLetter(tx, ring, c.ID, Post{Way: way, Channel: network.RightByForm, Text: strings.TrimSpace(text), At: tx.Now()}); err != nil {
			return err
		}
		tx.Wake("cases")
		if err := s.exchanged(tx, inForce, c, network.ByExchange, network.ByReply); err != nil {
			return err
		}
		if err := note(tx, c.ID, EvLetter, actor.Name(), "form"); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.CaseReadOwn), "case.add", c.ID, way)
	})
}

const codePause = 30 * time.Second

// AskCode sends a code to the number or the address of a case, whose copy of data opens for nobody who cannot read it.
func (s *Service) AskCode(ctx context.Context, actor auth.Actor) (to string, byMail bool, err error) {
	c, n, ring, err := s.own(ctx, actor)
	if err != nil {
		return "", false, err
	}
	byMail = c.Email != ""
	to = phone.Mask(c.Phone)
	if byMail {
		to = maskEmail(c.Email)
	}
	return to, byMail, s.DB.Write(ctx, func(tx *db.Tx) error {
		l := n.Limits.CodesPerNumber
		sent, last, err := person.CodesSent(tx, c.ID, l.Within.Cutoff(tx.Machine()))
		if err != nil {
			return err
		}
		if sent > 0 && tx.Machine().Sub(last) < codePause {
			return nil // the last one is on its way
		}
		if sent >= int64(l.Max) {
			return fault.New(fault.Limit, "too-many-codes", fault.T("Trop de codes ont été envoyés. Réessayez plus tard.", "Too many codes were sent. Try later."))
		}
		life := n.Verification.CodeValid.Exact()
		code, err := person.NewCode(tx, s.Vault, c.ID, c.ID, person.ToOpen, life)
		if err != nil {
			return err
		}
		letter, err := n.Message("code", c.Lang, map[string]string{"code": code, "minutes": minutes(life), "site": siteName(n, c)})
		if err != nil {
			return err
		}
		number := c.Phone
		if byMail {
			number = ""
		}
		return s.Notify.Letter(tx, ring, letter, notify.Message{Person: c.ID, Object: c.ID, Kind: "code"}, number, c.Email)
	})
}

// Code checks digits. Right ones show that the person reads the address or the number.
func (s *Service) Code(ctx context.Context, actor auth.Actor, digits string) error {
	c, n, _, err := s.own(ctx, actor)
	if err != nil {
		return err
	}
	var code string
	var right bool
	// Its own transaction: a wrong try counts for good.
	if err := s.DB.WriteGuarded(ctx, func(tx *db.Tx) error {
		code, right, err = person.Try(tx, s.Vault, c.ID, person.ToOpen, digits, n.Limits.CodeAttempts)
		return err
	}); err != nil {
		return err
	}
	if !right {
		return person.WrongCode()
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := person.Use(tx, code); err != nil {
			return err
		}
		if err := tx.Send("UPDATE inbox_case SET proved_at = $2 WHERE id = $1", c.ID, db.Micros(tx.Now())); err != nil {
			return err
		}
		if err := note(tx, c.ID, EvProved, actor.Name(), ""); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.CaseReadOwn), "case.code", c.ID, "")
	})
}

func minutes(d time.Duration) string {
	return strconv.Itoa(int(d.Minutes()))
}

// maskEmail shows enough of an address to know it again.
func maskEmail(s string) string {
	local, domain, _ := strings.Cut(s, "@")
	r := []rune(local)
	if len(r) == 0 {
		return ""
	}
	return string(r[:1]) + "…@" + domain
}
