package oversight_test

import (
	"encoding/json"
	"strings"
	"testing"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/oversight"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// Of somebody of whom one record was asked for, that record alone is in the extract, held from its end and named in the trail.
func TestAuthority_oneRecordAlone(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		asked := r.Ask(t, func(in *rig.AskForm) { in.Name, in.Street = "Dominique Visée", "9 rue Demandée" })
		r.Drain(t)
		value := func(q string, args ...any) (v string) {
			t.Helper()
			if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[string](tx, q, args...); return }); err != nil {
				t.Fatal(err)
			}
			return v
		}
		who := value("SELECT person_id FROM request WHERE id = $1", asked.ID)
		message := value("SELECT min(id) FROM message WHERE person_id = $1", who)
		ringing, err := r.Calls.Ring(ctx, rig.Host, "plombier", rig.Mobile(4321))
		if err != nil {
			t.Fatal(err)
		}
		begin := func(data ...network.Category) string {
			t.Helper()
			id, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Authority, Since: r.DB.Now(), Data: data,
				Words: map[string]string{"authority": "Tribunal judiciaire", "legal": "CPP art. 77-1-1, réquisition 2026/119", "asked": "Un élément."}})
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		all := []network.Category{network.DataIdentity, network.DataContact, network.DataPlace, network.DataNeed, network.DataMessages}
		for typed, c := range map[string]struct {
			record, hold string
			rows         func(where string) bool
			least        int
		}{
			asked.Ref: {asked.ID, asked.ID, func(w string) bool { return strings.HasSuffix(w, " "+asked.ID) || strings.HasPrefix(w, "message.") }, 3},
			message:   {message, asked.ID, func(w string) bool { return strings.HasSuffix(w, " "+message) }, 2},
			ringing:   {ringing, ringing, func(w string) bool { return strings.HasSuffix(w, " "+ringing) }, 1},
		} {
			id := begin(all...)
			for _, wrong := range []string{"", "msg_nothing", "cal_nothing", "ZZZZ-ZZZZ", who} {
				if err := r.Oversight.TieRecord(ctx, officer, id, wrong); fields(err) != "ref" {
					t.Errorf("%q: %v", wrong, err)
				}
			}
			if err := r.Oversight.TieRecord(ctx, officer, id, typed); err != nil {
				t.Fatal(typed, err)
			}
			if err := r.Oversight.TieRecord(ctx, officer, id, typed); fields(err) != "ref" {
				t.Errorf("%s twice: %v", typed, err)
			}
			text, digest, err := r.Oversight.Hand(ctx, officer, id)
			if err != nil {
				t.Fatal(err)
			}
			var e oversight.Extract
			if err := json.Unmarshal(text, &e); err != nil || len(e.People) != 1 || e.People[0].Record != c.record || len(e.People[0].Values) < c.least {
				t.Fatalf("%s: %s, %v", typed, text, err)
			}
			for _, v := range e.People[0].Values {
				if !c.rows(v.Where) {
					t.Errorf("%s: the extract holds %s", typed, v.Where)
				}
			}
			if strings.Contains(string(text), "Dominique Visée") && c.record != message && c.record != asked.ID {
				t.Errorf("%s names its person: %s", typed, text)
			}
			if err := r.DB.Read(ctx, func(tx *db.Tx) error {
				lines, _, err := audit.List(tx, audit.Page{Object: c.record, Action: "oversight.handed"}, 10)
				if err != nil || len(lines) != 1 {
					t.Errorf("%s: the trail has %+v", typed, lines)
				}
				hand, _, err2 := audit.List(tx, audit.Page{Object: id, Action: "oversight.hand"}, 10)
				if len(hand) != 1 || !strings.HasPrefix(hand[0].Detail, digest) {
					t.Errorf("%s: the hash is not on record: %+v, %v", typed, hand, err2)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			holds, err := r.Life.Holds(ctx, officer)
			var last []privacy.LegalHold
			for _, h := range holds {
				if h.Ended.IsZero() {
					last = append(last, h)
				}
			}
			if err != nil || len(last) != 1 || last[0].Record != c.hold || last[0].Ground != "authority" {
				t.Errorf("%s: %+v, %v", typed, last, err)
			}
			if err := r.Oversight.Untie(ctx, officer, id, e.People[0].Person, c.record); err != nil {
				t.Fatal(err)
			}
			if _, _, err := r.Oversight.Hand(ctx, officer, id); fields(err) != "ref" {
				t.Errorf("taken out, an extract is made: %v", err)
			}
		}
		// All of somebody and one record of his may stand in one file; a breach names people only.
		id := begin(all...)
		if err := r.Oversight.TieRecord(ctx, officer, id, asked.Ref); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, who, asked.Ref); err != nil {
			t.Fatal(err)
		}
		breach, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Breach, Since: r.DB.Now(), Words: map[string]string{"title": "Un ordinateur perdu"}, People: oversight.Unknown, Records: oversight.Unknown})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.TieRecord(ctx, officer, breach, asked.Ref); err == nil {
			t.Error("a breach names one record")
		}
	})
}
