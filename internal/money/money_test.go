package money

import (
	"testing"

	"pgregory.net/rapid"
)

func TestFormat_frenchReader(t *testing.T) {
	for _, c := range []struct {
		a    Amount
		want string
	}{{0, "0,00\u00a0€"}, {5, "0,05\u00a0€"}, {3600, "36,00\u00a0€"}, {123456, "1\u202f234,56\u00a0€"}, {-123456789, "-1\u202f234\u202f567,89\u00a0€"}} {
		if got := c.a.FR(); got != c.want {
			t.Errorf("%d: %q, want %q", c.a, got, c.want)
		}
	}
	if got := Amount(-4250).EN(); got != "-€42.50" {
		t.Error(got)
	}
	if got := Rate(850).FR(); got != "8,5\u00a0%" {
		t.Error(got)
	}
}

func TestVAT_roundsHalfAway(t *testing.T) {
	for _, c := range []struct {
		a    Amount
		r    Rate
		want Amount
	}{{3600, 2000, 720}, {1, 2000, 0}, {3, 2000, 1}, {-3, 2000, -1}, {5, 1000, 1}, {-5, 1000, -1}, {199900, 2000, 39980}} {
		if got := c.a.VAT(c.r); got != c.want {
			t.Errorf("VAT(%d, %d) = %d, want %d", c.a, c.r, got, c.want)
		}
	}
}

func TestParse_readsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount(rapid.Int64Range(0, 99_999_999_999).Draw(t, "cents"))
		for _, s := range []string{a.FR(), a.Decimal()} {
			if got, err := Parse(s); err != nil || got != a {
				t.Fatalf("Parse(%q) = %d, %v; want %d", s, got, err, a)
			}
		}
	})
}

func TestParse_refusesTheRest(t *testing.T) {
	for _, s := range []string{"", "€", "-1", "+1", "1.234", "1,", ",5", "1e3", "0x10", "1234567890", "12a", "1..2", "١"} {
		if a, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %d", s, a)
		}
	}
}
