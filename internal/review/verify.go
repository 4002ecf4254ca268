package review

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/proof"
)

// Verdict is what comes of checking a published review against the proof log (RN-94). Each step holds or does not; nothing of it is believed because it stands in a row.
type Verdict struct {
	Proven
	Content bool   // what is shown is what its author deposited
	Logged  bool   // its fingerprint is in the tree of a signed checkpoint
	Dated   bool   // its dates, and that it is published, are what the member's chain says
	Lines   []Line // of the chain, about this review
}

// Valid reports whether every step holds.
func (v Verdict) Valid() bool { return v.Content && v.Logged && v.Dated }

// Verified checks a published review by the digits of its public identifier. A row that was changed behind this house's back is no fault: the step that it breaks does not hold.
func (s *Service) Verified(ctx context.Context, digits string) (v Verdict, r Review, err error) {
	var found stored
	if err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if found, err = load(tx, "r.digits = $1 AND r.state = 'published'", digits); err != nil {
			return err
		}
		v.Lines, err = linesOf(tx, found.Pro, found.Number)
		return err
	}); err != nil {
		return v, r, err
	}
	rings, err := s.Vault.Rings(ctx, found.Person)
	if err != nil {
		return v, r, err
	}
	if r, err = found.open(rings[found.Person]); err != nil {
		return v, found.Review, nil // sealed under other bytes: not what was deposited
	}
	v.Dated = dated(r, v.Lines)
	proven, err := s.Prove(ctx, r)
	switch {
	case fault.Of(err) != nil, errors.Is(err, db.ErrBusy), ctx.Err() != nil:
		return v, r, err
	case err != nil:
		return v, r, nil // the opening does not make the commitment
	}
	v.Proven = proven
	v.Content = r.Overall == r.Content.Overall
	if proven.Inclusion != nil {
		v.Content = v.Content && proven.Opening.Verify(proven.Kind, proven.Inclusion.Commitment) == nil
		v.Logged = proof.Verify(*proven.Inclusion, proven.Key) == nil
	}
	for _, l := range v.Lines {
		in, err := s.Proof.Prove(ctx, l.Leaf)
		if errors.Is(err, proof.ErrWaiting) {
			v.Logged = false
			continue
		}
		if err != nil {
			return v, r, err
		}
		v.Dated = v.Dated && in.Commitment == LineCommitment(l.Text)
		v.Logged = v.Logged && proof.Verify(in, v.Key) == nil
	}
	return v, r, nil
}

// linesOf are the lines of a member's chain about one review, oldest first.
func linesOf(tx *db.Tx, pro string, number int64) ([]Line, error) {
	return db.List(tx, scanLine, "SELECT n, at, line, leaf_id FROM review_line WHERE pro_id = $1 AND line LIKE $2 AND line NOT LIKE $3 ORDER BY n", pro, "%\nreview="+strconv.FormatInt(number, 10)+"\n%", "%\nact="+ActInvited+"\n%")
}

func scanLine(s db.Scanner) (l Line, err error) {
	var at int64
	err = s.Scan(&l.N, &at, &l.Text, &l.Leaf)
	l.At = db.Time(at)
	return l, err
}

// Field is what a line says under a name.
func (l Line) Field(name string) string {
	_, rest, _ := strings.Cut(l.Text, "\n"+name+"=")
	value, _, _ := strings.Cut(rest, "\n")
	return value
}

func (l Line) count(name string) int64 {
	n, err := strconv.ParseInt(l.Field(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// dated compares a review's dates with the acts that its member's chain holds of it, to the second, which is what a line says: the deposit, the first publication, and the
// last one that was a change and not a removal taken back.
func dated(r Review, lines []Line) bool {
	var deposited, published, changed, before string
	for _, l := range lines {
		switch act := l.Field("act"); act {
		case ActDeposited:
			deposited, before = l.Field("at"), act
		case ActPublished:
			if published == "" {
				published = l.Field("at")
			} else if before != ActRemoved {
				changed = l.Field("at")
			}
			before = act
		case ActRemoved:
			before = act
		}
	}
	say := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format(time.RFC3339)
	}
	return before == ActPublished && deposited == say(r.DepositedAt) && published == say(r.PublishedAt) && changed == say(r.ChangedAt)
}

// Completeness is what comes of checking that a member's page hides nothing: his chain from its first line, the tree that holds its last one, and what the page shows.
type Completeness struct {
	Tally     Tally            `json:"counts"` // as the last line says
	Shown     int64            `json:"shown"`  // published reviews on the page
	Chained   bool             `json:"chained"`
	Logged    bool             `json:"logged"`
	Counted   bool             `json:"counted"`
	Wrong     string           `json:"wrong,omitempty"` // the first line that does not hold, for who looks into it
	Last      Line             `json:"last"`
	Inclusion *proof.Inclusion `json:"inclusion,omitempty"`
	Key       string           `json:"log_key"`
}

// Valid reports whether every step holds.
func (c Completeness) Valid() bool { return c.Chained && c.Logged && c.Counted }

// mostLines bounds one reading of a chain.
const mostLines = 1000

// Complete follows a member's whole chain: each line holds the digest of the one before, its counts follow from its act, the last line is in the log, and the page shows as many reviews, with the same sum of marks, as it says.
func (s *Service) Complete(ctx context.Context, pro string) (c Completeness, err error) {
	c = Completeness{Chained: true, Key: s.Proof.VerifierKey()}
	t := Tally{Pro: pro}
	for {
		part, err := s.Lines(ctx, pro, t.Lines, mostLines)
		if err != nil {
			return c, err
		}
		for _, l := range part {
			if c.Chained {
				if why := t.follow(l); why != "" {
					c.Chained, c.Wrong = false, fmt.Sprintf("%d: %s", l.N, why)
				}
			}
			t.Lines, t.Last, c.Last = l.N, LineHash(l.Text), l
		}
		if len(part) < mostLines {
			break
		}
	}
	var shown, marks int64
	var kept Tally
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if kept, err = tallyOf(tx, pro); err != nil {
			return err
		}
		return tx.Get(db.Into(&shown, &marks), "SELECT count(*), coalesce(sum(overall), 0) FROM review WHERE pro_id = $1 AND state = 'published'", pro)
	}); err != nil {
		return c, err
	}
	c.Tally, c.Shown = t, shown
	c.Counted = shown == t.Published && kept.Published == t.Published && kept.Marks == marks && kept.Lines == t.Lines && kept.Last == t.Last && kept.Deposited == t.Deposited
	if c.Logged = t.Lines == 0; c.Logged {
		return c, nil
	}
	in, err := s.Proof.Prove(ctx, c.Last.Leaf)
	if errors.Is(err, proof.ErrWaiting) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.Inclusion = &in
	c.Logged = in.Commitment == LineCommitment(c.Last.Text) && proof.Verify(in, c.Key) == nil
	return c, nil
}

// follow moves a tally on by one line, and says what of the line does not follow from those before.
func (t *Tally) follow(l Line) string {
	was := *t
	t.Invited, t.Deposited, t.Waiting, t.Published, t.Refused, t.Removed = l.count("invited"), l.count("deposited"), l.count("waiting"), l.count("published"), l.count("refused"), l.count("removed")
	switch {
	case l.N != was.Lines+1 || l.count("line") != l.N:
		return "number"
	case l.Field("before") != was.Last:
		return "digest of the line before"
	case l.Field("member") != was.Pro:
		return "member"
	case t.Waiting < 0 || t.Published < 0 || t.Waiting+t.Published+t.Refused+t.Removed != t.Deposited:
		return "counts"
	}
	d := Tally{Invited: t.Invited - was.Invited, Deposited: t.Deposited - was.Deposited, Waiting: t.Waiting - was.Waiting, Published: t.Published - was.Published, Refused: t.Refused - was.Refused, Removed: t.Removed - was.Removed}
	may := map[string][]Tally{
		ActInvited:   {{Invited: l.count("review")}},
		ActDeposited: {{Deposited: 1, Waiting: 1}},
		ActRevised:   {{}}, ActReplied: {{}}, ActReported: {{}}, ActUpheld: {{}},
		ActPublished: {{Waiting: -1, Published: 1}, {}, {Refused: -1, Published: 1}, {Removed: -1, Published: 1}},
		ActRefused:   {{Waiting: -1, Refused: 1}, {}},
		ActRemoved:   {{Published: -1, Removed: 1}, {Waiting: -1, Removed: 1}, {}},
	}
	for _, m := range may[l.Field("act")] {
		if m == d {
			return ""
		}
	}
	return "counts after " + l.Field("act")
}
