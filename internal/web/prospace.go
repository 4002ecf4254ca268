package web

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// proRoutes are a professional's pages. A suspended one comes in and is told why (ET-85); what he may still do is the services' question.
func proRoutes() []route {
	return []route{
		{"GET", "/droits", space, prosOnly, 0, (*visit).proRights},
		{"POST", "/droits", space, prosOnly, 0, (*visit).proRightsSend},
		{"GET", "/tableau", space, buying, 0, (*visit).board},
		{"GET", "/tableau/{id}", space, buying, 0, (*visit).sheet},
		{"POST", "/tableau/{id}/acheter", space, buying, 0, (*visit).buy},
		{"GET", "/panier", space, buying, 0, (*visit).cart},
		{"POST", "/panier", space, buying, 0, (*visit).hold},
		{"POST", "/panier/retirer", space, buying, 0, (*visit).drop},
		{"GET", "/achats", space, buying, 0, (*visit).purchases},
		{"GET", "/achats/{id}", space, buying, 0, (*visit).bought},
		{"GET", "/achats/{id}/retour", space, buying, 0, (*visit).cardBack},
		{"POST", "/achats/{id}/suivi", space, buying, 0, (*visit).outcome},
		{"GET", "/achats/{id}/fiche.pdf", space, buying, 0, (*visit).boughtPDF},
		{"GET", "/achats/{id}/contact.vcf", space, buying, 0, (*visit).boughtCard},
		{"GET", "/achats/{id}/passeport.json", space, buying, 0, (*visit).boughtPassport},
		{"GET", "/achats/{id}/photos/{photo}", space, buying, 0, (*visit).boughtPhoto},
		{"GET", "/factures", space, buying, 0, (*visit).invoices},
		{"GET", "/factures/{file}", space, buying, 0, (*visit).invoicePDF}, // {id}.pdf
		{"GET", "/portefeuille", space, buying, 0, (*visit).wallet},
		{"GET", "/portefeuille.csv", space, buying, 0, (*visit).walletCSV},
		{"POST", "/portefeuille/crediter", space, buying, 0, (*visit).credit},
		{"GET", "/portefeuille/retour/{payment}", space, buying, 0, (*visit).creditBack},
		{"GET", "/profil", space, prosOnly, 0, (*visit).profile},
		{"POST", "/profil/zone", space, prosOnly, 0, (*visit).profileArea},
		{"POST", "/profil/coordonnees", space, prosOnly, 0, (*visit).profileContact},
		{"POST", "/profil/coordonnees/code", space, prosOnly, 0, (*visit).profileContactCode},
		{"POST", "/profil/adresse", space, prosOnly, 0, (*visit).profileMove},
		{"POST", "/profil/zone/ajouter", space, buying, 0, (*visit).profileAreaMore},
		{"POST", "/profil/horaires", space, buying, 0, (*visit).profileHours},
		{"POST", "/profil/absence", space, prosOnly, 0, (*visit).profileAbsence},
		{"POST", "/profil/usages", space, prosOnly, 0, (*visit).profileObject},
		{"POST", "/profil/nouveautes", space, prosOnly, 0, (*visit).profileChoices},
		{"POST", "/profil/avis", space, buying, 0, (*visit).profileNotices},
		{"POST", "/profil/plafonds", space, buying, 0, (*visit).profileCaps},
		{"POST", "/profil/jetons", space, buying, 0, (*visit).profileToken},
		{"POST", "/profil/jetons/{id}/revoquer", space, buying, 0, (*visit).profileTokenRevoke},
		{"GET", "/pourquoi", space, buying, 0, (*visit).whyAsked},
		{"GET", "/pourquoi/{id}", space, buying, 0, (*visit).why},
	}
}

// proFrame is the frame of a professional's page, with hours as they are at a place.
func (v *visit) proFrame(zone *time.Location, topics ...string) ui.Space {
	s := v.watching(topics...)
	s.Zone = zone
	if !v.n.Sells() {
		return s // nothing is held where nothing is sold
	}
	if held, err := v.Requests.Held(v.ctx, v.actor); err == nil { // a badge: without it the page is still true
		s.Counts = map[string]int{"/panier": held}
	}
	return s
}

func (v *visit) ownTopic() string { return "pro " + v.actor.Pro }

func whole(c geo.Commune, postcode string) string { return strings.TrimSpace(c.Name + " " + postcode) }

// boardLine is what a professional sees of a request before he buys. Nothing here can hold a name, number, street or free text (ET-10).
func (v *visit) boardLine(it request.Item) (ui.BoardItem, error) {
	odds, err := v.Requests.Odds(v.ctx, it.Trade)
	if err != nil {
		return ui.BoardItem{}, err
	}
	line := ui.BoardItem{ID: it.ID, Title: it.Title, Trade: v.tradeName(it.Trade), Commune: it.Commune().Name, Postcode: it.Postcode, Km: -1,
		Urgent: it.Urgent(it.Network), When: v.say2(it.Network.Urgency(it.Urgency)),
		Published: it.PublishedAt, Excl: it.Price, Incl: it.Price.Incl(it.VAT), Seats: it.Seats, Left: it.Left, HeldUntil: it.HeldUntil, FreeAt: it.FreeAt}
	if it.Distance >= 0 {
		line.Km = float64(it.Distance) / 1000
	}
	if odds != nil {
		line.Odds = &ui.Odds{Reached: odds.Reached, Won: odds.Won, N: odds.N}
	}
	if it.State != request.Published {
		line.Left, line.FreeAt, line.HeldUntil = 0, time.Time{}, time.Time{}
		line.Closed = it.State != request.Filled && it.State != request.Closed
	}
	return line, nil
}

// board is the home screen: live, newest first.
func (v *visit) board() error {
	items, me, err := v.Requests.Board(v.ctx, v.actor)
	if err != nil {
		return err
	}
	page := ui.Board{Space: v.proFrame(me.Profile.Zone(), "board", v.ownTopic()), Area: v.areaWords(me.Profile), Notice: v.accessWords(me), Absent: v.absentUntil(me.Profile)}
	stopped, err := v.Pros.Objected(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if p, ok := v.n.For(network.DeedRanking, network.Professional); ok && stopped[p.ID] {
		page.Plain, page.ByArea = true, v.r.URL.Query().Get("tri") == "commune"
	}
	if page.ByArea {
		slices.SortStableFunc(items, func(a, b request.Item) int {
			return cmp.Or(cmp.Compare(a.Commune().Name, b.Commune().Name), cmp.Compare(a.INSEE, b.INSEE))
		})
	}
	for _, it := range items {
		line, err := v.boardLine(it)
		if err != nil {
			return err
		}
		page.Items = append(page.Items, line)
	}
	sms, email, err := v.Pros.Notices(v.ctx, v.actor)
	if err != nil {
		return err
	}
	page.Stopped = !sms && !email
	_, c, err := v.Pros.Get(v.ctx, v.actor, v.actor.Pro)
	if err != nil {
		return err
	}
	if page.Unreached, err = v.Pros.Unreached(v.ctx, c); err != nil {
		return err
	}
	return v.show(page)
}

// accessWords says why the board of a professional is empty, when it is because of his access (ET-22, 85; P2B art. 4).
func (v *visit) accessWords(p pro.Pro) string {
	switch p.State {
	case pro.Active:
		if p.Uninsured(v.DB.Now()) {
			return v.lang.Tf("Votre assurance a pris fin le %s : aucune demande ne vous est proposée et vous ne pouvez pas en prendre. Envoyez la nouvelle attestation à %s ; tout reprend dès qu’elle est notée.", "Your insurance ended on %s: no request is offered to you and you can take none. Send the new certificate to %s; all starts again as soon as it is noted.",
				network.Date(p.Profile.InsuredUntil).Say(string(v.lang)), v.n.Operator.Email)
		}
		return ""
	case pro.Pending:
		if p.Outside {
			return ""
		}
		return v.lang.T("Votre accès n’est pas encore ouvert : une vérification ou une partie de votre profil manque. Les demandes s’affichent ensuite ici.", "Your access is not open yet: a check or part of your profile is missing. Requests show here afterwards.")
	}
	if p.Reason == pro.ReasonRestriction {
		return v.lang.T("Vos données sont gelées à votre demande : rien ne vous est proposé tant que le gel dure.", "Your data is frozen at your wish: nothing is offered to you while that lasts.")
	}
	why := v.say2(v.n.Suspension(p.Reason))
	if why == "" {
		return v.lang.Tf("Votre accès est suspendu. Écrivez à %s pour le contester ou le rétablir.", "Your access is suspended. Write to %s to contest or restore it.", v.n.Operator.Email)
	}
	return v.lang.Tf("Votre accès est suspendu : %s. Écrivez à %s pour le contester ou le rétablir.", "Your access is suspended: %s. Write to %s to contest or restore it.", why, v.n.Operator.Email)
}

// absentUntil is the last day of an absence that runs now, else zero.
func (v *visit) absentUntil(p pro.Profile) time.Time {
	today := v.DB.Now().In(p.Zone()).Format(time.DateOnly)
	if p.AbsentFrom == "" || today < p.AbsentFrom || today > p.AbsentUntil {
		return time.Time{}
	}
	until, err := time.ParseInLocation(time.DateOnly, p.AbsentUntil, p.Zone())
	if err != nil {
		return time.Time{} // checked when stored
	}
	return until
}

// sheet is one request, and the confirmation before it is bought.
func (v *visit) sheet() error {
	return v.showing(v.sheetPage(v.r.PathValue("id"))(ui.Form{}))
}

func (v *visit) sheetPage(id string) func(ui.Form) (ui.View, error) {
	return func(form ui.Form) (ui.View, error) {
		it, err := v.Requests.Sheet(v.ctx, v.actor, id)
		if err != nil {
			return nil, err
		}
		balance, _, err := v.Billing.Wallet(v.ctx, v.actor, v.actor.Pro, "", 0)
		if err != nil {
			return nil, err
		}
		// The price that he sees is the one that is charged, or he is asked again (ET-41).
		form.Hidden = []ui.Hidden{{Name: "shown", Value: strconv.FormatInt(int64(it.Price), 10)}}
		page := ui.Sheet{Space: v.proFrame(it.Zone(), "board", v.ownTopic()), Form: form, Photos: it.Photos, HasWords: it.HasWords, VAT: it.VAT, Balance: balance, Card: v.Billing.TakesCard(), Bought: it.Bought}
		if page.Item, err = v.boardLine(it); err != nil {
			return nil, err
		}
		if f := it.Network.Form(it.Trade); f != nil {
			page.Facts = v.facts(f.Board(it.Answers))
		}
		page.Notices = v.notices(it.Network, "no-guarantee", "intermediary")
		page.Notices = append(page.Notices, v.lang.T("Ces informations viennent du client et sont indicatives : le devis que vous lui remettez n’engage que vous.", "This information comes from the customer and is indicative: the quote that you give is yours alone.")) // ET-87
		for _, w := range it.Network.Buying {
			page.Confirmations = append(page.Confirmations, ui.Consent{Name: "confirm-" + w.ID, Wording: v.say2(w.Text), Required: true})
		}
		return page, nil
	}
}

// notices are those of the operator's that exist, in order.
func (v *visit) notices(n *network.Network, ids ...string) []string {
	var all []string
	for _, id := range ids {
		if text := v.say2(n.Notice(id)); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// buy is the second tap: what is confirmed, at the price that was shown.
func (v *visit) buy() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	shown, err := strconv.ParseInt(v.value("shown"), 10, 64)
	if err != nil {
		shown = -1 // no price was shown: none is charged, and the page comes back with one
	}
	in := request.Buy{Request: id, Confirmed: map[string]bool{}, Shown: money.Amount(shown), Method: v.value("pay"), Back: "/achats/{purchase}/retour"}
	for name := range v.r.PostForm {
		if confirmed, ok := strings.CutPrefix(name, "confirm-"); ok {
			in.Confirmed[confirmed] = v.value(name) == "yes"
		}
	}
	done, err := v.Requests.Buy(v.ctx, v.actor, in)
	switch {
	case err != nil:
		return v.invalid(err, v.sheetPage(id))
	case done.Checkout != "":
		return v.to(done.Checkout)
	}
	return v.to("/achats/" + done.Purchase)
}

// hold is the first tap: it holds a seat for a short time.
func (v *visit) hold() error {
	if err := v.parse(); err != nil {
		return err
	}
	id := v.value("request")
	until, err := v.Requests.Hold(v.ctx, v.actor, id)
	if err != nil {
		return v.invalid(err, v.sheetPage(id))
	}
	if v.value("then") != "board" {
		return v.to("/tableau/" + url.PathEscape(id) + "#confirm")
	}
	return v.did("/tableau", v.lang.Tf("Place gardée pour vous pendant %s.", "Seat held for you for %s.", v.lang.Promised(until.Sub(v.DB.Now()).Round(time.Minute))), nil)
}

func (v *visit) drop() error {
	if err := v.parse(); err != nil {
		return err
	}
	back := "/panier"
	if v.value("then") == "board" {
		back = "/tableau"
	}
	return v.did(back, v.lang.T("La place est rendue.", "The seat is given back."), v.Requests.Drop(v.ctx, v.actor, v.value("request")))
}

// cart lists the seats that he holds; each is confirmed and paid apart.
func (v *visit) cart() error {
	items, err := v.Requests.Cart(v.ctx, v.actor)
	if err != nil {
		return err
	}
	page := ui.Cart{Space: v.proFrame(geo.Paris(), "board", v.ownTopic())}
	for _, it := range items {
		if it.HeldUntil.IsZero() {
			page.Lost = append(page.Lost, it.Title+", "+it.Commune().Name)
			continue
		}
		line, err := v.boardLine(it)
		if err != nil {
			return err
		}
		page.Lines = append(page.Lines, line)
		page.Total += line.Incl
		page.Zone = it.Zone()
	}
	return v.show(page)
}

// proPage is how many lines a page of a professional's lists holds.
const proPage = 20

// next is the address of the page after a full one. Lists are asked for one line more than they show.
func next[T any](path string, all *[]T, id func(T) string) string {
	if len(*all) <= proPage {
		return ""
	}
	*all = (*all)[:proPage]
	return path + "?apres=" + url.QueryEscape(id((*all)[proPage-1]))
}

func (v *visit) purchases() error {
	all, err := v.Requests.Purchases(v.ctx, v.actor, v.r.URL.Query().Get("apres"), proPage+1)
	if err != nil {
		return err
	}
	page := ui.Purchases{Space: v.proFrame(geo.Paris(), v.ownTopic()), Base: v.taken(), Passed: v.n.Forwards()}
	if page.Passed {
		if err := v.membershipNotice(&page); err != nil {
			return err
		}
	}
	page.Next = next(page.Base, &all, func(d request.Detail) string { return d.ID })
	for _, d := range all {
		line := ui.PurchaseLine{ID: d.ID, Title: d.Title, Where: whole(d.Request.Commune(), d.Request.Postcode), At: d.Revealed, Incl: d.Price.Incl(d.VAT), Status: v.outcomeStatus(d.Purchase)}
		if d.Contacted.IsZero() && d.Method != "forwarded" {
			line.CallBy = d.CallBy
		}
		page.Lines = append(page.Lines, line)
	}
	return v.show(page)
}

func (v *visit) outcomeStatus(p request.Purchase) ui.Status {
	switch p.Outcome {
	case "called":
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Appelé", "Called")}
	case "reached":
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Joint", "Reached")}
	case "quote":
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Devis remis", "Quote given")}
	case "won":
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Gagné", "Won")}
	case "lost":
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Perdu", "Lost")}
	case "done":
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Terminé", "Done")}
	}
	if !p.Late.IsZero() {
		return ui.Status{Tone: ui.Bad, Text: v.lang.T("En retard : à appeler", "Late: to be called")}
	}
	return ui.Status{Tone: ui.Now, Text: v.lang.T("À appeler", "To be called")}
}

// bought is the screen that is a call button. Each reading of the contact details leaves a line.
func (v *visit) bought() error {
	open := v.Requests.Detail
	if v.wantsFragment() {
		open = v.Requests.RenewDetail
	}
	d, err := open(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.show(v.boughtPage(d))
}

func (v *visit) boughtPage(d request.Detail) ui.Bought {
	page := ui.Bought{Space: v.proFrame(d.Request.Zone(), v.ownTopic()), Form: ui.Form{Hidden: []ui.Hidden{{Name: "once", Value: rand.Text()}}},
		ID: d.ID, Title: d.Title, Where: whole(d.Request.Commune(), d.Request.Postcode), Paid: d.Revealed, CallBy: d.CallBy, Clock: d.Network.Introductions.Clocks.FirstContact.Exact(), Called: d.Contacted,
		Outcome: d.Outcome, Masked: v.say2(maskedText(d.Masked)), Base: v.taken(), PDF: v.taken() + "/" + d.ID + "/fiche.pdf", VCard: v.taken() + "/" + d.ID + "/contact.vcf", Passport: v.taken() + "/" + d.ID + "/passeport.json", K: d.Seat, Seats: d.Request.Seats,
		PaidWith: v.paidWith(d.Method), Excl: d.Price, Incl: d.Price.Incl(d.VAT), Rules: v.notices(d.Network, "client-data"),
		Reminder: v.lang.T("Appelez vous-même, maintenant : le client attend votre appel dans les minutes qui suivent.", "Call yourself, now: the customer expects your call within minutes.")} // ET-90
	if page.Passed = d.Method == "forwarded"; page.Passed {
		page.Rules = append(page.Rules, v.lang.T("Ces coordonnées servent à cette demande et à rien d’autre. Chaque ouverture de cette page est notée.", "These details serve this request and nothing else. Each opening of this page is noted."))
		page.Masked = v.say2(passedMasked(d.Masked))
	}
	form := d.Network.Form(d.Request.Trade)
	page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Quand", "When"), Value: v.say2(d.Network.Urgency(d.Request.Urgency))})
	page.Facts = append(page.Facts, v.facts(form.Sheet(d.Request.Answers))...)
	page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Référence", "Reference"), Value: d.Request.Ref})
	for _, c := range d.Contacts {
		step := ui.Step{At: c.At, Tone: ui.Good, Text: v.contactWords(c.Kind)}
		if c.Kind == "lost" {
			step.Tone = ui.Quiet
		}
		page.Log = append(page.Log, step)
	}
	if d.Invoice != "" {
		page.Invoice = ui.Link{Text: v.lang.T("Facture", "Invoice"), Href: "/factures/" + d.Invoice + ".pdf"}
	}
	if d.Masked != "" {
		return page
	}
	page.May = v.may(d.May)
	page.Name, page.Phone, page.Tel, page.Email = d.Who.Shown(), phone.Display(d.Who.Phone), d.Who.Phone, d.Who.Email
	if page.Words = v.freeWords(form, d.Words); d.Street != "" {
		page.Street = d.Street + ", " + d.Request.Postcode + " " + d.Request.Commune().Name
		at := d.Request.Commune().Point
		page.Map = fmt.Sprintf("geo:%.5f,%.5f?q=%s", at.Lat, at.Lon, url.QueryEscape(page.Street))
	}
	page.Photos = v.pictures(v.taken()+"/"+d.ID, d.Photos)
	for _, g := range d.Given {
		if c, ok := d.Network.Consent(g.Consent); ok && (c.Kind == network.KindRequest && !page.Passed || page.Passed && c.Kind == network.KindConsent && c.Required) && g.Granted && !g.Replaced {
			page.Consent = v.lang.Tf("%s, %s : « %s »", "%s, %s: “%s”", page.Moment(g.Time), v.channelName(g.Channel), g.Words)
		}
	}
	return page
}

func maskedText(why string) fault.Text {
	switch why {
	case "":
		return fault.Text{}
	case "cancelled":
		return fault.T("Le client a annulé sa demande. Votre achat et votre facture restent ici.", "The customer has cancelled the request. Your purchase and invoice stay here.")
	case "done":
		return fault.T("L’affaire est terminée : vous n’avez plus besoin des coordonnées du client, et elles ne s’affichent plus. Votre achat et votre facture restent ici.", "The job is over: you no longer need the customer’s details, and they are no longer shown. Your purchase and invoice stay here.")
	case "erased":
		return fault.T("Ces coordonnées sont effacées. Votre achat et votre facture restent ici.", "These details are erased. Your purchase and invoice stay here.")
	}
	return fault.T("Le client ne souhaite plus être contacté. Votre achat et votre facture restent ici.", "The customer wants no more contact. Your purchase and invoice stay here.")
}

func (v *visit) contactWords(kind string) string {
	switch kind {
	case "called":
		return v.lang.T("Vous avez appelé", "You called")
	case "reached":
		return v.lang.T("Vous l’avez joint", "You reached them")
	case "quote":
		return v.lang.T("Devis remis", "Quote given")
	case "won":
		return v.lang.T("Gagné", "Won")
	case "done":
		return v.lang.T("Terminé", "Done")
	}
	return v.lang.T("Perdu", "Lost")
}

// outcome notes a contact. The tap on the call button notes a call too; two taps in one minute are one.
func (v *visit) outcome() error {
	if err := v.parse(); err != nil {
		return err
	}
	id, key := v.r.PathValue("id"), v.value("once")
	if v.value("via") == "tap" {
		key = "tap " + v.DB.Now().Truncate(time.Minute).UTC().Format(time.RFC3339)
	}
	return v.did(v.taken()+"/"+url.PathEscape(id), v.lang.T("C’est noté.", "Noted."), v.Requests.Log(v.ctx, v.actor, id, v.value("outcome"), key))
}

// cardBack is where the card's hosted page comes back to. That it came back proves nothing: the page says what the card service told us.
func (v *visit) cardBack() error {
	p, err := v.Requests.CardBack(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	if p.State == "revealed" {
		return v.to("/achats/" + p.ID)
	}
	it, err := v.Requests.Sheet(v.ctx, v.actor, p.Request)
	if err != nil {
		return err
	}
	page := ui.Paying{Space: v.proFrame(it.Zone(), "board", v.ownTopic()), State: payState(p.Payment), What: it.Title + ", " + whole(it.Commune(), it.Postcode), Incl: p.Price.Incl(p.VAT),
		Again: ui.Link{Text: v.lang.T("Revenir à la demande", "Back to the request"), Href: "/tableau/" + p.Request}}
	return v.show(page)
}

func payState(state string) ui.PayState {
	switch state {
	case "refused":
		return ui.PayRefused
	case "released":
		return ui.PayReturned
	}
	return ui.PayWaits
}

// boughtSheet is what may be downloaded of a purchase, as long as its details may be read.
func (v *visit) boughtSheet() (request.Sheet, error) {
	d, err := v.Requests.Detail(v.ctx, v.actor, v.r.PathValue("id"))
	if err != nil {
		return request.Sheet{}, err
	}
	if d.Masked != "" {
		return request.Sheet{}, fault.New(fault.Missing, "masked", maskedText(d.Masked))
	}
	form := d.Network.Form(d.Request.Trade)
	s := request.Sheet{Lang: string(v.lang), Ref: d.Request.Ref, Trade: v.tradeName(d.Request.Trade), Title: d.Title, Operator: v.n.Operator.Name, Taken: d.Revealed.In(d.Request.Zone()),
		Name: d.Who.Name, Company: d.Who.Company, Phone: d.Who.Phone, Email: d.Who.Email, Street: d.Street, Postcode: d.Request.Postcode, Commune: d.Request.Commune().Name, Words: v.freeWords(form, d.Words),
		Price: v.lang.Tf("%s HT (%s TTC)", "%s excl. VAT (%s incl. VAT)", v.lang.Money(d.Price), v.lang.Money(d.Price.Incl(d.VAT))), Rules: v.notices(d.Network, "client-data", "intermediary", "no-guarantee")}
	if d.Method == "forwarded" {
		s.Price = ""
	} else if d.Contacted.IsZero() {
		s.CallBefore = d.CallBy.In(d.Request.Zone())
	}
	s.Lines = append(s.Lines, request.SheetLine{Question: v.lang.T("Quand", "When"), Answer: v.say2(d.Network.Urgency(d.Request.Urgency))})
	for _, l := range form.Sheet(d.Request.Answers) {
		s.Lines = append(s.Lines, request.SheetLine{Question: v.say2(l.Label), Answer: v.say2(l.Value)})
	}
	return s, nil
}

func (v *visit) boughtPDF() error {
	s, err := v.boughtSheet()
	if err != nil {
		return err
	}
	pdf, err := request.RenderSheet(s)
	if err != nil {
		return err
	}
	return v.file("application/pdf", "inline; filename=\"fiche-"+s.Ref+".pdf\"", pdf)
}

func (v *visit) boughtCard() error {
	s, err := v.boughtSheet()
	if err != nil {
		return err
	}
	return v.file("text/vcard; charset=utf-8", "attachment; filename=\"contact-"+s.Ref+".vcf\"", request.VCard(s))
}

func (v *visit) boughtPassport() error {
	b, err := v.Requests.Passport(v.ctx, v.actor, v.Proof, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	return v.file("application/json", "attachment; filename=\"passeport-"+v.r.PathValue("id")+".json\"", b)
}

func (v *visit) boughtPhoto() error {
	p, err := v.Requests.BoughtPhoto(v.ctx, v.actor, v.r.PathValue("id"), v.r.PathValue("photo"))
	if err != nil {
		return err
	}
	return v.file("image/jpeg", "inline", p.JPEG)
}

// file answers bytes that nobody but their reader may keep.
func (v *visit) file(kind, disposition string, body []byte) error {
	return v.fileFrom(kind, disposition, int64(len(body)), bytes.NewReader(body))
}

// fileFrom is file for what is read as it goes.
func (v *visit) fileFrom(kind, disposition string, size int64, body io.Reader) error {
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", disposition)
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	v.wrote = true
	v.w.WriteHeader(http.StatusOK)
	if _, err := io.Copy(v.w, body); err != nil && v.ctx.Err() == nil {
		v.Log.Debug("file not delivered", "error", err.Error()) // the reader went away
	}
	return nil
}

// whyAsked takes a reference as it is typed to its answer.
func (v *visit) whyAsked() error {
	if ref, ok := request.ParseRef(v.r.URL.Query().Get("ref")); ok {
		_, _, err := v.Requests.WhyNot(v.ctx, v.actor, ref, "")
		if err == nil {
			return v.to("/pourquoi/" + ref)
		}
		if !fault.Is(err, fault.Missing) {
			return err
		}
	}
	v.say(ui.Bad, v.lang.T("Aucune demande publiée n’a cette référence.", "No published request has this reference."))
	return v.to("/tableau")
}

// why answers "why not me?" in one sentence.
func (v *visit) why() error {
	r, sentence, err := v.Requests.WhyNot(v.ctx, v.actor, v.r.PathValue("id"), "")
	if err != nil {
		return err
	}
	return v.show(ui.Why{Space: v.proFrame(r.Zone()), Title: v.tradeName(r.Trade) + ", " + whole(r.Commune(), r.Postcode), At: r.PublishedAt, Sentence: v.say2(sentence)})
}
