package web_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/review"
	"entremise/internal/rig"
)

const reviewsHost = "avis.example"

// reviewing runs a test on a served network of reviews, once per engine.
func reviewing(t *testing.T, test func(t *testing.T, h *house)) {
	t.Helper()
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) { test(t, newHouse(t, r)) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shown is a published review, with the link by which its author acts.
type shown struct {
	review.Deposited
	link   auth.Actor
	person string
}

// publishes has somebody invited, answer with a mark, and be published.
func (h *house) publishes(t testing.TB, member auth.Actor, questionnaire, name string, mark int, change ...func(*review.Answer)) shown {
	t.Helper()
	ctx := t.Context()
	email := fmt.Sprintf("a%d@example.com", h.Next())
	_, err := h.Reviews.Invite(ctx, member, review.Invitee{Questionnaire: questionnaire, Name: name, Email: email, Experience: review.Experience{Service: "Pose d’une cuisine", On: h.Clock.Now().AddDate(0, 0, -9).Format(time.DateOnly)}})
	must(t, err)
	h.Drain(t)
	var token string
	for _, m := range h.Post.Mails() {
		if _, rest, ok := strings.Cut(m.Text, "/avis/q/"); ok && m.To.Address == email {
			token = strings.FieldsFunc(rest, func(c rune) bool { return c == ' ' || c == '\n' || c == ')' })[0]
		}
	}
	link, err := h.Reviews.Link(ctx, token)
	must(t, err)
	asked, _, err := h.Reviews.Asked(ctx, link)
	must(t, err)
	in := review.Answer{Answers: map[string][]string{"comment": {"La pose a duré deux jours, <b>tout</b> était propre & net."}}, Ticked: map[string]bool{}}
	for _, q := range asked.Form.Marks() {
		if q.Required {
			in.Answers[q.ID] = []string{fmt.Sprint(mark)}
		}
	}
	for _, b := range asked.Boxes {
		in.Ticked[b.ID] = true
	}
	for _, f := range change {
		f(&in)
	}
	d, err := h.Reviews.Deposit(ctx, link, in)
	must(t, err)
	h.decides(t)
	return shown{d, link, asked.Who.ID}
}

// decides publishes all that waits.
func (h *house) decides(t testing.TB) {
	t.Helper()
	moderator := h.Staff(t, network.RoleModerator)
	queue, err := h.Reviews.Queue(t.Context(), moderator, 100)
	must(t, err)
	for _, q := range queue {
		if q.Drawn {
			must(t, h.Reviews.Called(t.Context(), moderator, q.Version, review.CallConfirmed, "Même récit."))
		}
		must(t, h.Reviews.Decide(t.Context(), moderator, q.Version, review.Decision{Checks: map[network.ReviewCheck]bool{network.CheckPerson: true, network.CheckExperience: true, network.CheckContent: true}}))
	}
}

// page is the address of a member's page, found as visitors do.
func (h *house) page(t testing.TB, company string) string {
	t.Helper()
	a := h.at(t, reviewsHost).get("/entreprises?metier=cuisiniste&lieu=").want(t, http.StatusOK)
	m := regexp.MustCompile(`href="(/entreprises/[^"]+)"><b>` + regexp.QuoteMeta(company)).FindStringSubmatch(a.body)
	if m == nil {
		t.Fatalf("%s is not in the directory:\n%s", company, a.body)
	}
	return m[1]
}

// named gives a member a name and a town.
func named(company, insee string) func(*pro.Input) {
	return func(in *pro.Input) { in.Company, in.Identity.Base, in.Profile.Base = company, insee, insee }
}

func TestCompanyPage_showsWhatIsPublishedAndNothingElse(t *testing.T) {
	reviewing(t, func(t *testing.T, h *house) {
		m := h.Member(t, true, named("Cuisines Élan & Fils", rig.Nimes))
		path := h.page(t, "Cuisines Élan &amp; Fils")
		if !strings.HasPrefix(path, "/entreprises/cuisines-elan-fils-") {
			t.Error(path)
		}
		h.at(t, reviewsHost).get(path).want(t, http.StatusOK).says(t, "Aucun avis publié")
		good, bad := h.publishes(t, m, "client", "Ada Byron", 5), h.publishes(t, m, "client", "Bob Dupuis", 2)
		work := h.publishes(t, m, "salarie", "Chloé Petit", 4)
		if !regexp.MustCompile(`^AB\d+$`).MatchString(good.Ref) || !regexp.MustCompile(`^\d+$`).MatchString(work.Ref) {
			t.Error(good.Ref, work.Ref)
		}
		a := h.at(t, reviewsHost).get(path).want(t, http.StatusOK)
		a.says(t, good.Ref, bad.Ref, work.Ref, "Avis de client", "Avis de salarié", "Expérience", "Déposé", "Publié", "moyenne simple", "<b>3,7</b>", "3\u00a0avis publiés", "satisfait", "insatisfait", "&lt;b&gt;tout&lt;/b&gt; était propre &amp; net", "Vérifier cet avis", "Signaler", "membre="+m.Pro)
		for _, name := range []string{"Ada", "Byron", "Bob Dupuis", "@example.com"} {
			if strings.Contains(a.body, name) {
				t.Errorf("the page says %q", name)
			}
		}
		if one := h.at(t, reviewsHost).get(path+"?de=employee").want(t, http.StatusOK).body; strings.Contains(one, good.Ref) || !strings.Contains(one, work.Ref) {
			t.Error("the filter by audience does not hold")
		}
		worst := h.at(t, reviewsHost).get(path+"?tri=lowest").want(t, http.StatusOK).body
		if strings.Index(worst, `id="avis-`+bad.Ref) > strings.Index(worst, `id="avis-`+good.Ref) {
			t.Error("the lowest mark is not first")
		}
		// Newest first unless one asks.
		h.Clock.Add(48 * time.Hour)
		last := h.publishes(t, m, "client", "Zoé Zola", 3)
		newest := h.at(t, reviewsHost).get(path).want(t, http.StatusOK).body
		if strings.Index(newest, `id="avis-`+last.Ref) > strings.Index(newest, `id="avis-`+good.Ref) {
			t.Error("the newest is not first")
		}
		// A wrong name in the address leads to the right one; an unknown member is nobody's page.
		id := path[strings.LastIndex(path, "-"):]
		if a := h.at(t, reviewsHost).get("/entreprises/autre"+id).want(t, http.StatusPermanentRedirect); !strings.HasSuffix(a.Header.Get("Location"), path) {
			t.Error(a.Header)
		}
		h.at(t, reviewsHost).get("/entreprises/autre-nobody").want(t, http.StatusNotFound)
		h.at(t, reviewsHost).get("/avis/"+good.Digits).want(t, http.StatusOK).says(t, good.Ref, "Tous les avis sur")
		h.at(t, reviewsHost).get("/avis/1").want(t, http.StatusNotFound)
		h.at(t, reviewsHost).get("/avis").want(t, http.StatusOK).says(t, "Aucune contrepartie", "8\u00a0ans", "5\u00a0ans", "jamais retouchés")

		// Another version has its date, and only its own author's words.
		h.Clock.Add(24 * time.Hour)
		answers := map[string][]string{"overall": {"4"}, "welcome": {"4"}, "quality": {"4"}, "comment": {"Un mois après : une porte a bougé."}}
		_, err := h.Reviews.Deposit(t.Context(), good.link, review.Answer{Answers: answers})
		must(t, err)
		if a := h.at(t, reviewsHost).get("/avis/" + good.Digits).body; strings.Contains(a, "une porte a bougé") {
			t.Error("a version that waits is shown")
		}
		h.decides(t)
		h.at(t, reviewsHost).get("/avis/"+good.Digits).says(t, "une porte a bougé", "Modifié par son auteur")
	})
}

// What is kept of a page is never shown after an act that changed it: a withdrawal, an objection, an erasure, time, a member who leaves (RN-54, 60, 71, 72, 96).
func TestCompanyPage_isNeverOlderThanWhatItShows(t *testing.T) {
	reviewing(t, func(t *testing.T, h *house) {
		m := h.Member(t, true, named("Cuisines du Gard", rig.Nimes))
		path := h.page(t, "Cuisines du Gard")
		var all []shown
		for i := range 4 {
			all = append(all, h.publishes(t, m, "client", "Ada Byron", 1+i))
		}
		everywhere := []string{path, path + "/avis.atom", path + "/avis.json"}
		has := func(s shown, want ...bool) {
			t.Helper()
			for i, p := range everywhere {
				if got := strings.Contains(h.at(t, reviewsHost).get(p).want(t, http.StatusOK).body, s.Digits); got != want[min(i, len(want)-1)] {
					t.Errorf("%s: %s shown is %v", p, s.Ref, got)
				}
			}
			status := http.StatusNotFound
			if want[0] {
				status = http.StatusOK
			}
			h.at(t, reviewsHost).get("/avis/"+s.Digits).want(t, status)
		}
		for _, s := range all {
			has(s, true)
		}
		first := h.at(t, reviewsHost).get(path)
		tag := h.at(t, reviewsHost)
		tag.header.Set("If-None-Match", first.Header.Get("ETag"))
		if a := tag.get(path).want(t, http.StatusNotModified); a.body != "" {
			t.Error("304 with a body")
		}
		must(t, h.Reviews.Share(t.Context(), all[0].link, false))
		has(all[0], true, false)
		must(t, h.Reviews.Withdraw(t.Context(), all[1].link))
		has(all[1], false)
		tag.get(path).want(t, http.StatusOK)
		_, err := h.Life.Erase(t.Context(), h.Staff(t, network.RoleOfficer), all[2].person, privacy.Scope{}, "sa demande")
		must(t, err)
		has(all[2], false)
		h.Clock.Add(8*365*24*time.Hour + 72*time.Hour)
		h.Sweep(t)
		has(all[3], false)
		must(t, h.Reviews.Left(t.Context(), m.Pro))
		has(all[0], false)
	})
}

// Machines read what people read: the rules are those of schema.org's review snippet (law.md § 9): a name, an average that is the one shown, a count, an author, a mark within its scale, and nothing that the page does not show.
func TestCompanyPage_tellsMachinesWhatItShows(t *testing.T) {
	reviewing(t, func(t *testing.T, h *house) {
		m := h.Member(t, true, named("Cuisines </script> Nîmes", rig.Nimes))
		path := h.page(t, "Cuisines &lt;/script&gt; Nîmes")
		for _, mark := range []int{5, 4, 4} {
			h.publishes(t, m, "client", "Ada Byron", mark)
		}
		a := h.at(t, reviewsHost).get(path).want(t, http.StatusOK)
		found := regexp.MustCompile(`(?s)<script type="application/ld\+json">(.*?)</script>`).FindAllStringSubmatch(a.body, -1)
		if len(found) != 1 {
			t.Fatalf("%d scripts of data", len(found))
		}
		var d struct {
			Context string `json:"@context"`
			Type    string `json:"@type"`
			Name    string
			URL     string
			Address struct{ AddressLocality, AddressCountry string }
			Rating  struct {
				RatingValue             string
				ReviewCount             int
				BestRating, WorstRating int
			} `json:"aggregateRating"`
			Reviews []struct {
				Type   string `json:"@type"`
				URL    string
				Author struct {
					Type string `json:"@type"`
					Name string
				}
				DatePublished, ReviewBody string
				ReviewRating              struct{ RatingValue string }
			} `json:"review"`
		}
		must(t, json.Unmarshal([]byte(found[0][1]), &d))
		if d.Context != "https://schema.org" || d.Type != "LocalBusiness" || d.Name != "Cuisines </script> Nîmes" || d.URL != "https://"+reviewsHost+path || d.Address.AddressLocality == "" || d.Address.AddressCountry != "FR" {
			t.Errorf("%+v", d)
		}
		if d.Rating.RatingValue != "4.3" || d.Rating.ReviewCount != 3 || d.Rating.BestRating != 5 || d.Rating.WorstRating != 1 || !strings.Contains(a.body, "<b>4,3</b>") {
			t.Errorf("%+v", d.Rating)
		}
		if len(d.Reviews) != 3 {
			t.Fatal(len(d.Reviews))
		}
		for _, r := range d.Reviews {
			if r.Type != "Review" || r.Author.Type != "Person" || len(r.Author.Name) < 3 || len(r.Author.Name) > 100 || !strings.Contains(a.body, `id="avis-`+r.Author.Name) || r.ReviewBody == "" || !slices.Contains([]string{"4.0", "5.0"}, r.ReviewRating.RatingValue) {
				t.Errorf("%+v", r)
			}
			if _, err := time.Parse(time.DateOnly, r.DatePublished); err != nil {
				t.Error(err)
			}
		}
		var atom struct {
			ID      string `xml:"id"`
			Updated string `xml:"updated"`
			Entries []struct {
				Content string `xml:"content"`
			} `xml:"entry"`
		}
		must(t, xml.Unmarshal([]byte(h.at(t, reviewsHost).get(path+"/avis.atom").want(t, 200).body), &atom))
		if len(atom.Entries) != 3 || atom.ID == "" || !strings.Contains(atom.Entries[0].Content, "<b>tout</b>") {
			t.Errorf("%+v", atom)
		}
		if _, err := time.Parse(time.RFC3339, atom.Updated); err != nil {
			t.Error(err)
		}
		var feed struct {
			Version string
			Items   []struct {
				ID     string         `json:"id"`
				Review map[string]any `json:"_review"`
			}
		}
		must(t, json.Unmarshal([]byte(h.at(t, reviewsHost).get(path+"/avis.json").want(t, 200).body), &feed))
		if feed.Version != "https://jsonfeed.org/version/1.1" || len(feed.Items) != 3 || feed.Items[0].Review["member"] != m.Pro {
			t.Errorf("%+v", feed)
		}
		var index struct {
			Parts []string `xml:"sitemap>loc"`
		}
		must(t, xml.Unmarshal([]byte(h.at(t, reviewsHost).get("/sitemap.xml").want(t, 200).body), &index))
		if len(index.Parts) != 2 {
			t.Fatal(index)
		}
		u, err := url.Parse(index.Parts[1])
		must(t, err)
		h.at(t, reviewsHost).get(u.Path).want(t, 200).says(t, "<loc>https://"+reviewsHost+path+"</loc>")
		h.at(t, reviewsHost).get("/sitemaps/zzzzzzzz.xml").want(t, http.StatusNotFound)
		h.at(t, reviewsHost).get("/robots.txt").want(t, 200).says(t, "Sitemap: https://"+reviewsHost+"/sitemap.xml", "Disallow: /avis/q/")
	})
}

// The nearest comes first, whether the place is typed well, badly, or given by the device; it is remembered in one cookie that can be forgotten (RN-124, 125).
func TestDirectory_looksAroundAPlace(t *testing.T) {
	reviewing(t, func(t *testing.T, h *house) {
		for company, insee := range map[string]string{"Cuisines de Rennes": "35238", "Cuisines de Saint-Malo": "35288", "Cuisines de Nantes": "44109", "Cuisines de Nîmes": rig.Nimes} {
			h.Member(t, true, named(company, insee))
		}
		order := func(a answer) string {
			var all []string
			for _, m := range regexp.MustCompile(`<b>Cuisines de ([^<]+)</b>`).FindAllStringSubmatch(a.body, -1) {
				all = append(all, m[1])
			}
			return strings.Join(all, " ")
		}
		for _, typed := range []string{"Rennes", "35000", "rennes 35000", "Renens", "RENNES"} {
			a := h.at(t, reviewsHost).get("/entreprises?metier=cuisiniste&lieu="+url.QueryEscape(typed)).want(t, 200)
			if got := order(a); got != "Rennes Saint-Malo Nantes" {
				t.Errorf("%s: %s", typed, got)
			}
			a.says(t, "Près de Rennes")
		}
		b := h.at(t, reviewsHost)
		to := b.post("/entreprises/ici", url.Values{"metier": {"cuisiniste"}, "lat": {"48.65"}, "lon": {"-2.01"}}).to(t)
		if strings.Contains(to, "48") {
			t.Errorf("the position is in an address: %s", to)
		}
		if got := order(b.get(to).want(t, 200)); got != "Saint-Malo Rennes" {
			t.Error(got)
		}
		if len(b.cookies) != 1 || b.cookies["__Host-place"] != "35288" {
			t.Errorf("%v", b.cookies)
		}
		if got := order(b.get("/entreprises?metier=cuisiniste").want(t, 200)); got != "Saint-Malo Rennes" {
			t.Errorf("what was chosen is not remembered: %s", got)
		}
		h.at(t, reviewsHost).get("/cookies").want(t, 200).says(t, "<code>place</code>", "6\u00a0mois")
		b.post("/entreprises/oublier", nil).to(t)
		if len(b.cookies) != 0 {
			t.Errorf("%v", b.cookies)
		}
		b.post("/entreprises/ici", url.Values{"lat": {"north"}, "lon": {"0"}}).want(t, http.StatusBadRequest)
		b.post("/entreprises/ici", url.Values{"lat": {"91"}, "lon": {"0"}}).want(t, http.StatusBadRequest)
		b.post("/entreprises/ici", url.Values{"lat": {"40.7"}, "lon": {"-74"}}).to(t)
		h.at(t, reviewsHost).get("/entreprises?lieu=Xqzwvk").want(t, 200).says(t, "Aucune commune ne ressemble")
		h.at(t, reviewsHost).get("/entreprises?page=9999&metier=%3Cscript%3E").want(t, 200)
	})
}

func TestDirectory_isOnlyWhereReviewsAre(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for _, path := range []string{"/entreprises", "/entreprises/x-y", "/avis", "/avis/12", "/sitemap.xml", "/sitemaps/pages.xml"} {
			h.at(t, rig.Host).get(path).want(t, http.StatusNotFound)
		}
	})
}

// Anybody recomputes a published review from what is exported of it; one character, or a row that was changed behind the house's back, shows (RN-91, 94).
func TestVerify_saysWhatWasChanged(t *testing.T) {
	reviewing(t, func(t *testing.T, h *house) {
		m := h.Member(t, true, named("Cuisines du Gard", rig.Nimes))
		path := h.page(t, "Cuisines du Gard")
		one, other := h.publishes(t, m, "client", "Ada Byron", 4), h.publishes(t, m, "client", "Bob Dupuis", 2)
		must(t, h.Proof.Sequence(t.Context()))
		verdict := func(s shown) (p struct {
			review.Proven
			Valid bool `json:"valid"`
		}) {
			t.Helper()
			must(t, json.Unmarshal([]byte(h.at(t, reviewsHost).get("/avis/"+s.Digits+"/preuve.json").want(t, 200).body), &p))
			return p
		}
		complete := func(want string) {
			t.Helper()
			h.at(t, reviewsHost).get(path+"/completude").want(t, 200).says(t, want)
		}
		exported := verdict(one)
		must(t, exported.Verify())
		if !exported.Valid {
			t.Error("an untouched review is invalid")
		}
		said := map[string]string{}
		for i, p := range exported.Opening.Parts {
			name, value, _ := strings.Cut(p.Content, "=")
			said[name] = value
			was := exported.Opening.Parts[i].Content
			exported.Opening.Parts[i].Content += " "
			if exported.Verify() == nil {
				t.Errorf("a changed %s verifies", name)
			}
			exported.Opening.Parts[i].Content = was
		}
		for _, name := range []string{"reference", "service", "date", "comment", "overall", "mark.overall", "mark.welcome"} {
			if said[name] == "" {
				t.Errorf("%s is not in the fingerprint: %v", name, said)
			}
		}
		if all := fmt.Sprint(exported); strings.Contains(all, "Ada") || strings.Contains(all, "@example.com") {
			t.Error("the proof names its author")
		}
		h.at(t, reviewsHost).get("/avis/"+one.Digits+"/verifier").want(t, 200).says(t, "Cet avis est valide", "Comment le savoir")
		complete("Rien n’est caché")
		var chain struct {
			Lines     []struct{ Text string }
			Inclusion struct{ Commitment string }
		}
		must(t, json.Unmarshal([]byte(h.at(t, reviewsHost).get(path+"/lignes.json").want(t, 200).body), &chain))
		if n := len(chain.Lines); n == 0 || chain.Inclusion.Commitment != review.LineCommitment(chain.Lines[n-1].Text) {
			t.Errorf("%+v", chain)
		}

		// Each change is undone before the next, so that each is found for itself.
		run := func(sql string, args ...any) {
			t.Helper()
			must(t, h.DB.Write(t.Context(), func(tx *db.Tx) error { return tx.Send(sql, args...) }))
		}
		invalid := func(what string) {
			t.Helper()
			if verdict(one).Valid {
				t.Errorf("%s is not noticed", what)
			}
			h.at(t, reviewsHost).get("/avis/"+one.Digits+"/verifier").want(t, 200).says(t, "Cet avis est invalide")
		}
		run("UPDATE review SET overall = 50 WHERE id = $1", one.ID)
		invalid("another mark")
		complete("Les comptes ne tombent pas juste")
		run("UPDATE review SET overall = 40 WHERE id = $1", one.ID)
		for _, column := range []string{"deposited_at", "published_at", "changed_at"} {
			run("UPDATE review SET "+column+" = "+column+" + 86400000000 WHERE id = $1", one.ID)
			invalid(column)
			run("UPDATE review SET "+column+" = "+column+" - 86400000000 WHERE id = $1", one.ID)
		}
		if !verdict(one).Valid {
			t.Fatal("what was changed back is invalid")
		}
		run("UPDATE review SET state = 'removed' WHERE id = $1", other.ID)
		complete("Les comptes ne tombent pas juste")
		run("UPDATE review SET state = 'published' WHERE id = $1", other.ID)
		complete("Rien n’est caché")
		run("UPDATE review_line SET line = replace(line, 'act=published', 'act=revised') WHERE n = (SELECT max(n) FROM review_line) AND pro_id = $1", m.Pro)
		complete("Les comptes ne tombent pas juste")
		run("UPDATE review_line SET line = replace(line, 'act=revised', 'act=published') WHERE n = (SELECT max(n) FROM review_line) AND pro_id = $1", m.Pro)
		var was []byte
		must(t, h.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			was, err = db.Value[[]byte](tx, "SELECT content_sealed FROM review_version WHERE review_id = $1", one.ID)
			return err
		}))
		run("UPDATE review_version SET content_sealed = (SELECT content_sealed FROM review_version WHERE review_id = $2) WHERE review_id = $1", one.ID, other.ID)
		invalid("another text")
		run("UPDATE review_version SET content_sealed = $2 WHERE review_id = $1", one.ID, was)

		// Erased, it proves nothing more, and the rest still does.
		_, err := h.Life.Erase(t.Context(), h.Staff(t, network.RoleOfficer), one.person, privacy.Scope{}, "sa demande")
		must(t, err)
		must(t, h.Proof.Sequence(t.Context()))
		h.at(t, reviewsHost).get("/avis/"+one.Digits+"/preuve.json").want(t, http.StatusNotFound)
		if !verdict(other).Valid {
			t.Error("an erasure breaks another review's proof")
		}
		complete("Rien n’est caché")
	})
}
