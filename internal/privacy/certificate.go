package privacy

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/network"
	"entremise/internal/proof"
)

// A Scan looks for needles everywhere that the instance writes, and answers in how many places it looked and where it found one, by name and never
// by what stands there.
type Scan func(ctx context.Context, needles [][]byte) (places int, found []string, err error)

// Certificate says what was erased, what law keeps, and that nothing else was found. It names nobody but by his id.
type Certificate struct {
	ID        string     `json:"id"`
	Person    string     `json:"person"`
	Why       string     `json:"why"` // reference of the request
	Erased    time.Time  `json:"erased_at"`
	Certified time.Time  `json:"certified_at"`
	What      []string   `json:"erased"`
	Kept      []Survivor `json:"kept"`
	Needles   int        `json:"values_looked_for"`
	Places    int        `json:"places_searched"`
	Horizon   string     `json:"horizon"`
	Nonce     string     `json:"nonce"` // makes its commitment in the proof log say nothing to who does not have it
	Leaf      string     `json:"-"`
}

// horizon is what a certificate says of copies that a running engine cannot reach.
const horizon = "The keys are destroyed: copies in the write-ahead log and in backups of the database are unreadable at once. A backup of the key store, kept for seven days at most, " +
	"cannot be served before the ledger of erasures is replayed over it."

// needles are what a person is known by in what an erasure takes, so that it can be looked for afterwards.
func (e *Engine) needles(ctx context.Context, person string, foreseen Erasure) ([]string, error) {
	trace, err := e.Trace(ctx, person, false)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	for _, line := range foreseen.Erased {
		_, category, _ := strings.Cut(line, " ")
		taken[category] = true
	}
	var all []string
	for _, v := range trace.Values {
		switch v.Category {
		case network.DataIdentity, network.DataContact, network.DataPlace:
		default:
			continue // sentences and signs that others may share
		}
		if taken[string(v.Category)] && v.Text != "" && len(v.Text) >= shortest && !strings.ContainsAny(v.Text, "{\n") {
			all = append(all, v.Text)
		}
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// house seals what belongs to no person any more, for the time between an erasure and its certificate.
func (e *Engine) house() (cipher.AEAD, error) {
	block, err := aes.NewCipher(e.vault.Secret("erasures to certify"))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// announce notes in tx what is to be certified once the keys are gone.
func (e *Engine) announce(tx *db.Tx, actor auth.Actor, done Erasure, why string, needles []string) error {
	if len(done.Erased) == 0 {
		return nil
	}
	id := tx.NewID("era")
	text, err := json.Marshal(needles)
	if err != nil {
		return err
	}
	aead, err := e.house()
	if err != nil {
		return err
	}
	kept, err := json.Marshal(done.Kept)
	if err != nil {
		return err
	}
	return tx.Send("INSERT INTO erasure (id, at, person_id, by_account, why, erased, kept, needles_sealed, certified_at, places, certificate, leaf_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '', '')",
		id, db.Micros(tx.Now()), done.Person, actor.Name(), why, strings.Join(done.Erased, "\n"), string(kept), aead.Seal(nil, nil, text, []byte(id)))
}

// ErrFound says that something of an erased person was found; it is certified of nobody, and told to the operator until it is gone.
var ErrFound = errors.New("privacy: an erased value was found")

type waiting struct {
	Certificate
	needles []string
}

// Certify looks for everything that waits, in one pass when nothing is found, and certifies those of whom nothing was found. A value that is found
// is an error that names the place and the erasure. Several nodes may certify at once.
func (e *Engine) Certify(ctx context.Context, scan Scan) (certified int, err error) {
	aead, err := e.house()
	if err != nil {
		return 0, err
	}
	var all []waiting
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, func(s db.Scanner) (w waiting, err error) {
			var at int64
			var erased, kept string
			var sealed []byte
			if err = s.Scan(&w.ID, &at, &w.Person, &w.Why, &erased, &kept, &sealed); err != nil {
				return w, err
			}
			w.Erased, w.What = db.Time(at), strings.Split(erased, "\n")
			text, err := aead.Open(nil, nil, sealed, []byte(w.ID))
			if err == nil {
				err = errors.Join(json.Unmarshal(text, &w.needles), json.Unmarshal([]byte(kept), &w.Kept))
			}
			return w, err
		}, "SELECT id, at, person_id, why, erased, kept, needles_sealed FROM erasure WHERE certified_at = 0 AND NOT EXISTS (SELECT 1 FROM key_end k WHERE k.person_id = erasure.person_id) ORDER BY at, id LIMIT 1000")
		return err
	})
	if err != nil || len(all) == 0 {
		return 0, err
	}
	return e.look(ctx, scan, all)
}

// look certifies those of whom nothing is found; where something is, it halves the people until it stands alone with whom it is about.
func (e *Engine) look(ctx context.Context, scan Scan, all []waiting) (certified int, err error) {
	var needles [][]byte
	for _, w := range all {
		for _, n := range w.needles {
			needles = append(needles, []byte(n))
		}
	}
	places, found, err := scan(ctx, needles)
	switch {
	case err != nil:
		return 0, err
	case len(found) > 0 && len(all) > 1:
		one, err1 := e.look(ctx, scan, all[:len(all)/2])
		two, err2 := e.look(ctx, scan, all[len(all)/2:])
		return one + two, errors.Join(err1, err2)
	case len(found) > 0:
		return 0, fmt.Errorf("%w in %s (%s)", ErrFound, strings.Join(found, ", "), all[0].ID)
	}
	for _, w := range all {
		trace, err := e.Trace(ctx, w.Person, true)
		if err != nil {
			return certified, err
		}
		for _, v := range trace.Values {
			kept := slices.ContainsFunc(trace.Holdings, func(h Held) bool { return slices.Contains(h.Categories, string(v.Category)) })
			if v.State == "open" && !kept {
				return certified, fmt.Errorf("%w: %s of %s still opens", ErrFound, v.Column, v.Row)
			}
		}
		if err := e.certify(ctx, w, places); err != nil {
			return certified, err
		}
		certified++
	}
	return certified, nil
}

func (e *Engine) certify(ctx context.Context, w waiting, places int) error {
	var nonce [16]byte
	rand.Read(nonce[:]) // never fails, since Go 1.24
	return e.db.WriteGuarded(ctx, func(tx *db.Tx) error {
		c := w.Certificate
		c.Certified, c.Needles, c.Places, c.Horizon, c.Nonce = tx.Now(), len(w.needles), places, horizon, hex.EncodeToString(nonce[:])
		text, err := json.Marshal(c)
		if err != nil {
			return err
		}
		leaf, err := proof.CommitSecret(tx, "erasure", c.ID, text)
		if err != nil {
			return err
		}
		n, err := tx.Exec("UPDATE erasure SET certified_at = $2, places = $3, certificate = $4, leaf_id = $5, needles_sealed = $6 WHERE id = $1 AND certified_at = 0",
			c.ID, db.Micros(tx.Now()), places, string(text), leaf, []byte{})
		if err != nil || n == 0 {
			return err
		}
		return audit.Write(tx, auth.Machine.Name(), string(auth.System), "person.certify", w.Person, c.ID)
	})
}

// Certificates lists erasures, newest first; one that is not certified yet has no time of certification.
func (e *Engine) Certificates(ctx context.Context, actor auth.Actor) (all []Certificate, err error) {
	if err := actor.May(auth.RetentionRead); err != nil {
		return nil, err
	}
	err = e.db.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanCertificate, "SELECT "+certificateColumns+" FROM erasure ORDER BY at DESC, id LIMIT 500")
		return err
	})
	return all, err
}

const certificateColumns = "id, at, person_id, why, erased, certificate, leaf_id"

func scanCertificate(s db.Scanner) (c Certificate, err error) {
	var at int64
	var erased, text string
	if err = s.Scan(&c.ID, &at, &c.Person, &c.Why, &erased, &text, &c.Leaf); err != nil {
		return c, err
	}
	c.Erased, c.What = db.Time(at), strings.Split(erased, "\n")
	if text != "" {
		err = json.Unmarshal([]byte(text), &c)
	}
	return c, err
}

// EachCertificate hands over the erasures from an instant to before another, the newest first, as [Engine.Certificates] lists them.
func (e *Engine) EachCertificate(ctx context.Context, actor auth.Actor, from, until time.Time, f func(Certificate) error) error {
	if err := actor.May(auth.RetentionRead); err != nil {
		return err
	}
	before, after := db.Micros(until), "" // (at, id) of the last one
	for {
		var all []Certificate
		if err := e.db.Read(ctx, func(tx *db.Tx) (err error) {
			all, err = db.List(tx, scanCertificate, "SELECT "+certificateColumns+" FROM erasure WHERE at >= $1 AND (at < $2 OR at = $2 AND $3 <> '' AND id > $3) ORDER BY at DESC, id LIMIT $4", db.Micros(from), before, after, part)
			return err
		}); err != nil {
			return err
		}
		for _, c := range all {
			if err := f(c); err != nil {
				return err
			}
		}
		if len(all) < part {
			return nil
		}
		before, after = db.Micros(all[len(all)-1].Erased), all[len(all)-1].ID
	}
}

// ScanRows is a [Scan] of every row of databases, as they stand.
func ScanRows(databases ...*db.DB) Scan {
	return func(ctx context.Context, needles [][]byte) (places int, found []string, err error) {
		f := Find(needles)
		for _, d := range databases {
			seen := map[string]bool{}
			err := d.Dump(ctx, func(table string, row map[string]any) error {
				seen[table] = true
				for column, v := range row {
					var text []byte
					switch x := v.(type) {
					case string:
						text = []byte(x)
					case []byte:
						text = x
					default:
						continue
					}
					if f.In(text) && !slices.Contains(found, table+"."+column) {
						found = append(found, table+"."+column)
					}
				}
				return nil
			})
			if err != nil {
				return places, found, err
			}
			places += len(seen)
		}
		return places, found, nil
	}
}
