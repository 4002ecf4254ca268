package e2e

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"entremise/internal/db/dbtest"
)

// What may be done to stored data, each once on one network, and the line of the trail that it leaves: rectified and erased at their people's wish,
// handed to a court under its legal reference, archived and at last made anonymous by the file's time alone (WA-14). The shipped file archives
// contracts, whose feature comes later: here it archives requests by the same rule, to the same end.
func TestOperations_eachLeavesALine(t *testing.T) {
	folder := otherWith(t, "works-advisor", "    keep: {while: request-open, then: 3 years, renewed_by: [reply, click, request, call, sign-in], at_end: erase}", "    keep: {while: request-open, then: 3 years, archive: {for: 5 years, read_by: litigation}, at_end: anonymise}")
	h := openHouse(t, otherHosts["works-advisor"][0], otherHosts["works-advisor"][1], "--network", folder, "--professionals", "0", "--requests", "0")
	officer := h.operator()
	counted := func(action string) int {
		t.Helper()
		return strings.Count(officer.get(h.space, "/journal.csv?what="+action).want(200).body, ","+action+",")
	}
	// once does something, and wants its line to be new: in the file, and on the page in words.
	once := func(action, words string, do func()) {
		t.Helper()
		before := counted(action)
		do()
		eventually(t, "a line of "+action, func() bool { return counted(action) > before })
		officer.get(h.space, "/journal?what="+action).want(200).says(words)
	}
	who := func(id string) string {
		t.Helper()
		m := regexp.MustCompile(`name="person" value="([^"]+)"`).FindStringSubmatch(officer.get(h.space, "/dossiers/"+id).want(200).body)
		if m == nil {
			t.Fatal("nobody is tied to the case")
		}
		return m[1]
	}
	once("request.submit", "Demande reçue", func() { h.wrote(t, "ecrite@example.org", "Émile Écrit") })

	h.wrote(t, "corrigee@example.org", "Carla Corrigée")
	_, fix := h.rightsOf("corrigee@example.org", url.Values{"asked": {"rectification"}})
	typed, _ := freshNumber()
	once("case.rectify", "Données corrigées", func() {
		h.act(officer, fix, "rectify", url.Values{"person": {who(fix)}, "fix_name": {"Carla Juste"}, "fix_phone": {typed}, "fix_email": {"corrigee@example.org"}}).want(303)
	})

	h.wrote(t, "effacee@example.org", "Éva Effacée")
	_, erase := h.rightsOf("effacee@example.org", url.Values{"asked": {"erasure"}, "scopes": {"contact", "requests"}})
	gone := who(erase)
	once("person.erase", "Personne effacée", func() { h.act(officer, erase, "erase", nil).want(303) })
	officer.get(h.space, "/journal.csv?what=person.erase&on="+gone).want(200).has(gone)

	_, asked := h.wrote(t, "remise@example.org", "Rémi Remis")
	file := h.opens(officer, "autorites", url.Values{"authority": {"Tribunal judiciaire de Lille"}, "legal": {"CPC art. 145, ordonnance 26/00119"}, "asked": {"Les coordonnées du demandeur."}, "data": {"identity", "contact"}})
	h.does(officer, file, "tie", url.Values{"ref": {asked}}).want(303)
	once("oversight.handed", "Données remises à une autorité", func() { officer.post(h.space, file+"/extrait", nil).want(200).has("Rémi Remis") })
	h.does(officer, file, "complete", url.Values{"authority": {"Tribunal judiciaire de Lille"}, "legal": {"CPC art. 145, ordonnance 26/00119"}, "asked": {"Les coordonnées du demandeur."}, "data": {"identity", "contact"}, "to": {"Au greffe, par pli"}, "outcome": {"Extrait remis."}}).want(303)
	h.does(officer, file, "close", nil).want(303) // its hold ends with it

	consumer, ref := h.wrote(t, "archivee@example.org", "Arthur Archivé")
	consumer.post(h.site, "/ma-demande/annuler", nil).want(303)
	trace := func() string { return done(t, "person", "trace", ref, "--data", h.data) }
	h.years(3)
	if at := trace(); strings.Contains(at, "request.words_sealed") && strings.Contains(at, "archived") {
		t.Errorf("archived before its three years are over:\n%s", at)
	}
	if n := counted("retention.archive"); n != 0 {
		t.Errorf("%d lines of an archive before anything was archived", n)
	}
	once("retention.archive", "Données archivées, leur temps venu", func() { h.later(72 * time.Hour) })
	if at := trace(); !strings.Contains(at, "archived") {
		t.Errorf("after three years nothing of it is archived:\n%s", at)
	}
	once("retention.anonymise", "Données rendues anonymes, leur temps venu", func() {
		h.years(5)
		h.later(72 * time.Hour)
		officer = h.operator()
	})
	if at, _, _ := ran(t, "person", "trace", ref, "--data", h.data); strings.Contains(at, "archived") || strings.Contains(at, " open") {
		t.Errorf("made anonymous, and something of it still opens:\n%s", at)
	}
	if counted("retention.erase") == 0 || counted("retention.end") == 0 {
		t.Error("what the file let end in eight years left no line")
	}
	clause(t, "WA-14")
}

// What watches over premises happens outside the program, by camera and badge: the network file declares it like any other purpose, and notice, table
// of durations and record of processing say of whom, why, with whom and for how long. Its month is kept to the second on a generic record of the
// category in TestYears_everyBoundaryOfEveryNetwork; here the published duration is the one that is executed (WA-26).
func TestOperations_premisesAreDeclared(t *testing.T) {
	h := newHouseOf(t, "works-advisor")
	const purpose, data = "Protéger nos locaux et ceux qui s’y trouvent", "images et badges des locaux"
	visitor := h.visitor()
	visitor.get(h.site, "/confidentialite").want(200).says(purpose+" À quel titre : notre intérêt légitime (RGPD, art. 6.1 f)", "Données : "+data)
	row := ""
	for _, r := range regexp.MustCompile(`(?s)<tr>\s*<td.*?</tr>`).FindAllString(visitor.get(h.site, "/durees").want(200).body, -1) {
		if strings.Contains(r, purpose) {
			row = strings.ReplaceAll(r, "\u00a0", " ")
		}
	}
	if !strings.Contains(row, "1 mois") || !strings.Contains(row, "effacées") {
		t.Errorf("the table of durations says %q", row)
	}
	var all []string
	for _, cell := range h.activities()["protect_premises"] {
		all = append(all, cell)
	}
	line := strings.ReplaceAll(strings.Join(all, "\n"), "\u00a0", " ")
	for _, want := range []string{purpose, data, "Travaux", "intérêt légitime", "1 mois"} {
		if !strings.Contains(line, want) {
			t.Errorf("the record of processing lacks %q:\n%s", want, line)
		}
	}
	for _, e := range dbtest.Engines() {
		t.Run(string(e), func(t *testing.T) {
			y := openYears(t, e, "works-advisor")
			record, p := y.begin(trial{purpose: "protect_premises"})
			end := y.clock.Now().AddDate(0, 1, 0)
			y.at(end.Add(-time.Second))
			if phase, open, _ := y.stands(record); phase != "kept" || open != len(p.Data) {
				t.Errorf("a second early: %q, %d open", phase, open)
			}
			y.at(end)
			if phase, open, archived := y.stands(record); phase != "" || open+archived != 0 {
				t.Errorf("at its end: %q, %d open, %d archived", phase, open, archived)
			}
		})
	}
	clause(t, "WA-26")
}
