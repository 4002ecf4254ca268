package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// thirdParty is somebody else's server, which notes what it is asked for.
type thirdParty struct {
	port  string
	mu    sync.Mutex
	asked []string
}

func startThirdParty(t *testing.T) *thirdParty {
	t.Helper()
	p := &thirdParty{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Host+r.URL.Path)
		p.mu.Unlock()
		if strings.HasSuffix(r.URL.Path, ".js") {
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprintf(w, "document.cookie = %q + '=1; path=/; max-age=3600'", "t"+strings.NewReplacer("/", "", ".js", "").Replace(r.URL.Path))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, `<!DOCTYPE html><html lang="fr"><title>Film</title><p>Film</p></html>`)
	}))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.port = u.Port()
	return p
}

// hosts that were asked, each once, in order of their names; the list begins anew.
func (p *thirdParty) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, a := range p.asked {
		if host, _, _ := strings.Cut(a, ":"); !slices.Contains(all, host) && !strings.Contains(a, "favicon") {
			all = append(all, host)
		}
	}
	p.asked = nil
	slices.Sort(all)
	return all
}

// trackedNetwork is a built-in network whose section on cookies keeps its own durations and gets trackers that lead to the third party: an exempt counter, one that
// waits for consent, a film, and a button that serves two purposes.
func trackedNetwork(t *testing.T, name string, p *thirdParty) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(folder, os.DirFS("../networks/"+name)); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "network.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	choice := regexp.MustCompile(`(?m)^  choice: .*$`).FindString(text)
	if choice == "" {
		t.Fatal("the network has no life of a choice")
	}
	at := func(host, path string) string { return "http://" + host + ".example:" + p.port + path }
	section := "cookies:\n" + choice + `
  purposes:
    counting: {label: {fr: Mesure d’audience, en: Audience measurement}, about: {fr: Compter les visites, en: Count visits}, asked: exempt}
    studying: {label: {fr: Étude de navigation, en: Study of browsing}, about: {fr: Comprendre les parcours, en: Understand journeys}, asked: consent}
    watching: {label: {fr: Vidéos, en: Videos}, about: {fr: Montrer des vidéos, en: Show videos}, asked: consent}
  trackers:
    counter: {label: Compteur, names: [tcounter], purposes: [counting], life: 13 months, what: {fr: Compte les pages, en: Counts pages}, driver: audience, source: "` + at("stats", "/counter.js") + `"}
    study: {label: Étude, names: [tstudy], by: e2e-party, purposes: [studying], life: 13 months, what: {fr: Suit les parcours, en: Follows journeys}, driver: audience, source: "` + at("study", "/study.js") + `", policy: "https://party.example/policy", opt_out: "https://party.example/out"}
    film: {label: Notre film, names: [film], by: e2e-films, purposes: [watching], life: 6 months, what: {fr: Montre un film, en: Shows a film}, driver: embed, source: "` + at("films", "/film") + `", policy: "https://films.example/policy"}
    both: {label: Film commenté, names: [both], by: e2e-films, purposes: [watching, studying], life: 6 months, what: {fr: Film et étude, en: Film and study}, driver: embed, source: "` + at("both", "/film") + `", policy: "https://films.example/policy"}
  browsers:
    firefox: {label: Firefox, steps: {fr: Menu puis Vie privée, en: Menu then Privacy}, url: "https://support.mozilla.org/fr/"}

`
	text = regexp.MustCompile(`(?ms)^cookies:\n.*?^([a-z#])`).ReplaceAllString(text, section+"$1")
	text = regexp.MustCompile(`(?m)^recipients:\n`).ReplaceAllString(text, "recipients:\n  e2e-party: {label: {fr: Études Exemple, en: Example Studies}, role: controller, country: FR}\n  e2e-films: {label: {fr: Films Exemple, en: Example Films}, role: controller, country: FR}\n")
	if !regexp.MustCompile(`people: \[[^\]]*visitor[^\]]*\]\n    data: \[[^\]]*consent`).MatchString(text) {
		text = regexp.MustCompile(`(people: \[[^\]]*)\](\n    data: \[consent\])`).ReplaceAllString(text, "$1, visitor]$2")
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// applied puts a folder in force in a running house.
func applied(t *testing.T, h *house, folder string, flags ...string) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, append([]string{"apply", folder, "--data", h.data}, flags...)...).CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
}

// trackedHouse is a demo of a network with trackers, served.
func trackedHouse(t *testing.T, name string, p *thirdParty) *house {
	t.Helper()
	h := newHouseOf(t, name)
	applied(t, h, trackedNetwork(t, name, p))
	eventually(t, "the trackers are known", func() bool {
		return strings.Contains(h.visitor().get(h.site, "/").want(200).body, "Continuer sans accepter")
	})
	return h
}

const ask = "Continuer sans accepter"

// daysIn is how many days the next months have, as the calendar counts them: the last day of a month where the day does not exist.
func daysIn(months int) int {
	now := time.Now().UTC()
	end := now.AddDate(0, months, 0)
	for end.Day() != now.Day() && end.Day() < now.Day() {
		end = end.AddDate(0, 0, -1)
		if end.AddDate(0, 0, 1).Day() == 1 {
			break
		}
	}
	return int(end.Sub(now).Hours() / 24)
}

// cookiesOf names the cookies that a visitor's browser holds for a host.
func (v *visitor) cookiesOf(host string) []string {
	u, err := url.Parse(v.s.url(host, "/"))
	if err != nil {
		v.s.t.Fatal(err)
	}
	var names []string
	for _, c := range v.client.Jar.Cookies(u) {
		names = append(names, c.Name)
	}
	return names
}

func getWith(v *visitor, host, path string, header http.Header) *answer {
	v.s.t.Helper()
	return v.do(http.MethodGet, host, path, header, nil)
}

// The panel without scripts: refuse as easily as accept, kept for the network's durations to the day, restored on later visits, changed at any time, proved (RN-118…137, WA-61…68, CS-24).
func TestCookies_choiceIsKeptAndAskedAgain(t *testing.T) {
	for _, network := range []struct {
		name             string
		accepted, denied int // months
		ids              []string
	}{
		{"reviews-network", 6, 3, []string{"RN-122", "RN-130", "RN-131", "RN-133", "RN-134", "RN-135", "RN-136", "RN-137"}},
		{"works-advisor", 13, 13, []string{"WA-62", "WA-64", "WA-65", "WA-67"}},
		{"customer-space", 13, 13, []string{"CS-18", "CS-20", "CS-24"}},
	} {
		t.Run(network.name, func(t *testing.T) {
			p := startThirdParty(t)
			h := trackedHouse(t, network.name, p)
			choose := func(v *visitor, form url.Values) *answer {
				t.Helper()
				form.Set("back", "/")
				return v.post(h.site, "/cookies", form).want(303)
			}
			refuser, accepter, forgetful := h.visitor(), h.visitor(), h.visitor()
			first := refuser.get(h.site, "/").want(200)
			first.has(ask, "Tout accepter", "Personnaliser mes choix", "Voir nos partenaires", "Gérer les cookies")
			// At the same level: the same kind of button in one row, refusing first.
			if !regexp.MustCompile(`(?s)<button class="btn" name="do" value="refuse">.*?<button class="btn" name="do" value="accept">`).MatchString(first.body) {
				t.Error("refusing and accepting are not the same kind of button")
			}
			for _, c := range refuser.cookiesOf(h.site) {
				t.Errorf("set before any choice: %s", c)
			}
			choose(refuser, url.Values{"do": {"refuse"}})
			choose(accepter, url.Values{"do": {"choose"}, "purpose": {"watching"}, "partner": {"e2e-films"}})
			refuser.get(h.site, "/").want(200).lacks(ask).has("Ce contenu vient de Films Exemple", "Gérer les cookies").lacks("films.example:")
			accepter.get(h.site, "/").want(200).lacks(ask).has("http://films.example:"+p.port+"/film").lacks("both.example", "study.example")
			// Restored on a later visit, box by box; reachable from every page's foot, to be changed.
			accepter.get(h.site, "/cookies").want(200).has("Votre choix du", "Effacer les cookies de votre navigateur efface aussi votre choix", "Les cookies d’un tiers suivent aussi sa propre politique").
				has(`value="watching" checked`, `value="e2e-films" checked`)
			for _, path := range []string{"/", "/confidentialite", "/mentions-legales", "/conditions", "/documents", "/nulle-part"} {
				accepter.get(h.site, path).has(`href="/cookies#choix"`)
			}
			choose(forgetful, url.Values{"do": {"accept"}})
			forgetful.get(h.site, "/").want(200).lacks(ask)
			forgetful = h.visitor() // who erased his cookies
			forgetful.get(h.site, "/").want(200).has(ask)

			forward := func(days int) {
				for ; days > 90; days -= 90 {
					h.later(90 * 24 * time.Hour)
				}
				h.later(time.Duration(days) * 24 * time.Hour)
			}
			short := daysIn(network.denied)
			forward(short - 1)
			refuser.get(h.site, "/").want(200).lacks(ask)
			forward(2)
			refuser.get(h.site, "/").want(200).has(ask).lacks("films.example:")
			if network.accepted > network.denied {
				accepter.get(h.site, "/").want(200).lacks(ask)
				forward(daysIn(network.accepted) - short - 2)
				accepter.get(h.site, "/").want(200).lacks(ask).has("films.example:")
				forward(2)
			}
			accepter.get(h.site, "/").want(200).has(ask).lacks("films.example:")
			clause(t, network.ids...)
		})
	}
}

// In a browser nothing is asked of others before its purpose is allowed; what is exempt runs and can be opposed; a cookie of two purposes waits for both; a signal of the browser is a refusal.
func TestCookies_nothingLeavesBeforeItIsAllowed(t *testing.T) {
	p := startThirdParty(t)
	h := trackedHouse(t, "reviews-network", p)
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			b := open(t, h.server, on)
			visit := func(want ...string) {
				t.Helper()
				p.take()
				b.goTo(h.site, "/?lang=fr")
				if len(want) > 0 {
					seen := []string{}
					eventually(t, "the third parties are asked", func() bool { seen = append(seen, p.take()...); slices.Sort(seen); return len(slices.Compact(seen)) >= len(want) })
					if got := slices.Compact(seen); !slices.Equal(got, want) {
						t.Errorf("asked %v, not %v", got, want)
					}
				} else if got := p.take(); len(got) > 0 {
					t.Errorf("asked %v", got)
				}
				b.mu.Lock()
				b.outside = nil // what was allowed; what was not is in got
				b.mu.Unlock()
			}
			visit("stats.example")
			b.see("Vos choix sur les cookies")
			b.accessible()
			b.shot("panel")
			b.click(`.cookies [value=refuse]`)
			b.see("Votre choix est enregistré")
			if eval[bool](b, `!!document.querySelector("iframe, .cookies")`) {
				t.Error("a frame or the panel is there after a refusal")
			}
			visit() // the exempt measurement is opposed too
			b.goTo(h.site, "/cookies")
			b.accessible()
			b.shot("choose")
			b.click(`[name=purpose][value=watching]`)
			b.click(`[name=partner][value=e2e-films]`)
			b.click(`#choix [value=choose]`)
			b.see("Votre choix est enregistré")
			visit("films.example")
			b.goTo(h.site, "/cookies")
			b.click(`#choix [value=accept]`)
			b.see("Votre choix est enregistré")
			visit("both.example", "films.example", "stats.example", "study.example")
			b.until("the tracker writes", `document.cookie.includes("tstudy")`)
			b.goTo(h.site, "/cookies")
			b.click(`#choix [value=refuse]`)
			b.see("Votre choix est enregistré")
			if c := eval[string](b, "document.cookie"); strings.Contains(c, "tstudy") || strings.Contains(c, "tcounter") {
				t.Errorf("after the withdrawal the browser still has %q", c)
			}
			visit()
			b.mu.Lock()
			b.outside = nil
			b.mu.Unlock()
		})
	}
	t.Run("keyboard", func(t *testing.T) {
		b := open(t, h.server, desktop)
		b.goTo(h.site, "/?lang=fr")
		b.press(kb.Tab) // skip link
		b.press(kb.Tab)
		if got := eval[string](b, `document.activeElement.value || ""`); got != "refuse" {
			t.Errorf("the first control is %q", got)
		}
		b.press(kb.Enter)
		b.see("Votre choix est enregistré")
		b.mu.Lock()
		b.outside = nil
		b.mu.Unlock()
	})
	t.Run("without scripts", func(t *testing.T) {
		b := open(t, h.server, phone)
		b.withoutScripts()
		p.take()
		b.goTo(h.site, "/?lang=fr")
		b.click(`.cookies [value=refuse]`)
		b.see("Votre choix est enregistré")
		if got := p.take(); len(got) > 0 {
			t.Errorf("asked %v", got)
		}
	})
	v := h.visitor()
	signalled := getWith(v, h.site, "/", http.Header{"Sec-Gpc": {"1"}}).want(200)
	signalled.lacks("counter.js", "study.js", "films.example:", ask)
	getWith(v, h.site, "/cookies", http.Header{"Sec-Gpc": {"1"}}).want(200).has("Votre navigateur refuse pour vous")
	if g := decode[map[string]any](v.get(h.site, "/.well-known/gpc.json").want(200)); g["gpc"] != true {
		t.Error(g)
	}
	clause(t, "RN-87", "RN-121", "RN-126", "RN-127", "RN-128", "RN-132", "WA-61", "WA-63", "AQ-18")
}

// The table names every tracker and every cookie that the browser really gets.
func TestCookies_tableNamesWhatIsSet(t *testing.T) {
	p := startThirdParty(t)
	h := trackedHouse(t, "reviews-network", p)
	table := h.visitor().get(h.site, "/cookies").want(200)
	table.has("tcounter", "tstudy", "film", "Études Exemple (tiers)", "13\u00a0mois", "6\u00a0mois", "https://party.example/policy", "https://party.example/out", "Firefox", "posé seulement si toutes ses finalités sont acceptées", "Rien n’est écrit ni lu avant votre accord")
	v := h.visitor()
	v.post(h.site, "/cookies", url.Values{"do": {"accept"}, "back": {"/?lang=fr"}}).want(303)
	v.follow(h.site, "/?lang=fr")
	for _, c := range v.cookiesOf(h.site) {
		name := strings.TrimPrefix(strings.TrimPrefix(c, "entremise-"), "__Host-")
		table.has("<code>" + name + "</code>")
	}
	// A network without trackers asks nothing and says so.
	none := newHouse(t)
	none.visitor().get(siteHost, "/").want(200).lacks(ask, "Gérer les cookies").has(`href="/cookies"`)
	none.visitor().get(siteHost, "/cookies").want(200).has("Rien d’autre", "rien à accepter ni à refuser")
	none.visitor().post(siteHost, "/cookies", url.Values{"do": {"accept"}}).want(404)
	clause(t, "RN-120", "CS-19", "AQ-16")
}
