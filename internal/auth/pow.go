package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
)

// Proof of work makes each form cost its sender some computing, without a third party and without a puzzle for people. The page looks for
// a nonce such that SHA-256(challenge + ":" + nonce) begins with a number of zero bits: 18 bits are some 260,000 hashes, a second of a
// plain phone. The server keeps nothing about a challenge until it comes back.
const (
	maxWorkBits = 26
	maxNonce    = 32 // characters
)

// Challenge makes a puzzle of n bits that is good until now + life. purpose binds it to one form.
func (s *Signer) Challenge(purpose string, n int, now time.Time, life time.Duration) string {
	body := strings.ToLower(rand.Text()) + "." + strconv.Itoa(min(max(n, 1), maxWorkBits)) + "." + strconv.FormatInt(now.Add(life).Unix(), 10)
	return body + "." + s.sign("work", purpose, body)
}

// CheckWork verifies that nonce solves a challenge of ours for purpose, of at least least bits, not yet expired at now. It returns the
// challenge's id and expiry: the caller inserts the id under a unique key and refuses the second one, and may forget it after the expiry.
// Every refusal is an Invalid fault, after which the page fetches a new challenge by itself.
func (s *Signer) CheckWork(purpose, challenge, nonce string, least int, now time.Time) (id string, until time.Time, err error) {
	if len(challenge) > 120 || len(nonce) == 0 || len(nonce) > maxNonce {
		return "", time.Time{}, workRefused("work-missing")
	}
	parts := strings.Split(challenge, ".")
	if len(parts) != 4 || !s.signed(parts[3], "work", purpose, strings.Join(parts[:3], ".")) {
		return "", time.Time{}, workRefused("work-forged")
	}
	// Both were written by Challenge, as the signature shows.
	n, err1 := strconv.Atoi(parts[1])
	unix, err2 := strconv.ParseInt(parts[2], 10, 64)
	if err1 != nil || err2 != nil {
		return "", time.Time{}, workRefused("work-forged")
	}
	until = time.Unix(unix, 0)
	if !now.Before(until) {
		return "", time.Time{}, workRefused("work-expired")
	}
	if n < least || zeroBits(sha256.Sum256([]byte(challenge+":"+nonce))) < n {
		return "", time.Time{}, workRefused("work-wrong")
	}
	return parts[0], until, nil
}

// Solve does the work that a browser does; programs of affiliates and our tests use it. n bits take 2^n hashes on average.
func Solve(challenge string) (nonce string) {
	parts := strings.Split(challenge, ".")
	if len(parts) != 4 {
		return ""
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n > maxWorkBits {
		return ""
	}
	for i := uint64(0); ; i++ {
		nonce = strconv.FormatUint(i, 36)
		if zeroBits(sha256.Sum256([]byte(challenge+":"+nonce))) >= n {
			return nonce
		}
	}
}

func zeroBits(sum [32]byte) int {
	n := 0
	for _, b := range sum {
		if b != 0 {
			return n + bits.LeadingZeros8(b)
		}
		n += 8
	}
	return n
}

func workRefused(code string) error {
	return fault.New(fault.Invalid, code, fault.T("La vérification automatique a expiré. Envoyez de nouveau.", "The automatic check has expired. Send again."))
}
