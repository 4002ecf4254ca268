package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/proof"
)

// Tally counts a member's reviews: where his chain of lines stands.
type Tally struct {
	Pro                string
	Lines              int64
	Last               string // SHA-256 of the last line, in hexadecimal
	Invited, Deposited int64
	Waiting, Published int64
	Refused, Removed   int64
	Marks              int64 // sum of the overall marks of what is published, in tenths
}

// Mean is the overall mark of a member in tenths: the plain mean of every published review; 0 when there is none.
func (t Tally) Mean() int {
	if t.Published == 0 {
		return 0
	}
	return int((t.Marks + t.Published/2) / t.Published)
}

// Acts of a line.
const (
	ActInvited   = "invited"   // review: how many at once
	ActDeposited = "deposited" //
	ActRevised   = "revised"   // the author deposited another version
	ActPublished = "published" //
	ActRefused   = "refused"   // reason: why
	ActRemoved   = "removed"   // reason: why
	ActReplied   = "replied"   // the member answered
	ActReported  = "reported"  // reason: which
	ActUpheld    = "upheld"    // a report was examined and the review stays
)

// kindLine is the kind of its leaf in the proof log.
const kindLine = "member"

// KindReview is the kind of the leaf of a fingerprint.
const KindReview = "review"

// Line is one act of a member's public chain. It names no person, so it outlives every erasure: the review is its number within the member.
type Line struct {
	N    int64
	At   time.Time
	Text string // exactly what was committed, with an empty salt
	Leaf string
}

// text writes a line: what a verifier parses. The counts are those after the act; before is the digest of the line before, empty for the first.
func (t Tally) text(at time.Time, act string, review int64, reason string) string {
	var b strings.Builder
	b.WriteString("entremise member 1\n")
	for _, f := range []struct {
		name  string
		value any
	}{{"member", t.Pro}, {"line", t.Lines}, {"before", t.Last}, {"at", at.UTC().Format(time.RFC3339)}, {"act", act}, {"review", review}, {"reason", reason},
		{"invited", t.Invited}, {"deposited", t.Deposited}, {"waiting", t.Waiting}, {"published", t.Published}, {"refused", t.Refused}, {"removed", t.Removed}} {
		fmt.Fprintf(&b, "%s=%v\n", f.name, f.value)
	}
	return b.String()
}

// LineHash is the digest by which the next line of a chain names this one.
func LineHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func tallyOf(tx *db.Tx, pro string) (Tally, error) {
	t, err := db.One(tx, scanTally, "SELECT "+tallyColumns+" FROM review_tally WHERE pro_id = $1", pro)
	if errors.Is(err, db.ErrNone) {
		return Tally{Pro: pro}, nil
	}
	return t, err
}

const tallyColumns = "pro_id, lines, last_hash, invited, deposited, waiting, published, refused, removed, marks"

func scanTally(s db.Scanner) (t Tally, err error) {
	err = s.Scan(&t.Pro, &t.Lines, &t.Last, &t.Invited, &t.Deposited, &t.Waiting, &t.Published, &t.Refused, &t.Removed, &t.Marks)
	return t, err
}

// line adds an act to a member's chain and to the proof log in tx, with the counts that change makes. review is the number of the review within the
// member, and for invitations how many; reason a word. The caller's transaction is serializable: two acts about one member come one after the other.
func line(tx *db.Tx, pro, act string, review int64, reason string, change func(*Tally)) error {
	t, err := tallyOf(tx, pro)
	if err != nil {
		return err
	}
	t.Lines++
	change(&t)
	text := t.text(tx.Now(), act, review, reason)
	leaf, err := proof.CommitSecret(tx, kindLine, pro, []byte(text))
	if err != nil {
		return err
	}
	if err := tx.Send("INSERT INTO review_line (pro_id, n, at, line, leaf_id) VALUES ($1, $2, $3, $4, $5)", pro, t.Lines, db.Micros(tx.Now()), text, leaf); err != nil {
		return err
	}
	return tx.Send("INSERT INTO review_tally ("+tallyColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (pro_id) DO UPDATE SET lines = excluded.lines, last_hash = excluded.last_hash, invited = excluded.invited, deposited = excluded.deposited, waiting = excluded.waiting,
		published = excluded.published, refused = excluded.refused, removed = excluded.removed, marks = excluded.marks`,
		pro, t.Lines, LineHash(text), t.Invited, t.Deposited, t.Waiting, t.Published, t.Refused, t.Removed, t.Marks)
}

// Tally is a member's, for his page; the zero counts when nothing was ever asked about him.
func (s *Service) Tally(ctx context.Context, pro string) (t Tally, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { t, err = tallyOf(tx, pro); return err })
	return t, err
}

// Lines are a member's chain after a line number, oldest first, at most so many.
func (s *Service) Lines(ctx context.Context, pro string, after int64, most int) (all []Line, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanLine, "SELECT n, at, line, leaf_id FROM review_line WHERE pro_id = $1 AND n > $2 ORDER BY n LIMIT $3", pro, after, most)
		return err
	})
	return all, err
}
