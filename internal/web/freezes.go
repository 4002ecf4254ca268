package web

import (
	"entremise/internal/geo"
	"entremise/internal/inbox"
	"entremise/internal/web/ui"
)

// liftWords say when a freeze ends, and how far its announcement came.
func (v *visit) liftWords(l *inbox.Lift) string {
	day := v.lang.Date(l.Due.In(geo.Paris()))
	switch {
	case l.Lost:
		return v.lang.T("annoncée, mais le message n’a pas pu partir : le gel continue", "announced, but the message could not leave: the freeze goes on")
	case l.Comes.IsZero():
		return v.lang.Tf("prévue le %s, dès que le message d’annonce est parti", "planned for %s, once the announcing message has left", day)
	}
	return v.lang.Tf("le %s", "on %s", v.lang.Date(l.Comes.In(geo.Paris())))
}

// freezing are the next steps of a restriction: to begin it, to announce its end, or to take the announcement back.
func (v *visit) freezing(path string, f inbox.File) (all []ui.Action) {
	do := func(what string, more ...ui.Hidden) []ui.Hidden {
		return append([]ui.Hidden{{Name: "do", Value: what}}, more...)
	}
	if !f.Frozen {
		return []ui.Action{{Label: v.lang.T("Geler ses données", "Freeze the data"), Href: path, Key: "e", Hidden: do("restrict"),
			Effect: v.lang.T("Ses demandes ne sont plus vendues, corrigées, montrées ni effacées ; ceux qui les ont achetées n’y lisent plus rien et sont avertis.", "Requests are no longer sold, corrected, shown or erased; those who bought them read nothing there any more and are told.")}}
	}
	if f.Lift != nil {
		all = append(all, ui.Action{Label: v.lang.T("Ne plus lever le gel", "Keep the freeze"), Href: path, Hidden: do("recall-lift"), Effect: v.lang.T("L’annonce est retirée, le gel continue, et la personne en est prévenue.", "The announcement is taken back, the freeze goes on, and the person is told.")})
	}
	if f.Lift != nil && !f.Lift.Lost {
		return all
	}
	notice := v.say2(f.Network.Rights.LiftNotice().Text())
	if f.Email != "" || f.Phone != "" {
		all = append(all, ui.Action{Label: v.lang.T("Annoncer la levée du gel", "Announce the end of the freeze"), Href: path, Hidden: do("announce-lift", ui.Hidden{Name: "way", Value: inbox.ByMessage}),
			Effect: v.lang.Tf("La personne reçoit le jour de la levée, %s au moins à l’avance. Le gel tient jusque-là, et aussi longtemps que le message n’est pas parti.", "The person is told the day, at least %s ahead. The freeze lasts until then, and as long as the message has not left.", notice)})
	}
	return append(all, ui.Action{Label: v.lang.T("Je l’ai annoncée par courrier", "I announced it by letter"), Href: path, Hidden: do("announce-lift", ui.Hidden{Name: "way", Value: inbox.ByLetter}),
		Effect: v.lang.Tf("Vous l’avez fait vous-même : votre nom est noté, et le gel est levé dans %s.", "You did so yourself: your name is noted, and the freeze ends in %s.", notice)},
		ui.Action{Label: v.lang.T("Je l’ai annoncée par téléphone", "I announced it by phone"), Href: path, Hidden: do("announce-lift", ui.Hidden{Name: "way", Value: inbox.ByCall}),
			Effect: v.lang.Tf("Vous l’avez fait vous-même : votre nom est noté, et le gel est levé dans %s.", "You did so yourself: your name is noted, and the freeze ends in %s.", notice)})
}
