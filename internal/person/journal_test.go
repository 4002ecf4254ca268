package person_test

import (
	"testing"

	"entremise/internal/person"
)

func TestSee_familiesNotVersions(t *testing.T) {
	for agent, want := range map[string][3]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36":                         {"Chrome", "Windows", "computer"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0":           {"Edge", "Windows", "computer"},
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1": {"Safari", "iOS", "phone"},
		"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36":                   {"Chrome", "Android", "phone"},
		"Mozilla/5.0 (Linux; Android 14; SM-X710) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/27.0 Chrome/125.0.0.0 Safari/537.36":      {"Samsung Internet", "Android", "tablet"},
		"Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0":                                                                  {"Firefox", "Linux", "computer"},
		"": {"other", "other", "other"},
	} {
		got := person.See("192.0.2.7", agent, "fr-FR,fr;q=0.9,en;q=0.8")
		if [3]string{got.Browser, got.System, got.Device} != want || got.Address != "192.0.2.7" || got.Language != "fr" {
			t.Errorf("%q is %+v, want %v", agent, got, want)
		}
		if back := person.ReadSeen(got.Text()); back != got {
			t.Errorf("%+v comes back as %+v", got, back)
		}
	}
	for asked, want := range map[string]string{"": "", "en;q=0.5": "en", "*": "", "DE-at, fr": "de", "gsw": "gsw", "x-klingon": "", "fr\u00e7": "", "<script>": ""} {
		if got := person.See("192.0.2.7", "", asked).Language; got != want {
			t.Errorf("%q asks for %q, want %q", asked, got, want)
		}
	}
	if person.See("", "Firefox", "fr").Text() != "" {
		t.Error("a connection without an address is written")
	}
}
