package gallery

import (
	"time"

	"entremise/internal/fault"
	"entremise/internal/web/ui"
)

var reviewMarks = []ui.Question{
	{Name: "answers.overall", Label: "Dans l’ensemble, quelle note donnez-vous à cette entreprise ?", Kind: ui.Mark, Max: "5", Required: true},
	{Name: "answers.delay", Label: "Le respect des délais", Kind: ui.Mark, Max: "5"},
	{Name: "answers.trouble", Label: "Avez-vous eu un problème à régler avec l’entreprise ?", Kind: ui.YesNo},
	{Name: "answers.settled", Label: "Comment l’a-t-elle réglé ?", Kind: ui.Mark, Max: "5", If: &ui.Condition{Name: "answers.trouble", Values: []string{"yes"}, Text: "si vous avez répondu « oui »"}},
	{Name: "answers.comment", Label: "Racontez votre expérience", Hint: "Ce texte est publié tel quel, sans votre nom.", Kind: ui.Lines, Max: "2000", Required: true},
}

var reviewBoxes = []ui.Consent{
	{Name: "consent-answer", Wording: "J’accepte que mes réponses soient lues et vérifiées par Avis d’ici.", Required: true},
	{Name: "consent-publish", Wording: "J’accepte que mon avis soit publié, sans mon nom, pendant 8 ans au plus.", Required: true},
}

func asked(l ui.Lang, form ui.Form) ui.Questionnaire {
	form.Starred = true
	if form.Values == nil {
		form.Values = map[string][]string{"service": {"Pose d’une cuisine"}, "on": {"2026-11-02"}}
	}
	return ui.Questionnaire{Public: open(l, "/mon-avis"), Form: form, Action: "/mon-avis", Company: "Cuisines de l’Ille", Label: "Une prestation ou un achat", Questions: reviewMarks, Consents: reviewBoxes,
		Until: now.AddDate(0, 4, 0), Decide: "7 jours", Member: "Cuisines de l’Ille", Notice: notice}
}

func reviewed(l ui.Lang) ui.MyReview {
	return ui.MyReview{Public: open(l, "/mon-avis"), Ref: "AB4815162342", Company: "Cuisines de l’Ille", Status: ui.Status{Tone: ui.Good, Text: "Publié"}, Explained: "Il est publié tel que vous l’avez écrit.",
		Steps:   []ui.Step{{At: ago(72 * time.Hour), Tone: ui.Good, Text: "Déposé"}, {At: ago(20 * time.Hour), Tone: ui.Good, Text: "Publié"}},
		Facts:   []ui.Fact{{Label: "Une prestation ou un achat", Value: "Pose d’une cuisine"}, {Label: "Note d’ensemble", Value: "4,0 / 5 · satisfait"}},
		Comment: "La pose a duré deux jours, tout était propre.", Fingerprint: "9f2c1f0b7a6d5e4c3b2a19080706050403020100ffeeddccbbaa998877665544", Logged: true, Shown: "/avis/4815162342",
		Consents: []ui.Given{{ID: "publish", Wording: reviewBoxes[1].Wording, At: ago(72 * time.Hour), Channel: "formulaire"}}, Shared: true, MayChange: true, MayWithdraw: true, MayShare: true}
}

var wishedFacts = []ui.Fact{{Label: "De", Value: "Ada Byron"}, {Label: "À titre de", Value: "Client"}, {Label: "Expérience", Value: "Pose d’une cuisine"}, {Label: "Date", Value: "2 novembre 2026"}}

func wanting(l ui.Lang, form ui.Form) ui.WantForm {
	form.Starred = true
	return ui.WantForm{Public: open(l, "/donner-mon-avis"), Form: form, Companies: []ui.Option{{Value: "pro_1", Label: "Cuisines de l’Ille, Rennes (35)"}}, More: true, Proof: true, Member: true, Notice: notice,
		Audiences: []ui.Option{{Value: "client", Label: "Client", Hint: "Une prestation ou un achat"}, {Value: "salarie", Label: "Salarié ou ancien salarié", Hint: "Votre expérience de travail"}},
		Consents:  []ui.Consent{{Name: "consent-questionnaire-wanted", Wording: "Je souhaite recevoir un questionnaire.", Required: true}}}
}

func wishing(l ui.Lang, c ui.WishCase, form ui.Form) ui.WishDesk {
	c.Title, c.Action, c.Facts, c.Status = "Cuisines de l’Ille", "/equipe/avis/demandes/inv_1", wishedFacts, ui.Status{Tone: ui.Wait, Text: "à vérifier"}
	c.Reasons = []ui.Option{{Value: "no-experience", Label: "L’expérience n’a pas pu être établie."}}
	c.Steps = []ui.ReviewStep{{Step: ui.Step{At: ago(30 * time.Hour), Text: "Demandé"}}}
	return ui.WishDesk{Space: ui.Space{Frame: frame(l, "/equipe/avis"), Operator: "Avis d’ici", User: "Jeanne Exemple", May: []string{"/equipe/avis"}}, Form: form, At: "/equipe/avis/demandes?c=inv_1",
		Due: []ui.Due{{Queue: "Client", Title: "Cuisines de l’Ille", Detail: "à vérifier", Href: "/equipe/avis/demandes?c=inv_1", Since: ago(30 * time.Hour)}}, Open: &c}
}

func memberSpace(l ui.Lang, path string) ui.Space {
	return ui.Space{Frame: frame(l, path), Operator: "Avis d’ici", Pro: true, User: "Jeanne Exemple", As: "Cuisines de l’Ille", May: []string{"/invitations", "/profil"}}
}

func inviting(l ui.Lang, form ui.Form) ui.Invites {
	form.Hidden = []ui.Hidden{{Name: "key", Value: "k"}}
	return ui.Invites{Space: memberSpace(l, "/invitations"), Form: form, Base: "/invitations", Company: "Cuisines de l’Ille", Most: 2000,
		Questionnaires: []ui.Option{{Value: "client", Label: "Clients", Hint: "Une prestation ou un achat"}, {Value: "salarie", Label: "Salariés", Hint: "Votre expérience de travail"}},
		Counts:         []ui.Fact{{Label: "Clients", Value: "12 invités, 4 réponses"}},
		Rows: []ui.InviteRow{{At: ago(48 * time.Hour), Name: "Ada Byron", Audience: "Clients", Status: ui.Status{Tone: ui.Good, Text: "répondue"}, Sendings: 1},
			{At: ago(72 * time.Hour), Audience: "Salariés", ByStaff: true, Status: ui.Status{Text: "non dit"}, Sendings: 2}}}
}

var collection = []Sample{
	{"mon-avis-questionnaire", "Avis", func(l ui.Lang) ui.View { return asked(l, ui.Form{}) }},
	{"mon-avis-questionnaire-salarie", "Avis", func(l ui.Lang) ui.View { v := asked(l, ui.Form{}); v.Employee = true; return v }},
	{"mon-avis-questionnaire-erreurs", "Avis", func(l ui.Lang) ui.View {
		return asked(l, ui.Form{Values: map[string][]string{"answers.trouble": {"yes"}}, Errors: []fault.Field{{Name: "answers.overall", Text: fault.T("Donnez une note.", "Give a mark.")}, {Name: "consent-publish", Text: fault.T("Sans cet accord, l’avis ne peut pas être déposé.", "Without this agreement the review cannot be deposited.")}}})
	}},
	{"mon-avis-modifier", "Avis", func(l ui.Lang) ui.View {
		v := asked(l, ui.Form{})
		v.Again, v.Action, v.Consents = true, "/mon-avis/modifier", nil
		return v
	}},
	{"mon-avis", "Avis", func(l ui.Lang) ui.View { return reviewed(l) }},
	{"donner-mon-avis", "Avis", func(l ui.Lang) ui.View { return wanting(l, ui.Form{}) }},
	{"donner-mon-avis-erreurs", "Avis", func(l ui.Lang) ui.View {
		return wanting(l, ui.Form{Errors: []fault.Field{{Name: "pro", Text: fault.T("Choisissez l’entreprise dans la liste.", "Choose the company from the list.")}, {Name: "consent-questionnaire-wanted", Text: fault.T("Cochez cette case.", "Tick this box.")}}})
	}},
	{"donner-mon-avis-recu", "Avis", func(l ui.Lang) ui.View { return ui.WantForm{Public: open(l, "/donner-mon-avis"), Sent: true} }},
	{"avis-demande", "Avis", func(l ui.Lang) ui.View {
		return ui.WishPage{Public: open(l, "/mon-avis"), Company: "Cuisines de l’Ille", Status: ui.Status{Tone: ui.Wait, Text: "Un document est attendu de vous"}, Facts: wishedFacts, Until: now.AddDate(0, 0, 14),
			Consents: []ui.Given{{ID: "questionnaire-wanted", Wording: "Je souhaite recevoir un questionnaire.", At: ago(30 * time.Hour), Channel: "formulaire"}}}
	}},
	{"equipe-avis-demandes", "Avis", func(l ui.Lang) ui.View {
		return wishing(l, ui.WishCase{CanAsk: true, Proof: "/equipe/avis/demandes/inv_1/preuve"}, ui.Form{})
	}},
	{"equipe-avis-demandes-refus", "Avis", func(l ui.Lang) ui.View {
		return wishing(l, ui.WishCase{Against: true}, ui.Form{Errors: []fault.Field{{Name: "why", Text: fault.T("Écrivez-le en quelques mots.", "Write it in a few words.")}}})
	}},
	{"invitations-demandes", "Avis", func(l ui.Lang) ui.View {
		p := inviting(l, ui.Form{})
		p.Wishes = []ui.WishOfMember{{ID: "inv_1", Facts: wishedFacts, Until: now.AddDate(0, 0, 14)}, {ID: "inv_2", Facts: wishedFacts, Until: ago(30 * time.Hour), Late: true}}
		return p
	}},
	{"invitations", "Avis", func(l ui.Lang) ui.View { return inviting(l, ui.Form{}) }},
	{"invitations-erreurs", "Avis", func(l ui.Lang) ui.View {
		v := inviting(l, ui.Form{Errors: []fault.Field{{Name: "email", Text: fault.T("Cette adresse a déjà été invitée.", "This address was invited already.")}, {Name: "file", Text: fault.T("La liste est vide.", "The list is empty.")}}})
		v.Rows = nil
		return v
	}},
	{"invitations-liste", "Avis", func(l ui.Lang) ui.View {
		columns := []ui.Option{{Value: "0", Label: "Client"}, {Value: "1", Label: "Courriel"}}
		return ui.InviteMapping{Space: memberSpace(l, "/invitations"), Base: "/invitations", Key: "k", Questionnaire: "client", Text: "a;b", Rows: 3, Good: 2,
			Columns: []ui.MapColumn{{Name: "col-name", Label: "Nom", Value: "0", Options: columns, Need: true}, {Name: "col-email", Label: "Adresse e-mail", Value: "1", Options: columns, Need: true}, {Name: "col-phone", Label: "Téléphone", Options: columns}},
			Sample:  [][]string{{"Ada Byron", "ada@example.com", "Pose d’une cuisine", "2 novembre 2026"}}, Wrong: []ui.WrongRow{{Line: 4, Why: []string{"Écrivez une date passée."}}}}
	}},
	{"invitations-envoi", "Avis", func(l ui.Lang) ui.View {
		return ui.InviteProgress{Space: memberSpace(l, "/invitations"), Base: "/invitations", Rows: 1200, Done: 500, Invited: 490, Repeated: 3, Bad: 1, Wrong: []ui.WrongRow{{Line: 4, Why: []string{"Écrivez une date passée."}}}, Repeats: []ui.WrongRow{{Line: 9, Why: []string{"Cette adresse est déjà à la ligne 2."}}}}
	}},
	{"invitations-envoyees", "Avis", func(l ui.Lang) ui.View {
		return ui.InviteProgress{Space: memberSpace(l, "/invitations"), Base: "/invitations", Rows: 12, Done: 12, Invited: 12, Over: true}
	}},
	{"mon-avis-refuse", "Avis", func(l ui.Lang) ui.View {
		v := reviewed(l)
		v.Status, v.Explained, v.Shown, v.MayChange, v.MayWithdraw, v.MayShare, v.Logged = ui.Status{Tone: ui.Bad, Text: "Pas publié"}, "L’expérience n’a pas pu être établie.", "", false, false, false, false
		v.Contest, v.Pending = now.AddDate(0, 6, 0), &ui.Pending{At: ago(time.Hour), Facts: v.Facts, Text: "Une autre version."}
		return v
	}},
}
