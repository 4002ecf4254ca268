package geo_test

import (
	"testing"

	"entremise/internal/geo"
)

func TestGuess_forgivesASlip(t *testing.T) {
	for typed, want := range map[string]string{
		"Rennes": "Rennes", "rennes 35000": "Rennes", "35000": "Rennes", "Renens": "Rennes", "Renne": "Rennes", "Rrennes": "Rennes", "saint malo": "Saint-Malo", "St Malo (35)": "Saint-Malo",
		"Nimes": "Nîmes", "NÎMES": "Nîmes", "Bordeuax": "Bordeaux", "Marseile": "Marseille 13e arrondissement", "Strasbuorg": "Strasbourg", "Saint-Denis 97400": "Saint-Denis",
	} {
		all := geo.Guess(typed, 3)
		if len(all) == 0 || all[0].Name != want {
			t.Errorf("%q: %v, want %s", typed, all, want)
		}
	}
	if all := geo.Guess("Saint-Denis 97400", 1); len(all) != 1 || all[0].Dept != "974" {
		t.Error(all)
	}
	for _, typed := range []string{"", "Xqzwvk", string(make([]byte, 4000))} {
		if all := geo.Guess(typed, 3); len(all) != 0 {
			t.Errorf("%.20q: %v", typed, all)
		}
	}
}

func BenchmarkGuess_slip(b *testing.B) {
	for b.Loop() {
		geo.Guess("Strasbuorg", 5)
	}
}
