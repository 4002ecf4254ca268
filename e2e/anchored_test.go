package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Reviews are brought to a chain by the batch: two of three bring nothing, the third exactly one root, whose transaction is kept, and each review is proved in its tree by a
// verifier that this project did not write (RN-90, 92).
func TestAnchored_aBatchOfReviews(t *testing.T) {
	t.Setenv("ENTREMISE_CHAIN_KEY", chainKey)
	dir := otherWith(t, "reviews-network", "  batch: 100\n", "  batch: 3\n")
	engines(t, func(t *testing.T, extra ...string) {
		c := newChain(t)
		h := openHouse(t, "avis.localhost", "membres.avis.localhost", append([]string{"--network", dir, "--professionals", "0", "--requests", "0", "--chain-url", c.url, "--chain-depth", "1"}, extra...)...)
		member := h.enter("Member 1")
		var all []written
		write := func(name string) {
			all = append(all, h.writes(member, "client", name, 3, "Un avis de "+name))
		}
		write("Ada Un")
		write("Ada Deux")
		eventually(t, "two reviews are numbered", func() bool { return h.visitor().get(h.site, "/log/checkpoint").status == http.StatusOK })
		h.later(time.Minute)
		if roots := h.anchors(); len(roots) != 0 || len(c.transactions()) != 0 {
			t.Fatalf("two of three made a root: %+v", roots)
		}
		write("Ada Trois")
		eventually(t, "a root is made", func() bool { return len(h.anchors()) == 1 })
		h.later(time.Minute)
		var a anchored
		eventually(t, "the chain has it", func() bool {
			for _, l := range h.anchors()[0].Laid {
				if l.Place == "chain" && !l.At.IsZero() {
					a = h.anchors()[0]
					return true
				}
			}
			return false
		})
		root, err := base64.StdEncoding.DecodeString(a.Root)
		if err != nil {
			t.Fatal(err)
		}
		sent := c.transactions()
		if a.Leaves != 3 || len(sent) != 1 || sent[0].Input != "0x"+hex.EncodeToString(root) {
			t.Fatalf("%+v, and the chain holds %+v", a, sent)
		}
		for _, l := range a.Laid {
			if l.Place == "chain" && l.Reference != sent[0].Hash {
				t.Errorf("the transaction that is kept is %s, not %s", l.Reference, sent[0].Hash)
			}
		}
		for _, w := range all {
			leaf := decode[struct{ Leaf string }](w.author.get(h.site, "/mon-avis/recu.json").want(200)).Leaf
			got := decode[struct {
				Anchor anchored
				Proof  struct {
					Position         uint64
					Kind, Commitment string
					Path             []string
				}
			}](h.visitor().get(h.site, "/log/ancre/"+leaf).want(200))
			entry := rfc6962.DefaultHasher.HashLeaf([]byte("entremise.1 " + got.Proof.Kind + " " + got.Proof.Commitment + "\n"))
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, got.Proof.Position, uint64(got.Anchor.Size), entry, hashList(t, got.Proof.Path), root); err != nil {
				t.Errorf("%s: %v", w.ref, err)
			}
		}
		clause(t, "RN-90")
		clause(t, "RN-92")
	})
}
