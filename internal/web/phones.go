package web

import (
	"io"
	"net/http"
	"slices"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// The telephone: calls that ring, the desk of a call whose caller has not agreed yet, recordings.

// calls shows the lines of this moment.
func (v *visit) calls() error {
	return v.showing(v.callsPage(ui.Form{}))
}

func (v *visit) callsPage(f ui.Form) (ui.View, error) {
	p := ui.Calls{Space: v.watching("calls"), Form: f, Simulated: v.Calls.Simulated() && v.actor.Can(auth.CallAnswer), ByHand: v.actor.Can(auth.CallAnswer)}
	for _, s := range v.n.Sites {
		p.Sites = append(p.Sites, ui.Option{Value: s.Host, Label: s.Host + " · " + s.Phone.Display()})
	}
	p.Trades = v.tradeOptions(v.n)
	if v.actor.Can(auth.CallAnswer) {
		me, err := v.Auth.Get(v.ctx, v.actor.Account)
		if err != nil {
			return nil, err
		}
		if me.TrainedOn == "" {
			p.Untrained = v.lang.T("Votre formation n’est pas encore notée : vous ne pouvez pas prendre d’appels. Demandez à l’administrateur d’en noter la date.", "Your training is not noted yet: you cannot take calls. Ask the administrator to note its date.")
		}
	}
	owed := map[string]bool{}
	if v.actor.Can(auth.RecordingHear) {
		copies, err := v.Calls.Owed(v.ctx, v.actor, listed)
		if err != nil {
			return nil, err
		}
		for _, c := range copies {
			owed[c.Call] = true
		}
	}
	for _, list := range []struct {
		into *[]ui.Call
		read func() ([]call.Call, error)
	}{
		{&p.Ringing, func() ([]call.Call, error) { return v.Calls.Ringing(v.ctx, v.actor) }},
		{&p.Live, func() ([]call.Call, error) { return v.Calls.Live(v.ctx, v.actor) }},
		{&p.Recent, func() ([]call.Call, error) { return v.Calls.Recent(v.ctx, v.actor, 30) }},
	} {
		all, err := list.read()
		if err != nil {
			return nil, err
		}
		agents := make([]string, len(all))
		for i, c := range all {
			agents[i] = c.Agent
		}
		names, err := v.Auth.Names(v.ctx, agents...)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			line := v.callLine(c, names)
			line.Owed = owed[c.ID]
			*list.into = append(*list.into, line)
		}
	}
	return p, nil
}

// callLine is a call in a list, its number masked.
func (v *visit) callLine(c call.Call, names map[string]string) ui.Call {
	line := ui.Call{ID: c.ID, Number: c.Number, Site: c.Site, Trade: v.tradeLabel(c.Trade), At: c.At, Agent: names[c.Agent], Status: v.callStatus(c), Mine: c.Mine}
	if line.Number == "" {
		line.Number = v.lang.T("Numéro masqué", "Number withheld")
		if c.State != call.Ringing && c.Withheld {
			line.Number = v.lang.T("Sans numéro", "No number")
		}
	}
	if k := len(c.Known); k > 0 {
		line.Caller = v.lang.Count(k, "demande en cours", "demandes en cours", "open request", "open requests")
	}
	if len(c.First) > 0 {
		var trades []string
		for _, t := range c.First {
			trades = append(trades, strings.ToLower(v.tradeLabel(t)))
		}
		if len(trades) > 3 {
			trades = append(trades[:3], "…")
		}
		line.Offered = v.lang.Tf("d’abord pour les conseillers du métier (%s)", "first for agents of the trade (%s)", strings.Join(trades, ", "))
	}
	if !c.Ended.IsZero() && !c.Answered.IsZero() {
		line.Length = c.Ended.Sub(c.Answered)
	}
	switch {
	case c.State == call.Answered && c.Agent == v.actor.Account:
		line.Href = "/bureau/" + c.ID
	case c.State == call.Talking && c.Agent == v.actor.Account:
		line.Href = "/bureau/" + c.Request
	case c.Request != "" && v.actor.Can(auth.RequestRead):
		line.Href = "/demandes/" + c.Request
	}
	if c.Recording != "" && v.actor.Can(auth.RecordingHear) {
		line.Recording = "/enregistrements/" + c.Recording
	}
	return line
}

// tradeLabel is a trade's name, empty for none.
func (v *visit) tradeLabel(slug string) string {
	if slug == "" {
		return ""
	}
	return v.tradeName(slug)
}

func (v *visit) callStatus(c call.Call) ui.Status {
	switch c.State {
	case call.Ringing:
		return ui.Status{Tone: ui.Now, Text: v.lang.T("Sonne", "Ringing")}
	case call.Answered:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Annonce à faire", "Announcement to make")}
	case call.Talking:
		return ui.Status{Tone: ui.Now, Text: v.lang.T("En ligne", "On the line")}
	case call.Refused:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Enregistrement refusé, rien n’est gardé", "Recording refused, nothing is kept")}
	case call.Missed:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Manqué, à rappeler", "Missed, to be called back")}
	}
	if c.Sampled {
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Terminé, enregistré", "Over, recorded")}
	}
	return ui.Status{Tone: ui.Good, Text: v.lang.T("Terminé", "Over")}
}

// missedCalls puts calls that nobody took beside the requests that wait.
func (v *visit) missedCalls(page *ui.Queue, chosen string) error {
	all, err := v.Calls.ToCallBack(v.ctx, v.actor)
	if err != nil {
		return err
	}
	for _, c := range all {
		d := v.missedDue(c)
		page.Due = append(page.Due, d)
		if c.ID != chosen {
			continue
		}
		page.Open = &ui.QueueCase{ID: c.ID, Title: d.Title, Facts: []ui.Fact{{Label: v.lang.T("Ligne", "Line"), Value: c.Site}, {Label: v.lang.T("Appel", "Call"), Value: page.Moment(c.At)}},
			Actions: []ui.Action{{Label: v.lang.T("Prendre et rappeler", "Take and call back"), Href: "/rappels/" + c.ID + "/prendre", Key: "p", Main: true}}}
		if c.Tries > 0 {
			page.Open.Facts = append(page.Open.Facts, ui.Fact{Label: v.lang.T("Essais", "Tries"), Value: v.lang.Number(c.Tries)})
		}
		for _, r := range c.Known {
			link, err := v.requestLine(r)
			if err != nil {
				return err
			}
			page.Open.Facts = append(page.Open.Facts, ui.Fact{Label: v.lang.T("Sa demande", "Their request"), Value: link.Text})
		}
	}
	return nil
}

func (v *visit) missedDue(c call.Call) ui.Due {
	d := ui.Due{Queue: v.lang.T("Appel manqué", "Missed call"), Title: c.Number, Detail: c.Site, Href: "/rappels?c=" + c.ID, Since: c.At}
	if clock := v.n.Introductions.Clocks.CallBack; !clock.IsZero() {
		d.By = clock.AddTo(c.At)
	}
	return d
}

// line is the host of the line that a form names, or the first.
func (v *visit) line() string {
	if host := v.value("site"); host != "" {
		return host
	}
	return v.n.Sites[0].Host
}

// callByHand begins a call that an agent has on a telephone of his own.
func (v *visit) callByHand() error {
	if err := v.parse(); err != nil {
		return err
	}
	id, err := v.Calls.Manual(v.ctx, v.actor, v.line(), "", v.value("number"))
	if err != nil {
		return v.did("/appels", "", err)
	}
	return v.openCall(id)
}

func (v *visit) callSimulate() error {
	if err := v.parse(); err != nil {
		return err
	}
	_, err := v.Calls.Simulate(v.ctx, v.actor, v.line(), v.value("trade"), v.value("number"))
	return v.did("/appels", "", err)
}

func (v *visit) callAnswer() error {
	id := v.r.PathValue("id")
	if err := v.Calls.Answer(v.ctx, v.actor, id); err != nil {
		return v.refused("/appels", err)
	}
	return v.openCall(id)
}

// refused says a refusal on the page that it came from, also one for want of duty or training: the page says how to mend it.
func (v *visit) refused(back string, err error) error {
	if f := fault.Of(err); f != nil && f.Kind == fault.Denied && (f.Code == "off-duty" || f.Code == "untrained") {
		v.say(ui.Bad, v.say2(f.Public))
		return v.to(back)
	}
	return v.did(back, "", err)
}

// openCall leads to the desk of a call. A network that records nothing has nothing to announce: its desk opens at once.
func (v *visit) openCall(id string) error {
	if v.n.Modules.Recordings != nil {
		return v.to("/bureau/" + id)
	}
	request, err := v.Calls.Consent(v.ctx, v.actor, id, true)
	if err != nil {
		return v.did("/appels", "", err)
	}
	return v.to("/bureau/" + request)
}

// callDesk is the desk before the caller agreed: only what to say.
func (v *visit) callDesk(id string) error {
	open := v.Calls.Open
	if v.wantsFragment() {
		open = v.Calls.Renew
	}
	c, err := open(v.ctx, v.actor, id)
	if err != nil {
		if fault.Is(err, fault.Conflict) {
			return v.did("/appels", "", err)
		}
		return err
	}
	switch c.State {
	case call.Answered:
	case call.Talking:
		return v.to("/bureau/" + c.Request)
	default:
		return v.to("/appels")
	}
	words := call.Words(v.n, c.Site, string(v.lang))
	p := ui.Desk{Space: v.watching("calls"), Action: "/bureau/" + id, Call: &ui.DeskCall{Href: "/appels/" + id, Number: c.Number, Site: c.Site, Started: c.Answered,
		Announce: words.Announcement, Announced: !c.Announced.IsZero(), Refusal: words.Refusal}}
	if p.Call.Number == "" {
		p.Call.Number = v.lang.T("Numéro masqué", "Number withheld")
	}
	for _, r := range c.Known {
		link, err := v.requestLine(r)
		if err != nil {
			return err
		}
		p.Known = append(p.Known, link)
	}
	return v.show(p)
}

// callBeside is the call from which a desk's request came, while it lasts.
func (v *visit) callBeside(requestID string) (*ui.DeskCall, error) {
	if !v.actor.Can(auth.CallAnswer) {
		return nil, nil
	}
	live, err := v.Calls.Live(v.ctx, v.actor)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(live, func(c call.Call) bool { return c.Request == requestID && c.Agent == v.actor.Account })
	if i < 0 {
		return nil, nil
	}
	c := live[i]
	d := &ui.DeskCall{Href: "/appels/" + c.ID, Number: c.Number, Site: c.Site, Started: c.Answered, Answer: "yes", Recorded: c.Sampled}
	if c.Accepted.IsZero() {
		d.Answer = "no"
	}
	return d, nil
}

// script is what the operator wants said on a site's line.
func (v *visit) script(n *network.Network, host string) []string {
	var all []string
	for _, step := range call.Words(n, host, string(v.lang)).Steps {
		all = append(all, v.say2(step.Text))
	}
	return all
}

func (v *visit) callAnnounce() error {
	id := v.r.PathValue("id")
	if err := v.Calls.Announce(v.ctx, v.actor, id); err != nil {
		return v.did("/appels", "", err)
	}
	return v.to("/bureau/" + id)
}

// callConsent is the caller's answer: yes opens his request, no ends the call (ET-144).
func (v *visit) callConsent() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	answer := v.value("answer")
	if answer != "yes" && answer != "no" {
		return v.to("/bureau/" + id)
	}
	request, err := v.Calls.Consent(v.ctx, v.actor, id, answer == "yes")
	if err != nil {
		return v.did("/bureau/"+id, "", err)
	}
	if request == "" {
		return v.did("/appels", v.lang.T("L’appel est terminé. Rien de cette personne n’est gardé.", "The call is over. Nothing of this person is kept."), nil)
	}
	return v.to("/bureau/" + request)
}

// callEnd ends a call and stays with its request, whose desk may still be unfinished.
func (v *visit) callEnd() error {
	id := v.r.PathValue("id")
	live, err := v.Calls.Live(v.ctx, v.actor)
	if err != nil {
		return err
	}
	back := "/appels"
	if i := slices.IndexFunc(live, func(c call.Call) bool { return c.ID == id && c.Request != "" }); i >= 0 {
		back = "/bureau/" + live[i].Request
	}
	return v.did(back, v.lang.T("L’appel est terminé.", "The call is over."), v.Calls.Hangup(v.ctx, v.actor, id))
}

// duty puts the agent on duty or off, from any page: it comes back to the one that he was on.
func (v *visit) duty() error {
	if err := v.parse(); err != nil {
		return err
	}
	on := v.value("on") == "yes"
	good := v.lang.T("Vous êtes hors service.", "You are off duty.")
	if on {
		good = v.lang.T("Vous êtes en service.", "You are on duty.")
	}
	if err := v.Auth.Duty(v.ctx, v.actor, on); err != nil {
		return v.refused("/appels", err)
	}
	return v.did(after(v.value("back")), good, nil)
}

// lineWebhook is the telephony's word about a call.
func (v *visit) lineWebhook() error {
	body, err := io.ReadAll(v.r.Body)
	if err != nil {
		return err
	}
	e, err := call.ReadLineEvent(v.Config.LineKeys, v.r.Header, body, v.DB.Machine())
	if err != nil {
		return err
	}
	if err := v.Calls.Event(v.ctx, e); err != nil {
		return err
	}
	v.wrote = true
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
