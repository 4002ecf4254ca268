package e2e

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var fileAddress = regexp.MustCompile(`/conformite/dossier/ovs_[0-9a-z]+`)

// opens makes a file of the officer's and answers its address.
func (h *house) opens(officer *visitor, kind string, form url.Values) string {
	h.t.Helper()
	page := officer.get(h.space, "/conformite/nouveau/"+kind).want(200)
	if form.Get("since") == "" {
		form.Set("since", regexp.MustCompile(`value="(\d{4}-\d\d-\d\dT\d\d:\d\d)"`).FindStringSubmatch(page.body)[1])
	}
	to := officer.post(h.space, "/conformite/nouveau/"+kind, form).want(303).header.Get("Location")
	if !fileAddress.MatchString(to) {
		h.t.Fatalf("a new file leads to %q", to)
	}
	return to
}

func (h *house) does(officer *visitor, file, do string, form url.Values) *answer {
	h.t.Helper()
	if form == nil {
		form = url.Values{}
	}
	form.Set("do", do)
	return officer.post(h.space, file, form)
}

// A breach from awareness to its closing: its clock, the notice to the authority, the letter to the people, the register.
func TestOversight_aBreachFromAwarenessToItsClosing(t *testing.T) {
	h := newHouse(t)
	officer := h.operator()
	n := leak()
	n.values.Set("email", "touchee@example.org")
	h.asked(n)
	officer.post(h.space, "/conformite/nouveau/violations", url.Values{"title": {""}, "since": {"hier"}}).want(422).has("Ce champ est nécessaire", "un instant passé")
	file := h.opens(officer, "violations", url.Values{"title": {"Un ordinateur perdu"}})
	officer.get(h.space, "/aujourdhui").want(200).has("Un ordinateur perdu", "avertir l’autorité")
	officer.get(h.space, file).want(200).has("Il manque encore", "Le niveau de risque")
	h.does(officer, file, "close", nil).want(422)
	h.does(officer, file, "decline", url.Values{"not_notified": {"Le disque était chiffré, clé restée ici."}}).want(303) // told on the page: no level of risk yet
	officer.get(h.space, file).want(200).has("seulement si aucun risque")
	h.does(officer, file, "complete", url.Values{"title": {"Un ordinateur perdu"}, "nature": {"Perdu dans un train, non chiffré."}, "consequences": {"Des appels importuns."}, "measures": {"Accès fermés. Méfiez-vous des appels."},
		"reason": {"Des numéros lisibles."}, "risk": {"high"}, "people": {"1 214"}, "records": {"peut-être"}, "data": {"contact"}}).want(422).has("Écrivez un nombre", "Perdu dans un train")
	h.does(officer, file, "complete", url.Values{"title": {"Un ordinateur perdu"}, "nature": {"Perdu dans un train, non chiffré."}, "consequences": {"Des appels importuns."}, "measures": {"Accès fermés. Méfiez-vous des appels."},
		"reason": {"Des numéros lisibles."}, "risk": {"high"}, "people": {"1 214"}, "records": {"3000"}, "data": {"contact"}}).want(303)
	officer.get(h.space, file+"/avis").want(200).has("RGPD art. 33", "Perdu dans un train", "environ 1214", "CNIL", "dpo@depanneurs.example")

	officer.get(h.space, file+"/lettre").want(200).has("Un incident a touché vos données", "Des appels importuns")

	// Past the clock a notice needs its reasons.
	h.later(73 * time.Hour)
	officer = h.operator()
	h.letter("the officer is warned", func(m sent) bool {
		return m.Kind == "rights-due" && m.To == "dpo@depanneurs.example" && strings.Contains(m.Text, file)
	})
	h.does(officer, file, "notify", nil).want(422).has("Écrivez pourquoi")
	h.does(officer, file, "notify", url.Values{"late": {"La perte n’a été signalée qu’au retour."}}).want(303)
	h.does(officer, file, "close", nil).want(422).has("La lettre aux personnes")
	h.does(officer, file, "tell", url.Values{"whom": {"contact"}}).want(303)
	m := h.letter("the person is told", func(m sent) bool { return m.Kind == "breach-told" && m.To == "touchee@example.org" })
	for _, want := range []string{"Perdu dans un train", "Des appels importuns", "Méfiez-vous", "dpo@depanneurs.example"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("the letter does not say %q", want)
		}
	}
	eventually(t, "everybody is gone through", func() bool { return strings.Contains(officer.get(h.space, file).want(200).body, "personnes averties") })
	h.does(officer, file, "close", nil).want(303)
	officer.get(h.space, file).want(200).has("Clos", "La perte n’a été signalée qu’au retour").lacks(`name="nature"`)
	officer.get(h.space, "/conformite/registre/violations").want(200).has("Un ordinateur perdu", "un risque élevé", "Perdu dans un train", "Accès fermés", "Pourquoi la notification est tardive")
	officer.get(h.space, "/conformite/registre/violations/csv").want(200).has("Perdu dans un train", "high", "1214")
	officer.get(h.space, "/journal?what=oversight.export").want(200).has("Registre de conformité exporté")
	for _, role := range []string{"Agent", "Professional 1"} {
		other := h.enter(role)
		for _, path := range []string{"/conformite", file, file + "/avis", "/conformite/registre/violations", "/conformite/registre/violations/csv", "/conformite/destinataires"} {
			other.get(h.space, path).want(403)
		}
	}
}

// The measures are looked at again on the day that the last review set, as the network file says at the latest.
func TestOversight_reviewsComeBack(t *testing.T) {
	for _, network := range []struct {
		name, clause string
		after        int // months
	}{{"emergency-trades", "ET-120", 6}, {"reviews-network", "RN-86", 6}} {
		t.Run(network.name, func(t *testing.T) {
			var h *house
			if network.name == "emergency-trades" {
				h = newHouse(t)
			} else {
				h = newHouseOf(t, network.name)
			}
			officer := h.operator()
			const waits = "nouvelle revue à faire"
			officer.get(h.space, "/aujourdhui").want(200).lacks(waits)
			file := h.opens(officer, "revues", url.Values{"title": {"Revue d’automne"}})
			h.does(officer, file, "close", nil).want(422).has("Constats")
			h.does(officer, file, "complete", url.Values{"title": {"Revue d’automne"}, "findings": {"Deux comptes dormants."}, "measures": {"Comptes fermés."}, "next": {"2099-01-01"}}).want(422).has("au plus tard")
			h.does(officer, file, "complete", url.Values{"title": {"Revue d’automne"}, "findings": {"Deux comptes dormants."}, "measures": {"Comptes fermés."}}).want(303)
			h.does(officer, file, "close", nil).want(303)
			officer.get(h.space, "/conformite/registre/revues").want(200).has("Revue d’automne", "La suivante")
			officer.get(h.space, "/aujourdhui").want(200).lacks(waits)
			now := time.Now()
			h.later(now.AddDate(0, network.after, -2).Sub(now))
			h.operator().get(h.space, "/aujourdhui").want(200).lacks(waits)
			h.later(72 * time.Hour)
			officer = h.operator()
			officer.get(h.space, "/aujourdhui").want(200).has(waits, "Revue d’automne")
			h.visitor().get(h.space, "/conformite").want(303)
			h.opens(officer, "revues", url.Values{"title": {"Revue de printemps"}})
			officer.get(h.space, "/aujourdhui").want(200).lacks(waits).has("Revue de printemps")
			clause(t, network.clause)
		})
	}
}

// An authority gets what it may ask for and nothing else, with a legal reference, on record; broken terms are kept with their evidence on hold.
func TestOversight_authoritiesAndBrokenTerms(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	officer := h.operator()
	_, ref := h.wrote(t, "visee@example.org", "Dominique Visée")
	h.wrote(t, "autre@example.org", "Camille Étrangère")

	since := time.Now().Add(-time.Hour).Format("2006-01-02T15:04")
	officer.post(h.space, "/conformite/nouveau/autorites", url.Values{"authority": {"Tribunal judiciaire de Lille"}, "asked": {"Les coordonnées du demandeur."}, "since": {since}}).want(422).has("Ce champ est nécessaire", "rien d’autre ne sera extrait")
	file := h.opens(officer, "autorites", url.Values{"authority": {"Tribunal judiciaire de Lille"}, "legal": {"CPC art. 145, ordonnance 26/00118"}, "asked": {"Les coordonnées du demandeur."}, "data": {"identity", "contact"}, "since": {since}})
	officer.get(h.space, "/aujourdhui").want(200).has("Tribunal judiciaire de Lille", "à répondre")
	h.does(officer, file, "tie", url.Values{"ref": {"ZZZZ-ZZZZ"}}).want(422).has("Rien n’est connu sous cette référence")
	h.does(officer, file, "tie", url.Values{"ref": {ref}}).want(303)
	officer.get(h.space, "/conservation").want(200).has("demande d’une autorité")
	extract := officer.post(h.space, file+"/extrait", nil).want(200)
	extract.has("Dominique Visée", "visee@example.org", "ordonnance 26/00118", "Tribunal judiciaire de Lille").lacks("Étrangère", "autre@example.org", "request.words")
	var read struct {
		Categories []string
		People     []struct{ Values []struct{ Category string } }
	}
	if err := json.Unmarshal([]byte(extract.body), &read); err != nil || len(read.People) != 1 || len(read.People[0].Values) == 0 {
		t.Fatalf("the extract: %v, %+v", err, read)
	}
	for _, v := range read.People[0].Values {
		if v.Category != "identity" && v.Category != "contact" {
			t.Errorf("the extract holds %s", v.Category)
		}
	}
	officer.get(h.space, file).want(200).has("Extrait remis", "SHA-256")
	officer.get(h.space, "/journal?what=oversight.").want(200).has("Extrait fait pour une autorité", "Données remises à une autorité")
	h.does(officer, file, "complete", url.Values{"authority": {"Tribunal judiciaire de Lille"}, "legal": {"CPC art. 145, ordonnance 26/00118"}, "asked": {"Les coordonnées du demandeur."}, "data": {"identity", "contact"}, "to": {"Au greffe, par pli"}, "outcome": {"Extrait remis."}}).want(303)
	h.does(officer, file, "close", nil).want(303)
	officer.get(h.space, "/conservation").want(200).has("Levé le")
	officer.post(h.space, file+"/extrait", nil).want(303) // a closed file gives nothing more
	// One request alone, and nothing else of its person.
	alone := h.opens(officer, "autorites", url.Values{"authority": {"Tribunal judiciaire de Lille"}, "legal": {"CPC art. 145, ordonnance 26/00119"}, "asked": {"La demande."}, "data": {"identity", "contact", "connection"}, "since": {since}})
	h.does(officer, alone, "tie", url.Values{"ref": {"msg_inconnu"}}).want(422).says("n’est connu sous cette référence")
	h.does(officer, alone, "tie", url.Values{"ref": {ref}, "only": {"yes"}}).want(303)
	officer.get(h.space, alone).want(200).says("ce seul élément", strings.ToUpper(ref))
	officer.post(h.space, alone+"/extrait", nil).want(200).has("request.address_sealed", `"record": "req_`).lacks("Dominique Visée", "visee@example.org", "person.")
	clause(t, "WA-22", "WA-60")

	file = h.opens(officer, "conditions", url.Values{"title": {"Article 8 des conditions"}, "facts": {"Coordonnées revendues."}, "since": {since}})
	h.does(officer, file, "close", nil).want(422).has("Les preuves")
	h.does(officer, file, "tie", url.Values{"ref": {ref}}).want(303)
	officer.get(h.space, file).want(200).has("gelé", strings.ToUpper(ref))
	officer.get(h.space, "/conservation").want(200).has("litige")
	h.does(officer, file, "complete", url.Values{"title": {"Article 8 des conditions"}, "facts": {"Coordonnées revendues."}, "evidence": {"Deux plaintes du 12."}, "claim": {"2 000 euros"}, "outcome": {"Accord amiable."}}).want(303)
	h.does(officer, file, "close", nil).want(303)
	officer.get(h.space, "/conformite/registre/conditions/csv").want(200).has("Deux plaintes du 12.", "2 000 euros")
	clause(t, "WA-23")
}

// wrote sends a request of a network that sells nothing, and answers its reference.
func (h *house) wrote(t *testing.T, email, name string) (consumer *visitor, ref string) {
	t.Helper()
	n := h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}})
	n.values.Set("email", email)
	n.values.Set("name", name)
	consumer, id := h.asked(n)
	m := h.letter("the request is received", func(m sent) bool { return m.Kind == "request-received" && m.Object == id })
	if ref = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(m.Text); ref == "" {
		t.Fatalf("no reference in %q", m.Text)
	}
	return consumer, ref
}

// Who gets data is shown with role, country, safeguard and contract; each gets what its purposes use and no more; check refuses what cannot stand.
func TestOversight_recipientsAndTransfers(t *testing.T) {
	h := newHouseOf(t, "customer-space")
	page := h.operator().get(h.space, "/conformite/destinataires").want(200)
	page.has("Notre prestataire d’assistance", "Notre prestataire d’annonces", "Notre prestataire de l’espace client", "Sous-traitant", "ST-2026-01 assistance", "Signé le").lacks("manquante")
	card := func(name string) string {
		_, rest, _ := strings.Cut(page.body, "<h2>"+name+"</h2>")
		one, _, _ := strings.Cut(rest, "</li>")
		return one
	}
	if c := card("Notre prestataire d’annonces"); !strings.Contains(c, "pages vues") || strings.Contains(c, "téléphone") {
		t.Errorf("the advertising provider gets %q", c)
	}
	if c := card("Notre prestataire de l’espace client"); !strings.Contains(c, "identifiants de connexion") || strings.Contains(c, "photos") {
		t.Errorf("the provider of the space gets %q", c)
	}
	h.operator().get(h.space, "/conformite/destinataires/csv").want(200).has("ST-2026-03 espace", "2026-06-11")

	// The one thing that this program itself sends to one of the three is the notice that somebody's data was erased: by reference, nothing more.
	n := h.project("assistance", url.Values{"urgency": {"week"}, "answers.subject": {"quote"}})
	n.values.Set("email", "partage@example.org")
	h.asked(n)
	_, id := h.rightsOf("partage@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact"}})
	officer := h.operator()
	officer.get(h.space, "/dossiers/"+id).want(200)
	h.act(officer, id, "erase", nil).want(303)
	told := h.letter("the support provider is told", func(m sent) bool { return m.Kind == "recipient-told" && m.To == "donnees@assistance.example" })
	if !regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).MatchString(told.Subject) {
		t.Errorf("the notice names no case: %s", told.Subject)
	}
	for _, personal := range []string{"Élodie", "Visite", "partage@", n.phone, n.values.Get("phone"), "quote", "devis"} {
		if strings.Contains(told.Text+told.Subject, personal) {
			t.Errorf("the notice holds %q", personal)
		}
	}
	for _, m := range h.outbox() {
		if strings.HasSuffix(m.To, "@annonces.example") || strings.HasSuffix(m.To, "@espace.example") {
			t.Errorf("%s went to %s", m.Kind, m.To)
		}
	}
	clause(t, "CS-26")
	for what, change := range map[string]struct {
		network, from, to, path string
		clauses                 []string
	}{
		"abroad without a safeguard":    {"emergency-trades", "    contract: ST-2026-02 SMS\n    signed: 2026-05-08\n    driver: http\n    country: FR\n", "    contract: ST-2026-02 SMS\n    driver: http\n    country: US\n", "recipients.sms.country", []string{"ET-122"}},
		"a recipient without a purpose": {"emergency-trades", "\nrecipients:\n", "\nrecipients:\n  broker: {label: {fr: Courtier, en: Broker}, role: controller, country: FR}\n", "recipients.broker", []string{"ET-114"}},
		"more than its purposes use":    {"customer-space", "    gets: [identity, contact, account]\n", "    gets: [identity, contact, account, photos]\n", "recipients.space-provider.gets.4", nil},
	} {
		t.Run(what, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), change.network)
			if err := os.CopyFS(folder, os.DirFS("../networks/"+change.network)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, "network.yaml")
			text, err := os.ReadFile(file)
			if err != nil || !strings.Contains(string(text), change.from) {
				t.Fatalf("the file does not hold %q, %v", change.from, err)
			}
			if err := os.WriteFile(file, []byte(strings.Replace(string(text), change.from, change.to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			stdout, _, code := ran(t, "--json", "check", folder)
			if code != 1 || !strings.Contains(stdout, `"path": "`+change.path+`"`) {
				t.Errorf("code %d, nothing at %s:\n%s", code, change.path, stdout)
			}
			clause(t, change.clauses...)
		})
	}
	// With its safeguard the transfer is declared, and shown as one.
	abroad := newHouseOf(t, "reviews-network")
	abroad.operator().get(abroad.space, "/conformite/destinataires").want(200).has("standard-clauses", "US", "Responsables conjoints", "les grandes lignes de l’accord")
}

// The operator is the controller of everything that the sites collect.
func TestOversight_theOperatorIsController(t *testing.T) {
	h := newHouse(t)
	for id, a := range h.activities() {
		found := ""
		for head, cell := range a {
			if strings.Contains(head, "Responsable") {
				found = cell
			}
		}
		if found == "" || strings.Contains(found, "conjoints") {
			t.Errorf("%s: %q decides", id, found)
		}
	}
	h.operator().get(h.space, "/registre").want(200).has("Responsable", "Dépanneurs d’ici")
	clause(t, "ET-101")
}

// The officer's pages fit a phone and a desk, and whoever reads them by ear or by keyboard.
func TestOversight_screens(t *testing.T) {
	h := newHouse(t)
	officer := h.operator()
	breach := h.opens(officer, "violations", url.Values{"title": {"Un ordinateur perdu"}})
	h.does(officer, breach, "complete", url.Values{"title": {"Un ordinateur perdu"}, "nature": {"Perdu dans un train."}, "risk": {"none"}, "data": {"contact"}}).want(303)
	request := h.opens(officer, "autorites", url.Values{"authority": {"Parquet de Testville"}, "legal": {"CPC art. 145"}, "asked": {"Coordonnées"}, "data": {"contact"}})
	for _, on := range []screen{phone, desktop} {
		p := open(t, h.server, on)
		h.enterAs(p, "Operator")
		for _, path := range []string{"/conformite", "/conformite/registre/violations", "/conformite/registre/analyses", "/conformite/nouveau/violations", "/conformite/nouveau/analyses", breach, request, "/conformite/destinataires", "/aujourdhui"} {
			p.goTo(spaceHost, path)
			p.accessible()
			if wide := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
				t.Errorf("%s on a %s scrolls sideways by %v pixels", path, on.name, wide)
			}
			p.shot("oversight" + regexp.MustCompile(`[^a-z]+`).ReplaceAllString(path, "_"))
		}
	}
	p := open(t, h.server, phone)
	h.enterAs(p, "Operator")
	p.goTo(spaceHost, breach)
	p.fill("[name=consequences]", "Des appels importuns.")
	p.click(`button[data-key=s]`)
	p.until("saved", `document.readyState === "complete" && document.querySelector("[name=consequences]")?.value === "Des appels importuns." && document.body.innerText.includes("enregistré")`)
}
