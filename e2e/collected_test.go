package e2e

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
)

// hired has the operator invite somebody with one role, who signs in.
func (h *house) hired(boss *visitor, role string) *visitor {
	h.t.Helper()
	page := boss.post(h.space, "/equipe", url.Values{"name": {"Recrue " + role}, "email": {role + "@equipe.example"}, "roles": {role}}).want(200)
	member, _ := h.joins(page)
	return member
}

// browsing makes every call of a visitor say which browser it is and which language it asks for.
type browsing struct {
	http.RoundTripper
	agent, languages string
}

func (b browsing) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("User-Agent", b.agent)
	r.Header.Set("Accept-Language", b.languages)
	return b.RoundTripper.RoundTrip(r)
}

// fills answers the form of a need as it would be sent: with what the page carries, and without a proof of work.
func (h *house) fills(v *visitor, n need) url.Values {
	h.t.Helper()
	form := v.get(n.host, "/demande/"+n.trade).want(200).hiddens()
	form.Del("pow_nonce")
	maps.Copy(form, n.values)
	return form
}

// coded types the code that was sent to a number.
func (h *house) coded(v *visitor, n need) (id string) {
	h.t.Helper()
	m := h.letter("a code", func(m sent) bool { return m.Kind == "code" && m.To == n.phone })
	v.post(n.host, "/demande/code", url.Values{"code": {regexp.MustCompile(`\d{6}`).FindString(m.Text)}}).want(303)
	return m.Object
}

var (
	starredLabel  = regexp.MustCompile(`(?s)<(label|legend)[^>]*>([^<]+)<span class="must" aria-hidden="true">\*</span>`)
	optionalLabel = regexp.MustCompile(`(?s)<(label|legend)[^>]*>([^<]+)<span class="opt">facultatif</span>`)
)

// What is needed is marked and what is not says so; one needed answer missing and nothing is taken in; with those alone it is (RN-09, WA-09).
func TestCollected_whatIsNeededIsMarked(t *testing.T) {
	for network, c := range map[string]struct {
		trade            string
		values           url.Values
		needed, optional []string // labels
		clause           string
	}{
		"reviews-network": {"cuisiniste", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}},
			[]string{"Quel est le code postal du lieu ?", "Pour quand ?", "Que voulez-vous faire faire ?", "Nom", "Téléphone"}, []string{"Quel budget envisagez-vous ?", "Adresse du lieu", "E-mail", "Photos"}, "RN-09"},
		"works-advisor": {"travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}},
			[]string{"Quel est le code postal du lieu ?", "Pour quand ?", "De quel bien s’agit-il ?", "Nom", "Téléphone"}, []string{"Vous en êtes", "Adresse du lieu", "E-mail", "Photos"}, "WA-09"},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			page := h.visitor().get(h.site, "/demande/"+c.trade).want(200).says("Ce qui est marqué d’un astérisque (*) est nécessaire ; le reste est facultatif.")
			marked := func(re *regexp.Regexp) map[string]bool {
				all := map[string]bool{}
				for _, m := range re.FindAllStringSubmatch(page.body, -1) {
					all[strings.TrimSpace(strings.NewReplacer("\u00a0", " ", "\u202f", " ", "&#39;", "'").Replace(m[2]))] = true
				}
				return all
			}
			stars, free := marked(starredLabel), marked(optionalLabel)
			for _, l := range c.needed {
				if !stars[l] || free[l] {
					t.Errorf("%q is not marked as needed: %v", l, stars)
				}
			}
			for _, l := range c.optional {
				if stars[l] || !free[l] {
					t.Errorf("%q is not marked as optional: %v", l, free)
				}
			}
			n := h.project(c.trade, c.values)
			n.values.Del("email") // optional
			for field := range n.values {
				if field == "commune" || field == "kind" {
					continue // one follows from the postcode, the other has a default
				}
				holed := need{host: n.host, trade: n.trade, phone: n.phone, values: maps.Clone(n.values)}
				holed.values.Del(field)
				v := h.visitor()
				if a := v.post(h.site, "/demande/"+c.trade, h.fills(v, holed)); a.status != 422 {
					t.Errorf("without %s: %d", field, a.status)
				}
			}
			agent := h.enter("Agent")
			if slices.ContainsFunc(h.outbox(), func(m sent) bool { return m.To == n.phone }) || strings.Contains(agent.get(h.space, "/rappels").want(200).body, "/rappels?c=") {
				t.Error("a form with a hole left something behind")
			}
			_, id := h.asked(n)
			agent.get(h.space, "/rappels").want(200).has(id)
			clause(t, c.clause)
		})
	}
}

// The copy of somebody's data says what was collected, from where, and what the journal of connections holds: date, address, browser and its
// language, system and sort of device, and no more (RN-08, 11, 12, 17).
func TestCollected_theCopyShowsItAndItsSource(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	officer := h.operator()
	v := h.visitor()
	v.client.Transport = browsing{v.client.Transport, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1", "fr-FR,fr;q=0.9,de;q=0.5"}
	for _, path := range []string{"/", "/demande/pisciniste", "/confidentialite"} {
		v.get(h.site, path).want(200)
	}
	for _, name := range v.cookiesOf(h.site) {
		t.Errorf("before any choice the browser has %s", name)
	}
	n := h.project("pisciniste", url.Values{"urgency": {"season"}, "answers.project": {"new"}, "answers.budget": {"large"}, "words": {"Bassin de dix mètres"}, "street": {"12 rue de la Visite"}, "email": {"copie@example.org"}, "consent-quote": {"yes"}})
	before := time.Now().Add(-time.Minute)
	v.post(h.site, "/demande/pisciniste", h.fills(v, n)).want(303)
	h.coded(v, n)
	person, id := h.rightsOf("copie@example.org", nil)
	h.act(officer, id, "answer", url.Values{"text": {"Voici vos données."}}).want(303)
	h.proves(person, id)
	type seen struct{ Address, Browser, Language, System, Device string }
	c := decode[struct {
		Purposes []struct {
			ID            string
			Data, Sources []string
		}
		People []struct {
			Name, Phone, Email string
			Requests           []struct {
				Trade, Urgency, Street, Postcode string
				At                               time.Time
				Answers, Words                   map[string][]string
			}
			Connections []struct {
				At   time.Time
				What string
				Seen seen
			}
		}
	}](person.get(h.site, "/mon-dossier/donnees.json").want(200))
	if len(c.People) != 1 || len(c.People[0].Requests) != 1 || len(c.People[0].Connections) != 1 {
		t.Fatalf("%+v", c.People)
	}
	p := c.People[0]
	r := p.Requests[0]
	if p.Name != "Élodie Visite" || p.Phone != n.phone || p.Email != "copie@example.org" || r.Street != "12 rue de la Visite" || r.Postcode != "30000" {
		t.Errorf("who and where: %+v", p)
	}
	if r.Trade != "Pisciniste" || r.Urgency != "Dans les trois mois" || r.Answers["project"][0] != "new" || r.Answers["budget"][0] != "large" || len(r.Words) == 0 {
		t.Errorf("the need: %+v", r)
	}
	clause(t, "RN-11", "RN-12")
	if got := p.Connections[0]; got.Seen != (seen{"127.0.0.1", "Safari", "fr", "iOS", "phone"}) || got.What != "request" || got.At.Before(before) || got.At.After(time.Now().Add(time.Minute)) {
		t.Errorf("the connection: %+v", got)
	}
	keys := regexp.MustCompile(`(?s)"seen": \{(.*?)\}`).FindStringSubmatch(person.get(h.site, "/mon-dossier/donnees.json").want(200).body)
	if keys == nil || strings.Count(keys[1], `": "`) != 5 {
		t.Errorf("the line holds other things: %v", keys)
	}
	person.get(h.site, "/mon-dossier/donnees").want(200).says("Vos connexions", "127.0.0.1, Safari, fr, iOS, téléphone", "Origine", "relevé automatiquement")
	clause(t, "RN-17")
	sources := map[string]string{}
	for _, u := range c.Purposes {
		if len(u.Data) == 0 || len(u.Sources) == 0 {
			t.Errorf("%s: %v from %v", u.ID, u.Data, u.Sources)
		}
		sources[u.ID] = strings.Join(u.Sources, ", ")
	}
	if sources["answer_quotes"] != "donné par vous" || sources["run_site"] != "relevé automatiquement" {
		t.Errorf("the sources: %v", sources)
	}
	clause(t, "RN-08")
}

// A program that fills in the form gets nowhere: without work its request waits for a code that is sent to the number, an invented solution counts as
// none, a trap field gives it away, and one address sends so many forms an hour. A browser's work is let in at once (RN-123).
func TestCollected_programsAreTold(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	agent := h.enter("Agent")
	values := url.Values{"urgency": {"month"}, "answers.project": {"care"}, "consent-quote": {"yes"}}
	sendWith := func(nonce func(challenge string) string) (*visitor, need, *answer) {
		t.Helper()
		n := h.project("demenageur", values)
		v := h.visitor()
		form := h.fills(v, n)
		form.Set("pow_nonce", nonce(form.Get("pow_challenge")))
		return v, n, v.post(h.site, "/demande/demenageur", form)
	}
	waiting := func() int {
		return strings.Count(agent.get(h.space, "/rappels").want(200).body, "/rappels?c=")
	}
	for _, invented := range []string{"", "0", "zzzz"} {
		v, n, a := sendWith(func(string) string { return invented })
		if a.status == 303 {
			if to := a.header.Get("Location"); to != "/demande/code" {
				t.Errorf("the solution %q leads to %s", invented, to)
			}
			h.letter("a code", func(m sent) bool { return m.Kind == "code" && m.To == n.phone })
			v.post(h.site, "/demande/code", url.Values{"code": {"000000"}}).want(422)
		} else {
			a.want(422)
		}
	}
	trapped := h.project("demenageur", values)
	v := h.visitor()
	form := h.fills(v, trapped)
	form.Set("website", "https://robot.example")
	v.post(h.site, "/demande/demenageur", form).want(422)
	if n := waiting(); n != 0 {
		t.Fatalf("%d requests of programs wait for a call", n)
	}
	_, _, human := sendWith(auth.Solve)
	if to := human.want(303).header.Get("Location"); to != "/ma-demande" {
		t.Errorf("a browser's work leads to %s", to)
	}
	if n := waiting(); n != 1 {
		t.Errorf("%d requests wait, one was sent with its work", n)
	}
	refusedAt := 0
	for i := 1; i <= 12 && refusedAt == 0; i++ {
		if _, _, a := sendWith(auth.Solve); a.status == http.StatusTooManyRequests {
			refusedAt = i
		}
	}
	if refusedAt == 0 {
		t.Error("one address may send as many forms as it likes")
	}
	clause(t, "RN-123")
}

// Each service sees what is its own: communication opens no request for a quote, the consumer service exports nothing, and accounts and the trail
// are the administrator's (RN-79, 83; WA-36).
func TestCollected_eachRoleSeesItsOwn(t *testing.T) {
	for network, c := range map[string]struct {
		trade   string
		values  url.Values
		clauses []string
	}{
		"reviews-network": {"paysagiste", url.Values{"urgency": {"later"}, "answers.project": {"care"}, "consent-quote": {"yes"}}, []string{"RN-79", "RN-83"}},
		"works-advisor":   {"diagnostic", url.Values{"urgency": {"week"}, "answers.home": {"flat"}}, []string{"WA-36"}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			_, id := h.asked(h.project(c.trade, c.values))
			boss, agent := h.enter("Operator"), h.enter("Agent")
			marketing, accountant := h.hired(boss, "marketing"), h.enter("Accountant")
			agent.get(h.space, "/demandes/"+id).want(200).has("Élodie Visite")
			for _, v := range []*visitor{marketing, accountant} {
				for _, path := range []string{"/rappels", "/demandes/" + id, "/bureau/" + id, "/recherche", "/dossiers"} {
					v.get(h.space, path).want(403).lacks("Élodie Visite")
				}
				v.post(h.space, "/rappels/"+id+"/prendre", nil).want(403)
			}
			for _, v := range []*visitor{agent, marketing, accountant} {
				for _, path := range []string{"/equipe", "/jetons", "/journal", "/journal.csv", "/journal/connexions", "/registre.csv", "/dossiers"} {
					v.get(h.space, path).want(403)
				}
				v.post(h.space, "/equipe", url.Values{"name": {"Intrus"}, "email": {"intrus@equipe.example"}, "roles": {"administrator"}}).want(403)
			}
			h.visitor().get(h.space, "/equipe").want(303)
			boss.get(h.space, "/equipe").want(200).has("Recrue marketing", "marketing@equipe.example").lacks("Intrus")
			boss.get(h.space, "/journal.csv").want(200).has("account.invite", "account.accept", "request.read")
			clause(t, c.clauses...)
		})
	}
}
