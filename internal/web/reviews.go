package web

import (
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// mineDecisions are the decisions about a consumer's request, with the criteria that counted.
func (v *visit) mineDecisions() error { return v.showing(v.decisionsPage(ui.Form{})) }

func (v *visit) decisionsPage(form ui.Form) (ui.View, error) {
	r, n, all, err := v.Requests.Judgements(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	p := ui.Decisions{Public: v.public(r.Zone()), Form: form, Reference: r.Ref, All: v.judgedShown(all), Ask: v.n.Rights.Takes(network.RightByForm)}
	if n.Modules.AutomatedDecisions == nil {
		p.Alone = v.lang.T("Ici, rien n’est décidé par le logiciel seul : une personne désignée décide.", "Here nothing is decided by the software alone: a named person decides.")
	} else {
		p.Alone = v.lang.T("Le logiciel choisit à qui votre demande est proposée. Une personne peut revoir ce choix et le changer.", "The software chooses to whom your request is offered. A person can review that choice and change it.")
	}
	return p, nil
}

func (v *visit) judgedShown(all []request.Judged) []ui.JudgedShown {
	var out []ui.JudgedShown
	for _, j := range all {
		s := ui.JudgedShown{At: j.At, Title: v.say2(inbox.JudgedTitle(j)), Alone: j.Alone, Changed: j.Changed}
		for _, c := range j.Criteria {
			s.Criteria = append(s.Criteria, ui.Fact{Label: v.say2(c.Label), Value: v.say2(c.Value)})
		}
		for _, c := range j.Left {
			s.Left = append(s.Left, ui.Fact{Label: v.say2(c.Label), Value: v.say2(c.Value)})
		}
		out = append(out, s)
	}
	return out
}

// askReview opens the case in which a person looks at what was decided.
func (v *visit) askReview() error {
	if err := v.parse(); err != nil {
		return err
	}
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	_, err = v.Inbox.Open(v.ctx, v.actor, inbox.Ask{Channel: network.RightByForm, Asked: network.RightHuman, Name: m.Who.Name, Email: m.Who.Email, Phone: m.Who.Phone, Words: v.value("words"), Lang: string(v.lang), Site: m.Site})
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		return v.invalid(err, v.decisionsPage)
	}
	return v.did("/ma-demande/decisions", v.lang.T("C’est demandé. Une personne regarde, et sa réponse vous parvient avec un lien de suivi.", "Asked. A person looks at it, and the answer reaches you with a link to follow it."), err)
}

// caseReviews puts what was decided on the page of a case that asks a person to look at it.
func (v *visit) caseReviews(p *ui.CaseFile, f inbox.File) error {
	if f.Asked != network.RightHuman {
		return nil
	}
	all, err := v.Inbox.Reviews(v.ctx, v.actor, f)
	for _, r := range all {
		p.Reviews = append(p.Reviews, ui.CaseReview{Request: r.Request.ID, Reference: r.Request.Ref, All: v.judgedShown(r.Decisions), MayChange: r.Request.Reviewable(), Running: f.Running()})
	}
	return err
}
