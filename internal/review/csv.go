package review

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"entremise/internal/fault"
	"entremise/internal/geo"
)

// Bounds of a list.
const (
	MostListBytes = 1 << 20
	MostRows      = 2000
	mostColumns   = 60
)

// Table is a list as it was sent: lines of cells, with where each stood in the file.
type Table struct {
	Header []string
	Rows   [][]string
	Lines  []int // of the file, from 1: what a spreadsheet shows
	text   []byte
}

func badTable(t fault.Text) error {
	var c fault.Check
	c.Add("file", t)
	return c.Err()
}

// ReadTable reads a CSV file: separated by commas, semicolons or tabs, in UTF-8 or Windows-1252, as spreadsheets write it. A first line in which an e-mail
// address stands is no header. Faults are of the field "file".
func ReadTable(b []byte) (t Table, err error) {
	if len(b) > MostListBytes {
		return t, badTable(fault.T("Le fichier dépasse 1 Mo : coupez-le en plusieurs listes.", "The file is over 1 MB: cut it into several lists."))
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if !utf8.Valid(b) {
		if b, err = charmap.Windows1252.NewDecoder().Bytes(b); err != nil {
			return t, err
		}
	}
	if bytes.IndexByte(b, 0) >= 0 || len(bytes.TrimSpace(b)) == 0 {
		return t, badTable(fault.T("Ce fichier n’est pas une liste : enregistrez-la au format CSV.", "This file is no list: save it as CSV."))
	}
	t.text = b
	first, _, _ := bytes.Cut(b, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(b))
	r.FieldsPerRecord = -1
	r.Comma = ','
	for _, sep := range []rune{';', '\t'} {
		if bytes.Count(first, []byte(string(sep))) > bytes.Count(first, []byte(string(r.Comma))) {
			r.Comma = sep
		}
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if bad, ok := errors.AsType[*csv.ParseError](err); ok {
			line := strconv.Itoa(bad.Line)
			return t, badTable(fault.Tf("La ligne %s ne se lit pas : un guillemet manque ou est de trop.", "Line %s cannot be read: a quotation mark is missing, or one too many.", line))
		}
		if err != nil {
			return t, err
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if strings.Join(cells, "") == "" {
			continue
		}
		if len(cells) > mostColumns {
			return t, badTable(fault.T("Il y a plus de 60 colonnes.", "There are more than 60 columns."))
		}
		if t.Header == nil {
			if t.Header = cells; !slices.ContainsFunc(cells, func(c string) bool { return strings.Contains(c, "@") }) {
				continue
			}
			t.Header = make([]string, len(cells))
		}
		line, _ := r.FieldPos(0)
		if t.Rows, t.Lines = append(t.Rows, cells), append(t.Lines, line); len(t.Rows) > MostRows {
			return t, badTable(fault.T("La liste dépasse 2 000 lignes : coupez-la en plusieurs.", "The list is over 2,000 lines: cut it into several."))
		}
	}
	if len(t.Rows) == 0 {
		return t, badTable(fault.T("La liste est vide.", "The list is empty."))
	}
	return t, nil
}

// Text is the file in UTF-8, without its byte order mark.
func (t Table) Text() []byte { return t.text }

// Column is what a column of a list holds.
type Column string

// Columns. First stands before Name when a list parts them.
const (
	ColEmail   Column = "email"
	ColFirst   Column = "first"
	ColName    Column = "name"
	ColPhone   Column = "phone"
	ColUntil   Column = "until"
	ColOn      Column = "on"
	ColService Column = "service"
)

// Columns lists them in the order in which they are guessed: who says more comes first.
func Columns() []Column {
	return []Column{ColEmail, ColFirst, ColPhone, ColUntil, ColOn, ColName, ColService}
}

var columnWords = map[Column][]string{
	ColEmail:   {"mail", "courriel"},
	ColFirst:   {"prenom", "first"},
	ColPhone:   {"tel", "phone", "mobile", "portable", "gsm"},
	ColUntil:   {"fin", "until", "sortie", "depart", "end date", "ended"},
	ColOn:      {"date", "debut", "start", "depuis", "entree", "livraison"},
	ColName:    {"nom", "name", "client", "salarie", "employe"},
	ColService: {"prestation", "service", "produit", "achat", "objet", "poste", "travaux", "job", "product"},
}

// Guess says which column holds what, by its title, or by an address in it; a column not found is absent.
func (t Table) Guess() map[Column]int {
	found, taken := map[Column]int{}, map[int]bool{}
	for _, c := range Columns() {
		at := slices.IndexFunc(t.Header, func(h string) bool {
			return !taken[slices.Index(t.Header, h)] && slices.ContainsFunc(columnWords[c], func(w string) bool { return strings.Contains(geo.Fold(h), w) })
		})
		if at < 0 && c == ColEmail {
			at = slices.IndexFunc(t.Rows[0], func(v string) bool { return strings.Contains(v, "@") })
		}
		if at >= 0 {
			found[c], taken[at] = at, true
		}
	}
	return found
}

// Read takes the rows by what their columns hold.
func (t Table) Read(by map[Column]int) []Row {
	rows := make([]Row, len(t.Rows))
	for i, cells := range t.Rows {
		get := func(c Column) string {
			if at, ok := by[c]; ok && at >= 0 && at < len(cells) {
				return cells[at]
			}
			return ""
		}
		rows[i] = Row{Line: t.Lines[i], Name: strings.TrimSpace(get(ColFirst) + " " + get(ColName)), Email: get(ColEmail), Phone: get(ColPhone),
			Experience: Experience{Service: get(ColService), On: isoDate(get(ColOn)), Until: isoDate(get(ColUntil))}}
	}
	return rows
}

// isoDate reads a date as a spreadsheet of France writes it; what is no date stays as it is, to be refused.
func isoDate(s string) string {
	for _, layout := range []string{time.DateOnly, "2/1/2006", "2-1-2006", "2.1.2006", "2006/1/2"} {
		if d, err := time.Parse(layout, s); err == nil {
			return d.Format(time.DateOnly)
		}
	}
	return s
}

// Correct writes the rows that were refused, each with why, for a spreadsheet.
func (t Table) Correct(wrong []Wrong, lang string) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("\ufeff")
	w := csv.NewWriter(&out)
	w.Comma = ';'
	if err := w.Write(append(slices.Clone(t.Header), fault.T("À corriger", "To correct").Say(lang))); err != nil {
		return nil, err
	}
	for _, bad := range wrong {
		i := slices.Index(t.Lines, bad.Line)
		if i < 0 {
			continue
		}
		cells := slices.Clone(t.Rows[i])
		for len(cells) < len(t.Header) {
			cells = append(cells, "")
		}
		var why []string
		for _, f := range bad.Fields {
			why = append(why, f.Text.Say(lang))
		}
		if err := w.Write(append(cells, strings.Join(why, " "))); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
