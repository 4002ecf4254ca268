package web

import (
	"entremise/internal/auth"
	"entremise/internal/canvass"
	"entremise/internal/person"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// may shows whether somebody may be contacted, and the rule that says so.
func (v *visit) may(a canvass.Answer) ui.May {
	return ui.May{No: !a.May, Why: v.say2(a.Why), Article: a.Article}
}

func (v *visit) canvassPage(f ui.Form) (ui.View, error) { return v.canvass(f) }

func (v *visit) canvass(f ui.Form) (ui.Canvass, error) {
	if err := v.actor.May(auth.ContactAsk); err != nil {
		return ui.Canvass{}, err
	}
	page := ui.Canvass{Space: v.spaceFrame(), Form: f, Trades: v.tradeOptions(v.n), Loads: v.actor.Can(auth.RegisterLoad)}
	if p := v.n.Prospecting; p != nil && p.Register != nil {
		page.Register = p.Register.Name
	}
	for _, r := range canvass.Rules() {
		since := ""
		switch {
		case r.Until != "":
			since = v.lang.Tf("jusqu’au %s", "until %s", r.Until.Say(string(v.lang)))
		case r.From != "":
			since = v.lang.Tf("depuis le %s", "since %s", r.From.Say(string(v.lang)))
		}
		page.Rules = append(page.Rules, ui.Rule{Why: v.say2(r.Why), Article: r.Article, Since: since})
	}
	return page, nil
}

func (v *visit) canvassForm() error { return v.showing(v.canvassPage(ui.Form{})) }

func (v *visit) canvassAsk() request.CanvassAsk {
	return request.CanvassAsk{Phone: v.value("phone"), Postcode: v.value("postcode"), Trade: v.value("trade")}
}

// canvassDo answers the question on the page that asked it: no number stands in an address.
func (v *visit) canvassDo() error {
	if err := v.parse(); err != nil {
		return err
	}
	answer, err := v.Requests.MayCanvass(v.ctx, v.actor, v.canvassAsk())
	if err != nil {
		return v.invalid(err, v.canvassPage)
	}
	return v.canvassAnswer(answer, ui.Form{Values: v.r.Form})
}

func (v *visit) canvassAnswer(answer request.Canvass, f ui.Form) error {
	page, err := v.canvass(f)
	if err != nil {
		return err
	}
	page.Asked, page.Number, page.May = true, answer.Number, v.may(answer.Sell)
	for _, o := range answer.Own {
		page.Own = append(page.Own, ui.Link{Text: v.lang.Tf("Rappeler pour sa demande %s", "Call back about request %s", o.Ref), Href: "/demandes/" + o.ID})
		page.OwnMay = append(page.OwnMay, v.may(o.May))
	}
	return v.show(page)
}

func (v *visit) canvassCall() error {
	if err := v.parse(); err != nil {
		return err
	}
	if _, err := v.Requests.Canvassed(v.ctx, v.actor, v.canvassAsk()); err != nil {
		return v.invalid(err, v.canvassPage)
	}
	return v.did("/demarchage", v.lang.T("L’appel est compté, que la personne réponde ou non.", "The call is counted, whether the person answers or not."), nil)
}

func (v *visit) canvassRefused() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.Requests.CanvassRefused(v.ctx, v.actor, v.canvassAsk()); err != nil {
		return v.invalid(err, v.canvassPage)
	}
	return v.did("/demarchage", v.lang.T("C’est noté : plus personne n’appelle ce numéro pour vendre.", "Noted: nobody calls this number to sell any more."), nil)
}

func (v *visit) registerLoad() error {
	if err := v.parse(); err != nil {
		return err
	}
	n, err := person.LoadRegister(v.ctx, v.DB, v.Vault, v.n, v.actor, v.r.FormValue("list"), v.Config.Demo)
	if err != nil {
		return v.invalid(err, v.canvassPage)
	}
	return v.did("/demarchage", v.lang.Tf("%d numéros sont chargés.", "%d numbers are loaded.", n), nil)
}
