package request

import (
	"cmp"
	"context"
	"slices"

	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/privacy"
	"entremise/internal/pro"
)

// Nearby is a commune outside a professional's area in which requests of a trade of his came and ended lately.
type Nearby struct {
	Trade, INSEE string
	Requests     int
	Distance     int // metres, from his base
}

// What is looked at: neither the whole past, nor a single request, which is chance and might be somebody's.
const (
	nearbyDays    = 90  // of requests
	nearbyHistory = 365 // days of what he bought
	nearbyLeast   = 2   // requests in a commune
	nearbyMost    = 5   // communes shown
	nearbyLooked  = 150 // communes looked at, the nearest
)

// Nearby lists where requests like those that a professional took came lately, around his base and the communes in which he bought, where his area
// does not go: most requests first. It serves the purpose that does [network.DeedNearby]: without one, after his objection (GDPR art. 21.1; ET-117),
// without access or without anything bought there is none. Nothing of it is stored.
func (s *Service) Nearby(ctx context.Context, actor auth.Actor) (near []Nearby, err error) {
	if err := actor.May(auth.BoardRead); err != nil {
		return nil, err
	}
	n, err := s.editions.InForce(ctx)
	if err != nil {
		return nil, err
	}
	purpose, ok := n.For(network.DeedNearby, network.Professional)
	if !ok {
		return nil, nil
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		near = nil
		me, err := pro.Load(tx, actor.Pro)
		if err != nil || !me.MayBuy(tx.Now()) {
			return err
		}
		if no, err := privacy.Objected(tx, actor.Pro, purpose.ID); err != nil || no {
			return err
		}
		near, err = nearby(tx, n, me)
		return err
	})
	return near, err
}

func nearby(tx *db.Tx, n *network.Network, me pro.Pro) (near []Nearby, err error) {
	base, ok := geo.ByINSEE(me.Profile.Base)
	if !ok {
		return nil, nil
	}
	type bought struct{ trade, insee string }
	history, err := db.List(tx, func(s db.Scanner) (b bought, err error) { err = s.Scan(&b.trade, &b.insee); return },
		"SELECT DISTINCT r.trade, r.insee FROM purchase p JOIN request r ON r.id = p.request_id WHERE p.pro_id = $1 AND p.at >= $2 AND p.state = 'revealed'", me.ID, db.Micros(tx.Now().AddDate(0, 0, -nearbyHistory)))
	if err != nil || len(history) == 0 {
		return nil, err
	}
	anchors, trades := []geo.Point{base.Point}, []string{}
	for _, b := range history {
		if c, ok := geo.ByINSEE(b.insee); ok {
			anchors = append(anchors, c.Point)
		}
		if slices.Contains(me.Profile.Trades, b.trade) && !slices.Contains(trades, b.trade) {
			trades = append(trades, b.trade)
		}
	}
	area, far := me.Profile.Coverage(), map[string]int{}
	for _, a := range anchors {
		for _, c := range geo.Near(a, int(n.Introductions.Radius.Default)+me.Profile.RadiusKm*1000) {
			if !area.Covers(c.Place(), 0) {
				far[c.INSEE] = geo.Distance(base.Point, c.Point)
			}
		}
	}
	communes := make([]string, 0, len(far))
	for insee := range far {
		communes = append(communes, insee)
	}
	slices.SortFunc(communes, func(a, b string) int { return cmp.Or(cmp.Compare(far[a], far[b]), cmp.Compare(a, b)) })
	communes = communes[:min(len(communes), nearbyLooked)]
	if len(communes) == 0 || len(trades) == 0 {
		return nil, nil
	}
	// Of those that ended: they are what the index by trade and place knows, and what somebody could have had.
	args := []any{db.Micros(tx.Now().AddDate(0, 0, -nearbyDays)), nearbyLeast}
	near, err = db.List(tx, func(s db.Scanner) (x Nearby, err error) {
		var count int64
		err = s.Scan(&x.Trade, &x.INSEE, &count)
		x.Requests, x.Distance = int(count), far[x.INSEE]
		return
	}, "SELECT trade, insee, count(*) FROM request WHERE trade IN ("+db.In(&args, trades)+") AND insee IN ("+db.In(&args, communes)+") AND "+ended+` AND state IN ('filled', 'closed', 'unserved') AND at >= $1
		GROUP BY trade, insee HAVING count(*) >= $2`, args...)
	slices.SortFunc(near, func(a, b Nearby) int {
		return cmp.Or(cmp.Compare(b.Requests, a.Requests), cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Trade, b.Trade))
	})
	return near[:min(len(near), nearbyMost)], err
}
