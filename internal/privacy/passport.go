package privacy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Passport proves to whoever buys an introduction that its person asked to be called: what was shown word for word, the answer, when and by which
// channel, with the commitments that the public log holds. It opens the choices that concern the introduction and no others, and names the
// person by an id only.
type Passport struct {
	Format       string    `json:"format"`
	Network      string    `json:"network"`
	Operator     string    `json:"operator"`
	Introduction string    `json:"introduction"`
	Reference    string    `json:"reference"`
	Issued       time.Time `json:"issued"`
	Key          string    `json:"key"` // verifier key of the log, as the operator publishes it: compare it with what he says elsewhere
	Acts         []Act     `json:"acts"`
}

// Act is what was chosen at one time: the part of its leaf that is opened, and the leaf's place in the log.
type Act struct {
	Choices   []Told          `json:"choices"`
	Opening   proof.Opening   `json:"opening"`
	Inclusion proof.Inclusion `json:"inclusion"`

	leaf string
}

// Prove fills the places of acts in the log; proof.ErrWaiting while one of them is not yet in a checkpoint.
func Prove(ctx context.Context, log *proof.Log, acts []Act) (err error) {
	for i := range acts {
		if acts[i].Inclusion, err = log.Prove(ctx, acts[i].leaf); err != nil {
			return err
		}
	}
	return nil
}

// Told is a choice with its words.
type Told struct {
	Statement
	Words string    `json:"words"`
	Lang  string    `json:"lang"`
	Time  time.Time `json:"time"` // At, for people
}

// signedPassport is the file: the passport's exact bytes, and a signed note over their digest.
type signedPassport struct {
	Passport  json.RawMessage `json:"passport"`
	Signature string          `json:"signature"`
}

const (
	passportFormat = "entremise passport 1"
	maxPassport    = 1 << 20
)

// Concerns reports whether a choice is about being put in touch with a buyer: the request to be called, and consents to a purpose that has a
// buyer among its recipients.
func Concerns(n *network.Network, consent string) bool {
	c, ok := n.Consent(consent)
	if !ok || c.Kind == network.KindAcceptance {
		return false
	}
	p, _ := n.Purpose(c.Purpose)
	return c.Kind == network.KindRequest || slices.ContainsFunc(p.Recipients, func(id string) bool {
		r, ok := n.Recipient(id)
		return ok && r.Role == network.RecipientBuyer
	})
}

// OpenActs opens in tx, of a person's choices about an object, those that concern an introduction; the acts that hold none are left out.
// Prove fills their places in the log. vault.ErrErased when the person's proofs were erased.
func OpenActs(tx *db.Tx, r *vault.Ring, n *network.Network, person, object string) (acts []Act, err error) {
	all, err := Ledger(tx, person, object)
	if err != nil {
		return nil, err
	}
	var leaves []string
	contents, told := map[string][][]byte{}, map[string][]Told{}
	for _, g := range all {
		if contents[g.Leaf] == nil {
			leaves = append(leaves, g.Leaf)
		}
		contents[g.Leaf] = append(contents[g.Leaf], g.canonical())
		if Concerns(n, g.Consent) {
			told[g.Leaf] = append(told[g.Leaf], Told{g.Statement, g.Words, g.Lang, g.Time})
		}
	}
	for _, leaf := range leaves {
		if len(told[leaf]) == 0 {
			continue
		}
		o, err := proof.Open(tx, r, leaf, contents[leaf], func(c []byte) bool {
			return slices.ContainsFunc(told[leaf], func(t Told) bool { return bytes.Equal(t.canonical(), c) })
		})
		if err != nil {
			return nil, err
		}
		acts = append(acts, Act{Choices: told[leaf], Opening: o, leaf: leaf})
	}
	return acts, nil
}

// SignPassport writes the file.
func SignPassport(log *proof.Log, p Passport) ([]byte, error) {
	p.Format, p.Key = passportFormat, log.VerifierKey()
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	signature, err := log.Sign(passportText(raw))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(true) // as json.Marshal did: the encoder writes a RawMessage anew
	err = e.Encode(signedPassport{raw, signature})
	return out.Bytes(), err
}

func passportText(raw []byte) string {
	sum := sha256.Sum256(raw)
	return passportFormat + "\n" + hex.EncodeToString(sum[:]) + "\n"
}

// VerifyPassport checks a file of SignPassport without any database: its signature, each choice's words against their hash, each choice against
// the commitment of its leaf, each leaf against a signed checkpoint. vkey is the key that the reader trusts; empty takes the file's own, which
// proves only that the file is whole. The error says the first thing that is wrong.
func VerifyPassport(file []byte, vkey string) (p Passport, err error) {
	if len(file) > maxPassport {
		return p, errors.New("the file is larger than any passport")
	}
	var s signedPassport
	if err := strictly(file, &s); err != nil {
		return p, fmt.Errorf("this is no passport: %w", err)
	}
	if err := strictly(s.Passport, &p); err != nil {
		return p, fmt.Errorf("this is no passport: %w", err)
	}
	if p.Format != passportFormat {
		return p, fmt.Errorf("this is no passport of format %q", passportFormat)
	}
	if vkey == "" {
		vkey = p.Key
	}
	if vkey != p.Key {
		return p, errors.New("the file names another key than the one given")
	}
	text, err := proof.OpenSigned(s.Signature, vkey)
	if err != nil {
		return p, fmt.Errorf("the signature: %w", err)
	}
	if text != passportText(s.Passport) {
		return p, errors.New("the file was changed after it was signed")
	}
	if len(p.Acts) == 0 {
		return p, errors.New("the passport proves nothing: it holds no choice")
	}
	for i, a := range p.Acts {
		if err := a.verify(vkey); err != nil {
			return p, fmt.Errorf("act %d: %w", i+1, err)
		}
	}
	return p, nil
}

func strictly(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows its end")
	}
	return nil
}

func (a Act) verify(vkey string) error {
	if a.Inclusion.Kind != "consent" {
		return errors.New("the leaf is not one of consents")
	}
	var open []string
	for _, p := range a.Opening.Parts {
		if p.Commitment == "" {
			open = append(open, p.Content)
		}
	}
	if len(open) != len(a.Choices) || len(open) == 0 {
		return errors.New("the choices are not those that are opened")
	}
	for _, c := range a.Choices {
		if WordingHash(c.Lang, c.Words) != c.Wording {
			return fmt.Errorf("%s: the words are not those that were shown", c.Consent)
		}
		if c.Time.UnixMicro() != c.At {
			return fmt.Errorf("%s: two times", c.Consent)
		}
		i := slices.Index(open, string(c.canonical()))
		if i < 0 {
			return fmt.Errorf("%s: the choice is not what was committed", c.Consent)
		}
		open = slices.Delete(open, i, i+1)
	}
	if err := a.Opening.Verify(a.Inclusion.Kind, a.Inclusion.Commitment); err != nil {
		return err
	}
	return proof.Verify(a.Inclusion, vkey)
}

// Say tells in English what a verified passport proves, a line for each choice.
func (p Passport) Say() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Introduction %s of request %s, by %s (%s), issued %s.\n", p.Introduction, p.Reference, p.Operator, p.Network, p.Issued.Format(time.RFC3339))
	for _, a := range p.Acts {
		for _, c := range a.Choices {
			answer := "no"
			if c.Granted {
				answer = "yes"
			}
			fmt.Fprintf(&b, "%s, %s, by %s: %s\n", c.Time.UTC().Format(time.RFC3339), answer, c.Channel, c.Words)
		}
	}
	return b.String()
}
