package gallery

import (
	"time"

	"entremise/internal/web/ui"
)

func judgedRouting(l ui.Lang, changed bool) ui.JudgedShown {
	return ui.JudgedShown{At: ago(3 * time.Hour), Title: l.T("Choix des professionnels par le logiciel : 7 prévenus", "Choice of professionals by the software: 7 told"), Alone: true, Changed: changed,
		Criteria: []ui.Fact{{Label: l.T("Métier demandé", "Trade asked for"), Value: l.T("Plombier", "Plumber")}, {Label: l.T("Lieu, dans la zone du professionnel", "Place, in the professional’s area"), Value: "Nîmes"}},
		Left:     []ui.Fact{{Label: l.T("Leur zone ne couvre pas ce lieu", "Their area does not cover this place"), Value: "12"}}}
}

func directed(l ui.Lang) ui.DirectiveShown {
	return ui.DirectiveShown{ID: "dir_1", At: ago(50 * time.Hour), What: l.T("Remettre une copie de mes données à une personne de confiance", "Hand a copy of my data to a trusted person"), Trusted: "Claude Proche, proche@example.org", Words: "Avec les photos."}
}

var executed = []Sample{
	{"usages", "Droits exécutés", func(l ui.Lang) ui.View {
		return ui.Uses{Public: open(l, "/ma-demande/usages"), Reference: "ET-4F7K", All: []ui.UseLine{
			{ID: "introduce", Label: l.T("Vous mettre en relation", "Put you in touch"), Why: l.T("Vous pouvez demander qu’une personne décide à la place du logiciel (RGPD art. 22.3).", "You may ask that a person decides instead of the software (GDPR art. 22.3)."), May: true},
			{ID: "secure", Label: l.T("Protéger le service", "Protect the service"), Why: l.T("Vous pouvez vous y opposer à tout moment.", "You may object at any time."), May: true, Reason: true},
			{ID: "record_calls", Label: l.T("Former nos conseillers", "Train our agents"), Why: l.T("Vous pouvez vous y opposer à tout moment.", "You may object at any time."), May: true, Stopped: true},
			{ID: "ask_opinion", Label: l.T("Recueillir votre avis", "Collect your opinion"), Why: l.T("Cet usage repose sur votre accord.", "This use rests on your consent."), Withdraw: true},
			{ID: "prove_choices", Label: l.T("Garder la preuve de vos choix", "Keep proof of your choices"), Why: l.T("Une loi nous y oblige.", "Law obliges us to it."), Grounds: l.T("Une enquête est en cours.", "An inquiry is under way.")}},
			Steps: []ui.ObjectionStep{{At: ago(2 * time.Hour), Label: l.T("Former nos conseillers", "Train our agents"), Said: l.T("Opposition", "Objection"), Channel: l.T("votre page de suivi", "your own page"), Reason: "Ma voix est connue.", Proof: "/log/preuve/x"}}}
	}},
	{"decisions", "Droits exécutés", func(l ui.Lang) ui.View {
		return ui.Decisions{Public: open(l, "/ma-demande/decisions"), Reference: "ET-4F7K", Alone: l.T("Le logiciel choisit à qui votre demande est proposée.", "The software chooses to whom your request is offered."), All: []ui.JudgedShown{judgedRouting(l, true)}, Ask: true}
	}},
	{"decisions-vide", "Droits exécutés", func(l ui.Lang) ui.View {
		return ui.Decisions{Public: open(l, "/ma-demande/decisions"), Reference: "ET-4F7K", Alone: l.T("Ici, une personne désignée décide.", "Here a named person decides.")}
	}},
	{"directive", "Droits exécutés", func(l ui.Lang) ui.View {
		d := directed(l)
		return ui.DirectivePage{Public: open(l, "/mon-dossier/directive"), Reference: "D4F7K-2B8M", Stands: &d, Options: []ui.Option{{Value: "erase", Label: l.T("Effacer mes données", "Erase my data")}, {Value: "keep", Label: l.T("Garder mes données jusqu’au terme prévu", "Keep my data until its planned end")}}}
	}},
	{"dossier-droits", "Droits exécutés", func(l ui.Lang) ui.View {
		d := directed(l)
		d.Of = "Jeanne Exemple"
		return ui.CaseFile{Space: house(l, "/dossiers/cas_1", ""), Action: "/dossiers/cas_1", Reference: "D4F7K-2B8M", Title: l.T("Opposition", "Objection"), Status: ui.Status{Tone: ui.Now, Text: l.T("En cours", "Running")}, Due: now.AddDate(0, 0, 20), Running: true,
			People:  []ui.CasePerson{{ID: "per_1", Kind: l.T("clients", "customers"), Name: "Jeanne Exemple", Contact: "06 39 98 12 34"}},
			Against: []ui.CaseOpposition{{Person: "per_1", Purpose: "secure", Label: l.T("Protéger le service", "Protect the service"), Said: l.T("Opposition", "Objection"), Reason: "Je travaille dans ce réseau.", At: ago(time.Hour), Decide: true}},
			Reviews: []ui.CaseReview{{Request: "req_1", Reference: "ET-4F7K", All: []ui.JudgedShown{judgedRouting(l, false)}, MayChange: true, Running: true}},
			Death:   &ui.CaseDeath{Stand: []ui.DirectiveShown{d}, Options: []ui.Option{{Value: "erase", Label: l.T("Effacer", "Erase")}, {Value: "keep", Label: l.T("Garder", "Keep")}}, Record: true}}
	}},
}
