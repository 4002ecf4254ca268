package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"entremise/internal/archiver"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// depositOne puts an opinion into the archiver's hands and answers its id and its author.
func depositOne(t *testing.T, h *house) (id, person string) {
	t.Helper()
	person, record := h.DB.NewID("per"), h.DB.NewID("inv")
	ring, err := h.Vault.New(t.Context(), person, string(network.DataOpinion))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.DB.Write(t.Context(), func(tx *db.Tx) error {
		if err := ring.Assign(tx); err != nil {
			return err
		}
		if err := privacy.Hold(tx, h.Network, record, person, network.Author, network.WhileUndecided, network.DataOpinion); err != nil {
			return err
		}
		id, err = archiver.Put(tx, ring, archiver.Deposit{Person: person, Category: network.DataOpinion, Object: record, Kind: network.DepositedReview, Content: []byte("comment=<b>Rien à redire.</b>")})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	h.Drain(t)
	return id, person
}

// A deposit is had back by the roles of the file, with a ground and a fresh proof of identity, and shown once; what is changed at the archiver's is not
// shown and stands on the first page; a deletion that he has not confirmed does too, and its certificate is a file (RN-89, RN-98).
func TestArchiver_restitutionAlertsAndCertificate(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		h := newHouse(t, r)
		officer, moderator, agent, accountant := h.as(t, h.Staff(t, network.RoleOfficer)), h.as(t, h.Staff(t, network.RoleModerator)), h.as(t, h.Staff(t, network.RoleAgent)), h.as(t, h.Staff(t, network.RoleAccountant))
		officer.get("/archiveur").want(t, http.StatusOK).says(t, "Aucun dépôt", "ce n’est pas un tiers", "comparé à son empreinte tous les 30")
		id, person := depositOne(t, h)
		path := "/archiveur/" + id
		agent.get("/archiveur").want(t, http.StatusForbidden)
		agent.get(path).want(t, http.StatusForbidden)
		agent.get("/aujourdhui").want(t, http.StatusOK)
		officer.get("/archiveur").want(t, http.StatusOK).says(t, path, "Gardé", "verrouillé jusqu’au 23", "2039")
		officer.get("/archiveur/arc_none").want(t, http.StatusNotFound)
		why := url.Values{"ground": {"dispute"}, "reference": {" TJ 26/1 "}}
		for _, b := range []*browser{agent, officer, accountant} {
			b.post(path, why).want(t, http.StatusForbidden)
		}
		if a := moderator.post(path, url.Values{"ground": {"dispute"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("reference") {
			t.Error("the missing reference is not named")
		}
		moderator.get(path).want(t, http.StatusOK).says(t, "Reprendre ce document", "litige")
		page := moderator.post(path, why).want(t, http.StatusOK)
		page.says(t, "comment=&lt;b&gt;Rien à redire.&lt;/b&gt;", "Document restitué pour TJ 26/1", "Il est celui qui a été déposé")
		if page.Header.Get("Cache-Control") != "no-store" {
			t.Error("a restored document may be stored")
		}
		h.Clock.AddMachine(11 * time.Minute)
		if to := moderator.post(path, why).to(t); to != "/confirmer?next="+url.QueryEscape(path) {
			t.Errorf("without a fresh proof of identity: %s", to)
		}

		line, err := h.Archiver.Get(t.Context(), auth.Machine, id)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(h.Archive.Dir, filepath.FromSlash(line.Receipt))
		was, err := os.ReadFile(file)
		if err := errors.Join(err, os.Remove(file), os.WriteFile(file, append(was, '!'), 0o400)); err != nil {
			t.Fatal(err)
		}
		moderator = h.as(t, h.Staff(t, network.RoleModerator))
		if to := moderator.post(path, why).to(t); to != path {
			t.Errorf("of a changed deposit: %s", to)
		}
		moderator.get(path).want(t, http.StatusOK).says(t, "n’a pas rendu ce qui lui a été confié", "Changé chez l’archiveur", "appelez l’archiveur")
		officer.get("/aujourdhui").want(t, http.StatusOK).says(t, "Un dépôt a changé chez l’archiveur", path)

		h.Archive.Refuse(errors.New("closed"))
		if _, err := h.Life.Erase(t.Context(), auth.Machine, person, privacy.Scope{}, "asked"); err != nil {
			t.Fatal(err)
		}
		settle := func() { h.Sweep(t); h.Drain(t) }
		settle()
		officer.get("/aujourdhui").want(t, http.StatusOK).says(t, "Un dépôt n’est pas encore effacé chez l’archiveur", "essai sans réponse")
		officer.get(path).want(t, http.StatusOK).says(t, "Effacement pas encore confirmé")
		officer.get(path+"/certificat").want(t, http.StatusNotFound)
		h.Archive.Refuse(nil)
		h.Clock.AddMachine(3 * time.Hour)
		settle()
		officer = h.as(t, h.Staff(t, network.RoleOfficer))
		officer.get("/archiveur").want(t, http.StatusOK).says(t, "confirmé le")
		officer.get(path).want(t, http.StatusOK).says(t, "Certificat d’effacement")
		officer.get(path+"/certificat").want(t, http.StatusOK).says(t, "entremise archive deletion 1", "deposit="+id, "leaf=leaf_")
	})
}
