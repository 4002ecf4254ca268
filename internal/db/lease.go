package db

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrLost says that another node leads now; what the closure did is given up with it.
var ErrLost = errors.New("db: another node holds the lease")

// leaseQuiet is how long the holder's beat must stand still, on the observer's own monotonic clock, before another may take over. No
// two machines' clocks are ever compared.
const leaseQuiet = 5 * time.Second

// Lease lets one node at a time do what needs an order: number invoices, sequence the proof log. It is advice until [Lease.Guard] runs inside
// the transaction: that is what makes two leaders impossible.
type Lease struct {
	db     *DB
	name   string
	holder string

	mu    sync.Mutex
	epoch int64     // ours, 0 while another leads
	beat  int64     // the other's, as last seen
	since time.Time // when it was first seen so
	mine  time.Time // our own last beat; monotonic, like since
}

// leaseBeat is how often at most the holder writes that it lives.
const leaseBeat = leaseQuiet / 10

// Lease names a lease; nothing is taken yet.
func (d *DB) Lease(name string) *Lease { return &Lease{db: d, name: name, holder: d.wake.node} }

// Hold takes the lease or keeps it, and answers whether this node leads. Call it again and again, at least every second. With SQLite the data
// folder is locked by one process, so whoever asks leads, and nothing is written.
func (l *Lease) Hold(ctx context.Context) (bool, error) {
	if l.db.dialect == SQLite {
		return true, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch > 0 && time.Since(l.mine) < leaseBeat {
		return true, nil // Guard finds out if it is not so
	}
	leads := false
	var beat int64
	err := l.db.WriteGuarded(ctx, func(tx *Tx) error {
		leads = false
		if l.epoch > 0 {
			n, err := tx.Exec("UPDATE lease SET beat = beat + 1 WHERE name = $1 AND holder = $2 AND epoch = $3", l.name, l.holder, l.epoch)
			if err != nil || n == 1 {
				leads = n == 1
				return err
			}
		}
		if _, err := tx.Exec("INSERT INTO lease (name, holder, epoch, beat) VALUES ($1, '', 0, 0) ON CONFLICT (name) DO NOTHING", l.name); err != nil {
			return err
		}
		var holder string
		var epoch int64
		if err := tx.Get(Into(&holder, &epoch, &beat), "SELECT holder, epoch, beat FROM lease WHERE name = $1", l.name); err != nil {
			return err
		}
		quiet := !l.since.IsZero() && beat == l.beat && time.Since(l.since) >= leaseQuiet
		if holder != "" && !quiet {
			return nil
		}
		n, err := tx.Exec("UPDATE lease SET holder = $2, epoch = epoch + 1, beat = beat + 1 WHERE name = $1 AND epoch = $3 AND beat = $4", l.name, l.holder, epoch, beat)
		if err != nil || n == 0 {
			return err
		}
		leads, l.epoch = true, epoch+1
		return nil
	})
	if err != nil {
		return false, err
	}
	l.mine = time.Now()
	if !leads {
		l.epoch = 0
		if l.since.IsZero() || beat != l.beat {
			l.beat, l.since = beat, time.Now() // monotonic: only ever compared with itself
		}
	}
	return leads, nil
}

// Guard belongs first in every transaction of a leaseholder: it answers ErrLost when another took over meanwhile.
func (l *Lease) Guard(tx *Tx) error {
	if l.db.dialect == SQLite {
		return nil
	}
	l.mu.Lock()
	epoch := l.epoch
	l.mu.Unlock()
	n, err := tx.Exec("UPDATE lease SET beat = beat + 1 WHERE name = $1 AND holder = $2 AND epoch = $3", l.name, l.holder, epoch)
	if err != nil || n == 1 {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch == epoch {
		l.epoch = 0
	}
	return ErrLost
}
