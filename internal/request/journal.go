package request

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/person"
	"entremise/internal/vault"
)

// Connections is the journal of connections, newest first, at most n lines: the forms that came in and the sign-ins. Only the administrator
// reads it, and each reading leaves a line.
func (s *Service) Connections(ctx context.Context, actor auth.Actor, n int) ([]person.Connection, error) {
	if err := actor.May(auth.AddressBlock); err != nil {
		return nil, err
	}
	if err := audit.Read(ctx, s.db, actor.Name(), actor.As(auth.AddressBlock), "connection.read", "", false); err != nil {
		return nil, err
	}
	all, err := person.SignIns(ctx, s.db, s.vault, n)
	if err != nil {
		return nil, err
	}
	var came []Request
	if err := s.db.Read(ctx, func(tx *db.Tx) error {
		came = nil
		for _, state := range []State{Unverified, Received, Published, Filled, Forwarded, Closed, Cancelled, Withdrawn, Unserved} { // the index is by state
			some, err := db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE state = $1 AND address_bidx <> '' ORDER BY at DESC, id DESC LIMIT $2", string(state), n)
			if err != nil {
				return err
			}
			came = append(came, some...)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	silent, err := s.notSeen(ctx, came)
	if err != nil {
		return nil, err
	}
	came = slices.DeleteFunc(came, func(r Request) bool { return silent[r.Person] })
	slices.SortFunc(came, func(a, b Request) int { return b.At.Compare(a.At) })
	came = came[:min(n, len(came))]
	sent, err := s.lines(ctx, came)
	if err != nil {
		return nil, err
	}
	all = append(all, sent...)
	slices.SortFunc(all, func(a, b person.Connection) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Object, a.Object)) })
	all = all[:min(n, len(all))]
	return all, person.MarkBlocked(ctx, s.db, s.vault, all)
}

// CameFrom is what the journal says of the forms that people sent, oldest first, for the copy of somebody's data. Its caller has checked who asks.
func (s *Service) CameFrom(ctx context.Context, people ...string) ([]person.Connection, error) {
	var came []Request
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		var args []any
		came, err = db.List(tx, scanRequest, "SELECT "+requestColumns+" FROM request WHERE person_id IN ("+db.In(&args, people)+") AND address_bidx <> '' ORDER BY at, id", args...)
		return err
	}); err != nil {
		return nil, err
	}
	return s.lines(ctx, came)
}

// lines opens what the journal says of requests; an erased one has no line.
func (s *Service) lines(ctx context.Context, came []Request) (all []person.Connection, err error) {
	people := make([]string, len(came))
	for i, r := range came {
		people[i] = r.Person
	}
	rings, err := s.vault.Rings(ctx, people...)
	if err != nil {
		return nil, err
	}
	for _, r := range came {
		text, err := rings[r.Person].OpenText(catConnection, place("address_sealed", r.ID), r.address)
		if errors.Is(err, vault.ErrErased) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, person.Connection{At: r.At, Kind: "request", Object: r.ID, Seen: person.ReadSeen(text)})
	}
	return all, nil
}
