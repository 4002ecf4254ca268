package oversight_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/oversight"
	"entremise/internal/rig"
)

var ctx = context.Background()

// breach opens one that was known an hour ago.
func breach(t *testing.T, r *rig.Rig, officer auth.Actor) string {
	t.Helper()
	id, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Breach, Since: r.DB.Now().Add(-time.Hour), Words: map[string]string{"title": "Un ordinateur perdu"}, People: oversight.Unknown, Records: oversight.Unknown})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func whole(risk oversight.Risk) oversight.In {
	return oversight.In{Words: map[string]string{"nature": "Un ordinateur non chiffré a été perdu dans un train.", "consequences": "Des appels importuns.", "measures": "Accès fermés ; méfiez-vous des appels.", "reason": "Des numéros lisibles par un tiers."},
		Risk: risk, Data: []network.Category{network.DataContact}, People: 12, Records: 30}
}

func read(t *testing.T, r *rig.Rig, officer auth.Actor, id string) oversight.Whole {
	t.Helper()
	w, err := r.Oversight.Read(ctx, officer, id)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func mails(r *rig.Rig, to string) (all []notify.Mail) {
	for _, m := range r.Post.Mails() {
		if m.To.Address == to {
			all = append(all, m)
		}
	}
	return all
}

func fields(err error) string {
	f := fault.Of(err)
	if f == nil {
		return ""
	}
	var all []string
	for _, x := range f.Fields {
		all = append(all, x.Name)
	}
	return strings.Join(all, " ")
}

// Seventy-two hours from awareness: the officer is warned before and after, a late notice needs its reasons, and a file is closed whole or not at all.
func TestBreach_runsItsClock(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		id := breach(t, r, officer)
		w := read(t, r, officer, id)
		if want := w.Since.Add(72 * time.Hour); !w.Due.Equal(want) {
			t.Fatalf("due %s, want %s", w.Due, want)
		}
		letters := func() int { return len(mails(r, r.Network.Operator.Officer.Email)) }
		for _, step := range []struct {
			at     time.Duration // from awareness
			mails  int
			toldBy string
		}{{48*time.Hour - time.Second, 0, ""}, {48 * time.Hour, 1, "soon"}, {72*time.Hour - time.Second, 1, "soon"}, {72 * time.Hour, 2, "late"}, {73 * time.Hour, 2, "late"}} {
			r.Clock.Add(w.Since.Add(step.at).Sub(r.DB.Now()))
			r.Sweep(t)
			if got := read(t, r, officer, id); letters() != step.mails || got.Told != step.toldBy {
				t.Fatalf("%s after awareness: %d mails, told %q; want %d and %q", step.at, letters(), got.Told, step.mails, step.toldBy)
			}
		}
		if err := r.Oversight.Notified(ctx, officer, id, ""); fields(err) != "nature" {
			t.Errorf("notified of nothing: %v", err)
		}
		if err := r.Oversight.Close(ctx, officer, id); fields(err) != "nature consequences measures reason risk data people records late" {
			t.Errorf("closed unfinished: %v", fields(err))
		}
		if err := r.Oversight.Complete(ctx, officer, id, whole(oversight.RiskHigh)); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Notified(ctx, officer, id, " court "); fields(err) != "late" {
			t.Errorf("late without reasons: %v", err)
		}
		if err := r.Oversight.Declined(ctx, officer, id, "Le disque était sans doute vide."); !fault.Is(err, fault.Conflict) {
			t.Errorf("not notified in spite of a risk: %v", err)
		}
		if err := r.Oversight.Notified(ctx, officer, id, "Le vol n’a été compris qu’au retour du salarié."); err != nil {
			t.Fatal(err)
		}
		if w = read(t, r, officer, id); !w.Due.IsZero() || w.Notified.IsZero() || w.Words["late"] == "" {
			t.Errorf("after the notice: %+v", w.File)
		}
		for _, lang := range []string{"fr", "en"} {
			if d := w.Draft(lang); !strings.Contains(d, "train") || !strings.Contains(d, w.Ref) || !strings.Contains(d, "12") || !strings.Contains(d, "retour du salarié") {
				t.Errorf("the notice says %q", d)
			}
		}
		if err := r.Oversight.Close(ctx, officer, id); fields(err) != "not_told" {
			t.Errorf("closed with a high risk, nobody told: %v", err)
		}
		if err := r.Oversight.Withheld(ctx, officer, id, "Le disque s’est révélé chiffré (art. 34.3 a)."); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Close(ctx, officer, id); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Complete(ctx, officer, id, whole(oversight.RiskSome)); !fault.Is(err, fault.Conflict) {
			t.Errorf("a closed file was changed: %v", err)
		}
		all, err := r.Oversight.List(ctx, officer, oversight.Breach)
		if err != nil || len(all) != 1 || all[0].State != oversight.Closed || all[0].Words["nature"] == "" {
			t.Errorf("the register: %+v, %v", all, err)
		}
	})
}

// Where no risk is likely the authority need not be told; a higher risk found later makes the clock run again.
func TestBreach_withoutRiskIsNotNotified(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		id := breach(t, r, officer)
		if err := r.Oversight.Complete(ctx, officer, id, whole(oversight.RiskNone)); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Declined(ctx, officer, id, "Le disque est chiffré, la clé est restée ici."); err != nil {
			t.Fatal(err)
		}
		if w := read(t, r, officer, id); !w.Due.IsZero() || len(w.Missing(0)) != 0 {
			t.Errorf("due %s, lacks %v", w.Due, w.Missing(0))
		}
		if err := r.Oversight.Complete(ctx, officer, id, whole(oversight.RiskSome)); err != nil {
			t.Fatal(err)
		}
		if w := read(t, r, officer, id); w.Due.IsZero() || w.Words["not_notified"] != "" {
			t.Error("the clock stands still in spite of a risk")
		}
	})
}

// The letter reaches everybody of whom the data is held, once, however often its job runs; whoever is named, and nobody else.
func TestBreach_tellsThePeople(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		first := r.Ask(t, func(in *rig.AskForm) { in.Email = "premiere@example.com" })
		const others = 30 // more holdings than one step goes through
		for range others {
			r.Ask(t)
		}
		r.Ask(t, func(in *rig.AskForm) { in.Email = "seconde@example.com" })
		r.Drain(t)
		id := breach(t, r, officer)
		if err := r.Oversight.Tell(ctx, officer, id, nil); fields(err) != "nature consequences measures whom" {
			t.Errorf("told of nothing: %v", fields(err))
		}
		if err := r.Oversight.Complete(ctx, officer, id, whole(oversight.RiskHigh)); err != nil {
			t.Fatal(err)
		}
		count := func(to string) (n int) {
			for _, m := range mails(r, to) {
				if strings.Contains(m.Text, "perdu dans un train") {
					n++
				}
			}
			return n
		}
		var who string
		if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
			who, err = db.Value[string](tx, "SELECT person_id FROM request WHERE id = $1", first.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, "per_nobody", "X"); fields(err) != "ref" {
			t.Errorf("tied nobody: %v", err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, who, first.Ref); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, who, first.Ref); fields(err) != "ref" {
			t.Errorf("tied twice: %v", err)
		}
		if err := r.Oversight.Tell(ctx, officer, id, nil); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		if count("premiere@example.com") != 1 || count("seconde@example.com") != 0 {
			t.Fatalf("named: %d and %d letters", count("premiere@example.com"), count("seconde@example.com"))
		}
		r.Clock.Add(time.Second) // letters are listed by their time
		if err := r.Oversight.Tell(ctx, officer, id, []network.Category{network.DataContact}); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		// As after a crash that came before anything was stored: it goes through everybody again and writes to nobody twice.
		if err := r.DB.Write(ctx, func(tx *db.Tx) error {
			ids, err := db.Values[string](tx, "SELECT id FROM oversight_letter WHERE data <> ''")
			if err != nil || len(ids) != 1 {
				return fmt.Errorf("%d letters, %w", len(ids), err)
			}
			if err := tx.Send("UPDATE oversight_letter SET after_id = '', done_at = 0, sent = 0 WHERE id = $1", ids[0]); err != nil {
				return err
			}
			return job.Add(tx, "oversight.tell", ids[0], 0)
		}); err != nil {
			t.Fatal(err)
		}
		r.Drain(t)
		if count("premiere@example.com") != 2 || count("seconde@example.com") != 1 {
			t.Errorf("by data: %d and %d letters", count("premiere@example.com"), count("seconde@example.com"))
		}
		all := 0
		for _, m := range r.Post.Mails() {
			if strings.Contains(m.Text, "perdu dans un train") {
				all++
			}
		}
		if all != others+3 {
			t.Errorf("%d letters in all, want %d", all, others+3)
		}
		w := read(t, r, officer, id)
		if len(w.Letters) != 2 || w.Letters[0].Sent != 1 || w.Letters[1].Sent != others+2 || w.Letters[1].Done.IsZero() {
			t.Errorf("letters: %+v", w.Letters)
		}
	})
}

// An extract for an authority holds the people and the data that were asked for and nothing else, and its hash is on record before it leaves.
func TestAuthority_extractKeepsToItsScope(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		asked := r.Ask(t, func(in *rig.AskForm) { in.Name, in.Street = "Dominique Visée", "9 rue Demandée" })
		r.Ask(t, func(in *rig.AskForm) { in.Name = "Camille Étrangère" })
		in := oversight.In{Kind: oversight.Authority, Since: r.DB.Now(), Words: map[string]string{"authority": "Tribunal judiciaire", "asked": "Les coordonnées du demandeur."}, Data: []network.Category{network.DataIdentity, network.DataContact}}
		if _, err := r.Oversight.Begin(ctx, officer, in); fields(err) != "legal" {
			t.Errorf("without a legal reference: %v", err)
		}
		in.Words["legal"] = "CPP art. 77-1-1, réquisition 2026/118"
		empty := in
		empty.Data = nil
		if _, err := r.Oversight.Begin(ctx, officer, empty); fields(err) != "data" {
			t.Errorf("without a scope: %v", err)
		}
		id, err := r.Oversight.Begin(ctx, officer, in)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := r.Oversight.Hand(ctx, officer, id); fields(err) != "ref" {
			t.Errorf("an extract about nobody: %v", err)
		}
		var who string
		if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
			who, err = db.Value[string](tx, "SELECT person_id FROM request WHERE id = $1", asked.ID)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, who, asked.Ref); err != nil {
			t.Fatal(err)
		}
		text, digest, err := r.Oversight.Hand(ctx, officer, id)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if hex.EncodeToString(sum[:]) != digest {
			t.Error("another hash than the extract's")
		}
		for want, in := range map[string]bool{"Dominique Visée": true, "9 rue Demandée": false, "Étrangère": false, "77-1-1": true} {
			if strings.Contains(string(text), want) != in {
				t.Errorf("%q in the extract: %t", want, !in)
			}
		}
		var e oversight.Extract
		if err := json.Unmarshal(text, &e); err != nil || len(e.People) != 1 || len(e.People[0].Values) < 3 {
			t.Errorf("%+v, %v", e, err)
		}
		w := read(t, r, officer, id)
		if !slices.ContainsFunc(w.Events, func(e oversight.Event) bool {
			return e.Kind == oversight.EvHanded && strings.HasPrefix(e.Object, digest)
		}) || w.Notified.IsZero() {
			t.Errorf("the steps: %+v", w.Events)
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			lines, _, err := audit.List(tx, audit.Page{Object: who, Action: "oversight.handed"}, 10)
			if len(lines) != 1 || lines[0].Actor != officer.Account {
				t.Errorf("the trail of the person: %+v", lines)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		// What was asked for stays while the file is open, and goes its way with it.
		holds, err := r.Life.Holds(ctx, officer)
		if err != nil || len(holds) != 1 || holds[0].Ground != "authority" || holds[0].Person != who || !holds[0].Ended.IsZero() {
			t.Errorf("holds: %+v, %v", holds, err)
		}
		if err := r.Oversight.Complete(ctx, officer, id, oversight.In{Words: map[string]string{"outcome": "Extrait remis en main propre."}, Data: w.Data}); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Close(ctx, officer, id); err != nil {
			t.Fatal(err)
		}
		if holds, err = r.Life.Holds(ctx, officer); err != nil || holds[0].Ended.IsZero() {
			t.Errorf("after closing: %+v, %v", holds, err)
		}
		if _, _, err := r.Oversight.Hand(ctx, officer, id); !fault.Is(err, fault.Conflict) {
			t.Errorf("an extract from a closed file: %v", err)
		}
	})
}

// A review says when the next one is; that day brings it back, and not the day before. Without any, the first is due an interval after the start.
func TestReview_comesBackOnItsDay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		due := func() (all []string) {
			t.Helper()
			found, err := r.Oversight.Due(ctx, officer)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range found {
				all = append(all, d.What+" "+string(d.Kind))
			}
			return all
		}
		if got := due(); len(got) != 0 {
			t.Fatalf("due at the start: %v", got)
		}
		r.Clock.Add(r.DB.Now().AddDate(0, 6, 1).Sub(r.DB.Now()))
		if got := due(); len(got) != 1 || got[0] != "review review" {
			t.Fatalf("without any review: %v", got)
		}
		since := r.DB.Now()
		in := oversight.In{Kind: oversight.Review, Since: since, Words: map[string]string{"title": "Revue d’hiver"}, Next: since.AddDate(0, 6, 1).Format(time.DateOnly)}
		if _, err := r.Oversight.Begin(ctx, officer, in); fields(err) != "next" {
			t.Errorf("later than the network says: %v", err)
		}
		in.Next = ""
		id, err := r.Oversight.Begin(ctx, officer, in)
		if err != nil {
			t.Fatal(err)
		}
		if got := due(); len(got) != 1 || got[0] != "finish review" {
			t.Fatalf("while one is open: %v", got)
		}
		if err := r.Oversight.Close(ctx, officer, id); fields(err) != "findings measures" {
			t.Errorf("closed without findings: %v", err)
		}
		if err := r.Oversight.Complete(ctx, officer, id, oversight.In{Words: map[string]string{"findings": "Deux comptes dormants.", "measures": "Comptes fermés."}}); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Close(ctx, officer, id); err != nil {
			t.Fatal(err)
		}
		next, err := time.ParseInLocation(time.DateOnly, read(t, r, officer, id).Next, rig.Paris())
		if err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(next.Add(-time.Second).Sub(r.DB.Now()))
		if got := due(); len(got) != 0 {
			t.Errorf("the second before: %v", got)
		}
		r.Clock.Add(time.Second)
		if got := due(); len(got) != 1 || got[0] != "review review" {
			t.Errorf("on its day: %v", got)
		}
		before := len(mails(r, r.Network.Operator.Officer.Email))
		r.Sweep(t)
		r.Sweep(t)
		if got := len(mails(r, r.Network.Operator.Officer.Email)); got != before+1 {
			t.Errorf("%d mails about it", got-before)
		}
	})
}

// The network file says which purposes call for an assessment; a decided one answers for its purposes.
func TestAssessment_answersForItsPurposes(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		all, err := r.Oversight.Assessed(ctx, officer)
		if err != nil || len(all) == 0 {
			t.Fatalf("%v, %v", all, err)
		}
		found := false
		for _, a := range all {
			found = found || a.Purpose.ID == "record_calls" && len(a.Why) > 0
		}
		if !found {
			t.Fatalf("recording calls calls for none: %+v", all)
		}
		in := oversight.In{Kind: oversight.Assessment, Since: r.DB.Now(), Words: map[string]string{"title": "Enregistrer des appels"}, Purposes: []string{"nothing"}}
		if _, err := r.Oversight.Begin(ctx, officer, in); fields(err) != "purposes" {
			t.Errorf("of an unknown purpose: %v", err)
		}
		in.Purposes = []string{"record_calls"}
		id, err := r.Oversight.Begin(ctx, officer, in)
		if err != nil {
			t.Fatal(err)
		}
		words := map[string]string{"description": "Une part des appels.", "necessity": "Une part suffit.", "risks": "Écoute indue.", "measures": "Rôle et raison.", "opinion": "Favorable.", "decision": "On y va."}
		if err := r.Oversight.Complete(ctx, officer, id, oversight.In{Words: words, Purposes: in.Purposes}); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Close(ctx, officer, id); err != nil {
			t.Fatal(err)
		}
		if all, err = r.Oversight.Assessed(ctx, officer); err != nil {
			t.Fatal(err)
		}
		for _, a := range all {
			if (a.File.ID == id) != (a.Purpose.ID == "record_calls") {
				t.Errorf("%s is answered by %q", a.Purpose.ID, a.File.ID)
			}
		}
	})
}

// What is kept of an account stays while a file about terms that it broke is open; the file's own words end by rule, five years after it.
func TestTerms_holdAndEnd(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		pro := r.Pro(t)
		id, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Terms, Since: r.DB.Now(), Words: map[string]string{"title": "Article 12 des conditions", "facts": "Revente de coordonnées."}})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, pro.Pro, pro.Pro); err != nil {
			t.Fatal(err)
		}
		held := func() int {
			holds, err := r.Life.Holds(ctx, officer)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, h := range holds {
				if h.Person == pro.Pro && h.Ended.IsZero() {
					n++
				}
			}
			return n
		}
		if held() != 1 {
			t.Fatal("nothing is held")
		}
		if err := r.Oversight.Untie(ctx, officer, id, pro.Pro, ""); err != nil || held() != 0 {
			t.Fatalf("untied: %d holds, %v", held(), err)
		}
		if err := r.Oversight.Tie(ctx, officer, id, pro.Pro, pro.Pro); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Complete(ctx, officer, id, oversight.In{Words: map[string]string{"evidence": "Deux plaintes.", "outcome": "Accord amiable."}}); err != nil {
			t.Fatal(err)
		}
		if err := r.Oversight.Close(ctx, officer, id); err != nil || held() != 0 {
			t.Fatalf("closed: %d holds, %v", held(), err)
		}
		closed := r.DB.Now()
		for _, step := range []struct {
			at   time.Time
			left bool
		}{{closed.AddDate(5, 0, 0).Add(-time.Second), true}, {closed.AddDate(5, 0, 0), false}} {
			r.Clock.Add(step.at.Sub(r.DB.Now()))
			r.Sweep(t)
			if w := read(t, r, officer, id); (w.Words["facts"] != "") != step.left {
				t.Errorf("at %s the words are there: %t", step.at, !step.left)
			}
		}
	})
}

// Only the officer reads and writes these files, and each reading leaves a line.
func TestFiles_areTheOfficersAlone(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		id := breach(t, r, officer)
		for _, role := range network.Roles() {
			if role == network.RoleOfficer {
				continue
			}
			other := r.One(t, role)
			_, list := r.Oversight.List(ctx, other, oversight.Breach)
			_, one := r.Oversight.Read(ctx, other, id)
			_, _, hand := r.Oversight.Hand(ctx, other, id)
			_, due := r.Oversight.Due(ctx, other)
			for what, err := range map[string]error{"list": list, "read": one, "hand": hand, "due": due, "complete": r.Oversight.Complete(ctx, other, id, whole(oversight.RiskNone)), "close": r.Oversight.Close(ctx, other, id),
				"tell": r.Oversight.Tell(ctx, other, id, nil), "untie": r.Oversight.Untie(ctx, other, id, "per_x", ""), "tie-record": r.Oversight.TieRecord(ctx, other, id, "cal_x")} {
				if !fault.Is(err, fault.Denied) {
					t.Errorf("%s: %s: %v", role, what, err)
				}
			}
		}
		read(t, r, officer, id)
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			lines, _, err := audit.List(tx, audit.Page{Object: id}, 10)
			got := ""
			for _, l := range lines {
				got += l.Action + " "
			}
			if !strings.Contains(got, "oversight.read") || !strings.Contains(got, "oversight.open") {
				t.Errorf("the trail: %s", got)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		long := whole(oversight.RiskSome)
		long.Words["nature"] = strings.Repeat("é", 4001)
		long.People = 1_000_000_001
		if err := r.Oversight.Complete(ctx, officer, id, long); fields(err) != "nature people" {
			t.Errorf("too long, too many: %v", fields(err))
		}
		long.Words["nature"] = strings.Repeat("é", 4000)
		long.People = 1_000_000_000
		if err := r.Oversight.Complete(ctx, officer, id, long); err != nil {
			t.Errorf("at the limits: %v", err)
		}
		if _, err := r.Oversight.Begin(ctx, officer, oversight.In{Kind: oversight.Breach, Since: r.DB.Now().Add(time.Minute), Words: map[string]string{"title": "Demain"}}); fields(err) != "since" {
			t.Errorf("a breach to come: %v", err)
		}
	})
}
