package request

import (
	"context"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
)

// CanvassAsk is what staff type before they call somebody to sell him something.
type CanvassAsk struct {
	Phone    string
	Postcode string // where the person lives: its clocks and holidays count
	Trade    string // what would be spoken of
}

// Canvass is the answer: to a commercial call, and to a call about each open request of the same number, which is none.
type Canvass struct {
	Sell   canvass.Answer
	Own    []OwnRequest
	Number string // as it is shown
	E164   string
}

// OwnRequest is an open request of the number.
type OwnRequest struct {
	ID, Ref string
	May     canvass.Answer
}

// scopeCalls ends commercial calls to a number for good: a refusal said aloud is a withdrawal (C. conso. R223-3).
const scopeCalls = "calls"

// MayCanvass says whether a number may be called to sell something, now, and by which rule. Faults name the fields phone, postcode and trade. The
// question leaves a line without the number.
func (s *Service) MayCanvass(ctx context.Context, actor auth.Actor, in CanvassAsk) (out Canvass, err error) {
	n, dept, err := s.canvassing(ctx, actor, in, &out)
	if err != nil {
		return out, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if out.Sell, err = s.judgeCanvass(tx, n, out.E164, dept, in.Trade); err != nil {
			return err
		}
		out.Own = nil
		open, err := OpenOf(tx, person.PhoneIndex(s.vault, out.E164), "")
		if err != nil {
			return err
		}
		for _, r := range open {
			out.Own = append(out.Own, OwnRequest{r.ID, r.Ref, s.mayDial(n, r, person.Person{Kind: "person"})})
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ContactAsk), "contact.ask", "", out.Sell.Rule)
	})
	return out, err
}

// Canvassed notes that staff call a number to sell something: it counts as an attempt, answered or not. What the rules forbid is refused, and the
// refusal leaves a line without the number.
func (s *Service) Canvassed(ctx context.Context, actor auth.Actor, in CanvassAsk) (out Canvass, err error) {
	n, dept, err := s.canvassing(ctx, actor, in, &out)
	if err != nil {
		return out, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if out.Sell, err = s.judgeCanvass(tx, n, out.E164, dept, in.Trade); err != nil || !out.Sell.May {
			return err
		}
		if err := person.Attempted(tx, person.PhoneIndex(s.vault, out.E164), actor.Account); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ContactAsk), "contact.attempt", "", out.Sell.Rule)
	})
	if err == nil && !out.Sell.May {
		err = audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.ContactAsk), "contact.refused", "", notify.Refusal(out.Sell), "canvass "+out.Sell.Rule)
	}
	return out, err
}

// CanvassRefused notes that a person said no, aloud: nobody calls that number to sell something any more.
func (s *Service) CanvassRefused(ctx context.Context, actor auth.Actor, in CanvassAsk) error {
	var out Canvass
	if _, _, err := s.canvassing(ctx, actor, in, &out); err != nil {
		return err
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if _, err := notify.Stop(tx, s.notify.Index("phone", out.E164), scopeCalls, "phone"); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ContactAsk), "contact.stop", "", "calls")
	})
}

func (s *Service) canvassing(ctx context.Context, actor auth.Actor, in CanvassAsk, out *Canvass) (n *network.Network, dept string, err error) {
	if err = actor.May(auth.ContactAsk); err != nil {
		return nil, "", err
	}
	if n, err = s.editions.InForce(ctx); err != nil {
		return nil, "", err
	}
	var c fault.Check
	communes := geo.ByPostcode(strings.TrimSpace(in.Postcode))
	c.That(len(communes) > 0, "postcode", fault.T("Écrivez le code postal de la personne : ses heures et ses jours fériés comptent.", "Write the person’s postcode: its hours and holidays count."))
	if len(communes) > 0 {
		dept = communes[0].Dept
	}
	_, known := n.Trade(in.Trade)
	c.That(known, "trade", fault.T("Choisissez de quoi l’appel parlerait.", "Choose what the call would be about."))
	e164, err := phone.Parse(in.Phone, dept, s.demo)
	c.That(err == nil, "phone", fault.T("Écrivez un numéro de téléphone, par exemple 06 12 34 56 78.", "Write a phone number, for example 06 12 34 56 78."))
	out.E164, out.Number = e164, phone.Display(e164)
	return n, dept, c.Err()
}

// judgeCanvass brings together what is known of a number: the register, refusals, attempts, and what anybody agreed to who gave that number.
func (s *Service) judgeCanvass(tx *db.Tx, n *network.Network, e164, dept, trade string) (canvass.Answer, error) {
	c := canvass.Contact{At: tx.Now(), Means: network.ChannelPhone, Aim: canvass.Prospecting, To: network.Consumer, Dept: dept, Banned: n.BansCanvassing(trade)}
	bidx := person.PhoneIndex(s.vault, e164)
	var err error
	if c.Listed, err = person.Listed(tx, bidx); err != nil {
		return canvass.Answer{}, err
	}
	if c.Attempts, err = person.Attempts(tx, bidx); err != nil {
		return canvass.Answer{}, err
	}
	if c.Stopped, err = notify.Stopped(tx, s.notify.Index("phone", e164), scopeCalls); err != nil {
		return canvass.Answer{}, err
	}
	people, err := person.Search(tx, s.vault, e164, "", "", 50)
	if err != nil {
		return canvass.Answer{}, err
	}
	for _, who := range people {
		objects, err := privacy.Objects(tx, who)
		if err != nil {
			return canvass.Answer{}, err
		}
		for _, object := range objects {
			given, err := privacy.Ledger(tx, who, object)
			if err != nil {
				return canvass.Answer{}, err
			}
			for _, p := range n.Purposes {
				if p.Basis != network.BasisConsent {
					continue
				}
				found := privacy.ConsentIn(given, p.ID, network.ChannelPhone, n, n.Operator.Name)
				if found != nil && (c.Consent == nil || found.Given.After(c.Consent.Given)) { // his last word
					c.Consent = found
				}
			}
		}
	}
	return canvass.MayContact(n.Prospecting, c), nil
}
