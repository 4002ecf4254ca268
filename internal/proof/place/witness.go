package place

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Witness is a file beside the databases, in no backup: a line for each root, synced to the disk. It is not outside the house. What it sees is a database that was
// put back or rewritten, as long as the file itself is left alone.
type Witness struct {
	path string
	now  func() time.Time
	mu   sync.Mutex
}

// NewWitness is the witness file at a path; it is made with the first line.
func NewWitness(path string, now func() time.Time) *Witness { return &Witness{path: path, now: now} }

// ErrRewritten says that the log is not the one that was witnessed.
var ErrRewritten = errors.New("the witness file knows another log: it was rewritten, or an older state was put back")

// Lay adds a line. A line for the same size and root is enough.
func (w *Witness) Lay(_ context.Context, size int64, root Root, _ []byte, _ Keeper) (laid Laid, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines, err := w.read()
	if err != nil {
		return laid, err
	}
	for _, l := range lines {
		switch {
		case l.Size == size && l.Root == root:
			return Laid{Done: true, Reference: strconv.FormatInt(size, 10), At: l.At}, nil
		case l.Size >= size:
			return laid, ErrRewritten
		}
	}
	line := Line{size, root, w.now().UTC().Truncate(time.Second)}
	f, err := os.OpenFile(w.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return laid, err
	}
	_, err = fmt.Fprintf(f, "%d %s %s\n", line.Size, hex.EncodeToString(line.Root[:]), line.At.Format(time.RFC3339))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return laid, err
	}
	if len(lines) == 0 {
		folder, err := os.Open(filepath.Dir(w.path))
		if err != nil {
			return laid, err
		}
		if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
			return laid, err
		}
	}
	return Laid{Done: true, Reference: strconv.FormatInt(size, 10), At: line.At}, nil
}

// Line is a root that was witnessed.
type Line struct {
	Size int64
	Root Root
	At   time.Time
}

// Lines are what was witnessed, oldest first.
func (w *Witness) Lines() ([]Line, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.read()
}

// read leaves out a last line without its end: a power cut tore it, and it was never answered for.
func (w *Witness) read() (lines []Line, err error) {
	f, err := os.Open(w.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := bufio.NewReader(f)
	for {
		text, err := r.ReadString('\n')
		if err != nil {
			if text != "" {
				return lines, os.Truncate(w.path, w.whole(lines))
			}
			return lines, nil
		}
		parts := strings.Fields(text)
		if len(parts) != 3 {
			return nil, fmt.Errorf("the witness file's line %d is none", len(lines)+1)
		}
		var l Line
		var e1, e2, e3 error
		l.Size, e1 = strconv.ParseInt(parts[0], 10, 64)
		root, e2 := hex.DecodeString(parts[1])
		l.At, e3 = time.Parse(time.RFC3339, parts[2])
		if errors.Join(e1, e2, e3) != nil || len(root) != len(l.Root) {
			return nil, fmt.Errorf("the witness file's line %d is none", len(lines)+1)
		}
		l.Root = Root(root)
		lines = append(lines, l)
	}
}

// whole is the length of lines in the file, in bytes.
func (w *Witness) whole(lines []Line) (n int64) {
	for _, l := range lines {
		n += int64(len(strconv.FormatInt(l.Size, 10)) + 1 + 64 + 1 + len(l.At.Format(time.RFC3339)) + 1)
	}
	return n
}
