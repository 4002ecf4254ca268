package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Where two decide about data together, a person turns to either of them. What a member company passes on and what a person sends to the operator land in
// one queue, the officer's, each with its origin; the other party is told and confirms, and learns nothing of the person; the person sees who was told
// (RN-07).
func TestMembers_aRightOverJointDataReachesBoth(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		officer, agent := h.operator(), h.enter("Agent")
		ackLink := regexp.MustCompile(`https?://[^\s]+(/destinataire/[^\s]+)`)
		// told is the notice to a member: the reference and the right, and nothing of the person.
		told := func(id, to, right string) (link string) {
			t.Helper()
			m := h.letter("the member is told", func(m sent) bool { return m.Kind == "rights-shared" && m.Object == id })
			ref := regexp.MustCompile(`D[0-9A-Z-]{8,}`).FindString(officer.get(h.space, "/dossiers/"+id).want(200).body)
			if m.To != to || ref == "" || !strings.Contains(m.Text, ref) || !strings.Contains(m.Text, right) {
				t.Errorf("told %s: %q, the case is %s", m.To, m.Text, ref)
			}
			found := ackLink.FindStringSubmatch(m.Text)
			if found == nil {
				t.Fatalf("no link in %q", m.Text)
			}
			page := h.visitor().get(h.space, found[1]).want(200).says("dont nous décidons ensemble")
			for _, personal := range []string{"Jeanne", "Paul", "Rapporteuse", "Direct", "example.org", "photo du salon"} {
				if strings.Contains(m.Text, personal) || strings.Contains(page.body, personal) {
					t.Errorf("the member learns %q", personal)
				}
			}
			return found[1]
		}

		// From the member's side.
		h.visitor().get(h.site, "/mes-droits").want(200).has(`href="/mes-droits/membre"`)
		h.visitor().get(h.site, "/mes-droits/membre").want(200).has(`name="details.member"`).lacks(`type="file"`)
		form := func(change url.Values) url.Values {
			v := url.Values{"details.member": {"Cuisines de l’Exemple"}, "details.member-email": {"vie-privee@cuisines.example"}, "asked": {"rectification"}, "name": {"Jeanne Rapporteuse"}, "email": {"jeanne@example.org"}, "words": {"Elle veut que la photo du salon soit datée."}}
			for k, x := range change {
				v[k] = x
			}
			return v
		}
		for field, bad := range map[string]url.Values{"details-member": {"details.member": {" "}}, "details-member-email": {"details.member-email": {"pas une adresse"}}, "name": {"name": {""}}, "email": {"email": {""}}} {
			h.visitor().post(h.site, "/mes-droits/membre", form(bad)).want(422).has(`href="#f-` + field)
		}
		h.visitor().post(h.site, "/mes-droits/membre", form(url.Values{"website": {"https://robot.example"}})).want(200)
		if len(h.outbox()) != 0 {
			t.Error("something left for a form that was refused")
		}
		h.visitor().post(h.site, "/mes-droits/membre", form(nil)).want(200).says("C’est transmis")
		person, passed := h.follows(h.visitor(), "jeanne@example.org") // she has the link to her own case
		officer.get(h.space, "/dossiers").want(200).has("/dossiers/"+passed, "Jeanne Rapporteuse")
		officer.get(h.space, "/dossiers/"+passed).want(200).says("Entreprise membre", "Entreprise membre concernée", "Cuisines de l’Exemple", "vie-privee@cuisines.example", "Rectification", "la photo du salon").lacks(`value="share"`)
		agent.get(h.space, "/dossiers/"+passed).want(403)
		link := told(passed, "vie-privee@cuisines.example", "Rectification")
		person.get(h.site, "/mon-dossier").want(200).says("Cuisines de l’Exemple", "averti, pas encore confirmé")
		h.visitor().post(h.space, link, nil).want(303)
		person.get(h.site, "/mon-dossier").want(200).says("a confirmé le")
		h.visitor().get(h.space, link).want(200).says("C’est confirmé, merci")

		// From the operator's side: the person names the company, the officer tells it, once.
		_, sentIn := h.rightsOf("paul@example.org", url.Values{"asked": {"access"}, "name": {"Paul Direct"}, "details.member": {"Piscines de l’Exemple"}})
		h.visitor().post(h.site, "/mes-droits", url.Values{"asked": {"access"}, "name": {"Paul Direct"}, "email": {"autre@example.org"}, "details.member-email": {"x@piscines.example"}}).want(422) // who tells is the officer
		page := officer.get(h.space, "/dossiers/"+sentIn).want(200).says("Formulaire", "Piscines de l’Exemple")
		page.has(`name="member"`, `value="share"`)
		queue := officer.get(h.space, "/dossiers").want(200)
		queue.has("/dossiers/"+passed, "/dossiers/"+sentIn)
		for _, m := range h.outbox() {
			if m.Kind == "rights-shared" && m.Object == sentIn {
				t.Error("a company is told that nobody has looked up")
			}
		}
		share := url.Values{"member": {"Piscines de l’Exemple"}, "member_email": {"donnees@piscines.example"}}
		h.act(officer, sentIn, "share", url.Values{"member": {"Piscines de l’Exemple"}, "member_email": {"?"}}).want(422)
		h.act(agent, sentIn, "share", share).want(403)
		h.act(officer, sentIn, "share", share).want(303)
		link = told(sentIn, "donnees@piscines.example", "Accès")
		officer.get(h.space, "/dossiers/"+sentIn).want(200).says("Entreprise membre avertie", "donnees@piscines.example").lacks(`value="share"`)
		officer.get(h.space, "/journal?what=case.share").want(200).says("Entreprise membre avertie d’un droit exercé")
		h.act(officer, sentIn, "share", url.Values{"member": {"Une autre"}, "member_email": {"autre@piscines.example"}}) // a second company is not told under the first one's case
		officer.get(h.space, "/dossiers/"+sentIn).want(200).lacks("autre@piscines.example")
		h.visitor().post(h.space, link, nil).want(303)
		officer.get(h.space, "/dossiers/"+sentIn).want(200).says("Destinataire a confirmé")

		// The same asked of both is one case, and both companies' clock is the first one's.
		_, both := h.rightsOf("marie@example.org", url.Values{"asked": {"restriction"}, "name": {"Marie Deuxfois"}})
		h.visitor().post(h.site, "/mes-droits/membre", form(url.Values{"asked": {"restriction"}, "name": {"Marie Deuxfois"}, "email": {"marie@example.org"}, "details.member-email": {"rgpd@jardins.example"}})).want(200)
		told(both, "rgpd@jardins.example", "Limitation")
		officer.get(h.space, "/dossiers/"+both).want(200).says("Formulaire", "rgpd@jardins.example")

		// Who does not confirm is reminded, until the case is closed.
		count := func() (n int) {
			for _, m := range h.outbox() {
				if m.Kind == "rights-shared" && m.Object == both {
					n++
				}
			}
			return n
		}
		h.later(8 * 24 * time.Hour)
		eventually(t, "a reminder", func() bool { return count() == 2 })
		officer = h.operator()
		h.act(officer, both, "answer", url.Values{"text": {"Vos données sont gelées."}}).want(303)
		h.later(8 * 24 * time.Hour)
		h.letter("the answer", func(m sent) bool { return m.Kind == "rights-answered" && m.Object == both })
		if n := count(); n != 2 {
			t.Errorf("told %d times, once the case is closed", n)
		}

		// A network that decides alone has no such way.
		if len(extra) == 0 {
			other := newHouseOf(t, "auto-quotes")
			other.visitor().get(other.site, "/mes-droits/membre").want(404)
			other.visitor().post(other.site, "/mes-droits/membre", form(nil)).want(404)
			other.visitor().get(other.site, "/mes-droits").want(200).lacks("/mes-droits/membre")
		}
		clause(t, "RN-07")
	})
}
