package oversight

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/vault"
)

// mostFiles bounds a register on one page and in one file.
const mostFiles = 2000

// List is the register of a kind, newest first: what the authority may ask to see (GDPR art. 33.5). Reading it is an act of its own.
func (s *Service) List(ctx context.Context, actor auth.Actor, k Kind) ([]File, error) {
	if err := actor.May(auth.OversightRead); err != nil {
		return nil, err
	}
	if !slices.Contains(Kinds(), k) {
		return nil, errNone
	}
	n, err := s.network(ctx)
	if err != nil {
		return nil, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.OversightRead), "oversight.list", string(k), true); err != nil {
		return nil, err
	}
	return s.list(ctx, n, "kind = $1 ORDER BY since_at DESC, id LIMIT $2", string(k), mostFiles)
}

// Counts says how many files of each kind there are.
func (s *Service) Counts(ctx context.Context, actor auth.Actor) (map[Kind]int, error) {
	if err := actor.May(auth.OversightRead); err != nil {
		return nil, err
	}
	out := map[Kind]int{}
	return out, s.DB.Read(ctx, func(tx *db.Tx) error {
		return db.Each(tx, func(r db.Scanner) error {
			var k Kind
			var n int
			err := r.Scan(&k, &n)
			out[k] = n
			return err
		}, "SELECT kind, count(*) FROM oversight_file GROUP BY kind")
	})
}

// sealed lists files without opening them.
func (s *Service) sealed(ctx context.Context, where string, args ...any) (found []stored, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = db.List(tx, scan, "SELECT "+columns+" FROM oversight_file WHERE "+where, args...)
		return err
	})
	return found, err
}

func (s *Service) list(ctx context.Context, n *network.Network, where string, args ...any) ([]File, error) {
	found, err := s.sealed(ctx, where, args...)
	if err != nil {
		return nil, err
	}
	return s.opened(ctx, n, found)
}

func (s *Service) opened(ctx context.Context, n *network.Network, found []stored) ([]File, error) {
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	rings, err := s.Vault.Rings(ctx, ids...)
	if err != nil {
		return nil, err
	}
	all := make([]File, len(found))
	for i := range found {
		if err := found[i].open(rings[found[i].ID]); err != nil {
			return nil, err
		}
		found[i].clock(n)
		all[i] = found[i].File
	}
	return all, nil
}

// Whole is a file with everything that its officer needs.
type Whole struct {
	File
	Network  *network.Network
	Events   []Event
	Subjects []Subject
	Letters  []Letter
}

// Read opens a file for its officer.
func (s *Service) Read(ctx context.Context, actor auth.Actor, id string) (w Whole, err error) {
	if err := actor.May(auth.OversightRead); err != nil {
		return w, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.OversightRead), "oversight.read", id, true); err != nil {
		return w, err
	}
	f, n, _, err := s.get(ctx, id)
	if err != nil {
		return w, err
	}
	w = Whole{File: f, Network: n}
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w.Events, err = events(tx, id); err != nil {
			return err
		}
		if w.Subjects, err = subjects(tx, id); err != nil {
			return err
		}
		w.Letters, err = lettersOf(tx, id)
		return err
	})
	return w, err
}

func events(tx *db.Tx, id string) ([]Event, error) {
	return db.List(tx, func(s db.Scanner) (e Event, err error) {
		var at int64
		err = s.Scan(&at, &e.Kind, &e.Actor, &e.Object)
		e.At = db.Time(at)
		return e, err
	}, "SELECT at, kind, actor, object FROM oversight_event WHERE file_id = $1 ORDER BY at, id", id)
}

// Due is something that waits for the officer.
type Due struct {
	File        // zero where nothing was ever written: the first review
	Kind Kind   //
	What string // notify, finish, answer, review, reassess
	By   time.Time
}

// Due lists what waits: breaches that are not closed, requests of authorities without an answer, files about broken terms, and reviews and
// assessments whose day has come. The first review is due one interval after the first edition was applied.
func (s *Service) Due(ctx context.Context, actor auth.Actor) ([]Due, error) {
	if err := actor.May(auth.OversightRead); err != nil {
		return nil, err
	}
	n, err := s.Editions.InForce(ctx)
	if err != nil || n.Oversight == nil {
		return nil, err
	}
	if err := audit.Read(ctx, s.DB, actor.Name(), actor.As(auth.OversightRead), "oversight.list", "", true); err != nil {
		return nil, err
	}
	return s.due(ctx, n)
}

func (s *Service) due(ctx context.Context, n *network.Network) (all []Due, err error) {
	open, err := s.list(ctx, n, "state = 'open' ORDER BY since_at, id")
	if err != nil {
		return nil, err
	}
	whats := map[Kind]string{Breach: "finish", Authority: "answer", Terms: "finish", Assessment: "finish", Review: "finish"}
	reviewing := false
	assessing := map[string]bool{}
	for _, f := range open {
		reviewing = reviewing || f.Kind == Review
		for _, p := range f.Purposes {
			assessing[p] = true
		}
		d := Due{File: f, Kind: f.Kind, What: whats[f.Kind], By: f.Due}
		if !f.Due.IsZero() {
			d.What = "notify"
		}
		all = append(all, d)
	}
	past, err := s.sealed(ctx, "state = 'closed' AND kind IN ('review', 'assessment') ORDER BY since_at DESC, id DESC LIMIT $1", mostFiles)
	if err != nil {
		return nil, err
	}
	today := s.DB.Now().In(geo.Paris()).Format(time.DateOnly)
	reviewed := false
	var late []stored
	for _, f := range past {
		latest := f.Kind == Review && !reviewed && !reviewing
		if f.Kind == Assessment {
			for _, p := range f.Purposes {
				latest = latest || !assessing[p]
				assessing[p] = true
			}
		}
		reviewed = reviewed || f.Kind == Review
		if latest && f.Next <= today {
			late = append(late, f)
		}
	}
	again, err := s.opened(ctx, n, late)
	if err != nil {
		return nil, err
	}
	for _, f := range again {
		what := "review"
		if f.Kind == Assessment {
			what = "reassess"
		}
		all = append(all, Due{File: f, Kind: f.Kind, What: what, By: network.Date(f.Next).In(geo.Paris())})
	}
	if reviewed || reviewing {
		return all, nil
	}
	editions, err := s.Editions.List(ctx)
	if err != nil || len(editions) == 0 {
		return all, err
	}
	first := editions[0].Applied
	for _, e := range editions {
		if e.Applied.Before(first) {
			first = e.Applied
		}
	}
	if by := n.Oversight.Review.AddTo(first); !by.After(s.DB.Now()) {
		all = append(all, Due{Kind: Review, What: "review", By: by})
	}
	return all, nil
}

// Assessed is a purpose whose impact is to be assessed, with the latest file that did.
type Assessed struct {
	network.Assessed
	File File // zero while none did
}

// Assessed lists the purposes of the network in force that call for an assessment (GDPR art. 35), each with its latest one that was decided.
func (s *Service) Assessed(ctx context.Context, actor auth.Actor) ([]Assessed, error) {
	files, err := s.List(ctx, actor, Assessment)
	if err != nil {
		return nil, err
	}
	n, err := s.network(ctx)
	if err != nil {
		return nil, err
	}
	var all []Assessed
	for _, a := range n.Assessed() {
		x := Assessed{Assessed: a}
		if i := slices.IndexFunc(files, func(f File) bool { return f.State == Closed && slices.Contains(f.Purposes, a.Purpose.ID) }); i >= 0 {
			x.File = files[i]
		}
		all = append(all, x)
	}
	return all, nil
}

// sweepClocks writes to the officer before a breach's clock ends, as the network file says, once more when it has ended, and once when the day of
// a review or an assessment has come.
func (s *Service) sweepClocks(ctx context.Context) error {
	n, err := s.Editions.InForce(ctx)
	if err != nil || n.Oversight == nil || n.Rights == nil {
		return err
	}
	all, err := s.due(ctx, n)
	if err != nil {
		return err
	}
	now := s.DB.Now()
	for _, d := range all {
		step := ""
		switch soon := (network.Duration{N: -n.Oversight.Warn.N, Unit: n.Oversight.Warn.Unit}); {
		case d.ID == "" || d.By.IsZero() || d.Told == "late":
		case !now.Before(d.By):
			step = EvLate
		case d.What == "notify" && !now.Before(soon.AddTo(d.By)) && d.Told == "":
			step = EvSoon
		}
		if step == "" {
			continue
		}
		if err := s.warn(ctx, n, d, step); err != nil {
			return err
		}
	}
	return nil
}

// warn writes to the officer, once for each step.
func (s *Service) warn(ctx context.Context, n *network.Network, d Due, step string) error {
	ring, err := s.Vault.Ring(ctx, d.ID, letters)
	ended := errors.Is(err, vault.ErrErased)
	if err != nil && !ended {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		changed, err := tx.Exec("UPDATE oversight_file SET told = $2 WHERE id = $1 AND told <> $2 AND state = $3", d.ID, step, string(d.State))
		if err != nil || changed == 0 {
			return err
		}
		if err := note(tx, d.ID, step, actor.Name(), ""); err != nil {
			return err
		}
		tx.Wake("oversight")
		if ended {
			return nil // the desk still shows it
		}
		if err := ring.Assign(tx); err != nil {
			return err
		}
		l, err := n.Message("rights-due", "fr", map[string]string{"ref": d.Ref, "link": s.URL(n.SpaceHost, "/conformite/dossier/"+d.ID), "date": geo.Date(d.By.In(geo.Paris()), "fr")})
		if err != nil {
			return err
		}
		return s.Notify.Letter(tx, ring, network.Letter{Subject: l.Subject, Email: l.Email}, notify.Message{Person: d.ID, Object: d.ID, Kind: "rights-due"}, "", strings.TrimSpace(n.Operator.Officer.Email))
	})
}
