package web

import (
	"errors"
	"io"
	"strconv"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// What anybody does about a review without an account: report one, contest a decision, send a document that was asked for.

func reviewReportRoutes() []route {
	return []route{
		{"POST", "/avis/{digits}/{part}", anywhere, open, 0, (*visit).reviewReport},
		{"GET", "/avis/piece/{token}", site, open, 0, (*visit).paperForm},
		{"POST", "/avis/piece/{token}", site, open, review.MaxPaper + 1<<20, (*visit).paper},
		{"GET", "/avis/q/{token}/recours", site, open, 0, (*visit).openAppeal},
		{"GET", "/mon-avis/recours", site, linked, 0, (*visit).appealForm},
		{"POST", "/mon-avis/recours", site, linked, 0, (*visit).appeal},
	}
}

func (v *visit) reportPage(form ui.Form) (ui.View, error) {
	r, err := v.Reviews.One(v.ctx, v.r.PathValue("digits"))
	if err != nil {
		return nil, err
	}
	form.Starred = true
	p := ui.ReportForm{Public: v.public(nil), Form: form, Action: "/avis/" + r.Digits + "/signaler", Ref: r.Ref(), Comment: r.Content.Comment, Decide: v.say2(v.n.Reviews.Decide.Text()), Notice: v.notice(network.Visitor)}
	for _, x := range v.n.Reviews.Reports {
		p.Reasons = append(p.Reasons, ui.Option{Value: x.ID, Label: v.say2(x.Text)})
	}
	return p, nil
}

func (v *visit) reviewReport() error {
	if err := v.parse(); err != nil {
		return err
	}
	if v.n.Reviews == nil || v.r.PathValue("part") != "signaler" {
		return errNoPage
	}
	if err := v.limits.allow("report "+v.address(), 30, time.Hour); err != nil {
		return err
	}
	p, err := v.reportPage(ui.Form{})
	if err != nil {
		return err
	}
	page := p.(ui.ReportForm)
	if v.value("website") != "" { // a program that fills every field
		page.Sent = "S"
		return v.show(page)
	}
	actor := v.actor
	if actor.Who == auth.StaffMember {
		return errNoPage
	}
	page.Sent, err = v.Reviews.Report(v.ctx, actor, review.Reported{Digits: v.r.PathValue("digits"), Reason: v.value("reason"), Words: v.value("words"), Name: v.value("name"), Email: v.value("email"),
		Faith: v.value("faith") == "yes", Lang: string(v.lang), Site: v.site.Host})
	if err != nil {
		return v.invalid(err, v.reportPage)
	}
	return v.show(page)
}

func (v *visit) paperForm() error { return v.showing(v.paperPage(ui.Form{})) }

func (v *visit) paperPage(form ui.Form) (ui.View, error) {
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return nil, err
	}
	token := v.r.PathValue("token")
	p, err := v.Reviews.Wanted(v.ctx, token)
	if err != nil {
		return nil, err
	}
	return ui.PaperForm{Public: v.public(nil), Form: form, Action: "/avis/piece/" + token, What: p.Words, Until: p.Due}, nil
}

func (v *visit) paper() error {
	if err := v.parse(); err != nil {
		return err
	}
	upload, err := v.sentPaper()
	if err != nil {
		return err
	}
	if err := v.Reviews.Send(v.ctx, v.r.PathValue("token"), upload); err != nil {
		return v.invalid(err, v.paperPage)
	}
	return v.show(ui.PaperForm{Public: v.public(nil), Sent: true})
}

// sentPaper is the document of a form; none when nothing was chosen, which the room refuses with its words.
func (v *visit) sentPaper() ([]byte, error) {
	if v.r.MultipartForm == nil || len(v.r.MultipartForm.File["file"]) != 1 {
		return nil, nil
	}
	file, err := v.r.MultipartForm.File["file"][0].Open()
	if err != nil {
		return nil, err
	}
	upload, err := io.ReadAll(io.LimitReader(file, review.MaxPaper+1))
	return upload, errors.Join(err, file.Close())
}

// openAppeal exchanges the link for a cookie, as the link to the review itself does.
func (v *visit) openAppeal() error {
	token := v.r.PathValue("token")
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	if _, err := v.Reviews.Link(v.ctx, token); err != nil {
		return err
	}
	v.setCookie("review", token, linkCookie)
	return v.to("/mon-avis/recours")
}

func (v *visit) appealForm() error { return v.showing(v.appealPage(ui.Form{})) }

func (v *visit) appealPage(form ui.Form) (ui.View, error) {
	all, i, err := v.Reviews.Ruled(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	l := v.lang
	p := ui.AppealForm{Public: v.public(nil), Form: form, Company: i.Company(), Decide: v.say2(v.n.Reviews.Decide.Text())}
	for _, c := range all {
		r := ui.RulingShown{Title: v.ruling(c.What), At: c.At, Until: c.Until}
		if why, ok := v.n.Reviews.Refusal(c.Object); ok {
			r.Reason = v.say2(why.Text)
		}
		switch {
		case c.State == "open":
			r.Status = ui.Status{Tone: ui.Wait, Text: l.T("Contestée, en cours", "Contested, being looked at")}
		case c.State == "upheld":
			r.Status = ui.Status{Tone: ui.Quiet, Text: l.T("Maintenue", "Upheld")}
		case c.State == "reversed":
			r.Status = ui.Status{Tone: ui.Good, Text: l.T("Annulée", "Reversed")}
		case v.DB.Now().Before(c.Until):
			p.Open = append(p.Open, ui.Option{Value: c.What + " " + c.Object, Label: r.Title, Hint: r.Reason})
		}
		p.Rulings = append(p.Rulings, r)
	}
	return p, nil
}

func (v *visit) appeal() error {
	if err := v.parse(); err != nil {
		return err
	}
	what, object := cutWord(v.value("what"))
	if err := v.Reviews.Contest(v.ctx, v.actor, what, object, v.value("said")); err != nil {
		return v.invalid(err, v.appealPage)
	}
	return v.did("/mon-avis/recours", v.lang.T("Votre contestation est reçue. Vous recevez un accusé de réception.", "Your appeal has been received. You get an acknowledgement."), nil)
}

func cutWord(s string) (first, rest string) {
	for i, r := range s {
		if r == ' ' {
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

func (v *visit) reviewFigures() (out ui.ReviewFigures, err error) {
	f, err := v.Reviews.Figures(v.ctx)
	if err != nil {
		return out, err
	}
	l := v.lang
	number := func(n int64) string { return l.Number(int(n)) }
	out.Tell = []ui.Fact{{Label: l.T("En attente", "Waiting"), Value: number(f.Waiting)}, {Label: l.T("Tirés au sort", "Drawn"), Value: number(f.Drawn)},
		{Label: l.T("Signalements tranchés", "Reports decided"), Value: number(f.Reports)}, {Label: l.T("dont suivis d’un retrait", "of which followed by a removal"), Value: number(f.Removed)},
		{Label: l.T("Contestations tranchées", "Appeals decided"), Value: number(f.Appeals)}, {Label: l.T("dont décisions annulées", "of which decisions reversed"), Value: number(f.Reversed)}}
	for _, x := range f.Levels {
		row := ui.LevelRow{Level: v.say2(x.Level.Label()), Published: number(x.Published), Refused: number(x.Refused), Share: l.T(strconv.Itoa(x.Share())+"\u00a0%", strconv.Itoa(x.Share())+"%"), Mean: l.Span(x.Mean)}
		if x.Published+x.Refused == 0 {
			row.Share, row.Mean = "–", "–"
		}
		out.Levels = append(out.Levels, row)
	}
	for _, r := range f.Reasons {
		out.Reasons = append(out.Reasons, ui.Fact{Label: v.say2(r.Reason.Text), Value: number(r.N)})
	}
	return out, nil
}
