package inbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/review"
	"entremise/internal/vault"
)

// ready is what must be opened of the people of a case before a transaction that carries out their word.
type ready struct {
	rings     map[string]*vault.Ring // with the key of their consents
	consumers map[string]*request.Objector
	authors   map[string]*review.Author
}

func (s *Service) ready(ctx context.Context, tied []subject) (r ready, err error) {
	if r.rings, err = s.rings(ctx, tied); err != nil {
		return r, err
	}
	r.consumers, r.authors = map[string]*request.Objector{}, map[string]*review.Author{}
	for _, t := range tied {
		if t.Whose != network.Consumer {
			continue
		}
		o, err := s.Requests.Objector(ctx, t.Person)
		if err != nil {
			return r, err
		}
		if o != nil {
			r.consumers[t.Person] = o
		}
		a, err := s.Authors.Author(ctx, t.Person)
		if err != nil {
			return r, err
		}
		if a != nil {
			r.authors[t.Person] = a
		}
	}
	return r, nil
}

// objectable reports whether a purpose is one that somebody may object to.
func objectable(n *network.Network, id string) bool {
	return privacy.MayStop(n, network.Consumer, id) == nil || privacy.MayStop(n, network.Author, id) == nil || privacy.MayStop(n, network.Professional, id) == nil
}

// stopSelling ends prospecting for everybody whom a case is about, and for its own number and address even where nobody is known by them: a word
// is enough (GDPR art. 21.2 and 21.3).
func (s *Service) stopSelling(tx *db.Tx, n *network.Network, actor auth.Actor, c Case, tied []subject, r ready) error {
	for _, t := range tied {
		ring := r.rings[t.Person]
		if ring == nil {
			continue
		}
		if err := request.EndProspecting(tx, n, ring, actor, auth.CaseOpen, t.Person, channelWord(c.Channel), c.Lang, c.Ref); err != nil {
			return err
		}
		if err := s.noteFor(tx, n, actor, t, r, privacy.Objection{Purpose: privacy.Prospecting, Said: privacy.SaidObjected, Channel: channelWord(c.Channel), Reference: c.Ref}); err != nil {
			return err
		}
	}
	return s.Requests.StopSelling(tx, channelWord(c.Channel), c.Phone, c.Email)
}

func (s *Service) noteFor(tx *db.Tx, n *network.Network, actor auth.Actor, t subject, r ready, o privacy.Objection) error {
	o.By = actor.Account
	if t.Whose == network.Professional {
		if r.rings[t.Person] == nil || o.Purpose != privacy.Prospecting && privacy.MayStop(n, network.Professional, o.Purpose) != nil {
			return nil
		}
		_, err := pro.Note(tx, n, actor, auth.CaseOpen, r.rings[t.Person], t.Person, o)
		return err
	}
	if a := r.authors[t.Person]; a != nil && privacy.MayStop(n, network.Author, o.Purpose) == nil {
		if _, err := s.Authors.Note(tx, n, actor, auth.CaseOpen, a, o); err != nil {
			return err
		}
	}
	who := r.consumers[t.Person]
	if who == nil || privacy.MayStop(n, network.Consumer, o.Purpose) != nil {
		return nil
	}
	_, err := s.Requests.Note(tx, n, actor, auth.CaseOpen, who, o)
	return err
}

// objectNow notes the objections that a case names: they work at once, whatever is decided later (GDPR art. 18.1 d and 21.1; RN-106, AQ-59).
func (s *Service) objectNow(tx *db.Tx, n *network.Network, actor auth.Actor, c Case, words string, tied []subject, r ready) error {
	for _, id := range c.Scopes {
		for _, t := range tied {
			if err := s.noteFor(tx, n, actor, t, r, privacy.Objection{Purpose: id, Said: privacy.SaidObjected, Channel: channelWord(c.Channel), Reference: c.Ref, Reason: clip(words, 1000)}); err != nil {
				return err
			}
		}
	}
	return nil
}

func clip(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// Opposition is an objection of somebody whom a case is about.
type Opposition struct {
	privacy.Objection
	Whose network.Person
}

// oppositions are the last lines of the people of a case about each purpose, opened.
func (s *Service) oppositions(ctx context.Context, tied []subject) (all []Opposition, err error) {
	rings, err := s.rings(ctx, tied)
	if err != nil {
		return nil, err
	}
	return all, s.DB.Read(ctx, func(tx *db.Tx) error {
		all = nil
		for _, t := range tied {
			if rings[t.Person] == nil {
				continue
			}
			lines, err := privacy.Objections(tx, rings[t.Person], t.Person)
			if err != nil {
				return err
			}
			last := privacy.Standing(lines)
			for _, o := range lines {
				if last[o.Purpose].Number == o.Number {
					all = append(all, Opposition{o, t.Whose})
				}
			}
		}
		return nil
	})
}

// Verdict is what the officer decides of an objection.
type Verdict struct {
	Person, Purpose string
	Granted         bool
	Grounds         string // compelling grounds, which the person is told; when it is not granted
}

// Decide grants an objection, and what only its purpose held is erased; or states compelling grounds, with which the person is told that the use
// goes on and where to complain (GDPR art. 17.1 c, 21.1). Nobody decides on an objection to prospecting.
func (s *Service) Decide(ctx context.Context, actor auth.Actor, id string, in Verdict) error {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	in.Grounds = strings.TrimSpace(in.Grounds)
	if !in.Granted {
		if err := words("grounds", in.Grounds, 10); err != nil {
			return err
		}
		in.Grounds = clip(in.Grounds, 1000)
	}
	var tied []subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { tied, err = subjects(tx, id); return }); err != nil {
		return err
	}
	i := slices.IndexFunc(tied, func(t subject) bool { return t.Person == in.Person })
	if i < 0 {
		return errNone
	}
	r, err := s.ready(ctx, tied[i:i+1])
	if err != nil {
		return err
	}
	said, done := privacy.SaidGranted, Granted
	if !in.Granted {
		said, done = privacy.SaidGrounds, Grounds
	}
	err = s.act(ctx, actor, id, "case.objection", EvDone, done, []State{Open, Waiting}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		if c.Asked != network.RightObjection {
			return errState
		}
		if err := s.noteFor(tx, n, actor, tied[i], r, privacy.Objection{Purpose: in.Purpose, Said: said, Channel: channelWord(c.Channel), Reference: c.Ref, Reason: in.Grounds}); err != nil || in.Granted {
			return err
		}
		text := fault.T("Votre opposition n’est pas suivie : ", "Your objection is not followed: ").Say(c.Lang) + in.Grounds + "\n\n" +
			fault.T("Cet usage reprend. Vous pouvez le contester devant l’autorité ou un tribunal.", "This use goes on. You may contest it before the authority or a court.").Say(c.Lang)
		if err := insertLetter(tx, ring, id, Post{Way: "out", Channel: c.Channel, Text: text, By: actor.Account, At: tx.Now()}); err != nil {
			return err
		}
		return s.write(tx, n, ring, c, "rights-answered", map[string]string{"answer": text, "authority": authority(n)})
	})
	if err != nil || !in.Granted {
		return err
	}
	return s.Life.EndPurpose(ctx, actor, in.Person, in.Purpose)
}

// What was done about an objection, as the object of an event.
const (
	Granted = "granted"
	Grounds = "grounds"
)

// CopyObjection is a step of an objection.
type CopyObjection struct {
	At      time.Time    `json:"at"`
	Purpose string       `json:"purpose"`
	Said    privacy.Said `json:"said"`
	Channel string       `json:"channel"`
	Reason  string       `json:"reason,omitempty"`
}

// copyObjections are the steps of somebody's objections, in words that he knows the purposes by.
func copyObjections(tx *db.Tx, n *network.Network, r *vault.Ring, id, lang string) (all []CopyObjection, err error) {
	lines, err := privacy.Objections(tx, r, id)
	for _, o := range lines {
		all = append(all, CopyObjection{o.At, privacy.PurposeLabel(n, o.Purpose).Say(lang), o.Said, o.Channel, o.Reason})
	}
	return all, err
}
