package place

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"golang.org/x/crypto/sha3"
)

// Chain is a node of a chain that speaks Ethereum's JSON-RPC, and a key that pays there. A root is the whole calldata of a transaction of that key to itself.
type Chain struct {
	url     string
	id      *big.Int
	depth   uint64
	key     *secp256k1.PrivateKey
	address [20]byte
	http    *http.Client
}

// NewChain takes the address of a node, the chain's number (EIP-155), how many blocks deep a transaction counts as there for good (1 is the newest block), and
// a private key of 32 bytes.
func NewChain(address string, id int64, depth uint64, key []byte) (*Chain, error) {
	var scalar secp256k1.ModNScalar
	if len(key) != 32 || scalar.SetByteSlice(key) || scalar.IsZero() {
		return nil, errors.New("the chain's key is no private key of 32 bytes")
	}
	if id < 1 || depth < 1 {
		return nil, errors.New("the chain's number and depth are at least 1")
	}
	c := &Chain{url: address, id: big.NewInt(id), depth: depth, key: secp256k1.NewPrivateKey(&scalar), http: client()}
	copy(c.address[:], keccak(c.key.PubKey().SerializeUncompressed()[1:])[12:])
	return c, nil
}

// Address is the account that pays, in hexadecimal.
func (c *Chain) Address() string { return "0x" + hex.EncodeToString(c.address[:]) }

// sending is what is kept before a transaction is broadcast: sent again, it is the same transaction, and the chain takes one of a number at most.
type sending struct {
	Nonce uint64 `json:"nonce"`
	Raw   string `json:"raw"` // hexadecimal, with 0x
}

// Lay signs a transaction, keeps it, broadcasts it, and finds it deep enough in the chain. Whether it succeeded does not matter: its calldata is there. A new one
// is signed only when the kept one's number was used by another transaction, so that it can never be taken.
func (c *Chain) Lay(ctx context.Context, _ int64, root Root, message []byte, keep Keeper) (laid Laid, err error) {
	var id quantity
	if err := c.call(ctx, &id, "eth_chainId"); err != nil {
		return laid, err
	}
	if new(big.Int).SetUint64(uint64(id)).Cmp(c.id) != 0 {
		return laid, fmt.Errorf("the node is of chain %d, not %s", uint64(id), c.id)
	}
	if len(message) > 0 {
		var s sending
		if err := json.Unmarshal(message, &s); err != nil {
			return laid, err
		}
		raw, err := unhex(s.Raw)
		if err != nil {
			return laid, err
		}
		// Before the receipt is asked for, since a number that was free then and is used now may be ours; and deep in the chain, where nothing is rearranged.
		var head, next quantity
		if err := c.call(ctx, &head, "eth_blockNumber"); err != nil {
			return laid, err
		}
		if err := c.call(ctx, &next, "eth_getTransactionCount", c.Address(), quantity(max(uint64(head)+1, c.depth)-c.depth).hex()); err != nil {
			return laid, err
		}
		laid, found, err := c.find(ctx, keccak(raw))
		if err != nil || found {
			return laid, err
		}
		if uint64(next) <= s.Nonce {
			return laid, c.send(ctx, s.Raw)
		}
	}
	s, hash, err := c.sign(ctx, root)
	if err != nil {
		return laid, err
	}
	if message, err = json.Marshal(s); err != nil {
		return laid, err
	}
	if err := keep(message, hash); err != nil {
		return laid, err
	}
	return laid, c.send(ctx, s.Raw)
}

// send broadcasts. A node that has the transaction already says so in words of its own: whether it is there, find will tell, and what is wrong with it is worth
// telling until then.
func (c *Chain) send(ctx context.Context, raw string) error {
	var hash string
	err := c.call(ctx, &hash, "eth_sendRawTransaction", raw)
	if refused, ok := errors.AsType[*refusal](err); ok && (strings.Contains(refused.Message, "already known") || strings.Contains(refused.Message, "already imported")) {
		return nil
	}
	return err
}

// find looks for a transaction: found as soon as it is in a block, done when that lies deep enough.
func (c *Chain) find(ctx context.Context, hash []byte) (laid Laid, found bool, err error) {
	name := "0x" + hex.EncodeToString(hash)
	var receipt *struct {
		BlockNumber quantity `json:"blockNumber"`
		BlockHash   string   `json:"blockHash"`
	}
	if err := c.call(ctx, &receipt, "eth_getTransactionReceipt", name); err != nil || receipt == nil {
		return laid, false, err
	}
	var head quantity
	if err := c.call(ctx, &head, "eth_blockNumber"); err != nil || uint64(head)+1 < uint64(receipt.BlockNumber)+c.depth {
		return laid, true, err
	}
	var block *struct {
		Hash      string   `json:"hash"`
		Timestamp quantity `json:"timestamp"`
	}
	if err := c.call(ctx, &block, "eth_getBlockByNumber", receipt.BlockNumber.hex(), false); err != nil {
		return laid, true, err
	}
	if block == nil || block.Hash != receipt.BlockHash {
		return laid, true, errors.New("the chain is being rearranged: the block is another one now")
	}
	evidence, err := json.Marshal(Mined{Chain: c.id.Int64(), Tx: name, Block: uint64(receipt.BlockNumber), BlockHash: receipt.BlockHash})
	return Laid{Done: true, Reference: name, Evidence: evidence, At: time.Unix(int64(block.Timestamp), 0).UTC()}, true, err
}

// Mined is the evidence of a root in a chain.
type Mined struct {
	Chain     int64  `json:"chain"`
	Tx        string `json:"tx"`
	Block     uint64 `json:"block"`
	BlockHash string `json:"block_hash"`
}

// sign makes the transaction (EIP-1559). The most that it may cost is ten times the fee of the newest block: what is paid is the fee of the block that takes it, so
// that a room of that size costs nothing and spares a second transaction.
func (c *Chain) sign(ctx context.Context, root Root) (s sending, hash string, err error) {
	var nonce, tip, gas quantity
	if err := c.call(ctx, &nonce, "eth_getTransactionCount", c.Address(), "latest"); err != nil {
		return s, "", err
	}
	if err := c.call(ctx, &tip, "eth_maxPriorityFeePerGas"); err != nil {
		return s, "", err
	}
	var block *struct {
		BaseFee *quantity `json:"baseFeePerGas"`
	}
	if err := c.call(ctx, &block, "eth_getBlockByNumber", "latest", false); err != nil {
		return s, "", err
	}
	if block == nil || block.BaseFee == nil {
		return s, "", errors.New("the chain has no base fee (EIP-1559)")
	}
	data := "0x" + hex.EncodeToString(root[:])
	if err := c.call(ctx, &gas, "eth_estimateGas", map[string]string{"from": c.Address(), "to": c.Address(), "data": data}); err != nil {
		return s, "", err
	}
	most := new(big.Int).Mul(new(big.Int).SetUint64(uint64(*block.BaseFee)), big.NewInt(10))
	most.Add(most, new(big.Int).SetUint64(uint64(tip)))
	number := func(n uint64) []byte { return rlpBytes(new(big.Int).SetUint64(n).Bytes()) }
	fields := [][]byte{rlpBytes(c.id.Bytes()), number(uint64(nonce)), number(uint64(tip)), rlpBytes(most.Bytes()), number(uint64(gas) * 5 / 4), rlpBytes(c.address[:]), rlpBytes(nil), rlpBytes(root[:]), rlpList()}
	signature := ecdsa.SignCompact(c.key, keccak([]byte{2}, rlpList(fields...)), false) // 27 + parity, r, s
	fields = append(fields, number(uint64(signature[0]-27)), rlpBytes(bytes.TrimLeft(signature[1:33], "\x00")), rlpBytes(bytes.TrimLeft(signature[33:], "\x00")))
	raw := append([]byte{2}, rlpList(fields...)...)
	return sending{uint64(nonce), "0x" + hex.EncodeToString(raw)}, "0x" + hex.EncodeToString(keccak(raw)), nil
}

// rlpBytes and rlpList are Ethereum's recursive length prefix.
func rlpBytes(b []byte) []byte {
	if len(b) == 1 && b[0] < 0x80 {
		return b
	}
	return append(rlpHead(0x80, len(b)), b...)
}

func rlpList(items ...[]byte) []byte {
	body := bytes.Join(items, nil)
	return append(rlpHead(0xc0, len(body)), body...)
}

func rlpHead(kind byte, n int) []byte {
	if n < 56 {
		return []byte{kind + byte(n)}
	}
	length := big.NewInt(int64(n)).Bytes()
	return append([]byte{kind + 55 + byte(len(length))}, length...)
}

func keccak(parts ...[]byte) []byte {
	h := sha3.NewLegacyKeccak256()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

// quantity is a number as JSON-RPC writes it, 0x2a. Fees and counters fit 64 bits on every chain that is worth a root.
type quantity uint64

func (q quantity) hex() string { return fmt.Sprintf("0x%x", uint64(q)) }

// UnmarshalText refuses what is no such number.
func (q *quantity) UnmarshalText(text []byte) error {
	n, ok := new(big.Int).SetString(strings.TrimPrefix(string(text), "0x"), 16)
	if !ok || !strings.HasPrefix(string(text), "0x") || !n.IsUint64() {
		return errors.New("the node's answer is no number")
	}
	*q = quantity(n.Uint64())
	return nil
}

func unhex(s string) ([]byte, error) { return hex.DecodeString(strings.TrimPrefix(s, "0x")) }

// refusal is an error that the node itself answers.
type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (r *refusal) Error() string {
	message := []rune(r.Message)
	return fmt.Sprintf("the chain's node refuses: %s (%d)", string(message[:min(len(message), 200)]), r.Code)
}

func (c *Chain) call(ctx context.Context, into any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address of the chain's node is none")
	}
	r.Header.Set("Content-Type", "application/json")
	text, err := ask(c.http, r)
	if err != nil {
		return fmt.Errorf("the chain's node, %s: %w", method, err)
	}
	answer := struct {
		Result json.RawMessage `json:"result"`
		Error  *refusal        `json:"error"`
	}{}
	if err := json.Unmarshal(text, &answer); err != nil {
		return fmt.Errorf("the chain's node, %s: its answer is none", method)
	}
	if answer.Error != nil {
		return answer.Error
	}
	if err := json.Unmarshal(answer.Result, into); err != nil {
		return fmt.Errorf("the chain's node, %s: its answer is none", method)
	}
	return nil
}
