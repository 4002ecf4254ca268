package e2e

import (
	"encoding/base32"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
)

// joins follows the invitation that a page shows once, as the new member would: password, and the code of his application.
func (h *house) joins(page *answer) (member *visitor, secret []byte) {
	h.t.Helper()
	member = h.visitor()
	return member, h.joinsAs(member, page)
}

func (h *house) joinsAs(member *visitor, page *answer) (secret []byte) {
	h.t.Helper()
	link := regexp.MustCompile(`/invitation/[A-Za-z0-9_.-]+`).FindString(page.body)
	if link == "" {
		h.t.Fatalf("no invitation on the page\n%.3000s", page.body)
	}
	shown := regexp.MustCompile(`<code>([A-Z2-7 ]+)</code>`).FindStringSubmatch(member.get(h.space, link).want(200).body)
	if shown == nil {
		h.t.Fatal("the invitation shows no secret")
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(shown[1], " ", ""))
	if err != nil {
		h.t.Fatal(err)
	}
	form := url.Values{"password": {passphrase}, "password2": {passphrase}, "code": {auth.TOTPCode(secret, time.Now())}}
	member.post(h.space, link, form).want(303)
	member.follow(h.space, "/").want(200)
	h.visitor().get(h.space, link).want(410) // good once
	return secret
}

const passphrase = "quatre tuyaux sous la lune 27"

// From the invitation to the audit trail: the operator invites, the member proves the application of his phone, signs in with password and code,
// and every step has its line.
func TestTeam_invitedSignsInWithPasswordAndCode(t *testing.T) {
	h := newHouse(t)
	boss := h.enter("Operator")
	for _, path := range []string{"/aujourdhui", "/appels", "/rappels", "/invendus", "/pros", "/equipe", "/permissions", "/journal", "/ventes", "/reglages"} {
		boss.get(spaceHost, path).want(200)
	}
	boss.post(spaceHost, "/equipe", url.Values{"name": {""}, "email": {"pas une adresse"}, "roles": {"emperor"}}).want(422)
	page := boss.post(spaceHost, "/equipe", url.Values{"name": {"Inès Nouvelle"}, "email": {"ines@depanneurs.example"}, "roles": {"agent"}, "trained": {"2026-11-02"}}).want(200)
	h.letter("the invitation by e-mail", func(m sent) bool {
		return m.Kind == "staff-invite" && m.To == "ines@depanneurs.example" && strings.Contains(m.Text, "/invitation/")
	})
	member, secret := h.joins(page)
	member.get(spaceHost, "/rappels").want(200)
	member.get(spaceHost, "/equipe").want(403)
	member.post(spaceHost, "/deconnexion", nil).want(200)
	member.get(spaceHost, "/rappels").want(303)

	// A code is good once, so the one of the next thirty seconds is used: the clock of a phone may be that far ahead.
	member.post(spaceHost, "/connexion", url.Values{"email": {"ines@depanneurs.example"}, "password": {"not " + passphrase}}).want(422)
	member.post(spaceHost, "/connexion", url.Values{"email": {"ines@depanneurs.example"}, "password": {passphrase}}).want(200).has(`name="code"`)
	member.get(spaceHost, "/rappels").want(303) // the password alone opens nothing
	member.post(spaceHost, "/connexion", url.Values{"code": {"000000"}}).want(422)
	next := auth.TOTPCode(secret, time.Now().Add(30*time.Second))
	member.post(spaceHost, "/connexion", url.Values{"code": {next}}).want(303)
	member.get(spaceHost, "/rappels").want(200)
	thief := h.visitor()
	thief.post(spaceHost, "/connexion", url.Values{"email": {"ines@depanneurs.example"}, "password": {passphrase}}).want(200)
	thief.post(spaceHost, "/connexion", url.Values{"code": {next}}).want(422) // seen over a shoulder

	trail := boss.get(spaceHost, "/journal").want(200)
	trail.has("Inès Nouvelle")
	csv := boss.get(spaceHost, "/journal.csv").want(200)
	csv.has("account.invite").lacks(passphrase)
}

// A professional is created by onboarding, verified before he has access (ET-18); suspended, he buys nothing; reopened, he does again.
func TestPro_createdSuspendedReopened(t *testing.T) {
	h := newHouse(t)
	clerk := h.enter("Onboarding")
	form := func() url.Values {
		return url.Values{"company": {"Plomberie du Visiteur"}, "siren": {"732 829 320"}, "contact": {"Yann Visiteur"}, "phone": {"06 39 98 88 01"}, "email": {"yann@artisans.example"},
			"street": {"3 rue du Port"}, "postcode": {"30000"}, "commune": {"30189"}, "lang": {"fr"}, "trades": {"plombier"}, "radius": {"30"}, "insurance_until": {"2027-11-01"},
			"check-identity": {"yes"}, "check-registry": {"yes"}, "check-insurance": {"yes"}, "check-qualification": {"yes"}, "check-terms": {"yes"}, "registry_on": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}, "qualified.plombier": {"diploma"}}
	}
	wrong := form()
	wrong.Set("siren", "123456789")
	clerk.post(spaceHost, "/pros/nouveau", wrong).want(422).has("SIREN")
	path := clerk.post(spaceHost, "/pros/nouveau", form()).want(303).header.Get("Location")
	if !strings.HasPrefix(path, "/pros/pro_") {
		t.Fatalf("created, and sent to %s", path)
	}
	clerk.get(spaceHost, path).want(200).has("Plomberie du Visiteur")
	twin := form()
	twin.Set("email", "autre@artisans.example")
	clerk.post(spaceHost, "/pros/nouveau", twin).want(409) // one SIREN, one professional
	invite := h.letter("his invitation", func(m sent) bool { return m.To == "yann@artisans.example" && strings.Contains(m.Text, "/invitation/") })
	link := regexp.MustCompile(`/invitation/[A-Za-z0-9_.-]+`).FindString(invite.Text)
	pro := h.visitor()
	pro.get(spaceHost, link).want(200)
	pro.post(spaceHost, link, url.Values{"password": {passphrase}, "password2": {passphrase + "!"}}).want(422)
	pro.post(spaceHost, link, url.Values{"password": {passphrase}, "password2": {passphrase}, "consent-pro-terms": {"yes"}}).want(303)
	pro.get(spaceHost, "/tableau").want(200)
	pro.get(spaceHost, "/pros").want(403)

	_, id := h.asked(leak())
	h.publish(h.enter("Agent"), id, "", nil).want(303)
	pro.get(spaceHost, "/tableau").want(200).has(id)
	// A transfer that staff record is what he pays with.
	h.enter("Operator").post(spaceHost, path+"/virement", url.Values{"amount": {"500"}, "reference": {"VIR 2026-11-22 1"}}).want(303)
	boss := h.enter("Operator")
	boss.post(spaceHost, path+"/suspendre", url.Values{"reason": {"nothing-of-the-kind"}}).want(422)
	reason := regexp.MustCompile(`(?s)name="reason".*?<option value="([a-z-]+)"`).FindStringSubmatch(boss.get(spaceHost, path).want(200).body)
	if reason == nil {
		t.Fatal("no reason to suspend for")
	}
	boss.post(spaceHost, path+"/suspendre", url.Values{"reason": {reason[1]}}).want(303)
	h.letter("he is told", func(m sent) bool { return m.To == "yann@artisans.example" && strings.HasPrefix(m.Kind, "suspended") })
	pro.get(spaceHost, "/tableau/"+id).lacks("confirm-near")
	pro.post(spaceHost, "/tableau/"+id+"/acheter", confirmed("wallet")).lacks("12 rue de la Visite")
	if strings.Contains(pro.get(spaceHost, "/achats").body, "pur_") {
		t.Error("a suspended professional has bought")
	}
	boss.post(spaceHost, path+"/reprendre", nil).want(303)
	bought := h.buy(pro, id, "wallet").want(303).header.Get("Location")
	pro.get(spaceHost, bought).want(200).has("12 rue de la Visite")
	clause(t, "ET-18")
}

// A professional from outside is asked about one request by hand, under the same duties: he is told what everybody is told before paying, signs in
// to see that request alone, ticks and pays as everybody does, and gets the contact details then (ET-137).
func TestOutside_offeredByHandUnderTheSameRule(t *testing.T) {
	h := newHouse(t)
	agent := h.enter("Agent")
	n := leak()
	_, id := h.asked(n)
	h.publish(agent, id, "40", nil).want(303)
	offer := url.Values{"outside_name": {"Dépannage d’Ailleurs"}, "outside_siren": {"552 100 554"}, "outside_phone": {"06 39 98 88 02"}, "outside_email": {"ailleurs@artisans.example"}, "outside_street": {"9 quai Neuf"}}
	agent.post(spaceHost, "/demandes/"+id+"/proposer", nil).want(422)
	boss := h.enter("Operator")
	agent.post(spaceHost, "/demandes/"+id+"/proposer", offer).want(303)
	told := h.letter("he is asked", func(m sent) bool {
		return m.Kind == "new-request" && m.Object == id && m.To == "ailleurs@artisans.example"
	})
	for _, s := range append(secrets, n.phone, strings.TrimPrefix(n.phone, "+33")) {
		if strings.Contains(told.Text, s) {
			t.Errorf("he is told %q before he paid: %s", s, told.Text)
		}
	}
	if !strings.Contains(told.Text, "40,00") {
		t.Errorf("he is not told the price: %s", told.Text)
	}
	boss.get(spaceHost, "/demandes/"+id).want(200).has("Proposée à la main")
	file := regexp.MustCompile(`/pros/pro_[0-9a-z]+`).FindString(boss.get(spaceHost, "/pros?state=pending").want(200).has("Dépannage d’Ailleurs", "Hors réseau").body)
	boss.get(spaceHost, file).want(200).has(file+"/inviter", file+"/virement")
	invited := h.letter("he is invited to see it", func(m sent) bool {
		return m.To == "ailleurs@artisans.example" && strings.Contains(m.Text, "/invitation/")
	})
	link := regexp.MustCompile(`/invitation/[A-Za-z0-9_.-]+`).FindString(invited.Text)
	pro := h.visitor()
	pro.post(spaceHost, link, url.Values{"password": {passphrase}, "password2": {passphrase}, "consent-pro-terms": {"yes"}}).want(303)
	_, other := h.asked(leak())
	h.publish(agent, other, "", nil).want(303)
	board := pro.get(spaceHost, "/tableau").want(200).has(id)
	if strings.Contains(board.body, other) {
		t.Error("he is asked about a request that nobody offered him")
	}
	pro.get(spaceHost, "/tableau/"+other).want(404)
	// Known from now on, he may be asked about another one: by the list, or by whoever types him again.
	agent.get(spaceHost, "/demandes/"+other).want(200).has("Dépannage d’Ailleurs", "hors réseau")
	agent.post(spaceHost, "/demandes/"+other+"/proposer", offer).want(303)
	pro.get(spaceHost, "/tableau").want(200).has(id, other)
	sheet := pro.get(spaceHost, "/tableau/"+id).want(200)
	sheet.lacks(append([]string{n.phone, "12 rue de la Visite"}, secrets...)...)
	pro.post(spaceHost, "/tableau/"+id+"/acheter", url.Values{"pay": {"card"}}).want(422) // the same confirmations (ET-41)
	card := h.buy(pro, id, "card").want(303).header.Get("Location")
	back := pro.post(spaceHost, card, url.Values{"answer": {"pay"}}).want(303).header.Get("Location")
	eventually(t, "he paid and is told", func() bool { return strings.Contains(pro.follow(spaceHost, back).body, "12 rue de la Visite") })
	h.letter("the client is told who takes it", func(m sent) bool {
		return m.Kind == "taken" && m.Object == id && strings.Contains(m.Text, "Dépannage d’Ailleurs")
	})
	clause(t, "ET-137")
}

// Where the network file names no bank account, the wallet says whom to ask for one.
func TestWallet_withoutAnAccountSaysWhomToAsk(t *testing.T) {
	h := newHouse(t, "--network", networkWith(t, `  bank: {holder: DÉPANNEURS D’ICI, iban: "FR76 0000 0000 0000 0000 0000 097", bic: EXEMFRP0XXX}`, ""))
	h.enter("Professional 1").get(spaceHost, "/portefeuille").want(200).has("sur demande à bonjour@depanneurs.example").lacks("IBAN")
}

// A professional stops notices at once, by the link in one and by his profile; his purchases' letters go on.
func TestNotices_stoppedByTheProfessional(t *testing.T) {
	h := newHouse(t)
	agent := h.enter("Agent")
	_, id := h.asked(leak())
	h.publish(agent, id, "", nil).want(303)
	about := func(id, channel string) map[string]sent {
		all := map[string]sent{}
		for _, m := range h.outbox() {
			if m.Kind == "new-request" && m.Object == id && m.Channel == channel && m.State == "sent" {
				all[m.To] = m
			}
		}
		return all
	}
	pros := map[string]*visitor{}
	var texted, mailed sent
	for _, role := range []string{"Professional 1", "Professional 2", "Professional 3"} {
		v := h.enter(role)
		pros[regexp.MustCompile(`pro\d@artisans\.example`).FindString(v.get(spaceHost, "/profil").want(200).body)] = v
	}
	mailed = h.letter("a notice by e-mail", func(m sent) bool { return m.Kind == "new-request" && m.Object == id && pros[m.To] != nil })
	pro := pros[mailed.To]
	phone := regexp.MustCompile(`0[67](?:[ \x{a0}\x{202f}]\d\d){4}`).FindString(pro.get(spaceHost, "/profil").want(200).body)
	e164 := "+33" + strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(phone)[1:]
	texted = h.letter("the same by text", func(m sent) bool { return m.Kind == "new-request" && m.Object == id && m.To == e164 })
	at := regexp.MustCompile(`http://([^/:\s]+)[^/\s]*(/stop/\S+)`).FindStringSubmatch(texted.Text)
	if at == nil {
		t.Fatalf("no way to stop in %q", texted.Text)
	}
	stranger := h.visitor() // the link works without signing in, as it does on another device
	stranger.get(at[1], at[2]).want(200)
	stranger.post(at[1], at[2], nil).want(200)
	settled := func() {
		eventually(t, "all notices left", func() bool {
			return strings.Contains(h.visitor().get(spaceHost, "/readyz").want(200).body, `"jobs_waiting":0`)
		})
	}
	_, second := h.asked(leak())
	h.publish(agent, second, "", nil).want(303)
	settled()
	if _, told := about(second, "sms")[e164]; told {
		t.Error("a text left after the stop by its link")
	}
	if _, told := about(second, "email")[mailed.To]; !told {
		t.Error("the stop of texts stopped the e-mails as well")
	}
	pro.get(spaceHost, "/tableau").want(200).has(second) // he still finds it himself

	pro.post(spaceHost, "/profil/avis", url.Values{}).want(303)
	_, third := h.asked(leak())
	h.publish(agent, third, "", nil).want(303)
	settled()
	for _, channel := range []string{"sms", "email"} {
		all := about(third, channel)
		for _, to := range []string{e164, mailed.To} {
			if _, told := all[to]; told {
				t.Errorf("a notice by %s left after the profile said no", channel)
			}
		}
	}
	if len(about(third, "email")) == 0 {
		t.Error("nobody else was told of the third either: this proves nothing")
	}
	path := h.buy(pro, third, "wallet").want(303).header.Get("Location")
	pro.get(spaceHost, path).want(200)
	h.letter("what he bought is still written to him", func(m sent) bool { return m.Kind == "bought" && m.Object != "" && m.To == mailed.To })
}
