package request_test

import (
	"context"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/request"
	"entremise/internal/rig"
)

func TestQuantile_isTheNearestRank(t *testing.T) {
	ten := make([]time.Duration, 10)
	for i := range ten {
		ten[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		of         []time.Duration
		hundredths int
		want       time.Duration
	}{{nil, 50, 0}, {ten[:1], 50, 1}, {ten[:1], 95, 1}, {ten[:2], 50, 1}, {ten[:2], 51, 2}, {ten, 50, 5}, {ten, 95, 10}, {ten, 90, 9}, {ten, 100, 10}, {ten, 0, 1}} {
		if got := request.Quantile(c.of, c.hundredths); got != c.want {
			t.Errorf("quantile %d of %d values is %d, want %d", c.hundredths, len(c.of), got, c.want)
		}
	}
}

// Days are those of the calendar: the one of 25 hours, 25 October 2026, is one day, and what happens at its ends counts where it belongs.
func TestFigures_countsByTheCalendarsDay(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		ctx := context.Background()
		from := time.Date(2026, 10, 24, 0, 0, 0, 0, geo.Paris())
		until := from.AddDate(0, 0, 4)
		for _, at := range []time.Time{from.Add(-time.Microsecond), from, time.Date(2026, 10, 25, 0, 0, 0, 0, geo.Paris()), time.Date(2026, 10, 25, 23, 59, 59, 0, geo.Paris()),
			time.Date(2026, 10, 26, 0, 0, 0, 0, geo.Paris()), until.Add(-time.Microsecond), until} {
			id := r.Ask(t).ID
			if err := r.DB.Write(ctx, func(tx *db.Tx) error {
				_, err := tx.Exec("UPDATE request SET at = $2 WHERE id = $1", id, db.Micros(at))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		var got request.Report
		if err := r.DB.Read(ctx, func(tx *db.Tx) (err error) { got, err = request.Figures(tx, from, until); return }); err != nil {
			t.Fatal(err)
		}
		want := []int{1, 2, 1, 1}
		if len(got.Days) != len(want) || got.Asked != 5 || got.Excl != money.Amount(0) {
			t.Fatalf("%d days, %d requests", len(got.Days), got.Asked)
		}
		for i, d := range got.Days {
			if d.Asked != want[i] {
				t.Errorf("%s counts %d requests, want %d", d.Day.Format(time.DateOnly), d.Asked, want[i])
			}
		}
	})
}
