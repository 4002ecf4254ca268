package mail

import (
	"bytes"
	"context"
	"errors"
	"net"
	netsmtp "net/smtp"
	"strings"
	"testing"
	"unicode/utf8"
)

func letter(headers, body string) []byte {
	return []byte(strings.ReplaceAll(headers+"\n\n"+body, "\n", "\r\n"))
}

const plainHead = "From: =?utf-8?q?Jeanne_Exempl=C3=A9?= <jeanne@example.org>\nTo: dpo@depanneurs.example\nSubject: =?iso-8859-1?q?Mes_donn=E9es?=\nMessage-ID: <1@example.org>"

func TestParse_readsWhatPeopleSend(t *testing.T) {
	for name, c := range map[string]struct {
		raw  []byte
		want Message
	}{
		"plain":            {letter(plainHead, "Bonjour,\nque savez-vous de moi ?\n"), Message{Text: "Bonjour,\nque savez-vous de moi ?"}},
		"latin":            {append(letter(plainHead+"\nContent-Type: text/plain; charset=iso-8859-1", ""), "\xe9t\xe9"...), Message{Text: "été"}},
		"quoted-printable": {letter(plainHead+"\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable", "=C3=A9t=C3=A9"), Message{Text: "été"}},
		"html only":        {letter(plainHead+"\nContent-Type: text/html", `<style>b{}</style><p>Effacez <b>tout</b></p><script>alert(1)</script>`), Message{Text: "Effacez tout"}},
		"alternative and attachment": {letter(plainHead+"\nContent-Type: multipart/mixed; boundary=x", "--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: text/plain\n\nle texte\n--y\nContent-Type: text/html\n\n<b>le html</b>\n--y--\n--x\nContent-Type: application/pdf; name=\"carte.pdf\"\nContent-Disposition: attachment; filename=\"carte.pdf\"\nContent-Transfer-Encoding: base64\n\nAAAA\nBBBB\n--x--\n"),
			Message{Text: "le texte", Parts: []Part{{"carte.pdf", "application/pdf", 6}}}},
		"no content type": {letter(plainHead+"\nContent-Type: ;;;", "texte"), Message{Text: "texte"}},
	} {
		m := Parse(c.raw)
		if m.Text != c.want.Text || len(m.Parts) != len(c.want.Parts) || m.Broken || m.Auto {
			t.Errorf("%s: %+v", name, m)
		}
		for i, p := range c.want.Parts {
			if m.Parts[i] != p {
				t.Errorf("%s: %+v, want %+v", name, m.Parts[i], p)
			}
		}
		if m.From != "jeanne@example.org" || m.Name != "Jeanne Exemplé" || m.Subject != "Mes données" || m.ID != "<1@example.org>" {
			t.Errorf("%s: headers %+v", name, m)
		}
	}
}

func TestParse_keepsWhatIsBroken(t *testing.T) {
	for name, raw := range map[string][]byte{
		"nothing":     nil,
		"no headers":  []byte("bonjour"),
		"cut in half": letter(plainHead+"\nContent-Type: multipart/mixed; boundary=x", "--x\nContent-Type: text/plain\n\nla moit"),
		"deep":        deep(40),
		"many":        letter(plainHead+"\nContent-Type: multipart/mixed; boundary=x", strings.Repeat("--x\nContent-Type: image/png\n\nA\n", 80)+"--x--"),
		"bad base64":  letter(plainHead+"\nContent-Transfer-Encoding: base64", "A"),
	} {
		m := Parse(raw)
		if !m.Broken {
			t.Errorf("%s passes for whole: %+v", name, m)
		}
		if len(raw) > 0 && m.Text == "" && name != "many" && name != "bad base64" && name != "deep" {
			t.Errorf("%s shows nothing", name)
		}
	}
	huge := Parse(letter(plainHead, strings.Repeat("é", maxText)))
	if len(huge.Text) > maxText+4 || !utf8.ValidString(huge.Text) {
		t.Errorf("a long text is %d bytes", len(huge.Text))
	}
	evil := Parse(letter("From: a@example.org\nSubject: a\x00b\u202Egpj.exe", "un\x00deux\x1b[2J"))
	if strings.ContainsAny(evil.Subject+evil.Text, "\x00\x1b\u202e") {
		t.Errorf("%+v", evil)
	}
}

func deep(n int) []byte {
	var b strings.Builder
	b.WriteString(plainHead + "\nContent-Type: multipart/mixed; boundary=b0\n\n")
	for i := range n {
		b.WriteString("--b" + string(rune('0'+i%10)) + "\nContent-Type: multipart/mixed; boundary=b" + string(rune('0'+(i+1)%10)) + "\n\n")
	}
	return []byte(b.String())
}

func TestParse_knowsWhatAProgramWrote(t *testing.T) {
	for _, h := range []string{"Auto-Submitted: auto-replied", "Precedence: bulk", "Precedence: AUTO_REPLY", "List-Id: <l.example>", "X-Loop: x", "X-Autoreply: yes", "Content-Type: multipart/report; boundary=x"} {
		if m := Parse(letter(plainHead+"\n"+h, "absent")); !m.Auto {
			t.Errorf("%q passes for a person's", h)
		}
	}
	for _, from := range []string{"MAILER-DAEMON@example.org", "no-reply@example.org", "not an address", ""} {
		if m := Parse(letter("From: "+from+"\nSubject: x", "x")); !m.Auto {
			t.Errorf("an answer would go to %q", from)
		}
	}
	if m := Parse(letter(plainHead+"\nAuto-Submitted: no", "x")); m.Auto {
		t.Error("a person passes for a program")
	}
	if m := Parse(letter("From: a@example.org\nMessage-ID: <a b@c>\nIn-Reply-To: <x@y> junk <z@w", "x")); m.ID != "" || len(m.Answers) != 1 || m.Answers[0] != "<x@y>" {
		t.Errorf("%+v", m)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(letter(plainHead, "x"))
	f.Add(deep(5))
	f.Add(letter(plainHead+"\nContent-Type: text/html; charset=utf-16\nContent-Transfer-Encoding: base64", "AAAA"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := Parse(raw)
		for _, s := range append([]string{m.ID, m.From, m.Name, m.Subject, m.Text}, m.Answers...) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				t.Fatalf("%q cannot be kept", s)
			}
		}
		if strings.ContainsAny(m.ID+m.From+m.Subject+m.Name, "\r\n") || len(m.Text) > maxText+4 || len(m.Parts) > maxParts {
			t.Fatalf("beyond its limits: %+v", m)
		}
	})
}

// receiver starts a server whose one address is ours.
func receiver(t *testing.T, accept Accept) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Listen(t.Context(), l, "depanneurs.example", nil, func(a string) bool { return strings.EqualFold(a, "dpo@depanneurs.example") }, accept)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func TestServer_takesItsOwnAndNothingTooLarge(t *testing.T) {
	var got []Received
	var answer error
	address := receiver(t, func(_ context.Context, r Received) error {
		if answer == nil {
			got = append(got, r)
		}
		return answer
	})
	send := func(to string, raw []byte) error {
		return netsmtp.SendMail(address, nil, "jeanne@example.org", []string{to}, raw)
	}
	if err := send("DPO@depanneurs.example", letter(plainHead, "x")); err != nil {
		t.Fatal(err)
	}
	if err := send("someone@elsewhere.example", letter(plainHead, "x")); err == nil || !strings.HasPrefix(err.Error(), "550") {
		t.Errorf("it relays: %v", err)
	}
	body := bytes.Repeat([]byte(strings.Repeat("a", 70)+"\r\n"), MaxBytes/72+1)
	if err := send("dpo@depanneurs.example", append(letter(plainHead, ""), body...)); err == nil || !strings.HasPrefix(err.Error(), "552") {
		t.Errorf("%d bytes: %v", len(body), err)
	}
	head := letter(plainHead, "")
	if err := send("dpo@depanneurs.example", append(head, body[:(MaxBytes-len(head)-200)/72*72]...)); err != nil {
		t.Errorf("just below the limit: %v", err)
	}
	answer = ErrTooMany
	if err := send("dpo@depanneurs.example", letter(plainHead, "x")); err == nil || !strings.HasPrefix(err.Error(), "450") {
		t.Errorf("too many: %v", err)
	}
	answer = errors.New("no room")
	if err := send("dpo@depanneurs.example", letter(plainHead, "x")); err == nil || !strings.HasPrefix(err.Error(), "451") || strings.Contains(err.Error(), "room") {
		t.Errorf("an outage: %v", err)
	}
	if len(got) != 2 || got[0].To != "DPO@depanneurs.example" || got[0].Bounce {
		t.Errorf("%d taken", len(got))
	}
}
