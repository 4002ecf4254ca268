package document

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
)

// CSV is a table for spreadsheets (RFC 4180): UTF-8 with the mark without which they read it as something else, and with the sign between cells that
// its readers' programs expect. A cell that would run as a formula is made text.
func CSV(rows [][]string, between rune) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF, w.Comma = true, between
	for _, r := range rows {
		safe := make([]string, len(r))
		for i, cell := range r {
			safe[i] = unformula(cell)
		}
		if err := w.Write(safe); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
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
