package web

import (
	"cmp"

	"entremise/internal/auth"
	"entremise/internal/web/ui"
)

// Tokens of the API: all of them for the operator, his own for a professional. A token is shown in the answer that makes it and never again.

func (v *visit) tokens() error {
	page, err := v.tokensPage(ui.Form{})
	if err != nil {
		return err
	}
	return v.show(page)
}

func (v *visit) tokensPage(f ui.Form) (ui.Tokens, error) {
	all, err := v.Auth.Tokens(v.ctx, v.actor, "")
	if err != nil {
		return ui.Tokens{}, err
	}
	page := ui.Tokens{Space: v.spaceFrame(), Form: f}
	for _, k := range auth.TokenKinds {
		page.Kinds = append(page.Kinds, ui.Option{Value: k, Label: v.tokenKind(k)})
	}
	page.Lines, err = v.tokenLines(all, true)
	return page, err
}

func (v *visit) tokenKind(kind string) string {
	switch kind {
	case "affiliate":
		return v.lang.T("Un partenaire, qui envoie des demandes", "A partner, who sends requests")
	case "pro":
		return v.lang.T("Un professionnel, qui en prend", "A professional, who takes some")
	}
	return v.lang.T("Un conseiller, qui en qualifie", "An agent, who qualifies some")
}

// tokenLines names who holds and who made each token.
func (v *visit) tokenLines(all []auth.APIToken, holders bool) ([]ui.Token, error) {
	ids := make([]string, 0, 2*len(all))
	for _, t := range all {
		ids = append(ids, t.Account, t.By)
	}
	known, err := v.Auth.Accounts(v.ctx, ids...)
	lines := make([]ui.Token, len(all))
	for i, t := range all {
		lines[i] = ui.Token{ID: t.ID, Name: t.Name, At: t.At, By: cmp.Or(known[t.By].Name, v.lang.T("la ligne de commande", "the command line")), Good: t.Revoked.IsZero()}
		switch {
		case t.By == v.actor.Account:
			lines[i].By = v.lang.T("vous", "you")
		case v.actor.Who == auth.Professional: // who works there is the house's affair
			lines[i].By = v.n.Operator.Name
		}
		if holders {
			lines[i].Holder = joinWords(known[t.Account].Name, known[t.Account].Email)
		}
	}
	return lines, err
}

func (v *visit) tokenMake() error {
	if err := v.parse(); err != nil {
		return err
	}
	if to := v.mustBeFresh("/jetons"); to != nil {
		return to
	}
	_, token, err := v.Auth.TokenFor(v.ctx, v.actor, v.value("kind"), v.value("email"), v.value("token_name"), v.value("undertaking"))
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.tokensPage(f) })
	}
	page, err := v.tokensPage(ui.Form{})
	if err != nil {
		return err
	}
	page.New = token
	return v.show(page)
}

func (v *visit) tokenRevoke() error {
	if to := v.mustBeFresh("/jetons"); to != nil {
		return to
	}
	return v.did("/jetons", v.lang.T("Le jeton est révoqué.", "The token is revoked."), v.Auth.RevokeToken(v.ctx, v.actor, v.r.PathValue("id")))
}

func (v *visit) profileToken() error {
	if err := v.parse(); err != nil {
		return err
	}
	if to := v.mustBeFresh("/profil#tokens"); to != nil {
		return to
	}
	token, err := v.Auth.NewToken(v.ctx, v.actor, v.actor.Account, v.value("token_name"))
	if err != nil {
		return v.invalid(err, v.profilePage)
	}
	page, err := v.profileFilled(ui.Form{})
	if err != nil {
		return err
	}
	page.New = token
	return v.show(page)
}

// profileTokenRevoke asks for no fresh proof: ending access must be quick, and harms nobody else.
func (v *visit) profileTokenRevoke() error {
	return v.did("/profil#tokens", v.lang.T("Le jeton est révoqué.", "The token is revoked."), v.Auth.RevokeToken(v.ctx, v.actor, v.r.PathValue("id")))
}

// partner names through whom a request came; empty for none.
func (v *visit) partner(account string) string {
	if account == "" {
		return ""
	}
	names, err := v.Auth.Names(v.ctx, account)
	if err != nil {
		v.Log.Warn("partner not named", "error", err.Error())
	}
	return names[account]
}
