package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// Collection: the private page of who was asked for a review. One link opens the questionnaire, then the receipt.

func collectRoutes() []route {
	return []route{
		{"GET", "/avis/q/{token}", site, open, 0, (*visit).openInvite},
		{"GET", "/mon-avis", site, linked, 0, (*visit).myReview},
		{"POST", "/mon-avis", site, linked, 0, (*visit).answerReview},
		{"GET", "/mon-avis/modifier", site, linked, 0, (*visit).changeReviewForm},
		{"POST", "/mon-avis/modifier", site, linked, 0, (*visit).changeReview},
		{"GET", "/mon-avis/recu.json", site, linked, 0, (*visit).reviewReceipt},
		{"POST", "/mon-avis/retrait", site, linked, 0, (*visit).withdrawReview},
		{"POST", "/mon-avis/accord", site, linked, 0, (*visit).takeBackReview},
		{"POST", "/mon-avis/partage", site, linked, 0, (*visit).shareReview},
	}
}

// openInvite exchanges the link for a cookie, so that the token leaves the address bar.
func (v *visit) openInvite() error {
	token := v.r.PathValue("token")
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	if _, err := v.Reviews.Link(v.ctx, token); err != nil {
		return err
	}
	v.setCookie("review", token, linkCookie)
	return v.to("/mon-avis")
}

// myReview shows the questionnaire or, once it is answered, the receipt.
func (v *visit) myReview() error {
	a, n, err := v.Reviews.Asked(v.ctx, v.actor)
	if review.Awaited(err) {
		return v.showing(v.wishPage(ui.Form{}))
	}
	if err != nil {
		return err
	}
	if a.Review == nil {
		return v.showing(v.questionnaire(a, n, ui.Form{}, false))
	}
	return v.showing(v.receiptOf(a, n))
}

// questionnaire is the page of a form to fill in; what was typed prevails over the draft, and that over what we were told.
func (v *visit) questionnaire(a review.Asked, n *network.Network, form ui.Form, again bool) (ui.View, error) {
	about, answers := a.Experience, a.Draft.Answers
	if a.Draft.Experience.Service+a.Draft.Experience.On != "" {
		about = a.Draft.Experience
	}
	page := ui.Questionnaire{Public: v.public(nil), Action: "/mon-avis", Company: a.Company(), Label: v.say2(a.Questionnaire.Label), Employee: a.Audience == network.OfEmployee, Again: again,
		Until: a.Until, Decide: v.say2(n.Reviews.Decide.Text()), Notice: v.notice(network.Author)}
	if again {
		page.Action, about, answers = "/mon-avis/modifier", a.Review.Experience, a.Review.Content.Answers
	} else {
		for _, c := range a.Boxes {
			page.Consents = append(page.Consents, ui.Consent{Name: "consent-" + c.ID, Wording: v.say2(c.Wording), Required: c.Required, Facts: n.Facts(c, string(v.lang))})
		}
	}
	if a.Source == review.FromMember {
		page.Member = a.Company()
	}
	for _, q := range a.Form.Questions {
		page.Questions = append(page.Questions, v.question(a.Form, q))
	}
	if form.Values == nil {
		form.Values = map[string][]string{"service": {about.Service}, "on": {about.On}, "until": {about.Until}}
		for id, values := range answers {
			form.Values["answers."+id] = values
		}
	}
	form.Starred = true
	page.Form = form
	return page, nil
}

func (v *visit) readAnswer(a review.Asked) review.Answer {
	in := review.Answer{Answers: map[string][]string{}, Ticked: map[string]bool{}, Experience: review.Experience{Service: v.value("service"), On: v.value("on"), Until: v.value("until")}}
	for name, values := range v.r.Form {
		if id, ok := strings.CutPrefix(name, "answers."); ok {
			if values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return strings.TrimSpace(s) == "" }); len(values) > 0 {
				in.Answers[id] = values
			}
		}
	}
	for _, b := range a.Boxes {
		in.Ticked[b.ID] = v.value("consent-"+b.ID) == "yes"
	}
	return in
}

// answerReview saves or deposits. A script saves with X-Save and wants no page.
func (v *visit) answerReview() error {
	if err := v.parse(); err != nil {
		return err
	}
	a, n, err := v.Reviews.Asked(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if a.Review != nil {
		return v.to("/mon-avis") // sent twice: what was deposited stands
	}
	again := func(f ui.Form) (ui.View, error) { return v.questionnaire(a, n, f, false) }
	in := v.readAnswer(a)
	if v.value("do") == "save" {
		switch err := v.Reviews.Save(v.ctx, v.actor, in); {
		case err != nil:
			return v.invalid(err, again)
		case v.wantsFragment():
			v.wrote = true
			v.w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return v.did("/mon-avis", v.lang.T("Votre brouillon est gardé : le même lien le rouvre.", "Your draft is kept: the same link opens it again."), nil)
	}
	if _, err := v.Reviews.Deposit(v.ctx, v.actor, in); err != nil {
		return v.invalid(err, again)
	}
	return v.did("/mon-avis", v.lang.T("Votre avis est déposé. Voici votre reçu.", "Your review is deposited. Here is your receipt."), nil)
}

func (v *visit) changeReviewForm() error {
	a, n, err := v.Reviews.Asked(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if !mayChange(a) {
		return v.to("/mon-avis")
	}
	return v.showing(v.questionnaire(a, n, ui.Form{}, true))
}

func mayChange(a review.Asked) bool {
	return a.Review != nil && a.Review.State == review.Published && a.Pending == nil
}

func (v *visit) changeReview() error {
	if err := v.parse(); err != nil {
		return err
	}
	a, n, err := v.Reviews.Asked(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if a.Review == nil {
		return v.to("/mon-avis")
	}
	out, err := v.Reviews.Deposit(v.ctx, v.actor, v.readAnswer(a))
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.questionnaire(a, n, f, true) })
	}
	if out.Again {
		return v.did("/mon-avis", v.lang.T("Rien n’a changé : votre avis reste tel quel.", "Nothing changed: your review stays as it is."), nil)
	}
	return v.did("/mon-avis", v.lang.T("Votre nouvelle version est déposée. L’autre reste publiée jusqu’à la décision.", "Your new version is deposited. The other stays published until the decision."), nil)
}

// reviewReceipt is the author's proof, to keep.
func (v *visit) reviewReceipt() error {
	p, err := v.Reviews.Receipt(v.ctx, v.actor)
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	return v.file("application/json", `attachment; filename="avis-`+p.Ref+`.json"`, body)
}

func (v *visit) withdrawReview() error {
	return v.did("/mon-avis", v.lang.T("Votre avis est retiré.", "Your review is withdrawn."), v.Reviews.Withdraw(v.ctx, v.actor))
}

func (v *visit) takeBackReview() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/mon-avis", v.lang.T("Votre accord est retiré, et votre avis avec lui.", "Your consent is withdrawn, and your review with it."), v.Reviews.WithdrawConsent(v.ctx, v.actor, v.value("consent")))
}

func (v *visit) shareReview() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/mon-avis", v.lang.T("C’est noté.", "Noted."), v.Reviews.Share(v.ctx, v.actor, v.value("share") == "yes"))
}

// answered shows the marks and answers of a review; its text apart.
func (v *visit) answered(a review.Asked, r review.Review) (facts []ui.Fact, text string) {
	facts = []ui.Fact{{Label: v.say2(a.Questionnaire.Label), Value: r.Experience.Service}, {Label: v.lang.T("Date", "Date"), Value: v.typedDay(r.Experience.On)}}
	if r.Experience.Until != "" {
		facts = append(facts, ui.Fact{Label: v.lang.T("Jusqu’au", "Until"), Value: v.typedDay(r.Experience.Until)})
	}
	facts = append(facts, ui.Fact{Label: v.lang.T("Note d’ensemble", "Overall mark"), Value: v.tenths(r.Overall) + " / " + fmt.Sprint(v.n.Reviews.Scale) + " · " + v.say2(r.Level.Label())})
	for _, l := range a.Form.Sheet(r.Content.Answers) {
		if l.Question != a.Questionnaire.Comment {
			facts = append(facts, ui.Fact{Label: v.say2(l.Label), Value: v.say2(l.Value)})
		}
	}
	return facts, r.Content.Comment
}

// tenths writes a mark: 42 is 4,2.
func (v *visit) tenths(overall int) string {
	return v.lang.T(fmt.Sprintf("%d,%d", overall/10, overall%10), fmt.Sprintf("%d.%d", overall/10, overall%10))
}

// typedDay writes an ISO date as people do; what is none stays as it is.
func (v *visit) typedDay(s string) string {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return s
	}
	return v.lang.Date(t)
}

// receiptOf is the author's page of his review.
func (v *visit) receiptOf(a review.Asked, n *network.Network) (ui.View, error) {
	r, l := *a.Review, v.lang
	page := ui.MyReview{Public: v.public(nil), Ref: r.Ref(), Company: a.Company(), Shared: r.Shared, MayChange: mayChange(a), MayWithdraw: r.State == review.Published || r.State == review.Waiting,
		Steps: []ui.Step{{At: r.DepositedAt, Tone: ui.Good, Text: l.T("Déposé", "Deposited")}}}
	page.MayShare = page.MayWithdraw
	page.Facts, page.Comment = v.answered(a, r)
	step := func(at time.Time, tone ui.Tone, text string) {
		if !at.IsZero() {
			page.Steps = append(page.Steps, ui.Step{At: at, Tone: tone, Text: text})
		}
	}
	step(r.PublishedAt, ui.Good, l.T("Publié", "Published"))
	step(r.ChangedAt, ui.Good, l.T("Modifié", "Changed"))
	by := n.Reviews.Decide.AddTo(r.DepositedAt)
	switch r.State {
	case review.Waiting:
		page.Status = ui.Status{Tone: ui.Wait, Text: l.T("En attente d’un modérateur", "Waiting for a moderator")}
		page.Explained = l.Tf("Un modérateur le lit avant le %s et vous écrit sa décision. Personne d’autre ne le voit d’ici là.", "A moderator reads it before %s and writes you the decision. Nobody else sees it until then.", l.Date(page.At(by)))
	case review.Published:
		page.Status, page.Shown = ui.Status{Tone: ui.Good, Text: l.T("Publié", "Published")}, "/avis/"+r.Digits
		page.Explained = l.T("Il est publié tel que vous l’avez écrit. Ni nous ni l’entreprise ne pouvons y changer un mot.", "It is published as you wrote it. Neither we nor the company can change a word of it.")
	case review.Refused:
		page.Status = ui.Status{Tone: ui.Bad, Text: l.T("Pas publié", "Not published")}
		step(r.EndedAt, ui.Bad, l.T("Refusé", "Refused"))
		page.Explained, page.Contest = v.whyEnded(n, r), n.Reviews.Appeal.AddTo(r.EndedAt)
	default:
		page.Status = ui.Status{Tone: ui.Quiet, Text: l.T("Retiré", "Taken off")}
		step(r.EndedAt, ui.Quiet, l.T("Retiré du site", "Taken off the site"))
		page.Explained = v.whyEnded(n, r)
		if _, ruled := n.Reviews.Refusal(r.Why); ruled {
			page.Contest = n.Reviews.Appeal.AddTo(r.EndedAt)
		}
	}
	if !page.Contest.After(v.DB.Now()) {
		page.Contest = time.Time{}
	}
	if p := a.Pending; p != nil {
		page.Pending = &ui.Pending{At: p.WrittenAt}
		page.Pending.Facts, page.Pending.Text = v.answered(a, *p)
	}
	proven, err := v.Reviews.Receipt(v.ctx, v.actor)
	if err != nil && !fault.Is(err, fault.Missing) { // what was erased has none
		return nil, err
	}
	page.Fingerprint, page.Logged = proven.Print, proven.Inclusion != nil
	given, err := v.Reviews.Choices(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	for _, g := range given {
		if g.Granted && !g.Replaced {
			c, _ := n.Consent(g.Consent)
			page.Consents = append(page.Consents, ui.Given{ID: g.Consent, Wording: g.Words, At: g.Time, Channel: v.channelName(g.Channel), Final: c.Kind != network.KindConsent})
		}
	}
	return page, nil
}

// whyEnded says why a review is on no page, to its author.
func (v *visit) whyEnded(n *network.Network, r review.Review) string {
	if why, ruled := n.Reviews.Refusal(r.Why); ruled {
		return v.say2(why.Text)
	}
	switch r.Why {
	case review.ByAuthor:
		return v.lang.T("Vous l’avez retiré.", "You withdrew it.")
	case review.MemberLeft:
		return v.lang.T("L’entreprise a quitté le réseau : ses avis ne sont plus publiés.", "The company left the network: its reviews are no longer published.")
	case review.TimeOver:
		return v.lang.T("Il a été publié aussi longtemps qu’annoncé.", "It was published for as long as announced.")
	}
	return ""
}
