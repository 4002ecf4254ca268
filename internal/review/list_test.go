package review_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/review"
	"entremise/internal/rig"
)

func TestReadTable_asSpreadsheetsWriteIt(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want review.Row
	}{
		"semicolons, BOM":    {"\ufeffPrénom;Nom;Courriel;Téléphone;Prestation;Date\r\nAda;Byron;ada@example.com;06 39 98 00 01;\"Pose; cuisine\";03/11/2026\r\n", review.Row{Line: 2, Name: "Ada Byron", Email: "ada@example.com", Phone: "06 39 98 00 01", Experience: review.Experience{Service: "Pose; cuisine", On: "2026-11-03"}}},
		"windows-1252, tabs": {"Nom\tE-mail\tPoste\tDate d'entr\xe9e\tDate de fin\nZo\xe9 L\x9cuvre\tzoe@example.com\tPoseuse\t2026-01-02\t1/2/2026\n", review.Row{Line: 2, Name: "Zoé Lœuvre", Email: "zoe@example.com", Experience: review.Experience{Service: "Poseuse", On: "2026-01-02", Until: "2026-02-01"}}},
		"no header, commas":  {"\n\nAda Byron,ada@example.com\n", review.Row{Line: 3, Email: "ada@example.com"}},
		"not a date":         {"name,email,service,date\nA B,a@example.com,x,le 3 mars\n", review.Row{Line: 2, Name: "A B", Email: "a@example.com", Experience: review.Experience{Service: "x", On: "le 3 mars"}}},
	} {
		table, err := review.ReadTable([]byte(c.in))
		must(t, err)
		if rows := table.Read(table.Guess()); len(rows) != 1 || rows[0] != c.want {
			t.Errorf("%s: %+v", name, rows)
		}
	}
	line := "Ada Byron;ada@example.com;" + strings.Repeat("x", 300) + "\n"
	for name, in := range map[string]string{"empty": "", "header only": "nom;email\n", "not text": "a\x00b", "a quotation mark": "nom;email\n\"Ada;a@example.com\n",
		"a row too many": "nom;email\n" + strings.Repeat("A B;a@example.com\n", review.MostRows+1), "a byte too many": strings.Repeat(line, review.MostListBytes/len(line)+1), "columns": strings.Repeat("a;", 61)} {
		_, err := review.ReadTable([]byte(in))
		if f := fault.Of(err); f == nil || len(f.Fields) != 1 || f.Fields[0].Name != "file" {
			t.Errorf("%s: %v", name, err)
		}
	}
	full, err := review.ReadTable([]byte("nom;email\n" + strings.Repeat("A B;a@example.com\n", review.MostRows)))
	if err != nil || len(full.Rows) != review.MostRows {
		t.Error(len(full.Rows), err)
	}
	back, err := full.Correct([]review.Wrong{{Line: 3, Fields: []fault.Field{{Name: "email", Text: fault.T("Pas une adresse.", "No address.")}}}}, "fr")
	if err != nil || string(back) != "\ufeffnom;email;À corriger\nA B;a@example.com;Pas une adresse.\n" {
		t.Errorf("%q %v", back, err)
	}
}

// people are rows that can be asked, each with an address of its own.
func people(from, to int) (rows []review.Row) {
	for i := from; i < to; i++ {
		rows = append(rows, review.Row{Line: i + 2, Name: fmt.Sprintf("Ada B%d", i), Email: fmt.Sprintf("ada%d@example.com", i), Experience: review.Experience{Service: "Pose", On: "2026-01-02"}})
	}
	return rows
}

func invitedLines(t *testing.T, r *rig.Rig, pro string) (counts []string) {
	t.Helper()
	lines, err := r.Reviews.Lines(ctx, pro, 0, 1000)
	must(t, err)
	for _, l := range lines {
		if _, rest, ok := strings.Cut(l.Text, "act=invited\nreview="); ok {
			n, _, _ := strings.Cut(rest, "\n")
			counts = append(counts, n)
		}
	}
	return counts
}

// The good rows go, the bad come back with their fields, an address is asked once, and one line of the chain counts them; customers and employees alike, each with
// its source (RN-22, 40).
func TestInviteList_goodBadAndTwice(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m, agent := member(t, r), r.Staff(t, network.RoleAgent)
		rows := people(0, 3)
		rows = append(rows, review.Row{Line: 5, Name: "X", Email: "no", Phone: "12", Experience: review.Experience{Service: "y", On: "2999-01-01"}}, people(1, 2)[0])
		rows[4].Line = 6
		l := review.List{Key: "key-of-the-first-list", Questionnaire: "client", Rows: rows}
		p, err := r.Reviews.InviteList(ctx, m, l)
		must(t, err)
		var fields []string
		for _, f := range p.Wrong[0].Fields {
			fields = append(fields, f.Name)
		}
		if !p.Over || p.Invited != 3 || len(p.Wrong) != 1 || p.Wrong[0].Line != 5 || strings.Join(fields, " ") != "name email phone service on" || len(p.Repeats) != 1 || p.Repeats[0].First != 3 {
			t.Fatalf("%+v %v", p, fields)
		}
		again, err := r.Reviews.InviteList(ctx, m, l)
		must(t, err)
		if !again.Over || again.Invited != 3 {
			t.Errorf("sent twice: %+v", again)
		}
		changed := l
		changed.Rows = people(0, 2)
		_, err = r.Reviews.InviteList(ctx, m, changed)
		code(t, err, "key-reused")
		r.Drain(t)
		for i := range 3 {
			token(t, r, fmt.Sprintf("ada%d@example.com", i))
		}

		// By staff for him, and for his employees: another questionnaire is another matter, the same one is not.
		p, err = r.Reviews.InviteList(ctx, agent, review.List{Key: "key-of-the-second-list", Pro: m.Pro, Questionnaire: "client", Rows: people(2, 4)})
		must(t, err)
		if p.Invited != 1 || len(p.Repeats) != 1 || p.Repeats[0].At.IsZero() {
			t.Errorf("%+v", p)
		}
		p, err = r.Reviews.InviteList(ctx, m, review.List{Key: "key-of-the-third-list", Questionnaire: "salarie", Rows: people(0, 1)})
		must(t, err)
		if got := strings.Join(invitedLines(t, r, m.Pro), " "); got != "3 1 1" || p.Invited != 1 {
			t.Error(got, p)
		}
		all, counts, err := r.Reviews.Invitations(ctx, m, "", 100)
		must(t, err)
		if len(all) != 5 || counts[network.OfCustomer]["sent"] != 4 || counts[network.OfEmployee]["sent"] != 1 {
			t.Errorf("%d, %v", len(all), counts)
		}
		sources := map[review.Source]int{}
		for _, s := range all {
			sources[s.Source]++
			if s.Name == "" || (s.Audience == network.OfEmployee) != (s.State == "") {
				t.Errorf("%+v", s)
			}
		}
		if sources[review.FromMember] != 4 || sources[review.FromOperator] != 1 {
			t.Error(sources)
		}

		// Once the questionnaire is over the person may be asked again.
		r.Clock.Add(124 * 24 * time.Hour)
		p, err = r.Reviews.InviteList(ctx, m, review.List{Key: "key-of-the-fourth-list", Questionnaire: "client", Rows: people(0, 1)})
		must(t, err)
		if p.Invited != 1 {
			t.Errorf("%+v", p)
		}
		// Another member learns nothing, and a moderator may act where a marketer may not.
		_, _, err = r.Reviews.Invitations(ctx, r.Staff(t, network.RoleMarketing), m.Pro, 10)
		code(t, err, "not-permitted")
		other, _, err := r.Reviews.Invitations(ctx, member(t, r), m.Pro, 10)
		must(t, err)
		if len(other) != 0 {
			t.Error("a member reads another's invitations")
		}
	})
}

// A long list goes on where it stood, whoever was interrupted, and is counted once; one that nobody goes on with is counted as far as it came.
func TestInviteList_goesOnWhereItStood(t *testing.T) {
	rig.EachOf(t, "reviews-network", func(t *testing.T, r *rig.Rig) {
		m := member(t, r)
		l := review.List{Key: "key-of-a-long-list", Questionnaire: "client", Rows: people(0, 530)}
		p, err := r.Reviews.InviteList(ctx, m, l)
		must(t, err)
		if p.Over || p.Done != 500 || p.Invited != 500 || len(invitedLines(t, r, m.Pro)) != 0 {
			t.Fatalf("%d of %d", p.Done, p.Rows)
		}
		p, err = r.Reviews.InviteList(ctx, m, l)
		must(t, err)
		if !p.Over || p.Done != 530 || p.Invited != 530 || len(p.Repeats) != 0 {
			t.Fatalf("%+v", p)
		}
		left := review.List{Key: "key-of-a-list-left", Questionnaire: "salarie", Rows: people(0, 510)}
		_, err = r.Reviews.InviteList(ctx, m, left)
		must(t, err)
		r.Sweep(t)
		if n := len(invitedLines(t, r, m.Pro)); n != 1 {
			t.Errorf("%d lines while it runs", n)
		}
		r.Clock.Add(2 * time.Hour)
		r.Sweep(t)
		r.Sweep(t)
		if got := invitedLines(t, r, m.Pro); !slices.Equal(got, []string{"530", "500"}) {
			t.Error(got)
		}
	})
}
