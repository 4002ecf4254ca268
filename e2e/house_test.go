package e2e

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// The demo's host names.
const (
	siteHost  = "depanneurs.localhost"
	locksHost = "serrures.localhost"
	spaceHost = "pro.depanneurs.localhost"
)

// house is a running demo with its people. Everything goes through pages, as they do.
type house struct {
	*server
	t           *testing.T
	site, space string            // host names of its first site and of its space
	roles       map[string]string // role as the demo's page names it → link
}

// newHouse starts a demo. Tests that only read or add may share one; each engine has a story of its own.
func newHouse(t *testing.T, extra ...string) *house {
	t.Helper()
	h := openHouse(t, siteHost, spaceHost, append([]string{"--professionals", "400", "--requests", "6"}, extra...)...)
	if len(h.roles) < 6 {
		t.Fatalf("the demo's page names %d roles", len(h.roles))
	}
	return h
}

// openHouse starts a demo and reads who may come in.
func openHouse(t *testing.T, site, space string, flags ...string) *house {
	t.Helper()
	h := &house{server: startDemo(t, flags...), t: t, site: site, space: space, roles: map[string]string{}}
	page := h.visitor().get(space, "/_demo?lang=en").want(200)
	for _, m := range regexp.MustCompile(`href="[^"]*(/_demo/entrer\?qui=[^"]+)"[^>]*><h2>([^<]+)</h2>`).FindAllStringSubmatch(page.body, -1) {
		h.roles[m[2]] = strings.ReplaceAll(m[1], "&amp;", "&")
	}
	return h
}

// otherHosts are the first site and the space of the other networks' demos.
var otherHosts = map[string][2]string{
	"reviews-network": {"avis.localhost", "membres.avis.localhost"},
	"customer-space":  {"foyers.localhost", "equipe.foyers.localhost"},
	"works-advisor":   {"travaux.localhost", "bureau.travaux.localhost"},
	"auto-quotes":     {"autos.localhost", "fournisseurs.autos.localhost"},
}

// newHouseOf starts the demo of another network, without past requests: in about a second.
func newHouseOf(t *testing.T, network string, extra ...string) *house {
	t.Helper()
	hosts, ok := otherHosts[network]
	if !ok {
		t.Fatalf("no demo of %q", network)
	}
	return openHouse(t, hosts[0], hosts[1], append([]string{"--network", network, "--professionals", "0", "--requests", "0"}, extra...)...)
}

// engines are both, with the flags that choose them.
func engines(t *testing.T, run func(t *testing.T, extra ...string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t) })
	t.Run("postgres", func(t *testing.T) { run(t, postgresFlags(t)...) })
}

// enter signs somebody in by the demo's link for a role.
func (h *house) enter(role string) *visitor {
	h.t.Helper()
	link, ok := h.roles[role]
	if !ok {
		h.t.Fatalf("the demo has no role %q", role)
	}
	v := h.visitor()
	to := v.get(h.space, link).want(303).header.Get("Location")
	u, err := url.Parse(to)
	if err != nil {
		h.t.Fatal(err)
	}
	v.get(h.space, u.Path).want(200)
	v.post(h.space, u.Path, nil).want(303)
	v.follow(h.space, "/").want(200)
	return v
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z_]+)" value="([^"]*)"`)

// hiddens are the fields that a page sends back as they are.
func (a *answer) hiddens() url.Values {
	v := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(a.body, -1) {
		v.Set(m[1], strings.NewReplacer("&#43;", "+", "&amp;", "&", "&#34;", `"`, "&#39;", "'").Replace(m[2]))
	}
	return v
}

// sent is a message in the outbox.
type sent struct{ ID, Channel, Kind, Object, To, Subject, Text, State string }

func (h *house) outbox() []sent {
	h.t.Helper()
	return decode[[]sent](h.visitor().get(h.space, "/_demo/outbox.json").want(200))
}

// quote is a whole form for a quote from a kitchen fitter in Rennes, where the reviews network has members.
func (h *house) quote(more url.Values) need {
	n := h.project("cuisiniste", url.Values{"urgency": {"month"}, "answers.project": {"renew"}, "consent-quote": {"yes"}, "postcode": {"35000"}, "commune": {"35238"}, "street": {"12 rue de la Visite"}})
	for k, v := range more {
		n.values[k] = v
	}
	return n
}

// letter waits for a message.
func (h *house) letter(what string, is func(sent) bool) (found sent) {
	h.t.Helper()
	eventually(h.t, what, func() bool {
		for _, m := range h.outbox() {
			if m.State == "sent" && is(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

var numbers atomic.Int64

// freshNumber is a mobile number of the fiction range that no other test uses.
func freshNumber() (typed, e164 string) {
	n := 9000 + numbers.Add(1)%900
	return fmt.Sprintf("06 39 98 %02d %02d", n/100, n%100), fmt.Sprintf("+3363998%04d", n)
}

// need is a consumer's form.
type need struct {
	host, trade string
	values      url.Values
	phone       string // E.164
}

// leak is a whole form: water runs under a sink in Nîmes.
func leak() need {
	typed, e164 := freshNumber()
	return need{host: siteHost, trade: "plombier", phone: e164, values: url.Values{
		"postcode": {"30000"}, "commune": {"30189"}, "urgency": {"now"}, "answers.problem": {"leak"}, "answers.leak_where": {"sink"}, "answers.flow": {"stream"},
		"words": {"Porte bleue au fond de la cour"}, "kind": {"person"}, "name": {"Élodie Visite"}, "phone": {typed}, "email": {"elodie@example.org"}, "street": {"12 rue de la Visite"},
		"consent-terms": {"yes"}, "consent-call-me": {"yes"}, "consent-opinion": {"yes"},
	}}
}

// secrets are what nobody may see before he has paid.
var secrets = []string{"Élodie", "Visite", "12 rue de la", "Porte bleue", "elodie@"}

// asked sends a form without scripts, proves the number by the code and answers the consumer with his request's id.
func (h *house) asked(n need) (consumer *visitor, id string) {
	h.t.Helper()
	consumer = h.visitor()
	page := consumer.get(n.host, "/demande/"+n.trade).want(200)
	form := page.hiddens()
	form.Del("pow_nonce")
	for k, v := range n.values {
		form[k] = v
	}
	consumer.post(n.host, "/demande/"+n.trade, form).want(303)
	code := h.letter("a code", func(m sent) bool { return m.Kind == "code" && m.To == n.phone })
	consumer.post(n.host, "/demande/code", url.Values{"code": {regexp.MustCompile(`\d{6}`).FindString(code.Text)}}).want(303)
	consumer.get(n.host, "/ma-demande").want(200)
	return consumer, code.Object
}

// publish has an agent take a call-back and publish it at a price ("" for the suggestion).
func (h *house) publish(agent *visitor, id, price string, change url.Values) *answer {
	h.t.Helper()
	agent.post(spaceHost, "/rappels/"+id+"/prendre", nil).want(303)
	return h.publishDesk(agent, id, price, change)
}

func (h *house) publishDesk(agent *visitor, id, price string, change url.Values) *answer {
	h.t.Helper()
	desk := agent.get(spaceHost, "/bureau/"+id).want(200)
	form := deskForm(h.t, desk)
	form.Set("do", "publish")
	form.Set("price", price)
	for k, v := range change {
		form[k] = v
	}
	return agent.post(spaceHost, "/bureau/"+id, form)
}

var (
	textInput  = regexp.MustCompile(`<input [^>]*>`)
	areaInput  = regexp.MustCompile(`(?s)<textarea [^>]*name="([^"]+)"[^>]*>(.*?)</textarea>`)
	selectTag  = regexp.MustCompile(`(?s)<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>`)
	chosen     = regexp.MustCompile(`<option value="([^"]*)"[^>]* selected`)
	attributes = regexp.MustCompile(`([a-z-]+)(?:="([^"]*)")?`)
	unescape   = strings.NewReplacer("&#43;", "+", "&amp;", "&", "&#34;", `"`, "&#39;", "'", "&lt;", "<", "&gt;", ">")
)

// deskForm reads what stands in the desk's form, as a browser would send it.
func deskForm(t *testing.T, a *answer) url.Values {
	t.Helper()
	v := url.Values{}
	for _, tag := range textInput.FindAllString(a.body, -1) {
		attr := map[string]string{}
		for _, m := range attributes.FindAllStringSubmatch(tag[len("<input "):], -1) {
			attr[m[1]] = unescape.Replace(m[2])
		}
		_, checked := attr["checked"]
		kind := attr["type"]
		if attr["name"] == "" || (kind == "radio" || kind == "checkbox") && !checked || kind == "file" || kind == "search" {
			continue
		}
		v.Add(attr["name"], attr["value"])
	}
	for _, m := range areaInput.FindAllStringSubmatch(a.body, -1) {
		v.Set(m[1], unescape.Replace(m[2]))
	}
	for _, m := range selectTag.FindAllStringSubmatch(a.body, -1) {
		if c := chosen.FindStringSubmatch(m[2]); c != nil {
			v.Set(m[1], unescape.Replace(c[1]))
		}
	}
	return v
}

// buyer is one of the demo's plumbers at Nîmes who was asked about a request.
func (h *house) buyer(id string) *visitor {
	h.t.Helper()
	for _, role := range []string{"Professional 1", "Professional 2", "Professional 3"} {
		v := h.enter(role)
		if strings.Contains(v.get(spaceHost, "/tableau").want(200).body, id) {
			return v
		}
	}
	h.t.Fatal("none of the demo's plumbers was asked")
	return nil
}

// confirmed are the boxes that a buyer ticks.
func confirmed(pay string) url.Values {
	return url.Values{"confirm-near": {"yes"}, "confirm-free-soon": {"yes"}, "confirm-able": {"yes"}, "pay": {pay}}
}

// buy holds and buys a request, and answers the purchase's path.
func (h *house) buy(pro *visitor, id, pay string) *answer {
	h.t.Helper()
	pro.post(spaceHost, "/panier", url.Values{"request": {id}, "then": {"buy"}}).want(303)
	sheet := pro.get(spaceHost, "/tableau/"+id).want(200)
	form := sheet.hiddens()
	for k, v := range confirmed(pay) {
		form[k] = v
	}
	return pro.post(spaceHost, "/tableau/"+id+"/acheter", form)
}

// later moves the demo's clock.
func (h *house) later(d time.Duration) {
	h.t.Helper()
	h.visitor().post(h.space, "/_demo/horloge", url.Values{"by": {d.String()}}).want(303)
}

// postgresFlags names a fresh pair of databases on the test server.
func postgresFlags(t *testing.T) []string {
	t.Helper()
	server := os.Getenv("ENTREMISE_TEST_PG")
	if server == "" {
		t.Fatal("ENTREMISE_TEST_PG is not set: run ./test, which starts a PostgreSQL")
	}
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("e2e_%d_%d", os.Getpid(), numbers.Add(1))
	for _, n := range []string{name, name + "_keys"} {
		createDatabase(t, server, n)
	}
	u.Path = "/" + name
	return []string{"--postgres", u.String()}
}

// createDatabase makes an empty database that is dropped with the test.
func createDatabase(t *testing.T, server, name string) {
	t.Helper()
	run := func(q string) {
		conn, err := pgx.Connect(context.Background(), server)
		if err != nil {
			t.Fatalf("PostgreSQL at ENTREMISE_TEST_PG does not answer: %v", err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), q); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE DATABASE " + name + " TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'")
	t.Cleanup(func() {
		found, err := inClear.database(context.Background(), server, name)
		if err != nil {
			t.Error(err)
		}
		for _, f := range found {
			t.Error("in plain text:", f)
		}
		run("DROP DATABASE " + name + " WITH (FORCE)")
	})
}
