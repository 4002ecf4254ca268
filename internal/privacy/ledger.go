package privacy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Choice is a box that a person was shown: ticked or not. Both are kept: a refusal is an answer.
type Choice struct {
	Person    string
	Object    string // the request or account that it came with
	Consent   network.Consent
	Granted   bool
	Channel   string // form, space, phone, api, paper, link, sms, email
	Lang      string
	Edition   string
	Form      string // version of the form that was shown, by content hash (network.Form); empty where there was none
	Reference string // the call in which it was said, whose recording it may be heard in; the paper's own reference
}

// WordingHash is the digest under which an exact wording is kept.
func WordingHash(lang, words string) string {
	sum := sha256.Sum256([]byte(lang + "\x00" + words))
	return hex.EncodeToString(sum[:])
}

// Record writes choices that one person made at once into the ledger, each with its exact wording by hash, all of them with one leaf in the
// proof log (GDPR art. 7.1, C. conso. R223-2).
func Record(tx *db.Tx, r *vault.Ring, n *network.Network, choices ...Choice) error {
	if len(choices) == 0 {
		return nil
	}
	now := tx.Now()
	at := db.Micros(now)
	var rows [][]any
	contents := make([][]byte, len(choices))
	for i, c := range choices {
		words := n.Shown(c.Consent, c.Lang)
		hash := WordingHash(c.Lang, words)
		if err := tx.Once("wording "+hash, func() error {
			return tx.Send("INSERT INTO wording (hash, lang, words) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING", hash, c.Lang, words)
		}); err != nil {
			return err
		}
		id := tx.NewID("con")
		until := int64(0)
		if c.Granted && !c.Consent.Valid.IsZero() {
			until = db.Micros(c.Consent.Valid.AddTo(now))
		}
		contents[i] = Statement{c.Person, c.Object, c.Consent.ID, c.Consent.Purpose, c.Granted, c.Channel, hash, c.Edition, at, c.Consent.Recipient, until, c.Form, c.Reference}.canonical()
		rows = append(rows, []any{id, c.Person, c.Object, c.Consent.ID, c.Consent.Purpose, c.Granted, c.Channel, hash, c.Edition, at, c.Consent.Recipient, until, c.Form, c.Reference})
	}
	leaf, err := proof.Commit(tx, r, proof.Leaf{Kind: "consent", Object: choices[0].Object, Person: choices[0].Person, Category: string(network.DataConsent)}, contents...)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i] = append(rows[i], leaf)
	}
	marks, args := db.Rows(rows...)
	if err := tx.Send("INSERT INTO consent (id, person_id, object, consent, purpose, granted, channel, wording_hash, edition, at, recipient, until_at, form_hash, reference, leaf_id) VALUES "+marks, args...); err != nil {
		return err
	}
	return stand(tx, n, choices)
}

// rests reports whether a purpose holds what a record has from a yes to it on and no longer: one that lasts while a consent stands, or whose time
// counts from it. One without whose consent no record is made begins with the record ([Hold]) and ends as the room says; an opinion is held from
// the day on which it is given.
func rests(n *network.Network, p network.Purpose) bool {
	switch {
	case p.Keep == nil:
		return false
	case p.Keep.While != "":
		return p.Keep.While == network.WhileConsentStands
	}
	required := slices.ContainsFunc(n.Consents, func(c network.Consent) bool { return c.Kind == network.KindConsent && c.Required && c.Purpose == p.ID })
	later := !slices.ContainsFunc(p.Data, func(d network.Category) bool { return d != network.DataOpinion })
	return p.Basis == network.BasisConsent && p.Keep.Starts() == network.FromCollection && !required && !later
}

// stand lets purposes that rest on a consent hold what the record holds already, from a yes to the last no: two boxes may ask for one purpose, and it
// lives while one of them stands.
func stand(tx *db.Tx, n *network.Network, choices []Choice) error {
	var seen []string
	for _, c := range choices {
		p, ok := n.Purpose(c.Consent.Purpose)
		if !ok || c.Consent.Kind != network.KindConsent || slices.Contains(seen, p.ID) || !rests(n, p) {
			continue
		}
		seen = append(seen, p.ID)
		if err := stands(tx, n, p, c, choices); err != nil {
			return err
		}
	}
	return nil
}

func stands(tx *db.Tx, n *network.Network, p network.Purpose, of Choice, choices []Choice) error {
	held, err := holdings(tx, of.Object, of.Person)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(held, func(h holding) bool { return h.purpose == p.ID })
	granted := slices.ContainsFunc(choices, func(c Choice) bool { return c.Granted && c.Consent.Purpose == p.ID })
	for _, other := range n.Consents {
		if granted || at < 0 {
			break
		}
		if other.Purpose == p.ID && !slices.ContainsFunc(choices, func(c Choice) bool { return c.Consent.ID == other.ID }) {
			if granted, err = Stands(tx, of.Person, of.Object, other.ID); err != nil {
				return err
			}
			if granted {
				return nil // another box keeps it, and its time
			}
		}
	}
	begins, ends := int64(0), db.Micros(tx.Now()) // while it stands, then the file's time
	if p.Keep.While == "" {
		begins, ends = db.Micros(tx.Now()), db.Micros(p.Keep.Active().Before(tx.Now())) // its whole time from the yes, nothing from the no
	}
	switch {
	case !granted && at >= 0:
		return tx.Send("UPDATE holding SET base = $5 WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4 AND phase = 'kept' AND (base = 0 OR base > $5)", of.Person, of.Object, p.ID, held[at].since, ends)
	case granted && at >= 0:
		return tx.Send("UPDATE holding SET base = $5 WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4 AND phase = 'kept'", of.Person, of.Object, p.ID, held[at].since, begins)
	case granted:
		var categories []string
		for _, d := range p.Data {
			if slices.ContainsFunc(held, func(h holding) bool { return slices.Contains(h.categories, string(d)) }) {
				categories = append(categories, string(d))
			}
		}
		if len(categories) > 0 {
			return tx.Send("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, $3, $4, 'kept', $5, $6)", of.Person, of.Object, p.ID, db.Micros(tx.Now()), begins, strings.Join(categories, " "))
		}
	}
	return nil
}

// Statement is one choice as it is committed to. Times are microseconds UTC.
type Statement struct {
	Person    string `json:"person"`
	Object    string `json:"object"`
	Consent   string `json:"consent"`
	Purpose   string `json:"purpose"`
	Granted   bool   `json:"granted"`
	Channel   string `json:"channel"`
	Wording   string `json:"wording"` // WordingHash of what was shown
	Edition   string `json:"edition"`
	At        int64  `json:"at"`
	Recipient string `json:"recipient,omitempty"` // whom the wording names besides the operator, by his id in the network file
	Until     int64  `json:"until,omitempty"`     // 0: no end of its own
	Form      string `json:"form,omitempty"`
	Reference string `json:"reference,omitempty"`
}

// canonical is the content of a consent's part of a leaf: each field with its length, so that no two choices read alike.
func (s Statement) canonical() []byte {
	b := make([]byte, 0, 512)
	for _, f := range []string{s.Person, s.Object, s.Consent, s.Purpose, strconv.FormatBool(s.Granted), s.Channel, s.Wording, s.Edition, strconv.FormatInt(s.At, 10), s.Recipient, strconv.FormatInt(s.Until, 10), s.Form, s.Reference} {
		b = append(append(strconv.AppendInt(b, int64(len(f)), 10), ':'), f...)
	}
	return b
}

const statementColumns = "c.person_id, c.object, c.consent, c.purpose, c.granted, c.channel, c.wording_hash, c.edition, c.at, c.recipient, c.until_at, c.form_hash, c.reference"

func (s *Statement) into() []any {
	return []any{&s.Person, &s.Object, &s.Consent, &s.Purpose, &s.Granted, &s.Channel, &s.Wording, &s.Edition, &s.At, &s.Recipient, &s.Until, &s.Form, &s.Reference}
}

// Given is a choice as it stands in the ledger.
type Given struct {
	ID string
	Statement
	Words    string // exactly what was shown
	Lang     string
	Time     time.Time
	Ends     time.Time // zero: no end of its own
	Leaf     string
	Replaced bool // a later choice about the same consent exists
}

// Stands reports whether the choice is a yes that nothing replaced and that is not over at that second.
func (g Given) Stands(at time.Time) bool {
	return g.Granted && !g.Replaced && (g.Ends.IsZero() || at.Before(g.Ends))
}

// Ledger lists every choice of a person about an object, oldest first.
func Ledger(tx *db.Tx, person, object string) ([]Given, error) {
	all, err := db.List(tx, func(s db.Scanner) (g Given, err error) {
		err = s.Scan(append(g.into(), &g.ID, &g.Words, &g.Lang, &g.Leaf)...)
		g.Time, g.Ends = db.Time(g.At), db.Time(g.Until)
		return g, err
	}, "SELECT "+statementColumns+`, c.id, w.words, w.lang, c.leaf_id FROM consent c JOIN wording w ON w.hash = c.wording_hash
		WHERE c.person_id = $1 AND c.object = $2 ORDER BY c.at, c.id`, person, object)
	last := map[string]int{}
	for i, g := range all {
		if j, ok := last[g.Consent]; ok {
			all[j].Replaced = true
		}
		last[g.Consent] = i
	}
	return all, err
}

// Stands reports whether the person's last choice about a consent is yes and holds now.
func Stands(tx *db.Tx, person, object, consent string) (bool, error) {
	all, err := Ledger(tx, person, object)
	return slices.ContainsFunc(all, func(g Given) bool { return g.Consent == consent && g.Stands(tx.Now()) }), err
}

// StandsFor reports whether a consent of the person to a purpose holds now, whichever box asked for it.
func StandsFor(tx *db.Tx, person, object, purpose string) (bool, error) {
	all, err := Ledger(tx, person, object)
	return slices.ContainsFunc(all, func(g Given) bool { return g.Purpose == purpose && g.Stands(tx.Now()) }), err
}

// ConsentTo is what a person agreed to about being contacted for a purpose, as package canvass judges it; nil when he was never asked. by is the
// name of the one who would contact him: a consent counts for whom its words name.
func ConsentTo(tx *db.Tx, person, object, purpose string, means network.Channel, n *network.Network, by string) (*canvass.Consent, error) {
	all, err := Ledger(tx, person, object)
	return ConsentIn(all, purpose, means, n, by), err
}

// ConsentIn is [ConsentTo] in a ledger that was read already.
func ConsentIn(all []Given, purpose string, means network.Channel, n *network.Network, by string) (found *canvass.Consent) {
	for _, g := range all {
		c, known := n.Consent(g.Consent)
		if g.Purpose != purpose || known && (c.Kind != network.KindConsent || !slices.Contains(c.Channels, means)) {
			continue // a request to be called back is no consent to be sold something
		}
		switch {
		case g.Granted:
			found = &canvass.Consent{Given: g.Time, Until: g.Ends, Named: strings.Contains(g.Words, by), Informed: network.Informed(g.Words)}
		case found != nil:
			found.Withdrawn = g.Time
		default: // asked and refused
			found = &canvass.Consent{Given: g.Time, Withdrawn: g.Time}
		}
	}
	return found
}

// Receipt is what a person gets of choices that he makes now, to keep: each sentence as it was shown, with his answer, when, and until when it
// holds (C. conso. R223-2). where is the zone of the person.
func Receipt(lang string, n *network.Network, now time.Time, where *time.Location, choices []Choice) string {
	all := make([]Given, len(choices))
	for i, c := range choices {
		all[i] = Given{Statement: Statement{Consent: c.Consent.ID, Granted: c.Granted}, Words: n.Shown(c.Consent, c.Lang), Time: now}
		if c.Granted && !c.Consent.Valid.IsZero() {
			all[i].Ends = c.Consent.Valid.AddTo(now)
		}
	}
	return ReceiptOf(lang, where, all)
}

// ReceiptOf is the Receipt of choices that the ledger holds; those that were replaced are left out.
func ReceiptOf(lang string, where *time.Location, all []Given) string {
	moment := func(t time.Time) string {
		return t.In(where).Format(fault.T("02/01/2006 à 15:04:05", "2006-01-02 at 15:04:05").Say(lang))
	}
	var b strings.Builder
	b.WriteString(fault.T("Vos choix, à garder :\n", "Your choices, to keep:\n").Say(lang))
	for _, g := range all {
		if g.Replaced {
			continue
		}
		answer := fault.T("Non", "No")
		if g.Granted {
			answer = fault.T("Oui", "Yes")
		}
		b.WriteString("\n« " + g.Words + " »\n" + answer.Say(lang) + fault.T(", le ", ", on ").Say(lang) + moment(g.Time))
		if !g.Ends.IsZero() {
			b.WriteString(fault.T(", valable jusqu’au ", ", valid until ").Say(lang) + moment(g.Ends))
		}
		b.WriteString(".\n")
	}
	return b.String()
}

// Withdraw records that a person takes a consent back: as easy as giving it, at any time (GDPR art. 7.3, ET-126). Taking back what does not
// stand changes nothing. The acceptance of terms is no consent and cannot be withdrawn.
func Withdraw(tx *db.Tx, r *vault.Ring, n *network.Network, person, object, consent, channel, lang, reference string) (withdrawn bool, err error) {
	c, ok := n.Consent(consent)
	if !ok || c.Kind != network.KindConsent {
		return false, fault.New(fault.Missing, "no-such-consent", fault.T("Il n’y a rien à retirer ici.", "There is nothing to withdraw here."))
	}
	stands, err := Stands(tx, person, object, consent)
	if err != nil || !stands {
		return false, err
	}
	return true, Record(tx, r, n, Choice{Person: person, Object: object, Consent: c, Granted: false, Channel: channel, Lang: lang, Edition: n.Hash(), Reference: reference})
}

// Verify recomputes every leaf of a person's ledger for an object: nil when the choices of each act, down to the words that were shown, are
// what was committed, none changed, added or missing. After erasure the leaves are mute and the answer is vault.ErrErased. An act that is
// gone altogether it cannot miss: its leaf stays.
func Verify(tx *db.Tx, r *vault.Ring, person, object string) error {
	var leaves []string
	acts := map[string][][]byte{}
	var wrong error
	err := db.Each(tx, func(s db.Scanner) error {
		var st Statement
		var leaf, words, lang string
		if err := s.Scan(append(st.into(), &leaf, &words, &lang)...); err != nil {
			return err
		}
		if acts[leaf] == nil {
			leaves = append(leaves, leaf)
		}
		acts[leaf] = append(acts[leaf], st.canonical())
		if WordingHash(lang, words) != st.Wording {
			wrong = errors.Join(wrong, fmt.Errorf("consent %s: the words are not those of their hash", st.Consent))
		}
		return nil
	}, "SELECT "+statementColumns+`, c.leaf_id, coalesce(w.words, ''), coalesce(w.lang, '')
		FROM consent c LEFT JOIN wording w ON w.hash = c.wording_hash WHERE c.person_id = $1 AND c.object = $2 ORDER BY c.at, c.id`, person, object)
	if err != nil {
		return err
	}
	for _, leaf := range leaves {
		if err := proof.Check(tx, r, leaf, acts[leaf]...); err != nil {
			wrong = errors.Join(wrong, fmt.Errorf("leaf %s: %w", leaf, err))
		}
	}
	return wrong
}

// Objects lists what a person made choices about: his request, his account.
func Objects(tx *db.Tx, person string) ([]string, error) {
	return db.Values[string](tx, "SELECT DISTINCT object FROM consent WHERE person_id = $1 ORDER BY object", person)
}
