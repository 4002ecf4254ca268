package billing_test

import (
	"bytes"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/rig"
)

// A year after it was issued an invoice lies in the archive: its professional still reads his own, byte for byte, and the accountant does, each with a
// line; nobody else, and nobody once ten more years are over.
func TestPDF_fromTheArchive(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, other := r.Pro(t), r.Pro(t)
		ok(t, sell(r, who.Pro, "purchase 1", 3600))
		ok(t, r.Billing.Issue(ctx))
		r.Drain(t)
		all, err := r.Billing.Invoices(ctx, who, who.Pro, "", 10)
		ok(t, err)
		id := all[0].ID
		first, _, err := r.Billing.PDF(ctx, who, id)
		ok(t, err)
		issued := r.Clock.Now()
		lines := func() (n int64) {
			t.Helper()
			ok(t, r.DB.Read(ctx, func(tx *db.Tx) error {
				n, err = db.Value[int64](tx, "SELECT count(*) FROM audit WHERE action = 'invoice.archive' AND object = $1 AND outcome = 'done'", id)
				return err
			}))
			return n
		}
		to := func(at time.Time) {
			t.Helper()
			r.Clock.Add(at.Sub(r.Clock.Now()))
			ok(t, r.Life.Sweep(ctx))
		}
		as := func(a auth.Actor) auth.Actor { a.Fresh = r.DB.Machine(); return a }
		to(issued.AddDate(1, 0, 0))
		for i, reader := range []auth.Actor{as(who), r.One(t, network.RoleAccountant)} {
			if pdf, number, err := r.Billing.PDF(ctx, reader, id); err != nil || !bytes.Equal(pdf, first) || number != all[0].Number {
				t.Errorf("%s reads %d bytes of %q: %v", reader.Who, len(pdf), number, err)
			}
			if n := lines(); n != int64(i+1) {
				t.Errorf("%d lines of the trail", n)
			}
		}
		_, _, err = r.Billing.PDF(ctx, as(other), id)
		wantCode(t, err, "no-invoice")
		_, _, err = r.Billing.PDF(ctx, r.One(t, network.RoleOnboarding), id)
		wantCode(t, err, "not-permitted")
		_, _, err = r.Billing.PDF(ctx, r.One(t, network.RoleAdministrator), id)
		if err == nil {
			t.Error("somebody reads from the archive whom the purpose does not name")
		}
		// He goes on buying under a new key, and both are his.
		ok(t, sell(r, who.Pro, "purchase 2", 4800))
		ok(t, r.Billing.Issue(ctx))
		r.Drain(t)
		all, err = r.Billing.Invoices(ctx, as(who), who.Pro, "", 10)
		ok(t, err)
		for _, x := range all {
			if pdf, _, err := r.Billing.PDF(ctx, as(who), x.ID); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
				t.Errorf("%s: %v", x.Number, err)
			}
		}
		to(issued.AddDate(11, 0, 0).Add(-time.Second))
		if pdf, _, err := r.Billing.PDF(ctx, as(who), id); err != nil || !bytes.Equal(pdf, first) {
			t.Errorf("a second before its end: %v", err)
		}
		to(issued.AddDate(11, 0, 0))
		_, _, err = r.Billing.PDF(ctx, as(who), id)
		wantCode(t, err, "invoice-gone")
	})
}
