package e2e

import (
	"encoding/csv"
	"html"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// words is the text of a page as a person reads it: no tags, one space between words.
func (a *answer) words() string {
	text := regexp.MustCompile(`(?s)<(script|style|svg|template).*?</(script|style|svg|template)>|<[^>]+>`).ReplaceAllString(a.body, " ")
	return strings.Join(strings.Fields(strings.NewReplacer("\u00a0", " ", "\u202f", " ").Replace(html.UnescapeString(text))), " ")
}

// says and saysNot look for sentences in what a person reads.
func (a *answer) says(sentences ...string) *answer {
	a.t.Helper()
	text := a.words()
	for _, s := range sentences {
		if !strings.Contains(text, s) {
			a.t.Errorf("%s: does not say %q in\n%.3000s", a.what, s, text)
		}
	}
	return a
}

func (a *answer) saysNot(sentences ...string) *answer {
	a.t.Helper()
	text := a.words()
	for _, s := range sentences {
		if i := strings.Index(text, s); i >= 0 {
			a.t.Errorf("%s: says %q: …%s…", a.what, s, text[max(0, i-80):min(len(text), i+len(s)+80)])
		}
	}
	return a
}

// Who runs a network stands in its file and is shown on its pages, each figure as the file has it.
func TestNetworks_sayWhoTheyAre(t *testing.T) {
	for network, c := range map[string]struct {
		identity []string // on the legal notice
		policy   []string // on the privacy notice
		clauses  []string
	}{
		"reviews-network": {
			[]string{"Avis d’ici", "SAS", "40 000,00 €", "Rennes", "000 000 000", "8 quai de l’Exemple, 35000 Rennes", "02 61 91 00 10", "bonjour@avis.example", "Maude Exemple"},
			[]string{"dpo@avis.example", "BP 10008, 35000 Rennes", "Yanis Exemple"}, []string{"RN-02", "RN-04"}},
		"customer-space": {
			[]string{"Foyers d’ici", "SA", "60 000,00 €", "Lyon", "3 cours de l’Exemple, 69002 Lyon", "Agathe Exemple"},
			[]string{"Foyers d’ici", "2016/679", "78-17", "dpo@foyers.example"}, []string{"CS-02"}},
		"works-advisor": {
			[]string{"Travaux d’ici", "SARL", "15 000,00 €", "Toulouse", "12 allée de l’Exemple, 31000 Toulouse", "Paule Exemple"},
			[]string{"Travaux d’ici", "12 allée de l’Exemple, 31000 Toulouse", "bonjour@travaux.example"}, []string{"WA-06"}},
		"auto-quotes": {
			[]string{"Autos d’ici", "25 000,00 €", "Lille", "Inès Exemple", "Hébergeur Exemple, 2 rue des Serveurs, 59000 Lille", "+33 3 53 01 00 20"},
			[]string{"Inès Exemple", "dpo@autos.example", "Hébergeur Exemple, 2 rue des Serveurs, 59000 Lille", "75334 Paris Cedex 07"}, []string{"AQ-65", "AQ-66", "AQ-68"}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			v := h.visitor()
			home := v.get(h.site, "/").want(200).has(`href="/mentions-legales"`, `href="/confidentialite"`)
			home.says(c.identity[0])
			v.get(h.site, "/mentions-legales").want(200).says(c.identity...)
			policy := v.get(h.site, "/confidentialite").want(200).says(c.policy...)
			switch network {
			case "works-advisor":
				policy.has(`href="https://eur-lex.europa.eu/eli/reg/2016/679/oj"`, `href="https://www.cnil.fr`)
				policy.says("Quelles données nous avons", "Pour quoi faire, à quel titre, combien de temps", "Vos droits", "loi n° 78-17")
				clause(t, "WA-02", "WA-04")
			case "reviews-network", "auto-quotes":
				policy.has(`href="https://www.bloctel.gouv.fr"`).says("gratuitement en ligne ou par courrier")
			}
			if network == "reviews-network" {
				policy.says("Quelles données nous avons", "Pour quoi faire", "Qui les reçoit", "Comment elles sont protégées", "Vos droits")
				clause(t, "RN-01", "RN-115")
			}
			clause(t, c.clauses...)
		})
	}
}

// The durations that a document promises are those that the public table shows, for every network.
func TestNetworks_showTheirDurations(t *testing.T) {
	for network, c := range map[string]struct {
		rows    []string
		clauses []string
	}{
		"auto-quotes":     {[]string{"6 mois, puis une empreinte illisible 3 ans", "6 mois – effacées, aussi chez nos prestataires"}, []string{"AQ-51", "AQ-52"}},
		"works-advisor":   {[]string{"3 ans (le délai repart après une réponse, un clic, une demande, un appel ou une connexion)", "le temps du contrat, puis 3 ans", "10 ans"}, nil},
		"reviews-network": {[]string{"14 mois depuis la première visite", "8 ans au plus", "12 mois depuis la notification à la personne"}, nil},
		"customer-space":  {[]string{"tant que le compte est ouvert", "5 ans"}, nil},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			page := h.visitor().get(h.site, "/durees").want(200).says(c.rows...)
			// Each row has an end: nothing is kept without one.
			for _, row := range regexp.MustCompile(`(?s)<tr>\s*<td.*?</tr>`).FindAllString(page.body, -1) {
				spent := strings.Contains(row, "empreintes et instants, sans nom") && regexp.MustCompile(`\d+.{1,20} depuis `).MatchString(row) // of the table of what is forgotten
				if !spent && !strings.Contains(row, "effacées") && !strings.Contains(row, "anonymes") {
					t.Errorf("a purpose without an end: %s", row)
				}
			}
			if strings.Count(page.body, "<tr") < 10 {
				t.Error("the table is short")
			}
			clause(t, c.clauses...)
		})
	}
}

// project is a whole form of a network that answers its customers itself.
func (h *house) project(trade string, more url.Values) need {
	typed, e164 := freshNumber()
	n := need{host: h.site, trade: trade, phone: e164, values: url.Values{
		"postcode": {"30000"}, "commune": {"30189"}, "kind": {"person"}, "name": {"Élodie Visite"}, "phone": {typed}, "email": {"elodie@example.org"},
		"consent-terms": {"yes"}, "consent-call-me": {"yes"},
	}}
	for k, v := range more {
		n.values[k] = v
	}
	return n
}

// What a network does not sell, its pages, its desk, its API and its commands neither show nor do.
func TestNetworks_sellNothingWhereNothingIsSold(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	consumer, id := h.asked(h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}}))
	operator := h.enter("Operator")
	for _, path := range []string{"/pros", "/pros/nouveau", "/ventes", "/ventes.csv", "/invendus", "/tableau", "/panier", "/achats", "/portefeuille", "/factures", "/conditions-de-vente"} {
		if a := operator.get(h.space, path); a.status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, a.status)
		}
	}
	operator.get(h.space, "/aujourdhui").want(200).lacks(`href="/pros"`, `href="/ventes"`, `href="/invendus"`)
	operator.post(h.space, "/pros/nouveau", url.Values{"company": {"Un professionnel"}}).want(http.StatusNotFound)
	operator.get(h.space, "/reglages").want(200).saysNot("Prix d’une mise en relation").says("aucune donnée n’est transmise", "toujours par une personne désignée")

	agent := h.enter("Agent")
	agent.post(h.space, "/rappels/"+id+"/prendre", nil).want(303)
	desk := agent.get(h.space, "/bureau/"+id).want(200).saysNot("hors taxe", "Publier", "seraient prévenus").says("Rien n’est publié ni transmis")
	form := deskForm(t, desk)
	form.Set("do", "publish")
	agent.post(h.space, "/bureau/"+id, form).want(http.StatusForbidden).says("ne vend aucune mise en relation")
	agent.post(h.space, "/demandes/"+id+"/prix", url.Values{"price": {"24"}}).want(http.StatusNotFound)
	consumer.get(h.site, "/ma-demande").want(200).saysNot("professionnel")
	for _, m := range h.outbox() {
		if m.Kind == "new-request" || m.Kind == "bought" {
			t.Errorf("%s went to %s", m.Kind, m.To)
		}
	}
	h.visitor().get(h.site, "/").want(200).says("ni vendues, ni transmises").saysNot("Un professionnel vous rappelle")
	clause(t, "WA-57")

	// Nothing is decided without somebody: months later the other request waits as it did, and only a person's word ends it.
	other, second := h.asked(h.project("garantie", url.Values{"urgency": {"later"}, "answers.home": {"flat"}}))
	h.later(60 * 24 * time.Hour)
	agent.get(h.space, "/rappels").want(200).has(second)
	other.get(h.site, "/ma-demande").want(200).saysNot("close")
	folder := otherWith(t, "works-advisor", "  qualification: agent ", "  qualification: automatic ")
	if words, _, code := ran(t, "check", folder); code == 0 || !strings.Contains(words, "modules.qualification") {
		t.Errorf("an automatic decision that nothing declares passes: %s", words)
	}
	clause(t, "WA-12")
}

// A network whose matching rests on consent takes no request without it, keeps the words, and closes the request when it is taken back.
func TestNetworks_requestsLiveByConsent(t *testing.T) {
	for network, c := range map[string]struct {
		trade, box, words string
		values            url.Values
		clauses           []string
	}{
		"reviews-network": {"cuisiniste", "quote", "obtenir ce devis auprès de l’entreprise membre concernée", url.Values{"urgency": {"month"}, "answers.project": {"renew"}}, []string{"RN-30"}},
		"auto-quotes":     {"voiture-neuve", "match", "les fournisseurs retenus pour cette recherche", url.Values{"urgency": {"now"}, "answers.make": {"renault"}}, []string{"AQ-06", "AQ-24", "AQ-61"}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			v := h.visitor()
			page := v.get(h.site, "/demande/"+c.trade).want(200).says(c.words)
			if regexp.MustCompile(`<input[^>]*type="checkbox"[^>]*\bchecked`).MatchString(page.body) {
				t.Error("a box is ticked beforehand")
			}
			without := h.project(c.trade, c.values)
			form := page.hiddens()
			form.Del("pow_nonce")
			for k, x := range without.values {
				form[k] = x
			}
			refusal := v.post(h.site, "/demande/"+c.trade, form).want(http.StatusUnprocessableEntity)
			if !strings.Contains(refusal.body, `consent-`+c.box) {
				t.Error("the refusal does not point at the box")
			}
			if len(h.outbox()) != 0 {
				t.Error("a request without consent sent something")
			}

			with := h.project(c.trade, c.values)
			with.values.Set("consent-"+c.box, "yes")
			consumer, id := h.asked(with)
			consumer.get(h.site, "/ma-demande").want(200).says(c.words)
			agent := h.enter("Agent")
			agent.get(h.space, "/rappels").want(200).has(id)
			consumer.post(h.site, "/ma-demande/retrait", url.Values{"consent": {c.box}}).want(303)
			consumer.get(h.site, "/ma-demande").want(200).says("Annulée, sans frais")
			agent.get(h.space, "/rappels").want(200).lacks(id)
			agent.post(h.space, "/rappels/"+id+"/prendre", nil)
			h.letter("the cancellation", func(m sent) bool { return m.Kind == "cancelled" && m.Object == id })
			clause(t, c.clauses...)
		})
	}
}

// Nothing obliges to buy: the form says so, and so does what confirms a request.
func TestNetworks_noObligationToBuy(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	h.visitor().get(h.site, "/demande/voiture-occasion").want(200).says("sans aucune obligation d’achat")
	n := h.project("voiture-occasion", url.Values{"urgency": {"now"}, "answers.make": {"peugeot"}, "answers.model_peugeot": {"208"}, "consent-match": {"yes"}})
	consumer, id := h.asked(n)
	letter := h.letter("the confirmation", func(m sent) bool { return m.Kind == "request-received" && m.Object == id && m.Channel == "email" })
	if !strings.Contains(letter.Text, "n’oblige à aucun achat") {
		t.Error(letter.Text)
	}
	consumer.get(h.site, "/ma-demande").want(200)
	clause(t, "AQ-08")
}

// What a document forbids, the file cannot say: the program refuses it and goes on with what was in force.
func TestNetworks_refuseWhatTheirDocumentsForbid(t *testing.T) {
	for _, c := range []struct {
		clause, network, file, from, to, path string
	}{
		{"WA-08", "works-advisor", "forms/dossier.yaml", "    max: 2000\n    data: need", "    max: 2000\n    data: business", "questions.details"},
		{"AQ-11", "auto-quotes", "forms/voiture.yaml", "    max: 1000\n    data: need", "    max: 1000\n    data: profession", "questions.details"},
		{"WA-11", "works-advisor", "network.yaml", "    role: controller\n    country: IE\n", "    role: controller\n    country: US\n", "recipients.social-networks.country"},
		{"WA-33", "works-advisor", "network.yaml", "    basis: contract\n    people: [consumer]\n    data: [bank-details]", "    basis: habit\n    people: [consumer]\n    data: [bank-details]", "purposes.take_payments.basis"},
		{"WA-35", "works-advisor", "network.yaml", "    balance: balance-service\n    people: [consumer]\n    data: [opinion]", "    people: [consumer]\n    data: [opinion]", "purposes.improve"},
		{"WA-43", "works-advisor", "network.yaml", "    keep: {while: account-open, at_end: erase}\n", "", "purposes.run_accounts"},
		{"WA-56", "works-advisor", "network.yaml", "    contract: ST-2026-04 paiement\n", "", "recipients.payment"},
		{"RN-80", "reviews-network", "network.yaml", "    recipients: [analytics-a, hosting]\n", "    recipients: [analytics-a, partner-sites, hosting]\n", "purposes.measure_audience.recipients"},
		{"RN-81", "reviews-network", "network.yaml", "    contract: ST-2026-01 archivage\n", "", "recipients.e-archive"},
		{"CS-27", "customer-space", "network.yaml", "    recipients: [space-provider, mail, hosting]\n", "    recipients: [space-provider, authorised-site, mail, hosting]\n", "purposes.open_space.recipients"},
		{"AQ-50", "auto-quotes", "network.yaml", "    digests: true\n", "", "purposes.build_audiences.recipients"},
	} {
		t.Run(c.clause, func(t *testing.T) {
			folder := otherWith(t, c.network)
			path := filepath.Join(folder, c.file)
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), c.from) {
				t.Fatalf("%s no longer holds %q", c.file, c.from)
			}
			if said := done(t, "check", folder); !strings.Contains(said, "no mistake found") {
				t.Fatal(said)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			words, _, code := ran(t, "check", folder)
			if code == 0 || !strings.Contains(words, c.path+":") {
				t.Errorf("check says (%d): %s", code, words)
			}
			if _, said, code := ran(t, "demo", "--network", folder, "--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0"); code == 0 {
				t.Errorf("it was served: %s", said)
			}
			clause(t, c.clause)
		})
	}
}

// What is declared and not built is said at the start, and what law overrides is said by check, each with its article.
func TestNetworks_sayWhatTheyDoNotDo(t *testing.T) {
	routed := newHouseOf(t, "auto-quotes")
	if !strings.Contains(routed.printed(), "not executed yet: sending to suppliers") {
		t.Error(routed.printed())
	}
	routed.enter("Operator").get(routed.space, "/reglages").want(200).says("pas encore exécuté : l’envoi aux fournisseurs")
	h := newHouseOf(t, "reviews-network")
	h.enter("Operator").get(h.space, "/reglages").want(200).says("ce registre a pris fin le 11 août 2026")
	for network, want := range map[string][]string{
		"reviews-network":  {"prospecting.register", "rights.extended", "cookies.choice.refused", "differences.longer-for-abusive-messages"},
		"customer-space":   {"differences.one-button-consent", "differences.age-by-one-button", "cookies.choice.accepted"},
		"works-advisor":    {"differences.browser-settings-consent", "differences.withdrawal-in-writing"},
		"auto-quotes":      {"differences.refusal-by-mail", "differences.routing-on-interest", "differences.no-transfer-despite-abroad", "purposes.match.keep.remainder"},
		"emergency-trades": {"modules.recordings"},
	} {
		said := done(t, "check", "--english", network)
		for _, path := range want {
			if !regexp.MustCompile(`(?m)^law: network\.yaml:\d+ ` + regexp.QuoteMeta(path) + `: .+`).MatchString(said) {
				t.Errorf("%s: no word about %s in\n%s", network, path, said)
			}
		}
	}
}

// activities reads the record of processing as its file: by the id of each activity, its cells under the words of the head.
func (h *house) activities() map[string]map[string]string {
	h.t.Helper()
	text := strings.TrimPrefix(h.enter("Operator").get(h.space, "/registre.csv").want(200).body, "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 10 {
		h.t.Fatal(len(rows), err)
	}
	all := map[string]map[string]string{}
	for _, row := range rows[1:] {
		all[row[0]] = map[string]string{}
		for i, head := range rows[0] {
			all[row[0]][head] = row[i]
		}
	}
	return all
}

// The record of processing says who decides with whom, about whom, on what ground, and what leaves the Union.
func TestNetworks_recordOfProcessing(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	all := h.activities()
	column := func(part string) string {
		t.Helper()
		for head := range all["run_site"] {
			if strings.Contains(head, part) {
				return head
			}
		}
		t.Fatalf("the record has no column %q", part)
		return ""
	}
	who, basis, people, abroad, data := column("Responsable"), column("Base"), column("Personnes"), column("Transferts"), column("Données")
	joint := map[string]bool{"answer_quotes": true, "ask_for_questionnaire": true, "collect_reviews": true, "moderate_reviews": true, "publish_reviews": true}
	for id, a := range all {
		if both := strings.Contains(a[who], "Avis d’ici") && strings.Contains(a[who], "entreprise membre"); both != joint[id] {
			t.Errorf("%s: %q", id, a[who])
		}
	}
	policy := h.visitor().get(h.site, "/confidentialite").want(200)
	policy.says("Vous pouvez exercer vos droits auprès de l’un comme de l’autre", "vous opposer")
	clause(t, "RN-05")

	listed := ""
	for _, a := range all {
		listed += a[people] + " "
	}
	for _, kind := range []string{"visiteurs", "auteurs d’avis", "abonnés", "demandeurs", "professionnels"} {
		if !strings.Contains(listed, kind) {
			t.Errorf("the record names no %s", kind)
		}
	}
	clause(t, "RN-24")

	if a := all["run_site"]; !strings.Contains(a[basis], "intérêt légitime") || !strings.Contains(a[data], "connexion") {
		t.Error(a)
	}
	if a := all["moderate_reviews"]; !strings.Contains(a[basis], "intérêt légitime") {
		t.Error(a)
	}
	clause(t, "RN-25", "RN-53")

	if a := all["share_on_networks"]; !strings.Contains(a[abroad], "US") || !strings.Contains(a[abroad], "standard-clauses") {
		t.Error(a[abroad])
	}
	home := h.visitor().get(h.site, "/").want(200).has("https://reseau.example/confidentialite").lacks("<iframe")
	if m := regexp.MustCompile(`src="https?://[^"]*`).FindString(home.body); m != "" {
		t.Errorf("before any choice the page loads %s", m)
	}
	clause(t, "RN-88")

	customer := newHouseOf(t, "customer-space")
	registered := customer.activities()
	for id, of := range map[string]string{"open_space": "espace", "run_site": "site"} {
		if !strings.Contains(strings.Join(slices.Collect(maps.Values(registered[id])), " "), of) {
			t.Errorf("%s: %v", id, registered[id])
		}
	}
	n := customer.project("assistance", url.Values{"urgency": {"today"}, "answers.subject": {"quote"}})
	customer.asked(n)
	figures := customer.visitor().get(customer.space, "/metrics").want(200)
	figures.lacks("Élodie", "elodie@example.org", strings.TrimPrefix(n.phone, "+33"), n.values.Get("phone"))
	clause(t, "CS-10", "CS-11")

	adviser := newHouseOf(t, "works-advisor")
	listedThere := adviser.activities()
	notice := adviser.visitor().get(adviser.site, "/demande/travaux").want(200).words()
	for id, a := range listedThere {
		if strings.Contains(a[people], "demandeurs") && !strings.Contains(notice, a[column("Finalité")]) {
			t.Errorf("the form does not say %s", id)
		}
	}
	clause(t, "WA-15")
}

// The page about cookies says how a browser is set, and where to read more.
func TestNetworks_cookieHelp(t *testing.T) {
	for network, c := range map[string]struct {
		says, links []string
		clauses     []string
	}{
		"reviews-network": {[]string{"Chrome", "Firefox", "Edge"}, []string{"https://www.youronlinechoices.com/fr/"}, []string{"RN-138", "RN-139"}},
		"works-advisor": {[]string{"Chrome", "Firefox", "Edge", "Safari", "ouvrez son menu d’aide"},
			[]string{"https://support.mozilla.org/", "https://support.google.com/", "https://support.apple.com/"}, []string{"WA-66", "WA-68"}},
		"auto-quotes": {[]string{"Chrome", "Firefox"}, []string{"https://www.cnil.fr/fr/cookies-et-autres-traceurs", "https://www.youronlinechoices.com/fr/"}, []string{"AQ-17"}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			page := h.visitor().get(h.site, "/cookies").want(200).says(c.says...)
			for _, link := range c.links {
				page.has(`href="` + link)
			}
			page.says("Enregistrer mes choix", "Tout refuser") // and the choice itself is on the site
			clause(t, c.clauses...)
		})
	}
}

// The screens of a network whose own advisers answer, as people see them: on a phone for who asks, at a desk for who answers.
func TestNetworks_screensOfAdvisers(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	p := open(t, h.server, phone)
	p.goTo(h.site, "/?lang=fr")
	p.see("De quoi s’agit-il ?")
	p.accessible()
	p.shot("adviser-home")
	p.goTo(h.site, "/demande/travaux")
	p.see("ni vendues, ni transmises")
	p.accessible()

	_, id := h.asked(h.project("travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}}))
	desk := open(t, h.server, desktop)
	h.enterAs(desk, "Agent")
	desk.goTo(h.space, "/rappels?c="+id)
	desk.see("Prendre et appeler")
	h.enter("Agent").post(h.space, "/rappels/"+id+"/prendre", nil).want(303)
	desk.goTo(h.space, "/bureau/"+id)
	desk.see("Répondre au client")
	desk.accessible()
	desk.shot("adviser-desk")
}
