package phone

import (
	"strings"
	"testing"

	"entremise/internal/fault"
)

func TestParse_readsWhatPeopleType(t *testing.T) {
	for _, c := range []struct{ raw, dept, want string }{
		{"06 12 34 56 78", "30", "+33612345678"},
		{"06.12.34.56.78", "", "+33612345678"},
		{"+33 (0)6 12 34 56 78", "75", "+33612345678"},
		{"0033612345678", "75", "+33612345678"},
		{"04\u00a066\u202f12-34/56", "30", "+33466123456"},
		{"0970 40 50 60", "75", "+33970405060"},
		{"0692 12 34 56", "974", "+262692123456"}, // with region FR the library calls it invalid
		{"0692 12 34 56", "75", "+262692123456"},  // a person from La Réunion, a flat in Paris
		{"0262 41 00 00", "974", "+262262410000"},
		{"0639 69 12 34", "976", "+262639691234"},
		{"0639 69 12 34", "", "+262639691234"},
		{"0690 30 12 34", "971", "+590690301234"},
		{"0694 20 12 34", "973", "+594694201234"},
		{"0696 20 12 34", "972", "+596696201234"},
		{"06 12 34 56 78", "974", "+33612345678"}, // a mainland number, a house in La Réunion
		{"+32 470 12 34 56", "59", "+32470123456"},
	} {
		got, err := Parse(c.raw, c.dept, false)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q, %q) = %q, %v; want %q", c.raw, c.dept, got, err, c.want)
		}
	}
}

func TestParse_refuses(t *testing.T) {
	for _, c := range []struct{ raw, code string }{
		{"", "phone-malformed"}, {"+", "phone-malformed"}, {"06 12 34 56", "phone-malformed"}, {"06 12 34 56 78 9", "phone-malformed"},
		{"06 12 34 56 7a", "phone-malformed"}, {"0612345678;ext=5", "phone-malformed"}, {"٠٦١٢٣٤٥٦٧٨", "phone-malformed"},
		{"0700 12 34 56", "phone-malformed"}, // machine to machine
		{strings.Repeat("0", 41), "phone-malformed"}, {"1234567890123456", "phone-malformed"}, {"06+12345678", "phone-malformed"},
		{"3639", "phone-special"}, {"118218", "phone-special"}, {"17", "phone-special"}, {"112", "phone-special"},
		{"0800 12 34 56", "phone-special"}, {"0899 12 34 56", "phone-special"}, {"0825 12 34 56", "phone-special"},
		{"+7 912 345 67 89", "phone-country"}, {"+1 212 555 2368", "phone-country"},
		{"06 39 98 12 34", "phone-fiction"}, {"+33 1 99 00 12 34", "phone-fiction"},
	} {
		got, err := Parse(c.raw, "75", false)
		if fault.Code(err) != c.code || !fault.Is(err, fault.Invalid) {
			t.Errorf("Parse(%q) = %q, %v; want %s", c.raw, got, err, c.code)
		}
		if err != nil && strings.Contains(err.Error(), "12 34") {
			t.Errorf("the error of %q repeats the number", c.raw)
		}
	}
}

func TestParse_fictionOnlyInDemo(t *testing.T) {
	for _, raw := range []string{"0199000000", "0261910000", "0353010000", "0465710000", "0536490000", "0639981234"} {
		got, err := Parse(raw, "976", true)
		if err != nil || got != "+33"+raw[1:] || !Fictional(got) {
			t.Errorf("Parse(%q) = %q, %v", raw, got, err)
		}
	}
	if Fictional("+33612345678") || Fictional("+3363998123") {
		t.Error("called fictional")
	}
}

func TestCanText_mobileOnly(t *testing.T) {
	for e164, want := range map[string]bool{"+33612345678": true, "+33639981234": true, "+262692123456": true, "+33199001234": false,
		"+33466123456": false, "+33970405060": false, "+32470123456": true, "": false, "garbage": false} {
		if got := CanText(e164); got != want {
			t.Errorf("CanText(%q) = %t", e164, got)
		}
	}
}

func TestDisplay_pairs(t *testing.T) {
	for _, c := range []struct{ e164, show, mask string }{
		{"+33639981234", "06 39 98 12 34", "06 •• •• •• 34"},
		{"+262692123456", "06 92 12 34 56", "06 •• •• •• 56"},
		{"+32470123456", "+32 470 12 34 56", "+32 •••••• 56"},
		{"x", "x", "••"},
	} {
		show, mask := strings.ReplaceAll(c.show, " ", noBreak), strings.ReplaceAll(c.mask, " ", noBreak)
		if got := Display(c.e164); got != show {
			t.Errorf("Display(%q) = %q", c.e164, got)
		}
		if got := Mask(c.e164); got != mask {
			t.Errorf("Mask(%q) = %q", c.e164, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0612345678", "+33 (0)6", "0692123456", "3639", "++", "\u202f"} {
		f.Add(s, "974")
	}
	f.Fuzz(func(t *testing.T, raw, dept string) {
		got, err := Parse(raw, dept, true)
		if err != nil {
			if fault.Of(err) == nil {
				t.Fatalf("no fault: %v", err)
			}
			return
		}
		again, err := Parse(got, "", true)
		if err != nil || again != got {
			t.Fatalf("Parse(%q) = %q, which reads again as %q, %v", raw, got, again, err)
		}
		if shown, err := Parse(Display(got), dept, true); err != nil || shown != got {
			t.Fatalf("%q is shown as %q, which reads as %q, %v", got, Display(got), shown, err)
		}
	})
}
