package document

import (
	"bytes"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// CSV is a table for spreadsheets (RFC 4180): UTF-8 with the mark without which they read it as something else, and with the sign between cells that
// its readers' programs expect. A cell that would run as a formula is made text.
func CSV(rows [][]string, between rune) ([]byte, error) {
	var b bytes.Buffer
	t := NewTable(&b, between)
	for _, r := range rows {
		if err := t.Row(r); err != nil {
			return nil, err
		}
	}
	err := t.Flush()
	return b.Bytes(), err
}

// Table writes a CSV row by row, for one that is too long to be held.
type Table struct{ w *csv.Writer }

// NewTable begins a table; an error of its writer is answered by Row or Flush.
func NewTable(to io.Writer, between rune) *Table {
	marked := &marked{to: to}
	w := csv.NewWriter(marked)
	w.UseCRLF, w.Comma = true, between
	return &Table{w}
}

// Row writes one.
func (t *Table) Row(cells []string) error {
	safe := make([]string, len(cells))
	for i, cell := range cells {
		safe[i] = unformula(cell)
	}
	return t.w.Write(safe)
}

// Flush writes what is still held.
func (t *Table) Flush() error {
	t.w.Flush()
	return t.w.Error()
}

// marked puts the mark of UTF-8 before what is first written.
type marked struct {
	to   io.Writer
	done bool
}

func (m *marked) Write(p []byte) (int, error) {
	if !m.done {
		if _, err := io.WriteString(m.to, "\ufeff"); err != nil {
			return 0, err
		}
		m.done = true
	}
	return m.to.Write(p)
}

// unformula guards a cell against being read as a formula (OWASP, CSV injection). Numbers keep their sign, with a point or a comma.
func unformula(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return cell
	}
	if _, err := strconv.ParseFloat(strings.Replace(cell, ",", ".", 1), 64); err == nil {
		return cell
	}
	return "'" + cell
}
