package network

import "slices"

// Fields of the form by which somebody says who he is and how he is reached, as form_fields names them. A network asks title, first and last name
// apart only where it names them (AQ-09); else it asks one name. The title is never required: nobody needs it to answer (GDPR art. 5.1 c; CJEU C-394/23).
const (
	FieldTitle    = "title"
	FieldFirst    = "first_name"
	FieldLast     = "last_name"
	FieldName     = "name"
	FieldCompany  = "company"
	FieldPhone    = "phone"
	FieldEmail    = "email"
	FieldPostcode = "postcode"
	FieldStreet   = "street"
)

func formFields() []string {
	return []string{FieldTitle, FieldFirst, FieldLast, FieldName, FieldCompany, FieldPhone, FieldEmail, FieldPostcode, FieldStreet}
}

// AsksField reports whether the file names a field of the form.
func (n *Network) AsksField(field string) bool {
	return slices.ContainsFunc(n.Fields, func(w Wording) bool { return w.ID == field })
}

// Parted reports whether first and last name are asked apart.
func (n *Network) Parted() bool { return n.AsksField(FieldLast) }

func (c *checker) fields() {
	for _, w := range c.n.Fields {
		if !slices.Contains(formFields(), w.ID) {
			c.wrong("form_fields."+w.ID, "ce champ n’existe pas : title, first_name, last_name, name, company, phone, email, postcode ou street.", "there is no such field: title, first_name, last_name, name, company, phone, email, postcode or street.")
		}
	}
	if c.n.AsksField(FieldFirst) != c.n.AsksField(FieldLast) || c.n.AsksField(FieldTitle) && !c.n.Parted() {
		c.wrong("form_fields", "first_name et last_name vont ensemble, et title ne va qu’avec eux : ajoutez celui qui manque, ou demandez name.", "first_name and last_name go together, and title only with them: add what is missing, or ask name.")
	}
	if c.n.AsksField(FieldName) && c.n.Parted() {
		c.wrong("form_fields.name", "le nom est demandé deux fois (name et last_name) : retirez l’un.", "the name is asked twice (name and last_name): remove one.")
	}
}
