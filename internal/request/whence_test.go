package request_test

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/rig"
	"entremise/networks"
)

// Where the machine publishes by itself, a request that is set aside for its country waits for an agent; one that the file accepts, marked or not, does
// not wait. A partner's program is not asked about.
func TestWhence_setAsideWaitsForAnAgent(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		folder, err := networks.Open("emergency-trades")
		must(t, err)
		text, err := fs.ReadFile(folder, "network.yaml")
		must(t, err)
		changed := string(text)
		for _, e := range [][2]string{
			{"  qualification: agent\n", "  qualification: automatic\n"},
			{"  disposable_mail: refuse\n", "  disposable_mail: refuse\n  country: {provider: country, accepted: [FR], otherwise: set-aside}\n"},
			{"    data: [connection]\n    recipients: [hosting]\n", "    data: [connection]\n    recipients: [country, hosting]\n"},
			{"\nrecipients:\n", "\nrecipients:\n  country: {label: Un prestataire, role: processor, contract: ST-1, signed: 2026-01-05, country: FR}\n"},
		} {
			if !strings.Contains(changed, e[0]) {
				t.Fatalf("the network does not say %q", e[0])
			}
			changed = strings.Replace(changed, e[0], e[1], 1)
		}
		r.Clock.Add(time.Second)
		n, problems, err := r.Editions.Apply(ctx, "system", over{folder, changed})
		if err != nil || n == nil {
			t.Fatal(err, problems)
		}
		answer, asked := "", 0
		requests := request.New(request.Parts{DB: r.DB, Vault: r.Vault, Editions: r.Editions, Notify: r.Notify, Pros: r.Pros, Billing: r.Billing, Links: r.Links, URL: func(host, path string) string { return "https://" + host + path }, Demo: true,
			Country: func(context.Context, string) (string, error) {
				if asked++; answer == "" {
					return "", errors.New("down")
				}
				return answer, nil
			}})
		r.Pro(t)
		for _, c := range []struct {
			answer, state, mark string
			who                 auth.Who
			asks                int
		}{{"FR", "published", "", auth.Visitor, 1}, {"US", "received", "elsewhere aside", auth.Visitor, 1}, {"", "published", "unknown", auth.Visitor, 1}, {"US", "published", "", auth.Affiliate, 0}} {
			answer, asked = c.answer, 0
			out, err := requests.Submit(ctx, auth.Actor{Who: c.who, Lang: "fr", Account: map[bool]string{true: "acc_partner"}[c.who == auth.Affiliate]}, r.AskInput())
			must(t, err)
			r.Drain(t)
			var state, mark string
			must(t, r.DB.Read(ctx, func(tx *db.Tx) error {
				if state, err = db.Value[string](tx, "SELECT state FROM request WHERE id = $1", out.ID); err != nil {
					return err
				}
				marks, err := request.Marked(tx, out.ID)
				mark = marks[out.ID]
				return err
			}))
			if state != c.state || mark != c.mark || asked != c.asks {
				t.Errorf("from %q by %s: %s, mark %q, asked %d times", c.answer, c.who, state, mark, asked)
			}
		}
		// The file may refuse, and then nothing is stored.
		changed = strings.Replace(changed, "otherwise: set-aside}", "otherwise: refuse, unanswered: set-aside}", 1)
		r.Clock.Add(time.Second)
		if n, problems, err = r.Editions.Apply(ctx, "system", over{folder, changed}); err != nil || n == nil {
			t.Fatal(err, problems)
		}
		count := func() (k int64) {
			must(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { k, err = db.Value[int64](tx, "SELECT count(*) FROM person"); return }))
			return k
		}
		before := count()
		answer = "US"
		if _, err := requests.Submit(ctx, auth.Actor{Who: auth.Visitor, Lang: "fr"}, r.AskInput()); !fault.Is(err, fault.Denied) || count() != before {
			t.Errorf("refused: %v, %d people more", err, count()-before)
		}
		if n.Verification.Country.Unanswered != network.ElsewhereAside {
			t.Error("the file's word for an outage is not read")
		}
	})
}
