package oversight

import (
	"slices"

	"entremise/internal/fault"
)

// Need says when a field must be filled in.
type Need int

// Steps at which a field is needed.
const (
	Never Need = iota
	AtOpening
	AtClosing // a file is completed in phases (GDPR art. 33.4)
)

// Field is one thing that a file says in words.
type Field struct {
	Name  string
	Label fault.Text
	Hint  fault.Text
	Line  bool // one line of 120 characters, else a text of 4 000
	Need  Need
	By    string // the act that writes it, where it is not part of the form: notify, decline or withhold
}

// Longest lengths, in characters.
const (
	longestLine = 120
	longestText = 4000
)

// fields of each kind, in the order in which they are asked. Those of a breach are what art. 33.3 and 33.5 want noted, those of an assessment art. 35.7.
var fields = map[Kind][]Field{
	Breach: {
		{Name: "title", Line: true, Need: AtOpening, Label: fault.T("L’incident en une ligne", "The incident in one line"), Hint: fault.T("Sans nom de personne.", "Without anybody’s name.")},
		{Name: "nature", Need: AtClosing, Label: fault.T("Ce qui s’est passé", "What happened"), Hint: fault.T("Perte de confidentialité, d’intégrité ou de disponibilité ; comment, depuis quand.", "Loss of confidentiality, integrity or availability; how, since when.")},
		{Name: "consequences", Need: AtClosing, Label: fault.T("Conséquences probables pour les personnes", "Likely consequences for people")},
		{Name: "measures", Need: AtClosing, Label: fault.T("Mesures prises, et ce que les personnes peuvent faire", "Measures taken, and what people can do")},
		{Name: "reason", Need: AtClosing, Label: fault.T("Pourquoi ce niveau de risque", "Why this level of risk")},
		{Name: "late", By: "notify", Label: fault.T("Pourquoi la notification est tardive", "Why the notice is late")},
		{Name: "not_notified", By: "decline", Label: fault.T("Pourquoi l’autorité n’est pas avertie", "Why the authority is not told")},
		{Name: "not_told", By: "withhold", Label: fault.T("Pourquoi les personnes ne sont pas averties", "Why the people are not told")},
	},
	Authority: {
		{Name: "authority", Line: true, Need: AtOpening, Label: fault.T("Autorité, juridiction ou officier", "Authority, court or officer")},
		{Name: "legal", Line: true, Need: AtOpening, Label: fault.T("Fondement légal", "Legal reference"), Hint: fault.T("L’article, et le numéro de la réquisition ou de la décision. Sans lui, rien n’est transmis.", "The article, and the number of the order or ruling. Without it nothing is handed over.")},
		{Name: "asked", Need: AtOpening, Label: fault.T("Ce qui est demandé", "What is asked")},
		{Name: "to", Line: true, Need: Never, Label: fault.T("À qui et comment c’est remis", "To whom and how it is handed over")},
		{Name: "outcome", Need: AtClosing, Label: fault.T("Ce qui a été répondu", "What was answered")},
	},
	Terms: {
		{Name: "title", Line: true, Need: AtOpening, Label: fault.T("La condition non respectée", "The term that was broken"), Hint: fault.T("L’article des conditions, sans nom de personne.", "The article of the terms, without anybody’s name.")},
		{Name: "facts", Need: AtOpening, Label: fault.T("Les faits", "The facts")},
		{Name: "evidence", Need: AtClosing, Label: fault.T("Les preuves", "The evidence"), Hint: fault.T("Ce qui est gelé plus bas reste conservé tant que ce dossier est ouvert.", "What is on hold below is kept while this file is open.")},
		{Name: "claim", Need: Never, Label: fault.T("La réparation demandée", "The compensation claimed")},
		{Name: "outcome", Need: AtClosing, Label: fault.T("L’issue", "The outcome")},
	},
	Assessment: {
		{Name: "title", Line: true, Need: AtOpening, Label: fault.T("L’analyse en une ligne", "The assessment in one line")},
		{Name: "description", Need: AtClosing, Label: fault.T("Le traitement décrit", "The processing described")},
		{Name: "necessity", Need: AtClosing, Label: fault.T("Nécessité et proportion", "Necessity and proportion")},
		{Name: "risks", Need: AtClosing, Label: fault.T("Risques pour les personnes", "Risks to people")},
		{Name: "measures", Need: AtClosing, Label: fault.T("Mesures prévues", "Measures envisaged")},
		{Name: "opinion", Need: AtClosing, Label: fault.T("Avis du délégué", "Opinion of the officer")},
		{Name: "decision", Need: AtClosing, Label: fault.T("Décision", "Decision"), Hint: fault.T("Un risque qui reste élevé demande de consulter l’autorité d’abord (RGPD art. 36).", "A risk that stays high asks for consulting the authority first (GDPR art. 36).")},
	},
	Review: {
		{Name: "title", Line: true, Need: AtOpening, Label: fault.T("Ce qui est revu", "What is reviewed")},
		{Name: "findings", Need: AtClosing, Label: fault.T("Constats", "Findings")},
		{Name: "measures", Need: AtClosing, Label: fault.T("Ce qui change", "What changes")},
	},
}

// Fields lists what a file of a kind says in words and its form asks.
func Fields(k Kind) []Field {
	return slices.DeleteFunc(slices.Clone(fields[k]), func(f Field) bool { return f.By != "" })
}

// AllFields lists the reasons too that acts write: for a register.
func AllFields(k Kind) []Field { return slices.Clone(fields[k]) }

// Looked reports whether files of a kind are looked at again on a day of their own.
func (k Kind) Looked() bool { return k == Assessment || k == Review }

// Scoped reports whether files of a kind name people whose records they are about.
func (k Kind) Scoped() bool { return k == Breach || k == Authority || k == Terms }

// Holds reports whether what such a file is about is kept from its end while the file is open.
func (k Kind) Holds() bool { return k == Authority || k == Terms }
