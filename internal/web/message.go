package web

import (
	"time"

	"entremise/internal/auth"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// The form for messages (RN-15, 32, 33): where the network has one. A message becomes a case, as mail does.

func (v *visit) messageForm() error { return v.showing(v.messagePage(ui.Form{})) }

func (v *visit) messagePage(form ui.Form) (ui.View, error) {
	if !inbox.Messages(v.n) || !v.n.Rights.Takes(network.RightByForm) {
		return nil, errNoPage
	}
	form.Starred = true
	page := ui.MessageForm{Public: v.public(nil), Form: form, Action: "/nous-ecrire", Email: v.n.Operator.Email, Phone: v.site.Phone.Display(), Notice: v.notice(network.Requester)}
	page.About = v.subjects()
	for _, c := range v.n.ConsentsOn(network.AskedOnContact) {
		page.Consents = append(page.Consents, ui.Consent{Name: "consent-" + c.ID, Wording: v.say2(c.Wording), Required: c.Required})
	}
	return page, nil
}

func (v *visit) message() error {
	if err := v.parse(); err != nil {
		return err
	}
	if !inbox.Messages(v.n) {
		return errNoPage
	}
	if err := v.limits.allow("rights "+v.address(), 10, time.Hour); err != nil {
		return err
	}
	if v.value("website") != "" {
		return v.to("/mes-droits/recue") // a program that fills every field
	}
	in := v.readCase(network.RightByForm)
	in.About = v.value("about")
	in.Message, in.Subject, in.Ticked, in.Asked, in.Scopes, in.Details = true, v.value("subject"), map[string]bool{}, "", nil, nil
	for _, c := range v.n.ConsentsOn(network.AskedOnContact) {
		in.Ticked[c.ID] = v.value("consent-"+c.ID) == "yes"
	}
	if _, err := v.Inbox.Open(v.ctx, auth.Actor{Who: auth.Visitor, Lang: string(v.lang)}, in); err != nil {
		return v.invalid(err, v.messagePage)
	}
	return v.to("/mes-droits/recue")
}
