package network

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"entremise/networks"
)

// changed is the shipped network with words of one file replaced; "" for old writes the file anew, and an empty file goes.
func changed(t *testing.T, file string, words ...string) *Network {
	t.Helper()
	folder, err := networks.Open("emergency-trades")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	if err := fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(words); i += 2 {
		switch {
		case words[i] == "" && words[i+1] == "":
			delete(files, file)
		case words[i] == "":
			files[file] = &fstest.MapFile{Data: []byte(words[i+1])}
		default:
			text := string(files[file].Data)
			if !strings.Contains(text, words[i]) {
				t.Fatalf("%s does not say %q", file, words[i])
			}
			files[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, words[i], words[i+1], 1))}
		}
	}
	n, problems := Load(files)
	if n == nil {
		t.Fatal(problems)
	}
	return n
}

func TestDiff_tellsWhatChangesByItsId(t *testing.T) {
	const file = "network.yaml"
	shipped := changed(t, file)
	if all := Diff(shipped, changed(t, file)); len(all) != 0 {
		t.Fatalf("the same network differs: %v", all)
	}
	for name, c := range map[string]struct {
		file  string
		words []string
		want  []string // path: old → new; a star stands for anything after it
	}{
		"a duration":      {file, []string{"expires: 24 hours", "expires: 48 hours"}, []string{"introductions.expires: 24 hours → 48 hours", "texts/*"}},
		"a clock":         {file, []string{"on_site: 30 min", "on_site: 45 min"}, []string{"introductions.clocks.on_site: 30 min → 45 min", "buying_confirmations.*", "messages.*", "texts/*"}},
		"seats":           {file, []string{"  seats: 1 ", "  seats: 3 "}, []string{"introductions.seats: 1 → 3", "texts/*"}},
		"bounds":          {file, []string{"bounds: [1, 1999]", "bounds: [5, 1999]"}, []string{"introductions.price.bounds: [1.00, 1999.00] → [5.00, 1999.00]", "texts/*"}},
		"a price rule":    {file, []string{"{when: {urgency: now}, add: 12,", "{when: {urgency: now}, add: 15,"}, []string{"introductions.price.rules.Demande urgente.add: 12.00 → 15.00"}},
		"a factor":        {file, []string{"factor: 1.25", "factor: 1.3"}, []string{"introductions.price.rules.Paris et petite couronne.factor: 1.25 → 1.3"}},
		"a rule goes":     {file, []string{"      - {when: {intent: hesitant}, add: -8, because: {fr: Le client hésite, en: The customer hesitates}}\n", ""}, []string{"introductions.price.rules.Le client hésite: when.intent hesitant; add -8.00; because Le client hésite; because (en) The customer hesitates → "}},
		"rules in turn":   {file, []string{"intent: hesitant}, add: -8, because: {fr: Le client hésite, en: The customer hesitates}", "urgency: now}, add: 12, because: {fr: Demande urgente, en: Urgent request}", "urgency: now}, add: 12, because: {fr: Demande urgente, en: Urgent request}", "intent: hesitant}, add: -8, because: {fr: Le client hésite, en: The customer hesitates}"}, []string{"introductions.price.rules (order): *"}},
		"a limit":         {file, []string{"requests_per_number: 3 in 24 hours", "requests_per_number: 4 in 24 hours"}, []string{"limits.requests_per_number: 3 in 24 hours → 4 in 24 hours"}},
		"coverage":        {file, []string{"most: 80 km, widen: [10 km, 25 km]", "most: 60 km, widen: [10 km, 30 km]"}, []string{"introductions.radius.most: 80 km → 60 km", "introductions.radius.widen: 25 km → ", "introductions.radius.widen:  → 30 km"}},
		"a share":         {file, []string{"record: 10 %", "record: 12.5 %"}, []string{"modules.recordings.record: 10\u00a0% → 12,5\u00a0%", "texts/*"}},
		"a module goes":   {file, []string{"  recordings: {document: every-call, record: 10 %, announce: true, refusal: ends-call}\n", ""}, []string{"modules.recordings: document every-call; record 10\u00a0%; announce true; refusal ends-call → ", "texts/*"}},
		"a trade":         {file, []string{"    who: {fr: un vitrier, en: a glazier}\n", "    who: {fr: une vitrière, en: a glazier}\n"}, []string{"trades.vitrier.who (fr): un vitrier → une vitrière"}},
		"a site's trade":  {file, []string{"trades: [serrurier, vitrier, store-volet]", "trades: [serrurier, vitrier, couvreur]"}, []string{"sites.serrures.example.trades: store-volet → ", "sites.serrures.example.trades:  → couvreur"}},
		"a word":          {file, []string{"    now: {fr: Tout de suite, en: Right now}", "    now: {fr: Maintenant, en: Right now}"}, []string{"introductions.urgencies.now (fr): Tout de suite → Maintenant"}},
		"an urgency more": {file, []string{"    this-week: {fr: Cette semaine, en: This week}\n", "    this-week: {fr: Cette semaine, en: This week}\n    later: Plus tard\n"}, []string{"introductions.urgencies.later:  → Plus tard"}},
		"a colour":        {file, []string{"#0b5c8a", "#0b5c8b"}, []string{"accent: #0b5c8a → #0b5c8b"}},
		"a question":      {"forms/vitrier.yaml", []string{"required: true", "required: false"}, []string{"forms.vitrier.questions.*"}},
		"a text":          {"texts/fr/charter.md", []string{"", "Tout est nouveau.\n"}, []string{"texts/fr/charter.md: *"}},
		"a text goes":     {"texts/en/charter.md", []string{"", ""}, []string{"texts/en/charter.md: *"}},
		"the logo":        {"logo.svg", []string{"#fff", "#eee"}, []string{"logo.svg: *"}},
	} {
		var got []string
		for _, x := range Diff(shipped, changed(t, c.file, c.words...)) {
			got = append(got, fmt.Sprintf("%s: %s → %s", x.Path, x.Old, x.New))
			if x.Old == x.New && !strings.HasPrefix(x.Path, "texts/") && x.Path != "logo.svg" || x.Section() == "" {
				t.Errorf("%s: %+v", name, x)
			}
		}
		fits := func(want, got string) bool {
			head, star := strings.CutSuffix(want, "*")
			return want == got || star && strings.HasPrefix(got, head)
		}
		for _, want := range c.want {
			if !slices.ContainsFunc(got, func(g string) bool { return fits(want, g) }) && !strings.HasSuffix(want, "*") {
				t.Errorf("%s: nothing says %q\n%s", name, want, strings.Join(got, "\n"))
			}
		}
		if len(got) == 0 {
			t.Errorf("%s: nothing is said", name)
		}
		for _, g := range got {
			if !slices.ContainsFunc(c.want, func(want string) bool { return fits(want, g) }) {
				t.Errorf("%s: says %q", name, g)
			}
		}
	}
}

// What one direction adds the other removes.
func TestDiff_isItsOwnMirror(t *testing.T) {
	a, b := changed(t, "network.yaml"), changed(t, "network.yaml", "  seats: 1 ", "  seats: 2 ", "expires: 24 hours", "expires: 3 days", "    this-week: {fr: Cette semaine, en: This week}\n", "")
	there, back := Diff(a, b), Diff(b, a)
	if len(there) != len(back) || len(there) < 3 {
		t.Fatalf("%d changes there, %d back", len(there), len(back))
	}
	for _, c := range there {
		if !slices.Contains(back, Change{c.Path, c.New, c.Old}) {
			t.Errorf("%+v has no mirror", c)
		}
	}
}

// A sentence that quotes a figure has other words when the figure changes.
func TestDiff_followsFiguresIntoSentences(t *testing.T) {
	quoted := changed(t, "network.yaml", "fr: Nuit ou fin de semaine", "fr: \"Nuit, {clock.on_site}\"")
	later := changed(t, "network.yaml", "fr: Nuit ou fin de semaine", "fr: \"Nuit, {clock.on_site}\"", "on_site: 30 min", "on_site: 45 min")
	all := Diff(quoted, later)
	if !slices.ContainsFunc(all, func(c Change) bool { return strings.Contains(c.Old+c.New, "45") && strings.Contains(c.Path, "rules") }) {
		t.Errorf("%+v", all)
	}
}
