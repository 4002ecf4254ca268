package gallery

import (
	"math"
	"time"

	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/web/ui"
)

func mine(l ui.Lang, path, topic string) ui.Space {
	return ui.Space{Frame: frame(l, path), Operator: site.Name, User: "Karim Exemple", As: "Alès Plomberie", Pro: true, May: ui.NavPaths(true), Counts: map[string]int{"/panier": 1}, Topic: topic, Demo: true}
}

var board = []ui.BoardItem{
	{ID: "req_1", Title: "Fuite sous évier", Trade: "Plombier", Commune: "Nîmes", Postcode: "30000", Km: 4, Urgent: true, When: "Urgent", Published: ago(40 * time.Second), Excl: 3600, Incl: 4320, Seats: 1, Left: 1, Odds: &ui.Odds{Reached: .71, N: 83}},
	{ID: "req_2", Title: "Chauffe-eau en panne", Trade: "Plombier", Commune: "Saint-Hilaire-de-Brethmas", Postcode: "30560", Km: 11.4, When: "Cette semaine", Published: ago(11 * time.Minute), Excl: 2400, Incl: 2880, Seats: 3, Left: 2},
	{ID: "req_3", Title: "WC bouchés", Trade: "Plombier", Commune: "Alès", Postcode: "30100", Km: 1.2, Urgent: true, When: "Urgent", Published: ago(13 * time.Minute), Excl: 4800, Incl: 5760, Seats: 1, Left: 0, HeldUntil: now.Add(3*time.Minute + 12*time.Second), Odds: &ui.Odds{Reached: .8, N: 140}},
	{ID: "req_4", Title: "Fuite mur ou plafond", Trade: "Plombier", Commune: "Anduze", Postcode: "30140", Km: 14, Urgent: true, When: "Urgent", Published: ago(19 * time.Minute), Excl: 123400, Incl: 148080, Seats: 1, Left: 0, FreeAt: now.Add(80 * time.Second)},
	{ID: "req_5", Title: "Robinet à changer", Trade: "Plombier", Commune: "Uzès", Postcode: "30700", Km: 22, When: "Ce mois-ci", Published: ago(2 * time.Hour), Excl: 1800, Incl: 2160, Seats: 3},
}

func sheet(l ui.Lang, item ui.BoardItem) ui.Sheet {
	return ui.Sheet{Space: mine(l, "/tableau/"+item.ID, "board"), Item: item, Photos: 2, HasWords: true, VAT: 2000, Balance: 12000, Card: true,
		Facts: []ui.Fact{{Label: "Que se passe-t-il ?", Value: "WC bouchés"}, {Label: "Depuis quand ?", Value: "Ce matin"}, {Label: "Logement", Value: "Appartement, 3e étage"}},
		Notices: []string{"Aucune garantie n'est donnée d'emporter le marché, ni de la solvabilité, de la disponibilité ou de l'intérêt réel du client.",
			"Ces informations viennent du client et sont indicatives. Vous êtes seul responsable du devis et de la facture que vous lui remettez."},
		Confirmations: []ui.Consent{
			{Name: "near", Wording: "Je suis proche du lieu en ce moment.", Required: true},
			{Name: "free", Wording: "Je peux intervenir en moins de 30 minutes.", Required: true},
			{Name: "able", Wording: "Je suis compétent et équipé pour ces travaux.", Required: true}},
		Form: ui.Form{Hidden: []ui.Hidden{{Name: "once", Value: "once_9d"}}}}
}

func bought(l ui.Lang) ui.Bought {
	return ui.Bought{Space: mine(l, "/achats/pur_1", "purchase"), Base: "/achats", ID: "pur_1", Title: "WC bouchés", Where: "Alès 30100", Paid: ago(3*time.Minute + 20*time.Second), CallBy: now.Add(6*time.Minute + 40*time.Second), Clock: 10 * time.Minute,
		Name: "Jeanne Exemple", Phone: "06 39 98 12 34", Tel: "+33639981234", Email: "jeanne@exemple.test", Street: "3 rue de l'Exemple, 30100 Alès", Map: "geo:44.127,4.083",
		Facts: sheet(l, board[2]).Facts, Words: "Troisième étage, code 12A. Le chat est gentil.",
		Consent: "Le 22 novembre 2026 à 9 h 05, par formulaire : « Je demande à être rappelé par un conseiller de Dépanneurs d'ici, puis par un professionnel, au sujet de cette demande. »",
		PDF:     "/achats/pur_1.pdf", VCard: "/achats/pur_1.vcf", Invoice: ui.Link{Text: l.T("Facture F-2026-000412", "Invoice F-2026-000412"), Href: "/factures/F-2026-000412.pdf"},
		Reminder: "Appelez maintenant : les clients attendent un appel dans les minutes qui suivent.", K: 1, Seats: 1, PaidWith: "portefeuille", Excl: 4800, Incl: 5760}
}

// coverage is a made-up country around Alès: a spiral of communes, so that the map has something to draw.
func coverage() ui.Coverage {
	c := ui.Coverage{Centre: "Alès 30100", RadiusKm: 25, Departments: "", Communes: "34190", Words: "Alès et 25 km autour, et Ganges."}
	names := map[int]string{0: "Alès", 7: "Anduze", 12: "Saint-Ambroix", 21: "La Grand-Combe", 30: "Vézénobres", 41: "Uzès", 55: "Ganges"}
	for i := range 150 {
		r, a := 2.9*math.Sqrt(float64(i)), 2.399963*float64(i)
		d := ui.Dot{East: r * math.Cos(a), North: r * math.Sin(a), Weight: .04 + .5/float64(2+i%17), Name: names[i], In: r < 25 || i == 100}
		if d.Name != "" {
			d.Weight = .9 - float64(i)/100
		}
		c.Dots = append(c.Dots, d)
	}
	return c
}

func profile(l ui.Lang) ui.Profile {
	p := ui.Profile{Space: mine(l, "/profil", ""), Company: "Alès Plomberie", Write: "bonjour@depanneurs.example", Trades: []string{"Plombier", "Chauffagiste"}, Coverage: coverage(), SMS: true, Email: true, PerDay: "6", PerMonth: "60", New: "ent_ExempleDeJetonQuiNeServePas",
		Tokens:  []ui.Token{{ID: "tok_1", Name: "Agenda", At: ago(time.Minute), By: "vous", Good: true}, {ID: "tok_2", Name: "Ancien agenda", At: ago(80 * time.Hour), By: "Dépanneurs d’ici"}},
		Nearby:  []ui.Nearby{{Trade: "Plombier", Place: "Uzès", INSEE: "30334", Requests: 6, Km: 28.4}, {Trade: "Chauffagiste", Place: "Quissac", INSEE: "30210", Requests: 2, Km: 31}},
		Facts:   []ui.Fact{{Label: "SIREN", Value: "000 000 000"}, {Label: "Adresse", Value: "1 place de l'Exemple\n30100 Alès"}, {Label: "Téléphone", Value: "06 39 98 45 67"}, {Label: "E-mail", Value: "contact@ales-plomberie.example"}},
		Notices: []string{"Il vous est conseillé de ne pas dépendre de ces demandes pour l'essentiel de votre activité.", "Votre zone peut aussi être changée à tout moment par e-mail."}}
	p.Contact = ui.OwnContact{Email: "contact@ales-plomberie.example", Phone: "06 39 98 45 67", Street: "1 place de l'Exemple", Postcode: "30100"}
	for d := range 5 {
		p.Hours[d] = ui.Hours{From: "07:00", To: "20:00"}
	}
	p.Hours[5] = ui.Hours{From: "08:00", To: "12:00"}
	return p
}

func verified(l ui.Lang) ui.Standing {
	return ui.Standing{
		Inquiries: []ui.Inquiry{{What: l.T("solvabilité", "solvency"), Provider: "Un service de vérification", On: "22 novembre 2026", Sent: "raison sociale, SIREN", Reference: "SV-2026/114", Until: l.T("jusqu’au 22 mai 2027", "until 22 May 2027"), Result: ui.Status{Tone: ui.Good, Text: l.T("Sans réserve", "Clear")}}},
		Agreements: []ui.Agreement{{Title: "Astreinte des jours fériés", Reference: "AP-2026-7", On: "3 novembre 2026", Until: l.T("jusqu’au 31 décembre 2027", "until 31 December 2027")},
			{Title: "Tarif de lancement", Reference: "AP-2025-1", On: "2 janvier 2025", Until: l.T("jusqu’au 31 mars 2025", "until 31 March 2025"), Over: true}},
	}
}

func why(l ui.Lang) ui.Why {
	return ui.Why{Space: mine(l, "/pourquoi/req_9", ""), Title: "Fuite sous évier, Uzès 30700", At: ago(26 * time.Hour),
		Sentence: "À 7 h 12 vous étiez hors de vos horaires : le samedi, ils commencent à 8 h."}
}

var pro = []Sample{
	{"tableau", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Board{Space: mine(l, "/tableau", "board"), Items: board, Area: "Alès et 25 km"}
	}},
	{"tableau-vide", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Board{Space: mine(l, "/tableau", "board"), Area: "Alès et 25 km", Absent: now.AddDate(0, 0, 5), Notice: "Votre attestation d'assurance se termine le 30 novembre."}
	}},
	{"fiche", "Professionnel", func(l ui.Lang) ui.View { return sheet(l, board[0]) }},
	{"fiche-payer", "Professionnel", func(l ui.Lang) ui.View { return sheet(l, board[2]) }},
	{"fiche-erreurs", "Professionnel", func(l ui.Lang) ui.View {
		v := sheet(l, board[2])
		v.Balance = 1200
		v.Values = map[string][]string{"near": {"yes"}}
		v.Errors = []fault.Field{{Name: "free", Text: fault.T("Confirmez que vous pouvez intervenir en moins de 30 minutes.", "Confirm that you can be there within 30 minutes.")}, {Name: "able", Text: fault.T("Confirmez que vous êtes compétent et équipé.", "Confirm that you are competent and equipped.")}}
		return v
	}},
	{"fiche-prise", "Professionnel", func(l ui.Lang) ui.View {
		v := sheet(l, board[4])
		v.Failed = fault.T("Un confrère vient de la prendre. Rien ne vous est débité.", "A colleague has just taken it. Nothing is charged.")
		return v
	}},
	{"fiche-achetee", "Professionnel", func(l ui.Lang) ui.View {
		v := sheet(l, board[4])
		v.Bought = "pur_1"
		return v
	}},
	{"panier", "Professionnel", func(l ui.Lang) ui.View {
		second := board[1]
		second.HeldUntil = now.Add(70 * time.Second)
		return ui.Cart{Space: mine(l, "/panier", "cart"), Lines: []ui.BoardItem{board[2], second}, Lost: []string{"Robinet à changer, Uzès"}, Total: 8640}
	}},
	{"panier-vide", "Professionnel", func(l ui.Lang) ui.View { return ui.Cart{Space: mine(l, "/panier", "cart")} }},
	{"achat", "Professionnel", func(l ui.Lang) ui.View { return bought(l) }},
	{"achat-appele", "Professionnel", func(l ui.Lang) ui.View {
		v := bought(l)
		v.Called, v.Outcome, v.Seats, v.K = ago(time.Minute), "reached", 3, 2
		v.Log = []ui.Step{{At: ago(3 * time.Minute), Tone: ui.Good, Text: l.T("Coordonnées ouvertes", "Details opened")}, {At: ago(time.Minute), Tone: ui.Good, Text: l.T("Vous l'avez joint", "You reached them")}}
		return v
	}},
	{"achat-retard", "Professionnel", func(l ui.Lang) ui.View {
		v := bought(l)
		v.CallBy = ago(2*time.Minute + 5*time.Second)
		return v
	}},
	{"achat-paiement", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Paying{Space: mine(l, "/achats/pur_1/retour", "pro"), State: ui.PayWaits, What: "WC bouchés, Alès 30100", Incl: 5760, Again: ui.Link{Text: l.T("Toutes les demandes", "All requests"), Href: "/tableau"}}
	}},
	{"achat-masque", "Professionnel", func(l ui.Lang) ui.View {
		v := bought(l)
		v.Masked = "Le client ne souhaite plus être contacté. Votre achat et votre facture restent ici."
		v.Photos = nil
		return v
	}},
	{"achats", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Purchases{Space: mine(l, "/achats", "purchase"), Base: "/achats", Next: "/achats?after=x", Lines: []ui.PurchaseLine{
			{ID: "pur_1", Title: "WC bouchés", Where: "Alès 30100", At: ago(3 * time.Minute), Incl: 5760, CallBy: now.Add(6 * time.Minute), Status: ui.Status{Tone: ui.Now, Text: "À appeler"}},
			{ID: "pur_2", Title: "Fuite chauffe-eau", Where: "Anduze 30140", At: ago(20 * time.Hour), Incl: 4320, Status: ui.Status{Tone: ui.Good, Text: "Gagné"}},
			{ID: "pur_3", Title: "Évier bouché", Where: "Alès 30100", At: ago(90 * time.Hour), Incl: 2880, Status: ui.Status{Tone: ui.Quiet, Text: "Perdu : plus besoin"}}}}
	}},
	{"achats-vide", "Professionnel", func(l ui.Lang) ui.View { return ui.Purchases{Space: mine(l, "/achats", "purchase")} }},
	{"factures", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Invoices{Space: mine(l, "/factures", ""), Lines: []ui.InvoiceLine{
			{Number: "F-2026-000412", At: ago(3 * time.Minute), Subject: "Mise en relation ET-4F7K", Excl: 4800, VAT: 960, Incl: 5760},
			{Number: "A-2026-000031", At: ago(70 * time.Hour), Subject: "Avoir sur F-2026-000377, numéro erroné", Excl: -2400, VAT: -480, Incl: -2880, PDF: "/factures/A-2026-000031.pdf"},
			{Number: "F-2026-000377", At: ago(90 * time.Hour), Subject: "Mise en relation ET-39QX", Excl: 2400, VAT: 480, Incl: 2880, PDF: "/factures/F-2026-000377.pdf"}}}
	}},
	{"factures-vide", "Professionnel", func(l ui.Lang) ui.View { return ui.Invoices{Space: mine(l, "/factures", "")} }},
	{"portefeuille", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Wallet{Space: mine(l, "/portefeuille", ""), Balance: 12000, Card: true, Amounts: []money.Amount{5000, 10000, 20000, 50000},
			Lines:    []ui.WalletLine{{At: ago(3 * time.Minute), Text: "Achat ET-4F7K", Amount: -5760, Balance: 12000}, {At: ago(30 * time.Hour), Text: "Virement reçu", Amount: 10000, Balance: 17760}},
			CSV:      "/portefeuille.csv",
			Transfer: []ui.Copied{{Label: "Bénéficiaire", Shown: "Dépanneurs d'ici SASU", Wanted: "Dépanneurs d'ici SASU"}, {Label: "IBAN", Shown: "FR76 0000 0000 0000 0000 0000 097", Wanted: "FR7600000000000000000000097"}, {Label: "Référence à écrire", Shown: "000000000", Wanted: "000000000"}}}
	}},
	{"portefeuille-vide", "Professionnel", func(l ui.Lang) ui.View {
		return ui.Wallet{Space: mine(l, "/portefeuille", ""), Transfer: []ui.Copied{{Label: "Coordonnées bancaires", Shown: "sur demande à bonjour@depanneurs.example"}}}
	}},
	{"profil", "Professionnel", func(l ui.Lang) ui.View { return profile(l) }},
	{"profil-injoignable", "Professionnel", func(l ui.Lang) ui.View {
		v := profile(l)
		v.Contact.Unreached, v.Contact.Waiting = true, []ui.Hidden{{Name: "phone", Value: "06 39 98 45 68"}}
		v.Form.Errors = []fault.Field{{Name: "postcode", Text: fault.T("Ce code postal n’existe pas.", "There is no such postcode.")}}
		v.Standing = verified(l)
		return v
	}},
	{"profil-erreurs", "Professionnel", func(l ui.Lang) ui.View {
		v := profile(l)
		v.Coverage.Dots = nil
		v.Errors = []fault.Field{{Name: "radius", Text: fault.T("Le rayon va de 1 à 200 km.", "The radius goes from 1 to 200 km.")}}
		v.Values = map[string][]string{"radius": {"900"}}
		return v
	}},
	{"pourquoi", "Professionnel", func(l ui.Lang) ui.View { return why(l) }},
}
