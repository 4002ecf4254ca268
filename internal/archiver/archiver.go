// Package archiver hands whole documents to a trusted third party that keeps them unchanged, proves that it did, and deletes them on order.
//
// A deposit is made in the transaction of the act that it documents ([Put]): sealed under a key of its own, which lies here, sealed in turn under the
// key of its person and category. A job carries the ciphertext out and keeps the receipt; its digest stands in the proof log. The archiver never
// holds a key nor a name, so that whatever ends the person's key here (the file's time, an erasure) leaves noise there at once, and a deletion that
// he owes: it is ordered until he confirms, and what he confirmed is a certificate with a leaf of its own (clauses RN-89, RN-98; NF Z42-013 for what
// an integrity proof and a restitution are). What is late, missing or changed shows.
//
// This is no intermediate archive: a deposit's key moves there and back with its record like any other value (package privacy).
package archiver

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// MaxContent bounds a document, in bytes: a job holds it in memory, and an opinion is a few kilobytes.
const MaxContent = 1 << 20

// Holdings of this room. A key that is emptied is a deletion that the archiver owes. The salts of its leaves are found by their deposits.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "proof_leaf", Person: "person_id", Record: "object", Category: network.DataOpinion, Columns: []string{"salt_sealed"}, Whose: network.Author, Only: "kind = '" + leafKind + "'",
			Via: "id IN (SELECT leaf_id FROM archiver_deposit WHERE person_id IN (%[1]s))"},
		{Table: "archiver_deposit", Person: "person_id", Record: "record_id", Category: network.DataOpinion, Columns: []string{"key_sealed"}, Whose: network.Author},
	}
}

// Kinds of this room's leaves: a deposit, and the end of one.
const (
	leafKind = "archive"
	leafEnd  = "archive-end"
)

// categories are those under which a document may be deposited: [Holdings] declares a column for each.
var categories = []network.Category{network.DataOpinion}

// Deposit is a document to hand over. Object is the record under which it is held here, by id.
type Deposit struct {
	Person   string
	Category network.Category
	Object   string
	Kind     network.Deposited
	Content  []byte // at most MaxContent
}

const jobDeliver job.Kind = "archiver.deliver" // a deposit that is to go out

func keyPlace(id string) vault.Place {
	return vault.Place{Table: "archiver_deposit", Column: "key_sealed", Row: id}
}

// Put deposits a document in tx and answers the deposit's id, which is the object's name at the archiver. ring is the person's and holds a key of the
// category. It comes after privacy.Hold of the record, in the same transaction or an earlier one: what nothing holds is not deposited, because
// nothing would ever end it. An empty or too long document is a fault of kind Invalid.
func Put(tx *db.Tx, ring *vault.Ring, d Deposit) (id string, err error) {
	if !slices.Contains(categories, d.Category) {
		return "", fmt.Errorf("archiver: no holding is declared for %s", d.Category)
	}
	if len(d.Content) == 0 || len(d.Content) > MaxContent {
		return "", fault.New(fault.Invalid, "deposit-size", fault.Tf("Un document déposé aux archives pèse de 1 octet à %d Kio.", "A document deposited in the archive has 1 byte to %d KiB.", MaxContent>>10))
	}
	if held, err := privacy.KnownRecord(tx, d.Person, d.Object); err != nil {
		return "", err
	} else if !held {
		return "", fmt.Errorf("archiver: nothing of %s is held under %s: nothing would end its deposit", d.Person, d.Object)
	}
	var key [vault.KeySize]byte
	rand.Read(key[:]) // never fails, since Go 1.24
	defer clear(key[:])
	id = tx.NewID("arc")
	body := seal(key[:], id, d.Kind, d.Content)
	digest := sha256.Sum256(body)
	leaf, err := proof.Commit(tx, ring, proof.Leaf{Kind: leafKind, Object: d.Object, Person: d.Person, Category: string(d.Category)}, promised(id, d.Kind, digest[:])...)
	if err != nil {
		return "", err
	}
	if err := tx.Send(`INSERT INTO archiver_deposit (id, at, person_id, record_id, kind, category, key_sealed, content, object_hash, size, leaf_id, sent_at, tries, driver, receipt, version, delivered_at, until_at,
		checked_at, fault, fault_at, asked_at, asked_tries, confirmed_at, certificate, end_leaf_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $2, 0, '', '', '', 0, 0, 0, '', 0, 0, 0, 0, '', '')`,
		id, db.Micros(tx.Now()), d.Person, d.Object, string(d.Kind), string(d.Category), ring.Seal(string(d.Category), keyPlace(id), key[:]), body, digest[:], int64(len(body)), leaf); err != nil {
		return "", err
	}
	return id, job.Add(tx, jobDeliver, id, 0)
}

// promised is what the leaf of a deposit commits to: rebuilt from its row, and compared at each restitution.
func promised(id string, kind network.Deposited, digest []byte) [][]byte {
	return [][]byte{[]byte("deposit=" + id), []byte("kind=" + string(kind)), []byte("sha256=" + hex.EncodeToString(digest))}
}

// aead is the cipher of one deposit. Its key seals one message, so a random nonce cannot repeat.
func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err == nil {
		var a cipher.AEAD
		if a, err = cipher.NewGCMWithRandomNonce(block); err == nil {
			return a
		}
	}
	panic(err) // the length is constant
}

func bound(id string, kind network.Deposited) []byte {
	return []byte("entremise archive 1\x00" + id + "\x00" + string(kind))
}

func seal(key []byte, id string, kind network.Deposited, content []byte) []byte {
	return aead(key).Seal(nil, nil, content, bound(id, kind))
}

func unseal(key []byte, id string, kind network.Deposited, body []byte) ([]byte, error) {
	if len(key) != vault.KeySize {
		return nil, errors.New("archiver: the key of a deposit has another length")
	}
	return aead(key).Open(nil, nil, body, bound(id, kind))
}
