package e2e

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/call"
)

var (
	recordingPath = regexp.MustCompile(`/enregistrements/rec_[0-9a-z]+`)
	soundPath     = regexp.MustCompile(`/(?:enregistrements|ecoute)/son/[^"]+`)
	lentPath      = regexp.MustCompile(`/ecoute/lon_[^<"]+`)
	reasonValue   = regexp.MustCompile(`name="purpose" value="([a-z-]+)"`)
)

// talks has the simulated line ring a site, an agent take the call and its caller agree, and ends it; it answers call and request.
func (h *house) talks(agent *visitor, trade string) (id, request string) {
	h.t.Helper()
	typed, _ := freshNumber()
	agent.post(h.space, "/appels/simuler", url.Values{"trade": {trade}, "number": {typed}}).want(303)
	m := ringingCall.FindStringSubmatch(agent.get(h.space, "/appels").want(200).body)
	if m == nil {
		h.t.Fatal("no call to take")
	}
	agent.post(h.space, "/appels/"+m[1]+"/prendre", nil).want(303)
	request = h.agrees(agent, m[1])
	agent.post(h.space, "/appels/"+m[1]+"/terminer", nil).want(303)
	return m[1], request
}

// recorded waits for the page of the newest recording.
func (h *house) recorded(by *visitor) (path string) {
	h.t.Helper()
	eventually(h.t, "the recording is here", func() bool {
		path = recordingPath.FindString(by.get(h.space, "/enregistrements").want(200).body)
		return path != ""
	})
	return path
}

// reasons are those that a recording's page offers, in its order.
func reasons(page *answer) (all []string) {
	for _, m := range reasonValue.FindAllStringSubmatch(page.body, -1) {
		all = append(all, m[1])
	}
	return all
}

// plays hears a recording for a reason.
func (h *house) plays(by *visitor, path, why string) {
	h.t.Helper()
	sound := soundPath.FindString(by.post(h.space, path, url.Values{"purpose": {why}}).want(200).body)
	if sound == "" || !strings.HasPrefix(by.get(h.space, sound).want(200).body, "RIFF") {
		h.t.Errorf("for %s nothing plays", why)
	}
}

// A recording is heard for one of the file's four reasons, by who supervises and leads, and each hearing and each refusal is a line with its user and
// reason (ET-146, ET-147). A mandated provider hears one, by a link under a dispute.
func TestListening_forTheFilesReasonsByWhomItNames(t *testing.T) {
	h := newHouse(t, "--network", networkWith(t, "record: 10 %", "record: 100 %"))
	boss, agent := h.operator(), h.enter("Agent")
	supervisor := h.hired(boss, "supervisor")
	h.duty(agent, "yes")
	_, request := h.talks(agent, "plombier")
	hear := h.recorded(supervisor)

	page := supervisor.get(h.space, hear).want(200).lacks("<audio")
	if got := strings.Join(reasons(page), " "); got != "training quality evidence improvement" {
		t.Errorf("the page offers %s", got)
	}
	for _, none := range []url.Values{nil, {"purpose": {""}}, {"purpose": {"curiosity"}}} {
		supervisor.post(h.space, hear, none).want(422).lacks("<audio", "/enregistrements/son/")
	}
	for _, why := range reasons(page) {
		h.plays(supervisor, hear, why)
	}
	supervisor.get(h.space, hear).want(200).has("Qui l’a écouté, et pourquoi", "Recrue supervisor", "Former les conseillers", "Améliorer l’accueil téléphonique", "Garder une preuve dans un litige", "Améliorer nos méthodes")
	id := strings.TrimPrefix(hear, "/enregistrements/")
	trail := boss.get(h.space, "/journal.csv?what=recording.hear&on="+id).want(200)
	for _, why := range reasons(page) {
		if strings.Count(trail.body, ","+why) != 1 {
			t.Errorf("the trail has %d lines of %s:\n%s", strings.Count(trail.body, ","+why), why, trail.body)
		}
	}
	// The file ties each reason to a purpose: notice and register say it with basis and duration.
	h.visitor().get(h.site, "/confidentialite").want(200).says("Écoute des enregistrements", "Former les conseillers (superviseurs, direction)", "Améliorer nos méthodes (superviseurs, direction)", "chaque écoute est notée")
	row := ""
	for _, cell := range h.activities()["record_calls"] {
		row += " " + cell
	}
	for _, want := range []string{"Écoute des enregistrements", "intérêt légitime", "6\u00a0mois"} {
		if !strings.Contains(row, want) {
			t.Errorf("the register of record_calls does not say %q: %s", want, row)
		}
	}
	clause(t, "ET-146")

	// Professional, agent, accountant, affiliate, consumer and visitor hear nothing, by page, by form or by somebody's ticket.
	sound := soundPath.FindString(supervisor.post(h.space, hear, url.Values{"purpose": {"training"}}).want(200).body)
	consumer, _ := h.asked(leak())
	token := regexp.MustCompile(`ent_[A-Za-z0-9_-]+`).FindString(boss.post(h.space, "/jetons", url.Values{"kind": {"affiliate"}, "email": {"partenaire@annuaire.example"}, "token_name": {"Annuaire"}, "undertaking": {"Engagement 2026-11"}}).want(200).body)
	for name, who := range map[string]struct {
		*visitor
		status int
	}{"professional": {h.enter("Professional 1"), 403}, "agent": {agent, 403}, "accountant": {h.enter("Accountant"), 403}, "consumer": {consumer, 303}, "visitor": {h.visitor(), 303}} {
		for _, a := range []*answer{who.get(h.space, "/enregistrements"), who.get(h.space, hear)} {
			a.want(who.status).lacks("<audio", "/enregistrements/son/")
		}
		who.post(h.space, hear, url.Values{"purpose": {"training"}}).want(map[int]int{403: 403, 303: 401}[who.status]).lacks("<audio", "/enregistrements/son/")
		if a := who.get(h.space, sound); a.status == 200 || strings.HasPrefix(a.body, "RIFF") {
			t.Errorf("a %s plays another's ticket: %d", name, a.status)
		}
	}
	for _, path := range []string{hear, sound} {
		if a := h.visitor().api(http.MethodGet, h.space, path, token, "", nil); a.status == 200 || strings.Contains(a.body, "RIFF") {
			t.Errorf("an affiliate's token opens %s: %d", path, a.status)
		}
	}
	if refusals := strings.Count(boss.get(h.space, "/journal.csv?what=recording.hear&on="+id).want(200).body, "refused"); refusals != 4 { // two of staff, by page and by form; all others are stopped at the door
		t.Errorf("%d refusals are on record, want 4", refusals)
	}
	link := h.lends(boss, supervisor, request, hear, "LIT-2026-7")
	expert := h.visitor()
	expert.get(h.space, link).want(200).has("LIT-2026-7").lacks("<audio")
	lent := soundPath.FindString(expert.post(h.space, link, nil).want(200).body)
	if lent == "" || !strings.HasPrefix(expert.get(h.space, lent).want(200).body, "RIFF") {
		t.Error("the mandated provider hears nothing")
	}
	boss.get(h.space, "/journal.csv?on="+id).want(200).has("recording.hear-lent", "call-expert")
	clause(t, "ET-147")

	listener := open(t, h.server, phone)
	h.enterAs(listener, "Operator")
	listener.goTo(spaceHost, hear)
	listener.accessible()
	listener.goTo(spaceHost, "/enregistrements")
	listener.accessible()
	listener.goTo(spaceHost, link)
	listener.accessible()
}

// lends lays the hold of a dispute on a request's person and lends a recording for two days; it answers the link.
func (h *house) lends(officer, supervisor *visitor, request, recording, dispute string) string {
	h.t.Helper()
	person := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(officer.get(h.space, "/demandes/"+request).want(200).body)
	supervisor.get(h.space, recording).want(200).has("Aucun litige n’est en cours").lacks(`name="dispute"`)
	officer.post(h.space, "/conservation/gel", url.Values{"who": {person}, "ground": {"dispute"}, "reference": {dispute}}).want(303)
	page := supervisor.get(h.space, recording).want(200).has(dispute)
	hold := regexp.MustCompile(`name="dispute" value="(hld_[0-9a-z]+)"`).FindStringSubmatch(page.body)
	if hold == nil {
		h.t.Fatal("the dispute is not offered")
	}
	good := url.Values{"recipient": {"call-expert"}, "dispute": {hold[1]}, "why": {"Le client conteste ce qui fut dit."}, "days": {"2"}}
	for field, bad := range map[string]string{"recipient": "hosting", "dispute": "hld_0", "why": "non", "days": "8"} {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(field, bad)
		supervisor.post(h.space, recording+"/pret", form).want(422).lacks("/ecoute/")
	}
	link := lentPath.FindString(supervisor.post(h.space, recording+"/pret", good).want(200).body)
	if link == "" {
		h.t.Fatal("no link is shown")
	}
	supervisor.get(h.space, recording).want(200).lacks(link)
	return link
}

// Two reasons and no third (AQ-14). A provider hears one recording for a dispute, by a link that shows the reference and nothing of the caller, that is
// logged at each use, expires, ends with the dispute and can be revoked (AQ-15).
func TestListening_twoReasonsAndALoan(t *testing.T) {
	h := newHouseOf(t, "auto-quotes", "--network", otherWith(t, "auto-quotes", "record: 10 %", "record: 100 %"))
	boss, agent := h.operator(), h.enter("Agent")
	supervisor := h.hired(boss, "supervisor")
	h.duty(agent, "yes")
	_, request := h.talks(agent, "voiture-neuve")
	hear := h.recorded(supervisor)
	if got := strings.Join(reasons(supervisor.get(h.space, hear).want(200).lacks("<audio")), " "); got != "quality training" {
		t.Errorf("the page offers %s", got)
	}
	for _, other := range []string{"", "evidence", "improvement"} {
		supervisor.post(h.space, hear, url.Values{"purpose": {other}}).want(422).lacks("<audio", "/enregistrements/son/")
	}
	h.plays(supervisor, hear, "quality")
	h.plays(supervisor, hear, "training")
	agent.get(h.space, hear).want(403)
	clause(t, "AQ-14")

	id := strings.TrimPrefix(hear, "/enregistrements/")
	link := h.lends(boss, supervisor, request, hear, "LIT-AQ-1")
	expert := h.visitor()
	for range 2 {
		page := expert.get(h.space, link).want(200).has("LIT-AQ-1").lacks("<audio", id, request, "06 ", "Recrue")
		if page.header.Get("Cache-Control") == "" {
			t.Error("a cache may keep the page of a loan")
		}
		played := expert.post(h.space, link, nil).want(200).lacks(id, request)
		if a := expert.get(h.space, soundPath.FindString(played.body)).want(200); !strings.HasPrefix(a.body, "RIFF") {
			t.Error("the loan does not play")
		}
	}
	if n := strings.Count(boss.get(h.space, "/journal.csv?what=recording.hear-lent&on="+id).want(200).body, "call-expert"); n != 2 {
		t.Errorf("%d uses on record, want 2", n)
	}
	supervisor.get(h.space, hear).want(200).says("2 écoutes", "Arrêter ce prêt")
	for _, other := range []string{"/enregistrements", hear, strings.Replace(hear, "rec_", "rec_0", 1)} { // the link opens nothing else
		expert.get(h.space, other).want(303)
	}
	expert.get(h.space, link+"x").want(410)

	lend := func() string { // the dispute runs already
		t.Helper()
		hold := regexp.MustCompile(`name="dispute" value="(hld_[0-9a-z]+)"`).FindStringSubmatch(supervisor.get(h.space, hear).want(200).body)
		return lentPath.FindString(supervisor.post(h.space, hear+"/pret", url.Values{"recipient": {"call-expert"}, "dispute": {hold[1]}, "why": {"La suite du même litige."}, "days": {"2"}}).want(200).body)
	}
	over := func(what, link, sound string) {
		t.Helper()
		for _, a := range []*answer{expert.get(h.space, link), expert.post(h.space, link, nil), expert.get(h.space, sound)} {
			if a.status != 410 || strings.HasPrefix(a.body, "RIFF") {
				t.Errorf("%s: %d", what, a.status)
			}
		}
	}
	open := func(link string) string {
		t.Helper()
		return soundPath.FindString(expert.post(h.space, link, nil).want(200).body)
	}
	sound := open(link)
	revoke := regexp.MustCompile(`/enregistrements/prets/lon_[0-9a-z]+/fin`).FindString(supervisor.get(h.space, hear).body)
	agent.post(h.space, revoke, nil).want(403)
	supervisor.post(h.space, revoke, nil).want(303)
	over("revoked", link, sound)

	link = lend()
	sound = open(link)
	h.later(47 * time.Hour)
	open(link)
	h.later(time.Hour)
	over("expired", link, sound)

	link = lend()
	sound = open(link)
	hold := regexp.MustCompile(`hld_[0-9a-z]+`).FindString(boss.get(h.space, "/conservation").want(200).body)
	boss.post(h.space, "/conservation/lever", url.Values{"id": {hold}}).want(303)
	over("the dispute is over", link, sound)
	clause(t, "AQ-15")
}

// company is a telephone company behind a server: it holds the sound of each call that it carried until it is told to delete it.
type company struct {
	mu    sync.Mutex
	token string
	holds map[string]bool
	shut  bool // answers 503 to every deletion
	asked int
}

func (c *company) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := strings.TrimPrefix(r.URL.Path, "/calls/")
	switch {
	case r.Header.Get("Authorization") != "Bearer "+c.token:
		w.WriteHeader(http.StatusUnauthorized)
	case r.Method == http.MethodDelete && c.shut:
		c.asked++
		w.WriteHeader(http.StatusServiceUnavailable)
	case !c.holds[id]:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		delete(c.holds, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		if _, err := w.Write(call.Tone(1)); err != nil {
			return // the server has hung up
		}
	}
}

func (c *company) has(id string) bool { c.mu.Lock(); defer c.mu.Unlock(); return c.holds[id] }

func (c *company) close(shut bool) { c.mu.Lock(); defer c.mu.Unlock(); c.shut, c.asked = shut, 0 }

func (c *company) tries() int { c.mu.Lock(); defer c.mu.Unlock(); return c.asked }

// The telephone company's signed word begins and ends the call's record; its recording is fetched from it, and what ends ours ends its own: a refusal at
// once, an erasure, the end of the time. A company that does not confirm is asked again, and until it has confirmed that stands on the officer's first
// page (ET-148).
func TestListening_theTelephoneCompanyDeletesToo(t *testing.T) {
	o := newOutdoors(t)
	line := &company{token: rand.Text(), holds: map[string]bool{}}
	served := httptest.NewServer(line)
	t.Cleanup(served.Close)
	data := filepath.Join(t.TempDir(), "data")
	key := make([]byte, 32)
	rand.Read(key) // never fails, since Go 1.24
	t.Setenv("ENTREMISE_LINE_WEBHOOK_SECRET", "whsec_"+base64.StdEncoding.EncodeToString(key))
	t.Setenv("ENTREMISE_LINE_URL", served.URL+"/calls")
	t.Setenv("ENTREMISE_LINE_TOKEN", line.token)
	t.Setenv("ENTREMISE_SMS_TOKEN", o.token)
	made := done(t, "init", "--data", data, "--virtual-clock", "--network", networkWith(t, append([]string{"record: 10 %", "record: 100 %"}, localHosts...)...), "--name", "Camille Première", "--email", "camille@depanneurs.example")
	h := o.serve(t, data)
	boss := h.browser()
	h.joinsAs(boss, &answer{t: t, body: made})
	self := regexp.MustCompile(`/equipe/(acc_[0-9a-z]+)"`).FindStringSubmatch(boss.get(spaceHost, "/equipe").want(200).body)
	boss.post(spaceHost, "/equipe/"+self[1], url.Values{"roles": {"administrator", "agent", "officer"}, "trained": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}}).want(303)
	h.duty(boss, "yes")

	tell := func(id, kind, caller string) {
		t.Helper()
		body := []byte(`{"type":"` + kind + `","id":"` + id + `","line":"+33199001234","caller":"` + caller + `","at":"` + time.Now().UTC().Format(time.RFC3339) + `"}`)
		h.visitor().do("POST", spaceHost, "/webhooks/telephonie", signed(make([]byte, 32), body, time.Now()), bytes.NewReader(body)).want(403)
		h.visitor().do("POST", spaceHost, "/webhooks/telephonie", signed(key, body, time.Now()), bytes.NewReader(body)).want(204)
	}
	rings := func(id, caller string) string {
		t.Helper()
		line.mu.Lock()
		line.holds[id] = true
		line.mu.Unlock()
		tell(id, "ringing", caller)
		m := ringingCall.FindStringSubmatch(boss.get(spaceHost, "/appels").want(200).body)
		if m == nil || !h.takes(boss, m[1]) {
			t.Fatalf("the line's call %s cannot be taken", id)
		}
		return m[1]
	}
	owed := func(want bool) {
		t.Helper()
		eventually(t, "what the line owes is shown", func() bool {
			return strings.Contains(boss.get(spaceHost, "/aujourdhui").want(200).body, "n’est pas encore effacé chez l’opérateur") == want
		})
	}

	// The end of the call makes its record and brings the sound; the company keeps its own.
	request := h.agrees(boss, rings("ligne-1", "+33612345678"))
	tell("ligne-1", "ended", "")
	boss.get(spaceHost, "/appels").want(200).has("Terminé, enregistré")
	hear := h.recorded(boss)
	h.plays(boss, hear, "quality")
	if !line.has("ligne-1") {
		t.Fatal("the company deleted what we keep")
	}
	// A refusal is gone there at once, although the company is shut at first.
	line.close(true)
	refused := rings("ligne-2", "+33612345679")
	boss.post(spaceHost, "/appels/"+refused+"/annonce", nil).want(303)
	boss.post(spaceHost, "/appels/"+refused+"/enregistrement", url.Values{"answer": {"no"}}).want(303)
	eventually(t, "the company is asked more than once", func() bool { return line.tries() > 1 })
	owed(true)
	boss.get(spaceHost, "/enregistrements").want(200).has("Effacements pas encore confirmés", "Pas encore")
	boss.get(spaceHost, "/appels").want(200).has("Pas encore effacé chez l’opérateur")
	if !line.has("ligne-2") {
		t.Fatal("this proves nothing: the copy is gone although the company is shut")
	}
	line.close(false)
	eventually(t, "the refused call is gone at the company", func() bool { return !line.has("ligne-2") })
	owed(false)
	boss.get(spaceHost, "/appels").want(200).lacks("Pas encore effacé chez l’opérateur")
	boss.get(spaceHost, "/enregistrements").want(200).has("Confirmés").lacks("Effacements pas encore confirmés")

	// An erasure at the person's wish.
	erased := h.agrees(boss, rings("ligne-3", "+33612345670"))
	tell("ligne-3", "ended", "")
	eventually(t, "the second recording is here", func() bool {
		return len(recordingPath.FindAllString(boss.get(spaceHost, "/enregistrements").want(200).body, -1)) == 2
	})
	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(boss.get(spaceHost, "/demandes/"+erased).want(200).body)
	done(t, "person", "erase", ref, "--data", data, "--why", "à sa demande")
	eventually(t, "the erased call is gone at the company", func() bool { return !line.has("ligne-3") })
	if !line.has("ligne-1") {
		t.Error("the erasure of one took the other")
	}
	// The end of the time.
	done(t, "clock", "--forward", "4300h", "--data", data) // 179 days
	boss.get(spaceHost, "/demandes/"+request)
	if !line.has("ligne-1") {
		t.Error("the company deletes before the time")
	}
	done(t, "clock", "--forward", "144h", "--data", data)
	eventually(t, "what is over here is gone at the company", func() bool { return !line.has("ligne-1") })
	owed(false)
	clause(t, "ET-148")
}
