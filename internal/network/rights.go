package network

import (
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
)

// Rights is how people exercise their rights over their data (GDPR art. 12 to 22, loi 78-17 art. 85).
type Rights struct {
	Answer      Duration       // Time to answer, from receipt: 1 month at most (GDPR art. 12.3).
	Extended    Duration       `yaml:",opt"` // Time to answer from receipt, in all, once a complex case was extended with reasons; no extension if absent.
	Warn        Duration       // Time before the end of a clock at which the officer is warned.
	Identity    IdentityCheck  // When a proof of identity may be asked; it pauses the clock until it comes.
	Channels    []RightChannel `min:"1"`     // Ways in which a request may come, all of them into one queue.
	Post        string         `yaml:",opt"` // Use of the postal address for letters, for example rights; required with the channel post.
	Asks        []RightDetail  `yaml:",opt"` // What the form asks besides name and a way to answer; nothing of it is compulsory unless a remark says so.
	Scopes      []Scope        `min:"1"`     // Sets of data that a request for erasure may name, each erased without the others.
	Restriction *Restriction   `yaml:",opt"` // How a restriction ends; announced 3 days before if absent (GDPR art. 18.3).
	AfterDeath  bool           // Directives on one's data after death are recorded (loi 78-17 art. 85).
	Authority   Authority      // Where to complain.
	Answers     []Wording      `min:"1"`     // Ready-made answers that the officer starts from.
	Refusals    []Wording      `min:"1"`     // Grounds of law for refusing (GDPR art. 12.4, 12.5, 17.3).
	Tell        []Hears        `yaml:",opt"` // Processors and partners that are told of rectification, erasure and restriction (GDPR art. 19); professionals who bought are always told.
	Remind      Duration       // Time after which who was told and did not confirm is reminded.
}

// Scope is a set of data that can be erased alone (clauses ET-127, ET-128).
type Scope struct {
	ID    string     `yaml:",key"`
	Label fault.Text // The set in words.
	Data  []Category `min:"1"` // Categories of data that it holds.
}

// Authority is the supervisory authority (GDPR art. 13.2 d, 77).
type Authority struct {
	Name    string // Its name.
	Address string // Its postal address.
	URL     string `yaml:"url"` // Its site.
}

// Hears is how one recipient is told.
type Hears struct {
	Recipient string `yaml:",key"`
	Email     string `yaml:",opt"` // Address that is written to.
	Webhook   string `yaml:",opt"` // Address, https, to which a signed notice is posted.
}

// IdentityCheck says when a proof of identity may be asked.
type IdentityCheck string

// IdentityOnDoubt is the only rule that law admits: reasonable doubt, with its reason written down (GDPR art. 12.6).
const IdentityOnDoubt IdentityCheck = "on-doubt"

// RightChannel is a way in which a request about personal data comes.
type RightChannel string

// Ways of asking.
const (
	RightByForm  RightChannel = "form"
	RightByEmail RightChannel = "email"
	RightByPhone RightChannel = "phone" // an agent opens the case during the call
	RightByPost  RightChannel = "post"  // the officer opens the case of a letter
	RightBySpace RightChannel = "space" // a professional passes on what was asked of him
	// A company that decides jointly passes on what was asked of it (GDPR art. 26.3; RN-07).
	RightByMember RightChannel = "member"
)

// RightDetail is something that the form asks to ease the search.
type RightDetail string

// What a form may ask.
const (
	DetailAddress   RightDetail = "address"   // home address
	DetailReference RightDetail = "reference" // reference of a client or of a request
	DetailBrand     RightDetail = "brand"     // company, site or service concerned
	DetailContacted RightDetail = "contacted" // address or number on which the person was contacted
	DetailCountry   RightDetail = "country"   // country of residence, which decides what law applies
	DetailMember    RightDetail = "member"    // company that decides jointly, which the request concerns as well
	// Where that company is written to; it types this itself, or the officer does. No form asks a person.
	DetailMemberEmail RightDetail = "member-email"
)

// Right is what somebody asks about data.
type Right string

// Rights, and what else comes the same way.
const (
	RightUnnamed       Right = "unnamed" // no right was named: the clock runs all the same
	RightAccess        Right = "access"
	RightRectification Right = "rectification"
	RightErasure       Right = "erasure"
	RightRestriction   Right = "restriction"
	RightPortability   Right = "portability"
	RightProspecting   Right = "objection-prospecting"
	RightObjection     Right = "objection"
	RightHuman         Right = "automated-decision"
	RightWithdrawal    Right = "withdrawal"
	RightAfterDeath    Right = "after-death"
	RightClosing       Right = "closing" // of a professional's access, which has a clock of its own (ET-83, ET-84)
	RightComment       Right = "comment"
)

func (IdentityCheck) words() []string { return all(IdentityOnDoubt) }
func (RightChannel) words() []string {
	return all(RightByForm, RightByEmail, RightByPhone, RightByPost, RightBySpace, RightByMember)
}
func (RightDetail) words() []string {
	return all(DetailAddress, DetailReference, DetailBrand, DetailContacted, DetailCountry, DetailMember)
}
func (Right) words() []string {
	return all(RightUnnamed, RightAccess, RightRectification, RightErasure, RightRestriction, RightPortability, RightProspecting, RightObjection,
		RightHuman, RightWithdrawal, RightAfterDeath, RightClosing, RightComment)
}

// RightsAsked lists what can be asked, in the order in which a form shows it.
func RightsAsked() []Right { return list[Right]() }

// Scoped reports whether a right is asked for sets of data, for purposes or for consents.
func (r Right) Scoped() bool { return r == RightErasure || r == RightObjection || r == RightWithdrawal }

// Label names a right for people.
func (r Right) Label() fault.Text { return rightLabels[r] }

var rightLabels = map[Right]fault.Text{
	RightUnnamed:       fault.T("Je ne sais pas, ou autre chose", "I do not know, or something else"),
	RightAccess:        fault.T("Savoir ce que vous avez sur moi et en recevoir une copie", "Know what you hold about me and get a copy"),
	RightRectification: fault.T("Corriger ou compléter mes données", "Correct or complete my data"),
	RightErasure:       fault.T("Effacer mes données", "Erase my data"),
	RightRestriction:   fault.T("Geler l’usage de mes données", "Freeze the use of my data"),
	RightPortability:   fault.T("Récupérer mes données pour les porter ailleurs", "Take my data elsewhere"),
	RightProspecting:   fault.T("Ne plus être démarché", "No more prospecting"),
	RightObjection:     fault.T("M’opposer à un autre usage", "Object to another use"),
	RightHuman:         fault.T("Faire revoir une décision automatique par une personne", "Have a person look at an automated decision"),
	RightWithdrawal:    fault.T("Retirer un accord", "Withdraw a consent"),
	RightAfterDeath:    fault.T("Dire ce que deviennent mes données après ma mort", "Say what becomes of my data after my death"),
	RightClosing:       fault.T("Fermer mon accès de professionnel", "Close my access as a professional"),
	RightComment:       fault.T("Faire une remarque sur mes données", "Make a remark about my data"),
}

// Short names a right in a word or two, for queues and for who is told of it.
func (r Right) Short() fault.Text { return rightNames[r] }

var rightNames = map[Right]fault.Text{
	RightUnnamed:       fault.T("Droit à préciser", "Right to be named"),
	RightAccess:        fault.T("Accès", "Access"),
	RightRectification: fault.T("Rectification", "Rectification"),
	RightErasure:       fault.T("Effacement", "Erasure"),
	RightRestriction:   fault.T("Limitation", "Restriction"),
	RightPortability:   fault.T("Portabilité", "Portability"),
	RightProspecting:   fault.T("Opposition au démarchage", "Objection to prospecting"),
	RightObjection:     fault.T("Opposition", "Objection"),
	RightHuman:         fault.T("Décision automatique", "Automated decision"),
	RightWithdrawal:    fault.T("Retrait d’accord", "Withdrawal of consent"),
	RightAfterDeath:    fault.T("Directives après la mort", "Directives after death"),
	RightClosing:       fault.T("Fermeture d’accès", "Closing of an access"),
	RightComment:       fault.T("Remarque", "Remark"),
}

// Scope finds a set of data by id.
func (r *Rights) Scope(id string) (Scope, bool) {
	return find(r.Scopes, func(s Scope) bool { return s.ID == id })
}

// Takes reports whether requests may come by a channel.
func (r *Rights) Takes(c RightChannel) bool { return r != nil && slices.Contains(r.Channels, c) }

// Due is the last instant at which a case received then may be answered: as many calendar months later as the file says, counted from the
// day after receipt, until the end of the day, and of the next working day where it falls on a week-end or a public holiday of mainland
// France (GDPR art. 12.3; Reg. (EEC, Euratom) 1182/71 art. 3). paused is how long the clock stood still.
func (r *Rights) Due(received time.Time, extended bool, paused time.Duration) time.Time {
	d := r.Answer
	if extended && !r.Extended.IsZero() {
		d = r.Extended
	}
	t := d.AddTo(received.In(geo.Paris())).Add(paused)
	for !geo.Ouvres.WorkingDay("75", t) {
		t = t.AddDate(0, 0, 1)
	}
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location()).Add(-time.Microsecond)
}

// answerVars are what a ready-made answer may name.
var answerVars = []string{"name", "ref", "received", "site"}

// RightAnswer fills a ready-made answer; empty when there is none of that id.
func (n *Network) RightAnswer(id, lang string, vars map[string]string) string {
	if n.Rights == nil {
		return ""
	}
	s, _ := fill(wording(n.Rights.Answers, id).Say(lang), func(name string) (string, bool) { v, ok := vars[name]; return v, ok })
	return s
}

func takesRights(n *Network) bool { return n.Rights != nil }
func readsMail(n *Network) bool   { return n.Inbox != nil }
func joins(n *Network) bool       { return n.Rights.Takes(RightByMember) }
func tellsPros(n *Network) bool   { return n.Rights != nil && hasPros(n) }

func (c *checker) rights() {
	r := c.n.Rights
	if r == nil {
		c.remark("rights", "la section « rights » manque : les personnes ne peuvent pas exercer leurs droits par le logiciel (RGPD art. 12).",
			`the section "rights" is missing: people cannot exercise their rights through the software (GDPR art. 12).`)
		return
	}
	month := Duration{1, UnitMonth}.approx()
	if r.Answer.approx() > month {
		c.remark("rights.answer", "le règlement donne un mois au plus (RGPD art. 12.3) : « %s » est trop long.", "the regulation gives one month at most (GDPR art. 12.3): %s is too long.", r.Answer)
	}
	switch {
	case r.Extended.IsZero():
	case r.Extended.approx() <= r.Answer.approx():
		c.wrong("rights.extended", "la durée prolongée (%s) compte depuis la réception : elle dépasse « answer » (%s).", "the extended time (%s) counts from receipt: it is more than \"answer\" (%s).", r.Extended, r.Answer)
	case r.Extended.approx() > 3*month:
		c.wrong("rights.extended", "le règlement donne trois mois en tout, au plus (RGPD art. 12.3) : réduisez %s.", "the regulation gives three months in all, at most (GDPR art. 12.3): shorten %s.", r.Extended)
	}
	if three := (Duration{3, UnitMonth}); !r.Extended.IsZero() && r.Extended.approx() < three.approx() {
		t := r.Extended.Text()
		c.law("rights.extended", fault.T("RGPD art. 12.3", "GDPR art. 12.3"), fault.T("une réponse peut prendre "+t.FR+" en tout", "an answer may take "+t.EN+" in all"),
			fault.T("ce délai, plus court que les "+three.Text().FR+" que le règlement admet", "this time, shorter than the "+three.Text().EN+" that the regulation admits"))
	}
	c.restriction()
	if joint := slices.ContainsFunc(c.n.Purposes, func(p Purpose) bool { return p.Joint != nil }); !joint && (r.Takes(RightByMember) || slices.Contains(r.Asks, DetailMember)) {
		c.wrong("rights.channels", "personne ne décide avec vous (aucune finalité n’a « joint ») : retirez member.", `nobody decides jointly with you (no purpose has "joint"): remove member.`)
	}
	if r.Warn.approx() >= r.Answer.approx() {
		c.wrong("rights.warn", "l’avertissement vient avant la fin du délai : écrivez moins que %s.", "the warning comes before the end of the clock: write less than %s.", r.Answer)
	}
	if _, ok := find(c.n.Operator.Addresses, func(a Address) bool { return a.Use == r.Post }); r.Takes(RightByPost) && !ok {
		c.wrong("rights.post", "« %s » n’est pas une adresse d’operator.addresses : écrivez-y où envoyer les lettres.", "%q is no address of operator.addresses: write there where letters go.", clip(r.Post))
	}
	if u, err := url.Parse(r.Authority.URL); err != nil || u.Scheme != "https" || u.Host == "" {
		c.wrong("rights.authority.url", "« %s » n’est pas une adresse https.", "%q is not an https address.", clip(r.Authority.URL))
	}
	for _, s := range r.Scopes {
		for i, d := range s.Data {
			if !slices.Contains(c.n.Categories(), d) {
				c.wrong("rights.scopes."+s.ID+".data."+strconv.Itoa(i+1), "aucune finalité n’utilise « %s » : il n’y a rien à effacer.", "no purpose uses %q: there is nothing to erase.", d)
			}
		}
	}
	for _, t := range r.Tell {
		path := "rights.tell." + t.Recipient
		if _, ok := c.n.Recipient(t.Recipient); !ok {
			c.wrong(path, "« %s » n’est pas dans recipients.", "%q is not in recipients.", t.Recipient)
		}
		if (t.Email == "") == (t.Webhook == "") {
			c.wrong(path, "écrivez « email » ou « webhook », l’un des deux.", `write "email" or "webhook", one of the two.`)
		}
		if t.Email != "" {
			c.email(path+".email", t.Email)
		}
		if u, err := url.Parse(t.Webhook); t.Webhook != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			c.wrong(path+".webhook", "« %s » n’est pas une adresse https.", "%q is not an https address.", clip(t.Webhook))
		}
	}
	for _, a := range r.Answers {
		for _, v := range unknownVars(a.Text, answerVars) {
			c.wrong("rights.answers."+a.ID, "{%s} n’est pas connu ici. Peuvent s’écrire : %s.", "{%s} is not known here. What may stand here: %s.", v, strings.Join(braces(answerVars), " "))
		}
	}
}

func (c *checker) email(path, s string) {
	if a, err := mail.ParseAddress(s); err != nil || a.Address != s {
		c.wrong(path, "« %s » n’est pas une adresse e-mail.", "%q is not an e-mail address.", clip(s))
	}
}

// Refusal is the sentence of a ground for refusing; empty when there is none of that id.
func (n *Network) Refusal(id string) fault.Text {
	if n.Rights == nil {
		return fault.Text{}
	}
	return wording(n.Rights.Refusals, id)
}
