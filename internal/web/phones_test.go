package web_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/network"
	"entremise/internal/rig"
)

func TestCall_fromRingToRequest(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		agent, other := h.Agent(t), h.Agent(t)
		b, second := h.as(t, agent), h.as(t, other)
		id, err := h.Calls.Ring(ctx, rig.Host, "plombier", rig.Mobile(901))
		if err != nil {
			t.Fatal(err)
		}
		page := b.get("/appels").want(t, 200)
		if !strings.Contains(page.body, "/appels/"+id+"/prendre") || strings.Contains(page.body, rig.Mobile(901)) {
			t.Error("the ringing call cannot be taken, or shows its number")
		}
		if to := b.post("/appels/"+id+"/prendre", nil).to(t); to != "/bureau/"+id {
			t.Fatalf("answering leads to %s", to)
		}
		if to := second.post("/appels/"+id+"/prendre", nil).to(t); to != "/appels" {
			t.Errorf("a second agent is led to %s", to)
		}
		second.get("/bureau/" + id).to(t) // not his

		// Nothing is asked before the announcement, and no consent is taken without it (ET-143).
		desk := b.get("/bureau/"+id).want(t, 200)
		if !strings.Contains(desk.body, "Certains appels sont enregistrés") || strings.Contains(desk.body, `name="postcode"`) || strings.Contains(desk.body, `name="answer"`) {
			t.Error("the desk asks before the announcement is made")
		}
		if to := b.post("/appels/"+id+"/enregistrement", url.Values{"answer": {"yes"}}).to(t); to != "/bureau/"+id {
			t.Errorf("a consent without announcement leads to %s", to)
		}
		if n := h.count(t, "SELECT count(*) FROM request WHERE channel = 'phone'"); n != 0 {
			t.Fatal("a request was opened before the announcement")
		}
		b.post("/appels/"+id+"/annonce", nil).to(t)
		to := b.post("/appels/"+id+"/enregistrement", url.Values{"answer": {"yes"}}).to(t)
		if !strings.HasPrefix(to, "/bureau/req_") {
			t.Fatalf("a consent leads to %s", to)
		}
		desk = b.get(to).want(t, 200)
		for _, x := range []string{"Êtes-vous en sécurité", `name="postcode"`, "Terminer l"} {
			if !strings.Contains(desk.body, x) {
				t.Errorf("the desk of a call does not show %q", x)
			}
		}

		// The consents that the law wants are asked aloud, and publishing says so.
		form := doing(leak(), "publish")
		for k := range form {
			if strings.HasPrefix(k, "consent-") {
				form.Del(k)
			}
		}
		form.Set("phone", rig.Mobile(901))
		refused := b.post(to, form).want(t, http.StatusUnprocessableEntity)
		asked := 0
		for _, c := range h.Network.ConsentsOn(network.AskedOnCall) {
			if c.Required {
				asked++
				if !refused.fieldError("consent-" + c.ID) {
					t.Errorf("publishing without %s is not refused", c.ID)
				}
			}
		}
		if asked == 0 {
			t.Error("the network asks nothing aloud: this test proves nothing")
		}
		file := b.post(to, h.spoken(form)).to(t)
		if !strings.HasPrefix(file, "/demandes/req_") {
			t.Fatalf("published from a call, it leads to %s", file)
		}
		if page := b.get(file).want(t, 200); !strings.Contains(page.body, "téléphone") {
			t.Error("the file does not say by which channel consent was given")
		}
		if to := b.post("/appels/"+id+"/terminer", nil).to(t); !strings.HasPrefix(to, "/bureau/") && to != "/appels" {
			t.Errorf("hanging up leads to %s", to)
		}
	})
}

func TestCall_whoRefusesLeavesNothing(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		b := h.as(t, h.Agent(t))
		to := b.post("/appels", url.Values{"number": {rig.Mobile(902)}}).to(t)
		id := strings.TrimPrefix(to, "/bureau/")
		b.post("/appels/"+id+"/annonce", nil).to(t)
		if to := b.post("/appels/"+id+"/enregistrement", url.Values{"answer": {"no"}}).to(t); to != "/appels" {
			t.Errorf("a refusal leads to %s", to)
		}
		if page := b.get("/appels").want(t, 200); !strings.Contains(page.body, "Rien de cette personne n’est gardé") || !strings.Contains(page.body, "Enregistrement refusé") {
			t.Error("the page does not say that nothing is kept")
		}
		if n := h.count(t, "SELECT count(*) FROM call WHERE id = $1 AND caller_bidx = '' AND state = 'refused'", id); n != 1 {
			t.Error("the call still knows its caller")
		}
		if n := h.count(t, "SELECT count(*) FROM request"); n != 0 {
			t.Error("a request was opened")
		}
	})
}

func TestCall_needsTrainingAndDuty(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id, err := h.Calls.Ring(context.Background(), rig.Host, "", rig.Mobile(903))
		if err != nil {
			t.Fatal(err)
		}
		untrained := h.as(t, h.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}}))
		if page := untrained.get("/appels").want(t, 200); !strings.Contains(page.body, "Votre formation n’est pas encore notée") {
			t.Error("an untrained agent is not told")
		}
		untrained.post("/appels/service", url.Values{"on": {"yes"}}).to(t)
		if page := untrained.get("/appels").want(t, 200); !strings.Contains(page.body, "Votre formation n’est pas encore enregistrée") || strings.Contains(page.body, "En service") {
			t.Error("an untrained agent goes on duty")
		}
		off := h.as(t, h.Staff(t, network.RoleAgent))
		if to := off.post("/appels/"+id+"/prendre", nil).to(t); to != "/appels" {
			t.Errorf("an agent off duty is led to %s", to)
		}
		if page := off.get("/appels").want(t, 200); !strings.Contains(page.body, "Mettez-vous en service") {
			t.Error("an agent off duty is not told what to do")
		}
		if to := off.post("/appels/service", url.Values{"on": {"yes"}, "back": {"/rappels"}}).to(t); to != "/rappels" {
			t.Errorf("the duty switch comes back to %s", to)
		}
		if to := off.post("/appels/service", url.Values{"on": {"no"}, "back": {"//evil.example/"}}).to(t); to != "/" {
			t.Errorf("the duty switch leads elsewhere: %s", to)
		}
	})
}

func TestCall_missedIsCalledBackFromTheQueue(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		id, err := h.Calls.Ring(context.Background(), rig.Host, "", rig.Mobile(904))
		if err != nil {
			t.Fatal(err)
		}
		h.Clock.Add(2 * time.Minute)
		h.Sweep(t)
		b := h.as(t, h.Agent(t))
		for _, path := range []string{"/rappels?c=" + id, "/aujourdhui"} {
			if page := b.get(path).want(t, 200); !strings.Contains(page.body, id) || strings.Contains(page.body, rig.Mobile(904)) {
				t.Errorf("%s does not show the missed call, or shows its number", path)
			}
		}
		if to := b.post("/rappels/"+id+"/prendre", nil).to(t); to != "/bureau/"+id {
			t.Errorf("calling back leads to %s", to)
		}
	})
}

func TestRecording_isHeardForAPurposeByWhoMay(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		ctx := context.Background()
		agent := h.Agent(t)
		b := h.as(t, agent)
		recording := ""
		for i := 0; recording == "" && i < 200; i++ { // one call in ten is recorded, by a draw from its id
			h.Clock.Add(time.Second) // the newest stands first in lists
			id, err := h.Calls.Ring(ctx, rig.Host, "", rig.Mobile(910+i))
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []error{h.Calls.Answer(ctx, agent, id), h.Calls.Announce(ctx, agent, id)} {
				if step != nil {
					t.Fatal(step)
				}
			}
			if _, err := h.Calls.Consent(ctx, agent, id, true); err != nil {
				t.Fatal(err)
			}
			if err := h.Calls.Hangup(ctx, agent, id); err != nil {
				t.Fatal(err)
			}
			h.Drain(t)
			all, err := h.Calls.Recent(ctx, agent, 200)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				recording += c.Recording
			}
		}
		if recording == "" {
			t.Fatal("no call of two hundred was recorded")
		}
		path := "/enregistrements/" + recording
		b.get(path).want(t, http.StatusForbidden)
		b.post(path, url.Values{"purpose": {"training"}}).want(t, http.StatusForbidden)
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'recording.hear' AND outcome = 'refused' AND object = $1", recording); n != 2 {
			t.Errorf("%d refused hearings are on record, want 2", n)
		}
		chief := h.as(t, h.Staff(t, network.RoleAdministrator))
		if page := chief.get("/appels").want(t, 200); !strings.Contains(page.body, path) {
			t.Error("the list does not lead to the recording")
		}
		if page := chief.get(path).want(t, 200); strings.Contains(page.body, "<audio") {
			t.Error("a recording plays before a purpose is named")
		}
		if page := chief.post(path, url.Values{"purpose": {"curiosity"}}).want(t, http.StatusUnprocessableEntity); !page.fieldError("purpose") || strings.Contains(page.body, "<audio") {
			t.Error("a recording plays for a purpose of nobody's")
		}
		page := chief.post(path, url.Values{"purpose": {"evidence"}}).want(t, 200)
		_, rest, _ := strings.Cut(page.body, `<audio controls preload="metadata" src="`)
		source, _, _ := strings.Cut(rest, `"`)
		if !strings.HasPrefix(source, "/enregistrements/son/") || !strings.Contains(page.Header.Get("Content-Security-Policy"), "media-src 'self'") {
			t.Fatalf("the recording does not play: %q", source)
		}
		sound := chief.get(source).want(t, 200)
		if sound.body != string(call.Tone(3)) || sound.Header.Get("Content-Type") != "audio/wav" || sound.Header.Get("Cache-Control") != "private, no-store" {
			t.Errorf("%d bytes of %s, %s", len(sound.body), sound.Header.Get("Content-Type"), sound.Header.Get("Cache-Control"))
		}
		chief.header.Set("Range", "bytes=100-299")
		if part := chief.get(source).want(t, http.StatusPartialContent); part.body != string(call.Tone(3)[100:300]) {
			t.Errorf("a part of %d bytes", len(part.body))
		}
		h.as(t, h.Staff(t, network.RoleAdministrator)).get(source).want(t, http.StatusGone)
		b.get(source).want(t, http.StatusGone)
		if n := h.count(t, "SELECT count(*) FROM audit WHERE action = 'recording.hear' AND outcome = 'done' AND detail = 'evidence' AND object = $1", recording); n != 1 {
			t.Errorf("%d hearings are on record, want 1", n)
		}
	})
}

func TestLineWebhook_believesOnlyWhatIsSigned(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		line := string(h.Network.Sites[0].Phone)
		body := fmt.Sprintf(`{"type":"ringing","id":"line-1","line":%q,"caller":%q,"at":%q}`, line, rig.Mobile(905), h.DB.Machine().Format(time.RFC3339))
		send := func(body, signature string) answer {
			b := h.at(t, h.Network.SpaceHost)
			b.header = http.Header{}
			b.header.Set("webhook-id", "evt_1")
			b.header.Set("webhook-timestamp", fmt.Sprint(h.DB.Machine().Unix()))
			b.header.Set("webhook-signature", signature)
			return b.send(http.MethodPost, "/webhooks/telephonie", "application/json", strings.NewReader(body))
		}
		m := hmac.New(sha256.New, webhookKey)
		m.Write([]byte("evt_1." + fmt.Sprint(h.DB.Machine().Unix()) + "." + body))
		good := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil))
		send(body, "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32))).want(t, http.StatusForbidden)
		send(strings.Replace(body, "line-1", "line-2", 1), good).want(t, http.StatusForbidden)
		for range 2 { // a line repeats what it is not sure to have said
			send(body, good).want(t, http.StatusNoContent)
		}
		if n := h.count(t, "SELECT count(*) FROM call WHERE state = 'ringing'"); n != 1 {
			t.Errorf("%d calls ring", n)
		}
	})
}
