package request

import (
	"strings"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/privacy"
)

// settledWho and settledRequest are a person and a request as a draft that holds leaves them.
func settledWho(who person.Person, d Draft, in checked) person.Person {
	who.Kind, who.Name, who.Company, who.Phone, who.Email = d.Kind, strings.TrimSpace(d.Name), strings.TrimSpace(d.Company), in.phone, in.email
	if d.Lang != "" {
		who.Lang = d.Lang
	}
	return who
}

func settledRequest(r Request, d Draft, in checked) Request {
	r.Trade, r.INSEE, r.Postcode, r.Urgency, r.Intent, r.Answers = d.Trade, in.commune.INSEE, strings.TrimSpace(d.Postcode), d.Urgency, d.Intent, in.answers
	return r
}

// settle moves a waiting request on with what its agent typed: state, content, person, and what was agreed to aloud. It refuses over a correction that the draft has
// not seen.
func (s *Service) settle(tx *db.Tx, actor auth.Actor, o opened, d Draft, in checked, next Request, who person.Person, to State) error {
	r, n := o.r, o.n
	moved, err := moveState(tx, o.r.ID, to, Received)
	if err == nil && !moved {
		err = errState
	}
	if err != nil {
		return err
	}
	// From here on the row is ours: who takes it, corrects it or withdraws it waits for us, and what is read now stays so.
	now, err := selectRequest(tx, o.r.ID)
	if err == nil {
		err = mayWork(actor, now, tx.Machine()) // somebody else may have taken it meanwhile
	}
	if err != nil {
		return err
	}
	seen, err := corrections(tx, o.r.ID)
	if err == nil && seen != o.seen {
		err = errCorrected
	}
	if err != nil {
		return err
	}
	if r.Channel == "phone" {
		spoken, err := callOf(tx, o.r.ID)
		if err != nil {
			return err
		}
		var choices []privacy.Choice
		for _, c := range n.ConsentsOn(network.AskedOnCall) {
			choices = append(choices, privacy.Choice{Person: r.Person, Object: r.ID, Consent: c, Granted: d.Consents[c.ID], Channel: "phone", Lang: who.Lang, Edition: n.Hash(), Form: n.Form(d.Trade).Version(), Reference: spoken})
		}
		if err := privacy.Record(tx, o.ring, n, choices...); err != nil {
			return err
		}
		if _, err := s.claimWindow(tx, n, in.phone, next); err != nil {
			return err
		}
	}
	if err := Renumber(tx, s.vault, who.ID, who.Phone); err != nil {
		return err
	}
	if err := person.Update(tx, s.vault, o.ring, who); err != nil {
		return err
	}
	return updateContent(tx, o.ring, next, content{words: in.words, street: strings.TrimSpace(d.Street)}, []byte{})
}
