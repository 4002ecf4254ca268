package network

import "entremise/internal/fault"

// The closed vocabularies of the file. Each type lists its words; the decoder and the schema take them from here.

// Language of a site or a text.
type Language string

// Sale says how introductions earn or pass on.
type Sale string

// The ways of passing a request on.
const (
	SalePerIntroduction Sale = "per-introduction"     // a professional pays for each
	SaleRouted          Sale = "routed"               // sent to matching suppliers
	SaleForwarded       Sale = "forwarded-to-members" // sent to the members of the network
	SaleOff             Sale = "off"                  // personal data is never passed on
)

// Qualification says who turns a form into a request that professionals see.
type Qualification string

// By whom a request is qualified.
const (
	QualificationAgent     Qualification = "agent"
	QualificationAutomatic Qualification = "automatic"
)

// Mode is the order in which professionals are asked.
type Mode string

// ModeBroadcast asks all eligible professionals at once.
const ModeBroadcast Mode = "broadcast"

// TieBreak decides among equals.
type TieBreak string

// TieBreakSeed draws by a secret of the day, committed in the public log before its first use.
const TieBreakSeed TieBreak = "committed-seed"

// ReviewAfter is the event that an opinion is about.
type ReviewAfter string

// ReviewAfterIntroduction asks once the professional had the contact details.
const ReviewAfterIntroduction ReviewAfter = "introduction"

// Recorded is what a public document says about recording calls.
type Recorded string

// Promises about recording.
const (
	RecordedEvery Recorded = "every-call"
	RecordedShare Recorded = "a-share"
)

// RecreditReason is a case in which a professional gets his money back.
type RecreditReason string

// WrongNumber is a telephone number that is wrong and prevents contact by phone.
const WrongNumber RecreditReason = "wrong-number"

// Refusal says what a caller's refusal of the recording does.
type Refusal string

// Effects of refusing a recording.
const (
	RefusalEndsCall   Refusal = "ends-call"
	RefusalUnrecorded Refusal = "continues-unrecorded"
)

// Law is a rule of law that the software knows how to apply to a trade.
type Law string

// Rules of law of a trade.
const (
	LawRepairPrices  Law = "repair-prices-2017"    // arrêté of 24 January 2017: prices, written quote, note
	LawEnergyCanvass Law = "energy-canvassing-ban" // C. conso. L223-1 al. 5 and L223-8
)

// Role of a member of staff.
type Role string

// Roles of staff.
const (
	RoleAgent         Role = "agent"
	RoleOnboarding    Role = "onboarding"
	RoleModerator     Role = "moderator"
	RoleMarketing     Role = "marketing"
	RoleAccountant    Role = "accountant"
	RoleOfficer       Role = "officer"
	RoleLitigation    Role = "litigation"
	RoleSupervisor    Role = "supervisor" // of the telephone: hears recordings, with a reason
	RoleAdministrator Role = "administrator"
)

// SMSCode says when a code by SMS proves a number.
type SMSCode string

// When a code is asked.
const (
	CodeWithoutScript SMSCode = "without-javascript" // when the browser could not do the proof of work
	CodeAlways        SMSCode = "always"
	CodeNever         SMSCode = "never"
)

// Allow is a yes or no in words.
type Allow string

// Answers of an Allow.
const (
	AllowRefuse Allow = "refuse"
	AllowAllow  Allow = "allow"
)

// Basis is a legal basis (GDPR art. 6.1).
type Basis string

// Legal bases.
const (
	BasisConsent    Basis = "consent"
	BasisContract   Basis = "contract"
	BasisLegal      Basis = "legal-obligation"
	BasisLegitimate Basis = "legitimate-interest"
)

// Person is a kind of person whose data is used.
type Person string

// Kinds of people.
const (
	Consumer     Person = "consumer"
	Professional Person = "professional"
	Staff        Person = "staff"
	Visitor      Person = "visitor"
	Author       Person = "author"    // of an opinion, about a purchase or about working somewhere
	Follower     Person = "follower"  // on a social network
	Partner      Person = "partner"   // whose program sends us requests
	Requester    Person = "requester" // somebody who writes to us about his data or anything else, and whose case is kept apart from what it speaks of
)

// Label names a kind of people.
func (p Person) Label() fault.Text { return personLabels[p] }

var personLabels = map[Person]fault.Text{
	Consumer:     fault.T("clients", "customers"),
	Professional: fault.T("professionnels", "professionals"),
	Staff:        fault.T("équipe", "staff"),
	Visitor:      fault.T("visiteurs", "visitors"),
	Author:       fault.T("auteurs d’avis", "authors of opinions"),
	Follower:     fault.T("abonnés sur les réseaux sociaux", "followers on social networks"),
	Partner:      fault.T("partenaires", "partners"),
	Requester:    fault.T("personnes qui nous écrivent", "people who write to us"),
}

// Origin is where data comes from (GDPR art. 14.2 f; RN-08).
type Origin string

// Origins of data.
const (
	OriginPerson    Origin = "person"        // given by the person
	OriginAutomatic Origin = "automatic"     // collected by use of the service
	OriginProduced  Origin = "produced"      // made by the operator
	OriginMember    Origin = "member"        // sent by a professional of the network
	OriginPartner   Origin = "partner"       // sent by a partner
	OriginPublic    Origin = "public-source" // registers and directories that anybody may read
)

// Label names an origin for people.
func (o Origin) Label() fault.Text { return originLabels[o] }

var originLabels = map[Origin]fault.Text{
	OriginPerson:    fault.T("donné par vous", "given by you"),
	OriginAutomatic: fault.T("relevé automatiquement", "collected automatically"),
	OriginProduced:  fault.T("produit par nous", "produced by us"),
	OriginMember:    fault.T("transmis par un professionnel du réseau", "sent by a professional of the network"),
	OriginPartner:   fault.T("transmis par un partenaire", "sent by a partner"),
	OriginPublic:    fault.T("pris d’une source publique", "taken from a public source"),
}

// Transfers says what may leave the countries with a recognised level of protection.
type Transfers string

// What may be transferred.
const (
	TransfersSafeguarded Transfers = "safeguarded"  // what a safeguard covers (GDPR art. 46)
	TransfersDigests     Transfers = "digests-only" // nothing that names anybody
)

// ThirdParties says on what basis others than processors and joint controllers receive data.
type ThirdParties string

// Bases of third parties.
const (
	ThirdPartiesBasis   ThirdParties = "any-basis"    // that of the purpose
	ThirdPartiesConsent ThirdParties = "consent-only" // the person's agreement
)

// Category of personal data. The vault keeps one key per person and category, so each can be erased apart; rooms declare their columns
// under a category and the file claims categories for purposes.
type Category string

// Categories of data.
const (
	DataIdentity   Category = "identity"       // name, company
	DataContact    Category = "contact"        // telephone, e-mail
	DataPlace      Category = "place"          // street, floor, access
	DataNeed       Category = "need"           // what is asked, in answers and words
	DataPhotos     Category = "photos"         // pictures of the damage
	DataRecording  Category = "call-recording" // sound of a call
	DataMessages   Category = "messages"       // texts and e-mails sent and received
	DataOpinion    Category = "opinion"        // ratings and opinions
	DataConsent    Category = "consent"        // proofs of consent
	DataAccount    Category = "account"        // sign-in name, password hash, second factor
	DataBusiness   Category = "business"       // registry number, coverage, schedule of a professional
	DataDocuments  Category = "documents"      // identity card, registry extract, insurance
	DataActivity   Category = "activity"       // orders, contacts, outcomes
	DataBilling    Category = "billing"        // invoices, payments, wallet
	DataConnection Category = "connection"     // network address, browser, journal of accesses
	DataExperience Category = "experience"     // what an opinion is about: purchase or work, period, company
	DataAudience   Category = "audience"       // pages seen, counted by visitor
	DataLocation   Category = "location"       // where a visitor is, roughly
	DataSocial     Category = "social"         // pseudonym and picture of a social network
	DataProfession Category = "profession"     // working life
	DataContracts  Category = "contracts"      // quotes, contracts and other documents handed over
	DataBank       Category = "bank-details"   // account number, card token
	DataPremises   Category = "premises"       // video of premises, badges
	DataCase       Category = "case"           // requests about data and other letters, with what identifies who wrote them, and our answers
	DataOversight  Category = "oversight"      // the officer's files: breaches, assessments, reviews, requests of authorities, broken terms
)

// RecipientRole is the part a recipient plays (GDPR art. 4, 28).
type RecipientRole string

// Parts of a recipient.
const (
	RecipientProcessor  RecipientRole = "processor"
	RecipientController RecipientRole = "controller"
	RecipientBuyer      RecipientRole = "buyer" // a professional who bought the introduction, a controller of his own
	RecipientAuthority  RecipientRole = "authority"
)

// ConsentKind tells apart the three sorts of box.
type ConsentKind string

// Sorts of box.
const (
	KindConsent    ConsentKind = "consent"    // GDPR art. 7: free, may be refused and withdrawn
	KindAcceptance ConsentKind = "acceptance" // of terms
	KindRequest    ConsentKind = "request"    // a provable request to be called (C. conso. R223-4)
)

// AskedOn is the place where a box stands.
type AskedOn string

// Places of a box.
const (
	AskedOnForm  AskedOn = "form"  // consumer's form
	AskedOnCall  AskedOn = "call"  // read aloud by an agent
	AskedOnSpace AskedOn = "space" // professional's space

	AskedOnContact       AskedOn = "contact"       // form for messages
	AskedOnQuestionnaire AskedOn = "questionnaire" // form for opinions
	AskedOnAccount       AskedOn = "account"       // consumer's own space
)

// Channel of a message or call.
type Channel string

// Channels.
const (
	ChannelSMS   Channel = "sms"
	ChannelEmail Channel = "email"
	ChannelPhone Channel = "phone"
)

// QuestionKind is the kind of answer that a question takes.
type QuestionKind string

// Kinds of question.
const (
	KindChoice  QuestionKind = "choice"  // one option
	KindChoices QuestionKind = "choices" // any number of options
	KindNumber  QuestionKind = "number"  // whole number with a unit
	KindText    QuestionKind = "text"    // free text, never shown before purchase
	KindPhotos  QuestionKind = "photos"  // pictures, never shown before purchase
	KindDate    QuestionKind = "date"    // day
	KindYesNo   QuestionKind = "yesno"   // "yes" or "no"
	KindMark    QuestionKind = "mark"    // whole number from 1 to max, of a review
)

// Day of a price rule.
type Day string

// Days of a price rule; holidays are those of the place (geo.IsHoliday).
const (
	Monday    Day = "monday"
	Tuesday   Day = "tuesday"
	Wednesday Day = "wednesday"
	Thursday  Day = "thursday"
	Friday    Day = "friday"
	Saturday  Day = "saturday"
	Sunday    Day = "sunday"
	Holidays  Day = "holidays"
)

// word is a closed vocabulary.
type word interface{ words() []string }

func (Language) words() []string       { return []string{"fr", "en"} }
func (Sale) words() []string           { return all(SalePerIntroduction, SaleRouted, SaleForwarded, SaleOff) }
func (Qualification) words() []string  { return all(QualificationAgent, QualificationAutomatic) }
func (Mode) words() []string           { return all(ModeBroadcast) }
func (TieBreak) words() []string       { return all(TieBreakSeed) }
func (ReviewAfter) words() []string    { return all(ReviewAfterIntroduction) }
func (Recorded) words() []string       { return all(RecordedEvery, RecordedShare) }
func (RecreditReason) words() []string { return all(WrongNumber) }
func (Refusal) words() []string        { return all(RefusalEndsCall, RefusalUnrecorded) }
func (Law) words() []string            { return all(LawRepairPrices, LawEnergyCanvass) }
func (Role) words() []string {
	return all(RoleAgent, RoleOnboarding, RoleModerator, RoleMarketing, RoleAccountant, RoleOfficer, RoleLitigation, RoleSupervisor, RoleAdministrator)
}
func (SMSCode) words() []string { return all(CodeWithoutScript, CodeAlways, CodeNever) }
func (Allow) words() []string   { return all(AllowRefuse, AllowAllow) }
func (Basis) words() []string   { return all(BasisConsent, BasisContract, BasisLegal, BasisLegitimate) }
func (Person) words() []string {
	return all(Consumer, Professional, Staff, Partner, Visitor, Author, Follower, Requester)
}
func (Origin) words() []string {
	return all(OriginPerson, OriginAutomatic, OriginProduced, OriginMember, OriginPartner, OriginPublic)
}
func (Transfers) words() []string    { return all(TransfersSafeguarded, TransfersDigests) }
func (ThirdParties) words() []string { return all(ThirdPartiesBasis, ThirdPartiesConsent) }
func (Category) words() []string {
	return all(DataIdentity, DataContact, DataPlace, DataNeed, DataPhotos, DataRecording, DataMessages, DataOpinion, DataConsent,
		DataAccount, DataBusiness, DataDocuments, DataActivity, DataBilling, DataConnection, DataExperience, DataAudience, DataLocation,
		DataSocial, DataProfession, DataContracts, DataBank, DataPremises, DataCase, DataOversight)
}
func (RecipientRole) words() []string {
	return all(RecipientProcessor, RecipientController, RecipientBuyer, RecipientAuthority)
}
func (ConsentKind) words() []string { return all(KindConsent, KindAcceptance, KindRequest) }
func (AskedOn) words() []string {
	return all(AskedOnForm, AskedOnCall, AskedOnSpace, AskedOnContact, AskedOnQuestionnaire, AskedOnAccount)
}
func (Channel) words() []string { return all(ChannelSMS, ChannelEmail, ChannelPhone) }
func (QuestionKind) words() []string {
	return all(KindChoice, KindChoices, KindNumber, KindText, KindPhotos, KindDate, KindYesNo, KindMark)
}
func (Day) words() []string {
	return all(Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, Holidays)
}

// Roles lists the roles of staff.
func Roles() []Role { return list[Role]() }

// Categories lists the categories of data that the software knows; [Network.Categories] those that a network claims.
func Categories() []Category { return list[Category]() }

func all[T ~string](ws ...T) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = string(w)
	}
	return out
}

func list[T interface {
	~string
	word
}]() []T {
	var zero T
	ws := zero.words()
	out := make([]T, len(ws))
	for i, w := range ws {
		out[i] = T(w)
	}
	return out
}

// Label names a category for people, as it stands in a privacy notice.
func (c Category) Label() fault.Text { return categoryLabels[c] }

var categoryLabels = map[Category]fault.Text{
	DataIdentity:   fault.T("nom, prénom ou société", "name or company"),
	DataContact:    fault.T("téléphone et adresse e-mail", "telephone and e-mail address"),
	DataPlace:      fault.T("adresse de l’intervention", "address of the job"),
	DataNeed:       fault.T("votre demande : réponses aux questions et précisions", "your request: answers and details"),
	DataPhotos:     fault.T("photos", "photos"),
	DataRecording:  fault.T("enregistrement d’appel", "call recording"),
	DataMessages:   fault.T("messages échangés", "messages exchanged"),
	DataOpinion:    fault.T("avis", "opinion"),
	DataConsent:    fault.T("preuves de vos choix", "proofs of your choices"),
	DataAccount:    fault.T("identifiants de connexion", "sign-in details"),
	DataBusiness:   fault.T("entreprise : immatriculation, zone, horaires", "business: registration, area, hours"),
	DataDocuments:  fault.T("pièces justificatives", "supporting documents"),
	DataActivity:   fault.T("activité : commandes, contacts, résultats", "activity: orders, contacts, outcomes"),
	DataBilling:    fault.T("factures et paiements", "invoices and payments"),
	DataConnection: fault.T("données de connexion", "connection data"),
	DataExperience: fault.T("expérience : description, période, entreprise", "experience: description, period, company"),
	DataAudience:   fault.T("pages vues", "pages seen"),
	DataLocation:   fault.T("position approximative", "approximate location"),
	DataSocial:     fault.T("pseudonyme et photo d’un réseau social", "pseudonym and picture of a social network"),
	DataProfession: fault.T("vie professionnelle", "working life"),
	DataContracts:  fault.T("devis, contrats et documents remis", "quotes, contracts and documents handed over"),
	DataBank:       fault.T("coordonnées bancaires", "bank details"),
	DataPremises:   fault.T("images et badges des locaux", "video and badges of premises"),
	DataCase:       fault.T("vos demandes sur vos données, vos courriers et nos réponses", "your requests about your data, your letters and our answers"),
	DataOversight:  fault.T("dossiers de conformité : violations, analyses, demandes d’autorités", "compliance files: breaches, assessments, requests of authorities"),
}
