package network

import (
	"testing"
	"time"

	"entremise/internal/geo"
)

func TestDue_countsAsRegulation1182(t *testing.T) {
	r := &Rights{Answer: Duration{1, UnitMonth}, Extended: Duration{2, UnitMonth}}
	for _, c := range []struct {
		received string
		extended bool
		paused   time.Duration
		due      string
	}{
		{"2026-01-13 09:00", false, 0, "2026-02-13"}, // a Friday
		{"2026-01-30 09:00", false, 0, "2026-03-02"}, // 28 February is a Saturday
		{"2026-04-01 09:00", false, 0, "2026-05-04"}, // 1 May is a holiday, then a week-end
		{"2026-11-25 00:10", false, 0, "2026-12-28"}, // Christmas is a Friday
		{"2026-01-13 23:59", false, 0, "2026-02-13"}, // the hour changes nothing
		{"2026-01-13 09:00", true, 0, "2026-03-13"},  // in all, not on top
		{"2026-01-13 09:00", false, 72 * time.Hour, "2026-02-16"},
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.received, geo.Paris())
		if err != nil {
			t.Fatal(err)
		}
		due := r.Due(at.UTC(), c.extended, c.paused).In(geo.Paris())
		if got := due.Format("2006-01-02 15:04:05.000000"); got != c.due+" 23:59:59.999999" {
			t.Errorf("received %s, extended %t, paused %s: due %s, want the end of %s", c.received, c.extended, c.paused, got, c.due)
		}
	}
	r.Extended = Duration{}
	at := time.Date(2026, 1, 13, 9, 0, 0, 0, geo.Paris())
	if r.Due(at, true, 0) != r.Due(at, false, 0) {
		t.Error("a network without extension has extended")
	}
}
