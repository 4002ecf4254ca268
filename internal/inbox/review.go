package inbox

import (
	"context"
	"slices"
	"strings"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Reviewed is a request whose decisions somebody asked a person to look at.
type Reviewed struct {
	Request   request.Request
	Decisions []request.Judged
}

// Reviews are the decisions that a case is about: those of every request of the people tied to it.
func (s *Service) Reviews(ctx context.Context, actor auth.Actor, f File) (all []Reviewed, err error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return nil, err
	}
	for _, p := range f.People {
		for _, t := range p.Requests {
			r, judged, err := s.Requests.JudgementsOf(ctx, t.ID)
			if err != nil {
				return nil, err
			}
			all = append(all, Reviewed{r, judged})
		}
	}
	return all, nil
}

// Conclusion is what a person concludes who looked at a decision.
type Conclusion struct {
	Request string
	Changed bool
	Words   string // why; the person who asked reads them
}

// What a review concluded, as the object of an event.
const (
	ReviewChanged = "review-changed"
	ReviewUpheld  = "review-upheld"
)

// Review concludes a case that asks for human intervention: the criteria with their values go to the person with the conclusion, and what was
// decided changes with it (GDPR art. 22.3; WA-52). The act and the name of who reviewed stay in the case, which is answered by it.
func (s *Service) Review(ctx context.Context, actor auth.Actor, id string, in Conclusion) error {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	in.Words = strings.TrimSpace(in.Words)
	if err := words("conclusion", in.Words, 10); err != nil {
		return err
	}
	var tied []subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { tied, err = subjects(tx, id); return }); err != nil {
		return err
	}
	r, judged, err := s.Requests.JudgementsOf(ctx, in.Request)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(tied, func(t subject) bool { return t.Person == r.Person }) {
		return errNone
	}
	who, err := s.Requests.Objector(ctx, r.Person)
	if err != nil {
		return err
	}
	if who == nil {
		return errNone
	}
	event := ReviewUpheld
	if in.Changed {
		event = ReviewChanged
	}
	return s.act(ctx, actor, id, "case.review", EvDone, event, []State{Open, Waiting}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		if c.Asked != network.RightHuman {
			return errState
		}
		if in.Changed {
			if err := s.Requests.Review(tx, n, actor, who, r.ID, c.Ref); err != nil {
				return err
			}
		}
		return s.close(tx, n, ring, actor, c, Reply{Text: reviewText(c.Lang, r, judged, in)}, Answered)
	})
}

// reviewText is what the person reads: each decision, its criteria with their values, and the conclusion.
func reviewText(lang string, r request.Request, judged []request.Judged, in Conclusion) string {
	say := func(fr, en string) string { return fault.T(fr, en).Say(lang) }
	var b strings.Builder
	b.WriteString(say("Une personne a revu ce qui a été décidé pour votre demande ", "A person has reviewed what was decided about your request ") + r.Ref + ".\n")
	for _, j := range judged {
		b.WriteString("\n" + JudgedTitle(j).Say(lang) + ", " + geo.Date(j.At.In(r.Zone()), lang) + "\n")
		for _, c := range append(slices.Clone(j.Criteria), j.Left...) {
			b.WriteString("- " + c.Label.Say(lang) + say(" : ", ": ") + c.Value.Say(lang) + "\n")
		}
	}
	if len(judged) == 0 {
		b.WriteString("\n" + say("Aucune décision n’a encore été prise.", "No decision has been taken yet.") + "\n")
	}
	b.WriteString("\n" + in.Words + "\n\n")
	if in.Changed {
		b.WriteString(say("La décision est changée : une personne s’occupe désormais de votre demande.", "The decision is changed: a person now looks after your request."))
	} else {
		b.WriteString(say("La décision est maintenue.", "The decision is upheld."))
	}
	return b.String()
}

// JudgedTitle says what was decided, and whether by a person.
func JudgedTitle(j request.Judged) fault.Text {
	switch {
	case j.Kind == "routing":
		return fault.Tf("Choix des professionnels par le logiciel : %d prévenus", "Choice of professionals by the software: %d told", j.Asked)
	case j.Kind == "expiry":
		return fault.T("Clôture automatique, au terme du délai", "Automatic closing, at the end of its time")
	}
	return fault.T("Clôture par un conseiller", "Closing by an agent")
}
