package ui

// OwnContact are the contact details that a professional changes himself. Forms: POST /profil/coordonnees (field, email or phone),
// /profil/coordonnees/code (field, code), /profil/adresse (street, postcode, commune).
type OwnContact struct {
	Email, Phone, Street, Postcode, Commune string
	Communes                                []Option
	Waiting                                 []Hidden // field and the detail that waits for its code
	Unreached                               bool     // mail to the address does not arrive
}
