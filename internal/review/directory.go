package review

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/network"
	"entremise/internal/pro"
)

// Company is a member as visitors see him (RN-70).
type Company struct {
	ID, Name, SIREN string
	INSEE           string // where he is
	Trades          []string
	Active          bool // may be asked for a quote; one who is suspended keeps his reviews, else suspending would hide them
	Since           time.Time
	Version         int64 // of his profile
	Tally           Tally
	Metres          int // from where somebody looks; 0 without a place
}

// Commune is where he is.
func (c Company) Commune() geo.Commune {
	found, _ := geo.ByINSEE(c.INSEE) // checked when stored
	return found
}

// Stamp changes whenever a page about him must: with his profile and with every act about his reviews.
func (c Company) Stamp() string {
	return strconv.FormatInt(c.Version, 10) + "." + strconv.FormatInt(c.Tally.Lines, 10)
}

var errNoCompany = fault.New(fault.Missing, "no-company", fault.T("Cette entreprise n’est pas, ou n’est plus, dans ce réseau.", "This company is not, or no longer, in this network."))

const (
	companyColumns = "p.id, p.at, p.insee, p.state, p.version, coalesce(t.lines, 0), coalesce(t.last_hash, ''), coalesce(t.invited, 0), coalesce(t.deposited, 0), coalesce(t.waiting, 0), coalesce(t.published, 0), coalesce(t.refused, 0), coalesce(t.removed, 0), coalesce(t.marks, 0)"
	isCompany      = "p.state IN ('active', 'suspended') AND NOT p.outside"
)

func scanCompany(s db.Scanner) (c Company, err error) {
	var at int64
	var state string
	t := &c.Tally
	err = s.Scan(&c.ID, &at, &c.INSEE, &state, &c.Version, &t.Lines, &t.Last, &t.Invited, &t.Deposited, &t.Waiting, &t.Published, &t.Refused, &t.Removed, &t.Marks)
	c.Since, c.Active, t.Pro = db.Time(at), state == string(pro.Active), c.ID
	return c, err
}

// Standing is a member without his name: one row by its key, to ask at every visit whether what is kept of his page still holds.
func (s *Service) Standing(ctx context.Context, id string) (c Company, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		c, err = db.One(tx, scanCompany, "SELECT "+companyColumns+" FROM pro p LEFT JOIN review_tally t ON t.pro_id = p.id WHERE p.id = $1 AND "+isCompany, id)
		if errors.Is(err, db.ErrNone) {
			err = errNoCompany
		}
		return err
	})
	return c, err
}

// Company is a member with his name and trades.
func (s *Service) Company(ctx context.Context, id string) (Company, error) {
	c, err := s.Standing(ctx, id)
	if err != nil {
		return c, err
	}
	all, err := s.named(ctx, []Company{c})
	if err != nil {
		return c, err
	}
	return all[0], nil
}

// named opens the names of members and reads their trades.
func (s *Service) named(ctx context.Context, all []Company) ([]Company, error) {
	if len(all) == 0 {
		return nil, nil
	}
	ids := make([]string, len(all))
	at := map[string]int{}
	for i, c := range all {
		ids[i], at[c.ID] = c.ID, i
	}
	contacts, err := s.Pros.Contacts(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].Name, all[i].SIREN = contacts[all[i].ID].Company, contacts[all[i].ID].SIREN
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		for i := range all {
			all[i].Trades = nil
		}
		var args []any
		in := db.In(&args, ids)
		return db.Each(tx, func(r db.Scanner) error {
			var id, trade string
			err := r.Scan(&id, &trade)
			all[at[id]].Trades = append(all[at[id]].Trades, trade)
			return err
		}, "SELECT pro_id, trade FROM pro_trade WHERE pro_id IN ("+in+") ORDER BY pro_id, trade", args...)
	})
	return all, err
}

// Search is what somebody looks for in the directory.
type Search struct {
	Trade string       // slug; empty: any
	Near  *geo.Commune // nil: anywhere
	Skip  int          // at most MostSkipped
	Most  int
}

const (
	// MostSkipped bounds how far a list is leafed through.
	MostSkipped = 500
	// fewMembers of a trade are read at once and sorted here; more are looked up place by place.
	fewMembers = 400
	// widest is how far from a place companies are looked for, in metres: further is no longer near.
	widest = 150_000
)

// Companies lists members of a trade: the nearest first and among equally near ones those with the most published reviews; without a place, those with the most
// published reviews first. No payment and no agreement moves anybody (C. conso. L111-7, D111-7). more says whether others follow.
func (s *Service) Companies(ctx context.Context, q Search) (found []Company, more bool, err error) {
	q.Skip = min(max(q.Skip, 0), MostSkipped)
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err = q.find(tx)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	found = found[min(q.Skip, len(found)):]
	if more = len(found) > q.Most && q.Skip+q.Most <= MostSkipped; len(found) > q.Most {
		found = found[:q.Most]
	}
	found, err = s.named(ctx, found)
	return found, more, err
}

// find answers one more than is shown.
func (q Search) find(tx *db.Tx) ([]Company, error) {
	from, args := " FROM pro p LEFT JOIN review_tally t ON t.pro_id = p.id", []any{}
	if q.Trade != "" {
		from, args = " FROM pro_trade x JOIN pro p ON p.id = x.pro_id LEFT JOIN review_tally t ON t.pro_id = p.id", []any{q.Trade}
	}
	where := " WHERE " + isCompany
	if q.Trade != "" {
		where += " AND x.trade = $1"
	}
	all, err := db.List(tx, scanCompany, "SELECT "+companyColumns+from+where+" LIMIT "+strconv.Itoa(fewMembers+1), args...)
	if err != nil {
		return nil, err
	}
	if len(all) <= fewMembers {
		return q.sorted(all), nil
	}
	most := q.Skip + q.Most + 1
	if q.Near == nil {
		from = strings.Replace(from, "LEFT JOIN review_tally", "JOIN review_tally", 1)
		return db.List(tx, scanCompany, "SELECT "+companyColumns+from+where+" ORDER BY t.published DESC, t.pro_id LIMIT "+strconv.Itoa(most), args...)
	}
	all = nil
	step := 40 // the first rings are small: most searches end in them
	near := geo.Near(q.Near.Point, widest)
	for len(near) > 0 && len(all) < most {
		part := near[:min(step, len(near))]
		near, step = near[len(part):], min(2*step, 320)
		codes := make([]string, len(part))
		for i, c := range part {
			codes[i] = c.INSEE
		}
		these := slices.Clone(args)
		ring, err := db.List(tx, scanCompany, "SELECT "+companyColumns+from+where+" AND p.insee IN ("+db.In(&these, codes)+")", these...)
		if err != nil {
			return nil, err
		}
		all = append(all, q.sorted(ring)...)
	}
	return all, nil
}

func (q Search) sorted(all []Company) []Company {
	if q.Near != nil {
		for i := range all {
			all[i].Metres = geo.Distance(q.Near.Point, all[i].Commune().Point)
		}
		all = slices.DeleteFunc(all, func(c Company) bool { return c.Metres > widest })
	}
	slices.SortFunc(all, func(a, b Company) int {
		return cmp.Or(cmp.Compare(a.Metres, b.Metres), cmp.Compare(b.Tally.Published, a.Tally.Published), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// Starts are the ids at which every so-many-th member begins, in the order of ids, for who lists them all in parts.
func (s *Service) Starts(ctx context.Context, each int) (starts []string, err error) {
	for from := ""; ; {
		var next []string
		if err = s.DB.Read(ctx, func(tx *db.Tx) error {
			op, skip := ">=", 0
			if from != "" {
				op, skip = ">", each-1
			}
			next, err = db.Values[string](tx, "SELECT p.id FROM pro p WHERE p.id "+op+" $1 AND "+isCompany+" ORDER BY p.id LIMIT 1 OFFSET $2", from, skip)
			return err
		}); err != nil || len(next) == 0 {
			return starts, err
		}
		from = next[0]
		starts = append(starts, from)
	}
}

// Listed are members in the order of their ids from one on.
func (s *Service) Listed(ctx context.Context, from string, most int) (all []Company, err error) {
	if err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err = db.List(tx, scanCompany, "SELECT "+companyColumns+" FROM pro p LEFT JOIN review_tally t ON t.pro_id = p.id WHERE p.id >= $1 AND "+isCompany+" ORDER BY p.id LIMIT $2", from, most)
		return err
	}); err != nil {
		return nil, err
	}
	return s.named(ctx, all)
}

// Spread counts the published reviews of a member by audience and by overall mark, rounded to a whole one.
func (s *Service) Spread(ctx context.Context, pro string) (marks map[network.Audience]map[int]int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		marks = map[network.Audience]map[int]int{network.OfCustomer: {}, network.OfEmployee: {}}
		return db.Each(tx, func(r db.Scanner) error {
			var audience network.Audience
			var overall, n int
			err := r.Scan(&audience, &overall, &n)
			if marks[audience] != nil {
				marks[audience][(overall+5)/10] += n
			}
			return err
		}, "SELECT audience, overall, count(*) FROM review WHERE pro_id = $1 AND state = 'published' GROUP BY audience, overall", pro)
	})
	return marks, err
}
