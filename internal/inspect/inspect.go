// Package inspect makes the inspection pack: what shows to an authority, or to an auditor, how a network keeps personal data, in one file that
// is sealed by the proof log's key and is checked without database and network.
//
// A pack is a zip file whose comment is its seal. The seal signs every byte before it, and a leaf of the proof log commits to it, so that the
// pack is dated by the log. Nothing in it names a person: cases, files and acts stand there by reference. What the officer wrote about breaches,
// assessments and reviews is part of those registers, and stands there as he wrote it.
package inspect

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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

// Make gathers, seals and answers a pack. It leaves a line before anything is read. It takes seconds and holds the pack in memory.
func (s *Service) Make(ctx context.Context, actor auth.Actor) (pack []byte, id string, err error) {
	if err := actor.May(auth.InspectMake); err != nil {
		return nil, "", audit.Refuse(ctx, s.DB, actor.Name(), actor.As(auth.InspectMake), "inspect.make", "", err, "")
	}
	id = s.DB.NewID("ins")
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.InspectMake), "inspect.make", id, false); err != nil {
		return nil, "", err
	}
	g := gathering{Service: s, ctx: ctx, actor: actor}
	if err := g.all(); err != nil {
		return nil, "", err
	}
	m := Manifest{Format: format, Network: g.n.Network, Operator: g.n.Operator.Name, Edition: g.n.Hash(), Made: s.DB.Now().UTC(), By: actor.Name()}
	for _, f := range g.files {
		sum := sha256.Sum256(f.body)
		m.Files = append(m.Files, Listed{f.name, f.about, len(f.body), hex.EncodeToString(sum[:])})
	}
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return nil, "", err
	}
	body, err := zipped(slices.Concat([]file{{name: manifestName, body: text}}, g.files))
	if err != nil {
		return nil, "", err
	}
	seal, err := s.seal(ctx, id, body, g.last)
	if err != nil {
		return nil, "", err
	}
	return closed(body, seal), id, nil
}

const manifestName = "manifest.json"

// file is one of a pack.
type file struct {
	name, about string
	body        []byte
}

func zipped(files []file) ([]byte, error) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := to.Write(f.body); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return b.Bytes(), err
}

// seal signs a zip file's bytes up to the length of its comment, commits to them in the log, and waits until the log has signed that.
func (s *Service) seal(ctx context.Context, id string, body []byte, last int64) ([]byte, error) {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails, since Go 1.24
	sum := sha256.Sum256(body[:len(body)-commentLength])
	st := Statement{format, id, hex.EncodeToString(sum[:]), hex.EncodeToString(nonce[:])}
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

// closed puts the seal where a zip file's comment stands.
func closed(body, seal []byte) []byte {
	n := len(seal)
	return slices.Concat(body[:len(body)-commentLength], []byte{byte(n), byte(n >> 8)}, seal)
}
