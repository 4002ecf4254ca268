package e2e

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"
)

// answer fills in the form as somebody in a hurry does: one question a screen, a tap on a choice goes on by itself.
func (p *page) answer(n need) {
	p.t.Helper()
	index := func() int {
		return int(eval[float64](p, `[...document.querySelectorAll(".step")].findIndex(s => !s.hidden)`))
	}
	for range 30 {
		p.until("a step", `!!document.querySelector(".step:not([hidden])")`)
		before := index()
		p.accessible()
		names := eval[[]any](p, `[...new Set([...document.querySelectorAll(".step:not([hidden]) input, .step:not([hidden]) textarea, .step:not([hidden]) select")].filter(e => e.type !== "hidden" && e.type !== "file" && !e.disabled).map(e => e.name))]`)
		for _, x := range names {
			name := x.(string)
			value := n.values.Get(name)
			if value == "" || name == "commune" || name == "kind" {
				continue
			}
			switch eval[string](p, fmt.Sprintf(`document.querySelector('.step:not([hidden]) [name=%q]').type`, name)) {
			case "radio", "checkbox":
				p.click(fmt.Sprintf(`.step:not([hidden]) label:has([name=%q][value=%q])`, name, value))
			default:
				p.fill(fmt.Sprintf(`.step:not([hidden]) [name=%q]`, name), value)
			}
		}
		if len(names) > 0 && names[0] == "postcode" {
			p.until("the commune", `!!document.querySelector("[name=commune]")`)
		}
		if eval[bool](p, `!!document.querySelector(".step:not([hidden]) [data-send]")`) {
			p.shot("ask-last")
			p.click(`.step:not([hidden]) [data-send]`)
			return
		}
		deadline := time.Now().Add(700 * time.Millisecond)
		for index() == before && time.Now().Before(deadline) {
			runtime.Gosched()
		}
		if index() == before {
			p.click(`.step:not([hidden]) [data-on]`)
			p.until("the next step", fmt.Sprintf(`[...document.querySelectorAll(".step")].findIndex(s => !s.hidden) !== %d`, before))
		}
	}
	p.t.Fatal("the form has more than thirty steps")
}

// enterAs opens the space as a role of the demo, by its link and button.
func (h *house) enterAs(p *page, role string) {
	h.t.Helper()
	p.goTo(h.space, "/connexion?lang=fr")
	p.goTo(h.space, h.roles[role])
	p.until("the sign-in link", `location.pathname.startsWith("/connexion/lien/")`)
	p.click("main form button")
	p.until("signed in", `!location.pathname.startsWith("/connexion")`)
}

// The whole sale in a real browser: the consumer and the professional on a phone, the agent at a desk, then each screen at the other sizes.
func TestScreens_theWholeSale(t *testing.T) {
	h := newHouse(t)
	n := leak()
	consumer := open(t, h.server, phone)
	consumer.goTo(siteHost, "/?lang=fr")
	consumer.see("01 99 00 12 34")
	consumer.accessible()
	consumer.shot("home")
	consumer.goTo(siteHost, "/demande/plombier")
	if w := consumer.weight(); w > 100_000 {
		t.Errorf("the first visit of the form weighs %d bytes", w)
	}
	consumer.shot("ask")
	consumer.answer(n)
	consumer.until("my request", `location.pathname === "/ma-demande"`)
	consumer.accessible()
	id := ""
	m := h.letter("the request is received", func(m sent) bool { return m.Kind == "request-received" && m.To == n.phone })
	id = m.Object

	agent := open(t, h.server, desktop)
	h.enterAs(agent, "Agent")
	agent.accessible()
	agent.shot("today")
	agent.goTo(spaceHost, "/rappels")
	agent.accessible()
	agent.shot("callbacks")
	agent.goTo(spaceHost, "/rappels?c="+id)
	agent.accessible()
	agent.click(fmt.Sprintf(`form[action^="/rappels/%s/prendre"] button`, id))
	agent.until("the desk", `location.pathname.startsWith("/bureau/")`)
	agent.until("the name", `document.querySelector("[name=name]")?.value === "Élodie Visite"`)
	agent.accessible()
	agent.shot("desk")
	agent.click(`button[name=do][value=publish]`)
	agent.until("published", `document.readyState === "complete" && !document.querySelector("button[name=do][value=publish]")`)
	agent.goTo(spaceHost, "/demandes/"+id)
	agent.accessible()
	agent.shot("request")
	consumer.see("proposée")
	consumer.shot("my-request")

	role := ""
	for _, r := range []string{"Professional 1", "Professional 2", "Professional 3"} {
		if strings.Contains(h.enter(r).get(spaceHost, "/tableau").want(200).body, id) {
			role = r
			break
		}
	}
	pro := open(t, h.server, phone)
	h.enterAs(pro, role)
	pro.goTo(spaceHost, "/tableau")
	pro.accessible()
	pro.shot("board")
	pro.goTo(spaceHost, "/tableau/"+id)
	pro.accessible()
	pro.shot("sheet")
	if eval[bool](pro, `!document.querySelector("form[action$='/acheter']")`) {
		pro.click(`form[action="/panier"] button`)
		pro.until("the confirmation", `!!document.querySelector("form[action$='/acheter']")`)
	}
	for _, c := range []string{"confirm-near", "confirm-free-soon", "confirm-able"} {
		pro.click(fmt.Sprintf(`label:has([name=%q])`, c))
	}
	if eval[bool](pro, `!!document.querySelector("[name=pay][value=wallet][type=radio]")`) {
		pro.click(`label:has([name=pay][value=wallet])`)
	}
	pro.shot("confirm")
	pro.click(`form[action$="/acheter"] button.main`)
	pro.until("bought", `location.pathname.startsWith("/achats/pur_")`)
	pro.see("Élodie Visite", "12 rue de la Visite")
	pro.accessible()
	pro.shot("bought")
	consumer.see("prend votre demande")
	consumer.accessible()
	consumer.shot("taken")

	for _, c := range []struct {
		role  string
		paths []string
	}{
		{role, []string{"/tableau", "/panier", "/achats", "/factures", "/portefeuille", "/profil"}},
		{"Operator", []string{"/aujourdhui", "/bureau", "/appels", "/rappels", "/invendus", "/recherche", "/pros", "/pros/nouveau", "/equipe", "/permissions", "/journal", "/ventes", "/reglages", "/conservation", "/registre", "/demarchage", "/journal/connexions", "/dossiers", "/jetons", "/demandes/" + id}},
	} {
		for _, on := range []screen{phone, desktop} {
			p := open(t, h.server, on)
			h.enterAs(p, c.role)
			if c.role == "Operator" {
				p.goTo(spaceHost, "/rappels")
				p.press("/")
				p.press("Visite\r")
				p.until("the findings", `location.pathname + location.search === "/recherche"`)
				p.see("Élodie Visite")
			}
			for _, path := range c.paths {
				p.goTo(spaceHost, path)
				p.accessible()
				if wide := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s on a %s scrolls sideways by %v pixels", path, on.name, wide)
				}
				p.shot(strings.NewReplacer("/", "_", "?", "_").Replace(strings.Trim(strings.ReplaceAll(path, id, "id"), "/")))
			}
		}
	}
	for _, on := range []screen{phone, tablet, desktop} {
		p := open(t, h.server, on)
		for _, path := range []string{"/", "/demande/plombier", "/conditions", "/confidentialite", "/mentions-legales", "/nulle-part", "/demande/plombier?lang=en"} {
			p.allow("404")
			p.goTo(siteHost, path)
			p.accessible()
		}
	}
}

// Without scripts the consumer's way works too, at the same size.
func TestScreens_withoutScripts(t *testing.T) {
	h := newHouse(t)
	p := open(t, h.server, phone)
	p.withoutScripts()
	p.allow("422") // the answer that asks which commune
	p.goTo(siteHost, "/demande/plombier?lang=fr")
	p.see("01 99 00 12 34")
	p.shot("ask")
	p.fill("[name=postcode]", "51300") // 46 communes share it
	p.click("form#ask button.main")
	p.see("Quelle commune")
	p.shot("communes")
	if got := eval[string](p, `document.querySelector("[name=postcode]").value`); got != "51300" {
		t.Errorf("the postcode became %q", got)
	}
}

// The pages about data, documents and consents as the gallery fills them: on a phone, where the most does not fit.
func TestScreens_pagesAboutData(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	p := open(t, h.server, phone)
	p.allow("status of 403") // samples of staff's pages listen for changes that a visitor may not watch
	for _, name := range []string{"accepter", "invitation-professionnel", "nous-ecrire", "registre", "demarchage", "demarchage-non", "accords", "conservation", "archive", "archive-vide", "connexions", "mes-donnees", "dossier", "usages", "decisions", "decisions-vide", "directive", "dossier-droits", "pro-verifie", "profil-injoignable", "enregistrement-erreurs", "ecoute"} {
		p.goTo(h.site, "/_ui/"+name)
		p.accessible()
		if wide := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
			t.Errorf("%s scrolls sideways by %v pixels", name, wide)
		}
		p.shot("gallery-" + name)
	}
}
