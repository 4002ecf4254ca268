package web

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strconv"
	"strings"
	"time"

	"entremise/internal/network"
	"entremise/internal/review"
)

// schemaOrg is what a page says of itself to machines, in the words of schema.org. Everything in it is shown on the page, and its average is the one shown.
type schemaOrg struct {
	Context string         `json:"@context"`
	Type    string         `json:"@type"`
	ID      string         `json:"@id"`
	Name    string         `json:"name"`
	URL     string         `json:"url"`
	Address schemaAddress  `json:"address"`
	Rating  *schemaRating  `json:"aggregateRating,omitempty"`
	Reviews []schemaReview `json:"review,omitempty"`
}

type schemaAddress struct {
	Type    string `json:"@type"`
	Town    string `json:"addressLocality"`
	Code    string `json:"postalCode,omitempty"`
	Country string `json:"addressCountry"`
}

type schemaRating struct {
	Type  string `json:"@type"`
	Value string `json:"ratingValue"` // decimal point
	Count int64  `json:"reviewCount,omitempty"`
	Best  int    `json:"bestRating"`
	Worst int    `json:"worstRating"`
}

type schemaAuthor struct {
	Type string `json:"@type"`
	Name string `json:"name"`
}

type schemaReview struct {
	Type      string       `json:"@type"`
	ID        string       `json:"@id"`
	URL       string       `json:"url"`
	Author    schemaAuthor `json:"author"`
	Published string       `json:"datePublished"`
	Changed   string       `json:"dateModified,omitempty"`
	Body      string       `json:"reviewBody"`
	Lang      string       `json:"inLanguage"`
	Rating    schemaRating `json:"reviewRating"`
}

func point(tenths int) string { return strconv.Itoa(tenths/10) + "." + strconv.Itoa(tenths%10) }

// dayISO is an instant's day where its readers are.
func (v *visit) dayISO(t time.Time) string { return v.frame(nil).At(t).Format(time.DateOnly) }

// companyData is the script of a page that shows these reviews of a company. The encoder escapes <, > and &, so that no text of an author closes the element.
func (v *visit) companyData(c review.Company, shown []review.Review) (string, error) {
	town, home := c.Commune(), v.Config.URL(v.site.Host, companyPath(c))
	d := schemaOrg{Context: "https://schema.org", Type: "LocalBusiness", ID: home, Name: c.Name, URL: home, Address: schemaAddress{Type: "PostalAddress", Town: town.Name, Country: "FR"}}
	if len(town.Postcodes) == 1 {
		d.Address.Code = town.Postcodes[0]
	}
	scale := v.n.Reviews.Scale
	if c.Tally.Published > 0 {
		d.Rating = &schemaRating{Type: "AggregateRating", Value: point(c.Tally.Mean()), Count: c.Tally.Published, Best: scale, Worst: 1}
	}
	for _, r := range shown {
		at := v.Config.URL(v.site.Host, "/avis/"+r.Digits)
		o := schemaReview{Type: "Review", ID: at, URL: at, Author: schemaAuthor{"Person", r.Ref()}, Published: v.dayISO(r.PublishedAt), Body: r.Content.Comment, Lang: r.Lang,
			Rating: schemaRating{Type: "Rating", Value: point(r.Overall), Best: scale, Worst: 1}}
		if !r.ChangedAt.IsZero() {
			o.Changed = v.dayISO(r.ChangedAt)
		}
		d.Reviews = append(d.Reviews, o)
	}
	text, err := json.Marshal(d)
	return `<script type="application/ld+json">` + string(text) + `</script>`, err
}

// feedOf reads what a feed of a company holds: its newest published reviews whose authors did not object to being shown elsewhere (RN-59, 60).
func (v *visit) feedOf(suffix, kind string, write func(review.Company, []review.Review) ([]byte, error)) error {
	now, err := v.companyNow()
	if err != nil {
		return err
	}
	return v.cached(v.site.Host+v.r.URL.Path, now.Stamp(), kind, func() ([]byte, error) {
		c, err := v.named(suffix)
		if err != nil {
			return nil, err
		}
		all, err := v.Reviews.Published(v.ctx, c.ID, review.Page{Shared: true, Most: 50})
		if err != nil {
			return nil, err
		}
		return write(c, all)
	})
}

func (v *visit) feedTitle(r review.Review) string {
	return audienceName("fr", r.Audience) + " " + r.Ref() + " : " + decimalFR(r.Overall) + "/" + strconv.Itoa(v.n.Reviews.Scale)
}

func decimalFR(tenths int) string { return strings.Replace(point(tenths), ".", ",", 1) }

// latest is the last instant at which what a feed holds changed.
func latest(c review.Company, all []review.Review) time.Time {
	last := c.Since
	for _, r := range all {
		for _, t := range []time.Time{r.PublishedAt, r.ChangedAt} {
			if t.After(last) {
				last = t
			}
		}
	}
	return last
}

func changed(r review.Review) time.Time {
	if r.ChangedAt.IsZero() {
		return r.PublishedAt
	}
	return r.ChangedAt
}

// companyAtom is RFC 4287.
func (v *visit) companyAtom() error {
	type link struct {
		Rel  string `xml:"rel,attr"`
		Type string `xml:"type,attr,omitempty"`
		Href string `xml:"href,attr"`
	}
	type entry struct {
		ID        string `xml:"id"`
		Title     string `xml:"title"`
		Updated   string `xml:"updated"`
		Published string `xml:"published"`
		Author    string `xml:"author>name"`
		Link      link   `xml:"link"`
		Content   struct {
			Type string `xml:"type,attr"`
			Lang string `xml:"xml:lang,attr,omitempty"`
			Text string `xml:",chardata"`
		} `xml:"content"`
	}
	type feed struct {
		XMLName xml.Name `xml:"http://www.w3.org/2005/Atom feed"`
		ID      string   `xml:"id"`
		Title   string   `xml:"title"`
		Updated string   `xml:"updated"`
		Author  string   `xml:"author>name"`
		Links   []link   `xml:"link"`
		Entries []entry  `xml:"entry"`
	}
	return v.feedOf("/avis.atom", "application/atom+xml; charset=utf-8", func(c review.Company, all []review.Review) ([]byte, error) {
		at := func(path string) string { return v.Config.URL(v.site.Host, path) }
		f := feed{ID: at(companyPath(c)), Title: "Avis sur " + c.Name, Updated: latest(c, all).UTC().Format(time.RFC3339), Author: v.n.Operator.Name,
			Links: []link{{"self", "application/atom+xml", at(companyPath(c) + "/avis.atom")}, {"alternate", "text/html", at(companyPath(c))}}}
		for _, r := range all {
			e := entry{ID: at("/avis/" + r.Digits), Title: v.feedTitle(r), Updated: changed(r).UTC().Format(time.RFC3339), Published: r.PublishedAt.UTC().Format(time.RFC3339), Author: r.Ref(), Link: link{Rel: "alternate", Href: at("/avis/" + r.Digits)}}
			e.Content.Type, e.Content.Lang, e.Content.Text = "text", r.Lang, r.Content.Comment
			f.Entries = append(f.Entries, e)
		}
		text, err := xml.MarshalIndent(f, "", " ")
		return append([]byte(xml.Header), text...), err
	})
}

// FeedReview is a published review in a feed and in the API of partners.
type FeedReview struct {
	Ref         string           `json:"reference"`
	Digits      string           `json:"digits" doc:"Of the reference: they name it in addresses and among the removals."`
	Member      string           `json:"member"`
	Company     string           `json:"member_name"`
	URL         string           `json:"url"`
	Proof       string           `json:"proof" doc:"Where anybody reads what the log holds of it; JSON."`
	Audience    network.Audience `json:"audience"`
	Overall     float64          `json:"overall"`
	Scale       int              `json:"scale"`
	Level       network.Level    `json:"level"`
	Marks       map[string]int   `json:"marks"`
	Service     string           `json:"service"`
	Comment     string           `json:"comment"`
	Lang        string           `json:"language"`
	From        string           `json:"experience_from"`
	Until       string           `json:"experience_until,omitempty"`
	DepositedAt time.Time        `json:"deposited_at"`
	PublishedAt time.Time        `json:"published_at"`
	ChangedAt   *time.Time       `json:"changed_at,omitempty"`
}

func (v *visit) feedReview(r review.Review, company, host string) FeedReview {
	f := FeedReview{Ref: r.Ref(), Digits: r.Digits, Member: r.Pro, Company: company, URL: v.Config.URL(host, "/avis/"+r.Digits), Proof: v.Config.URL(host, "/avis/"+r.Digits+"/preuve.json"), Audience: r.Audience, Overall: float64(r.Overall) / 10, Scale: v.n.Reviews.Scale, Level: r.Level,
		Marks: r.Content.Marks, Service: r.Experience.Service, Comment: r.Content.Comment, Lang: r.Lang, From: r.Experience.On, Until: r.Experience.Until, DepositedAt: r.DepositedAt.UTC(), PublishedAt: r.PublishedAt.UTC()}
	if !r.ChangedAt.IsZero() {
		at := r.ChangedAt.UTC()
		f.ChangedAt = &at
	}
	return f
}

// companyJSON is JSON Feed 1.1, each item with the whole review under _review.
func (v *visit) companyJSON() error {
	type item struct {
		ID        string     `json:"id"`
		URL       string     `json:"url"`
		Title     string     `json:"title"`
		Text      string     `json:"content_text"`
		Published string     `json:"date_published"`
		Modified  string     `json:"date_modified,omitempty"`
		Lang      string     `json:"language"`
		Authors   []any      `json:"authors"`
		Review    FeedReview `json:"_review"`
	}
	return v.feedOf("/avis.json", "application/feed+json; charset=utf-8", func(c review.Company, all []review.Review) ([]byte, error) {
		at := func(path string) string { return v.Config.URL(v.site.Host, path) }
		items := []item{}
		for _, r := range all {
			i := item{ID: at("/avis/" + r.Digits), URL: at("/avis/" + r.Digits), Title: v.feedTitle(r), Text: r.Content.Comment, Published: r.PublishedAt.UTC().Format(time.RFC3339), Lang: r.Lang,
				Authors: []any{map[string]string{"name": r.Ref()}}, Review: v.feedReview(r, c.Name, v.site.Host)}
			if !r.ChangedAt.IsZero() {
				i.Modified = r.ChangedAt.UTC().Format(time.RFC3339)
			}
			items = append(items, i)
		}
		return json.Marshal(map[string]any{"version": "https://jsonfeed.org/version/1.1", "title": "Avis sur " + c.Name, "home_page_url": at(companyPath(c)), "feed_url": at(companyPath(c) + "/avis.json"), "language": "fr",
			"items": items, "_rating": map[string]any{"mean": float64(c.Tally.Mean()) / 10, "count": c.Tally.Published, "scale": v.n.Reviews.Scale}})
	})
}

// companiesPerMap is how many members one part of the site map holds; the protocol allows 50,000 (sitemaps.org).
const companiesPerMap = 5000

type mapEntry struct {
	At string `xml:"loc"`
}

// sitemap lists the parts of the site map: the pages without a company, then companies in the order of their ids.
func (v *visit) sitemap() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	type index struct {
		XMLName xml.Name   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 sitemapindex"`
		Parts   []mapEntry `xml:"sitemap"`
	}
	return v.cached(v.site.Host+"/sitemap.xml", "", "application/xml; charset=utf-8", func() ([]byte, error) {
		starts, err := v.Reviews.Starts(v.ctx, companiesPerMap)
		if err != nil {
			return nil, err
		}
		var x index
		for _, s := range append([]string{"pages"}, starts...) {
			x.Parts = append(x.Parts, mapEntry{v.Config.URL(v.site.Host, "/sitemaps/"+strings.TrimPrefix(s, "pro_")+".xml")})
		}
		return mapText(x)
	})
}

func mapText(x any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(xml.Header)
	err := xml.NewEncoder(&b).Encode(x)
	return b.Bytes(), err
}

// sitemapPage is one part: it starts with the company of its name.
func (v *visit) sitemapPage() error {
	if err := v.reviewing(); err != nil {
		return err
	}
	start, ok := strings.CutSuffix(v.r.PathValue("page"), ".xml")
	if !ok || len(start) > 40 {
		return errNoPage
	}
	type set struct {
		XMLName xml.Name   `xml:"http://www.sitemaps.org/schemas/sitemap/0.9 urlset"`
		Pages   []mapEntry `xml:"url"`
	}
	return v.cached(v.site.Host+"/sitemaps/"+start, "", "application/xml; charset=utf-8", func() ([]byte, error) {
		var x set
		if start == "pages" {
			for _, path := range []string{"/", "/entreprises", "/avis"} {
				x.Pages = append(x.Pages, mapEntry{v.Config.URL(v.site.Host, path)})
			}
			return mapText(x)
		}
		all, err := v.Reviews.Listed(v.ctx, "pro_"+start, companiesPerMap)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			return nil, errNoPage
		}
		for _, c := range all {
			x.Pages = append(x.Pages, mapEntry{v.Config.URL(v.site.Host, companyPath(c))})
		}
		return mapText(x)
	})
}
