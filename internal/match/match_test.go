package match

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/networks"
)

func commune(t testing.TB, insee string) geo.Commune {
	c, ok := geo.ByINSEE(insee)
	if !ok {
		t.Fatal(insee)
	}
	return c
}

func at(t testing.TB, s, dept string) time.Time {
	m, err := time.ParseInLocation("2006-01-02 15:04", s, geo.Zone(dept))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func nimes(t testing.TB) Request {
	return Request{ID: "rq_1", Trade: "plombier", Place: commune(t, "30189").Place(), At: at(t, "2026-11-24 10:00", "30"), Urgency: "now"}
}

func plumber(t testing.TB) Professional {
	return Professional{ID: "pro_1", Version: 1, State: Active, Trades: []string{"plombier"}, Dept: "30",
		Coverage: geo.Coverage{Centre: commune(t, "30189").Point, Radius: 15_000}}
}

func TestWhy_everyReasonHasItsSentence(t *testing.T) {
	far := commune(t, "30007").Point // Alès
	for _, c := range []struct {
		name   string
		change func(*Request, *Professional)
		code   Code
		fr     string
	}{
		{"eligible", func(*Request, *Professional) {}, "", "La demande vous a été proposée."},
		{"pending", func(_ *Request, p *Professional) { p.State = Pending }, NotVerified, "Votre compte n’était pas encore vérifié."},
		{"uninsured", func(r *Request, p *Professional) { p.Insured = r.At }, Uninsured, "L’attestation d’assurance que nous avions de vous était échue."},
		{"suspended", func(_ *Request, p *Professional) { p.State = Suspended }, IsSuspended, "Votre accès était suspendu."},
		{"closed", func(_ *Request, p *Professional) { p.State = Closed }, IsClosed, "Votre accès était fermé."},
		{"unknown state", func(_ *Request, p *Professional) { p.State = "" }, IsClosed, "Votre accès était fermé."},
		{"trade", func(_ *Request, p *Professional) { p.Trades = []string{"serrurier"} }, OtherTrade,
			"La demande concernait un métier qui n’est pas dans votre profil."},
		{"unwanted", func(r *Request, p *Professional) { r.Excluded = []string{p.ID} }, Unwanted,
			"Le client n’a pas souhaité que sa demande vous soit proposée."},
		{"no area", func(_ *Request, p *Professional) { p.Coverage = geo.Coverage{} }, NoCoverage, "Votre profil n’indiquait aucune zone."},
		{"radius", func(_ *Request, p *Professional) { p.Coverage.Centre = far }, OutsideArea,
			"La demande était à 39\u00a0km de votre base, hors de votre rayon de 15\u00a0km."},
		{"communes", func(_ *Request, p *Professional) { p.Coverage = geo.Coverage{Communes: []string{"30007"}, Centre: far} }, OutsideArea,
			"La demande était hors des communes et départements de votre zone."},
		{"absence", func(r *Request, p *Professional) { p.Absences = []Absence{{r.At, r.At.Add(time.Minute)}} }, Away,
			"Vous aviez noté une absence à ce moment."},
		{"absence over", func(r *Request, p *Professional) { p.Absences = []Absence{{r.At.Add(-time.Hour), r.At}} }, "", "La demande vous a été proposée."},
		{"hours", func(_ *Request, p *Professional) { p.Schedule.Week[1] = []network.Hours{{From: 601, To: 1200}} }, OffHours,
			"La demande est arrivée hors de vos horaires."},
		{"daily", func(_ *Request, p *Professional) { p.Caps.Daily, p.Used.Daily = 3, 3 }, DailyCapHit,
			"Vous aviez atteint votre plafond de 3 demandes par jour."},
		{"below the cap", func(_ *Request, p *Professional) { p.Caps.Daily, p.Used.Daily = 3, 2 }, "", "La demande vous a été proposée."},
		{"monthly", func(_ *Request, p *Professional) { p.Caps.Monthly, p.Used.Monthly = 10, 11 }, MonthlyCapHit,
			"Vous aviez atteint votre plafond de 10 demandes par mois."},
	} {
		req, p := nimes(t), plumber(t)
		c.change(&req, &p)
		why, out := Why(Rules{}, req, p)
		if why.Code != c.code || out != (c.code != "") {
			t.Errorf("%s: %+v, %t", c.name, why, out)
		}
		if got := why.Sentence(); got.FR != c.fr || got.EN == "" {
			t.Errorf("%s: %q", c.name, got.FR)
		}
	}
}

func TestWhy_radiusEdge(t *testing.T) {
	req, p := nimes(t), plumber(t)
	p.Coverage.Centre = commune(t, "30007").Point
	d := geo.Distance(p.Coverage.Centre, req.Place.Point)
	for _, c := range []struct {
		radius, widen int
		out           bool
	}{{d, 0, false}, {d - 1, 0, true}, {d - 1, 1, false}, {d - 10_000, 9_999, true}, {d - 10_000, 10_000, false}} {
		p.Coverage.Radius = c.radius
		if _, out := Why(Rules{Widen: network.Distance(c.widen)}, req, p); out != c.out {
			t.Errorf("radius %d widened by %d at %d m: out %t", c.radius, c.widen, d, out)
		}
	}
}

func TestOpen_boundaries(t *testing.T) {
	night := Schedule{}
	night.Week[4] = []network.Hours{{From: 20 * 60, To: 7 * 60}} // Friday evening to Saturday morning
	day := Schedule{}
	for d := range 5 {
		day.Week[d] = []network.Hours{{From: 8 * 60, To: 12 * 60}, {From: 14 * 60, To: 24 * 60}}
	}
	gap := Schedule{}
	gap.Week[6] = []network.Hours{{From: 2 * 60, To: 3 * 60}}
	for _, c := range []struct {
		name string
		s    Schedule
		dept string
		at   string
		want bool
	}{
		{"always open", Schedule{}, "30", "2026-12-25 03:00", true},
		{"before a night", night, "30", "2026-11-27 19:59", false},
		{"a night begins", night, "30", "2026-11-27 20:00", true},
		{"it crosses midnight", night, "30", "2026-11-28 00:00", true},
		{"until its end", night, "30", "2026-11-28 06:59", true},
		{"which is outside", night, "30", "2026-11-28 07:00", false},
		{"it is not the night before", night, "30", "2026-11-27 03:00", false},
		{"morning", day, "30", "2026-11-27 08:00", true},
		{"noon is outside", day, "30", "2026-11-27 12:00", false},
		{"last minute of the day", day, "30", "2026-11-27 23:59", true},
		{"Saturday", day, "30", "2026-11-28 08:00", false},
	} {
		if got := c.s.Open(c.dept, at(t, c.at, c.dept)); got != c.want {
			t.Errorf("%s: %t", c.name, got)
		}
	}
	// On 29 March 2026 the hour from two to three does not exist; on 25 October it comes twice.
	for m := time.Date(2026, 3, 28, 23, 0, 0, 0, time.UTC); m.Day() != 30; m = m.Add(time.Minute) {
		if gap.Open("30", m) {
			t.Fatalf("open in an hour that does not exist: %s", m)
		}
	}
	open := 0
	for m := time.Date(2026, 10, 24, 23, 0, 0, 0, time.UTC); m.Day() != 26; m = m.Add(time.Minute) {
		if gap.Open("30", m) {
			open++
		}
	}
	if open != 120 {
		t.Errorf("open for %d minutes in the hour that comes twice", open)
	}
	noon := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	for dept, want := range map[string]bool{"30": false, "971": true, "974": true, "973": true, "972": true} { // 13 h, 8 h, 16 h, 9 h, 8 h
		d := Schedule{}
		d.Week[4] = []network.Hours{{From: 8 * 60, To: 12 * 60}, {From: 14 * 60, To: 24 * 60}}
		if got := d.Open(dept, noon); got != want {
			t.Errorf("%s: %t", dept, got)
		}
	}
}

func anyPro(places []geo.Commune) *rapid.Generator[Professional] {
	return rapid.Custom(func(t *rapid.T) Professional {
		c := rapid.SampledFrom(places).Draw(t, "base")
		return Professional{
			ID: rapid.StringMatching(`pro_[a-f]{1,2}`).Draw(t, "id"), Version: rapid.Int64Range(1, 3).Draw(t, "version"),
			State:    rapid.SampledFrom([]State{Active, Active, Active, Suspended}).Draw(t, "state"),
			Trades:   []string{rapid.SampledFrom([]string{"plombier", "serrurier"}).Draw(t, "trade")},
			Coverage: geo.Coverage{Centre: c.Point, Radius: rapid.IntRange(0, 60_000).Draw(t, "radius")}, Dept: c.Dept,
			Caps: Caps{Daily: rapid.IntRange(0, 2).Draw(t, "cap")}, Used: Caps{Daily: rapid.IntRange(0, 2).Draw(t, "used")},
		}
	})
}

func TestDecide_sameListWhateverTheOrder(t *testing.T) {
	places := geo.Near(commune(t, "30189").Point, 50_000)
	req := nimes(t)
	rapid.Check(t, func(t *rapid.T) {
		pros := rapid.SliceOfNDistinct(anyPro(places), 0, 40, func(p Professional) string { return p.ID + string(rune('0'+p.Version)) }).Draw(t, "pros")
		seed := rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "seed")
		first := Decide(Rules{}, req, pros, seed)
		shuffled := slices.Clone(pros)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "shuffle"), 1))
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if again := Decide(Rules{}, req, shuffled, seed); !reflect.DeepEqual(first, again) {
			t.Fatalf("%v, then %v", first, again)
		}
		ids := map[string]bool{}
		for _, p := range pros {
			ids[p.ID] = true
		}
		if len(first.Candidates)+len(first.Excluded) != len(ids) {
			t.Fatal("somebody is in neither list or in both")
		}
		if !slices.IsSortedFunc(first.Candidates, func(a, b Candidate) int { return a.Distance - b.Distance }) {
			t.Fatal("not nearest first")
		}
	})
}

func TestDecide_tieIsDrawnBySeedAndRequest(t *testing.T) {
	var pros []Professional
	for _, id := range []string{"pro_a", "pro_b", "pro_c", "pro_d", "pro_e", "pro_f"} {
		p := plumber(t)
		p.ID = id
		pros = append(pros, p)
	}
	order := func(req Request, seed string) string {
		s := ""
		for _, c := range Decide(Rules{}, req, pros, []byte(seed)).Candidates {
			s += c.ID[4:]
		}
		return s
	}
	req, other := nimes(t), nimes(t)
	other.ID = "rq_2"
	if got := order(req, "seed"); got != "cebafd" {
		t.Errorf("the draw has changed: stored decisions no longer replay: %s", got)
	}
	if order(req, "seed") == order(req, "another") || order(req, "seed") == order(other, "seed") {
		t.Error("the draw ignores the seed or the request")
	}
	firsts := map[string]int{}
	for i := range 600 {
		req.ID = "rq_" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		firsts[order(req, "seed")[:1]]++
	}
	for id, n := range firsts {
		if n < 60 || n > 140 {
			t.Errorf("%s is first %d times of 600", id, n)
		}
	}
}

func TestDecide_newerVersionCounts(t *testing.T) {
	old, now := plumber(t), plumber(t)
	now.Version, now.State = 2, Suspended
	d := Decide(Rules{}, nimes(t), []Professional{old, now}, []byte("s"))
	if len(d.Candidates) != 0 || len(d.Excluded) != 1 || d.Excluded[0].Version != 2 {
		t.Errorf("%+v", d)
	}
	near, nobase := plumber(t), plumber(t)
	nobase.ID, nobase.Coverage = "pro_0", geo.Coverage{Departments: []string{"30"}}
	d = Decide(Rules{}, nimes(t), []Professional{nobase, near}, []byte("s"))
	if len(d.Candidates) != 2 || d.Candidates[1].Distance != -1 {
		t.Errorf("%+v", d)
	}
}

func TestPrice_reasonsOfTheEmbeddedNetwork(t *testing.T) {
	fsys, err := networks.Open("emergency-trades")
	if err != nil {
		t.Fatal(err)
	}
	n, probs := network.Load(fsys)
	if n == nil {
		t.Fatal(probs)
	}
	price := n.Introductions.Price
	for _, c := range []struct {
		name        string
		change      func(*Request)
		competition int
		want        money.Amount
	}{
		{"base and urgency", func(*Request) {}, 6, 3600},
		{"night", func(r *Request) { r.At = at(t, "2026-11-24 20:00", "30") }, 6, 5400},
		{"a minute before", func(r *Request) { r.At = at(t, "2026-11-24 19:59", "30") }, 6, 3600},
		{"early morning", func(r *Request) { r.At = at(t, "2026-11-24 06:59", "30") }, 6, 5400},
		{"Saturday", func(r *Request) { r.At = at(t, "2026-11-28 10:00", "30") }, 6, 5400},
		{"a holiday", func(r *Request) { r.At = at(t, "2026-11-11 10:00", "30") }, 6, 5400},
		{"few professionals", func(*Request) {}, 2, 3000},
		{"three are not few", func(*Request) {}, 3, 3600},
		{"many", func(*Request) {}, 16, 4200},
		{"hesitant, tomorrow", func(r *Request) { r.Intent, r.Urgency = "hesitant", "this-week" }, 6, 1600},
		{"an answer", func(r *Request) { r.Answers = network.Answers{"problem": {"pipes"}} }, 6, 4400},
		{"Paris", func(r *Request) { r.Place.Dept = "75" }, 6, 4500},
		{"night in La Réunion", func(r *Request) { r.Place.Dept, r.At = "974", at(t, "2026-11-24 18:00", "30") }, 6, 5400},
	} {
		req := nimes(t)
		c.change(&req)
		got, steps, err := Price(price, req, c.competition)
		if err != nil || got != c.want {
			t.Errorf("%s: %s, %v", c.name, got.Decimal(), err)
		}
		sum := money.Amount(0)
		for _, s := range steps {
			if sum += s.Delta; sum != s.Price || s.Because.FR == "" {
				t.Errorf("%s: the steps do not add up: %+v", c.name, steps)
			}
		}
		if sum != got {
			t.Errorf("%s: steps lead to %s", c.name, sum.Decimal())
		}
	}
	price.Bounds[1] = money.Euros(30)
	if _, _, err := Price(price, nimes(t), 6); err == nil {
		t.Error("a price outside its bounds is given")
	}
}

func BenchmarkDecide(b *testing.B) {
	places := geo.Near(commune(b, "30189").Point, 80_000)
	var pros []Professional
	for i := range 2000 {
		p := plumber(b)
		p.ID = "pro_" + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		p.Coverage.Centre = places[i%len(places)].Point
		pros = append(pros, p)
	}
	req := nimes(b)
	for b.Loop() {
		Decide(Rules{}, req, pros, []byte("seed"))
	}
}
