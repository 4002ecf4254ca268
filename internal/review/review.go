// Package review collects opinions about professionals from people who were customers or employees of them, has each read by a moderator, publishes
// what holds, and leaves of every step a proof that neither the operator nor the professional can take back.
//
// An invitation and the review that answers it are one record, held under the invitation's id, with a person of its own. What the author
// wrote is never changed: who writes again makes another version. Two sorts of leaf stand in the proof log. The fingerprint of a version is a salted
// commitment to its reference, service, date, comment and marks, made at deposit and before anybody has read it (RN-20, 91); its salt is sealed under the author's key, so that his
// erasure makes it mute (RN-99). A line of the member's chain ([Line]) names no person, so it stays: with its counts, hiding one review shows.
package review

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/person"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/proof"
	"entremise/internal/request"
	"entremise/internal/vault"
)

// Holdings of this room.
func Holdings() []privacy.Holding {
	return []privacy.Holding{
		// The salt of a fingerprint, before the version by which it is found.
		{Table: "proof_leaf", Person: "person_id", Record: "object", Category: network.DataOpinion, Columns: []string{"salt_sealed"}, Whose: network.Author, Only: "category = 'opinion'",
			Via: "id IN (SELECT leaf_id FROM review_version WHERE person_id IN (%[1]s))"},
		{Table: "review_version", Person: "person_id", Record: "invite_id", Category: network.DataExperience, Columns: []string{"experience_sealed"}, Whose: network.Author},
		{Table: "review_version", Person: "person_id", Record: "invite_id", Category: network.DataOpinion, Columns: []string{"content_sealed"}, Whose: network.Author},
		{Table: "review", Person: "person_id", Record: "invite_id", Category: network.DataOpinion, Columns: []string{"initials_sealed"}, Whose: network.Author},
		{Table: "review_event", Person: "person_id", Record: "invite_id", Category: network.DataMessages, Columns: []string{"words_sealed"}, Whose: network.Author},
		{Table: "review_paper", Person: "id", Record: "id", Category: network.DataDocuments, Columns: []string{"file_sealed", "words_sealed"}, Whose: network.Author},
		{Table: "review_wanted", Person: "person_id", Record: "invite_id", Category: network.DataDocuments, Columns: []string{"proof_sealed"}, Row: "invite_id", Whose: network.Author},
		{Table: "review_report", Person: "id", Record: "id", Category: network.DataIdentity, Columns: []string{"name_sealed"}, Whose: network.Visitor},
		{Table: "review_report", Person: "id", Record: "id", Category: network.DataContact, Columns: []string{"email_sealed", "reporter_bidx"}, Whose: network.Visitor},
		{Table: "review_report", Person: "id", Record: "id", Category: network.DataMessages, Columns: []string{"words_sealed", "answer_sealed"}, Whose: network.Visitor},
		{Table: "review_ban", Person: "id", Record: "id", Category: network.DataIdentity, Columns: []string{"name_sealed"}, Whose: network.Author},
		{Table: "review_ban", Person: "id", Record: "id", Category: network.DataContact, Columns: []string{"contact_sealed", "email_bidx", "phone_bidx"}, Whose: network.Author, Rows: true},
		{Table: "review_invite", Person: "person_id", Record: "id", Category: network.DataExperience, Columns: []string{"experience_sealed"}, Whose: network.Author},
		{Table: "review_invite", Person: "person_id", Record: "id", Category: network.DataOpinion, Columns: []string{"draft_sealed"}, Whose: network.Author},
	}
}

// categories are what a record of a review holds of its author, and the keys that he gets.
var categories = []network.Category{network.DataIdentity, network.DataContact, network.DataExperience, network.DataOpinion, network.DataMessages}

func keys() []string {
	all := []string{string(network.DataConsent)}
	for _, c := range categories {
		all = append(all, string(c))
	}
	return all
}

// State of a review.
type State string

// States.
const (
	Waiting   State = "waiting"   // deposited, and nobody has decided
	Published State = "published" //
	Refused   State = "refused"   // it never was published
	Removed   State = "removed"   // it was published, or its author was erased before it could be
)

// Causes for which a review ends that are no reason of the network file.
const (
	ByAuthor   = "author"      // he asked for it (RN-72 i, 74)
	MemberLeft = "member-left" // RN-72 iii
	TimeOver   = "time"        // RN-54
	Erased     = "erased"      // RN-96
)

// Experience is what a review is about (RN-13).
type Experience struct {
	Service string `json:"service"`         // what was bought, or the post held, in words
	On      string `json:"on"`              // ISO date; of an employee the first day
	Until   string `json:"until,omitempty"` // ISO date; an employee's last day, empty while he is there
}

// Content is what the author wrote (RN-14). Marks are by question, from 1 to the scale.
type Content struct {
	Answers network.Answers `json:"answers"`
	Comment string          `json:"comment"`
	Marks   map[string]int  `json:"marks"`
	Overall int             `json:"overall"` // in tenths of a mark
}

// Review is one, with the version that shows: the published one, else the newest.
type Review struct {
	ID, Invite, Pro, Person string
	Audience                network.Audience
	Digits                  string // the public identifier without its initials; in addresses
	Initials                string // empty for an employee's, and once erased
	Number                  int64  // within the member
	State                   State
	Why                     string
	Version                 int64
	Overall                 int // in tenths of a mark
	Level                   network.Level
	Shared, Drawn           bool
	DepositedAt, DecidedAt  time.Time
	PublishedAt, ChangedAt  time.Time // zero: never
	EndedAt                 time.Time
	DecidedBy               string

	Questionnaire, Edition string // by which it was asked
	Lang                   string
	WrittenAt              time.Time // this version
	Leaf                   string
	Experience             Experience
	Content                Content
	Gone                   bool // what it said was erased
}

// Ref is the public identifier (RN-18, 19).
func (r Review) Ref() string { return r.Initials + r.Digits }

// Service is the one way to act on reviews. Safe for concurrent use.
type Service struct{ Parts }

// Parts are what the composition root gives.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Notify   *notify.Service
	Pros     *pro.Service
	Proof    *proof.Log
	Links    *auth.Signer
	URL      func(host, path string) string
	Demo     bool
}

// New makes the service.
func New(p Parts) *Service { return &Service{p} }

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Every("reminders of questionnaires", time.Minute, s.sweepReminders)
	r.Every("lists that stopped half way", time.Minute, s.sweepLists)
	r.Every("questionnaires that nobody answered", time.Minute, s.sweepExpired)
	r.Every("reviews whose own consent was taken back", 10*time.Second, s.sweepUnwanted)
	r.Every("reviews published long enough", time.Minute, s.sweepTime)
	r.Every("reviews of members who left", time.Minute, s.sweepLeft)
}

var (
	errNone  = fault.New(fault.Missing, "no-review", fault.T("Cet avis n’existe pas, ou n’est plus publié.", "There is no such review, or it is no longer published."))
	errState = fault.New(fault.Conflict, "review-state", fault.T("Cet avis n’en est plus là : rechargez la page.", "This review has moved on: load the page again."))
	errOff   = fault.New(fault.Missing, "no-reviews", fault.T("Ce réseau ne publie pas d’avis : ajoutez « reviews » à son fichier.", "This network publishes no reviews: add \"reviews\" to its file."))
)

// network in force, which must collect reviews.
func (s *Service) network(ctx context.Context) (*network.Network, error) {
	n, err := s.Editions.InForce(ctx)
	if err == nil && n.Reviews == nil {
		err = errOff
	}
	return n, err
}

// duration of a purpose, from its event.
func duration(n *network.Network, purpose string) network.Duration {
	p, _ := n.Purpose(purpose) // check holds the file to it
	if !p.Keep.AtMost.IsZero() {
		return p.Keep.AtMost
	}
	return p.Keep.For
}

func place(table, column, id string) vault.Place {
	return vault.Place{Table: table, Column: column, Row: id}
}

// seal and open keep a structure in a sealed column; what was erased opens as nothing, and gone says so.
func seal(r *vault.Ring, category network.Category, p vault.Place, v any) []byte {
	return r.SealText(string(category), p, db.JSON(v))
}

func open(r *vault.Ring, category network.Category, p vault.Place, sealed []byte, into any) (gone bool, err error) {
	if len(sealed) == 0 {
		return true, nil
	}
	text, err := r.Open(string(category), p, sealed)
	if errors.Is(err, vault.ErrErased) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, json.Unmarshal(text, into)
}

const reviewColumns = `r.id, r.invite_id, r.pro_id, r.person_id, r.audience, r.digits, r.number, r.state, r.why, r.version, r.overall, r.level, r.shared, r.drawn,
	r.deposited_at, r.decided_at, r.published_at, r.changed_at, r.ended_at, r.decided_by, r.initials_sealed, i.questionnaire, i.edition,
	v.id, v.at, v.lang, v.leaf_id, v.experience_sealed, v.content_sealed`

const fromReview = " FROM review r JOIN review_invite i ON i.id = r.invite_id JOIN review_version v ON v.review_id = r.id AND v.version = r.version "

// stored is a review before it is opened.
type stored struct {
	Review
	versionID                     string
	initials, experience, content []byte
}

func scanReview(s db.Scanner) (r stored, err error) {
	var deposited, decided, published, changed, ended, written int64
	err = s.Scan(&r.ID, &r.Invite, &r.Pro, &r.Person, &r.Audience, &r.Digits, &r.Number, &r.State, &r.Why, &r.Version, &r.Overall, &r.Level, &r.Shared, &r.Drawn,
		&deposited, &decided, &published, &changed, &ended, &r.DecidedBy, &r.initials, &r.Questionnaire, &r.Edition, &r.versionID, &written, &r.Lang, &r.Leaf, &r.experience, &r.content)
	r.DepositedAt, r.DecidedAt, r.PublishedAt, r.ChangedAt, r.EndedAt = db.Time(deposited), db.Time(decided), db.Time(published), db.Time(changed), db.Time(ended)
	r.WrittenAt = db.Time(written)
	return r, err
}

// open unseals with the ring of its author.
func (r *stored) open(ring *vault.Ring) (Review, error) {
	var err error
	if r.Initials, err = ring.OpenText(string(network.DataOpinion), place("review", "initials_sealed", r.ID), r.initials); err != nil && !errors.Is(err, vault.ErrErased) {
		return r.Review, err
	}
	if r.Gone, err = open(ring, network.DataOpinion, place("review_version", "content_sealed", r.versionID), r.content, &r.Content); err != nil {
		return r.Review, err
	}
	_, err = open(ring, network.DataExperience, place("review_version", "experience_sealed", r.versionID), r.experience, &r.Experience)
	return r.Review, err
}

// openAll unseals reviews of several authors.
func (s *Service) openAll(ctx context.Context, found []stored) ([]Review, error) {
	people := make([]string, len(found))
	for i, f := range found {
		people[i] = f.Person
	}
	rings, err := s.Vault.Rings(ctx, people...)
	if err != nil {
		return nil, err
	}
	all := make([]Review, len(found))
	for i := range found {
		if all[i], err = found[i].open(rings[found[i].Person]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func load(tx *db.Tx, where string, args ...any) (stored, error) {
	r, err := db.One(tx, scanReview, "SELECT "+reviewColumns+fromReview+"WHERE "+where, args...)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return r, err
}

// fallen is the fault of an act on a row that is no longer there in the state that it needs.
func fallen(err error) error {
	if errors.Is(err, db.ErrNone) {
		return errState
	}
	return err
}

// note adds a step to a review's own history. object is an id or a word.
func note(tx *db.Tx, r Review, kind, actor, object string) error {
	return noteWords(tx, nil, r, kind, actor, object, "")
}

// noteWords is note with what was said or written, sealed for the author.
func noteWords(tx *db.Tx, ring *vault.Ring, r Review, kind, actor, object, words string) error {
	id, sealed := tx.NewID("evt"), []byte{}
	if words != "" {
		sealed = ring.SealText(string(network.DataMessages), place("review_event", "words_sealed", id), words)
	}
	return tx.Send("INSERT INTO review_event (id, review_id, invite_id, person_id, at, kind, actor, object, words_sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		id, r.ID, r.Invite, r.Person, db.Micros(tx.Now()), kind, actor, object, sealed)
}

// Event is a step of a review.
type Event struct {
	At                  time.Time
	Kind, Actor, Object string
	Words               string
}

// events are a review's history, oldest first, from the request for its questionnaire where there was one, with the words that the ring still opens.
func events(tx *db.Tx, ring *vault.Ring, review string) ([]Event, error) {
	return db.List(tx, func(r db.Scanner) (e Event, err error) {
		var id string
		var at int64
		var sealed []byte
		if err = r.Scan(&id, &at, &e.Kind, &e.Actor, &e.Object, &sealed); err != nil || len(sealed) == 0 {
			e.At = db.Time(at)
			return e, err
		}
		e.At = db.Time(at)
		e.Words, err = ring.OpenText(string(network.DataMessages), place("review_event", "words_sealed", id), sealed)
		if errors.Is(err, vault.ErrErased) {
			err = nil
		}
		return e, err
	}, "SELECT id, at, kind, actor, object, words_sealed FROM review_event WHERE review_id = $1 OR review_id = '' AND invite_id = (SELECT invite_id FROM review WHERE id = $1) ORDER BY at, id", review)
}

// Kinds of event.
const (
	EvDeposited = "deposited" // object: the version
	EvDrawn     = "drawn"     // for a control call, by the seed of that day
	EvPublished = "published" // object: the version
	EvRefused   = "refused"   // object: the reason
	EvRemoved   = "removed"   // object: the cause
	EvChecked   = "checked"   // object: the check and what it gave (RN-49)
	EvCalled    = "called"    // a control call; object: its outcome, words: what was said (RN-51)
	EvAsked     = "asked"     // a document; object: of whom, words: which (RN-50)
	EvReceived  = "received"  // a document; object: from whom
	EvAppealed  = "appealed"  // object: what is contested, words: the author's
	EvUpheld    = "upheld"    // after an appeal; object: same, other or again; words: the answer
	EvReversed  = "reversed"  // likewise
	EvReported  = "reported"  // object: the reason
	EvKept      = "kept"      // a report was examined and the review stays
	EvBanned    = "banned"    // the author; object: the ban
	EvLifted    = "lifted"    // a ban; object: the ban
)

// authorLetter fills a message to an author; path leads to his own page.
func (s *Service) authorLetter(n *network.Network, key string, who person.Person, site, company, path string, vars map[string]string) (network.Letter, string, error) {
	index, to := s.Notify.Index(notify.ByEmail, who.Email), "/stop/"
	stop := s.URL(site, to+request.StopToken(s.Links, index, notify.ScopeReviews))
	all := map[string]string{"name": who.Name, "pro": company, "site": request.SiteName(n, site, who.Lang), "link": s.URL(site, path), "stop": stop}
	for k, v := range vars {
		all[k] = v
	}
	l, err := n.Email(key, who.Lang, all)
	if err != nil || who.Phone == "" {
		return l, stop, err
	}
	all["stop"] = s.URL(site, to+request.StopToken(s.Links, s.Notify.Index(notify.BySMS, who.Phone), notify.ScopeReviews))
	l.SMS, err = n.SMS(key, who.Lang, all)
	return l, stop, err
}

func day(t time.Time, lang string) string { return geo.Date(t.In(geo.Paris()), lang) }
