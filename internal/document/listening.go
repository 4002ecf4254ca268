package document

import (
	"strings"

	"entremise/internal/network"
)

// heard says why, and by whom, recordings kept for a purpose are heard, and whether a provider may be lent one (ET-146, 147; AQ-14, 15); nothing
// for a purpose that no reason for listening belongs to.
func heard(l Lang, n *network.Network, p network.Purpose) (points []string) {
	if n.Listening == nil {
		return nil
	}
	var why []string
	for _, r := range n.Listening.Reasons {
		if r.Purpose == p.ID {
			why = append(why, l.said(r.Label)+" ("+hearers(l, r.By)+")")
		}
	}
	if len(why) > 0 {
		points = append(points, l.T("Écoute des enregistrements : ", "Listening to recordings: ")+l.Series(why)+l.T(" ; chaque écoute est notée", "; each listening is noted"))
	}
	lend := n.Listening.Lend
	if lend == nil || lend.Purpose != p.ID {
		return points
	}
	var to []string
	for _, id := range lend.To {
		if r, ok := n.Recipient(id); ok {
			to = append(to, l.said(r.Label))
		}
	}
	return append(points, l.Tf("Prêt d’un seul enregistrement, pour un litige et %s au plus : %s", "Loan of one recording, for a dispute and %s at most: %s", l.said(lend.For.Text()), l.Series(to)))
}

var hearing = map[network.Role][2]string{network.RoleSupervisor: {"superviseurs", "supervisors"}, network.RoleAdministrator: {"direction", "management"}}

func hearers(l Lang, roles []network.Role) string {
	var who []string
	for _, r := range roles {
		w := hearing[r]
		who = append(who, l.T(w[0], w[1]))
	}
	return strings.Join(who, ", ")
}
