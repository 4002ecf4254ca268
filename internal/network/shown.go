package network

import (
	"slices"
	"strings"

	"entremise/internal/fault"
)

// Shown is the whole text that a person reads when a choice is put to him: the sentence, and, where consent to commercial calls is asked, the five
// facts that law wants beside it, each on a line of its own. It is what the ledger keeps, byte for byte.
func (n *Network) Shown(c Consent, lang string) string {
	return strings.Join(append([]string{c.Wording.Say(lang)}, n.Facts(c, lang)...), "\n")
}

// Facts are the five that are shown with a request for consent to commercial calls (C. conso. R223-1 I): who and about what, the freedom to
// choose, the period, how to withdraw, where the proof is. None for any other choice.
func (n *Network) Facts(c Consent, lang string) []string {
	if c.Kind != KindConsent || !slices.Contains(c.Channels, ChannelPhone) {
		return nil
	}
	who := fault.T(n.Operator.Name, n.Operator.Name)
	if r, ok := n.Recipient(c.Recipient); ok {
		who = fault.T(who.FR+" et "+r.Label.FR, who.EN+" and "+r.Label.EN)
	}
	what := fault.Text{}
	if p, ok := n.Purpose(c.Purpose); ok {
		what = p.Label
	}
	period := c.Valid.Text()
	facts := []fault.Text{
		fault.T("Qui vous appelle et pour quoi : "+who.FR+". "+what.FR+".", "Who calls you, and what about: "+who.EN+". "+what.EN+"."),
		fault.T("Vous êtes libre d’accepter ou de refuser, pour eux et pour cet objet seulement.", "You are free to agree or refuse, for them and for this object only."),
		fault.T("Votre accord vaut "+period.FR+" à compter d’aujourd’hui et ne se renouvelle pas de lui-même.", "Your consent lasts "+period.EN+" from today and does not renew itself."),
		fault.T("Vous pouvez le retirer à tout moment : par votre lien privé, en répondant STOP, au téléphone, ou à "+n.Operator.Officer.Email+".",
			"You can withdraw it at any time: by your private link, by answering STOP, on the phone, or at "+n.Operator.Officer.Email+"."),
		fault.T("La preuve de votre accord reste à votre disposition, gratuitement et sans compte, par votre lien privé.", "The proof of your consent stays at your disposal, free and without an account, by your private link."),
	}
	out := make([]string, len(facts))
	for i, f := range facts {
		out[i] = f.Say(lang)
	}
	return out
}

// Informed reports whether a text that was shown held the five facts.
func Informed(shown string) bool { return strings.Count(shown, "\n") >= 5 }
