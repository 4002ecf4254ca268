package web

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"entremise/internal/geo"
)

func FuzzStrictJSON(f *testing.F) {
	for _, s := range []string{`{}`, `null`, `"a"`, `[1,{"a":[]}]`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":"\u0000"}`, "{\"a\":\"\xff\"}", `{} {}`, `[1,]`, `{"a":}`, `"\ud800"`, strings.Repeat("[", 40) + strings.Repeat("]", 40)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if !strictJSON(b) {
			return
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("%q passes and does not read: %v", b, err)
		}
		// Without a key given twice, what is read and written again has as many keys as were sent.
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := keys(t, b), keys(t, again); a != b {
			t.Fatalf("%d keys were sent, %d are left", a, b)
		}
		if strings.ContainsRune(string(again), 0) || strings.Contains(string(again), `\u0000`) && !strings.Contains(string(again), `\\u0000`) {
			t.Fatalf("%q holds NUL", b)
		}
	})
}

// keys counts the colons that are not inside a text: one a key.
func keys(t *testing.T, b []byte) (n int) {
	t.Helper()
	in, escaped := false, false
	for _, c := range b {
		switch {
		case escaped:
			escaped = false
		case in && c == '\\':
			escaped = true
		case c == '"':
			in = !in
		case c == ':' && !in:
			n++
		}
	}
	return n
}

func TestStrictJSON_refuses(t *testing.T) {
	for s, want := range map[string]bool{
		`{"a":1,"b":{"a":2}}`: true, `[{"a":1},{"a":1}]`: true, ` {} `: true, `1e300`: true,
		`{"a":1,"a":1}`: false, `{"a":1,"\u0061":2}`: false, `[{"a":1,"a":1}]`: false, `{"a\u0000":1}`: false, ``: false, `{}x`: false, `{'a':1}`: false, `{a:1}`: false, "\ufeff{}": false, `{"a":1`: false, `}`: false, `1e400`: false,
		strings.Repeat("[", apiDepth-1) + "1" + strings.Repeat("]", apiDepth-1): true,
		strings.Repeat("[", apiDepth) + "1" + strings.Repeat("]", apiDepth):     false,
	} {
		if got := strictJSON([]byte(s)); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

// What the profile's page shows of a commune names that commune again when it is posted back.
func TestCommuneTyped_findsEveryCommuneByItsNameAndPostcode(t *testing.T) {
	wrong := 0
	for _, c := range geo.All() {
		if len(c.Postcodes) == 0 {
			continue
		}
		if got, ok := communeTyped(communeWithPostcode(c.INSEE)); !ok || got.INSEE != c.INSEE {
			if wrong++; wrong <= 10 {
				t.Errorf("%q (%s) is read as %s %v", communeWithPostcode(c.INSEE), c.INSEE, got.INSEE, ok)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d communes are misread", wrong)
	}
}

func TestCommuneTyped_readsWhatPeopleWrite(t *testing.T) {
	for typed, want := range map[string]string{"Nîmes": "30189", "nimes 30900": "30189", " NÎMES  30000 ": "30189", "Alès": "30007", "30100": "30007", "30700": "", "30000": "30189", "2A004": "2A004", "Saint-Denis": "", "saint denis 97400": "97411",
		"": "", "   ": "", "00000": "", "Nîmes 75001": "", "Atlantide": "", strings.Repeat("a", 500): ""} {
		got, ok := communeTyped(typed)
		if ok != (want != "") || ok && got.INSEE != want {
			t.Errorf("%q is read as %s %v, want %q", typed, got.INSEE, ok, want)
		}
	}
}

// slowStrictJSON says the same by the standard library's reader: the oracle of strictJSON, but for what that reader lets pass and json.Valid
// does not.
func slowStrictJSON(b []byte) bool {
	if !utf8.Valid(b) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if !strictValue(d, apiDepth) {
		return false
	}
	_, err := d.Token()
	return err == io.EOF
}

func strictValue(d *json.Decoder, depth int) bool {
	t, err := d.Token()
	if err != nil || depth == 0 {
		return false
	}
	switch t := t.(type) {
	case string:
		return readable(t)
	case json.Number:
		_, err := t.Float64() // beyond it readers differ
		return err == nil
	case json.Delim:
		seen := map[string]bool{}
		for d.More() {
			if t == '{' {
				k, err := d.Token()
				key, ok := k.(string)
				if err != nil || !ok || seen[key] || !readable(key) {
					return false
				}
				seen[key] = true
			}
			if !strictValue(d, depth-1) {
				return false
			}
		}
		_, err := d.Token()
		return err == nil
	}
	return true
}

func FuzzStrictJSON_agreesWithTheReader(f *testing.F) {
	for _, s := range []string{`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `["\u0000"]`, `["\\u0000"]`, `[1e400]`, `[1e308, -0.5, true, null]`, `{"a":{"a":[{"a":"a"}]}}`, ` "x" `, `7`, `{"":"","":1}`, `["\ud800"]`,
		strings.Repeat("[", 31) + "1" + strings.Repeat("]", 31), strings.Repeat("[", 32) + "1" + strings.Repeat("]", 32), strings.Repeat("[", 32) + strings.Repeat("]", 32), strings.Repeat("[", 33) + strings.Repeat("]", 33),
		strings.Repeat(`{"a":`, 31) + `"x"` + strings.Repeat("}", 31), strings.Repeat(`{"a":`, 32) + `"x"` + strings.Repeat("}", 32)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, want := strictJSON(b), slowStrictJSON(b) && json.Valid(b); got != want {
			t.Fatalf("%q: %v, want %v", b, got, want)
		}
	})
}
