package web

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inspect"
	"entremise/internal/network"
	"entremise/internal/oversight"
	"entremise/internal/web/ui"
)

// The officer's own files: breaches, requests of authorities, broken terms, assessments, reviews; and who gets data.

func oversightRoutes() []route {
	return []route{
		{"GET", "/conformite", space, staff, 0, (*visit).oversight},
		{"GET", "/conformite/registre/{kind}", space, staff, 0, (*visit).oversightRegister},
		{"GET", "/conformite/registre/{kind}/csv", space, staff, 0, (*visit).oversightCSV},
		{"GET", "/conformite/nouveau/{kind}", space, staff, 0, (*visit).oversightNew},
		{"POST", "/conformite/nouveau/{kind}", space, staff, 0, (*visit).oversightBegin},
		{"GET", "/conformite/dossier/{id}", space, staff, 0, (*visit).oversightFile},
		{"POST", "/conformite/dossier/{id}", space, staff, 0, (*visit).oversightDo},
		{"GET", "/conformite/dossier/{id}/avis", space, staff, 0, (*visit).oversightDraft},
		{"GET", "/conformite/dossier/{id}/lettre", space, staff, 0, (*visit).oversightLetter},
		{"POST", "/conformite/dossier/{id}/extrait", space, staff, 0, (*visit).oversightExtract},
		{"POST", "/conformite/inspection", space, staff, 0, (*visit).inspection},
		{"GET", "/conformite/destinataires", space, staff, 0, (*visit).recipients},
		{"GET", "/conformite/destinataires/csv", space, staff, 0, (*visit).recipientsCSV},
	}
}

// kindPaths are the kinds of file as addresses call them.
var kindPaths = map[oversight.Kind]string{oversight.Breach: "violations", oversight.Authority: "autorites", oversight.Terms: "conditions", oversight.Assessment: "analyses", oversight.Review: "revues"}

var kindNames = map[oversight.Kind][2]fault.Text{
	oversight.Breach:     {fault.T("Violations de données", "Breaches"), fault.T("Toutes, notifiées ou non, avec leurs effets et les mesures prises (RGPD art. 33.5).", "All of them, notified or not, with their effects and the measures taken (GDPR art. 33.5).")},
	oversight.Authority:  {fault.T("Demandes d’autorités", "Requests of authorities"), fault.T("Avec leur fondement légal, leur portée et ce qui a été remis.", "With their legal reference, their scope and what was handed over.")},
	oversight.Terms:      {fault.T("Conditions non respectées", "Broken terms"), fault.T("Les comptes qui ont enfreint les conditions, les preuves et leur gel.", "Accounts that broke the terms, the evidence and its hold.")},
	oversight.Assessment: {fault.T("Analyses d’impact", "Impact assessments"), fault.T("Par finalité, avec l’avis, la décision et le jour du prochain examen (RGPD art. 35).", "By purpose, with the opinion, the decision and the day of the next look (GDPR art. 35).")},
	oversight.Review:     {fault.T("Revues de sécurité", "Security reviews"), fault.T("Les mesures fonctionnent-elles ? Constats, changements, date de la suivante (RGPD art. 32.1 d).", "Do the measures work? Findings, changes, date of the next (GDPR art. 32.1 d).")},
}

func (v *visit) fileKind() (oversight.Kind, error) {
	for k, path := range kindPaths {
		if path == v.r.PathValue("kind") {
			return k, nil
		}
	}
	return "", errNoPage
}

func (v *visit) oversight() error {
	due, err := v.Oversight.Due(v.ctx, v.actor)
	if err != nil {
		return err
	}
	p := ui.Oversight{Space: v.watching("oversight"), Inspect: v.actor.Can(auth.InspectMake)}
	for _, d := range due {
		p.Due = append(p.Due, v.oversightDue(d))
	}
	counts, err := v.Oversight.Counts(v.ctx, v.actor)
	if err != nil {
		return err
	}
	for _, k := range oversight.Kinds() {
		p.Registers = append(p.Registers, ui.FileKind{Title: v.say2(kindNames[k][0]), About: v.say2(kindNames[k][1]), Href: "/conformite/registre/" + kindPaths[k], New: "/conformite/nouveau/" + kindPaths[k], Files: counts[k]})
	}
	return v.show(p)
}

// oversightDue is one line of what waits; its text says what is to be done.
func (v *visit) oversightDue(d oversight.Due) ui.Due {
	what := map[string]fault.Text{"notify": fault.T("avertir l’autorité", "tell the authority"), "finish": fault.T("à compléter", "to be completed"), "answer": fault.T("à répondre", "to be answered"),
		"review": fault.T("nouvelle revue à faire", "a new review is due"), "reassess": fault.T("à réexaminer", "to be looked at again")}[d.What]
	row := ui.Due{Queue: v.say2(kindNames[d.Kind][0]), Title: d.Title(), Detail: joinWords(d.Ref, v.say2(what)), Href: "/conformite/dossier/" + d.ID, Since: d.Since, By: d.By}
	if d.ID == "" {
		row.Title, row.Detail, row.Href, row.Since = v.lang.T("Première revue de sécurité", "First security review"), v.say2(what), "/conformite/nouveau/"+kindPaths[d.Kind], d.By
	}
	return row
}

// dueOversight are what the officer's first page names.
func (v *visit) dueOversight(page *ui.Today) error {
	due, err := v.Oversight.Due(v.ctx, v.actor)
	for _, d := range due[:min(len(due), listed)] {
		page.Due = append(page.Due, v.oversightDue(d))
	}
	return err
}

func (v *visit) oversightStatus(f oversight.File) ui.Status {
	if f.State == oversight.Closed {
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Clos", "Closed")}
	}
	return ui.Status{Tone: ui.Now, Text: v.lang.T("Ouvert", "Open")}
}

func (v *visit) oversightRegister() error {
	k, err := v.fileKind()
	if err != nil {
		return err
	}
	all, err := v.Oversight.List(v.ctx, v.actor, k)
	if err != nil {
		return err
	}
	p := ui.FileRegister{Space: v.watching("oversight"), Title: v.say2(kindNames[k][0]), About: v.say2(kindNames[k][1]), New: "/conformite/nouveau/" + kindPaths[k], CSV: "/conformite/registre/" + kindPaths[k] + "/csv"}
	for _, f := range all {
		row := ui.FileRow{Title: f.Title(), Ref: f.Ref, Href: "/conformite/dossier/" + f.ID, Since: f.Since, By: f.Due, Status: v.oversightStatus(f)}
		for _, x := range v.fileNumbers(f) {
			row.Facts = append(row.Facts, x.Label+v.lang.T(" : ", ": ")+x.Value)
		}
		if k == oversight.Breach {
			row.Words = v.fileWords(f)
		}
		p.Rows = append(p.Rows, row)
	}
	if k == oversight.Assessment {
		wanted, err := v.Oversight.Assessed(v.ctx, v.actor)
		if err != nil {
			return err
		}
		for _, a := range wanted {
			row := ui.AssessedRow{Purpose: v.say2(a.Purpose.Label), Why: v.series(a.Why), Status: ui.Status{Tone: ui.Wait, Text: v.lang.T("aucune analyse", "no assessment")}}
			if a.File.ID != "" {
				row.Href = "/conformite/dossier/" + a.File.ID
				row.Status = ui.Status{Tone: ui.Good, Text: v.lang.Tf("analysée, à revoir le %s", "assessed, to be looked at again on %s", v.lang.Date(day(a.File.Next)))}
			}
			p.Wanted = append(p.Wanted, row)
		}
	}
	return v.show(p)
}

func (v *visit) series(ts []fault.Text) string {
	var all []string
	for _, t := range ts {
		all = append(all, v.say2(t))
	}
	return strings.Join(all, ", ")
}

func (v *visit) dataNames(data []network.Category) string {
	var all []string
	for _, c := range data {
		all = append(all, v.say2(c.Label()))
	}
	return strings.Join(all, " ; ")
}

// fileWords are what a file says in words, under their labels.
func (v *visit) fileWords(f oversight.File) (all []ui.Fact) {
	for _, x := range oversight.AllFields(f.Kind) {
		if text := f.Words[x.Name]; text != "" && text != f.Title() {
			all = append(all, ui.Fact{Label: v.say2(x.Label), Value: text})
		}
	}
	return all
}

// fileNumbers are what a register is sorted and counted by.
func (v *visit) fileNumbers(f oversight.File) (all []ui.Fact) {
	add := func(label, value string) {
		if value != "" {
			all = append(all, ui.Fact{Label: label, Value: value})
		}
	}
	number := func(n int64) string {
		if n == oversight.Unknown {
			return ""
		}
		return v.lang.Number(int(n))
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		at := t.In(geo.Paris())
		return v.lang.Date(at) + ", " + v.lang.Time(at)
	}
	switch f.Kind {
	case oversight.Breach:
		add(v.lang.T("Connue le", "Known on"), moment(f.Since))
		add(v.lang.T("Risque", "Risk"), v.say2(f.Risk.Label()))
		add(v.lang.T("Données touchées", "Data concerned"), v.dataNames(f.Data))
		add(v.lang.T("Personnes", "People"), number(f.People))
		add(v.lang.T("Enregistrements", "Records"), number(f.Records))
		add(v.lang.T("Autorité avertie le", "Authority told on"), moment(f.Notified))
	case oversight.Authority:
		add(v.lang.T("Reçue le", "Received on"), moment(f.Since))
		add(v.lang.T("Fondement", "Legal reference"), f.Words["legal"])
		add(v.lang.T("Données demandées", "Data asked for"), v.dataNames(f.Data))
		add(v.lang.T("Premier extrait le", "First extract on"), moment(f.Notified))
	case oversight.Terms:
		add(v.lang.T("Constaté le", "Found on"), moment(f.Since))
	case oversight.Assessment, oversight.Review:
		add(v.lang.T("Le", "On"), v.lang.Date(f.Since.In(geo.Paris())))
		var purposes []string
		for _, id := range f.Purposes {
			label := id
			if p, ok := v.n.Purpose(id); ok {
				label = v.say2(p.Label)
			}
			purposes = append(purposes, label)
		}
		add(v.lang.T("Finalités", "Purposes"), strings.Join(purposes, " ; "))
		add(v.lang.T("La suivante", "The next"), v.lang.Date(day(f.Next)))
	}
	return all
}

// oversightCSV is a register as a file: it leaves the house, so it asks for a fresh proof of identity and leaves a line.
func (v *visit) oversightCSV() error {
	k, err := v.fileKind()
	if err != nil {
		return err
	}
	if err := v.actor.May(auth.OversightRead); err != nil {
		return err
	}
	if to := v.mustBeFresh(v.r.URL.RequestURI()); to != nil {
		return to
	}
	all, err := v.Oversight.List(v.ctx, v.actor, k)
	if err != nil {
		return err
	}
	if err := v.DB.WriteGuarded(v.ctx, func(tx *db.Tx) error {
		return audit.Write(tx, v.actor.Name(), v.actor.As(auth.OversightRead), "oversight.export", string(k), strconv.Itoa(len(all)))
	}); err != nil {
		return err
	}
	head := []string{"reference", "state", "known_or_received_at", "entered_at", "closed_at", "risk", "purposes", "data", "people", "records", "told_or_handed_at", "next_on"}
	for _, x := range oversight.AllFields(k) {
		head = append(head, x.Name)
	}
	rows := [][]string{head}
	instant := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return stamp(t)
	}
	for _, f := range all {
		closed := ""
		if f.State == oversight.Closed {
			closed = stamp(f.StateAt)
		}
		row := []string{f.Ref, string(f.State), stamp(f.Since), stamp(f.At), closed, string(f.Risk), strings.Join(f.Purposes, " "), joinCategories(f.Data), counted(f.People), counted(f.Records), instant(f.Notified), f.Next}
		for _, x := range oversight.AllFields(k) {
			row = append(row, f.Words[x.Name])
		}
		rows = append(rows, row)
	}
	return v.csv(kindPaths[k], ';', rows)
}

func joinCategories(data []network.Category) string {
	var all []string
	for _, c := range data {
		all = append(all, string(c))
	}
	return strings.Join(all, " ")
}

func counted(n int64) string {
	if n == oversight.Unknown {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func (v *visit) oversightNew() error { return v.showing(v.oversightNewPage(ui.Form{})) }

func (v *visit) oversightNewPage(f ui.Form) (ui.View, error) {
	k, err := v.fileKind()
	if err != nil {
		return nil, err
	}
	if err := v.actor.May(auth.OversightWork); err != nil {
		return nil, err
	}
	if v.n.Oversight == nil {
		return nil, errNoPage
	}
	return ui.FileNew{Space: v.spaceFrame(), Form: f, Title: v.say2(kindNames[k][0]), About: v.say2(kindNames[k][1]), Action: "/conformite/nouveau/" + kindPaths[k], Inputs: v.fileInputs(k, true)}, nil
}

func (v *visit) oversightBegin() error {
	if err := v.parse(); err != nil {
		return err
	}
	k, err := v.fileKind()
	if err != nil {
		return err
	}
	id, err := v.Oversight.Begin(v.ctx, v.actor, v.readFile(k))
	if err != nil {
		return v.invalid(err, v.oversightNewPage)
	}
	return v.to("/conformite/dossier/" + id)
}

func (v *visit) oversightFile() error { return v.showing(v.oversightPage(ui.Form{})) }

func (v *visit) oversightPage(form ui.Form) (ui.View, error) {
	w, err := v.Oversight.Read(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	running := w.State == oversight.Open
	if form.Values == nil {
		form.Values = v.fileValues(w.File)
	} else if values := v.fileValues(w.File); form.Values["do"] != nil && form.Values["do"][0] != "complete" {
		for k, typed := range form.Values { // another form of the page was refused: what the file says stands beside it
			values[k] = typed
		}
		form.Values = values
	}
	p := ui.FileShown{Space: v.watching("oversight"), Form: form, Action: "/conformite/dossier/" + w.ID, Reference: w.Ref, Title: w.Title(), Status: v.oversightStatus(w.File), Due: w.Due, Facts: v.fileNumbers(w.File), Running: running, Scoped: w.Kind.Scoped(), Holds: w.Kind.Holds(),
		Extract: running && w.Kind == oversight.Authority && len(w.Subjects) > 0,
		Audit:   v.lang.T("Chaque ouverture de cette page est notée au journal.", "Each opening of this page is noted in the audit trail.")}
	if running {
		p.Inputs = v.fileInputs(w.Kind, false)
		for _, m := range w.Missing(len(w.Letters)) {
			p.Missing = append(p.Missing, v.say2(m.Text))
		}
	}
	if !running {
		p.Words = v.fileWords(w.File)
	}
	for _, x := range oversight.AllFields(w.Kind) {
		if text := w.Words[x.Name]; running && x.By != "" && text != "" {
			p.Facts = append(p.Facts, ui.Fact{Label: v.say2(x.Label), Value: text})
		}
	}
	if w.Kind == oversight.Breach {
		p.Draft, p.Letter = p.Action+"/avis", p.Action+"/lettre"
		p.MayNotify, p.MayDecline = running, running && w.Notified.IsZero() && w.Risk == oversight.RiskNone && w.Words["not_notified"] == ""
		p.Late = running && w.Notified.IsZero() && v.DB.Now().After(w.Network.Oversight.Notify.AddTo(w.Since))
		p.MayTell, p.MayWithhold = running, running && len(w.Letters) == 0 && w.Words["not_told"] == ""
		p.Data = v.categoryOptions()
	}
	for _, x := range w.Subjects {
		person := ui.FilePerson{ID: x.Person, Record: x.Record, Ref: x.Ref, Held: x.Hold != "" && running}
		if strings.HasPrefix(x.Person, "pro_") && v.n.Sells() {
			person.Href = "/pros/" + x.Person
		}
		p.People = append(p.People, person)
	}
	for _, l := range w.Letters {
		whom := v.lang.T("aux personnes nommées", "to the people named")
		if len(l.Data) > 0 {
			whom = v.dataNames(l.Data)
		}
		st := ui.Status{Tone: ui.Wait, Text: v.lang.T("en cours", "under way")}
		if !l.Done.IsZero() {
			st = ui.Status{Tone: ui.Good, Text: v.lang.Count(int(l.Sent), "personne avertie", "personnes averties", "person told", "people told")}
			if l.Unreached > 0 {
				st = ui.Status{Tone: ui.Wait, Text: st.Text + v.lang.Tf(", %d sans adresse à prévenir autrement", ", %d without an address to be told otherwise", l.Unreached)}
			}
		}
		p.Letters = append(p.Letters, ui.FileLetter{At: l.At, Whom: whom, Status: st})
	}
	return p, v.fileEvents(&p, w.Events)
}

func (v *visit) fileEvents(p *ui.FileShown, events []oversight.Event) error {
	words := map[string]fault.Text{oversight.EvOpened: fault.T("Dossier ouvert", "File opened"), oversight.EvCompleted: fault.T("Dossier complété", "File completed"), oversight.EvNotified: fault.T("Autorité avertie", "Authority told"),
		oversight.EvDeclined: fault.T("Décision de ne pas avertir", "Decision not to tell"), oversight.EvTold: fault.T("Lettre aux personnes envoyée", "Letter to the people sent"), oversight.EvTied: fault.T("Personne ajoutée", "Person added"),
		oversight.EvUntied: fault.T("Personne retirée", "Person taken out"), oversight.EvHanded: fault.T("Extrait remis", "Extract handed over"), oversight.EvClosed: fault.T("Dossier clos", "File closed"),
		oversight.EvSoon: fault.T("Échéance proche, vous êtes averti", "Clock about to end, you were told"), oversight.EvLate: fault.T("Échéance atteinte", "Clock has run out")}
	var ids []string
	for _, e := range events {
		if strings.HasPrefix(e.Actor, "acc_") {
			ids = append(ids, e.Actor)
		}
	}
	names, err := v.Auth.Names(v.ctx, ids...)
	if err != nil {
		return err
	}
	names["system"] = v.lang.T("le logiciel", "the software")
	for _, e := range events {
		tone := ui.Good
		switch e.Kind {
		case oversight.EvLate:
			tone = ui.Bad
		case oversight.EvSoon, oversight.EvDeclined:
			tone = ui.Wait
		}
		text := v.say2(words[e.Kind])
		if e.Kind == oversight.EvHanded {
			text += ", SHA-256 " + e.Object
			if sum, values, ok := strings.Cut(e.Object, " "); ok {
				text = v.lang.Tf("Extrait remis : %s valeurs, SHA-256 %s…", "Extract handed over: %s values, SHA-256 %s…", values, sum[:min(len(sum), 16)])
			}
		}
		p.Steps = append(p.Steps, ui.Step{At: e.At, Tone: tone, Text: text, By: names[e.Actor]})
	}
	return nil
}

// oversightDo is every act on a file.
func (v *visit) oversightDo() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	var err error
	good := v.lang.T("C’est noté.", "Noted.")
	switch v.value("do") {
	case "complete":
		w, readErr := v.Oversight.Read(v.ctx, v.actor, id)
		if readErr != nil {
			return readErr
		}
		err = v.Oversight.Complete(v.ctx, v.actor, id, v.readFile(w.Kind))
		good = v.lang.T("C’est enregistré.", "Saved.")
	case "notify":
		err = v.Oversight.Notified(v.ctx, v.actor, id, v.value("late"))
	case "decline":
		err = v.Oversight.Declined(v.ctx, v.actor, id, v.value("not_notified"))
	case "withhold":
		err = v.Oversight.Withheld(v.ctx, v.actor, id, v.value("not_told"))
	case "tell":
		var data []network.Category
		for _, c := range v.r.Form["whom"] {
			data = append(data, network.Category(c))
		}
		err = v.Oversight.Tell(v.ctx, v.actor, id, data)
		good = v.lang.T("La lettre part.", "The letter is on its way.")
	case "tie":
		err = v.oversightTie(id)
	case "untie":
		err = v.Oversight.Untie(v.ctx, v.actor, id, v.value("person"), v.value("record"))
	case "close":
		err = v.Oversight.Close(v.ctx, v.actor, id)
		good = v.lang.T("Le dossier est clos.", "The file is closed.")
	default:
		return errForm
	}
	if f := fault.Of(err); f != nil && len(f.Fields) > 0 {
		return v.invalid(err, v.oversightPage)
	}
	return v.did("/conformite/dossier/"+id, good, err)
}

// oversightTie finds who is meant; what was typed is shown back and stands in no address.
func (v *visit) oversightTie(id string) error {
	if err := v.actor.May(auth.OversightWork); err != nil {
		return err
	}
	typed := v.value("ref")
	if v.value("only") != "" || strings.HasPrefix(typed, "cal_") || strings.HasPrefix(typed, "msg_") {
		return v.Oversight.TieRecord(v.ctx, v.actor, id, typed)
	}
	person, err := v.personOf(typed)
	if fault.Is(err, fault.Invalid) {
		var c fault.Check
		c.Add("ref", errNobody.Public)
		return c.Err()
	}
	if err != nil {
		return err
	}
	if typed != person {
		typed = strings.ToUpper(typed)
	}
	return v.Oversight.Tie(v.ctx, v.actor, id, person, typed)
}

// oversightDraft is the notice to the authority as a text, to be read, printed and copied into its own form.
func (v *visit) oversightDraft() error {
	w, err := v.Oversight.Read(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if w.Kind != oversight.Breach {
		return errNoPage
	}
	return v.text("text/plain; charset=utf-8", []byte(w.Draft(string(v.lang))))
}

// oversightLetter is the letter to the people as it would go out now, in the reader's language.
func (v *visit) oversightLetter() error {
	w, err := v.Oversight.Read(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if w.Kind != oversight.Breach {
		return errNoPage
	}
	l, err := w.Letter(string(v.lang))
	if err != nil {
		return err
	}
	return v.text("text/plain; charset=utf-8", []byte(l.Subject+"\n\n"+l.Email))
}

// oversightExtract hands the extract over to the browser: data leaves in bulk, so it asks for a fresh proof of identity.
func (v *visit) oversightExtract() error {
	id := v.r.PathValue("id")
	if err := v.actor.May(auth.OversightWork); err != nil {
		return err
	}
	if to := v.mustBeFresh("/conformite/dossier/" + id); to != nil {
		return to
	}
	body, _, err := v.Oversight.Hand(v.ctx, v.actor, id)
	if err != nil {
		return v.did("/conformite/dossier/"+id, "", err)
	}
	return v.file("application/json", `attachment; filename="extrait.json"`, body)
}

// inspection hands an inspection pack over: it leaves the house, so it asks for a fresh proof of identity.
func (v *visit) inspection() error {
	if err := v.actor.May(auth.InspectMake); err != nil {
		return err
	}
	if to := v.mustBeFresh("/conformite"); to != nil {
		return to
	}
	if err := v.parse(); err != nil {
		return err
	}
	period, err := v.inspected()
	if err != nil {
		return v.did("/conformite", "", err)
	}
	f, err := os.CreateTemp("", "inspection-*.zip") // whole before the first byte leaves: its seal comes last, and may not come
	if err != nil {
		return err
	}
	defer func() {
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			v.Log.Error("the file of a pack stays", "error", err.Error())
		}
	}()
	made, err := v.Inspect.Make(v.ctx, v.actor, period, f)
	if err != nil {
		return v.did("/conformite", "", err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return v.fileFrom("application/zip", `attachment; filename="inspection-`+v.DB.Now().In(geo.Paris()).Format(time.DateOnly)+`.zip"`, made.Size, f)
}

// inspected reads the days that a pack is about, the last one included; no day is no bound.
func (v *visit) inspected() (p inspect.Period, err error) {
	for name, at := range map[string]*time.Time{"from": &p.From, "until": &p.Until} {
		typed := v.value(name)
		if typed == "" {
			continue
		}
		if *at, err = time.ParseInLocation(time.DateOnly, typed, geo.Paris()); err != nil {
			return p, fault.New(fault.Invalid, "no-date", fault.T("Écrivez une date, par exemple 2026-12-01.", "Write a date, for example 2026-12-01."))
		}
	}
	if !p.Until.IsZero() {
		p.Until = p.Until.AddDate(0, 0, 1)
	}
	return p, nil
}
