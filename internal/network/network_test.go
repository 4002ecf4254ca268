package network

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"entremise/internal/fault"
	"entremise/internal/money"
)

// shipped loads the network beside this package; package networks, which embeds it, cannot be imported from inside.
func shipped(t testing.TB) *Network {
	t.Helper()
	n, probs := Load(os.DirFS("../../networks/emergency-trades"))
	if n == nil {
		t.Fatal(probs)
	}
	return n
}

func TestDuration_calendar(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	day := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02 15:04", s, paris)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct {
		d        string
		from, to string
	}{
		{"10 min", "2026-11-24 09:55", "2026-11-24 10:05"}, {"24 hours", "2026-10-24 12:00", "2026-10-25 11:00"}, // the night has one hour more
		{"1 day", "2026-10-24 12:00", "2026-10-25 12:00"}, {"2 weeks", "2026-10-20 12:00", "2026-11-03 12:00"},
		{"1 month", "2026-01-31 10:00", "2026-02-28 10:00"}, {"1 month", "2028-01-31 10:00", "2028-02-29 10:00"},
		{"6 months", "2026-08-31 10:00", "2027-02-28 10:00"}, {"1 year", "2028-02-29 10:00", "2029-02-28 10:00"},
		{"3 years", "2026-01-13 00:00", "2029-01-13 00:00"}, {"13 months", "2026-12-31 23:59", "2028-01-31 23:59"},
	} {
		var d Duration
		if !d.set(c.d) {
			t.Fatal(c.d)
		}
		if got := d.AddTo(day(c.from)); !got.Equal(day(c.to)) {
			t.Errorf("%s after %s is %s", c.d, c.from, got)
		}
		if d.String() != c.d {
			t.Errorf("%q is written %q", c.d, d)
		}
	}
	for _, s := range []string{"", "0 days", "1", "day", "1.5 days", "-1 day", "10 minutes", "1 days ", "01 day", "10000 days", "1 fortnight"} {
		var d Duration
		if d.set(s) {
			t.Errorf("%q is a duration", s)
		}
	}
	if got := (Duration{6, UnitMonth}).Text(); got != fault.T("6\u00a0mois", "6\u00a0months") {
		t.Error(got)
	}
}

var anyDuration = rapid.Custom(func(t *rapid.T) Duration {
	return Duration{rapid.IntRange(1, 60).Draw(t, "n"), rapid.SampledFrom([]Unit{UnitMinute, UnitHour, UnitDay, UnitWeek, UnitMonth, UnitYear}).Draw(t, "unit")}
})

// What a sweep finds with since <= cutoff has lasted its duration, and nothing that has lasted a day longer is missed.
func TestCutoff_neverEarlyNeverADayLate(t *testing.T) {
	start := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		d := anyDuration.Draw(t, "d")
		now := start.Add(time.Duration(rapid.Int64Range(0, 10*365*24*3600).Draw(t, "now")) * time.Second)
		cut := d.Cutoff(now)
		since := cut.Add(-time.Duration(rapid.Int64Range(0, 5*24*3600).Draw(t, "before")) * time.Second)
		if d.AddTo(since).After(now) {
			t.Fatalf("%s: %s would go at %s, before %s", d, since, now, d.AddTo(since))
		}
		later := cut.Add(time.Duration(rapid.Int64Range(1, 5*24*3600).Draw(t, "after")) * time.Second)
		if due := d.AddTo(later); !due.After(now.Add(-24 * time.Hour)) {
			t.Fatalf("%s: %s was due %s and is missed at %s", d, later, due, now)
		}
	})
}

func TestFactor_exact(t *testing.T) {
	var f Factor
	for s, want := range map[string]Factor{"1.5": 1500, "0.001": 1, "2": 2000, "9.999": 9999} {
		if !f.set(s) || f != want {
			t.Errorf("%s: %d", s, f)
		}
	}
	for _, s := range []string{"0", "0.000", "10", "1.5000", "-1", "1,5", "1e1", ""} {
		if f.set(s) {
			t.Errorf("%q is a factor", s)
		}
	}
	if got := Factor(1100).Of(5); got != 6 { // 5.5 cents, away from zero
		t.Error(got)
	}
	if got := Factor(1500).Of(-3); got != -5 {
		t.Error(got)
	}
}

func TestHours_boundaries(t *testing.T) {
	night, day := Hours{20 * 60, 7 * 60}, Hours{8 * 60, 12 * 60}
	for minute, want := range map[int]bool{0: true, 419: true, 420: false, 1199: false, 1200: true, 1439: true} {
		if night.Hold(minute) != want {
			t.Errorf("night at minute %d: %t", minute, !want)
		}
	}
	for minute, want := range map[int]bool{479: false, 480: true, 719: true, 720: false} {
		if day.Hold(minute) != want {
			t.Errorf("day at minute %d: %t", minute, !want)
		}
	}
}

func TestPack_isDeterministicAndComesBack(t *testing.T) {
	folder := os.DirFS("../../networks/emergency-trades")
	a, hash, err := Pack(folder)
	if err != nil {
		t.Fatal(err)
	}
	back, err := Unpack(a)
	if err != nil {
		t.Fatal(err)
	}
	b, again, err := Pack(back)
	if err != nil || !bytes.Equal(a, b) || hash != again || len(hash) != 64 {
		t.Fatalf("%s, then %s, %v", hash, again, err)
	}
	n, probs := Load(back)
	if n == nil {
		t.Fatal(probs)
	}
	if from := shipped(t); n.Hash() != hash || from.Hash() != hash || !reflect.DeepEqual(from, n) {
		t.Error("a stored network differs from its folder")
	}
	other := fstest.MapFS{"network.yaml": {Data: []byte("a")}, "texts/fr/b.md": {Data: []byte("c")}}
	_, h1, err1 := Pack(other)
	other["network.yaml"], other["texts/fr/b.md"] = &fstest.MapFile{Data: []byte("ac")}, &fstest.MapFile{}
	_, h2, err2 := Pack(other)
	if err1 != nil || err2 != nil || h1 == h2 {
		t.Error("a byte moved from one file to another does not change the hash")
	}
	if _, err := Unpack([]byte("not a bundle")); err == nil {
		t.Error("unpacked nonsense")
	}
	if _, _, err := Pack(fstest.MapFS{}); err == nil {
		t.Error("packed nothing")
	}
}

func TestLoad_limits(t *testing.T) {
	big := strings.Repeat("# x\n", maxFile/4)
	many := fstest.MapFS{"network.yaml": {Data: []byte("a: b")}}
	for i := range maxFiles {
		many["texts/fr/t"+string(rune('a'+i%26))+string(rune('a'+i/26))+".md"] = &fstest.MapFile{Data: []byte("x")}
	}
	heavy := fstest.MapFS{"network.yaml": {Data: []byte("a: b")}}
	for i := range 17 {
		heavy["texts/fr/t"+string(rune('a'+i))+".md"] = &fstest.MapFile{Data: []byte(big)}
	}
	one := func(s string) fstest.MapFS { return fstest.MapFS{"network.yaml": {Data: []byte(s)}} }
	for _, c := range []struct {
		name string
		f    fs.FS
		want string
	}{
		{"a large file", one(big + "#"), "larger than 128 kB"},
		{"a large logo", fstest.MapFS{"network.yaml": {Data: []byte("a: b")}, "logo.svg": {Data: make([]byte, maxLogo+1)}}, "larger than 32 kB"},
		{"many files", many, "more than 200 files"},
		{"a heavy folder", heavy, "or 2 MB"},
		{"deep brackets", one("a: " + strings.Repeat("[", maxDepth+1)), "too many brackets"},
		{"deep lines", one(stairs(maxDepth + 1)), "nested more than 12"},
		{"a long line", one("a: " + strings.Repeat("x", maxLine+1)), "too long"},
		{"a billion laughs", one("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"), "anchors"},
		{"endless mistakes", one(strings.Repeat("a: b\n", 1000)), "and 799 other mistakes"},
		{"a merge key", one("a: {b: c}\n<<: {d: e}"), "cannot be a key"},
		{"no file", fstest.MapFS{}, "missing"},
		{"an empty file", one(""), "0 documents"},
		{"a list for a file", one("- a\n- b"), "several lines"},
		{"a single word", one("hello"), "several lines"},
		{"binary", one("\x00\x01\x02"), ""},
		{"a broken folder", broken{}, "cannot be read"},
	} {
		n, probs := Load(c.f)
		if n != nil || len(probs) == 0 {
			t.Errorf("%s: accepted", c.name)
			continue
		}
		if !slices.ContainsFunc(probs, func(p Problem) bool { return strings.Contains(p.Say("en"), c.want) }) {
			t.Errorf("%s: %s", c.name, probs[0].Say("en"))
		}
	}
	// At the limit itself nothing is said about it.
	for _, f := range []fstest.MapFS{one(big), one("a: " + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth)), one("a: " + strings.Repeat("x", maxLine-3))} {
		_, probs := Load(f)
		for _, p := range probs {
			if strings.Contains(p.Text.EN, "larger") || strings.Contains(p.Text.EN, "too long") {
				t.Error(p.Say("en"))
			}
		}
	}
}

type broken struct{}

func (broken) Open(string) (fs.File, error) { return nil, errors.New("disk on fire") }

func stairs(n int) string {
	s := ""
	for i := range n {
		s += strings.Repeat(" ", i) + "a:\n"
	}
	return s
}

func TestLoad_tellsEveryMistakeAtOnce(t *testing.T) {
	_, probs := Load(fstest.MapFS{"network.yaml": {Data: []byte("network: x\nin_force: soon\nacent: red\naccent: red\n")}, "forms/a.yaml": {Data: []byte("questions: 3")}})
	var got []string
	for _, p := range probs {
		got = append(got, p.File+" "+p.Path)
	}
	for _, want := range []string{"forms/a.yaml questions", "network.yaml in_force", "network.yaml accent", "network.yaml "} {
		if !slices.Contains(got, want) {
			t.Errorf("nothing about %q: %q", want, got)
		}
	}
	if !slices.IsSortedFunc(probs, func(a, b Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	}) {
		t.Error("not in the order of the files")
	}
}

func TestSchema_agreesWithLoad(t *testing.T) {
	schemas := compiled(t)
	dir := os.DirFS("../../networks/emergency-trades")
	names, err := fs.Glob(dir, "forms/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "network.yaml") {
		data, err := fs.ReadFile(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := valid(t, schemas, name, data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	good, err := fs.ReadFile(dir, "network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"  legal_form:", "  legal_from:"}, {"  director: Camille Exemple\n", ""}, {"  rcs: Nîmes", "  rcs:"}, {"in_force: 2026-11-01", "in_force: 31/11/2026"},
		{"decided: {fr: Décidé, en: Decided}", "decided: {en: Decided}"}, {"hold: 5 min,", "hold: 5 minutes,"}, {"    base: 24", "    base: 24 EUR"},
		{"    vat: 20 %", "    vat: 0.2"}, {"factor: 1.25", "factor: 12.5"}, {`hours: "20:00-07:00"`, `hours: "20-7"`}, {"announce: true", "announce: yes"},
		{"  qualification: agent", "  qualification: robot"}, {"  seats: 1 ", "  seats: 0 "}, {"  show_damage:", "  Show Damage:"},
		{"bounds: [1, 1999]", "bounds: 1999"}, {"trades: [serrurier, vitrier, store-volet]", "trades: []"}, {"trades: [serrurier, vitrier, store-volet]", "trades: [vitrier, vitrier]"},
	} {
		bad := bytes.Replace(good, []byte(c[0]), []byte(c[1]), 1)
		if bytes.Equal(good, bad) {
			t.Fatalf("the file no longer holds %q", c[0])
		}
		if valid(t, schemas, "network.yaml", bad) == nil {
			t.Errorf("the schema accepts %q", c[1])
		}
		if n, _ := Load(fstest.MapFS{"network.yaml": {Data: bad}}); n != nil {
			t.Errorf("Load accepts %q", c[1])
		}
	}
}

func TestForm_askesAndCleans(t *testing.T) {
	f := shipped(t).Form("plombier")
	visible := func(a Answers) string {
		var ids []string
		for _, q := range f.Visible(a) {
			ids = append(ids, q.ID)
		}
		return strings.Join(ids, " ")
	}
	if got := visible(nil); got != "problem home details photos" {
		t.Error(got)
	}
	if got := visible(Answers{"problem": {"leak"}, "flow": {"flood"}}); got != "problem leak_where flow water_off home details photos" {
		t.Error(got)
	}
	if got := visible(Answers{"problem": {"tap"}, "flow": {"flood"}}); got != "problem home details photos" {
		t.Errorf("an answer to a hidden question shows another: %s", got)
	}
	clean, err := f.Validate(map[string][]string{"problem": {" leak "}, "leak_where": {"sink"}, "flow": {"drops"}, "heater_litres": {"200"},
		"water_off": {"yes"}, "details": {"  3e étage\nporte rouge "}, "photos": {"ph_1", "", "ph_2"}, "home": {""}})
	want := Answers{"problem": {"leak"}, "leak_where": {"sink"}, "flow": {"drops"}, "details": {"3e étage\nporte rouge"}, "photos": {"ph_1", "ph_2"}}
	if err != nil || !reflect.DeepEqual(clean, want) {
		t.Errorf("%v, %v", clean, err)
	}
	if again, err := f.Validate(clean); err != nil || !reflect.DeepEqual(again, clean) {
		t.Errorf("clean answers are cleaned again: %v, %v", again, err)
	}
	if _, err := f.Draft(map[string][]string{"problem": {"leak"}}); err != nil {
		t.Error(err)
	}
	_, err = f.Validate(map[string][]string{"problem": {"water-heater", "leak"}, "age": {"1"}, "details": {strings.Repeat("é", 1001)},
		"photos": {"../../etc/passwd"}, "home": {"castle"}})
	got := map[string]string{}
	if e := fault.Of(err); e != nil {
		for _, field := range e.Fields {
			got[field.Name] = field.Text.EN
		}
	}
	for name, want := range map[string]string{"answers.problem": "Give one answer only.", "answers.age": "There is no such question.",
		"answers.details": "Shorten this text: 1000 characters at most.", "answers.photos": "This photo did not arrive. Add it again.",
		"answers.home": "Choose an answer from the list."} {
		if got[name] != want {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	for _, c := range []struct {
		q, v string
		ok   bool
	}{{"heater_litres", "9", false}, {"heater_litres", "10", true}, {"heater_litres", "500", true}, {"heater_litres", "501", false}, {"heater_litres", "1e2", false},
		{"heater_litres", "99999999999999999999", false}, {"details", "a\x00b", false}, {"details", "\xff", false}} {
		_, err := f.Validate(map[string][]string{"problem": {"water-heater"}, c.q: {c.v}})
		if (err == nil) != c.ok {
			t.Errorf("%s = %q: %v", c.q, c.v, err)
		}
	}
	for name, values := range map[string][]string{"photos": {"a", "b", "c", "d", "e"}, "problem": make([]string, 100), "details": slices.Repeat([]string{"x"}, 100)} {
		if _, err := f.Draft(map[string][]string{name: values}); (err != nil) != (name != "problem") {
			t.Errorf("%d values for %s: %v", len(values), name, err)
		}
	}
	flood := map[string][]string{}
	for i := range maxAnswers + 1 {
		flood[strings.Repeat("q", i+1)] = nil
	}
	if _, err := f.Draft(flood); !fault.Is(err, fault.Invalid) {
		t.Error("any number of questions is read")
	}
}

func TestBoard_neverTextsNorPhotos(t *testing.T) {
	f := shipped(t).Form("plombier")
	for i := range f.Questions { // even if the file asked for it
		f.Questions[i].ShownToPros = true
	}
	a := Answers{"problem": {"water-heater"}, "heater_litres": {"200"}, "home": {"flat"}, "details": {"Mme Secret, 3 rue Basse"}, "photos": {"ph_1"}}
	want := []Line{
		{"problem", fault.T("Que se passe-t-il ?", "What is happening?"), fault.T("Un chauffe-eau en panne", "A broken water heater")},
		{"heater_litres", fault.T("Quelle est la contenance du chauffe-eau ?", "What is the volume of the water heater?"), fault.T("200\u00a0litres", "200\u00a0litres")},
		{"home", fault.T("Dans quel type de logement ?", "In what kind of home?"), fault.T("Appartement", "Flat")},
	}
	if got := f.Board(a); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := f.Sheet(a); len(got) != 4 || got[3].Value.FR != "Mme Secret, 3 rue Basse" {
		t.Errorf("%+v", got)
	}
	// Whatever is answered, no free text reaches the board.
	rapid.Check(t, func(t *rapid.T) {
		raw := map[string][]string{}
		for _, q := range f.Questions {
			raw[q.ID] = []string{"SECRET" + rapid.String().Draw(t, q.ID)}
			if len(q.Options) > 0 && rapid.Bool().Draw(t, "option") {
				raw[q.ID] = []string{rapid.SampledFrom(q.Options).Draw(t, "of").ID}
			}
		}
		clean, err := f.Draft(raw)
		if err != nil {
			return
		}
		for _, l := range f.Board(clean) {
			if strings.Contains(l.Value.FR+l.Value.EN, "SECRET") {
				t.Fatalf("%+v", l)
			}
		}
	})
}

func TestMessage_fillsOrRefuses(t *testing.T) {
	n := shipped(t)
	l, err := n.Message("code", "fr", map[string]string{"code": "123456", "minutes": "10", "site": "Dépanneurs d’ici"})
	if err != nil || l.SMS != "123456 est votre code Dépanneurs d’ici, valable 10 min. Ne le donnez à personne." || l.Subject != "Votre code Dépanneurs d’ici" {
		t.Errorf("%+v, %v", l, err)
	}
	if _, err := n.Message("code", "fr", map[string]string{"code": "123456"}); err == nil || strings.Contains(err.Error(), "123456") {
		t.Errorf("%v", err)
	}
	if _, err := n.Message("nothing", "fr", nil); err == nil {
		t.Error("an unknown message is sent")
	}
	if l, err := n.Message("invoice", "en", map[string]string{"invoice": "F1 {link}", "amount": "36,00\u00a0€", "link": "L"}); err != nil || l.SMS != "" || l.Subject != "Invoice F1 {link}" {
		t.Errorf("a value is filled in turn, or a way appears: %+v, %v", l, err)
	}
	for _, k := range MessageKeys() { // every message in both languages with exactly its variables
		if k.need != nil && !k.need(n) {
			continue
		}
		vars := map[string]string{}
		for _, v := range k.Vars {
			vars[v] = "x"
		}
		for _, lang := range []string{"fr", "en"} {
			l, err := n.Message(k.Key, lang, vars)
			if err != nil || (l.SMS != "") != k.SMS || (l.Email != "") != k.Email || strings.ContainsAny(l.SMS+l.Subject+l.Email, "{}") {
				t.Errorf("%s %s: %+v, %v", k.Key, lang, l, err)
			}
			if len([]rune(l.SMS)) > 250 {
				t.Errorf("%s %s: %d characters before its links", k.Key, lang, len([]rune(l.SMS)))
			}
		}
	}
	if s, err := n.AgentText("call-missed", "fr", map[string]string{"site": "S", "ref": "R", "phone": "P"}); err != nil || s != "S : nous avons essayé de vous joindre au sujet de votre demande R. Rappelez le P." {
		t.Errorf("%q, %v", s, err)
	}
	if _, err := n.AgentText("call-missed", "fr", nil); err == nil {
		t.Error("an agent text with holes")
	}
}

func TestText_quotesTheFile(t *testing.T) {
	n := shipped(t)
	for _, c := range []struct{ lang, name, want string }{
		{"fr", "privacy", "effacés après 6\u00a0mois"}, {"en", "privacy", "erased after 6\u00a0months"},
		{"fr", "pro-terms", "compris entre 1,00\u00a0€ et 1\u202f999,00\u00a0€ hors taxes"},
		{"fr", "terms", "En vigueur au 1er\u00a0novembre\u00a02026"}, {"de", "terms", "En vigueur"},
	} {
		s, ok := n.Text(c.lang, c.name)
		if !ok || !strings.Contains(s, c.want) {
			t.Errorf("%s %s lacks %q", c.lang, c.name, c.want)
		}
	}
	for _, lang := range []string{"fr", "en"} {
		for _, name := range n.Texts() {
			if s, _ := n.Text(lang, name); variable.MatchString(s) {
				t.Errorf("%s %s holds %s", lang, name, variable.FindString(s))
			}
		}
	}
	if _, ok := n.Text("fr", "nothing"); ok {
		t.Error("found nothing")
	}
	if k, _ := n.Consent("call-me"); !strings.Contains(k.Wording.FR, "rappelé par Dépanneurs d’ici, puis") {
		t.Error(k.Wording.FR)
	}
}

func TestLookups(t *testing.T) {
	n := shipped(t)
	for _, host := range []string{"depanneurs.example", "www.depanneurs.example", "WWW.Depanneurs.Example."} {
		if s, ok := n.Site(host); !ok || s.Phone != "+33199001234" || s.Lang() != "fr" {
			t.Errorf("%s: %+v", host, s)
		}
	}
	if s, ok := n.Site("serrures.example"); !ok || s.Phone.Display() != "01\u00a099\u00a000\u00a056\u00a078" {
		t.Errorf("%+v", s)
	}
	if _, ok := n.Site("pro.depanneurs.example"); ok {
		t.Error("the space is a site")
	}
	if tr, ok := n.Trade("plombier"); !ok || tr.Label.EN != "Plumber" || tr.NAF != "43.22A" || tr.Form != "plombier" {
		t.Errorf("%+v", tr)
	}
	if n.Form("nothing") != nil {
		t.Error("a form of no trade")
	}
	if ps := n.PurposesFor(Consumer, DataContact); len(ps) != 1 || ps[0].ID != "introduce" {
		t.Errorf("%+v", ps)
	}
	if got := n.Categories(); len(got) != 17 || slices.Contains(got, DataPremises) {
		t.Errorf("%d categories, or one that no purpose claims", len(got))
	}
	if len(n.ConsentsOn(AskedOnForm)) != 3 || len(n.Suspensions) != 11 || len(n.Buying) != 3 {
		t.Error("consents, grounds or confirmations")
	}
	if n.AddressFor("invoices") != n.AddressFor("office") || n.AddressFor("rights") == n.AddressFor("office") {
		t.Error("addresses")
	}
	if err := n.Introductions.Price.Within(99); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	for a, want := range map[money.Amount]bool{99: false, 100: true, 199900: true, 199901: false} {
		if got := n.Introductions.Price.Within(a) == nil; got != want {
			t.Errorf("%s: %t", a.Decimal(), got)
		}
	}
}

func FuzzLoad(f *testing.F) {
	good, err := os.ReadFile("../../networks/emergency-trades/network.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	for _, s := range []string{"a: &a [*a]", "? [a]\n: b", "a: |\n  b\n c", "{", "- - - -", "a: !!binary x", "\"", "a:\n\t- b", "'", "network: [", "%YAML 1.2\n---\na: b", "purposes: {a: {keep: {for: 1 day}}}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, probs := Load(fstest.MapFS{"network.yaml": {Data: data}})
		if (n == nil) != Refused(probs) {
			t.Fatalf("%v, %v", n, probs)
		}
		if n != nil {
			Check(n)
		}
		for _, p := range probs {
			if p.Text.FR == "" || p.Text.EN == "" || p.File == "" {
				t.Fatalf("%+v", p)
			}
		}
	})
}

func FuzzUnpack(f *testing.F) {
	bundle, _, err := Pack(os.DirFS("../../networks/emergency-trades"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bundle[:4000])
	f.Add(bundle[len(bundle)-3000:])
	f.Fuzz(func(t *testing.T, data []byte) {
		if fsys, err := Unpack(data); err == nil {
			Load(fsys)
		}
	})
}

// What fill takes for a variable is what the pattern of the checks takes for one.
func TestFill_knowsTheVariablesOfThePattern(t *testing.T) {
	by := func(s string) string {
		return variable.ReplaceAllStringFunc(s, func(m string) string { return "<" + m[1:len(m)-1] + ">" })
	}
	rapid.Check(t, func(r *rapid.T) {
		s := rapid.StringMatching(`([{}a-z0-9_.A -]|\{[a-z]{1,4}\}|é){0,12}`).Draw(r, "s")
		got, missing := fill(s, func(name string) (string, bool) { return "<" + name + ">", name != "ref" })
		if got != by(s) || (missing == "ref") != strings.Contains(s, "{ref}") {
			r.Fatalf("%q: %q (%q), want %q", s, got, missing, by(s))
		}
	})
	if _, missing := fill("{a} {b} {c}", func(name string) (string, bool) { return "", name == "a" }); missing != "b" {
		t.Errorf("missing %q", missing)
	}
}
