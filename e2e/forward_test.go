package e2e

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

var passedPath = regexp.MustCompile(`/transmises/pur_[0-9a-z]+`)

// forwardDesk has an agent take a request, and gives the desk's page and form.
func (h *house) forwardDesk(agent *visitor, id string) (*answer, url.Values) {
	h.t.Helper()
	agent.post(h.space, "/rappels/"+id+"/prendre", nil).want(http.StatusSeeOther)
	desk := agent.get(h.space, "/bureau/"+id).want(http.StatusOK)
	form := deskForm(h.t, desk)
	form.Set("do", "forward")
	return desk, form
}

// proOf is the id of a member, as the desk names him.
func proOf(t *testing.T, desk *answer, company string) string {
	t.Helper()
	m := regexp.MustCompile(`name="members" value="(pro_[0-9a-z]+)"[^>]*>\s*<span>\s*` + regexp.QuoteMeta(company)).FindStringSubmatch(desk.body)
	if m == nil {
		t.Fatalf("%s cannot be chosen", company)
	}
	return m[1]
}

// A request for a quote is received and seen by no member; an agent qualifies it and chooses; from then on those whom he chose see it whole, and nobody else does
// (RN-29). Nobody gets anything before he has accepted the arrangement (RN-06).
func TestForward_fromTheFormToTheMembersConcerned(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		agent := h.enter("Agent")
		kitchens, pools, bare := h.enter("Member 1"), h.enter("Member 2"), h.enter("Member 4")

		// Whom the address names is named in the form, and by nobody's word but his own list.
		home := h.visitor()
		home.get(h.site, "/demande/cuisiniste?membre=pro_inconnu").want(200).lacks(`name="membre"`)
		consumer, id := h.asked(h.quote(nil))
		consumer.get(h.site, "/ma-demande").want(200).says("Reçue")
		agent.get(h.space, "/demandes/"+id).want(200).says("Attend un conseiller")
		for _, member := range []*visitor{kitchens, pools} {
			member.get(h.space, "/transmises").want(200).says("Aucune demande pour l’instant").lacks("Élodie")
			member.get(h.space, "/demandes/"+id).want(http.StatusForbidden)
		}
		bare.get(h.space, "/transmises").want(http.StatusSeeOther) // to what he has to accept

		desk, form := h.forwardDesk(agent, id)
		desk.says("Cuisines de l’Ille", "Atelier Fournil", "3 au plus").lacks("Bassins d’Armor")
		chosen, other := proOf(t, desk, "Cuisines de l’Ille"), proOf(t, desk, "Atelier Fournil")
		agent.post(h.space, "/bureau/"+id, form).want(http.StatusUnprocessableEntity).says("Choisissez le membre concerné.")
		form["members"] = []string{chosen}
		agent.post(h.space, "/bureau/"+id, form).want(http.StatusSeeOther)
		agent.get(h.space, "/demandes/"+id).want(200).says("Transmise", "Cuisines de l’Ille")

		list := kitchens.get(h.space, "/transmises").want(200)
		path := passedPath.FindString(list.body)
		if path == "" {
			t.Fatal("the member concerned sees nothing")
		}
		kitchens.get(h.space, path).want(200).says("Élodie Visite", "elodie@example.org", "12 rue de la Visite", "J’accepte que ma demande et mes coordonnées servent à obtenir ce devis")
		pools.get(h.space, "/transmises").want(200).says("Aucune demande pour l’instant")
		pools.get(h.space, path).want(http.StatusNotFound).lacks("Élodie")
		h.operator().get(h.space, "/journal.csv").want(200).has("request.forward", "contact.read")
		letter := h.letter("the member is told", func(m sent) bool { return m.Kind == "forwarded" && strings.Contains(m.Text, path) })
		for _, s := range secrets {
			if strings.Contains(letter.Text+letter.Subject, s) {
				t.Errorf("the letter holds %q", s)
			}
		}
		h.letter("the consumer is told to whom", func(m sent) bool {
			return m.Kind == "passed-on" && m.Object == id && strings.Contains(m.Text, "Cuisines de l’Ille")
		})
		consumer.get(h.site, "/ma-demande").want(200).says("Transmise à Cuisines de l’Ille")
		kitchens.get(h.space, path+"/contact.vcf").want(200).has("Élodie")
		eventually(t, "the proof of consent", func() bool { return kitchens.get(h.space, path+"/passeport.json").status == http.StatusOK })
		kitchens.post(h.space, path+"/suivi", url.Values{"outcome": {"reached"}}).want(http.StatusSeeOther)
		agent.get(h.space, "/demandes/"+id).want(200).says("joint")

		// One more, and never more than the file says.
		agent.post(h.space, "/demandes/"+id+"/transmettre", url.Values{"members": {chosen}}).want(http.StatusSeeOther)
		agent.get(h.space, "/demandes/"+id).want(200).says("a changé entre-temps")
		agent.post(h.space, "/demandes/"+id+"/transmettre", url.Values{"members": {other}}).want(http.StatusSeeOther)
		consumer.get(h.site, "/ma-demande").want(200).says("Transmise à Atelier Fournil")
		clause(t, "RN-29")

		// The arrangement: without it refused, with it done, and the acceptance says which words, when and by whom.
		malo, second := h.asked(h.quote(url.Values{"postcode": {"35400"}, "commune": {"35288"}}))
		desk, form = h.forwardDesk(agent, second)
		desk.says("Cuisines du Sillon", "N’a pas accepté l’accord entre responsables conjoints")
		boss := h.operator()
		unbound := regexp.MustCompile(`href="/pros/(pro_[0-9a-z]+)"[^>]*>[^<]*Cuisines du Sillon`).FindStringSubmatch(boss.get(h.space, "/pros?nom=Sillon").want(200).body)
		if unbound == nil {
			t.Fatal("staff do not find the member")
		}
		boss.get(h.space, "/pros/"+unbound[1]).want(200).says("Accord à accepter : rien n’est transmis avant")
		form["members"] = []string{unbound[1]}
		agent.post(h.space, "/bureau/"+second, form).want(http.StatusSeeOther)
		agent.get(h.space, "/bureau/"+second).want(200).says("n’a pas accepté l’accord entre responsables conjoints tel qu’il est aujourd’hui")
		malo.get(h.site, "/ma-demande").want(200).says("Reçue").saysNot("Transmise")

		accept := bare.get(h.space, "/accepter").want(200).says("Rien ne vous est transmis avant que vous l’ayez accepté", "Avec les entreprises membres")
		bare.post(h.space, "/accepter", accept.hiddens()).want(http.StatusSeeOther)
		bare.get(h.space, "/transmises").want(200)
		boss.get(h.space, "/pros/"+unbound[1]).want(200).says("Accord accepté le")
		boss.get(h.space, "/journal.csv").want(200).has("pro.arranged")
		agent.post(h.space, "/bureau/"+second, form).want(http.StatusSeeOther)
		malo.get(h.site, "/ma-demande").want(200).says("Transmise à Cuisines du Sillon")
		bare.get(h.space, passedPath.FindString(bare.get(h.space, "/transmises").want(200).body)).want(200).says("Élodie Visite")
		h.visitor().get(h.site, "/accord-membres").want(200).says("qui répond de quoi")
		clause(t, "RN-06")
	})
}

// The agreement taken back before, it goes to nobody; after, those who have it are told and read nothing any more (RN-30). Dealt with, what it held goes (RN-31).
func TestForward_endsWithTheConsentOrTheWork(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		agent, member := h.enter("Agent"), h.enter("Member 1")
		consumer, id := h.asked(h.quote(nil))
		desk, form := h.forwardDesk(agent, id)
		form["members"] = []string{proOf(t, desk, "Cuisines de l’Ille")}
		consumer.post(h.site, "/ma-demande/retrait", url.Values{"consent": {"quote"}}).want(http.StatusSeeOther)
		agent.post(h.space, "/bureau/"+id, form)
		agent.get(h.space, "/demandes/"+id).want(200).says("Annulée").saysNot("Transmise")
		member.get(h.space, "/transmises").want(200).says("Aucune demande pour l’instant")

		consumer, id = h.asked(h.quote(nil))
		_, form2 := h.forwardDesk(agent, id)
		form2["members"] = form["members"]
		agent.post(h.space, "/bureau/"+id, form2).want(http.StatusSeeOther)
		path := passedPath.FindString(member.get(h.space, "/transmises").want(200).body)
		member.get(h.space, path).want(200).says("Élodie Visite")
		consumer.post(h.site, "/ma-demande/retrait", url.Values{"consent": {"quote"}}).want(http.StatusSeeOther)
		member.get(h.space, path).want(200).says("le client a retiré son accord ou y a renoncé").lacks("Élodie", "elodie@")
		member.get(h.space, path+"/contact.vcf").want(http.StatusNotFound)
		h.letter("the member is told of the end", func(m sent) bool { return m.Kind == "withdrawn" && strings.Contains(m.Text, path) })
		clause(t, "RN-30")

		// By the member, then by the agent.
		for _, end := range []func(id, path string){
			func(_, path string) {
				member.post(h.space, path+"/suivi", url.Values{"outcome": {"done"}}).want(http.StatusSeeOther)
			},
			func(id, _ string) {
				agent.post(h.space, "/demandes/"+id+"/traitee", nil).want(http.StatusSeeOther)
			},
		} {
			_, id := h.asked(h.quote(nil))
			_, form := h.forwardDesk(agent, id)
			form["members"] = form2["members"]
			agent.post(h.space, "/bureau/"+id, form).want(http.StatusSeeOther)
			path := passedPath.FindString(member.get(h.space, "/transmises").want(200).body)
			h.later(48 * time.Hour)
			agent, member = h.enter("Agent"), h.enter("Member 1")
			agent.get(h.space, "/demandes/"+id).want(200).has("Élodie Visite") // it is open: nothing goes
			end(id, path)
			h.later(time.Hour)
			agent, member = h.enter("Agent"), h.enter("Member 1")
			agent.get(h.space, "/demandes/"+id).want(200).says("Terminée", "effacées").lacks("Élodie", "elodie@")
			member.get(h.space, path).want(200).lacks("Élodie", "elodie@")
		}
		clause(t, "RN-31")
	})
}

// Whoever a form names by its address is asked first; the desk says so.
func TestForward_toWhomTheCustomerNames(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	agent := h.enter("Agent")
	_, id := h.asked(h.quote(nil))
	desk, _ := h.forwardDesk(agent, id)
	wanted := proOf(t, desk, "Atelier Fournil")
	page := h.visitor().get(h.site, "/demande/cuisiniste?membre="+wanted).want(200).says("Pour Atelier Fournil.").has(`name="membre" value="` + wanted + `"`)
	if page.hiddens().Get("membre") != wanted {
		t.Error("the form does not carry whom it names")
	}
	_, named := h.asked(h.quote(url.Values{"membre": {wanted}}))
	desk, _ = h.forwardDesk(agent, named)
	desk.says("demandé par le client")
}

// A membership begins with the access, is told before it renews, and ends on its day, at the member's own wish or by staff with a reason; then he comes in no more.
func TestMembership_renewsAndEnds(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member := h.enter("Member 1")
		page := member.get(h.space, "/adhesion").want(200).says("Cuisines de l’Ille", "Membre depuis le", "se renouvelle d’elle-même", "Accord accepté le")
		if !strings.Contains(page.body, `action="/adhesion/partir"`) {
			t.Error("a member cannot leave")
		}
		h.later(310 * 24 * time.Hour)
		h.letter("the renewal is told", func(m sent) bool { return m.Kind == "membership-ending" && m.To == "membre1@membres.example" })
		member = h.enter("Member 1")
		member.post(h.space, "/adhesion/partir", url.Values{"leaves_on": {"2020-01-01"}}).want(http.StatusUnprocessableEntity).says("aujourd’hui ou après")
		day := time.Now().AddDate(0, 0, 310+40).Format(time.DateOnly)
		member.post(h.space, "/adhesion/partir", url.Values{"leaves_on": {day}}).want(http.StatusSeeOther)
		member.get(h.space, "/adhesion").want(200).says("L’adhésion prend fin le", "L’entreprise a demandé à partir")
		member.post(h.space, "/adhesion/rester", nil).want(http.StatusSeeOther)
		member.get(h.space, "/adhesion").want(200).says("se renouvelle d’elle-même")
		member.post(h.space, "/adhesion/partir", url.Values{"leaves_on": {day}}).want(http.StatusSeeOther)
		h.letter("the end is told", func(m sent) bool { return m.Kind == "membership-ended" && m.To == "membre1@membres.example" })
		h.later(90 * 24 * time.Hour)
		if a := member.get(h.space, "/adhesion"); a.status == http.StatusOK {
			t.Error("who left still comes in")
		}
		staff := h.operator()
		found := regexp.MustCompile(`/pros/(pro_[0-9a-z]+)"[^>]*>[^<]*Bassins`).FindStringSubmatch(staff.get(h.space, "/pros?nom=Bassins").want(200).body)
		if found == nil {
			t.Fatal("staff do not find the member")
		}
		staff.post(h.space, "/pros/"+found[1]+"/depart", url.Values{"leaves_on": {"2031-01-01"}, "leaving": {"mood"}}).want(http.StatusUnprocessableEntity).says("Choisissez un motif de la liste.")
		staff.post(h.space, "/pros/"+found[1]+"/depart", url.Values{"leaves_on": {"2031-01-01"}, "leaving": {"unpaid"}}).want(http.StatusSeeOther)
		staff.get(h.space, "/pros/"+found[1]).want(200).says("L’adhésion prend fin le 1er janvier 2031", "La cotisation n’est pas payée")
	})
}

// The pages by which a request reaches a member, on a phone and at a desk, by people who see, hear or press keys.
func TestForward_screens(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	_, id := h.asked(h.quote(nil))
	agent := h.enter("Agent")
	agent.post(h.space, "/rappels/"+id+"/prendre", nil).want(http.StatusSeeOther)
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			p := open(t, h.server, on)
			p.allow("status of 403") // samples of pages listen for changes that a visitor may not watch
			for _, name := range []string{"bureau-transmettre", "bureau-transmettre-erreurs", "demande-transmise", "transmises", "transmises-vide", "transmise", "transmise-finie", "adhesion", "adhesion-depart", "adhesion-accord", "pros-membre", "messages", "messages-vide", "message", "message-erreurs", "message-clos"} {
				p.goTo(h.space, "/_ui/"+name)
				p.accessible()
				if wide := eval[float64](p, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
					t.Errorf("%s scrolls sideways by %v pixels", name, wide)
				}
				p.shot(name)
			}
			if on.name != desktop.name {
				return
			}
			h.enterAs(p, "Agent")
			p.goTo(h.space, "/bureau/"+id)
			p.see("Cuisines de l’Ille")
			p.click(`label:has([name=members])`)
			p.until("the choice is kept", `!!document.querySelector("#saved")?.textContent.trim()`)
			p.until("and still ticked", `!!document.querySelector("[name=members]:checked")`)
			p.click(`[name=do][value=forward]`)
			p.until("the request’s own page", `location.pathname.startsWith("/demandes/")`)
			p.see("À qui elle est transmise")
			p.accessible()
		})
	}
}
