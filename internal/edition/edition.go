// Package edition keeps the versions of the network file that were applied, whole and by hash.
//
// Nodes take the network from here and not from a folder, so that all of them obey the same words. A request keeps the edition that it was
// made under: its form and price follow that one; durations follow the edition in force.
package edition

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"entremise/internal/audit"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
)

// Store reads and applies editions. Parsed editions are kept: they never change under their hash. Safe for concurrent use.
type Store struct {
	db     *db.DB
	mu     sync.RWMutex
	parsed map[string]*network.Network
	latest current
}

type current struct {
	hash  string
	until time.Time // machine time after which the database is asked again
}

// New makes a store.
func New(d *db.DB) *Store { return &Store{db: d, parsed: map[string]*network.Network{}} }

// ErrNone says that no edition is in force yet.
var ErrNone = fault.New(fault.Unavailable, "no-edition", fault.T("Ce réseau n’a pas encore de règlement en vigueur.", "This network has no edition in force yet."))

// Apply checks a network folder and stores it. The same folder twice is one edition. Problems that refuse come back as they are.
func (s *Store) Apply(ctx context.Context, actor string, folder fs.FS) (*network.Network, []network.Problem, error) {
	n, problems := network.Read(folder)
	if n == nil {
		return nil, problems, nil
	}
	bundle, hash, err := network.Pack(folder)
	if err != nil {
		return nil, problems, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		other, err := db.Values[string](tx, "SELECT network FROM edition WHERE network <> $1 LIMIT 1", n.Network)
		if err != nil {
			return err
		}
		if len(other) > 0 {
			return fault.New(fault.Conflict, "another-network", fault.Tf("Ce dossier de données est celui du réseau %s.", "This data folder belongs to the network %s.", other[0]))
		}
		added, err := tx.Exec("INSERT INTO edition (hash, network, in_force_on, applied_at, applied_by, bundle) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO NOTHING",
			hash, n.Network, string(n.InForce), db.Micros(tx.Now()), actor, bundle)
		if err != nil || added == 0 {
			return err
		}
		tx.Wake("edition")
		return audit.Write(tx, actor, "administrator", "edition.apply", hash, string(n.InForce))
	})
	if err != nil {
		return nil, problems, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parsed[hash] = n
	s.latest = current{}
	return n, problems, nil
}

// InForce is the edition that applies now: of those whose date has come, the one of the latest date, and of these the last applied. Before the
// first date of all, the first edition applies: a network cannot be served without one. A node learns of a new one within a second.
func (s *Store) InForce(ctx context.Context) (*network.Network, error) {
	s.mu.RLock()
	latest := s.latest
	n := s.parsed[latest.hash]
	s.mu.RUnlock()
	if n != nil && s.db.Machine().Before(latest.until) {
		return n, nil
	}
	var hash string
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		hash, err = db.Value[string](tx, "SELECT hash FROM edition WHERE in_force_on <= $1 ORDER BY in_force_on DESC, applied_at DESC, hash LIMIT 1", tx.Now().In(geo.Paris()).Format(time.DateOnly))
		if errors.Is(err, db.ErrNone) {
			hash, err = db.Value[string](tx, "SELECT hash FROM edition ORDER BY in_force_on, applied_at DESC, hash LIMIT 1")
		}
		return err
	})
	if errors.Is(err, db.ErrNone) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	n, err = s.Get(ctx, hash)
	if err == nil {
		s.mu.Lock()
		s.latest = current{hash: hash, until: s.db.Machine().Add(time.Second)}
		s.mu.Unlock()
	}
	return n, err
}

// Get is a stored edition by its hash.
func (s *Store) Get(ctx context.Context, hash string) (*network.Network, error) {
	s.mu.RLock()
	n := s.parsed[hash]
	s.mu.RUnlock()
	if n != nil {
		return n, nil
	}
	var bundle []byte
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		bundle, err = db.Value[[]byte](tx, "SELECT bundle FROM edition WHERE hash = $1", hash)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("edition %s: %w", hash, err)
	}
	folder, err := network.Unpack(bundle)
	if err != nil {
		return nil, fmt.Errorf("edition %s: %w", hash, err)
	}
	n, problems := network.Load(folder)
	if n == nil {
		var all []string
		for _, p := range problems {
			all = append(all, p.Say("en"))
		}
		return nil, fmt.Errorf("edition %s no longer reads: %s", hash, strings.Join(all, "; "))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parsed[hash] = n
	return n, nil
}

// Entry is a stored edition in a list.
type Entry struct {
	Hash, InForce, By string
	Applied           time.Time
}

// List returns every edition, newest first.
func (s *Store) List(ctx context.Context) (all []Entry, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(r db.Scanner) (e Entry, err error) {
			var at int64
			err = r.Scan(&e.Hash, &e.InForce, &e.By, &at)
			e.Applied = db.Time(at)
			return e, err
		}, "SELECT hash, in_force_on, applied_by, applied_at FROM edition ORDER BY in_force_on DESC, applied_at DESC, hash")
		return err
	})
	return all, err
}
