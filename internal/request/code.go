package request

import (
	"context"
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
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// sendCode makes a code and queues it: by SMS, or by e-mail where the number gets no text.
func (s *Service) sendCode(tx *db.Tx, n *network.Network, ring *vault.Ring, r Request, who person.Person, purpose string) error {
	digits, err := person.NewCode(tx, s.vault, r.ID, who.ID, purpose, n.Verification.CodeValid.Exact())
	if err != nil {
		return err
	}
	letter, err := n.Message("code", who.Lang, map[string]string{"code": digits, "minutes": minutes(n.Verification.CodeValid.Exact()), "site": s.siteName(n, r.Site, who.Lang)})
	if err != nil {
		return err
	}
	byText, err := s.codeByText(tx, n, who)
	if err != nil {
		return err
	}
	if byText {
		letter.Email = ""
	} else {
		letter.SMS = ""
	}
	return s.notify.Letter(tx, ring, letter, notify.Message{Person: who.ID, Object: r.ID, Kind: "code"}, who.Phone, who.Email)
}

// AskCode sends a code again, or the first one before a correction. It tells where to, masked.
func (s *Service) AskCode(ctx context.Context, actor auth.Actor, id, purpose string) (to string, byMail bool, err error) {
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return "", false, err
	}
	if err := s.mayCode(actor, r); err != nil {
		return "", false, err
	}
	byText := false
	if err := s.db.Read(ctx, func(tx *db.Tx) error { byText, err = s.codeByText(tx, n, who); return err }); err != nil {
		return "", false, err
	}
	to, byMail = phone.Mask(who.Phone), false
	if !byText {
		if to, byMail = maskEmail(who.Email), true; who.Email == "" {
			return "", false, fault.New(fault.Conflict, "no-way-to-send", fault.T("Nous ne pouvons pas vous envoyer de code. Appelez-nous.", "We have no way to send you a code. Call us."))
		}
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		l := n.Limits.CodesPerNumber
		sent, last, err := person.CodesSent(tx, id, l.Within.Cutoff(tx.Machine()))
		if err != nil {
			return err
		}
		if sent > 0 && tx.Machine().Sub(last) < codePause {
			return nil // the last one is on its way
		}
		if sent >= int64(l.Max) {
			return fault.New(fault.Limit, "too-many-codes", fault.T("Trop de codes ont été envoyés. Réessayez plus tard ou appelez-nous.", "Too many codes were sent. Try later or call us."))
		}
		return s.sendCode(tx, n, ring, r, who, purpose)
	})
	return to, byMail, err
}

// codePause is the least time between two codes for one request.
const codePause = 30 * time.Second

func (s *Service) mayCode(actor auth.Actor, r Request) error {
	if actor.Who == auth.Consumer && actor.Request == r.ID {
		return nil
	}
	return errNone
}

// Code checks digits for a request. For ToVerify it makes the request one that agents see.
func (s *Service) Code(ctx context.Context, actor auth.Actor, id, purpose, digits string) error {
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	if err := s.mayCode(actor, r); err != nil {
		return err
	}
	if purpose == person.ToVerify && r.State != Unverified {
		return nil // verified already: the second of two quick posts
	}
	var code string
	var right bool
	// Its own transaction: a wrong try counts for good.
	err = s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		code, right, err = person.Try(tx, s.vault, id, purpose, digits, n.Limits.CodeAttempts)
		return err
	})
	if err != nil {
		return err
	}
	if !right {
		return person.WrongCode()
	}
	inForce, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := person.Use(tx, code); err != nil {
			return err
		}
		if err := s.Reacted(tx, inForce, who.Phone, network.ByRequest); err != nil {
			return err
		}
		if err := audit.Write(tx, actor.Name(), string(actor.Who), "request.code", id, purpose); err != nil || purpose != person.ToVerify {
			return err
		}
		moved, err := moveState(tx, id, Received, Unverified)
		if err != nil || !moved {
			return err
		}
		if err := person.MarkVerified(tx, who.ID); err != nil {
			return err
		}
		if err := insertEvent(tx, id, EvVerified, "", 0, ""); err != nil {
			return err
		}
		given, err := privacy.Ledger(tx, r.Person, id)
		if err != nil {
			return err
		}
		receipt, err := s.acknowledge(n, r, who, privacy.ReceiptOf(who.Lang, r.Zone(), given), tx.Now())
		if err != nil {
			return err
		}
		return s.received(tx, n, ring, r, who, receipt)
	})
}

func maskEmail(email string) string {
	name, host, ok := strings.Cut(email, "@")
	if !ok || name == "" {
		return ""
	}
	_, size := utf8.DecodeRuneInString(name)
	return name[:size] + "•••@" + host
}
