package review

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/proof"
	"entremise/internal/vault"
)

// Asked is a questionnaire as its person sees it.
type Asked struct {
	Invitation
	Questionnaire network.Questionnaire
	Form          *network.Form
	Boxes         []network.Consent // asked with the answer, each apart
	Until         time.Time
	Review        *Review // what he answered; nil while he did not
	Pending       *Review // a later version of it that waits
}

// Asked opens the questionnaire of a private link. One that is over, was stopped or is under check says so by a fault; one that was answered
// shows what was answered.
func (s *Service) Asked(ctx context.Context, actor auth.Actor) (a Asked, n *network.Network, err error) {
	if err = actor.May(auth.ReviewAnswer); err != nil {
		return
	}
	if n, err = s.network(ctx); err != nil {
		return
	}
	if a.Invitation, err = s.invitation(ctx, actor.Invite); err != nil {
		return
	}
	asked, err := s.Editions.Get(ctx, a.Edition)
	if err != nil {
		return
	}
	a.Until = a.Validity(n)
	if a.Questionnaire, _ = asked.Reviews.Questionnaire(a.Invitation.Questionnaire); a.Questionnaire.ID == "" {
		return a, n, errNone
	}
	a.Form, a.Boxes = asked.QuestionForm(a.Questionnaire), boxes(n)
	switch a.State {
	case "answered":
		all, err := s.ofInvite(ctx, a.ID)
		if err != nil {
			return a, n, err
		}
		for i := range all {
			if i == 0 {
				a.Review = &all[i]
			} else {
				a.Pending = &all[i]
			}
		}
		return a, n, nil
	case "sent":
		if s.DB.Now().Before(a.Until) {
			return a, n, nil
		}
		fallthrough
	case "expired":
		return a, n, fault.New(fault.Conflict, "questionnaire-over", fault.Tf("Ce questionnaire n’est plus valable depuis le %s.", "This questionnaire is no longer valid since %s.", day(a.Until, "fr")))
	case "asked":
		return a, n, errChecked
	}
	return a, n, fault.New(fault.Conflict, "questionnaire-closed", fault.T("Cette demande est close.", "This request is closed."))
}

var errChecked = fault.New(fault.Conflict, "questionnaire-checked", fault.T("Votre demande est en cours de vérification : le questionnaire vient ensuite.", "Your request is being checked: the questionnaire comes after that."))

// Awaited says that the questionnaire is asked for and not granted yet.
func Awaited(err error) bool { return errors.Is(err, errChecked) }

// boxes of a questionnaire: of what is collected and published, not of asking for it.
func boxes(n *network.Network) []network.Consent {
	return slices.DeleteFunc(n.ConsentsOn(network.AskedOnQuestionnaire), func(c network.Consent) bool { return c.Purpose == n.Reviews.Uses.Ask })
}

// Save keeps what is filled in so far: the link opens it again, on any device. What does not fit is refused like in a whole answer; boxes are never kept,
// since none is ticked before the person does it.
func (s *Service) Save(ctx context.Context, actor auth.Actor, in Answer) error {
	a, _, err := s.Asked(ctx, actor)
	if err != nil {
		return err
	}
	if a.State != "sent" {
		return errState
	}
	var c fault.Check
	d := Draft{Experience: in.Experience}
	if d.Answers, err = a.Form.Draft(in.Answers); err != nil {
		return err
	}
	c.That(fits(d.Experience.Service, 0, longestService), "service", wrongService)
	c.That(fits(d.Experience.On, 0, len(time.DateOnly)), "on", wrongDay)
	c.That(fits(d.Experience.Until, 0, len(time.DateOnly)), "until", wrongDay)
	if err := c.Err(); err != nil {
		return err
	}
	sealed := seal(a.ring, network.DataOpinion, place("review_invite", "draft_sealed", a.ID), d)
	return s.DB.WriteGuarded(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE review_invite SET draft_sealed = $2 WHERE id = $1 AND state = 'sent'", a.ID, sealed)
		if err == nil && n == 0 {
			err = errState
		}
		return err
	})
}

// Draft is what is filled in of a questionnaire so far.
type Draft struct {
	Answers    network.Answers `json:"answers"`
	Experience Experience      `json:"experience"`
}

// Answer is a whole questionnaire.
type Answer struct {
	Answers    map[string][]string
	Experience Experience // as the author corrects it
	Ticked     map[string]bool
}

// Deposited tells where an answer went.
type Deposited struct {
	ID, Ref, Digits string
	Again           bool // it was deposited before
}

// Deposit takes an answer: one link, one answer. Its fingerprint is in the proof log before anybody reads it (RN-20, 91), and the member's chain counts it.
// The author of a deposited review who answers again makes another version, which is read like the first and shown only then (RN-95). Faults name the fields.
func (s *Service) Deposit(ctx context.Context, actor auth.Actor, in Answer) (out Deposited, err error) {
	a, n, err := s.Asked(ctx, actor)
	if err != nil {
		return out, err
	}
	content, err := a.read(n, s.DB.Now(), &in)
	if err != nil {
		return out, err
	}
	ring, err := s.Vault.Ring(ctx, a.Who.ID, keys()...)
	if err != nil {
		return out, err
	}
	w := written{id: s.DB.NewID("rvv"), content: content, experience: in.Experience, lang: a.Who.Lang}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		out = Deposited{}
		if err := s.banned(tx, a.Who.Email, a.Who.Phone); err != nil {
			return err
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		taken, err := tx.Exec("UPDATE review_invite SET state = 'answered', draft_sealed = $2 WHERE id = $1 AND state = 'sent'", a.ID, []byte{})
		if err != nil {
			return err
		}
		if taken == 0 {
			return s.revise(tx, n, a, ring, actor, w, &out)
		}
		return s.insert(tx, n, a, ring, actor, w, in.Ticked, &out)
	})
	return out, err
}

// written is a version that is being made.
type written struct {
	id         string
	content    Content
	experience Experience
	lang       string
}

// read checks an answer and reckons its overall mark.
func (a Asked) read(n *network.Network, now time.Time, in *Answer) (out Content, err error) {
	var c fault.Check
	answers, err := a.Form.Validate(in.Answers)
	if f := fault.Of(err); f != nil {
		for _, field := range f.Fields {
			c.Add(field.Name, field.Text)
		}
	} else if err != nil {
		return out, err
	}
	if in.Experience.Service == "" && in.Experience.On == "" {
		in.Experience = a.Experience
	}
	in.Experience.Service = strings.TrimSpace(in.Experience.Service)
	in.Experience.check(&c, now)
	if a.State == "sent" {
		for _, b := range a.Boxes {
			c.That(in.Ticked[b.ID] || !b.Required, "consent-"+b.ID, fault.T("Sans cet accord, l’avis ne peut pas être déposé.", "Without this agreement the review cannot be deposited."))
		}
	}
	if err := c.Err(); err != nil {
		return out, err
	}
	out = Content{Answers: answers, Marks: map[string]int{}}
	sum := 0
	for _, q := range a.Form.Marks() {
		if v := answers[q.ID]; len(v) > 0 {
			m, err := strconv.Atoi(v[0])
			if err != nil {
				return out, err
			}
			out.Marks[q.ID] = m
			sum += m
		}
	}
	out.Comment = strings.Join(answers[a.Questionnaire.Comment], "")
	out.Overall = out.Marks[a.Questionnaire.Overall] * 10
	if a.Questionnaire.Overall == "" {
		out.Overall = (sum*20 + len(out.Marks)) / (2 * len(out.Marks)) // the file asks for one mark at least
	}
	return out, nil
}

// Fingerprint is what the leaf of a version commits to, line by line (RN-91): a change of any of these is another fingerprint, a change of the author's
// name or address is not.
func Fingerprint(ref string, e Experience, c Content) (contents [][]byte) {
	add := func(name, value string) { contents = append(contents, []byte(name+"="+value)) }
	add("reference", ref)
	add("service", e.Service)
	add("date", e.On)
	if e.Until != "" {
		add("until", e.Until)
	}
	add("comment", c.Comment)
	for _, q := range slices.Sorted(maps.Keys(c.Marks)) {
		add("mark."+q, strconv.Itoa(c.Marks[q]))
	}
	add("overall", strconv.Itoa(c.Overall))
	return contents
}

// insert makes a review and its first version.
func (s *Service) insert(tx *db.Tx, n *network.Network, a Asked, ring *vault.Ring, actor auth.Actor, w written, ticked map[string]bool, out *Deposited) error {
	t, err := tallyOf(tx, a.Pro)
	if err != nil {
		return err
	}
	digits, err := drawDigits()
	if err != nil {
		return err
	}
	initials := ""
	if a.Audience == network.OfCustomer {
		initials = Initials(a.Who.Name)
	}
	r := Review{ID: tx.NewID("rev"), Invite: a.ID, Pro: a.Pro, Person: a.Who.ID, Audience: a.Audience, Digits: digits, Initials: initials, Number: t.Deposited + 1, Version: 1}
	*out = Deposited{ID: r.ID, Ref: r.Ref(), Digits: digits}
	if r.Drawn, err = drawn(tx, n, r); err != nil {
		return err
	}
	now := db.Micros(tx.Now())
	if err := tx.Send(`INSERT INTO review (id, invite_id, pro_id, person_id, audience, digits, number, state, why, version, overall, level, shared, drawn, deposited_at, decided_at, published_at, changed_at, ended_at, hidden_at, decided_by, initials_sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', '', 1, $8, $9, TRUE, $10, $11, 0, 0, 0, 0, 0, '', $12)`,
		r.ID, r.Invite, r.Pro, r.Person, r.Audience, r.Digits, r.Number, w.content.Overall, n.Reviews.Level(w.content.Overall), r.Drawn, now,
		ring.SealText(string(network.DataOpinion), place("review", "initials_sealed", r.ID), initials)); err != nil {
		return err
	}
	if err := privacy.HoldMore(tx, n, a.ID, a.Who.ID, network.Author, "", network.DataConsent); err != nil {
		return err
	}
	var choices []privacy.Choice
	for _, b := range a.Boxes {
		choices = append(choices, privacy.Choice{Person: a.Who.ID, Object: a.ID, Consent: b, Granted: ticked[b.ID], Channel: "form", Lang: a.Who.Lang, Edition: n.Hash(), Form: a.Form.Version()})
	}
	if err := privacy.Record(tx, ring, n, choices...); err != nil {
		return err
	}
	if err := s.insertVersion(tx, n, ring, r, w); err != nil {
		return err
	}
	if r.Drawn {
		if err := note(tx, r, EvDrawn, "system", tx.Now().UTC().Format(time.DateOnly)); err != nil {
			return err
		}
	}
	if err := line(tx, r.Pro, ActDeposited, r.Number, "", func(t *Tally) { t.Deposited++; t.Waiting++ }); err != nil {
		return err
	}
	return s.deposited(tx, n, a, ring, actor, r.ID, r.Ref(), w)
}

// revise makes another version of what was deposited already; the same words once more change nothing.
func (s *Service) revise(tx *db.Tx, n *network.Network, a Asked, ring *vault.Ring, actor auth.Actor, w written, out *Deposited) error {
	found, err := load(tx, "r.invite_id = $1", a.ID)
	if err != nil {
		return errState // it expired or was closed meanwhile
	}
	r, err := found.open(ring)
	if err != nil {
		return err
	}
	*out = Deposited{ID: r.ID, Ref: r.Ref(), Digits: r.Digits, Again: true}
	if db.JSON(Fingerprint(r.Ref(), r.Experience, r.Content)) == db.JSON(Fingerprint(r.Ref(), w.experience, w.content)) {
		return nil
	}
	var newest int64
	var state string
	if err := tx.Get(db.Into(&newest, &state), "SELECT version, state FROM review_version WHERE review_id = $1 ORDER BY version DESC LIMIT 1", r.ID); err != nil {
		return err
	}
	if state == "waiting" {
		return fault.New(fault.Conflict, "still-waiting", fault.T("Votre avis attend la lecture d’un modérateur : vous pourrez le modifier ensuite.", "Your review waits for a moderator to read it: you can change it after that."))
	}
	if r.State != Published {
		return errState
	}
	out.Again = false
	r.Version = newest + 1
	if err := s.insertVersion(tx, n, ring, r, w); err != nil {
		return err
	}
	if err := line(tx, r.Pro, ActRevised, r.Number, "", func(*Tally) {}); err != nil {
		return err
	}
	return s.deposited(tx, n, a, ring, actor, r.ID, r.Ref(), w)
}

// insertVersion stores what was written, and commits to it, in the state in which nobody has decided.
func (s *Service) insertVersion(tx *db.Tx, n *network.Network, ring *vault.Ring, r Review, w written) error {
	if err := privacy.Begun(tx, n, r.Invite, r.Person, network.Author, network.WhileUndecided, categories...); err != nil {
		return err
	}
	leaf, err := proof.Commit(tx, ring, proof.Leaf{Kind: KindReview, Object: r.Invite, Person: r.Person, Category: string(network.DataOpinion)}, Fingerprint(r.Ref(), w.experience, w.content)...)
	if err != nil {
		return err
	}
	return tx.Send(`INSERT INTO review_version (id, review_id, invite_id, person_id, version, at, state, lang, overall, why, decided_at, decided_by, leaf_id, experience_sealed, content_sealed)
		VALUES ($1, $2, $3, $4, $5, $6, 'waiting', $7, $8, '', 0, '', $9, $10, $11)`, w.id, r.ID, r.Invite, r.Person, r.Version, db.Micros(tx.Now()), w.lang, w.content.Overall, leaf,
		seal(ring, network.DataExperience, place("review_version", "experience_sealed", w.id), w.experience),
		seal(ring, network.DataOpinion, place("review_version", "content_sealed", w.id), w.content))
}

// deposited tells the author, with the way to his receipt, and whoever watches the queue.
func (s *Service) deposited(tx *db.Tx, n *network.Network, a Asked, ring *vault.Ring, actor auth.Actor, id, ref string, w written) error {
	if err := note(tx, Review{ID: id, Invite: a.ID, Person: a.Who.ID}, EvDeposited, actor.Name(), w.id); err != nil {
		return err
	}
	letter, _, err := s.authorLetter(n, "review-received", a.Who, a.Site, a.company, "/avis/q/"+s.token(a.Invitation), map[string]string{"ref": ref, "date": day(n.Reviews.Decide.AddTo(tx.Now()), a.Who.Lang)})
	if err != nil {
		return err
	}
	if err := s.Notify.Letter(tx, ring, letter, notify.Message{Person: a.Who.ID, Object: a.ID, Kind: "review-received"}, "", a.Who.Email); err != nil {
		return err
	}
	tx.Wake("reviews")
	return audit.Write(tx, actor.Name(), "", "review.deposit", id, "")
}

// drawn says whether a review is drawn for a control call: by the day's secret seed, which is committed before its first use, and its place in the
// member's chain, so that nobody chooses whom to control (RN-52).
func drawn(tx *db.Tx, n *network.Network, r Review) (bool, error) {
	seed, err := proof.Seed(tx, tx.Now().In(geo.Paris()).Format(time.DateOnly))
	if err != nil {
		return false, err
	}
	return Draw(seed, r.Pro, r.Number) < uint64(n.Reviews.Sample), nil
}

// Draw is the lot of a review, from 0 to 9,999: it is controlled when that is below the network's share in hundredths of a percent.
func Draw(seed []byte, pro string, number int64) uint64 {
	m := hmac.New(sha256.New, seed)
	fmt.Fprintf(m, "control %s %d", pro, number)
	return binary.BigEndian.Uint64(m.Sum(nil)[:8]) % 10_000
}

// Initials are those of a name, in capital letters without accents: of its first and last word (RN-18).
func Initials(name string) string {
	words := strings.FieldsFunc(geo.Fold(name), func(r rune) bool { return r < 'a' || r > 'z' })
	if len(words) == 0 {
		return ""
	}
	out := words[0][:1]
	if len(words) > 1 {
		out += words[len(words)-1][:1]
	}
	return strings.ToUpper(out)
}

// drawDigits are those of a public identifier: random, so that they tell nothing of how many there are.
func drawDigits() (string, error) {
	d, err := rand.Int(rand.Reader, big.NewInt(9_000_000_000))
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(d.Int64()+1_000_000_000, 10), nil
}

// fits reports whether a line of text is readable and has so many characters.
func fits(s string, least, most int) bool {
	k := utf8.RuneCountInString(s)
	return k >= least && k <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
