package e2e

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/network"
)

// edited is a copy of a built-in network with parts of its files replaced, in force from a day.
func edited(t *testing.T, name, inForce string, swaps ...[3]string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), name)
	if err := os.CopyFS(folder, os.DirFS("../networks/"+name)); err != nil {
		t.Fatal(err)
	}
	swap := func(file string, change func(string) string) {
		t.Helper()
		path := filepath.Join(folder, file)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		text := change(string(data))
		if text == string(data) {
			t.Fatalf("%s did not change", file)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range swaps {
		swap(s[0], func(text string) string { return strings.Replace(text, s[1], s[2], 1) })
	}
	swap("network.yaml", func(text string) string {
		return regexp.MustCompile(`(?m)^in_force: .*$`).ReplaceAllString(text, "in_force: "+inForce)
	})
	return folder
}

// aDay is the day of a demo's clock that starts now, some days on, in Paris.
func aDay(days int) string {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic(err)
	}
	return time.Now().In(paris).AddDate(0, 0, days).Format(time.DateOnly)
}

func said(day string) string { return network.Date(day).Say("fr") }

// The public documents of every network: all the headings of the notice, the identity from the file, the date of the version, versions, and links in every foot.
func TestDocuments_ofEveryNetwork(t *testing.T) {
	houses := map[string]*house{"emergency-trades": newHouse(t)}
	for name := range otherHosts {
		houses[name] = newHouseOf(t, name)
	}
	for name, h := range houses {
		t.Run(name, func(t *testing.T) {
			n := builtIn(t, name)
			v := h.visitor()
			notice := v.get(h.site, "/confidentialite").want(200)
			notice.has("Mis à jour le", "Quelles données nous avons", "Pour quoi faire, à quel titre, combien de temps", "Qui les reçoit", "Comment elles sont protégées", "Vos droits", "Quand cette page change", "D’où viennent les données",
				"2016/679", "78-17", "eur-lex.europa.eu", "legifrance.gouv.fr", "CNIL", n.Operator.Officer.Email, n.Operator.Phone.Display(), n.AddressFor("rights"))
			for _, id := range []string{`<h2 id="`, "par courrier"} {
				if !strings.Contains(strings.ToLower(notice.body), id) {
					t.Errorf("no %q", id)
				}
			}
			if anchors := strings.Count(notice.body, "<h2 id="); anchors < 7 {
				t.Errorf("%d anchors", anchors)
			}
			legal := v.get(h.site, "/mentions-legales").want(200)
			legal.has(n.Operator.LegalForm, n.Operator.Capital.FR(), n.Operator.RCS, n.Operator.SIREN.String(), n.AddressFor("office"), n.Operator.Director, n.Operator.Email, n.Operator.Phone.Display(), n.Operator.Host.Name, n.Operator.Host.Address)
			v.get(h.site, "/durees").want(200).has("Base active", "Archive fermée", n.Purposes[0].Label.FR)
			list := v.get(h.site, "/documents").want(200).has("en vigueur")
			for _, k := range n.DocumentKinds() {
				list.has("/documents/" + string(k))
				v.get(h.site, "/documents/"+string(k)).want(200).has("en vigueur")
			}
			for _, path := range []string{"/", "/confidentialite", "/cookies", "/documents", "/nulle-part"} {
				v.get(h.site, path).has(`href="/confidentialite"`, `href="/mentions-legales"`, `href="/conditions"`, `href="/documents"`, "© ", "documents mis à jour en")
			}
			v.get(h.site, "/confidentialite?lang=en").want(200).has("Your rights", "In plain words")
			for _, bad := range []string{"/documents/rien", "/documents/terms/00000000", "/documents/terms/x", "/documents/terms/00000000/changements", "/documents/terms/00000000/source"} {
				v.get(h.site, bad).want(404)
			}
			text := v.get(h.site, "/.well-known/security.txt").want(200)
			text.has("Contact: mailto:"+n.Operator.Email+"\n", "Preferred-Languages: fr, en\n", "Canonical: ")
			m := regexp.MustCompile(`(?m)^Expires: (.*)$`).FindStringSubmatch(text.body)
			if m == nil {
				t.Fatal("no Expires")
			}
			if at, err := time.Parse(time.RFC3339, m[1]); err != nil || at.Before(time.Now().AddDate(0, 5, 0)) || at.After(time.Now().AddDate(1, 0, 0)) {
				t.Errorf("expires %q: %v", m[1], err)
			}
		})
	}
	if !t.Failed() {
		clause(t, "RN-01", "RN-02", "RN-04", "WA-01", "WA-02", "WA-03", "WA-04", "CS-01", "CS-02", "AQ-01", "AQ-68", "AQ-70", "ET-03", "ET-116", "ET-119", "ET-149", "ET-156")
	}
}

func builtIn(t *testing.T, name string) *network.Network {
	t.Helper()
	n, problems := network.Load(os.DirFS("../networks/" + name))
	if n == nil {
		t.Fatal(problems)
	}
	return n
}

// A new version changes the date, the old one remains word for word, the difference is a page, and people are told as their network's document says.
func TestDocuments_versionsAndTelling(t *testing.T) {
	for _, c := range []struct {
		name, path, kind string
		file, was, is    string
		banner, mail     bool
		ids              []string
	}{
		{"emergency-trades", "/conditions", "terms", "texts/fr/terms.md", "sans frais", "sans aucuns frais", true, true, []string{"ET-08", "ET-151"}},
		{"reviews-network", "/confidentialite", "privacy", "network.yaml", "choice: {accepted: 6 months", "choice: {accepted: 5 months", false, false, []string{"RN-118"}},
		{"works-advisor", "/conditions", "terms", "texts/fr/terms.md", "\n## ", "\nNouvelle phrase.\n\n## ", true, true, []string{"WA-05"}},
		{"auto-quotes", "/conditions", "terms", "texts/fr/terms.md", "\n## ", "\nNouvelle phrase.\n\n## ", false, false, []string{"AQ-69"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h *house
			if c.name == "emergency-trades" {
				h = newHouse(t)
				h.asked(leak())
			} else {
				h = newHouseOf(t, c.name)
			}
			v := h.visitor()
			if c.kind == "privacy" { // the table of cookies is the document that this figure changes
				c.path, c.kind = "/cookies", "cookies"
			}
			before := v.get(h.site, c.path).want(200)
			version := regexp.MustCompile(`version ([0-9a-f]{8})`).FindStringSubmatch(before.body)
			if version == nil {
				t.Fatal("the page names no version")
			}
			applied(t, h, edited(t, c.name, aDay(0), [3]string{c.file, c.was, c.is}))
			after := v.get(h.site, c.path).want(200).has("Mis à jour le " + said(aDay(0)))
			fresh := regexp.MustCompile(`version ([0-9a-f]{8})`).FindStringSubmatch(after.body)
			if fresh == nil || fresh[1] == version[1] {
				t.Fatalf("the version is still %v", fresh)
			}
			article := func(a *answer) string {
				_, rest, _ := strings.Cut(a.body, "Toutes les versions")
				text, _, _ := strings.Cut(rest, "</article>")
				return regexp.MustCompile(`(?s)<form.*?</form>`).ReplaceAllString(text, "")
			}
			old := v.get(h.site, "/documents/"+c.kind+"/"+version[1]).want(200).has("n’est pas celle qui s’applique aujourd’hui")
			first := article(before)
			if at := strings.Index(first, "<p>"); at < 0 || !strings.Contains(old.body, strings.TrimSpace(first[strings.LastIndex(first[:at+3], "<p>"):])) {
				t.Error("the earlier version is shown otherwise than it was")
			}
			v.get(h.site, "/documents/"+c.kind).want(200).has("en vigueur", "remplacée", version[1], fresh[1], "Ce qui a changé")
			v.get(h.site, "/documents/"+c.kind+"/"+fresh[1]+"/changements").want(200).has("<ins>", "comparée à la version "+version[1])
			source := v.get(h.site, "/documents/"+c.kind+"/"+version[1]+"/source").want(200)
			if again := v.get(h.site, "/documents/"+c.kind+"/"+version[1]+"/source").want(200); again.body != source.body || source.body == "" {
				t.Error("the source differs from one reading to the next")
			}
			home := v.get(h.site, "/").want(200)
			if told := strings.Contains(home.body, "/documents/"+c.kind+"/"+fresh[1]+"/changements"); told != c.banner {
				t.Errorf("told on the pages: %v", told)
			}
			if c.mail && c.name == "emergency-trades" {
				h.letter("the change of the terms", func(m sent) bool {
					return strings.Contains(m.Text, "/documents/terms/"+fresh[1]+"/changements")
				})
			}
			clause(t, c.ids...)
		})
	}
}

// Terms of professionals change fifteen days after they were told, not sooner; from then on the next sign-in asks for acceptance (Reg. (EU) 2019/1150 art. 3.2).
func TestDocuments_termsOfProfessionals(t *testing.T) {
	h := newHouse(t)
	pro := h.enter("Professional 1")
	pro.get(spaceHost, "/tableau").want(200)
	change := [3]string{"texts/fr/pro-terms.md", "Droit français", "Le droit français s’applique"}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "apply", edited(t, "emergency-trades", aDay(14), change), "--data", h.data).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "pro-terms") || !strings.Contains(string(out), aDay(15)) {
		t.Fatalf("fourteen days before: %v\n%s", err, out)
	}
	h.visitor().get(siteHost, "/conditions-de-vente").want(200).lacks("s’appliquera le")
	applied(t, h, edited(t, "emergency-trades", aDay(15), change))
	h.visitor().get(siteHost, "/conditions-de-vente").want(200).has("Une nouvelle version s’appliquera le "+said(aDay(15)), "Ce qui change.").lacks("Le droit français s’applique")
	eventually(t, "every professional is told", func() bool {
		n := 0
		for _, m := range h.outbox() {
			if strings.Contains(m.Text, "/documents/pro-terms/") {
				n++
			}
		}
		return n > 3
	})
	pro.get(spaceHost, "/tableau").want(200).has("change le " + said(aDay(15)))
	h.later(16 * 24 * time.Hour)
	pro = h.enter("Professional 1") // his next sign-in
	if to := pro.get(spaceHost, "/tableau").want(303).header.Get("Location"); to != "/accepter" {
		t.Errorf("led to %q", to)
	}
	pro.post(spaceHost, "/tableau/"+"req_x"+"/acheter", url.Values{}).want(403)
	page := pro.get(spaceHost, "/accepter").want(200).has("Ces documents ont changé", "Ce qui a changé")
	hash := regexp.MustCompile(`name="version" value="([0-9a-f]{8})"`).FindStringSubmatch(page.body)
	if hash == nil {
		t.Fatal("nothing to accept")
	}
	pro.post(spaceHost, "/accepter", url.Values{"kind": {"legal"}, "version": {hash[1]}}).want(404)
	pro.post(spaceHost, "/accepter", url.Values{"kind": {"pro-terms"}, "version": {hash[1]}}).want(303)
	pro.get(spaceHost, "/tableau").want(200)
	h.enter("Agent").get(spaceHost, "/aujourdhui").want(200)
	eventually(t, "the new terms are shown", func() bool {
		return strings.Contains(h.visitor().get(siteHost, "/conditions-de-vente").want(200).has("tribunaux du siège").body, "Le droit français s’applique")
	})
	clause(t, "ET-150", "ET-155")
}

// The register is the officer's: page, table and JSON-LD say the same activities; nobody else reads it.
func TestDocuments_register(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	n := builtIn(t, "reviews-network")
	admin := h.enter("Operator")
	page := admin.get(h.space, "/registre").want(200)
	table := admin.get(h.space, "/registre.csv").want(200)
	graph := decode[struct {
		Context map[string]string `json:"@context"`
		Graph   []map[string]any  `json:"@graph"`
	}](admin.get(h.space, "/registre.jsonld").want(200))
	var joint []string
	for _, p := range n.Purposes {
		page.has(p.Label.FR)
		table.has(p.Label.FR)
		if !slices.ContainsFunc(graph.Graph, func(x map[string]any) bool {
			return strings.HasSuffix(x["@id"].(string), "#"+p.ID) && x["@type"] == "dpv:Process"
		}) {
			t.Errorf("the graph lacks %s", p.ID)
		}
		if p.Joint != nil {
			joint = append(joint, p.ID)
		}
	}
	if graph.Context["dpv"] != "https://w3id.org/dpv#" {
		t.Error(graph.Context)
	}
	if got := strings.Count(table.body, "conjoints"); got != len(joint) || got == 0 {
		t.Errorf("%d joint activities in the table, %d in the file", got, len(joint))
	}
	h.visitor().get(h.space, "/registre").want(303)
	h.enter("Agent").get(h.space, "/registre.csv").want(403)
	clause(t, "RN-05", "WA-59")
}
