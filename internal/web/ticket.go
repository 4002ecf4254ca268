package web

import (
	"cmp"
	"net/url"
	"slices"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// Messages that a service answers (RN-32): its queue, and the page of one.

func ticketRoutes() []route {
	return []route{
		{"GET", "/messages", space, staff, 0, (*visit).tickets},
		{"GET", "/messages/{id}", space, staff, 0, (*visit).ticket},
		{"POST", "/messages/{id}", space, staff, 0, (*visit).ticketDo},
	}
}

// subjects are what somebody may choose to write about, over all services.
func (v *visit) subjects() (all []ui.Option) {
	if v.n.Inbox == nil {
		return nil
	}
	for _, s := range v.n.Inbox.Services {
		for _, w := range s.Subjects {
			all = append(all, ui.Option{Value: w.ID, Label: v.say2(w.Text)})
		}
	}
	return all
}

// served refuses pages of messages where the network has no services, and to who works for none.
func (v *visit) served() error {
	if v.n.Inbox == nil || len(v.n.Inbox.Services) == 0 {
		return errNoPage
	}
	return v.actor.May(auth.TicketRead)
}

func (v *visit) serviceName(id string) string {
	if s, ok := v.n.Inbox.Service(id); ok {
		return v.say2(s.Label)
	}
	return v.lang.T("Protection des données", "Data protection")
}

func (v *visit) tickets() error {
	if err := v.served(); err != nil {
		return err
	}
	q := v.r.URL.Query()
	service, past := q.Get("service"), q.Get("clos") != ""
	all, err := v.Inbox.Tickets(v.ctx, v.actor, service, past)
	if err != nil {
		return err
	}
	page := ui.TicketQueue{Space: v.watching("tickets"), Past: past, Here: "/messages?service=" + url.QueryEscape(service)}
	link := func(id, text string) {
		l := ui.Link{Text: text, Href: "/messages?service=" + url.QueryEscape(id)}
		if id == service {
			l.Href = ""
		}
		page.Services = append(page.Services, l)
	}
	link("", v.lang.T("Tous", "All"))
	for _, s := range inbox.Services(v.n, v.actor) {
		link(s.ID, v.say2(s.Label))
	}
	accounts := make([]string, len(all))
	for i, t := range all {
		accounts[i] = t.Account
	}
	names, err := v.Auth.Names(v.ctx, accounts...)
	if err != nil {
		return err
	}
	for _, t := range all {
		page.Due = append(page.Due, ui.Due{Queue: v.serviceName(t.Service), Title: v.ticketTitle(t), Detail: joinWords(t.Name, t.Ref), Href: "/messages/" + t.ID, Since: t.Received, Taken: names[t.Account]})
	}
	return v.show(page)
}

func (v *visit) ticketTitle(t inbox.Ticket) string {
	return cmp.Or(t.Subject, v.lang.T("Message sans objet", "Message without subject"))
}

func (v *visit) ticket() error { return v.showing(v.ticketPage(ui.Form{})) }

func (v *visit) ticketPage(form ui.Form) (ui.View, error) {
	if err := v.served(); err != nil {
		return nil, err
	}
	f, err := v.Inbox.ReadTicket(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	page := ui.TicketFile{Space: v.watching("tickets"), Form: form, Action: "/messages/" + f.ID, Reference: f.Ref, Title: v.ticketTitle(f.Ticket), Status: v.caseStatus(f.Case), Open: (f.Running() || f.State == inbox.Letter) && v.actor.Can(auth.TicketAnswer)}
	if f.State == inbox.Letter {
		page.Status = ui.Status{Tone: ui.Now, Text: v.lang.T("Attend une réponse", "Waits for an answer")}
	}
	if v.actor.Can(auth.CaseRead) {
		page.Case = "/dossiers/" + f.ID
	}
	service, _ := v.n.Inbox.Service(f.Service)
	var people []string
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { people, err = auth.StaffWith(tx, service.Roles...); return }); err != nil {
		return nil, err
	}
	ids := append(slices.Clone(people), f.Account)
	for _, n := range f.Notes {
		ids = append(ids, n.By)
	}
	names, err := v.Auth.Names(v.ctx, ids...)
	if err != nil {
		return nil, err
	}
	for _, id := range people {
		page.People = append(page.People, ui.Option{Value: id, Label: names[id]})
	}
	for _, s := range v.n.Inbox.Services {
		page.Services = append(page.Services, ui.Option{Value: s.ID, Label: v.say2(s.Label)})
	}
	if page.Values == nil {
		page.Values = map[string][]string{"account": {f.Account}, "service": {f.Service}}
	}
	add := func(label, value string) {
		if value != "" {
			page.Facts = append(page.Facts, ui.Fact{Label: label, Value: value})
		}
	}
	add(v.lang.T("Service", "Service"), v.serviceName(f.Service))
	add(v.lang.T("Confié à", "Given to"), names[f.Account])
	add(v.lang.T("Reçu le", "Received on"), v.lang.Date(f.Received.In(geo.Paris()))+", "+v.rightChannel(f.Channel))
	add(v.lang.T("De", "From"), f.Name)
	add("E-mail", f.Email)
	add(v.lang.T("Téléphone", "Telephone"), f.Phone)
	add(v.lang.T("Accord", "Consent"), cmp.Or(f.Agreed, v.lang.T("la personne nous a écrit ou appelés d’elle-même", "the person wrote or called of their own accord")))
	for _, l := range f.Letters {
		page.Letters = append(page.Letters, v.letterShown(l, f.Name))
	}
	for _, n := range f.Notes {
		page.Notes = append(page.Notes, ui.Step{At: n.At, Tone: ui.Quiet, Text: n.Text, By: names[n.By]})
	}
	by, err := v.people(f.Events)
	if err != nil {
		return nil, err
	}
	for _, e := range f.Events {
		page.Steps = append(page.Steps, ui.Step{At: e.At, Tone: stepTone(e.Kind), Text: v.ticketStep(e, names), By: by[e.Actor]})
	}
	return page, nil
}

func (v *visit) ticketStep(e inbox.Event, names map[string]string) string {
	switch e.Kind {
	case inbox.EvRouted:
		return v.lang.Tf("Service : %s", "Service: %s", v.serviceName(e.Object))
	case inbox.EvAssigned:
		if e.Object == "" {
			return v.lang.T("Rendu au service", "Given back to the service")
		}
		return v.lang.Tf("Confié à %s", "Given to %s", cmp.Or(names[e.Object], e.Object))
	case inbox.EvNoted:
		return v.lang.T("Note interne", "Internal note")
	case inbox.EvReplied:
		return v.lang.T("Réponse envoyée, la suite est attendue", "Answer sent, more is awaited")
	case inbox.EvOpened:
		return v.lang.Tf("Reçu, %s", "Received, %s", v.rightChannel(network.RightChannel(e.Object)))
	}
	return v.caseStep(e)
}

func (v *visit) ticketDo() error {
	if err := v.served(); err != nil {
		return err
	}
	if err := v.parse(); err != nil {
		return err
	}
	id, good := v.r.PathValue("id"), ""
	back := "/messages/" + url.PathEscape(id)
	var err error
	switch v.value("do") {
	case "answer", "reply":
		good = v.lang.T("La réponse est partie.", "The answer is sent.")
		err = v.Inbox.ReplyTicket(v.ctx, v.actor, id, v.value("text"), v.value("do") == "answer")
	case "note":
		good = v.lang.T("C’est noté.", "Noted.")
		err = v.Inbox.NoteTicket(v.ctx, v.actor, id, v.value("note"))
	case "assign":
		good = v.lang.T("Le message est confié.", "The message is passed on.")
		err = v.Inbox.AssignTicket(v.ctx, v.actor, id, v.value("account"))
	case "move":
		good = v.lang.T("Le message a changé de service.", "The message has changed service.")
		if err = v.Inbox.MoveTicket(v.ctx, v.actor, id, v.value("service")); err == nil {
			back = "/messages" // it may be another's now
		}
	default:
		return errNoPage
	}
	if err != nil {
		return v.invalid(err, v.ticketPage)
	}
	return v.did(back, good, nil)
}
