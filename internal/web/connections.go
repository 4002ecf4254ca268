package web

import (
	"strings"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/web/ui"
)

// agent is what the browser says of itself, cut: it is only searched for a few words.
func (v *visit) agent() string {
	a := v.r.UserAgent()
	return a[:min(len(a), 400)]
}

// languages are those that the browser asks for, cut likewise.
func (v *visit) languages() string {
	l := v.r.Header.Get("Accept-Language")
	return l[:min(len(l), 100)]
}

// journalSignIn notes in the sealed journal who has just signed in.
func (v *visit) journalSignIn(session string) error {
	a, err := v.Auth.Session(v.ctx, session)
	if err != nil {
		return err
	}
	whose := network.Staff
	if a.Who == auth.Professional {
		whose = network.Professional
	}
	return person.SignedIn(v.ctx, v.DB, v.Vault, v.n, a.Account, whose, person.See(v.address(), v.agent(), v.languages()))
}

const connectionsShown = 200

func (v *visit) connections() error {
	all, err := v.Requests.Connections(v.ctx, v.actor, connectionsShown)
	if err != nil {
		return err
	}
	var shut []person.Shut
	if err := v.DB.Read(v.ctx, func(tx *db.Tx) (err error) { shut, err = person.Blocks(tx); return err }); err != nil {
		return err
	}
	accounts := []string{}
	for _, c := range all {
		if c.Kind == "sign-in" {
			accounts = append(accounts, c.Object)
		}
	}
	for _, s := range shut {
		if strings.HasPrefix(s.By, "acc_") {
			accounts = append(accounts, s.By)
		}
	}
	names, err := v.Auth.Names(v.ctx, accounts...)
	if err != nil {
		return err
	}
	page := ui.Connections{Space: v.spaceFrame()}
	for _, c := range all {
		line := ui.Connection{At: c.At, What: v.lang.T("Connexion", "Sign-in"), Who: names[c.Object], Address: c.Seen.Address, With: joinWords(c.Seen.Country, c.Seen.Browser, c.Seen.Language, c.Seen.System, v.deviceName(c.Seen.Device)), Blocked: c.Blocked}
		if c.Kind == "request" {
			line.What, line.Who, line.Href = v.lang.T("Demande", "Request"), v.lang.T("ouvrir", "open"), "/demandes/"+c.Object
		}
		page.Lines = append(page.Lines, line)
	}
	for _, s := range shut {
		page.Shut = append(page.Shut, ui.Shut{ID: s.ID, Until: s.Until, Reason: s.Reason, By: names[s.By]})
	}
	return v.show(page)
}

func (v *visit) deviceName(d string) string {
	switch d {
	case "phone":
		return v.lang.T("téléphone", "phone")
	case "tablet":
		return v.lang.T("tablette", "tablet")
	case "computer":
		return v.lang.T("ordinateur", "computer")
	}
	return v.lang.T("appareil inconnu", "unknown device")
}

func (v *visit) unblockAddress() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/journal/connexions", v.lang.T("Cette adresse peut de nouveau envoyer une demande.", "This address may send a request again."), person.Unblock(v.ctx, v.DB, v.actor, v.value("id")))
}
