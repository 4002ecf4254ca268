package document

import (
	"entremise/internal/fault"
	"entremise/internal/network"
)

// spentUse is what rows that no purpose holds serve for, in the record of processing.
type spentUse struct {
	purpose, people fault.Text
	basis           network.Basis
}

var spentUses = map[network.SpentKind]spentUse{
	network.SpentCodes: {fault.T("Prouver par un code qu’un numéro ou une adresse est à qui le dit", "Prove by a code that a number or an address belongs to who says so"),
		fault.T("personnes qui reçoivent un code", "people who get a code"), network.BasisLegitimate},
	network.SpentSessions: {fault.T("Garder une connexion ouverte, et pouvoir la fermer", "Keep a sign-in open, and be able to close it"), fault.T("équipe et professionnels", "staff and professionals"), network.BasisLegitimate},
	network.SpentAttempts: {fault.T("Ne pas appeler plus souvent que la loi ne le permet", "Not to call more often than law allows"), fault.T("personnes appelées pour leur proposer quelque chose", "people called to be offered something"), network.BasisLegal},
	network.SpentBlocks:   {fault.T("Tenir les abus à distance", "Keep abuse away"), fault.T("visiteurs dont l’adresse est bloquée", "visitors whose address is blocked"), network.BasisLegitimate},
	network.SpentRegister: {fault.T("Ne pas appeler qui s’y est opposé", "Not to call who objected"), fault.T("personnes inscrites sur la liste", "people on the register"), network.BasisLegal},
}

var spentData = fault.T("empreintes et instants, sans nom", "digests and instants, without a name")

// SpentKept says how long rows of a kind stay, in words; empty where the network has none.
func SpentKept(l Lang, n *network.Network, k network.SpentKind) string {
	keep, held := n.SpentFor(k)
	if !held {
		return ""
	}
	return l.Tf("%s depuis %s", "%s from %s", l.said(keep.Text()), l.said(k.From()))
}

// spent is the part of the public table for what no purpose holds.
func (s *sheet) spent() {
	rows := [][]string{{s.T("Ce qui a servi", "What has served"), s.T("Oublié après", "Forgotten after"), s.T("Données", "Data")}}
	for _, k := range network.SpentKinds() {
		if kept := SpentKept(s.Lang, s.n, k); kept != "" {
			rows = append(rows, []string{s.said(k.Label()), kept, s.said(spentData)})
		}
	}
	s.p(s.T("Ces traces-là ne portent aucun nom, ne servent à rien d’autre, et sont supprimées dès que leur temps est passé.", "These traces bear no name, serve nothing else, and are deleted as soon as their time is over."))
	s.table(rows...)
}

// spentActivities are the lines of the record of processing for what no purpose holds.
func spentActivities(n *network.Network, l Lang, controllers string) (all []Activity) {
	for _, k := range network.SpentKinds() {
		if kept := SpentKept(l, n, k); kept != "" {
			u := spentUses[k]
			all = append(all, Activity{ID: "spent-" + string(k), Purpose: l.said(u.purpose), Controllers: controllers, Basis: Basis(l, u.basis, network.Visitor) + " (art. " + article(u.basis) + ")", People: l.said(u.people), Data: l.said(k.Label()) + l.T(" : ", ": ") + l.said(spentData),
				Sources: l.T("relevées par le logiciel", "noted by the software"), Recipients: l.T("personne hors de l’équipe", "nobody outside staff"), Transfers: l.T("aucun", "none"), Erasure: kept + l.T(", puis effacées", ", then erased")})
		}
	}
	return all
}

// spentNodes are the same lines in the terms of DPV, with the ids of the processes.
func spentNodes(n *network.Network, base, controller string) (nodes []node, processes []string) {
	for _, k := range network.SpentKinds() {
		fr, en := SpentKept("fr", n, k), SpentKept("en", n, k)
		if fr == "" {
			continue
		}
		id, u := base+"#spent-"+string(k), spentUses[k]
		processes = append(processes, id)
		nodes = append(nodes,
			node{"@id": id + "-purpose", "@type": "dpv:Purpose", "rdfs:label": both(u.purpose.FR, u.purpose.Say("en"))},
			node{"@id": id + "-storage", "@type": "dpv:StorageCondition", "dpv:hasDuration": ref(id + "-duration")},
			node{"@id": id + "-duration", "@type": "dpv:TemporalDuration", "rdfs:label": both(fr, en)},
			node{"@id": id, "@type": "dpv:Process", "rdfs:label": both(u.purpose.FR, u.purpose.Say("en")), "dpv:hasDataController": ref(controller), "dpv:hasPurpose": ref(id + "-purpose"), "dpv:hasLegalBasis": ref(dpvBasis[u.basis]),
				"dpv:hasDataSubject": refs("dpv:DataSubject"), "dpv:hasPersonalData": refs("dpv:PersonalData"), "dpv:hasStorageCondition": ref(id + "-storage"), "dpv:hasTechnicalOrganisationalMeasure": refs("dpv:AccessControlMethod", "dpv:Erase")})
	}
	return nodes, processes
}
