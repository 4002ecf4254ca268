package web_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"html"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// secrets are the consumer's own words, which no professional may see before he pays (ET-10).
type secrets struct{ name, phone, e164, email, street, words string }

// published makes a request of somebody whose details are known to the test, and publishes it.
func (h *house) published(t testing.TB, change ...func(*request.Ask)) (id string, s secrets) {
	t.Helper()
	asked := h.Ask(t, append([]func(*request.Ask){func(in *request.Ask) {
		in.Street, in.Answers["details"] = "17 impasse du Secret", []string{"Le code de la porte est 4729."}
		e164, err := phone.Parse(in.Phone, "30", true)
		if err != nil {
			t.Fatal(err)
		}
		s = secrets{in.Name, phone.Display(e164), e164, in.Email, in.Street, "4729"}
	}}, change...)...)
	h.Publish(t, asked.ID)
	h.Drain(t)
	return asked.ID, s
}

// in lists which of the secrets stand in a text, however spaces are written.
func (s secrets) in(text string) (found []string) {
	plain := strings.NewReplacer("\u202f", " ", "\u00a0", " ", "&nbsp;", " ").Replace(text)
	for _, x := range []string{s.name, s.phone, s.e164, s.e164[1:], s.email, s.street, s.words} {
		if strings.Contains(plain, x) || strings.Contains(strings.ReplaceAll(plain, " ", ""), strings.ReplaceAll(x, " ", "")) {
			found = append(found, x)
		}
	}
	return found
}

// buying is the form that confirms everything at a price.
func (h *house) buying(price money.Amount, pay string) url.Values {
	form := url.Values{"shown": {strconv.FormatInt(int64(price), 10)}, "pay": {pay}}
	for _, w := range h.Network.Buying {
		form.Set("confirm-"+w.ID, "yes")
	}
	return form
}

// count runs a query that counts.
func (h *house) count(t testing.TB, q string, args ...any) (n int64) {
	t.Helper()
	if err := h.DB.Read(context.Background(), func(tx *db.Tx) (err error) { n, err = db.Value[int64](tx, q, args...); return }); err != nil {
		t.Fatal(err)
	}
	return n
}

var shownPrice = regexp.MustCompile(`name="shown" value="(-?\d+)"`)

// shown is the price that a page will charge.
func (a answer) shown(t testing.TB) money.Amount {
	t.Helper()
	m := shownPrice.FindStringSubmatch(a.body)
	if m == nil {
		t.Fatal("the page shows no price to confirm")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return money.Amount(n)
}

func TestProSpace_showsDetailsOnlyOnceBought(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, s := h.published(t)
		b := h.as(t, plumber)
		hidden := func(what, text string) {
			t.Helper()
			if found := s.in(text); len(found) > 0 {
				t.Errorf("%s holds %q before the purchase", what, found)
			}
		}
		board := b.get("/tableau").want(t, 200)
		if !strings.Contains(board.body, "/tableau/"+id) || !strings.Contains(board.body, "Nîmes") {
			t.Error("the board does not offer the request")
		}
		hidden("the board", board.body)
		hidden("the sheet", b.get("/tableau/"+id).want(t, 200).body)
		if to := b.post("/panier", url.Values{"request": {id}, "then": {"buy"}}).to(t); to != "/tableau/"+id+"#confirm" {
			t.Errorf("after the first tap: %s", to)
		}
		sheet := b.get("/tableau/"+id).want(t, 200)
		hidden("the confirmation", sheet.body)
		hidden("the cart", b.get("/panier").want(t, 200).body)

		to := b.post("/tableau/"+id+"/acheter", h.buying(sheet.shown(t), "wallet")).to(t)
		if !strings.HasPrefix(to, "/achats/pur_") {
			t.Fatalf("after the second tap: %s", to)
		}
		page := b.get(to).want(t, 200)
		for _, x := range []string{s.name, s.email, s.street, s.words, "tel:" + s.e164} {
			if !strings.Contains(page.body, x) {
				t.Errorf("the purchase does not show %q", x)
			}
		}
		if got := b.get(to+"/fiche.pdf").want(t, 200); got.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(got.body, "%PDF-") {
			t.Error("the sheet is no PDF")
		}
		if got := b.get(to+"/contact.vcf").want(t, 200); !strings.Contains(got.body, "TEL;VALUE=uri;TYPE=voice:tel:"+s.e164) {
			t.Errorf("the contact card: %s", got.body)
		}
		h.Sweep(t)
		if list := b.get("/factures").want(t, 200); !strings.Contains(list.body, "/factures/inv_") {
			t.Error("the invoice is not listed")
		}
		purchase := strings.TrimPrefix(to, "/achats/")
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'contact.read' AND object = $1", purchase); n != 3 {
			t.Errorf("%d readings are on record, want one for the page, the PDF and the card", n)
		}
		if found := s.in(h.log.String()); len(found) > 0 {
			t.Errorf("the log holds %q", found)
		}
	})
}

// What is looked for, opened, led to and linked to: no address holds a name, a number, an address or a word of the consumer's.
func TestServer_noPersonalValueStandsInAnAddress(t *testing.T) {
	links := regexp.MustCompile(`(?:href|action|formaction|src)="(/[^"]*)"`)
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, s := h.published(t, func(in *request.Ask) { in.Name = "Béatrice Secrète" })
		s.name = "Béatrice Secrète"
		waiting := h.Ask(t, func(in *request.Ask) { in.Name, in.Email, in.Street = s.name, s.email, s.street })
		agent, pro, out := h.as(t, h.Staff(t, network.Roles()...)), h.as(t, plumber), h.at(t, h.Network.SpaceHost)
		var seen []string
		note := func(a answer) answer {
			t.Helper()
			seen = append(seen, a.Request.URL.RequestURI(), a.Header.Get("Location"))
			for _, m := range links.FindAllStringSubmatch(a.body, -1) {
				seen = append(seen, html.UnescapeString(m[1]))
			}
			return a
		}
		for _, q := range []string{s.name, s.phone, s.e164, s.email} {
			for _, b := range []*browser{agent, out} { // and somebody whose session has ended
				note(b.post("/recherche", url.Values{"q": {q}}))
				note(b.get("/recherche"))
			}
			if page := note(agent.get("/recherche")); !strings.Contains(page.body, id) {
				t.Errorf("%q finds nothing: this proves nothing", q)
			}
		}
		note(agent.post("/rappels/"+waiting.ID+"/prendre", nil))
		for _, path := range []string{"/aujourdhui", "/rappels", "/bureau/" + waiting.ID, "/demandes/" + id, "/demandes/" + id + "/corriger", "/journal", "/pros"} {
			note(agent.get(path).want(t, 200))
		}
		note(pro.post("/panier", url.Values{"request": {id}, "then": {"buy"}}))
		to := note(pro.post("/tableau/"+id+"/acheter", h.buying(note(pro.get("/tableau/"+id)).shown(t), "wallet"))).to(t)
		note(pro.get(to).want(t, 200))
		note(pro.get("/achats").want(t, 200))
		consumer := h.at(t, rig.Host)
		note(consumer.get("/r/" + waiting.Token))
		note(consumer.get("/ma-demande").want(t, 200))
		for _, address := range seen {
			plain, err := url.QueryUnescape(address)
			if err != nil {
				t.Fatal(err)
			}
			if found := s.in(plain); len(found) > 0 {
				t.Errorf("%s holds %q", address, found)
			}
		}
		if found := s.in(h.log.String()); len(found) > 0 {
			t.Errorf("the log holds %q", found)
		}
	})
}

// A page that renews itself every few seconds is one reading; the header that says so hides no first one.
func TestReadings_arePeoplesAndNotThoseOfALivePage(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber, agent := h.Pro(t), h.Agent(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, _ := h.published(t)
		b := h.as(t, plumber)
		b.post("/panier", url.Values{"request": {id}, "then": {"buy"}})
		bought := b.post("/tableau/"+id+"/acheter", h.buying(b.get("/tableau/"+id).shown(t), "wallet")).to(t)
		for _, page := range []struct {
			path, action, object string
			b, colleague         *browser
		}{
			{bought, "contact.read", strings.TrimPrefix(bought, "/achats/"), h.as(t, plumber), h.as(t, h.Account(t, auth.NewAccount{Kind: "pro", Pro: plumber.Pro}))},
			{"/demandes/" + id, "request.read", id, h.as(t, agent), h.as(t, h.Agent(t))},
		} {
			before := h.count(t, "SELECT count(*) FROM audit WHERE action = $1 AND object = $2", page.action, page.object)
			want := func(n int64, when string) {
				t.Helper()
				if got := h.count(t, "SELECT count(*) FROM audit WHERE action = $1 AND object = $2", page.action, page.object) - before; got != n {
					t.Errorf("%s %s: %d readings are on record, want %d", page.path, when, got, n)
				}
			}
			renew := func(b *browser) {
				t.Helper()
				b.header.Set("X-Live", "1")
				b.get(page.path).want(t, 200)
				b.header.Del("X-Live")
			}
			page.b.get(page.path).want(t, 200)
			for range 3 {
				renew(page.b)
			}
			want(1, "after it was opened and renewed itself")
			page.b.get(page.path).want(t, 200)
			want(2, "opened again")
			h.Clock.AddMachine(11 * time.Minute)
			renew(page.b)
			want(3, "still on screen eleven minutes later")
			renew(page.colleague)
			want(4, "asked for with the header by somebody who had not opened it")
		}
	})
}

func TestProSpace_sellsOneSeatToOneOfTen(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		const racers = 10
		browsers := make([]*browser, racers)
		for i := range browsers {
			p := h.Pro(t)
			h.Fund(t, p.Pro, money.Euros(100))
			browsers[i] = h.as(t, p)
		}
		id, s := h.published(t)
		price := money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id))
		answers := make([]answer, racers)
		var all sync.WaitGroup
		for i, b := range browsers {
			all.Go(func() { answers[i] = b.post("/tableau/"+id+"/acheter", h.buying(price, "wallet")) })
		}
		all.Wait()
		won := 0
		for _, a := range answers {
			switch a.StatusCode {
			case http.StatusSeeOther:
				won++
			case http.StatusConflict:
				if !strings.Contains(a.body, "Vous n’avez rien payé") {
					t.Error("a loser is not told that nothing was paid")
				}
				if found := s.in(a.body); len(found) > 0 {
					t.Errorf("a loser sees %q", found)
				}
			default:
				t.Errorf("a racer gets %d", a.StatusCode)
			}
		}
		if won != 1 {
			t.Errorf("%d won the one seat", won)
		}
		if n := h.count(t, "SELECT count(*) FROM purchase WHERE request_id = $1", id); n != 1 {
			t.Errorf("%d purchases", n)
		}
		if n := h.count(t, "SELECT count(*) FROM wallet_entry WHERE kind = 'purchase'"); n != 1 {
			t.Errorf("%d were charged", n)
		}
	})
}

func TestProSpace_buysOnceOnADoubleTap(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, _ := h.published(t)
		b := h.as(t, plumber)
		price := money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id))
		form := h.buying(price, "wallet")
		var answers [4]answer
		var all sync.WaitGroup
		for i := range answers {
			twin := *b // each tap of its own, with the same session
			all.Go(func() { answers[i] = twin.post("/tableau/"+id+"/acheter", form) })
		}
		all.Wait()
		if again := b.post("/tableau/"+id+"/acheter", form).to(t); !strings.HasPrefix(again, "/achats/pur_") {
			t.Errorf("a late tap leads to %s", again)
		}
		for _, a := range answers {
			if a.StatusCode != http.StatusSeeOther && a.StatusCode != http.StatusConflict {
				t.Errorf("a tap gets %d", a.StatusCode)
			}
		}
		if n := h.count(t, "SELECT count(*) FROM wallet_entry WHERE kind = 'purchase' AND pro_id = $1", plumber.Pro); n != 1 {
			t.Errorf("charged %d times", n)
		}
	})
}

func TestProSpace_chargesOnlyTheShownPrice(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(500))
		id, _ := h.published(t)
		b := h.as(t, plumber)
		before := money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id))
		if err := h.Requests.Reprice(context.Background(), h.One(t, network.RoleAgent), id, "77", "Plus long que prévu"); err != nil {
			t.Fatal(err)
		}
		moved := b.post("/tableau/"+id+"/acheter", h.buying(before, "wallet")).want(t, http.StatusConflict)
		if !strings.Contains(moved.body, "77,00") || !strings.Contains(moved.body, "Vous n’avez rien payé") {
			t.Error("the page does not come back with the price of now")
		}
		for _, shown := range []string{"", "0", "-7700", "1e4", "99999999999999999999"} {
			form := h.buying(0, "wallet")
			form.Set("shown", shown)
			b.post("/tableau/"+id+"/acheter", form).want(t, http.StatusConflict)
		}
		if n := h.count(t, "SELECT count(*) FROM wallet_entry WHERE kind = 'purchase'"); n != 0 {
			t.Fatalf("charged %d times", n)
		}
		// Held at 77, repriced to 88: the cart keeps the price that it was shown (ET-41).
		b.post("/panier", url.Values{"request": {id}, "then": {"board"}}).to(t)
		if err := h.Requests.Reprice(context.Background(), h.One(t, network.RoleAgent), id, "88", "Encore"); err != nil {
			t.Fatal(err)
		}
		shown := b.get("/tableau/"+id).want(t, 200).shown(t)
		if shown != money.Euros(77) {
			t.Errorf("the held price is %s", shown.Decimal())
		}
		b.post("/tableau/"+id+"/acheter", h.buying(shown, "wallet")).to(t)
		if n := h.count(t, "SELECT -amount_minor FROM wallet_entry WHERE kind = 'purchase'"); money.Amount(n) != money.Euros(77).Incl(2000) {
			t.Errorf("charged %s", money.Amount(n).Decimal())
		}
	})
}

func TestBuy_asksForEveryConfirmationAndForFunds(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		id, s := h.published(t)
		b := h.as(t, plumber)
		b.post("/panier", url.Values{"request": {id}, "then": {"buy"}}).to(t)
		sheet := b.get("/tableau/"+id).want(t, 200)
		for _, w := range h.Network.Buying { // ET-66, 67, 68
			form := h.buying(sheet.shown(t), "wallet")
			form.Del("confirm-" + w.ID)
			if got := b.post("/tableau/"+id+"/acheter", form).want(t, http.StatusUnprocessableEntity); !strings.Contains(got.body, "Confirmez ce point") {
				t.Errorf("without %s the page does not say what is missing", w.ID)
			}
		}
		got := b.post("/tableau/"+id+"/acheter", h.buying(sheet.shown(t), "wallet")).want(t, http.StatusConflict)
		if !strings.Contains(got.body, "assez de crédit") || len(s.in(got.body)) > 0 {
			t.Error("an empty wallet is not told so, or details are shown")
		}
		if n := h.count(t, "SELECT count(*) FROM purchase"); n != 0 {
			t.Errorf("%d purchases without funds", n)
		}
	})
}

func TestBuy_byCardSaysWhatTheBankSaid(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx, plumber := context.Background(), h.Pro(t)
		b := h.as(t, plumber)
		start := func() (id, payment, back string) {
			id, _ = h.published(t)
			b.post("/panier", url.Values{"request": {id}, "then": {"buy"}}).to(t)
			checkout := b.post("/tableau/"+id+"/acheter", h.buying(b.get("/tableau/"+id).shown(t), "card")).to(t)
			u, err := url.Parse(checkout)
			if err != nil || u.Host != "bank.example" {
				t.Fatalf("the card is asked for at %s", checkout)
			}
			return id, strings.TrimPrefix(u.Path, "/pay/"), u.Query().Get("back")
		}

		_, payment, back := start()
		if !regexp.MustCompile(`^/achats/pur_\w+/retour$`).MatchString(back) {
			t.Fatalf("the bank comes back to %q", back)
		}
		if got := b.get(back).want(t, 200); !strings.Contains(got.body, "Rien n’est acheté") {
			t.Error("nothing is known yet, and the page does not say so")
		}
		if err := h.Billing.Authorised(ctx, payment, "ref-1", true); err != nil {
			t.Fatal(err)
		}
		if to := b.get(back).to(t); to != strings.TrimSuffix(back, "/retour") {
			t.Errorf("a paid purchase leads to %s", to)
		}
		if h.Bank.Taken(payment) == 0 {
			t.Error("revealed without charge")
		}
		b.get(strings.TrimSuffix(back, "/retour")).want(t, 200)

		_, payment, back = start()
		if err := h.Billing.Authorised(ctx, payment, "ref-2", false); err != nil {
			t.Fatal(err)
		}
		if got := b.get(back).want(t, 200); !strings.Contains(got.body, "Paiement refusé") {
			t.Error("a refusal is not said")
		}
		b.get(strings.TrimSuffix(back, "/retour")).want(t, http.StatusNotFound)

		id, payment, back := start()
		if err := h.Requests.Withdraw(ctx, h.One(t, network.RoleAgent), id, "duplicate"); err != nil {
			t.Fatal(err)
		}
		if err := h.Billing.Authorised(ctx, payment, "ref-3", true); err != nil {
			t.Fatal(err)
		}
		if got := b.get(back).want(t, 200); !strings.Contains(got.body, "rendu") {
			t.Error("the money that goes back is not said")
		}
		if h.Bank.Taken(payment) != 0 || !h.Bank.Released(payment) {
			t.Error("charged for what is gone")
		}

		h.as(t, h.Pro(t)).get(back).want(t, http.StatusNotFound)
	})
}

func TestWallet_creditsByCardOnTheBanksWordOnly(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		b := h.as(t, plumber)
		for _, amount := range []string{"", "abc", "0", "9.99", "5000.01", "-50"} {
			b.post("/portefeuille/crediter", url.Values{"amount": {amount}}).want(t, http.StatusUnprocessableEntity)
		}
		u, err := url.Parse(b.post("/portefeuille/crediter", url.Values{"amount": {"50.00"}}).to(t))
		if err != nil {
			t.Fatal(err)
		}
		back := u.Query().Get("back")
		b.get(back).want(t, 200)
		if n := h.count(t, "SELECT count(*) FROM wallet"); n != 0 {
			t.Fatal("credited before the bank said so")
		}
		h.as(t, h.Pro(t)).get(back).want(t, http.StatusNotFound)
		if err := h.Billing.Authorised(context.Background(), strings.TrimPrefix(u.Path, "/pay/"), "ref", true); err != nil {
			t.Fatal(err)
		}
		for range 2 { // coming back twice credits once
			if to := b.get(back).to(t); to != "/portefeuille" {
				t.Errorf("the bank leads to %s", to)
			}
		}
		if got := b.get("/portefeuille").want(t, 200); !strings.Contains(got.body, "50,00") {
			t.Error("the wallet does not show the credit")
		}
		if n := h.count(t, "SELECT balance_minor FROM wallet WHERE pro_id = $1", plumber.Pro); n != 5000 {
			t.Errorf("the balance is %d cents", n)
		}
	})
}

// The wallet pages through every movement, gives all of them to a French spreadsheet, and says where to transfer money.
func TestWallet_pagesExportsAndSaysWhereToTransfer(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		who := h.Pro(t)
		b := h.as(t, who)
		if page := b.get("/portefeuille").want(t, 200).body; strings.Contains(page, "/portefeuille.csv") || !strings.Contains(page, h.Network.Operator.Bank.IBAN.String()) || !strings.Contains(page, `data-copy="FR7600000000000000000000097"`) {
			t.Error("an empty wallet offers a file, or does not say where to transfer money")
		}
		for i := range 45 {
			h.Clock.Add(time.Minute)
			h.Fund(t, who.Pro, money.Amount(1000+i))
		}
		h.Clock.Add(time.Minute)
		id, _ := h.published(t)
		b.post("/panier", url.Values{"request": {id}, "then": {"buy"}}).to(t)
		b.post("/tableau/"+id+"/acheter", h.buying(b.get("/tableau/"+id).shown(t), "wallet")).to(t)
		lines, path := 0, "/portefeuille"
		for pages := 0; path != ""; pages++ {
			page := b.get(path).want(t, 200).body
			lines += strings.Count(page, "Virement reçu")
			if pages == 0 && !strings.Contains(page, `<a href="/achats/pur_`) {
				t.Error("a purchase leads nowhere")
			}
			next := regexp.MustCompile(`<a class="btn" href="(/portefeuille\?apres=[^"]+)" rel="next"`).FindStringSubmatch(page)
			if path = ""; next != nil {
				path = next[1]
			}
		}
		if lines != 45 {
			t.Errorf("%d transfers on all pages, want 45", lines)
		}
		file := b.get("/portefeuille.csv").want(t, 200)
		r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.body, "\ufeff")))
		r.Comma = ';'
		rows, err := r.ReadAll()
		if err != nil || len(rows) != 47 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if sold := rows[1]; sold[1] != "Achat d’une demande" || !strings.HasPrefix(sold[3], "-") || !strings.Contains(sold[3], ",") || rows[46][3] != "10,00" || rows[46][4] != "10,00" {
			t.Errorf("%q … %q", sold, rows[46])
		}
		h.as(t, h.Staff(t, network.RoleAccountant)).get("/portefeuille.csv").want(t, http.StatusForbidden)
	})
}

func TestProSpace_keepsOneFromAnother(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		buyer, other := h.Pro(t), h.Pro(t, func(in *pro.Input) { in.Profile.Trades = []string{"serrurier"} })
		h.Fund(t, buyer.Pro, money.Euros(100))
		id, s := h.published(t)
		mine, theirs := h.as(t, buyer), h.as(t, other)
		bought := mine.post("/tableau/"+id+"/acheter", h.buying(money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id)), "wallet")).to(t)
		h.Sweep(t)
		invoice := regexp.MustCompile(`/factures/inv_\w+\.pdf`).FindString(mine.get("/factures").body)
		if invoice == "" {
			t.Fatal("no invoice was issued")
		}
		mine.get(invoice).want(t, 200)
		for _, path := range []string{bought, bought + "/fiche.pdf", bought + "/contact.vcf", bought + "/retour", bought + "/photos/pho_x", invoice, "/tableau/" + id, "/achats/pur_none", "/factures/inv_none.pdf", "/factures/inv_none"} {
			if got := theirs.get(path).want(t, http.StatusNotFound); len(s.in(got.body)) > 0 {
				t.Errorf("%s shows another's client", path)
			}
		}
		theirs.post(bought+"/suivi", url.Values{"outcome": {"won"}}).want(t, http.StatusNotFound)
		theirs.post("/panier", url.Values{"request": {id}}).want(t, http.StatusNotFound)
		theirs.post("/tableau/"+id+"/acheter", h.buying(1, "wallet")).want(t, http.StatusNotFound)
		ref := ""
		if err := h.DB.Read(context.Background(), func(tx *db.Tx) (err error) {
			ref, err = db.Value[string](tx, "SELECT ref FROM request WHERE id = $1", id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for typed, to := range map[string]string{strings.ToLower(ref): "/pourquoi/" + ref, "0000-0000": "/tableau", "what?": "/tableau"} { // as it is asked for under the board
			if got := theirs.get("/pourquoi?" + url.Values{"ref": {typed}}.Encode()).to(t); got != to {
				t.Errorf("%q leads to %s", typed, got)
			}
		}
		if got := theirs.get("/pourquoi/"+id).want(t, 200); !strings.Contains(got.body, "métier qui n’est pas dans votre profil") {
			t.Error("why not me is not answered")
		}
	})
}

func TestProSpace_hidesDetailsWhoseClientWantsNoContact(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx, plumber := context.Background(), h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, s := h.published(t, func(in *request.Ask) { in.Photos = []request.Photo{picture(t)} })
		b := h.as(t, plumber)
		if sheet := b.get("/tableau/"+id).want(t, 200); !strings.Contains(sheet.body, "1\u00a0photo") || strings.Contains(sheet.body, "pho_") {
			t.Error("before the purchase a photo is not counted, or can be named")
		}
		bought := b.post("/tableau/"+id+"/acheter", h.buying(money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id)), "wallet")).to(t)
		b.get(bought+"/fiche.pdf").want(t, 200)
		photo := regexp.MustCompile(`/achats/pur_\w+/photos/pho_\w+`).FindString(b.get(bought).body)
		if got := b.get(photo).want(t, 200); got.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(got.body, "\xff\xd8") {
			t.Error("the photo is no JPEG")
		}
		h.as(t, h.Pro(t)).get(photo).want(t, http.StatusNotFound)
		if err := h.Requests.StopContact(ctx, auth.Actor{Who: auth.Consumer, Request: id}, strings.TrimPrefix(bought, "/achats/")); err != nil {
			t.Fatal(err)
		}
		page := b.get(bought).want(t, 200)
		if found := s.in(page.body); len(found) > 0 || !strings.Contains(page.body, "ne souhaite plus être contacté") {
			t.Errorf("the page still shows %q", found)
		}
		b.get(bought+"/fiche.pdf").want(t, http.StatusNotFound)
		b.get(bought+"/contact.vcf").want(t, http.StatusNotFound)
		b.get(photo).want(t, http.StatusNotFound)
	})
}

// picture is a small photo as it is kept.
func picture(t testing.TB) request.Photo {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 80, 60)), nil); err != nil {
		t.Fatal(err)
	}
	p, err := request.ReadPhoto(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestProSpace_suspendedSeesWhyAndBuysNothing(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, _ := h.published(t)
		b := h.as(t, plumber)
		b.post("/panier", url.Values{"request": {id}}).to(t)
		if err := h.Pros.Suspend(context.Background(), h.One(t, network.RoleOnboarding), plumber.Pro, "quality"); err != nil {
			t.Fatal(err)
		}
		board := b.get("/tableau").want(t, 200)
		if !strings.Contains(board.body, "Votre accès est suspendu : Exigences de qualité") || strings.Contains(board.body, "/tableau/"+id) {
			t.Error("the board does not say why it is empty, or is not")
		}
		b.post("/panier", url.Values{"request": {id}}).want(t, http.StatusForbidden)
		b.post("/tableau/"+id+"/acheter", h.buying(money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id)), "wallet")).want(t, http.StatusForbidden)
		if n := h.count(t, "SELECT count(*) FROM seat WHERE pro_id = $1", plumber.Pro); n != 0 {
			t.Error("his cart still holds a seat")
		}
	})
}

func TestOutcome_stopsTheClockAndIsNotedOnce(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, _ := h.published(t)
		b := h.as(t, plumber)
		bought := b.post("/tableau/"+id+"/acheter", h.buying(money.Amount(h.count(t, "SELECT price_minor FROM request WHERE id = $1", id)), "wallet")).to(t)
		h.Clock.Add(4 * time.Minute)
		for range 3 { // a tap on the call button, thrice
			b.post(bought+"/suivi", url.Values{"outcome": {"called"}, "via": {"tap"}}).to(t)
		}
		b.post(bought+"/suivi", url.Values{"outcome": {"won"}, "once": {"a"}}).to(t)
		b.post(bought+"/suivi", url.Values{"outcome": {"won"}, "once": {"a"}}).to(t)
		h.Clock.Add(time.Hour)
		b.post(bought+"/suivi", url.Values{"outcome": {"called"}, "via": {"tap"}}).to(t) // does not take the win back
		b.post(bought+"/suivi", url.Values{"outcome": {"bribed"}}).to(t)
		if n := h.count(t, "SELECT count(*) FROM contact"); n != 3 {
			t.Errorf("%d lines are noted, want a call, a win and a second call", n)
		}
		page := b.get(bought).want(t, 200)
		if !strings.Contains(page.body, "4\u00a0min après l’achat") || !strings.Contains(page.body, `class="btn main" name="outcome" value="won"`) {
			t.Error("the page does not say when he called and that he won")
		}
		if list := b.get("/achats").want(t, 200); !strings.Contains(list.body, "Gagné") {
			t.Error("the list does not say that he won")
		}
	})
}

func TestProfile_changesOnlyWhatIsRight(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx, plumber := context.Background(), h.Pro(t)
		b := h.as(t, plumber)
		profile := func() pro.Profile {
			p, _, err := h.Pros.Get(ctx, plumber, plumber.Pro)
			if err != nil {
				t.Fatal(err)
			}
			return p.Profile
		}
		before := profile()
		for _, c := range []struct {
			path, field string
			form        url.Values
		}{
			{"zone", "centre", url.Values{"centre": {"Nulle-Part"}, "radius": {"10"}}},
			{"zone", "centre", url.Values{"centre": {""}, "radius": {"10"}}},
			{"zone", "radius", url.Values{"centre": {"Nîmes 30000"}, "radius": {"900"}}},
			{"zone", "radius", url.Values{"centre": {"Nîmes 30000"}, "radius": {"-1"}}},
			{"zone", "radius", url.Values{"centre": {"Nîmes 30000"}, "radius": {"dix"}}},
			{"zone", "radius", url.Values{"centre": {"Nîmes 30000"}}},
			{"zone", "departments", url.Values{"centre": {"Nîmes 30000"}, "departments": {"30, 99"}}},
			{"zone", "communes", url.Values{"centre": {"Nîmes 30000"}, "communes": {"Ganges 34190, 00000"}}},
			{"horaires", "d0-from", url.Values{"d0_from": {"08:00"}}},
			{"horaires", "d6-from", url.Values{"d6_from": {"25:00"}, "d6_to": {"26:00"}}},
			{"absence", "from", url.Values{"from": {"2026-12-24"}, "until": {"2026-12-01"}}},
			{"absence", "from", url.Values{"from": {"demain"}, "until": {"2026-12-01"}}},
			{"plafonds", "per-day", url.Values{"per_day": {"1000"}}},
			{"plafonds", "per-month", url.Values{"per_month": {"beaucoup"}}},
		} {
			got := b.post("/profil/"+c.path, c.form).want(t, http.StatusUnprocessableEntity)
			if !strings.Contains(got.body, c.field) {
				t.Errorf("%s %v: the page does not point at %s", c.path, c.form, c.field)
			}
		}
		if after := profile(); after.RadiusKm != before.RadiusKm || after.Base != before.Base {
			t.Error("something wrong was stored")
		}
		b.post("/profil/zone", url.Values{"centre": {"ales 30100"}, "radius": {"25"}, "departments": {"48"}, "communes": {"Ganges 34190, 30700"}}).to(t)
		b.post("/profil/horaires", url.Values{"d0_from": {"08:00"}, "d0_to": {"18:30"}, "d5_from": {"20:00"}, "d5_to": {"04:00"}, "d6_from": {"00:00"}, "d6_to": {"00:00"}}).to(t)
		b.post("/profil/absence", url.Values{"from": {"2026-11-23"}, "until": {"2026-11-25"}}).to(t)
		b.post("/profil/avis", url.Values{"email": {"yes"}}).to(t)
		b.post("/profil/plafonds", url.Values{"per_day": {"6"}, "per_month": {"60"}}).to(t)
		p := profile()
		if p.Base != "30007" || p.RadiusKm != 25 || len(p.Departments) != 1 || len(p.Communes) < 3 {
			t.Errorf("the area is %s %d %v %v", p.Base, p.RadiusKm, p.Departments, p.Communes)
		}
		if p.Week[0] != (pro.Span{From: 480, To: 1110}) || p.Week[1].Open() || p.Week[5] != (pro.Span{From: 1200, To: 240}) || p.Week[6] != (pro.Span{From: 0, To: 1440}) {
			t.Errorf("the week is %v", p.Week)
		}
		if p.SMS || !p.Email || p.PerDay != 6 || p.PerMonth != 60 {
			t.Error("notices or caps are not stored")
		}
		page := b.get("/profil").want(t, 200)
		for _, want := range []string{"Alès", "in-zone", `value="18:30"`, `value="60"`, "ne dépendez pas des seules demandes"} {
			if !strings.Contains(page.body, want) {
				t.Errorf("the profile does not show %q", want)
			}
		}
		if board := b.get("/tableau").want(t, 200); !strings.Contains(board.body, "Vous êtes absent") {
			t.Error("the board does not say that he is away")
		}
		// What is posted back as it stands changes nothing.
		shown := url.Values{"radius": {"25"}, "departments": {"48"}, "centre": {value(t, page.body, `value="([^"]*)"[^>]*name="centre"|name="centre"[^>]*value="([^"]*)"`)}, "communes": {value(t, page.body, `<textarea[^>]*name="communes"[^>]*>([^<]*)`)}}
		b.post("/profil/zone", shown).to(t)
		if again := profile(); again.Base != p.Base || !slices.Equal(again.Communes, p.Communes) {
			t.Errorf("posted back, %v became %v and %v", p.Communes, again.Base, again.Communes)
		}
	})
}

// value is the first group of a pattern that is not empty.
func value(t testing.TB, body, pattern string) string {
	t.Helper()
	for _, x := range append(regexp.MustCompile(pattern).FindStringSubmatch(body), "", "")[1:] {
		if x != "" {
			return html.UnescapeString(x)
		}
	}
	t.Fatalf("the page holds no %s", pattern)
	return ""
}

func TestNotices_tickedAgainComeAgainAfterSTOP(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx, plumber := context.Background(), h.Pro(t)
		b := h.as(t, plumber)
		_, c, err := h.Pros.Get(ctx, plumber, plumber.Pro)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Requests.StopSMS(ctx, c.Phone); err != nil {
			t.Fatal(err)
		}
		if sms, email, err := h.Pros.Notices(ctx, plumber); err != nil || sms || !email {
			t.Errorf("after STOP: sms %v, email %v, %v", sms, email, err)
		}
		b.post("/profil/avis", url.Values{"sms": {"yes"}, "email": {"yes"}}).to(t)
		if sms, _, err := h.Pros.Notices(ctx, plumber); err != nil || !sms {
			t.Errorf("ticked again: %v, %v", sms, err)
		}
		b.post("/profil/avis", nil).to(t)
		if board := b.get("/tableau").want(t, 200); !strings.Contains(board.body, "Vous ne recevez plus ni SMS ni e-mail") {
			t.Error("the board does not say that nothing is sent")
		}
	})
}

func TestOdds_areShownFromTwentyRealOnes(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		h := newHouse(t, r)
		ctx, plumber := context.Background(), h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(5000))
		confirmed := map[string]bool{}
		for _, w := range h.Network.Buying {
			confirmed[w.ID] = true
		}
		for i := range 20 {
			id, _ := h.published(t)
			it, err := h.Requests.Sheet(ctx, plumber, id)
			if err != nil {
				t.Fatal(err)
			}
			bought, err := h.Requests.Buy(ctx, plumber, request.Buy{Request: id, Confirmed: confirmed, Shown: it.Price, Method: "wallet"})
			if err != nil {
				t.Fatal(err)
			}
			if i < 14 {
				if err := h.Requests.Log(ctx, plumber, bought.Purchase, "reached", ""); err != nil {
					t.Fatal(err)
				}
			}
			if i < 5 {
				if err := h.Requests.Log(ctx, plumber, bought.Purchase, "won", ""); err != nil {
					t.Fatal(err)
				}
			}
			if i == 18 {
				h.Clock.Add(25 * time.Hour)
			}
		}
		if o, err := h.Requests.Odds(ctx, "plombier"); err != nil || o != nil {
			t.Fatalf("nineteen ripe purchases already say %v, %v", o, err)
		}
		h.Clock.Add(25 * time.Hour)
		o, err := h.Requests.Odds(ctx, "plombier")
		if err != nil || o == nil || o.N != 20 || o.Reached != .7 || o.Won != .25 {
			t.Fatalf("odds: %v, %v", o, err)
		}
		h.published(t)
		if board := h.as(t, plumber).get("/tableau").want(t, 200); !strings.Contains(board.body, "7 sur 10 joints (n = 20) · sans garantie") {
			t.Error("the board does not say the odds")
		}
		h.Clock.Add(91 * 24 * time.Hour)
		if o, err := h.Requests.Odds(ctx, "plombier"); err != nil || o != nil {
			t.Errorf("old purchases still say %v, %v", o, err)
		}
	})
}
