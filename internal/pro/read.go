package pro

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/person"
	"entremise/internal/vault"
)

const proColumns = "p.id, p.at, p.state, p.outside, p.reason, p.version, v.profile"

func scan(s db.Scanner) (p Pro, err error) {
	var created, version int64
	var state, profile string
	if err = s.Scan(&p.ID, &created, &state, &p.Outside, &p.Reason, &version, &profile); err != nil {
		return p, err
	}
	p.At, p.State, p.Version = db.Time(created), State(state), int(version)
	return p, json.Unmarshal([]byte(profile), &p.Profile)
}

const fromPro = " FROM pro p JOIN pro_version v ON v.pro_id = p.id AND v.version = p.version "

func load(tx *db.Tx, id string) (Pro, error) {
	p, err := db.One(tx, scan, "SELECT "+proColumns+fromPro+"WHERE p.id = $1", id)
	if errors.Is(err, db.ErrNone) {
		err = errNoPro
	}
	return p, err
}

// Lock reads a professional in a guarded transaction and keeps him so until its end: who changes his access meanwhile waits, and what he himself
// does in two windows comes one after the other.
func Lock(tx *db.Tx, id string) (Pro, error) {
	if err := tx.Lock("pro", id); err != nil {
		if errors.Is(err, db.ErrNone) {
			err = errNoPro
		}
		return Pro{}, err
	}
	return load(tx, id)
}

// Load reads a professional in tx, without what is sealed.
func Load(tx *db.Tx, id string) (Pro, error) { return load(tx, id) }

// LoadAll reads professionals in tx, without what is sealed, in the order of ids; unknown ones are left out.
func LoadAll(tx *db.Tx, ids ...string) ([]Pro, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var args []any
	found, err := db.List(tx, scan, "SELECT "+proColumns+fromPro+"WHERE p.id IN ("+db.In(&args, ids)+")", args...)
	slices.SortFunc(found, func(a, b Pro) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return found, err
}

// OfTrade lists every professional of the network and of a trade in its present version, by id, whatever his state: who is left out must be explained too.
func OfTrade(tx *db.Tx, trade string) ([]Pro, error) {
	return db.List(tx, scan, "SELECT "+proColumns+fromPro+"JOIN pro_trade t ON t.pro_id = p.id WHERE t.trade = $1 AND p.outside = $2 ORDER BY p.id", trade, false)
}

// Outsiders lists the professionals from outside the network who were asked about a job of a trade before, by id.
func Outsiders(tx *db.Tx, trade string) ([]Pro, error) {
	return db.List(tx, scan, "SELECT "+proColumns+fromPro+"JOIN pro_trade t ON t.pro_id = p.id WHERE t.trade = $1 AND p.outside = $2 ORDER BY p.id", trade, true)
}

// AsOf lists the professionals of the network as they were at an instant, by id: to make a decision again.
func AsOf(tx *db.Tx, at int64) ([]Pro, error) {
	return db.List(tx, func(s db.Scanner) (p Pro, err error) {
		var version int64
		var state, profile string
		if err = s.Scan(&p.ID, &version, &state, &profile); err != nil {
			return p, err
		}
		p.Version, p.State = int(version), State(state)
		return p, json.Unmarshal([]byte(profile), &p.Profile)
	}, `SELECT v.pro_id, v.version, v.state, v.profile FROM pro_version v JOIN pro p ON p.id = v.pro_id
		WHERE p.outside = $2 AND v.version = (SELECT max(w.version) FROM pro_version w WHERE w.pro_id = v.pro_id AND w.at <= $1) ORDER BY v.pro_id`, at, false)
}

// AtVersion reads a professional as he was in a version: to replay a decision.
func AtVersion(tx *db.Tx, id string, version int) (Pro, error) {
	p := Pro{ID: id, Version: version}
	var state, profile string
	err := tx.Get(db.Into(&state, &profile), "SELECT state, profile FROM pro_version WHERE pro_id = $1 AND version = $2", id, version)
	if errors.Is(err, db.ErrNone) {
		err = errNoPro
	}
	if err != nil {
		return p, err
	}
	p.State = State(state)
	return p, json.Unmarshal([]byte(profile), &p.Profile)
}

// Get opens a professional with his checks, for staff or himself; the reading is audited.
func (s *Service) Get(ctx context.Context, actor auth.Actor, id string) (Pro, Contact, error) {
	act := auth.ProList
	if actor.Who == auth.Professional {
		if act = auth.ProEditOwn; actor.Pro != id {
			return Pro{}, Contact{}, errNoPro
		}
	}
	if err := actor.May(act); err != nil {
		return Pro{}, Contact{}, err
	}
	var p Pro
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if p, err = load(tx, id); err != nil {
			return err
		}
		p.Checks = map[string]Checked{}
		return db.Each(tx, func(r db.Scanner) error {
			var kind string
			var c Checked
			var when int64
			if err := r.Scan(&kind, &when, &c.By, &c.ValidUntil); err != nil {
				return err
			}
			c.At = db.Time(when)
			p.Checks[kind] = c
			return nil
		}, "SELECT kind, at, by_account, valid_until_on FROM pro_check WHERE pro_id = $1", id)
	})
	if err != nil {
		return Pro{}, Contact{}, err
	}
	contacts, err := s.Contacts(ctx, id)
	if err != nil {
		return Pro{}, Contact{}, err
	}
	if actor.Who == auth.StaffMember {
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			return audit.Write(tx, actor.Name(), actor.As(act), "pro.read", id, "")
		})
	}
	return p, contacts[id], err
}

// Contacts opens how professionals are reached, for a room that has checked why. Unknown ids are left out.
func (s *Service) Contacts(ctx context.Context, ids ...string) (map[string]Contact, error) {
	rings, err := s.vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := map[string]Contact{}
	for part := range slices.Chunk(ids, 200) {
		err := s.db.Read(ctx, func(tx *db.Tx) error {
			var args []any
			in := db.In(&args, part)
			return db.Each(tx, func(r db.Scanner) error {
				var c Contact
				var sealed [6][]byte
				var profile string
				if err := r.Scan(&c.ID, &c.Lang, &c.Base, &profile, &sealed[0], &sealed[1], &sealed[2], &sealed[3], &sealed[4], &sealed[5]); err != nil {
					return err
				}
				c.Ring = rings[c.ID]
				for i, f := range c.fields() {
					var err error
					if *f.value, err = c.Ring.OpenText(string(f.category), at(f.column, c.ID), sealed[i]); err != nil && !errors.Is(err, vault.ErrErased) {
						return err
					}
				}
				var p Profile
				if err := json.Unmarshal([]byte(profile), &p); err != nil {
					return err
				}
				c.BySMS, c.ByEmail = p.SMS, p.Email
				all[c.ID] = c
				return nil
			}, "SELECT p.id, p.lang, p.insee, v.profile, p.company_sealed, p.contact_sealed, p.siren_sealed, p.phone_sealed, p.email_sealed, p.street_sealed"+fromPro+"WHERE p.id IN ("+in+")", args...)
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Reached lists the professionals who are reached by a number (E.164) or an address, for a room that looks for whom somebody is.
func (s *Service) Reached(tx *db.Tx, phone, email string) ([]string, error) {
	if phone != "" {
		return db.Values[string](tx, "SELECT id FROM pro WHERE phone_bidx = $1 ORDER BY id", s.vault.Index("phone", phone))
	}
	return db.Values[string](tx, "SELECT id FROM pro WHERE email_bidx = $1 ORDER BY id", person.EmailIndex(s.vault, email))
}

// Filter narrows a list.
type Filter struct {
	Trade    string
	State    State
	Members  bool   // of the network only, without those from outside
	Word     string // one word of the company's or contact's name
	Phone    string // E.164
	SIREN    string // nine digits
	Before   int64  // cursor: created before, in microseconds, or at that instant with an id before BeforeID
	BeforeID string
}

// List returns at most n professionals, newest first.
func (s *Service) List(ctx context.Context, actor auth.Actor, f Filter, n int) ([]Pro, error) {
	if err := actor.May(auth.ProList); err != nil {
		return nil, err
	}
	q, args := "WHERE 1 = 1", []any{}
	add := func(clause string, v any) {
		args = append(args, v)
		q += strings.ReplaceAll(clause, "?", "$"+strconv.Itoa(len(args)))
	}
	if f.Trade != "" {
		add(" AND p.id IN (SELECT pro_id FROM pro_trade WHERE trade = ?)", f.Trade)
	}
	if f.State != "" {
		add(" AND p.state = ?", string(f.State))
	}
	if f.Members {
		add(" AND p.outside = ?", false)
	}
	if f.Phone != "" {
		add(" AND p.phone_bidx = ?", s.vault.Index("phone", f.Phone))
	}
	if f.SIREN != "" {
		add(" AND p.siren_bidx = ?", s.vault.Index("siren", plainSIREN(f.SIREN)))
	}
	for _, w := range strings.Fields(geo.Fold(f.Word)) {
		add(" AND p.id IN (SELECT pro_id FROM pro_word WHERE word_bidx = ?)", s.vault.Index("pro-name", w))
	}
	if f.Before != 0 {
		add(" AND (p.at < ?", f.Before)
		add(" OR p.at = ?", f.Before)
		add(" AND p.id < ?)", f.BeforeID)
	}
	add(" ORDER BY p.at DESC, p.id DESC LIMIT ?", n)
	var all []Pro
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = db.List(tx, scan, "SELECT "+proColumns+fromPro+q, args...)
		return err
	})
	return all, err
}
