package web

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/yuin/goldmark"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// public is the frame of a page for consumers.
func (v *visit) public(zone *time.Location) ui.Public {
	p := ui.Public{Frame: v.frame(zone), Site: ui.Site{Name: v.siteName(), Phone: v.site.Phone.Display(), Tel: string(v.site.Phone), Operator: v.n.Operator.Name + " " + v.n.Operator.LegalForm}}
	for _, slug := range v.site.Trades {
		if t, ok := v.n.Trade(slug); ok {
			p.Site.Trades = append(p.Site.Trades, ui.Link{Text: v.say2(t.Label), Href: "/demande/" + slug})
		}
	}
	return p
}

func (v *visit) say2(t fault.Text) string { return t.Say(string(v.lang)) }

func (v *visit) siteName() string {
	if name := v.say2(v.site.Name); name != "" {
		return name
	}
	return v.n.Operator.Name
}

// home is the public site's first page, and on the space host the way in.
func (v *visit) home() error {
	if v.space {
		switch v.actor.Who {
		case auth.Professional:
			return v.to("/tableau")
		case auth.StaffMember:
			return v.to("/aujourdhui")
		}
		return v.to("/connexion")
	}
	page := ui.Home{Public: v.public(nil), Headline: v.say2(v.site.Tagline), FirstContact: v.n.Introductions.Clocks.FirstContact.Exact()}
	for _, slug := range v.site.Trades {
		t, ok := v.n.Trade(slug)
		if !ok {
			continue
		}
		page.Trades = append(page.Trades, ui.TradeCard{Name: v.say2(t.Label), Line: v.firstQuestion(slug), Icon: slug, Href: "/demande/" + slug})
	}
	places, err := v.coveredPlaces(6)
	if err != nil {
		return err
	}
	page.Places = places
	return v.show(page)
}

// firstQuestion is what a trade's card hints at: the first choices of its form.
func (v *visit) firstQuestion(slug string) string {
	f := v.n.Form(slug)
	if f == nil || len(f.Questions) == 0 {
		return ""
	}
	var words []string
	for _, o := range f.Questions[0].Options {
		if len(words) < 3 {
			words = append(words, v.say2(o.Label))
		}
	}
	return strings.Join(words, ", ")
}

// largest are the communes that a home page may name, by population.
var largest = sync.OnceValue(func() []geo.Commune {
	all := geo.All()
	slices.SortFunc(all, func(a, b geo.Commune) int { return b.Population - a.Population })
	return all[:min(40, len(all))]
})

// coveredPlaces are pages of the site's first trade in the largest communes that somebody covers.
func (v *visit) coveredPlaces(n int) ([]ui.Link, error) {
	slug := v.site.Trades[0]
	counts, err := v.Pros.Covering(v.ctx, slug, largest()...)
	if err != nil {
		return nil, err
	}
	var links []ui.Link
	for i, c := range largest() {
		if counts[i] > 0 && len(links) < n {
			links = append(links, ui.Link{Text: v.lang.Tf("%s à %s", "%s in %s", v.tradeName(slug), c.Name), Href: placePath(slug, c)})
		}
	}
	return links, nil
}

func placePath(trade string, c geo.Commune) string {
	slug := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, geo.Fold(c.Name)), "-")
	return "/m/" + trade + "/" + slug + "-" + strings.ToLower(c.INSEE)
}

// place is a trade × commune page: it exists only where a professional covers the commune.
func (v *visit) place() error {
	trade, slug := v.r.PathValue("trade"), v.r.PathValue("commune")
	t, ok := v.n.Trade(trade)
	i := strings.LastIndexByte(slug, '-')
	if !ok || !slices.Contains(v.site.Trades, trade) || i < 0 {
		return errNoPage
	}
	c, ok := geo.ByINSEE(strings.ToUpper(slug[i+1:]))
	if !ok {
		return errNoPage
	}
	if path := placePath(trade, c); path != v.r.URL.Path {
		return redirectTo{v.Config.URL(v.site.Host, path)}
	}
	around := []geo.Commune{c}
	for _, near := range geo.Near(c.Point, 20_000) {
		if near.INSEE != c.INSEE && near.Population >= 1500 && len(around) < 40 {
			around = append(around, near)
		}
	}
	counts, err := v.Pros.Covering(v.ctx, trade, around...)
	if err != nil {
		return err
	}
	if counts[0] == 0 {
		return errNoPage
	}
	page := ui.Place{Public: v.public(geo.Zone(c.Dept)), TradeName: v.say2(t.Label), Commune: c.Name, Covered: counts[0], FirstContact: v.n.Introductions.Clocks.FirstContact.Exact()}
	if len(c.Postcodes) > 0 {
		page.Postcode = c.Postcodes[0]
	}
	page.Ask = "/demande/" + trade + "?postcode=" + page.Postcode + "&commune=" + c.INSEE
	if f := v.n.Form(trade); f != nil && len(f.Questions) > 0 {
		for _, o := range f.Questions[0].Options {
			page.Cases = append(page.Cases, v.say2(o.Label))
		}
	}
	for i, near := range around[1:] {
		if counts[i+1] > 0 && len(page.Nearby) < 6 {
			page.Nearby = append(page.Nearby, ui.Link{Text: near.Name, Href: placePath(trade, near)})
		}
	}
	return v.show(page)
}

// workBits is how hard the proof of work is: some 130,000 hashes, a second on a slow phone while the person types.
const (
	workBits = 17
	workLife = 2 * time.Hour
	photoMB  = 10
)

// ask shows the call-back form.
func (v *visit) ask() error {
	q := v.r.URL.Query()
	form := ui.Form{Values: map[string][]string{"postcode": {q.Get("postcode")}, "commune": {q.Get("commune")}, "key": {rand.Text()}}}
	page, err := v.asking(form)
	if err != nil {
		return err
	}
	return v.show(page)
}

func (v *visit) asking(form ui.Form) (ui.View, error) {
	slug := v.r.PathValue("trade")
	t, ok := v.n.Trade(slug)
	f := v.n.Form(slug)
	if !ok || f == nil || !slices.Contains(v.site.Trades, slug) {
		return nil, errNoPage
	}
	key := first(form.Values["key"])
	if key == "" {
		key = rand.Text()
	}
	challenge := v.Links.Challenge("request", workBits, v.DB.Machine(), workLife)
	form.Hidden = []ui.Hidden{{Name: "key", Value: key}, {Name: "pow_challenge", Value: challenge}}
	page := ui.Asking{Public: v.public(nil), Form: form, Action: "/demande/" + slug, TradeName: v.say2(t.Label), Urgent: t.Emergency,
		Photos: v.n.Limits.Photos, PhotoMB: photoMB, AskStreet: true, Notice: v.notice(network.Consumer), Work: ui.Work{Challenge: challenge, Bits: workBits},
		FirstContact: v.n.Introductions.Clocks.FirstContact.Exact(), Questions: v.questions(f), Communes: communeOptions(first(form.Values["postcode"]), first(form.Values["commune"]))}
	for _, c := range v.n.ConsentsOn(network.AskedOnForm) {
		page.Consents = append(page.Consents, ui.Consent{Name: "consent-" + c.ID, Wording: v.say2(c.Wording), Required: c.Required})
	}
	return page, nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// communeOptions are the communes of a typed postcode: what a page without scripts offers when there are several.
func communeOptions(postcode, chosen string) []ui.Option {
	communes := geo.ByPostcode(strings.TrimSpace(postcode))
	if i := slices.IndexFunc(communes, func(c geo.Commune) bool { return c.INSEE == chosen }); i >= 0 {
		communes = communes[i : i+1]
	}
	var all []ui.Option
	for _, c := range communes {
		all = append(all, ui.Option{Value: c.INSEE, Label: c.Name})
	}
	return all
}

// questions are a form's questions with "when" first. The trade's own free text and photos are asked by the page itself ("words", "photos").
func (v *visit) questions(f *network.Form) []ui.Question {
	when := ui.Question{Name: "urgency", Label: v.lang.T("Quand avez-vous besoin d’un professionnel ?", "When do you need a professional?"), Kind: ui.OneOf, Required: true}
	for _, u := range v.n.Introductions.Urgencies {
		when.Options = append(when.Options, ui.Option{Value: u.ID, Label: v.say2(u.Text)})
	}
	all := []ui.Question{when}
	words := wordsQuestion(f)
	for _, q := range f.Questions {
		if q.Kind == network.KindPhotos || q.ID == words {
			continue
		}
		x := ui.Question{Name: "answers." + q.ID, Label: v.say2(q.Label), Hint: v.say2(q.Help), Required: q.Required, Unit: v.say2(q.Unit)}
		switch q.Kind {
		case network.KindChoice:
			x.Kind = ui.OneOf
		case network.KindChoices:
			x.Kind = ui.SomeOf
		case network.KindYesNo:
			x.Kind = ui.YesNo
		case network.KindNumber:
			x.Kind = ui.Numeric
			x.Min, x.Max = fmt.Sprint(q.Min), fmt.Sprint(q.Max)
		case network.KindDate:
			x.Kind = ui.Day
		default:
			x.Kind = ui.Lines
		}
		for _, o := range q.Options {
			x.Options = append(x.Options, ui.Option{Value: o.ID, Label: v.say2(o.Label)})
		}
		if len(q.When) > 0 {
			term := q.When[0]
			x.If = &ui.Condition{Name: "answers." + term.Question, Values: term.OneOf, Text: v.conditionText(f, term)}
		}
		all = append(all, x)
	}
	return all
}

// conditionText says, where no script hides a question, when it is to be answered.
func (v *visit) conditionText(f *network.Form, t network.Term) string {
	q, ok := f.Question(t.Question)
	if !ok {
		return ""
	}
	var words []string
	for _, id := range t.OneOf {
		for _, o := range q.Options {
			if o.ID == id {
				words = append(words, "« "+v.say2(o.Label)+" »")
			}
		}
	}
	return v.lang.Tf("si vous avez répondu %s", "if you answered %s", strings.Join(words, v.lang.T(" ou ", " or ")))
}

// wordsQuestion is the trade's free text, which every page asks in the same place.
func wordsQuestion(f *network.Form) string {
	for _, q := range f.Questions {
		if q.Kind == network.KindText {
			return q.ID
		}
	}
	return ""
}

// notice is what is told where data is collected (GDPR art. 13), made of the network file.
func (v *visit) notice(whose network.Person) ui.Notice {
	o := v.n.Operator
	n := ui.Notice{Controller: o.Name + ", " + v.n.AddressFor("office"), Href: "/confidentialite",
		Rights: v.lang.Tf("Vous pouvez demander l’accès, la correction, l’effacement, la limitation ou une copie de vos données, ou vous opposer à leur emploi : %s. Vous pouvez vous plaindre auprès de la CNIL.",
			"You may ask for access, correction, erasure, restriction or a copy of your data, or object to their use: %s. You may complain to the CNIL.", o.Officer.Email),
		Sources: v.say2(v.n.Notice("transfer"))}
	for _, p := range v.n.Purposes {
		if !slices.Contains(p.People, whose) {
			continue
		}
		var to []string
		for _, id := range p.Recipients {
			if r, ok := v.n.Recipient(id); ok {
				to = append(to, v.say2(r.Label))
			}
		}
		n.Purposes = append(n.Purposes, ui.NoticePurpose{Label: v.say2(p.Label), Basis: v.basis(p.Basis), Recipients: strings.Join(to, " ; "), Kept: v.kept(p.Keep)})
	}
	return n
}

func (v *visit) basis(b network.Basis) string {
	switch b {
	case network.BasisConsent:
		return v.lang.T("votre accord", "your consent")
	case network.BasisContract:
		return v.lang.T("votre demande", "your request")
	case network.BasisLegal:
		return v.lang.T("une obligation légale", "a legal duty")
	}
	return v.lang.T("notre intérêt légitime", "our legitimate interest")
}

// kept says a retention in words.
func (v *visit) kept(k *network.Keep) string {
	if k == nil {
		return ""
	}
	var parts []string
	switch k.While {
	case network.WhileRequestOpen:
		parts = append(parts, v.lang.T("le temps de votre demande", "while your request is open"))
	case network.WhileAccountOpen:
		parts = append(parts, v.lang.T("le temps du compte", "while the account is open"))
	case network.WhileConsentStands:
		parts = append(parts, v.lang.T("tant que dure votre accord", "while your consent stands"))
	case network.WhileContract:
		parts = append(parts, v.lang.T("le temps du contrat", "while the contract runs"))
	}
	for _, d := range []network.Duration{k.Then, k.For} {
		if !d.IsZero() {
			parts = append(parts, v.say2(d.Text()))
		}
	}
	out := strings.Join(parts, v.lang.T(", puis ", ", then "))
	if k.Archive != nil {
		out += v.lang.Tf(", puis %s en archive fermée", ", then %s in a closed archive", v.say2(k.Archive.For.Text()))
	}
	return out
}

// readAsk decodes the form. Names are those of the fault's fields, so that an error finds its field.
func (v *visit) readAsk(f *network.Form) (request.Ask, error) {
	in := request.Ask{Key: v.value("key"), Site: v.site.Host, Trade: v.r.PathValue("trade"), Lang: string(v.lang), Urgency: v.value("urgency"), Postcode: v.value("postcode"), INSEE: v.value("commune"),
		Street: v.value("street"), Kind: v.value("kind"), Name: v.value("name"), Company: v.value("company"), Phone: v.value("phone"), Email: v.value("email"),
		Answers: v.answers(f), Consents: map[string]bool{}, Channel: "form", Address: v.address(), Trap: v.value("website") != ""}
	if in.Kind == "" {
		in.Kind = "person"
	}
	for _, c := range v.n.ConsentsOn(network.AskedOnForm) {
		in.Consents[c.ID] = v.value("consent-"+c.ID) != ""
	}
	if nonce := v.value("pow_nonce"); nonce != "" {
		id, until, err := v.Links.CheckWork("request", v.value("pow_challenge"), nonce, workBits, v.DB.Machine())
		if err != nil {
			return in, err
		}
		in.Worked, in.WorkID, in.WorkUntil = true, id, until
	}
	return in, nil
}

func (v *visit) answers(f *network.Form) map[string][]string {
	answers := map[string][]string{}
	for name, values := range v.r.Form {
		if id, ok := strings.CutPrefix(name, "answers."); ok {
			if values = slices.DeleteFunc(slices.Clone(values), func(s string) bool { return strings.TrimSpace(s) == "" }); len(values) > 0 {
				answers[id] = values
			}
		}
	}
	if words := v.value("words"); words != "" {
		if id := wordsQuestion(f); id != "" {
			answers[id] = []string{words}
		}
	}
	return answers
}

// photos re-encodes what was uploaded, outside any transaction.
func (v *visit) photos() ([]request.Photo, error) {
	if v.r.MultipartForm == nil {
		return nil, nil
	}
	files := v.r.MultipartForm.File["photos"]
	var c fault.Check
	if len(files) > v.n.Limits.Photos {
		c.Add("photos", fault.Tf("Choisissez %d photos au plus.", "Choose %d photos at most.", v.n.Limits.Photos))
		return nil, c.Err()
	}
	var all []request.Photo
	for _, f := range files {
		if f.Size == 0 {
			continue // an empty file field
		}
		p, err := readPhoto(f)
		if ft := fault.Of(err); ft != nil {
			c.Add("photos", ft.Public)
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, c.Err()
}

func readPhoto(f *multipart.FileHeader) (request.Photo, error) {
	if f.Size > photoMB<<20 {
		return request.Photo{}, fault.New(fault.Invalid, "photo-heavy", fault.Tf("Une photo dépasse %d Mo.", "A photo is over %d MB.", photoMB))
	}
	file, err := f.Open()
	if err != nil {
		return request.Photo{}, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, photoMB<<20))
	if err != nil {
		return request.Photo{}, err
	}
	return request.ReadPhoto(b)
}

// submit takes the form in. Every error comes back at once, with what was typed.
func (v *visit) submit() error {
	f := v.n.Form(v.r.PathValue("trade"))
	if f == nil {
		return errNoPage
	}
	if err := v.parse(); err != nil {
		return err
	}
	out, err := v.sendAsk(f)
	if err != nil {
		if ft := fault.Of(err); ft != nil && ft.Kind == fault.Invalid {
			for i, field := range ft.Fields { // the trade's own text stands in the page as "words"
				if field.Name == "answers."+wordsQuestion(f) {
					ft.Fields[i].Name = "words"
				}
			}
		}
		return v.invalid(err, v.asking)
	}
	if out.Token == "" { // somebody's earlier request: its link went to its number
		return v.to("/demande/envoyee?ref=" + url.QueryEscape(out.Ref))
	}
	v.setCookie("request", out.Token, linkCookie)
	if out.NeedsCode {
		return v.to("/demande/code")
	}
	return v.to("/ma-demande")
}

func (v *visit) sendAsk(f *network.Form) (request.Submitted, error) {
	in, err := v.readAsk(f)
	if err != nil {
		return request.Submitted{}, err
	}
	if in.Photos, err = v.photos(); err != nil {
		return request.Submitted{}, err
	}
	return v.Requests.Submit(v.ctx, auth.Actor{Who: auth.Visitor, Lang: string(v.lang)}, in)
}

// linkCookie is how long a browser keeps a private link open.
const linkCookie = 30 * 24 * time.Hour

// sentTwice answers a second request of the same number: it says no more than that.
func (v *visit) sentTwice() error {
	ref, ok := request.ParseRef(v.r.URL.Query().Get("ref"))
	if !ok {
		return errNoPage
	}
	return v.show(ui.Document{Public: v.public(nil), Title: v.lang.T("Votre demande est déjà chez nous", "We have your request already"),
		HTML: "<p>" + v.lang.Tf("Une demande avec ce numéro est déjà ouverte sous la référence %s. Nous venons d’envoyer son lien de suivi à ce numéro.", "A request with this number is open already under the reference %s. We have just sent its link to that number.", ref) + "</p>"})
}

// openLink exchanges a private link for a cookie, so that the token leaves the address bar.
func (v *visit) openLink() error {
	token := v.r.PathValue("token")
	if err := v.limits.allow("link "+v.address(), 60, time.Minute); err != nil {
		return err
	}
	if _, err := v.Requests.Link(v.ctx, token); err != nil {
		return err
	}
	v.setCookie("request", token, linkCookie)
	v.setCookie("coded", "", 0)
	return v.to("/ma-demande")
}

func (v *visit) codePage(form ui.Form, action, why string, to string, byMail bool) ui.CodeAsked {
	return ui.CodeAsked{Public: v.public(nil), Form: form, Action: action, Resend: action + "/renvoi", ResendAt: v.DB.Now().Add(30 * time.Second), SentTo: to, ByMail: byMail, Digits: person.CodeDigits, Why: why}
}

func (v *visit) codeForm() error {
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if m.State != request.Unverified {
		return v.to("/ma-demande")
	}
	return v.show(v.codePage(ui.Form{}, "/demande/code", "", phone.Mask(m.Who.Phone), false))
}

func (v *visit) code() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limits.allow("code "+v.address(), 30, 10*time.Minute); err != nil {
		return err
	}
	err := v.Requests.Code(v.ctx, v.actor, v.actor.Request, person.ToVerify, v.value("code"))
	if err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.codePage(f, "/demande/code", "", "", false), nil })
	}
	return v.to("/ma-demande")
}

func (v *visit) resend() error {
	if _, _, err := v.Requests.AskCode(v.ctx, v.actor, v.actor.Request, person.ToVerify); err != nil {
		return err
	}
	v.say(ui.Good, v.lang.T("Un code vient d’être envoyé.", "A code has just been sent."))
	return v.to("/demande/code")
}

// statusOfRequest says in words where a request stands.
func (v *visit) statusOfRequest(s request.State) ui.Status {
	switch s {
	case request.Unverified:
		return ui.Status{Tone: ui.Wait, Text: v.lang.T("Numéro à vérifier", "Number to be verified")}
	case request.Received:
		return ui.Status{Tone: ui.Now, Text: v.lang.T("Reçue, un conseiller vous rappelle", "Received, an agent calls you back")}
	case request.Published:
		return ui.Status{Tone: ui.Now, Text: v.lang.T("Proposée aux professionnels", "Offered to professionals")}
	case request.Filled:
		return ui.Status{Tone: ui.Good, Text: v.lang.T("Prise par un professionnel", "Taken by a professional")}
	case request.Closed:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Terminée", "Over")}
	case request.Cancelled:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Annulée", "Cancelled")}
	case request.Withdrawn:
		return ui.Status{Tone: ui.Quiet, Text: v.lang.T("Close par un conseiller", "Closed by an agent")}
	}
	return ui.Status{Tone: ui.Bad, Text: v.lang.T("Close : personne n’a pu la prendre", "Closed: nobody could take it")}
}

// mine is a consumer's own request, live.
func (v *visit) mine() error {
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	if m.State == request.Unverified {
		return v.to("/demande/code")
	}
	page := ui.MyRequest{Public: v.public(m.Zone()), Topic: "request " + m.ID, Reference: m.Ref, Title: m.Title, Where: m.Commune().Name + " " + m.Postcode, Status: v.statusOfRequest(m.State),
		Words: v.freeWords(m.Network.Form(m.Trade), m.Words), CanCancel: m.State.Open(), CanFix: m.State.Open(), Until: m.At.Add(linkCookie)}
	for _, l := range m.Network.Form(m.Trade).Sheet(m.Answers) {
		page.Facts = append(page.Facts, ui.Fact{Label: v.say2(l.Label), Value: v.say2(l.Value)})
	}
	page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Quand", "When"), Value: v.say2(m.Network.Urgency(m.Urgency))},
		ui.Fact{Label: v.lang.T("Téléphone", "Phone"), Value: phone.Display(m.Who.Phone)})
	if m.Street != "" {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Adresse", "Address"), Value: m.Street})
	}
	for i, id := range m.Photos {
		page.Photos = append(page.Photos, ui.Picture{Href: "/ma-demande/photos/" + id, Alt: v.lang.Tf("Photo %d", "Photo %d", i+1)})
	}
	answered := false
	for _, e := range m.Events {
		if step, ok := v.consumerStep(m, e); ok {
			page.Steps = append(page.Steps, step)
		}
		answered = answered || e.Kind == request.EvAnswered
	}
	for _, t := range m.Takers {
		page.Takers = append(page.Takers, ui.Taker{Seat: t.ID, Name: t.Contact.Company, Trade: v.tradeName(m.Trade), Town: communeName(t.Contact.Base), Phone: phone.Display(t.Contact.Phone),
			Taken: t.Revealed, CallBy: t.CallBy, Called: t.Contacted, Stopped: t.Stopped, K: t.Seat, Seats: m.Seats})
	}
	over := slices.ContainsFunc(m.Takers, func(t request.Taker) bool { return !t.Contacted.IsZero() || !t.Late.IsZero() })
	if len(m.Takers) > 0 {
		page.Checklist = []string{v.say2(m.Network.Notice("check-professional")), v.say2(m.Network.Notice("intermediary"))}
		if over && !answered { // there is nothing to tell before the call, or before its time has passed
			page.FollowUp = v.followUps()
		}
	}
	for _, g := range m.Given {
		if !g.Granted || g.Replaced {
			continue
		}
		c, _ := m.Network.Consent(g.Consent)
		page.Consents = append(page.Consents, ui.Given{ID: g.Consent, Wording: g.Words, At: g.At, Channel: v.channelName(g.Channel), Final: c.Kind != network.KindConsent})
	}
	return v.show(page)
}

func (v *visit) tradeName(slug string) string {
	t, ok := v.n.Trade(slug)
	if !ok {
		return slug
	}
	return v.say2(t.Label)
}

func communeName(insee string) string {
	c, ok := geo.ByINSEE(insee)
	if !ok {
		return ""
	}
	return c.Name
}

func (v *visit) channelName(c string) string {
	switch c {
	case "form":
		return v.lang.T("formulaire", "form")
	case "phone":
		return v.lang.T("téléphone", "phone")
	case "link":
		return v.lang.T("votre page de suivi", "your own page")
	}
	return c
}

func (v *visit) followUps() []ui.Option {
	words := map[string][2]string{"done": {"C’est réparé", "It is repaired"}, "agreed": {"Nous avons convenu d’un rendez-vous", "We agreed on a date"},
		"no-call": {"Je n’ai pas été appelé", "I was not called"}, "no-deal": {"Nous n’avons pas fait affaire", "We made no deal"}}
	var all []ui.Option
	for _, id := range request.FollowUps {
		all = append(all, ui.Option{Value: id, Label: v.lang.T(words[id][0], words[id][1])})
	}
	return all
}

// freeWords are the consumer's own sentences.
func (v *visit) freeWords(f *network.Form, words network.Answers) string {
	var all []string
	for _, q := range f.Questions {
		all = append(all, words[q.ID]...)
	}
	return strings.Join(all, "\n")
}

// consumerStep says an event to the consumer; some are none of his business.
func (v *visit) consumerStep(m request.Mine, e request.Event) (ui.Step, bool) {
	s := ui.Step{At: e.At, Tone: ui.Good}
	taker := func() string {
		for _, t := range m.Takers {
			if t.ID == e.Object || t.Pro == e.Actor {
				return t.Contact.Company
			}
		}
		return v.lang.T("un professionnel", "a professional")
	}
	switch e.Kind {
	case request.EvReceived:
		s.Text = v.lang.T("Reçue", "Received")
		if by := m.Network.Introductions.Clocks.CallBack; m.State == request.Received && !by.IsZero() {
			s.Tone, s.Until = ui.Now, by.AddTo(e.At)
			s.Text = v.lang.T("Reçue : un conseiller vous rappelle", "Received: an agent calls you back")
		}
	case request.EvVerified:
		s.Text = v.lang.T("Votre numéro est vérifié", "Your number is verified")
	case request.EvTaken:
		s.Text = v.lang.T("Un conseiller s’en occupe", "An agent is looking after it")
	case request.EvPublished:
		s.Text = v.lang.Tf("Vue par un conseiller, proposée à %d professionnels", "Seen by an agent, offered to %d professionals", e.Count)
	case request.EvWidened:
		s.Text = v.lang.Tf("Proposée plus loin : %d professionnels de plus", "Offered farther: %d more professionals", e.Count)
	case request.EvOffered:
		s.Text = v.lang.T("Proposée à un professionnel de plus", "Offered to one more professional")
	case request.EvSold:
		s.Text = v.lang.Tf("%s prend votre demande", "%s takes your request", taker())
	case request.EvContacted:
		s.Text = v.lang.Tf("%s vous a appelé", "%s has called you", taker())
	case request.EvLate:
		s.Tone, s.Text = ui.Wait, v.lang.Tf("%s n’a pas encore appelé", "%s has not called yet", taker())
	case request.EvAsked:
		s.Text = v.lang.T("Nous vous avons demandé comment cela s’est passé", "We asked you how it went")
	case request.EvAnswered:
		s.Text = v.lang.T("Merci de votre réponse", "Thank you for your answer")
	case request.EvCorrected:
		s.Text = v.lang.T("Corrigée", "Corrected")
	case request.EvCancelled:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Annulée, sans frais", "Cancelled, free of charge")
	case request.EvWithdrawn:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Close par un conseiller", "Closed by an agent")
	case request.EvStopped:
		s.Tone, s.Text = ui.Quiet, v.lang.T("Vous ne voulez plus être contacté", "You want no more contact")
	case request.EvUnserved:
		s.Tone, s.Text = ui.Bad, v.lang.T("Personne n’a pu la prendre", "Nobody could take it")
	case request.EvTexted:
		s.Text = v.lang.T("Un conseiller vous a écrit", "An agent wrote to you")
	default:
		return s, false
	}
	return s, true
}

func (v *visit) minePhoto() error { return v.photo(v.actor.Request) }

func (v *visit) photo(request string) error {
	p, err := v.Requests.Photo(v.ctx, v.actor, request, v.r.PathValue("id"))
	if err != nil {
		return err
	}
	h := v.w.Header()
	h.Set("Content-Type", "image/jpeg")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Content-Length", fmt.Sprint(len(p.JPEG)))
	v.wrote = true
	_, err = v.w.Write(p.JPEG)
	if err != nil && v.ctx.Err() != nil {
		return nil // the reader went away
	}
	return err
}

// did runs an action of a page and comes back to it with a sentence; a fault is said there too.
func (v *visit) did(back, good string, err error) error {
	if f := fault.Of(err); f != nil && (f.Kind == fault.Conflict || f.Kind == fault.Limit || f.Kind == fault.Invalid) {
		text := f.Public.Say(string(v.lang))
		if len(f.Fields) > 0 {
			text = f.Fields[0].Text.Say(string(v.lang))
		}
		v.say(ui.Bad, text)
		return v.to(back)
	}
	if err != nil {
		return err
	}
	if good != "" {
		v.say(ui.Good, good)
	}
	return v.to(back)
}

func (v *visit) mineStop() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/ma-demande", v.lang.T("C’est noté : vos coordonnées ne lui sont plus montrées.", "Done: your contact details are no longer shown."), v.Requests.StopContact(v.ctx, v.actor, v.value("seat")))
}

func (v *visit) mineCancel() error {
	return v.did("/ma-demande", v.lang.T("Votre demande est annulée, sans frais.", "Your request is cancelled, free of charge."), v.Requests.Cancel(v.ctx, v.actor))
}

func (v *visit) mineWithdraw() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/ma-demande", v.lang.T("Votre accord est retiré.", "Your consent is withdrawn."), v.Requests.WithdrawConsent(v.ctx, v.actor, v.value("consent")))
}

func (v *visit) mineFollowUp() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/ma-demande", v.lang.T("Merci, c’est noté.", "Thank you, noted."), v.Requests.FollowUp(v.ctx, v.actor, v.value("outcome")))
}

// A correction needs a code: whoever holds the link may read and cancel, and only who holds the phone may change where others call.
const codedLife = 20 * time.Minute

func (v *visit) codedToken(until time.Time) string {
	return v.Links.Link("coded", auth.Digest(v.token), until.Unix())
}

func (v *visit) coded() bool {
	c, err := v.r.Cookie(v.cookie("coded"))
	if err != nil {
		return false
	}
	link, until, err := v.Links.ReadLink("coded", c.Value)
	return err == nil && link == auth.Digest(v.token) && v.DB.Machine().Unix() < until
}

func (v *visit) fixCodeForm() error {
	to, byMail, err := v.Requests.AskCode(v.ctx, v.actor, v.actor.Request, person.ToCorrect)
	if err != nil {
		return v.did("/ma-demande", "", err)
	}
	return v.show(v.codePage(ui.Form{}, "/ma-demande/code", v.lang.T("Pour corriger votre demande, tapez le code que nous venons de vous envoyer.", "To correct your request, type the code that we have just sent you."), to, byMail))
}

func (v *visit) fixCode() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.limits.allow("code "+v.address(), 30, 10*time.Minute); err != nil {
		return err
	}
	if err := v.Requests.Code(v.ctx, v.actor, v.actor.Request, person.ToCorrect, v.value("code")); err != nil {
		return v.invalid(err, func(f ui.Form) (ui.View, error) { return v.codePage(f, "/ma-demande/code", "", "", false), nil })
	}
	v.setCookie("coded", v.codedToken(v.DB.Machine().Add(codedLife)), codedLife)
	return v.to("/ma-demande/corriger")
}

func (v *visit) fixForm() error {
	if !v.actor.Coded {
		return v.to("/ma-demande/code")
	}
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	page, err := v.fixPage(m)(ui.Form{Values: correctionValues(m)})
	if err != nil {
		return err
	}
	return v.show(page)
}

// correctionValues puts what is stored into the fields of a correction.
func correctionValues(m request.Mine) map[string][]string {
	c := m.Current()
	values := map[string][]string{"postcode": {c.Postcode}, "commune": {c.INSEE}, "street": {c.Street}, "urgency": {c.Urgency}, "kind": {c.Kind}, "name": {c.Name}, "company": {c.Company}, "phone": {phone.Display(c.Phone)}, "email": {c.Email}}
	words := wordsQuestion(m.Network.Form(m.Trade))
	for id, a := range c.Answers {
		if id == words {
			values["words"] = a
		} else {
			values["answers."+id] = a
		}
	}
	return values
}

func (v *visit) fixPage(m request.Mine) func(ui.Form) (ui.View, error) {
	return func(f ui.Form) (ui.View, error) {
		return ui.Fix{Public: v.public(m.Zone()), Form: f, Questions: v.questions(m.Network.Form(m.Trade)), Communes: communeOptions(first(f.Values["postcode"]), first(f.Values["commune"])), AskStreet: true, Sold: m.Sold > 0}, nil
	}
}

func (v *visit) fix() error {
	if err := v.parse(); err != nil {
		return err
	}
	m, err := v.Requests.Mine(v.ctx, v.actor)
	if err != nil {
		return err
	}
	err = v.Requests.Correct(v.ctx, v.actor, "", v.readCorrection(m.Network.Form(m.Trade)))
	if err != nil {
		if fault.Code(err) == "code-needed" {
			return v.to("/ma-demande/code")
		}
		return v.invalid(err, v.fixPage(m))
	}
	return v.did("/ma-demande", v.lang.T("Votre demande est corrigée.", "Your request is corrected."), nil)
}

func (v *visit) readCorrection(f *network.Form) request.Correction {
	kind := v.value("kind")
	if kind == "" {
		kind = "person"
	}
	return request.Correction{Postcode: v.value("postcode"), INSEE: v.value("commune"), Street: v.value("street"), Urgency: v.value("urgency"), Answers: v.answers(f),
		Kind: kind, Name: v.value("name"), Company: v.value("company"), Phone: v.value("phone"), Email: v.value("email")}
}

// document shows a text of the operator, rendered from his Markdown, with the date of its version (ET-156).
func document(name string) func(*visit) error {
	return func(v *visit) error {
		text, ok := v.n.Text(string(v.lang), map[string]string{"legal-notice": "legal"}[name])
		if !ok {
			text, ok = v.n.Text(string(v.lang), name)
		}
		if !ok {
			return errNoPage
		}
		title, body := splitTitle(text)
		var html bytes.Buffer
		if err := goldmark.Convert([]byte(body), &html); err != nil { // goldmark leaves raw HTML out unless told otherwise
			return err
		}
		return v.show(ui.Document{Public: v.public(nil), Title: title, HTML: html.String(), Version: v.n.Hash()[:8], Updated: v.n.InForce.In(geo.Paris())})
	}
}

func splitTitle(text string) (title, body string) {
	line, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if t, ok := strings.CutPrefix(line, "# "); ok {
		return t, rest
	}
	return "", text
}

// stopForm asks before it stops: a mail scanner that follows the link stops nothing.
func (v *visit) stopForm() error {
	_, scope, err := v.Requests.StopLink(v.r.PathValue("token"))
	if err != nil {
		return err
	}
	return v.show(ui.Stop{Public: v.public(nil), Action: v.r.URL.Path, What: v.stopWords(scope)})
}

func (v *visit) stopWords(scope string) string {
	if scope == notify.ScopeOffers {
		return v.lang.T("les avis de nouvelles demandes", "notices of new requests")
	}
	return v.lang.T("les messages au sujet de votre demande", "messages about your request")
}

// stop ends the messages; a mail client posts it in one click (RFC 8058).
func (v *visit) stop() error {
	scope, err := v.Requests.StopBy(v.ctx, v.r.PathValue("token"))
	if err != nil {
		return err
	}
	return v.show(ui.Stop{Public: v.public(nil), Action: v.r.URL.Path, What: v.stopWords(scope), Done: true})
}

// communes answers the form's script: the communes of a postcode.
func (v *visit) communes() error {
	if err := v.limits.allow("communes "+v.address(), 120, time.Minute); err != nil {
		return err
	}
	type commune struct {
		Code string `json:"code"`
		Name string `json:"name"`
	}
	all := []commune{}
	for _, c := range geo.ByPostcode(v.r.URL.Query().Get("postcode")) {
		all = append(all, commune{c.INSEE, c.Name})
	}
	v.w.Header().Set("Cache-Control", "public, max-age=86400")
	v.wrote = true
	return jsonTo(v.w, http.StatusOK, all)
}

func (v *visit) robots() error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	text := "User-agent: *\nDisallow: /ma-demande\nDisallow: /r/\nDisallow: /stop/\nDisallow: /api/\n"
	if v.space || v.Config.Demo {
		text = "User-agent: *\nDisallow: /\n"
	}
	_, err := io.WriteString(v.w, text)
	return err
}

// checkpoint is the newest signed checkpoint of the proof log.
func (v *visit) checkpoint() error {
	signed, err := v.Proof.Checkpoint(v.ctx)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.w.Header().Set("Cache-Control", "no-store")
	_, err = io.WriteString(v.w, signed)
	return err
}

// inclusion proves that a leaf is in the log.
func (v *visit) inclusion() error {
	p, err := v.Proof.Prove(v.ctx, v.r.PathValue("leaf"))
	if errors.Is(err, db.ErrNone) {
		return errNoPage
	}
	if err != nil {
		return err
	}
	return jsonTo(v.w, http.StatusOK, struct {
		Verifier string `json:"verifier"`
		Proof    any    `json:"proof"`
	}{v.Proof.VerifierKey(), p})
}

// smsWebhook is the gateway's word that somebody answered a text: STOP works at once.
func (v *visit) smsWebhook() error {
	body, err := io.ReadAll(v.r.Body)
	if err != nil {
		return err
	}
	e, err := notify.ReadSMSEvent(v.Config.SMSKeys, v.r.Header, body, v.DB.Machine())
	if err != nil {
		return err
	}
	if e.Type == notify.SMSReceived && notify.IsStop(e.Text) {
		if err := v.Requests.StopSMS(v.ctx, e.From); err != nil {
			return err
		}
	}
	v.wrote = true
	v.w.WriteHeader(http.StatusNoContent)
	return nil
}
