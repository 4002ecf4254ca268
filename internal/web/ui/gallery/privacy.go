package gallery

import (
	"time"

	"entremise/internal/web/ui"
)

// choiceMade is a line of the ledger.
func choiceMade(l ui.Lang, id string, granted, old bool) ui.Choice {
	return ui.Choice{ID: id, Consent: "opinion", Words: "J’accepte que Dépanneurs d’ici me demande mon avis une fois, par SMS ou par e-mail, après l’intervention.", Granted: granted, Old: old, At: ago(26 * time.Hour), Channel: l.T("formulaire", "form"),
		Form: "4f7k2b8m", Hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Proof: "/log/preuve/x", Shown: "/ma-demande/accords/" + id}
}

func mayCall(l ui.Lang, asked bool, may ui.May) ui.Canvass {
	return ui.Canvass{Space: house(l, "/demarchage", ""), Trades: []ui.Option{{Value: "plombier", Label: "Plombier"}}, Asked: asked, Number: "06 39 98 12 34", May: may, Register: "Bloctel", Loads: true,
		Own: []ui.Link{{Text: l.T("Rappeler pour sa demande ET-4F7K", "Call back about request ET-4F7K"), Href: "/demandes/req_1"}}, OwnMay: []ui.May{{Why: l.T("Cet appel répond à la demande de la personne.", "This call answers the person’s own request."), Article: "C. conso. R223-4"}},
		Rules: []ui.Rule{{Why: l.T("La personne n’a pas donné son accord préalable.", "The person gave no prior consent."), Article: "C. conso. L223-1", Since: l.T("depuis le 11 août 2026", "since 11 August 2026")}}}
}

var privacy = []Sample{
	{"verifier", "Documents", func(l ui.Lang) ui.View {
		return ui.Verify{Public: open(l, "/verifier"), Email: "bonjour@avis.example", Tel: "+33261911234", Messages: true, Outside: true, Reviews: true, Batch: 100, Wait: l.T("7 jours", "7 days"), Learn: []ui.Link{{Text: l.T("Ce qu’est une chaîne de blocs", "What a chain of blocks is"), Href: "https://exemple.example/chaine"}, {Text: l.T("Ce qu’est une empreinte", "What a fingerprint is"), Href: "https://exemple.example/empreinte"}},
			Roots: []ui.Root{{Size: 1890, Leaves: 100, At: ago(190 * time.Hour), Places: []ui.RootAt{{Place: "Chaîne Exemple", Outside: true, At: ago(189 * time.Hour), Href: "https://explorateur.example/tx/0x1"}}}}}
	}},
	{"verifier-sans-chaine", "Documents", func(l ui.Lang) ui.View {
		return ui.Verify{Public: open(l, "/verifier"), Email: "bonjour@exemple.example", Tel: "+33199001234"}
	}},
	{"empreintes", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Anchors{Space: house(l, "/empreintes", ""), On: true, Batch: 100, Wait: l.T("7 jours", "7 days"), Counted: 12, Since: ago(26 * time.Hour), Late: ago(30 * time.Hour), Key: "entremise/log+1f0c4c7a+AZ0x0000000000000000000000000000000000000000000", Roots: []ui.Root{
			{Size: 2048, Leaves: 100, At: ago(30 * time.Hour), Places: []ui.RootAt{{Place: "Chaîne Exemple", Outside: true, Error: "the chain's node, eth_chainId: no answer: connection refused"}, {Place: "Horodateur Exemple", Outside: true, At: ago(30 * time.Hour), Href: "/log/ancres/2048/horodatage.tsr"}}},
			{Size: 1890, Leaves: 100, At: ago(190 * time.Hour), Places: []ui.RootAt{{Place: "Chaîne Exemple", Outside: true, At: ago(189 * time.Hour), Href: "https://explorateur.example/tx/0x1"}}}}}
	}},
	{"empreintes-vide", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Anchors{Space: house(l, "/empreintes", ""), Rewritten: true, Key: "entremise/log+1f0c4c7a+AZ0x0000000000000000000000000000000000000000000"}
	}},
	{"accepter", "Documents", func(l ui.Lang) ui.View {
		s := house(l, "/accepter", "")
		s.Pro, s.May = true, ui.NavPaths(true)
		return ui.Accepting{Space: s, Rows: []ui.VersionRow{{Kind: "pro-terms", Title: l.T("Conditions de vente", "Terms of sale"), Href: "/documents/pro-terms/4f7k2b8m", Applies: now, Version: "4f7k2b8m", State: ui.Status{Tone: ui.Wait, Text: l.T("à accepter", "to accept")}, Changes: "/documents/pro-terms/4f7k2b8m/changements"}}}
	}},
	{"invitation-professionnel", "Documents", func(l ui.Lang) ui.View {
		return ui.Invitation{Frame: frame(l, "/invitation/x"), Operator: site.Name, Action: "/invitation/x", Name: "Alès Plomberie", Email: "ales@artisans.example", Pro: true,
			Terms:     &ui.Consent{Name: "consent-pro-terms", Wording: l.T("J’ai lu et j’accepte les conditions de vente et la charte de qualité.", "I have read and accept the terms of sale and the quality charter."), Required: true},
			Documents: []ui.Link{{Text: l.T("Conditions de vente", "Terms of sale"), Href: "/conditions-de-vente"}, {Text: l.T("Charte de qualité", "Quality charter"), Href: "/charte"}}}
	}},
	{"nous-ecrire", "Documents", func(l ui.Lang) ui.View {
		return ui.MessageForm{Public: open(l, "/nous-ecrire"), Form: ui.Form{Starred: true}, Action: "/nous-ecrire", Email: "bonjour@avis.example", Phone: "02 61 91 00 10",
			Consents: []ui.Consent{{Name: "consent-contact", Wording: l.T("J’accepte que mon message et mes coordonnées servent à me répondre.", "I agree that my message and contact details serve to answer me."), Required: true}}}
	}},
	{"registre", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Register{Space: house(l, "/registre", ""), Facts: []ui.Fact{{Label: l.T("Responsable", "Controller"), Value: "Dépanneurs d’ici, 1 place de l’Exemple, 30000 Nîmes"}}, As: []ui.Link{{Text: "CSV", Href: "/registre.csv"}},
			Head: []string{l.T("Traitement", "Activity"), l.T("Finalité", "Purpose"), l.T("Base légale", "Legal basis"), l.T("Destinataires", "Recipients")},
			Rows: [][]string{{"introduce", l.T("Vous mettre en relation avec un professionnel", "Put you in touch with a professional"), l.T("votre demande", "your request"), l.T("le professionnel ; notre hébergeur", "the professional; our host")},
				{"record_calls", l.T("Former nos conseillers", "Train our agents"), l.T("notre intérêt légitime", "our legitimate interest"), l.T("notre opérateur de téléphonie", "our telephony operator")}}}
	}},
	{"demarchage", "Données personnelles", func(l ui.Lang) ui.View { return mayCall(l, false, ui.May{}) }},
	{"demarchage-non", "Données personnelles", func(l ui.Lang) ui.View {
		return mayCall(l, true, ui.May{No: true, Why: l.T("La personne n’a pas donné son accord préalable.", "The person gave no prior consent."), Article: "C. conso. L223-1"})
	}},
	{"accords", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Choices{Public: open(l, "/ma-demande/accords"), Reference: "ET-4F7K", All: []ui.Choice{choiceMade(l, "con_2", false, false), choiceMade(l, "con_1", true, true)}}
	}},
	{"conservation", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Retention{Space: house(l, "/conservation", ""), Days: 90, Hold: true, Archive: true, Grounds: []ui.Ground{{Value: "dispute", Label: l.T("litige", "dispute")}},
			Forecast: []ui.Moving{{Purpose: l.T("Vous mettre en relation", "Put you in touch"), To: l.T("archive", "archive"), First: now.AddDate(0, 0, 12), Records: 214}},
			Rules:    []ui.Fact{{Label: l.T("Vous mettre en relation", "Put you in touch"), Value: l.T("tant que la demande est ouverte, puis 3 ans, puis 5 ans en archive", "while the request is open, then 3 years, then 5 years in the archive")}},
			Holds:    []ui.Hold{{ID: "hol_1", What: "ET-4F7K", Ground: l.T("litige", "dispute"), Reference: "RG 26/00012", By: "Inès Exemple", At: ago(50 * time.Hour)}},
			Erased:   []ui.Erased{{ID: "era_1", Why: "D4F7K-2B8M", At: ago(30 * time.Hour), Certified: ago(29 * time.Hour), Needles: 4, Places: 61, Kept: 2}}}
	}},
	{"archive", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Archive{Space: house(l, "/conservation/archive", ""), Who: "ET-4F7K", Reference: "RG 26/00012", Values: []ui.Fact{{Label: l.T("téléphone et adresse e-mail", "telephone and e-mail"), Value: "06 39 98 12 34"}}, Held: []ui.Fact{{Label: l.T("Vous mettre en relation", "Put you in touch"), Value: l.T("archive jusqu’au 3 mars 2032", "archive until 3 March 2032")}}}
	}},
	{"archive-vide", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Archive{Space: house(l, "/conservation/archive", ""), Who: "ET-4F7K", Reference: "RG 26/00012"}
	}},
	{"connexions", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Connections{Space: house(l, "/journal/connexions", ""), Lines: []ui.Connection{{At: ago(time.Hour), What: l.T("Demande", "Request"), Who: l.T("ouvrir", "open"), Href: "/demandes/req_1", Address: "192.0.2.7", With: "Safari, fr, iOS, téléphone", Blocked: true},
			{At: ago(2 * time.Hour), What: l.T("Connexion", "Sign-in"), Who: "Inès Exemple", Address: "192.0.2.9", With: "Firefox, fr, Linux, ordinateur"}}, Shut: []ui.Shut{{ID: "x", Until: now.AddDate(0, 0, 7), Reason: "formulaires en rafale", By: "Inès Exemple"}}}
	}},
}
