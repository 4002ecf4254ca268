package proof

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/proof/place"
)

// The places where roots are laid down. The witness file is always one of them; the others are those that the network file names.
const (
	PlaceChain   = "chain"
	PlaceStamp   = "stamp"
	PlaceWitness = "witness"
)

// Anchors brings one root of the log outside for many leaves (RN-90, RN-92). What it is about to do stands in the database before it is done, so that a
// crash at any step, or a second node, repeats it and never does another. Safe for concurrent use.
type Anchors struct {
	log   *Log
	lease *db.Lease
	rule  func(context.Context) (*network.Anchors, error)
	reach Reach

	mu sync.Mutex // one sweep of this node at a time
}

// Reach is what can be reached from here; nil what cannot, and a root waits for it.
type Reach struct {
	Witness *place.Witness
	Chain   func(id int64) (place.Place, error) // the number is the network file's
	Stamp   place.Place
}

// NewAnchors takes what the network file says, nil where nothing is anchored.
func NewAnchors(l *Log, rule func(context.Context) (*network.Anchors, error), reach Reach) *Anchors {
	return &Anchors{log: l, lease: l.db.Lease("anchor"), rule: rule, reach: reach}
}

func (a *Anchors) places(rule *network.Anchors) (map[string]place.Place, error) {
	all := map[string]place.Place{PlaceWitness: a.reach.Witness}
	if rule != nil && rule.Stamp != nil && a.reach.Stamp != nil {
		all[PlaceStamp] = a.reach.Stamp
	}
	if rule != nil && rule.Chain != nil && a.reach.Chain != nil {
		c, err := a.reach.Chain(int64(rule.Chain.ID))
		if err != nil {
			return nil, err
		}
		all[PlaceChain] = c
	}
	return all, nil
}

const (
	tallyName  = "anchor"
	tallyChunk = 4096
)

// errMoved says that somebody else did this step first.
var errMoved = errors.New("proof: another node was first")

// Sweep counts what was numbered, makes the root that is due, and takes every open one a step further. What a place answers is kept with the root and
// tried again later; it is no error of the sweep.
func (a *Anchors) Sweep(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	leads, err := a.lease.Hold(ctx)
	if err != nil || !leads {
		return err
	}
	rule, err := a.rule(ctx)
	if err != nil {
		return err
	}
	if rule != nil {
		if err := a.count(ctx, rule); err != nil {
			return err
		}
	}
	places, err := a.places(rule)
	if err != nil {
		return err
	}
	return a.lay(ctx, places)
}

// count goes through the leaves that were numbered since it last looked, each once.
func (a *Anchors) count(ctx context.Context, rule *network.Anchors) error {
	for {
		var size int64
		var t tally
		err := a.log.db.Read(ctx, func(tx *db.Tx) (err error) {
			if size, err = latestSize(tx); err != nil {
				return err
			}
			t, err = readTally(tx)
			return err
		})
		if err != nil {
			return err
		}
		if t.position == size && !t.due(rule, a.log.db.Now()) {
			return nil
		}
		err = a.log.db.WriteGuarded(ctx, func(tx *db.Tx) error {
			if err := a.lease.Guard(tx); err != nil {
				return err
			}
			return countSome(tx, rule)
		})
		if errors.Is(err, db.ErrLost) || errors.Is(err, errMoved) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

type tally struct{ position, leaves, since int64 }

// due reports whether the leaves that were counted make a root now.
func (t tally) due(rule *network.Anchors, now time.Time) bool {
	return t.leaves >= int64(rule.Batch) || t.leaves > 0 && !rule.Wait.AddTo(db.Time(t.since)).After(now)
}

func readTally(tx *db.Tx) (t tally, err error) {
	err = tx.Get(db.Into(&t.position, &t.leaves, &t.since), "SELECT position, leaves, since_at FROM proof_tally WHERE name = $1", tallyName)
	if errors.Is(err, db.ErrNone) {
		err = nil
	}
	return t, err
}

// countSome is one step of the count. The root is that of a checkpoint, so it is made where the count meets one; the wait runs from the promise of the oldest
// leaf, not from its number.
func countSome(tx *db.Tx, rule *network.Anchors) error {
	t, err := readTally(tx)
	if err != nil {
		return err
	}
	was := t
	until, err := db.Value[int64](tx, "SELECT coalesce(max(size), 0) FROM proof_checkpoint WHERE size <= $1", t.position+tallyChunk)
	if err != nil {
		return err
	}
	if until > t.position {
		args := []any{t.position, until}
		var n, since int64
		if err := tx.Get(db.Into(&n, &since), "SELECT count(*), coalesce(min(l.at), 0) FROM proof_entry e JOIN proof_leaf l ON l.id = e.leaf_id WHERE e.position >= $1 AND e.position < $2 AND l.kind IN ("+db.In(&args, rule.Kinds())+")", args...); err != nil {
			return err
		}
		if n > 0 && (t.leaves == 0 || since < t.since) {
			t.since = since
		}
		t.position, t.leaves = until, t.leaves+n
	}
	if t.due(rule, tx.Now()) {
		if err := openAnchor(tx, rule, t); err != nil {
			return err
		}
		t.leaves, t.since = 0, 0
	}
	if _, err := tx.Exec("INSERT INTO proof_tally (name, position, leaves, since_at) VALUES ($1, 0, 0, 0) ON CONFLICT (name) DO NOTHING", tallyName); err != nil {
		return err
	}
	n, err := tx.Exec("UPDATE proof_tally SET position = $2, leaves = $3, since_at = $4 WHERE name = $1 AND position = $5 AND leaves = $6", tallyName, t.position, t.leaves, t.since, was.position, was.leaves)
	if err == nil && n != 1 {
		err = errMoved
	}
	return err
}

func openAnchor(tx *db.Tx, rule *network.Anchors, t tally) error {
	cause := "wait"
	if t.leaves >= int64(rule.Batch) {
		cause = "batch"
	}
	if err := tx.Send("INSERT INTO proof_anchor (size, at, leaves, cause) VALUES ($1, $2, $3, $4)", t.position, db.Micros(tx.Now()), t.leaves, cause); err != nil {
		return err
	}
	where := []string{PlaceWitness}
	if rule.Chain != nil {
		where = append(where, PlaceChain)
	}
	if rule.Stamp != nil {
		where = append(where, PlaceStamp)
	}
	for _, p := range where {
		if err := tx.Send("INSERT INTO proof_laid (size, place, message, reference, evidence, laid_at, tries, next_at, error) VALUES ($1, $2, $3, '', $3, 0, 0, 0, '')", t.position, p, []byte{}); err != nil {
			return err
		}
	}
	return nil
}

// open is the oldest root that a place does not have yet: one at a time, so that a chain's transactions have their numbers in order.
type open struct {
	size    int64
	place   string
	message []byte
	tries   int64
}

func (a *Anchors) lay(ctx context.Context, places map[string]place.Place) error {
	for name, p := range places {
		for {
			var o open
			var t Tree
			found := false
			err := a.log.db.Read(ctx, func(tx *db.Tx) error {
				o.place, found = name, false
				var next int64
				err := tx.Get(db.Into(&o.size, &o.message, &o.tries, &next), "SELECT size, message, tries, next_at FROM proof_laid WHERE place = $1 AND laid_at = 0 ORDER BY size LIMIT 1", name)
				if errors.Is(err, db.ErrNone) || err == nil && next > db.Micros(a.log.db.Machine()) {
					return nil
				}
				if err != nil {
					return err
				}
				found = true
				if o.message == nil { // SQLite reads nothing as NULL, which equals nothing
					o.message = []byte{}
				}
				signed, err := db.Value[string](tx, "SELECT note FROM proof_checkpoint WHERE size = $1", o.size)
				if err == nil {
					t, err = OpenCheckpoint(signed, a.log.vkey)
				}
				return err
			})
			if err != nil {
				return err
			}
			if !found {
				break
			}
			laid, layErr := p.Lay(ctx, o.size, place.Root(t.root), o.message, func(message []byte, reference string) error { return a.keep(ctx, &o, message, reference) })
			if errors.Is(layErr, errMoved) || ctx.Err() != nil {
				break
			}
			if err := a.note(ctx, o, laid, layErr); err != nil {
				return err
			}
			if !laid.Done {
				break
			}
		}
	}
	return nil
}

// keep stores a message before it is sent; errMoved when it is no longer the one that the driver saw.
func (a *Anchors) keep(ctx context.Context, o *open, message []byte, reference string) error {
	err := a.log.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if err := a.lease.Guard(tx); err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE proof_laid SET message = $3, reference = $4 WHERE size = $1 AND place = $2 AND laid_at = 0 AND message = $5", o.size, o.place, message, reference, o.message)
		if err == nil && n != 1 {
			err = errMoved
		}
		return err
	})
	if errors.Is(err, db.ErrLost) {
		err = errMoved
	}
	return err
}

// A place is asked again after a while that doubles with each failure, by machine time.
const (
	layAgain  = 5 * time.Second
	layAtMost = time.Hour
)

// note keeps what a place answered. What is laid stays laid, whoever says so.
func (a *Anchors) note(ctx context.Context, o open, laid place.Laid, layErr error) error {
	return a.log.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		if laid.Done {
			evidence := laid.Evidence
			if evidence == nil {
				evidence = []byte{}
			}
			_, err := tx.Exec("UPDATE proof_laid SET reference = $3, evidence = $4, laid_at = $5, error = '' WHERE size = $1 AND place = $2 AND laid_at = 0", o.size, o.place, laid.Reference, evidence, db.Micros(laid.At))
			return err
		}
		tries, text, wait := int64(0), "", layAgain
		if layErr != nil {
			tries, text = o.tries+1, layErr.Error()
			wait = layAtMost
			if o.tries < 9 {
				wait = layAgain << o.tries
			}
		}
		_, err := tx.Exec("UPDATE proof_laid SET tries = $3, error = $4, next_at = $5 WHERE size = $1 AND place = $2 AND laid_at = 0", o.size, o.place, tries, text, db.Micros(tx.Machine().Add(min(wait, layAtMost))))
		return err
	})
}

// Anchor is a root that was made, and where it is.
type Anchor struct {
	Size   int64     `json:"size"`   // of the tree
	Leaves int64     `json:"leaves"` // counted ones since the anchor before
	Cause  string    `json:"cause"`  // batch or wait
	At     time.Time `json:"at"`
	Root   string    `json:"root"` // base64, as the checkpoint has it
	Laid   []Laid    `json:"laid"`
}

// Laid is a root at a place.
type Laid struct {
	Place     string    `json:"place"`
	Reference string    `json:"reference,omitempty"`
	At        time.Time `json:"at,omitzero"` // by the place's own clock; zero: not yet
	Evidence  []byte    `json:"evidence,omitempty"`
	Error     string    `json:"-"` // what stands in the way, for staff
}

// List gives the newest n anchors, newest first; before bounds their size where it is not 0.
func (a *Anchors) List(ctx context.Context, before int64, n int) (all []Anchor, err error) {
	err = a.log.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = anchors(tx, a.log.vkey, "a.size < $1", "DESC", before, n)
		return err
	})
	return all, err
}

// Of gives the anchor that covers a leaf: the first whose tree holds it. ErrWaiting while there is none, db.ErrNone for an unknown leaf.
func (a *Anchors) Of(ctx context.Context, leaf string) (x Anchor, err error) {
	err = a.log.db.Read(ctx, func(tx *db.Tx) error {
		if _, err := db.Value[string](tx, "SELECT kind FROM proof_leaf WHERE id = $1", leaf); err != nil {
			return err
		}
		position, err := db.Value[int64](tx, "SELECT position FROM proof_entry WHERE leaf_id = $1", leaf)
		if errors.Is(err, db.ErrNone) {
			return ErrWaiting
		}
		if err != nil {
			return err
		}
		list, err := anchors(tx, a.log.vkey, "a.size > $1", "ASC", position, 1)
		if err == nil && len(list) == 0 {
			err = ErrWaiting
		}
		if err != nil {
			return err
		}
		x = list[0]
		return nil
	})
	return x, err
}

func anchors(tx *db.Tx, vkey, where, order string, bound int64, n int) ([]Anchor, error) {
	if bound == 0 && order == "DESC" {
		bound = 1 << 62
	}
	list, err := db.List(tx, func(s db.Scanner) (x Anchor, err error) {
		var at int64
		var signed string
		if err = s.Scan(&x.Size, &x.Leaves, &x.Cause, &at, &signed); err != nil {
			return x, err
		}
		x.At = db.Time(at)
		t, err := OpenCheckpoint(signed, vkey)
		x.Root = t.Root()
		return x, err
	}, "SELECT a.size, a.leaves, a.cause, a.at, c.note FROM proof_anchor a JOIN proof_checkpoint c ON c.size = a.size WHERE "+where+" ORDER BY a.size "+order+" LIMIT "+strconv.Itoa(n), bound)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Laid, err = db.List(tx, func(s db.Scanner) (l Laid, err error) {
			var at int64
			if err = s.Scan(&l.Place, &l.Reference, &at, &l.Evidence, &l.Error); at != 0 {
				l.At = db.Time(at)
			}
			return l, err
		}, "SELECT place, reference, laid_at, evidence, error FROM proof_laid WHERE size = $1 ORDER BY place", list[i].Size)
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Standing is how the anchors are, for staff.
type Standing struct {
	Leaves int64     // counted since the last root
	Since  time.Time // the oldest of them
	Late   time.Time // since when a root waits for a place outside; zero: none does
	Error  string    // what stands in its way
}

// lateAfter is how long a root may be on its way to a place before staff are told, by business time.
const lateAfter = 24 * time.Hour

// Standing reads how the anchors are. A root whose place cannot be reached from here at all is late as well.
func (a *Anchors) Standing(ctx context.Context) (s Standing, err error) {
	err = a.log.db.Read(ctx, func(tx *db.Tx) error {
		s = Standing{}
		t, err := readTally(tx)
		if err != nil {
			return err
		}
		if s.Leaves = t.leaves; t.leaves > 0 {
			s.Since = db.Time(t.since)
		}
		var at int64
		err = tx.Get(db.Into(&at, &s.Error), "SELECT a.at, p.error FROM proof_laid p JOIN proof_anchor a ON a.size = p.size WHERE p.laid_at = 0 ORDER BY a.size LIMIT 1")
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		if opened := db.Time(at); err == nil && !opened.Add(lateAfter).After(a.log.db.Now()) {
			s.Late = opened
		}
		return err
	})
	return s, err
}

// Rewritten compares the witness file with the log: place.ErrRewritten when a root that was witnessed is not in it, as after an older state was put back.
func (a *Anchors) Rewritten(ctx context.Context) error {
	lines, err := a.reach.Witness.Lines()
	if err != nil || len(lines) == 0 {
		return err
	}
	last := lines[len(lines)-1]
	return a.log.db.Read(ctx, func(tx *db.Tx) error {
		signed, err := db.Value[string](tx, "SELECT note FROM proof_checkpoint WHERE size = $1", last.Size)
		if errors.Is(err, db.ErrNone) {
			return fmt.Errorf("%w: size %d is not in it", place.ErrRewritten, last.Size)
		}
		if err != nil {
			return err
		}
		t, err := OpenCheckpoint(signed, a.log.vkey)
		if err == nil && place.Root(t.root) != last.Root {
			err = fmt.Errorf("%w: size %d has another root", place.ErrRewritten, last.Size)
		}
		return err
	})
}
