package app

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/proof"
	"entremise/internal/proof/place"
)

// anchorSettings name the chain's node and the time stamping authority, for a network whose file asks for them (anchors). The key that pays is in
// ENTREMISE_CHAIN_KEY, or in the file that ENTREMISE_CHAIN_KEY_FILE names: 32 bytes in hexadecimal.
type anchorSettings struct {
	ChainURL   string `name:"chain-url" help:"Node of the chain that takes roots of the proof log (Ethereum JSON-RPC)." env:"ENTREMISE_CHAIN_URL"`
	ChainDepth uint64 `name:"chain-depth" help:"Blocks after which a root counts as there for good; 1 is the newest block." default:"12" env:"ENTREMISE_CHAIN_DEPTH"`
	StampURL   string `name:"stamp-url" help:"Time stamping authority (RFC 3161) that stamps roots of the proof log." env:"ENTREMISE_STAMP_URL"`
}

// outside is what is given; what is not stays nil.
func (c anchorSettings) outside() (r proof.Reach, err error) {
	for name, address := range map[string]string{"--chain-url": c.ChainURL, "--stamp-url": c.StampURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || !notify.Guarded(u)) {
			return r, fmt.Errorf("%s: give an address with https://, or http:// on this machine", name)
		}
	}
	if c.StampURL != "" {
		r.Stamp = place.NewStamp(c.StampURL)
	}
	if c.ChainURL == "" {
		return r, nil
	}
	text, err := secretValue("ENTREMISE_CHAIN_KEY")
	if err != nil {
		return r, fmt.Errorf("ENTREMISE_CHAIN_KEY: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err == nil {
		_, err = place.NewChain(c.ChainURL, 1, c.ChainDepth, key)
	}
	if err != nil {
		return r, fmt.Errorf("ENTREMISE_CHAIN_KEY and --chain-depth: give a private key of 32 bytes in hexadecimal, and at least 1")
	}
	r.Chain = func(id int64) (place.Place, error) { return place.NewChain(c.ChainURL, id, c.ChainDepth, key) }
	return r, nil
}

// witness is the file that remembers roots. It lies beside the databases unless ENTREMISE_WITNESS_FILE names another place, and in no backup.
func (i *Instance) witness() string {
	if path := os.Getenv("ENTREMISE_WITNESS_FILE"); path != "" {
		return path
	}
	return filepath.Join(i.Data, witnessFile)
}

// anchors is what the network in force says of them. A demo asks nothing of places that it was not given: there is nobody behind the names in its file.
func (i *Instance) anchors(ctx context.Context) (*network.Anchors, error) {
	n, err := i.Editions.InForce(ctx)
	if err != nil || n.Anchors == nil {
		return nil, err
	}
	rule := *n.Anchors
	if i.Demo && i.Outside.Chain == nil {
		rule.Chain = nil
	}
	if i.Demo && i.Outside.Stamp == nil {
		rule.Stamp = nil
	}
	return &rule, nil
}

// sweepAnchors also looks whether the log is the one that the witness file knows.
func (i *Instance) sweepAnchors(ctx context.Context) error {
	if err := i.Anchors.Rewritten(ctx); err != nil {
		return err
	}
	return i.Anchors.Sweep(ctx)
}
