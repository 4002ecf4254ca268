package archiver

import (
	"context"
	"crypto/sha256"
	"errors"
	"time"

	"entremise/internal/job"
	"entremise/internal/notify"
)

// Object is what goes to an archiver: ciphertext under a random name.
type Object struct {
	Name  string
	Kind  string // a word of the network file
	Body  []byte
	Hash  [sha256.Size]byte // of Body
	Until time.Time         // locked until then
}

// Receipt is an archiver's word that he keeps an object.
type Receipt struct {
	Ref     string // where he keeps it
	Version string // which version of it
	Until   time.Time
}

// Driver is a way to an archiver. Every method may be called again with the same arguments, from several goroutines.
type Driver interface {
	// Name is the driver's word in the network file, and Third whether it is somebody else who keeps: a folder of one's own is none.
	Name() string
	Third() bool
	// Store hands an object over. An object that is there already with the same digest is not stored again: its receipt is found.
	Store(ctx context.Context, o Object) (Receipt, error)
	// Fetch answers the bytes of one version; ErrMissing when the archiver says that there is none.
	Fetch(ctx context.Context, name, version string) ([]byte, error)
	// Delete removes every version of an object in spite of its lock, since it is ordered by law. What it answers is the archiver's confirmation that
	// nothing is left, also of an object of which there was nothing.
	Delete(ctx context.Context, name string) (confirmation string, err error)
}

// ErrMissing says that an archiver does not have what he gave a receipt for.
var ErrMissing = errors.New("archiver: the object is not there")

// errOutage marks errors after which an archiver is spared for a while: he did not answer, or said that he cannot.
var errOutage = errors.New("archiver: it does not answer")

// Guarded is a driver that spares an archiver who is down: jobs come again when he may be back.
func Guarded(d Driver, now func() time.Time) Driver {
	return guarded{d, notify.NewBreaker(5, 30*time.Second, 10*time.Minute, now)}
}

type guarded struct {
	Driver
	breaker *notify.Breaker
}

// Down reports whether the archiver is being spared.
func (g guarded) Down() bool { return g.breaker.Open() }

func (g guarded) do(f func() error) error {
	var err error
	d := g.breaker.Do(func() notify.Delivery {
		if err = f(); errors.Is(err, errOutage) {
			return notify.Delivery{Outcome: notify.Later}
		}
		return notify.Delivery{Outcome: notify.Sent}
	})
	if err == nil && d.Again() {
		err = job.Retry{After: d.Wait, Err: errOutage}
	}
	return err
}

func (g guarded) Store(ctx context.Context, o Object) (r Receipt, err error) {
	err = g.do(func() (err error) { r, err = g.Driver.Store(ctx, o); return err })
	return r, err
}

func (g guarded) Fetch(ctx context.Context, name, version string) (body []byte, err error) {
	err = g.do(func() (err error) { body, err = g.Driver.Fetch(ctx, name, version); return err })
	return body, err
}

func (g guarded) Delete(ctx context.Context, name string) (confirmation string, err error) {
	err = g.do(func() (err error) { confirmation, err = g.Driver.Delete(ctx, name); return err })
	return confirmation, err
}
