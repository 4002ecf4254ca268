package inbox

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Fix is what a person's record shall say.
type Fix struct{ Person, Name, Company, Phone, Email string }

// Fixable opens the records of a case's consumers, to be corrected.
func (s *Service) Fixable(ctx context.Context, actor auth.Actor, f File) ([]Fix, error) {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return nil, err
	}
	var all []Fix
	for _, p := range f.People {
		if p.Name == "" && p.Contact == "" {
			continue
		}
		if p.Whose == network.Professional {
			contacts, err := s.Pros.Contacts(ctx, p.ID)
			if err != nil {
				return nil, err
			}
			c := contacts[p.ID]
			all = append(all, Fix{p.ID, c.Contact, c.Company, c.Phone, c.Email})
			continue
		}
		rings, err := s.Vault.Rings(ctx, p.ID)
		if err != nil {
			return nil, err
		}
		if err := s.DB.Read(ctx, func(tx *db.Tx) error {
			who, err := person.Get(tx, rings[p.ID], p.ID)
			all = append(all, Fix{p.ID, who.Name, who.Company, who.Phone, who.Email})
			return err
		}); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Rectify corrects a person's record and has everybody told who had received it (GDPR art. 16, 19; RN-102, ET-125, AQ-57). What stood there
// before is overwritten. Faults name the fields fix_name, fix_company, fix_phone and fix_email.
func (s *Service) Rectify(ctx context.Context, actor auth.Actor, id string, in Fix) error {
	var c fault.Check
	in.Name, in.Company, in.Phone, in.Email = strings.TrimSpace(in.Name), strings.TrimSpace(in.Company), strings.TrimSpace(in.Phone), strings.TrimSpace(in.Email)
	c.That(utf8.RuneCountInString(in.Name) >= 2 && utf8.RuneCountInString(in.Name) <= 120, "fix_name", fault.T("Écrivez le nom.", "Write the name."))
	c.That(utf8.RuneCountInString(in.Company) <= 120, "fix_company", fault.T("Écrivez 120 caractères au plus.", "Write 120 characters at most."))
	if in.Phone != "" {
		p, err := phone.Parse(in.Phone, "", s.Demo)
		c.That(err == nil, "fix_phone", fault.T("Écrivez un numéro de téléphone complet.", "Write a whole phone number."))
		in.Phone = p
	}
	if in.Email != "" {
		e, err := person.ParseEmail(in.Email, false)
		c.That(err == nil, "fix_email", fault.T("Écrivez une adresse e-mail complète, comme nom@exemple.fr.", "Write a whole e-mail address, such as name@example.com."))
		in.Email = e
	}
	c.That(in.Phone != "" || in.Email != "" || c.Err() != nil, "fix_phone", fault.T("Gardez un moyen de joindre la personne.", "Keep a way to reach the person."))
	if err := c.Err(); err != nil {
		return err
	}
	var tied []subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { tied, err = subjects(tx, id); return }); err != nil {
		return err
	}
	if slices.ContainsFunc(tied, func(t subject) bool { return t.Person == in.Person && t.Whose == network.Professional }) {
		return s.rectifyPro(ctx, actor, id, in)
	}
	rings, err := s.Vault.Rings(ctx, in.Person)
	if err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.rectify", EvDone, Rectification, []State{Open, Waiting}, func(tx *db.Tx, _ Case, n *network.Network, _ *vault.Ring) error {
		if err := about(tx, id, in.Person); err != nil {
			return err
		}
		was, err := person.Get(tx, rings[in.Person], in.Person)
		if err != nil {
			return err
		}
		if was.Name == in.Name && was.Company == in.Company && was.Phone == in.Phone && was.Email == in.Email {
			return fault.New(fault.Conflict, "no-change", fault.T("Rien n’a changé.", "Nothing has changed."))
		}
		was.Name, was.Company, was.Phone, was.Email = in.Name, in.Company, in.Phone, in.Email
		if err := request.Renumber(tx, s.Vault, was.ID, was.Phone); err != nil {
			return err
		}
		if err := person.Update(tx, s.Vault, rings[in.Person], was); err != nil {
			return err
		}
		requests, err := request.OfPeople(tx, in.Person)
		if err != nil {
			return err
		}
		return s.tellRecipients(tx, n, id, Rectification, requests)
	})
}

// rectifyPro is Rectify for a professional's record (ET-102, ET-133).
func (s *Service) rectifyPro(ctx context.Context, actor auth.Actor, id string, in Fix) error {
	write, changed, err := s.Pros.Correct(ctx, in.Person, pro.Identity{Contact: in.Name, Company: in.Company, Phone: in.Phone, Email: in.Email})
	if err == nil && !changed {
		err = fault.New(fault.Conflict, "no-change", fault.T("Rien n’a changé.", "Nothing has changed."))
	}
	if err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.rectify", EvDone, Rectification, []State{Open, Waiting}, func(tx *db.Tx, _ Case, n *network.Network, _ *vault.Ring) error {
		if err := write(tx); err != nil {
			return err
		}
		return s.tellRecipients(tx, n, id, Rectification, nil)
	})
}

// leave ends a professional's access by itself.
func (s *Service) leave(ctx context.Context, actor auth.Actor, n *network.Network, id string) error {
	l, err := s.Pros.Leaving(ctx, id)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error { return s.Pros.Leave(tx, n, actor, id, l) })
}

// Closed is the event of an access that ended at its professional's wish.
const Closed = "closed"

// EndAccess ends the access of the professionals of a case that asks so: at no cost and without notice (ET-83, ET-84).
func (s *Service) EndAccess(ctx context.Context, actor auth.Actor, id string) error {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	var tied []subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { tied, err = subjects(tx, id); return }); err != nil {
		return err
	}
	leaving := map[string]pro.Leaving{}
	for _, t := range tied {
		if t.Whose != network.Professional {
			continue
		}
		l, err := s.Pros.Leaving(ctx, t.Person)
		if err != nil {
			return err
		}
		leaving[t.Person] = l
	}
	if len(leaving) == 0 {
		return errState
	}
	return s.act(ctx, actor, id, "case.end-access", EvDone, Closed, []State{Open, Waiting}, func(tx *db.Tx, c Case, n *network.Network, _ *vault.Ring) error {
		if c.Asked != network.RightClosing {
			return errState
		}
		for _, t := range tied {
			if l, ok := leaving[t.Person]; ok {
				if err := s.Pros.Leave(tx, n, actor, t.Person, l); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// about refuses somebody whom the case is not about.
func about(tx *db.Tx, id, who string) error {
	n, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_subject WHERE case_id = $1 AND person_id = $2", id, who)
	if err == nil && n == 0 {
		err = errNone
	}
	return err
}

// scope is what a case asks to erase.
func scope(n *network.Network, c Case) (sc privacy.Scope) {
	for _, id := range c.Scopes {
		set, _ := n.Rights.Scope(id)
		sc.Categories = append(sc.Categories, set.Data...)
	}
	return sc
}

// Effect is what an erasure does to one person, in ids and categories.
type Effect struct {
	Person string
	Erased []network.Category
	Kept   []privacy.Survivor
	Left   []privacy.Survivor // what was not named, with the purpose for which it stays (ET-128)
}

// Foresee says what Erase would do for the people of a case, and does nothing (ET-128, WA-50).
func (s *Service) Foresee(ctx context.Context, actor auth.Actor, id string) ([]Effect, error) {
	if err := actor.May(auth.CaseRead); err != nil {
		return nil, err
	}
	c, n, _, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	var tied []subject
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { tied, err = subjects(tx, id); return err }); err != nil {
		return nil, err
	}
	var all []Effect
	for _, t := range tied {
		e, err := s.Life.Foresee(ctx, t.Person, scope(n, c))
		if err != nil {
			return nil, err
		}
		out := effect(e)
		if out.Left, err = s.left(ctx, t.Person, scope(n, c)); err != nil {
			return nil, err
		}
		all = append(all, out)
	}
	return all, nil
}

// left is what a scoped erasure leaves because it was not named.
func (s *Service) left(ctx context.Context, who string, sc privacy.Scope) (all []privacy.Survivor, err error) {
	if len(sc.Categories) == 0 {
		return nil, nil
	}
	trace, err := s.Life.Trace(ctx, who, false)
	if err != nil {
		return nil, err
	}
	for _, h := range trace.Holdings {
		rest := slices.DeleteFunc(slices.Clone(h.Categories), func(c string) bool { return slices.Contains(sc.Categories, network.Category(c)) })
		if len(rest) > 0 {
			all = append(all, privacy.Survivor{Record: h.Record, Purpose: h.Purpose, Categories: rest, Until: h.Until})
		}
	}
	return all, nil
}

func effect(e privacy.Erasure) Effect {
	out := Effect{Person: e.Person, Kept: e.Kept}
	for _, line := range e.Erased {
		_, category, _ := strings.Cut(line, " ")
		if c := network.Category(category); !slices.Contains(out.Erased, c) {
			out.Erased = append(out.Erased, c)
		}
	}
	return out
}

// Erase executes what a case asks to erase, whole or the sets that it names, for everybody whom it is about; requests that still run end
// first, so that nobody buys what is gone. Whoever had received the data is told (GDPR art. 17, 19; RN-103, ET-127, AQ-58). It may be run
// again after it was cut off: what is erased stays so.
func (s *Service) Erase(ctx context.Context, actor auth.Actor, id string) ([]Effect, error) {
	if err := actor.May(auth.CaseAnswer); err != nil {
		return nil, err
	}
	c, n, _, err := s.get(ctx, id)
	if err != nil {
		return nil, err
	}
	if !c.Running() || c.Asked != network.RightErasure {
		return nil, errState
	}
	var tied []subject
	var requests []request.Traced
	if err := s.DB.Read(ctx, func(tx *db.Tx) error {
		if tied, err = subjects(tx, id); err != nil {
			return err
		}
		people := make([]string, len(tied))
		for i, t := range tied {
			people[i] = t.Person
		}
		requests, err = request.OfPeople(tx, people...)
		return err
	}); err != nil {
		return nil, err
	}
	sc := scope(n, c)
	var all []Effect
	for _, t := range tied {
		if t.Whose == network.Professional && (len(sc.Categories) == 0 || slices.Contains(sc.Categories, network.DataContact)) {
			if err := s.leave(ctx, actor, n, t.Person); err != nil { // nobody works under a name that is gone
				return nil, err
			}
		}
		e, err := s.Life.Erase(ctx, actor, t.Person, sc, c.Ref)
		if fault.Is(err, fault.Missing) {
			continue // nothing is held of him any more
		}
		if err != nil {
			return nil, err
		}
		all = append(all, effect(e))
	}
	return all, s.act(ctx, actor, id, "case.erase", EvDone, Erasure, []State{Open, Waiting}, func(tx *db.Tx, _ Case, n *network.Network, _ *vault.Ring) error {
		return s.tellRecipients(tx, n, id, Erasure, requests)
	})
}

// Apply does what stops prospecting or another use, or takes consents back, for a case whose right the officer has named, from a mail for instance.
func (s *Service) Apply(ctx context.Context, actor auth.Actor, id string) error {
	var tied []subject
	var err error
	if err := actor.May(auth.CaseAnswer); err != nil {
		return err
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { tied, err = subjects(tx, id); return err }); err != nil {
		return err
	}
	people, err := s.ready(ctx, tied)
	if err != nil {
		return err
	}
	return s.act(ctx, actor, id, "case.apply", EvDone, "apply", []State{Open, Waiting}, func(tx *db.Tx, c Case, n *network.Network, _ *vault.Ring) error {
		if c.Asked != network.RightWithdrawal && c.Asked != network.RightProspecting && (c.Asked != network.RightObjection || len(c.Scopes) == 0) {
			return errState
		}
		return s.atOnce(tx, n, actor, c, "", tied, people)
	})
}
