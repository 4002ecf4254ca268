package notify

import (
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// Scopes of a stop. What a person asked for just now (a code, a link, an invoice of what he bought) has no scope and is always sent.
const (
	ScopeService = "service" // texts that guide a consumer (ET-14)
	ScopeOffers  = "offers"  // notices of new requests to a professional (ET-98, 99)
	ScopeReviews = "reviews" // invitations to review, and their reminders
	ScopeSelling = "selling" // anything that sells (GDPR art. 21.2)
)

// class is what a kind of message is for, and which stop ends it.
type class struct {
	aim   canvass.Aim
	scope string
}

// classes of every kind. A kind that is not here is prospecting, and is refused without a consent.
var classes = map[string]class{
	"code": {canvass.Asked, ""}, "private-link": {canvass.Asked, ""}, "cancelled": {canvass.Asked, ""}, "stop-confirmed": {canvass.Asked, ""}, "sign-in": {canvass.Asked, ""},
	"staff-invite": {canvass.Asked, ""}, "staff-reset": {canvass.Asked, ""}, "consent-receipt": {canvass.Asked, ""},

	"request-received": {canvass.Service, ScopeService}, "taken": {canvass.Service, ScopeService}, "late": {canvass.Service, ScopeService}, "unserved": {canvass.Service, ScopeService},
	"request-withdrawn": {canvass.Service, ScopeService}, "unreached": {canvass.Service, ScopeService}, "agent-text": {canvass.Service, ScopeService},
	"passed-on":     {canvass.Service, ScopeService},
	"how-did-it-go": {canvass.Survey, ScopeService},

	"review-invite": {canvass.Service, ScopeReviews}, "review-remind": {canvass.Service, ScopeReviews},
	"review-asked": {canvass.Asked, ""}, "review-proof": {canvass.Asked, ""}, "review-wanted": {canvass.Asked, ""}, "review-closed": {canvass.Asked, ""}, "review-accept": {canvass.Service, ""},
	"review-received": {canvass.Asked, ""}, "review-published": {canvass.Service, ""}, "review-refused": {canvass.Service, ""}, "review-removed": {canvass.Service, ""},
	"review-document": {canvass.Service, ""}, "review-member-document": {canvass.Service, ""}, "review-appealed": {canvass.Asked, ""}, "review-reviewed": {canvass.Service, ""},
	"review-banned": {canvass.Service, ""}, "review-reported": {canvass.Asked, ""}, "review-report-decided": {canvass.Service, ""},

	"new-request": {canvass.Service, ScopeOffers},
	"pro-invite":  {canvass.Service, ""}, "bought": {canvass.Service, ""}, "clock-passed": {canvass.Service, ""}, "corrected": {canvass.Service, ""}, "withdrawn": {canvass.Service, ""},
	"document-changed": {canvass.Service, ""}, "terms-changed": {canvass.Service, ""}, "rights-received": {canvass.Service, ""}, "rights-identity": {canvass.Service, ""},
	"rights-extended": {canvass.Service, ""}, "rights-answered": {canvass.Service, ""}, "mail-received": {canvass.Service, ""}, "letter-answer": {canvass.Service, ""}, "rights-told": {canvass.Service, ""},
	"rights-due": {canvass.Service, ""}, "breach-told": {canvass.Service, ""}, "recipient-told": {canvass.Service, ""}, "rights-shared": {canvass.Service, ""},
	"invoice": {canvass.Service, ""}, "wallet-credited": {canvass.Service, ""}, "suspended": {canvass.Service, ""}, "insurance-ending": {canvass.Service, ""},
	"insurance-ended": {canvass.Service, ""}, "insurance-renewed": {canvass.Service, ""}, "notifications-stopped": {canvass.Service, ""}, "address-invalid": {canvass.Service, ""},
	"forwarded": {canvass.Service, ""}, "membership-ending": {canvass.Service, ""}, "membership-ended": {canvass.Service, ""},
}

// AimOf says what a kind of message is for.
func AimOf(kind string) canvass.Aim {
	if c, ok := classes[kind]; ok {
		return c.aim
	}
	return canvass.Prospecting
}

func scopeOf(kind string) string {
	if c, ok := classes[kind]; ok {
		return c.scope
	}
	return ScopeSelling
}

// Means is the channel of a message as the network file calls it.
func Means(channel string) network.Channel {
	if channel == BySMS {
		return network.ChannelSMS
	}
	return network.ChannelEmail
}

// errUnasked is a message that rests on a consent and names no purpose of one: a defect of whoever queues it.
var errUnasked = fault.New(fault.Denied, "no-consent", fault.T("Ce message demande l’accord de la personne.", "This message needs the person’s consent."))

// May judges a message before it is queued: by what it is for, the stop of its address, and, where it rests on consent, the ledger. whose is who
// gets it, dept where he is; by is the name of the one in whose name it is sent.
func (s *Service) May(tx *db.Tx, n *network.Network, m Message, whose network.Person, dept string, banned bool) (canvass.Answer, error) {
	c := canvass.Contact{At: tx.Now(), Means: Means(m.Channel), Aim: AimOf(m.Kind), To: whose, Dept: dept, Banned: banned}
	var err error
	if scope := scopeOf(m.Kind); scope != "" {
		if c.Stopped, err = Stopped(tx, s.Index(m.Channel, m.To), scope); err != nil {
			return canvass.Answer{}, err
		}
	}
	if c.Aim == canvass.Survey || c.Aim == canvass.Prospecting {
		if c.Consent, err = privacy.ConsentTo(tx, m.Person, m.Object, m.Purpose, c.Means, n, n.Operator.Name); err != nil {
			return canvass.Answer{}, err
		}
	}
	return canvass.MayContact(n.Prospecting, c), nil
}

// Refusal is the fault by which somebody who would contact a person learns the rule that forbids it.
func Refusal(a canvass.Answer) error {
	return fault.New(fault.Conflict, "may-not-contact-"+a.Rule, fault.T(a.Why.FR+" ("+a.Article+")", a.Why.EN+" ("+a.Article+")"))
}
