package billing_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"entremise/internal/auth"
	"entremise/internal/billing"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/rig"
)

var ctx = context.Background()

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if fault.Code(err) != code {
		t.Errorf("got %v, want the fault %q", err, code)
	}
}

func value[T any](t testing.TB, r *rig.Rig, q string, args ...any) (v T) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { v, err = db.Value[T](tx, q, args...); return }))
	return v
}

func balance(t testing.TB, r *rig.Rig, proID string) (b money.Amount) {
	t.Helper()
	ok(t, r.DB.Read(ctx, func(tx *db.Tx) (err error) { b, err = billing.Balance(tx, proID); return }))
	return b
}

func debit(r *rig.Rig, proID string, amount money.Amount, reference string) error {
	return r.DB.WriteGuarded(ctx, func(tx *db.Tx) error { return billing.Debit(tx, proID, amount, reference, "acc_1") })
}

// credited counts the notices of a credited wallet that went out.
func credited(r *rig.Rig) (n int) {
	for _, m := range r.Post.Mails() {
		if strings.Contains(m.Text, "/portefeuille") {
			n++
		}
	}
	return n
}

func TestDebit_twentyForTheLastEuro(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		wantCode(t, debit(r, who.Pro, 1, "purchase none"), "funds") // no wallet yet
		r.Fund(t, who.Pro, money.Euros(3))
		ok(t, debit(r, who.Pro, money.Euros(2), "purchase first"))
		var wg sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			wg.Go(func() { errs[i] = debit(r, who.Pro, money.Euros(1), fmt.Sprintf("purchase %d", i)) })
		}
		wg.Wait()
		paid := 0
		for _, err := range errs {
			if err == nil {
				paid++
			} else {
				wantCode(t, err, "funds")
			}
		}
		if b := balance(t, r, who.Pro); paid != 1 || b != 0 {
			t.Errorf("%d of twenty paid with the last euro; %s is left", paid, b.FR())
		}
		ok(t, r.Billing.CheckWallets(ctx))
		if n := value[int64](t, r, "SELECT count(*) FROM wallet_entry WHERE pro_id = $1", who.Pro); n != 3 {
			t.Errorf("%d entries, want 3", n)
		}
	})
}

func TestRecordTransfer_countsOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, other := r.Pro(t), r.Pro(t)
		clerk := r.One(t, network.RoleAccountant)
		references := []string{"VIR 2026-11 0042", "  VIR 2026-11   0042 ", "VIR\t2026-11 0042", "VIR 2026-11 0042"}
		var wg sync.WaitGroup
		errs := make([]error, len(references))
		for i, ref := range references {
			wg.Go(func() { errs[i] = r.Billing.RecordTransfer(ctx, clerk, who.Pro, money.Euros(150), ref) })
		}
		wg.Wait()
		recorded := 0
		for _, err := range errs {
			if err == nil {
				recorded++
			} else {
				wantCode(t, err, "already-recorded")
			}
		}
		if b := balance(t, r, who.Pro); recorded != 1 || b != money.Euros(150) {
			t.Errorf("the transfer was recorded %d times: %s", recorded, b.FR())
		}
		ok(t, r.Billing.RecordTransfer(ctx, clerk, other.Pro, money.Euros(20), references[0])) // another payer's bank may use the same words
		r.Drain(t)
		if n := credited(r); n != 2 {
			t.Errorf("%d notices for two credits", n)
		}
		if n := value[int64](t, r, "SELECT count(*) FROM audit WHERE action = 'wallet.transfer' AND object = $1 AND detail = $2", who.Pro, money.Euros(150).Decimal()); n != 1 {
			t.Errorf("%d lines of it", n)
		}
		for name, c := range map[string]struct {
			amount    money.Amount
			reference string
		}{"nothing": {0, "VIR 1"}, "a negative sum": {-money.Euros(5), "VIR 1"}, "under a euro": {99, "VIR 1"}, "a fortune": {money.Euros(100_000) + 1, "VIR 1"}, "no reference": {money.Euros(5), "  "}, "a novel": {money.Euros(5), strings.Repeat("x", 61)}} {
			if err := r.Billing.RecordTransfer(ctx, clerk, who.Pro, c.amount, c.reference); fault.Code(err) != "invalid-fields" {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantCode(t, r.Billing.RecordTransfer(ctx, clerk, "pro_unknown", money.Euros(5), "VIR 7"), "no-payment")
		wantCode(t, r.Billing.RecordTransfer(ctx, who, who.Pro, money.Euros(5), "VIR 7"), "not-permitted")
		wantCode(t, r.Billing.RecordTransfer(ctx, r.One(t, network.RoleAdministrator), who.Pro, money.Euros(5), "VIR 7"), "not-permitted")
		r.Clock.AddMachine(11 * time.Minute)
		wantCode(t, r.Billing.RecordTransfer(ctx, clerk, who.Pro, money.Euros(5), "VIR 7"), "prove-again")
	})
}

// Whatever is paid in and out, in whatever order and however often it is repeated, the balance is the sum of the entries, every line shows what was
// left after it, and nothing is ever below zero.
func TestWallet_isTheSumOfItsEntries(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		clerk := r.One(t, network.RoleAccountant)
		rapid.Check(t, func(rt *rapid.T) {
			who := r.Pro(t)
			var want money.Amount
			entries, references := 0, []string{}
			for range rapid.IntRange(1, 6).Draw(rt, "steps") {
				r.Clock.Add(time.Second)
				amount := money.Amount(rapid.IntRange(100, 5000).Draw(rt, "cents"))
				switch step := rapid.SampledFrom([]string{"transfer", "again", "debit", "debit all", "debit too much"}).Draw(rt, "step"); {
				case step == "transfer":
					references = append(references, fmt.Sprintf("VIR %s %d", who.Pro, len(references)))
					if err := r.Billing.RecordTransfer(ctx, clerk, who.Pro, amount, references[len(references)-1]); err != nil {
						rt.Fatal(err)
					}
					want, entries = want+amount, entries+1
				case step == "again" && len(references) > 0:
					if err := r.Billing.RecordTransfer(ctx, clerk, who.Pro, amount, references[0]); fault.Code(err) != "already-recorded" {
						rt.Fatal(err)
					}
				case step == "debit" && want > 0:
					amount = min(amount, want)
					if err := debit(r, who.Pro, amount, fmt.Sprintf("purchase %s %d", who.Pro, entries)); err != nil {
						rt.Fatal(err)
					}
					want, entries = want-amount, entries+1
				case step == "debit all" && want > 0:
					if err := debit(r, who.Pro, want, fmt.Sprintf("purchase %s %d", who.Pro, entries)); err != nil {
						rt.Fatal(err)
					}
					want, entries = 0, entries+1
				case step == "debit too much":
					if err := debit(r, who.Pro, want+1, fmt.Sprintf("purchase %s x", who.Pro)); fault.Code(err) != "funds" {
						rt.Fatal(err)
					}
				}
			}
			got, lines, err := r.Billing.Wallet(ctx, who, who.Pro, "", 200)
			if err != nil || got != want || len(lines) != entries {
				rt.Fatalf("%s in %d lines, want %s in %d: %v", got.FR(), len(lines), want.FR(), entries, err)
			}
			var paged []billing.Movement
			for after := ""; ; { // the same lines with the same balances, page by page
				_, page, err := r.Billing.Wallet(ctx, who, who.Pro, after, 3)
				if err != nil {
					rt.Fatal(err)
				}
				if paged = append(paged, page...); len(page) < 3 {
					break
				}
				after = page[2].ID
			}
			if !slices.Equal(paged, lines) {
				rt.Fatalf("%d lines in pages, or other balances; want %d", len(paged), len(lines))
			}
			var sum money.Amount
			slices.Reverse(lines)
			for _, l := range lines {
				if sum += l.Amount; l.Balance != sum || sum < 0 {
					rt.Fatalf("after %s the line says %s, the sum %s", l.Amount.FR(), l.Balance.FR(), sum.FR())
				}
			}
		})
		ok(t, r.Billing.CheckWallets(ctx))
		// A row that somebody changed by hand is found.
		who := r.Pro(t)
		r.Fund(t, who.Pro, money.Euros(10))
		ok(t, r.DB.Write(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec("UPDATE wallet SET balance_minor = balance_minor + 1 WHERE pro_id = $1", who.Pro)
			return err
		}))
		if err := r.Billing.CheckWallets(ctx); err == nil || !strings.Contains(err.Error(), who.Pro) {
			t.Errorf("a balance that is not the sum: %v", err)
		}
	})
}

func TestWallet_isReadByItsOwnerAndTheOffice(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who, other := r.Pro(t), r.Pro(t)
		r.Fund(t, who.Pro, money.Euros(10))
		_, _, err := r.Billing.Wallet(ctx, other, who.Pro, "", 200)
		wantCode(t, err, "no-payment") // ET-38: another's does not exist
		_, _, err = r.Billing.Wallet(ctx, r.One(t, network.RoleAgent), who.Pro, "", 200)
		wantCode(t, err, "not-permitted")
		b, _, err := r.Billing.Wallet(ctx, r.One(t, network.RoleAccountant), who.Pro, "", 200)
		ok(t, err)
		if b != money.Euros(10) {
			t.Error(b.FR())
		}
		_, his, err := r.Billing.Wallet(ctx, who, who.Pro, "", 1)
		ok(t, err)
		if _, lines, err := r.Billing.Wallet(ctx, other, other.Pro, his[0].ID, 200); len(lines) != 0 || err != nil {
			t.Errorf("a cursor of another's wallet shows %d lines: %v", len(lines), err)
		}
		if b, lines, err := r.Billing.Wallet(ctx, other, other.Pro, "", 200); b != 0 || len(lines) != 0 || err != nil {
			t.Errorf("an empty wallet: %s, %v, %v", b.FR(), lines, err)
		}
	})
}

// start begins a card credit and answers its payment.
func start(t *testing.T, r *rig.Rig, who auth.Actor, amount money.Amount) string {
	t.Helper()
	url, err := r.Billing.StartCredit(ctx, who, amount, "https://pro.depanneurs.example/portefeuille")
	ok(t, err)
	id, _, _ := strings.Cut(strings.TrimPrefix(url, "https://bank.example/pay/"), "?")
	return id
}

func state(t *testing.T, r *rig.Rig, payment string) string {
	t.Helper()
	return value[string](t, r, "SELECT state FROM payment WHERE id = $1", payment)
}

func TestCardCredit_reachesTheWalletOnce(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		id := start(t, r, who, money.Euros(50))
		ok(t, r.Billing.SettleCredits(ctx))
		if b := balance(t, r, who.Pro); b != 0 || len(r.Bank.Asked()) != 0 {
			t.Fatalf("before the bank's word: %s, asked %v", b.FR(), r.Bank.Asked())
		}
		for _, yes := range []bool{true, true, false} { // the bank says it twice, and then something else
			ok(t, r.Billing.Authorised(ctx, id, "bank-1", yes))
		}
		// The line breaks after the order went through: the money is taken, nobody here knows.
		r.Bank.Answer(func(string, string) billing.CardResult { return billing.CardInDoubt })
		for range 3 {
			ok(t, r.Billing.SettleCredits(ctx))
		}
		if b := balance(t, r, who.Pro); b != 0 || state(t, r, id) != "authorised" {
			t.Errorf("in doubt: %s, %s", b.FR(), state(t, r, id))
		}
		r.Bank.Answer(nil)
		var wg sync.WaitGroup
		node := r.Node(t)
		for _, one := range []*rig.Rig{r, node, r, node} { // two servers, two sweeps each
			wg.Go(func() { ok(t, one.Billing.SettleCredits(ctx)) })
		}
		wg.Wait()
		ok(t, r.Billing.SettleCredits(ctx))
		if b := balance(t, r, who.Pro); b != money.Euros(50) || r.Bank.Total() != money.Euros(50) || state(t, r, id) != "captured" {
			t.Errorf("wallet %s, bank %s, %s", b.FR(), r.Bank.Total().FR(), state(t, r, id))
		}
		for _, asked := range r.Bank.Asked() {
			if asked != "capture "+id {
				t.Errorf("the bank was asked %q: not by the payment's own id", asked)
			}
		}
		r.Drain(t)
		if n := credited(r); n != 1 {
			t.Errorf("%d notices", n)
		}
		ok(t, r.Billing.Authorised(ctx, id, "bank-1", false)) // far too late
		if state(t, r, id) != "captured" {
			t.Error("a late refusal undid a credit")
		}
		ok(t, r.Billing.CheckWallets(ctx))
	})
}

func TestCardCredit_refusedByTheBankAtEitherStep(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		first, second := start(t, r, who, money.Euros(50)), start(t, r, who, money.Euros(60))
		ok(t, r.Billing.Authorised(ctx, first, "", false))
		ok(t, r.Billing.Authorised(ctx, first, "", true)) // the card was refused: a later yes is about nothing
		ok(t, r.Billing.Authorised(ctx, second, "bank-2", true))
		ok(t, r.Billing.Authorised(ctx, "pay_unknown", "bank-3", true))
		r.Bank.Answer(func(string, string) billing.CardResult { return billing.CardRefused })
		ok(t, r.Billing.SettleCredits(ctx))
		r.Bank.Answer(nil)
		ok(t, r.Billing.SettleCredits(ctx))
		r.Drain(t)
		if b := balance(t, r, who.Pro); b != 0 || r.Bank.Total() != 0 || state(t, r, first) != "refused" || state(t, r, second) != "refused" || credited(r) != 0 {
			t.Errorf("wallet %s, bank %s, %s and %s, %d notices", b.FR(), r.Bank.Total().FR(), state(t, r, first), state(t, r, second), credited(r))
		}
	})
}

func TestCardCredit_aSlowBankHoldsUpNothing(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		slow, quick := r.Pro(t), r.Pro(t)
		id := start(t, r, slow, money.Euros(50))
		ok(t, r.Billing.Authorised(ctx, id, "bank-1", true))
		entered, answer := make(chan struct{}), make(chan struct{})
		var calls atomic.Int64
		r.Bank.Answer(func(string, string) billing.CardResult {
			if calls.Add(1) == 1 {
				close(entered)
				<-answer
			}
			return billing.CardDone
		})
		var wg sync.WaitGroup
		wg.Go(func() { ok(t, r.Billing.SettleCredits(ctx)) })
		<-entered
		r.Fund(t, quick.Pro, money.Euros(5)) // no transaction is open while the bank thinks
		ok(t, debit(r, quick.Pro, money.Euros(5), "purchase quick"))
		ok(t, r.Billing.SettleCredits(ctx)) // the next sweep comes and the bank answers that one first
		close(answer)
		wg.Wait()
		if b := balance(t, r, slow.Pro); b != money.Euros(50) || r.Bank.Total() != money.Euros(50) {
			t.Errorf("wallet %s, bank %s", b.FR(), r.Bank.Total().FR())
		}
	})
}

func TestStartCredit_withinBoundsAndOnlyWhereCardsAreTaken(t *testing.T) {
	rig.Each(t, func(t *testing.T, r *rig.Rig) {
		who := r.Pro(t)
		for _, amount := range []money.Amount{0, -1, money.Euros(10) - 1, money.Euros(5000) + 1} {
			_, err := r.Billing.StartCredit(ctx, who, amount, "/")
			wantCode(t, err, "invalid-fields")
		}
		_, err := r.Billing.StartCredit(ctx, r.One(t, network.RoleAccountant), money.Euros(10), "/")
		wantCode(t, err, "not-permitted")
		bare := billing.New(r.DB, r.Vault, r.Editions, r.Notify, r.Pros, billing.Card{}, func(host, path string) string { return host + path })
		if bare.TakesCard() {
			t.Error("the zero card is offered")
		}
		_, err = bare.StartCredit(ctx, who, money.Euros(10), "/")
		wantCode(t, err, "no-card")
		if n := value[int64](t, r, "SELECT count(*) FROM payment"); n != 0 {
			t.Errorf("%d payments", n)
		}
	})
}
