package billing_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/rig"
)

// sell puts one line on the list to invoice, as a sale does.
func sell(r *rig.Rig, proID, reference string, net money.Amount) error {
	return r.DB.WriteGuarded(ctx, func(tx *db.Tx) error {
		return billing.ToInvoice(tx, billing.Due{Pro: proID, Reference: reference, Label: "Mise en relation, demande 7K3M-9QXW", Net: net, VAT: 2000, PaidWith: "wallet"})
	})
}

// More lines than one look at the list holds cannot be invoiced; the one after them is.
func TestIssue_whoCannotBeInvoicedHoldsUpNobody(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		for i := range 60 {
			if err := sell(r, "pro_unknown", fmt.Sprintf("purchase broken-%d", i), 2400); err != nil {
				t.Fatal(err)
			}
		}
		r.Clock.Add(time.Second)
		good := r.Pro(t)
		if err := sell(r, good.Pro, "purchase good", 2400); err != nil {
			t.Fatal(err)
		}
		if err := r.Billing.Issue(ctx); err == nil {
			t.Error("sixty lines that cannot be invoiced are told to nobody")
		}
		if all, err := r.Billing.Invoices(ctx, good, good.Pro, "", 10); err != nil || len(all) != 1 {
			t.Errorf("%d invoices, %v", len(all), err)
		}
	})
}

func TestIssue_twoLeaseholdersAtOnceLeaveNoGap(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		const sales = 60
		nodes := []*rig.Rig{r, r.Node(t)}
		who := []auth.Actor{r.Pro(t), r.Pro(t), r.Pro(t)}
		stop := make(chan struct{})
		var issuing, selling sync.WaitGroup
		for _, n := range nodes {
			issuing.Go(func() {
				for {
					if err := n.Billing.Issue(ctx); err != nil {
						t.Error(err)
						return
					}
					select {
					case <-stop:
						return
					default:
					}
				}
			})
		}
		// Somebody takes the lease away in the middle of the work, as a partition of the network does.
		issuing.Go(func() {
			for {
				if err := r.DB.WriteGuarded(ctx, func(tx *db.Tx) error {
					_, err := tx.Exec("UPDATE lease SET holder = '', epoch = epoch + 1, beat = beat + 1 WHERE name = 'invoice'")
					return err
				}); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		for s := range 3 {
			selling.Go(func() {
				for i := range sales / 3 {
					if err := sell(nodes[s%2], who[s].Pro, fmt.Sprintf("purchase %d-%d", s, i), money.Amount(2400+i)); err != nil {
						t.Error(err)
					}
				}
			})
		}
		selling.Wait()
		for range 10_000 {
			if value[int64](t, r, "SELECT count(*) FROM invoice_due") == 0 {
				break
			}
		}
		close(stop)
		issuing.Wait()
		ok(t, r.Billing.Issue(ctx))
		all, err := r.Billing.Invoices(ctx, r.One(t, network.RoleAccountant), "", "", 1000)
		ok(t, err)
		if len(all) != sales {
			t.Fatalf("%d invoices of %d sales", len(all), sales)
		}
		slices.Reverse(all)
		for i, x := range all {
			if want := fmt.Sprintf("F2026-%06d", i+1); x.Number != want {
				t.Fatalf("invoice %d is %s", i+1, x.Number)
			}
		}
		if n := value[int64](t, r, "SELECT count(DISTINCT invoice_id) FROM invoice_line"); n != sales {
			t.Errorf("%d lines have an invoice of their own", n)
		}
	})
}

func TestPDF_isKeptByteForByte(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, other := r.Pro(t), r.Pro(t)
		ok(t, sell(r, who.Pro, "purchase 1", 3600))
		ok(t, r.Billing.Issue(ctx))
		all, err := r.Billing.Invoices(ctx, who, who.Pro, "", 10)
		ok(t, err)
		if len(all) != 1 || all[0].Net != 3600 || all[0].VAT != 720 || all[0].Number != "F2026-000001" || all[0].IssuedOn != "2026-11-23" {
			t.Fatalf("%+v", all)
		}
		id := all[0].ID
		_, _, err = r.Billing.PDF(ctx, who, id)
		wantCode(t, err, "being-written")
		r.Drain(t)
		pdf, number, err := r.Billing.PDF(ctx, who, id)
		ok(t, err)
		if !bytes.HasPrefix(pdf, []byte("%PDF-")) || number != "F2026-000001" {
			t.Fatalf("%s: %.20q", number, pdf)
		}
		sealed := value[[]byte](t, r, "SELECT pdf_sealed FROM invoice_file WHERE invoice_id = $1", id)
		// His company moves and the job runs again, on another server, months later: the paper stays what it was.
		in := r.ProInput()
		in.SIREN = siren(t, r, who.Pro)
		in.Company = "Une autre enseigne"
		ok(t, r.Pros.Edit(ctx, r.One(t, network.RoleOnboarding), who.Pro, in))
		r.Clock.Add(90 * 24 * time.Hour)
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("INSERT INTO job (id, kind, object, state, due_at, attempt, error, created_at) VALUES ('job_again', 'invoice.render', $1, 'waiting', 0, 0, '', 0)", id)
			return err
		}))
		r.Node(t).Drain(t)
		again, _, err := r.Billing.PDF(ctx, who, id)
		ok(t, err)
		if !bytes.Equal(again, pdf) || !bytes.Equal(value[[]byte](t, r, "SELECT pdf_sealed FROM invoice_file WHERE invoice_id = $1", id), sealed) {
			t.Error("an issued invoice has changed")
		}
		told := 0
		for _, m := range r.Post.Mails() {
			if strings.Contains(m.Text, "F2026-000001") || strings.Contains(m.Subject, "F2026-000001") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("he was told %d times", told)
		}
		_, _, err = r.Billing.PDF(ctx, other, id)
		wantCode(t, err, "no-invoice") // ET-38
		_, _, err = r.Billing.PDF(ctx, who, "inv_unknown")
		wantCode(t, err, "no-invoice")
		_, _, err = r.Billing.PDF(ctx, r.One(t, network.RoleAgent), id)
		wantCode(t, err, "not-permitted")
		_, err = r.Billing.Invoices(ctx, other, who.Pro, "", 10)
		wantCode(t, err, "no-payment")
		_, err = r.Billing.Invoices(ctx, other, "", "", 10)
		wantCode(t, err, "no-payment") // a professional may not ask for all of them
		if office, _, err := r.Billing.PDF(ctx, r.One(t, network.RoleAccountant), id); err != nil || !bytes.Equal(office, pdf) {
			t.Errorf("the accountant: %v", err)
		}
	})
}

func siren(t *testing.T, r *rig.Rig, proID string) string {
	t.Helper()
	all, err := r.Pros.Contacts(ctx, proID)
	ok(t, err)
	return all[proID].SIREN
}

func TestIssue_oneWhoCannotBeInvoicedHoldsUpNobody(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		gone, here := r.Pro(t), r.Pro(t)
		ok(t, sell(r, gone.Pro, "purchase gone", 3600))
		r.Clock.Add(time.Second)
		ok(t, sell(r, here.Pro, "purchase here", 3600))
		if _, err := r.Vault.Erase(ctx, gone.Pro); err != nil {
			t.Fatal(err)
		}
		if err := r.Billing.Issue(ctx); err == nil {
			t.Error("nobody is told that a line cannot be invoiced")
		}
		all, err := r.Billing.Invoices(ctx, here, here.Pro, "", 10)
		ok(t, err)
		if len(all) != 1 || all[0].Number != "F2026-000001" { // the number that was tried for the other was given back
			t.Errorf("%+v", all)
		}
	})
}

func TestIssue_yearsHaveSeriesOfTheirOwn(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		numbers := func() (all []string) {
			t.Helper()
			issued, err := r.Billing.Invoices(ctx, who, who.Pro, "", 10)
			ok(t, err)
			for _, x := range issued {
				all = append(all, x.Number+" of "+x.IssuedOn)
			}
			return all
		}
		r.Clock.Add(time.Date(2026, 12, 31, 22, 59, 59, 0, time.UTC).Sub(r.Clock.Now())) // a second before midnight in Paris
		ok(t, sell(r, who.Pro, "purchase 1", 3600))
		ok(t, r.Billing.Issue(ctx))
		r.Clock.Add(time.Second)
		ok(t, sell(r, who.Pro, "purchase 2", 3600))
		ok(t, r.Billing.Issue(ctx))
		if got := numbers(); !slices.Equal(got, []string{"F2027-000001 of 2027-01-01", "F2026-000001 of 2026-12-31"}) {
			t.Error(got)
		}
	})
}

func TestToInvoice_oneLineAReference(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		ok(t, sell(r, who.Pro, "purchase 1", 3600))
		if err := sell(r, who.Pro, "purchase 1", 3600); !errors.Is(err, db.ErrUnique) {
			t.Errorf("the same purchase is invoiced twice: %v", err)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM invoice_due"); n != 1 {
			t.Errorf("%d lines wait", n)
		}
	})
}
