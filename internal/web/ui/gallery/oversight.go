package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

var (
	keptData   = []ui.Option{{Value: "identity", Label: "nom, prénom ou société"}, {Value: "contact", Label: "téléphone et adresse e-mail"}}
	breachAsks = []ui.FileInput{{Input: ui.Input{Name: "title", Label: "L’incident en une ligne", Length: 120}}, {Input: ui.Input{Name: "nature", Type: "lines", Loose: true, Length: 4000, Label: "Ce qui s’est passé"}},
		{Input: ui.Input{Name: "risk", Type: "select", Loose: true, Label: "Risque pour les personnes", Options: []ui.Option{{Value: "none", Label: "improbable"}, {Value: "high", Label: "un risque élevé"}}}},
		{Many: true, Input: ui.Input{Name: "data", Loose: true, Label: "Données touchées", Options: keptData}}}
	fileSteps = []ui.Step{{At: ago(50 * time.Hour), Tone: ui.Good, Text: "Dossier ouvert", By: "Inès Exemple"}, {At: ago(2 * time.Hour), Tone: ui.Wait, Text: "Échéance proche, vous êtes averti", By: "le logiciel"}}
)

func breachFile(l ui.Lang) ui.FileShown {
	return ui.FileShown{Space: house(l, "/conformite/dossier/ovs_1", "oversight"), Action: "/conformite/dossier/ovs_1", Reference: "F4F7K-2B8M", Title: "Un ordinateur perdu", Status: ui.Status{Tone: ui.Now, Text: l.T("Ouvert", "Open")}, Due: now.Add(20 * time.Hour),
		Facts: []ui.Fact{{Label: l.T("Connue le", "Known on"), Value: "20 novembre 2026, 09:12"}}, Inputs: breachAsks, Missing: []string{"Le niveau de risque", "Le nombre de personnes"}, Scoped: true, Running: true,
		People: []ui.FilePerson{{ID: "per_1", Ref: "4F7K-2B8M"}}, Steps: fileSteps, Draft: "/conformite/dossier/ovs_1/avis", Letter: "/conformite/dossier/ovs_1/lettre", MayNotify: true, MayDecline: true, MayTell: true, MayWithhold: true, Data: keptData,
		Letters: []ui.FileLetter{{At: ago(time.Hour), Whom: "téléphone et adresse e-mail", Status: ui.Status{Tone: ui.Good, Text: "1 214 personnes averties"}}},
		Audit:   l.T("Chaque ouverture de cette page est notée au journal.", "Each opening of this page is noted in the audit trail.")}
}

var compliance = []Sample{
	{"conformite", "Conformité", func(l ui.Lang) ui.View {
		return ui.Oversight{Space: house(l, "/conformite", "oversight"), Inspect: true, Due: []ui.Due{{Queue: l.T("Violations de données", "Breaches"), Title: "Un ordinateur perdu", Detail: l.T("avertir l’autorité", "tell the authority"), Href: "/conformite/dossier/ovs_1", Since: ago(52 * time.Hour), By: now.Add(20 * time.Hour)}},
			Registers: []ui.FileKind{{Title: l.T("Violations de données", "Breaches"), About: l.T("Toutes, notifiées ou non.", "All of them, notified or not."), Href: "/conformite/registre/violations", New: "/conformite/nouveau/violations", Files: 1}}}
	}},
	{"conformite-vide", "Conformité", func(l ui.Lang) ui.View { return ui.Oversight{Space: house(l, "/conformite", "oversight")} }},
	{"registre-violations", "Conformité", func(l ui.Lang) ui.View {
		return ui.FileRegister{Space: house(l, "/conformite/registre/violations", "oversight"), Title: l.T("Violations de données", "Breaches"), New: "/conformite/nouveau/violations", CSV: "/conformite/registre/violations/csv",
			Rows: []ui.FileRow{{Title: "Un ordinateur perdu", Ref: "F4F7K-2B8M", Href: "/conformite/dossier/ovs_1", Since: ago(52 * time.Hour), By: now.Add(20 * time.Hour), Status: ui.Status{Tone: ui.Now, Text: l.T("Ouvert", "Open")}, Facts: []string{"Risque : un risque élevé", "Personnes : 1 214"}, Words: []ui.Fact{{Label: "Ce qui s’est passé", Value: "Perdu dans un train."}}}}}
	}},
	{"registre-analyses", "Conformité", func(l ui.Lang) ui.View {
		return ui.FileRegister{Space: house(l, "/conformite/registre/analyses", "oversight"), Title: l.T("Analyses d’impact", "Impact assessments"), New: "/conformite/nouveau/analyses", CSV: "/conformite/registre/analyses/csv",
			Wanted: []ui.AssessedRow{{Purpose: "Enregistrer des appels", Why: "enregistrement de conversations", Status: ui.Status{Tone: ui.Wait, Text: l.T("aucune analyse", "no assessment")}}}}
	}},
	{"violation-nouvelle", "Conformité", func(l ui.Lang) ui.View {
		return ui.FileNew{Space: house(l, "/conformite/nouveau/violations", ""), Title: l.T("Violations de données", "Breaches"), Action: "/conformite/nouveau/violations", Inputs: breachAsks[:1],
			Form: ui.Form{Values: map[string][]string{"title": {""}}, Errors: []fault.Field{{Name: "title", Text: fault.T("Ce champ est nécessaire.", "This field is needed.")}}}}
	}},
	{"violation", "Conformité", func(l ui.Lang) ui.View { return breachFile(l) }},
	{"violation-tardive", "Conformité", func(l ui.Lang) ui.View {
		v := breachFile(l)
		v.Due, v.Late, v.MayDecline, v.Letters, v.Missing = ago(time.Hour), true, false, nil, nil
		return v
	}},
	{"demande-autorite", "Conformité", func(l ui.Lang) ui.View {
		v := breachFile(l)
		v.Title, v.Draft, v.Letter, v.MayTell, v.Letters, v.Due, v.Holds, v.Extract = "Tribunal judiciaire", "", "", false, nil, time.Time{}, true, true
		v.People = []ui.FilePerson{{ID: "pro_1", Ref: "pro_1", Held: true, Href: "/pros/pro_1"}}
		return v
	}},
	{"violation-close", "Conformité", func(l ui.Lang) ui.View {
		v := breachFile(l)
		v.Inputs, v.Running, v.Due, v.Scoped, v.MayNotify, v.MayDecline, v.MayTell, v.Missing = nil, false, time.Time{}, false, false, false, false, nil
		v.Words = []ui.Fact{{Label: "Ce qui s’est passé", Value: "Un ordinateur non chiffré a été perdu dans un train."}}
		return v
	}},
	{"destinataires", "Conformité", func(l ui.Lang) ui.View {
		return ui.Recipients{Space: house(l, "/conformite/destinataires", ""), CSV: "/conformite/destinataires/csv", Joint: []ui.JointRow{{Purpose: "Publier des avis", With: "L’entreprise membre", Essence: "/confidentialite"}},
			Rows: []ui.RecipientRow{{Name: "Notre prestataire d’assistance", Role: l.T("Sous-traitant", "Processor"), Facts: []ui.Fact{{Label: l.T("Reçoit", "Gets"), Value: "nom, téléphone"}, {Label: l.T("Pays", "Country"), Value: "FR"}}, Missing: []string{"date de signature du contrat manquante"}}}}
	}},
}
