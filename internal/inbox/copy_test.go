package inbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"entremise/internal/inbox"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// The right of access knows no phase of keeping: pictures are in the copy, and so is what lies in the archive, opened for the person alone and
// with a line; the officer who grants the copy sees that it is there (GDPR art. 15).
func TestCopy_holdsPicturesAndWhatIsArchived(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, officer, agent := context.Background(), r.One(t, network.RoleOfficer), r.One(t, network.RoleAgent)
		picture := []byte("\xff\xd8\xff a picture")
		s := r.Ask(t, func(a *request.Ask) {
			a.Street = "12 rue du Témoin"
			a.Photos = []request.Photo{{Width: 8, Height: 8, JPEG: picture}}
		})
		r.Drain(t)
		must(t, r.Requests.Take(ctx, agent, s.ID))
		must(t, r.Requests.Withdraw(ctx, agent, s.ID, "duplicate"))
		copyOf := func(mail string) (inbox.Copy, inbox.Copy) {
			t.Helper()
			o := open(t, r, visitor, ask(func(a *inbox.Ask) { a.Email = mail }))
			me := linkOf(t, r, mail)
			must(t, r.Inbox.Tie(ctx, officer, o.ID, s.Ref))
			checked, err := r.Inbox.Preview(ctx, officer, o.ID)
			must(t, err)
			must(t, r.Inbox.Answer(ctx, officer, o.ID, inbox.Reply{Text: "Voici vos données."}))
			me.Coded = true
			got, err := r.Inbox.OwnCopy(ctx, me)
			must(t, err)
			return checked, got
		}

		_, got := copyOf("avant@example.org")
		if q := got.People[0].Requests[0]; len(q.Photos) != 1 || !bytes.Equal(q.Photos[0], picture) || len(got.People[0].Archived) != 0 || q.Street != "12 rue du Témoin" {
			t.Fatalf("before the archive: %d photos, archived %+v", len(q.Photos), got.People[0].Archived)
		}

		r.Clock.Add(r.Clock.Now().AddDate(3, 0, 2).Sub(r.Clock.Now()))
		r.Sweep(t)
		checked, got := copyOf("apres@example.org")
		whole := func(c inbox.Copy) string {
			b, err := json.Marshal(c)
			must(t, err)
			return string(b)
		}
		if strings.Contains(whole(checked), "rue du Témoin") || len(checked.People[0].Archived) == 0 {
			t.Errorf("the officer's look: %s", whole(checked))
		}
		if got.People[0].Requests[0].Street != "" || !slices.ContainsFunc(got.People[0].Archived, func(a inbox.CopyArchived) bool { return a.Text == "12 rue du Témoin" }) {
			t.Errorf("the archive in the copy: %+v", got.People[0].Archived)
		}
		if given := got.Given(); len(given.People[0].Archived) != 0 {
			t.Error("what is archived is not for portability")
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
