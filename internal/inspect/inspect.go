// Package inspect makes the inspection pack: what shows to an authority, or to an auditor, how a network keeps personal data, in one file that
// is sealed by the proof log's key and is checked without database and network.
//
// A pack is a zip file whose comment is its seal. The seal signs every byte before it, and a leaf of the proof log commits to it, so that the
// pack is dated by the log. Nothing in it names a person: cases, files and acts stand there by reference. What the officer wrote about breaches,
// assessments and reviews is part of those registers, and stands there as he wrote it.
package inspect

import (
	"archive/zip"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/inbox"
	"entremise/internal/oversight"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/request"
)

// Parts are what the composition root gives.
type Parts struct {
	DB        *db.DB
	Editions  *edition.Store
	Documents *document.Service
	Life      *privacy.Engine
	Inbox     *inbox.Service
	Oversight *oversight.Service
	Requests  *request.Service
	Proof     *proof.Log
	URL       func(host, path string) string
	After     func(time.Duration) <-chan time.Time // machine time, to wait for the log
}

// Service makes packs. Safe for concurrent use.
type Service struct{ Parts }

// New makes the service.
func New(p Parts) *Service { return &Service{p} }

const (
	format   = "entremise inspection 1"
	leafKind = "inspection"
)

// Manifest lists what a pack holds; it is the file manifest.json of it.
type Manifest struct {
	Format   string    `json:"format"`
	Network  string    `json:"network"`
	Operator string    `json:"operator"`
	Edition  string    `json:"edition"` // in force when it was made
	Made     time.Time `json:"made"`
	By       string    `json:"by"` // account id
	Files    []Listed  `json:"files"`
}

// Listed is a file of a pack.
type Listed struct {
	Name   string `json:"name"`
	About  string `json:"about"`
	Size   int    `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Statement is what the seal says and the log commits to.
type Statement struct {
	Format string `json:"format"`
	ID     string `json:"id"`
	SHA256 string `json:"sha256"` // of the pack up to its seal
	Nonce  string `json:"nonce"`  // makes its commitment say nothing to who does not have the pack
}

// Seal stands in the zip file's comment, as one line of JSON, and its SHA-256 on the next.
type Seal struct {
	Statement Statement       `json:"statement"`
	Key       string          `json:"key"`       // verifier key of the log, as the operator publishes it: compare it with what he says elsewhere
	Signature string          `json:"signature"` // signed note over the statement
	Inclusion proof.Inclusion `json:"inclusion"` // of the statement's leaf
	Extends   proof.Link      `json:"extends"`   // the checkpoint of the inclusion extends the last one of log/checkpoints.json
}

// signed is the text that is signed: its first line says what it is.
func (s Statement) signed() string {
	sum := sha256.Sum256(s.bytes())
	return format + "\n" + hex.EncodeToString(sum[:]) + "\n"
}

func (s Statement) bytes() []byte { return encode(s) }

// encode is for values whose types cannot fail; one value has one text.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("inspect: %T does not marshal: %v", v, err))
	}
	return b
}

var errSlow = fault.New(fault.Unavailable, "log-slow", fault.T("Le journal des preuves ne répond pas assez vite. Réessayez dans une minute.", "The proof log does not answer fast enough. Try again in a minute."))

// Period bounds what a pack tells of cases, erasures and acts: from an instant to before another. A zero instant is no bound.
type Period struct{ From, Until time.Time }

// Made is a pack that was written.
type Made struct {
	ID   string
	Size int64 // bytes
}

// Make gathers a pack, writes it as it goes and seals it at its end; an error leaves what was written without a seal, which no verifier takes. It leaves a
// line before anything is read. It takes seconds, and holds no more of a long register than a page of it. A fault on until is of a period that ends
// before it begins.
func (s *Service) Make(ctx context.Context, actor auth.Actor, p Period, to io.Writer) (made Made, err error) {
	if err := actor.May(auth.InspectMake); err != nil {
		return made, audit.Refuse(ctx, s.DB, actor.Name(), actor.As(auth.InspectMake), "inspect.make", "", err, "")
	}
	var c fault.Check
	c.That(p.Until.IsZero() || p.Until.After(p.From), "until", fault.T("La fin de la période vient après son début.", "The end of the period comes after its beginning."))
	if err := c.Err(); err != nil {
		return made, err
	}
	made.ID = s.DB.NewID("ins")
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.InspectMake), "inspect.make", made.ID, false); err != nil {
		return made, err
	}
	now := s.DB.Now()
	if p.Until.IsZero() || p.Until.After(now) { // what happens while it is made is not in one file and missing in the next
		p.Until = now.Add(time.Microsecond)
	}
	out := &open{to: to, sum: sha256.New()}
	g := gathering{Service: s, ctx: ctx, actor: actor, period: p, zip: zip.NewWriter(out), names: map[string]bool{}}
	if err := g.all(); err != nil {
		return made, err
	}
	m := Manifest{Format: format, Network: g.n.Network, Operator: g.n.Operator.Name, Edition: g.n.Hash(), Made: now.UTC(), By: actor.Name(), Files: g.listed}
	if err := g.json(manifestName, "", m); err != nil {
		return made, err
	}
	if err := g.zip.Close(); err != nil {
		return made, err
	}
	seal, err := s.seal(ctx, made.ID, out.sum.Sum(nil), g.last)
	if err != nil {
		return made, err
	}
	n := len(seal)
	_, err = to.Write(slices.Concat([]byte{byte(n), byte(n >> 8)}, seal))
	made.Size = out.size + commentLength + int64(n)
	return made, err
}

const manifestName = "manifest.json"

// open writes a zip file but for its last two bytes, which say that it has no comment: there the seal will stand. It sums up what it wrote.
type open struct {
	to   io.Writer
	sum  hash.Hash
	size int64
	tail []byte
}

func (o *open) Write(p []byte) (int, error) {
	all := slices.Concat(o.tail, p)
	out := all[:max(0, len(all)-commentLength)]
	o.tail = all[len(out):]
	o.sum.Write(out) // never fails
	o.size += int64(len(out))
	if _, err := o.to.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// seal signs the sum of a zip file's bytes up to the length of its comment, commits to it in the log, and waits until the log has signed that.
func (s *Service) seal(ctx context.Context, id string, sum []byte, last int64) ([]byte, error) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails, since Go 1.24
	st := Statement{format, id, hex.EncodeToString(sum), hex.EncodeToString(nonce[:])}
	leaf := ""
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		leaf, err = proof.CommitSecret(tx, leafKind, id, st.bytes())
		return err
	})
	if err != nil {
		return nil, err
	}
	out := Seal{Statement: st, Key: s.Proof.VerifierKey()}
	if out.Signature, err = s.Proof.Sign(st.signed()); err != nil {
		return nil, err
	}
	for tries := 0; ; tries++ {
		if out.Inclusion, err = s.Proof.Prove(ctx, leaf); !errors.Is(err, proof.ErrWaiting) {
			break
		}
		if tries == mostTries {
			return nil, errSlow
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.After(pause):
		}
	}
	if err != nil {
		return nil, err
	}
	tree, err := proof.OpenCheckpoint(out.Inclusion.Checkpoint, out.Key)
	if err != nil {
		return nil, err
	}
	if out.Extends, err = s.Proof.Extends(ctx, last, tree.Size); err != nil {
		return nil, err
	}
	text := encode(out)
	return append(text, "\n"+checksum(text)...), nil
}

func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// How long the log is waited for: ten seconds.
const (
	pause     = 100 * time.Millisecond
	mostTries = 100
)

// commentLength is how many bytes at the end of a zip file without a comment say so (APPNOTE 4.3.16).
const commentLength = 2
