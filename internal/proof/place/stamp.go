package place

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net/http"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"
)

// Stamp is a time stamping authority over HTTP (RFC 3161 § 3.4).
type Stamp struct {
	url  string
	http *http.Client
}

// NewStamp is the authority at an address.
func NewStamp(address string) *Stamp { return &Stamp{url: address, http: client()} }

// Lay asks for a stamp over the root, which is itself the digest that a stamp is about. A stamp asked twice is two stamps of one root, and one is kept:
// nothing needs to be kept beforehand.
func (s *Stamp) Lay(ctx context.Context, _ int64, root Root, _ []byte, _ Keeper) (laid Laid, err error) {
	nonce, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 64))
	if err != nil {
		return laid, err
	}
	query, err := (&timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: root[:], Certificates: true, Nonce: nonce}).Marshal()
	if err != nil {
		return laid, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(query))
	if err != nil {
		return laid, errors.New("the authority's address is none")
	}
	r.Header.Set("Content-Type", "application/timestamp-query")
	r.Header.Set("User-Agent", "")
	answer, err := ask(s.http, r)
	if err != nil {
		return laid, fmt.Errorf("the time stamping authority: %w", err)
	}
	t, err := CheckStamp(answer, root)
	if err != nil {
		return laid, err
	}
	if t.Nonce == nil || t.Nonce.Cmp(nonce) != 0 {
		return laid, errors.New("the stamp answers another question: its nonce is not ours")
	}
	return Laid{Done: true, Reference: t.SerialNumber.String(), Evidence: answer, At: t.Time}, nil
}

// CheckStamp reads an authority's answer: whole, signed by a certificate for time stamping that it holds, over this root. Who the authority is, its own
// certificate must say: openssl ts -verify, with it.
func CheckStamp(answer []byte, root Root) (*timestamp.Timestamp, error) {
	t, err := timestamp.ParseResponse(answer)
	if err != nil {
		return nil, fmt.Errorf("the stamp does not hold: %w", err)
	}
	signed, err := pkcs7.Parse(t.RawToken)
	if err != nil {
		return nil, fmt.Errorf("the stamp does not hold: %w", err)
	}
	signer := signed.GetOnlySigner()
	switch {
	case signer == nil:
		return nil, errors.New("the stamp does not hold the certificate that signed it")
	case len(signer.ExtKeyUsage) != 1 || signer.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping:
		return nil, errors.New("the stamp is signed by a certificate that is not for time stamping alone (RFC 3161 § 2.3)")
	case t.HashAlgorithm != crypto.SHA256 || !bytes.Equal(t.HashedMessage, root[:]):
		return nil, errors.New("the stamp is over something else")
	case t.Time.Before(signer.NotBefore) || t.Time.After(signer.NotAfter):
		return nil, errors.New("the stamp is of a time at which its certificate was not valid")
	}
	return t, nil
}
