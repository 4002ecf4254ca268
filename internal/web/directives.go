package web

import (
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

func (v *visit) directiveOptions() []ui.Option {
	var all []ui.Option
	for _, w := range []string{inbox.AfterErase, inbox.AfterHandOver, inbox.AfterKeep} {
		all = append(all, ui.Option{Value: w, Label: v.say2(inbox.DirectiveLabel(w))})
	}
	return all
}

// directive is where the holder of a case's link says what becomes of his data after his death, once a code has proved him.
func (v *visit) directive() error { return v.showing(v.directivePage(ui.Form{})) }

func (v *visit) directivePage(form ui.Form) (ui.View, error) {
	c, d, ok, err := v.Inbox.Directive(v.ctx, v.caseActor())
	if fault.Code(err) == "code-needed" {
		return nil, redirectTo{caseCodeWhy}
	}
	if err != nil {
		return nil, err
	}
	p := ui.DirectivePage{Public: v.public(nil), Form: form, Reference: c.Ref, Options: v.directiveOptions()}
	if ok {
		p.Stands = &ui.DirectiveShown{ID: d.ID, At: d.At, What: v.say2(inbox.DirectiveLabel(d.What)), Trusted: joinWords(d.Trusted.Name, d.Trusted.Email), Words: d.Words}
	}
	return p, nil
}

func (v *visit) readDirecting() inbox.Directing {
	return inbox.Directing{What: v.value("what"), Trusted: inbox.Trusted{Name: v.value("trusted_name"), Email: v.value("trusted_email")}, Words: v.value("words")}
}

func (v *visit) directiveSend() error {
	if err := v.parse(); err != nil {
		return err
	}
	var err error
	good := v.lang.T("Votre directive est enregistrée.", "Your directive is recorded.")
	if v.value("do") == "revoke" {
		good = v.lang.T("Votre directive est révoquée.", "Your directive is revoked.")
		err = v.Inbox.Undirect(v.ctx, v.caseActor())
	} else {
		err = v.Inbox.Direct(v.ctx, v.caseActor(), v.readDirecting())
	}
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		return v.invalid(err, v.directivePage)
	}
	if fault.Code(err) == "code-needed" {
		return redirectTo{caseCodeWhy}
	}
	return v.did("/mon-dossier/directive", good, err)
}

// caseDeath is what the officer needs of a case about data after death: the directives that stand, or what heirs may ask without one.
func (v *visit) caseDeath(p *ui.CaseFile, f inbox.File) error {
	if f.Asked != network.RightAfterDeath {
		return nil
	}
	all, err := v.Inbox.DirectivesFor(v.ctx, v.actor, f)
	if err != nil {
		return err
	}
	p.Death = &ui.CaseDeath{Options: v.directiveOptions(), Record: p.Running && f.Channel != network.RightByForm}
	for _, d := range all {
		p.Death.Stand = append(p.Death.Stand, ui.DirectiveShown{ID: d.ID, At: d.At, What: v.say2(inbox.DirectiveLabel(d.What)), Trusted: joinWords(d.Trusted.Name, d.Trusted.Email), Words: d.Words, Of: d.Name})
	}
	return nil
}
