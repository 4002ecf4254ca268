package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

var (
	askedRights = []ui.Option{{Value: "access", Label: "Savoir ce que vous avez sur moi"}, {Value: "erasure", Label: "Effacer mes données"}, {Value: "withdrawal", Label: "Retirer un accord"}}
	eraseSets   = []ui.Option{{Value: "contact", Label: "Mes coordonnées"}, {Value: "recordings", Label: "Les enregistrements de mes appels"}, {Value: "requests", Label: "Mes fiches de demande"}}
	complainTo  = "CNIL, 3 place de Fontenoy, 75007 Paris, https://www.cnil.fr/fr/plaintes"
	written     = []ui.LetterShown{{At: ago(50 * time.Hour), From: "Jeanne Exemple", Subject: "Mes données", Text: "Que savez-vous de moi ?", Parts: []ui.Fact{{Label: "carte.pdf", Value: "application/pdf, 48 210 octets"}}},
		{At: ago(20 * time.Hour), From: "Nous", Text: "Nous cherchons, réponse avant mardi.", Ours: true}}
	toldWhom  = []ui.ToldShown{{Name: "Alès Plomberie", What: "rectification", Status: ui.Status{Tone: ui.Good, Text: "a confirmé le 21 novembre"}}, {Name: "Notre opérateur de téléphonie", What: "rectification", Status: ui.Status{Tone: ui.Wait, Text: "averti, pas encore confirmé"}}}
	caseSteps = []ui.Step{{At: ago(50 * time.Hour), Tone: ui.Good, Text: "Dossier ouvert", By: "la personne"}, {At: ago(20 * time.Hour), Tone: ui.Wait, Text: "Preuve d’identité demandée, délai arrêté", By: "Inès Exemple"}}
	postal    = []ui.Input{{Name: "details.address", Label: "Adresse postale", Optional: true, Length: 300}}
)

func rightsForm(l ui.Lang) ui.RightsForm {
	return ui.RightsForm{Public: open(l, "/mes-droits"), Action: "/mes-droits", Asked: askedRights, Scopes: eraseSets, Details: postal, Within: l.T("1 mois", "1 month"), Complain: complainTo,
		Officer: []ui.Fact{{Label: l.T("Par e-mail", "By e-mail"), Value: "dpo@depanneurs.example"}, {Label: l.T("Par courrier", "By post"), Value: "1 place de l’Exemple, 30000 Nîmes"}}}
}

func caseFile(l ui.Lang) ui.CaseFile {
	return ui.CaseFile{Space: house(l, "/dossiers/cas_1", "cases"), Action: "/dossiers/cas_1", Reference: "D4F7K-2B8M", Title: l.T("Effacement", "Erasure"), Status: ui.Status{Tone: ui.Now, Text: l.T("En cours", "Running")}, Due: now.Add(30 * time.Hour),
		Facts: []ui.Fact{{Label: l.T("De", "From"), Value: "Jeanne Exemple"}, {Label: "E-mail", Value: "jeanne@client.example"}}, Letters: written, Steps: caseSteps, Told: toldWhom, Running: true, MayAsk: true, MayExtend: true,
		People: []ui.CasePerson{{ID: "per_1", Kind: l.T("clients", "customers"), Name: "Jeanne Exemple", Contact: "06 39 98 12 34", Requests: []ui.Link{{Text: "ET-4F7K", Href: "/demandes/req_1"}}}},
		Asked:  askedRights, Scopes: eraseSets, Refusals: []ui.Option{{Value: "law-keeps", Label: "Une loi nous oblige à garder ces données"}}, Templates: []ui.Link{{Text: "erased", Href: "/dossiers/cas_1?modele=erased"}},
		Do:    []ui.Action{{Label: l.T("Effacer", "Erase"), Href: "/dossiers/cas_1", Danger: true, Key: "e", Effect: "Seront effacés pour toujours : téléphone et adresse e-mail.", Hidden: []ui.Hidden{{Name: "do", Value: "erase"}}}},
		Fix:   []ui.CaseFix{{ID: "per_1", Name: "Jeanne Exemple", Phone: "06 39 98 12 34"}},
		Audit: l.T("Chaque ouverture de cette page est notée au journal.", "Each opening of this page is noted in the audit trail.")}
}

var cases = []Sample{
	{"droits", "Droits", func(l ui.Lang) ui.View { return rightsForm(l) }},
	{"droits-a-corriger", "Droits", func(l ui.Lang) ui.View {
		v := rightsForm(l)
		v.Form = ui.Form{Values: map[string][]string{"name": {"J"}, "asked": {"erasure"}}, Errors: []fault.Field{{Name: "name", Text: fault.T("Écrivez votre nom et votre prénom.", "Write your first and last name.")}, {Name: "scopes", Text: fault.T("Dites ce qui doit être effacé.", "Say what is to be erased.")}}}
		return v
	}},
	{"mon-dossier", "Droits", func(l ui.Lang) ui.View {
		return ui.MyCase{Public: open(l, "/mon-dossier"), Reference: "D4F7K-2B8M", Title: l.T("Effacer mes données", "Erase my data"), Status: ui.Status{Tone: ui.Now, Text: l.T("En cours", "Running")}, Due: now.AddDate(0, 0, 20), Why: "Trois cents appels à relire.",
			Doubt: "Deux personnes portent ce nom chez nous.", Lift: l.T("le 27 novembre 2026", "on 27 November 2026"), Steps: caseSteps, Letters: written, Told: toldWhom, Write: true, Copy: "/mon-dossier/donnees", Officer: "dpo@depanneurs.example", Complain: complainTo, Refused: true}
	}},
	{"mes-donnees", "Droits", func(l ui.Lang) ui.View {
		return ui.MyCopy{Public: open(l, "/mon-dossier/donnees"), Reference: "D4F7K-2B8M", Sections: []ui.CopySection{{Title: l.T("Qui vous êtes", "Who you are"), Facts: []ui.Fact{{Label: l.T("Nom", "Name"), Value: "Jeanne Exemple"}}}},
			Purposes:  []ui.CopyPurpose{{Label: "Vous mettre en relation", Basis: "le contrat", Data: "nom, téléphone", Sources: "donné par vous", Recipients: "le professionnel", Kept: "3 ans"}},
			Receivers: []ui.Fact{{Label: "Alès Plomberie", Value: "FR"}}, Control: []ui.Fact{{Label: l.T("Plainte", "Complaint"), Value: complainTo}}}
	}},
	{"mes-donnees-aucune", "Droits", func(l ui.Lang) ui.View {
		return ui.MyCopy{Public: open(l, "/mon-dossier/donnees"), Reference: "D4F7K-2B8M"}
	}},
	{"destinataire", "Droits", func(l ui.Lang) ui.View {
		return ui.ToldPage{Public: open(l, "/destinataire/x"), Action: "/destinataire/x", What: l.T("effacement", "erasure"), Ref: "ET-4F7K"}
	}},
	{"destinataire-fait", "Droits", func(l ui.Lang) ui.View {
		return ui.ToldPage{Public: open(l, "/destinataire/x"), Action: "/destinataire/x", What: l.T("effacement", "erasure"), Ref: "ET-4F7K", Done: true}
	}},
	{"dossiers", "Droits", func(l ui.Lang) ui.View {
		return ui.CaseQueue{Space: house(l, "/dossiers", "cases"), Tell: []ui.Fact{{Label: l.T("Ouverts", "Open"), Value: "2"}, {Label: l.T("En retard", "Late"), Value: "0"}},
			Due: []ui.Due{{Queue: "E-mail", Title: l.T("Accès", "Access"), Detail: "Jeanne Exemple · D4F7K-2B8M", Href: "/dossiers/cas_1", Since: ago(50 * time.Hour), By: now.Add(30 * time.Hour)}}}
	}},
	{"dossiers-vide", "Droits", func(l ui.Lang) ui.View { return ui.CaseQueue{Space: house(l, "/dossiers", "cases")} }},
	{"dossier", "Droits", func(l ui.Lang) ui.View { return caseFile(l) }},
	{"dossier-personne", "Droits", func(l ui.Lang) ui.View {
		v := caseFile(l)
		v.People, v.Told, v.Do, v.Fix, v.Waiting, v.Copy = nil, nil, nil, nil, true, "/dossiers/cas_1/copie"
		return v
	}},
	{"dossier-nouveau", "Droits", func(l ui.Lang) ui.View {
		return ui.CaseNew{Space: house(l, "/dossiers/nouveau", ""), Channels: []ui.Option{{Value: "phone", Label: l.T("Téléphone", "Phone")}, {Value: "post", Label: l.T("Courrier", "Post")}}, Asked: askedRights, Scopes: eraseSets, Details: postal, Post: true}
	}},
	{"droits-pro", "Droits", func(l ui.Lang) ui.View {
		s := house(l, "/droits", "")
		s.Pro, s.May = true, ui.NavPaths(true)
		return ui.ProRights{Space: s, Asked: askedRights, Scopes: eraseSets, Within: l.T("1 mois", "1 month")}
	}},
}
