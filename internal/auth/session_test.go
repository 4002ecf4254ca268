package auth_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/rig"
)

// enlist accepts the invitation that a new professional got by e-mail.
func enlist(t *testing.T, r *rig.Rig) (auth.Actor, string, string) {
	t.Helper()
	who := r.Pro(t)
	account, err := r.Auth.Get(ctx, who.Account)
	ok(t, err)
	email := account.Email
	r.Drain(t)
	token := ""
	for _, m := range r.Post.Mails() {
		if _, after, found := strings.Cut(m.Text, "/invitation/"); found && m.To.Address == email {
			token = strings.Fields(after)[0]
		}
	}
	session, err := r.Auth.Accept(ctx, token, password, "")
	ok(t, err)
	return who, email, session
}

func TestSignIn_aProfessionalNeedsNoCode(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, email, _ := enlist(t, r)
		session, second, err := r.Auth.SignIn(ctx, email, password)
		ok(t, err)
		if second != "" {
			t.Error("a professional is asked for a code that he cannot have")
		}
		a, err := r.Auth.Session(ctx, session)
		ok(t, err)
		if a.Who != auth.Professional || a.Pro != who.Pro || a.Account != who.Account || len(a.Roles) != 0 {
			t.Errorf("%+v", a)
		}
		ok(t, r.Auth.SignOut(ctx, session))
		_, err = r.Auth.Session(ctx, session)
		wantCode(t, err, "sign-in")
		ok(t, r.Auth.SignOut(ctx, session))
	})
}

func TestSession_livesTwelveHoursIdleAndSevenDaysAtMost(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		_, session, _ := hire(t, r, "alix@example.com", network.RoleAgent)
		for range 13 { // active every half day but a little
			r.Clock.AddMachine(12*time.Hour - time.Minute)
			_, err := r.Auth.Session(ctx, session)
			ok(t, err)
		}
		r.Clock.AddMachine(12 * time.Hour)
		_, err := r.Auth.Session(ctx, session)
		ok(t, err)
		r.Clock.AddMachine(13*time.Minute + time.Second) // the seventh day is over
		_, err = r.Auth.Session(ctx, session)
		wantCode(t, err, "sign-in")

		_, idle, _ := hire(t, r, "noa@example.com", network.RoleAgent)
		r.Clock.AddMachine(12*time.Hour + time.Second)
		_, err = r.Auth.Session(ctx, idle)
		wantCode(t, err, "sign-in")
		for _, forged := range []string{"", "x", auth.Digest(idle), strings.Repeat("A", 4000)} {
			a, err := r.Auth.Session(ctx, forged)
			if fault.Code(err) != "sign-in" || a.Who != auth.Visitor || a.Account != "" {
				t.Errorf("%.20q opens %+v, %v", forged, a, err)
			}
		}
	})
}

func TestSession_writesActivityAtMostEveryFiveMinutes(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		_, session, _ := hire(t, r, "alix@example.com", network.RoleAgent)
		before := r.DB.Stats().Commits
		for range 20 {
			r.Clock.AddMachine(14 * time.Second)
			_, err := r.Auth.Session(ctx, session)
			ok(t, err)
		}
		if n := r.DB.Stats().Commits - before; n != 0 {
			t.Errorf("%d commits for reading pages within five minutes", n)
		}
		r.Clock.AddMachine(time.Minute)
		_, err := r.Auth.Session(ctx, session)
		ok(t, err)
		if n := r.DB.Stats().Commits - before; n != 1 {
			t.Errorf("%d commits, want one", n)
		}
	})
}

func TestLinks_signInOnceWithinAQuarterOfAnHour(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, _, _ := hire(t, r, "alix@example.com", network.RoleAgent)
		link, err := r.Auth.SignInLink(ctx, id)
		ok(t, err)
		for range 2 { // a mail program that looks at the link spends nothing
			a, err := r.Auth.LinkHolder(ctx, link)
			ok(t, err)
			if a.ID != id {
				t.Errorf("the link is for %s", a.ID)
			}
		}
		var wg sync.WaitGroup
		errs := make([]error, 5)
		for i := range errs {
			wg.Go(func() { _, errs[i] = r.Auth.UseLink(ctx, link) })
		}
		wg.Wait()
		used := 0
		for _, err := range errs {
			if err == nil {
				used++
			} else {
				wantCode(t, err, "link-gone")
			}
		}
		if used != 1 {
			t.Errorf("the link signed in %d times", used)
		}
		_, err = r.Auth.LinkHolder(ctx, link)
		wantCode(t, err, "link-gone")
		late, err := r.Auth.SignInLink(ctx, id)
		ok(t, err)
		r.Clock.AddMachine(15 * time.Minute)
		_, err = r.Auth.UseLink(ctx, late)
		wantCode(t, err, "link-gone")
		// A ticket of one kind is none of another.
		invitation, err := r.Auth.SignInLink(ctx, id)
		ok(t, err)
		_, err = r.Auth.Invitation(ctx, invitation)
		wantCode(t, err, "link-gone")
		_, err = r.Auth.SecondStep(ctx, invitation, "000000")
		wantCode(t, err, "link-gone")
	})
}

func TestRefresh_provesIdentityAgain(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		id, session, secret := hire(t, r, "alix@example.com", network.RoleAccountant)
		fresh := func(session string) error {
			t.Helper()
			a, err := r.Auth.Session(ctx, session)
			ok(t, err)
			return a.MustBeFresh(r.DB.Machine())
		}
		r.Clock.AddMachine(10 * time.Minute)
		ok(t, fresh(session))
		r.Clock.AddMachine(time.Second)
		wantCode(t, fresh(session), "prove-again")
		a, err := r.Auth.Session(ctx, session)
		ok(t, err)
		wantCode(t, r.Auth.Refresh(ctx, a, session, password, ""), "wrong-code") // staff: the code, not the password
		now := code(r, secret)
		ok(t, r.Auth.Refresh(ctx, a, session, "", now))
		ok(t, fresh(session))
		wantCode(t, r.Auth.Refresh(ctx, a, session, "", now), "wrong-code")
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE object = $1 AND action = 'account.refresh' AND outcome = 'refused'", id); n != 2 {
			t.Errorf("%d refusals left a line, want 2", n)
		}

		_, _, artisan := enlist(t, r)
		r.Clock.AddMachine(time.Hour)
		p, err := r.Auth.Session(ctx, artisan)
		ok(t, err)
		wantCode(t, r.Auth.Refresh(ctx, p, artisan, "", ""), "sign-in-failed")
		wantCode(t, r.Auth.Refresh(ctx, p, artisan, password+"x", ""), "sign-in-failed")
		wantCode(t, fresh(artisan), "prove-again")
		ok(t, r.Auth.Refresh(ctx, p, artisan, password, ""))
		ok(t, fresh(artisan))
		// Somebody else's session is not made fresh by one's own proof.
		r.Clock.AddMachine(time.Hour)
		wantCode(t, r.Auth.Refresh(ctx, p, session, password, ""), "sign-in")
		wantCode(t, fresh(session), "prove-again")
	})
}

func TestTokens_areShownOnceAndKeptAsDigests(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin := r.One(t, network.RoleAdministrator)
		id, token, err := r.Auth.NewAffiliate(ctx, admin, "Annuaire Exemple", "api@example.com", "Engagement 2026-11")
		ok(t, err)
		a, err := r.Auth.Token(ctx, token)
		ok(t, err)
		if a.Who != auth.Affiliate || a.Account != id || !a.Can(auth.RequestSubmit) || a.Can(auth.RequestRead) {
			t.Errorf("%+v", a)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM api_token WHERE token_hash = $1 AND token_hash <> $2", auth.Digest(token), token); n != 1 {
			t.Error("the token is kept as it is")
		}
		_, _, err = r.Auth.SignIn(ctx, "api@example.com", "")
		wantCode(t, err, "sign-in-failed")
		who, _, _ := enlist(t, r)
		_, err = r.Auth.NewToken(ctx, who, id, "d’un autre")
		wantCode(t, err, "no-account") // another's account does not exist for him
		own, err := r.Auth.NewToken(ctx, who, who.Account, "mon agenda")
		ok(t, err)
		if a, err = r.Auth.Token(ctx, own); err != nil || a.Pro != who.Pro {
			t.Errorf("%+v, %v", a, err)
		}
		_, _, err = r.Auth.NewAffiliate(ctx, who, "Moi", "moi@example.com", "Engagement 2026-11")
		if err == nil {
			t.Error("a professional made a partner")
		}
		for _, forged := range []string{"", "ent_", "ent_x", auth.Digest(token)} {
			_, err = r.Auth.Token(ctx, forged)
			wantCode(t, err, "sign-in")
		}
		_, err = r.Auth.NewToken(ctx, r.One(t, network.RoleAgent), id, "x")
		wantCode(t, err, "not-permitted")
	})
}

func TestTokens_areListedAndRevokedByTheirKeepers(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin, agent := r.One(t, network.RoleAdministrator), r.One(t, network.RoleAgent)
		who, email, _ := enlist(t, r)
		id, partner, err := r.Auth.TokenFor(ctx, admin, "affiliate", "api@example.com", "Annuaire Exemple", "Engagement 2026-11")
		ok(t, err)
		again, second, err := r.Auth.TokenFor(ctx, admin, "affiliate", "API@example.com", "Deuxième serveur", "")
		ok(t, err)
		if id != again || second == partner {
			t.Error("one partner has two accounts, or one token twice")
		}
		_, his, err := r.Auth.TokenFor(ctx, admin, "pro", email, "son agenda", "")
		ok(t, err)
		for kind, to := range map[string]string{"affiliate": email, "pro": "nobody@example.com", "staff": email, "king": email} {
			_, _, err := r.Auth.TokenFor(ctx, admin, kind, to, "un jeton", "")
			if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != "email" {
				t.Errorf("%s for %s: %v", kind, to, err)
			}
		}
		for _, a := range []auth.Actor{agent, who} {
			if _, _, err := r.Auth.TokenFor(ctx, a, "affiliate", "b@example.com", "un jeton", "Engagement 2026-11"); err == nil {
				t.Errorf("%s makes tokens for others", a.Who)
			}
			if _, err := r.Auth.Tokens(ctx, a, ""); err == nil {
				t.Errorf("%s sees all tokens", a.Who)
			}
		}
		all, err := r.Auth.Tokens(ctx, admin, "")
		ok(t, err)
		own, err := r.Auth.Tokens(ctx, who, who.Account)
		ok(t, err)
		if len(all) != 3 || len(own) != 1 || own[0].Name != "son agenda" || own[0].By != admin.Account || !own[0].Revoked.IsZero() {
			t.Fatalf("%+v, %+v", all, own)
		}
		for _, k := range all {
			if k.ID != own[0].ID {
				wantCode(t, r.Auth.RevokeToken(ctx, who, k.ID), "no-token") // another's does not exist for him
			}
		}
		wantCode(t, r.Auth.RevokeToken(ctx, agent, own[0].ID), "not-permitted")
		ok(t, r.Auth.RevokeToken(ctx, who, own[0].ID))
		wantCode(t, r.Auth.RevokeToken(ctx, admin, own[0].ID), "no-token")
		_, err = r.Auth.Token(ctx, his)
		wantCode(t, err, "sign-in")
		if _, err := r.Auth.Token(ctx, partner); err != nil {
			t.Errorf("another's token ended too: %v", err)
		}
		if all, err = r.Auth.Tokens(ctx, admin, ""); err != nil || len(all) != 3 || all[2].ID != own[0].ID || all[2].Revoked.IsZero() {
			t.Errorf("%+v, %v", all, err)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'token.revoke' AND actor = $1 AND object = $1", who.Account); n != 1 {
			t.Errorf("%d lines of the revocation", n)
		}
	})
}

// A token that was good a moment ago is not good any more once it is ended, and acts with the roles of now.
func TestToken_isNotRememberedPastItsEnd(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		admin, agent := r.One(t, network.RoleAdministrator), r.Agent(t)
		token, err := r.Auth.NewToken(ctx, admin, agent.Account, "desk")
		if err != nil {
			t.Fatal(err)
		}
		use := func() (auth.Actor, error) { return r.Auth.Token(ctx, token) }
		for range 2 {
			if a, err := use(); err != nil || !slices.Contains(a.Roles, network.RoleAgent) {
				t.Fatal(a, err)
			}
		}
		ok(t, r.Auth.EditStaff(ctx, admin, agent.Account, []network.Role{network.RoleAccountant}, nil, ""))
		if a, err := use(); err != nil || !slices.Equal(a.Roles, []network.Role{network.RoleAccountant}) {
			t.Fatal(a.Roles, err)
		}
		all, err := r.Auth.Tokens(ctx, admin, agent.Account)
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		if err := r.Auth.RevokeToken(ctx, admin, all[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := use(); fault.Of(err) == nil {
			t.Fatal(err)
		}
		if token, err = r.Auth.NewToken(ctx, admin, agent.Account, "desk"); err != nil {
			t.Fatal(err)
		}
		if _, err := use(); err != nil {
			t.Fatal(err)
		}
		if err := r.Auth.Disable(ctx, admin, agent.Account); err != nil {
			t.Fatal(err)
		}
		if _, err := use(); fault.Of(err) == nil {
			t.Fatal(err)
		}
	})
}
