package inspect

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/proof"
)

// Limits of what a verifier reads.
const (
	mostPacked = 256 << 20 // bytes, unpacked
	mostFiles  = 20_000
	leastPack  = 22 // bytes of an empty zip file
)

// Is reports whether a file begins like a pack.
func Is(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// Report is what a verified pack proves.
type Report struct {
	Manifest Manifest `json:"manifest"`
	ID       string   `json:"id"`
	Key      string   `json:"key"`
	LogSize  int64    `json:"log_size"` // leaves of the log when the pack entered it
	Passed   []string `json:"passed"`
}

// Verify checks a pack without database and network: its seal over every byte, the seal's place in the log, each file against the manifest, the
// network file against its hash, the log's checkpoints one after the other, and each sample passport. vkey is the key that the reader trusts; empty
// takes the pack's own, which proves only that it is whole. The error says what is wrong, by the file where it can.
func Verify(pack []byte, vkey string) (r Report, err error) {
	body, seal, err := split(pack)
	if err != nil {
		return r, err
	}
	if vkey == "" {
		vkey = seal.Key
	}
	if vkey != seal.Key {
		return r, errors.New("the seal names another key than the one given")
	}
	text, err := proof.OpenSigned(seal.Signature, vkey)
	if err != nil {
		return r, fmt.Errorf("the seal's signature: %w", err)
	}
	st := seal.Statement
	if text != st.signed() || st.Format != format {
		return r, errors.New("the seal was changed after it was signed")
	}
	files, m, fileErr := unpack(body)
	if sum := sha256.Sum256(body); hex.EncodeToString(sum[:]) != st.SHA256 {
		if fileErr == nil {
			fileErr = errors.New("bytes between the files")
		}
		return r, fmt.Errorf("the pack was changed after it was sealed: %w", fileErr)
	}
	if fileErr != nil {
		return r, fileErr
	}
	r = Report{Manifest: m, ID: st.ID, Key: vkey, Passed: []string{fmt.Sprintf("seal and %d files", len(files)-1)}}
	if seal.Inclusion.Kind != leafKind || seal.Inclusion.Commitment != hex.EncodeToString(proof.Commitment(leafKind, nil, st.bytes())) {
		return r, errors.New("the log's leaf is not about this pack")
	}
	if err := proof.Verify(seal.Inclusion, vkey); err != nil {
		return r, fmt.Errorf("the pack's place in the log: %w", err)
	}
	r.Passed = append(r.Passed, "its place in the log")
	if r.LogSize, err = checkChain(files, seal, vkey); err != nil {
		return r, fmt.Errorf("%s: %w", chainName, err)
	}
	r.Passed = append(r.Passed, "the log's checkpoints, each extending the one before")
	if err := checkEdition(files[editionName], m.Edition); err != nil {
		return r, fmt.Errorf("%s: %w", editionName, err)
	}
	r.Passed = append(r.Passed, "the network file and its hash")
	var certificates []certified
	if err := json.Unmarshal(files[certificatesName], &certificates); err != nil {
		return r, fmt.Errorf("%s: %w", certificatesName, err)
	}
	for _, c := range certificates {
		if err := c.verify(vkey); err != nil {
			return r, fmt.Errorf("%s: %w", certificatesName, err)
		}
	}
	r.Passed = append(r.Passed, fmt.Sprintf("%d certificates of erasure", len(certificates)))
	passports := 0
	for name, b := range files {
		if strings.HasPrefix(name, passportFolder) {
			if _, err := privacy.VerifyPassport(b, vkey); err != nil {
				return r, fmt.Errorf("%s: %w", name, err)
			}
			passports++
		}
	}
	r.Passed = append(r.Passed, fmt.Sprintf("%d sample passports", passports))
	return r, nil
}

// split parts a pack from its seal.
func split(pack []byte) (body []byte, seal Seal, err error) {
	if len(pack) < leastPack || !Is(pack) {
		return nil, seal, errors.New("this is no inspection pack")
	}
	end := bytes.LastIndex(pack, []byte("PK\x05\x06"))
	if end < 0 || end+leastPack > len(pack) {
		return nil, seal, errors.New("the pack is cut off: its seal is missing")
	}
	comment := pack[end+leastPack:]
	if n := int(pack[end+leastPack-2]) | int(pack[end+leastPack-1])<<8; n != len(comment) || n == 0 {
		return nil, seal, errors.New("the pack is cut off, or something follows its seal")
	}
	text, sum, _ := bytes.Cut(comment, []byte("\n"))
	if string(sum) != checksum(text) { // what decodes alike though it is written otherwise is a change too
		return nil, seal, errors.New("the seal was changed")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&seal); err != nil {
		return nil, seal, fmt.Errorf("the seal does not read: %w", err)
	}
	return pack[:end+leastPack-commentLength], seal, nil
}

// unpack reads the files of a pack and holds them to its manifest.
func unpack(body []byte) (files map[string][]byte, m Manifest, err error) {
	whole := append(bytes.Clone(body), 0, 0) // without the comment
	z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		return nil, m, fmt.Errorf("the list of files does not read: %w", err)
	}
	if len(z.File) > mostFiles {
		return nil, m, errors.New("it holds more files than any pack")
	}
	files = map[string][]byte{}
	left := int64(mostPacked)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, m, fmt.Errorf("%s: %w", f.Name, err)
		}
		b, err := io.ReadAll(io.LimitReader(r, left+1))
		if err = errors.Join(err, r.Close()); err != nil {
			return nil, m, fmt.Errorf("%s: %w", f.Name, err)
		}
		if left -= int64(len(b)); left < 0 {
			return nil, m, errors.New("it is larger than any pack")
		}
		if _, twice := files[f.Name]; twice {
			return nil, m, fmt.Errorf("%s stands in it twice", f.Name)
		}
		files[f.Name] = b
	}
	d := json.NewDecoder(bytes.NewReader(files[manifestName]))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil || m.Format != format {
		return nil, m, fmt.Errorf("%s does not read", manifestName)
	}
	for _, l := range m.Files {
		b, there := files[l.Name]
		if !there {
			return nil, m, fmt.Errorf("%s is missing", l.Name)
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != l.SHA256 || len(b) != l.Size {
			return nil, m, fmt.Errorf("%s was changed", l.Name)
		}
	}
	if len(files) != len(m.Files)+1 {
		return nil, m, errors.New("it holds a file that its manifest does not name")
	}
	return files, m, nil
}

// checkChain checks the log's checkpoints and that the one in which the pack stands extends the last of them.
func checkChain(files map[string][]byte, seal Seal, vkey string) (size int64, err error) {
	var links []proof.Link
	if err := json.Unmarshal(files[chainName], &links); err != nil {
		return 0, err
	}
	if seal.Extends.Checkpoint != seal.Inclusion.Checkpoint {
		return 0, errors.New("the pack stands in another checkpoint")
	}
	last, err := proof.VerifyChain(append(links, seal.Extends), vkey)
	return last.Size, err
}

func checkEdition(bundle []byte, hash string) error {
	folder, err := network.Unpack(bundle)
	if err != nil {
		return err
	}
	_, got, err := network.Pack(folder)
	if err == nil && got != hash {
		err = errors.New("its hash is not the edition that the manifest names")
	}
	return err
}

// Say tells in English what a verified pack holds.
func (r Report) Say() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Inspection pack %s of %s (%s), made %s under edition %.12s.\n", r.ID, r.Manifest.Operator, r.Manifest.Network, r.Manifest.Made.Format("2006-01-02 15:04:05 MST"), r.Manifest.Edition)
	for _, p := range r.Passed {
		fmt.Fprintf(&b, "  holds: %s\n", p)
	}
	for _, l := range r.Manifest.Files {
		fmt.Fprintf(&b, "  %9d  %-44s %s\n", l.Size, l.Name, l.About)
	}
	return b.String()
}
