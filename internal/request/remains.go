package request

import (
	"context"
	"slices"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
)

// shares is how many ended requests of one trade must come from a commune before it may still be told of one that has become of nobody: among
// fewer it could be recognised.
const shares = 5

// ended are the states of requests that are over, as the index request_place has them.
const ended = "state IN ('filled', 'closed', 'cancelled', 'withdrawn', 'unserved')"

// Remains leaves of requests that became of nobody what figures need: trade, instants, price, and the commune where at least [shares] ended
// requests of the trade come from it, else its department alone. Their private links die. Without kept, the choices from lists are gone too;
// the engine has emptied them.
func Remains(tx *db.Tx, records []string, kept bool) error {
	type place struct{ trade, insee string }
	of := map[place][]string{}
	for some := range slices.Chunk(records, 200) {
		var args []any
		err := db.Each(tx, func(s db.Scanner) error {
			var id string
			var p place
			err := s.Scan(&id, &p.trade, &p.insee)
			of[p] = append(of[p], id)
			return err
		}, "SELECT id, trade, insee FROM request WHERE id IN ("+db.In(&args, some)+")", args...)
		if err != nil {
			return err
		}
	}
	for p, ids := range of {
		alike, err := db.Value[int64](tx, "SELECT count(*) FROM (SELECT 1 FROM request WHERE trade = $1 AND insee = $2 AND "+ended+" LIMIT 5) few", p.trade, p.insee)
		if err != nil {
			return err
		}
		told := p.insee
		if alike < shares {
			told = geo.Department(p.insee)
		}
		args := []any{told}
		if err := tx.Send("UPDATE request SET insee = $1, postcode = '', link_generation = link_generation + 1 WHERE id IN ("+db.In(&args, ids)+")", args...); err != nil {
			return err
		}
	}
	var args []any
	return tx.Send("DELETE FROM exclusion WHERE request_id IN ("+db.In(&args, records)+")", args...)
}

var _ privacy.Remains = Remains

// BeforeErasure ends, as their person would, the open requests that cannot go on without what an erasure takes: nobody buys what is gone.
func (s *Service) BeforeErasure(ctx context.Context, person string, scope privacy.Scope) error {
	needed := []network.Category{network.DataContact, network.DataNeed, network.DataPlace}
	if len(scope.Categories) > 0 && !slices.ContainsFunc(scope.Categories, func(c network.Category) bool { return slices.Contains(needed, c) }) {
		return nil
	}
	var all []Traced
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { all, err = OfPeople(tx, person); return }); err != nil {
		return err
	}
	for _, r := range all {
		if !scope.Covers(r.ID) {
			continue
		}
		err := s.Cancel(ctx, auth.Actor{Who: auth.System, Account: "system", Request: r.ID})
		if err != nil && !fault.Is(err, fault.Conflict) { // it is over already, or frozen
			return err
		}
	}
	return nil
}
