package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"entremise/internal/fault"
)

// Signer authenticates what the house hands out and takes back: private links and proof-of-work challenges. The first key signs, every
// key verifies, so that a key is replaced by putting a new one first. Safe for concurrent use.
type Signer struct{ keys [][]byte }

// NewSigner wants at least one key, each of 32 bytes or more.
func NewSigner(keys ...[]byte) (*Signer, error) {
	if len(keys) == 0 {
		return nil, errors.New("auth: a signer needs a key")
	}
	for _, k := range keys {
		if len(k) < 32 {
			return nil, fmt.Errorf("auth: a signing key of %d bytes, 32 wanted", len(k))
		}
	}
	return &Signer{keys: keys}, nil
}

// macBytes is HMAC-SHA-256 cut to 128 bits (RFC 2104 §5 allows half): a link stands in an SMS, where each character counts.
const macBytes = 16

// mac binds each part with its length, so that ("ab","c") is not ("a","bc").
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write([]byte(p))
	}
	return h.Sum(nil)[:macBytes]
}

func (s *Signer) sign(parts ...string) string {
	return tag(s.keys[0], parts...)
}

func tag(key []byte, parts ...string) string {
	return base64.RawURLEncoding.EncodeToString(mac(key, parts...))
}

// signed tries every key, always all of them. It compares what is written and decodes nothing: the decoder steps over line breaks.
func (s *Signer) signed(given string, parts ...string) bool {
	ok := false
	for _, k := range s.keys {
		if hmac.Equal([]byte(given), []byte(tag(k, parts...))) {
			ok = true
		}
	}
	return ok
}

// Link makes the token of a private link to subject (an id). purpose keeps one kind of link from opening another kind of door. A link of
// a higher generation revokes those before it: the caller stores the generation with the subject.
func (s *Signer) Link(purpose, subject string, generation int64) string {
	g := strconv.FormatInt(generation, 36)
	return subject + "." + g + "." + s.sign("link", purpose, subject, g)
}

// ReadLink gives back what Link signed; everything else is one and the same Anonymous fault. The caller then compares the generation with
// the stored one and answers LinkGone when it is older.
func (s *Signer) ReadLink(purpose, token string) (subject string, generation int64, err error) {
	if len(token) > 200 {
		return "", 0, LinkGone()
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 || parts[0] == "" || !s.signed(parts[2], "link", purpose, parts[0], parts[1]) {
		return "", 0, LinkGone()
	}
	generation, err = strconv.ParseInt(parts[1], 36, 64)
	if err != nil {
		return "", 0, LinkGone()
	}
	return parts[0], generation, nil
}

// LinkGone is the one answer to a link that is forged, mistyped or revoked: it tells a guesser nothing.
func LinkGone() error {
	return fault.New(fault.Anonymous, "link-gone", fault.T("Ce lien n'est plus valable. Demandez-en un nouveau.", "This link is no longer good. Ask for a new one."))
}
