package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// settled waits until no work is left.
func (h *house) settled() {
	h.t.Helper()
	eventually(h.t, "all work is done", func() bool {
		return strings.Contains(h.visitor().get(spaceHost, "/readyz").want(200).body, `"jobs_waiting":0`)
	})
}

var shownText = regexp.MustCompile(`href="(/ma-demande/accords/con[^"]+)"`)

// A choice is kept word for word, can be read again byte for byte by the person and by staff, is receipted, and is taken back as easily as it was
// given: by the link, by STOP, aloud to an agent; each time at once, for what is queued too (ET-126).
func TestConsent_keptShownReceiptedTakenBack(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		agent := h.enter("Agent")
		n := leak()
		consumer, id := h.asked(n)

		receipt := h.letter("a receipt by e-mail", func(m sent) bool { return m.Kind == "request-received" && m.Channel == "email" && m.Object == id })
		for _, words := range []string{"Vos choix, à garder", "Je demande à être rappelé par Dépanneurs d’ici", "J’accepte que Dépanneurs d’ici me demande mon avis une fois", "Oui, le "} {
			if !strings.Contains(receipt.Text, words) {
				t.Errorf("the receipt lacks %q:\n%s", words, receipt.Text)
			}
		}
		page := consumer.get(siteHost, "/ma-demande/accords").want(200).has("mot pour mot", "/log/preuve/")
		shown := shownText.FindAllStringSubmatch(page.body, -1)
		if len(shown) != 3 {
			t.Fatalf("%d choices are shown, want 3", len(shown))
		}
		for _, m := range shown {
			text := consumer.get(siteHost, m[1]).want(200)
			sum := sha256.Sum256([]byte("fr\x00" + text.body))
			if hash := hex.EncodeToString(sum[:]); !strings.Contains(page.body, hash) {
				t.Errorf("the bytes of %s are not those of a hash on the page", m[1])
			}
		}
		consumer.get(siteHost, "/ma-demande/accords.txt").want(200).has("Je demande à être rappelé", "Oui, le ")
		another, _ := h.asked(leak())
		another.get(siteHost, shown[0][1]).want(404)
		h.visitor().get(siteHost, shown[0][1]).lacks("Je demande")
		file := agent.get(spaceHost, "/demandes/"+id).want(200)
		staff := regexp.MustCompile(`href="(/demandes/[^"]+/accords/con[^"]+)"`).FindStringSubmatch(file.body)
		if staff == nil {
			t.Fatal("staff cannot read what was shown")
		}
		agent.get(spaceHost, staff[1]).want(200)
		h.enter("Operator").get(spaceHost, "/journal?what=consent.read").want(200).has(id)

		// By the link.
		consumer.post(siteHost, "/ma-demande/retrait", url.Values{"consent": {"opinion"}}).want(303)
		consumer.get(siteHost, "/ma-demande/accords").want(200).has("remplacé depuis")
		h.letter("a receipt of the withdrawal", func(m sent) bool {
			return m.Kind == "consent-receipt" && m.Object == id && strings.Contains(m.Text, "Non, le ")
		})

		// Aloud, to an agent; a name is no reference.
		aloud := leak()
		_, second := h.asked(aloud)
		agent.post(spaceHost, "/demandes/"+second+"/accords/retrait", url.Values{"consent": {"opinion"}, "channel": {"phone"}, "reference": {"Mme Visite, hier"}}).want(303)
		agent.follow(spaceHost, "/demandes/"+second).has("sans nom").lacks("remplacé depuis")
		agent.post(spaceHost, "/demandes/"+second+"/accords/retrait", url.Values{"consent": {"opinion"}, "channel": {"phone"}, "reference": {"APPEL-2026-114"}}).want(303)
		agent.get(spaceHost, "/demandes/"+second).want(200).has("remplacé depuis", "téléphone")
		h.enter("Professional 1").post(spaceHost, "/demandes/"+second+"/accords/retrait", url.Values{"consent": {"opinion"}}).want(403)

		// Two days after the sale nobody is asked for an opinion who took it back; who did not, is.
		third := leak()
		_, kept := h.asked(third)
		for _, r := range []string{id, second, kept} {
			h.publish(agent, r, "", nil).want(303)
			h.buy(h.buyer(r), r, "wallet").want(303)
		}
		h.settled()
		h.later(49 * time.Hour)
		h.letter("the question of how it went", func(m sent) bool { return m.Kind == "how-did-it-go" && m.Object == kept && m.Channel == "sms" })
		h.settled()
		for _, m := range h.outbox() {
			if m.Kind == "how-did-it-go" && m.Object != kept {
				t.Errorf("%s was asked for an opinion after the consent was taken back", m.Object)
			}
		}
		h.enter("Operator").get(spaceHost, "/journal?what=contact.refused").want(200).has(id, second, "no-opinion").lacks(n.phone)
		clause(t, "ET-126")
	})
}

// A professional hears of requests that concern him until he stops it, and of news only where he ticked it, each channel apart (ET-98, 99, 113).
func TestConsent_professionalsNewsByChannel(t *testing.T) {
	h := newHouse(t)
	pro := h.enter("Professional 1")
	box := func(name string) bool {
		m := regexp.MustCompile(`<input[^>]*name="` + name + `"[^>]*>`).FindString(pro.get(spaceHost, "/profil").want(200).body)
		if m == "" {
			t.Fatalf("the profile has no box %s", name)
		}
		return strings.Contains(m, "checked")
	}
	if box("consent-pro-news-sms") || box("consent-pro-news-email") {
		t.Fatal("a box is ticked beforehand")
	}
	pro.post(spaceHost, "/profil/nouveautes", url.Values{"consent-pro-news-email": {"yes"}}).want(303)
	if box("consent-pro-news-sms") || !box("consent-pro-news-email") {
		t.Error("what was ticked does not stand, or more than that does")
	}
	pro.post(spaceHost, "/profil/nouveautes", nil).want(303)
	if box("consent-pro-news-email") {
		t.Error("unticked, it stands")
	}
	h.enter("Operator").get(spaceHost, "/journal?what=consent.choose").want(200).has("pro-news-email yes", "pro-news-email no").lacks("pro-news-sms yes")
	clause(t, "ET-113")
}

// What a buyer downloads proves the consumer's request without us: to anybody who has the log's key, and to nobody once a letter was changed.
func TestPassport_verifiesOffline(t *testing.T) {
	h := newHouse(t)
	consumer, id := h.asked(leak())
	h.publish(h.enter("Agent"), id, "", nil).want(303)
	pro := h.buyer(id)
	bought := h.buy(pro, id, "wallet").want(303).header.Get("Location")
	pro.get(spaceHost, bought).want(200).has(bought + "/passeport.json")
	h.settled()
	var file *answer
	eventually(t, "the proof is in the log", func() bool { file = pro.get(spaceHost, bought+"/passeport.json"); return file.status == 200 })
	leaf := regexp.MustCompile(`/log/preuve/[^"]+`).FindString(consumer.get(siteHost, "/ma-demande/accords").want(200).body)
	key := decode[struct{ Verifier string }](h.visitor().get(spaceHost, leaf).want(200)).Verifier // as the operator publishes it
	for _, secret := range secrets {
		if strings.Contains(file.body, secret) {
			t.Errorf("the passport holds %q", secret)
		}
	}
	path := filepath.Join(t.TempDir(), "passeport.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(file.body)
	if said := done(t, "verify", path, "--key", key); !strings.Contains(said, "Je demande à être rappelé") || !strings.Contains(said, "It holds") {
		t.Error(said)
	}
	write(strings.Replace(file.body, "Je demande", "J’exige", 1))
	refused(t, "changed after it was signed", "verify", path)
	write("{}")
	refused(t, "no passport", "verify", path)
	h.enter("Agent").get(spaceHost, bought+"/passeport.json").want(403)
	consumer.post(siteHost, "/ma-demande/annuler", nil).want(303)
	pro.get(spaceHost, bought+"/passeport.json").want(404)
}
