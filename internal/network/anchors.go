package network

import (
	"math"
	"strings"

	"entremise/internal/fault"
)

// Anchors puts the root of the proof log where the operator himself cannot change it, one for many fingerprints (RN-90, RN-92). Only that root leaves
// the house: 32 bytes (RN-93). Without it nothing is anchored.
type Anchors struct {
	Of    []Fingerprint `min:"1"` // Kinds of fingerprints that are counted; the root covers every other one too.
	Batch int           `min:"1"` // So many fingerprints make a root.
	Wait  Duration      // A root is made after so long at the latest, if there is a fingerprint at all.
	Chain *Chain        `yaml:",opt"` // Public chain that takes the root; its node and the key are given when the program is started.
	Stamp *Stamp        `yaml:",opt"` // Authority that stamps the root with the time (RFC 3161); its address is given when the program is started.
	Learn []Link        // Two public pages that explain fingerprints and such chains (RN-100).
}

// Chain is a chain that speaks the JSON-RPC of Ethereum.
type Chain struct {
	Name string // Its name, as people know it.
	ID   int    `yaml:"id" min:"1"` // Its number (EIP-155): a root is never sent to another one by mistake.
	Page string `yaml:",opt"`       // Address of a page that shows a transaction, with {tx} in it.
}

// Stamp is a time stamping authority.
type Stamp struct {
	Name string // Its name.
}

// Link is a page of somebody else.
type Link struct {
	ID    string     `yaml:",key"`
	Label fault.Text // What it explains.
	URL   string     `yaml:"url"` // Its address, https.
}

// Fingerprint is a kind of leaf of the proof log.
type Fingerprint string

// The kinds that can be counted.
const (
	FingerprintReview   Fingerprint = "review"
	FingerprintMember   Fingerprint = "member"
	FingerprintConsent  Fingerprint = "consent"
	FingerprintDecision Fingerprint = "decision"
	FingerprintSale     Fingerprint = "sale"
)

func (Fingerprint) words() []string {
	return all(FingerprintReview, FingerprintMember, FingerprintConsent, FingerprintDecision, FingerprintSale)
}

// Kinds are the names of the leaves that are counted.
func (a *Anchors) Kinds() (kinds []string) {
	for _, k := range a.Of {
		kinds = append(kinds, string(k))
	}
	return kinds
}

// longestAnchorWait bounds how long a fingerprint stands in the operator's own log alone.
var longestAnchorWait = Duration{1, UnitMonth}

const mostAnchorBatch = 100_000

func (c *checker) anchors() {
	a := c.n.Anchors
	if a == nil {
		return
	}
	if a.Batch > mostAnchorBatch {
		c.wrong("anchors.batch", "%d empreintes au plus font une racine : « %d » est trop.", "at most %d fingerprints make a root: %d is too many.", mostAnchorBatch, a.Batch)
	}
	if a.Wait.approx() > longestAnchorWait.approx() {
		c.wrong("anchors.wait", "une empreinte attend %s au plus d’être ancrée : « %s » est trop long.", "a fingerprint waits %s at most to be anchored: %s is too long.", longestAnchorWait, a.Wait)
	}
	if a.Chain == nil && a.Stamp == nil {
		c.remark("anchors", "aucune chaîne ni aucun horodateur : les racines restent chez vous, dans un fichier témoin, et les pages le disent.",
			"no chain and no time stamping authority: roots stay with you, in a witness file, and the pages say so.")
	}
	if k := a.Chain; k != nil {
		if k.ID > math.MaxInt32 {
			c.wrong("anchors.chain.id", "« %d » n’est pas un numéro de chaîne (EIP-155).", "%d is no number of a chain (EIP-155).", k.ID)
		}
		if k.Page != "" && (!strings.HasPrefix(k.Page, "https://") || strings.Count(k.Page, "{tx}") != 1) {
			c.wrong("anchors.chain.page", "« %s » n’est pas l’adresse d’une transaction : écrivez-la avec https:// et une fois {tx}.", "%q is no address of a transaction: write it with https:// and {tx} once.", clip(k.Page))
		}
	}
	if len(a.Learn) < 2 {
		c.wrong("anchors.learn", "donnez deux pages publiques qui expliquent les empreintes et les chaînes publiques.", "give two public pages that explain fingerprints and public chains.")
	}
	for _, l := range a.Learn {
		if !strings.HasPrefix(l.URL, "https://") {
			c.wrong("anchors.learn."+l.ID+".url", "« %s » n’est pas une adresse : écrivez-la avec https://.", "%q is no address: write it with https://.", clip(l.URL))
		}
	}
}
