package inspect

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/oversight"
	"entremise/internal/privacy"
	"entremise/internal/proof"
)

// Limits of a pack.
const (
	mostSigned = 64  // checkpoints of the log
	samples    = 3   // passports
	ahead      = 365 // days of the forecast
	linesPage  = 1000
)

// gathering writes the files of a pack, one after the other.
type gathering struct {
	*Service
	ctx    context.Context
	actor  auth.Actor
	period Period
	n      *network.Network
	zip    *zip.Writer
	listed []Listed
	names  map[string]bool
	packed int64 // bytes, unpacked
	last   int64 // size of the last checkpoint in it
}

var errLarge = fault.New(fault.Limit, "pack-too-large", fault.T("Le dossier dépasse ce que l’outil de vérification lit : choisissez une période plus courte.", "The pack is more than the verifier reads: choose a shorter period."))

// stream writes one file as it is made.
func (g *gathering) stream(name, about string, write func(io.Writer) error) error {
	to, err := g.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
	if err != nil {
		return err
	}
	w := &counted{to: to, sum: sha256.New(), left: mostPacked - g.packed}
	if err := write(w); err != nil {
		return err
	}
	g.packed += w.size
	if g.names[name] = true; len(g.names) > mostFiles {
		return errLarge
	}
	if name != manifestName {
		g.listed = append(g.listed, Listed{name, about, int(w.size), hex.EncodeToString(w.sum.Sum(nil))})
	}
	return nil
}

// counted sums up and counts what goes into a file, and stops what no verifier would read.
type counted struct {
	to         io.Writer
	sum        hash.Hash
	size, left int64
}

func (c *counted) Write(p []byte) (int, error) {
	c.sum.Write(p) // never fails
	if c.size += int64(len(p)); c.size > c.left {
		return 0, errLarge
	}
	return c.to.Write(p)
}

func (g *gathering) add(name, about string, body []byte) error {
	return g.stream(name, about, func(w io.Writer) error { _, err := w.Write(body); return err })
}

func (g *gathering) json(name, about string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return g.add(name, about, b)
}

// jsons writes a list, one value after the other.
func (g *gathering) jsons(name, about string, each func(add func(v any) error) error) error {
	return g.stream(name, about, func(w io.Writer) error {
		between := "[\n "
		if err := each(func(v any) error {
			b, err := json.MarshalIndent(v, " ", " ")
			if err == nil {
				_, err = w.Write(append([]byte(between), b...))
			}
			between = ",\n "
			return err
		}); err != nil {
			return err
		}
		end := "\n]"
		if between == "[\n " {
			end = "[]"
		}
		_, err := io.WriteString(w, end)
		return err
	})
}

func (g *gathering) csv(name, about string, rows [][]string) error {
	b, err := document.CSV(rows, ',')
	if err != nil {
		return err
	}
	return g.add(name, about, b)
}

// within says the period, after what a file is about.
func (g *gathering) within(about string) string {
	const day = "2006-01-02 15:04:05 MST"
	if !g.period.From.IsZero() {
		about += ", from " + g.period.From.UTC().Format(day)
	}
	return about + ", until " + g.period.Until.UTC().Format(day)
}

func (g *gathering) all() (err error) {
	if g.n, err = g.Editions.InForce(g.ctx); err != nil {
		return err
	}
	if err := g.add("README.txt", "What this is and how it is checked", []byte(readme)); err != nil {
		return err
	}
	for _, part := range []func() error{g.network, g.register, g.documents, g.retention, g.cases, g.oversight, g.trail, g.consents, g.log} {
		if err := part(); err != nil {
			return err
		}
	}
	return nil
}

const readme = `Inspection pack of Entremise.

What stands here says how the network keeps personal data; manifest.json lists each file with what it is and its hash. Nobody is named: cases,
files and acts stand here by reference. What the officer wrote about breaches, assessments and reviews stands here as he wrote it.

The zip file's comment is its seal: it signs every byte before it with the key of the network's proof log, and a leaf of that log commits to it.
Check it on any machine, without network and database:

    entremise verify --key VKEY FILE

VKEY is the key that the operator publishes with every proof of the log (/log/preuve on his space). Without it the file is checked against the
key that it names itself, which proves only that it is whole.

log/checkpoints.json holds signed checkpoints from the first to the newest, each proved to extend the one before: nothing was taken out of the
log. passports/ holds samples of what buyers get, each of which verifies alone. network/edition.zip holds the file that the software obeys; its
hash is the edition that manifest.json names.
`

func (g *gathering) network() error {
	bundle, err := g.Editions.Bundle(g.ctx, g.n.Hash())
	if err != nil {
		return err
	}
	if err := g.add(editionName, "The network file in force: everything that the software obeys", bundle); err != nil {
		return err
	}
	all, err := g.Editions.List(g.ctx)
	if err != nil {
		return err
	}
	return g.json("network/editions.json", "Every edition that was applied, newest first", all)
}

const editionName = "network/edition.zip"

func (g *gathering) register() error {
	b, err := document.RegisterCSV(g.n, "fr")
	if err != nil {
		return err
	}
	if err := g.add("register/register.csv", "Record of processing activities (GDPR art. 30), French", b); err != nil {
		return err
	}
	if b, err = document.RegisterJSONLD(g.n, g.URL(g.n.SpaceHost, "/registre")); err != nil {
		return err
	}
	if err := g.add("register/register.jsonld", "The same for machines (W3C DPV)", b); err != nil {
		return err
	}
	return g.csv("register/recipients.csv", "Processors, joint controllers and other recipients (GDPR art. 26, 28, 44)", document.RecipientRows(g.n, "fr"))
}

func (g *gathering) documents() error {
	type version struct {
		Kind, Lang, Hash, Title, Applies, Edition, File string
		Published                                       time.Time
		InForce                                         bool
	}
	var index []version
	for _, k := range g.n.DocumentKinds() {
		for _, l := range []document.Lang{"fr", "en"} {
			all, err := g.Documents.History(g.ctx, k, l)
			if err != nil {
				return err
			}
			now, _, err := g.Documents.Current(g.ctx, k, l)
			if err != nil {
				return err
			}
			for _, v := range all {
				name := fmt.Sprintf("documents/%s/%s-%s-%s.md", k, v.Applies, l, v.Short())
				index = append(index, version{string(k), string(l), v.Hash, v.Title, v.Applies, v.Edition, name, v.Published, v.Hash == now.Hash && v.Applies == now.Applies})
				if g.names[name] {
					continue
				}
				whole, err := g.Documents.Get(g.ctx, k, v.Hash)
				if err != nil {
					return err
				}
				if err := g.add(name, v.Title, []byte(whole.Source)); err != nil {
					return err
				}
			}
		}
	}
	return g.json("documents/index.json", "Public documents: every version, and which is in force", index)
}

func (g *gathering) retention() error {
	type rule struct {
		Purpose, Label, Kept, AtEnd string
		Archive, ReadBy             string `json:",omitempty"`
	}
	var rules []rule
	for _, p := range g.n.Purposes {
		if p.Keep == nil {
			continue
		}
		r := rule{Purpose: p.ID, Label: p.Label.FR, Kept: p.Keep.Text().FR, AtEnd: string(p.Keep.AtEnd)}
		if p.Keep.Archive != nil {
			r.Archive, r.ReadBy = p.Keep.Archive.For.String(), string(p.Keep.Archive.ReadBy)
		}
		rules = append(rules, r)
	}
	for _, k := range network.SpentKinds() {
		if kept := document.SpentKept("fr", g.n, k); kept != "" {
			rules = append(rules, rule{Purpose: string(k), Label: k.Label().FR, Kept: kept, AtEnd: "forget"})
		}
	}
	if err := g.json("retention/durations.json", "How long data is kept, by purpose", rules); err != nil {
		return err
	}
	forecast, err := g.Life.Foretell(g.ctx, g.n, g.DB.Now().AddDate(0, 0, ahead))
	if err != nil {
		return err
	}
	if err := g.json("retention/forecast.json", fmt.Sprintf("What moves in the next %d days, by purpose and day", ahead), forecast); err != nil {
		return err
	}
	each := func(f func(privacy.Certificate) error) error {
		return g.Life.EachCertificate(g.ctx, auth.Machine, g.period.From, g.period.Until, f)
	}
	if err := g.jsons("retention/erasures.json", g.within("Erasures that were asked for, with their certificates"), func(add func(any) error) error {
		return each(func(c privacy.Certificate) error { return add(c) })
	}); err != nil {
		return err
	}
	return g.jsons(certificatesName, g.within("Certificates of erasure as the log committed to them, with their places in it"), func(add func(any) error) error {
		return each(func(c privacy.Certificate) error {
			if c.Leaf == "" {
				return nil
			}
			in, err := g.Proof.Prove(g.ctx, c.Leaf)
			if errors.Is(err, proof.ErrWaiting) {
				return nil
			}
			if err != nil {
				return err
			}
			return add(certified{encode(c), in})
		})
	})
}

const certificatesName = "retention/certificates.json"

// certified is a certificate of erasure, byte for byte, and its place in the log.
type certified struct {
	Certificate []byte          `json:"certificate"`
	Inclusion   proof.Inclusion `json:"inclusion"`
}

func (c certified) verify(vkey string) error {
	if c.Inclusion.Kind != "erasure" || c.Inclusion.Commitment != hex.EncodeToString(proof.Commitment("erasure", nil, c.Certificate)) {
		return errors.New("a certificate is not what the log committed to")
	}
	return proof.Verify(c.Inclusion, vkey)
}

func (g *gathering) cases() error {
	return g.jsons("cases/clocks.json", g.within("Requests of people about their data: by reference, with their clocks"), func(add func(any) error) error {
		return g.Inbox.EachClock(g.ctx, g.period.From, g.period.Until, func(c inbox.Clocked) error { return add(c) })
	})
}

// ofOfficer is a file of the officer's, by reference.
type ofOfficer struct {
	Reference string             `json:"reference"`
	State     string             `json:"state"`
	Since     time.Time          `json:"since"`
	Entered   time.Time          `json:"entered"`
	Closed    *time.Time         `json:"closed,omitempty"`
	Due       *time.Time         `json:"due,omitempty"`
	Notified  *time.Time         `json:"notified,omitempty"`
	Risk      string             `json:"risk,omitempty"`
	Data      []network.Category `json:"data,omitempty"`
	Purposes  []string           `json:"purposes,omitempty"`
	People    *int64             `json:"people,omitempty"`
	Records   *int64             `json:"records,omitempty"`
	Next      string             `json:"next,omitempty"`
	Words     map[string]string  `json:"words,omitempty"`
	Legal     string             `json:"legal_reference,omitempty"`
}

func (g *gathering) oversight() error {
	if g.n.Oversight == nil {
		return nil
	}
	abouts := map[oversight.Kind]string{oversight.Breach: "Breaches (GDPR art. 33.5)", oversight.Assessment: "Impact assessments (GDPR art. 35)", oversight.Review: "Reviews of the security measures (GDPR art. 32.1 d)",
		oversight.Authority: "Requests of authorities: legal reference, scope and what was handed over; their words are left out", oversight.Terms: "Files about broken terms; their words are left out"}
	for _, k := range oversight.Kinds() {
		all, err := g.Oversight.List(g.ctx, g.actor, k)
		if err != nil {
			return err
		}
		rows := []ofOfficer{}
		for _, f := range all {
			row := ofOfficer{Reference: f.Ref, State: string(f.State), Since: f.Since, Entered: f.At, Closed: instant(f.StateAt, f.State == oversight.Closed), Due: instant(f.Due, true), Notified: instant(f.Notified, true), Risk: string(f.Risk),
				Data: f.Data, Purposes: f.Purposes, Next: f.Next}
			if k == oversight.Breach {
				row.People, row.Records = known(f.People), known(f.Records)
			}
			switch k {
			case oversight.Breach, oversight.Assessment, oversight.Review:
				row.Words = f.Words
			case oversight.Authority:
				row.Legal = f.Words["legal"]
			}
			rows = append(rows, row)
		}
		if err := g.json("oversight/"+string(k)+".json", abouts[k], rows); err != nil {
			return err
		}
	}
	return nil
}

func instant(t time.Time, given bool) *time.Time {
	if t.IsZero() || !given {
		return nil
	}
	return &t
}

func known(n int64) *int64 {
	if n == oversight.Unknown {
		return nil
	}
	return &n
}

// acts are the beginnings of the acts on personal data that an inspection looks at.
var acts = []string{"archive.", "audit.", "case.", "connection.", "consent.", "document.", "edition.", "inspect.", "oversight.", "passport.", "person.", "recording.", "register.", "retention."}

func (g *gathering) trail() error {
	return g.stream("trail/acts.csv", g.within("Acts on personal data from the audit trail, the newest first; ids only"), func(w io.Writer) error {
		t := document.NewTable(w, ',')
		if err := t.Row([]string{"at", "actor", "role", "action", "object", "outcome", "detail"}); err != nil {
			return err
		}
		page := &audit.Page{Until: db.Micros(g.period.Until)}
		if !g.period.From.IsZero() {
			page.From = db.Micros(g.period.From)
		}
		for page != nil {
			var lines []audit.Line
			var next *audit.Page
			if err := g.DB.Read(g.ctx, func(tx *db.Tx) (err error) { lines, next, err = audit.List(tx, *page, linesPage); return err }); err != nil {
				return err
			}
			for _, l := range lines {
				if !slices.ContainsFunc(acts, func(a string) bool { return strings.HasPrefix(l.Action, a) }) {
					continue
				}
				if err := t.Row([]string{db.Time(l.At).UTC().Format(time.RFC3339Nano), l.Actor, l.Role, l.Action, l.Object, l.Outcome(), l.Detail}); err != nil {
					return err
				}
			}
			page = next
		}
		return t.Flush()
	})
}

func (g *gathering) consents() error {
	var answers []privacy.Answered
	if err := g.DB.Read(g.ctx, func(tx *db.Tx) (err error) { answers, err = privacy.Answers(tx); return }); err != nil {
		return err
	}
	if err := g.json("consents/answers.json", "Answers to each consent, by channel", answers); err != nil {
		return err
	}
	passports, err := g.Requests.Sample(g.ctx, g.actor, g.Proof, samples)
	if err != nil {
		return err
	}
	for i, p := range passports {
		if err := g.add(fmt.Sprintf("%s%d.json", passportFolder, i+1), "Sample of a lead passport", p); err != nil {
			return err
		}
	}
	return nil
}

const passportFolder = "passports/sample-"

func (g *gathering) log() error {
	chain, err := g.Proof.Chain(g.ctx, mostSigned)
	if err != nil {
		return err
	}
	if len(chain) > 0 {
		tree, err := proof.OpenCheckpoint(chain[len(chain)-1].Checkpoint, g.Proof.VerifierKey())
		if err != nil {
			return err
		}
		g.last = tree.Size
	}
	return g.json(chainName, "Signed checkpoints of the proof log, each proved to extend the one before", chain)
}

const chainName = "log/checkpoints.json"
