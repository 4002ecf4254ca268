// Package paper sets text on A4 pages: one typeface, two weights, three inks. Positions are millimetres from the top left corner, and text
// stands on its baseline.
package paper

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/text/unicode/norm"
)

// Public Sans, SIL Open Font License 1.1; fonts.py says how the files were made. Figures of one width stand in fonts of their own, for
// columns of amounts; in running text they would look letter-spaced.
var (
	//go:embed PublicSans-Regular.ttf
	regular []byte
	//go:embed PublicSans-SemiBold.ttf
	semibold []byte
	//go:embed PublicSans-Regular-Figures.ttf
	regularFigures []byte
	//go:embed PublicSans-SemiBold-Figures.ttf
	semiboldFigures []byte
)

// The page: ISO 216 A4, in millimetres.
const (
	Width, Height = 210.0, 297.0
	Left, Right   = 22.0, 188.0 // where text begins and ends
	Foot          = 272.0       // last baseline of the text; the footer stands below
)

// Ink is a colour. There are three: text, what steps back, and the one accent.
type Ink struct{ r, g, b int }

var (
	Black  = Ink{24, 28, 33}
	Grey   = Ink{101, 109, 118}
	Accent = Ink{11, 83, 69}
	Hair   = Ink{205, 210, 215} // rules only
)

// Style is how text looks. Size is in points.
type Style struct {
	Size float64
	Bold bool
	Ink  Ink
}

// Leading is the distance from one baseline to the next, in millimetres.
func (s Style) Leading() float64 { return s.Size * 1.38 * 25.4 / 72 }

// Paper is a document being set. It is used by one goroutine.
type Paper struct {
	pdf    *fpdf.Fpdf
	footer func(page, of int)
}

// New begins a document with its first page. made is the date inside the file: with the same calls the bytes are the same.
func New(title, author string, made time.Time) *Paper {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCatalogSort(true) // else maps decide the order of objects
	pdf.SetCreationDate(made.UTC())
	pdf.SetModificationDate(made.UTC())
	pdf.SetTitle(Printable(title), true)
	pdf.SetAuthor(Printable(author), true)
	pdf.SetProducer("Entremise", true)
	pdf.SetLang("fr-FR")
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(0, 0, 0)
	// The library writes into the bytes that it is given.
	pdf.AddUTF8FontFromBytes("text", "", bytes.Clone(regular))
	pdf.AddUTF8FontFromBytes("text", "B", bytes.Clone(semibold))
	pdf.AddUTF8FontFromBytes("figures", "", bytes.Clone(regularFigures))
	pdf.AddUTF8FontFromBytes("figures", "B", bytes.Clone(semiboldFigures))
	pdf.AddPage()
	return &Paper{pdf: pdf}
}

// Page begins a new page.
func (p *Paper) Page() { p.pdf.AddPage() }

// Footer is called once for each page when the document is finished and its number of pages known.
func (p *Paper) Footer(f func(page, of int)) { p.footer = f }

// Text sets one line beginning at x.
func (p *Paper) Text(x, y float64, s Style, text string) {
	p.use("text", s)
	p.pdf.Text(x, y, Printable(text))
}

// Right sets one line ending at x. What is only figures stands in columns.
func (p *Paper) Right(x, y float64, s Style, text string) {
	family := "figures"
	if strings.Trim(text, figures) != "" {
		family = "text"
	}
	p.use(family, s)
	text = Printable(text)
	p.pdf.Text(x-p.pdf.GetStringWidth(text), y, text)
}

const figures = "0123456789,.-−+%€ \u00a0\u202f/"

// Block sets text in lines of at most w and returns the baseline after the last one. Newlines are kept.
func (p *Paper) Block(x, y, w float64, s Style, text string) float64 {
	for _, line := range p.Lines(w, s, text) {
		p.Text(x, y, s, line)
		y += s.Leading()
	}
	return y
}

// Measure is the width of one line.
func (p *Paper) Measure(s Style, text string) float64 {
	p.use("text", s)
	return p.pdf.GetStringWidth(Printable(text))
}

// Lines breaks text at spaces (never at a no-break space) into lines of at most w; a word that is longer is cut.
func (p *Paper) Lines(w float64, s Style, text string) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		line := ""
		for word := range strings.SplitSeq(paragraph, " ") {
			if word == "" {
				continue
			}
			if line != "" && p.Measure(s, line+" "+word) <= w {
				line += " " + word
				continue
			}
			if line != "" {
				lines = append(lines, line)
			}
			for line = word; p.Measure(s, line) > w; {
				head := p.fit(line, w, s)
				lines, line = append(lines, line[:head]), line[head:]
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// fit is the length in bytes of the longest beginning of word that is no wider than w; at least one character.
func (p *Paper) fit(word string, w float64, s Style) int {
	_, n := utf8.DecodeRuneInString(word)
	for i := range word {
		if i > n && p.Measure(s, word[:i]) > w {
			break
		}
		n = max(n, i)
	}
	return n
}

// Rule draws a horizontal line, weight in millimetres.
func (p *Paper) Rule(x1, x2, y, weight float64, ink Ink) {
	p.pdf.SetDrawColor(ink.r, ink.g, ink.b)
	p.pdf.SetLineWidth(weight)
	p.pdf.Line(x1, y, x2, y)
}

// Link makes the area above a baseline lead to an address (tel:, mailto:, https:).
func (p *Paper) Link(x, y, w float64, s Style, address string) {
	h := s.Leading()
	p.pdf.LinkString(x, y-0.8*h, w, h, address)
}

// Bytes finishes the document.
func (p *Paper) Bytes() ([]byte, error) {
	if p.footer != nil {
		n := p.pdf.PageCount()
		for i := 1; i <= n; i++ {
			p.pdf.SetPage(i)
			p.footer(i, n)
		}
	}
	var b bytes.Buffer
	if err := p.pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return b.Bytes(), nil
}

func (p *Paper) use(family string, s Style) {
	weight := ""
	if s.Bold {
		weight = "B"
	}
	p.pdf.SetFont(family, weight, s.Size)
	p.pdf.SetTextColor(s.Ink.r, s.Ink.g, s.Ink.b)
}

var glyphs = sync.OnceValue(func() *sfnt.Font {
	f, err := sfnt.Parse(regular)
	if err != nil {
		panic(err) // the font is part of the program
	}
	return f
})

// Printable is s with what the typeface can show: a letter with an accent that it lacks loses the accent, another sign becomes a question
// mark, invisible and control characters go. All of Latin Europe is there.
func Printable(s string) string {
	var b strings.Builder
	var buffer sfnt.Buffer
	has := func(r rune) bool {
		i, err := glyphs().GlyphIndex(&buffer, r)
		return err == nil && i != 0
	}
	for _, r := range norm.NFC.String(s) {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case unicode.In(r, unicode.C, unicode.Mn, unicode.Variation_Selector):
		case has(r):
			b.WriteRune(r)
		default:
			base := []rune(norm.NFKD.String(string(r)))[0]
			if !has(base) {
				base = '?'
			}
			b.WriteRune(base)
		}
	}
	return b.String()
}
