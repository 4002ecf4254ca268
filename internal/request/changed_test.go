package request_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/rig"
)

// A correction that comes while an agent has the request on his desk is neither lost nor does it take away what he typed: he chooses.
func TestPublish_doesNotOverwriteACorrection(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.One(t, network.RoleAgent)
		const corrected = "06 39 98 77 66"
		for _, c := range []struct {
			name  string
			typed bool // the agent had saved something before
			act   string
			phone string
		}{
			{"read only, taken", false, "adopt", "+33639987766"},
			{"typed, taken", true, "adopt", "+33639987766"},
			{"typed, kept", true, "keep", "+33639981111"},
			{"read only, kept", false, "keep", ""},
		} {
			asked := r.Ask(t)
			must(t, r.Requests.Take(ctx, agent, asked.ID))
			desk, err := r.Requests.OpenDesk(ctx, agent, asked.ID)
			must(t, err)
			draft := desk.Draft
			if c.typed {
				draft.Name, draft.Phone, draft.Price = "Nom du Bureau", "06 39 98 11 11", "41"
				must(t, r.Requests.Save(ctx, agent, asked.ID, draft))
			}
			coded := auth.Actor{Who: auth.Consumer, Request: asked.ID, Coded: true}
			mine, err := r.Requests.Mine(ctx, coded)
			must(t, err)
			in := mine.Current()
			in.Phone, in.Answers["leak_where"] = corrected, []string{"wall"}
			must(t, r.Requests.Correct(ctx, coded, "", in))

			code(t, r.Requests.Publish(ctx, agent, asked.ID, draft), "corrected")
			must(t, r.Requests.Save(ctx, agent, asked.ID, draft))
			desk, err = r.Requests.Reopen(ctx, agent, asked.ID)
			must(t, err)
			var fields []string
			for _, x := range desk.Changes {
				fields = append(fields, x.Field)
			}
			if !slices.Equal(fields, []string{"phone", "answers.leak_where"}) || desk.Corrected.IsZero() {
				t.Errorf("%s: the desk says that %q changed", c.name, fields)
			}
			if desk.Draft.Phone != draft.Phone || desk.Draft.Price != draft.Price {
				t.Errorf("%s: what the agent typed is gone: %+v", c.name, desk.Draft)
			}
			if now := desk.Changes[0].Now; len(now) != 1 || now[0] != "+33639987766" {
				t.Errorf("%s: the correction is gone: %q", c.name, now)
			}
			if c.act == "adopt" {
				must(t, r.Requests.Adopt(ctx, agent, asked.ID, draft))
			} else {
				kept := draft
				kept.Seen = desk.Seen
				must(t, r.Requests.Save(ctx, agent, asked.ID, kept))
			}
			desk, err = r.Requests.Reopen(ctx, agent, asked.ID)
			must(t, err)
			if len(desk.Changes) > 0 || desk.Draft.Price != draft.Price || c.typed && desk.Draft.Name != "Nom du Bureau" {
				t.Errorf("%s: after the choice: %+v", c.name, desk.Draft)
			}
			must(t, r.Requests.Publish(ctx, agent, asked.ID, desk.Draft))
			file, err := r.Requests.OpenFile(ctx, agent, asked.ID)
			must(t, err)
			where := "sink"
			if c.act == "adopt" {
				where = "wall"
			}
			if c.phone != "" && file.Who.Phone != c.phone || !slices.Equal(file.Answers["leak_where"], []string{where}) {
				t.Errorf("%s: published with %s, %v", c.name, file.Who.Phone, file.Answers)
			}
			if i := slices.IndexFunc(file.Events, func(e request.Event) bool { return e.Kind == request.EvCorrected }); i < 0 || file.Events[i].Object != "phone,answers.leak_where" || strings.Contains(file.Events[i].Object, "7766") {
				t.Errorf("%s: the history does not name what was corrected", c.name)
			}
		}
	})
}

// What says the same on both sides asks nobody, and who opens a desk after a correction sees nothing but it.
func TestPublish_asksOnlyWhereACorrectionAndTheDeskDiffer(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.One(t, network.RoleAgent)
		correct := func(id, phone string) {
			t.Helper()
			coded := auth.Actor{Who: auth.Consumer, Request: id, Coded: true}
			mine, err := r.Requests.Mine(ctx, coded)
			must(t, err)
			in := mine.Current()
			in.Phone = phone
			must(t, r.Requests.Correct(ctx, coded, "", in))
		}
		same := r.Ask(t)
		must(t, r.Requests.Take(ctx, agent, same.ID))
		desk, err := r.Requests.OpenDesk(ctx, agent, same.ID)
		must(t, err)
		draft := desk.Draft
		draft.Phone = "06 39 98 22 33"
		must(t, r.Requests.Save(ctx, agent, same.ID, draft))
		correct(same.ID, "+33 6 39 98 22 33")
		must(t, r.Requests.Publish(ctx, agent, same.ID, draft))

		before := r.Ask(t)
		correct(before.ID, "06 39 98 22 44")
		must(t, r.Requests.Take(ctx, agent, before.ID))
		desk, err = r.Requests.OpenDesk(ctx, agent, before.ID)
		must(t, err)
		if len(desk.Changes) > 0 || desk.Draft.Phone != "+33639982244" {
			t.Errorf("a desk opened afterwards: %+v %+v", desk.Changes, desk.Draft)
		}
		must(t, r.Requests.Publish(ctx, agent, before.ID, desk.Draft))
	})
}

// Who closes a waiting request by mistake has some seconds to take it back, as if nothing had been; nobody else has, and nobody later.
func TestUnwithdraw_isForItsAuthorAtOnceAndOnlyWhileNobodyOutsideKnows(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent, colleague := r.Staff(t, network.RoleAgent), r.Staff(t, network.RoleAgent)
		withdrawn := func(in ...func(*request.Ask)) string {
			t.Helper()
			asked := r.Ask(t, in...)
			must(t, r.Requests.Take(ctx, agent, asked.ID))
			desk, err := r.Requests.OpenDesk(ctx, agent, asked.ID)
			must(t, err)
			draft := desk.Draft
			draft.Price = "37"
			must(t, r.Requests.Save(ctx, agent, asked.ID, draft))
			r.Clock.Add(time.Minute)
			must(t, r.Requests.Withdraw(ctx, agent, asked.ID, "duplicate"))
			return asked.ID
		}
		id := withdrawn()
		r.Drain(t) // its acknowledgement
		sent := len(r.Post.Texts())
		code(t, r.Requests.Unwithdraw(ctx, colleague, id), "too-late")
		must(t, r.Requests.Unwithdraw(ctx, agent, id))
		code(t, r.Requests.Unwithdraw(ctx, agent, id), "too-late")
		desk, err := r.Requests.Reopen(ctx, agent, id)
		must(t, err)
		if desk.State != request.Received || desk.Draft.Price != "37" || !desk.StateAt.Equal(desk.At) || desk.TakenBy != agent.Account {
			t.Errorf("after the undo: %s since %v, draft %+v", desk.State, desk.StateAt, desk.Draft)
		}
		r.Drain(t)
		if n := len(r.Post.Texts()); n != sent {
			t.Errorf("%d texts left", n-sent)
		}

		late := withdrawn()
		r.Clock.Add(21 * time.Second)
		code(t, r.Requests.Unwithdraw(ctx, agent, late), "too-late")

		phone := r.AskInput().Phone
		same := func(in *request.Ask) { in.Phone = phone }
		again := withdrawn(same)
		if s := r.Ask(t, same); s.Duplicate {
			t.Fatal("the number may not ask again: this proves nothing")
		}
		code(t, r.Requests.Unwithdraw(ctx, agent, again), "too-late")

		published := r.Ask(t).ID
		r.Publish(t, published)
		file, err := r.Requests.OpenFile(ctx, agent, published)
		must(t, err)
		kinds := make([]string, len(file.Events))
		for i, e := range file.Events {
			kinds[i] = e.Kind
		}
		if want := []string{request.EvQualified, request.EvPriced, request.EvPublished}; !slices.Equal(kinds[len(kinds)-3:], want) {
			t.Errorf("what happens at once is told as %q", kinds)
		}
		must(t, r.Requests.Withdraw(ctx, agent, published, "abuse"))
		code(t, r.Requests.Unwithdraw(ctx, agent, published), "too-late")
	})
}

// A corrected number takes what was asked with it along: the new one meets the request, the old one is free, and the end frees the new one.
func TestRenumber_theRequestStandsUnderTheNewNumber(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		was, now := r.AskInput().Phone, r.AskInput().Phone
		from := func(phone string) func(*request.Ask) { return func(in *request.Ask) { in.Phone = phone } }
		first := r.Ask(t, from(was))
		r.Publish(t, first.ID, func(d *request.Draft) { d.Phone = now })
		if s := r.Ask(t, from(now)); !s.Duplicate || s.ID != first.ID {
			t.Errorf("the new number: %+v", s)
		}
		other := r.Ask(t, from(was))
		if other.Duplicate || other.ID == first.ID {
			t.Errorf("the old number: %+v", other)
		}
		// Where the new number has asked the same itself, its own request stands.
		r.Publish(t, other.ID, func(d *request.Draft) { d.Phone = now })
		if s := r.Ask(t, from(now)); s.ID != first.ID {
			t.Errorf("two under one number: %+v", s)
		}
		must(t, r.Requests.Withdraw(ctx, r.One(t, network.RoleAgent), first.ID, "abuse"))
		if s := r.Ask(t, from(now)); s.Duplicate {
			t.Errorf("after the end: %+v", s)
		}
	})
}
