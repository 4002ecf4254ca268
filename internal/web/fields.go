package web

import (
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/web/ui"
)

// formFields are what the form asks of who sends it, and what it says next to each field, as the network file has it.
func (v *visit) formFields() ui.Fields {
	f := ui.Fields{Street: true, Parted: v.n.Parted(), Title: v.n.AsksField(network.FieldTitle), Why: map[string]string{}}
	for _, w := range v.n.Fields {
		f.Why[w.ID] = v.say2(w.Text)
	}
	return f
}

// typedName is the name that a form sends, in parts where the network asks them apart; a page of staff sends one whole.
func (v *visit) typedName() (string, error) {
	if !v.n.Parted() || !v.r.Form.Has(network.FieldLast) {
		return v.value(network.FieldName), nil
	}
	title := v.value(network.FieldTitle)
	if !person.IsTitle(title) {
		var c fault.Check
		c.Add(network.FieldTitle, fault.T("Choisissez dans la liste, ou rien.", "Choose from the list, or nothing."))
		return "", c.Err()
	}
	return person.Named(title, v.value(network.FieldFirst), v.value(network.FieldLast)), nil
}

// nameValues puts a kept name into the fields of a form.
func nameValues(values map[string][]string, name string) {
	values[network.FieldName] = []string{name}
	title, first, last := person.Parts(name)
	values[network.FieldTitle], values[network.FieldFirst], values[network.FieldLast] = []string{title}, []string{first}, []string{last}
}
