package call_test

import (
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/call"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/rig"
)

func wantGone(t *testing.T, what string, err error) {
	t.Helper()
	if f := fault.Of(err); f == nil || f.Code != "link-gone" {
		t.Errorf("%s: %v, want a link that is gone", what, err)
	}
}

// A reason may be kept to some roles: who hears recordings for another is refused this one, with a line (ET-146).
func TestListen_reasonsAreOfRoles(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "record: 10 %", "record: 100 %", "en: Improve our methods}, purpose: record_calls, by: [supervisor, administrator]", "en: Improve our methods}, purpose: record_calls, by: [administrator]")
		supervisor, admin := r.One(t, network.RoleSupervisor), r.One(t, network.RoleAdministrator)
		_, rec := kept(t, r, r.Agent(t))
		if n := len(must(r.Calls.Reasons(ctx, supervisor))(t)); n != 3 {
			t.Errorf("%d reasons of a supervisor, want 3", n)
		}
		must(r.Calls.Listen(ctx, supervisor, rec, "training"))(t)
		_, err := r.Calls.Listen(ctx, supervisor, rec, "improvement")
		wantCode(t, err, "not-for-this-reason")
		must(r.Calls.Listen(ctx, admin, rec, "improvement"))(t)
		var lines []string
		for _, l := range must(r.Calls.Heard(ctx, admin, rec))(t) {
			lines = append(lines, l.Actor+" "+l.Action+" "+l.Detail+" "+l.Outcome())
		}
		all := strings.Join(lines, "\n")
		for _, want := range []string{admin.Account + " recording.hear improvement done", supervisor.Account + " recording.hear improvement refused", supervisor.Account + " recording.hear training done"} {
			if !strings.Contains(all, want) {
				t.Errorf("no line %q in\n%s", want, all)
			}
		}
	})
}

// The recording of who restricted his data is stored and no more, by an open ticket neither, until a dispute needs it (GDPR art. 18).
func TestListen_notWhileRestricted(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "record: 10 %", "record: 100 %")
		officer, admin := r.One(t, network.RoleOfficer), r.One(t, network.RoleAdministrator)
		id, rec := kept(t, r, r.Agent(t))
		person := value[string](t, r, "SELECT person_id FROM call WHERE id = $1", id)
		before := must(r.Calls.Listen(ctx, admin, rec, "quality"))(t)
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return request.Freeze(tx, person, true) }))
		_, err := r.Calls.Listen(ctx, admin, rec, "quality")
		wantCode(t, err, "recording-frozen")
		_, err = r.Calls.Sound(ctx, admin, before.Ticket)
		wantCode(t, err, "recording-frozen")
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'recording.hear' AND outcome = 'refused' AND object = $1", rec); n != 1 {
			t.Errorf("%d refusals are on record", n)
		}
		must(r.Life.Lay(ctx, officer, privacy.LegalHold{Person: person, Ground: "dispute", Reference: "LIT-2026-9"}))(t)
		must(r.Calls.Listen(ctx, admin, rec, "evidence"))(t)
		must(r.Calls.Sound(ctx, admin, before.Ticket))(t)
	})
}

// A loan is of one recording, for a dispute that lasts, to a provider of the file, for a time, and leaves a line at each use (AQ-15, ET-147).
func TestLoan(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		rewrite(t, r, "record: 10 %", "record: 100 %")
		officer, supervisor, agent := r.One(t, network.RoleOfficer), r.One(t, network.RoleSupervisor), r.Agent(t)
		id, rec := kept(t, r, agent)
		person := value[string](t, r, "SELECT person_id FROM call WHERE id = $1", id)
		good := call.Lend{Recipient: "call-expert", Why: "Le client conteste ce qui fut dit.", Days: 2}
		_, err := r.Calls.Lend(ctx, supervisor, rec, good) // no dispute
		wantCode(t, err, "invalid-fields")
		audit := must(r.Life.Lay(ctx, officer, privacy.LegalHold{Person: person, Ground: "audit", Reference: "C-1"}))(t)
		good.Dispute = must(r.Life.Lay(ctx, officer, privacy.LegalHold{Person: person, Ground: "dispute", Reference: "LIT-2026-7"}))(t)
		for name, bad := range map[string]call.Lend{
			"recipient": {Recipient: "telephony", Dispute: good.Dispute, Why: good.Why, Days: 2},
			"dispute":   {Recipient: good.Recipient, Dispute: audit, Why: good.Why, Days: 2},
			"why":       {Recipient: good.Recipient, Dispute: good.Dispute, Why: "parce que", Days: 2},
			"days":      {Recipient: good.Recipient, Dispute: good.Dispute, Why: good.Why, Days: 8},
		} {
			_, err := r.Calls.Lend(ctx, supervisor, rec, bad)
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != name {
				t.Errorf("%s: %v", name, err)
			}
		}
		for name, who := range map[string]auth.Actor{"agent": agent, "officer": officer, "professional": r.Pro(t), "affiliate": {Who: auth.Affiliate, Account: "acc_aff"}} {
			if _, err := r.Calls.Lend(ctx, who, rec, good); !fault.Is(err, fault.Denied) {
				t.Errorf("%s lends: %v", name, err)
			}
			if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'recording.lend' AND outcome = 'refused' AND actor = $1", who.Account); n != 1 {
				t.Errorf("the refusal to a %s left %d lines", name, n)
			}
		}
		lend := func() (token, loan string) {
			token = must(r.Calls.Lend(ctx, supervisor, rec, good))(t)
			return token, token[:strings.Index(token, ".")]
		}
		token, loan := lend()
		lent := must(r.Calls.OpenLoan(ctx, token))(t)
		if lent.Reference != "LIT-2026-7" || lent.Ticket != "" || !lent.Until.Equal(r.Clock.Now().AddDate(0, 0, 2)) {
			t.Errorf("%+v", lent)
		}
		for use := range int64(2) {
			lent = must(r.Calls.HearLoan(ctx, token))(t)
			if wav := must(r.Calls.LentSound(ctx, lent.Ticket))(t); string(wav) != string(call.Tone(3)) {
				t.Errorf("%d bytes", len(wav))
			}
			if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'recording.hear-lent' AND actor = $1 AND role = 'call-expert' AND object = $2 AND detail = $3", loan, rec, good.Dispute); n != use+1 {
				t.Errorf("%d lines after %d uses", n, use+1)
			}
		}
		if all := must(r.Calls.Loans(ctx, supervisor, rec))(t); len(all) != 1 || !all[0].Stands || all[0].Uses != 2 || all[0].Why != good.Why || all[0].Reference != "LIT-2026-7" {
			t.Errorf("%+v", all)
		}
		// The link is no ticket, the ticket no link, and neither is another's.
		_, err = r.Calls.LentSound(ctx, token)
		wantGone(t, "the link as a ticket", err)
		_, err = r.Calls.OpenLoan(ctx, lent.Ticket)
		wantGone(t, "the ticket as a link", err)
		_, err = r.Calls.OpenLoan(ctx, "lon_other"+token[strings.Index(token, "."):])
		wantGone(t, "another loan", err)
		over := func(what, token, ticket string) {
			t.Helper()
			_, err := r.Calls.OpenLoan(ctx, token)
			wantGone(t, what+", its page", err)
			_, err = r.Calls.HearLoan(ctx, token)
			wantGone(t, what+", a use", err)
			_, err = r.Calls.LentSound(ctx, ticket)
			wantGone(t, what+", its sound", err)
		}
		if back := must(r.Calls.Revoke(ctx, supervisor, loan))(t); back != rec {
			t.Errorf("revoked of %s", back)
		}
		must(r.Calls.Revoke(ctx, supervisor, loan))(t)
		over("revoked", token, lent.Ticket)

		token, _ = lend()
		r.Clock.Add(48*time.Hour - time.Second)
		lent = must(r.Calls.HearLoan(ctx, token))(t)
		r.Clock.Add(time.Second)
		over("expired", token, lent.Ticket)

		token, _ = lend()
		lent = must(r.Calls.HearLoan(ctx, token))(t)
		ok(t, r.Life.Lift(ctx, officer, good.Dispute))
		over("its dispute is over", token, lent.Ticket)

		good.Dispute = must(r.Life.Lay(ctx, officer, privacy.LegalHold{Person: person, Record: id, Ground: "dispute", Reference: "LIT-2026-8"}))(t)
		token, _ = lend()
		lent = must(r.Calls.HearLoan(ctx, token))(t)
		must(r.Vault.Erase(ctx, person, "call-recording"))(t)
		_, err = r.Calls.LentSound(ctx, lent.Ticket)
		wantGone(t, "erased", err)
	})
}
