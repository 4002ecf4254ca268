package network

import (
	"slices"
	"strings"

	"entremise/internal/fault"
)

// Inbox is the mail that people send to the operator: each message becomes a case.
type Inbox struct {
	Receiver  Receiver  // How mail comes in: smtp, the receiver in the program, or imap, a mailbox elsewhere that is read.
	Addresses []MailBox `min:"1"` // Addresses that are read, by use.
	Purpose   string    // Purpose that says how long messages are kept.
	Confirm   bool      // A first message is confirmed to its sender, once a day at most.
	Services  []Service `yaml:",opt"` // Services that answer messages, each with its queue; the officer alone answers if absent.
}

// MailBox is one address.
type MailBox struct {
	Use     string `yaml:",key"`
	Address string // The address.
	Service string `yaml:",opt"` // Service whose queue gets what comes here and is no request about data; the first one if absent.
	Rights  bool   // What comes here is a request about personal data until the officer says otherwise: its clock runs from receipt.
}

// Service is a part of the house that answers messages (RN-32).
type Service struct {
	ID       string     `yaml:",key"`
	Label    fault.Text // Its name, for people who write and for staff.
	Roles    []Role     `min:"1"`     // Roles whose holders read its queue and answer from it.
	Subjects []Wording  `yaml:",opt"` // What somebody may choose to write about in the form for messages; it leads here.
}

// Service finds a service by id; a name that the file no longer has is nobody's.
func (i *Inbox) Service(id string) (Service, bool) {
	if i == nil {
		return Service{}, false
	}
	return find(i.Services, func(s Service) bool { return s.ID == id })
}

// Routes is the service of a subject of the form for messages, and its words; the first service where none is known. ok is false where the file has no services.
func (i *Inbox) Routes(subject string) (s Service, words fault.Text, ok bool) {
	if i == nil || len(i.Services) == 0 {
		return s, words, false
	}
	for _, s := range i.Services {
		if w, found := find(s.Subjects, func(w Wording) bool { return w.ID == subject }); found {
			return s, w.Text, true
		}
	}
	return i.Services[0], words, true
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
	seen := map[string]bool{}
	for _, s := range i.Services {
		for _, w := range s.Subjects {
			if seen[w.ID] {
				c.wrong("inbox.services."+s.ID+".subjects."+w.ID, "ce sujet mène déjà à un autre service : donnez-lui un autre nom.", "this subject leads to another service already: give it another name.")
			}
			seen[w.ID] = true
		}
	}
	for k, b := range i.Addresses {
		if _, ok := i.Service(b.Service); b.Service != "" && !ok {
			c.wrong("inbox.addresses."+b.Use+".service", "« %s » n’est pas un service de inbox.services.", "%q is not a service of inbox.services.", clip(b.Service))
		}
		c.email("inbox.addresses."+b.Use, b.Address)
		if _, twice := find(i.Addresses[:k], func(o MailBox) bool { return strings.EqualFold(o.Address, b.Address) }); twice {
			c.wrong("inbox.addresses."+b.Use, "cette adresse est écrite deux fois.", "this address is written twice.")
		}
	}
	if c.n.Rights.Takes(RightByEmail) && !slices.ContainsFunc(i.Addresses, func(b MailBox) bool { return b.Rights }) {
		c.wrong("inbox.addresses", "les droits s’exercent par e-mail et aucune adresse n’a « rights: true ».", `rights are exercised by e-mail and no address has "rights: true".`)
	}
}
