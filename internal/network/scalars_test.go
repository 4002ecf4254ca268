package network

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestValidSIREN_catchesEverySlip(t *testing.T) {
	for siren, want := range map[string]bool{"732829320": true, "552100554": true, "000000000": true, "732829321": false, "73282932": false, "7328293200": false, "73282932 ": false, "": false, "７32829320": false, "abcdefghi": false} {
		if ValidSIREN(siren) != want {
			t.Errorf("%q: %v", siren, !want)
		}
	}
	// Luhn's key catches any one wrong digit, and any two neighbours that changed places but 0 and 9.
	rapid.Check(t, func(t *rapid.T) {
		digits := []byte(fmt.Sprintf("%08d", rapid.IntRange(0, 99_999_999).Draw(t, "siren")))
		valid := ""
		for k := range 10 {
			if s := fmt.Sprintf("%s%d", digits, k); ValidSIREN(s) {
				if valid != "" {
					t.Fatalf("two keys fit %s", digits)
				}
				valid = s
			}
		}
		b := []byte(valid)
		i := rapid.IntRange(0, 8).Draw(t, "place")
		old := b[i]
		b[i] = '0' + (b[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "slip")))%10
		if ValidSIREN(string(b)) {
			t.Fatalf("%s passes for %s", b, valid)
		}
		b[i] = old
		if j := i - 1; j >= 0 && b[i] != b[j] && (b[i]-'0')+(b[j]-'0') != 9 {
			b[i], b[j] = b[j], b[i]
			if ValidSIREN(string(b)) {
				t.Fatalf("%s passes for %s", b, valid)
			}
		}
	})
}
