package gallery

import (
	"slices"
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

// asMember is the frame of a member's page: nothing is sold there.
func asMember(l ui.Lang, path string) ui.Space {
	s := mine(l, path, "pro pro_1")
	s.User, s.As, s.Counts = "Claire Exemple", "Cuisines de l’Ille", nil
	s.May = slices.DeleteFunc(s.May, func(p string) bool {
		return slices.Contains([]string{"/tableau", "/panier", "/achats", "/portefeuille", "/factures"}, p)
	})
	return s
}

func memberChoices(l ui.Lang) []ui.MemberChoice {
	return []ui.MemberChoice{
		{ID: "pro_1", Name: "Cuisines de l’Ille", Km: 3.2, Note: l.T("demandé par le client", "asked for by the customer")},
		{ID: "pro_2", Name: "Atelier Fournil", Km: 7.5},
		{ID: "pro_3", Name: "Menuiserie et agencement de la vallée de la Vilaine", Km: 38},
		{ID: "pro_4", Name: "Cuisines du Sillon", Km: 41, Why: l.T("N’a pas accepté l’accord entre responsables conjoints", "Has not accepted the arrangement between joint controllers")}}
}

func forwardDesk(l ui.Lang) ui.Desk {
	v := desk(l)
	v.Call, v.Unsold, v.Passes, v.Most, v.Members = nil, true, true, 3, memberChoices(l)
	v.Price = ui.Price{}
	if v.Values == nil {
		v.Values = map[string][]string{}
	}
	v.Values["members"] = []string{"pro_1"}
	return v
}

func membership(l ui.Lang) ui.Membership {
	return ui.Membership{Arranged: ui.Status{Tone: ui.Good, Text: l.T("Accord accepté le 24 octobre 2026, version 8d4b1e99", "Arrangement accepted on 24 October 2026, version 8d4b1e99")}, Today: "2026-11-23", Proposed: "2027-10-24", CanLeave: true,
		Facts: []ui.Fact{{Label: l.T("Membre depuis le", "Member since"), Value: "24/10/2026"}, {Label: l.T("Période en cours jusqu’au", "Running term until"), Value: "23/10/2027"}, {Label: l.T("Ensuite", "Then"), Value: l.T("se renouvelle d’elle-même", "renews by itself")}}}
}

func passedOn(l ui.Lang) ui.Bought {
	v := bought(l)
	v.Space, v.Base, v.Passed, v.CallBy, v.Clock, v.Invoice, v.Excl, v.Incl = asMember(l, "/transmises/pur_1"), "/transmises", true, time.Time{}, 0, ui.Link{}, 0, 0
	v.Title, v.Where = "Une rénovation", "Rennes 35000"
	v.Street, v.Map = "3 rue de l’Exemple, 35000 Rennes", "geo:48.11,-1.68"
	v.Rules = []string{l.T("Ces coordonnées servent à cette demande et à rien d’autre. Chaque ouverture de cette page est notée.", "These details serve this request and nothing else. Each opening of this page is noted.")}
	return v
}

func ticket(l ui.Lang) ui.TicketFile {
	return ui.TicketFile{Space: house(l, "/messages/cas_1", "tickets"), Action: "/messages/cas_1", Reference: "D4F7-K39Q", Title: "Horaires d’ouverture", Status: ui.Status{Tone: ui.Now, Text: l.T("Attend une réponse", "Waits for an answer")}, Open: true, Case: "/dossiers/cas_1",
		Facts:    []ui.Fact{{Label: "Service", Value: l.T("Service consommateurs", "Consumer service")}, {Label: l.T("De", "From"), Value: "Jeanne Exemple"}, {Label: "E-mail", Value: "jeanne@exemple.test"}, {Label: l.T("Accord", "Consent"), Value: "J’accepte que mon message et mes coordonnées servent à me répondre."}},
		Letters:  []ui.LetterShown{{At: ago(26 * time.Hour), From: "Jeanne Exemple", Subject: "Horaires d’ouverture", Text: "Êtes-vous ouverts le samedi ?"}, {At: ago(20 * time.Hour), From: l.T("Nous", "We"), Text: "De quel service parlez-vous ?", Ours: true}, {At: ago(19 * time.Hour), From: "Jeanne Exemple", Text: "De celui des devis."}},
		Notes:    []ui.Step{{At: ago(21 * time.Hour), Tone: ui.Quiet, Text: "Elle a déjà appelé lundi.", By: "Inès Exemple"}},
		Steps:    []ui.Step{{At: ago(26 * time.Hour), Tone: ui.Good, Text: l.T("Reçu, Formulaire", "Received, Form")}, {At: ago(26 * time.Hour), Tone: ui.Good, Text: "Service : Service consommateurs"}},
		Services: []ui.Option{{Value: "consumers", Label: l.T("Service consommateurs", "Consumer service")}, {Value: "quality", Label: l.T("Service qualité des avis", "Review quality")}},
		People:   []ui.Option{{Value: "acc_1", Label: "Inès Exemple"}, {Value: "acc_2", Label: "Paul Exemple"}}, Form: ui.Form{Values: map[string][]string{"service": {"consumers"}}}}
}

var members = []Sample{
	{"bureau-transmettre", "Équipe", func(l ui.Lang) ui.View { return forwardDesk(l) }},
	{"bureau-transmettre-erreurs", "Équipe", func(l ui.Lang) ui.View {
		v := forwardDesk(l)
		v.Values["members"] = nil
		v.Errors = []fault.Field{{Name: "members", Text: fault.T("Choisissez le membre concerné.", "Choose the member concerned.")}}
		return v
	}},
	{"demande-transmise", "Équipe", func(l ui.Lang) ui.View {
		v := requestFile(l)
		v.AskedAt, v.Asked, v.Price, v.Item = time.Time{}, nil, ui.Price{}, ui.BoardItem{}
		v.CanPrice, v.CanWiden, v.CanOffer = false, false, false
		v.Status = ui.Status{Tone: ui.Good, Text: l.T("Transmise", "Passed on")}
		v.Passed, v.CanProcess, v.Most, v.Members = true, true, 2, memberChoices(l)[1:]
		v.Sold = []ui.Sold{{Name: "Cuisines de l’Ille", Href: "/pros/pro_1", At: ago(26 * time.Hour), Called: ago(20 * time.Hour), Outcome: l.T("devis fait", "quote made")}}
		return v
	}},
	{"transmises", "Membre", func(l ui.Lang) ui.View {
		return ui.Purchases{Space: asMember(l, "/transmises"), Base: "/transmises", Passed: true, Lines: []ui.PurchaseLine{
			{ID: "pur_1", Title: "Une rénovation", Where: "Rennes 35000", At: ago(26 * time.Hour), Status: ui.Status{Tone: ui.Now, Text: l.T("À appeler", "To be called")}},
			{ID: "pur_2", Title: "Un projet neuf", Where: "Bruz 35170", At: ago(90 * time.Hour), Status: ui.Status{Tone: ui.Good, Text: l.T("Gagné", "Won")}}}}
	}},
	{"transmises-vide", "Membre", func(l ui.Lang) ui.View {
		return ui.Purchases{Space: asMember(l, "/transmises"), Base: "/transmises", Passed: true, Notice: l.T("Votre accès est suspendu : cotisation impayée.", "Your access is suspended: membership fee unpaid.")}
	}},
	{"transmise", "Membre", func(l ui.Lang) ui.View { return passedOn(l) }},
	{"transmise-finie", "Membre", func(l ui.Lang) ui.View {
		v := passedOn(l)
		v.Masked, v.Photos = l.T("Cette demande a pris fin : le client a retiré son accord ou y a renoncé. Ne l’appelez plus, et effacez ce que vous avez noté de lui.", "This request has ended: the customer took the agreement back or gave it up. Do not call any more, and erase what you noted."), nil
		return v
	}},
	{"adhesion", "Membre", func(l ui.Lang) ui.View {
		return ui.MembershipPage{Space: asMember(l, "/adhesion"), Company: "Cuisines de l’Ille", Membership: membership(l), Essence: "/accord-membres"}
	}},
	{"adhesion-depart", "Membre", func(l ui.Lang) ui.View {
		m := membership(l)
		m.CanLeave, m.CanStay, m.Leaves = false, true, l.T("L’adhésion prend fin le 24 octobre 2027 : l’entreprise a demandé à partir.", "The membership ends on 24 October 2027: the company asked to leave.")
		return ui.MembershipPage{Space: asMember(l, "/adhesion"), Company: "Cuisines de l’Ille", Membership: m, Essence: "/accord-membres"}
	}},
	{"adhesion-accord", "Membre", func(l ui.Lang) ui.View {
		return ui.Accepting{Space: asMember(l, "/accepter"), First: true, Rows: []ui.VersionRow{{Kind: "arrangement", Title: l.T("Accord entre responsables conjoints", "Arrangement between joint controllers"), Href: "/documents/arrangement/8d4b1e99", Applies: now, Version: "8d4b1e99", State: ui.Status{Tone: ui.Wait, Text: l.T("à accepter", "to accept")}}}}
	}},
	{"messages", "Équipe", func(l ui.Lang) ui.View {
		return ui.TicketQueue{Space: house(l, "/messages", "tickets"), Here: "/messages?service=", Services: []ui.Link{{Text: l.T("Tous", "All")}, {Text: l.T("Service consommateurs", "Consumer service"), Href: "/messages?service=consumers"}, {Text: l.T("Service qualité des avis", "Review quality"), Href: "/messages?service=quality"}},
			Due: []ui.Due{{Queue: l.T("Service consommateurs", "Consumer service"), Title: "Horaires d’ouverture", Detail: "Jeanne Exemple · D4F7-K39Q", Href: "/messages/cas_1", Since: ago(26 * time.Hour)},
				{Queue: l.T("Service qualité des avis", "Review quality"), Title: "Mon avis de mardi", Detail: "Paul Exemple · D39Q-X4F7", Href: "/messages/cas_2", Since: ago(2 * time.Hour), Taken: "Inès Exemple"}}}
	}},
	{"messages-vide", "Équipe", func(l ui.Lang) ui.View {
		return ui.TicketQueue{Space: house(l, "/messages", "tickets"), Here: "/messages?service=", Past: true}
	}},
	{"message", "Équipe", func(l ui.Lang) ui.View { return ticket(l) }},
	{"message-erreurs", "Équipe", func(l ui.Lang) ui.View {
		v := ticket(l)
		v.Errors = []fault.Field{{Name: "text", Text: fault.T("Écrivez pourquoi, en une phrase au moins.", "Write why, in one sentence at least.")}, {Name: "account", Text: fault.T("Choisissez une personne de ce service.", "Choose a person of this service.")}}
		return v
	}},
	{"message-clos", "Équipe", func(l ui.Lang) ui.View {
		v := ticket(l)
		v.Open, v.Status = false, ui.Status{Tone: ui.Good, Text: l.T("Répondu", "Answered")}
		return v
	}},
	{"pros-membre", "Équipe", func(l ui.Lang) ui.View {
		v := proFile(l)
		m := membership(l)
		m.Reasons = []ui.Option{{Value: "own-wish", Label: l.T("L’entreprise a demandé à partir", "The company asked to leave")}, {Value: "unpaid", Label: l.T("La cotisation n’est pas payée", "The membership fee is not paid")}}
		v.Company, v.Member, v.Membership, v.CanCredit, v.CanWhy = "Cuisines de l’Ille", true, &m, false, false
		v.Errors = []fault.Field{{Name: "leaving", Text: fault.T("Choisissez un motif de la liste.", "Choose a reason from the list.")}}
		return v
	}},
}
