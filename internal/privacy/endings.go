package privacy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Ending is one line of the ledger of erasures: whose keys or which record's values ended, when and why. It names ids and categories only.
type Ending struct {
	ID         string    `json:"id"`
	At         time.Time `json:"at"`
	Person     string    `json:"person"`
	Record     string    `json:"record,omitempty"` // only its values were emptied; the keys of the person live on for others
	Categories []string  `json:"categories"`
	Cause      string    `json:"cause"`
}

// Endings is where erasures are written before the keys are destroyed. It lies outside every backup, so that what a backup brings back is
// erased again before anybody is served.
type Endings interface {
	// Append makes lines durable before it answers nil. The same line may come twice.
	Append(...Ending) error
}

type nowhere struct{}

func (nowhere) Append(...Ending) error { return nil }

// EndingsFile is a ledger in a file of JSON lines, only ever appended to. Safe for concurrent use by one process.
type EndingsFile struct {
	path string
	mu   sync.Mutex
}

// EndingsIn is the ledger at path; the file is made with the first line.
func EndingsIn(path string) *EndingsFile { return &EndingsFile{path: path} }

// Append implements [Endings].
func (l *EndingsFile) Append(lines ...Ending) (err error) {
	if len(lines) == 0 {
		return nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for _, line := range lines {
		if err := e.Encode(line); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := os.MkdirAll(filepath.Dir(l.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if torn, err := endsTorn(f); err != nil {
		return err
	} else if torn { // a power cut left half a line: it promised nothing yet, and stays to be seen
		if _, err := f.Write([]byte("\n")); err != nil {
			return err
		}
	}
	if _, err := f.Write(b.Bytes()); err != nil {
		return err
	}
	return f.Sync()
}

func endsTorn(f *os.File) (bool, error) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false, err
	}
	var last [1]byte
	_, err = f.ReadAt(last[:], info.Size()-1)
	return last[0] != '\n', err
}

// Each calls f for every whole line, in the order in which they were written; a ledger that is not there has none. Half a line is no erasure.
func (l *EndingsFile) Each(f func(Ending) error) error {
	file, err := os.Open(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewReader(file)
	for n := 1; ; n++ {
		text, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var line Ending
		switch err := json.Unmarshal(text, &line); {
		case err != nil && bytes.HasPrefix(text, []byte(`{"id":"`)) && !bytes.HasSuffix(text, []byte("}\n")):
			continue // half a line that Append closed later
		case err != nil || line.Person == "":
			return fmt.Errorf("%s, line %d: not a line of the ledger of erasures", l.path, n)
		}
		if err := f(line); err != nil {
			return err
		}
	}
}
