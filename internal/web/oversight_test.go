package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entremise/internal/network"
	"entremise/internal/oversight"
)

// What leaves the officer's desk in bulk asks who he is anew; nobody else gets it; a cell of a register is no formula.
func TestOversight_whatLeavesTheDesk(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		officer := h.Staff(t, network.RoleOfficer)
		b := h.as(t, officer)
		to := b.post("/conformite/nouveau/violations", url.Values{"title": {"=cmd|' /C calc'!A0"}, "since": {h.DB.Now().Add(-time.Hour).Format("2006-01-02T15:04")}}).to(t)
		if file := b.get("/conformite/registre/violations/csv").want(t, http.StatusOK); !strings.Contains(file.body, "'=cmd") || strings.Contains(file.body, ";=cmd") {
			t.Errorf("the register says %s", file.body)
		}
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'oversight.export' AND actor = $1", officer.Account); n != 1 {
			t.Errorf("%d exports are on record", n)
		}
		request := b.post("/conformite/nouveau/autorites", url.Values{"authority": {"Parquet de Testville"}, "legal": {"CPC art. 145"}, "asked": {"Tout."}, "data": {"contact"}, "since": {h.DB.Now().Add(-time.Hour).Format("2006-01-02T15:04")}}).to(t)
		asked := h.Ask(t)
		b.post(request, url.Values{"do": {"tie"}, "ref": {asked.Ref}}).to(t)
		if a := b.post(request+"/extrait", nil).want(t, http.StatusOK); a.Header.Get("Cache-Control") != "private, no-store" || !strings.Contains(a.body, asked.Ref) {
			t.Error("the extract is kept by caches, or is empty")
		}
		b.post("/conformite/inspection", nil).want(t, http.StatusOK)
		for _, role := range []network.Role{network.RoleAdministrator, network.RoleAgent} {
			other := h.as(t, h.Staff(t, role))
			for _, path := range []string{request + "/extrait", "/conformite/inspection", request, "/conformite/nouveau/violations"} {
				other.post(path, url.Values{"do": {"close"}}).want(t, http.StatusForbidden)
			}
		}
		if n := h.count(t, "SELECT count(*) FROM oversight_event WHERE kind = $1", oversight.EvHanded); n != 1 {
			t.Errorf("%d extracts are on record", n)
		}
		h.Clock.AddMachine(11 * time.Minute)
		for _, ask := range []func() answer{
			func() answer { return b.get("/conformite/registre/violations/csv") },
			func() answer { return b.post(request+"/extrait", nil) },
			func() answer { return b.post("/conformite/inspection", nil) },
		} {
			if to := ask().to(t); !strings.HasPrefix(to, "/confirmer?next=") {
				t.Errorf("a stale session is led to %s", to)
			}
		}
		b.get(to).want(t, http.StatusOK)
	})
}
