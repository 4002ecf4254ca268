package network

import (
	"slices"
	"strconv"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// ReviewBody is what a network that collects, moderates and publishes reviews of professionals says about it (C. conso. L111-7-2, D111-16 to
// D111-19; ISO 20488). No duration of keeping stands here: those are of the purposes that Uses names.
type ReviewBody struct {
	Scale          int             `min:"2"` // Highest mark; the lowest is 1.
	Levels         Levels          // Satisfaction by the overall mark (RN-21).
	Questionnaires []Questionnaire `min:"1"`     // What is asked, by id; forms/<form>.yaml holds the questions.
	Remind         []Duration      `yaml:",opt"` // Times after the first sending at which who has not answered is reminded; reminders do not extend its validity (RN-43).
	Tracking       Allow           // Whether opens and clicks of invitations are measured: refuse, or allow (RN-42).
	Decide         Duration        // Longest time from deposit to decision that the network announces (C. conso. D111-17 2° b).
	Documents      Duration        // Time that author or member has to send a document that a moderator asked for (RN-50).
	Spontaneous    Spontaneous     // Who was not invited may ask for a questionnaire (RN-36, 46).
	Sample         money.Rate      // Share of deposited reviews that is drawn at random for a control call (RN-52).
	Refusals       []RefusalReason `min:"1"` // Published reasons for refusing or removing a review (C. conso. D111-18), by id.
	Appeal         Duration        // Time in which a decision may be contested: six months at least (Reg. (EU) 2022/2065 art. 20).
	Reports        []ReportReason  `min:"1"` // Reasons for reporting a published review (RN-67), by id.
	Removals       Duration        // Time in which a partner's program must have asked what is no longer to be shown; then it stands on the first page of staff (RN-96).
	Uses           ReviewUses      // Which purpose serves what.
}

// Levels are the thresholds of the overall mark, in tenths of a mark.
type Levels struct {
	Satisfied  int // Least overall mark, in tenths, of who is satisfied: 40 is 4.0.
	Moderately int // Least overall mark, in tenths, of who is moderately satisfied; below it he is dissatisfied.
}

// Questionnaire is a form for reviews. Its marks are its questions of kind mark, its comment the question that Comment names.
type Questionnaire struct {
	ID       string     `yaml:",key"`
	Audience Audience   // customer or employee.
	Label    fault.Text // What is asked about: "your kitchen".
	Form     string     // File under forms/, without .yaml.
	Overall  string     `yaml:",opt"` // Question whose mark is the overall one; the mean of all marks if absent.
	Comment  string     // Question whose text is the comment.
}

// Spontaneous says what happens to somebody who asks for a questionnaire.
type Spontaneous struct {
	Proof  bool     // A document that shows the experience may be asked before the questionnaire is sent (RN-37).
	Member bool     // The member is asked to accept the sending too (RN-46); his refusal goes to the operator (RN-47).
	Answer Duration // Time in which the member answers, and the person sends his proof; then the operator decides alone, or closes.
}

// RefusalReason is a published reason for refusing or removing a review.
type RefusalReason struct {
	ID    string      `yaml:",key"`
	Text  fault.Text  // The reason in words, as the author is told it and visitors read it.
	Check ReviewCheck // The check that it fails: person, experience or content (RN-49).
	Bans  bool        `yaml:",opt"` // The author may be banned for it: unlawful or fraudulent (RN-62).
}

// ReportReason is a reason for reporting a published review.
type ReportReason struct {
	ID      string     `yaml:",key"`
	Text    fault.Text // The reason in words.
	Justify bool       `yaml:",opt"` // The reporter must say why in his own words (RN-67 iii).
}

// ReviewUses names the purposes that package review serves; what each keeps stands under purposes only.
type ReviewUses struct {
	Ask       string // Asking for a questionnaire.
	Collect   string // Inviting and collecting; its time from first-sending is a questionnaire's validity.
	Moderate  string // Checking.
	Refuse    string // Keeping what was refused.
	Publish   string // Publishing; its longest time from deposit is that of publication.
	Syndicate string // Showing on partners' sites.
	Ban       string // Banning; its time from notification is that of the ban (RN-63).
	Report    string // Handling reports.
	Place     string `yaml:",opt"` // Remembering where a visitor looks for a company, in a cookie, for the time of this purpose (RN-125); absent: nothing is remembered.
}

// Audience is whose experience a questionnaire is about.
type Audience string

// Audiences.
const (
	OfCustomer Audience = "customer" // of a purchase or service
	OfEmployee Audience = "employee" // of working for the member
)

// ReviewCheck is one of the three checks of moderation (RN-49).
type ReviewCheck string

// Checks.
const (
	CheckPerson     ReviewCheck = "person"     // the author is a real person
	CheckExperience ReviewCheck = "experience" // the experience is authentic
	CheckContent    ReviewCheck = "content"    // the content is lawful
)

func (Audience) words() []string    { return all(OfCustomer, OfEmployee) }
func (ReviewCheck) words() []string { return all(CheckPerson, CheckExperience, CheckContent) }

// ReviewChecks lists the checks in the order in which they are made.
func ReviewChecks() []ReviewCheck { return list[ReviewCheck]() }

// Level is the satisfaction that an overall mark says (RN-21): made by the software, never entered.
type Level string

// Levels of satisfaction.
const (
	LevelSatisfied    Level = "satisfied"
	LevelModerately   Level = "moderately"
	LevelDissatisfied Level = "dissatisfied"
)

// Label names a level for people.
func (l Level) Label() fault.Text {
	switch l {
	case LevelSatisfied:
		return fault.T("satisfait", "satisfied")
	case LevelModerately:
		return fault.T("moyennement satisfait", "moderately satisfied")
	}
	return fault.T("insatisfait", "dissatisfied")
}

// Level is what an overall mark in tenths says.
func (b *ReviewBody) Level(overall int) Level {
	switch {
	case overall >= b.Levels.Satisfied:
		return LevelSatisfied
	case overall >= b.Levels.Moderately:
		return LevelModerately
	}
	return LevelDissatisfied
}

// Questionnaire finds one by id.
func (b *ReviewBody) Questionnaire(id string) (Questionnaire, bool) {
	return find(b.Questionnaires, func(q Questionnaire) bool { return q.ID == id })
}

// asks reports whether a form is a questionnaire's; a nil body asks nothing.
func (b *ReviewBody) asks(form string) bool {
	return b != nil && slices.ContainsFunc(b.Questionnaires, func(q Questionnaire) bool { return q.Form == form })
}

// Refusal finds a published reason by id.
func (b *ReviewBody) Refusal(id string) (RefusalReason, bool) {
	return find(b.Refusals, func(r RefusalReason) bool { return r.ID == id })
}

// QuestionForm is the form of a questionnaire; nil when its file is missing.
func (n *Network) QuestionForm(q Questionnaire) *Form { return n.forms[q.Form] }

// Marks are the questions of a form that ask for a mark, in order.
func (f *Form) Marks() []Question {
	return slices.DeleteFunc(slices.Clone(f.Questions), func(q Question) bool { return q.Kind != KindMark })
}

func collectsReviews(n *Network) bool { return n.Reviews != nil }

func (c *checker) reviews() {
	b := c.n.Reviews
	if b == nil {
		return
	}
	if l := b.Levels; l.Moderately >= l.Satisfied || l.Moderately <= 10 || l.Satisfied > b.Scale*10 {
		c.wrong("reviews.levels", "les seuils vont croissant entre 1,0 et la note la plus haute : par exemple moderately: 30, satisfied: 40.", "thresholds rise between 1.0 and the highest mark: for example moderately: 30, satisfied: 40.")
	}
	if b.Appeal.approx() < (Duration{6, UnitMonth}).approx() {
		c.wrong("reviews.appeal", "une décision se conteste pendant six mois au moins (règl. (UE) 2022/2065 art. 20) : « %s » est trop court.", "a decision may be contested for six months at least (Reg. (EU) 2022/2065 art. 20): %s is too short.", b.Appeal)
	}
	for i, q := range b.Questionnaires {
		c.questionnaire("reviews.questionnaires."+q.ID, b, b.Questionnaires[i])
	}
	for _, k := range ReviewChecks() {
		if !slices.ContainsFunc(b.Refusals, func(r RefusalReason) bool { return r.Check == k }) {
			c.wrong("reviews.refusals", "aucun motif de refus ne répond à la vérification « %s » : ajoutez-en un.", "no reason for refusing answers the check %q: add one.", k)
		}
	}
	for _, u := range []struct {
		name, id string
		ok       func(Keep) bool
		fr, en   string
	}{
		{"ask", b.Uses.Ask, func(k Keep) bool { return k.While == WhileRequestOpen }, "while: request-open", "while: request-open"},
		{"collect", b.Uses.Collect, func(k Keep) bool { return k.From == FromFirstSending && !k.For.IsZero() }, "for et from: first-sending", "for and from: first-sending"},
		{"moderate", b.Uses.Moderate, func(k Keep) bool { return k.While == WhileUndecided }, "while: undecided", "while: undecided"},
		{"refuse", b.Uses.Refuse, func(k Keep) bool { return k.From == FromRejection }, "from: rejection", "from: rejection"},
		{"publish", b.Uses.Publish, published, "while: published, from: deposit et at_most", "while: published, from: deposit and at_most"},
		{"syndicate", b.Uses.Syndicate, published, "while: published, from: deposit et at_most", "while: published, from: deposit and at_most"},
		{"ban", b.Uses.Ban, func(k Keep) bool { return k.From == FromNotification && !k.For.IsZero() }, "for et from: notification", "for and from: notification"},
		{"report", b.Uses.Report, func(k Keep) bool { return k.While == WhileCaseOpen }, "while: case-open", "while: case-open"},
	} {
		p, found := c.n.Purpose(u.id)
		switch {
		case !found:
			c.wrong("reviews.uses."+u.name, "« %s » n’est pas une finalité de purposes.", "%q is not a purpose of purposes.", clip(u.id))
		case p.Keep == nil || !u.ok(*p.Keep):
			c.wrong("reviews.uses."+u.name, "la finalité %s doit garder par « %s ».", "the purpose %s must keep by %q.", u.id, u.en)
		}
	}
	if b.Uses.Place != "" {
		if p, found := c.n.Purpose(b.Uses.Place); !found || p.Keep == nil || p.Keep.For.IsZero() {
			c.wrong("reviews.uses.place", "« %s » n’est pas une finalité de purposes qui garde pour un temps (for).", "%q is not a purpose of purposes that keeps for a time (for).", clip(b.Uses.Place))
		}
	}
	for _, u := range []struct{ name, id string }{{"collect", b.Uses.Collect}, {"publish", b.Uses.Publish}} {
		asked := slices.ContainsFunc(c.n.ConsentsOn(AskedOnQuestionnaire), func(k Consent) bool { return k.Purpose == u.id && k.Kind == KindConsent })
		if p, ok := c.n.Purpose(u.id); ok && p.Basis == BasisConsent && !asked {
			c.wrong("reviews.uses."+u.name, "la finalité %s repose sur l’accord de l’auteur et aucune case du questionnaire ne le demande : ajoutez-la à consents.", "the purpose %s rests on the author’s consent and no box of the questionnaire asks for it: add one to consents.", u.id)
		}
	}
}

func published(k Keep) bool {
	return k.While == WhilePublished && k.From == FromDeposit && !k.AtMost.IsZero()
}

func (c *checker) questionnaire(path string, b *ReviewBody, q Questionnaire) {
	f := c.n.forms[q.Form]
	if f == nil {
		c.wrong(path+".form", "forms/%s.yaml manque : écrivez-le, ou corrigez le nom.", "forms/%s.yaml is missing: write it, or correct the name.", clip(q.Form))
		return
	}
	if marks := f.Marks(); len(marks) == 0 || slices.ContainsFunc(marks, func(m Question) bool { return m.Max != b.Scale }) {
		c.wrong(path+".form", "il faut au moins une note, et chaque note va jusqu’à %s (max).", "it needs at least one mark, and each mark goes up to %s (max).", strconv.Itoa(b.Scale))
	}
	if k, ok := f.Question(q.Comment); !ok || k.Kind != KindText {
		c.wrong(path+".comment", "« %s » n’est pas une question de texte de forms/%s.yaml.", "%q is no text question of forms/%s.yaml.", clip(q.Comment), q.Form)
	}
	if q.Overall != "" {
		if k, ok := f.Question(q.Overall); !ok || k.Kind != KindMark || !k.Required || len(k.When) > 0 {
			c.wrong(path+".overall", "« %s » n’est pas une note demandée à tous de forms/%s.yaml.", "%q is no mark asked of everybody in forms/%s.yaml.", clip(q.Overall), q.Form)
		}
	}
	for _, k := range f.Questions {
		if k.Data != DataOpinion {
			c.wrong(path+".form", "la question %s d’un avis est de la catégorie opinion.", "the question %s of a review is of the category opinion.", k.ID)
		}
	}
}
