package web

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/web/ui"
)

func reviewPublicRoutes() []route {
	return []route{
		{"GET", "/entreprises", site, open, 0, (*visit).directory},
		{"POST", "/entreprises/ici", site, open, 0, (*visit).locateMe},
		{"POST", "/entreprises/oublier", site, open, 0, (*visit).forgetPlace},
		{"GET", "/entreprises/{company}", site, open, 0, (*visit).company},
		{"GET", "/entreprises/{company}/avis.atom", site, open, 0, (*visit).companyAtom},
		{"GET", "/entreprises/{company}/avis.json", site, open, 0, (*visit).companyJSON},
		{"GET", "/avis", site, open, 0, (*visit).reviewRules},
		{"GET", "/avis/{digits}", site, open, 0, (*visit).oneReview},
		{"GET", "/sitemap.xml", site, open, 0, (*visit).sitemap},
		{"GET", "/sitemaps/{page}", site, open, 0, (*visit).sitemapPage},
	}
}

const (
	companiesPerPage = 20
	reviewsPerPage   = 10
	mostPages        = 200 // of a company's reviews; beyond them one sorts the other way round
)

// reviewing refuses where the network publishes no reviews.
func (v *visit) reviewing() error {
	if v.n.Reviews == nil {
		return errNoPage
	}
	return nil
}

// companyPath is the address of a member's page: his name for people, his id for us.
func companyPath(c review.Company) string {
	slug := strings.ReplaceAll(geo.Fold(c.Name), " ", "-")
	slug = strings.Trim(strings.Map(func(r rune) rune {
		if r < 0x80 {
			return r
		}
		return -1
	}, slug), "-")
	if len(slug) > 60 {
		slug = strings.Trim(slug[:60], "-")
	}
	return "/entreprises/" + cmp.Or(slug, "entreprise") + "-" + strings.TrimPrefix(c.ID, "pro_")
}

// companyID is the id in such an address.
func (v *visit) companyID() string {
	slug := v.r.PathValue("company")
	return "pro_" + slug[strings.LastIndexByte(slug, '-')+1:]
}

// companyNow is the member of the address as he stands now, without his name.
func (v *visit) companyNow() (review.Company, error) {
	if err := v.reviewing(); err != nil {
		return review.Company{}, err
	}
	return v.Reviews.Standing(v.ctx, v.companyID())
}

// named opens a member's name, and leads to his right address whoever comes by another.
func (v *visit) named(suffix string) (review.Company, error) {
	c, err := v.Reviews.Company(v.ctx, v.companyID())
	if err != nil {
		return c, err
	}
	if path := companyPath(c) + suffix; path != v.r.URL.Path {
		return c, redirectTo{v.Config.URL(v.site.Host, path)}
	}
	return c, nil
}

func townOf(c geo.Commune) string { return c.Name + " (" + c.Dept + ")" }

func within(s string, least, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return least
	}
	return min(max(n, least), most)
}

// directory lists companies around a place: the one that is typed, else the one that this device remembers (RN-125).
func (v *visit) directory() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	if err := v.limits.allow("directory "+v.address(), 240, time.Minute); err != nil {
		return err
	}
	q := v.r.URL.Query()
	page := ui.Directory{Trade: q.Get("metier"), Place: strings.TrimSpace(q.Get("lieu"))}
	if !slices.Contains(v.site.Trades, page.Trade) {
		page.Trade = ""
	}
	for _, slug := range v.site.Trades {
		if t, ok := v.n.Trade(slug); ok {
			page.Trades = append(page.Trades, ui.Option{Value: slug, Label: v.say2(t.Label)})
		}
	}
	at := func(c geo.Commune) string {
		return "/entreprises?" + url.Values{"metier": {page.Trade}, "commune": {c.INSEE}}.Encode()
	}
	var near *geo.Commune
	if c, ok := geo.ByINSEE(q.Get("commune")); ok && page.Place == "" {
		near = &c
	} else if page.Place != "" {
		all := geo.Guess(clip(page.Place, 60), 4)
		for i, c := range all {
			if i == 0 {
				near = &c
			} else if geo.Fold(c.Name) == geo.Fold(all[0].Name) || c.HasPostcode(page.Place) {
				page.Others = append(page.Others, ui.Link{Text: townOf(c), Href: at(c)})
			}
		}
		page.Unknown = near == nil
	} else if !q.Has("lieu") {
		near = v.remembered()
	}
	search := review.Search{Trade: page.Trade, Near: near, Most: companiesPerPage, Skip: within(q.Get("page"), 0, review.MostSkipped/companiesPerPage) * companiesPerPage}
	if near != nil {
		page.Near, page.Place = townOf(*near), near.Name
		if len(near.Postcodes) == 1 {
			page.Place += " " + near.Postcodes[0]
		}
		page.Kept = v.remember(near.INSEE)
	}
	found, more, err := v.Reviews.Companies(v.ctx, search)
	if err != nil {
		return err
	}
	for _, c := range found {
		page.Companies = append(page.Companies, ui.CompanyCard{Name: c.Name, Href: companyPath(c), Place: townOf(c.Commune()), Trades: strings.Join(v.tradeNames(c.Trades), ", "),
			Km: float64(c.Metres) / 1000, Far: near != nil, Rating: v.rating(c.Tally)})
	}
	leaf := func(by int) string {
		to := url.Values{"metier": {page.Trade}, "page": {strconv.Itoa(search.Skip/companiesPerPage + by)}}
		if near != nil {
			to.Set("commune", near.INSEE)
		}
		return "/entreprises?" + to.Encode()
	}
	if search.Skip > 0 {
		page.Prev = leaf(-1)
	}
	if more {
		page.Next = leaf(1)
	}
	page.Public = v.public(nil)
	v.w.Header().Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(self), payment=(), interest-cohort=()")
	return v.show(page)
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// remember keeps a commune on the device for the time that the network file says; it tells nothing of who looked.
func (v *visit) remember(insee string) bool {
	p, ok := v.n.Purpose(v.n.Reviews.Uses.Place)
	if !ok {
		return false
	}
	now := v.DB.Now()
	v.setCookie("place", insee, p.Keep.For.AddTo(now).Sub(now))
	return true
}

func (v *visit) remembered() *geo.Commune {
	k, err := v.r.Cookie(v.cookie("place"))
	if err != nil || v.n.Reviews.Uses.Place == "" {
		return nil
	}
	if c, ok := geo.ByINSEE(k.Value); ok {
		return &c
	}
	return nil
}

func (v *visit) forgetPlace() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	v.setCookie("place", "", 0)
	return v.to("/entreprises")
}

// nearestWithin is how far from a commune's middle a device may be and still be in it, or near it, in metres.
const nearestWithin = 40_000

// locateMe takes the position that a device gave at its owner's click, and keeps nothing of it but the nearest commune.
func (v *visit) locateMe() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	if err := v.parse(); err != nil {
		return err
	}
	lat, err1 := strconv.ParseFloat(v.value("lat"), 64)
	lon, err2 := strconv.ParseFloat(v.value("lon"), 64)
	if err1 != nil || err2 != nil || math.IsNaN(lat+lon) || math.Abs(lat) > 90 || math.Abs(lon) > 180 {
		return errForm
	}
	to := url.Values{"metier": {v.value("metier")}}
	if near := geo.Near(geo.Point{Lat: lat, Lon: lon}, nearestWithin); len(near) > 0 {
		to.Set("commune", near[0].INSEE)
	} else {
		v.say(ui.Wait, v.lang.T("Vous semblez être hors de France : écrivez une commune.", "You seem to be outside France: type a town."))
	}
	return v.to("/entreprises?" + to.Encode())
}

func (v *visit) rating(t review.Tally) ui.Rating {
	return ui.Rating{Mean: t.Mean(), Count: int(t.Published), Scale: v.n.Reviews.Scale}
}

// frameKey is what of a public page depends on who asks: the language, the site and the choice about cookies, never a person.
func frameKey(p ui.Public) string {
	return fmt.Sprint(p.Lang, " ", p.Site.Name, " ", p.Panel != nil, " ", p.Audience, " ", p.Told, " ", p.Accent, " ", p.Updated.Unix())
}

// render keeps a page of the site under its address, or makes it afresh while something is said once.
func (v *visit) render(p *ui.Public, path, stamp string, page func() (ui.View, error)) error {
	*p = v.public(nil)
	p.Path = path
	if p.Panel != nil {
		p.Panel.Back = path
	}
	if p.Flash.Text != "" {
		return v.showing(page())
	}
	v.w.Header().Set("Content-Language", string(v.lang))
	return v.cached(path+" "+frameKey(*p), stamp+" "+v.n.Hash(), "text/html; charset=utf-8", func() ([]byte, error) {
		view, err := page()
		if err != nil {
			return nil, err
		}
		var body bytes.Buffer
		err = view.Page().Render(v.ctx, &body)
		return body.Bytes(), err
	})
}

// company shows a member: who he is, his rating and how it is made, and his reviews, newest first unless the reader chooses (RN-14, 70; C. conso. D111-17).
func (v *visit) company() error {
	now, err := v.companyNow()
	if err != nil {
		return err
	}
	q := v.r.URL.Query()
	audience, order := network.Audience(q.Get("de")), review.Order(q.Get("tri"))
	if audience != network.OfCustomer && audience != network.OfEmployee {
		audience = ""
	}
	if order != review.Highest && order != review.Lowest {
		order = review.Newest
	}
	leaf := within(q.Get("page"), 0, mostPages)
	base := v.r.URL.Path
	way := func(a network.Audience, o review.Order, leaf int) string {
		to := url.Values{}
		if a != "" {
			to.Set("de", string(a))
		}
		if o != review.Newest {
			to.Set("tri", string(o))
		}
		if leaf > 0 {
			to.Set("page", strconv.Itoa(leaf))
		}
		if len(to) == 0 {
			return base
		}
		return base + "?" + to.Encode()
	}
	var frame ui.Public
	return v.render(&frame, way(audience, order, leaf), now.Stamp(), func() (ui.View, error) {
		c, err := v.named("")
		if err != nil {
			return nil, err
		}
		found, err := v.Reviews.Published(v.ctx, c.ID, review.Page{Audience: audience, Order: order, Skip: leaf * reviewsPerPage, Most: reviewsPerPage + 1})
		if err != nil {
			return nil, err
		}
		spread, err := v.Reviews.Spread(v.ctx, c.ID)
		if err != nil {
			return nil, err
		}
		l := v.lang
		page := ui.CompanyPage{Public: frame, Name: c.Name, Trades: strings.Join(v.tradeNames(c.Trades), ", "), Place: townOf(c.Commune()), Rating: v.rating(c.Tally), Decide: v.say2(v.n.Reviews.Decide.Text()),
			Complete: base + "/completude", Atom: base + "/avis.atom", JSON: base + "/avis.json", Canonical: v.Config.URL(v.site.Host, base)}
		page.Facts = []ui.Fact{{Label: l.T("Commune", "Town"), Value: page.Place}, {Label: "SIREN", Value: c.SIREN}, {Label: l.T("Membre depuis le", "Member since"), Value: l.Date(frame.At(c.Since))}}
		for m := v.n.Reviews.Scale; m >= 1; m-- {
			page.Bars = append(page.Bars, ui.Count{Label: strconv.Itoa(m), N: spread[network.OfCustomer][m] + spread[network.OfEmployee][m]})
		}
		for _, a := range []struct {
			network.Audience
			label string
		}{{"", l.T("Tous", "All")}, {network.OfCustomer, l.T("Clients", "Customers")}, {network.OfEmployee, l.T("Salariés", "Employees")}} {
			page.Filters = append(page.Filters, ui.Tab{Link: ui.Link{Text: a.label, Href: way(a.Audience, order, 0)}, On: a.Audience == audience})
		}
		for _, o := range []struct {
			review.Order
			label string
		}{{review.Newest, l.T("Les plus récents", "Newest")}, {review.Highest, l.T("Les meilleurs", "Highest")}, {review.Lowest, l.T("Les moins bons", "Lowest")}} {
			page.Orders = append(page.Orders, ui.Tab{Link: ui.Link{Text: o.label, Href: way(audience, o.Order, 0)}, On: o.Order == order})
		}
		if c.Active && v.n.Forwards() {
			for _, slug := range c.Trades {
				if f := v.n.Form(slug); f != nil && slices.Contains(v.site.Trades, slug) {
					page.Ask = append(page.Ask, ui.Link{Text: l.Tf("Demander un devis : %s", "Ask for a quote: %s", lowerFirst(v.tradeName(slug))), Href: "/demande/" + slug + "?membre=" + c.ID})
				}
			}
		}
		page.Own = "/donner-mon-avis?membre=" + c.ID
		if len(found) > reviewsPerPage {
			found = found[:reviewsPerPage]
			if leaf < mostPages {
				page.Next = way(audience, order, leaf+1)
			}
		}
		if leaf > 0 {
			page.Prev = way(audience, order, leaf-1)
		}
		if page.Reviews, err = v.reviewCards(frame, c, found); err != nil {
			return nil, err
		}
		page.Data, err = v.companyData(c, found)
		return page, err
	})
}

// reviewCards are published reviews of one company as visitors see them.
func (v *visit) reviewCards(f ui.Public, c review.Company, all []review.Review) ([]ui.ReviewCard, error) {
	cards := make([]ui.ReviewCard, 0, len(all))
	for _, r := range all {
		card, err := v.reviewCard(f, r)
		if err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	return cards, nil
}

func audienceName(l ui.Lang, a network.Audience) string {
	if a == network.OfEmployee {
		return l.T("Avis de salarié", "Employee’s review")
	}
	return l.T("Avis de client", "Customer’s review")
}

func (v *visit) reviewCard(f ui.Public, r review.Review) (ui.ReviewCard, error) {
	l := v.lang
	tone := map[network.Level]ui.Tone{network.LevelSatisfied: ui.Good, network.LevelModerately: ui.Wait, network.LevelDissatisfied: ui.Bad}[r.Level]
	path := "/avis/" + r.Digits
	card := ui.ReviewCard{Ref: r.Ref(), Href: path, Audience: audienceName(l, r.Audience), Level: ui.Status{Tone: tone, Text: v.say2(r.Level.Label())}, Overall: r.Overall, Scale: v.n.Reviews.Scale,
		Service: r.Experience.Service, Comment: r.Content.Comment, Verify: path + "/verifier", Report: path + "/signaler"}
	if r.Lang != "" && r.Lang != string(l) {
		card.Foreign = r.Lang
	}
	asked, err := v.Editions.Get(v.ctx, r.Edition)
	if err != nil {
		return card, err
	}
	if q, ok := asked.Reviews.Questionnaire(r.Questionnaire); ok {
		for _, m := range asked.QuestionForm(q).Marks() {
			if n, given := r.Content.Marks[m.ID]; given && m.ID != q.Overall {
				card.Marks = append(card.Marks, ui.Fact{Label: v.say2(m.Label), Value: strconv.Itoa(n) + "/" + strconv.Itoa(v.n.Reviews.Scale)})
			}
		}
	}
	lived := l.Tf("le %s", "on %s", isoDate(l, r.Experience.On))
	if r.Audience == network.OfEmployee {
		if lived = l.Tf("depuis le %s", "since %s", isoDate(l, r.Experience.On)); r.Experience.Until != "" {
			lived = l.Tf("du %s au %s", "from %s to %s", isoDate(l, r.Experience.On), isoDate(l, r.Experience.Until))
		}
	}
	day := func(t time.Time) string { return l.Tf("le %s", "on %s", l.Date(f.At(t))) }
	card.Dates = []ui.Fact{{Label: l.T("Expérience", "Experience"), Value: lived}, {Label: l.T("Déposé", "Deposited"), Value: day(r.DepositedAt)}, {Label: l.T("Publié", "Published"), Value: day(r.PublishedAt)}}
	if !r.ChangedAt.IsZero() {
		card.Dates = append(card.Dates, ui.Fact{Label: l.T("Modifié par son auteur", "Changed by its author"), Value: day(r.ChangedAt)})
	}
	return card, nil
}

func isoDate(l ui.Lang, iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso
	}
	return l.Date(t)
}

// published is the review of the address, with its company.
func (v *visit) published() (r review.Review, c review.Company, err error) {
	if err = v.reviewing(); err != nil {
		return
	}
	if r, err = v.Reviews.One(v.ctx, v.r.PathValue("digits")); err != nil {
		return
	}
	c, err = v.Reviews.Company(v.ctx, r.Pro)
	return
}

// oneReview shows a published review at an address of its own.
func (v *visit) oneReview() error {
	r, c, err := v.published()
	if err != nil {
		return err
	}
	var frame ui.Public
	return v.render(&frame, "/avis/"+r.Digits, c.Stamp(), func() (ui.View, error) {
		cards, err := v.reviewCards(frame, c, []review.Review{r})
		if err != nil {
			return nil, err
		}
		data, err := v.companyData(c, []review.Review{r})
		return ui.OneReview{Public: frame, Card: cards[0], Company: ui.Link{Text: c.Name, Href: companyPath(c)}, Data: data}, err
	})
}

// reviewRules says in one place what C. conso. D111-17 2° and D111-18 want known.
func (v *visit) reviewRules() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	b := v.n.Reviews
	page := ui.ReviewRules{Public: v.public(nil), Decide: v.say2(b.Decide.Text()), Appeal: v.say2(b.Appeal.Text()), Documents: v.say2(b.Documents.Text()), Sample: v.lang.T(b.Sample.FR(), strings.NewReplacer(",", ".", "\u00a0", "", "\u202f", "").Replace(b.Sample.FR())), Scale: b.Scale,
		Satisfied: b.Levels.Satisfied, Moderately: b.Levels.Moderately}
	if p, ok := v.n.Purpose(b.Uses.Publish); ok {
		page.Online = v.say2(p.Keep.AtMost.Text())
		if p.Keep.Archive != nil {
			page.Archived = v.say2(p.Keep.Archive.For.Text())
		}
	}
	for _, r := range b.Refusals {
		page.Reasons = append(page.Reasons, v.say2(r.Text))
	}
	var err error
	if page.Figures, err = v.reviewFigures(); err != nil {
		return err
	}
	return v.show(page)
}
