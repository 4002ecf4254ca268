package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/document"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/web/ui"
)

// settings says the edition in force in words, read only: it is changed by a network file and the apply command.
func (v *visit) settings() error {
	if err := v.actor.May(auth.EditionRead); err != nil {
		return err
	}
	all, err := v.Editions.List(v.ctx)
	if err != nil {
		return err
	}
	n := v.n
	page := ui.Settings{Space: v.spaceFrame(), Hash: n.Hash(), InForce: n.InForce.In(geo.Paris())}
	accounts := make([]string, len(all))
	for i, e := range all {
		accounts[i] = e.By
	}
	names, err := v.Auth.Names(v.ctx, accounts...)
	if err != nil {
		return err
	}
	today := v.DB.Now()
	for _, e := range all {
		line := ui.EditionLine{Hash: e.Hash, InForce: network.Date(e.InForce).In(geo.Paris()), Status: ui.Status{Tone: ui.Quiet, Text: v.lang.T("Passée", "Past")}}
		switch {
		case e.Hash == n.Hash():
			line.Status = ui.Status{Tone: ui.Good, Text: v.lang.T("En vigueur", "In force")}
			page.Applied, page.By = e.Applied, cmp.Or(names[e.By], e.By)
			if e.By == "system" {
				page.By = v.lang.T("la commande apply", "the apply command")
			}
		case line.InForce.After(today):
			line.Status = ui.Status{Tone: ui.Wait, Text: v.lang.T("À venir", "To come")}
		}
		page.Editions = append(page.Editions, line)
	}
	price := []ui.SettingGroup{{Title: v.lang.T("Prix d’une mise en relation, hors taxe", "Price of an introduction, excl. VAT"), Facts: v.priceFacts(n)}}
	if !n.Sells() {
		price = nil
	}
	page.Groups = slices.Concat([]ui.SettingGroup{
		{Title: v.lang.T("Ce que fait ce réseau", "What this network does"), Facts: v.moduleFacts(n)},
		{Title: v.lang.T("Promesses et délais", "Promises and delays"), Facts: v.clockFacts(n)},
	}, price, []ui.SettingGroup{
		{Title: v.lang.T("Limites contre les abus", "Limits against abuse"), Facts: v.limitFacts(n)},
		{Title: v.lang.T("Pourquoi des données sont gardées, et combien de temps", "Why data is kept, and for how long"), Facts: v.purposeFacts(n)},
		{Title: v.lang.T("Qui en reçoit", "Who receives data"), Facts: v.recipientFacts(n)},
		{Title: v.lang.T("Ce que le droit écarte, et ce qui n’est pas encore exécuté", "What law overrides, and what is not executed yet"), Facts: v.differenceFacts(n)},
	})
	return v.show(page)
}

type factList struct {
	l   ui.Lang
	all []ui.Fact
}

func (f *factList) add(fr, en, value string) {
	if value != "" {
		f.all = append(f.all, ui.Fact{Label: f.l.T(fr, en), Value: value})
	}
}

func (v *visit) moduleFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	sale := map[network.Sale][2]string{network.SalePerIntroduction: {"un professionnel paie chaque mise en relation", "a professional pays for each introduction"}, network.SaleRouted: {"envoyée aux fournisseurs qui conviennent", "sent to matching suppliers"},
		network.SaleForwarded: {"transmise aux membres", "forwarded to members"}, network.SaleOff: {"aucune donnée n’est transmise", "no data is passed on"}}[n.Modules.Sale]
	f.add("Vente", "Sale", v.lang.T(sale[0], sale[1]))
	if n.Modules.Qualification == network.QualificationAgent {
		f.add("Qualification", "Qualification", v.lang.T("par un conseiller", "by an agent"))
	} else {
		f.add("Qualification", "Qualification", v.lang.T("automatique", "automatic"))
	}
	if n.Sells() {
		f.add("Places par demande", "Seats for a request", strconv.Itoa(n.Introductions.Seats))
		f.add("Qui est prévenu", "Who is told", v.lang.T("tous les professionnels éligibles à la fois ; à égalité, un tirage engagé d’avance au registre public", "all eligible professionals at once; ties by a draw committed beforehand in the public log"))
	}
	if n.Modules.AutomatedDecisions == nil {
		f.add("Décisions", "Decisions", v.lang.T("toujours par une personne désignée", "always by a named person"))
	}
	if r := n.Modules.Recordings; r != nil {
		f.add("Enregistrement des appels", "Recording of calls", v.lang.Tf("%s des appels, annoncé avant toute question", "%s of calls, announced before any question", r.Record.FR()))
	} else {
		f.add("Enregistrement des appels", "Recording of calls", v.lang.T("jamais", "never"))
	}
	if r := n.Modules.Reviews; r != nil {
		f.add("Avis demandé après", "Opinion asked after", v.say2(r.Ask.Text()))
	}
	return f.all
}

func (v *visit) clockFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	i := n.Introductions
	f.add("Rappel par un conseiller", "Call-back by an agent", v.say2(i.Clocks.CallBack.Text()))
	f.add("Premier appel du professionnel", "Professional’s first call", v.say2(i.Clocks.FirstContact.Text()))
	f.add("Sur place", "On site", v.say2(i.Clocks.OnSite.Text()))
	f.add("Place gardée au panier", "Seat held in the cart", v.say2(i.Cart.Hold.Text()))
	f.add("Demande close si personne ne la prend", "Request closed if nobody takes it", v.say2(i.Expires.Text()))
	f.add("Deux demandes n’en font qu’une pendant", "Two requests are one within", v.say2(n.Verification.Duplicates.Text()))
	f.add("Code par SMS valable", "Code by text valid", v.say2(n.Verification.CodeValid.Text()))
	return f.all
}

// priceFacts say the rules of the price in the words that agents see with each price.
func (v *visit) priceFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	p := n.Introductions.Price
	f.add("Prix de base", "Base price", v.lang.Money(p.Base))
	f.add("Bornes", "Bounds", v.lang.Tf("de %s à %s", "from %s to %s", v.lang.Money(p.Min()), v.lang.Money(p.Max())))
	f.add("TVA", "VAT", p.VAT.FR())
	for _, r := range p.Rules {
		effect := v.lang.Money(r.Add)
		if r.Add > 0 {
			effect = "+" + effect
		}
		if r.Factor != 0 {
			effect = "×\u00a0" + decimal(strconv.FormatFloat(float64(r.Factor)/1000, 'f', -1, 64), v.lang)
		}
		f.all = append(f.all, ui.Fact{Label: v.say2(r.Because), Value: effect})
	}
	return f.all
}

func (v *visit) limitFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	l := n.Limits
	in := func(x network.Limit) string {
		return v.lang.Tf("%d en %s", "%d in %s", x.Max, v.say2(x.Within.Text()))
	}
	f.add("Demandes par numéro", "Requests for a number", in(l.RequestsPerNumber))
	f.add("Demandes par connexion", "Requests from a connection", in(l.RequestsPerAddress))
	f.add("Codes par numéro", "Codes for a number", in(l.CodesPerNumber))
	f.add("Essais d’un code", "Tries of a code", strconv.Itoa(l.CodeAttempts))
	f.add("Connexions par adresse", "Sign-ins from an address", in(l.SignInsPerAddress))
	f.add("Photos", "Photos", strconv.Itoa(l.Photos))
	f.add("SMS de conseiller par demande et par jour", "Agents’ texts for a request and day", strconv.Itoa(l.AgentTextsPerDay))
	return f.all
}

// purposeFacts is the retention table: each purpose with whose data, on what basis, kept how long.
func (v *visit) purposeFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	for _, p := range n.Purposes {
		f.all = append(f.all, ui.Fact{Label: v.say2(p.Label), Value: joinWords(v.say2(peopleNames(p.People)), v.say2(basisNames[p.Basis]), v.keptFor(p.Keep))})
	}
	return f.all
}

var recipientRoles = map[network.RecipientRole]fault.Text{network.RecipientProcessor: fault.T("sous-traitant", "processor"), network.RecipientController: fault.T("responsable de traitement", "controller"), network.RecipientBuyer: fault.T("acheteur", "buyer"), network.RecipientAuthority: fault.T("autorité", "authority")}

var basisNames = map[network.Basis]fault.Text{network.BasisConsent: fault.T("consentement", "consent"), network.BasisContract: fault.T("contrat", "contract"), network.BasisLegal: fault.T("obligation légale", "legal obligation"), network.BasisLegitimate: fault.T("intérêt légitime", "legitimate interest")}

func peopleNames(all []network.Person) fault.Text {
	var fr, en []string
	for _, p := range all {
		fr, en = append(fr, p.Label().FR), append(en, p.Label().EN)
	}
	return fault.T(strings.Join(fr, ", "), strings.Join(en, ", "))
}

// keptFor says a retention to staff.
func (v *visit) keptFor(k *network.Keep) string {
	if k == nil {
		return ""
	}
	out := document.Active(document.Lang(v.lang), k)
	if k.Archive != nil {
		out += v.lang.Tf(", puis %s en archive fermée (%s)", ", then %s in a closed archive (%s)", v.say2(k.Archive.For.Text()), v.roleName(k.Archive.ReadBy))
	}
	return out
}

// differenceFacts are what check tells beside mistakes, for those who work under the file.
func (v *visit) differenceFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	for _, p := range network.Check(n) {
		if p.Severity == network.LawDiffers || p.Severity == network.NotYet {
			f.all = append(f.all, ui.Fact{Label: p.Path, Value: v.say2(p.Text)})
		}
	}
	if len(f.all) == 0 {
		f.all = append(f.all, ui.Fact{Label: v.say2(fault.T("Rien", "Nothing"))})
	}
	return f.all
}

func (v *visit) recipientFacts(n *network.Network) []ui.Fact {
	f := factList{l: v.lang}
	for _, r := range n.Recipients {
		f.all = append(f.all, ui.Fact{Label: v.say2(r.Label), Value: joinWords(v.say2(recipientRoles[r.Role]), r.Country, r.Safeguard)})
	}
	if len(f.all) == 0 {
		f.all = append(f.all, ui.Fact{Label: v.say2(fault.T("Personne hors de la maison", "Nobody outside the house"))})
	}
	return f.all
}
