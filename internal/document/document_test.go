package document_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/piprate/json-gold/ld"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
	"entremise/networks"
)

// folder is the embedded network with parts replaced: pairs of what stands there and what takes its place.
func folder(t testing.TB, name string, swap map[string][2]string) fstest.MapFS {
	t.Helper()
	from, err := networks.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	err = fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, path)
		out[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, pair := range swap {
		file, _, _ = strings.Cut(file, "#")
		text := string(out[file].Data)
		if !strings.Contains(text, pair[0]) {
			t.Fatalf("%s no longer holds %q", file, pair[0])
		}
		out[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, pair[0], pair[1], 1))}
	}
	return out
}

func apply(t testing.TB, r *rig.Rig, f fs.FS) *network.Network {
	t.Helper()
	n, problems, err := r.Editions.Apply(context.Background(), "system", f)
	if err != nil || n == nil {
		t.Fatal(err, problems)
	}
	return n
}

func load(t testing.TB, name string) *network.Network {
	t.Helper()
	f, err := networks.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	n, problems := network.Read(f)
	if n == nil {
		t.Fatal(problems)
	}
	return n
}

// Every document of every network is made in both languages, and nothing of its figures stays open.
func TestMake_everyNetworkInBothLanguages(t *testing.T) {
	for _, name := range networks.Names() {
		n := load(t, name)
		for _, k := range n.DocumentKinds() {
			for _, l := range []document.Lang{"fr", "en"} {
				title, source, ok := document.Make(n, k, l)
				if !ok || title == "" || len(source) < 100 {
					t.Errorf("%s %s %s: %v %q, %d bytes", name, k, l, ok, title, len(source))
				}
				if m := regexp.MustCompile(`\{[a-z]+[a-z_.-]*\}`).FindString(strings.ReplaceAll(source, "{network.in_force}", "")); m != "" {
					t.Errorf("%s %s %s holds %s", name, k, l, m)
				}
			}
		}
	}
}

// The notice has every item of GDPR art. 13 and 14 for every purpose of the file.
func TestNotice_hasEveryItem(t *testing.T) {
	for _, name := range networks.Names() {
		n := load(t, name)
		_, notice, _ := document.Make(n, network.DocPrivacy, "fr")
		plain := strings.NewReplacer(`\`, "", "\u00a0", " ").Replace(notice)
		need := []string{n.Operator.Name, n.Operator.Officer.Email, n.AddressFor("rights"), n.Operator.Phone.Display(), "D’où viennent les données", "Qui les reçoit", "Décisions automatiques", "obligatoire", "art. 15", "art. 16", "art. 17",
			"art. 18", "art. 20", "art. 21", "retirer un accord", "après votre mort", "CNIL", "raisonnable"}
		for _, p := range n.Purposes {
			need = append(need, p.Label.FR, document.Kept("fr", p.Keep))
			if p.Balance != "" {
				need = append(need, "Nos intérêts légitimes, pesés")
			}
			if p.Joint != nil {
				need = append(need, "Responsables conjoints")
			}
		}
		for _, r := range n.Recipients {
			need = append(need, r.Label.FR)
			if r.Safeguard != "" {
				need = append(need, r.Safeguard)
			}
		}
		for _, want := range need {
			if !strings.Contains(plain, strings.ReplaceAll(want, "\u00a0", " ")) {
				t.Errorf("%s: the notice lacks %q", name, want)
			}
		}
	}
}

// A value of the file is shown as it is written, whatever it holds, and no script passes.
func TestMake_keepsMarkupOfTheFileOut(t *testing.T) {
	n := apply(t, rig.New(t, db.SQLite), folder(t, "emergency-trades", map[string][2]string{
		"network.yaml":   {"label: {fr: Notre opérateur de téléphonie,", `label: {fr: "Voix | <script>alert(1)</script> [x](javascript:alert(2))",`},
		"network.yaml#2": {"in_force: 2026-11-01", "in_force: 2026-11-02"},
	}))
	_, source, _ := document.Make(n, network.DocPrivacy, "fr")
	if !strings.Contains(source, `Voix \| \<script\>`) {
		t.Error("not escaped in the source")
	}
}

func TestDiff_namesWhatGoesAndComes(t *testing.T) {
	lines := document.Diff("# Titre\n\nGardé 6 mois.\n\nFin.\n", "# Titre\n\nGardé 3 mois.\n\nNouveau.\n\nFin.\n")
	var b strings.Builder
	for _, l := range lines {
		for _, p := range l.Pieces {
			b.WriteString(string(p.Op) + p.Text + "|")
		}
		b.WriteString("\n")
	}
	want := "=# Titre|\n=Gardé |-6 |+3 |=mois.|\n+Nouveau.|\n=Fin.|\n"
	if b.String() != want {
		t.Errorf("%q", b.String())
	}
	if len(document.Diff("a\n", "a\n")) != 1 || document.Diff("a\n", "a\n")[0].Changed() {
		t.Error("the same text changes")
	}
}

// Versions are kept word for word, the same words are one version, and each is compared with the one before (RN-118, WA-01).
func TestVersions_areKeptAndCompared(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		publish(t, r)
		first, next, err := r.Documents.Current(ctx, network.DocTerms, "fr")
		if err != nil || next != nil {
			t.Fatal(err, next)
		}
		day := func(days int) string { return r.Clock.Now().In(geo.Paris()).AddDate(0, 0, days).Format(time.DateOnly) }
		// Another day and nothing else: no version.
		apply(t, r, folder(t, "emergency-trades", map[string][2]string{"network.yaml": {"in_force: 2026-11-01", "in_force: " + day(0)}}))
		publish(t, r)
		if all, err := r.Documents.History(ctx, network.DocTerms, "fr"); err != nil || len(all) != 1 {
			t.Errorf("%d versions: %v", len(all), err)
		}
		apply(t, r, folder(t, "emergency-trades", map[string][2]string{"network.yaml": {"in_force: 2026-11-01", "in_force: " + day(2)}, "texts/fr/terms.md": {"sans frais", "sans aucuns frais"}}))
		publish(t, r)
		now, next, err := r.Documents.Current(ctx, network.DocTerms, "fr")
		if err != nil || now.Hash != first.Hash || next == nil || next.Applies != day(2) {
			t.Fatalf("before its day: %v %v %v", now.Short(), next, err)
		}
		r.Clock.Add(48 * time.Hour)
		r.Clock.AddMachine(time.Minute)
		now, next, err = r.Documents.Current(ctx, network.DocTerms, "fr")
		if err != nil || now.Hash != (*nextOf(t, r)).Hash || next != nil || !strings.Contains(now.Source, "sans aucuns frais") {
			t.Errorf("from its day on: %v %v %v", now.Short(), next, err)
		}
		again, err := r.Documents.Get(ctx, network.DocTerms, first.Short())
		if err != nil || again.Source != first.Source || again.Article() != first.Article() {
			t.Errorf("the first version is another now: %v", err)
		}
		was, is, lines, err := r.Documents.Changes(ctx, network.DocTerms, now.Short())
		if err != nil || was.Hash != first.Hash || is.Hash != now.Hash || !slices.ContainsFunc(lines, document.Line.Changed) {
			t.Errorf("%v %v %v", was.Short(), is.Short(), err)
		}
		for _, bad := range []string{"", "abc", "zzzzzzzz", strings.Repeat("0", 64), "' OR 1=1"} {
			if _, err := r.Documents.Get(ctx, network.DocTerms, bad); !fault.Is(err, fault.Missing) {
				t.Errorf("version %q: %v", bad, err)
			}
		}
	})
}

func nextOf(t testing.TB, r *rig.Rig) *document.Version {
	t.Helper()
	all, err := r.Documents.History(context.Background(), network.DocTerms, "fr")
	if err != nil || len(all) < 2 {
		t.Fatal(err, len(all))
	}
	return &all[0]
}

func publish(t testing.TB, r *rig.Rig) {
	t.Helper()
	if err := r.Documents.Publish(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Professionals are told by e-mail, once, fifteen days before, and accept when the day has come; nobody is asked who came later.
func TestTerms_toldThenAccepted(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		publish(t, r)
		pro := r.Pro(t)
		day := func(days int) string { return r.Clock.Now().In(geo.Paris()).AddDate(0, 0, days).Format(time.DateOnly) }
		edition := func(days int) fstest.MapFS {
			return folder(t, "emergency-trades", map[string][2]string{"network.yaml": {"in_force: 2026-11-01", "in_force: " + day(days)}, "texts/fr/pro-terms.md": {"sans frais ni préavis", "sans frais et sans préavis"}})
		}
		r.Clock.Add(time.Hour)
		for days, want := range map[int]bool{0: false, 14: false, 15: true, 16: true} {
			n, _ := network.Load(edition(days))
			err := r.Documents.MayApply(ctx, n, "")
			if (err == nil) != want {
				t.Errorf("in force in %d days: %v", days, err)
			}
			if err := r.Documents.MayApply(ctx, n, "ordered by a court"); err != nil {
				t.Errorf("with a reason of law: %v", err)
			}
		}
		n := apply(t, r, edition(15))
		publish(t, r)
		r.Drain(t)
		publish(t, r)
		r.Drain(t)
		told := 0
		for _, m := range r.Post.Mails() {
			if strings.Contains(m.Subject, "Conditions de vente") {
				told++
				if !strings.Contains(m.Text, "/documents/pro-terms/") || !strings.Contains(m.Text, network.Date(day(15)).Say("fr")) {
					t.Errorf("the letter: %s", m.Text)
				}
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
		if due, err := r.Documents.Due(ctx, pro, "fr"); err != nil || len(due) != 0 {
			t.Errorf("due before its day: %v %v", due, err)
		}
		banners, err := r.Documents.Banners(ctx, "fr", true)
		if err != nil || len(banners) != 1 || !banners[0].Coming {
			t.Errorf("%+v %v", banners, err)
		}
		if forAll, err := r.Documents.Banners(ctx, "fr", false); err != nil || len(forAll) != 0 {
			t.Errorf("consumers are told of terms that do not concern them: %v %v", forAll, err)
		}
		r.Clock.Add(15 * 24 * time.Hour)
		r.Clock.AddMachine(time.Minute)
		due, err := r.Documents.Due(ctx, pro, "fr")
		if err != nil || len(due) != 1 || due[0].Kind != network.DocProTerms {
			t.Fatalf("%v %v", due, err)
		}
		if err := r.Documents.Accept(ctx, pro, network.DocLegal, due[0].Short()); err == nil {
			t.Error("a document that only informs is accepted")
		}
		if err := r.Documents.Accept(ctx, auth.Actor{Who: auth.Visitor}, network.DocProTerms, due[0].Short()); !fault.Is(err, fault.Denied) {
			t.Errorf("a visitor accepts: %v", err)
		}
		for range 2 {
			if err := r.Documents.Accept(ctx, pro, network.DocProTerms, due[0].Short()); err != nil {
				t.Fatal(err)
			}
		}
		if due, err = r.Documents.Due(ctx, pro, "fr"); err != nil || len(due) != 0 {
			t.Errorf("due after it was accepted: %v %v", due, err)
		}
		ring, err := r.Vault.Ring(ctx, pro.Account)
		if err != nil {
			t.Fatal(err)
		}
		err = r.DB.Read(ctx, func(tx *db.Tx) error {
			all, err := privacy.Ledger(tx, pro.Account, pro.Account)
			if err != nil || len(all) != 1 || !all[0].Granted || all[0].Edition != n.Hash() || !strings.Contains(all[0].Words, (*nextOfKind(t, r, network.DocProTerms)).Short()) {
				t.Errorf("%+v %v", all, err)
			}
			return privacy.Verify(tx, ring, pro.Account, pro.Account)
		})
		if err != nil {
			t.Error(err)
		}
		later := r.Pro(t)
		if due, err = r.Documents.Due(ctx, later, "fr"); err != nil || len(due) != 0 {
			t.Errorf("one who came later is asked: %v %v", due, err)
		}
	})
}

func nextOfKind(t testing.TB, r *rig.Rig, k network.DocumentKind) *document.Version {
	t.Helper()
	all, err := r.Documents.History(context.Background(), k, "fr")
	if err != nil || len(all) < 2 {
		t.Fatal(err, len(all))
	}
	return &all[0]
}

// Consumers with a request under way are told of what concerns them.
func TestPrivacy_changeIsToldToConsumers(t *testing.T) {
	r := rig.New(t, db.SQLite)
	publish(t, r)
	r.Ask(t)
	r.Clock.Add(time.Minute)
	today := r.Clock.Now().In(geo.Paris()).Format(time.DateOnly)
	apply(t, r, folder(t, "emergency-trades", map[string][2]string{"network.yaml": {"in_force: 2026-11-01", "in_force: " + today}, "network.yaml#2": {"keep: {for: 2 years, at_end: anonymise}", "keep: {for: 1 year, at_end: anonymise}"}}))
	publish(t, r)
	r.Drain(t)
	for _, m := range r.Post.Mails() {
		if strings.Contains(m.Text, "/documents/privacy/") && strings.Contains(m.Subject, "ce qui change") {
			return
		}
	}
	t.Error("nobody was told")
}

// What a visitor chooses is proved purpose by purpose, changes under the same id, and verifies.
func TestChoose_isProved(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		n := apply(t, r, tracked(t))
		c, err := r.Documents.Choose(ctx, n, nil, []string{"audience"}, nil, "fr")
		if err != nil || !strings.HasPrefix(c.ID, "vis_") {
			t.Fatal(c, err)
		}
		back, ok := document.ReadChoice(c.String())
		if !ok || back.ID != c.ID || !back.At.Equal(c.At) || !slices.Equal(back.Purposes, c.Purposes) {
			t.Errorf("%+v from %q", back, c.String())
		}
		r.Clock.Add(time.Minute)
		again, err := r.Documents.Choose(ctx, n, &c, []string{"audience", "video"}, []string{"films"}, "en")
		if err != nil || again.ID != c.ID {
			t.Fatal(again, err)
		}
		if _, err := r.Documents.Choose(ctx, n, nil, []string{"nothing"}, nil, "fr"); !fault.Is(err, fault.Invalid) {
			t.Errorf("an unknown purpose: %v", err)
		}
		if _, err := r.Documents.Choose(ctx, n, nil, nil, []string{"nobody"}, "fr"); !fault.Is(err, fault.Invalid) {
			t.Errorf("an unknown partner: %v", err)
		}
		ring, err := r.Vault.Ring(ctx, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		err = r.DB.Read(ctx, func(tx *db.Tx) error {
			all, err := privacy.Ledger(tx, c.ID, "cookies")
			if err != nil || len(all) != 6 {
				t.Errorf("%d lines: %v", len(all), err)
			}
			for _, g := range all {
				if want := !g.Replaced || g.Consent == "cookies-audience"; g.Granted != want {
					t.Errorf("%s, replaced %v: granted %v", g.Consent, g.Replaced, g.Granted)
				}
			}
			return privacy.Verify(tx, ring, c.ID, "cookies")
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// tracked is a network with an exempt measurement, a video of a third party, and a button of it that serves two purposes.
func tracked(t testing.TB) fstest.MapFS {
	return folder(t, "emergency-trades", map[string][2]string{
		"network.yaml": {"  choice: {accepted: 6 months, refused: 6 months}", `  choice: {accepted: 6 months, refused: 3 months}
  purposes:
    audience: {label: Audience, about: Compter les visites., asked: exempt}
    video: {label: Vidéos, about: Montrer des vidéos., asked: consent}
  trackers:
    counter: {label: Compteur, names: [_c_*], purposes: [audience], life: 13 months, what: Compte., driver: audience, source: "https://stats.example/c.js"}
    film: {label: Film, names: [film], by: films, purposes: [video], life: 6 months, what: Montre., driver: embed, source: "https://films.example/1", policy: "https://films.example/p"}
    both: {label: Deux, names: [both], by: films, purposes: [audience, video], what: Les deux., driver: embed, source: "https://films.example/2", policy: "https://films.example/p"}`},
		"network.yaml#2": {"  hosting:\n    label", "  films:\n    label: {fr: Films, en: Films}\n    role: controller\n    country: FR\n  hosting:\n    label"},
		"network.yaml#3": {"people: [consumer, professional]\n    data: [consent]", "people: [consumer, professional, visitor]\n    data: [consent]"},
		"network.yaml#4": {"in_force: 2026-11-01", "in_force: 2026-11-02"},
	})
}

// Who may run, by choice (RN-126, 132), and how long a choice stands, to the second (RN-134, 135).
func TestAllows_andStands(t *testing.T) {
	n, problems := network.Read(tracked(t))
	if n == nil {
		t.Fatal(problems)
	}
	k := n.Cookies
	at := time.Date(2026, 11, 30, 10, 0, 0, 0, time.UTC)
	choice := func(purposes, partners string) *document.Choice {
		return &document.Choice{ID: "vis_x", At: at, Asks: k.Asks(), Purposes: strings.Fields(purposes), Partners: strings.Fields(partners)}
	}
	for _, c := range []struct {
		choice *document.Choice
		signal bool
		want   string
	}{
		{nil, false, "counter"}, {nil, true, ""}, {choice("", ""), false, ""}, {choice("audience", ""), true, "counter"}, {choice("video", "films"), false, "film"},
		{choice("video audience", "films"), false, "counter film both"}, {choice("video audience", ""), false, "counter"},
	} {
		var got []string
		for _, x := range k.Trackers {
			if document.Allows(k, x, c.choice, c.signal) {
				got = append(got, x.ID)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v, signal %v: %q", c.choice, c.signal, got)
		}
	}
	for _, c := range []struct {
		choice *document.Choice
		until  time.Time
	}{{choice("", ""), time.Date(2027, 2, 28, 10, 0, 0, 0, time.UTC)}, {choice("audience", ""), time.Date(2027, 5, 30, 10, 0, 0, 0, time.UTC)}} {
		if until := c.choice.Until(k); !until.Equal(c.until) || !c.choice.Stands(k, until.Add(-time.Second)) || c.choice.Stands(k, until) {
			t.Errorf("%v: until %v", c.choice.Purposes, until)
		}
		other := *c.choice
		other.Asks = "00000000"
		if other.Stands(k, at) {
			t.Error("a choice about another list stands")
		}
	}
	for _, bad := range []string{"", "||||", "vis_x|2026-11-30T10:00:00Z|a||", strings.Repeat("|", 400), "vis_" + strings.Repeat("A", 26) + "|soon|a||"} {
		if _, ok := document.ReadChoice(bad); ok {
			t.Errorf("%q is a choice", bad)
		}
	}
}

// spentHeld counts the kinds of rows that serve for a time, and that a network makes.
func spentHeld(n *network.Network) (held int) {
	for _, k := range network.SpentKinds() {
		if _, is := n.SpentFor(k); is {
			held++
		}
	}
	return held
}

func TestRegister_csv(t *testing.T) {
	for _, name := range networks.Names() {
		n := load(t, name)
		body, err := document.RegisterCSV(n, "fr")
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))
		r.Comma = ';'
		rows, err := r.ReadAll()
		if err != nil || len(rows) != len(n.Purposes)+spentHeld(n)+1 {
			t.Fatalf("%d rows: %v", len(rows), err)
		}
		for i, row := range rows[1:] {
			if slices.Contains(row, "") {
				t.Errorf("%s: %q", name, row)
			}
			if i >= len(n.Purposes) {
				if !strings.HasPrefix(row[0], "spent-") {
					t.Errorf("%s: %q", name, row)
				}
				continue
			}
			if row[0] != n.Purposes[i].ID {
				t.Errorf("%s: %q", name, row)
			}
			if joint := strings.HasPrefix(row[2], "conjoints"); joint != (n.Purposes[i].Joint != nil) {
				t.Errorf("%s %s: controllers %q", name, row[0], row[2])
			}
		}
	}
}

// The record parses as JSON-LD by a processor that we did not write, and each term of DPV in it is one of the published vocabulary (testdata/dpv.txt: the
// terms of DPV 2.1, its pd and eu-gdpr extensions that the record may use).
func TestRegister_jsonLDIsOfDPV(t *testing.T) {
	list, err := os.ReadFile("testdata/dpv.txt")
	if err != nil {
		t.Fatal(err)
	}
	terms := strings.Fields(string(list))
	for _, name := range networks.Names() {
		n := load(t, name)
		body, err := document.RegisterJSONLD(n, "https://pro.example/registre")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range n.Purposes {
			for _, w := range p.People {
				if document.DPV(w) == "" {
					t.Errorf("%s: no term for %s", name, w)
				}
			}
			for _, c := range p.Data {
				if len(document.DPVData(c)) == 0 {
					t.Errorf("%s: no term for %s", name, c)
				}
			}
		}
		var doc any
		if err := json.Unmarshal(body, &doc); err != nil {
			t.Fatal(err)
		}
		expanded, err := ld.NewJsonLdProcessor().Expand(doc, ld.NewJsonLdOptions(""))
		if err != nil {
			t.Fatal(err)
		}
		seen, processes := map[string]bool{}, 0
		var walk func(v any)
		walk = func(v any) {
			switch v := v.(type) {
			case []any:
				for _, x := range v {
					walk(x)
				}
			case map[string]any:
				for k, x := range v {
					seen[k] = true
					if k == "@type" || k == "@id" {
						values, ok := x.([]any)
						if !ok {
							values = []any{x}
						}
						for _, s := range values {
							seen[s.(string)] = true
							if k == "@type" && s == "https://w3id.org/dpv#Process" {
								processes++
							}
						}
						continue
					}
					walk(x)
				}
			}
		}
		walk(expanded)
		of := 0
		for s := range seen {
			if strings.HasPrefix(s, "https://w3id.org/") {
				of++
				if !slices.Contains(terms, s) {
					t.Errorf("%s: %s is no term of DPV", name, s)
				}
			} else if strings.Contains(s, ":") && !strings.HasPrefix(s, "https://pro.example/registre") && !strings.HasPrefix(s, "http://www.w3.org/2000/01/rdf-schema#label") && s != "http://purl.org/dc/terms/issued" {
				t.Errorf("%s: %s", name, s)
			}
		}
		if processes != len(n.Purposes)+spentHeld(n) || of < 15 {
			t.Errorf("%s: %d processes, %d terms", name, processes, of)
		}
	}
}

// The public table gives the file's time for each kind of rows that serve for a time, and another figure gives another table.
func TestRetention_namesWhatServes(t *testing.T) {
	for _, name := range networks.Names() {
		n := load(t, name)
		_, table, _ := document.Make(n, network.DocRetention, "fr")
		for _, k := range network.SpentKinds() {
			keep, held := n.SpentFor(k)
			if line := "| " + k.Label().FR + " | " + keep.Text().FR + " depuis "; strings.Contains(table, line) != held {
				t.Errorf("%s: %q is there: %t", name, line, !held)
			}
		}
		changed := *n
		changed.Spent.Sessions = network.Duration{N: 7, Unit: network.UnitWeek}
		if _, other, _ := document.Make(&changed, network.DocRetention, "en"); !strings.Contains(other, "7\u00a0weeks from their end") {
			t.Errorf("%s: %s", name, other)
		}
	}
}
