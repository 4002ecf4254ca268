package call_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"entremise/internal/call"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
	"entremise/networks"
)

// rewrite applies the network once more with other words in its file.
func rewrite(t *testing.T, r *rig.Rig, change ...string) {
	t.Helper()
	folder, err := networks.Open("emergency-trades")
	ok(t, err)
	changed := fstest.MapFS{}
	ok(t, fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(folder, path)
		if path == "network.yaml" {
			for i := 0; i < len(change); i += 2 {
				if !strings.Contains(string(b), change[i]) {
					t.Fatalf("the network file has no %q", change[i])
				}
				b = []byte(strings.Replace(string(b), change[i], change[i+1], 1))
			}
		}
		if change[1] == "" { // a figure that is gone may not stay in a text
			b = []byte(strings.ReplaceAll(string(b), "{recordings.share}", "0 %"))
		}
		changed[path] = &fstest.MapFile{Data: b}
		return err
	}))
	r.Clock.Add(2 * time.Second)
	n, problems, err := r.Editions.Apply(ctx, "system", changed)
	if err != nil || n == nil || network.Refused(problems) {
		t.Fatalf("the changed network does not apply: %v, %v", err, problems)
	}
}

func TestConsent_refusalMayGoOnUnrecordedWhereTheFileSaysSo(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "record: 10 %, announce: true, refusal: ends-call", "record: 100 %, announce: true, refusal: continues-unrecorded")
		agent := r.Agent(t)
		id := ring(t, r)
		ok(t, r.Calls.Answer(ctx, agent, id))
		_, err := r.Calls.Consent(ctx, agent, id, false)
		wantCode(t, err, "announce-first")
		ok(t, r.Calls.Announce(ctx, agent, id))
		req := must(r.Calls.Consent(ctx, agent, id, false))(t)
		c := must(r.Calls.Open(ctx, agent, id))(t)
		if req == "" || c.State != call.Talking || c.Sampled || !c.Accepted.IsZero() {
			t.Errorf("a refusal ends the call, or is recorded: %+v", c)
		}
		ok(t, r.Calls.Hangup(ctx, agent, id))
		// Who agrees is recorded here, every time.
		agreed, _ := talk(t, r, agent)
		ok(t, r.Calls.Hangup(ctx, agent, agreed))
		r.Drain(t)
		if n := value[int64](t, r, "SELECT count(*) FROM recording"); n != 1 || value[string](t, r, "SELECT call_id FROM recording") != agreed {
			t.Errorf("%d recordings", n)
		}
	})
}

func TestConsent_withoutRecordingsThereIsNothingToAnnounce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "\n  recordings: {document: every-call, record: 10 %, announce: true, refusal: ends-call}", "")
		agent := r.Agent(t)
		for range 20 {
			id := ring(t, r)
			ok(t, r.Calls.Answer(ctx, agent, id))
			must(r.Calls.Consent(ctx, agent, id, true))(t)
			if c := must(r.Calls.Open(ctx, agent, id))(t); c.Sampled || c.State != call.Talking {
				t.Fatalf("%+v", c)
			}
			ok(t, r.Calls.Hangup(ctx, agent, id))
		}
	})
}

// Who objected to recordings is not recorded when he calls again, whatever the draw says; taken back, he is drawn like everybody (GDPR art. 21.1).
func TestConsent_anObjectionKeepsCallsFromBeingRecorded(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "record: 10 %", "record: 100 %")
		agent, officer := r.Agent(t), r.One(t, network.RoleOfficer)
		again := func() (sampled bool, req string) {
			id, req := talk(t, r, agent)
			sampled = must(r.Calls.Open(ctx, agent, id))(t).Sampled
			ok(t, r.Calls.Hangup(ctx, agent, id))
			return sampled, req
		}
		first, req := again()
		ok(t, r.Requests.ObjectFor(ctx, officer, req, privacy.Objection{Purpose: "record_calls", Channel: "phone"}, false))
		second, _ := again()
		ok(t, r.Requests.ObjectFor(ctx, officer, req, privacy.Objection{Purpose: "record_calls", Channel: "phone"}, true))
		third, _ := again()
		if !first || second || !third {
			t.Errorf("recorded %v, after an objection %v, once it is taken back %v", first, second, third)
		}
	})
}
