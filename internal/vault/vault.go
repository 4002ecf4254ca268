// Package vault seals personal data: one data key per person and category, so that erasing means destroying keys, and scopes of erasure
// are scopes of keys.
//
// Data keys lie wrapped in a key store apart from the database. They are minted there ahead, in batches, and only assigned inside a
// business transaction (a row of person_key), so that a transaction does no I/O of its own and needs no second durable sync. A crash
// leaves minted keys that nobody uses, never a sealed value without its key. Erasing overwrites the wrapped key with a tombstone; what
// it sealed is noise from then on, in the database, its backups and its replicas alike.
//
// No unwrapped key outlives the call that needed it: a [Ring] holds them and is dropped with the call.
package vault

import (
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
	"io/fs"
	"maps"
	"slices"
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
	hash []byte      // keys the blind indexes
	sub  func(purpose string) []byte

	mu   sync.Mutex
	pool []wrapped // minted, durable in the key store, not yet assigned by this node
}

type wrapped struct {
	id  string
	key []byte // as stored: nonce and ciphertext
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
	return &Vault{main: main, keys: keys, kek: gcm(sub("wrap data keys")), hash: sub("blind index"), sub: sub}, nil
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

// batch is how many keys one mint makes durable at once.
const batch = 512

// fresh takes n minted keys, minting a batch when too few are left.
func (v *Vault) fresh(ctx context.Context, n int) ([]wrapped, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for len(v.pool) < n {
		minted := make([]wrapped, 0, batch)
		for range batch {
			var key [32]byte
			if _, err := rand.Read(key[:]); err != nil {
				return nil, err
			}
			id := v.keys.NewID("key")
			minted = append(minted, wrapped{id: id, key: v.kek.Seal(nil, nil, key[:], []byte(id))})
			clear(key[:])
		}
		err := v.keys.Write(ctx, func(tx *db.Tx) error {
			for _, m := range minted {
				if _, err := tx.Exec("INSERT INTO data_key (id, wrapped_sealed, minted_at, erased_at) VALUES ($1, $2, $3, 0)", m.id, m.key, db.Micros(tx.Machine())); err != nil {
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
	person string
	keys   map[string]cipher.AEAD
	fresh  map[string]string // category → key id, still to be assigned
	erased map[string]bool
}

// New mints a ring for a person who has no keys yet. Seal with it before or inside the transaction; Assign must run in it.
func (v *Vault) New(ctx context.Context, person string, categories ...string) (*Ring, error) {
	r := &Ring{person: person, keys: map[string]cipher.AEAD{}, fresh: map[string]string{}, erased: map[string]bool{}}
	return r, v.Add(ctx, r, categories...)
}

// Add mints keys for categories that the ring lacks.
func (v *Vault) Add(ctx context.Context, r *Ring, categories ...string) error {
	var need []string
	for _, c := range categories {
		if r.keys[c] == nil {
			need = append(need, c)
		}
	}
	taken, err := v.fresh(ctx, len(need))
	if err != nil {
		return err
	}
	for i, c := range need {
		aead, err := v.unwrap(taken[i].id, taken[i].key)
		if err != nil {
			return err
		}
		r.keys[c], r.fresh[c] = aead, taken[i].id
	}
	return nil
}

func (v *Vault) unwrap(id string, key []byte) (cipher.AEAD, error) {
	plain, err := v.kek.Open(nil, nil, key, []byte(id))
	if err != nil {
		return nil, fmt.Errorf("vault: key %s does not unwrap: is this the master key of this key store? %w", id, ErrForged)
	}
	defer clear(plain)
	return gcm(plain), nil
}

// Assign writes which key seals what. It belongs in the transaction that stores the first value sealed with the ring. When another
// transaction has given this person a key for the same category meanwhile, it answers db.ErrUnique: load the ring again and repeat.
func (r *Ring) Assign(tx *db.Tx) error {
	if len(r.fresh) == 0 {
		return nil
	}
	rows := make([][]any, 0, len(r.fresh))
	for _, c := range slices.Sorted(maps.Keys(r.fresh)) { // one text for one number of keys
		rows = append(rows, []any{r.person, c, r.fresh[c], db.Micros(tx.Now())})
	}
	marks, args := db.Rows(rows...)
	n, err := tx.Exec("INSERT INTO person_key (person_id, category, key_id, assigned_at) VALUES "+marks+" ON CONFLICT (person_id, category) DO NOTHING", args...)
	if err == nil && int(n) != len(rows) {
		err = db.ErrUnique
	}
	return err
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

// Rings loads the keys of several people at once, for lists. Every person asked for has a ring, an unknown one an empty ring.
func (v *Vault) Rings(ctx context.Context, people ...string) (map[string]*Ring, error) {
	rings := map[string]*Ring{}
	for _, p := range people {
		rings[p] = &Ring{person: p, keys: map[string]cipher.AEAD{}, fresh: map[string]string{}, erased: map[string]bool{}}
	}
	type row struct{ person, category, key string }
	var rows []row
	for part := range slices.Chunk(people, 200) {
		err := v.main.Read(ctx, func(tx *db.Tx) error {
			var args []any
			in := db.In(&args, part)
			found, err := db.List(tx, func(s db.Scanner) (r row, err error) { err = s.Scan(&r.person, &r.category, &r.key); return },
				"SELECT person_id, category, key_id FROM person_key WHERE person_id IN ("+in+")", args...)
			rows = append(rows, found...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	of := map[string]row{}
	var keys []string
	for _, r := range rows {
		of[r.key] = r
		keys = append(keys, r.key)
	}
	for part := range slices.Chunk(keys, 400) {
		err := v.keys.Read(ctx, func(tx *db.Tx) error {
			var args []any
			in := db.In(&args, part)
			return db.Each(tx, func(s db.Scanner) error {
				var id string
				var key []byte
				var erased int64
				if err := s.Scan(&id, &key, &erased); err != nil {
					return err
				}
				r := rings[of[id].person]
				if erased != 0 {
					r.erased[of[id].category] = true
					return nil
				}
				aead, err := v.unwrap(id, key)
				r.keys[of[id].category] = aead
				return err
			}, "SELECT id, wrapped_sealed, erased_at FROM data_key WHERE id IN ("+in+")", args...)
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
	m := hmac.New(sha256.New, v.hash)
	m.Write([]byte(kind + "\x00" + value))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// Erase destroys a person's keys of the given categories, all of them when none is named. It is done when it answers nil, and doing it
// again changes nothing. The rows stay, mute; removing them is the lifecycle's business.
func (v *Vault) Erase(ctx context.Context, person string, categories ...string) (erased int, err error) {
	var ids []string
	err = v.main.Read(ctx, func(tx *db.Tx) error {
		args := []any{person}
		q := "SELECT key_id FROM person_key WHERE person_id = $1"
		if len(categories) > 0 {
			q += " AND category IN (" + db.In(&args, categories) + ")"
		}
		ids, err = db.Values[string](tx, q, args...)
		return err
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	err = v.keys.Write(ctx, func(tx *db.Tx) error {
		erased = 0
		for _, id := range ids {
			n, err := tx.Exec("UPDATE data_key SET wrapped_sealed = $2, erased_at = $3 WHERE id = $1 AND erased_at = 0", id, []byte{}, db.Micros(tx.Machine()))
			if err != nil {
				return err
			}
			erased += int(n)
		}
		return nil
	})
	return erased, err
}

// Tombstones lists the ids of every erased key: the ledger that a restored key store must replay before it serves.
func (v *Vault) Tombstones(ctx context.Context) (ids []string, err error) {
	err = v.keys.Read(ctx, func(tx *db.Tx) error {
		ids, err = db.Values[string](tx, "SELECT id FROM data_key WHERE erased_at > 0 ORDER BY erased_at, id")
		return err
	})
	return ids, err
}
