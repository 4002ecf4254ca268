package e2e

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// outdoors is what a real network speaks to: a mail server and an SMS gateway, both of which may be down. It remembers everything it took.
type outdoors struct {
	gateway, smtp string // addresses
	token         string // of the gateway

	mu    sync.Mutex
	down  bool
	taken []arrived
	tries int // while down

	payloads [][]byte              // of texts, as they came
	heads    []map[string][]string // of e-mails
}

// arrived is a message that reached its service.
type arrived struct{ ID, Channel, To, Text string }

func newOutdoors(t *testing.T) *outdoors {
	t.Helper()
	o := &outdoors{token: rand.Text()}
	t.Cleanup(func() {
		for _, m := range o.all() {
			if t.Failed() {
				t.Logf("arrived: %+v", m)
			}
		}
	})
	gateway := httptest.NewServer(http.HandlerFunc(o.text))
	t.Cleanup(gateway.Close)
	o.gateway = gateway.URL
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.smtp = l.Addr().String()
	post := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letterbox{o: o}, nil }))
	post.Domain = "localhost"
	ended := make(chan error, 1)
	go func() { ended <- post.Serve(l) }()
	t.Cleanup(func() {
		if err := post.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return o
}

// text is the gateway's contract as docs/operations.md tells it.
func (o *outdoors) text(w http.ResponseWriter, r *http.Request) {
	var m struct{ ID, To, From, Text string }
	raw, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	switch {
	case r.Header.Get("Authorization") != "Bearer "+o.token:
		http.Error(w, "who are you", http.StatusUnauthorized)
	case err != nil || m.ID == "" || m.ID != r.Header.Get("Idempotency-Key") || m.From != "Depanneurs":
		http.Error(w, "unreadable", http.StatusBadRequest)
	case !o.take(arrived{m.ID, "sms", m.To, m.Text}):
		http.Error(w, "down", http.StatusServiceUnavailable)
	default:
		o.mu.Lock()
		o.payloads = append(o.payloads, raw)
		o.mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"id":"gw-`+m.ID+`"}`) // a client that is gone asks again
	}
}

func (o *outdoors) take(m arrived) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.down {
		o.tries++
		return false
	}
	o.taken = append(o.taken, m)
	return true
}

func (o *outdoors) fail(down bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.down, o.tries = down, 0
}

func (o *outdoors) all() []arrived {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]arrived(nil), o.taken...)
}

// find waits for a message.
func (o *outdoors) find(t *testing.T, what string, is func(arrived) bool) (found arrived) {
	t.Helper()
	eventually(t, what, func() bool {
		for _, m := range o.all() {
			if is(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// letterbox is one visit of the program at the mail server.
type letterbox struct {
	o  *outdoors
	to string
}

func (l *letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (l *letterbox) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.to = to
	return nil
}
func (l *letterbox) Reset()        {}
func (l *letterbox) Logout() error { return nil }
func (l *letterbox) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	l.o.mu.Lock()
	l.o.heads = append(l.o.heads, m.Header)
	l.o.mu.Unlock()
	text, err := plainText(m)
	if err != nil || text == "" {
		return fmt.Errorf("unreadable: %v", err)
	}
	if !l.o.take(arrived{m.Header.Get("Message-ID"), "email", l.to, text}) {
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "down"}
	}
	return nil
}

// plainText is the first text/plain of a message, wherever it stands.
func plainText(m *mail.Message) (string, error) {
	var read func(kind string, body io.Reader) (string, error)
	read = func(kind string, body io.Reader) (string, error) {
		media, values, err := mime.ParseMediaType(kind)
		if err != nil {
			return "", err
		}
		if !strings.HasPrefix(media, "multipart/") {
			text, err := io.ReadAll(body)
			if media != "text/plain" {
				return "", err
			}
			return string(text), err
		}
		parts := multipart.NewReader(body, values["boundary"])
		for {
			p, err := parts.NextPart() // undoes quoted-printable
			if errors.Is(err, io.EOF) {
				return "", nil
			}
			if err != nil {
				return "", err
			}
			if text, err := read(p.Header.Get("Content-Type"), p); err != nil || text != "" {
				return text, err
			}
		}
	}
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		return read(m.Header.Get("Content-Type"), quotedprintable.NewReader(m.Body))
	}
	return read(m.Header.Get("Content-Type"), m.Body)
}

// ran runs a command of the program to its end.
func ran(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience) // a server that was to refuse to serve
	defer cancel()
	c := exec.CommandContext(ctx, program, args...)
	c.Env = environment()
	for i, a := range args {
		if a == "--name" || a == "--email" {
			inClear.typed(a, args[min(i+1, len(args)-1)])
		}
		if a == "--data" && i+1 < len(args) { // searched before it goes, also when nothing serves it
			t.Cleanup(func() { inClear.note(inClear.files(args[i+1])) })
		}
	}
	var out, trouble bytes.Buffer
	c.Stdout, c.Stderr = &out, &trouble
	err = c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	for _, a := range args {
		if strings.HasSuffix(a, ".age") {
			inClear.note(inClear.files(a))
		}
	}
	return out.String(), trouble.String(), c.ProcessState.ExitCode()
}

// done is ran for a command that must succeed.
func done(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := ran(t, args...)
	if code != 0 {
		t.Fatalf("%s: exit %d\n%s%s", strings.Join(args, " "), code, stdout, stderr)
	}
	return stdout
}

// refused is ran for a command that must fail and say why.
func refused(t *testing.T, words string, args ...string) {
	t.Helper()
	stdout, stderr, code := ran(t, args...)
	if code == 0 || !strings.Contains(stdout+stderr, words) {
		t.Errorf("%s: exit %d, and no word of %q\n%s%s", strings.Join(args, " "), code, words, stdout, stderr)
	}
	if strings.Contains(stderr, "goroutine ") || strings.Contains(stderr, "panic:") {
		t.Errorf("%s panics:\n%s", strings.Join(args, " "), stderr)
	}
}

// behindTLS keeps cookies as a browser does in front of a proxy that terminates TLS: those bound to https come back.
type behindTLS struct{ http.CookieJar }

func (j behindTLS) SetCookies(u *url.URL, all []*http.Cookie) {
	j.CookieJar.SetCookies(overTLS(u), all)
}
func (j behindTLS) Cookies(u *url.URL) []*http.Cookie { return j.CookieJar.Cookies(overTLS(u)) }

func overTLS(u *url.URL) *url.URL {
	c := *u
	c.Scheme = "https"
	return &c
}

// localHosts changes the shipped network's host names into those that the tests' helpers know.
var localHosts = []string{"host: depanneurs.example", "host: depanneurs.localhost", "www.depanneurs.example", "www.depanneurs.localhost", "host: serrures.example", "host: serrures.localhost", "space_host: pro.depanneurs.example", "space_host: pro.depanneurs.localhost"}

// serve runs a real network on a data folder that init made.
func (o *outdoors) serve(t *testing.T, data string) *house {
	t.Helper()
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return &house{t: t, site: siteHost, space: spaceHost, server: start(t, program, "serve", "--data", data, "--listen", "127.0.0.1:0", "--smtp", o.smtp, "--smtp-tls", "none", "--from", "bonjour@depanneurs.example", "--sms-url", o.gateway, "--sms-from", "Depanneurs")}
}

// browser is a visitor who reaches a served network through TLS.
func (h *house) browser() *visitor {
	v := h.visitor()
	v.client.Jar = behindTLS{v.client.Jar}
	return v
}

// signed is what a sender who knows a webhook's secret sends.
func signed(key, body []byte, at time.Time) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("evt_1." + stamp + "." + string(body)))
	return http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {"evt_1"}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {"v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))}}
}

// A real network: made by init, served with outgoing mail and SMS. Everything arrives once, also after both services were away; STOP works by the
// gateway's signed word; and the log keeps no secret and nobody's name.
func TestServe_reachesPeopleThroughRealServices(t *testing.T) {
	o := newOutdoors(t)
	data := filepath.Join(t.TempDir(), "data")
	key := make([]byte, 32)
	rand.Read(key) // never fails, since Go 1.24
	secret := "whsec_" + base64.StdEncoding.EncodeToString(key)
	t.Setenv("ENTREMISE_SMS_TOKEN", o.token)
	t.Setenv("ENTREMISE_SMS_WEBHOOK_SECRET", secret)
	t.Setenv("ENTREMISE_LOG", "debug")

	folder := networkWith(t, localHosts...)
	made := done(t, "init", "--data", data, "--network", folder, "--name", "Camille Première", "--email", "camille@depanneurs.example")
	refused(t, "is a data folder already", "init", "--data", data, "--network", folder, "--name", "X", "--email", "x@depanneurs.example")
	refused(t, "--smtp, --from, --sms-url, --sms-from", "serve", "--data", data)
	refused(t, "--sms-url", "serve", "--data", data, "--smtp", o.smtp, "--from", "a@depanneurs.example")
	refused(t, "https", "serve", "--data", data, "--smtp", o.smtp, "--smtp-tls", "none", "--from", "a@depanneurs.example", "--sms-url", "http://sms.example/", "--sms-from", "Depanneurs")
	h := o.serve(t, data)

	// Another name is not served as one of ours, and a real network has no demo pages.
	v := h.visitor()
	v.get("elsewhere.example", "/").want(421)
	v.get("127.0.0.1", "/").want(421)
	for _, path := range []string{"/_demo", "/_demo/outbox.json", "/_demo/entrer?qui=x", "/_ui"} {
		v.get(spaceHost, path).want(404)
	}

	boss := h.browser()
	totp := h.joinsAs(boss, &answer{t: t, body: made})
	at := boss.post(spaceHost, "/pros/nouveau", url.Values{"company": {"Plomberie du Visiteur"}, "siren": {"732 829 320"}, "contact": {"Yann Visiteur"}, "phone": {"06 12 34 56 01"}, "email": {"yann@artisans.example"},
		"street": {"3 rue du Port"}, "postcode": {"30000"}, "commune": {"30189"}, "lang": {"fr"}, "trades": {"plombier"}, "radius": {"30"}, "insurance_until": {time.Now().AddDate(1, 0, 0).Format(time.DateOnly)},
		"check-identity": {"yes"}, "check-registry": {"yes"}, "check-insurance": {"yes"}, "check-qualification": {"yes"}, "check-terms": {"yes"}, "registry_on": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}, "qualified.plombier": {"diploma"}}).want(303).header.Get("Location")
	letter := o.find(t, "his invitation", func(m arrived) bool {
		return m.To == "yann@artisans.example" && strings.Contains(m.Text, "/invitation/")
	})
	invitation := regexp.MustCompile(`/invitation/[A-Za-z0-9_.-]+`).FindString(letter.Text)
	pro := h.browser()
	pro.post(spaceHost, invitation, url.Values{"password": {passphrase}, "password2": {passphrase}, "consent-pro-terms": {"yes"}}).want(303)
	boss.post(spaceHost, at+"/virement", url.Values{"amount": {"500"}, "reference": {"VIR 1"}}).want(303)
	pro.get(spaceHost, "/portefeuille").want(200).has("500,00")

	// A request is asked; its code comes by text, once.
	n := leak()
	n.phone = "+33612345678"
	n.values.Set("phone", "06 12 34 56 78")
	consumer := h.browser()
	form := consumer.get(siteHost, "/demande/plombier").want(200).hiddens()
	form.Del("pow_nonce")
	for k, x := range n.values {
		form[k] = x
	}
	consumer.post(siteHost, "/demande/plombier", form).want(303)
	code := regexp.MustCompile(`\d{6}`).FindString(o.find(t, "a code", func(m arrived) bool { return m.To == n.phone }).Text)
	consumer.post(siteHost, "/demande/code", url.Values{"code": {code}}).want(303)
	o.find(t, "the confirmation by text", func(m arrived) bool { return m.To == n.phone && strings.Contains(m.Text, "/stop/") })
	o.find(t, "the confirmation by e-mail", func(m arrived) bool { return m.To == "elodie@example.org" })
	id := regexp.MustCompile(`req_[0-9a-z]+`).FindString(boss.get(spaceHost, "/rappels").want(200).body)

	// Both services go away while notices leave; nothing is lost, nothing comes twice.
	o.fail(true)
	h.publish(boss, id, "40", nil).want(303)
	eventually(t, "both services were tried in vain", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.tries >= 2
	})
	for _, m := range o.all() {
		if strings.Contains(m.Text, "/tableau/"+id) {
			t.Fatalf("a notice arrived at a service that is down: %v", m)
		}
	}
	o.fail(false)
	o.find(t, "the notice by text", func(m arrived) bool { return m.To == "+33612345601" && strings.Contains(m.Text, "/tableau/"+id) })
	o.find(t, "the notice by e-mail", func(m arrived) bool {
		return m.To == "yann@artisans.example" && strings.Contains(m.Text, "/tableau/"+id)
	})

	// STOP, in the gateway's signed word; not in anybody else's.
	stop := []byte(`{"type":"received","from":"` + n.phone + `","to":"Depanneurs","text":"Stop svp"}`)
	v.do("POST", spaceHost, "/webhooks/sms", signed(make([]byte, 32), stop, time.Now()), bytes.NewReader(stop)).want(403)
	v.do("POST", spaceHost, "/webhooks/sms", signed(key, stop, time.Now().Add(-time.Hour)), bytes.NewReader(stop)).want(403)
	v.do("POST", spaceHost, "/webhooks/sms", signed(key, stop, time.Now()), bytes.NewReader(stop)).want(204)
	v.do("POST", spaceHost, "/webhooks/sms", signed(key, stop, time.Now()), bytes.NewReader(stop)).want(204) // the gateway repeats itself
	before := len(o.all())
	path := h.buy(pro, id, "wallet").want(303).header.Get("Location")
	pro.get(spaceHost, path).want(200).has("Élodie Visite")
	o.find(t, "the details by e-mail", func(m arrived) bool {
		return m.To == "yann@artisans.example" && strings.Contains(m.Text, "Visite") && strings.Contains(m.Text, "40,00")
	})
	eventually(t, "all messages left", func() bool {
		return strings.Contains(h.visitor().get(spaceHost, "/readyz").want(200).body, `"jobs_waiting":0`)
	})
	for _, m := range o.all()[before:] {
		if m.To == n.phone && !strings.Contains(m.Text, "STOP") && !strings.Contains(m.Text, "arrêt") && !strings.Contains(m.Text, "plus de") {
			t.Errorf("a text left after STOP: %s", m.Text)
		}
	}
	ids, said := map[string]int{}, map[arrived]int{}
	for _, m := range o.all() {
		ids[m.Channel+m.ID]++
		m.ID = ""
		said[m]++
	}
	for id, times := range ids {
		if times != 1 {
			t.Errorf("%s arrived %d times", id, times)
		}
	}
	for m, times := range said {
		if times != 1 {
			t.Errorf("the same words reached %s %d times: %s", m.To, times, m.Text)
		}
	}

	h.stop(syscall.SIGTERM)
	h.mu.Lock()
	log := h.output.String()
	h.mu.Unlock()
	if !strings.Contains(log, `"kind":"message.send"`) {
		t.Error("the outage was not logged: this proves nothing")
	}
	for _, private := range []string{o.token, secret, passphrase, code, invitation, strings.TrimPrefix(invitation, "/invitation/"), string(totp), "Élodie", "Visite", "Yann", "Camille", "12345678", "12 34 56 78", "12345601", "elodie@", "yann@", "camille@", "12 rue", "rue de la", "3 rue du Port", "Porte bleue"} {
		if i := strings.Index(log, private); i >= 0 {
			t.Errorf("the log holds %q: …%s…", private, log[max(0, i-200):min(len(log), i+100)])
		}
	}
}

// A real network has no simulated telephone: its screen offers none, nobody can make a call up, and what the line's webhook rings is answered and
// never recorded, although this file would record every call.
func TestServe_itsCallsAreReal(t *testing.T) {
	o := newOutdoors(t)
	data := filepath.Join(t.TempDir(), "data")
	key := make([]byte, 32)
	rand.Read(key) // never fails, since Go 1.24
	t.Setenv("ENTREMISE_LINE_WEBHOOK_SECRET", "whsec_"+base64.StdEncoding.EncodeToString(key))
	t.Setenv("ENTREMISE_SMS_TOKEN", o.token)
	made := done(t, "init", "--data", data, "--network", networkWith(t, append([]string{"record: 10 %", "record: 100 %"}, localHosts...)...), "--name", "Camille Première", "--email", "camille@depanneurs.example")
	h := o.serve(t, data)
	boss := h.browser()
	h.joinsAs(boss, &answer{t: t, body: made})
	team := boss.get(spaceHost, "/equipe").want(200)
	self := regexp.MustCompile(`/equipe/(acc_[0-9a-z]+)"`).FindStringSubmatch(team.body)
	if self == nil {
		t.Fatalf("the administrator is not on the page of his team\n%.3000s", team.body)
	}
	boss.post(spaceHost, "/equipe/"+self[1], url.Values{"roles": {"administrator", "agent"}, "trained": {time.Now().AddDate(0, -1, 0).Format(time.DateOnly)}}).want(303)
	h.duty(boss, "yes").has("Appel en cours, saisi à la main").lacks("Ligne simulée", "/appels/simuler")
	boss.post(spaceHost, "/appels/simuler", url.Values{"site": {siteHost}, "number": {"06 12 34 56 78"}}).want(404)
	boss.get(spaceHost, "/appels").want(200).lacks("/prendre")

	tell := func(kind string) {
		t.Helper()
		body := []byte(`{"type":"` + kind + `","id":"line-1","line":"+33199001234","caller":"+33612345678","at":"` + time.Now().UTC().Format(time.RFC3339) + `"}`)
		h.visitor().do("POST", spaceHost, "/webhooks/telephonie", signed(make([]byte, 32), body, time.Now()), bytes.NewReader(body)).want(403)
		h.visitor().do("POST", spaceHost, "/webhooks/telephonie", signed(key, body, time.Now()), bytes.NewReader(body)).want(204)
	}
	tell("ringing")
	call := ringingCall.FindStringSubmatch(boss.get(spaceHost, "/appels").want(200).body)
	if call == nil || !h.takes(boss, call[1]) {
		t.Fatalf("the line's call cannot be taken: %v", call)
	}
	boss.get(spaceHost, "/bureau/"+h.agrees(boss, call[1])).want(200).has("06\u00a012\u00a034\u00a056\u00a078")
	tell("ended")
	eventually(t, "nothing is left to do", func() bool {
		return strings.Contains(h.visitor().get(spaceHost, "/readyz").want(200).body, `"jobs_waiting":0`)
	})
	boss.get(spaceHost, "/appels").want(200).has("Terminé").lacks("enregistré", "/enregistrements/")
	h.stop(syscall.SIGTERM)
	rows := rowsOf(t, opened(t, filepath.Join(data, "main.db"), nil))
	if len(rows["call"]) != 1 || len(rows["recording"]) != 0 || rows["call"][0]["sampled"] != int64(0) {
		t.Errorf("calls %v, recordings %d", rows["call"], len(rows["recording"]))
	}
}
