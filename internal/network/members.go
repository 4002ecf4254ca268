package network

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"entremise/internal/fault"
)

// Members says what joining the network, staying and leaving are to a company that is a member.
type Members struct {
	Term    Duration  // One term of a membership; the first begins on the day on which the access opens.
	Renews  Renewal   // tacit: another term follows unless somebody ends the membership; express: it ends with its term unless the member renews it.
	Notice  Duration  // Time before the end of a term at which the member is told of it by e-mail.
	Leaving []Wording `min:"1"` // Why a membership ends; the member is told it in these words.
}

// Renewal is how a membership goes on.
type Renewal string

// Renewals.
const (
	RenewsTacitly   Renewal = "tacit"
	RenewsExpressly Renewal = "express"
)

func (Renewal) words() []string { return all(RenewsTacitly, RenewsExpressly) }

// LeavingTerm is the reason of a membership that ended with its term, where terms are renewed expressly.
const LeavingTerm = "term"

// Forward bounds to whom a qualified request is passed (RN-29).
type Forward struct {
	Most int `min:"1"` // Members to whom one request may be forwarded: those concerned, never all.
}

// Forwards reports whether an agent passes qualified requests to members of the network, who pay nothing for them.
func (n *Network) Forwards() bool { return n.Modules.Sale == SaleForwarded }

// HasPros reports whether professionals have a space of their own: where they buy, and where requests are forwarded to them.
func (n *Network) HasPros() bool { return n.Sells() || n.Forwards() }

// Leaving is the label of a reason for which a membership ends; empty when there is none of that id.
func (n *Network) Leaving(id string) fault.Text {
	if n.Members == nil {
		return fault.Text{}
	}
	return wording(n.Members.Leaving, id)
}

// Arrangement is the name of the text of the arrangement between the operator and its members, who decide jointly on some purposes (GDPR art. 26; RN-06);
// empty where members have no part in any.
func (n *Network) Arrangement() string {
	if !n.Forwards() {
		return ""
	}
	i := slices.IndexFunc(n.Purposes, func(p Purpose) bool { return p.Joint != nil })
	if i < 0 {
		return ""
	}
	return n.Purposes[i].Joint.Arrangement
}

// ArrangementHash is the digest of the words of the arrangement in every language, 64 hexadecimal digits: two editions with the same words have the same. It
// is what a member accepts; empty where there is no arrangement.
func (n *Network) ArrangementHash() string {
	name := n.Arrangement()
	if name == "" {
		return ""
	}
	h := sha256.New()
	for _, lang := range (Language("")).words() {
		words, _ := n.Words(lang, name) // Check wants the French one, which stands in for the other
		h.Write([]byte(lang + "\x00" + words + "\x00"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (c *checker) members() {
	m, forwards := c.n.Members, c.n.Forwards()
	switch {
	case forwards && m == nil:
		c.wrong("members", "des demandes sont transmises aux membres : dites ce qui vaut pour l’adhésion (« members »).", `requests are forwarded to members: say what holds for membership ("members").`)
	case !forwards && m != nil:
		c.wrong("members", "ce réseau n’a pas de membres (modules.sale) : retirez « members », que rien n’exécuterait.", `this network has no members (modules.sale): remove "members", which nothing would execute.`)
	}
	if forwards {
		for _, part := range []struct {
			name string
			none bool
		}{{"introductions.forward", c.n.Introductions.Forward == nil}, {"introductions.radius", c.n.Introductions.Radius.Most == 0}} {
			if part.none {
				c.wrong(part.name, "des demandes sont transmises aux membres et « %s » manque : ajoutez-le, ou changez modules.sale.", "requests are forwarded to members and %q is missing: add it, or change modules.sale.", part.name)
			}
		}
		for _, p := range c.n.Purposes {
			if p.Joint != nil && p.Joint.Arrangement != c.n.Arrangement() {
				c.wrong("purposes."+p.ID+".joint.arrangement", "un membre accepte un seul accord, « %s » : réunissez les textes.", "a member accepts one arrangement, %q: bring the texts together.", c.n.Arrangement())
			}
		}
	} else if c.n.Introductions.Forward != nil {
		c.wrong("introductions.forward", "aucune demande n’est transmise à des membres (modules.sale) : retirez « forward ».", `no request is forwarded to members (modules.sale): remove "forward".`)
	}
	if m != nil && m.Renews == RenewsExpressly && c.n.Leaving(LeavingTerm) == (fault.Text{}) {
		c.wrong("members.leaving", "une adhésion qui n’est pas renouvelée prend fin : écrivez la phrase « %s ».", "a membership that is not renewed ends: write the sentence %q.", LeavingTerm)
	}
	if m != nil && m.Notice.approx() >= m.Term.approx() {
		c.wrong("members.notice", "l’annonce vient avant le début de la période : réduisez-la.", "the announcement would come before the term begins: shorten it.")
	}
}
