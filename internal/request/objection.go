package request

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/vault"
)

// Use is what a consumer's data is used for, with what he may do about it.
type Use struct {
	Purpose network.Purpose
	Answer  network.Answerable
	Stopped bool // an objection stands, or one of the same number or address
	Last    privacy.Objection
}

// Objector is a consumer whose objections are about to be noted: what is sealed is opened before the transaction.
type Objector struct {
	person.Person
	ring     *vault.Ring
	requests []Request
}

// longestReason bounds what a person or the officer writes about an objection.
const longestReason = 1000

// Objector opens a consumer; nil when nothing of him can be opened any more.
func (s *Service) Objector(ctx context.Context, id string) (*Objector, error) {
	ring, err := s.vault.Ring(ctx, id, catConsent)
	if errors.Is(err, vault.ErrErased) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	o := &Objector{ring: ring}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if o.Person, err = person.Get(tx, ring, id); err != nil {
			return err
		}
		o.requests, err = db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE person_id = $1 ORDER BY at, id", id)
		return err
	})
	if errors.Is(err, db.ErrNone) || err == nil && len(o.requests) == 0 {
		return nil, nil
	}
	return o, err
}

// purposeScope is the scope of a stop by which an objection counts for whoever asks again with the same number or address.
func purposeScope(purpose string) string { return "purpose " + purpose }

// Note writes a step of an objection in tx and lets it have its effect at once: what acts on the purpose finds it, for these records and for
// later ones of the same number or address. It answers whether anything changed.
func (s *Service) Note(tx *db.Tx, n *network.Network, actor auth.Actor, act auth.Action, who *Objector, o privacy.Objection) (bool, error) {
	o.Person, o.Object, o.Edition = who.ID, who.requests[len(who.requests)-1].ID, n.Hash()
	o.Reason = strings.TrimSpace(o.Reason)
	written, err := privacy.NoteObjection(tx, who.ring, o)
	if err != nil {
		return false, err
	}
	if err := s.carry(tx, o, who.Phone, who.Email); err != nil {
		return false, err
	}
	if !written {
		return false, nil
	}
	if p, ok := n.For(network.DeedRouting, network.Consumer); ok && p.ID == o.Purpose && o.Said == privacy.SaidObjected {
		for _, r := range who.requests {
			if err := s.byHand(tx, r, actor); err != nil {
				return false, err
			}
		}
	}
	return true, audit.Write(tx, actor.Name(), actor.As(act), "objection."+string(o.Said), o.Object, o.Purpose+" "+o.Channel)
}

// carry keeps the list of refusals by number and address: it outlives the records that it came with, as an opposition must.
func (s *Service) carry(tx *db.Tx, o privacy.Objection, number, email string) error {
	type line struct{ bidx, scope string }
	var lines []line
	if number != "" {
		lines = append(lines, line{person.PhoneIndex(s.vault, number), purposeScope(o.Purpose)})
	}
	if email != "" {
		lines = append(lines, line{person.EmailIndex(s.vault, email), purposeScope(o.Purpose)})
	}
	if o.Purpose == privacy.Prospecting {
		if number != "" {
			lines = append(lines, line{s.notify.Index("phone", number), scopeCalls}, line{s.notify.Index(notify.BySMS, number), notify.ScopeSelling})
		}
		if email != "" {
			lines = append(lines, line{s.notify.Index(notify.ByEmail, email), notify.ScopeSelling})
		}
	}
	for _, l := range lines {
		var err error
		switch {
		case o.Stops():
			_, err = notify.Stop(tx, l.bidx, l.scope, o.Channel)
		default:
			err = notify.Resume(tx, l.bidx, l.scope)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// StopSelling ends prospecting to a number and an address of which no record may be known (GDPR art. 21.2 and 21.3).
func (s *Service) StopSelling(tx *db.Tx, channel, number, email string) error {
	return s.carry(tx, privacy.Objection{Purpose: privacy.Prospecting, Said: privacy.SaidObjected, Channel: channel}, number, email)
}

// objected reports whether somebody's objection, or one of the same number or address, keeps the software from doing something for a consumer.
func objected(tx *db.Tx, n *network.Network, d network.Deed, who string) (bool, error) {
	p, ok := n.For(d, network.Consumer)
	if !ok {
		return false, nil
	}
	yes, err := privacy.Objected(tx, who, p.ID)
	if err != nil || yes {
		return yes, err
	}
	count, err := db.Value[int64](tx, "SELECT count(*) FROM stop s JOIN person p ON s.to_bidx = p.phone_bidx OR s.to_bidx = p.email_bidx WHERE p.id = $1 AND s.scope = $2 AND s.to_bidx <> ''", who, purposeScope(p.ID))
	return count > 0, err
}

// numberRefusesCodes reports whether a number is on the list of those that get no code by SMS (AQ-43).
func (s *Service) numberRefusesCodes(tx *db.Tx, n *network.Network, e164 string) (bool, error) {
	p, ok := n.For(network.DeedCode, network.Consumer)
	if !ok {
		return false, nil
	}
	return notify.Stopped(tx, person.PhoneIndex(s.vault, e164), purposeScope(p.ID))
}

// NumberObjects reports whether an objection of a number stands against a purpose that uses data of a category, before anything is made of it.
func (s *Service) NumberObjects(tx *db.Tx, n *network.Network, c network.Category, e164 string) (bool, error) {
	bidx := person.PhoneIndex(s.vault, e164)
	for _, p := range n.PurposesFor(network.Consumer, c) {
		if no, err := notify.Stopped(tx, bidx, purposeScope(p.ID)); err != nil || no && bidx != "" {
			return no, err
		}
	}
	return false, nil
}

// codeByText reports whether a code may go to a person by SMS.
func (s *Service) codeByText(tx *db.Tx, n *network.Network, who person.Person) (bool, error) {
	if !phone.CanText(who.Phone) {
		return false, nil
	}
	no, err := s.numberRefusesCodes(tx, n, who.Phone)
	if err == nil && !no {
		no, err = objected(tx, n, network.DeedCode, who.ID)
	}
	return !no, err
}

// byHand takes a request out of the software's hands: from now on a named agent chooses to whom it is offered. Offers of the software that
// nobody holds or has bought are taken back; what was bought is bought (AQ-26; GDPR art. 21.1, 22.3).
func (s *Service) byHand(tx *db.Tx, r Request, actor auth.Actor) error {
	if r.State == Published || r.State == Received || r.State == Unverified {
		if err := takeBackOffers(tx, r.ID); err != nil {
			return err
		}
		tx.Wake("queue")
	}
	return insertEvent(tx, r.ID, EvByHand, actor.Account, 0, "")
}

// takeBackOffers takes back what the software offered and nobody holds or has bought.
func takeBackOffers(tx *db.Tx, id string) error {
	tx.Wake("board")
	return tx.Send(`DELETE FROM offer WHERE request_id = $1 AND decision_id <> '' AND pro_id NOT IN (SELECT pro_id FROM seat WHERE request_id = $1 AND pro_id IS NOT NULL)
		AND pro_id NOT IN (SELECT pro_id FROM purchase WHERE request_id = $1)`, id)
}

// handled reports whether a named person chooses to whom a request is offered: its person objects to the software's choice, or a review of the
// choice said so.
func handled(tx *db.Tx, n *network.Network, r Request) (bool, error) {
	reviewed, err := db.Value[int64](tx, "SELECT count(*) FROM request_event WHERE request_id = $1 AND kind = $2", r.ID, EvReviewed)
	if err != nil || reviewed > 0 {
		return reviewed > 0, err
	}
	return objected(tx, n, network.DeedRouting, r.Person)
}

var errByHand = fault.New(fault.Conflict, "by-hand", fault.T("La personne a demandé que ce choix soit fait par quelqu’un : proposez la demande à la main.", "The person asked that somebody makes this choice: offer the request by hand."))

// Uses lists for a consumer what his data is used for, with what he may do about each and every step of his objections.
func (s *Service) Uses(ctx context.Context, actor auth.Actor) (r Request, n *network.Network, uses []Use, lines []privacy.Objection, err error) {
	r, _, ring, _, err := s.own(ctx, actor, auth.RequestReadOwn)
	if err != nil {
		return r, n, nil, nil, err
	}
	if n, err = s.editions.InForce(ctx); err != nil { // what is served now, and not what was when he asked
		return r, n, nil, nil, err
	}
	uses, lines, err = s.uses(ctx, n, ring, r.Person)
	return r, n, uses, lines, err
}

func (s *Service) uses(ctx context.Context, n *network.Network, ring *vault.Ring, who string) (uses []Use, lines []privacy.Objection, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		uses = nil
		if lines, err = privacy.Objections(tx, ring, who); err != nil {
			return err
		}
		last := privacy.Standing(lines)
		others, err := db.Values[string](tx, "SELECT s.scope FROM stop s JOIN person p ON s.to_bidx = p.phone_bidx OR s.to_bidx = p.email_bidx WHERE p.id = $1 AND s.to_bidx <> ''", who)
		if err != nil {
			return err
		}
		stopped := func(purpose string) bool {
			return last[purpose].Stops() || slices.Contains(others, purposeScope(purpose))
		}
		for _, p := range n.Purposes {
			if !slices.Contains(p.People, network.Consumer) {
				continue
			}
			u := Use{Purpose: p, Answer: n.Objecting(p), Last: last[p.ID]}
			u.Stopped = (u.Answer == network.MayObject || u.Answer == network.MayHuman) && stopped(p.ID)
			uses = append(uses, u)
		}
		u := Use{Purpose: network.Purpose{ID: privacy.Prospecting, Label: privacy.PurposeLabel(n, privacy.Prospecting)}, Answer: network.MayObject, Last: last[privacy.Prospecting], Stopped: stopped(privacy.Prospecting)}
		uses = append(uses, u)
		return nil
	})
	return uses, lines, err
}

// Object notes a consumer's own objection by his private link: it works at once, for prospecting without any condition and for the rest with a
// reason that he may leave out (GDPR art. 21; RN-106, WA-48). back takes it back.
func (s *Service) Object(ctx context.Context, actor auth.Actor, purpose, reason string, back bool) error {
	if err := actor.May(auth.RequestChange); err != nil {
		return err
	}
	r, _, _, _, err := s.own(ctx, actor, auth.RequestReadOwn) // a frozen request too: an objection only ever stops something
	if err != nil {
		return err
	}
	return s.object(ctx, actor, auth.RequestChange, r.Person, privacy.Objection{Purpose: purpose, Channel: "link", Reason: reason}, back)
}

// ObjectFor notes an objection at the person's word to staff. reference finds the call or the letter again.
func (s *Service) ObjectFor(ctx context.Context, actor auth.Actor, id string, in privacy.Objection, back bool) error {
	if err := actor.May(auth.ConsentWithdraw); err != nil {
		return err
	}
	var c fault.Check
	c.That(slices.Contains([]string{"phone", "paper", "email"}, in.Channel), "channel", fault.T("Dites comment la personne l’a demandé.", "Say how the person asked for it."))
	c.That(referenceForm.MatchString(in.Reference), "reference", fault.T("Écrivez une référence de 40 lettres et chiffres au plus, sans nom.", "Write a reference of at most 40 letters and digits, without a name."))
	if err := c.Err(); err != nil {
		return err
	}
	var r Request
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { r, err = selectRequest(tx, id); return }); err != nil {
		return err
	}
	in.By = actor.Account
	return s.object(ctx, actor, auth.ConsentWithdraw, r.Person, in, back)
}

func (s *Service) object(ctx context.Context, actor auth.Actor, act auth.Action, who string, o privacy.Objection, back bool) error {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	if err := privacy.MayStop(n, network.Consumer, o.Purpose); err != nil {
		return err
	}
	var c fault.Check
	c.That(utf8.RuneCountInString(o.Reason) <= longestReason, "reason", fault.Tf("Écrivez %d caractères au plus.", "Write %d characters at most.", longestReason))
	if err := c.Err(); err != nil {
		return err
	}
	if o.Said = privacy.SaidObjected; back {
		o.Said = privacy.SaidBack
	}
	opened, err := s.Objector(ctx, who)
	if err != nil {
		return err
	}
	if opened == nil {
		return errNone
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if o.Purpose == privacy.Prospecting && o.Said == privacy.SaidObjected {
			if err := EndProspecting(tx, n, opened.ring, actor, act, opened.ID, o.Channel, opened.Lang, o.Reference); err != nil {
				return err
			}
		}
		_, err := s.Note(tx, n, actor, act, opened, o)
		return err
	})
}

// EndProspecting takes back in tx every consent of a person that lets somebody contact him to sell (GDPR art. 21.3).
func EndProspecting(tx *db.Tx, n *network.Network, ring *vault.Ring, actor auth.Actor, act auth.Action, who, channel, lang, reference string) error {
	objects, err := privacy.Objects(tx, who)
	if err != nil {
		return err
	}
	for _, object := range objects {
		for _, k := range n.Consents {
			if k.Kind != network.KindConsent || k.Required || len(k.Channels) == 0 {
				continue
			}
			done, err := privacy.Withdraw(tx, ring, n, who, object, k.ID, channel, lang, reference)
			if err != nil {
				return err
			}
			if done {
				if err := audit.Write(tx, actor.Name(), actor.As(act), "consent.withdraw", object, k.ID); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// toCall sends a request whose number gets no code by SMS to the agents, whose call verifies it (AQ-43). Whoever chose so on the form has objected
// to codes, now and for later requests.
func (s *Service) toCall(tx *db.Tx, n *network.Network, actor auth.Actor, ring *vault.Ring, who person.Person, r Request, chosen bool) error {
	p, ok := n.For(network.DeedCode, network.Consumer)
	if chosen && ok {
		if _, err := s.Note(tx, n, actor, auth.RequestSubmit, &Objector{who, ring, []Request{r}}, privacy.Objection{Purpose: p.ID, Said: privacy.SaidObjected, Channel: "form"}); err != nil {
			return err
		}
	}
	return insertEvent(tx, r.ID, EvToCall, "", 0, "")
}

// notSeen are those of whom no purpose that is still served holds the connection, since they objected to each (GDPR art. 18.1 d, 21.1).
func (s *Service) notSeen(ctx context.Context, of []Request) (map[string]bool, error) {
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return nil, err
	}
	people := make([]string, len(of))
	for i, r := range of {
		people[i] = r.Person
	}
	silent := map[string]bool{}
	for _, p := range people {
		silent[p] = true
	}
	return silent, s.db.Read(ctx, func(tx *db.Tx) error {
		for _, p := range n.PurposesFor(network.Consumer, network.DataConnection) {
			for some := range slices.Chunk(people, 200) {
				no, err := privacy.ObjectedAmong(tx, p.ID, some...)
				if err != nil {
					return err
				}
				for _, id := range some {
					silent[id] = silent[id] && no[id]
				}
			}
		}
		return nil
	})
}
