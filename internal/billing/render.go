package billing

import (
	"fmt"
	"strings"
	"time"

	"entremise/internal/billing/paper"
	"entremise/internal/geo"
	"entremise/internal/money"
)

// Styles and columns of the printed document. Amounts end at a column, text begins at one.
var (
	styleHead   = paper.Style{Size: 19, Bold: true, Ink: paper.Black}
	styleStrong = paper.Style{Size: 9.5, Bold: true, Ink: paper.Black}
	styleBody   = paper.Style{Size: 9.5, Ink: paper.Black}
	styleLabel  = paper.Style{Size: 7.5, Ink: paper.Grey}
	styleSmall  = paper.Style{Size: 7.5, Ink: paper.Grey}
	styleSum    = paper.Style{Size: 12, Bold: true, Ink: paper.Black}
	stylePaid   = paper.Style{Size: 9.5, Bold: true, Ink: paper.Accent}
)

const (
	colQuantity = 120.0
	colUnit     = 145.0
	colRate     = 161.0
	colSecond   = 112.0 // where the buyer's column begins
)

// RenderPDF sets a frozen snapshot on A4. The same snapshot always gives the same bytes; they are made once and kept all the same, since the
// next version of this program may set it otherwise.
func RenderPDF(s Snapshot) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	name := "Facture"
	if s.Kind == CreditNote {
		name = "Avoir"
	}
	made, err := time.Parse(time.DateOnly, s.Issued)
	if err != nil {
		return nil, fmt.Errorf("billing: %w", err)
	}
	p := paper.New(name+" "+s.Number, s.Seller.Name, made)
	p.Footer(func(page, of int) { s.foot(p, page, of) })

	y := s.top(p, name)
	y = tableHead(p, y+12)
	for _, l := range s.Lines {
		lines := p.Lines(colQuantity-14-paper.Left, styleBody, l.Description)
		if y+float64(len(lines))*styleBody.Leading() > paper.Foot {
			p.Page()
			p.Text(paper.Left, 24, styleLabel, name+" n° "+s.Number+" (suite)")
			y = tableHead(p, 34)
		}
		p.Right(colQuantity, y, styleBody, frenchQuantity(l.Quantity))
		p.Right(colUnit, y, styleBody, l.Unit.FR())
		p.Right(colRate, y, styleBody, l.Rate.FR())
		p.Right(paper.Right, y, styleBody, l.Net().FR())
		for _, line := range lines {
			p.Text(paper.Left, y, styleBody, line)
			y += styleBody.Leading()
		}
		p.Rule(paper.Left, paper.Right, y-1.6, 0.15, paper.Hair)
		y += 3
	}
	notes := s.notes()
	height := float64(len(s.Rates)+4)*7 + 16
	for _, n := range notes {
		height += float64(len(p.Lines(paper.Right-paper.Left, styleSmall, n)))*styleSmall.Leading() + 1
	}
	if y+height > paper.Foot {
		p.Page()
		p.Text(paper.Left, 24, styleLabel, name+" n° "+s.Number+" (suite)")
		y = 34
	}
	s.totals(p, y+4)
	// The notes stand at the foot of the last page, whatever is above.
	y = paper.Foot
	for _, n := range notes {
		y -= float64(len(p.Lines(paper.Right-paper.Left, styleSmall, n)))*styleSmall.Leading() + 1
	}
	for _, n := range notes {
		y = p.Block(paper.Left, y+styleSmall.Leading(), paper.Right-paper.Left, styleSmall, n) - styleSmall.Leading() + 1
	}
	return p.Bytes()
}

// top sets who sells, who buys, and the document's own number and dates.
func (s Snapshot) top(p *paper.Paper, name string) float64 {
	p.Text(paper.Left, 26, paper.Style{Size: 13, Bold: true, Ink: paper.Accent}, s.Seller.Name)
	y := 26 + styleSmall.Leading() + 1.4
	for _, line := range append(append([]string{}, s.Seller.Address...), s.Seller.Contact...) {
		p.Text(paper.Left, y, paper.Style{Size: 8.5, Ink: paper.Grey}, line)
		y += 4.2
	}
	p.Right(paper.Right, 27, styleHead, name)
	p.Right(paper.Right, 33, styleBody, "n° "+s.Number)
	y = max(y, 46) + 8

	p.Text(colSecond, y, styleLabel, "Adressée à")
	p.Text(paper.Left, y, styleLabel, "Date d’émission")
	p.Text(paper.Left+44, y, styleLabel, "Date de la prestation")
	p.Text(paper.Left, y+5, styleBody, frenchDay(s.Issued))
	p.Text(paper.Left+44, y+5, styleBody, frenchDay(s.Delivered))
	left := y + 14
	switch {
	case s.Paid != nil:
		p.Text(paper.Left, left, styleLabel, "Règlement")
		p.Text(paper.Left, left+5, styleBody, frenchDay(s.Paid.On)+", "+s.Paid.Means)
		left += 14
	case s.Due != "":
		p.Text(paper.Left, left, styleLabel, "À régler au plus tard le")
		p.Text(paper.Left, left+5, styleStrong, frenchDay(s.Due))
		left += 14
	}
	if s.Corrects != nil {
		p.Text(paper.Left, left, styleLabel, "Rectifie")
		p.Text(paper.Left, left+5, styleBody, "Facture n° "+s.Corrects.Number+" du "+frenchDay(s.Corrects.Issued))
		left += 14
	}
	right := p.Block(colSecond, y+5, paper.Right-colSecond, styleStrong, s.Buyer.Name)
	for _, line := range s.Buyer.Address {
		right = p.Block(colSecond, right, paper.Right-colSecond, styleBody, line)
	}
	right += 1
	p.Text(colSecond, right, styleSmall, "SIREN "+spacedSIREN(s.Buyer.SIREN))
	if s.Buyer.VATID != "" {
		right += styleSmall.Leading()
		p.Text(colSecond, right, styleSmall, "TVA "+s.Buyer.VATID)
	}
	return max(left-9, right)
}

// tableHead sets the head of the table and returns the first baseline below.
func tableHead(p *paper.Paper, y float64) float64 {
	p.Text(paper.Left, y, styleLabel, "Désignation")
	p.Right(colQuantity, y, styleLabel, "Quantité")
	p.Right(colUnit, y, styleLabel, "Prix unitaire HT")
	p.Right(colRate, y, styleLabel, "TVA")
	p.Right(paper.Right, y, styleLabel, "Montant HT")
	p.Rule(paper.Left, paper.Right, y+2, 0.3, paper.Black)
	return y + 8.2
}

func (s Snapshot) totals(p *paper.Paper, y float64) {
	row := func(name, amount string, style paper.Style) {
		p.Text(colSecond, y, style, name)
		p.Right(paper.Right, y, style, amount)
		y += style.Leading() + 1.2
	}
	row("Total HT", s.Net.FR(), styleBody)
	for _, r := range s.Rates {
		of := ""
		if len(s.Rates) > 1 {
			of = " sur " + r.Net.FR()
		}
		row("TVA "+r.Rate.FR()+of, r.VAT.FR(), styleBody)
	}
	p.Rule(colSecond, paper.Right, y-2.6, 0.3, paper.Black)
	y += 3.2
	total := "Total TTC"
	if s.Kind == CreditNote {
		total = "Avoir TTC"
	}
	row(total, s.Gross.FR(), styleSum)
	switch {
	case s.Paid != nil && s.Kind == Invoice:
		row("Facture acquittée", "Reste dû "+money.Amount(0).FR(), stylePaid)
	case s.Paid != nil:
		row("Remboursé le "+frenchDay(s.Paid.On), s.Gross.FR(), stylePaid)
	case s.Kind == Invoice:
		row("À régler", s.Gross.FR(), styleStrong)
	}
}

// notes are the sentences that the law wants (C. com. L441-9, L441-10, D441-5; CGI ann. II 242 nonies A, 8° bis and 11° bis).
func (s Snapshot) notes() []string {
	var n []string
	if s.Corrects != nil {
		n = append(n, "Cet avoir rectifie la facture n° "+s.Corrects.Number+" du "+frenchDay(s.Corrects.Issued)+" ; il en réduit d’autant le montant dû.")
	}
	debits := ""
	if s.Terms.OnDebits {
		debits = " Option pour le paiement de la taxe d’après les débits."
	}
	n = append(n, "Opération : prestation de services."+debits)
	if s.Terms.Exemption != "" {
		n = append(n, s.Terms.Exemption+".")
	}
	if s.Kind == Invoice {
		n = append(n, "Aucun escompte pour paiement anticipé. En cas de retard de paiement, des pénalités au taux annuel de "+s.Terms.LateRate.FR()+
			" sont dues sans rappel (art. L441-10 du code de commerce), ainsi qu’une indemnité forfaitaire de "+s.Terms.Recovery.FR()+
			" pour frais de recouvrement (art. D441-5).")
	}
	return n
}

// foot names the company as its papers must (C. com. R123-237).
func (s Snapshot) foot(p *paper.Paper, page, of int) {
	parts := []string{s.Seller.Name}
	if s.Seller.Form != "" {
		form := s.Seller.Form
		if s.Seller.Capital != nil {
			form += " au capital de " + strings.Replace(s.Seller.Capital.FR(), ",00", "", 1)
		}
		parts = append(parts, form)
	}
	id := "SIREN " + spacedSIREN(s.Seller.SIREN)
	if s.Seller.RCS != "" {
		id = spacedSIREN(s.Seller.SIREN) + " RCS " + s.Seller.RCS
	}
	parts = append(parts, id)
	if s.Seller.VATID != "" {
		parts = append(parts, "TVA "+s.Seller.VATID)
	}
	p.Rule(paper.Left, paper.Right, 278, 0.15, paper.Hair)
	p.Block(paper.Left, 283, paper.Right-paper.Left-20, styleSmall, strings.Join(parts, " · "))
	p.Right(paper.Right, 283, styleSmall, fmt.Sprintf("%d / %d", page, of))
}

// frenchDay writes an ISO date for a French reader: 1er mars 2026.
func frenchDay(iso string) string {
	t, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		return iso // check has refused it before
	}
	return geo.Date(t, "fr")
}

// spacedSIREN groups a SIREN by three with narrow no-break spaces.
func spacedSIREN(siren string) string {
	if len(siren) != 9 {
		return siren
	}
	return siren[:3] + "\u202f" + siren[3:6] + "\u202f" + siren[6:]
}

func frenchQuantity(n int64) string {
	return strings.TrimSuffix(money.Euros(n).FR(), ",00\u00a0€")
}
