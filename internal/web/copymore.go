package web

import (
	"strings"

	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// copyMore is what the copy of somebody's data says of his orders, of the sealed journal and of what is archived.
func (v *visit) copyMore(of inbox.CopyOf) (all []ui.CopySection) {
	if len(of.Orders) > 0 {
		s := ui.CopySection{Title: v.lang.T("Vos commandes", "Your orders")}
		for _, o := range of.Orders {
			s.Facts = append(s.Facts, ui.Fact{Label: v.lang.Date(o.At.In(geo.Paris())) + ", " + o.Ref, Value: joinWords(o.Trade, communeName(o.Commune), o.Price+" € "+v.lang.T("HT", "excl. VAT"), v.outcomeName(o.Outcome))})
		}
		all = append(all, s)
	}
	if len(of.Inquiries) > 0 {
		s := ui.CopySection{Title: v.lang.T("Ce que des prestataires ont vérifié", "What providers verified")}
		for _, q := range of.Inquiries {
			s.Facts = append(s.Facts, ui.Fact{Label: network.Date(q.On).Say(string(v.lang)) + ", " + q.What, Value: joinWords(q.Provider, q.Result, q.Reference, v.lang.T("transmis : ", "sent: ")+strings.Join(q.Sent, ", "))})
		}
		all = append(all, s)
	}
	if len(of.Agreements) > 0 {
		s := ui.CopySection{Title: v.lang.T("Vos accords particuliers", "Your special agreements")}
		for _, a := range of.Agreements {
			s.Facts = append(s.Facts, ui.Fact{Label: network.Date(a.Signed).Say(string(v.lang)), Value: joinWords(a.Title, a.Reference)})
		}
		all = append(all, s)
	}
	if len(of.Connections) > 0 {
		s := ui.CopySection{Title: v.lang.T("Vos connexions", "Your connections")}
		for _, c := range of.Connections {
			what := v.lang.T("formulaire", "form")
			if c.What == "sign-in" {
				what = v.lang.T("connexion", "sign-in")
			}
			s.Facts = append(s.Facts, ui.Fact{Label: v.lang.Date(c.At.In(geo.Paris())) + ", " + what, Value: joinWords(c.Seen.Address, c.Seen.Country, c.Seen.Browser, c.Seen.Language, c.Seen.System, v.deviceName(c.Seen.Device))})
		}
		all = append(all, s)
	}
	if len(of.Archived) > 0 {
		s := ui.CopySection{Title: v.lang.T("Archivé, fermé à nos équipes", "Archived, closed to our staff")}
		for _, a := range of.Archived {
			text := a.Text
			switch {
			case text != "":
			case a.Bytes > 0:
				text = v.lang.Tf("image ou son, %d octets", "picture or sound, %d bytes", a.Bytes)
			default:
				text = v.lang.T("ouvert pour la personne seule", "opened for the person only")
			}
			s.Facts = append(s.Facts, ui.Fact{Label: a.Data, Value: text})
		}
		all = append(all, s)
	}
	return all
}
