package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"entremise/internal/auth"
)

// The tour drives one whole sale through the served application, over HTTP and with the pages' own forms, as its people would. It trusts nothing
// but what the pages and the outbox say.

// tourStep is one line of the timeline.
type tourStep struct {
	Name   string        `json:"step"`
	Took   time.Duration `json:"-"`
	Millis float64       `json:"ms"`
	Detail string        `json:"detail,omitempty"`
}

// tourReport is what --json prints: everybody in it is invented.
type tourReport struct {
	Consumer struct {
		Name  string `json:"name"`
		Phone string `json:"phone"`
		Email string `json:"email"`
	} `json:"consumer"`
	Request  string     `json:"request"`
	Ref      string     `json:"ref"`
	Pro      string     `json:"pro"`
	Purchase string     `json:"purchase"`
	Invoice  string     `json:"invoice"`
	Steps    []tourStep `json:"steps"`
	Total    float64    `json:"total_ms"`
	Business string     `json:"business_time_moved"`
}

type tour struct {
	*Instance
	o      *out
	addr   string
	report tourReport
	since  time.Time
}

// client is one browser, with cookies, on one host.
type client struct {
	t    *tour
	http *http.Client
	host string // of the network file
}

func (t *tour) client(host string) *client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // without options it cannot fail
	}
	// Names under .localhost lead to this machine in a browser; here every connection goes to the server under test.
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "tcp", t.addr)
	}
	return &client{t: t, host: host, http: &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: &http.Transport{DialContext: dial}}}
}

type answer struct {
	status int
	body   string
	url    *url.URL
}

func (c *client) do(r *http.Request) (answer, error) {
	res, err := c.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 8<<20))
	return answer{res.StatusCode, string(body), res.Request.URL}, err
}

func (c *client) address(path string) string {
	if strings.Contains(path, "://") {
		return path
	}
	return c.t.URL(c.host, path)
}

func (c *client) get(path string) (answer, error) {
	r, err := http.NewRequestWithContext(c.t.o.ctx, http.MethodGet, c.address(path), nil)
	if err != nil {
		return answer{}, err
	}
	return c.do(r)
}

func (c *client) post(path string, values url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(c.t.o.ctx, http.MethodPost, c.address(path), strings.NewReader(values.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(r)
}

func (c *client) postForm(path string, values url.Values) (answer, error) {
	var body strings.Builder
	m := multipart.NewWriter(&body)
	for k, vs := range values {
		for _, v := range vs {
			if err := m.WriteField(k, v); err != nil {
				return answer{}, err
			}
		}
	}
	if err := m.Close(); err != nil {
		return answer{}, err
	}
	r, err := http.NewRequestWithContext(c.t.o.ctx, http.MethodPost, c.address(path), strings.NewReader(body.String()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", m.FormDataContentType())
	return c.do(r)
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)"`)

// hiddens are the fields that a page sends back as they are.
func hiddens(page string) url.Values {
	v := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(page, -1) {
		v.Set(m[1], html.UnescapeString(m[2]))
	}
	return v
}

func (a answer) must(status int, contains ...string) error {
	if a.status != status {
		return fmt.Errorf("%s answered %d, want %d: %s", a.url.Path, a.status, status, said(a.body))
	}
	for _, c := range contains {
		if !strings.Contains(a.body, c) {
			return fmt.Errorf("%s does not show %q", a.url.Path, c)
		}
	}
	return nil
}

var tags = regexp.MustCompile(`(?s)<(script|style|head)\b.*?</(script|style|head)>|<[^>]*>`)

// said is the beginning of what a page says, for an error.
func said(body string) string {
	text := strings.Join(strings.Fields(tags.ReplaceAllString(body, " ")), " ")
	if len(text) > 400 {
		text = strings.ToValidUTF8(text[:400], "") + "…"
	}
	return text
}

func (t *tour) step(name, detail string) {
	took := time.Since(t.since)
	t.report.Steps = append(t.report.Steps, tourStep{Name: name, Took: took, Millis: float64(took.Microseconds()) / 1000, Detail: detail})
	if !t.o.json {
		fmt.Fprintf(t.o.stdout, "  %-12s %9s   %s\n", name, took.Round(100*time.Microsecond), detail)
	}
	t.since = time.Now()
}

// sent waits for a message of a kind to a person, for at most ten seconds.
type sentMessage struct{ ID, Channel, Kind, Object, To, Text, State string }

func (t *tour) sent(c *client, kind, channel string, about func(sentMessage) bool) (sentMessage, error) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		a, err := c.get("/_demo/outbox.json")
		if err != nil {
			return sentMessage{}, err
		}
		var all []sentMessage
		if err := json.Unmarshal([]byte(a.body), &all); err != nil {
			return sentMessage{}, fmt.Errorf("outbox: %w", err)
		}
		for _, m := range all {
			if m.Kind == kind && m.Channel == channel && m.State == "sent" && about(m) {
				return m, nil
			}
		}
		if time.Now().After(deadline) {
			return sentMessage{}, fmt.Errorf("no %s by %s left the house within ten seconds", kind, channel)
		}
		select {
		case <-t.o.ctx.Done():
			return sentMessage{}, t.o.ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

var (
	codeIn     = regexp.MustCompile(`\b(\d{6})\b`)
	purchaseIn = regexp.MustCompile(`/achats/(pur_[0-9a-z]+)`)
	invoiceIn  = regexp.MustCompile(`F\d{4}-\d{6}`)
	refIn      = regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`)
)

// tourOnce serves, drives and stops.
func (i *Instance) tourOnce(o *out, l net.Listener, started time.Time) error {
	ctx, cancel := context.WithCancel(o.ctx)
	served := make(chan error, 1)
	quiet := *o
	quiet.ctx = ctx
	go func() { served <- i.serve(&quiet, l, i.Handler(i.demoPages(i.demoRoles))) }()
	t := &tour{Instance: i, o: o, addr: l.Addr().String(), since: time.Now()}
	n, err := i.Editions.InForce(o.ctx)
	what, drive := "A sale, from a call for help to a phone number paid for", t.drive
	if err == nil && !n.Sells() {
		what, drive = "A review, from a member's invitation to its author's erasure", t.driveReviews
	}
	o.say("%s (demo ready in %s):\n", what, time.Since(started).Round(10*time.Millisecond))
	begun := time.Now()
	if err == nil {
		err = drive()
	}
	t.report.Total = float64(time.Since(begun).Microseconds()) / 1000
	t.report.Business = time.Duration(i.clock.offset.Load()).String()
	cancel()
	err = errors.Join(err, <-served)
	if err != nil {
		return fmt.Errorf("the tour stopped: %w", err)
	}
	if o.json {
		return o.report(t.report, func() {})
	}
	o.say("\nEvery step held, in %s of real time.", time.Since(begun).Round(time.Millisecond))
	return nil
}

func (t *tour) drive() error {
	n, err := t.Editions.InForce(t.o.ctx)
	if err != nil {
		return err
	}
	people, err := t.demoPeople(t.o.ctx)
	if err != nil {
		return err
	}
	consumer, agent := t.client(n.Sites[0].Host), t.client(n.SpaceHost)
	c := &t.report.Consumer
	c.Name, c.Phone, c.Email = "Élodie Visite", "06 39 98 99 99", "elodie.visite@example.org"

	// Call-back asked, by the form, without scripts: a code proves the number.
	a, err := consumer.get("/demande/plombier?postcode=30000&commune=30189")
	if err != nil {
		return err
	}
	if err := a.must(200, n.Sites[0].Phone.Display()); err != nil {
		return err
	}
	form := hiddens(a.body)
	form.Del("pow_nonce")
	for k, v := range map[string]string{"postcode": "30000", "commune": "30189", "urgency": "now", "answers.problem": "leak", "answers.leak_where": "sink", "answers.flow": "stream", "answers.home": "flat",
		"words": "Porte bleue, troisième étage gauche", "kind": "person", "name": c.Name, "phone": c.Phone, "email": c.Email, "street": "12 rue de la Visite"} {
		form.Set(k, v)
	}
	for _, x := range n.ConsentsOn("form") {
		form.Set("consent-"+x.ID, "yes")
	}
	if a, err = consumer.postForm("/demande/plombier", form); err != nil {
		return err
	}
	if err := a.must(200, "/demande/code"); err != nil {
		return err
	}
	t.step("asked", "call-back form sent, without scripts")
	digits := "+33639989999"
	m, err := t.sent(agent, "code", "sms", func(m sentMessage) bool { return m.To == digits })
	if err != nil {
		return err
	}
	t.report.Request = m.Object
	if a, err = consumer.post("/demande/code", url.Values{"code": {codeIn.FindString(m.Text)}}); err != nil {
		return err
	}
	if err := a.must(200, "Fuite"); err != nil && a.must(200, "fuite") != nil {
		return err
	}
	t.report.Ref = refIn.FindString(a.body)
	t.step("verified", "by a code sent to "+c.Phone)

	// The agent takes, completes and publishes it under her name.
	if err := t.enter(agent, people.Staff["agent"]); err != nil {
		return err
	}
	if a, err = agent.get("/rappels"); err != nil {
		return err
	}
	if err := a.must(200, t.report.Request); err != nil {
		return err
	}
	if a, err = agent.post("/rappels/"+t.report.Request+"/prendre", nil); err != nil {
		return err
	}
	if err := a.must(200, "Porte bleue"); err != nil {
		return err
	}
	t.step("qualified", "taken and read by "+demoStaff[1].name)
	desk := hiddens(a.body)
	for k, v := range form {
		if k != "key" && k != "pow_challenge" && !strings.HasPrefix(k, "consent-") {
			desk[k] = v
		}
	}
	desk.Set("do", "save")
	desk.Set("price", "40")
	if a, err = agent.post("/bureau/"+t.report.Request, desk); err != nil {
		return err
	}
	if err := a.must(200, "40"); err != nil {
		return err
	}
	t.step("priced", "40,00 € excl. VAT by the agent, within the bounds")
	desk.Set("do", "publish")
	if a, err = agent.post("/bureau/"+t.report.Request, desk); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	t.step("published", t.report.Ref+" at Nîmes 30000")
	notice, err := t.sent(agent, "new-request", "sms", func(m sentMessage) bool { return m.Object == t.report.Request })
	if err != nil {
		return err
	}
	for _, secret := range []string{"Visite", "99 99", "rue de la", "Porte bleue", "elodie"} {
		if strings.Contains(notice.Text, secret) {
			return fmt.Errorf("the notice to professionals holds %q", secret)
		}
	}
	t.step("notified", "first professional's text left the house")

	// A plumber of Nîmes who was asked buys it.
	buyer, err := t.buyer(people)
	if err != nil {
		return err
	}
	pro := t.client(n.SpaceHost)
	if err := t.enter(pro, buyer); err != nil {
		return err
	}
	if a, err = pro.get("/tableau"); err != nil {
		return err
	}
	if err := a.must(200, t.report.Request); err != nil {
		return err
	}
	for _, secret := range []string{"Visite", "99 99", "rue de la", "Porte bleue", "elodie"} {
		if strings.Contains(a.body, secret) {
			return fmt.Errorf("the board holds %q before purchase", secret)
		}
	}
	if _, err = pro.post("/panier", url.Values{"request": {t.report.Request}, "then": {"buy"}}); err != nil {
		return err
	}
	if a, err = pro.get("/tableau/" + t.report.Request); err != nil {
		return err
	}
	if err := a.must(200, "40,00", "48,00"); err != nil {
		return err
	}
	buy := hiddens(a.body)
	buy.Set("pay", "wallet")
	for _, w := range n.Buying {
		buy.Set("confirm-"+w.ID, "yes")
	}
	if a, err = pro.post("/tableau/"+t.report.Request+"/acheter", buy); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	if t.report.Purchase = strings.TrimPrefix(a.url.Path, "/achats/"); !purchaseIn.MatchString(a.url.Path) {
		return fmt.Errorf("after buying the professional is at %s: %s", a.url.Path, said(a.body))
	}
	t.step("bought", "40,00 € excl., 48,00 € incl. VAT, from the wallet")
	if err := a.must(200, c.Name, "12 rue de la Visite", "Porte bleue", "tel:+33639989999"); err != nil {
		return err
	}
	if _, err := t.sent(agent, "taken", "sms", func(m sentMessage) bool { return m.To == digits }); err != nil {
		return err
	}
	t.step("revealed", "name, number, street and words on his screen; the client is told who calls")
	if a, err = pro.post("/achats/"+t.report.Purchase+"/suivi", url.Values{"outcome": {"reached"}}); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	t.step("called", "first contact logged within the 10 minutes")

	// Two days later the consumer, who agreed to it, is asked how it went.
	if a, err = agent.post("/_demo/horloge", url.Values{"by": {"49h"}}); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	if _, err := t.sent(agent, "how-did-it-go", "sms", func(m sentMessage) bool { return m.To == digits }); err != nil {
		return err
	}
	if a, err = consumer.post("/ma-demande/suite", url.Values{"outcome": {"done"}}); err != nil {
		return err
	}
	if err := a.must(200); err != nil {
		return err
	}
	t.step("followed up", "asked how it went, answered")

	mail, err := t.sent(agent, "invoice", "email", func(m sentMessage) bool { return invoiceIn.MatchString(m.Text) && strings.Contains(m.Text, "48,00") })
	if err != nil {
		return err
	}
	t.report.Invoice = invoiceIn.FindString(mail.Text)
	if a, err = pro.get("/factures"); err != nil {
		return err
	}
	if err := a.must(200, t.report.Invoice); err != nil {
		return err
	}
	href := regexp.MustCompile(`/factures/inv_[0-9a-z]+\.pdf`).FindString(a.body)
	if a, err = pro.get(href); err != nil {
		return err
	}
	if err := a.must(200, "%PDF-"); err != nil {
		return err
	}
	t.step("invoiced", t.report.Invoice+", its PDF read")
	return nil
}

// enter signs somebody in by the demo's links.
func (t *tour) enter(c *client, account string) error {
	a, err := c.get("/_demo/entrer?qui=" + url.QueryEscape(account))
	if err != nil {
		return err
	}
	if a, err = c.post(a.url.Path, nil); err != nil {
		return err
	}
	return a.must(200)
}

// buyer is an account among those who were asked.
func (t *tour) buyer(people demoPeople) (string, error) {
	for _, id := range people.Pros {
		a, err := t.Auth.Get(t.o.ctx, id)
		if err != nil {
			return "", err
		}
		items, _, err := t.Requests.Board(t.o.ctx, auth.Actor{Who: auth.Professional, Account: id, Pro: a.Pro, Lang: "fr"})
		if err != nil {
			return "", err
		}
		for _, it := range items {
			if it.ID == t.report.Request {
				t.report.Pro = a.Pro
				return id, nil
			}
		}
	}
	return "", errors.New("none of the demo's plumbers at Nîmes was asked")
}
