package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/web/ui"
)

func house(l ui.Lang, path, topic string) ui.Space {
	on := true
	return ui.Space{Frame: frame(l, path), Operator: site.Name, User: "Inès Exemple", Search: true, As: l.T("Conseil, comptes, administration", "Agent, accounts, administration"), May: ui.NavPaths(false),
		Counts: map[string]int{"/rappels": 3, "/invendus": 2}, Duty: &on, Topic: topic, Demo: true}
}

var due = []ui.Due{
	{Queue: "Rappels", Title: "Plombier, Nîmes 30000", Detail: "Fuite, l'eau coule encore", Href: "/rappels?c=cb_1", Since: ago(6 * time.Minute), By: ago(time.Minute)},
	{Queue: "Rappels", Title: "Serrurier, Alès 30100", Detail: "Porte claquée", Href: "/rappels?c=cb_2", Since: ago(2 * time.Minute), By: now.Add(3 * time.Minute), Taken: "Inès"},
	{Queue: "Retards", Title: "ET-4F7K, Alès Plomberie n'a pas appelé", Detail: "Fuite sous évier", Href: "/demandes/req_1", Since: ago(12 * time.Minute), By: ago(2 * time.Minute)},
	{Queue: "Invendus", Title: "ET-39QX, Vitrier, Uzès 30700", Detail: "Vue par 4 professionnels", Href: "/invendus?c=req_8", Since: ago(70 * time.Minute), By: now.Add(20 * time.Minute)},
	{Queue: "Accès", Title: "Gard Dépannage demande à fermer son accès", Detail: "Avant le 11 décembre", Href: "/pros/pro_2", Since: ago(50 * time.Hour)},
}

var tradeOptions = []ui.Option{{Value: "plombier", Label: "Plombier"}, {Value: "serrurier", Label: "Serrurier"}, {Value: "electricien", Label: "Électricien"}, {Value: "vitrier", Label: "Vitrier"}}

func desk(l ui.Lang) ui.Desk {
	preview := board[0]
	preview.Km = -1
	preview.Odds = nil
	preview.Published = now
	d := ui.Desk{Space: house(l, "/bureau/req_1", "desk"), Action: "/bureau/req_1", Reference: "ET-4F7K", Trade: "plombier", TradeName: "Plombier", Trades: tradeOptions,
		Call:      &ui.DeskCall{Href: "/appels/call_1", Number: "06 39 98 12 34", Site: "depanneurs.example", Started: ago(72 * time.Second), Announce: "« Cet appel peut être enregistré pour former nos conseillers. Êtes-vous d'accord ? »", Answer: "yes", Recorded: true},
		Script:    []string{"Dépanneurs d'ici, bonjour. Que se passe-t-il, et dans quelle commune ?", "Le service est gratuit pour vous. Je cherche un plombier près de chez vous."},
		Questions: questions, Communes: []ui.Option{{Value: "30189", Label: "Nîmes"}},
		Urgency:  []ui.Option{{Value: "now", Label: "Maintenant"}, {Value: "today", Label: "Aujourd'hui"}, {Value: "week", Label: "Cette semaine"}},
		Consents: []ui.Consent{{Name: "contact", Wording: "Le client demande à être rappelé par un professionnel au sujet de cette demande.", Required: true}, {Name: "opinion", Wording: "Le client accepte qu'on lui demande son avis par SMS."}},
		Preview:  preview, Facts: []ui.Fact{{Label: "Que se passe-t-il ?", Value: "Une fuite"}, {Label: "D'où vient la fuite ?", Value: "Sous l'évier ou le lavabo"}, {Label: "L'eau coule-t-elle encore ?", Value: "Oui"}},
		Known: []ui.Link{{Text: "ET-1B2C, Serrurier, 14 mars 2026", Href: "/demandes/req_0"}},
		Asked: []ui.Candidate{{Name: "Alès Plomberie", Km: 4, Reason: "ouvert, 2 achats sur 6 aujourd'hui"}, {Name: "Gard Dépannage", Km: 6.2, Reason: "ouvert"}, {Name: "SARL Trois Sources", Km: 9, Reason: "ouvert"},
			{Name: "Plomberie du Vidourle", Km: 11.8, Reason: "ouvert"}},
		Excluded: []ui.Excluded{{Reason: "Hors horaires", N: 5}, {Reason: "Absent", N: 1}, {Reason: "Plafond atteint", N: 2}},
		Price: ui.Price{Suggested: 3600, Typed: "36,00", Min: 100, Max: 199900, VAT: 2000, Incl: 4320, Reasons: []ui.PriceReason{{Because: "Base", Effect: "24,00 €"}, {Because: "Demande urgente", Effect: "+ 12,00 €"},
			{Because: "Dimanche", Effect: "× 1,5"}, {Because: "Peu de professionnels alentour", Effect: "− 18,00 €"}}},
		Seats: 1, Saved: ago(4 * time.Second), PublishAs: "Inès Exemple"}
	d.Values = map[string][]string{"postcode": {"30000"}, "commune": {"30189"}, "answers.what": {"leak"}, "answers.leak": {"sink"}, "answers.flow": {"yes"}, "urgency": {"now"}, "name": {"Jeanne Exemple"}, "phone": {"06 39 98 12 34"}, "contact": {"yes"}}
	return d
}

func requestFile(l ui.Lang) ui.RequestFile {
	d := desk(l)
	item := board[0]
	item.Km, item.Odds = -1, nil
	return ui.RequestFile{Space: house(l, "/demandes/req_1", "request"), ID: "req_1", Reference: "ET-4F7K", Title: "Fuite sous évier", Where: "Nîmes 30000", Status: ui.Status{Tone: ui.Now, Text: "Publiée, 1 place libre"}, Item: item,
		Facts: append([]ui.Fact{{Label: "Nom", Value: "Jeanne Exemple"}, {Label: "Téléphone", Value: "06 39 98 12 34"}}, d.Facts...), Words: "Troisième étage, code 12A.",
		Steps:   []ui.Step{{At: ago(9 * time.Minute), Tone: ui.Good, Text: "Appel reçu", By: "ligne depanneurs.example"}, {At: ago(7 * time.Minute), Tone: ui.Good, Text: "Publiée à 36,00 €", By: "Inès Exemple"}, {At: ago(7*time.Minute - time.Second), Tone: ui.Good, Text: "4 professionnels prévenus, premier SMS remis en 38 ms"}, {At: ago(2 * time.Minute), Tone: ui.Wait, Text: "Place gardée par Gard Dépannage, puis rendue"}},
		AskedAt: ago(7 * time.Minute), Replay: ui.Status{Tone: ui.Good, Text: "Rejouée : identique"},
		Asked: []ui.Verdict{{Name: "Alès Plomberie", Href: "/pros/pro_1", Km: 4, In: true}, {Name: "Gard Dépannage", Href: "/pros/pro_2", Km: 6.2, In: true}, {Name: "Plomberie Martin", Href: "/pros/pro_9", Km: 3.1, Reason: "Hors horaires : ouvre à 10 h"}, {Name: "Aqua 30", Href: "/pros/pro_8", Km: 7.7, Reason: "Absent jusqu'au 30 novembre"}},
		Price: d.Price, Reasons: []ui.Option{{Value: "client", Label: "Le client n'en a plus besoin"}, {Value: "double", Label: "Doublon"}, {Value: "wrong", Label: "Fausse demande"}}, Templates: []ui.Option{{Value: "late", Label: "Le professionnel est en retard"}, {Value: "ask", Label: "Il nous manque une information"}},
		Pros: []ui.Option{{Value: "pro_3", Label: "SARL Trois Sources, 9 km"}}, Widen: []ui.Option{{Value: "10000", Label: "+ 10 km"}, {Value: "25000", Label: "+ 25 km"}}, CanLink: true, CanFix: true, CanPrice: true, CanPull: true, CanWiden: true, CanOffer: true, CanText: true, Audit: "Chaque ouverture de cette page est notée au journal."}
}

var roleOptions = []ui.Option{{Value: "agent", Label: "Conseil"}, {Value: "onboarding", Label: "Entrée des professionnels"}, {Value: "accountant", Label: "Comptes"}, {Value: "administrator", Label: "Administration"}}

func proFile(l ui.Lang) ui.ProFile {
	return ui.ProFile{CanEdit: true, CanSuspend: true, CanCredit: true, CanInvite: true, CanWhy: true, Space: house(l, "/pros/pro_1", ""), ID: "pro_1", Company: "Alès Plomberie", Status: ui.Status{Tone: ui.Good, Text: "Actif"}, Trades: tradeOptions, Coverage: coverage(), Balance: 12000,
		Reasons: []ui.Option{{Value: "terms", Label: "Manquement aux conditions"}, {Value: "fraud", Label: "Fraude ou faux supposé"}, {Value: "bypass", Label: "Contournement du paiement"}, {Value: "words", Label: "Propos injurieux, racistes ou obscènes"}},
		Checks:  []ui.Consent{{Name: "checked_id", Wording: "Pièce d'identité vue", Hint: "Nécessaire avant l'accès"}, {Name: "checked_registry", Wording: "Extrait du registre de moins de 3 mois", Hint: "Nécessaire avant l'accès"}, {Name: "checked_insurance", Wording: "Assurance décennale en cours", Hint: "Nécessaire avant l'accès"}},
		Facts:   []ui.Fact{{Label: "Référence", Value: "PRO-7K2M"}, {Label: "Depuis", Value: "14 mars 2025"}, {Label: "Achats, 30 jours", Value: "18"}, {Label: "Appelés à temps", Value: "94 %"}},
		Steps:   []ui.Step{{At: ago(600 * time.Hour), Tone: ui.Good, Text: "Accès ouvert", By: "Inès Exemple"}, {At: ago(30 * time.Hour), Tone: ui.Good, Text: "Virement reçu, 100,00 €", By: "Inès Exemple"}},
		Form:    ui.Form{Values: map[string][]string{"company": {"Alès Plomberie"}, "siren": {"000 000 000"}, "contact": {"Karim Exemple"}, "phone": {"06 39 98 45 67"}, "email": {"contact@ales-plomberie.example"}, "street": {"1 place de l'Exemple"}, "postcode": {"30100"}, "trades": {"plombier"}, "checked_id": {"yes"}, "checked_registry": {"yes"}, "checked_insurance": {"yes"}}}}
}

var staff = []Sample{
	{"aujourdhui", "Équipe", func(l ui.Lang) ui.View {
		return ui.Today{Space: house(l, "/aujourdhui", "due"), Due: due, Tell: []ui.Fact{{Label: "Demandes", Value: "41"}, {Label: "Vendues", Value: "36"}, {Label: "Premier SMS, 95 % avant", Value: "0,4 s"}, {Label: "Chiffre du jour, HT", Value: l.Money(money.Amount(142800))}}}
	}},
	{"aujourdhui-vide", "Équipe", func(l ui.Lang) ui.View { return ui.Today{Space: house(l, "/aujourdhui", "due")} }},
	{"bureau", "Équipe", func(l ui.Lang) ui.View { return desk(l) }},
	{"bureau-annonce", "Équipe", func(l ui.Lang) ui.View {
		v := desk(l)
		v.Call.Answer, v.Call.Started = "", ago(3*time.Second)
		v.Trade, v.Reference, v.Saved, v.Known = "", "", time.Time{}, nil
		v.Values = nil
		return v
	}},
	{"bureau-erreurs", "Équipe", func(l ui.Lang) ui.View {
		v := desk(l)
		v.Call = nil
		v.Price.Typed, v.Price.Overridden = "2 400", true
		v.Errors = []fault.Field{{Name: "price", Text: fault.T("Le prix va de 1,00 € à 1 999,00 € hors taxe.", "The price goes from €1.00 to €1,999.00 excluding VAT.")}, {Name: "phone", Text: fault.T("Ce numéro est trop court.", "This number is too short.")}}
		v.Missing = []string{"L'accord du client pour être rappelé", "Le prix"}
		v.Twin = ui.Link{Text: "ET-4F6J, même numéro, il y a 12 min", Href: "/demandes/req_7"}
		return v
	}},
	{"rappels", "Équipe", func(l ui.Lang) ui.View {
		return ui.Queue{Space: house(l, "/rappels?c=cb_1", "callbacks"), Title: l.T("Rappels", "Call-backs"), Hint: l.T("Le plus ancien d'abord. Deux conseillers ne prennent jamais le même.", "Oldest first. Two agents never take the same."), Due: due[:2],
			Open: &ui.QueueCase{ID: "cb_1", Title: "Plombier, Nîmes 30000", Facts: desk(l).Facts, Actions: []ui.Action{{Label: "Prendre et appeler", Href: "/rappels/cb_1/prendre", Key: "p", Main: true}}}}
	}},
	{"invendus-vide", "Équipe", func(l ui.Lang) ui.View {
		return ui.Queue{Space: house(l, "/invendus", "unsold"), Title: l.T("Invendus", "Unsold"), Hint: l.T("Publiées, et que personne n'a prises.", "Published, and nobody took them."), None: l.T("Tout est pris", "Everything is taken")}
	}},
	{"appels", "Équipe", func(l ui.Lang) ui.View {
		return ui.Calls{Space: house(l, "/appels", "calls"), Simulated: true, Trades: tradeOptions, ByHand: true, Untrained: "Votre formation à la qualification n'est pas notée : vous ne pouvez pas prendre votre service.",
			Ringing: []ui.Call{{ID: "call_2", Number: "06 39 98 77 01", Caller: "Jeanne Exemple", Site: "depanneurs.example", Trade: "Plombier", At: ago(9 * time.Second), Mine: true, Offered: "plombiers de métier d'abord"}},
			Live:    []ui.Call{{ID: "call_1", Number: "06 39 98 12 34", Site: "depanneurs.example", At: ago(72 * time.Second), Agent: "Inès", Status: ui.Status{Tone: ui.Now, Text: "En ligne"}, Href: "/bureau/req_1"}},
			Recent:  []ui.Call{{ID: "call_0", Number: "06 39 98 55 11", At: ago(40 * time.Minute), Agent: "Inès", Status: ui.Status{Tone: ui.Good, Text: "Demande ET-4F6J"}, Length: 132 * time.Second, Href: "/demandes/req_7"}, {ID: "call_x", Number: "masqué", At: ago(55 * time.Minute), Agent: "Paul", Status: ui.Status{Tone: ui.Quiet, Text: "Refus d'enregistrement"}, Length: 14 * time.Second}}}
	}},
	{"bureau-corrige", "Équipe", func(l ui.Lang) ui.View {
		v := desk(l)
		v.Changes = &ui.DeskChanges{At: ago(time.Minute), Corrections: 1, Lines: []ui.DeskChange{{Label: "Téléphone", Desk: "06 39 98 12 34", Now: "06 39 98 77 66"}, {Label: "Adresse", Now: "8 rue de l'Exemple"}}}
		return v
	}},
	{"demande-dossier", "Équipe", func(l ui.Lang) ui.View { return requestFile(l) }},
	{"demande-dossier-erreurs", "Équipe", func(l ui.Lang) ui.View {
		v := requestFile(l)
		v.Errors = []fault.Field{{Name: "price", Text: fault.T("Le prix va de 1,00 € à 1 999,00 € hors taxe.", "The price goes from €1.00 to €1,999.00 excluding VAT.")}}
		return v
	}},
	{"recherche", "Équipe", func(l ui.Lang) ui.View {
		s := house(l, "/recherche", "")
		s.Query = "exemple"
		return ui.Search{Space: s, Hits: []ui.Hit{{Kind: "Demande", Title: "ET-4F7K, Fuite sous évier", Detail: "Nîmes 30000", Href: "/demandes/req_1", At: ago(9 * time.Minute), Status: ui.Status{Tone: ui.Now, Text: "Publiée"}}, {Kind: "Professionnel", Title: "Alès Plomberie", Detail: "Plombier, Alès", Href: "/pros/pro_1"}}}
	}},
	{"recherche-vide", "Équipe", func(l ui.Lang) ui.View { return ui.Search{Space: house(l, "/recherche", "")} }},
	{"pros", "Équipe", func(l ui.Lang) ui.View {
		return ui.Pros{CanCreate: true, Space: house(l, "/pros", ""), Trades: tradeOptions, Total: 2014, Next: "/pros?after=x", Lines: []ui.ProLine{
			{ID: "pro_1", Name: "Alès Plomberie", Town: "Alès 30100", Trades: []string{"Plombier", "Chauffagiste"}, Coverage: "Alès et 25 km", Bought: 18, Last: ago(3 * time.Minute), Status: ui.Status{Tone: ui.Good, Text: "Actif"}},
			{ID: "pro_2", Name: "Gard Dépannage", Town: "Nîmes 30000", Trades: []string{"Plombier"}, Coverage: "Gard", Bought: 4, Last: ago(60 * time.Hour), Status: ui.Status{Tone: ui.Wait, Text: "Demande à partir"}},
			{ID: "pro_9", Name: "Plomberie Martin", Town: "Uzès 30700", Trades: []string{"Plombier"}, Coverage: "Uzès et 15 km", Status: ui.Status{Tone: ui.Bad, Text: "Suspendu : paiement contourné"}}}}
	}},
	{"pros-vide", "Équipe", func(l ui.Lang) ui.View { return ui.Pros{Space: house(l, "/pros", "")} }},
	{"pro", "Équipe", func(l ui.Lang) ui.View {
		v := proFile(l)
		w := why(l)
		v.Why, v.Asked = &w, "ET-39QX"
		return v
	}},
	{"pro-verifie", "Équipe", func(l ui.Lang) ui.View {
		v := proFile(l)
		v.Standing = verified(l)
		v.Verifiers = []ui.Option{{Value: "solvency:solvency", Label: "Un service de vérification, solvabilité"}, {Value: "fraud:fraud", Label: "Un organisme contre la fraude, prévention de la fraude"}}
		v.Sendable = []ui.Option{{Value: "company", Label: "Raison sociale"}, {Value: "siren", Label: "SIREN"}}
		v.Results = []ui.Option{{Value: "clear", Label: "Sans réserve"}, {Value: "reserved", Label: "Avec réserve"}}
		v.Form.Errors = []fault.Field{{Name: "result", Text: fault.T("Dites le résultat.", "Say the result.")}, {Name: "signed_on", Text: fault.T("Ce jour n’est pas encore venu.", "This day has not come yet.")}}
		return v
	}},
	{"pro-suspendu", "Équipe", func(l ui.Lang) ui.View {
		v := proFile(l)
		v.Held, v.Status, v.Coverage.Dots = true, ui.Status{Tone: ui.Bad, Text: "Suspendu : paiement contourné"}, nil
		v.Idle = "Aucun achat depuis trois mois : la relation peut être close."
		return v
	}},
	{"pro-nouveau", "Équipe", func(l ui.Lang) ui.View {
		return ui.ProFile{CanEdit: true, Space: house(l, "/pros/nouveau", ""), Trades: tradeOptions, Checks: proFile(l).Checks, Communes: []ui.Option{{Value: "30034", Label: "Bourdic"}, {Value: "30241", Label: "Saint-Chaptes"}},
			Form: ui.Form{Errors: []fault.Field{{Name: "siren", Text: fault.T("Ce SIREN n'existe pas : un chiffre est faux.", "This SIREN does not exist: a digit is wrong.")}, {Name: "trades", Text: fault.T("Choisissez au moins un métier.", "Choose at least one trade.")}}}}
	}},
	{"equipe", "Équipe", func(l ui.Lang) ui.View {
		return ui.Team{Space: house(l, "/equipe", ""), Roles: roleOptions, Trades: tradeOptions, Open: "usr_2", Lines: []ui.Member{
			{ID: "usr_1", Name: "Inès Exemple", Email: "ines@depanneurs.example", Roles: []string{"agent", "accountant", "administrator"}, Trades: []string{"plombier"}, Trained: "2026-03-02", Status: ui.Status{Tone: ui.Good, Text: "En service"}, Last: now, Self: true},
			{ID: "usr_2", Name: "Paul Exemple", Email: "paul@depanneurs.example", Roles: []string{"agent"}, Status: ui.Status{Tone: ui.Wait, Text: "Non formé"}, Last: ago(30 * time.Hour)},
			{ID: "usr_3", Name: "Zoé Exemple", Email: "zoe@depanneurs.example", Roles: []string{"onboarding"}, Status: ui.Status{Tone: ui.Quiet, Text: "Invitée"}, Link: "https://pro.depanneurs.example/invitation/exemple", Disabled: false}}}
	}},
	{"jetons", "Équipe", func(l ui.Lang) ui.View {
		return ui.Tokens{Space: house(l, "/jetons", ""), New: "ent_ExempleDeJetonQuiNeServePas", Kinds: []ui.Option{{Value: "affiliate", Label: "Un partenaire, qui envoie des demandes"}, {Value: "pro", Label: "Un professionnel, qui en prend"}, {Value: "staff", Label: "Un conseiller, qui en qualifie"}},
			Lines: []ui.Token{{ID: "tok_1", Name: "Annuaire Exemple", Holder: "Annuaire Exemple, api@annuaire.example", At: ago(time.Minute), By: "vous", Good: true}, {ID: "tok_2", Name: "Agenda", Holder: "Claude Tuyau, claude@artisans.example", At: ago(80 * time.Hour), By: "Inès Exemple"}}}
	}},
	{"jetons-vide", "Équipe", func(l ui.Lang) ui.View { return ui.Tokens{Space: house(l, "/jetons", "")} }},
	{"permissions", "Équipe", func(l ui.Lang) ui.View {
		return ui.Permissions{Space: house(l, "/permissions", ""), Roles: []string{"Client", "Professionnel", "Conseil", "Entrée", "Comptes", "Administration"}, Rows: []ui.Permission{
			{Group: "Demandes", Action: "Lire sa demande", May: []string{"la sienne", "", "", "", "", ""}}, {Group: "Demandes", Action: "Publier", May: []string{"", "", "yes", "", "", ""}}, {Group: "Demandes", Action: "Lire les coordonnées", May: []string{"", "après achat", "yes", "", "", ""}},
			{Group: "Argent", Action: "Noter un virement", May: []string{"", "", "", "", "yes", ""}}, {Group: "Argent", Action: "Lire les factures", May: []string{"", "les siennes", "", "", "yes", ""}}}}
	}},
	{"journal", "Équipe", func(l ui.Lang) ui.View {
		return ui.Journal{Space: house(l, "/journal", ""), Whos: []ui.Option{{Value: "acc_1", Label: "Inès Exemple"}}, Whats: []ui.Option{{Value: "reveal", Label: "Coordonnées lues"}}, Next: "/journal?after=x", Lines: []ui.Entry{
			{At: ago(time.Minute), Who: "Inès Exemple", What: "Demande ouverte", On: "ET-4F7K", Href: "/demandes/req_1", Why: "appel en cours"}, {At: ago(3 * time.Minute), Who: "Alès Plomberie", What: "Coordonnées lues", On: "ET-4F7K", Why: "achat pur_1"}, {At: ago(5 * time.Minute), Who: "Paul Exemple", What: "Prendre son service", On: "usr_2", Why: "formation non notée", Denied: true}}}
	}},
	{"ventes", "Équipe", func(l ui.Lang) ui.View {
		trend := []float64{.32, .4, .38, .9, .41, .36, .5, .42, .37, .4, .44, .39}
		return ui.Sales{Space: house(l, "/ventes", ""), From: "2026-11-01", To: "2026-11-22", Tell: []ui.Fact{{Label: "Demandes", Value: "1 204"}, {Label: "Vendues", Value: "91 %"}, {Label: "Montant HT", Value: l.Money(4123400)}, {Label: "Prix moyen HT", Value: l.Money(3760)}},
			Delays: []ui.Delay{{Label: "Fin d'appel → publiée", P50: 21 * time.Second, P95: 58 * time.Second, N: 1204, Target: time.Minute, Trend: []float64{50, 61, 58, 44, 70, 52, 55, 58, 49, 47, 58, 58}}, {Label: "Publiée → premier SMS", P50: 41 * time.Millisecond, P95: 420 * time.Millisecond, N: 1204, Target: time.Minute, Trend: trend},
				{Label: "Achat → premier appel", P50: 3*time.Minute + 12*time.Second, P95: 11*time.Minute + 2*time.Second, N: 1096, Target: 10 * time.Minute, Trend: []float64{500, 540, 700, 580, 640, 610, 590, 620, 655, 600, 640, 662}}},
			Funnel: []ui.Count{{Label: "Reçues", N: 1204}, {Label: "Publiées", N: 1160}, {Label: "Vendues", N: 1096}, {Label: "Jointes", N: 940}, {Label: "Gagnées", N: 511}},
			Days:   []ui.SalesDay{{Day: ago(24 * time.Hour), Asked: 62, Sold: 57, Excl: 214300, Recorded: 50, Late: 7}, {Day: ago(48 * time.Hour), Asked: 58, Sold: 55, Excl: 201100, Recorded: 51, Late: 4}},
			Trades: []ui.SalesTrade{{Trade: "Plombier", Asked: 610, Sold: 570, Mean: 3900, Trend: []float64{21, 25, 30, 18, 22, 27, 31}}, {Trade: "Serrurier", Asked: 380, Sold: 351, Mean: 3400, Trend: []float64{12, 15, 11, 18, 14, 16, 13}}}}
	}},
	{"ventes-vide", "Équipe", func(l ui.Lang) ui.View { return ui.Sales{Space: house(l, "/ventes", "")} }},
	{"reglages", "Équipe", func(l ui.Lang) ui.View {
		return ui.Settings{Space: house(l, "/reglages", ""), Hash: "9f31c20a7be4d55e0a11", InForce: ago(500 * time.Hour), Applied: ago(501 * time.Hour), By: "Inès Exemple",
			Groups:   []ui.SettingGroup{{Title: "Ventes", Facts: []ui.Fact{{Label: "Places", Value: "1, exclusive"}, {Label: "Prix HT", Value: "1 à 1 999 €"}, {Label: "Panier", Value: "5 minutes"}}}, {Title: "Délais", Facts: []ui.Fact{{Label: "Premier appel", Value: "10 minutes"}, {Label: "Sur place", Value: "30 minutes"}}}},
			Editions: []ui.EditionLine{{Hash: "9f31c20a7be4d55e0a11", InForce: ago(500 * time.Hour), Status: ui.Status{Tone: ui.Good, Text: "En vigueur"}}, {Hash: "11aa", InForce: ago(2500 * time.Hour), Status: ui.Status{Text: "Passée"}}}}
	}},
}

var gate = []Sample{
	{"connexion", "Entrée", func(l ui.Lang) ui.View {
		return ui.SignIn{Frame: frame(l, "/connexion"), Operator: site.Name, Next: "/bureau", Demo: true}
	}},
	{"connexion-erreur", "Entrée", func(l ui.Lang) ui.View {
		return ui.SignIn{Frame: frame(l, "/connexion"), Operator: site.Name, Form: ui.Form{Values: map[string][]string{"email": {"ines@depanneurs.example"}}, Failed: fault.T("Cette adresse et ce mot de passe ne vont pas ensemble.", "This address and this password do not go together.")}}
	}},
	{"connexion-code", "Entrée", func(l ui.Lang) ui.View {
		return ui.SignIn{Frame: frame(l, "/connexion"), Operator: site.Name, Code: true}
	}},
	{"lien", "Entrée", func(l ui.Lang) ui.View {
		return ui.LinkSignIn{Frame: frame(l, "/connexion/lien/x"), Operator: site.Name, Action: "/connexion/lien/x", Name: "Inès"}
	}},
	{"lien-eteint", "Entrée", func(l ui.Lang) ui.View {
		return ui.LinkSignIn{Frame: frame(l, "/connexion/lien/x"), Operator: site.Name, Gone: true}
	}},
	{"invitation", "Entrée", func(l ui.Lang) ui.View {
		return ui.Invitation{Frame: frame(l, "/invitation/x"), Operator: site.Name, Action: "/invitation/x", Name: "Zoé Exemple", Email: "zoe@depanneurs.example", Roles: []string{"Conseil"}, Secret: "JBSW Y3DP EHPK 3PXP",
			QR: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8" shape-rendering="crispEdges"><path d="M0 0h3v3H0zM5 0h3v3H5zM0 5h3v3H0zM4 4h1v1H4zM6 5h1v2H6zM4 7h2v1H4z"/></svg>`}
	}},
	{"invitation-eteinte", "Entrée", func(l ui.Lang) ui.View {
		return ui.Invitation{Frame: frame(l, "/invitation/x"), Operator: site.Name, Gone: true}
	}},
	{"deconnecte", "Entrée", func(l ui.Lang) ui.View { return ui.SignedOut{Frame: frame(l, "/deconnexion"), Operator: site.Name} }},
	{"confirmer", "Entrée", func(l ui.Lang) ui.View {
		return ui.Fresh{Space: house(l, "/confirmer", ""), Action: "/confirmer", Why: l.T("Changer un moyen de paiement demande une connexion récente.", "Changing a means of payment needs a recent sign-in.")}
	}},
	{"demo", "Démonstration", func(l ui.Lang) ui.View {
		return ui.DemoHome{Frame: frame(l, "/_demo"), Operator: site.Name, Offset: 26 * time.Hour, Sites: []ui.Link{{Text: "depanneurs.example", Href: "/"}},
			Roles: []ui.DemoRole{{Role: "Professionnel", Name: "Alès Plomberie", Detail: "120,00 € au portefeuille", Href: "/connexion/lien/a"}, {Role: "Conseil", Name: "Paul Exemple", Detail: "Plombier de métier", Href: "/connexion/lien/b"}, {Role: "Toute la maison", Name: "Inès Exemple", Detail: "Tous les rôles à la fois", Href: "/connexion/lien/c"}},
			Jumps: []ui.Option{{Value: "10m", Label: "+ 10 minutes"}, {Value: "1h", Label: "+ 1 heure"}, {Value: "24h", Label: "+ 1 jour"}}}
	}},
	{"envois", "Démonstration", func(l ui.Lang) ui.View {
		return ui.Outbox{Frame: frame(l, "/_demo/outbox"), Operator: site.Name, Lines: []ui.OutboxLine{
			{ID: "msg_1", Kind: "sms", At: ago(time.Minute), To: "06 39 98 12 34", Text: "Dépanneurs d'ici : Alès Plomberie vous rappelle avant 9 h 19. Suivre ou arrêter : depanneurs.example/r/x", Status: ui.Status{Tone: ui.Good, Text: "Remis"}},
			{ID: "msg_2", Kind: "mail", At: ago(2 * time.Minute), To: "contact@ales-plomberie.example", Subject: "Fuite sous évier, Nîmes 30000, 4 km", Text: "36,00 € HT (43,20 € TTC). Prendre : pro.depanneurs.example/tableau/req_1"},
			{ID: "pay_1", Kind: "payment", At: ago(3 * time.Minute), To: "Alès Plomberie", Amount: 5760, Text: "Carte terminée par 4242", Status: ui.Status{Tone: ui.Good, Text: "Débitée une fois"}}}}
	}},
	{"envois-vide", "Démonstration", func(l ui.Lang) ui.View {
		return ui.Outbox{Frame: frame(l, "/_demo/outbox"), Operator: site.Name, Kind: "sms"}
	}},
}
