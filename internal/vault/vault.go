// Package vault seals personal data: one data key per person and category, so that erasing means destroying keys, and scopes of erasure
// are scopes of keys.
//
// Data keys lie wrapped in a key store apart from the database, eight side by side in a bunch that belongs to one person. Bunches are
// minted there ahead, in batches, and only assigned inside a business transaction (a row of person_key that names the category of each
// key), so that a transaction does no I/O of its own and needs no second durable sync. A crash leaves minted keys that nobody uses, never
// a sealed value without its key. Erasing overwrites the wrapped key, alone or with its whole bunch; what it sealed is noise from then
// on, in the database, its backups and its replicas alike.
//
// No unwrapped key outlives the call that needed it: a [Ring] holds them and is dropped with the call.
package vault

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"entremise/internal/db"
)

//go:embed keys/*.sql
var keyFiles embed.FS

// KeySchema is the schema of the key store.
func KeySchema() fs.FS {
	sub, err := fs.Sub(keyFiles, "keys")
	if err != nil {
		panic(err) // compiled in
	}
	return sub
}

var (
	// ErrErased says that the key of what is asked was destroyed: the value is gone for good.
	ErrErased = errors.New("vault: erased")
	// ErrForged says that a sealed value does not stand where it was sealed, was changed, or belongs to another key.
	ErrForged = errors.New("vault: a sealed value does not open where it stands")
)

// MasterSize is the length of the master key in bytes.
const MasterSize = 32

// Vault seals, opens, indexes and erases. Safe for concurrent use.
type Vault struct {
	main *db.DB
	keys *db.DB
	kek  cipher.AEAD // wraps data keys
	macs sync.Pool   // of HMACs that key the blind indexes
	sub  func(purpose string) []byte

	mu   sync.Mutex
	pool []bunch // minted, durable in the key store, not yet assigned by this node
}

// bunch is bunchSize wrapped keys, each at its slot, stored as one value. A slot of zeros is an erased key, an empty value a bunch that
// was erased whole.
type bunch struct {
	id   string
	keys []byte
}

const (
	bunchSize = 8                 // a consumer with a request has seven categories, or eight
	slotSize  = 12 + KeySize + 16 // nonce, key, tag
)

// KeySize is the length of a data key in bytes.
const KeySize = 32

// slot is the wrapped key at i; nil when it is erased.
func (b bunch) slot(i int) []byte {
	if len(b.keys) < (i+1)*slotSize {
		return nil
	}
	k := b.keys[i*slotSize : (i+1)*slotSize]
	if bytes.Count(k, []byte{0}) == slotSize {
		return nil
	}
	return k
}

// New opens a vault over the business database and the key store. master is MasterSize random bytes that live in a file or a secret
// store, never in either database; every other key derives from it.
func New(main, keys *db.DB, master []byte) (*Vault, error) {
	if len(master) != MasterSize {
		return nil, fmt.Errorf("vault: the master key must be %d bytes", MasterSize)
	}
	sub := func(purpose string) []byte {
		k, err := hkdf.Key(sha256.New, master, nil, "entremise/1 "+purpose, 32)
		if err != nil {
			panic(err) // only a wrong length can fail, and it is constant
		}
		return k
	}
	index := sub("blind index")
	return &Vault{main: main, keys: keys, kek: gcm(sub("wrap data keys")), macs: sync.Pool{New: func() any { return hmac.New(sha256.New, index) }}, sub: sub}, nil
}

// Secret derives a key for another purpose (signing the log, private links, proof of work). The same purpose gives the same 32 bytes.
func (v *Vault) Secret(purpose string) []byte { return v.sub("secret " + purpose) }

// gcm is AES-256-GCM with a random nonce in front. A data key seals a few hundred values in its life; the wrapping key stays far below
// the 2^32 messages at which random nonces would come near to repeating.
func gcm(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length is constant
	}
	a, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return a
}

// batch is how many bunches one mint makes durable at once.
const batch = 128

// fresh takes n minted bunches, minting a batch when too few are left.
func (v *Vault) fresh(ctx context.Context, n int) ([]bunch, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.pool) < n {
		minted := make([]bunch, batch)
		for i := range minted {
			b := bunch{id: v.keys.NewID("key")}
			for slot := range bunchSize {
				var key [KeySize]byte
				if _, err := rand.Read(key[:]); err != nil {
					return nil, err
				}
				b.keys = append(b.keys, v.kek.Seal(nil, nil, key[:], bound(b.id, slot))...)
				clear(key[:])
			}
			minted[i] = b
		}
		err := v.keys.Write(ctx, func(tx *db.Tx) error {
			for part := range slices.Chunk(minted, 32) {
				rows := make([][]any, len(part))
				for i, b := range part {
					rows[i] = []any{b.id, b.keys, db.Micros(tx.Machine()), 0}
				}
				marks, args := db.Rows(rows...)
				if err := tx.Send("INSERT INTO data_key (id, wrapped_sealed, minted_at, erased_at) VALUES "+marks, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("vault: mint keys: %w", err)
		}
		v.pool = append(v.pool, minted...)
	}
	taken := v.pool[len(v.pool)-n:]
	v.pool = v.pool[: len(v.pool)-n : len(v.pool)-n]
	return taken, nil
}

// Ring holds the unwrapped keys of one person for the length of a call. It belongs to one goroutine and is never stored.
type Ring struct {
	person  string
	keys    map[string]cipher.AEAD
	erased  map[string]bool
	fresh   []assigned // bunches still to be assigned
	bunches int        // how many this person has
}

// assigned is a bunch with the category of each of its first keys.
type assigned struct {
	id         string
	categories []string
}

func newRing(person string) *Ring {
	return &Ring{person: person, keys: map[string]cipher.AEAD{}, erased: map[string]bool{}}
}

// New mints a ring for a person who has no keys yet. Seal with it before or inside the transaction; Assign must run in it.
func (v *Vault) New(ctx context.Context, person string, categories ...string) (*Ring, error) {
	r := newRing(person)
	return r, v.Add(ctx, r, categories...)
}

// Add mints keys for categories that the ring lacks; ErrErased for one whose key was destroyed: nothing of its kind is stored for this
// person again.
func (v *Vault) Add(ctx context.Context, r *Ring, categories ...string) error {
	var need []string
	for _, c := range categories {
		if r.erased[c] {
			return fmt.Errorf("%w: %s of %s", ErrErased, c, r.person)
		}
		if r.keys[c] == nil {
			need = append(need, c)
		}
	}
	parts := slices.Collect(slices.Chunk(need, bunchSize))
	taken, err := v.fresh(ctx, len(parts))
	if err != nil {
		return err
	}
	for i, part := range parts {
		for slot, c := range part {
			if r.keys[c], err = v.unwrap(taken[i], slot); err != nil {
				return err
			}
		}
		r.fresh = append(r.fresh, assigned{taken[i].id, part})
	}
	return nil
}

// bound ties a wrapped key to its place in the key store.
func bound(id string, slot int) []byte { return append([]byte(id), '.', byte('0'+slot)) }

func (v *Vault) unwrap(b bunch, slot int) (cipher.AEAD, error) {
	plain, err := v.kek.Open(nil, nil, b.slot(slot), bound(b.id, slot))
	if err != nil {
		return nil, fmt.Errorf("vault: key %s does not unwrap: is this the master key of this key store? %w", b.id, ErrForged)
	}
	defer clear(plain)
	return gcm(plain), nil
}

// Assign writes which key seals what. It belongs in the transaction that stores the first value sealed with the ring. When another
// transaction has given this person keys meanwhile, the transaction fails with db.ErrUnique: load the ring again and repeat.
func (r *Ring) Assign(tx *db.Tx) error {
	for i, a := range r.fresh {
		if err := tx.Send("INSERT INTO person_key (person_id, number, key_id, categories, assigned_at) VALUES ($1, $2, $3, $4, $5)",
			r.person, r.bunches+i, a.id, strings.Join(a.categories, " "), db.Micros(tx.Now())); err != nil {
			return err
		}
	}
	return nil
}

// Ring loads the keys of a person, and mints those of the named categories that he lacks (Assign then stores them).
func (v *Vault) Ring(ctx context.Context, person string, categories ...string) (*Ring, error) {
	rings, err := v.Rings(ctx, person)
	if err != nil {
		return nil, err
	}
	r := rings[person]
	return r, v.Add(ctx, r, categories...)
}

// Held says which bunches of keys people have.
type Held []assignment

type assignment struct {
	person string
	assigned
}

// KeysOf reads in tx which bunches people have, for a caller who reads something else there too; Unlock makes rings of them.
func KeysOf(tx *db.Tx, people ...string) (held Held, err error) {
	for part := range slices.Chunk(people, 200) {
		var args []any
		in := db.In(&args, part)
		found, err := db.List(tx, func(s db.Scanner) (a assignment, err error) {
			var categories string
			err = s.Scan(&a.person, &a.id, &categories)
			a.categories = strings.Fields(categories)
			return a, err
		}, "SELECT person_id, key_id, categories FROM person_key WHERE person_id IN ("+in+")", args...)
		if err != nil {
			return nil, err
		}
		held = append(held, found...)
	}
	return held, nil
}

// Rings loads the keys of several people at once, for lists. Every person asked for has a ring, an unknown one an empty ring.
func (v *Vault) Rings(ctx context.Context, people ...string) (map[string]*Ring, error) {
	var held Held
	if err := v.main.Read(ctx, func(tx *db.Tx) (err error) { held, err = KeysOf(tx, people...); return err }); err != nil {
		return nil, err
	}
	return v.Unlock(ctx, held, people...)
}

// Unlock loads the keys that KeysOf found. Every person has a ring, one without keys an empty ring.
func (v *Vault) Unlock(ctx context.Context, rows Held, people ...string) (map[string]*Ring, error) {
	rings := map[string]*Ring{}
	for _, p := range people {
		rings[p] = newRing(p)
	}
	of := map[string]assignment{}
	for _, a := range rows {
		of[a.id] = a
		rings[a.person].bunches++
	}
	for part := range slices.Chunk(rows, 400) {
		err := v.keys.Read(ctx, func(tx *db.Tx) error {
			ids := make([]string, len(part))
			for i, a := range part {
				ids[i] = a.id
			}
			var args []any
			in := db.In(&args, ids)
			return db.Each(tx, func(s db.Scanner) error {
				var b bunch
				if err := s.Scan(&b.id, &b.keys); err != nil {
					return err
				}
				a := of[b.id]
				for slot, c := range a.categories {
					if b.slot(slot) == nil {
						rings[a.person].erased[c] = true
						continue
					}
					aead, err := v.unwrap(b, slot)
					if err != nil {
						return err
					}
					rings[a.person].keys[c] = aead
				}
				return nil
			}, "SELECT id, wrapped_sealed FROM data_key WHERE id IN ("+in+")", args...)
		})
		if err != nil {
			return nil, err
		}
	}
	return rings, nil
}

// Place is where a sealed value stands; it opens nowhere else.
type Place struct{ Table, Column, Row string }

func (r *Ring) bound(category string, p Place) []byte {
	return []byte("entremise/1\x00" + r.person + "\x00" + category + "\x00" + p.Table + "\x00" + p.Column + "\x00" + p.Row)
}

// Seal encrypts a value for its place. Sealing without a key of that category is a defect of the caller and panics: it would otherwise
// store the value in plain text or lose it.
func (r *Ring) Seal(category string, p Place, plain []byte) []byte {
	a := r.keys[category]
	if a == nil {
		panic("vault: no key for " + category + " to seal " + p.Table + "." + p.Column)
	}
	return a.Seal(nil, nil, plain, r.bound(category, p))
}

// SealText is Seal for a string.
func (r *Ring) SealText(category string, p Place, plain string) []byte {
	return r.Seal(category, p, []byte(plain))
}

// Open decrypts a value at its place. An empty sealed value is an empty value: what was never given.
func (r *Ring) Open(category string, p Place, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	a := r.keys[category]
	if a == nil {
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrErased, p.Table, p.Column, p.Row)
	}
	plain, err := a.Open(nil, nil, sealed, r.bound(category, p))
	if err != nil {
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrForged, p.Table, p.Column, p.Row)
	}
	return plain, nil
}

// OpenText is Open for a string.
func (r *Ring) OpenText(category string, p Place, sealed []byte) (string, error) {
	b, err := r.Open(category, p, sealed)
	return string(b), err
}

// Index is the keyed blind index of a value: equal values of one kind have equal indexes, and nobody without the master key can try
// values. The caller normalises first (E.164, lower case, folded).
func (v *Vault) Index(kind, value string) string {
	if value == "" {
		return ""
	}
	m := v.macs.Get().(hash.Hash) // an intake asks a dozen times, and the key's own blocks are half of the work
	defer v.macs.Put(m)
	m.Reset()
	m.Write([]byte(kind + "\x00" + value))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// Erase destroys a person's keys of the given categories, all of them when none is named, and answers how many it destroyed. It is done
// when it answers nil, and doing it again changes nothing. The rows stay, mute; removing them is the lifecycle's business.
func (v *Vault) Erase(ctx context.Context, person string, categories ...string) (erased int, err error) {
	var rows Held
	err = v.main.Read(ctx, func(tx *db.Tx) error { rows, err = KeysOf(tx, person); return err })
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	err = v.keys.Write(ctx, func(tx *db.Tx) error {
		erased = 0
		for _, a := range rows {
			n, err := erase(tx, a.assigned, categories)
			if err != nil {
				return err
			}
			erased += n
		}
		return nil
	})
	return erased, err
}

// erase overwrites the keys of categories in one bunch, and the whole bunch once no category lives in it.
func erase(tx *db.Tx, a assigned, categories []string) (erased int, err error) {
	b := bunch{id: a.id}
	if b.keys, err = db.Value[[]byte](tx, "SELECT wrapped_sealed FROM data_key WHERE id = $1", a.id); err != nil {
		return 0, err
	}
	b.keys = bytes.Clone(b.keys)
	left := 0
	for slot, c := range a.categories {
		switch key := b.slot(slot); {
		case key == nil:
		case len(categories) == 0 || slices.Contains(categories, c):
			clear(key)
			erased++
		default:
			left++
		}
	}
	if erased == 0 {
		return 0, nil
	}
	if left == 0 {
		b.keys = []byte{}
	}
	_, err = tx.Exec("UPDATE data_key SET wrapped_sealed = $2, erased_at = $3 WHERE id = $1", a.id, b.keys, db.Micros(tx.Machine()))
	return erased, err
}
