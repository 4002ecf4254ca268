package network

import (
	"io/fs"
	"maps"
	"math"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/phone"
)

// Read loads a folder and checks the whole: what is asked of a network before it may be applied. The network is nil with any Mistake.
func Read(folder fs.FS) (*Network, []Problem) {
	n, probs := Load(folder)
	if n == nil {
		return nil, probs
	}
	probs = append(probs, Check(n)...)
	if Refused(probs) {
		return nil, probs
	}
	return n, probs
}

// Check looks for contradictions in a network that Load accepted: each part may be well formed and the whole still promise what it
// cannot keep. A Mistake must be mended before the network is applied; a Remark names a rule that the operator should weigh. The order
// is that of the subjects below.
func Check(n *Network) []Problem {
	c := &checker{n: n, told: map[string]bool{}}
	c.operator()
	c.sites()
	c.trades()
	c.introductions()
	c.country()
	c.fields()
	c.access()
	c.members()
	c.prices()
	c.spent()
	c.purposes()
	c.recipients()
	c.modules()
	c.differences()
	c.consents()
	c.cookies()
	c.cookieLaw()
	c.documents()
	c.prospecting()
	c.forms()
	c.wordings()
	c.messages()
	c.texts()
	c.rights()
	c.inbox()
	c.oversight()
	c.reviews()
	c.listening()
	c.archiver()
	c.anchors()
	return c.probs
}

type checker struct {
	n     *Network
	probs []Problem
	told  map[string]bool // figures whose lack is told where it matters, and not again in every text that quotes them
}

const root = "network.yaml"

func (c *checker) add(s Severity, file, path string, text fault.Text) {
	c.probs = append(c.probs, Problem{s, file, c.n.src.at(file, path), path, text})
}

// wrong notes a mistake in network.yaml.
func (c *checker) wrong(path, fr, en string, args ...any) {
	c.add(Mistake, root, path, fault.Tf(fr, en, args...))
}

// remark notes something to weigh in network.yaml.
func (c *checker) remark(path, fr, en string, args ...any) {
	c.add(Remark, root, path, fault.Tf(fr, en, args...))
}

var (
	hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	bicForm  = regexp.MustCompile(`^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`)
	vatForm  = regexp.MustCompile(`^FR[0-9A-HJ-NP-Z]{2}\d{9}$`)
)

func (c *checker) operator() {
	o := c.n.Operator
	switch {
	case !vatForm.MatchString(o.VAT):
		c.wrong("operator.vat", "« %s » n’est pas un numéro de TVA français : écrivez FR, deux caractères et le SIREN, sans espace.",
			"%q is not a French VAT number: write FR, two characters and the SIREN, without spaces.", clip(o.VAT))
	case o.VAT[4:] != string(o.SIREN):
		c.wrong("operator.vat", "ce numéro de TVA ne finit pas par le SIREN %s : corrigez l’un des deux.",
			"this VAT number does not end with the SIREN %s: correct one of them.", o.SIREN)
	case vatKey(o.VAT, o.SIREN) != "":
		c.wrong("operator.vat", "la clé de ce numéro de TVA devrait être %s : vérifiez-le.", "the key of this VAT number should be %s: check it.", vatKey(o.VAT, o.SIREN))
	}
	if _, ok := find(o.Addresses, func(a Address) bool { return a.Use == "office" }); !ok {
		c.told["operator.address"] = true
		c.wrong("operator.addresses", "l’adresse du siège manque : ajoutez « office ».", `the registered office is missing: add "office".`)
	}
	for _, m := range []struct{ path, email string }{{"operator.email", o.Email}, {"operator.officer.email", o.Officer.Email}} {
		if a, err := mail.ParseAddress(m.email); err != nil || a.Address != m.email {
			c.wrong(m.path, "« %s » n’est pas une adresse e-mail.", "%q is not an e-mail address.", clip(m.email))
		}
	}
	c.bank(o.Bank)
	if phone.Fictional(string(o.Phone)) || strings.HasPrefix(string(o.SIREN), "000") {
		c.remark("operator", "cet opérateur est inventé (numéro réservé à la fiction ou SIREN en 000) : bon pour une démonstration, à remplacer avant d’ouvrir le service.",
			"this operator is invented (number reserved for fiction, or SIREN in 000): good for a demonstration, to be replaced before opening the service.")
	}
	if ratio := contrast(c.n.Accent); ratio < 4.5 {
		text := strconv.FormatFloat(math.Floor(ratio*10)/10, 'f', 1, 64)
		c.add(Mistake, root, "accent", fault.T(
			"le contraste de "+string(c.n.Accent)+" sur blanc est de "+strings.Replace(text, ".", ",", 1)+" ; il faut 4,5 au moins (WCAG 2.2, 1.4.3). Choisissez une couleur plus foncée.",
			"the contrast of "+string(c.n.Accent)+" on white is "+text+"; it must be at least 4.5 (WCAG 2.2, 1.4.3). Choose a darker colour."))
	}
}

// cookieLaw names what differs from the authority's recommendation; the figures of the file are executed.
func (c *checker) cookieLaw() {
	const at = "cookies.choice"
	article := fault.T("CNIL, recommandation 2020-092", "CNIL, recommendation 2020-092")
	ch := c.n.Cookies.Choice
	if ch.Refused.approx() < ch.Accepted.approx() {
		r, a := ch.Refused.Text(), ch.Accepted.Text()
		c.law(at+".refused", article, fault.T("un refus est gardé "+r.FR+", un accord "+a.FR, "a refusal is kept for "+r.EN+", an acceptance for "+a.EN),
			fault.T("ces durées ; l’autorité recommande la même pour les deux", "these durations; the authority recommends the same for both"))
	}
	for _, d := range []struct {
		key  string
		kept Duration
	}{{"accepted", ch.Accepted}, {"refused", ch.Refused}} {
		if d.kept.approx() > (Duration{6, UnitMonth}).approx() {
			t := d.kept.Text()
			c.law(at+"."+d.key, article, fault.T("un choix est gardé "+t.FR, "a choice is kept for "+t.EN), fault.T("cette durée ; l’autorité recommande de redemander après 6\u00a0mois", "this duration; the authority recommends asking again after 6\u00a0months"))
		}
	}
}

// bank checks an account that money is sent to: a wrong one is found by the payer's bank, or by nobody.
func (c *checker) bank(b *Bank) {
	if b == nil {
		return
	}
	const at = "operator.bank.iban"
	want, known := ibanLengths[string(b.IBAN[:2])]
	switch {
	case !known:
		c.wrong(at, "« %s » n’est pas un pays de l’espace unique de paiement en euros : donnez un compte qui reçoit des virements SEPA.",
			"%q is no country of the single euro payments area: give an account that receives SEPA transfers.", b.IBAN[:2])
	case len(b.IBAN) != want:
		c.wrong(at, "cet IBAN a %d caractères ; un IBAN %s en a %d. Recopiez-le du relevé d’identité bancaire.",
			"this IBAN has %[1]d characters; one of %[2]s has %[3]d. Copy it from the bank's statement.", len(b.IBAN), b.IBAN[:2], want)
	case !b.IBAN.sound():
		c.wrong(at, "la clé de cet IBAN ne va pas avec le compte : un caractère est faux ou deux sont échangés. Recopiez-le du relevé d’identité bancaire.",
			"the check digits of this IBAN do not fit the account: a character is wrong or two are swapped. Copy it from the bank's statement.")
	case strings.HasPrefix(string(b.IBAN[4:]), "00000"):
		c.remark(at, "ce compte est inventé : bon pour une démonstration, à remplacer avant d’ouvrir le service.", "this account is invented: good for a demonstration, to be replaced before opening the service.")
	}
	switch {
	case b.BIC == "":
	case !bicForm.MatchString(b.BIC):
		c.wrong("operator.bank.bic", "« %s » n’est pas un BIC : 8 ou 11 lettres majuscules et chiffres, le pays en cinquième et sixième position.",
			"%q is no BIC: 8 or 11 capital letters and digits, the country at the fifth and sixth.", clip(b.BIC))
	case known && b.BIC[4:6] != string(b.IBAN[:2]):
		c.remark("operator.bank.bic", "ce BIC est d’un autre pays (%s) que l’IBAN (%s) : vérifiez les deux.", "this BIC is of another country (%s) than the IBAN (%s): check both.", b.BIC[4:6], b.IBAN[:2])
	}
}

// vatKey is the right key of a VAT number with a numeric one, "" when it is right or of the other kind.
func vatKey(vat string, siren SIREN) string {
	n, err := strconv.Atoi(string(siren))
	if err != nil || !digits(vat[2:4]) {
		return ""
	}
	key := strconv.Itoa(100 + (12+3*(n%97))%97)[1:]
	if key == vat[2:4] {
		return ""
	}
	return key
}

// contrast is the ratio of a colour to white (WCAG 2.2, definition of contrast ratio).
func contrast(colour Colour) float64 {
	v, err := strconv.ParseUint(strings.TrimPrefix(string(colour), "#"), 16, 32)
	if err != nil {
		return 0
	}
	lin := func(shift uint) float64 {
		s := float64(v>>shift&0xff) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	return 1.05 / (0.2126*lin(16) + 0.7152*lin(8) + 0.0722*lin(0) + 0.05)
}

func (c *checker) sites() {
	seen := map[string]bool{}
	host := func(path, h string) {
		if !hostForm.MatchString(h) {
			c.wrong(path, "« %s » n’est pas un nom d’hôte : écrivez par exemple www.exemple.fr, en minuscules, sans https ni barre.",
				"%q is not a host name: write for example www.example.fr, in lower case, without https or slash.", clip(h))
		} else if seen[h] {
			c.wrong(path, "%s est écrit deux fois : chaque nom d’hôte désigne un seul site.", "%s is written twice: each host name means one site.", h)
		}
		seen[h] = true
	}
	shown := map[string]bool{}
	for i, s := range c.n.Sites {
		path := "sites." + strconv.Itoa(i+1)
		host(path+".host", s.Host)
		for _, a := range s.Aliases {
			host(path+".aliases", a)
		}
		for _, t := range s.Trades {
			shown[t] = true
			if _, ok := c.n.Trade(t); !ok {
				c.wrong(path+".trades", "le site %s montre le métier « %s », qui n’est pas dans trades : ajoutez-le là ou retirez-le ici.",
					"the site %s shows the trade %q, which is not in trades: add it there or remove it here.", s.Host, t)
			}
		}
	}
	host("space_host", c.n.SpaceHost)
	for _, t := range c.n.Trades {
		if !shown[t.Slug] {
			c.remark("trades."+t.Slug, "aucun site ne montre ce métier : il ne sert qu’aux appels.", "no site shows this trade: it serves for calls only.")
		}
	}
}

func (c *checker) trades() {
	used := map[string]bool{}
	for _, t := range c.n.Trades {
		path := "trades." + t.Slug
		used[t.Form] = true
		if c.n.forms[t.Form] == nil {
			c.wrong(path, "le formulaire forms/%s.yaml manque : écrivez-le ou nommez-en un autre avec « form ».", `the form forms/%s.yaml is missing: write it or name another with "form".`, t.Form)
		}
		k, ok := known[t.Slug]
		if !ok && t.Label.FR == "" {
			c.wrong(path, "ce métier n’est pas dans la table des métiers : donnez-lui un « label ».", `this trade is not in the table of trades: give it a "label".`)
		}
		if ok && k.repairPrices && !slices.Contains(t.Law, LawRepairPrices) {
			c.remark(path, "l’arrêté du 24 janvier 2017 (prix affichés, devis) s’applique à ce métier : ajoutez law: [repair-prices-2017].",
				"the order of 24 January 2017 (prices shown, quotes) applies to this trade: add law: [repair-prices-2017].")
		}
		if ok && k.energyBan != "0" && !slices.Contains(t.Law, LawEnergyCanvass) {
			c.remark(path, "le démarchage pour les économies d’énergie est interdit (C. conso. L223-1) et peut toucher ce métier : ajoutez law: [energy-canvassing-ban].",
				"canvassing for energy savings is forbidden (C. conso. L223-1) and may touch this trade: add law: [energy-canvassing-ban].")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.n.forms)) {
		if !used[name] && !c.n.Reviews.asks(name) {
			c.add(Mistake, "forms/"+name+".yaml", "", fault.T("aucun métier et aucun questionnaire n’utilise ce formulaire : nommez-le dans trades ou dans reviews.questionnaires, ou retirez-le.", "no trade and no questionnaire uses this form: name it in trades or in reviews.questionnaires, or remove it."))
		}
	}
}

func (c *checker) introductions() {
	in, m := c.n.Introductions, c.n.Modules
	need := func(d Duration, name, fr, en string) {
		if d.IsZero() {
			c.told["clock."+name] = true
			c.add(Mistake, root, "introductions.clocks", fault.T("« "+name+" » manque : "+fr, `"`+name+`" is missing: `+en))
		}
	}
	if m.Qualification == QualificationAgent {
		need(in.Clocks.CallBack, "call_back", "dites en combien de temps un conseiller rappelle, par exemple 10 min.", "say within what time an agent calls back, for example 10 min.")
	}
	if !sells(c.n) {
		c.unsold()
	} else {
		need(in.Clocks.FirstContact, "first_contact", "dites en combien de temps le professionnel appelle, par exemple 10 min.", "say within what time the professional calls, for example 10 min.")
		need(in.Clocks.OnSite, "on_site", "dites en combien de temps il peut être sur place, par exemple 30 min.", "say within what time he can be on site, for example 30 min.")
		for _, part := range []struct {
			name string
			none bool
		}{{"introductions.seats", in.Seats == 0}, {"introductions.allocation", in.Allocation.Mode == ""}, {"introductions.cart", in.Cart.AtMost == 0}, {"introductions.price", in.Price.Max() == 0},
			{"introductions.radius", in.Radius.Most == 0}, {"invoices", c.n.Invoices.LateRate == 0}} {
			if part.none {
				c.wrong(part.name, "des mises en relation sont vendues et « %s » manque : ajoutez-le, ou changez modules.sale.", "introductions are sold and %q is missing: add it, or change modules.sale.", part.name)
			}
		}
	}
	for _, d := range []struct {
		path string
		d    Duration
		most time.Duration
		fr   string
		en   string
	}{
		{"introductions.cart.hold", in.Cart.Hold, time.Hour, "un panier qui retient une place plus d’une heure bloque les autres", "a cart that holds a seat for more than an hour blocks the others"},
		{"verification.code_valid", c.n.Verification.CodeValid, time.Hour, "un code valable plus d’une heure se devine ou se vole", "a code valid for more than an hour can be guessed or stolen"},
	} {
		if d.d.approx() > d.most {
			c.wrong(d.path, d.fr+" : réduisez %s.", d.en+": shorten %s.", d.d)
		}
	}
	if sells(c.n) && in.Cart.Hold.approx() >= in.Expires.approx() {
		c.wrong("introductions.cart.hold", "le panier retient une place %s, plus longtemps que la demande ne vit (%s) : réduisez-le.",
			"the cart holds a seat for %s, longer than the request lives (%s): shorten it.", in.Cart.Hold, in.Expires)
	}
	if in.Radius.Default > in.Radius.Most {
		c.wrong("introductions.radius", "le rayon proposé dépasse le plus grand permis : baissez « default » ou montez « most ».", `the proposed radius exceeds the greatest allowed: lower "default" or raise "most".`)
	}
	if !slices.IsSorted(in.Radius.Widen) {
		c.wrong("introductions.radius.widen", "les pas d’élargissement doivent croître, par exemple [10 km, 25 km].", "the steps must grow, for example [10 km, 25 km].")
	}
	for i, r := range in.Recredit {
		if slices.ContainsFunc(in.Recredit[:i], func(o Recredit) bool { return o.Reason == r.Reason }) {
			c.wrong("introductions.recredit."+strconv.Itoa(i+1), "ce motif est écrit deux fois : gardez-en un.", "this reason is written twice: keep one.")
		}
	}
}

// unsold refuses what only a sale has: a figure that nothing executes would be read as a promise.
func (c *checker) unsold() {
	in := c.n.Introductions
	for _, part := range []struct {
		name    string
		written bool
	}{{"introductions.seats", in.Seats != 0}, {"introductions.allocation", in.Allocation.Mode != ""}, {"introductions.cart", in.Cart.AtMost != 0}, {"introductions.price", in.Price.Max() != 0},
		{"introductions.radius", in.Radius.Most != 0 && !c.n.Forwards()}, {"introductions.recredit", len(in.Recredit) > 0}, {"introductions.clocks.first_contact", !in.Clocks.FirstContact.IsZero()},
		{"introductions.clocks.on_site", !in.Clocks.OnSite.IsZero()}, {"introductions.insurance_reminder", !in.InsuranceReminder.IsZero()}, {"invoices", c.n.Invoices != Invoices{}}} {
		if part.written {
			c.wrong(part.name, "aucune mise en relation n’est vendue (modules.sale) : retirez « %s », que rien n’exécuterait.", "no introduction is sold (modules.sale): remove %q, which nothing would execute.", part.name)
		}
	}
}

func (c *checker) prices() {
	if !sells(c.n) {
		return
	}
	p := c.n.Introductions.Price
	const at = "introductions.price"
	if p.Min() <= 0 || p.Min() > p.Max() || p.Min()%100 != 0 || p.Max()%100 != 0 {
		c.wrong(at+".bounds", "les bornes sont deux nombres entiers d’euros, la plus petite d’abord et plus grande que zéro, par exemple [1, 1999].",
			"the bounds are two whole numbers of euros, the smaller first and above zero, for example [1, 1999].")
		return
	}
	sound := true
	for i, r := range p.Rules {
		path := at + ".rules." + strconv.Itoa(i+1)
		before := len(c.probs)
		if (r.Add != 0) == (r.Factor != 0) {
			c.wrong(path, "une règle a « add » ou « factor », l’un des deux et différent de zéro.", `a rule has "add" or "factor", one of the two and not zero.`)
		}
		c.when(path+".when", r.When)
		sound = sound && len(c.probs) == before
	}
	if !sound {
		return // the extremes of broken rules would mislead
	}
	lo, hi, ok := p.span(c.n)
	switch {
	case !ok:
		c.wrong(at+".rules", "ces règles se combinent de plus de %d façons : personne ne peut les vérifier. Séparez-les par métier ou simplifiez.",
			"these rules combine in more than %d ways: nobody can check them. Separate them by trade or simplify.", maxCases)
	default:
		c.bound(at, hi, hi.price > p.Max(), "atteindre", "reach", p.Max().FR(), p.Max().EN())
		c.bound(at, lo, lo.price < p.Min(), "descendre à", "fall to", p.Min().FR(), p.Min().EN())
	}
}

func (c *checker) bound(path string, e extreme, broken bool, fr, en, limitFR, limitEN string) {
	if !broken {
		return
	}
	withFR, withEN := "sans aucune règle", "without any rule"
	if len(e.rules) > 0 {
		withFR, withEN = "avec les règles "+e.numbers(), "with rules "+e.numbers()
	}
	c.add(Mistake, root, path, fault.T(
		withFR+", le prix peut "+fr+" "+e.price.FR()+" ; la borne est "+limitFR+". Changez une règle, la base ou la borne.",
		withEN+" the price can "+en+" "+e.price.EN()+"; the bound is "+limitEN+". Change a rule, the base or the bound."))
}

func (c *checker) when(path string, w When) {
	ids := func(name string, list []string, have func(string) bool, fr, en string) {
		for _, v := range list {
			if !have(v) {
				c.wrong(path+"."+name, "« %s » n’est pas "+fr, "%q is not "+en, v)
			}
		}
	}
	ids("urgency", w.Urgency, func(v string) bool { return c.n.Urgency(v).FR != "" }, "une urgence de introductions.urgencies.", "an urgency of introductions.urgencies.")
	ids("intent", w.Intent, func(v string) bool { return c.n.Intent(v).FR != "" }, "une intention de introductions.intents.", "an intent of introductions.intents.")
	ids("trade", w.Trade, func(v string) bool { _, ok := c.n.Trade(v); return ok }, "un métier de trades.", "a trade of trades.")
	ids("departments", w.Departments, func(v string) bool { return geo.DepartmentName(v) != "" }, "un département : écrivez \"30\", \"2A\" ou \"974\" entre guillemets.", `a department: write "30", "2A" or "974" in quotes.`)
	if len(w.Days) > 0 && len(w.OrDays) > 0 {
		c.wrong(path, "« days » et « or_days » ne vont pas ensemble : gardez l’un des deux.", `"days" and "or_days" do not go together: keep one.`)
	}
	if len(w.OrDays) > 0 && w.Hours.IsZero() {
		c.wrong(path+".or_days", "« or_days » complète « hours » : sans heures, écrivez « days ».", `"or_days" goes with "hours": without hours, write "days".`)
	}
	if k := w.Competition; k != nil && (k.Below == 0 && k.Above == 0 || k.Below < 0 || k.Above < 0 || k.Below > 0 && k.Above+1 >= k.Below) {
		c.wrong(path+".competition", "ce nombre de professionnels n’existe pas : écrivez below, above, ou les deux avec un nombre entre eux.",
			"there is no such number of professionals: write below, above, or both with a number between them.")
	}
	for _, t := range w.Answers {
		at, found := path+".answers."+t.Question, false
		for _, trade := range c.n.Trades {
			if len(w.Trade) > 0 && !slices.Contains(w.Trade, trade.Slug) || c.n.forms[trade.Form] == nil {
				continue
			}
			if q, ok := c.n.forms[trade.Form].Question(t.Question); ok && q.takes(t.OneOf) {
				found = true
			}
		}
		if !found {
			c.wrong(at, "aucun formulaire de ces métiers ne pose la question « %s » avec les réponses %s : corrigez le nom ou retirez la condition.",
				"no form of these trades asks %q with the answers %s: correct the name or remove the condition.", t.Question, strings.Join(t.OneOf, ", "))
		}
	}
	if w.empty() {
		c.wrong(path, "cette condition est vide : une règle qui vaut toujours appartient à « base ».", `this condition is empty: a rule that always holds belongs to "base".`)
	}
}

func (w When) empty() bool {
	return len(w.Urgency)+len(w.Intent)+len(w.Trade)+len(w.Departments)+len(w.Days)+len(w.OrDays)+len(w.Answers) == 0 && w.Hours.IsZero() && w.Competition == nil
}

// takes reports whether a condition may name these answers of the question.
func (q Question) takes(answers []string) bool {
	for _, a := range answers {
		_, option := find(q.Options, func(o Option) bool { return o.ID == a })
		if !(option && (q.Kind == KindChoice || q.Kind == KindChoices)) && !(q.Kind == KindYesNo && (a == "yes" || a == "no")) {
			return false
		}
	}
	return len(answers) > 0
}
