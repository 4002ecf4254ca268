package request

import (
	"context"
	"maps"
	"slices"
	"strings"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/canvass"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/network"
	"entremise/internal/person"
	"entremise/internal/phone"
	"entremise/internal/privacy"
)

// File is a request for staff who look after it once it is published.
type File struct {
	Request
	Network   *network.Network
	Who       person.Person
	May       canvass.Answer // whether staff may call now
	Words     network.Answers
	Street    string
	Events    []Event
	Photos    []string
	Given     []privacy.Given
	Seats     []Seat
	Purchases []Purchase
	Decisions []Decision
	Names     map[string]string // of professionals that the file speaks of
}

// OpenFile reads a request with everything for staff; the reading leaves a line.
func (s *Service) OpenFile(ctx context.Context, actor auth.Actor, id string) (File, error) {
	return s.file(ctx, actor, id, false)
}

// RenewFile is OpenFile for a page that is on screen and asks again by itself (audit.Read).
func (s *Service) RenewFile(ctx context.Context, actor auth.Actor, id string) (File, error) {
	return s.file(ctx, actor, id, true)
}

func (s *Service) file(ctx context.Context, actor auth.Actor, id string, renewed bool) (File, error) {
	r, n, ring, who, err := s.read(ctx, actor, auth.RequestRead, id, renewed)
	if err != nil {
		return File{}, err
	}
	f := File{Request: r, Network: n, Who: who, May: s.mayDial(n, r, who)}
	if f.Words, err = openWords(ring, r); err != nil {
		return File{}, err
	}
	if f.Street, err = openStreet(ring, r); err != nil {
		return File{}, err
	}
	ids := map[string]bool{}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if f.Events, err = selectEvents(tx, id); err != nil {
			return err
		}
		if f.Photos, err = selectPhotoIDs(tx, id); err != nil {
			return err
		}
		if f.Given, err = privacy.Ledger(tx, r.Person, id); err != nil {
			return err
		}
		if f.Seats, err = selectSeats(tx, "$1", id); err != nil {
			return err
		}
		if f.Purchases, err = selectPurchasesOf(tx, id); err != nil {
			return err
		}
		f.Decisions, err = selectDecisions(tx, id)
		return err
	})
	if err != nil {
		return File{}, err
	}
	for _, p := range f.Purchases {
		ids[p.Pro] = true
	}
	for _, e := range f.Events {
		if e.Kind == EvOffered || e.Kind == EvForwarded {
			ids[e.Object] = true
		}
	}
	for _, d := range f.Decisions {
		for i, c := range d.Candidates {
			if i < 100 {
				ids[c.ID] = true
			}
		}
	}
	contacts, err := s.pros.Contacts(ctx, slices.Sorted(maps.Keys(ids))...)
	f.Names = map[string]string{}
	for pid, c := range contacts {
		f.Names[pid] = c.Company
	}
	return f, err
}

// Found is one finding of a search.
type Found struct {
	Request
	Who   person.Person
	Title string
}

// Search looks for requests by reference, number, e-mail or name: one field for all. Numbers of overseas are read as they are dialled there too.
func (s *Service) Search(ctx context.Context, actor auth.Actor, typed string) ([]Found, error) {
	if err := actor.May(auth.SearchAll); err != nil {
		return nil, err
	}
	typed = strings.TrimSpace(typed)
	if len(typed) < 3 || len(typed) > 120 {
		return nil, nil
	}
	var requests []Request
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		requests = nil
		if ref, ok := ParseRef(typed); ok {
			r, err := selectRequestByRef(tx, ref)
			if err == nil {
				requests = append(requests, r)
				return nil
			}
			if !fault.Is(err, fault.Missing) {
				return err
			}
		}
		var people []string
		for _, dept := range []string{"75", "971", "973", "972", "974", "976"} {
			if e164, err := phone.Parse(typed, dept, s.demo); err == nil {
				found, err := person.Search(tx, s.vault, e164, "", "", 50)
				if err != nil {
					return err
				}
				people = append(people, found...)
			}
		}
		email := ""
		if strings.Contains(typed, "@") {
			email, _ = person.ParseEmail(typed, false) // what is no address finds nobody
		}
		if email != "" || len(people) == 0 && !strings.ContainsAny(typed, "@0123456789") {
			found, err := person.Search(tx, s.vault, "", email, typed, 50)
			if err != nil {
				return err
			}
			people = append(people, found...)
		}
		if len(people) == 0 {
			return nil
		}
		var args []any
		in := db.In(&args, people)
		var err error
		requests, err = db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE person_id IN ("+in+") ORDER BY at DESC, id LIMIT 50", args...)
		return err
	})
	if err != nil || len(requests) == 0 {
		return nil, err
	}
	people := make([]string, len(requests))
	for i, r := range requests {
		people[i] = r.Person
	}
	rings, err := s.vault.Rings(ctx, people...)
	if err != nil {
		return nil, err
	}
	found := make([]Found, len(requests))
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		for i, r := range requests {
			who, err := person.Get(tx, rings[r.Person], r.Person)
			if err != nil {
				return err
			}
			found[i] = Found{Request: r, Who: who}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error { // no line, no finding
		for _, r := range requests {
			if err := audit.Write(tx, actor.Name(), actor.As(auth.SearchAll), "request.found", r.ID, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, f := range found {
		n, err := s.editions.Get(ctx, f.Edition)
		if err != nil {
			return nil, err
		}
		found[i].Title = Title(n, f.Request, actor.Lang)
	}
	return found, nil
}
