package inspect_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/inspect"
	"entremise/internal/network"
	"entremise/internal/rig"
)

// weighing keeps what is written and how much the heap held at most, garbage taken away, beyond what it held at first and what was written.
type weighing struct {
	bytes.Buffer
	first, most uint64
}

func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func (w *weighing) Write(p []byte) (int, error) {
	before := w.Buffer.Cap()
	n, err := w.Buffer.Write(p)
	if w.Buffer.Cap() != before || w.Buffer.Len()%(64<<10) < len(p) { // now and then
		w.most = max(w.most, held()-uint64(w.Buffer.Cap()))
	}
	return n, err
}

// A hundred thousand acts are all in the pack, and no more than a page of them is in memory at once; the pack verifies as any other.
func TestPack_ofManyActsIsWrittenAsItIsRead(t *testing.T) {
	const acts, bar = 100_000, 8 << 20
	r := rig.New(t, "sqlite")
	officer := r.One(t, network.RoleOfficer)
	for range acts / 1000 {
		r.Clock.Add(time.Second)
		if err := r.DB.Write(ctx, func(tx *db.Tx) error {
			rows := make([][]any, 1000)
			for i := range rows {
				rows[i] = []any{tx.NewID("aud"), db.Micros(tx.Now()), db.Micros(tx.Machine()), "acc_1", "officer", "case.read", fmt.Sprintf("cas_%d", i), "done", ""}
			}
			marks, args := db.Rows(rows...)
			return tx.Send("INSERT INTO audit (id, at, machine_at, actor, role, action, object, outcome, detail) VALUES "+marks, args...)
		}); err != nil {
			t.Fatal(err)
		}
	}
	w := &weighing{first: held()}
	if _, err := r.Inspect.Make(ctx, officer, inspect.Period{}, w); err != nil {
		t.Fatal(err)
	}
	if grown := int64(w.most) - int64(w.first); grown > bar {
		t.Errorf("the heap grew by %d kB while the pack was written, the bar is %d", grown>>10, bar>>10)
	} else {
		t.Logf("the heap grew by %d kB", grown>>10)
	}
	if report, err := inspect.Verify(w.Bytes(), r.Proof.VerifierKey()); err != nil || len(report.Passed) < 6 {
		t.Errorf("%v, %v", report.Passed, err)
	}
	trail := unzip(t, w.Bytes())["trail/acts.csv"]
	if got := strings.Count(trail, ",case.read,"); got != acts {
		t.Errorf("%d acts of %d", got, acts)
	}
}

// The period asked for bounds what is told of cases, erasures and acts, by the instant; one that ends before it begins is refused.
func TestPack_isBoundedByItsPeriodAlone(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		officer := r.One(t, network.RoleOfficer)
		begun := r.Clock.Now()
		at := func(days int, object string) {
			t.Helper()
			if err := r.DB.Write(ctx, func(tx *db.Tx) error {
				when := db.Micros(begun.AddDate(0, 0, days))
				if err := tx.Send("INSERT INTO audit (id, at, machine_at, actor, role, action, object, outcome, detail) VALUES ($2, $1, $1, 'acc_1', 'officer', 'case.read', $2, 'done', '')", when, object); err != nil {
					return err
				}
				return tx.Send(`INSERT INTO erasure (id, at, person_id, by_account, why, erased, kept, needles_sealed, certified_at, places, certificate, leaf_id) VALUES ($2, $1, $2, 'acc_1', $2, '', '', $3, 0, 0, '', '')`, when, object, []byte{})
			}); err != nil {
				t.Fatal(err)
			}
		}
		for i, object := range []string{"long-before", "first-second", "within", "at-the-end"} {
			at([]int{-30, 0, 5, 10}[i], object)
		}
		for i := range 1203 { // more than a page, many in one instant
			at(-60-i/700, fmt.Sprintf("old-%d", i))
		}
		r.Clock.Add(20 * 24 * time.Hour)
		told := func(p inspect.Period) (acts, erased string) {
			t.Helper()
			files := unzip(t, packed(t, r, officer, p))
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(files["trail/acts.csv"], "\ufeff"))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				if row[3] == "case.read" && !strings.HasPrefix(row[4], "old-") {
					acts += row[4] + " "
				}
			}
			for _, x := range []string{"at-the-end", "within", "first-second", "long-before"} {
				if strings.Contains(files["retention/erasures.json"], `"`+x+`"`) {
					erased += x + " "
				}
			}
			if p == (inspect.Period{}) {
				if a, e := strings.Count(files["trail/acts.csv"], ",old-"), strings.Count(files["retention/erasures.json"], `"ID": "old-`)+strings.Count(files["retention/erasures.json"], `"id": "old-`); a != 1203 || e != 1203 {
					t.Errorf("without a period %d acts and %d erasures of 1203 are told", a, e)
				}
			}
			return acts, erased
		}
		for _, c := range []struct {
			p    inspect.Period
			want string
		}{
			{inspect.Period{}, "at-the-end within first-second long-before "},
			{inspect.Period{From: begun, Until: begun.AddDate(0, 0, 10)}, "within first-second "},
			{inspect.Period{From: begun.Add(time.Microsecond)}, "at-the-end within "},
			{inspect.Period{Until: begun}, "long-before "},
		} {
			if acts, erased := told(c.p); acts != c.want || erased != c.want {
				t.Errorf("%+v: acts %q, erasures %q, want %q", c.p, acts, erased, c.want)
			}
		}
		if _, err := r.Inspect.Make(ctx, officer, inspect.Period{From: begun, Until: begun}, &bytes.Buffer{}); fault.Code(err) != "invalid-fields" {
			t.Errorf("a period without a second: %v", err)
		}
	})
}
