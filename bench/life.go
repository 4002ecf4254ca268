package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"entremise/internal/app"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/edition"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/request"
	"entremise/internal/vault"
	"entremise/networks"
)

// A house of people, on SQLite, whose clock we turn: each with a request in the tables of the product, sealed under keys of his own. It is the
// engine that is measured here, and not the forms; eight statements make what an intake leaves of personal data.
type lives struct {
	db, keys *db.DB
	vault    *vault.Vault
	n        *network.Network
	life     *privacy.Engine
	now      atomic.Int64
	made     int
	// settle brings a server to the state in which years leave it: what autovacuum does soon after fifty thousand people arrive in a minute is
	// otherwise done during the sweep that is measured, on the same two cores.
	settle func(context.Context) error
}

func openLives(ctx context.Context, dir string, main, keys db.Options) (l *lives, err error) {
	l = &lives{settle: func(context.Context) error { return nil }}
	l.now.Store(time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC).UnixMicro())
	clocks := db.Clocks{Business: func() time.Time { return time.UnixMicro(l.now.Load()) }, Machine: time.Now}
	main.Clocks, keys.Clocks, keys.Schema = clocks, clocks, vault.KeySchema()
	if l.db, err = db.Open(ctx, main); err != nil {
		return nil, err
	}
	if l.keys, err = db.Open(ctx, keys); err != nil {
		return nil, errors.Join(err, l.db.Close())
	}
	if l.vault, err = vault.New(l.db, l.keys, bytes.Repeat([]byte{7}, vault.MasterSize), bytes.Repeat([]byte{9}, vault.MasterSize)); err != nil {
		return nil, errors.Join(err, l.close())
	}
	folder, err := networks.Open("emergency-trades")
	if err != nil {
		return nil, errors.Join(err, l.close())
	}
	editions := edition.New(l.db)
	if l.n, _, err = editions.Apply(ctx, "system", folder); err != nil {
		return nil, errors.Join(err, l.close())
	}
	l.life = privacy.NewEngine(privacy.Parts{DB: l.db, Vault: l.vault, Editions: editions, Holdings: app.Holdings(), Remains: map[string]privacy.Remains{"req": request.Remains},
		Endings: privacy.EndingsIn(filepath.Join(dir, "erasures.jsonl"))})
	return l, nil
}

func (l *lives) close() error { return errors.Join(l.db.Close(), l.keys.Close()) }

// people makes n people with a request each that is over at since.
func (l *lives) people(ctx context.Context, n int, since time.Time) (ids []string, err error) {
	const part = 200
	for len(ids) < n {
		rings := make([]*vault.Ring, min(part, n-len(ids)))
		people := make([]string, len(rings))
		for i := range rings {
			people[i] = l.db.NewID("per")
			if rings[i], err = l.vault.New(ctx, people[i], "identity", "contact", "need", "place", "messages", "consent", "connection"); err != nil {
				return ids, err
			}
		}
		err := l.db.Write(ctx, func(tx *db.Tx) error {
			for i, ring := range rings {
				if err := l.person(tx, ring, people[i], l.made+len(ids)+i, since); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return ids, err
		}
		ids = append(ids, people...)
	}
	l.made += n
	return ids, nil
}

func (l *lives) person(tx *db.Tx, ring *vault.Ring, who string, number int, since time.Time) error {
	if err := ring.Assign(tx); err != nil {
		return err
	}
	seal := func(category, table, column, row, text string) []byte {
		return ring.SealText(category, vault.Place{Table: table, Column: column, Row: row}, text)
	}
	name, phone := fmt.Sprintf("Camille Essai %d", number), fmt.Sprintf("+3363998%04d", number%10000)
	if err := tx.Send("INSERT INTO person (id, at, kind, lang, name_sealed, company_sealed, phone_sealed, phone_bidx, email_sealed, email_bidx, phone_verified_at) VALUES ($1, $2, 'person', 'fr', $3, $4, $5, $6, $4, '', 0)",
		who, db.Micros(since), seal("identity", "person", "name_sealed", who, name), []byte{}, seal("contact", "person", "phone_sealed", who, phone), l.vault.Index("phone", phone+strconv.Itoa(number))); err != nil {
		return err
	}
	if err := tx.Send("INSERT INTO person_word (word_bidx, person_id) VALUES ($1, $2)", l.vault.Index("word", "essai"), who); err != nil {
		return err
	}
	id := tx.NewID("req")
	if err := tx.Send(`INSERT INTO request (id, ref, person_id, at, edition, site, channel, source, trade, insee, postcode, urgency, intent, answers, words_sealed, street_sealed, address_sealed, address_bidx,
		state, state_at, seats, sold, price_minor, vat_rate, price_reasons, priced_by, taken_by, taken_until, qualified_by, qualified_at, published_at, published_machine_at, link_generation, stopped_at, frozen_at, draft_sealed)
		VALUES ($1, $2, $3, $4, $5, 'depanneurs.example', 'form', '', 'plombier', '30189', '30000', 'now', '', '{}', $6, $7, $8, $9, 'closed', $4, 0, 0, 0, 0, '[]', '', '', 0, '', 0, 0, 0, 1, 0, 0, $10)`,
		id, id[4:], who, db.Micros(since), l.n.Hash(), seal("need", "request", "words_sealed", id, "{}"), seal("place", "request", "street_sealed", id, "12 rue de l’Essai"),
		seal("connection", "request", "address_sealed", id, "192.0.2.7"), l.vault.Index("address", strconv.Itoa(number)), []byte{}); err != nil {
		return err
	}
	message := tx.NewID("msg")
	if err := tx.Send(`INSERT INTO message (id, at, person_id, object, channel, kind, purpose, to_sealed, to_bidx, subject_sealed, body_sealed, state, tries, sent_at, machine_at, sent_machine_at, error)
		VALUES ($1, $2, $3, $4, 'sms', 'taken', '', $5, $6, $7, $8, 'sent', 1, $2, $2, $2, '')`,
		message, db.Micros(since), who, id, seal("messages", "message", "to_sealed", message, phone), l.vault.Index("sms", phone), []byte{}, seal("messages", "message", "body_sealed", message, "Votre demande est prise.")); err != nil {
		return err
	}
	return tx.Send("INSERT INTO holding (person_id, record, purpose, since, phase, base, categories) VALUES ($1, $2, 'introduce', $3, 'archived', $3, 'identity contact need place messages'), ($1, $2, 'secure', $3, 'kept', $3, 'connection')",
		who, id, db.Micros(since))
}

// sweepSize is how many people become due at once, and stored how many more are there in the second half, of whom nobody is due.
const (
	sweepSize = 4000
	stored    = 40000
)

// sweeps measures the sweep of what is due, alone and with ten times as many people stored who are not.
func (l *lives) sweeps(ctx context.Context, engine string) (r result, err error) {
	start := time.UnixMicro(l.now.Load())
	sweep := func() (people, processor float64, err error) {
		// Nine years ago: past the active time, the archive and the journal alike.
		if _, err := l.people(ctx, sweepSize, start.AddDate(-9, 0, 0)); err != nil {
			return 0, 0, err
		}
		if err := l.settle(ctx); err != nil {
			return 0, 0, err
		}
		begun, used := time.Now(), processorTime()
		done, err := l.life.Run(ctx)
		if err == nil && done.Erased < sweepSize {
			err = fmt.Errorf("the sweep erased %d of %d", done.Erased, sweepSize)
		}
		return sweepSize / time.Since(begun).Seconds(), sweepSize / (processorTime() - used).Seconds(), err
	}
	alone, _, err := sweep()
	if err != nil {
		return r, err
	}
	if _, err := l.people(ctx, stored, start); err != nil {
		return r, err
	}
	among, processor, err := sweep()
	return result{Name: "9 · sweep of people whose time is over, each with a request and a message: rows emptied, ledger, keys destroyed, " + engine, Value: fmt.Sprintf("%.0f people/s, %.0f records/s", among, 3*among),
		Beside: fmt.Sprintf("%.0f people/s for each second of our processor; %.0f people/s before %d were stored who are not due: cost ×%.2f", processor, alone, stored, alone/among), Bar: "≥ 10,000 records/s"}, err
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measureLifePostgres is the sweep on a server of this run.
func measureLifePostgres(ctx context.Context, b *bench) (r result, err error) {
	dir := filepath.Join(b.scratch, "life")
	if err := os.Mkdir(dir, 0o711); err != nil {
		return r, err
	}
	pg, err := startPostgres(ctx, dir)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	var urls []string
	for _, name := range []string{"life", "life_keys"} {
		if err := pg.exec(ctx, "CREATE DATABASE "+name); err != nil {
			return r, err
		}
		urls = append(urls, strings.Replace(pg.url, "/postgres?", "/"+name+"?", 1))
	}
	l, err := openLives(ctx, dir, db.Options{URL: urls[0]}, db.Options{URL: urls[1]})
	if err != nil {
		return r, err
	}
	l.settle = func(ctx context.Context) error {
		for _, url := range urls {
			if err := errors.Join(execAt(ctx, url, "VACUUM (ANALYZE)"), execAt(ctx, url, "CHECKPOINT")); err != nil {
				return err
			}
		}
		return nil
	}
	r, err = l.sweeps(ctx, "PostgreSQL, vacuumed before")
	return r, errors.Join(err, l.close())
}

// measureLife is row 9: erasure of one person, eight at a time, and the sweep of what is due, with ten times as many people stored who are not.
func measureLife(ctx context.Context, b *bench) (all []result, err error) {
	l, err := openLives(ctx, b.scratch, db.Options{Path: filepath.Join(b.scratch, "main.db")}, db.Options{Path: filepath.Join(b.scratch, "keys.db")})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	start := time.UnixMicro(l.now.Load())
	swept, err := l.sweeps(ctx, "SQLite")
	if err != nil {
		return nil, err
	}
	all = append(all, swept)
	if swept, err = measureLifePostgres(ctx, b); err != nil {
		return nil, err
	}
	all = append(all, swept)

	people, err := l.people(ctx, 1600, start)
	if err != nil {
		return nil, err
	}
	next := make(chan string)
	var failed atomic.Int64
	var first atomic.Value
	var wg sync.WaitGroup
	begun := time.Now()
	for range 8 {
		wg.Go(func() {
			for who := range next {
				if _, err := l.life.Erase(ctx, auth.Machine, who, privacy.Scope{}, "bench"); err != nil {
					failed.Add(1)
					first.CompareAndSwap(nil, err.Error())
				}
			}
		})
	}
	for _, who := range people {
		next <- who
	}
	close(next)
	wg.Wait()
	took := time.Since(begun)
	beside := fmt.Sprintf("%d refused", failed.Load())
	if why := first.Load(); why != nil {
		beside += fmt.Sprint(", the first: ", why)
	}
	all = append(all, result{Name: "9 · erasure of one person by right, eight at a time, keys destroyed when answered", Value: fmt.Sprintf("%.0f/s", float64(len(people))/took.Seconds()), Beside: beside, Bar: "≥ 371/s (Databunker alone, quoted), none refused"})
	begun = time.Now()
	certified := 0
	for {
		n, err := l.life.Certify(ctx, privacy.ScanRows(l.db, l.keys))
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		if certified += n; time.Since(begun) > 4*b.each {
			break
		}
	}
	all = append(all, result{Name: "9 · certificates, each batch after one look at every row", Value: fmt.Sprintf("%.0f/s", float64(certified)/time.Since(begun).Seconds()), Beside: fmt.Sprintf("%d certified, %d people stored", certified, l.made)})
	return all, nil
}
