package review

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
)

// Outcomes of a control call.
const (
	CallConfirmed = "confirmed" // the author tells the same experience
	CallDoubtful  = "doubtful"  // what he tells does not fit
	CallDeclined  = "declined"  // he does not wish to answer
	CallUnreached = "unreached" // by no means that is known
)

// CallOutcomes lists them in the order in which a form shows them.
func CallOutcomes() []string {
	return []string{CallConfirmed, CallDoubtful, CallDeclined, CallUnreached}
}

// longestWords bounds what a moderator or an author writes in one step, in characters.
const longestWords = 4000

// words checks a free text of people and answers it trimmed.
func words(c *fault.Check, field, s string, needed bool) string {
	s = strings.TrimSpace(s)
	c.That(s != "" || !needed, field, fault.T("Écrivez-le en quelques mots.", "Write it in a few words."))
	c.That(utf8.RuneCountInString(s) <= longestWords, field, fault.Tf("%d caractères au plus.", "%d characters at most.", longestWords))
	return s
}

// ripe reports whether a version may be decided: what was drawn is controlled first (RN-52), and a document that was asked for is waited for until it
// comes or its time is over (RN-50).
func ripe(tx *db.Tx, r Review) error {
	calls, err := db.Value[int64](tx, "SELECT count(*) FROM review_event WHERE review_id = $1 AND kind = $2", r.ID, EvCalled)
	if err != nil {
		return err
	}
	if r.Drawn && calls == 0 {
		return fault.New(fault.Conflict, "control-first", fault.T("Cet avis est tiré au sort : notez d’abord le contrôle.", "This review was drawn at random: log the control first."))
	}
	asked, err := db.Value[int64](tx, "SELECT count(*) FROM review_paper WHERE review_id = $1 AND state = 'asked' AND due_at > $2", r.ID, db.Micros(tx.Now()))
	if err == nil && asked > 0 {
		err = fault.New(fault.Conflict, "document-awaited", fault.T("Un document est demandé : la décision attend qu’il arrive, ou que son délai passe.", "A document was asked for: the decision waits until it comes, or its time is over."))
	}
	return err
}

// Called logs a control call to the author of a version (RN-51): who called, what came of it, and what was said.
func (s *Service) Called(ctx context.Context, actor auth.Actor, version, outcome, said string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	var c fault.Check
	c.That(slices.Contains(CallOutcomes(), outcome), "outcome", fault.T("Dites ce que le contrôle a donné.", "Say what came of the control."))
	said = words(&c, "said", said, true)
	if err := c.Err(); err != nil {
		return err
	}
	found, err := s.version(ctx, version)
	if err != nil {
		return err
	}
	i, err := s.invitation(ctx, found.Invite)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := noteWords(tx, i.ring, found.Review, EvCalled, actor.Name(), outcome, said); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewDecide), "review.call", found.ID, outcome)
	})
}
