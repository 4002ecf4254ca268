package pro_test

import (
	"context"
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
	"entremise/internal/pro"
	"entremise/internal/rig"
	"entremise/internal/vault"
)

var ctx = context.Background()

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

func get(t *testing.T, r *rig.Rig, id string) pro.Pro {
	t.Helper()
	p, _, err := r.Pros.Get(ctx, r.One(t, network.RoleOnboarding), id)
	ok(t, err)
	return p
}

func TestCreate_refusesEveryWrongField(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		for name, c := range map[string]struct {
			field  string
			change func(*pro.Input)
		}{
			"SIREN without its key":  {"siren", func(in *pro.Input) { in.SIREN = "999000001" }},
			"SIREN too short":        {"siren", func(in *pro.Input) { in.SIREN = "99900001" }},
			"SIREN with letters":     {"siren", func(in *pro.Input) { in.SIREN = "99900000O" }},
			"unknown trade (ET-39)":  {"trades", func(in *pro.Input) { in.Profile.Trades = []string{"plombier", "voyant"} }},
			"no trade":               {"trades", func(in *pro.Input) { in.Profile.Trades = nil }},
			"no coverage (ET-30)":    {"radius", func(in *pro.Input) { in.Profile.RadiusKm = 0 }},
			"a radius of the moon":   {"radius", func(in *pro.Input) { in.Profile.RadiusKm = 81 }},
			"a negative radius":      {"radius", func(in *pro.Input) { in.Profile.RadiusKm, in.Profile.Departments = -1, []string{"30"} }},
			"unknown department":     {"departments", func(in *pro.Input) { in.Profile.Departments = []string{"20"} }},
			"unknown commune":        {"communes", func(in *pro.Input) { in.Profile.Communes = []string{"30999"} }},
			"too many communes":      {"communes", func(in *pro.Input) { in.Profile.Communes = slices.Repeat([]string{rig.Nimes}, 401) }},
			"no seat":                {"commune", func(in *pro.Input) { in.Base, in.Profile.Base = "99999", "" }},
			"no company":             {"company", func(in *pro.Input) { in.Company = " " }},
			"a company of two lines": {"company", func(in *pro.Input) { in.Company = "Plomberie\r\nBcc: all" }},
			"no contact":             {"contact", func(in *pro.Input) { in.Contact = "" }},
			"no phone":               {"phone", func(in *pro.Input) { in.Phone = "" }},
			"a premium phone":        {"phone", func(in *pro.Input) { in.Phone = "08 99 12 34 56" }},
			"no e-mail":              {"email", func(in *pro.Input) { in.Email = "" }},
			"half an e-mail":         {"email", func(in *pro.Input) { in.Email = "plombier@" }},
			"no street":              {"street", func(in *pro.Input) { in.Street = "" }},
			"a check of another":     {"checks", func(in *pro.Input) { in.Checked = append(slices.Clone(pro.Checks), "horoscope") }},
			"insurance over":         {"insurance_until", func(in *pro.Input) { in.Until = "2026-11-23" }},
			"insurance without end":  {"insurance_until", func(in *pro.Input) { in.Until = "" }},
			"an hour of the day 25":  {"d0", func(in *pro.Input) { in.Profile.Week[0] = pro.Span{From: 0, To: 1500} }},
			"an absence backwards":   {"absence", func(in *pro.Input) { in.Profile.AbsentFrom, in.Profile.AbsentUntil = "2026-12-10", "2026-12-01" }},
			"half an absence":        {"absence", func(in *pro.Input) { in.Profile.AbsentFrom = "2026-12-10" }},
			"a cap below nothing":    {"per_day", func(in *pro.Input) { in.Profile.PerDay = -1 }},
		} {
			in := r.ProInput()
			c.change(&in)
			_, err := r.Pros.Create(ctx, staff, in)
			f := fault.Of(err)
			if f == nil || f.Kind != fault.Invalid || !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Name == c.field && x.Text.FR != "" && x.Text.EN != "" }) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if n := value[int64](t, r, "SELECT count(*) FROM pro"); n != 0 {
			t.Errorf("%d professionals came of it", n)
		}
		// One mistake does not hide another.
		in := r.ProInput()
		in.SIREN, in.Phone, in.Profile.Trades, in.Profile.RadiusKm = "1", "1", nil, 0
		_, err := r.Pros.Create(ctx, staff, in)
		if f := fault.Of(err); f == nil || len(f.Fields) != 4 {
			t.Errorf("four mistakes: %v", err)
		}
		for _, who := range []auth.Actor{r.One(t, network.RoleAgent), r.One(t, network.RoleAdministrator), {Who: auth.Visitor}, r.Pro(t)} { // ET-28: never by himself
			if _, err := r.Pros.Create(ctx, who, r.ProInput()); !fault.Is(err, fault.Denied) && !fault.Is(err, fault.Anonymous) {
				t.Errorf("%s %v created a professional: %v", who.Who, who.Roles, err)
			}
		}
	})
}

func TestCreate_isPendingUntilEverythingIsChecked(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		in := r.ProInput()
		var id string
		for i := range pro.Checks { // ET-28, 29
			in.Checked = pro.Checks[:i]
			if i == 0 {
				var err error
				id, err = r.Pros.Create(ctx, staff, in)
				ok(t, err)
			} else {
				ok(t, r.Pros.Edit(ctx, staff, id, in))
			}
			if p := get(t, r, id); p.State != pro.Pending || len(p.Checks) != i {
				t.Fatalf("with %d of %d checks he is %s, %v", i, len(pro.Checks), p.State, p.Checks)
			}
		}
		who := auth.Actor{Who: auth.Professional, Pro: id}
		asked := r.Ask(t)
		r.Publish(t, asked.ID)
		r.Sweep(t)
		if items, _, err := r.Requests.Board(ctx, who); err != nil || len(items) != 0 {
			t.Errorf("before his checks he sees %d requests: %v", len(items), err) // ET-22
		}
		in.Checked = pro.Checks
		ok(t, r.Pros.Edit(ctx, staff, id, in))
		p := get(t, r, id)
		if p.State != pro.Active || p.Checks["insurance"].ValidUntil != in.Until || p.Checks["registry"].By != staff.Account {
			t.Errorf("with every check he is %s, %+v", p.State, p.Checks)
		}
	})
}

func TestActivate_notOnAnInsuranceThatIsOver(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		in := r.ProInput()
		in.Checked, in.Until = pro.Checks[:4], "2026-12-01" // all but the terms
		id, err := r.Pros.Create(ctx, staff, in)
		ok(t, err)
		r.Clock.Add(10 * 24 * time.Hour)
		in.Checked = []string{"terms"}
		ok(t, r.Pros.Edit(ctx, staff, id, in))
		if p := get(t, r, id); p.State != pro.Pending {
			t.Errorf("he is %s, and his insurance ended two days ago", p.State)
		}
		in.Checked, in.Until = []string{"insurance"}, "2027-12-01"
		ok(t, r.Pros.Edit(ctx, staff, id, in))
		if p := get(t, r, id); p.State != pro.Active {
			t.Errorf("with a new insurance he is %s", p.State)
		}
		// A suspended one comes back only with everything valid.
		ok(t, r.Pros.Suspend(ctx, staff, id, "quality"))
		r.Clock.Add(400 * 24 * time.Hour)
		ok(t, r.Pros.Resume(ctx, staff, id))
		if p := get(t, r, id); p.State != pro.Pending {
			t.Errorf("he came back %s without insurance", p.State)
		}
	})
}

// A day begins at midnight in France, an hour or two before it does in UTC: an insurance to the 24th is none to come on the 24th.
func TestInsurance_runsByTheDaysOfFrance(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		waiting := func() (id string, in pro.Input) {
			in = r.ProInput()
			in.Checked, in.Until = pro.Checks[:4], "2026-11-24" // all but the terms
			id, err := r.Pros.Create(ctx, staff, in)
			ok(t, err)
			in.Checked = []string{"terms"}
			return id, in
		}
		before, beforeIn := waiting()
		after, afterIn := waiting()
		for _, c := range []struct {
			at    string // UTC
			id    string
			in    pro.Input
			valid bool
		}{{"2026-11-23T22:59:59Z", before, beforeIn, true}, {"2026-11-23T23:00:00Z", after, afterIn, false}} {
			at, err := time.Parse(time.RFC3339, c.at)
			ok(t, err)
			r.Clock.Add(at.Sub(r.Clock.Now()))
			ok(t, r.Pros.Edit(ctx, staff, c.id, c.in))
			if p := get(t, r, c.id); (p.State == pro.Active) != c.valid {
				t.Errorf("at %s the terms make him %s", c.at, p.State)
			}
			in := r.ProInput()
			in.Until = "2026-11-24"
			if _, err := r.Pros.Create(ctx, staff, in); (err == nil) != c.valid {
				t.Errorf("at %s an insurance to the 24th: %v", c.at, err)
			}
		}
	})
}

func TestCreate_oneSIRENOneProfessional(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		inputs := make([]pro.Input, 5)
		for i := range inputs {
			inputs[i] = r.ProInput()
			inputs[i].SIREN = inputs[0].SIREN
		}
		inputs[1].SIREN = inputs[0].SIREN[:3] + " " + inputs[0].SIREN[3:6] + "\u202f" + inputs[0].SIREN[6:] // as people write it
		var wg sync.WaitGroup
		errs := make([]error, len(inputs))
		for i, in := range inputs {
			wg.Go(func() { _, errs[i] = r.Pros.Create(ctx, staff, in) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
				continue
			}
			wantCode(t, err, "siren-taken")
			if f := fault.Of(err); f != nil && (len(f.Fields) != 1 || f.Fields[0].Name != "siren") {
				t.Errorf("%+v", f)
			}
		}
		if accounts := value[int64](t, r, "SELECT count(*) FROM account WHERE kind = 'pro'"); made != 1 || accounts != 1 {
			t.Errorf("%d professionals with %d accounts", made, accounts)
		}
		// An address that another account has leaves nothing behind either.
		in := r.ProInput()
		in.Email = value[string](t, r, "SELECT 'x'") + inputs[0].Email
		_, err := r.Pros.Create(ctx, staff, in)
		ok(t, err)
		again := r.ProInput()
		again.Email = in.Email
		_, err = r.Pros.Create(ctx, staff, again)
		wantCode(t, err, "email-taken")
		if n := value[int64](t, r, "SELECT count(*) FROM pro"); n != 2 {
			t.Errorf("%d professionals", n)
		}
	})
}

func TestSuspend_freesHeldSeatsAndTells(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		email := "suspendu@example.com"
		first := r.Pro(t, func(in *pro.Input) { in.Email = email })
		second := r.Pro(t)
		asked := r.Ask(t)
		r.Publish(t, asked.ID)
		r.Sweep(t)
		_, err := r.Requests.Hold(ctx, first, asked.ID)
		ok(t, err)
		_, err = r.Requests.Hold(ctx, second, asked.ID)
		wantCode(t, err, "seat-gone")
		err = r.Pros.Suspend(ctx, staff, first.Pro, "dislike")
		if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != "reason" {
			t.Errorf("a reason of nobody's list: %v", err)
		}
		wantCode(t, r.Pros.Suspend(ctx, first, first.Pro, "quality"), "not-permitted")
		wantCode(t, r.Pros.Suspend(ctx, staff, "pro_unknown", "quality"), "no-pro")
		ok(t, r.Pros.Suspend(ctx, staff, first.Pro, "quality"))
		_, err = r.Requests.Hold(ctx, second, asked.ID) // ET-85: free at once
		ok(t, err)
		_, err = r.Requests.Hold(ctx, first, asked.ID)
		wantCode(t, err, "pro-not-active")
		if items, _, err := r.Requests.Board(ctx, first); err != nil || len(items) != 0 {
			t.Errorf("his board holds %d requests: %v", len(items), err)
		}
		r.Drain(t)
		told := ""
		for _, m := range r.Post.Mails() {
			if m.To.Address == email && !strings.Contains(m.Text, "/invitation/") && !strings.Contains(m.Text, "/tableau/") {
				told = m.Text
			}
		}
		if why := r.Network.Suspension("quality").FR; !strings.Contains(told, why) {
			t.Errorf("he is told %q, not %q", told, why)
		}
		ok(t, r.Pros.Suspend(ctx, staff, first.Pro, "fraud")) // another reason
		if p := get(t, r, first.Pro); p.State != pro.Suspended || p.Reason != "fraud" {
			t.Errorf("%s for %q", p.State, p.Reason)
		}
		ok(t, r.Pros.Resume(ctx, staff, first.Pro))
		if p := get(t, r, first.Pro); p.State != pro.Active || p.Reason != "" {
			t.Errorf("resumed: %s, %q", p.State, p.Reason)
		}
		wantCode(t, r.Pros.Resume(ctx, staff, first.Pro), "state-moved")
	})
}

func TestClose_neverComesBack(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		in := r.ProInput()
		id, err := r.Pros.Create(ctx, staff, in)
		ok(t, err)
		accounts, err := r.Auth.OfPro(ctx, id)
		ok(t, err)
		link, err := r.Auth.SignInLink(ctx, accounts[0].ID)
		ok(t, err)
		session, err := r.Auth.UseLink(ctx, link)
		ok(t, err)
		ok(t, r.Pros.Close(ctx, staff, id, "terms"))
		_, err = r.Auth.Session(ctx, session)
		wantCode(t, err, "sign-in") // his session ends with it
		for name, err := range map[string]error{"resume": r.Pros.Resume(ctx, staff, id), "suspend": r.Pros.Suspend(ctx, staff, id, "terms"), "close": r.Pros.Close(ctx, staff, id, "terms")} {
			if fault.Code(err) != "state-moved" {
				t.Errorf("%s: %v", name, err)
			}
		}
		ok(t, r.Pros.Edit(ctx, staff, id, in)) // his file may be corrected, his access stays closed
		if p := get(t, r, id); p.State != pro.Closed {
			t.Errorf("he is %s", p.State)
		}
		again := r.ProInput()
		again.SIREN = in.SIREN
		_, err = r.Pros.Create(ctx, staff, again)
		wantCode(t, err, "siren-taken") // ET-58
	})
}

func TestEdit_keepsTheCompanyAndEveryVersion(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		in := r.ProInput()
		id, err := r.Pros.Create(ctx, staff, in)
		ok(t, err)
		other := in
		other.SIREN = r.ProInput().SIREN
		err = r.Pros.Edit(ctx, staff, id, other)
		if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != "siren" { // ET-154
			t.Errorf("access was passed on: %v", err)
		}
		for km := 20; km <= 40; km += 10 {
			in.Profile.RadiusKm = km
			r.Clock.Add(time.Hour)
			ok(t, r.Pros.Edit(ctx, staff, id, in))
		}
		p := get(t, r, id)
		if p.Version != 4 || p.Profile.RadiusKm != 40 {
			t.Errorf("version %d with %d km", p.Version, p.Profile.RadiusKm)
		}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
			for v, km := range []int{15, 20, 30, 40} {
				old, err := pro.AtVersion(tx, id, v+1)
				if err != nil || old.Profile.RadiusKm != km || old.State != pro.Active {
					t.Errorf("version %d: %+v, %v", v+1, old, err)
				}
			}
			_, err := pro.AtVersion(tx, id, 5)
			wantCode(t, err, "no-pro")
			return nil
		}))
		wantCode(t, r.Pros.Edit(ctx, staff, "pro_unknown", in), "invalid-fields")
		wantCode(t, r.Pros.Edit(ctx, r.One(t, network.RoleAgent), id, in), "not-permitted")
	})
}

func TestEditOwn_areaAndHoursNeverTrades(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		ok(t, r.Pros.EditOwn(ctx, who, func(p *pro.Profile) {
			p.Trades = []string{"serrurier", "vitrier"}
			p.RadiusKm, p.PerDay, p.SMS = 40, 3, false
			p.Week[6] = pro.Span{}
			p.AbsentFrom, p.AbsentUntil = "2026-12-20", "2027-01-04"
		}))
		p := get(t, r, who.Pro)
		if !slices.Equal(p.Profile.Trades, []string{"plombier"}) || p.Profile.RadiusKm != 40 || p.Profile.SMS || p.Profile.Week[6].Open() || p.Version != 2 {
			t.Errorf("%+v", p) // ET-33, 39: trades are staff's
		}
		err := r.Pros.EditOwn(ctx, who, func(p *pro.Profile) { p.RadiusKm = 500 })
		wantCode(t, err, "invalid-fields")
		wantCode(t, r.Pros.EditOwn(ctx, r.One(t, network.RoleOnboarding), func(*pro.Profile) {}), "not-permitted")
		wantCode(t, r.Pros.EditOwn(ctx, auth.Actor{Who: auth.Professional, Pro: "pro_unknown"}, func(*pro.Profile) {}), "no-pro")

		// Many at once: each is a version of its own or is told to look again; none is lost silently.
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { errs[i] = r.Pros.EditOwn(ctx, who, func(p *pro.Profile) { p.PerMonth++ }) })
		}
		wg.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else {
				wantCode(t, err, "profile-moved")
			}
		}
		if p := get(t, r, who.Pro); p.Profile.PerMonth != done || p.Version != 2+done {
			t.Errorf("%d changes made the cap %d and the version %d", done, p.Profile.PerMonth, p.Version)
		}
		// A suspended professional still keeps his own profile, and stays suspended.
		ok(t, r.Pros.Suspend(ctx, r.One(t, network.RoleOnboarding), who.Pro, "quality"))
		ok(t, r.Pros.EditOwn(ctx, who, func(p *pro.Profile) { p.RadiusKm = 10 }))
		if p := get(t, r, who.Pro); p.State != pro.Suspended {
			t.Errorf("he made himself %s", p.State)
		}
	})
}

func TestContacts_areSealedAndGoWithTheKeys(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		in := r.ProInput()
		in.Company, in.Contact = "Zinguerie Élodie", "Élodie Martin"
		id, err := r.Pros.Create(ctx, r.One(t, network.RoleOnboarding), in)
		ok(t, err)
		other := r.Pro(t)
		all, err := r.Pros.Contacts(ctx, id, other.Pro, "pro_unknown")
		ok(t, err)
		c := all[id]
		if len(all) != 2 || c.Company != in.Company || c.SIREN != in.SIREN || c.Contact != in.Contact || !strings.HasPrefix(c.Phone, "+336") || c.Email != in.Email || c.Street != in.Street || !c.BySMS || !c.ByEmail {
			t.Errorf("%+v", c.Identity)
		}
		for _, column := range []string{"company_sealed", "siren_sealed", "contact_sealed", "phone_sealed", "email_sealed", "street_sealed"} {
			sealed := string(value[[]byte](t, r, "SELECT "+column+" FROM pro WHERE id = $1", id))
			for _, plain := range []string{"Zinguerie", in.SIREN, "lodie", c.Phone, in.Email, "rue"} {
				if strings.Contains(sealed, plain) {
					t.Errorf("%s holds %q", column, plain)
				}
			}
		}
		if n, err := r.Vault.Erase(ctx, id); err != nil || n == 0 {
			t.Fatal(n, err)
		}
		all, err = r.Pros.Contacts(ctx, id, other.Pro)
		ok(t, err)
		if c := all[id]; c.Company != "" || c.Phone != "" || c.Email != "" || c.SIREN != "" || c.ID != id {
			t.Errorf("after erasure: %+v", c.Identity)
		}
		if all[other.Pro].Company == "" {
			t.Error("somebody else was erased too")
		}
	})
}

func TestGet_staffReadAndLeaveALineAProOnlyHimself(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, other := r.Pro(t), r.Pro(t)
		_, c, err := r.Pros.Get(ctx, who, who.Pro)
		ok(t, err)
		if c.Company == "" {
			t.Error("he does not see himself")
		}
		_, _, err = r.Pros.Get(ctx, who, other.Pro)
		wantCode(t, err, "no-pro")
		_, _, err = r.Pros.Get(ctx, auth.Actor{Who: auth.Visitor}, who.Pro)
		wantCode(t, err, "sign-in")
		agent := r.One(t, network.RoleAgent)
		_, _, err = r.Pros.Get(ctx, agent, other.Pro)
		ok(t, err)
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'pro.read' AND object = $1 AND actor = $2", other.Pro, agent.Account); n != 1 {
			t.Errorf("the reading left %d lines", n)
		}
	})
}

func TestList_findsByWordTradeAndStateAndPages(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		staff := r.One(t, network.RoleOnboarding)
		want := map[string]bool{}
		for i := range 7 { // all of one instant: the cursor needs the id
			want[r.Pro(t, func(in *pro.Input) {
				in.Company = fmt.Sprintf("Société Générale d’Étanchéité %d", i)
				if i%2 == 1 {
					in.Profile.Trades = []string{"couvreur", "plombier"}
				}
				in.Phone = rig.Mobile(9000 + i)
			}).Pro] = true
		}
		for name, c := range map[string]struct {
			f    pro.Filter
			want int
		}{
			"all": {pro.Filter{}, 7}, "a word without accents": {pro.Filter{Word: "etancheite"}, 7}, "two words": {pro.Filter{Word: "SOCIETE générale"}, 7}, "half a word": {pro.Filter{Word: "etanch"}, 0},
			"roofers": {pro.Filter{Trade: "couvreur"}, 3}, "suspended": {pro.Filter{State: pro.Suspended}, 0}, "active": {pro.Filter{State: pro.Active, Trade: "plombier"}, 7},
			"a number": {pro.Filter{Phone: "+33639989003"}, 1}, "hostile": {pro.Filter{Word: "' OR 1=1 --"}, 0},
		} {
			got, err := r.Pros.List(ctx, staff, c.f, 50)
			if err != nil || len(got) != c.want {
				t.Errorf("%s: %d, %v; want %d", name, len(got), err, c.want)
			}
		}
		var f pro.Filter
		for range 4 {
			page, err := r.Pros.List(ctx, staff, f, 2)
			ok(t, err)
			for _, p := range page {
				if !want[p.ID] {
					t.Errorf("%s comes twice", p.ID)
				}
				delete(want, p.ID)
				f.Before, f.BeforeID = db.Micros(p.At), p.ID
			}
		}
		if len(want) != 0 {
			t.Errorf("%d professionals are on no page", len(want))
		}
		_, err := r.Pros.List(ctx, r.Pro(t), pro.Filter{}, 10)
		wantCode(t, err, "not-permitted")
	})
}

func TestSeed_leavesWhatCreateLeaves(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		made := r.Pro(t)
		in := r.ProInput()
		in.Phone = "+33639981111" // as normal leaves it
		id, account := r.DB.NewID("pro"), r.DB.NewID("acc")
		ring, err := r.Vault.New(ctx, id, pro.SeedCategories()...)
		ok(t, err)
		accountRing, err := r.Vault.New(ctx, account, "account")
		ok(t, err)
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error { return r.Pros.Seed(tx, ring, accountRing, r.Network, id, account, in) }))
		if p := get(t, r, id); p.State != pro.Active {
			t.Errorf("the seeded one is %s", p.State)
		}
		for _, q := range []string{"SELECT count(*) FROM holding WHERE record = $1", "SELECT count(*) FROM pro_check WHERE pro_id = $1", "SELECT count(*) FROM pro_trade WHERE pro_id = $1", "SELECT count(*) FROM person_key WHERE person_id = $1"} {
			if a, b := value[int64](t, r, q, made.Pro), value[int64](t, r, q, id); a != b {
				t.Errorf("%s: %d for a created one, %d for a seeded one", q, a, b)
			}
		}
	})
}

func TestOutside_getsAnAccountAndNoBroadcast(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t, func(in *pro.Input) { in.Outside = true })
		p := get(t, r, who.Pro)
		if accounts, err := r.Auth.OfPro(ctx, who.Pro); err != nil || len(accounts) != 1 || p.State != pro.Pending {
			t.Errorf("%d accounts, %s, %v", len(accounts), p.State, err)
		}
		ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
			all, err := pro.OfTrade(tx, "plombier")
			if len(all) != 0 {
				t.Errorf("he is among those who are asked: %+v", all)
			}
			return err
		}))
		// His contact opens nothing at another place of the same row: sealed values are bound.
		ring, err := r.Vault.Ring(ctx, who.Pro)
		ok(t, err)
		sealed := value[[]byte](t, r, "SELECT phone_sealed FROM pro WHERE id = $1", who.Pro)
		if _, err := ring.OpenText("contact", vault.Place{Table: "pro", Column: "email_sealed", Row: who.Pro}, sealed); err == nil {
			t.Error("a number opens as an e-mail address")
		}
	})
}
