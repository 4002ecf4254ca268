package request_test

import (
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// Whose request staff withdraw is told why, in the words of the file and in his language, and how to go on; who cancelled himself is not told
// that somebody else did.
func TestWithdraw_tellsTheConsumerWhy(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.One(t, network.RoleAgent)
		told := func(kind string) (texts, mails []string) {
			t.Helper()
			r.Drain(t)
			for _, m := range r.Post.Texts() {
				texts = append(texts, m.Text)
			}
			for _, m := range r.Post.Mails() {
				mails = append(mails, m.Subject+"\n"+m.Text)
			}
			keep := func(all []string) (kept []string) {
				for _, s := range all {
					if strings.Contains(s, kind) {
						kept = append(kept, s)
					}
				}
				return kept
			}
			return keep(texts), keep(mails)
		}
		withdraw := func(reason string, change ...func(*request.Ask)) request.Submitted {
			t.Helper()
			s := r.Ask(t, change...)
			r.Publish(t, s.ID)
			code(t, r.Requests.Withdraw(ctx, agent, s.ID, "weather"), "invalid-fields")
			must(t, r.Requests.Withdraw(ctx, agent, s.ID, reason))
			code(t, r.Requests.Withdraw(ctx, agent, s.ID, reason), "state-moved")
			return s
		}
		for _, lang := range []string{"fr", "en"} {
			s := withdraw("out-of-scope", func(in *request.Ask) { in.Lang = lang })
			why, line := r.Network.Withdrawal("out-of-scope").Say(lang), r.Network.Sites[0].Phone.Display()
			texts, mails := told(why)
			if len(texts) != 1 || len(mails) != 1 {
				t.Fatalf("%s: %d texts and %d e-mails say why", lang, len(texts), len(mails))
			}
			for _, words := range []string{texts[0], mails[0]} {
				flat := strings.NewReplacer("\u00a0", " ", "\u202f", " ")
				if !strings.Contains(words, s.Ref) || !strings.Contains(flat.Replace(words), flat.Replace(line)) || !strings.Contains(words, "/r/") {
					t.Errorf("%s does not name the request, or say how to go on: %s", lang, words)
				}
			}
		}
		// A number that answered STOP gets no text; the e-mail goes on.
		stopped := r.AskInput()
		must(t, r.Requests.StopSMS(ctx, "+33"+strings.ReplaceAll(stopped.Phone, " ", "")[1:]))
		why := r.Network.Withdrawal("abuse").FR
		withdraw("abuse", func(in *request.Ask) { in.Phone = stopped.Phone })
		if texts, mails := told(why); len(texts) != 0 || len(mails) != 1 {
			t.Errorf("after STOP %d texts and %d e-mails say why", len(texts), len(mails))
		}
		if n := count(t, r, "SELECT count(*) FROM message WHERE kind = 'request-withdrawn' AND channel = $1 AND state = 'stopped'", notify.BySMS); n != 1 {
			t.Errorf("%d texts were stopped", n)
		}
		own := r.Ask(t)
		must(t, r.Requests.Cancel(ctx, auth.Actor{Who: auth.Consumer, Request: own.ID}))
		r.Drain(t)
		if n := count(t, r, "SELECT count(*) FROM message WHERE kind = 'request-withdrawn' AND object = $1", own.ID); n != 0 {
			t.Error("who cancelled is told that staff did")
		}
	})
}

// A waiting request that is closed by mistake and taken up again leaves nobody outside with a word of it; closed for good, its consumer is told
// once, with the last reason.
func TestWithdraw_tellsOnlyWhatStands(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.One(t, network.RoleAgent)
		id := r.Ask(t).ID
		must(t, r.Requests.Take(ctx, agent, id))
		pass := func(d time.Duration) {
			r.Clock.Add(d)
			r.Clock.AddMachine(d)
			r.Drain(t)
		}
		told := func() int64 {
			return count(t, r, "SELECT count(*) FROM message WHERE kind = 'request-withdrawn' AND object = $1", id)
		}
		pass(time.Minute)
		must(t, r.Requests.Withdraw(ctx, agent, id, "unreachable"))
		pass(5 * time.Second)
		must(t, r.Requests.Unwithdraw(ctx, agent, id))
		pass(5 * time.Second)
		must(t, r.Requests.Withdraw(ctx, agent, id, "duplicate"))
		pass(12 * time.Second) // what the first closing promised is due, and finds the second
		if n := told(); n != 0 {
			t.Fatalf("%d messages while it may be taken back", n)
		}
		pass(10 * time.Second)
		pass(time.Minute)
		mails := 0
		for _, m := range r.Post.Mails() {
			if strings.Contains(m.Text, r.Network.Withdrawal("duplicate").FR) {
				mails++
			}
			if strings.Contains(m.Text, r.Network.Withdrawal("unreachable").FR) {
				t.Error("he is told the reason that was taken back")
			}
		}
		if n := told(); n != 2 || mails != 1 {
			t.Errorf("%d messages, %d e-mails with the reason; want a text and an e-mail", n, mails)
		}
	})
}
