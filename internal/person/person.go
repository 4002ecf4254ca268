// Package person keeps consumers: who asked for help, how they are reached, the codes that prove it, and the addresses that are shut out.
//
// A request has a person of its own: two requests of one number are joined by its blind index when somebody searches, never by trusting
// what a form says. A person's name, contact, words, place and photos are sealed under keys of their own, so that each can be erased alone.
package person

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Holdings of this room.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "person_word", Person: "person_id", Category: network.DataIdentity, Columns: []string{"word_bidx"}, Whose: network.Consumer, Rows: true, Find: wordsOfAll}, // before the name of which they are
		{Table: "person", Person: "id", Category: network.DataIdentity, Columns: []string{"name_sealed", "company_sealed"}, Whose: network.Consumer},
		{Table: "person", Person: "id", Category: network.DataContact, Columns: []string{"phone_sealed", "phone_bidx", "email_sealed", "email_bidx"}, Whose: network.Consumer},
		{Table: "connection", Person: "id", Record: "id", Category: network.DataConnection, Columns: []string{"entry_sealed", "address_bidx"}, Whose: network.Staff, Only: "whose = 'staff'", Rows: true},
		{Table: "connection", Person: "id", Record: "id", Category: network.DataConnection, Columns: []string{"entry_sealed", "address_bidx"}, Whose: network.Professional, Only: "whose = 'professional'", Rows: true},
		{Table: "register_entry", Category: network.DataContact, Columns: []string{"phone_bidx"}, Whose: network.Consumer},
		{Table: "attempt", Category: network.DataContact, Columns: []string{"phone_bidx"}, Whose: network.Consumer},
		{Table: "address_block", Category: network.DataConnection, Columns: []string{"address_bidx"}, Whose: network.Visitor},
	}
}

// Person is a consumer, opened.
type Person struct {
	ID       string
	Kind     string // person or company (ET-17)
	Lang     string
	Name     string
	Company  string
	Phone    string // E.164
	Email    string
	At       time.Time
	Verified time.Time // when a code proved the number
}

// Shown is how a person is called in a list of his own agents: the company first.
func (p Person) Shown() string {
	if p.Company != "" {
		return p.Company + ", " + p.Name
	}
	return p.Name
}

const (
	identity = string(network.DataIdentity)
	contact  = string(network.DataContact)
)

func at(column, id string) vault.Place {
	return vault.Place{Table: "person", Column: column, Row: id}
}

// PhoneIndex and EmailIndex are the blind indexes of contact points.
func PhoneIndex(v *vault.Vault, e164 string) string { return v.Index("phone", e164) }
func EmailIndex(v *vault.Vault, email string) string {
	return v.Index("email", strings.ToLower(email))
}

// wordIndexes are those of the folded words of a name: search is by whole word.
func wordIndexes(v *vault.Vault, p Person) []string {
	seen := map[string]bool{}
	var all []string
	_, name := untitled(p.Name)
	for _, w := range strings.Fields(geo.Fold(name + " " + p.Company)) {
		if len(w) > 1 && !seen[w] && len(all) < 12 {
			seen[w] = true
			all = append(all, v.Index("name", w))
		}
	}
	return all
}

// wordsOf are the indexes of the words of the name that a person has now; none when it can no longer be opened.
func wordsOf(tx *db.Tx, v *vault.Vault, r *vault.Ring, id string) ([]string, error) {
	p, err := Get(tx, r, id)
	if errors.Is(err, db.ErrNone) {
		return nil, nil
	}
	return wordIndexes(v, p), err
}

// wordsOfAll is wordsOf for many people; who has no keys has none.
func wordsOfAll(tx *db.Tx, v *vault.Vault, rings map[string]*vault.Ring, ids []string) (map[string][]string, error) {
	people, err := GetAll(tx, rings, ids)
	out := map[string][]string{}
	for _, p := range people {
		out[p.ID] = wordIndexes(v, p)
	}
	return out, err
}

// Insert stores a new person in tx. r holds his identity and contact keys.
func Insert(tx *db.Tx, v *vault.Vault, r *vault.Ring, p Person) error {
	err := tx.Send(`INSERT INTO person (id, at, kind, lang, name_sealed, company_sealed, phone_sealed, phone_bidx, email_sealed, email_bidx, phone_verified_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		p.ID, db.Micros(tx.Now()), p.Kind, p.Lang, seal(r, identity, "name_sealed", p.ID, p.Name), seal(r, identity, "company_sealed", p.ID, p.Company),
		seal(r, contact, "phone_sealed", p.ID, p.Phone), PhoneIndex(v, p.Phone), seal(r, contact, "email_sealed", p.ID, p.Email), EmailIndex(v, p.Email), db.Micros(p.Verified))
	if err != nil {
		return err
	}
	return insertWords(tx, v, p)
}

// seal leaves what was not given empty, so that the database tells nothing but that.
func seal(r *vault.Ring, category, column, id, value string) []byte {
	if value == "" {
		return []byte{}
	}
	return r.SealText(category, at(column, id), value)
}

func insertWords(tx *db.Tx, v *vault.Vault, p Person) error {
	var rows [][]any
	for _, w := range wordIndexes(v, p) {
		rows = append(rows, []any{w, p.ID})
	}
	if len(rows) == 0 {
		return nil
	}
	marks, args := db.Rows(rows...)
	return tx.Send("INSERT INTO person_word (word_bidx, person_id) VALUES "+marks+" ON CONFLICT (word_bidx, person_id) DO NOTHING", args...)
}

// Update replaces name and contact in tx. A changed number is no longer verified, unless p.Verified says so.
func Update(tx *db.Tx, v *vault.Vault, r *vault.Ring, p Person) error {
	words, err := wordsOf(tx, v, r, p.ID)
	if err != nil {
		return err
	}
	err = tx.Send(`UPDATE person SET kind = $2, lang = $3, name_sealed = $4, company_sealed = $5, phone_verified_at = CASE WHEN phone_bidx = $7 THEN phone_verified_at ELSE $10 END,
		phone_sealed = $6, phone_bidx = $7, email_sealed = $8, email_bidx = $9 WHERE id = $1`,
		p.ID, p.Kind, p.Lang, seal(r, identity, "name_sealed", p.ID, p.Name), seal(r, identity, "company_sealed", p.ID, p.Company),
		seal(r, contact, "phone_sealed", p.ID, p.Phone), PhoneIndex(v, p.Phone), seal(r, contact, "email_sealed", p.ID, p.Email), EmailIndex(v, p.Email), db.Micros(p.Verified))
	if err != nil {
		return err
	}
	if len(words) > 0 {
		args := []any{p.ID}
		if err := tx.Send("DELETE FROM person_word WHERE person_id = $1 AND word_bidx IN ("+db.In(&args, words)+")", args...); err != nil {
			return err
		}
	}
	return insertWords(tx, v, p)
}

// Get opens a person. What was erased reads as empty.
func Get(tx *db.Tx, r *vault.Ring, id string) (Person, error) {
	return db.One(tx, func(s db.Scanner) (Person, error) { return scanPerson(s, map[string]*vault.Ring{id: r}) }, "SELECT "+personColumns+" FROM person WHERE id = $1", id)
}

// GetAll is Get for many people, each with his ring, in no order; those who are not there are left out.
func GetAll(tx *db.Tx, rings map[string]*vault.Ring, ids []string) ([]Person, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var args []any
	return db.List(tx, func(s db.Scanner) (Person, error) { return scanPerson(s, rings) }, "SELECT "+personColumns+" FROM person WHERE id IN ("+db.In(&args, ids)+")", args...)
}

const personColumns = "id, kind, lang, at, name_sealed, company_sealed, phone_sealed, email_sealed, phone_verified_at"

func scanPerson(s db.Scanner, rings map[string]*vault.Ring) (p Person, err error) {
	var created, verified int64
	var sealed [4][]byte
	if err := s.Scan(&p.ID, &p.Kind, &p.Lang, &created, &sealed[0], &sealed[1], &sealed[2], &sealed[3], &verified); err != nil {
		return p, err
	}
	p.At, p.Verified = db.Time(created), db.Time(verified)
	for i, f := range []struct {
		to               *string
		category, column string
	}{{&p.Name, identity, "name_sealed"}, {&p.Company, identity, "company_sealed"}, {&p.Phone, contact, "phone_sealed"}, {&p.Email, contact, "email_sealed"}} {
		if *f.to, err = rings[p.ID].OpenText(f.category, at(f.column, p.ID), sealed[i]); err != nil && !errors.Is(err, vault.ErrErased) {
			return p, err
		}
	}
	return p, nil
}

// Search finds people by number, e-mail or every word of a name, newest first.
func Search(tx *db.Tx, v *vault.Vault, e164, email, name string, n int) ([]string, error) {
	switch {
	case e164 != "":
		return db.Values[string](tx, "SELECT id FROM person WHERE phone_bidx = $1 ORDER BY at DESC, id LIMIT $2", PhoneIndex(v, e164), n)
	case email != "":
		return db.Values[string](tx, "SELECT id FROM person WHERE email_bidx = $1 ORDER BY at DESC, id LIMIT $2", EmailIndex(v, email), n)
	}
	words := wordIndexes(v, Person{Name: name})
	if len(words) == 0 {
		return nil, nil
	}
	args := []any{len(words), n}
	return db.Values[string](tx, "SELECT p.id FROM person p JOIN person_word w ON w.person_id = p.id WHERE w.word_bidx IN ("+db.In(&args, words)+") GROUP BY p.id, p.at HAVING count(*) = $1 ORDER BY p.at DESC, p.id LIMIT $2", args...)
}

// MarkVerified notes that a code proved the number.
func MarkVerified(tx *db.Tx, id string) error {
	return tx.Send("UPDATE person SET phone_verified_at = $2 WHERE id = $1 AND phone_verified_at = 0", id, db.Micros(tx.Now()))
}

// What a code is for.
const (
	ToVerify  = "verify-phone"
	ToCorrect = "correct"
	ToOpen    = "case" // a copy of one's data
	ToEmail   = "pro-email"
	ToPhone   = "pro-phone"
)

// CodeDigits is the length of a code.
const CodeDigits = 6

var (
	errCode = func() error {
		f := fault.New(fault.Invalid, "wrong-code", fault.T("Ce code n’est pas le bon. Vérifiez le dernier message reçu.", "This code is not right. Check the last message you got."))
		f.Fields = []fault.Field{{Name: "code", Text: f.Public}}
		return f
	}()
	// ErrCodeDead asks for a new code: the old one is used, too old, or was tried too often.
	ErrCodeDead = fault.New(fault.Limit, "code-dead", fault.T("Ce code n’est plus valable. Demandez-en un nouveau.", "This code is no longer good. Ask for a new one."))
)

// NewCode makes a code for an object in tx and returns its digits, to be sent. Machine time: a code's life is real.
func NewCode(tx *db.Tx, v *vault.Vault, object, person, purpose string, life time.Duration) (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", err
	}
	digits := fmt.Sprintf("%06d", n)
	id := tx.NewID("cod")
	now := tx.Machine()
	err = tx.Send("INSERT INTO code (id, object, person_id, purpose, code_hash, sent_at, expires_at, tries, used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)",
		id, object, person, purpose, codeHash(v, id, digits), db.Micros(now), db.Micros(now.Add(life)))
	return digits, err
}

func codeHash(v *vault.Vault, id, digits string) string {
	m := hmac.New(sha256.New, v.Secret("one-time codes"))
	m.Write([]byte(id + "\x00" + digits))
	return hex.EncodeToString(m.Sum(nil))
}

// CodesSent counts the codes sent for an object since a machine instant, and tells when the last one left.
func CodesSent(tx *db.Tx, object string, since time.Time) (n int64, last time.Time, err error) {
	var at int64
	err = tx.Get(db.Into(&n, &at), "SELECT count(*), coalesce(max(sent_at), 0) FROM code WHERE object = $1 AND sent_at > $2", object, db.Micros(since))
	return n, db.Time(at), err
}

// Try counts a try at the newest code of an object, durably and exactly, and tells its id when the digits are right. Run it in a
// transaction of its own before the one that acts (Use): a wrong try must count although nothing else happens.
func Try(tx *db.Tx, v *vault.Vault, object, purpose, digits string, most int) (id string, right bool, err error) {
	digits = strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, digits)
	var hash string
	err = tx.Get(db.Into(&id, &hash), `UPDATE code SET tries = tries + 1 WHERE id = (SELECT id FROM code WHERE object = $1 AND purpose = $2 ORDER BY sent_at DESC, id LIMIT 1)
		AND tries < $3 AND used_at = 0 AND expires_at > $4 RETURNING id, code_hash`, object, purpose, most, db.Micros(tx.Machine()))
	if errors.Is(err, db.ErrNone) {
		return "", false, ErrCodeDead
	}
	if err != nil {
		return "", false, err
	}
	return id, hmac.Equal([]byte(hash), []byte(codeHash(v, id, digits))), nil
}

// WrongCode is the fault of a try that was not right.
func WrongCode() error { return errCode }

// Use spends a code that was tried right; of two at once one succeeds.
func Use(tx *db.Tx, id string) error {
	n, err := tx.Exec("UPDATE code SET used_at = $2 WHERE id = $1 AND used_at = 0", id, db.Micros(tx.Machine()))
	if err == nil && n == 0 {
		err = ErrCodeDead
	}
	return err
}
