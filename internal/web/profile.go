package web

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/billing"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/phone"
	"entremise/internal/pro"
	"entremise/internal/web/ui"
)

// A professional's account: what he paid, and where, when and for how much he wants requests.

func (v *visit) invoices() error {
	all, err := v.Billing.Invoices(v.ctx, v.actor, v.actor.Pro, v.r.URL.Query().Get("apres"), proPage+1)
	if err != nil {
		return err
	}
	page := ui.Invoices{Space: v.proFrame(geo.Paris(), v.ownTopic())}
	page.Next = next("/factures", &all, func(x billing.Issued) string { return x.ID })
	for _, x := range all {
		line := ui.InvoiceLine{Number: x.Number, At: x.At, Subject: x.Label, Excl: x.Net, VAT: x.VAT, Incl: x.Net + x.VAT}
		if x.PDF {
			line.PDF = "/factures/" + x.ID + ".pdf"
		}
		page.Lines = append(page.Lines, line)
	}
	return v.show(page)
}

func (v *visit) invoicePDF() error {
	id, ok := strings.CutSuffix(v.r.PathValue("file"), ".pdf")
	if !ok {
		return errNoPage
	}
	pdf, number, err := v.Billing.PDF(v.ctx, v.actor, id)
	if err != nil {
		return err
	}
	return v.file("application/pdf", "inline; filename=\""+number+".pdf\"", pdf)
}

// creditAmounts are what the wallet's page proposes.
var creditAmounts = []money.Amount{money.Euros(50), money.Euros(100), money.Euros(200), money.Euros(500)}

func (v *visit) wallet() error {
	return v.showing(v.walletPage(ui.Form{}))
}

func (v *visit) walletPage(form ui.Form) (ui.View, error) {
	balance, lines, err := v.Billing.Wallet(v.ctx, v.actor, v.actor.Pro, v.r.URL.Query().Get("apres"), proPage+1)
	if err != nil {
		return nil, err
	}
	transfer, err := v.transferFacts()
	if err != nil {
		return nil, err
	}
	page := ui.Wallet{Space: v.proFrame(geo.Paris(), v.ownTopic()), Form: form, Balance: balance, Card: v.Billing.TakesCard(), Amounts: creditAmounts, Transfer: transfer}
	page.Next = next("/portefeuille", &lines, func(m billing.Movement) string { return m.ID })
	if len(lines) > 0 {
		page.CSV = "/portefeuille.csv"
	}
	for _, m := range lines {
		line := ui.WalletLine{At: m.At, Text: v.movementWords(m.Kind), Amount: m.Amount, Balance: m.Balance}
		if purchase, ok := strings.CutPrefix(m.Reference, "purchase "); ok && m.Kind == "purchase" {
			line.Href = "/achats/" + purchase
		}
		page.Lines = append(page.Lines, line)
	}
	return page, nil
}

// transferFacts say where to transfer money and what to write with it. The reference is the professional's registry number: it is his for good,
// and staff find him by it.
func (v *visit) transferFacts() ([]ui.Copied, error) {
	_, me, err := v.Pros.Get(v.ctx, v.actor, v.actor.Pro)
	if err != nil {
		return nil, err
	}
	o := v.n.Operator
	reference := ui.Copied{Label: v.lang.T("Référence à écrire", "Reference to write"), Shown: me.SIREN, Wanted: me.SIREN}
	if o.Bank == nil {
		return []ui.Copied{{Label: v.lang.T("Bénéficiaire", "Payee"), Shown: o.Name + " " + o.LegalForm}, reference,
			{Label: v.lang.T("Coordonnées bancaires", "Bank details"), Shown: v.lang.Tf("sur demande à %s", "on request from %s", o.Email)}}, nil
	}
	facts := []ui.Copied{{Label: v.lang.T("Bénéficiaire", "Payee"), Shown: o.Bank.Holder, Wanted: o.Bank.Holder}, {Label: "IBAN", Shown: o.Bank.IBAN.String(), Wanted: string(o.Bank.IBAN)}}
	if o.Bank.BIC != "" {
		facts = append(facts, ui.Copied{Label: "BIC", Shown: o.Bank.BIC, Wanted: o.Bank.BIC})
	}
	return append(facts, reference), nil
}

// walletCSV is every movement as a file that a French spreadsheet opens as numbers: semicolons between cells, a comma before the cents.
func (v *visit) walletCSV() error {
	_, lines, err := v.Billing.Wallet(v.ctx, v.actor, v.actor.Pro, "", math.MaxInt32)
	if err != nil {
		return err
	}
	amount := func(a money.Amount) string { return strings.Replace(a.Decimal(), ".", ",", 1) }
	rows := [][]string{{v.lang.T("Date", "Date"), v.lang.T("Mouvement", "Movement"), v.lang.T("Référence", "Reference"), v.lang.T("Montant en euros", "Amount in euros"), v.lang.T("Solde en euros", "Balance in euros")}}
	for _, m := range lines {
		_, reference, _ := strings.Cut(m.Reference, " ")
		rows = append(rows, []string{m.At.In(geo.Paris()).Format("2006-01-02 15:04"), v.movementWords(m.Kind), reference, amount(m.Amount), amount(m.Balance)})
	}
	return v.csv("portefeuille", ';', rows)
}

func (v *visit) paidWith(method string) string {
	switch method {
	case "wallet":
		return v.lang.T("par portefeuille", "from the wallet")
	case "card":
		return v.lang.T("par carte", "by card")
	}
	return v.lang.T("offert", "free of charge")
}

func (v *visit) movementWords(kind string) string {
	switch kind {
	case "card":
		return v.lang.T("Crédit par carte", "Top-up by card")
	case "transfer":
		return v.lang.T("Virement reçu", "Transfer received")
	case "purchase":
		return v.lang.T("Achat d’une demande", "Purchase of a request")
	}
	return v.lang.T("Avoir", "Credit")
}

func (v *visit) credit() error {
	if err := v.parse(); err != nil {
		return err
	}
	amount, err := money.Parse(v.value("amount"))
	if err != nil {
		amount = 0 // refused below, with the bounds
	}
	checkout, err := v.Billing.StartCredit(v.ctx, v.actor, amount, "/portefeuille/retour/{payment}")
	if err != nil {
		return v.invalid(err, v.walletPage)
	}
	return v.to(checkout)
}

// creditBack is where the card's hosted page comes back to; it says what the card service told us.
func (v *visit) creditBack() error {
	p, err := v.Billing.CreditBack(v.ctx, v.actor, v.r.PathValue("payment"))
	if err != nil {
		return err
	}
	if p.State == "captured" {
		return v.did("/portefeuille", v.lang.Tf("Votre portefeuille est crédité de %s.", "%s is added to your wallet.", v.lang.Money(p.Amount)), nil)
	}
	return v.show(ui.Paying{Space: v.proFrame(geo.Paris(), v.ownTopic()), State: payState(p.State), What: v.lang.T("Portefeuille", "Wallet"), Incl: p.Amount,
		Again: ui.Link{Text: v.lang.T("Revenir au portefeuille", "Back to the wallet"), Href: "/portefeuille"}})
}

// areaWords is a coverage in one sentence.
func (v *visit) areaWords(p pro.Profile) string {
	var parts []string
	if p.RadiusKm > 0 {
		parts = append(parts, v.lang.Tf("%s et %d km autour", "%s and %d km around", communeName(p.Base), p.RadiusKm))
	}
	if n := len(p.Communes); n > 3 {
		parts = append(parts, v.lang.Tf("%d communes", "%d communes", n))
	} else {
		for _, c := range p.Communes {
			parts = append(parts, communeName(c))
		}
	}
	if len(p.Departments) > 0 {
		parts = append(parts, v.lang.T("départements ", "departments ")+strings.Join(p.Departments, ", "))
	}
	return strings.Join(parts, v.lang.T(", et ", ", and "))
}

func communeWithPostcode(insee string) string {
	c, ok := geo.ByINSEE(insee)
	if !ok {
		return insee
	}
	if len(c.Postcodes) == 0 {
		return c.Name
	}
	return c.Name + " " + c.Postcodes[0]
}

const (
	mapDots  = 220 // largest communes only: the page stays light
	mapLeast = 12_000
	mapMost  = 120_000 // metres
)

// coverage draws an area: the communes around its base, with those inside marked.
func (v *visit) coverage(p pro.Profile) ui.Coverage {
	base, ok := geo.ByINSEE(p.Base)
	c := ui.Coverage{Centre: communeWithPostcode(p.Base), RadiusKm: p.RadiusKm, Departments: strings.Join(p.Departments, ", "), Words: v.areaWords(p)}
	names := make([]string, len(p.Communes))
	reach := max(p.RadiusKm*1250, mapLeast)
	for i, code := range p.Communes {
		names[i] = communeWithPostcode(code)
		if far, ok := geo.ByINSEE(code); ok {
			reach = max(reach, geo.Distance(base.Point, far.Point)*11/10)
		}
	}
	c.Communes = strings.Join(names, ", ")
	if !ok {
		return c
	}
	if len(p.Departments) > 0 {
		reach = max(reach, mapMost/2)
	}
	near := geo.Near(base.Point, min(reach, mapMost))
	slices.SortStableFunc(near, func(a, b geo.Commune) int { return cmp.Compare(b.Population, a.Population) })
	near = near[:min(len(near), mapDots)]
	area := p.Coverage()
	for _, m := range near {
		// Flat enough at this size: a degree of latitude is 111.2 km, one of longitude shrinks with the cosine.
		const degree = 111.2
		c.Dots = append(c.Dots, ui.Dot{Name: m.Name, In: area.Covers(m.Place(), 0), Weight: float64(m.Population) / float64(max(near[0].Population, 1)),
			North: (m.Point.Lat - base.Point.Lat) * degree, East: (m.Point.Lon - base.Point.Lon) * degree * math.Cos(base.Point.Lat*math.Pi/180)})
	}
	return c
}

func (v *visit) profile() error {
	return v.showing(v.profilePage(ui.Form{}))
}

func (v *visit) profilePage(form ui.Form) (ui.View, error) { return v.profileFilled(form) }

func (v *visit) profileFilled(form ui.Form) (page ui.Profile, err error) {
	me, c, err := v.Pros.Get(v.ctx, v.actor, v.actor.Pro)
	if err != nil {
		return page, err
	}
	p := me.Profile
	page = ui.Profile{Space: v.proFrame(p.Zone()), Form: form, Member: v.n.Forwards(), Company: c.Company, Write: v.n.Operator.Email, Coverage: v.coverage(p), From: p.AbsentFrom, Until: p.AbsentUntil,
		PerDay: capText(p.PerDay), PerMonth: capText(p.PerMonth), Notices: v.notices(v.n, "economic-dependence"),
		Facts: []ui.Fact{{Label: "SIREN", Value: c.SIREN}, {Label: v.lang.T("Contact", "Contact"), Value: c.Contact}, {Label: v.lang.T("Adresse", "Address"), Value: c.Street + ", " + communeWithPostcode(c.Base)},
			{Label: v.lang.T("Téléphone", "Phone"), Value: phone.Display(c.Phone)}, {Label: "E-mail", Value: c.Email}}}
	if until, err := time.Parse(time.DateOnly, me.Checks["insurance"].ValidUntil); err == nil {
		page.Facts = append(page.Facts, ui.Fact{Label: v.lang.T("Assurance vérifiée jusqu’au", "Insurance checked until"), Value: v.lang.Date(until)})
	}
	if words := v.accessWords(me); words != "" {
		page.Notices = append([]string{words}, page.Notices...)
	}
	page.Trades = v.tradeNames(p.Trades)
	for i, s := range p.Week {
		if s.Open() {
			page.Hours[i] = ui.Hours{From: clockText(s.From), To: clockText(s.To)}
		}
	}
	tokens, err := v.Auth.Tokens(v.ctx, v.actor, v.actor.Account)
	if err != nil {
		return page, err
	}
	if page.Tokens, err = v.tokenLines(tokens, false); err != nil {
		return page, err
	}
	if err := v.ownUses(&page); err != nil {
		return page, err
	}
	if err := v.ownNearby(&page); err != nil {
		return page, err
	}
	if page.Standing, err = v.standing(v.actor.Pro); err != nil {
		return page, err
	}
	if err := v.ownContact(&page, c); err != nil {
		return page, err
	}
	if err := v.ownChoices(&page); err != nil {
		return page, err
	}
	page.SMS, page.Email, err = v.Pros.Notices(v.ctx, v.actor)
	return page, err
}

func capText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// clockText writes minutes of a day as an input of type time does; midnight at the end of the day is 00:00 too.
func clockText(m int) string { return fmt.Sprintf("%02d:%02d", m/60%24, m%60) }

func readClock(s string) (int, bool) {
	t, err := time.Parse("15:04", s)
	return t.Hour()*60 + t.Minute(), err == nil
}

// changed stores a change of his profile and comes back with it, or with every wrong field.
func (v *visit) changed(c *fault.Check, good string, change func(*pro.Profile)) error {
	err := c.Err()
	if err == nil {
		err = v.Pros.EditOwn(v.ctx, v.actor, change)
	}
	if fault.Of(err) == nil {
		return v.did("/profil", good, err)
	}
	return v.invalid(renamed(err, func(field string) string {
		switch {
		case field == "commune":
			return "centre"
		case field == "absence":
			return "from"
		case len(field) == 2 && field[0] == 'd':
			return field + "_from"
		}
		return field
	}), v.profilePage)
}

// communeTyped finds the commune that a person names: "Nîmes", "30000", "Nîmes 30000" or an INSEE code. A postcode of several communes names
// none of them: with the name beside it, it does.
func communeTyped(typed string) (geo.Commune, bool) {
	typed = strings.TrimSpace(typed)
	name := strings.TrimRight(typed, "0123456789 ")
	digits := strings.TrimSpace(typed[len(name):])
	if name == "" {
		if all := geo.ByPostcode(digits); len(all) > 0 {
			return all[0], len(all) == 1
		}
		return geo.ByINSEE(typed)
	}
	if c, ok := geo.ByINSEE(strings.ToUpper(typed)); ok { // 2A004
		return c, true
	}
	found := slices.DeleteFunc(geo.Search(name, 50), func(c geo.Commune) bool {
		return geo.Fold(c.Name) != geo.Fold(name) || digits != "" && !c.HasPostcode(digits)
	})
	if len(found) == 0 {
		return geo.Commune{}, false
	}
	return found[0], digits != "" || len(found) == 1
}

func list(s string) []string {
	var all []string
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// readArea reads the fields of a coverage and answers the change that they make to a profile.
func (v *visit) readArea(c *fault.Check) func(*pro.Profile) {
	base, ok := communeTyped(v.value("centre"))
	c.That(ok, "centre", fault.T("Écrivez le nom et le code postal d’une commune, par exemple « Nîmes 30000 ».", "Write the name and postcode of a commune, for example “Nîmes 30000”."))
	radius := 0
	if typed := v.value("radius"); typed != "" {
		n, err := strconv.Atoi(typed)
		c.That(err == nil, "radius", fault.T("Écrivez un nombre de kilomètres.", "Write a number of kilometres."))
		radius = n
	}
	var communes []string
	for _, part := range list(v.value("communes")) {
		one, ok := communeTyped(part)
		if ok {
			communes = append(communes, one.INSEE)
			continue
		}
		all := geo.ByPostcode(part) // a postcode of several communes means all of them here
		if len(all) == 0 {
			c.Add("communes", fault.T("Une de ces communes est inconnue. Écrivez des noms avec leur code postal, séparés par des virgules.", "One of these communes is unknown. Write names with their postcode, separated by commas."))
			break
		}
		for _, m := range all {
			communes = append(communes, m.INSEE)
		}
	}
	slices.Sort(communes)
	communes = slices.Compact(communes)
	departments := list(strings.ToUpper(v.value("departments")))
	return func(p *pro.Profile) {
		p.Base, p.RadiusKm, p.Communes, p.Departments = base.INSEE, radius, communes, departments
	}
}

func (v *visit) profileArea() error {
	if err := v.parse(); err != nil {
		return err
	}
	var c fault.Check
	area := v.readArea(&c)
	return v.changed(&c, v.lang.T("Votre zone est enregistrée. Elle vaut pour les prochaines demandes.", "Your area is saved. It holds for the next requests."), area)
}

func (v *visit) profileHours() error {
	if err := v.parse(); err != nil {
		return err
	}
	var c fault.Check
	var week [7]pro.Span
	for i := range week {
		name := fmt.Sprintf("d%d_from", i)
		from, to := v.value(name), v.value(fmt.Sprintf("d%d_to", i))
		if from == "" && to == "" {
			continue
		}
		a, ok1 := readClock(from)
		b, ok2 := readClock(to)
		if b == 0 {
			b = 1440 // midnight ends the day
		}
		c.That(ok1 && ok2, name, fault.T("Écrivez les deux heures, par exemple 08:00 et 18:30.", "Write both hours, for example 08:00 and 18:30."))
		week[i] = pro.Span{From: a, To: b}
	}
	return v.changed(&c, v.lang.T("Vos horaires sont enregistrés.", "Your hours are saved."), func(p *pro.Profile) { p.Week = week })
}

func (v *visit) profileAbsence() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.changed(&fault.Check{}, v.lang.T("Votre absence est enregistrée.", "Your absence is saved."), func(p *pro.Profile) {
		p.AbsentFrom, p.AbsentUntil = v.value("from"), v.value("until")
	})
}

func (v *visit) profileNotices() error {
	if err := v.parse(); err != nil {
		return err
	}
	return v.did("/profil", v.lang.T("C’est enregistré.", "Saved."), v.Pros.SetNotices(v.ctx, v.actor, v.value("sms") == "yes", v.value("email") == "yes"))
}

func (v *visit) profileCaps() error {
	if err := v.parse(); err != nil {
		return err
	}
	var c fault.Check
	read := func(name string) int {
		typed := v.value(name)
		if typed == "" {
			return 0
		}
		n, err := strconv.Atoi(typed)
		c.That(err == nil, name, fault.T("Écrivez un nombre entre 0 et 999.", "Write a number between 0 and 999."))
		return n
	}
	day, month := read("per_day"), read("per_month")
	return v.changed(&c, v.lang.T("Vos plafonds sont enregistrés.", "Your caps are saved."), func(p *pro.Profile) { p.PerDay, p.PerMonth = day, month })
}
