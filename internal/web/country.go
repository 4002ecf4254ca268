package web

import (
	"entremise/internal/db"
	"entremise/internal/request"
)

// countryMarks are the marks of the requests of a queue; a network that checks no country has none.
func (v *visit) countryMarks(waiting []request.Waiting) (marks map[string]string, err error) {
	if v.n.Verification.Country == nil {
		return nil, nil
	}
	ids := make([]string, len(waiting))
	for i, w := range waiting {
		ids[i] = w.ID
	}
	return marks, v.DB.Read(v.ctx, func(tx *db.Tx) error { marks, err = request.Marked(tx, ids...); return err })
}

// countryWords say what an agent is to know of the country of a form.
func (v *visit) countryWords(mark string) string {
	text := v.lang.T("Pays inconnu : le prestataire n’a pas répondu", "Country unknown: the provider did not answer")
	if request.IsElsewhere(mark) {
		text = v.lang.T("Connexion d’un pays non accepté", "Connection from a country that is not accepted")
	}
	if request.IsAside(mark) {
		text = v.lang.T("Mise de côté. ", "Set aside. ") + text
	}
	return text
}
