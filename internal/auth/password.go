// Package auth says who is acting and what they may do: actors, passwords, one-time codes, private links, sessions, permissions.
package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"entremise/internal/fault"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// A password has 12 to 128 characters. Sign-in is throttled and asks a one-time code, so that 50 bits are enough (CNIL, deliberation
// 2022-100); there is no periodic renewal.
const (
	minPassword = 12
	maxPassword = 128
	minBits     = 50
)

// cost is what one derivation takes. Memory is in KiB.
type cost struct {
	memory, time uint32
	threads      uint8
}

// today is OWASP's smallest argon2id setting: 19 MiB and two passes, some 50 ms of one core.
var today = cost{memory: 19 * 1024, time: 2, threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// Hasher derives password hashes, a few at a time: each takes 19 MiB, and a burst of sign-ins must not take the machine. Safe for
// concurrent use.
type Hasher struct {
	slots chan struct{}
	cost  cost
	decoy string // verified when there is no such account
}

// NewHasher allows parallel derivations at a time; others wait for their turn or for their context.
func NewHasher(parallel int) (*Hasher, error) {
	if parallel < 1 {
		return nil, fmt.Errorf("auth: %d parallel password derivations", parallel)
	}
	h := &Hasher{slots: make(chan struct{}, parallel), cost: today}
	var err error
	h.decoy, err = h.Hash(context.Background(), "no account has this password")
	return h, err
}

// CheckPassword refuses what is too short, too long or too easy to guess, with a fault on the field "password". about are words that
// an attacker knows: e-mail address, name, operator.
func CheckPassword(password string, about ...string) error {
	var c fault.Check
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl):
		c.Add("password", fault.T("Le mot de passe contient un caractère illisible.", "The password holds an unreadable character."))
	case n < minPassword:
		c.Add("password", fault.Tf("Le mot de passe compte au moins %d caractères.", "A password has at least %d characters.", minPassword))
	case n > maxPassword:
		c.Add("password", fault.Tf("Le mot de passe compte au plus %d caractères.", "A password has at most %d characters.", maxPassword))
	case Bits(password, about...) < minBits:
		c.Add("password", fault.T("Ce mot de passe se devine trop facilement. Quatre mots sans lien entre eux suffisent.",
			"This password is too easy to guess. Four unrelated words are enough."))
	}
	return c.Err()
}

// common are the pieces that guessing programs try first.
var common = []string{
	"motdepasse", "password", "passw0rd", "azertyuiop", "azerty", "qwertyuiop", "qwerty", "qsdfghjklm", "bonjour", "soleil", "doudou",
	"loulou", "chocolat", "marseille", "paris", "france", "welcome", "admin", "letmein", "iloveyou", "jetaime", "secret", "entremise",
}

// Bits is a rough, pessimistic estimate of a password's strength: log2 of the alphabet for each character, but nearly nothing for a
// character that repeats or continues the one before, and ten bits for a whole word that is common or about the person.
func Bits(password string, about ...string) float64 {
	s := strings.ToLower(password)
	bits := 0.0
	for _, list := range [][]string{about, common} {
		for _, phrase := range list {
			for word := range strings.FieldsFuncSeq(strings.ToLower(phrase), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
				if utf8.RuneCountInString(word) >= 4 && strings.Contains(s, word) {
					s = strings.ReplaceAll(s, word, "\x00")
					bits += 10
				}
			}
		}
	}
	var alphabet float64
	for _, class := range []struct {
		in   func(rune) bool
		size float64
	}{
		{unicode.IsLower, 26}, {unicode.IsUpper, 26}, {unicode.IsDigit, 10},
		{func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }, 28},
	} {
		if strings.ContainsFunc(password, class.in) {
			alphabet += class.size
		}
	}
	alphabet = max(alphabet, 26) // scripts without case
	seen := map[rune]int{}
	previous := rune(-10)
	for _, r := range s {
		switch step := r - previous; {
		case r == 0:
		case step >= -1 && step <= 1, seen[r] >= 3:
			bits++
		default:
			bits += math.Log2(alphabet)
		}
		seen[r]++
		previous = r
	}
	return bits
}

// Hash makes the PHC string that is stored: $argon2id$v=19$m=…,t=…,p=…$salt$hash. It waits for a free slot, or gives up with ctx.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	sum, err := h.derive(ctx, password, salt, h.cost, hashBytes)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, h.cost.memory, h.cost.time, h.cost.threads,
		b64.EncodeToString(salt), b64.EncodeToString(sum)), nil
}

// Verify compares in constant time. stale asks the caller to store a new Hash of the same password, because the cost has risen since.
// An error is no verdict: the context ended, or the stored string is damaged.
func (h *Hasher) Verify(ctx context.Context, stored, password string) (ok, stale bool, err error) {
	c, salt, want, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, password, salt, c, uint32(len(want)))
	if err != nil {
		return false, false, err
	}
	ok = subtle.ConstantTimeCompare(got, want) == 1
	return ok, ok && (c != h.cost || len(salt) != saltBytes || len(want) != hashBytes), nil
}

// VerifyNobody spends the time of a Verify, so that an unknown address answers no faster than a known one.
func (h *Hasher) VerifyNobody(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, h.decoy, password)
	return err
}

func (h *Hasher) derive(ctx context.Context, password string, salt []byte, c cost, length uint32) ([]byte, error) {
	if utf8.RuneCountInString(password) > maxPassword {
		return make([]byte, length), nil // nobody has it: no reason to chew it
	}
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	// NFC: the same accents typed on two keyboards are the same password (RFC 8265, OpaqueString).
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, c.time, c.memory, c.threads, length), nil
}

var errPHC = errors.New("auth: damaged password hash")

// parsePHC refuses parameters that would take the machine: a stored string may come from an import or a backup.
func parsePHC(s string) (c cost, salt, hash []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errPHC
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return c, nil, nil, errPHC
	}
	if parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", c.memory, c.time, c.threads) ||
		c.memory < 8*uint32(c.threads) || c.memory > 256*1024 || c.time < 1 || c.time > 10 || c.threads < 1 || c.threads > 8 {
		return c, nil, nil, errPHC
	}
	b64 := base64.RawStdEncoding.Strict()
	salt, err1 := b64.DecodeString(parts[4])
	hash, err2 := b64.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(salt) > 64 || len(hash) < 16 || len(hash) > 64 {
		return c, nil, nil, errPHC
	}
	return c, salt, hash, nil
}
