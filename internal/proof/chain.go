package proof

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"entremise/internal/db"
)

// Link is a signed checkpoint and the proof that the one before it, in a chain, is a prefix of its tree (RFC 6962 §2.1.2). The first has none.
type Link struct {
	Checkpoint string   `json:"checkpoint"`
	Proof      []string `json:"consistency,omitempty"`
}

// Chain gives at most n signed checkpoints, from the first to the newest and evenly spread between them, each proved to extend the one before.
func (l *Log) Chain(ctx context.Context, n int) (chain []Link, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		chain = nil
		sizes, err := db.Values[int64](tx, "SELECT size FROM proof_checkpoint ORDER BY size")
		if err != nil || len(sizes) == 0 {
			return err
		}
		picked := sizes
		if n = max(n, 2); len(sizes) > n {
			picked = nil
			for i := range n {
				picked = append(picked, sizes[i*(len(sizes)-1)/(n-1)])
			}
		}
		before := int64(0)
		for _, size := range picked {
			link, err := l.extend(tx, before, size)
			if err != nil {
				return err
			}
			chain = append(chain, link)
			before = size
		}
		return nil
	})
	return chain, err
}

// Extends proves that the checkpoint of one size extends that of another, not larger; db.ErrNone unless both were signed. 0 for the first asks for no proof,
// 0 for the second is the newest.
func (l *Log) Extends(ctx context.Context, before, size int64) (link Link, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		if size == 0 {
			if size, err = latestSize(tx); err != nil {
				return err
			}
		}
		if before < 0 || before > size {
			return db.ErrNone
		}
		if before > 0 {
			if _, err := db.Value[int64](tx, "SELECT size FROM proof_checkpoint WHERE size = $1", before); err != nil {
				return err
			}
		}
		link, err = l.extend(tx, before, size)
		return err
	})
	return link, err
}

func (l *Log) extend(tx *db.Tx, before, size int64) (link Link, err error) {
	if link.Checkpoint, err = db.Value[string](tx, "SELECT note FROM proof_checkpoint WHERE size = $1", size); err != nil || before == 0 {
		return link, err
	}
	path, err := tlog.ProveTree(size, before, reader(tx, nil, map[int64]tlog.Hash{}))
	for _, h := range path {
		link.Proof = append(link.Proof, hex.EncodeToString(h[:]))
	}
	return link, err
}

// Tree is what a checkpoint signs.
type Tree struct {
	Size int64
	root tlog.Hash
}

// OpenCheckpoint checks the signature of a checkpoint and reads it.
func OpenCheckpoint(signed, vkey string) (t Tree, err error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return t, err
	}
	n, err := note.Open([]byte(signed), note.VerifierList(v))
	if err != nil {
		return t, fmt.Errorf("proof: the checkpoint's signature: %w", err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != v.Name() {
		return t, errors.New("proof: not a checkpoint of this log")
	}
	if t.Size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || t.Size < 1 {
		return t, errors.New("proof: the checkpoint's size is no number")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return t, errors.New("proof: the checkpoint's root is no hash")
	}
	t.root = tlog.Hash(root)
	return t, nil
}

// VerifyChain checks links one after the other, without the database: every signature, and that each tree extends the one before. It answers the last.
func VerifyChain(chain []Link, vkey string) (last Tree, err error) {
	for i, l := range chain {
		t, err := OpenCheckpoint(l.Checkpoint, vkey)
		if err != nil {
			return last, fmt.Errorf("checkpoint %d: %w", i+1, err)
		}
		if i > 0 {
			if err := last.extendedBy(t, l.Proof); err != nil {
				return last, fmt.Errorf("checkpoint %d: %w", i+1, err)
			}
		}
		last = t
	}
	return last, nil
}

func (t Tree) extendedBy(next Tree, path []string) error {
	proof := make(tlog.TreeProof, len(path))
	for i, s := range path {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != tlog.HashSize {
			return errors.New("proof: the consistency proof holds something that is no hash")
		}
		proof[i] = tlog.Hash(b)
	}
	return tlog.CheckTree(proof, next.Size, next.root, t.Size, t.root)
}

// Root is that of the tree, in base64 as a checkpoint has it.
func (t Tree) Root() string { return base64.StdEncoding.EncodeToString(t.root[:]) }
