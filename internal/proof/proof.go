// Package proof keeps one append-only Merkle log (RFC 6962 hashing) of salted commitments to what somebody may later doubt: consents, dispatch
// decisions, sale k of N.
//
// The promise is the leaf: [Commit] inserts it, unordered and durable, in the business transaction. One leaseholder numbers what waits in
// small batches, extends the tree and signs a checkpoint (C2SP tlog-checkpoint, Ed25519). A crash before that leaves leaves that wait; the
// next leader numbers them. Content never enters the log: an entry is a word for the kind and a digest. Destroying the salt, which is
// sealed with the key of its person and category, makes the entry mute, and every other proof still verifies.
package proof

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"entremise/internal/db"
	"entremise/internal/vault"
)

// Leaf is a promise. Person and Category say whose key seals its salt.
type Leaf struct {
	Kind     string // consent, decision, sale, seed…; public
	Object   string
	Person   string
	Category string
}

// Commitment is the digest that the log holds: SHA-256 over the salt, the kind and the content, each with its length.
func Commitment(kind string, salt, content []byte) []byte {
	h := sha256.New()
	h.Write([]byte("entremise commitment 1\x00"))
	for _, part := range [][]byte{salt, []byte(kind), content} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return h.Sum(nil)
}

// Entry is the line that is hashed into the tree.
func Entry(kind string, commitment []byte) []byte {
	return []byte("entremise.1 " + kind + " " + hex.EncodeToString(commitment) + "\n")
}

// saltAt is where the salt of a leaf is sealed.
func saltAt(id string) vault.Place {
	return vault.Place{Table: "proof_leaf", Column: "salt_sealed", Row: id}
}

// Commit inserts one leaf in tx for the contents of one act, and returns its id. Its own content is the list of their commitments, each with a
// salt of its own, so that one can be opened to somebody without the others. Contents are canonical and can be rebuilt from the rows that they
// speak of.
func Commit(tx *db.Tx, r *vault.Ring, l Leaf, contents ...[]byte) (id string, err error) {
	var salt [32]byte
	if _, err := rand.Read(salt[:]); err != nil {
		return "", err
	}
	id = tx.NewID("leaf")
	return id, insert(tx, leafRow{id, l, setCommitment(l.Kind, salt[:], contents), r.Seal(l.Category, saltAt(id), salt[:])})
}

// setCommitment commits to contents in the order of their bytes. Every salt derives from the leaf's: knowing one tells nothing of another.
func setCommitment(kind string, salt []byte, contents [][]byte) []byte {
	var list []byte
	for i, c := range slices.SortedFunc(slices.Values(contents), bytes.Compare) {
		list = append(list, Commitment(kind, derive(salt, "part "+strconv.Itoa(i)), c)...)
	}
	return Commitment(kind, derive(salt, "set"), list)
}

// CommitSecret inserts the leaf of a content that is its own salt: a random seed. The commitment uses an empty salt.
func CommitSecret(tx *db.Tx, kind, object string, secret []byte) (id string, err error) {
	id = tx.NewID("leaf")
	return id, insert(tx, leafRow{id, Leaf{Kind: kind, Object: object}, Commitment(kind, nil, secret), []byte{}})
}

type leafRow struct {
	id         string
	leaf       Leaf
	commitment []byte
	sealed     []byte
}

func insert(tx *db.Tx, r leafRow) error {
	if strings.ContainsAny(r.leaf.Kind, " \n") {
		return fmt.Errorf("proof: kind %q is not one word", r.leaf.Kind)
	}
	at := db.Micros(tx.Now())
	if err := tx.Send("INSERT INTO proof_leaf (id, at, kind, object, person_id, category, commitment_hash, salt_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		r.id, at, r.leaf.Kind, r.leaf.Object, r.leaf.Person, r.leaf.Category, r.commitment, r.sealed); err != nil {
		return err
	}
	err := tx.Send("INSERT INTO proof_wait (leaf_id, at) VALUES ($1, $2)", r.id, at)
	tx.Wake("proof")
	return err
}

// Log sequences, signs and proves. Safe for concurrent use.
type Log struct {
	db     *db.DB
	lease  *db.Lease
	signer note.Signer
	vkey   string
	origin string

	mu   sync.Mutex
	edge map[int64]tlog.Hash // nodes that the last round used or made: they never change, and the next one needs nearly the same
}

// New makes the log of one network. origin names it in checkpoints (a host name and path, no spaces); seed is 32 secret bytes.
func New(d *db.DB, origin string, seed []byte) (*Log, error) {
	pub := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	key := append([]byte{1}, pub...) // 1: Ed25519 (C2SP signed-note)
	sum := sha256.Sum256([]byte(origin + "\n" + string(key)))
	id := hex.EncodeToString(sum[:4])
	signer, err := note.NewSigner("PRIVATE+KEY+" + origin + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	if err != nil {
		return nil, fmt.Errorf("proof: %w", err)
	}
	return &Log{db: d, lease: d.Lease("proof"), signer: signer, origin: origin,
		vkey: origin + "+" + id + "+" + base64.StdEncoding.EncodeToString(key)}, nil
}

// VerifierKey is what a verifier needs to trust checkpoints: name+id+key.
func (l *Log) VerifierKey() string { return l.vkey }

// sequenceBatch bounds one transaction of the sequencer.
const sequenceBatch = 512

// Sequence numbers what waits and signs a checkpoint, until nothing waits. Only the leaseholder does anything; others answer nil.
func (l *Log) Sequence(ctx context.Context) error {
	for {
		leads, err := l.lease.Hold(ctx)
		if err != nil || !leads {
			return err
		}
		n := 0
		var used map[int64]tlog.Hash
		err = l.db.WriteSoon(ctx, func(tx *db.Tx) error {
			if err := l.lease.Guard(tx); err != nil {
				return err
			}
			n, used, err = l.batch(tx)
			return err
		})
		if err == nil && n > 0 {
			l.mu.Lock()
			l.edge = used
			l.mu.Unlock()
		}
		if errors.Is(err, db.ErrLost) {
			return nil
		}
		if err != nil || n < sequenceBatch {
			return err
		}
	}
}

// batch is one step of the sequencer: how many leaves it numbered, and the nodes that it used or made. Everything it reads is either immutable
// or guarded by the lease.
func (l *Log) batch(tx *db.Tx) (int, map[int64]tlog.Hash, error) {
	type waiting struct {
		at         int64
		id, kind   string
		commitment []byte
	}
	leaves, err := db.List(tx, func(s db.Scanner) (w waiting, err error) { err = s.Scan(&w.at, &w.id, &w.kind, &w.commitment); return },
		"SELECT w.at, w.leaf_id, l.kind, l.commitment_hash FROM proof_wait w JOIN proof_leaf l ON l.id = w.leaf_id ORDER BY w.at, w.leaf_id LIMIT "+strconv.Itoa(sequenceBatch)) // a number: SQLite plans a statement anew for every value of LIMIT $1
	if err != nil || len(leaves) == 0 {
		return 0, nil, err
	}
	size, err := latestSize(tx)
	if err != nil {
		return 0, nil, err
	}
	l.mu.Lock()
	edge := l.edge
	l.mu.Unlock()
	used := map[int64]tlog.Hash{}
	read := reader(tx, edge, used)
	var nodes, entries [][]any
	for _, w := range leaves {
		hashes, err := tlog.StoredHashes(size, Entry(w.kind, w.commitment), read)
		if err != nil {
			return 0, nil, err
		}
		at := tlog.StoredHashIndex(0, size)
		for k, h := range hashes {
			used[at+int64(k)] = h
			nodes = append(nodes, []any{at + int64(k), h[:]})
		}
		entries = append(entries, []any{size, w.id})
		size++
	}
	for part := range slices.Chunk(nodes, 64) { // few texts, so that they stay prepared
		marks, args := db.Rows(part...)
		if err := tx.Send("INSERT INTO proof_node (position, node_hash) VALUES "+marks, args...); err != nil {
			return 0, nil, err
		}
	}
	for part := range slices.Chunk(entries, 64) {
		marks, args := db.Rows(part...)
		if err := tx.Send("INSERT INTO proof_entry (position, leaf_id) VALUES "+marks, args...); err != nil {
			return 0, nil, err
		}
	}
	for _, w := range leaves {
		if err := tx.Send("DELETE FROM proof_wait WHERE at = $1 AND leaf_id = $2", w.at, w.id); err != nil {
			return 0, nil, err
		}
	}
	root, err := tlog.TreeHash(size, read)
	if err != nil {
		return 0, nil, err
	}
	signed, err := note.Sign(&note.Note{Text: l.origin + "\n" + strconv.FormatInt(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root[:]) + "\n"}, l.signer)
	if err != nil {
		return 0, nil, err
	}
	err = tx.Send("INSERT INTO proof_checkpoint (size, at, note) VALUES ($1, $2, $3)", size, db.Micros(tx.Now()), string(signed))
	return len(leaves), used, err
}

func latestSize(tx *db.Tx) (int64, error) {
	return db.Value[int64](tx, "SELECT coalesce(max(size), 0) FROM proof_checkpoint")
}

// reader gives tlog hashes, from used, from edge, else from the table, and notes in used what it gave.
func reader(tx *db.Tx, edge, used map[int64]tlog.Hash) tlog.HashReaderFunc {
	return func(positions []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(positions))
		for i, p := range positions {
			h, ok := used[p]
			if !ok {
				h, ok = edge[p]
			}
			if !ok {
				b, err := db.Value[[]byte](tx, "SELECT node_hash FROM proof_node WHERE position = $1", p)
				if err != nil {
					return nil, fmt.Errorf("proof: node %d: %w", p, err)
				}
				copy(h[:], b)
			}
			out[i], used[p] = h, h
		}
		return out, nil
	}
}

// Run sequences whenever something waits, until ctx ends. after waits by machine time.
func (l *Log) Run(ctx context.Context, after func(time.Duration) <-chan time.Time, report func(error)) {
	woken, end := l.db.Listen("proof")
	defer end()
	for ctx.Err() == nil {
		if err := l.Sequence(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
		case <-woken:
		case <-after(time.Second):
		}
	}
}

// Checkpoint is the newest signed checkpoint, or "" while the log is empty.
func (l *Log) Checkpoint(ctx context.Context) (signed string, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		signed, err = db.Value[string](tx, "SELECT note FROM proof_checkpoint ORDER BY size DESC LIMIT 1")
		if errors.Is(err, db.ErrNone) {
			signed, err = "", nil
		}
		return err
	})
	return signed, err
}

// Inclusion proves that a leaf is in the tree of a checkpoint.
type Inclusion struct {
	Position   int64    `json:"position"`
	Kind       string   `json:"kind"`
	Commitment string   `json:"commitment"`
	Path       []string `json:"path"`
	Checkpoint string   `json:"checkpoint"`
}

// ErrWaiting says that a leaf is promised and not yet numbered.
var ErrWaiting = errors.New("proof: not yet in a checkpoint")

// Prove returns the proof that the leaf is in the newest tree; ErrWaiting while it is not, db.ErrNone for an unknown one.
func (l *Log) Prove(ctx context.Context, leaf string) (Inclusion, error) {
	return l.ProveAt(ctx, leaf, 0)
}

// ProveAt is Prove for the tree of a checkpoint of that size: ErrWaiting when the leaf came later, db.ErrNone when none of that size was signed. 0 is the
// newest.
func (l *Log) ProveAt(ctx context.Context, leaf string, size int64) (p Inclusion, err error) {
	err = l.db.Read(ctx, func(tx *db.Tx) error {
		p, err = prove(tx, leaf, size)
		return err
	})
	return p, err
}

func prove(tx *db.Tx, leaf string, size int64) (p Inclusion, err error) {
	var commitment []byte
	if err := tx.Get(db.Into(&p.Kind, &commitment), "SELECT kind, commitment_hash FROM proof_leaf WHERE id = $1", leaf); err != nil {
		return p, err
	}
	p.Commitment = hex.EncodeToString(commitment)
	p.Position, err = db.Value[int64](tx, "SELECT position FROM proof_entry WHERE leaf_id = $1", leaf)
	if errors.Is(err, db.ErrNone) {
		return p, ErrWaiting
	}
	if err != nil {
		return p, err
	}
	if size == 0 {
		if size, err = latestSize(tx); err != nil {
			return p, err
		}
	}
	if p.Checkpoint, err = db.Value[string](tx, "SELECT note FROM proof_checkpoint WHERE size = $1", size); err != nil {
		return p, err
	}
	if p.Position >= size {
		return p, ErrWaiting
	}
	path, err := tlog.ProveRecord(size, p.Position, reader(tx, nil, map[int64]tlog.Hash{}))
	p.Path = make([]string, len(path))
	for i, h := range path {
		p.Path[i] = hex.EncodeToString(h[:])
	}
	return p, err
}

// Verify checks an inclusion against a verifier key, without the database.
func Verify(p Inclusion, vkey string) error {
	t, err := OpenCheckpoint(p.Checkpoint, vkey)
	if err != nil {
		return err
	}
	commitment, err := hex.DecodeString(p.Commitment)
	if err != nil {
		return errors.New("proof: the commitment is no hash")
	}
	path := make(tlog.RecordProof, len(p.Path))
	for i, s := range p.Path {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != tlog.HashSize {
			return errors.New("proof: the path holds something that is no hash")
		}
		path[i] = tlog.Hash(b)
	}
	return tlog.CheckRecord(path, t.Size, t.root, p.Position, tlog.RecordHash(Entry(p.Kind, commitment)))
}

// Check recomputes a leaf's commitment from its contents, in any order and all of them, and opens its salt with r: nil when they are what was
// promised. A leaf without a salt is one of [CommitSecret], and its content is the secret.
func Check(tx *db.Tx, r *vault.Ring, leaf string, contents ...[]byte) error {
	var kind, category string
	var commitment, sealed []byte
	if err := tx.Get(db.Into(&kind, &category, &commitment, &sealed), "SELECT kind, category, commitment_hash, salt_sealed FROM proof_leaf WHERE id = $1", leaf); err != nil {
		return err
	}
	var want []byte
	if len(sealed) == 0 && category != "" {
		return vault.ErrErased
	}
	if secret := len(sealed) == 0; secret {
		want = Commitment(kind, nil, bytes.Join(contents, nil))
	} else {
		salt, err := r.Open(category, saltAt(leaf), sealed)
		if err != nil {
			return err
		}
		want = setCommitment(kind, salt, contents)
	}
	if !bytes.Equal(commitment, want) {
		return errors.New("proof: the content is not what was committed")
	}
	return nil
}

// Seed returns the secret of a day that breaks ties, making it and committing to it before its first use. day is an ISO date.
func Seed(tx *db.Tx, day string) ([]byte, error) {
	var fresh [32]byte
	seed, err := db.Value[[]byte](tx, "SELECT seed FROM proof_seed WHERE day_on = $1", day)
	if !errors.Is(err, db.ErrNone) {
		return seed, err
	}
	if _, err := rand.Read(fresh[:]); err != nil {
		return nil, err
	}
	leaf, err := CommitSecret(tx, "seed", day, fresh[:])
	if err != nil {
		return nil, err
	}
	err = tx.Send("INSERT INTO proof_seed (day_on, seed, leaf_id) VALUES ($1, $2, $3)", day, fresh[:], leaf)
	return fresh[:], err
}
