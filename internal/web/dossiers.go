package web

import (
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/web/ui"
)

// The officer's desk: one queue of everything that is asked about data, and the page of one case.

func (v *visit) caseQueue() error {
	past := v.r.URL.Query().Get("clos") != ""
	read := v.Inbox.Queue
	if past {
		read = v.Inbox.Past
	}
	all, err := read(v.ctx, v.actor)
	if err != nil {
		return err
	}
	p := ui.CaseQueue{Space: v.watching("cases"), Past: past}
	for _, c := range all {
		p.Due = append(p.Due, v.caseDue(c))
	}
	st, err := v.Inbox.Statistics(v.ctx, v.actor)
	if err != nil {
		return err
	}
	p.Tell = []ui.Fact{{Label: v.lang.T("Ouverts", "Open"), Value: v.lang.Number(st.Open)}, {Label: v.lang.T("Reçus en un an", "Received in a year"), Value: v.lang.Number(st.Received)},
		{Label: v.lang.T("Répondus à temps", "Answered in time"), Value: v.lang.Number(st.InTime)}, {Label: v.lang.T("En retard", "Late"), Value: v.lang.Number(st.Late)},
		{Label: v.lang.T("Refusés", "Refused"), Value: v.lang.Number(st.Refused)}}
	if st.Median > 0 {
		p.Tell = append(p.Tell, ui.Fact{Label: v.lang.T("Réponse médiane", "Median answer"), Value: v.lang.Span(st.Median)})
	}
	return v.show(p)
}

func (v *visit) caseDue(c inbox.Case) ui.Due {
	d := ui.Due{Queue: v.rightChannel(c.Channel), Title: v.rightName(c.Asked), Detail: joinWords(c.Name, c.Ref), Href: "/dossiers/" + c.ID, Since: c.Received, By: c.Due}
	if c.State != inbox.Open {
		d.Detail = joinWords(v.caseStatus(c).Text, d.Detail)
	}
	return d
}

// dueCases are what the officer's first page names.
func (v *visit) dueCases(page *ui.Today) error {
	all, err := v.Inbox.Queue(v.ctx, v.actor)
	if err != nil {
		return err
	}
	for _, c := range all[:min(len(all), listed)] {
		if c.State == inbox.Open {
			d := v.caseDue(c)
			d.Queue = v.lang.T("Dossier", "Case")
			page.Due = append(page.Due, d)
		}
	}
	return nil
}

func (v *visit) rightName(r network.Right) string { return v.say2(r.Short()) }

func (v *visit) rightChannel(c network.RightChannel) string {
	words := map[network.RightChannel][2]string{network.RightByForm: {"Formulaire", "Form"}, network.RightByEmail: {"E-mail", "E-mail"}, network.RightByPhone: {"Téléphone", "Phone"},
		network.RightByPost: {"Courrier", "Post"}, network.RightBySpace: {"Professionnel", "Professional"}, network.RightByMember: {"Entreprise membre", "Member company"}}
	return v.lang.T(words[c][0], words[c][1])
}

func (v *visit) namedOptions() []ui.Option {
	var all []ui.Option
	for _, r := range network.RightsAsked() {
		if r == network.RightClosing && v.n.Access == nil {
			continue
		}
		all = append(all, ui.Option{Value: string(r), Label: v.rightName(r)})
	}
	return all
}

func (v *visit) caseNew() error { return v.showing(v.caseNewPage(ui.Form{})) }

func (v *visit) caseNewPage(f ui.Form) (ui.View, error) {
	if err := v.actor.May(auth.CaseOpen); err != nil {
		return nil, err
	}
	if v.n.Rights == nil {
		return nil, errNoRights
	}
	p := ui.CaseNew{Space: v.spaceFrame(), Form: f, Asked: v.namedOptions(), Scopes: v.scopeOptions(), Purposes: v.purposeOptions(network.Consumer, network.Professional), Consents: v.consentOptions(), Post: v.actor.Has(network.RoleOfficer)}
	for _, c := range []network.RightChannel{network.RightByPhone, network.RightByPost} {
		if v.n.Rights.Takes(c) && (c == network.RightByPhone || p.Post) {
			p.Channels = append(p.Channels, ui.Option{Value: string(c), Label: v.rightChannel(c)})
		}
	}
	p.Details = v.detailInputs(network.DetailAddress)
	return p, nil
}

func (v *visit) caseNewSend() error {
	if err := v.parse(); err != nil {
		return err
	}
	in := v.readCase(network.RightChannel(v.value("channel")))
	if day := v.value("received"); day != "" && in.Channel == network.RightByPost {
		at, err := time.ParseInLocation(time.DateOnly, day, geo.Paris())
		if err != nil {
			at = v.DB.Now().AddDate(1, 0, 0) // refused with the field's own words
		}
		in.Received = at
	}
	o, err := v.Inbox.Open(v.ctx, v.actor, in)
	if err != nil {
		return v.invalid(err, v.caseNewPage)
	}
	v.say(ui.Good, v.lang.Tf("Dossier %s ouvert. La personne reçoit son lien de suivi.", "Case %s opened. The person gets a link to follow it.", o.Ref))
	if v.actor.Can(auth.CaseRead) {
		return v.to("/dossiers/" + o.ID)
	}
	return v.to("/dossiers/nouveau")
}

func (v *visit) caseFile() error { return v.showing(v.casePage(ui.Form{})) }

func (v *visit) casePage(form ui.Form) (ui.View, error) {
	f, err := v.Inbox.Read(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	path := "/dossiers/" + f.ID
	p := ui.CaseFile{Space: v.watching("cases"), Form: form, Action: path, Reference: f.Ref, Title: v.rightName(f.Asked), Status: v.caseStatus(f.Case), Due: f.Due, Running: f.Running() || f.State == inbox.Letter,
		Waiting: f.State == inbox.Waiting, MayAsk: f.MayAsk && f.Proved.IsZero(), Asked: v.namedOptions(), Scopes: v.scopeOptions(),
		Audit: v.lang.T("Chaque ouverture de cette page est notée au journal.", "Each opening of this page is noted in the audit trail.")}
	p.MayExtend = f.State == inbox.Open && !f.Network.Rights.Extended.IsZero() && !f.Extended && v.DB.Now().Before(f.Due)
	p.Purposes, p.Consents = v.purposeOptions(network.Consumer, network.Professional), v.consentOptions()
	v.caseFacts(&p, f)
	if f.Lift != nil {
		p.Facts = append(p.Facts, ui.Fact{Label: v.lang.T("Levée du gel", "End of the freeze"), Value: v.liftWords(f.Lift)})
	}
	v.caseOppositions(&p, f)
	if err := v.caseReviews(&p, f); err != nil {
		return nil, err
	}
	if err := v.caseDeath(&p, f); err != nil {
		return nil, err
	}
	for _, l := range f.Letters {
		shown := v.letterShown(l, f.Name)
		if l.Whole {
			shown.Raw = path + "/courrier/" + l.ID
		}
		p.Letters = append(p.Letters, shown)
	}
	names := map[string]string{}
	for _, who := range f.People {
		cp := ui.CasePerson{ID: who.ID, Name: who.Name, Contact: who.Contact, Kind: v.say2(who.Whose.Label())}
		if cp.Name == "" {
			cp.Name = v.lang.T("Effacé", "Erased")
		}
		for _, r := range who.Requests {
			cp.Requests = append(cp.Requests, ui.Link{Text: r.Ref, Href: "/demandes/" + r.ID})
		}
		p.People = append(p.People, cp)
	}
	var pros []string
	for _, t := range f.Told {
		if t.Whose == "professional" {
			pros = append(pros, t.Recipient)
		}
	}
	contacts, err := v.Pros.Contacts(v.ctx, pros...)
	if err != nil {
		return nil, err
	}
	for id, c := range contacts {
		names[id] = c.Company
	}
	names["member"] = f.Details[network.DetailMember]
	if p.Running && v.n.Rights.Takes(network.RightByMember) && !slices.ContainsFunc(f.Told, func(t inbox.Told) bool { return t.What == inbox.Shared }) {
		p.Member = &ui.CaseMember{Name: f.Details[network.DetailMember]}
	}
	for _, t := range f.Told {
		p.Told = append(p.Told, v.toldShown(t, names))
	}
	people, err := v.people(f.Events)
	if err != nil {
		return nil, err
	}
	for _, e := range f.Events {
		p.Steps = append(p.Steps, ui.Step{At: e.At, Tone: stepTone(e.Kind), Text: v.caseStep(e), By: people[e.Actor]})
	}
	if f.Asked == network.RightRestriction && f.State == inbox.Answered {
		p.Do = append(p.Do, v.freezing(p.Action, f)...)
	}
	if p.Running {
		if err := v.caseWork(&p, f); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (v *visit) caseFacts(p *ui.CaseFile, f inbox.File) {
	add := func(label, value string) {
		if value != "" {
			p.Facts = append(p.Facts, ui.Fact{Label: label, Value: value})
		}
	}
	add(v.lang.T("Reçu le", "Received on"), v.lang.Date(f.Received.In(geo.Paris()))+", "+v.rightChannel(f.Channel))
	if f.Agreed != "" {
		add(v.lang.T("Accord", "Consent"), f.Agreed)
	} else if f.Asked == network.RightUnnamed && inbox.Messages(v.n) {
		add(v.lang.T("Accord", "Consent"), v.lang.T("la personne nous a écrit ou appelés d’elle-même", "the person wrote or called of their own accord"))
	}
	add(v.lang.T("De", "From"), f.Name)
	add("E-mail", f.Email)
	add(v.lang.T("Téléphone", "Telephone"), f.Phone)
	for _, d := range []network.RightDetail{network.DetailAddress, network.DetailReference, network.DetailBrand, network.DetailContacted, network.DetailCountry, network.DetailMember, network.DetailMemberEmail} {
		add(v.say2(detailLabels[d]), f.Details[d])
	}
	var sets []string
	for _, id := range f.Scopes {
		s, ok := f.Network.Rights.Scope(id)
		if k, is := f.Network.Consent(id); is && f.Asked == network.RightWithdrawal {
			s.Label = k.Wording
		} else if !ok {
			s.Label = privacy.PurposeLabel(f.Network, id)
		}
		sets = append(sets, v.say2(s.Label))
	}
	switch f.Asked {
	case network.RightWithdrawal:
		add(v.lang.T("Accords retirés", "Consents withdrawn"), document.Lang(v.lang).Series(sets))
	case network.RightObjection:
		add(v.lang.T("Usages refusés", "Uses objected to"), document.Lang(v.lang).Series(sets))
	default:
		add(v.lang.T("À effacer", "To be erased"), document.Lang(v.lang).Series(sets))
	}
	add(v.lang.T("Doute", "Doubt"), f.Doubt)
	add(v.lang.T("Prolongé parce que", "Extended because"), f.Reasons)
	if !f.Proved.IsZero() {
		add(v.lang.T("Identité", "Identity"), v.lang.T("lit cette adresse ou ce numéro, montré par un code", "reads this address or number, shown by a code"))
	}
	if f.Answer != "" {
		add(v.lang.T("Réponse", "Answer"), f.Answer)
	}
}

// people names the accounts behind events.
func (v *visit) people(events []inbox.Event) (map[string]string, error) {
	names := map[string]string{"system": v.lang.T("le logiciel", "the software"), "link": v.lang.T("la personne", "the person"), "visitor": v.lang.T("la personne", "the person")}
	for _, e := range events {
		if _, known := names[e.Actor]; known || e.Actor == "" {
			continue
		}
		a, err := v.Auth.Get(v.ctx, e.Actor)
		if err != nil && fault.Of(err) == nil {
			return nil, err
		}
		names[e.Actor] = a.Name
	}
	return names, nil
}

func stepTone(kind string) ui.Tone {
	switch kind {
	case inbox.EvLate, inbox.EvRefused:
		return ui.Bad
	case inbox.EvSoon, inbox.EvDoubt:
		return ui.Wait
	}
	return ui.Good
}

func (v *visit) caseStep(e inbox.Event) string {
	words := map[string][2]string{inbox.EvOpened: {"Dossier ouvert", "Case opened"}, inbox.EvTied: {"Personne rattachée", "Person tied"}, inbox.EvLetter: {"Complété", "Added to"}, inbox.EvProved: {"Adresse ou numéro prouvé par un code", "Address or number proved by a code"},
		inbox.EvDoubt: {"Preuve d’identité demandée, délai arrêté", "Proof of identity asked, clock stopped"}, inbox.EvIdentified: {"Identité confirmée, preuve détruite", "Identity confirmed, proof destroyed"}, inbox.EvExtended: {"Délai prolongé", "Clock extended"},
		inbox.EvNamed: {"Droit précisé", "Right named"}, inbox.EvTold: {"Destinataire averti", "Recipient told"}, inbox.EvAck: {"Destinataire a confirmé", "Recipient confirmed"}, inbox.EvAnswered: {"Réponse envoyée", "Answer sent"},
		inbox.EvRefused: {"Refus envoyé", "Refusal sent"}, inbox.EvJoined: {"Joint à un autre dossier", "Joined to another case"}, inbox.EvSoon: {"Échéance proche, vous êtes averti", "Clock about to end, you were told"}, inbox.EvLate: {"Délai dépassé", "Clock has run out"},
		inbox.EvShared: {"Entreprise membre avertie", "Member company told"}, inbox.EvOpenedCopy: {"Copie ouverte par la personne", "Copy opened by the person"}, "untied": {"Personne détachée", "Person untied"}}
	if e.Kind == inbox.EvDone {
		return v.doneWords(e.Object)
	}
	w, ok := words[e.Kind]
	if !ok {
		return e.Kind
	}
	return v.lang.T(w[0], w[1])
}

// caseWork is what the officer may do, each act with its effect in words before it is done.
func (v *visit) caseWork(p *ui.CaseFile, f inbox.File) error {
	vars := map[string]string{"name": f.Name, "ref": f.Ref, "received": geo.Date(f.Received.In(geo.Paris()), f.Lang), "site": v.n.Operator.Name}
	for _, a := range f.Network.Rights.Answers {
		p.Templates = append(p.Templates, ui.Link{Text: a.ID, Href: p.Action + "?modele=" + a.ID + "#answer"})
	}
	for _, r := range f.Network.Rights.Refusals {
		p.Refusals = append(p.Refusals, ui.Option{Value: r.ID, Label: v.say2(r.Text)})
	}
	kept := ""
	switch f.Asked {
	case network.RightAccess, network.RightPortability:
		p.Copy = p.Action + "/copie"
	case network.RightRectification:
		fixes, err := v.Inbox.Fixable(v.ctx, v.actor, f)
		if err != nil {
			return err
		}
		for _, x := range fixes {
			p.Fix = append(p.Fix, ui.CaseFix{ID: x.Person, Name: x.Name, Company: x.Company, Phone: x.Phone, Email: x.Email})
		}
	case network.RightErasure:
		effects, err := v.Inbox.Foresee(v.ctx, v.actor, f.ID)
		if err != nil {
			return err
		}
		gone, stays := v.effectWords(effects, string(v.lang))
		_, kept = v.effectWords(effects, f.Lang)
		if gone != "" {
			p.Do = append(p.Do, ui.Action{Label: v.lang.T("Effacer", "Erase"), Href: p.Action, Danger: true, Key: "e", Hidden: []ui.Hidden{{Name: "do", Value: "erase"}},
				Effect: strings.TrimSpace(v.lang.Tf("Seront effacés pour toujours : %s. Ceux qui les ont reçus sont avertis.", "Erased for good: %s. Those who received it are told.", gone) + " " + stays)})
		}
	case network.RightRestriction:
		p.Do = append(p.Do, v.freezing(p.Action, f)...)
	case network.RightClosing:
		p.Do = append(p.Do, ui.Action{Label: v.lang.T("Fermer son accès", "Close the access"), Href: p.Action, Key: "e", Danger: true, Hidden: []ui.Hidden{{Name: "do", Value: "end-access"}},
			Effect: v.lang.T("Sans frais ni préavis : plus rien ne lui est proposé, il ne se connecte plus, et le délai de conservation commence.", "At no cost and without notice: nothing more is offered, no more sign-in, and the time of what is kept begins.")})
	case network.RightObjection:
		if len(f.Scopes) > 0 {
			p.Do = append(p.Do, ui.Action{Label: v.lang.T("Arrêter ces usages", "Stop these uses"), Href: p.Action, Key: "e", Hidden: []ui.Hidden{{Name: "do", Value: "apply"}},
				Effect: v.lang.T("Les usages nommés s’arrêtent à l’instant pour les personnes rattachées. Ceux qui le sont déjà le restent.", "The uses named stop at once for the people tied. Those stopped already stay so.")})
		}
	case network.RightWithdrawal, network.RightProspecting:
		p.Do = append(p.Do, ui.Action{Label: v.lang.T("Retirer ses accords", "Withdraw their consents"), Href: p.Action, Key: "e", Hidden: []ui.Hidden{{Name: "do", Value: "apply"}},
			Effect: v.lang.T("Les accords des personnes rattachées sont retirés à l’instant. Ceux qui le sont déjà le restent.", "The consents of the people tied are withdrawn at once. Those withdrawn already stay so.")})
	}
	if id := v.r.URL.Query().Get("modele"); id != "" && p.Form.Values == nil {
		text := f.Network.RightAnswer(id, f.Lang, vars)
		if kept != "" {
			text += "\n\n" + kept
		}
		p.Form.Values = map[string][]string{"text": {text}}
	}
	return nil
}

// effectWords says what an erasure takes and what law leaves, in a language.
func (v *visit) effectWords(effects []inbox.Effect, lang string) (gone, stays string) {
	var erased, kept, left []string
	seen := map[string]bool{}
	for _, e := range effects {
		for _, c := range e.Erased {
			if label := c.Label().Say(lang); !seen[label] {
				seen[label] = true
				erased = append(erased, label)
			}
		}
		for _, s := range e.Kept {
			if line := v.survivorWords(s, lang); !seen[line] {
				seen[line] = true
				kept = append(kept, line)
			}
		}
		for _, s := range e.Left {
			if line := v.survivorWords(s, lang); !seen[line] {
				seen[line] = true
				left = append(left, line)
			}
		}
	}
	if len(kept) > 0 {
		stays = fault.T("Restent conservés, à l’écart : ", "Kept apart: ").Say(lang) + document.Lang(lang).Series(kept) + "."
	}
	if len(left) > 0 {
		stays = strings.TrimSpace(stays + " " + fault.T("Restent, car vous ne les avez pas désignés : ", "Remain, since you did not name them: ").Say(lang) + document.Lang(lang).Series(left) + ".")
	}
	return document.Lang(lang).Series(erased), stays
}

// survivorWords is what stays, for what, and until when where that is known.
func (v *visit) survivorWords(s privacy.Survivor, lang string) string {
	why := fault.T("gel pour un litige ou une enquête", "hold for a dispute or an inquiry")
	if p, ok := v.n.Purpose(s.Purpose); ok {
		why = p.Label
	}
	var data []string
	for _, c := range s.Categories {
		data = append(data, network.Category(c).Label().Say(lang))
	}
	line := strings.Join(data, ", ") + " (" + why.Say(lang)
	if !s.Until.IsZero() {
		line += fault.Tf(", jusqu’au %s", ", until %s", geo.Date(s.Until.In(geo.Paris()), lang)).Say(lang)
	}
	return line + ")"
}

func (v *visit) caseCopy() error {
	c, err := v.Inbox.Preview(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.show(v.copyPage(c))
}

// caseRaw hands a mail over as it came, to be kept or opened elsewhere; a browser shows nothing of it.
func (v *visit) caseRaw() error {
	raw, err := v.Inbox.Raw(v.ctx, v.actor, v.r.PathValue("id"), v.r.PathValue("letter"))
	if err != nil {
		return err
	}
	return v.file("application/octet-stream", `attachment; filename="courrier.eml"`, raw)
}

// caseDo is every act on a case.
func (v *visit) caseDo() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	back := "/dossiers/" + id
	var err error
	good := v.lang.T("C’est fait.", "Done.")
	switch v.value("do") {
	case "answer":
		err = v.Inbox.Answer(v.ctx, v.actor, id, inbox.Reply{Text: v.value("text"), Refusal: v.value("refusal")})
		good = v.lang.T("La réponse est partie, le dossier est clos.", "The answer has been sent, the case is closed.")
	case "extend":
		err = v.Inbox.Extend(v.ctx, v.actor, id, v.value("reasons"))
	case "doubt":
		err = v.Inbox.Doubt(v.ctx, v.actor, id, v.value("doubt"))
	case "identified":
		err = v.Inbox.Identified(v.ctx, v.actor, id)
	case "name":
		asked := network.Right(v.value("asked"))
		err = v.Inbox.Name(v.ctx, v.actor, id, asked, v.scopesAsked(asked))
	case "tie":
		err = v.Inbox.Tie(v.ctx, v.actor, id, v.value("ref"))
	case "untie":
		err = v.Inbox.Untie(v.ctx, v.actor, id, v.value("person"))
	case "join":
		var into string
		if into, err = v.Inbox.Find(v.ctx, v.actor, v.value("into")); err == nil {
			err = v.Inbox.Join(v.ctx, v.actor, id, into)
		}
	case "rectify":
		err = v.Inbox.Rectify(v.ctx, v.actor, id, inbox.Fix{Person: v.value("person"), Name: v.value("fix_name"), Company: v.value("fix_company"), Phone: v.value("fix_phone"), Email: v.value("fix_email")})
		good = v.lang.T("C’est corrigé, et ceux qui avaient ces données sont avertis.", "Corrected, and those who had this data have been told.")
	case "erase":
		_, err = v.Inbox.Erase(v.ctx, v.actor, id)
		good = v.lang.T("C’est effacé, et ceux qui avaient ces données sont avertis.", "Erased, and those who had this data have been told.")
	case "restrict":
		err = v.Inbox.Restrict(v.ctx, v.actor, id)
	case "announce-lift":
		err = v.Inbox.AnnounceLift(v.ctx, v.actor, id, v.value("way"))
		good = v.lang.T("La levée est annoncée. Rien ne change avant le jour dit.", "The lifting is announced. Nothing changes before that day.")
	case "recall-lift":
		err = v.Inbox.RecallLift(v.ctx, v.actor, id)
		good = v.lang.T("Le gel continue, la personne en est prévenue.", "The freeze goes on, and the person is told.")
	case "objection-granted", "objection-grounds":
		err = v.Inbox.Decide(v.ctx, v.actor, id, inbox.Verdict{Person: v.value("person"), Purpose: v.value("purpose"), Granted: v.value("do") == "objection-granted", Grounds: v.value("grounds")})
	case "direct":
		err = v.Inbox.DirectFor(v.ctx, v.actor, id, v.readDirecting())
	case "death":
		err = v.Inbox.Declare(v.ctx, v.actor, id, inbox.Death{Directive: v.value("directive"), Proof: v.value("proof")})
		good = v.lang.T("La directive est exécutée.", "The directive has been carried out.")
	case "end-access":
		err = v.Inbox.EndAccess(v.ctx, v.actor, id)
		good = v.lang.T("L’accès est fermé.", "The access is closed.")
	case "share":
		err = v.Inbox.Share(v.ctx, v.actor, id, v.value("member"), v.value("member_email"))
		good = v.lang.T("L’entreprise membre est avertie, sans donnée de la personne.", "The member company has been told, without data of the person.")
	case "review":
		err = v.Inbox.Review(v.ctx, v.actor, id, inbox.Conclusion{Request: v.value("request"), Changed: v.value("changed") == "yes", Words: v.value("conclusion")})
		good = v.lang.T("La conclusion est partie, le dossier est clos.", "The conclusion has been sent, the case is closed.")
	case "apply":
		err = v.Inbox.Apply(v.ctx, v.actor, id)
	default:
		return errForm
	}
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		return v.invalid(err, v.casePage)
	}
	return v.did(back, good, err)
}
