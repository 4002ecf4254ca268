package network

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Examples of the ISO 13616 registry, one for each shape: digits alone, letters in the account, the shortest and the longest.
var ibans = []string{"FR14 2004 1010 0505 0001 3M02 606", "DE89 3704 0044 0532 0130 00", "BE68 5390 0754 7034", "NO93 8601 1117 947", "MT84 MALT 0110 0001 2345 MTLC AST0 01S", "GB29 NWBK 6016 1331 9268 19", "fr76\u00a00000 0000 0000 0000 0000 097"}

func TestIBAN_readsWhatBanksPrint(t *testing.T) {
	for _, s := range ibans {
		var n IBAN
		if !n.set(s) || !n.sound() || ibanLengths[string(n[:2])] != len(n) {
			t.Errorf("%s: %s, %v", s, n, n.sound())
		}
		if flat := strings.ReplaceAll(strings.ToUpper(s), "\u00a0", " "); strings.ReplaceAll(n.String(), "\u00a0", " ") != flat {
			t.Errorf("%s is shown as %s", s, n)
		}
	}
	for _, s := range []string{"", "FR", "14FR2004101005", "FR1420041010050500013M0260é", "FR14-2004-1010-0505-0001-3M02-606", "FR142004101005050001" + strings.Repeat("3", 30)} {
		var n IBAN
		if n.set(s) {
			t.Errorf("%q passes", s)
		}
	}
}

// One wrong character, or two neighbours that changed places, never fit the check digits.
func TestIBAN_catchesEverySlip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var n IBAN
		if !n.set(rapid.SampledFrom(ibans).Draw(t, "account")) {
			t.Fatal(n)
		}
		b := []byte(n)
		i := rapid.IntRange(2, len(b)-1).Draw(t, "place")
		old := b[i]
		if b[i] = "0123456789"[rapid.IntRange(0, 9).Draw(t, "slip")]; b[i] != old && old <= '9' && IBAN(b).sound() {
			t.Fatalf("%s passes for %s", b, n)
		}
		b[i] = old
		if j := i - 1; j >= 4 && b[i] != b[j] && b[i] <= '9' && b[j] <= '9' {
			b[i], b[j] = b[j], b[i]
			if IBAN(b).sound() {
				t.Fatalf("%s passes for %s", b, n)
			}
		}
	})
}
