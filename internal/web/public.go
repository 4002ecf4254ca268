package web

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// public is the frame of a page for consumers.
func (v *visit) public(zone *time.Location) ui.Public {
	p := ui.Public{Frame: v.frame(zone), Site: ui.Site{Name: v.siteName(v.n, v.site), Phone: v.site.Phone.Display(), Tel: string(v.site.Phone), Operator: v.n.Operator.Name + " " + v.n.Operator.LegalForm}}
	if !v.n.Sells() {
		p.Site.Promise = v.say2(v.n.Notice("free")) + " " + v.say2(v.n.Notice("transfer"))
	}
	if v.n.Logo() != nil {
		p.Site.Logo = "/logo.svg?v=" + v.n.Hash()[:8]
	}
	for _, slug := range v.site.Trades {
		if t, ok := v.n.Trade(slug); ok {
			p.Site.Trades = append(p.Site.Trades, ui.Link{Text: v.say2(t.Label), Href: "/demande/" + slug})
		}
	}
	p.Updated, p.Messages, p.Reviews = v.n.InForce.In(geo.Paris()), inbox.Messages(v.n), v.n.Reviews != nil
	v.trackers(&p)
	v.banners(&p.Frame, false)
	return p
}

// banners puts changes of public documents on a page; a page without them is still true.
func (v *visit) banners(f *ui.Frame, forPros bool) {
	all, err := v.Documents.Banners(v.ctx, document.Lang(v.lang), forPros)
	if err != nil {
		v.Log.Warn("banners", "error", err.Error())
	}
	for _, b := range all {
		text := v.lang.Tf("« %s » a changé le %s.", "“%s” changed on %s.", b.Title, v.lang.Date(day(b.Applies)))
		if b.Coming {
			text = v.lang.Tf("« %s » change le %s.", "“%s” changes on %s.", b.Title, v.lang.Date(day(b.Applies)))
		}
		f.Told = append(f.Told, ui.Told{Text: text, Link: ui.Link{Text: v.lang.T("Voir ce qui change", "See what changes"), Href: "/documents/" + string(b.Kind) + "/" + b.Hash[:8] + "/changements"}})
	}
}

func (v *visit) say2(t fault.Text) string { return t.Say(string(v.lang)) }

// siteName is how a site calls itself; one without a name of its own is the operator's.
func (v *visit) siteName(n *network.Network, s network.Site) string {
	return cmp.Or(v.say2(s.Name), n.Operator.Name)
}

// home is the public site's first page, and on the space host the way in.
func (v *visit) home() error {
	if v.space {
		switch v.actor.Who {
		case auth.Professional:
			return v.to(v.proHome())
		case auth.StaffMember:
			return v.to("/aujourdhui")
		}
		return v.to("/connexion")
	}
	page := ui.Home{Public: v.public(nil), Headline: v.say2(v.site.Tagline), FirstContact: v.n.Introductions.Clocks.FirstContact.Exact(), CallBack: v.say2(v.n.Introductions.Clocks.CallBack.Text())}
	for _, slug := range v.site.Trades {
		t, ok := v.n.Trade(slug)
		if !ok {
			continue
		}
		page.Trades = append(page.Trades, ui.TradeCard{Name: v.say2(t.Label), Line: v.firstQuestion(slug), Icon: ui.TradeIcon(slug), Href: "/demande/" + slug})
	}
	places, err := v.coveredPlaces(6)
	if err != nil {
		return err
	}
	page.Places = places
	page.Embeds = v.embeds()
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
		if len(words) == 3 {
			break
		}
		word := v.say2(o.Label)
		if len(words) > 0 {
			word = lowerFirst(word)
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// lowerFirst is a label in the middle of a sentence; TV stays TV.
func lowerFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[size:]); unicode.IsUpper(next) {
		return s
	}
	return string(unicode.ToLower(r)) + s[size:]
}

// largest are the communes that a home page may name, by population.
var largest = sync.OnceValue(func() []geo.Commune {
	all := geo.All()
	slices.SortFunc(all, func(a, b geo.Commune) int { return b.Population - a.Population })
	return all[:min(40, len(all))]
})

// coveredPlaces are pages of the site's first trade in the largest communes that somebody covers.
func (v *visit) coveredPlaces(n int) ([]ui.Link, error) {
	if !v.n.Sells() {
		return nil, nil
	}
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
	if !ok || !slices.Contains(v.site.Trades, trade) || i < 0 || !v.n.Sells() {
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
			if o.ID != "other" {
				page.Cases = append(page.Cases, v.say2(o.Label))
			}
		}
	}
	for i, near := range around[1:] {
		if counts[i+1] > 0 && len(page.Nearby) < 6 {
			page.Nearby = append(page.Nearby, ui.Link{Text: near.Name, Href: placePath(trade, near)})
		}
	}
	return v.show(page)
}

// correctionValues puts what is stored into the fields of a correction.
func correctionValues(m request.Mine) map[string][]string {
	c := m.Current()
	values := map[string][]string{"postcode": {c.Postcode}, "commune": {c.INSEE}, "street": {c.Street}, "urgency": {c.Urgency}, "kind": {c.Kind}, "company": {c.Company}, "phone": {phone.Display(c.Phone)}, "email": {c.Email}}
	nameValues(values, c.Name)
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
	if v.n.Reviews != nil {
		text += "Disallow: /avis/q/\nSitemap: " + v.Config.URL(v.site.Host, "/sitemap.xml") + "\n"
	}
	if v.space || v.Config.Demo {
		text = "User-agent: *\nDisallow: /\n"
	}
	_, err := io.WriteString(v.w, text)
	return err
}

// logo is the drawing of the edition in force. Its address in pages names the edition: another one is another drawing to a browser.
func (v *visit) logo() error {
	logo := v.n.Logo()
	if logo == nil {
		return errNoPage
	}
	v.w.Header().Set("Content-Type", "image/svg+xml")
	v.w.Header().Set("Cache-Control", "public, max-age=86400")
	v.wrote = true
	http.ServeContent(v.w, v.r, "", time.Time{}, bytes.NewReader(logo))
	return nil
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
