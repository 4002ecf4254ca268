package inbox_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"entremise/internal/db"
	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// An objection to a use works with the word that says it; the officer follows it, and what only it held is gone, or states grounds that the person
// reads, and the use goes on (GDPR art. 21.1, 17.1 c; RN-106).
func TestObject_worksAtOnceAndIsDecided(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer := context.Background(), r.One(t, network.RoleOfficer)
		const email = "objecte@example.org"
		sold(t, r, email)
		o := open(t, r, visitor, ask(func(a *inbox.Ask) {
			a.Asked, a.Email, a.Scopes, a.Words = network.RightObjection, email, []string{"secure"}, "Je travaille dans ce réseau."
		}))
		f, err := r.Inbox.Read(ctx, officer, o.ID)
		if err != nil || len(f.Against) != 1 || f.Against[0].Purpose != "secure" || f.Against[0].Said != privacy.SaidObjected || f.Against[0].Reason != "Je travaille dans ce réseau." {
			t.Fatalf("%+v, %v", f.Against, err)
		}
		who := f.People[0].ID
		held := func() (n int64) {
			if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				n, err = db.Value[int64](tx, "SELECT count(*) FROM holding WHERE person_id = $1 AND purpose = 'secure'", who)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if held() != 1 {
			t.Fatal("nothing is held for the purpose")
		}
		code(t, r.Inbox.Decide(ctx, officer, o.ID, inbox.Verdict{Person: who, Purpose: "secure", Grounds: "court"}), "invalid-fields")
		code(t, r.Inbox.Decide(ctx, officer, o.ID, inbox.Verdict{Person: "per_other", Purpose: "secure", Granted: true}), "no-case")
		code(t, r.Inbox.Decide(ctx, officer, o.ID, inbox.Verdict{Person: who, Purpose: "introduce", Granted: true}), "no-objection")
		code(t, r.Inbox.Decide(ctx, r.One(t, network.RoleAgent), o.ID, inbox.Verdict{Person: who, Purpose: "secure", Granted: true}), "not-permitted")
		if err := r.Inbox.Decide(ctx, officer, o.ID, inbox.Verdict{Person: who, Purpose: "secure", Grounds: "Une enquête sur des envois abusifs est en cours."}); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		told := false
		for _, m := range r.Post.Mails() {
			told = told || m.To.Address == email && strings.Contains(m.Text, "Une enquête sur des envois abusifs est en cours.")
		}
		if !told || held() != 1 {
			t.Errorf("told %t, held %d", told, held())
		}
		code(t, r.Inbox.Decide(ctx, officer, o.ID, inbox.Verdict{Person: who, Purpose: "secure", Granted: true}), "no-objection")
		// Once more, and it is followed.
		if err := r.Inbox.Apply(ctx, officer, o.ID); err != nil {
			t.Fatal(err)
		}
		if err := r.Inbox.Decide(ctx, officer, o.ID, inbox.Verdict{Person: who, Purpose: "secure", Granted: true}); err != nil {
			t.Fatal(err)
		}
		if held() != 0 {
			t.Error("what only the purpose held stays")
		}
		trace, err := r.Life.Trace(ctx, who, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range trace.Values {
			if v.Category == network.DataConnection && v.State == "open" {
				t.Errorf("%s of %s still opens", v.Column, v.Row)
			}
			if v.Category == network.DataContact && v.State != "open" && v.Bytes > 0 {
				t.Errorf("%s of %s went too", v.Column, v.Row)
			}
		}
		copied, err := r.Inbox.Preview(ctx, officer, o.ID)
		if err != nil || len(copied.People) != 1 || len(copied.People[0].Objections) != 4 {
			b, _ := json.Marshal(copied.People)
			t.Errorf("the copy says %s, %v", b, err)
		}
	})
}

// A word by the open form ends prospecting for a number that nobody is known by.
func TestObject_prospectingOfAStranger(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		open(t, r, visitor, ask(func(a *inbox.Ask) {
			a.Asked, a.Email, a.Phone = network.RightProspecting, "inconnu@example.org", rig.Mobile(8181)
		}))
		if err := r.DB.Read(context.Background(), func(tx *db.Tx) error {
			n, err := db.Value[int64](tx, "SELECT count(*) FROM stop WHERE scope IN ('calls', 'selling')")
			if n != 3 {
				t.Errorf("%d stops, want calls and selling by SMS and e-mail", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
