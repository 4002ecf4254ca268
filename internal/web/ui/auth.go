package ui

// SignIn is `/connexion`, in two stages that post to the same address: email and password, then code (TOTP).
type SignIn struct {
	Frame
	Form
	Operator string
	Code     bool   // second stage
	Next     string // where to go afterwards; a path of ours, sent back hidden as next
	Demo     bool
}

// LinkSignIn is `/connexion/lien/{token}`: GET shows a button, POST signs in, so that a mail scanner spends no link.
type LinkSignIn struct {
	Frame
	Operator string
	Action   string
	Name     string
	Gone     bool // used or expired
}

// Invitation is `/invitation/{token}`: password, password2, then the authenticator: code. Posts to Action.
type Invitation struct {
	Frame
	Form
	Operator string
	Action   string
	Name     string
	Email    string
	Roles    []string
	QR       string // an SVG made by us, trusted
	Secret   string // the same in base32, in groups of four
	Gone     bool
	Pro      bool // a professional sets a password only

	Terms     *Consent // the box by which he accepts what binds him (ET-07, 59), nil for staff
	Documents []Link   // what he accepts
}

// SignedOut is shown after `/deconnexion`.
type SignedOut struct {
	Frame
	Operator string
}

// Fresh asks a person who is signed in to prove it again before something heavy. It posts password or code to Action.
type Fresh struct {
	Space
	Form
	Action string
	Why    string
	Code   bool
}
