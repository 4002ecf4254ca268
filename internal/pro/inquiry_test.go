package pro_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/rig"
)

// wrongFields are the fields of a fault, in order.
func wrongFields(err error) (all []string) {
	if f := fault.Of(err); f != nil {
		for _, x := range f.Fields {
			all = append(all, x.Name)
		}
	}
	return all
}

// What a provider is told of a professional is on its list, and what it answered is kept sealed, for its time (ET-115).
func TestInquiry_onlyWhatTheListAllows(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, clerk, he := context.Background(), r.One(t, network.RoleOnboarding), r.Pro(t)
		day := func(d int) string { return r.DB.Now().In(geo.Paris()).AddDate(0, 0, d).Format(time.DateOnly) }
		good := pro.Inquiry{Recipient: "solvency", Kind: network.VerifiesSolvency, Fields: []network.ProField{network.ProCompany, network.ProSIREN}, Reference: "SV-2026/114", On: day(0), Until: day(180), Result: pro.ResultReserved}
		for name, c := range map[string]struct {
			change func(*pro.Inquiry)
			wrong  string
		}{
			"a field that it is not to get": {func(q *pro.Inquiry) { q.Fields = append(slices.Clone(q.Fields), network.ProPhone) }, "fields"},
			"nothing sent":                  {func(q *pro.Inquiry) { q.Fields = nil }, "fields"},
			"what it does not verify":       {func(q *pro.Inquiry) { q.Kind = network.VerifiesFraud }, "provider"},
			"a recipient of something else": {func(q *pro.Inquiry) { q.Recipient = "mail" }, "provider"},
			"no result":                     {func(q *pro.Inquiry) { q.Result = "" }, "result"},
			"a result of tomorrow":          {func(q *pro.Inquiry) { q.On, q.Until = day(1), "" }, "on"},
			"over before it began":          {func(q *pro.Inquiry) { q.Until = day(-1) }, "until_on"},
			"a name for a number":           {func(q *pro.Inquiry) { q.Reference = "Dupont" }, "inquiry_reference"},
			"a number with words":           {func(q *pro.Inquiry) { q.Reference = "1 de M. Dupont" }, "inquiry_reference"},
			"a number of 41":                {func(q *pro.Inquiry) { q.Reference = strings.Repeat("1", 41) }, "inquiry_reference"},
		} {
			q := good
			c.change(&q)
			if got := wrongFields(r.Pros.Inquire(ctx, clerk, he.Pro, q)); !slices.Equal(got, []string{c.wrong}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if err := r.Pros.Inquire(ctx, r.One(t, network.RoleAgent), he.Pro, good); fault.Code(err) != "not-permitted" {
			t.Error(err)
		}
		edge := good
		edge.On, edge.Until, edge.Reference = day(0), day(0), strings.Repeat("9", 40)
		for _, q := range []pro.Inquiry{good, edge} {
			if err := r.Pros.Inquire(ctx, clerk, he.Pro, q); err != nil {
				t.Fatal(err)
			}
		}
		all, err := r.Pros.Inquiries(ctx, he.Pro)
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, q := range all {
			if q.Result != pro.ResultReserved || !slices.Equal(q.Fields, good.Fields) || q.By != clerk.Account || q.Old(day(0)) || !q.Old(day(181)) {
				t.Errorf("%+v", q)
			}
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			sealed, err := db.Values[[]byte](tx, "SELECT finding_sealed FROM pro_inquiry WHERE pro_id = $1", he.Pro)
			for _, s := range sealed {
				if strings.Contains(string(s), "reserved") {
					t.Error("what it found is readable")
				}
			}
			held, err2 := db.Values[string](tx, "SELECT categories FROM holding WHERE person_id = $1 AND purpose = 'verify_professionals'", he.Pro)
			if err2 != nil || !strings.Contains(strings.Join(held, " "), "documents") {
				t.Error(held, err2)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}

		freeze := func(on bool) {
			t.Helper()
			if err := r.DB.Write(ctx, func(tx *db.Tx) error { return r.Pros.Restrict(tx, auth.Machine, he.Pro, on) }); err != nil {
				t.Fatal(err)
			}
		}
		freeze(true)
		if err := r.Pros.Inquire(ctx, clerk, he.Pro, good); fault.Code(err) != "frozen" {
			t.Error("frozen, he is verified:", err)
		}
		if err := r.Pros.Agree(ctx, clerk, he.Pro, pro.Agreement{Title: "Rabais", Reference: "A1", On: day(0)}); fault.Code(err) != "frozen" {
			t.Error("frozen, something is agreed with him:", err)
		}
		freeze(false)

		officer := r.One(t, network.RoleOfficer)
		if _, err := r.Life.Erase(ctx, officer, he.Pro, privacy.Scope{}, "D-1"); err != nil {
			t.Fatal(err)
		}
		if all, err = r.Pros.Inquiries(ctx, he.Pro); err != nil || len(all) != 2 || all[0].Result != "" {
			t.Errorf("erased: %+v %v", all, err)
		}
		if err := r.DB.Read(ctx, func(tx *db.Tx) error {
			sent, err := pro.SentTo(tx, he.Pro)
			if len(sent) != 2 || sent[0].Recipient != "solvency" || sent[0].Reference == "" {
				t.Errorf("who is to be told: %+v", sent)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// A special agreement is prior, express and written: it has a signature behind it, and its words go with the professional's (ET-12).
func TestAgreement_isSignedBefore(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, clerk, he := context.Background(), r.One(t, network.RoleOnboarding), r.Pro(t)
		day := func(d int) string { return r.DB.Now().In(geo.Paris()).AddDate(0, 0, d).Format(time.DateOnly) }
		good := pro.Agreement{Title: "Délai de paiement de 45 jours", Reference: "Classeur 4, n° 12", On: day(-3), Until: day(300)}
		for name, c := range map[string]struct {
			change func(*pro.Agreement)
			wrong  string
		}{
			"not signed":           {func(a *pro.Agreement) { a.On = "" }, "signed_on"},
			"signed tomorrow":      {func(a *pro.Agreement) { a.On = day(1) }, "signed_on"},
			"over before":          {func(a *pro.Agreement) { a.Until = day(-4) }, "agreement_until"},
			"about nothing":        {func(a *pro.Agreement) { a.Title = " " }, "agreement_title"},
			"about too much":       {func(a *pro.Agreement) { a.Title = strings.Repeat("é", 121) }, "agreement_title"},
			"written nowhere":      {func(a *pro.Agreement) { a.Reference = "" }, "agreement_reference"},
			"a reference too long": {func(a *pro.Agreement) { a.Reference = strings.Repeat("é", 81) }, "agreement_reference"},
		} {
			a := good
			c.change(&a)
			if got := wrongFields(r.Pros.Agree(ctx, clerk, he.Pro, a)); !slices.Equal(got, []string{c.wrong}) {
				t.Errorf("%s: %v", name, got)
			}
		}
		if err := r.Pros.Agree(ctx, he, he.Pro, good); fault.Code(err) != "not-permitted" {
			t.Error("he grants it to himself:", err)
		}
		if err := r.Pros.Agree(ctx, clerk, he.Pro, good); err != nil {
			t.Fatal(err)
		}
		all, err := r.Pros.Agreements(ctx, he.Pro)
		if err != nil || len(all) != 1 || all[0].Title != good.Title || all[0].Reference != good.Reference || all[0].On != good.On || all[0].Ended(day(300)) || !all[0].Ended(day(301)) {
			t.Errorf("%+v %v", all, err)
		}
		if err := r.Pros.Close(ctx, r.One(t, network.RoleOnboarding), he.Pro, "terms"); err != nil {
			t.Fatal(err)
		}
		if err := r.Pros.Agree(ctx, clerk, he.Pro, good); fault.Code(err) != "state-moved" {
			t.Error(err)
		}
	})
}
