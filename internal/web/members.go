package web

import (
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// memberRightsForm is where a company that decides jointly passes on what somebody asked of it (RN-07). It needs no account: what comes is a request
// whose person is told, and nothing about anybody is answered to the company.
func (v *visit) memberRightsForm() error {
	if !v.n.Rights.Takes(network.RightByMember) {
		return errNoRights
	}
	return v.showing(v.memberRightsPage(ui.Form{}))
}

func (v *visit) memberRightsPage(f ui.Form) (ui.View, error) {
	f.Starred = true
	return ui.MemberRights{Public: v.public(nil), Form: f, Asked: v.askedOptions(), Scopes: v.scopeOptions(), Purposes: v.purposeOptions(network.Consumer), Within: v.say2(v.n.Rights.Answer.Text())}, nil
}

func (v *visit) memberRights() error {
	if err := v.parse(); err != nil {
		return err
	}
	if !v.n.Rights.Takes(network.RightByMember) {
		return errNoRights
	}
	if err := v.limits.allow("rights "+v.address(), 10, time.Hour); err != nil {
		return err
	}
	if v.value("website") == "" {
		actor := auth.Actor{Who: auth.Visitor, Lang: string(v.lang)} // whoever holds a link of his own speaks for a company here
		if _, err := v.Inbox.Open(v.ctx, actor, v.readCase(network.RightByMember)); err != nil {
			return v.invalid(err, v.memberRightsPage)
		}
	}
	return v.show(ui.Document{Public: v.public(nil), Title: v.lang.T("C’est transmis", "Passed on"),
		HTML: "<p>" + v.lang.T("Vous recevez la référence par e-mail, et la personne le lien de son dossier. Nous lui répondons.", "You get the reference by e-mail, and the person the link to the case. We answer.") + "</p>"})
}
