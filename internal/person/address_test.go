package person_test

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/rig"
)

func TestNetwork_countsAHouseholdAsOne(t *testing.T) {
	for address, want := range map[string]string{"203.0.113.77": "203.0.113.77", "::ffff:203.0.113.77": "203.0.113.77", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::1": "2001:db8:1:2::/64"} {
		if got := person.Network(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

func TestBlockAddress_holdsForItsDaysAndForTheWholeNetwork(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		chief := r.One(t, network.RoleAdministrator)
		good := person.AddressBlock{Address: " 2001:db8:1:2::5 ", Days: 2, Reason: "Robots"}
		if err := person.BlockAddress(ctx, r.DB, r.Vault, r.Staff(t, network.RoleOfficer), good); !fault.Is(err, fault.Denied) {
			t.Errorf("a role without the right blocks: %v", err)
		}
		f := fault.Of(person.BlockAddress(ctx, r.DB, r.Vault, chief, person.AddressBlock{Address: "chez moi", Days: 91, Reason: strings.Repeat("é", 201)}))
		if f == nil {
			t.Fatal("a wrong block is not refused")
		}
		var fields []string
		for _, x := range f.Fields {
			fields = append(fields, x.Name)
		}
		if !slices.Equal(fields, []string{"address", "days", "reason"}) {
			t.Errorf("the refusal names %q", fields)
		}
		if err := person.BlockAddress(ctx, r.DB, r.Vault, chief, good); err != nil {
			t.Fatal(err)
		}
		blocked := func(address string) (yes bool) {
			t.Helper()
			err := r.DB.Read(ctx, func(tx *db.Tx) (err error) {
				yes, err = person.Blocked(tx, person.AddressIndex(r.Vault, person.Network(netip.MustParseAddr(address))))
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return yes
		}
		if !blocked("2001:db8:1:2:ffff::1") || blocked("2001:db8:1:3::5") {
			t.Error("a block holds for another network, or not for the whole of its own")
		}
		r.Clock.Add(2*24*time.Hour + time.Second)
		if blocked("2001:db8:1:2::5") {
			t.Error("a block outlives its days")
		}
	})
}
