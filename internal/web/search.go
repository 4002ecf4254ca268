package web

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/web/ui"
)

// longestSearch is how much may be typed, in characters.
const longestSearch = 120

// searchFor keeps what is looked for, often a name or a number, in a cookie for as long as the browser runs: an address would carry it into
// histories and the logs of proxies, and a page answered to a POST could not be come back to.
func (v *visit) searchFor() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.actor.May(auth.SearchAll); err != nil {
		return err
	}
	q := v.value("q")
	if utf8.RuneCountInString(q) > longestSearch {
		v.say(ui.Bad, v.lang.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", longestSearch))
		q = ""
	}
	v.setCookie("search", url.QueryEscape(q), 0)
	return v.to("/recherche")
}

func (v *visit) searched() string {
	c, err := v.r.Cookie(v.cookie("search"))
	if err != nil {
		return ""
	}
	q, err := url.QueryUnescape(c.Value)
	if err != nil || !readable(q) {
		return ""
	}
	return q
}

// search looks for requests and professionals with one field. Each request found leaves a line, for its holder's name is shown.
func (v *visit) search() error {
	if err := v.actor.May(auth.SearchAll); err != nil {
		return err
	}
	q := v.searched()
	p := ui.Search{Space: v.spaceFrame()}
	if p.Query = q; q == "" {
		return v.show(p)
	}
	found, err := v.Requests.Search(v.ctx, v.actor, q)
	if err != nil {
		return err
	}
	for _, f := range found {
		p.Hits = append(p.Hits, ui.Hit{Kind: v.lang.T("Demande", "Request"), Title: f.Ref + ", " + f.Title, Detail: joinWords(f.Who.Name, f.Who.Company, f.Commune().Name+" "+f.Postcode), Href: "/demandes/" + f.ID, At: f.At, Status: ui.Status{Tone: v.statusOfRequest(f.State).Tone, Text: v.stateName(f.State)}})
	}
	if v.actor.Can(auth.ProList) {
		if err := v.searchPros(&p, q); err != nil {
			return err
		}
	}
	if len(p.Hits) == 0 && !fits(q) {
		p.Tip = v.lang.T("Écrivez au moins trois caractères.", "Write at least three characters.")
	}
	return v.show(p)
}

func fits(q string) bool { return len(q) >= 3 }

// joinWords puts a comma between what is there.
func joinWords(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return strings.TrimSpace(s) == "" }), ", ")
}

// findPro reads what staff type to find a professional: his registry number, his telephone, or words of his name; false when it is none of
// them. Nine digits that are a registry number are read as one, although a telephone may be typed without its zero.
func (v *visit) findPro(typed string) (pro.Filter, bool) {
	if siren := strings.Join(strings.Fields(typed), ""); network.ValidSIREN(siren) {
		return pro.Filter{SIREN: siren}, true
	}
	if e164, err := phone.Parse(typed, "", v.Config.Demo); err == nil {
		return pro.Filter{Phone: e164}, true
	}
	return pro.Filter{Word: typed}, fits(typed) && !strings.ContainsAny(typed, "@0123456789")
}

func (v *visit) searchPros(p *ui.Search, q string) error {
	filter, ok := v.findPro(q)
	if !ok {
		return nil
	}
	all, err := v.Pros.List(v.ctx, v.actor, filter, 30)
	if err != nil {
		return err
	}
	ids := make([]string, len(all))
	for i, x := range all {
		ids[i] = x.ID
	}
	contacts, err := v.Pros.Contacts(v.ctx, ids...)
	if err != nil {
		return err
	}
	for _, x := range all {
		p.Hits = append(p.Hits, ui.Hit{Kind: v.lang.T("Professionnel", "Professional"), Title: contacts[x.ID].Company, Detail: joinWords(strings.Join(v.tradeNames(x.Profile.Trades), ", "), communeName(x.Profile.Base)), Href: "/pros/" + x.ID, Status: v.proStatus(x)})
	}
	return nil
}
