// Package vault seals personal data: one data key per person and category, so that erasing means destroying keys, and scopes of erasure
// are scopes of keys.
//
// Data keys lie wrapped in a key store apart from the database, eight side by side in a bunch that belongs to one person. Bunches are
// minted there ahead, in batches, and only assigned inside a business transaction (a row of person_key that names the category of each
// key), so that a transaction does no I/O of its own and needs no second durable sync. A crash leaves minted keys that nobody uses, never
// a sealed value without its key. Erasing overwrites the wrapped key, alone or with its whole bunch; what it sealed is noise from then
// on, in the database, its backups and its replicas alike.
//
// What is archived is sealed again under a key of its own, wrapped by the archive's wrapping key, and the live key is destroyed: no page
// opens it any more, only a ring that was asked for the archive ([Vault.ArchiveRing]).
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
	// ErrArchived says that a value lies in the archive, and that this ring was not asked for it. To whoever may not open the archive it is
	// as good as erased, and is ErrErased too.
	ErrArchived = fmt.Errorf("vault: archived, %w", ErrErased)
	// ErrForged says that a sealed value does not stand where it was sealed, was changed, or belongs to another key.
	ErrForged = errors.New("vault: a sealed value does not open where it stands")
)

// MasterSize is the length of the master key in bytes.
const MasterSize = 32

// Vault seals, opens, indexes and erases. Safe for concurrent use.
type Vault struct {
	main *db.DB
	keys *db.DB
	live mint
	past mint      // keys of the archive
	macs sync.Pool // of HMACs that key the blind indexes
	sub  func(purpose string) []byte
}

// mint makes data keys under one wrapping key.
type mint struct {
	kek   cipher.AEAD
	batch int // how many bunches are made durable at once

	mu   sync.Mutex
	pool []bunch // minted, durable in the key store, not yet assigned by this node
}

// archived is how the name of a category's archive key begins, and mark how an archived value does: random nonces begin the others.
const (
	archived = "archive."
	mark     = "\x00archive"
)

// mint is the one that makes the keys of a category.
func (v *Vault) mint(category string) *mint {
	if strings.HasPrefix(category, archived) {
		return &v.past
	}
	return &v.live
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
// store, never in either database, and archive as many others: it wraps the keys of the archive, every other key derives from master.
func New(main, keys *db.DB, master, archive []byte) (*Vault, error) {
	if len(master) != MasterSize || len(archive) != MasterSize {
		return nil, fmt.Errorf("vault: the master key and the archive key must be %d bytes each", MasterSize)
	}
	derive := func(from []byte, purpose string) []byte {
		k, err := hkdf.Key(sha256.New, from, nil, "entremise/1 "+purpose, 32)
		if err != nil {
			panic(err) // only a wrong length can fail, and it is constant
		}
		return k
	}
	sub := func(purpose string) []byte { return derive(master, purpose) }
	index := sub("blind index")
	return &Vault{main: main, keys: keys, live: mint{kek: gcm(sub("wrap data keys")), batch: 128}, past: mint{kek: gcm(derive(archive, "wrap archive keys")), batch: 32}, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, index) }}, sub: sub}, nil
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

// fresh takes n minted bunches, minting a batch when too few are left.
func (v *Vault) fresh(ctx context.Context, m *mint, n int) ([]bunch, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.pool) < n {
		minted := make([]bunch, m.batch)
		for i := range minted {
			b := bunch{id: v.keys.NewID("key")}
			for slot := range bunchSize {
				var key [KeySize]byte
				if _, err := rand.Read(key[:]); err != nil {
					return nil, err
				}
				b.keys = append(b.keys, m.kek.Seal(nil, nil, key[:], bound(b.id, slot))...)
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
		m.pool = append(m.pool, minted...)
	}
	taken := m.pool[len(m.pool)-n:]
	m.pool = m.pool[: len(m.pool)-n : len(m.pool)-n]
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
	live, past := split(need)
	for m, need := range map[*mint][]string{&v.live: live, &v.past: past} {
		parts := slices.Collect(slices.Chunk(need, bunchSize))
		taken, err := v.fresh(ctx, m, len(parts))
		if err != nil {
			return err
		}
		for i, part := range parts {
			for slot, c := range part {
				if r.keys[c], err = m.unwrap(taken[i], slot); err != nil {
					return err
				}
			}
			r.fresh = append(r.fresh, assigned{taken[i].id, part})
		}
	}
	return nil
}

// split parts the categories of live keys from those of the archive: a bunch is wrapped by one key.
func split(categories []string) (live, past []string) {
	for _, c := range categories {
		if strings.HasPrefix(c, archived) {
			past = append(past, c)
		} else {
			live = append(live, c)
		}
	}
	return live, past
}

// bound ties a wrapped key to its place in the key store.
func bound(id string, slot int) []byte { return append([]byte(id), '.', byte('0'+slot)) }

func (m *mint) unwrap(b bunch, slot int) (cipher.AEAD, error) {
	plain, err := m.kek.Open(nil, nil, b.slot(slot), bound(b.id, slot))
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

// Unlock loads the keys that KeysOf found, none of the archive. Every person has a ring, one without keys an empty ring.
func (v *Vault) Unlock(ctx context.Context, rows Held, people ...string) (map[string]*Ring, error) {
	return v.unlock(ctx, rows, false, people...)
}

// ArchiveRing loads a person's keys, those of the archive too, and mints the archive's for the categories that lack them, save where his were
// destroyed: nothing of that kind is left to archive. Its caller has checked who asks, and why.
func (v *Vault) ArchiveRing(ctx context.Context, person string, categories ...string) (*Ring, error) {
	var held Held
	if err := v.main.Read(ctx, func(tx *db.Tx) (err error) { held, err = KeysOf(tx, person); return err }); err != nil {
		return nil, err
	}
	rings, err := v.unlock(ctx, held, true, person)
	if err != nil {
		return nil, err
	}
	var need []string
	for _, c := range categories {
		if !rings[person].erased[archived+c] {
			need = append(need, archived+c)
		}
	}
	return rings[person], v.Add(ctx, rings[person], need...)
}

func (v *Vault) unlock(ctx context.Context, rows Held, past bool, people ...string) (map[string]*Ring, error) {
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
					if c == vacant {
						continue
					}
					if b.slot(slot) == nil {
						rings[a.person].erased[c] = true
						continue
					}
					m := v.mint(c)
					if m == &v.past && !past {
						continue
					}
					aead, err := m.unwrap(b, slot)
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
