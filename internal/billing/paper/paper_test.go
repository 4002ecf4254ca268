package paper

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"Œuvre d’été à 36,50\u202f€": "Œuvre d’été à 36,50\u202f€",
		"e\u0301te\u0301":            "été",
		"Łódź, Škoda, Nguyễn":        "Łódź, Škoda, Nguyễn",
		"deux\nlignes\tet plus":      "deux lignes et plus",
		"a\u200bb\u202ec\x00d\ufe0f": "abcd",
		"Владимир":                   "????????",
		"👍 fait":                     "? fait",
		"Ｆｕｌｌ":                       "Full",
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLines_fitAndLoseNothing(t *testing.T) {
	p := New("x", "y", time.Time{})
	s := Style{Size: 9, Ink: Black}
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringMatching(`([a-zéœ]{1,30}[ \x{a0}]){0,12}`).Draw(r, "text")
		w := rapid.Float64Range(8, 120).Draw(r, "w")
		lines := p.Lines(w, s, text)
		for _, line := range lines {
			if got := p.Measure(s, line); got > w {
				r.Fatalf("%q is %.1f wide, not %.1f", line, got, w)
			}
		}
		bare := strings.NewReplacer(" ", "").Replace
		if bare(strings.Join(lines, "")) != bare(text) {
			r.Fatalf("%q became %q", text, lines)
		}
	})
}

func TestBytes_sameCallsSameBytes(t *testing.T) {
	set := func() []byte {
		p := New("Titre", "Auteur", time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC))
		p.Text(Left, 30, Style{Size: 12, Bold: true, Ink: Accent}, "Bonjour")
		p.Right(Right, 30, Style{Size: 12, Ink: Black}, "1\u202f234,56\u00a0€")
		p.Page()
		p.Footer(func(page, of int) { p.Text(Left, 290, Style{Size: 7, Ink: Grey}, strings.Repeat("x", page)) })
		b, err := p.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if a, b := set(), set(); !bytes.Equal(a, b) || !bytes.HasPrefix(a, []byte("%PDF-1.")) {
		t.Error("not deterministic, or no PDF")
	}
}
