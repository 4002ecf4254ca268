// Package gallery fills every view with invented people, so that each screen can be looked at and tested without a database. It is the
// living page /_ui of a demo; no other code may depend on it.
package gallery

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"entremise/internal/web/ui"
)

// Sample is one screen in one state.
type Sample struct {
	Name  string // in the address: "tableau", "tableau-vide"
	Group string
	View  func(ui.Lang) ui.View
}

// Samples lists every view, most in several states.
func Samples() []Sample {
	return slices.Concat(public, collection, pro, members, staff, cases, compliance, privacy, executed, recordings, archiverPages, gate)
}

// now is the moment at which all samples stand: a Sunday morning of the demonstration's year.
var now = time.Date(2026, time.November, 22, 9, 12, 20, 0, paris)

var paris = func() *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC // a machine without zones shows UTC; the samples stay readable
	}
	return l
}()

func ago(d time.Duration) time.Time { return now.Add(-d) }

func frame(l ui.Lang, path string) ui.Frame {
	return ui.Frame{Lang: l, Zone: paris, Now: now, Path: path}
}

// Handler serves the gallery under prefix ("/_ui"): the list with every component, and each screen under its name, in ?lang=.
func Handler(prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang := ui.Lang(r.URL.Query().Get("lang"))
		name := strings.Trim(strings.TrimPrefix(r.URL.Path, prefix), "/")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", ui.ContentSecurityPolicy)
		view := func() ui.View {
			if name == "" {
				return contents(lang, prefix)
			}
			for _, s := range Samples() {
				if s.Name == name {
					return s.View(lang)
				}
			}
			return nil
		}()
		if view == nil {
			http.NotFound(w, r)
			return
		}
		if err := view.Page().Render(r.Context(), w); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
}

func contents(l ui.Lang, prefix string) ui.Components {
	c := ui.Components{Frame: frame(l, prefix)}
	for _, s := range Samples() {
		if n := len(c.Groups); n == 0 || c.Groups[n-1].Title != s.Group {
			c.Groups = append(c.Groups, ui.ComponentGroup{Title: s.Group})
		}
		g := &c.Groups[len(c.Groups)-1]
		g.Links = append(g.Links, ui.Link{Text: s.Name, Href: prefix + "/" + s.Name + "?lang=" + l.Code()})
	}
	return c
}
