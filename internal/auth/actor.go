package auth

import (
	"slices"
	"time"

	"entremise/internal/fault"
	"entremise/internal/network"
)

// Who says what sort of actor acts.
type Who string

// Sorts of actor.
const (
	Visitor      Who = "visitor"      // nobody has signed in and no link was opened
	Consumer     Who = "consumer"     // the holder of a private link, for one request
	Professional Who = "professional" // signed in for one professional
	Affiliate    Who = "affiliate"    // a partner's program
	StaffMember  Who = "staff"        // signed in with one or more roles
	System       Who = "system"       // jobs, sweeps and commands on the machine itself
)

// Actor is who acts; every method of a service takes one. Account is a plain id, never a name.
type Actor struct {
	Who     Who
	Account string         // of staff, professional, affiliate; "system"; empty for visitors and consumers
	Pro     string         // the professional acted for
	Request string         // the request that a private link opened
	Case    string         // the case about his data that a private link opened
	Invite  string         // the invitation to review that a private link opened
	Coded   bool           // the link's holder has also proved a code just now: he may correct
	Roles   []network.Role // of staff
	Fresh   time.Time      // machine time of the last proof of identity
	Lang    string
}

// Machine is the actor of jobs, sweeps and local commands.
var Machine = Actor{Who: System, Account: "system"}

// Name is how the actor stands in an audit line.
func (a Actor) Name() string {
	switch a.Who {
	case Consumer:
		return "link"
	case Visitor:
		return "visitor"
	}
	return a.Account
}

// Has reports whether a member of staff has the role.
func (a Actor) Has(r network.Role) bool {
	return a.Who == StaffMember && slices.Contains(a.Roles, r)
}

// As is the role under which the actor does act, for the audit line: the first of his that the table allows.
func (a Actor) As(act Action) string {
	if a.Who != StaffMember {
		return string(a.Who)
	}
	for _, r := range permissions[act] {
		if a.Has(network.Role(r)) {
			return r
		}
	}
	return string(a.Who)
}

// Action is something that an actor may or may not do, one row of the permission table.
type Action string

// The actions of the first sale.
const (
	RequestSubmit   Action = "request.submit"
	RequestReadOwn  Action = "request.read-own"
	RequestChange   Action = "request.change-own"
	RequestQueue    Action = "request.queue"
	RequestRead     Action = "request.read"
	RequestQualify  Action = "request.qualify"
	RequestPublish  Action = "request.publish"
	RequestManage   Action = "request.manage"
	RequestText     Action = "request.text"
	BoardRead       Action = "board.read"
	SeatBuy         Action = "seat.buy"
	ContactLog      Action = "contact.log"
	CallAnswer      Action = "call.answer"
	RecordingHear   Action = "recording.hear"
	RecordingLend   Action = "recording.lend"
	SearchAll       Action = "search"
	ProList         Action = "pro.list"
	ProCreate       Action = "pro.create"
	ProEdit         Action = "pro.edit"
	ProEditOwn      Action = "pro.edit-own"
	ProSuspend      Action = "pro.suspend"
	WalletRead      Action = "wallet.read"
	WalletCredit    Action = "wallet.credit-card"
	WalletTransfer  Action = "wallet.record-transfer"
	InvoiceRead     Action = "invoice.read"
	SalesRead       Action = "sales.read"
	TeamManage      Action = "team.manage"
	AuditRead       Action = "audit.read"
	EditionRead     Action = "edition.read"
	EditionApply    Action = "edition.apply"
	AddressBlock    Action = "address.block"
	TokenManage     Action = "token.manage"
	RetentionRead   Action = "retention.read"
	RetentionHold   Action = "retention.hold"
	ArchiveOpen     Action = "archive.open"
	PersonErase     Action = "person.erase"
	ConsentWithdraw Action = "consent.withdraw"
	ContactAsk      Action = "contact.ask"
	RegisterLoad    Action = "register.load"
	CaseOpen        Action = "case.open"
	CaseReadOwn     Action = "case.read-own"
	CaseRead        Action = "case.read"
	CaseAnswer      Action = "case.answer"
	TicketRead      Action = "ticket.read"
	TicketAnswer    Action = "ticket.answer"
	OversightRead   Action = "oversight.read"
	OversightWork   Action = "oversight.work"
	InspectMake     Action = "inspect.make"
	ReviewInvite    Action = "review.invite"
	ReviewAnswer    Action = "review.answer"
	ReviewRead      Action = "review.read"
	ReviewDecide    Action = "review.decide"
	ReviewReport    Action = "review.report"
	ReviewFeed      Action = "review.feed"
)

// permissions is the one table that says who may do what. A word is a sort of actor or a role of staff. What is not here is refused to
// everybody. The machine itself may do everything: who commands it has the files anyway.
var permissions = map[Action][]string{
	CaseOpen:        {"visitor", "consumer", "professional", "agent", "officer"},
	CaseReadOwn:     {"consumer"},
	CaseRead:        {"officer"},
	CaseAnswer:      {"officer"},
	TicketRead:      {"agent", "onboarding", "moderator", "marketing", "accountant", "supervisor", "officer"},
	TicketAnswer:    {"agent", "onboarding", "moderator", "marketing", "accountant", "supervisor", "officer"},
	OversightRead:   {"officer"},
	OversightWork:   {"officer"},
	InspectMake:     {"officer"},
	ReviewInvite:    {"professional", "agent", "moderator"},
	ReviewAnswer:    {"consumer"},
	ReviewRead:      {"moderator"},
	ReviewDecide:    {"moderator"},
	ReviewReport:    {"visitor", "consumer", "professional"},
	ReviewFeed:      {"affiliate", "professional"},
	RequestSubmit:   {"visitor", "affiliate", "agent"},
	RequestReadOwn:  {"consumer", "affiliate"},
	RequestChange:   {"consumer"},
	RequestQueue:    {"agent", "administrator"},
	RequestRead:     {"agent", "administrator"},
	RequestQualify:  {"agent"},
	RequestPublish:  {"agent"},
	RequestManage:   {"agent", "administrator"},
	RequestText:     {"agent"},
	BoardRead:       {"professional"},
	SeatBuy:         {"professional"},
	ContactLog:      {"professional"},
	CallAnswer:      {"agent"},
	RecordingHear:   {"supervisor", "administrator"},
	RecordingLend:   {"supervisor", "administrator"},
	SearchAll:       {"agent", "onboarding", "administrator"},
	ProList:         {"agent", "onboarding", "accountant", "administrator"},
	ProCreate:       {"onboarding"},
	ProEdit:         {"onboarding"},
	ProEditOwn:      {"professional"},
	ProSuspend:      {"onboarding", "administrator"},
	WalletRead:      {"professional", "accountant", "onboarding"},
	WalletCredit:    {"professional"},
	WalletTransfer:  {"accountant"},
	InvoiceRead:     {"professional", "accountant"},
	SalesRead:       {"accountant", "administrator"},
	TeamManage:      {"administrator"},
	AuditRead:       {"administrator", "officer"},
	EditionRead:     {"administrator", "officer"},
	EditionApply:    {"administrator"},
	AddressBlock:    {"administrator"},
	TokenManage:     {"administrator", "professional"},
	RetentionRead:   {"officer", "administrator"},
	RetentionHold:   {"officer"},
	ArchiveOpen:     {"litigation", "accountant", "moderator"},
	PersonErase:     {"officer"},
	ConsentWithdraw: {"agent", "officer", "administrator"},
	ContactAsk:      {"agent", "marketing", "officer", "administrator"},
	RegisterLoad:    {"officer", "administrator"},
}

// Actions lists the table in a fixed order: by name.
func Actions() []Action {
	all := make([]Action, 0, len(permissions))
	for a := range permissions {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// Holders are the sorts of actor and roles that may do an action.
func Holders(a Action) []string { return slices.Clone(permissions[a]) }

// Columns are the sorts of actor and roles of the printed table.
func Columns() []string {
	cols := []string{string(Visitor), string(Consumer), string(Professional), string(Affiliate)}
	for _, r := range network.Roles() {
		cols = append(cols, string(r))
	}
	return cols
}

// Can reports whether the table lets the actor do act. Whether it may be done to this object is the room's question (may…).
func (a Actor) Can(act Action) bool {
	if a.Who == System {
		return true
	}
	for _, h := range permissions[act] {
		if h == string(a.Who) || a.Has(network.Role(h)) {
			return true
		}
	}
	return false
}

// ErrSignIn asks a visitor to sign in.
var ErrSignIn = fault.New(fault.Anonymous, "sign-in", fault.T("Connectez-vous pour continuer.", "Sign in to continue."))

// May is nil when the table lets the actor do act, else the fault to show.
func (a Actor) May(act Action) error {
	if a.Can(act) {
		return nil
	}
	if a.Who == Visitor || a.Who == "" {
		return ErrSignIn
	}
	return fault.New(fault.Denied, "not-permitted", fault.T("Votre rôle ne permet pas cette action.", "Your role does not allow this."))
}

// freshFor is how long a proof of identity counts as just given.
const freshFor = 10 * time.Minute

// MustBeFresh asks for a new proof of identity before means of payment change, accounts are managed or data leaves in bulk.
func (a Actor) MustBeFresh(machine time.Time) error {
	if a.Who == System || machine.Sub(a.Fresh) <= freshFor {
		return nil
	}
	return fault.New(fault.Denied, "prove-again", fault.T("Confirmez votre identité pour continuer.", "Confirm who you are to continue."))
}
