package app

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/pro"
	"entremise/internal/review"
)

// demoReviews are what the demo's customers thought, by the overall mark; %s is what they had bought.
var demoReviews = map[int][]string{
	5: {
		"Devis clair, délais tenus, chantier laissé propre chaque soir. %s au millimètre, et on nous a rappelés un mois après pour savoir si tout allait bien.",
		"L’équipe est à l’heure, explique ce qu’elle fait et ne pousse pas à la dépense. Très contents du résultat.",
		"Nous hésitions entre trois entreprises. Celle-ci a été la seule à venir mesurer deux fois avant de chiffrer. Aucun supplément à la fin.",
		"Rien à redire : bon conseil, travail soigné, facture conforme au devis.",
	},
	4: {
		"Bon travail dans l’ensemble. Deux jours de retard, annoncés à l’avance, et une finition reprise sans discuter.",
		"%s : résultat conforme à ce qu’on attendait. Le suivi par téléphone pourrait être plus rapide.",
		"Équipe sérieuse et agréable. Il a fallu relancer une fois pour la facture.",
	},
	3: {
		"Le résultat est correct, mais la date a changé trois fois et personne ne prévenait.",
		"Travail propre, prix au-dessus de ce qui était dit au téléphone. Nous avons trouvé un accord.",
		"Ni bien ni mal : une partie est très réussie, l’autre a dû être refaite.",
	},
	2: {
		"Beaucoup de relances pour faire venir quelqu’un. Le défaut signalé en juin a été repris en septembre.",
		"Le chantier s’est arrêté une semaine sans explication. Le résultat va, l’attente non.",
	},
	1: {
		"Acompte encaissé, premier rendez-vous manqué deux fois. Nous avons fini par annuler, et attendu longtemps le remboursement.",
		"%s mal posé, fuites dès la première semaine, et plus personne au téléphone.",
	},
}

var demoWork = []string{
	"Une équipe soudée, des plannings parfois changés la veille. On apprend beaucoup avec les anciens.",
	"Bonne ambiance et du matériel en état. Les semaines d’été sont longues, les heures sont payées.",
	"Peu de reconnaissance et des trajets qui ne comptent pas. Je suis parti au bout d’un an.",
}

var demoServices = map[string][]string{
	"cuisiniste": {"Pose d’une cuisine", "Plan de travail en granit", "Rénovation d’une cuisine"},
	"pisciniste": {"Piscine de 8 mètres sur 4", "Liner et margelles", "Entretien de la saison"},
	"paysagiste": {"Terrasse en bois", "Création d’un jardin", "Taille et élagage"},
	"demenageur": {"Déménagement de trois pièces", "Déménagement avec garde-meuble", "Monte-meuble"},
}

// reviews plays the last months of reviews through the real services: invited, answered, decided, at their own moments. Business time stands some months back when
// it is called and thirty days back when it ends. Members who joined without accepting the arrangement have none (RN-06).
func (s *seeder) reviews(ctx context.Context, progress func(done, of int)) error {
	people, err := s.i.demoPeople(ctx)
	if err != nil {
		return err
	}
	staff := auth.Actor{Who: auth.StaffMember, Account: people.Staff["moderator"], Roles: []network.Role{network.RoleModerator}, Lang: "fr"}
	members, err := s.i.Pros.List(ctx, auth.Machine, pro.Filter{}, 100)
	if err != nil {
		return err
	}
	const rounds = 9
	step := (seedReviews - seedRequests) / rounds
	for round := range rounds {
		for j, m := range members {
			if j%5 == 4 && round%3 > 0 { // some are reviewed less than others
				continue
			}
			if err := s.review(ctx, staff, m, round == rounds-1); err != nil {
				return fmt.Errorf("a review of %s: %w", m.ID, err)
			}
			progress(round*len(members)+j+1, rounds*len(members))
		}
		s.i.clock.offset.Store(int64(-seedReviews + time.Duration(round+1)*step))
	}
	s.i.clock.offset.Store(int64(-seedRequests))
	return nil
}

// How far back the demo's past begins, and its requests.
const (
	seedReviews  = 150 * 24 * time.Hour
	seedRequests = 30 * 24 * time.Hour
)

// review is one, from the invitation to the decision; the last ones of a demo wait for a moderator.
func (s *seeder) review(ctx context.Context, staff auth.Actor, m pro.Pro, last bool) error {
	now := s.i.DB.Now()
	trade := m.Profile.Trades[0]
	service := "Prestation"
	if known := demoServices[trade]; len(known) > 0 {
		service = pick(s, known)
	}
	questionnaire, e := "client", review.Experience{Service: service, On: now.AddDate(0, 0, -5-s.IntN(40)).Format(time.DateOnly)}
	employee := s.IntN(7) == 0
	if employee {
		questionnaire, e = "salarie", review.Experience{Service: "Poseur", On: now.AddDate(-1-s.IntN(3), 0, 0).Format(time.DateOnly)}
	}
	who := pick(s, firstNames) + " " + pick(s, lastNames)
	s.number++
	invite, err := s.i.Reviews.Invite(ctx, staff, review.Invitee{Pro: m.ID, Questionnaire: questionnaire, Name: who, Email: fmt.Sprintf("auteur%d@clients.example", s.number), Experience: e, Lang: "fr",
		Site: s.n.Sites[0].Host, Source: review.FromOperator})
	if fault.Is(err, fault.Conflict) || fault.Is(err, fault.Denied) { // no arrangement yet
		return nil
	}
	if err != nil || s.IntN(5) == 0 { // who was asked and has not answered
		return err
	}
	mark := []int{5, 5, 5, 4, 4, 4, 3, 3, 2, 1}[s.IntN(10)]
	in := review.Answer{Answers: map[string][]string{}, Ticked: map[string]bool{}}
	if employee {
		for _, q := range []string{"conditions", "team", "balance"} {
			in.Answers[q] = []string{strconv.Itoa(max(1, min(5, mark-1+s.IntN(3))))}
		}
		in.Answers["comment"] = []string{pick(s, demoWork)}
	} else {
		in.Answers["overall"] = []string{strconv.Itoa(mark)}
		for _, q := range []string{"welcome", "quality"} {
			in.Answers[q] = []string{strconv.Itoa(max(1, min(5, mark-1+s.IntN(3))))}
		}
		words := pick(s, demoReviews[mark])
		if strings.Contains(words, "%s") {
			words = fmt.Sprintf(words, service)
		}
		in.Answers["comment"] = []string{words}
	}
	for _, c := range s.n.ConsentsOn(network.AskedOnQuestionnaire) {
		in.Ticked[c.ID] = true
	}
	s.i.clock.offset.Add(int64(time.Duration(1+s.IntN(60)) * time.Minute))
	dep, err := s.i.Reviews.Deposit(ctx, auth.Actor{Who: auth.Consumer, Invite: invite, Lang: "fr"}, in)
	if err != nil || last {
		return err
	}
	s.i.clock.offset.Add(int64(time.Duration(1+s.IntN(120)) * time.Minute))
	queue, err := s.i.Reviews.Queue(ctx, staff, 50)
	if err != nil {
		return err
	}
	d := review.Decision{Checks: map[network.ReviewCheck]bool{}}
	for _, k := range network.ReviewChecks() {
		d.Checks[k] = true
	}
	if s.IntN(12) == 0 { // whatever its mark: good and bad are judged alike
		d.Checks[network.CheckExperience], d.Reason = false, "no-experience"
	}
	for _, q := range queue {
		if q.Review != dep.ID || q.Drawn { // a control call comes first: it waits for the visitor of the demo
			continue
		}
		if err := s.i.Reviews.Decide(ctx, staff, q.Version, d); err != nil {
			return err
		}
	}
	return nil
}
