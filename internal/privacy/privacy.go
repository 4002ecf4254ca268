// Package privacy keeps what the network promised about personal data: the ledger of consents, and for every record who holds it for which
// purpose since when. It knows no domain: rooms hand it their records and declare their holdings.
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

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Holding says where personal data of a category stands. Every sealed or indexed column of the schema belongs to one; a test compares the
// declarations of all rooms with both live schemas and with each network's purposes.
type Holding struct {
	Table    string
	Person   string // column that leads to the person
	Record   string // column that leads to the record under which it is held; without one the row is of the person, whatever is held
	Only     string // SQL that tells its rows from others of the same table
	Row      string // column that names the row to the vault; id if empty
	Category network.Category
	Columns  []string
	Whose    network.Person
	Rows     bool              // nothing is left of the row without these columns: it goes with them
	Blank    map[string]string // what a column says once it is emptied, as SQL, where nothing will not do; the archive leaves such a column as it is
}

// Sealed are its columns that a key of the person opens.
func (h Holding) Sealed() []string {
	return slices.DeleteFunc(slices.Clone(h.Columns), func(c string) bool { return !strings.HasSuffix(c, "_sealed") })
}

func (h Holding) row() string {
	if h.Row == "" {
		return "id"
	}
	return h.Row
}

// Holdings of this room, and of auth, which lies left of it and cannot name the type.
func Holdings() []Holding {
	return []Holding{
		{Table: "account", Person: "id", Record: "id", Category: network.DataAccount, Columns: []string{"name_sealed", "email_sealed", "email_bidx", "totp_sealed"}, Whose: network.Staff},
		{Table: "remainder", Category: network.DataContact, Columns: []string{"value_bidx"}, Whose: network.Consumer},
		{Table: "consent", Person: "person_id", Record: "object", Category: network.DataConsent, Columns: []string{"granted"}, Whose: network.Consumer, Rows: true},
		{Table: "proof_leaf", Person: "person_id", Record: "object", Category: network.DataConsent, Columns: []string{"salt_sealed"}, Whose: network.Consumer, Only: "category = 'consent'"},
	}
}

// Hold notes in tx that a record made in it holds data of the categories, once for each purpose of the network that claims them: those that
// last while it is in the state in which it begins, "" for none, and those whose time counts from collection; of the latter one that rests on
// consent only begins with the consent ([Record]). since is business time: durations count under the edition in force when the question is asked.
func Hold(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, categories ...network.Category) error {
	return hold(tx, n, record, person, whose, categories, nil, begins(state))
}

// HoldMore is Hold for a record that may hold something already: what it holds for a purpose keeps its time.
func HoldMore(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held, begins(state))
}

// Happened notes in tx that an event has happened to a record, or a state begun: what purposes hold from then on. A purpose that waits for
// another event holds nothing of it.
func Happened(tx *db.Tx, n *network.Network, record, person string, whose network.Person, event network.Event, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held, func(p network.Purpose) bool { return p.Keep.While == "" && p.Keep.Starts() == event })
}

// Begun is Happened for a state that a record enters after it was made.
func Begun(tx *db.Tx, n *network.Network, record, person string, whose network.Person, state network.While, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	return hold(tx, n, record, person, whose, categories, held, func(p network.Purpose) bool { return p.Keep.While == state })
}

func begins(state network.While) func(network.Purpose) bool {
	return func(p network.Purpose) bool {
		if p.Keep.While != "" {
			return p.Keep.While == state
		}
		return p.Keep.Starts() == network.FromCollection && p.Basis != network.BasisConsent
	}
}

// holding is a row: what a record holds for a purpose since an instant.
type holding struct {
	purpose    string
	since      int64
	categories []string
}

func holdings(tx *db.Tx, record, person string) ([]holding, error) {
	return db.List(tx, func(s db.Scanner) (h holding, err error) {
		var categories string
		err = s.Scan(&h.purpose, &h.since, &categories)
		h.categories = strings.Fields(categories)
		return h, err
	}, "SELECT purpose, since, categories FROM holding WHERE person_id = $1 AND record = $2", person, record)
}

func hold(tx *db.Tx, n *network.Network, record, person string, whose network.Person, categories []network.Category, held []holding, which func(network.Purpose) bool) error {
	var purposes []string
	lasting := map[string]bool{}
	claimed := map[string][]string{}
	for _, c := range categories {
		claims := slices.DeleteFunc(n.PurposesFor(whose, c), func(p network.Purpose) bool { return p.Keep == nil || !which(p) })
		if len(claims) == 0 {
			return fmt.Errorf("privacy: no purpose of %s claims %s of a %s: data without a purpose is not stored", n.Network, c, whose)
		}
		for _, p := range claims {
			if slices.ContainsFunc(held, func(h holding) bool { return h.purpose == p.ID && slices.Contains(h.categories, string(c)) }) {
				continue
			}
			if claimed[p.ID] == nil {
				purposes = append(purposes, p.ID)
				lasting[p.ID] = p.Keep.While != ""
			}
			claimed[p.ID] = append(claimed[p.ID], string(c))
		}
	}
	var rows [][]any
	for _, p := range purposes {
		since, base := db.Micros(tx.Now()), db.Micros(tx.Now())
		if lasting[p] {
			base = 0
		}
		rows = append(rows, []any{person, record, p, since, phaseKept, base, strings.Join(claimed[p], " ")})
	}
	if len(rows) == 0 {
		return nil
	}
	marks, args := db.Rows(rows...)
	// Twice in one instant: the second adds to the first.
	return tx.Send("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES "+marks+
		" ON CONFLICT (person_id, record, purpose, since) DO UPDATE SET categories = holding.categories || ' ' || excluded.categories", args...)
}

// Drop notes in tx that a record holds nothing any more of a person, of the categories or of any when none is named: its data was erased.
func Drop(tx *db.Tx, record, person string, categories ...network.Category) error {
	held, err := holdings(tx, record, person)
	if err != nil {
		return err
	}
	for _, h := range held {
		left := slices.DeleteFunc(slices.Clone(h.categories), func(c string) bool { return len(categories) == 0 || slices.Contains(categories, network.Category(c)) })
		switch {
		case len(left) == 0:
			err = tx.Send("DELETE FROM holding WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", person, record, h.purpose, h.since)
		case len(left) < len(h.categories):
			err = tx.Send("UPDATE holding SET categories = $5 WHERE person_id = $1 AND record = $2 AND purpose = $3 AND since = $4", person, record, h.purpose, h.since, strings.Join(left, " "))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Choice is a box that a person was shown: ticked or not. Both are kept: a refusal is an answer.
type Choice struct {
	Person  string
	Object  string // the request or account that it came with
	Consent network.Consent
	Granted bool
	Channel string // form, phone, api, paper, link
	Lang    string
	Edition string
}

// WordingHash is the digest under which an exact wording is kept.
func WordingHash(lang, words string) string {
	sum := sha256.Sum256([]byte(lang + "\x00" + words))
	return hex.EncodeToString(sum[:])
}

// Record writes choices that one person made at once into the ledger, each with its exact wording by hash, all of them with one leaf in the
// proof log (GDPR art. 7.1, C. conso. R223-2).
func Record(tx *db.Tx, r *vault.Ring, choices ...Choice) error {
	if len(choices) == 0 {
		return nil
	}
	at := db.Micros(tx.Now())
	var wordings, rows [][]any
	contents := make([][]byte, len(choices))
	said := map[string]bool{}
	for i, c := range choices {
		words := c.Consent.Wording.Say(c.Lang)
		hash := WordingHash(c.Lang, words)
		if !said[hash] {
			said[hash] = true
			wordings = append(wordings, []any{hash, c.Lang, words})
		}
		id := tx.NewID("con")
		contents[i] = canonical(c.Person, c.Object, c.Consent.ID, c.Consent.Purpose, c.Granted, c.Channel, hash, c.Edition, at)
		rows = append(rows, []any{id, c.Person, c.Object, c.Consent.ID, c.Consent.Purpose, c.Granted, c.Channel, hash, c.Edition, at})
	}
	marks, args := db.Rows(wordings...)
	if err := tx.Send("INSERT INTO wording (hash, lang, words) VALUES "+marks+" ON CONFLICT (hash) DO NOTHING", args...); err != nil {
		return err
	}
	leaf, err := proof.Commit(tx, r, proof.Leaf{Kind: "consent", Object: choices[0].Object, Person: choices[0].Person, Category: string(network.DataConsent)}, contents...)
	if err != nil {
		return err
	}
	for i := range rows {
		rows[i] = append(rows[i], leaf)
	}
	marks, args = db.Rows(rows...)
	return tx.Send("INSERT INTO consent (id, person_id, object, consent, purpose, granted, channel, wording_hash, edition, at, leaf_id) VALUES "+marks, args...)
}

// canonical is the content of a consent's leaf: each part with its length, so that no two choices read alike.
func canonical(person, object, consent, purpose string, granted bool, channel, hash, edition string, at int64) []byte {
	var b []byte
	for _, s := range []string{person, object, consent, purpose, strconv.FormatBool(granted), channel, hash, edition, strconv.FormatInt(at, 10)} {
		b = append(b, fmt.Sprintf("%d:%s", len(s), s)...)
	}
	return b
}

// Given is the last choice about one consent.
type Given struct {
	ID       string
	Consent  string
	Purpose  string
	Granted  bool
	Channel  string
	Words    string
	Lang     string
	At       time.Time
	Leaf     string
	Edition  string
	Replaced bool // a later choice about the same consent exists
}

// Ledger lists every choice of a person about an object, oldest first.
func Ledger(tx *db.Tx, person, object string) ([]Given, error) {
	all, err := db.List(tx, func(s db.Scanner) (g Given, err error) {
		var at int64
		err = s.Scan(&g.ID, &g.Consent, &g.Purpose, &g.Granted, &g.Channel, &g.Words, &g.Lang, &at, &g.Leaf, &g.Edition)
		g.At = db.Time(at)
		return g, err
	}, `SELECT c.id, c.consent, c.purpose, c.granted, c.channel, w.words, w.lang, c.at, c.leaf_id, c.edition FROM consent c JOIN wording w ON w.hash = c.wording_hash
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

// Objects lists what a person made choices about: his request, his account.
func Objects(tx *db.Tx, person string) ([]string, error) {
	return db.Values[string](tx, "SELECT DISTINCT object FROM consent WHERE person_id = $1 ORDER BY object", person)
}

// Stands reports whether the person's last choice about a consent is yes.
func Stands(tx *db.Tx, person, object, consent string) (bool, error) {
	all, err := Ledger(tx, person, object)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(all, func(g Given) bool { return g.Consent == consent && !g.Replaced })
	return i >= 0 && all[i].Granted, nil
}

// Withdraw records that a person takes a consent back: as easy as giving it, at any time (GDPR art. 7.3, ET-126). Taking back what does not
// stand changes nothing. The acceptance of terms is no consent and cannot be withdrawn.
func Withdraw(tx *db.Tx, r *vault.Ring, n *network.Network, person, object, consent, channel, lang string) (withdrawn bool, err error) {
	c, ok := n.Consent(consent)
	if !ok || c.Kind != network.KindConsent {
		return false, fault.New(fault.Missing, "no-such-consent", fault.T("Il n’y a rien à retirer ici.", "There is nothing to withdraw here."))
	}
	stands, err := Stands(tx, person, object, consent)
	if err != nil || !stands {
		return false, err
	}
	return true, Record(tx, r, Choice{Person: person, Object: object, Consent: c, Granted: false, Channel: channel, Lang: lang, Edition: n.Hash()})
}

// Verify recomputes every leaf of a person's ledger for an object: nil when the choices of each act, down to the words that were shown, are
// what was committed, none changed, added or missing. After erasure the leaves are mute and the answer is vault.ErrErased. An act that is
// gone altogether it cannot miss: its leaf stays.
func Verify(tx *db.Tx, r *vault.Ring, person, object string) error {
	var leaves []string
	acts := map[string][][]byte{}
	var wrong error
	err := db.Each(tx, func(s db.Scanner) error {
		var consent, purpose, channel, hash, edition, leaf, words, lang string
		var granted bool
		var at int64
		if err := s.Scan(&consent, &purpose, &granted, &channel, &hash, &edition, &at, &leaf, &words, &lang); err != nil {
			return err
		}
		if acts[leaf] == nil {
			leaves = append(leaves, leaf)
		}
		acts[leaf] = append(acts[leaf], canonical(person, object, consent, purpose, granted, channel, hash, edition, at))
		if WordingHash(lang, words) != hash {
			wrong = errors.Join(wrong, fmt.Errorf("consent %s: the words are not those of their hash", consent))
		}
		return nil
	}, `SELECT c.consent, c.purpose, c.granted, c.channel, c.wording_hash, c.edition, c.at, c.leaf_id, coalesce(w.words, ''), coalesce(w.lang, '')
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

// Kept is what a record of a person holds for a purpose.
type Kept struct {
	Record, Purpose string
	Since           time.Time
	Categories      []string
}

// HeldOf lists everything that is held of a person, oldest first.
func HeldOf(tx *db.Tx, person string) ([]Kept, error) {
	return db.List(tx, func(s db.Scanner) (k Kept, err error) {
		var since int64
		var categories string
		err = s.Scan(&k.Record, &k.Purpose, &since, &categories)
		k.Since, k.Categories = db.Time(since), strings.Fields(categories)
		return k, err
	}, "SELECT record, purpose, since, categories FROM holding WHERE person_id = $1 ORDER BY since, record, purpose", person)
}
