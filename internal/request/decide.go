package request

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"entremise/internal/audit"
	"entremise/internal/auth"
	"entremise/internal/db"
	"entremise/internal/fault"
	"entremise/internal/geo"
	"entremise/internal/job"
	"entremise/internal/match"
	"entremise/internal/money"
	"entremise/internal/network"
	"entremise/internal/notify"
	"entremise/internal/privacy"
	"entremise/internal/pro"
	"entremise/internal/proof"
)

// decisionInput is what a decision was made of, stored with it. Profiles are append-only and purchases dated, so that Mark, a digest of every
// profile version and count that was looked at, proves that a replay looks at the same.
type decisionInput struct {
	Trade    string          `json:"trade"`
	INSEE    string          `json:"insee"`
	At       int64           `json:"at"`
	Urgency  string          `json:"urgency"`
	Intent   string          `json:"intent"`
	Answers  network.Answers `json:"answers"`
	Excluded []string        `json:"excluded,omitempty"`
	Widen    int             `json:"widen,omitempty"`
	Mark     string          `json:"mark"`
}

// Decision is a stored dispatch decision.
type Decision struct {
	ID, Request string
	At          time.Time
	Edition     string
	SeedOn      string
	Candidates  []match.Candidate
	Leaf        string
	input       decisionInput
}

func (in decisionInput) request(id string) (match.Request, error) {
	c, ok := geo.ByINSEE(in.INSEE)
	if !ok {
		return match.Request{}, fmt.Errorf("request: commune %s is unknown", in.INSEE)
	}
	return match.Request{ID: id, Trade: in.Trade, Place: c.Place(), At: db.Time(in.At), Urgency: in.Urgency, Intent: in.Intent, Answers: in.Answers, Excluded: in.Excluded}, nil
}

// toMatch reads a profile version as the matcher does.
func toMatch(p pro.Pro, used match.Caps) match.Professional {
	base, _ := geo.ByINSEE(p.Profile.Base) // checked when stored
	m := match.Professional{ID: p.ID, Version: int64(p.Version), State: match.State(p.State), Trades: p.Profile.Trades, Coverage: p.Profile.Coverage(), Dept: base.Dept,
		Caps: match.Caps{Daily: p.Profile.PerDay, Monthly: p.Profile.PerMonth}, Used: used}
	for i, s := range p.Profile.Week {
		if s.Open() {
			m.Schedule.Week[i] = []network.Hours{{From: s.From, To: s.To}}
		}
	}
	m.Insured = p.Profile.Insured()
	if p.Profile.AbsentFrom != "" {
		from, err1 := time.ParseInLocation(time.DateOnly, p.Profile.AbsentFrom, p.Profile.Zone())
		until, err2 := time.ParseInLocation(time.DateOnly, p.Profile.AbsentUntil, p.Profile.Zone())
		if err1 == nil && err2 == nil {
			m.Absences = []match.Absence{{From: from, To: until.AddDate(0, 0, 1)}}
		}
	}
	return m
}

// usage counts the purchases of the day and month of an instant, by professional, up to that instant.
func usage(tx *db.Tx, at time.Time) (map[string]match.Caps, error) {
	local := at.In(geo.Paris())
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, local.Location())
	month := time.Date(local.Year(), local.Month(), 1, 0, 0, 0, 0, local.Location())
	used := map[string]match.Caps{}
	return used, db.Each(tx, func(s db.Scanner) error {
		var id string
		var c match.Caps
		err := s.Scan(&id, &c.Monthly, &c.Daily)
		used[id] = c
		return err
	}, "SELECT pro_id, count(*), count(*) FILTER (WHERE revealed_at >= $3) FROM purchase WHERE state = 'revealed' AND revealed_at >= $1 AND revealed_at < $2 GROUP BY pro_id",
		db.Micros(month), db.Micros(at), db.Micros(day))
}

func mark(pros []match.Professional) string {
	lines := make([]string, len(pros))
	for i, p := range pros {
		lines[i] = fmt.Sprintf("%s %d %d %d\n", p.ID, p.Version, p.Used.Daily, p.Used.Monthly)
	}
	slices.Sort(lines)
	return auth.Digest(strings.Join(lines, ""))
}

// decide looks at everybody of the trade, on one snapshot, and prices. It writes nothing but, once a day, the committed seed.
func (s *Service) decide(ctx context.Context, n *network.Network, id, trade, urgency, intent string, commune geo.Commune, answers network.Answers, widen network.Distance) (proposal, error) {
	var p proposal
	var pros []match.Professional
	var seed []byte
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		p.input = decisionInput{Trade: trade, INSEE: commune.INSEE, At: db.Micros(tx.Now()), Urgency: urgency, Intent: intent, Answers: answers, Widen: int(widen)}
		p.seedOn = tx.Now().In(geo.Paris()).Format(time.DateOnly)
		var err error
		seed, err = db.Value[[]byte](tx, "SELECT seed FROM proof_seed WHERE day_on = $1", p.seedOn)
		if err != nil && !errors.Is(err, db.ErrNone) {
			return err
		}
		if p.input.Excluded, err = db.Values[string](tx, "SELECT pro_id FROM exclusion WHERE request_id = $1 ORDER BY pro_id", id); err != nil {
			return err
		}
		used, err := usage(tx, tx.Now())
		if err != nil {
			return err
		}
		all, err := pro.OfTrade(tx, trade)
		if err != nil {
			return err
		}
		pros = make([]match.Professional, len(all))
		for i, x := range all {
			pros[i] = toMatch(x, used[x.ID])
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	if seed == nil {
		if err := s.db.Write(ctx, func(tx *db.Tx) error { seed, err = proof.Seed(tx, p.seedOn); return err }); err != nil {
			return p, err
		}
	}
	p.input.Mark = mark(pros)
	req, err := p.input.request(id)
	if err != nil {
		return p, err
	}
	p.decision = match.Decide(match.Rules{Widen: widen}, req, pros, seed)
	p.price, p.steps, err = match.Price(n.Introductions.Price, req, len(p.decision.Candidates))
	return p, err
}

// offer stores a decision and its offers in tx and promises to tell those asked. It answers how many are asked for the first time.
func (s *Service) offer(tx *db.Tx, n *network.Network, r Request, p proposal) (int, error) {
	id := tx.NewID("dec")
	input, candidates := db.JSON(p.input), db.JSON(p.decision.Candidates)
	// The content holds random ids and is its own salt.
	leaf, err := proof.CommitSecret(tx, "decision", id, []byte(id+"\n"+r.ID+"\n"+p.seedOn+"\n"+input+"\n"+candidates))
	if err != nil {
		return 0, err
	}
	if err := tx.Send("INSERT INTO decision (id, request_id, at, edition, seed_on, input, candidates, leaf_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
		id, r.ID, db.Micros(tx.Now()), n.Hash(), p.seedOn, input, candidates, leaf); err != nil {
		return 0, err
	}
	asked := 0
	for part := range slices.Chunk(p.decision.Candidates, 50) {
		rows := make([][]any, len(part))
		for i, c := range part {
			rows[i] = []any{r.ID, c.ID, db.Micros(tx.Now()), id, c.Distance}
		}
		marks, args := db.Rows(rows...)
		n, err := tx.Exec("INSERT INTO offer (request_id, pro_id, at, decision_id, distance_m) VALUES "+marks+" ON CONFLICT (request_id, pro_id) DO NOTHING", args...)
		if err != nil {
			return 0, err
		}
		asked += int(n)
	}
	if asked == 0 {
		return 0, nil
	}
	return asked, job.Add(tx, jobNotify, id, 0)
}

func scanDecision(s db.Scanner) (d Decision, err error) {
	var at int64
	var input, candidates string
	if err = s.Scan(&d.ID, &d.Request, &at, &d.Edition, &d.SeedOn, &input, &candidates, &d.Leaf); err != nil {
		return d, err
	}
	d.At = db.Time(at)
	if err = json.Unmarshal([]byte(input), &d.input); err == nil {
		err = json.Unmarshal([]byte(candidates), &d.Candidates)
	}
	return d, err
}

const decisionColumns = "id, request_id, at, edition, seed_on, input, candidates, leaf_id"

func selectDecisions(tx *db.Tx, request string) ([]Decision, error) {
	return db.List(tx, scanDecision, "SELECT "+decisionColumns+" FROM decision WHERE request_id = $1 ORDER BY at, id", request)
}

// thoseOfThen reads everybody of a decision's trade as he was at its instant.
func thoseOfThen(tx *db.Tx, d Decision) ([]match.Professional, error) {
	at := db.Time(d.input.At)
	used, err := usage(tx, at)
	if err != nil {
		return nil, err
	}
	all, err := pro.AsOf(tx, d.input.At)
	if err != nil {
		return nil, err
	}
	var pros []match.Professional
	for _, p := range all {
		if slices.Contains(p.Profile.Trades, d.input.Trade) {
			pros = append(pros, toMatch(p, used[p.ID]))
		}
	}
	return pros, nil
}

// Replay makes a stored decision again from the profiles of its moment. same is true when the list is the same to the letter; then Excluded
// says why everybody else was not asked.
func (s *Service) Replay(ctx context.Context, actor auth.Actor, id string) (d Decision, again match.Decision, same bool, err error) {
	if err = actor.May(auth.RequestRead); err != nil {
		return
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if d, err = db.One(tx, scanDecision, "SELECT "+decisionColumns+" FROM decision WHERE id = $1", id); err != nil {
			if errors.Is(err, db.ErrNone) {
				err = errNone
			}
			return err
		}
		seed, err := db.Value[[]byte](tx, "SELECT seed FROM proof_seed WHERE day_on = $1", d.SeedOn)
		if err != nil {
			return err
		}
		pros, err := thoseOfThen(tx, d)
		if err != nil {
			return err
		}
		req, err := d.input.request(d.Request)
		if err != nil {
			return err
		}
		again = match.Decide(match.Rules{Widen: network.Distance(d.input.Widen)}, req, pros, seed)
		same = mark(pros) == d.input.Mark && slices.Equal(again.Candidates, d.Candidates)
		return nil
	})
	return
}

// WhyNot answers a professional, or staff for him, in one sentence: why a request was not offered to him.
func (s *Service) WhyNot(ctx context.Context, actor auth.Actor, ref, proID string) (r Request, why fault.Text, err error) {
	if actor.Who == auth.Professional {
		proID = actor.Pro
		err = actor.May(auth.BoardRead)
	} else {
		err = actor.May(auth.ProList)
	}
	if err != nil {
		return r, why, err
	}
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		if clean, ok := ParseRef(ref); ok {
			r, err = selectRequestByRef(tx, clean)
		} else {
			r, err = selectRequest(tx, ref)
		}
		if err != nil {
			return err
		}
		offered, err := db.Value[int64](tx, "SELECT count(*) FROM offer WHERE request_id = $1 AND pro_id = $2", r.ID, proID)
		if err != nil {
			return err
		}
		if offered > 0 {
			why = match.Reason{}.Sentence()
			return nil
		}
		decisions, err := selectDecisions(tx, r.ID)
		if err != nil {
			return err
		}
		if len(decisions) == 0 {
			return errNotAsked // nothing was decided yet: to him it does not exist
		}
		d := decisions[len(decisions)-1]
		version, err := db.Value[int64](tx, "SELECT coalesce(max(version), 0) FROM pro_version WHERE pro_id = $1 AND at <= $2", proID, d.input.At)
		if err != nil {
			return err
		}
		if version == 0 {
			why = match.Reason{Code: match.NotVerified}.Sentence()
			return nil
		}
		p, err := pro.AtVersion(tx, proID, int(version))
		if err != nil {
			return err
		}
		used, err := usage(tx, db.Time(d.input.At))
		if err != nil {
			return err
		}
		req, err := d.input.request(r.ID)
		if err != nil {
			return err
		}
		reason, _ := match.Why(match.Rules{Widen: network.Distance(d.input.Widen)}, req, toMatch(p, used[proID]))
		why = reason.Sentence()
		return nil
	})
	return r, why, err
}

// notifyOffers tells those whom a decision asks, nearest first. Run twice after a crash it queues nobody twice: a message's id follows from the
// decision and the professional.
func (s *Service) notifyOffers(ctx context.Context, id string) error {
	var d Decision
	var r Request
	var asked []string
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		if d, err = db.One(tx, scanDecision, "SELECT "+decisionColumns+" FROM decision WHERE id = $1", id); err != nil {
			return err
		}
		if r, err = selectRequest(tx, d.Request); err != nil {
			return err
		}
		asked, err = db.Values[string](tx, "SELECT pro_id FROM offer WHERE request_id = $1 AND decision_id = $2 ORDER BY distance_m, pro_id", r.ID, id)
		return err
	})
	if err != nil {
		return err
	}
	n, err := s.editions.Get(ctx, r.Edition)
	if err != nil {
		return err
	}
	distances := map[string]int{}
	for _, c := range d.Candidates {
		distances[c.ID] = c.Distance
	}
	// The first few alone: their texts leave while the rest are still being written.
	size := 4
	for len(asked) > 0 {
		part := asked[:min(size, len(asked))]
		asked, size = asked[len(part):], 40
		contacts, err := s.pros.Contacts(ctx, part...)
		if err != nil {
			return err
		}
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			now, err := selectRequest(tx, r.ID)
			if err != nil || now.State != Published || !now.FrozenAt.IsZero() {
				return err
			}
			if hand, err := handled(tx, n, now); err != nil {
				return err
			} else if hand { // the word came while somebody published
				return takeBackOffers(tx, r.ID)
			}
			var plain map[string]bool // who wants a plain list instead of requests chosen for him (ET-139)
			if p, ok := n.For(network.DeedRanking, network.Professional); ok {
				if plain, err = privacy.ObjectedAmong(tx, p.ID, part...); err != nil {
					return err
				}
			}
			for _, pid := range part {
				if plain[pid] {
					continue
				}
				if err := s.tellOffer(tx, n, now, contacts[pid], d.ID, distances[pid]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellOffer queues one notice, by the channels that the professional wants. It holds structured choices only (ET-10).
func (s *Service) tellOffer(tx *db.Tx, n *network.Network, r Request, c pro.Contact, decision string, metres int) error {
	if c.ID == "" {
		return nil // erased meanwhile
	}
	letter, stop, err := s.letter(n, "new-request", c.Lang, n.SpaceHost, notify.ScopeOffers, c.Phone, c.Email, map[string]string{
		"trade": s.tradeLabel(n, r.Trade, c.Lang), "commune": r.Commune().Name + " " + r.Postcode, "urgency": n.Urgency(r.Urgency).Say(c.Lang), "distance": kilometres(metres, c.Lang),
		"price": r.Price.Say(c.Lang), "price_incl": r.Price.Incl(r.VAT).Say(c.Lang), "seats": fmt.Sprint(r.Seats - r.Sold),
		"link": s.url(n.SpaceHost, "/tableau/"+r.ID),
	})
	if err != nil {
		return err
	}
	if !c.BySMS {
		letter.SMS = ""
	}
	if !c.ByEmail {
		letter.Email = ""
	}
	m := notify.Message{ID: "msg_" + auth.Digest(decision + " " + c.ID)[:24], Person: c.ID, Object: r.ID, Kind: "new-request", Stop: stop}
	return s.notify.Letter(tx, c.Ring, letter, m, c.Phone, c.Email)
}

func kilometres(metres int, lang string) string {
	if metres < 0 {
		return "?"
	}
	if metres < 1000 {
		return "< 1\u00a0km"
	}
	return fmt.Sprintf("%d\u00a0km", (metres+500)/1000)
}

// Widen looks beyond every coverage by so many metres, asks those who are new, and prices nothing anew.
func (s *Service) Widen(ctx context.Context, actor auth.Actor, id string, by network.Distance) (asked int, err error) {
	r, n, err := s.manage(ctx, actor, id)
	if err != nil {
		return 0, err
	}
	if !slices.Contains(n.Introductions.Radius.Widen, by) {
		return 0, fault.New(fault.Invalid, "no-such-step", fault.T("Choisissez une distance de la liste.", "Choose a distance from the list."))
	}
	p, err := s.decide(ctx, n, r.ID, r.Trade, r.Urgency, r.Intent, r.Commune(), r.Answers, by)
	if err != nil {
		return 0, err
	}
	err = s.db.Write(ctx, func(tx *db.Tx) error {
		if _, err := stillPublished(tx, id); err != nil {
			return err
		}
		if hand, err := handled(tx, n, r); err != nil {
			return err
		} else if hand {
			return errByHand
		}
		if asked, err = s.offer(tx, n, r, p); err != nil {
			return err
		}
		return s.managed(tx, actor, r, EvWidened, asked, fmt.Sprint(int(by)))
	})
	return asked, err
}

// OfferByHand asks one professional whom the rules left out, on the agent's word. He pays and is told under the same rules.
func (s *Service) OfferByHand(ctx context.Context, actor auth.Actor, id, proID string) error {
	r, n, err := s.manage(ctx, actor, id)
	if err != nil {
		return err
	}
	contacts, err := s.pros.Contacts(ctx, proID)
	if err != nil {
		return err
	}
	c, ok := contacts[proID]
	if !ok {
		return fault.New(fault.Missing, "no-pro", fault.T("Ce professionnel n’existe pas.", "There is no such professional."))
	}
	return s.db.Write(ctx, func(tx *db.Tx) error { return s.offerTo(tx, actor, n, r, c) })
}

// OfferOutside is OfferByHand to somebody of no network (ET-18, 137), found by his registry number or recorded in the same transaction: when
// the offer fails, he is not recorded. Whoever may offer by hand may do this.
func (s *Service) OfferOutside(ctx context.Context, actor auth.Actor, id string, who pro.Identity) error {
	r, n, err := s.manage(ctx, actor, id)
	if err != nil {
		return err
	}
	if r.State != Published {
		return errState
	}
	c, record, err := s.pros.Outsider(ctx, actor, auth.RequestManage, who, r.Trade, r.INSEE)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := record(tx); err != nil {
			return err
		}
		return s.offerTo(tx, actor, n, r, c)
	})
}

var errShut = fault.New(fault.Conflict, "pro-shut", fault.T("L’accès de ce professionnel n’est pas ouvert, ou son assurance est échue : la demande ne peut pas lui être proposée.", "This professional's access is not open, or the insurance has run out: the request cannot be offered to them."))

// offerTo stores one offer by hand in tx and tells its professional; one that he has already changes nothing.
func (s *Service) offerTo(tx *db.Tx, actor auth.Actor, n *network.Network, r Request, c pro.Contact) error {
	now, err := stillPublished(tx, r.ID)
	if err != nil {
		return err
	}
	p, err := pro.Load(tx, c.ID)
	if err != nil {
		return err
	}
	if !p.MayBuy(tx.Now()) {
		return errShut
	}
	metres := -1
	if base, ok := geo.ByINSEE(p.Profile.Base); ok {
		metres = geo.Distance(base.Point, r.Commune().Point)
	}
	added, err := tx.Exec("INSERT INTO offer (request_id, pro_id, at, decision_id, distance_m) VALUES ($1, $2, $3, '', $4) ON CONFLICT (request_id, pro_id) DO NOTHING", r.ID, c.ID, db.Micros(tx.Now()), metres)
	if err != nil || added == 0 {
		return err
	}
	if err := s.tellOffer(tx, n, now, c, r.ID, metres); err != nil {
		return err
	}
	tx.Wake("board")
	return s.managed(tx, actor, r, EvOffered, 1, c.ID)
}

// Reprice changes what the next one pays; a cart keeps the price that it was shown (ET-41).
func (s *Service) Reprice(ctx context.Context, actor auth.Actor, id, typed, because string) error {
	r, n, err := s.manage(ctx, actor, id)
	if err != nil {
		return err
	}
	var c fault.Check
	price, err := money.Parse(typed)
	if err != nil {
		c.Add("price", fault.T("Écrivez un prix, par exemple 36 ou 36,50.", "Write a price, for example 36 or 36.50."))
	} else if f := fault.Of(n.Introductions.Price.Within(price)); f != nil {
		c.Add("price", f.Public)
	}
	if err := c.Err(); err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		now, err := stillPublished(tx, id)
		if err != nil {
			return err
		}
		reasons := append(now.Reasons, Reason{Typed: true, Add: price - now.Price, Because: fault.T(strings.TrimSpace(because), "")})
		if err := tx.Send("UPDATE request SET price_minor = $2, price_reasons = $3, priced_by = $4 WHERE id = $1", id, int64(price), db.JSON(reasons), actor.Account); err != nil {
			return err
		}
		if err := tx.Send("UPDATE seat SET price_minor = $2 WHERE request_id = $1 AND state = 'free'", id, int64(price)); err != nil {
			return err
		}
		tx.Wake("board")
		return s.managed(tx, actor, r, EvRepriced, 0, price.Decimal())
	})
}

// manage reads a request that staff are about to change.
func (s *Service) manage(ctx context.Context, actor auth.Actor, id string) (Request, *network.Network, error) {
	if err := actor.May(auth.RequestManage); err != nil {
		return Request{}, nil, err
	}
	var r Request
	if err := s.db.Read(ctx, func(tx *db.Tx) (err error) { r, err = selectRequest(tx, id); return }); err != nil {
		return r, nil, err
	}
	if !r.FrozenAt.IsZero() {
		return r, nil, errFrozen
	}
	n, err := s.editions.Get(ctx, r.Edition)
	return r, n, err
}

// stillPublished is the request as it stands in the transaction.
func stillPublished(tx *db.Tx, id string) (Request, error) {
	r, err := selectRequest(tx, id)
	if err == nil && r.State != Published {
		err = errState
	}
	if err == nil && !r.FrozenAt.IsZero() {
		err = errFrozen
	}
	return r, err
}

func (s *Service) managed(tx *db.Tx, actor auth.Actor, r Request, event string, count int, object string) error {
	if err := insertEvent(tx, r.ID, event, actor.Account, count, object); err != nil {
		return err
	}
	return audit.Write(tx, actor.Name(), actor.As(auth.RequestManage), "request."+event, r.ID, object)
}
