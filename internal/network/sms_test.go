package network

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFoldGSM7(t *testing.T) {
	for in, want := range map[string]string{
		"Votre dépanneur arrive à 9 h":      "Votre dépanneur arrive à 9 h",
		"Il a été reçu : « Forêt » – cœur…": "Il a été recu : \"Foret\" - coeur...",
		"36,00\u00a0€ aujourd’hui":          "36,00 € aujourd'hui",
		"Ça, déjà Évidemment À":             "Ça, déjà Évidemment A",
		"Łukasz a reçu votre demande":       "Łukasz a reçu votre demande",
		"C’est prêt 👍":                      "C’est prêt 👍",
	} {
		if got := FoldGSM7(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.String().Draw(r, "s")
		f := FoldGSM7(s)
		if f != s && beyondGSM7(f) >= 0 || FoldGSM7(f) != f {
			r.Fatalf("%q → %q", s, f)
		}
	})
}
