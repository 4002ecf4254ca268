package ui

// MemberChoice is a member to whom a request may be forwarded, or who is shown with the reason why not.
type MemberChoice struct {
	ID, Name string
	Km       float64 // from the member; negative when unknown
	Note     string  // named by the customer, outside the area
	Why      string  // why not; empty: may be chosen
	Has      bool    // has it already
}

// Membership is where a member stands, for staff and for himself.
type Membership struct {
	Facts    []Fact
	Arranged Status   // whether the arrangement is accepted in the words that stand
	Leaves   string   // a sentence, once an end is noted
	Today    string   // ISO date: the earliest day of leaving
	Proposed string   // ISO date put into the field
	Reasons  []Option // staff choose one

	CanLeave, CanStay, CanRenew bool
}

// MembershipPage is `/adhesion`. Forms: POST /adhesion/partir (leaves_on), /adhesion/rester, /adhesion/renouveler.
type MembershipPage struct {
	Space
	Form
	Company    string
	Membership Membership
	Essence    string // path of the arrangement
}
