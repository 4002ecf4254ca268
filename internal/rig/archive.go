package rig

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"entremise/internal/archiver"
)

// Archive is the archiver: a folder of the test's, until it is given another driver. Safe for concurrent use.
type Archive struct {
	Dir string // of the folder

	mu     sync.Mutex
	driver archiver.Driver
	refuse error
	after  func()
}

func newArchive(t testing.TB, now func() time.Time) *Archive {
	t.Helper()
	a := &Archive{Dir: filepath.Join(t.TempDir(), "archiver")}
	f, err := archiver.OpenFolder(a.Dir, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	a.driver = f
	return a
}

// Use puts another driver in the place of the folder.
func (a *Archive) Use(d archiver.Driver) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.driver = d
}

// Refuse makes it answer every order with an error; nil takes them again.
func (a *Archive) Refuse(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = err
}

// After runs f once the next object was stored, before its receipt is answered: a process that dies there panics in it.
func (a *Archive) After(f func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.after = f
}

func (a *Archive) now() (archiver.Driver, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.driver, a.refuse
}

// Name is the driver's.
func (a *Archive) Name() string { d, _ := a.now(); return d.Name() }

// Third is the driver's.
func (a *Archive) Third() bool { d, _ := a.now(); return d.Third() }

// Store is the driver's.
func (a *Archive) Store(ctx context.Context, o archiver.Object) (archiver.Receipt, error) {
	d, err := a.now()
	if err != nil {
		return archiver.Receipt{}, err
	}
	r, err := d.Store(ctx, o)
	a.mu.Lock()
	after := a.after
	a.after = nil
	a.mu.Unlock()
	if after != nil && err == nil {
		after()
	}
	return r, err
}

// Fetch is the driver's.
func (a *Archive) Fetch(ctx context.Context, name, version string) ([]byte, error) {
	d, err := a.now()
	if err != nil {
		return nil, err
	}
	return d.Fetch(ctx, name, version)
}

// Delete is the driver's.
func (a *Archive) Delete(ctx context.Context, name string) (string, error) {
	d, err := a.now()
	if err != nil {
		return "", err
	}
	return d.Delete(ctx, name)
}
