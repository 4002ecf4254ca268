package e2e

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/vault"
)

// networkWith is a folder with the shipped network in which words of network.yaml are changed: old, new, old, new…
func networkWith(t *testing.T, change ...string) string {
	t.Helper()
	return otherWith(t, "emergency-trades", change...)
}

// otherWith is networkWith for any built-in network.
func otherWith(t *testing.T, name string, change ...string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "network")
	if err := os.CopyFS(folder, os.DirFS("../networks/"+name)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "network.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(change); i += 2 {
		if !strings.Contains(string(text), change[i]) {
			t.Fatalf("the shipped network does not say %q", change[i])
		}
	}
	if err := os.WriteFile(path, []byte(strings.NewReplacer(change...).Replace(string(text))), 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// duty puts an agent on duty or off; it answers the page that he then sees.
func (h *house) duty(agent *visitor, on string) *answer {
	h.t.Helper()
	agent.post(h.space, "/appels/service", url.Values{"on": {on}, "back": {"/appels"}}).want(303)
	return agent.get(h.space, "/appels").want(200)
}

var ringingCall = regexp.MustCompile(`/appels/(cal_[0-9a-z]+)/prendre`)

// rings has the simulated line ring and answers the call's id, as the agent who may take it reads it.
func (h *house) rings(by, taker *visitor, trade, number string) string {
	h.t.Helper()
	by.post(spaceHost, "/appels/simuler", url.Values{"site": {"depanneurs.example"}, "trade": {trade}, "number": {number}}).want(303)
	page := taker.get(spaceHost, "/appels").want(200)
	all := ringingCall.FindAllStringSubmatch(page.body, -1)
	if len(all) == 0 {
		h.t.Fatalf("no call to take\n%.3000s", page.body)
	}
	return all[len(all)-1][1] // oldest first
}

// takes answers a ringing call: true when its desk opened.
func (h *house) takes(agent *visitor, id string) bool {
	h.t.Helper()
	return agent.post(spaceHost, "/appels/"+id+"/prendre", nil).want(303).header.Get("Location") == "/bureau/"+id
}

// agrees says the announcement and takes the caller's yes; it answers the request's id.
func (h *house) agrees(agent *visitor, call string) string {
	h.t.Helper()
	agent.post(h.space, "/appels/"+call+"/annonce", nil).want(303)
	to := agent.post(h.space, "/appels/"+call+"/enregistrement", url.Values{"answer": {"yes"}}).want(303).header.Get("Location")
	id, ok := strings.CutPrefix(to, "/bureau/req_")
	if !ok {
		h.t.Fatalf("the caller agreed, and the agent is sent to %s", to)
	}
	return "req_" + id
}

// A call rings first for agents of its trade who are on duty and free; when there is none, for anybody trained; nobody else goes on duty (ET-19).
func TestCalls_tradespersonFirstThenTrainedNeverUntrained(t *testing.T) {
	h := newHouse(t)
	plumber, trained := h.enter("Agent"), h.enter("Second agent")

	// Off duty nobody takes a call.
	h.duty(trained, "yes")
	_, number := freshNumber()
	first := h.rings(trained, trained, "plombier", number)
	if h.takes(plumber, first) {
		t.Error("an agent who is off duty takes a call")
	}
	// No tradesperson on duty: the trained agent takes it at once.
	if !h.takes(trained, first) {
		t.Fatal("with no tradesperson on duty the trained agent does not get the call")
	}
	trained.post(spaceHost, "/appels/"+first+"/terminer", nil).want(303)

	// A tradesperson on duty: hers first.
	h.duty(plumber, "yes")
	_, number = freshNumber()
	second := h.rings(trained, plumber, "plombier", number)
	if h.takes(trained, second) {
		t.Error("a call of the trade goes past the tradesperson")
	}
	trained.get(spaceHost, "/appels").want(200).has("d’abord pour les conseillers du métier")
	if !h.takes(plumber, second) {
		t.Fatal("the tradesperson does not get the call of her trade")
	}
	// She is busy: the next one falls back at once.
	_, number = freshNumber()
	third := h.rings(trained, trained, "plombier", number)
	if !h.takes(trained, third) {
		t.Error("the tradesperson is busy and the call waits for her")
	}

	// An agent whose training nobody noted cannot go on duty; noted, he can.
	boss := h.enter("Operator")
	page := boss.post(spaceHost, "/equipe", url.Values{"name": {"Noé Débutant"}, "email": {"noe@depanneurs.example"}, "roles": {"agent"}}).want(200)
	novice, _ := h.joins(page)
	h.duty(novice, "yes").has("formation")
	_, number = freshNumber()
	fourth := h.rings(trained, trained, "", number)
	if h.takes(novice, fourth) {
		t.Fatal("an untrained agent takes a call")
	}
	id := regexp.MustCompile(`/equipe/(acc_[0-9a-z]+)"[^>]*class="stack"`).FindAllStringSubmatch(page.body, -1)
	novel := ""
	for _, m := range id {
		if i := strings.Index(page.body, m[0]); strings.LastIndex(page.body[:i], "noe@depanneurs.example") > strings.LastIndex(page.body[:i], `<section class="card`) {
			novel = m[1]
		}
	}
	boss.post(spaceHost, "/equipe/"+novel, url.Values{"roles": {"agent"}, "trained": {"2026-11-02"}}).want(303)
	h.duty(novice, "yes").has("Vous êtes en service")
	clause(t, "ET-19")
}

// The announcement comes before any other step (ET-143); who agrees is recorded, sealed, linked to call and request (ET-142); who refuses leaves
// nothing (ET-144). The network's share is set to every call here, so that one call decides; a call by hand is never recorded.
func TestCalls_announcedRecordedOrForgotten(t *testing.T) {
	h := newHouse(t, "--network", networkWith(t, "record: 10 %", "record: 100 %"))
	agent := h.enter("Agent")
	h.duty(agent, "yes")

	// Nothing before the announcement: no request by yes, no end by no.
	typed, number := freshNumber()
	call := h.rings(agent, agent, "plombier", typed)
	if !h.takes(agent, call) {
		t.Fatal("the call is not hers")
	}
	for _, said := range []string{"yes", "no"} {
		if to := agent.post(spaceHost, "/appels/"+call+"/enregistrement", url.Values{"answer": {said}}).want(303).header.Get("Location"); to != "/bureau/"+call {
			t.Errorf("%s before the announcement leads to %s", said, to)
		}
	}
	agent.get(spaceHost, "/bureau/"+call).want(200).has("Faites d’abord l’annonce").lacks(`name="street"`)
	if to := agent.get(spaceHost, "/bureau/"+call).want(200); !strings.Contains(to.body, "enregistr") {
		t.Error("the desk does not show what to say")
	}

	// Yes: one request, the desk filled while he talks, published; one recording once the call is over.
	id := h.agrees(agent, call)
	agent.get(spaceHost, "/bureau/"+id).want(200).has(strings.ReplaceAll(typed, " ", "\u00a0"))
	agent.post(spaceHost, "/appels/"+call+"/terminer", nil).want(303)
	var hear string
	eventually(t, "the recording is here", func() bool {
		hear = regexp.MustCompile(`/enregistrements/rec_[0-9a-z]+`).FindString(h.enter("Operator").get(spaceHost, "/appels").want(200).body)
		return hear != ""
	})

	// No: closed as refused, no request.
	requests := strings.Count(agent.get(spaceHost, "/rappels").want(200).body, "/rappels?c=")
	refusedTyped, refused := freshNumber()
	no := h.rings(agent, agent, "plombier", refusedTyped)
	if !h.takes(agent, no) {
		t.Fatal("the second call is not hers")
	}
	agent.post(spaceHost, "/appels/"+no+"/annonce", nil).want(303)
	if to := agent.post(spaceHost, "/appels/"+no+"/enregistrement", url.Values{"answer": {"no"}}).want(303).header.Get("Location"); to != "/appels" {
		t.Errorf("a refusal leads to %s", to)
	}
	agent.get(spaceHost, "/appels").want(200).has("Enregistrement refusé, rien n’est gardé").lacks(refused, refusedTyped)
	if now := strings.Count(agent.get(spaceHost, "/rappels").want(200).body, "/rappels?c="); now != requests {
		t.Errorf("%d requests wait after a refusal, %d before", now, requests)
	}
	for _, step := range []string{"annonce", "enregistrement", "terminer", "prendre"} {
		if to := agent.post(spaceHost, "/appels/"+no+"/"+step, url.Values{"answer": {"yes"}}).header.Get("Location"); strings.HasPrefix(to, "/bureau/req_") {
			t.Errorf("%s revives a refused call", step)
		}
	}

	// By hand, from the first word to the published request; no line of ours carries it, so nothing is recorded.
	typed, byHandNumber := freshNumber()
	to := agent.post(spaceHost, "/appels", url.Values{"site": {"depanneurs.example"}, "number": {typed}}).want(303).header.Get("Location")
	byHand := strings.TrimPrefix(to, "/bureau/")
	if !strings.HasPrefix(byHand, "cal_") {
		t.Fatalf("a call by hand begins at %s", to)
	}
	sold := h.agrees(agent, byHand)
	desk := agent.get(spaceHost, "/bureau/"+sold).want(200)
	// The questions follow the trade: it is chosen first, as the desk does by itself.
	form := deskForm(t, desk)
	form.Set("trade", "plombier")
	form.Set("do", "save")
	desk = agent.post(spaceHost, "/bureau/"+sold, form).want(200)
	change := leak().values
	change.Set("phone", typed)
	for _, m := range regexp.MustCompile(`name="(consent-[a-z-]+)"`).FindAllStringSubmatch(desk.body, -1) {
		change.Set(m[1], "yes")
	}
	h.publishDesk(agent, sold, "40", change).want(303)
	agent.post(spaceHost, "/appels/"+byHand+"/terminer", nil).want(303)
	pro := h.buyer(sold)
	pro.get(spaceHost, h.buy(pro, sold, "wallet").want(303).header.Get("Location")).want(200).has("Élodie Visite", "tel:"+byHandNumber)

	boss := h.enter("Operator")
	boss.get(spaceHost, hear).want(200).lacks("<audio")
	boss.post(spaceHost, hear, url.Values{"purpose": {"curiosity"}}).want(422)
	sound := regexp.MustCompile(`/enregistrements/son/[^"]+`).FindString(boss.post(spaceHost, hear, url.Values{"purpose": {"quality"}}).want(200).body)
	if wav := boss.get(spaceHost, sound).want(200); !strings.HasPrefix(wav.body, "RIFF") || wav.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("the sound: %d bytes, %s", len(wav.body), wav.header.Get("Cache-Control"))
	}
	agent.get(spaceHost, sound).want(410)
	h.visitor().get(spaceHost, sound).want(303)
	listener := open(t, h.server, desktop)
	h.enterAs(listener, "Operator")
	listener.goTo(spaceHost, hear)
	listener.click("label:has([name=purpose])")
	listener.click("main form button")
	listener.until("the player knows the sound", `document.querySelector("audio")?.duration === 3`)
	eval[bool](listener, `(document.querySelector("audio").currentTime = 2, true)`)
	listener.until("the player has gone to its third second", `!document.querySelector("audio").seeking && document.querySelector("audio").currentTime >= 2`)
	listener.accessible()
	plumber := h.enter("Professional 1")
	plumber.get(spaceHost, hear).want(403)

	eventually(t, "the keys of who refused are destroyed", func() bool {
		return strings.Contains(h.visitor().get(spaceHost, "/readyz").want(200).body, `"jobs_waiting":0`)
	})
	h.stop(syscall.SIGTERM)
	main := opened(t, h.data+"/main.db", nil)
	kept := rowsOf(t, main)
	person := ""
	for _, r := range kept["call"] {
		switch r["id"] {
		case call:
			if r["announced_at"].(int64) == 0 || r["accepted_at"].(int64) < r["announced_at"].(int64) || r["request_id"] != id || r["sampled"].(int64) != 1 {
				t.Errorf("the call that was accepted: %v", r)
			}
		case byHand:
			if r["sampled"].(int64) != 0 || r["request_id"] != sold {
				t.Errorf("the call by hand: %v", r)
			}
		case no:
			person = r["person_id"].(string)
			if r["state"] != "refused" || len(r["caller_sealed"].([]byte)) > 0 || r["caller_bidx"] != "" || r["request_id"] != "" || r["accepted_at"].(int64) != 0 {
				t.Errorf("the refused call keeps something: %v", r)
			}
		}
	}
	if person == "" {
		t.Fatal("the refused call is not in the file")
	}
	if n := len(kept["recording"]); n != 1 {
		t.Errorf("%d recordings, want one", n)
	}
	for _, r := range kept["recording"] {
		sound := r["sound_sealed"].([]byte)
		if r["call_id"] != call || len(sound) < 1000 || strings.Contains(string(sound), "RIFF") || strings.Contains(string(sound), "WAVE") {
			t.Errorf("the recording of %v is not sealed, or of another call", r["call_id"])
		}
	}
	for _, who := range []string{"request", "consent", "message"} {
		for _, r := range kept[who] {
			if r["person_id"] == person {
				t.Errorf("a row of %s about who refused: %v", who, r["id"])
			}
		}
	}
	// Nothing that anybody said stands in the file in clear, whoever he was.
	clear := []string{number, refused, byHandNumber, "Élodie", "12 rue de la Visite", "elodie@example.org"}
	for _, n := range []string{number, refused, byHandNumber} {
		clear = append(clear, "0"+n[3:], n[3:])
	}
	lacksInClear(t, kept, clear...)
	// His keys are destroyed: what an older backup holds of the row is noise.
	his := map[any]bool{}
	for _, r := range kept["person_key"] {
		if r["person_id"] == person {
			his[r["key_id"]] = true
		}
	}
	for _, r := range rowsOf(t, opened(t, h.data+"/keys.db", vault.KeySchema()))["data_key"] {
		if his[r["id"]] && (r["erased_at"].(int64) == 0 || len(r["wrapped_sealed"].([]byte)) > 0) {
			t.Errorf("a key of who refused is kept: %v", r["id"])
		}
	}
	clause(t, "ET-142", "ET-143", "ET-144")
}

// opened reads a database of a server that was stopped.
func opened(t *testing.T, path string, schema fs.FS) *db.DB {
	t.Helper()
	d, err := db.OpenOnly(t.Context(), db.Options{Path: path, Schema: schema, Clocks: db.Clocks{Business: time.Now, Machine: time.Now}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// rowsOf reads every row of every table.
func rowsOf(t *testing.T, d *db.DB) map[string][]map[string]any {
	t.Helper()
	all := map[string][]map[string]any{}
	err := d.Dump(t.Context(), func(table string, row map[string]any) error {
		all[table] = append(all[table], row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("the database is empty")
	}
	return all
}

// lacksInClear fails for every value of the rows that holds one of the words.
func lacksInClear(t *testing.T, rows map[string][]map[string]any, words ...string) {
	t.Helper()
	for table, all := range rows {
		for _, r := range all {
			for column, value := range r {
				text, _ := value.(string)
				if b, ok := value.([]byte); ok {
					text = string(b)
				}
				for _, w := range words {
					if strings.Contains(text, w) {
						t.Errorf("%s.%s of %v holds %q in clear", table, column, r["id"], w)
					}
				}
			}
		}
	}
}
