package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/rig"
	"entremise/internal/vault"
)

var ctx = context.Background()

const password = "quatre chevaux sous la pluie 27"

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want the fault %q", err, code)
	}
}

func value[T any](t *testing.T, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return }))
	return v
}

func code(r *rig.Rig, secret []byte) string { return auth.TOTPCode(secret, r.DB.Machine()) }

// hire invites a member of staff and accepts for him; secret is what his authenticator app holds.
func hire(t *testing.T, r *rig.Rig, email string, roles ...network.Role) (id, session string, secret []byte) {
	t.Helper()
	id, token, err := r.Auth.Invite(ctx, r.One(t, network.RoleAdministrator), auth.NewAccount{Name: "Alix Conseil", Email: email, Lang: "fr", Roles: roles}, nil)
	ok(t, err)
	inv, err := r.Auth.Invitation(ctx, token)
	ok(t, err)
	if inv.Account.ID != id || inv.Account.State != "invited" || inv.Account.Email != email || len(inv.Secret) == 0 {
		t.Fatalf("the invitation shows %+v", inv.Account)
	}
	session, err = r.Auth.Accept(ctx, token, password, code(r, inv.Secret))
	ok(t, err)
	return id, session, inv.Secret
}

func TestInvite_acceptSignInSecondStep(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, session, secret := hire(t, r, "alix@example.com", network.RoleAgent, network.RoleAccountant)
		who, err := r.Auth.Session(ctx, session)
		ok(t, err)
		if who.Account != id || who.Who != auth.StaffMember || !slices.Equal(who.Roles, []network.Role{network.RoleAccountant, network.RoleAgent}) || who.MustBeFresh(r.DB.Machine()) != nil {
			t.Errorf("the session is %+v", who)
		}
		for _, wrong := range []struct{ email, password string }{{"alix@example.com", password + "!"}, {"alix@example.com", ""}, {"nobody@example.com", password}, {"", ""}} {
			s, second, err := r.Auth.SignIn(ctx, wrong.email, wrong.password)
			wantCode(t, err, "sign-in-failed") // one answer for all: it tells nobody who has an account
			if s != "" || second != "" {
				t.Errorf("%q got something", wrong.email)
			}
		}
		r.Clock.AddMachine(time.Minute)
		s, second, err := r.Auth.SignIn(ctx, "  ALIX@example.com ", password)
		ok(t, err)
		if s != "" || second == "" {
			t.Fatal("a password alone opens the space of a member of staff")
		}
		if _, err := r.Auth.Session(ctx, second); fault.Code(err) != "sign-in" {
			t.Errorf("the ticket of the second step is a session: %v", err)
		}
		now := code(r, secret)
		first, err := r.Auth.SecondStep(ctx, second, now)
		ok(t, err)
		_, err = r.Auth.Session(ctx, first)
		ok(t, err)
		_, err = r.Auth.SecondStep(ctx, second, now)
		wantCode(t, err, "link-gone") // the ticket is spent
		_, second, err = r.Auth.SignIn(ctx, "alix@example.com", password)
		ok(t, err)
		_, err = r.Auth.SecondStep(ctx, second, now)
		wantCode(t, err, "wrong-code") // somebody looked over the shoulder
		r.Clock.AddMachine(30 * time.Second)
		_, err = r.Auth.SecondStep(ctx, second, code(r, secret))
		ok(t, err)
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE object = $1 AND action = 'account.sign-in' AND outcome = 'refused'", id); n != 3 {
			t.Errorf("%d refused sign-ins left a line, want 3", n)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM account WHERE password_hash LIKE '%chevaux%'"); n != 0 {
			t.Error("the password is there to read")
		}
	})
}

func TestSecondStep_oneCodeOpensOneSessionOfManyAtOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		_, _, secret := hire(t, r, "alix@example.com", network.RoleAgent)
		r.Clock.AddMachine(time.Minute)
		tickets := make([]string, 6)
		for i := range tickets {
			var err error
			_, tickets[i], err = r.Auth.SignIn(ctx, "alix@example.com", password)
			ok(t, err)
		}
		var wg sync.WaitGroup
		errs := make([]error, len(tickets))
		for i, ticket := range tickets {
			wg.Go(func() { _, errs[i] = r.Auth.SecondStep(ctx, ticket, code(r, secret)) })
		}
		wg.Wait()
		opened := 0
		for _, err := range errs {
			if err == nil {
				opened++
			} else {
				wantCode(t, err, "wrong-code")
			}
		}
		if opened != 1 {
			t.Errorf("one code opened %d sessions", opened)
		}
	})
}

func TestSecondStep_fiveTriesAndFiveMinutes(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		_, _, secret := hire(t, r, "alix@example.com", network.RoleAgent)
		r.Clock.AddMachine(time.Minute)
		_, ticket, err := r.Auth.SignIn(ctx, "alix@example.com", password)
		ok(t, err)
		right := code(r, secret)
		wrong := "000000"
		if wrong == right {
			wrong = "000001"
		}
		for _, typed := range []string{wrong, "", "abcdef", right + "0", wrong} {
			_, err := r.Auth.SecondStep(ctx, ticket, typed)
			wantCode(t, err, "wrong-code")
		}
		_, err = r.Auth.SecondStep(ctx, ticket, right)
		wantCode(t, err, "link-gone") // the password is asked again
		_, ticket, err = r.Auth.SignIn(ctx, "alix@example.com", password)
		ok(t, err)
		r.Clock.AddMachine(5 * time.Minute)
		_, err = r.Auth.SecondStep(ctx, ticket, code(r, secret))
		wantCode(t, err, "link-gone")
		for _, forged := range []string{"", "x", strings.Repeat("A", 300), "' OR 1=1 --"} {
			_, err = r.Auth.SecondStep(ctx, forged, right)
			wantCode(t, err, "link-gone")
		}
	})
}

func TestAccept_checksEverythingBeforeItSpendsTheInvitation(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin := r.One(t, network.RoleAdministrator)
		_, token, err := r.Auth.Invite(ctx, admin, auth.NewAccount{Name: "Alix Conseil", Email: "alix@example.com", Lang: "fr", Roles: []network.Role{network.RoleAgent}}, nil)
		ok(t, err)
		inv, err := r.Auth.Invitation(ctx, token)
		ok(t, err)
		for _, weak := range []string{"", "azerty", "alix@example.com", "motdepasse"} {
			_, err := r.Auth.Accept(ctx, token, weak, code(r, inv.Secret))
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != "password" {
				t.Errorf("password %q: %v", weak, err)
			}
		}
		_, err = r.Auth.Accept(ctx, token, password, "123")
		wantCode(t, err, "wrong-code")
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { _, errs[i] = r.Auth.Accept(ctx, token, password, code(r, inv.Secret)) })
		}
		wg.Wait()
		accepted := 0
		for _, err := range errs {
			if err == nil {
				accepted++
			} else {
				wantCode(t, err, "link-gone")
			}
		}
		if accepted != 1 {
			t.Errorf("the invitation was accepted %d times", accepted)
		}
		if _, err := r.Auth.Invitation(ctx, token); fault.Code(err) != "link-gone" {
			t.Errorf("a used invitation still shows the secret of the second factor: %v", err)
		}
		_, late, err := r.Auth.Invite(ctx, admin, auth.NewAccount{Name: "Noa Tard", Email: "noa@example.com", Lang: "fr", Roles: []network.Role{network.RoleAgent}}, nil)
		ok(t, err)
		r.Clock.AddMachine(auth.InvitationLife)
		_, err = r.Auth.Invitation(ctx, late)
		wantCode(t, err, "link-gone")
	})
}

// An account and its letter are one act: where the letter cannot be queued nobody is invited, and the next try finds the address free.
func TestInvite_withItsLetterOrNotAtAll(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin := r.One(t, network.RoleAdministrator)
		before := value[int64](t, r, "SELECT count(*) FROM account")
		in := auth.NewAccount{Name: "Alix Conseil", Email: "alix@example.com", Lang: "fr", Roles: []network.Role{network.RoleAgent}}
		broken := errors.New("the words are missing")
		if _, _, err := r.Auth.Invite(ctx, admin, in, func(*db.Tx, *vault.Ring, string, string) error { return broken }); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		for _, q := range []string{"SELECT count(*) FROM account", "SELECT count(*) FROM audit WHERE action = 'account.invite'", "SELECT count(*) FROM ticket"} {
			if n := value[int64](t, r, q); n != 0 && n != before {
				t.Errorf("%s: %d", q, n)
			}
		}
		told := ""
		id, token, err := r.Auth.Invite(ctx, admin, in, func(_ *db.Tx, ring *vault.Ring, id, token string) error {
			told = id + token
			ring.SealText(string(network.DataMessages), vault.Place{Table: "message", Column: "body_sealed", Row: "msg"}, token) // it can
			return nil
		})
		ok(t, err)
		if told != id+token {
			t.Error("another invitation was told")
		}
	})
}

func TestInvite_findsEveryWrongField(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin := r.One(t, network.RoleAdministrator)
		good := auth.NewAccount{Name: "Alix Conseil", Email: "alix@example.com", Lang: "fr", Roles: []network.Role{network.RoleAgent}}
		for field, change := range map[string]func(*auth.NewAccount){
			"name": func(a *auth.NewAccount) { a.Name = " " }, "email": func(a *auth.NewAccount) { a.Email = "alix@example" }, "roles": func(a *auth.NewAccount) { a.Roles = nil },
			"trained": func(a *auth.NewAccount) { a.TrainedOn = "hier" },
		} {
			in := good
			change(&in)
			_, _, err := r.Auth.Invite(ctx, admin, in, nil)
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != field {
				t.Errorf("%s: %v", field, err)
			}
		}
		in := good
		in.Roles = []network.Role{"king"}
		_, _, err := r.Auth.Invite(ctx, admin, in, nil)
		wantCode(t, err, "invalid-fields")
		in.Email = "a@b.c\r\nBcc: all@example.com"
		_, _, err = r.Auth.Invite(ctx, admin, in, nil)
		wantCode(t, err, "invalid-fields")
		_, _, err = r.Auth.Invite(ctx, admin, good, nil)
		ok(t, err)
		good.Email = "Alix@Example.COM"
		_, _, err = r.Auth.Invite(ctx, admin, good, nil)
		wantCode(t, err, "email-taken")
		_, _, err = r.Auth.Invite(ctx, r.One(t, network.RoleAgent), good, nil)
		wantCode(t, err, "not-permitted")
	})
}

func TestDisable_endsSessionsTokensAndLinksAtOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin := r.One(t, network.RoleAdministrator)
		id, session, secret := hire(t, r, "alix@example.com", network.RoleAgent)
		token, err := r.Auth.NewToken(ctx, admin, id, "poste")
		ok(t, err)
		link, err := r.Auth.SignInLink(ctx, id)
		ok(t, err)
		r.Clock.AddMachine(time.Minute)
		_, ticket, err := r.Auth.SignIn(ctx, "alix@example.com", password)
		ok(t, err)
		who, err := r.Auth.Token(ctx, token)
		ok(t, err)
		if who.Account != id || !who.Has(network.RoleAgent) {
			t.Errorf("the token is %+v's", who)
		}
		ok(t, r.Auth.Disable(ctx, admin, id))
		_, err = r.Auth.Session(ctx, session)
		wantCode(t, err, "sign-in")
		_, err = r.Auth.Token(ctx, token)
		wantCode(t, err, "sign-in")
		_, err = r.Auth.UseLink(ctx, link)
		wantCode(t, err, "link-gone")
		if _, err = r.Auth.SecondStep(ctx, ticket, code(r, secret)); err == nil {
			t.Error("a sign-in begun before goes on")
		}
		_, _, err = r.Auth.SignIn(ctx, "alix@example.com", password)
		wantCode(t, err, "sign-in-failed")
		ok(t, r.Auth.Enable(ctx, admin, id))
		_, err = r.Auth.Session(ctx, session)
		wantCode(t, err, "sign-in") // what was ended stays ended
		_, err = r.Auth.Token(ctx, token)
		wantCode(t, err, "sign-in")
		_, ticket, err = r.Auth.SignIn(ctx, "alix@example.com", password)
		ok(t, err)
		_, err = r.Auth.SecondStep(ctx, ticket, code(r, secret))
		ok(t, err)
		wantCode(t, r.Auth.Disable(ctx, admin, "acc_unknown"), "no-account")
		wantCode(t, r.Auth.Enable(ctx, admin, id), "no-account") // it is not disabled
	})
}

func TestLastAdministrator_stays(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		only := r.One(t, network.RoleAdministrator)
		wantCode(t, r.Auth.Disable(ctx, only, only.Account), "last-administrator")
		wantCode(t, r.Auth.EditStaff(ctx, only, only.Account, []network.Role{network.RoleAgent}, nil, ""), "last-administrator")
		ok(t, r.Auth.EditStaff(ctx, only, only.Account, []network.Role{network.RoleAgent, network.RoleAdministrator}, nil, ""))
		invited := r.Staff(t, network.RoleAdministrator)
		ok(t, r.Auth.Disable(ctx, only, invited.Account))
		wantCode(t, r.Auth.Disable(ctx, only, only.Account), "last-administrator") // a disabled one does not count

		// Two administrators who put each other out in the same instant: one of them stays.
		for range 4 {
			other := r.Staff(t, network.RoleAdministrator)
			var wg sync.WaitGroup
			var errs [2]error
			wg.Go(func() { errs[0] = r.Auth.Disable(ctx, only, other.Account) })
			wg.Go(func() {
				errs[1] = r.Auth.EditStaff(ctx, other, only.Account, []network.Role{network.RoleAgent}, nil, "")
			})
			wg.Wait()
			n := value[int64](t, r, "SELECT count(*) FROM account a JOIN account_role r ON r.account_id = a.id WHERE r.role = 'administrator' AND a.state = 'active'")
			if n < 1 {
				t.Fatalf("nobody can manage the team any more: %v", errs)
			}
			if errs[1] == nil {
				only = other
			}
		}
	})
}

// A day begins at midnight in France, an hour or two before it does in UTC.
func TestDuty_beginsOnTheDayOfTheTrainingInFrance(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		agent := r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}, TrainedOn: "2026-11-24"})
		for _, c := range []struct {
			at   string // UTC
			code string
		}{{"2026-11-23T12:00:00Z", "untrained"}, {"2026-11-23T22:59:59Z", "untrained"}, {"2026-11-23T23:00:00Z", ""}, {"2026-11-24T00:00:00Z", ""}} {
			at, err := time.Parse(time.RFC3339, c.at)
			ok(t, err)
			r.Clock.Add(at.Sub(r.Clock.Now()))
			duty := r.Auth.Duty(ctx, agent, true)
			must := r.DB.Read(ctx, func(tx *db.Tx) error { return auth.MustBeOnDuty(tx, agent.Account) })
			for _, got := range []error{duty, must} {
				if f := fault.Of(got); c.code == "" && got != nil || c.code != "" && (f == nil || f.Code != c.code) {
					t.Errorf("at %s: %v, want %q", c.at, got, c.code)
				}
			}
		}
	})
}

func TestDuty_untrainedAgentsStayOff(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin := r.One(t, network.RoleAdministrator)
		agent := r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}, Trades: []string{"plombier"}})
		onDuty := func() map[string][]string {
			var duty map[string][]string
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { duty, err = auth.OnDuty(tx); return }))
			return duty
		}
		wantCode(t, r.Auth.Duty(ctx, agent, true), "untrained") // ET-19
		train := func(on string) {
			t.Helper()
			ok(t, r.Auth.EditStaff(ctx, admin, agent.Account, []network.Role{network.RoleAgent}, []string{"plombier"}, on))
		}
		train("2026-11-24")
		wantCode(t, r.Auth.Duty(ctx, agent, true), "untrained") // his training is tomorrow
		train("2026-11-23")
		ok(t, r.Auth.Duty(ctx, agent, true))
		if got := onDuty(); !slices.Equal(got[agent.Account], []string{"plombier"}) {
			t.Errorf("on duty: %v", got)
		}
		train("") // a training that was noted by mistake
		if got := onDuty(); len(got) != 0 {
			t.Errorf("an untrained agent stays on duty: %v", got)
		}
		train("2026-01-05")
		ok(t, r.Auth.Duty(ctx, agent, true))
		ok(t, r.Auth.EditStaff(ctx, admin, agent.Account, []network.Role{network.RoleAccountant}, nil, "2026-01-05"))
		if got := onDuty(); len(got) != 0 {
			t.Errorf("calls ring for somebody who is no agent any more: %v", got)
		}
		ok(t, r.Auth.EditStaff(ctx, admin, agent.Account, []network.Role{network.RoleAgent}, nil, "2026-01-05"))
		ok(t, r.Auth.Duty(ctx, agent, false))
		if got := onDuty(); len(got) != 0 {
			t.Errorf("on duty: %v", got)
		}
		wantCode(t, r.Auth.Duty(ctx, r.One(t, network.RoleAccountant), true), "not-permitted")
	})
}

func TestAccount_isSealedAndFound(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, _, _ := hire(t, r, "alix@example.com", network.RoleAgent)
		a, err := r.Auth.ByEmail(ctx, "ALIX@example.com")
		ok(t, err)
		if a.ID != id || a.Name != "Alix Conseil" || a.Email != "alix@example.com" || !a.Second || a.LastSeen.IsZero() {
			t.Errorf("%+v", a)
		}
		_, err = r.Auth.ByEmail(ctx, "nobody@example.com")
		wantCode(t, err, "no-account")
		_, err = r.Auth.Get(ctx, "acc_unknown")
		wantCode(t, err, "no-account")
		staff, err := r.Auth.Staff(ctx)
		ok(t, err)
		if len(staff) != 2 {
			t.Errorf("%d members of staff", len(staff))
		}
		for _, column := range []string{"name_sealed", "email_sealed", "totp_sealed"} {
			if b := value[[]byte](t, r, "SELECT "+column+" FROM account WHERE id = $1", id); len(b) < 28 || strings.Contains(strings.ToLower(string(b)), "alix") {
				t.Errorf("%s is not sealed: %q", column, b)
			}
		}
	})
}

// Every action has somebody who may do it, every other is refused, and a refusal says nothing but that.
func TestPermissions_tableIsWholeAndRefusalsAreMute(t *testing.T) {
	actors := map[string]auth.Actor{
		"visitor": {Who: auth.Visitor}, "consumer": {Who: auth.Consumer, Request: "req_1"}, "professional": {Who: auth.Professional, Account: "acc_p", Pro: "pro_1"}, "affiliate": {Who: auth.Affiliate, Account: "acc_a"},
	}
	for _, role := range network.Roles() {
		actors[string(role)] = auth.Actor{Who: auth.StaffMember, Account: "acc_s", Roles: []network.Role{role}}
	}
	if len(actors) != len(auth.Columns()) {
		t.Fatalf("%d actors for %d columns", len(actors), len(auth.Columns()))
	}
	for _, act := range auth.Actions() {
		holders := auth.Holders(act)
		if len(holders) == 0 {
			t.Errorf("nobody may do %s", act)
		}
		for _, h := range holders {
			if !slices.Contains(auth.Columns(), h) {
				t.Errorf("%s is held by %q, which is no column of the printed table", act, h)
			}
		}
		for name, a := range actors {
			err := a.May(act)
			if may := slices.Contains(holders, name); may != (err == nil) || may != a.Can(act) {
				t.Errorf("%s by a %s: %v", act, name, err)
			}
			if err == nil {
				if a.As(act) != name {
					t.Errorf("the line of %s by a %s says %q", act, name, a.As(act))
				}
				continue
			}
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Denied && (f.Kind != fault.Anonymous || name != "visitor") || f.Public.FR == "" || f.Public.EN == "" || f.Cause != nil {
				t.Fatalf("%s by a %s is refused with %+v", act, name, err)
			}
			said := strings.ToLower(fmt.Sprint(f.Public.FR, f.Public.EN, f.Code))
			for _, secret := range append([]string{string(act), "acc_", "pro_1", "req_1"}, holders...) {
				if strings.Contains(said, secret) {
					t.Errorf("the refusal of %s to a %s names %q: %s", act, name, secret, said)
				}
			}
		}
		if auth.Machine.May(act) != nil {
			t.Errorf("the machine may not do %s", act)
		}
		if (auth.Actor{}).Can(act) != slices.Contains(holders, "") {
			t.Errorf("the zero actor may do %s", act)
		}
	}
	if (auth.Actor{Who: auth.StaffMember, Roles: network.Roles()}).May("no.such-action") == nil {
		t.Error("what is not in the table is allowed")
	}
	// A role does not make a professional or a visitor a member of staff.
	if (auth.Actor{Who: auth.Professional, Roles: []network.Role{network.RoleAdministrator}}).Can(auth.TeamManage) {
		t.Error("roles count for somebody who is not staff")
	}
}

func TestNames_leavesOutWhoIsUnknownOrErased(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		a, b := r.Staff(t, network.RoleAgent), r.Account(t, auth.NewAccount{Roles: []network.Role{network.RoleAgent}, Name: "Partie Depuis"})
		_, err := r.Vault.Erase(ctx, b.Account, "account")
		ok(t, err)
		names, err := r.Auth.Names(ctx, a.Account, "", "acc_nobody", a.Account, b.Account)
		ok(t, err)
		if len(names) != 1 || names[a.Account] == "" {
			t.Errorf("%v", names)
		}
	})
}
