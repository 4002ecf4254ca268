package request_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"entremise/internal/db"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
	"entremise/networks"
)

// Where matching rests on consent, taking it back ends the request, by whichever way it is taken back: here in the ledger itself, as a case of
// rights does.
func TestConsent_takenBackEndsWhatLivedByIt(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		one := func(q string, args ...any) (v string) {
			t.Helper()
			ok(r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[string](tx, q, args...); return }))
			return v
		}
		folder, err := networks.Open("emergency-trades")
		ok(err)
		text, err := fs.ReadFile(folder, "network.yaml")
		ok(err)
		changed := strings.Replace(string(text), "    basis: contract\n    people: [consumer]\n    data: [identity, contact, place, need,", "    basis: consent\n    people: [consumer]\n    data: [identity, contact, place, need,", 1)
		changed = strings.Replace(changed, "\nconsents:\n", "\nconsents:\n  use:\n    kind: consent\n    purpose: introduce\n    asked_on: form\n    required: true\n    wording: J’accepte l’usage de ma demande.\n", 1)
		r.Clock.Add(time.Second) // of two editions of one instant either may be in force
		n, problems, err := r.Editions.Apply(ctx, "system", over{folder, changed})
		if err != nil || n == nil {
			t.Fatal(err, problems)
		}
		r.Network = n
		ask := func(change func(*request.Ask)) request.Submitted {
			t.Helper()
			return r.Ask(t, func(a *request.Ask) {
				a.Consents["use"] = true
				change(a)
			})
		}
		kept, gone := ask(func(a *request.Ask) { a.Consents["opinion"] = true }), ask(func(*request.Ask) {})
		r.Clock.Add(time.Second)                                                         // and of two choices of one instant either may be the last
		for id, consent := range map[string]string{kept.ID: "opinion", gone.ID: "use"} { // the first takes back what he may refuse anyway
			who := one("SELECT person_id FROM request WHERE id = $1", id)
			ring, err := r.Vault.Ring(ctx, who)
			ok(err)
			ok(r.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := privacy.Withdraw(tx, ring, n, who, id, consent, "email", "fr", "")
				return err
			}))
		}
		r.Clock.Add(time.Minute)
		r.Sweep(t)
		if a, b := one("SELECT state FROM request WHERE id = $1", kept.ID), one("SELECT state FROM request WHERE id = $1", gone.ID); a != "received" || b != "cancelled" {
			t.Errorf("%s, %s", a, b)
		}
		r.Sweep(t) // and once is enough
		if k := count(t, r, "SELECT count(*) FROM message WHERE object = $1 AND kind = 'cancelled' AND channel = 'email'", gone.ID); k != 1 {
			t.Errorf("told %d times", k)
		}
	})
}

// over is a folder with other words in network.yaml.
type over struct {
	fs.FS
	text string
}

func (o over) Open(name string) (fs.File, error) {
	if name != "network.yaml" {
		return o.FS.Open(name)
	}
	return fstest.MapFS{name: &fstest.MapFile{Data: []byte(o.text)}}.Open(name)
}
