package proof_test

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
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"golang.org/x/crypto/sha3"

	"entremise/internal/db"
	"entremise/internal/db/dbtest"
	"entremise/internal/network"
	ours "entremise/internal/proof"
	"entremise/internal/proof/place"
)

// node is a chain of one node: what is sent is in the next block, unless told otherwise. It says what a real one says; a real one is tried in e2e.
type node struct {
	*httptest.Server
	mu    sync.Mutex
	sent  []string          // raw transactions, each once, in order
	block map[string]uint64 // transaction → its block
	head  uint64
	holds bool                            // nothing is mined
	spent int                             // numbers used by somebody else who has the key
	fails func(method string) (int, bool) // status, and whether the work is done before it is answered
}

func newNode(t *testing.T) *node {
	n := &node{block: map[string]uint64{}, head: 1}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Method string
			Params []any
		}
		if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
			t.Error(err)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		status, late := 0, false
		if n.fails != nil {
			status, late = n.fails(q.Method)
		}
		if status != 0 && !late {
			w.WriteHeader(status)
			return
		}
		out := map[string]any{"jsonrpc": "2.0", "id": 1}
		switch q.Method {
		case "eth_chainId":
			out["result"] = "0x7a69"
		case "eth_getTransactionCount":
			out["result"] = fmt.Sprintf("0x%x", len(n.block)+n.spent)
		case "eth_maxPriorityFeePerGas":
			out["result"] = "0x1"
		case "eth_estimateGas":
			out["result"] = "0x5708"
		case "eth_blockNumber":
			out["result"] = fmt.Sprintf("0x%x", n.head)
		case "eth_getBlockByNumber":
			out["result"] = map[string]any{"hash": "0xb10c", "timestamp": "0x6a000000", "baseFeePerGas": "0x3b9aca00"}
		case "eth_sendRawTransaction":
			raw := q.Params[0].(string)
			if slices.Contains(n.sent, raw) {
				out["error"] = map[string]any{"code": -32000, "message": "already known"}
			} else {
				n.sent = append(n.sent, raw)
			}
			hash := txHash(t, raw)
			if _, mined := n.block[hash]; !mined && !n.holds && n.spent == 0 {
				n.head++
				n.block[hash] = n.head
			}
			out["result"] = hash
		case "eth_getTransactionReceipt":
			if b, ok := n.block[q.Params[0].(string)]; ok {
				out["result"] = map[string]any{"blockNumber": fmt.Sprintf("0x%x", b), "blockHash": "0xb10c"}
			} else {
				out["result"] = nil
			}
		default:
			t.Error("asked for", q.Method)
		}
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		if err := json.NewEncoder(w).Encode(out); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(n.Close)
	return n
}

func txHash(t *testing.T, raw string) string {
	b, err := hex.DecodeString(strings.TrimPrefix(raw, "0x"))
	if err != nil {
		t.Error(err)
	}
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return "0x" + hex.EncodeToString(h.Sum(nil))
}

// authority is a time stamping authority with a certificate of its own.
type authority struct {
	*httptest.Server
	mu   sync.Mutex
	got  [][]byte // digests that it was asked to stamp
	root *x509.Certificate
	bend func(ts *timestamp.Timestamp)
	down bool
}

func newAuthority(t *testing.T, at func() time.Time, usage x509.ExtKeyUsage) *authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{}
	eku, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Horodateur Exemple"}, NotBefore: at().AddDate(-1, 0, 0), NotAfter: at().AddDate(9, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	if usage == x509.ExtKeyUsageTimeStamping {
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: eku}}
	} else {
		template.ExtKeyUsage = []x509.ExtKeyUsage{usage}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		q, err := timestamp.ParseRequest(body)
		if err != nil || r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Error(err, r.Header)
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.got = append(a.got, q.HashedMessage)
		if a.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		ts := &timestamp.Timestamp{HashAlgorithm: q.HashAlgorithm, HashedMessage: q.HashedMessage, Time: at(), Nonce: q.Nonce, Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: q.Certificates}
		if a.bend != nil {
			a.bend(ts)
		}
		answer, err := ts.CreateResponseWithOpts(a.root, key, crypto.SHA256)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		_, _ = w.Write(answer)
	}))
	t.Cleanup(a.Close)
	return a
}

// outside is a log with all places.
type outside struct {
	rig
	clock *dbtest.Clock
	node  *node
	tsa   *authority
	rule  *network.Anchors
	path  string
}

func eachOutside(t *testing.T, test func(t *testing.T, o *outside)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, c *dbtest.Clock) {
		l, err := ours.New(d, "pro.depanneurs.example/log", bytes.Repeat([]byte{5}, 32))
		if err != nil {
			t.Fatal(err)
		}
		o := &outside{rig: rig{d: d, log: l}, clock: c, node: newNode(t), tsa: newAuthority(t, c.Now, x509.ExtKeyUsageTimeStamping), path: filepath.Join(t.TempDir(), "witness.txt"),
			rule: &network.Anchors{Of: []network.Fingerprint{network.FingerprintReview}, Batch: 4, Wait: network.Duration{N: 7, Unit: network.UnitDay}, Chain: &network.Chain{Name: "Chaîne Exemple", ID: 31337}, Stamp: &network.Stamp{Name: "Horodateur Exemple"}}}
		test(t, o)
	})
}

// another is a node of ours, with nothing but the database and the addresses.
func (o *outside) another(t *testing.T) *ours.Anchors {
	t.Helper()
	chain := func(id int64) (place.Place, error) {
		return place.NewChain(o.node.URL+"/with-a-secret", id, 2, bytes.Repeat([]byte{3}, 32))
	}
	return ours.NewAnchors(o.log, func(context.Context) (*network.Anchors, error) { return o.rule, nil }, ours.Reach{Witness: place.NewWitness(o.path, o.clock.Now), Chain: chain, Stamp: place.NewStamp(o.tsa.URL)})
}

// dies lets go of the lease, as five quiet seconds of the node that holds it do.
func (o *outside) dies(t *testing.T) {
	t.Helper()
	if err := o.d.Write(ctx, func(tx *db.Tx) error { return tx.Send("UPDATE lease SET holder = '' WHERE name = 'anchor'") }); err != nil {
		t.Error(err)
	}
}

func (o *outside) add(t *testing.T, kind string, n int) (ids []string) {
	t.Helper()
	err := o.d.Write(ctx, func(tx *db.Tx) error {
		ids = nil
		for i := range n {
			id, err := ours.CommitSecret(tx, kind, "x", fmt.Append(nil, i, o.clock.Now()))
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	if err == nil {
		err = o.log.Sequence(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.clock.Add(time.Second)
	return ids
}

func (o *outside) list(t *testing.T, a *ours.Anchors) []ours.Anchor {
	t.Helper()
	all, err := a.List(ctx, 0, 50)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// arrived sweeps, a machine's while apart, until every root is everywhere.
func (o *outside) arrived(t *testing.T, a *ours.Anchors) {
	t.Helper()
	for range 30 {
		if err := a.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		o.node.mu.Lock()
		o.node.head++
		o.node.mu.Unlock()
		missing := 0
		for _, x := range o.list(t, a) {
			for _, l := range x.Laid {
				if l.At.IsZero() {
					missing++
				}
			}
		}
		if missing == 0 {
			return
		}
		o.clock.AddMachine(2 * time.Hour)
	}
	for _, x := range o.list(t, a) {
		for _, l := range x.Laid {
			t.Logf("%d %s %s %v %s", x.Size, l.Place, l.Reference, l.At, l.Error)
		}
	}
	t.Fatal("roots are still on their way")
}

// N−1 make no root, the Nth makes one; what is of another kind is covered and not counted; the longest wait makes one of less. Each leaf is proved in the
// tree of its root, by a root that the places have (RN-90, RN-92, RN-93).
func TestAnchors_oneRootForABatch(t *testing.T) {
	eachOutside(t, func(t *testing.T, o *outside) {
		a := o.another(t)
		sweep := func(want int) []ours.Anchor {
			t.Helper()
			for range 2 { // a second look makes no other
				if err := a.Sweep(ctx); err != nil {
					t.Fatal(err)
				}
			}
			all := o.list(t, a)
			if len(all) != want {
				t.Fatalf("%d roots, want %d: %+v", len(all), want, all)
			}
			return all
		}
		sweep(0)
		o.add(t, "consent", 20)
		ids := o.add(t, "review", 3)
		sweep(0)
		ids = append(ids, o.add(t, "review", 1)...)
		if x := sweep(1)[0]; x.Size != 24 || x.Leaves != 4 || x.Cause != "batch" {
			t.Fatalf("%+v", x)
		}
		o.arrived(t, a)
		if late := o.add(t, "review", 3); late != nil {
			if _, err := a.Of(ctx, late[0]); !errors.Is(err, ours.ErrWaiting) {
				t.Error(err)
			}
		}
		o.clock.Add(7*24*time.Hour - 3*time.Second)
		sweep(1)
		o.clock.Add(2 * time.Second)
		if x := sweep(2)[0]; x.Size != 27 || x.Leaves != 3 || x.Cause != "wait" {
			t.Fatalf("%+v", x)
		}
		o.clock.Add(8 * 24 * time.Hour) // nothing counted: nothing to lay down, however long
		o.add(t, "consent", 5)
		sweep(2)
		o.arrived(t, a)
		if s, err := a.Standing(ctx); err != nil || s.Leaves != 0 || !s.Late.IsZero() {
			t.Errorf("%+v %v", s, err)
		}

		for _, id := range ids {
			x, err := a.Of(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			p, err := o.log.ProveAt(ctx, id, x.Size)
			if err != nil || ours.Verify(p, o.log.VerifierKey()) != nil || !strings.Contains(p.Checkpoint, x.Root) {
				t.Fatal(p, err)
			}
		}
		if _, err := a.Of(ctx, "leaf_none"); !errors.Is(err, db.ErrNone) {
			t.Error(err)
		}
		for i, x := range o.list(t, a) {
			root, err := base64.StdEncoding.DecodeString(x.Root)
			if err != nil || len(x.Laid) != 3 {
				t.Fatalf("%+v, %v", x, err)
			}
			if raw := o.node.sent[1-i]; strings.Count(raw, hex.EncodeToString(root)) != 1 || len(raw) > 2*(32+150) {
				t.Errorf("the transaction holds something else: %s", raw)
			}
			for _, l := range x.Laid {
				switch l.Place {
				case ours.PlaceChain:
					if l.Reference != txHash(t, o.node.sent[1-i]) || !bytes.Contains(l.Evidence, []byte(l.Reference)) {
						t.Errorf("%+v", l)
					}
				case ours.PlaceStamp:
					if _, err := place.CheckStamp(l.Evidence, place.Root(root)); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if len(o.node.sent) != 2 || len(o.tsa.got) != 2 {
			t.Errorf("%d transactions, %d stamps", len(o.node.sent), len(o.tsa.got))
		}
		witness, err := os.ReadFile(o.path)
		if err != nil || strings.Count(string(witness), "\n") != 2 {
			t.Error(string(witness), err)
		}
	})
}

// Whatever fails, before or after it was done, the root arrives, and the chain has one transaction for it. A node that dies takes nothing with it: the next one
// starts from the database.
func TestAnchors_everyStepFails(t *testing.T) {
	methods := []string{"eth_chainId", "eth_getTransactionCount", "eth_maxPriorityFeePerGas", "eth_estimateGas", "eth_getBlockByNumber", "eth_sendRawTransaction", "eth_getTransactionReceipt", "eth_blockNumber"}
	eachOutside(t, func(t *testing.T, o *outside) {
		for i, method := range methods {
			for j, done := range []bool{false, true} {
				failed := 0
				o.node.mu.Lock()
				o.node.fails = func(m string) (int, bool) {
					if m != method || failed > 1 {
						return 0, false
					}
					failed++
					return http.StatusBadGateway, done
				}
				o.node.mu.Unlock()
				o.add(t, "review", 4)
				for range 3 {
					o.dies(t)
					if err := o.another(t).Sweep(ctx); err != nil { // each time somebody who knows nothing
						t.Fatal(err)
					}
					o.clock.AddMachine(time.Hour)
				}
				o.dies(t)
				a := o.another(t)
				o.arrived(t, a)
				all := o.list(t, a)
				if want := 2*i + j + 1; len(all) != want || len(o.node.block) != want || len(o.node.sent) != want {
					t.Fatalf("%s, done %t: %d roots, %d sent, %d in blocks; want %d", method, done, len(all), len(o.node.sent), len(o.node.block), want)
				}
				if failed == 0 {
					t.Errorf("%s failed %d times", method, failed)
				}
			}
		}
	})
}

// Two nodes at once lay one root down once.
func TestAnchors_twoNodes(t *testing.T) {
	eachOutside(t, func(t *testing.T, o *outside) {
		o.add(t, "review", 4)
		var wg sync.WaitGroup
		nodes := []*ours.Anchors{o.another(t), o.another(t), o.another(t)}
		for _, a := range nodes {
			wg.Go(func() {
				for range 8 {
					o.dies(t) // whoever leads loses it in the middle
					if err := a.Sweep(ctx); err != nil {
						t.Error(err)
					}
					o.clock.AddMachine(time.Hour)
				}
			})
		}
		wg.Wait()
		o.dies(t)
		o.arrived(t, nodes[0])
		if all := o.list(t, nodes[0]); len(all) != 1 || len(o.node.block) != 1 || len(o.node.sent) != 1 {
			t.Errorf("%d roots, %d sent, %d in blocks", len(all), len(o.node.sent), len(o.node.block))
		}
	})
}

// A transaction that nobody takes is the same when it is sent again; when its number was used by another of the same key it can never be taken, and only
// then is there a new one. A root that does not arrive is seen to be late, with the reason and without the address.
func TestAnchors_stuckAndLate(t *testing.T) {
	eachOutside(t, func(t *testing.T, o *outside) {
		a := o.another(t)
		o.node.holds = true
		o.add(t, "review", 4)
		for range 5 {
			if err := a.Sweep(ctx); err != nil {
				t.Fatal(err)
			}
			o.clock.AddMachine(time.Hour)
		}
		if len(o.node.sent) != 1 {
			t.Fatalf("%d transactions", len(o.node.sent))
		}
		o.node.spent, o.node.head = 1, 50
		if err := a.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if len(o.node.sent) != 2 {
			t.Fatalf("%d transactions after another used the number", len(o.node.sent))
		}
		if s, err := a.Standing(ctx); err != nil || !s.Late.IsZero() {
			t.Errorf("late at once: %+v %v", s, err)
		}
		o.clock.Add(24 * time.Hour)
		o.node.fails = func(string) (int, bool) { return http.StatusServiceUnavailable, false }
		o.clock.AddMachine(time.Hour)
		if err := a.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		s, err := a.Standing(ctx)
		if err != nil || s.Late.IsZero() || !strings.Contains(s.Error, "503") || strings.Contains(s.Error, "secret") {
			t.Errorf("%+v %v", s, err)
		}
		o.node.Close()
		o.clock.AddMachine(2 * time.Hour)
		if err := a.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if s, err := a.Standing(ctx); err != nil || s.Error == "" || strings.Contains(s.Error, "secret") || strings.Contains(s.Error, o.node.URL) {
			t.Errorf("%+v %v", s, err)
		}
	})
}

// The wrong chain, a stamp over something else or by somebody who may not stamp: none is believed.
func TestPlaces_wrongAnswers(t *testing.T) {
	now := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	root := place.Root(bytes.Repeat([]byte{8}, 32))
	tsa := newAuthority(t, now, x509.ExtKeyUsageTimeStamping)
	lay := func(p place.Place) error {
		_, err := p.Lay(ctx, 1, root, nil, func([]byte, string) error { return nil })
		return err
	}
	if err := lay(place.NewStamp(tsa.URL)); err != nil {
		t.Fatal(err)
	}
	for name, bend := range map[string]func(*timestamp.Timestamp){
		"another digest": func(ts *timestamp.Timestamp) { ts.HashedMessage = bytes.Repeat([]byte{9}, 32) },
		"another nonce":  func(ts *timestamp.Timestamp) { ts.Nonce = big.NewInt(1) },
		"no nonce":       func(ts *timestamp.Timestamp) { ts.Nonce = nil },
		"no certificate": func(ts *timestamp.Timestamp) { ts.AddTSACertificate = false },
		"before its key": func(ts *timestamp.Timestamp) { ts.Time = now().AddDate(-3, 0, 0) },
	} {
		tsa.bend = bend
		if lay(place.NewStamp(tsa.URL)) == nil {
			t.Errorf("%s: believed", name)
		}
	}
	if lay(place.NewStamp(newAuthority(t, now, x509.ExtKeyUsageServerAuth).URL)) == nil {
		t.Error("the certificate of a web server stamps time")
	}
	n := newNode(t)
	if c, err := place.NewChain(n.URL, 1, 1, bytes.Repeat([]byte{3}, 32)); err != nil || lay(c) == nil || len(n.sent) != 0 {
		t.Error("a root went to another chain", err)
	}
	for _, key := range [][]byte{nil, make([]byte, 32), bytes.Repeat([]byte{255}, 32), bytes.Repeat([]byte{3}, 31)} {
		if _, err := place.NewChain(n.URL, 1, 1, key); err == nil {
			t.Errorf("a key of %d bytes %x", len(key), key)
		}
	}
}

// The witness sees a database that was put back, or a root that is another one; a line that a power cut tore is as if it had never been.
func TestWitness_remembers(t *testing.T) {
	at := func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }
	path := filepath.Join(t.TempDir(), "witness.txt")
	a, b := place.Root{1}, place.Root{2}
	lay := func(size int64, root place.Root) error {
		_, err := place.NewWitness(path, at).Lay(ctx, size, root, nil, nil)
		return err
	}
	for i, c := range []struct {
		size int64
		root place.Root
		want error
	}{{5, a, nil}, {5, a, nil}, {9, b, nil}, {5, a, nil}, {9, a, place.ErrRewritten}, {7, b, place.ErrRewritten}} {
		if err := lay(c.size, c.root); !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(slices.Clone(whole), "12 00ff"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := lay(12, b); err != nil {
		t.Error(err)
	}
	if lines, err := place.NewWitness(path, at).Lines(); err != nil || len(lines) != 3 || lines[2].Size != 12 {
		t.Error(lines, err)
	}
	if err := os.WriteFile(path, append(whole, "nonsense\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := lay(13, b); err == nil {
		t.Error("a line that is none was read over")
	}
}
