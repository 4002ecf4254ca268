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
			name := "_an_1" // of the family that the analysis declares
			if r.URL.Path == "/mesure.js" {
				name = "_mesure"
			}
			fmt.Fprintf(w, "document.cookie = %q + '=1; path=/; max-age=3600'", name)
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

// trackedNetwork is a built-in network whose trackers lead to the third party, with one more that serves two purposes where extra says so.
func trackedNetwork(t *testing.T, name, extra string, p *thirdParty) string {
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
	source := regexp.MustCompile(`source: "https://([a-z]+\.example)/`)
	if !source.Match(data) {
		t.Fatal("the network has no tracker")
	}
	text := source.ReplaceAllString(string(data), `source: "http://$1:`+p.port+`/`)
	text = strings.Replace(text, "  trackers:\n", "  trackers:\n"+strings.ReplaceAll(extra, "PORT", p.port), 1)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// both is a tracker of two purposes (RN-132).
const both = `    both: {label: Film commenté, names: [both], by: video, purposes: [show_videos, measure_in_detail], life: 6 months, what: Film et analyse, driver: embed, source: "http://both.example:PORT/film", policy: "https://videos.example/p"}
`

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
func trackedHouse(t *testing.T, name, extra string, p *thirdParty) *house {
	t.Helper()
	h := newHouseOf(t, name)
	applied(t, h, trackedNetwork(t, name, extra, p))
	eventually(t, "the trackers are known", func() bool {
		return strings.Contains(h.visitor().get(h.site, "/cookies").want(200).body, "Gérer les cookies")
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
		name                   string
		accepted, denied       int // months
		purpose, partner, host string
		ids                    []string
	}{
		{"reviews-network", 6, 3, "show_videos", "video", "videos.example", []string{"RN-122", "RN-130", "RN-131", "RN-133", "RN-134", "RN-135", "RN-136", "RN-137"}},
		{"works-advisor", 13, 13, "share_on_networks", "social-networks", "reseau.example", []string{"WA-62", "WA-64", "WA-65", "WA-67"}},
		{"customer-space", 13, 13, "personalise_ads", "ads", "annonces.example", []string{"CS-03", "CS-18", "CS-20", "CS-24"}},
	} {
		t.Run(network.name, func(t *testing.T) {
			p := startThirdParty(t)
			h := trackedHouse(t, network.name, "", p)
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
			choose(accepter, url.Values{"do": {"choose"}, "purpose": {network.purpose}, "partner": {network.partner}})
			third := network.host + ":" + p.port
			refused := refuser.get(h.site, "/").want(200).lacks(ask, third).has("Gérer les cookies")
			if network.name != "customer-space" { // it embeds nothing
				refused.has("Il s’affiche si vous l’acceptez")
			}
			accepter.get(h.site, "/").want(200).lacks(ask).has(third)
			// Restored on a later visit, box by box; reachable from every page's foot, to be changed.
			accepter.get(h.site, "/cookies").want(200).has("Votre choix du", "Effacer les cookies de votre navigateur efface aussi votre choix", "Les cookies d’un tiers suivent aussi sa propre politique").
				has(`value="`+network.purpose+`" checked`, `value="`+network.partner+`" checked`)
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
			refuser.get(h.site, "/").want(200).has(ask).lacks(third)
			if network.accepted > network.denied {
				accepter.get(h.site, "/").want(200).lacks(ask)
				forward(daysIn(network.accepted) - short - 2)
				accepter.get(h.site, "/").want(200).lacks(ask).has(third)
				forward(2)
			}
			accepter.get(h.site, "/").want(200).has(ask).lacks(third)
			if network.name == "customer-space" {
				first.has("Ce site utilise vos données")
			}
			clause(t, network.ids...)
		})
	}
}

// In a browser nothing is asked of others before its purpose is allowed; what is exempt runs and can be opposed; a cookie of two purposes waits for both; a signal of the browser is a refusal.
func TestCookies_nothingLeavesBeforeItIsAllowed(t *testing.T) {
	p := startThirdParty(t)
	h := trackedHouse(t, "reviews-network", both, p)
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			b := open(t, h.server, on)
			visit := func(want ...string) {
				t.Helper()
				p.take()
				b.goTo(h.site, "/?lang=fr")
				if len(want) > 0 {
					seen := []string{}
					eventually(t, "the third parties are asked", func() bool {
						seen = append(seen, p.take()...)
						slices.Sort(seen)
						return len(slices.Compact(seen)) >= len(want)
					})
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
			visit("mesure.example")
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
			b.click(`[name=purpose][value=show_videos]`)
			b.click(`[name=partner][value=video]`)
			b.click(`#choix [value=choose]`)
			b.see("Votre choix est enregistré")
			visit("videos.example")
			b.goTo(h.site, "/cookies")
			b.click(`#choix [value=accept]`)
			b.see("Votre choix est enregistré")
			visit("analyse.example", "both.example", "mesure.example", "reseau.example", "videos.example")
			b.until("the tracker writes", `document.cookie.includes("_an_1")`)
			b.goTo(h.site, "/cookies")
			b.click(`#choix [value=refuse]`)
			b.see("Votre choix est enregistré")
			if c := eval[string](b, "document.cookie"); strings.Contains(c, "_an_1") || strings.Contains(c, "_mesure") {
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
	signalled.lacks("mesure.js", "a.js", "videos.example:", ask)
	getWith(v, h.site, "/cookies", http.Header{"Sec-Gpc": {"1"}}).want(200).has("Votre navigateur refuse pour vous")
	if g := decode[map[string]any](v.get(h.site, "/.well-known/gpc.json").want(200)); g["gpc"] != true {
		t.Error(g)
	}
	clause(t, "RN-87", "RN-121", "RN-126", "RN-127", "RN-128", "RN-132", "WA-61", "WA-63", "AQ-18")
}

// The table names every tracker and every cookie that the browser really gets.
func TestCookies_tableNamesWhatIsSet(t *testing.T) {
	p := startThirdParty(t)
	h := trackedHouse(t, "reviews-network", both, p)
	table := h.visitor().get(h.site, "/cookies").want(200)
	table.has("<code>_mesure</code>", "<code>_an_*</code>", "<code>vid_*</code>", "<code>rs_*</code>", "(tiers)", "13\u00a0mois", "6\u00a0mois", "https://analyse.example/confidentialite", "posé seulement si toutes ses finalités sont acceptées",
		"Rien n’est écrit ni lu avant votre accord", "vous pouvez vous y opposer", "Chrome", "Firefox", "Edge", "https://www.youronlinechoices.com/fr/", "la question revient alors")
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
	for network, words := range map[string][]string{"works-advisor": {"Chrome", "Firefox", "Edge", "Safari", "menu d’aide"}, "auto-quotes": {"https://www.cnil.fr/fr/cookies-et-autres-traceurs", "https://www.youronlinechoices.com/fr/", "https://analyse.example/opposition"}} {
		other := newHouseOf(t, network)
		other.visitor().get(other.site, "/cookies").want(200).has(words...)
	}
	clause(t, "RN-120", "RN-138", "RN-139", "WA-66", "WA-68", "CS-19", "AQ-16", "AQ-17")
}
