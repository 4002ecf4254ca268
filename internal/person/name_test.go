package person_test

import (
	"testing"

	"entremise/internal/person"
)

func TestNamed_readsBack(t *testing.T) {
	for _, c := range []struct{ title, first, last, kept, back string }{
		{"mme", "Élodie", "Visite", "Mme\u00a0Élodie\u00a0Visite", "mme|Élodie|Visite"},
		{"m", " Jean  Paul ", "de\u00a0La Tour", "M.\u00a0Jean Paul\u00a0de La Tour", "m|Jean Paul|de La Tour"},
		{"", "Élodie", "Visite", "Élodie\u00a0Visite", "|Élodie|Visite"},
		{"mme", "", "Visite", "Mme\u00a0\u00a0Visite", "mme||Visite"},
		{"", "Élodie", "", "Élodie\u00a0", "|Élodie|"},
		{"m", " ", "", "", "||"},
	} {
		kept := person.Named(c.title, c.first, c.last)
		title, first, last := person.Parts(kept)
		if kept != c.kept || title+"|"+first+"|"+last != c.back {
			t.Errorf("%q is read as %s|%s|%s", kept, title, first, last)
		}
	}
	for whole, want := range map[string]string{"Élodie Visite": "||Élodie Visite", "Mme Visite": "||Mme Visite", "": "||"} {
		title, first, last := person.Parts(whole)
		if got := title + "|" + first + "|" + last; got != want || person.Parted(whole) {
			t.Errorf("%q is read as %s", whole, got)
		}
	}
	if person.IsTitle("dr") || !person.IsTitle("") || !person.IsTitle("m") {
		t.Error("titles")
	}
}
