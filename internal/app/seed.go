package app

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// A plausible France for a demo: professionals around real communes, staff in every role, and past requests that went through the same doors
// as real ones. Everything follows from the seed. Names are common ones put together at random; numbers lie in ranges reserved for fiction
// (ARCEP), addresses end in .example, registry numbers begin with 999.

var (
	firstNames = strings.Fields("Marie Jean Camille Pierre Nathalie Michel Isabelle Philippe Sylvie Alain Catherine Nicolas Martine Christophe Christine Laurent Françoise Frédéric Valérie Stéphane Sandrine David Sophie Pascal Céline Éric Aurélie Thierry Julie Olivier Karim Fatima Mehdi Inès Hugo Léa Louis Chloé Amina Théo")
	lastNames  = strings.Fields("Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Nicolas Henry Roussel Mathieu Gautier Masson")
	streets    = []string{"rue de la République", "avenue Jean Jaurès", "rue Victor Hugo", "place de la Mairie", "rue des Écoles", "chemin des Vignes", "boulevard Gambetta", "impasse des Lilas", "rue du Moulin", "route de la Gare"}
)

// seeder makes people and numbers from one seed.
type seeder struct {
	*rand.Rand
	i      *Instance
	n      *network.Network
	number int // of the next number in the fiction range
	siren  int
	first  []string // accounts of the first three, who are plumbers in Nîmes
}

func (i *Instance) seeder(n *network.Network, seed uint64) *seeder {
	return &seeder{Rand: rand.New(rand.NewPCG(seed, 0x656e7472656d6973)), i: i, n: n}
}

func pick[T any](s *seeder, list []T) T { return list[s.IntN(len(list))] }

func (s *seeder) mobile() string {
	s.number++
	return fmt.Sprintf("+336%08d", 39980000+s.number%10000)
}

// nextSIREN is a number that begins with 999 and has a valid key.
func (s *seeder) nextSIREN() string {
	for {
		s.siren++
		for d := range 10 {
			if n := fmt.Sprintf("999%05d%d", s.siren, d); network.ValidSIREN(n) {
				return n
			}
		}
	}
}

// places are communes drawn by their population: the larger ones have more professionals.
func (s *seeder) places(k int) []geo.Commune {
	all := geo.All()
	sums := make([]int, len(all))
	total := 0
	for i, c := range all {
		total += min(c.Population, 60_000)
		sums[i] = total
	}
	out := make([]geo.Commune, k)
	for j := range out {
		out[j] = all[sort.SearchInts(sums, s.IntN(total)+1)]
	}
	return out
}

// professionals seeds k active professionals, some of them where the demo's tour asks.
func (s *seeder) professionals(ctx context.Context, k int, progress func(done, of int)) error {
	places := s.places(k)
	nimes, _ := geo.ByINSEE("30189")
	for j := range min(12, k) {
		places[j] = nimes
	}
	var trades []string
	for _, t := range s.n.Trades {
		trades = append(trades, t.Slug)
	}
	type made struct {
		id, account     string
		ring, signInKey *vault.Ring
		in              pro.Input
	}
	for done := 0; done < k; {
		var part []made
		for range min(200, k-done) {
			j := done + len(part)
			first, last := pick(s, firstNames), pick(s, lastNames)
			trade := pick(s, trades)
			if j < 6 {
				trade = trades[0] // plumbers in Nîmes for the tour
			}
			label, _ := s.n.Trade(trade)
			c := places[j]
			m := made{id: s.i.DB.NewID("pro"), account: s.i.DB.NewID("acc")}
			m.in = pro.Input{Identity: pro.Identity{Company: last + " " + label.Label.FR, SIREN: s.nextSIREN(), Contact: first + " " + last, Phone: s.mobile(),
				Email: fmt.Sprintf("pro%d@artisans.example", j+1), Street: fmt.Sprintf("%d %s", 1+s.IntN(120), pick(s, streets)), Base: c.INSEE, Lang: "fr"},
				Profile: pro.Profile{Trades: []string{trade}, Base: c.INSEE, RadiusKm: 10 + 5*s.IntN(6), Week: pro.AllWeek(), SMS: true, Email: s.IntN(3) > 0}}
			if s.IntN(4) == 0 {
				if second := pick(s, trades); second != trade {
					m.in.Profile.Trades = append(m.in.Profile.Trades, second)
				}
			}
			if j >= 6 && s.IntN(3) == 0 { // two in three answer day and night, the others on weekdays
				for d := range m.in.Profile.Week {
					m.in.Profile.Week[d] = pro.Span{From: 7 * 60, To: 20 * 60}
				}
				m.in.Profile.Week[6] = pro.Span{}
			}
			var err error
			if m.ring, err = s.i.Vault.New(ctx, m.id, pro.SeedCategories()...); err != nil {
				return err
			}
			if m.signInKey, err = s.i.Vault.New(ctx, m.account, string(network.DataAccount)); err != nil {
				return err
			}
			part = append(part, m)
			if j < 3 {
				s.first = append(s.first, m.account)
			}
		}
		err := s.i.DB.Write(ctx, func(tx *db.Tx) error {
			for _, m := range part {
				if err := s.i.Pros.Seed(tx, m.ring, m.signInKey, s.n, m.id, m.account, m.in); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		done += len(part)
		progress(done, k)
	}
	return nil
}

// demoStaff are the people behind the demo's desks. The first has every role, as in a one-person company.
var demoStaff = []struct {
	key, name, detail string
	roles             []network.Role
	trades            []string
}{
	{"operator", "Camille Exemple", "Toutes les fonctions|Every role", []network.Role{network.RoleAdministrator, network.RoleAgent, network.RoleOnboarding, network.RoleAccountant, network.RoleOfficer}, []string{"plombier"}},
	{"agent", "Nadia Exemple", "Conseillère, ancienne plombière|Agent, formerly a plumber", []network.Role{network.RoleAgent}, []string{"plombier", "chauffagiste"}},
	{"agent-2", "Samuel Exemple", "Conseiller formé en interne|Agent trained internally", []network.Role{network.RoleAgent}, nil},
	{"onboarding", "Lucie Exemple", "Accueil des professionnels|Onboarding", []network.Role{network.RoleOnboarding}, nil},
	{"accountant", "Paul Exemple", "Comptable|Accountant", []network.Role{network.RoleAccountant}, nil},
	{"moderator", "Inès Exemple", "Qualité des avis|Review quality", []network.Role{network.RoleModerator}, nil},
	{"officer", "Yanis Exemple", "Protection des données|Data protection", []network.Role{network.RoleOfficer}, nil},
}

// works reports whether a network has work for one of them that not every network has.
func works(n *network.Network, key string) bool {
	switch key {
	case "moderator", "officer":
		return n.Forwards()
	}
	return true
}

// staff seeds the accounts and remembers them by role in settings, so that the demo's page finds them again.
func (s *seeder) staff(ctx context.Context) error {
	for _, p := range demoStaff {
		if !works(s.n, p.key) {
			continue
		}
		p.trades = slices.DeleteFunc(slices.Clone(p.trades), func(t string) bool { _, ok := s.n.Trade(t); return !ok })
		if p.key == "operator" && s.n.Forwards() {
			p.roles = append(slices.Clone(p.roles), network.RoleModerator)
		}
		id := s.i.DB.NewID("acc")
		ring, err := s.i.Vault.New(ctx, id, string(network.DataAccount))
		if err != nil {
			return err
		}
		err = s.i.DB.Write(ctx, func(tx *db.Tx) error {
			trained := ""
			if slices.Contains(p.roles, network.RoleAgent) {
				trained = tx.Now().AddDate(0, -2, 0).Format(time.DateOnly)
			}
			if err := s.i.Auth.Create(tx, ring, id, auth.NewAccount{Kind: "staff", State: "active", Name: p.name, Email: p.key + "@" + s.n.Sites[0].Host, Lang: "fr", Roles: p.roles, Trades: p.trades, TrainedOn: trained, Actor: auth.Machine}); err != nil {
				return err
			}
			return setSetting(tx, "demo."+p.key, id)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// demoPeople are the ids that the demo's page links to.
type demoPeople struct {
	Staff map[string]string // key → account
	Pros  []string          // accounts of the first professionals
}

func (i *Instance) demoPeople(ctx context.Context) (p demoPeople, err error) {
	p.Staff = map[string]string{}
	err = i.DB.Read(ctx, func(tx *db.Tx) error {
		for _, d := range demoStaff {
			if p.Staff[d.key], err = setting(tx, "demo."+d.key); err != nil {
				return err
			}
		}
		text, err := setting(tx, "demo.pros")
		if err != nil || text == "" {
			return err
		}
		return json.Unmarshal([]byte(text), &p.Pros)
	})
	return p, err
}

// past plays k requests of the last month through the real services: asked, published by an agent, bought and followed up, at their own moments.
// Business time must stand that far back when it is called; it is moved forward from one to the next.
func (s *seeder) past(ctx context.Context, k int, progress func(done, of int)) error {
	if k == 0 {
		return nil
	}
	people, err := s.i.demoPeople(ctx)
	if err != nil {
		return err
	}
	agent := auth.Actor{Who: auth.StaffMember, Account: people.Staff["agent"], Roles: []network.Role{network.RoleAgent}, Lang: "fr"}
	span := 29 * 24 * time.Hour / time.Duration(k)
	trades := s.n.Sites[0].Trades
	places := s.places(k)
	for j := range k {
		c := places[j]
		if j%3 == 0 && s.n.Sells() {
			c, _ = geo.ByINSEE("30189")
		} else if s.n.Forwards() {
			c = s.near()
		}
		trade := pick(s, trades)
		if err := s.one(ctx, agent, trade, c, j); err != nil {
			return fmt.Errorf("past request %d (%s at %s): %w", j, trade, c.Name, err)
		}
		offset := time.Duration(s.i.clock.offset.Load()) + span/2 + time.Duration(s.Int64N(int64(span)))
		if offset > -2*time.Hour {
			offset = -2 * time.Hour
		}
		s.i.clock.offset.Store(int64(offset))
		progress(j+1, k)
	}
	return nil
}

// one request of the past.
func (s *seeder) one(ctx context.Context, agent auth.Actor, trade string, c geo.Commune, j int) error {
	form := s.n.Form(trade)
	answers := map[string][]string{}
	for range 4 { // a choice opens further questions
		for _, q := range form.Visible(answers) {
			if len(answers[q.ID]) == 0 && q.Required && len(q.Options) > 0 {
				answers[q.ID] = []string{pick(s, q.Options).ID}
			}
			if len(answers[q.ID]) == 0 && q.Required && q.Kind == network.KindYesNo {
				answers[q.ID] = []string{"yes"}
			}
			if len(answers[q.ID]) == 0 && q.Required && q.Kind == network.KindNumber {
				answers[q.ID] = []string{fmt.Sprint(q.Min)}
			}
		}
	}
	consents := map[string]bool{}
	for _, x := range s.n.ConsentsOn(network.AskedOnForm) {
		consents[x.ID] = x.Required || s.IntN(2) == 0
	}
	number := s.mobile()
	out, err := s.i.Requests.Submit(ctx, auth.Actor{Who: auth.Visitor, Lang: "fr"}, request.Ask{Key: fmt.Sprintf("seed-%d-%s", j, number), Site: s.n.Sites[0].Host, Trade: trade, Lang: "fr",
		Urgency: pick(s, s.n.Introductions.Urgencies).ID, Postcode: c.Postcodes[0], INSEE: c.INSEE, Answers: answers, Street: fmt.Sprintf("%d %s", 1+s.IntN(90), pick(s, streets)),
		Kind: "person", Name: pick(s, firstNames) + " " + pick(s, lastNames), Phone: number, Consents: consents, Channel: "form", Worked: true})
	if err != nil {
		return err
	}
	if s.IntN(12) == 0 {
		return s.i.Requests.Cancel(ctx, auth.Actor{Who: auth.Consumer, Request: out.ID})
	}
	wait := func(most time.Duration) {
		s.i.clock.offset.Add(int64(time.Duration(s.Int64N(int64(most)))))
	}
	wait(8 * time.Minute)
	if err := s.i.Requests.Take(ctx, agent, out.ID); err != nil {
		return err
	}
	if s.n.Forwards() {
		return s.pass(ctx, agent, out.ID)
	}
	if !s.n.Sells() {
		if s.IntN(4) == 0 {
			return s.i.Requests.Release(ctx, agent, out.ID) // the queue is not empty either
		}
		return s.i.Requests.Withdraw(ctx, agent, out.ID, pick(s, s.n.Withdrawals).ID)
	}
	desk, err := s.i.Requests.OpenDesk(ctx, agent, out.ID)
	if err != nil {
		return err
	}
	if err := s.i.Requests.Publish(ctx, agent, out.ID, desk.Draft); err != nil {
		return err
	}
	if len(desk.Candidates) == 0 || s.IntN(8) == 0 {
		return nil
	}
	wait(6 * time.Minute)
	buyer := desk.Candidates[s.IntN(min(4, len(desk.Candidates)))].ID
	accounts, err := s.i.Auth.OfPro(ctx, buyer)
	if err != nil || len(accounts) == 0 {
		return err
	}
	actor := auth.Actor{Who: auth.Professional, Account: accounts[0].ID, Pro: buyer, Lang: "fr"}
	accountant := auth.Actor{Who: auth.System, Account: "system", Fresh: s.i.DB.Machine()}
	sheet, err := s.i.Requests.Sheet(ctx, actor, out.ID)
	if err != nil {
		return err
	}
	if err := s.i.Billing.RecordTransfer(ctx, accountant, buyer, money.Euros(int64(100+50*s.IntN(5))), fmt.Sprintf("VIR DEMO %d", j)); err != nil {
		return err
	}
	confirmed := map[string]bool{}
	for _, w := range s.n.Buying {
		confirmed[w.ID] = true
	}
	bought, err := s.i.Requests.Buy(ctx, actor, request.Buy{Request: out.ID, Confirmed: confirmed, Shown: sheet.Price, Method: "wallet"})
	if err != nil {
		return err
	}
	wait(14 * time.Minute)
	if s.IntN(10) == 0 {
		return nil
	}
	for _, kind := range [][]string{{"called"}, {"called", "reached"}, {"reached", "quote"}, {"reached", "quote", "won"}, {"reached", "lost"}}[s.IntN(5)] {
		if err := s.i.Requests.Log(ctx, actor, bought.Purchase, kind, ""); err != nil {
			return err
		}
	}
	return nil
}

// seedDemo fills a new demo folder.
func (i *Instance) seedDemo(ctx context.Context, n *network.Network, seed uint64, professionals, requests int, progress func(string, int, int)) error {
	s := i.seeder(n, seed)
	i.clock.offset.Store(int64(-seedRequests))
	if n.Reviews != nil && requests > 0 {
		i.clock.offset.Store(int64(-seedReviews))
	}
	if err := s.staff(ctx); err != nil {
		return err
	}
	if !n.Sells() {
		professionals = 0 // nobody has access to what does not exist
	}
	if err := s.professionals(ctx, professionals, func(d, of int) { progress("professionals", d, of) }); err != nil {
		return err
	}
	if n.Forwards() {
		if err := s.members(ctx); err != nil {
			return err
		}
	}
	if n.Reviews != nil && requests > 0 { // none: a demo without a past
		if err := s.reviews(ctx, func(d, of int) { progress("past reviews", d, of) }); err != nil {
			return err
		}
	}
	if err := i.rememberPros(ctx, s.first); err != nil {
		return err
	}
	if err := s.past(ctx, requests, func(d, of int) { progress("past requests", d, of) }); err != nil {
		return err
	}
	err := i.DB.Write(ctx, func(tx *db.Tx) error {
		// Nobody waits for notices and texts of last month: the rows stay as what was sent, their jobs go.
		if _, err := tx.Exec("DELETE FROM job WHERE kind IN ('request.notify', 'request.withdrawn', 'message.send')"); err != nil {
			return err
		}
		_, err := tx.Exec("UPDATE message SET state = 'sent', sent_at = at, sent_machine_at = machine_at, tries = 1 WHERE state = 'queued'")
		return err
	})
	if err != nil {
		return err
	}
	if !n.Sells() {
		return i.setOffset(ctx, 0)
	}
	// The first professionals have some credit, so that a visitor can buy at once.
	people, err := i.demoPeople(ctx)
	if err != nil {
		return err
	}
	for k, account := range people.Pros {
		a, err := i.Auth.Get(ctx, account)
		if err != nil {
			return err
		}
		if err := i.Billing.RecordTransfer(ctx, auth.Machine, a.Pro, money.Euros(300), fmt.Sprintf("VIR BIENVENUE %d", k)); err != nil {
			return err
		}
	}
	return i.setOffset(ctx, 0)
}

// rememberPros keeps the accounts of the first professionals, pro1@ to pro3@, for the demo's page and its credit.
func (i *Instance) rememberPros(ctx context.Context, ids []string) error {
	return i.DB.Write(ctx, func(tx *db.Tx) error {
		text, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		return setSetting(tx, "demo.pros", string(text))
	})
}
