package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

func recording(l ui.Lang) ui.Recording {
	return ui.Recording{Space: house(l, "/enregistrements/rec_1", ""), Action: "/enregistrements/rec_1", MayLend: true, Most: l.T("7 jours", "7 days"), Days: "7",
		Purposes: []ui.Option{{Value: "training", Label: l.T("Former les conseillers", "Train agents")}, {Value: "evidence", Label: l.T("Garder une preuve dans un litige", "Keep evidence in a dispute")}},
		Heard:    []ui.Step{{At: ago(2 * time.Hour), Tone: ui.Good, Text: l.T("Enregistrement écouté : Former les conseillers", "Recording heard: Train agents"), By: "Inès Exemple"}, {At: ago(50 * time.Hour), Tone: ui.Bad, Text: l.T("Refusé. Enregistrement écouté", "Refused. Recording heard"), By: "Paul Exemple"}},
		To:       []ui.Option{{Value: "call-expert", Label: l.T("Notre expert des appels", "Our expert on calls")}}, Disputes: []ui.Option{{Value: "hld_1", Label: "LIT-2026-7"}},
		Loans: []ui.LoanLine{{ID: "lon_1", To: l.T("Notre expert des appels", "Our expert on calls"), Reference: "LIT-2026-7", Why: "Le client conteste le prix annoncé.", By: "Inès Exemple", At: ago(20 * time.Hour), Until: now.Add(28 * time.Hour), Uses: 2, Status: ui.Status{Tone: ui.Now, Text: l.T("Ouvert", "Open")}, Stands: true}}}
}

var copies = []ui.CopyLine{{Site: "depanneurs.example", At: ago(70 * time.Hour), Asked: ago(69 * time.Hour), Tries: 14}}

var recordings = []Sample{
	{"enregistrement", "Enregistrements", func(l ui.Lang) ui.View { return recording(l) }},
	{"enregistrement-joue", "Enregistrements", func(l ui.Lang) ui.View {
		v := recording(l)
		v.At, v.Length, v.Sound, v.Loans, v.Disputes = ago(3*time.Hour), 3*time.Second, "/enregistrements/son/x", nil, nil
		return v
	}},
	{"enregistrement-prete", "Enregistrements", func(l ui.Lang) ui.View {
		v := recording(l)
		v.Link = "https://pro.depanneurs.example/ecoute/lon_1.1.x"
		return v
	}},
	{"enregistrement-erreurs", "Enregistrements", func(l ui.Lang) ui.View {
		v := recording(l)
		v.Lend = ui.Form{Values: map[string][]string{"days": {"30"}}, Errors: []fault.Field{{Name: "days", Text: fault.T("Le lien vit un jour au moins et 7 jours au plus.", "The link lives a day at least and 7 days at most.")}}}
		return v
	}},
	{"enregistrements", "Enregistrements", func(l ui.Lang) ui.View {
		return ui.Recordings{Space: house(l, "/enregistrements", "calls"), Hear: true, Owed: copies, Deleted: []ui.CopyLine{{Site: "depanneurs.example", At: ago(90 * time.Hour), Asked: ago(90 * time.Hour), Confirmed: ago(89 * time.Hour)}},
			Kept: []ui.Call{{ID: "cal_1", Number: "06 39 98 •• ••", Site: "depanneurs.example", At: ago(3 * time.Hour), Agent: "Inès Exemple", Status: ui.Status{Tone: ui.Good, Text: l.T("Terminé, enregistré", "Over, recorded")}, Recording: "/enregistrements/rec_1", Length: 4 * time.Minute}, {ID: "cal_2", Number: l.T("Numéro masqué", "Number withheld"), Site: "depanneurs.example", At: ago(4 * time.Hour), Status: ui.Status{Tone: ui.Quiet, Text: l.T("Enregistrement refusé, rien n’est gardé", "Recording refused, nothing is kept")}, Owed: true}}}
	}},
	{"enregistrements-vide", "Enregistrements", func(l ui.Lang) ui.View {
		return ui.Recordings{Space: house(l, "/enregistrements", "calls"), Hear: true}
	}},
	{"ecoute", "Enregistrements", func(l ui.Lang) ui.View {
		return ui.Lent{Public: open(l, "/ecoute/x"), Action: "/ecoute/x", Reference: "LIT-2026-7", Until: now.Add(28 * time.Hour)}
	}},
	{"ecoute-joue", "Enregistrements", func(l ui.Lang) ui.View {
		return ui.Lent{Public: open(l, "/ecoute/x"), Action: "/ecoute/x", Reference: "LIT-2026-7", Until: now.Add(28 * time.Hour), Sound: "/ecoute/son/x"}
	}},
}
