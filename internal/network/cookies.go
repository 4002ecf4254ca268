package network

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"entremise/internal/fault"
)

// Cookies says what is read and written on a visitor's device, by whom and what for, and how long his choice about it is kept (law of 6 January 1978
// art. 82, CNIL recommendation 2020-092). What the software itself sets it knows and lists beside these. A network without purposes asks nothing.
type Cookies struct {
	Choice   CookieChoice    // How long a choice is kept before asking again.
	Words    fault.Text      `yaml:",opt"` // The operator's own words at the head of the panel; where there is nothing to choose, they are shown once with an OK.
	Purposes []CookiePurpose `yaml:",opt"` // Why something is read or written on a visitor's device beyond what the pages need; a visitor chooses by these.
	Trackers []Tracker       `yaml:",opt"` // What is read or written for them, and by whom.
	Browsers []CookieHelp    `yaml:",opt"` // How cookies are managed in each browser.
	Sites    []CookieHelp    `yaml:",opt"` // Sites of others about cookies and preferences.
}

// CookieChoice has one life for each answer.
type CookieChoice struct {
	Accepted Duration // Life of an acceptance of one purpose or more.
	Refused  Duration // Life of a refusal of all.
}

// CookiePurpose is a use of the visitor's device that he decides on.
type CookiePurpose struct {
	ID    string      `yaml:",key"`
	Label fault.Text  // The purpose in a few words, as beside its box.
	About fault.Text  // What is done, in a sentence.
	Asked CookieAsked // consent: nothing before a yes. exempt: audience measurement that needs no consent; it runs and may be opposed.
}

// Tracker is one service that reads or writes on the device. It runs only while all its purposes and the partner who sets it are allowed.
type Tracker struct {
	ID       string        `yaml:",key"`
	Label    fault.Text    // Name of the service.
	Names    []string      `min:"1"`     // Names under which it writes, as a browser lists them; a star ends a family: _ga_*.
	By       string        `yaml:",opt"` // Id of the recipient who sets it, a third party; the operator himself if absent.
	Purposes []string      `min:"1"`     // Ids of cookie purposes; all must be allowed.
	Life     Duration      `yaml:",opt"` // How long it stays on the device, not extended by later visits; until the browser closes if absent.
	What     fault.Text    // What it does, in a sentence.
	Driver   TrackerDriver // audience: loads a measurement script. embed: shows a frame of the partner's, a video or a share button.
	Source   string        // Address of the script or frame.
	Key      string        `yaml:",opt"` // Name of this site at the service, given to the script of an audience.
	Policy   string        `yaml:",opt"` // Address of the partner's own policy.
	OptOut   string        `yaml:",opt"` // Address where the partner itself lets people opt out.
}

// CookieHelp leads to somebody else's page about cookies.
type CookieHelp struct {
	ID    string     `yaml:",key"`
	Label fault.Text // Name of the browser or site.
	Steps fault.Text `yaml:",opt"` // What to do there, in a sentence.
	URL   string     `yaml:"url"`  // Address of the page.
}

// CookieAsked says whether a cookie purpose waits for a yes.
type CookieAsked string

// Ways of asking.
const (
	AskedConsent CookieAsked = "consent"
	AskedExempt  CookieAsked = "exempt"
)

func (CookieAsked) words() []string { return all(AskedConsent, AskedExempt) }

// TrackerDriver is how a tracker is put into a page.
type TrackerDriver string

// Drivers of trackers.
const (
	TrackerAudience TrackerDriver = "audience"
	TrackerEmbed    TrackerDriver = "embed"
)

func (TrackerDriver) words() []string { return all(TrackerAudience, TrackerEmbed) }

// Asked reports whether a first visit is asked or told anything.
func (c Cookies) Asked() bool { return c.Choices() || c.Words.FR != "" }

// Choices reports whether a visitor has anything to choose.
func (c Cookies) Choices() bool { return len(c.Purposes) > 0 }

// Purpose finds a cookie purpose by id.
func (c Cookies) Purpose(id string) (CookiePurpose, bool) {
	return find(c.Purposes, func(p CookiePurpose) bool { return p.ID == id })
}

// Partners are the third parties who set trackers, in the order of the file.
func (c Cookies) Partners() []string {
	var ids []string
	for _, t := range c.Trackers {
		if t.By != "" && !slices.Contains(ids, t.By) {
			ids = append(ids, t.By)
		}
	}
	return ids
}

// Asks digests what a visitor decides on, eight hexadecimal digits: a choice made about other purposes, partners or trackers is none about these.
func (c Cookies) Asks() string {
	h := sha256.New()
	part := func(s string) { h.Write([]byte(s + "\x00")) }
	for _, p := range c.Purposes {
		part("p" + p.ID + "\x00" + string(p.Asked))
	}
	for _, t := range c.Trackers {
		part("t" + t.ID + "\x00" + t.By + "\x00" + strings.Join(t.Purposes, " "))
	}
	if !c.Choices() {
		part(c.Words.FR)
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
}

// Origin is where a tracker's requests go: scheme and host.
func (t Tracker) Origin() string {
	u, err := url.Parse(t.Source)
	if err != nil {
		return "" // Check refused it
	}
	return u.Scheme + "://" + u.Host
}

func (c *checker) cookies() {
	k := c.n.Cookies
	used := map[string]bool{}
	for _, t := range k.Trackers {
		path := "cookies.trackers." + t.ID
		exempt := !slices.ContainsFunc(t.Purposes, func(id string) bool { p, _ := k.Purpose(id); return p.Asked != AskedExempt })
		for _, id := range t.Purposes {
			used[id] = true
			_, ok := k.Purpose(id)
			switch {
			case !ok:
				c.wrong(path+".purposes", "« %s » n’est pas dans cookies.purposes : ajoutez-la là ou corrigez le nom.", "%q is not in cookies.purposes: add it there or correct the name.", id)
			case exempt && t.By != "":
				c.wrong(path+".by", "une mesure d’audience exemptée sert l’éditeur seul (délibération de la CNIL du 4 juillet 2025) : ce service d’un tiers demande l’accord. Écrivez asked: consent, ou retirez « by » s’il n’est que votre sous-traitant.",
					`an exempt audience measurement serves the publisher alone (CNIL decision of 4 July 2025): this third party's service needs consent. Write asked: consent, or remove "by" if it is your processor only.`)
			case exempt && t.Life.approx() > (Duration{13, UnitMonth}).approx():
				c.wrong(path+".life", "un traceur de mesure exempté vit 13 mois au plus (délibération de la CNIL du 4 juillet 2025).", "an exempt measurement tracker lives 13 months at most (CNIL decision of 4 July 2025).")
			}
		}
		if !t.Life.IsZero() && t.Life.approx() > (Duration{13, UnitMonth}).approx() {
			c.remark(path+".life", "ce traceur vit plus de 13 mois (%s) : la CNIL conseille de ne pas dépasser cette durée.", "this tracker lives longer than 13 months (%s): the authority (CNIL) advises not to exceed that.", t.Life)
		}
		if t.By != "" {
			if _, ok := c.n.Recipient(t.By); !ok {
				c.wrong(path+".by", "« %s » n’est pas dans recipients : ajoutez-le là ou corrigez le nom.", "%q is not in recipients: add it there or correct the name.", t.By)
			}
			if t.Policy == "" {
				c.wrong(path, "un traceur d’un tiers renvoie à la politique de ce tiers : ajoutez « policy ».", `a third party's tracker refers to that party's policy: add "policy".`)
			}
		}
		c.address(path+".source", t.Source)
		for _, a := range []struct{ path, url string }{{path + ".policy", t.Policy}, {path + ".opt_out", t.OptOut}} {
			if a.url != "" {
				c.address(a.path, a.url)
			}
		}
	}
	for _, p := range k.Purposes {
		if !used[p.ID] {
			c.wrong("cookies.purposes."+p.ID, "aucun traceur ne sert cette finalité : retirez-la ou ajoutez le traceur.", "no tracker serves this purpose: remove it or add the tracker.")
		}
	}
	for _, list := range []struct {
		path string
		all  []CookieHelp
	}{{"cookies.browsers", k.Browsers}, {"cookies.sites", k.Sites}} {
		for _, h := range list.all {
			c.address(list.path+"."+h.ID+".url", h.URL)
		}
	}
	if k.Asked() && len(c.n.PurposesFor(Visitor, DataConsent)) == 0 {
		c.wrong("cookies", "les choix des visiteurs se prouvent et aucune finalité ne garde leurs preuves : ajoutez visitor aux personnes et consent aux données d’une finalité.",
			"visitors' choices are proved and no purpose keeps the proofs: add visitor to the people and consent to the data of a purpose.")
	}
}

// address refuses what is no address of the web. Plain http is for names that nobody can register.
func (c *checker) address(path, s string) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, " ;,'\"<>\\") || u.Scheme != "https" && !(u.Scheme == "http" && strings.HasSuffix(u.Hostname(), ".example")) {
		c.wrong(path, "« %s » n’est pas une adresse du web : écrivez-la entière, avec https://.", "%q is no address of the web: write it whole, with https://.", clip(s))
	}
}
