package document

import (
	"strings"
	"unicode"
)

// Op says whether a piece of text stays, goes or comes.
type Op byte

// The three fates of a piece of text.
const (
	Same Op = '='
	Gone Op = '-'
	Come Op = '+'
)

// Piece is a run of words with one fate.
type Piece struct {
	Op   Op
	Text string
}

// Line is a line of a comparison: one that stays, or one with its words that go and come.
type Line struct{ Pieces []Piece }

// Changed reports whether anything of the line goes or comes.
func (l Line) Changed() bool {
	for _, p := range l.Pieces {
		if p.Op != Same {
			return true
		}
	}
	return false
}

// Diff compares two texts by lines and, where as many lines come as go, by their words. An empty line is no line.
func Diff(was, is string) []Line {
	var out []Line
	var gone, come []string
	flush := func() {
		for i := range max(len(gone), len(come)) {
			switch {
			case i >= len(gone):
				out = append(out, Line{[]Piece{{Come, come[i]}}})
			case i >= len(come):
				out = append(out, Line{[]Piece{{Gone, gone[i]}}})
			default:
				out = append(out, Line{join(edits(words(gone[i]), words(come[i])))})
			}
		}
		gone, come = nil, nil
	}
	for _, e := range edits(lines(was), lines(is)) {
		switch e.Op {
		case Gone:
			gone = append(gone, e.Text)
		case Come:
			come = append(come, e.Text)
		default:
			flush()
			out = append(out, Line{[]Piece{e}})
		}
	}
	flush()
	return out
}

func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
}

// words cuts a line into words, each with the blanks that follow it.
func words(line string) []string {
	var out []string
	start, blank := 0, false
	for i, r := range line {
		if space := unicode.IsSpace(r); blank && !space {
			out = append(out, line[start:i])
			start, blank = i, false
		} else {
			blank = space
		}
	}
	return append(out, line[start:])
}

// edits is the shortest way from a to b, by the longest common subsequence: a public document has some hundred lines.
func edits(a, b []string) []Piece {
	best := make([][]int32, len(a)+1)
	for i := range best {
		best[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				best[i][j] = best[i+1][j+1] + 1
			} else {
				best[i][j] = max(best[i+1][j], best[i][j+1])
			}
		}
	}
	var out []Piece
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Piece{Same, a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && best[i+1][j] >= best[i][j+1]:
			out = append(out, Piece{Gone, a[i]})
			i++
		default:
			out = append(out, Piece{Come, b[j]})
			j++
		}
	}
	return out
}

// join makes one piece of neighbours with one fate.
func join(pieces []Piece) []Piece {
	var out []Piece
	for _, p := range pieces {
		if n := len(out); n > 0 && out[n-1].Op == p.Op {
			out[n-1].Text += p.Text
		} else {
			out = append(out, p)
		}
	}
	return out
}
