package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"entremise/internal/auth"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/rig"
)

const api = "/api/v1"

// program is a caller with a token.
type program struct {
	*browser
	keys int
}

// program makes a caller for an actor who has an account.
func (h *house) program(t testing.TB, a auth.Actor) *program {
	t.Helper()
	token, err := h.Auth.NewToken(context.Background(), h.One(t, network.RoleAdministrator), a.Account, "test")
	if err != nil {
		t.Fatal(err)
	}
	return h.holding(t, token)
}

func (h *house) holding(t testing.TB, token string) *program {
	p := &program{browser: h.at(t, h.Network.SpaceHost)}
	p.header = http.Header{"Accept-Language": {"fr"}, "Authorization": {"Bearer " + token}}
	return p
}

// affiliate makes a partner's program.
func (h *house) affiliate(t testing.TB) *program {
	t.Helper()
	_, token, err := h.Auth.NewAffiliate(context.Background(), h.One(t, network.RoleAdministrator), "Partenaire", fmt.Sprintf("partenaire%d@example.com", h.Next()), "Engagement 2026-11")
	if err != nil {
		t.Fatal(err)
	}
	return h.holding(t, token)
}

func (p *program) read(path string) answer { p.t.Helper(); return p.get(api + path) }

// do sends a body under a key, a new one when key is empty.
func (p *program) do(path, key string, body any) answer {
	p.t.Helper()
	if key == "" {
		p.keys++
		key = fmt.Sprintf("key-%s-%06d", path[len(path)-min(len(path), 40):], p.keys)
		key = strings.NewReplacer("/", "-").Replace(key)
	}
	p.header.Set("Idempotency-Key", key)
	defer p.header.Del("Idempotency-Key")
	if body == nil {
		return p.send(http.MethodPost, api+path, "", nil)
	}
	return p.send(http.MethodPost, api+path, "application/json", strings.NewReader(text(p.t, body)))
}

func text(t testing.TB, v any) string {
	t.Helper()
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// as reads the answer's JSON.
func (a answer) json(t testing.TB) (out struct {
	ID, Ref, State, Code, Detail, Purchase, Next, Access, Notice, Outcome, Masked string
	Duplicate                                                                     bool
	Status                                                                        int
	Held                                                                          time.Time `json:"held_until"`
	Items                                                                         []struct {
		ID, Number string
		Price      struct {
			Excl int64 `json:"excl_vat_cents"`
		}
	}
	Errors  []struct{ Field, Detail string }
	Contact map[string]string
	Draft   map[string]any
	Asked   int
}) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &out); err != nil {
		t.Fatalf("%s answers %q: %v", a.Request.URL.Path, a.body, err)
	}
	return out
}

// problem checks that an answer is a problem of a case.
func (a answer) problem(t testing.TB, status int, code string) {
	t.Helper()
	a.want(t, status)
	p := a.json(t)
	if a.Header.Get("Content-Type") != "application/problem+json" || p.Status != status || p.Code != code {
		t.Errorf("%s %s: %s %s", a.Request.Method, a.Request.URL.Path, a.Header.Get("Content-Type"), a.body)
	}
}

func TestAPI_hasAValidDocument(t *testing.T) {
	h := newHouse(t, rig.New(t, "sqlite"))
	got := h.at(t, h.Network.SpaceHost).get(api+"/openapi.json").want(t, 200)
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData([]byte(got.body))
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	if doc.Paths.Len() < 16 {
		t.Errorf("only %d paths", doc.Paths.Len())
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Security == nil || op.Summary == "" {
				t.Errorf("%s %s has no security or no summary", method, path)
			}
			keyed := slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool {
				return p.Value.In == "header" && p.Value.Name == "Idempotency-Key" && p.Value.Required
			})
			if keyed != (method == http.MethodPost) {
				t.Errorf("%s %s: idempotency key %v", method, path, keyed)
			}
		}
	}
	for _, x := range []string{"unpkg", "cdn", "http://", "https://", "$schema"} {
		if strings.Contains(got.body, x) {
			t.Errorf("the document speaks of %s", x)
		}
	}
	h.at(t, rig.Host).get(api+"/openapi.json").want(t, http.StatusNotFound) // the space host's alone
	h.at(t, h.Network.SpaceHost).get(api+"/docs").problem(t, http.StatusUnauthorized, "no-token")
}

func TestAPI_wholeSale(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		partner, plumber, agent := h.affiliate(t), h.Pro(t), h.Staff(t, network.RoleAgent)
		h.Fund(t, plumber.Pro, money.Euros(100))
		buyer, desk := h.program(t, plumber), h.program(t, agent)

		catalogue := partner.read("/trades").want(t, 200)
		if !strings.Contains(catalogue.body, `"plombier"`) || !strings.Contains(catalogue.body, `"call-me"`) {
			t.Error("the catalogue lacks trades or consents")
		}
		partner.read("/trades/plombier/form").want(t, 200)
		partner.read("/trades/fleuriste/form").problem(t, 404, "no-page")

		in := h.AskInput()
		e164, err := phone.Parse(in.Phone, "30", true)
		if err != nil {
			t.Fatal(err)
		}
		s := secrets{in.Name, phone.Display(e164), e164, in.Email, in.Street, "Sous l’évier de la cuisine."}
		ask := map[string]any{"site": rig.Host, "trade": in.Trade, "urgency": in.Urgency, "postcode": in.Postcode, "insee": in.INSEE, "street": in.Street, "answers": in.Answers, "name": in.Name, "phone": in.Phone,
			"email": in.Email, "consents": in.Consents}
		sent := partner.do("/requests", "sent-by-the-partner-1", ask).want(t, 201).json(t)
		if again := partner.do("/requests", "sent-by-the-partner-1", ask).want(t, 201).json(t); again.ID != sent.ID || again.Ref != sent.Ref {
			t.Errorf("the same key made %s, then %s", sent.ID, again.ID)
		}
		ask["name"] = "Quelqu’un d’autre"
		partner.do("/requests", "sent-by-the-partner-1", ask).problem(t, 409, "key-reused")
		if twin := h.affiliate(t).do("/requests", "another-partner-same-need", ask).want(t, 201).json(t); !twin.Duplicate || twin.ID != "" || twin.Ref != sent.Ref {
			t.Errorf("a duplicate answers %+v", twin)
		}
		if own := partner.read("/requests/"+sent.ID).want(t, 200); own.json(t).State != "received" || len(s.in(own.body)) > 0 {
			t.Errorf("the partner reads %s", own.body)
		}
		h.affiliate(t).read("/requests/"+sent.ID).problem(t, 404, "no-request")

		if queue := desk.read("/queue").want(t, 200); queue.json(t).Items[0].ID != sent.ID || len(s.in(queue.body)) > 0 {
			t.Errorf("the queue: %s", queue.body)
		}
		desk.do("/requests/"+sent.ID+"/take", "", nil).want(t, 200)
		h.program(t, h.Staff(t, network.RoleAgent)).do("/requests/"+sent.ID+"/take", "", nil).problem(t, 409, "taken")
		open := desk.read("/requests/"+sent.ID+"/desk").want(t, 200).json(t)
		if open.Draft["phone"] != e164 || open.Asked != 1 {
			t.Errorf("the desk: %+v", open)
		}
		open.Draft["price"] = "33"
		draft := text(t, open.Draft)
		if got := desk.send(http.MethodPut, api+"/requests/"+sent.ID+"/draft", "application/json", strings.NewReader(draft)); got.StatusCode != http.StatusNoContent {
			t.Errorf("the draft is not kept: %d %s", got.StatusCode, got.body)
		}
		if kept := desk.read("/requests/"+sent.ID+"/desk").want(t, 200).json(t); kept.Draft["price"] != "33" {
			t.Error("the draft is forgotten")
		}
		desk.do("/requests/"+sent.ID+"/publish", "published-under-my-name", draft).want(t, 200)
		desk.do("/requests/"+sent.ID+"/publish", "published-under-my-name", draft).want(t, 200)
		desk.do("/requests/"+sent.ID+"/publish", "", draft).problem(t, 409, "state-moved")
		h.Drain(t)

		board := buyer.read("/board").want(t, 200)
		if found := s.in(board.body); len(found) > 0 {
			t.Errorf("the board holds %q before the purchase", found) // ET-10
		}
		line := board.json(t).Items[0]
		if line.ID != sent.ID || line.Price.Excl != 3300 {
			t.Fatalf("the board: %s", board.body)
		}
		held := buyer.do("/board/"+sent.ID+"/hold", "held-by-the-plumber-1", nil).want(t, 200).json(t).Held
		h.Clock.Add(time.Minute)
		if again := buyer.do("/board/"+sent.ID+"/hold", "held-by-the-plumber-1", nil).want(t, 200).json(t).Held; !again.Equal(held) || held.IsZero() {
			t.Errorf("the same key held until %v, then %v", held, again)
		}
		confirmed := []string{}
		for _, w := range h.Network.Buying {
			confirmed = append(confirmed, w.ID)
		}
		buy := map[string]any{"confirmed": confirmed, "price_excl_vat_cents": 3200}
		buyer.do("/board/"+sent.ID+"/buy", "", buy).problem(t, 409, "price-moved")
		buyer.do("/board/"+sent.ID+"/buy", "", map[string]any{"confirmed": confirmed[:1], "price_excl_vat_cents": 3300}).problem(t, 422, "invalid-fields")
		buy["price_excl_vat_cents"] = 3300
		purchase := buyer.do("/board/"+sent.ID+"/buy", "bought-by-the-plumber", buy).want(t, 201).json(t).Purchase
		if again := buyer.do("/board/"+sent.ID+"/buy", "bought-by-the-plumber", buy).want(t, 201).json(t).Purchase; again != purchase {
			t.Errorf("the same key bought %s, then %s", purchase, again)
		}

		if list := buyer.read("/purchases").want(t, 200); list.json(t).Items[0].ID != purchase || len(s.in(list.body)) > 0 {
			t.Errorf("the list: %s", list.body)
		}
		detail := buyer.read("/purchases/"+purchase).want(t, 200).json(t)
		if detail.Contact["name"] != s.name || detail.Contact["phone"] != s.e164 || detail.Contact["street"] != s.street {
			t.Errorf("the details: %+v", detail.Contact)
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'contact.read'"); n != 1 {
			t.Errorf("%d readings on record", n)
		}
		for range 2 {
			buyer.do("/purchases/"+purchase+"/contacts", "called-at-eight-o-six", map[string]any{"outcome": "reached"}).want(t, 201)
		}
		if n := h.count(t, "SELECT count(*) FROM contact"); n != 1 {
			t.Errorf("one key noted %d contacts", n)
		}
		h.Sweep(t)
		invoices := buyer.read("/invoices").want(t, 200).json(t)
		if pdf := buyer.read("/invoices/"+invoices.Items[0].ID+"/pdf").want(t, 200); pdf.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(pdf.body, "%PDF-") {
			t.Error("the invoice is no PDF")
		}
		other := h.program(t, h.Pro(t))
		other.read("/purchases/"+purchase).problem(t, 404, "no-purchase")
		other.read("/invoices/"+invoices.Items[0].ID+"/pdf").problem(t, 404, "no-invoice")
		other.do("/purchases/"+purchase+"/contacts", "", map[string]any{"outcome": "won"}).problem(t, 404, "no-purchase")
		if found := s.in(h.log.String()); len(found) > 0 {
			t.Errorf("the log holds %q", found)
		}
	})
}

// Each operation is for one sort of token; a browser's session is none.
func TestAPI_admitsOnlyItsOwn(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		callers := map[string]*program{"affiliate": h.affiliate(t), "professional": h.program(t, plumber), "staff": h.program(t, h.Staff(t, network.RoleAgent))}
		doc, err := openapi3.NewLoader().LoadFromData([]byte(h.at(t, h.Network.SpaceHost).get(api + "/openapi.json").body))
		if err != nil {
			t.Fatal(err)
		}
		signedIn := h.as(t, plumber)
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				at := api + wildcard.ReplaceAllString(path, "x")
				for what, b := range map[string]*browser{"a visitor": h.at(t, h.Network.SpaceHost), "a session": signedIn, "a wrong token": h.holding(t, "ent_wrong").browser, "no bearer": {t: t, h: h, host: h.Network.SpaceHost, header: http.Header{"Authorization": {"Basic eDp5"}}}} {
					got := b.send(method, at, "", nil)
					if got.StatusCode != http.StatusUnauthorized || got.Header.Get("WWW-Authenticate") != "Bearer" {
						t.Errorf("%s %s lets %s in: %d", method, path, what, got.StatusCode)
					}
				}
				for who, c := range callers {
					if op.Tags[0] != "anyone" && op.Tags[0] != who {
						c.send(method, at, "", nil).problem(t, 403, "not-for-you")
					}
				}
			}
		}
		// A role of staff that the table does not allow is refused by the service.
		h.program(t, h.Staff(t, network.RoleAccountant)).read("/queue").problem(t, 403, "not-permitted")
		callers["staff"].send(http.MethodDelete, api+"/queue", "", nil).problem(t, 405, "method-not-allowed")
		callers["staff"].read("/nothing").problem(t, 404, "no-operation")
	})
}

func TestAPI_refusesWhatItDoesNotUnderstand(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		p := h.affiliate(t)
		whole := func(change func(map[string]any)) string {
			in := h.AskInput()
			m := map[string]any{"site": rig.Host, "trade": in.Trade, "urgency": in.Urgency, "postcode": in.Postcode, "insee": in.INSEE, "name": in.Name, "phone": in.Phone, "consents": in.Consents, "answers": in.Answers}
			change(m)
			return text(t, m)
		}
		const secret = "Zélie Introuvable"
		for _, c := range []struct {
			name, kind, body string
			status           int
			code             string
		}{
			{"no JSON", "application/json", "{", 400, "bad-json"},
			{"two values", "application/json", "{} {}", 400, "bad-json"},
			{"a key twice", "application/json", `{"name":"` + secret + `","name":"B"}`, 400, "bad-json"},
			{"a key twice, deeper", "application/json", `{"consents":{"terms":true,"terms":false}}`, 400, "bad-json"},
			{"no UTF-8", "application/json", "{\"name\":\"\xff\"}", 400, "bad-json"},
			{"NUL", "application/json", `{"name":"a\u0000b"}`, 400, "bad-json"},
			{"too deep", "application/json", strings.Repeat(`{"a":`, 60) + "1" + strings.Repeat("}", 60), 400, "bad-json"},
			{"nothing", "application/json", "", 400, "bad-json"},
			{"another type", "text/plain", "{}", 415, "not-json"},
			{"a form", "application/x-www-form-urlencoded", "name=x", 415, "not-json"},
			{"another encoding", "application/json; charset=latin1", "{}", 415, "not-json"},
			{"no type", "", "{}", 415, "not-json"},
			{"too large", "application/json", `{"name":"` + strings.Repeat("a", 1<<20) + `"}`, 413, "request-entity-too-large"},
			{"an unknown property", "application/json", whole(func(m map[string]any) { m[secret] = 1 }), 422, "invalid-fields"},
			{"an unknown property with dots", "application/json", whole(func(m map[string]any) { m["a."+secret+".b"] = 1 }), 422, "invalid-fields"},
			{"another case", "application/json", whole(func(m map[string]any) { m["Name"] = secret }), 422, "invalid-fields"},
			{"a missing property", "application/json", whole(func(m map[string]any) { delete(m, "phone") }), 422, "invalid-fields"},
			{"a number for a name", "application/json", whole(func(m map[string]any) { m["name"] = 12345678 }), 422, "invalid-fields"},
			{"a text for an answer", "application/json", whole(func(m map[string]any) { m["answers"] = map[string]any{secret: secret} }), 422, "invalid-fields"},
			{"a long name", "application/json", whole(func(m map[string]any) { m["name"] = strings.Repeat(secret, 20) }), 422, "invalid-fields"},
			{"an impossible number", "application/json", whole(func(m map[string]any) { m["phone"] = "0612" }), 422, "invalid-fields"},
			{"another language", "application/json", whole(func(m map[string]any) { m["lang"] = secret }), 422, "invalid-fields"},
			{"a null", "application/json", "null", 422, "invalid-fields"},
		} {
			p.header.Set("Idempotency-Key", "key-of-what-is-wrong-0001")
			got := p.send(http.MethodPost, api+"/requests", c.kind, strings.NewReader(c.body))
			if got.StatusCode != c.status || got.json(t).Code != c.code {
				t.Errorf("%s: %d %s", c.name, got.StatusCode, got.body)
			}
			for _, x := range []string{secret, "Zélie", "Introuvable", "12345678", "0612"} {
				if strings.Contains(got.body, x) {
					t.Errorf("%s: the answer repeats %q: %s", c.name, x, got.body)
				}
			}
		}
		good := whole(func(map[string]any) {})
		for _, key := range []string{"", "short", strings.Repeat("k", 101), "key with spaces in it"} {
			p.header.Set("Idempotency-Key", key)
			p.send(http.MethodPost, api+"/requests", "application/json", strings.NewReader(good)).problem(t, 422, "invalid-fields")
		}
		p.header.Del("Idempotency-Key")
		for _, path := range []string{"/trades?nom=" + secret[6:], "/trades/%00/form", "/requests/%ff"} {
			if got := p.read(path); got.StatusCode/100 != 4 || strings.Contains(got.body, secret[6:]) {
				t.Errorf("%s: %d %s", path, got.StatusCode, got.body)
			}
		}
		if n := h.count(t, "SELECT count(*) FROM request"); n != 0 {
			t.Errorf("%d requests were made of it", n)
		}
		if strings.Contains(h.log.String(), "level=ERROR") {
			t.Errorf("bad input is logged as our failure:\n%s", h.log)
		}
	})
}

func TestAPI_pagesWithoutRepeatOrGap(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber, desk := h.Pro(t), h.program(t, h.Staff(t, network.RoleAgent))
		h.Fund(t, plumber.Pro, money.Euros(2000))
		var waiting []string
		for range 7 { // of one instant: the clock stands still
			waiting = append(waiting, h.Ask(t).ID)
		}
		walk := func(p *program, path string, meanwhile func()) (ids []string) {
			t.Helper()
			sep := "?"
			if strings.Contains(path, "?") {
				sep = "&"
			}
			for at := path + sep + "limit=3"; ; {
				page := p.read(at).want(t, 200).json(t)
				for _, x := range page.Items {
					ids = append(ids, x.ID)
				}
				if page.Next == "" || len(ids) > 50 {
					return ids
				}
				at = path + sep + "limit=3&cursor=" + page.Next
				meanwhile()
			}
		}
		sorted := func(ids []string) []string { ids = slices.Clone(ids); slices.Sort(ids); return ids }
		got := walk(desk, "/queue", func() {})
		if !slices.Equal(sorted(got), sorted(waiting)) {
			t.Errorf("the queue pages through %d of %d", len(got), len(waiting))
		}
		for _, id := range waiting {
			h.Publish(t, id)
		}
		buyer := h.program(t, plumber)
		if got := walk(buyer, "/board", func() {}); !slices.Equal(sorted(got), sorted(waiting)) {
			t.Errorf("the board pages through %d of %d", len(got), len(waiting))
		}
		more := false
		got = walk(buyer, "/board", func() { // what comes meanwhile shifts nobody
			if !more {
				more = true
				h.Clock.Add(time.Second)
				h.published(t)
			}
		})
		if len(got) != len(waiting) {
			t.Errorf("a newer request changed the pages: %d lines", len(got))
		}
		confirmed := []string{}
		for _, w := range h.Network.Buying {
			confirmed = append(confirmed, w.ID)
		}
		for _, x := range buyer.read("/board").want(t, 200).json(t).Items {
			buyer.do("/board/"+x.ID+"/buy", "", map[string]any{"confirmed": confirmed, "price_excl_vat_cents": x.Price.Excl}).want(t, 201)
		}
		h.Sweep(t)
		for _, path := range []string{"/purchases", "/invoices"} {
			got := walk(buyer, path, func() {})
			if unique := slices.Compact(sorted(got)); len(got) != 8 || len(unique) != 8 {
				t.Errorf("%s pages through %d lines, %d of them different", path, len(got), len(unique))
			}
		}
		for _, bad := range []string{"/board?cursor=x", "/board?cursor=%21", "/queue?cursor=AAAA"} {
			p := buyer
			if strings.HasPrefix(bad, "/queue") {
				p = desk
			}
			p.read(bad).problem(t, 422, "bad-cursor")
		}
		for _, bad := range []string{"/board?limit=0", "/board?limit=101", "/board?limit=x", "/board?limit=-1"} {
			buyer.read(bad).problem(t, 422, "invalid-fields")
		}
	})
}

// Ten programs race for one seat, each of them twice under one key.
func TestAPI_sellsOneSeatToOneOfTen(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var callers []*program
		for range 10 {
			p := h.Pro(t)
			h.Fund(t, p.Pro, money.Euros(100))
			callers = append(callers, h.program(t, p))
		}
		id, _ := h.published(t)
		price := h.count(t, "SELECT price_minor FROM request WHERE id = $1", id)
		confirmed := []string{}
		for _, w := range h.Network.Buying {
			confirmed = append(confirmed, w.ID)
		}
		body := map[string]any{"confirmed": confirmed, "price_excl_vat_cents": price}
		answers := make([]answer, 2*len(callers))
		var all sync.WaitGroup
		for i := range answers {
			p := callers[i/2]
			twin := &program{browser: &browser{t: t, h: h, host: p.host, cookies: map[string]string{}, header: p.header.Clone()}}
			all.Go(func() { answers[i] = twin.do("/board/"+id+"/buy", fmt.Sprintf("the-only-key-of-caller-%d", i/2), body) })
		}
		all.Wait()
		bought := map[string]bool{}
		for _, a := range answers {
			switch a.StatusCode {
			case 201:
				bought[a.json(t).Purchase] = true
			case 409:
			default:
				t.Errorf("a racer gets %d %s", a.StatusCode, a.body)
			}
		}
		if len(bought) != 1 || h.count(t, "SELECT count(*) FROM wallet_entry WHERE kind = 'purchase'") != 1 {
			t.Errorf("bought %v", bought)
		}
	})
}

func TestAPI_suspendedIsToldWhy(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t, func(in *pro.Input) { in.Lang = "en" })
		id, _ := h.published(t)
		p := h.program(t, plumber)
		if err := h.Pros.Suspend(context.Background(), h.One(t, network.RoleOnboarding), plumber.Pro, "quality"); err != nil {
			t.Fatal(err)
		}
		p.header.Del("Accept-Language") // then in the account's own language
		if got := p.read("/board").want(t, 200).json(t); got.Access != "suspended" || !strings.Contains(got.Notice, "Quality requirements no longer met") || len(got.Items) != 0 {
			t.Errorf("the board: %+v", got)
		}
		p.do("/board/"+id+"/hold", "", nil).problem(t, 403, "pro-not-active")
	})
}

func TestAPI_limitsCallsAndWrongTokens(t *testing.T) {
	h := newHouse(t, rig.New(t, "sqlite"))
	p := h.affiliate(t)
	last := 0
	for range 700 {
		if last = p.read("/trades/none/form").StatusCode; last == http.StatusTooManyRequests {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Error("one token may call without end")
	}
	wrong := h.holding(t, "ent_guess")
	for range 100 {
		last = wrong.read("/trades").StatusCode
	}
	if last != http.StatusTooManyRequests {
		t.Error("tokens may be guessed without end")
	}
	h.Clock.AddMachine(2 * time.Minute)
	p.read("/trades").want(t, 200)
}
