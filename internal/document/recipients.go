package document

import (
	"strings"

	"entremise/internal/network"
)

// RecipientRows lists who gets data as a table: role, country and safeguard, contract, what each gets and for what (GDPR art. 28, 30.1 d and e).
func RecipientRows(n *network.Network, l Lang) [][]string {
	s := &sheet{Lang: l, n: n}
	rows := [][]string{{"id", l.T("destinataire", "recipient"), l.T("rôle", "role"), l.T("pays", "country"), l.T("garantie", "safeguard"), l.T("contrat", "contract"), l.T("signé le", "signed on"), l.T("reçoit", "gets"), l.T("d’un professionnel, seulement", "of a professional, only"), l.T("pour", "for"), l.T("conjoint avec nous pour", "joint with us for")}}
	for _, r := range n.Recipients {
		var gets, serves, joint []string
		for _, c := range n.Receives(r) {
			gets = append(gets, l.said(c.Label()))
		}
		for _, p := range n.Serves(r) {
			serves = append(serves, l.said(p.Label))
			if p.Joint != nil && p.Joint.With == r.ID {
				joint = append(joint, l.said(p.Label))
			}
		}
		fields := make([]string, len(r.Fields))
		for i, f := range r.Fields {
			fields[i] = l.said(f.Label())
		}
		if r.Digests {
			gets = []string{l.T("des empreintes seulement", "digests only")}
		}
		label := l.said(r.Label)
		if n.Homemade(r) {
			label += l.T(" (sur nos propres machines : ce n’est pas un tiers)", " (on our own machines: this is no third party)")
		}
		rows = append(rows, []string{r.ID, label, s.role(r.Role), r.Country, r.Safeguard, r.Contract, string(r.Signed), strings.Join(gets, " ; "), strings.Join(fields, " ; "), strings.Join(serves, " ; "), strings.Join(joint, " ; ")})
	}
	return rows
}
