package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entremise/internal/network"
)

// A token is shown once, works until it is revoked, and each keeper sees his own: the operator all, a professional his.
func TestTokens_madeShownOnceAndRevoked(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		boss := h.as(t, h.Staff(t, network.RoleAdministrator))
		if a := boss.post("/jetons", url.Values{"kind": {"affiliate"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("token_name") || !a.fieldError("email") || !a.fieldError("undertaking") {
			t.Error("an empty form is not refused field by field")
		}
		if a := boss.post("/jetons", url.Values{"kind": {"pro"}, "email": {"nobody@example.com"}, "token_name": {"Agenda"}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("email") {
			t.Error("a professional who does not exist gets a token")
		}
		page := boss.post("/jetons", url.Values{"kind": {"affiliate"}, "email": {"api@example.com"}, "token_name": {"Annuaire Exemple"}, "undertaking": {"Engagement 2026-11"}}).want(t, http.StatusOK)
		token := value(t, page.body, `<code>(ent_[A-Za-z0-9_-]+)</code>`)
		if again := boss.get("/jetons").want(t, http.StatusOK); strings.Contains(again.body, token) || !strings.Contains(again.body, "api@example.com") {
			t.Error("the token is shown twice, or its holder is not named")
		}
		partner := h.holding(t, token)
		partner.read("/trades").want(t, http.StatusOK)

		h.Clock.AddMachine(time.Second)
		who := h.Pro(t)
		pro := h.as(t, who)
		if a := pro.post("/profil/jetons", url.Values{"token_name": {" "}}).want(t, http.StatusUnprocessableEntity); !a.fieldError("token_name") {
			t.Error("a token for nothing is not refused")
		}
		own := value(t, pro.post("/profil/jetons", url.Values{"token_name": {"Mon agenda"}}).want(t, http.StatusOK).body, `<code>(ent_[A-Za-z0-9_-]+)</code>`)
		mine := h.holding(t, own)
		mine.read("/board").want(t, http.StatusOK)
		profile := pro.get("/profil").want(t, http.StatusOK).body
		if strings.Contains(profile, own) || strings.Contains(profile, "Annuaire Exemple") {
			t.Error("his profile shows the token again, or somebody else's")
		}
		his := value(t, profile, `action="(/profil/jetons/tok_[0-9a-z]+/revoquer)"`)
		theirs := value(t, boss.get("/jetons").body, `action="/jetons/(tok_[0-9a-z]+)/revoquer"`) // the newest first: his
		if !strings.Contains(his, theirs) {
			t.Error("the operator does not see the professional's token first")
		}
		partners := value(t, strings.SplitAfter(boss.get("/jetons").body, theirs)[1], `action="/jetons/(tok_[0-9a-z]+)/revoquer"`)
		pro.post("/profil/jetons/"+partners+"/revoquer", nil).want(t, http.StatusNotFound)
		partner.read("/trades").want(t, http.StatusOK)
		pro.post(his, nil).to(t)
		mine.read("/board").want(t, http.StatusUnauthorized)
		boss.post("/jetons/"+partners+"/revoquer", nil).to(t)
		partner.read("/trades").want(t, http.StatusUnauthorized)
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action IN ('token.create', 'token.revoke')"); n != 4 {
			t.Errorf("%d acts are on record, want 4", n)
		}
		if text := h.log.String(); strings.Contains(text, "ent_") {
			t.Error("a token stands in the log")
		}

		h.Clock.AddMachine(11 * time.Minute) // whoever found a screen open makes no token
		if to := boss.post("/jetons", url.Values{"kind": {"affiliate"}}).to(t); !strings.HasPrefix(to, "/confirmer") {
			t.Errorf("a stale session is led to %s", to)
		}
		if to := pro.post("/profil/jetons", url.Values{"token_name": {"Un autre"}}).to(t); !strings.HasPrefix(to, "/confirmer") {
			t.Errorf("a stale session is led to %s", to)
		}
	})
}
