package e2e

import (
	"encoding/base64"
	order "encoding/binary"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

// served is a checkpoint, as a client that this project did not write reads it.
type served struct {
	text string
	size uint64
	root []byte
}

// readCheckpoint checks the signature by the published key.
func (h *house) readCheckpoint(host, path string) served {
	h.t.Helper()
	key := strings.TrimSpace(h.visitor().get(host, "/log/key").want(200).body)
	a := h.visitor().get(host, path).want(200)
	if kind := a.header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") || a.header.Get("Cache-Control") != "no-store" {
		h.t.Error(kind, a.header.Get("Cache-Control"))
	}
	verifier, err := note.NewVerifier(key)
	if err != nil {
		h.t.Fatal(err)
	}
	n, err := note.Open([]byte(a.body), note.VerifierList(verifier))
	if err != nil {
		h.t.Fatal(err)
	}
	lines := strings.Split(n.Text, "\n")
	c := served{text: a.body}
	if c.size, err = strconv.ParseUint(lines[1], 10, 64); err != nil {
		h.t.Fatal(err)
	}
	if c.root, err = base64.StdEncoding.DecodeString(lines[2]); err != nil {
		h.t.Fatal(err)
	}
	return c
}

func hashList(t *testing.T, list []string) (out [][]byte) {
	t.Helper()
	for _, s := range list {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

func tilePath(what string, index, width uint64) string {
	path := fmt.Sprintf("/log/tile/%s/%03d", what, index)
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	return path
}

// The log over HTTP, read by libraries that this project did not write: signature, every entry to the root, growth, one leaf.
func TestLog_servedForIndependentClients(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, append([]string{"--requests", "120"}, extra...)...)
		var before served
		eventually(t, "more than a tile is full", func() bool {
			if h.visitor().get(h.site, "/log/checkpoint").status != 200 {
				return false // nothing is signed yet
			}
			before = h.readCheckpoint(h.site, "/log/checkpoint")
			return before.size > 256
		})
		whole := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
		for at := uint64(0); at < before.size; at += 256 {
			width := min(256, before.size-at)
			a := h.visitor().get(h.site, tilePath("entries", at/256, width)).want(200)
			hashes := h.visitor().get(h.space, tilePath("0", at/256, width)).want(200)
			if kind, cache := a.header.Get("Content-Type"), a.header.Get("Cache-Control"); kind != "application/octet-stream" || !strings.Contains(cache, "immutable") {
				t.Error(kind, cache)
			}
			if len(hashes.body) != int(width)*32 {
				t.Fatal(len(hashes.body))
			}
			data, row := []byte(a.body), 0
			for ; len(data) > 0; row++ {
				n := order.BigEndian.Uint16(data)
				leaf := rfc6962.DefaultHasher.HashLeaf(data[2 : 2+n])
				if string(leaf) != hashes.body[32*row:][:32] {
					t.Fatalf("entry %d is not what the tile says", at+uint64(row))
				}
				if err := whole.Append(leaf, nil); err != nil {
					t.Fatal(err)
				}
				data = data[2+n:]
			}
		}
		root, err := whole.GetRootHash(nil)
		if err != nil || string(root) != string(before.root) || whole.End() != before.size {
			t.Fatalf("the entries make another root: %x, %v", root, err)
		}
		for _, none := range []string{tilePath("0", before.size/256, before.size%256+1), tilePath("entries", before.size/256, before.size%256+1), tilePath("1", 0, before.size/256+1), "/log/tile/2/000.p/1", "/log/tile/0/000.p/256", "/log/tile/0/0", "/log/tile/64/000", "/log/tile/", "/log/tile/entries/x000/000"} {
			h.visitor().get(h.site, none).want(404)
		}

		n := leak()
		consumer, _ := h.asked(n)
		link := consumer.get(h.site, "/ma-demande/accords").want(200).body
		_, link, _ = strings.Cut(link, "/log/preuve/")
		leaf, _, _ := strings.Cut(link, `"`)
		eventually(t, "the choice is in the log", func() bool { return h.visitor().get(h.site, "/log/preuve/"+leaf).status == 200 })
		after := h.readCheckpoint(h.space, "/log/checkpoint")
		if after.size <= before.size {
			t.Fatal(before.size, after.size)
		}
		grown := decode[struct{ Consistency []string }](h.visitor().get(h.site, fmt.Sprintf("/log/consistency?from=%d&to=%d", before.size, after.size)).want(200))
		path := hashList(t, grown.Consistency)
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, before.size, after.size, path, before.root, after.root); err != nil {
			t.Fatal(err)
		}
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, before.size, after.size, path, after.root, after.root); err == nil {
			t.Error("another past passes")
		}
		if again := h.readCheckpoint(h.site, fmt.Sprintf("/log/checkpoint/%d", before.size)); again.text != before.text {
			t.Error("an older checkpoint is another one now")
		}
		type inclusion struct {
			Proof struct {
				Position         uint64
				Kind, Commitment string
				Path             []string
			}
		}
		p := decode[inclusion](h.visitor().get(h.site, fmt.Sprintf("/log/preuve/%s?size=%d", leaf, after.size)).want(200)).Proof
		entry := rfc6962.DefaultHasher.HashLeaf([]byte("entremise.1 " + p.Kind + " " + p.Commitment + "\n"))
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, p.Position, after.size, entry, hashList(t, p.Path), after.root); err != nil {
			t.Fatal(err)
		}
		h.visitor().get(h.site, fmt.Sprintf("/log/preuve/%s?size=%d", leaf, before.size)).want(404)
		h.visitor().get(h.site, fmt.Sprintf("/log/preuve/%s?size=%d", leaf, after.size+1)).want(404)
		h.visitor().get(h.site, "/log/preuve/leaf_none").want(404)
		for _, bad := range []string{"from=0", "from=x", "", "from=1&to=0", "from=-1", "from=1&to=99999999999999999999"} {
			h.visitor().get(h.site, "/log/consistency?"+bad).want(422)
		}
		h.visitor().get(h.site, fmt.Sprintf("/log/consistency?from=%d", after.size+1)).want(404)
		h.visitor().post(h.site, "/log/checkpoint", url.Values{}).want(404)
	})
}

// What one connection reads of the log in a minute is bounded, and another connection is served all the same.
func TestLog_limits(t *testing.T) {
	h := newHouse(t)
	v := h.from("127.0.0.9")
	codes := map[int]int{}
	for range 320 {
		codes[v.get(h.site, "/log/consistency?from=1").status]++
	}
	if codes[429] < 5 || codes[404]+codes[200] < 300 {
		t.Error(codes)
	}
	for range 1300 {
		codes[v.get(h.site, "/log/tile/63/000").status+1000]++
	}
	if codes[1429] < 10 || codes[1404] < 1200 {
		t.Error(codes)
	}
	h.from("127.0.0.10").get(h.site, "/log/tile/0/000.p/1").want(200)
}
