package ui

import "time"

// Invites is `/invitations`, and `/pros/{id}/invitations` for staff: who was asked, and the forms to ask more. Posts: Base (key, questionnaire, name, email, phone, service,
// on, until, lang); Base/liste (list-questionnaire, file).
type Invites struct {
	Space
	Form
	Base           string
	Company        string
	Questionnaires []Option
	Counts         []Fact
	Rows           []InviteRow
	Most           int
	Wishes         []WishOfMember // who asks for a questionnaire, for the member alone
}

// InviteRow is somebody who was asked.
type InviteRow struct {
	At       time.Time
	Name     string
	Audience string
	ByStaff  bool
	Status   Status
	Sendings int
}

// InviteMapping confirms what the columns of a list hold. Posts to Base/envoi (key, questionnaire, text, lang, col-…; do: check, wrong or send).
type InviteMapping struct {
	Space
	Form
	Base          string
	Questionnaire string
	Key           string
	Text          string // the list, in UTF-8
	Columns       []MapColumn
	Sample        [][]string // name, address, service, date
	Rows, Good    int
	Wrong         []WrongRow
}

// MapColumn says where in a list something stands.
type MapColumn struct {
	Name, Label, Value string
	Options            []Option
	Need               bool
}

// WrongRow is a line of a list with what is wrong.
type WrongRow struct {
	Line int
	Why  []string
}

// InviteProgress is how far a list came; what is not over goes on with the next post.
type InviteProgress struct {
	Space
	Base                          string
	Hidden                        []Hidden
	Rows, Done, Invited, Repeated int
	Bad                           int
	Wrong, Repeats                []WrongRow
	Over                          bool
}
