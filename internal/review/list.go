package review

import (
	"context"
	"errors"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/pro"
)

// List is people to ask at once, sent by a member or by staff for him (RN-22, 40). Its key makes it one act: sent again with the same rows it goes on where it
// stands and asks nobody twice.
type List struct {
	Key           string // of the sender, 16 to 100 characters
	Pro           string
	Questionnaire string
	Lang, Site    string
	Rows          []Row
}

// Row is one of them, as typed.
type Row struct {
	Line         int // where it stood, from 1
	Name         string
	Email, Phone string
	Experience   Experience
}

// Wrong is a row that cannot be asked, and why.
type Wrong struct {
	Line   int
	Fields []fault.Field
}

// Repeat is a row whose address was asked already.
type Repeat struct {
	Line  int
	First int       // the line of the same list that has the address; 0: it was asked before
	At    time.Time // when
}

// Progress is how far a list came.
type Progress struct {
	Rows, Done int
	Invited    int      // since the list began
	Wrong      []Wrong  // of all rows
	Repeats    []Repeat // of the rows of this call
	Repeated   int      // since the list began
	Over       bool
}

// A list goes by parts, each a transaction of its own, and a call does no more than so many rows: who has more calls again.
const (
	listPart  = 50
	listStep  = 500
	listStops = time.Hour
)

var errKey = fault.New(fault.Conflict, "key-reused", fault.T("Cette liste a déjà été envoyée avec d’autres lignes : chargez-la de nouveau.", "This list was sent already with other lines: load it again."))

// CheckList says which rows cannot be asked, and stores nothing.
func (s *Service) CheckList(ctx context.Context, actor auth.Actor, l List) ([]Wrong, error) {
	_, _, wrong, err := s.readList(ctx, actor, &l)
	return wrong, err
}

func (s *Service) readList(ctx context.Context, actor auth.Actor, l *List) (n *network.Network, good map[int]Invitation, wrong []Wrong, err error) {
	if err = actor.May(auth.ReviewInvite); err != nil {
		return
	}
	source := FromOperator
	if actor.Who == auth.Professional {
		l.Pro, source = actor.Pro, FromMember
	}
	if n, err = s.network(ctx); err != nil {
		return
	}
	var c fault.Check
	_, known := n.Reviews.Questionnaire(l.Questionnaire)
	c.That(known, "questionnaire", fault.T("Choisissez un questionnaire.", "Choose a questionnaire."))
	c.That(len(l.Rows) > 0 && len(l.Rows) <= MostRows, "file", fault.T("Une liste a de 1 à 2 000 lignes.", "A list has 1 to 2,000 lines."))
	c.That(fits(l.Key, 16, 100), "key", fault.T("La clé a de 16 à 100 caractères.", "The key has 16 to 100 characters."))
	if err = c.Err(); err != nil {
		return
	}
	good = map[int]Invitation{}
	for i, r := range l.Rows {
		in, err := s.read(n, actor, Invitee{Pro: l.Pro, Questionnaire: l.Questionnaire, Name: r.Name, Email: r.Email, Phone: r.Phone, Experience: r.Experience, Lang: l.Lang, Site: l.Site, Source: source})
		if f := fault.Of(err); f != nil {
			wrong = append(wrong, Wrong{r.Line, f.Fields})
		} else if err != nil {
			return n, nil, nil, err
		} else {
			good[i] = in
		}
	}
	return n, good, wrong, nil
}

// InviteList asks the people of a list, for some five hundred rows a call: the good ones go, the bad ones come back, and who was asked by this member about the same thing
// while his questionnaire was valid is not asked again. One line of the member's chain counts the whole list, when it is over.
func (s *Service) InviteList(ctx context.Context, actor auth.Actor, l List) (p Progress, err error) {
	n, good, wrong, err := s.readList(ctx, actor, &l)
	if err != nil {
		return p, err
	}
	company, err := s.company(ctx, l.Pro)
	if err != nil {
		return p, err
	}
	id, err := s.beginList(ctx, n, actor, l)
	if err != nil {
		return p, err
	}
	first := map[string]int{} // by address, its line
	p.Wrong = wrong
	for calls := 0; ; calls++ {
		var done, invited, repeated int64
		var state string
		if err := s.DB.Read(ctx, func(tx *db.Tx) error {
			return tx.Get(db.Into(&done, &invited, &repeated, &state), "SELECT done, invited, repeated, state FROM review_list WHERE id = $1", id)
		}); err != nil {
			return p, err
		}
		p.Rows, p.Done, p.Invited, p.Repeated, p.Over = len(l.Rows), int(done), int(invited), int(repeated), state != "sending"
		if p.Over || calls*listPart >= listStep {
			return p, nil
		}
		from, to := int(done), min(int(done)+listPart, len(l.Rows))
		if calls == 0 {
			for i := range from {
				if in, ok := good[i]; ok {
					first[in.Who.Email] = l.Rows[i].Line
				}
			}
		}
		var part []Invitation
		var lines []int
		var inside []Repeat
		for i := from; i < to; i++ {
			in, ok := good[i]
			if !ok {
				continue
			}
			if at, twice := first[in.Who.Email]; twice {
				inside = append(inside, Repeat{Line: l.Rows[i].Line, First: at})
				continue
			}
			first[in.Who.Email] = l.Rows[i].Line
			in.company = company
			part, lines = append(part, in), append(lines, l.Rows[i].Line)
		}
		before, err := s.invitePart(ctx, n, id, part, lines, inside, from, to, len(l.Rows))
		if err != nil {
			return p, err
		}
		p.Repeats = append(append(p.Repeats, inside...), before...)
	}
}

// beginList finds or makes the list of a key.
func (s *Service) beginList(ctx context.Context, n *network.Network, actor auth.Actor, l List) (id string, err error) {
	key, input := auth.Digest("list "+l.Pro+" "+l.Key), auth.Digest(db.JSON([]any{l.Pro, l.Questionnaire, l.Rows}))
	q, _ := n.Reviews.Questionnaire(l.Questionnaire)
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := pro.Arranged(tx, n, l.Pro); err != nil {
			return err // RN-06
		}
		var was string
		err := tx.Get(db.Into(&id, &was), "SELECT id, input_hash FROM review_list WHERE key_hash = $1", key)
		if err == nil && was != input {
			err = errKey
		}
		if !errors.Is(err, db.ErrNone) {
			return err
		}
		id = tx.NewID("lst")
		if err := tx.Send(`INSERT INTO review_list (id, at, pro_id, by_account, key_hash, input_hash, audience, total, done, invited, repeated, state, moved_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, 0, 'sending', $2)`, id, db.Micros(tx.Now()), l.Pro, actor.Account, key, input, q.Audience, len(l.Rows)); err != nil {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewInvite), "review.list", id, "")
	})
	return id, err
}

// invitePart asks one part of a list. It moves on with what it asks in one transaction, so that a crash repeats nothing.
func (s *Service) invitePart(ctx context.Context, n *network.Network, list string, part []Invitation, lines []int, inside []Repeat, from, to, rows int) (before []Repeat, err error) {
	var known map[string]time.Time
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { known, err = s.askedBefore(tx, n, part); return err }); err != nil {
		return nil, err
	}
	for i := range part {
		if _, ok := known[part[i].Who.Email]; ok {
			continue
		}
		if part[i].ring, err = s.Vault.New(ctx, part[i].Who.ID, keys()...); err != nil {
			return nil, err
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		before = nil
		known, err := s.askedBefore(tx, n, part)
		if err != nil {
			return err
		}
		invited := 0
		for i, in := range part {
			if at, ok := known[in.Who.Email]; ok {
				before = append(before, Repeat{Line: lines[i], At: at})
				continue
			}
			if in.ring == nil {
				continue // what was asked before a moment ago was erased since: the next list asks
			}
			invited++
			if err := s.insertInvite(tx, n, in); err != nil {
				return err
			}
			if err := s.send(tx, n, in); err != nil {
				return err
			}
		}
		moved, err := tx.Exec("UPDATE review_list SET done = $3, invited = invited + $4, repeated = repeated + $5, moved_at = $6 WHERE id = $1 AND done = $2 AND state = 'sending'",
			list, from, to, invited, len(before)+len(inside), db.Micros(tx.Now()))
		if err == nil && moved == 0 {
			err = fault.New(fault.Conflict, "list-moved", fault.T("Cette liste est déjà en cours d’envoi.", "This list is being sent already."))
		}
		if err != nil || to < rows {
			return err
		}
		return overList(tx, list, "done")
	})
	return before, err
}

// askedBefore says which of some addresses this member had asked about the same thing, and that could be answered for as long as the questionnaire is valid.
func (s *Service) askedBefore(tx *db.Tx, n *network.Network, part []Invitation) (map[string]time.Time, error) {
	known := map[string]time.Time{}
	if len(part) == 0 {
		return known, nil
	}
	emails, indexes := map[string]string{}, []string{}
	for _, in := range part {
		bidx := person.EmailIndex(s.Vault, in.Who.Email)
		emails[bidx] = in.Who.Email
		indexes = append(indexes, bidx)
	}
	args := []any{part[0].Pro, part[0].Questionnaire, db.Micros(duration(n, n.Reviews.Uses.Collect).Before(tx.Now()))}
	return known, db.Each(tx, func(r db.Scanner) error {
		var bidx string
		var at int64
		err := r.Scan(&bidx, &at)
		known[emails[bidx]] = db.Time(at)
		return err
	}, "SELECT p.email_bidx, max(i.at) FROM person p JOIN review_invite i ON i.person_id = p.id WHERE i.pro_id = $1 AND i.questionnaire = $2 AND i.at > $3 AND i.state <> 'closed' AND p.email_bidx IN ("+db.In(&args, indexes)+") GROUP BY p.email_bidx", args...)
}

// overList ends a list and counts it on the member's chain.
func overList(tx *db.Tx, list, state string) error {
	ended, err := tx.Exec("UPDATE review_list SET state = $2 WHERE id = $1 AND state = 'sending'", list, state)
	if err != nil || ended == 0 {
		return err
	}
	var of, audience string
	var invited int64
	if err := tx.Get(db.Into(&of, &audience, &invited), "SELECT pro_id, audience, invited FROM review_list WHERE id = $1", list); err != nil || invited == 0 {
		return err
	}
	return line(tx, of, ActInvited, invited, audience, func(t *Tally) { t.Invited += invited })
}

// sweepLists counts what was asked of a list that nobody goes on with: its sender left, or the machine stopped.
func (s *Service) sweepLists(ctx context.Context) error {
	var stopped []string
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		stopped, err = db.Values[string](tx, "SELECT id FROM review_list WHERE state = 'sending' AND moved_at <= $1 ORDER BY moved_at LIMIT $2", db.Micros(s.DB.Now().Add(-listStops)), part)
		return err
	}); err != nil {
		return err
	}
	for _, id := range stopped {
		if err := s.DB.Write(ctx, func(tx *db.Tx) error { return overList(tx, id, "stopped") }); err != nil {
			return err
		}
	}
	return nil
}

// Sent is an invitation as who sent it sees it.
type Sent struct {
	At        time.Time
	Audience  network.Audience
	Source    Source
	Name      string // of those that he named himself; empty once erased
	State     string // sent, answered, expired, closed; empty where it would say too much: who works for him is not told apart
	Sendings  int64
	FirstSent time.Time
}

// Counts of a member's invitations by audience and state.
type Counts map[network.Audience]map[string]int64

// Invitations are the newest of a member, with the counts of all. He sees how many answered, and whether a customer he named did; never which review is whose, and of his
// own employees never who answered.
func (s *Service) Invitations(ctx context.Context, actor auth.Actor, of string, most int) (all []Sent, counts Counts, err error) {
	if err = actor.May(auth.ReviewInvite); err != nil {
		return
	}
	if actor.Who == auth.Professional {
		of = actor.Pro
	}
	if _, err = s.network(ctx); err != nil {
		return
	}
	var found []storedInvite
	counts = Counts{}
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		counts = Counts{}
		if found, err = db.List(tx, scanInvite, "SELECT "+inviteColumns+" FROM review_invite WHERE pro_id = $1 AND source IN ('member', 'operator') ORDER BY at DESC, id LIMIT $2", of, most); err != nil {
			return err
		}
		return db.Each(tx, func(r db.Scanner) error {
			var a network.Audience
			var state string
			var k int64
			err := r.Scan(&a, &state, &k)
			if counts[a] == nil {
				counts[a] = map[string]int64{}
			}
			counts[a][state] += k
			return err
		}, "SELECT audience, state, count(*) FROM review_invite WHERE pro_id = $1 AND state <> 'asked' GROUP BY audience, state", of)
	}); err != nil {
		return
	}
	var people []string
	for _, i := range found {
		people = append(people, i.Who.ID)
	}
	rings, err := s.Vault.Rings(ctx, people...)
	if err != nil {
		return nil, nil, err
	}
	names := map[string]string{}
	if err = s.DB.Write(ctx, func(tx *db.Tx) error {
		who, err := person.GetAll(tx, rings, people)
		for _, p := range who {
			names[p.ID] = p.Name
		}
		if err != nil || len(who) == 0 {
			return err
		}
		return audit.Write(tx, actor.Name(), actor.As(auth.ReviewInvite), "review.invitations", of, "")
	}); err != nil {
		return nil, nil, err
	}
	for _, i := range found {
		sent := Sent{At: i.At, Audience: i.Audience, Source: i.Source, Name: names[i.Who.ID], State: i.State, Sendings: i.Sendings, FirstSent: i.FirstSent}
		if i.Audience == network.OfEmployee {
			sent.State = ""
		}
		all = append(all, sent)
	}
	return all, counts, nil
}
