package archiver

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"entremise/internal/network"
)

// Folder is the embedded driver: write-once files beside the database, with a journal of its own whose lines are chained by their digests. It is no
// third party: whoever runs this machine could replace all of it, and only the proof log would tell. One process holds the folder.
type Folder struct {
	dir string
	now func() time.Time

	mu      sync.Mutex
	journal *os.File
	count   int64  // lines of the journal
	head    string // digest of the last
}

const (
	journalName = "journal.jsonl"
	begunName   = ".new-" // how a file is called before it is whole
	mostLine    = 4 << 10 // bytes
)

// entry is a line of the journal. Before is the digest of the line before.
type entry struct {
	Number int64     `json:"number"`
	At     time.Time `json:"at"`
	Act    string    `json:"act"` // keep or delete
	Object string    `json:"object"`
	SHA256 string    `json:"sha256"`
	Kind   string    `json:"kind,omitempty"`
	Until  time.Time `json:"until,omitzero"`
	Before string    `json:"before"`
}

// OpenFolder opens a folder, and checks the whole chain of its journal: a line that was changed, dropped or moved is an error that names it. One that
// is not there is made with the first deposit. now is business time. What a crash left of a last line is cut off: nobody had a receipt for it.
func OpenFolder(dir string, now func() time.Time) (*Folder, error) {
	f := &Folder{dir: dir, now: now}
	j, err := os.OpenFile(filepath.Join(dir, journalName), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, err
	}
	f.journal = j
	begun, err := filepath.Glob(filepath.Join(dir, "objects", "*", begunName+"*"))
	for _, file := range begun {
		err = errors.Join(err, os.Remove(file))
	}
	if err := errors.Join(err, f.read()); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	return f, nil
}

// Close lets go of the journal.
func (f *Folder) Close() error {
	if f.journal == nil {
		return nil
	}
	return f.journal.Close()
}

// begin makes the folder and its journal.
func (f *Folder) begin() (err error) {
	if err = os.MkdirAll(f.dir, 0o700); err == nil {
		f.journal, err = os.OpenFile(filepath.Join(f.dir, journalName), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	}
	if err == nil {
		err = syncFolder(f.dir)
	}
	return err
}

func (f *Folder) read() error {
	r := bufio.NewReaderSize(f.journal, 1<<20)
	var whole int64
	for {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("archiver: line %d of the journal: %w", f.count+1, err)
		}
		var e entry
		if json.Unmarshal(line, &e) != nil || e.Number != f.count+1 || e.Before != f.head {
			return fmt.Errorf("archiver: line %d of %s is not the one that was written: put the folder back from its copy", f.count+1, journalName)
		}
		f.count, f.head = e.Number, digestOf(line)
		whole += int64(len(line))
	}
	if err := f.journal.Truncate(whole); err != nil {
		return err
	}
	_, err := f.journal.Seek(whole, io.SeekStart)
	return err
}

func digestOf(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// write adds a line and answers its digest, once it is on the disk.
func (f *Folder) write(e entry) (string, error) {
	if f.journal == nil {
		if err := f.begin(); err != nil {
			return "", err
		}
	}
	e.Number, e.At, e.Before = f.count+1, f.now().UTC().Truncate(time.Microsecond), f.head
	line, err := json.Marshal(e)
	if err != nil {
		return "", err
	}
	line = append(line, '\n')
	if len(line) > mostLine {
		return "", errors.New("archiver: a line of the journal is too long")
	}
	at, err := f.journal.Seek(0, io.SeekEnd)
	if err != nil {
		return "", err
	}
	if _, err = f.journal.Write(line); err == nil {
		err = f.journal.Sync()
	}
	if err != nil { // a disk that is full leaves half a line, and the next one must not join it
		return "", errors.Join(err, f.journal.Truncate(at))
	}
	f.count, f.head = e.Number, digestOf(line)
	return f.head, nil
}

// Name is the driver's word in the network file.
func (*Folder) Name() string { return network.DriverFolder }

// Third is false: nobody else keeps it.
func (*Folder) Third() bool { return false }

func (f *Folder) path(name string) (folder, file string, err error) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
		return "", "", errors.New("archiver: an object's name has letters, digits, _ and - only")
	}
	sum := sha256.Sum256([]byte(name)) // spreads names that begin alike
	folder = filepath.Join(f.dir, "objects", hex.EncodeToString(sum[:1]))
	return folder, filepath.Join(folder, name), nil
}

// Store writes the line of the journal first, then the file with that line's digest in its own first line, whole or not at all: a file is its own
// receipt, and a line without a file is a deposit that was begun again.
func (f *Folder) Store(_ context.Context, o Object) (Receipt, error) {
	folder, file, err := f.path(o.Name)
	if err != nil {
		return Receipt{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r, body, err := f.open(file)
	switch {
	case err == nil && sha256.Sum256(body) != o.Hash:
		return Receipt{}, errors.New("archiver: another object stands under this name")
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return r, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return Receipt{}, err
	}
	r = Receipt{Ref: filepath.ToSlash(strings.TrimPrefix(file, f.dir+string(filepath.Separator))), Until: o.Until}
	if r.Version, err = f.write(entry{Act: "keep", Object: o.Name, SHA256: hex.EncodeToString(o.Hash[:]), Kind: o.Kind, Until: o.Until.UTC()}); err != nil {
		return Receipt{}, err
	}
	head, err := json.Marshal(r)
	if err != nil {
		return Receipt{}, err
	}
	return r, place(folder, file, append(append(head, '\n'), o.Body...))
}

// place makes a file that is whole as soon as it has its name, and that nobody may write.
func place(folder, file string, content []byte) (err error) {
	tmp, err := os.CreateTemp(folder, begunName+"*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Chmod(0o400), tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), file); err != nil { // never over another
		return err
	}
	return syncFolder(folder)
}

func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *Folder) open(file string) (r Receipt, body []byte, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return r, nil, err
	}
	head, body, ok := bytes.Cut(b, []byte("\n"))
	if !ok || json.Unmarshal(head, &r) != nil {
		return r, b, nil // what is left of a changed file: its digest tells
	}
	return r, body, nil
}

// Fetch reads an object's bytes: there is one version of each.
func (f *Folder) Fetch(_ context.Context, name, _ string) ([]byte, error) {
	_, file, err := f.path(name)
	if err != nil {
		return nil, err
	}
	_, body, err := f.open(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrMissing
	}
	return body, err
}

// Delete leaves a line in the journal for what was there, and answers that line's digest.
func (f *Folder) Delete(_ context.Context, name string) (string, error) {
	folder, file, err := f.path(name)
	if err != nil {
		return "", err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	_, body, err := f.open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "nothing is kept under this name, journal " + f.head, nil
	}
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(body)
	line, err := f.write(entry{Act: "delete", Object: name, SHA256: hex.EncodeToString(sum[:])})
	if err != nil {
		return "", err
	}
	if err := os.Remove(file); err != nil {
		return "", err
	}
	return "journal " + line, syncFolder(folder)
}
