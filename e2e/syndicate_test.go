package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

type fed struct {
	Reference, Digits, Member, URL, Proof, Audience, Level, Comment, Service string
	Company                                                                  string `json:"member_name"`
	Overall                                                                  float64
	Marks                                                                    map[string]int
	From                                                                     string    `json:"experience_from"`
	Deposited                                                                time.Time `json:"deposited_at"`
	Published                                                                time.Time `json:"published_at"`
}

// feed reads every page of the published reviews that a token may show elsewhere, two at a time.
func (h *house) feed(token, query string) (all []fed) {
	h.t.Helper()
	for cursor := ""; ; {
		page := decode[struct {
			Items []fed
			Next  string
		}](h.visitor().api(http.MethodGet, h.space, "/api/v1/reviews?limit=2&cursor="+cursor+query, token, "", nil).want(200))
		all = append(all, page.Items...)
		if cursor = page.Next; cursor == "" {
			return all
		}
	}
}

// removed reads why each review may no longer be shown, by its digits, and answers where to go on.
func (h *house) removed(token, cursor string) (why map[string]string, next string) {
	h.t.Helper()
	why = map[string]string{}
	for {
		page := decode[struct {
			Items []struct{ Digits, Why string }
			Next  string
			More  bool
		}](h.visitor().api(http.MethodGet, h.space, "/api/v1/reviews/removed?limit=1&cursor="+cursor, token, "", nil).want(200))
		for _, i := range page.Items {
			why[i.Digits] = i.Why
		}
		if cursor = page.Next; !page.More {
			return why, cursor
		}
	}
}

// Partners and members show published reviews on their own sites by an authenticated feed: what is published and nothing else, without what its author keeps to our
// pages, and nothing any more once it is removed or its eight years are over; each removal is told, and a partner that does not ask stands before the staff (RN-59 to 61, 96).
func TestSyndicate_showsWhatIsPublishedAndTellsRemovals(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, moderator, boss := h.enter("Member 1"), h.enter("Moderator"), h.enter("Operator")
		token := func(kind, email string) string {
			t.Helper()
			got := regexp.MustCompile(`ent_[A-Za-z0-9_-]+`).FindString(boss.post(h.space, "/jetons", url.Values{"kind": {kind}, "email": {email}, "token_name": {"Annuaire Exemple"}, "undertaking": {"Engagement 2026-11"}}).want(200).body)
			if got == "" {
				t.Fatal("no token is shown")
			}
			return got
		}
		partner, silent := token("affiliate", "partenaire@annuaire.example"), token("affiliate", "autre@annuaire.example")
		own, others := token("pro", "membre1@membres.example"), token("pro", "membre2@membres.example")
		for bad, status := range map[string]int{"?limit=0": 422, "?limit=101": 422, "?member=%00": 400, "?cursor=abc": 422, "?cursor=MSBA": 422, "?order=best": 422, "/removed?cursor=x": 422} {
			if got := h.visitor().api(http.MethodGet, h.space, "/api/v1/reviews"+bad, partner, "", nil); got.status != status {
				t.Errorf("%s answers %d: %s", bad, got.status, got.body)
			}
		}
		h.visitor().api(http.MethodGet, h.space, "/api/v1/reviews", "", "", nil).want(401)

		var all []written
		for i, name := range []string{"Ada Byron", "Bob Dupuis", "Chloé Petit", "Denis Roy"} {
			all = append(all, h.writes(member, "client", name, 5-i, fmt.Sprintf("Le chantier numéro %d est fini.", i)))
		}
		if got := h.feed(own, ""); len(got) != 0 {
			t.Fatalf("nobody has decided, and the feed says %+v", got)
		}
		h.accepts(moderator)
		refused := h.writes(member, "client", "Éva Martin", 1, "Un avis qui attend encore.")
		shows := func(of string, want ...written) {
			t.Helper()
			got := map[string]fed{}
			for _, f := range h.feed(of, "") {
				got[f.Digits] = f
			}
			for _, w := range want {
				f, ok := got[w.digits]
				if !ok || f.Reference != w.ref || f.Comment != w.comment || f.Service != "Une cuisine posée" || f.From != w.experience || f.Audience != "customer" || f.Company != "Cuisines de l’Ille" || len(f.Marks) == 0 ||
					f.Deposited.IsZero() || f.Published.Before(f.Deposited) || !strings.HasSuffix(f.URL, w.path()) || !strings.HasSuffix(f.Proof, w.path()+"/preuve.json") {
					t.Errorf("%s: %+v", w.ref, f)
				}
			}
			if len(got) != len(want) {
				t.Errorf("%d reviews for %d", len(got), len(want))
			}
		}
		for _, to := range []string{own, partner, silent} {
			shows(to, all...)
		}
		shows(others)
		id := h.feed(own, "")[0].Member
		if got := h.feed(partner, "&member="+id); len(got) != 4 {
			t.Errorf("%d of one member", len(got))
		}
		h.visitor().api(http.MethodGet, h.space, "/api/v1/reviews?member="+id, others, "", nil).want(404)
		body := h.visitor().api(http.MethodGet, h.space, "/api/v1/reviews", partner, "", nil).want(200)
		body.lacks("Byron", "Dupuis", "Chloé", all[0].email, refused.digits)
		_, from := h.removed(partner, "")

		// One is removed, and is told to whoever showed it.
		all[1].author.post(h.site, "/mon-avis/retrait", nil).want(303)
		for _, to := range []string{own, partner} {
			shows(to, all[0], all[2], all[3])
		}
		if why, _ := h.removed(partner, from); len(why) != 1 || why[all[1].digits] != "author" {
			t.Errorf("told %v", why)
		}
		clause(t, "RN-59")

		// The author of another wants it on our pages only: it leaves both feeds and stays there.
		all[2].author.post(h.site, "/mon-avis/partage", url.Values{"share": {"no"}}).want(303)
		for _, to := range []string{own, partner} {
			shows(to, all[0], all[3])
			if why, _ := h.removed(to, from); why[all[2].digits] != "objected" {
				t.Errorf("told %v", why)
			}
		}
		h.visitor().get(h.site, all[2].path()).want(200).says(all[2].comment)
		clause(t, "RN-60")

		// Who has read is not waited for; who has not stands before the staff after seven days.
		h.later(time.Hour)
		_, from = h.removed(partner, from)
		boss = h.enter("Operator")
		boss.get(h.space, "/aujourdhui").want(200).lacks("n’a pas lu les retraits")
		h.later(8 * 24 * time.Hour)
		boss = h.enter("Operator")
		if page := boss.get(h.space, "/aujourdhui").want(200).says("n’a pas lu les retraits", "2 avis à ne plus montrer"); strings.Count(page.body, "n’a pas lu les retraits") != 1 {
			t.Error("more than one partner stands there")
		}
		if why, _ := h.removed(silent, ""); len(why) != 2 {
			t.Errorf("told %v", why)
		}
		boss.get(h.space, "/aujourdhui").want(200).lacks("n’a pas lu les retraits")

		// An erasure reaches every program that showed it.
		officer := h.operator()
		_, dossier := h.rightsOf(all[3].email, url.Values{"asked": {"erasure"}, "scopes": {"contact", "requests", "messages", "opinions"}})
		h.act(officer, dossier, "erase", nil).want(303)
		h.visitor().get(h.site, all[3].path()).want(404)
		for _, to := range []string{own, partner, silent} {
			shows(to, all[0])
			if why, _ := h.removed(to, from); why[all[3].digits] != "erased" {
				t.Errorf("told %v", why)
			}
		}
		clause(t, "RN-96")

		// Eight years from the deposit.
		h.years(7)
		shows(partner, all[0])
		h.years(1)
		h.later(24 * time.Hour)
		eventually(t, "time takes the last one off the feed", func() bool { return len(h.feed(partner, "")) == 0 })
		why, _ := h.removed(partner, from)
		h.visitor().get(h.site, all[0].path()).want(404)
		if why[all[0].digits] != "time" {
			t.Errorf("told %v", why)
		}
		clause(t, "RN-61")
	})
}
