package web

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/request"
	"entremise/internal/web/ui"
)

// The trail: who did what, to whom, when.

// journalPageSize is how many lines of the audit trail one page shows, journalFile how many a file holds at most.
const (
	journalPageSize = 100
	journalFile     = 20_000
)

// journalQuery is what the address of the trail says: ids, words and days, never what somebody typed to find a person.
var journalQuery = []string{"who", "what", "on", "from", "to"}

// journalFilter reads the filters and the cursor of the address. On is one id, or several with commas between them: of a person, then everything
// that is kept about him is meant.
func (v *visit) journalFilter() (audit.Page, error) {
	q := v.r.URL.Query()
	p := audit.Page{Action: q.Get("what")}
	if at, id, ok := strings.Cut(q.Get("avant"), "."); ok {
		before, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			return p, errNoPage
		}
		p.At, p.ID = before, id
	}
	if who := q.Get("who"); who != "" {
		p.Actors = []string{who}
	}
	if d, err := time.ParseInLocation(time.DateOnly, q.Get("from"), geo.Paris()); err == nil {
		p.From = db.Micros(d)
	}
	if d, err := time.ParseInLocation(time.DateOnly, q.Get("to"), geo.Paris()); err == nil {
		p.Until = db.Micros(d.AddDate(0, 0, 1))
	}
	on := strings.TrimSpace(q.Get("on"))
	if on == "" {
		return p, nil
	}
	ids := strings.Split(on, ",")
	if ref, ok := request.ParseRef(on); ok { // an address that somebody kept
		if id, err := v.requestOf(ref); err == nil {
			ids = []string{id}
		} else if !fault.Is(err, fault.Missing) {
			return p, err
		}
	}
	var err error
	p.About, err = v.about(ids[:min(len(ids), mostFound)])
	return p, err
}

// mostFound bounds whom one search of the trail is about.
const mostFound = 20

// requestOf is the id of a request by its reference: an id says nothing, so who reads the trail need not be one who reads requests.
func (v *visit) requestOf(ref string) (id string, err error) {
	err = v.DB.Read(v.ctx, func(tx *db.Tx) error { id, err = request.IDByRef(tx, ref); return err })
	return id, err
}

// about adds to people what is kept about them: their requests, the cases tied to them, the accounts of a professional.
func (v *visit) about(ids []string) (all []string, err error) {
	var people []string
	for _, id := range ids {
		all = append(all, id)
		if strings.HasPrefix(id, "per_") || strings.HasPrefix(id, "pro_") {
			people = append(people, id)
		}
		if strings.HasPrefix(id, "pro_") {
			accounts, err := v.Auth.OfPro(v.ctx, id)
			if err != nil {
				return nil, err
			}
			for _, a := range accounts {
				all = append(all, a.ID)
			}
		}
	}
	err = v.DB.Read(v.ctx, func(tx *db.Tx) error {
		requests, err := request.OfPeople(tx, people...)
		if err != nil {
			return err
		}
		for _, r := range requests {
			all = append(all, r.ID)
		}
		cases, err := inbox.CasesOf(tx, people...)
		all = append(all, cases...)
		return err
	})
	return all, err
}

var idShape = regexp.MustCompile(`^[a-z]{3,4}_[0-9a-z]{8,40}$`)

// journalFor finds who is meant and leads to an address that holds ids only: a number or an address that is typed to find a person would
// otherwise stand in histories and in the logs of proxies. Looking for a person leaves a line about each one found.
func (v *visit) journalFor() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.actor.May(auth.AuditRead); err != nil {
		return err
	}
	to := url.Values{}
	for _, name := range journalQuery {
		to.Set(name, v.value(name))
	}
	typed := v.value("on")
	if typed != "" {
		found, err := v.found(typed)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			v.say(ui.Bad, v.lang.T("Rien n’est connu sous ce que vous cherchez.", "Nothing is known under what you look for."))
		}
		to.Set("on", strings.Join(found, ","))
		for _, id := range found {
			if strings.HasPrefix(id, "per_") || strings.HasPrefix(id, "pro_") {
				if err := audit.Read(v.ctx, v.DB, v.actor.Name(), v.actor.As(auth.AuditRead), "audit.search", id, false); err != nil {
					return err
				}
			}
		}
	}
	return v.to("/journal?" + to.Encode())
}

// found are the ids that somebody means: an id, the reference of a request or a case, a telephone number or an e-mail address.
func (v *visit) found(typed string) (ids []string, err error) {
	if idShape.MatchString(typed) {
		return []string{typed}, nil
	}
	if ref, ok := request.ParseRef(typed); ok {
		id, err := v.requestOf(ref)
		if fault.Is(err, fault.Missing) {
			return nil, nil
		}
		return []string{id}, err
	}
	err = v.DB.Read(v.ctx, func(tx *db.Tx) error {
		if id, err := inbox.IDOf(tx, strings.ToUpper(typed)); err != nil || id != "" {
			ids = []string{id}
			return err
		}
		e164, err := phone.Parse(typed, "", v.Config.Demo)
		if err != nil {
			e164 = ""
		}
		email, err := person.ParseEmail(typed, false)
		if err != nil {
			email = ""
		}
		if e164 == "" && email == "" {
			return nil
		}
		if ids, err = person.Search(tx, v.Vault, e164, email, "", mostFound); err != nil {
			return err
		}
		pros, err := v.Pros.Reached(tx, e164, email)
		ids = append(ids, pros...)
		return err
	})
	return ids[:min(len(ids), mostFound)], err
}

func (v *visit) journal() error { return v.journalShown(ui.Form{}) }

func (v *visit) journalShown(f ui.Form) error {
	return v.showing(v.journalPage(f))
}

func (v *visit) journalPage(f ui.Form) (ui.View, error) {
	if err := v.actor.May(auth.AuditRead); err != nil {
		return nil, err
	}
	filter, err := v.journalFilter()
	if err != nil {
		return nil, err
	}
	if err := audit.Read(v.ctx, v.DB, v.actor.Name(), v.actor.As(auth.AuditRead), "audit.read", "", true); err != nil {
		return nil, err
	}
	var lines []audit.Line
	var more *audit.Page
	var actions []string
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) {
		if lines, more, err = audit.List(tx, filter, journalPageSize); err != nil {
			return err
		}
		actions, err = audit.Actions(tx)
		return err
	}); err != nil {
		return nil, err
	}
	q := v.r.URL.Query()
	page := ui.Journal{Space: v.spaceFrame(), Form: f, Who: q.Get("who"), What: filter.Action, On: q.Get("on"), From: q.Get("from"), To: q.Get("to"), Block: v.actor.Can(auth.AddressBlock)}
	group := ""
	for _, a := range actions {
		if g, _, _ := strings.Cut(a, "."); g != group {
			group = g
			page.Whats = append(page.Whats, ui.Option{Value: g + ".", Label: v.groupName(g)})
		}
		page.Whats = append(page.Whats, ui.Option{Value: a, Label: "\u2003" + v.auditName(a)})
	}
	if page.Lines, err = v.entries(lines); err != nil {
		return nil, err
	}
	if page.Whos, err = v.actorOptions(page.Who); err != nil {
		return nil, err
	}
	kept := url.Values{"who": {page.Who}, "what": {page.What}, "on": {page.On}, "from": {page.From}, "to": {page.To}}
	page.CSV = "/journal.csv?" + kept.Encode()
	if more != nil {
		kept.Set("avant", strconv.FormatInt(more.At, 10)+"."+more.ID)
		page.Next = "/journal?" + kept.Encode()
	}
	return page, nil
}

// actorOptions are those by whom the trail may be filtered: chosen from a list, so that the address holds an id and no name. Who is not staff,
// a professional's account, stays as it was given.
func (v *visit) actorOptions(chosen string) ([]ui.Option, error) {
	all, err := v.Auth.Staff(v.ctx)
	if err != nil {
		return nil, err
	}
	var options []ui.Option
	for _, a := range all {
		options = append(options, ui.Option{Value: a.ID, Label: a.Name})
	}
	for _, id := range []string{"system", "link", "visitor"} {
		options = append(options, ui.Option{Value: id, Label: v.nobody(id)})
	}
	if chosen != "" && !slices.ContainsFunc(options, func(o ui.Option) bool { return o.Value == chosen }) {
		options = append(options, ui.Option{Value: chosen, Label: chosen})
	}
	return options, nil
}

// nobody names the actors who have no account.
func (v *visit) nobody(id string) string {
	words := map[string][2]string{"system": {"le logiciel", "the software"}, "link": {"client, par son lien", "customer, by link"}, "visitor": {"visiteur", "visitor"}}[id]
	return v.lang.T(words[0], words[1])
}

// entries puts names to the ids of lines.
func (v *visit) entries(lines []audit.Line) ([]ui.Entry, error) {
	var staffIDs, pros, requests []string
	for _, l := range lines {
		for _, id := range []string{l.Actor, l.Object} {
			switch {
			case strings.HasPrefix(id, "req_"):
				requests = append(requests, id)
			case strings.HasPrefix(id, "acc_"):
				staffIDs = append(staffIDs, id)
			case strings.HasPrefix(id, "pro_"):
				pros = append(pros, id)
			}
		}
	}
	slices.Sort(pros)
	contacts, err := v.Pros.Contacts(v.ctx, slices.Compact(pros)...)
	if err != nil {
		return nil, err
	}
	names, err := v.Auth.Names(v.ctx, staffIDs...)
	if err != nil {
		return nil, err
	}
	for id, c := range contacts {
		names[id] = c.Company
	}
	slices.Sort(requests)
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) error {
		refs, err := request.Refs(tx, slices.Compact(requests)...)
		for id, ref := range refs {
			names[id] = ref
		}
		return err
	}); err != nil {
		return nil, err
	}
	entries := make([]ui.Entry, len(lines))
	for i, l := range lines {
		e := ui.Entry{At: db.Time(l.At), Who: cmp.Or(v.nobody(l.Actor), names[l.Actor], l.Actor), What: v.auditName(l.Action), On: cmp.Or(names[l.Object], l.Object), Why: cmp.Or(names[l.Detail], l.Detail), Denied: l.Refused}
		switch {
		case strings.HasPrefix(l.Object, "req_") && v.actor.Can(auth.RequestRead):
			e.Href = "/demandes/" + l.Object
		case strings.HasPrefix(l.Object, "pro_") && v.actor.Can(auth.ProList):
			e.Href = "/pros/" + l.Object
		}
		entries[i] = e
	}
	return entries, nil
}

// journalCSV is the filtered trail as a file: leaving with data in bulk asks for a fresh proof of identity, and is a line itself.
func (v *visit) journalCSV() error {
	if err := v.actor.May(auth.AuditRead); err != nil {
		return err
	}
	if to := v.mustBeFresh(v.r.URL.RequestURI()); to != nil {
		return to
	}
	filter, err := v.journalFilter()
	if err != nil {
		return err
	}
	var lines []audit.Line
	if err := v.DB.Write(v.ctx, func(tx *db.Tx) (err error) {
		if lines, _, err = audit.List(tx, filter, journalFile); err != nil {
			return err
		}
		return audit.Write(tx, v.actor.Name(), v.actor.As(auth.AuditRead), "audit.export", "", strconv.Itoa(len(lines)))
	}); err != nil {
		return err
	}
	rows := [][]string{{"at", "machine_at", "actor", "role", "action", "object", "outcome", "detail"}}
	for _, l := range lines {
		rows = append(rows, []string{stamp(db.Time(l.At)), stamp(db.Time(l.Machine)), l.Actor, l.Role, l.Action, l.Object, l.Outcome(), l.Detail})
	}
	return v.csv("journal", ',', rows)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
