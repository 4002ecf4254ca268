package web

import (
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/oversight"
	"entremise/internal/web/ui"
)

// categoryOptions are the categories that the network holds.
func (v *visit) categoryOptions() (all []ui.Option) {
	for _, c := range v.n.Categories() {
		all = append(all, ui.Option{Value: string(c), Label: v.say2(c.Label())})
	}
	return all
}

// fileInputs are what a file of a kind asks. since is asked of a new one only.
func (v *visit) fileInputs(k oversight.Kind, opening bool) (all []ui.FileInput) {
	when := map[oversight.Kind]fault.Text{oversight.Breach: fault.T("Quand l’avons-nous su ?", "When did we know of it?"), oversight.Authority: fault.T("Reçue le", "Received on"), oversight.Terms: fault.T("Constaté le", "Found on"),
		oversight.Assessment: fault.T("Commencée le", "Begun on"), oversight.Review: fault.T("Faite le", "Held on")}[k]
	if opening {
		hint := ""
		if k == oversight.Breach {
			hint = v.lang.Tf("Le délai de %s pour avertir l’autorité part de cet instant.", "The %s in which the authority is told run from this instant.", v.say2(v.n.Oversight.Notify.Text()))
		}
		all = append(all, ui.FileInput{Input: ui.Input{Name: "since", Type: "datetime-local", Label: v.say2(when), Hint: hint, Value: v.DB.Now().In(geo.Paris()).Format("2006-01-02T15:04")}})
	}
	for _, x := range oversight.Fields(k) {
		if opening && x.Need != oversight.AtOpening {
			continue
		}
		in := ui.Input{Name: x.Name, Label: v.say2(x.Label), Hint: v.say2(x.Hint), Optional: x.Need == oversight.Never, Loose: x.Need == oversight.AtClosing, Type: "lines", Length: 4000}
		if x.Line {
			in.Type, in.Length = "", 120
		}
		all = append(all, ui.FileInput{Input: in})
	}
	switch k {
	case oversight.Breach:
		risks := []ui.Option{}
		for _, r := range []oversight.Risk{oversight.RiskNone, oversight.RiskSome, oversight.RiskHigh} {
			risks = append(risks, ui.Option{Value: string(r), Label: v.say2(r.Label())})
		}
		if !opening {
			all = append(all, ui.FileInput{Input: ui.Input{Name: "risk", Type: "select", Loose: true, Label: v.lang.T("Risque pour les personnes", "Risk to people"), Placeholder: v.lang.T("Pas encore évalué", "Not weighed yet"), Options: risks}},
				ui.FileInput{Input: ui.Input{Name: "people", Mode: "numeric", Class: "short", Loose: true, Length: 10, Label: v.lang.T("Personnes concernées, environ", "People concerned, about")}},
				ui.FileInput{Input: ui.Input{Name: "records", Mode: "numeric", Class: "short", Loose: true, Length: 10, Label: v.lang.T("Enregistrements concernés, environ", "Records concerned, about")}},
				ui.FileInput{Many: true, Input: ui.Input{Name: "data", Loose: true, Label: v.lang.T("Données touchées", "Data concerned"), Options: v.categoryOptions()}})
		}
	case oversight.Authority:
		all = append(all, ui.FileInput{Many: true, Input: ui.Input{Name: "data", Loose: true, Label: v.lang.T("Données demandées", "Data asked for"), Hint: v.lang.T("L’extrait s’y limite.", "The extract keeps to them."), Options: v.categoryOptions()}})
	case oversight.Assessment:
		var purposes []ui.Option
		for _, p := range v.n.Purposes {
			purposes = append(purposes, ui.Option{Value: p.ID, Label: v.say2(p.Label)})
		}
		all = append(all, ui.FileInput{Many: true, Input: ui.Input{Name: "purposes", Loose: true, Label: v.lang.T("Finalités", "Purposes"), Options: purposes}})
	}
	if k.Looked() {
		all = append(all, ui.FileInput{Input: ui.Input{Name: "next", Type: "date", Class: "short", Loose: true, Label: v.lang.T("Le prochain examen", "The next look"), Hint: v.lang.T("Vide : au plus tard, selon le fichier du réseau.", "Empty: as late as the network file allows.")}})
	}
	return all
}

// readFile reads what a form says of a file.
func (v *visit) readFile(k oversight.Kind) oversight.In {
	in := oversight.In{Kind: k, Words: map[string]string{}, Risk: oversight.Risk(v.value("risk")), Purposes: v.r.Form["purposes"], People: readCount(v.value("people")), Records: readCount(v.value("records")), Next: v.value("next")}
	for _, x := range oversight.Fields(k) {
		if v.r.Form.Has(x.Name) {
			in.Words[x.Name] = v.value(x.Name)
		}
	}
	for _, c := range v.r.Form["data"] {
		in.Data = append(in.Data, network.Category(c))
	}
	if at, err := time.ParseInLocation("2006-01-02T15:04", v.value("since"), geo.Paris()); err == nil {
		in.Since = at
	}
	return in
}

// readCount reads a number as it is typed: empty is unknown, and what is none is refused by the room.
func readCount(typed string) int64 {
	typed = strings.Join(strings.FieldsFunc(typed, func(r rune) bool { return r == ' ' || r == '\u00a0' || r == '\u202f' }), "")
	if typed == "" {
		return oversight.Unknown
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil || n < 0 {
		return oversight.Unknown - 1
	}
	return n
}

// fileValues are what a file says, as its form holds it.
func (v *visit) fileValues(f oversight.File) map[string][]string {
	values := map[string][]string{"risk": {string(f.Risk)}, "people": {counted(f.People)}, "records": {counted(f.Records)}, "purposes": f.Purposes, "next": {f.Next}}
	for _, c := range f.Data {
		values["data"] = append(values["data"], string(c))
	}
	for _, x := range oversight.Fields(f.Kind) {
		values[x.Name] = []string{f.Words[x.Name]}
	}
	return values
}
