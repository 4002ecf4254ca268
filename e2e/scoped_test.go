package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// Erasing a number leaves the recording of the call, which is still heard under its own id; erasing the recording leaves the request sheet; each answer
// says what remains, for what and until when (ET-128).
func TestScoped_oneSetGoesTheOthersStay(t *testing.T) {
	h := newHouse(t, "--network", networkWith(t, "record: 10 %", "record: 100 %"))
	officer, agent := h.operator(), h.enter("Agent")
	h.duty(agent, "yes")
	typed, _ := freshNumber()
	call := h.rings(agent, agent, "plombier", typed)
	if !h.takes(agent, call) {
		t.Fatal("the call is not hers")
	}
	request := h.agrees(agent, call)
	change := leak().values
	change.Set("phone", typed)
	change.Set("email", "appelant@example.org")
	for _, m := range regexp.MustCompile(`name="(consent-[a-z-]+)"`).FindAllStringSubmatch(agent.get(h.space, "/bureau/"+request).want(200).body, -1) {
		change.Set(m[1], "yes")
	}
	h.publishDesk(agent, request, "40", change).want(303)
	agent.post(h.space, "/appels/"+call+"/terminer", nil).want(303)
	hear := ""
	eventually(t, "the recording is here", func() bool {
		hear = regexp.MustCompile(`/enregistrements/rec_[0-9a-z]+`).FindString(officer.get(h.space, "/appels").want(200).body)
		return hear != ""
	})
	heard := func() bool {
		a := officer.post(h.space, hear, url.Values{"purpose": {"quality"}})
		sound := regexp.MustCompile(`/enregistrements/son/[^"]+`).FindString(a.body)
		return sound != "" && strings.HasPrefix(officer.get(h.space, sound).body, "RIFF")
	}
	if !heard() {
		t.Fatal("the recording is not heard at the start")
	}
	file := officer.get(h.space, "/demandes/"+request).want(200).says("12 rue de la Visite", "appelant@example.org")
	ref := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}`).FindString(file.body)

	person, id := h.rightsOf("appelant@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact"}})
	officer.get(h.space, "/dossiers/"+id).want(200).says("Restent, car vous ne les avez pas désignés", "enregistrement", "Former nos conseillers")
	remains := deskForm(t, officer.get(h.space, "/dossiers/"+id+"?modele=erased").want(200)).Get("text")
	h.act(officer, id, "erase", nil).want(303)
	h.act(officer, id, "answer", url.Values{"text": {remains}}).want(303)
	answer := h.letter("the answer", func(m sent) bool { return m.Kind == "rights-answered" && m.Object == id })
	for _, want := range []string{"Restent, car vous ne les avez pas désignés", "enregistrement", "Former nos conseillers", "adresse", "jusqu’au"} {
		if !strings.Contains(answer.Text, want) {
			t.Errorf("the answer does not say %q:\n%s", want, answer.Text)
		}
	}
	person.get(h.site, "/mon-dossier").want(200).says("Restent, car vous ne les avez pas désignés")
	officer.get(h.space, "/demandes/"+request).want(200).says("12 rue de la Visite").lacks("appelant@example.org", typed)
	if !heard() {
		t.Error("with the number the recording went")
	}

	_, second := h.rightsOf("autre-adresse@example.org", url.Values{"asked": {"erasure"}, "scopes": {"recordings"}})
	h.act(officer, second, "tie", url.Values{"ref": {ref}}).want(303) // the address that found him is gone
	h.act(officer, second, "erase", nil).want(303)
	if heard() {
		t.Error("the recording is still heard")
	}
	officer.get(h.space, "/demandes/"+request).want(200).says("12 rue de la Visite", "Porte bleue")
	clause(t, "ET-128")
}
