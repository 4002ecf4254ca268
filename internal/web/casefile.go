package web

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/match"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// The file of one request for staff: what happened, to whom it was offered and why, and what may still be done.

// requestFile shows everything about a request; opening it leaves a line in the audit trail.
func (v *visit) requestFile() error {
	return v.showing(v.filePage(v.r.PathValue("id"), ui.Form{}))
}

func (v *visit) filePage(id string, form ui.Form) (ui.RequestFile, error) {
	open := v.Requests.OpenFile
	if v.wantsFragment() {
		open = v.Requests.RenewFile
	}
	f, err := open(v.ctx, v.actor, id)
	if err != nil {
		return ui.RequestFile{}, err
	}
	n := f.Network
	p := ui.RequestFile{Space: v.watching("request " + f.ID), Form: form, ID: f.ID, Reference: f.Ref, Title: request.Title(n, f.Request, string(v.lang)), Where: strings.TrimSpace(f.Commune().Name + " " + f.Postcode),
		Status: v.fileStatus(f), Item: v.boardItem(n, f.Request), Reasons: v.withdrawReasons(n), Audit: v.lang.T("Chaque ouverture de cette page est notée au journal.", "Each opening of this page is noted in the audit trail.")}
	p.Zone = f.Zone()
	p.Facts, p.Tel, p.May, p.CanWithdraw = v.fileFacts(f, v.partner(f.Source)), f.Who.Phone, v.may(f.May), v.mayWithdraw()
	p.Choices = v.ledger(n, f.Given, func(id string) string { return "/demandes/" + f.ID + "/accords/" + id })
	v.fileUses(&p)
	if form := n.Form(f.Trade); form != nil {
		p.Words = v.freeWords(form, f.Words)
	}
	p.Photos = v.pictures("/demandes/"+f.ID, f.Photos)
	if err := v.fileSteps(&p, f); err != nil {
		return p, err
	}
	if err := v.filePrice(&p, f); err != nil {
		return p, err
	}
	if err := v.fileMessages(&p, f); err != nil {
		return p, err
	}
	if v.actor.Can(auth.RecordingHear) {
		recording, err := v.Calls.RecordingOf(v.ctx, v.actor, f.ID)
		if err != nil {
			return p, err
		}
		if recording != "" {
			p.Recordings = append(p.Recordings, ui.Link{Text: v.lang.T("Écouter l’appel", "Hear the call"), Href: "/enregistrements/" + recording})
		}
	}
	if err := v.fileDecision(&p, f); err != nil {
		return p, err
	}
	manage, text := v.actor.Can(auth.RequestManage), v.actor.Can(auth.RequestText)
	p.CanFix = manage && f.State.Open()
	p.CanPull = manage && (f.State == request.Received || f.State == request.Published || f.State == request.Forwarded)
	p.CanText = text && f.State != request.Unverified && phone.CanText(f.Who.Phone)
	p.CanLink = manage && f.State != request.Unverified && f.Who.Phone != ""
	if manage && f.State == request.Published {
		p.CanPrice, p.CanWiden = true, len(n.Introductions.Radius.Widen) > 0
		for _, d := range n.Introductions.Radius.Widen {
			p.Widen = append(p.Widen, ui.Option{Value: strconv.Itoa(int(d)), Label: "+\u00a0" + v.lang.Distance(float64(d)/1000)})
		}
		if p.Pros, err = v.prosToOffer(f); err != nil {
			return p, err
		}
		p.CanOffer = true
	}
	for _, w := range n.AgentTexts {
		p.Templates = append(p.Templates, ui.Option{Value: w.ID, Label: v.textLabel(n, f, w)})
	}
	if f.State == request.Received && v.actor.Can(auth.RequestQualify) {
		p.Desk = "/bureau/" + f.ID
		if f.TakenBy != v.actor.Account || !v.DB.Machine().Before(f.TakenUntil) {
			p.Take = "/rappels/" + f.ID + "/prendre"
		}
	}
	return p, nil
}

// filePrice says every reason of the price, and whose price it is (ET-45, 46).
func (v *visit) filePrice(p *ui.RequestFile, f request.File) error {
	p.Price = ui.Price{Typed: decimal(f.Price.Decimal(), v.lang), Min: f.Network.Introductions.Price.Min(), Max: f.Network.Introductions.Price.Max(), VAT: f.VAT, Incl: f.Price.Incl(f.VAT)}
	for i, r := range f.Reasons {
		x := ui.PriceReason{Because: v.say2(r.Because), Effect: v.lang.Money(r.Add)}
		if i > 0 && r.Add > 0 { // the first is the base
			x.Effect = "+" + x.Effect
		}
		if r.Typed {
			x.Because = v.lang.T("Prix du conseiller", "Agent’s own price")
			if r.Because.FR != "" {
				x.Because += v.lang.T(" : ", ": ") + r.Because.FR // as he typed it
			}
		}
		p.Price.Reasons = append(p.Price.Reasons, x)
	}
	names, err := v.Auth.Names(v.ctx, f.PricedBy)
	if name := names[f.PricedBy]; name != "" {
		p.PricedBy = v.lang.Tf("Fixé par %s", "Set by %s", name)
	}
	return err
}

// privateLink stands in messages to the customer; who has it may read and cancel, so staff do not.
var privateLink = regexp.MustCompile(`https?://\S+/(r|stop)/\S+`)

// fileMessages are what was written to the customer, as he got it (ET-14), but for his links and codes.
func (v *visit) fileMessages(p *ui.RequestFile, f request.File) error {
	all, err := v.Notify.About(v.ctx, f.ID)
	for _, m := range all {
		if m.Person != f.Person || m.Kind == "code" || m.Body == "" {
			continue
		}
		s := v.messageStatus(m.State)
		via := v.lang.T("e-mail", "e-mail")
		if m.Channel == notify.BySMS {
			via = "SMS"
		}
		p.Messages = append(p.Messages, ui.Step{At: m.At, Tone: s.Tone, Text: privateLink.ReplaceAllString(strings.TrimSpace(m.Body), v.lang.T("[lien du client]", "[customer’s link]")), By: joinWords(via, strings.ToLower(s.Text))})
	}
	return err
}

// textLabel is what a ready-made text says, with what the file knows; the private link is not made for a page that shows it to staff.
func (v *visit) textLabel(n *network.Network, f request.File, w network.Wording) string {
	site, _ := n.Site(f.Site) // a site that is gone has neither name nor number
	return strings.NewReplacer("{site}", v.siteName(n, site), "{phone}", site.Phone.Display(), "{ref}", f.Ref, "{link}", v.lang.T("[lien de suivi]", "[private link]")).Replace(v.say2(w.Text))
}

func (v *visit) fileStatus(f request.File) ui.Status {
	s := ui.Status{Tone: v.statusOfRequest(f.State).Tone, Text: v.stateName(f.State)}
	if f.State == request.Published {
		s.Text += ", " + v.lang.Count(f.Request.Seats-f.Sold, "place libre", "places libres", "free seat", "free seats")
	}
	if !f.StoppedAt.IsZero() {
		s = ui.Status{Tone: ui.Bad, Text: v.lang.T("Ne veut plus être contacté", "Wants no more contact")}
	}
	return s
}

// fileFacts are who asks, then what.
func (v *visit) fileFacts(f request.File, partner string) []ui.Fact {
	var all []ui.Fact
	add := func(label, value string) {
		if value != "" {
			all = append(all, ui.Fact{Label: label, Value: value})
		}
	}
	add(v.lang.T("Nom", "Name"), f.Who.Name)
	add(v.lang.T("Société", "Company"), f.Who.Company)
	number := phone.Display(f.Who.Phone)
	if number != "" && f.Who.Verified.IsZero() {
		number += v.lang.T(" (non vérifié)", " (not verified)")
	}
	add(v.lang.T("Téléphone", "Phone"), number)
	add(v.lang.T("E-mail", "E-mail"), f.Who.Email)
	add(v.lang.T("Adresse", "Address"), f.Street)
	if f.Who.Phone == "" && f.Who.Name == "" && f.State != request.Received {
		add(v.lang.T("Coordonnées", "Contact details"), v.lang.T("effacées", "erased"))
	}
	add(v.lang.T("Quand", "When"), v.say2(f.Network.Urgency(f.Urgency)))
	if form := f.Network.Form(f.Trade); form != nil {
		for _, l := range form.Sheet(f.Answers) {
			add(v.say2(l.Label), v.say2(l.Value))
		}
	}
	add(v.lang.T("Venue par", "Came by"), joinWords(v.channelName(f.Channel), partner, f.Site))
	return all
}

// fileSteps is the request's whole history, with who did each thing.
func (v *visit) fileSteps(p *ui.RequestFile, f request.File) error {
	agents := make([]string, len(f.Events))
	for i, e := range f.Events {
		if strings.HasPrefix(e.Actor, "acc_") {
			agents[i] = e.Actor
		}
	}
	names, err := v.Auth.Names(v.ctx, agents...)
	if err != nil {
		return err
	}
	for _, e := range f.Events {
		s := v.staffStep(f, e)
		switch {
		case names[e.Actor] != "":
			s.By = names[e.Actor]
		case f.Names[e.Actor] != "":
			s.By = f.Names[e.Actor]
		case e.Actor == "link":
			s.By = v.lang.T("le client", "the customer")
		}
		p.Steps = append(p.Steps, s)
	}
	return nil
}

func (v *visit) staffStep(f request.File, e request.Event) ui.Step {
	s := ui.Step{At: e.At, Tone: ui.Good}
	switch e.Kind {
	case request.EvReceived:
		s.Text = v.lang.T("Reçue", "Received")
		if by := f.Network.Introductions.Clocks.CallBack; f.State == request.Received && !by.IsZero() {
			s.Tone, s.Until = ui.Now, by.AddTo(e.At)
		}
	case request.EvVerified:
		s.Text = v.lang.T("Numéro vérifié par un code", "Number verified by a code")
	case request.EvTaken:
		s.Text = v.lang.T("Prise par un conseiller", "Taken by an agent")
	case request.EvQualified:
		s.Text = v.lang.T("Qualifiée", "Qualified")
	case request.EvPriced:
		s.Text = v.lang.T("Prix fixé", "Priced")
	case request.EvPublished:
		s.Text = v.lang.Tf("Publiée, %s", "Published, %s", v.lang.Count(e.Count, "professionnel prévenu", "professionnels prévenus", "professional told", "professionals told"))
	case request.EvWidened:
		s.Text = v.lang.Tf("Élargie de %s m, %s de plus", "Widened by %s m, %s", e.Object, v.lang.Count(e.Count, "professionnel", "professionnels", "more professional", "more professionals"))
	case request.EvOffered:
		s.Text = v.lang.Tf("Proposée à la main à %s", "Offered by hand to %s", cmp.Or(f.Names[e.Object], e.Object))
	case request.EvForwarded:
		s.Text = v.lang.Tf("Transmise à %s", "Passed on to %s", cmp.Or(f.Names[e.Object], e.Object))
	case request.EvSold:
		s.Text = v.lang.T("Achetée, coordonnées montrées", "Bought, contact details shown")
	case request.EvContacted:
		s.Text = v.lang.T("Premier appel noté", "First call noted")
	case request.EvOutcome:
		s.Text = v.lang.Tf("Suivi : %s", "Follow-up: %s", v.outcomeName(e.Object))
	case request.EvLate:
		s.Tone, s.Text = ui.Bad, v.lang.T("Premier appel en retard, les deux côtés sont prévenus", "First call is late, both sides are told")
	case request.EvAsked:
		s.Text = v.lang.T("Question posée : comment cela s’est passé", "Asked how it went")
	case request.EvAnswered:
		s.Text = v.lang.T("Le client a répondu", "The customer answered")
		for _, o := range v.followUps() {
			if o.Value == e.Object {
				s.Text += v.lang.T(" : ", ": ") + o.Label
			}
		}
	case request.EvCorrected:
		s.Text = v.lang.T("Corrigée", "Corrected")
		if e.Object != "" {
			var fields []string
			for field := range strings.SplitSeq(e.Object, ",") {
				fields = append(fields, v.fieldLabel(f.Network.Form(f.Trade), field))
			}
			s.Text += v.lang.T(" : ", ": ") + strings.Join(fields, ", ")
		}
	case request.EvRepriced:
		s.Text = v.lang.Tf("Nouveau prix : %s € HT", "New price: €%s excl. VAT", decimal(e.Object, v.lang))
	case request.EvWithdrawn:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Retirée", "Withdrawn")
		if why := v.say2(f.Network.Withdrawal(e.Object)); why != "" {
			s.Text += v.lang.T(" : ", ": ") + why
		}
	case request.EvByHand:
		s.Tone, s.Text = ui.Now, v.lang.T("À proposer à la main : la personne ne veut pas que le logiciel choisisse", "To be offered by hand: the person does not want the software to choose")
	case request.EvCountry:
		s.Tone, s.Text = ui.Now, v.countryWords(e.Object)
	case request.EvToCall:
		s.Tone, s.Text = ui.Now, v.lang.T("Numéro à vérifier pendant l’appel : pas de code par SMS", "Number to be verified in the call: no code by text")
	case request.EvReviewed:
		s.Text = v.lang.T("Décision revue par une personne", "Decision reviewed by a person")
	case request.EvReopened:
		s.Text = v.lang.T("Retrait annulé", "Withdrawal undone")
	case request.EvCancelled:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Annulée par le client", "Cancelled by the customer")
	case request.EvStopped:
		s.Tone, s.Text = ui.Bad, v.lang.T("Le client ne veut plus être contacté", "The customer wants no more contact")
	case request.EvUnserved:
		s.Tone, s.Text = ui.Bad, v.lang.T("Personne ne l’a prise à temps", "Nobody took it in time")
	case request.EvClosed:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Terminée", "Over")
	case request.EvTexted:
		s.Text = v.lang.T("SMS envoyé au client", "Text sent to the customer")
	default:
		s.Tone, s.Text = ui.Quiet, e.Kind
	}
	return s
}

func (v *visit) outcomeName(o string) string {
	words := map[string][2]string{"called": {"appelé, sans réponse", "called, no answer"}, "reached": {"joint", "reached"}, "quote": {"devis fait", "quote made"}, "won": {"chantier gagné", "job won"}, "lost": {"sans suite", "came to nothing"}, "done": {"intervention terminée", "job done"}}
	w, ok := words[o]
	if !ok {
		return o
	}
	return v.lang.T(w[0], w[1])
}

// fileDecision lists whom the newest decision asked, and those to whom it was offered by hand or who bought.
func (v *visit) fileDecision(p *ui.RequestFile, f request.File) error {
	if f.Passed() {
		return v.filePassed(p, f)
	}
	if len(f.Decisions) == 0 {
		return nil
	}
	last := f.Decisions[len(f.Decisions)-1]
	p.AskedAt, p.Decision = last.At, last.ID
	bought := map[string]request.Purchase{}
	for _, b := range f.Purchases {
		bought[b.Pro] = b
	}
	for i, c := range last.Candidates {
		if i == 100 {
			p.More = len(last.Candidates) - i
			break
		}
		a := ui.Verdict{Name: cmp.Or(f.Names[c.ID], c.ID), Href: "/pros/" + c.ID, Km: float64(c.Distance) / 1000, In: true}
		if b, ok := bought[c.ID]; ok {
			a.Reason = v.lang.Tf("A acheté à %s", "Bought at %s", v.lang.Time(b.Revealed.In(f.Zone())))
		}
		p.Asked = append(p.Asked, a)
	}
	for _, b := range f.Purchases {
		p.Sold = append(p.Sold, ui.Sold{Name: cmp.Or(f.Names[b.Pro], b.Pro), Href: "/pros/" + b.Pro, At: b.Revealed, Excl: b.Price, CallBy: f.Network.Introductions.Clocks.FirstContact.AddTo(b.Revealed), Called: b.Contacted, Outcome: v.outcomeName(b.Outcome)})
	}
	return nil
}

// mostToOffer bounds the list from which one is offered to by hand: what an agent can look through.
const mostToOffer = 60

// prosToOffer are professionals of the trade who may buy and whom nobody has asked yet, nearest first; those from outside the network once they
// are known.
func (v *visit) prosToOffer(f request.File) ([]ui.Option, error) {
	asked := map[string]bool{}
	byHand := slices.ContainsFunc(f.Events, func(e request.Event) bool { return e.Kind == request.EvByHand }) // what the software offered is taken back
	for _, d := range f.Decisions {
		for _, c := range d.Candidates {
			asked[c.ID] = !byHand
		}
	}
	for _, e := range f.Events {
		if e.Kind == request.EvOffered {
			asked[e.Object] = true
		}
	}
	type near struct {
		id      string
		metres  int
		outside bool
	}
	var left []near
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) error {
		left = nil
		members, err := pro.OfTrade(tx, f.Trade)
		if err != nil {
			return err
		}
		outsiders, err := pro.Outsiders(tx, f.Trade)
		for _, x := range slices.Concat(members, outsiders) {
			if base, ok := geo.ByINSEE(x.Profile.Base); ok && x.MayBuy(v.DB.Now()) && !asked[x.ID] {
				left = append(left, near{x.ID, geo.Distance(base.Point, f.Commune().Point), x.Outside})
			}
		}
		return err
	}); err != nil {
		return nil, err
	}
	slices.SortFunc(left, func(a, b near) int { return cmp.Or(a.metres-b.metres, cmp.Compare(a.id, b.id)) })
	left = left[:min(mostToOffer, len(left))]
	ids := make([]string, len(left))
	for i, x := range left {
		ids[i] = x.id
	}
	contacts, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return nil, err
	}
	var options []ui.Option
	for _, x := range left {
		label := contacts[x.id].Company + ", " + v.lang.Distance(float64(x.metres)/1000)
		if x.outside {
			label += v.lang.T(", hors réseau", ", outside the network")
		}
		options = append(options, ui.Option{Value: x.id, Label: label})
	}
	return options, nil
}

// fileInvalid shows the file again with what is wrong beside the field.
func (v *visit) fileInvalid(err error) error {
	id := v.r.PathValue("id")
	if f := fault.Of(err); f != nil && f.Kind != fault.Invalid && len(f.Fields) == 0 {
		return v.did("/demandes/"+id, "", err)
	}
	return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.filePage(id, f) })
}

func (v *visit) fileDid(good string, err error) error {
	if err != nil {
		return v.fileInvalid(err)
	}
	return v.did("/demandes/"+v.r.PathValue("id"), good, nil)
}

func (v *visit) requestPrice() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.fileDid(v.lang.T("Le prix est changé. Les paniers gardent le leur.", "The price is changed. Carts keep theirs."), v.Requests.Reprice(v.ctx, v.actor, v.r.PathValue("id"), v.value("price"), v.value("reason")))
}

func (v *visit) requestWithdraw() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.fileDid(v.lang.T("La demande est retirée.", "The request is withdrawn."), v.Requests.Withdraw(v.ctx, v.actor, v.r.PathValue("id"), v.value("reason")))
}

// inField puts a refusal that names no field beside the one that it is about.
func inField(name string, err error) error {
	f := fault.Of(err)
	if f == nil || f.Kind != fault.Invalid || len(f.Fields) > 0 {
		return err
	}
	var c fault.Check
	c.Add(name, f.Public)
	return c.Err()
}

func (v *visit) requestWiden() error {
	if err := v.parse(); err != nil {
		return err
	}
	by := network.Distance(0)
	for _, d := range v.n.Introductions.Radius.Widen {
		if strconv.Itoa(int(d)) == v.value("radius") {
			by = d
		}
	}
	asked, err := v.Requests.Widen(v.ctx, v.actor, v.r.PathValue("id"), by)
	good := v.lang.Tf("%s de plus.", "%s more.", v.lang.Count(asked, "professionnel est prévenu", "professionnels sont prévenus", "professional is told", "professionals are told"))
	if asked == 0 {
		good = v.lang.T("Personne de plus à cette distance.", "Nobody more at that distance.")
	}
	return v.fileDid(good, inField("radius", err))
}

// requestOffer offers a request by hand: to a professional who is known, or to one from outside, who is recorded with it (ET-18, 137).
func (v *visit) requestOffer() error {
	if err := v.parse(); err != nil {
		return err
	}
	id, to := v.r.PathValue("id"), v.value("pro")
	if to == "" && v.value("outside_name") == "" {
		var c fault.Check
		c.Add("pro", fault.T("Choisissez un professionnel, ou écrivez celui de l’extérieur.", "Choose a professional, or write the one from outside."))
		return v.fileInvalid(c.Err())
	}
	good := v.lang.T("La demande lui est proposée.", "The request is offered.")
	if to != "" {
		return v.fileDid(good, inField("pro", v.Requests.OfferByHand(v.ctx, v.actor, id, to)))
	}
	company := v.value("outside_name")
	return v.fileDid(good, outsideFields(v.Requests.OfferOutside(v.ctx, v.actor, id,
		pro.Identity{Company: company, Contact: company, SIREN: v.value("outside_siren"), Phone: v.value("outside_phone"), Email: v.value("outside_email"), Street: v.value("outside_street")})))
}

// outsideFields names the inputs of the page in a fault about a professional from outside.
func outsideFields(err error) error {
	f := fault.Of(err)
	if f == nil {
		return err
	}
	named := *f // a copy: some faults are shared
	named.Fields = slices.Clone(f.Fields)
	for i, x := range named.Fields {
		if slices.Contains([]string{"siren", "phone", "email", "street"}, x.Name) {
			named.Fields[i].Name = "outside_" + x.Name
		} else {
			named.Fields[i].Name = "outside_name"
		}
	}
	return &named
}

func (v *visit) requestText() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.fileDid(v.lang.T("Le SMS est envoyé.", "The text is sent."), inField("text", v.Requests.Text(v.ctx, v.actor, v.r.PathValue("id"), v.value("template"), v.value("text"))))
}

func (v *visit) requestLink() error {
	return v.fileDid(v.lang.T("Un nouveau lien est envoyé au client. L’ancien ne marche plus.", "A new link is sent to the customer. The old one no longer works."), v.Requests.NewLink(v.ctx, v.actor, v.r.PathValue("id")))
}

// requestReplay makes the newest decision again from what was stored, and says for everybody else why he was not asked.
func (v *visit) requestReplay() error {
	page, err := v.filePage(v.r.PathValue("id"), ui.Form{})
	if err != nil {
		return err
	}
	if page.Decision == "" {
		return v.to("/demandes/" + page.ID)
	}
	d, again, same, err := v.Requests.Replay(v.ctx, v.actor, page.Decision)
	if err != nil {
		return err
	}
	page.Replay = ui.Status{Tone: ui.Bad, Text: v.lang.T("Rejouée : la liste diffère", "Replayed: the list differs")}
	if same {
		page.Replay = ui.Status{Tone: ui.Good, Text: v.lang.Tf("Rejouée : identique, %s examinés", "Replayed: identical, %s looked at", v.lang.Number(len(d.Candidates)+len(again.Excluded)))}
	}
	left := slices.Clone(again.Excluded)
	slices.SortStableFunc(left, func(a, b match.Exclusion) int { return nearest(a) - nearest(b) })
	if most := 60; len(left) > most {
		page.More += len(left) - most
		left = left[:most]
	}
	ids := make([]string, len(left))
	for i, x := range left {
		ids[i] = x.ID
	}
	contacts, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return err
	}
	for _, x := range left {
		page.Asked = append(page.Asked, ui.Verdict{Name: cmp.Or(contacts[x.ID].Company, x.ID), Href: "/pros/" + x.ID, Km: float64(x.Reason.Distance) / 1000, Reason: v.say2(x.Reason.Sentence())})
	}
	return v.show(page)
}

// nearest puts those who were left out for another reason than distance first, then the nearest of the others.
func nearest(x match.Exclusion) int { return x.Reason.Distance }

func (v *visit) requestPhoto() error {
	if err := v.actor.May(auth.RequestRead); err != nil {
		return err
	}
	return v.photo(v.r.PathValue("request"))
}

func (v *visit) fixPageOfFile(f request.File) func(ui.Form) (ui.View, error) {
	return func(form ui.Form) (ui.View, error) {
		return ui.Correct{Space: v.spaceFrame(), Form: form, ID: f.ID, Reference: f.Ref, Questions: v.questions(f.Network.Form(f.Trade)),
			Communes: communeOptions(first(form.Values["postcode"]), ""), Sold: f.Sold > 0}, nil
	}
}

// requestFixForm shows what may be corrected at the customer's word.
func (v *visit) requestFixForm() error {
	f, err := v.fixable()
	if err != nil {
		return err
	}
	m := request.Mine{Request: f.Request, Network: f.Network, Who: f.Who, Words: f.Words, Street: f.Street}
	return v.showing(v.fixPageOfFile(f)(ui.Form{Values: correctionValues(m)}))
}

// fixable opens the file of a request that may still be corrected.
func (v *visit) fixable() (request.File, error) {
	if err := v.actor.May(auth.RequestManage); err != nil {
		return request.File{}, err
	}
	f, err := v.Requests.OpenFile(v.ctx, v.actor, v.r.PathValue("id"))
	if err == nil && f.Network.Form(f.Trade) == nil {
		err = errNoPage // a call that nobody has asked anything yet
	}
	return f, err
}

func (v *visit) requestFix() error {
	if err := v.parse(); err != nil {
		return err
	}
	f, err := v.fixable()
	if err != nil {
		return err
	}
	form := f.Network.Form(f.Trade)
	in, err := v.readCorrection(form)
	if err == nil {
		err = v.Requests.Correct(v.ctx, v.actor, f.ID, in)
	}
	if err != nil {
		return v.invalid(wordsFault(form, err), v.fixPageOfFile(f))
	}
	return v.did("/demandes/"+f.ID, v.lang.T("La demande est corrigée.", "The request is corrected."), nil)
}
