package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

// after is where a sign-in leads: a path of ours that was asked for, or the home of the role.
func after(next string) string {
	if strings.HasPrefix(next, "/") && !strings.HasPrefix(next, "//") && !strings.Contains(next, "\\") && !strings.HasPrefix(next, "/connexion") {
		return next
	}
	return "/"
}

func (v *visit) signInPage(f ui.Form, code bool) ui.SignIn {
	return ui.SignIn{Frame: v.frame(nil), Form: f, Operator: v.n.Operator.Name, Code: code, Next: after(v.r.FormValue("next")), Demo: v.Config.Demo}
}

func (v *visit) signInForm() error {
	if v.actor.Who == auth.StaffMember || v.actor.Who == auth.Professional {
		return v.to(after(v.r.FormValue("next")))
	}
	return v.show(v.signInPage(ui.Form{}, false))
}

// signIn takes the password, then the code. The ticket between the two stands in a cookie of its own.
func (v *visit) signIn() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limited("sign-in", v.n.Limits.SignInsPerAddress); err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.signInPage(f, v.value("code") != ""), nil })
	}
	if v.r.Form.Has("code") {
		ticket := ""
		if c, err := v.r.Cookie(v.cookie("second")); err == nil {
			ticket = c.Value
		}
		session, err := v.Auth.SecondStep(v.ctx, ticket, v.value("code"))
		if fault.Is(err, fault.Anonymous) {
			return v.to("/connexion?next=" + url.QueryEscape(after(v.value("next")))) // the ticket is spent or too old: from the start
		}
		if err != nil {
			return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.signInPage(f, true), nil })
		}
		v.setCookie("second", "", 0)
		return v.enterSpace(session, v.value("next"))
	}
	session, second, err := v.Auth.SignIn(v.ctx, v.value("email"), v.r.FormValue("password"))
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) {
			delete(f.Values, "password")
			return v.signInPage(f, false), nil
		})
	}
	if second != "" {
		v.setCookie("second", second, 5*time.Minute)
		return v.show(v.signInPage(ui.Form{}, true))
	}
	return v.enterSpace(session, v.value("next"))
}

func (v *visit) enterSpace(session, next string) error {
	v.setCookie("search", "", 0)
	if err := v.journalSignIn(session); err != nil {
		return err
	}
	v.setCookie("session", session, 0) // for as long as the browser runs; the server's own limits are shorter
	return v.to(after(next))
}

func (v *visit) linkPage(a auth.Account, gone bool) ui.LinkSignIn {
	return ui.LinkSignIn{Frame: v.frame(nil), Operator: v.n.Operator.Name, Action: v.r.URL.Path, Name: a.Name, Gone: gone}
}

func (v *visit) linkForm() error {
	a, err := v.Auth.LinkHolder(v.ctx, v.r.PathValue("token"))
	if fault.Is(err, fault.Anonymous) {
		return v.showAs(http.StatusGone, v.linkPage(a, true))
	}
	if err != nil {
		return err
	}
	return v.show(v.linkPage(a, false))
}

func (v *visit) linkSignIn() error {
	session, err := v.Auth.UseLink(v.ctx, v.r.PathValue("token"))
	if fault.Is(err, fault.Anonymous) {
		return v.showAs(http.StatusGone, v.linkPage(auth.Account{}, true))
	}
	if err != nil {
		return err
	}
	return v.enterSpace(session, "")
}

func (v *visit) invitationPage(f ui.Form, in auth.Invited, gone bool) (ui.View, error) {
	p := ui.Invitation{Frame: v.frame(nil), Form: f, Operator: v.n.Operator.Name, Action: v.r.URL.Path, Name: in.Account.Name, Email: in.Account.Email, Gone: gone, Pro: in.Account.Kind == "pro"}
	for _, r := range in.Account.Roles {
		p.Roles = append(p.Roles, v.roleName(r))
	}
	if box, ok := v.n.Consent(proTerms); ok && p.Pro {
		p.Terms = &ui.Consent{Name: "consent-" + box.ID, Wording: v.say2(box.Wording), Required: true}
		for _, k := range v.n.DocumentKinds() {
			if k.ForPros() {
				p.Documents = append(p.Documents, ui.Link{Text: v.say2(k.DocumentTitle()), Href: documentPaths[k]})
			}
		}
	}
	if gone || p.Pro {
		return p, nil
	}
	var err error
	p.QR, err = auth.QR(auth.TOTPURI(in.Secret, v.n.Operator.Name, in.Account.Email), v.lang.T("Code à lire avec votre application d’authentification", "Code to scan with your authenticator application"))
	p.Secret = auth.TOTPText(in.Secret)
	return p, err
}

func (v *visit) invitationForm() error {
	in, err := v.Auth.Invitation(v.ctx, v.r.PathValue("token"))
	if fault.Is(err, fault.Anonymous) {
		page, err := v.invitationPage(ui.Form{}, in, true)
		if err != nil {
			return err
		}
		return v.showAs(http.StatusGone, page)
	}
	if err != nil {
		return err
	}
	return v.showing(v.invitationPage(ui.Form{}, in, false))
}

// proTerms is the box by which a professional accepts what binds him.
const proTerms = "pro-terms"

// bind records that a professional accepts the terms, before his access opens: a password that is refused binds nobody.
func (v *visit) bind(in auth.Invited) error {
	var c fault.Check
	if in.Account.Kind != "pro" {
		return nil
	}
	if _, asked := v.n.Consent(proTerms); !asked {
		return nil
	}
	c.That(v.value("consent-"+proTerms) == "yes", "consent-"+proTerms, fault.T("Lisez et acceptez ces documents pour ouvrir votre accès.", "Read and accept these documents to open your access."))
	if err := c.Err(); err != nil {
		return err
	}
	if err := auth.CheckPassword(v.r.FormValue("password"), in.Account.Name, in.Account.Email); err != nil {
		return err
	}
	return v.Documents.AcceptFirst(v.ctx, auth.Actor{Who: auth.Professional, Account: in.Account.ID, Pro: in.Account.Pro, Lang: string(v.lang)}, document.Lang(v.lang))
}

func (v *visit) invitation() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limited("sign-in", v.n.Limits.SignInsPerAddress); err != nil {
		return err
	}
	in, err := v.Auth.Invitation(v.ctx, v.r.PathValue("token"))
	if err != nil {
		return err
	}
	var c fault.Check
	c.That(v.r.FormValue("password") == v.r.FormValue("password2"), "password2", fault.T("Les deux mots de passe diffèrent.", "The two passwords differ."))
	session := ""
	if err = c.Err(); err == nil {
		err = v.bind(in)
	}
	if err == nil {
		session, err = v.Auth.Accept(v.ctx, v.r.PathValue("token"), v.r.FormValue("password"), v.value("code"))
	}
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) {
			delete(f.Values, "password")
			delete(f.Values, "password2")
			return v.invitationPage(f, in, false)
		})
	}
	return v.enterSpace(session, "")
}

// freshForm asks who is signed in to prove it again, and leads back to what he was about to do.
func (v *visit) freshForm() error { return v.show(v.freshPage(ui.Form{})) }

func (v *visit) freshPage(f ui.Form) ui.Fresh {
	return ui.Fresh{Space: v.spaceFrame(), Form: f, Action: "/confirmer?next=" + url.QueryEscape(after(v.r.FormValue("next"))), Code: v.actor.Who == auth.StaffMember,
		Why: v.lang.T("Cette action demande de confirmer votre identité.", "This action asks you to confirm who you are.")}
}

func (v *visit) fresh() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limited("sign-in", v.n.Limits.SignInsPerAddress); err != nil {
		return err
	}
	if err := v.Auth.Refresh(v.ctx, v.actor, v.token, v.r.FormValue("password"), v.value("code")); err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.freshPage(f), nil })
	}
	return v.to(after(v.r.FormValue("next")))
}

func (v *visit) signOut() error {
	if err := v.Auth.SignOut(v.ctx, v.token); err != nil {
		return err
	}
	v.setCookie("session", "", 0)
	v.setCookie("search", "", 0)
	return v.show(ui.SignedOut{Frame: v.frame(nil), Operator: v.n.Operator.Name})
}
