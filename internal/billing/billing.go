// Package billing keeps what professionals pay: a wallet, card payments, lines to invoice and the invoices themselves. It knows opaque line
// references ("purchase pur_…"), never requests.
//
// The spendable balance is one row a professional, changed only by a guarded update together with an append-only entry; a sweep proves that
// the row is the sum. Invoice numbers are given in order by one leaseholder, in the transaction that freezes the invoice.
package billing

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/vault"
)

// Holdings of this room.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		{Table: "invoice", Person: "pro_id", Record: "id", Category: network.DataBilling, Columns: []string{"snapshot_sealed"}, Whose: network.Professional},
		{Table: "invoice_file", Person: "invoice_id", Record: "invoice_id", Row: "invoice_id", Category: network.DataBilling, Columns: []string{"pdf_sealed"}, Whose: network.Professional},
	}
}

// CardResult is what a card service answers. InDoubt means that the line broke: ask again with the same payment.
type CardResult string

// Answers of a card service.
const (
	CardDone    CardResult = "done"
	CardRefused CardResult = "refused"
	CardInDoubt CardResult = "in-doubt"
)

// Card is a driver for card payments with a hosted checkout: no card number and no third-party script ever meets our pages. Each call carries
// the payment's id, which the service knows as its idempotency key. The zero Card offers no card.
type Card struct {
	Name     string
	Embedded bool // the demo's own page plays the bank
	Checkout func(payment, back string) (url string)
	Capture  func(ctx context.Context, payment, ref string, amount money.Amount) CardResult
	Release  func(ctx context.Context, payment, ref string) CardResult
}

// Service is the one way to act on money. Safe for concurrent use.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	editions *edition.Store
	notify   *notify.Service
	pros     *pro.Service
	card     Card
	lease    *db.Lease
	url      func(host, path string) string
}

// New makes the service.
func New(d *db.DB, v *vault.Vault, e *edition.Store, n *notify.Service, p *pro.Service, card Card, url func(host, path string) string) *Service {
	return &Service{db: d, vault: v, editions: e, notify: n, pros: p, card: card, lease: d.Lease("invoice"), url: url}
}

// TakesCard reports whether a card may be offered.
func (s *Service) TakesCard() bool { return s.card.Checkout != nil }

var (
	// ErrFunds says that the wallet holds less than is asked; nothing moved.
	ErrFunds = fault.New(fault.Conflict, "funds", fault.T("Votre portefeuille n’a pas assez de crédit. Créditez-le, puis recommencez : la place reste à vous quelques minutes.", "Your wallet does not hold enough. Add credit and try again: the seat stays yours for a few minutes."))

	errNoCard    = fault.New(fault.Unavailable, "no-card", fault.T("Le paiement par carte n’est pas proposé ici. Payez avec votre portefeuille.", "Cards are not taken here. Pay with your wallet."))
	errNoPayment = fault.New(fault.Missing, "no-payment", fault.T("Ce paiement n’existe pas.", "There is no such payment."))
	errTwice     = fault.New(fault.Conflict, "already-recorded", fault.T("Ce virement est déjà enregistré.", "This transfer is recorded already."))
)

// Debit takes an amount (incl. VAT) from the wallet in tx, or answers ErrFunds. reference is unique: the same debit twice is a defect.
func Debit(tx *db.Tx, proID string, amount money.Amount, reference, by string) error {
	n, err := tx.Exec("UPDATE wallet SET balance_minor = balance_minor - $2 WHERE pro_id = $1 AND balance_minor >= $2", proID, int64(amount))
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrFunds
	}
	return entry(tx, proID, -amount, "purchase", reference, by)
}

// credit adds to the wallet; first is false when the reference was credited before, and then nothing changes.
func credit(tx *db.Tx, proID string, amount money.Amount, kind, reference, by string) (first bool, err error) {
	n, err := tx.Exec("INSERT INTO wallet_entry (id, pro_id, at, amount_minor, kind, reference, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (reference) DO NOTHING",
		tx.NewID("ent"), proID, db.Micros(tx.Now()), int64(amount), kind, reference, by)
	if err != nil || n == 0 {
		return false, err
	}
	err = tx.Send("INSERT INTO wallet (pro_id, balance_minor) VALUES ($1, $2) ON CONFLICT (pro_id) DO UPDATE SET balance_minor = wallet.balance_minor + excluded.balance_minor", proID, int64(amount))
	tx.Wake("pro " + proID)
	return true, err
}

func entry(tx *db.Tx, proID string, amount money.Amount, kind, reference, by string) error {
	err := tx.Send("INSERT INTO wallet_entry (id, pro_id, at, amount_minor, kind, reference, by_account) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		tx.NewID("ent"), proID, db.Micros(tx.Now()), int64(amount), kind, reference, by)
	tx.Wake("pro " + proID)
	return err
}

// Balance is what a professional can spend.
func Balance(tx *db.Tx, proID string) (money.Amount, error) {
	b, err := db.Value[int64](tx, "SELECT balance_minor FROM wallet WHERE pro_id = $1", proID)
	if errors.Is(err, db.ErrNone) {
		return 0, nil
	}
	return money.Amount(b), err
}

// Movement is one line of a wallet; Balance is what was left after it.
type Movement struct {
	ID        string
	At        time.Time
	Amount    money.Amount
	Balance   money.Amount
	Kind      string
	Reference string
}

// Wallet is a professional's own wallet: the balance, and at most n movements, newest first. after is the id of the last one of the page before,
// empty for the first.
func (s *Service) Wallet(ctx context.Context, actor auth.Actor, proID, after string, n int) (balance money.Amount, lines []Movement, err error) {
	if err := mayRead(actor, auth.WalletRead, proID); err != nil {
		return 0, nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if balance, err = Balance(tx, proID); err != nil {
			return err
		}
		left := balance
		q, args := "", []any{proID, n}
		if after != "" {
			const cursor = "(SELECT at, id FROM wallet_entry WHERE id = $2 AND pro_id = $1)"
			newer, err := db.Value[int64](tx, "SELECT CAST(coalesce(sum(amount_minor), 0) AS BIGINT) FROM wallet_entry WHERE pro_id = $1 AND (at, id) >= "+cursor, proID, after)
			if err != nil {
				return err
			}
			left -= money.Amount(newer)
			q, args = " AND (at, id) < "+strings.ReplaceAll(cursor, "$2", "$3"), append(args, after)
		}
		lines, err = db.List(tx, func(r db.Scanner) (m Movement, err error) {
			var at, amount int64
			err = r.Scan(&m.ID, &at, &amount, &m.Kind, &m.Reference)
			m.At, m.Amount, m.Balance = db.Time(at), money.Amount(amount), left
			left -= m.Amount
			return m, err
		}, "SELECT id, at, amount_minor, kind, reference FROM wallet_entry WHERE pro_id = $1"+q+" ORDER BY at DESC, id DESC LIMIT $2", args...)
		return err
	})
	return balance, lines, err
}

// mayRead keeps a professional to what is his; to him another's does not exist (ET-38).
func mayRead(actor auth.Actor, act auth.Action, proID string) error {
	if err := actor.May(act); err != nil {
		return err
	}
	if actor.Who == auth.Professional && actor.Pro != proID {
		return errNoPayment
	}
	return nil
}

// RecordTransfer credits a wallet with a bank transfer that staff saw arrive. reference is the bank's; the same one twice is refused.
func (s *Service) RecordTransfer(ctx context.Context, actor auth.Actor, proID string, amount money.Amount, reference string) error {
	if err := actor.May(auth.WalletTransfer); err != nil {
		return err
	}
	if err := actor.MustBeFresh(s.db.Machine()); err != nil {
		return err
	}
	reference = strings.Join(strings.Fields(reference), " ")
	var c fault.Check
	c.That(amount >= money.Euros(1) && amount <= money.Euros(100_000), "amount", fault.T("Écrivez un montant entre 1 et 100 000 €.", "Write an amount between 1 and 100,000 €."))
	c.That(len(reference) >= 3 && len(reference) <= 60, "reference", fault.T("Écrivez la référence du virement, en 3 à 60 caractères.", "Write the reference of the transfer, in 3 to 60 characters."))
	if err := c.Err(); err != nil {
		return err
	}
	contact, n, err := s.creditLetter(ctx, proID)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		first, err := credit(tx, proID, amount, "transfer", "transfer "+auth.Digest(proID + reference)[:24], actor.Account)
		if err != nil {
			return err
		}
		if !first {
			return errTwice
		}
		if err := s.tellCredited(tx, n, contact, amount); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.WalletTransfer), "wallet.transfer", proID, amount.Decimal())
	})
}

func (s *Service) creditLetter(ctx context.Context, proID string) (pro.Contact, *network.Network, error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return pro.Contact{}, nil, err
	}
	contacts, err := s.pros.Contacts(ctx, proID)
	if err != nil {
		return pro.Contact{}, nil, err
	}
	c, ok := contacts[proID]
	if !ok {
		return pro.Contact{}, nil, errNoPayment
	}
	return c, n, nil
}

func (s *Service) tellCredited(tx *db.Tx, n *network.Network, c pro.Contact, amount money.Amount) error {
	l, err := n.Message("wallet-credited", c.Lang, map[string]string{"amount": amount.Say(c.Lang), "link": s.url(n.SpaceHost, "/portefeuille")})
	if err != nil {
		return err
	}
	return s.notify.Letter(tx, c.Ring, l, notify.Message{Person: c.ID, Object: c.ID, Kind: "wallet-credited"}, c.Phone, c.Email)
}

// CardPayment is a card payment on its way. Its steps: intent → authorised (the bank holds the money) → capturing → captured; or refused; or
// released, when what was to be bought is gone.
type CardPayment struct {
	ID, Pro, Purpose, Line, State, Ref string
	Amount                             money.Amount
	At                                 time.Time
}

// Intend commits in tx that a card is about to be asked for.
func (s *Service) Intend(tx *db.Tx, proID, purpose, line string, amount money.Amount) (id string, err error) {
	if !s.TakesCard() {
		return "", errNoCard
	}
	id = tx.NewID("pay")
	now := db.Micros(tx.Now())
	err = tx.Send("INSERT INTO payment (id, pro_id, at, purpose, line, amount_minor, state, driver, driver_ref, changed_at) VALUES ($1, $2, $3, $4, $5, $6, 'intent', $7, '', $3)",
		id, proID, now, purpose, line, int64(amount), s.card.Name)
	return id, err
}

// CheckoutURL is the hosted page of a payment; it comes back to back.
func (s *Service) CheckoutURL(payment, back string) string { return s.card.Checkout(payment, back) }

// GetPayment reads a payment.
func GetPayment(tx *db.Tx, id string) (CardPayment, error) {
	p, err := db.One(tx, scanPayment, paymentQuery+" WHERE id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNoPayment
	}
	return p, err
}

const paymentQuery = "SELECT id, pro_id, purpose, line, state, driver_ref, amount_minor, at FROM payment"

func scanPayment(s db.Scanner) (p CardPayment, err error) {
	var amount, at int64
	err = s.Scan(&p.ID, &p.Pro, &p.Purpose, &p.Line, &p.State, &p.Ref, &amount, &at)
	p.Amount, p.At = money.Amount(amount), db.Time(at)
	return p, err
}

// Move is a guarded step of a payment in tx; false when it stood elsewhere.
func Move(tx *db.Tx, id, from, to string) (bool, error) {
	n, err := tx.Exec("UPDATE payment SET state = $3, changed_at = $4 WHERE id = $1 AND state = $2", id, from, to, db.Micros(tx.Now()))
	return n == 1, err
}

// Authorised is the card service's word that it holds the money (ok) or refused. Said twice, it changes nothing.
func (s *Service) Authorised(ctx context.Context, id, ref string, ok bool) error {
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		to := "authorised"
		if !ok {
			to = "refused"
		}
		n, err := tx.Exec("UPDATE payment SET state = $2, driver_ref = $3, changed_at = $4 WHERE id = $1 AND state = 'intent'", id, to, ref, db.Micros(tx.Now()))
		if err == nil && n == 1 {
			tx.Wake("payment")
		}
		return err
	})
}

// Pending lists payments of a purpose in a state, oldest first: what recovery has to carry on.
func Pending(tx *db.Tx, purpose string, states ...string) ([]CardPayment, error) {
	args := []any{purpose}
	return db.List(tx, scanPayment, paymentQuery+" WHERE purpose = $1 AND state IN ("+db.In(&args, states)+") ORDER BY at, id LIMIT 100", args...)
}

// Capture takes the money that an authorised payment holds; the id is the idempotency key, so that doing it again after a crash takes nothing
// twice. Outside any transaction.
func (s *Service) Capture(ctx context.Context, p CardPayment) CardResult {
	return s.card.Capture(ctx, p.ID, p.Ref, p.Amount)
}

// Release gives the money back that a payment holds.
func (s *Service) Release(ctx context.Context, p CardPayment) CardResult {
	return s.card.Release(ctx, p.ID, p.Ref)
}

// StartCredit begins to credit a wallet by card and answers the hosted page. {payment} in back becomes the payment's id.
func (s *Service) StartCredit(ctx context.Context, actor auth.Actor, amount money.Amount, back string) (url string, err error) {
	if err := actor.May(auth.WalletCredit); err != nil {
		return "", err
	}
	var c fault.Check
	c.That(amount >= money.Euros(10) && amount <= money.Euros(5_000), "amount", fault.T("Choisissez un montant entre 10 et 5 000 €.", "Choose an amount between 10 and 5,000 €."))
	if err := c.Err(); err != nil {
		return "", err
	}
	var id string
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if id, err = s.Intend(tx, actor.Pro, "credit", "wallet", amount); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.WalletCredit), "wallet.credit", id, amount.Decimal())
	})
	if err != nil {
		return "", err
	}
	return s.CheckoutURL(id, strings.ReplaceAll(back, "{payment}", id)), nil
}

// CreditBack is called when the hosted page of a credit comes back: it carries the payment as far as it goes now and says where it stands.
func (s *Service) CreditBack(ctx context.Context, actor auth.Actor, payment string) (p CardPayment, err error) {
	if err := actor.May(auth.WalletCredit); err != nil {
		return p, err
	}
	read := func() error {
		return s.db.Read(ctx, func(tx *db.Tx) error {
			if p, err = GetPayment(tx, payment); err == nil && (p.Pro != actor.Pro || p.Purpose != "credit") {
				err = errNoPayment
			}
			return err
		})
	}
	if err := read(); err != nil {
		return CardPayment{}, err
	}
	if p.State == "authorised" {
		if err := s.settleCredit(ctx, p); err != nil {
			return CardPayment{}, err
		}
	}
	return p, read()
}

// SettleCredits carries authorised credits on to the wallet: by the sweep, and right after the hosted page came back.
func (s *Service) SettleCredits(ctx context.Context) error {
	var waiting []CardPayment
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		waiting, err = Pending(tx, "credit", "authorised")
		return err
	}); err != nil {
		return err
	}
	var errs []error
	for _, p := range waiting {
		errs = append(errs, s.settleCredit(ctx, p))
	}
	return errors.Join(errs...)
}

func (s *Service) settleCredit(ctx context.Context, p CardPayment) error {
	switch s.Capture(ctx, p) {
	case CardInDoubt:
		return nil // the next sweep asks again, with the same id
	case CardRefused:
		return s.db.WriteGuarded(ctx, func(tx *db.Tx) error { _, err := Move(tx, p.ID, "authorised", "refused"); return err })
	}
	contact, n, err := s.creditLetter(ctx, p.Pro)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		moved, err := Move(tx, p.ID, "authorised", "captured")
		if err != nil || !moved {
			return err
		}
		first, err := credit(tx, p.Pro, p.Amount, "card", "payment "+p.ID, "")
		if err != nil || !first {
			return err
		}
		return s.tellCredited(tx, n, contact, p.Amount)
	})
}

// Unwritten counts what is paid and not invoiced yet, and tells since when.
func Unwritten(tx *db.Tx) (n int64, since time.Time, err error) {
	var at int64
	err = tx.Get(db.Into(&n, &at), "SELECT count(*), coalesce(min(at), 0) FROM invoice_due")
	return n, db.Time(at), err
}

// CheckWallets proves that every balance is the sum of its entries; it answers what differs, which is a defect.
func (s *Service) CheckWallets(ctx context.Context) error {
	return s.db.Read(ctx, func(tx *db.Tx) error {
		wrong, err := db.Values[string](tx, `SELECT w.pro_id FROM wallet w LEFT JOIN wallet_entry e ON e.pro_id = w.pro_id
			GROUP BY w.pro_id, w.balance_minor HAVING w.balance_minor <> CAST(coalesce(sum(e.amount_minor), 0) AS BIGINT) ORDER BY w.pro_id LIMIT 5`)
		if err == nil && len(wrong) > 0 {
			err = fmt.Errorf("billing: the balance is not the sum of its entries for %s", strings.Join(wrong, ", "))
		}
		return err
	})
}

// RecentPayments lists the newest card payments, for the demo's outbox.
func RecentPayments(tx *db.Tx, n int) ([]CardPayment, error) {
	return db.List(tx, scanPayment, paymentQuery+" ORDER BY at DESC, id DESC LIMIT $1", n)
}
