package e2e

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

// chainKey is the first account of a development node, known to everybody.
const (
	chainKey     = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
	chainAccount = "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
)

// chain is a real node of a chain, on this machine.
type chain struct {
	t   *testing.T
	url string
}

func newChain(t *testing.T) *chain {
	t.Helper()
	program := os.Getenv("ENTREMISE_ANVIL")
	if program == "" {
		t.Fatal("ENTREMISE_ANVIL names no development node: ./test installs one")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := &chain{t: t, url: "http://127.0.0.1:" + port}
	node := exec.Command(program, "--port", port, "--host", "127.0.0.1", "--silent", "--chain-id", "31337")
	node.Dir = t.TempDir()
	node.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = node.Process.Kill()
		_ = node.Wait() // killed: what it says is nothing new
	})
	eventually(t, "the chain's node answers", func() bool {
		answer, err := http.Post(c.url, "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}`))
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == 200
	})
	return c
}

func (c *chain) ask(into any, method string, params ...any) {
	c.t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		c.t.Fatal(err)
	}
	answer, err := http.Post(c.url, "application/json", bytes.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	out := struct{ Result json.RawMessage }{}
	if err := json.NewDecoder(answer.Body).Decode(&out); err != nil {
		c.t.Fatal(err)
	}
	if err := json.Unmarshal(out.Result, into); err != nil {
		c.t.Fatal(err)
	}
}

// transactions are those of our account, oldest first.
func (c *chain) transactions() (all []struct{ Hash, From, To, Input, Value string }) {
	c.t.Helper()
	var head string
	c.ask(&head, "eth_blockNumber")
	n, err := strconv.ParseInt(strings.TrimPrefix(head, "0x"), 16, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := range n + 1 {
		var block struct {
			Transactions []struct{ Hash, From, To, Input, Value string }
		}
		c.ask(&block, "eth_getBlockByNumber", fmt.Sprintf("0x%x", i), true)
		all = append(all, block.Transactions...)
	}
	return all
}

// stamper is a time stamping authority with a certificate of its own, at file root.
type stamper struct {
	*httptest.Server
	root string
	mu   sync.Mutex
	got  [][]byte // bodies as they came
}

func newStamper(t *testing.T) *stamper {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Horodateur Exemple"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(9, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}}}, &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Horodateur Exemple"}}, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s := &stamper{root: filepath.Join(t.TempDir(), "authority.pem")}
	if err := os.WriteFile(s.root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		s.got = append(s.got, body)
		s.mu.Unlock()
		q, err := timestamp.ParseRequest(body)
		if err != nil {
			t.Error(err)
			return
		}
		answer, err := (&timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: time.Now(), Nonce: q.Nonce, Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true}).CreateResponseWithOpts(certificate, key, crypto.SHA256)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

type anchored struct {
	Size, Leaves int64
	Cause, Root  string
	Laid         []struct {
		Place, Reference string
		At               time.Time
		Evidence         []byte
	}
}

func (h *house) anchors() []anchored {
	h.t.Helper()
	return decode[struct{ Anchors []anchored }](h.visitor().get(h.site, "/log/ancres").want(200)).Anchors
}

func (h *house) everywhere(roots int) (all []anchored) {
	h.t.Helper()
	eventually(h.t, "every root is everywhere", func() bool {
		if all = h.anchors(); len(all) != roots {
			return false
		}
		for _, a := range all {
			for _, l := range a.Laid {
				if l.At.IsZero() {
					return false
				}
			}
		}
		return true
	})
	return all
}

// Roots on a real node of a chain and at an authority: N−1 fingerprints bring none, the Nth one; killed at any moment, still one; and nothing but 32 bytes
// leaves the house. An independent verifier proves each leaf in the tree of the root that is out there, and openssl the stamp.
func TestAnchor_onARealChainAndByAnAuthority(t *testing.T) {
	t.Setenv("ENTREMISE_CHAIN_KEY", chainKey)
	dir := otherWith(t, "reviews-network", "  batch: 100\n", "  batch: 3\n")
	engines(t, func(t *testing.T, extra ...string) {
		c, tsa := newChain(t), newStamper(t)
		flags := append([]string{"--network", dir, "--professionals", "0", "--requests", "0", "--chain-url", c.url, "--chain-depth", "1", "--stamp-url", tsa.URL}, extra...)
		h := openHouse(t, "avis.localhost", "membres.avis.localhost", flags...)
		member := h.enter("Member 1")
		for range 2 {
			h.writes(member, "client", "Ada Byron", 3, "Rien à redire.")
		}
		eventually(t, "two reviews are numbered", func() bool { return h.visitor().get(h.site, "/log/checkpoint").status == 200 })
		h.later(time.Minute) // sweeps run
		if all := h.anchors(); len(all) != 0 || len(c.transactions()) != 0 {
			t.Fatalf("two of three made a root: %+v", all)
		}
		third := h.writes(member, "client", "Ada Trois", 3, "Rien à redire.")
		eventually(t, "a root is made", func() bool { return len(h.anchors()) == 1 })
		leaf, data := decode[struct{ Leaf string }](third.author.get(h.site, "/mon-avis/recu.json").want(200)).Leaf, h.data
		h.stop(syscall.SIGKILL) // wherever it stands
		h.server = start(t, h.command.Path, append([]string{"demo", "--data", data, "--listen", "127.0.0.1:0"}, flags...)...)
		h.server.data = data
		a := h.everywhere(1)[0]
		h.later(time.Hour)
		if a.Leaves != 3 || a.Cause != "batch" || len(h.anchors()) != 1 {
			t.Errorf("%+v", a)
		}
		root, err := base64.StdEncoding.DecodeString(a.Root)
		if err != nil {
			t.Fatal(err)
		}
		sent := c.transactions()
		if len(sent) != 1 || sent[0].Input != "0x"+hex.EncodeToString(root) || sent[0].From != chainAccount || sent[0].To != chainAccount || sent[0].Value != "0x0" {
			t.Fatalf("the chain holds %+v for root %x", sent, root)
		}
		if len(tsa.got) == 0 {
			t.Fatal("nothing was stamped")
		}
		for _, body := range tsa.got {
			if q, err := timestamp.ParseRequest(body); err != nil || !bytes.Equal(q.HashedMessage, root) || len(body) > 80 {
				t.Errorf("the authority got %x, %v", body, err)
			}
		}
		for _, l := range a.Laid {
			if l.Place == "chain" && (l.Reference != sent[0].Hash || !strings.Contains(string(l.Evidence), `"block":`)) {
				t.Errorf("%+v %s", l, l.Evidence)
			}
		}

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
			t.Fatal(err)
		}
		answer := filepath.Join(t.TempDir(), "answer.tsr")
		if err := os.WriteFile(answer, []byte(h.visitor().get(h.site, fmt.Sprintf("/log/ancres/%d/horodatage.tsr", a.Size)).want(200).body), 0o600); err != nil {
			t.Fatal(err)
		}
		verify := func(digest []byte) (string, error) {
			out, err := exec.CommandContext(context.Background(), "openssl", "ts", "-verify", "-in", answer, "-digest", hex.EncodeToString(digest), "-CAfile", tsa.root).CombinedOutput()
			return string(out), err
		}
		if out, err := verify(root); err != nil || !strings.Contains(out, "Verification: OK") {
			t.Error(out, err)
		}
		if out, err := verify(bytes.Repeat([]byte{1}, 32)); err == nil {
			t.Error("another root is stamped too:", out)
		}
		h.visitor().get(h.site, "/log/ancres/1/horodatage.tsr").want(404)
		h.visitor().get(h.site, "/log/ancres/x/horodatage.tsr").want(422)
		h.visitor().get(h.site, "/log/ancre/leaf_none").want(404)

		// The longest wait brings what is less than a batch.
		h.writes(h.enter("Member 1"), "client", "Ada Quatre", 3, "Rien à redire.")
		h.later(6 * 24 * time.Hour)
		if len(h.anchors()) != 1 {
			t.Error("a root before the longest wait")
		}
		h.later(26 * time.Hour)
		if all := h.everywhere(2); all[0].Leaves != 1 || all[0].Cause != "wait" || len(c.transactions()) != 2 {
			t.Errorf("%+v", all)
		}
		h.enter("Operator").get(h.space, "/empreintes").want(200).has("Chaîne Exemple", "Horodateur Exemple", "https://explorateur.example/tx/"+sent[0].Hash).lacks("en route")
		h.enter("Agent").get(h.space, "/empreintes").want(403)
		for _, id := range []string{"RN-90", "RN-92", "RN-93"} {
			clause(t, id)
		}
	})
}

// quoteAsked is what the form of a quote asks besides who one is.
var quoteAsked = url.Values{"urgency": {"month"}, "answers.project": {"new"}, "consent-quote": {"yes"}}

// leafOf is the leaf of a consumer's choices, once it is numbered.
func (h *house) leafOf(consumer *visitor) string {
	h.t.Helper()
	_, link, _ := strings.Cut(consumer.get(h.site, "/ma-demande/accords").want(200).body, "/log/preuve/")
	leaf, _, _ := strings.Cut(link, `"`)
	eventually(h.t, "the choice is in the log", func() bool { return h.visitor().get(h.site, "/log/preuve/"+leaf).status == 200 })
	return leaf
}

// A chain that does not answer: nothing is lost, staff see it, and the root leaves when it is back. Without any place outside the house nothing pretends to be.
func TestAnchor_lateIsSeen(t *testing.T) {
	t.Setenv("ENTREMISE_CHAIN_KEY", chainKey)
	dir := otherWith(t, "reviews-network", "  of: [review]\n  batch: 100\n", "  of: [consent]\n  batch: 1\n")
	h := openHouse(t, "avis.localhost", "membres.avis.localhost", "--network", dir, "--professionals", "0", "--requests", "0", "--chain-url", "http://127.0.0.1:9/secret-of-the-provider")
	h.asked(h.project("paysagiste", quoteAsked))
	eventually(t, "a root is made", func() bool { return len(h.anchors()) == 1 })
	operator := h.enter("Operator")
	operator.get(h.space, "/aujourdhui").want(200).lacks("n’arrive pas à l’extérieur")
	h.later(25 * time.Hour)
	operator.get(h.space, "/aujourdhui").want(200).has("n’arrive pas à l’extérieur").lacks("secret-of")
	operator.get(h.space, "/empreintes").want(200).has("en route", "fichier témoin de la maison (pas à l’extérieur)").lacks("secret-of")
	h.visitor().get(h.site, "/log/ancres").want(200).lacks("secret-of", "no answer")
	refused(t, "--chain-url", "demo", "--chain-url", "http://chain.example", "--data", t.TempDir())
	refused(t, "--stamp-url", "demo", "--stamp-url", "ftp://127.0.0.1", "--data", t.TempDir())
	t.Setenv("ENTREMISE_CHAIN_KEY", "no key")
	refused(t, "ENTREMISE_CHAIN_KEY", "demo", "--chain-url", "http://127.0.0.1:9", "--data", t.TempDir())
}
