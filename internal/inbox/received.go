package inbox

import (
	"slices"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/pro"
)

// received lists who really received data of a person, of those that the network file names: a provider whose connector carried something for him,
// and the host of what is held. Who was only allowed to is not among them. Each is called by his own name where the file gives it (GDPR art. 15.1 c,
// CJEU C-154/21; WA-58).
func received(tx *db.Tx, n *network.Network, t subject, since time.Time) (all []CopyReceiver, err error) {
	verified, err := pro.SentTo(tx, t.Person)
	if err != nil {
		return nil, err
	}
	for _, r := range n.Recipients {
		var at time.Time
		switch r.Driver {
		case "http":
			at, err = notify.Carried(tx, t.Person, notify.BySMS)
		case "smtp":
			at, err = notify.Carried(tx, t.Person, notify.ByEmail)
		case "simulated":
			at, err = call.Carried(tx, t.Person)
		case network.DriverS3:
			at, err = archiver.Carried(tx, t.Person)
		case "host":
			at = since
		}
		if i := slices.IndexFunc(verified, func(x pro.Sent) bool { return x.Recipient == r.ID }); i >= 0 {
			at = verified[i].At
		}
		if err != nil {
			return nil, err
		}
		if !at.IsZero() {
			all = append(all, CopyReceiver{Name: named(r), At: at, Country: r.Country})
		}
	}
	return all, nil
}

func named(r network.Recipient) string {
	if r.Identity != "" {
		return r.Identity
	}
	return r.Label.FR
}

// addReceived adds to a copy who received data of one of its people, each once, at the first time.
func (c *Copy) addReceived(all ...CopyReceiver) {
	for _, r := range all {
		i := slices.IndexFunc(c.Received, func(x CopyReceiver) bool { return x.Name == r.Name })
		switch {
		case i < 0:
			c.Received = append(c.Received, r)
		case r.At.Before(c.Received[i].At):
			c.Received[i].At = r.At
		}
	}
}
