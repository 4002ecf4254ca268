package web

import (
	"strings"

	"entremise/internal/auth"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// navNeeds says which action opens which page of the navigation; the pages ask their services again.
var navNeeds = map[string]auth.Action{
	"/tableau": auth.BoardRead, "/panier": auth.SeatBuy, "/achats": auth.ContactLog, "/transmises": auth.ContactLog, "/adhesion": auth.ProEditOwn, "/invitations": auth.ReviewInvite, "/factures": auth.InvoiceRead, "/portefeuille": auth.WalletRead, "/profil": auth.ProEditOwn, "/droits": auth.CaseOpen,
	"/aujourdhui": "", "/bureau": auth.RequestQualify, "/appels": auth.CallAnswer, "/enregistrements": auth.RecordingHear, "/rappels": auth.RequestQueue, "/invendus": auth.RequestQueue, "/dossiers": auth.CaseRead, "/messages": auth.TicketRead,
	"/pros": auth.ProList, "/equipe": auth.TeamManage, "/permissions": "", "/journal": auth.AuditRead, "/demarchage": auth.ContactAsk, "/ventes": auth.SalesRead, "/registre": auth.AuditRead, "/empreintes": auth.AuditRead, "/conservation": auth.RetentionRead, "/archiveur": auth.RetentionRead, "/conformite": auth.OversightRead, "/jetons": auth.TokenManage, "/reglages": auth.EditionRead,
}

// only are the pages that not every network has.
var only = map[string]func(*network.Network) bool{
	"/invendus": sells, "/ventes": sells, "/tableau": sells, "/panier": sells, "/achats": sells, "/portefeuille": sells, "/factures": sells,
	"/transmises": forwards, "/adhesion": forwards,
	"/pros":            (*network.Network).HasPros,
	"/conformite":      func(n *network.Network) bool { return n.Oversight != nil },
	"/enregistrements": func(n *network.Network) bool { return n.Listening != nil },
	"/archiveur":       func(n *network.Network) bool { return n.Archiver != nil },
	"/invitations":     reviews, "/avis": reviews, "/demandes-avis": reviews, "/partenaires": reviews,
}

func sells(n *network.Network) bool    { return n.Sells() }
func forwards(n *network.Network) bool { return n.Forwards() }
func reviews(n *network.Network) bool  { return n.Reviews != nil }

// spaceFrame is the frame of a page for people who are signed in.
func (v *visit) spaceFrame() ui.Space {
	s := ui.Space{Frame: v.frame(nil), Operator: v.n.Operator.Name, Pro: v.actor.Who == auth.Professional, Demo: v.Config.Demo}
	v.banners(&s.Frame, s.Pro)
	for _, path := range ui.NavPaths(s.Pro) {
		act, known := navNeeds[path]
		if there := only[path]; there != nil && !there(v.n) || path == "/messages" && len(inbox.Services(v.n, v.actor)) == 0 {
			continue
		}
		if known && (act == "" || v.actor.Can(act) || (path == "/conservation" || path == "/archiveur") && v.actor.Can(auth.ArchiveOpen) || path == "/enregistrements" && v.actor.Can(auth.RetentionRead)) {
			s.May = append(s.May, path)
		}
	}
	s.Search = v.actor.Can(auth.SearchAll)
	me, err := v.Auth.Get(v.ctx, v.actor.Account)
	if err != nil {
		return s // the page is still true without a name on it
	}
	s.User = me.Name
	if s.Pro {
		if contacts, err := v.Pros.Contacts(v.ctx, v.actor.Pro); err == nil {
			s.As = contacts[v.actor.Pro].Company
		}
		return s
	}
	var roles []string
	for _, r := range me.Roles {
		roles = append(roles, v.roleName(r))
	}
	s.As = strings.Join(roles, ", ")
	if v.actor.Can(auth.RequestQueue) {
		if waiting, unsold, err := v.Requests.Counts(v.ctx, v.actor); err == nil { // a number less is no reason to show nothing
			s.Counts = map[string]int{"/rappels": waiting, "/invendus": unsold}
		}
	}
	if v.actor.Can(auth.CallAnswer) {
		on := !me.DutySince.IsZero()
		s.Duty = &on
	}
	return s
}

func (v *visit) roleName(r network.Role) string {
	switch r {
	case network.RoleAgent:
		return v.lang.T("Conseiller", "Agent")
	case network.RoleOnboarding:
		return v.lang.T("Accueil des professionnels", "Onboarding")
	case network.RoleModerator:
		return v.lang.T("Modérateur", "Moderator")
	case network.RoleMarketing:
		return v.lang.T("Communication", "Marketing")
	case network.RoleAccountant:
		return v.lang.T("Comptable", "Accountant")
	case network.RoleOfficer:
		return v.lang.T("Protection des données", "Data protection")
	case network.RoleLitigation:
		return v.lang.T("Contentieux", "Litigation")
	case network.RoleSupervisor:
		return v.lang.T("Superviseur", "Supervisor")
	case network.RoleAdministrator:
		return v.lang.T("Administrateur", "Administrator")
	}
	return string(r)
}
