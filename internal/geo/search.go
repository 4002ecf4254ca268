package geo

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold writes a name as it is compared: lower case, without accents, ligatures spelt out, and one space for every run of hyphens,
// apostrophes and other signs. Fold(Fold(s)) is Fold(s).
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	put := func(r rune) {
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	if !ascii(s) {
		s = norm.NFKD.String(strings.ToValidUTF8(s, " ")) // a broken byte would keep what follows it from being taken apart
	}
	for _, r := range s {
		switch r = unicode.ToLower(r); {
		case r == 'œ':
			put('o')
			put('e')
		case r == 'æ':
			put('a')
			put('e')
		case r == 'ß':
			put('s')
			put('s')
		case unicode.Is(unicode.Mn, r):
		case r < 0x80 && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'), r >= 0x80 && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			put(r)
		default:
			gap = true
		}
	}
	return b.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// word is the beginning of a word in the folded name of a commune.
type word struct {
	text    string // from that word to the end of the name
	commune int
	first   bool
}

// words are sorted by text; they cost more than the table itself and are made when first searched.
var words = sync.OnceValue(func() []word {
	a := load()
	out := make([]word, 0, 2*len(a.communes))
	for i, c := range a.communes {
		if c.divided() {
			continue
		}
		name := Fold(c.Name)
		for at, first := 0, true; ; first = false {
			out = append(out, word{name[at:], i, first})
			next := strings.IndexByte(name[at:], ' ')
			if next < 0 {
				break
			}
			at += next + 1
		}
	}
	slices.SortFunc(out, func(a, b word) int { return strings.Compare(a.text, b.text) })
	return out
})

// maxQuery bounds what is searched, in bytes after folding; the longest name has 45.
const maxQuery = 60

// Search lists at most limit communes for what a person has typed so far: the beginning of a name or of one of its words, with or
// without accents and hyphens, "st" for "saint", or the beginning of a postcode. Whole names come first, then names that begin so, then
// the others; among equals the larger commune is first.
func Search(typed string, limit int) []Commune {
	if len(typed) > 4*maxQuery {
		return nil
	}
	q := Fold(typed)
	if q == "" || len(q) > maxQuery || limit <= 0 {
		return nil
	}
	a := load()
	if digits := strings.ReplaceAll(q, " ", ""); strings.Trim(digits, "0123456789") == "" {
		return a.byDigits(digits, limit)
	}
	q = saints(q)
	all := words()
	from, _ := slices.BinarySearchFunc(all, q, func(w word, q string) int { return strings.Compare(w.text, q) })
	rank := map[int]int{}
	for _, w := range all[from:] {
		if !strings.HasPrefix(w.text, q) {
			break
		}
		r := 3
		switch {
		case w.first && len(w.text) == len(q):
			r = 1
		case w.first:
			r = 2
		}
		if old, ok := rank[w.commune]; !ok || r < old {
			rank[w.commune] = r
		}
	}
	hits := make([]int, 0, len(rank))
	for i := range rank {
		hits = append(hits, i)
	}
	slices.SortFunc(hits, func(i, j int) int {
		x, y := a.communes[i], a.communes[j]
		return cmp.Or(cmp.Compare(rank[i], rank[j]), cmp.Compare(y.Population, x.Population), cmp.Compare(x.INSEE, y.INSEE))
	})
	return a.pick(hits[:min(limit, len(hits))])
}

// saints spells out the usual abbreviations.
func saints(q string) string {
	parts := strings.Split(q, " ")
	for i, p := range parts {
		switch p {
		case "st":
			parts[i] = "saint"
		case "ste":
			parts[i] = "sainte"
		}
	}
	return strings.Join(parts, " ")
}

func (a *atlas) byDigits(digits string, limit int) []Commune {
	var hits []int
	for p, is := range a.byPostcode {
		if strings.HasPrefix(p, digits) {
			hits = append(hits, is...)
		}
	}
	slices.Sort(hits)
	hits = slices.Compact(hits)
	slices.SortFunc(hits, func(i, j int) int {
		x, y := a.communes[i], a.communes[j]
		return cmp.Or(cmp.Compare(y.Population, x.Population), cmp.Compare(x.INSEE, y.INSEE))
	})
	return a.pick(hits[:min(limit, len(hits))])
}
