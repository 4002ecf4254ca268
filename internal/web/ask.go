package web

import (
	"crypto/rand"
	"fmt"
	"io"
	"mime/multipart"
	"net/url"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// workBits is how hard the proof of work is: some 130,000 hashes, a second on a slow phone while the person types.
const (
	workBits = 17
	workLife = 2 * time.Hour
	photoMB  = 10
)

// ask shows the call-back form.
func (v *visit) ask() error {
	q := v.r.URL.Query()
	form := ui.Form{Values: map[string][]string{"postcode": {q.Get("postcode")}, "commune": {q.Get("commune")}, "key": {rand.Text()}, "membre": {q.Get("membre")}}}
	return v.showing(v.asking(form))
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
	form.Starred = true
	form.Hidden = []ui.Hidden{{Name: "key", Value: key}, {Name: "pow_challenge", Value: challenge}}
	named, err := v.namedMember(first(form.Values["membre"]))
	if err != nil {
		return nil, err
	}
	if named.ID != "" {
		form.Hidden = append(form.Hidden, ui.Hidden{Name: "membre", Value: named.ID})
	}
	page := ui.Asking{Public: v.public(nil), Form: form, Action: "/demande/" + slug, TradeName: v.say2(t.Label), Urgent: t.Emergency,
		Photos: v.n.Limits.Photos, PhotoMB: photoMB, Fields: v.formFields(), Notice: v.notice(network.Consumer), Work: ui.Work{Challenge: challenge, Bits: workBits},
		FirstContact: v.n.Introductions.Clocks.FirstContact.Exact(), Questions: v.questions(f), Communes: communeOptions(first(form.Values["postcode"]), first(form.Values["commune"]))}
	page.For = named.Company
	_, page.MayPreferCall = v.n.For(network.DeedCode, network.Consumer)
	for _, c := range v.n.ConsentsOn(network.AskedOnForm) {
		page.Consents = append(page.Consents, ui.Consent{Name: "consent-" + c.ID, Wording: v.say2(c.Wording), Required: c.Required, Facts: v.n.Facts(c, string(v.lang))})
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
	if !v.n.Sells() {
		when.Label = v.lang.T("Pour quand ?", "For when?")
	}
	for _, u := range v.n.Introductions.Urgencies {
		when.Options = append(when.Options, ui.Option{Value: u.ID, Label: v.say2(u.Text)})
	}
	all := []ui.Question{when}
	words := wordsQuestion(f)
	for _, q := range f.Questions {
		if q.Kind != network.KindPhotos && q.ID != words {
			all = append(all, v.question(f, q))
		}
	}
	return all
}

// question is one of a form's questions as a page asks it.
func (v *visit) question(f *network.Form, q network.Question) ui.Question {
	x := ui.Question{Name: "answers." + q.ID, Label: v.say2(q.Label), Hint: v.say2(q.Help), Required: q.Required, Unit: v.say2(q.Unit)}
	switch q.Kind {
	case network.KindChoice:
		x.Kind = ui.OneOf
	case network.KindChoices:
		x.Kind = ui.SomeOf
	case network.KindYesNo:
		x.Kind = ui.YesNo
	case network.KindMark:
		x.Kind, x.Max = ui.Mark, fmt.Sprint(q.Max)
	case network.KindNumber:
		x.Kind = ui.Numeric
		x.Min, x.Max = fmt.Sprint(q.Min), fmt.Sprint(q.Max)
	case network.KindDate:
		x.Kind = ui.Day
	default:
		x.Kind = ui.Lines
		if q.Max > 0 {
			x.Max = fmt.Sprint(q.Max)
		}
	}
	for _, o := range q.Options {
		x.Options = append(x.Options, ui.Option{Value: o.ID, Label: v.say2(o.Label)})
	}
	if len(q.When) > 0 {
		term := q.When[0]
		x.If = &ui.Condition{Name: "answers." + term.Question, Values: term.OneOf, Text: v.conditionText(f, term)}
	}
	return x
}

// conditionText says, where no script hides a question, when it is to be answered.
func (v *visit) conditionText(f *network.Form, t network.Term) string {
	q, ok := f.Question(t.Question)
	if !ok {
		return ""
	}
	var words []string
	for _, id := range t.OneOf {
		words = append(words, "« "+v.say2(q.Say([]string{id}))+" »")
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
	l := document.Lang(v.lang)
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
		n.Purposes = append(n.Purposes, ui.NoticePurpose{Label: v.say2(p.Label), Basis: document.Basis(l, p.Basis, whose), Recipients: l.Series(to), Kept: document.Kept(l, p.Keep)})
	}
	return n
}

// readAsk decodes the form. Names are those of the fault's fields, so that an error finds its field.
func (v *visit) readAsk(f *network.Form) (request.Ask, error) {
	in := request.Ask{Key: v.value("key"), Site: v.site.Host, Trade: v.r.PathValue("trade"), Lang: string(v.lang), Urgency: v.value("urgency"), Postcode: v.value("postcode"), INSEE: v.value("commune"),
		Street: v.value("street"), Kind: v.value("kind"), Company: v.value("company"), Phone: v.value("phone"), Email: v.value("email"),
		Answers: v.answers(f), Member: v.value("membre"), Consents: map[string]bool{}, Channel: "form", Address: v.address(), Agent: v.agent(), Languages: v.languages(), Trap: v.value("website") != ""}
	if in.Kind == "" {
		in.Kind = "person"
	}
	var err error
	if in.Name, err = v.typedName(); err != nil {
		return in, err
	}
	for _, c := range v.n.ConsentsOn(network.AskedOnForm) {
		in.Consents[c.ID] = v.value("consent-"+c.ID) != ""
	}
	in.PreferCall = v.value("prefer_call") != ""
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
		return v.invalid(wordsFault(f, err), v.asking)
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
