package web

import (
	"cmp"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// Requests for a questionnaire: the public form, the page of who asked, the member's word and the moderator's check.

func wantedRoutes() []route {
	return []route{
		{"GET", "/donner-mon-avis", site, open, 0, (*visit).wantForm},
		{"POST", "/donner-mon-avis", site, open, 0, (*visit).want},
		{"POST", "/mon-avis/preuve", site, linked, review.MaxPaper + 1<<20, (*visit).wishProof},
		{"POST", "/mon-avis/renoncer", site, linked, 0, (*visit).wishDrop},
		{"POST", "/invitations/demandes/{id}", space, prosOnly, 0, (*visit).wishAnswer},
		{"GET", "/equipe/avis/demandes", space, staff, 0, (*visit).wishDesk},
		{"GET", "/equipe/avis/demandes/{id}/preuve", space, staff, 0, (*visit).wishPaper},
		{"POST", "/equipe/avis/demandes/{id}/suite", space, staff, 0, (*visit).wishStep},
	}
}

// wantMost bounds the list of companies in the form; whoever looks for another comes by its page.
const wantMost = 100

func (v *visit) wantForm() error { return v.showing(v.wantPage(ui.Form{})) }

func (v *visit) wantPage(form ui.Form) (ui.View, error) {
	if err := v.reviewing(); err != nil {
		return nil, err
	}
	if err := v.limits.allow("directory "+v.address(), 240, time.Minute); err != nil {
		return nil, err
	}
	form.Starred = true
	p := ui.WantForm{Public: v.public(nil), Form: form, Proof: v.n.Reviews.Spontaneous.Proof, Member: v.n.Reviews.Spontaneous.Member, Notice: v.notice(network.Author)}
	named, err := v.Reviews.Company(v.ctx, cmp.Or(v.value("pro"), v.r.URL.Query().Get("membre")))
	switch {
	case err == nil:
		p.Company, p.Hidden = named.Name, []ui.Hidden{{Name: "pro", Value: named.ID}}
	case !fault.Is(err, fault.Missing):
		return nil, err
	default:
		all, more, err := v.Reviews.Companies(v.ctx, review.Search{Most: wantMost})
		if err != nil {
			return nil, err
		}
		for p.More = more; len(all) > 0; all = all[1:] {
			p.Companies = append(p.Companies, ui.Option{Value: all[0].ID, Label: all[0].Name + ", " + townOf(all[0].Commune())})
		}
	}
	for _, q := range v.n.Reviews.Questionnaires {
		p.Audiences = append(p.Audiences, ui.Option{Value: q.ID, Label: v.asAudience(q.Audience), Hint: v.say2(q.Label)})
	}
	for _, b := range review.WantBoxes(v.n) {
		p.Consents = append(p.Consents, ui.Consent{Name: "consent-" + b.ID, Wording: v.say2(b.Wording), Required: true})
	}
	return p, nil
}

func (v *visit) asAudience(a network.Audience) string {
	if a == network.OfEmployee {
		return v.lang.T("Salarié ou ancien salarié", "Employee, or former one")
	}
	return v.lang.T("Client", "Customer")
}

func (v *visit) want() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.reviewing(); err != nil {
		return err
	}
	if err := v.limits.allow("want "+v.address(), 20, time.Hour); err != nil {
		return err
	}
	sent := ui.WantForm{Public: v.public(nil), Sent: true}
	if v.value("website") != "" { // a program that fills every field
		return v.show(sent)
	}
	in := review.Want{Ticked: map[string]bool{}, Invitee: review.Invitee{Pro: v.value("pro"), Questionnaire: v.value("questionnaire"), Name: v.value("name"), Email: v.value("email"), Lang: string(v.lang), Site: v.site.Host,
		Experience: review.Experience{Service: v.value("service"), On: v.value("on"), Until: v.value("until")}}}
	for _, b := range review.WantBoxes(v.n) {
		in.Ticked[b.ID] = v.value("consent-"+b.ID) == "yes"
	}
	if err := v.Reviews.Want(v.ctx, auth.Actor{Who: auth.Visitor, Lang: string(v.lang)}, in); err != nil {
		return v.invalid(err, v.wantPage)
	}
	return v.show(sent)
}

// wishFacts are who asks and what about.
func (v *visit) wishFacts(w review.Wish, mail bool) []ui.Fact {
	l := v.lang
	facts := []ui.Fact{{Label: l.T("De", "From"), Value: w.Who.Name}}
	if mail {
		facts = append(facts, ui.Fact{Label: "E-mail", Value: w.Who.Email})
	}
	facts = append(facts, ui.Fact{Label: l.T("À titre de", "As"), Value: v.asAudience(w.Audience)}, ui.Fact{Label: l.T("Expérience", "Experience"), Value: w.Experience.Service}, ui.Fact{Label: l.T("Date", "Date"), Value: v.typedDay(w.Experience.On)})
	if w.Experience.Until != "" {
		facts = append(facts, ui.Fact{Label: l.T("Jusqu’au", "Until"), Value: v.typedDay(w.Experience.Until)})
	}
	return facts
}

// wishPage is `/mon-avis` while a questionnaire is asked for: where it stands, and the document where one is waited for.
func (v *visit) wishPage(form ui.Form) (ui.View, error) {
	w, err := v.Reviews.Wished(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	l := v.lang
	p := ui.WishPage{Public: v.public(nil), Form: form, Company: w.Company(), Facts: v.wishFacts(w, true), Received: w.Proof == "received"}
	if w.Proof == "asked" {
		p.Until, p.Late = w.ProofBy, !v.DB.Now().Before(w.ProofBy)
	}
	switch {
	case w.Checked:
		p.Status = ui.Status{Tone: ui.Wait, Text: l.T("Vérifiée : l’accord de l’entreprise pour l’envoi est attendu", "Checked: the company’s word on the sending is awaited")}
	case w.Proof == "asked":
		p.Status = ui.Status{Tone: ui.Wait, Text: l.T("Un document est attendu de vous", "A document is awaited from you")}
	default:
		p.Status = ui.Status{Tone: ui.Wait, Text: l.T("En cours de vérification", "Being checked")}
	}
	given, err := v.Reviews.Choices(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	for _, g := range given {
		if g.Granted && !g.Replaced {
			p.Consents = append(p.Consents, ui.Given{ID: g.Consent, Wording: g.Words, At: g.Time, Channel: v.channelName(g.Channel)})
		}
	}
	return p, nil
}

func (v *visit) wishProof() error {
	if err := v.parse(); err != nil {
		return err
	}
	upload, err := v.sentPaper()
	if err != nil {
		return err
	}
	if err := v.Reviews.SendProof(v.ctx, v.actor, upload); err != nil {
		return v.invalid(err, v.wishPage)
	}
	return v.did("/mon-avis", v.lang.T("Votre document est reçu. Merci.", "Your document has been received. Thank you."), nil)
}

func (v *visit) wishDrop() error {
	if err := v.Reviews.GiveUp(v.ctx, v.actor); err != nil {
		return err
	}
	return v.did("/entreprises", v.lang.T("Votre demande est close : aucun questionnaire ne part.", "Your request is closed: no questionnaire goes."), nil)
}

const wishesShown = 100

// wishesOfMember puts on a member's page who asks for a questionnaire about him.
func (v *visit) wishesOfMember(page *ui.Invites) error {
	if v.actor.Who != auth.Professional {
		return nil
	}
	all, err := v.Reviews.Wishes(v.ctx, v.actor, wishesShown)
	for _, w := range all {
		x := ui.WishOfMember{ID: w.ID, Facts: v.wishFacts(w, false), Until: w.MemberDue, Late: w.Silent(v.DB.Now())}
		if v.r.PathValue("id") == w.ID {
			x.Form = page.Form
		}
		page.Wishes = append(page.Wishes, x)
	}
	return err
}

func (v *visit) wishAnswer() error {
	if err := v.parse(); err != nil {
		return err
	}
	yes := v.value("do") == "accept"
	if err := v.Reviews.Answer(v.ctx, v.actor, v.r.PathValue("id"), yes, v.value("why")); err != nil {
		return v.invalid(err, v.invitesPage)
	}
	if yes {
		return v.did("/invitations", v.lang.T("Vous acceptez l’envoi. Le questionnaire part dès que nous avons vérifié l’expérience.", "You accept the sending. The questionnaire goes once we have checked the experience."), nil)
	}
	return v.did("/invitations", v.lang.T("Votre refus est noté avec sa raison. Nous décidons de la suite.", "Your refusal is noted with its reason. We decide what comes next."), nil)
}

func (v *visit) wishDesk() error {
	return v.showing(v.wishDeskPage(v.r.URL.Query().Get("c"), ui.Form{}))
}

// wishStands says in a few words what a request waits for.
func (v *visit) wishStands(w review.Wish) string {
	l, now := v.lang, v.DB.Now()
	switch {
	case w.Proof == "asked" && now.Before(w.ProofBy):
		return l.T("document attendu", "document awaited")
	case w.Proof == "asked":
		return l.T("le document n’est pas venu", "the document did not come")
	case w.Silent(now):
		return l.T("l’entreprise n’a pas répondu : à trancher", "the company did not answer: yours to decide")
	case w.Member == review.MemberRefused:
		return l.T("l’entreprise refuse : à trancher", "the company refuses: yours to decide")
	case w.Checked:
		return l.T("vérifiée, l’entreprise n’a pas encore répondu", "checked, the company has not answered yet")
	case w.Proof == "received":
		return l.T("document arrivé", "document arrived")
	}
	return l.T("à vérifier", "to be checked")
}

var wishSteps = map[string]fault.Text{
	review.EvMemberYes: fault.T("L’entreprise accepte l’envoi", "The company accepts the sending"), review.EvMemberNo: fault.T("L’entreprise refuse l’envoi", "The company refuses the sending"),
	review.EvProof: fault.T("Preuve demandée", "Proof asked for"), review.EvProofCame: fault.T("Preuve reçue", "Proof received"), review.EvAuthentic: fault.T("Expérience vérifiée", "Experience checked"),
	review.EvOverridden: fault.T("Envoyé sans l’accord de l’entreprise", "Sent without the company’s word"), review.EvClosed: fault.T("Close", "Closed"),
}

func (v *visit) wishDeskPage(open string, form ui.Form) (ui.View, error) {
	all, err := v.Reviews.Wishes(v.ctx, v.actor, wishesShown)
	if err != nil {
		return nil, err
	}
	p := ui.WishDesk{Space: v.spaceFrame(), Form: form}
	for _, w := range all {
		d := ui.Due{Queue: v.asAudience(w.Audience), Title: w.Company(), Detail: v.wishStands(w), Href: "/equipe/avis/demandes?c=" + w.ID, Since: w.At}
		p.Due = append(p.Due, d)
		if w.ID != open {
			continue
		}
		p.At = d.Href
		if p.Open, err = v.wishCase(w); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (v *visit) wishCase(w review.Wish) (*ui.WishCase, error) {
	l, now := v.lang, v.DB.Now()
	against := w.Member == review.MemberRefused || w.Silent(now)
	c := &ui.WishCase{Title: w.Company(), Action: "/equipe/avis/demandes/" + w.ID, Status: ui.Status{Tone: ui.Wait, Text: v.wishStands(w)}, Facts: v.wishFacts(w, true), Against: against, Waits: w.Checked && !against,
		CanAsk: v.n.Reviews.Spontaneous.Proof && w.Proof != "asked" && !w.Checked, Awaited: w.Proof == "asked"}
	day := func(t time.Time) string { return l.Date(v.frame(nil).At(t)) }
	word := map[string]string{review.MemberNone: l.T("n’est pas demandée", "is not asked"), review.MemberAccepted: l.T("accepte l’envoi", "accepts the sending"), review.MemberRefused: l.T("refuse l’envoi", "refuses the sending"),
		review.MemberWaiting: l.Tf("peut répondre jusqu’au %s", "may answer until %s", day(w.MemberDue))}[w.Member]
	if w.Silent(now) {
		word = l.Tf("n’a pas répondu avant le %s", "did not answer before %s", day(w.MemberDue))
	}
	c.Facts = append(c.Facts, ui.Fact{Label: l.T("L’entreprise", "The company"), Value: word})
	switch w.Proof {
	case "asked":
		c.Facts = append(c.Facts, ui.Fact{Label: l.T("Preuve", "Proof"), Value: l.Tf("demandée, attendue jusqu’au %s", "asked for, awaited until %s", day(w.ProofBy))})
	case "received":
		c.Proof = c.Action + "/preuve"
	}
	for _, r := range v.n.Reviews.Refusals {
		if r.Check != network.CheckContent {
			c.Reasons = append(c.Reasons, ui.Option{Value: r.ID, Label: v.say2(r.Text)})
		}
	}
	var accounts []string
	for _, e := range w.Events {
		if strings.HasPrefix(e.Actor, "acc_") {
			accounts = append(accounts, e.Actor)
		}
	}
	names, err := v.Auth.Names(v.ctx, accounts...)
	if err != nil {
		return nil, err
	}
	c.Steps = []ui.ReviewStep{{Step: ui.Step{At: w.At, Text: l.T("Demandé", "Asked for")}}}
	for _, e := range w.Events {
		c.Steps = append(c.Steps, ui.ReviewStep{Step: ui.Step{At: e.At, Text: v.say2(wishSteps[e.Kind]), By: names[e.Actor]}, Words: e.Words})
	}
	return c, nil
}

// wishStep is what a moderator does next: asks for a proof, finds the experience authentic, or closes.
func (v *visit) wishStep() error {
	if err := v.parse(); err != nil {
		return err
	}
	id, l := v.r.PathValue("id"), v.lang
	var err error
	var good string
	switch v.value("do") {
	case "proof":
		good, err = l.T("La preuve est demandée.", "The proof was asked for."), v.Reviews.AskProof(v.ctx, v.actor, id)
	case "accept":
		good, err = l.T("L’expérience est vérifiée. Le questionnaire part dès que plus rien ne l’attend.", "The experience is checked. The questionnaire goes once nothing holds it."), v.Reviews.Authentic(v.ctx, v.actor, id, v.value("why"))
	case "close":
		good, err = l.T("La demande est close, et la personne avertie.", "The request is closed, and the person told."), v.Reviews.Close(v.ctx, v.actor, id, v.value("reason"))
	default:
		return errNoPage
	}
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.wishDeskPage(id, f) })
	}
	return v.did("/equipe/avis/demandes?c="+id, good, nil)
}

// wishPaper gives the proof to a moderator, to keep out of the browser like any document of a review.
func (v *visit) wishPaper() error {
	kind, content, err := v.Reviews.Shown(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.file(kind, `attachment; filename="`+cmp.Or(map[string]string{"application/pdf": "preuve.pdf"}[kind], "preuve.jpg")+`"`, content)
}
