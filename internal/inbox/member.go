package inbox

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/vault"
)

// Where two decide about data together, a person may turn to either (GDPR art. 26.3; RN-07). What a member company passes on is a case like any other,
// with that company as its origin, and the company learns its reference; of what a person asks of the operator the officer tells the company. Either way
// it learns the reference, the right and the clock, and nothing of the person: what is to flow between the two is their arrangement's to say.

// toMember is the recipient, and the sort of recipient, of a notice to the member of a case: one at most, whose address is sealed with the case.
const toMember = "member"

// checkMember reads the company and its address, and puts the address as it is written to into details.
func checkMember(c *fault.Check, details map[network.RightDetail]string, company, address string) {
	n := utf8.RuneCountInString(details[network.DetailMember])
	c.That(n >= 2 && n <= 120, company, fault.T("Écrivez le nom de l’entreprise.", "Write the name of the company."))
	e, err := person.ParseEmail(details[network.DetailMemberEmail], false)
	if c.That(err == nil, address, fault.T("Écrivez une adresse e-mail complète, comme nom@exemple.fr.", "Write a whole e-mail address, such as name@example.com.")); err == nil {
		details[network.DetailMemberEmail] = e
	}
}

// shared promises in tx to tell the member of a case, once.
func shared(tx *db.Tx, c Case) error {
	id := tx.NewID("tld")
	if err := tx.Send("INSERT INTO inbox_told (id, case_id, recipient, whose, about, what, at, sent_at, reminders, acknowledged_at) VALUES ($1, $2, $3, $3, $4, $5, $6, 0, 0, 0)",
		id, c.ID, toMember, c.Ref, Shared, db.Micros(tx.Now())); err != nil {
		return err
	}
	return job.Add(tx, jobTell, id, 0)
}

// joined is shared for a case that is open already: the company is noted with it. It answers false where one was told before, and changes nothing.
func joined(tx *db.Tx, ring *vault.Ring, c Case, details map[network.RightDetail]string) (bool, error) {
	known, err := db.Value[int64](tx, "SELECT count(*) FROM inbox_told WHERE case_id = $1 AND what = $2", c.ID, Shared)
	if err != nil || known > 0 {
		return false, err
	}
	all := map[network.RightDetail]string{}
	maps.Copy(all, c.Details)
	all[network.DetailMember], all[network.DetailMemberEmail] = details[network.DetailMember], details[network.DetailMemberEmail]
	if err := tx.Send("UPDATE inbox_case SET details_sealed = $2 WHERE id = $1", c.ID, seal(ring, "details_sealed", c.ID, db.JSON(all))); err != nil {
		return false, err
	}
	return true, shared(tx, c)
}

// Share tells the company that decides jointly of a case that came to the operator: by the officer, who knows which company it is, and once. Faults name
// the fields member and member_email.
func (s *Service) Share(ctx context.Context, actor auth.Actor, id, company, email string) error {
	return s.act(ctx, actor, id, "case.share", EvShared, "", []State{Open, Waiting}, func(tx *db.Tx, c Case, n *network.Network, ring *vault.Ring) error {
		if !n.Rights.Takes(network.RightByMember) {
			return errState
		}
		var check fault.Check
		details := map[network.RightDetail]string{network.DetailMember: strings.TrimSpace(company), network.DetailMemberEmail: strings.TrimSpace(email)}
		checkMember(&check, details, "member", "member_email")
		if err := check.Err(); err != nil {
			return err
		}
		told, err := joined(tx, ring, c, details)
		if err == nil && !told {
			err = errState
		}
		return err
	})
}

// tellMember writes to the member of a case. A reminder is the same again; once the case is closed nobody is reminded.
func (s *Service) tellMember(ctx context.Context, t Told, c Case, n *network.Network, ring *vault.Ring, link string, sent func(*db.Tx) error) error {
	to := c.Details[network.DetailMemberEmail]
	if to == "" || !slices.Contains([]State{Open, Waiting}, c.State) {
		return nil
	}
	l, err := n.Message("rights-shared", c.Lang, map[string]string{"ref": c.Ref, "what": c.Asked.Short().Say(c.Lang), "date": geo.Date(c.Due.In(geo.Paris()), c.Lang), "link": link})
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := s.toOutside(tx, ring, c, "rights-shared", l, to); err != nil {
			return err
		}
		return sent(tx)
	})
}
