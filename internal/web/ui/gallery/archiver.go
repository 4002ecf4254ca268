package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

func deposit(l ui.Lang) ui.Deposit {
	return ui.Deposit{Space: house(l, "/archiveur/arc_1", ""), ID: "arc_1", Status: ui.Status{Tone: ui.Good, Text: l.T("Gardé", "Kept")}, MayRestore: true,
		Grounds: []ui.Option{{Value: "dispute", Label: l.T("litige", "dispute")}, {Value: "authority", Label: l.T("demande d’une autorité", "request of an authority")}},
		Facts: []ui.Fact{{Label: l.T("Document", "Document"), Value: l.T("avis, 1 204 octets chiffrés", "opinion, 1204 encrypted bytes")}, {Label: l.T("Empreinte SHA-256", "SHA-256 digest"), Value: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
			{Label: l.T("Reçu", "Receipt"), Value: "deposits/arc_1, 01KFB2M7"}, {Label: l.T("Verrouillé jusqu’au", "Locked until"), Value: l.T("23 novembre 2039 à 10:05", "23 November 2039 at 10:05")}}}
}

var archiverPages = []Sample{
	{"archiveur", "Données personnelles", func(l ui.Lang) ui.View {
		kept := ui.Status{Tone: ui.Good, Text: l.T("Gardé", "Kept")}
		return ui.Archiver{Space: house(l, "/archiveur", ""), Third: true, Down: true, Recipient: l.T("Notre tiers archiveur", "Our trusted archive"), Every: l.T("30 jours", "30 days"),
			Figures: []ui.Fact{{Label: l.T("Gardés", "Kept"), Value: l.Number(18204)}, {Label: l.T("Manquants ou changés", "Missing or changed"), Value: l.Number(1)}},
			Late: []ui.DepositLine{{ID: "arc_1", Kind: l.T("avis", "opinion"), At: ago(900 * time.Hour), Status: ui.Status{Tone: ui.Bad, Text: l.T("Changé chez l’archiveur", "Changed at the archiver’s")}, Detail: l.T("verrouillé jusqu’au 23 novembre 2039", "locked until 23 November 2039")},
				{ID: "arc_2", Kind: l.T("avis", "opinion"), At: ago(700 * time.Hour), Status: ui.Status{Tone: ui.Wait, Text: l.T("Effacement pas encore confirmé", "Deletion not confirmed yet")}, Detail: l.T("14 essais sans réponse", "14 tries in vain")}},
			Newest: []ui.DepositLine{{ID: "arc_3", Kind: l.T("avis", "opinion"), At: ago(2 * time.Hour), Status: kept, Detail: l.T("verrouillé jusqu’au 23 novembre 2039", "locked until 23 November 2039")}},
			Ended:  []ui.DepositLine{{ID: "arc_4", Kind: l.T("avis", "opinion"), At: ago(2000 * time.Hour), Status: ui.Status{Tone: ui.Quiet, Text: l.T("Effacé", "Deleted")}, Detail: l.T("confirmé le 20 novembre 2026", "confirmed on 20 November 2026")}}}
	}},
	{"archiveur-vide", "Données personnelles", func(l ui.Lang) ui.View {
		return ui.Archiver{Space: house(l, "/archiveur", ""), Figures: []ui.Fact{{Label: l.T("Gardés", "Kept"), Value: "0"}}}
	}},
	{"depot", "Données personnelles", func(l ui.Lang) ui.View { return deposit(l) }},
	{"depot-erreurs", "Données personnelles", func(l ui.Lang) ui.View {
		v := deposit(l)
		v.Form = ui.Form{Errors: []fault.Field{{Name: "reference", Text: fault.T("Donnez la référence du dossier, en 80 caractères au plus.", "Give the reference of the file, in 80 characters at most.")}}}
		return v
	}},
	{"depot-restitue", "Données personnelles", func(l ui.Lang) ui.View {
		v := deposit(l)
		v.Restored, v.Reference = "{\n  \"reference\": \"MD-4821\",\n  \"content\": {\n    \"comment\": \"Travail soigné, délais tenus, et l’équipe a tout laissé propre en partant.\"\n  }\n}", "TJ 26/1"
		return v
	}},
	{"depot-change", "Données personnelles", func(l ui.Lang) ui.View {
		v := deposit(l)
		v.Alert = l.T("Changé chez l’archiveur", "Changed at the archiver’s")
		v.Status = ui.Status{Tone: ui.Bad, Text: v.Alert}
		return v
	}},
	{"depot-efface", "Données personnelles", func(l ui.Lang) ui.View {
		v := deposit(l)
		v.MayRestore, v.Status = false, ui.Status{Tone: ui.Quiet, Text: l.T("Effacé", "Deleted")}
		v.Certificate = "entremise archive deletion 1\ndeposit=arc_1\nkind=review\nreceipt=deposits/arc_1\nconfirmed=2026-11-20T09:12:00Z\nconfirmation=versions deleted: 1; left: none; request: 7Q2K\n"
		return v
	}},
}
