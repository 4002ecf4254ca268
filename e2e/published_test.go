package e2e

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"entremise/internal/review"
)

// written is a review that was published, with the browser of its author.
type written struct {
	author              *visitor
	email, ref, digits  string
	experience, comment string
}

// path of its public page.
func (w written) path() string { return "/avis/" + w.digits }

var reviewRef = regexp.MustCompile(`référence ([A-Z]*)(\d+)`)

// writes has a member invite somebody, who answers with one mark for everything; its moderation is another step.
func (h *house) writes(member *visitor, questionnaire, name string, mark int, comment string) written {
	h.t.Helper()
	w := written{author: h.visitor(), email: fmt.Sprintf("auteur%d@example.org", len(h.outbox())), experience: time.Now().AddDate(0, 0, -9).Format(time.DateOnly), comment: comment}
	form := member.get(h.space, "/invitations").want(200).hiddens()
	for k, v := range map[string]string{"questionnaire": questionnaire, "name": name, "email": w.email, "service": "Une cuisine posée", "on": w.experience, "lang": "fr"} {
		form.Set(k, v)
	}
	member.post(h.space, "/invitations", form).want(303)
	m := h.letter("an invitation", func(m sent) bool { return m.Kind == "review-invite" && m.To == w.email })
	w.author.get(h.site, regexp.MustCompile(`/avis/q/[^\s)]+`).FindString(m.Text)).want(303)
	page := w.author.get(h.site, "/mon-avis").want(200)
	answer := page.hiddens()
	for _, q := range regexp.MustCompile(`name="(answers\.[a-z]+)"[^>]*value="5"`).FindAllStringSubmatch(page.body, -1) {
		answer.Set(q[1], fmt.Sprint(mark))
	}
	for _, box := range regexp.MustCompile(`name="(consent-[a-z-]+)"`).FindAllStringSubmatch(page.body, -1) {
		answer.Set(box[1], "yes")
	}
	for k, v := range map[string]string{"answers.comment": comment, "service": "Une cuisine posée", "on": w.experience} {
		answer.Set(k, v)
	}
	answer.Del("answers.settled")
	w.author.post(h.site, "/mon-avis", answer).want(303)
	got := h.letter("a receipt", func(m sent) bool { return m.Kind == "review-received" && m.To == w.email })
	ref := reviewRef.FindStringSubmatch(got.Text)
	if ref == nil {
		h.t.Fatalf("no reference in %q", got.Text)
	}
	w.ref, w.digits = ref[1]+ref[2], ref[2]
	return w
}

// accepts has the moderator publish whatever waits.
func (h *house) accepts(moderator *visitor) {
	h.t.Helper()
	for {
		m := regexp.MustCompile(`/equipe/avis\?c=(rvv_[a-z0-9]+)`).FindStringSubmatch(moderator.get(h.space, "/equipe/avis").want(200).body)
		if m == nil {
			return
		}
		page := moderator.get(h.space, "/equipe/avis?c="+m[1]).want(200)
		if strings.Contains(page.words(), "notez d’abord le contrôle") {
			moderator.post(h.space, "/equipe/avis/"+m[1]+"/appel", url.Values{"outcome": {"confirmed"}, "said": {"Le même récit."}}).want(303)
		}
		moderator.post(h.space, "/equipe/avis/"+m[1]+"/decision", url.Values{"check-person": {"holds"}, "check-experience": {"holds"}, "check-content": {"holds"}}).want(303)
	}
}

// A published review shows under its public identifier with its dates on its company's page, is found from the directory, verified by anybody, and gone at once when its
// author, time or an erasure ends it.
func TestPublished_fromTheDirectoryToTheEnd(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, moderator := h.enter("Member 1"), h.enter("Moderator")

		// The directory: the nearest first, the place typed, mistyped or given by the device, and kept (RN-124, 125).
		v := h.visitor()
		order := func(a *answer) string {
			var all []string
			for _, m := range regexp.MustCompile(`<b>(Cuisines de l’Ille|Atelier Fournil|Cuisines du Sillon|Cuisines Vannetaises)</b>`).FindAllStringSubmatch(a.body, -1) {
				all = append(all, m[1])
			}
			return strings.Join(all, ", ")
		}
		typed := order(v.get(h.site, "/entreprises?metier=cuisiniste&lieu=35400").want(200).says("Près de Saint-Malo", "De la plus proche à la plus lointaine"))
		if !strings.HasPrefix(typed, "Cuisines du Sillon, ") || !strings.HasSuffix(typed, "Cuisines Vannetaises") {
			t.Errorf("near Saint-Malo: %s", typed)
		}
		if got := order(h.visitor().get(h.site, "/entreprises?metier=cuisiniste&lieu="+url.QueryEscape("saint mallo")).want(200)); got != typed {
			t.Errorf("mistyped: %s", got)
		}
		here := h.visitor()
		to := here.post(h.site, "/entreprises/ici", url.Values{"metier": {"cuisiniste"}, "lat": {"48.65"}, "lon": {"-2.01"}}).want(303).header.Get("Location")
		if got := order(here.get(h.site, to).want(200)); got != typed || strings.Contains(to, "48.6") {
			t.Errorf("by the device's position: %s at %s", got, to)
		}
		if got := order(here.get(h.site, "/entreprises?metier=cuisiniste").want(200)); got != typed {
			t.Errorf("on the next visit: %s", got)
		}
		clause(t, "RN-125")
		path := regexp.MustCompile(`href="(/entreprises/cuisines-de-l-ille-[a-z0-9]+)"`).FindStringSubmatch(v.get(h.site, "/entreprises?metier=cuisiniste&lieu=Rennes").want(200).body)
		if path == nil {
			t.Fatal("the member is not in the directory")
		}
		company := func() *answer { return h.visitor().get(h.site, path[1]).want(200) }

		ada := h.writes(member, "client", "Ada Byron", 5, "Tout était propre, et à l’heure.")
		company().lacks(ada.digits)
		h.visitor().get(h.site, ada.path()).want(404)
		bob := h.writes(member, "client", "Bob Dupuis", 1, "Rien n’a marché.")
		work := h.writes(member, "salarie", "Chloé Petit", 3, "Une équipe sympathique.")
		h.accepts(moderator)
		page := company().says(ada.comment, bob.comment, work.comment, "Avis de client", "Avis de salarié", "moyenne simple", "3,0", "moyennement satisfait").lacks("Byron", "Dupuis", "Chloé", ada.email)
		if !regexp.MustCompile(`^AB\d+$`).MatchString(ada.ref) || !regexp.MustCompile(`^\d+$`).MatchString(work.ref) {
			t.Errorf("%s, %s", ada.ref, work.ref)
		}
		page.says(ada.ref, work.ref)
		clause(t, "RN-18", "RN-19", "RN-70")
		// Whoever refused every cookie reads them, and the one that searching needs stands in the table.
		shy := h.visitor()
		shy.post(h.site, "/cookies", url.Values{"do": {"refuse"}, "back": {"/"}}).want(303)
		shy.get(h.site, path[1]).want(200).says(ada.comment)
		shy.get(h.site, "/cookies").want(200).says("place", "retient la commune autour de laquelle vous cherchez une entreprise et ses avis", "6 mois")
		clause(t, "RN-124")

		// Anybody verifies it, and recomputes its fingerprint from what is exported.
		var proof struct {
			review.Proven
			Valid bool
		}
		eventually(t, "the review is in the log", func() bool {
			if err := json.Unmarshal([]byte(h.visitor().get(h.site, ada.path()+"/preuve.json").want(200).body), &proof); err != nil {
				t.Fatal(err)
			}
			return proof.Valid
		})
		if err := proof.Verify(); err != nil {
			t.Error(err)
		}
		for i := range proof.Opening.Parts {
			was := proof.Opening.Parts[i].Content
			proof.Opening.Parts[i].Content += "."
			if proof.Verify() == nil {
				t.Errorf("%q changed, and it verifies", was)
			}
			if strings.Contains(was, "Ada") || strings.Contains(was, ada.email) {
				t.Errorf("the fingerprint is made of %q", was)
			}
			proof.Opening.Parts[i].Content = was
		}
		clause(t, "RN-91")
		h.visitor().get(h.site, ada.path()+"/verifier").want(200).says("Cet avis est valide", "Son empreinte est dans le registre public")
		h.visitor().get(h.site, path[1]+"/completude").want(200).says("Rien n’est caché")

		// Its author changes it: three dates, all there and not the same.
		h.later(49 * time.Hour)
		moderator = h.enter("Moderator")
		form := ada.author.get(h.site, "/mon-avis/modifier").want(200)
		again := form.hiddens()
		for _, q := range regexp.MustCompile(`name="(answers\.[a-z]+)"[^>]*value="5"`).FindAllStringSubmatch(form.body, -1) {
			again.Set(q[1], "4")
		}
		for k, x := range map[string]string{"answers.comment": "Une porte a bougé depuis.", "service": "Une cuisine posée", "on": ada.experience} {
			again.Set(k, x)
		}
		again.Del("answers.settled")
		ada.author.post(h.site, "/mon-avis/modifier", again).want(303)
		h.accepts(moderator)
		one := h.visitor().get(h.site, ada.path()).want(200).says("Une porte a bougé depuis.", "Expérience le", "Déposé le", "Publié le", "Modifié par son auteur le").lacks(ada.comment)
		deposited, changed := regexp.MustCompile(`Déposé le ([^.]*?\d{4})`).FindStringSubmatch(one.words()), regexp.MustCompile(`Modifié par son auteur le ([^.]*?\d{4})`).FindStringSubmatch(one.words())
		if deposited == nil || changed == nil || deposited[1] == changed[1] {
			t.Errorf("%v, %v", deposited, changed)
		}
		clause(t, "RN-14")

		// The author objects to syndication: it leaves the feeds, and stays here (RN-60). He withdraws his consent: it is gone from both (RN-71).
		feeds := []string{path[1] + "/avis.atom", path[1] + "/avis.json"}
		shown := func(w written, here, there bool) {
			t.Helper()
			if got := strings.Contains(company().body, w.digits); got != here {
				t.Errorf("%s on the page: %v", w.ref, got)
			}
			for _, f := range feeds {
				if got := strings.Contains(h.visitor().get(h.site, f).want(200).body, w.digits); got != there {
					t.Errorf("%s in %s: %v", w.ref, f, got)
				}
			}
		}
		shown(ada, true, true)
		ada.author.post(h.site, "/mon-avis/partage", url.Values{"share": {"no"}}).want(303)
		shown(ada, true, false)
		shown(bob, true, true)
		box := regexp.MustCompile(`name="consent" value="([a-z-]+)"`).FindStringSubmatch(bob.author.get(h.site, "/mon-avis").want(200).body)
		if box == nil {
			t.Fatal("no consent to take back")
		}
		bob.author.post(h.site, "/mon-avis/accord", url.Values{"consent": {"publish"}}).want(303)
		shown(bob, false, false)
		h.visitor().get(h.site, bob.path()).want(404)
		clause(t, "RN-71")

		// Eight years from its deposit it goes by itself.
		shown(work, true, true)
		h.years(8)
		h.later(24 * time.Hour)
		eventually(t, "time takes the review off", func() bool { return !strings.Contains(company().body, work.digits) })
		shown(work, false, false)
		clause(t, "RN-54")
	})
}

// A review ends before its time for one of three causes, each with its reason in the company's public chain; what the page says follows at once (RN-72).
func TestPublished_endsForOneOfThreeCauses(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, moderator := h.enter("Member 1"), h.enter("Moderator")
		path := regexp.MustCompile(`href="(/entreprises/cuisines-de-l-ille-[a-z0-9]+)"`).FindStringSubmatch(h.visitor().get(h.site, "/entreprises?metier=cuisiniste&lieu=Rennes").want(200).body)[1]
		var all []written
		for i, name := range []string{"Ada Byron", "Bob Dupuis", "Chloé Petit", "Denis Roy"} {
			all = append(all, h.writes(member, "client", name, 5-i, "Un avis de "+strings.ToLower(name[:1])))
		}
		h.accepts(moderator)
		gone := func(w written) {
			t.Helper()
			h.visitor().get(h.site, w.path()).want(404)
			h.visitor().get(h.site, w.path()+"/preuve.json").want(404)
			for _, p := range []string{path, path + "/avis.atom", path + "/avis.json"} {
				if a := h.visitor().get(h.site, p); strings.Contains(a.body, w.digits) {
					t.Errorf("%s still shows %s", p, w.ref)
				}
			}
		}
		lines := func() string { return h.visitor().get(h.site, path+"/lignes.json").want(200).body }
		count := func() int {
			return decode[struct {
				Rating struct{ Count int } `json:"_rating"`
			}](h.visitor().get(h.site, path+"/avis.json").want(200)).Rating.Count
		}
		number := func(w written) int64 {
			return decode[review.Proven](h.visitor().get(h.site, w.path()+"/preuve.json").want(200)).Number
		}
		first, second, before := number(all[0]), number(all[1]), count()
		version := func(w written) string {
			t.Helper()
			to := moderator.get(h.space, "/equipe/avis?ref="+w.ref).want(303).header.Get("Location")
			return strings.TrimPrefix(to, "/equipe/avis?c=")
		}
		last := version(all[3])

		all[0].author.post(h.site, "/mon-avis/retrait", nil).want(303)
		gone(all[0])
		if !strings.Contains(lines(), fmt.Sprintf(`act=removed\nreview=%d\nreason=author`, first)) {
			t.Error("the author's own word is not in the chain")
		}
		moderator.post(h.space, "/equipe/avis/"+version(all[1])+"/retrait", url.Values{"reason": {"mood"}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+version(all[1])+"/retrait", url.Values{"reason": {"unlawful"}}).want(303)
		gone(all[1])
		if !strings.Contains(lines(), fmt.Sprintf(`act=removed\nreview=%d\nreason=unlawful`, second)) {
			t.Error("the published reason is not in the chain")
		}
		if now := count(); now != before-2 {
			t.Errorf("%d published, then %d", before, now)
		}

		member.post(h.space, "/adhesion/partir", url.Values{"leaves_on": {time.Now().AddDate(0, 0, 2).Format(time.DateOnly)}}).want(303)
		h.later(5 * 24 * time.Hour)
		eventually(t, "the member's page is gone", func() bool { return h.visitor().get(h.site, path).status == 404 })
		gone(all[2])
		gone(all[3])
		moderator = h.enter("Moderator")
		eventually(t, "each of his reviews is taken off", func() bool {
			return strings.Contains(moderator.get(h.space, "/equipe/avis?c="+last).want(200).words(), "Retiré")
		})
		clause(t, "RN-72")
	})
}

// What somebody changes behind the house's back, in the database itself, shows to anybody who verifies (RN-94).
func TestPublished_aChangedRowShows(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member, moderator := h.enter("Member 1"), h.enter("Moderator")
	w := h.writes(member, "client", "Ada Byron", 2, "Le plan de travail est rayé.")
	other := h.writes(member, "client", "Bob Dupuis", 5, "Rien à redire.")
	h.accepts(moderator)
	valid := func(w written) bool {
		var p struct{ Valid bool }
		if err := json.Unmarshal([]byte(h.visitor().get(h.site, w.path()+"/preuve.json").want(200).body), &p); err != nil {
			t.Fatal(err)
		}
		return p.Valid
	}
	eventually(t, "both are in the log", func() bool { return valid(w) && valid(other) })
	file, err := sql.Open("sqlite", "file:"+filepath.Join(h.data, "main.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	change := func(query string, args ...any) {
		t.Helper()
		if r, err := file.Exec(query, args...); err != nil {
			t.Fatal(err)
		} else if n, err := r.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	for _, c := range [][2]string{
		{"UPDATE review SET overall = overall + 30 WHERE digits = $1", "UPDATE review SET overall = overall - 30 WHERE digits = $1"},
		{"UPDATE review SET deposited_at = deposited_at - 86400000000 WHERE digits = $1", "UPDATE review SET deposited_at = deposited_at + 86400000000 WHERE digits = $1"},
		{"UPDATE review_version SET content_sealed = CAST(x'00' || content_sealed AS BLOB) WHERE review_id = (SELECT id FROM review WHERE digits = $1)", "UPDATE review_version SET content_sealed = substr(content_sealed, 2) WHERE review_id = (SELECT id FROM review WHERE digits = $1)"},
		{"UPDATE proof_leaf SET commitment_hash = x'0000000000000000000000000000000000000000000000000000000000000000' WHERE id = (SELECT v.leaf_id FROM review_version v JOIN review r ON r.id = v.review_id WHERE r.digits = $1)", ""},
	} {
		query, back := c[0], c[1]
		change(query, w.digits)
		h.visitor().get(h.site, w.path()+"/verifier").want(200).says("Cet avis est invalide")
		if valid(w) || !valid(other) {
			t.Errorf("after %q: %v, and the other is %v", query, valid(w), valid(other))
		}
		if back == "" {
			break
		}
		change(back, w.digits)
		if !valid(w) {
			t.Fatalf("changed back it is invalid: %s", query)
		}
	}
	clause(t, "RN-94")
}
