package inbox

import (
	"strings"
	"unicode/utf8"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Messages says whether a network has a form for messages: it does where a box is asked on it (RN-33).
func Messages(n *network.Network) bool { return len(n.ConsentsOn(network.AskedOnContact)) > 0 }

// message checks what the form for messages asks besides who writes: a subject and a content (RN-15), and the boxes that must be ticked (RN-33).
func (in *Ask) message(n *network.Network, c *fault.Check) {
	in.Subject = strings.TrimSpace(in.Subject)
	length := utf8.RuneCountInString(in.Subject)
	c.That(length >= 2 && length <= 120, "subject", fault.T("Écrivez l’objet de votre message, en 120 caractères au plus.", "Write the subject of your message, in 120 characters at most."))
	c.That(in.Words != "", "words", fault.T("Écrivez votre message.", "Write your message."))
	_, words, _ := n.Inbox.Routes(in.About)
	c.That(in.About == "" || words != fault.Text{}, "about", fault.T("Choisissez dans la liste.", "Choose from the list."))
	for _, k := range n.ConsentsOn(network.AskedOnContact) {
		c.That(in.Ticked[k.ID] || !k.Required, "consent-"+k.ID, fault.T("Cochez cette case pour nous écrire ici, ou écrivez-nous par e-mail.", "Tick this box to write to us here, or write to us by e-mail."))
	}
}

// agreed keeps each box of the form for messages, ticked or not, with the message's own case.
func (s *Service) agreed(tx *db.Tx, n *network.Network, ring *vault.Ring, c Case, in Ask) error {
	if !in.Message {
		return nil
	}
	if err := privacy.HoldMore(tx, n, c.ID, c.ID, network.Requester, "", network.DataConsent); err != nil {
		return err
	}
	var all []privacy.Choice
	for _, k := range n.ConsentsOn(network.AskedOnContact) {
		all = append(all, privacy.Choice{Person: c.ID, Object: c.ID, Consent: k, Granted: in.Ticked[k.ID], Channel: "form", Lang: c.Lang, Edition: n.Hash()})
	}
	return privacy.Record(tx, ring, n, all...)
}

// agreement is the box on which a case's message rests; empty where it was sent without the form, which says enough (RN-33).
func agreement(tx *db.Tx, id string) (box string, err error) {
	given, err := privacy.Ledger(tx, id, id)
	for _, g := range given {
		if g.Granted {
			box = g.Words
		}
	}
	return box, err
}
