package web

import (
	"strings"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// Who gets data, from the network file.

func (v *visit) recipientRole(r network.RecipientRole) string {
	words := map[network.RecipientRole]fault.Text{network.RecipientProcessor: fault.T("Sous-traitant", "Processor"), network.RecipientController: fault.T("Responsable de son côté", "Controller of its own"),
		network.RecipientBuyer: fault.T("Professionnel acheteur, responsable de son côté", "Professional who buys, controller of its own"), network.RecipientAuthority: fault.T("Autorité", "Authority")}
	return v.say2(words[r])
}

func (v *visit) recipientSheet(r network.Recipient) (all []ui.Fact) {
	add := func(label, value string) {
		if value != "" {
			all = append(all, ui.Fact{Label: label, Value: value})
		}
	}
	gets := v.dataNames(v.n.Receives(r))
	if r.Digests {
		gets = v.lang.T("des empreintes seulement", "digests only")
	}
	var serves []string
	for _, p := range v.n.Serves(r) {
		serves = append(serves, v.say2(p.Label))
	}
	add(v.lang.T("Reçoit", "Gets"), gets)
	var fields, verifies []string
	for _, f := range r.Fields {
		fields = append(fields, v.say2(f.Label()))
	}
	for _, k := range r.Verifies {
		verifies = append(verifies, v.say2(k.Label()))
	}
	add(v.lang.T("D’un professionnel, seulement", "Of a professional, only"), strings.Join(fields, ", "))
	add(v.lang.T("Vérifie", "Verifies"), strings.Join(verifies, ", "))
	add(v.lang.T("Pour", "For"), strings.Join(serves, " ; "))
	add(v.lang.T("Pays", "Country"), r.Country)
	add(v.lang.T("Garantie", "Safeguard"), r.Safeguard)
	add(v.lang.T("Contrat", "Contract"), r.Contract)
	if r.Signed != "" {
		add(v.lang.T("Signé le", "Signed on"), v.lang.Date(day(string(r.Signed))))
	}
	add(v.lang.T("Sa politique", "Its policy"), r.Policy)
	return all
}

func (v *visit) recipients() error {
	if err := v.actor.May(auth.OversightRead); err != nil {
		return err
	}
	p := ui.Recipients{Space: v.spaceFrame(), CSV: "/conformite/destinataires/csv"}
	for _, r := range v.n.Recipients {
		p.Rows = append(p.Rows, ui.RecipientRow{Name: v.say2(r.Label), Role: v.recipientRole(r.Role), Facts: v.recipientSheet(r)})
		for _, lack := range r.Lacks() {
			row := &p.Rows[len(p.Rows)-1]
			row.Missing = append(row.Missing, v.say2(lack))
		}
	}
	for _, x := range v.n.Purposes {
		if x.Joint == nil {
			continue
		}
		with, _ := v.n.Recipient(x.Joint.With)
		p.Joint = append(p.Joint, ui.JointRow{Purpose: v.say2(x.Label), With: v.say2(with.Label), Essence: documentPaths[network.DocPrivacy]})
	}
	return v.show(p)
}

func (v *visit) recipientsCSV() error {
	if err := v.actor.May(auth.OversightRead); err != nil {
		return err
	}
	return v.csv("destinataires", ';', document.RecipientRows(v.n, document.Lang(v.lang)))
}
