package web

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// What people ask about their data, without an account: the form, the private page of a case, the copy of one's data.

var errNoRights = fault.New(fault.Missing, "no-rights", fault.T("Cette page n’existe pas.", "There is no such page."))

func (v *visit) askedOptions() []ui.Option {
	var all []ui.Option
	for _, r := range network.RightsAsked() {
		if r == network.RightAfterDeath && !v.n.Rights.AfterDeath || r == network.RightClosing && (v.n.Access == nil || v.actor.Who != auth.Professional) {
			continue
		}
		all = append(all, ui.Option{Value: string(r), Label: v.say2(r.Label())})
	}
	return all
}

func (v *visit) scopeOptions() []ui.Option {
	var all []ui.Option
	for _, s := range v.n.Rights.Scopes {
		all = append(all, ui.Option{Value: s.ID, Label: v.say2(s.Label)})
	}
	return all
}

var detailLabels = map[network.RightDetail]fault.Text{
	network.DetailAddress:     fault.T("Adresse postale", "Postal address"),
	network.DetailReference:   fault.T("Référence de client ou de demande", "Client or request reference"),
	network.DetailBrand:       fault.T("Société, marque ou service concerné", "Company, brand or service concerned"),
	network.DetailContacted:   fault.T("Adresse ou numéro où vous avez été sollicité", "Address or number on which you were contacted"),
	network.DetailMember:      fault.T("Entreprise membre concernée", "Member company concerned"),
	network.DetailMemberEmail: fault.T("E-mail de cette entreprise", "E-mail of that company"),
	network.DetailCountry:     fault.T("Pays où vous vivez", "Country where you live"),
}

func (v *visit) detailInputs(more ...network.RightDetail) []ui.Input {
	var all []ui.Input
	for _, d := range append(more, v.n.Rights.Asks...) {
		if len(more) > 0 && len(all) > 0 && d == more[0] {
			continue
		}
		all = append(all, ui.Input{Name: "details." + string(d), Label: v.say2(detailLabels[d]), Optional: true, Length: 300})
	}
	return all
}

func (v *visit) complaint() string {
	a := v.n.Rights.Authority
	return a.Name + ", " + a.Address + ", " + a.URL
}

func (v *visit) rightsForm() error {
	if !v.n.Rights.Takes(network.RightByForm) {
		return errNoRights
	}
	return v.showing(v.rightsPage(ui.Form{}))
}

func (v *visit) rightsPage(form ui.Form) (ui.View, error) {
	r := v.n.Rights
	form.Starred = true
	p := ui.RightsForm{Public: v.public(nil), Form: form, Action: "/mes-droits", Asked: v.askedOptions(), Scopes: v.scopeOptions(), Purposes: v.purposeOptions(network.Consumer, network.Professional), Consents: v.consentOptions(), Details: v.detailInputs(), Within: v.say2(r.Answer.Text()), Complain: v.complaint(), Members: r.Takes(network.RightByMember)}
	p.Officer = append(p.Officer, ui.Fact{Label: v.lang.T("Par e-mail", "By e-mail"), Value: v.n.Operator.Officer.Email})
	if r.Takes(network.RightByPhone) {
		p.Officer = append(p.Officer, ui.Fact{Label: v.lang.T("Par téléphone", "By phone"), Value: v.site.Phone.Display()})
	}
	if r.Takes(network.RightByPost) {
		p.Officer = append(p.Officer, ui.Fact{Label: v.lang.T("Par courrier", "By post"), Value: v.n.AddressFor(r.Post)})
	}
	if name := v.n.Operator.Officer.Name; name != "" {
		p.Officer = append(p.Officer, ui.Fact{Label: v.lang.T("Protection des données", "Data protection"), Value: name})
	}
	return p, nil
}

// readAsk takes what was typed; each adapter says by which way it came.
func (v *visit) readCase(channel network.RightChannel) inbox.Ask {
	in := inbox.Ask{Channel: channel, Asked: network.Right(v.value("asked")), Scopes: v.r.Form["scopes"], Name: v.value("name"), Email: v.value("email"), Phone: v.value("phone"), Words: v.value("words"),
		Lang: string(v.lang), Site: v.site.Host, Ref: v.value("ref"), Details: map[network.RightDetail]string{}}
	in.Scopes = v.scopesAsked(in.Asked)
	for d := range detailLabels {
		if s := v.value("details." + string(d)); s != "" {
			in.Details[d] = s
		}
	}
	return in
}

func (v *visit) rights() error {
	if err := v.parse(); err != nil {
		return err
	}
	if !v.n.Rights.Takes(network.RightByForm) {
		return errNoRights
	}
	if err := v.limits.allow("rights "+v.address(), 10, time.Hour); err != nil {
		return err
	}
	if v.value("website") != "" {
		return v.to("/mes-droits/recue") // a program that fills every field
	}
	actor := v.actor
	if actor.Who != auth.Consumer {
		actor = auth.Actor{Who: auth.Visitor, Lang: string(v.lang)} // staff who try the form are visitors of it
	}
	if _, err := v.Inbox.Open(v.ctx, actor, v.readCase(network.RightByForm)); err != nil {
		return v.invalid(err, v.rightsPage)
	}
	return v.to("/mes-droits/recue")
}

// rightsReceived says the same whether or not we know anybody of that address.
func (v *visit) rightsReceived() error {
	return v.show(ui.Document{Public: v.public(nil), Title: v.lang.T("Votre demande est reçue", "Your request has been received"),
		HTML: "<p>" + v.lang.T("Nous venons d’envoyer à l’adresse ou au numéro que vous avez donné un lien qui n’est qu’à vous. Vous y suivez votre demande, vous la complétez, et la réponse y arrive.",
			"We have just sent to the address or number that you gave a link of your own. There you follow your request, add to it, and get the answer.") + "</p>"})
}

func (v *visit) openCase() error {
	token := v.r.PathValue("token")
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	if _, err := v.Inbox.Link(v.ctx, token); err != nil {
		return err
	}
	v.setCookie("case", token, linkCookie)
	v.setCookie("case-coded", "", 0)
	return v.to("/mon-dossier")
}

// caseActor is the holder of a case's link; a code that he proved for it counts for nothing else.
func (v *visit) caseActor() auth.Actor {
	a := v.actor
	a.Request, a.Coded = "", false
	if c, err := v.r.Cookie(v.cookie("case-coded")); err == nil && a.Case != "" {
		link, until, err := v.Links.ReadLink("case-coded", c.Value)
		a.Coded = err == nil && link == a.Case && v.DB.Machine().Unix() < until
	}
	return a
}

func (v *visit) myCase() error { return v.showing(v.myCasePage(ui.Form{})) }

func (v *visit) myCasePage(form ui.Form) (ui.View, error) {
	m, err := v.Inbox.Mine(v.ctx, v.caseActor())
	if err != nil {
		return nil, err
	}
	p := ui.MyCase{Public: v.public(nil), Form: form, Reference: m.Ref, Title: v.say2(m.Asked.Label()), Status: v.caseStatus(m.Case), Due: m.Due, Why: m.Reasons, Write: m.Running(),
		Officer: v.n.Operator.Officer.Email, Complain: v.complaint(), Refused: m.State == inbox.Refused}
	if m.State == inbox.Waiting {
		p.Doubt = m.Doubt
	}
	if m.Lift != nil {
		p.Lift = v.liftWords(m.Lift)
	}
	if m.Asked == network.RightUnnamed {
		p.Title = v.lang.T("Votre demande", "Your request")
	}
	if m.Copy {
		p.Copy = "/mon-dossier/donnees"
	}
	if m.Asked == network.RightAfterDeath && v.n.Rights.AfterDeath {
		p.Directive = "/mon-dossier/directive"
	}
	for _, l := range m.Letters {
		p.Letters = append(p.Letters, v.letterShown(l, v.lang.T("Vous", "You")))
	}
	for _, t := range m.Told {
		p.Told = append(p.Told, v.toldShown(t, m.Names))
	}
	for _, e := range m.Events {
		if text := v.ownStep(e); text != "" {
			p.Steps = append(p.Steps, ui.Step{At: e.At, Tone: ui.Good, Text: text})
		}
	}
	return p, nil
}

func (v *visit) letterShown(l inbox.Post, them string) ui.LetterShown {
	s := ui.LetterShown{At: l.At, From: them, Subject: l.Subject, Text: l.Text, Ours: l.Way == "out"}
	if s.Ours {
		s.From = v.lang.T("Nous", "We")
	}
	if l.Way == "proof" {
		s.From += v.lang.T(", pour prouver l’identité", ", to prove identity")
	}
	for _, part := range l.Parts {
		s.Parts = append(s.Parts, ui.Fact{Label: part.Name, Value: part.Type + ", " + v.lang.Number(part.Size) + v.lang.T(" octets", " bytes")})
	}
	return s
}

func (v *visit) toldShown(t inbox.Told, names map[string]string) ui.ToldShown {
	s := ui.ToldShown{Name: names[t.Recipient], What: v.say2(t.WhatLabel()), Status: ui.Status{Tone: ui.Wait, Text: v.lang.T("à avertir", "to be told")}}
	if t.Whose == "recipient" {
		r, _ := v.n.Recipient(t.Recipient)
		s.Name = v.say2(r.Label)
	}
	switch {
	case !t.Acknowledged.IsZero():
		s.Status = ui.Status{Tone: ui.Good, Text: v.lang.Tf("a confirmé le %s", "confirmed on %s", v.lang.Day(t.Acknowledged.In(geo.Paris())))}
	case t.Reminders > 0:
		s.Status.Text = v.lang.Tf("relancé, pas encore confirmé (%d)", "reminded, not confirmed yet (%d)", t.Reminders)
	case !t.Sent.IsZero():
		s.Status.Text = v.lang.T("averti, pas encore confirmé", "told, not confirmed yet")
	}
	return s
}

func (v *visit) caseStatus(c inbox.Case) ui.Status {
	switch c.State {
	case inbox.Waiting:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("En attente de la personne", "Waiting for the person")}
	case inbox.Answered:
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Répondu", "Answered")}
	case inbox.Refused:
		return ui.Status{Tone: ui.Bad, Text: v.lang.T("Refusé", "Refused")}
	case inbox.Joined:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Joint à un autre dossier", "Joined to another case")}
	case inbox.Letter:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Courrier", "Letter")}
	}
	if !c.Due.IsZero() && v.DB.Now().After(c.Due) {
		return ui.Status{Tone: ui.Bad, Text: v.lang.T("En retard", "Late")}
	}
	return ui.Status{Tone: ui.Now, Text: v.lang.T("En cours", "Running")}
}

// ownStep says an event to the person; some are none of his business.
func (v *visit) ownStep(e inbox.Event) string {
	switch e.Kind {
	case inbox.EvOpened:
		return v.lang.T("Reçue", "Received")
	case inbox.EvLetter:
		return v.lang.T("Complétée", "Added to")
	case inbox.EvDoubt:
		return v.lang.T("Le délai s’arrête le temps d’une vérification", "The clock stops for a check")
	case inbox.EvIdentified:
		return v.lang.T("Vérifiée, ce qui l’a prouvé est détruit", "Checked, what proved it is destroyed")
	case inbox.EvExtended:
		return v.lang.T("Le délai est prolongé", "The clock is extended")
	case inbox.EvDone:
		return v.doneWords(e.Object)
	case inbox.EvTold:
		return v.lang.T("Un destinataire est averti", "A recipient has been told")
	case inbox.EvAck:
		return v.lang.T("Un destinataire a confirmé", "A recipient has confirmed")
	case inbox.EvAnswered, inbox.EvRefused:
		return v.lang.T("La réponse est partie", "The answer was sent")
	case inbox.EvOpenedCopy:
		return v.lang.T("Vous avez ouvert vos données", "You opened your data")
	}
	return ""
}

func (v *visit) doneWords(what string) string {
	words := map[string][2]string{inbox.Rectification: {"Données corrigées", "Data corrected"}, inbox.Erasure: {"Données effacées", "Data erased"}, inbox.Restriction: {"Données gelées", "Data frozen"}, inbox.Released: {"Gel levé", "Freeze ended"},
		inbox.Announced: {"Levée du gel annoncée", "End of the freeze announced"}, inbox.Recalled: {"Levée du gel annulée, le gel continue", "Lifting of the freeze called off, the freeze goes on"},
		string(network.RightObjection): {"Usage arrêté", "Use stopped"}, inbox.Closed: {"Accès fermé", "Access closed"}, inbox.Directed: {"Directive enregistrée", "Directive recorded"}, inbox.Undirect: {"Directive révoquée", "Directive revoked"}, inbox.DeathKept: {"Directive exécutée : données gardées", "Directive carried out: data kept"},
		inbox.DeathGone: {"Directive exécutée : données effacées", "Directive carried out: data erased"}, inbox.DeathCopy: {"Directive exécutée : copie remise", "Directive carried out: copy handed over"},
		inbox.ReviewChanged: {"Décision revue et changée", "Decision reviewed and changed"}, inbox.ReviewUpheld: {"Décision revue et maintenue", "Decision reviewed and upheld"},
		inbox.Granted: {"Opposition suivie", "Objection followed"}, inbox.Grounds: {"Motifs impérieux opposés", "Compelling grounds stated"},
		string(network.RightWithdrawal): {"Accords retirés", "Consents withdrawn"}, string(network.RightProspecting): {"Sollicitations arrêtées", "Solicitation stopped"}}
	w, ok := words[what]
	if !ok {
		return what
	}
	return v.lang.T(w[0], w[1])
}

func (v *visit) myCaseAdd() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.Inbox.Add(v.ctx, v.caseActor(), v.value("words")); err != nil {
		return v.invalid(err, v.myCasePage)
	}
	v.say(ui.Good, v.lang.T("C’est ajouté à votre demande.", "Added to your request."))
	return v.to("/mon-dossier")
}

const caseCodeWhy = "/mon-dossier/code"

func (v *visit) caseCodePage(f ui.Form, to string, byMail bool) ui.CodeAsked {
	return v.codePage(f, caseCodeWhy, v.lang.T("Pour ouvrir vos données, tapez le code que nous venons de vous envoyer.", "To open your data, type the code that we have just sent you."), to, byMail)
}

func (v *visit) caseCodeForm() error {
	to, byMail, err := v.Inbox.AskCode(v.ctx, v.caseActor())
	if err != nil {
		return v.did("/mon-dossier", "", err)
	}
	return v.show(v.caseCodePage(ui.Form{}, to, byMail))
}

func (v *visit) caseCode() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limits.allow("code "+v.address(), 30, 10*time.Minute); err != nil {
		return err
	}
	if err := v.Inbox.Code(v.ctx, v.caseActor(), v.value("code")); err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.caseCodePage(f, "", false), nil })
	}
	until := v.DB.Machine().Add(codedLife)
	v.setCookie("case-coded", v.Links.Link("case-coded", v.actor.Case, until.Unix()), codedLife)
	m, err := v.Inbox.Mine(v.ctx, v.caseActor())
	if err != nil {
		return err
	}
	if m.Asked == network.RightAfterDeath {
		return v.to("/mon-dossier/directive")
	}
	return v.to("/mon-dossier/donnees")
}

// ownCopy opens the copy, or leads to the code that it needs.
func (v *visit) ownCopy() (inbox.Copy, error) {
	c, err := v.Inbox.OwnCopy(v.ctx, v.caseActor())
	if fault.Code(err) == "code-needed" {
		err = redirectTo{caseCodeWhy}
	}
	return c, err
}

func (v *visit) myCopy() error {
	c, err := v.ownCopy()
	if err != nil {
		return err
	}
	return v.show(v.copyPage(c))
}

func (v *visit) copyPage(c inbox.Copy) ui.MyCopy {
	p := ui.MyCopy{Public: v.public(nil), Reference: c.Case}
	for _, one := range c.People {
		s := ui.CopySection{Title: v.lang.T("Qui vous êtes", "Who you are")}
		for _, f := range []ui.Fact{{Label: v.lang.T("Nom", "Name"), Value: one.Name}, {Label: v.lang.T("Société", "Company"), Value: one.Company}, {Label: v.lang.T("Téléphone", "Telephone"), Value: one.Phone},
			{Label: "E-mail", Value: one.Email}, {Label: v.lang.T("Adresse", "Address"), Value: one.Street}, {Label: "SIREN", Value: one.SIREN}, {Label: v.lang.T("D’où viennent ces données", "Where this data comes from"), Value: one.Source}} {
			if f.Value != "" {
				s.Facts = append(s.Facts, f)
			}
		}
		p.Sections = append(p.Sections, s)
		for _, r := range one.Requests {
			s := ui.CopySection{Title: v.lang.Tf("Demande %s du %s", "Request %s of %s", r.Ref, v.lang.Date(r.At.In(geo.Paris())))}
			add := func(label, value string) {
				if value != "" {
					s.Facts = append(s.Facts, ui.Fact{Label: label, Value: value})
				}
			}
			add(v.lang.T("Métier", "Trade"), r.Trade)
			add(v.lang.T("Lieu", "Place"), strings.TrimSpace(r.Street+", "+communeName(r.Commune)+" "+r.Postcode))
			for _, set := range []map[string][]string{r.Answers, r.Words} {
				for id, values := range set {
					add(id, strings.Join(values, ", "))
				}
			}
			if k := len(r.Photos); k > 0 {
				add("Photos", v.lang.Tf("%d, dans le fichier JSON", "%d, in the JSON file", k))
			}
			for _, k := range r.Receivers {
				add(v.lang.T("Transmise à", "Passed on to"), k.Name+", "+v.lang.Date(k.At.In(geo.Paris())))
			}
			p.Sections = append(p.Sections, s)
		}
		if len(one.Choices) > 0 {
			s := ui.CopySection{Title: v.lang.T("Vos choix", "Your choices")}
			for _, g := range one.Choices {
				said := v.lang.T("non", "no")
				if g.Granted {
					said = v.lang.T("oui", "yes")
				}
				s.Facts = append(s.Facts, ui.Fact{Label: v.lang.Date(g.At.In(geo.Paris())) + " : " + said, Value: g.Words})
			}
			p.Sections = append(p.Sections, s)
		}
		if len(one.Objections) > 0 {
			s := ui.CopySection{Title: v.lang.T("Vos oppositions", "Your objections")}
			for _, o := range one.Objections {
				s.Facts = append(s.Facts, ui.Fact{Label: v.lang.Date(o.At.In(geo.Paris())) + " : " + v.saidWords(o.Said), Value: strings.TrimSuffix(o.Purpose+". "+o.Reason, ". ")})
			}
			p.Sections = append(p.Sections, s)
		}
		if len(one.Messages) > 0 {
			s := ui.CopySection{Title: v.lang.T("Messages que vous avez reçus", "Messages that you received")}
			for _, m := range one.Messages {
				s.Facts = append(s.Facts, ui.Fact{Label: v.lang.Date(m.At.In(geo.Paris())) + ", " + m.Channel, Value: m.Text})
			}
			p.Sections = append(p.Sections, s)
		}
		p.Sections = append(p.Sections, v.copyMore(one)...)
	}
	for _, u := range c.Purposes {
		p.Purposes = append(p.Purposes, ui.CopyPurpose{Label: u.Label, Basis: v.basisName(network.Basis(u.Basis)), Data: strings.Join(u.Data, ", "), Sources: strings.Join(u.Sources, ", "), Recipients: strings.Join(u.Recipients, ", "), Kept: u.Kept})
	}
	for _, r := range c.Received {
		p.Received = append(p.Received, ui.Fact{Label: r.Name, Value: v.lang.Tf("depuis le %s", "since %s", v.lang.Date(r.At.In(geo.Paris())))})
	}
	for _, r := range c.Recipients {
		p.Receivers = append(p.Receivers, ui.Fact{Label: r.Name, Value: r.Country})
	}
	p.Control = []ui.Fact{{Label: v.lang.T("Responsable", "Controller"), Value: c.Controller}, {Label: v.lang.T("Protection des données", "Data protection"), Value: c.Officer}, {Label: v.lang.T("Plainte", "Complaint"), Value: c.Complaint}}
	return p
}

func (v *visit) basisName(b network.Basis) string {
	words := map[network.Basis][2]string{network.BasisConsent: {"votre accord", "your consent"}, network.BasisContract: {"le contrat ou votre demande", "the contract or your request"},
		network.BasisLegal: {"une obligation légale", "a legal obligation"}, network.BasisLegitimate: {"notre intérêt légitime", "our legitimate interest"}}
	return v.lang.T(words[b][0], words[b][1])
}

func (v *visit) myCopyJSON() error {
	c, err := v.ownCopy()
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		return err
	}
	return v.file("application/json", `attachment; filename="donnees.json"`, b)
}

func (v *visit) myCopyCSV() error {
	c, err := v.ownCopy()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := c.CSV(&b); err != nil {
		return err
	}
	return v.file("text/csv; charset=utf-8", `attachment; filename="donnees.csv"`, b.Bytes())
}

// toldForm shows a recipient what he is asked to do; opening it changes nothing, for programs open links too.
func (v *visit) toldForm() error { return v.showing(v.toldPage()) }

func (v *visit) toldPage() (ui.View, error) {
	token := v.r.PathValue("token")
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return nil, err
	}
	t, err := v.Inbox.ToldLink(v.ctx, token)
	if err != nil {
		return nil, err
	}
	p := ui.ToldPage{Public: v.public(nil), Action: "/destinataire/" + token, What: v.say2(t.WhatLabel()), Ref: t.About, Shared: t.What == inbox.Shared, Done: !t.Acknowledged.IsZero()}
	return p, nil
}

func (v *visit) toldDone() error {
	token := v.r.PathValue("token")
	if err := v.Inbox.Acknowledge(v.ctx, token); err != nil {
		return err
	}
	return v.to("/destinataire/" + token)
}

// proRights is a professional's own way: for himself, or for a client who asked him (RN-07).
func (v *visit) proRights() error { return v.showing(v.proRightsPage(ui.Form{})) }

func (v *visit) proRightsPage(f ui.Form) (ui.View, error) {
	if !v.n.Rights.Takes(network.RightBySpace) {
		return nil, errNoRights
	}
	return ui.ProRights{Space: v.spaceFrame(), Form: f, Asked: v.askedOptions(), Scopes: v.scopeOptions(), Purposes: v.purposeOptions(network.Professional, network.Consumer), Within: v.say2(v.n.Rights.Answer.Text())}, nil
}

func (v *visit) proRightsSend() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limits.allow("rights "+v.actor.Account, 20, time.Hour); err != nil {
		return err
	}
	o, err := v.Inbox.Open(v.ctx, v.actor, v.readCase(network.RightBySpace))
	if err != nil {
		return v.invalid(err, v.proRightsPage)
	}
	v.say(ui.Good, v.lang.Tf("C’est transmis, sous la référence %s. La personne en est avertie.", "Passed on under the reference %s. The person has been told.", o.Ref))
	return v.to("/droits")
}
