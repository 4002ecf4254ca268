package pro_test

import (
	"context"
	"testing"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/rig"
)

// What staff tick rests on what they saw: an extract that is under three months old on the day of the signature (ET-106), and in each trade a diploma
// or three years of experience (ET-80).
func TestEvidence_toTheDay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		clerk := r.One(t, network.RoleOnboarding)
		day := func(years, months, days int) string {
			return r.DB.Now().In(geo.Paris()).AddDate(years, months, days).Format(time.DateOnly)
		}
		qualified := func(by, since string) func(*pro.Input) {
			return func(in *pro.Input) {
				in.Profile.Qualified = map[string]pro.Qualified{"plombier": {By: by, Since: since}}
			}
		}
		extract := func(on string) func(*pro.Input) {
			return func(in *pro.Input) { in.Profile.RegistryOn = on }
		}
		for name, c := range map[string]struct {
			change func(*pro.Input)
			wrong  string
		}{
			"an extract of today":              {extract(day(0, 0, 0)), ""},
			"an extract of tomorrow":           {extract(day(0, 0, 1)), "registry_on"},
			"a day under three months":         {extract(day(0, -3, 1)), ""},
			"three months":                     {extract(day(0, -3, 0)), "registry_on"},
			"three months and a day":           {extract(day(0, -3, -1)), "registry_on"},
			"no date of the extract":           {extract(""), "registry_on"},
			"a date that is none":              {extract("2026-02-30"), "registry_on"},
			"a diploma":                        {qualified(pro.ByDiploma, ""), ""},
			"nothing seen":                     {qualified("", ""), "qualified.plombier"},
			"something else":                   {qualified("rumour", ""), "qualified.plombier"},
			"three years of experience":        {qualified(pro.ByExperience, day(-3, 0, 0)), ""},
			"a day under three years":          {qualified(pro.ByExperience, day(-3, 0, 1)), "since.plombier"},
			"two years and eleven months":      {qualified(pro.ByExperience, day(-2, -11, 0)), "since.plombier"},
			"experience since nobody knows":    {qualified(pro.ByExperience, ""), "since.plombier"},
			"nothing is ticked, nothing asked": {func(in *pro.Input) { in.Checked, in.Profile.RegistryOn, in.Profile.Qualified = nil, "", nil }, ""},
		} {
			in := r.ProInput()
			c.change(&in)
			_, err := r.Pros.Create(context.Background(), clerk, in)
			got := ""
			if f := fault.Of(err); f != nil && len(f.Fields) == 1 {
				got = f.Fields[0].Name
			} else if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if got != c.wrong {
				t.Errorf("%s: wrong is %q, want %q", name, got, c.wrong)
			}
		}
	})
}

// What was verified stands when something else is edited later; a signature that comes later wants an extract that is young on that day, and a new
// trade its own proof.
func TestEvidence_standsUntilItChanges(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx, clerk := context.Background(), r.One(t, network.RoleOnboarding)
		in := r.ProInput()
		id, err := r.Pros.Create(ctx, clerk, in)
		if err != nil {
			t.Fatal(err)
		}
		unsigned := r.ProInput()
		unsigned.Checked = []string{"identity", "registry", "qualification"}
		later, err := r.Pros.Create(ctx, clerk, unsigned)
		if err != nil {
			t.Fatal(err)
		}
		r.Clock.Add(100 * 24 * time.Hour)
		in.Street = "4 rue Neuve"
		if err := r.Pros.Edit(ctx, clerk, id, in); err != nil {
			t.Errorf("an edit of something else: %v", err)
		}
		in.Profile.Trades = append(in.Profile.Trades, "chauffagiste")
		if f := fault.Of(r.Pros.Edit(ctx, clerk, id, in)); f == nil || f.Fields[0].Name != "qualified.chauffagiste" {
			t.Errorf("a trade without proof: %v", f)
		}
		unsigned.Checked = append(unsigned.Checked, "terms")
		if f := fault.Of(r.Pros.Edit(ctx, clerk, later, unsigned)); f == nil || f.Fields[0].Name != "registry_on" {
			t.Errorf("signed with an extract of four months: %v", f)
		}
		unsigned.Profile.RegistryOn = r.DB.Now().AddDate(0, 0, -3).Format(time.DateOnly)
		if err := r.Pros.Edit(ctx, clerk, later, unsigned); err != nil {
			t.Error(err)
		}
	})
}
