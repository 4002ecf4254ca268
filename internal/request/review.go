package request

import (
	"context"
	"slices"
	"strconv"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/match"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// Judged is a decision about a request with the criteria that counted and their values, as its person is told them (GDPR art. 15.1 h, 22.3; WA-52,
// AQ-25). It names no professional.
type Judged struct {
	ID       string
	At       time.Time
	Kind     string // routing, closing
	Alone    bool   // the software decided without a person
	By       string // account of the person who decided; empty when Alone
	Criteria []Criterion
	Asked    int         // professionals whom it asked
	Left     []Criterion // how many were left out, by reason
	Changed  bool        // a person has reviewed and changed it
}

// Criterion is one criterion with its value.
type Criterion struct{ Label, Value fault.Text }

// Judgements are the decisions about a consumer's own request, oldest first.
func (s *Service) Judgements(ctx context.Context, actor auth.Actor) (r Request, n *network.Network, all []Judged, err error) {
	if r, n, _, _, err = s.own(ctx, actor, auth.RequestReadOwn); err != nil {
		return
	}
	all, err = s.judged(ctx, n, r)
	return
}

// JudgementsOf are those about a request, for the officer who looks at it for its person; his reading of the case is audited.
func (s *Service) JudgementsOf(ctx context.Context, id string) (r Request, all []Judged, err error) {
	if err = s.db.Read(ctx, func(tx *db.Tx) error { r, err = selectRequest(tx, id); return err }); err != nil {
		return
	}
	n, err := s.editions.Get(ctx, r.Edition)
	if err != nil {
		return r, nil, err
	}
	all, err = s.judged(ctx, n, r)
	return
}

func (s *Service) judged(ctx context.Context, n *network.Network, r Request) (all []Judged, err error) {
	var decisions []Decision
	var events []Event
	if err = s.db.Read(ctx, func(tx *db.Tx) error {
		if decisions, err = selectDecisions(tx, r.ID); err != nil {
			return err
		}
		events, err = selectEvents(tx, r.ID)
		return err
	}); err != nil {
		return nil, err
	}
	changed := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == EvReviewed })
	for _, d := range decisions {
		j := Judged{ID: d.ID, At: d.At, Kind: "routing", Alone: true, Asked: len(d.Candidates), Criteria: criteria(n, d.input), Changed: changed}
		if j.Left, err = s.leftOut(ctx, d); err != nil {
			return nil, err
		}
		all = append(all, j)
	}
	for _, e := range events {
		switch e.Kind {
		case EvWithdrawn:
			j := Judged{ID: e.ID, At: e.At, Kind: "closing", By: e.Actor, Changed: r.State != Withdrawn}
			j.Criteria = []Criterion{{fault.T("Motif", "Reason"), n.Withdrawal(e.Object)}, {fault.T("Métier", "Trade"), tradeText(n, r.Trade)}, {fault.T("Lieu", "Place"), placeText(r.INSEE, r.Postcode)}}
			all = append(all, j)
		case EvUnserved:
			t := n.Introductions.Expires.Text()
			all = append(all, Judged{ID: e.ID, At: e.At, Kind: "expiry", Alone: true, Criteria: []Criterion{{fault.T("Personne ne l’a prise en", "Nobody took it within"), t}}})
		}
	}
	slices.SortStableFunc(all, func(a, b Judged) int { return a.At.Compare(b.At) })
	return all, nil
}

// criteria are what a routing decision was made of, each with its value.
func criteria(n *network.Network, in decisionInput) []Criterion {
	at := db.Time(in.At)
	if c, ok := geo.ByINSEE(in.INSEE); ok {
		at = at.In(geo.Zone(c.Dept))
	}
	all := []Criterion{{fault.T("Métier demandé", "Trade asked for"), tradeText(n, in.Trade)}, {fault.T("Lieu, dans la zone du professionnel", "Place, in the professional’s area"), placeText(in.INSEE, "")},
		{fault.T("Moment, dans ses horaires et hors de ses absences", "Moment, in his hours and outside his absences"), fault.T(at.Format("02/01/2006 15:04"), at.Format("2006-01-02 15:04"))},
		{fault.T("Urgence", "Urgency"), n.Urgency(in.Urgency)}}
	if f := n.Form(in.Trade); f != nil {
		for _, l := range f.Board(in.Answers) {
			all = append(all, Criterion{l.Label, l.Value})
		}
	}
	if k := len(in.Excluded); k > 0 {
		all = append(all, Criterion{fault.T("Professionnels que vous avez écartés", "Professionals whom you excluded"), number(k)})
	}
	if in.Widen > 0 {
		all = append(all, Criterion{fault.T("Recherche élargie de", "Search widened by"), fault.T(strconv.Itoa(in.Widen/1000)+"\u00a0km", strconv.Itoa(in.Widen/1000)+" km")})
	}
	return all
}

// leftOut makes a decision again and counts those whom it left out by reason: of other trades nobody was looked at.
func (s *Service) leftOut(ctx context.Context, d Decision) ([]Criterion, error) {
	_, again, _, err := s.Replay(ctx, auth.Machine, d.ID)
	if err != nil {
		return nil, err
	}
	counts := map[match.Code]int{}
	for _, x := range again.Excluded {
		counts[x.Reason.Code]++
	}
	var all []Criterion
	for _, c := range []struct {
		codes []match.Code
		label fault.Text
	}{
		{[]match.Code{match.OutsideArea, match.NoCoverage}, fault.T("Leur zone ne couvre pas ce lieu", "Their area does not cover this place")},
		{[]match.Code{match.OffHours, match.Away}, fault.T("Hors de leurs horaires, ou absents", "Outside their hours, or away")},
		{[]match.Code{match.DailyCapHit, match.MonthlyCapHit}, fault.T("Ils ne voulaient pas plus de demandes", "They wanted no more requests")},
		{[]match.Code{match.NotVerified, match.IsSuspended, match.IsClosed, match.Uninsured}, fault.T("Accès fermé, suspendu ou non vérifié", "Access closed, suspended or not verified")},
		{[]match.Code{match.Unwanted}, fault.T("Vous les aviez écartés", "You had excluded them")},
	} {
		k := 0
		for _, code := range c.codes {
			k += counts[code]
		}
		if k > 0 {
			all = append(all, Criterion{c.label, number(k)})
		}
	}
	return all, nil
}

func number(k int) fault.Text { return fault.T(strconv.Itoa(k), strconv.Itoa(k)) }

func tradeText(n *network.Network, slug string) fault.Text {
	t, ok := n.Trade(slug)
	if !ok {
		return fault.T(slug, slug)
	}
	return t.Label
}

func placeText(insee, postcode string) fault.Text {
	c, _ := geo.ByINSEE(insee) // a commune merged since shows no name
	name := c.Name
	if postcode != "" {
		name += " " + postcode
	}
	return fault.T(name, name)
}

// Reviewable reports whether a review can still change what was decided about a request.
func (r Request) Reviewable() bool {
	return r.FrozenAt.IsZero() && (r.State == Received || r.State == Published || r.State == Withdrawn && r.PublishedAt.IsZero() && r.Sold == 0)
}

// Review changes in tx, at a named person's word, what was decided about a request: one that was refused waits for an agent again; one that the
// software routed is routed by hand (GDPR art. 22.3; WA-52). reference is the case in which it was asked.
func (s *Service) Review(tx *db.Tx, n *network.Network, actor auth.Actor, who *Objector, id, reference string) error {
	r, err := selectRequest(tx, id)
	if err != nil {
		return err
	}
	if r.Person != who.ID || !r.Reviewable() {
		return errState
	}
	if r.State == Withdrawn {
		if err := tx.Send("UPDATE request SET state = $2, state_at = $3, taken_by = '', taken_until = 0 WHERE id = $1", id, string(Received), db.Micros(tx.Now())); err != nil {
			return err
		}
		if err := privacy.Resumed(tx, n, r.Person, r.ID, network.WhileRequestOpen); err != nil {
			return err
		}
		if r.Channel != "phone" {
			if earlier, err := s.claimWindow(tx, n, who.Phone, r); err != nil {
				return err
			} else if earlier != "" && earlier != id {
				return errTooLate
			}
		}
	}
	if err := s.byHand(tx, r, actor); err != nil {
		return err
	}
	if err := insertEvent(tx, id, EvReviewed, actor.Account, 0, reference); err != nil {
		return err
	}
	tx.Wake("queue")
	return audit.Write(tx, actor.Name(), actor.As(auth.CaseAnswer), "request.reviewed", id, reference)
}
