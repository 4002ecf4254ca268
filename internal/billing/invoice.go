package billing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Due is a paid line that waits for its invoice. Reference is opaque and unique.
type Due struct {
	Pro, Reference, Label string
	Net                   money.Amount
	VAT                   money.Rate
	PaidWith              string // wallet or card
}

// ToInvoice puts a line on the list to invoice, in the transaction that charged it. The leaseholder numbers it a moment later.
func ToInvoice(tx *db.Tx, d Due) error {
	id := tx.NewID("lin")
	now := db.Micros(tx.Now())
	if err := tx.Send("INSERT INTO invoice_line (id, pro_id, at, reference, label, net_minor, vat_rate, paid_with, invoice_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL)",
		id, d.Pro, now, d.Reference, d.Label, int64(d.Net), int64(d.VAT), d.PaidWith); err != nil {
		return err
	}
	err := tx.Send("INSERT INTO invoice_due (line_id, at) VALUES ($1, $2)", id, now)
	tx.Wake("invoice")
	return err
}

// RenderKind is the job that makes the PDF of an invoice once and keeps its bytes.
const RenderKind job.Kind = "invoice.render"

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(RenderKind, s.render)
	r.Every("number invoices", time.Second, s.Issue)
	r.Every("wallets are the sum of their entries", time.Minute, s.CheckWallets)
}

// Issue numbers what waits, one invoice a line, in the order in which it was charged. Only the leaseholder numbers; its guard, the number and
// the frozen invoice are one transaction, so that numbers have no gap and no invoice two (CGI ann. II 242 nonies A; BOI-TVA-DECLA-30-20-20).
// A line that cannot be invoiced holds up no other: it is passed over, and the next sweep tries it again.
func (s *Service) Issue(ctx context.Context) error {
	var errs []error
	var last dueLine
	for {
		leads, err := s.lease.Hold(ctx)
		if err != nil || !leads {
			return err
		}
		var lines []dueLine
		if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
			lines, err = db.List(tx, scanDue, "SELECT l.id, l.pro_id, l.at, l.label, l.net_minor, l.vat_rate, l.paid_with FROM invoice_due d JOIN invoice_line l ON l.id = d.line_id WHERE d.at > $1 OR d.at = $1 AND d.line_id > $2 ORDER BY d.at, d.line_id LIMIT 50",
				db.Micros(last.at), last.id)
			return err
		}); err != nil || len(lines) == 0 {
			return errors.Join(append(errs, err)...)
		}
		n, err := s.editions.InForce(ctx)
		if err != nil {
			return err
		}
		for _, l := range lines {
			err := s.issue(ctx, n, l)
			if errors.Is(err, db.ErrLost) {
				return nil
			}
			errs = append(errs, err)
		}
		last = lines[len(lines)-1]
	}
}

type dueLine struct {
	id, pro, label, paidWith string
	at                       time.Time
	net                      money.Amount
	rate                     money.Rate
}

func scanDue(s db.Scanner) (l dueLine, err error) {
	var at, net, rate int64
	err = s.Scan(&l.id, &l.pro, &at, &l.label, &net, &rate, &l.paidWith)
	l.at, l.net, l.rate = db.Time(at), money.Amount(net), money.Rate(rate)
	return l, err
}

func sealedAt(table, column, id string) vault.Place {
	return vault.Place{Table: table, Column: column, Row: id}
}

const category = string(network.DataBilling)

func (s *Service) issue(ctx context.Context, n *network.Network, l dueLine) error {
	contacts, err := s.pros.Contacts(ctx, l.pro)
	if err != nil {
		return err
	}
	c, ok := contacts[l.pro]
	if !ok {
		return fmt.Errorf("billing: professional %s of line %s is unknown", l.pro, l.id)
	}
	if err := s.vault.Add(ctx, c.Ring, category); err != nil { // the key of those that went to the archive is gone with their time
		return err
	}
	base, _ := geo.ByINSEE(c.Base) // a commune merged since leaves its line to the street alone
	buyer := Party{Name: c.Company, SIREN: c.SIREN, Address: []string{c.Street}}
	if base.Name != "" {
		buyer.Address = append(buyer.Address, strings.TrimSpace(postcode(base)+" "+base.Name))
	}
	o := n.Operator
	capital := o.Capital
	seller := Seller{Party: Party{Name: o.Name, SIREN: string(o.SIREN), VATID: o.VAT, Address: []string{n.AddressFor("office")}}, Form: o.LegalForm, Capital: &capital, RCS: o.RCS, Contact: []string{o.Phone.Display(), o.Email}}
	if o.Company != "" {
		seller.Name = o.Company
	}
	means := map[string]string{"wallet": "par portefeuille", "card": "par carte"}[l.paidWith]
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := s.lease.Guard(tx); err != nil {
			return err
		}
		taken, err := tx.Exec("DELETE FROM invoice_due WHERE line_id = $1", l.id)
		if err != nil || taken == 0 {
			return err // numbered already
		}
		if err := c.Ring.Assign(tx); err != nil {
			return err
		}
		now := tx.Now().In(geo.Paris())
		series := now.Format("2006")
		number, err := db.Value[int64](tx, "INSERT INTO invoice_series (series, last) VALUES ($1, 1) ON CONFLICT (series) DO UPDATE SET last = invoice_series.last + 1 RETURNING last", series)
		if err != nil {
			return err
		}
		id := tx.NewID("inv")
		snapshot, err := Snapshot{Kind: Invoice, Number: numberText(series, number), Issued: now.Format(time.DateOnly), Delivered: l.at.In(geo.Paris()).Format(time.DateOnly),
			Seller: seller, Buyer: buyer, Lines: []Line{{Description: l.label, Quantity: 1, Unit: l.net, Rate: l.rate}},
			Paid:  &Payment{On: l.at.In(geo.Paris()).Format(time.DateOnly), Means: means},
			Terms: Terms{LateRate: n.Invoices.LateRate, Recovery: n.Invoices.Recovery, OnDebits: n.Invoices.OnDebits}}.Freeze()
		if err != nil {
			return err
		}
		text, err := snapshot.Canonical()
		if err != nil {
			return err
		}
		if err := tx.Send("INSERT INTO invoice (id, series, number, pro_id, at, issued_on, net_minor, vat_minor, snapshot_sealed, snapshot_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
			id, series, number, l.pro, db.Micros(tx.Now()), snapshot.Issued, int64(snapshot.Net), int64(snapshot.VAT), c.Ring.Seal(category, sealedAt("invoice", "snapshot_sealed", id), text), auth.Digest(string(text))); err != nil {
			return err
		}
		if err := tx.Send("UPDATE invoice_line SET invoice_id = $2 WHERE id = $1", l.id, id); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, id, l.pro, network.Professional, "", network.DataBilling); err != nil {
			return err
		}
		if err := audit.Write(tx, "system", "system", "invoice.issue", id, snapshot.Number); err != nil {
			return err
		}
		tx.Wake("pro " + l.pro)
		return job.Add(tx, RenderKind, id, 0)
	})
}

func postcode(c geo.Commune) string {
	if len(c.Postcodes) == 0 {
		return ""
	}
	return c.Postcodes[0]
}

func numberText(series string, number int64) string { return fmt.Sprintf("F%s-%06d", series, number) }

// Issued is one invoice in a list.
type Issued struct {
	ID, Number, Pro, IssuedOn string
	Label                     string // of its line
	At                        time.Time
	Net, VAT                  money.Amount
	PDF                       bool // the file is there
}

const issuedQuery = "SELECT i.id, i.series, i.number, i.pro_id, i.issued_on, i.at, i.net_minor, i.vat_minor, f.invoice_id IS NOT NULL, coalesce(l.label, '') FROM invoice i LEFT JOIN invoice_file f ON f.invoice_id = i.id LEFT JOIN invoice_line l ON l.invoice_id = i.id "

func scanIssued(s db.Scanner) (x Issued, err error) {
	var series string
	var number, at, net, vat int64
	err = s.Scan(&x.ID, &series, &number, &x.Pro, &x.IssuedOn, &at, &net, &vat, &x.PDF, &x.Label)
	x.Number, x.At, x.Net, x.VAT = numberText(series, number), db.Time(at), money.Amount(net), money.Amount(vat)
	return x, err
}

// Invoices lists a professional's invoices, newest first (ET-38), at most n; an accountant may name any professional, or none for all. after is
// the id of the last one of the page before, empty for the first.
func (s *Service) Invoices(ctx context.Context, actor auth.Actor, proID, after string, n int) (all []Issued, err error) {
	if err := mayRead(actor, auth.InvoiceRead, proID); err != nil {
		return nil, err
	}
	where, args := "WHERE (CAST($1 AS TEXT) = '' OR i.pro_id = $1)", []any{proID, n}
	if after != "" {
		where, args = where+" AND (i.series, i.number) < (SELECT series, number FROM invoice WHERE id = $3)", append(args, after)
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanIssued, issuedQuery+where+" ORDER BY i.series DESC, i.number DESC LIMIT $2", args...)
		return err
	})
	return all, err
}

var errNoInvoice = fault.New(fault.Missing, "no-invoice", fault.T("Cette facture n’existe pas.", "There is no such invoice."))

var errInvoiceGone = fault.New(fault.Missing, "invoice-gone", fault.T("Cette facture n’est plus conservée : sa durée légale est passée.", "This invoice is kept no longer: its legal time is over."))

// PDF is the kept file of an invoice, byte for byte the same for ever. Another's invoice does not exist (ET-38). Once it lies in the archive, the
// professional still gets his own, for it is his to keep too (C. com. L123-22), and of the staff the one whom the purpose names; each such reading
// leaves a line before it opens anything.
func (s *Service) PDF(ctx context.Context, actor auth.Actor, id string) (pdf []byte, number string, err error) {
	if err := actor.May(auth.InvoiceRead); err != nil {
		return nil, "", err
	}
	var x Issued
	var sealed []byte
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if x, err = db.One(tx, scanIssued, issuedQuery+"WHERE i.id = $1", id); err != nil {
			return err
		}
		if !x.PDF {
			return nil
		}
		sealed, err = db.Value[[]byte](tx, "SELECT pdf_sealed FROM invoice_file WHERE invoice_id = $1", id)
		return err
	})
	if errors.Is(err, db.ErrNone) || err == nil && mayRead(actor, auth.InvoiceRead, x.Pro) != nil {
		err = errNoInvoice
	}
	if err != nil {
		return nil, "", err
	}
	if !x.PDF {
		return nil, "", fault.New(fault.Unavailable, "being-written", fault.T("Cette facture est en cours de préparation. Réessayez dans un instant.", "This invoice is being prepared. Try again in a moment."))
	}
	if len(sealed) == 0 {
		return nil, "", errInvoiceGone
	}
	open := s.vault.Ring
	if vault.IsArchived(sealed) {
		if err := s.fromArchive(ctx, actor, id); err != nil {
			return nil, "", err
		}
		open = s.vault.ArchiveRing
	}
	ring, err := open(ctx, x.Pro)
	if err != nil {
		return nil, "", err
	}
	pdf, err = ring.Open(category, sealedAt("invoice_file", "pdf_sealed", id), sealed)
	if errors.Is(err, vault.ErrErased) {
		err = errInvoiceGone
	}
	return pdf, x.Number, err
}

// fromArchive notes that an invoice is about to be read from the archive, by who may.
func (s *Service) fromArchive(ctx context.Context, actor auth.Actor, id string) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if actor.Who != auth.Professional {
		reads := func(p network.Purpose) bool {
			return p.Keep != nil && p.Keep.Archive != nil && actor.Has(p.Keep.Archive.ReadBy)
		}
		if !slices.ContainsFunc(n.PurposesFor(network.Professional, network.DataBilling), reads) {
			return audit.Refuse(ctx, s.db, actor.Name(), actor.As(auth.InvoiceRead), "invoice.archive", id, errNoInvoice, "")
		}
	}
	return s.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		return audit.Write(tx, actor.Name(), actor.As(auth.InvoiceRead), "invoice.archive", id, "")
	})
}

// render makes the file once and tells the professional. The bytes that are kept are the document: a second run changes nothing.
func (s *Service) render(ctx context.Context, id string) error {
	var x Issued
	var sealed []byte
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if x, err = db.One(tx, scanIssued, issuedQuery+"WHERE i.id = $1", id); err != nil {
			return err
		}
		sealed, err = db.Value[[]byte](tx, "SELECT snapshot_sealed FROM invoice WHERE id = $1", id)
		return err
	})
	if err != nil || x.PDF {
		return err
	}
	contact, n, err := s.creditLetter(ctx, x.Pro)
	if err != nil {
		return err
	}
	text, err := contact.Ring.Open(category, sealedAt("invoice", "snapshot_sealed", id), sealed)
	if err != nil {
		return err
	}
	snapshot, err := ReadSnapshot(text)
	if err != nil {
		return err
	}
	pdf, err := RenderPDF(snapshot)
	if err != nil {
		return job.Permanent(err)
	}
	letter, err := n.Message("invoice", contact.Lang, map[string]string{"invoice": x.Number, "amount": (x.Net + x.VAT).Say(contact.Lang), "link": s.url(n.SpaceHost, "/factures")})
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		added, err := tx.Exec("INSERT INTO invoice_file (invoice_id, pdf_sealed) VALUES ($1, $2) ON CONFLICT (invoice_id) DO NOTHING", id, contact.Ring.Seal(category, sealedAt("invoice_file", "pdf_sealed", id), pdf))
		if err != nil || added == 0 {
			return err
		}
		tx.Wake("pro " + x.Pro)
		return s.notify.Letter(tx, contact.Ring, letter, notify.Message{Person: x.Pro, Object: id, Kind: "invoice"}, contact.Phone, contact.Email)
	})
}
