package app

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/document"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/web/ui"
)

// demoMembers are the companies of a demo whose network forwards requests. Those that are not bound have still to accept the arrangement.
var demoMembers = []struct {
	company, trade, insee string
	bound                 bool
}{
	{"Cuisines de l’Ille", "cuisiniste", "35238", true},
	{"Bassins d’Armor", "pisciniste", "35238", true},
	{"Les Jardins Perrin", "paysagiste", "35238", true},
	{"Atelier Fournil", "cuisiniste", "35238", true},
	{"Rennes Déménage", "demenageur", "35238", true},
	{"Morel Paysages", "paysagiste", "35288", true},
	{"Cuisines du Sillon", "cuisiniste", "35288", false},
	{"Eaux Claires Piscines", "pisciniste", "44109", true},
	{"Déménagements Roux", "demenageur", "44109", true},
	{"Verger et Fils", "paysagiste", "44109", false},
	{"Cuisines Vannetaises", "cuisiniste", "56260", true},
	{"Piscines du Golfe", "pisciniste", "56260", false},
}

// members seeds the members of a network that forwards requests, and has those that are bound accept the arrangement.
func (s *seeder) members(ctx context.Context) error {
	if err := s.i.Documents.Publish(ctx); err != nil {
		return err
	}
	words, _, err := s.i.Documents.Current(ctx, network.DocArrangement, document.Lang("fr"))
	if err != nil {
		return err
	}
	for j, m := range demoMembers {
		if _, ok := s.n.Trade(m.trade); !ok {
			m.trade = s.n.Trades[j%len(s.n.Trades)].Slug // another network, with other trades
		}
		in := pro.Input{Identity: pro.Identity{Company: m.company, SIREN: s.nextSIREN(), Contact: pick(s, firstNames) + " " + pick(s, lastNames), Phone: s.mobile(), Email: fmt.Sprintf("membre%d@membres.example", j+1),
			Street: fmt.Sprintf("%d %s", 1+s.IntN(120), pick(s, streets)), Base: m.insee, Lang: "fr"},
			Profile: pro.Profile{Trades: []string{m.trade}, Base: m.insee, RadiusKm: 40 + 10*s.IntN(3), Week: pro.AllWeek(), SMS: true, Email: true}}
		id, account := s.i.DB.NewID("pro"), s.i.DB.NewID("acc")
		ring, err := s.i.Vault.New(ctx, id, pro.SeedCategories()...)
		if err != nil {
			return err
		}
		signInKey, err := s.i.Vault.New(ctx, account, string(network.DataAccount))
		if err != nil {
			return err
		}
		if err := s.i.DB.Write(ctx, func(tx *db.Tx) error { return s.i.Pros.Seed(tx, ring, signInKey, s.n, id, account, in) }); err != nil {
			return err
		}
		if j < 3 {
			s.first = append(s.first, account)
		}
		if !m.bound {
			if len(s.first) == 3 {
				s.first = append(s.first, account) // one who has still to accept is shown too
			}
			continue
		}
		if err := s.i.Documents.Accept(ctx, auth.Actor{Who: auth.Professional, Account: account, Pro: id, Lang: "fr"}, network.DocArrangement, words.Hash); err != nil {
			return err
		}
	}
	return nil
}

// near draws a commune in which one of the demo's members works.
func (s *seeder) near() geo.Commune {
	c, _ := geo.ByINSEE(pick(s, demoMembers).insee)
	return c
}

// pass has the agent forward a request that he took, or close it where nobody can have it, and the members note what they did.
func (s *seeder) pass(ctx context.Context, agent auth.Actor, id string) error {
	desk, err := s.i.Requests.OpenDesk(ctx, agent, id)
	if err != nil {
		return err
	}
	var may []string
	for _, m := range desk.Members {
		if m.Why.FR == "" && len(may) < 1+s.IntN(2) {
			may = append(may, m.ID)
		}
	}
	switch {
	case s.IntN(5) == 0:
		return s.i.Requests.Release(ctx, agent, id) // the queue is not empty either
	case len(may) == 0 || len(desk.Wrong) > 0:
		return s.i.Requests.Withdraw(ctx, agent, id, pick(s, s.n.Withdrawals).ID)
	}
	if err := s.i.Requests.Forward(ctx, agent, id, desk.Draft, may); err != nil {
		return err
	}
	s.i.clock.offset.Add(int64(time.Duration(1+s.IntN(50)) * time.Minute))
	for _, m := range may {
		accounts, err := s.i.Auth.OfPro(ctx, m)
		if err != nil || len(accounts) == 0 {
			return err
		}
		actor := auth.Actor{Who: auth.Professional, Account: accounts[0].ID, Pro: m, Lang: "fr"}
		has, err := s.i.Requests.Purchases(ctx, actor, "", 1)
		if err != nil || len(has) == 0 {
			return err
		}
		for _, kind := range [][]string{{}, {"called"}, {"called", "reached"}, {"reached", "quote"}, {"reached", "won"}, {"reached", "lost", "done"}}[s.IntN(6)] {
			if err := s.i.Requests.Log(ctx, actor, has[0].ID, kind, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// demoMember is the way in of a member.
func demoMember(c pro.Contact, k int, account string, english bool) ui.DemoRole {
	town, _ := geo.ByINSEE(c.Base)
	r := ui.DemoRole{Role: "Membre " + strconv.Itoa(k+1), Name: c.Company, Detail: "Entreprise membre, " + town.Name, Href: "/_demo/entrer?qui=" + url.QueryEscape(account)}
	if english {
		r.Role, r.Detail = "Member "+strconv.Itoa(k+1), "Member company, "+town.Name
	}
	return r
}
