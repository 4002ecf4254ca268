package vault

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Has reports whether the ring can archive every one of the categories, or they are destroyed and nothing of them can be. A nil ring has none.
func (r *Ring) Has(categories ...string) bool {
	return r != nil && !slices.ContainsFunc(categories, func(c string) bool { return r.keys[archived+c] == nil && !r.erased[archived+c] })
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
	sealed, category, past := unmark(sealed, category)
	a := r.keys[category]
	switch {
	case a == nil && past && !r.erased[category]:
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrArchived, p.Table, p.Column, p.Row)
	case a == nil:
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrErased, p.Table, p.Column, p.Row)
	}
	plain, err := a.Open(nil, nil, sealed, r.bound(category, p))
	if err != nil {
		return nil, fmt.Errorf("%w: %s.%s of %s", ErrForged, p.Table, p.Column, p.Row)
	}
	return plain, nil
}

// unmark says which category's key an archived value was sealed with.
func unmark(sealed []byte, category string) (ciphertext []byte, key string, past bool) {
	if rest, found := bytes.CutPrefix(sealed, []byte(mark)); found {
		return rest, archived + category, true
	}
	return sealed, category, false
}

// IsArchived reports whether a sealed value lies in the archive.
func IsArchived(sealed []byte) bool { return bytes.HasPrefix(sealed, []byte(mark)) }

// Archive seals a value again for the archive, with a ring of [Vault.ArchiveRing]. What lies there already, or is empty, stays as it is;
// what cannot be opened any more is nothing: it answers an empty value.
func (r *Ring) Archive(category string, p Place, sealed []byte) ([]byte, error) {
	if IsArchived(sealed) || len(sealed) == 0 {
		return sealed, nil
	}
	plain, err := r.Open(category, p, sealed)
	if errors.Is(err, ErrErased) {
		return []byte{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	return append([]byte(mark), r.Seal(archived+category, p, plain)...), nil
}

// OpenText is Open for a string.
func (r *Ring) OpenText(category string, p Place, sealed []byte) (string, error) {
	b, err := r.Open(category, p, sealed)
	return string(b), err
}
