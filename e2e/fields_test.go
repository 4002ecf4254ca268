package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"entremise/internal/auth"
)

// The form of each product asks title, first name, last name, phone, e-mail and postal address, each with what it is for next to it and tied to it for
// who cannot see it; the title is nobody's duty. What was typed apart reads as one name to who calls, is found by it, comes back in its parts in a copy
// and on the page of correction, and is rectified and erased like the rest (AQ-09).
func TestFields_eachSaysWhatItIsFor(t *testing.T) {
	h := newHouseOf(t, "auto-quotes")
	why := map[string]string{"title": "Pour s’adresser à vous comme vous le souhaitez.", "first_name": "Pour que le fournisseur sache qui l’attend.", "last_name": "Pour que le fournisseur sache qui l’attend.",
		"phone": "Pour que le fournisseur vous rappelle.", "email": "Pour recevoir une offre écrite.", "postcode": "Pour choisir un fournisseur qui sert votre commune.", "street": "Pour choisir un fournisseur qui vient jusque chez vous."}
	for _, trade := range []string{"voiture-neuve", "voiture-occasion", "garage-auto", "carrosserie"} {
		page := h.visitor().get(h.site, "/demande/"+trade).want(200)
		for field, words := range why {
			at := strings.ReplaceAll(field, "_", "-")
			said := regexp.MustCompile(`(?s)<label for="f-` + at + `">.{0,120}?</label>\s*<p class="hint" id="(f-` + at + `-hint)">\s*(.*?)\s*</p>\s*<(?:input|select)[^>]*>`).FindStringSubmatch(page.body)
			if said == nil || unescape.Replace(said[2]) != words || !strings.Contains(said[0], `aria-describedby="`+said[1]+`"`) || !strings.Contains(said[0], `name="`+field+`"`) {
				t.Errorf("%s, %s: %q", trade, field, said)
			}
			if needed := field != "title" && field != "email" && field != "street"; said != nil && strings.Contains(said[0], "facultatif") == needed {
				t.Errorf("%s, %s: needed %t, but %s", trade, field, needed, said[0])
			}
		}
		page.lacks(`name="name"`)
	}
	h.visitor().get("autos.localhost", "/demande/voiture-neuve?lang=en").want(200).says("So that the supplier calls you back.", "Last name")

	form := func(change url.Values) need {
		n := h.project("voiture-neuve", url.Values{"urgency": {"now"}, "answers.make": {"renault"}, "consent-match": {"yes"}, "title": {"mme"}, "first_name": {"Anne Lise"}, "last_name": {"de La Champenoise"},
			"email": {"annelise@example.org"}, "street": {"12 rue de la Visite"}})
		n.values.Del("name")
		for k, v := range change {
			n.values[k] = v
		}
		return n
	}
	for field, c := range map[string]struct {
		change url.Values
		says   string
	}{
		"title":      {url.Values{"title": {"roi"}}, "Choisissez dans la liste, ou rien."},
		"first_name": {url.Values{"first_name": {" "}}, "Écrivez votre prénom"},
		"last_name":  {url.Values{"last_name": {strings.Repeat("x", 81)}}, "Écrivez votre nom de famille"},
		"both":       {url.Values{"first_name": {""}, "last_name": {""}}, "Écrivez votre nom de famille"},
	} {
		n, v := form(c.change), h.visitor()
		a := v.post(h.site, "/demande/"+n.trade, h.fills(v, n)).want(422).says(c.says)
		if a.has("12 rue de la Visite"); field != "both" && !strings.Contains(a.body, `id="f-`+strings.ReplaceAll(field, "_", "-")+`-err"`) {
			t.Errorf("the error does not stand at %s", field)
		}
	}
	_, untitled := h.asked(form(url.Values{"title": {""}, "first_name": {"Ghislaine"}, "last_name": {"Sanstitre"}, "email": {"ghislaine@example.org"}}))
	n := form(nil)
	consumer := h.visitor() // his browser did its work: the first code that he gets is the one with which he corrects
	worked := h.fills(consumer, n)
	worked.Set("pow_nonce", auth.Solve(worked.Get("pow_challenge")))
	consumer.post(h.site, "/demande/"+n.trade, worked).want(303)
	id := h.letter("the request is received", func(m sent) bool { return m.Kind == "request-received" && m.To == n.phone }).Object
	agent, officer := h.enter("Agent"), h.operator()
	agent.get(h.space, "/demandes/"+untitled).want(200).says("Ghislaine Sanstitre").saysNot("Mme", "M. Ghislaine")
	agent.get(h.space, "/demandes/"+id).want(200).says("Mme Anne Lise de La Champenoise")
	search := func(q string) *answer {
		agent.post(h.space, "/recherche", url.Values{"q": {q}})
		return agent.get(h.space, "/recherche").want(200)
	}
	search("champenoise").has("/demandes/" + id).lacks("/demandes/" + untitled)
	search("mme").lacks("/demandes/" + id)

	// He corrects one part on a page that shows each.
	consumer.get(h.site, "/ma-demande/code").want(200)
	code := h.letter("a code to correct", func(m sent) bool { return m.Kind == "code" && m.To == n.phone })
	consumer.post(h.site, "/ma-demande/code", url.Values{"code": {regexp.MustCompile(`\d{6}`).FindString(code.Text)}}).want(303)
	fix := deskForm(t, consumer.get(h.site, "/ma-demande/corriger").want(200))
	if fix.Get("title") != "mme" || fix.Get("first_name") != "Anne Lise" || fix.Get("last_name") != "de La Champenoise" {
		t.Errorf("to be corrected: %v", fix)
	}
	fix.Set("first_name", "Annelise")
	consumer.post(h.site, "/ma-demande/corriger", fix).want(303)
	agent.get(h.space, "/demandes/"+id).want(200).says("Mme Annelise de La Champenoise")

	// The copy gives the parts back.
	person, dossier := h.rightsOf("annelise@example.org", nil)
	h.act(officer, dossier, "answer", url.Values{"text": {"Voici vos données, à lire et à télécharger."}}).want(303)
	h.proves(person, dossier)
	copied := decode[struct {
		People []struct {
			Title string `json:"title"`
			First string `json:"first_name"`
			Last  string `json:"last_name"`
			Phone string
			Email string
		}
	}](person.get(h.site, "/mon-dossier/donnees.json").want(200))
	if len(copied.People) != 1 || copied.People[0].Title != "mme" || copied.People[0].First != "Annelise" || copied.People[0].Last != "de La Champenoise" || copied.People[0].Phone != n.phone {
		t.Errorf("the copy: %+v", copied)
	}
	person.get(h.site, "/mon-dossier/donnees.csv").want(200).has("first_name,Annelise", "last_name,de La Champenoise", "title,mme")
	person.get(h.site, "/mon-dossier/donnees").want(200).says("Mme Annelise de La Champenoise")

	// Rectified, and erased with the rest.
	h.visitor().post(h.site, "/mes-droits", url.Values{"asked": {"rectification"}, "name": {"Annelise"}, "email": {"annelise@example.org"}, "words": {"Je me nomme autrement."}}).want(303)
	dossier = h.letter("the second case", func(m sent) bool {
		return m.Kind == "rights-received" && m.To == "annelise@example.org" && m.Object != dossier
	}).Object
	page := officer.get(h.space, "/dossiers/"+dossier).want(200)
	who := regexp.MustCompile(`name="person" value="([^"]+)"`).FindStringSubmatch(page.body)
	if who == nil {
		t.Fatal("nobody to correct")
	}
	h.act(officer, dossier, "rectify", url.Values{"person": {who[1]}, "fix_name": {"Annelise Nouvelle"}, "fix_phone": {n.values.Get("phone")}, "fix_email": {"annelise@example.org"}}).want(303)
	search("champenoise").lacks("/demandes/" + id)
	search("nouvelle").has("/demandes/" + id)
	_, dossier = h.rightsOf("ghislaine@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact", "requests"}})
	h.act(officer, dossier, "erase", nil).want(303)
	search("sanstitre").lacks("/demandes/" + untitled)
	agent.get(h.space, "/demandes/"+untitled).lacks("Sanstitre", "Ghislaine")

	// Who asks one name goes on asking one.
	other := newHouseOf(t, "reviews-network")
	other.visitor().get(other.site, "/demande/cuisiniste").want(200).has(`name="name"`).lacks(`name="last_name"`, `name="title"`)
	for _, on := range []screen{phone, desktop} {
		p := open(t, h.server, on)
		p.goTo(h.site, "/demande/voiture-neuve")
		p.accessible()
	}
	clause(t, "AQ-09")
}
