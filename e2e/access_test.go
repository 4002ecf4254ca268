package e2e

import (
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

var invitationLink = regexp.MustCompile(`/invitation/[A-Za-z0-9_.-]+`)

// newcomer is a whole file of a professional as onboarding types it, every check ticked.
func newcomer(siren, phone, email string) url.Values {
	return url.Values{"company": {"Plomberie de l’Accès"}, "siren": {siren}, "contact": {"Yann Accès"}, "phone": {phone}, "email": {email},
		"street": {"3 rue du Port"}, "postcode": {"30000"}, "commune": {"30189"}, "lang": {"fr"}, "trades": {"plombier"}, "radius": {"30"}, "insurance_until": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)},
		"check-identity": {"yes"}, "check-registry": {"yes"}, "check-insurance": {"yes"}, "check-qualification": {"yes"}, "check-terms": {"yes"}, "registry_on": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}, "qualified.plombier": {"diploma"}}
}

// invited follows the invitation of a professional until its page.
func (h *house) invited(email string) (v *visitor, link string) {
	h.t.Helper()
	m := h.letter("an invitation", func(m sent) bool { return m.To == email && strings.Contains(m.Text, "/invitation/") })
	v, link = h.visitor(), invitationLink.FindString(m.Text)
	v.get(h.space, link).want(200)
	return v, link
}

// accepts opens an access with a password and the box for the terms.
func accepts() url.Values {
	return url.Values{"password": {passphrase}, "password2": {passphrase}, "consent-pro-terms": {"yes"}}
}

// The way of a professional into the network: made by staff alone, with a whole file; shut out until each check is done; bound by terms and charter
// before his first order; told at each handing over what he may do with a customer's details; shut out for good for a breach.
func TestAccess_fromTheFileToTheFirstOrderAndToItsEnd(t *testing.T) {
	h := newHouse(t)
	clerk, agent, boss := h.enter("Onboarding"), h.enter("Agent"), h.enter("Operator")
	const email, phone = "acces@artisans.example", "06 39 98 87 01"
	whole := func() url.Values { return newcomer("732 829 320", phone, email) }

	// Nobody registers himself (ET-28), and no file is stored with a hole (ET-30, 131) or a number that no register gave out (ET-75).
	h.visitor().post(spaceHost, "/pros/nouveau", whole()).want(401)
	h.enter("Professional 1").post(spaceHost, "/pros/nouveau", whole()).want(403)
	agent.post(spaceHost, "/pros/nouveau", whole()).want(403)
	for _, field := range []string{"company", "siren", "contact", "phone", "email", "street", "postcode", "trades", "radius"} {
		holed := whole()
		holed.Del(field)
		clerk.post(spaceHost, "/pros/nouveau", holed).want(422)
	}
	for _, siren := range []string{"732 829 321", "73282932", "siren"} {
		wrong := whole()
		wrong.Set("siren", siren)
		clerk.post(spaceHost, "/pros/nouveau", wrong).want(422).has("SIREN")
	}
	past := whole()
	past.Set("insurance_until", time.Now().AddDate(0, 0, -1).Format(time.DateOnly))
	clerk.post(spaceHost, "/pros/nouveau", past).want(422).has("une date à venir")
	clerk.get(spaceHost, "/pros?nom=Accès").want(200).lacks("Plomberie de l’Accès")
	clause(t, "ET-28", "ET-30", "ET-131")

	// What is ticked rests on what was seen: an extract under three months old on the day of the signature (ET-106), in each trade a diploma or three
	// years (ET-77, 80).
	on := func(years, months, days int) string {
		return time.Now().In(paris(t)).AddDate(years, months, days).Format(time.DateOnly)
	}
	for _, bad := range []url.Values{{"registry_on": {""}}, {"registry_on": {on(0, -3, -1)}}, {"registry_on": {on(0, 0, 1)}}, {"qualified.plombier": {""}},
		{"qualified.plombier": {"experience"}, "since.plombier": {""}}, {"qualified.plombier": {"experience"}, "since.plombier": {on(-2, -11, 0)}}, {"trades": {"plombier", "chauffagiste"}}} {
		wrong := whole()
		maps.Copy(wrong, bad)
		clerk.post(spaceHost, "/pros/nouveau", wrong).want(422)
	}
	clerk.get(spaceHost, "/pros?nom=Accès").want(200).lacks("Plomberie de l’Accès")
	able := newcomer("552 100 554", "06 39 98 87 03", "bords@artisans.example")
	maps.Copy(able, url.Values{"company": {"Chauffage des Bords"}, "registry_on": {on(0, -3, 1)}, "trades": {"plombier", "chauffagiste"}, "qualified.chauffagiste": {"experience"}, "since.chauffagiste": {on(-3, 0, 0)}})
	edge := clerk.post(spaceHost, "/pros/nouveau", able).want(303).header.Get("Location")
	clerk.get(spaceHost, edge).want(200).has("Actif").says("Extrait du registre du", "Qualification, Plombier diplôme", "Qualification, Chauffagiste expérience depuis le")
	clause(t, "ET-77", "ET-80", "ET-106")

	// Without one check he may open his space and sees nothing, buys nothing (ET-05, 22, 29).
	unchecked := whole()
	unchecked.Del("check-registry")
	file := clerk.post(spaceHost, "/pros/nouveau", unchecked).want(303).header.Get("Location")
	clerk.get(spaceHost, file).want(200).has("En vérification")
	pro, link := h.invited(email)
	pro.get(spaceHost, link).want(200).has("J’ai lu et j’accepte les conditions de vente et la charte de qualité.", `href="/conditions-de-vente"`, `href="/charte"`)
	silent := accepts()
	silent.Del("consent-pro-terms")
	pro.post(spaceHost, link, silent).want(422).has("Lisez et acceptez ces documents")
	weak := accepts()
	weak.Set("password", "court")
	weak.Set("password2", "court")
	pro.post(spaceHost, link, weak).want(422)
	pro.get(spaceHost, "/tableau").want(303) // nothing has opened
	boss.get(spaceHost, "/journal.csv").want(200).lacks("document.accept")
	pro.post(spaceHost, link, accepts()).want(303)
	trail := boss.get(spaceHost, "/journal.csv").want(200).body
	for _, kind := range []string{"pro-terms", "charter"} {
		version := regexp.MustCompile(`version ([0-9a-f]{8})`).FindStringSubmatch(h.visitor().get(siteHost, map[string]string{"pro-terms": "/conditions-de-vente", "charter": "/charte"}[kind]).want(200).body)
		if version == nil || !strings.Contains(trail, "document.accept") || !strings.Contains(trail, kind+" "+version[1]) {
			t.Errorf("the trail does not say which %s he accepted: %v", kind, version)
		}
	}
	_, first := h.asked(leak())
	h.publish(agent, first, "", nil).want(303)
	boss.post(spaceHost, file+"/virement", url.Values{"amount": {"500"}, "reference": {"VIR accès"}}).want(303)
	pro.get(spaceHost, "/tableau").want(200).lacks(first)
	pro.get(spaceHost, "/tableau/"+first).want(404)
	pro.post(spaceHost, "/panier", url.Values{"request": {first}, "then": {"buy"}}).want(404) // it was not offered to him
	pro.post(spaceHost, "/tableau/"+first+"/acheter", confirmed("wallet")).lacks("12 rue de la Visite")
	clerk.post(spaceHost, file, whole()).want(303)
	clerk.get(spaceHost, file).want(200).has("Actif")
	n := leak()
	consumer, second := h.asked(n)
	h.publish(agent, second, "", nil).want(303)
	pro.get(spaceHost, "/tableau").want(200).has(second)
	pro.get(spaceHost, "/tableau/"+second).want(200).says("sont indicatives", "n’engage que vous")
	bought := h.buy(pro, second, "wallet").want(303).header.Get("Location")
	clause(t, "ET-05", "ET-07", "ET-22", "ET-29", "ET-59", "ET-75")

	// What he may do with a customer's details is told wherever they are (ET-57, 134); the customer is told what to check (ET-81).
	rule := "N’utilisez ces coordonnées que pour cette intervention, ne les transmettez à personne et n’en gardez pas copie ensuite"
	pro.get(spaceHost, bought).want(200).has("12 rue de la Visite").says(rule)
	mail := h.letter("the details by e-mail", func(m sent) bool { return m.Kind == "bought" && m.Channel == "email" && m.To == email })
	if !strings.Contains(mail.Text, "N’utilisez ces coordonnées que pour cette intervention et ne les transmettez à personne") {
		t.Errorf("the letter does not say what the details are for: %s", mail.Text)
	}
	h.visitor().get(siteHost, "/conditions-de-vente").want(200).says("N’utilisez ses données que pour la mise en relation, le devis et vos obligations légales. Les transmettre à un tiers, gratuitement ou non, est interdit et entraîne la fermeture définitive de l’accès")
	for _, other := range []string{"Professional 1", "Professional 2", "Professional 3"} {
		h.enter(other).get(spaceHost, bought).want(404).lacks("12 rue de la Visite")
	}
	consumer.get(siteHost, "/ma-demande").want(200).says("Plomberie de l’Accès", "demandez un devis écrit, l’attestation d’assurance et le numéro d’immatriculation")
	clause(t, "ET-57", "ET-81", "ET-87", "ET-134")

	// His account holds all that is his, and nobody else's (ET-38); his password is nowhere (ET-104).
	h.letter("his invoice", func(m sent) bool { return m.Kind == "invoice" && m.To == email })
	bill := regexp.MustCompile(`/factures/inv_[0-9a-z]+\.pdf`).FindString(pro.get(spaceHost, "/factures").want(200).body)
	pro.get(spaceHost, "/achats").want(200).has(bought)
	pro.get(spaceHost, bill).want(200).has("%PDF-")
	h.enter("Professional 1").get(spaceHost, bill).want(404)
	profile := pro.get(spaceHost, "/profil").want(200).has("Yann Accès", email, "3 rue du Port").says("06 39 98 87 01", "ne dépendez pas des seules demandes du réseau")
	profile.lacks(passphrase)
	clerk.get(spaceHost, file).want(200).lacks(passphrase)
	clause(t, "ET-38", "ET-100")

	// The area changes at his wish, and what he is asked follows it, with a line in the trail (ET-33).
	north := whole()
	north.Set("postcode", "59000")
	north.Set("commune", "59350")
	north.Set("radius", "10")
	before := strings.Count(boss.get(spaceHost, "/journal.csv").want(200).body, ",pro.edit,")
	clerk.post(spaceHost, file, north).want(303)
	_, third := h.asked(leak())
	h.publish(agent, third, "", nil).want(303)
	pro.get(spaceHost, "/tableau").want(200).lacks(third)
	clerk.post(spaceHost, file, whole()).want(303)
	_, fourth := h.asked(leak())
	h.publish(agent, fourth, "", nil).want(303)
	pro.get(spaceHost, "/tableau").want(200).has(fourth)
	if after := strings.Count(boss.get(spaceHost, "/journal.csv").want(200).body, ",pro.edit,"); after != before+2 {
		t.Errorf("%d lines about changed files, %d before", after, before)
	}
	clause(t, "ET-33")

	// He writes that he wants no more notices: staff stop them, and the board stays open (ET-99).
	agent.post(spaceHost, file+"/silence", nil).want(403)
	clerk.post(spaceHost, file+"/silence", nil).want(303)
	h.letter("he is told", func(m sent) bool { return m.Kind == "notifications-stopped" && m.To == email })
	_, fifth := h.asked(leak())
	h.publish(agent, fifth, "", nil).want(303)
	h.settled()
	told := 0
	for _, m := range h.outbox() {
		if m.Kind == "new-request" && m.Object == fifth {
			if told++; m.To == email || m.To == "+33639988701" {
				t.Errorf("a notice left after the stop: %s", m.Text)
			}
		}
	}
	if told == 0 {
		t.Error("nobody was told of the fifth: this proves nothing")
	}
	pro.get(spaceHost, "/tableau").want(200).has(fifth)
	clause(t, "ET-99")

	// His access is his company's (ET-154), and ends at once and for good for a breach (ET-58).
	moved := whole()
	moved.Set("siren", "404 833 048")
	clerk.post(spaceHost, file, moved).want(422).says("Le SIREN ne change pas")
	h.visitor().get(siteHost, "/conditions-de-vente").want(200).says("ne peut pas être cédé", "Si une clause est écartée, les autres restent ; ne pas exercer un droit n’est pas y renoncer")
	clause(t, "ET-154")
	boss.post(spaceHost, file+"/clore", url.Values{"close_reason": {"terms"}}).want(303)
	pro.get(spaceHost, "/tableau").want(303)
	pro.post(spaceHost, "/connexion", url.Values{"email": {email}, "password": {passphrase}}).want(422)
	again := newcomer("732 829 320", "06 39 98 87 02", "retour@artisans.example")
	again.Set("company", "Plomberie Renommée")
	clerk.post(spaceHost, "/pros/nouveau", again).want(409).says("une entreprise exclue ne revient pas")
	clause(t, "ET-58")

	h.stop(syscall.SIGTERM)
	rows := rowsOf(t, opened(t, filepath.Join(h.data, "main.db"), nil))
	lacksInClear(t, rows, passphrase, "Yann Accès", email, "+33639988701", "3 rue du Port")
	slow := 0
	for _, r := range rows["account"] {
		if hash, _ := r["password_hash"].(string); strings.HasPrefix(hash, "$argon2id$") {
			slow++
		} else if hash != "" {
			t.Errorf("a password is kept as %.12s…", hash)
		}
	}
	if slow == 0 {
		t.Error("no account has a password: this proves nothing")
	}
	clause(t, "ET-104")
}

// A professional takes what he likes: nobody counts what he leaves, until three months without an order, when staff are shown his name and nothing
// happens by itself (ET-06, 49). What he bought stays bought, whatever becomes of the job (ET-50). He reads it all in his account and in his copy (ET-108, 111).
func TestAccess_freeToRefuseAndShownWhenIdle(t *testing.T) {
	h := newHouse(t)
	agent, clerk, officer := h.enter("Agent"), h.enter("Onboarding"), h.operator()
	n := leak()
	_, id := h.asked(n)
	h.publish(agent, id, "", nil).want(303)
	pro := h.buyer(id)
	siren := regexp.MustCompile(`SIREN (\d{9})`).FindStringSubmatch(pro.get(spaceHost, "/profil").want(200).words())
	if siren == nil {
		t.Fatal("his profile shows no SIREN")
	}
	file := regexp.MustCompile(`/pros/pro_[0-9a-z]+`).FindString(clerk.get(spaceHost, "/pros?nom="+siren[1]).want(200).body)
	if file == "" {
		t.Fatalf("%s is not found", siren[1])
	}
	bought := h.buy(pro, id, "wallet").want(303).header.Get("Location")
	day := time.Now()
	pro.post(spaceHost, bought+"/suivi", url.Values{"outcome": {"lost"}}).want(303)
	h.letter("the invoice", func(m sent) bool { return m.Kind == "invoice" && strings.Contains(m.Text, "TTC") })
	balance := func() string {
		return regexp.MustCompile(`Solde [\d ]+,\d\d`).FindString(pro.get(spaceHost, "/portefeuille").want(200).words())
	}
	left := balance()
	if left == "" {
		t.Fatal("the wallet shows no balance")
	}
	for _, path := range []string{"/recrediter", "/recredit", "/contester"} {
		pro.post(spaceHost, bought+path, url.Values{"reason": {"not-serious"}}).want(404)
	}
	h.visitor().get(siteHost, "/conditions-de-vente").want(200).says("Une mise en relation facturée n’est pas recréditée, même sans chantier conclu", "Il ne crée ni exclusivité, ni subordination, ni budget minimum", "Vous êtes libre de prendre une demande ou non")

	idle := "Aucun achat depuis 3 mois"
	edge := day.AddDate(0, 3, 0)
	for elapsed := time.Duration(0); elapsed < edge.Sub(day)-2*time.Hour; {
		step := min(45*24*time.Hour, edge.Sub(day)-2*time.Hour-elapsed)
		h.later(step)
		elapsed += step
	}
	_, offered := h.asked(leak())
	h.publish(agent, offered, "", nil).want(303)
	pro.get(spaceHost, "/tableau").want(200).has(offered) // months without an order cost him nothing
	clerk.get(spaceHost, file).want(200).saysNot(idle).has("Actif")
	h.later(3 * time.Hour)
	clerk.get(spaceHost, file).want(200).says(idle, "rien n’est automatique").has("Actif")
	pro.get(spaceHost, "/tableau").want(200).has(offered)
	if now := balance(); now != left {
		t.Errorf("the wallet went from %s to %s", left, now)
	}
	pro.get(spaceHost, "/factures").want(200).lacks("Avoir")
	clause(t, "ET-06", "ET-49", "ET-50")

	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(pro.get(spaceHost, bought).want(200).body)
	pro.get(spaceHost, "/achats").want(200).has(bought, "Nîmes", "Plombier")
	pro.post(spaceHost, "/droits", url.Values{"asked": {"access"}, "name": {"Perrin Plombier"}, "email": {"copie@pro.example"}}).want(303)
	mine := h.letter("his request is received", func(m sent) bool { return m.Kind == "rights-received" && m.To == "copie@pro.example" })
	officer.get(spaceHost, "/dossiers/"+mine.Object+"/copie").want(200).says("Vos commandes", ref, "Plombier, Nîmes", "sans suite", "Vos connexions").lacks("Élodie", "12 rue de la Visite", n.phone)
	clause(t, "ET-108", "ET-111")
}

// What the operator publishes for professionals: the French text prevails, the charter says each duty with its official links, the terms say who
// answers for what.
func TestAccess_whatTheTermsAndTheCharterSay(t *testing.T) {
	h := newHouse(t)
	v := h.visitor()
	for _, path := range []string{"/conditions", "/conditions-de-vente"} {
		v.get(siteHost, path+"?lang=en").want(200).says("the French version prevails")
		v.get(siteHost, path+"?lang=fr").want(200).says("la version française l’emporte")
	}
	clause(t, "ET-01")
	charter := v.get(siteHost, "/charte").want(200).says(
		"respecter les règles fiscales et sociales et les normes en vigueur",                // ET-63
		"ne rien fournir d’une qualité inférieure au devis, travail ou pièce",               // ET-70
		"réaliser et facturer lui-même les travaux",                                         // ET-72
		"ne donner que des informations vérifiées sur la prise en charge par une assurance", // ET-73
		"arrêté du 24 janvier 2017", "devoir de remettre un devis")
	charter.has(`href="https://www.economie.gouv.fr/particuliers/depannage-reparation-entretien-publicite-prix"`, `href="https://www.service-public.fr/particuliers/vosdroits/F31144"`)
	clause(t, "ET-63", "ET-70", "ET-72", "ET-73", "ET-78", "ET-79")
	v.get(siteHost, "/conditions-de-vente").want(200).says("Sauf accord écrit, antérieur et exprès, ces conditions l’emportent sur tout autre document",
		"Vous garantissez Dépanneurs d’ici contre les réclamations d’un client ou d’un tiers", "sur factures acquittées, ses frais de défense", "Aucune indemnité n’est due pour un manque à gagner", "au cours des 3 mois qui précèdent")
	clause(t, "ET-89", "ET-152")
}
