package request

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// WithdrawConsent takes a consent back by the private link: no account, no reason, as easy as giving it (GDPR art. 7.3; C. conso. R223-3).
func (s *Service) WithdrawConsent(ctx context.Context, actor auth.Actor, consent string) error {
	r, n, ring, who, err := s.own(ctx, actor, auth.RequestReadOwn)
	if err != nil {
		return err
	}
	return s.takeBack(ctx, actor, auth.RequestChange, r, n, ring, who, consent, "link", "")
}

// referenceForm is what staff may write to find the call or the letter again: no name, no address.
var referenceForm = regexp.MustCompile(`^[A-Za-z0-9._/-]{0,40}$`)

// WithdrawFor takes a consent back at the person's word to staff: said on the phone, or written on paper or by e-mail. reference finds the call or
// the letter again; empty, the call in which the request was made is named.
func (s *Service) WithdrawFor(ctx context.Context, actor auth.Actor, id, consent, channel, reference string) error {
	if err := actor.May(auth.ConsentWithdraw); err != nil {
		return err
	}
	var c fault.Check
	c.That(slices.Contains([]string{"phone", "paper", "email"}, channel), "channel", fault.T("Dites comment la personne l’a demandé.", "Say how the person asked for it."))
	c.That(referenceForm.MatchString(reference), "reference", fault.T("Écrivez une référence de 40 lettres et chiffres au plus, sans nom.", "Write a reference of at most 40 letters and digits, without a name."))
	if err := c.Err(); err != nil {
		return err
	}
	r, n, ring, who, err := s.open(ctx, id)
	if err != nil {
		return err
	}
	return s.takeBack(ctx, actor, auth.ConsentWithdraw, r, n, ring, who, consent, channel, reference)
}

func (s *Service) takeBack(ctx context.Context, actor auth.Actor, act auth.Action, r Request, n *network.Network, ring *vault.Ring, who person.Person, consent, channel, reference string) error {
	withdraw := func(tx *db.Tx) error {
		withdrawn, err := privacy.Withdraw(tx, ring, n, r.Person, r.ID, consent, channel, who.Lang, reference)
		if err != nil || !withdrawn {
			return err
		}
		if err := s.confirmWithdrawal(tx, n, ring, r, who); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(act), "consent.withdraw", r.ID, consent+" "+channel)
	}
	// What the request itself rests on: without it there is nothing left to do (RN-30, AQ-24). One that is over already stays as it ended.
	if c, ok := n.Consent(consent); ok && c.Kind == network.KindConsent && c.Required {
		for try := 0; slices.Contains(alive, r.State) && try < 3; try++ { // somebody may buy at this moment
			err := s.giveUp(ctx, actor, r, n, ring, who, withdraw)
			if !errors.Is(err, errState) {
				return err
			}
			if r, n, ring, who, err = s.open(ctx, r.ID); err != nil {
				return err
			}
		}
		if slices.Contains(alive, r.State) {
			return errState
		}
	}
	return s.db.Write(ctx, withdraw)
}

// confirmWithdrawal sends the receipt of a withdrawal, where the person gave an e-mail address; his page shows it at once to everybody.
func (s *Service) confirmWithdrawal(tx *db.Tx, n *network.Network, ring *vault.Ring, r Request, who person.Person) error {
	given, err := privacy.Ledger(tx, r.Person, r.ID)
	if err != nil {
		return err
	}
	last := given[len(given)-1:]
	say := func(fr, en string) string { return fault.T(fr, en).Say(who.Lang) }
	body := say("Votre accord est retiré. Cela vaut dès maintenant, pour tout ce qui n’est pas encore fait.", "Your consent is withdrawn. This holds from now on, for all that is not done yet.") + "\n\n" +
		privacy.ReceiptOf(who.Lang, r.Zone(), last) + "\n" + say("Tous vos choix : ", "All your choices: ") + s.url(r.Site, "/r/"+s.token(r.ID, max(r.LinkGeneration, 1))) + "\n\n" + s.siteName(n, r.Site, who.Lang)
	return s.notify.Queue(tx, ring, notify.Message{Person: who.ID, Object: r.ID, Kind: "consent-receipt", Channel: notify.ByEmail, To: who.Email,
		Subject: say("Votre accord est retiré", "Your consent is withdrawn"), Body: body})
}

// withdrawTexts takes back, at a STOP, every consent that let messages be sent to a number, whichever requests it came with.
func (s *Service) withdrawTexts(ctx context.Context, n *network.Network, people []string) error {
	for _, id := range people {
		ring, err := s.vault.Ring(ctx, id)
		if err != nil {
			return err
		}
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			objects, err := privacy.Objects(tx, id)
			if err != nil {
				return err
			}
			for _, object := range objects {
				for _, c := range n.Consents {
					if c.Kind != network.KindConsent || !slices.Contains(c.Channels, network.ChannelSMS) {
						continue
					}
					done, err := privacy.Withdraw(tx, ring, n, id, object, c.ID, "sms", "fr", "")
					if err != nil {
						return err
					}
					if done {
						if err := audit.Write(tx, "gateway", "", "consent.withdraw", object, c.ID+" sms"); err != nil {
							return err
						}
					}
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, vault.ErrErased) {
			return err
		}
	}
	return nil
}

// Choices lists a consumer's choices, for himself: every yes, no and withdrawal in the words that were shown. text is his receipt, to keep.
func (s *Service) Choices(ctx context.Context, actor auth.Actor) (r Request, n *network.Network, all []privacy.Given, text string, err error) {
	r, n, _, who, err := s.own(ctx, actor, auth.RequestReadOwn)
	if err != nil {
		return r, n, nil, "", err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error { all, err = privacy.Ledger(tx, r.Person, r.ID); return err })
	receipt := privacy.ReceiptOf(who.Lang, r.Zone(), slices.DeleteFunc(slices.Clone(all), func(g privacy.Given) bool { return g.Replaced }))
	return r, n, all, n.Operator.Name + ", " + r.Ref + "\n\n" + strings.TrimSpace(receipt) + "\n", err
}

// Shown gives back, byte for byte, what somebody was shown or told when he made a choice: to himself and to staff. A staff reading leaves a line.
func (s *Service) Shown(ctx context.Context, actor auth.Actor, request, choice string) (g privacy.Given, err error) {
	if actor.Who == auth.Consumer {
		request = actor.Request
	}
	if err := s.maySeeContent(actor, request); err != nil {
		return g, err
	}
	if actor.Who != auth.Consumer {
		if err := audit.Read(ctx, s.db, actor.Name(), actor.As(auth.RequestRead), "consent.read", request, false); err != nil {
			return g, err
		}
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		r, err := selectRequest(tx, request)
		if err != nil {
			return err
		}
		all, err := privacy.Ledger(tx, r.Person, r.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(g privacy.Given) bool { return g.ID == choice })
		if i < 0 {
			return errNone
		}
		g = all[i]
		return nil
	})
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return g, err
}
