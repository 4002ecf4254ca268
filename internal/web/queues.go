package web

import (
	"slices"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

func (v *visit) withdrawReasons(n *network.Network) []ui.Option {
	var all []ui.Option
	for _, w := range n.Withdrawals {
		all = append(all, ui.Option{Value: w.ID, Label: v.say2(w.Text)})
	}
	return all
}

// waitingDue is a request of a queue as a line.
func (v *visit) waitingDue(queue, path string, w request.Waiting, names map[string]string) ui.Due {
	d := ui.Due{Queue: queue, Title: w.Title, Detail: strings.TrimSpace(w.Commune().Name + " " + w.Postcode), Href: path + "?c=" + w.ID, Since: w.At, By: w.Due}
	if d.Title == "" {
		d.Title = v.tradeName(w.Trade)
	}
	if !v.free(w) {
		d.Taken = names[w.TakenBy]
	}
	return d
}

func (v *visit) takers(all []request.Waiting) (map[string]string, error) {
	var ids []string
	for _, w := range all {
		if !v.free(w) {
			ids = append(ids, w.TakenBy)
		}
	}
	return v.Auth.Names(v.ctx, ids...)
}

// callBacks is the queue of people who wait for a call: requests sent by the form, and calls that nobody took.
func (v *visit) callBacks() error {
	waiting, err := v.Requests.Queue(v.ctx, v.actor, request.Received)
	if err != nil {
		return err
	}
	names, err := v.takers(waiting)
	if err != nil {
		return err
	}
	page := ui.Queue{Space: v.watching("queue"), Title: v.lang.T("Rappels", "Call-backs"), Hint: v.lang.T("Des personnes attendent votre appel. La plus ancienne promesse d’abord.", "People are waiting for your call. The oldest promise first."),
		None: v.lang.T("Personne n’attend d’appel", "Nobody is waiting for a call")}
	marked, err := v.countryMarks(waiting)
	if err != nil {
		return err
	}
	chosen := v.r.URL.Query().Get("c")
	for _, w := range waiting {
		due := v.waitingDue(v.lang.T("Rappel", "Call-back"), "/rappels", w, names)
		if mark := marked[w.ID]; mark != "" {
			due.Detail = v.countryWords(mark) + ". " + due.Detail
		}
		page.Due = append(page.Due, due)
		if w.ID == chosen {
			page.Open = v.queueCase(w, "/rappels", v.lang.T("Prendre et appeler", "Take and call"))
		}
	}
	if v.actor.Can(auth.CallAnswer) {
		if err := v.missedCalls(&page, chosen); err != nil {
			return err
		}
	}
	slices.SortStableFunc(page.Due, func(a, b ui.Due) int { return a.Since.Compare(b.Since) })
	return v.show(page)
}

// queueCase shows a request before it is taken: structured choices only, so that looking costs no line in the audit trail.
func (v *visit) queueCase(w request.Waiting, path, label string) *ui.QueueCase {
	c := &ui.QueueCase{ID: w.ID, Title: w.Title}
	c.Facts = append(c.Facts, ui.Fact{Label: v.lang.T("Référence", "Reference"), Value: w.Ref}, ui.Fact{Label: v.lang.T("Métier", "Trade"), Value: v.tradeName(w.Trade)},
		ui.Fact{Label: v.lang.T("Où", "Where"), Value: w.Commune().Name + " " + w.Postcode}, ui.Fact{Label: v.lang.T("Reçue", "Received"), Value: v.frame(nil).Moment(w.At)})
	if n, err := v.Editions.Get(v.ctx, w.Edition); err == nil {
		if u := v.say2(n.Urgency(w.Urgency)); u != "" {
			c.Facts = append(c.Facts, ui.Fact{Label: v.lang.T("Quand", "When"), Value: u})
		}
		if f := n.Form(w.Trade); f != nil {
			c.Facts = append(c.Facts, v.facts(f.Board(w.Answers))...)
		}
	}
	if v.actor.Can(auth.RequestQualify) && (v.free(w) || w.TakenBy == v.actor.Account) {
		c.Actions = []ui.Action{{Label: label, Href: path + "/" + w.ID + "/prendre", Key: "p", Main: true}}
	}
	return c
}

func (v *visit) takeCallBack() error {
	id := v.r.PathValue("id")
	take := v.Requests.Take
	if isCall(id) {
		take = v.Calls.CallBack
	}
	if err := take(v.ctx, v.actor, id); err != nil {
		return v.did("/rappels", "", err)
	}
	return v.to("/bureau/" + id)
}

// unsold is the queue of published requests that nobody has bought.
func (v *visit) unsold() error {
	waiting, err := v.unsoldRequests()
	if err != nil {
		return err
	}
	names, err := v.takers(waiting)
	if err != nil {
		return err
	}
	page := ui.Queue{Space: v.watching("queue", "board"), Title: v.lang.T("Invendus", "Unsold"), Hint: v.lang.T("Publiées, et personne ne les a prises. Élargissez, changez le prix ou appelez un professionnel.", "Published, and nobody took them. Widen, change the price or call a professional."),
		None: v.lang.T("Tout ce qui est publié est pris", "All that is published is taken")}
	chosen := v.r.URL.Query().Get("c")
	for _, w := range waiting {
		due := v.waitingDue(v.lang.T("Invendu", "Unsold"), "/invendus", w, names)
		due.Since = w.PublishedAt
		page.Due = append(page.Due, due)
		if w.ID == chosen {
			page.Open = v.queueCase(w, "/invendus", v.lang.T("Prendre et ouvrir", "Take and open"))
			page.Open.Facts = append(page.Open.Facts, ui.Fact{Label: v.lang.T("Prix", "Price"), Value: v.lang.Money(w.Price) + " " + v.lang.T("HT", "excl. VAT")})
		}
	}
	return v.show(page)
}

func (v *visit) unsoldRequests() ([]request.Waiting, error) {
	all, err := v.Requests.Queue(v.ctx, v.actor, request.Published)
	return slices.DeleteFunc(all, func(w request.Waiting) bool { return w.Sold > 0 }), err
}

func (v *visit) takeUnsold() error {
	id := v.r.PathValue("id")
	if err := v.Requests.Take(v.ctx, v.actor, id); err != nil {
		return v.did("/invendus", "", err)
	}
	return v.undoable("/demandes/"+id, v.lang.T("Vous suivez cette demande.", "You look after this request."), "/invendus/"+id+"/rendre")
}

func (v *visit) releaseUnsold() error {
	return v.did("/invendus", v.lang.T("La demande est rendue à la file.", "The request is back in the queue."), v.Requests.Release(v.ctx, v.actor, v.r.PathValue("id")))
}
