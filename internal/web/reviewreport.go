package web

import (
	"errors"
	"io"
	"strconv"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// What anybody does about a review without an account: report one, contest a decision, send a document that was asked for, read how reviews are checked.

func reviewReportRoutes() []route {
	return []route{
		{"POST", "/avis/{digits}/{part}", anywhere, open, 0, (*visit).reviewReport},
		{"GET", "/avis/piece/{token}", site, open, 0, (*visit).paperForm},
		{"POST", "/avis/piece/{token}", site, open, review.MaxPaper + 1<<20, (*visit).paper},
		{"GET", "/avis/q/{token}/recours", site, open, 0, (*visit).openAppeal},
		{"GET", "/mon-avis/recours", site, linked, 0, (*visit).appealForm},
		{"POST", "/mon-avis/recours", site, linked, 0, (*visit).appeal},
		{"GET", "/controle-des-avis", anywhere, open, 0, (*visit).reviewProcedure},
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
	if err := v.limits.allow("report "+v.address(), 10, time.Hour); err != nil {
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
	var upload []byte
	if v.r.MultipartForm != nil && len(v.r.MultipartForm.File["file"]) == 1 {
		file, err := v.r.MultipartForm.File["file"][0].Open()
		if err != nil {
			return err
		}
		upload, err = io.ReadAll(io.LimitReader(file, review.MaxPaper+1))
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	if err := v.Reviews.Send(v.ctx, v.r.PathValue("token"), upload); err != nil {
		return v.invalid(err, v.paperPage)
	}
	return v.show(ui.PaperForm{Public: v.public(nil), Sent: true})
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
		out.Reasons = append(out.Reasons, ui.Count{Label: v.say2(r.Reason.Text), N: int(r.N)})
	}
	return out, nil
}

// reviewProcedure says how reviews are collected, checked and shown, from the network file alone (C. conso. L111-7-2, D111-17 to D111-19).
func (v *visit) reviewProcedure() error {
	b := v.n.Reviews
	if b == nil {
		return errNoPage
	}
	figures, err := v.reviewFigures()
	if err != nil {
		return err
	}
	l, keep := v.lang, func(use string) network.Keep { p, _ := v.n.Purpose(use); return *p.Keep }
	span := func(d network.Duration) string { return v.say2(d.Text()) }
	p := ui.ReviewProcedure{Public: v.public(nil), Figures: figures}
	add := func(title string, lines ...string) {
		p.Parts = append(p.Parts, ui.ProcedurePart{Title: title, Lines: lines})
	}
	add(l.T("Un contrôle, par des personnes", "A check, by people"),
		l.T("Chaque avis est lu par un modérateur avant d’être publié. Le logiciel lui signale des faits ; il ne décide de rien.", "Each review is read by a moderator before it is published. The software points out facts to him; it decides nothing."),
		l.T("Aucune contrepartie n’est donnée pour un avis, ni à son auteur ni à nous selon ce qu’il dit.", "Nothing is given in return for a review, neither to its author nor to us for what it says."))
	collect := l.Tf("Un questionnaire est envoyé à qui a eu affaire à l’entreprise ; il vaut %s, et un lien ne donne qu’un avis.", "A questionnaire is sent to people who dealt with the company; it is valid for %s, and a link gives one review only.", span(keep(b.Uses.Collect).For))
	if b.Tracking == network.AllowRefuse {
		collect += " " + l.T("Nous ne mesurons ni ouverture ni clic.", "We measure neither opens nor clicks.")
	}
	add(l.T("À la collecte", "When they are collected"), collect, l.T("Une empreinte de l’avis entre dans un registre public dès le dépôt, avant toute lecture.", "A fingerprint of the review enters a public log at deposit, before anybody reads it."))
	add(l.T("À la modération", "When they are moderated"),
		l.Tf("Trois vérifications : l’auteur est une personne réelle, l’expérience est authentique, le contenu est licite. La décision vient en %s au plus.", "Three checks: the author is a real person, the experience is authentic, the content is lawful. The decision comes within %s.", span(b.Decide)),
		l.Tf("Le modérateur peut appeler l’auteur, ou lui demander un document, ainsi qu’à l’entreprise, sous %s ; ces documents sont détruits avec la décision.", "The moderator may call the author, or ask him or the company for a document, within %s; these documents are destroyed with the decision.", span(b.Documents)),
		l.Tf("%s des avis sont tirés au sort pour un contrôle. Le tirage repose sur un secret engagé d’avance : personne ne choisit qui contrôler.", "%s of reviews are drawn at random for a control. The draw rests on a secret committed in advance: nobody chooses whom to control.", v.lang.T(b.Sample.FR(), strconv.FormatFloat(float64(b.Sample)/100, 'f', -1, 64)+"%")),
		l.Tf("L’auteur est averti de la décision et de son motif, et peut la contester pendant %s.", "The author is told the decision and its reason, and can contest it for %s.", span(b.Appeal)))
	add(l.T("À l’affichage", "When they are shown"),
		l.T("Les avis sont classés du plus récent au plus ancien, bons et mauvais ensemble, avec la date de l’expérience, celle du dépôt et celle d’un éventuel changement.", "Reviews are sorted from the newest to the oldest, good and bad together, with the date of the experience, that of the deposit and that of any change."),
		l.Tf("Un avis reste publié %s au plus depuis son dépôt, puis est archivé %s. Un avis refusé est gardé %s, puis archivé.", "A review stays published for %s at most from its deposit, then is archived for %s. One that was refused is kept %s, then archived.", span(keep(b.Uses.Publish).AtMost), v.archived(keep(b.Uses.Publish)), span(keep(b.Uses.Refuse).For)))
	add(l.T("Joindre l’auteur, et changer un avis", "Reaching the author, and changing a review"),
		l.T("Nous ne donnons à personne le moyen de joindre un auteur ; l’entreprise peut répondre publiquement à un avis.", "We give nobody the means to reach an author; the company may answer a review in public."),
		l.T("Ni nous ni l’entreprise ne pouvons changer un mot ni une note. L’auteur seul le peut : sa nouvelle version est lue comme la première, et le changement est daté. Il peut aussi retirer son avis à tout moment.", "Neither we nor the company can change a word or a mark. Only the author can: the new version is read like the first, and the change is dated. He can also withdraw his review at any time."))
	add(l.T("Signaler un avis", "Reporting a review"),
		l.Tf("Chacun peut signaler un avis publié, gratuitement et sans compte. Un modérateur répond en %s au plus, avec ses raisons ; l’avis reste visible d’ici là.", "Anybody may report a published review, free and without an account. A moderator answers within %s, with his reasons; the review stays visible until then.", span(b.Decide)),
		l.Tf("Qui dépose un avis illicite ou frauduleux peut être exclu pendant %s. Il en est averti et peut contester.", "Who deposits an unlawful or fraudulent review can be banned for %s. He is told and can contest.", v.banTime()))
	for _, k := range network.ReviewChecks() {
		part := ui.ProcedurePart{Title: v.checkName(k)}
		for _, r := range b.Refusals {
			if r.Check == k {
				part.Lines = append(part.Lines, v.say2(r.Text))
			}
		}
		p.Reasons = append(p.Reasons, part)
	}
	return v.show(p)
}

func (v *visit) archived(k network.Keep) string {
	if k.Archive == nil {
		return v.say2(fault.T("0 jour", "0 days"))
	}
	return v.say2(k.Archive.For.Text())
}
