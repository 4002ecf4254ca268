package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/match"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// deskRoutes are the agents' pages. Each shuts out professionals by its zone and line; which role of staff may act is the services' question.
func deskRoutes() []route {
	return []route{
		{"GET", "/bureau", space, staff, 0, (*visit).deskChoice},
		{"GET", "/bureau/{id}", space, staff, 0, (*visit).desk},
		{"POST", "/bureau/{id}", space, staff, 0, (*visit).deskDo},
		{"POST", "/bureau/{id}/rendre", space, staff, 0, (*visit).deskRelease},
		{"GET", "/rappels", space, staff, 0, (*visit).callBacks},
		{"POST", "/rappels/{id}/prendre", space, staff, 0, (*visit).takeCallBack},
		{"GET", "/invendus", space, selling, 0, (*visit).unsold},
		{"POST", "/invendus/{id}/prendre", space, selling, 0, (*visit).takeUnsold},
		{"POST", "/invendus/{id}/rendre", space, selling, 0, (*visit).releaseUnsold},

		{"GET", "/appels", space, staff, 0, (*visit).calls},
		{"POST", "/appels", space, staff, 0, (*visit).callByHand},
		{"POST", "/appels/simuler", space, staff, 0, (*visit).callSimulate},
		{"POST", "/appels/service", space, staff, 0, (*visit).duty},
		{"POST", "/appels/{id}/prendre", space, staff, 0, (*visit).callAnswer},
		{"POST", "/appels/{id}/annonce", space, staff, 0, (*visit).callAnnounce},
		{"POST", "/appels/{id}/enregistrement", space, staff, 0, (*visit).callConsent},
		{"POST", "/appels/{id}/terminer", space, staff, 0, (*visit).callEnd},
		{"GET", "/enregistrements", space, staff, 0, (*visit).recordings},
		{"GET", "/enregistrements/{id}", space, staff, 0, (*visit).recording},
		{"POST", "/enregistrements/{id}/pret", space, staff, 0, (*visit).recordingLend},
		{"POST", "/enregistrements/prets/{id}/fin", space, staff, 0, (*visit).recordingRevoke},
		{"GET", "/ecoute/{token}", space, open, 0, (*visit).loan}, // by its link
		{"POST", "/ecoute/{token}", space, open, 0, (*visit).loanHear},
		{"GET", "/ecoute/son/{ticket}", space, open, 0, (*visit).loanSound},
		{"POST", "/enregistrements/{id}", space, staff, 0, (*visit).recordingHear},
		{"GET", "/enregistrements/son/{ticket}", space, staff, 0, (*visit).recordingSound},

		{"GET", "/demandes/{id}", space, staff, 0, (*visit).requestFile},
		{"GET", "/demandes/{id}/corriger", space, staff, 0, (*visit).requestFixForm},
		{"POST", "/demandes/{id}/corriger", space, staff, 0, (*visit).requestFix},
		{"POST", "/demandes/{id}/prix", space, selling, 0, (*visit).requestPrice},
		{"POST", "/demandes/{id}/retirer", space, staff, 0, (*visit).requestWithdraw},
		{"POST", "/demandes/{id}/reprendre", space, staff, 0, (*visit).unclose},
		{"POST", "/demandes/{id}/elargir", space, selling, 0, (*visit).requestWiden},
		{"POST", "/demandes/{id}/proposer", space, selling, 0, (*visit).requestOffer},
		{"POST", "/demandes/{id}/transmettre", space, passing, 0, (*visit).requestForward},
		{"POST", "/demandes/{id}/traitee", space, passing, 0, (*visit).requestProcessed},
		{"POST", "/demandes/{id}/sms", space, staff, 0, (*visit).requestText},
		{"POST", "/demandes/{id}/usages", space, staff, 0, (*visit).requestObject},
		{"POST", "/demandes/{id}/accords/retrait", space, staff, 0, (*visit).requestConsentWithdraw},
		{"GET", "/demandes/{request}/accords/{id}", space, staff, 0, (*visit).requestShown},
		{"POST", "/demandes/{id}/lien", space, staff, 0, (*visit).requestLink},
		{"POST", "/demandes/{id}/rejouer", space, selling, 0, (*visit).requestReplay},
		{"GET", "/demandes/{request}/photos/{id}", space, staff, 0, (*visit).requestPhoto},
		{"GET", "/recherche", space, staff, 0, (*visit).search},
		{"POST", "/recherche", space, staff, 0, (*visit).searchFor},
	}
}

// watching is a frame that renews itself when one of the topics is woken.
func (v *visit) watching(topics ...string) ui.Space {
	s := v.spaceFrame()
	s.Topic = strings.Join(topics, ",")
	return s
}

// deskChoice leads to the oldest call-back that nobody has, or to where a call begins.
func (v *visit) deskChoice() error {
	waiting, err := v.Requests.Queue(v.ctx, v.actor, request.Received)
	if err != nil {
		return err
	}
	for _, w := range waiting { // his own first: the one that he left open
		if w.TakenBy == v.actor.Account && v.DB.Machine().Before(w.TakenUntil) {
			return v.to("/bureau/" + w.ID)
		}
	}
	if i := slices.IndexFunc(waiting, v.free); i >= 0 {
		return v.to("/rappels?c=" + waiting[i].ID)
	}
	return v.to("/appels")
}

// free reports whether nobody works on a request at this moment.
func (v *visit) free(w request.Waiting) bool {
	return w.TakenBy == "" || !v.DB.Machine().Before(w.TakenUntil)
}

// isCall tells the two things apart that a desk may be about: a call whose caller has not agreed yet, and a request.
func isCall(id string) bool { return strings.HasPrefix(id, "cal_") }

// desk is the agent's place of work for one request, or for a call that has none yet.
func (v *visit) desk() error {
	id := v.r.PathValue("id")
	if isCall(id) {
		return v.callDesk(id)
	}
	open := v.Requests.OpenDesk
	if v.wantsFragment() {
		open = v.Requests.Reopen // the page that is on his screen renews itself
	}
	d, err := open(v.ctx, v.actor, id)
	if err != nil {
		return v.deskLost(id, err)
	}
	if d.State != request.Received {
		return v.to("/demandes/" + id)
	}
	return v.showing(v.deskPage(d, ui.Form{}))
}

// deskLost leads who lost his desk to a colleague back to the queue, with the reason.
func (v *visit) deskLost(id string, err error) error {
	if fault.Is(err, fault.Conflict) {
		return v.did("/rappels?c="+url.QueryEscape(id), "", err)
	}
	return err
}

// deskDo saves, publishes or closes. An autosave (X-Save) is answered with the same page, of which the script takes the columns that are not
// typed into.
func (v *visit) deskDo() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	draft := v.readDraft()
	switch v.value("do") {
	case "publish":
		err := v.Requests.Publish(v.ctx, v.actor, id, draft)
		if err == nil {
			return v.did("/demandes/"+id, v.lang.T("La demande est publiée sous votre nom.", "The request is published under your name."), nil)
		}
		return v.deskRefused(id, draft, err)
	case "forward":
		err := v.Requests.Forward(v.ctx, v.actor, id, draft, draft.Members)
		if err == nil {
			return v.did("/demandes/"+id, v.lang.T("La demande est transmise sous votre nom, et chacun est prévenu.", "The request is passed on under your name, and everybody has been told."), nil)
		}
		return v.deskRefused(id, draft, err)
	case "adopt":
		if err := v.Requests.Adopt(v.ctx, v.actor, id, draft); err != nil {
			return v.deskLost(id, err)
		}
		return v.did("/bureau/"+id, v.lang.T("La correction est au bureau.", "The correction is on the desk."), nil)
	case "keep":
		draft.Seen = number(v.value("corrections"))
		if err := v.Requests.Save(v.ctx, v.actor, id, draft); err != nil {
			return v.deskLost(id, err)
		}
		return v.did("/bureau/"+id, v.lang.T("Ce qui est au bureau est gardé.", "What is on the desk is kept."), nil)
	case "close":
		err := v.Requests.Withdraw(v.ctx, v.actor, id, v.value("close_reason"))
		if fault.Is(err, fault.Invalid) {
			return v.deskInvalid(id, renamed(err, closing))
		}
		if err != nil {
			return v.deskLost(id, err)
		}
		return v.undoable("/rappels", v.lang.T("La demande est close.", "The request is closed."), "/demandes/"+id+"/reprendre")
	}
	if err := v.Requests.Save(v.ctx, v.actor, id, draft); err != nil {
		return v.deskLost(id, err)
	}
	d, err := v.Requests.Reopen(v.ctx, v.actor, id)
	if err != nil {
		return v.deskLost(id, err)
	}
	page, err := v.deskPage(d, ui.Form{})
	if err != nil {
		return err
	}
	page.Saved = v.DB.Now()
	return v.show(page)
}

// deskRefused keeps what the agent typed, whatever is wrong with it, and shows the desk again with what is.
func (v *visit) deskRefused(id string, draft request.Draft, err error) error {
	stays := slices.Contains([]string{"corrected", "no-arrangement", "pro-shut"}, fault.Code(err))
	if !fault.Is(err, fault.Invalid) && !stays {
		return v.deskLost(id, err)
	}
	if kept := v.Requests.Save(v.ctx, v.actor, id, draft); kept != nil {
		return v.deskLost(id, kept)
	}
	if stays {
		return v.did("/bureau/"+id, "", err)
	}
	return v.deskInvalid(id, err)
}

// deskInvalid shows the desk again with what is wrong beside each field; the trade's own text stands in the page as "words".
func (v *visit) deskInvalid(id string, err error) error {
	d, opened := v.Requests.Reopen(v.ctx, v.actor, id)
	if opened != nil {
		return v.deskLost(id, opened)
	}
	return v.invalid(wordsFault(d.Form, err), func(f ui.Form) (ui.View, error) { return v.deskPage(d, f) })
}

// wordsFault names the trade's free text as the pages do.
func wordsFault(f *network.Form, err error) error {
	if f == nil {
		return err
	}
	return renamed(err, func(field string) string {
		if field == "answers."+wordsQuestion(f) {
			return "words"
		}
		return field
	})
}

// renamed is a fault whose fields are called as a page calls its inputs: a rule speaks of its own words.
func renamed(err error, name func(string) string) error {
	f := fault.Of(err)
	if f == nil || len(f.Fields) == 0 {
		return err
	}
	named := *f // a copy: who made it may share it
	named.Fields = slices.Clone(f.Fields)
	for i, x := range named.Fields {
		named.Fields[i].Name = name(x.Name)
	}
	return &named
}

// closing is where a page that holds two reasons asks for the one of closing.
func closing(string) string { return "close_reason" }

func (v *visit) deskRelease() error {
	id := v.r.PathValue("id")
	if err := v.Requests.Release(v.ctx, v.actor, id); err != nil {
		return err
	}
	return v.undoable("/rappels", v.lang.T("La demande est rendue à la file.", "The request is back in the queue."), "/rappels/"+id+"/prendre")
}

// unclose takes the closing at the desk back.
func (v *visit) unclose() error {
	id := v.r.PathValue("id")
	if err := v.Requests.Unwithdraw(v.ctx, v.actor, id); err != nil {
		return v.did("/demandes/"+id, "", err)
	}
	return v.to("/bureau/" + id)
}

// readDraft decodes the desk. A page on which no trade can be chosen any more sends the one that it was made for. Answers to another trade's
// questions, left over when the trade changes, are dropped.
func (v *visit) readDraft() request.Draft {
	trade := v.value("trade")
	if trade == "" {
		trade = v.value("trade_now")
	}
	d := request.Draft{Trade: trade, Urgency: v.value("urgency"), Intent: v.value("intent"), Postcode: v.value("postcode"), INSEE: v.value("commune"), Street: v.value("street"),
		Kind: v.value("kind"), Name: v.value("name"), Company: v.value("company"), Phone: v.value("phone"), Email: v.value("email"), Lang: v.value("caller_lang"),
		Answers: map[string][]string{}, Consents: map[string]bool{}, Price: v.value("price"), Because: v.value("price_reason"), Seen: number(v.value("seen")), Members: v.r.Form["members"]}
	if d.Kind == "" {
		d.Kind = "person"
	}
	d.Seats, _ = strconv.Atoi(v.value("seats")) // what is no number asks for the network's own, which is 0 here
	if f := v.n.Form(trade); f != nil {
		for id, values := range v.answers(f) {
			if _, ok := f.Question(id); ok {
				d.Answers[id] = values
			}
		}
	}
	for name := range v.r.Form {
		if id, ok := strings.CutPrefix(name, "consent-"); ok {
			d.Consents[id] = v.value(name) != ""
		}
	}
	if communes := geo.ByPostcode(d.Postcode); len(communes) == 1 {
		d.INSEE = communes[0].INSEE // nobody should have to choose from a list of one
	}
	return d
}

// draftValues puts a draft back into the desk's fields.
func (v *visit) draftValues(n *network.Network, d request.Draft) map[string][]string {
	values := map[string][]string{"trade": {d.Trade}, "urgency": {d.Urgency}, "intent": {d.Intent}, "postcode": {d.Postcode}, "commune": {d.INSEE}, "street": {d.Street}, "kind": {d.Kind},
		"name": {d.Name}, "company": {d.Company}, "phone": {phone.Display(d.Phone)}, "email": {d.Email}, "price": {d.Price}, "price_reason": {d.Because}, "members": d.Members}
	if d.Seats > 0 {
		values["seats"] = []string{strconv.Itoa(d.Seats)}
	}
	words := ""
	if f := n.Form(d.Trade); f != nil {
		words = wordsQuestion(f)
	}
	for id, a := range d.Answers {
		if id == words {
			values["words"] = a
		} else {
			values["answers."+id] = a
		}
	}
	for id, given := range d.Consents {
		if given {
			values["consent-"+id] = []string{"yes"}
		}
	}
	return values
}

// deskPage makes the desk of a request. A form with values is one that came back; else the draft is shown.
func (v *visit) deskPage(d request.Desk, f ui.Form) (ui.Desk, error) {
	n := d.Network
	if f.Values == nil {
		f.Values = v.draftValues(n, d.Draft)
	}
	f.Hidden = []ui.Hidden{{Name: "trade_now", Value: d.Draft.Trade}, {Name: "caller_lang", Value: d.Draft.Lang}, {Name: "seen", Value: strconv.Itoa(d.Draft.Seen)}}
	p := ui.Desk{Space: v.watching("request " + d.ID), Form: f, Action: "/bureau/" + d.ID, Reference: d.Ref, Trade: d.Draft.Trade, TradeName: v.tradeName(d.Draft.Trade), Seats: n.Introductions.Seats, Unsold: !n.Sells(), Passes: n.Forwards(), Most: mostForwarded(n),
		Communes: communeOptions(first(f.Values["postcode"]), ""), Reasons: v.withdrawReasons(d.Network)}
	p.PublishAs = p.User
	p.Trades = v.tradeOptions(n)
	if d.Channel == "phone" {
		for _, c := range d.Consents {
			p.Consents = append(p.Consents, ui.Consent{Name: "consent-" + c.ID, Wording: v.say2(c.Wording), Required: c.Required})
		}
	}
	p.Photos = v.pictures("/demandes/"+d.ID, d.Photos)
	v.deskChanges(&p, d)
	var err error
	if p.Call, err = v.callBeside(d.ID); err != nil {
		return p, err
	}
	if p.Call != nil {
		p.Topic += ",calls"
	} else if d.Draft.Phone != "" {
		p.Tel, p.Phone, p.May = d.Draft.Phone, phone.Display(d.Draft.Phone), v.may(d.May)
	}
	p.Script = v.script(n, d.Site)
	if err := v.deskKnown(&p, d); err != nil {
		return p, err
	}
	if d.Form == nil {
		return p, nil
	}
	questions := v.questions(d.Form)
	p.Urgency, p.Questions = questions[0].Options, questions[1:]
	for _, w := range n.Introductions.Intents {
		p.Intent = append(p.Intent, ui.Option{Value: w.ID, Label: v.say2(w.Text)})
	}
	v.deskShown(&p, d)
	v.deskAsked(&p, d)
	p.Members = v.memberChoices(d.Members)
	for _, w := range d.Wrong {
		if said := v.missing(d, w); !slices.Contains(p.Missing, said) {
			p.Missing = append(p.Missing, said)
		}
	}
	return p, nil
}

// deskChanges lays what was corrected meanwhile beside what stands on the desk: the agent takes the one or keeps the other, and then publishes.
func (v *visit) deskChanges(p *ui.Desk, d request.Desk) {
	if len(d.Changes) == 0 {
		return
	}
	p.Changes = &ui.DeskChanges{At: d.Corrected, Corrections: d.Seen}
	form := d.Network.Form(d.Request.Trade)
	for _, c := range d.Changes {
		label := v.fieldLabel(form, c.Field)
		p.Changes.Lines = append(p.Changes.Lines, ui.DeskChange{Label: label, Desk: v.fieldWords(d.Network, form, c.Field, c.Desk), Now: v.fieldWords(d.Network, form, c.Field, c.Now)})
	}
	p.Missing = append(p.Missing, v.lang.T("Prendre la correction, ou garder ce qui est au bureau", "Take the correction, or keep what is on the desk"))
}

// fieldLabel names an input of a request's content in a few words.
func (v *visit) fieldLabel(f *network.Form, field string) string {
	if id, ok := strings.CutPrefix(field, "answers."); ok && f != nil {
		if q, known := f.Question(id); known {
			return v.say2(q.Label)
		}
	}
	words, ok := map[string][2]string{"urgency": {"Pour quand", "For when"}, "postcode": {"Code postal", "Postcode"}, "commune": {"Commune", "Commune"}, "street": {"Adresse", "Address"}, "kind": {"Qui demande", "Who asks"},
		"name": {"Nom", "Name"}, "company": {"Société", "Company"}, "phone": {"Téléphone", "Phone"}, "email": {"E-mail", "E-mail"}}[field]
	if !ok {
		return field
	}
	return v.lang.T(words[0], words[1])
}

// fieldWords says a value as a person reads it.
func (v *visit) fieldWords(n *network.Network, f *network.Form, field string, values []string) string {
	if id, ok := strings.CutPrefix(field, "answers."); ok && f != nil {
		if q, known := f.Question(id); known {
			return v.say2(q.Say(values))
		}
	}
	x := first(values)
	switch {
	case field == "urgency":
		return v.say2(n.Urgency(x))
	case field == "commune":
		return communeName(x)
	case field == "phone" && strings.HasPrefix(x, "+"):
		return phone.Display(x)
	case field == "kind" && x == "company":
		return v.lang.T("Une société", "A company")
	case field == "kind":
		return v.lang.T("Un particulier", "A person")
	}
	return strings.Join(values, ", ")
}

// number is a count that a page sent back; what is none is zero.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// missing names what is still to be asked; what was typed and is wrong keeps its own sentence.
func (v *visit) missing(d request.Desk, w fault.Field) string {
	if id, ok := strings.CutPrefix(w.Name, "answers."); ok {
		if q, known := d.Form.Question(id); known && len(d.Draft.Answers[id]) == 0 {
			return v.say2(q.Label)
		}
	}
	for _, x := range []struct{ name, typed, fr, en string }{
		{"urgency", d.Draft.Urgency, "Pour quand", "For when"}, {"postcode", d.Draft.Postcode, "Le code postal du lieu", "The postcode of the place"}, {"commune", d.Draft.INSEE, "La commune", "The commune"},
		{"name", d.Draft.Name, "Le nom du client", "The customer’s name"}, {"phone", d.Draft.Phone, "Un numéro de téléphone", "A phone number"},
	} {
		if w.Name == x.name && x.typed == "" {
			return v.lang.T(x.fr, x.en)
		}
	}
	return v.say2(w.Text)
}

// deskShown is the request as professionals will see it, and its price with reasons.
func (v *visit) deskShown(p *ui.Desk, d request.Desk) {
	n, draft := d.Network, d.Draft
	clean, err := d.Form.Draft(draft.Answers)
	if err != nil {
		clean = nil // d.Wrong says so beside the field; what is wrong is not shown to anybody
	}
	as := d.Request
	as.Trade, as.Answers, as.INSEE, as.Postcode, as.Urgency = draft.Trade, clean, draft.INSEE, draft.Postcode, draft.Urgency
	as.Price, as.VAT, as.Seats = d.Suggested, n.Introductions.Price.VAT, draft.Seats
	if as.Seats == 0 {
		as.Seats = n.Introductions.Seats
	}
	p.Price = ui.Price{Suggested: d.Suggested, Typed: draft.Price, Min: n.Introductions.Price.Min(), Max: n.Introductions.Price.Max(), VAT: as.VAT}
	if typed, err := money.Parse(draft.Price); err == nil && n.Introductions.Price.Within(typed) == nil {
		as.Price = typed
		p.Price.Overridden = typed != d.Suggested
	}
	p.Price.Incl = as.Price.Incl(as.VAT)
	for _, s := range d.Steps {
		effect := v.lang.Money(s.Delta)
		if s.Rule > 0 && s.Delta > 0 {
			effect = "+" + effect
		}
		p.Price.Reasons = append(p.Price.Reasons, ui.PriceReason{Because: v.say2(s.Because), Effect: effect})
	}
	p.Preview = v.boardItem(n, as)
	p.Facts = v.facts(d.Form.Board(clean))
}

// boardItem is a request as any professional sees it before he buys (ET-10).
func (v *visit) boardItem(n *network.Network, r request.Request) ui.BoardItem {
	return ui.BoardItem{ID: r.ID, Title: request.Title(n, r, string(v.lang)), Trade: v.tradeName(r.Trade), Commune: r.Commune().Name, Postcode: r.Postcode, Km: -1,
		Urgent: r.Urgent(n), When: v.say2(n.Urgency(r.Urgency)), Published: r.PublishedAt, Excl: r.Price, Incl: r.Price.Incl(r.VAT), Seats: r.Seats, Left: r.Seats - r.Sold}
}

// deskAsked says who would be asked, nearest first, and counts the others by reason.
func (v *visit) deskAsked(p *ui.Desk, d request.Desk) {
	for _, c := range d.Candidates {
		p.Asked = append(p.Asked, ui.Candidate{Name: d.Names[c.ID], Km: float64(c.Distance) / 1000, Reason: v.lang.T("dans sa zone et ses horaires", "within their area and hours")})
	}
	for _, code := range exclusions {
		if k := d.Excluded[code]; k > 0 {
			p.Excluded = append(p.Excluded, ui.Excluded{Reason: v.say2(exclusionWords[code]), N: k})
		}
	}
}

// exclusions are in the order in which the matcher looks at them.
var exclusions = []match.Code{match.NotVerified, match.IsSuspended, match.IsClosed, match.OtherTrade, match.Unwanted, match.NoCoverage, match.OutsideArea, match.Away, match.OffHours, match.DailyCapHit, match.MonthlyCapHit}

var exclusionWords = map[match.Code]fault.Text{
	match.NotVerified:   fault.T("Pas encore vérifiés", "Not yet checked"),
	match.IsSuspended:   fault.T("Suspendus", "Suspended"),
	match.IsClosed:      fault.T("Partis du réseau", "Left the network"),
	match.OtherTrade:    fault.T("D’un autre métier", "Of another trade"),
	match.Unwanted:      fault.T("Écartés par le client", "Not wanted by the customer"),
	match.NoCoverage:    fault.T("Sans zone indiquée", "No area given"),
	match.OutsideArea:   fault.T("Trop loin", "Too far away"),
	match.Away:          fault.T("Absents", "Away"),
	match.OffHours:      fault.T("Hors de leurs horaires", "Outside their hours"),
	match.DailyCapHit:   fault.T("Plafond du jour atteint", "Daily cap reached"),
	match.MonthlyCapHit: fault.T("Plafond du mois atteint", "Monthly cap reached"),
}

// deskKnown lists the caller's other open requests; one for the same trade in the same place is a twin.
func (v *visit) deskKnown(p *ui.Desk, d request.Desk) error {
	for _, r := range d.Twins {
		link, err := v.requestLine(r)
		if err != nil {
			return err
		}
		if p.Twin.Href == "" && r.Trade == d.Draft.Trade && r.INSEE == d.Draft.INSEE {
			p.Twin = link
		} else {
			p.Known = append(p.Known, link)
		}
	}
	return nil
}

// requestLine names a request in one line, by structured choices only.
func (v *visit) requestLine(r request.Request) (ui.Link, error) {
	n, err := v.Editions.Get(v.ctx, r.Edition)
	if err != nil {
		return ui.Link{}, err
	}
	parts := []string{r.Ref, request.Title(n, r, string(v.lang)), r.Commune().Name, v.stateName(r.State)}
	return ui.Link{Text: strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · "), Href: "/demandes/" + r.ID}, nil
}

// stateName says a request's state to staff.
func (v *visit) stateName(s request.State) string {
	switch s {
	case request.Unverified:
		return v.lang.T("Numéro à vérifier", "Number to be verified")
	case request.Received:
		return v.lang.T("Attend un conseiller", "Waits for an agent")
	case request.Published:
		return v.lang.T("Publiée", "Published")
	case request.Filled:
		return v.lang.T("Vendue", "Sold")
	case request.Forwarded:
		return v.lang.T("Transmise", "Passed on")
	case request.Closed:
		return v.lang.T("Terminée", "Over")
	case request.Cancelled:
		return v.lang.T("Annulée par le client", "Cancelled by the customer")
	case request.Withdrawn:
		return v.lang.T("Retirée", "Withdrawn")
	}
	return v.lang.T("Personne ne l’a prise", "Nobody took it")
}
