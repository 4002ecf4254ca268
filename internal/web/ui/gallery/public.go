package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

var site = ui.Site{Name: "Dépanneurs d'ici", Phone: "01 99 00 12 34", Tel: "+33199001234", Operator: "Dépanneurs d'ici SASU"}

func open(l ui.Lang, path string) ui.Public { return ui.Public{Frame: frame(l, path), Site: site} }

var questions = []ui.Question{
	{Name: "answers.what", Label: "Que se passe-t-il ?", Kind: ui.OneOf, Required: true, Options: []ui.Option{
		{Value: "leak", Label: "Une fuite"}, {Value: "blocked", Label: "Un évier ou des WC bouchés"}, {Value: "hot-water", Label: "Plus d'eau chaude"}, {Value: "other", Label: "Autre chose"}}},
	{Name: "answers.leak", Label: "D'où vient la fuite ?", Kind: ui.OneOf, Required: true, If: &ui.Condition{Name: "answers.what", Values: []string{"leak"}, Text: "si c'est une fuite"}, Options: []ui.Option{
		{Value: "sink", Label: "Sous l'évier ou le lavabo"}, {Value: "wc", Label: "WC"}, {Value: "heater", Label: "Chauffe-eau"}, {Value: "wall", Label: "Mur ou plafond", Hint: "Tache, goutte à goutte"}}},
	{Name: "answers.flow", Label: "L'eau coule-t-elle encore ?", Hint: "Le robinet général se trouve souvent près du compteur.", Kind: ui.YesNo, Required: true, If: &ui.Condition{Name: "answers.what", Values: []string{"leak"}, Text: "si c'est une fuite"}},
}

var notice = ui.Notice{
	Controller: "Dépanneurs d'ici SASU, 12 rue de l'Exemple, 30000 Nîmes, dpo@depanneurs.example",
	Purposes: []ui.NoticePurpose{
		{Label: "Vous mettre en relation avec un professionnel", Basis: "Votre demande (contrat)", Recipients: "Le professionnel qui prend la demande", Kept: "3 ans après la demande, puis 5 ans d'archive"},
		{Label: "Former nos conseillers", Basis: "Notre intérêt légitime", Recipients: "Notre opérateur de téléphonie", Kept: "6 mois"},
		{Label: "Vous demander votre avis", Basis: "Votre accord", Recipients: "Personne", Kept: "1 an"},
	},
	Sources: "Vos données viennent de vous, ou du site partenaire où vous avez fait la demande.",
	Rights:  "Vous pouvez voir, corriger et effacer vos données, et vous opposer à leur usage, sur votre page de suivi ou à dpo@depanneurs.example.",
	Href:    "/confidentialite",
}

var agreed = []ui.Consent{
	{Name: "terms", Wording: "J'ai lu les conditions et je demande à être rappelé par un conseiller de Dépanneurs d'ici, puis par un professionnel, au sujet de cette demande.", Required: true, Hint: "Nécessaire pour vous rappeler", Href: "/conditions"},
	{Name: "opinion", Wording: "J'accepte que Dépanneurs d'ici me demande mon avis par SMS après l'intervention, pendant un an au plus. Je peux dire non à tout moment."},
}

func asking(l ui.Lang, urgent bool) ui.Asking {
	return ui.Asking{Public: open(l, "/demande/plombier"), Action: "/demande/plombier", TradeName: "Plombier", Urgent: urgent, Questions: questions, Photos: 4, PhotoMB: 10,
		Fields: ui.Fields{Street: true}, Consents: agreed, Notice: notice, Work: ui.Work{Challenge: "2026-11-22T08:12Z.pl0mb1er", Bits: 16}, FirstContact: 10 * time.Minute,
		Form: ui.Form{Hidden: []ui.Hidden{{Name: "once", Value: "once_4f7k"}, {Name: "pow_challenge", Value: "2026-11-22T08:12Z.pl0mb1er"}}}}
}

func refused(l ui.Lang, urgent bool) ui.Asking {
	v := asking(l, urgent)
	v.Values = map[string][]string{"postcode": {"30190"}, "answers.what": {"leak"}, "answers.flow": {"yes"}, "name": {"Jeanne Exemple"}, "phone": {"06 39 98"}, "words": {"Troisième étage, code 12A."}, "kind": {"person"}}
	v.Communes = []ui.Option{{Value: "30034", Label: "Bourdic"}, {Value: "30085", Label: "Collorgues"}, {Value: "30115", Label: "Foissac"}, {Value: "30241", Label: "Saint-Chaptes"}}
	v.Errors = []fault.Field{
		{Name: "commune", Text: fault.T("Le code postal 30190 compte plusieurs communes : choisissez la vôtre.", "Postcode 30190 has several communes: choose yours.")},
		{Name: "answers.leak", Text: fault.T("Dites d'où vient la fuite.", "Say where the leak comes from.")},
		{Name: "phone", Text: fault.T("Ce numéro est trop court : dix chiffres pour un numéro français.", "This number is too short: ten digits for a French number.")},
		{Name: "terms", Text: fault.T("Cochez cette case pour que l'on puisse vous rappeler.", "Tick this box so that we may call you.")},
	}
	return v
}

var checklist = []string{
	"Demandez un devis écrit avant tout travail ; il est gratuit, sauf prix annoncé avant le déplacement.",
	"Vérifiez le nom, le numéro SIREN et l'assurance décennale sur le devis.",
	"Les pièces remplacées vous reviennent si vous les demandez.",
	"Le montant payé est celui de la facture, quel que soit le moyen de paiement.",
}

func myRequest(l ui.Lang) ui.MyRequest {
	return ui.MyRequest{Public: open(l, "/ma-demande"), Topic: "request", Reference: "ET-4F7K", Title: "Fuite sous évier", Where: "Nîmes 30000",
		Steps: []ui.Step{
			{At: ago(7 * time.Minute), Tone: ui.Good, Text: "Reçue, votre numéro est vérifié"},
			{At: ago(4 * time.Minute), Tone: ui.Good, Text: "Vue par un conseiller, proposée à 6 plombiers à moins de 12 km"},
			{At: ago(3 * time.Minute), Tone: ui.Now, Text: "Un plombier la prend, il rappelle avant 9 h 19"},
		},
		Takers:    []ui.Taker{{Seat: "int_1", Name: "Alès Plomberie", Trade: "Plombier", Town: "Alès", Phone: "01 99 00 45 67", Taken: ago(3 * time.Minute), CallBy: now.Add(6*time.Minute + 40*time.Second), K: 1, Seats: 1}},
		Facts:     []ui.Fact{{Label: "Métier", Value: "Plombier"}, {Label: "Que se passe-t-il ?", Value: "Une fuite"}, {Label: "D'où vient la fuite ?", Value: "Sous l'évier ou le lavabo"}, {Label: "Nom", Value: "Jeanne Exemple"}, {Label: "Téléphone", Value: "06 39 98 12 34"}},
		Words:     "Troisième étage, code 12A.",
		Consents:  []ui.Given{{ID: "con_1", Wording: agreed[0].Wording, At: ago(7 * time.Minute), Channel: "formulaire", Final: true}, {ID: "con_2", Wording: agreed[1].Wording, At: ago(7 * time.Minute), Channel: "formulaire"}},
		Checklist: checklist, CanCancel: true, CanFix: true, Until: now.AddDate(0, 3, 0)}
}

var public = []Sample{
	{"accueil", "Public", func(l ui.Lang) ui.View {
		return ui.Home{Public: open(l, "/"), FirstContact: 10 * time.Minute, Trades: []ui.TradeCard{
			{Name: "Plombier", Line: "Fuite, évier bouché, chauffe-eau", Icon: "tap", Href: "/demande/plombier"},
			{Name: "Serrurier", Line: "Porte claquée, serrure forcée", Icon: "key", Href: "/demande/serrurier"},
			{Name: "Électricien", Line: "Panne, disjoncteur, prise", Icon: "plug", Href: "/demande/electricien"},
			{Name: "Chauffagiste", Line: "Chaudière en panne, radiateur froid", Icon: "flame", Href: "/demande/chauffagiste"},
			{Name: "Vitrier", Line: "Vitre cassée, mise en sécurité", Icon: "window", Href: "/demande/vitrier"},
			{Name: "Débouchage", Line: "Canalisation, WC, regard", Icon: "drain", Href: "/demande/debouchage"},
		},
			Places: []ui.Link{{Text: "Plombier à Nîmes", Href: "/m/plombier/nimes-30189"}, {Text: "Serrurier à Alès", Href: "/m/serrurier/ales-30007"}, {Text: "Électricien à Uzès", Href: "/m/electricien/uzes-30334"}}}
	}},
	{"commune", "Public", func(l ui.Lang) ui.View {
		return ui.Place{Public: open(l, "/m/plombier/nimes-30189"), TradeName: "Plombier", Commune: "Nîmes", Postcode: "30000", Ask: "/demande/plombier?commune=30189", Covered: 14, FirstContact: 10 * time.Minute,
			Cases:  []string{"Fuite sous évier, lavabo ou WC", "Évier, douche ou WC bouchés", "Chauffe-eau en panne ou qui fuit"},
			Nearby: []ui.Link{{Text: "Plombier à Caissargues", Href: "/m/plombier/caissargues-30060"}, {Text: "Plombier à Marguerittes", Href: "/m/plombier/marguerittes-30156"}, {Text: "Plombier à Milhaud", Href: "/m/plombier/milhaud-30169"}}}
	}},
	{"demande", "Public", func(l ui.Lang) ui.View { return asking(l, true) }},
	{"demande-une-page", "Public", func(l ui.Lang) ui.View { return asking(l, false) }},
	{"demande-erreurs", "Public", func(l ui.Lang) ui.View { return refused(l, true) }},
	{"demande-erreurs-une-page", "Public", func(l ui.Lang) ui.View { return refused(l, false) }},
	{"demande-commune", "Public", func(l ui.Lang) ui.View {
		v := asking(l, false)
		v.Values = map[string][]string{"postcode": {"30000"}}
		v.Communes = []ui.Option{{Value: "30189", Label: "Nîmes"}}
		v.Failed = fault.T("Cette demande ressemble à celle que vous avez faite à 9 h 02.", "This request looks like the one you made at 9:02.")
		return v
	}},
	{"code", "Public", func(l ui.Lang) ui.View {
		return ui.CodeAsked{Public: open(l, "/demande/code"), Action: "/demande/code", Resend: "/demande/code/autre", ResendAt: now.Add(40 * time.Second), SentTo: "•• •• •• 12 34", Digits: 6}
	}},
	{"code-erreur", "Public", func(l ui.Lang) ui.View {
		return ui.CodeAsked{Public: open(l, "/demande/code"), Action: "/demande/code", SentTo: "j•••@exemple.test", ByMail: true, Digits: 6, Why: "Il ouvre la correction de votre demande.",
			Form: ui.Form{Values: map[string][]string{"code": {"123"}}, Errors: []fault.Field{{Name: "code", Text: fault.T("Ce code n'est pas le bon. Il vous reste 2 essais.", "This is not the code. You have 2 tries left.")}}}}
	}},
	{"ma-demande", "Public", func(l ui.Lang) ui.View { return myRequest(l) }},
	{"ma-demande-attente", "Public", func(l ui.Lang) ui.View {
		v := myRequest(l)
		v.Takers, v.Steps, v.Checklist = nil, v.Steps[:1:1], nil
		v.Steps = append(v.Steps, ui.Step{At: ago(time.Minute), Tone: ui.Now, Text: "Un conseiller vous rappelle", Until: now.Add(4 * time.Minute)})
		return v
	}},
	{"ma-demande-retard", "Public", func(l ui.Lang) ui.View {
		v := myRequest(l)
		v.Takers[0].CallBy = ago(3 * time.Minute)
		v.Takers = append(v.Takers, ui.Taker{Seat: "int_2", Name: "Gard Dépannage", Trade: "Plombier", Town: "Nîmes", Called: ago(time.Minute), K: 2, Seats: 3}, ui.Taker{Seat: "int_3", Name: "SARL Trois Sources", Trade: "Plombier", Town: "Uzès", Stopped: true, K: 3, Seats: 3})
		v.Takers[0].Seats = 3
		v.FollowUp = []ui.Option{{Value: "done", Label: "Le travail est fait"}, {Value: "quote", Label: "J'ai un devis"}, {Value: "nobody", Label: "Personne ne m'a appelé"}, {Value: "other", Label: "Autre chose"}}
		v.Flash = ui.Flash{Tone: ui.Good, Text: l.T("C'est noté, le professionnel est prévenu.", "Noted, the professional is told.")}
		return v
	}},
	{"corriger", "Public", func(l ui.Lang) ui.View {
		return ui.Fix{Public: open(l, "/ma-demande/corriger"), Questions: questions, Communes: []ui.Option{{Value: "30189", Label: "Nîmes"}}, Fields: ui.Fields{Street: true}, Sold: true,
			Form: ui.Form{Values: map[string][]string{"postcode": {"30000"}, "name": {"Jeanne Exemple"}, "phone": {"06 39 98 12 34"}, "kind": {"company"}, "company": {"Cabinet Exemple"}, "answers.what": {"leak"}, "answers.leak": {"sink"}, "answers.flow": {"no"}}}}
	}},
	{"conditions", "Public", func(l ui.Lang) ui.View {
		return ui.Document{Public: open(l, "/conditions"), Title: l.T("Conditions d'utilisation", "Terms of use"), Version: "3", Updated: now.AddDate(0, 0, -21),
			HTML: "<h2>1. Objet</h2><p>Le service met en relation une personne qui demande une intervention et un professionnel disponible. Il est gratuit pour la personne qui demande.</p><h2>2. Liberté</h2><ul><li>Vous restez libre de chercher un professionnel ailleurs.</li><li>Le professionnel est libre de prendre ou non une demande.</li></ul>"}
	}},
	{"cookies", "Public", func(l ui.Lang) ui.View {
		v := ui.Document{Public: open(l, "/cookies"), Title: "Cookies", Version: "3f1a22c0", Updated: now.AddDate(0, 0, -21), History: "/documents/cookies", Note: l.T("Une nouvelle version s’appliquera le 8 décembre 2026.", "A new version will apply on 8 December 2026."),
			More: []ui.Link{{Text: l.T("Ce qui change.", "What changes."), Href: "/documents/cookies/3f1a22c0/changements"}}, HTML: "<h2>Mesure</h2><p>Compter les visites.</p>",
			Choose: &ui.CookieForm{Back: "/cookies", Made: l.T("Votre choix du 23 novembre 2026 vaut jusqu’au 23 mai 2027.", "Your choice of 23 November 2026 stands until 23 May 2027."),
				Purposes: []ui.CookieBox{{ID: "audience", Label: l.T("Mesure d’audience", "Audience measurement"), About: l.T("Compter les visites", "Count visits"), Exempt: true, On: true}, {ID: "video", Label: l.T("Vidéos", "Videos")}},
				Partners: []ui.CookieBox{{ID: "films", Label: l.T("La plateforme de vidéos", "The video platform"), Href: "https://films.example/p"}}}}
		v.Choices = true
		return v
	}},
	{"accueil-choix", "Public", func(l ui.Lang) ui.View {
		v := ui.Home{Public: open(l, "/"), Trades: []ui.TradeCard{{Name: l.T("Plombier", "Plumber"), Line: l.T("Fuite, WC bouché", "Leak, blocked toilet"), Icon: "drop", Href: "/demande/plombier"}}, Embeds: []ui.Embed{{ID: "film", Title: l.T("Notre film", "Our film"), By: l.T("La plateforme de vidéos", "The video platform"), Policy: "https://films.example/p"}}}
		v.Panel = &ui.CookiePanel{Choices: true, Names: l.T("mesure d’audience ; vidéos", "audience measurement; videos"), Back: "/"}
		v.Audience = []ui.Audience{{Source: "https://stats.example/c.js", Key: "1"}}
		v.Told = []ui.Told{{Text: l.T("« Conditions » change le 8 décembre.", "“Terms” changes on 8 December."), Link: ui.Link{Text: l.T("Voir ce qui change", "See what changes"), Href: "/documents/terms/3f1a22c0/changements"}}}
		return v
	}},
	{"versions", "Public", func(l ui.Lang) ui.View {
		return ui.Versions{Public: open(l, "/documents/terms"), Title: l.T("Conditions : versions", "Terms: versions"), Rows: []ui.VersionRow{
			{Title: l.T("Conditions", "Terms"), Href: "/documents/terms/3f1a22c0", Applies: now, Version: "3f1a22c0", State: ui.Status{Tone: ui.Good, Text: l.T("en vigueur", "in force")}, Changes: "/documents/terms/3f1a22c0/changements"},
			{Title: l.T("Conditions", "Terms"), Href: "/documents/terms/77aa01bc", Applies: now.AddDate(0, -3, 0), Version: "77aa01bc", State: ui.Status{Text: l.T("remplacée", "replaced")}}}}
	}},
	{"changements", "Public", func(l ui.Lang) ui.View {
		return ui.Comparison{Public: open(l, "/documents/terms/3f1a22c0/changements"), Title: l.T("Conditions : ce qui a changé", "Terms: what changed"), From: "77aa01bc", To: "3f1a22c0", FromOn: now.AddDate(0, -3, 0), ToOn: now, Whole: "/documents/terms/3f1a22c0",
			Lines: []ui.ComparedLine{{Skipped: 12}, {Pieces: []ui.ComparedPiece{{Text: l.T("Gardé ", "Kept ")}, {Op: "-", Text: l.T("6 mois", "6 months")}, {Op: "+", Text: l.T("3 mois", "3 months")}}}}}
	}},
	{"stop", "Public", func(l ui.Lang) ui.View {
		return ui.Stop{Public: open(l, "/stop/x"), Action: "/stop/x", What: "les SMS au sujet de votre demande ET-4F7K"}
	}},
	{"stop-fait", "Public", func(l ui.Lang) ui.View {
		return ui.Stop{Public: open(l, "/stop/x"), What: "les SMS au sujet de votre demande ET-4F7K", Done: true}
	}},
	{"erreur-404", "Public", func(l ui.Lang) ui.View { return ui.Failure{Public: open(l, "/rien"), Status: 404} }},
	{"erreur-410", "Public", func(l ui.Lang) ui.View { return ui.Failure{Public: open(l, "/r/x"), Status: 410} }},
	{"erreur-429", "Public", func(l ui.Lang) ui.View { return ui.Failure{Public: open(l, "/"), Status: 429} }},
	{"erreur-503", "Public", func(l ui.Lang) ui.View {
		return ui.Failure{Public: open(l, "/"), Status: 503, Ref: "7Q-4412", Space: true}
	}},
}
