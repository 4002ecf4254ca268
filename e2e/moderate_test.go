package e2e

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// deposit invites somebody through the member and deposits an answer on his page; it answers his browser and the id of the version that waits.
func (h *house) deposit(member, moderator *visitor, email, mark string, change url.Values) (author *visitor, version string) {
	h.t.Helper()
	before := h.waiting(moderator)
	invite := asks(member.get(h.space, "/invitations").want(200), email, change)
	member.post(h.space, "/invitations", invite).want(303)
	author = h.visitor()
	author.get(h.site, h.invitationOf(email)).want(303)
	author.post(h.site, "/mon-avis", answers(mark)).want(303)
	for id := range h.waiting(moderator) {
		if !before[id] {
			return author, id
		}
	}
	h.t.Fatal("the deposit is not in the queue")
	return nil, ""
}

var avisLink = regexp.MustCompile(`/avis/q/[^\s)]+`)

// invitationOf is the link of a questionnaire that was sent to an address.
func (h *house) invitationOf(email string) string {
	h.t.Helper()
	return avisLink.FindString(h.letter("a questionnaire for "+email, func(m sent) bool { return m.To == email && m.Kind == "review-invite" }).Text)
}

// asks is a member's form for one customer.
func asks(page *answer, email string, change url.Values) url.Values {
	f := page.hiddens()
	for k, s := range map[string]string{"questionnaire": "client", "name": "Ada Témoin", "email": email, "service": "Pose d’une cuisine", "on": time.Now().AddDate(0, 0, -20).Format(time.DateOnly)} {
		f.Set(k, s)
	}
	for k, values := range change {
		f[k] = values
	}
	return f
}

// answers is a whole questionnaire.
func answers(mark string) url.Values {
	return url.Values{"do": {"send"}, "service": {"Pose d’une cuisine équipée"}, "on": {time.Now().AddDate(0, 0, -21).Format(time.DateOnly)}, "answers.overall": {mark}, "answers.welcome": {"4"}, "answers.quality": {"3"},
		"answers.comment": {"La pose a duré deux jours. Tout était propre."}, "consent-answer": {"yes"}, "consent-publish": {"yes"}}
}

// sendsFile posts one file.
func (v *visitor) sendsFile(host, path, field, name string, file []byte) *answer {
	v.s.t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile(field, name)
	if err == nil {
		_, err = part.Write(file)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		v.s.t.Fatal(err)
	}
	return v.do("POST", host, path, http.Header{"Content-Type": {w.FormDataContentType()}}, &b)
}

var queued = regexp.MustCompile(`/equipe/avis\?c=((?:rvv|rvt|rva)_[0-9a-z]+)`)

func (h *house) waiting(moderator *visitor) map[string]bool {
	h.t.Helper()
	all := map[string]bool{}
	for _, m := range queued.FindAllStringSubmatch(moderator.get(h.space, "/equipe/avis").want(200).body, -1) {
		all[m[1]] = true
	}
	return all
}

// newest is what is in the queue of a kind, which holds one.
func (h *house) waits(moderator *visitor, prefix string) string {
	h.t.Helper()
	for id := range h.waiting(moderator) {
		if strings.HasPrefix(id, prefix) {
			return id
		}
	}
	h.t.Fatalf("no %s waits", prefix)
	return ""
}

// controlled logs a control where the lot fell on a review, so that it can be decided.
func (h *house) controlled(moderator *visitor, version string) {
	h.t.Helper()
	if strings.Contains(moderator.get(h.space, "/equipe/avis?c="+version).want(200).words(), "tiré au sort : notez d’abord le contrôle") {
		moderator.post(h.space, "/equipe/avis/"+version+"/appel", url.Values{"outcome": {"confirmed"}, "said": {"Il raconte la même chose."}}).want(303)
	}
}

// decideOn decides a version: an empty reason publishes.
func (h *house) decideOn(moderator *visitor, version, check, reason string) {
	h.t.Helper()
	h.controlled(moderator, version)
	moderator.post(h.space, "/equipe/avis/"+version+"/decision", verdict(check, reason)).want(303)
}

func verdict(fails, reason string) url.Values {
	f := url.Values{"do": {"decide"}, "reason": {reason}}
	for _, k := range []string{"person", "experience", "content"} {
		f.Set("check-"+k, map[bool]string{true: "fails", false: "holds"}[k == fails])
	}
	return f
}

var refOf = regexp.MustCompile(`Avis ([A-Z]*([0-9]{10})) sur`)

// reference is the public identifier of a version, and its digits.
func (h *house) reference(moderator *visitor, version string) (ref, digits string) {
	h.t.Helper()
	m := refOf.FindStringSubmatch(moderator.get(h.space, "/equipe/avis?c="+version).want(200).words())
	if m == nil {
		h.t.Fatal("the case says no reference")
	}
	return m[1], m[2]
}

// Every deposited review is read by a person who says what each of three checks gives, and ends published or refused (RN-48, 49); documents may be asked of author
// and member, and are waited for (RN-50); a control call stands in the history (RN-51).
func TestModerate_checksDocumentsAndCalls(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, moderator := h.enter("Member 1"), h.enter("Moderator")
		_, version := h.deposit(member, moderator, "ada@temoin.example", "4", nil)
		ref, digits := h.reference(moderator, version)
		administrator := h.hired(h.operator(), "administrator")
		for _, v := range []*visitor{h.enter("Agent"), administrator, member} {
			if got := v.get(h.space, "/equipe/avis?c="+version).status; got != 403 {
				t.Errorf("somebody else gets %d from the desk", got)
			}
		}
		h.visitor().get(h.site, "/avis/"+digits).want(404)
		h.controlled(moderator, version)
		page := moderator.get(h.space, "/equipe/avis?c="+version).want(200).says("Ada Témoin", "ada@temoin.example", "La pose a duré deux jours", "L’auteur est une personne réelle", "L’expérience est authentique", "Le contenu est licite", "Des faits, jamais un verdict")
		page.has(`data-key="p"`, `data-key="d"`)
		officer := h.operator()
		officer.get(h.space, "/journal?what=review.read").want(200).has("review.read")

		for _, bad := range []url.Values{{"do": {"decide"}}, {"do": {"decide"}, "check-person": {"holds"}, "check-content": {"holds"}}, verdict("content", ""), verdict("content", "not-a-person"), verdict("", "unlawful")} {
			moderator.post(h.space, "/equipe/avis/"+version+"/decision", bad).want(422)
		}
		moderator.post(h.space, "/equipe/avis/"+version+"/appel", url.Values{"outcome": {"confirmed"}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+version+"/appel", url.Values{"outcome": {"confirmed"}, "said": {"Elle décrit la pose et le plan de travail."}}).want(303)
		moderator.get(h.space, "/equipe/avis?c="+version).want(200).says("Contrôle par téléphone : L’auteur confirme", "Elle décrit la pose et le plan de travail.")

		// Documents: one link each, and the decision waits for both or for the last day.
		moderator.post(h.space, "/equipe/avis/"+version+"/document", url.Values{"what": {"La facture"}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+version+"/document", url.Values{"what": {"La facture, montants masqués"}, "whom": {"author", "member"}}).want(303)
		paper := regexp.MustCompile(`/avis/piece/[^\s)]+`)
		link := func(kind string) string {
			return strings.TrimRight(paper.FindString(h.letter(kind, func(m sent) bool { return m.Kind == kind }).Text), ".")
		}
		mine, theirs := link("review-document"), link("review-member-document")
		moderator.get(h.space, "/equipe/avis?c="+version).want(200).says("Un document est attendu", "Attendu jusqu’au").lacks(`value="publish"`)
		moderator.post(h.space, "/equipe/avis/"+version+"/decision", verdict("", "")).want(409)
		h.visitor().get(h.site, mine).want(200).says("La facture, montants masqués", "détruit dès que la décision est prise")
		var b bytes.Buffer
		if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 30, 20))); err != nil {
			t.Fatal(err)
		}
		h.visitor().sendsFile(h.site, mine, "file", "programme.exe", []byte("MZ…")).want(422)
		h.visitor().sendsFile(h.site, mine, "file", "facture.png", b.Bytes()).want(200).says("Votre document est reçu")
		h.visitor().get(h.site, mine).want(409)
		h.visitor().sendsFile(h.site, theirs, "file", "bon.pdf", []byte("%PDF-1.7\n%…")).want(200)
		page = moderator.get(h.space, "/equipe/avis?c="+version).want(200).says("Reçu")
		pieces := regexp.MustCompile(`/equipe/avis/pieces/[^"]+`).FindAllString(page.body, -1)
		if len(pieces) != 2 {
			t.Fatalf("%d documents", len(pieces))
		}
		for _, p := range pieces {
			got := moderator.get(h.space, p).want(200)
			if kind := got.header.Get("Content-Type"); kind != "image/jpeg" && kind != "application/pdf" || !strings.Contains(got.header.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s: %v", p, got.header)
			}
			administrator.get(h.space, p).want(403)
		}
		officer.get(h.space, "/journal?what=review.paper-read").want(200).has("review.paper-read")

		to := moderator.post(h.space, "/equipe/avis/"+version+"/decision", url.Values{"do": {"publish"}}).want(303).header.Get("Location")
		if !strings.HasPrefix(to, "/equipe/avis") {
			t.Errorf("after a decision comes %s", to)
		}
		h.visitor().get(h.site, "/avis/"+digits).want(200).says("La pose a duré deux jours")
		moderator.get(h.space, pieces[0]).want(404) // destroyed with the decision
		moderator.get(h.space, "/equipe/avis?ref="+ref).want(303)
		moderator.get(h.space, "/equipe/avis?c="+version).want(200).says("Détruit avec la décision", "Vérification : Le contenu est licite, oui")

		// The time limit passes without the document: the moderator decides.
		_, late := h.deposit(member, moderator, "bea@temoin.example", "2", nil)
		_, refused := h.reference(moderator, late)
		h.controlled(moderator, late)
		moderator.post(h.space, "/equipe/avis/"+late+"/document", url.Values{"what": {"La facture"}, "whom": {"author"}}).want(303)
		moderator.post(h.space, "/equipe/avis/"+late+"/decision", verdict("experience", "no-experience")).want(409)
		h.later(15 * 24 * time.Hour)
		moderator = h.enter("Moderator")
		moderator.post(h.space, "/equipe/avis/"+late+"/decision", verdict("experience", "no-experience")).want(303)
		h.visitor().get(h.site, "/avis/"+refused).want(404)
		m := h.letter("the refusal", func(m sent) bool { return m.Kind == "review-refused" && m.To == "bea@temoin.example" })
		if !strings.Contains(m.Text, "n’a pas pu être établie") || !strings.Contains(m.Text, "contester") {
			t.Errorf("the author is told %q", m.Text)
		}
		clause(t, "RN-48", "RN-49", "RN-50", "RN-51")
	})
}

// Who deposited an unlawful or fraudulent review is banned, is told, and can contest; he deposits nothing about any company for twelve months, and moderators alone see
// the list (RN-62…66). A refusal that is contested is looked at again, and can be reversed.
func TestModerate_bansAndAppeals(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, other, moderator := h.enter("Member 1"), h.enter("Member 2"), h.enter("Moderator")
		_, mild := h.deposit(member, moderator, "cy@temoin.example", "1", nil)
		h.decideOn(moderator, mild, "content", "off-topic")
		moderator.get(h.space, "/equipe/avis?c="+mild).want(200).lacks("/exclusion")
		moderator.post(h.space, "/equipe/avis/"+mild+"/exclusion", nil).want(409)

		typed, _ := freshNumber()
		author, version := h.deposit(member, moderator, "dan@temoin.example", "1", url.Values{"phone": {typed}})
		_, digits := h.reference(moderator, version)
		h.decideOn(moderator, version, "experience", "fraudulent")
		moderator.get(h.space, "/equipe/avis?c="+version).want(200).has("/exclusion").says("ne pourra déposer d’avis sur aucune entreprise pendant 12 mois")
		moderator.post(h.space, "/equipe/avis/"+version+"/exclusion", nil).want(303)
		told := h.letter("the ban", func(m sent) bool { return m.Kind == "review-banned" && m.To == "dan@temoin.example" })
		until := time.Now().AddDate(0, 12, 0).Format("2006")
		if !strings.Contains(told.Subject, until) || !strings.Contains(told.Text, "contester") {
			t.Errorf("%s: %s", told.Subject, told.Text)
		}
		for email, change := range map[string]url.Values{"dan@temoin.example": nil, "daniel@temoin.example": {"phone": {typed}}} {
			other.post(h.space, "/invitations", asks(other.get(h.space, "/invitations").want(200), email, change)).want(303)
			again := h.visitor()
			m := h.letter("another questionnaire", func(m sent) bool {
				return m.Kind == "review-invite" && m.To == email && !strings.Contains(m.Subject, "Cuisines de l’Ille")
			})
			again.get(h.site, avisLink.FindString(m.Text)).want(303)
			again.post(h.site, "/mon-avis", answers("5")).want(403).says("Vous ne pouvez pas déposer d’avis jusqu’au", until)
		}
		moderator.get(h.space, "/equipe/avis/exclus").want(200).says("Ada Témoin", "dan@temoin.example", "fabriqué")
		for _, role := range []string{"administrator", "marketing", "agent", "officer"} {
			h.hired(h.operator(), role).get(h.space, "/equipe/avis/exclus").want(403)
		}

		// The ban and the refusal are contested on the author's page; another person than the first decides, and he is told so.
		author.get(h.site, regexp.MustCompile(`/avis/q/\S+/recours`).FindString(told.Text)).want(303)
		page := author.get(h.site, "/mon-avis/recours").want(200).says("Exclusion", "Avis refusé", "Se conteste jusqu’au")
		choice := func(what string) string {
			return regexp.MustCompile(`value="(` + what + ` [^"]+)"`).FindStringSubmatch(page.body)[1]
		}
		author.post(h.site, "/mon-avis/recours", url.Values{"what": {choice("ban")}}).want(422)
		author.post(h.site, "/mon-avis/recours", url.Values{"what": {choice("refused")}, "said": {"J’ai la facture."}}).want(303)
		h.letter("the acknowledgement", func(m sent) bool { return m.Kind == "review-appealed" && m.To == "dan@temoin.example" })
		author.get(h.site, "/mon-avis/recours").want(200).says("Contestée, en cours")
		appeal := h.waits(moderator, "rva_")
		moderator.get(h.space, "/equipe/avis?c="+appeal).want(200).says("J’ai la facture.", "une autre personne de l’équipe la revoit")
		moderator.post(h.space, "/equipe/avis/"+appeal+"/recours", url.Values{"verdict": {"reverse"}, "answer": {"Vu."}}).want(409)
		first := moderator
		moderator = h.operator() // who moderates too
		moderator.post(h.space, "/equipe/avis/"+appeal+"/recours", url.Values{"verdict": {"reverse"}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+appeal+"/recours", url.Values{"answer": {"Vu."}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+appeal+"/recours", url.Values{"verdict": {"reverse"}, "answer": {"La facture est authentique."}}).want(303)
		m := h.letter("the answer", func(m sent) bool { return m.Kind == "review-reviewed" && m.To == "dan@temoin.example" })
		for _, want := range []string{"Une autre personne", "votre avis est publié", "La facture est authentique.", "tribunal"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("%q is not said: %s", want, m.Text)
			}
		}
		h.visitor().get(h.site, "/avis/"+digits).want(200)
		author.get(h.site, "/mon-avis/recours").want(200).says("Annulée")
		first.get(h.space, "/equipe/avis?c="+version).want(200).says("Décision annulée : par une autre personne que la première", "La facture est authentique.")

		// The ban ends of itself, and its entry with it.
		h.later(366 * 24 * time.Hour)
		moderator = h.enter("Moderator")
		eventually(t, "the entry is erased", func() bool {
			return strings.Contains(moderator.get(h.space, "/equipe/avis/exclus").want(200).words(), "Personne n’est exclu")
		})
		clause(t, "RN-62", "RN-63", "RN-64", "RN-65", "RN-66")
	})
}

// Anybody reports a published review, free, without an account and under his name, for one of three reasons; the review stays visible, he is answered, and an abusive
// reporter is kept from it for a time (RN-67, 68).
func TestModerate_reports(t *testing.T) {
	engines(t, func(t *testing.T, extra ...string) {
		h := newHouseOf(t, "reviews-network", extra...)
		member, moderator := h.enter("Member 1"), h.enter("Moderator")
		_, version := h.deposit(member, moderator, "eve@temoin.example", "1", nil)
		_, digits := h.reference(moderator, version)
		path := "/avis/" + digits + "/signaler"
		report := func(change url.Values) url.Values {
			f := url.Values{"reason": {"authenticity"}, "name": {"Rita Rapporte"}, "email": {"rita@temoin.example"}, "faith": {"yes"}}
			for k, v := range change {
				f[k] = v
			}
			return f
		}
		h.visitor().get(h.site, path).want(404)
		h.visitor().post(h.site, path, report(nil)).want(404)
		h.decideOn(moderator, version, "", "")
		h.visitor().get(h.site, "/avis/"+digits).want(200).has(path)
		h.visitor().get(h.site, path).want(200).says("sans compte", "l’avis reste visible", "Je doute que l’expérience soit réelle", "L’avis ne respecte pas les conditions", "Une autre raison")
		for field, bad := range map[string]url.Values{"name": {"name": {""}}, "email": {"email": {""}}, "faith": {"faith": nil}, "reason": {"reason": nil}, "words": {"reason": {"other"}, "words": {" "}}} {
			h.visitor().post(h.site, path, report(bad)).want(422).has(`href="#f-` + field)
		}
		for _, reason := range []string{"authenticity", "terms", "other"} {
			h.visitor().post(h.site, path, report(url.Values{"reason": {reason}, "words": {"Je connais l’auteur."}})).want(200).says("Votre signalement est envoyé")
		}
		h.letter("the acknowledgement", func(m sent) bool { return m.Kind == "review-reported" && m.To == "rita@temoin.example" })
		h.visitor().get(h.site, "/avis/"+digits).want(200)
		first := h.waits(moderator, "rvt_")
		moderator.get(h.space, "/equipe/avis?c="+first).want(200).says("Rita Rapporte", "rita@temoin.example", "2 autres signalements")
		day := time.Now().AddDate(0, 2, 0).Format(time.DateOnly)
		moderator.post(h.space, "/equipe/avis/"+first+"/signalement", url.Values{"answer": {"x"}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+first+"/signalement", url.Values{"verdict": {"keep"}}).want(422)
		moderator.post(h.space, "/equipe/avis/"+first+"/signalement", url.Values{"verdict": {"remove"}, "answer": {"x"}}).want(422)
		h.enter("Agent").post(h.space, "/equipe/avis/"+first+"/signalement", url.Values{"verdict": {"keep"}, "answer": {"x"}}).want(403)
		moderator.post(h.space, "/equipe/avis/"+first+"/signalement", url.Values{"verdict": {"keep"}, "answer": {"La facture nous a été montrée."}, "abusive": {"yes"}, "until": {day}}).want(303)
		m := h.letter("the answer", func(m sent) bool { return m.Kind == "review-report-decided" && m.To == "rita@temoin.example" })
		for _, want := range []string{"L’avis reste publié", "La facture nous a été montrée.", "abusif", "tribunal"} {
			if !strings.Contains(m.Text, want) {
				t.Errorf("%q is not said: %s", want, m.Text)
			}
		}
		h.visitor().post(h.site, path, report(nil)).want(403).says("vous ne pouvez plus signaler")
		h.visitor().post(h.site, path, report(url.Values{"email": {"paul@temoin.example"}})).want(200)
		second := h.waits(moderator, "rvt_")
		moderator.post(h.space, "/equipe/avis/"+second+"/signalement", url.Values{"verdict": {"remove"}, "reason": {"fraudulent"}, "answer": {"L’auteur l’a reconnu."}}).want(303)
		h.visitor().get(h.site, "/avis/"+digits).want(404)
		gone := h.letter("the author is told", func(m sent) bool { return m.Kind == "review-removed" && m.To == "eve@temoin.example" })
		if !strings.Contains(gone.Text, "fabriqué") || !strings.Contains(gone.Text, "contester") {
			t.Errorf("the author reads %q", gone.Text)
		}
		for id := range h.waiting(moderator) {
			if strings.HasPrefix(id, "rvt_") {
				t.Errorf("a report of a review that fell waits still: %s", id)
			}
		}
		moderator.get(h.space, "/equipe/avis?c="+second).want(200).says("l’avis est retiré", "Rita Rapporte")

		// Two years from closure, a report names nobody.
		h.later(366 * 24 * time.Hour)
		h.later(366 * 24 * time.Hour)
		moderator = h.enter("Moderator")
		eventually(t, "the report is erased", func() bool {
			return !strings.Contains(moderator.get(h.space, "/equipe/avis?c="+second).want(200).body, "Rita Rapporte")
		})
		clause(t, "RN-67", "RN-68", "RN-69")
	})
}

// No page and no call of the API changes what an author wrote: what staff and members may send, walked through with a text and a mark in it, leaves both as they were (RN-95).
// An author takes his review off; a moderator does so at his word (RN-74).
func TestModerate_nobodyChangesAWord(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member, moderator, administrator := h.enter("Member 1"), h.enter("Moderator"), h.hired(h.operator(), "administrator")
	author, version := h.deposit(member, moderator, "flo@temoin.example", "4", nil)
	_, digits := h.reference(moderator, version)
	forged := url.Values{"answers.comment": {"Parfait, je recommande."}, "comment": {"Parfait, je recommande."}, "answers.overall": {"5"}, "overall": {"5"}, "mark": {"5"}, "service": {"Autre chose"}}
	tried := 0
	attempt := func() {
		for _, path := range []string{"/equipe/avis/" + version, "/equipe/avis/" + version + "/modifier", "/equipe/avis/" + version + "/texte", "/equipe/avis/" + version + "/note", "/avis/" + digits, "/avis/" + digits + "/modifier", "/invitations/" + version, "/mon-avis", "/mon-avis/modifier"} {
			for _, v := range []*visitor{moderator, member, administrator} {
				for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
					for _, host := range []string{h.space, h.site} {
						tried++
						got := v.do(method, host, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(forged.Encode()))
						if got.status != 401 && got.status != 403 && got.status != 404 && got.status != 405 && got.status != 421 {
							t.Errorf("%s %s%s answers %d", method, host, path, got.status)
						}
					}
				}
			}
		}
	}
	attempt()
	h.controlled(moderator, version)
	all := verdict("", "")
	for k, v := range forged {
		all[k] = v
	}
	moderator.post(h.space, "/equipe/avis/"+version+"/decision", all).want(303)
	attempt()
	h.visitor().get(h.site, "/avis/"+digits).want(200).says("La pose a duré deux jours. Tout était propre.", "Pose d’une cuisine équipée").saysNot("Parfait, je recommande.", "Autre chose")
	if tried < 100 {
		t.Fatalf("only %d attempts", tried)
	}
	moderator.get(h.space, "/equipe/avis/chiffres").want(200).says("insatisfait", "Part refusée")
	h.visitor().get(h.site, "/avis").want(200).says("Ce que nous avons décidé", "Part refusée")
	clause(t, "RN-95")

	moderator.post(h.space, "/equipe/avis/"+version+"/retrait", url.Values{"reason": {"je veux"}}).want(422)
	moderator.post(h.space, "/equipe/avis/"+version+"/retrait", url.Values{"reason": {"author"}}).want(303)
	h.visitor().get(h.site, "/avis/"+digits).want(404)
	author.get(h.site, "/mon-avis").want(200).says("Vous l’avez retiré")
	_, own := h.deposit(member, moderator, "gil@temoin.example", "3", nil)
	h.decideOn(moderator, own, "", "")
	clause(t, "RN-74")
}

// The desk and its figures on a phone and at a desk, by keyboard.
func TestModerate_screens(t *testing.T) {
	h := newHouseOf(t, "reviews-network")
	member, moderator := h.enter("Member 1"), h.enter("Moderator")
	_, version := h.deposit(member, moderator, "hal@temoin.example", "4", nil)
	_, second := h.deposit(member, moderator, "ida@temoin.example", "2", nil)
	h.decideOn(moderator, version, "", "")
	for _, on := range []screen{phone, desktop} {
		t.Run(on.name, func(t *testing.T) {
			o := open(t, h.server, on)
			h.enterAs(o, "Moderator")
			o.goTo(h.space, "/equipe/avis?c="+second)
			o.accessible()
			o.shot("avis-moderation")
			o.goTo(h.space, "/equipe/avis/chiffres")
			o.accessible()
		})
	}
}
