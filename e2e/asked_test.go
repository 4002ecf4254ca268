package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"
)

// Each product has its form, and each form yields a request that says what is sought, to the desk and to who asked (AQ-02, 04, 10); the two sides
// of the business stand in the register (AQ-03).
func TestAsked_eachProductHasItsForm(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	agent := h.enter("Agent")
	for trade, c := range map[string]struct {
		values url.Values
		shown  []string
	}{
		"voiture-neuve":    {url.Values{"urgency": {"now"}, "answers.make": {"renault"}, "answers.model_renault": {"clio"}}, []string{"Voiture neuve", "Renault", "Clio"}},
		"voiture-occasion": {url.Values{"urgency": {"month"}, "answers.make": {"peugeot"}, "answers.model_peugeot": {"208"}}, []string{"Voiture d’occasion", "Peugeot", "208"}},
		"garage-auto":      {url.Values{"urgency": {"later"}, "answers.work": {"tyres"}, "answers.make": {"dacia"}}, []string{"Entretien ou réparation", "Des pneus", "Dacia"}},
		"carrosserie":      {url.Values{"urgency": {"now"}, "answers.work": {"body"}, "answers.make": {"fiat"}}, []string{"Carrosserie", "Un choc ou une rayure", "Fiat"}},
	} {
		n := h.project(trade, c.values)
		n.values.Set("consent-match", "yes")
		h.visitor().get(h.site, "/").want(200).has(`/demande/` + trade)
		consumer, id := h.asked(n)
		agent.get(h.space, "/demandes/"+id).want(200).says(c.shown...)
		consumer.get(h.site, "/ma-demande").want(200).says(c.shown...)
	}
	clause(t, "AQ-02", "AQ-04", "AQ-10")
	all := h.activities()
	for id, want := range map[string][2]string{"match": {"demandeurs", "professionnels"}, "work_with_suppliers": {"professionnels", "demandeurs"}} {
		row := ""
		for head, cell := range all[id] {
			if strings.Contains(head, "Personnes") {
				row = cell
			}
		}
		if !strings.Contains(row, want[0]) || strings.Contains(row, want[1]) {
			t.Errorf("%s is about %q", id, row)
		}
	}
	clause(t, "AQ-03")
}

// Before a request counts, the number just given gets a code that is typed in the form: a number that is none gets no message, a wrong code opens
// nothing, five of them are all, and nobody works on it meanwhile (AQ-40, 41; CS-12).
func TestAsked_theNumberIsProved(t *testing.T) {
	for network, c := range map[string]struct {
		trade   string
		values  url.Values
		clauses []string
	}{
		"auto-quotes":    {"voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"renault"}, "consent-match": {"yes"}}, []string{"AQ-40", "AQ-41"}},
		"customer-space": {"assistance", url.Values{"urgency": {"today"}, "answers.subject": {"contract"}}, []string{"CS-12"}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			agent := h.enter("Agent")
			for _, bad := range []string{"06 39", "0123", "pas un numéro", "+33 6 39 98 12 34 56 78", ""} {
				n := h.project(c.trade, c.values)
				n.values.Set("phone", bad)
				v := h.visitor()
				v.post(h.site, "/demande/"+c.trade, h.fills(v, n)).want(422)
			}
			if len(h.outbox()) != 0 {
				t.Errorf("a number that is none got %v", h.outbox())
			}
			type tried struct {
				v    *visitor
				code string
				id   string
			}
			begin := func() tried {
				t.Helper()
				n := h.project(c.trade, c.values)
				v := h.visitor()
				if to := v.post(h.site, "/demande/"+c.trade, h.fills(v, n)).want(303).header.Get("Location"); to != "/demande/code" {
					t.Fatalf("led to %s", to)
				}
				m := h.letter("a code", func(m sent) bool { return m.Kind == "code" && m.To == n.phone })
				return tried{v, regexp.MustCompile(`\d{6}`).FindString(m.Text), m.Object}
			}
			wrong := func(code string) string {
				if code == "123456" {
					return "654321"
				}
				return "123456"
			}
			a := begin()
			a.v.post(h.site, "/demande/code", url.Values{"code": {wrong(a.code)}}).want(422)
			agent.get(h.space, "/rappels").want(200).lacks(a.id)
			agent.post(h.space, "/rappels/"+a.id+"/prendre", nil)
			agent.get(h.space, "/bureau/"+a.id).lacks(`value="publish"`, `name="price"`, "Répondre au client")
			for _, m := range h.outbox() {
				if m.Object == a.id && m.Kind != "code" {
					t.Errorf("before the code, %s left", m.Kind)
				}
			}
			a.v.post(h.site, "/demande/code", url.Values{"code": {a.code}}).want(303)
			agent.get(h.space, "/rappels").want(200).has(a.id)
			b := begin()
			for range 5 {
				if s := b.v.post(h.site, "/demande/code", url.Values{"code": {wrong(b.code)}}).status; s != 422 && s != 429 {
					t.Errorf("a wrong code answers %d", s)
				}
			}
			if s := b.v.post(h.site, "/demande/code", url.Values{"code": {b.code}}).status; s == 303 {
				t.Error("after five wrong codes the right one opens")
			}
			agent.get(h.space, "/rappels").want(200).lacks(b.id)
			clause(t, c.clauses...)
		})
	}
}

// Who is phoned has said yes: the box for it is empty, without it nothing is asked and nobody is called, and when the person takes the request back
// it leaves the queue (AQ-28). Who carries codes and where data lies is told where data is collected and on the notice (AQ-44, 48).
func TestAsked_calledWithConsentAndTold(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	values := url.Values{"urgency": {"now"}, "answers.make": {"toyota"}, "consent-match": {"yes"}}
	page := h.visitor().get(h.site, "/demande/voiture-neuve").want(200)
	for _, box := range []string{"consent-call-me", "consent-confirm"} {
		tag := regexp.MustCompile(`<input[^>]*name="` + box + `"[^>]*>`).FindString(page.body)
		if tag == "" || strings.Contains(tag, " checked") {
			t.Errorf("%s: %s", box, tag)
		}
	}
	without := h.project("voiture-neuve", values)
	without.values.Del("consent-call-me")
	v := h.visitor()
	v.post(h.site, "/demande/voiture-neuve", h.fills(v, without)).want(422).has("consent-call-me")
	agent := h.enter("Agent")
	agent.get(h.space, "/rappels").want(200).lacks("/rappels?c=")
	consumer, id := h.asked(h.project("voiture-neuve", values))
	agent.get(h.space, "/rappels").want(200).has(id)
	consumer.post(h.site, "/ma-demande/retrait", url.Values{"consent": {"match"}}).want(303)
	agent.get(h.space, "/rappels").want(200).lacks(id)
	for head, cell := range h.activities()["confirm_by_phone"] {
		if strings.Contains(head, "Base") && !strings.Contains(cell, "accord") {
			t.Errorf("calls to confirm rest on %q", cell)
		}
	}
	clause(t, "AQ-28")

	page.says("Notre prestataire de codes par SMS, qui ne reçoit que le numéro", "notre intérêt légitime")
	notice := h.visitor().get(h.site, "/confidentialite").want(200).has(`href="https://codes.example/confidentialite"`)
	notice.says("Vérifier qu’un numéro est valable et qu’un robot n’a pas rempli le formulaire À quel titre : notre intérêt légitime")
	clause(t, "AQ-44")
	host := "Hébergeur Exemple, 2 rue des Serveurs, 59000 Lille, +33 3 53 01 00 20, https://hebergeur.example"
	notice.says("Hébergeur, en France : "+host, "Notre hébergeur, dont le centre est en France")
	h.visitor().get(h.site, "/mentions-legales").want(200).says(host)
	if !regexp.MustCompile(`dont le centre est en France sous-traitant, sur nos instructions FR`).MatchString(notice.words()) {
		t.Error("the table of recipients does not say in which country the host is")
	}
	clause(t, "AQ-48")
}

// Staff come in by password and code alone, each to what is theirs; a weak password is refused, and who guesses is stopped (AQ-49).
func TestAsked_staffComeInByPasswordAndCode(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	_, id := h.asked(h.project("voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"kia"}, "consent-match": {"yes"}}))
	boss := h.enter("Operator")
	page := boss.post(h.space, "/equipe", url.Values{"name": {"Inès Nouvelle"}, "email": {"ines@equipe.example"}, "roles": {"agent"}}).want(200)
	link := invitationLink.FindString(page.body)
	for _, weak := range []string{"", "court", "motdepasse", "Inès Nouvelle", "aaaaaaaaaaaaaa"} {
		h.visitor().post(h.space, link, url.Values{"password": {weak}, "password2": {weak}, "code": {"000000"}}).want(422)
	}
	h.visitor().post(h.space, link, url.Values{"password": {passphrase}, "password2": {passphrase}, "code": {"000000"}}).want(422)
	member, _ := h.joins(page)
	member.get(h.space, "/demandes/"+id).want(200).has("Élodie Visite")
	member.get(h.space, "/equipe").want(403)
	half := h.visitor()
	half.post(h.space, "/connexion", url.Values{"email": {"ines@equipe.example"}, "password": {passphrase}}).want(200).has(`name="code"`)
	half.get(h.space, "/demandes/"+id).want(303)
	guesser, stopped := h.visitor(), false
	for range 40 {
		if guesser.post(h.space, "/connexion", url.Values{"email": {"ines@equipe.example"}, "password": {"pas le bon mot"}}).status == http.StatusTooManyRequests {
			stopped = true
			break
		}
	}
	if !stopped {
		t.Error("an address may guess for ever")
	}
	clause(t, "AQ-49")
}

// pictured posts a form with a photo, as a browser does.
func (h *house) pictured(v *visitor, n need) *answer {
	h.t.Helper()
	photo := image.NewRGBA(image.Rect(0, 0, 640, 480))
	for x := range 640 {
		for y := range 480 {
			photo.Set(x, y, color.RGBA{uint8(x), uint8(y), 90, 255})
		}
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, values := range h.fills(v, n) {
		for _, x := range values {
			if err := w.WriteField(name, x); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile("photos", "facade.jpg")
	if err == nil {
		err = jpeg.Encode(part, photo, nil)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return v.do(http.MethodPost, n.host, "/demande/"+n.trade, http.Header{"Content-Type": {w.FormDataContentType()}, "Sec-Fetch-Site": {"same-origin"}}, &body)
}

// An adviser's network takes each kind of case (WA-29), with pictures that are erased with it (WA-13), says when it collects (WA-07), works whatever a visitor refuses (WA-32), and
// stops what rested on a consent as soon as its officer notes the withdrawal (WA-34).
func TestAsked_anAdvisersCases(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	agent, officer := h.enter("Agent"), h.operator()
	refuser := h.visitor()
	refuser.post(h.site, "/cookies", url.Values{"do": {"refuse"}, "back": {"/"}}).want(303)
	for i, trade := range []string{"travaux", "gestion-de-biens", "diagnostic", "financement", "garantie"} {
		n := h.project(trade, url.Values{"urgency": {"week"}, "answers.home": {"house"}})
		refuser.get(h.site, "/").want(200).has("/demande/" + trade)
		refuser.post(h.site, "/demande/"+trade, h.fills(refuser, n)).want(303)
		id := h.coded(refuser, n)
		label := []string{"Réaliser des travaux", "Gestion de biens", "Diagnostic technique", "Conseil de financement", "Faire jouer une garantie"}[i]
		refuser.get(h.site, "/ma-demande").want(200).says(label)
		agent.get(h.space, "/demandes/"+id).want(200).says(label)
	}
	clause(t, "WA-29", "WA-32")
	refuser.get(h.site, "/confidentialite").want(200).says("D’où viennent les données", "de vous : par formulaire, par téléphone, par e-mail ou par courrier", "de votre navigateur, selon vos choix",
		"Faire fonctionner et sécuriser le site : relevé automatiquement", "Étudier votre demande et vous conseiller : donné par vous, transmis par un partenaire", "Vous proposer nos services : donné par vous", "Exécuter le contrat, les garanties et les devoirs qui s’y attachent : donné par vous, produit par nous")
	clause(t, "WA-07")

	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}, "answers.owner": {"owner"}, "email": {"photo@example.org"}, "street": {"12 rue de la Visite"}})
	v := h.visitor()
	h.pictured(v, n).want(303)
	id := h.coded(v, n)
	picture := regexp.MustCompile(`/demandes/` + id + `/photos/pho_[0-9a-z]+`).FindString(agent.get(h.space, "/demandes/"+id).want(200).body)
	if picture == "" {
		t.Fatal("the desk shows no picture")
	}
	if a := agent.get(h.space, picture).want(200); !strings.HasPrefix(a.header.Get("Content-Type"), "image/") {
		t.Error(a.header)
	}
	listed := ""
	for head, cell := range h.activities()["answer_requests"] {
		if strings.Contains(head, "Données") {
			listed = cell
		}
	}
	for _, category := range []string{"nom", "téléphone", "photos", "profession"} {
		if !strings.Contains(listed, category) {
			t.Errorf("the register does not list %s: %s", category, listed)
		}
	}
	_, file := h.rightsOf("photo@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact", "requests"}})
	h.act(officer, file, "erase", nil).want(303)
	if a := agent.get(h.space, picture); a.status == 200 {
		t.Error("an erased picture is shown")
	}
	agent.get(h.space, "/demandes/"+id).lacks("12 rue de la Visite", "photo@example.org", "Élodie Visite")
	clause(t, "WA-13")

	for _, box := range []string{"consent-offers-email", "consent-offers-phone"} {
		tag := regexp.MustCompile(`<input[^>]*name="` + box + `"[^>]*>`).FindString(h.visitor().get(h.site, "/demande/travaux").want(200).body)
		if tag == "" || strings.Contains(tag, " checked") {
			t.Errorf("%s: %s", box, tag)
		}
	}
	willing := h.project("financement", url.Values{"urgency": {"season"}, "answers.home": {"flat"}, "email": {"accord@example.org"}, "consent-offers-email": {"yes"}, "consent-offers-phone": {"yes"}})
	_, id = h.asked(willing)
	consents := func() string {
		return agent.get(h.space, "/demandes/"+id).want(200).words()
	}
	if !strings.Contains(consents(), "m’appelle pour me proposer ses services") {
		t.Error("the file does not show the consent")
	}
	before := maySell(h, agent, willing.values.Get("phone"), "financement").want(200).words()
	officer.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"post"}, "asked": {"withdrawal"}, "name": {"Élodie Visite"}, "email": {"accord@example.org"}, "phone": {willing.values.Get("phone")}, "words": {"Je retire mon accord."}}).want(303)
	after := maySell(h, agent, willing.values.Get("phone"), "financement").want(200)
	if withdrawn := "La personne a retiré son accord"; !strings.Contains(after.words(), withdrawn) || strings.Contains(before, withdrawn) || strings.Contains(before, "n’a pas donné son accord préalable") {
		t.Errorf("before: %s\nafter: %s", before[max(0, len(before)-500):], after.words()[max(0, len(after.words())-500):])
	}
	clause(t, "WA-34")
}

// The archive of a network is apart: what is archived leaves the ordinary search and pages; who has the role opens it with a ground, each time with a
// line in the trail (WA-37). The shipped file archives contracts, whose feature comes later: here it archives requests by the same rule.
func TestAsked_theArchiveIsApart(t *testing.T) {
	folder := otherWith(t, "works-advisor", "    keep: {while: request-open, then: 3 years, renewed_by: [reply, click, request, call, sign-in], at_end: erase}", "    keep: {while: request-open, then: 3 years, archive: {for: 5 years, read_by: litigation}, at_end: erase}")
	h := openHouse(t, otherHosts["works-advisor"][0], otherHosts["works-advisor"][1], "--network", folder, "--professionals", "0", "--requests", "0")
	agent := h.enter("Agent")
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}, "street": {"12 rue de la Visite"}})
	consumer, id := h.asked(n)
	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(agent.get(h.space, "/demandes/"+id).want(200).body)
	search := func(v *visitor) *answer {
		v.post(h.space, "/recherche", url.Values{"q": {"Visite"}})
		return v.get(h.space, "/recherche")
	}
	search(agent).want(200).has("/demandes/" + id)
	consumer.post(h.site, "/ma-demande/annuler", nil).want(303)
	for range 12 {
		h.later(92 * 24 * time.Hour)
	}
	agent = h.enter("Agent")
	search(agent).want(200).lacks("/demandes/" + id)
	if a := agent.get(h.space, "/demandes/"+id); strings.Contains(a.body, "Élodie Visite") || strings.Contains(a.body, "12 rue de la Visite") || strings.Contains(a.body, n.phone) {
		t.Error("an archived request is shown as if it were active")
	}
	boss := h.enter("Operator")
	lawyer := h.hired(boss, "litigation")
	why := url.Values{"who": {ref}, "ground": {"dispute"}, "reference": {"RG 26/00012"}}
	agent.post(h.space, "/conservation/archive", why).want(403)
	boss.post(h.space, "/conservation/archive", why).lacks("12 rue de la Visite")
	noGround := url.Values{"who": {ref}, "ground": {""}, "reference": {""}}
	lawyer.post(h.space, "/conservation/archive", noGround).lacks("12 rue de la Visite")
	lawyer.post(h.space, "/conservation/archive", why).want(200).has("12 rue de la Visite", "RG 26/00012")
	boss.get(h.space, "/journal.csv?what=archive.open").want(200).has("archive.open", "RG 26/00012")
	clause(t, "WA-37")
}

// Backups guarantee that all is there again: what was asked reads as it did, its proof still verifies, and who was erased stays erased (RN-85).
func TestAsked_backedUpAndRestored(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	values := url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}, "street": {"12 rue de la Visite"}}
	_, kept := h.asked(h.project("cuisiniste", values))
	_, gone := h.asked(h.project("cuisiniste", values))
	agent := h.enter("Agent")
	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(agent.get(h.space, "/demandes/"+gone).want(200).body)
	dir := t.TempDir()
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	identity, archive, keys := filepath.Join(dir, "identity.txt"), filepath.Join(dir, "db.age"), filepath.Join(dir, "keys.age")
	if err := os.WriteFile(identity, []byte(key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	done(t, "backup", "--data", h.data, "--recipient", key.Recipient().String(), archive)
	done(t, "backup", "--data", h.data, "--recipient", key.Recipient().String(), "--keys", keys)
	done(t, "person", "erase", ref, "--why", "CAS-1", "--data", h.data)
	h.stop(syscall.SIGTERM)
	was := rowsOf(t, opened(t, filepath.Join(h.data, "main.db"), nil))
	data := filepath.Join(t.TempDir(), "restored")
	done(t, "restore", "--data", data, "--identity", identity, "--keys-archive", keys, "--master", filepath.Join(h.data, "master.key"), "--archive-key", filepath.Join(h.data, "archive.key"), archive)
	refused(t, "replay the ledger of erasures first", "demo", "--network", "reviews-network", "--data", data, "--listen", "127.0.0.1:0")
	done(t, "replay", "--data", data, "--erasures", filepath.Join(h.data, "erasures.jsonl"))
	is := rowsOf(t, opened(t, filepath.Join(data, "main.db"), nil))
	fingerprints := func(rows map[string][]map[string]any) map[string]string {
		all := map[string]string{}
		for _, r := range rows["proof_leaf"] {
			if r["object"] == kept {
				all[fmt.Sprint(r["id"])] = fmt.Sprintf("%x", r["commitment_hash"])
			}
		}
		return all
	}
	if before, after := fingerprints(was), fingerprints(is); len(before) == 0 || !maps.Equal(before, after) {
		t.Errorf("fingerprints %v, restored %v", before, after)
	}
	if len(was["request"]) != 2 || len(is["request"]) != 2 || len(was["consent"]) != len(is["consent"]) || len(was["consent"]) == 0 {
		t.Errorf("%d requests and %d consents, restored %d and %d", len(was["request"]), len(was["consent"]), len(is["request"]), len(is["consent"]))
	}
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, program, "demo", "--network", "reviews-network", "--data", data, "--listen", "127.0.0.1:0")
	again := &house{server: s, t: t, site: h.site, space: h.space, roles: h.roles}
	agent = again.enter("Agent")
	agent.get(h.space, "/demandes/"+kept).want(200).has("Élodie Visite", "12 rue de la Visite")
	agent.get(h.space, "/demandes/"+gone).lacks("Élodie Visite", "12 rue de la Visite")
	clause(t, "RN-85")
}
