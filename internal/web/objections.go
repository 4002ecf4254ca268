package web

import (
	"slices"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// purposeOptions are the uses to which people of some sorts may object.
func (v *visit) purposeOptions(whose ...network.Person) []ui.Option {
	var all []ui.Option
	for _, w := range whose {
		for _, p := range v.n.Objectable(w) {
			if !slices.ContainsFunc(all, func(o ui.Option) bool { return o.Value == p.ID }) {
				all = append(all, ui.Option{Value: p.ID, Label: v.say2(p.Label)})
			}
		}
	}
	return all
}

// consentOptions are the consents that may be taken back, in the words in which they are asked.
func (v *visit) consentOptions() []ui.Option {
	var all []ui.Option
	for _, c := range v.n.Consents {
		if c.Kind == network.KindConsent {
			all = append(all, ui.Option{Value: c.ID, Label: v.n.Shown(c, string(v.lang))})
		}
	}
	return all
}

// scopesAsked are what a form names: sets of data to erase, uses to stop, or consents to take back.
func (v *visit) scopesAsked(asked network.Right) []string {
	switch asked {
	case network.RightObjection:
		return v.r.Form["purposes"]
	case network.RightWithdrawal:
		return v.r.Form["consents"]
	}
	return v.r.Form["scopes"]
}

// mineUses is what a consumer's data is used for, and how each use stops.
func (v *visit) mineUses() error { return v.showing(v.usesPage(ui.Form{})) }

func (v *visit) usesPage(form ui.Form) (ui.View, error) {
	r, n, uses, lines, err := v.Requests.Uses(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	return ui.Uses{Public: v.public(r.Zone()), Form: form, Reference: r.Ref, All: v.useLines(uses), Steps: v.objectionSteps(n, lines)}, nil
}

func (v *visit) useLines(uses []request.Use) []ui.UseLine {
	var all []ui.UseLine
	for _, u := range uses {
		line := ui.UseLine{ID: u.Purpose.ID, Label: v.say2(u.Purpose.Label), Why: v.say2(u.Answer.Why()), Stopped: u.Stopped, May: u.Answer == network.MayObject || u.Answer == network.MayHuman,
			Reason: u.Answer == network.MayObject && u.Purpose.ID != privacy.Prospecting, Withdraw: u.Answer == network.MayWithdraw}
		if u.Purpose.ID == privacy.Prospecting {
			line.Why = v.lang.T("Vous pouvez le refuser à tout moment, sans dire pourquoi (RGPD art. 21.2).", "You may refuse it at any time, without saying why (GDPR art. 21.2).")
		}
		if u.Last.Said == privacy.SaidGrounds {
			line.Grounds = u.Last.Reason
		}
		all = append(all, line)
	}
	return all
}

func (v *visit) objectionSteps(n *network.Network, lines []privacy.Objection) []ui.ObjectionStep {
	var all []ui.ObjectionStep
	for _, o := range lines {
		all = append(all, ui.ObjectionStep{At: o.At, Label: v.say2(privacy.PurposeLabel(n, o.Purpose)), Said: v.saidWords(o.Said), Channel: v.channelName(o.Channel), Reason: o.Reason, Proof: v.Config.URL(n.SpaceHost, "/log/preuve/"+o.Leaf)})
	}
	return all
}

func (v *visit) saidWords(s privacy.Said) string {
	words := map[privacy.Said][2]string{privacy.SaidObjected: {"Opposition", "Objection"}, privacy.SaidBack: {"Opposition retirée", "Objection taken back"},
		privacy.SaidGrounds: {"Motifs impérieux : l’usage continue", "Compelling grounds: the use goes on"}, privacy.SaidGranted: {"Opposition suivie : l’usage ne reprendra pas", "Objection followed: the use will not begin again"}}
	return v.lang.T(words[s][0], words[s][1])
}

// mineObject stops a use at once, and opens the case in which the officer looks at it. Where no case can be opened, for want of an address to
// answer to, the objection holds all the same.
func (v *visit) mineObject() error {
	if err := v.parse(); err != nil {
		return err
	}
	purpose, reason, back := v.value("purpose"), v.value("reason"), v.value("do") == "back"
	if err := v.Requests.Object(v.ctx, v.actor, purpose, reason, back); err != nil {
		if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
			return v.invalid(err, v.usesPage)
		}
		return v.did("/ma-demande/usages", "", err)
	}
	good := v.lang.T("C’est arrêté, dès maintenant.", "It is stopped, from now on.")
	if back {
		return v.did("/ma-demande/usages", v.lang.T("Votre opposition est retirée.", "Your objection is taken back."), nil)
	}
	p, ok := v.n.Purpose(purpose)
	if !ok || v.n.Objecting(p) != network.MayObject || !v.n.Rights.Takes(network.RightByForm) {
		return v.did("/ma-demande/usages", good, nil)
	}
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	_, err = v.Inbox.Open(v.ctx, v.actor, inbox.Ask{Channel: network.RightByForm, Asked: network.RightObjection, Scopes: []string{purpose}, Name: m.Who.Name, Email: m.Who.Email, Phone: m.Who.Phone, Words: reason, Lang: string(v.lang), Site: m.Site})
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		err = nil
	}
	return v.did("/ma-demande/usages", good, err)
}

// requestObject is an objection at the person's word to staff.
func (v *visit) requestObject() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	in := privacy.Objection{Purpose: v.value("purpose"), Channel: v.value("channel"), Reference: v.value("reference"), Reason: v.value("reason")}
	return v.did("/demandes/"+id, v.lang.T("C’est noté et arrêté, dès maintenant.", "Noted and stopped, from now on."), v.Requests.ObjectFor(v.ctx, v.actor, id, in, v.value("do") == "back"))
}

// profileObject is a professional's own objection.
func (v *visit) profileObject() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/profil", v.lang.T("C’est enregistré.", "Saved."), v.Pros.Object(v.ctx, v.actor, v.value("purpose"), v.value("do") == "back"))
}

// ownUses are the uses to which a professional may object.
func (v *visit) ownUses(page *ui.Profile) error {
	stopped, err := v.Pros.Objected(v.ctx, v.actor)
	for _, p := range v.n.Objectable(network.Professional) {
		line := ui.UseLine{ID: p.ID, Label: v.say2(p.Label), Why: v.say2(v.n.Objecting(p).Why()), Stopped: stopped[p.ID], May: true}
		if slices.Contains(p.Does, network.DeedRanking) {
			line.Label = v.lang.T("Choisir pour vous les demandes dont vous êtes prévenu", "Choose for you the requests that you are told of")
			line.Why = v.lang.T("Sans cela, vous ne recevez plus d’avis et lisez une liste simple, par date ou par commune. Une personne peut toujours vous proposer une demande.", "Without it you get no more notices and read a plain list, by date or by commune. A person may still offer you a request.")
		}
		page.Uses = append(page.Uses, line)
	}
	return err
}

// caseOppositions are the objections of the people of a case, with what the officer may decide of those that wait.
func (v *visit) caseOppositions(p *ui.CaseFile, f inbox.File) {
	for _, o := range f.Against {
		s := ui.CaseOpposition{Person: o.Person, Purpose: o.Purpose, Label: v.say2(privacy.PurposeLabel(f.Network, o.Purpose)), Said: v.saidWords(o.Said), At: o.At, Reason: o.Reason}
		s.Decide = p.Running && f.Asked == network.RightObjection && o.Said == privacy.SaidObjected && o.Purpose != privacy.Prospecting
		p.Against = append(p.Against, s)
	}
}

// fileUses puts the uses to which somebody may object on the file of his request, for staff who have him on the telephone.
func (v *visit) fileUses(p *ui.RequestFile) {
	if !v.actor.Can(auth.ConsentWithdraw) {
		return
	}
	p.Uses = append(v.purposeOptions(network.Consumer), ui.Option{Value: privacy.Prospecting, Label: v.lang.T("Le démarcher", "Solicit the person")})
}
