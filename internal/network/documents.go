package network

import (
	"slices"

	"entremise/internal/fault"
)

// Document says what happens when a public document of the network becomes another: who is told how, how long before, and whether it is accepted again. One that is not
// named here is published and applies, as its date says.
type Document struct {
	ID     DocumentKind `yaml:",key"`
	Tell   []Told       `yaml:",opt"` // How the people concerned are told: email, banner; none means publication only.
	Before Duration     `yaml:",opt"` // Time between telling and applying; from publication on, if absent.
	Again  bool         `yaml:",opt"` // It must be accepted again: at the next sign-in of professionals, at the next request of consumers.
}

// DocumentKind is a public document.
type DocumentKind string

// The public documents, in the order in which pages list them. All but the terms and the charter are made of the file.
const (
	DocPrivacy     DocumentKind = "privacy"     // privacy notice (GDPR art. 13, 14)
	DocCookies     DocumentKind = "cookies"     // table of cookies
	DocRetention   DocumentKind = "retention"   // table of durations
	DocTerms       DocumentKind = "terms"       // for consumers
	DocProTerms    DocumentKind = "pro-terms"   // for professionals
	DocCharter     DocumentKind = "charter"     // quality charter of professionals
	DocLegal       DocumentKind = "legal"       // legal notice (LCEN art. 1-1)
	DocArrangement DocumentKind = "arrangement" // between the operator and each member, who decide jointly (GDPR art. 26); its essence is in the privacy notice too
)

func (DocumentKind) words() []string {
	return all(DocPrivacy, DocCookies, DocRetention, DocTerms, DocProTerms, DocCharter, DocLegal, DocArrangement)
}

// DocumentKinds lists the public documents of a network.
func (n *Network) DocumentKinds() []DocumentKind {
	return slices.DeleteFunc(list[DocumentKind](), func(k DocumentKind) bool {
		return (k == DocTerms || k == DocProTerms || k == DocCharter || k == DocArrangement) && n.texts["fr"][n.TextOf(k)] == ""
	})
}

// TextOf is the name of the text that the operator writes for a document: its own, but for the arrangement, whose name the purposes give.
func (n *Network) TextOf(k DocumentKind) string {
	if k == DocArrangement {
		return n.Arrangement()
	}
	return string(k)
}

// ForPros reports whether a document binds professionals and not consumers.
func (k DocumentKind) ForPros() bool {
	return k == DocProTerms || k == DocCharter || k == DocArrangement
}

// Told is a way of telling a change.
type Told string

// Ways of telling.
const (
	ToldEmail  Told = "email"
	ToldBanner Told = "banner"
)

func (Told) words() []string { return all(ToldEmail, ToldBanner) }

// lawBefore is what a platform owes its professionals before a change of terms, on a durable medium (Reg. (EU) 2019/1150 art. 3.2).
var lawBefore = Duration{15, UnitDay}

// Rule is what a change of a document does, as executed: what the file says, or the law where it protects the professionals more.
func (n *Network) Rule(k DocumentKind) Document {
	d, _ := find(n.Documents, func(d Document) bool { return d.ID == k })
	d.ID = k
	if k.ForPros() && sells(n) {
		if d.Before.approx() < lawBefore.approx() {
			d.Before = lawBefore
		}
		if !slices.Contains(d.Tell, ToldEmail) {
			d.Tell = append(slices.Clone(d.Tell), ToldEmail)
		}
	}
	if k == DocArrangement { // nothing flows to a member under words that he did not accept
		d.Again = true
		if !slices.Contains(d.Tell, ToldEmail) {
			d.Tell = append(slices.Clone(d.Tell), ToldEmail)
		}
	}
	return d
}

// tells reports whether a change of some document is told by e-mail.
func tells(who Person) func(*Network) bool {
	return func(n *Network) bool {
		return slices.ContainsFunc(n.DocumentKinds(), func(k DocumentKind) bool {
			return slices.Contains(n.Rule(k).Tell, ToldEmail) && (who == Professional && hasPros(n) || who == Consumer && !k.ForPros())
		})
	}
}

func (c *checker) documents() {
	for _, d := range c.n.Documents {
		path := "documents." + string(d.ID)
		if !slices.Contains(c.n.DocumentKinds(), d.ID) {
			c.wrong(path, "ce réseau n’a pas ce document : écrivez texts/fr/%s.md ou retirez-le d’ici.", "this network has no such document: write texts/fr/%s.md or remove it here.", string(d.ID))
			continue
		}
		law := c.n.Rule(d.ID)
		if d.Before != law.Before || !slices.Contains(d.Tell, ToldEmail) && slices.Contains(law.Tell, ToldEmail) {
			c.differs(path, "le règlement (UE) 2019/1150, art. 3.2, veut qu’un changement des conditions des professionnels leur soit annoncé sur support durable quinze jours avant de valoir. La règle qui protège le plus est appliquée.",
				"Reg. (EU) 2019/1150 art. 3.2 wants a change of professionals' terms to be told on a durable medium fifteen days before it applies. The rule that protects more is applied.")
		}
		if !d.Before.IsZero() && len(d.Tell) == 0 && len(law.Tell) == 0 {
			c.wrong(path, "« before » compte depuis une annonce : dites comment (« tell »).", `"before" counts from an announcement: say how ("tell").`)
		}
		if d.Again && d.ID != DocTerms && !d.ID.ForPros() && d.ID != DocPrivacy {
			c.wrong(path+".again", "ce document informe et ne s’accepte pas : retirez « again ».", `this document informs and is not accepted: remove "again".`)
		}
	}
}

// DocumentTitle names a document in a list of links.
func (k DocumentKind) DocumentTitle() fault.Text { return documentTitles[k] }

var documentTitles = map[DocumentKind]fault.Text{
	DocPrivacy:     fault.T("Vos données personnelles", "Your personal data"),
	DocCookies:     fault.T("Cookies", "Cookies"),
	DocRetention:   fault.T("Durées de conservation", "How long data is kept"),
	DocTerms:       fault.T("Conditions d’utilisation", "Terms of use"),
	DocProTerms:    fault.T("Conditions de vente aux professionnels", "Terms of sale to professionals"),
	DocCharter:     fault.T("Charte de qualité", "Quality charter"),
	DocLegal:       fault.T("Mentions légales", "Legal notice"),
	DocArrangement: fault.T("Accord entre responsables conjoints", "Arrangement between joint controllers"),
}
