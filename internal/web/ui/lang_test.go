package ui

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestFormat_frenchReader(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, time.November, 22, 9, 12, 0, 0, paris)
	f := Frame{Lang: French, Zone: paris, Now: now}
	e := Frame{Lang: English, Zone: paris, Now: now}
	for _, c := range []struct{ got, want string }{
		{f.Moment(now.Add(-7 * time.Minute)), "9\u00a0h\u00a005"},
		{f.Moment(now.AddDate(0, 0, -1)), "hier à 9\u00a0h\u00a012"},
		{f.Moment(now.AddDate(0, 0, 1)), "demain à 9\u00a0h\u00a012"},
		{f.Moment(time.Date(2026, 12, 1, 9, 5, 0, 0, paris)), "1er\u00a0décembre à 9\u00a0h\u00a005"},
		{f.Moment(time.Date(2025, 8, 2, 20, 0, 0, 0, paris)), "2\u00a0août\u00a02025 à 20\u00a0h\u00a000"},
		{e.Moment(now), "9:12\u00a0am"},
		{f.Ago(now.Add(-40 * time.Second)), "il y a 40\u00a0s"},
		{f.Ago(now.Add(time.Hour)), "il y a 0\u00a0s"}, // a clock moved back shows no negative age
		{f.Span(49 * time.Hour), "2\u00a0jours"},
		{f.Promised(10 * time.Minute), "10\u00a0minutes"},
		{f.Promised(time.Hour), "1\u00a0heure"},
		{f.Count(0, "place", "places", "place", "places"), "0\u00a0place"},
		{e.Count(0, "place", "places", "place", "places"), "0\u00a0places"},
		{f.Count(1204, "cas", "cas", "case", "cases"), "1\u202f204\u00a0cas"},
		{f.Distance(3.42), "3,4\u00a0km"}, {f.Distance(4), "4\u00a0km"}, {f.Distance(11.6), "12\u00a0km"}, {f.Distance(0), "0\u00a0km"},
		{f.odds(Odds{Reached: .71, N: 83}), "7 sur 10 joints (n = 83) · sans garantie"},
		{countdown(-time.Second), "00:00"}, {countdown(552 * time.Second), "09:12"}, {countdown(time.Hour + 62*time.Second), "1" + nbsp + "h" + nbsp + "01"},
		{initials("SARL Trois Sources"), "ST"}, {initials("l'eau d'ici"), ""}, {initials("Électricité 30"), "É3"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestClockWords_lateIsSaid(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 12, 0, 0, time.UTC)
	f := Frame{Now: now}
	if got := f.clockWords(now.Add(-3 * time.Minute)); got != "dépassé de 3\u00a0min" {
		t.Error(got)
	}
	if got := f.clockWords(now.Add(7 * time.Minute)); got != "avant 9\u00a0h\u00a019" {
		t.Error(got)
	}
}

func TestLangURL_staysOnOurPage(t *testing.T) {
	for path, want := range map[string]string{
		"/pros?trade=plombier&lang=en": "/pros?lang=en&trade=plombier",
		"/":                            "/?lang=en",
		"":                             "?lang=en",
		"https://elsewhere.example/x":  "?lang=en",
		"//elsewhere.example/x":        "/x?lang=en",
		"/%zz":                         "?lang=en",
	} {
		if got := (Frame{Path: path}).langURL(); got != want {
			t.Errorf("%q: %q, want %q", path, got, want)
		}
	}
}

func TestNumber_keepsItsDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1<<40).Draw(t, "n")
		back := 0
		for _, r := range French.Number(n) {
			if r >= '0' && r <= '9' {
				back = back*10 + int(r-'0')
			}
		}
		if back != n {
			t.Fatalf("%d became %q", n, French.Number(n))
		}
	})
}

// TestSources_sayEverySentenceTwice: T takes both languages by signature; this finds a sentence that went around it.
func TestSources_sayEverySentenceTwice(t *testing.T) {
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) == 0 {
		t.Fatal("no templates", err)
	}
	bare := regexp.MustCompile(`>\s*(\pL[^<>{}=;]{2,})</`)
	french := regexp.MustCompile(`"[^"]*[éèêàçùôîœ][^"]*"`)
	straight := regexp.MustCompile(`"[^"]*\pL'\pL[^"]*"`)
	twice := regexp.MustCompile(`\b(T|Tf|Count|fault\.T)\(|FR: |@person\("`)
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for n, line := range regexp.MustCompile(`\n`).Split(string(source), -1) {
			if m := bare.FindStringSubmatch(line); m != nil && m[1] != "PDF" {
				t.Errorf("%s:%d: %q has one language", name, n+1, m[1])
			}
			if m := straight.FindString(line); m != "" && twice.MatchString(line) {
				t.Errorf("%s:%d: %s has a typewriter's apostrophe", name, n+1, m)
			}
			if m := french.FindString(line); m != "" && !twice.MatchString(line) {
				t.Errorf("%s:%d: %s has one language", name, n+1, m)
			}
		}
	}
}

func TestSafe_knowsItsSchemes(t *testing.T) {
	for u, ok := range map[string]bool{"/a": true, "/a:b": true, "?q=a:b": true, "#f-x": true, "tel:+33": true, "geo:1,2": true, "https://pro.example/": true, "javascript:alert(1)": false, "JaVaScRiPt:x": false, "data:text/html,x": false, " javascript:x": false} {
		if got := safe(u) != "about:invalid"; got != ok {
			t.Errorf("%q: %v", u, got)
		}
	}
}

func TestLinked_cutsWhereAnAddressBeginsAndEnds(t *testing.T) {
	for text, want := range map[string][]string{
		"Rien":                            {"Rien"},
		"Suivre : https://a.example/r/x.": {"Suivre : ", "https://a.example/r/x", "."},
		"http://a.example/1 puis http://b.example/2?c=d": {"", "http://a.example/1", " puis ", "http://b.example/2?c=d", ""},
	} {
		if got := linked(text); !slices.Equal(got, want) {
			t.Errorf("%q is cut into %q", text, got)
		}
	}
}
