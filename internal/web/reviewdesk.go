package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// The moderators' desk: one queue of reviews, reports and appeals, the case beside it.

func reviewDeskRoutes() []route {
	return []route{
		{"GET", "/equipe/avis", space, staff, 0, (*visit).reviewDesk},
		{"GET", "/equipe/avis/pieces/{id}", space, staff, 0, (*visit).reviewPaper},
		{"GET", "/equipe/avis/exclus", space, staff, 0, (*visit).reviewBans},
		{"GET", "/equipe/avis/chiffres", space, staff, 0, (*visit).reviewDeskFigures},
		{"POST", "/equipe/avis/{id}/decision", space, staff, 0, (*visit).reviewDecide},
		{"POST", "/equipe/avis/{id}/document", space, staff, 0, (*visit).reviewAsk},
		{"POST", "/equipe/avis/{id}/appel", space, staff, 0, (*visit).reviewCalled},
		{"POST", "/equipe/avis/{id}/retrait", space, staff, 0, (*visit).reviewRemove},
		{"POST", "/equipe/avis/{id}/exclusion", space, staff, 0, (*visit).reviewBan},
		{"POST", "/equipe/avis/{id}/recours", space, staff, 0, (*visit).reviewAppeal},
		{"POST", "/equipe/avis/{id}/signalement", space, staff, 0, (*visit).reviewRule},
	}
}

const deskMost = 200

func (v *visit) reviewDesk() error {
	if ref := strings.TrimSpace(v.r.URL.Query().Get("ref")); ref != "" {
		version, err := v.Reviews.Find(v.ctx, v.actor, ref)
		if err != nil {
			return v.did("/equipe/avis", "", conflicting(err))
		}
		return v.to("/equipe/avis?c=" + version)
	}
	return v.showing(v.reviewDeskPage(v.r.URL.Query().Get("c"), ui.Form{}))
}

// conflicting makes a reference that nothing bears a sentence on the page instead of a page of its own.
func conflicting(err error) error {
	if f := fault.Of(err); f != nil && f.Kind == fault.Missing {
		return fault.New(fault.Conflict, f.Code, fault.T("Aucun avis ne porte cette référence.", "No review bears this reference."))
	}
	return err
}

// waitTitle says what waits.
func (v *visit) waitTitle(w review.Wait) string {
	switch w.Kind {
	case review.WaitsReport:
		return v.lang.T("Signalement", "Report")
	case review.WaitsAppeal:
		return v.lang.T("Contestation", "Appeal")
	}
	if w.Revision {
		return v.lang.T("Modification", "Change")
	}
	return v.lang.T("Avis", "Review")
}

func (v *visit) reviewDeskPage(open string, form ui.Form) (ui.View, error) {
	waits, err := v.Reviews.Desk(v.ctx, v.actor, deskMost)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(waits))
	for i, w := range waits {
		ids[i] = w.Pro
	}
	members, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return nil, err
	}
	p := ui.ReviewDesk{Space: v.spaceFrame(), Form: form}
	for i, w := range waits {
		d := ui.Due{Queue: v.waitTitle(w), Title: members[w.Pro].Company, Href: "/equipe/avis?c=" + w.ID, Since: w.At, By: w.Due}
		switch {
		case w.Drawn:
			d.Detail = v.lang.T("tiré au sort : contrôle à faire", "drawn: control to be made")
		case !w.Awaits.IsZero():
			d.Detail = v.lang.Tf("document attendu jusqu’au %s", "document awaited until %s", v.lang.Date(p.At(w.Awaits)))
		case w.Arrived:
			d.Detail = v.lang.T("document arrivé", "document arrived")
		}
		p.Due = append(p.Due, d)
		if w.ID == open {
			if i > 0 {
				p.Before = "/equipe/avis?c=" + waits[i-1].ID
			}
			if i+1 < len(waits) {
				p.Next = "/equipe/avis?c=" + waits[i+1].ID
			}
		}
	}
	if open != "" {
		p.Open, err = v.reviewCase(open)
	}
	return p, err
}

// reviewCase opens a version, a report or an appeal by its id.
func (v *visit) reviewCase(id string) (*ui.ReviewCase, error) {
	c := &ui.ReviewCase{ID: id, Action: "/equipe/avis/" + id}
	version := id
	switch {
	case strings.HasPrefix(id, "rvt_"):
		r, err := v.Reviews.ReadReport(v.ctx, v.actor, id)
		if err != nil {
			return nil, err
		}
		version = r.Version
		c.Report = v.reportShown(r)
	case strings.HasPrefix(id, "rva_"):
		a, err := v.Reviews.Appealed(v.ctx, v.actor, id)
		if err != nil {
			return nil, err
		}
		version = a.Version
		if c.Appeal, err = v.appealShown(a); err != nil {
			return nil, err
		}
	}
	f, err := v.Reviews.Read(v.ctx, v.actor, version)
	if err != nil {
		return nil, err
	}
	n, l := v.n, v.lang
	c.Title = l.Tf("Avis %s sur %s", "Review %s of %s", f.Ref(), f.Invitation.Company())
	c.Status = v.reviewStatus(f.Review)
	c.Waits = f.Waits && c.Report == nil && c.Appeal == nil
	if c.Report != nil {
		c.Report.Gone = f.State != review.Published
	}
	if f.Gone {
		c.Gone = l.T("Ce que disait cet avis a été effacé.", "What this review said was erased.")
	} else if err := v.reviewWords(c, f); err != nil {
		return nil, err
	}
	if c.Waits {
		hints, err := v.Reviews.Hints(v.ctx, v.actor, f)
		if err != nil {
			return nil, err
		}
		for _, h := range hints {
			c.Hints = append(c.Hints, ui.HintShown{What: v.say2(h.What), Why: v.say2(h.Why)})
		}
	}
	for _, r := range n.Reviews.Refusals {
		c.Reasons = append(c.Reasons, ui.Option{Value: r.ID, Label: v.say2(r.Text)})
	}
	for _, k := range network.ReviewChecks() {
		c.Checks = append(c.Checks, ui.Input{Name: "check-" + string(k), Label: v.checkName(k), Options: []ui.Option{{Value: "holds", Label: l.T("Oui", "Yes")}, {Value: "fails", Label: l.T("Non", "No")}}})
	}
	for _, o := range review.CallOutcomes() {
		c.Outcomes = append(c.Outcomes, ui.Option{Value: o, Label: v.callOutcome(o)})
	}
	c.Effect = l.T("Publier : l’avis paraît tel qu’il est écrit, son auteur en est averti, et la chaîne publique de l’entreprise le compte.", "Publishing: the review appears as it is written, its author is told, and the company’s public chain counts it.")
	c.Refusal = l.Tf("Refuser : rien n’est publié, l’auteur reçoit le motif et peut contester pendant %s. L’un et l’autre partent aussitôt.", "Refusing: nothing is published, the author gets the reason and can contest it for %s. Either goes out at once.", v.say2(n.Reviews.Appeal.Text()))
	now := v.DB.Now()
	for _, p := range f.Papers {
		x := ui.PaperShown{Label: map[string]string{review.OfAuthor: l.T("Demandé à l’auteur", "Asked of the author"), review.OfMember: l.T("Demandé à l’entreprise", "Asked of the company")}[p.Whom]}
		switch {
		case p.State == "received":
			x.Status, x.Href = ui.Status{Tone: ui.Good, Text: l.T("Reçu", "Received")}, "/equipe/avis/pieces/"+p.ID
		case p.State == "destroyed":
			x.Status = ui.Status{Tone: ui.Quiet, Text: l.T("Détruit avec la décision", "Destroyed with the decision")}
		case now.Before(p.Due):
			x.Status = ui.Status{Tone: ui.Wait, Text: l.Tf("Attendu jusqu’au %s", "Awaited until %s", l.Date(v.frame(nil).At(p.Due)))}
			c.Blocked = l.T("Un document est attendu : la décision vient quand il arrive, ou que son délai passe.", "A document is awaited: the decision comes when it arrives, or its time is over.")
		default:
			x.Status = ui.Status{Tone: ui.Bad, Text: l.T("Délai passé", "Time is over")}
		}
		c.Papers = append(c.Papers, x)
	}
	if f.Drawn && !f.Called {
		c.Blocked = l.T("Cet avis est tiré au sort : notez d’abord le contrôle. Personne n’a choisi de le contrôler.", "This review was drawn at random: log the control first. Nobody chose to control it.")
	}
	c.CanPull = f.State == review.Published && c.Report == nil && c.Appeal == nil
	if c.CanPull {
		c.Reasons = append(c.Reasons, ui.Option{Value: review.ByAuthor, Label: l.T("L’auteur l’a demandé", "Its author asked for it")})
	}
	c.CanBan = f.MayBan
	c.BanTell = l.Tf("L’auteur ne pourra déposer d’avis sur aucune entreprise pendant %s. Il en est averti aussitôt, et peut contester.", "The author will be able to deposit no review of any company for %s. He is told at once, and can contest.", v.banTime())
	return c, v.reviewSteps(c, f)
}

func (v *visit) banTime() string {
	p, _ := v.n.Purpose(v.n.Reviews.Uses.Ban)
	return v.say2(p.Keep.For.Text())
}

func (v *visit) checkName(k network.ReviewCheck) string {
	return v.say2(map[network.ReviewCheck]fault.Text{network.CheckPerson: fault.T("L’auteur est une personne réelle", "The author is a real person"),
		network.CheckExperience: fault.T("L’expérience est authentique", "The experience is authentic"), network.CheckContent: fault.T("Le contenu est licite", "The content is lawful")}[k])
}

func (v *visit) callOutcome(o string) string {
	return v.say2(map[string]fault.Text{review.CallConfirmed: fault.T("L’auteur confirme", "The author confirms"), review.CallDoubtful: fault.T("Ce qu’il dit ne concorde pas", "What he says does not fit"),
		review.CallDeclined: fault.T("Il ne souhaite pas répondre", "He does not wish to answer"), review.CallUnreached: fault.T("Injoignable", "Not reached")}[o])
}

func (v *visit) reviewStatus(r review.Review) ui.Status {
	switch r.State {
	case review.Published:
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Publié", "Published")}
	case review.Refused:
		return ui.Status{Tone: ui.Bad, Text: v.lang.T("Refusé", "Refused")}
	case review.Removed:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Retiré", "Taken off")}
	}
	return ui.Status{Tone: ui.Wait, Text: v.lang.T("En attente", "Waiting")}
}

// reviewWords are what was asked and answered, and by whom.
func (v *visit) reviewWords(c *ui.ReviewCase, f review.File) error {
	asked, err := v.Editions.Get(v.ctx, f.Edition)
	if err != nil {
		return err
	}
	l := v.lang
	if q, ok := asked.Reviews.Questionnaire(f.Questionnaire); ok {
		a := review.Asked{Invitation: f.Invitation, Questionnaire: q, Form: asked.QuestionForm(q)}
		c.Asked, c.Comment = v.answered(a, f.Review)
	}
	add := func(label, value string) {
		if value != "" {
			c.Author = append(c.Author, ui.Fact{Label: label, Value: value})
		}
	}
	who := f.Invitation.Who
	add(l.T("Nom", "Name"), who.Name)
	add("E-mail", who.Email)
	add(l.T("Téléphone", "Phone"), phone.Display(who.Phone))
	add(l.T("Invité par", "Invited by"), v.say2(map[review.Source]fault.Text{review.FromMember: fault.T("l’entreprise", "the company"), review.FromOperator: fault.T("notre équipe", "our team"),
		review.FromIntroduction: fault.T("une mise en relation", "an introduction"), review.FromSpontaneous: fault.T("lui-même : demande spontanée", "himself: a request of his own")}[f.Invitation.Source]))
	if said := f.Invitation.Experience; said != f.Experience {
		add(l.T("L’entreprise avait dit", "The company had said"), joinWords(said.Service, v.typedDay(said.On)))
	}
	return nil
}

var stepWords = map[string]fault.Text{
	review.EvDeposited: fault.T("Déposé", "Deposited"), review.EvDrawn: fault.T("Tiré au sort pour un contrôle", "Drawn for a control"), review.EvPublished: fault.T("Publié", "Published"),
	review.EvRefused: fault.T("Refusé", "Refused"), review.EvRemoved: fault.T("Retiré du site", "Taken off the site"), review.EvChecked: fault.T("Vérification", "Check"), review.EvCalled: fault.T("Contrôle par téléphone", "Control call"),
	review.EvAsked: fault.T("Document demandé", "Document asked for"), review.EvReceived: fault.T("Document reçu", "Document received"), review.EvAppealed: fault.T("Décision contestée", "Decision contested"),
	review.EvUpheld: fault.T("Décision maintenue", "Decision upheld"), review.EvReversed: fault.T("Décision annulée", "Decision reversed"), review.EvReported: fault.T("Signalé", "Reported"),
	review.EvKept: fault.T("Signalement examiné : l’avis reste", "Report examined: the review stays"), review.EvBanned: fault.T("Auteur exclu", "Author banned"), review.EvLifted: fault.T("Exclusion levée", "Ban lifted"),
}

func (v *visit) reviewSteps(c *ui.ReviewCase, f review.File) error {
	var accounts []string
	for _, e := range f.Events {
		if strings.HasPrefix(e.Actor, "acc_") {
			accounts = append(accounts, e.Actor)
		}
	}
	names, err := v.Auth.Names(v.ctx, accounts...)
	if err != nil {
		return err
	}
	for _, e := range f.Events {
		said, ok := stepWords[e.Kind]
		if !ok {
			said = wishSteps[e.Kind] // before the questionnaire went
		}
		text := v.say2(said)
		if object := v.stepObject(e); object != "" {
			text += v.lang.T(" : ", ": ") + object
		}
		c.Steps = append(c.Steps, ui.ReviewStep{Step: ui.Step{At: e.At, Text: text, By: names[e.Actor]}, Words: e.Words})
	}
	return nil
}

func (v *visit) stepObject(e review.Event) string {
	l := v.lang
	switch e.Kind {
	case review.EvChecked:
		k, outcome, _ := strings.Cut(e.Object, " ")
		return v.checkName(network.ReviewCheck(k)) + ", " + map[bool]string{true: l.T("oui", "yes"), false: l.T("non", "no")}[outcome == "holds"]
	case review.EvCalled:
		return v.callOutcome(e.Object)
	case review.EvRefused, review.EvRemoved:
		if r, ok := v.n.Reviews.Refusal(e.Object); ok {
			return v.say2(r.Text)
		}
		return v.say2(map[string]fault.Text{review.ByAuthor: fault.T("à la demande de l’auteur", "its author asked for it"), review.MemberLeft: fault.T("l’entreprise a quitté le réseau", "the company left the network"),
			review.TimeOver: fault.T("publié aussi longtemps qu’annoncé", "published for as long as announced"), review.Erased: fault.T("auteur effacé", "author erased")}[e.Object])
	case review.EvReported, review.EvKept:
		return v.reportReason(e.Object)
	case review.EvUpheld, review.EvReversed:
		if e.Object == "again" {
			return l.T("second regard de la même personne, seule à modérer", "second look by the same person, the only moderator")
		}
		return l.T("par une autre personne que la première", "by another person than the first")
	case review.EvAsked, review.EvReceived:
		return map[string]string{review.OfAuthor: l.T("l’auteur", "the author"), review.OfMember: l.T("l’entreprise", "the company")}[e.Object]
	}
	return ""
}

func (v *visit) reportReason(id string) string {
	for _, r := range v.n.Reviews.Reports {
		if r.ID == id {
			return v.say2(r.Text)
		}
	}
	return id
}

func (v *visit) reportShown(r review.Report) *ui.ReportShown {
	l := v.lang
	s := &ui.ReportShown{Words: r.Words, Open: r.Open, Last: v.frame(nil).At(v.DB.Now().AddDate(1, 0, 0)).Format(time.DateOnly),
		Verdict: []ui.Option{{Value: "keep", Label: l.T("L’avis reste publié", "The review stays published")}, {Value: "remove", Label: l.T("L’avis est retiré", "The review is taken off")}}}
	add := func(label, value string) { s.Facts = append(s.Facts, ui.Fact{Label: label, Value: value}) }
	add(l.T("Référence", "Reference"), r.Ref)
	add(l.T("Motif", "Reason"), v.reportReason(r.Reason))
	add(l.T("De", "From"), joinWords(r.Name, r.Email))
	if r.ByMember {
		add(l.T("Qui est", "Who is"), l.T("l’entreprise dont parle l’avis", "the company that the review is about"))
	}
	if r.Before > 0 {
		add(l.T("Du même auteur", "By the same person"), l.Tf("%d autres signalements, dont %d non suivis et %d abusifs", "%d other reports, %d of them not followed and %d abusive", r.Before, r.Unfounded, r.Abusive))
	}
	if !r.Open {
		add(l.T("Décision", "Decision"), joinWords(v.say2(map[string]fault.Text{"upheld": fault.T("l’avis reste", "the review stays"), "removed": fault.T("l’avis est retiré", "the review was taken off"), "gone": fault.T("il n’était plus publié", "it was no longer published")}[r.State]), r.Answer))
	}
	return s
}

func (v *visit) appealShown(a review.Appeal) (*ui.AppealShown, error) {
	names, err := v.Auth.Names(v.ctx, a.FirstBy)
	l := v.lang
	s := &ui.AppealShown{Open: a.State == "open", Look: l.T("Une autre personne que la première regarde.", "Another person than the first looks."),
		Verdict: []ui.Option{{Value: "uphold", Label: l.T("La décision est maintenue", "The decision is upheld")}, {Value: "reverse", Label: l.T("La décision est annulée", "The decision is reversed"), Hint: v.reversal(a.What)}}}
	s.Facts = []ui.Fact{{Label: l.T("Décision contestée", "Decision contested"), Value: v.ruling(a.What)}, {Label: l.T("Prise par", "Made by"), Value: names[a.FirstBy]}}
	if r, ok := v.n.Reviews.Refusal(a.Object); ok {
		s.Facts = append(s.Facts, ui.Fact{Label: l.T("Motif", "Reason"), Value: v.say2(r.Text)})
	}
	if a.Alone {
		s.Look = l.T("Personne d’autre ne modère : c’est un second regard, daté et dit à l’auteur.", "Nobody else moderates: this is a second look, dated and said to the author.")
	}
	if s.Open && a.Mine {
		s.Blocked = l.T("Vous avez pris cette décision : une autre personne de l’équipe la revoit.", "You made this decision: another member of the team looks at it again.")
	}
	return s, err
}

func (v *visit) ruling(what string) string {
	return v.say2(map[string]fault.Text{review.OfRefusal: fault.T("Avis refusé", "Review refused"), review.OfRemoval: fault.T("Avis retiré", "Review taken off"), review.OfBan: fault.T("Exclusion", "Ban")}[what])
}

func (v *visit) reversal(what string) string {
	if what == review.OfBan {
		return v.lang.T("L’exclusion est levée.", "The ban is lifted.")
	}
	return v.lang.T("L’avis est publié, et l’auteur en est averti.", "The review is published, and its author is told.")
}

// reviewDone comes back with the case as it is after a step.
func (v *visit) reviewDone(good string, err error) error {
	id := v.r.PathValue("id")
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.reviewDeskPage(id, f) })
	}
	return v.did("/equipe/avis?c="+id, good, nil)
}

// reviewRuled goes on with the next case after a decision, the oldest that can be decided.
func (v *visit) reviewRuled(good string, err error) error {
	if err != nil {
		return v.reviewDone("", err)
	}
	waits, err := v.Reviews.Desk(v.ctx, v.actor, deskMost)
	if err != nil {
		return err
	}
	to := "/equipe/avis"
	if i := slices.IndexFunc(waits, func(w review.Wait) bool { return w.Awaits.IsZero() }); i >= 0 {
		to += "?c=" + waits[i].ID
	}
	return v.did(to, good, nil)
}

func (v *visit) reviewDecide() error {
	if err := v.parse(); err != nil {
		return err
	}
	d := review.Decision{Checks: map[network.ReviewCheck]bool{}, Reason: v.value("reason")}
	for _, k := range network.ReviewChecks() {
		given := v.value("check-" + string(k))
		if v.value("do") == "publish" {
			given, d.Reason = "holds", ""
		}
		if given == "holds" || given == "fails" {
			d.Checks[k] = given == "holds"
		}
	}
	return v.reviewRuled(v.lang.T("La décision est prise, et l’auteur en est averti. Voici la suite.", "The decision is made, and the author is told. Here is what comes next."), v.Reviews.Decide(v.ctx, v.actor, v.r.PathValue("id"), d))
}

func (v *visit) reviewAsk() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.reviewDone(v.lang.T("Le document est demandé.", "The document was asked for."), v.Reviews.Ask(v.ctx, v.actor, v.r.PathValue("id"), v.r.Form["whom"], v.value("what")))
}

func (v *visit) reviewCalled() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.reviewDone(v.lang.T("Le contrôle est noté.", "The control is logged."), v.Reviews.Called(v.ctx, v.actor, v.r.PathValue("id"), v.value("outcome"), v.value("said")))
}

func (v *visit) reviewRemove() error {
	if err := v.parse(); err != nil {
		return err
	}
	f, err := v.Reviews.Read(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.reviewDone(v.lang.T("L’avis est retiré.", "The review is taken off."), v.Reviews.Remove(v.ctx, v.actor, f.ID, v.value("reason")))
}

func (v *visit) reviewBan() error {
	return v.reviewDone(v.lang.T("L’auteur est exclu, et averti.", "The author is banned, and told."), v.Reviews.Ban(v.ctx, v.actor, v.r.PathValue("id")))
}

// verdict reads which of two words was chosen; an Invalid fault when neither was.
func (v *visit) verdict(yes, no string) (bool, error) {
	var c fault.Check
	given := v.value("verdict")
	c.That(given == yes || given == no, "verdict", fault.T("Choisissez une décision.", "Choose a decision."))
	return given == yes, c.Err()
}

func (v *visit) reviewAppeal() error {
	if err := v.parse(); err != nil {
		return err
	}
	reverse, err := v.verdict("reverse", "uphold")
	if err == nil {
		err = v.Reviews.Review(v.ctx, v.actor, v.r.PathValue("id"), reverse, v.value("answer"))
	}
	return v.reviewRuled(v.lang.T("La contestation est tranchée, et l’auteur en est averti.", "The appeal is decided, and the author is told."), err)
}

func (v *visit) reviewRule() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	f := review.Finding{Reason: v.value("reason"), Answer: v.value("answer"), Abusive: v.value("abusive") == "yes", Until: v.value("until")}
	r, err := v.Reviews.ReadReport(v.ctx, v.actor, id)
	if err != nil {
		return err
	}
	if r.Live {
		f.Remove, err = v.verdict("remove", "keep")
	}
	if err == nil {
		err = v.Reviews.Rule(v.ctx, v.actor, id, f)
	}
	return v.reviewRuled(v.lang.T("Le signalement est tranché, et son auteur averti.", "The report is decided, and who sent it is told."), err)
}

// reviewPaper gives a document to a moderator, to keep out of the browser: it is somebody else's file.
func (v *visit) reviewPaper() error {
	p, content, err := v.Reviews.Open(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	name := cmp.Or(map[string]string{"application/pdf": "piece.pdf"}[p.Type], "piece.jpg")
	return v.file(p.Type, `attachment; filename="`+name+`"`, content)
}

func (v *visit) reviewBans() error {
	all, err := v.Reviews.Bans(v.ctx, v.actor)
	if err != nil {
		return err
	}
	l := v.lang
	p := ui.Bans{Space: v.spaceFrame(), Keep: l.Tf("Vus de la modération seule, gardés %s après l’avertissement, puis effacés.", "Seen by moderation only, kept %s after the notice, then erased.", v.banTime())}
	for _, b := range all {
		row := ui.BanRow{Name: b.Name, Contact: b.Contact, At: b.At, Until: b.Until, Status: ui.Status{Tone: ui.Bad, Text: l.T("Exclu", "Banned")}}
		if r, ok := v.n.Reviews.Refusal(b.Reason); ok {
			row.Reason = v.say2(r.Text)
		}
		if !b.EndedAt.IsZero() {
			row.Status = ui.Status{Tone: ui.Quiet, Text: l.T("Levée", "Lifted")}
		}
		p.Rows = append(p.Rows, row)
	}
	return v.show(p)
}

// reviewDeskFigures are the desk's statistics; they name nobody, and anybody may read them on the public page.
func (v *visit) reviewDeskFigures() error {
	if err := v.actor.May(auth.ReviewRead); err != nil {
		return err
	}
	f, err := v.reviewFigures()
	if err != nil {
		return err
	}
	return v.show(ui.ReviewDeskFigures{Space: v.spaceFrame(), Public: v.Config.URL(v.n.Sites[0].Host, "/avis"), Figures: f})
}
