package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/proof"
)

var questionnaireLink = regexp.MustCompile(`/avis/q/[^\s)]+`)

// questionnaire is the link of the newest questionnaire that was sent to an address.
func (h *house) questionnaire(email string) string {
	h.t.Helper()
	m := h.letter("a questionnaire for "+email, func(m sent) bool {
		return m.To == email && (m.Kind == "review-invite" || m.Kind == "review-wanted") && questionnaireLink.MatchString(m.Text)
	})
	return questionnaireLink.FindString(m.Text)
}

// uploads posts a form with a file.
func (v *visitor) uploads(host, path string, form url.Values, field, name string, file []byte) *answer {
	v.s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for k, values := range form {
		for _, s := range values {
			if err := w.WriteField(k, s); err != nil {
				v.s.t.Fatal(err)
			}
		}
	}
	if field != "" {
		part, err := w.CreateFormFile(field, name)
		if err == nil {
			_, err = part.Write(file)
		}
		if err != nil {
			v.s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		v.s.t.Fatal(err)
	}
	return v.do("POST", host, path, http.Header{"Content-Type": {w.FormDataContentType()}}, &b)
}

// invitee is who a member asks, as his form has it.
func invitee(page *answer, email string, change url.Values) url.Values {
	f := page.hiddens()
	for k, s := range map[string]string{"questionnaire": "client", "name": "Ada Témoin", "email": email, "service": "Pose d’une cuisine", "on": time.Now().AddDate(0, 0, -20).Format(time.DateOnly)} {
		f.Set(k, s)
	}
	for k, values := range change {
		f[k] = values
	}
	return f
}

// filled is a whole answer of a customer.
func filled(mark string, change url.Values) url.Values {
	f := url.Values{"do": {"send"}, "service": {"Pose d’une cuisine équipée"}, "on": {time.Now().AddDate(0, 0, -21).Format(time.DateOnly)}, "answers.overall": {mark}, "answers.welcome": {"4"}, "answers.quality": {"3"},
		"answers.comment": {"La pose a duré deux jours. Tout était propre."}, "consent-answer": {"yes"}, "consent-publish": {"yes"}}
	for k, values := range change {
		f[k] = values
	}
	return f
}

// A member sends whom to ask, a customer and a new employee; each gets his own questionnaire, answers it on his own page and keeps a receipt; what he deposits, changes or
// withdraws is his alone to do (RN-13, 14, 20, 21, 22, 40, 41).
func TestCollect_fromInvitationToReceipt(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, agent := h.enter("Member 1"), h.enter("Agent")
		h.enter("Member 4").get(h.space, "/invitations").want(http.StatusSeeOther) // to what he has to accept
		page := member.get(h.space, "/invitations").want(200)
		for field, bad := range map[string]string{"email": "pas une adresse", "name": "", "service": "", "on": "2999-01-01", "phone": "12", "questionnaire": "autre"} {
			member.post(h.space, "/invitations", invitee(page, "ada@temoin.example", url.Values{field: {bad}})).want(422).has(`href="#f-`+field+`"`, map[bool]string{true: "Ada", false: "Pose d’une cuisine"}[field != "name"])
			page = member.get(h.space, "/invitations").want(200)
		}
		member.post(h.space, "/invitations", invitee(page, "ada@temoin.example", nil)).want(303)
		page = member.get(h.space, "/invitations").want(200).says("Ada Témoin", "par l’entreprise", "Clients")
		member.post(h.space, "/invitations", invitee(page, "ada@temoin.example", nil)).want(422).says("déjà été invitée")
		member.post(h.space, "/invitations", invitee(member.get(h.space, "/invitations"), "bo@temoin.example", url.Values{"questionnaire": {"salarie"}, "name": {"Bo Nouvelle"}, "service": {"Poseuse"}})).want(303)
		member.get(h.space, "/invitations").want(200).says("Bo Nouvelle", "Salariés")

		// The same from the back office, for the member; who may not is refused.
		id := regexp.MustCompile(`/pros/(pro_[0-9a-z]+)"[^>]*>\s*(?:<[^>]+>\s*)*Cuisines de l’Ille`).FindStringSubmatch(h.operator().get(h.space, "/pros").want(200).body)
		if id == nil {
			t.Fatal("staff do not find the member")
		}
		office := "/pros/" + id[1] + "/invitations"
		agent.post(h.space, office, invitee(agent.get(h.space, office).want(200), "cy@temoin.example", nil)).want(303)
		agent.get(h.space, office).want(200).says("par l’opérateur", "par l’entreprise", "Bo Nouvelle", "Salariés", "Clients")
		h.enter("Onboarding").get(h.space, office).want(403)
		member.get(h.space, office).want(403)

		// An employee is asked about working there.
		h.visitor().get(h.site, h.questionnaire("bo@temoin.example")).want(303)
		bo := h.visitor()
		bo.follow(h.site, h.questionnaire("bo@temoin.example")).says("Les conditions de travail", "Poste occupé", "ni vos initiales").has(`value="Poseuse"`)

		// The customer's page: what is told before, nothing ticked, and a draft that waits.
		ada := h.visitor()
		link := h.questionnaire("ada@temoin.example")
		if to := ada.get(h.site, link).want(303).header.Get("Location"); to != "/mon-avis" {
			t.Errorf("the token stays in the address: %s", to)
		}
		form := ada.get(h.site, "/mon-avis").want(200).says("Votre avis sur Cuisines de l’Ille", "valable jusqu’au", "en 7 jours au plus", "Sont publiés", "J’accepte que mes réponses", "J’accepte que mon avis soit publié").has(`value="Pose d’une cuisine"`, `type="radio" name="answers.overall" value="5"`)
		if regexp.MustCompile(`<input[^>]*\schecked`).MatchString(form.body) {
			t.Error("something is ticked before the person does it")
		}
		ada.post(h.site, "/mon-avis", url.Values{"do": {"save"}, "answers.overall": {"2"}, "answers.comment": {"À finir"}, "service": {"Pose d’une cuisine"}, "on": {"2026-01-02"}}).want(303)
		other := h.visitor() // on another device
		other.get(h.site, link).want(303)
		if !regexp.MustCompile(`name="answers.overall" value="2" checked`).MatchString(other.get(h.site, "/mon-avis").want(200).says("À finir").body) {
			t.Error("the draft is lost")
		}
		for field, bad := range map[string]url.Values{"answers-overall": {"answers.overall": nil}, "answers-comment": {"answers.comment": {""}}, "consent-answer": {"consent-answer": nil}, "consent-publish": {"consent-publish": nil}, "service": {"service": {""}}, "on": {"on": {"hier"}}} {
			ada.post(h.site, "/mon-avis", filled("4", bad)).want(422).has(`href="#f-` + field + `"`)
		}
		ada.post(h.site, "/mon-avis", filled("4", url.Values{"answers.overall": {"6"}})).want(422).says("La pose a duré deux jours")
		ada.post(h.site, "/mon-avis", filled("4", nil)).want(303)
		h.letter("a receipt", func(m sent) bool { return m.Kind == "review-received" && m.To == "ada@temoin.example" })

		// The receipt: a fingerprint that is made of the documented fields and of nothing else.
		type receipt struct {
			Ref     string        `json:"reference"`
			Kind    string        `json:"kind"`
			Print   string        `json:"fingerprint"`
			Version int           `json:"version"`
			Opening proof.Opening `json:"opening"`
		}
		read := func(v *visitor) (r receipt) {
			t.Helper()
			if err := json.Unmarshal([]byte(v.get(h.site, "/mon-avis/recu.json").want(200).body), &r); err != nil {
				t.Fatal(err)
			}
			return r
		}
		first := read(ada)
		shown := ada.get(h.site, "/mon-avis").want(200).says("En attente d’un modérateur", first.Ref, first.Print, "Pose d’une cuisine équipée", "4,0 / 5", "Cuisines de l’Ille").says("Déposé")
		shown.saysNot("Publié")
		if !regexp.MustCompile(`^AT\d+$`).MatchString(first.Ref) {
			t.Errorf("reference %s", first.Ref)
		}
		if made, err := first.Opening.Commitment(first.Kind); err != nil || made != first.Print {
			t.Errorf("%s is made, %s is said: %v", made, first.Print, err)
		}
		fields := map[string]bool{}
		for i, p := range first.Opening.Parts {
			name, _, _ := strings.Cut(p.Content, "=")
			fields[name] = true
			changed := first.Opening
			changed.Parts = append([]proof.Part(nil), first.Opening.Parts...)
			changed.Parts[i].Content += "."
			if made, err := changed.Commitment(first.Kind); err != nil || made == first.Print {
				t.Errorf("another %s has the same fingerprint", name)
			}
		}
		for _, name := range []string{"reference", "service", "date", "comment", "mark.overall", "mark.welcome", "mark.quality", "overall"} {
			if !fields[name] {
				t.Errorf("the fingerprint is not made of %s", name)
			}
		}
		if len(fields) != 8 {
			t.Errorf("made of %v", fields)
		}

		// One link, one answer.
		other.post(h.site, "/mon-avis", filled("1", nil)).want(303)
		other.get(h.site, "/mon-avis").want(200).says("4,0 / 5", first.Print)
		ada.post(h.site, "/mon-avis/modifier", filled("1", nil)).want(409) // nobody has read it yet
		member.get(h.space, "/invitations").want(200).says("répondue")

		// Three levels, reckoned and never entered.
		for mark, level := range map[string]string{"1": "insatisfait", "3": "moyennement satisfait", "5": "satisfait"} {
			email := "niveau" + mark + "@temoin.example"
			member.post(h.space, "/invitations", invitee(member.get(h.space, "/invitations"), email, nil)).want(303)
			v := h.visitor()
			v.get(h.site, h.questionnaire(email)).want(303)
			v.post(h.site, "/mon-avis", filled(mark, url.Values{"level": {"satisfied"}})).want(303)
			v.get(h.site, "/mon-avis").want(200).says(mark + ",0 / 5 · " + level)
		}

		// The consent is taken back as easily as it was given, and the review ends with it.
		cy := h.visitor()
		cy.get(h.site, h.questionnaire("cy@temoin.example")).want(303)
		cy.post(h.site, "/mon-avis", filled("2", nil)).want(303)
		cy.get(h.site, "/mon-avis").want(200).says("Retirer mon avis", "Demander l’effacement", "Ne pas le montrer ailleurs")
		cy.post(h.site, "/mon-avis/partage", url.Values{"share": {"no"}}).want(303)
		cy.get(h.site, "/mon-avis").want(200).says("n’est montré que sur ce site")
		cy.post(h.site, "/mon-avis/accord", url.Values{"consent": {"answer"}}).want(303)
		cy.get(h.site, "/mon-avis").want(200).says("Retiré", "Vous l’avez retiré.").saysNot("Modifier mon avis")
		h.visitor().get(h.site, "/mon-avis").want(401)
		h.visitor().get(h.site, link+"x").want(410)
		clause(t, "RN-13", "RN-20", "RN-21", "RN-22", "RN-40", "RN-41")
	})
}

// A list is read as a spreadsheet writes it: its columns are confirmed, the bad lines come back, nobody is asked twice, and a program sends the same (RN-22).
func TestCollect_aMembersList(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member := h.enter("Member 2")
	file := "\ufeffClient;Courriel;Prestation;Date\r\n"
	for i := range 5 {
		file += fmt.Sprintf("Client Numéro%d;client%d@temoin.example;Bassin;0%d/01/2026\r\n", i, i, i+1)
	}
	file += "Sans Adresse;nulle part;Bassin;01/01/2026\r\nEncore Lui;client0@temoin.example;Bassin;01/01/2026\r\n"
	choice := url.Values{"list-questionnaire": {"client"}}
	member.uploads(h.space, "/invitations/liste", choice, "file", "vide.csv", nil).want(422).has(`href="#f-file"`)
	member.uploads(h.space, "/invitations/liste", nil, "file", "liste.csv", []byte(file)).want(422).has(`href="#f-list-questionnaire"`)
	page := member.uploads(h.space, "/invitations/liste", choice, "file", "liste.csv", []byte(file)).want(200).says("Client Numéro0", "6 lignes sur 7 peuvent partir", "Ligne 7", "adresse e-mail complète")
	form := url.Values{}
	for _, m := range regexp.MustCompile(`(?s)<input type="hidden" name="([a-z]+)" value="([^"]*)"`).FindAllStringSubmatch(page.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(`(?s)<select[^>]*name="(col-[a-z]+)".*?</select>`).FindAllStringSubmatch(page.body, -1) {
		if at := regexp.MustCompile(`value="(\d+)" selected`).FindStringSubmatch(m[0]); at != nil {
			form.Set(m[1], at[1])
		}
	}
	if form.Get("col-email") != "1" || form.Get("col-on") != "3" {
		t.Fatalf("guessed %v", form)
	}
	for _, m := range h.outbox() {
		if strings.Contains(m.To, "@temoin.example") {
			t.Error("something left before anybody confirmed")
		}
	}
	form.Set("do", "wrong")
	back := member.uploads(h.space, "/invitations/envoi", form, "", "", nil).want(200)
	if !strings.Contains(back.body, "Sans Adresse;nulle part") || strings.Contains(back.body, "Numéro1") {
		t.Errorf("to correct: %q", back.body)
	}
	form.Set("do", "send")
	for range 2 { // sent twice, made once
		member.uploads(h.space, "/invitations/envoi", form, "", "", nil).want(200).says("5 personnes invitées", "La liste est envoyée")
	}
	for i := range 5 {
		h.questionnaire(fmt.Sprintf("client%d@temoin.example", i))
	}
	n := 0
	for _, m := range h.outbox() {
		if m.Kind == "review-invite" && strings.HasSuffix(m.To, "@temoin.example") {
			n++
		}
	}
	if n != 5 {
		t.Errorf("%d questionnaires", n)
	}
	member.get(h.space, "/invitations").want(200).says("Client Numéro4").saysNot("Sans Adresse")
}
