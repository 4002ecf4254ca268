package e2e

import (
	"net/smtp"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var caseLink = regexp.MustCompile(`https?://[^\s]+(/d/[^\s]+)`)

// rightsOf sends the form without an account and follows the link that comes.
func (h *house) rightsOf(email string, change url.Values) (person *visitor, id string) {
	h.t.Helper()
	person = h.visitor()
	form := url.Values{"asked": {"access"}, "name": {"Élodie Visite"}, "email": {email}, "words": {"Que savez-vous de moi ?"}}
	for k, v := range change {
		form[k] = v
	}
	person.post(h.site, "/mes-droits", form).want(303)
	return h.follows(person, email)
}

func (h *house) follows(person *visitor, email string) (*visitor, string) {
	h.t.Helper()
	m := h.letter("the link of a case", func(m sent) bool { return m.Kind == "rights-received" && m.To == email })
	person.get(h.site, caseLink.FindStringSubmatch(m.Text)[1]).want(303)
	person.get(h.site, "/mon-dossier").want(200)
	return person, m.Object
}

// proves types the code that was sent for a case.
func (h *house) proves(person *visitor, id string) *answer {
	h.t.Helper()
	person.get(h.site, "/mon-dossier/code").want(200)
	m := h.letter("a code", func(m sent) bool { return m.Kind == "code" && m.Object == id })
	return person.post(h.site, "/mon-dossier/code", url.Values{"code": {regexp.MustCompile(`\d{6}`).FindString(m.Text)}}).want(303)
}

// operator is the demo's member of staff who has every role.
func (h *house) operator() *visitor { return h.enter("Operator") }

func (h *house) act(officer *visitor, id, do string, values url.Values) *answer {
	h.t.Helper()
	form := url.Values{"do": {do}}
	for k, v := range values {
		form[k] = v
	}
	return officer.post(h.space, "/dossiers/"+id, form)
}

// liftsFreeze has the end of a restriction announced, recalled, announced again and executed on its day; frozen says that it still is.
func (h *house) liftsFreeze(officer, person *visitor, id string, frozen func()) {
	h.t.Helper()
	announced := func() {
		h.t.Helper()
		h.act(officer, id, "announce-lift", url.Values{"way": {"message"}}).want(303)
		h.letter("the announcement", func(m sent) bool { return m.Object == id && strings.Contains(m.Text, "sera levé le") })
		frozen()
	}
	announced()
	person.get(h.site, "/mon-dossier").want(200).says("Le gel de vos données va prendre fin", "Levée du gel annoncée")
	officer.get(h.space, "/dossiers/"+id).want(200).says("Ne plus lever le gel")
	h.act(officer, id, "recall-lift", nil).want(303)
	h.letter("the recall", func(m sent) bool { return m.Object == id && strings.Contains(m.Text, "gel de vos données continue") })
	announced()
	h.later(2 * 24 * time.Hour)
	frozen()
	h.later(3 * 24 * time.Hour)
	eventually(h.t, "the freeze ends on its day", func() bool {
		return strings.Contains(person.get(h.site, "/mon-dossier").want(200).body, "Gel levé")
	})
}

// A request for access from the form to the copy: what is held, why, from where, who received it and until when.
func TestRights_accessFromTheFormToTheCopy(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.operator()
	n := leak()
	n.values.Set("email", "acces@example.org")
	_, request := h.asked(n)
	h.publish(agent, request, "", nil).want(303)
	h.buy(h.buyer(request), request, "wallet").want(303)

	person, id := h.rightsOf("acces@example.org", nil)
	h.visitor().get(h.site, "/").want(200).has(`href="/mes-droits"`)
	h.visitor().get(h.site, "/mes-droits").want(200).has("CNIL", "dpo@depanneurs.example", "Protection des données")
	person.get(h.site, "/mon-dossier/donnees").want(404) // not before it is granted
	queue := officer.get(h.space, "/dossiers").want(200)
	queue.has("/dossiers/"+id, "Élodie Visite")
	officer.get(h.space, "/dossiers/"+id).want(200).has("Élodie Visite", "/copie")
	officer.get(h.space, "/dossiers/"+id+"/copie").want(200).has("12 rue de la Visite")
	template := officer.get(h.space, "/dossiers/"+id+"?modele=access").want(200)
	text := deskForm(t, template).Get("text")
	if !strings.Contains(text, "Élodie Visite") {
		t.Fatalf("the ready-made answer says %q", text)
	}
	h.act(officer, id, "answer", url.Values{"text": {text}}).want(303)
	answer := h.letter("the answer", func(m sent) bool { return m.Kind == "rights-answered" && m.To == "acces@example.org" })
	for _, want := range []string{"CNIL", "dpo@depanneurs.example", "tribunal"} {
		if !strings.Contains(answer.Text, want) {
			t.Errorf("the answer does not name %s", want)
		}
	}
	if to := person.get(h.site, "/mon-dossier/donnees").want(303).header.Get("Location"); to != "/mon-dossier/code" {
		t.Errorf("the copy leads to %s", to)
	}
	h.proves(person, id)
	person.get(h.site, "/mon-dossier/donnees").want(200).has("12 rue de la Visite", "Porte bleue", "archive restreinte")
	type copyOf struct {
		Purposes []struct {
			ID, Kept   string
			Recipients []string
		}
		Recipients []struct{ Name string }
		People     []struct {
			Source   string
			Requests []struct{ Receivers []struct{ Name string } }
			Choices  []struct{ Words string }
			Messages []struct{ Text string }
		}
	}
	c := decode[copyOf](person.get(h.site, "/mon-dossier/donnees.json").want(200))
	if len(c.People) != 1 || len(c.People[0].Requests) != 1 || len(c.People[0].Requests[0].Receivers) != 1 || c.People[0].Source == "" || len(c.People[0].Choices) == 0 || len(c.People[0].Messages) == 0 {
		t.Errorf("the copy holds %+v", c.People)
	}
	if len(c.Purposes) < 3 || c.Purposes[0].Kept == "" || len(c.Recipients) == 0 {
		t.Errorf("purposes %+v", c.Purposes)
	}
	person.get(h.site, "/mon-dossier/donnees.csv").want(200).has("acces@example.org", "12 rue de la Visite").lacks("Nous vous avons")
	h.visitor().get(h.site, "/mon-dossier/donnees.json").want(401)
	clause(t, "ET-124")
}

// Erasing one set leaves the others, and the answer says what remains and why; whoever bought is told and confirms.
func TestRights_erasesWhatIsNamedAndNothingElse(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.operator()
	n := leak()
	n.values.Set("email", "effacer@example.org")
	consumer, request := h.asked(n)
	h.publish(agent, request, "", nil).want(303)
	buyer := h.buyer(request)
	h.buy(buyer, request, "wallet").want(303)

	// Nothing is asked to be erased that is not named.
	h.visitor().post(h.site, "/mes-droits", url.Values{"asked": {"erasure"}, "name": {"Élodie Visite"}, "email": {"effacer@example.org"}}).want(422).has("Dites ce qui doit être effacé")
	person, id := h.rightsOf("effacer@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact"}})
	page := officer.get(h.space, "/dossiers/"+id).want(200)
	page.has("Seront effacés pour toujours", "téléphone et adresse e-mail").lacks("Seront effacés pour toujours : adresse de l’intervention")
	h.act(officer, id, "erase", nil).want(303)
	consumer.get(h.site, "/ma-demande").want(200).has("Porte bleue", "12 rue de la Visite").lacks("effacer@example.org")
	mail := h.letter("the buyer is told", func(m sent) bool { return m.Kind == "rights-told" && m.Object == id })
	link := regexp.MustCompile(`https?://[^\s]+(/destinataire/[^\s]+)`).FindStringSubmatch(mail.Text)[1]
	person.get(h.site, "/mon-dossier").want(200).has("averti, pas encore confirmé")
	h.visitor().get(h.space, link).want(200)
	person.get(h.site, "/mon-dossier").want(200).has("averti, pas encore confirmé") // a look is no confirmation
	h.visitor().post(h.space, link, nil).want(303)
	person.get(h.site, "/mon-dossier").want(200).has("a confirmé le")
	kept := deskForm(t, officer.get(h.space, "/dossiers/"+id+"?modele=erased").want(200)).Get("text")
	h.act(officer, id, "answer", url.Values{"text": {kept}}).want(303)
	clause(t, "ET-127")
}

// A correction by the officer stands at once and reaches who bought.
func TestRights_correctionReachesTheBuyer(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.operator()
	n := leak()
	n.values.Set("email", "corriger@example.org")
	consumer, request := h.asked(n)
	h.publish(agent, request, "", nil).want(303)
	buyer := h.buyer(request)
	bought := h.buy(buyer, request, "wallet").want(303).header.Get("Location")
	_, id := h.rightsOf("corriger@example.org", url.Values{"asked": {"rectification"}})
	page := officer.get(h.space, "/dossiers/"+id).want(200)
	who := regexp.MustCompile(`name="person" value="(per_[^"]+|[a-z]+_[^"]+)"`).FindStringSubmatch(page.body)
	if who == nil {
		t.Fatal("nobody to correct")
	}
	typed, e164 := freshNumber()
	h.act(officer, id, "rectify", url.Values{"person": {who[1]}, "fix_name": {"Élodie Visite-Neuve"}, "fix_phone": {"zéro"}, "fix_email": {"corriger@example.org"}}).want(422).has("Écrivez un numéro")
	h.act(officer, id, "rectify", url.Values{"person": {who[1]}, "fix_name": {"Élodie Visite-Neuve"}, "fix_phone": {typed}, "fix_email": {"corriger@example.org"}}).want(303)
	buyer.get(h.space, strings.TrimPrefix(bought, "http://"+h.space)).want(200).has("Visite-Neuve", e164).lacks(n.phone)
	consumer.get(h.site, "/ma-demande").want(200)
	h.letter("the buyer is told", func(m sent) bool { return m.Kind == "rights-told" && m.Object == id })
	clause(t, "ET-125")
}

// An agent opens a case during a call; proof of identity needs a doubt that is written down, and none for who proved the address.
func TestRights_byPhoneAndOnDoubtOnly(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.enter("Agent")
	typed, e164 := freshNumber()
	agent.get(h.space, "/dossiers").want(403)
	agent.get(h.space, "/dossiers/nouveau").want(200).lacks(`value="post"`)
	agent.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"post"}, "name": {"Jean Appel"}, "phone": {typed}}).want(403)
	agent.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"phone"}, "asked": {"access"}, "name": {"Jean Appel"}, "phone": {typed}}).want(303)
	m := h.letter("the link by SMS", func(m sent) bool { return m.Kind == "rights-received" && m.To == e164 })
	if m.Channel != "sms" {
		t.Errorf("sent by %s", m.Channel)
	}
	clause(t, "ET-130")

	h.act(officer, m.Object, "doubt", url.Values{"doubt": {"?"}}).want(422)
	h.act(officer, m.Object, "doubt", url.Values{"doubt": {"Deux personnes portent ce nom chez nous."}}).want(303)
	person := h.visitor()
	person.get(h.site, caseLink.FindStringSubmatch(m.Text)[1]).want(303)
	person.get(h.site, "/mon-dossier").want(200).has("Deux personnes portent ce nom", "sera détruit ensuite")
	person.post(h.site, "/mon-dossier/suite", url.Values{"words": {"Ma dernière demande : une fuite à Alès."}}).want(303)
	officer.get(h.space, "/dossiers/"+m.Object).want(200).has("une fuite à Alès")
	h.act(officer, m.Object, "identified", nil).want(303)
	officer.get(h.space, "/dossiers/"+m.Object).want(200).lacks("une fuite à Alès", `value="doubt"`)
	other, id := h.rightsOf("prouve@example.org", nil)
	h.proves(other, id)
	officer.get(h.space, "/dossiers/"+id).want(200).lacks(`value="doubt"`)
	h.act(officer, id, "doubt", url.Values{"doubt": {"Je voudrais tout de même une carte."}}).want(303)
	officer.get(h.space, "/dossiers/"+id).want(200).has("montré qu’elle lit")
	clause(t, "ET-129")
}

// Each network counts as its document says: from receipt, whether or not a right is named, with its own extension.
func TestRights_everyNetworkKeepsItsClock(t *testing.T) {
	for _, c := range []struct {
		network, answer, clocks string
		months                  int // extended, in all; 0 for none
		ids                     []string
	}{
		{"reviews-network", "RN", "", 2, []string{"RN-112", "RN-113"}},
		{"works-advisor", "WA", "", 0, []string{"WA-53", "WA-54"}},
		{"auto-quotes", "AQ", "", 3, []string{"AQ-62", "AQ-63"}},
	} {
		t.Run(c.network, func(t *testing.T) {
			h := newHouseOf(t, c.network)
			officer := h.operator()
			_, id := h.rightsOf("delai@example.org", url.Values{"asked": {""}})
			page := officer.get(h.space, "/dossiers/"+id).want(200)
			page.has("Droit à préciser")
			if c.months == 0 {
				page.lacks(`value="extend"`)
			} else {
				h.act(officer, id, "extend", url.Values{"reasons": {"Trois archives à relire, dont une sur papier."}}).want(303)
				m := h.letter("the extension is told", func(m sent) bool { return m.Kind == "rights-extended" && m.Object == id })
				if !strings.Contains(m.Text, "Trois archives à relire") {
					t.Errorf("told %q", m.Text)
				}
			}
			h.later(24 * time.Hour * time.Duration(31*max(c.months, 1)+4))
			late := h.letter("the officer is told that it is late", func(m sent) bool { return m.Kind == "rights-due" && m.Object == id })
			if late.To == "" {
				t.Error("nobody was told")
			}
			officer.get(h.space, "/dossiers").want(200).has("dépassé")
			clause(t, c.ids...)
		})
	}
}

// Form, letter and the officer's pages, in a browser, on a phone and a desk, by keyboard.
func TestRights_screens(t *testing.T) {
	h := newHouse(t)
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			email := on.name + "@example.org"
			p := open(t, h.server, on)
			p.goTo(h.site, "/mes-droits")
			p.accessible()
			p.choose("[name=asked]", "access")
			p.fill("[name=name]", "Jeanne Écran")
			p.fill("[name=email]", email)
			p.fill("[name=words]", "Que savez-vous de moi ?")
			p.click("main form button.main")
			p.see("request has been received")
			p.accessible()
			m := h.letter("the link", func(m sent) bool { return m.Kind == "rights-received" && m.To == email })
			p.goTo(h.site, caseLink.FindStringSubmatch(m.Text)[1])
			p.see("Que savez-vous de moi")
			p.accessible()
			p.shot("mon-dossier")

			o := open(t, h.server, on)
			h.enterAs(o, "Operator")
			o.goTo(h.space, "/dossiers")
			o.see("Jeanne Écran")
			o.accessible()
			o.goTo(h.space, "/dossiers/"+m.Object+"?modele=nothing")
			o.see("Envoyer la réponse et clore")
			o.accessible()
			o.shot("dossier")
			o.goTo(h.space, "/dossiers/"+m.Object+"/copie")
			o.accessible()
			o.goTo(h.space, "/dossiers/nouveau")
			o.accessible()
		})
	}
}

// The form asks what each document says that it asks, and names who answers and how else to reach him.
func TestRights_formsAskWhatTheirDocumentsSay(t *testing.T) {
	for network, c := range map[string]struct {
		has, lacks []string
		ids        []string
	}{
		"reviews-network": {[]string{"Yanis Exemple", "dpo@avis.example", "BP 10008, 35000 Rennes", "/mes-droits", `name="asked"`, `name="words"`}, []string{`name="details.country"`}, []string{"RN-03", "RN-114"}},
		"works-advisor":   {[]string{`name="name"`, `name="email"`, `name="details.address"`, `name="details.reference"`, `name="words"`}, []string{`name="details.brand"`}, []string{"WA-53"}},
		"auto-quotes":     {[]string{`name="details.country"`, `name="details.brand"`, `name="details.contacted"`, `value="access"`, `value="rectification"`, `value="erasure"`, `value="restriction"`, `value="portability"`, `value="objection"`}, []string{`name="details.address"`}, []string{"AQ-55", "AQ-64"}},
	} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			page := h.visitor().get(h.site, "/mes-droits").want(200).has(c.has...).lacks(c.lacks...)
			page.lacks(`type="file"`) // no identity document is asked
			details := url.Values{}
			for _, m := range regexp.MustCompile(`name="(details\.[a-z]+)"`).FindAllStringSubmatch(page.body, -1) {
				details.Set(m[1], "Écrit dans "+m[1])
			}
			_, id := h.rightsOf("formulaire@example.org", details)
			file := h.operator().get(h.space, "/dossiers/"+id).want(200)
			for name := range details {
				file.has("Écrit dans " + name)
			}
			clause(t, c.ids...)
		})
	}
}

// A professional asks for himself, or passes on what his customer asked of him: both land in the officer's queue, and the person is told.
func TestRights_fromAProfessionalsSpace(t *testing.T) {
	h := newHouse(t)
	officer, agent := h.operator(), h.operator()
	n := leak()
	n.values.Set("email", "transmis@example.org")
	_, request := h.asked(n)
	h.publish(agent, request, "", nil).want(303)
	buyer := h.buyer(request)
	bought := h.buy(buyer, request, "wallet").want(303).header.Get("Location")
	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(buyer.get(h.space, strings.TrimPrefix(bought, "http://"+h.space)).want(200).body)
	form := url.Values{"ref": {ref}, "asked": {"access"}, "name": {"Élodie Visite"}, "email": {"transmis@example.org"}, "words": {"Ma cliente veut savoir."}}
	buyer.get(h.space, "/droits").want(200)
	other := url.Values{"ref": {"0000-0000"}, "asked": {"access"}, "name": {"Élodie Visite"}, "email": {"transmis@example.org"}}
	buyer.post(h.space, "/droits", other).want(422).has("Aucune de vos demandes")
	buyer.post(h.space, "/droits", form).want(303)
	told := h.letter("the person is told", func(m sent) bool { return m.Kind == "rights-received" && m.To == "transmis@example.org" })
	officer.get(h.space, "/dossiers/"+told.Object).want(200).has("Professionnel", "Ma cliente veut savoir", ref)
	own := url.Values{"asked": {"portability"}, "name": {"Perrin Plombier"}, "email": {"moi@pro.example"}}
	buyer.post(h.space, "/droits", own).want(303)
	mine := h.letter("the professional is told", func(m sent) bool { return m.Kind == "rights-received" && m.To == "moi@pro.example" })
	officer.get(h.space, "/dossiers/"+mine.Object+"/copie").want(200).has("SIREN")
}

// Mail to the officer's address is a case that is answered in its thread; programs get no answer, and nobody is sent two confirmations a day.
func TestRights_byMailAlone(t *testing.T) {
	for network, ids := range map[string][]string{"reviews-network": {"RN-110"}, "auto-quotes": {"AQ-68"}, "works-advisor": {"WA-03"}} {
		t.Run(network, func(t *testing.T) {
			h := newHouseOf(t, network)
			officer := h.operator()
			dpo := regexp.MustCompile(`mailto:([^"?]+)|([a-z]+@[a-z]+\.example)`).FindString(h.visitor().get(h.site, "/mes-droits").want(200).body)
			dpo = strings.TrimPrefix(dpo, "mailto:")
			mail := func(from string, headers ...string) {
				t.Helper()
				head := append([]string{"From: " + from, "To: " + dpo, "Subject: Mes données", "Message-ID: <" + from + ">"}, headers...)
				inClear.typed("email", from)
				inClear.typed("words", "Effacez <b>tout</b> ce que vous avez.")
				raw := strings.Join(head, "\r\n") + "\r\n\r\nEffacez <b>tout</b> ce que vous avez.\r\n"
				if err := smtp.SendMail(h.mailAddress(), nil, from, []string{dpo}, []byte(raw)); err != nil {
					t.Fatal(err)
				}
			}
			mail("robot@example.org", "Auto-Submitted: auto-replied")
			mail("jeanne@example.org")
			m := h.letter("the confirmation", func(m sent) bool { return m.Kind == "rights-received" && m.To == "jeanne@example.org" })
			officer.get(h.space, "/dossiers").want(200).has("/dossiers/" + m.Object)
			officer.get(h.space, "/dossiers/"+m.Object).want(200).has("&lt;b&gt;tout&lt;/b&gt;", "E-mail", "Droit à préciser")
			h.act(officer, m.Object, "name", url.Values{"asked": {"erasure"}, "scopes": {"contact"}}).want(303)
			h.act(officer, m.Object, "answer", url.Values{"text": {"Nous n’avons aucune donnée sur vous, hors ce message."}}).want(303)
			answer := h.letter("the answer", func(m sent) bool { return m.Kind == "rights-answered" && m.To == "jeanne@example.org" })
			for _, want := range []string{"aucune donnée sur vous", "CNIL", dpo} {
				if !strings.Contains(answer.Text, want) {
					t.Errorf("the answer lacks %q: %s", want, answer.Text)
				}
			}
			for _, m := range h.outbox() {
				if m.To == "robot@example.org" {
					t.Errorf("a program was answered: %s", m.Kind)
				}
			}
			// By post, through the officer, into the same queue.
			officer.post(h.space, "/dossiers/nouveau", url.Values{"channel": {"post"}, "asked": {"comment"}, "name": {"Paul Lettre"}, "details.address": {"1 rue de l’Exemple, 30000 Nîmes"}, "words": {"Une remarque."}}).want(303)
			officer.get(h.space, "/dossiers").want(200).has("Paul Lettre", "Courrier")
			clause(t, ids...)
			if network == "works-advisor" {
				clause(t, "WA-45", "WA-55")
			}
			if network == "reviews-network" {
				clause(t, "RN-109")
			}
			if network == "auto-quotes" {
				clause(t, "AQ-66")
			}
		})
	}
}

// mailAddress is where the program takes mail.
func (h *house) mailAddress() string {
	h.t.Helper()
	m := regexp.MustCompile(`smtp://(\S+)`).FindStringSubmatch(h.printed())
	if m == nil {
		h.t.Fatal("the program takes no mail")
	}
	return m[1]
}

// Every right of people in the European Economic Area, from the form to its end, on the networks that answer their customers themselves.
func TestRights_eachOnEachNetwork(t *testing.T) {
	for network, c := range map[string]struct {
		trade string
		more  url.Values
		ids   map[string][]string
	}{
		"reviews-network":  {"cuisiniste", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}}, map[string][]string{"access": {"RN-101"}, "rectification": {"RN-102"}, "restriction": {"RN-104"}, "portability": {"RN-105"}, "withdrawal": {"RN-108"}}},
		"works-advisor":    {"travaux", url.Values{"urgency": {"week"}, "answers.home": {"house"}}, map[string][]string{"access": {"WA-46"}, "rectification": {"WA-49"}, "erasure": {"WA-50"}, "restriction": {"WA-51"}, "portability": {"WA-47"}}},
		"emergency-trades": {"plombier", nil, nil},
		"auto-quotes":      {"voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"renault"}, "consent-match": {"yes"}}, map[string][]string{"access": {"AQ-56"}, "erasure": {"AQ-58"}, "portability": {"AQ-60"}}},
	} {
		t.Run(network, func(t *testing.T) {
			start := func() *house { return newHouseOf(t, network) }
			if network == "emergency-trades" {
				start = func() *house { return newHouse(t) }
			}
			h := start()
			officer := h.operator()
			asks := func(right string, more url.Values) (consumer, person *visitor, request, id string) {
				t.Helper()
				n := h.project(c.trade, c.more)
				if network == "emergency-trades" {
					n = leak()
				}
				email := right + "@example.org"
				n.values.Set("email", email)
				n.values.Set("street", "12 rue de la Visite")
				consumer, request = h.asked(n)
				form := url.Values{"asked": {right}}
				for k, v := range more {
					form[k] = v
				}
				person, id = h.rightsOf(email, form)
				return consumer, person, request, id
			}
			who := func(id string) string {
				t.Helper()
				m := regexp.MustCompile(`name="person" value="([^"]+)"`).FindStringSubmatch(officer.get(h.space, "/dossiers/"+id).want(200).body)
				if m == nil {
					t.Fatal("nobody is tied to the case")
				}
				return m[1]
			}
			answers := func(id, text string) {
				t.Helper()
				h.act(officer, id, "answer", url.Values{"text": {text}}).want(303)
			}
			for _, right := range []string{"access", "portability"} {
				_, person, _, id := asks(right, nil)
				answers(id, "Voici vos données, à lire et à télécharger.")
				h.proves(person, id)
				copied := decode[struct {
					Purposes []struct {
						Kept       string
						Recipients []string
					}
					People []struct {
						Source, Email string
						Requests      []struct{ Street string }
					}
				}](person.get(h.site, "/mon-dossier/donnees.json").want(200))
				if len(copied.People) != 1 || copied.People[0].Email != right+"@example.org" || copied.People[0].Source == "" || len(copied.People[0].Requests) != 1 || len(copied.Purposes) == 0 || copied.Purposes[0].Kept == "" {
					t.Errorf("%s: %+v", right, copied)
				}
				person.get(h.site, "/mon-dossier/donnees.csv").want(200).has(right+"@example.org", "record,field,value")
				clause(t, c.ids[right]...)
			}
			// Somebody whom nobody knows is told so.
			stranger, id := h.rightsOf("personne@example.org", nil)
			text := deskForm(t, officer.get(h.space, "/dossiers/"+id+"?modele=nothing").want(200)).Get("text")
			answers(id, text)
			h.proves(stranger, id)
			stranger.get(h.site, "/mon-dossier/donnees").want(200).has("Nous n’avons rien d’autre sur vous")

			consumer, _, request, id := asks("rectification", nil)
			typed, e164 := freshNumber()
			h.act(officer, id, "rectify", url.Values{"person": {who(id)}, "fix_name": {"Élodie Corrigée"}, "fix_phone": {typed}, "fix_email": {"rectification@example.org"}}).want(303)
			officer.get(h.space, "/demandes/"+request).want(200).has("Élodie Corrigée", e164).lacks("Élodie Visite")
			consumer.get(h.site, "/ma-demande").want(200)
			clause(t, c.ids["rectification"]...)

			_, person, request, id := asks("restriction", nil)
			h.act(officer, id, "restrict", nil).want(303)
			officer.get(h.space, "/demandes/"+request).want(409)
			officer.post(h.space, "/demandes/"+request+"/lien", nil)
			h.liftsFreeze(officer, person, id, func() { officer.get(h.space, "/demandes/"+request).want(409) })
			officer.get(h.space, "/demandes/"+request).want(200)
			clause(t, c.ids["restriction"]...)

			consumer, person, _, id = asks("erasure", url.Values{"scopes": {"contact", "requests"}})
			officer.get(h.space, "/dossiers/"+id).want(200).has("Seront effacés pour toujours")
			h.act(officer, id, "erase", nil).want(303)
			after := officer.get(h.space, "/dossiers/"+id+"?modele=erased").want(200)
			kept := deskForm(t, after).Get("text")
			answers(id, kept)
			person.get(h.site, "/mon-dossier").want(200).has("Données effacées")
			if page := consumer.get(h.site, "/ma-demande"); strings.Contains(page.body, "erasure@example.org") || strings.Contains(page.body, "12 rue de la Visite") {
				t.Error("what was erased is shown")
			}
			clause(t, c.ids["erasure"]...)

			consumer, person, _, _ = asks("withdrawal", nil)
			if page := consumer.get(h.site, "/ma-demande").want(200); strings.Contains(page.body, `name="consent" value="`) {
				t.Error("a consent can still be withdrawn: it stands")
			}
			person.get(h.site, "/mon-dossier").want(200).has("Accords retirés") // at once: no officer has acted
			clause(t, c.ids["withdrawal"]...)
			_, person, _, _ = asks("objection-prospecting", nil)
			person.get(h.site, "/mon-dossier").want(200).has("Sollicitations arrêtées")
			if network == "emergency-trades" {
				clause(t, "ET-123")
			}
		})
	}
}

// A proof of identity stops the clock until it comes, and is destroyed once it was looked at; with the case, if nobody looked.
func TestRights_proofOfIdentityIsDestroyed(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	officer := h.operator()
	for i, ends := range []func(id string){
		func(id string) { h.act(officer, id, "identified", nil).want(303) },
		func(id string) {
			h.act(officer, id, "answer", url.Values{"text": {"Nous n’avons rien d’autre sur vous."}}).want(303)
		},
	} {
		person, id := h.rightsOf([]string{"un@example.org", "deux@example.org"}[i], nil)
		h.act(officer, id, "doubt", url.Values{"doubt": {"Deux personnes portent ce nom chez nous."}}).want(303)
		officer.get(h.space, "/dossiers/"+id).want(200).has("En attente de la personne")
		h.later(40 * 24 * time.Hour)
		officer.get(h.space, "/dossiers/"+id).want(200).lacks("Délai dépassé") // it stands still
		person.post(h.site, "/mon-dossier/suite", url.Values{"words": {"Ma carte porte le numéro SECRET-42."}}).want(303)
		officer.get(h.space, "/dossiers/"+id).want(200).has("SECRET-42").lacks("Délai dépassé")
		ends(id)
		officer.get(h.space, "/dossiers/"+id).want(200).lacks("SECRET-42")
		person.get(h.site, "/mon-dossier").want(200).lacks("SECRET-42")
	}
	clause(t, "RN-111")
}
