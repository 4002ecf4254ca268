package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

func TestRetention_holdsAndTheArchiveForWhoSaysWhy(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		officer, lawyer, agent := h.as(t, h.Staff(t, network.RoleOfficer)), h.as(t, h.Staff(t, network.RoleLitigation)), h.as(t, h.Staff(t, network.RoleAgent))
		asked := h.Ask(t)
		person := ""
		if err := h.DB.Write(t.Context(), func(tx *db.Tx) (err error) {
			if person, err = db.Value[string](tx, "SELECT person_id FROM request WHERE id = $1", asked.ID); err != nil {
				return err
			}
			return privacy.Ended(tx, h.Network, person, asked.ID, network.WhileRequestOpen)
		}); err != nil {
			t.Fatal(err)
		}
		agent.get("/conservation").want(t, http.StatusForbidden)
		officer.get("/conservation").want(t, http.StatusOK).says(t, "Les 90 jours qui viennent", "Geler un dossier", "Aucun pour l’instant")
		why := url.Values{"who": {asked.Ref}, "ground": {"dispute"}, "reference": {"RG 26/00012"}}
		agent.post("/conservation/gel", why).want(t, http.StatusForbidden)
		officer.post("/conservation/gel", url.Values{"who": {"ZZZZ-ZZZZ"}, "ground": {"dispute"}, "reference": {"x"}}).want(t, http.StatusSeeOther)
		officer.get("/conservation").says(t, "Rien n’est connu sous cette référence")
		officer.post("/conservation/gel", why).want(t, http.StatusSeeOther)
		officer.get("/conservation").says(t, "RG 26/00012", "litige", "Lever le gel")

		officer.post("/conservation/archive", why).want(t, http.StatusForbidden)
		lawyer.post("/conservation/archive", why).want(t, http.StatusOK).says(t, "Rien dans l’archive")
		h.Clock.Add(h.Clock.Now().AddDate(3, 0, 1).Sub(h.Clock.Now()))
		h.Sweep(t)
		lawyer = h.as(t, h.Staff(t, network.RoleLitigation))
		lawyer.post("/conservation/archive", url.Values{"who": {asked.Ref}, "ground": {"dispute"}}).want(t, http.StatusSeeOther)
		page := lawyer.post("/conservation/archive", why).want(t, http.StatusOK)
		page.says(t, "téléphone", "RG 26/00012")
		if page.Header.Get("Cache-Control") != "no-store" {
			t.Error("an opened archive may be stored")
		}
		accountant := h.as(t, h.Staff(t, network.RoleAccountant))
		accountant.post("/conservation/archive", why).want(t, http.StatusOK).says(t, "Rien dans l’archive")
		lines := ""
		if err := h.DB.Read(t.Context(), func(tx *db.Tx) error {
			all, err := db.Values[string](tx, "SELECT detail FROM audit WHERE action = 'archive.open' AND object = $1 AND outcome = 'done'", person)
			lines = strings.Join(all, "\n")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if strings.Count(lines, "dispute RG 26/00012") != 3 {
			t.Errorf("the trail says %q", lines)
		}
	})
}
