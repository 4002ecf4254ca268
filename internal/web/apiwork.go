package web

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/fault"

	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/request"
)

// What programs send and read. Texts are in the language of the call.

type apiPrice struct {
	Excl int64 `json:"excl_vat_cents"`
	Incl int64 `json:"incl_vat_cents"`
	VAT  int64 `json:"vat_basis_points" doc:"2000 is 20 %."`
}

func priceOf(a money.Amount, r money.Rate) apiPrice {
	return apiPrice{int64(a), int64(a.Incl(r)), int64(r)}
}

type apiChoice struct {
	ID    string `json:"id"`
	Label string `json:"label"`
}

type apiPlace struct {
	Commune  string `json:"commune"`
	INSEE    string `json:"insee"`
	Postcode string `json:"postcode"`
}

func placeOf(r request.Request) apiPlace { return apiPlace{r.Commune().Name, r.INSEE, r.Postcode} }

type apiFact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func (v *visit) apiFacts(lines []network.Line) []apiFact {
	facts := make([]apiFact, len(lines))
	for i, l := range lines {
		facts[i] = apiFact{v.say2(l.Label), v.say2(l.Value)}
	}
	return facts
}

// when is an instant that may not have come.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// Paged is the query of every list. The API's library reads embedded inputs only when their types are exported.
type Paged struct {
	Cursor string `query:"cursor" maxLength:"120" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

type apiPage[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"next,omitempty" doc:"Cursor of the page after; absent on the last one."`
}

type body[T any] struct{ Body T }

// cut keeps a page of a list that was asked for one more.
func cut[T any](all []T, limit int, id func(T) string) ([]T, string) {
	if len(all) <= limit {
		return all, ""
	}
	return all[:limit], id(all[limit-1])
}

// place of a line in a list that lives: its instant and id, so that lines which come or go meanwhile shift nobody.
type mark struct {
	at int64
	id string
}

func (m mark) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(m.at, 10) + " " + m.id))
}

var errCursor = fault.New(fault.Invalid, "bad-cursor", fault.T("Ce curseur n’est pas l’un des nôtres. Recommencez à la première page.", "This cursor is none of ours. Start again at the first page."))

// markOf reads a cursor; none is before everything.
func markOf(cursor string) (m mark, err error) {
	if cursor == "" {
		return m, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	micros, id, ok := strings.Cut(string(text), " ")
	n, err2 := strconv.ParseInt(micros, 10, 64)
	if err != nil || err2 != nil || !ok {
		return m, errCursor
	}
	return mark{n, id}, nil
}

// onward drops the lines up to a cursor from a list whose order is given by before, then keeps a page.
func onward[T any](all []T, p Paged, at func(T) mark, order func(a, b mark) int) ([]T, string, error) {
	if p.Cursor != "" {
		from, err := markOf(p.Cursor)
		if err != nil {
			return nil, "", err
		}
		all = slices.DeleteFunc(all, func(x T) bool { return order(at(x), from) <= 0 })
	}
	all, next := cut(all, p.Limit, func(x T) string { return at(x).cursor() })
	return all, next, nil
}

// ByID is the path of what an operation is about.
type ByID struct {
	ID string `path:"id" maxLength:"64"`
}

// Affiliates.

type apiCatalogue struct {
	Edition   string        `json:"edition" doc:"Hash of the rules in force."`
	Sites     []apiSite     `json:"sites"`
	Urgencies []apiChoice   `json:"urgencies" doc:"The most urgent first."`
	Consents  []apiConsent  `json:"consents" doc:"Show each to the person word for word; none is ticked beforehand."`
	Trades    []apiTradeRef `json:"trades"`
}

type apiSite struct {
	Host   string   `json:"host"`
	Trades []string `json:"trades"`
}

type apiConsent struct {
	ID       string `json:"id"`
	Wording  string `json:"wording"`
	Required bool   `json:"required"`
}

type apiTradeRef struct {
	Slug  string `json:"slug"`
	Label string `json:"label"`
}

type apiForm struct {
	Edition   string        `json:"edition"`
	Trade     string        `json:"trade"`
	Questions []apiQuestion `json:"questions"`
}

type apiQuestion struct {
	ID       string      `json:"id"`
	Label    string      `json:"label"`
	Help     string      `json:"help,omitempty"`
	Kind     string      `json:"kind" enum:"choice,choices,number,text,photos,date,yesno"`
	Required bool        `json:"required"`
	Options  []apiChoice `json:"options,omitempty"`
	Unit     string      `json:"unit,omitempty"`
	Min      int         `json:"min,omitempty"`
	Max      int         `json:"max,omitempty"`
	When     []apiTerm   `json:"when,omitempty" doc:"Asked only when every term holds."`
}

type apiTerm struct {
	Question string   `json:"question"`
	OneOf    []string `json:"one_of"`
}

type apiAsk struct {
	Keyed
	Body struct {
		Site     string              `json:"site" maxLength:"120" doc:"Host of the site for which you send, one of the catalogue's."`
		Trade    string              `json:"trade" maxLength:"60"`
		Lang     string              `json:"lang,omitempty" enum:"fr,en" default:"fr" doc:"Of the person."`
		Urgency  string              `json:"urgency" maxLength:"60"`
		Postcode string              `json:"postcode" maxLength:"10"`
		INSEE    string              `json:"insee,omitempty" maxLength:"10" doc:"Needed where the postcode has several communes."`
		Street   string              `json:"street,omitempty" maxLength:"400"`
		Answers  map[string][]string `json:"answers,omitempty" doc:"By question of the trade's form."`
		Kind     string              `json:"kind,omitempty" enum:"person,company" default:"person"`
		Name     string              `json:"name" maxLength:"200"`
		Company  string              `json:"company,omitempty" maxLength:"200"`
		Phone    string              `json:"phone" maxLength:"40"`
		Email    string              `json:"email,omitempty" maxLength:"254"`
		Consents map[string]bool     `json:"consents" doc:"What the person ticked, by consent of the catalogue."`
	}
}

type apiAsked struct {
	ID        string `json:"id,omitempty" doc:"Absent for a duplicate: that request is not yours."`
	Ref       string `json:"ref"`
	Duplicate bool   `json:"duplicate" doc:"The number asked for the same already; its link was sent to it again."`
	NeedsCode bool   `json:"needs_code" doc:"A code was sent to the number; the request waits for it."`
}

type apiOwn struct {
	ID        string     `json:"id"`
	Ref       string     `json:"ref"`
	State     string     `json:"state" enum:"unverified,received,published,filled,closed,cancelled,withdrawn,unserved"`
	Trade     string     `json:"trade"`
	Place     apiPlace   `json:"place"`
	At        time.Time  `json:"at"`
	StateAt   time.Time  `json:"state_at"`
	Published *time.Time `json:"published_at,omitempty"`
	Seats     int        `json:"seats"`
	Sold      int        `json:"sold"`
}

func (a api) affiliates() {
	action(a, http.MethodGet, "/trades", anyone, "Catalogue of the edition in force", func(v *visit, _ *struct{}) (*body[apiCatalogue], error) {
		out := apiCatalogue{Edition: v.n.Hash()}
		for _, s := range v.n.Sites {
			out.Sites = append(out.Sites, apiSite{s.Host, s.Trades})
		}
		for _, u := range v.n.Introductions.Urgencies {
			out.Urgencies = append(out.Urgencies, apiChoice{u.ID, v.say2(u.Text)})
		}
		for _, c := range v.n.ConsentsOn(network.AskedOnForm) {
			out.Consents = append(out.Consents, apiConsent{c.ID, v.say2(c.Wording), c.Required})
		}
		for _, t := range v.n.Trades {
			out.Trades = append(out.Trades, apiTradeRef{t.Slug, v.say2(t.Label)})
		}
		return &body[apiCatalogue]{out}, nil
	})
	action(a, http.MethodGet, "/trades/{trade}/form", anyone, "Questions of a trade", func(v *visit, in *struct {
		Trade string `path:"trade" maxLength:"64"`
	}) (*body[apiForm], error) {
		f := v.n.Form(in.Trade)
		if f == nil {
			return nil, errNoPage
		}
		out := apiForm{Edition: v.n.Hash(), Trade: in.Trade}
		for _, q := range f.Questions {
			x := apiQuestion{ID: q.ID, Label: v.say2(q.Label), Help: v.say2(q.Help), Kind: string(q.Kind), Required: q.Required, Unit: v.say2(q.Unit), Min: q.Min, Max: q.Max}
			for _, o := range q.Options {
				x.Options = append(x.Options, apiChoice{o.ID, v.say2(o.Label)})
			}
			for _, t := range q.When {
				x.When = append(x.When, apiTerm{t.Question, t.OneOf})
			}
			out.Questions = append(out.Questions, x)
		}
		return &body[apiForm]{out}, nil
	})
	action(a, http.MethodPost, "/requests", auth.Affiliate, "Send a request for somebody", func(v *visit, in *apiAsk) (*body[apiAsked], error) {
		b := in.Body
		out, err := v.Requests.Submit(v.ctx, v.actor, request.Ask{Key: in.Key, Site: b.Site, Trade: b.Trade, Lang: b.Lang, Urgency: b.Urgency, Postcode: b.Postcode, INSEE: b.INSEE, Street: b.Street,
			Answers: b.Answers, Kind: b.Kind, Name: b.Name, Company: b.Company, Phone: b.Phone, Email: b.Email, Consents: b.Consents, Channel: "api"})
		if err != nil {
			return nil, err
		}
		asked := apiAsked{ID: out.ID, Ref: out.Ref, Duplicate: out.Duplicate, NeedsCode: out.NeedsCode}
		if out.Duplicate {
			asked.ID = ""
		}
		return &body[apiAsked]{asked}, nil
	}, created)
	action(a, http.MethodGet, "/requests/{id}", auth.Affiliate, "State of a request that you sent", func(v *visit, in *ByID) (*body[apiOwn], error) {
		r, err := v.Requests.Sent(v.ctx, v.actor, in.ID)
		if err != nil {
			return nil, err
		}
		return &body[apiOwn]{apiOwn{ID: r.ID, Ref: r.Ref, State: string(r.State), Trade: r.Trade, Place: placeOf(r), At: r.At.UTC(), StateAt: r.StateAt.UTC(), Published: when(r.PublishedAt), Seats: r.Seats, Sold: r.Sold}}, nil
	})
}

// Professionals.

// apiLine is a request before it is bought: no name, number, street or free text (ET-10).
type apiLine struct {
	ID        string     `json:"id"`
	Title     string     `json:"title"`
	Trade     string     `json:"trade"`
	Place     apiPlace   `json:"place"`
	Metres    *int       `json:"distance_metres,omitempty"`
	Urgency   apiChoice  `json:"urgency"`
	Published time.Time  `json:"published_at"`
	Price     apiPrice   `json:"price"`
	Seats     int        `json:"seats"`
	Left      int        `json:"seats_left" doc:"Neither sold nor held by somebody else."`
	Held      *time.Time `json:"held_until,omitempty" doc:"Your own hold."`
	Free      *time.Time `json:"free_at,omitempty" doc:"The first hold of somebody else ends."`
	Purchase  string     `json:"purchase,omitempty" doc:"Yours, when you have bought it."`
	Facts     []apiFact  `json:"facts"`
	Photos    int        `json:"photos" doc:"How many come with the contact details."`
	Words     bool       `json:"has_words" doc:"The person wrote some lines: shown after purchase."`
	Odds      *apiOdds   `json:"odds,omitempty"`
}

type apiOdds struct {
	N       int     `json:"n"`
	Reached float64 `json:"reached"`
	Won     float64 `json:"won"`
}

type apiBoard struct {
	Items   []apiLine   `json:"items"`
	Next    string      `json:"next,omitempty" doc:"Cursor of the page after; absent on the last one."`
	Access  string      `json:"access" enum:"pending,active,suspended,closed"`
	Notice  string      `json:"notice,omitempty" doc:"Why nothing is offered."`
	Confirm []apiChoice `json:"confirmations" doc:"What is confirmed at each purchase."`
}

func (v *visit) apiLine(it request.Item) (apiLine, error) {
	shown, err := v.boardLine(it)
	if err != nil {
		return apiLine{}, err
	}
	line := apiLine{ID: it.ID, Title: it.Title, Trade: it.Trade, Place: placeOf(it.Request), Urgency: apiChoice{it.Urgency, shown.When}, Published: it.PublishedAt.UTC(), Price: priceOf(it.Price, it.VAT),
		Seats: it.Seats, Left: shown.Left, Held: when(shown.HeldUntil), Free: when(shown.FreeAt), Purchase: it.Bought, Photos: it.Photos, Words: it.HasWords, Facts: v.apiFacts(it.Network.Form(it.Trade).Board(it.Answers))}
	if it.Distance >= 0 {
		line.Metres = &it.Distance
	}
	if shown.Odds != nil {
		line.Odds = &apiOdds{shown.Odds.N, shown.Odds.Reached, shown.Odds.Won}
	}
	return line, nil
}

type apiBuy struct {
	Keyed
	ByID
	Body struct {
		Confirmed []string `json:"confirmed" maxItems:"20" doc:"Ids of the board's confirmations that you make."`
		Price     int64    `json:"price_excl_vat_cents" doc:"The price that you were shown: no other is charged."`
	}
}

type apiBought struct {
	ID        string     `json:"id"`
	Ref       string     `json:"ref"`
	Title     string     `json:"title"`
	Trade     string     `json:"trade"`
	Place     apiPlace   `json:"place"`
	At        time.Time  `json:"bought_at"`
	Price     apiPrice   `json:"price"`
	Method    string     `json:"paid_with" enum:"wallet,card,waived,forwarded"`
	CallBy    time.Time  `json:"call_by"`
	Contacted *time.Time `json:"contacted_at,omitempty"`
	Outcome   string     `json:"outcome" enum:",called,reached,quote,won,lost,done"`
}

func boughtOf(d request.Detail) apiBought {
	return apiBought{ID: d.ID, Ref: d.Request.Ref, Title: d.Title, Trade: d.Request.Trade, Place: placeOf(d.Request), At: d.Revealed.UTC(), Price: priceOf(d.Price, d.VAT), Method: d.Method,
		CallBy: d.CallBy.UTC(), Contacted: when(d.Contacted), Outcome: d.Outcome}
}

type apiDetail struct {
	Bought  apiBought   `json:"bought"`
	Masked  string      `json:"masked,omitempty" enum:"stopped,cancelled,erased" doc:"Why the details may no longer be read."`
	Contact *apiContact `json:"contact,omitempty"`
	Facts   []apiFact   `json:"facts"`
	Words   string      `json:"words,omitempty"`
	Photos  int         `json:"photos" doc:"They are shown on the page of the purchase."`
	Log     []apiLogged `json:"log"`
	Invoice string      `json:"invoice,omitempty"`
	Rules   []string    `json:"rules" doc:"What these details may be used for."`
}

type apiContact struct {
	Name    string `json:"name"`
	Company string `json:"company,omitempty"`
	Phone   string `json:"phone" doc:"E.164."`
	Email   string `json:"email,omitempty"`
	Street  string `json:"street,omitempty"`
}

type apiLogged struct {
	Outcome string    `json:"outcome"`
	At      time.Time `json:"at"`
}

type apiInvoice struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	On     string `json:"issued_on" format:"date"`
	Label  string `json:"label"`
	Net    int64  `json:"net_cents"`
	VAT    int64  `json:"vat_cents"`
	Gross  int64  `json:"gross_cents"`
	PDF    bool   `json:"pdf" doc:"The file is ready."`
}

type apiHeld struct {
	Until time.Time `json:"held_until"`
}

type apiPurchaseRef struct {
	Purchase string `json:"purchase"`
}

func (a api) professionals() {
	newest := func(a, b mark) int { return cmp.Or(cmp.Compare(b.at, a.at), cmp.Compare(a.id, b.id)) }
	action(a, http.MethodGet, "/board", auth.Professional, "Requests offered to you, the newest hundred", func(v *visit, in *Paged) (*body[apiBoard], error) {
		items, me, err := v.Requests.Board(v.ctx, v.actor)
		if err != nil {
			return nil, err
		}
		out := apiBoard{Items: []apiLine{}, Access: string(me.State), Notice: v.accessWords(me)}
		for _, w := range v.n.Buying {
			out.Confirm = append(out.Confirm, apiChoice{w.ID, v.say2(w.Text)})
		}
		items, out.Next, err = onward(items, *in, func(it request.Item) mark { return mark{db.Micros(it.PublishedAt), it.ID} }, newest)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			line, err := v.apiLine(it)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, line)
		}
		return &body[apiBoard]{out}, nil
	})
	action(a, http.MethodPost, "/board/{id}/hold", auth.Professional, "Hold a seat at its price of now, for a short time", func(v *visit, in *struct {
		Keyed
		ByID
	}) (*body[apiHeld], error) {
		word, err := v.once(in.Keyed, func() (string, error) {
			until, err := v.Requests.Hold(v.ctx, v.actor, in.ID)
			return until.UTC().Format(time.RFC3339Nano), err
		})
		if err != nil {
			return nil, err
		}
		until, err := time.Parse(time.RFC3339Nano, word)
		return &body[apiHeld]{apiHeld{until}}, err
	})
	action(a, http.MethodPost, "/board/{id}/buy", auth.Professional, "Buy with the wallet", func(v *visit, in *apiBuy) (*body[apiPurchaseRef], error) {
		word, err := v.once(in.Keyed, func() (string, error) {
			buy := request.Buy{Request: in.ID, Confirmed: map[string]bool{}, Shown: money.Amount(in.Body.Price), Method: "wallet"}
			for _, id := range in.Body.Confirmed {
				buy.Confirmed[id] = true
			}
			done, err := v.Requests.Buy(v.ctx, v.actor, buy)
			return done.Purchase, err
		})
		return &body[apiPurchaseRef]{apiPurchaseRef{word}}, err
	}, created)
	action(a, http.MethodGet, "/purchases", auth.Professional, "What you bought, newest first", func(v *visit, in *Paged) (*body[apiPage[apiBought]], error) {
		all, err := v.Requests.Purchases(v.ctx, v.actor, in.Cursor, in.Limit+1)
		if err != nil {
			return nil, err
		}
		out := apiPage[apiBought]{Items: []apiBought{}}
		all, out.Next = cut(all, in.Limit, func(d request.Detail) string { return d.ID })
		for _, d := range all {
			out.Items = append(out.Items, boughtOf(d))
		}
		return &body[apiPage[apiBought]]{out}, nil
	})
	action(a, http.MethodGet, "/purchases/{id}", auth.Professional, "Contact details of a purchase; each reading is recorded", func(v *visit, in *ByID) (*body[apiDetail], error) {
		d, err := v.Requests.Detail(v.ctx, v.actor, in.ID)
		if err != nil {
			return nil, err
		}
		form := d.Network.Form(d.Request.Trade)
		out := apiDetail{Bought: boughtOf(d), Masked: d.Masked, Facts: v.apiFacts(form.Sheet(d.Request.Answers)), Words: v.freeWords(form, d.Words), Photos: len(d.Photos), Log: []apiLogged{}, Invoice: d.Invoice,
			Rules: v.notices(d.Network, "client-data", "intermediary", "no-guarantee")}
		if d.Masked == "" {
			out.Contact = &apiContact{d.Who.Name, d.Who.Company, d.Who.Phone, d.Who.Email, d.Street}
		}
		for _, c := range d.Contacts {
			out.Log = append(out.Log, apiLogged{c.Kind, c.At.UTC()})
		}
		return &body[apiDetail]{out}, nil
	})
	action(a, http.MethodPost, "/purchases/{id}/contacts", auth.Professional, "Note a contact; the first one stops the clock", func(v *visit, in *struct {
		Keyed
		ByID
		Body struct {
			Outcome string `json:"outcome" enum:"called,reached,quote,won,lost,done"`
		}
	}) (*body[apiNoted], error) {
		word, err := v.once(in.Keyed, func() (string, error) {
			return in.Body.Outcome, v.Requests.Log(v.ctx, v.actor, in.ID, in.Body.Outcome, v.actor.Account+" "+in.Key)
		})
		return &body[apiNoted]{apiNoted{word}}, err
	}, created)
	action(a, http.MethodGet, "/invoices", auth.Professional, "Your invoices, newest first", func(v *visit, in *Paged) (*body[apiPage[apiInvoice]], error) {
		all, err := v.Billing.Invoices(v.ctx, v.actor, v.actor.Pro, in.Cursor, in.Limit+1)
		if err != nil {
			return nil, err
		}
		out := apiPage[apiInvoice]{Items: []apiInvoice{}}
		all, out.Next = cut(all, in.Limit, func(x billing.Issued) string { return x.ID })
		for _, x := range all {
			out.Items = append(out.Items, apiInvoice{x.ID, x.Number, x.IssuedOn, x.Label, int64(x.Net), int64(x.VAT), int64(x.Net + x.VAT), x.PDF})
		}
		return &body[apiPage[apiInvoice]]{out}, nil
	})
	action(a, http.MethodGet, "/invoices/{id}/pdf", auth.Professional, "The document itself, byte for byte the same for ever", func(v *visit, in *ByID) (*apiPDF, error) {
		pdf, _, err := v.Billing.PDF(v.ctx, v.actor, in.ID)
		return &apiPDF{"application/pdf", pdf}, err
	}, func(op *huma.Operation) {
		op.Responses = map[string]*huma.Response{"200": {Description: "The PDF.", Content: map[string]*huma.MediaType{"application/pdf": {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}}
	})
}

type apiNoted struct {
	Outcome string `json:"outcome"`
}

type apiPDF struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// Agents.
