package network

import (
	"slices"
	"strings"

	"entremise/internal/fault"
)

// Difference is a rule that a public document of the operator states and that the software does not execute, because the law in force
// protects people more. The file repeats what the document says; which article differs and what is executed instead stands here, because
// it is what the program does. What a section states by itself, such as modules.recordings, is told there and not repeated here.
type Difference struct {
	Rule     LawRule    `yaml:",key"`
	Document fault.Text `yaml:",value"`
}

// LawRule names a rule of documents that the law in force overrides.
type LawRule string

// Rules of documents that are stated and not executed.
const (
	RuleOneButton       LawRule = "one-button-consent"          // CS-03: "OK" is taken for consent
	RuleBrowserSettings LawRule = "browser-settings-consent"    // WA-66: settings of the browser are taken for a choice
	RuleAgeByButton     LawRule = "age-by-one-button"           // CS-04: the same button certifies an age
	RuleRefusalByMail   LawRule = "refusal-by-mail"             // AQ-43: a refusal must be written to the officer
	RuleRoutingInterest LawRule = "routing-on-interest"         // AQ-26: an automated decision rests on legitimate interest
	RuleWithdrawByMail  LawRule = "withdrawal-in-writing"       // WA-44: consent is withdrawn by a letter with five particulars
	RuleNoTransfer      LawRule = "no-transfer-despite-abroad"  // AQ-50: nothing leaves the Union, although providers are elsewhere
	RuleEndlessHold     LawRule = "longer-for-abusive-messages" // RN-35: an abusive message is kept without an end
)

type ruleOfLaw struct{ article, executed fault.Text }

var rulesOfLaw = map[LawRule]ruleOfLaw{
	RuleOneButton: {fault.T("RGPD art. 4.11 et 7, CNIL délib. 2020-091", "GDPR art. 4.11 and 7, CNIL decision 2020-091"),
		fault.T("rien de ce qui demande un accord n’est déposé sans lui, et refuser est aussi simple qu’accepter", "nothing that needs consent is set without it, and refusing is as easy as accepting")},
	RuleBrowserSettings: {fault.T("loi 78-17 art. 82, CNIL délib. 2020-091", "Act 78-17 art. 82, CNIL decision 2020-091"),
		fault.T("le choix se fait sur le site ; les réglages du navigateur ne sont qu’expliqués", "the choice is made on the site; browser settings are only explained")},
	RuleAgeByButton: {fault.T("loi 78-17 art. 45, RGPD art. 8", "Act 78-17 art. 45, GDPR art. 8"),
		fault.T("l’âge n’est pas tiré d’un clic : aucun compte de particulier ne s’ouvre", "no age is taken from a click: no consumer's account is opened")},
	RuleRefusalByMail: {fault.T("RGPD art. 12.2 et 21", "GDPR art. 12.2 and 21"),
		fault.T("aucun code n’est envoyé à qui appelle la ligne du site, ni quand le navigateur fait la preuve lui-même", "no code is sent to who calls the site's line, nor where the browser gives the proof itself")},
	RuleRoutingInterest: {fault.T("RGPD art. 22.2", "GDPR art. 22.2"),
		fault.T("une personne désignée décide", "a named person decides")},
	RuleWithdrawByMail: {fault.T("RGPD art. 7.3", "GDPR art. 7.3"),
		fault.T("un accord se retire aussi simplement qu’il a été donné, sans écrit ni justificatif", "consent is withdrawn as easily as it was given, without writing or proof")},
	RuleNoTransfer: {fault.T("RGPD art. 44 à 46", "GDPR art. 44 to 46"),
		fault.T("chaque destinataire hors de l’Union est déclaré avec sa garantie", "each recipient outside the Union is declared with its safeguard")},
	RuleEndlessHold: {fault.T("RGPD art. 5.1 e et 17.3 e", "GDPR art. 5.1 e and 17.3 e"),
		fault.T("une conservation de plus demande un motif et une date de fin", "keeping longer takes a reason and an end date")},
}

func (LawRule) words() []string {
	return all(RuleOneButton, RuleBrowserSettings, RuleAgeByButton, RuleRefusalByMail, RuleRoutingInterest, RuleWithdrawByMail, RuleNoTransfer, RuleEndlessHold)
}

// Article is the law that differs from the document.
func (d Difference) Article() fault.Text { return rulesOfLaw[d.Rule].article }

// Executed is what the software does instead of what the document says.
func (d Difference) Executed() fault.Text { return rulesOfLaw[d.Rule].executed }

func (c *checker) differences() {
	for _, d := range c.n.Differences {
		path := "differences." + string(d.Rule)
		if _, ok := rulesOfLaw[d.Rule]; !ok {
			c.wrong(path, "le logiciel ne connaît pas cette différence. Ce qui peut s’écrire : %s.", "the software knows no such difference. What may stand here: %s.", strings.Join(LawRule("").words(), ", "))
			continue
		}
		c.law(path, d.Article(), d.Document, d.Executed())
	}
	for _, need := range []struct {
		rule   LawRule
		broken bool
		text   fault.Text
	}{
		{RuleRoutingInterest, c.n.Modules.AutomatedDecisions != nil, fault.T("ici une personne décide, mais modules.automated_decisions est écrit : retirez l’un des deux.", "here a person decides, but modules.automated_decisions is written: remove one of them.")},
		{RuleRefusalByMail, c.n.Verification.SMSCode == CodeAlways, fault.T("verification.sms_code impose le code à tous : écrivez without-javascript ou never.", "verification.sms_code imposes the code on everybody: write without-javascript or never.")},
		{RuleAgeByButton, c.n.Modules.Accounts == nil, fault.T("aucun compte de particulier n’est déclaré : ajoutez modules.accounts et son âge, ou retirez cette différence.", "no consumer's account is declared: add modules.accounts with its age, or remove this difference.")},
		{RuleNoTransfer, !slices.ContainsFunc(c.n.Recipients, func(r Recipient) bool { return !slices.Contains(european, r.Country) }), fault.T("aucun destinataire n’est hors de l’Union : retirez cette différence.", "no recipient is outside the Union: remove this difference.")},
	} {
		if _, stated := find(c.n.Differences, func(d Difference) bool { return d.Rule == need.rule }); stated && need.broken {
			c.add(Mistake, root, "differences."+string(need.rule), need.text)
		}
	}
}

// law notes where a document, or the file itself, and the law in force differ: the article, what is written, and what is executed.
func (c *checker) law(path string, article, document, executed fault.Text) {
	c.add(LawDiffers, root, path, fault.T(
		article.FR+" : le document dit « "+strings.TrimSuffix(document.FR, ".")+" » ; est exécuté : "+executed.FR+".",
		article.EN+": the document says “"+strings.TrimSuffix(document.Say("en"), ".")+"”; executed: "+executed.EN+"."))
}

// differs is law for a section that says in a sentence of its own what differs and what is executed.
func (c *checker) differs(path, fr, en string, args ...any) {
	c.add(LawDiffers, root, path, fault.Tf(fr, en, args...))
}

// notYet notes what the file declares and this version of the program does not do.
func (c *checker) notYet(path, fr, en string) {
	c.add(NotYet, root, path, fault.T("pas encore exécuté : "+fr, "not executed yet: "+en))
}
