package e2e

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

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
