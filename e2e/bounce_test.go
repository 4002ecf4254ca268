package e2e

import (
	"fmt"
	"net/smtp"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// returned sends the network a report that one of its messages did not reach an address, as a mail server does: with no sender (RFC 3464, RFC 5321 §4.5.5).
func (h *house) returned(id, address string) {
	h.t.Helper()
	raw := fmt.Sprintf("From: MAILER-DAEMON@relay.example\nSubject: Undelivered\nMessage-ID: <r%d@relay.example>\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"+
		"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; relay.example\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: 5.1.1\n\n--b\nContent-Type: message/rfc822\n\nMessage-ID: <%s@depanneurs.example>\nSubject: x\n\nx\n--b--\n", numbers.Add(1), address, id)
	if err := smtp.SendMail(h.mailAddress(), nil, "", []string{"bonjour@depanneurs.example"}, []byte(strings.ReplaceAll(raw, "\n", "\r\n"))); err != nil {
		h.t.Fatal(err)
	}
}

// A professional keeps his address, number and street up to date himself. Mail that comes back marks his address: nothing more is written there, a text
// and his board ask him for another, and the code that proves it ends the mark. A report about mail that was never sent there marks nothing (ET-31).
func TestBounce_addressIsMarkedAndBroughtUpToDate(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouse(t, extra...)
		clerk, pro, other := h.enter("Onboarding"), h.enter("Professional 1"), h.enter("Professional 2")
		path := h.proOf(clerk, pro)
		own := regexp.MustCompile(`[a-z0-9]+@artisans\.example`)
		mine, theirs := own.FindString(pro.get(h.space, "/profil").want(200).body), own.FindString(other.get(h.space, "/profil").want(200).body)
		if mine == "" || theirs == "" || mine == theirs {
			t.Fatal(mine, theirs)
		}
		credit := func(reference string) {
			h.operator().post(h.space, path+"/virement", url.Values{"amount": {"20"}, "reference": {reference}}).want(303)
		}
		credit("VIR retour un")
		m := h.letter("that he was credited", func(m sent) bool { return m.Kind == "wallet-credited" && m.To == mine })
		const gone = "Nos e-mails ne vous parviennent plus"
		h.returned("msg_"+strings.Repeat("0", 24), mine)
		h.returned(m.ID, theirs)
		pro.get(h.space, "/tableau").want(200).saysNot(gone)
		other.get(h.space, "/tableau").want(200).saysNot(gone)

		h.returned(m.ID, mine)
		pro.get(h.space, "/tableau").want(200).says(gone, "Mettre mes coordonnées à jour")
		pro.get(h.space, "/profil").want(200).says(gone, mine)
		other.get(h.space, "/tableau").want(200).saysNot(gone)
		clerk.get(h.space, path).want(200).says("il a été prié de la mettre à jour")
		text := h.letter("he is asked by text", func(m sent) bool { return m.Kind == "address-invalid" })
		if text.Channel != "sms" || !strings.Contains(text.Text, "/profil") {
			t.Errorf("%+v", text)
		}
		credit("VIR retour deux")
		eventually(t, "nothing more is written there", func() bool {
			for _, x := range h.outbox() {
				if x.Kind == "wallet-credited" && x.To == mine && x.ID != m.ID && x.State == "stopped" {
					return true
				}
			}
			return false
		})

		change := func(field, value, to string) {
			pro.post(h.space, "/profil/coordonnees", url.Values{"field": {field}, field: {value}}).want(303)
			pro.get(h.space, "/profil").want(200).says("Code envoyé à")
			code := h.letter("a code for "+field, func(m sent) bool { return m.Kind == "code" && m.To == to })
			digits := regexp.MustCompile(`\d{6}`).FindString(code.Text)
			wrong := "000000"
			if digits == wrong {
				wrong = "000001"
			}
			pro.post(h.space, "/profil/coordonnees/code", url.Values{"field": {field}, "code": {wrong}}).want(422)
			pro.post(h.space, "/profil/coordonnees/code", url.Values{"field": {field}, "code": {digits}}).want(303)
		}
		pro.post(h.space, "/profil/coordonnees", url.Values{"field": {"email"}, "email": {"pas une adresse"}}).want(422)
		change("email", "nouvelle@artisans.example", "nouvelle@artisans.example")
		pro.get(h.space, "/tableau").want(200).saysNot(gone)
		pro.get(h.space, "/profil").want(200).says("nouvelle@artisans.example").saysNot(gone)
		typed, e164 := freshNumber()
		change("phone", typed, e164)
		clerk.get(h.space, path).want(200).says("nouvelle@artisans.example", typed).saysNot("il a été prié de la mettre à jour")
		pro.post(h.space, "/profil/adresse", url.Values{"street": {"14 quai des Essais"}, "postcode": {"00000"}}).want(422)
		pro.post(h.space, "/profil/adresse", url.Values{"street": {"14 quai des Essais"}, "postcode": {"30320"}, "commune": {"30156"}}).want(303)
		pro.get(h.space, "/profil").want(200).says("14 quai des Essais, Marguerittes")
		credit("VIR retour trois")
		h.letter("mail reaches the new address", func(m sent) bool { return m.Kind == "wallet-credited" && m.To == "nouvelle@artisans.example" })
		clause(t, "ET-31")
	})
}
