package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/geo"
)

var ownSIREN = regexp.MustCompile(`SIREN</dt><dd>([\d ]+)<`)

// proOf is the page that staff have of a professional.
func (h *house) proOf(clerk, pro *visitor) (path string) {
	h.t.Helper()
	siren := ownSIREN.FindStringSubmatch(pro.get(h.space, "/profil").want(200).body)
	if siren == nil {
		h.t.Fatal("his profile shows no registry number")
	}
	found := regexp.MustCompile(`href="(/pros/pro_[0-9a-z]+)"`).FindStringSubmatch(clerk.get(h.space, "/pros?nom="+url.QueryEscape(siren[1])).want(200).body)
	if found == nil {
		h.t.Fatalf("no professional %q", siren[1])
	}
	return found[1]
}

// Who gets professionals' data stands in the register with its fields; a provider is sent what is on its list and nothing else, its answer stays with
// the professional, who sees it and has it in his copy, and it is told when he is erased (ET-115).
func TestStanding_providersVerifyByTheirList(t *testing.T) {
	h := newHouse(t)
	clerk, officer := h.enter("Onboarding"), h.operator()
	register := officer.get(h.space, "/conformite/destinataires").want(200)
	register.says("Les personnes qui cherchent un professionnel", "Notre opérateur de téléphonie", "vérifie la solvabilité et les finances", "vérifie la situation légale", "Les organismes de lutte contre la fraude")
	register.says("raison sociale", "personne à joindre")
	h.visitor().get(h.site, "/confidentialite").want(200).says("Les personnes qui cherchent un professionnel", "vérifie la solvabilité et les finances", "vérifie la situation légale", "Les organismes de lutte contre la fraude")

	pro := h.enter("Professional 1")
	path := h.proOf(clerk, pro)
	today := time.Now().In(paris(t))
	form := url.Values{"provider": {"solvency:solvency"}, "fields": {"company", "siren", "phone"}, "result": {"reserved"}, "on": {today.Format(time.DateOnly)}, "until_on": {today.AddDate(0, 6, 0).Format(time.DateOnly)}, "inquiry_reference": {"SOLV-88120"}}
	clerk.post(h.space, path+"/verifications", form).want(422).says("Ce prestataire n’a pas à recevoir : téléphone")
	form["fields"] = []string{"company", "siren"}
	h.enter("Agent").post(h.space, path+"/verifications", form).want(403)
	clerk.post(h.space, path+"/verifications", form).want(303)
	clerk.get(h.space, path).want(200).says("Solvabilité", "avec réserve", "SOLV-88120", "Transmis : raison sociale, SIREN")
	pro.get(h.space, "/profil").want(200).says("Ce que des prestataires ont vérifié", "Solvabilité", "avec réserve", "Transmis : raison sociale, SIREN")

	id := h.asksFor(pro, "access", "verifie@pro.example")
	officer.get(h.space, "/dossiers/"+id+"/copie").want(200).says("Ce que des prestataires ont vérifié", "solvabilité", "avec réserve", "SOLV-88120", "Comptes Clairs Exemple, Tours").saysNot("Registres Exemple, Angers")

	id = h.asksFor(pro, "erasure", "parti@pro.example")
	h.act(officer, id, "erase", nil).want(303)
	told := h.letter("the provider is told", func(m sent) bool { return m.Kind == "recipient-told" && m.To == "donnees@comptes-clairs.example" })
	link := regexp.MustCompile(`/destinataire/\S+`).FindString(told.Text)
	h.visitor().get(h.space, link).want(200).says("SOLV-88120", "effacement") // by its own number it finds him
	for _, m := range h.outbox() {
		if m.Kind == "recipient-told" && (m.To == "donnees@registres.example" || m.To == "droits@antifraude.example") {
			t.Error("told without having received anything:", m.To)
		}
	}
	clerk.get(h.space, path).want(200).saysNot("avec réserve")
	clause(t, "ET-115")
}

// A special agreement is attached to the account and shown to the professional with its date, beside the terms over which it prevails (ET-12).
func TestStanding_specialAgreementPrevails(t *testing.T) {
	h := newHouse(t)
	clerk, pro := h.enter("Onboarding"), h.enter("Professional 1")
	path := h.proOf(clerk, pro)
	signed := time.Now().In(paris(t)).AddDate(0, 0, -9)
	pro.get(h.space, "/profil").want(200).says("Vos conditions", "Conditions de vente").saysNot("prévaut sur ces conditions")
	form := url.Values{"agreement_title": {"Règlement à trente jours fin de mois"}, "agreement_reference": {"Contrat 2026-17"}, "signed_on": {time.Now().In(paris(t)).AddDate(0, 0, 1).Format(time.DateOnly)}}
	clerk.post(h.space, path+"/accords", form).want(422).says("aujourd’hui ou avant")
	form.Set("signed_on", signed.Format(time.DateOnly))
	pro.post(h.space, path+"/accords", form).want(403)
	clerk.post(h.space, path+"/accords", form).want(303)
	day := strings.ReplaceAll(geo.Date(signed, "fr"), "\u00a0", " ")
	clerk.get(h.space, path).want(200).says("Accords particuliers", "Règlement à trente jours fin de mois", day, "Contrat 2026-17")
	pro.get(h.space, "/profil").want(200).says("prévaut sur ces conditions", "Vos accords particuliers", "Règlement à trente jours fin de mois", "signé le "+day)
	h.enter("Professional 2").get(h.space, "/profil").want(200).saysNot("Règlement à trente jours")
	clause(t, "ET-12")
}
