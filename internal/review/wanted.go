package review

import (
	"context"
	"errors"
	"slices"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Who was not invited may ask for a questionnaire (RN-36). The operator checks that the experience is real, and may ask for a document first (RN-37); the member says
// whether it may be sent, where the file asks him, and that is all he decides (RN-46, 47). Until both are settled no questionnaire exists for anybody.

// Kinds of event of a request for a questionnaire; its review is not there yet.
const (
	EvMemberYes  = "member-accepted"
	EvMemberNo   = "member-refused" // words: why
	EvProof      = "proof-asked"
	EvProofCame  = "proof-received"
	EvAuthentic  = "checked"
	EvOverridden = "overridden" // words: why it is sent although the member did not accept
	EvClosed     = "closed"     // object: the reason
)

// Words of the member.
const (
	MemberNone     = "none" // the file does not ask him
	MemberWaiting  = "waiting"
	MemberAccepted = "accepted"
	MemberRefused  = "refused"
)

// Wish is a request for a questionnaire.
type Wish struct {
	Invitation
	Checked            bool
	Member, Proof      string // Proof: none, asked, received, destroyed
	MemberDue, ProofBy time.Time
	Type               string
	Events             []Event // where staff opened it
}

// Silent says that the member did not answer in his time.
func (w Wish) Silent(now time.Time) bool {
	return w.Member == MemberWaiting && !now.Before(w.MemberDue)
}

// Want is what the form of somebody who asks says.
type Want struct {
	Invitee
	Ticked map[string]bool
}

func wantedKeys() []string { return append(keys(), string(network.DataDocuments)) }

// WantBoxes are asked with the form.
func WantBoxes(n *network.Network) []network.Consent {
	return slices.DeleteFunc(n.ConsentsOn(network.AskedOnQuestionnaire), func(c network.Consent) bool { return c.Purpose != n.Reviews.Uses.Ask })
}

// Want takes a request in. It rests on the person's consent (RN-38): without the box nothing is kept. Faults name the fields.
func (s *Service) Want(ctx context.Context, actor auth.Actor, in Want) error {
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	in.Source, in.Request = FromSpontaneous, ""
	i, err := s.read(n, auth.Actor{}, in.Invitee)
	var c fault.Check
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
	} else if err != nil {
		return err
	}
	member, err := s.Company(ctx, in.Pro)
	if err != nil && !fault.Is(err, fault.Missing) {
		return err
	}
	c.That(err == nil, "pro", fault.T("Choisissez l’entreprise dans la liste.", "Choose the company from the list."))
	for _, b := range WantBoxes(n) {
		c.That(in.Ticked[b.ID], "consent-"+b.ID, fault.T("Cochez cette case pour que nous puissions vous l’envoyer.", "Tick this box so that we may send it to you."))
	}
	if err := c.Err(); err != nil {
		return err
	}
	contacts, err := s.Pros.Contacts(ctx, i.Pro)
	if err != nil {
		return err
	}
	to := contacts[i.Pro]
	i.company, i.State = member.Name, "asked"
	if i.ring, err = s.Vault.New(ctx, i.Who.ID, wantedKeys()...); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.banned(tx, i.Who.Email, i.Who.Phone); err != nil {
			return err
		}
		if err := pro.Arranged(tx, n, i.Pro); err != nil {
			return err // RN-06
		}
		if err := s.insertInvite(tx, n, i); err != nil {
			return err
		}
		word, due := MemberNone, n.Reviews.Spontaneous.Answer.AddTo(tx.Now())
		if n.Reviews.Spontaneous.Member {
			word = MemberWaiting
		}
		if err := tx.Send(`INSERT INTO review_wanted (invite_id, person_id, pro_id, checked_by, member, member_due_at, proof, proof_due_at, type, proof_sealed)
			VALUES ($1, $2, $3, '', $4, $5, 'none', 0, '', $6)`, i.ID, i.Who.ID, i.Pro, word, db.Micros(due), []byte{}); err != nil {
			return err
		}
		if err := privacy.Hold(tx, n, i.ID, i.Who.ID, network.Author, network.WhileRequestOpen, network.DataIdentity, network.DataContact, network.DataExperience, network.DataMessages, network.DataConsent); err != nil {
			return err
		}
		var choices []privacy.Choice
		for _, b := range WantBoxes(n) {
			choices = append(choices, privacy.Choice{Person: i.Who.ID, Object: i.ID, Consent: b, Granted: true, Channel: "form", Lang: i.Who.Lang, Edition: n.Hash()})
		}
		if err := privacy.Record(tx, i.ring, n, choices...); err != nil {
			return err
		}
		if err := s.writeWanted(tx, n, i, "review-asked", nil); err != nil {
			return err
		}
		if word == MemberWaiting {
			letter, err := n.Email("review-accept", to.Lang, map[string]string{"pro": member.Name, "link": s.URL(n.SpaceHost, "/invitations"), "date": day(due, to.Lang), "site": request.SiteName(n, i.Site, to.Lang)})
			if err != nil {
				return err
			}
			if err := s.Notify.Letter(tx, to.Ring, letter, notify.Message{Person: i.Pro, Object: i.ID, Kind: "review-accept"}, "", to.Email); err != nil {
				return err
			}
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), "", "review.want", i.ID, "")
	})
}

// writeWanted tells who asked where it stands, with the way to his own page.
func (s *Service) writeWanted(tx *db.Tx, n *network.Network, i Invitation, key string, vars map[string]string) error {
	letter, _, err := s.authorLetter(n, key, i.Who, i.Site, i.company, "/avis/q/"+s.token(i), vars)
	if err != nil {
		return err
	}
	return s.Notify.Letter(tx, i.ring, letter, notify.Message{Person: i.Who.ID, Object: i.ID, Kind: key}, "", i.Who.Email)
}

func scanWish(r db.Scanner) (w Wish, by string, err error) {
	var member, proof int64
	err = r.Scan(&w.ID, &by, &w.Member, &member, &w.Proof, &proof, &w.Type)
	w.Checked, w.MemberDue, w.ProofBy = by != "", db.Time(member), db.Time(proof)
	return w, by, err
}

const wishColumns = "w.invite_id, w.checked_by, w.member, w.member_due_at, w.proof, w.proof_due_at, w.type"

func wishOf(tx *db.Tx, invite string) (Wish, error) {
	w, err := db.One(tx, func(r db.Scanner) (w Wish, err error) { w, _, err = scanWish(r); return }, "SELECT "+wishColumns+" FROM review_wanted w JOIN review_invite i ON i.id = w.invite_id WHERE w.invite_id = $1 AND i.state = 'asked'", invite)
	return w, fallen(err)
}

// wish opens one that still waits, for a caller who checked why.
func (s *Service) wish(ctx context.Context, invite string) (w Wish, err error) {
	if err = s.DB.Read(ctx, func(tx *db.Tx) error { w, err = wishOf(tx, invite); return err }); err != nil {
		return w, err
	}
	w.Invitation, err = s.invitation(ctx, invite)
	return w, err
}

// Wished is where the request of a private link stands.
func (s *Service) Wished(ctx context.Context, actor auth.Actor) (Wish, error) {
	if err := actor.May(auth.ReviewAnswer); err != nil {
		return Wish{}, err
	}
	return s.wish(ctx, actor.Invite)
}

// Wishes are those that wait, oldest first: all for a moderator, his own for a member, who reads who asks and about what, and decides on the sending only.
func (s *Service) Wishes(ctx context.Context, actor auth.Actor, most int) (all []Wish, err error) {
	where, args := "", []any{most}
	switch {
	case actor.Who == auth.Professional:
		where, args = " AND w.pro_id = $2 AND w.member = 'waiting'", append(args, actor.Pro)
		err = actor.May(auth.ReviewInvite)
	default:
		err = actor.May(auth.ReviewRead)
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		ids, err = db.Values[string](tx, "SELECT w.invite_id FROM review_wanted w JOIN review_invite i ON i.id = w.invite_id WHERE i.state = 'asked'"+where+" ORDER BY i.at, i.id LIMIT $1", args...)
		return err
	}); err != nil {
		return nil, err
	}
	for _, id := range ids {
		w, err := s.wish(ctx, id)
		if fault.Is(err, fault.Conflict) {
			continue // decided a moment ago
		}
		if err != nil {
			return nil, err
		}
		if actor.Who != auth.Professional {
			if w.Events, err = s.wishEvents(ctx, w); err != nil {
				return nil, err
			}
		}
		all = append(all, w)
	}
	if len(all) == 0 {
		return all, nil
	}
	return all, s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, w := range all {
			if err := audit.Write(tx, actor.Name(), "", "review.want-read", w.ID, ""); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) wishEvents(ctx context.Context, w Wish) (all []Event, err error) {
	type kept struct {
		Event
		id    string
		words []byte
	}
	var found []kept
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = db.List(tx, func(r db.Scanner) (k kept, err error) {
			var at int64
			err = r.Scan(&k.id, &at, &k.Kind, &k.Actor, &k.Object, &k.words)
			k.At = db.Time(at)
			return k, err
		}, "SELECT id, at, kind, actor, object, words_sealed FROM review_event WHERE invite_id = $1 ORDER BY at, id", w.ID)
		return err
	}); err != nil {
		return nil, err
	}
	for _, k := range found {
		if len(k.words) > 0 {
			if k.Words, err = w.ring.OpenText(string(network.DataMessages), place("review_event", "words_sealed", k.id), k.words); err != nil && !errors.Is(err, vault.ErrErased) {
				return nil, err
			}
		}
		all = append(all, k.Event)
	}
	return all, nil
}

// change runs one step about a request that still waits: do looks at it again in the transaction.
func (s *Service) change(ctx context.Context, actor auth.Actor, invite, what string, do func(tx *db.Tx, n *network.Network, w Wish) error) error {
	n, err := s.network(ctx)
	if err != nil {
		return err
	}
	seen, err := s.wish(ctx, invite)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		w, err := wishOf(tx, invite)
		if err != nil {
			return err
		}
		w.Invitation = seen.Invitation
		if err := do(tx, n, w); err != nil {
			return err
		}
		tx.Wake("reviews")
		return audit.Write(tx, actor.Name(), "", what, invite, "")
	})
}

func (w Wish) note(tx *db.Tx, kind, actor, object, words string) error {
	return noteWords(tx, w.ring, Review{Invite: w.ID, Person: w.Who.ID}, kind, actor, object, words)
}

// Answer is the member's word: whether the questionnaire may be sent (RN-46). He decides nothing else; a refusal, for which he says why, goes to the operator (RN-47).
func (s *Service) Answer(ctx context.Context, actor auth.Actor, invite string, yes bool, why string) error {
	if err := actor.May(auth.ReviewInvite); err != nil {
		return err
	}
	var c fault.Check
	why = words(&c, "why", why, !yes)
	if err := c.Err(); err != nil {
		return err
	}
	return s.change(ctx, actor, invite, "review.want-answer", func(tx *db.Tx, n *network.Network, w Wish) error {
		if actor.Who != auth.Professional || w.Pro != actor.Pro {
			return errNone
		}
		if w.Member != MemberWaiting {
			return errState
		}
		word, kind := MemberAccepted, EvMemberYes
		if !yes {
			word, kind = MemberRefused, EvMemberNo
		}
		if err := tx.Send("UPDATE review_wanted SET member = $2 WHERE invite_id = $1", invite, word); err != nil {
			return err
		}
		if err := w.note(tx, kind, actor.Name(), "", why); err != nil {
			return err
		}
		if w.Member = word; yes && w.Checked {
			return s.grant(tx, n, w)
		}
		return nil
	})
}

// AskProof asks for a document that shows the experience, before any questionnaire goes (RN-37).
func (s *Service) AskProof(ctx context.Context, actor auth.Actor, invite string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	return s.change(ctx, actor, invite, "review.proof-ask", func(tx *db.Tx, n *network.Network, w Wish) error {
		if !n.Reviews.Spontaneous.Proof || w.Proof == "asked" || w.Checked {
			return errState
		}
		due := n.Reviews.Spontaneous.Answer.AddTo(tx.Now())
		if err := tx.Send("UPDATE review_wanted SET proof = 'asked', proof_due_at = $2, type = '', proof_sealed = $3 WHERE invite_id = $1", invite, db.Micros(due), []byte{}); err != nil {
			return err
		}
		if err := w.note(tx, EvProof, actor.Name(), "", ""); err != nil {
			return err
		}
		return s.writeWanted(tx, n, w.Invitation, "review-proof", map[string]string{"date": day(due, w.Who.Lang)})
	})
}

// SendProof takes the document by the private link, once, until its last day. Invalid faults name the field "file".
func (s *Service) SendProof(ctx context.Context, actor auth.Actor, upload []byte) error {
	if err := actor.May(auth.ReviewAnswer); err != nil {
		return err
	}
	kind, content, err := readPaper(upload)
	if err != nil {
		return err
	}
	ring, err := s.wishRing(ctx, actor.Invite)
	if err != nil {
		return err
	}
	sealed := ring.Seal(string(network.DataDocuments), place("review_wanted", "proof_sealed", actor.Invite), content)
	return s.change(ctx, actor, actor.Invite, "review.proof", func(tx *db.Tx, n *network.Network, w Wish) error {
		if w.Proof != "asked" || !tx.Now().Before(w.ProofBy) {
			return errPaperGone
		}
		if err := tx.Send("UPDATE review_wanted SET proof = 'received', type = $2, proof_sealed = $3 WHERE invite_id = $1", w.ID, kind, sealed); err != nil {
			return err
		}
		if err := privacy.Begun(tx, n, w.ID, w.Who.ID, network.Author, network.WhileUndecided, network.DataDocuments); err != nil {
			return err
		}
		return w.note(tx, EvProofCame, "author", "", "")
	})
}

func (s *Service) wishRing(ctx context.Context, invite string) (*vault.Ring, error) {
	var person string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { person, err = PersonOf(tx, invite); return err }); err != nil {
		return nil, err
	}
	return s.Vault.Ring(ctx, person)
}

// Shown opens the document for a moderator; that he read it stands in the trail.
func (s *Service) Shown(ctx context.Context, actor auth.Actor, invite string) (kind string, content []byte, err error) {
	if err = actor.May(auth.ReviewRead); err != nil {
		return "", nil, err
	}
	ring, err := s.wishRing(ctx, invite)
	if err != nil {
		return "", nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		var sealed []byte
		if err := tx.Get(db.Into(&kind, &sealed), "SELECT type, proof_sealed FROM review_wanted WHERE invite_id = $1 AND proof = 'received'", invite); err != nil {
			if errors.Is(err, db.ErrNone) {
				err = errNone
			}
			return err
		}
		if content, err = ring.Open(string(network.DataDocuments), place("review_wanted", "proof_sealed", invite), sealed); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewRead), "review.proof-read", invite, "")
	})
	return kind, content, err
}

// Authentic is the operator's check (RN-46): the questionnaire goes now if the member accepted, or need not be asked; it waits for him while his time runs. Where he refused,
// or let it pass, the operator sends it all the same and says why, which is kept (RN-47). Nothing goes while a document is waited for (RN-37).
func (s *Service) Authentic(ctx context.Context, actor auth.Actor, invite, why string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	return s.change(ctx, actor, invite, "review.want-check", func(tx *db.Tx, n *network.Network, w Wish) error {
		if w.Proof == "asked" {
			return fault.New(fault.Conflict, "proof-awaited", fault.T("Le document demandé n’est pas arrivé : le questionnaire ne part pas sans lui.", "The document that was asked for has not come: the questionnaire does not go without it."))
		}
		against := w.Member == MemberRefused || w.Silent(tx.Now())
		var c fault.Check
		why := words(&c, "why", why, against)
		if err := c.Err(); err != nil {
			return err
		}
		if err := tx.Send("UPDATE review_wanted SET checked_by = $2 WHERE invite_id = $1", invite, actor.Account); err != nil {
			return err
		}
		if err := w.note(tx, EvAuthentic, actor.Name(), "", ""); err != nil {
			return err
		}
		if against {
			if err := w.note(tx, EvOverridden, actor.Name(), w.Member, why); err != nil {
				return err
			}
		}
		if err := s.spendProof(tx, n, w); err != nil {
			return err
		}
		if w.Member == MemberWaiting && !against {
			return nil
		}
		return s.grant(tx, n, w)
	})
}

// grant sends the questionnaire: its time counts from now.
func (s *Service) grant(tx *db.Tx, n *network.Network, w Wish) error {
	if err := s.send(tx, n, w.Invitation); err != nil {
		return err
	}
	return line(tx, w.Pro, ActInvited, 1, string(w.Audience), func(t *Tally) { t.Invited++ })
}

// spendProof destroys the document: it was asked for to decide, and that is done.
func (s *Service) spendProof(tx *db.Tx, n *network.Network, w Wish) error {
	if w.Proof == "none" {
		return nil
	}
	if err := tx.Send("UPDATE review_wanted SET proof = 'destroyed', proof_sealed = $2 WHERE invite_id = $1", w.ID, []byte{}); err != nil {
		return err
	}
	return privacy.Ended(tx, n, w.Who.ID, w.ID, network.WhileUndecided)
}

// Close ends a request without a questionnaire, for a published reason (RN-37, 39).
func (s *Service) Close(ctx context.Context, actor auth.Actor, invite, reason string) error {
	if err := actor.May(auth.ReviewDecide); err != nil {
		return err
	}
	return s.change(ctx, actor, invite, "review.want-close", func(tx *db.Tx, n *network.Network, w Wish) error {
		why, ok := n.Reviews.Refusal(reason)
		if !ok || why.Check == network.CheckContent {
			var c fault.Check
			c.Add("reason", fault.T("Choisissez un motif publié.", "Choose a published reason."))
			return c.Err()
		}
		if err := tx.Send("UPDATE review_invite SET state = 'closed', why = $2 WHERE id = $1", invite, reason); err != nil {
			return err
		}
		if err := w.note(tx, EvClosed, actor.Name(), reason, ""); err != nil {
			return err
		}
		if err := s.spendProof(tx, n, w); err != nil {
			return err
		}
		if err := privacy.Ended(tx, n, w.Who.ID, invite, network.WhileRequestOpen); err != nil {
			return err
		}
		return s.writeWanted(tx, n, w.Invitation, "review-closed", map[string]string{"reason": why.Text.Say(w.Who.Lang)})
	})
}

// GiveUp is the person's own end of his request, by his private link: the consent that it rests on is withdrawn, and no questionnaire goes (RN-38).
func (s *Service) GiveUp(ctx context.Context, actor auth.Actor) error {
	if err := actor.May(auth.ReviewAnswer); err != nil {
		return err
	}
	return s.change(ctx, actor, actor.Invite, "review.want-drop", func(tx *db.Tx, n *network.Network, w Wish) error {
		if err := tx.Send("UPDATE review_invite SET state = 'closed', why = $2 WHERE id = $1", w.ID, ByAuthor); err != nil {
			return err
		}
		if err := w.note(tx, EvClosed, "author", ByAuthor, ""); err != nil {
			return err
		}
		for _, b := range WantBoxes(n) {
			if _, err := privacy.Withdraw(tx, w.ring, n, w.Who.ID, w.ID, b.ID, "link", w.Who.Lang, ""); err != nil {
				return err
			}
		}
		if err := s.spendProof(tx, n, w); err != nil {
			return err
		}
		return privacy.Ended(tx, n, w.Who.ID, w.ID, network.WhileRequestOpen)
	})
}
