package web

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

func documentRoutes() []route {
	return []route{
		{"GET", "/mentions-legales", anywhere, open, 0, published(network.DocLegal)},
		{"GET", "/conditions", anywhere, open, 0, published(network.DocTerms)},
		{"GET", "/confidentialite", anywhere, open, 0, published(network.DocPrivacy)},
		{"GET", "/cookies", anywhere, open, 0, published(network.DocCookies)},
		{"GET", "/durees", anywhere, open, 0, published(network.DocRetention)},
		{"GET", "/conditions-de-vente", anywhere, open, 0, published(network.DocProTerms)},
		{"GET", "/charte", anywhere, open, 0, published(network.DocCharter)},
		{"GET", "/accord-membres", anywhere, open, 0, published(network.DocArrangement)},
		{"POST", "/cookies", site, open, 0, (*visit).chooseCookies},
		{"GET", "/documents", anywhere, open, 0, (*visit).documents},
		{"GET", "/documents/{kind}", anywhere, open, 0, (*visit).versions},
		{"GET", "/documents/{kind}/{version}", anywhere, open, 0, (*visit).version},
		{"GET", "/documents/{kind}/{version}/changements", anywhere, open, 0, (*visit).changes},
		{"GET", "/documents/{kind}/{version}/source", anywhere, open, 0, (*visit).source},
		{"GET", "/accepter", space, prosOnly, 0, (*visit).acceptForm},
		{"POST", "/accepter", space, prosOnly, 0, (*visit).accept},
		{"GET", "/registre", space, staff, 0, (*visit).register},
		{"GET", "/registre.csv", space, staff, 0, (*visit).registerCSV},
		{"GET", "/registre.jsonld", space, staff, 0, (*visit).registerJSONLD},
		{"GET", "/.well-known/security.txt", anywhere, open, 0, (*visit).securityTxt},
		{"GET", "/.well-known/gpc.json", anywhere, open, 0, (*visit).gpc},
	}
}

// documentPaths are where the version in force of each document stands.
var documentPaths = map[network.DocumentKind]string{
	network.DocLegal: "/mentions-legales", network.DocTerms: "/conditions", network.DocPrivacy: "/confidentialite", network.DocCookies: "/cookies",
	network.DocRetention: "/durees", network.DocProTerms: "/conditions-de-vente", network.DocCharter: "/charte", network.DocArrangement: "/accord-membres",
}

func versionPath(v document.Version) string {
	return path.Join("/documents", string(v.Kind), v.Short())
}

func day(s string) time.Time { return network.Date(s).In(geo.Paris()) }

// published shows the version of a document that applies, with its date (ET-156) and a word about the next when there is one.
func published(kind network.DocumentKind) func(*visit) error {
	return func(v *visit) error {
		d, next, err := v.Documents.Current(v.ctx, kind, document.Lang(v.lang))
		if err != nil {
			return err
		}
		page := ui.Document{Public: v.public(nil), Title: d.Title, HTML: d.Article(), Version: d.Short(), Updated: day(d.Applies), History: "/documents/" + string(kind)}
		if next != nil {
			page.Note = v.lang.Tf("Une nouvelle version s’appliquera le %s.", "A new version will apply on %s.", v.lang.Date(day(next.Applies)))
			page.More = []ui.Link{{Text: v.lang.T("La lire.", "Read it."), Href: versionPath(*next)}, {Text: v.lang.T("Ce qui change.", "What changes."), Href: versionPath(*next) + "/changements"}}
		}
		if kind == network.DocCookies && v.n.Cookies.Choices() && !v.space {
			page.Choose = v.cookieForm()
			page.Panel = nil // the page itself asks
		}
		return v.show(page)
	}
}

// documents lists every public document with its date.
func (v *visit) documents() error {
	page := ui.Versions{Public: v.public(nil), Title: v.lang.T("Nos documents et leurs versions", "Our documents and their versions")}
	for _, k := range v.n.DocumentKinds() {
		d, next, err := v.Documents.Current(v.ctx, k, document.Lang(v.lang))
		if err != nil {
			return err
		}
		row := ui.VersionRow{Title: d.Title, Href: "/documents/" + string(k), Applies: day(d.Applies), Version: d.Short(), State: ui.Status{Tone: ui.Good, Text: v.lang.T("en vigueur", "in force")}}
		if next != nil {
			row.State = ui.Status{Tone: ui.Wait, Text: v.lang.Tf("change le %s", "changes on %s", v.lang.Date(day(next.Applies)))}
		}
		page.Rows = append(page.Rows, row)
	}
	return v.show(page)
}

func (v *visit) kind() (network.DocumentKind, error) {
	k := network.DocumentKind(v.r.PathValue("kind"))
	if documentPaths[k] == "" {
		return "", errNoPage
	}
	return k, nil
}

// versions lists every version of a document that applied or will, newest first.
func (v *visit) versions() error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	all, err := v.Documents.History(v.ctx, k, document.Lang(v.lang))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return errNoPage
	}
	page := ui.Versions{Public: v.public(nil), Title: v.lang.Tf("%s : versions", "%s: versions", all[0].Title), Rows: v.versionRows(all)}
	return v.show(page)
}

func (v *visit) versionRows(all []document.Version) []ui.VersionRow {
	var rows []ui.VersionRow
	today, current := v.Documents.Today(), false
	for i, d := range all {
		row := ui.VersionRow{Kind: string(d.Kind), Title: d.Title, Href: versionPath(d), Applies: day(d.Applies), Version: d.Short()}
		switch {
		case d.Applies > today && i < len(all)-1:
			row.State = ui.Status{Tone: ui.Wait, Text: v.lang.T("à venir", "to come")}
		case !current:
			current = true
			row.State = ui.Status{Tone: ui.Good, Text: v.lang.T("en vigueur", "in force")}
		default:
			row.State = ui.Status{Text: v.lang.T("remplacée", "replaced")}
		}
		if i+1 < len(all) {
			row.Changes = versionPath(d) + "/changements"
		}
		rows = append(rows, row)
	}
	return rows
}

// version shows one version again, as it was.
func (v *visit) version() error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	d, err := v.Documents.Get(v.ctx, k, v.r.PathValue("version"))
	if err != nil {
		return err
	}
	now, _, err := v.Documents.Current(v.ctx, k, d.Lang)
	if err != nil {
		return err
	}
	page := ui.Document{Public: v.public(nil), Title: d.Title, HTML: d.Article(), Version: d.Short(), Updated: day(d.Applies), History: "/documents/" + string(k)}
	if now.Hash != d.Hash {
		page.Note = v.lang.T("Cette version n’est pas celle qui s’applique aujourd’hui.", "This version is not the one that applies today.")
		page.More = []ui.Link{{Text: v.lang.T("Lire celle qui s’applique.", "Read the one that applies."), Href: documentPaths[k]}}
	}
	return v.show(page)
}

// source gives a version byte for byte: the Markdown that its hash was taken of.
func (v *visit) source() error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	d, err := v.Documents.Get(v.ctx, k, v.r.PathValue("version"))
	if err != nil {
		return err
	}
	return v.text("text/markdown; charset=utf-8", []byte(d.Source))
}

// changes shows what became another between a version and the one before.
func (v *visit) changes() error {
	k, err := v.kind()
	if err != nil {
		return err
	}
	was, is, lines, err := v.Documents.Changes(v.ctx, k, v.r.PathValue("version"))
	if err != nil {
		return err
	}
	if was.Hash == "" {
		return errNoPage // the first version changed nothing
	}
	page := ui.Comparison{Public: v.public(nil), Title: v.lang.Tf("%s : ce qui a changé", "%s: what changed", is.Title), From: was.Short(), To: is.Short(), FromOn: day(was.Applies), ToOn: day(is.Applies), Whole: versionPath(is)}
	near := func(i int) bool {
		for j := max(0, i-1); j < min(len(lines), i+2); j++ {
			if lines[j].Changed() {
				return true
			}
		}
		return false
	}
	skipped := 0
	flush := func() {
		if skipped > 0 {
			page.Lines = append(page.Lines, ui.ComparedLine{Skipped: skipped})
			skipped = 0
		}
	}
	for i, l := range lines {
		if !near(i) {
			skipped++
			continue
		}
		flush()
		var pieces []ui.ComparedPiece
		for _, p := range l.Pieces {
			op := ""
			if p.Op != document.Same {
				op = string(p.Op)
			}
			pieces = append(pieces, ui.ComparedPiece{Op: op, Text: p.Text})
		}
		page.Lines = append(page.Lines, ui.ComparedLine{Pieces: pieces})
	}
	flush()
	return v.show(page)
}

// acceptForm asks a professional to accept what changed since he got his access.
func (v *visit) acceptForm() error { return v.showing(v.accepting(ui.Form{})) }

func (v *visit) accepting(f ui.Form) (ui.View, error) {
	due, err := v.Documents.Due(v.ctx, v.actor, document.Lang(v.lang))
	if err != nil {
		return nil, err
	}
	if len(due) == 0 {
		return nil, redirectTo{v.proHome()}
	}
	page := ui.Accepting{Space: v.spaceFrame(), Form: f, First: len(due) == 1 && due[0].Kind == network.DocArrangement}
	for _, d := range due {
		row := ui.VersionRow{Kind: string(d.Kind), Title: d.Title, Href: versionPath(d), Applies: day(d.Applies), Version: d.Short(), State: ui.Status{Tone: ui.Wait, Text: v.lang.T("à accepter", "to accept")}, Changes: versionPath(d) + "/changements"}
		if page.First {
			row.Changes = ""
		}
		page.Rows = append(page.Rows, row)
	}
	return page, nil
}

func (v *visit) accept() error {
	if err := v.parse(); err != nil {
		return err
	}
	if err := v.Documents.Accept(v.ctx, v.actor, network.DocumentKind(v.value("kind")), v.value("version")); err != nil {
		return v.invalid(err, v.accepting)
	}
	return v.to("/accepter")
}

// mustAccept leads a professional to what he has still to accept, whatever page he asks for.
func (v *visit) mustAccept(rt route) error {
	if v.actor.Who != auth.Professional || !v.space || slices.Contains([]string{"/accepter", "/adhesion", "/adhesion/partir", "/adhesion/rester", "/deconnexion", "/live"}, rt.Path) || rt.Open == open {
		return nil
	}
	due, err := v.Documents.Due(v.ctx, v.actor, document.Lang(v.lang))
	if err != nil || len(due) == 0 {
		return err
	}
	if v.r.Method == http.MethodGet {
		return redirectTo{"/accepter"}
	}
	return fault.New(fault.Denied, "terms-changed", fault.T("Les conditions ont changé : acceptez-les pour continuer.", "The terms have changed: accept them to go on."))
}

// register shows the record of processing activities.
func (v *visit) register() error {
	if err := v.actor.May(auth.AuditRead); err != nil {
		return err
	}
	l, o := document.Lang(v.lang), v.n.Operator
	page := ui.Register{Space: v.spaceFrame(), Head: document.RegisterHead(l), As: []ui.Link{{Text: "CSV", Href: "/registre.csv"}, {Text: "JSON-LD (DPV)", Href: "/registre.jsonld"}},
		Facts: []ui.Fact{{Label: v.lang.T("Responsable", "Controller"), Value: o.Name + ", " + v.n.AddressFor("office")}, {Label: v.lang.T("Représentant", "Representative"), Value: o.Director},
			{Label: v.lang.T("Protection des données", "Data protection officer"), Value: strings.TrimSpace(o.Officer.Name + " " + o.Officer.Email)}, {Label: v.lang.T("Édition", "Edition"), Value: v.n.Hash()[:12] + ", " + v.lang.Date(day(string(v.n.InForce)))}}}
	for _, a := range document.Register(v.n, l) {
		page.Rows = append(page.Rows, a.Cells(l))
	}
	return v.show(page)
}

func (v *visit) registerCSV() error {
	if err := v.actor.May(auth.AuditRead); err != nil {
		return err
	}
	body, err := document.RegisterCSV(v.n, document.Lang(v.lang))
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Disposition", `attachment; filename="registre-`+string(v.n.InForce)+`.csv"`)
	return v.text("text/csv; charset=utf-8", body)
}

func (v *visit) registerJSONLD() error {
	if err := v.actor.May(auth.AuditRead); err != nil {
		return err
	}
	body, err := document.RegisterJSONLD(v.n, v.Config.URL(v.n.SpaceHost, "/registre"))
	if err != nil {
		return err
	}
	return v.text("application/ld+json", body)
}

func (v *visit) text(kind string, body []byte) error {
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Cache-Control", "no-store")
	v.wrote = true
	_, err := v.w.Write(body)
	return err
}

// securityTxt says whom to tell of a weakness (RFC 9116). It expires within a year, as the RFC advises, and is made anew each day.
func (v *visit) securityTxt() error {
	host := v.site.Host
	if v.space {
		host = v.n.SpaceHost
	}
	expires := v.DB.Now().UTC().AddDate(0, 6, 0).Format("2006-01-02") + "T00:00:00Z"
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	v.wrote = true
	_, err := io.WriteString(v.w, fmt.Sprintf("Contact: mailto:%s\nExpires: %s\nPreferred-Languages: fr, en\nCanonical: %s\n", v.n.Operator.Email, expires, v.Config.URL(host, "/.well-known/security.txt")))
	return err
}

// gpc says that the browser's signal is obeyed (Global Privacy Control).
func (v *visit) gpc() error {
	v.wrote = true
	return jsonTo(v.w, http.StatusOK, map[string]any{"gpc": true, "lastUpdate": string(v.n.InForce)})
}
