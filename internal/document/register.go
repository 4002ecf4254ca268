package document

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"entremise/internal/network"
)

// Activity is a line of the record of processing activities (GDPR art. 30.1): what the file says of a purpose, in words.
type Activity struct {
	ID, Purpose, Controllers, Basis, People, Data, Sources, Recipients, Transfers, Erasure string
}

// RegisterHead names the columns of the record.
func RegisterHead(l Lang) []string {
	return []string{l.T("Traitement", "Activity"), l.T("Finalité", "Purpose"), l.T("Responsables", "Controllers"), l.T("Base légale", "Legal basis"), l.T("Personnes concernées", "Data subjects"), l.T("Données", "Data"), l.T("Sources", "Sources"),
		l.T("Destinataires", "Recipients"), l.T("Transferts hors EEE et garanties", "Transfers outside the EEA and safeguards"), l.T("Délai d’effacement", "Time limit for erasure"), l.T("Mesures de sécurité", "Security measures")}
}

// Measures are the technical and organisational measures that hold for every activity (GDPR art. 32).
func Measures(l Lang) string {
	return l.T("Chiffrement par personne et par genre de donnée, clés à part ; accès par rôle et second facteur ; chaque lecture tracée ; effacement par destruction des clés ; sauvegardes chiffrées.",
		"Encryption per person and kind of data, keys apart; access by role and second factor; every reading logged; erasure by destroying keys; encrypted backups.")
}

// Register lists the processing activities of an edition, in the order of its purposes, then what serves for a time and is held for nobody.
func Register(n *network.Network, l Lang) []Activity {
	s := &sheet{Lang: l, n: n}
	var all []Activity
	for _, p := range n.Purposes {
		var who, data, to, abroad []string
		for _, w := range p.People {
			who = append(who, l.said(places[w]))
		}
		for _, c := range p.Data {
			data = append(data, l.said(c.Label()))
		}
		for _, id := range p.Recipients {
			if r, ok := n.Recipient(id); ok {
				to = append(to, l.said(r.Label)+" ("+s.role(r.Role)+", "+r.Country+")")
				if r.Safeguard != "" {
					abroad = append(abroad, r.Country+l.T(" : ", ": ")+r.Safeguard)
				}
			}
		}
		controllers := cmp.Or(n.Operator.Company, n.Operator.Name)
		if p.Joint != nil {
			r, _ := n.Recipient(p.Joint.With)
			controllers = l.Tf("conjoints : %s et %s", "joint: %s and %s", controllers, l.said(r.Label))
		}
		var from []string
		for _, o := range p.Origins() {
			from = append(from, l.said(o.Label()))
		}
		all = append(all, Activity{ID: p.ID, Controllers: controllers, Sources: strings.Join(from, ", "), Purpose: strings.Join(append([]string{l.said(p.Label)}, heard(l, n, p)...), ". "), Basis: Basis(l, p.Basis, p.People[0]) + " (art. " + article(p.Basis) + ")", People: strings.Join(who, ", "), Data: l.Series(data),
			Recipients: cmp.Or(l.Series(to), l.T("personne hors de l’équipe", "nobody outside staff")), Transfers: cmp.Or(l.Series(abroad), l.T("aucun", "none")), Erasure: Kept(l, p.Keep) + l.T(", puis ", ", then ") + ending(l, p.Keep)})
	}
	return append(all, spentActivities(n, l, cmp.Or(n.Operator.Company, n.Operator.Name))...)
}

// Cells are the values of a line, in the order of the head.
func (a Activity) Cells(l Lang) []string {
	return []string{a.ID, a.Purpose, a.Controllers, a.Basis, a.People, a.Data, a.Sources, a.Recipients, a.Transfers, a.Erasure, Measures(l)}
}

// RegisterCSV is the record as a table for spreadsheets.
func RegisterCSV(n *network.Network, l Lang) ([]byte, error) {
	rows := [][]string{RegisterHead(l)}
	for _, a := range Register(n, l) {
		rows = append(rows, a.Cells(l))
	}
	return CSV(rows, ';')
}

// The Data Privacy Vocabulary (DPV 2.1, W3C Data Privacy Vocabularies and Controls Community Group) says the record to machines: every class and property
// below is one of its terms, which a test compares with the published vocabulary.
var (
	dpvBasis = map[network.Basis]string{network.BasisConsent: "eu-gdpr:A6-1-a", network.BasisContract: "eu-gdpr:A6-1-b", network.BasisLegal: "eu-gdpr:A6-1-c", network.BasisLegitimate: "eu-gdpr:A6-1-f"}
	dpvWho   = map[network.Person]string{network.Consumer: "dpv:Consumer", network.Professional: "dpv:Client", network.Staff: "dpv:Employee", network.Visitor: "dpv:Visitor",
		network.Author: "dpv:Participant", network.Follower: "dpv:User", network.Requester: "dpv:DataSubject", network.Partner: "dpv:Client"}
	dpvRole = map[network.RecipientRole]string{network.RecipientProcessor: "dpv:DataProcessor", network.RecipientController: "dpv:ThirdParty", network.RecipientBuyer: "dpv:ThirdParty", network.RecipientAuthority: "dpv:Authority"}
	dpvData = map[network.Category][]string{
		network.DataIdentity: {"pd:Name"}, network.DataContact: {"pd:TelephoneNumber", "pd:EmailAddress"}, network.DataPlace: {"pd:PhysicalAddress"}, network.DataNeed: {"dpv:PersonalData"},
		network.DataPhotos: {"pd:Picture"}, network.DataRecording: {"pd:VoiceCommunicationRecording"}, network.DataMessages: {"pd:Communication"}, network.DataOpinion: {"pd:Opinion"},
		network.DataConsent: {"pd:PrivacyPreference"}, network.DataAccount: {"pd:AccountIdentifier", "pd:Authenticating"}, network.DataBusiness: {"pd:Professional"}, network.DataDocuments: {"pd:OfficialID"},
		network.DataActivity: {"pd:ServiceConsumptionBehavior"}, network.DataBilling: {"pd:Transactional"}, network.DataConnection: {"pd:IPAddress"},
		network.DataExperience: {"pd:Purchase"}, network.DataAudience: {"pd:BrowsingBehavior"}, network.DataLocation: {"pd:Location"}, network.DataSocial: {"pd:SocialMediaCommunication"},
		network.DataProfession: {"pd:Professional"}, network.DataContracts: {"pd:Transactional"}, network.DataBank: {"pd:BankAccount"}, network.DataPremises: {"dpv:PersonalData"}, network.DataCase: {"pd:Communication"},
		network.DataOversight: {"pd:Communication"},
	}
)

type node = map[string]any

func ref(id string) node { return node{"@id": id} }

func refs(ids ...string) []node {
	var all []node
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(n node) bool { return n["@id"] == id }) {
			all = append(all, ref(id))
		}
	}
	return all
}

func both(fr, en string) []node {
	return []node{{"@value": fr, "@language": "fr"}, {"@value": en, "@language": "en"}}
}

// RegisterJSONLD is the record as JSON-LD in the terms of DPV. base is the address of the record; what belongs to it is named under it.
func RegisterJSONLD(n *network.Network, base string) ([]byte, error) {
	o := n.Operator
	controller := base + "#controller"
	graph := []node{
		{"@id": controller, "@type": "dpv:DataController", "dpv:hasName": cmp.Or(o.Company, o.Name), "dpv:hasAddress": n.AddressFor("office"), "dpv:hasContact": o.Email, "dpv:hasIdentifier": string(o.SIREN),
			"dpv:hasDataProtectionOfficer": ref(base + "#officer"), "dpv:hasRecordOfActivity": ref(base)},
		{"@id": base + "#officer", "@type": "dpv:DataProtectionOfficer", "dpv:hasName": cmp.Or(o.Officer.Name, o.Name), "dpv:hasContact": o.Officer.Email},
	}
	for _, r := range n.Recipients {
		types := []string{"dpv:Recipient", dpvRole[r.Role]}
		graph = append(graph, node{"@id": base + "#recipient-" + r.ID, "@type": types, "dpv:hasName": both(r.Label.FR, r.Label.Say("en")), "dpv:hasCountry": r.Country})
	}
	var processes []string
	for _, p := range n.Purposes {
		id := base + "#" + p.ID
		processes = append(processes, id)
		var who, data, to []string
		for _, w := range p.People {
			who = append(who, dpvWho[w])
		}
		for _, c := range p.Data {
			data = append(data, dpvData[c]...)
		}
		for _, r := range p.Recipients {
			to = append(to, base+"#recipient-"+r)
		}
		process := node{"@id": id, "@type": "dpv:Process", "rdfs:label": both(p.Label.FR, p.Label.Say("en")), "dpv:hasDataController": ref(controller),
			"dpv:hasPurpose":    ref(id + "-purpose"),
			"dpv:hasLegalBasis": ref(dpvBasis[p.Basis]), "dpv:hasDataSubject": refs(who...), "dpv:hasPersonalData": refs(data...),
			"dpv:hasTechnicalOrganisationalMeasure": refs("dpv:Encryption", "dpv:AccessControlMethod", "dpv:Erase")}
		graph = append(graph, node{"@id": id + "-purpose", "@type": "dpv:Purpose", "rdfs:label": both(p.Label.FR, p.Label.Say("en"))})
		if p.Joint != nil {
			process["dpv:hasDataController"] = ref(id + "-joint")
			graph = append(graph, node{"@id": id + "-joint", "@type": "dpv:JointDataControllers", "dpv:hasDataController": refs(controller, base+"#recipient-"+p.Joint.With)})
		}
		if len(to) > 0 {
			process["dpv:hasRecipient"] = refs(to...)
		}
		if p.Keep != nil {
			process["dpv:hasStorageCondition"] = ref(id + "-storage")
			graph = append(graph, node{"@id": id + "-storage", "@type": "dpv:StorageCondition",
				"dpv:hasDuration": ref(id + "-duration")},
				node{"@id": id + "-duration", "@type": duration(p.Keep), "rdfs:label": both(Kept("fr", p.Keep), Kept("en", p.Keep))})
		}
		graph = append(graph, process)
	}
	more, spent := spentNodes(n, base, controller)
	graph, processes = append(graph, more...), append(processes, spent...)
	graph = append([]node{{"@id": base, "@type": "dpv:ROPA", "rdfs:label": both("Registre des traitements", "Register of processing activities"), "dct:issued": string(n.InForce), "dpv:hasProcess": refs(processes...)}}, graph...)
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(node{"@context": node{"dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#", "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
		"rdfs": "http://www.w3.org/2000/01/rdf-schema#", "dct": "http://purl.org/dc/terms/"}, "@graph": graph})
	return b.Bytes(), err
}

// duration is the kind of a retention: a time, or as long as something lasts.
func duration(k *network.Keep) string {
	if k.While != "" {
		return "dpv:UntilEventDuration"
	}
	return "dpv:TemporalDuration"
}
