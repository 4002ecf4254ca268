package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"entremise/internal/auth"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// leak is what an agent types at the desk about a leak in Nîmes.
func leak() url.Values {
	return url.Values{"trade": {"plombier"}, "urgency": {"now"}, "postcode": {rig.NimesPostcode}, "commune": {rig.Nimes}, "answers.problem": {"leak"}, "answers.leak_where": {"sink"}, "answers.flow": {"drops"},
		"words": {"Deuxième sonnette"}, "kind": {"person"}, "name": {"Dominique Fuite"}, "phone": {rig.Mobile(900)}, "email": {"fuite@example.com"}, "street": {"5 rue de l’Exemple"},
		"consent-call-me": {"yes"}, "consent-call-me-phone": {"yes"}, "consent-terms": {"yes"}}
}

// doing is a form with what is done with it.
func doing(form url.Values, do string) url.Values {
	out := url.Values{"do": {do}}
	for k, v := range form {
		out[k] = v
	}
	return out
}

// spoken agrees to everything that a network asks aloud.
func (h *house) spoken(form url.Values) url.Values {
	for _, c := range h.Network.ConsentsOn(network.AskedOnCall) {
		form.Set("consent-"+c.ID, "yes")
	}
	return form
}

// asked is a request that waits, taken by nobody.
func (h *house) asked(t testing.TB) string { t.Helper(); return h.Ask(t).ID }

// fieldError reports whether a page says something is wrong beside an input.
func (a answer) fieldError(name string) bool {
	id := "f-" + regexp.MustCompile(`[^a-zA-Z0-9-]`).ReplaceAllString(name, "-")
	return strings.Contains(a.body, `href="#`+id+`"`)
}

func TestQueue_givesARequestToOneOfTwoAgents(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.asked(t)
		agents := []*browser{h.as(t, h.Agent(t)), h.as(t, h.Agent(t))}
		var wg sync.WaitGroup
		to := make([]string, len(agents))
		for i, b := range agents {
			wg.Go(func() { to[i] = b.post("/rappels/"+id+"/prendre", nil).Header.Get("Location") })
		}
		wg.Wait()
		won, lost := 0, 1
		if to[1] == "/bureau/"+id {
			won, lost = 1, 0
		}
		if to[won] != "/bureau/"+id || to[lost] != "/rappels" {
			t.Fatalf("two agents are led to %q", to)
		}
		if page := agents[lost].get("/rappels").want(t, 200); !strings.Contains(page.body, "Un autre conseiller s’occupe déjà") || !strings.Contains(page.body, "pris par") {
			t.Error("who came second is not told")
		}
		if back := agents[lost].get("/bureau/" + id).to(t); !strings.HasPrefix(back, "/rappels") {
			t.Errorf("a desk that another has leads to %s", back)
		}
		page := agents[won].get("/bureau/"+id).want(t, 200)
		for _, x := range []string{"Dominique Fuite", "Sous l’évier de la cuisine."} {
			if !strings.Contains(page.body, x) {
				t.Errorf("the desk does not show %q", x)
			}
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'request.take' AND object = $1", id); n != 1 {
			t.Errorf("%d takings are on record", n)
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'request.read' AND object = $1", id); n != 1 {
			t.Errorf("%d readings are on record, want the winner's", n)
		}
		agents[won].post("/bureau/"+id+"/rendre", nil).to(t)
		if back := agents[lost].post("/rappels/"+id+"/prendre", nil).to(t); back != "/bureau/"+id {
			t.Errorf("a request given back leads to %s", back)
		}
	})
}

func TestDesk_isNotOpenedBeforeItIsTaken(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.asked(t)
		b := h.as(t, h.Agent(t))
		if to := b.get("/bureau/" + id).to(t); to != "/rappels?c="+id {
			t.Errorf("a desk that nobody has leads to %s", to)
		}
		if page := b.get("/rappels?c="+id).want(t, 200); strings.Contains(page.body, "Dominique") || strings.Contains(page.body, "évier de la cuisine") {
			t.Error("the queue shows a name or free words")
		}
	})
}

func TestDesk_savesItselfAndLeavesOneReading(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.asked(t)
		b := h.as(t, h.Agent(t))
		b.post("/rappels/"+id+"/prendre", nil).to(t)
		b.get("/bureau/"+id).want(t, 200)
		b.header.Set("X-Save", "1")
		for i := range 5 {
			form := doing(leak(), "save")
			form.Set("words", fmt.Sprintf("Frappe %d", i))
			form.Set("name", "")
			page := b.post("/bureau/"+id, form).want(t, 200)
			if !strings.Contains(page.body, fmt.Sprintf("Frappe %d", i)) || !strings.Contains(page.body, "Le nom du client") || !strings.Contains(page.body, "Enregistré à") {
				t.Fatalf("the answer to a save does not show what was typed and what is missing")
			}
		}
		b.header.Del("X-Save")
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'request.read' AND object = $1", id); n != 1 {
			t.Errorf("%d readings are on record, want one", n)
		}
		if page := b.get("/bureau/"+id).want(t, 200); !strings.Contains(page.body, "Frappe 4") {
			t.Error("what was typed is gone after a reload")
		}
	})
}

// An agent who does not know the trade yet keeps what is known of the caller, for whom the fields come with the trade.
func TestDesk_withoutATradeKeepsTheCaller(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.asked(t)
		b := h.as(t, h.Agent(t))
		b.post("/rappels/"+id+"/prendre", nil).to(t)
		form := doing(leak(), "save")
		form.Set("trade", "")
		form.Set("trade_now", "")
		form.Set("name", "Solène Attend")
		form.Set("phone", "06 39 98 00 77")
		page := b.post("/bureau/"+id, form).want(t, 200)
		if strings.Contains(page.body, `id="f-name"`) {
			t.Fatal("the fields show without a trade: this proves nothing")
		}
		again := url.Values{"do": {"save"}, "trade": {"plombier"}}
		for _, name := range []string{"name", "phone"} {
			again.Set(name, value(t, page.body, `type="hidden" name="`+name+`" value="([^"]*)"`))
		}
		page = b.post("/bureau/"+id, again).want(t, 200)
		if !strings.Contains(page.body, "Solène Attend") || !strings.Contains(page.body, "06 39 98 00 77") && !strings.Contains(page.body, "06\u00a039\u00a098\u00a000\u00a077") {
			t.Error("what was known of the caller is gone when the trade is chosen")
		}
	})
}

func TestDesk_publishComesBackWithEveryError(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.asked(t)
		b := h.as(t, h.Agent(t))
		b.post("/rappels/"+id+"/prendre", nil).to(t)
		page := b.post("/bureau/"+id, url.Values{"do": {"publish"}, "trade": {"plombier"}, "kind": {"company"}, "price": {"douze"}, "words": {"Gardé"}, "seats": {"9"}}).want(t, http.StatusUnprocessableEntity)
		for _, field := range []string{"urgency", "postcode", "answers.problem", "name", "phone", "price", "seats"} {
			if !page.fieldError(field) {
				t.Errorf("the page does not say what is wrong with %s", field)
			}
		}
		if !strings.Contains(page.body, "Gardé") {
			t.Error("what was typed is lost")
		}
		if n := h.count(t, "SELECT count(*) FROM request WHERE id = $1 AND state = 'received'", id); n != 1 {
			t.Error("the request has moved")
		}
	})
}

func TestDesk_publishesWithinTheBoundsUnderTheAgentsName(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.as(t, h.Agent(t))
		plumber := h.as(t, h.Pro(t))
		for _, c := range []struct {
			price string
			ok    bool
			shown string
		}{{"0,99", false, ""}, {"1", true, "1,00"}, {"1999", true, "1\u202f999,00"}, {"1999.01", false, ""}, {"", true, ""}} {
			id := h.asked(t)
			b.post("/rappels/"+id+"/prendre", nil).to(t)
			form := doing(leak(), "publish")
			form.Set("price", c.price)
			form.Set("price_reason", "Essai")
			a := b.post("/bureau/"+id, form)
			if !c.ok {
				if a.want(t, http.StatusUnprocessableEntity); !a.fieldError("price") || !strings.Contains(a.body, "entre 1,00\u00a0€ et 1\u202f999,00\u00a0€") {
					t.Errorf("%q is refused without its bounds", c.price)
				}
				b.post("/bureau/"+id, url.Values{"do": {"close"}, "close_reason": {"abuse"}}).to(t)
				continue
			}
			if to := a.to(t); to != "/demandes/"+id {
				t.Fatalf("%q published leads to %s", c.price, to)
			}
			file := b.get("/demandes/"+id).want(t, 200)
			if !strings.Contains(file.body, "Camille Essai") || !regexp.MustCompile(`Publiée, [1-9]\d*\x{a0}professionnels? prévenus?`).MatchString(file.body) {
				t.Error("the file does not name who published")
			}
			if sheet := plumber.get("/tableau/"+id).want(t, 200); !strings.Contains(sheet.body, c.shown) {
				t.Errorf("the board does not show %q", c.shown)
			}
			if n := h.count(t, "SELECT count(*) FROM request WHERE id = $1 AND priced_by <> '' AND qualified_by <> '' AND published_at > 0", id); n != 1 {
				t.Error("a published request has no author")
			}
			h.as(t, h.One(t, network.RoleAdministrator)).post("/demandes/"+id+"/retirer", url.Values{"reason": {"duplicate"}}).to(t)
		}
	})
}

func TestDesk_closesOnlyWithAReason(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id := h.asked(t)
		b := h.as(t, h.Agent(t))
		b.post("/rappels/"+id+"/prendre", nil).to(t)
		if page := b.post("/bureau/"+id, doing(leak(), "close")).want(t, http.StatusUnprocessableEntity); !page.fieldError("close_reason") {
			t.Error("closing without a reason is not refused beside the field")
		}
		form := doing(leak(), "close")
		form.Set("close_reason", "unreachable")
		if to := b.post("/bureau/"+id, form).to(t); to != "/rappels" {
			t.Errorf("after closing: %s", to)
		}
		undo := value(t, b.get("/rappels").want(t, 200).body, `action="([^"]*)" data-undo`)
		if to := b.post(undo, nil).to(t); to != "/bureau/"+id {
			t.Errorf("after the undo: %s", to)
		}
		b.post("/bureau/"+id+"/rendre", nil).to(t)
		undo = value(t, b.get("/rappels").want(t, 200).body, `action="([^"]*)" data-undo`)
		if to := b.post(undo, nil).to(t); to != "/bureau/"+id {
			t.Errorf("after taking back what was given back: %s", to)
		}
		b.post("/bureau/"+id, form).to(t)
		if file := b.get("/demandes/"+id).want(t, 200); !strings.Contains(file.body, h.Network.Withdrawal("unreachable").FR) {
			t.Error("the file does not say why")
		}
	})
}

func TestFile_managesWhatIsPublished(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		near := h.Pro(t)
		alès := h.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base = "30007", "30007" })        // 39 km away, works 15 km around
		montpellier := h.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base = "34172", "34172" }) // 46 km
		suspended := h.Pro(t, func(in *pro.Input) { in.Base, in.Profile.Base = "34172", "34172" })   // never offered to
		if err := h.Pros.Suspend(context.Background(), h.One(t, network.RoleAdministrator), suspended.Pro, "fraud"); err != nil {
			t.Fatal(err)
		}
		id, s := h.published(t)
		agent := h.as(t, h.Agent(t))
		offered := func(a auth.Actor) bool { return strings.Contains(h.as(t, a).get("/tableau").body, id) }
		if !offered(near) || offered(alès) || offered(montpellier) {
			t.Fatal("the request is not offered as its place says")
		}

		file := agent.get("/demandes/"+id).want(t, 200)
		for _, x := range []string{s.name, s.phone, s.street, s.words, "Rejouer la décision"} {
			if !strings.Contains(file.body, x) {
				t.Errorf("the file does not show %q", x)
			}
		}
		if strings.Contains(file.body, suspended.Pro) {
			t.Error("a suspended professional is among those to offer to")
		}
		if replay := agent.post("/demandes/"+id+"/rejouer", nil).want(t, 200); !strings.Contains(replay.body, "Rejouée : identique") || !strings.Contains(replay.body, "hors de votre rayon") {
			t.Error("the replay does not say that it is identical, and why others were left out")
		}

		// A cart keeps its price; the next one pays the new one (ET-41).
		cart := h.as(t, near)
		cart.post("/panier", url.Values{"request": {id}, "then": {"board"}}).to(t)
		before := cart.get("/tableau/"+id).want(t, 200).shown(t)
		for _, c := range []struct {
			price string
			ok    bool
		}{{"0.99", false}, {"1999,01", false}, {"soixante", false}, {"61,50", true}} {
			a := agent.post("/demandes/"+id+"/prix", url.Values{"price": {c.price}, "reason": {"Essai"}})
			if c.ok {
				a.to(t)
			} else if a.want(t, http.StatusUnprocessableEntity); !a.fieldError("price") {
				t.Errorf("%s is not refused beside its field", c.price)
			}
		}
		if after := cart.get("/tableau/"+id).want(t, 200).shown(t); after != before || after == money.Amount(6150) {
			t.Errorf("a cart’s price moved from %s to %s", before.Decimal(), after.Decimal())
		}
		cart.post("/panier/retirer", url.Values{"request": {id}}).to(t)
		if page := cart.get("/tableau/"+id).want(t, 200); !strings.Contains(page.body, "61,50") {
			t.Error("a free seat does not cost the new price")
		}

		// Farther, by a step of the network's file only.
		if a := agent.post("/demandes/"+id+"/elargir", url.Values{"radius": {"999999"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("radius") {
			t.Error("a distance of nobody's is not refused beside its field")
		}
		agent.post("/demandes/"+id+"/elargir", url.Values{"radius": {"25000"}}).to(t)
		if !offered(alès) || offered(montpellier) {
			t.Error("25 km farther does not reach Alès, or reaches Montpellier")
		}
		agent.post("/demandes/"+id+"/proposer", url.Values{"pro": {montpellier.Pro}}).to(t)
		if !offered(montpellier) {
			t.Error("what was offered by hand is not on his board")
		}
		if a := agent.post("/demandes/"+id+"/proposer", url.Values{}).want(t, http.StatusUnprocessableEntity); !a.fieldError("pro") {
			t.Error("an offer to nobody is not refused")
		}
		agent.post("/demandes/"+id+"/proposer", url.Values{"pro": {suspended.Pro}}).to(t)
		if h.count(t, "SELECT count(*) FROM offer WHERE pro_id = $1", suspended.Pro) != 0 {
			t.Error("it is offered to a suspended professional")
		}

		// Withdrawn, it leaves every board.
		if a := agent.post("/demandes/"+id+"/retirer", url.Values{"reason": {"weather"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("reason") {
			t.Error("a reason of nobody's is not refused")
		}
		agent.post("/demandes/"+id+"/retirer", url.Values{"reason": {"asked-by-client"}}).to(t)
		for _, p := range []auth.Actor{near, alès, montpellier} {
			if offered(p) {
				t.Error("a withdrawn request stays on a board")
			}
		}
		if page := agent.get("/demandes/"+id).want(t, 200); !strings.Contains(page.body, h.Network.Withdrawal("asked-by-client").FR) || strings.Contains(page.body, "/demandes/"+id+"/prix") {
			t.Error("a withdrawn request may still be priced, or does not say why it was withdrawn")
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE object = $1 AND action IN ('request.repriced', 'request.widened', 'request.offered-by-hand', 'request.withdrawn')", id); n != 4 {
			t.Errorf("%d acts are on record, want 4", n)
		}
	})
}

func TestFile_offersToSomebodyOutsideTheNetwork(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id, s := h.published(t)
		b := h.as(t, h.Staff(t, network.RoleAgent))
		form := url.Values{"outside_name": {"Aqua Dehors"}, "outside_siren": {"123"}, "outside_phone": {"12"}, "outside_email": {"nulle part"}}
		a := b.post("/demandes/"+id+"/proposer", form).want(t, http.StatusUnprocessableEntity)
		for _, field := range []string{"outside_siren", "outside_phone", "outside_email", "outside_street"} {
			if !a.fieldError(field) {
				t.Errorf("the page does not say what is wrong with %s", field)
			}
		}
		form = url.Values{"outside_name": {"Aqua Dehors"}, "outside_siren": {h.ProInput().SIREN}, "outside_phone": {rig.Mobile(990)}, "outside_email": {"aqua@example.com"}, "outside_street": {"3 rue du Puits"}}
		b.post("/demandes/"+id+"/proposer", form).to(t)
		h.Drain(t)
		told := 0
		for _, m := range h.Post.Mails() {
			if m.To.Address == "aqua@example.com" {
				if strings.Contains(m.Text, "/invitation/") {
					continue
				}
				told++
				if found := s.in(m.Text); len(found) > 0 {
					t.Errorf("the offer holds %q", found)
				}
			}
		}
		if told != 1 {
			t.Errorf("somebody outside was told %d times", told)
		}
		next, _ := h.published(t)
		option := regexp.MustCompile(`<option value="(pro_[0-9a-z]+)"[^>]*>Aqua Dehors, [^<]*, hors réseau</option>`).FindStringSubmatch(b.get("/demandes/"+next).want(t, http.StatusOK).body)
		if option == nil {
			t.Fatal("he is not among those to offer the next one to")
		}
		b.post("/demandes/"+next+"/proposer", url.Values{"pro": {option[1]}}).to(t)
		if n := h.count(t, "SELECT count(*) FROM offer WHERE pro_id = $1", option[1]); n != 2 {
			t.Errorf("%d requests are offered to him, want 2", n)
		}
	})
}

func TestFile_textsTheClientWithinTheDaysLimit(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id, _ := h.published(t)
		b := h.as(t, h.Agent(t))
		if a := b.post("/demandes/"+id+"/sms", url.Values{"text": {"Oui"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("text") {
			t.Error("a text of three letters is not refused beside its field")
		}
		if a := b.post("/demandes/"+id+"/sms", url.Values{"template": {"no-such"}}).want(t, http.StatusUnprocessableEntity); !strings.Contains(a.body, "Choisissez un texte de la liste") {
			t.Error("an unknown template is not refused")
		}
		h.Drain(t)
		if page := b.get("/demandes/"+id).want(t, 200); strings.Contains(page.body, "/r/") || !strings.Contains(page.body, "[lien du client]") {
			t.Error("the file shows the customer's private link, or not what was written to him")
		}
		most := h.Network.Limits.AgentTextsPerDay
		for i := range most {
			form := url.Values{"text": {fmt.Sprintf("Message numéro %d", i)}}
			if i == 0 {
				form = url.Values{"template": {"cut-water"}}
			}
			b.post("/demandes/"+id+"/sms", form).to(t)
		}
		b.post("/demandes/"+id+"/sms", url.Values{"text": {"Un de trop"}}).to(t)
		if page := b.get("/demandes/"+id).want(t, 200); !strings.Contains(page.body, "assez de SMS aujourd’hui") {
			t.Error("one text too many is not refused")
		}
		if n := h.count(t, "SELECT count(*) FROM message WHERE object = $1 AND kind = 'agent-text'", id); n != int64(most) {
			t.Errorf("%d texts were written, want %d", n, most)
		}
	})
}

func TestFile_correctsAtTheClientsWord(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		plumber := h.Pro(t)
		h.Fund(t, plumber.Pro, money.Euros(100))
		id, s := h.published(t)
		buyer := h.as(t, plumber)
		buyer.post("/panier", url.Values{"request": {id}, "then": {"buy"}}).to(t)
		bought := buyer.post("/tableau/"+id+"/acheter", h.buying(buyer.get("/tableau/"+id).shown(t), "wallet")).to(t)
		b := h.as(t, h.Agent(t))
		if page := b.get("/demandes/"+id+"/corriger").want(t, 200); !strings.Contains(page.body, s.street) || !strings.Contains(page.body, "est prévenu de la correction") {
			t.Error("the form does not show what is stored, or whom it tells")
		}
		form := leak()
		form.Set("postcode", "00000")
		if a := b.post("/demandes/"+id+"/corriger", form).want(t, http.StatusUnprocessableEntity); !a.fieldError("postcode") {
			t.Error("a postcode of nowhere is not refused")
		}
		form = leak()
		form.Set("street", "8 rue Corrigée")
		b.post("/demandes/"+id+"/corriger", form).to(t)
		if page := buyer.get(bought).want(t, 200); !strings.Contains(page.body, "8 rue Corrigée") {
			t.Error("who bought it does not see the correction")
		}
	})
}

// Somebody who called, whose trade no agent has noted yet, reads his request by its link: there is nothing to correct, and nothing breaks.
func TestMine_aCallWithoutATradeYet(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx, agent := context.Background(), h.Agent(t)
		call, err := h.Calls.Ring(ctx, rig.Host, "", rig.Mobile(977))
		for _, step := range []func(context.Context, auth.Actor, string) error{h.Calls.Answer, h.Calls.Announce} {
			if err == nil {
				err = step(ctx, agent, call)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		id, err := h.Calls.Consent(ctx, agent, call, true)
		if err != nil {
			t.Fatal(err)
		}
		h.as(t, agent).post("/demandes/"+id+"/lien", nil).to(t)
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'request.new-link' AND object = $1", id); n != 1 {
			t.Errorf("%d lines say that the links were revoked, want 1", n)
		}
		h.Drain(t)
		link := ""
		for _, m := range h.Post.Texts() {
			if at := regexp.MustCompile(`/r/\S+`).FindString(m.Text); at != "" {
				link = at
			}
		}
		if link == "" {
			t.Fatalf("no text holds the new link: %+v %+v", h.Post.Texts(), h.Post.Mails())
		}
		b := h.at(t, rig.Host)
		if to := b.get(link).to(t); to != "/ma-demande" {
			t.Fatalf("the link leads to %s", to)
		}
		if page := b.get("/ma-demande").want(t, 200); !strings.Contains(page.body, "Votre demande") || strings.Contains(page.body, "/ma-demande/code") || !strings.Contains(page.body, "/ma-demande/annuler") {
			t.Error("the page has no title, offers to correct what nobody asked, or not to cancel")
		}
	})
}

func TestFile_newLinkEndsTheOld(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		asked := h.Ask(t)
		h.Publish(t, asked.ID)
		b := h.as(t, h.Agent(t))
		b.post("/demandes/"+asked.ID+"/lien", nil).to(t)
		h.at(t, rig.Host).get("/r/"+asked.Token).want(t, http.StatusGone)
	})
}

func TestFile_photosAreForStaffWhoMayRead(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		asked := h.Ask(t, func(in *request.Ask) { in.Photos = []request.Photo{picture(t)} })
		b := h.as(t, h.Agent(t))
		b.post("/rappels/"+asked.ID+"/prendre", nil).to(t)
		href := value(t, b.get("/bureau/"+asked.ID).want(t, 200).body, `(/demandes/req_[0-9a-z]+/photos/[0-9a-z_]+)"`)
		if a := b.get(href).want(t, 200); a.Header.Get("Content-Type") != "image/jpeg" || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
			t.Error("the photo is no photo, or may be kept")
		}
		h.as(t, h.Staff(t, network.RoleAccountant)).get(href).want(t, http.StatusForbidden)
	})
}

func TestSearch_findsByNumberNameAndReference(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		asked := h.Ask(t, func(in *request.Ask) { in.Name, in.Phone = "Béatrice Cherchée", rig.Mobile(930) })
		b := h.as(t, h.Agent(t))
		for _, q := range []string{rig.Mobile(930), "cherchee", "Béatrice Cherchée", asked.Ref, strings.ToLower(strings.ReplaceAll(asked.Ref, "-", ""))} {
			if page := b.find(q); !strings.Contains(page.body, "/demandes/"+asked.ID) {
				t.Errorf("%q finds nothing", q)
			}
		}
		for _, q := range []string{"be", "'; DROP TABLE request; --", "%", strings.Repeat("x", 5000)} {
			if page := b.find(q); strings.Contains(page.body, asked.ID) {
				t.Errorf("%q finds the request", q)
			}
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'request.found' AND object = $1", asked.ID); n != 5 {
			t.Errorf("%d findings are on record, want 5", n)
		}
	})
}

func TestDesk_showsACorrectionBesideWhatWasTyped(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		for _, c := range []struct{ do, street string }{{"adopt", "8 rue Corrigée"}, {"keep", "5 rue de l’Exemple"}} {
			id := h.asked(t)
			b := h.as(t, h.Agent(t))
			b.post("/rappels/"+id+"/prendre", nil).to(t)
			seen := value(t, b.get("/bureau/"+id).want(t, 200).body, `name="seen" value="(\d+)"`)
			coded := auth.Actor{Who: auth.Consumer, Request: id, Coded: true}
			mine, err := h.Requests.Mine(context.Background(), coded)
			if err != nil {
				t.Fatal(err)
			}
			in := mine.Current()
			in.Street = "8 rue Corrigée"
			if err := h.Requests.Correct(context.Background(), coded, "", in); err != nil {
				t.Fatal(err)
			}
			form := leak()
			form.Set("seen", seen)
			form.Set("name", "Typé Au Bureau")
			form.Set("phone", rig.Mobile(800+h.Next()))
			if to := b.post("/bureau/"+id, doing(form, "publish")).to(t); to != "/bureau/"+id {
				t.Fatalf("publishing over a correction leads to %s", to)
			}
			page := b.get("/bureau/"+id).want(t, 200)
			for _, x := range []string{"Rien n’est perdu", "8 rue Corrigée", "5 rue de l’Exemple", "Typé Au Bureau", "Prendre la correction", "disabled data-publish"} {
				if !strings.Contains(page.body, x) {
					t.Errorf("the desk does not show %q", x)
				}
			}
			form.Set("corrections", value(t, page.body, `name="corrections" value="(\d+)"`))
			if to := b.post("/bureau/"+id, doing(form, c.do)).to(t); to != "/bureau/"+id {
				t.Fatalf("%s leads to %s", c.do, to)
			}
			page = b.get("/bureau/"+id).want(t, 200)
			if strings.Contains(page.body, "Prendre la correction") || !strings.Contains(page.body, "Typé Au Bureau") || !strings.Contains(page.body, `value="`+c.street+`"`) {
				t.Errorf("after %s the desk does not show %q and what was typed", c.do, c.street)
			}
			form.Set("street", c.street)
			form.Set("seen", value(t, page.body, `name="seen" value="(\d+)"`))
			if to := b.post("/bureau/"+id, doing(form, "publish")).to(t); to != "/demandes/"+id {
				t.Errorf("published after %s leads to %s", c.do, to)
			}
			if file := b.get("/demandes/"+id).want(t, 200); !strings.Contains(file.body, c.street) || !strings.Contains(file.body, "Corrigée : Adresse") {
				t.Errorf("after %s the file does not show %q and what was corrected", c.do, c.street)
			}
		}
	})
}
