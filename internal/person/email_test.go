package person

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	for raw, want := range map[string]string{
		" Jean.Dupont@Exemple.FR ":              "Jean.Dupont@exemple.fr",
		"a+b@sub.exemple.fr":                    "a+b@sub.exemple.fr",
		"jo@école.fr":                           "jo@xn--cole-9oa.fr",
		"":                                      "",
		"jean":                                  "",
		"jean@localhost":                        "",
		"a@b@c.fr":                              "",
		"jean dupont@exemple.fr":                "",
		"x@exemple.fr\r\nBcc: y@z.fr":           "",
		"Jean <jean@exemple.fr>":                "",
		strings.Repeat("a", 65) + "@exemple.fr": "",
		"a@" + strings.Repeat("b.", 130) + "fr": "",
		"a@yopmail.com":                         "",
		"a@deep.sub.yopmail.com":                "",
		"a@gmail.com":                           "a@gmail.com",
	} {
		got, err := ParseEmail(raw, true)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", raw, got, err, want)
		}
	}
	if _, err := ParseEmail("a@yopmail.com", false); err != nil {
		t.Errorf("a network that allows throw-away mail: %v", err)
	}
}

func TestDisposable(t *testing.T) {
	for _, d := range []string{"yopmail.com", "YOPMAIL.fr", "jetable.org", "mailinator.com", "x.mailinator.com"} {
		if !Disposable(d) {
			t.Errorf("%s passes", d)
		}
	}
	for _, d := range []string{"gmail.com", "orange.fr", "free.fr", "laposte.net", "sfr.fr", "com", ""} {
		if Disposable(d) {
			t.Errorf("%s is refused", d)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("jean@exemple.fr")
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := ParseEmail(raw, true)
		if err != nil {
			return
		}
		if strings.ContainsAny(got, " \r\n<>") || strings.Count(got, "@") != 1 {
			t.Errorf("%q → %q", raw, got)
		}
		if again, err := ParseEmail(got, true); err != nil || again != got {
			t.Errorf("%q is not stable: %q, %v", got, again, err)
		}
	})
}
