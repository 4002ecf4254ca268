package web

import (
	"crypto/rand"
	"io"
	"net/http"
	"strconv"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

// Invitations: by a member in his space, and by staff for him. A list is read, its columns are confirmed, and only then are people written to; between the two it
// stays with its sender, in the page.

func inviteRoutes() []route {
	const list = 3 << 20 // a file of 1 MiB, which may grow by a half in UTF-8, with room for its form
	return []route{
		{"GET", "/invitations", space, prosOnly, 0, (*visit).invites},
		{"POST", "/invitations", space, prosOnly, 0, (*visit).inviteOne},
		{"POST", "/invitations/liste", space, prosOnly, list, (*visit).inviteList},
		{"POST", "/invitations/envoi", space, prosOnly, list, (*visit).inviteSend},
		{"GET", "/pros/{id}/invitations", space, hosting, 0, (*visit).invites},
		{"POST", "/pros/{id}/invitations", space, hosting, 0, (*visit).inviteOne},
		{"POST", "/pros/{id}/invitations/liste", space, hosting, list, (*visit).inviteList},
		{"POST", "/pros/{id}/invitations/envoi", space, hosting, list, (*visit).inviteSend},
	}
}

// invitedPro is whom an invitation is for: the member himself, or whom staff opened.
func (v *visit) invitedPro() string {
	if v.actor.Who == auth.Professional {
		return v.actor.Pro
	}
	return v.r.PathValue("id")
}

func (v *visit) inviteBase() string {
	if v.actor.Who == auth.Professional {
		return "/invitations"
	}
	return "/pros/" + v.r.PathValue("id") + "/invitations"
}

const invitesShown = 50

func (v *visit) invites() error { return v.showing(v.invitesPage(ui.Form{})) }

func (v *visit) invitesPage(form ui.Form) (ui.View, error) {
	all, counts, err := v.Reviews.Invitations(v.ctx, v.actor, v.invitedPro(), invitesShown)
	if err != nil {
		return nil, err
	}
	page := ui.Invites{Space: v.spaceFrame(), Form: form, Base: v.inviteBase(), Questionnaires: v.questionnaireOptions(), Most: review.MostRows}
	contacts, err := v.Pros.Contacts(v.ctx, v.invitedPro())
	if err != nil {
		return nil, err
	}
	page.Company = contacts[v.invitedPro()].Company
	page.Hidden = []ui.Hidden{{Name: "key", Value: rand.Text()}}
	for _, a := range []network.Audience{network.OfCustomer, network.OfEmployee} {
		if c := counts[a]; len(c) > 0 {
			total := c["sent"] + c["answered"] + c["expired"] + c["closed"]
			page.Counts = append(page.Counts, ui.Fact{Label: v.audience(a), Value: v.lang.Tf("%d invités, %d réponses", "%d invited, %d answers", total, c["answered"])})
		}
	}
	for _, s := range all {
		page.Rows = append(page.Rows, ui.InviteRow{At: s.At, Name: s.Name, Audience: v.audience(s.Audience), ByStaff: s.Source == review.FromOperator, Status: v.inviteStatus(s.State), Sendings: int(s.Sendings)})
	}
	return page, v.wishesOfMember(&page)
}

func (v *visit) audience(a network.Audience) string {
	if a == network.OfEmployee {
		return v.lang.T("Salariés", "Employees")
	}
	return v.lang.T("Clients", "Customers")
}

func (v *visit) inviteStatus(state string) ui.Status {
	switch state {
	case "sent":
		return ui.Status{Tone: ui.Now, Text: v.lang.T("envoyée", "sent")}
	case "answered":
		return ui.Status{Tone: ui.Good, Text: v.lang.T("répondue", "answered")}
	case "expired":
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("expirée", "expired")}
	case "closed":
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("close", "closed")}
	}
	return ui.Status{Tone: ui.Quiet, Text: v.lang.T("non dit", "not told")}
}

func (v *visit) questionnaireOptions() (all []ui.Option) {
	if v.n.Reviews == nil {
		return nil
	}
	for _, q := range v.n.Reviews.Questionnaires {
		all = append(all, ui.Option{Value: q.ID, Label: v.audience(q.Audience), Hint: v.say2(q.Label)})
	}
	return all
}

func (v *visit) listOf(rows []review.Row) review.List {
	l := review.List{Key: v.value("key"), Pro: v.invitedPro(), Questionnaire: v.value("questionnaire"), Lang: v.value("lang"), Rows: rows}
	if len(v.n.Sites) > 0 {
		l.Site = v.n.Sites[0].Host
	}
	return l
}

// inviteOne asks one person, as a list of one.
func (v *visit) inviteOne() error {
	if err := v.parse(); err != nil {
		return err
	}
	row := review.Row{Line: 1, Name: v.value("name"), Email: v.value("email"), Phone: v.value("phone"), Experience: review.Experience{Service: v.value("service"), On: v.value("on"), Until: v.value("until")}}
	p, err := v.Reviews.InviteList(v.ctx, v.actor, v.listOf([]review.Row{row}))
	if err == nil && len(p.Wrong) > 0 {
		err = &fault.Error{Kind: fault.Invalid, Code: "invalid-fields", Fields: p.Wrong[0].Fields}
	}
	if err == nil && len(p.Repeats) > 0 {
		var c fault.Check
		c.Add("email", v.askedAlready(p.Repeats[0]))
		err = c.Err()
	}
	if err != nil {
		return v.invalid(err, v.invitesPage)
	}
	return v.did(v.inviteBase(), v.lang.T("L’invitation est partie.", "The invitation has been sent."), nil)
}

func (v *visit) askedAlready(r review.Repeat) fault.Text {
	if r.First > 0 {
		return fault.Tf("Cette adresse est déjà à la ligne %d.", "This address is on line %d already.", r.First)
	}
	at := r.At
	return fault.T("Cette adresse a déjà été invitée le "+ui.Lang("fr").Date(at)+" : une personne n’est invitée qu’une fois tant que son questionnaire est valable.",
		"This address was invited already on "+ui.Lang("en").Date(at)+": a person is invited once while the questionnaire is valid.")
}

// inviteList reads an uploaded file and shows what its columns seem to hold.
func (v *visit) inviteList() error {
	if err := v.parse(); err != nil {
		return err
	}
	var c fault.Check
	text, err := v.uploadedText("file")
	var table review.Table
	if err == nil {
		table, err = review.ReadTable(text)
	}
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
	} else if err != nil {
		return err
	}
	_, known := v.n.Reviews.Questionnaire(v.value("list-questionnaire"))
	c.That(known, "list-questionnaire", fault.T("Choisissez à qui vous écrivez.", "Choose whom you write to."))
	if err := c.Err(); err != nil {
		return v.invalid(err, v.invitesPage)
	}
	page, err := v.mappingPage(ui.Form{}, table, table.Guess(), v.value("list-questionnaire"), rand.Text())
	return v.showing(page, err)
}

// uploadedText is a file of a form, at most as large as a list may be; a fault of its field when there is none.
func (v *visit) uploadedText(name string) ([]byte, error) {
	var c fault.Check
	f, _, err := v.r.FormFile(name)
	if err != nil {
		c.Add(name, fault.T("Choisissez un fichier.", "Choose a file."))
		return nil, c.Err()
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, review.MostListBytes+1))
}

func (v *visit) columnName(c review.Column) (label string, need bool) {
	switch c {
	case review.ColEmail:
		return v.lang.T("Adresse e-mail", "E-mail address"), true
	case review.ColFirst:
		return v.lang.T("Prénom, s’il est à part", "First name, if apart"), false
	case review.ColName:
		return v.lang.T("Nom", "Name"), true
	case review.ColPhone:
		return v.lang.T("Téléphone", "Phone"), false
	case review.ColService:
		return v.lang.T("Prestation, achat ou poste", "Service, purchase or post"), true
	case review.ColOn:
		return v.lang.T("Date, ou premier jour", "Date, or first day"), true
	}
	return v.lang.T("Dernier jour", "Last day"), false
}

// mappingPage shows what the columns hold, how the first rows read with that, and which rows cannot go.
func (v *visit) mappingPage(form ui.Form, table review.Table, by map[review.Column]int, questionnaire, key string) (ui.View, error) {
	page := ui.InviteMapping{Space: v.spaceFrame(), Form: form, Base: v.inviteBase(), Questionnaire: questionnaire, Key: key, Text: string(table.Text()), Rows: len(table.Rows)}
	options := []ui.Option{}
	for i, h := range table.Header {
		label := h
		if label == "" {
			label = v.lang.Tf("Colonne %d", "Column %d", i+1)
		}
		options = append(options, ui.Option{Value: strconv.Itoa(i), Label: label})
	}
	for _, c := range []review.Column{review.ColName, review.ColFirst, review.ColEmail, review.ColPhone, review.ColService, review.ColOn, review.ColUntil} {
		label, need := v.columnName(c)
		m := ui.MapColumn{Name: "col-" + string(c), Label: label, Options: options, Need: need}
		if at, ok := by[c]; ok {
			m.Value = strconv.Itoa(at)
		}
		page.Columns = append(page.Columns, m)
	}
	rows := table.Read(by)
	wrong, err := v.Reviews.CheckList(v.ctx, v.actor, review.List{Key: key, Pro: v.invitedPro(), Questionnaire: questionnaire, Rows: rows})
	if err != nil {
		return nil, err
	}
	for _, r := range rows[:min(3, len(rows))] {
		page.Sample = append(page.Sample, []string{r.Name, r.Email, r.Experience.Service, v.typedDay(r.Experience.On)})
	}
	page.Wrong = v.wrongRows(wrong)
	page.Good = len(rows) - len(wrong)
	return page, nil
}

const wrongShown = 30

func (v *visit) wrongRows(wrong []review.Wrong) (all []ui.WrongRow) {
	for _, w := range wrong[:min(wrongShown, len(wrong))] {
		r := ui.WrongRow{Line: w.Line}
		for _, f := range w.Fields {
			r.Why = append(r.Why, v.say2(f.Text))
		}
		all = append(all, r)
	}
	return all
}

// inviteSend goes on with a list: it checks again with the columns chosen (do=check), gives back the rows to correct (do=wrong), or sends.
func (v *visit) inviteSend() error {
	if err := v.parse(); err != nil {
		return err
	}
	table, err := review.ReadTable([]byte(v.r.FormValue("text")))
	if err != nil {
		return v.invalid(err, v.invitesPage)
	}
	by := map[review.Column]int{}
	for _, c := range review.Columns() {
		if at, err := strconv.Atoi(v.value("col-" + string(c))); err == nil && at >= 0 && at < len(table.Header) {
			by[c] = at
		}
	}
	l := v.listOf(table.Read(by))
	switch v.value("do") {
	case "check":
		return v.showing(v.mappingPage(ui.Form{}, table, by, l.Questionnaire, l.Key))
	case "wrong":
		wrong, err := v.Reviews.CheckList(v.ctx, v.actor, l)
		if err != nil {
			return err
		}
		file, err := table.Correct(wrong, string(v.lang))
		if err != nil {
			return err
		}
		return v.file("text/csv; charset=utf-8", `attachment; filename="a-corriger.csv"`, file)
	}
	p, err := v.Reviews.InviteList(v.ctx, v.actor, l)
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.mappingPage(f, table, by, l.Questionnaire, l.Key) })
	}
	page := ui.InviteProgress{Space: v.spaceFrame(), Base: v.inviteBase(), Rows: p.Rows, Done: p.Done, Invited: p.Invited, Repeated: p.Repeated, Wrong: v.wrongRows(p.Wrong), Bad: len(p.Wrong), Over: p.Over}
	for name := range v.r.Form {
		if name != "do" {
			page.Hidden = append(page.Hidden, ui.Hidden{Name: name, Value: v.r.FormValue(name)})
		}
	}
	for _, r := range p.Repeats[:min(wrongShown, len(p.Repeats))] {
		page.Repeats = append(page.Repeats, ui.WrongRow{Line: r.Line, Why: []string{v.say2(v.askedAlready(r))}})
	}
	return v.showAs(http.StatusOK, page)
}
