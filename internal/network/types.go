// Package network is the network file: what an operator writes, signs and publishes, and what the software obeys.
//
// A network is a folder: network.yaml, forms/*.yaml, texts/<language>/*.md and logo.svg. [Load] reads it strictly and answers with
// every mistake at once, each with file, line and remedy; [Check] then looks for contradictions between its parts. The types below are
// the grammar: a field is required unless its tag says "opt", its YAML name is its Go name in snake case, and its comment is the
// description in the published JSON Schema (schema.json) and in docs/network-file.md, both generated from this source by a test.
//
// A *Network is immutable after Load and safe for concurrent use.
package network

import (
	"entremise/internal/fault"
	"entremise/internal/money"
)

// Network is one operator's network of introduction, in force from a date.
type Network struct {
	Network       string        `yaml:"network"` // Short name of the network, the name of its folder.
	InForce       Date          // Day from which this version applies; texts and durations are versioned by it.
	Operator      Operator      // Who runs the network.
	Accent        Colour        // The one accent colour, #rrggbb; on white and under white text it needs a contrast of 4.5 (WCAG 2.2, 1.4.3).
	Sites         []Site        `min:"1"` // Public sites, each with its host name and phone line; the first answers unknown hosts in a demo.
	SpaceHost     string        // Host name shared by professionals, staff and the API.
	Modules       Modules       // What the network does and does not do.
	Trades        []Trade       `min:"1"` // Trades served, by slug.
	Introductions Introductions // How a request becomes an introduction, and what it costs.
	Access        *Access       `yaml:",opt"` // Professionals' access; required where something is sold.
	Members       *Members      `yaml:",opt"` // Membership of the network; required where requests are forwarded to members.
	Invoices      Invoices      `yaml:",opt"` // What invoices repeat; required where something is sold.
	Verification  Verification  // How a consumer's number is verified and duplicates are found.
	Fields        []Wording     `yaml:"form_fields,opt"` // What each field of who asks is for, shown next to it: title, first_name, last_name, name, company, phone, email, postcode, street. Title, first and last name are asked apart only where they stand here.
	Limits        Limits        // Limits against abuse.
	Spent         Spent         `yaml:",opt"` // How long rows stay that no purpose holds, once they have served.
	Purposes      []Purpose     `min:"1"`     // Why personal data is used, and the only place where a retention is written.
	Recipients    []Recipient   // Who receives personal data outside the operator's own staff.
	Consents      []Consent     // Boxes that a person ticks; each is asked apart and none is ticked beforehand.
	Differences   []Difference  `yaml:",opt"` // What a public document says and the law in force overrides, by rule; check says what is executed instead.
	Cookies       Cookies       // What is read and written on a visitor's device, and the life of his choice about it.
	Documents     []Document    `yaml:",opt"` // What a change of a public document does.
	Call          Call          // What an agent says and asks on the phone.
	Listening     *Listening    `yaml:",opt"`                     // Why recordings of calls are heard, by whom, and to whom one may be lent; nobody hears them if absent.
	Prospecting   *Prospecting  `yaml:",opt"`                     // Commercial calls and messages; the rules of law alone if absent.
	Buying        []Wording     `yaml:"buying_confirmations,opt"` // What a professional confirms at each purchase.
	Suspensions   []Wording     `yaml:"suspension_reasons,opt"`   // Grounds for suspending a professional's access.
	Withdrawals   []Wording     `yaml:"withdrawal_reasons,opt"`   // Why staff end a request; the consumer is told it in these words.
	Notices       []Wording     // Short notices shown where they matter.
	AgentTexts    []Wording     `yaml:",opt"` // Ready-made texts that an agent may send to a consumer by SMS.
	Messages      []Message     // Words of every message that the software sends by itself.
	Rights        *Rights       `yaml:",opt"` // How people exercise their rights over their data.
	Inbox         *Inbox        `yaml:",opt"` // Mail that people send to the operator.
	Reviews       *ReviewBody   `yaml:",opt"` // Reviews of professionals: collecting, moderating, publishing. A network without it does none of these.
	Oversight     *Oversight    `yaml:",opt"` // What the officer watches over: breaches, impact assessments, reviews, authorities.
	Archiver      *Archiver     `yaml:",opt"` // Trusted third party that keeps whole documents; nothing is deposited if absent.
	Anchors       *Anchors      `yaml:",opt"` // Where roots of the proof log are laid down outside the house; nowhere if absent.

	forms map[string]*Form             // by file name without extension
	texts map[string]map[string]string // language → name without extension → Markdown source
	logo  []byte
	hash  string
	src   source
}

// Wording is a sentence of the operator under a fixed id.
type Wording struct {
	ID   string     `yaml:",key"`
	Text fault.Text `yaml:",value"`
}

// Operator is the identity that law asks to show (LCEN art. 1-1 and 19, C. com. R123-237; GDPR art. 13.1).
type Operator struct {
	Name      string       // Trading name shown on every page.
	Company   string       `yaml:",opt"` // Registered name, if it is not the trading name.
	LegalForm string       // Legal form: SASU, SAS, SARL…
	Capital   money.Amount // Share capital in euros.
	SIREN     SIREN        `yaml:"siren"` // Nine digits; those that start with 000 or 999 belong to invented companies.
	RCS       string       `yaml:"rcs"`   // Town of the trade register.
	VAT       string       `yaml:"vat"`   // VAT number, FR and 11 characters.
	Director  string       // Director of publication and legal representative.
	Addresses []Address    `min:"1"` // Postal addresses, one per use; "office" is required.
	Phone     Phone        // Line of the office, not of a site.
	Email     string       // General e-mail address, used for recredits and requests to change.
	Officer   Officer      // Who answers for personal data.
	Host      Host         // Who hosts the sites.
	Bank      *Bank        `yaml:",opt"` // Account to which professionals transfer what they pay in advance; absent: they ask for it.
	Mediator  *Mediator    `yaml:",opt"` // Consumer mediator (C. conso. L616-1), where there is one.
}

// Address is a postal address for one use: "office" (registered office), "rights" (data protection), "invoices".
type Address struct {
	Use  string `yaml:",key"`
	Text string `yaml:",value"`
}

// Officer is the data protection officer or contact (GDPR art. 13.1 b, 37).
type Officer struct {
	Name  string `yaml:",opt"` // Name, if it is published.
	Email string // Address for requests about personal data.
}

// Host is the hosting provider named in the legal notice.
type Host struct {
	Name    string // Name of the hosting company.
	Address string // Its postal address.
	Phone   string // Its telephone.
	Site    string `yaml:",opt"` // Address of its own site (AQ-48).
}

// Line is the host as one line, with its own site where the file names it.
func (h Host) Line() string {
	line := h.Name + ", " + h.Address + ", " + h.Phone
	if h.Site != "" {
		line += ", " + h.Site
	}
	return line
}

// Bank is the operator's account for transfers in euros.
type Bank struct {
	Holder string // Account holder, as the bank knows the name: the payer's bank compares it (Reg. (EU) 2024/886).
	IBAN   IBAN   `yaml:"iban"`    // IBAN of the account, in the single euro payments area.
	BIC    string `yaml:"bic,opt"` // BIC of its bank, 8 or 11 characters.
}

// Mediator is the consumer mediator named in the terms.
type Mediator struct {
	Name string // Name of the mediator.
	URL  string `yaml:"url"` // Address of its site.
}

// Site is a public site: a host name, a phone line, the trades that it shows.
type Site struct {
	Host     string     // Host name, lower case, without port.
	Aliases  []string   `yaml:",opt"` // Other host names that redirect to Host, for example the www form.
	Name     fault.Text `yaml:",opt"` // Name shown on this site; the operator's name if absent.
	Tagline  fault.Text `yaml:",opt"` // One sentence under the name.
	Phone    Phone      // The line dedicated to this site, always visible.
	Trades   []string   `min:"1"`     // Slugs of the trades that this site shows.
	Language Language   `yaml:",opt"` // Language first shown; fr if absent.
}

// Modules switches what a network does.
type Modules struct {
	Sale               Sale                // How introductions are sold or passed on.
	AutomatedDecisions *AutomatedDecisions `yaml:",opt"` // Decisions without a human about professionals; absent means that a named human decides (GDPR art. 22).
	Reviews            *Reviews            `yaml:",opt"` // Opinions after an introduction; absent means none.
	Qualification      Qualification       // Who turns a form into a published request.
	Recordings         *Recordings         `yaml:",opt"` // Recording of calls; absent means never.
	Accounts           *Accounts           `yaml:",opt"` // Spaces that consumers open for themselves; absent means none.
	ThirdParties       ThirdParties        `yaml:",opt"` // Who else may receive data: consent-only asks the person's agreement for each that is no processor and no joint controller; any-basis if absent.
	Transfers          Transfers           `yaml:",opt"` // What may leave the countries with a recognised level of protection: digests-only, or safeguarded; safeguarded if absent.
}

// Accounts are consumers' own spaces.
type Accounts struct {
	MinimumAge int `min:"1"` // Age in years from which a person may open one (Act 78-17 art. 45: fifteen).
}

// AutomatedDecisions says on what basis the software decides alone.
type AutomatedDecisions struct {
	Basis     Basis // Legal basis: contract, consent or legal-obligation (GDPR art. 22.2).
	MayObject bool  // A person may ask that a human decides instead.
}

// Reviews says when an opinion is asked.
type Reviews struct {
	After ReviewAfter // Event after which an opinion is asked.
	Ask   Duration    // Time between that event and the question.
	About []Wording   `min:"1"` // The separate ratings asked.
}

// Recordings says what the public document promises and what is executed.
type Recordings struct {
	Document Recorded   // What the public document says: every-call or a-share.
	Record   money.Rate // Share of calls that is really recorded.
	Announce bool       // The recording is announced before anything else is said.
	Refusal  Refusal    // What a caller's refusal does.
}

// Trade is a trade that the network serves. Label and law come from the table of trades unless the file says otherwise.
type Trade struct {
	Slug      string     `yaml:",key"`
	Label     fault.Text `yaml:",opt"` // Name of the trade; the table of trades gives it if absent.
	Who       fault.Text `yaml:",opt"` // The person with an article, as in "a plumber takes your request"; "a professional" if absent.
	Form      string     `yaml:",opt"` // File under forms/, without .yaml; the slug if absent.
	Emergency bool       `yaml:",opt"` // Served at any hour.
	Law       []Law      `yaml:",opt"` // Rules of law that apply: repair-prices-2017, energy-canvassing-ban.

	NAF string `yaml:"-"` // activity code (NAF rév. 2) from the table of trades
}

// Introductions is the life of a request from publication to purchase.
type Introductions struct {
	Seats             int        `yaml:",opt" min:"1"` // Professionals who may buy one request: 1 is exclusive; required where something is sold.
	Allocation        Allocation `yaml:",opt"`         // Who is asked first, and how ties are broken; required where something is sold.
	Expires           Duration   // Time after which a request that nobody took is closed as unserved.
	Cart              Cart       `yaml:",opt"` // How long a cart holds a seat; required where something is sold.
	Price             Price      `yaml:",opt"` // Price of an introduction, excl. VAT; required where something is sold.
	Clocks            Clocks     // Promises with a clock.
	Radius            Radius     `yaml:",opt"` // Distances of coverage; required where something is sold or forwarded.
	Forward           *Forward   `yaml:",opt"` // To whom a qualified request is passed; required where requests are forwarded to members.
	InsuranceReminder Duration   `yaml:",opt"` // A professional is told so long before his insurance ends; not before, if absent.
	Urgencies         []Wording  `min:"1"`     // When the consumer needs help, most urgent first.
	Intents           []Wording  `yaml:",opt"` // How decided the consumer sounds, as the agent judges.
	Recredit          []Recredit `yaml:",opt"` // Cases in which a bought introduction is given back; none if absent.
}

// Invoices are the operator's terms of payment, as every invoice must say them (C. com. L441-9, L441-10 II, D441-5).
type Invoices struct {
	LateRate money.Rate   // Yearly rate of late penalties: at least three times the legal rate.
	Recovery money.Amount // Fixed sum for recovery between businesses, in euros.
	OnDebits bool         // Option for VAT on debits.
}

// Allocation is the order among equals.
type Allocation struct {
	Mode     Mode     // broadcast: all eligible professionals are asked at once.
	TieBreak TieBreak // committed-seed: a secret of the day, committed in the public log before its first use.
}

// Cart holds a seat for a short time.
type Cart struct {
	Hold   Duration // Time for which a seat in a cart is held.
	AtMost int      `min:"1"` // Seats that one professional may hold at once.
}

// Clocks are the delays promised to consumers.
type Clocks struct {
	CallBack     Duration `yaml:",opt"` // An agent calls back within; required when qualification is by an agent.
	FirstContact Duration `yaml:",opt"` // The professional calls the consumer within, from the reveal.
	OnSite       Duration `yaml:",opt"` // The professional can be on site within, as he confirms when buying.
}

// Radius bounds coverage.
type Radius struct {
	Default Distance   // Radius proposed to a new professional.
	Most    Distance   // Largest radius that a professional may choose.
	Widen   []Distance `yaml:",opt"` // Steps by which an agent may look beyond coverage when nobody answers.
}

// Recredit is one case in which the price of an introduction is given back.
type Recredit struct {
	Reason      RecreditReason // Reason that a professional may claim.
	Label       fault.Text     // The reason in words.
	ClaimWithin Duration       // From the reveal; later claims are refused.
	ConfirmedBy Role           // Role that checks the claim.
	Automatic   bool           // The credit note is issued without a claim when the evidence is whole.
}

// Verification says when a code is asked and what counts as a duplicate.
type Verification struct {
	SMSCode        SMSCode       `yaml:"sms_code"` // When a code by SMS proves the number.
	CodeValid      Duration      // Life of a code.
	Duplicates     Duration      // Two requests of one number for one trade and commune within this time are one.
	DisposableMail Allow         `yaml:",opt"` // Throw-away e-mail addresses: refuse or allow; refuse if absent.
	Country        *CountryCheck `yaml:",opt"` // From which countries forms are taken, as a provider tells it; nobody is asked if absent.
}

// Limits are counted per key: number, address of the network or account.
type Limits struct {
	RequestsPerNumber  Limit // Requests for one phone number.
	RequestsPerAddress Limit // Requests from one network address.
	CodesPerNumber     Limit // Codes sent to one phone number.
	CodeAttempts       int   `min:"1"` // Wrong tries before a code dies.
	SignInsPerAddress  Limit // Sign-in tries from one network address.
	Photos             int   // Photos of one request.
	AgentTextsPerDay   int   // Texts that agents may send about one request in a day.
}

// Purpose is a use of personal data (GDPR art. 5.1 b, 13, 30).
type Purpose struct {
	ID         string     `yaml:",key"`
	Label      fault.Text // The purpose in words, beginning with a verb.
	Basis      Basis      // Legal basis (GDPR art. 6.1).
	Balance    string     `yaml:",opt"` // Text under texts/<language>/ that weighs interests; required with legitimate-interest.
	People     []Person   `min:"1"`     // Whose data.
	Data       []Category `min:"1"`     // Categories of data.
	Sources    []Origin   `yaml:",opt"` // Where the data comes from (GDPR art. 14.2 f); the person if absent.
	Recipients []string   `yaml:",opt"` // Ids of recipients; none means that data stays with the operator.
	Joint      *Joint     `yaml:",opt"` // Who decides on purpose and means together with the operator (GDPR art. 26); absent: the operator alone.
	Keep       *Keep      `yaml:",opt"` // How long; a purpose without it is a mistake.
	Does       []Deed     `yaml:",opt"` // What the software does by itself for it, and no longer does for who objects.
}

// Origins lists where the data of the purpose comes from.
func (p Purpose) Origins() []Origin {
	if len(p.Sources) == 0 {
		return []Origin{OriginPerson}
	}
	return p.Sources
}

// Joint is joint controllership: two who set purposes and means together (GDPR art. 26; RN-05).
type Joint struct {
	With        string // Id of the recipient, of role controller.
	Arrangement string // Text under texts/<language>/ with the essence of the arrangement, which is published.
}

// Recipient receives personal data (GDPR art. 13.1 e, 28, 44).
type Recipient struct {
	ID        string        `yaml:",key"`
	Label     fault.Text    // Who it is, in words.
	Role      RecipientRole // processor, controller, buyer or authority.
	Contract  string        `yaml:",opt"` // Reference of the contract that binds a processor; a processor without it is a mistake (GDPR art. 28.3).
	Signed    Date          `yaml:",opt"` // Day on which that contract was signed.
	Identity  string        `yaml:",opt"` // The firm itself, name and town: told to who asks who really received his data (clause WA-58).
	Driver    string        `yaml:",opt"` // Connector of the software that serves it: http for text messages and for the country of an address, smtp for mail, simulated for telephony, host for the machine itself, s3 or embedded for a trusted archive.
	Country   string        // Country, two letters.
	Safeguard string        `yaml:",opt"` // Safeguard of a transfer outside the European Economic Area, for example standard-clauses.
	Digests   bool          `yaml:",opt"` // It receives nothing but digests.
	Gets      []Category    `yaml:",opt"` // Categories that it receives, where it needs fewer than the purposes that name it use.
	Fields    []ProField    `yaml:",opt"` // What it gets of a professional, where that is less than the categories hold (ET-115).
	Verifies  []Verifies    `yaml:",opt"` // What it verifies of professionals for us; staff record each answer (ET-115).
	Policy    string        `yaml:",opt"` // Address of its own policy, where people are sent to it.
}

// Consent is a box that a person may tick: consent in the sense of GDPR art. 7, acceptance of terms, or a provable request
// (C. conso. R223-4). Its exact wording is stored by hash with time and channel.
type Consent struct {
	ID        string      `yaml:",key"`
	Kind      ConsentKind // consent, acceptance or request.
	Purpose   string      // Id of the purpose that it serves.
	AskedOn   AskedOn     // Where it is asked: form, call, space, contact, questionnaire or account.
	Channels  []Channel   `yaml:",opt"` // Channels that it opens.
	Required  bool        `yaml:",opt"` // The form cannot be sent without it; with kind consent only where the purpose is what the person asks for itself (GDPR art. 7.4).
	Valid     Duration    `yaml:",opt"` // Life of the consent; at most 1 year for phone (C. conso. R223-1).
	Recipient string      `yaml:",opt"` // Id of the recipient that the wording names besides the operator; nobody else may rely on it.
	Wording   fault.Text  // Exact sentence beside the box.
}

// Call is the agent's script.
type Call struct {
	Announcement fault.Text `yaml:",opt"` // Said first when calls may be recorded.
	Refusal      fault.Text `yaml:",opt"` // Said when the caller refuses the recording.
	Steps        []Wording  `min:"1"`     // What is asked, in order.
}

// Message is one message that the software sends; the keys and their variables are in [MessageKeys].
type Message struct {
	Key     string     `yaml:",key"`
	SMS     fault.Text `yaml:"sms,opt"`     // Text message.
	Subject fault.Text `yaml:"subject,opt"` // Subject of the e-mail.
	Email   fault.Text `yaml:"email,opt"`   // Body of the e-mail, plain text.
}
