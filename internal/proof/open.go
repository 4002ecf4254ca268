package proof

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"entremise/internal/db"
	"entremise/internal/vault"
)

// Opening shows some contents of a leaf to somebody, and proves that they are part of it, without the others: of those it holds commitments only.
type Opening struct {
	Salt  string `json:"salt"` // of the set, in hexadecimal
	Parts []Part `json:"parts"`
}

// Part is one content in the order of the set: closed, its commitment; open, its salt and what it says. Hexadecimal, but for Content.
type Part struct {
	Commitment string `json:"commitment,omitempty"`
	Salt       string `json:"salt,omitempty"`
	Content    string `json:"content,omitempty"`
}

// maxParts bounds what a verifier reads: no act puts so many choices to anybody.
const maxParts = 256

func derive(salt []byte, name string) []byte {
	m := hmac.New(sha256.New, salt)
	m.Write([]byte(name))
	return m.Sum(nil)
}

// Open opens of a leaf the contents for which show answers true; contents are all of them, in any order. vault.ErrErased when its salt is gone.
func Open(tx *db.Tx, r *vault.Ring, leaf string, contents [][]byte, show func([]byte) bool) (o Opening, err error) {
	if err := Check(tx, r, leaf, contents...); err != nil {
		return o, err
	}
	var kind, category string
	var sealed []byte
	if err := tx.Get(db.Into(&kind, &category, &sealed), "SELECT kind, category, salt_sealed FROM proof_leaf WHERE id = $1", leaf); err != nil {
		return o, err
	}
	salt, err := r.Open(category, saltAt(leaf), sealed)
	if err != nil {
		return o, err
	}
	o.Salt = hex.EncodeToString(derive(salt, "set"))
	for i, c := range slices.SortedFunc(slices.Values(contents), bytes.Compare) {
		own := derive(salt, "part "+strconv.Itoa(i))
		if show(c) {
			o.Parts = append(o.Parts, Part{Salt: hex.EncodeToString(own), Content: string(c)})
		} else {
			o.Parts = append(o.Parts, Part{Commitment: hex.EncodeToString(Commitment(kind, own, c))})
		}
	}
	return o, nil
}

// Verify compares the commitment of the leaf that was opened with the one that the log holds, without the database.
func (o Opening) Verify(kind, commitment string) error {
	made, err := o.Commitment(kind)
	if err == nil && made != commitment {
		err = errors.New("proof: the content is not what was committed")
	}
	return err
}

// Commitment makes that of the leaf, in hexadecimal, out of what is opened.
func (o Opening) Commitment(kind string) (string, error) {
	salt, err := hash(o.Salt)
	if err != nil {
		return "", err
	}
	if len(o.Parts) == 0 || len(o.Parts) > maxParts {
		return "", errors.New("proof: nothing is opened, or too much")
	}
	var list []byte
	for _, p := range o.Parts {
		switch closed := p.Commitment != ""; {
		case closed && (p.Salt != "" || p.Content != ""):
			return "", errors.New("proof: a part is both closed and open")
		case closed:
			c, err := hash(p.Commitment)
			if err != nil {
				return "", err
			}
			list = append(list, c...)
		default:
			own, err := hash(p.Salt)
			if err != nil {
				return "", err
			}
			list = append(list, Commitment(kind, own, []byte(p.Content))...)
		}
	}
	return hex.EncodeToString(Commitment(kind, salt, list)), nil
}

func hash(s string) ([]byte, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != sha256.Size {
		return nil, errors.New("proof: a salt or commitment is no hash")
	}
	return b, nil
}

// Sign signs a text that is no checkpoint, with the log's key: its first line says what it is, and can never be a log's origin, which holds no
// space.
func (l *Log) Sign(text string) (string, error) {
	if first, _, ok := strings.Cut(text, "\n"); !ok || !strings.Contains(first, " ") {
		return "", errors.New("proof: the first line of a signed text must say what it is, in two words or more")
	}
	signed, err := note.Sign(&note.Note{Text: text}, l.signer)
	return string(signed), err
}

// OpenSigned checks a text of Sign against a verifier key and gives it back.
func OpenSigned(signed, vkey string) (string, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return "", err
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		return "", err
	}
	return n.Text, nil
}
