package archiver

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
)

// State of a deposit.
type State string

// States.
const (
	Waiting State = "waiting" // not with the archiver yet
	Kept    State = "kept"
	Owed    State = "owed" // its key is gone here, and the archiver has not confirmed that he deleted it
	Gone    State = "gone" // he has
)

// Line is a deposit as staff see it: of its document nothing, of its person the id.
type Line struct {
	ID, Record  string
	Kind        network.Deposited
	State       State
	At          time.Time
	Bytes       int // of the ciphertext
	Digest      string
	Leaf        string // of the deposit, in the proof log
	Delivered   time.Time
	Tries       int // in vain, to deliver
	Driver      string
	Receipt     string // where the archiver keeps it
	Version     string
	Until       time.Time // locked until then
	Checked     time.Time // compared last
	Wrong       string    // Changed or Lost; empty
	WrongAt     time.Time
	Asked       time.Time // the deletion was ordered
	AskedTries  int       // in vain
	Confirmed   time.Time
	Certificate string // of the deletion
	End         string // its leaf
}

func (r row) line() Line {
	l := Line{ID: r.id, Record: r.record, Kind: network.Deposited(r.kind), At: db.Time(r.at), Bytes: int(r.size), Digest: hex.EncodeToString(r.digest), Leaf: r.leaf, Delivered: db.Time(r.delivered),
		Tries: int(r.tries), Driver: r.driver, Receipt: r.ref, Version: r.version, Until: db.Time(r.until), Checked: db.Time(r.checked), Wrong: r.fault, WrongAt: db.Time(r.faultAt), Asked: db.Time(r.asked),
		AskedTries: int(r.askedTries), Confirmed: db.Time(r.gone), Certificate: r.certificate, End: r.end}
	switch {
	case r.gone > 0:
		l.State = Gone
	case len(r.key) == 0:
		l.State = Owed
	case r.delivered > 0:
		l.State = Kept
	default:
		l.State = Waiting
	}
	return l
}

// Overview is what stands at the archiver's, in figures.
type Overview struct {
	Third                             bool // somebody else keeps it
	Down                              bool // he does not answer now
	Waiting, Kept, Owed, Gone, Broken int64
}

// mayOversee lets those who watch over retention, and those who may have a deposit back, see what stands where.
func mayOversee(a auth.Actor) error {
	if a.Can(auth.ArchiveOpen) {
		return nil
	}
	return a.May(auth.RetentionRead)
}

// Overview counts the deposits by state.
func (s *Service) Overview(ctx context.Context, actor auth.Actor) (o Overview, err error) {
	if err := mayOversee(actor); err != nil {
		return o, err
	}
	o.Third, o.Down = s.Third(), s.Down()
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		for _, c := range []struct {
			into  *int64
			where string
		}{{&o.Waiting, "length(key_sealed) > 0 AND delivered_at = 0"}, {&o.Kept, "length(key_sealed) > 0 AND delivered_at > 0"}, {&o.Owed, "length(key_sealed) = 0 AND confirmed_at = 0"},
			{&o.Gone, "confirmed_at > 0"}, {&o.Broken, "fault <> ''"}} {
			if *c.into, err = db.Value[int64](tx, "SELECT count(*) FROM archiver_deposit WHERE "+c.where); err != nil {
				return err
			}
		}
		return nil
	})
	return o, err
}

// overdue is after how long, in business time, an archiver who has said nothing is late even if no try has failed.
const overdue = 24 * time.Hour

// Late lists what somebody must look into: deposits that are wrong at the archiver's, deletions that he has not confirmed after at least one try
// or a day (RN-98), and deposits that he has not taken likewise; of each at most n, longest waiting first.
func (s *Service) Late(ctx context.Context, actor auth.Actor, n int) (all []Line, err error) {
	if err := mayOversee(actor); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all = nil
		before := db.Micros(tx.Now().Add(-overdue))
		for _, where := range []string{
			"d.fault <> '' AND d.fault_at >= $1 ORDER BY d.fault_at, d.id",
			"length(d.key_sealed) = 0 AND d.confirmed_at = 0 AND d.asked_at > 0 AND (d.asked_tries > 0 OR d.asked_at <= $1) ORDER BY d.asked_at, d.id",
			"length(d.key_sealed) > 0 AND d.delivered_at = 0 AND (d.tries > 0 OR d.at <= $1) ORDER BY d.at, d.id",
		} {
			since := before
			if where[:7] == "d.fault" {
				since = 0
			}
			rows, err := db.List(tx, scan, "SELECT "+columns+" FROM archiver_deposit d WHERE "+where+" LIMIT $2", since, n)
			if err != nil {
				return err
			}
			for _, r := range rows {
				all = append(all, r.line())
			}
		}
		return nil
	})
	return all, err
}

// Newest lists what the archiver keeps or is to have, newest first, at most n.
func (s *Service) Newest(ctx context.Context, actor auth.Actor, n int) ([]Line, error) {
	return s.list(ctx, actor, "length(d.key_sealed) > 0 ORDER BY d.at DESC, d.id DESC", n)
}

// Ended lists the deletions that the archiver confirmed, newest first, at most n.
func (s *Service) Ended(ctx context.Context, actor auth.Actor, n int) ([]Line, error) {
	return s.list(ctx, actor, "d.confirmed_at > 0 ORDER BY d.confirmed_at DESC, d.id DESC", n)
}

func (s *Service) list(ctx context.Context, actor auth.Actor, where string, n int) (all []Line, err error) {
	if err := mayOversee(actor); err != nil {
		return nil, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		rows, err := db.List(tx, scan, "SELECT "+columns+" FROM archiver_deposit d WHERE "+where+" LIMIT $1", n)
		all = make([]Line, len(rows))
		for i, r := range rows {
			all[i] = r.line()
		}
		return err
	})
	return all, err
}

// Get is one deposit; a fault of kind Missing when there is none of that id.
func (s *Service) Get(ctx context.Context, actor auth.Actor, id string) (Line, error) {
	if err := mayOversee(actor); err != nil {
		return Line{}, err
	}
	r, err := s.get(ctx, id)
	if errors.Is(err, db.ErrNone) {
		err = errNone
	}
	return r.line(), err
}

// DepositsOf lists in tx the deposits of a record, oldest first, for the room that made them.
func DepositsOf(tx *db.Tx, record string) (all []Line, err error) {
	rows, err := db.List(tx, scan, "SELECT "+columns+" FROM archiver_deposit d WHERE d.record_id = $1 ORDER BY d.at, d.id", record)
	for _, r := range rows {
		all = append(all, r.line())
	}
	return all, err
}

// Carried is when the archiver first received a document of somebody; zero when he received none.
func Carried(tx *db.Tx, person string) (time.Time, error) {
	at, err := db.Value[int64](tx, "SELECT coalesce(min(delivered_at), 0) FROM archiver_deposit WHERE person_id = $1 AND delivered_at > 0", person)
	return db.Time(at), err
}

var (
	errNone = fault.New(fault.Missing, "no-deposit", fault.T("Ce dépôt n’existe pas.", "There is no such deposit."))
	errOver = fault.New(fault.Missing, "deposit-over", fault.T("Ce dépôt est effacé : sa clé n’existe plus.", "This deposit is erased: its key is gone."))
)

// EndedOf lists in tx the deposits of people whose keys are gone, by id: what the archiver is to delete, or has.
func EndedOf(tx *db.Tx, people ...string) (ids []string, err error) {
	if len(people) == 0 {
		return nil, nil
	}
	var args []any
	return db.Values[string](tx, "SELECT id FROM archiver_deposit WHERE person_id IN ("+db.In(&args, people)+") AND length(key_sealed) = 0 ORDER BY id", args...)
}

// ConfirmedAt is when the archiver confirmed in tx that nothing of a deposit is left; zero while he has not.
func ConfirmedAt(tx *db.Tx, id string) (time.Time, error) {
	at, err := db.Value[int64](tx, "SELECT coalesce(max(confirmed_at), 0) FROM archiver_deposit WHERE id = $1", id)
	return db.Time(at), err
}
