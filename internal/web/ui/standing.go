package ui

// Standing is what was verified of a professional by providers, and what was agreed with him apart from the terms.
type Standing struct {
	Inquiries  []Inquiry
	Agreements []Agreement
}

// Inquiry is one answer of a provider.
type Inquiry struct {
	What, Provider, On, Sent, Reference, Until string
	Result                                     Status
}

// Agreement is one special agreement.
type Agreement struct {
	Title, Reference, On, Until string
	Over                        bool
}
