package network

import (
	"slices"
	"strings"
)

// Inbox is the mail that people send to the operator: each message becomes a case.
type Inbox struct {
	Receiver  Receiver  // How mail comes in: smtp, the receiver in the program, or imap, a mailbox elsewhere that is read.
	Addresses []MailBox `min:"1"` // Addresses that are read, by use.
	Purpose   string    // Purpose that says how long messages are kept.
	Confirm   bool      // A first message is confirmed to its sender, once a day at most.
}

// MailBox is one address.
type MailBox struct {
	Use     string `yaml:",key"`
	Address string // The address.
	Rights  bool   // What comes here is a request about personal data until the officer says otherwise: its clock runs from receipt.
}

// Receiver is how mail comes in.
type Receiver string

// Receivers.
const (
	ReceiverSMTP Receiver = "smtp"
	ReceiverIMAP Receiver = "imap"
)

func (Receiver) words() []string { return all(ReceiverSMTP, ReceiverIMAP) }

// Box finds the mailbox of an address, in any case.
func (i *Inbox) Box(address string) (MailBox, bool) {
	if i == nil {
		return MailBox{}, false
	}
	return find(i.Addresses, func(b MailBox) bool { return strings.EqualFold(b.Address, address) })
}

func (c *checker) inbox() {
	i := c.n.Inbox
	if i == nil {
		return
	}
	p, ok := c.n.Purpose(i.Purpose)
	switch {
	case !ok:
		c.wrong("inbox.purpose", "« %s » n’est pas une finalité de purposes.", "%q is not a purpose of purposes.", i.Purpose)
	case !slices.Contains(p.Data, DataCase):
		c.wrong("inbox.purpose", "la finalité « %s » n’utilise pas la catégorie case : ajoutez-la à ses données.", "the purpose %q does not use the category case: add it to its data.", i.Purpose)
	}
	for k, b := range i.Addresses {
		c.email("inbox.addresses."+b.Use, b.Address)
		if _, twice := find(i.Addresses[:k], func(o MailBox) bool { return strings.EqualFold(o.Address, b.Address) }); twice {
			c.wrong("inbox.addresses."+b.Use, "cette adresse est écrite deux fois.", "this address is written twice.")
		}
	}
	if c.n.Rights.Takes(RightByEmail) && !slices.ContainsFunc(i.Addresses, func(b MailBox) bool { return b.Rights }) {
		c.wrong("inbox.addresses", "les droits s’exercent par e-mail et aucune adresse n’a « rights: true ».", `rights are exercised by e-mail and no address has "rights: true".`)
	}
}
