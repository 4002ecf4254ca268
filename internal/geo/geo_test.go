package geo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/fr"
	"pgregory.net/rapid"
)

func TestTable_isWhole(t *testing.T) {
	a := load()
	if len(a.communes) != 34_920 || len(All()) != 34_917 {
		t.Fatalf("%d communes, %d places", len(a.communes), len(All()))
	}
	several, population := 0, 0
	for p, is := range a.byPostcode {
		if !ValidPostcode(p) {
			t.Errorf("postcode %q", p)
		}
		if len(is) > 1 {
			several++
		}
	}
	if len(a.byPostcode) != 6187 || several != 4200 {
		t.Errorf("%d postcodes, %d with several communes", len(a.byPostcode), several)
	}
	for _, c := range All() {
		population += c.Population
		if c.Point.Lat < -22 || c.Point.Lat > 52 || c.Point.Lon < -62 || c.Point.Lon > 56 || c.Name == "" || len(c.INSEE) != 5 || DepartmentName(c.Dept) == "" {
			t.Errorf("%+v", c)
		}
	}
	if population < 68_000_000 || population > 70_000_000 {
		t.Errorf("%d people", population)
	}
	if len(Departments()) != 101 {
		t.Errorf("%d departments", len(Departments()))
	}
}

func TestByPostcode_placesOnly(t *testing.T) {
	names := func(cs []Commune) string {
		var out []string
		for _, c := range cs {
			out = append(out, c.Name)
		}
		return strings.Join(out, "|")
	}
	for _, c := range []struct{ code, want string }{
		{"75116", "Paris 16e arrondissement"}, {"75016", "Paris 16e arrondissement"}, {"69003", "Lyon 3e arrondissement"},
		{"13008", "Marseille 8e arrondissement"}, {"97400", "Saint-Denis"}, {"99999", ""}, {"", ""},
	} {
		if got := names(ByPostcode(c.code)); got != c.want {
			t.Errorf("%s: %s", c.code, got)
		}
	}
	if n := len(ByPostcode("51300")); n != 46 {
		t.Errorf("51300 has %d communes", n)
	}
	if c, ok := ByINSEE("75056"); !ok || c.Name != "Paris" {
		t.Error("the city itself is not found by its code")
	}
	if City("75116") != "75056" || City("69389") != "69123" || City("13216") != "13055" || City("30189") != "30189" || City("75121") != "75121" {
		t.Error("City")
	}
}

func TestSearch_asPeopleType(t *testing.T) {
	for _, c := range []struct{ typed, want string }{
		{"nimes", "Nîmes"}, {"NÎMES", "Nîmes"}, {"st etienne", "Saint-Étienne"}, {"havre", "Le Havre"}, {"l'hay", "L'Haÿ-les-Roses"},
		{"aix en pro", "Aix-en-Provence"}, {"30900", "Nîmes"}, {"paris 16", "Paris 16e arrondissement"}, {"oeuilly", "Œuilly"},
	} {
		got := Search(c.typed, 3)
		if len(got) == 0 || got[0].Name != c.want {
			t.Errorf("%q: %v", c.typed, got)
		}
	}
	if got := Search("paris", 50); slices.ContainsFunc(got, Commune.divided) {
		t.Error("offers a city instead of its arrondissements")
	}
	for _, s := range []string{"", "  ", "'", strings.Repeat("a", 61), "zzzz"} {
		if got := Search(s, 5); len(got) != 0 {
			t.Errorf("%q: %v", s, got)
		}
	}
	if len(Search("s", 7)) != 7 || Search("s", 0) != nil {
		t.Error("limit")
	}
}

func TestFold_isStable(t *testing.T) {
	for in, want := range map[string]string{"L'Haÿ-les-Roses": "l hay les roses", "Œuilly": "oeuilly", "Weißenburg": "weissenburg", " -a--B ": "a b", "Ærø": "aerø", "e\u0301": "e"} {
		if got := Fold(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if once := Fold(s); Fold(once) != once {
			t.Fatalf("%q: %q, then %q", s, once, Fold(once))
		}
	})
}

func FuzzFold(f *testing.F) {
	f.Add("Saint-Étienne")
	f.Add("\xff\u0130")
	f.Fuzz(func(t *testing.T, s string) {
		if once := Fold(s); Fold(once) != once {
			t.Fatalf("%q: %q, then %q", s, once, Fold(once))
		}
		Search(s, 3)
	})
}

func TestDistance_known(t *testing.T) {
	paris, lyon := Point{48.8566, 2.3522}, Point{45.7640, 4.8357}
	if d := Distance(paris, lyon); d < 391_000 || d > 393_000 {
		t.Errorf("Paris to Lyon is %d m", d)
	}
	if d := Distance(paris, Point{48.8566 - 180, 2.3522}); d < 0 {
		t.Errorf("antipode %d", d)
	}
	point := rapid.Custom(func(t *rapid.T) Point {
		return Point{rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := point.Draw(t, "a"), point.Draw(t, "b"), point.Draw(t, "c")
		if Distance(a, b) != Distance(b, a) || Distance(a, a) != 0 || Distance(a, c) > Distance(a, b)+Distance(b, c)+2 {
			t.Fatal("not a distance")
		}
	})
}

func TestNear_agreesWithAskingEveryone(t *testing.T) {
	places := All()
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.SampledFrom(places).Draw(t, "centre")
		metres := rapid.IntRange(0, 40_000).Draw(t, "metres")
		want := 0
		for _, p := range places {
			if Distance(c.Point, p.Point) <= metres {
				want++
			}
		}
		got := Near(c.Point, metres)
		if len(got) != want {
			t.Fatalf("%d, want %d", len(got), want)
		}
		if !slices.IsSortedFunc(got, func(a, b Commune) int { return Distance(c.Point, a.Point) - Distance(c.Point, b.Point) }) {
			t.Fatal("not nearest first")
		}
	})
	if got := Near(Point{43.8367, 4.3601}, 30_000); got[0].Name != "Nîmes" {
		t.Error(got[0])
	}
}

func TestCovers_edges(t *testing.T) {
	nimes, _ := ByINSEE("30189")
	alès, _ := ByINSEE("30007")
	d := Distance(nimes.Point, alès.Point)
	p16, _ := ByINSEE("75116")
	for _, c := range []struct {
		name  string
		cover Coverage
		place Commune
		extra int
		want  bool
	}{
		{"edge of the circle is inside", Coverage{Centre: nimes.Point, Radius: d}, alès, 0, true},
		{"one metre less is not", Coverage{Centre: nimes.Point, Radius: d - 1}, alès, 0, false},
		{"widened by that metre it is", Coverage{Centre: nimes.Point, Radius: d - 1}, alès, 1, true},
		{"a list without circle, widened around its centre", Coverage{Communes: []string{"30189"}, Centre: nimes.Point}, alès, d, true},
		{"a department", Coverage{Departments: []string{"30"}}, alès, 0, true},
		{"another department", Coverage{Departments: []string{"34"}}, alès, 0, false},
		{"a commune", Coverage{Communes: []string{"30007"}}, alès, 0, true},
		{"a city covers its arrondissements", Coverage{Communes: []string{"75056"}}, p16, 0, true},
		{"nothing", Coverage{}, alès, 0, false},
		{"a radius without centre", Coverage{Radius: 1 << 30}, alès, 0, false},
		{"a negative radius", Coverage{Centre: alès.Point, Radius: -5}, alès, 0, false},
	} {
		if got := c.cover.Covers(c.place.Place(), c.extra); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	if (Coverage{Centre: nimes.Point, Radius: 10_000}).Covers(Place{INSEE: "99999"}, 0) {
		t.Error("covers an unknown place")
	}
}

func TestHolidays_agreeWithAnotherTable(t *testing.T) {
	other := cal.NewBusinessCalendar()
	other.AddHoliday(fr.Holidays...)
	for d := time.Date(2020, 1, 1, 12, 0, 0, 0, Paris()); d.Year() < 2060; d = d.AddDate(0, 0, 1) {
		_, want, _ := other.IsHoliday(d)
		if got := IsHoliday("75", d); got != want {
			t.Errorf("%s: %t", d.Format(time.DateOnly), got)
		}
	}
}

func TestHolidays_ofPlaces(t *testing.T) {
	for _, c := range []struct {
		dept, date string
		want       bool
	}{
		{"67", "2026-04-03", true}, {"75", "2026-04-03", false}, {"57", "2026-12-26", true}, {"54", "2026-12-26", false},
		{"971", "2026-05-27", true}, {"972", "2026-05-22", true}, {"973", "2026-06-10", true}, {"974", "2026-12-20", true}, {"976", "2026-04-27", true},
		{"972", "2026-05-27", false}, {"75", "2038-04-25", false}, {"75", "2038-04-26", true}, // the latest possible Easter
	} {
		d, err := time.ParseInLocation(time.DateOnly, c.date, Zone(c.dept))
		if err != nil {
			t.Fatal(err)
		}
		if got := IsHoliday(c.dept, d.Add(23*time.Hour)); got != c.want {
			t.Errorf("%s in %s: %t", c.date, c.dept, got)
		}
	}
}

func TestDate_inBothLanguages(t *testing.T) {
	for on, want := range map[string][2]string{
		"2026-01-01": {"1er janvier 2026", "1 January 2026"}, "2026-02-11": {"11 février 2026", "11 February 2026"}, "2024-08-31": {"31 août 2024", "31 August 2024"}, "2026-12-02": {"2 décembre 2026", "2 December 2026"},
	} {
		at, err := time.Parse(time.DateOnly, on)
		if err != nil {
			t.Fatal(err)
		}
		for i, lang := range []string{"fr", "en"} {
			if got := strings.ReplaceAll(Date(at, lang), "\u00a0", " "); got != want[i] || strings.Contains(Date(at, lang), " ") {
				t.Errorf("%s is %q in %s", on, got, lang)
			}
		}
	}
}

func TestZone_overseas(t *testing.T) {
	at := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for dept, want := range map[string]int{"75": 14, "2A": 14, "971": 8, "972": 8, "973": 9, "974": 16, "975": 10, "976": 15, "": 14, "987": 2} {
		if got := at.In(Zone(dept)).Hour(); got != want {
			t.Errorf("%s: %d h", dept, got)
		}
	}
}

// The vectors of R223-4: five jours ouvrables, the day of the request left out.
func TestAfter_vectors(t *testing.T) {
	for _, c := range []struct {
		w        Workdays
		from, to string
		n        int
	}{
		{Ouvrables, "2026-10-02", "2026-10-08", 5}, {Ouvrables, "2026-11-09", "2026-11-16", 5}, {Ouvrables, "2026-12-23", "2026-12-30", 5},
		{Ouvres, "2026-10-02", "2026-10-09", 5}, {Ouvres, "2026-04-30", "2026-05-27", 15}, {Ouvres, "2026-10-03", "2026-10-03", 0},
	} {
		from, err := time.ParseInLocation(time.DateOnly, c.from, Paris())
		if err != nil {
			t.Fatal(err)
		}
		if got := c.w.After("75", from.Add(23*time.Hour+30*time.Minute), c.n).Format(time.DateOnly); got != c.to {
			t.Errorf("%d days after %s: %s, want %s", c.n, c.from, got, c.to)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := parse(unpacked()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	words()
	for b.Loop() {
		Search("saint", 8)
	}
}
