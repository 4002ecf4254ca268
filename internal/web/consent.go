package web

import (
	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/web/ui"
)

// ledger shows lines of the ledger of consents; shown is where the exact text of one is, by its id.
func (v *visit) ledger(n *network.Network, all []privacy.Given, shown func(id string) string) []ui.Choice {
	out := make([]ui.Choice, len(all))
	for i, g := range all {
		c, known := n.Consent(g.Consent)
		out[i] = ui.Choice{ID: g.ID, Consent: g.Consent, Words: g.Words, Granted: g.Granted, Old: g.Replaced, Ended: g.Granted && !g.Replaced && !g.Stands(v.DB.Now()), At: g.Time, Until: g.Ends,
			Channel: v.channelName(g.Channel), Form: g.Form, Hash: g.Wording, Proof: v.Config.URL(n.SpaceHost, "/log/preuve/"+g.Leaf), Shown: shown(g.ID), Final: !known || c.Kind != network.KindConsent}
	}
	return out
}

func (v *visit) mineChoices() error {
	r, n, all, _, err := v.Requests.Choices(v.ctx, v.actor)
	if err != nil {
		return err
	}
	return v.show(ui.Choices{Public: v.public(r.Zone()), Reference: r.Ref, All: v.ledger(n, all, func(id string) string { return "/ma-demande/accords/" + id })})
}

// mineReceipt is the consumer's copy: text that opens anywhere.
func (v *visit) mineReceipt() error {
	_, _, _, text, err := v.Requests.Choices(v.ctx, v.actor)
	if err != nil {
		return err
	}
	return v.plain(text)
}

func (v *visit) mineShown() error { return v.shown("", v.r.PathValue("id")) }

func (v *visit) requestShown() error { return v.shown(v.r.PathValue("request"), v.r.PathValue("id")) }

// shown answers the bytes that the person saw, and nothing around them: their digest is the one in the ledger.
func (v *visit) shown(request, id string) error {
	g, err := v.Requests.Shown(v.ctx, v.actor, request, id)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Language", g.Lang)
	return v.plain(g.Words)
}

func (v *visit) plain(text string) error {
	return v.file("text/plain; charset=utf-8", "inline", []byte(text))
}

func (v *visit) requestConsentWithdraw() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	return v.did("/demandes/"+id, v.lang.T("L’accord est retiré. Ce qui n’est pas encore parti ne partira pas.", "The consent is withdrawn. What has not left yet will not leave."),
		v.Requests.WithdrawFor(v.ctx, v.actor, id, v.value("consent"), v.value("channel"), v.value("reference")))
}

func (v *visit) profileChoices() error {
	if err := v.parse(); err != nil {
		return err
	}
	boxes, _, err := v.Pros.Choices(v.ctx, v.actor)
	if err != nil {
		return err
	}
	ticked := map[string]bool{}
	for _, c := range boxes {
		ticked[c.ID] = v.value("consent-"+c.ID) == "yes"
	}
	return v.did("/profil", v.lang.T("C’est enregistré.", "Saved."), v.Pros.Choose(v.ctx, v.actor, ticked))
}

// ownChoices puts a professional's boxes on his page, each as it stands now.
func (v *visit) ownChoices(page *ui.Profile) error {
	boxes, given, err := v.Pros.Choices(v.ctx, v.actor)
	for _, c := range boxes {
		box := ui.Consent{Name: "consent-" + c.ID, Wording: v.say2(c.Wording)}
		for _, g := range given {
			if g.Consent == c.ID {
				box.On = g.Stands(v.DB.Now())
			}
		}
		page.News = append(page.News, box)
	}
	return err
}

func (v *visit) mayWithdraw() bool { return v.actor.Can(auth.ConsentWithdraw) }
