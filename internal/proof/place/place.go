// Package place brings roots of the proof log to where the operator cannot change them: a chain that speaks Ethereum's JSON-RPC, a time stamping authority
// (RFC 3161), and a witness file of the house itself, which is no more than a memory that backups do not have.
//
// Nothing but the 32 bytes of a root leaves the house (RN-93).
package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Root is that of a checkpoint's tree.
type Root = [32]byte

// Laid says how far a root has come.
type Laid struct {
	Done      bool
	Reference string    // how the place calls it; of the chain, the transaction
	Evidence  []byte    // what the place gave, to check without it
	At        time.Time // when it was laid, by the place's own clock
}

// Keeper keeps what is about to be sent, before it leaves the house; an error when another node kept something else meanwhile.
type Keeper func(message []byte, reference string) error

// Place is somewhere roots are laid down. Safe for concurrent use.
type Place interface {
	// Lay brings a root there, or looks whether it has arrived, and may be repeated as often as need be: message is what an earlier call kept, and goes out
	// again as it is. size is that of the root's tree. An error never holds an address or a key.
	Lay(ctx context.Context, size int64, root Root, message []byte, keep Keeper) (Laid, error)
}

// patience is how long one answer of a place may take.
const patience = 15 * time.Second

// mostAnswer bounds what is read of an answer, in bytes.
const mostAnswer = 1 << 20

func client() *http.Client {
	return &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends a request and reads the answer. The address may hold a key of the provider's: no error names it.
func ask(c *http.Client, r *http.Request) ([]byte, error) {
	answer, err := c.Do(r)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err
		}
		return nil, fmt.Errorf("no answer: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, mostAnswer))
	if err != nil {
		return nil, fmt.Errorf("half an answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it answers %d", answer.StatusCode)
	}
	return body, nil
}
