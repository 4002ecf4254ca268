package archiver

import (
	"context"
	"errors"
	"fmt"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/job"
	"entremise/internal/network"
	"entremise/internal/vault"
)

// Service carries deposits out, compares them, has them back and ends them. Safe for concurrent use; several nodes may sweep at once.
type Service struct {
	db       *db.DB
	vault    *vault.Vault
	editions *edition.Store
	driver   Driver
}

// Parts are what the composition root gives.
type Parts struct {
	DB       *db.DB
	Vault    *vault.Vault
	Editions *edition.Store
	Driver   Driver
}

// New makes the service.
func New(p Parts) *Service {
	return &Service{db: p.DB, vault: p.Vault, editions: p.Editions, driver: p.Driver}
}

// Third reports whether somebody else keeps the deposits, or only a folder of this machine.
func (s *Service) Third() bool { return s.driver.Third() }

// Down reports whether the archiver is being spared because he did not answer; for health pages.
func (s *Service) Down() bool {
	g, ok := s.driver.(guarded)
	return ok && g.Down()
}

const jobDelete job.Kind = "archiver.delete" // a deposit whose key is gone: the archiver is to delete it

// Register binds jobs and sweeps.
func (s *Service) Register(r *job.Runner) {
	r.Handle(jobDeliver, s.deliver)
	r.Handle(jobDelete, s.end)
	r.Every("deposits that the archiver is to have or to delete", 10*time.Second, s.sweep)
	r.Every("deposits compared with their digests", time.Minute, s.compareDue)
}

// askAgain is how long after it was asked an archiver who has not answered is asked anew, in business time: by then the job has been given up.
const askAgain = 48 * time.Hour

// sweep orders what is owed and was not asked for yet, and asks anew for what was asked for in vain.
func (s *Service) sweep(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		before := db.Micros(tx.Now().Add(-askAgain))
		owed, err := db.Values[string](tx, "SELECT id FROM archiver_deposit WHERE length(key_sealed) = 0 AND confirmed_at = 0 AND asked_at <= $1 ORDER BY asked_at, id LIMIT 200", before)
		if err != nil {
			return err
		}
		for _, id := range owed {
			if err := order(tx, id); err != nil {
				return err
			}
		}
		waiting, err := db.Values[string](tx, "SELECT id FROM archiver_deposit WHERE length(key_sealed) > 0 AND delivered_at = 0 AND sent_at <= $1 ORDER BY sent_at, id LIMIT 200", before)
		if err != nil {
			return err
		}
		for _, id := range waiting {
			if err := tx.Send("UPDATE archiver_deposit SET sent_at = $2 WHERE id = $1", id, db.Micros(tx.Now())); err != nil {
				return err
			}
			if err := job.Add(tx, jobDeliver, id, 0); err != nil {
				return err
			}
		}
		return nil
	})
}

// order promises in tx that the archiver will be told to delete a deposit. What had not left the house yet, leaves no more.
func order(tx *db.Tx, id string) error {
	if err := tx.Send("UPDATE archiver_deposit SET asked_at = $2, confirmed_at = 0, content = $3, fault = '' WHERE id = $1", id, db.Micros(tx.Now()), []byte{}); err != nil {
		return err
	}
	return job.Add(tx, jobDelete, id, 0)
}

// row is a deposit as this room reads it.
type row struct {
	id, person, record, kind, category, leaf   string
	key, body, digest                          []byte
	driver, ref, version, fault, certificate   string
	at, delivered, until, checked, asked, gone int64
	tries, askedTries, size, faultAt           int64
	end                                        string
}

const columns = `d.id, d.at, d.person_id, d.record_id, d.kind, d.category, d.key_sealed, d.object_hash, d.size, d.leaf_id, d.tries, d.driver, d.receipt, d.version, d.delivered_at, d.until_at,
	d.checked_at, d.fault, d.fault_at, d.asked_at, d.asked_tries, d.confirmed_at, d.certificate, d.end_leaf_id`

func scan(s db.Scanner) (r row, err error) {
	err = s.Scan(&r.id, &r.at, &r.person, &r.record, &r.kind, &r.category, &r.key, &r.digest, &r.size, &r.leaf, &r.tries, &r.driver, &r.ref, &r.version, &r.delivered, &r.until,
		&r.checked, &r.fault, &r.faultAt, &r.asked, &r.askedTries, &r.gone, &r.certificate, &r.end)
	return r, err
}

// get reads a deposit; its content only where it is still here.
func (s *Service) get(ctx context.Context, id string) (r row, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if r, err = db.One(tx, scan, "SELECT "+columns+" FROM archiver_deposit d WHERE d.id = $1", id); err != nil || r.delivered > 0 {
			return err
		}
		r.body, err = db.Value[[]byte](tx, "SELECT content FROM archiver_deposit WHERE id = $1", id)
		return err
	})
	return r, err
}

// deliver is the handler of jobDeliver. A process that dies between the archiver's receipt and its row finds the receipt again. A deposit that
// ended meanwhile does not leave any more, and since it may have left before, its deletion is ordered anew.
func (s *Service) deliver(ctx context.Context, id string) error {
	d, err := s.get(ctx, id)
	if errors.Is(err, db.ErrNone) || err == nil && d.delivered > 0 {
		return nil
	}
	if err != nil {
		return err
	}
	if len(d.key) == 0 {
		return s.db.Write(ctx, func(tx *db.Tx) error { return order(tx, id) })
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return err
	}
	until := n.LockedUntil(network.Category(d.category), db.Time(d.at))
	if until.IsZero() {
		err = errors.New("archiver: no purpose of the network passes this to an archiver any more")
	} else {
		var receipt Receipt
		if receipt, err = s.driver.Store(ctx, Object{Name: id, Kind: d.kind, Body: d.body, Hash: [32]byte(d.digest), Until: until}); err == nil {
			return s.keep(ctx, id, receipt)
		}
		err = fmt.Errorf("archiver: %s gives no receipt: %w", s.driver.Name(), err)
	}
	return job.With(err, func(tx *db.Tx) error {
		return tx.Send("UPDATE archiver_deposit SET tries = tries + 1 WHERE id = $1", id)
	})
}

// keep stores a receipt, once; the content leaves the row.
func (s *Service) keep(ctx context.Context, id string, r Receipt) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		var left int64
		err := tx.Get(db.Into(&left), `UPDATE archiver_deposit SET driver = $2, receipt = $3, version = $4, until_at = $5, delivered_at = $6, checked_at = $6, content = $7
			WHERE id = $1 AND delivered_at = 0 RETURNING length(key_sealed)`, id, s.driver.Name(), r.Ref, r.Version, db.Micros(r.Until), db.Micros(tx.Now()), []byte{})
		if errors.Is(err, db.ErrNone) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := audit.Write(tx, auth.Machine.Name(), string(auth.System), "archiver.deposit", id, s.driver.Name()); err != nil || left > 0 {
			return err
		}
		return order(tx, id) // it ended on its way
	})
}

// Deletion: the order and its confirmation.

// end is the handler of jobDelete: the archiver is told until he confirms. Each try in vain is counted.
func (s *Service) end(ctx context.Context, id string) error {
	d, err := s.get(ctx, id)
	if errors.Is(err, db.ErrNone) || err == nil && (len(d.key) > 0 || d.gone > 0) {
		return nil
	}
	if err != nil {
		return err
	}
	var confirmation string
	if err = s.mine(d); err == nil {
		confirmation, err = s.driver.Delete(ctx, id)
	}
	if err != nil {
		return job.With(fmt.Errorf("archiver: %s does not confirm: %w", s.driver.Name(), err), func(tx *db.Tx) error {
			return tx.Send("UPDATE archiver_deposit SET asked_tries = asked_tries + 1 WHERE id = $1", id)
		})
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec("UPDATE archiver_deposit SET confirmed_at = $2 WHERE id = $1 AND length(key_sealed) = 0 AND confirmed_at = 0", id, db.Micros(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		text := certificate(d, tx.Now(), confirmation)
		leaf, err := commitEnd(tx, id, text)
		if err != nil {
			return err
		}
		if err := tx.Send("UPDATE archiver_deposit SET certificate = $2, end_leaf_id = $3 WHERE id = $1", id, text, leaf); err != nil {
			return err
		}
		return audit.Write(tx, auth.Machine.Name(), string(auth.System), "archiver.gone", id, "")
	})
}

// mine refuses a deposit that another driver took: of it this one knows nothing, and would confirm that nothing is left.
func (s *Service) mine(d row) error {
	if d.driver != "" && d.driver != s.driver.Name() {
		return fmt.Errorf("it was deposited with the driver %s: start the program with that one", d.driver)
	}
	return nil
}
