package privacy_test

import (
	"slices"
	"testing"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/rig"
)

// However small the pages, everybody of whom a category is held is named, and nobody else.
func TestHolders_nameEverybodyWhateverThePages(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		for range 4 {
			r.Ask(t)
		}
		r.Pro(t)
		err := r.DB.Read(t.Context(), func(tx *db.Tx) error {
			want, err := db.Values[string](tx, "SELECT id FROM person ORDER BY id")
			if err != nil {
				return err
			}
			for _, most := range []int{1, 2, 3, 5, 1000} {
				var got []string
				for after, pages := "", 0; pages < 100; pages++ {
					people, last, err := privacy.Holders(tx, after, most, network.DataPlace, network.DataNeed)
					if err != nil {
						return err
					}
					for _, p := range people {
						if p[:4] == "per_" {
							got = append(got, p)
						}
					}
					if after = last; last == "" {
						break
					}
				}
				slices.Sort(got)
				if !slices.Equal(slices.Compact(got), want) {
					t.Errorf("pages of %d: %v, want %v", most, got, want)
				}
			}
			none, _, err := privacy.Holders(tx, "", 1000, network.DataRecording)
			if len(none) > 0 {
				t.Errorf("of whom no recording is held: %v", none)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
